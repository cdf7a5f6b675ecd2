/* PKCS#10: what is taken, with the slices that were signed, and what is refused for which reason.
 */
#include "tests/support/cases.h"

#include "adapters/pkix/names.h"
#include "adapters/pkix/pkcs10.h"
#include "tests/support/octets.h"

static struct bytes vector(const char *name)
{
    return octets_from_file(case_arena(),
                            arena_printf(case_arena(), "tests/vectors/pkcs10/%s.der", name));
}

static struct item parse_good(const char *name)
{
    struct item item;
    struct failure why = {0};
    bool good = pkcs10_parse(vector(name), case_arena(), &item, &why);
    if (!good)
        print_error("%s: %s\n", name, why.text);
    assert_true(good);
    return item;
}

struct good_row {
    const char *name;
    enum pop_form form;
    size_t extensions; /* octets of the Extensions TLV */
    size_t attributes; /* octets of the [0] TLV */
};

static const struct good_row good[] = {
    {"rsa2048", POP_FORM_PKCS10, 0, 2},
    {"p256", POP_FORM_PKCS10, 0, 2},
    {"p521", POP_FORM_PKCS10, 0, 2},
    {"ed25519", POP_FORM_PKCS10, 0, 2},
    {"ed448", POP_FORM_PKCS10, 0, 2},
    {"pss", POP_FORM_PKCS10, 0, 2},
    {"extensions", POP_FORM_PKCS10, 51, 68},
    {"attributes", POP_FORM_PKCS10, 51, 118},
    {"microsoft", POP_FORM_PKCS10, 51, 69},
    {"both-same", POP_FORM_PKCS10, 51, 136},
    {"critical-false", POP_FORM_PKCS10, 54, 71},
    {"no-attributes-field", POP_FORM_PKCS10, 0, 0},
    {"no-signature", POP_FORM_NO_SIGNATURE, 51, 68},
    {"dh-pop", POP_FORM_DH_POP, 51, 68},
};

static void is_taken(void **state)
{
    const struct good_row *row = *state;
    struct item item = parse_good(row->name);
    assert_int_equal(item.format, ITEM_PKCS10);
    assert_int_equal(item.pop_form, row->form);
    assert_int_equal(item.pop_verdict, POP_UNCHECKED);
    assert_int_equal(item.extensions.size, row->extensions);
    assert_int_equal(item.attributes.size, row->attributes);
    assert_string_equal(arena_text(case_arena(), names_text(item.subject, case_arena())),
                        "CN=mast-1,O=Example,C=JP");
}

/* Offsets and lengths as `openssl asn1parse` prints them. */
static void slices_are_the_signed_octets(void **state)
{
    (void)state;
    struct bytes der = vector("attributes");
    struct item item;
    struct failure why = {0};
    assert_true(pkcs10_parse(der, case_arena(), &item, &why));
    const struct {
        struct bytes slice;
        ptrdiff_t at;
        size_t size;
    } slices[] = {
        {item.original, 0, der.size}, {item.cert_request, 4, 266}, {item.subject, 11, 50},
        {item.spki, 61, 91},          {item.attributes, 152, 118}, {item.extensions, 219, 51},
    };
    for (size_t i = 0; i < sizeof(slices) / sizeof(slices[0]); i++) {
        assert_int_equal(slices[i].slice.data - der.data, slices[i].at);
        assert_int_equal(slices[i].slice.size, slices[i].size);
    }
}

/* The hash by `openssl asn1parse -strparse 61 -noout -out - | openssl dgst -sha256`. */
static void key_is_hashed(void **state)
{
    (void)state;
    struct item item = parse_good("attributes");
    assert_octets(bytes_of(item.spki_sha256, 32),
                  "0273939aeffbdba68eba6989638f953c0f1d1e69ac69609d7bcca8d2d0cc6f40");
}

static void attributes_are_found(void **state)
{
    (void)state;
    struct item item = parse_good("attributes");
    struct bytes password = pkcs10_attribute(&item, "1.2.840.113549.1.9.7", case_arena());
    assert_octets(password, "0c0c6e6f742d612d736563726574");
    assert_int_equal(pkcs10_attribute(&item, "1.2.3", case_arena()).size, 0);
    item = parse_good("p256");
    assert_int_equal(pkcs10_attribute(&item, "1.2.840.113549.1.9.7", case_arena()).size, 0);
}

