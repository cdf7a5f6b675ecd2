#include "tests/support/cases.h"

#include <openssl/cms.h>

#include "adapters/pkix/cms.h"
#include "adapters/pkix/der.h"
#include "adapters/pkix/signature.h"
#include "mapping/model/limits.h"
#include "tests/support/octets.h"
#include "tests/support/pki.h"

static const char CONTENT[] = "the content that is signed\n";
static const char PKI_DATA[] = "1.3.6.1.5.5.7.12.2";

static struct bytes vector(const char *name)
{
    return octets_from_file(case_arena(),
                            arena_printf(case_arena(), "tests/vectors/cms/%s.der", name));
}

/* ---- messages of others --------------------------------------------------------------------- */

struct message {
    const char *name;
    size_t certificates, crls, signers;
    bool allow_sha1;
    const char *refused; /* by cms_verify; NULL: verifies */
    const char *lent;    /* the signer's certificate is not in the message, but this one */
    bool own_content;    /* something else than CONTENT */
};

static const struct message messages[] = {
    {"openssl-ec", 1, 0, 1, false, NULL, NULL, false},
    {"openssl-ec-ski", 1, 0, 1, false, NULL, NULL, false},
    {"openssl-rsa", 2, 0, 1, false, NULL, NULL, false},
    {"openssl-rsa-sha1", 1, 0, 1, false, "SHA-1", NULL, false},
    {"openssl-rsa-sha1", 1, 0, 1, true, NULL, NULL, false},
    {"openssl-pss", 1, 0, 1, false, NULL, NULL, false},
    {"openssl-p384", 1, 0, 1, false, NULL, NULL, false},
    {"openssl-two", 2, 0, 2, false, NULL, NULL, false},
    {"openssl-nocerts", 0, 0, 1, false, NULL, "leaf", false},
    {"openssl-stream", 1, 0, 1, false, NULL, NULL, false},
    {"openssl-data-noattr", 1, 0, 1, false, NULL, NULL, false},
    {"openssl-noattr", 1, 0, 1, false, "signed attributes", NULL, false},
    {"openssl-detached", 1, 0, 1, false, "content is missing", NULL, true},
    {"openssl-certs-only", 2, 0, 0, false, NULL, NULL, true},
    {"openssl-crl", 1, 1, 0, false, NULL, NULL, true},
    {"bc-ec", 2, 0, 1, false, NULL, NULL, false},
    {"bc-rsa-ski", 2, 0, 1, false, NULL, NULL, false},
    {"bc-pss", 2, 0, 1, false, NULL, NULL, false},
    {"bc-ed25519", 2, 0, 1, false, NULL, NULL, false},
    {"bc-ed448", 2, 0, 1, false, NULL, NULL, false},
    {"bc-stream", 1, 0, 1, false, NULL, NULL, false},
    {"dogtag-client-pkcs10", 2, 0, 1, false, NULL, NULL, true},
    {"dogtag-response", 2, 0, 1, false, NULL, NULL, true},
    {"dogtag-degenerate", 3, 0, 0, false, NULL, NULL, true},
};

static void message_row(void **state)
{
    const struct message *row = *state;
    struct cms_signed cms;
    struct failure why = {0};
    if (!cms_parse(vector(row->name), case_arena(), &cms, &why))
        fail_msg("%s", why.text);
    assert_int_equal(cms.certificate_count, row->certificates);
    assert_int_equal(cms.crl_count, row->crls);
    assert_int_equal(cms.signer_count, row->signers);
    if (!row->own_content)
        assert_true(bytes_equal_text(cms.content, CONTENT));
    for (size_t i = 0; i < cms.signer_count; i++) {
        struct certificate *lent =
            row->lent == NULL ? NULL : pki_certificate(case_arena(), row->lent);
        struct certificate *signer = cms_find_signer(&cms, i, &lent, lent == NULL ? 0 : 1);
        assert_non_null(signer);
        bool good = cms_verify(&cms, i, certificate_get0_key(signer), row->allow_sha1, &why);
        if (row->refused == NULL && !good)
            fail_msg("%s; %s", why.text, why.detail);
        if (row->refused != NULL) {
            assert_false(good);
            assert_text_has(why.text, row->refused);
        }
    }
}

