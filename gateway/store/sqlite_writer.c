/* One thread writes. It takes what has queued up while it wrote before, commits it as one
 * transaction, and only then tells each caller, in the order of their coming. A batch stands in a
 * savepoint of its own, so that a conflict undoes that batch alone.
 *
 * After a failure the connection is closed and made anew with the next group: SQLite's connection
 * may have rolled back half of what it was told, and a full disk is usually given room again. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "gateway/store/copy.h"
#include "gateway/store/sqlite.h"
#include "gateway/store/waiting.h"

enum { EXPIRE_ROWS = 500 }; /* at once, so that no batch waits long behind a big clean-up */

struct job {
    STAILQ_ENTRY(job) next;
    struct arena *arena; /* holds the job */
    /* False: the connection failed. True: job->result tells. */
    bool (*apply)(struct job *job, struct connection *connection);
    struct store_completion completion;
    enum store_result result;
    bool again; /* there is more to do */
    struct store_batch batch;
    const char *name; /* of a sequence */
    int64_t *number;
    int64_t replies_before, transactions_before;
};

STAILQ_HEAD(job_queue, job);

struct writer {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wanted;
    struct job_queue queue;
    bool stopping;
    const char *path;
    struct trouble *trouble;
    struct connection connection; /* of the writer's thread alone; db NULL: to be opened */
};

/* ---- what a job does ------------------------------------------------------------------------- */

/* Gives the statement's own verdict: whether it changed a row. */
static bool ran(struct connection *connection, sqlite3_stmt *statement, bool *changed)
{
    if (connection_run(statement) != SQLITE_DONE)
        return false;
    *changed = sqlite3_changes(connection->db) > 0;
    return true;
}

static bool apply_transaction(struct connection *connection, enum statement how,
                              const struct transaction *transaction, bool *changed)
{
    sqlite3_stmt *statement = connection_statement(connection, how);
    return statement != NULL && bind_transaction(statement, transaction) &&
           ran(connection, statement, changed);
}

/* *kept false: the foreign key points nowhere. */
static bool apply_reply(struct connection *connection, const struct stored_reply *reply, bool *kept)
{
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_INSERT_REPLY);
    if (statement == NULL || !bind_reply(statement, reply))
        return false;
    int code = connection_run(statement);
    *kept = code == SQLITE_DONE;
    return code == SQLITE_DONE || code == SQLITE_CONSTRAINT_FOREIGNKEY;
}

static bool apply_certificate(struct connection *connection,
                              const struct issued_certificate *certificate)
{
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_UPSERT_CERTIFICATE);
    return statement != NULL && bind_certificate(statement, certificate) &&
           connection_run(statement) == SQLITE_DONE;
}

static bool apply_outbox(struct connection *connection, const struct store_batch *batch)
{
    for (size_t i = 0; i < batch->outbox_count; i++) {
        sqlite3_stmt *statement = connection_statement(connection, STATEMENT_PUT_OUTBOX);
        if (statement == NULL || !bind_outbox_item(statement, &batch->outbox[i]) ||
            connection_run(statement) != SQLITE_DONE)
            return false;
    }
    for (size_t i = 0; i < batch->outbox_report_count; i++) {
        const struct outbox_report *report = &batch->outbox_reports[i];
        sqlite3_stmt *statement = connection_statement(
            connection, report->done ? STATEMENT_OUTBOX_DONE : STATEMENT_OUTBOX_FAILED);
        bool bound = statement != NULL &&
                     (report->done ? sqlite3_bind_int64(statement, 1, report->sequence) == SQLITE_OK
                                   : bind_outbox_report(statement, report));
        if (!bound || connection_run(statement) != SQLITE_DONE)
            return false;
    }
    return true;
}

static bool apply_batch(struct job *job, struct connection *connection)
{
    const struct store_batch *batch = &job->batch;
    bool fits = true;
    if (batch->insert != NULL &&
        !apply_transaction(connection, STATEMENT_INSERT_TRANSACTION, batch->insert, &fits))
        return false;
    if (fits && batch->update != NULL &&
        !apply_transaction(connection, STATEMENT_UPDATE_TRANSACTION, batch->update, &fits))
        return false;
    if (fits && batch->reply != NULL && !apply_reply(connection, batch->reply, &fits))
        return false;
    for (size_t i = 0; i < batch->certificate_count && fits; i++)
        if (!apply_certificate(connection, &batch->certificates[i]))
            return false;
    job->result = fits ? STORE_OK : STORE_CONFLICT;
    return !fits || apply_outbox(connection, batch);
}

