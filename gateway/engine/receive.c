#include "gateway/engine/receive.h"

#include <string.h>

#include "gateway/engine/answer.h"
#include "gateway/engine/forwarded.h"
#include "gateway/engine/policy.h"
#include "gateway/engine/throttle.h"
#include "gateway/engine/work.h"
#include "mapping/model/limits.h"

enum { LOOK_AGAIN_MS = 50 };

void visit_park(struct visit *visit)
{
    struct engine *engine = visit->engine;
    visit->look_ms = engine_now_ms(engine) + LOOK_AGAIN_MS;
    visit->next = engine->parked;
    engine->parked = visit;
    engine_wake_in(engine, LOOK_AGAIN_MS);
}

static bool find_adapter(struct visit *visit)
{
    const struct listener_config *listener = &visit->config->listeners[visit->listener];
    for (unsigned p = 0; p < PROTOCOL_COUNT; p++) {
        const struct inbound_adapter *adapter = inbound_adapter((enum protocol)p);
        if (adapter == NULL || (listener->protocols & (1u << p)) == 0)
            continue;
        if (adapter->accepts(visit->message, listener->paths, listener->path_count)) {
            visit->adapter = adapter;
            return true;
        }
    }
    return false;
}

static void answer_nobody(struct visit *visit)
{
    static const char text[] = "No protocol of this listener is served at this path.\n";
    const struct reply reply = {
        .status = 404, .content_type = "text/plain; charset=utf-8", .body = BYTES_LITERAL(text)};
    struct failure why;
    fail(&why, REASON_NO_OPERATION, "RFC 9811 3.4", "%s", "no protocol is served at this path");
    visit_answer(visit, &reply, "refused", &why);
}

/* The same octets from the same sender get the same answer (RFC 9811 3.3); after the window they
 * are a replay. True: the visit is answered. */
static bool answer_again(struct visit *visit)
{
    struct stored_reply stored;
    struct engine *engine = visit->engine;
    if (!store_find_reply(engine->ports.store, visit->claim.digest, visit->arena, &stored, NULL))
        return false;
    memcpy(visit->transaction, stored.transaction.data,
           stored.transaction.size < 32 ? stored.transaction.size : 32);
    bool old = engine_now(engine) - stored.created_at > LIMIT_REPLAY_WINDOW_S;
    if (old && visit->claim.repeat == REPEAT_IS_RETRY)
        return false;
    if (old) {
        struct failure why;
        fail(&why, REASON_BAD_SENDER_NONCE, "RFC 9483 3.5",
             "this very message was answered before; send a new one");
        visit_refuse(visit, &why);
        return true;
    }
    const struct reply reply = {
        .status = stored.status,
        .content_type = stored.content_type,
        .body = stored.body,
        .retry_after_s = stored.retry_after_s,
        .transfer_encoding = visit->adapter->transfer_encoding == NULL
                                 ? NULL
                                 : visit->adapter->transfer_encoding(stored.content_type),
    };
    visit_answer(visit, &reply, "repeated", NULL);
    return true;
}

/* What is known of the visit's exchange: from this engine's hands, else from the store. */
static bool find_exchange(struct visit *visit, struct live **live, struct transaction *row)
{
    struct engine *engine = visit->engine;
    *live = live_find_exchange(engine, visit->claim.exchange);
    if (*live != NULL) {
        *row = (*live)->row;
        return true;
    }
    return store_find_exchange(engine->ports.store, visit->claim.exchange, visit->arena, row, NULL);
}

static bool decode(struct visit *visit, struct failure *why)
{
    struct engine *engine = visit->engine;
    int64_t now = engine_now(engine);
    visit->context.now = now;
    visit->context.entropy = engine_entropy(engine, visit->arena);
    if (throttle_locked(engine->throttle, visit->claim.reference, now)) {
        fail(why, REASON_SECRET_WRONG, "RFC 9483 3.5", NULL);
        return fail_detail(why, "locked after %d failures", LIMIT_MAC_FAILURES);
    }
    if (!visit->adapter->decode(&visit->context, visit->arena, &visit->request, why)) {
        if (why->reason == REASON_SECRET_WRONG)
            throttle_count_failure(engine->throttle, visit->claim.reference, now);
        return false;
    }
    throttle_forgive(engine->throttle, visit->claim.reference);
    return true;
}

/* ---- to its transaction ---- */

