/* A whole session with an authority, answers from tests/vectors/cmc/outbound. */
#include "tests/support/cases.h"

#include "adapters/cmc/cmc.h"
#include "adapters/cmc/cmc_message.h"
#include "adapters/pkix/cms.h"
#include "adapters/pkix/der.h"
#include "adapters/pkix/pkcs10.h"
#include "tests/support/cmc_vectors.h"

#define NOW INT64_C(1893456000) /* date -u -d 2030-01-01 +%s */

/* ---- the authority and the request ---------------------------------------------------------- */

static struct bytes vector(const char *name)
{
    return cmc_vector(case_arena(), arena_printf(case_arena(), "outbound/%s", name));
}

static struct certificate *certificate(const char *name)
{
    return cmc_certificate(case_arena(), arena_printf(case_arena(), "outbound/%s", name));
}

static struct authority authority(void)
{
    return (struct authority){
        .name = "vectors",
        .url = "https://ca.example/cmc",
        .capabilities = {.protocol = PROTOCOL_CMC, .ra_pop = true},
        .trust = cmc_trust(case_arena(), "outbound/ca.pem"),
        .ra = cmc_ra(case_arena()),
        .tolerate_changes = true,
    };
}

static struct request request(void)
{
    struct failure why;
    struct item *item = arena_alloc(case_arena(), sizeof(*item));
    assert_true(pkcs10_parse(vector("device.p10"), case_arena(), item, &why));
    item->inbound_id = 77;
    item->pop_verdict = POP_VERIFIED;
    item->carriage = CARRIAGE_CMC_TCR;
    return (struct request){.operation = OPERATION_ENROLL, .items = item, .item_count = 1};
}

static struct request revocation(void)
{
    struct item *item = arena_alloc(case_arena(), sizeof(*item));
    struct certificate *device = certificate("device.pem");
    item->inbound_id = 77;
    item->old_issuer = certificate_issuer(device);
    item->old_serial = certificate_serial(device);
    item->revocation_reason = 5;
    return (struct request){.operation = OPERATION_REVOKE, .items = item, .item_count = 1};
}

/* ---- a session ------------------------------------------------------------------------------ */

static struct authority the_authority;
static uint8_t octets[256];

/* First messages take octets from 0 on, later ones from 0x80: as make.py has them. */
static struct outbound_context context(size_t from)
{
    for (size_t i = 0; i < sizeof(octets); i++)
        octets[i] = (uint8_t)i;
    return (struct outbound_context){
        .authority = &the_authority,
        .now = NOW,
        .entropy = {.octets = octets + from, .left = sizeof(octets) - from},
    };
}

static struct step begun(const struct request *asked)
{
    struct step step;
    struct failure why = {0};
    struct outbound_context with = context(0);
    if (!cmc_outbound.begin(&with, asked, case_arena(), &step, &why))
        fail_msg("%s %s", why.text, why.detail);
    assert_int_equal(step.kind, STEP_SEND);
    return step;
}

static struct step stepped(const struct request *asked, struct bytes state,
                           const struct outbound_event *event)
{
    struct step step;
    struct outbound_context with = context(0x80);
    cmc_outbound.step(&with, asked, state, event, case_arena(), &step);
    return step;
}

static struct step answered_by(const struct request *asked, struct bytes state,
                               const struct message *message)
{
    const struct outbound_event event = {.kind = OUTBOUND_ANSWER, .answer = message};
    return stepped(asked, state, &event);
}

static struct step answered(const struct request *asked, struct bytes state, const char *name)
{
    const struct message message = {.status = 200,
                                    .content_type = BYTES_LITERAL("application/pkcs7-mime"),
                                    .body = vector(arena_printf(case_arena(), "%s.der", name))};
    return answered_by(asked, state, &message);
}

static struct step first_answer(const char *name)
{
    the_authority = authority();
    struct request asked = request();
    return answered(&asked, begun(&asked).state, name);
}

/* ---- what an answer means ------------------------------------------------------------------- */

