/* Timers of one loop: a binary heap, earliest first; of equal times the one set first.
 *
 * A heap and not a wheel: a connection moves its timer a few times a request, which costs less
 * than reading the clock, and the heap wakes the loop at the exact millisecond. */
#ifndef DRAGOMAN_GATEWAY_LOOP_TIMERS_H
#define DRAGOMAN_GATEWAY_LOOP_TIMERS_H

#include <stddef.h>
#include <stdint.h>

struct timer {
    int64_t due_ms;
    uint64_t order;
    size_t place; /* in the heap */
    void (*due)(void *context);
    void *context;
};

struct timers {
    struct timer **heap;
    size_t count;
    size_t room;
    uint64_t next_order;
};

/* All zero is an empty set. */
struct timer *timers_add(struct timers *timers, int64_t due_ms, void (*due)(void *context),
                         void *context);
/* Takes it out and frees it. */
void timers_remove(struct timers *timers, struct timer *timer);
void timers_remove_first(struct timers *timers);
/* The next one; NULL if there is none. Lent. */
const struct timer *timers_first(const struct timers *timers);
void timers_clear(struct timers *timers);

#endif
