/* SignedData (RFC 5652 5) written, as DER. */
#include "adapters/pkix/cms.h"

#include "adapters/pkix/algorithm.h"
#include "adapters/pkix/der.h"
#include "adapters/pkix/signature.h"

static const char OID_SIGNED_DATA[] = "1.2.840.113549.1.7.2";
static const char OID_DATA[] = "1.2.840.113549.1.7.1";
static const char OID_CONTENT_TYPE[] = "1.2.840.113549.1.9.3";
static const char OID_MESSAGE_DIGEST[] = "1.2.840.113549.1.9.4";
static const char OID_SIGNING_TIME[] = "1.2.840.113549.1.9.5";
static const char OID_SHAKE256_LEN[] = "2.16.840.1.101.3.4.2.18";

/* ---- digests -------------------------------------------------------------------------------- */

/* The digest of the content beside algorithms that hash by themselves. */
static const struct {
    const char *key;
    const char *digest;
} companions[] = {
    {"ED25519", "SHA512"},   /* RFC 8419 3.1 */
    {"ED448", "SHAKE256"},   /* RFC 8419 3.1, as id-shake256-len */
    {"ML-DSA-44", "SHA512"}, /* RFC 9882 3.3 */
    {"ML-DSA-65", "SHA512"},
    {"ML-DSA-87", "SHA512"},
    {"SLH-DSA-SHA2-128s", "SHA256"}, /* RFC 9814 4 */
    {"SLH-DSA-SHA2-128f", "SHA256"},
    {"SLH-DSA-SHA2-192s", "SHA512"},
    {"SLH-DSA-SHA2-192f", "SHA512"},
    {"SLH-DSA-SHA2-256s", "SHA512"},
    {"SLH-DSA-SHA2-256f", "SHA512"},
    {"SLH-DSA-SHAKE-128s", "SHAKE128"},
    {"SLH-DSA-SHAKE-128f", "SHAKE128"},
    {"SLH-DSA-SHAKE-192s", "SHAKE256"},
    {"SLH-DSA-SHAKE-192f", "SHAKE256"},
    {"SLH-DSA-SHAKE-256s", "SHAKE256"},
    {"SLH-DSA-SHAKE-256f", "SHAKE256"},
};

static const char *companion_digest(const EVP_PKEY *key)
{
    for (size_t i = 0; i < sizeof(companions) / sizeof(companions[0]); i++) {
        if (EVP_PKEY_is_a(key, companions[i].key))
            return companions[i].digest;
    }
    return NULL;
}

/* RFC 5754 2: SHA-2 has no parameters; `null` is for peers that want them beside RSA. */
static struct bytes digest_algorithm(const EVP_PKEY *key, const char *name, bool null,
                                     struct arena *arena)
{
    if (EVP_PKEY_is_a(key, "ED448"))
        return algorithm_write(arena, OID_SHAKE256_LEN, der_integer(arena, 512));
    bool rsa = EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS");
    return algorithm_write(arena, digest_oid(name), null && rsa ? algorithm_null : BYTES_EMPTY);
}

/* ---- one SignerInfo ------------------------------------------------------------------------- */

static struct bytes attribute(struct arena *arena, const char *oid, struct bytes value)
{
    const struct bytes parts[] = {der_oid(arena, oid), der_wrap(arena, DER_SET, value)};
    return der_join(arena, DER_SEQUENCE, parts, 2);
}

static struct bytes signed_attributes(const struct cms_signing *signing, struct bytes value,
                                      struct arena *arena)
{
    size_t count = 0;
    struct bytes parts[3];
    parts[count++] = attribute(arena, OID_CONTENT_TYPE, der_oid(arena, signing->content_type));
    parts[count++] = attribute(arena, OID_MESSAGE_DIGEST, der_wrap(arena, DER_OCTET_STRING, value));
    if (signing->signing_time != 0)
        parts[count++] =
            attribute(arena, OID_SIGNING_TIME, der_x509_time(arena, signing->signing_time));
    return der_set_of(arena, DER_SET, parts, count);
}

struct naming {
    struct bytes identifier; /* SignerIdentifier */
    int version;             /* of the SignerInfo: 1 or 3 (RFC 5652 5.3) */
};

static struct naming name_signer(const struct cms_signing *signing, struct arena *arena)
{
    struct bytes key_id = signing->key_id;
    if (signing->signer != NULL)
        key_id = certificate_ski(signing->signer->certificate);
    if (signing->signer == NULL || (!signing->issuer_serial && key_id.size > 0))
        return (struct naming){der_wrap(arena, DER_CONTEXT | 0, key_id), 3};
    const struct certificate *certificate = signing->signer->certificate;
    const struct bytes parts[] = {certificate_issuer(certificate),
                                  der_wrap(arena, DER_INTEGER, certificate_serial(certificate))};
    return (struct naming){der_join(arena, DER_SEQUENCE, parts, 2), 1};
}

/* RFC 5652 5.3: signedAttrs are written [0] IMPLICIT, signed as the SET that they are. */
static struct bytes retag(struct bytes tlv, uint8_t tag, struct arena *arena)
{
    uint8_t *octets = arena_alloc(arena, tlv.size);
    memcpy(octets, tlv.data, tlv.size);
    octets[0] = tag;
    return bytes_of(octets, tlv.size);
}

