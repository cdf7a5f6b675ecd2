/* MAC protection: PasswordBasedMac (RFC 4211 4.4, RFC 9810 5.1.3.1) and PBMAC1 (RFC 8018, RFC 9481
 * 6.1.2). The counts in the algorithm are a client's choice: they are compared with the limits
 * before the work starts. */
#ifndef DRAGOMAN_ADAPTERS_PKIX_MAC_H
#define DRAGOMAN_ADAPTERS_PKIX_MAC_H

#include "mapping/model/arena.h"
#include "mapping/model/failure.h"

struct mac_limits {
    long iterations_min;
    long iterations_max;
    bool legacy; /* SHA-1 as one-way function (HMAC-SHA1 is always taken) */
};

/* Whether an AlgorithmIdentifier TLV names a MAC that this module knows by OID. */
bool mac_is_password_based(struct bytes algorithm);

/* `algorithm` is an AlgorithmIdentifier TLV. BAD_ALG: unknown, not allowed, count out of limits.
 * SECRET_WRONG: the MAC is wrong; compared in constant time. */
bool mac_verify(struct bytes algorithm, struct bytes secret, struct bytes data, struct bytes mac,
                const struct mac_limits *limits, struct failure *why);
bool mac_compute(struct bytes algorithm, struct bytes secret, struct bytes data,
                 struct arena *arena, struct bytes *mac, struct failure *why);
/* The same algorithm and counts with another salt: for an answer in the peer's own choice. */
bool mac_with_salt(struct bytes algorithm, struct bytes salt, struct arena *arena,
                   struct bytes *out, struct failure *why);

#endif
