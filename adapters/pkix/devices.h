/* Which of a listener's device groups knows a device: by the reference of its shared secret, or by
 * a path from its certificate. The groups stand in the order of the routes; the first that knows
 * the device takes it. */
#ifndef DRAGOMAN_ADAPTERS_PKIX_DEVICES_H
#define DRAGOMAN_ADAPTERS_PKIX_DEVICES_H

#include "adapters/pkix/credentials.h"

/* '*' in the pattern stands for any run of octets. */
bool reference_matches(const char *pattern, struct bytes reference);

/* The secret of a reference that a group admits. False, and *group NULL, if none does. The slice is
 * a secret: it lives as long as the credentials and stays out of texts. */
bool devices_find_secret(const struct credentials *credentials, struct bytes reference,
                         const struct device_group **group, struct bytes *secret);

/* The group that trusts `leaf` at `now`, with the path without the leaf (owned by the arena;
 * `others` in any order). What the first group found wrong is told, except that a revoked
 * certificate is named as such. */
bool devices_find_signer(const struct credentials *credentials, const struct certificate *leaf,
                         struct certificate *const *others, size_t other_count, int64_t now,
                         struct arena *arena, const struct device_group **group,
                         struct bytes **chain, size_t *chain_count, struct failure *why);

/* A group that still lets a certificate renew itself though its time is over: it was good when it
 * ended. False: none does, or its time is not over. */
bool devices_find_expired(const struct credentials *credentials, const struct certificate *leaf,
                          struct certificate *const *others, size_t other_count, int64_t now,
                          struct arena *arena, const struct device_group **group);

/* NULL if no group has that name: the configuration has changed since. */
const struct device_group *devices_find_group(const struct credentials *credentials,
                                              struct bytes name);

/* Whether a user of HTTP Basic gave the right password, as a hash or as a shared secret. *group is
 * the one that knows the user, NULL if none does. Where any group has hashes, everybody costs the
 * work of one. */
bool devices_check_password(const struct credentials *credentials, struct bytes user,
                            struct bytes password, const struct device_group **group);
bool devices_have_passwords(const struct credentials *credentials); /* or secrets */
bool devices_have_secrets(const struct credentials *credentials);
bool devices_have_trust(const struct credentials *credentials);

#endif
