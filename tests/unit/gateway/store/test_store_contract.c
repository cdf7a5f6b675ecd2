/* What every store promises, over each of them. */
#include "tests/support/cmocka_all.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/store/store.h"
#include "tests/support/directory.h"
#include "tests/support/store_rows.h"

struct fixture {
    struct store *store;
    struct arena *arena;
    char directory[256]; /* empty: none */
};

static struct fixture *open_fixture(struct store *store)
{
    struct fixture *f = test_malloc(sizeof(*f));
    *f = (struct fixture){.store = store, .arena = arena_new()};
    return f;
}

static int open_memory(void **state)
{
    *state = open_fixture(store_open_memory());
    return 0;
}

static int open_sqlite(void **state)
{
    struct fixture *f = open_fixture(NULL);
    struct failure why;
    temporary_directory(f->directory, sizeof(f->directory));
    const char *path = arena_printf(f->arena, "%s/state.db", f->directory);
    assert_true(store_open_sqlite(path, &f->store, &why));
    *state = f;
    return 0;
}

static int close_any(void **state)
{
    struct fixture *f = *state;
    store_close(f->store);
    if (f->directory[0] != '\0')
        remove_directory(f->directory);
    arena_free(f->arena);
    test_free(f);
    return 0;
}

/* ---- shorthands ----------------------------------------------------------------------------- */

static enum store_result insert(struct fixture *f, const struct transaction *t)
{
    return store_commit_now(f->store, &(struct store_batch){.insert = t});
}

static enum store_result update(struct fixture *f, const struct transaction *t)
{
    return store_commit_now(f->store, &(struct store_batch){.update = t});
}

static enum store_result reply(struct fixture *f, const struct stored_reply *r)
{
    return store_commit_now(f->store, &(struct store_batch){.reply = r});
}

static enum store_result certificates(struct fixture *f, const struct issued_certificate *c,
                                      size_t count)
{
    return store_commit_now(f->store,
                            &(struct store_batch){.certificates = c, .certificate_count = count});
}

static bool find_id(struct fixture *f, struct bytes id, struct transaction *out)
{
    bool broken = true;
    bool found = store_find_id(f->store, id, f->arena, out, &broken);
    assert_false(broken);
    return found;
}

/* ---- transactions --------------------------------------------------------------------------- */

static void a_transaction_comes_back_whole(void **state)
{
    struct fixture *f = *state;
    struct transaction want = row_transaction(7, f->arena), got;
    assert_int_equal(insert(f, &want), STORE_OK);
    bool broken = true;
    assert_true(store_find_exchange(f->store, want.exchange, f->arena, &got, &broken));
    assert_false(broken);
    assert_same_transaction(&got, &want);
    assert_true(find_id(f, want.id, &got));
    assert_same_transaction(&got, &want);
}

static void empty_fields_come_back_empty(void **state)
{
    struct fixture *f = *state;
    struct transaction full = row_transaction(7, f->arena), got;
    struct transaction want = {.id = full.id,
                               .exchange = full.exchange,
                               .version = 1,
                               .route = "r",
                               .authority = "a",
                               .created_at = 1,
                               .updated_at = 1};
    assert_int_equal(insert(f, &want), STORE_OK);
    assert_true(find_id(f, want.id, &got));
    assert_same_transaction(&got, &want);
}

static void a_key_finds_the_newest_that_asked_for_it(void **state)
{
    struct fixture *f = *state;
    struct transaction first = row_transaction(1, f->arena), second = row_transaction(2, f->arena);
    struct transaction keyless = row_transaction(3, f->arena), got;
    second.key = first.key;
    keyless.key = BYTES_EMPTY;
    assert_int_equal(insert(f, &first), STORE_OK);
    assert_true(store_find_asked(f->store, first.key, f->arena, &got, NULL));
    assert_same_transaction(&got, &first);
    assert_int_equal(insert(f, &second), STORE_OK);
    assert_int_equal(insert(f, &keyless), STORE_OK);
    assert_true(store_find_asked(f->store, first.key, f->arena, &got, NULL));
    assert_same_transaction(&got, &second);
    assert_false(store_find_asked(f->store, BYTES_EMPTY, f->arena, &got, NULL));
    assert_false(store_find_asked(f->store, first.exchange, f->arena, &got, NULL));
}

