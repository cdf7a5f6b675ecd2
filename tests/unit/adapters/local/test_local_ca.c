/* What the embedded CA issues, read back by OpenSSL's own functions. */
#include "tests/support/cases.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "adapters/pkix/signature.h"
#include "tests/support/local_pki.h"

static const int64_t now = LOCAL_PKI_NOW;
static const int64_t DAY = 86400;

static void release_x509(void *x509)
{
    X509_free(x509);
}

static void release_key(void *key)
{
    EVP_PKEY_free(key);
}

static EVP_PKEY *new_key(const char *kind)
{
    return arena_own(case_arena(), local_pki_key(kind), release_key);
}

static X509 *read_back(struct bytes der)
{
    const unsigned char *at = der.data;
    X509 *x509 = d2i_X509(NULL, &at, (long)der.size);
    assert_non_null(x509);
    assert_ptr_equal(at, der.data + der.size);
    return arena_own(case_arena(), x509, release_x509);
}

static X509 *issue(const struct local_ca *ca, const struct item *item)
{
    struct entropy entropy = local_pki_entropy(case_arena());
    struct bytes der;
    struct failure why;
    if (!local_ca_issue(ca, item, now, &entropy, case_arena(), &der, &why))
        fail_msg("%s (%s)", why.text, why.detail);
    return read_back(der);
}

/* ---- RFC 5280 -------------------------------------------------------------------------------- */

static int critical_of(const X509 *x509, int nid)
{
    int at = X509_get_ext_by_NID(x509, nid, -1);
    return at < 0 ? -1 : X509_EXTENSION_get_critical(X509_get_ext(x509, at));
}

static void assert_time_form(const ASN1_TIME *time)
{
    struct tm tm;
    assert_int_equal(ASN1_TIME_to_tm(time, &tm), 1);
    assert_int_equal(ASN1_STRING_type(time),
                     tm.tm_year + 1900 < 2050 ? V_ASN1_UTCTIME : V_ASN1_GENERALIZEDTIME);
}

static void assert_serial(const X509 *x509)
{
    const ASN1_INTEGER *serial = X509_get0_serialNumber(x509);
    assert_int_equal(ASN1_STRING_type(serial), V_ASN1_INTEGER); /* not V_ASN1_NEG_INTEGER */
    assert_in_range(ASN1_STRING_length(serial), 8, 20);
}

static void assert_no_extension_twice(const X509 *x509)
{
    for (int i = 0; i < X509_get_ext_count(x509); i++) {
        const ASN1_OBJECT *oid = X509_EXTENSION_get_object(X509_get_ext(x509, i));
        assert_int_equal(X509_get_ext_by_OBJ(x509, oid, i), -1);
    }
}

static void assert_key_identifiers(X509 *x509, X509 *issuer)
{
    assert_int_equal(critical_of(x509, NID_subject_key_identifier), 0);
    assert_int_equal(critical_of(x509, NID_authority_key_identifier), 0);
    uint8_t sha1[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    assert_int_equal(X509_pubkey_digest(x509, EVP_sha1(), sha1, &size), 1);
    const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(x509);
    assert_int_equal(ASN1_STRING_length(id), size);
    assert_memory_equal(ASN1_STRING_get0_data(id), sha1, size);
    assert_int_equal(
        ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(x509), X509_get0_subject_key_id(issuer)),
        0);
}

static void assert_verifies(X509 *x509, X509 *issuer)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    X509_STORE_add_cert(store, issuer);
    X509_STORE_CTX_init(context, store, x509, NULL);
    X509_STORE_CTX_set_time(context, 0, (time_t)now);
    X509_STORE_CTX_set_flags(context, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE);
    if (X509_verify_cert(context) != 1)
        fail_msg("%s", X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
}

