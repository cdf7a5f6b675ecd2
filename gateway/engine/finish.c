#include <string.h>

#include "adapters/pkix/credentials.h"
#include "gateway/engine/answer.h"
#include "gateway/engine/work.h"
#include "mapping/model/limits.h"

/* Seconds after which a device should ask again while we work on its request. */
enum { ASK_AGAIN_S = 2 };

static bool any_granted(const struct response *response)
{
    for (size_t i = 0; i < response->result_count; i++) {
        if (!bytes_is_empty(response->results[i].certificate))
            return true;
    }
    return false;
}

static bool confirm_needed(const struct response *response)
{
    for (size_t i = 0; i < response->result_count; i++) {
        if (response->results[i].confirm_needed)
            return true;
    }
    return false;
}

static void keep_response(struct live *live, struct response *response)
{
    response->operation = live->request.operation;
    live->response = *response;
    live->row.response = response_pack(response, live->arena);
    struct failure why;
    if (response_why(response, &why))
        live_note(live, "%s (%s): %s", reason_row(why.reason)->word, why.clause, why.text);
}

/* ---- final words ---- */

/* A revocation has no certificate to deliver and nothing to confirm. */
static void finish_revocation(struct live *live, struct response *response)
{
    bool refused = response_status(response) == RESULT_REFUSED;
    keep_response(live, response);
    live_state(live, refused ? STATE_REJECTED : STATE_DONE);
    live_conclude(live);
}

/* Delivered, or to be confirmed by the device. */
static void await_device(struct live *live, struct response *response)
{
    bool implicit = live->request.implicit_confirm && !confirm_needed(response);
    bool wait = live->request.can_confirm && !implicit;
    response->implicit_confirm = live->request.can_confirm && implicit;
    live->decision = DECISION_NONE;
    live->accepted = BYTES_EMPTY;
    keep_response(live, response);
    live_state(live, wait ? STATE_WAIT_CONFIRM : STATE_DONE);
    if (wait) {
        live->row.deadline = engine_now(live->engine) + live->route->confirm_wait_s;
        live->row.wake_at = live->row.deadline;
    }
}

void live_finish(struct live *live, struct response *response)
{
    if (live->request.operation == OPERATION_REVOKE) {
        finish_revocation(live, response);
        return;
    }
    bool ourselves = confirm_needed(response) && !live->request.can_confirm;
    if (!any_granted(response)) {
        keep_response(live, response);
        live_state(live, STATE_REJECTED);
    } else if (ourselves) {
        keep_response(live, response);
        live_state(live, STATE_GOT_CERT);
        live_commit(live, NULL, live_confirm_ourselves);
        return;
    } else {
        await_device(live, response);
    }
    live_conclude(live);
}

void live_deliver_again(struct live *live)
{
    struct response response = live->response;
    if (any_granted(&response))
        await_device(live, &response);
}

void live_pending(struct live *live, int64_t wait_until)
{
    int64_t now = engine_now(live->engine);
    if (now - live->row.created_at > live->route->pending_max_s) {
        struct failure why;
        struct response response = {0};
        fail(&why, REASON_SYSTEM_UNAVAIL, "RFC 9810 5.3.22",
             "the certification authority did not decide in time");
        response_refuse(&live->request, &why, live->arena, &response);
        keep_response(live, &response);
        live_state(live, STATE_ORPHAN); /* it may still issue */
        live_conclude(live);
        return;
    }
    live_state(live, STATE_PENDING);
    live->row.wake_at = wait_until > now ? wait_until : now + LIMIT_POLL_MIN_S;
    live_conclude(live);
}

/* ---- no trustworthy word ---- */

static void log_orphan(struct live *live, const struct failure *why)
{
    if (live->engine->ports.log == NULL)
        return;
    struct log_line *line = log_begin(live->engine->ports.log, EVENT_ORPHAN);
    log_bytes(line, "transaction", live->row.id);
    log_text(line, "route", live->row.route);
    log_text(line, "authority", live->row.authority);
    log_request(line, &live->request);
    log_text(line, "reason", reason_row(why->reason)->word);
    log_text(line, "clause", why->clause);
    log_text(line, "text", why->text);
    log_text(line, "detail", why->detail);
    log_end(line);
}

