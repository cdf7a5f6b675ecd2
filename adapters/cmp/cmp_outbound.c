/* A session with an authority that speaks CMP: a machine of few states (cmp_session.h). Messages
 * are built in cmp_request.c, answers are read in cmp_response.c and weighed in cmp_verdict.c. */
#include "adapters/cmp/cmp.h"
#include "adapters/cmp/cmp_response.h"
#include "adapters/cmp/cmp_session.h"

/* Everything that a step works with. */
struct turn {
    struct outbound_context *context;
    const struct request *request;
    const struct outbound_event *event;
    struct arena *arena;
    struct cmp_session session;
    struct step *step;
};

/* ---- what is known -------------------------------------------------------------------------- */

static void blank_response(const struct request *request, struct arena *arena,
                           struct response *response)
{
    *response =
        (struct response){.operation = request->operation, .result_count = request->item_count};
    response->results = arena_array(arena, request->item_count, sizeof(*response->results));
    for (size_t i = 0; i < request->item_count; i++)
        response->results[i].inbound_id = request->items[i].inbound_id;
}

static bool load_known(struct turn *turn, struct failure *why)
{
    struct response *response = &turn->step->response;
    if (turn->session.part_count != turn->request->item_count)
        return fail(why, REASON_INTERNAL, NULL, NULL) ||
               fail_detail(why, "a stored CMP session has %zu parts for %zu items",
                           turn->session.part_count, turn->request->item_count);
    if (bytes_is_empty(turn->session.known))
        return true;
    if (!response_unpack(turn->session.known, turn->arena, response, why))
        return false;
    return response->result_count == turn->session.part_count ||
           fail(why, REASON_INTERNAL, NULL, NULL);
}

/* Overwrites what is still open; what was settled earlier stays. */
static void set_open_results(struct turn *turn, enum result_status status,
                             const struct failure *why)
{
    struct response *response = &turn->step->response;
    const struct cmp_session *session = &turn->session;
    struct bytes text = arena_copy(turn->arena, bytes_of_text(why->text));
    struct bytes detail = arena_copy(turn->arena, bytes_of_text(why->detail));
    for (size_t i = 0; i < response->result_count; i++) {
        struct result *result = &response->results[i];
        bool open = session->phase == CMP_PHASE_SENT || session->parts[i].open ||
                    (session->phase == CMP_PHASE_CONFIRMING && result->confirm_needed);
        if (!open)
            continue;
        result->status = status;
        result->reason_count = 0;
        result_add_reason(result, why->reason);
        snprintf(result->clause, sizeof(result->clause), "%s", why->clause);
        result->text = text;
        result->detail = detail;
    }
}

/* ---- ends of a step ------------------------------------------------------------------------- */

static void keep(struct turn *turn)
{
    turn->session.known = response_pack(&turn->step->response, turn->arena);
    turn->step->state = cmp_session_pack(&turn->session, turn->arena);
}

static void send_call(struct turn *turn)
{
    turn->step->kind = STEP_SEND;
    keep(turn);
}

static void wait_for_authority(struct turn *turn)
{
    struct step *step = turn->step;
    int64_t due = 0;
    for (size_t i = 0; i < step->response.result_count; i++) {
        const struct result *result = &step->response.results[i];
        if (turn->session.parts[i].open && (due == 0 || result->retry_at < due))
            due = result->retry_at;
    }
    step->kind = STEP_WAIT;
    step->wait_until = due;
    turn->session.phase = CMP_PHASE_WAITING;
    keep(turn);
}

static void finish(struct turn *turn, enum cmp_phase phase)
{
    turn->step->kind = STEP_DONE;
    turn->session.phase = phase;
    keep(turn);
}

/* The session stays as it was: the same octets may be sent again, and their answer be read. */
static void finish_unsettled(struct turn *turn, enum result_status status,
                             const struct failure *why)
{
    set_open_results(turn, status, why);
    turn->step->kind = STEP_DONE;
    turn->step->state = cmp_session_pack(&turn->session, turn->arena);
}

static bool any_part_is_open(const struct cmp_session *session)
{
    for (size_t i = 0; i < session->part_count; i++) {
        if (session->parts[i].open)
            return true;
    }
    return false;
}

static void ask_again_later(struct turn *turn, const struct failure *why)
{
    struct response *response = &turn->step->response;
    for (size_t i = 0; i < response->result_count; i++) {
        if (!turn->session.parts[i].open)
            continue;
        response->results[i].retry_at = turn->context->now + LIMIT_POLL_DEFAULT_S;
        response->results[i].detail = arena_copy(turn->arena, bytes_of_text(why->detail));
    }
    wait_for_authority(turn);
}

/* What cannot be believed is as if it had not come: the authority may have acted. A pollReq harms
 * nothing and is asked again. */
static void lose(struct turn *turn, const struct failure *why)
{
    if (any_part_is_open(&turn->session))
        ask_again_later(turn, why);
    else
        finish_unsettled(turn, RESULT_UNKNOWN, why);
}

/* ---- events --------------------------------------------------------------------------------- */

