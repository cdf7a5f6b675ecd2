#include "tests/support/cases.h"

#include <stdio.h>

#include "adapters/cmc/cmc_message.h"
#include "adapters/pkix/der.h"
#include "mapping/model/limits.h"
#include "tests/support/octets.h"

/* ---- building messages, with nothing but DER ------------------------------------------------ */

static struct bytes seq(const struct bytes *parts, size_t count)
{
    return der_join(case_arena(), DER_SEQUENCE, parts, count);
}

static struct bytes hex(const char *digits)
{
    return octets_from_hex(case_arena(), digits);
}

#define SEQ(...)                                                                                   \
    seq((const struct bytes[]){__VA_ARGS__},                                                       \
        sizeof((struct bytes[]){__VA_ARGS__}) / sizeof(struct bytes))

static struct bytes id_cmc(int number)
{
    char dotted[32];
    snprintf(dotted, sizeof(dotted), "1.3.6.1.5.5.7.7.%d", number);
    return der_oid(case_arena(), dotted);
}

static struct bytes control(struct bytes id, struct bytes oid, struct bytes values)
{
    return SEQ(id, oid, der_wrap(case_arena(), DER_SET, values));
}

static struct bytes number(int64_t n)
{
    return der_integer(case_arena(), n);
}

/* A PKIData of these controls and requests, given as the contents of their sequences. */
static struct bytes pki_data(struct bytes controls, struct bytes requests)
{
    struct arena *arena = case_arena();
    struct bytes nothing = der_wrap(arena, DER_SEQUENCE, BYTES_EMPTY);
    return SEQ(der_wrap(arena, DER_SEQUENCE, controls), der_wrap(arena, DER_SEQUENCE, requests),
               nothing, nothing);
}

static struct bytes tcr(struct bytes id)
{
    struct bytes parts[] = {id, hex("3003020107")};
    return der_join(case_arena(), DER_CONTEXT_CONSTRUCTED | 0, parts, 2);
}

/* certReq { certReqId, certTemplate {} }, popo raVerified */
static struct bytes crm(struct bytes id)
{
    struct bytes parts[] = {SEQ(id, hex("3000")), hex("8000")};
    return der_join(case_arena(), DER_CONTEXT_CONSTRUCTED | 1, parts, 2);
}

static struct bytes twice(struct bytes part)
{
    struct der both;
    struct bytes joined = SEQ(part, part);
    assert_true(der_only(joined, DER_SEQUENCE, &both));
    return both.content;
}

/* ---- what is refused ------------------------------------------------------------------------ */

static struct bytes nonce_control(void)
{
    return control(number(1), id_cmc(6), hex("04020011"));
}

static struct bytes good(void)
{
    return pki_data(nonce_control(), tcr(number(2)));
}

static struct bytes trailing_octets(void)
{
    struct bytes message = good();
    uint8_t *octets = arena_alloc(case_arena(), message.size + 1);
    memcpy(octets, message.data, message.size);
    return bytes_of(octets, message.size + 1);
}

static struct bytes truncated(void)
{
    return bytes_slice(good(), 0, good().size - 1);
}

static struct bytes nothing(void)
{
    return BYTES_EMPTY;
}

static struct bytes three_sequences(void)
{
    return hex("3006300030003000");
}

static struct bytes negative_id(void)
{
    return pki_data(control(number(-1), id_cmc(6), hex("04020011")), tcr(number(2)));
}

static struct bytes id_too_large(void)
{
    return pki_data(nonce_control(), tcr(hex("02050100000000")));
}

static struct bytes certreqid_too_large(void)
{
    return pki_data(nonce_control(), crm(hex("02050100000000")));
}

static struct bytes same_request_id(void)
{
    return pki_data(nonce_control(), twice(tcr(number(2))));
}

static struct bytes two_values(void)
{
    return pki_data(control(number(1), id_cmc(6), hex("0402001104020012")), tcr(number(2)));
}

static struct bytes no_value(void)
{
    return pki_data(control(number(1), id_cmc(6), BYTES_EMPTY), tcr(number(2)));
}

static struct bytes two_nonces(void)
{
    return pki_data(twice(nonce_control()), tcr(number(2)));
}

