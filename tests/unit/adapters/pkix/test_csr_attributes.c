/* What is expected was put together by hand from RFC 9908 3.4 and RFC 8951 4. */
#include "adapters/pkix/csr_attributes.h"
#include "tests/support/cases.h"

static const char *const cn[] = {"CN"};
static const char *const alternative_name[] = {"2.5.29.17"};

static const struct wish_row {
    const char *name;
    struct csr_wish wish;
    const char *hex;
} wish_rows[] = {
    {"everything",
     {"P-256", cn, 1, alternative_name, 1, true},
     "307b3052"
     "060b2a864886f70d010910023d3143304102010030093107300506035504"
     "03a015301306072a8648ce3d020106082a8648ce3d030107a11a3018060b2a864886f70d010910023e310930"
     "0730050603551d11"
     "301506072a8648ce3d0201310a06082a8648ce3d030107"
     "0603551d11"
     "06092a864886f70d010907"},
    {"a key without parameters",
     {"Ed25519", NULL, 0, NULL, 0, false},
     "3026"
     "301f060b2a864886f70d010910023d3110300e020100a00730050603"
     "2b6570a100"
     "06032b6570"},
    {"nothing", {0}, "30183016060b2a864886f70d010910023d31073005020100a100"},
};

static void a_wish_becomes_a_template_and_plain_attributes(void **state)
{
    const struct wish_row *row = *state;
    struct failure why = {0};
    struct bytes der = BYTES_EMPTY;
    assert_true(csr_attributes_encode(&row->wish, case_arena(), &der, &why));
    assert_octets(der, row->hex);
    assert_int_equal(csr_attributes_want_binding(der), row->wish.binding);
}

/* RFC 9908 3.4: the length of an RSA key is told by a modulus of that length. */
static void an_rsa_key_is_told_by_a_placeholder(void **state)
{
    (void)state;
    const struct csr_wish wish = {.key = "RSA-2048"};
    struct failure why;
    struct bytes der;
    assert_true(csr_attributes_encode(&wish, case_arena(), &der, &why));
    static const uint8_t modulus[] = {0x02, 0x82, 0x01, 0x01, 0x00, 0x80, 0x00};
    assert_non_null(memmem(der.data, der.size, modulus, sizeof(modulus)));
    /* SEQUENCE { rsaEncryption, SET { INTEGER 2048 } } */
    struct bytes end = bytes_slice(der, der.size - 19, der.size);
    assert_octets(end, "301106092a864886f70d010101310402020800");
}

static const char *const no_oid[] = {"subjectAltName?"};

static const struct refused_row {
    const char *name;
    struct csr_wish wish;
    const char *said;
} refused_rows[] = {
    {"a key that is none", {.key = "P-999"}, "no kind of key"},
    {"an extension that is no OID", {.extensions = no_oid, .extension_count = 1}, "no dotted OID"},
    {"a subject that is no OID", {.subject = no_oid, .subject_count = 1}, "no dotted OID"},
};

static void a_wish_is_checked(void **state)
{
    const struct refused_row *row = *state;
    struct failure why = {0};
    struct bytes der;
    assert_false(csr_attributes_encode(&row->wish, case_arena(), &der, &why));
    assert_text_has(why.text, row->said);
}

static const struct binding_row {
    const char *name;
    const char *octets;
    size_t size;
    bool wanted;
} binding_rows[] = {
    {"challengePassword", "\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07", 13, true},
    {"estIdentityLinking", "\x30\x0d\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x38", 15,
     true},
    {"otpChallenge is none", "\x30\x0d\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x37", 15,
     false},
    {"empty", "\x30\x00", 2, false},
    {"nothing", "", 0, false},
};

static void a_binding_is_asked_for_by_name(void **state)
{
    const struct binding_row *row = *state;
    assert_int_equal(csr_attributes_want_binding(bytes_of(row->octets, row->size)), row->wanted);
}

int main(void)
{
    CASES_ADD_ROWS(wish_rows, a_wish_becomes_a_template_and_plain_attributes);
    CASES_ADD(an_rsa_key_is_told_by_a_placeholder);
    CASES_ADD_ROWS(refused_rows, a_wish_is_checked);
    CASES_ADD_ROWS(binding_rows, a_binding_is_asked_for_by_name);
    return cases_run("csr_attributes");
}