/* Whatever was asked for. */
static void assert_rfc5280(X509 *x509, const struct local_ca *ca)
{
    X509 *issuer = certificate_get0_x509(ca->signer->certificate);
    assert_int_equal(X509_get_version(x509), X509_VERSION_3);
    assert_serial(x509);
    assert_time_form(X509_get0_notBefore(x509));
    assert_time_form(X509_get0_notAfter(x509));
    assert_int_equal(ASN1_TIME_compare(X509_get0_notBefore(x509), X509_get0_notAfter(x509)), -1);
    assert_int_equal(X509_NAME_cmp(X509_get_issuer_name(x509), X509_get_subject_name(issuer)), 0);
    assert_no_extension_twice(x509);
    assert_int_equal(critical_of(x509, NID_basic_constraints), 1);
    assert_int_equal(critical_of(x509, NID_key_usage), 1);
    bool nameless = X509_NAME_entry_count(X509_get_subject_name(x509)) == 0;
    if (nameless || critical_of(x509, NID_subject_alt_name) >= 0)
        assert_int_equal(critical_of(x509, NID_subject_alt_name), nameless);
    assert_key_identifiers(x509, issuer);
    assert_int_equal(X509_verify(x509, X509_get0_pubkey(issuer)), 1);
    assert_verifies(x509, issuer);
}

/* ---- keys ------------------------------------------------------------------------------------ */

struct key_row {
    const char *name;
    const char *ca, *device;
    const char *usage; /* as OpenSSL prints it */
};

static const struct key_row key_rows[] = {
    {"P-256 under P-256", "P-256", "P-256", "Digital Signature"},
    {"P-384 under P-256", "P-256", "P-384", "Digital Signature"},
    {"RSA under P-384", "P-384", "RSA-2048", "Digital Signature, Key Encipherment"},
    {"P-256 under RSA", "RSA-2048", "P-256", "Digital Signature"},
    {"Ed25519 under Ed25519", "ED25519", "ED25519", "Digital Signature"},
    {"Ed448 under P-256", "P-256", "ED448", "Digital Signature"},
    {"X25519 under P-256", "P-256", "X25519", "Key Agreement"},
    {"P-256 under Ed448", "ED448", "P-256", "Digital Signature"},
    {"ML-DSA-44 under ML-DSA-65", "ML-DSA-65", "ML-DSA-44", "Digital Signature"},
    {"ML-KEM-768 under P-256", "P-256", "ML-KEM-768", "Key Encipherment"},
};

static const char *extension_text(const X509 *x509, int nid)
{
    int at = X509_get_ext_by_NID(x509, nid, -1);
    if (at < 0)
        return "";
    BIO *out = BIO_new(BIO_s_mem());
    assert_int_equal(X509V3_EXT_print(out, X509_get_ext(x509, at), 0, 0), 1);
    char *data = NULL;
    long size = BIO_get_mem_data(out, &data);
    /* OpenSSL 3.5 ends some of them with a line feed. */
    while (size > 0 && data[size - 1] == '\n')
        size--;
    const char *text = arena_text(case_arena(), bytes_of(data, (size_t)size));
    BIO_free(out);
    return text;
}

/* Whether this OpenSSL has the kind: 3.0 knows no post-quantum keys, which is not our fault. */
static bool has_kind(const char *kind)
{
    EVP_PKEY *key = local_pki_key(kind);
    EVP_PKEY_free(key);
    return key != NULL;
}

static void a_key_gets_its_certificate(void **state)
{
    const struct key_row *row = *state;
    if (!has_kind(row->ca) || !has_kind(row->device)) {
        assert_true(OPENSSL_VERSION_NUMBER < 0x30500000L && strncmp(row->device, "ML-", 3) == 0);
        return;
    }
    const struct local_ca *ca = local_pki_ca(row->ca, case_arena());
    EVP_PKEY *key = new_key(row->device);
    struct item item = local_pki_item(key, "CN=mast-1,O=Example", NULL, case_arena());
    X509 *x509 = issue(ca, &item);
    assert_rfc5280(x509, ca);
    assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(x509), key), 1);
    assert_string_equal(extension_text(x509, NID_key_usage), row->usage);
    assert_string_equal(extension_text(x509, NID_basic_constraints), "CA:FALSE");
    assert_string_equal(extension_text(x509, NID_ext_key_usage), "");
}

