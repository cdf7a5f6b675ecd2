#include "gateway/store/copy.h"

static const char *copy_text(const char *text, struct arena *arena)
{
    return text == NULL ? NULL : arena_text(arena, bytes_of_text(text));
}

struct transaction transaction_copy(const struct transaction *from, struct arena *arena)
{
    struct transaction to = *from;
    to.id = arena_copy(arena, from->id);
    to.exchange = arena_copy(arena, from->exchange);
    to.route = copy_text(from->route, arena);
    to.authority = copy_text(from->authority, arena);
    to.request = arena_copy(arena, from->request);
    to.leg = arena_copy(arena, from->leg);
    to.outbound_state = arena_copy(arena, from->outbound_state);
    to.call = arena_copy(arena, from->call);
    to.response = arena_copy(arena, from->response);
    to.key = arena_copy(arena, from->key);
    to.transaction_id = arena_copy(arena, from->transaction_id);
    to.principal = arena_copy(arena, from->principal);
    to.subject = arena_copy(arena, from->subject);
    to.note = arena_copy(arena, from->note);
    return to;
}

struct stored_reply stored_reply_copy(const struct stored_reply *from, struct arena *arena)
{
    struct stored_reply to = *from;
    to.transaction = arena_copy(arena, from->transaction);
    to.content_type = copy_text(from->content_type, arena);
    to.body = arena_copy(arena, from->body);
    return to;
}

struct issued_certificate issued_certificate_copy(const struct issued_certificate *from,
                                                  struct arena *arena)
{
    struct issued_certificate to = *from;
    to.transaction = arena_copy(arena, from->transaction);
    to.authority = copy_text(from->authority, arena);
    to.issuer = arena_copy(arena, from->issuer);
    to.serial = arena_copy(arena, from->serial);
    to.subject_text = arena_copy(arena, from->subject_text);
    to.der = arena_copy(arena, from->der);
    return to;
}

struct outbox_item outbox_item_copy(const struct outbox_item *from, struct arena *arena)
{
    struct outbox_item to = *from;
    to.repository = copy_text(from->repository, arena);
    to.der = arena_copy(arena, from->der);
    to.authority = copy_text(from->authority, arena);
    to.last_text = arena_copy(arena, from->last_text);
    return to;
}

static void copy_outbox(const struct store_batch *from, struct store_batch *to, struct arena *arena)
{
    struct outbox_item *items = arena_array(arena, from->outbox_count, sizeof(*items));
    for (size_t i = 0; i < from->outbox_count; i++)
        items[i] = outbox_item_copy(&from->outbox[i], arena);
    struct outbox_report *reports = arena_array(arena, from->outbox_report_count, sizeof(*reports));
    for (size_t i = 0; i < from->outbox_report_count; i++) {
        reports[i] = from->outbox_reports[i];
        reports[i].text = arena_copy(arena, reports[i].text);
    }
    to->outbox = items;
    to->outbox_count = from->outbox_count;
    to->outbox_reports = reports;
    to->outbox_report_count = from->outbox_report_count;
}

static const struct transaction *transaction_clone(const struct transaction *from,
                                                   struct arena *arena)
{
    if (from == NULL)
        return NULL;
    struct transaction *to = arena_alloc(arena, sizeof(*to));
    *to = transaction_copy(from, arena);
    return to;
}

struct store_batch store_batch_copy(const struct store_batch *from, struct arena *arena)
{
    struct store_batch to = {
        .insert = transaction_clone(from->insert, arena),
        .update = transaction_clone(from->update, arena),
        .certificate_count = from->certificate_count,
    };
    if (from->reply != NULL) {
        struct stored_reply *reply = arena_alloc(arena, sizeof(*reply));
        *reply = stored_reply_copy(from->reply, arena);
        to.reply = reply;
    }
    struct issued_certificate *certificates =
        arena_array(arena, from->certificate_count, sizeof(*certificates));
    for (size_t i = 0; i < from->certificate_count; i++)
        certificates[i] = issued_certificate_copy(&from->certificates[i], arena);
    to.certificates = certificates;
    copy_outbox(from, &to, arena);
    return to;
}
