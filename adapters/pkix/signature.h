/* Signatures over octets, with the policy of which algorithms are good enough. */
#ifndef DRAGOMAN_ADAPTERS_PKIX_SIGNATURE_H
#define DRAGOMAN_ADAPTERS_PKIX_SIGNATURE_H

#include <openssl/evp.h>

#include "mapping/model/arena.h"
#include "mapping/model/failure.h"

/* `algorithm` is an AlgorithmIdentifier TLV (RSA PKCS#1, PSS, ECDSA, Ed25519, Ed448, ML-DSA and
 * SLH-DSA where OpenSSL has them). BAD_ALG: unknown, not of this key, or MD5 and (unless allowed)
 * SHA-1. SIGNATURE_WRONG: does not verify. */
bool signature_verify(EVP_PKEY *key, struct bytes algorithm, struct bytes data,
                      struct bytes signature, bool allow_sha1, struct failure *why);

/* Whether signature_verify knows the algorithm at all; for a peer whose key is not known yet. */
bool signature_is_known(struct bytes algorithm, struct failure *why);

/* digest NULL: the customary one of the key (SHA-256 for RSA and P-256, SHA-384 for P-384, ...;
 * none for EdDSA and ML-DSA). Gives AlgorithmIdentifier TLV and signature octets. */
bool signature_sign(EVP_PKEY *key, const char *digest, struct bytes data, struct arena *arena,
                    struct bytes *algorithm, struct bytes *signature, struct failure *why);

/* The AlgorithmIdentifier TLV that signature_sign will give: for a message that names it under its
 * own signature (CMP's protectionAlg). */
bool signature_algorithm(EVP_PKEY *key, const char *digest, struct arena *arena,
                         struct bytes *algorithm, struct failure *why);

/* The digest that belongs to a signature algorithm: for CMP's certHash (RFC 9481 3.3: Ed25519
 * SHA-512, Ed448 SHAKE256 with 64 octets, PSS that of its parameters). NULL: the algorithm has
 * none. */
const char *signature_digest_name(struct bytes algorithm, size_t *octets);
/* By OpenSSL's name; octets 0: the digest's own size, else that of an extendable one. False: this
 * build has no such digest. */
bool digest(const char *name, size_t octets, struct bytes data, struct arena *arena,
            struct bytes *out);
/* SHA-256, 32 octets. */
void sha256(struct bytes data, uint8_t out[32]);

/* Drains OpenSSL's error queue into why->detail. Returns false. */
bool fail_openssl(struct failure *why, enum reason reason, const char *clause, const char *text);

#endif
