/* Requests for revocation (RFC 10002 6.11): what is read of them, what is refused, and that each
 * has its own status. The values are written by hand; the messages are signed with the key of
 * tests/vectors/cmc/outbound/ra.pem. What real clients send is in test_cmc_inbound.c. */
#include "tests/support/cases.h"

#include "adapters/cmc/cmc.h"
#include "adapters/cmc/cmc_incoming.h"
#include "adapters/pkix/cms.h"
#include "tests/support/cmc_vectors.h"
#include "tests/support/octets.h"

#define NOW INT64_C(1893456000) /* date -u -d 2030-01-01 +%s */

/* CN=x, serial number 5, superseded */
#define NAME_X "300c310a300806035504030c0178"
#define GOOD "3014" NAME_X "0201050a0104"

/* O=Vectors, CN=Authority, as the issuer's name stands in ra.pem, and with PrintableStrings */
#define NAME_ISSUED                                                                                \
    "3026"                                                                                         \
    "3110300e060355040a0c07566563746f7273"                                                         \
    "311230100603550403"                                                                           \
    "0c09417574686f72697479"
#define NAME_WRITTEN                                                                               \
    "3026"                                                                                         \
    "3110300e060355040a1307566563746f7273"                                                         \
    "311230100603550403"                                                                           \
    "1309417574686f72697479"

static struct device_group group;
static struct credentials credentials;
static struct message message;
static uint8_t octets[256];

static struct inbound_context gateway(struct bytes body, const char *ca)
{
    group = (struct device_group){
        .name = "devices", .trust = cmc_trust(case_arena(), ca), .signer = cmc_ra(case_arena())};
    credentials = (struct credentials){.groups = &group, .group_count = 1};
    message = (struct message){.method = BYTES_LITERAL("POST"), .body = body};
    return (struct inbound_context){.message = &message,
                                    .credentials = &credentials,
                                    .now = NOW,
                                    .entropy = {.octets = octets, .left = sizeof(octets)}};
}

static struct bytes enclosed(const struct cmc_writer *writer, const struct signer *signer)
{
    struct bytes out;
    struct failure why = {0};
    const struct cms_signing signing = {
        .content_type = CMC_OID_PKI_DATA, .content = cmc_pki_data(writer), .signer = signer};
    if (!cms_sign(&signing, case_arena(), &out, &why))
        fail_msg("%s", why.text);
    return out;
}

static void add(struct cmc_writer *writer, enum cmc_control_kind kind, int64_t id, const char *hex)
{
    cmc_write_control(writer, kind, id, octets_from_hex(case_arena(), hex));
}

/* ---- refused -------------------------------------------------------------------------------- */

static const struct refused {
    const char *name;
    const char *value;
    int64_t id;
    enum reason reason;
    const char *text;
} refuseds[] = {
    {"a shared secret", "3017" NAME_X "0201050a0104040173", 1, REASON_BAD_IDENTITY,
     "sign the request"},
    {"no reason", "3011" NAME_X "020105", 1, REASON_BAD_DATA_FORMAT, "revokeRequest"},
    {"reason 7", "3014" NAME_X "0201050a0107", 1, REASON_BAD_REQUEST, "no CRLReason"},
    {"reason 11", "3014" NAME_X "0201050a010b", 1, REASON_BAD_REQUEST, "no CRLReason"},
    {"reason -1", "3014" NAME_X "0201050a01ff", 1, REASON_BAD_REQUEST, "no CRLReason"},
    {"removeFromCRL", "3014" NAME_X "0201050a0108", 1, REASON_BAD_REQUEST, "removeFromCRL"},
    {"the issuer as GeneralName", "3016a40e" NAME_X "0201050a0104", 1, REASON_BAD_DATA_FORMAT,
     "issuerName"},
    {"a serial number of 22 octets",
     "3029" NAME_X "021601020304050607080910111213141516171819202122"
     "0a0104",
     1, REASON_BAD_CERT_ID, "serialNumber"},
    {"body part id 0", GOOD, 0, REASON_BAD_REQUEST, "id 0"},
};

static struct reply refused_as(struct inbound_context *context, enum reason reason,
                               const char *text)
{
    struct request request;
    struct failure why = {0};
    struct reply reply;
    assert_false(cmc_inbound.decode(context, case_arena(), &request, &why));
    assert_string_equal(reason_row(why.reason)->word, reason_row(reason)->word);
    assert_text_has(why.text, text);
    cmc_inbound.refuse(context, &why, case_arena(), &reply);
    assert_string_equal(reply.content_type, "application/pkcs7-mime; smime-type=CMC-response");
    return reply;
}