static struct bytes empty_crm(void)
{
    return pki_data(nonce_control(), hex("a100"));
}

static struct bytes crm_without_request(void)
{
    return pki_data(nonce_control(), hex("a1028000"));
}

static struct bytes unknown_choice(void)
{
    return pki_data(nonce_control(), hex("a3053003020107"));
}

static struct bytes requests_no_sequence(void)
{
    struct bytes none = hex("3000");
    return SEQ(none, hex("3100"), none, none);
}

static struct bytes many(struct bytes part, size_t count)
{
    struct bytes *parts = arena_array(case_arena(), count, sizeof(*parts));
    for (size_t i = 0; i < count; i++)
        parts[i] = part;
    struct der all;
    assert_true(der_only(seq(parts, count), DER_SEQUENCE, &all));
    return all.content;
}

static struct bytes too_many_controls(void)
{
    struct bytes part = control(number(1), id_cmc(4), hex("0400"));
    return pki_data(many(part, LIMIT_CONTROLS + 1), BYTES_EMPTY);
}

static struct bytes too_many_requests(void)
{
    return pki_data(BYTES_EMPTY, many(tcr(number(2)), LIMIT_ITEMS + 1));
}

static const struct refusal {
    const char *name;
    struct bytes (*make)(void);
    enum reason reason;
    const char *text; /* a part of it */
} refusals[] = {
    {"trailing octets", trailing_octets, REASON_BAD_DATA_FORMAT, "1 octets behind"},
    {"truncated", truncated, REASON_BAD_DATA_FORMAT, "not well formed"},
    {"nothing", nothing, REASON_BAD_DATA_FORMAT, "not well formed"},
    {"three sequences", three_sequences, REASON_BAD_DATA_FORMAT, "not well formed"},
    {"negative body part id", negative_id, REASON_BAD_DATA_FORMAT, "bodyPartID"},
    {"body part id above 2^32-1", id_too_large, REASON_BAD_DATA_FORMAT, "bodyPartID"},
    {"certReqId above 2^32-1", certreqid_too_large, REASON_BAD_DATA_FORMAT, "certReqId"},
    {"two requests with one id", same_request_id, REASON_BAD_REQUEST, "body part id 2"},
    {"control with two values", two_values, REASON_BAD_DATA_FORMAT, "senderNonce has 2 values"},
    {"control without value", no_value, REASON_BAD_DATA_FORMAT, "senderNonce has 0 values"},
    {"control twice", two_nonces, REASON_BAD_DATA_FORMAT, "senderNonce stands twice"},
    {"crm without fields", empty_crm, REASON_BAD_DATA_FORMAT, "CertReqMsg"},
    {"crm without certReq", crm_without_request, REASON_BAD_DATA_FORMAT, "CertRequest"},
    {"request of no known choice", unknown_choice, REASON_BAD_DATA_FORMAT, "reqSequence"},
    {"reqSequence is a SET", requests_no_sequence, REASON_BAD_DATA_FORMAT, "reqSequence"},
    {"too many controls", too_many_controls, REASON_TOO_LARGE, "controls"},
    {"too many requests", too_many_requests, REASON_TOO_LARGE, "requests"},
};

static void refusal_row(void **state)
{
    const struct refusal *row = *state;
    struct failure why = {0};
    struct cmc_body body;
    assert_false(cmc_decode_request(row->make(), case_arena(), &body, &why));
    assert_int_equal(why.reason, row->reason);
    assert_text_has(why.text, row->text);
}

/* ---- what is taken -------------------------------------------------------------------------- */

static struct cmc_body decoded(struct bytes message)
{
    struct failure why = {0};
    struct cmc_body body;
    if (!cmc_decode_request(message, case_arena(), &body, &why))
        fail_msg("%s %s", why.text, why.detail);
    return body;
}

static void a_request_is_read(void **state)
{
    (void)state;
    struct cmc_body body = decoded(good());
    assert_int_equal(body.control_count, 1);
    assert_int_equal(body.controls[0].id, 1);
    assert_int_equal(body.controls[0].kind, CMC_CONTROL_SENDER_NONCE);
    assert_octets(body.controls[0].value, "04020011");
    assert_int_equal(body.request_count, 1);
    assert_int_equal(body.requests[0].id, 2);
    assert_int_equal(body.requests[0].form, CMC_TCR);
    assert_octets(body.requests[0].body, "3003020107");
    assert_octets(body.req_sequence, "300aa0080201023003020107");
}

