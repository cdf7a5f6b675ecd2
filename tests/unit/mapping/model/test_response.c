#include "tests/support/cmocka_all.h"

#include "mapping/model/response.h"

static void the_open_results_decide(void **state)
{
    (void)state;
    static const struct {
        enum result_status a, b, whole;
    } rows[] = {
        {RESULT_REFUSED, RESULT_REFUSED, RESULT_REFUSED},
        {RESULT_REFUSED, RESULT_GRANTED, RESULT_GRANTED},
        {RESULT_REFUSED, RESULT_PENDING, RESULT_PENDING},
        {RESULT_GRANTED, RESULT_GRANTED_WITH_MODS, RESULT_GRANTED_WITH_MODS},
        {RESULT_GRANTED, RESULT_PENDING, RESULT_PENDING},
        {RESULT_PENDING, RESULT_UNKNOWN, RESULT_UNKNOWN},
        {RESULT_REFUSED, RESULT_UNKNOWN, RESULT_UNKNOWN},
        {RESULT_GRANTED, RESULT_GRANTED, RESULT_GRANTED},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct result results[2] = {{.status = rows[i].a}, {.status = rows[i].b}};
        struct response response = {.results = results, .result_count = 2};
        assert_int_equal(response_status(&response), rows[i].whole);
        results[0].status = rows[i].b;
        results[1].status = rows[i].a;
        assert_int_equal(response_status(&response), rows[i].whole);
    }
}

static void a_refusal_answers_every_item(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct item items[2] = {{.inbound_id = 8}, {.inbound_id = -1}};
    struct request request = {.operation = OPERATION_ENROLL, .items = items, .item_count = 2};
    struct failure why;
    struct response response;
    assert_false(fail(&why, REASON_POP_CARRIER, "RFC 1 2", "text %d", 5));
    response_refuse(&request, &why, arena, &response);
    why.text[0] = 'X'; /* the response owns its text */
    assert_int_equal(response.operation, OPERATION_ENROLL);
    assert_int_equal(response.result_count, 2);
    assert_int_equal(response.results[0].inbound_id, 8);
    assert_int_equal(response.results[1].inbound_id, -1);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(response.results[i].status, RESULT_REFUSED);
        assert_int_equal(response.results[i].reason_count, 1);
        assert_int_equal(response.results[i].reasons[0], REASON_POP_CARRIER);
        assert_string_equal(response.results[i].clause, "RFC 1 2");
        assert_true(bytes_equal_text(response.results[i].text, "text 5"));
    }
    arena_free(arena);
}

static void a_refusal_without_items_is_one_result(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct request request = {.operation = OPERATION_SUPPORT};
    struct failure why;
    struct response response;
    fail(&why, REASON_NO_OPERATION, NULL, NULL);
    response_refuse(&request, &why, arena, &response);
    assert_int_equal(response.result_count, 1);
    assert_int_equal(response.results[0].reasons[0], REASON_NO_OPERATION);
    arena_free(arena);
}

static void reasons_are_a_set_of_limited_size(void **state)
{
    (void)state;
    struct result result = {0};
    result_add_reason(&result, REASON_BAD_ALG);
    result_add_reason(&result, REASON_BAD_ALG);
    assert_int_equal(result.reason_count, 1);
    for (unsigned r = 0; r < REASON_COUNT; r++)
        result_add_reason(&result, (enum reason)r);
    assert_int_equal(result.reason_count, RESULT_REASONS);
    assert_int_equal(result.reasons[1], REASON_BAD_MESSAGE_CHECK);
}

static void words_are_those_of_the_tables(void **state)
{
    (void)state;
    enum operation operation;
    assert_true(operation_from_word("update", &operation));
    assert_int_equal(operation, OPERATION_UPDATE);
    assert_false(operation_from_word("Update", &operation));
    assert_false(operation_from_word("", &operation));
    assert_string_equal(operation_word(OPERATION_ENROLL_ADD), "certify");
    assert_string_equal(protocol_word(PROTOCOL_LOCAL), "local");
    assert_string_equal(carriage_row(CARRIAGE_CMC_WITNESS)->word, "O3");
    assert_int_equal(carriage_row(CARRIAGE_CMC_WITNESS)->outcome, POP_OUTCOME_WITNESSED);
    assert_string_equal(pop_form_row(POP_FORM_NO_SIGNATURE)->word, "noSignature");
    assert_string_equal(pop_outcome_word(POP_OUTCOME_REFUSED), "refused");
    assert_string_equal(identity_kind_word(IDENTITY_REQUEST_KEY), "request-key");
    assert_string_equal(result_status_word(RESULT_UNKNOWN), "unknown");
}

static void which_operations_open_and_enrol(void **state)
{
    (void)state;
    for (unsigned o = 0; o < OPERATION_COUNT; o++) {
        enum operation operation = (enum operation)o;
        bool follows = operation == OPERATION_CONFIRM || operation == OPERATION_POLL ||
                       operation == OPERATION_CANCEL;
        assert_int_equal(operation_opens(operation), !follows);
        assert_int_equal(operation_enrols(operation), o <= OPERATION_UPDATE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_open_results_decide),
        cmocka_unit_test(a_refusal_answers_every_item),
        cmocka_unit_test(a_refusal_without_items_is_one_result),
        cmocka_unit_test(reasons_are_a_set_of_limited_size),
        cmocka_unit_test(words_are_those_of_the_tables),
        cmocka_unit_test(which_operations_open_and_enrol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