static void refused_row(void **state)
{
    const struct refused *row = *state;
    struct cmc_writer writer = cmc_writer(case_arena(), 1, 0);
    add(&writer, CMC_CONTROL_REVOKE_REQUEST, row->id, row->value);
    struct inbound_context context =
        gateway(enclosed(&writer, cmc_ra(case_arena())), "outbound/ca.pem");
    refused_as(&context, row->reason, row->text);
}

static void two_with_one_id_are_refused(void **state)
{
    (void)state;
    struct cmc_writer writer = cmc_writer(case_arena(), 2, 0);
    add(&writer, CMC_CONTROL_REVOKE_REQUEST, 7, GOOD);
    add(&writer, CMC_CONTROL_REVOKE_REQUEST, 7, GOOD);
    struct inbound_context context =
        gateway(enclosed(&writer, cmc_ra(case_arena())), "outbound/ca.pem");
    refused_as(&context, REASON_BAD_REQUEST, "id 7");
}

static void beside_a_query_it_is_refused(void **state)
{
    (void)state;
    struct cmc_writer writer = cmc_writer(case_arena(), 2, 0);
    add(&writer, CMC_CONTROL_REVOKE_REQUEST, 1, GOOD);
    add(&writer, CMC_CONTROL_QUERY_PENDING, 2, "040101");
    struct inbound_context context =
        gateway(enclosed(&writer, cmc_ra(case_arena())), "outbound/ca.pem");
    refused_as(&context, REASON_BAD_REQUEST, "queryPending");
}

/* ---- statuses ------------------------------------------------------------------------------- */

/* "status failInfo id" of every statusInfoV2, in their order. */
static const char *statuses_of(const struct reply *reply)
{
    struct cms_signed cms;
    struct cmc_body body;
    struct cmc_status status;
    struct failure why = {0};
    const char *text = "";
    assert_true(cms_parse(reply->body, case_arena(), &cms, &why));
    assert_int_equal(cms.signer_count, 1);
    assert_true(cmc_decode_response(cms.content, case_arena(), &body, &why));
    for (size_t i = 0; i < body.control_count; i++) {
        if (body.controls[i].kind != CMC_CONTROL_STATUS_INFO_V2)
            continue;
        assert_true(cmc_decode_status(&body.controls[i], case_arena(), &status, &why));
        assert_int_equal(status.id_count, 1);
        text = arena_printf(case_arena(), "%s%lld %lld %lld; ", text, (long long)status.status,
                            (long long)status.fail_info, (long long)status.ids[0]);
    }
    return text;
}

static void beside_an_enrolment_the_whole_is_refused(void **state)
{
    (void)state;
    struct cmc_writer writer = cmc_writer(case_arena(), 1, 1);
    add(&writer, CMC_CONTROL_REVOKE_REQUEST, 2, GOOD);
    cmc_write_tcr(&writer, 1, cmc_vector(case_arena(), "outbound/device.p10"));
    struct inbound_context context =
        gateway(enclosed(&writer, cmc_ra(case_arena())), "outbound/ca.pem");
    struct reply reply = refused_as(&context, REASON_BAD_REQUEST, "send it alone");
    assert_string_equal(statuses_of(&reply), "2 2 0; ");
}

static struct bytes two_revocations(const struct signer *signer)
{
    struct cmc_writer writer = cmc_writer(case_arena(), 2, 0);
    add(&writer, CMC_CONTROL_REVOKE_REQUEST, 9, GOOD);
    add(&writer, CMC_CONTROL_REVOKE_REQUEST, 7, "3014" NAME_X "0201060a0101");
    return enclosed(&writer, signer);
}

static void a_stranger_is_told_of_each(void **state)
{
    (void)state;
    struct inbound_context context =
        gateway(two_revocations(cmc_ra(case_arena())), "outbound/stranger.pem");
    struct reply reply = refused_as(&context, REASON_SIGNER_UNKNOWN, "");
    assert_string_equal(statuses_of(&reply), "2 7 9; 2 7 7; ");
}

static void without_a_signature_it_is_refused(void **state)
{
    (void)state;
    struct inbound_context context = gateway(two_revocations(NULL), "outbound/ca.pem");
    struct reply reply = refused_as(&context, REASON_BAD_MESSAGE_CHECK, "0 signatures");
    assert_string_equal(statuses_of(&reply), "2 1 9; 2 1 7; ");
}