static void fields_of_a_message(void **state)
{
    (void)state;
    struct cms_signed cms;
    struct failure why;
    const struct certificate *leaf = pki_certificate(case_arena(), "leaf");
    assert_true(cms_parse(vector("openssl-ec"), case_arena(), &cms, &why));
    assert_true(der_oid_is(cms.content_type, PKI_DATA));
    assert_true(bytes_equal(cms.signers[0].issuer, certificate_issuer(leaf)));
    assert_true(bytes_equal(cms.signers[0].serial, certificate_serial(leaf)));
    assert_int_equal(cms.signers[0].key_id.size, 0);
    assert_int_equal(cms.signers[0].unsigned_attributes.size, 0);
    assert_true(cms.signers[0].signing_time > 1700000000);
    assert_octets(cms.signers[0].signature_algorithm, "300a06082a8648ce3d040302");
    assert_string_equal(cms_digest_name(cms.signers[0].digest_algorithm), "SHA256");
    assert_true(cms_parse(vector("openssl-ec-ski"), case_arena(), &cms, &why));
    assert_true(bytes_equal(cms.signers[0].key_id, certificate_ski(leaf)));
    assert_int_equal(cms.signers[0].issuer.size, 0);
    assert_null(cms_find_signer(&(struct cms_signed){.signers = cms.signers}, 0, NULL, 0));
    assert_true(cms_parse(vector("dogtag-client-identity-proof"), case_arena(), &cms, &why));
    assert_int_equal(cms.signers[0].key_id.size, 20);
    assert_null(cms_find_signer(&cms, 0, NULL, 0));
}

/* ---- damage: openssl-ec.der with some octets changed ----------------------------------------- */

struct damage {
    const char *name;
    const char *find; /* hex */
    unsigned skip;    /* this many occurrences */
    const char *put;
    bool parses;
    enum reason reason;
    const char *text;
};

#define ATTRIBUTE "06092a864886f70d0109" /* pkcs-9, one arc missing */

static const struct damage damages[] = {
    {"damage: content", "74686520636f6e74656e74", 0, "74686520636f6e74656e75", true,
     REASON_SIGNATURE_WRONG, "message-digest"},
    {"damage: content type",
     "06082b060105050"
     "70c02",
     0,
     "06082b060105050"
     "70c03",
     true, REASON_BAD_MESSAGE_CHECK, "content-type attribute is not"},
    {"damage: signed content type",
     "06082b060105050"
     "70c02",
     1,
     "06082b060105050"
     "70c03",
     true, REASON_BAD_MESSAGE_CHECK, "content-type attribute is not"},
    {"damage: no content-type attribute", ATTRIBUTE "03", 0, ATTRIBUTE "07", true,
     REASON_BAD_MESSAGE_CHECK, "one content-type"},
    {"damage: no message-digest attribute", ATTRIBUTE "04", 0, ATTRIBUTE "07", true,
     REASON_BAD_MESSAGE_CHECK, "one message-digest"},
    {"damage: malformed signing time", ATTRIBUTE "04", 0, ATTRIBUTE "05", false,
     REASON_BAD_DATA_FORMAT, "attribute"},
    {"damage: two content-type attributes", ATTRIBUTE "05", 0, ATTRIBUTE "03", true,
     REASON_BAD_MESSAGE_CHECK, "one content-type"},
    {"damage: two message-digest attributes", ATTRIBUTE "05", 0, ATTRIBUTE "04", true,
     REASON_BAD_MESSAGE_CHECK, "one message-digest"},
    {"damage: signed time", "170d32", 1, "170d33", true, REASON_SIGNATURE_WRONG, "not verify"},
    {"damage: digestAlgorithm", "608648016503040201", 1, "608648016503040202", true, REASON_BAD_ALG,
     "digestAlgorithm is SHA384 but"},
    {"damage: unknown digestAlgorithm", "608648016503040201", 1, "608648016503040299", true,
     REASON_BAD_ALG, "digest algorithm"},
    {"damage: signature algorithm", "300a06082a8648ce3d040302", 2, "300a06082a8648ce3d040309", true,
     REASON_BAD_ALG, "not supported"},
    {"damage: not SignedData", "06092a864886f70d010702", 0, "06092a864886f70d010703", false,
     REASON_BAD_DATA_FORMAT, "1.2.840.113549.1.7.3 is not SignedData"},
    {"damage: eContent is an INTEGER", "041b746865", 0, "021b746865", false, REASON_BAD_DATA_FORMAT,
     "eContent"},
    {"damage: eContent under [1]", "a01d041b", 0, "a11d041b", false, REASON_BAD_DATA_FORMAT,
     "eContent"},
    {"damage: certificates under [2]", "a082019b", 0, "a282019b", false, REASON_BAD_DATA_FORMAT,
     "signerInfos"},
};