static void largest_ids_are_taken(void **state)
{
    (void)state;
    struct cmc_body body = decoded(pki_data(BYTES_EMPTY, crm(hex("020500ffffffff"))));
    assert_true(body.requests[0].id == CMC_BODY_ID_MAX);
    assert_int_equal(body.requests[0].form, CMC_CRM);
}

/* The implicit tag of the choice is gone: what is left is the CertReqMsg that CRMF defines. */
static void a_crm_gets_its_sequence_back(void **state)
{
    (void)state;
    struct cmc_body body = decoded(pki_data(BYTES_EMPTY, crm(number(5))));
    assert_octets(body.requests[0].body, "3009300502010530008000");
}

static void an_orm_is_recognised(void **state)
{
    (void)state;
    struct bytes orm = hex("a20a"
                           "020107"
                           "06022a03"
                           "040101");
    struct cmc_body body = decoded(pki_data(BYTES_EMPTY, orm));
    assert_int_equal(body.requests[0].form, CMC_ORM);
    assert_int_equal(body.requests[0].id, 7);
}

/* Dogtag's own client repeats ids among controls (tests/vectors/cmc/dogtag, 14). */
static void controls_may_repeat_ids(void **state)
{
    (void)state;
    struct bytes parts[] = {control(number(1), id_cmc(6), hex("04020011")),
                            control(number(1), id_cmc(5), hex("020107"))};
    struct der both;
    assert_true(der_only(seq(parts, 2), DER_SEQUENCE, &both));
    struct cmc_body body = decoded(pki_data(both.content, tcr(number(1))));
    assert_int_equal(body.control_count, 2);
}

static void unknown_controls_are_kept(void **state)
{
    (void)state;
    struct bytes oid = der_oid(case_arena(), "1.3.6.1.4.1.55555.1");
    struct cmc_body body = decoded(pki_data(control(number(9), oid, BYTES_EMPTY), tcr(number(1))));
    assert_int_equal(body.controls[0].kind, CMC_CONTROL_UNKNOWN);
    assert_int_equal(body.controls[0].id, 9);
    assert_true(bytes_equal(body.controls[0].oid, oid));
    assert_null(cmc_control_row(CMC_CONTROL_UNKNOWN));
}

/* Indefinite lengths (RFC 10003 4): the octets of the request inside stay as they came. */
static void ber_is_taken(void **state)
{
    (void)state;
    struct cmc_body body = decoded(hex("3080"
                                       "3000"
                                       "3080a080020102"
                                       "3003020107"
                                       "00000000"
                                       "3000"
                                       "30800000"
                                       "0000"));
    assert_int_equal(body.requests[0].id, 2);
    assert_octets(body.requests[0].body, "3003020107");
    assert_octets(body.req_sequence, "3080a080020102"
                                     "3003020107"
                                     "00000000");
}

/* ---- octets of controls --------------------------------------------------------------------- */

static const struct octets_case {
    const char *name;
    const char *value;
    uint8_t tag;
    size_t most;
    bool taken;
} octets_cases[] = {
    {"octet string", "0403010203", DER_OCTET_STRING, 3, true},
    {"too long", "0403010203", DER_OCTET_STRING, 2, false},
    {"integer for octet string", "0203010203", DER_OCTET_STRING, 3, false},
    {"integer", "02020100", DER_INTEGER, 16, true},
    {"utf8", "0c0161", DER_UTF8_STRING, 16, true},
};

static void octets_row(void **state)
{
    const struct octets_case *row = *state;
    struct failure why;
    struct bytes out;
    const struct cmc_control c = {.kind = CMC_CONTROL_SENDER_NONCE, .value = hex(row->value)};
    assert_int_equal(cmc_octets_of(&c, row->tag, row->most, &out, &why), row->taken);
}

static void an_absent_control_is_empty(void **state)
{
    (void)state;
    struct failure why;
    struct bytes out = BYTES_LITERAL("x");
    assert_true(cmc_octets_of(NULL, DER_INTEGER, 1, &out, &why));
    assert_int_equal(out.size, 0);
}