/* ---- what is asked for ----------------------------------------------------------------------- */

static const char *const ALLOWED[] = {"2.5.29.17", "2.5.29.37", "1.3.6.1.5.5.7.1.24", "1.2.3.4"};
static const char *const CLIENT_AUTH[] = {"1.3.6.1.5.5.7.3.2"};

enum grant {
    PLAIN = 0,
    ALLOWS = 1,    /* ALLOWED above */
    SAN = 2,       /* subject alternative names are copied */
    CLIENT = 4,    /* clientAuth is always set */
    CA = 8,        /* CA:TRUE is granted */
    RA = 16,       /* RA usages are granted */
    POINT = 32,    /* has a CRL distribution point */
    SIGN_ONLY = 64 /* keyUsage of the profile: digitalSignature */
};

static void set_profile(struct local_profile *profile, unsigned grants)
{
    if ((grants & ALLOWS) != 0) {
        profile->allowed_extensions = ALLOWED;
        profile->allowed_extension_count = sizeof(ALLOWED) / sizeof(ALLOWED[0]);
    }
    if ((grants & CLIENT) != 0) {
        profile->extended_key_usages = CLIENT_AUTH;
        profile->extended_key_usage_count = 1;
    }
    profile->copy_subject_alt_name = (grants & SAN) != 0;
    profile->allow_ca = (grants & CA) != 0;
    profile->allow_ra = (grants & RA) != 0;
    profile->crl_url = (grants & POINT) != 0 ? "http://crl.example/a.crl" : NULL;
    profile->key_usage = (grants & SIGN_ONLY) != 0 ? KU_DIGITAL_SIGNATURE : 0;
}

struct grant_row {
    const char *name;
    unsigned grants;
    const char *subject;
    const char *asked;
    int nid;
    const char *want; /* as OpenSSL prints it; "": absent */
};

static const struct grant_row granted_rows[] = {
    {"usage as asked", PLAIN, "CN=a", "keyUsage=keyAgreement", NID_key_usage, "Key Agreement"},
    {"two usages", PLAIN, "CN=a", "keyUsage=critical,nonRepudiation,digitalSignature",
     NID_key_usage, "Digital Signature, Non Repudiation"},
    {"nine bits", PLAIN, "CN=a", "keyUsage=keyAgreement,decipherOnly", NID_key_usage,
     "Key Agreement, Decipher Only"},
    {"usage that the key lacks", PLAIN, "CN=a", "keyUsage=keyEncipherment,digitalSignature",
     NID_key_usage, "Digital Signature"},
    {"only usages that the key lacks", PLAIN, "CN=a", "keyUsage=keyEncipherment", NID_key_usage,
     "Digital Signature"},
    {"decipherOnly alone means nothing", PLAIN, "CN=a", "keyUsage=decipherOnly", NID_key_usage,
     "Digital Signature"},
    {"usage beyond the profile", SIGN_ONLY, "CN=a", "keyUsage=keyAgreement", NID_key_usage,
     "Digital Signature"},
    {"CA:FALSE", PLAIN, "CN=a", "basicConstraints=CA:FALSE", NID_basic_constraints, "CA:FALSE"},
    {"extended usage of the profile", CLIENT, "CN=a", NULL, NID_ext_key_usage,
     "TLS Web Client Authentication"},
    {"extended usage not allowed is dropped", PLAIN, "CN=a", "extendedKeyUsage=serverAuth",
     NID_ext_key_usage, ""},
    {"extended usage as asked", ALLOWS, "CN=a", "extendedKeyUsage=serverAuth,1.2.3",
     NID_ext_key_usage, "TLS Web Server Authentication, 1.2.3"},
    {"extended usage beside the profile's", ALLOWS | CLIENT, "CN=a",
     "extendedKeyUsage=serverAuth,clientAuth", NID_ext_key_usage,
     "TLS Web Client Authentication, TLS Web Server Authentication"},
    {"RA usage where granted", ALLOWS | RA, "CN=a", "extendedKeyUsage=1.3.6.1.5.5.7.3.28",
     NID_ext_key_usage, "CMC Registration Authority"},
    {"CA where granted", CA, "CN=a",
     "basicConstraints=CA:TRUE,pathlen:0\nkeyUsage=keyCertSign,cRLSign", NID_basic_constraints,
     "CA:TRUE, pathlen:0"},
    {"usage of a CA where granted", CA, "CN=a",
     "basicConstraints=CA:TRUE\nkeyUsage=keyCertSign,cRLSign", NID_key_usage,
     "Certificate Sign, CRL Sign"},
    {"alternative name", SAN, "CN=a", "subjectAltName=DNS:a.example,IP:192.0.2.1",
     NID_subject_alt_name, "DNS:a.example, IP Address:192.0.2.1"},
    {"alternative name without a subject", SAN, "", "subjectAltName=DNS:a.example",
     NID_subject_alt_name, "DNS:a.example"},
    {"alternative name not granted is dropped", PLAIN, "CN=a", "subjectAltName=DNS:a.example",
     NID_subject_alt_name, ""},
    {"the list does not overrule the switch", ALLOWS, "CN=a", "subjectAltName=DNS:a.example",
     NID_subject_alt_name, ""},
    {"distribution point of the profile", POINT, "CN=a", NULL, NID_crl_distribution_points,
     "Full Name:\n  URI:http://crl.example/a.crl"},
    {"distribution point of the request is dropped", POINT, "CN=a",
     "crlDistributionPoints=URI:http://evil.example/", NID_crl_distribution_points,
     "Full Name:\n  URI:http://crl.example/a.crl"},
    {"allowed extension is copied", ALLOWS, "CN=a", "tlsfeature=status_request", NID_tlsfeature,
     "status_request"},
    {"other extension is dropped", PLAIN, "CN=a", "tlsfeature=status_request", NID_tlsfeature, ""},
};

