/* What real clients sent (tests/vectors/cmc/dogtag), judged by the inbound adapter. What each row
 * expects was written from RFC 10002 and from what the message is known to be, not from a run. */
#include "tests/support/cases.h"

#include "adapters/cmc/cmc.h"
#include "adapters/cmc/cmc_incoming.h"
#include "adapters/pkix/cms.h"
#include "adapters/pkix/der.h"
#include "tests/support/cmc_vectors.h"
#include "tests/support/octets.h"

#define NOW INT64_C(1795304910) /* date -u -d 2026-11-21T23:48:30Z +%s: when they were made */

/* ---- the gateway that they meet ------------------------------------------------------------- */

enum {
    ANY_RA = 1,
    UNPROVEN = 2,
    LEGACY_SIGNATURE = 4,
    TLS = 8,       /* the connection shows agent.pem */
    STRANGER = 16, /* the group trusts another CA */
    LATE = 32,     /* an hour later, with a skew of 300 s */
    NO_SECRETS = 64
};

static struct device_group group;
static struct credentials credentials;
static struct message message;
static uint8_t octets[256];

static void release_secrets(void *secrets)
{
    secrets_unref(secrets);
}

static struct secrets *the_secrets(void)
{
    struct secrets *secrets = secrets_new();
    secrets_add(secrets, BYTES_LITERAL("testuser"), BYTES_LITERAL("a shared secret"));
    return arena_own(case_arena(), secrets, release_secrets);
}

static struct inbound_context gateway(const char *name, int options)
{
    const char *ca = (options & STRANGER) != 0 ? "outbound/stranger.pem" : "dogtag/ca.pem";
    group = (struct device_group){
        .name = "devices",
        .secrets = (options & NO_SECRETS) != 0 ? NULL : the_secrets(),
        .trust = cmc_trust(case_arena(), ca),
        .signer = cmc_ra(case_arena()),
        .options = {.any_ra = (options & ANY_RA) != 0,
                    .unproven = (options & UNPROVEN) != 0,
                    .signature_sha1 = (options & LEGACY_SIGNATURE) != 0,
                    .skew_s = (options & LATE) != 0 ? 300 : 0},
    };
    credentials = (struct credentials){.groups = &group, .group_count = 1};
    message = (struct message){
        .method = BYTES_LITERAL("POST"),
        .path = BYTES_LITERAL("/cmc"),
        .body = cmc_vector(case_arena(), arena_printf(case_arena(), "dogtag/%s.req.der", name)),
    };
    if ((options & TLS) != 0)
        message.client_certificate =
            certificate_der(cmc_certificate(case_arena(), "dogtag/agent.pem"));
    for (size_t i = 0; i < sizeof(octets); i++)
        octets[i] = (uint8_t)i;
    return (struct inbound_context){
        .message = &message,
        .credentials = &credentials,
        .now = (options & LATE) != 0 ? NOW + 3600 : NOW,
        .entropy = {.octets = octets, .left = sizeof(octets)},
    };
}

/* ---- taken ---------------------------------------------------------------------------------- */