/* Only the control that is not offered is named. */
static void beside_get_crl_that_is_not_supported(void **state)
{
    (void)state;
    struct cmc_writer writer = cmc_writer(case_arena(), 2, 0);
    add(&writer, CMC_CONTROL_REVOKE_REQUEST, 1, GOOD);
    add(&writer, CMC_CONTROL_GET_CRL, 2, "3000");
    struct inbound_context context =
        gateway(enclosed(&writer, cmc_ra(case_arena())), "outbound/ca.pem");
    struct reply reply = refused_as(&context, REASON_NO_OPERATION, "getCRL");
    assert_string_equal(statuses_of(&reply), "4 -1 2; ");
}

/* ---- taken ---------------------------------------------------------------------------------- */

static struct request taken(struct inbound_context *context)
{
    struct request request;
    struct failure why = {0};
    if (!cmc_inbound.decode(context, case_arena(), &request, &why))
        fail_msg("%s: %s", reason_row(why.reason)->word, why.text);
    assert_string_equal(operation_word(request.operation), operation_word(OPERATION_REVOKE));
    assert_string_equal(request.what, "revokeRequest");
    return request;
}

static void each_control_is_an_item(void **state)
{
    (void)state;
    struct inbound_context context =
        gateway(two_revocations(cmc_ra(case_arena())), "outbound/ca.pem");
    struct request request = taken(&context);
    assert_int_equal(request.item_count, 2);
    assert_int_equal(request.items[0].inbound_id, 9);
    assert_octets(request.items[0].old_issuer, NAME_X);
    assert_octets(request.items[0].old_serial, "05");
    assert_int_equal(request.items[0].revocation_reason, 4);
    assert_int_equal(request.items[1].inbound_id, 7);
    assert_octets(request.items[1].old_serial, "06");
    assert_int_equal(request.items[1].revocation_reason, 1);
}

static void each_item_has_a_status(void **state)
{
    (void)state;
    struct inbound_context context =
        gateway(two_revocations(cmc_ra(case_arena())), "outbound/ca.pem");
    struct request request = taken(&context);
    struct result results[] = {{.inbound_id = 9, .status = RESULT_GRANTED},
                               {.inbound_id = 7, .status = RESULT_REFUSED}};
    struct reply reply;
    const struct response response = {
        .operation = OPERATION_REVOKE, .results = results, .result_count = 2};
    result_add_reason(&results[1], REASON_BAD_CERT_ID);
    context.leg = request.leg;
    cmc_inbound.encode(&context, &response, case_arena(), &reply);
    assert_string_equal(statuses_of(&reply), "0 -1 9; 2 4 7; ");
}

static void the_issuer_is_named_as_in_its_certificates(void **state)
{
    (void)state;
    struct cmc_writer writer = cmc_writer(case_arena(), 1, 0);
    add(&writer, CMC_CONTROL_REVOKE_REQUEST, 1, "302e" NAME_WRITTEN "0201050a0104");
    struct inbound_context context =
        gateway(enclosed(&writer, cmc_ra(case_arena())), "outbound/ca.pem");
    struct request request = taken(&context);
    assert_octets(request.items[0].old_issuer, NAME_ISSUED);
}

static void a_claim_tells_that_it_is_one(void **state)
{
    (void)state;
    struct inbound_context context =
        gateway(two_revocations(cmc_ra(case_arena())), "outbound/ca.pem");
    struct claim claim;
    struct failure why;
    assert_true(cmc_inbound.claim(&context, case_arena(), &claim, &why));
    assert_string_equal(claim.what, "revokeRequest");
    assert_true(claim.opens);
}

int main(void)
{
    CASES_ADD_ROWS(refuseds, refused_row);
    CASES_ADD(two_with_one_id_are_refused);
    CASES_ADD(beside_a_query_it_is_refused);
    CASES_ADD(beside_an_enrolment_the_whole_is_refused);
    CASES_ADD(a_stranger_is_told_of_each);
    CASES_ADD(without_a_signature_it_is_refused);
    CASES_ADD(beside_get_crl_that_is_not_supported);
    CASES_ADD(each_control_is_an_item);
    CASES_ADD(each_item_has_a_status);
    CASES_ADD(the_issuer_is_named_as_in_its_certificates);
    CASES_ADD(a_claim_tells_that_it_is_one);
    return cases_run("cmc_revocation");
}
