/* Opening a transaction, or recognising one that the same device left open: a device that loses
 * power starts over with the same key and a new transaction id, and must not get a second
 * certificate. */
#include <string.h>

#include "adapters/pkix/names.h"
#include "gateway/engine/answer.h"
#include "gateway/engine/receive.h"
#include "gateway/engine/work.h"
#include "mapping/model/limits.h"

enum join {
    JOIN_NOTHING, /* ask the authority */
    JOIN_OPEN,    /* the transaction goes on under the new message */
    JOIN_REFUSE
};

static bool same_principal(const struct visit *visit, const struct transaction *row)
{
    return bytes_equal(visit->request.identity.principal, row->principal);
}

static bool same_item(const struct item *a, const struct item *b)
{
    return a->format == b->format && names_octets_equal(a->subject, b->subject) &&
           bytes_equal(a->extensions, b->extensions) && bytes_equal(a->spki, b->spki);
}

/* The same certificates are asked for, of the same authority: what would be issued is what was. */
static bool same_request(const struct visit *visit, const struct transaction *row)
{
    struct request before;
    struct failure why;
    const struct authority_config *authority = &visit->config->authorities[visit->route->authority];
    if (visit->request.operation != row->operation ||
        strcmp(row->authority, authority->authority.name) != 0 ||
        strcmp(row->route, visit->route->name) != 0 ||
        !request_unpack(row->request, visit->arena, &before, &why) ||
        before.item_count != visit->request.item_count)
        return false;
    for (size_t i = 0; i < before.item_count; i++) {
        if (!same_item(&visit->request.items[i], &before.items[i]))
            return false;
    }
    return bytes_equal(visit->request.profile, before.profile);
}

/* What was issued and is revoked, has ended, or was not wanted is not delivered again. */
static bool still_good(const struct visit *visit, const struct transaction *row)
{
    struct store *store = visit->engine->ports.store;
    struct certificate_filter filter = {.transaction = row->id, .most = LIMIT_ITEMS};
    size_t count = 0;
    const struct issued_certificate *issued =
        store_certificates(store, &filter, visit->arena, &count);
    for (size_t i = 0; i < count; i++) {
        if (issued[i].state == CERTIFICATE_REVOKED ||
            issued[i].not_after < engine_now(visit->engine))
            return false;
    }
    return !row_was_rejected(row);
}

/* A finished transaction is joined for as long as its delivery is in doubt: within the window the
 * last answer may have been lost, even that to a confirmation. */
static bool delivery_in_doubt(const struct visit *visit, const struct transaction *row)
{
    int64_t age = engine_now(visit->engine) - row->updated_at;
    switch (row->state) {
    case STATE_DONE:
    case STATE_UNCONFIRMED:
        return age <= visit->route->replay_window_s;
    case STATE_ORPHAN:
        return true;
    case STATE_NEW:
    case STATE_SENT:
    case STATE_PENDING:
    case STATE_GOT_CERT:
    case STATE_WAIT_CONFIRM:
    case STATE_CONFIRM_SENT:
    case STATE_UNKNOWN:
        return true;
    case STATE_REJECTED:
    case STATE_COMPENSATING:
    case STATE_COMPENSATED:
    case STATE_COUNT:
        break;
    }
    return false;
}

bool visit_is_new_wish(const struct visit *visit, const struct transaction *row)
{
    return state_is_final(row->state) && operation_enrols(visit->request.operation) &&
           (!delivery_in_doubt(visit, row) || !still_good(visit, row));
}

static enum join judge_key(struct visit *visit, const struct transaction *row, struct failure *why)
{
    bool open = !state_is_final(row->state);
    const struct identity *identity = &visit->request.identity;
    if (same_principal(visit, row)) {
        if (same_request(visit, row) && delivery_in_doubt(visit, row) && still_good(visit, row))
            return JOIN_OPEN;
        return JOIN_NOTHING;
    }
    if (visit->request.operation == OPERATION_UPDATE && !open)
        return JOIN_NOTHING; /* the old certificate's own name asks to renew its key */
    if (identity->kind == IDENTITY_SIGNATURE || identity->kind == IDENTITY_TLS) {
        if (!open && names_same(identity->subject, visit->request.items[0].subject))
            return JOIN_NOTHING;
    }
    if (row->state == STATE_REJECTED || row->state == STATE_COMPENSATED)
        return JOIN_NOTHING;
    fail(why, REASON_NO_KEY_REUSE, "RFC 9483 3.6.4",
         "this key was certified or is being certified for somebody else; make a new key");
    return JOIN_REFUSE;
}

/* Without a trustworthy word on the first request, a second one could be a second certificate. */
static bool refuse_unknown(struct visit *visit, const struct transaction *row, struct failure *why)
{
    struct response before;
    if (row->state != STATE_ORPHAN)
        return false;
    for (size_t i = 0;
         response_unpack(row->response, visit->arena, &before, why) && i < before.result_count;
         i++) {
        if (!bytes_is_empty(before.results[i].certificate))
            return false;
    }
    fail(why, REASON_UPSTREAM_UNKNOWN, "RFC 9811 3.3",
         "it is not known whether an earlier request for this key was granted; "
         "use a new key, or ask the operator");
    return true;
}

static void join(struct visit *visit, const struct transaction *row)
{
    struct engine *engine = visit->engine;
    struct live *live = live_find_exchange(engine, row->exchange);
    if (live_is_elsewhere(live, row)) {
        visit_park(visit);
        return;
    }
    if (live == NULL) {
        live = live_from_row(engine, row);
        if (live == NULL) {
            struct failure why;
            fail(&why, REASON_SYSTEM_FAILURE, NULL, NULL);
            visit_refuse_items(visit, &why);
            return;
        }
    } else if (live_is_writing(live)) {
        visit_park(visit);
        return;
    } else {
        live_unregister(live);
    }
    live_adopt_visit(live, visit);
    if (state_is_final(live->row.state))
        live_deliver_again(live);
    live_register(live);
    live_attach(live, visit);
}

void visit_begin(struct visit *visit)
{
    struct live *live = live_from_visit(visit);
    live_register(live);
    visit->next = NULL;
    live->working = true;
    live_attach(live, visit);
    live->working = false;
    live_begin(live);
}

void visit_open(struct visit *visit)
{
    struct failure why;
    struct transaction row;
    const struct authority_config *authority = &visit->config->authorities[visit->route->authority];
    if (!plan_request(&visit->request, &authority->authority.capabilities, &why)) {
        visit_refuse_items(visit, &why);
        return;
    }
    struct bytes key = request_key(&visit->request, visit->arena);
    struct live *twin = live_find_key(visit->engine, key);
    if (twin != NULL && (live_is_writing(twin) || !twin->stored)) {
        visit_park(visit);
        return;
    }
    bool asked = store_find_asked(visit->engine->ports.store, key, visit->arena, &row, NULL);
    enum join judged = asked ? judge_key(visit, &row, &why) : JOIN_NOTHING;
    if (judged == JOIN_OPEN && refuse_unknown(visit, &row, &why))
        judged = JOIN_REFUSE;
    switch (judged) {
    case JOIN_NOTHING:
        visit_begin(visit);
        return;
    case JOIN_OPEN:
        join(visit, &row);
        return;
    case JOIN_REFUSE:
        visit_refuse_items(visit, &why);
        return;
    }
}