static const struct meaning {
    const char *name; /* of the vector */
    enum step_kind kind;
    enum result_status status;
    enum reason reason; /* REASON_COUNT: none */
    long source;        /* -1: none */
    const char *text;   /* a part of it */
} meanings[] = {
    {"success", STEP_DONE, RESULT_GRANTED, REASON_COUNT, -1, ""},
    {"success-without-status", STEP_DONE, RESULT_GRANTED, REASON_COUNT, -1, ""},
    {"success-v1", STEP_DONE, RESULT_GRANTED, REASON_COUNT, -1, ""},
    {"success-whole", STEP_DONE, RESULT_GRANTED, REASON_COUNT, -1, ""},
    {"success-by-cmc-ca", STEP_DONE, RESULT_GRANTED, REASON_COUNT, -1, ""},
    {"success-other-subject", STEP_DONE, RESULT_GRANTED_WITH_MODS, REASON_COUNT, -1, "subject"},
    {"simple", STEP_DONE, RESULT_GRANTED, REASON_COUNT, -1, ""},
    {"partial-done", STEP_DONE, RESULT_GRANTED, REASON_COUNT, -1, ""},

    {"success-without-transaction", STEP_DONE, RESULT_UNKNOWN, REASON_UPSTREAM_UNTRUSTED, -1, ""},
    {"success-without-nonce", STEP_DONE, RESULT_UNKNOWN, REASON_UPSTREAM_UNTRUSTED, -1, ""},
    {"success-wrong-transaction", STEP_DONE, RESULT_UNKNOWN, REASON_UPSTREAM_UNTRUSTED, -1, ""},
    {"success-wrong-nonce", STEP_DONE, RESULT_UNKNOWN, REASON_UPSTREAM_UNTRUSTED, -1, ""},
    {"success-without-certificate", STEP_DONE, RESULT_UNKNOWN, REASON_UPSTREAM_UNTRUSTED, -1, ""},
    {"success-other-key", STEP_DONE, RESULT_UNKNOWN, REASON_UPSTREAM_WRONG_CERT, -1, ""},
    {"success-certificate-of-stranger", STEP_DONE, RESULT_UNKNOWN, REASON_UPSTREAM_UNTRUSTED, -1,
     ""},
    {"success-by-stranger", STEP_DONE, RESULT_UNKNOWN, REASON_UPSTREAM_UNTRUSTED, -1, ""},
    {"success-by-plain", STEP_DONE, RESULT_UNKNOWN, REASON_UPSTREAM_UNTRUSTED, -1, ""},
    {"success-sha1", STEP_DONE, RESULT_UNKNOWN, REASON_UPSTREAM_UNTRUSTED, -1, ""},
    {"success-broken", STEP_DONE, RESULT_UNKNOWN, REASON_UPSTREAM_UNTRUSTED, -1, ""},
    {"success-unsigned", STEP_DONE, RESULT_UNKNOWN, REASON_UPSTREAM_UNTRUSTED, -1, ""},
    {"simple-other-key", STEP_DONE, RESULT_UNKNOWN, REASON_UPSTREAM_WRONG_CERT, -1, ""},
    {"simple-empty", STEP_DONE, RESULT_UNKNOWN, REASON_UPSTREAM_UNTRUSTED, -1, ""},
    {"failed-unsigned", STEP_DONE, RESULT_UNKNOWN, REASON_UPSTREAM_UNTRUSTED, -1, ""},
    {"failed-wrong-nonce", STEP_DONE, RESULT_UNKNOWN, REASON_UPSTREAM_UNTRUSTED, -1, ""},
    {"pending-without-token", STEP_DONE, RESULT_UNKNOWN, REASON_UPSTREAM_UNTRUSTED, -1, ""},

    /* RFC 10002 6.1.4, each value; those that accuse the message are ours, not the device's. */
    {"failed-0", STEP_DONE, RESULT_REFUSED, REASON_BAD_ALG, 0, "[cmc:badAlg]"},
    {"failed-1", STEP_DONE, RESULT_REFUSED, REASON_GATEWAY_FAULT, 1, "[cmc:badMessageCheck]"},
    {"failed-2", STEP_DONE, RESULT_REFUSED, REASON_BAD_REQUEST, 2, "[cmc:badRequest]"},
    {"failed-3", STEP_DONE, RESULT_REFUSED, REASON_GATEWAY_FAULT, 3, "[cmc:badTime]"},
    {"failed-4", STEP_DONE, RESULT_REFUSED, REASON_BAD_CERT_ID, 4, "[cmc:badCertId]"},
    {"failed-5", STEP_DONE, RESULT_REFUSED, REASON_UNSUPPORTED_EXT, 5, "[cmc:unsupportedExt]"},
    {"failed-6", STEP_DONE, RESULT_REFUSED, REASON_MUST_ARCHIVE_KEYS, 6, "[cmc:mustArchiveKeys]"},
    {"failed-7", STEP_DONE, RESULT_REFUSED, REASON_GATEWAY_FAULT, 7, "[cmc:badIdentity]"},
    {"failed-8", STEP_DONE, RESULT_REFUSED, REASON_POP_REQUIRED, 8, "[cmc:popRequired]"},
    {"failed-9", STEP_DONE, RESULT_REFUSED, REASON_BAD_POP, 9, "[cmc:popFailed]"},
    {"failed-10", STEP_DONE, RESULT_REFUSED, REASON_NO_KEY_REUSE, 10, "[cmc:noKeyReuse]"},
    {"failed-11", STEP_DONE, RESULT_REFUSED, REASON_SYSTEM_FAILURE, 11, "[cmc:internalCAError]"},
    {"failed-12", STEP_DONE, RESULT_REFUSED, REASON_SYSTEM_UNAVAIL, 12, "[cmc:tryLater]"},
    {"failed-13", STEP_DONE, RESULT_REFUSED, REASON_GATEWAY_FAULT, 13, "[cmc:authDataFail]"},
    {"failed", STEP_DONE, RESULT_REFUSED, REASON_UNSPECIFIED, -1, ""},
    {"failed-private", STEP_DONE, RESULT_REFUSED, REASON_VENDOR, 1001, "[cmc:1001]"},
    {"failed-extended", STEP_DONE, RESULT_REFUSED, REASON_VENDOR, -1, "1.3.6.1.4.1.55555.9 02014d"},
    {"failed-extended-5272", STEP_DONE, RESULT_REFUSED, REASON_VENDOR, -1,
     "1.3.6.1.4.1.55555.9 02014d"},
    {"failed-path", STEP_DONE, RESULT_REFUSED, REASON_NO_KEY_REUSE, 10, ""},
    {"failed-our-control", STEP_DONE, RESULT_REFUSED, REASON_GATEWAY_FAULT, 2, "what is this"},
    {"failed-without-echo", STEP_DONE, RESULT_REFUSED, REASON_BAD_REQUEST, 2,
     "Invalid Credential. [cmc:badRequest]"},
    {"failed-text", STEP_DONE, RESULT_REFUSED, REASON_NO_KEY_REUSE, 10, "line one"},
    {"failed-twice", STEP_DONE, RESULT_REFUSED, REASON_UNSUPPORTED_EXT, 5, "first; second"},
    {"no-support", STEP_DONE, RESULT_REFUSED, REASON_BAD_REQUEST, -1, "not here"},
    {"pop-required", STEP_DONE, RESULT_REFUSED, REASON_POP_REQUIRED, 8, ""},
    {"reserved-status", STEP_DONE, RESULT_REFUSED, REASON_SYSTEM_FAILURE, -1, ""},
    {"undefined-status", STEP_DONE, RESULT_REFUSED, REASON_SYSTEM_FAILURE, -1, ""},

    {"pending", STEP_WAIT, RESULT_PENDING, REASON_COUNT, -1, ""},
    {"pending-long-ago", STEP_WAIT, RESULT_PENDING, REASON_COUNT, -1, ""},
};