static uint8_t *find_nth(uint8_t *data, size_t size, struct bytes what, unsigned skip)
{
    uint8_t *at = memmem(data, size, what.data, what.size);
    while (at != NULL && skip-- > 0)
        at = memmem(at + 1, size - (size_t)(at + 1 - data), what.data, what.size);
    return at;
}

static void damage_row(void **state)
{
    const struct damage *row = *state;
    struct cms_signed cms;
    struct failure why = {0};
    struct bytes good = vector("openssl-ec");
    struct bytes find = octets_from_hex(case_arena(), row->find);
    struct bytes put = octets_from_hex(case_arena(), row->put);
    uint8_t *bad = arena_alloc(case_arena(), good.size);
    memcpy(bad, good.data, good.size);
    uint8_t *at = find_nth(bad, good.size, find, row->skip);
    assert_non_null(at);
    memcpy(at, put.data, put.size);
    assert_int_equal(cms_parse(bytes_of(bad, good.size), case_arena(), &cms, &why), row->parses);
    if (row->parses) {
        EVP_PKEY *key = certificate_get0_key(pki_certificate(case_arena(), "leaf"));
        assert_false(cms_verify(&cms, 0, key, false, &why));
    }
    assert_int_equal(why.reason, row->reason);
    assert_text_has(why.text, row->text);
}

static void cut_anywhere_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"openssl-ec", "openssl-stream", "bc-stream"};
    struct cms_signed cms;
    struct failure why;
    for (size_t n = 0; n < 3; n++) {
        struct bytes whole = vector(names[n]);
        for (size_t size = 0; size < whole.size; size++)
            assert_false(cms_parse(bytes_of(whole.data, size), case_arena(), &cms, &why));
        uint8_t *longer = arena_alloc(case_arena(), whole.size + 1);
        memcpy(longer, whole.data, whole.size);
        assert_false(cms_parse(bytes_of(longer, whole.size + 1), case_arena(), &cms, &why));
    }
}

static void another_key_does_not_verify(void **state)
{
    (void)state;
    struct cms_signed cms;
    struct failure why;
    assert_true(cms_parse(vector("openssl-ec"), case_arena(), &cms, &why));
    assert_false(cms_verify(&cms, 0, pki_key(case_arena(), "ra"), false, &why));
    assert_int_equal(why.reason, REASON_SIGNATURE_WRONG);
    assert_false(cms_verify(&cms, 0, pki_key(case_arena(), "rsa"), false, &why));
    assert_int_equal(why.reason, REASON_BAD_ALG);
}

/* ---- limits --------------------------------------------------------------------------------- */

static struct bytes signed_data(struct bytes certificates, struct bytes signers)
{
    const struct bytes fields[] = {
        der_integer(case_arena(), 1),
        der_wrap(case_arena(), DER_SET, BYTES_EMPTY),
        der_wrap(case_arena(), DER_SEQUENCE, der_oid(case_arena(), PKI_DATA)),
        certificates,
        der_wrap(case_arena(), DER_SET, signers),
    };
    const struct bytes parts[] = {
        der_oid(case_arena(), "1.2.840.113549.1.7.2"),
        der_wrap(case_arena(), DER_CONTEXT_CONSTRUCTED | 0,
                 der_join(case_arena(), DER_SEQUENCE, fields, 5)),
    };
    return der_join(case_arena(), DER_SEQUENCE, parts, 2);
}

