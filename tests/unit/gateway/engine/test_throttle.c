#include "tests/support/cmocka_all.h"

#include "gateway/engine/throttle.h"
#include "mapping/model/limits.h"

static void locks_after_the_limit_and_forgives_with_time(void **state)
{
    (void)state;
    struct throttle *throttle = throttle_new();
    struct bytes reference = BYTES_LITERAL("mast-1");
    for (int i = 0; i < LIMIT_MAC_FAILURES; i++) {
        assert_false(throttle_locked(throttle, reference, 1000));
        throttle_count_failure(throttle, reference, 1000);
    }
    assert_true(throttle_locked(throttle, reference, 1000));
    assert_true(throttle_locked(throttle, reference, 1000 + LIMIT_MAC_LOCK_S - 1));
    assert_false(throttle_locked(throttle, reference, 1000 + LIMIT_MAC_LOCK_S));
    assert_false(throttle_locked(throttle, BYTES_LITERAL("mast-2"), 1000));
    throttle_free(throttle);
}

static void success_forgives(void **state)
{
    (void)state;
    struct throttle *throttle = throttle_new();
    struct bytes reference = BYTES_LITERAL("mast-1");
    for (int i = 0; i < LIMIT_MAC_FAILURES - 1; i++)
        throttle_count_failure(throttle, reference, 1000);
    throttle_forgive(throttle, reference);
    throttle_count_failure(throttle, reference, 1000);
    assert_false(throttle_locked(throttle, reference, 1000));
    throttle_free(throttle);
}

static void a_flood_of_references_stays_bounded(void **state)
{
    (void)state;
    struct throttle *throttle = throttle_new();
    for (uint32_t i = 0; i < 100000; i++)
        throttle_count_failure(throttle, bytes_of(&i, sizeof(i)), 1000 + i / 1000);
    struct bytes fresh = BYTES_LITERAL("late");
    for (int i = 0; i < LIMIT_MAC_FAILURES; i++)
        throttle_count_failure(throttle, fresh, 2000);
    assert_true(throttle_locked(throttle, fresh, 2000));
    throttle_free(throttle);
}

static void nobody_is_never_locked(void **state)
{
    (void)state;
    struct throttle *throttle = throttle_new();
    for (int i = 0; i < 2 * LIMIT_MAC_FAILURES; i++)
        throttle_count_failure(throttle, BYTES_EMPTY, 1000);
    assert_false(throttle_locked(throttle, BYTES_EMPTY, 1000));
    throttle_free(throttle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(locks_after_the_limit_and_forgives_with_time),
        cmocka_unit_test(success_forgives),
        cmocka_unit_test(a_flood_of_references_stays_bounded),
        cmocka_unit_test(nobody_is_never_locked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
