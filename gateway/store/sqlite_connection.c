#include "gateway/store/sqlite.h"

static const char *const sql[STATEMENT_COUNT] = {
#define STATEMENT(name, text) text,
#include "gateway/store/sqlite_statements.def"
#undef STATEMENT
};

const char *statement_sql(enum statement statement)
{
    return sql[statement];
}

bool connection_fail(sqlite3 *db, struct failure *why, const char *text)
{
    fail(why, REASON_INTERNAL, NULL, "%s", text);
    return fail_detail(why, "SQLite %d: %s", sqlite3_extended_errcode(db), sqlite3_errmsg(db));
}

/* journal_mode answers with the mode that it could get. */
static bool set_wal(sqlite3 *db)
{
    sqlite3_stmt *statement = NULL;
    bool done =
        sqlite3_prepare_v2(db, "PRAGMA journal_mode = WAL", -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW &&
        strcmp((const char *)sqlite3_column_text(statement, 0), "wal") == 0;
    sqlite3_finalize(statement);
    return done;
}

/* FULL: a commit that was answered survives a loss of power. The size limit gives back the room
 * of a log that one busy hour made large. */
static const char settings[] = "PRAGMA synchronous = FULL;"
                               "PRAGMA foreign_keys = ON;"
                               "PRAGMA trusted_schema = OFF;"
                               "PRAGMA cell_size_check = ON;"
                               "PRAGMA temp_store = MEMORY;"
                               "PRAGMA cache_size = -1000;"
                               "PRAGMA journal_size_limit = 16777216;";

enum { BUSY_MS = 10000 }; /* the command line beside the daemon, and its checkpoints */

static bool set_up(sqlite3 *db, enum connection_use use)
{
    if (sqlite3_busy_timeout(db, BUSY_MS) != SQLITE_OK ||
        sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK ||
        sqlite3_exec(db, settings, NULL, NULL, NULL) != SQLITE_OK)
        return false;
    if (use == CONNECTION_WRITES)
        return set_wal(db);
    return sqlite3_exec(db, "PRAGMA query_only = ON", NULL, NULL, NULL) == SQLITE_OK;
}

bool connection_open(struct connection *connection, const char *path, enum connection_use use,
                     struct failure *why)
{
    *connection = (struct connection){.db = NULL};
    /* Without SQLITE_OPEN_CREATE: a file that vanished is a fault, not a new beginning. */
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (sqlite3_open_v2(path, &connection->db, flags, NULL) == SQLITE_OK &&
        set_up(connection->db, use))
        return true;
    connection_fail(connection->db, why, "the store cannot be opened");
    connection_close(connection);
    return false;
}

void connection_close(struct connection *connection)
{
    for (unsigned i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(connection->statements[i]);
    sqlite3_close(connection->db);
    *connection = (struct connection){.db = NULL};
}

sqlite3_stmt *connection_statement(struct connection *connection, enum statement statement)
{
    sqlite3_stmt **prepared = &connection->statements[statement];
    if (*prepared == NULL &&
        sqlite3_prepare_v3(connection->db, sql[statement], -1, SQLITE_PREPARE_PERSISTENT, prepared,
                           NULL) != SQLITE_OK)
        return NULL;
    return *prepared;
}

int connection_run(sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return code;
}
