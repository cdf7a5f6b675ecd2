#include "gateway/loop/loop.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "gateway/loop/timers.h"

enum { EVENTS_A_ROUND = 256, SIGNALS = 65 };

/* epoll gives back the pointer to the watch, so a watch may not be freed while events of the same
 * epoll_wait may still name it: unwatched ones wait in `removed` for the end of the round. */
struct watch {
    struct loop *loop;
    struct watch *previous, *next;
    int fd;
    int events;
    bool is_removed;
    void (*ready)(void *context, int events);
    void *context;
};

struct post {
    struct post *next;
    void (*run)(void *context);
    void *context;
};

struct signal_handler {
    void (*caught)(void *context, int number);
    void *context;
};

struct loop {
    int epoll;
    int wake;    /* eventfd: a post or a stop from another thread */
    int signals; /* signalfd; -1 until the first loop_signal */
    int64_t now_ms;
    struct timers timers;
    struct watch *watches;
    struct watch *removed;
    atomic_bool stopping;
    pthread_mutex_t post_lock;
    struct post *first_post, *last_post;
    sigset_t signal_set;
    struct signal_handler handlers[SIGNALS];
};

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t loop_now_ms(const struct loop *loop)
{
    return loop->now_ms;
}

/* ---- watches ------------------------------------------------------------------------------- */

/* Level-triggered, but for a watch that waits for nothing: a hang-up would be told again in every
 * round. */
static struct epoll_event wanted(struct watch *watch)
{
    struct epoll_event event = {.events = 0, .data = {.ptr = watch}};
    if (watch->events & LOOP_READ)
        event.events |= EPOLLIN;
    if (watch->events & LOOP_WRITE)
        event.events |= EPOLLOUT;
    if (event.events == 0)
        event.events = EPOLLET;
    return event;
}

struct watch *loop_watch(struct loop *loop, int fd, int events,
                         void (*ready)(void *context, int events), void *context)
{
    struct watch *watch = malloc(sizeof(*watch));
    if (watch == NULL)
        abort();
    *watch = (struct watch){
        .loop = loop, .fd = fd, .events = events, .ready = ready, .context = context};
    struct epoll_event event = wanted(watch);
    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        free(watch);
        return NULL;
    }
    watch->next = loop->watches;
    if (watch->next != NULL)
        watch->next->previous = watch;
    loop->watches = watch;
    return watch;
}

void loop_rewatch(struct watch *watch, int events)
{
    if (watch->events == events)
        return;
    watch->events = events;
    struct epoll_event event = wanted(watch);
    epoll_ctl(watch->loop->epoll, EPOLL_CTL_MOD, watch->fd, &event);
}

void loop_unwatch(struct watch *watch)
{
    if (watch == NULL || watch->is_removed)
        return;
    struct loop *loop = watch->loop;
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
    if (watch->previous != NULL)
        watch->previous->next = watch->next;
    else
        loop->watches = watch->next;
    if (watch->next != NULL)
        watch->next->previous = watch->previous;
    watch->is_removed = true;
    watch->next = loop->removed;
    loop->removed = watch;
}

static void free_watches(struct watch **list)
{
    while (*list != NULL) {
        struct watch *watch = *list;
        *list = watch->next;
        free(watch);
    }
}

static void deliver(struct watch *watch, uint32_t happened)
{
    int events = 0;
    if (watch->is_removed)
        return;
    if (happened & (EPOLLHUP | EPOLLERR))
        events = LOOP_GONE | watch->events; /* what it waits for will not block any more */
    if ((happened & EPOLLIN) && (watch->events & LOOP_READ))
        events |= LOOP_READ;
    if ((happened & EPOLLOUT) && (watch->events & LOOP_WRITE))
        events |= LOOP_WRITE;
    if (events != 0)
        watch->ready(watch->context, events);
}

/* ---- timers -------------------------------------------------------------------------------- */

/* From the clock and not from the round's start: a long callback must not shorten a timer. */
struct timer *loop_timer(struct loop *loop, int64_t delay_ms, void (*due)(void *context),
                         void *context)
{
    return timers_add(&loop->timers, clock_ms() + (delay_ms > 0 ? delay_ms : 0), due, context);
}

void loop_cancel(struct loop *loop, struct timer *timer)
{
    if (timer != NULL)
        timers_remove(&loop->timers, timer);
}

/* Those set meanwhile wait for the next round, so a timer that sets itself starves nobody. */
static void run_timers(struct loop *loop)
{
    const uint64_t next_order = loop->timers.next_order;
    const struct timer *timer;
    while ((timer = timers_first(&loop->timers)) != NULL && timer->due_ms <= loop->now_ms &&
           timer->order < next_order) {
        void (*due)(void *context) = timer->due;
        void *context = timer->context;
        timers_remove_first(&loop->timers);
        due(context);
    }
}

