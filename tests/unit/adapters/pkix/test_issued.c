/* Is an issued certificate the one that was asked for? */
#include "tests/support/cases.h"

#include "adapters/pkix/issued.h"
#include "adapters/pkix/pkcs10.h"
#include "adapters/pkix/spki.h"
#include "tests/support/octets.h"

enum { NOW = 1780272000 }; /* 2026-06-01 00:00 UTC: when `exact` begins */

static struct bytes vector(const char *name)
{
    return octets_from_file(case_arena(),
                            arena_printf(case_arena(), "tests/vectors/issued/%s.der", name));
}

static void unref_certificate(void *certificate)
{
    certificate_unref(certificate);
}

static void unref_trust(void *trust)
{
    trust_unref(trust);
}

static struct certificate *certificate(const char *name)
{
    struct certificate *parsed = NULL;
    struct failure why = {0};
    assert_true(certificate_parse(vector(name), &parsed, &why));
    return arena_own(case_arena(), parsed, unref_certificate);
}

static struct item request(const char *name)
{
    struct item item;
    struct failure why = {0};
    assert_true(pkcs10_parse(vector(name), case_arena(), &item, &why));
    return item;
}

static bool check(const struct item *item, const char *name, struct result *result,
                  struct failure *why)
{
    struct certificate *ca = certificate("ca");
    struct trust *trust = trust_new(&ca, 1, NULL, 0, false, why);
    assert_non_null(trust);
    arena_own(case_arena(), trust, unref_trust);
    *result = (struct result){.status = RESULT_UNKNOWN};
    return issued_check(item, vector(name), NULL, 0, trust, NOW, case_arena(), result, why);
}

/* ---- delivered ------------------------------------------------------------------------------ */

struct good_row {
    const char *name;
    const char *request;
    const char *changes; /* "": granted as asked */
};

static const struct good_row good[] = {
    {"exact", "request", ""},
    {"more", "request", ""},
    {"san-order", "request", ""},
    {"subject-bmp", "request", ""},
    {"subject-ascii-case", "request", ""},
    {"soon", "request", ""},
    {"privileged", "request-privileged", ""},
    {"subject-like", "request", "subject normalised"},
    {"subject-other", "request", "subject is CN=Mast 2,O=Example, not CN=M\303\244st 1,O=Example"},
    {"san-dropped", "request", "subjectAltName dropped"},
    {"san-other", "request", "subjectAltName changed"},
    {"ku-uncritical", "request", "keyUsage made uncritical"},
    {"eku-other", "request", "extKeyUsage changed"},
    {"all-dropped", "request", "subjectAltName dropped; keyUsage dropped; extKeyUsage dropped"},
};

static void is_granted(void **state)
{
    const struct good_row *row = *state;
    struct item item = request(row->request);
    struct result result;
    struct failure why = {0};
    bool taken = check(&item, row->name, &result, &why);
    if (!taken)
        print_error("%s (%s)\n", why.text, why.detail);
    assert_true(taken);
    assert_string_equal(arena_text(case_arena(), result.text), row->changes);
    assert_int_equal(result.status,
                     row->changes[0] == '\0' ? RESULT_GRANTED : RESULT_GRANTED_WITH_MODS);
    assert_true(bytes_equal(result.certificate, vector(row->name)));
    assert_int_equal(result.reason_count, 0);
}

static void validity_is_compared_if_asked_for(void **state)
{
    (void)state;
    struct item item = request("request");
    struct result result;
    struct failure why = {0};
    item.not_before = NOW;
    item.not_after = 1811808000; /* 2027-06-01 */
    assert_true(check(&item, "exact", &result, &why));
    assert_int_equal(result.status, RESULT_GRANTED);
    item.not_after++;
    assert_true(check(&item, "exact", &result, &why));
    assert_string_equal(arena_text(case_arena(), result.text), "notAfter changed");
    /* What begins later was asked to. */
    item.not_before = NOW + 86400;
    assert_true(check(&item, "future", &result, &why));
    assert_string_equal(arena_text(case_arena(), result.text), "notAfter changed");
}

