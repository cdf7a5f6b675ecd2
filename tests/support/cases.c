#include "tests/support/cases.h"

#include <assert.h>

#include "tests/support/octets.h"

enum { CASES = 512 };

static struct CMUnitTest cases[CASES];
static size_t case_count;
static struct arena *arena;

struct arena *case_arena(void)
{
    return arena;
}

static int open_arena(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_free(arena);
    arena = NULL;
    return 0;
}

void cases_add(const char *name, CMUnitTestFunction function, const void *row)
{
    /* cmocka's state is void *; rows are const and stay so in the tests. */
    union {
        const void *row;
        void *state;
    } initial = {row};
    assert(case_count < CASES);
    cases[case_count++] =
        (struct CMUnitTest){name, function, open_arena, close_arena, initial.state};
}

int cases_run(const char *group)
{
    return _cmocka_run_group_tests(group, cases, case_count, NULL, NULL);
}

void assert_octets(struct bytes b, const char *hex)
{
    struct bytes expected = octets_from_hex(arena, hex);
    assert_int_equal(b.size, expected.size);
    if (b.size > 0)
        assert_memory_equal(b.data, expected.data, b.size);
}

void assert_text_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", text, part);
}