static void counts_are_limited(void **state)
{
    (void)state;
    struct cms_signed cms;
    struct failure why;
    struct bytes many[LIMIT_CERTIFICATES + 1];
    struct bytes one = certificate_der(pki_certificate(case_arena(), "leaf"));
    for (size_t i = 0; i < LIMIT_CERTIFICATES + 1; i++)
        many[i] = one;
    struct bytes most =
        der_join(case_arena(), DER_CONTEXT_CONSTRUCTED | 0, many, LIMIT_CERTIFICATES);
    assert_true(cms_parse(signed_data(most, BYTES_EMPTY), case_arena(), &cms, &why));
    assert_int_equal(cms.certificate_count, LIMIT_CERTIFICATES);
    most = der_join(case_arena(), DER_CONTEXT_CONSTRUCTED | 0, many, LIMIT_CERTIFICATES + 1);
    assert_false(cms_parse(signed_data(most, BYTES_EMPTY), case_arena(), &cms, &why));
    assert_text_has(why.text, "more than 64");
    uint8_t sequences[2 * (LIMIT_SIGNERS + 1)];
    for (size_t i = 0; i < sizeof(sequences); i += 2) {
        sequences[i] = DER_SEQUENCE;
        sequences[i + 1] = 0;
    }
    struct bytes signers = bytes_of(sequences, sizeof(sequences));
    assert_false(cms_parse(signed_data(BYTES_EMPTY, signers), case_arena(), &cms, &why));
    assert_text_has(why.text, "more than 8");
}

static void unreadable_certificates_are_left_out(void **state)
{
    (void)state;
    struct cms_signed cms;
    struct failure why;
    const struct bytes set[] = {
        octets_from_hex(case_arena(), "30020500"), /* no certificate */
        octets_from_hex(case_arena(), "a1020500"), /* an attribute certificate */
        certificate_der(pki_certificate(case_arena(), "leaf")),
    };
    struct bytes certificates = der_join(case_arena(), DER_CONTEXT_CONSTRUCTED | 0, set, 3);
    assert_true(cms_parse(signed_data(certificates, BYTES_EMPTY), case_arena(), &cms, &why));
    assert_int_equal(cms.certificate_count, 1);
}

static void deep_indefinite_nesting_is_refused(void **state)
{
    (void)state;
    struct cms_signed cms;
    struct failure why;
    uint8_t *octets = arena_alloc(case_arena(), 200000);
    for (size_t i = 0; i < 200000; i += 2) {
        octets[i] = 0x30;
        octets[i + 1] = 0x80;
    }
    assert_false(cms_parse(bytes_of(octets, 200000), case_arena(), &cms, &why));
}

/* ---- what we sign, verified by OpenSSL ------------------------------------------------------- */

struct signing_row {
    const char *name;
    const char *key;
    bool issuer_serial;
    bool digest_null;
    const char *digest;
    int64_t time;
    const char *digest_algorithm; /* hex */
    bool openssl;                 /* OpenSSL 3.0 knows EdDSA in CMS too little */
};

static const struct signing_row signings[] = {
    {"sign: EC by key identifier", "leaf", false, false, NULL, 0, "300b0609608648016503040201",
     true},
    {"sign: EC by issuer and serial", "leaf", true, false, NULL, 0, "300b0609608648016503040201",
     true},
    {"sign: RSA", "rsa", true, false, NULL, 0, "300b0609608648016503040201", true},
    {"sign: RSA with NULL", "rsa", true, true, NULL, 0, "300d06096086480165030402010500", true},
    {"sign: no NULL beside EC", "leaf", true, true, NULL, 0, "300b0609608648016503040201", true},
    {"sign: RSA with SHA-512", "rsa", false, false, "SHA512", 0, "300b0609608648016503040203",
     true},
    {"sign: P-384", "p384", false, false, NULL, 0, "300b0609608648016503040202", true},
    {"sign: P-521", "p521", false, false, NULL, 0, "300b0609608648016503040203", true},
    {"sign: with a time", "leaf", false, false, NULL, PKI_NOW, "300b0609608648016503040201", true},
    {"sign: Ed25519", "ed25519", false, false, NULL, 0, "300b0609608648016503040203", false},
    {"sign: Ed448", "ed448", false, false, NULL, PKI_NOW, "300f060960864801650304021202020200",
     false},
};