/* ---- statuses ------------------------------------------------------------------------------- */

static const struct status_case {
    const char *name;
    const char *der; /* content of the SEQUENCE, in hex */
    int64_t status;
    int64_t id;
    int64_t fail_info;
    const char *text;
    bool pending;
    bool extended;
} status_cases[] = {
    {"success",
     "020100"
     "3003020103",
     0, 3, CMC_NO_FAIL_INFO, "", false, false},
    {"failed with failInfo",
     "020102"
     "3003020100"
     "020109",
     2, 0, 9, "", false, false},
    {"failed with text",
     "020102"
     "3003020100"
     "0c03626164"
     "02010b",
     2, 0, 11, "bad", false, false},
    {"path",
     "020102"
     "3008"
     "3006"
     "020104"
     "020105",
     2, 4, CMC_NO_FAIL_INFO, "", false, false},
    {"path from this PKIData",
     "020102"
     "3008"
     "3006"
     "020100"
     "020105",
     2, 5, CMC_NO_FAIL_INFO, "", false, false},
    {"pendInfo",
     "020103"
     "3003020101"
     "3016"
     "0403010203"
     "180f"
     "32303236303130323033303430355a",
     3, 1, CMC_NO_FAIL_INFO, "", true, false},
    {"extendedFailInfo, tagged",
     "020102"
     "3003020100"
     "a107"
     "06022a03"
     "020105",
     2, 0, CMC_NO_FAIL_INFO, "", false, true},
    {"extendedFailInfo of RFC 5272",
     "020102"
     "3003020100"
     "3007"
     "06022a03"
     "020105",
     2, 0, CMC_NO_FAIL_INFO, "", false, true},
    {"reserved status",
     "020101"
     "3003020100",
     1, 0, CMC_NO_FAIL_INFO, "", false, false},
    {"status that nobody defined",
     "02017f"
     "3003020100",
     127, 0, CMC_NO_FAIL_INFO, "", false, false},
    {"private failInfo",
     "020102"
     "3003020100"
     "020203e8",
     2, 0, 1000, "", false, false},
};

static struct bytes status_der(const char *content)
{
    return der_wrap(case_arena(), DER_SEQUENCE, hex(content));
}

static void status_row(void **state)
{
    const struct status_case *row = *state;
    struct failure why = {0};
    struct cmc_status status;
    const struct cmc_control c = {.kind = CMC_CONTROL_STATUS_INFO_V2,
                                  .value = status_der(row->der)};
    if (!cmc_decode_status(&c, case_arena(), &status, &why))
        fail_msg("%s %s", why.text, why.detail);
    assert_int_equal(status.status, row->status);
    assert_int_equal(status.id_count, 1);
    assert_int_equal(status.ids[0], row->id);
    assert_int_equal(status.fail_info, row->fail_info);
    assert_true(bytes_equal_text(status.text, row->text));
    assert_int_equal(status.has_pend_info, row->pending);
    assert_int_equal(!bytes_is_empty(status.extended_oid), row->extended);
}

static void pend_info_is_read(void **state)
{
    (void)state;
    struct failure why;
    struct cmc_status status;
    const struct cmc_control c = {.kind = CMC_CONTROL_STATUS_INFO,
                                  .value = status_der(status_cases[5].der)};
    assert_true(cmc_decode_status(&c, case_arena(), &status, &why));
    assert_octets(status.pend_token, "010203");
    assert_true(status.pend_time == INT64_C(1767323045)); /* date -d 2026-01-02T03:04:05Z +%s */
}

static const struct bad_status {
    const char *name;
    const char *der; /* content of the SEQUENCE, in hex */
} bad_statuses[] = {
    {"empty bodyList", "020100"
                       "3000"},
    {"bodyList holds text", "020100"
                            "30030c0161"},
    {"bodyList holds an empty path", "020100"
                                     "30023000"},
    {"otherInfo is a BOOLEAN", "020102"
                               "3003020100"
                               "0101ff"},
    {"pendInfo without time", "020103"
                              "3003020100"
                              "3003040100"},
    {"extendedFailInfo without value", "020102"
                                       "3003020100"
                                       "a10406022a03"},
    {"trailing octets", "020100"
                        "3003020103"
                        "020102"
                        "0500"},
};

