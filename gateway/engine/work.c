#include "gateway/engine/work.h"

#include <string.h>

#include "gateway/engine/answer.h"
#include "mapping/model/limits.h"

enum { NOT_SENT_TRIES = 3, NOT_SENT_FIRST_MS = 200, CALL_MARGIN_S = 10 };

static const struct outbound_adapter *adapter_of(const struct live *live)
{
    return outbound_adapter(live->authority->authority.capabilities.protocol);
}

static struct outbound_context outbound_context(struct live *live)
{
    return (struct outbound_context){
        .authority = &live->authority->authority,
        .now = engine_now(live->engine),
        .entropy = engine_entropy(live->engine, live->arena),
    };
}

/* ---- sending ---- */

void live_send(struct live *live)
{
    live->resend_ms = 0;
    live->calling = true;
    live->called_ms = engine_now_ms(live->engine);
    live->row.attempts++;
    live->engine->ports.send(live->engine->ports.context, live->authority, &live->call,
                             live->ticket);
}

static void log_upstream(struct live *live, enum http_outcome outcome, const struct message *answer,
                         const struct failure *why)
{
    static const char *const outcomes[] = {"answered", "not-sent", "lost"};
    if (live->engine->ports.log == NULL)
        return;
    struct log_line *line = log_begin(live->engine->ports.log, EVENT_UPSTREAM);
    log_bytes(line, "transaction", live->row.id);
    log_text(line, "authority", live->row.authority);
    log_text(line, "state", state_word(live->row.state));
    log_text(line, "outcome", outcomes[outcome]);
    if (outcome == HTTP_ANSWERED) {
        log_number(line, "http", answer->status);
        log_number(line, "octets", (int64_t)answer->body.size);
    } else {
        log_text(line, "text", why->text);
        log_text(line, "detail", why->detail);
    }
    log_number(line, "attempt", live->row.attempts);
    log_number(line, "ms", engine_now_ms(live->engine) - live->called_ms);
    log_end(line);
}

void engine_answered(struct engine *engine, uint64_t ticket, enum http_outcome outcome,
                     const struct message *answer, const struct failure *why)
{
    struct live *live = live_find_ticket(engine, ticket);
    if (live == NULL || !live->calling)
        return;
    live->calling = false;
    log_upstream(live, outcome, answer, why);
    struct arrival *arrival = arena_alloc(live->arena, sizeof(*arrival));
    arrival->outcome = outcome;
    if (outcome == HTTP_ANSWERED) {
        arrival->answer.status = answer->status;
        arrival->answer.tls = answer->tls;
        arrival->answer.content_type = arena_copy(live->arena, answer->content_type);
        arrival->answer.date = arena_copy(live->arena, answer->date);
        arrival->answer.retry_after = arena_copy(live->arena, answer->retry_after);
        arrival->answer.body = arena_copy(live->arena, answer->body);
    } else {
        arrival->why = *why;
    }
    live->arrival = arrival;
    live_work(live);
}

/* ---- one step of the outbound session ---- */

static void send_after_commit(struct live *live)
{
    live_send(live);
    live_work(live);
}

static int64_t call_limit_s(const struct live *live)
{
    return (live->authority->target.connect_ms + live->authority->target.answer_ms) / 1000 +
           CALL_MARGIN_S;
}

static void act_send(struct live *live, const struct step *step, enum state state)
{
    live->row.outbound_state = step->state;
    live->call = step->call;
    live->row.attempts = 0;
    live_state(live, state);
    if (state == STATE_PENDING) /* should the process end before the answer: ask again then */
        live->row.wake_at = engine_now(live->engine) + call_limit_s(live);
    live_commit(live, NULL, send_after_commit);
}

/* A request that waits for its certificate is SENT; later calls of the session keep the state that
 * tells what they are for. */
static enum state state_for_call(const struct live *live)
{
    switch (live->row.state) {
    case STATE_PENDING:
    case STATE_COMPENSATING:
    case STATE_CONFIRM_SENT:
        return live->row.state;
    case STATE_GOT_CERT:
    case STATE_WAIT_CONFIRM:
        return STATE_CONFIRM_SENT;
    case STATE_NEW:
    case STATE_SENT:
    case STATE_UNKNOWN:
    case STATE_DONE:
    case STATE_UNCONFIRMED:
    case STATE_REJECTED:
    case STATE_COMPENSATED:
    case STATE_ORPHAN:
    case STATE_COUNT:
        break;
    }
    return STATE_SENT;
}