static void a_request_gets(void **state)
{
    const struct grant_row *row = *state;
    struct local_ca *ca = local_pki_ca("P-256", case_arena());
    set_profile(&ca->profile, row->grants);
    struct item item = local_pki_item(new_key("P-256"), row->subject, row->asked, case_arena());
    X509 *x509 = issue(ca, &item);
    assert_rfc5280(x509, ca);
    assert_string_equal(extension_text(x509, row->nid), row->want);
    assert_int_equal(X509_check_ca(x509) > 0, row->grants == CA);
}

struct refused_row {
    const char *name;
    unsigned grants;
    const char *subject;
    const char *asked;
    enum reason reason;
    const char *text;
};

static const struct refused_row refused_rows[] = {
    {"CA:TRUE", PLAIN, "CN=a", "basicConstraints=CA:TRUE", REASON_EXTENSION_REFUSED,
     "rights of a CA"},
    {"keyCertSign", PLAIN, "CN=a", "keyUsage=keyCertSign", REASON_EXTENSION_REFUSED,
     "rights of a CA"},
    {"cRLSign", PLAIN, "CN=a", "keyUsage=cRLSign", REASON_EXTENSION_REFUSED, "rights of a CA"},
    {"cmcCA", ALLOWS, "CN=a", "extendedKeyUsage=1.3.6.1.5.5.7.3.27", REASON_EXTENSION_REFUSED,
     "registration authority"},
    {"cmcRA", ALLOWS, "CN=a", "extendedKeyUsage=1.3.6.1.5.5.7.3.28", REASON_EXTENSION_REFUSED,
     "registration authority"},
    {"cmKGA", ALLOWS, "CN=a", "extendedKeyUsage=1.3.6.1.5.5.7.3.32", REASON_EXTENSION_REFUSED,
     "registration authority"},
    {"cmcRA that would be dropped anyway", PLAIN, "CN=a", "extendedKeyUsage=1.3.6.1.5.5.7.3.28",
     REASON_EXTENSION_REFUSED, "registration authority"},
    {"anyExtendedKeyUsage", ALLOWS | RA | CA, "CN=a", "extendedKeyUsage=2.5.29.37.0",
     REASON_EXTENSION_REFUSED, "anyExtendedKeyUsage"},
    {"critical extension that is not issued", PLAIN, "CN=a", "1.2.3.4=critical,DER:0500",
     REASON_EXTENSION_REFUSED, "1.2.3.4"},
    {"critical alternative name not granted", PLAIN, "CN=a",
     "subjectAltName=critical,DNS:a.example", REASON_EXTENSION_REFUSED, "2.5.29.17"},
    {"allowed extension that is no DER", ALLOWS, "CN=a", "1.2.3.4=DER:050101",
     REASON_BAD_CERT_TEMPLATE, "1.2.3.4"},
    {"no name at all", PLAIN, "", NULL, REASON_BAD_CERT_TEMPLATE, "names no subject"},
    {"alternative name not granted, and no subject", PLAIN, "", "subjectAltName=DNS:a.example",
     REASON_BAD_CERT_TEMPLATE, "names no subject"},
    {"the CA's own name", PLAIN, "CN=local ca,O=EXAMPLE", NULL, REASON_BAD_CERT_TEMPLATE,
     "CA itself"},
};

