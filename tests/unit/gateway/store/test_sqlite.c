/* What only the SQLite store promises: to survive the end of its process and the disk's bad days,
 * to group commits, and to open no file that it should not. */
#include "tests/support/cmocka_all.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/store/sqlite.h"
#include "tests/support/directory.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/store_rows.h"

struct fixture {
    struct arena *arena;
    char directory[256];
    const char *path;
};

static int set_up(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));
    f->arena = arena_new();
    temporary_directory(f->directory, sizeof(f->directory));
    f->path = arena_printf(f->arena, "%s/state.db", f->directory);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    faulty_vfs_writes(0);
    faulty_vfs_syncs(0);
    faulty_vfs_release();
    remove_directory(f->directory);
    arena_free(f->arena);
    test_free(f);
    return 0;
}

static struct store *opened(const struct fixture *f)
{
    struct store *store = NULL;
    struct failure why;
    if (!store_open_sqlite(f->path, &store, &why))
        fail_msg("%s (%s)", why.text, why.detail);
    return store;
}

static enum store_result insert(struct store *store, unsigned n, struct arena *arena)
{
    struct transaction t = row_transaction(n, arena);
    return store_commit_now(store, &(struct store_batch){.insert = &t});
}

static bool is_there(struct store *store, unsigned n, struct arena *arena)
{
    struct transaction want = row_transaction(n, arena), got;
    bool broken = true;
    bool found = store_find_id(store, want.id, arena, &got, &broken);
    assert_false(broken);
    return found;
}