static void check_certificate(const struct result *result)
{
    bool granted = result->status == RESULT_GRANTED || result->status == RESULT_GRANTED_WITH_MODS;
    assert_int_equal(!bytes_is_empty(result->certificate), granted);
    if (!granted)
        return;
    struct certificate *issued;
    struct failure why;
    assert_true(certificate_parse(result->certificate, &issued, &why));
    struct bytes expected = certificate_spki(certificate("device.pem"));
    bool same = bytes_equal(certificate_spki(issued), expected);
    certificate_unref(issued);
    assert_true(same);
}

static void meaning_row(void **state)
{
    const struct meaning *row = *state;
    struct step step = first_answer(row->name);
    const struct result *result = &step.response.results[0];
    assert_int_equal(step.kind, row->kind);
    assert_int_equal(step.response.result_count, 1);
    assert_int_equal(result->inbound_id, 77);
    assert_string_equal(result_status_word(result->status), result_status_word(row->status));
    assert_int_equal(result->reason_count > 0, row->reason != REASON_COUNT);
    if (row->reason != REASON_COUNT)
        assert_string_equal(reason_row(result->reasons[0])->word, reason_row(row->reason)->word);
    assert_int_equal(result->has_source, row->source >= 0);
    if (row->source >= 0)
        assert_int_equal(result->source.value, row->source);
    assert_text_has(arena_text(case_arena(), result->text), row->text);
    check_certificate(result);
}