static bool apply_number(struct job *job, struct connection *connection)
{
    sqlite3_stmt *statement = connection_statement(connection, STATEMENT_NEXT_NUMBER);
    if (statement == NULL || !bind_text(statement, 1, job->name) ||
        sqlite3_step(statement) != SQLITE_ROW)
        return false;
    *job->number = sqlite3_column_int64(statement, 0);
    job->result = STORE_OK;
    return connection_run(statement) == SQLITE_DONE;
}

/* The words of the final states as a JSON array. */
static const char *final_states(struct arena *arena)
{
    const char *list = "[";
    for (unsigned i = 0; i < STATE_COUNT; i++)
        if (state_is_final((enum state)i))
            list = arena_printf(arena, "%s%s\"%s\"", list, list[1] == '\0' ? "" : ",",
                                state_word((enum state)i));
    return arena_printf(arena, "%s]", list);
}

static bool expire(struct connection *connection, enum statement which, int64_t before,
                   const char *states, bool *more)
{
    sqlite3_stmt *statement = connection_statement(connection, which);
    if (statement == NULL || sqlite3_bind_int64(statement, 1, before) != SQLITE_OK ||
        sqlite3_bind_int(statement, 2, EXPIRE_ROWS) != SQLITE_OK ||
        (states != NULL && !bind_text(statement, 3, states)) ||
        connection_run(statement) != SQLITE_DONE)
        return false;
    *more = *more || sqlite3_changes(connection->db) == EXPIRE_ROWS;
    return true;
}

static bool apply_expire(struct job *job, struct connection *connection)
{
    job->result = STORE_OK;
    job->again = false;
    return expire(connection, STATEMENT_EXPIRE_REPLIES, job->replies_before, NULL, &job->again) &&
           expire(connection, STATEMENT_EXPIRE_TRANSACTIONS, job->transactions_before,
                  final_states(job->arena), &job->again);
}

/* ---- a group --------------------------------------------------------------------------------- */

static bool run_plain(struct connection *connection, enum statement which)
{
    sqlite3_stmt *statement = connection_statement(connection, which);
    return statement != NULL && connection_run(statement) == SQLITE_DONE;
}

static bool apply_job(struct job *job, struct connection *connection)
{
    return run_plain(connection, STATEMENT_SAVEPOINT) && job->apply(job, connection) &&
           (job->result == STORE_OK || run_plain(connection, STATEMENT_UNDO)) &&
           run_plain(connection, STATEMENT_RELEASE);
}

static bool apply_group(const struct job_queue *group, struct connection *connection)
{
    if (!run_plain(connection, STATEMENT_BEGIN))
        return false;
    struct job *job;
    STAILQ_FOREACH(job, group, next)
    if (!apply_job(job, connection))
        return false;
    return run_plain(connection, STATEMENT_COMMIT);
}

static void note_failure(struct writer *writer, const char *what)
{
    char text[320];
    sqlite3 *db = writer->connection.db;
    snprintf(text, sizeof(text), "%s: SQLite %d: %s", what, sqlite3_extended_errcode(db),
             sqlite3_errmsg(db));
    trouble_note(writer->trouble, text);
}

static bool have_connection(struct writer *writer)
{
    struct failure why;
    if (writer->connection.db != NULL ||
        connection_open(&writer->connection, writer->path, CONNECTION_WRITES, &why))
        return true;
    trouble_note(writer->trouble, why.detail);
    return false;
}

static bool write_group(struct writer *writer, const struct job_queue *group)
{
    if (!have_connection(writer))
        return false;
    if (apply_group(group, &writer->connection))
        return true;
    note_failure(writer, "write");
    connection_close(&writer->connection); /* rolls back what is open */
    return false;
}

