#include "tests/support/cases.h"

#include <stdlib.h>

#include "gateway/cli/tx_story.h"
#include "mapping/model/response.h"
#include "tests/support/local_pki.h"

enum { NOW = 1790000000 }; /* 2026-09-21 14:13:20 */

static struct bytes packed_request(struct arena *arena)
{
    EVP_PKEY *key = local_pki_key("P-256");
    struct item item = local_pki_item(key, "CN=mast-1,O=Example", NULL, arena);
    EVP_PKEY_free(key);
    item.pop_form = POP_FORM_SIGNATURE;
    item.format = ITEM_CRMF;
    item.carriage = CARRIAGE_CMC_CRM;
    struct request request = {
        .operation = OPERATION_ENROLL,
        .what = "ir",
        .items = &item,
        .item_count = 1,
        .identity = {.kind = IDENTITY_MAC, .principal = BYTES_LITERAL("mast-1")}};
    return request_pack(&request, arena);
}

static struct bytes packed_refusal(struct arena *arena)
{
    struct result result = {.status = RESULT_REFUSED,
                            .reasons = {REASON_BAD_CERT_TEMPLATE},
                            .reason_count = 1,
                            .clause = "RFC 9483 3.6.4",
                            .text = BYTES_LITERAL("no such subject"),
                            .detail = BYTES_LITERAL("policy 12")};
    struct response response = {
        .operation = OPERATION_ENROLL, .results = &result, .result_count = 1};
    return response_pack(&response, arena);
}

static struct transaction transaction(enum state state, struct arena *arena)
{
    return (struct transaction){.id = BYTES_LITERAL("00112233445566778899aabbccddeeff"),
                                .version = 1,
                                .state = state,
                                .inbound = PROTOCOL_CMP,
                                .operation = OPERATION_ENROLL,
                                .route = "masts",
                                .authority = "factory",
                                .created_at = NOW,
                                .updated_at = NOW + 65,
                                .request = packed_request(arena),
                                .transaction_id = BYTES_LITERAL("0a0b0c"),
                                .principal = BYTES_LITERAL("mast-1"),
                                .subject = BYTES_LITERAL("CN=mast-1,O=Example")};
}

static const char *told(const struct story *story)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    story_tell(out, story, case_arena());
    fclose(out);
    const char *copy = arena_text(case_arena(), bytes_of(text, size));
    free(text);
    return copy;
}

#define BEGINNING                                                                                  \
    "Transaction 00112233445566778899aabbccddeeff\n"                                               \
    "At 2026-09-21 14:13:20 UTC \"mast-1\", known by a shared secret, asked by cmp (ir) to "       \
    "enroll.\n"                                                                                    \
    "  The device calls it 0a0b0c.\n"                                                              \
    "  For the subject CN=mast-1,O=Example.\n"                                                     \
    "  Its proof of possession (signature) was checked by us and is kept towards the authority: "  \
    "CMC crm: the original CertRequest and popo, regInfo moved to a control.\n"                    \
    "The route \"masts\" leads to the authority \"factory\".\n"

static void a_finished_enrolment(void **state)
{
    (void)state;
    struct transaction t = transaction(STATE_DONE, case_arena());
    const struct issued_certificate certificate = {.serial = BYTES_LITERAL("\x00\x80\x01"),
                                                   .subject_text =
                                                       BYTES_LITERAL("CN=mast-1,O=Example"),
                                                   .not_after = NOW + 86400,
                                                   .state = CERTIFICATE_CONFIRMED};
    const struct story story = {&t, &certificate, 1};
    assert_string_equal(told(&story), BEGINNING
                        "  Certificate 8001 for CN=mast-1,O=Example, valid until 2026-09-22 "
                        "14:13:20 UTC: confirmed.\n"
                        "Since 2026-09-21 14:14:25 UTC it is done: finished: delivered, and "
                        "confirmed where that was asked.\n");
}

static void a_refusal(void **state)
{
    (void)state;
    struct transaction t = transaction(STATE_REJECTED, case_arena());
    t.response = packed_refusal(case_arena());
    t.note = BYTES_LITERAL("badCertTemplate (RFC 9483 3.6.4): no such subject");
    const struct story story = {&t, NULL, 0};
    assert_string_equal(told(&story), BEGINNING
                        "  \"factory\" says: refused, badCertTemplate (RFC 9483 3.6.4): no such "
                        "subject.\n"
                        "    policy 12\n"
                        "Since 2026-09-21 14:14:25 UTC it is rejected: finished with a refusal.\n"
                        "  Noted: badCertTemplate (RFC 9483 3.6.4): no such subject.\n");
}

static void an_open_question_comes_with_advice(void **state)
{
    (void)state;
    struct transaction t = transaction(STATE_UNKNOWN, case_arena());
    t.attempts = 2;
    t.wake_at = NOW + 120;
    t.deadline = NOW + 180;
    const struct story story = {&t, NULL, 0};
    const char *text = told(&story);
    assert_text_has(text, "it is unknown: ");
    assert_text_has(text, "  The present message was sent 2 times.\n"
                          "  It is looked at again at 2026-09-21 14:15:20 UTC.\n"
                          "  It is given up at 2026-09-21 14:16:20 UTC.\n"
                          "Ask the authority whether it issued a certificate");
}

/* Written by another version: what the row itself says is still told. */
static void a_request_that_cannot_be_read(void **state)
{
    (void)state;
    struct transaction t = transaction(STATE_DONE, case_arena());
    t.request = BYTES_LITERAL("\xffwhat is this");
    t.response = BYTES_LITERAL("\xff");
    const struct story story = {&t, NULL, 0};
    assert_text_has(told(&story), "\"mast-1\", as it says, asked by cmp (?) to enroll.\n");
}

static void programs_get_the_same_facts(void **state)
{
    (void)state;
    struct transaction t = transaction(STATE_REJECTED, case_arena());
    t.response = packed_refusal(case_arena());
    const struct story story = {&t, NULL, 0};
    json_t *json = story_json(&story, case_arena());
    const char *word, *pop, *outcome, *reason, *created;
    assert_int_equal(json_unpack(json, "{s:s, s:s, s:[{s:s, s:s}], s:[{s:[s]}]}", "state", &word,
                                 "created", &created, "items", "pop", &pop, "pop_outcome", &outcome,
                                 "results", "reasons", &reason),
                     0);
    assert_string_equal(word, "rejected");
    assert_string_equal(created, "2026-09-21T14:13:20Z");
    assert_string_equal(pop, "signature");
    assert_string_equal(outcome, "kept");
    assert_string_equal(reason, "badCertTemplate");
    assert_null(json_object_get(json, "wake"));
    json_decref(json);
}

int main(void)
{
    CASES_ADD(a_finished_enrolment);
    CASES_ADD(a_refusal);
    CASES_ADD(an_open_question_comes_with_advice);
    CASES_ADD(a_request_that_cannot_be_read);
    CASES_ADD(programs_get_the_same_facts);
    return cases_run("tx story");
}
