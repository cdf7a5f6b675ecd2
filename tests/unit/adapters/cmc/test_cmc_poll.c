/* A device that asks again for what is pending (RFC 10002 6.13): its messages are made here, with
 * the key of tests/vectors/cmc/outbound/ra.pem, which the group knows as a registration authority.
 */
#include "tests/support/cases.h"

#include "adapters/cmc/cmc.h"
#include "adapters/cmc/cmc_incoming.h"
#include "adapters/pkix/cms.h"
#include "adapters/pkix/der.h"
#include "mapping/model/limits.h"
#include "tests/support/cmc_vectors.h"
#include "tests/support/octets.h"

#define NOW INT64_C(1893456000) /* date -u -d 2030-01-01 +%s */

static struct device_group group;
static struct credentials credentials;
static struct message message;
static uint8_t octets[256];

static struct inbound_context gateway(struct bytes body, struct bytes leg)
{
    group = (struct device_group){.name = "devices",
                                  .trust = cmc_trust(case_arena(), "outbound/ca.pem"),
                                  .signer = cmc_ra(case_arena())};
    credentials = (struct credentials){.groups = &group, .group_count = 1};
    message = (struct message){.body = body};
    for (size_t i = 0; i < sizeof(octets); i++)
        octets[i] = (uint8_t)i;
    return (struct inbound_context){.message = &message,
                                    .credentials = &credentials,
                                    .leg = leg,
                                    .now = NOW,
                                    .entropy = {.octets = octets, .left = sizeof(octets)}};
}

static struct bytes sealed(const struct cmc_writer *writer)
{
    struct bytes out;
    struct failure why = {0};
    const struct cms_signing signing = {.content_type = CMC_OID_PKI_DATA,
                                        .content = cmc_pki_data(writer),
                                        .signer = cmc_ra(case_arena())};
    if (!cms_sign(&signing, case_arena(), &out, &why))
        fail_msg("%s", why.text);
    return out;
}

static struct bytes octet_string(struct bytes content)
{
    return der_wrap(case_arena(), DER_OCTET_STRING, content);
}

static struct bytes enrolment(bool with_transaction)
{
    struct cmc_writer writer = cmc_writer(case_arena(), 2, 1);
    if (with_transaction) {
        cmc_write_control(&writer, CMC_CONTROL_TRANSACTION_ID, 2,
                          octets_from_hex(case_arena(), "020177"));
        cmc_write_control(&writer, CMC_CONTROL_SENDER_NONCE, 3,
                          octet_string(BYTES_LITERAL("first nonce")));
    }
    cmc_write_tcr(&writer, 1, cmc_vector(case_arena(), "outbound/device.p10"));
    return sealed(&writer);
}

static struct bytes query(bool with_transaction, struct bytes token, struct bytes nonce)
{
    struct cmc_writer writer = cmc_writer(case_arena(), 4, 0);
    cmc_write_control(&writer, CMC_CONTROL_QUERY_PENDING, 1, octet_string(token));
    if (with_transaction) {
        cmc_write_control(&writer, CMC_CONTROL_TRANSACTION_ID, 2,
                          octets_from_hex(case_arena(), "020177"));
        cmc_write_control(&writer, CMC_CONTROL_SENDER_NONCE, 3,
                          octet_string(BYTES_LITERAL("second nonce")));
        cmc_write_control(&writer, CMC_CONTROL_RECIPIENT_NONCE, 4, octet_string(nonce));
    }
    return sealed(&writer);
}

/* What the gateway told a device whose request is pending. */
struct told {
    struct claim claim;
    struct bytes leg;
    struct bytes token;
    struct bytes nonce;
};

