#include "gateway/store/backend.h"

#include <assert.h>
#include <stdlib.h>

#include "gateway/store/waiting.h"

/* ---- completions ---------------------------------------------------------------------------- */

struct posted {
    struct store_completion completion;
    enum store_result result;
};

static void run_posted(void *argument)
{
    struct posted posted = *(struct posted *)argument;
    free(argument);
    posted.completion.done(posted.completion.context, posted.result);
}

void store_complete(const struct store_completion *completion, enum store_result result)
{
    if (completion->done == NULL)
        return;
    if (completion->post == NULL) {
        completion->done(completion->context, result);
        return;
    }
    struct posted *posted = malloc(sizeof(*posted));
    if (posted == NULL)
        abort(); /* as the arena does: an end at any instant is safe */
    posted->completion = *completion;
    posted->result = result;
    completion->post(completion->loop, run_posted, posted);
}

enum store_result store_commit_now(struct store *store, const struct store_batch *batch)
{
    struct waiting waiting = WAITING_INIT;
    const struct store_completion completion = waiting_completion(&waiting);
    store_commit(store, batch, &completion);
    return waiting_end(&waiting);
}

/* ---- to the backend ------------------------------------------------------------------------- */

/* A backend may always write through `broken`. */
static bool *flag(bool *broken, bool *spare)
{
    bool *chosen = broken == NULL ? spare : broken;
    *chosen = false;
    return chosen;
}

void store_close(struct store *store)
{
    if (store != NULL)
        store->backend->close(store);
}

void store_commit(struct store *store, const struct store_batch *batch,
                  const struct store_completion *completion)
{
    assert(batch->insert == NULL || batch->insert->version == 1);
    assert(batch->update == NULL || batch->update->version > 1);
    store->backend->commit(store, batch, completion);
}

bool store_find_exchange(struct store *store, struct bytes exchange, struct arena *arena,
                         struct transaction *out, bool *broken)
{
    bool spare;
    return store->backend->find_exchange(store, exchange, arena, out, flag(broken, &spare));
}

bool store_find_id(struct store *store, struct bytes id, struct arena *arena,
                   struct transaction *out, bool *broken)
{
    bool spare;
    return store->backend->find_id(store, id, arena, out, flag(broken, &spare));
}

bool store_find_asked(struct store *store, struct bytes key, struct arena *arena,
                      struct transaction *out, bool *broken)
{
    bool spare;
    return store->backend->find_asked(store, key, arena, out, flag(broken, &spare));
}

bool store_find_like(struct store *store, struct bytes text, struct arena *arena,
                     struct transaction *out, bool *broken)
{
    bool spare;
    return store->backend->find_like(store, text, arena, out, flag(broken, &spare));
}

bool store_find_reply(struct store *store, struct bytes digest, struct arena *arena,
                      struct stored_reply *out, bool *broken)
{
    bool spare;
    return store->backend->find_reply(store, digest, arena, out, flag(broken, &spare));
}

bool store_find_certificate(struct store *store, struct bytes issuer, struct bytes serial,
                            struct arena *arena, struct issued_certificate *out, bool *broken)
{
    bool spare;
    return store->backend->find_certificate(store, issuer, serial, arena, out,
                                            flag(broken, &spare));
}

bool store_find_key(struct store *store, struct bytes spki_sha256, struct arena *arena,
                    struct issued_certificate *out, bool *broken)
{
    bool spare;
    return store->backend->find_key(store, spki_sha256, arena, out, flag(broken, &spare));
}

struct transaction *store_due(struct store *store, int64_t now, size_t most, struct arena *arena,
                              size_t *count)
{
    return store->backend->due(store, now, most, arena, count);
}

int64_t store_next_wake(struct store *store)
{
    return store->backend->next_wake(store);
}

struct transaction *store_list(struct store *store, const struct transaction_filter *filter,
                               struct arena *arena, size_t *count)
{
    return store->backend->list(store, filter, arena, count);
}

struct issued_certificate *store_certificates(struct store *store,
                                              const struct certificate_filter *filter,
                                              struct arena *arena, size_t *count)
{
    return store->backend->certificates(store, filter, arena, count);
}

struct outbox_item *store_outbox(struct store *store, const struct outbox_filter *filter,
                                 struct arena *arena, size_t *count)
{
    return store->backend->outbox(store, filter, arena, count);
}

int64_t store_next_number(struct store *store, const char *name)
{
    return store->backend->next_number(store, name);
}

void store_expire(struct store *store, int64_t replies_before, int64_t transactions_before)
{
    store->backend->expire(store, replies_before, transactions_before);
}

const char *store_trouble(struct store *store, struct arena *arena)
{
    return store->backend->trouble(store, arena);
}
