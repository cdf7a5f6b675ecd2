/* What time brings: polls, resends, deadlines, and what a restart left open. */
#include "gateway/engine/answer.h"
#include "gateway/engine/receive.h"
#include "gateway/engine/work.h"
#include "mapping/model/limits.h"

enum {
    DUE_AT_ONCE = 64,
    DUE_EVERY_MS = 1000,
    BUSY_TICK_MS = 50,
    EXPIRE_EVERY_S = 600,
    UNSERVED_S = 3600
};

static void note_and_finish(struct live *live, enum state state, const char *note)
{
    live_note(live, "%s", note);
    live_state(live, state);
    live_conclude(live);
}

static void resend(struct live *live)
{
    if (live->call.method == NULL) {
        live_settle(live);
        return;
    }
    live_send(live);
}

static void poll_authority(struct live *live)
{
    const struct outbound_event event = {.kind = OUTBOUND_TIME};
    live_event(live, &event);
}

/* A call was under way when the process ended: the authority may have acted. */
static void take_as_lost(struct live *live)
{
    struct failure why;
    struct response response = {0};
    fail(&why, REASON_UPSTREAM_UNKNOWN, "RFC 9811 3.3", NULL);
    fail_detail(&why, "the process ended while the call was under way");
    response_refuse(&live->request, &why, live->arena, &response);
    for (size_t i = 0; i < response.result_count; i++)
        response.results[i].status = RESULT_UNKNOWN;
    live_unknown(live, &response);
}

static void wake(struct live *live)
{
    switch (live->row.state) {
    case STATE_PENDING:
        poll_authority(live);
        return;
    case STATE_UNKNOWN:
    case STATE_COMPENSATING:
    case STATE_CONFIRM_SENT:
        resend(live);
        return;
    case STATE_GOT_CERT:
        live_confirm_ourselves(live);
        return;
    case STATE_WAIT_CONFIRM:
        note_and_finish(live, STATE_UNCONFIRMED, "the device never confirmed");
        return;
    case STATE_NEW:
    case STATE_SENT:
        take_as_lost(live);
        return;
    case STATE_DONE:
    case STATE_UNCONFIRMED:
    case STATE_REJECTED:
    case STATE_COMPENSATED:
    case STATE_ORPHAN:
    case STATE_COUNT:
        break;
    }
    live_settle(live);
}

/* A row that the configuration no longer serves must not stand in the way of the others. */
static void look_later(struct engine *engine, const struct transaction *row)
{
    static const struct store_completion nobody = {.done = NULL};
    struct transaction later = *row;
    later.version++;
    later.wake_at = engine_now(engine) + UNSERVED_S;
    store_commit(engine->ports.store, &(struct store_batch){.update = &later}, &nobody);
}

static void take_up_row(struct engine *engine, const struct transaction *row)
{
    if (live_find_exchange(engine, row->exchange) != NULL)
        return;
    struct live *live = live_from_row(engine, row);
    if (live == NULL) {
        look_later(engine, row);
        return;
    }
    live_register(live);
    wake(live);
}

void engine_wake_due(struct engine *engine)
{
    struct arena *arena = arena_new();
    size_t count = 0;
    struct transaction *due =
        store_due(engine->ports.store, engine_now(engine), DUE_AT_ONCE, arena, &count);
    for (size_t i = 0; i < count; i++)
        take_up_row(engine, &due[i]);
    arena_free(arena);
}

static void log_recover(struct engine *engine, const struct transaction *row)
{
    if (engine->ports.log == NULL)
        return;
    struct log_line *line = log_begin(engine->ports.log, EVENT_RECOVER);
    log_bytes(line, "transaction", row->id);
    log_text(line, "state", state_word(row->state));
    log_text(line, "route", row->route);
    log_text(line, "authority", row->authority);
    log_bytes(line, "subject", row->subject);
    log_end(line);
}

void engine_recover(struct engine *engine)
{
    static const enum state interrupted[] = {STATE_NEW, STATE_SENT, STATE_GOT_CERT,
                                             STATE_CONFIRM_SENT, STATE_COMPENSATING};
    const struct transaction_filter filter = {
        .states = interrupted,
        .state_count = sizeof(interrupted) / sizeof(interrupted[0]),
        .most = LIMIT_RECOVER,
    };
    struct arena *arena = arena_new();
    size_t count = 0;
    struct transaction *open = store_list(engine->ports.store, &filter, arena, &count);
    engine->primary = true;
    for (size_t i = 0; i < count; i++) {
        log_recover(engine, &open[i]);
        take_up_row(engine, &open[i]);
    }
    arena_free(arena);
    engine_wake_in(engine, 0);
}

/* ---- ticks ---- */

static void tick_live(struct live *live)
{
    int64_t now = engine_now_ms(live->engine);
    if (live->recommit_ms != 0 && live->recommit_ms <= now && !live->committing)
        live_recommit(live);
    else if (live->resend_ms != 0 && live->resend_ms <= now)
        live_send(live);
    else
        live_hold_over(live);
}

static void give_up(struct visit *visit)
{
    struct failure why;
    fail(&why, REASON_BUSY, "RFC 9110 15.6.4", "your request is still being worked on; ask again");
    if (visit->adapter == NULL)
        visit_free(visit);
    else
        visit_refuse(visit, &why);
}

static void look_at_parked(struct engine *engine)
{
    struct visit *all = engine->parked;
    int64_t now = engine_now_ms(engine);
    engine->parked = NULL;
    for (struct visit *visit = all, *next; visit != NULL; visit = next) {
        next = visit->next;
        if (visit->give_up_ms <= now) {
            give_up(visit);
        } else if (visit->look_ms <= now) {
            visit_look(visit);
        } else {
            visit->next = engine->parked;
            engine->parked = visit;
        }
    }
}

static void expire(struct engine *engine)
{
    int64_t now = engine_now(engine);
    if (now < engine->expire_at)
        return;
    engine->expire_at = now + EXPIRE_EVERY_S;
    store_expire(engine->ports.store, now - LIMIT_REPLY_KEEP_S, now - LIMIT_TRANSACTION_KEEP_S);
}

void engine_tick(struct engine *engine)
{
    live_each(engine, tick_live);
    look_at_parked(engine);
    if (engine->primary) {
        engine_wake_due(engine);
        expire(engine);
    }
    bool busy = engine->live_count > 0 || engine->parked != NULL;
    engine_wake_in(engine, busy ? BUSY_TICK_MS : DUE_EVERY_MS);
}
