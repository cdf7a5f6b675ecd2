#include "adapters/pkix/key.h"

#include <stdio.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include "adapters/pkix/der.h"
#include "adapters/pkix/spki.h"
#include "mapping/model/limits.h"

enum { EXPONENT_OCTETS = 8 }; /* as OpenSSL's own limit beside a large modulus */

static EVP_PKEY *key_from_parameters(const char *type, OSSL_PARAM *parameters)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    return key;
}

static EVP_PKEY *rsa_key(struct bytes modulus, struct bytes exponent)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *parameters = NULL;
    BIGNUM *n = BN_bin2bn(modulus.data, (int)modulus.size, NULL);
    BIGNUM *e = BN_bin2bn(exponent.data, (int)exponent.size, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (n != NULL && e != NULL && builder != NULL &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1)
        parameters = OSSL_PARAM_BLD_to_param(builder);
    if (parameters != NULL)
        key = key_from_parameters("RSA", parameters);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    BN_free(n);
    BN_free(e);
    return key;
}

static bool is_odd_positive(struct bytes integer)
{
    return integer.size > 0 && (integer.data[0] & 0x80) == 0 &&
           (integer.data[integer.size - 1] & 1) != 0;
}

/* RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }      (RFC 8017 A.1.1) */
static EVP_PKEY *make_rsa(const struct spki *spki, const char *unused)
{
    (void)unused;
    struct der sequence, n, e;
    if (!der_is_sound(spki->key) || !der_only(spki->key, DER_SEQUENCE, &sequence))
        return NULL;
    struct bytes rest = sequence.content;
    if (!der_take(&rest, DER_INTEGER, &n) || !der_only(rest, DER_INTEGER, &e))
        return NULL;
    if (!is_odd_positive(n.content) || !is_odd_positive(e.content) ||
        n.content.size > LIMIT_RSA_BITS / 8 + 1 || e.content.size > EXPONENT_OCTETS)
        return NULL;
    if (bytes_equal(e.content, BYTES_LITERAL("\1"))) /* everybody could sign */
        return NULL;
    return rsa_key(n.content, e.content);
}

static const struct {
    const char *oid;
    const char *group; /* as OpenSSL calls it */
    const char *name;  /* as people do */
} curves[] = {
    {"1.2.840.10045.3.1.7", "prime256v1", "P-256"},
    {"1.3.132.0.34", "secp384r1", "P-384"},
    {"1.3.132.0.35", "secp521r1", "P-521"},
    {"1.3.132.0.33", "secp224r1", "P-224"},
    {"1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1", "brainpoolP256r1"},
    {"1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1", "brainpoolP384r1"},
    {"1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1", "brainpoolP512r1"},
};

/* RFC 5480 2.2: uncompressed, or compressed. The point at infinity (00), for which everybody could
 * sign, is no key. */
static bool is_point(struct bytes key)
{
    return key.size > 1 && key.data[0] >= 2 && key.data[0] <= 4;
}

static EVP_PKEY *make_ec(const struct spki *spki, const char *unused)
{
    (void)unused;
    size_t i = 0;
    if (!is_point(spki->key))
        return NULL;
    while (i < sizeof(curves) / sizeof(curves[0]) && !der_oid_is(spki->parameters, curves[i].oid))
        i++;
    if (i == sizeof(curves) / sizeof(curves[0]))
        return NULL;
    union {
        const uint8_t *in;
        void *out;
    } point = {spki->key.data};
    char group[32];
    snprintf(group, sizeof(group), "%s", curves[i].group);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.out, spki->key.size),
        OSSL_PARAM_construct_end(),
    };
    return key_from_parameters("EC", parameters);
}

/* RFC 8410 3: no parameters. */
static EVP_PKEY *make_raw(const struct spki *spki, const char *type)
{
    if (spki->parameters.size > 0)
        return NULL;
    return EVP_PKEY_new_raw_public_key_ex(NULL, type, NULL, spki->key.data, spki->key.size);
}

static const struct {
    const char *oid;
    EVP_PKEY *(*make)(const struct spki *spki, const char *type);
    const char *type;
} kinds[] = {
    {"1.2.840.10045.2.1", make_ec, NULL}, {"1.2.840.113549.1.1.1", make_rsa, NULL},
    {"1.3.101.112", make_raw, "ED25519"}, {"1.3.101.113", make_raw, "ED448"},
    {"1.3.101.110", make_raw, "X25519"},  {"1.3.101.111", make_raw, "X448"},
};

/* RSASSA-PSS keys, and all that newer versions of OpenSSL bring. */
static EVP_PKEY *make_other(struct bytes tlv)
{
    const uint8_t *at = tlv.data;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)tlv.size);
    if (key != NULL && at != tlv.data + tlv.size) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    return key;
}

EVP_PKEY *key_from_spki(struct bytes tlv)
{
    struct spki spki;
    EVP_PKEY *key = NULL;
    if (!spki_read(tlv, &spki) || spki.key.size == 0)
        return NULL;
    size_t i = 0;
    while (i < sizeof(kinds) / sizeof(kinds[0]) && !der_oid_is(spki.oid, kinds[i].oid))
        i++;
    ERR_set_mark();
    if (i < sizeof(kinds) / sizeof(kinds[0]))
        key = kinds[i].make(&spki, kinds[i].type);
    else
        key = make_other(tlv);
    ERR_pop_to_mark();
    return key;
}

static const char *curve_name(const char *group)
{
    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
        if (strcmp(curves[i].group, group) == 0)
            return curves[i].name;
    }
    return group;
}

const char *key_kind(const EVP_PKEY *key, char *room, size_t size)
{
    char group[40];
    size_t used;
    if (EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, group, sizeof(group), &used) == 1)
        snprintf(room, size, "%s", curve_name(group));
    else if (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS"))
        snprintf(room, size, "RSA %d", EVP_PKEY_get_bits(key));
    else
        snprintf(room, size, "%s", EVP_PKEY_get0_type_name(key));
    return room;
}

bool key_is_strong(const EVP_PKEY *key, enum reason reason, struct failure *why)
{
    int bits = EVP_PKEY_get_bits(key);
    if (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS")) {
        if (bits < LIMIT_RSA_BITS_MIN || bits > LIMIT_RSA_BITS)
            return fail(why, reason, "RFC 9481 3.1", "RSA key of %d bits: use %d to %d", bits,
                        LIMIT_RSA_BITS_MIN, LIMIT_RSA_BITS);
        return true;
    }
    if (EVP_PKEY_is_a(key, "EC") && bits < LIMIT_EC_BITS_MIN)
        return fail(why, reason, "RFC 5480 5", "elliptic-curve key of %d bits: use at least %d",
                    bits, LIMIT_EC_BITS_MIN);
    if (EVP_PKEY_is_a(key, "DSA"))
        return fail(why, reason, "RFC 9481 3", "DSA keys are not accepted");
    return true;
}