static struct live *take_up(struct visit *visit, struct live *live, const struct transaction *row)
{
    if (live != NULL)
        return live;
    live = live_from_row(visit->engine, row);
    if (live != NULL)
        live_register(live);
    return live;
}

static void refuse_gone(struct visit *visit)
{
    struct failure why;
    fail(&why, REASON_SYSTEM_FAILURE, NULL,
         "the gateway's configuration no longer serves this transaction");
    visit_refuse_items(visit, &why);
}

static void ask_again(struct visit *visit, struct live *live, const struct transaction *row)
{
    if (live_is_elsewhere(live, row)) {
        visit_park(visit);
        return;
    }
    live = take_up(visit, live, row);
    if (live == NULL) {
        refuse_gone(visit);
        return;
    }
    live_attach(live, visit);
}

static void poll(struct visit *visit, struct live *live, const struct transaction *row, bool known)
{
    struct failure why;
    if (known) {
        ask_again(visit, live, row);
        return;
    }
    fail(&why, REASON_UNKNOWN_TRANSACTION, "RFC 9810 5.3.22",
         "nothing is pending under this transaction identifier");
    visit_refuse(visit, &why);
}

/* The protection verified (an identity is known), the content did not. */
static bool is_faulty_confirmation(const struct visit *visit, const struct live *live,
                                   const struct transaction *row)
{
    return visit->request.identity.kind != IDENTITY_NONE &&
           visit->request.operation == OPERATION_CONFIRM && row->state == STATE_WAIT_CONFIRM &&
           !(live != NULL && live_is_writing(live));
}

static void end_by_fault(struct visit *visit, struct live *live, const struct transaction *row,
                         const struct failure *why)
{
    live = take_up(visit, live, row);
    if (live == NULL)
        visit_refuse(visit, why);
    else
        confirm_visit_faulty(live, visit, why);
}

/* A confirmation that comes again (its answer was lost) or too late: taken if it says yes. */
static void confirm_late(struct visit *visit, struct live *live, const struct transaction *row)
{
    if (live != NULL && live_is_writing(live)) {
        visit_park(visit);
        return;
    }
    live = take_up(visit, live, row);
    if (live == NULL)
        refuse_gone(visit);
    else
        confirm_visit_late(live, visit);
}

static void confirm(struct visit *visit, struct live *live, const struct transaction *row,
                    bool known)
{
    struct failure why;
    if (known && row->state == STATE_WAIT_CONFIRM) {
        if (live != NULL && live_is_writing(live)) {
            visit_park(visit);
            return;
        }
        live = take_up(visit, live, row);
        if (live == NULL)
            refuse_gone(visit);
        else
            confirm_visit(live, visit);
        return;
    }
    if (known && row->state == STATE_CONFIRM_SENT) {
        ask_again(visit, live, row);
        return;
    }
    if (known && (row->state == STATE_DONE || row->state == STATE_UNCONFIRMED)) {
        confirm_late(visit, live, row);
        return;
    }
    fail(&why, REASON_UNKNOWN_TRANSACTION, "RFC 9483 5.1.2",
         "no certificate of this transaction waits for a confirmation");
    visit_refuse(visit, &why);
}

/* The device gives up. A certificate that waits for its word counts as rejected. */
static void cancel(struct visit *visit, struct live *live, const struct transaction *row,
                   bool known)
{
    if (known && row->state == STATE_WAIT_CONFIRM && !(live != NULL && live_is_writing(live))) {
        live = take_up(visit, live, row);
        if (live != NULL) {
            visit->request.operation = OPERATION_CONFIRM;
            live_cancel(live, visit);
            return;
        }
    }
    struct response response = {.operation = OPERATION_CONFIRM};
    visit->context.leg = visit->request.leg;
    visit_respond(visit, &response);
}

/* Who asks again for what is over (refused, delivered long ago, revoked) asks for something new.
 * The old transaction gives up its place and the message is looked at once more. */
static void retire_exchange(struct visit *visit, const struct transaction *row)
{
    static const struct store_completion nobody = {.done = NULL};
    struct engine *engine = visit->engine;
    struct transaction retired = *row;
    uint8_t elsewhere[32];
    engine->ports.random(engine->ports.context, elsewhere, sizeof(elsewhere));
    retired.version++;
    retired.exchange = bytes_of(elsewhere, sizeof(elsewhere));
    store_commit(engine->ports.store, &(struct store_batch){.update = &retired}, &nobody);
    visit_park(visit);
}