static struct told told_to_wait(bool with_transaction)
{
    struct told told = {0};
    struct request request;
    struct failure why = {0};
    struct reply reply;
    struct cms_signed cms;
    struct cmc_body body;
    struct cmc_status status;
    struct inbound_context context = gateway(enrolment(with_transaction), BYTES_EMPTY);
    assert_true(cmc_inbound.claim(&context, case_arena(), &told.claim, &why));
    if (!cmc_inbound.decode(&context, case_arena(), &request, &why))
        fail_msg("%s %s", why.text, why.detail);
    struct result result = {.inbound_id = 1, .status = RESULT_PENDING, .retry_at = NOW + 60};
    const struct response response = {
        .operation = request.operation, .results = &result, .result_count = 1};
    context.leg = request.leg;
    cmc_inbound.encode(&context, &response, case_arena(), &reply);
    assert_true(cms_parse(reply.body, case_arena(), &cms, &why));
    assert_true(cmc_decode_response(cms.content, case_arena(), &body, &why));
    assert_true(cmc_decode_status(cmc_find(&body, CMC_CONTROL_STATUS_INFO_V2), case_arena(),
                                  &status, &why));
    told.leg = reply.leg;
    told.token = status.pend_token;
    assert_true(cmc_octets_of(cmc_find(&body, CMC_CONTROL_SENDER_NONCE), DER_OCTET_STRING, 64,
                              &told.nonce, &why));
    return told;
}

static void assert_poll(struct bytes body, const struct told *told)
{
    struct claim claim;
    struct request request;
    struct failure why = {0};
    struct inbound_context context = gateway(body, told->leg);
    assert_true(cmc_inbound.claim(&context, case_arena(), &claim, &why));
    assert_false(claim.opens);
    assert_true(bytes_equal(claim.exchange, told->claim.exchange));
    if (!cmc_inbound.decode(&context, case_arena(), &request, &why))
        fail_msg("%s %s", why.text, why.detail);
    assert_int_equal(request.operation, OPERATION_POLL);
    assert_int_equal(request.item_count, 0);
}

static void a_token_finds_its_exchange(void **state)
{
    (void)state;
    struct told told = told_to_wait(true);
    assert_poll(query(true, told.token, told.nonce), &told);
}

static void a_token_is_enough(void **state)
{
    (void)state;
    struct told told = told_to_wait(false);
    assert_poll(query(false, told.token, BYTES_EMPTY), &told);
}

static void assert_refused(struct bytes body, struct bytes leg, enum reason reason)
{
    struct request request;
    struct failure why = {0};
    struct inbound_context context = gateway(body, leg);
    assert_false(cmc_inbound.decode(&context, case_arena(), &request, &why));
    assert_string_equal(reason_row(why.reason)->word, reason_row(reason)->word);
}

static void another_token_is_refused(void **state)
{
    (void)state;
    struct told told = told_to_wait(true);
    struct bytes other = arena_copy(case_arena(), told.token);
    uint8_t *last = arena_alloc(case_arena(), other.size);
    memcpy(last, other.data, other.size);
    last[other.size - 1] ^= 1;
    assert_refused(query(true, bytes_of(last, other.size), told.nonce), told.leg,
                   REASON_UNKNOWN_TRANSACTION);
}

static void an_unknown_exchange_is_refused(void **state)
{
    (void)state;
    struct told told = told_to_wait(true);
    assert_refused(query(true, told.token, told.nonce), BYTES_EMPTY, REASON_UNKNOWN_TRANSACTION);
}

static void a_wrong_nonce_is_refused(void **state)
{
    (void)state;
    struct told told = told_to_wait(true);
    assert_refused(query(true, told.token, BYTES_LITERAL("another")), told.leg,
                   REASON_BAD_RECIPIENT_NONCE);
}

/* The token is good for the identity that got it, and for nobody else. */
static void another_sender_is_refused(void **state)
{
    (void)state;
    struct told told = told_to_wait(true);
    struct cmc_leg leg;
    struct failure why;
    assert_true(cmc_leg_unpack(told.leg, case_arena(), &leg, &why));
    leg.credential = BYTES_LITERAL("somebody else's certificate hash");
    assert_refused(query(true, told.token, told.nonce), cmc_leg_pack(&leg, case_arena()),
                   REASON_UNKNOWN_TRANSACTION);
}