static void a_transaction_may_go_on_under_another_exchange(void **state)
{
    struct fixture *f = *state;
    struct transaction t = row_transaction(1, f->arena), got;
    struct bytes before = t.exchange;
    assert_int_equal(insert(f, &t), STORE_OK);
    struct transaction next = row_next(&t, STATE_SENT);
    next.exchange = row_transaction(9, f->arena).exchange;
    assert_int_equal(update(f, &next), STORE_OK);
    assert_false(store_find_exchange(f->store, before, f->arena, &got, NULL));
    assert_true(store_find_exchange(f->store, next.exchange, f->arena, &got, NULL));
    assert_same_transaction(&got, &next);
}

static void what_is_not_there_is_not_found(void **state)
{
    struct fixture *f = *state;
    struct transaction t = row_transaction(1, f->arena), got;
    struct stored_reply got_reply;
    struct issued_certificate got_certificate;
    assert_false(store_find_id(f->store, t.id, f->arena, &got, NULL));
    assert_false(store_find_exchange(f->store, t.exchange, f->arena, &got, NULL));
    assert_false(store_find_asked(f->store, t.key, f->arena, &got, NULL));
    assert_false(store_find_reply(f->store, t.exchange, f->arena, &got_reply, NULL));
    assert_false(store_find_key(f->store, t.exchange, f->arena, &got_certificate, NULL));
    assert_false(store_find_certificate(f->store, t.id, t.id, f->arena, &got_certificate, NULL));
    assert_int_equal(store_next_wake(f->store), 0);
}

static void an_exchange_is_inserted_once(void **state)
{
    struct fixture *f = *state;
    struct transaction first = row_transaction(1, f->arena), got;
    struct transaction second = row_transaction(2, f->arena);
    second.exchange = first.exchange;
    assert_int_equal(insert(f, &first), STORE_OK);
    assert_int_equal(insert(f, &second), STORE_CONFLICT);
    assert_int_equal(insert(f, &first), STORE_CONFLICT);
    assert_false(find_id(f, second.id, &got));
}

static void an_update_replaces_the_row(void **state)
{
    struct fixture *f = *state;
    struct transaction first = row_transaction(1, f->arena), got;
    assert_int_equal(insert(f, &first), STORE_OK);
    struct transaction want = row_transaction(9, f->arena);
    want.id = first.id;
    want.version = 2;
    want.state = STATE_PENDING;
    assert_int_equal(update(f, &want), STORE_OK);
    assert_true(find_id(f, want.id, &got));
    assert_same_transaction(&got, &want);
    assert_false(store_find_exchange(f->store, first.exchange, f->arena, &got, NULL));
    assert_true(store_find_exchange(f->store, want.exchange, f->arena, &got, NULL));
}

static void an_update_from_an_old_version_conflicts(void **state)
{
    struct fixture *f = *state;
    struct transaction first = row_transaction(1, f->arena), got;
    assert_int_equal(insert(f, &first), STORE_OK);
    struct transaction mine = row_next(&first, STATE_SENT);
    struct transaction theirs = row_next(&first, STATE_PENDING);
    assert_int_equal(update(f, &theirs), STORE_OK);
    assert_int_equal(update(f, &mine), STORE_CONFLICT);
    mine.version = 4;
    assert_int_equal(update(f, &mine), STORE_CONFLICT);
    assert_true(find_id(f, first.id, &got));
    assert_same_transaction(&got, &theirs);
}

static void an_update_of_nothing_conflicts(void **state)
{
    struct fixture *f = *state;
    struct transaction first = row_transaction(1, f->arena);
    struct transaction next = row_next(&first, STATE_SENT);
    assert_int_equal(update(f, &next), STORE_CONFLICT);
}

static void an_update_cannot_take_the_exchange_of_another(void **state)
{
    struct fixture *f = *state;
    struct transaction one = row_transaction(1, f->arena), two = row_transaction(2, f->arena);
    assert_int_equal(insert(f, &one), STORE_OK);
    assert_int_equal(insert(f, &two), STORE_OK);
    struct transaction next = row_next(&two, STATE_SENT);
    next.exchange = one.exchange;
    assert_int_equal(update(f, &next), STORE_CONFLICT);
}

static void people_find_by_a_part_of_the_id_or_by_the_devices_own(void **state)
{
    struct fixture *f = *state;
    static const char *const ids[] = {"abcd0000000000000000000000000000",
                                      "abcd1000000000000000000000000000",
                                      "ffffffffffffffffffffffffffffffff"};
    struct transaction t[3], got;
    for (unsigned i = 0; i < 3; i++) {
        t[i] = row_transaction(i, f->arena);
        t[i].id = bytes_of_text(ids[i]);
        t[i].created_at = 100 - i;
        assert_int_equal(insert(f, &t[i]), STORE_OK);
    }
    const struct {
        const char *text;
        int want;
    } rows[] = {{"abcd", 0},  {"abcd1", 1}, {"f", 2},  {ids[2], 2}, {"0a0b-1", 1},
                {"abce", -1}, {"0a0b", -1}, {"0", -1}, {"g", -1}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool found = store_find_like(f->store, bytes_of_text(rows[i].text), f->arena, &got, NULL);
        assert_int_equal(found, rows[i].want >= 0);
        if (found)
            assert_same_transaction(&got, &t[rows[i].want]);
    }
}