static bool worth_resending(const struct live *live, const struct failure *why)
{
    /* To revoke twice is to revoke; to issue twice is not. */
    bool harmless =
        live->authority->authority.resend || live->request.operation == OPERATION_REVOKE;
    return harmless && live->row.attempts < LIMIT_RETRIES && live->call.method != NULL &&
           why->reason != REASON_UPSTREAM_WRONG_CERT;
}

void live_unknown(struct live *live, const struct response *response)
{
    struct failure why;
    if (!response_why(response, &why))
        fail(&why, REASON_UPSTREAM_UNKNOWN, NULL, NULL);
    if (worth_resending(live, &why)) {
        /* The authority recognises the same octets: ask until a word can be trusted. */
        int64_t delay = INT64_C(1) << live->row.attempts;
        live_note(live, "%s (%s): %s", reason_row(why.reason)->word, why.clause, why.text);
        live_state(live, STATE_UNKNOWN);
        live->row.wake_at = engine_now(live->engine) + delay;
        live_conclude(live);
        engine_wake_in(live->engine, delay * 1000);
        return;
    }
    log_orphan(live, &why);
    struct response refused = {0};
    response_refuse(&live->request, &why, live->arena, &refused);
    if (any_granted(response)) { /* of a batch: what is certain is delivered */
        for (size_t i = 0; i < refused.result_count && i < response->result_count; i++) {
            if (response->results[i].status != RESULT_UNKNOWN)
                refused.results[i] = response->results[i];
        }
        refused.chain = response->chain;
        refused.chain_count = response->chain_count;
        live_finish(live, &refused);
        return;
    }
    keep_response(live, &refused);
    live_state(live, STATE_ORPHAN);
    live_conclude(live);
}

/* ---- answering ---- */

static void pending_response(struct live *live, struct response *response)
{
    int64_t now = engine_now(live->engine);
    int64_t again = now + ASK_AGAIN_S;
    if (live->row.state == STATE_PENDING && live->row.wake_at > again)
        again = live->row.wake_at;
    *response = (struct response){.operation = live->request.operation,
                                  .result_count = live->request.item_count};
    response->results =
        arena_array(live->arena, response->result_count + 1, sizeof(*response->results));
    for (size_t i = 0; i < response->result_count; i++) {
        response->results[i].inbound_id = live->request.items[i].inbound_id;
        response->results[i].status = RESULT_PENDING;
        response->results[i].retry_at = again;
    }
}

/* What the transaction can say to an enrolling visit now; false: nothing yet. */
static bool enrolment_answer(struct live *live, const struct visit *visit,
                             struct response *response)
{
    switch (live->row.state) {
    case STATE_WAIT_CONFIRM:
    case STATE_DONE:
    case STATE_UNCONFIRMED:
    case STATE_REJECTED:
    case STATE_ORPHAN:
    case STATE_COMPENSATED:
        *response = live->response;
        return response->result_count > 0;
    case STATE_PENDING:
        if (live->calling && visit->give_up_ms > engine_now_ms(live->engine))
            return false;
        pending_response(live, response);
        return true;
    case STATE_UNKNOWN:
        pending_response(live, response);
        return true;
    case STATE_NEW:
    case STATE_SENT:
    case STATE_GOT_CERT:
    case STATE_CONFIRM_SENT:
    case STATE_COMPENSATING:
    case STATE_COUNT:
        break;
    }
    if (visit->give_up_ms > engine_now_ms(live->engine))
        return false;
    pending_response(live, response);
    return true;
}

/* A confirmation is answered once it was passed on or, for a final authority, stored. */
static bool confirm_answer(const struct live *live, struct response *response)
{
    if (live->decision == DECISION_NONE || live->row.state == STATE_CONFIRM_SENT)
        return false;
    *response = (struct response){.operation = OPERATION_CONFIRM};
    return true;
}

static void renumber(struct live *live, struct response *response)
{
    for (size_t i = 0; i < response->result_count && i < live->request.item_count; i++)
        response->results[i].inbound_id = live->request.items[i].inbound_id;
}

/* Trust anchors go only to the devices of the group they were configured for (RFC 9810 5.3.2). */
static void add_anchors(struct visit *visit, struct response *response)
{
    const struct credentials *known = visit->context.credentials;
    if (visit->request.identity.group >= known->group_count || !any_granted(response))
        return;
    const struct device_group *group = &known->groups[visit->request.identity.group];
    response->ca_pubs = arena_array(visit->arena, group->ca_pub_count + 1, sizeof(struct bytes));
    response->ca_pub_count = group->ca_pub_count;
    for (size_t i = 0; i < group->ca_pub_count; i++)
        response->ca_pubs[i] = certificate_der(group->ca_pubs[i]);
}

