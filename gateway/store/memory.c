/* The store without a disk: for tests, the simulator and `dragoman translate`. One lock, hash
 * indexes, each value in an arena of its own. */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "gateway/store/backend.h"
#include "gateway/store/copy.h"
#include "gateway/store/index.h"
#include "gateway/store/memory_outbox.h"

struct kept_transaction {
    TAILQ_ENTRY(kept_transaction) all;    /* oldest first */
    TAILQ_ENTRY(kept_transaction) waking; /* those with a wake_at */
    int64_t row;                          /* order of insertion */
    struct arena *arena;
    struct transaction value;
};

struct kept_reply {
    TAILQ_ENTRY(kept_reply) all;
    struct arena *arena;
    struct stored_reply value;
};

struct kept_certificate {
    TAILQ_ENTRY(kept_certificate) all;
    int64_t row;
    struct arena *arena;
    struct issued_certificate value;
};

struct sequence {
    TAILQ_ENTRY(sequence) all;
    char *name;
    int64_t last;
};

TAILQ_HEAD(transaction_list, kept_transaction);
TAILQ_HEAD(reply_list, kept_reply);
TAILQ_HEAD(certificate_list, kept_certificate);
TAILQ_HEAD(sequence_list, sequence);

struct memory_store {
    struct store store;
    pthread_mutex_t lock;
    int64_t rows;
    struct transaction_list transactions, waking;
    struct reply_list replies;
    struct certificate_list certificates;
    struct sequence_list sequences;
    struct memory_outbox outbox;
    struct index by_id, by_exchange, by_asked, by_digest, by_sha256, by_key;
    struct index by_serial; /* without the issuer: the number alone tells nearly all apart */
};

static struct memory_store *memory(struct store *store)
{
    return (struct memory_store *)store; /* the first member */
}

static void *zeroed(size_t size)
{
    void *made = calloc(1, size);
    if (made == NULL)
        abort();
    return made;
}

static struct bytes octets_32(const uint8_t octets[32])
{
    return bytes_of(octets, 32);
}

/* ---- transactions --------------------------------------------------------------------------- */

static void link_transaction(struct memory_store *m, struct kept_transaction *kept)
{
    index_put(&m->by_id, kept->value.id, kept);
    index_put(&m->by_exchange, kept->value.exchange, kept);
    if (!bytes_is_empty(kept->value.key))
        index_put(&m->by_asked, kept->value.key, kept);
    if (kept->value.wake_at != 0)
        TAILQ_INSERT_TAIL(&m->waking, kept, waking);
}

static void unlink_transaction(struct memory_store *m, struct kept_transaction *kept)
{
    index_remove(&m->by_id, kept->value.id, kept);
    index_remove(&m->by_exchange, kept->value.exchange, kept);
    if (!bytes_is_empty(kept->value.key))
        index_remove(&m->by_asked, kept->value.key, kept);
    if (kept->value.wake_at != 0)
        TAILQ_REMOVE(&m->waking, kept, waking);
}

static void insert_transaction(struct memory_store *m, const struct transaction *value)
{
    struct kept_transaction *kept = zeroed(sizeof(*kept));
    kept->arena = arena_new();
    kept->value = transaction_copy(value, kept->arena);
    kept->row = ++m->rows;
    TAILQ_INSERT_TAIL(&m->transactions, kept, all);
    link_transaction(m, kept);
}

static void update_transaction(struct memory_store *m, const struct transaction *value)
{
    struct kept_transaction *kept = index_get(&m->by_id, value->id);
    unlink_transaction(m, kept);
    arena_free(kept->arena);
    kept->arena = arena_new();
    kept->value = transaction_copy(value, kept->arena);
    link_transaction(m, kept);
}

static void remove_transaction(struct memory_store *m, struct kept_transaction *kept)
{
    unlink_transaction(m, kept);
    TAILQ_REMOVE(&m->transactions, kept, all);
    arena_free(kept->arena);
    free(kept);
}

/* ---- replies and certificates --------------------------------------------------------------- */

static void insert_reply(struct memory_store *m, const struct stored_reply *value)
{
    if (index_get(&m->by_digest, octets_32(value->digest)) != NULL)
        return;
    struct kept_reply *kept = zeroed(sizeof(*kept));
    kept->arena = arena_new();
    kept->value = stored_reply_copy(value, kept->arena);
    TAILQ_INSERT_TAIL(&m->replies, kept, all);
    index_put(&m->by_digest, octets_32(kept->value.digest), kept);
}

