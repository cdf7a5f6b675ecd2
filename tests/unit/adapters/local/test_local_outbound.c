/* The embedded CA as the engine meets it: one begin, one final answer. */
#include "tests/support/cases.h"

#include <openssl/x509v3.h>

#include "mapping/model/limits.h"
#include "tests/support/local_pki.h"

static void release_key(void *key)
{
    EVP_PKEY_free(key);
}

static EVP_PKEY *new_key(void)
{
    return arena_own(case_arena(), local_pki_key("P-256"), release_key);
}

static struct authority *new_authority(void)
{
    struct authority *authority = arena_alloc(case_arena(), sizeof(*authority));
    authority->name = "small";
    authority->capabilities.protocol = PROTOCOL_LOCAL;
    authority->local = local_pki_ca("P-256", case_arena());
    return authority;
}

static bool begin(const struct authority *authority, const struct request *request,
                  struct step *step, struct failure *why)
{
    struct outbound_context context = {
        .authority = authority, .now = LOCAL_PKI_NOW, .entropy = local_pki_entropy(case_arena())};
    return outbound_adapter(PROTOCOL_LOCAL)->begin(&context, request, case_arena(), step, why);
}

/* The response; the step must be the session's only one. */
static struct response answered(const struct authority *authority, const struct request *request)
{
    struct step step;
    struct failure why;
    if (!begin(authority, request, &step, &why))
        fail_msg("%s", why.text);
    assert_int_equal(step.kind, STEP_DONE);
    assert_int_equal(step.response.operation, request->operation);
    assert_int_equal(step.response.result_count, request->item_count);
    return step.response;
}

static struct request asking(enum operation operation, struct item *items, size_t count)
{
    return (struct request){.operation = operation, .items = items, .item_count = count};
}

static void each_enrolment_is_granted_at_once(void **state)
{
    (void)state;
    static const enum operation operations[] = {OPERATION_ENROLL, OPERATION_ENROLL_ADD,
                                                OPERATION_UPDATE};
    const struct authority *authority = new_authority();
    struct item item = local_pki_item(new_key(), "CN=mast-1", NULL, case_arena());
    item.inbound_id = 17;
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        struct request request = asking(operations[i], &item, 1);
        struct response response = answered(authority, &request);
        const struct result *result = &response.results[0];
        assert_int_equal(result->inbound_id, 17);
        assert_int_equal(result->status, RESULT_GRANTED);
        assert_true(bytes_is_empty(result->text));
        assert_false(result->confirm_needed);
        const unsigned char *at = result->certificate.data;
        X509 *x509 = d2i_X509(NULL, &at, (long)result->certificate.size);
        X509 *ca = certificate_get0_x509(authority->local->signer->certificate);
        assert_int_equal(X509_verify(x509, X509_get0_pubkey(ca)), 1);
        X509_free(x509);
        assert_int_equal(response.chain_count, 1);
        struct bytes own = certificate_der(authority->local->signer->certificate);
        assert_true(bytes_equal(response.chain[0], own));
    }
}

static void what_was_dropped_is_told(void **state)
{
    (void)state;
    const struct authority *authority = new_authority();
    struct item item =
        local_pki_item(new_key(), "CN=mast-1", "subjectAltName=DNS:a.example", case_arena());
    struct request request = asking(OPERATION_ENROLL, &item, 1);
    struct response response = answered(authority, &request);
    assert_int_equal(response.results[0].status, RESULT_GRANTED_WITH_MODS);
    assert_text_has(arena_text(case_arena(), response.results[0].text), "subjectAltName dropped");
}

/* More than one step's entropy has serial numbers for; each must have its own. */
static void a_full_message_gets_as_many_certificates(void **state)
{
    (void)state;
    enum { COUNT = LIMIT_ITEMS };
    const struct authority *authority = new_authority();
    struct item items[COUNT];
    EVP_PKEY *key = new_key();
    for (size_t i = 0; i < COUNT; i++) {
        items[i] = local_pki_item(key, "CN=mast-1", NULL, case_arena());
        items[i].inbound_id = (int64_t)i;
    }
    struct request request = asking(OPERATION_ENROLL, items, COUNT);
    struct response response = answered(authority, &request);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(response.results[i].status, RESULT_GRANTED);
        assert_int_equal(response.results[i].inbound_id, i);
        for (size_t k = 0; k < i; k++)
            assert_false(
                bytes_equal(response.results[i].certificate, response.results[k].certificate));
    }
}

struct verdict_row {
    const char *name;
    enum pop_verdict verdict;
    bool granted;
};

static const struct verdict_row verdict_rows[] = {
    {"verified", POP_VERIFIED, true},
    {"vouched", POP_VOUCHED, true},
    {"open", POP_OPEN, false},
    {"unchecked", POP_UNCHECKED, false},
};

static void a_proof_of_possession_is_needed(void **state)
{
    const struct verdict_row *row = *state;
    struct item item = local_pki_item(new_key(), "CN=mast-1", NULL, case_arena());
    item.pop_verdict = row->verdict;
    struct request request = asking(OPERATION_ENROLL, &item, 1);
    struct response response = answered(new_authority(), &request);
    assert_int_equal(response.results[0].status, row->granted ? RESULT_GRANTED : RESULT_REFUSED);
    assert_int_equal(bytes_is_empty(response.results[0].certificate), !row->granted);
    if (!row->granted)
        assert_int_equal(response.results[0].reasons[0], REASON_POP_REQUIRED);
}

