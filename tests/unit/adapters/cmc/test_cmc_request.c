/* What goes to an authority, by carriage: requests of tests/vectors/crmf and outbound/device.p10.
 * The octets of whole messages are read by other decoders in the integration tests; here it is what
 * stands in them, and what never may. */
#include "tests/support/cases.h"

#include "adapters/cmc/cmc.h"
#include "adapters/cmc/cmc_message.h"
#include "adapters/pkix/cms.h"
#include "adapters/pkix/crmf.h"
#include "adapters/pkix/der.h"
#include "adapters/pkix/pkcs10.h"
#include "tests/support/cmc_vectors.h"
#include "tests/support/octets.h"

#define NOW INT64_C(1893456000)

static uint8_t octets[256];

static struct authority authority(void)
{
    return (struct authority){.name = "vectors",
                              .capabilities = {.protocol = PROTOCOL_CMC, .ra_pop = true},
                              .trust = cmc_trust(case_arena(), "outbound/ca.pem"),
                              .ra = cmc_ra(case_arena())};
}

static struct bytes crmf_vector(const char *name)
{
    return octets_from_file(case_arena(),
                            arena_printf(case_arena(), "tests/vectors/crmf/%s.der", name));
}

static struct item crm(const char *name, enum carriage carriage)
{
    struct item item;
    struct failure why = {0};
    if (!crmf_parse(crmf_vector(name), case_arena(), &item, &why))
        fail_msg("%s: %s", name, why.text);
    item.carriage = carriage;
    return item;
}

static struct item p10(void)
{
    struct item item;
    struct failure why;
    assert_true(
        pkcs10_parse(cmc_vector(case_arena(), "outbound/device.p10"), case_arena(), &item, &why));
    item.inbound_id = -1;
    item.carriage = CARRIAGE_CMC_TCR;
    return item;
}

static bool begin_with(const struct authority *with, struct item *items, size_t count,
                       struct step *step, struct failure *why)
{
    struct outbound_context context = {
        .authority = with, .now = NOW, .entropy = {.octets = octets, .left = sizeof(octets)}};
    const struct request request = {
        .operation = OPERATION_ENROLL, .items = items, .item_count = count};
    return cmc_outbound.begin(&context, &request, case_arena(), step, why);
}

static struct cmc_body body_of(const struct step *step, struct cms_signed *cms)
{
    struct cmc_body body;
    struct failure why = {0};
    assert_true(cms_parse(step->call.body, case_arena(), cms, &why));
    if (!cmc_decode_request(cms->content, case_arena(), &body, &why))
        fail_msg("%s", why.text);
    return body;
}

static struct cmc_body sent(const struct authority *with, struct item *items, size_t count)
{
    struct step step;
    struct cms_signed cms;
    struct failure why = {0};
    if (!begin_with(with, items, count, &step, &why))
        fail_msg("%s %s", why.text, why.detail);
    assert_int_equal(step.kind, STEP_SEND);
    assert_string_equal(step.call.method, "POST");
    assert_string_equal(step.call.content_type,
                        "application/pkcs7-mime; smime-type=CMC-request; name=smime.p7m");
    return body_of(&step, &cms);
}

/* ---- the three carriages -------------------------------------------------------------------- */

static void a_pkcs10_travels_untouched(void **state)
{
    (void)state;
    struct authority with = authority();
    struct item item = p10();
    struct cmc_body body = sent(&with, &item, 1);
    assert_int_equal(body.request_count, 1);
    assert_int_equal(body.requests[0].form, CMC_TCR);
    assert_int_equal(body.requests[0].id, 1);
    assert_true(bytes_equal(body.requests[0].body, item.original));
    assert_null(cmc_find(&body, CMC_CONTROL_LRA_POP_WITNESS));
    assert_null(cmc_find(&body, CMC_CONTROL_RA_IDENTITY_WITNESS));
    assert_null(cmc_find(&body, CMC_CONTROL_RECIPIENT_NONCE));
}

