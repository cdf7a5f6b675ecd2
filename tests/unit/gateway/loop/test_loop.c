#include "tests/support/cmocka_all.h"

#include "gateway/loop/loop.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct scene {
    struct loop *loop;
    int near[2], far[2]; /* two pairs of sockets; we watch the near ends */
    struct watch *watch[2];
    struct timer *timer;
    int calls;
    int events;
    char order[16];
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    scene->loop = loop_new();
    for (int i = 0; i < 2; i++) {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
            return -1;
        scene->near[i] = pair[0];
        scene->far[i] = pair[1];
    }
    *state = scene;
    return scene->loop == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    loop_free(scene->loop);
    for (int i = 0; i < 2; i++) {
        close(scene->near[i]);
        if (scene->far[i] >= 0)
            close(scene->far[i]);
    }
    free(scene);
    return 0;
}

static void stop(void *context)
{
    struct scene *scene = context;
    loop_stop(scene->loop);
}

static void run_for(struct scene *scene, int64_t ms)
{
    loop_timer(scene->loop, ms, stop, scene);
    assert_true(loop_run(scene->loop));
}

static void note(void *context, int events)
{
    struct scene *scene = context;
    scene->calls++;
    scene->events |= events;
    loop_stop(scene->loop);
}

static void readable_is_told(void **state)
{
    struct scene *scene = *state;
    scene->watch[0] = loop_watch(scene->loop, scene->near[0], LOOP_READ, note, scene);
    run_for(scene, 5);
    assert_int_equal(scene->calls, 0);
    assert_int_equal(write(scene->far[0], "x", 1), 1);
    assert_true(loop_run(scene->loop));
    assert_int_equal(scene->events, LOOP_READ);
}

static void writable_is_told_when_asked_for(void **state)
{
    struct scene *scene = *state;
    scene->watch[0] = loop_watch(scene->loop, scene->near[0], LOOP_READ, note, scene);
    loop_rewatch(scene->watch[0], LOOP_WRITE);
    assert_true(loop_run(scene->loop));
    assert_int_equal(scene->events, LOOP_WRITE);
}

static void nothing_is_told_when_nothing_is_asked_for(void **state)
{
    struct scene *scene = *state;
    scene->watch[0] = loop_watch(scene->loop, scene->near[0], LOOP_READ, note, scene);
    loop_rewatch(scene->watch[0], 0);
    assert_int_equal(write(scene->far[0], "x", 1), 1);
    run_for(scene, 10);
    assert_int_equal(scene->calls, 0);
    loop_rewatch(scene->watch[0], LOOP_READ);
    assert_true(loop_run(scene->loop));
    assert_int_equal(scene->calls, 1);
}

static void count(void *context, int events)
{
    struct scene *scene = context;
    scene->calls++;
    scene->events |= events;
}

/* Level-triggered it would be told in every round, and burn the processor. */
static void a_hang_up_is_told_once_to_who_waits_for_nothing(void **state)
{
    struct scene *scene = *state;
    scene->watch[0] = loop_watch(scene->loop, scene->near[0], 0, count, scene);
    close(scene->far[0]);
    scene->far[0] = -1;
    run_for(scene, 20);
    assert_int_equal(scene->calls, 1);
    assert_int_equal(scene->events, LOOP_GONE);
}

/* Each unwatches both, closes and frees: the second must not be called with a freed watch. */
static void remove_both(void *context, int events)
{
    (void)events;
    struct scene *scene = context;
    scene->calls++;
    for (int i = 0; i < 2; i++) {
        loop_unwatch(scene->watch[i]);
        scene->watch[i] = NULL;
    }
    loop_unwatch(NULL);
}

static void stale_events_of_one_round_are_not_delivered(void **state)
{
    struct scene *scene = *state;
    for (int i = 0; i < 2; i++) {
        scene->watch[i] = loop_watch(scene->loop, scene->near[i], LOOP_READ, remove_both, scene);
        assert_int_equal(write(scene->far[i], "x", 1), 1);
    }
    run_for(scene, 10);
    assert_int_equal(scene->calls, 1);
}