static void remove_reply(struct memory_store *m, struct kept_reply *kept)
{
    index_remove(&m->by_digest, octets_32(kept->value.digest), kept);
    TAILQ_REMOVE(&m->replies, kept, all);
    arena_free(kept->arena);
    free(kept);
}

static void upsert_certificate(struct memory_store *m, const struct issued_certificate *value)
{
    struct kept_certificate *kept = index_get(&m->by_sha256, octets_32(value->sha256));
    if (kept != NULL) {
        if (kept->value.state == CERTIFICATE_REVOKED)
            return;
        kept->value.state = value->state;
        kept->value.revoked_at = value->revoked_at;
        kept->value.revocation_reason = value->revocation_reason;
        return;
    }
    kept = zeroed(sizeof(*kept));
    kept->arena = arena_new();
    kept->value = issued_certificate_copy(value, kept->arena);
    kept->row = ++m->rows;
    TAILQ_INSERT_TAIL(&m->certificates, kept, all);
    index_put(&m->by_sha256, octets_32(kept->value.sha256), kept);
    index_put(&m->by_serial, kept->value.serial, kept);
    index_put(&m->by_key, octets_32(kept->value.spki_sha256), kept);
}

/* ---- batches -------------------------------------------------------------------------------- */

static bool may_insert(const struct memory_store *m, const struct transaction *value)
{
    return index_get(&m->by_id, value->id) == NULL &&
           index_get(&m->by_exchange, value->exchange) == NULL;
}

static bool may_update(const struct memory_store *m, const struct transaction *value)
{
    const struct kept_transaction *kept = index_get(&m->by_id, value->id);
    const struct kept_transaction *owner = index_get(&m->by_exchange, value->exchange);
    return kept != NULL && kept->value.version == value->version - 1 &&
           (owner == NULL || owner == kept);
}

/* A reply that was given stays as it is, whatever else the second one says. */
static bool may_reply(const struct memory_store *m, const struct store_batch *batch)
{
    const struct stored_reply *reply = batch->reply;
    if (bytes_is_empty(reply->transaction) ||
        index_get(&m->by_digest, octets_32(reply->digest)) != NULL ||
        index_get(&m->by_id, reply->transaction) != NULL)
        return true;
    return batch->insert != NULL && bytes_equal(batch->insert->id, reply->transaction);
}

static bool apply(struct memory_store *m, const struct store_batch *batch)
{
    if ((batch->insert != NULL && !may_insert(m, batch->insert)) ||
        (batch->update != NULL && !may_update(m, batch->update)) ||
        (batch->reply != NULL && !may_reply(m, batch)))
        return false;
    if (batch->insert != NULL)
        insert_transaction(m, batch->insert);
    if (batch->update != NULL)
        update_transaction(m, batch->update);
    if (batch->reply != NULL)
        insert_reply(m, batch->reply);
    for (size_t i = 0; i < batch->certificate_count; i++)
        upsert_certificate(m, &batch->certificates[i]);
    memory_outbox_apply(&m->outbox, batch);
    return true;
}

static void memory_commit(struct store *store, const struct store_batch *batch,
                          const struct store_completion *completion)
{
    struct memory_store *m = memory(store);
    pthread_mutex_lock(&m->lock);
    bool done = apply(m, batch);
    pthread_mutex_unlock(&m->lock);
    store_complete(completion, done ? STORE_OK : STORE_CONFLICT);
}

/* ---- reading -------------------------------------------------------------------------------- */

static bool find_transaction(struct memory_store *m, const struct index *index, struct bytes key,
                             struct arena *arena, struct transaction *out)
{
    pthread_mutex_lock(&m->lock);
    const struct kept_transaction *kept = index_get(index, key);
    if (kept != NULL)
        *out = transaction_copy(&kept->value, arena);
    pthread_mutex_unlock(&m->lock);
    return kept != NULL;
}

static bool memory_find_exchange(struct store *store, struct bytes exchange, struct arena *arena,
                                 struct transaction *out, bool *broken)
{
    (void)broken;
    return find_transaction(memory(store), &memory(store)->by_exchange, exchange, arena, out);
}

static bool memory_find_id(struct store *store, struct bytes id, struct arena *arena,
                           struct transaction *out, bool *broken)
{
    (void)broken;
    return find_transaction(memory(store), &memory(store)->by_id, id, arena, out);
}