static const struct taken {
    const char *name;
    int options;
    enum operation operation;
    enum identity_kind kind;
    const char *principal; /* a part of it */
    size_t items;
    int64_t id; /* of the last item */
    enum pop_form form;
    enum pop_verdict verdict;
} takens[] = {
    {"01-tool-pkcs10", ANY_RA, OPERATION_ENROLL, IDENTITY_SIGNATURE, "CN=Peer CA Agent", 1, 1,
     POP_FORM_PKCS10, POP_VERIFIED},
    {"02-tool-crmf", ANY_RA, OPERATION_ENROLL, IDENTITY_SIGNATURE, "CN=Peer CA Agent", 1, 1,
     POP_FORM_SIGNATURE, POP_VERIFIED},
    {"03-tool-controls", ANY_RA, OPERATION_ENROLL, IDENTITY_SIGNATURE, "CN=Peer CA Agent", 1, 3,
     POP_FORM_PKCS10, POP_VERIFIED},
    {"04-tool-ec", ANY_RA, OPERATION_ENROLL, IDENTITY_SIGNATURE, "CN=Peer CA Agent", 1, 1,
     POP_FORM_PKCS10, POP_VERIFIED},
    {"12-tool-identity-proof", 0, OPERATION_ENROLL, IDENTITY_MAC, "testuser", 1, 1, POP_FORM_PKCS10,
     POP_VERIFIED},
    {"13-tool-pop-link", 0, OPERATION_ENROLL, IDENTITY_MAC, "testuser", 1, 1, POP_FORM_PKCS10,
     POP_VERIFIED},
    {"14-tool-pop-link-crmf", 0, OPERATION_ENROLL, IDENTITY_MAC, "testuser", 1, 1,
     POP_FORM_SIGNATURE, POP_VERIFIED},
    {"18-own-controls", ANY_RA, OPERATION_ENROLL, IDENTITY_SIGNATURE, "CN=Peer CA Agent", 1, 100,
     POP_FORM_PKCS10, POP_VERIFIED},
    {"20-own-crmf", ANY_RA, OPERATION_ENROLL, IDENTITY_SIGNATURE, "CN=Peer CA Agent", 1, 7,
     POP_FORM_SIGNATURE, POP_VERIFIED},
    {"22-own-ec-crmf", ANY_RA, OPERATION_ENROLL, IDENTITY_SIGNATURE, "CN=Peer CA Agent", 1, 7,
     POP_FORM_SIGNATURE, POP_VERIFIED},
    {"23-own-ec-agent", ANY_RA, OPERATION_ENROLL, IDENTITY_SIGNATURE, "CN=Peer CA EC Agent", 1, 1,
     POP_FORM_PKCS10, POP_VERIFIED},
    {"24-own-sha1", ANY_RA | LEGACY_SIGNATURE, OPERATION_ENROLL, IDENTITY_SIGNATURE,
     "CN=Peer CA Agent", 1, 100, POP_FORM_PKCS10, POP_VERIFIED},
    {"25-own-sha384", ANY_RA, OPERATION_ENROLL, IDENTITY_SIGNATURE, "CN=Peer CA Agent", 1, 100,
     POP_FORM_PKCS10, POP_VERIFIED},
    {"26-own-sha512", ANY_RA, OPERATION_ENROLL, IDENTITY_SIGNATURE, "CN=Peer CA Agent", 1, 100,
     POP_FORM_PKCS10, POP_VERIFIED},
    {"27-own-lra", ANY_RA, OPERATION_ENROLL, IDENTITY_SIGNATURE, "CN=Peer CA Agent", 1, 5,
     POP_FORM_RA_VERIFIED, POP_VOUCHED},
    {"31-own-nested-beside", ANY_RA, OPERATION_ENROLL, IDENTITY_SIGNATURE, "CN=Peer CA Agent", 1, 3,
     POP_FORM_PKCS10, POP_VERIFIED},
    {"32-own-bpid-max", ANY_RA, OPERATION_ENROLL, IDENTITY_SIGNATURE, "CN=Peer CA Agent", 1,
     4294967295, POP_FORM_PKCS10, POP_VERIFIED},
    {"35-own-renewal", 0, OPERATION_UPDATE, IDENTITY_SIGNATURE, "CN=own renewal", 1, 3,
     POP_FORM_PKCS10, POP_VERIFIED},
    {"36-own-simple", ANY_RA | TLS, OPERATION_ENROLL, IDENTITY_TLS, "CN=Peer CA Agent", 1, 1,
     POP_FORM_PKCS10, POP_VERIFIED},
    {"36-own-simple", UNPROVEN, OPERATION_ENROLL, IDENTITY_REQUEST_KEY, "key ", 1, 1,
     POP_FORM_PKCS10, POP_VERIFIED},
    {"37-own-simple-ec", ANY_RA | TLS, OPERATION_ENROLL, IDENTITY_TLS, "CN=Peer CA Agent", 1, 1,
     POP_FORM_PKCS10, POP_VERIFIED},
    /* What Dogtag refused and we need not: RFC 5754 wants no parameters; PSS; two requests. */
    {"40-bad-absent-null", ANY_RA, OPERATION_ENROLL, IDENTITY_SIGNATURE, "CN=Peer CA Agent", 1, 100,
     POP_FORM_PKCS10, POP_VERIFIED},
    {"41-bad-pss", ANY_RA, OPERATION_ENROLL, IDENTITY_SIGNATURE, "CN=Peer CA Agent", 1, 100,
     POP_FORM_PKCS10, POP_VERIFIED},
    {"51-bad-crmf-extension", ANY_RA, OPERATION_ENROLL, IDENTITY_SIGNATURE, "CN=Peer CA Agent", 1,
     5, POP_FORM_SIGNATURE, POP_VERIFIED},
    {"52-bad-ra-verified", ANY_RA, OPERATION_ENROLL, IDENTITY_SIGNATURE, "CN=Peer CA Agent", 1, 5,
     POP_FORM_RA_VERIFIED, POP_VOUCHED},
    {"55-bad-two-requests", ANY_RA, OPERATION_ENROLL, IDENTITY_SIGNATURE, "CN=Peer CA Agent", 2, 12,
     POP_FORM_PKCS10, POP_VERIFIED},
    {"69-link-good", 0, OPERATION_ENROLL, IDENTITY_MAC, "testuser", 1, 1, POP_FORM_PKCS10,
     POP_VERIFIED},
    {"70-link-missing", 0, OPERATION_ENROLL, IDENTITY_MAC, "testuser", 1, 1, POP_FORM_PKCS10,
     POP_VERIFIED},
};

