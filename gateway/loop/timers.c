#include "gateway/loop/timers.h"

#include <stdbool.h>
#include <stdlib.h>

static bool is_before(const struct timer *a, const struct timer *b)
{
    return a->due_ms < b->due_ms || (a->due_ms == b->due_ms && a->order < b->order);
}

static void put(struct timers *timers, size_t place, struct timer *timer)
{
    timers->heap[place] = timer;
    timer->place = place;
}

static void rise(struct timers *timers, struct timer *timer)
{
    size_t place = timer->place;
    while (place > 0 && is_before(timer, timers->heap[(place - 1) / 2])) {
        put(timers, place, timers->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(timers, place, timer);
}

static void sink(struct timers *timers, struct timer *timer)
{
    size_t place = timer->place;
    for (;;) {
        size_t child = 2 * place + 1;
        if (child >= timers->count)
            break;
        if (child + 1 < timers->count && is_before(timers->heap[child + 1], timers->heap[child]))
            child++;
        if (!is_before(timers->heap[child], timer))
            break;
        put(timers, place, timers->heap[child]);
        place = child;
    }
    put(timers, place, timer);
}

struct timer *timers_add(struct timers *timers, int64_t due_ms, void (*due)(void *context),
                         void *context)
{
    if (timers->count == timers->room) {
        timers->room = timers->room == 0 ? 64 : timers->room * 2;
        timers->heap = realloc(timers->heap, timers->room * sizeof(struct timer *));
        if (timers->heap == NULL)
            abort();
    }
    struct timer *timer = malloc(sizeof(*timer));
    if (timer == NULL)
        abort();
    *timer = (struct timer){
        .due_ms = due_ms, .order = timers->next_order++, .due = due, .context = context};
    put(timers, timers->count++, timer);
    rise(timers, timer);
    return timer;
}

void timers_remove(struct timers *timers, struct timer *timer)
{
    struct timer *last = timers->heap[--timers->count];
    if (last != timer) {
        put(timers, timer->place, last);
        rise(timers, last);
        sink(timers, last);
    }
    free(timer);
}

void timers_remove_first(struct timers *timers)
{
    timers_remove(timers, timers->heap[0]);
}

const struct timer *timers_first(const struct timers *timers)
{
    return timers->count == 0 ? NULL : timers->heap[0];
}

void timers_clear(struct timers *timers)
{
    for (size_t i = 0; i < timers->count; i++)
        free(timers->heap[i]);
    free(timers->heap);
    *timers = (struct timers){0};
}