static bool is_newer(const struct kept_transaction *a, const struct kept_transaction *b)
{
    if (b == NULL || a->value.created_at != b->value.created_at)
        return b == NULL || a->value.created_at > b->value.created_at;
    return a->row > b->row;
}

static bool memory_find_asked(struct store *store, struct bytes key, struct arena *arena,
                              struct transaction *out, bool *broken)
{
    (void)broken;
    struct memory_store *m = memory(store);
    const struct kept_transaction *newest = NULL;
    pthread_mutex_lock(&m->lock);
    for (const struct index_entry *e = index_find(&m->by_asked, key, NULL); e != NULL;
         e = index_find(&m->by_asked, key, e)) {
        if (is_newer(e->value, newest))
            newest = e->value;
    }
    if (newest != NULL)
        *out = transaction_copy(&newest->value, arena);
    pthread_mutex_unlock(&m->lock);
    return newest != NULL;
}

static bool memory_find_like(struct store *store, struct bytes text, struct arena *arena,
                             struct transaction *out, bool *broken)
{
    (void)broken;
    struct memory_store *m = memory(store);
    const struct kept_transaction *newest = NULL, *kept;
    pthread_mutex_lock(&m->lock);
    TAILQ_FOREACH(kept, &m->transactions, all)
    {
        bool begins = bytes_equal(bytes_slice(kept->value.id, 0, text.size), text);
        if ((begins || bytes_equal(kept->value.transaction_id, text)) && is_newer(kept, newest))
            newest = kept;
    }
    if (newest != NULL)
        *out = transaction_copy(&newest->value, arena);
    pthread_mutex_unlock(&m->lock);
    return newest != NULL;
}

static bool memory_find_reply(struct store *store, struct bytes digest, struct arena *arena,
                              struct stored_reply *out, bool *broken)
{
    (void)broken;
    struct memory_store *m = memory(store);
    pthread_mutex_lock(&m->lock);
    const struct kept_reply *kept = index_get(&m->by_digest, digest);
    if (kept != NULL)
        *out = stored_reply_copy(&kept->value, arena);
    pthread_mutex_unlock(&m->lock);
    return kept != NULL;
}

static bool memory_find_certificate(struct store *store, struct bytes issuer, struct bytes serial,
                                    struct arena *arena, struct issued_certificate *out,
                                    bool *broken)
{
    (void)broken;
    struct memory_store *m = memory(store);
    bool found = false;
    pthread_mutex_lock(&m->lock);
    for (const struct index_entry *e = index_find(&m->by_serial, serial, NULL); e != NULL && !found;
         e = index_find(&m->by_serial, serial, e)) {
        const struct kept_certificate *kept = e->value;
        found = bytes_equal(kept->value.issuer, issuer);
        if (found)
            *out = issued_certificate_copy(&kept->value, arena);
    }
    pthread_mutex_unlock(&m->lock);
    return found;
}

static bool memory_find_key(struct store *store, struct bytes spki_sha256, struct arena *arena,
                            struct issued_certificate *out, bool *broken)
{
    (void)broken;
    struct memory_store *m = memory(store);
    const struct kept_certificate *newest = NULL;
    pthread_mutex_lock(&m->lock);
    for (const struct index_entry *e = index_find(&m->by_key, spki_sha256, NULL); e != NULL;
         e = index_find(&m->by_key, spki_sha256, e)) {
        const struct kept_certificate *kept = e->value;
        if (kept->value.state != CERTIFICATE_REVOKED &&
            (newest == NULL || kept->value.issued_at > newest->value.issued_at))
            newest = kept;
    }
    if (newest != NULL)
        *out = issued_certificate_copy(&newest->value, arena);
    pthread_mutex_unlock(&m->lock);
    return newest != NULL;
}

/* ---- lists ---------------------------------------------------------------------------------- */

/* What a list is ordered by; the row decides among equals. */
struct ranked {
    int64_t rank, row;
    const void *kept;
};