static void assert_refused(const struct local_ca *ca, const struct item *item, enum reason reason,
                           const char *text)
{
    struct entropy entropy = local_pki_entropy(case_arena());
    struct bytes der;
    struct failure why;
    assert_false(local_ca_issue(ca, item, now, &entropy, case_arena(), &der, &why));
    if (why.reason != reason)
        fail_msg("%s: %s", reason_row(why.reason)->word, why.text);
    assert_text_has(why.text, text);
}

static void a_request_is_refused(void **state)
{
    const struct refused_row *row = *state;
    struct local_ca *ca = local_pki_ca("P-256", case_arena());
    set_profile(&ca->profile, row->grants);
    struct item item = local_pki_item(new_key("P-256"), row->subject, row->asked, case_arena());
    assert_refused(ca, &item, row->reason, row->text);
}

static void a_weak_key_is_refused(void **state)
{
    (void)state;
    const struct local_ca *ca = local_pki_ca("P-256", case_arena());
    struct item item = local_pki_item(new_key("RSA-1024"), "CN=a", NULL, case_arena());
    assert_refused(ca, &item, REASON_BAD_CERT_TEMPLATE, "RSA");
}

static void the_key_of_the_ca_is_refused(void **state)
{
    (void)state;
    const struct local_ca *ca = local_pki_ca("P-256", case_arena());
    struct item item = local_pki_item(ca->signer->key, "CN=a", NULL, case_arena());
    assert_refused(ca, &item, REASON_BAD_CERT_TEMPLATE, "key is that of the CA");
}

/* ---- validity -------------------------------------------------------------------------------- */

struct validity_row {
    const char *name;
    int64_t ask_from, ask_to; /* days from now; 0: not asked */
    int64_t profile_days;
    int64_t from_s, to_s; /* s from now; both 0: refused */
};

static const struct validity_row validity_rows[] = {
    {"as the profile says", 0, 0, 365, -300, 365 * 86400},
    {"shorter as asked", 0, 10, 365, -300, 10 * 86400},
    {"longer than the profile", 0, 400, 365, -300, 365 * 86400},
    {"later as asked", 5, 10, 365, 5 * 86400, 10 * 86400},
    {"earlier than now", -30, 10, 365, -300, 10 * 86400},
    {"not beyond the CA", 0, 0, 8000, -300, 3650 * 86400},
    {"passed already", 0, -1, 365, 0, 0},
    {"ends before it begins", 20, 10, 365, 0, 0},
    {"begins after all that is issued", 400, 500, 365, 0, 0},
};

static int64_t seconds(const ASN1_TIME *time)
{
    struct tm tm;
    assert_int_equal(ASN1_TIME_to_tm(time, &tm), 1);
    return (int64_t)timegm(&tm);
}