static void one_refusal_leaves_the_others(void **state)
{
    (void)state;
    struct item items[] = {
        local_pki_item(new_key(), "CN=mast-1", NULL, case_arena()),
        local_pki_item(new_key(), "CN=mast-2", "basicConstraints=CA:TRUE", case_arena()),
        local_pki_item(new_key(), "CN=mast-3", NULL, case_arena()),
    };
    struct request request = asking(OPERATION_ENROLL, items, 3);
    struct response response = answered(new_authority(), &request);
    assert_int_equal(response.results[0].status, RESULT_GRANTED);
    assert_int_equal(response.results[1].status, RESULT_REFUSED);
    assert_int_equal(response.results[1].reasons[0], REASON_EXTENSION_REFUSED);
    assert_text_has(arena_text(case_arena(), response.results[1].text), "rights of a CA");
    assert_string_equal(response.results[1].clause, "RFC 9810 8.10");
    assert_int_equal(response.results[2].status, RESULT_GRANTED);
}

static void a_revocation_is_granted_for_our_own(void **state)
{
    (void)state;
    const struct authority *authority = new_authority();
    const struct certificate *ca = authority->local->signer->certificate;
    struct item stranger = local_pki_item(new_key(), "CN=Another CA", NULL, case_arena());
    struct item items[] = {
        {.inbound_id = 1,
         .old_issuer = certificate_subject(ca),
         .old_serial = certificate_serial(ca)},
        {.inbound_id = 2, .old_issuer = stranger.subject, .old_serial = certificate_serial(ca)},
    };
    struct request request = asking(OPERATION_REVOKE, items, 2);
    struct response response = answered(authority, &request);
    assert_int_equal(response.results[0].status, RESULT_GRANTED);
    assert_int_equal(response.results[1].status, RESULT_REFUSED);
    assert_int_equal(response.results[1].reasons[0], REASON_BAD_CERT_ID);
    assert_int_equal(response.results[1].inbound_id, 2);
}

static void other_operations_are_not_offered(void **state)
{
    (void)state;
    struct item item = local_pki_item(new_key(), "CN=mast-1", NULL, case_arena());
    struct request request = asking(OPERATION_UNREVOKE, &item, 1);
    struct step step;
    struct failure why;
    assert_false(begin(new_authority(), &request, &step, &why));
    assert_int_equal(why.reason, REASON_NO_OPERATION);
    request = asking(OPERATION_ENROLL, NULL, 0);
    assert_false(begin(new_authority(), &request, &step, &why));
}

/* Given the same arguments a step gives the same answer: a signature of Ed25519 has no chance in
 * it. */
static void the_answer_depends_on_the_arguments_alone(void **state)
{
    (void)state;
    struct authority *authority = new_authority();
    authority->local = local_pki_ca("ED25519", case_arena());
    struct item item = local_pki_item(new_key(), "CN=mast-1", NULL, case_arena());
    struct request request = asking(OPERATION_ENROLL, &item, 1);
    struct bytes first = BYTES_EMPTY;
    uint8_t octets[ENTROPY_OCTETS] = {1, 2, 3};
    for (int i = 0; i < 2; i++) {
        struct outbound_context context = {
            .authority = authority, .now = LOCAL_PKI_NOW, .entropy = {octets, sizeof(octets)}};
        struct step step;
        struct failure why;
        assert_true(
            outbound_adapter(PROTOCOL_LOCAL)->begin(&context, &request, case_arena(), &step, &why));
        struct bytes certificate = step.response.results[0].certificate;
        if (i == 0)
            first = certificate;
        assert_true(bytes_equal(certificate, first));
    }
}

static void there_is_no_second_step(void **state)
{
    (void)state;
    const struct authority *authority = new_authority();
    struct item item = local_pki_item(new_key(), "CN=mast-1", NULL, case_arena());
    struct request request = asking(OPERATION_ENROLL, &item, 1);
    struct outbound_context context = {.authority = authority, .now = LOCAL_PKI_NOW};
    const struct outbound_event event = {.kind = OUTBOUND_TIME};
    struct step step;
    outbound_adapter(PROTOCOL_LOCAL)
        ->step(&context, &request, BYTES_LITERAL("\x01"), &event, case_arena(), &step);
    assert_int_equal(step.kind, STEP_DONE);
    assert_int_equal(step.response.results[0].status, RESULT_REFUSED);
    assert_int_equal(step.response.results[0].reasons[0], REASON_INTERNAL);
}

int main(void)
{
    CASES_ADD(each_enrolment_is_granted_at_once);
    CASES_ADD(what_was_dropped_is_told);
    CASES_ADD(a_full_message_gets_as_many_certificates);
    CASES_ADD_ROWS(verdict_rows, a_proof_of_possession_is_needed);
    CASES_ADD(one_refusal_leaves_the_others);
    CASES_ADD(a_revocation_is_granted_for_our_own);
    CASES_ADD(other_operations_are_not_offered);
    CASES_ADD(the_answer_depends_on_the_arguments_alone);
    CASES_ADD(there_is_no_second_step);
    return cases_run("local_outbound");
}