static int by_rank(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

struct ranking {
    struct ranked *rows;
    size_t count, room;
};

static void rank(struct ranking *ranking, int64_t by, int64_t row, const void *kept)
{
    if (ranking->count == ranking->room) {
        ranking->room = ranking->room == 0 ? 64 : ranking->room * 2;
        ranking->rows = realloc(ranking->rows, ranking->room * sizeof(*ranking->rows));
        if (ranking->rows == NULL)
            abort();
    }
    ranking->rows[ranking->count++] = (struct ranked){by, row, kept};
}

/* Sorts and cuts. */
static void rank_end(struct ranking *ranking, size_t most)
{
    if (ranking->count > 0)
        qsort(ranking->rows, ranking->count, sizeof(*ranking->rows), by_rank);
    if (ranking->count > most)
        ranking->count = most;
}

static struct transaction *copy_transactions(struct ranking *ranking, struct arena *arena,
                                             size_t *count)
{
    struct transaction *out = arena_array(arena, ranking->count, sizeof(*out));
    for (size_t i = 0; i < ranking->count; i++) {
        const struct kept_transaction *kept = ranking->rows[i].kept;
        out[i] = transaction_copy(&kept->value, arena);
    }
    *count = ranking->count;
    free(ranking->rows);
    return out;
}

static struct transaction *memory_due(struct store *store, int64_t now, size_t most,
                                      struct arena *arena, size_t *count)
{
    struct memory_store *m = memory(store);
    struct ranking ranking = {NULL, 0, 0};
    pthread_mutex_lock(&m->lock);
    const struct kept_transaction *kept;
    TAILQ_FOREACH(kept, &m->waking, waking)
    if (kept->value.wake_at <= now)
        rank(&ranking, kept->value.wake_at, kept->row, kept);
    rank_end(&ranking, most);
    struct transaction *out = copy_transactions(&ranking, arena, count);
    pthread_mutex_unlock(&m->lock);
    return out;
}

static int64_t memory_next_wake(struct store *store)
{
    struct memory_store *m = memory(store);
    int64_t next = 0;
    pthread_mutex_lock(&m->lock);
    const struct kept_transaction *kept;
    TAILQ_FOREACH(kept, &m->waking, waking)
    if (next == 0 || kept->value.wake_at < next)
        next = kept->value.wake_at;
    pthread_mutex_unlock(&m->lock);
    return next;
}

static bool same_text(const char *a, const char *b)
{
    return bytes_equal(bytes_of_text(a), bytes_of_text(b));
}

static bool transaction_passes(const struct transaction_filter *filter, const struct transaction *t)
{
    bool state = filter->states == NULL;
    for (size_t i = 0; i < filter->state_count && !state; i++)
        state = filter->states[i] == t->state;
    return state && (filter->authority == NULL || same_text(filter->authority, t->authority)) &&
           t->created_at >= filter->since;
}

static struct transaction *memory_list(struct store *store, const struct transaction_filter *filter,
                                       struct arena *arena, size_t *count)
{
    struct memory_store *m = memory(store);
    struct ranking ranking = {NULL, 0, 0};
    pthread_mutex_lock(&m->lock);
    const struct kept_transaction *kept;
    TAILQ_FOREACH(kept, &m->transactions, all)
    if (transaction_passes(filter, &kept->value))
        rank(&ranking, -kept->value.created_at, -kept->row, kept);
    rank_end(&ranking, filter->most);
    struct transaction *out = copy_transactions(&ranking, arena, count);
    pthread_mutex_unlock(&m->lock);
    return out;
}

static bool certificate_passes(const struct certificate_filter *filter,
                               const struct issued_certificate *c)
{
    bool state = filter->states == NULL;
    for (size_t i = 0; i < filter->state_count && !state; i++)
        state = filter->states[i] == c->state;
    return state && (filter->authority == NULL || same_text(filter->authority, c->authority)) &&
           (bytes_is_empty(filter->transaction) ||
            bytes_equal(filter->transaction, c->transaction));
}

static struct issued_certificate *memory_certificates(struct store *store,
                                                      const struct certificate_filter *filter,
                                                      struct arena *arena, size_t *count)
{
    struct memory_store *m = memory(store);
    struct ranking ranking = {NULL, 0, 0};
    pthread_mutex_lock(&m->lock);
    const struct kept_certificate *kept;
    TAILQ_FOREACH(kept, &m->certificates, all)
    if (certificate_passes(filter, &kept->value))
        rank(&ranking, -kept->value.issued_at, -kept->row, kept);
    rank_end(&ranking, filter->most);
    struct issued_certificate *out = arena_array(arena, ranking.count, sizeof(*out));
    for (size_t i = 0; i < ranking.count; i++) {
        kept = ranking.rows[i].kept;
        out[i] = issued_certificate_copy(&kept->value, arena);
    }
    *count = ranking.count;
    free(ranking.rows);
    pthread_mutex_unlock(&m->lock);
    return out;
}

static struct outbox_item *memory_outbox(struct store *store, const struct outbox_filter *filter,
                                         struct arena *arena, size_t *count)
{
    struct memory_store *m = memory(store);
    pthread_mutex_lock(&m->lock);
    struct outbox_item *out = memory_outbox_list(&m->outbox, filter, arena, count);
    pthread_mutex_unlock(&m->lock);
    return out;
}

/* ---- numbers, expiry, end ------------------------------------------------------------------- */

static struct sequence *sequence_of(struct memory_store *m, const char *name)
{
    struct sequence *sequence;
    TAILQ_FOREACH(sequence, &m->sequences, all)
    if (strcmp(sequence->name, name) == 0)
        return sequence;
    sequence = zeroed(sizeof(*sequence));
    sequence->name = strdup(name);
    TAILQ_INSERT_TAIL(&m->sequences, sequence, all);
    return sequence;
}

static int64_t memory_next_number(struct store *store, const char *name)
{
    struct memory_store *m = memory(store);
    pthread_mutex_lock(&m->lock);
    int64_t next = ++sequence_of(m, name)->last;
    pthread_mutex_unlock(&m->lock);
    return next;
}

static void expire_transactions(struct memory_store *m, int64_t before)
{
    struct kept_transaction *next;
    for (struct kept_transaction *t = TAILQ_FIRST(&m->transactions); t != NULL; t = next) {
        next = TAILQ_NEXT(t, all);
        if (state_is_final(t->value.state) && t->value.updated_at < before)
            remove_transaction(m, t);
    }
}

static void memory_expire(struct store *store, int64_t replies_before, int64_t transactions_before)
{
    struct memory_store *m = memory(store);
    pthread_mutex_lock(&m->lock);
    expire_transactions(m, transactions_before);
    struct kept_reply *next;
    for (struct kept_reply *reply = TAILQ_FIRST(&m->replies); reply != NULL; reply = next) {
        next = TAILQ_NEXT(reply, all);
        bool orphaned = !bytes_is_empty(reply->value.transaction) &&
                        index_get(&m->by_id, reply->value.transaction) == NULL;
        if (orphaned || reply->value.created_at < replies_before)
            remove_reply(m, reply);
    }
    pthread_mutex_unlock(&m->lock);
}

static void clear_indexes(struct memory_store *m)
{
    struct index *indexes[] = {&m->by_id,     &m->by_exchange, &m->by_asked, &m->by_digest,
                               &m->by_sha256, &m->by_serial,   &m->by_key};
    for (size_t i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++)
        index_clear(indexes[i]);
}

static void memory_close(struct store *store)
{
    struct memory_store *m = memory(store);
    while (!TAILQ_EMPTY(&m->transactions))
        remove_transaction(m, TAILQ_FIRST(&m->transactions));
    while (!TAILQ_EMPTY(&m->replies))
        remove_reply(m, TAILQ_FIRST(&m->replies));
    for (struct kept_certificate *c; (c = TAILQ_FIRST(&m->certificates)) != NULL;) {
        TAILQ_REMOVE(&m->certificates, c, all);
        arena_free(c->arena);
        free(c);
    }
    for (struct sequence *s; (s = TAILQ_FIRST(&m->sequences)) != NULL;) {
        TAILQ_REMOVE(&m->sequences, s, all);
        free(s->name);
        free(s);
    }
    memory_outbox_clear(&m->outbox);
    clear_indexes(m);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

static const char *memory_trouble(struct store *store, struct arena *arena)
{
    (void)store;
    (void)arena;
    return "";
}

static const struct store_backend backend = {
    .close = memory_close,
    .commit = memory_commit,
    .find_exchange = memory_find_exchange,
    .find_id = memory_find_id,
    .find_asked = memory_find_asked,
    .find_like = memory_find_like,
    .find_reply = memory_find_reply,
    .find_certificate = memory_find_certificate,
    .find_key = memory_find_key,
    .due = memory_due,
    .next_wake = memory_next_wake,
    .list = memory_list,
    .certificates = memory_certificates,
    .outbox = memory_outbox,
    .next_number = memory_next_number,
    .expire = memory_expire,
    .trouble = memory_trouble,
};

struct store *store_open_memory(void)
{
    struct memory_store *m = zeroed(sizeof(*m));
    m->store.backend = &backend;
    pthread_mutex_init(&m->lock, NULL);
    TAILQ_INIT(&m->transactions);
    TAILQ_INIT(&m->waking);
    TAILQ_INIT(&m->replies);
    TAILQ_INIT(&m->certificates);
    TAILQ_INIT(&m->sequences);
    memory_outbox_init(&m->outbox);
    return &m->store;
}