static struct request decoded(struct inbound_context *context)
{
    struct request request;
    struct failure why = {0};
    if (!cmc_inbound.decode(context, case_arena(), &request, &why))
        fail_msg("%s (%s): %s %s", reason_row(why.reason)->word, why.clause, why.text, why.detail);
    return request;
}

static void taken_row(void **state)
{
    const struct taken *row = *state;
    struct inbound_context context = gateway(row->name, row->options);
    struct request request = decoded(&context);
    assert_string_equal(operation_word(request.operation), operation_word(row->operation));
    assert_string_equal(identity_kind_word(request.identity.kind), identity_kind_word(row->kind));
    assert_text_has(arena_text(case_arena(), request.identity.principal), row->principal);
    assert_int_equal(request.identity.credential.size, 32);
    assert_int_equal(request.identity.group, 0);
    assert_int_equal(request.item_count, row->items);
    const struct item *item = &request.items[row->items - 1];
    assert_int_equal(item->inbound_id, row->id);
    assert_string_equal(pop_form_row(item->pop_form)->word, pop_form_row(row->form)->word);
    assert_int_equal(item->pop_verdict, row->verdict);
    assert_false(bytes_is_empty(request.leg));
    assert_false(request.can_confirm);
}

/* ---- revocations ---------------------------------------------------------------------------- */

/* What each names stands in the message's .req.txt, as another decoder read it. */
static const struct revocation {
    const char *name;
    int options;
    const char *principal;
    const char *serial;
    int reason;
} revocations[] = {
    {"05-tool-revoke-agent", ANY_RA, "CN=Peer CA Agent", "0a", 1},
    {"08-tool-revoke-user", 0, "CN=tool pkcs10", "09", 4},
    {"33-own-revoke", ANY_RA, "CN=Peer CA Agent", "14", 4},
    {"34-own-revoke-again", ANY_RA, "CN=Peer CA Agent", "14", 4},
};

static void revocation_row(void **state)
{
    const struct revocation *row = *state;
    struct inbound_context context = gateway(row->name, row->options);
    struct request request = decoded(&context);
    struct bytes issuer = certificate_subject(cmc_certificate(case_arena(), "dogtag/ca.pem"));
    assert_string_equal(operation_word(request.operation), operation_word(OPERATION_REVOKE));
    assert_int_equal(request.identity.kind, IDENTITY_SIGNATURE);
    assert_int_equal(request.identity.is_ra, (row->options & ANY_RA) != 0);
    assert_text_has(arena_text(case_arena(), request.identity.principal), row->principal);
    assert_int_equal(request.item_count, 1);
    assert_int_equal(request.items[0].inbound_id, 1);
    assert_true(bytes_equal(request.items[0].old_issuer, issuer));
    assert_octets(request.items[0].old_serial, row->serial);
    assert_int_equal(request.items[0].revocation_reason, row->reason);
}

/* ---- refused -------------------------------------------------------------------------------- */