/* ---- replies -------------------------------------------------------------------------------- */

static void a_reply_comes_back_whole(void **state)
{
    struct fixture *f = *state;
    struct transaction t = row_transaction(1, f->arena);
    assert_int_equal(insert(f, &t), STORE_OK);
    struct stored_reply want = row_reply(3, t.id, f->arena), got;
    assert_int_equal(reply(f, &want), STORE_OK);
    assert_true(store_find_reply(f->store, bytes_of(want.digest, 32), f->arena, &got, NULL));
    assert_same_reply(&got, &want);
}

static void a_reply_may_belong_to_nothing_and_say_nothing(void **state)
{
    struct fixture *f = *state;
    struct stored_reply want = {.status = 202, .created_at = 5}, got;
    assert_int_equal(reply(f, &want), STORE_OK);
    assert_true(store_find_reply(f->store, bytes_of(want.digest, 32), f->arena, &got, NULL));
    assert_same_reply(&got, &want);
}

static void the_first_reply_stays(void **state)
{
    struct fixture *f = *state;
    struct stored_reply first = row_reply(1, BYTES_EMPTY, f->arena), got;
    struct stored_reply second = row_reply(2, BYTES_EMPTY, f->arena);
    memcpy(second.digest, first.digest, 32);
    assert_int_equal(reply(f, &first), STORE_OK);
    assert_int_equal(reply(f, &second), STORE_OK);
    assert_true(store_find_reply(f->store, bytes_of(first.digest, 32), f->arena, &got, NULL));
    assert_same_reply(&got, &first);
}

static void a_reply_of_an_unknown_transaction_conflicts(void **state)
{
    struct fixture *f = *state;
    struct transaction never = row_transaction(1, f->arena);
    struct stored_reply r = row_reply(1, never.id, f->arena), got;
    assert_int_equal(reply(f, &r), STORE_CONFLICT);
    assert_false(store_find_reply(f->store, bytes_of(r.digest, 32), f->arena, &got, NULL));
}

/* ---- certificates --------------------------------------------------------------------------- */

static void a_certificate_is_found_by_name_and_by_key(void **state)
{
    struct fixture *f = *state;
    struct issued_certificate want = row_certificate(4, bytes_of_text("00"), f->arena), got;
    assert_int_equal(certificates(f, &want, 1), STORE_OK);
    assert_true(store_find_certificate(f->store, want.issuer, want.serial, f->arena, &got, NULL));
    assert_same_certificate(&got, &want);
    assert_true(store_find_key(f->store, bytes_of(want.spki_sha256, 32), f->arena, &got, NULL));
    assert_same_certificate(&got, &want);
    assert_false(store_find_certificate(f->store, want.serial, want.serial, f->arena, &got, NULL));
}

static void a_certificate_that_is_there_changes_its_state_only(void **state)
{
    struct fixture *f = *state;
    struct issued_certificate first = row_certificate(4, BYTES_EMPTY, f->arena), got;
    assert_int_equal(certificates(f, &first, 1), STORE_OK);
    struct issued_certificate again = row_certificate(5, BYTES_EMPTY, f->arena);
    memcpy(again.sha256, first.sha256, 32);
    again.state = CERTIFICATE_REVOKED;
    again.revoked_at = 77;
    again.revocation_reason = 4;
    assert_int_equal(certificates(f, &again, 1), STORE_OK);
    assert_true(store_find_certificate(f->store, first.issuer, first.serial, f->arena, &got, NULL));
    struct issued_certificate want = first;
    want.state = CERTIFICATE_REVOKED;
    want.revoked_at = 77;
    want.revocation_reason = 4;
    assert_same_certificate(&got, &want);
}

