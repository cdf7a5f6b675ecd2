/* AlgorithmIdentifier (RFC 5280 4.1.1.2) and the digests that all the others are made of. */
#ifndef DRAGOMAN_ADAPTERS_PKIX_ALGORITHM_H
#define DRAGOMAN_ADAPTERS_PKIX_ALGORITHM_H

#include "mapping/model/arena.h"

struct algorithm {
    struct bytes oid;        /* TLV */
    struct bytes parameters; /* TLV; empty if absent */
};

/* An AlgorithmIdentifier TLV and nothing behind it. */
bool algorithm_read(struct bytes tlv, struct algorithm *out);
/* parameters: a TLV, or empty for absent ones. */
struct bytes algorithm_write(struct arena *arena, const char *dotted, struct bytes parameters);
/* NULL parameters, 05 00. */
extern const struct bytes algorithm_null;
/* Absent or NULL: encoders mix them up where nothing depends on it (RFC 5754 2). */
bool algorithm_has_no_parameters(const struct algorithm *algorithm);

/* "SHA256" for an OID TLV: SHA-1, SHA-2, SHA-3, SHAKE128 and SHAKE256. NULL for all others, MD5
 * among them. */
const char *digest_of_oid(struct bytes oid);
/* The dotted OID of a digest's name, in any case; NULL if unknown. */
const char *digest_oid(const char *name);
/* The octets of its value: 32 for SHAKE128 and 64 for SHAKE256 (RFC 8702 3.1); 0 if unknown. */
size_t digest_octets(const char *name);
/* SHA-1: only where a device group lets it in. */
bool digest_is_legacy(const char *name);

#endif