static void a_crmf_request_keeps_its_proof(void **state)
{
    (void)state;
    struct authority with = authority();
    struct item item = crm("bc-signature", CARRIAGE_CMC_CRM);
    struct cmc_body body = sent(&with, &item, 1);
    assert_int_equal(body.requests[0].form, CMC_CRM);
    assert_int_equal(body.requests[0].id, item.inbound_id);
    assert_true(bytes_equal(body.requests[0].body, item.original));
    for (size_t i = 0; i < body.control_count; i++)
        assert_true(body.controls[i].id != item.inbound_id);
}

/* RFC 10002 6.8: new id, same template, no popo, and our word for it. */
static void a_witnessed_request_is_written_anew(void **state)
{
    (void)state;
    struct authority with = authority();
    struct item item = crm("bc-signature", CARRIAGE_CMC_WITNESS), out;
    struct failure why;
    int64_t whole, *ids;
    size_t count;
    struct cmc_body body = sent(&with, &item, 1);
    assert_true(crmf_parse(body.requests[0].body, case_arena(), &out, &why));
    assert_int_equal(out.inbound_id, 1);
    assert_int_equal(out.pop_form, POP_FORM_ABSENT);
    assert_true(bytes_equal(out.subject, item.subject));
    assert_true(bytes_equal(out.spki, item.spki));
    assert_true(bytes_equal(out.extensions, item.extensions));
    const struct cmc_control *witness = cmc_find(&body, CMC_CONTROL_LRA_POP_WITNESS);
    assert_non_null(witness);
    assert_true(cmc_decode_witness(witness->value, case_arena(), &whole, &ids, &count, &why));
    assert_int_equal(whole, 0);
    assert_int_equal(count, 1);
    assert_int_equal(ids[0], 1);
}

/* Ids under a device's signature stay; the others, and the controls, go around them. */
static void ids_are_unique(void **state)
{
    (void)state;
    struct authority with = authority();
    struct item items[] = {p10(), crm("bc-ra-verified", CARRIAGE_CMC_CRM),
                           crm("bc-reg-info", CARRIAGE_CMC_WITNESS), p10()};
    items[2].reg_info = BYTES_EMPTY;
    with.cmc.witness = true;
    struct cmc_body body = sent(&with, items, 4);
    assert_int_equal(body.request_count, 4);
    assert_int_equal(body.requests[1].id, 1);
    for (size_t a = 0; a < body.control_count + body.request_count; a++) {
        int64_t id =
            a < body.control_count ? body.controls[a].id : body.requests[a - body.control_count].id;
        assert_int_not_equal(id, 0);
        for (size_t b = 0; b < a; b++)
            assert_true(id != (b < body.control_count ? body.controls[b].id
                                                      : body.requests[b - body.control_count].id));
    }
}

/* RFC 10002 6.20: one control for each request whose identity we checked. */
static void our_word_for_the_identity_is_an_option(void **state)
{
    (void)state;
    struct authority with = authority();
    struct item item = p10();
    int64_t *ids;
    size_t count;
    struct failure why;
    with.cmc.witness = true;
    struct cmc_body body = sent(&with, &item, 1);
    const struct cmc_control *witness = cmc_find(&body, CMC_CONTROL_RA_IDENTITY_WITNESS);
    assert_non_null(witness);
    assert_true(cmc_ids_of(witness->value, case_arena(), &ids, &count, &why));
    assert_int_equal(count, 1);
    assert_int_equal(ids[0], body.requests[0].id);
}

/* RFC 10002 3.2.1.2.2, 6.12: out of the request, into the control of that name. */
static void reg_info_moves_to_its_control(void **state)
{
    (void)state;
    struct authority with = authority();
    struct item item = crm("bc-reg-info", CARRIAGE_CMC_CRM), out;
    struct failure why;
    struct bytes pairs;
    struct cmc_body body = sent(&with, &item, 1);
    assert_true(crmf_parse(body.requests[0].body, case_arena(), &out, &why));
    assert_true(bytes_is_empty(out.reg_info));
    assert_true(bytes_equal(out.cert_request, item.cert_request));
    assert_true(bytes_equal(out.popo, item.popo));
    assert_true(
        cmc_octets_of(cmc_find(&body, CMC_CONTROL_REG_INFO), DER_OCTET_STRING, 1000, &pairs, &why));
    assert_true(pairs.size > 0 && pairs.size < item.reg_info.size);
    /* The UTF8String stands at the end of regInfo. */
    assert_memory_equal(item.reg_info.data + item.reg_info.size - pairs.size, pairs.data,
                        pairs.size);
}