static void what_is_revoked_stays_revoked(void **state)
{
    struct fixture *f = *state;
    struct issued_certificate revoked = row_certificate(4, BYTES_EMPTY, f->arena), got;
    revoked.state = CERTIFICATE_REVOKED;
    revoked.revoked_at = 77;
    assert_int_equal(certificates(f, &revoked, 1), STORE_OK);
    struct issued_certificate late = row_certificate(4, BYTES_EMPTY, f->arena);
    late.state = CERTIFICATE_CONFIRMED;
    assert_int_equal(certificates(f, &late, 1), STORE_OK);
    assert_true(
        store_find_certificate(f->store, revoked.issuer, revoked.serial, f->arena, &got, NULL));
    assert_same_certificate(&got, &revoked);
}

static void the_newest_certificate_of_a_key_that_is_not_revoked(void **state)
{
    struct fixture *f = *state;
    struct issued_certificate c[3], got;
    for (unsigned i = 0; i < 3; i++) {
        c[i] = row_certificate(i, BYTES_EMPTY, f->arena);
        memcpy(c[i].spki_sha256, c[0].spki_sha256, 32);
    }
    c[1].issued_at = 9000;
    assert_int_equal(certificates(f, c, 3), STORE_OK);
    struct bytes key = bytes_of(c[0].spki_sha256, 32);
    assert_true(store_find_key(f->store, key, f->arena, &got, NULL));
    assert_same_certificate(&got, &c[1]);
    c[1].state = CERTIFICATE_REVOKED;
    assert_int_equal(certificates(f, &c[1], 1), STORE_OK);
    assert_true(store_find_key(f->store, key, f->arena, &got, NULL));
    assert_same_certificate(&got, &c[2]);
}