static void all_reasons_are_told(void **state)
{
    (void)state;
    struct step step = first_answer("failed-twice");
    const struct result *result = &step.response.results[0];
    assert_int_equal(result->reason_count, 2);
    assert_int_equal(result->reasons[1], REASON_NO_KEY_REUSE);
}

/* The authority's option: what differs from the request is not delivered. */
static void changes_need_not_be_tolerated(void **state)
{
    (void)state;
    the_authority = authority();
    the_authority.tolerate_changes = false;
    struct request asked = request();
    struct step step = answered(&asked, begun(&asked).state, "success-other-subject");
    const struct result *result = &step.response.results[0];
    assert_int_equal(result->status, RESULT_UNKNOWN);
    assert_int_equal(result->reasons[0], REASON_UPSTREAM_WRONG_CERT);
    assert_text_has(arena_text(case_arena(), result->detail), "subject");
    assert_true(bytes_is_empty(result->certificate));
}

static void the_chain_comes_along(void **state)
{
    (void)state;
    struct step step = first_answer("success");
    assert_true(step.response.chain_count <= 1);
    if (step.response.chain_count == 1)
        assert_true(bytes_equal(step.response.chain[0], certificate_der(certificate("ca.pem"))));
}

/* The authority's clock, not ours, tells how long to wait: signingTime to pendTime is 100 s. */
static void the_wait_is_measured_on_the_authoritys_clock(void **state)
{
    (void)state;
    struct step step = first_answer("pending");
    assert_in_range(step.wait_until, NOW + 95, NOW + 100);
    step = first_answer("pending-long-ago");
    assert_int_equal(step.wait_until, NOW + 30);
}

/* ---- answers that are none ------------------------------------------------------------------ */

static const struct noise {
    const char *name;
    int status;
    const char *type;
    const char *vector; /* NULL: `text` */
    const char *text;
    size_t cut;    /* octets to leave away at the end */
    bool appended; /* an octet behind */
} noises[] = {
    {"html", 200, "text/html", NULL, "<html>", 0, false},
    {"html with a status", 503, "text/html", NULL, "busy", 0, false},
    {"nothing", 200, "application/pkcs7-mime", NULL, "", 0, false},
    {"text in the right type", 200, "application/pkcs7-mime", NULL, "hello", 0, false},
    {"truncated", 200, "application/pkcs7-mime", "success", NULL, 5, false},
    {"trailing octet", 200, "application/pkcs7-mime", "success", NULL, 0, true},
    {"wrong media type", 200, "application/pkixcmp", "success", NULL, 0, false},
    {"a request for an answer", 200, "application/pkcs7-mime", "device.p10", NULL, 0, false},
};

static void noise_row(void **state)
{
    const struct noise *row = *state;
    the_authority = authority();
    struct request asked = request();
    struct bytes body = bytes_of_text(row->text);
    if (row->vector != NULL)
        body = vector(strchr(row->vector, '.') == NULL
                          ? arena_printf(case_arena(), "%s.der", row->vector)
                          : row->vector);
    uint8_t *copy = arena_alloc(case_arena(), body.size + 1);
    if (body.size > 0)
        memcpy(copy, body.data, body.size);
    const struct message message = {
        .status = row->status,
        .content_type = bytes_of_text(row->type),
        .body = bytes_of(copy, body.size - row->cut + (row->appended ? 1 : 0))};
    struct step step = answered_by(&asked, begun(&asked).state, &message);
    assert_int_equal(step.kind, STEP_DONE);
    assert_int_equal(step.response.results[0].status, RESULT_UNKNOWN);
    assert_int_equal(step.response.results[0].reasons[0], REASON_UPSTREAM_UNTRUSTED);
}

