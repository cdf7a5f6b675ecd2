/* Reads: a connection is taken from a small pool, used for one statement, and given back. A
 * connection that failed is closed; the next reader opens another. */
#include <stdlib.h>

#include "gateway/store/sqlite.h"

enum { READERS = 4 };

struct readers {
    pthread_mutex_t lock;
    pthread_cond_t given_back;
    struct connection idle[READERS];
    size_t idle_count;
    size_t open; /* idle or in use */
    const char *path;
    struct trouble *trouble;
};

struct readers *readers_new(const char *path, struct trouble *trouble)
{
    struct readers *readers = calloc(1, sizeof(*readers));
    if (readers == NULL)
        abort();
    readers->path = path;
    readers->trouble = trouble;
    pthread_mutex_init(&readers->lock, NULL);
    pthread_cond_init(&readers->given_back, NULL);
    return readers;
}

void readers_free(struct readers *readers)
{
    for (size_t i = 0; i < readers->idle_count; i++)
        connection_close(&readers->idle[i]);
    pthread_cond_destroy(&readers->given_back);
    pthread_mutex_destroy(&readers->lock);
    free(readers);
}

/* ---- the pool -------------------------------------------------------------------------------- */

static void leave(struct readers *readers, struct connection *connection, bool sound)
{
    if (!sound)
        connection_close(connection);
    pthread_mutex_lock(&readers->lock);
    if (sound)
        readers->idle[readers->idle_count++] = *connection;
    else
        readers->open--;
    pthread_cond_signal(&readers->given_back);
    pthread_mutex_unlock(&readers->lock);
}

static bool take(struct readers *readers, struct connection *connection)
{
    pthread_mutex_lock(&readers->lock);
    while (readers->idle_count == 0 && readers->open == READERS)
        pthread_cond_wait(&readers->given_back, &readers->lock);
    bool reuse = readers->idle_count > 0;
    if (reuse)
        *connection = readers->idle[--readers->idle_count];
    else
        readers->open++;
    pthread_mutex_unlock(&readers->lock);
    struct failure why;
    if (reuse || connection_open(connection, readers->path, CONNECTION_READS, &why))
        return true;
    trouble_note(readers->trouble, why.detail);
    leave(readers, connection, false);
    return false;
}

/* ---- one query ------------------------------------------------------------------------------- */

struct query {
    struct readers *readers;
    struct connection connection;
    sqlite3_stmt *statement;
    bool failed;
};

static void query_begin(struct query *query, struct readers *readers, enum statement which)
{
    *query = (struct query){.readers = readers};
    if (take(readers, &query->connection))
        query->statement = connection_statement(&query->connection, which);
    query->failed = query->statement == NULL;
}

static void with_octets(struct query *query, int at, struct bytes octets)
{
    query->failed = query->failed || !bind_octets(query->statement, at, octets);
}

/* Ids are stored as text, which equals no blob. */
static void with_utf8(struct query *query, int at, struct bytes text)
{
    const char *data = text.size == 0 ? "" : (const char *)text.data;
    query->failed = query->failed || sqlite3_bind_text64(query->statement, at, data, text.size,
                                                         SQLITE_STATIC, SQLITE_UTF8) != SQLITE_OK;
}

static void with_text(struct query *query, int at, const char *text)
{
    query->failed = query->failed || !bind_text(query->statement, at, text);
}

static void with_number(struct query *query, int at, int64_t n)
{
    query->failed = query->failed || sqlite3_bind_int64(query->statement, at, n) != SQLITE_OK;
}

static bool query_row(struct query *query)
{
    if (query->failed)
        return false;
    int code = sqlite3_step(query->statement);
    query->failed = code != SQLITE_ROW && code != SQLITE_DONE;
    return code == SQLITE_ROW;
}

/* True if all went well. */
static bool query_end(struct query *query)
{
    sqlite3 *db = query->connection.db;
    if (db == NULL)
        return false;
    if (query->failed) {
        char text[320];
        sqlite3_snprintf(sizeof(text), text, "read: SQLite %d: %s", sqlite3_extended_errcode(db),
                         sqlite3_errmsg(db));
        trouble_note(query->readers->trouble, text);
    }
    if (query->statement != NULL) {
        sqlite3_reset(query->statement);
        sqlite3_clear_bindings(query->statement);
    }
    leave(query->readers, &query->connection, !query->failed);
    return !query->failed;
}

/* ---- one row --------------------------------------------------------------------------------- */

bool readers_find_transaction(struct readers *readers, enum statement by, struct bytes key,
                              struct arena *arena, struct transaction *out, bool *broken)
{
    struct query query;
    query_begin(&query, readers, by);
    if (by == STATEMENT_FIND_ID || by == STATEMENT_FIND_LIKE)
        with_utf8(&query, 1, key);
    else
        with_octets(&query, 1, key);
    bool found = query_row(&query);
    if (found)
        query.failed = !read_transaction(query.statement, arena, out);
    *broken = !query_end(&query);
    return found && !*broken;
}

bool readers_find_reply(struct readers *readers, struct bytes digest, struct arena *arena,
                        struct stored_reply *out, bool *broken)
{
    struct query query;
    query_begin(&query, readers, STATEMENT_FIND_REPLY);
    with_octets(&query, 1, digest);
    bool found = query_row(&query);
    if (found)
        query.failed = !read_reply(query.statement, arena, out);
    *broken = !query_end(&query);
    return found && !*broken;
}

static bool find_certificate(struct query *query, struct arena *arena,
                             struct issued_certificate *out, bool *broken)
{
    bool found = query_row(query);
    if (found)
        query->failed = !read_certificate(query->statement, arena, out);
    *broken = !query_end(query);
    return found && !*broken;
}

