#include "gateway/store/sqlite.h"

/* ---- structs to parameters ------------------------------------------------------------------- */

/* Parameters one after another; `bad` sticks. */
struct binder {
    sqlite3_stmt *statement;
    int at;
    bool bad;
};

bool bind_octets(sqlite3_stmt *statement, int at, struct bytes octets)
{
    /* A NULL pointer would bind NULL, not the empty blob. */
    const void *data = octets.size == 0 ? "" : (const void *)octets.data;
    return sqlite3_bind_blob64(statement, at, data, octets.size, SQLITE_STATIC) == SQLITE_OK;
}

bool bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    return sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC) == SQLITE_OK;
}

static void put_octets(struct binder *b, struct bytes octets)
{
    b->bad |= !bind_octets(b->statement, b->at++, octets);
}

static void put_octets_32(struct binder *b, const uint8_t octets[32])
{
    put_octets(b, bytes_of(octets, 32));
}

static void put_utf8(struct binder *b, struct bytes text)
{
    const char *data = text.size == 0 ? "" : (const char *)text.data;
    b->bad |= sqlite3_bind_text64(b->statement, b->at++, data, text.size, SQLITE_STATIC,
                                  SQLITE_UTF8) != SQLITE_OK;
}

static void put_text(struct binder *b, const char *text)
{
    b->bad |= !bind_text(b->statement, b->at++, text);
}

static void put_number(struct binder *b, int64_t n)
{
    b->bad |= sqlite3_bind_int64(b->statement, b->at++, n) != SQLITE_OK;
}

bool bind_transaction(sqlite3_stmt *statement, const struct transaction *t)
{
    struct binder b = {.statement = statement, .at = 1};
    put_utf8(&b, t->id);
    put_octets(&b, t->exchange);
    put_number(&b, t->version);
    put_text(&b, state_word(t->state));
    put_text(&b, protocol_word(t->inbound));
    put_text(&b, operation_word(t->operation));
    put_text(&b, t->route);
    put_text(&b, t->authority);
    put_number(&b, t->created_at);
    put_number(&b, t->updated_at);
    put_number(&b, t->wake_at);
    put_number(&b, t->deadline);
    put_number(&b, t->attempts);
    put_octets(&b, t->request);
    put_octets(&b, t->leg);
    put_octets(&b, t->outbound_state);
    put_octets(&b, t->call);
    put_octets(&b, t->response);
    put_utf8(&b, t->transaction_id);
    put_utf8(&b, t->principal);
    put_utf8(&b, t->subject);
    put_utf8(&b, t->note);
    put_octets(&b, t->key);
    return !b.bad;
}

bool bind_reply(sqlite3_stmt *statement, const struct stored_reply *r)
{
    struct binder b = {.statement = statement, .at = 1};
    put_octets_32(&b, r->digest);
    if (bytes_is_empty(r->transaction))
        b.at++; /* stays NULL: a foreign key that refers to nothing */
    else
        put_utf8(&b, r->transaction);
    put_number(&b, r->created_at);
    put_number(&b, r->status);
    put_text(&b, r->content_type);
    put_octets(&b, r->body);
    put_number(&b, r->retry_after_s);
    return !b.bad;
}

bool bind_certificate(sqlite3_stmt *statement, const struct issued_certificate *c)
{
    struct binder b = {.statement = statement, .at = 1};
    put_octets_32(&b, c->sha256);
    put_octets_32(&b, c->spki_sha256);
    put_utf8(&b, c->transaction);
    put_text(&b, c->authority);
    put_octets(&b, c->issuer);
    put_octets(&b, c->serial);
    put_utf8(&b, c->subject_text);
    put_octets(&b, c->der);
    put_text(&b, certificate_state_word(c->state));
    put_number(&b, c->issued_at);
    put_number(&b, c->not_after);
    put_number(&b, c->revoked_at);
    put_number(&b, c->revocation_reason);
    return !b.bad;
}

bool bind_outbox_item(sqlite3_stmt *statement, const struct outbox_item *i)
{
    struct binder b = {.statement = statement, .at = 1};
    put_text(&b, i->repository);
    put_text(&b, outbox_kind_word(i->kind));
    put_number(&b, i->removal);
    put_octets_32(&b, i->slot);
    put_octets(&b, i->der);
    put_text(&b, i->authority);
    put_number(&b, i->queued_at);
    put_number(&b, i->due_at);
    put_number(&b, i->attempts);
    put_number(&b, i->parked);
    put_number(&b, i->last_code);
    put_utf8(&b, i->last_text);
    return !b.bad;
}

bool bind_outbox_report(sqlite3_stmt *statement, const struct outbox_report *r)
{
    struct binder b = {.statement = statement, .at = 1};
    put_number(&b, r->sequence);
    put_number(&b, r->parked);
    put_number(&b, r->due_at);
    put_number(&b, r->attempts);
    put_number(&b, r->code);
    put_utf8(&b, r->text);
    return !b.bad;
}

/* ---- rows to structs ------------------------------------------------------------------------- */

/* Columns one after another, copied into the arena; `bad` sticks. */
struct row {
    sqlite3_stmt *statement;
    struct arena *arena;
    int at;
    bool bad;
};

static struct bytes get_octets(struct row *row)
{
    int at = row->at++;
    const void *data = sqlite3_column_blob(row->statement, at);
    return arena_copy(row->arena, bytes_of(data, (size_t)sqlite3_column_bytes(row->statement, at)));
}