static const struct refused {
    const char *name;
    int options;
    enum reason reason;
    int64_t id; /* in the answer's bodyList */
    int64_t status;
    int64_t fail_info;
} refuseds[] = {
    /* the same messages, with one thing taken away */
    {"01-tool-pkcs10", 0, REASON_BAD_REQUEST, 0, 2, 2}, /* another subject than the signer's */
    {"01-tool-pkcs10", STRANGER, REASON_SIGNER_UNKNOWN, 0, 2, 7},
    {"12-tool-identity-proof", NO_SECRETS, REASON_SECRET_WRONG, 0, 2, 7},
    {"24-own-sha1", ANY_RA, REASON_BAD_ALG, 0, 2, 0},
    {"27-own-lra", 0, REASON_UNKNOWN_CONTROL, 1, 2, 2},
    {"36-own-simple", 0, REASON_BAD_IDENTITY, 1, 2, 7},
    {"36-own-simple", TLS, REASON_BAD_REQUEST, 1, 2, 2},
    {"18-own-controls", ANY_RA | LATE, REASON_BAD_TIME, 0, 2, 3},
    {"52-bad-ra-verified", 0, REASON_POP_NOT_BOUND, 0, 2, 9},

    /* messages that are wrong in themselves */
    {"15-tool-identity-proof-bad", 0, REASON_SECRET_WRONG, 0, 2, 7},
    {"42-bad-no-certs", ANY_RA, REASON_SIGNER_UNKNOWN, 0, 2, 7},
    {"43-bad-signature", ANY_RA, REASON_SIGNATURE_WRONG, 0, 2, 1},
    {"44-bad-garbage", ANY_RA, REASON_BAD_DATA_FORMAT, 0, 2, 2},
    {"45-bad-base64", ANY_RA, REASON_BAD_DATA_FORMAT, 0, 2, 2},
    {"49-bad-pkcs10-signature", ANY_RA, REASON_BAD_POP, 0, 2, 9},
    {"50-bad-crmf-pop", ANY_RA, REASON_BAD_POP, 0, 2, 9},
    {"53-bad-weak-key", ANY_RA, REASON_BAD_CERT_TEMPLATE, 0, 2, 2},
    {"10-tool-encrypted-pop", ANY_RA, REASON_POP_REQUIRED, 0, 2, 8},
    {"62-bad-nested-only", ANY_RA, REASON_BAD_REQUEST, 0, 2, 2},

    /* controls that are not taken, and services that are not offered */
    {"11-tool-decrypted-pop", ANY_RA, REASON_UNKNOWN_CONTROL, 2, 2, 2},
    {"30-own-unknown-control", ANY_RA, REASON_UNKNOWN_CONTROL, 1, 2, 2},
    {"28-own-getcert", ANY_RA, REASON_NO_OPERATION, 1, 4, CMC_NO_FAIL_INFO},
    {"60-bad-getcert-alone", ANY_RA, REASON_NO_OPERATION, 1, 4, CMC_NO_FAIL_INFO},
    {"61-bad-getcrl", ANY_RA, REASON_NO_OPERATION, 1, 4, CMC_NO_FAIL_INFO},

    /* revocations by a stranger, and by shared secret */
    {"05-tool-revoke-agent", ANY_RA | STRANGER, REASON_SIGNER_UNKNOWN, 1, 2, 7},
    {"16-tool-revoke-secret-bad", 0, REASON_BAD_IDENTITY, 1, 2, 7},
    {"17-tool-revoke-secret", 0, REASON_BAD_IDENTITY, 1, 2, 7},

    /* words about transactions that are not open */
    {"58-bad-query-pending", ANY_RA, REASON_UNKNOWN_TRANSACTION, 0, 2, 2},
    {"59-bad-confirm", ANY_RA, REASON_BAD_CERT_ID, 0, 2, 4},
};

/* Reads an answer of ours, whose signature must be the group's. */
static struct cmc_body read_answer(struct bytes octets_of_answer, struct cms_signed *cms)
{
    struct cmc_body body;
    struct failure why = {0};
    struct certificate *ra = cmc_certificate(case_arena(), "outbound/ra.pem");
    assert_true(cms_parse(octets_of_answer, case_arena(), cms, &why));
    assert_true(der_oid_is(cms->content_type, CMC_OID_PKI_RESPONSE));
    assert_int_equal(cms->signer_count, 1);
    assert_true(bytes_is_empty(cms->signers[0].key_id));
    if (!cms_verify(cms, 0, certificate_get0_key(ra), false, &why))
        fail_msg("%s", why.text);
    assert_true(cmc_decode_response(cms->content, case_arena(), &body, &why));
    return body;
}

static struct cmc_status only_status(const struct cmc_body *body)
{
    struct cmc_status status;
    struct failure why;
    const struct cmc_control *control = cmc_find(body, CMC_CONTROL_STATUS_INFO_V2);
    assert_non_null(control);
    assert_true(cmc_decode_status(control, case_arena(), &status, &why));
    return status;
}

static void refused_row(void **state)
{
    const struct refused *row = *state;
    struct inbound_context context = gateway(row->name, row->options);
    struct request request;
    struct failure why = {0};
    struct reply reply;
    struct cms_signed cms;
    assert_false(cmc_inbound.decode(&context, case_arena(), &request, &why));
    assert_string_equal(reason_row(why.reason)->word, reason_row(row->reason)->word);
    assert_true(why.text[0] != '\0');
    cmc_inbound.refuse(&context, &why, case_arena(), &reply);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.content_type, "application/pkcs7-mime; smime-type=CMC-response");
    struct cmc_body body = read_answer(reply.body, &cms);
    struct cmc_status status = only_status(&body);
    assert_int_equal(status.status, row->status);
    assert_int_equal(status.fail_info, row->fail_info);
    assert_int_equal(status.ids[0], row->id);
    assert_true(bytes_equal_text(status.text, why.text));
}

