/* Is a key fit to be certified? */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "adapters/pkix/der.h"
#include "adapters/pkix/key.h"
#include "adapters/pkix/proof.h"
#include "adapters/pkix/spki.h"

static void free_key(void *key)
{
    EVP_PKEY_free(key);
}

static bool template_fault(struct failure *why, const char *text)
{
    return fail(why, REASON_BAD_CERT_TEMPLATE, "RFC 9483 5.1.1", "%s", text);
}

/* Whether this build's OpenSSL has keys of that OID at all. */
static bool is_known_kind(const char *dotted)
{
    ERR_set_mark();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, dotted, NULL);
    EVP_PKEY_CTX_free(context);
    ERR_pop_to_mark();
    return context != NULL;
}

/* An even modulus or exponent is no RSA key, and factors below 256 are a broken generator's. */
static bool rsa_is_sane(const EVP_PKEY *key)
{
    static const BN_ULONG small_primes = 3UL * 5 * 7 * 11 * 13 * 17 * 19 * 23; /* 111546435 */
    BIGNUM *n = NULL, *e = NULL;
    bool sane = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
                EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1 && BN_is_odd(n) &&
                BN_is_odd(e) && !BN_is_one(e);
    if (sane) {
        BN_ULONG a = small_primes, b = BN_mod_word(n, small_primes);
        while (b != 0) {
            BN_ULONG rest = a % b;
            a = b;
            b = rest;
        }
        sane = a == 1;
    }
    BN_free(n);
    BN_free(e);
    return sane;
}

/* On its curve and not the point at infinity. */
static bool ec_is_sane(EVP_PKEY *key)
{
    ERR_set_mark();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    bool sane = context != NULL && EVP_PKEY_public_check_quick(context) == 1;
    EVP_PKEY_CTX_free(context);
    ERR_pop_to_mark();
    return sane;
}

/* Kinds that certificates are issued for; DSA, Diffie-Hellman and SM2 are not among them. */
static bool is_accepted(const EVP_PKEY *key)
{
    static const char *const exact[] = {"RSA",   "RSA-PSS", "EC",  "ED25519",
                                        "ED448", "X25519",  "X448"};
    static const char *const families[] = {"ML-DSA-", "SLH-DSA-", "ML-KEM-"};
    const char *type = EVP_PKEY_get0_type_name(key);
    for (size_t i = 0; i < sizeof(exact) / sizeof(exact[0]); i++)
        if (strcmp(type, exact[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
        if (strncmp(type, families[i], strlen(families[i])) == 0)
            return true;
    return false;
}

bool public_key(struct bytes spki, struct arena *arena, struct evp_pkey_st **out,
                struct failure *why)
{
    struct spki parts;
    if (!spki_read(spki, &parts) || parts.key.size == 0)
        return template_fault(why, "the public key is missing or malformed");
    const char *dotted = der_oid_text(arena, parts.oid);
    EVP_PKEY *key = key_from_spki(spki);
    if (key == NULL && !is_known_kind(dotted))
        return fail(why, REASON_BAD_ALG, "RFC 9483 5.1.1",
                    "keys of algorithm %.60s are not supported by this build", dotted);
    if (key == NULL)
        return template_fault(why, "the public key is malformed or unsound, or its curve is not supported");
    *out = arena_own(arena, key, free_key);
    if (!is_accepted(key))
        return fail(why, REASON_BAD_ALG, "RFC 9483 5.1.1", "keys of type %.20s are not accepted",
                    EVP_PKEY_get0_type_name(key));
    if (!key_is_strong(key, REASON_BAD_CERT_TEMPLATE, why))
        return false;
    if ((EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS")) && !rsa_is_sane(key))
        return template_fault(why, "the RSA key has an even or tiny factor, or a bad exponent");
    if (EVP_PKEY_is_a(key, "EC") && !ec_is_sane(key))
        return template_fault(why, "the point of the elliptic-curve key is not on its curve");
    return true;
}