/* A confirmation or a revocation whose answer was lost: to say it twice is harmless. */
static void tell_again(struct live *live)
{
    int64_t delay = INT64_C(1) << live->row.attempts;
    live->row.wake_at = engine_now(live->engine) + delay;
    live_commit(live, NULL, live_work);
    engine_wake_in(live->engine, delay * 1000);
}

static void act_on_step(struct live *live, struct step *step)
{
    switch (step->kind) {
    case STEP_SEND:
        act_send(live, step, state_for_call(live));
        return;
    case STEP_WAIT:
        live->row.outbound_state = step->state;
        live_pending(live, step->wait_until);
        return;
    case STEP_DONE:
        break;
    }
    if (response_status(&step->response) == RESULT_UNKNOWN) {
        /* The session stays as it was before the loss. */
        if (live->row.state != STATE_CONFIRM_SENT && live->row.state != STATE_COMPENSATING) {
            live_unknown(live, &step->response);
            return;
        }
        if (live->row.attempts < LIMIT_RETRIES) {
            tell_again(live);
            return;
        }
    }
    live->row.outbound_state = step->state;
    if (live->row.state == STATE_COMPENSATING)
        live_finish_compensation(live, &step->response);
    else if (live->row.state == STATE_CONFIRM_SENT || live->row.state == STATE_GOT_CERT)
        live_finish_confirm(live, &step->response);
    else
        live_finish(live, &step->response);
}

void live_event(struct live *live, const struct outbound_event *event)
{
    struct outbound_context context = outbound_context(live);
    struct step step = {.kind = STEP_DONE};
    adapter_of(live)->step(&context, &live->request, live->row.outbound_state, event, live->arena,
                           &step);
    act_on_step(live, &step);
}

/* Nothing reached the authority: a few quick tries, then the device hears of it. */
static bool try_again(struct live *live)
{
    if (live->row.attempts >= NOT_SENT_TRIES)
        return false;
    int64_t delay = (int64_t)NOT_SENT_FIRST_MS << live->row.attempts;
    live->resend_ms = engine_now_ms(live->engine) + delay;
    engine_wake_in(live->engine, delay);
    return true;
}

static void take_arrival(struct live *live)
{
    struct arrival *arrival = live->arrival;
    live->arrival = NULL;
    if (arrival->outcome == HTTP_NOT_SENT && try_again(live))
        return;
    struct outbound_event event = {.kind = OUTBOUND_ANSWER, .answer = &arrival->answer};
    if (arrival->outcome != HTTP_ANSWERED) {
        /* That this repeat did not leave says nothing of the first that did. */
        bool lost = arrival->outcome == HTTP_LOST || live->row.state == STATE_UNKNOWN;
        event.kind = lost ? OUTBOUND_LOST : OUTBOUND_NOT_SENT;
        event.answer = NULL;
        event.transport = &arrival->why;
    }
    live_event(live, &event);
}

/* ---- what is next ---- */

void live_work(struct live *live)
{
    if (live->working || live_is_writing(live))
        return;
    live->working = true;
    if (live->arrival != NULL)
        take_arrival(live);
    if (!live_is_writing(live) && live->visits != NULL)
        live_answer_visits(live);
    live->working = false;
    live_settle(live);
}

void live_attach(struct live *live, struct visit *visit)
{
    visit->give_up_ms = engine_now_ms(live->engine) + live->route->hold_ms;
    memcpy(visit->transaction, live->row.id.data, 32);
    struct visit **at = &live->visits;
    while (*at != NULL)
        at = &(*at)->next;
    visit->next = NULL;
    *at = visit;
    engine_wake_in(live->engine, live->route->hold_ms);
    live_work(live);
}

static void refuse_at_begin(struct live *live, const struct failure *why)
{
    live_unregister(live);
    while (live->visits != NULL) {
        struct visit *visit = live->visits;
        live->visits = visit->next;
        visit_refuse_items(visit, why);
    }
    live_free(live);
}

void live_begin(struct live *live)
{
    struct outbound_context context = outbound_context(live);
    struct step step = {.kind = STEP_DONE};
    struct failure why;
    live->working = true;
    if (!adapter_of(live)->begin(&context, &live->request, live->arena, &step, &why)) {
        refuse_at_begin(live, &why);
        return;
    }
    act_on_step(live, &step);
    live->working = false;
    live_settle(live);
}

void live_hold_over(struct live *live)
{
    int64_t now = engine_now_ms(live->engine);
    bool waited = false;
    for (const struct visit *visit = live->visits; visit != NULL; visit = visit->next)
        waited |= visit->give_up_ms <= now;
    if (waited)
        live_work(live);
}