/* RFC 10002 3.2.1.1: bodyList holds every control that is not taken. */
static void all_refused_controls_are_named(void **state)
{
    (void)state;
    struct inbound_context context = gateway("11-tool-decrypted-pop", ANY_RA);
    struct request request;
    struct failure why;
    struct reply reply;
    struct cms_signed cms;
    assert_false(cmc_inbound.decode(&context, case_arena(), &request, &why));
    cmc_inbound.refuse(&context, &why, case_arena(), &reply);
    struct cmc_body body = read_answer(reply.body, &cms);
    struct cmc_status status = only_status(&body);
    assert_int_equal(status.id_count, 2); /* decryptedPOP and regInfo */
    assert_int_equal(status.ids[0], 2);
    assert_int_equal(status.ids[1], 3);
}

/* ContentInfo with [0], made by hand; of indefinite length in the last row. */
static const struct layer {
    const char *name;
    const char *hex;
    enum reason reason;
} layers[] = {
    {"EnvelopedData", "300f06092a864886f70d010703a0023000", REASON_BAD_MESSAGE_CHECK},
    {"AuthenticatedData", "3011060b2a864886f70d0109100102a0023000", REASON_BAD_MESSAGE_CHECK},
    {"AuthEnvelopedData", "3011060b2a864886f70d0109100117a0023000", REASON_BAD_MESSAGE_CHECK},
    {"EnvelopedData in BER",
     "308006092a864886f70d010703a0023000"
     "0000",
     REASON_BAD_MESSAGE_CHECK},
    {"DigestedData", "300f06092a864886f70d010705a0023000", REASON_BAD_DATA_FORMAT},
    {"nothing", "", REASON_BAD_DATA_FORMAT},
    {"one octet", "30", REASON_BAD_DATA_FORMAT},
    {"a tag at the end", "3006", REASON_BAD_DATA_FORMAT},
};

static void layer_row(void **state)
{
    const struct layer *row = *state;
    struct inbound_context context = gateway("44-bad-garbage", 0);
    struct request request;
    struct failure why = {0};
    message.body = octets_from_hex(case_arena(), row->hex);
    assert_false(cmc_inbound.decode(&context, case_arena(), &request, &why));
    assert_string_equal(reason_row(why.reason)->word, reason_row(row->reason)->word);
}

/* ---- what comes back ------------------------------------------------------------------------ */

static void assert_control(const struct cmc_body *body, enum cmc_control_kind kind,
                           const char *value)
{
    const struct cmc_control *control = cmc_find(body, kind);
    assert_non_null(control);
    assert_octets(control->value, value);
}

/* RFC 10002 6.4, 6.6: dogtag.def tells what 18 sent. */
static void assert_echo(const struct cmc_body *body)
{
    assert_control(body, CMC_CONTROL_TRANSACTION_ID, "02021267");
    assert_control(body, CMC_CONTROL_RECIPIENT_NONCE, "041000112233445566778899aabbccddeeff");
    assert_control(body, CMC_CONTROL_DATA_RETURN, "04066f7061717565");
    assert_int_equal(cmc_find(body, CMC_CONTROL_SENDER_NONCE)->value.size, 18);
}

static void a_refusal_echoes_what_was_sent(void **state)
{
    (void)state;
    struct inbound_context context = gateway("18-own-controls", 0);
    struct request request;
    struct failure why;
    struct reply reply;
    struct cms_signed cms;
    assert_false(cmc_inbound.decode(&context, case_arena(), &request, &why));
    cmc_inbound.refuse(&context, &why, case_arena(), &reply);
    struct cmc_body body = read_answer(reply.body, &cms);
    assert_echo(&body);
}

static void without_a_signer_the_refusal_is_unsigned(void **state)
{
    (void)state;
    struct inbound_context context = gateway("44-bad-garbage", 0);
    struct failure why;
    struct reply reply;
    struct cms_signed cms;
    struct cmc_body body;
    group.signer = NULL;
    fail(&why, REASON_BAD_DATA_FORMAT, NULL, "nonsense");
    cmc_inbound.refuse(&context, &why, case_arena(), &reply);
    assert_true(cms_parse(reply.body, case_arena(), &cms, &why));
    assert_int_equal(cms.signer_count, 0);
    assert_true(cms.has_content);
    assert_true(cmc_decode_response(cms.content, case_arena(), &body, &why));
    struct cmc_status status = only_status(&body);
    assert_int_equal(status.fail_info, 2);
}

