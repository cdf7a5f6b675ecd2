#include "gateway/store/sqlite.h"

/* "Drgm" in the file's header: file(1) and we tell by it whose database this is. */
enum { APPLICATION_ID = 0x4472676d };

static const struct {
    int version;
    const char *sql;
} migrations[] = {
#define MIGRATION(version, text) {version, text},
#include "gateway/store/sqlite_migrations.def"
#undef MIGRATION
};

enum { MIGRATIONS = sizeof(migrations) / sizeof(migrations[0]) };

int schema_version(void)
{
    return migrations[MIGRATIONS - 1].version;
}

/* The first column of the first row; -1 if there is none. */
static sqlite3_int64 number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    sqlite3_int64 n = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        n = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return n;
}

/* A file without tables is new, whoever made it; any other must carry our mark. */
static bool is_ours(sqlite3 *db, struct failure *why)
{
    sqlite3_int64 tables = number(db, "SELECT count(*) FROM sqlite_schema");
    if (tables < 0)
        return connection_fail(db, why, "the store cannot be read");
    if (tables > 0 && number(db, "PRAGMA application_id") != APPLICATION_ID)
        return fail(why, REASON_INTERNAL, NULL,
                    "the store's file is another program's database; name another file");
    return true;
}

static bool is_sound(sqlite3 *db, struct failure *why)
{
    sqlite3_stmt *statement = NULL;
    bool read =
        sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW;
    const char *verdict = read ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    bool sound = verdict != NULL && strcmp(verdict, "ok") == 0;
    if (!sound) {
        fail(why, REASON_INTERNAL, NULL, "the store is damaged; restore it from a backup");
        fail_detail(why, "quick_check: %s", verdict == NULL ? sqlite3_errmsg(db) : verdict);
    }
    sqlite3_finalize(statement);
    return sound;
}

static bool run_migration(sqlite3 *db, size_t i)
{
    char mark[120];
    sqlite3_snprintf(sizeof(mark), mark, "PRAGMA user_version = %d; PRAGMA application_id = %d;",
                     migrations[i].version, APPLICATION_ID);
    return sqlite3_exec(db, migrations[i].sql, NULL, NULL, NULL) == SQLITE_OK &&
           sqlite3_exec(db, mark, NULL, NULL, NULL) == SQLITE_OK;
}

/* All in one transaction, begun before the version is read: two processes may start at once. */
static bool migrate(sqlite3 *db, struct failure *why)
{
    if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return connection_fail(db, why, "the store cannot be written");
    sqlite3_int64 version = number(db, "PRAGMA user_version");
    bool done = version >= 0;
    for (size_t i = 0; i < MIGRATIONS && done; i++)
        if (migrations[i].version > version)
            done = run_migration(db, i);
    if (done && sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK)
        return true;
    connection_fail(db, why, "the store cannot be brought to this version's form");
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

bool schema_prepare(sqlite3 *db, struct failure *why)
{
    if (!is_ours(db, why))
        return false;
    sqlite3_int64 version = number(db, "PRAGMA user_version");
    if (version > schema_version())
        return fail(why, REASON_INTERNAL, NULL,
                    "the store was written by a newer version (schema %d, this one knows %d)",
                    (int)version, schema_version());
    if (!is_sound(db, why))
        return false;
    return version == schema_version() || migrate(db, why);
}
