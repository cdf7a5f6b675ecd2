#include "tests/support/cmocka_all.h"

#include <stdbool.h>
#include <stdlib.h>

#include "gateway/loop/timers.h"

static void never(void *context)
{
    (void)context;
    abort();
}

static void earliest_comes_first_and_equals_in_order(void **state)
{
    (void)state;
    static const int64_t due[] = {50, 10, 30, 10, 40, 10, 20};
    static const uint64_t order[] = {1, 3, 5, 6, 2, 4, 0};
    struct timers timers = {0};
    for (size_t i = 0; i < 7; i++)
        timers_add(&timers, due[i], never, NULL);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(timers_first(&timers)->order, order[i]);
        timers_remove_first(&timers);
    }
    assert_null(timers_first(&timers));
    timers_clear(&timers);
}

enum { MANY = 2000 };

/* Random adds and removes against a plain array. */
static void random_work_keeps_the_order(void **state)
{
    (void)state;
    struct timers timers = {0};
    static struct timer *set[MANY];
    unsigned seed = 1;
    for (int step = 0; step < 20 * MANY; step++) {
        seed = seed * 1103515245 + 12345;
        size_t slot = (seed >> 8) % MANY;
        if (set[slot] == NULL) {
            set[slot] = timers_add(&timers, (int64_t)(seed >> 20), never, NULL);
        } else {
            timers_remove(&timers, set[slot]);
            set[slot] = NULL;
        }
    }
    size_t left = 0;
    for (size_t i = 0; i < MANY; i++)
        left += set[i] != NULL;
    assert_int_equal(timers.count, left);
    for (int64_t last = -1; left > 0; left--) {
        assert_true(timers_first(&timers)->due_ms >= last);
        last = timers_first(&timers)->due_ms;
        timers_remove_first(&timers);
    }
    assert_int_equal(timers.count, 0);
    timers_clear(&timers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(earliest_comes_first_and_equals_in_order),
        cmocka_unit_test(random_work_keeps_the_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
