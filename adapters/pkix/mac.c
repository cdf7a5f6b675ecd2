#include "adapters/pkix/mac.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "adapters/pkix/algorithm.h"
#include "adapters/pkix/der.h"
#include "adapters/pkix/signature.h"
#include "mapping/model/limits.h"

static const char OID_PBM[] = "1.2.840.113533.7.66.13";
static const char OID_PBMAC1[] = "1.2.840.113549.1.5.14";
static const char OID_PBKDF2[] = "1.2.840.113549.1.5.12";
/* What Bouncy Castle (1.72, Debian 12) writes in its place, with the parameters of PBKDF2. */
static const char OID_PBES2[] = "1.2.840.113549.1.5.13";

/* Both families of HMAC OIDs are in use: RFC 4211 4.4 names the first, RFC 9481 6.2.1 the other. */
static const struct {
    const char *oid;
    const char *digest;
} hmacs[] = {
    {"1.3.6.1.5.5.8.1.2", "SHA1"},         {"1.2.840.113549.2.7", "SHA1"},
    {"1.2.840.113549.2.8", "SHA224"},      {"1.2.840.113549.2.9", "SHA256"},
    {"1.2.840.113549.2.10", "SHA384"},     {"1.2.840.113549.2.11", "SHA512"},
    {"1.2.840.113549.2.12", "SHA512-224"}, {"1.2.840.113549.2.13", "SHA512-256"},
};

/* Both kinds as the same thing: a key from a secret, then an HMAC under it. */
struct mac {
    bool pbkdf2;
    struct bytes salt;
    int64_t iterations;
    int64_t key_octets; /* PBKDF2 */
    const char *owf;    /* digest of the key derivation */
    const char *digest; /* digest of the HMAC */
    /* Around the salt, for mac_with_salt. */
    struct bytes oid;     /* of the whole */
    struct bytes kdf_oid; /* PBMAC1 */
    struct bytes after;   /* TLVs behind the salt */
    struct bytes scheme;  /* PBMAC1: messageAuthScheme */
};

/* ---- reading -------------------------------------------------------------------------------- */

static const char *hmac_digest(struct bytes algorithm)
{
    struct algorithm read;
    if (!algorithm_read(algorithm, &read) || !algorithm_has_no_parameters(&read))
        return NULL;
    for (size_t i = 0; i < sizeof(hmacs) / sizeof(hmacs[0]); i++) {
        if (der_oid_is(read.oid, hmacs[i].oid))
            return hmacs[i].digest;
    }
    return NULL;
}

/* The one-way function of a PBM: SHA-1 or SHA-2 (RFC 9481 6.1.1). */
static const char *owf_digest(struct bytes algorithm)
{
    struct algorithm read;
    if (!algorithm_read(algorithm, &read) || !algorithm_has_no_parameters(&read))
        return NULL;
    const char *name = digest_of_oid(read.oid);
    return name == NULL || strncmp(name, "SHAKE", 5) == 0 ? NULL : name;
}

static bool malformed(struct failure *why, const char *what)
{
    return fail(why, REASON_BAD_ALG, "RFC 9481 6.1", "the MAC algorithm has a malformed %s", what);
}

/* PBMParameter ::= SEQUENCE {                                                    (RFC 4211 4.4)
 *     salt           OCTET STRING,
 *     owf            AlgorithmIdentifier,
 *     iterationCount INTEGER,
 *     mac            AlgorithmIdentifier } */
static bool read_pbm(struct bytes parameters, struct mac *out, struct failure *why)
{
    struct der sequence, salt, owf, count, mac;
    if (!der_only(parameters, DER_SEQUENCE, &sequence))
        return malformed(why, "PBMParameter");
    struct bytes rest = sequence.content;
    if (!der_take(&rest, DER_OCTET_STRING, &salt))
        return malformed(why, "salt");
    out->after = rest;
    if (!der_take(&rest, DER_SEQUENCE, &owf) || !der_take(&rest, DER_INTEGER, &count) ||
        !der_number(count.content, &out->iterations) || !der_only(rest, DER_SEQUENCE, &mac))
        return malformed(why, "PBMParameter");
    out->salt = salt.content;
    out->owf = owf_digest(owf.whole);
    out->digest = hmac_digest(mac.whole);
    return true;
}

/* PBKDF2-params ::= SEQUENCE {                                                   (RFC 8018 A.2)
 *     salt           CHOICE { specified OCTET STRING, otherSource AlgorithmIdentifier },
 *     iterationCount INTEGER,
 *     keyLength      INTEGER OPTIONAL,
 *     prf            AlgorithmIdentifier DEFAULT algid-hmacWithSHA1 } */
static bool read_pbkdf2(struct bytes parameters, struct mac *out, struct failure *why)
{
    struct der sequence, salt, number;
    if (!der_only(parameters, DER_SEQUENCE, &sequence))
        return malformed(why, "PBKDF2-params");
    struct bytes rest = sequence.content;
    if (!der_take(&rest, DER_OCTET_STRING, &salt))
        return malformed(why, "salt");
    out->salt = salt.content;
    out->after = rest;
    if (!der_take(&rest, DER_INTEGER, &number) || !der_number(number.content, &out->iterations))
        return malformed(why, "iteration count");
    if (der_take(&rest, DER_INTEGER, &number) && !der_number(number.content, &out->key_octets))
        return malformed(why, "keyLength");
    out->owf = rest.size == 0 ? "SHA1" : hmac_digest(rest);
    return true;
}

