#include "tests/support/cases.h"

#include <openssl/x509v3.h>

#include "adapters/pkix/der.h"
#include "adapters/pkix/key.h"
#include "tests/support/octets.h"
#include "tests/support/pki.h"

/* ---- every field beside what OpenSSL reads -------------------------------------------------- */

struct file {
    const char *name;
};

static const struct file files[] = {
    {"root"}, {"inter"},   {"leaf"}, {"ra"},    {"rsa"},      {"rsa-small"}, {"p384"},
    {"p521"}, {"ed25519"}, {"pss"},  {"ed448"}, {"critical"}, {"bare"},      {"deep"},
};

static void assert_same_octets(struct bytes b, const unsigned char *data, int size)
{
    assert_int_equal(b.size, size);
    assert_memory_equal(b.data, data, b.size);
}

static void assert_same_name(struct bytes b, const X509_NAME *name)
{
    unsigned char *der = NULL;
    int size = i2d_X509_NAME(name, &der);
    assert_same_octets(b, der, size);
    OPENSSL_free(der);
}

static time_t seconds(const ASN1_TIME *time)
{
    struct tm t;
    assert_int_equal(ASN1_TIME_to_tm(time, &t), 1);
    return timegm(&t);
}

static void fields_are_those_of_openssl(void **state)
{
    const struct file *file = *state;
    struct certificate *c = pki_certificate(case_arena(), file->name);
    X509 *x509 = certificate_get0_x509(c);
    assert_non_null(x509);
    assert_same_name(certificate_subject(c), X509_get_subject_name(x509));
    assert_same_name(certificate_issuer(c), X509_get_issuer_name(x509));
    const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(x509);
    if (ski == NULL)
        assert_int_equal(certificate_ski(c).size, 0);
    else
        assert_same_octets(certificate_ski(c), ski->data, ski->length);
    const ASN1_INTEGER *serial = X509_get0_serialNumber(x509);
    assert_same_octets(certificate_serial(c), serial->data, serial->length);
    unsigned char hash[32];
    assert_int_equal(X509_digest(x509, EVP_sha256(), hash, NULL), 1);
    assert_same_octets(certificate_sha256(c), hash, 32);
    assert_true(certificate_not_before(c) == seconds(X509_get0_notBefore(x509)));
    assert_true(certificate_not_after(c) == seconds(X509_get0_notAfter(x509)));
    assert_int_equal(certificate_is_ca(c), (X509_get_extension_flags(x509) & EXFLAG_CA) != 0);
    for (uint32_t bit = 1; bit < 0x10000; bit <<= 1)
        assert_int_equal(certificate_allows(c, bit), (X509_get_key_usage(x509) & bit) != 0);
    assert_int_equal(EVP_PKEY_eq(certificate_get0_key(c), X509_get0_pubkey(x509)), 1);
}

static void usages_of_an_ra(void **state)
{
    (void)state;
    struct certificate *ra = pki_certificate(case_arena(), "ra");
    assert_true(certificate_has_eku(ra, EKU_CMC_RA));
    assert_true(certificate_has_eku(ra, EKU_CMC_CA));
    assert_false(certificate_has_eku(ra, EKU_CM_KGA));
    assert_false(certificate_has_eku(pki_certificate(case_arena(), "leaf"), EKU_CMC_RA));
    assert_true(certificate_allows(ra, KU_DIGITAL_SIGNATURE));
    assert_false(certificate_allows(ra, KU_KEY_CERT_SIGN));
}

static void made_once_and_shared(void **state)
{
    (void)state;
    struct certificate *leaf = pki_certificate(case_arena(), "leaf");
    assert_ptr_equal(certificate_get0_x509(leaf), certificate_get0_x509(leaf));
    assert_ptr_equal(certificate_get0_key(leaf), certificate_get0_key(leaf));
    assert_ptr_equal(certificate_ref(leaf), leaf);
    certificate_unref(leaf);
    certificate_unref(NULL);
}

/* ---- refused -------------------------------------------------------------------------------- */