static void empty_subject_is_the_authoritys_to_fill(void **state)
{
    (void)state;
    struct item item = request("request");
    struct result result;
    struct failure why = {0};
    item.subject = octets_from_hex(case_arena(), "3000");
    assert_true(check(&item, "subject-other", &result, &why));
    assert_int_equal(result.status, RESULT_GRANTED);
}

/* ---- not delivered -------------------------------------------------------------------------- */

struct bad_row {
    const char *name;
    enum reason reason;
};

static const struct bad_row bad[] = {
    {"other-key", REASON_UPSTREAM_WRONG_CERT},   {"expired", REASON_UPSTREAM_WRONG_CERT},
    {"future", REASON_UPSTREAM_WRONG_CERT},      {"made-ca", REASON_UPSTREAM_WRONG_CERT},
    {"signs-certs", REASON_UPSTREAM_WRONG_CERT}, {"made-ra", REASON_UPSTREAM_WRONG_CERT},
    {"privileged", REASON_UPSTREAM_WRONG_CERT},  {"cut", REASON_UPSTREAM_WRONG_CERT},
    {"request", REASON_UPSTREAM_WRONG_CERT},     {"of-stranger", REASON_UPSTREAM_UNTRUSTED},
};

static void is_not_delivered(void **state)
{
    const struct bad_row *row = *state;
    struct item item = request("request");
    struct result result;
    struct failure why = {0};
    assert_false(check(&item, row->name, &result, &why));
    assert_string_equal(reason_row(why.reason)->word, reason_row(row->reason)->word);
    assert_int_equal(result.status, RESULT_UNKNOWN);
    assert_int_equal(result.certificate.size, 0);
}

/* ---- by its key ----------------------------------------------------------------------------- */

static void is_found_by_its_key(void **state)
{
    (void)state;
    struct item item = request("request");
    struct certificate *both[] = {certificate("ca"), certificate("expired"), certificate("exact"),
                                  certificate("other-key")};
    assert_ptr_equal(issued_find(&item, both, 4), both[2]);
    assert_ptr_equal(issued_find(&item, both, 2), both[1]);
    assert_null(issued_find(&item, both, 1));
    assert_null(issued_find(&item, both + 3, 1));
}

struct spki_row {
    const char *name, *a, *b;
    bool equal;
};

/* RSA keys (1.2.840.113549.1.1.1) and Ed25519 (1.3.101.112) of four octets. */
static const struct spki_row spkis[] = {
    {"RSA, NULL", "3015300d06092a864886f70d0101010500030400010203",
     "3015300d06092a864886f70d0101010500030400010203", true},
    {"RSA, NULL and absent", "3015300d06092a864886f70d0101010500030400010203",
     "3013300b06092a864886f70d010101030400010203", true},
    {"RSA, other parameters", "3015300d06092a864886f70d0101010400030400010203",
     "3013300b06092a864886f70d010101030400010203", false},
    {"RSA, other key", "3015300d06092a864886f70d0101010500030400010203",
     "3013300b06092a864886f70d010101030400010204", false},
    {"Ed25519, NULL and absent", "300d300706032b6570050003020001", "300b300506032b657003020001",
     false},
    {"no key", "3000", "3000", false},
};

static void spki(void **state)
{
    const struct spki_row *row = *state;
    struct bytes a = octets_from_hex(case_arena(), row->a);
    struct bytes b = octets_from_hex(case_arena(), row->b);
    assert_int_equal(spki_equal(a, b), row->equal);
    assert_int_equal(spki_equal(b, a), row->equal);
}

int main(void)
{
    CASES_ADD_ROWS(good, is_granted);
    CASES_ADD_ROWS(bad, is_not_delivered);
    CASES_ADD_ROWS(spkis, spki);
    CASES_ADD(validity_is_compared_if_asked_for);
    CASES_ADD(empty_subject_is_the_authoritys_to_fill);
    CASES_ADD(is_found_by_its_key);
    return cases_run("issued");
}