/* PBMAC1-params ::= SEQUENCE {                                                   (RFC 8018 A.5)
 *     keyDerivationFunc AlgorithmIdentifier,
 *     messageAuthScheme AlgorithmIdentifier } */
static bool read_pbmac1(struct bytes parameters, struct mac *out, struct failure *why)
{
    struct der sequence, kdf, scheme;
    struct algorithm algorithm;
    if (!der_only(parameters, DER_SEQUENCE, &sequence))
        return malformed(why, "PBMAC1-params");
    struct bytes rest = sequence.content;
    if (!der_take(&rest, DER_SEQUENCE, &kdf) || !der_only(rest, DER_SEQUENCE, &scheme) ||
        !algorithm_read(kdf.whole, &algorithm))
        return malformed(why, "PBMAC1-params");
    if (!der_oid_is(algorithm.oid, OID_PBKDF2) && !der_oid_is(algorithm.oid, OID_PBES2))
        return fail(why, REASON_BAD_ALG, "RFC 9481 6.1.2", "key derivation must be PBKDF2");
    out->pbkdf2 = true;
    out->kdf_oid = algorithm.oid;
    out->scheme = scheme.whole;
    out->digest = hmac_digest(scheme.whole);
    if (out->digest != NULL) /* RFC 8018 7.1.1 leaves the length to the scheme if none is given */
        out->key_octets = (int64_t)digest_octets(out->digest);
    return read_pbkdf2(algorithm.parameters, out, why);
}

bool mac_is_password_based(struct bytes tlv)
{
    struct algorithm algorithm;
    return algorithm_read(tlv, &algorithm) &&
           (der_oid_is(algorithm.oid, OID_PBM) || der_oid_is(algorithm.oid, OID_PBMAC1));
}

/* Shape and the sizes that hold for everybody. */
static bool read_mac(struct bytes tlv, struct mac *out, struct failure *why)
{
    struct algorithm algorithm;
    *out = (struct mac){0};
    if (!der_is_sound(tlv) || !algorithm_read(tlv, &algorithm))
        return malformed(why, "AlgorithmIdentifier");
    out->oid = algorithm.oid;
    if (der_oid_is(algorithm.oid, OID_PBM)) {
        if (!read_pbm(algorithm.parameters, out, why))
            return false;
    } else if (der_oid_is(algorithm.oid, OID_PBMAC1)) {
        if (!read_pbmac1(algorithm.parameters, out, why))
            return false;
    } else {
        return fail(why, REASON_BAD_ALG, "RFC 9481 6.1",
                    "MAC protection must be PasswordBasedMac or PBMAC1");
    }
    if (out->owf == NULL)
        return fail(why, REASON_BAD_ALG, "RFC 9481 6.1", "the %s is not supported here; use %s",
                    out->pbkdf2 ? "PBKDF2 prf" : "owf", out->pbkdf2 ? "HMAC-SHA256" : "SHA-256");
    if (out->digest == NULL)
        return fail(why, REASON_BAD_ALG, "RFC 9481 6.2",
                    "the MAC is not supported here; use HMAC-SHA256");
    if (out->salt.size < LIMIT_MAC_SALT_OCTETS_MIN || out->salt.size > LIMIT_MAC_SALT_OCTETS)
        return fail(why, REASON_BAD_ALG, "RFC 4211 4.4", "salt of %zu octets: use %d to %d",
                    out->salt.size, LIMIT_MAC_SALT_OCTETS_MIN, LIMIT_MAC_SALT_OCTETS);
    if (out->iterations < 1 || out->iterations > LIMIT_MAC_ITERATIONS_HARD)
        return fail(why, REASON_BAD_ALG, "RFC 9481 6.1", "iteration count out of range");
    if (out->pbkdf2 &&
        (out->key_octets < LIMIT_MAC_KEY_OCTETS_MIN || out->key_octets > LIMIT_MAC_KEY_OCTETS))
        return fail(why, REASON_BAD_ALG, "RFC 8018 A.5", "keyLength out of range: use %d to %d",
                    LIMIT_MAC_KEY_OCTETS_MIN, LIMIT_MAC_KEY_OCTETS);
    return true;
}

/* What this device group takes. */
static bool limits_allow(const struct mac *mac, const struct mac_limits *limits,
                         struct failure *why)
{
    if (mac->iterations < limits->iterations_min || mac->iterations > limits->iterations_max)
        return fail(why, REASON_BAD_ALG, "RFC 9481 6.1.1",
                    "%lld iterations: %ld to %ld are accepted", (long long)mac->iterations,
                    limits->iterations_min, limits->iterations_max);
    /* HMAC-SHA1 stays a sound MAC, and is what OpenSSL's client sends unless told otherwise; a secret
     * hashed with SHA-1 alone is not worth as much. */
    if (!limits->legacy && digest_is_legacy(mac->owf))
        return fail(why, REASON_BAD_ALG, "RFC 9481 6.1",
                    "SHA-1 is not accepted as one-way function of a MAC; use SHA-256");
    return true;
}