static void get_octets_32(struct row *row, uint8_t out[32])
{
    int at = row->at++;
    const void *data = sqlite3_column_blob(row->statement, at);
    if (data == NULL || sqlite3_column_bytes(row->statement, at) != 32)
        row->bad = true;
    else
        memcpy(out, data, 32);
}

static const char *get_text(struct row *row)
{
    const unsigned char *text = sqlite3_column_text(row->statement, row->at++);
    return text == NULL ? NULL : arena_text(row->arena, bytes_of_text((const char *)text));
}

static int64_t get_number(struct row *row)
{
    return sqlite3_column_int64(row->statement, row->at++);
}

static int get_int(struct row *row)
{
    return sqlite3_column_int(row->statement, row->at++);
}

static const char *get_word(struct row *row)
{
    const unsigned char *word = sqlite3_column_text(row->statement, row->at++);
    return word == NULL ? "" : (const char *)word;
}

static enum state get_state(struct row *row)
{
    enum state state = STATE_NEW;
    row->bad |= !state_from_word(get_word(row), &state);
    return state;
}

static enum protocol get_protocol(struct row *row)
{
    const char *word = get_word(row);
    for (unsigned i = 0; i < PROTOCOL_COUNT; i++)
        if (strcmp(word, protocol_word((enum protocol)i)) == 0)
            return (enum protocol)i;
    row->bad = true;
    return PROTOCOL_CMP;
}

static enum operation get_operation(struct row *row)
{
    enum operation operation = OPERATION_ENROLL;
    row->bad |= !operation_from_word(get_word(row), &operation);
    return operation;
}

static enum certificate_state get_certificate_state(struct row *row)
{
    const char *word = get_word(row);
    for (unsigned i = 0; i < CERTIFICATE_STATE_COUNT; i++)
        if (strcmp(word, certificate_state_word((enum certificate_state)i)) == 0)
            return (enum certificate_state)i;
    row->bad = true;
    return CERTIFICATE_ISSUED;
}

static enum outbox_kind get_outbox_kind(struct row *row)
{
    const char *word = get_word(row);
    for (unsigned i = 0; i < OUTBOX_KIND_COUNT; i++)
        if (strcmp(word, outbox_kind_word((enum outbox_kind)i)) == 0)
            return (enum outbox_kind)i;
    row->bad = true;
    return OUTBOX_CERTIFICATE;
}

bool read_transaction(sqlite3_stmt *statement, struct arena *arena, struct transaction *t)
{
    struct row row = {.statement = statement, .arena = arena};
    t->id = get_octets(&row);
    t->exchange = get_octets(&row);
    t->version = get_number(&row);
    t->state = get_state(&row);
    t->inbound = get_protocol(&row);
    t->operation = get_operation(&row);
    t->route = get_text(&row);
    t->authority = get_text(&row);
    t->created_at = get_number(&row);
    t->updated_at = get_number(&row);
    t->wake_at = get_number(&row);
    t->deadline = get_number(&row);
    t->attempts = get_int(&row);
    t->request = get_octets(&row);
    t->leg = get_octets(&row);
    t->outbound_state = get_octets(&row);
    t->call = get_octets(&row);
    t->response = get_octets(&row);
    t->transaction_id = get_octets(&row);
    t->principal = get_octets(&row);
    t->subject = get_octets(&row);
    t->note = get_octets(&row);
    t->key = get_octets(&row);
    return !row.bad;
}

bool read_reply(sqlite3_stmt *statement, struct arena *arena, struct stored_reply *r)
{
    struct row row = {.statement = statement, .arena = arena};
    get_octets_32(&row, r->digest);
    r->transaction = get_octets(&row);
    r->created_at = get_number(&row);
    r->status = get_int(&row);
    r->content_type = get_text(&row);
    r->body = get_octets(&row);
    r->retry_after_s = get_number(&row);
    return !row.bad;
}

bool read_certificate(sqlite3_stmt *statement, struct arena *arena, struct issued_certificate *c)
{
    struct row row = {.statement = statement, .arena = arena};
    get_octets_32(&row, c->sha256);
    get_octets_32(&row, c->spki_sha256);
    c->transaction = get_octets(&row);
    c->authority = get_text(&row);
    c->issuer = get_octets(&row);
    c->serial = get_octets(&row);
    c->subject_text = get_octets(&row);
    c->der = get_octets(&row);
    c->state = get_certificate_state(&row);
    c->issued_at = get_number(&row);
    c->not_after = get_number(&row);
    c->revoked_at = get_number(&row);
    c->revocation_reason = get_int(&row);
    return !row.bad;
}

bool read_outbox_item(sqlite3_stmt *statement, struct arena *arena, struct outbox_item *i)
{
    struct row row = {.statement = statement, .arena = arena};
    i->sequence = get_number(&row);
    i->repository = get_text(&row);
    i->kind = get_outbox_kind(&row);
    i->removal = get_number(&row) != 0;
    get_octets_32(&row, i->slot);
    i->der = get_octets(&row);
    i->authority = get_text(&row);
    i->queued_at = get_number(&row);
    i->due_at = get_number(&row);
    i->attempts = get_int(&row);
    i->parked = get_number(&row) != 0;
    i->last_code = get_int(&row);
    i->last_text = get_octets(&row);
    return !row.bad;
}