/* A descriptor closed and made again under the same number inside one round is another watch. */
static void reuse_descriptor(void *context, int events)
{
    (void)events;
    struct scene *scene = context;
    scene->calls++;
    if (scene->calls > 1)
        return;
    for (int i = 0; i < 2; i++) {
        loop_unwatch(scene->watch[i]);
        close(scene->near[i]);
        close(scene->far[i]);
    }
    for (int i = 0; i < 2; i++) {
        int pair[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        scene->near[i] = pair[0];
        scene->far[i] = pair[1];
        scene->watch[i] = loop_watch(scene->loop, pair[0], LOOP_READ, reuse_descriptor, scene);
    }
}

static void a_reused_descriptor_hears_no_old_event(void **state)
{
    struct scene *scene = *state;
    for (int i = 0; i < 2; i++) {
        scene->watch[i] =
            loop_watch(scene->loop, scene->near[i], LOOP_READ, reuse_descriptor, scene);
        assert_int_equal(write(scene->far[i], "x", 1), 1);
    }
    run_for(scene, 10);
    assert_int_equal(scene->calls, 1);
}

static void a_descriptor_that_cannot_be_watched_is_told(void **state)
{
    struct scene *scene = *state;
    assert_null(loop_watch(scene->loop, -1, LOOP_READ, note, scene));
}

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void a_timer_is_not_early_and_hardly_late(void **state)
{
    struct scene *scene = *state;
    int64_t start = clock_ms();
    run_for(scene, 30);
    int64_t taken = clock_ms() - start;
    assert_true(taken >= 30);
    assert_true(taken < 1000);
}

static void append_b(void *context)
{
    struct scene *scene = context;
    strcat(scene->order, "b");
}

static void cancel_other(void *context)
{
    struct scene *scene = context;
    strcat(scene->order, "a");
    loop_cancel(scene->loop, scene->timer);
    loop_cancel(scene->loop, NULL);
}

static void a_timer_may_cancel_one_that_is_due_too(void **state)
{
    struct scene *scene = *state;
    loop_timer(scene->loop, 0, cancel_other, scene);
    scene->timer = loop_timer(scene->loop, 0, append_b, scene);
    run_for(scene, 5);
    assert_string_equal(scene->order, "a");
}

static void again(void *context)
{
    struct scene *scene = context;
    scene->calls++;
    loop_timer(scene->loop, 0, again, scene);
}

static void a_timer_that_sets_itself_starves_nobody(void **state)
{
    struct scene *scene = *state;
    loop_timer(scene->loop, 0, again, scene);
    scene->watch[0] = loop_watch(scene->loop, scene->near[0], LOOP_READ, note, scene);
    assert_int_equal(write(scene->far[0], "x", 1), 1);
    assert_true(loop_run(scene->loop));
    assert_int_equal(scene->events, LOOP_READ);
}

static void append_c(void *context)
{
    struct scene *scene = context;
    strcat(scene->order, "c");
    if (strlen(scene->order) < 6)
        loop_post(scene->loop, append_b, scene);
    else
        loop_stop(scene->loop);
}

static void posts_run_in_order(void **state)
{
    struct scene *scene = *state;
    for (int i = 0; i < 2; i++) {
        loop_post(scene->loop, append_b, scene);
        loop_post(scene->loop, append_c, scene);
    }
    run_for(scene, 10);
    assert_string_equal(scene->order, "bcbcbb");
}

static void unrun_posts_are_dropped(void **state)
{
    struct scene *scene = *state;
    loop_post(scene->loop, append_b, scene);
    assert_string_equal(scene->order, "");
}

enum { POSTERS = 4, POSTS = 2000 };

static void count_post(void *context)
{
    struct scene *scene = context;
    if (++scene->calls == POSTERS * POSTS)
        loop_stop(scene->loop);
}

static void *poster(void *argument)
{
    struct scene *scene = argument;
    for (int i = 0; i < POSTS; i++)
        loop_post(scene->loop, count_post, scene);
    return NULL;
}

static void no_post_of_other_threads_is_lost(void **state)
{
    struct scene *scene = *state;
    pthread_t threads[POSTERS];
    for (int i = 0; i < POSTERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, poster, scene), 0);
    assert_true(loop_run(scene->loop));
    for (int i = 0; i < POSTERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(scene->calls, POSTERS * POSTS);
}

static void *stopper(void *argument)
{
    struct scene *scene = argument;
    loop_stop(scene->loop);
    return NULL;
}

static void another_thread_may_stop_it(void **state)
{
    struct scene *scene = *state;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stopper, scene), 0);
    assert_true(loop_run(scene->loop));
    pthread_join(thread, NULL);
}

static void caught(void *context, int number)
{
    struct scene *scene = context;
    strcat(scene->order, number == SIGHUP ? "h" : number == SIGTERM ? "t" : "?");
    if (strlen(scene->order) == 2)
        loop_stop(scene->loop);
}

static void signals_arrive_as_calls(void **state)
{
    struct scene *scene = *state;
    assert_true(loop_signal(scene->loop, SIGTERM, caught, scene));
    assert_true(loop_signal(scene->loop, SIGHUP, caught, scene));
    assert_false(loop_signal(scene->loop, 0, caught, scene));
    assert_false(loop_signal(scene->loop, 1000, caught, scene));
    assert_int_equal(kill(getpid(), SIGHUP), 0);
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    assert_true(loop_run(scene->loop));
    assert_string_equal(scene->order, "ht");
}

int main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        SCENE(readable_is_told),
        SCENE(writable_is_told_when_asked_for),
        SCENE(nothing_is_told_when_nothing_is_asked_for),
        SCENE(a_hang_up_is_told_once_to_who_waits_for_nothing),
        SCENE(stale_events_of_one_round_are_not_delivered),
        SCENE(a_reused_descriptor_hears_no_old_event),
        SCENE(a_descriptor_that_cannot_be_watched_is_told),
        SCENE(a_timer_is_not_early_and_hardly_late),
        SCENE(a_timer_may_cancel_one_that_is_due_too),
        SCENE(a_timer_that_sets_itself_starves_nobody),
        SCENE(posts_run_in_order),
        SCENE(unrun_posts_are_dropped),
        SCENE(no_post_of_other_threads_is_lost),
        SCENE(another_thread_may_stop_it),
        SCENE(signals_arrive_as_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
