/* The store in an SQLite file. */
#include "gateway/store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct sqlite_store {
    struct store store;
    char *path;
    struct trouble trouble;
    struct writer *writer;
    struct readers *readers;
};

static struct sqlite_store *sqlite(struct store *store)
{
    return (struct sqlite_store *)store; /* the first member */
}

/* ---- the last trouble ------------------------------------------------------------------------ */

void trouble_note(struct trouble *trouble, const char *text)
{
    pthread_mutex_lock(&trouble->lock);
    sqlite3_snprintf(sizeof(trouble->text), trouble->text, "%s", text);
    pthread_mutex_unlock(&trouble->lock);
}

static const char *sqlite_trouble(struct store *store, struct arena *arena)
{
    struct trouble *trouble = &sqlite(store)->trouble;
    pthread_mutex_lock(&trouble->lock);
    const char *text = arena_text(arena, bytes_of_text(trouble->text));
    pthread_mutex_unlock(&trouble->lock);
    return text;
}

/* ---- to the rooms ---------------------------------------------------------------------------- */

static void sqlite_commit(struct store *store, const struct store_batch *batch,
                          const struct store_completion *completion)
{
    writer_commit(sqlite(store)->writer, batch, completion);
}

static bool sqlite_find_exchange(struct store *store, struct bytes exchange, struct arena *arena,
                                 struct transaction *out, bool *broken)
{
    return readers_find_transaction(sqlite(store)->readers, STATEMENT_FIND_EXCHANGE, exchange,
                                    arena, out, broken);
}

static bool sqlite_find_id(struct store *store, struct bytes id, struct arena *arena,
                           struct transaction *out, bool *broken)
{
    return readers_find_transaction(sqlite(store)->readers, STATEMENT_FIND_ID, id, arena, out,
                                    broken);
}

static bool sqlite_find_asked(struct store *store, struct bytes key, struct arena *arena,
                              struct transaction *out, bool *broken)
{
    return readers_find_transaction(sqlite(store)->readers, STATEMENT_FIND_ASKED, key, arena, out,
                                    broken);
}

static bool sqlite_find_like(struct store *store, struct bytes text, struct arena *arena,
                             struct transaction *out, bool *broken)
{
    return readers_find_transaction(sqlite(store)->readers, STATEMENT_FIND_LIKE, text, arena, out,
                                    broken);
}

static bool sqlite_find_reply(struct store *store, struct bytes digest, struct arena *arena,
                              struct stored_reply *out, bool *broken)
{
    return readers_find_reply(sqlite(store)->readers, digest, arena, out, broken);
}

static bool sqlite_find_certificate(struct store *store, struct bytes issuer, struct bytes serial,
                                    struct arena *arena, struct issued_certificate *out,
                                    bool *broken)
{
    return readers_find_certificate(sqlite(store)->readers, issuer, serial, arena, out, broken);
}

static bool sqlite_find_key(struct store *store, struct bytes spki_sha256, struct arena *arena,
                            struct issued_certificate *out, bool *broken)
{
    return readers_find_key(sqlite(store)->readers, spki_sha256, arena, out, broken);
}

static struct transaction *sqlite_due(struct store *store, int64_t now, size_t most,
                                      struct arena *arena, size_t *count)
{
    return readers_due(sqlite(store)->readers, now, most, arena, count);
}

static int64_t sqlite_next_wake(struct store *store)
{
    return readers_next_wake(sqlite(store)->readers);
}

static struct transaction *sqlite_list(struct store *store, const struct transaction_filter *filter,
                                       struct arena *arena, size_t *count)
{
    return readers_list(sqlite(store)->readers, filter, arena, count);
}

static struct issued_certificate *sqlite_certificates(struct store *store,
                                                      const struct certificate_filter *filter,
                                                      struct arena *arena, size_t *count)
{
    return readers_certificates(sqlite(store)->readers, filter, arena, count);
}

static struct outbox_item *sqlite_outbox(struct store *store, const struct outbox_filter *filter,
                                         struct arena *arena, size_t *count)
{
    return readers_outbox(sqlite(store)->readers, filter, arena, count);
}

static int64_t sqlite_next_number(struct store *store, const char *name)
{
    return writer_next_number(sqlite(store)->writer, name);
}

static void sqlite_expire(struct store *store, int64_t replies_before, int64_t transactions_before)
{
    writer_expire(sqlite(store)->writer, replies_before, transactions_before);
}

/* The last connection to close empties the log into the file and removes it. Readers cannot, so
 * they go first. */
static void sqlite_shut(struct store *store)
{
    struct sqlite_store *s = sqlite(store);
    readers_free(s->readers);
    writer_stop(s->writer);
    pthread_mutex_destroy(&s->trouble.lock);
    free(s->path);
    free(s);
}

static const struct store_backend backend = {
    .close = sqlite_shut,
    .commit = sqlite_commit,
    .find_exchange = sqlite_find_exchange,
    .find_id = sqlite_find_id,
    .find_asked = sqlite_find_asked,
    .find_like = sqlite_find_like,
    .find_reply = sqlite_find_reply,
    .find_certificate = sqlite_find_certificate,
    .find_key = sqlite_find_key,
    .due = sqlite_due,
    .next_wake = sqlite_next_wake,
    .list = sqlite_list,
    .certificates = sqlite_certificates,
    .outbox = sqlite_outbox,
    .next_number = sqlite_next_number,
    .expire = sqlite_expire,
    .trouble = sqlite_trouble,
};

/* ---- opening --------------------------------------------------------------------------------- */

/* SQLite gives its log and index files the mode of the file. */
static bool create_file(const char *path, struct failure *why)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        fail(why, REASON_INTERNAL, NULL, "the store's file cannot be opened for writing");
        return fail_detail(why, "%s: %s", path, strerror(errno));
    }
    close(fd);
    return true;
}

bool store_open_sqlite(const char *path, struct store **out, struct failure *why)
{
    struct connection connection;
    if (!create_file(path, why) || !connection_open(&connection, path, CONNECTION_WRITES, why))
        return false;
    if (!schema_prepare(connection.db, why)) {
        connection_close(&connection);
        return false;
    }
    struct sqlite_store *s = calloc(1, sizeof(*s));
    if (s == NULL || (s->path = strdup(path)) == NULL)
        abort();
    s->store.backend = &backend;
    pthread_mutex_init(&s->trouble.lock, NULL);
    s->writer = writer_start(s->path, &connection, &s->trouble);
    s->readers = readers_new(s->path, &s->trouble);
    /* Opens the first reader, which keeps the log's index alive: if the writer must reopen after a
     * failed sync, the index still ends before the frames of that group, and they are overwritten
     * instead of found. */
    readers_next_wake(s->readers);
    *out = &s->store;
    return true;
}