bool readers_find_certificate(struct readers *readers, struct bytes issuer, struct bytes serial,
                              struct arena *arena, struct issued_certificate *out, bool *broken)
{
    struct query query;
    query_begin(&query, readers, STATEMENT_FIND_CERTIFICATE);
    with_octets(&query, 1, issuer);
    with_octets(&query, 2, serial);
    return find_certificate(&query, arena, out, broken);
}

bool readers_find_key(struct readers *readers, struct bytes spki_sha256, struct arena *arena,
                      struct issued_certificate *out, bool *broken)
{
    struct query query;
    query_begin(&query, readers, STATEMENT_FIND_KEY);
    with_octets(&query, 1, spki_sha256);
    return find_certificate(&query, arena, out, broken);
}

int64_t readers_next_wake(struct readers *readers)
{
    struct query query;
    query_begin(&query, readers, STATEMENT_NEXT_WAKE);
    int64_t next = query_row(&query) ? sqlite3_column_int64(query.statement, 0) : 0;
    return query_end(&query) ? next : 0;
}

/* ---- lists ----------------------------------------------------------------------------------- */

/* An array in the arena that grows by doubling. */
struct list {
    struct arena *arena;
    size_t element;
    void *items;
    size_t count, room;
};

static void *list_add(struct list *list)
{
    if (list->count == list->room) {
        size_t room = list->room == 0 ? 16 : list->room * 2;
        void *items = arena_array(list->arena, room, list->element);
        if (list->count > 0)
            memcpy(items, list->items, list->count * list->element);
        list->items = items;
        list->room = room;
    }
    return (char *)list->items + list->element * list->count++;
}

/* SQLite's LIMIT is signed. */
static int64_t limit_of(size_t most)
{
    return most > INT64_MAX ? INT64_MAX : (int64_t)most;
}

static struct transaction *transactions(struct query *query, struct arena *arena, size_t *count)
{
    struct list list = {.arena = arena, .element = sizeof(struct transaction)};
    while (query_row(query))
        query->failed = !read_transaction(query->statement, arena, list_add(&list));
    *count = query_end(query) ? list.count : 0;
    return list.items == NULL ? arena_alloc(arena, list.element) : list.items;
}

struct transaction *readers_due(struct readers *readers, int64_t now, size_t most,
                                struct arena *arena, size_t *count)
{
    struct query query;
    query_begin(&query, readers, STATEMENT_DUE);
    with_number(&query, 1, now);
    with_number(&query, 2, limit_of(most));
    return transactions(&query, arena, count);
}

/* The words as a JSON array; they are our own and need no escaping. */
static void append_word(char *json, size_t room, const char *word)
{
    size_t used = strlen(json);
    sqlite3_snprintf((int)(room - used), json + used, "%s\"%s\"", used == 1 ? "" : ",", word);
}

enum { WORDS_ROOM = 512 }; /* all states together have 200 octets */

struct transaction *readers_list(struct readers *readers, const struct transaction_filter *filter,
                                 struct arena *arena, size_t *count)
{
    char states[WORDS_ROOM] = "[";
    for (size_t i = 0; i < filter->state_count; i++)
        append_word(states, sizeof(states) - 1, state_word(filter->states[i]));
    memcpy(states + strlen(states), "]", 2);
    struct query query;
    query_begin(&query, readers,
                filter->states == NULL ? STATEMENT_LIST : STATEMENT_LIST_IN_STATES);
    if (filter->states != NULL)
        with_text(&query, 1, states);
    with_text(&query, 2, filter->authority);
    with_number(&query, 3, filter->since);
    with_number(&query, 4, limit_of(filter->most));
    return transactions(&query, arena, count);
}

struct issued_certificate *readers_certificates(struct readers *readers,
                                                const struct certificate_filter *filter,
                                                struct arena *arena, size_t *count)
{
    char states[WORDS_ROOM] = "[";
    for (size_t i = 0; i < filter->state_count; i++)
        append_word(states, sizeof(states) - 1, certificate_state_word(filter->states[i]));
    memcpy(states + strlen(states), "]", 2);
    enum statement which = !bytes_is_empty(filter->transaction)
                               ? STATEMENT_CERTIFICATES_OF_TRANSACTION
                           : filter->states != NULL ? STATEMENT_CERTIFICATES_IN_STATES
                                                    : STATEMENT_CERTIFICATES;
    struct query query;
    query_begin(&query, readers, which);
    if (filter->states != NULL)
        with_text(&query, 1, states);
    with_text(&query, 2, filter->authority);
    if (!bytes_is_empty(filter->transaction))
        with_utf8(&query, 3, filter->transaction);
    with_number(&query, 4, limit_of(filter->most));
    struct list list = {.arena = arena, .element = sizeof(struct issued_certificate)};
    while (query_row(&query))
        query.failed = !read_certificate(query.statement, arena, list_add(&list));
    *count = query_end(&query) ? list.count : 0;
    return list.items == NULL ? arena_alloc(arena, list.element) : list.items;
}

struct outbox_item *readers_outbox(struct readers *readers, const struct outbox_filter *filter,
                                   struct arena *arena, size_t *count)
{
    struct query query;
    query_begin(&query, readers, STATEMENT_OUTBOX);
    with_text(&query, 1, filter->repository);
    with_number(&query, 2, filter->due_by);
    with_number(&query, 3, filter->parked);
    with_number(&query, 4, limit_of(filter->most));
    struct list list = {.arena = arena, .element = sizeof(struct outbox_item)};
    while (query_row(&query))
        query.failed = !read_outbox_item(query.statement, arena, list_add(&list));
    *count = query_end(&query) ? list.count : 0;
    return list.items == NULL ? arena_alloc(arena, list.element) : list.items;
}