struct bad_row {
    const char *name;
    enum reason reason;
};

static const struct bad_row bad[] = {
    {"trailing", REASON_BAD_DATA_FORMAT},
    {"truncated", REASON_BAD_DATA_FORMAT},
    {"version-1", REASON_BAD_DATA_FORMAT},
    {"version-missing", REASON_BAD_DATA_FORMAT},
    {"subject-missing", REASON_BAD_DATA_FORMAT},
    {"spki-missing", REASON_BAD_DATA_FORMAT},
    {"spki-empty-key", REASON_BAD_DATA_FORMAT},
    {"field-behind-attributes", REASON_BAD_DATA_FORMAT},
    {"algorithm-missing", REASON_BAD_DATA_FORMAT},
    {"algorithm-empty", REASON_BAD_DATA_FORMAT},
    {"signature-missing", REASON_BAD_DATA_FORMAT},
    {"signature-unused-bits", REASON_BAD_DATA_FORMAT},
    {"field-behind-signature", REASON_BAD_DATA_FORMAT},
    {"attribute-without-value", REASON_BAD_DATA_FORMAT},
    {"attribute-no-oid", REASON_BAD_DATA_FORMAT},
    {"extensions-two-values", REASON_BAD_DATA_FORMAT},
    {"extensions-empty", REASON_BAD_DATA_FORMAT},
    {"extension-no-value", REASON_BAD_DATA_FORMAT},
    {"extension-boolean-2", REASON_BAD_DATA_FORMAT},
    {"extension-field-behind", REASON_BAD_DATA_FORMAT},
    {"integer-padded", REASON_BAD_DATA_FORMAT},
    {"subject-ill-formed", REASON_BAD_DATA_FORMAT},
    {"subject-bidi", REASON_BAD_CERT_TEMPLATE},
    {"extensions-twice", REASON_BAD_CERT_TEMPLATE},
    {"extension-repeated", REASON_BAD_CERT_TEMPLATE},
    {"both-different", REASON_BAD_CERT_TEMPLATE},
    {"extensions-65", REASON_TOO_LARGE},
    {"attributes-129", REASON_TOO_LARGE},
};

static void is_refused(void **state)
{
    const struct bad_row *row = *state;
    struct item item;
    struct failure why = {0};
    assert_false(pkcs10_parse(vector(row->name), case_arena(), &item, &why));
    assert_string_equal(reason_row(why.reason)->word, reason_row(row->reason)->word);
    assert_int_not_equal(why.clause[0], '\0');
    assert_int_not_equal(why.text[0], '\0');
}

/* What no request may hold can still be shown. */
static void bad_subjects_are_readable(void **state)
{
    (void)state;
    struct item item;
    struct failure why = {0};
    assert_true(pkcs10_read(vector("subject-bidi"), case_arena(), &item, &why));
    assert_string_equal(arena_text(case_arena(), names_text(item.subject, case_arena())),
                        "CN=mast\\e2\\80\\ae1,O=Example,C=JP");
}

static void every_cut_is_refused(void **state)
{
    (void)state;
    struct bytes der = vector("attributes");
    for (size_t size = 0; size < der.size; size++) {
        struct item item;
        struct failure why = {0};
        struct bytes cut = arena_copy(case_arena(), bytes_of(der.data, size));
        assert_false(pkcs10_parse(cut, case_arena(), &item, &why));
        assert_int_equal(why.reason, REASON_BAD_DATA_FORMAT);
    }
}

int main(void)
{
    CASES_ADD_ROWS(good, is_taken);
    CASES_ADD_ROWS(bad, is_refused);
    CASES_ADD(slices_are_the_signed_octets);
    CASES_ADD(key_is_hashed);
    CASES_ADD(attributes_are_found);
    CASES_ADD(bad_subjects_are_readable);
    CASES_ADD(every_cut_is_refused);
    return cases_run("pkcs10");
}