static void in_sql(const struct fixture *f, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* ---- the file -------------------------------------------------------------------------------- */

static void the_file_and_its_companions_are_private(void **state)
{
    struct fixture *f = *state;
    mode_t before = umask(0);
    struct store *store = opened(f);
    umask(before);
    assert_int_equal(insert(store, 1, f->arena), STORE_OK);
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        struct stat status;
        assert_int_equal(stat(arena_printf(f->arena, "%s%s", f->path, suffixes[i]), &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
    }
    store_close(store);
}

static void all_is_there_after_a_restart(void **state)
{
    struct fixture *f = *state;
    struct store *store = opened(f);
    struct transaction t = row_transaction(1, f->arena), got;
    struct stored_reply r = row_reply(1, t.id, f->arena), got_reply;
    struct issued_certificate c = row_certificate(1, t.id, f->arena), got_certificate;
    t.wake_at = 17;
    const struct store_batch batch = {
        .insert = &t, .reply = &r, .certificates = &c, .certificate_count = 1};
    assert_int_equal(store_commit_now(store, &batch), STORE_OK);
    assert_int_equal(store_next_number(store, "crl/a"), 1);
    store_close(store);

    store = opened(f);
    assert_true(store_find_exchange(store, t.exchange, f->arena, &got, NULL));
    assert_same_transaction(&got, &t);
    assert_true(store_find_reply(store, bytes_of(r.digest, 32), f->arena, &got_reply, NULL));
    assert_same_reply(&got_reply, &r);
    assert_true(
        store_find_certificate(store, c.issuer, c.serial, f->arena, &got_certificate, NULL));
    assert_same_certificate(&got_certificate, &c);
    assert_int_equal(store_next_wake(store), 17);
    assert_int_equal(store_next_number(store, "crl/a"), 2);
    store_close(store);
}

/* The command line beside the daemon. */
static void two_stores_share_a_file(void **state)
{
    struct fixture *f = *state;
    struct store *one = opened(f), *two = opened(f);
    assert_int_equal(insert(one, 1, f->arena), STORE_OK);
    assert_true(is_there(two, 1, f->arena));
    assert_int_equal(insert(two, 1, f->arena), STORE_CONFLICT);
    assert_int_equal(insert(two, 2, f->arena), STORE_OK);
    assert_true(is_there(one, 2, f->arena));
    store_close(two);
    assert_int_equal(insert(one, 3, f->arena), STORE_OK);
    store_close(one);
}

static void assert_refused(const struct fixture *f, const char *text)
{
    struct store *store = NULL;
    struct failure why;
    assert_false(store_open_sqlite(f->path, &store, &why));
    assert_null(store);
    assert_non_null(strstr(why.text, text));
    assert_null(strstr(why.text, f->directory)); /* a text names no path */
}

static void a_newer_file_is_refused(void **state)
{
    struct fixture *f = *state;
    store_close(opened(f));
    in_sql(f, "PRAGMA user_version = 9999");
    assert_refused(f, "newer version (schema 9999");
}

static void the_database_of_another_program_is_refused(void **state)
{
    struct fixture *f = *state;
    in_sql(f, "CREATE TABLE theirs (x)");
    assert_refused(f, "another program's");
}

static void what_is_no_database_is_refused(void **state)
{
    struct fixture *f = *state;
    FILE *file = fopen(f->path, "w");
    for (int i = 0; i < 1000; i++)
        fputs("a letter to a friend\n", file);
    fclose(file);
    assert_refused(f, "cannot be opened");
}

static void a_damaged_file_is_refused(void **state)
{
    struct fixture *f = *state;
    struct store *store = opened(f);
    for (unsigned n = 0; n < 50; n++)
        assert_int_equal(insert(store, n, f->arena), STORE_OK);
    store_close(store);
    FILE *file = fopen(f->path, "r+");
    fseek(file, 4096 + 8, SEEK_SET); /* the second page's cell pointers */
    for (int i = 0; i < 64; i++)
        fputc(0xff, file);
    fclose(file);
    assert_refused(f, "damaged");
}

static void a_place_without_a_directory_is_refused(void **state)
{
    struct fixture *f = *state;
    f->path = arena_printf(f->arena, "%s/missing/state.db", f->directory);
    assert_refused(f, "cannot be opened for writing");
}

/* ---- groups ---------------------------------------------------------------------------------- */

struct results {
    pthread_mutex_t lock;
    size_t count;
    struct {
        unsigned n;
        enum store_result result;
    } got[64];
};

struct order {
    struct results *results;
    unsigned n;
};

static void note(void *context, enum store_result result)
{
    const struct order *order = context;
    struct results *results = order->results;
    pthread_mutex_lock(&results->lock);
    results->got[results->count].n = order->n;
    results->got[results->count++].result = result;
    pthread_mutex_unlock(&results->lock);
}

/* Orders inserts of the rows `numbers` while the disk holds the batch before them. */
static void order_behind_a_held_sync(struct store *store, const unsigned *numbers, size_t count,
                                     struct results *results, struct fixture *f)
{
    struct order *orders = arena_array(f->arena, count + 1, sizeof(*orders));
    faulty_vfs_hold();
    struct transaction first = row_transaction(1000, f->arena);
    store_commit(store, &(struct store_batch){.insert = &first}, &(struct store_completion){0});
    faulty_vfs_await_held();
    for (size_t i = 0; i < count; i++) {
        orders[i] = (struct order){results, numbers[i]};
        struct transaction t = row_transaction(numbers[i], f->arena);
        const struct store_completion completion = {.done = note, .context = &orders[i]};
        store_commit(store, &(struct store_batch){.insert = &t}, &completion);
    }
}

static void await_all(struct store *store)
{
    store_commit_now(store, &(struct store_batch){0});
}

static void batches_that_wait_share_one_sync(void **state)
{
    struct fixture *f = *state;
    struct store *store = opened(f);
    struct results results = {.lock = PTHREAD_MUTEX_INITIALIZER};
    unsigned numbers[50];
    for (unsigned i = 0; i < 50; i++)
        numbers[i] = i;
    order_behind_a_held_sync(store, numbers, 50, &results, f);
    faulty_vfs_sync_count();
    assert_int_equal(results.count, 0); /* nothing is promised before the sync */
    assert_false(is_there(store, 0, f->arena));
    faulty_vfs_release();
    await_all(store);
    assert_int_equal(results.count, 50);
    for (unsigned i = 0; i < 50; i++) {
        assert_int_equal(results.got[i].n, i);
        assert_int_equal(results.got[i].result, STORE_OK);
        assert_true(is_there(store, i, f->arena));
    }
    assert_in_range(faulty_vfs_sync_count(), 1, 4);
    store_close(store);
}

static void a_conflict_undoes_its_own_batch_only(void **state)
{
    struct fixture *f = *state;
    struct store *store = opened(f);
    struct results results = {.lock = PTHREAD_MUTEX_INITIALIZER};
    order_behind_a_held_sync(store, (const unsigned[]){1, 1, 2, 1000, 3}, 5, &results, f);
    faulty_vfs_release();
    await_all(store);
    static const enum store_result want[] = {STORE_OK, STORE_CONFLICT, STORE_OK, STORE_CONFLICT,
                                             STORE_OK};
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(results.got[i].result, want[i]);
    assert_true(is_there(store, 3, f->arena));
    store_close(store);
}

static void a_group_that_fails_fails_as_a_whole(void **state)
{
    struct fixture *f = *state;
    struct store *store = opened(f);
    struct results results = {.lock = PTHREAD_MUTEX_INITIALIZER};
    order_behind_a_held_sync(store, (const unsigned[]){1, 1, 2}, 3, &results, f);
    faulty_vfs_writes(SQLITE_FULL);
    faulty_vfs_release();
    await_all(store);
    assert_int_equal(results.count, 3);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(results.got[i].result, STORE_FAILED);
    faulty_vfs_writes(0);
    assert_false(is_there(store, 1, f->arena));
    assert_int_equal(insert(store, 1, f->arena), STORE_OK);
    store_close(store);
}

/* ---- the disk's bad days --------------------------------------------------------------------- */

static void assert_fails_then_heals(struct store *store, void (*spoil)(void), void (*heal)(void),
                                    struct arena *arena)
{
    assert_int_equal(insert(store, 1, arena), STORE_OK);
    assert_string_equal(store_trouble(store, arena), "");
    spoil();
    for (unsigned n = 2; n < 5; n++)
        assert_int_equal(insert(store, n, arena), STORE_FAILED);
    assert_int_equal(store_next_number(store, "crl/a"), 0);
    assert_string_not_equal(store_trouble(store, arena), "");
    assert_true(is_there(store, 1, arena)); /* reading goes on */
    heal();
    for (unsigned n = 2; n < 5; n++)
        assert_false(is_there(store, n, arena));
    assert_int_equal(insert(store, 5, arena), STORE_OK);
    assert_true(is_there(store, 5, arena));
    assert_int_equal(store_next_number(store, "crl/a"), 1);
}

static void fill_disk(void)
{
    faulty_vfs_writes(SQLITE_FULL);
}

static void break_writes(void)
{
    faulty_vfs_writes(SQLITE_IOERR_WRITE);
}

static void break_syncs(void)
{
    faulty_vfs_syncs(SQLITE_IOERR_FSYNC);
}

/* The limit of the size of a file: what SQLite meets is the kernel's own refusal. */
static void limit_files(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = 4096;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void mend(void)
{
    faulty_vfs_writes(0);
    faulty_vfs_syncs(0);
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_FSIZE, &limit);
}

static void a_bad_disk_is_survived(void **state)
{
    struct fixture *f = *state;
    static void (*const faults[])(void) = {fill_disk, break_writes, break_syncs, limit_files};
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        f->path = arena_printf(f->arena, "%s/state-%zu.db", f->directory, i);
        struct store *store = opened(f);
        assert_fails_then_heals(store, faults[i], mend, f->arena);
        store_close(store);
        store = opened(f);
        assert_true(is_there(store, 1, f->arena));
        assert_true(is_there(store, 5, f->arena));
        store_close(store);
    }
}

/* ---- kill -9 --------------------------------------------------------------------------------- */

struct witness {
    int fd;
    unsigned n;
};

/* What reached the pipe was acknowledged; a pipe survives the writer. */
static void tell(void *context, enum store_result result)
{
    const struct witness *witness = context;
    if (result != STORE_OK || write(witness->fd, &witness->n, sizeof(witness->n)) < 0)
        _exit(1);
}

enum { PROMISES = 5000 };

static _Noreturn void write_until_killed(const char *path, int fd)
{
    struct store *store = NULL;
    struct failure why;
    if (!store_open_sqlite(path, &store, &why))
        _exit(1);
    static struct witness witnesses[PROMISES];
    for (unsigned n = 0; n < PROMISES; n++) {
        struct arena *arena = arena_new();
        struct transaction t = row_transaction(n, arena);
        struct stored_reply r = row_reply(n, t.id, arena);
        witnesses[n] = (struct witness){fd, n};
        const struct store_completion completion = {.done = tell, .context = &witnesses[n]};
        store_commit(store, &(struct store_batch){.insert = &t, .reply = &r}, &completion);
        arena_free(arena);
        if (n % 16 == 0) /* keep the queue short: the kill shall meet commits under way */
            store_commit_now(store, &(struct store_batch){0});
    }
    pause();
    _exit(1);
}

static void kill_and_look(struct fixture *f, unsigned acknowledgements)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        write_until_killed(f->path, ends[1]);
    }
    close(ends[1]);
    unsigned last = 0, n, count = 0;
    while (count < acknowledgements && read(ends[0], &n, sizeof(n)) == sizeof(n))
        count++;
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    do /* also what was acknowledged between the last look and the kill */
        last = n;
    while (read(ends[0], &n, sizeof(n)) == sizeof(n));
    close(ends[0]);
    assert_true(count == acknowledgements);

    struct store *store = opened(f);
    for (n = 0; n <= last; n++) {
        struct stored_reply r = row_reply(n, BYTES_EMPTY, f->arena), got;
        assert_true(is_there(store, n, f->arena));
        assert_true(store_find_reply(store, bytes_of(r.digest, 32), f->arena, &got, NULL));
    }
    store_close(store);
}

