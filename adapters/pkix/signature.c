#include "adapters/pkix/signature.h"

#include <strings.h>

#include <openssl/rsa.h>

#include "adapters/pkix/algorithm.h"
#include "adapters/pkix/der.h"
#include "adapters/pkix/key.h"

static const char OID_PSS[] = "1.2.840.113549.1.1.10";
static const char OID_MGF1[] = "1.2.840.113549.1.1.8";

/* ---- the algorithms ------------------------------------------------------------------------- */

struct row {
    const char *oid;
    const char *key;       /* OpenSSL's name of the key's type */
    const char *digest;    /* NULL: the algorithm hashes by itself */
    const char *cert_hash; /* what CMP's certHash takes where digest is NULL (RFC 9481 3.3) */
};

static const struct row rows[] = {
    {"1.2.840.10045.4.3.2", "EC", "SHA256", NULL},
    {"1.2.840.10045.4.3.3", "EC", "SHA384", NULL},
    {"1.2.840.10045.4.3.4", "EC", "SHA512", NULL},
    {"1.2.840.10045.4.3.1", "EC", "SHA224", NULL},
    {"1.2.840.10045.4.1", "EC", "SHA1", NULL},
    {"2.16.840.1.101.3.4.3.10", "EC", "SHA3-256", NULL},
    {"2.16.840.1.101.3.4.3.11", "EC", "SHA3-384", NULL},
    {"2.16.840.1.101.3.4.3.12", "EC", "SHA3-512", NULL},
    {"1.2.840.113549.1.1.11", "RSA", "SHA256", NULL},
    {"1.2.840.113549.1.1.12", "RSA", "SHA384", NULL},
    {"1.2.840.113549.1.1.13", "RSA", "SHA512", NULL},
    {"1.2.840.113549.1.1.14", "RSA", "SHA224", NULL},
    {"1.2.840.113549.1.1.5", "RSA", "SHA1", NULL},
    {"2.16.840.1.101.3.4.3.14", "RSA", "SHA3-256", NULL},
    {"2.16.840.1.101.3.4.3.15", "RSA", "SHA3-384", NULL},
    {"2.16.840.1.101.3.4.3.16", "RSA", "SHA3-512", NULL},
    {"1.3.101.112", "ED25519", NULL, "SHA512"},
    {"1.3.101.113", "ED448", NULL, "SHAKE256"},
    {"2.16.840.1.101.3.4.3.17", "ML-DSA-44", NULL, NULL},
    {"2.16.840.1.101.3.4.3.18", "ML-DSA-65", NULL, NULL},
    {"2.16.840.1.101.3.4.3.19", "ML-DSA-87", NULL, NULL},
    {"2.16.840.1.101.3.4.3.20", "SLH-DSA-SHA2-128s", NULL, NULL},
    {"2.16.840.1.101.3.4.3.21", "SLH-DSA-SHA2-128f", NULL, NULL},
    {"2.16.840.1.101.3.4.3.22", "SLH-DSA-SHA2-192s", NULL, NULL},
    {"2.16.840.1.101.3.4.3.23", "SLH-DSA-SHA2-192f", NULL, NULL},
    {"2.16.840.1.101.3.4.3.24", "SLH-DSA-SHA2-256s", NULL, NULL},
    {"2.16.840.1.101.3.4.3.25", "SLH-DSA-SHA2-256f", NULL, NULL},
    {"2.16.840.1.101.3.4.3.26", "SLH-DSA-SHAKE-128s", NULL, NULL},
    {"2.16.840.1.101.3.4.3.27", "SLH-DSA-SHAKE-128f", NULL, NULL},
    {"2.16.840.1.101.3.4.3.28", "SLH-DSA-SHAKE-192s", NULL, NULL},
    {"2.16.840.1.101.3.4.3.29", "SLH-DSA-SHAKE-192f", NULL, NULL},
    {"2.16.840.1.101.3.4.3.30", "SLH-DSA-SHAKE-256s", NULL, NULL},
    {"2.16.840.1.101.3.4.3.31", "SLH-DSA-SHAKE-256f", NULL, NULL},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* A signature algorithm as it will be run. */
struct scheme {
    const char *key;
    const char *digest; /* NULL: hashes by itself */
    const char *cert_hash;
    bool pss;
    const char *mgf1_digest;
    int64_t salt_octets;
};

/* ---- RSASSA-PSS parameters ------------------------------------------------------------------ */

/* A digest by its AlgorithmIdentifier TLV. */
static bool pss_digest(struct bytes algorithm, const char **name)
{
    struct algorithm read;
    if (!algorithm_read(algorithm, &read) || !algorithm_has_no_parameters(&read))
        return false;
    *name = digest_of_oid(read.oid);
    return *name != NULL;
}

/* RSASSA-PSS-params ::= SEQUENCE {                                             (RFC 8017 A.2.3)
 *     hashAlgorithm    [0] HashAlgorithm    DEFAULT sha1,
 *     maskGenAlgorithm [1] MaskGenAlgorithm DEFAULT mgf1SHA1,
 *     saltLength       [2] INTEGER          DEFAULT 20,
 *     trailerField     [3] TrailerField     DEFAULT trailerFieldBC } */
static bool read_pss(struct bytes parameters, struct scheme *out)
{
    struct der sequence, field, number;
    struct algorithm mgf;
    int64_t trailer = 1;
    *out = (struct scheme){
        .key = "RSA", .digest = "SHA1", .pss = true, .mgf1_digest = "SHA1", .salt_octets = 20};
    if (!der_only(parameters, DER_SEQUENCE, &sequence))
        return false;
    struct bytes rest = sequence.content;
    if (der_take(&rest, DER_CONTEXT_CONSTRUCTED | 0, &field) &&
        !pss_digest(field.content, &out->digest))
        return false;
    if (der_take(&rest, DER_CONTEXT_CONSTRUCTED | 1, &field) &&
        (!algorithm_read(field.content, &mgf) || !der_oid_is(mgf.oid, OID_MGF1) ||
         !pss_digest(mgf.parameters, &out->mgf1_digest)))
        return false;
    if (der_take(&rest, DER_CONTEXT_CONSTRUCTED | 2, &field) &&
        (!der_only(field.content, DER_INTEGER, &number) ||
         !der_number(number.content, &out->salt_octets)))
        return false;
    if (der_take(&rest, DER_CONTEXT_CONSTRUCTED | 3, &field) &&
        (!der_only(field.content, DER_INTEGER, &number) || !der_number(number.content, &trailer)))
        return false;
    return rest.size == 0 && trailer == 1 && out->salt_octets >= 0 && out->salt_octets <= 1024;
}

static struct bytes write_explicit(struct arena *arena, uint8_t number, struct bytes content)
{
    return der_wrap(arena, DER_CONTEXT_CONSTRUCTED | number, content);
}

/* RFC 4055 2.1: NULL parameters beside the digests. */
static struct bytes write_pss(const struct scheme *scheme, struct arena *arena)
{
    struct bytes hash = algorithm_write(arena, digest_oid(scheme->digest), algorithm_null);
    struct bytes mgf1_hash =
        algorithm_write(arena, digest_oid(scheme->mgf1_digest), algorithm_null);
    const struct bytes fields[] = {
        write_explicit(arena, 0, hash),
        write_explicit(arena, 1, algorithm_write(arena, OID_MGF1, mgf1_hash)),
        write_explicit(arena, 2, der_integer(arena, scheme->salt_octets)),
    };
    return algorithm_write(arena, OID_PSS, der_join(arena, DER_SEQUENCE, fields, 3));
}

/* ---- reading and choosing a scheme ---------------------------------------------------------- */

static bool read_scheme(struct bytes tlv, struct scheme *out, struct failure *why)
{
    struct algorithm algorithm;
    if (!algorithm_read(tlv, &algorithm))
        return fail(why, REASON_BAD_ALG, "RFC 5280 4.1.1.2", "malformed signature algorithm");
    if (der_oid_is(algorithm.oid, OID_PSS))
        return read_pss(algorithm.parameters, out) ||
               fail(why, REASON_BAD_ALG, "RFC 8017 A.2.3",
                    "RSASSA-PSS parameters are malformed or not supported");
    for (size_t i = 0; i < ROWS; i++) {
        if (!der_oid_is(algorithm.oid, rows[i].oid))
            continue;
        *out = (struct scheme){
            .key = rows[i].key, .digest = rows[i].digest, .cert_hash = rows[i].cert_hash};
        return algorithm_has_no_parameters(&algorithm) ||
               fail(why, REASON_BAD_ALG, "RFC 5280 4.1.1.2",
                    "the signature algorithm has parameters that it must not have");
    }
    struct arena *arena = arena_new();
    fail(why, REASON_BAD_ALG, "RFC 9481 3", "signature algorithm %s is not supported here",
         der_oid_text(arena, algorithm.oid));
    arena_free(arena);
    return false;
}

static bool goes_with(const struct scheme *scheme, const EVP_PKEY *key)
{
    return EVP_PKEY_is_a(key, scheme->key) || (scheme->pss && EVP_PKEY_is_a(key, "RSA-PSS"));
}

static const char *customary_digest(const EVP_PKEY *key)
{
    int bits = EVP_PKEY_get_bits(key);
    if (!EVP_PKEY_is_a(key, "EC") || bits <= 256)
        return "SHA256";
    return bits <= 384 ? "SHA384" : "SHA512";
}

/* PKCS#1 v1.5 for keys of the plain RSA type: every peer takes it. */
static bool choose_scheme(const EVP_PKEY *key, const char *digest_name, struct scheme *out,
                          const struct row **row, struct failure *why)
{
    char room[40];
    if (digest_name == NULL)
        digest_name = customary_digest(key);
    *row = NULL;
    if (EVP_PKEY_is_a(key, "RSA-PSS") && digest_octets(digest_name) > 0) {
        *out = (struct scheme){.key = "RSA-PSS",
                               .digest = digest_name,
                               .pss = true,
                               .mgf1_digest = digest_name,
                               .salt_octets = (int64_t)digest_octets(digest_name)};
        return true;
    }
    for (size_t i = 0; i < ROWS; i++) {
        if (!EVP_PKEY_is_a(key, rows[i].key) ||
            (rows[i].digest != NULL && strcasecmp(rows[i].digest, digest_name) != 0))
            continue;
        *row = &rows[i];
        *out = (struct scheme){.key = rows[i].key, .digest = rows[i].digest};
        return true;
    }
    return fail(why, REASON_BAD_ALG, "RFC 9481 3",
                "no signature algorithm for a key of kind %s with %s",
                key_kind(key, room, sizeof(room)), digest_name);
}

static struct bytes write_scheme(const struct scheme *scheme, const struct row *row,
                                 struct arena *arena)
{
    if (scheme->pss)
        return write_pss(scheme, arena);
    bool rsa = strcmp(row->key, "RSA") == 0; /* RFC 4055 5: NULL; all the others: absent */
    return algorithm_write(arena, row->oid, rsa ? algorithm_null : BYTES_EMPTY);
}

/* ---- running -------------------------------------------------------------------------------- */

static bool set_pss(EVP_PKEY_CTX *context, const struct scheme *scheme)
{
    return !scheme->pss ||
           (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_mgf1_md_name(context, scheme->mgf1_digest, NULL) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(context, (int)scheme->salt_octets) == 1);
}

static bool policy_allows(const struct scheme *scheme, EVP_PKEY *key, bool allow_sha1,
                          struct failure *why)
{
    char room[40];
    if (!goes_with(scheme, key))
        return fail(why, REASON_BAD_ALG, "RFC 9481 3",
                    "the signature algorithm is not one of the signer's key (%s)",
                    key_kind(key, room, sizeof(room)));
    if (scheme->digest != NULL && digest_is_legacy(scheme->digest) && !allow_sha1)
        return fail(why, REASON_BAD_ALG, "RFC 9481 2.1",
                    "signatures with SHA-1 are not accepted; use SHA-256");
    return key_is_strong(key, REASON_BAD_ALG, why);
}

bool signature_is_known(struct bytes algorithm, struct failure *why)
{
    struct scheme scheme;
    return read_scheme(algorithm, &scheme, why);
}

bool signature_verify(EVP_PKEY *key, struct bytes algorithm, struct bytes data,
                      struct bytes signature, bool allow_sha1, struct failure *why)
{
    struct scheme scheme;
    EVP_PKEY_CTX *parameters;
    if (!read_scheme(algorithm, &scheme, why) || !policy_allows(&scheme, key, allow_sha1, why))
        return false;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL ||
        EVP_DigestVerifyInit_ex(context, &parameters, scheme.digest, NULL, NULL, key, NULL) != 1 ||
        !set_pss(parameters, &scheme)) {
        EVP_MD_CTX_free(context);
        return fail_openssl(why, REASON_BAD_ALG, "RFC 9481 3",
                            "the signature algorithm cannot be used with the signer's key");
    }
    int verdict = EVP_DigestVerify(context, signature.data, signature.size, data.data, data.size);
    EVP_MD_CTX_free(context);
    if (verdict != 1)
        return fail_openssl(why, REASON_SIGNATURE_WRONG, NULL, "the signature does not verify");
    return true;
}