/* ---- what cannot go ------------------------------------------------------------------------- */

/* AttributeTypeAndValue with that control, in a SEQUENCE. */
static struct bytes with_control(const char *oid)
{
    struct bytes pair[] = {der_oid(case_arena(), oid), octets_from_hex(case_arena(), "0c0161")};
    return der_wrap(case_arena(), DER_SEQUENCE, der_join(case_arena(), DER_SEQUENCE, pair, 2));
}

static const struct forbidden {
    const char *name;
    const char *control; /* NULL: none */
    const char *reg_info;
    enum carriage carriage;
    enum reason reason; /* REASON_COUNT: may go */
} forbiddens[] = {
    {"regToken", "1.3.6.1.5.5.7.5.1.1", NULL, CARRIAGE_CMC_CRM, REASON_BAD_REQUEST},
    {"authenticator", "1.3.6.1.5.5.7.5.1.2", NULL, CARRIAGE_CMC_CRM, REASON_BAD_REQUEST},
    {"pkiPublicationInfo", "1.3.6.1.5.5.7.5.1.3", NULL, CARRIAGE_CMC_CRM, REASON_COUNT},
    {"pkiArchiveOptions", "1.3.6.1.5.5.7.5.1.4", NULL, CARRIAGE_CMC_CRM, REASON_BAD_REQUEST},
    {"pkiArchiveOptions, rebuilt", "1.3.6.1.5.5.7.5.1.4", NULL, CARRIAGE_CMC_WITNESS,
     REASON_BAD_REQUEST},
    {"oldCertID", "1.3.6.1.5.5.7.5.1.5", NULL, CARRIAGE_CMC_CRM, REASON_COUNT},
    {"oldCertID, rebuilt", "1.3.6.1.5.5.7.5.1.5", NULL, CARRIAGE_CMC_WITNESS, REASON_COUNT},
    {"altCertTemplate", "1.3.6.1.5.5.7.5.1.7", NULL, CARRIAGE_CMC_CRM, REASON_BAD_REQUEST},
    {"unknown control, intact", "1.2.3.4", NULL, CARRIAGE_CMC_CRM, REASON_COUNT},
    {"unknown control, rebuilt", "1.2.3.4", NULL, CARRIAGE_CMC_WITNESS, REASON_BAD_CERT_TEMPLATE},
    {"regInfo utf8Pairs", NULL, "1.3.6.1.5.5.7.5.2.1", CARRIAGE_CMC_CRM, REASON_COUNT},
    {"regInfo certReq", NULL, "1.3.6.1.5.5.7.5.2.2", CARRIAGE_CMC_CRM, REASON_BAD_REQUEST},
    {"another way", NULL, NULL, CARRIAGE_CMP_CRMF, REASON_POP_CARRIER},
    {"no way", NULL, NULL, CARRIAGE_NONE, REASON_POP_CARRIER},
};

static void forbidden_row(void **state)
{
    const struct forbidden *row = *state;
    struct authority with = authority();
    struct item item = crm("bc-signature", row->carriage);
    struct step step;
    struct failure why = {0};
    if (row->control != NULL)
        item.attributes = with_control(row->control);
    if (row->reg_info != NULL)
        item.reg_info = with_control(row->reg_info);
    bool went = begin_with(&with, &item, 1, &step, &why);
    assert_int_equal(went, row->reason == REASON_COUNT);
    if (!went)
        assert_string_equal(reason_row(why.reason)->word, reason_row(row->reason)->word);
}

static const struct id_case {
    const char *name;
    int64_t id;
    enum crmf_id0 option;
    bool goes;
} id_cases[] = {
    {"1", 1, CRMF_ID0_RA_VERIFY, true},
    {"0", 0, CRMF_ID0_RA_VERIFY, false},
    {"0, where the authority takes it", 0, CRMF_ID0_PASS_THROUGH, true},
    {"-1", -1, CRMF_ID0_PASS_THROUGH, false},
    {"2^32-1", 4294967295, CRMF_ID0_RA_VERIFY, true},
    {"2^32", 4294967296, CRMF_ID0_RA_VERIFY, false},
};