static void a_validity_is_chosen(void **state)
{
    const struct validity_row *row = *state;
    struct local_ca *ca = local_pki_ca("P-256", case_arena());
    ca->profile.validity_s = row->profile_days * DAY;
    struct item item = local_pki_item(new_key("P-256"), "CN=a", NULL, case_arena());
    item.not_before = row->ask_from == 0 ? 0 : now + row->ask_from * DAY;
    item.not_after = row->ask_to == 0 ? 0 : now + row->ask_to * DAY;
    if (row->to_s == 0) {
        assert_refused(ca, &item, REASON_BAD_CERT_TEMPLATE, "validity");
        return;
    }
    X509 *x509 = issue(ca, &item);
    assert_int_equal(seconds(X509_get0_notBefore(x509)), now + row->from_s);
    assert_int_equal(seconds(X509_get0_notAfter(x509)), now + row->to_s);
}

/* RFC 5280 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050, 9999 at most. */
static void the_form_of_time_changes_in_2050(void **state)
{
    (void)state;
    static const struct {
        int64_t last;
        int type;
    } rows[] = {{2524607999, V_ASN1_UTCTIME}, /* 2049-12-31 23:59:59 */
                {2524608000, V_ASN1_GENERALIZEDTIME},
                {INT64_C(253402300799), V_ASN1_GENERALIZEDTIME}};
    struct arena *arena = case_arena();
    EVP_PKEY *key = new_key("P-256");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct entropy entropy = local_pki_entropy(arena);
        struct bytes der;
        struct failure why;
        struct item named = local_pki_item(key, "CN=Root", NULL, arena);
        assert_true(local_ca_self_sign(key, named.subject, now, rows[i].last - now, &entropy, arena,
                                       &der, &why));
        X509 *x509 = read_back(der);
        assert_int_equal(ASN1_STRING_type(X509_get0_notAfter(x509)), rows[i].type);
        assert_int_equal(seconds(X509_get0_notAfter(x509)), rows[i].last);
        assert_int_equal(ASN1_STRING_type(X509_get0_notBefore(x509)), V_ASN1_UTCTIME);
    }
}

static void a_ca_that_has_expired_issues_nothing(void **state)
{
    (void)state;
    const struct local_ca *ca = local_pki_ca("P-256", case_arena());
    struct item item = local_pki_item(new_key("P-256"), "CN=a", NULL, case_arena());
    struct entropy entropy = local_pki_entropy(case_arena());
    struct bytes der;
    struct failure why;
    assert_false(
        local_ca_issue(ca, &item, now + 11 * 365 * DAY, &entropy, case_arena(), &der, &why));
    assert_int_equal(why.reason, REASON_SYSTEM_FAILURE);
}

/* ---- octets and numbers ---------------------------------------------------------------------- */

/* "CN=mast" as a BMPString and an EC key in compressed form: other encoders would change both. */
static void subject_and_key_stay_octet_for_octet(void **state)
{
    (void)state;
    const struct local_ca *ca = local_pki_ca("P-256", case_arena());
    EVP_PKEY *key = new_key("P-256");
    EVP_PKEY_set_utf8_string_param(key, "point-format", "compressed");
    struct item item = local_pki_item(key, "CN=a", NULL, case_arena());
    static const uint8_t name[] = {0x30, 0x13, 0x31, 0x11, 0x30, 0x0f, 0x06, 0x03, 0x55, 0x04, 0x03,
                                   0x1e, 0x08, 0x00, 'm',  0x00, 'a',  0x00, 's',  0x00, 't'};
    item.subject = bytes_of(name, sizeof(name));
    struct entropy entropy = local_pki_entropy(case_arena());
    struct bytes der;
    struct failure why;
    assert_true(local_ca_issue(ca, &item, now, &entropy, case_arena(), &der, &why));
    assert_non_null(memmem(der.data, der.size, name, sizeof(name)));
    assert_non_null(memmem(der.data, der.size, item.spki.data, item.spki.size));
    assert_rfc5280(read_back(der), ca);
}

