/* CRMF: what is taken, with the slices that were signed, what is refused for which reason, and what
 * is written anew. */
#include "tests/support/cases.h"

#include "adapters/pkix/crmf.h"
#include "adapters/pkix/der.h"
#include "adapters/pkix/names.h"
#include "mapping/model/limits.h"
#include "tests/support/octets.h"

static struct bytes vector(const char *name)
{
    return octets_from_file(case_arena(),
                            arena_printf(case_arena(), "tests/vectors/crmf/%s.der", name));
}

static struct item parse_good(struct bytes der)
{
    struct item item;
    struct failure why = {0};
    bool good = crmf_parse(der, case_arena(), &item, &why);
    if (!good)
        print_error("%s\n", why.text);
    assert_true(good);
    return item;
}

static const char *name_of(struct bytes name)
{
    return arena_text(case_arena(), names_text(name, case_arena()));
}

/* ---- taken ---------------------------------------------------------------------------------- */

struct good_row {
    const char *name;
    enum pop_form form;
    int64_t id;
    bool key_absent;
};

static const struct good_row good[] = {
    {"openssl-signature", POP_FORM_SIGNATURE, 0, false},
    {"openssl-ra-verified", POP_FORM_RA_VERIFIED, 0, false},
    {"openssl-absent", POP_FORM_ABSENT, 0, false},
    {"openssl-encr-cert", POP_FORM_ENCR_CERT, 0, false},
    {"openssl-full", POP_FORM_SIGNATURE, 0, false},
    {"openssl-kur", POP_FORM_SIGNATURE, 0, false},
    {"bc-signature", POP_FORM_SIGNATURE, 7, false},
    {"bc-null-dn", POP_FORM_SIGNATURE, 0, false},
    {"bc-full", POP_FORM_SIGNATURE, 4294967295, false},
    {"bc-sender", POP_FORM_SIGNATURE_SENDER, 1, false},
    {"bc-mac", POP_FORM_SIGNATURE_MAC, 1, false},
    {"bc-encr-cert", POP_FORM_ENCR_CERT, 1, false},
    {"bc-challenge", POP_FORM_CHALLENGE, 1, false},
    {"bc-agreement-challenge", POP_FORM_CHALLENGE, 1, false},
    {"bc-agree-mac", POP_FORM_AGREE_MAC, 1, false},
    {"bc-ra-verified", POP_FORM_RA_VERIFIED, 1, false},
    {"bc-absent", POP_FORM_ABSENT, 1, false},
    {"bc-keygen", POP_FORM_ABSENT, 1, true},
    {"bc-reg-info", POP_FORM_SIGNATURE, 3, false},
    {"version-2", POP_FORM_SIGNATURE, 4294967295, false},
    {"not-after-alone", POP_FORM_SIGNATURE, 4294967295, false},
    {"key-empty", POP_FORM_SIGNATURE, 4294967295, true},
    {"old-cert-id", POP_FORM_SIGNATURE, 4294967295, false},
    {"controls-empty", POP_FORM_SIGNATURE, 4294967295, false},
    {"encrypted-key", POP_FORM_ENCRYPTED_KEY, 4294967295, false},
    {"this-message", POP_FORM_ENCRYPTED_KEY, 4294967295, false},
    {"dh-mac", POP_FORM_AGREE_MAC, 4294967295, false},
};

static void is_taken(void **state)
{
    const struct good_row *row = *state;
    struct item item = parse_good(vector(row->name));
    assert_int_equal(item.format, ITEM_CRMF);
    assert_int_equal(item.pop_form, row->form);
    assert_int_equal(item.pop_verdict, POP_UNCHECKED);
    assert_int_equal(item.inbound_id, row->id);
    assert_int_equal(item.key_absent, row->key_absent);
}

/* Offsets, lengths and values as `openssl asn1parse` prints them. */
static void slices_are_the_signed_octets(void **state)
{
    (void)state;
    struct bytes der = vector("bc-full");
    struct item item = parse_good(der);
    const struct {
        struct bytes slice;
        ptrdiff_t at;
        size_t size;
    } slices[] = {
        {item.original, 0, der.size}, {item.cert_request, 4, 286}, {item.issuer, 20, 15},
        {item.subject, 75, 50},       {item.attributes, 261, 29},  {item.popo, 290, 88},
    };
    for (size_t i = 0; i < sizeof(slices) / sizeof(slices[0]); i++) {
        assert_int_equal(slices[i].slice.data - der.data, slices[i].at);
        assert_int_equal(slices[i].slice.size, slices[i].size);
    }
    assert_int_equal(item.reg_info.size, 0);
    assert_int_equal(item.not_before, 1767225600);
    assert_int_equal(item.not_after, 4102444800);
    assert_string_equal(name_of(item.subject), "CN=mast-1,O=Example,C=JP");
    assert_string_equal(name_of(item.issuer), "CN=CA");
    /* The IMPLICIT tags are undone, so that both read like a certificate's. */
    assert_int_equal(item.spki.size, 91);
    assert_int_equal(item.spki.data[0], DER_SEQUENCE);
    assert_memory_equal(item.spki.data + 1, der.data + 126, 90);
    assert_octets(item.extensions, "302b30190603551d1104123010820e6d6173742d312e6578616d706c65"
                                   "300e0603551d0f0101ff040403020780");
}

