/* One event loop: descriptors, timers, signals, and functions posted from other threads.
 *
 * A loop belongs to the thread that runs it; only loop_post and loop_stop may be called from
 * others. Callbacks may remove their own or any other watch or timer, and may free what they watch:
 * events of the same round for a removed watch are not delivered. */
#ifndef DRAGOMAN_GATEWAY_LOOP_LOOP_H
#define DRAGOMAN_GATEWAY_LOOP_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct watch;
struct timer;

/* LOOP_GONE is never asked for and always told: the peer has closed both directions, or the
 * descriptor failed. A watch without READ and WRITE hears it once; others hear it together with
 * what they wait for, and must act on it. */
enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_GONE = 4 };

struct loop *loop_new(void); /* NULL: errno tells */
/* Watches, timers and posts that are left are dropped, uncalled. */
void loop_free(struct loop *loop);
/* Until loop_stop. False if the kernel failed us. */
bool loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Monotonic milliseconds, read once a round. */
int64_t loop_now_ms(const struct loop *loop);

/* NULL if the kernel cannot watch it: errno tells. */
struct watch *loop_watch(struct loop *loop, int fd, int events,
                         void (*ready)(void *context, int events), void *context);
void loop_rewatch(struct watch *watch, int events);
/* Before the descriptor is closed. Does not close it; NULL is allowed. */
void loop_unwatch(struct watch *watch);

/* Once; the handle dies when it fires, before due is called. */
struct timer *loop_timer(struct loop *loop, int64_t delay_ms, void (*due)(void *context),
                         void *context);
void loop_cancel(struct loop *loop, struct timer *timer); /* NULL is allowed */

/* run(context) in the loop's thread, in the order of posting. */
void loop_post(struct loop *loop, void (*run)(void *context), void *context);

/* SIGHUP, SIGTERM, ... arrive as calls in the loop's thread (signalfd). Blocks the signal in the
 * calling thread: call it before other threads are made, which then inherit that. */
bool loop_signal(struct loop *loop, int number, void (*caught)(void *context, int number),
                 void *context);

#endif