/* leaf.der with one octet changed, cut or added. */
struct damage {
    const char *name;
    const char *find; /* hex; empty: at the end */
    const char *put;  /* hex, of the same size (or added at the end) */
    const char *text;
};

static const struct damage damages[] = {
    {"trailing octet", "", "00", "not DER"},
    {"boolean TRUE as 01", "0603551d130101ff", "0603551d13010101", "not DER"},
    {"serial is an octet string", "02021000300a", "04021000300a", "no serial number"},
    {"issuer is a set", "0403023024", "0403023124", "no issuer"},
    {"month 13", "170d323530313031", "170d323531333031", "validity"},
    {"keyUsage without bits", "040403020780", "040303010030", NULL},
    {"keyUsage is an integer", "040403020780", "040402020780", "keyUsage"},
    {"basicConstraints is a set", "0101ff04023000", "0101ff04023100", "basicConstraints"},
    {"extension twice", "0603551d13", "0603551d0f", NULL},
};

static struct bytes damaged(const struct damage *damage)
{
    struct bytes good = octets_from_file(case_arena(), "tests/vectors/pkix/leaf.der");
    struct bytes find = octets_from_hex(case_arena(), damage->find);
    struct bytes put = octets_from_hex(case_arena(), damage->put);
    uint8_t *bad = arena_alloc(case_arena(), good.size + put.size);
    memcpy(bad, good.data, good.size);
    if (find.size == 0) {
        memcpy(bad + good.size, put.data, put.size);
        return bytes_of(bad, good.size + put.size);
    }
    assert_true(put.size <= find.size);
    uint8_t *at = memmem(bad, good.size, find.data, find.size);
    assert_non_null(at);
    memcpy(at, put.data, put.size);
    return bytes_of(bad, good.size);
}

static void damage_is_refused(void **state)
{
    const struct damage *damage = *state;
    struct certificate *certificate;
    struct failure why = {0};
    assert_false(certificate_parse(damaged(damage), &certificate, &why));
    assert_null(certificate);
    assert_int_equal(why.reason, REASON_BAD_DATA_FORMAT);
    if (damage->text != NULL)
        assert_text_has(why.text, damage->text);
}

static void no_octets_are_no_certificate(void **state)
{
    (void)state;
    struct certificate *certificate;
    struct failure why;
    assert_false(certificate_parse(BYTES_EMPTY, &certificate, &why));
}

/* ---- keys ----------------------------------------------------------------------------------- */

struct bad_key {
    const char *name;
    const char *hex; /* SPKI */
};

static const struct bad_key bad_keys[] = {
    {"key: Ed25519 with parameters", "302c300706032b65700500032100d75a980182b10ab7d54bfed3c964073a0"
                                     "ee172f3daa62325af021a68f707511a"},
    {"key: Ed25519 of 31 octets",
     "3029300506032b6570032000d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f70751"},
    {"key: RSA with a negative modulus",
     "301a300d06092a864886f70d01010105000309003006020180020103"},
    {"key: RSA with exponent 1", "301b300d06092a864886f70d0101010500030a0030070202"
                                 "7fff"
                                 "020101"},
    {"key: RSA with an even exponent",
     "301b300d06092a864886f70d0101010500030a00300702027fff020102"},
    {"key: RSA with an even modulus", "301b300d06092a864886f70d0101010500030a00300702027ffe020103"},
    {"key: EC point at infinity", "3019301306072a8648ce3d020106082a8648ce3d03010703020000"},
    {"key: EC point in hybrid form", "3019301306072a8648ce3d020106082a8648ce3d03010703020006"},
    {"key: RSA without an exponent", "3018300d06092a864886f70d01010105000307003004020200ff"},
    {"key: EC curve by its parameters", "3011300b06072a8648ce3d0201300003020004"},
    {"key: EC point not on the curve",
     "3059301306072a8648ce3d020106082a8648ce3d03010703420004010101010101010101010101010101010101"
     "010101010101010101010101010102020202020202020202020202020202020202020202020202020202020202"
     "02"},
    {"key: unknown algorithm", "300b300506032a03040302"
                               "0001"},
    {"key: nothing", ""},
};