static void a_new_request_beside_it_is_refused(void **state)
{
    (void)state;
    struct told told = told_to_wait(false);
    struct cmc_writer writer = cmc_writer(case_arena(), 1, 1);
    cmc_write_control(&writer, CMC_CONTROL_QUERY_PENDING, 2, octet_string(told.token));
    cmc_write_tcr(&writer, 1, cmc_vector(case_arena(), "outbound/device.p10"));
    assert_refused(sealed(&writer), told.leg, REASON_BAD_REQUEST);
}

static void a_first_message_has_no_recipient_nonce(void **state)
{
    (void)state;
    struct cmc_writer writer = cmc_writer(case_arena(), 1, 1);
    cmc_write_control(&writer, CMC_CONTROL_RECIPIENT_NONCE, 2, octet_string(BYTES_LITERAL("x")));
    cmc_write_tcr(&writer, 1, cmc_vector(case_arena(), "outbound/device.p10"));
    assert_refused(sealed(&writer), BYTES_EMPTY, REASON_BAD_RECIPIENT_NONCE);
}

static void request_id_0_is_refused(void **state)
{
    (void)state;
    struct cmc_writer writer = cmc_writer(case_arena(), 0, 1);
    cmc_write_tcr(&writer, 0, cmc_vector(case_arena(), "outbound/device.p10"));
    assert_refused(sealed(&writer), BYTES_EMPTY, REASON_BAD_REQUEST);
}

/* RFC 10002 6.19: an RA says that a control which nobody here knows was processed. */
static void an_ra_may_say_that_a_control_was_processed(void **state)
{
    (void)state;
    struct bytes list = octets_from_hex(case_arena(), "30053003020109");
    struct cmc_control controls[] = {
        {.id = 8, .kind = CMC_CONTROL_CONTROL_PROCESSED, .value = list},
        {.id = 9, .kind = CMC_CONTROL_UNKNOWN, .oid = der_oid(case_arena(), "1.2.3")},
        {.id = 10, .kind = CMC_CONTROL_UNKNOWN, .oid = der_oid(case_arena(), "1.2.4")},
    };
    struct cmc_body body = {.controls = controls, .control_count = 2};
    struct failure why;
    assert_true(cmc_screen(&body, true, case_arena(), &why));
    assert_false(cmc_screen(&body, false, case_arena(), &why));
    body.control_count = 3;
    assert_false(cmc_screen(&body, true, case_arena(), &why));
    assert_text_has(why.text, "1.2.4");
}

/* ---- what CMC does not allow in a request --------------------------------------------------- */

static const struct barred {
    const char *name;
    const char *crmf; /* of tests/vectors/crmf */
    enum reason reason;
    const char *text;
} barreds[] = {
    {"regInfo", "bc-reg-info", REASON_BAD_REQUEST, "regInfo"},
    {"encrCert", "bc-encr-cert", REASON_BAD_REQUEST, "encrCert"},
    {"no key", "bc-keygen", REASON_BAD_REQUEST, "publicKey"},
    {"poposkInput with the sender", "bc-sender", REASON_BAD_REQUEST, "subject"},
    {"no proof", "bc-absent", REASON_POP_REQUIRED, ""},
};

static void barred_row(void **state)
{
    const struct barred *row = *state;
    struct request request;
    struct failure why = {0};
    struct cmc_writer writer = cmc_writer(case_arena(), 0, 1);
    const char *path = arena_printf(case_arena(), "tests/vectors/crmf/%s.der", row->crmf);
    cmc_write_crm(&writer, octets_from_file(case_arena(), path));
    struct inbound_context context = gateway(sealed(&writer), BYTES_EMPTY);
    assert_false(cmc_inbound.decode(&context, case_arena(), &request, &why));
    assert_string_equal(reason_row(why.reason)->word, reason_row(row->reason)->word);
    assert_text_has(why.text, row->text);
}

