/* The rooms of the SQLite store: connection and schema, rows, writer, readers. Included by
 * sqlite*.c and their tests only.
 *
 * One writer connection belongs to the writer's thread; a few reader connections go round among
 * the threads that read. WAL lets readers see each commit as soon as it is finished, and never
 * wait for the writer. */
#ifndef DRAGOMAN_GATEWAY_STORE_SQLITE_H
#define DRAGOMAN_GATEWAY_STORE_SQLITE_H

#include <pthread.h>
#include <sqlite3.h>

#include "gateway/store/backend.h"

/* ---- connection (sqlite_connection.c) -------------------------------------------------------- */

enum statement {
#define STATEMENT(name, sql) STATEMENT_##name,
#include "gateway/store/sqlite_statements.def"
#undef STATEMENT
    STATEMENT_COUNT
};

const char *statement_sql(enum statement statement);

struct connection {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT]; /* prepared when first used */
};

enum connection_use { CONNECTION_WRITES, CONNECTION_READS };

/* The file must exist. On failure nothing stays open. */
bool connection_open(struct connection *connection, const char *path, enum connection_use use,
                     struct failure *why);
void connection_close(struct connection *connection);
/* Ready to be bound; NULL on failure. */
sqlite3_stmt *connection_statement(struct connection *connection, enum statement statement);
/* Runs a statement without rows, then makes it ready again. An SQLite result code. */
int connection_run(sqlite3_stmt *statement);
/* Takes SQLite's last message into why->detail. Returns false. */
bool connection_fail(sqlite3 *db, struct failure *why, const char *text);

/* ---- schema (sqlite_schema.c) ---------------------------------------------------------------- */

/* Checks that the file is sound and ours, and brings it to the present version; refuses a newer
 * one. */
bool schema_prepare(sqlite3 *db, struct failure *why);
int schema_version(void);

/* ---- rows (sqlite_rows.c) -------------------------------------------------------------------- */

/* Parameters in the order of the struct; the values must live until the statement is reset. */
bool bind_transaction(sqlite3_stmt *statement, const struct transaction *transaction);
bool bind_reply(sqlite3_stmt *statement, const struct stored_reply *reply);
bool bind_certificate(sqlite3_stmt *statement, const struct issued_certificate *certificate);
bool bind_outbox_item(sqlite3_stmt *statement, const struct outbox_item *item);
bool bind_outbox_report(sqlite3_stmt *statement, const struct outbox_report *report);
/* False if the row holds what no version of ours wrote. */
bool read_transaction(sqlite3_stmt *statement, struct arena *arena, struct transaction *out);
bool read_reply(sqlite3_stmt *statement, struct arena *arena, struct stored_reply *out);
bool read_certificate(sqlite3_stmt *statement, struct arena *arena, struct issued_certificate *out);
bool read_outbox_item(sqlite3_stmt *statement, struct arena *arena, struct outbox_item *out);
bool bind_octets(sqlite3_stmt *statement, int at, struct bytes octets);
/* UTF-8; NULL stays NULL. */
bool bind_text(sqlite3_stmt *statement, int at, const char *text);

/* ---- the last trouble (sqlite.c) ------------------------------------------------------------- */

struct trouble {
    pthread_mutex_t lock;
    char text[320];
};
void trouble_note(struct trouble *trouble, const char *text);

/* ---- writer (sqlite_writer.c) ---------------------------------------------------------------- */

struct writer;

/* Takes the connection. */
struct writer *writer_start(const char *path, const struct connection *connection,
                            struct trouble *trouble);
void writer_commit(struct writer *writer, const struct store_batch *batch,
                   const struct store_completion *completion);
int64_t writer_next_number(struct writer *writer, const char *name);
void writer_expire(struct writer *writer, int64_t replies_before, int64_t transactions_before);
/* Finishes what is queued, then closes the connection. */
void writer_stop(struct writer *writer);

/* ---- readers (sqlite_read.c) ----------------------------------------------------------------- */

struct readers;

struct readers *readers_new(const char *path, struct trouble *trouble);
void readers_free(struct readers *readers);

bool readers_find_transaction(struct readers *readers, enum statement by, struct bytes key,
                              struct arena *arena, struct transaction *out, bool *broken);
bool readers_find_reply(struct readers *readers, struct bytes digest, struct arena *arena,
                        struct stored_reply *out, bool *broken);
bool readers_find_certificate(struct readers *readers, struct bytes issuer, struct bytes serial,
                              struct arena *arena, struct issued_certificate *out, bool *broken);
bool readers_find_key(struct readers *readers, struct bytes spki_sha256, struct arena *arena,
                      struct issued_certificate *out, bool *broken);
struct transaction *readers_due(struct readers *readers, int64_t now, size_t most,
                                struct arena *arena, size_t *count);
int64_t readers_next_wake(struct readers *readers);
struct transaction *readers_list(struct readers *readers, const struct transaction_filter *filter,
                                 struct arena *arena, size_t *count);
struct issued_certificate *readers_certificates(struct readers *readers,
                                                const struct certificate_filter *filter,
                                                struct arena *arena, size_t *count);
struct outbox_item *readers_outbox(struct readers *readers, const struct outbox_filter *filter,
                                   struct arena *arena, size_t *count);

#endif
