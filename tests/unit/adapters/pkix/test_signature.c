#include "tests/support/cases.h"

#include "adapters/pkix/algorithm.h"
#include "adapters/pkix/der.h"
#include "adapters/pkix/key.h"
#include "adapters/pkix/signature.h"
#include "tests/support/octets.h"
#include "tests/support/pki.h"

static void release_key(void *key)
{
    EVP_PKEY_free(key);
}

/* CertificationRequest ::= SEQUENCE { info, algorithm, signature }; the SPKI is the third field of
 * the info. */
struct signed_request {
    struct bytes info;
    struct bytes algorithm;
    struct bytes signature;
    EVP_PKEY *key; /* NULL: this build has no such kind */
};

static struct signed_request request_of(const char *name)
{
    struct signed_request r;
    struct der whole, info, field, bits;
    struct bytes file = octets_from_file(
        case_arena(), arena_printf(case_arena(), "tests/vectors/signature/%s.der", name));
    assert_true(der_only(file, DER_SEQUENCE, &whole));
    struct bytes rest = whole.content;
    assert_true(der_take(&rest, DER_SEQUENCE, &info));
    r.info = info.whole;
    assert_true(der_take(&rest, DER_SEQUENCE, &field));
    r.algorithm = field.whole;
    assert_true(der_only(rest, DER_BIT_STRING, &bits) && der_bits(bits.content, &r.signature));
    rest = info.content;
    for (int i = 0; i < 3; i++)
        assert_true(der_next(&rest, &field));
    r.key = arena_own(case_arena(), key_from_spki(field.whole), release_key);
    return r;
}

/* ---- verifying what openssl signed ---------------------------------------------------------- */

struct verify {
    const char *name;
    bool allow_sha1;
    const char *refused; /* NULL: it verifies */
    const char *digest;  /* for certHash */
    size_t octets;
};

static const struct verify verifies[] = {
    {"ecdsa-sha256", false, NULL, "SHA256", 32},
    {"ecdsa-sha384", false, NULL, "SHA384", 48},
    {"ecdsa-sha512", false, NULL, "SHA512", 64},
    {"ecdsa-sha224", false, NULL, "SHA224", 28},
    {"ecdsa-sha3-256", false, NULL, "SHA3-256", 32},
    {"ecdsa-sha1", false, "SHA-1", "SHA1", 20},
    {"ecdsa-sha1", true, NULL, "SHA1", 20},
    {"rsa-sha256", false, NULL, "SHA256", 32},
    {"rsa-sha384", false, NULL, "SHA384", 48},
    {"rsa-sha512", false, NULL, "SHA512", 64},
    {"rsa-sha224", false, NULL, "SHA224", 28},
    {"rsa-sha3-256", false, NULL, "SHA3-256", 32},
    {"rsa-sha1", false, "SHA-1", "SHA1", 20},
    {"rsa-sha1", true, NULL, "SHA1", 20},
    {"rsa-md5", true, "1.2.840.113549.1.1.4 is not supported", NULL, 0},
    {"rsa-small", false, "1024 bits", "SHA256", 32},
    {"pss-sha256", false, NULL, "SHA256", 32},
    {"pss-sha384-salt20", false, NULL, "SHA384", 48},
    {"pss-sha512-salt0", false, NULL, "SHA512", 64},
    {"pss-sha256-mgf1-sha1", false, NULL, "SHA256", 32},
    {"pss-sha1", false, "SHA-1", "SHA1", 20},
    {"pss-sha1", true, NULL, "SHA1", 20},
    {"ed25519", false, NULL, "SHA512", 64},
    {"ed448", false, NULL, "SHAKE256", 64},
    {"ml-dsa-44", false, NULL, NULL, 0},
    {"ml-dsa-65", false, NULL, NULL, 0},
    {"ml-dsa-87", false, NULL, NULL, 0},
};

static void verify_row(void **state)
{
    const struct verify *row = *state;
    struct signed_request r = request_of(row->name);
    struct failure why = {0};
    size_t octets = 0;
    const char *name = signature_digest_name(r.algorithm, &octets);
    if (row->digest == NULL)
        assert_null(name);
    else
        assert_string_equal(name, row->digest);
    assert_int_equal(octets, row->octets);
    if (r.key == NULL) { /* OpenSSL before 3.5 */
        assert_memory_equal(row->name, "ml-dsa", 6);
        return;
    }
    bool good = signature_verify(r.key, r.algorithm, r.info, r.signature, row->allow_sha1, &why);
    if (row->refused != NULL) {
        assert_false(good);
        assert_int_equal(why.reason, REASON_BAD_ALG);
        assert_text_has(why.text, row->refused);
        return;
    }
    if (!good)
        fail_msg("%s; %s", why.text, why.detail);
    struct bytes other = arena_copy(case_arena(), r.info);
    other.size--;
    assert_false(signature_verify(r.key, r.algorithm, other, r.signature, true, &why));
    assert_int_equal(why.reason, REASON_SIGNATURE_WRONG);
    assert_false(signature_verify(r.key, r.algorithm, r.info, BYTES_EMPTY, true, &why));
    assert_int_equal(why.reason, REASON_SIGNATURE_WRONG);
}

