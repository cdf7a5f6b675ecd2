/* Is an issued certificate the one that was asked for? (RFC 9810 5.2.1, 5.2.3, 8.10.) */
#ifndef DRAGOMAN_ADAPTERS_PKIX_ISSUED_H
#define DRAGOMAN_ADAPTERS_PKIX_ISSUED_H

#include "adapters/pkix/credentials.h"
#include "mapping/model/response.h"

/* Judges `certificate` (DER) as the answer to `item`: the key must be the item's, a path must lead
 * to the authority's trust, validity must be sane, CA:TRUE and RA usages must not have been added.
 * Then result becomes GRANTED, or GRANTED_WITH_MODS with a text that lists what was changed or
 * dropped (subject by name rules, SAN, validity, each extension asked for). Additions by the
 * authority and pure string-type changes are no modification.
 * False (UPSTREAM_WRONG_CERT, UPSTREAM_UNTRUSTED): the certificate must not be delivered. */
bool issued_check(const struct item *item, struct bytes certificate,
                  struct certificate *const *others, size_t other_count, const struct trust *trust,
                  int64_t now, struct arena *arena, struct result *result, struct failure *why);

/* The certificate among `candidates` whose key is the item's; NULL if none. */
struct certificate *issued_find(const struct item *item, struct certificate *const *candidates,
                                size_t count);

/* Whether a SHA-256 of our own key identifies: same SPKI, RSA parameters NULL or absent alike. */
bool spki_equal(struct bytes a, struct bytes b);

#endif