static void a_serial_is_positive_whatever_the_entropy(void **state)
{
    (void)state;
    const struct local_ca *ca = local_pki_ca("P-256", case_arena());
    struct item item = local_pki_item(new_key("P-256"), "CN=a", NULL, case_arena());
    static const uint8_t fills[] = {0x00, 0x7f, 0x80, 0xff};
    for (size_t i = 0; i < sizeof(fills); i++) {
        uint8_t octets[16];
        memset(octets, fills[i], sizeof(octets));
        struct entropy entropy = {octets, sizeof(octets)};
        struct bytes der;
        struct failure why;
        assert_true(local_ca_issue(ca, &item, now, &entropy, case_arena(), &der, &why));
        X509 *x509 = read_back(der);
        assert_serial(x509);
        assert_int_equal(ASN1_STRING_length(X509_get0_serialNumber(x509)), 16);
        assert_int_equal(entropy.left, 0);
    }
}

/* ---- the CA itself --------------------------------------------------------------------------- */

static void a_new_ca_is_a_root(void **state)
{
    (void)state;
    const struct local_ca *ca = local_pki_ca("RSA-2048", case_arena());
    X509 *x509 = certificate_get0_x509(ca->signer->certificate);
    assert_int_equal(X509_self_signed(x509, 1), 1);
    assert_int_equal(X509_check_ca(x509), 1);
    assert_serial(x509);
    assert_int_equal(critical_of(x509, NID_basic_constraints), 1);
    assert_int_equal(critical_of(x509, NID_key_usage), 1);
    assert_string_equal(extension_text(x509, NID_basic_constraints), "CA:TRUE");
    assert_string_equal(extension_text(x509, NID_key_usage),
                        "Digital Signature, Certificate Sign, CRL Sign");
    assert_verifies(x509, x509);
}

static void a_ca_without_a_name_is_refused(void **state)
{
    (void)state;
    struct entropy entropy = local_pki_entropy(case_arena());
    struct bytes der;
    struct failure why;
    EVP_PKEY *key = new_key("P-256");
    assert_false(local_ca_self_sign(key, BYTES_LITERAL("\x30\x00"), now, DAY, &entropy,
                                    case_arena(), &der, &why));
    assert_text_has(why.text, "name");
}

/* ---- CRL ------------------------------------------------------------------------------------- */

static X509_CRL *make_crl(const struct local_ca *ca, const struct revoked *revoked, size_t count,
                          int64_t number)
{
    struct bytes der;
    struct failure why;
    assert_true(
        local_ca_crl(ca, revoked, count, number, now, now + 7 * DAY, case_arena(), &der, &why));
    const unsigned char *at = der.data;
    X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der.size);
    assert_non_null(crl);
    assert_ptr_equal(at, der.data + der.size);
    X509 *issuer = certificate_get0_x509(ca->signer->certificate);
    assert_int_equal(X509_CRL_verify(crl, X509_get0_pubkey(issuer)), 1);
    assert_int_equal(X509_CRL_get_version(crl), X509_CRL_VERSION_2);
    assert_int_equal(X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer)), 0);
    assert_int_equal(seconds(X509_CRL_get0_lastUpdate(crl)), now);
    assert_int_equal(seconds(X509_CRL_get0_nextUpdate(crl)), now + 7 * DAY);
    ASN1_INTEGER *crl_number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
    assert_int_equal(ASN1_INTEGER_get(crl_number), number);
    ASN1_INTEGER_free(crl_number);
    AUTHORITY_KEYID *id = X509_CRL_get_ext_d2i(crl, NID_authority_key_identifier, NULL, NULL);
    assert_int_equal(ASN1_OCTET_STRING_cmp(id->keyid, X509_get0_subject_key_id(issuer)), 0);
    AUTHORITY_KEYID_free(id);
    return crl;
}