/* ---- signing, verified by OpenSSL itself ---------------------------------------------------- */

struct sign {
    const char *name;
    const char *key;
    const char *digest;
    const char *verify_digest; /* what OpenSSL is told */
    const char *algorithm;     /* hex, by openssl asn1parse of its own signatures */
};

static const struct sign signs[] = {
    {"sign: P-256", "leaf", NULL, "SHA256", "300a06082a8648ce3d040302"},
    {"sign: P-384", "p384", NULL, "SHA384", "300a06082a8648ce3d040303"},
    {"sign: P-521", "p521", NULL, "SHA512", "300a06082a8648ce3d040304"},
    {"sign: P-256 with SHA-512", "leaf", "sha512", "SHA512", "300a06082a8648ce3d040304"},
    {"sign: RSA", "rsa", NULL, "SHA256", "300d06092a864886f70d01010b0500"},
    {"sign: RSA with SHA-384", "rsa", "SHA384", "SHA384", "300d06092a864886f70d01010c0500"},
    {"sign: Ed25519", "ed25519", NULL, NULL, "300506032b6570"},
    {"sign: Ed25519 whatever the digest", "ed25519", "SHA256", NULL, "300506032b6570"},
    {"sign: Ed448", "ed448", NULL, NULL, "300506032b6571"},
};

static void sign_row(void **state)
{
    const struct sign *row = *state;
    struct bytes algorithm, signature, again, data = BYTES_LITERAL("to be signed");
    struct failure why;
    EVP_PKEY *key = pki_key(case_arena(), row->key);
    assert_true(signature_sign(key, row->digest, data, case_arena(), &algorithm, &signature, &why));
    assert_octets(algorithm, row->algorithm);
    assert_true(signature_algorithm(key, row->digest, case_arena(), &again, &why));
    assert_octets(again, row->algorithm);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_int_equal(
        EVP_DigestVerifyInit_ex(context, NULL, row->verify_digest, NULL, NULL, key, NULL), 1);
    assert_int_equal(
        EVP_DigestVerify(context, signature.data, signature.size, data.data, data.size), 1);
    EVP_MD_CTX_free(context);
}

static void a_pss_key_signs_with_pss(void **state)
{
    (void)state;
    struct bytes algorithm, signature, data = BYTES_LITERAL("to be signed");
    struct failure why;
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
    assert_int_equal(EVP_PKEY_keygen_init(context), 1);
    assert_int_equal(EVP_PKEY_generate(context, &key), 1);
    EVP_PKEY_CTX_free(context);
    /* RFC 4055 with SHA-384: as openssl writes it for -sha384 -sigopt rsa_pss_saltlen:48. */
    assert_true(signature_sign(key, "SHA384", data, case_arena(), &algorithm, &signature, &why));
    assert_octets(algorithm,
                  "304106092a864886f70d01010a3034a00f300d06096086480165030402020500a11c301a06092a86"
                  "4886f70d010108300d06096086480165030402020500a203020130");
    assert_true(signature_verify(key, algorithm, data, signature, false, &why));
    EVP_PKEY_free(key);
}

/* ---- post-quantum keys, where this build's OpenSSL has them (3.5) ---------------------------- */

struct post_quantum {
    const char *name; /* OpenSSL's of the key */
    const char *algorithm;
};

static const struct post_quantum post_quantum[] = {
    {"ML-DSA-44", "300b0609608648016503040311"},
    {"ML-DSA-65", "300b0609608648016503040312"},
    {"ML-DSA-87", "300b0609608648016503040313"},
    {"SLH-DSA-SHA2-128f", "300b0609608648016503040315"},
    {"SLH-DSA-SHAKE-128f", "300b060960864801650304031b"},
};

static void post_quantum_row(void **state)
{
    const struct post_quantum *row = *state;
    struct bytes algorithm, signature, data = BYTES_LITERAL("to be signed");
    struct failure why;
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, row->name, NULL);
    if (context == NULL) { /* then its requests must be refused as well */
        assert_null(request_of("ml-dsa-44").key);
        return;
    }
    assert_int_equal(EVP_PKEY_keygen_init(context), 1);
    assert_int_equal(EVP_PKEY_generate(context, &key), 1);
    EVP_PKEY_CTX_free(context);
    assert_true(signature_sign(key, NULL, data, case_arena(), &algorithm, &signature, &why));
    assert_octets(algorithm, row->algorithm);
    assert_true(signature_verify(key, algorithm, data, signature, false, &why));
    assert_false(signature_verify(key, algorithm, BYTES_LITERAL("x"), signature, false, &why));
    assert_int_equal(why.reason, REASON_SIGNATURE_WRONG);
    EVP_PKEY_free(key);
}