static void certificates_are_listed_by_what_is_asked(void **state)
{
    struct fixture *f = *state;
    struct issued_certificate c[4];
    for (unsigned i = 0; i < 4; i++)
        c[i] = row_certificate(i, bytes_of_text(i < 2 ? "aa" : "bb"), f->arena);
    c[1].authority = "other";
    c[2].state = CERTIFICATE_ORPHAN;
    c[3].state = CERTIFICATE_REVOKED;
    assert_int_equal(certificates(f, c, 4), STORE_OK);
    const enum certificate_state bad[] = {CERTIFICATE_REVOKED, CERTIFICATE_ORPHAN};
    static const char *const all = "3210";
    const struct {
        struct certificate_filter filter;
        const char *want;
    } rows[] = {
        {{.most = 10}, all},
        {{.most = 2}, "32"},
        {{.authority = "factory", .most = 10}, "320"},
        {{.transaction = bytes_of_text("aa"), .most = 10}, "10"},
        {{.states = bad, .state_count = 2, .most = 10}, "32"},
        {{.states = bad, .state_count = 1, .most = 10}, "3"},
        {{.states = bad, .state_count = 2, .authority = "other", .most = 10}, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t count = 99;
        struct issued_certificate *got =
            store_certificates(f->store, &rows[i].filter, f->arena, &count);
        assert_int_equal(count, strlen(rows[i].want));
        for (size_t k = 0; k < count; k++)
            assert_same_certificate(&got[k], &c[rows[i].want[k] - '0']);
    }
}

/* ---- batches -------------------------------------------------------------------------------- */

static void a_batch_is_all_or_nothing(void **state)
{
    struct fixture *f = *state;
    struct transaction t = row_transaction(1, f->arena), got;
    assert_int_equal(insert(f, &t), STORE_OK);
    struct transaction stale = row_next(&t, STATE_DONE);
    stale.version = 9;
    struct stored_reply r = row_reply(1, t.id, f->arena), got_reply;
    struct issued_certificate c = row_certificate(1, t.id, f->arena), got_certificate;
    const struct store_batch batch = {
        .update = &stale, .reply = &r, .certificates = &c, .certificate_count = 1};
    assert_int_equal(store_commit_now(f->store, &batch), STORE_CONFLICT);
    assert_true(find_id(f, t.id, &got));
    assert_same_transaction(&got, &t);
    assert_false(store_find_reply(f->store, bytes_of(r.digest, 32), f->arena, &got_reply, NULL));
    assert_false(
        store_find_certificate(f->store, c.issuer, c.serial, f->arena, &got_certificate, NULL));
}

static void a_batch_may_insert_and_answer(void **state)
{
    struct fixture *f = *state;
    struct transaction t = row_transaction(1, f->arena), got;
    struct stored_reply r = row_reply(1, t.id, f->arena), got_reply;
    struct issued_certificate c[2] = {row_certificate(1, t.id, f->arena),
                                      row_certificate(2, t.id, f->arena)};
    const struct store_batch batch = {
        .insert = &t, .reply = &r, .certificates = c, .certificate_count = 2};
    assert_int_equal(store_commit_now(f->store, &batch), STORE_OK);
    assert_true(find_id(f, t.id, &got));
    assert_true(store_find_reply(f->store, bytes_of(r.digest, 32), f->arena, &got_reply, NULL));
    size_t count = 0;
    const struct certificate_filter filter = {.transaction = t.id, .most = 10};
    assert_non_null(store_certificates(f->store, &filter, f->arena, &count));
    assert_int_equal(count, 2);
}

/* The caller's memory is free once store_commit has returned. */
static void a_batch_is_copied(void **state)
{
    struct fixture *f = *state;
    struct arena *mine = arena_new();
    struct transaction t = row_transaction(1, mine), got;
    struct bytes id = arena_copy(f->arena, t.id);
    store_commit(f->store, &(struct store_batch){.insert = &t}, &(struct store_completion){0});
    arena_free(mine);
    assert_int_equal(store_commit_now(f->store, &(struct store_batch){0}), STORE_OK);
    assert_true(find_id(f, id, &got));
    struct transaction want = row_transaction(1, f->arena);
    assert_same_transaction(&got, &want);
}

/* ---- completions ---------------------------------------------------------------------------- */

struct outbox {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct {
        void (*run)(void *);
        void *argument;
    } posted[8];
    size_t count;
};

static void post(void *loop, void (*run)(void *), void *argument)
{
    struct outbox *outbox = loop;
    pthread_mutex_lock(&outbox->lock);
    outbox->posted[outbox->count].run = run;
    outbox->posted[outbox->count++].argument = argument;
    pthread_cond_signal(&outbox->changed);
    pthread_mutex_unlock(&outbox->lock);
}

static void note_result(void *context, enum store_result result)
{
    char *results = context;
    results[strlen(results)] = (char)('0' + result);
}

static void a_completion_runs_where_the_caller_wants(void **state)
{
    struct fixture *f = *state;
    struct outbox outbox = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    char results[8] = "";
    const struct store_completion completion = {
        .done = note_result, .context = results, .post = post, .loop = &outbox};
    struct transaction t = row_transaction(1, f->arena);
    store_commit(f->store, &(struct store_batch){.insert = &t}, &completion);
    store_commit(f->store, &(struct store_batch){.insert = &t}, &completion);
    pthread_mutex_lock(&outbox.lock);
    while (outbox.count < 2)
        pthread_cond_wait(&outbox.changed, &outbox.lock);
    pthread_mutex_unlock(&outbox.lock);
    assert_string_equal(results, "");
    for (size_t i = 0; i < outbox.count; i++)
        outbox.posted[i].run(outbox.posted[i].argument);
    assert_string_equal(results, "01"); /* OK, CONFLICT: in the order of the commits */
}

/* ---- due, lists ----------------------------------------------------------------------------- */

static void due_comes_longest_due_first(void **state)
{
    struct fixture *f = *state;
    static const int64_t wake[] = {50, 0, 20, 90, 20, 30};
    struct transaction t[6];
    for (unsigned i = 0; i < 6; i++) {
        t[i] = row_transaction(i, f->arena);
        t[i].wake_at = wake[i];
        assert_int_equal(insert(f, &t[i]), STORE_OK);
    }
    assert_int_equal(store_next_wake(f->store), 20);
    const struct {
        int64_t now;
        size_t most;
        const char *want;
    } rows[] = {{19, 9, ""},    {20, 9, "24"},      {50, 9, "2450"},
                {50, 3, "245"}, {1000, 9, "24503"}, {1000, 1, "2"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t count = 99;
        struct transaction *got = store_due(f->store, rows[i].now, rows[i].most, f->arena, &count);
        assert_int_equal(count, strlen(rows[i].want));
        for (size_t k = 0; k < count; k++)
            assert_same_transaction(&got[k], &t[rows[i].want[k] - '0']);
    }
}

static void who_sleeps_on_is_no_longer_due(void **state)
{
    struct fixture *f = *state;
    struct transaction t = row_transaction(1, f->arena);
    t.wake_at = 10;
    assert_int_equal(insert(f, &t), STORE_OK);
    struct transaction later = row_next(&t, STATE_PENDING);
    later.wake_at = 30;
    assert_int_equal(update(f, &later), STORE_OK);
    assert_int_equal(store_next_wake(f->store), 30);
    size_t count = 99;
    assert_non_null(store_due(f->store, 20, 9, f->arena, &count));
    assert_int_equal(count, 0);
    struct transaction done = row_next(&later, STATE_DONE);
    done.wake_at = 0;
    assert_int_equal(update(f, &done), STORE_OK);
    assert_int_equal(store_next_wake(f->store), 0);
}

static void transactions_are_listed_by_what_is_asked(void **state)
{
    struct fixture *f = *state;
    static const int64_t created[] = {30, 10, 20, 20};
    static const enum state in[] = {STATE_DONE, STATE_ORPHAN, STATE_UNKNOWN, STATE_DONE};
    struct transaction t[4];
    for (unsigned i = 0; i < 4; i++) {
        t[i] = row_transaction(i, f->arena);
        t[i].created_at = created[i];
        t[i].state = in[i];
        t[i].authority = i == 3 ? "other" : "factory";
        assert_int_equal(insert(f, &t[i]), STORE_OK);
    }
    const enum state bad[] = {STATE_ORPHAN, STATE_UNKNOWN};
    const struct {
        struct transaction_filter filter;
        const char *want;
    } rows[] = {
        {{.most = 9}, "0321"},
        {{.most = 2}, "03"},
        {{.since = 20, .most = 9}, "032"},
        {{.authority = "factory", .most = 9}, "021"},
        {{.states = bad, .state_count = 2, .most = 9}, "21"},
        {{.states = bad, .state_count = 2, .since = 11, .most = 9}, "2"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t count = 99;
        struct transaction *got = store_list(f->store, &rows[i].filter, f->arena, &count);
        assert_int_equal(count, strlen(rows[i].want));
        for (size_t k = 0; k < count; k++)
            assert_same_transaction(&got[k], &t[rows[i].want[k] - '0']);
    }
}

/* ---- numbers, expiry ------------------------------------------------------------------------ */

static void numbers_count_from_one_each_for_itself(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(store_next_number(f->store, "crl/a"), 1);
    assert_int_equal(store_next_number(f->store, "crl/a"), 2);
    assert_int_equal(store_next_number(f->store, "crl/b"), 1);
    assert_int_equal(store_next_number(f->store, "crl/a"), 3);
}

static void what_has_ended_expires(void **state)
{
    struct fixture *f = *state;
    static const enum state in[] = {STATE_DONE, STATE_DONE, STATE_PENDING, STATE_REJECTED};
    static const int64_t updated[] = {10, 50, 10, 49};
    struct transaction t[4], got;
    struct stored_reply r[4], got_reply;
    struct issued_certificate c = row_certificate(1, row_transaction(0, f->arena).id, f->arena);
    for (unsigned i = 0; i < 4; i++) {
        t[i] = row_transaction(i, f->arena);
        t[i].state = in[i];
        t[i].updated_at = updated[i];
        r[i] = row_reply(i, t[i].id, f->arena);
        r[i].created_at = updated[i];
        const struct store_batch batch = {
            .insert = &t[i], .reply = &r[i], .certificates = &c, .certificate_count = i == 0};
        assert_int_equal(store_commit_now(f->store, &batch), STORE_OK);
    }
    struct stored_reply loose = row_reply(8, BYTES_EMPTY, f->arena);
    loose.created_at = 40;
    assert_int_equal(reply(f, &loose), STORE_OK);

    store_expire(f->store, 20, 50);
    assert_int_equal(store_commit_now(f->store, &(struct store_batch){0}), STORE_OK);

    static const bool kept[] = {false, true, true, false};
    static const bool kept_reply[] = {false, true, false, false};
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(find_id(f, t[i].id, &got), kept[i]);
        assert_int_equal(
            store_find_reply(f->store, bytes_of(r[i].digest, 32), f->arena, &got_reply, NULL),
            kept_reply[i]);
    }
    assert_true(store_find_reply(f->store, bytes_of(loose.digest, 32), f->arena, &got_reply, NULL));
    struct issued_certificate kept_certificate;
    assert_true(
        store_find_certificate(f->store, c.issuer, c.serial, f->arena, &kept_certificate, NULL));
    assert_int_equal(insert(f, &t[0]), STORE_OK); /* its exchange is free again */
}

/* ---- many threads --------------------------------------------------------------------------- */

enum { WRITERS = 4, ROUNDS = 100 };

struct writer {
    struct store *store;
    unsigned number;
    unsigned won; /* of the shared transaction's versions */
};

/* Inserts rows of its own, reads each back at once, and fights for one shared row. */
static void *write_many(void *argument)
{
    struct writer *writer = argument;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct arena *arena = arena_new();
        struct transaction mine = row_transaction(writer->number * 1000 + i, arena), got;
        if (store_commit_now(writer->store, &(struct store_batch){.insert = &mine}) != STORE_OK ||
            !store_find_exchange(writer->store, mine.exchange, arena, &got, NULL))
            abort();
        struct transaction shared = row_transaction(9999, arena);
        if (!store_find_id(writer->store, shared.id, arena, &shared, NULL))
            abort();
        struct transaction next = row_next(&shared, STATE_PENDING);
        enum store_result result =
            store_commit_now(writer->store, &(struct store_batch){.update = &next});
        if (result == STORE_FAILED)
            abort();
        writer->won += result == STORE_OK;
        arena_free(arena);
    }
    return NULL;
}

static void four_threads_lose_nothing(void **state)
{
    struct fixture *f = *state;
    struct transaction shared = row_transaction(9999, f->arena), got;
    assert_int_equal(insert(f, &shared), STORE_OK);
    pthread_t threads[WRITERS];
    struct writer writers[WRITERS];
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.store = f->store, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, &writers[i]), 0);
    }
    unsigned won = 0;
    for (unsigned i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
        won += writers[i].won;
    }
    assert_true(find_id(f, shared.id, &got));
    assert_int_equal(got.version, 1 + won); /* each version was won once */
    size_t count = 0;
    const struct transaction_filter all = {.most = 10000};
    assert_non_null(store_list(f->store, &all, f->arena, &count));
    assert_int_equal(count, WRITERS * ROUNDS + 1);
}