static void no_promise_is_lost_by_a_kill(void **state)
{
    struct fixture *f = *state;
    static const unsigned moments[] = {1, 7, 100, 333};
    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        f->path = arena_printf(f->arena, "%s/state-%zu.db", f->directory, i);
        kill_and_look(f, moments[i]);
    }
}

/* ---- statements ------------------------------------------------------------------------------ */

/* The lists that are for people may walk an index in their order; nothing else may scan. */
static bool may_scan(enum statement statement, const char *step)
{
    bool list = statement == STATEMENT_LIST || statement == STATEMENT_CERTIFICATES;
    bool in_order = strstr(step, "_by_creation") != NULL || strstr(step, "_by_issuance") != NULL;
    bool next = statement == STATEMENT_NEXT_WAKE && strstr(step, "_by_wake") != NULL;
    return next || (list && in_order) || strstr(step, "json_each") != NULL ||
           strstr(step, "CONSTANT ROW") != NULL;
}

static void every_statement_finds_its_index(void **state)
{
    struct fixture *f = *state;
    store_close(opened(f));
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    for (unsigned i = 0; i < STATEMENT_COUNT; i++) {
        const char *sql =
            arena_printf(f->arena, "EXPLAIN QUERY PLAN %s", statement_sql((enum statement)i));
        sqlite3_stmt *plan = NULL;
        assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &plan, NULL), SQLITE_OK);
        while (sqlite3_step(plan) == SQLITE_ROW) {
            const char *step = (const char *)sqlite3_column_text(plan, 3);
            if (strncmp(step, "SCAN", 4) == 0 && !may_scan((enum statement)i, step))
                fail_msg("%s: %s", sql, step);
        }
        sqlite3_finalize(plan);
    }
    sqlite3_close(db);
}