static struct response response_with(const struct request *request, const struct result *result)
{
    struct result *copy = arena_alloc(case_arena(), sizeof(*copy));
    struct bytes *chain = arena_alloc(case_arena(), sizeof(*chain));
    *copy = *result;
    copy->inbound_id = request->items[0].inbound_id;
    *chain = certificate_der(cmc_certificate(case_arena(), "outbound/ca.pem"));
    return (struct response){.operation = request->operation,
                             .results = copy,
                             .result_count = 1,
                             .chain = chain,
                             .chain_count = 1};
}

static struct reply answer(struct inbound_context *context, const struct request *request,
                           const struct result *result)
{
    struct reply reply;
    struct response response = response_with(request, result);
    context->leg = request->leg;
    cmc_inbound.encode(context, &response, case_arena(), &reply);
    assert_int_equal(reply.status, 200);
    return reply;
}

static struct result granted(void)
{
    return (struct result){
        .status = RESULT_GRANTED,
        .certificate = certificate_der(cmc_certificate(case_arena(), "outbound/device.pem"))};
}

static bool has_certificate(const struct cms_signed *cms, const char *path)
{
    struct bytes wanted = certificate_der(cmc_certificate(case_arena(), path));
    for (size_t i = 0; i < cms->certificate_count; i++) {
        if (bytes_equal(certificate_der(cms->certificates[i]), wanted))
            return true;
    }
    return false;
}

static void a_grant_with_controls_is_a_full_response(void **state)
{
    (void)state;
    struct inbound_context context = gateway("18-own-controls", ANY_RA);
    struct request request = decoded(&context);
    struct result result = granted();
    struct cms_signed cms;
    struct reply reply = answer(&context, &request, &result);
    struct cmc_body body = read_answer(reply.body, &cms);
    struct cmc_status status = only_status(&body);
    assert_int_equal(status.status, 0);
    assert_int_equal(status.ids[0], 100);
    assert_int_equal(status.fail_info, CMC_NO_FAIL_INFO);
    assert_echo(&body);
    assert_true(has_certificate(&cms, "outbound/device.pem"));
    assert_true(has_certificate(&cms, "outbound/ca.pem"));
}

/* RFC 10002 3.1: certificates are all there is to say. */
static void a_granted_simple_request_gets_a_simple_response(void **state)
{
    (void)state;
    struct inbound_context context = gateway("36-own-simple", UNPROVEN);
    struct request request = decoded(&context);
    struct result result = granted();
    struct cms_signed cms;
    struct failure why;
    struct reply reply = answer(&context, &request, &result);
    assert_string_equal(reply.content_type, "application/pkcs7-mime; smime-type=certs-only");
    assert_true(cms_parse(reply.body, case_arena(), &cms, &why));
    assert_false(cms.has_content);
    assert_int_equal(cms.signer_count, 0);
    assert_true(has_certificate(&cms, "outbound/device.pem"));
    assert_true(has_certificate(&cms, "outbound/ca.pem"));
}

/* A signed answer says more, and cannot be an old one. */
static void a_granted_full_request_gets_a_full_response(void **state)
{
    (void)state;
    struct inbound_context context = gateway("01-tool-pkcs10", ANY_RA);
    struct request request = decoded(&context);
    struct result result = granted();
    struct cms_signed cms;
    struct reply reply = answer(&context, &request, &result);
    struct cmc_body body = read_answer(reply.body, &cms);
    struct cmc_status status = only_status(&body);
    assert_int_equal(status.status, 0);
    assert_null(cmc_find(&body, CMC_CONTROL_TRANSACTION_ID));
    assert_null(cmc_find(&body, CMC_CONTROL_SENDER_NONCE));
}

/* RFC 10002 6.1.1: to a Simple Request, bodyList is 1. */
static void a_refused_simple_request_gets_a_full_response(void **state)
{
    (void)state;
    struct inbound_context context = gateway("36-own-simple", UNPROVEN);
    struct request request = decoded(&context);
    struct result result = {.status = RESULT_REFUSED};
    struct cms_signed cms;
    result_add_reason(&result, REASON_UNSUPPORTED_EXT);
    struct reply reply = answer(&context, &request, &result);
    struct cmc_body body = read_answer(reply.body, &cms);
    struct cmc_status status = only_status(&body);
    assert_int_equal(status.status, 2);
    assert_int_equal(status.fail_info, 5);
    assert_int_equal(status.ids[0], 1);
}