static void bad_key_is_none(void **state)
{
    const struct bad_key *row = *state;
    assert_null(key_from_spki(octets_from_hex(case_arena(), row->hex)));
}

struct strength {
    const char *name;
    const char *file;
    const char *kind;
    bool strong;
};

static const struct strength strengths[] = {
    {"strength: P-256", "leaf", "P-256", true},
    {"strength: P-384", "p384", "P-384", true},
    {"strength: RSA 2048", "rsa", "RSA 2048", true},
    {"strength: RSA 1024", "rsa-small", "RSA 1024", false},
    {"strength: Ed25519", "ed25519", "ED25519", true},
};

static void strength_row(void **state)
{
    const struct strength *row = *state;
    char room[32];
    struct failure why;
    const EVP_PKEY *key = certificate_get0_key(pki_certificate(case_arena(), row->file));
    assert_string_equal(key_kind(key, room, sizeof(room)), row->kind);
    assert_int_equal(key_is_strong(key, REASON_BAD_CERT_TEMPLATE, &why), row->strong);
    if (!row->strong)
        assert_int_equal(why.reason, REASON_BAD_CERT_TEMPLATE);
}

/* ---- signers, secrets ----------------------------------------------------------------------- */

static void a_signer_has_its_own_key(void **state)
{
    (void)state;
    struct failure why;
    struct certificate *leaf = pki_certificate(case_arena(), "leaf");
    struct certificate *inter = pki_certificate(case_arena(), "inter");
    assert_null(signer_new(leaf, pki_key(case_arena(), "ra"), NULL, 0, &why));
    assert_non_null(strstr(why.text, "do not match"));
    struct signer *signer = signer_new(leaf, pki_key(case_arena(), "leaf"), &inter, 1, &why);
    assert_non_null(signer);
    assert_ptr_equal(signer_ref(signer), signer);
    signer_unref(signer);
    assert_ptr_equal(signer->chain[0], inter);
    signer_unref(signer);
    signer_unref(NULL);
}

static void secrets_are_found_by_reference(void **state)
{
    (void)state;
    struct bytes secret;
    struct secrets *secrets = secrets_new();
    for (int i = 0; i < 5000; i++) {
        const char *reference = arena_printf(case_arena(), "mast-%d", i);
        secrets_add(secrets, bytes_of_text(reference), bytes_of(&i, sizeof(i)));
    }
    secrets_add(secrets, BYTES_LITERAL("mast-17"), BYTES_LITERAL("new"));
    secrets_add(secrets, BYTES_LITERAL("empty"), BYTES_EMPTY);
    assert_int_equal(secrets_count(secrets), 5001);
    for (int i = 0; i < 5000; i++) {
        const char *reference = arena_printf(case_arena(), "mast-%d", i);
        assert_true(secrets_find(secrets, bytes_of_text(reference), &secret));
        assert_true(i == 17 ? bytes_equal_text(secret, "new")
                            : bytes_equal(secret, bytes_of(&i, sizeof(i))));
    }
    assert_false(secrets_find(secrets, BYTES_LITERAL("mast-5000"), &secret));
    assert_false(secrets_find(secrets, BYTES_EMPTY, &secret));
    assert_true(secrets_find(secrets, BYTES_LITERAL("empty"), &secret));
    secrets_unref(secrets_ref(secrets));
    secrets_unref(secrets);
    secrets_unref(NULL);
}

int main(void)
{
    CASES_ADD_ROWS(files, fields_are_those_of_openssl);
    CASES_ADD_ROWS(damages, damage_is_refused);
    CASES_ADD_ROWS(bad_keys, bad_key_is_none);
    CASES_ADD_ROWS(strengths, strength_row);
    CASES_ADD(usages_of_an_ra);
    CASES_ADD(made_once_and_shared);
    CASES_ADD(no_octets_are_no_certificate);
    CASES_ADD(a_signer_has_its_own_key);
    CASES_ADD(secrets_are_found_by_reference);
    return cases_run("certificate");
}