static void id_row(void **state)
{
    const struct id_case *row = *state;
    struct authority with = authority();
    struct item item = crm("bc-signature", CARRIAGE_CMC_CRM);
    struct step step;
    struct failure why = {0};
    item.inbound_id = row->id;
    with.capabilities.crmf_id0 = row->option;
    assert_int_equal(begin_with(&with, &item, 1, &step, &why), row->goes);
    if (!row->goes)
        assert_int_equal(why.reason, REASON_POP_CARRIER);
}

static void equal_ids_cannot_go_together(void **state)
{
    (void)state;
    struct authority with = authority();
    struct item items[] = {crm("bc-signature", CARRIAGE_CMC_CRM),
                           crm("bc-signature", CARRIAGE_CMC_CRM)};
    struct step step;
    struct failure why;
    assert_false(begin_with(&with, items, 2, &step, &why));
    assert_int_equal(why.reason, REASON_POP_CARRIER);
}

static void only_enrolment_and_revocation_go(void **state)
{
    (void)state;
    struct authority with = authority();
    struct outbound_context context = {.authority = &with,
                                       .entropy = {.octets = octets, .left = sizeof(octets)}};
    struct step step;
    struct failure why;
    const struct request none = {.operation = OPERATION_CA_CERTS};
    assert_false(cmc_outbound.begin(&context, &none, case_arena(), &step, &why));
    assert_int_equal(why.reason, REASON_NO_OPERATION);
}

/* ---- the SignedData around it --------------------------------------------------------------- */

static void the_signer_is_named_as_the_authority_wants(void **state)
{
    (void)state;
    for (int issuer_serial = 0; issuer_serial < 2; issuer_serial++) {
        struct authority with = authority();
        struct item item = p10();
        struct step step;
        struct failure why;
        struct cms_signed cms;
        with.cmc.issuer_serial = issuer_serial == 1;
        assert_true(begin_with(&with, &item, 1, &step, &why));
        body_of(&step, &cms);
        assert_int_equal(cms.signer_count, 1);
        assert_int_equal(bytes_is_empty(cms.signers[0].key_id), issuer_serial);
        assert_true(cms.signers[0].signing_time == NOW);
        assert_true(cms_verify(&cms, 0, certificate_get0_key(with.ra->certificate), false, &why));
    }
}

/* The same arguments give the same octets to sign; the state tells them. */
static void a_transaction_id_is_positive_and_minimal(void **state)
{
    (void)state;
    memset(octets, 0xff, sizeof(octets));
    struct authority with = authority();
    struct item item = p10();
    struct cmc_body body = sent(&with, &item, 1);
    assert_octets(cmc_find(&body, CMC_CONTROL_TRANSACTION_ID)->value,
                  "02107fffffffffffffffffffffffffffffff");
    memset(octets, 0, sizeof(octets));
    body = sent(&with, &item, 1);
    assert_octets(cmc_find(&body, CMC_CONTROL_TRANSACTION_ID)->value,
                  "021040000000000000000000000000000000");
}

int main(void)
{
    CASES_ADD(a_pkcs10_travels_untouched);
    CASES_ADD(a_crmf_request_keeps_its_proof);
    CASES_ADD(a_witnessed_request_is_written_anew);
    CASES_ADD(ids_are_unique);
    CASES_ADD(our_word_for_the_identity_is_an_option);
    CASES_ADD(reg_info_moves_to_its_control);
    CASES_ADD_ROWS(forbiddens, forbidden_row);
    CASES_ADD_ROWS(id_cases, id_row);
    CASES_ADD(equal_ids_cannot_go_together);
    CASES_ADD(only_enrolment_and_revocation_go);
    CASES_ADD(the_signer_is_named_as_the_authority_wants);
    CASES_ADD(a_transaction_id_is_positive_and_minimal);
    return cases_run("cmc_request");
}
