#include "tests/support/store_rows.h"

#include <stdio.h>

#include "tests/support/cmocka_all.h"

static struct bytes named(struct arena *arena, const char *what, unsigned n)
{
    return bytes_of_text(arena_printf(arena, "%s-%u", what, n));
}

/* 32 octets that hold a NUL, so that a text column would be noticed. */
static void fill(uint8_t octets[32], const char *what, unsigned n)
{
    memset(octets, 0, 32);
    snprintf((char *)octets, 32, "%s-%u", what, n);
    octets[31] = (uint8_t)n;
}

static struct bytes octets_32(struct arena *arena, const char *what, unsigned n)
{
    uint8_t octets[32];
    fill(octets, what, n);
    return arena_copy(arena, bytes_of(octets, sizeof(octets)));
}

struct transaction row_transaction(unsigned n, struct arena *arena)
{
    return (struct transaction){
        .id = bytes_of_text(arena_printf(arena, "%032x", n)),
        .exchange = octets_32(arena, "exchange", n),
        .version = 1,
        .state = STATE_NEW,
        .inbound = PROTOCOL_EST,
        .operation = OPERATION_UPDATE,
        .route = arena_printf(arena, "route-%u", n),
        .authority = "factory",
        .created_at = 1000 + n,
        .updated_at = 2000 + n,
        .wake_at = 0,
        .deadline = 4000 + n,
        .attempts = (int)n % 5,
        .request = octets_32(arena, "request", n),
        .leg = named(arena, "leg", n),
        .outbound_state = named(arena, "outbound", n),
        .call = named(arena, "call", n),
        .response = named(arena, "response", n),
        .key = octets_32(arena, "key", n),
        .transaction_id = named(arena, "0a0b", n),
        .principal = named(arena, "mast", n),
        .subject = named(arena, "CN=Gerät", n),
        .note = named(arena, "note", n),
    };
}

struct transaction row_next(const struct transaction *row, enum state state)
{
    struct transaction next = *row;
    next.version++;
    next.updated_at++;
    next.state = state;
    return next;
}

struct stored_reply row_reply(unsigned n, struct bytes transaction, struct arena *arena)
{
    struct stored_reply reply = {
        .transaction = transaction,
        .created_at = 1000 + n,
        .status = 200,
        .content_type = "application/pkixcmp",
        .body = octets_32(arena, "body", n),
        .retry_after_s = n,
    };
    fill(reply.digest, "digest", n);
    return reply;
}

struct issued_certificate row_certificate(unsigned n, struct bytes transaction, struct arena *arena)
{
    struct issued_certificate certificate = {
        .transaction = transaction,
        .authority = "factory",
        .issuer = octets_32(arena, "issuer", 1),
        .serial = octets_32(arena, "serial", n),
        .subject_text = named(arena, "CN=Gerät", n),
        .der = octets_32(arena, "der", n),
        .state = CERTIFICATE_ISSUED,
        .issued_at = 1000 + n,
        .not_after = 5000 + n,
    };
    fill(certificate.sha256, "sha256", n);
    fill(certificate.spki_sha256, "spki", n);
    return certificate;
}

struct outbox_item row_outbox(unsigned n, struct arena *arena)
{
    struct outbox_item item = {
        .repository = "directory",
        .kind = OUTBOX_CRL,
        .removal = true,
        .der = octets_32(arena, "der", n),
        .authority = "factory",
        .queued_at = 1000 + n,
        .due_at = 1000 + n,
        .attempts = 3,
        .last_code = -1,
        .last_text = named(arena, "Can't contact", n),
    };
    fill(item.slot, "slot", n);
    return item;
}

static void assert_same_bytes(struct bytes got, struct bytes want)
{
    assert_int_equal(got.size, want.size);
    if (want.size > 0)
        assert_memory_equal(got.data, want.data, want.size);
}

static void assert_same_text(const char *got, const char *want)
{
    if (want == NULL)
        assert_null(got);
    else
        assert_string_equal(got, want);
}

void assert_same_transaction(const struct transaction *got, const struct transaction *want)
{
    assert_same_bytes(got->id, want->id);
    assert_same_bytes(got->exchange, want->exchange);
    assert_int_equal(got->version, want->version);
    assert_int_equal(got->state, want->state);
    assert_int_equal(got->inbound, want->inbound);
    assert_int_equal(got->operation, want->operation);
    assert_same_text(got->route, want->route);
    assert_same_text(got->authority, want->authority);
    assert_int_equal(got->created_at, want->created_at);
    assert_int_equal(got->updated_at, want->updated_at);
    assert_int_equal(got->wake_at, want->wake_at);
    assert_int_equal(got->deadline, want->deadline);
    assert_int_equal(got->attempts, want->attempts);
    assert_same_bytes(got->request, want->request);
    assert_same_bytes(got->leg, want->leg);
    assert_same_bytes(got->outbound_state, want->outbound_state);
    assert_same_bytes(got->call, want->call);
    assert_same_bytes(got->response, want->response);
    assert_same_bytes(got->key, want->key);
    assert_same_bytes(got->transaction_id, want->transaction_id);
    assert_same_bytes(got->principal, want->principal);
    assert_same_bytes(got->subject, want->subject);
    assert_same_bytes(got->note, want->note);
}

void assert_same_reply(const struct stored_reply *got, const struct stored_reply *want)
{
    assert_memory_equal(got->digest, want->digest, 32);
    assert_same_bytes(got->transaction, want->transaction);
    assert_int_equal(got->created_at, want->created_at);
    assert_int_equal(got->status, want->status);
    assert_same_text(got->content_type, want->content_type);
    assert_same_bytes(got->body, want->body);
    assert_int_equal(got->retry_after_s, want->retry_after_s);
}

void assert_same_certificate(const struct issued_certificate *got,
                             const struct issued_certificate *want)
{
    assert_memory_equal(got->sha256, want->sha256, 32);
    assert_memory_equal(got->spki_sha256, want->spki_sha256, 32);
    assert_same_bytes(got->transaction, want->transaction);
    assert_same_text(got->authority, want->authority);
    assert_same_bytes(got->issuer, want->issuer);
    assert_same_bytes(got->serial, want->serial);
    assert_same_bytes(got->subject_text, want->subject_text);
    assert_same_bytes(got->der, want->der);
    assert_int_equal(got->state, want->state);
    assert_int_equal(got->issued_at, want->issued_at);
    assert_int_equal(got->not_after, want->not_after);
    assert_int_equal(got->revoked_at, want->revoked_at);
    assert_int_equal(got->revocation_reason, want->revocation_reason);
}

void assert_same_outbox(const struct outbox_item *got, const struct outbox_item *want)
{
    assert_same_text(got->repository, want->repository);
    assert_int_equal(got->kind, want->kind);
    assert_int_equal(got->removal, want->removal);
    assert_memory_equal(got->slot, want->slot, 32);
    assert_same_bytes(got->der, want->der);
    assert_same_text(got->authority, want->authority);
    assert_int_equal(got->queued_at, want->queued_at);
    assert_int_equal(got->due_at, want->due_at);
    assert_int_equal(got->attempts, want->attempts);
    assert_int_equal(got->parked, want->parked);
    assert_int_equal(got->last_code, want->last_code);
    assert_same_bytes(got->last_text, want->last_text);
}