static void assert_openssl_verifies(struct bytes message)
{
    const unsigned char *at = message.data;
    CMS_ContentInfo *info = d2i_CMS_ContentInfo(NULL, &at, (long)message.size);
    BIO *out = BIO_new(BIO_s_mem());
    assert_non_null(info);
    assert_ptr_equal(at, message.data + message.size);
    assert_int_equal(
        CMS_verify(info, NULL, NULL, NULL, out, CMS_NO_SIGNER_CERT_VERIFY | CMS_BINARY), 1);
    char *text;
    long size = BIO_get_mem_data(out, &text);
    assert_int_equal(size, sizeof(CONTENT) - 1);
    assert_memory_equal(text, CONTENT, sizeof(CONTENT) - 1);
    BIO_free(out);
    CMS_ContentInfo_free(info);
}

static void signing_row(void **state)
{
    const struct signing_row *row = *state;
    const char *const chain[] = {"inter", NULL};
    struct bytes out, extra = certificate_der(pki_certificate(case_arena(), "inter"));
    struct cms_signed cms;
    struct failure why = {0};
    const struct cms_signing signing = {
        .content_type = PKI_DATA,
        .content = bytes_of_text(CONTENT),
        .signer = pki_signer(case_arena(), row->key, chain),
        .issuer_serial = row->issuer_serial,
        .digest_null = row->digest_null,
        .digest = row->digest,
        .signing_time = row->time,
        .extra_certificates = &extra,
        .extra_count = 1,
    };
    if (!cms_sign(&signing, case_arena(), &out, &why))
        fail_msg("%s; %s", why.text, why.detail);
    assert_true(der_is_sound(out));
    if (row->openssl)
        assert_openssl_verifies(out);
    assert_true(cms_parse(out, case_arena(), &cms, &why));
    assert_int_equal(cms.certificate_count, 2); /* the extra one was in the chain already */
    assert_octets(cms.signers[0].digest_algorithm, row->digest_algorithm);
    assert_int_equal(cms.signers[0].key_id.size == 0, row->issuer_serial);
    assert_true(cms.signers[0].signing_time == row->time);
    struct certificate *signer = cms_find_signer(&cms, 0, NULL, 0);
    assert_true(bytes_equal(certificate_der(signer), certificate_der(signing.signer->certificate)));
    assert_true(cms_verify(&cms, 0, certificate_get0_key(signer), false, &why));
}

static void signed_by_the_key_of_a_request(void **state)
{
    (void)state;
    struct bytes out;
    struct cms_signed cms;
    struct failure why;
    const struct cms_signing signing = {
        .content_type = PKI_DATA,
        .content = bytes_of_text(CONTENT),
        .key = pki_key(case_arena(), "rsa"),
        .key_id = BYTES_LITERAL("the key identifier"),
    };
    assert_true(cms_sign(&signing, case_arena(), &out, &why));
    assert_true(cms_parse(out, case_arena(), &cms, &why));
    assert_int_equal(cms.certificate_count, 0);
    assert_true(bytes_equal_text(cms.signers[0].key_id, "the key identifier"));
    assert_null(cms_find_signer(&cms, 0, NULL, 0));
    assert_true(cms_verify(&cms, 0, signing.key, false, &why));
}

static void signed_by_a_post_quantum_key(void **state)
{
    (void)state;
    struct bytes out;
    struct cms_signed cms;
    struct failure why;
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "ML-DSA-65", NULL);
    if (context == NULL) { /* OpenSSL before 3.5: nothing to sign with */
        assert_null(EVP_SIGNATURE_fetch(NULL, "ML-DSA-65", NULL));
        return;
    }
    assert_int_equal(EVP_PKEY_keygen_init(context), 1);
    assert_int_equal(EVP_PKEY_generate(context, &key), 1);
    EVP_PKEY_CTX_free(context);
    const struct cms_signing signing = {.content_type = PKI_DATA,
                                        .content = bytes_of_text(CONTENT),
                                        .key = key,
                                        .key_id = BYTES_LITERAL("id")};
    assert_true(cms_sign(&signing, case_arena(), &out, &why));
    assert_true(cms_parse(out, case_arena(), &cms, &why));
    assert_octets(cms.signers[0].digest_algorithm, "300b0609608648016503040203");
    assert_octets(cms.signers[0].signature_algorithm, "300b0609608648016503040312");
    assert_true(cms_verify(&cms, 0, key, false, &why));
    EVP_PKEY_free(key);
}

