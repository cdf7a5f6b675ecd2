#include "tests/support/cmocka_all.h"

#include "mapping/model/arena.h"

static void memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    for (size_t size = 0; size < 20000; size += 777) {
        uint8_t *memory = arena_alloc(arena, size);
        assert_int_equal((uintptr_t)memory % sizeof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 0xff, size);
    }
    arena_free(arena);
}

static char order[8];

static void note_a(void *object)
{
    (void)object;
    strcat(order, "a");
}

static void note_b(void *object)
{
    (void)object;
    strcat(order, "b");
}

static void owned_objects_go_last_first(void **state)
{
    (void)state;
    int x;
    struct arena *arena = arena_new();
    arena_own(arena, &x, note_a);
    arena_own(arena, &x, note_b);
    assert_null(arena_own(arena, NULL, note_a));
    arena_free(arena);
    assert_string_equal(order, "ba");
}

static void text_is_terminated(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    assert_string_equal(arena_text(arena, BYTES_LITERAL("abc")), "abc");
    assert_string_equal(arena_text(arena, BYTES_EMPTY), "");
    assert_string_equal(arena_printf(arena, "%d-%s", 7, "x"), "7-x");
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(owned_objects_go_last_first),
        cmocka_unit_test(text_is_terminated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