static void bad_status_row(void **state)
{
    const struct bad_status *row = *state;
    struct failure why = {0};
    struct cmc_status status;
    const struct cmc_control c = {.kind = CMC_CONTROL_STATUS_INFO_V2,
                                  .value = status_der(row->der)};
    assert_false(cmc_decode_status(&c, case_arena(), &status, &why));
    assert_int_equal(why.reason, REASON_BAD_DATA_FORMAT);
}

/* ---- other values --------------------------------------------------------------------------- */

/* As in tests/vectors/cmc/dogtag, 27. */
static void a_witness_is_read(void **state)
{
    (void)state;
    struct failure why;
    int64_t whole, *ids;
    size_t count;
    assert_true(
        cmc_decode_witness(hex("30080201003003020105"), case_arena(), &whole, &ids, &count, &why));
    assert_int_equal(whole, 0);
    assert_int_equal(count, 1);
    assert_int_equal(ids[0], 5);
}

static void a_revocation_is_read(void **state)
{
    (void)state;
    struct failure why;
    struct cmc_revocation revocation;
    struct bytes value = der_wrap(case_arena(), DER_SEQUENCE,
                                  hex("3000"
                                      "02020081"
                                      "0a0104"
                                      "0403736563"
                                      "0c0161"));
    assert_true(cmc_decode_revocation(value, case_arena(), &revocation, &why));
    assert_octets(revocation.issuer, "3000");
    assert_octets(revocation.serial, "0081");
    assert_int_equal(revocation.reason, 4);
    assert_true(revocation.has_secret);
    assert_true(bytes_equal_text(revocation.comment, "a"));
}

static void a_revocation_needs_a_reason(void **state)
{
    (void)state;
    struct failure why;
    struct cmc_revocation revocation;
    assert_false(cmc_decode_revocation(hex("3006"
                                           "3000"
                                           "02020081"),
                                       case_arena(), &revocation, &why));
    assert_int_equal(why.reason, REASON_BAD_DATA_FORMAT);
}

static void a_certificate_id_is_read(void **state)
{
    (void)state;
    struct failure why;
    struct bytes issuer, serial;
    assert_true(cmc_decode_cert_id(hex("3006"
                                       "3000"
                                       "02020081"),
                                   case_arena(), &issuer, &serial, &why));
    assert_octets(issuer, "3000");
    assert_octets(serial, "0081");
}

/* RFC 10002 table 1. */
static void numbers_are_unique(void **state)
{
    (void)state;
    for (unsigned a = 0; a < CMC_CONTROL_KINDS; a++) {
        for (unsigned b = 0; b < a; b++)
            assert_int_not_equal(cmc_control_row((enum cmc_control_kind)a)->number,
                                 cmc_control_row((enum cmc_control_kind)b)->number);
    }
    assert_int_equal(cmc_control_row(CMC_CONTROL_POP_LINK_WITNESS_V2)->number, 33);
    assert_int_equal(cmc_control_row(CMC_CONTROL_IDENTITY_PROOF_V2)->number, 34);
    assert_int_equal(cmc_control_row(CMC_CONTROL_STATUS_INFO_V2)->number, 25);
}

int main(void)
{
    CASES_ADD_ROWS(refusals, refusal_row);
    CASES_ADD(a_request_is_read);
    CASES_ADD(largest_ids_are_taken);
    CASES_ADD(a_crm_gets_its_sequence_back);
    CASES_ADD(an_orm_is_recognised);
    CASES_ADD(controls_may_repeat_ids);
    CASES_ADD(unknown_controls_are_kept);
    CASES_ADD(ber_is_taken);
    CASES_ADD_ROWS(octets_cases, octets_row);
    CASES_ADD(an_absent_control_is_empty);
    CASES_ADD_ROWS(status_cases, status_row);
    CASES_ADD(pend_info_is_read);
    CASES_ADD_ROWS(bad_statuses, bad_status_row);
    CASES_ADD(a_witness_is_read);
    CASES_ADD(a_revocation_is_read);
    CASES_ADD(a_revocation_needs_a_reason);
    CASES_ADD(a_certificate_id_is_read);
    CASES_ADD(numbers_are_unique);
    return cases_run("cmc_decode");
}