/* ---- the outbox ------------------------------------------------------------------------------ */

static enum store_result put(struct fixture *f, const struct outbox_item *item)
{
    return store_commit_now(f->store, &(struct store_batch){.outbox = item, .outbox_count = 1});
}

static enum store_result tell(struct fixture *f, const struct outbox_report *report)
{
    return store_commit_now(
        f->store, &(struct store_batch){.outbox_reports = report, .outbox_report_count = 1});
}

static struct outbox_item *waiting(struct fixture *f, int64_t due_by, size_t *count)
{
    const struct outbox_filter filter = {"directory", due_by, false, 10};
    return store_outbox(f->store, &filter, f->arena, count);
}

static void what_is_put_waits_in_order(void **state)
{
    struct fixture *f = *state;
    struct outbox_item items[3] = {row_outbox(3, f->arena), row_outbox(1, f->arena),
                                   row_outbox(2, f->arena)};
    size_t count = 0;
    assert_int_equal(
        store_commit_now(f->store, &(struct store_batch){.outbox = items, .outbox_count = 3}),
        STORE_OK);
    const struct outbox_item *got = waiting(f, 2000, &count);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_same_outbox(&got[i], &items[i]);
    assert_true(got[0].sequence < got[1].sequence && got[1].sequence < got[2].sequence);
    got = waiting(f, 1001, &count); /* the others are due later */
    assert_int_equal(count, 1);
    assert_same_outbox(&got[0], &items[1]);
    const struct outbox_filter other = {"web", 2000, false, 10};
    store_outbox(f->store, &other, f->arena, &count);
    assert_int_equal(count, 0);
    const struct outbox_filter first = {"directory", 2000, false, 1};
    got = store_outbox(f->store, &first, f->arena, &count);
    assert_int_equal(count, 1);
    assert_same_outbox(&got[0], &items[0]);
}