static int wait_ms(const struct loop *loop)
{
    const struct timer *timer = timers_first(&loop->timers);
    if (timer == NULL)
        return -1;
    int64_t delay = timer->due_ms - clock_ms();
    return delay < 0 ? 0 : delay > INT_MAX ? INT_MAX : (int)delay;
}

/* ---- posts and stop ------------------------------------------------------------------------ */

/* The counter of an eventfd cannot overflow by ones, so the write cannot fail. */
static void wake(struct loop *loop)
{
    uint64_t one = 1;
    while (write(loop->wake, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
}

void loop_post(struct loop *loop, void (*run)(void *context), void *context)
{
    struct post *post = malloc(sizeof(*post));
    if (post == NULL)
        abort();
    *post = (struct post){.run = run, .context = context};
    pthread_mutex_lock(&loop->post_lock);
    bool was_empty = loop->first_post == NULL;
    if (was_empty)
        loop->first_post = post;
    else
        loop->last_post->next = post;
    loop->last_post = post;
    if (was_empty)
        wake(loop);
    pthread_mutex_unlock(&loop->post_lock);
}

static struct post *take_posts(struct loop *loop)
{
    pthread_mutex_lock(&loop->post_lock);
    struct post *posts = loop->first_post;
    loop->first_post = NULL;
    pthread_mutex_unlock(&loop->post_lock);
    return posts;
}

/* Those posted meanwhile wait for the next round, so a post that posts itself starves nobody. */
static void run_posts(void *context, int events)
{
    (void)events;
    struct loop *loop = context;
    uint64_t count;
    if (read(loop->wake, &count, sizeof(count)) < 0)
        return;
    for (struct post *post = take_posts(loop), *next; post != NULL; post = next) {
        next = post->next;
        post->run(post->context);
        free(post);
    }
}

void loop_stop(struct loop *loop)
{
    atomic_store(&loop->stopping, true);
    wake(loop);
}

/* ---- signals ------------------------------------------------------------------------------- */

static void read_signals(void *context, int events)
{
    (void)events;
    struct loop *loop = context;
    struct signalfd_siginfo info;
    while (read(loop->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        const struct signal_handler *handler =
            info.ssi_signo < SIGNALS ? &loop->handlers[info.ssi_signo] : NULL;
        if (handler != NULL && handler->caught != NULL)
            handler->caught(handler->context, (int)info.ssi_signo);
    }
}

bool loop_signal(struct loop *loop, int number, void (*caught)(void *context, int number),
                 void *context)
{
    if (number <= 0 || number >= SIGNALS || sigaddset(&loop->signal_set, number) != 0)
        return false;
    if (pthread_sigmask(SIG_BLOCK, &loop->signal_set, NULL) != 0)
        return false;
    int fd = signalfd(loop->signals, &loop->signal_set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return false;
    loop->handlers[number] = (struct signal_handler){caught, context};
    if (loop->signals >= 0)
        return true;
    loop->signals = fd;
    return loop_watch(loop, fd, LOOP_READ, read_signals, loop) != NULL;
}

/* ---- the loop ------------------------------------------------------------------------------ */

struct loop *loop_new(void)
{
    struct loop *loop = calloc(1, sizeof(*loop));
    if (loop == NULL)
        abort();
    loop->signals = -1;
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&loop->post_lock, NULL);
    atomic_init(&loop->stopping, false);
    sigemptyset(&loop->signal_set);
    loop->now_ms = clock_ms();
    if (loop->epoll >= 0 && loop->wake >= 0 &&
        loop_watch(loop, loop->wake, LOOP_READ, run_posts, loop) != NULL)
        return loop;
    int error = errno;
    loop_free(loop);
    errno = error;
    return NULL;
}

void loop_free(struct loop *loop)
{
    if (loop == NULL)
        return;
    free_watches(&loop->watches);
    free_watches(&loop->removed);
    timers_clear(&loop->timers);
    for (struct post *post = take_posts(loop), *next; post != NULL; post = next) {
        next = post->next;
        free(post);
    }
    const int fds[] = {loop->epoll, loop->wake, loop->signals};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    pthread_mutex_destroy(&loop->post_lock);
    free(loop);
}

static bool run_round(struct loop *loop)
{
    struct epoll_event events[EVENTS_A_ROUND];
    int count = epoll_wait(loop->epoll, events, EVENTS_A_ROUND, wait_ms(loop));
    if (count < 0 && errno != EINTR)
        return false;
    loop->now_ms = clock_ms();
    for (int i = 0; i < count; i++)
        deliver(events[i].data.ptr, events[i].events);
    run_timers(loop);
    free_watches(&loop->removed);
    return true;
}

bool loop_run(struct loop *loop)
{
    while (!atomic_exchange(&loop->stopping, false))
        if (!run_round(loop))
            return false;
    return true;
}