/* 4xx and 5xx with a CMC body are read (RFC 10003 4); media types are case-insensitive. */
static void any_status_may_carry_an_answer(void **state)
{
    (void)state;
    the_authority = authority();
    struct request asked = request();
    const struct message message = {.status = 500,
                                    .content_type = BYTES_LITERAL("Application/PKCS7-MIME; x=y"),
                                    .body = vector("failed-10.der")};
    struct step step = answered_by(&asked, begun(&asked).state, &message);
    assert_int_equal(step.response.results[0].reasons[0], REASON_NO_KEY_REUSE);
}

/* An unsigned Simple Response could be an old one played again. */
static void a_simple_response_needs_tls(void **state)
{
    (void)state;
    the_authority = authority();
    the_authority.url = "http://ca.example/cmc";
    struct request asked = request();
    struct bytes sent = begun(&asked).state;
    struct step step = answered(&asked, sent, "simple");
    assert_int_equal(step.response.results[0].status, RESULT_UNKNOWN);
    the_authority.cmc.simple_response_without_tls = true;
    step = answered(&asked, sent, "simple");
    assert_int_equal(step.response.results[0].status, RESULT_GRANTED);
}

static void a_request_that_did_not_leave_may_be_tried_again(void **state)
{
    (void)state;
    the_authority = authority();
    struct request asked = request();
    const struct failure why = {.text = "connection refused"};
    const struct outbound_event event = {.kind = OUTBOUND_NOT_SENT, .transport = &why};
    struct step step = stepped(&asked, begun(&asked).state, &event);
    assert_int_equal(step.kind, STEP_DONE);
    assert_int_equal(step.response.results[0].status, RESULT_REFUSED);
    assert_int_equal(step.response.results[0].reasons[0], REASON_SYSTEM_UNAVAIL);
}

/* After a lost answer the same octets may go again, and the session still knows its own nonce. */
static void a_lost_answer_may_still_come(void **state)
{
    (void)state;
    the_authority = authority();
    struct request asked = request();
    const struct failure why = {.text = "timeout"};
    const struct outbound_event event = {.kind = OUTBOUND_LOST, .transport = &why};
    struct step step = stepped(&asked, begun(&asked).state, &event);
    assert_int_equal(step.kind, STEP_DONE);
    assert_int_equal(step.response.results[0].status, RESULT_UNKNOWN);
    assert_int_equal(step.response.results[0].reasons[0], REASON_UPSTREAM_UNKNOWN);
    step = answered(&asked, step.state, "success");
    assert_int_equal(step.response.results[0].status, RESULT_GRANTED);
}

/* ---- pending -------------------------------------------------------------------------------- */

static struct cmc_body sent_body(const struct step *step)
{
    struct cms_signed cms;
    struct cmc_body body;
    struct failure why = {0};
    assert_true(cms_parse(step->call.body, case_arena(), &cms, &why));
    assert_true(der_oid_is(cms.content_type, CMC_OID_PKI_DATA));
    if (!cmc_decode_request(cms.content, case_arena(), &body, &why))
        fail_msg("%s", why.text);
    return body;
}

static void assert_control(const struct cmc_body *body, enum cmc_control_kind kind,
                           const char *value)
{
    const struct cmc_control *control = cmc_find(body, kind);
    assert_non_null(control);
    assert_octets(control->value, value);
}

static struct step asked_again(const struct request *asked)
{
    const struct outbound_event event = {.kind = OUTBOUND_TIME};
    struct step step = answered(asked, begun(asked).state, "pending");
    return stepped(asked, step.state, &event);
}

