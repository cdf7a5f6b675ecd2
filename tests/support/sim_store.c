#include "tests/support/sim_store.h"

#include <stdlib.h>

#include "gateway/store/backend.h"

/* A completion that its caller has not had yet. */
struct untold {
    struct untold *next;
    struct sim_store *store;
    struct store_completion completion;
    enum store_result result;
    bool told;
};

struct sim_store {
    struct store store;
    struct store *inner;
    struct untold *untold;
    unsigned commits;
    bool armed, after, crashed;
    unsigned left; /* commits before the crash */
    unsigned failing;
};

static struct sim_store *sim(struct store *store)
{
    return (struct sim_store *)store; /* the first member */
}

static void tell(void *argument)
{
    struct untold *untold = argument;
    untold->told = true;
    untold->completion.done(untold->completion.context, untold->result);
}

static void complete(struct sim_store *store, const struct store_completion *completion,
                     enum store_result result)
{
    if (completion->done == NULL)
        return;
    struct untold *untold = calloc(1, sizeof(*untold));
    if (untold == NULL)
        abort();
    *untold = (struct untold){store->untold, store, *completion, result, false};
    store->untold = untold;
    if (completion->post == NULL)
        tell(untold);
    else
        completion->post(completion->loop, tell, untold);
}

static void commit(struct store *store, const struct store_batch *batch,
                   const struct store_completion *completion)
{
    struct sim_store *s = sim(store);
    if (s->crashed)
        return;
    s->commits++;
    if (s->failing > 0) {
        s->failing--;
        complete(s, completion, STORE_FAILED);
        return;
    }
    bool last = s->armed && s->left == 0;
    if (s->armed && s->left > 0)
        s->left--;
    if (last) {
        s->crashed = true;
        s->armed = false;
    }
    if (last && !s->after)
        return;
    enum store_result result = store_commit_now(s->inner, batch);
    if (!last)
        complete(s, completion, result);
}

void sim_store_forget(struct sim_store *store)
{
    while (store->untold != NULL) {
        struct untold *untold = store->untold;
        store->untold = untold->next;
        free(untold);
    }
}

static void close_both(struct store *store)
{
    sim_store_forget(sim(store));
    store_close(sim(store)->inner);
    free(store);
}

static bool find_exchange(struct store *store, struct bytes exchange, struct arena *arena,
                          struct transaction *out, bool *broken)
{
    return store_find_exchange(sim(store)->inner, exchange, arena, out, broken);
}

static bool find_id(struct store *store, struct bytes id, struct arena *arena,
                    struct transaction *out, bool *broken)
{
    return store_find_id(sim(store)->inner, id, arena, out, broken);
}

static bool find_asked(struct store *store, struct bytes key, struct arena *arena,
                       struct transaction *out, bool *broken)
{
    return store_find_asked(sim(store)->inner, key, arena, out, broken);
}

static bool find_like(struct store *store, struct bytes text, struct arena *arena,
                      struct transaction *out, bool *broken)
{
    return store_find_like(sim(store)->inner, text, arena, out, broken);
}

static bool find_reply(struct store *store, struct bytes digest, struct arena *arena,
                       struct stored_reply *out, bool *broken)
{
    return store_find_reply(sim(store)->inner, digest, arena, out, broken);
}

static bool find_certificate(struct store *store, struct bytes issuer, struct bytes serial,
                             struct arena *arena, struct issued_certificate *out, bool *broken)
{
    return store_find_certificate(sim(store)->inner, issuer, serial, arena, out, broken);
}

static bool find_key(struct store *store, struct bytes key, struct arena *arena,
                     struct issued_certificate *out, bool *broken)
{
    return store_find_key(sim(store)->inner, key, arena, out, broken);
}

static struct transaction *due(struct store *store, int64_t now, size_t most, struct arena *arena,
                               size_t *count)
{
    return store_due(sim(store)->inner, now, most, arena, count);
}

static int64_t next_wake(struct store *store)
{
    return store_next_wake(sim(store)->inner);
}

static struct transaction *list(struct store *store, const struct transaction_filter *filter,
                                struct arena *arena, size_t *count)
{
    return store_list(sim(store)->inner, filter, arena, count);
}

static struct issued_certificate *certificates(struct store *store,
                                               const struct certificate_filter *filter,
                                               struct arena *arena, size_t *count)
{
    return store_certificates(sim(store)->inner, filter, arena, count);
}

static struct outbox_item *outbox(struct store *store, const struct outbox_filter *filter,
                                  struct arena *arena, size_t *count)
{
    return store_outbox(sim(store)->inner, filter, arena, count);
}

static int64_t next_number(struct store *store, const char *name)
{
    return store_next_number(sim(store)->inner, name);
}

static void expire(struct store *store, int64_t replies_before, int64_t transactions_before)
{
    store_expire(sim(store)->inner, replies_before, transactions_before);
}

static const char *trouble(struct store *store, struct arena *arena)
{
    return store_trouble(sim(store)->inner, arena);
}

static const struct store_backend backend = {
    .close = close_both,
    .commit = commit,
    .find_exchange = find_exchange,
    .find_id = find_id,
    .find_asked = find_asked,
    .find_like = find_like,
    .find_reply = find_reply,
    .find_certificate = find_certificate,
    .find_key = find_key,
    .due = due,
    .next_wake = next_wake,
    .list = list,
    .certificates = certificates,
    .outbox = outbox,
    .next_number = next_number,
    .expire = expire,
    .trouble = trouble,
};

struct store *sim_store_open(struct store *inner, struct sim_store **switches)
{
    struct sim_store *store = calloc(1, sizeof(*store));
    if (store == NULL)
        abort();
    store->store.backend = &backend;
    store->inner = inner;
    *switches = store;
    return &store->store;
}

void sim_store_crash_at(struct sim_store *store, unsigned k, bool after)
{
    store->armed = true;
    store->left = k;
    store->after = after;
}

bool sim_store_has_crashed(const struct sim_store *store)
{
    return store->crashed;
}

void sim_store_revive(struct sim_store *store)
{
    store->crashed = false;
    store->armed = false;
}

void sim_store_fail(struct sim_store *store, unsigned count)
{
    store->failing = count;
}

unsigned sim_store_commits(const struct sim_store *store)
{
    return store->commits;
}