/* Changes are told in a statusString. */
static void changes_are_told(void **state)
{
    (void)state;
    struct inbound_context context = gateway("01-tool-pkcs10", ANY_RA);
    struct request request = decoded(&context);
    struct result result = granted();
    struct cms_signed cms;
    result.status = RESULT_GRANTED_WITH_MODS;
    result.text = BYTES_LITERAL("validity was shortened");
    struct reply reply = answer(&context, &request, &result);
    struct cmc_body body = read_answer(reply.body, &cms);
    struct cmc_status status = only_status(&body);
    assert_int_equal(status.status, 0);
    assert_true(bytes_equal_text(status.text, "validity was shortened"));
}

static void a_refused_item_is_named(void **state)
{
    (void)state;
    struct inbound_context context = gateway("03-tool-controls", ANY_RA);
    struct request request = decoded(&context);
    struct result result = {.status = RESULT_REFUSED, .text = BYTES_LITERAL("used before")};
    struct cms_signed cms;
    result_add_reason(&result, REASON_NO_KEY_REUSE);
    struct reply reply = answer(&context, &request, &result);
    struct cmc_body body = read_answer(reply.body, &cms);
    struct cmc_status status = only_status(&body);
    assert_int_equal(status.status, 2);
    assert_int_equal(status.fail_info, 10);
    assert_int_equal(status.ids[0], 3);
    assert_true(bytes_equal_text(status.text, "used before"));
    assert_false(has_certificate(&cms, "outbound/ca.pem"));
}

/* ---- pending -------------------------------------------------------------------------------- */

static struct reply pending(struct inbound_context *context, const struct request *request,
                            int64_t retry_at)
{
    const struct result result = {.status = RESULT_PENDING, .retry_at = retry_at};
    return answer(context, request, &result);
}

/* RFC 10002 6.13: a later answer repeats the first pendInfo, whatever time it is. */
static void pend_info_never_changes(void **state)
{
    (void)state;
    struct inbound_context context = gateway("18-own-controls", ANY_RA);
    struct request request = decoded(&context);
    struct cms_signed cms;
    struct reply reply = pending(&context, &request, NOW + 60);
    struct cmc_body body = read_answer(reply.body, &cms);
    struct cmc_status first = only_status(&body);
    assert_int_equal(first.status, 3);
    assert_true(first.has_pend_info);
    assert_true(first.pend_time == NOW + 60);
    assert_int_equal(first.pend_token.size, CMC_TOKEN_OCTETS);
    request.leg = reply.leg;
    reply = pending(&context, &request, NOW + 600);
    body = read_answer(reply.body, &cms);
    struct cmc_status later = only_status(&body);
    assert_true(later.pend_time == NOW + 60);
    assert_true(bytes_equal(later.pend_token, first.pend_token));
}

static void poll_ends_the_claim_where_it_began(void **state)
{
    (void)state;
    struct inbound_context context = gateway("01-tool-pkcs10", ANY_RA);
    struct claim claim;
    struct failure why;
    struct cms_signed cms;
    assert_true(cmc_inbound.claim(&context, case_arena(), &claim, &why));
    struct request request = decoded(&context);
    struct reply reply = pending(&context, &request, NOW + 60);
    struct cmc_body body = read_answer(reply.body, &cms);
    struct cmc_status status = only_status(&body);
    assert_memory_equal(status.pend_token.data, claim.exchange.data, 32);
}

/* ---- claims --------------------------------------------------------------------------------- */

static struct claim claimed(const char *name, int options)
{
    struct inbound_context context = gateway(name, options);
    struct claim claim;
    struct failure why = {0};
    if (!cmc_inbound.claim(&context, case_arena(), &claim, &why))
        fail_msg("%s", why.text);
    assert_int_equal(claim.exchange.size, 32);
    assert_int_equal(claim.digest.size, 32);
    return claim;
}

static void the_same_octets_have_one_claim(void **state)
{
    (void)state;
    struct claim a = claimed("18-own-controls", 0), b = claimed("19-own-replay", 0);
    assert_true(bytes_equal(a.exchange, b.exchange));
    assert_true(bytes_equal(a.digest, b.digest));
    assert_octets(a.transaction_id, "1267");
    assert_string_equal(a.what, "PKIData");
    assert_true(a.opens);
}

/* 25 is another message of the same sender with the same transactionId. */
static void the_transaction_id_names_the_exchange(void **state)
{
    (void)state;
    struct claim a = claimed("18-own-controls", 0), b = claimed("25-own-sha384", 0);
    assert_true(bytes_equal(a.exchange, b.exchange));
    assert_false(bytes_equal(a.digest, b.digest));
    assert_int_equal(b.repeat, REPEAT_IS_CONFLICT);
}