static void a_query_continues_the_transaction(void **state)
{
    (void)state;
    the_authority = authority();
    struct request asked = request();
    struct step step = asked_again(&asked);
    assert_int_equal(step.kind, STEP_SEND);
    struct cmc_body body = sent_body(&step);
    assert_int_equal(body.request_count, 0);
    assert_control(&body, CMC_CONTROL_TRANSACTION_ID, "0210400102030405060708090a0b0c0d0e0f");
    assert_control(&body, CMC_CONTROL_SENDER_NONCE, "0410808182838485868788898a8b8c8d8e8f");
    assert_control(&body, CMC_CONTROL_RECIPIENT_NONCE, /* "authority-nonce!" */
                   "0410617574686f726974792d6e6f6e636521");
    assert_control(&body, CMC_CONTROL_QUERY_PENDING, /* "token-of-the-authority" */
                   "0416746f6b656e2d6f662d7468652d617574686f72697479");
}

static const struct later {
    const char *name;
    enum step_kind kind;
    enum result_status status;
} laters[] = {
    {"later-pending", STEP_WAIT, RESULT_PENDING},
    {"later-success", STEP_DONE, RESULT_GRANTED},
    {"later-success-by-control", STEP_DONE, RESULT_GRANTED},
    {"later-failed", STEP_DONE, RESULT_REFUSED},
    /* What cannot be believed is as if it had not come: it is asked again. */
    {"success", STEP_WAIT, RESULT_PENDING},
    {"success-unsigned", STEP_WAIT, RESULT_PENDING},
};

static void later_row(void **state)
{
    const struct later *row = *state;
    the_authority = authority();
    struct request asked = request();
    struct step step = answered(&asked, asked_again(&asked).state, row->name);
    assert_int_equal(step.kind, row->kind);
    assert_int_equal(step.response.results[0].status, row->status);
    if (row->kind == STEP_WAIT)
        assert_int_equal(step.wait_until, NOW + 30);
}

static void a_lost_query_is_asked_again(void **state)
{
    (void)state;
    the_authority = authority();
    struct request asked = request();
    const struct outbound_event lost = {.kind = OUTBOUND_LOST};
    struct step step = stepped(&asked, asked_again(&asked).state, &lost);
    assert_int_equal(step.kind, STEP_WAIT);
    assert_int_equal(step.response.results[0].status, RESULT_PENDING);
    const struct outbound_event time = {.kind = OUTBOUND_TIME};
    step = stepped(&asked, step.state, &time);
    assert_int_equal(step.kind, STEP_SEND);
}

/* ---- confirmation --------------------------------------------------------------------------- */

static struct step confirmed(const struct request *asked, bool accepted)
{
    const struct confirmation word = {.inbound_id = 77, .accepted = accepted};
    const struct outbound_event event = {
        .kind = OUTBOUND_CONFIRM, .confirmations = &word, .confirmation_count = 1};
    struct step step = answered(asked, begun(asked).state, "confirm-required");
    assert_int_equal(step.kind, STEP_DONE);
    assert_int_equal(step.response.results[0].status, RESULT_GRANTED);
    assert_true(step.response.results[0].confirm_needed);
    step = stepped(asked, step.state, &event);
    assert_int_equal(step.kind, STEP_SEND);
    return step;
}

/* RFC 10002 6.14: statusInfoV2 success and the certificate's issuer and serial number. */
static void accepting_names_the_certificate(void **state)
{
    (void)state;
    the_authority = authority();
    struct request asked = request();
    struct step step = confirmed(&asked, true);
    struct cmc_body body = sent_body(&step);
    struct bytes issuer, serial;
    struct failure why;
    const struct cmc_control *id = cmc_find(&body, CMC_CONTROL_CONFIRM_CERT_ACCEPTANCE);
    assert_non_null(id);
    assert_true(cmc_decode_cert_id(id->value, case_arena(), &issuer, &serial, &why));
    assert_true(bytes_equal(issuer, certificate_issuer(certificate("device.pem"))));
    assert_true(bytes_equal(serial, certificate_serial(certificate("device.pem"))));
    assert_control(&body, CMC_CONTROL_STATUS_INFO_V2,
                   "3008"
                   "020100"
                   "3003020101");
    step = answered(&asked, step.state, "confirmed");
    assert_int_equal(step.kind, STEP_DONE);
    assert_int_equal(step.response.results[0].status, RESULT_GRANTED);
    assert_false(step.response.results[0].confirm_needed);
}