/* Also a conflict is none if the group failed: what it conflicted with may be gone. */
static void complete_group(const struct job_queue *group, bool written)
{
    const struct job *job;
    STAILQ_FOREACH(job, group, next)
    store_complete(&job->completion, written ? job->result : STORE_FAILED);
}

/* ---- the thread ------------------------------------------------------------------------------ */

static void enqueue(struct writer *writer, struct job *job)
{
    pthread_mutex_lock(&writer->lock);
    STAILQ_INSERT_TAIL(&writer->queue, job, next);
    pthread_cond_signal(&writer->wanted);
    pthread_mutex_unlock(&writer->lock);
}

/* Waits for work; an empty group means the end. */
static void take_group(struct writer *writer, struct job_queue *group)
{
    STAILQ_INIT(group);
    pthread_mutex_lock(&writer->lock);
    while (STAILQ_EMPTY(&writer->queue) && !writer->stopping)
        pthread_cond_wait(&writer->wanted, &writer->lock);
    for (int i = 0; i < STORE_BATCH_ITEMS && !STAILQ_EMPTY(&writer->queue); i++) {
        struct job *job = STAILQ_FIRST(&writer->queue);
        STAILQ_REMOVE_HEAD(&writer->queue, next);
        STAILQ_INSERT_TAIL(group, job, next);
    }
    pthread_mutex_unlock(&writer->lock);
}

static void *write_always(void *argument)
{
    struct writer *writer = argument;
    struct job_queue group;
    for (take_group(writer, &group); !STAILQ_EMPTY(&group); take_group(writer, &group)) {
        bool written = write_group(writer, &group);
        complete_group(&group, written);
        while (!STAILQ_EMPTY(&group)) {
            struct job *job = STAILQ_FIRST(&group);
            STAILQ_REMOVE_HEAD(&group, next);
            if (written && job->again)
                enqueue(writer, job);
            else
                arena_free(job->arena);
        }
    }
    return NULL;
}

struct writer *writer_start(const char *path, const struct connection *connection,
                            struct trouble *trouble)
{
    struct writer *writer = calloc(1, sizeof(*writer));
    if (writer == NULL)
        abort();
    writer->path = path;
    writer->connection = *connection;
    writer->trouble = trouble;
    STAILQ_INIT(&writer->queue);
    pthread_mutex_init(&writer->lock, NULL);
    pthread_cond_init(&writer->wanted, NULL);
    if (pthread_create(&writer->thread, NULL, write_always, writer) != 0)
        abort();
    return writer;
}

void writer_stop(struct writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    writer->stopping = true;
    pthread_cond_signal(&writer->wanted);
    pthread_mutex_unlock(&writer->lock);
    pthread_join(writer->thread, NULL);
    connection_close(&writer->connection);
    pthread_cond_destroy(&writer->wanted);
    pthread_mutex_destroy(&writer->lock);
    free(writer);
}

/* ---- orders ---------------------------------------------------------------------------------- */

static struct job *new_job(bool (*apply)(struct job *, struct connection *))
{
    struct arena *arena = arena_new();
    struct job *job = arena_alloc(arena, sizeof(*job));
    job->arena = arena;
    job->apply = apply;
    return job;
}

void writer_commit(struct writer *writer, const struct store_batch *batch,
                   const struct store_completion *completion)
{
    struct job *job = new_job(apply_batch);
    job->batch = store_batch_copy(batch, job->arena);
    job->completion = *completion;
    enqueue(writer, job);
}

int64_t writer_next_number(struct writer *writer, const char *name)
{
    int64_t number = 0;
    struct waiting waiting = WAITING_INIT;
    struct job *job = new_job(apply_number);
    job->name = arena_text(job->arena, bytes_of_text(name));
    job->number = &number;
    job->completion = waiting_completion(&waiting);
    enqueue(writer, job);
    return waiting_end(&waiting) == STORE_OK ? number : 0;
}

void writer_expire(struct writer *writer, int64_t replies_before, int64_t transactions_before)
{
    struct job *job = new_job(apply_expire);
    job->replies_before = replies_before;
    job->transactions_before = transactions_before;
    enqueue(writer, job);
}