static void without_a_transaction_id_the_octets_do(void **state)
{
    (void)state;
    struct claim a = claimed("01-tool-pkcs10", 0), b = claimed("02-tool-crmf", 0);
    assert_false(bytes_equal(a.exchange, b.exchange));
    assert_int_equal(claimed("36-own-simple", 0).repeat, REPEAT_IS_RETRY);
}

static void a_secret_is_counted_by_its_reference(void **state)
{
    (void)state;
    assert_true(bytes_equal_text(claimed("12-tool-identity-proof", 0).reference, "testuser"));
    assert_false(claimed("58-bad-query-pending", 0).opens);
}

/* ---- paths and media types ------------------------------------------------------------------ */

static const struct path {
    const char *name;
    const char *path;
    const char *type;
    bool ours;
} paths[] = {
    {"simple", "/x", "application/pkcs10", true},
    {"full", "/x", "application/pkcs7-mime; smime-type=CMC-request", true},
    {"full, other case, name first", "/x",
     "Application/PKCS7-Mime; name=smime.p7m; smime-type=cmc-REQUEST", true},
    {"full, quoted", "/x", "application/pkcs7-mime; smime-type=\"CMC-request\"", true},
    {"another smime-type", "/x", "application/pkcs7-mime; smime-type=signed-data", false},
    {"no smime-type", "/x", "application/pkcs7-mime", false},
    {"configured path, no type", "/cmc", "", true},
    {"configured path, odd type", "/cmc", "application/octet-stream", true},
    {"configured path, CMP's type", "/cmc", "application/pkixcmp", false},
    {"EST's path", "/.well-known/est/simpleenroll", "application/pkcs10", false},
    {"EST's fullcmc", "/.well-known/est/fullcmc", "application/pkcs7-mime; smime-type=CMC-request",
     false},
    {"longer type", "/x", "application/pkcs10x", false},
};

static void path_row(void **state)
{
    const struct path *row = *state;
    const char *const configured[] = {"/other", "/cmc"};
    const struct message asked = {.path = bytes_of_text(row->path),
                                  .content_type = bytes_of_text(row->type)};
    assert_int_equal(cmc_inbound.accepts(&asked, configured, 2), row->ours);
}

static void only_post_is_taken(void **state)
{
    (void)state;
    struct inbound_context context = gateway("01-tool-pkcs10", ANY_RA);
    struct request request;
    struct failure why;
    struct reply reply;
    message.method = BYTES_LITERAL("GET");
    assert_false(cmc_inbound.decode(&context, case_arena(), &request, &why));
    assert_int_equal(why.reason, REASON_METHOD);
    cmc_inbound.refuse(&context, &why, case_arena(), &reply);
    assert_int_equal(reply.status, 405);
    assert_string_equal(reply.allow, "POST");
}

static void a_query_names_the_profile(void **state)
{
    (void)state;
    struct inbound_context context = gateway("01-tool-pkcs10", ANY_RA);
    message.query = BYTES_LITERAL("a=b&profileId=caServerCert&c=d");
    struct request request = decoded(&context);
    assert_true(bytes_equal_text(request.profile, "caServerCert"));
}

int main(void)
{
    CASES_ADD_ROWS(takens, taken_row);
    CASES_ADD_ROWS(revocations, revocation_row);
    CASES_ADD_ROWS(refuseds, refused_row);
    CASES_ADD_ROWS(layers, layer_row);
    CASES_ADD(all_refused_controls_are_named);
    CASES_ADD(a_refusal_echoes_what_was_sent);
    CASES_ADD(without_a_signer_the_refusal_is_unsigned);
    CASES_ADD(a_grant_with_controls_is_a_full_response);
    CASES_ADD(a_granted_simple_request_gets_a_simple_response);
    CASES_ADD(a_granted_full_request_gets_a_full_response);
    CASES_ADD(a_refused_simple_request_gets_a_full_response);
    CASES_ADD(changes_are_told);
    CASES_ADD(a_refused_item_is_named);
    CASES_ADD(pend_info_never_changes);
    CASES_ADD(poll_ends_the_claim_where_it_began);
    CASES_ADD(the_same_octets_have_one_claim);
    CASES_ADD(the_transaction_id_names_the_exchange);
    CASES_ADD(without_a_transaction_id_the_octets_do);
    CASES_ADD(a_secret_is_counted_by_its_reference);
    CASES_ADD_ROWS(paths, path_row);
    CASES_ADD(only_post_is_taken);
    CASES_ADD(a_query_names_the_profile);
    return cases_run("cmc_inbound");
}
