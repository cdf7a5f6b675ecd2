#include "gateway/engine/live.h"

#include <stdlib.h>
#include <string.h>

static void *new_zeroed(size_t size)
{
    void *memory = calloc(1, size);
    if (memory == NULL)
        abort();
    return memory;
}

struct visit *visit_new(struct engine *engine, size_t listener, const struct message *message,
                        const char *peer, void *exchange)
{
    struct visit *visit = new_zeroed(sizeof(*visit));
    visit->engine = engine;
    visit->config = config_ref(engine->config);
    visit->arena = arena_new();
    visit->exchange = exchange;
    visit->message = message;
    visit->peer = peer;
    visit->listener = listener;
    visit->started_ms = engine_now_ms(engine);
    visit->claim.what = "?";
    engine->visit_count++;
    return visit;
}

void visit_free(struct visit *visit)
{
    visit->engine->visit_count--;
    arena_free(visit->arena);
    config_unref(visit->config);
    free(visit);
}

static size_t bucket_of_exchange(struct bytes exchange)
{
    size_t h = 0;
    for (size_t i = 0; i < exchange.size && i < sizeof(h); i++)
        h = h << 8 | exchange.data[i];
    return h % LIVE_BUCKETS;
}

struct live *live_new(struct engine *engine, struct config *config)
{
    struct live *live = new_zeroed(sizeof(*live));
    live->engine = engine;
    live->config = config_ref(config);
    live->arena = arena_new();
    live->ticket = ++engine->last_ticket;
    engine->live_count++;
    return live;
}

void live_register(struct live *live)
{
    struct live **chain = &live->engine->by_exchange[bucket_of_exchange(live->row.exchange)];
    live->next_exchange = *chain;
    *chain = live;
    chain = &live->engine->by_ticket[live->ticket % LIVE_BUCKETS];
    live->next_ticket = *chain;
    *chain = live;
}

struct live *live_find_exchange(struct engine *engine, struct bytes exchange)
{
    struct live *live = engine->by_exchange[bucket_of_exchange(exchange)];
    while (live != NULL && !bytes_equal(live->row.exchange, exchange))
        live = live->next_exchange;
    return live;
}

struct live *live_find_ticket(struct engine *engine, uint64_t ticket)
{
    struct live *live = engine->by_ticket[ticket % LIVE_BUCKETS];
    while (live != NULL && live->ticket != ticket)
        live = live->next_ticket;
    return live;
}

void live_unregister(struct live *live)
{
    struct live **at = &live->engine->by_exchange[bucket_of_exchange(live->row.exchange)];
    while (*at != NULL && *at != live)
        at = &(*at)->next_exchange;
    if (*at != NULL)
        *at = live->next_exchange;
    at = &live->engine->by_ticket[live->ticket % LIVE_BUCKETS];
    while (*at != NULL && *at != live)
        at = &(*at)->next_ticket;
    if (*at != NULL)
        *at = live->next_ticket;
}

struct live *live_find_key(struct engine *engine, struct bytes key)
{
    for (size_t b = 0; b < LIVE_BUCKETS; b++) {
        for (struct live *live = engine->by_ticket[b]; live != NULL; live = live->next_ticket) {
            if (!bytes_is_empty(key) && bytes_equal(live->row.key, key))
                return live;
        }
    }
    return NULL;
}

bool live_is_elsewhere(const struct live *live, const struct transaction *row)
{
    static const bool in_hands[STATE_COUNT] = {
        [STATE_NEW] = true,          [STATE_SENT] = true,         [STATE_GOT_CERT] = true,
        [STATE_CONFIRM_SENT] = true, [STATE_COMPENSATING] = true,
    };
    return live == NULL && in_hands[row->state];
}

void live_free(struct live *live)
{
    live_unregister(live);
    while (live->visits != NULL) {
        struct visit *visit = live->visits;
        live->visits = visit->next;
        visit_free(visit);
    }
    live->engine->live_count--;
    arena_free(live->arena);
    config_unref(live->config);
    free(live);
}

bool live_is_writing(const struct live *live)
{
    return live->committing || live->recommit_ms != 0;
}

void live_settle(struct live *live)
{
    bool busy = live->calling || live->committing || live->working || live->arrival != NULL ||
                live->resend_ms != 0 || live->recommit_ms != 0 || live->visits != NULL;
    if (!busy)
        live_free(live);
}

void live_each(struct engine *engine, void (*visit)(struct live *live))
{
    for (size_t b = 0; b < LIVE_BUCKETS; b++) {
        for (struct live *live = engine->by_ticket[b], *next; live != NULL; live = next) {
            next = live->next_ticket;
            visit(live);
        }
    }
}

struct entropy engine_entropy(struct engine *engine, struct arena *arena)
{
    uint8_t *octets = arena_alloc(arena, ENTROPY_OCTETS);
    engine->ports.random(engine->ports.context, octets, ENTROPY_OCTETS);
    return (struct entropy){octets, ENTROPY_OCTETS};
}

int64_t engine_now(const struct engine *engine)
{
    return engine->ports.now(engine->ports.context);
}

int64_t engine_now_ms(const struct engine *engine)
{
    return engine->ports.now_ms(engine->ports.context);
}

void engine_wake_in(struct engine *engine, int64_t ms)
{
    engine->ports.wake(engine->ports.context, engine_now_ms(engine) + ms);
}