static void md5_is_never_chosen(void **state)
{
    (void)state;
    struct bytes algorithm;
    struct failure why;
    EVP_PKEY *key = pki_key(case_arena(), "rsa");
    assert_false(signature_algorithm(key, "MD5", case_arena(), &algorithm, &why));
    assert_int_equal(why.reason, REASON_BAD_ALG);
}

/* ---- algorithms that are refused before any work -------------------------------------------- */

struct algorithm_row {
    const char *name;
    const char *key;
    const char *hex;
    const char *text;
};

static const struct algorithm_row algorithms[] = {
    {"algorithm: nothing", "rsa", "", "malformed"},
    {"algorithm: trailing octet", "rsa", "300d06092a864886f70d01010b050000", "malformed"},
    {"algorithm: two parameters", "rsa", "300f06092a864886f70d01010b05000500", "malformed"},
    {"algorithm: RSA for an EC key", "leaf", "300d06092a864886f70d01010b0500",
     "signer's key (P-256)"},
    {"algorithm: ECDSA for an RSA key", "rsa", "300a06082a8648ce3d040302",
     "signer's key (RSA 2048)"},
    {"algorithm: parameters that are not NULL", "rsa", "300d06092a864886f70d01010b3000",
     "parameters"},
    {"algorithm: rsaEncryption is none", "rsa", "300d06092a864886f70d0101010500", "not supported"},
    {"algorithm: PSS without parameters", "rsa", "300b06092a864886f70d01010a", "RSASSA-PSS"},
    {"algorithm: PSS with trailer 2", "rsa", "301206092a864886f70d01010a3005a303020102",
     "RSASSA-PSS"},
    {"algorithm: PSS with negative salt", "rsa", "301206092a864886f70d01010a3005a2030201ff",
     "RSASSA-PSS"},
    {"algorithm: PSS with a huge salt", "rsa", "301306092a864886f70d01010a3006a20402027fff",
     "RSASSA-PSS"},
    {"algorithm: PSS with MD5", "rsa",
     "301d06092a864886f70d01010a3010a00e300c06082a864886f70d02050500", "RSASSA-PSS"},
    {"algorithm: PSS with another mask", "rsa", "301406092a864886f70d01010a3007a105300306012a",
     "RSASSA-PSS"},
};

static void algorithm_row(void **state)
{
    const struct algorithm_row *row = *state;
    struct failure why = {0};
    struct bytes data = BYTES_LITERAL("x");
    assert_false(signature_verify(pki_key(case_arena(), row->key),
                                  octets_from_hex(case_arena(), row->hex), data, data, true, &why));
    assert_int_equal(why.reason, REASON_BAD_ALG);
    assert_text_has(why.text, row->text);
}

/* ---- digests: values from FIPS 180-4, FIPS 202 and python's hashlib ------------------------- */

struct digest_case {
    const char *name;
    const char *digest;
    size_t octets;
    const char *hex; /* of "abc"; NULL: there is no such digest */
};

static const struct digest_case digest_cases[] = {
    {"digest: SHA-256", "SHA256", 0,
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"digest: SHA-1", "SHA1", 20, "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {"digest: SHAKE256", "SHAKE256", 64,
     "483366601360a8771c6863080cc4114d8db44530f8f1e1ee4f94ea37e78b5739"
     "d5a15bef186a5386c75744c0527e1faa9f8726e462a12a4feb06bd8801e751e4"},
    {"digest: SHA-256 cut", "SHA256", 16, NULL},
    {"digest: unknown", "SHA257", 0, NULL},
};

static void digest_row(void **state)
{
    const struct digest_case *row = *state;
    struct bytes out;
    bool good = digest(row->digest, row->octets, BYTES_LITERAL("abc"), case_arena(), &out);
    assert_int_equal(good, row->hex != NULL);
    if (good)
        assert_octets(out, row->hex);
}

static void names_and_oids_of_digests(void **state)
{
    (void)state;
    assert_string_equal(digest_of_oid(der_oid(case_arena(), "1.3.14.3.2.26")), "SHA1");
    assert_null(digest_of_oid(der_oid(case_arena(), "1.2.840.113549.2.5"))); /* MD5 */
    assert_string_equal(digest_oid("sha512"), "2.16.840.1.101.3.4.2.3");
    assert_null(digest_oid("MD5"));
    assert_int_equal(digest_octets("SHA384"), 48);
    assert_int_equal(digest_octets("MD5"), 0);
    assert_true(digest_is_legacy("SHA1"));
    assert_false(digest_is_legacy("SHA256"));
}

int main(void)
{
    CASES_ADD_ROWS(verifies, verify_row);
    CASES_ADD_ROWS(signs, sign_row);
    CASES_ADD_ROWS(algorithms, algorithm_row);
    CASES_ADD_ROWS(digest_cases, digest_row);
    CASES_ADD_ROWS(post_quantum, post_quantum_row);
    CASES_ADD(a_pss_key_signs_with_pss);
    CASES_ADD(md5_is_never_chosen);
    CASES_ADD(names_and_oids_of_digests);
    return cases_run("signature");
}
