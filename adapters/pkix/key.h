/* Public keys from their octets.
 *
 * OpenSSL 3.0's d2i_PUBKEY asks every decoder it knows (139 us for a P-256 key); the usual kinds
 * are made here from their parts, the others are left to it. */
#ifndef DRAGOMAN_ADAPTERS_PKIX_KEY_H
#define DRAGOMAN_ADAPTERS_PKIX_KEY_H

#include <openssl/evp.h>

#include "mapping/model/bytes.h"
#include "mapping/model/failure.h"

/* The key of an SPKI TLV; the caller frees it. NULL: malformed, or of a kind that this build's
 * OpenSSL has not. Elliptic curves by name only (RFC 5480 2.1.1), RSA to LIMIT_RSA_BITS. Says
 * nothing about strength. */
EVP_PKEY *key_from_spki(struct bytes spki);

/* LIMIT_RSA_BITS_MIN, LIMIT_RSA_BITS, LIMIT_EC_BITS_MIN; refused with `reason`. */
bool key_is_strong(const EVP_PKEY *key, enum reason reason, struct failure *why);

/* "P-256", "RSA 2048", "ED25519": for texts. */
const char *key_kind(const EVP_PKEY *key, char *room, size_t size);

#endif
