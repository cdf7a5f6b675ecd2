/* Each pair of tests/vectors/names/vectors.json, all three comparisons and the request policy. */
#include "tests/support/cmocka_all.h"

#include <jansson.h>
#include <stdlib.h>

#include "adapters/pkix/names.h"
#include "tests/support/octets.h"

static bool refused(const json_t *row, const char *side)
{
    size_t i;
    json_t *value;
    json_array_foreach(json_object_get(row, "refuse"), i,
                       value) if (strcmp(json_string_value(value), side) == 0) return true;
    return false;
}

static void check_side(const json_t *row, const char *side, struct bytes name, struct arena *arena)
{
    struct failure why = {0};
    bool taken = names_check_request(name, &why);
    if (taken == refused(row, side))
        print_error("side %s: %s\n", side, taken ? "taken" : why.text);
    assert_int_equal(taken, !refused(row, side));
    /* Names that nobody may hold must not break what shows them. */
    struct bytes text = names_text(name, arena);
    for (size_t i = 0; i < text.size; i++)
        assert_true(text.data[i] >= ' ' && text.data[i] != 0x7f);
}

static void pair(void **state)
{
    const json_t *row = *state;
    struct arena *arena = arena_new();
    struct bytes a = octets_from_hex(arena, json_string_value(json_object_get(row, "a_der_hex")));
    struct bytes b = octets_from_hex(arena, json_string_value(json_object_get(row, "b_der_hex")));
    bool strict = json_is_true(json_object_get(row, "equal_strict"));
    bool like = strict || json_is_true(json_object_get(row, "equal"));

    assert_int_equal(names_octets_equal(a, b), bytes_equal(a, b));
    assert_int_equal(names_same(a, b), strict);
    assert_int_equal(names_same(b, a), strict);
    assert_int_equal(names_like(a, b), like);
    assert_int_equal(names_like(b, a), like);
    check_side(row, "a", a, arena);
    check_side(row, "b", b, arena);
    arena_free(arena);
}

int main(void)
{
    json_t *rows = json_load_file("tests/vectors/names/vectors.json", JSON_ALLOW_NUL, NULL);
    size_t count = json_array_size(rows);
    if (count != 140)
        return EXIT_FAILURE;
    struct CMUnitTest *tests = calloc(count, sizeof(*tests));
    for (size_t i = 0; i < count; i++) {
        json_t *row = json_array_get(rows, i);
        tests[i] = (struct CMUnitTest){json_string_value(json_object_get(row, "id")), pair, NULL,
                                       NULL, row};
    }
    int failed = _cmocka_run_group_tests("names vectors", tests, count, NULL, NULL);
    free(tests);
    json_decref(rows);
    return failed;
}