static void key_is_hashed_as_a_certificates(void **state)
{
    (void)state;
    struct item item = parse_good(vector("bc-full"));
    assert_octets(bytes_of(item.spki_sha256, 32),
                  "898dc452fbec54d597ff9dd1b504147cb9b53f62be73e318f1603af4bb94595a");
}

static void reg_info_is_beside_the_request(void **state)
{
    (void)state;
    struct item item = parse_good(vector("bc-reg-info"));
    assert_octets(item.reg_info, "3019301706092b06010505070502010c0a76657273696f6e3f3125");
}

static void old_certificate_is_named(void **state)
{
    (void)state;
    struct item item = parse_good(vector("openssl-kur"));
    assert_string_equal(name_of(item.old_issuer), "CN=mast-1,O=Example,C=JP");
    assert_int_equal(item.old_serial.size, 20);
    item = parse_good(vector("old-cert-id"));
    assert_string_equal(name_of(item.old_issuer), "CN=CA");
    assert_octets(item.old_serial, "01");
}

static void null_dn_is_a_subject(void **state)
{
    (void)state;
    assert_octets(parse_good(vector("bc-null-dn")).subject, "3000");
    assert_int_equal(parse_good(vector("bc-sender")).subject.size, 0);
}

/* ---- refused -------------------------------------------------------------------------------- */

struct bad_row {
    const char *name;
    enum reason reason;
};

static const struct bad_row bad[] = {
    {"trailing", REASON_BAD_DATA_FORMAT},
    {"truncated", REASON_BAD_DATA_FORMAT},
    {"request-missing", REASON_BAD_DATA_FORMAT},
    {"id-missing", REASON_BAD_DATA_FORMAT},
    {"id-too-large", REASON_BAD_DATA_FORMAT},
    {"template-missing", REASON_BAD_DATA_FORMAT},
    {"control-no-value", REASON_BAD_DATA_FORMAT},
    {"control-two-values", REASON_BAD_DATA_FORMAT},
    {"field-behind-controls", REASON_BAD_DATA_FORMAT},
    {"reg-info-empty", REASON_BAD_DATA_FORMAT},
    {"field-behind-reg-info", REASON_BAD_DATA_FORMAT},
    {"field-twice", REASON_BAD_DATA_FORMAT},
    {"field-out-of-order", REASON_BAD_DATA_FORMAT},
    {"field-unknown", REASON_BAD_DATA_FORMAT},
    {"validity-empty", REASON_BAD_DATA_FORMAT},
    {"validity-no-time", REASON_BAD_DATA_FORMAT},
    {"subject-implicit", REASON_BAD_DATA_FORMAT},
    {"subject-ill-formed", REASON_BAD_DATA_FORMAT},
    {"key-no-bits", REASON_BAD_DATA_FORMAT},
    {"extensions-empty", REASON_BAD_DATA_FORMAT},
    {"popo-unknown", REASON_BAD_DATA_FORMAT},
    {"ra-verified-content", REASON_BAD_DATA_FORMAT},
    {"signature-no-bits", REASON_BAD_DATA_FORMAT},
    {"subsequent-2", REASON_BAD_DATA_FORMAT},
    {"private-key-unknown", REASON_BAD_DATA_FORMAT},
    {"private-key-two", REASON_BAD_DATA_FORMAT},
    {"version-1", REASON_BAD_CERT_TEMPLATE},
    {"serial-number", REASON_BAD_CERT_TEMPLATE},
    {"signing-alg", REASON_BAD_CERT_TEMPLATE},
    {"issuer-uid", REASON_BAD_CERT_TEMPLATE},
    {"subject-uid", REASON_BAD_CERT_TEMPLATE},
    {"validity-backwards", REASON_BAD_CERT_TEMPLATE},
    {"extension-repeated", REASON_BAD_CERT_TEMPLATE},
    {"old-cert-id-twice", REASON_BAD_CERT_TEMPLATE},
    {"subject-bidi", REASON_BAD_CERT_TEMPLATE},
    {"old-cert-id-dns", REASON_BAD_CERT_ID},
    {"controls-129", REASON_TOO_LARGE},
};

static void is_refused(void **state)
{
    const struct bad_row *row = *state;
    struct item item;
    struct failure why = {0};
    assert_false(crmf_parse(vector(row->name), case_arena(), &item, &why));
    assert_string_equal(reason_row(why.reason)->word, reason_row(row->reason)->word);
    assert_int_not_equal(why.clause[0], '\0');
    assert_int_not_equal(why.text[0], '\0');
}