static bool run_signing(EVP_MD_CTX *context, struct bytes data, struct arena *arena,
                        struct bytes *signature)
{
    size_t room = 0;
    if (EVP_DigestSign(context, NULL, &room, data.data, data.size) != 1)
        return false;
    size_t size = room;
    uint8_t *octets = arena_alloc(arena, room);
    /* ECDSA of OpenSSL 3.0, out of memory, reports success and a size of 2^32 - 1. */
    if (EVP_DigestSign(context, octets, &size, data.data, data.size) != 1 || size > room)
        return false;
    *signature = bytes_of(octets, size);
    return true;
}

bool signature_sign(EVP_PKEY *key, const char *digest_name, struct bytes data, struct arena *arena,
                    struct bytes *algorithm, struct bytes *signature, struct failure *why)
{
    struct scheme scheme;
    const struct row *row;
    EVP_PKEY_CTX *parameters;
    if (!choose_scheme(key, digest_name, &scheme, &row, why))
        return false;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good =
        context != NULL &&
        EVP_DigestSignInit_ex(context, &parameters, scheme.digest, NULL, NULL, key, NULL) == 1 &&
        set_pss(parameters, &scheme) && run_signing(context, data, arena, signature);
    EVP_MD_CTX_free(context);
    if (!good)
        return fail_openssl(why, REASON_INTERNAL, NULL, "signing failed");
    *algorithm = write_scheme(&scheme, row, arena);
    return true;
}

bool signature_algorithm(EVP_PKEY *key, const char *digest_name, struct arena *arena,
                         struct bytes *algorithm, struct failure *why)
{
    struct scheme scheme;
    const struct row *row;
    if (!choose_scheme(key, digest_name, &scheme, &row, why))
        return false;
    *algorithm = write_scheme(&scheme, row, arena);
    return true;
}

const char *signature_digest_name(struct bytes algorithm, size_t *octets)
{
    struct scheme scheme;
    struct failure unused;
    if (!read_scheme(algorithm, &scheme, &unused))
        return NULL;
    const char *name = scheme.digest != NULL ? scheme.digest : scheme.cert_hash;
    if (name != NULL)
        *octets = digest_octets(name);
    return name;
}