static void a_crl_lists_what_is_revoked(void **state)
{
    (void)state;
    const struct local_ca *ca = local_pki_ca("P-256", case_arena());
    const struct revoked revoked[] = {
        {BYTES_LITERAL("\x40\x01"), now - 10, 1},
        {BYTES_LITERAL("\x40\x02"), now - 20, 0},
        {BYTES_LITERAL("\x40\x03"), now - 30, -1},
        {BYTES_LITERAL("\x40\x04"), now - 40, 8}, /* removeFromCRL: not in a full CRL */
    };
    X509_CRL *crl = make_crl(ca, revoked, 4, 300);
    STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(crl);
    assert_int_equal(sk_X509_REVOKED_num(entries), 3);
    static const long reasons[] = {CRL_REASON_KEY_COMPROMISE, -1, -1};
    for (int i = 0; i < 3; i++) {
        const X509_REVOKED *entry = sk_X509_REVOKED_value(entries, i);
        assert_int_equal(ASN1_INTEGER_get(X509_REVOKED_get0_serialNumber(entry)), 0x4001 + i);
        assert_int_equal(seconds(X509_REVOKED_get0_revocationDate(entry)), revoked[i].at);
        int critical = 0;
        ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, &critical, NULL);
        assert_int_equal(reason == NULL ? -1 : ASN1_ENUMERATED_get(reason), reasons[i]);
        if (reason != NULL)
            assert_int_equal(critical, 0);
        ASN1_ENUMERATED_free(reason);
    }
    X509_CRL_free(crl);
}

static void an_empty_crl_has_no_empty_list(void **state)
{
    (void)state;
    const struct local_ca *ca = local_pki_ca("ED25519", case_arena());
    X509_CRL *crl = make_crl(ca, NULL, 0, 1);
    assert_null(X509_CRL_get_REVOKED(crl));
    X509_CRL_free(crl);
}

/* The certificate, its revocation, and OpenSSL's path validation with the CRL. */
static void a_revoked_certificate_no_longer_verifies(void **state)
{
    (void)state;
    const struct local_ca *ca = local_pki_ca("P-256", case_arena());
    struct item item = local_pki_item(new_key("P-256"), "CN=a", NULL, case_arena());
    X509 *x509 = issue(ca, &item);
    const ASN1_INTEGER *serial = X509_get0_serialNumber(x509);
    struct revoked revoked = {
        bytes_of(ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial)), now - 1, 4};
    for (size_t count = 0; count < 2; count++) {
        X509_CRL *crl = make_crl(ca, &revoked, count, 5);
        X509_STORE *store = X509_STORE_new();
        X509_STORE_CTX *context = X509_STORE_CTX_new();
        X509_STORE_add_cert(store, certificate_get0_x509(ca->signer->certificate));
        X509_STORE_add_crl(store, crl);
        X509_STORE_CTX_init(context, store, x509, NULL);
        X509_STORE_CTX_set_time(context, 0, (time_t)now);
        X509_STORE_CTX_set_flags(context, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_X509_STRICT);
        assert_int_equal(X509_verify_cert(context), count == 0);
        assert_int_equal(X509_STORE_CTX_get_error(context),
                         count == 0 ? X509_V_OK : X509_V_ERR_CERT_REVOKED);
        X509_STORE_CTX_free(context);
        X509_STORE_free(store);
        X509_CRL_free(crl);
    }
}

int main(void)
{
    CASES_ADD_ROWS(key_rows, a_key_gets_its_certificate);
    CASES_ADD_ROWS(granted_rows, a_request_gets);
    CASES_ADD_ROWS(refused_rows, a_request_is_refused);
    CASES_ADD(a_weak_key_is_refused);
    CASES_ADD(the_key_of_the_ca_is_refused);
    CASES_ADD_ROWS(validity_rows, a_validity_is_chosen);
    CASES_ADD(the_form_of_time_changes_in_2050);
    CASES_ADD(a_ca_that_has_expired_issues_nothing);
    CASES_ADD(subject_and_key_stay_octet_for_octet);
    CASES_ADD(a_serial_is_positive_whatever_the_entropy);
    CASES_ADD(a_new_ca_is_a_root);
    CASES_ADD(a_ca_without_a_name_is_refused);
    CASES_ADD(a_crl_lists_what_is_revoked);
    CASES_ADD(an_empty_crl_has_no_empty_list);
    CASES_ADD(a_revoked_certificate_no_longer_verifies);
    return cases_run("local_ca");
}