static bool sign(const struct cms_signing *signing, EVP_PKEY *key, const struct naming *naming,
                 struct arena *arena, struct bytes *algorithm, struct bytes *signer_info,
                 struct failure *why)
{
    struct bytes value, signature_algorithm_tlv, signature;
    const char *name = companion_digest(key);
    size_t octets;
    if (!signature_algorithm(key, signing->digest, arena, &signature_algorithm_tlv, why))
        return false;
    if (name == NULL)
        name = signature_digest_name(signature_algorithm_tlv, &octets);
    if (name == NULL || !digest(name, digest_octets(name), signing->content, arena, &value))
        return fail(why, REASON_INTERNAL, NULL, "no digest for this kind of key");
    struct bytes attributes = signed_attributes(signing, value, arena);
    if (!signature_sign(key, signing->digest, attributes, arena, &signature_algorithm_tlv,
                        &signature, why))
        return false;
    *algorithm = digest_algorithm(key, name, signing->digest_null, arena);
    const struct bytes fields[] = {
        der_integer(arena, naming->version),
        naming->identifier,
        *algorithm,
        retag(attributes, DER_CONTEXT_CONSTRUCTED | 0, arena),
        signature_algorithm_tlv,
        der_wrap(arena, DER_OCTET_STRING, signature),
    };
    *signer_info = der_join(arena, DER_SEQUENCE, fields, sizeof(fields) / sizeof(fields[0]));
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* A field that is left out when it is empty: an empty SET there breaks strict readers. */
static struct bytes optional_set(struct arena *arena, uint8_t tag, const struct bytes *parts,
                                 size_t count)
{
    return count == 0 ? BYTES_EMPTY : der_set_of(arena, tag, parts, count);
}

static void add_once(struct bytes *parts, size_t *count, struct bytes der)
{
    for (size_t i = 0; i < *count; i++) {
        if (bytes_equal(parts[i], der))
            return;
    }
    parts[(*count)++] = der;
}

static struct bytes certificate_set(const struct cms_signing *signing, struct arena *arena)
{
    size_t count = 0, chain = signing->signer == NULL ? 0 : signing->signer->chain_count;
    struct bytes *parts = arena_array(arena, 1 + chain + signing->extra_count, sizeof(*parts));
    if (signing->signer != NULL)
        add_once(parts, &count, certificate_der(signing->signer->certificate));
    for (size_t i = 0; i < chain; i++)
        add_once(parts, &count, certificate_der(signing->signer->chain[i]));
    for (size_t i = 0; i < signing->extra_count; i++)
        add_once(parts, &count, signing->extra_certificates[i]);
    return optional_set(arena, DER_CONTEXT_CONSTRUCTED | 0, parts, count);
}

/* ContentInfo around SignedData; `encapsulated`, sets and version are TLVs. */
static struct bytes content_info(struct arena *arena, const struct bytes fields[6])
{
    struct bytes data = der_join(arena, DER_SEQUENCE, fields, 6);
    const struct bytes parts[] = {der_oid(arena, OID_SIGNED_DATA),
                                  der_wrap(arena, DER_CONTEXT_CONSTRUCTED | 0, data)};
    return der_join(arena, DER_SEQUENCE, parts, 2);
}

static struct bytes encapsulate(const struct cms_signing *signing, struct arena *arena)
{
    struct bytes string = der_wrap(arena, DER_OCTET_STRING, signing->content);
    const struct bytes parts[] = {der_oid(arena, signing->content_type),
                                  der_wrap(arena, DER_CONTEXT_CONSTRUCTED | 0, string)};
    return der_join(arena, DER_SEQUENCE, parts, 2);
}

bool cms_sign(const struct cms_signing *signing, struct arena *arena, struct bytes *out,
              struct failure *why)
{
    EVP_PKEY *key = signing->signer == NULL ? signing->key : signing->signer->key;
    struct bytes algorithm = BYTES_EMPTY, signer_info = BYTES_EMPTY;
    struct naming naming = {BYTES_EMPTY, 1};
    if (key != NULL) {
        naming = name_signer(signing, arena);
        if (!sign(signing, key, &naming, arena, &algorithm, &signer_info, why))
            return false;
    }
    bool is_data = strcmp(signing->content_type, OID_DATA) == 0;
    const struct bytes fields[6] = {
        der_integer(arena, naming.version == 1 && is_data ? 1 : 3), /* RFC 5652 5.1 */
        der_wrap(arena, DER_SET, algorithm),
        encapsulate(signing, arena),
        certificate_set(signing, arena),
        optional_set(arena, DER_CONTEXT_CONSTRUCTED | 1, signing->crls, signing->crl_count),
        der_wrap(arena, DER_SET, signer_info),
    };
    *out = content_info(arena, fields);
    return true;
}

struct bytes cms_certs_only(const struct bytes *certificates, size_t count, struct arena *arena)
{
    const struct bytes fields[6] = {
        der_integer(arena, 1),
        der_wrap(arena, DER_SET, BYTES_EMPTY),
        der_wrap(arena, DER_SEQUENCE, der_oid(arena, OID_DATA)),
        optional_set(arena, DER_CONTEXT_CONSTRUCTED | 0, certificates, count),
        BYTES_EMPTY,
        der_wrap(arena, DER_SET, BYTES_EMPTY),
    };
    return content_info(arena, fields);
}
