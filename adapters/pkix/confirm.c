#include "adapters/pkix/confirm.h"

#include <openssl/crypto.h>

#include "adapters/pkix/der.h"
#include "adapters/pkix/signature.h"

/* Hashes that a device may name in hashAlg. The certificate is ours, so a weak one would gain an
 * attacker nothing; there is no reason to take it either. */
static const struct {
    const char *oid;
    const char *digest;
    size_t octets;
} named_hashes[] = {
    {"2.16.840.1.101.3.4.2.1", "SHA256", 32},    {"2.16.840.1.101.3.4.2.2", "SHA384", 48},
    {"2.16.840.1.101.3.4.2.3", "SHA512", 64},    {"2.16.840.1.101.3.4.2.8", "SHA3-256", 32},
    {"2.16.840.1.101.3.4.2.9", "SHA3-384", 48},  {"2.16.840.1.101.3.4.2.10", "SHA3-512", 64},
    {"2.16.840.1.101.3.4.2.11", "SHAKE128", 32}, {"2.16.840.1.101.3.4.2.12", "SHAKE256", 64},
};

static const char *named_hash(struct bytes algorithm, size_t *octets)
{
    struct der sequence, id;
    if (!der_only(algorithm, DER_SEQUENCE, &sequence) || !der_take(&sequence.content, DER_OID, &id))
        return NULL;
    for (size_t i = 0; i < sizeof(named_hashes) / sizeof(named_hashes[0]); i++) {
        if (der_oid_is(id.whole, named_hashes[i].oid)) {
            *octets = named_hashes[i].octets;
            return named_hashes[i].digest;
        }
    }
    return NULL;
}

/* Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm AlgorithmIdentifier,
 *                            signatureValue BIT STRING }                       (RFC 5280 4.1) */
static const char *signature_hash(struct bytes certificate, size_t *octets)
{
    struct der outer, part;
    if (!der_only(certificate, DER_SEQUENCE, &outer) ||
        !der_take(&outer.content, DER_SEQUENCE, &part) ||
        !der_take(&outer.content, DER_SEQUENCE, &part))
        return NULL;
    return signature_digest_name(part.whole, octets);
}

bool confirmation_hash(struct bytes certificate, struct arena *arena, struct bytes *hash,
                       struct bytes *algorithm)
{
    size_t octets = 0;
    const char *name = signature_hash(certificate, &octets);
    *algorithm = BYTES_EMPTY;
    if (name != NULL)
        return digest(name, octets, certificate, arena, hash);
    *algorithm = der_wrap(arena, DER_SEQUENCE, der_oid(arena, named_hashes[0].oid));
    return digest(named_hashes[0].digest, named_hashes[0].octets, certificate, arena, hash);
}

bool confirmation_matches(const struct confirmation *confirmation, struct bytes certificate)
{
    if (confirmation->unhashed)
        return true;
    size_t octets = 0;
    const char *name = bytes_is_empty(confirmation->hash_algorithm)
                           ? signature_hash(certificate, &octets)
                           : named_hash(confirmation->hash_algorithm, &octets);
    if (name == NULL)
        return false;
    struct arena *arena = arena_new();
    struct bytes hash;
    bool same = digest(name, octets, certificate, arena, &hash) &&
                hash.size == confirmation->hash.size &&
                CRYPTO_memcmp(hash.data, confirmation->hash.data, hash.size) == 0;
    arena_free(arena);
    return same;
}