static void the_newer_item_takes_the_slot(void **state)
{
    struct fixture *f = *state;
    struct outbox_item old = row_outbox(1, f->arena), other = row_outbox(2, f->arena), new = old;
    new.removal = false;
    new.attempts = 0;
    size_t count = 0;
    assert_int_equal(put(f, &old), STORE_OK);
    assert_int_equal(put(f, &other), STORE_OK);
    int64_t sequence = waiting(f, 2000, &count)[0].sequence;
    assert_int_equal(put(f, &new), STORE_OK);
    const struct outbox_item *got = waiting(f, 2000, &count);
    assert_int_equal(count, 2);
    assert_same_outbox(&got[0], &other);
    assert_same_outbox(&got[1], &new);
    /* A late word about the old one changes nothing. */
    assert_int_equal(tell(f, &(struct outbox_report){.sequence = sequence, .done = true}),
                     STORE_OK);
    waiting(f, 2000, &count);
    assert_int_equal(count, 2);
    new.repository = "web";
    assert_int_equal(put(f, &new), STORE_OK);
    waiting(f, 2000, &count);
    assert_int_equal(count, 2);
}

static void a_report_ends_delays_or_parks(void **state)
{
    struct fixture *f = *state;
    struct outbox_item items[3] = {row_outbox(1, f->arena), row_outbox(2, f->arena),
                                   row_outbox(3, f->arena)};
    size_t count = 0;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(put(f, &items[i]), STORE_OK);
    const struct outbox_item *got = waiting(f, 2000, &count);
    const struct bytes text = bytes_of_text("no such object");
    const struct outbox_report reports[] = {
        {.sequence = got[0].sequence, .done = true},
        {.sequence = got[1].sequence, .due_at = 3000, .attempts = 9, .code = 52, .text = text},
        {.sequence = got[2].sequence, .parked = true, .attempts = 4, .code = 32, .text = text},
    };
    assert_int_equal(store_commit_now(f->store, &(struct store_batch){.outbox_reports = reports,
                                                                      .outbox_report_count = 3}),
                     STORE_OK);
    waiting(f, 2999, &count);
    assert_int_equal(count, 0);
    got = waiting(f, 3000, &count);
    assert_int_equal(count, 1);
    items[1].due_at = 3000;
    items[1].attempts = 9;
    items[1].last_code = 52;
    items[1].last_text = text;
    assert_same_outbox(&got[0], &items[1]);
    const struct outbox_filter parked = {"directory", INT64_MAX, true, 10};
    got = store_outbox(f->store, &parked, f->arena, &count);
    assert_int_equal(count, 1);
    items[2].parked = true;
    items[2].due_at = 0;
    items[2].attempts = 4;
    items[2].last_code = 32;
    items[2].last_text = text;
    assert_same_outbox(&got[0], &items[2]);
}