/* ---- computing ------------------------------------------------------------------------------ */

struct key {
    uint8_t octets[EVP_MAX_MD_SIZE > LIMIT_MAC_KEY_OCTETS ? EVP_MAX_MD_SIZE : LIMIT_MAC_KEY_OCTETS];
    size_t size;
};

/* RFC 4211 4.4: BASEKEY is owf(secret | salt), hashed again until owf ran iterationCount times. */
static bool derive_pbm(const struct mac *mac, const EVP_MD *md, struct bytes secret,
                       struct key *key)
{
    unsigned size = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context != NULL && EVP_DigestInit_ex2(context, md, NULL) == 1 &&
                EVP_DigestUpdate(context, secret.data, secret.size) == 1 &&
                EVP_DigestUpdate(context, mac->salt.data, mac->salt.size) == 1 &&
                EVP_DigestFinal_ex(context, key->octets, &size) == 1;
    for (int64_t n = 1; good && n < mac->iterations; n++)
        good = EVP_DigestInit_ex2(context, NULL, NULL) == 1 &&
               EVP_DigestUpdate(context, key->octets, size) == 1 &&
               EVP_DigestFinal_ex(context, key->octets, &size) == 1;
    key->size = size;
    EVP_MD_CTX_free(context);
    return good;
}

static bool derive_pbkdf2(const struct mac *mac, const EVP_MD *md, struct bytes secret,
                          struct key *key)
{
    key->size = (size_t)mac->key_octets;
    return PKCS5_PBKDF2_HMAC((const char *)secret.data, (int)secret.size, mac->salt.data,
                             (int)mac->salt.size, (int)mac->iterations, md, (int)key->size,
                             key->octets) == 1;
}

static bool compute(const struct mac *mac, struct bytes secret, struct bytes data,
                    uint8_t out[EVP_MAX_MD_SIZE], size_t *size, struct failure *why)
{
    struct key key;
    bool good = false;
    if (secret.size == 0) /* OpenSSL takes NULL for other things than the empty secret */
        secret = BYTES_LITERAL("");
    EVP_MD *md = EVP_MD_fetch(NULL, mac->owf, NULL);
    if (md != NULL && secret.size <= LIMIT_MESSAGE_OCTETS)
        good =
            mac->pbkdf2 ? derive_pbkdf2(mac, md, secret, &key) : derive_pbm(mac, md, secret, &key);
    good = good && EVP_Q_mac(NULL, "HMAC", NULL, mac->digest, NULL, key.octets, key.size, data.data,
                             data.size, out, EVP_MAX_MD_SIZE, size) != NULL;
    EVP_MD_free(md);
    OPENSSL_cleanse(&key, sizeof(key));
    return good || fail_openssl(why, REASON_INTERNAL, NULL, "the MAC could not be computed");
}

bool mac_verify(struct bytes algorithm, struct bytes secret, struct bytes data, struct bytes value,
                const struct mac_limits *limits, struct failure *why)
{
    struct mac mac;
    uint8_t expected[EVP_MAX_MD_SIZE];
    size_t size = 0;
    if (!read_mac(algorithm, &mac, why) || !limits_allow(&mac, limits, why) ||
        !compute(&mac, secret, data, expected, &size, why))
        return false;
    bool same = value.size == size && CRYPTO_memcmp(value.data, expected, size) == 0;
    OPENSSL_cleanse(expected, sizeof(expected));
    return same || fail(why, REASON_SECRET_WRONG, NULL, NULL);
}

bool mac_compute(struct bytes algorithm, struct bytes secret, struct bytes data,
                 struct arena *arena, struct bytes *value, struct failure *why)
{
    struct mac mac;
    uint8_t octets[EVP_MAX_MD_SIZE];
    size_t size = 0;
    if (!read_mac(algorithm, &mac, why) || !compute(&mac, secret, data, octets, &size, why))
        return false;
    *value = arena_copy(arena, bytes_of(octets, size));
    return true;
}

/* ---- another salt --------------------------------------------------------------------------- */

bool mac_with_salt(struct bytes algorithm, struct bytes salt, struct arena *arena,
                   struct bytes *out, struct failure *why)
{
    struct mac mac;
    if (!read_mac(algorithm, &mac, why))
        return false;
    const struct bytes around[] = {der_wrap(arena, DER_OCTET_STRING, salt), mac.after};
    struct bytes parameters = der_join(arena, DER_SEQUENCE, around, 2);
    if (mac.pbkdf2) {
        const struct bytes kdf[] = {mac.kdf_oid, parameters};
        const struct bytes both[] = {der_join(arena, DER_SEQUENCE, kdf, 2), mac.scheme};
        parameters = der_join(arena, DER_SEQUENCE, both, 2);
    }
    const struct bytes whole[] = {mac.oid, parameters};
    *out = der_join(arena, DER_SEQUENCE, whole, 2);
    return true;
}