static void open_or_join(struct visit *visit, struct live *live, const struct transaction *row,
                         bool known)
{
    if (!known) {
        if (operation_enrols(visit->request.operation))
            visit_open(visit);
        else
            visit_revoke(visit);
        return;
    }
    if (visit->claim.repeat == REPEAT_IS_RETRY && live == NULL && visit_is_new_wish(visit, row)) {
        retire_exchange(visit, row);
        return;
    }
    bool same = live_opened_by(visit, live, row);
    if (same || visit->claim.repeat == REPEAT_IS_RETRY) {
        ask_again(visit, live, row);
        return;
    }
    struct failure why;
    fail(&why, REASON_TRANSACTION_ID_IN_USE, "RFC 9810 5.1.1",
         "this transaction identifier is in use for another request; choose a new one");
    visit_refuse(visit, &why);
}

static void dispatch(struct visit *visit, struct live *live, const struct transaction *row,
                     bool known)
{
    struct failure why;
    if (operation_enrols(visit->request.operation) ||
        visit->request.operation == OPERATION_REVOKE) {
        open_or_join(visit, live, row, known);
    } else if (visit->request.operation == OPERATION_POLL) {
        poll(visit, live, row, known);
    } else if (visit->request.operation == OPERATION_CONFIRM) {
        confirm(visit, live, row, known);
    } else if (visit->request.operation == OPERATION_CANCEL) {
        cancel(visit, live, row, known);
    } else if (support_offers(visit->request.operation)) {
        visit_support(visit);
    } else {
        fail(&why, REASON_NO_OPERATION, NULL, "the operation \"%s\" is not offered here",
             operation_word(visit->request.operation));
        visit_refuse_items(visit, &why);
    }
}

static bool permitted(struct visit *visit, struct failure *why)
{
    if (!route_find(visit->config, visit->listener, &visit->request, &visit->route, visit->arena,
                    why))
        return false;
    bool anybody = visit->request.identity.group == IDENTITY_ANY_GROUP;
    if (anybody || !operation_opens(visit->request.operation))
        return true;
    return policy_check(visit->route, &visit->request, visit->arena, why);
}

static void forget_last_look(struct visit *visit)
{
    arena_free(visit->arena);
    visit->arena = arena_new();
    visit->request = (struct request){0};
    visit->claim = (struct claim){.what = "?"};
    visit->context = (struct inbound_context){
        .message = forwarded_message(&visit->config->listeners[visit->listener], visit->peer,
                                     visit->message, visit->arena),
        .credentials = &visit->config->listeners[visit->listener].credentials,
        .now = engine_now(visit->engine),
        .entropy = engine_entropy(visit->engine, visit->arena),
    };
    visit->route = NULL;
    visit->look_ms = 0;
}

void visit_look(struct visit *visit)
{
    struct failure why;
    struct live *live = NULL;
    struct transaction row = {0};
    forget_last_look(visit);
    if (!find_adapter(visit)) {
        answer_nobody(visit);
        return;
    }
    if (!visit->adapter->claim(&visit->context, visit->arena, &visit->claim, &why)) {
        visit_refuse(visit, &why);
        return;
    }
    if (answer_again(visit))
        return;
    bool known = find_exchange(visit, &live, &row);
    if (known) {
        visit->context.leg = arena_copy(visit->arena, row.leg);
        memcpy(visit->transaction, row.id.data, row.id.size < 32 ? row.id.size : 32);
    }
    if (!decode(visit, &why)) {
        if (known && is_faulty_confirmation(visit, live, &row))
            end_by_fault(visit, live, &row, &why);
        else
            visit_refuse(visit, &why);
    } else if (!permitted(visit, &why)) {
        visit_refuse_items(visit, &why);
    } else {
        dispatch(visit, live, &row, known);
    }
}

void engine_message(struct engine *engine, size_t listener, const struct message *message,
                    const char *peer, void *exchange)
{
    struct visit *visit = visit_new(engine, listener, message, peer, exchange);
    visit->give_up_ms = engine_now_ms(engine) + LIMIT_ANSWER_HOLD_MS;
    if (engine->replying) { /* the next one of a pipelining peer: not in the middle of this */
        visit->look_ms = engine_now_ms(engine);
        visit->next = engine->parked;
        engine->parked = visit;
        engine_wake_in(engine, 0);
        return;
    }
    visit_look(visit);
}