/* Signed in the order of a SET OF, sent in another. */
static void attributes_out_of_order_verify(void **state)
{
    (void)state;
    struct bytes parts[8];
    struct cms_signed cms;
    struct failure why;
    struct der set, element;
    size_t count = 0;
    assert_true(cms_parse(vector("openssl-ec"), case_arena(), &cms, &why));
    assert_true(der_only(cms.signers[0].signed_attributes, DER_SET, &set));
    for (struct bytes rest = set.content; der_next(&rest, &element) && count < 8; count++)
        parts[count] = element.whole;
    assert_int_equal(count, 3);
    struct bytes first = parts[0];
    parts[0] = parts[2];
    parts[2] = first;
    cms.signers[0].signed_attributes = der_join(case_arena(), DER_SET, parts, count);
    EVP_PKEY *key = certificate_get0_key(pki_certificate(case_arena(), "leaf"));
    assert_true(cms_verify(&cms, 0, key, false, &why));
    cms.signers[0].signed_attributes = der_join(case_arena(), DER_SET, parts + 1, count - 1);
    assert_false(cms_verify(&cms, 0, key, false, &why));
}

static void signed_by_nobody(void **state)
{
    (void)state;
    struct bytes out, crl = octets_from_file(case_arena(), "tests/vectors/pkix/inter.crl");
    struct cms_signed cms;
    struct failure why;
    const struct cms_signing signing = {
        .content_type = PKI_DATA, .content = bytes_of_text(CONTENT), .crls = &crl, .crl_count = 1};
    assert_true(cms_sign(&signing, case_arena(), &out, &why));
    assert_true(cms_parse(out, case_arena(), &cms, &why));
    assert_int_equal(cms.signer_count, 0);
    assert_true(bytes_equal_text(cms.content, CONTENT));
    assert_true(bytes_equal(cms.crls[0], crl));
}

/* ---- certs-only ------------------------------------------------------------------------------ */

static void certs_only_is_sorted_and_lean(void **state)
{
    (void)state;
    struct cms_signed cms;
    struct failure why;
    const struct bytes certificates[] = {
        certificate_der(pki_certificate(case_arena(), "rsa")),
        certificate_der(pki_certificate(case_arena(), "leaf")),
        certificate_der(pki_certificate(case_arena(), "root")),
    };
    struct bytes out = cms_certs_only(certificates, 3, case_arena());
    assert_true(der_is_sound(out));
    assert_true(cms_parse(out, case_arena(), &cms, &why));
    assert_int_equal(cms.certificate_count, 3);
    assert_false(cms.has_content);
    /* X.690 11.6: by their octets; these differ in the length behind the tag. */
    assert_true(bytes_equal(certificate_der(cms.certificates[0]), certificates[2]));
    assert_true(bytes_equal(certificate_der(cms.certificates[1]), certificates[1]));
    assert_true(bytes_equal(certificate_der(cms.certificates[2]), certificates[0]));
    assert_octets(cms_certs_only(NULL, 0, case_arena()),
                  "302306092a864886f70d010702a016301402010131"
                  "00300b06092a864886f70d0107013100");
}

int main(void)
{
    CASES_ADD_ROWS(messages, message_row);
    CASES_ADD_ROWS(damages, damage_row);
    CASES_ADD_ROWS(signings, signing_row);
    CASES_ADD(fields_of_a_message);
    CASES_ADD(cut_anywhere_is_refused);
    CASES_ADD(another_key_does_not_verify);
    CASES_ADD(counts_are_limited);
    CASES_ADD(unreadable_certificates_are_left_out);
    CASES_ADD(deep_indefinite_nesting_is_refused);
    CASES_ADD(signed_by_the_key_of_a_request);
    CASES_ADD(signed_by_a_post_quantum_key);
    CASES_ADD(attributes_out_of_order_verify);
    CASES_ADD(signed_by_nobody);
    CASES_ADD(certs_only_is_sorted_and_lean);
    return cases_run("cms");
}