static bool any_confirm_needed(const struct response *response)
{
    for (size_t i = 0; i < response->result_count; i++) {
        if (response->results[i].confirm_needed)
            return true;
    }
    return false;
}

static bool any_to_reject(const struct cmp_session *session)
{
    for (size_t i = 0; i < session->part_count; i++) {
        if (session->parts[i].unwanted && !bytes_is_empty(session->parts[i].hash))
            return true;
    }
    return false;
}

static void confirm(struct turn *turn, const struct confirmation *confirmations, size_t count)
{
    struct failure why = {0};
    if (cmp_send_confirmation(turn->context, &turn->step->response, confirmations, count,
                              turn->arena, &turn->session, &turn->step->call, &why))
        send_call(turn);
    else
        lose(turn, &why);
}

static void take_answer(struct turn *turn, const struct cmp_answer *answer)
{
    struct cmp_session *session = &turn->session;
    struct response *response = &turn->step->response;
    if (session->phase == CMP_PHASE_CONFIRMING) {
        cmp_answer_judge_confirmation(answer, turn->arena, response);
        finish(turn, CMP_PHASE_FINISHED);
        return;
    }
    cmp_answer_judge(turn->context, turn->request, answer, turn->arena, session, response);
    if (any_part_is_open(session))
        wait_for_authority(turn);
    else if (any_confirm_needed(response))
        finish(turn, CMP_PHASE_HELD);
    else if (any_to_reject(session))
        confirm(turn, NULL, 0); /* nothing to decide for the device */
    else
        finish(turn, CMP_PHASE_FINISHED);
}

static void on_answer(struct turn *turn)
{
    struct failure why = {0};
    struct cmp_answer *answer = arena_alloc(turn->arena, sizeof(*answer));
    if (cmp_answer_read(turn->context, &turn->session, turn->event->answer, turn->arena, answer,
                        &why))
        take_answer(turn, answer);
    else
        lose(turn, &why);
}

static void on_not_sent(struct turn *turn)
{
    struct failure why = {0};
    const struct failure *transport = turn->event->transport;
    fail(&why, REASON_SYSTEM_UNAVAIL, NULL, NULL);
    if (transport != NULL)
        fail_detail(&why, "%s %s", transport->text, transport->detail);
    if (turn->session.phase == CMP_PHASE_SENT)
        finish_unsettled(turn, RESULT_REFUSED, &why);
    else
        lose(turn, &why);
}

static void on_lost(struct turn *turn)
{
    struct failure why = {0};
    const struct failure *transport = turn->event->transport;
    fail(&why, REASON_UPSTREAM_UNKNOWN, NULL, NULL);
    if (transport != NULL)
        fail_detail(&why, "%s %s", transport->text, transport->detail);
    lose(turn, &why);
}

static void on_time(struct turn *turn)
{
    struct failure why = {0};
    if (turn->session.phase == CMP_PHASE_WAITING &&
        cmp_send_poll(turn->context, turn->arena, &turn->session, &turn->step->call, &why))
        send_call(turn);
    else
        lose(turn, &why);
}

static void on_confirm(struct turn *turn)
{
    if (turn->session.phase == CMP_PHASE_HELD)
        confirm(turn, turn->event->confirmations, turn->event->confirmation_count);
    else
        finish(turn, turn->session.phase);
}

static void step(struct outbound_context *context, const struct request *request,
                 struct bytes state, const struct outbound_event *event, struct arena *arena,
                 struct step *out)
{
    struct failure why = {0};
    struct turn turn = {
        .context = context, .request = request, .event = event, .arena = arena, .step = out};
    *out = (struct step){.kind = STEP_DONE};
    blank_response(request, arena, &out->response);
    if (!cmp_session_unpack(state, arena, &turn.session, &why) || !load_known(&turn, &why)) {
        fail(&why, REASON_INTERNAL, NULL, NULL);
        blank_response(request, arena, &out->response);
        turn.session = (struct cmp_session){.phase = CMP_PHASE_SENT};
        set_open_results(&turn, RESULT_UNKNOWN, &why);
        out->state = state;
        return;
    }
    switch (event->kind) {
    case OUTBOUND_ANSWER:
        on_answer(&turn);
        break;
    case OUTBOUND_NOT_SENT:
        on_not_sent(&turn);
        break;
    case OUTBOUND_LOST:
        on_lost(&turn);
        break;
    case OUTBOUND_TIME:
        on_time(&turn);
        break;
    case OUTBOUND_CONFIRM:
        on_confirm(&turn);
        break;
    }
}

static bool begin(struct outbound_context *context, const struct request *request,
                  struct arena *arena, struct step *out, struct failure *why)
{
    struct cmp_session session;
    *out = (struct step){.kind = STEP_SEND};
    if (!cmp_send_request(context, request, arena, &session, &out->call, why))
        return false;
    out->state = cmp_session_pack(&session, arena);
    blank_response(request, arena, &out->response);
    return true;
}

const struct outbound_adapter cmp_outbound = {
    .protocol = PROTOCOL_CMP,
    .begin = begin,
    .step = step,
};