static void rejecting_is_a_status_alone(void **state)
{
    (void)state;
    the_authority = authority();
    struct request asked = request();
    struct step step = confirmed(&asked, false);
    struct cmc_body body = sent_body(&step);
    assert_null(cmc_find(&body, CMC_CONTROL_CONFIRM_CERT_ACCEPTANCE));
    assert_control(&body, CMC_CONTROL_STATUS_INFO_V2,
                   "3008"
                   "020102"
                   "3003020101");
}

static void a_refused_confirmation_is_told(void **state)
{
    (void)state;
    the_authority = authority();
    struct request asked = request();
    struct step step = answered(&asked, confirmed(&asked, true).state, "not-confirmed");
    assert_int_equal(step.kind, STEP_DONE);
    assert_int_equal(step.response.results[0].status, RESULT_REFUSED);
    assert_int_equal(step.response.results[0].reasons[0], REASON_BAD_CERT_ID);
}

/* ---- revocation ----------------------------------------------------------------------------- */

static void a_revocation_names_certificate_and_reason(void **state)
{
    (void)state;
    the_authority = authority();
    struct request asked = revocation();
    struct step step = begun(&asked);
    struct cmc_body body = sent_body(&step);
    struct cmc_revocation sent;
    struct failure why;
    const struct cmc_control *control = cmc_find(&body, CMC_CONTROL_REVOKE_REQUEST);
    assert_non_null(control);
    assert_true(cmc_decode_revocation(control->value, case_arena(), &sent, &why));
    assert_true(bytes_equal(sent.issuer, asked.items[0].old_issuer));
    assert_true(bytes_equal(sent.serial, asked.items[0].old_serial));
    assert_int_equal(sent.reason, 5);
    step = answered(&asked, step.state, "revoked");
    assert_int_equal(step.response.results[0].status, RESULT_GRANTED);
}

static void a_refused_revocation_is_told(void **state)
{
    (void)state;
    the_authority = authority();
    struct request asked = revocation();
    struct step step = answered(&asked, begun(&asked).state, "not-revoked");
    assert_int_equal(step.response.results[0].status, RESULT_REFUSED);
    assert_int_equal(step.response.results[0].reasons[0], REASON_BAD_CERT_ID);
}

/* ---- states --------------------------------------------------------------------------------- */

/* A state that no session wrote gives an honest answer, and no crash. */
static void a_broken_state_is_unknown(void **state)
{
    (void)state;
    the_authority = authority();
    struct request asked = request();
    struct bytes good = begun(&asked).state;
    for (size_t size = 0; size < good.size; size++) {
        struct step step = answered(&asked, bytes_slice(good, 0, size), "success");
        assert_int_equal(step.kind, STEP_DONE);
        assert_int_equal(step.response.results[0].status, RESULT_UNKNOWN);
        assert_int_equal(step.response.results[0].reasons[0], REASON_INTERNAL);
    }
}

int main(void)
{
    CASES_ADD_ROWS(meanings, meaning_row);
    CASES_ADD(all_reasons_are_told);
    CASES_ADD(changes_need_not_be_tolerated);
    CASES_ADD(the_chain_comes_along);
    CASES_ADD(the_wait_is_measured_on_the_authoritys_clock);
    CASES_ADD_ROWS(noises, noise_row);
    CASES_ADD(any_status_may_carry_an_answer);
    CASES_ADD(a_simple_response_needs_tls);
    CASES_ADD(a_request_that_did_not_leave_may_be_tried_again);
    CASES_ADD(a_lost_answer_may_still_come);
    CASES_ADD(a_query_continues_the_transaction);
    CASES_ADD_ROWS(laters, later_row);
    CASES_ADD(a_lost_query_is_asked_again);
    CASES_ADD(accepting_names_the_certificate);
    CASES_ADD(rejecting_is_a_status_alone);
    CASES_ADD(a_refused_confirmation_is_told);
    CASES_ADD(a_revocation_names_certificate_and_reason);
    CASES_ADD(a_refused_revocation_is_told);
    CASES_ADD(a_broken_state_is_unknown);
    return cases_run("cmc_outbound");
}