static void a_batch_that_conflicts_puts_nothing(void **state)
{
    struct fixture *f = *state;
    struct transaction t = row_transaction(1, f->arena);
    struct outbox_item item = row_outbox(1, f->arena);
    size_t count = 0;
    assert_int_equal(insert(f, &t), STORE_OK);
    const struct store_batch batch = {.insert = &t, .outbox = &item, .outbox_count = 1};
    assert_int_equal(store_commit_now(f->store, &batch), STORE_CONFLICT);
    waiting(f, 2000, &count);
    assert_int_equal(count, 0);
}

#define OVER(open, test)                                                                           \
    {                                                                                              \
#test " (" #open ")", test, open, close_any, NULL                                          \
    }
#define OVER_EACH(test) OVER(open_memory, test), OVER(open_sqlite, test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OVER_EACH(a_transaction_comes_back_whole),
        OVER_EACH(empty_fields_come_back_empty),
        OVER_EACH(a_key_finds_the_newest_that_asked_for_it),
        OVER_EACH(a_transaction_may_go_on_under_another_exchange),
        OVER_EACH(what_is_not_there_is_not_found),
        OVER_EACH(an_exchange_is_inserted_once),
        OVER_EACH(an_update_replaces_the_row),
        OVER_EACH(an_update_from_an_old_version_conflicts),
        OVER_EACH(an_update_of_nothing_conflicts),
        OVER_EACH(an_update_cannot_take_the_exchange_of_another),
        OVER_EACH(people_find_by_a_part_of_the_id_or_by_the_devices_own),
        OVER_EACH(a_reply_comes_back_whole),
        OVER_EACH(a_reply_may_belong_to_nothing_and_say_nothing),
        OVER_EACH(the_first_reply_stays),
        OVER_EACH(a_reply_of_an_unknown_transaction_conflicts),
        OVER_EACH(a_certificate_is_found_by_name_and_by_key),
        OVER_EACH(a_certificate_that_is_there_changes_its_state_only),
        OVER_EACH(what_is_revoked_stays_revoked),
        OVER_EACH(the_newest_certificate_of_a_key_that_is_not_revoked),
        OVER_EACH(certificates_are_listed_by_what_is_asked),
        OVER_EACH(a_batch_is_all_or_nothing),
        OVER_EACH(a_batch_may_insert_and_answer),
        OVER_EACH(a_batch_is_copied),
        OVER_EACH(a_completion_runs_where_the_caller_wants),
        OVER_EACH(due_comes_longest_due_first),
        OVER_EACH(who_sleeps_on_is_no_longer_due),
        OVER_EACH(transactions_are_listed_by_what_is_asked),
        OVER_EACH(numbers_count_from_one_each_for_itself),
        OVER_EACH(what_has_ended_expires),
        OVER_EACH(what_is_put_waits_in_order),
        OVER_EACH(the_newer_item_takes_the_slot),
        OVER_EACH(a_report_ends_delays_or_parks),
        OVER_EACH(a_batch_that_conflicts_puts_nothing),
        OVER_EACH(four_threads_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
