/* The embedded CA: an authority without a wire. A handle holds key, certificate and profile;
 * numbers and lists live in the store. For a demo and for a small site. */
#ifndef DRAGOMAN_ADAPTERS_LOCAL_LOCAL_CA_H
#define DRAGOMAN_ADAPTERS_LOCAL_LOCAL_CA_H

#include "adapters/adapter.h"

struct local_profile {
    int64_t validity_s;
    int64_t backdate_s;
    uint32_t key_usage;                     /* OpenSSL's KU_ bits; 0: by key type */
    const char *const *extended_key_usages; /* dotted OIDs that are always set */
    size_t extended_key_usage_count;
    const char *const *allowed_extensions; /* dotted OIDs that a request may carry */
    size_t allowed_extension_count;
    bool allow_ca; /* grants basicConstraints CA:TRUE */
    bool allow_ra; /* grants id-kp-cmcCA, id-kp-cmcRA, id-kp-cmKGA */
    bool copy_subject_alt_name;
    const char *crl_url; /* cRLDistributionPoints; NULL: none */
};

struct local_ca {
    struct signer *signer;
    struct local_profile profile;
};

/* One certificate for one item; serial is 16 random octets from entropy, top bit clear, not zero.
 * Refuses what the profile does not grant (BAD_CERT_TEMPLATE, EXTENSION_REFUSED). */
bool local_ca_issue(const struct local_ca *ca, const struct item *item, int64_t now,
                    struct entropy *entropy, struct arena *arena, struct bytes *certificate,
                    struct failure *why);
/* A self-signed certificate for a new CA key. */
bool local_ca_self_sign(EVP_PKEY *key, struct bytes subject, int64_t now, int64_t validity_s,
                        struct entropy *entropy, struct arena *arena, struct bytes *certificate,
                        struct failure *why);

struct revoked {
    struct bytes serial; /* INTEGER content */
    int64_t at;
    int reason; /* CRLReason; -1: none */
};
bool local_ca_crl(const struct local_ca *ca, const struct revoked *revoked, size_t count,
                  int64_t number, int64_t now, int64_t next_update, struct arena *arena,
                  struct bytes *crl, struct failure *why);

#endif