static struct reply refused_as(struct inbound_context *context, enum reason reason)
{
    struct request request;
    struct failure why = {0};
    struct reply reply;
    assert_false(cmc_inbound.decode(context, case_arena(), &request, &why));
    assert_string_equal(reason_row(why.reason)->word, reason_row(reason)->word);
    cmc_inbound.refuse(context, &why, case_arena(), &reply);
    return reply;
}

static void a_message_that_is_too_large_is_refused_by_http_too(void **state)
{
    (void)state;
    size_t size = (size_t)LIMIT_MESSAGE_OCTETS + 1;
    struct bytes body = bytes_of(arena_alloc(case_arena(), size), size);
    struct inbound_context context = gateway(body, BYTES_EMPTY);
    struct reply reply = refused_as(&context, REASON_TOO_LARGE);
    assert_int_equal(reply.status, 413);
    assert_true(reply.body.size > 0);
}

static void an_empty_request_asks_for_nothing(void **state)
{
    (void)state;
    struct cmc_writer writer = cmc_writer(case_arena(), 0, 0);
    assert_refused(sealed(&writer), BYTES_EMPTY, REASON_BAD_REQUEST);
}

/* RFC 10002 3.2.1: noSupport for that item. */
static void another_form_of_request_is_not_supported(void **state)
{
    (void)state;
    struct bytes orm = octets_from_hex(case_arena(), "a20a"
                                                     "020107"
                                                     "06022a03"
                                                     "040101");
    struct cmc_writer writer = cmc_writer(case_arena(), 0, 1);
    writer.requests[writer.request_count++] = orm;
    struct inbound_context context = gateway(sealed(&writer), BYTES_EMPTY);
    struct reply reply = refused_as(&context, REASON_NO_OPERATION);
    struct cms_signed cms;
    struct cmc_body body;
    struct cmc_status status;
    struct failure why;
    assert_true(cms_parse(reply.body, case_arena(), &cms, &why));
    assert_true(cmc_decode_response(cms.content, case_arena(), &body, &why));
    assert_true(cmc_decode_status(cmc_find(&body, CMC_CONTROL_STATUS_INFO_V2), case_arena(),
                                  &status, &why));
    assert_int_equal(status.status, CMC_STATUS_NO_SUPPORT);
    assert_int_equal(status.ids[0], 7);
}

/* RFC 10002 6.8: a witness for a request in another layer says nothing of this one. */
static void a_witness_speaks_of_its_own_layer(void **state)
{
    (void)state;
    struct cmc_writer writer = cmc_writer(case_arena(), 1, 1);
    cmc_write_control(&writer, CMC_CONTROL_LRA_POP_WITNESS, 9,
                      octets_from_hex(case_arena(), "30080201043003020101"));
    cmc_write_crm(&writer, octets_from_file(case_arena(), "tests/vectors/crmf/bc-absent.der"));
    assert_refused(sealed(&writer), BYTES_EMPTY, REASON_POP_REQUIRED);
}

int main(void)
{
    CASES_ADD_ROWS(barreds, barred_row);
    CASES_ADD(a_message_that_is_too_large_is_refused_by_http_too);
    CASES_ADD(an_empty_request_asks_for_nothing);
    CASES_ADD(another_form_of_request_is_not_supported);
    CASES_ADD(a_witness_speaks_of_its_own_layer);
    CASES_ADD(a_token_finds_its_exchange);
    CASES_ADD(a_token_is_enough);
    CASES_ADD(another_token_is_refused);
    CASES_ADD(an_unknown_exchange_is_refused);
    CASES_ADD(a_wrong_nonce_is_refused);
    CASES_ADD(another_sender_is_refused);
    CASES_ADD(a_new_request_beside_it_is_refused);
    CASES_ADD(a_first_message_has_no_recipient_nonce);
    CASES_ADD(request_id_0_is_refused);
    CASES_ADD(an_ra_may_say_that_a_control_was_processed);
    return cases_run("cmc_poll");
}