static void every_cut_is_refused(void **state)
{
    (void)state;
    struct bytes der = vector("bc-full");
    for (size_t size = 0; size < der.size; size++) {
        struct item item;
        struct failure why = {0};
        struct bytes cut = arena_copy(case_arena(), bytes_of(der.data, size));
        assert_false(crmf_parse(cut, case_arena(), &item, &why));
        assert_int_equal(why.reason, REASON_BAD_DATA_FORMAT);
    }
}

/* ---- several in one message ----------------------------------------------------------------- */

static bool parse_messages(const struct bytes *parts, size_t count, size_t *found,
                           enum reason *reason)
{
    struct item *items;
    struct failure why = {0};
    struct bytes messages = der_join(case_arena(), DER_SEQUENCE, parts, count);
    bool taken = crmf_parse_messages(messages, case_arena(), &items, found, &why);
    *reason = why.reason;
    return taken;
}

static void messages_have_their_own_ids(void **state)
{
    (void)state;
    const struct bytes parts[] = {vector("bc-signature"), vector("bc-full"),
                                  vector("bc-signature")};
    size_t found = 0;
    enum reason reason;
    assert_true(parse_messages(parts, 2, &found, &reason));
    assert_int_equal(found, 2);
    assert_false(parse_messages(parts, 3, &found, &reason));
    assert_int_equal(reason, REASON_BAD_REQUEST);
    assert_false(parse_messages(parts, 0, &found, &reason));
    assert_int_equal(reason, REASON_BAD_DATA_FORMAT);
}

static void messages_are_limited(void **state)
{
    (void)state;
    struct bytes parts[LIMIT_ITEMS + 1];
    struct item item = parse_good(vector("bc-signature"));
    for (size_t i = 0; i < LIMIT_ITEMS + 1; i++)
        parts[i] = crmf_rebuild(&item, (int64_t)i, CRMF_POPO_ABSENT, case_arena());
    size_t found = 0;
    enum reason reason;
    assert_true(parse_messages(parts, LIMIT_ITEMS, &found, &reason));
    assert_int_equal(found, LIMIT_ITEMS);
    assert_false(parse_messages(parts, LIMIT_ITEMS + 1, &found, &reason));
    assert_int_equal(reason, REASON_TOO_LARGE);
}

/* ---- written -------------------------------------------------------------------------------- */

static void rebuilt_asks_for_the_same(void **state)
{
    (void)state;
    struct item item = parse_good(vector("bc-full"));
    struct bytes der = crmf_rebuild(&item, 9, CRMF_POPO_RA_VERIFIED, case_arena());
    struct item again = parse_good(der);
    assert_int_equal(again.inbound_id, 9);
    assert_int_equal(again.pop_form, POP_FORM_RA_VERIFIED);
    assert_true(bytes_equal(again.subject, item.subject));
    assert_true(bytes_equal(again.issuer, item.issuer));
    assert_true(bytes_equal(again.spki, item.spki));
    assert_true(bytes_equal(again.extensions, item.extensions));
    assert_int_equal(again.not_before, item.not_before);
    assert_int_equal(again.not_after, item.not_after);
    /* regToken is between the device and us. */
    assert_int_equal(again.attributes.size, 0);
}

/* The template of Bouncy Castle's request, tags and all, under another id. */
static void rebuilt_template_has_the_same_octets(void **state)
{
    (void)state;
    struct bytes der = vector("bc-full");
    struct item item = parse_good(der);
    struct bytes rebuilt = crmf_rebuild(&item, 9, CRMF_POPO_ABSENT, case_arena());
    assert_int_equal(rebuilt.size, 4 + 4 + 3 + 246 - 2);
    assert_memory_equal(rebuilt.data + rebuilt.size - 246, der.data + 15, 246);
}

static void without_reg_info_keeps_the_proof(void **state)
{
    (void)state;
    struct item item = parse_good(vector("bc-reg-info"));
    struct item again = parse_good(crmf_without_reg_info(&item, case_arena()));
    assert_int_equal(again.reg_info.size, 0);
    assert_true(bytes_equal(again.cert_request, item.cert_request));
    assert_true(bytes_equal(again.popo, item.popo));
}

int main(void)
{
    CASES_ADD_ROWS(good, is_taken);
    CASES_ADD_ROWS(bad, is_refused);
    CASES_ADD(slices_are_the_signed_octets);
    CASES_ADD(key_is_hashed_as_a_certificates);
    CASES_ADD(reg_info_is_beside_the_request);
    CASES_ADD(old_certificate_is_named);
    CASES_ADD(null_dn_is_a_subject);
    CASES_ADD(every_cut_is_refused);
    CASES_ADD(messages_have_their_own_ids);
    CASES_ADD(messages_are_limited);
    CASES_ADD(rebuilt_asks_for_the_same);
    CASES_ADD(rebuilt_template_has_the_same_octets);
    CASES_ADD(without_reg_info_keeps_the_proof);
    return cases_run("crmf");
}