struct answered {
    struct reply reply;
    const char *status;
    struct failure why;
    bool refused;
    bool delivers;
};

static void encode_answer(struct live *live, struct visit *visit, struct response *response,
                          struct answered *out)
{
    renumber(live, response);
    add_anchors(visit, response);
    visit->adapter->encode(&visit->context, response, visit->arena, &out->reply);
    out->delivers = response->result_count > 0 && any_granted(response);
    out->refused = response_why(response, &out->why);
    out->status = result_status_word(response_status(response));
    if (response->operation == OPERATION_CONFIRM)
        out->status = live->decision == DECISION_REJECTED ? "rejected" : "confirmed";
}

static void encode_for(struct live *live, struct visit *visit, struct response *response,
                       struct answered *out)
{
    visit->context.leg = visit->request.leg;
    visit->context.now = engine_now(live->engine);
    visit->context.entropy = engine_entropy(live->engine, visit->arena);
    out->reply = (struct reply){.status = 500};
    if (response->operation == OPERATION_CONFIRM && live->faulty) {
        visit->context.leg = live->row.leg;
        visit->adapter->refuse(&visit->context, &live->confirm_fault, visit->arena, &out->reply);
        out->status = "refused";
        out->refused = true;
        out->why = live->confirm_fault;
    } else {
        encode_answer(live, visit, response, out);
    }
    if (!bytes_is_empty(out->reply.leg))
        live->row.leg = arena_copy(live->arena, out->reply.leg);
    out->reply.body = arena_copy(live->arena, out->reply.body);
    out->reply.leg = BYTES_EMPTY;
}

/* From the completion of the commit that made the answer durable. */
static void hand_out(struct live *live)
{
    const struct answered *answered = live->handing;
    live->handing = NULL;
    struct visit **at = &live->visits;
    while (*at != NULL) {
        struct visit *visit = *at;
        if (visit->answered != answered) {
            at = &visit->next;
            continue;
        }
        *at = visit->next;
        visit->state = state_word(live->row.state);
        visit_answer(visit, &answered->reply, answered->status,
                     answered->refused ? &answered->why : NULL);
    }
    live_work(live);
}

/* An answer that says "later" is said anew each time: the repeat of a request may find that its
 * time has come. */
static bool worth_keeping(const struct visit *visit)
{
    if (visit->claim.repeat == REPEAT_IS_RETRY && visit->answered->refused)
        return false;
    return strcmp(visit->answered->status, result_status_word(RESULT_PENDING)) != 0;
}

static void store_answer(struct live *live, struct visit *visit)
{
    const struct reply *reply = &visit->answered->reply;
    struct stored_reply *stored = arena_alloc(live->arena, sizeof(*stored));
    memcpy(stored->digest, visit->claim.digest.data, sizeof(stored->digest));
    stored->transaction = live->row.id;
    stored->created_at = engine_now(live->engine);
    stored->status = reply->status;
    stored->content_type = reply->content_type;
    stored->body = reply->body;
    stored->retry_after_s = reply->retry_after_s;
    live->delivered |= visit->answered->delivers;
    live->handing = visit->answered;
    live_commit(live, worth_keeping(visit) ? stored : NULL, hand_out);
}

/* Encodes for one visit, and gives the same octets to others that sent the same message. */
static void answer_visit(struct live *live, struct visit *visit, struct response *response)
{
    visit->answered = arena_alloc(live->arena, sizeof(*visit->answered));
    encode_for(live, visit, response, visit->answered);
    for (struct visit *twin = visit->next; twin != NULL; twin = twin->next) {
        if (bytes_equal(twin->claim.digest, visit->claim.digest))
            twin->answered = visit->answered;
    }
    store_answer(live, visit);
}

bool live_answer_visits(struct live *live)
{
    for (struct visit *visit = live->visits; visit != NULL; visit = visit->next) {
        struct response response;
        bool known = visit->request.operation == OPERATION_CONFIRM
                         ? confirm_answer(live, &response)
                         : enrolment_answer(live, visit, &response);
        if (known) {
            answer_visit(live, visit, &response);
            return true;
        }
    }
    return false;
}