/* A clean-up that is larger than one bite. */
static void expiry_goes_on_until_all_is_gone(void **state)
{
    struct fixture *f = *state;
    struct store *store = opened(f);
    for (unsigned n = 0; n < 1200; n++) {
        struct transaction t = row_transaction(n, f->arena);
        t.state = STATE_DONE;
        store_commit(store, &(struct store_batch){.insert = &t}, &(struct store_completion){0});
    }
    store_expire(store, 0, 1000000);
    for (int bite = 0; bite < 4; bite++)
        await_all(store);
    size_t count = 1;
    const struct transaction_filter all = {.most = SIZE_MAX};
    assert_non_null(store_list(store, &all, f->arena, &count));
    assert_int_equal(count, 0);
    store_close(store);
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    signal(SIGXFSZ, SIG_IGN);
    faulty_vfs_install();
    const struct CMUnitTest tests[] = {
        WITH_FILE(the_file_and_its_companions_are_private),
        WITH_FILE(all_is_there_after_a_restart),
        WITH_FILE(two_stores_share_a_file),
        WITH_FILE(a_newer_file_is_refused),
        WITH_FILE(the_database_of_another_program_is_refused),
        WITH_FILE(what_is_no_database_is_refused),
        WITH_FILE(a_damaged_file_is_refused),
        WITH_FILE(a_place_without_a_directory_is_refused),
        WITH_FILE(batches_that_wait_share_one_sync),
        WITH_FILE(a_conflict_undoes_its_own_batch_only),
        WITH_FILE(a_group_that_fails_fails_as_a_whole),
        WITH_FILE(a_bad_disk_is_survived),
        WITH_FILE(no_promise_is_lost_by_a_kill),
        WITH_FILE(every_statement_finds_its_index),
        WITH_FILE(expiry_goes_on_until_all_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
