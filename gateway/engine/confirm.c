#include <string.h>

#include "adapters/pkix/confirm.h"
#include "adapters/pkix/credentials.h"
#include "gateway/engine/answer.h"
#include "gateway/engine/work.h"

/* CRLReason of a certificate that the device did not want: cessationOfOperation. */
enum { REASON_CODE_CESSATION = 5 };

static void log_alarm(struct live *live, const char *text, const struct failure *why)
{
    if (live->engine->ports.log == NULL)
        return;
    struct log_line *line = log_begin(live->engine->ports.log, EVENT_ALARM);
    log_bytes(line, "transaction", live->row.id);
    log_text(line, "authority", live->row.authority);
    log_text(line, "state", state_word(live->row.state));
    log_text(line, "text", text);
    if (why != NULL) {
        log_text(line, "reason", reason_row(why->reason)->word);
        log_text(line, "detail", why->text);
    }
    log_end(line);
}

/* ---- judging a confirmation (RFC 9810 5.3.18, RFC 9483 4.1.1) ---- */

static const struct confirmation *find_confirmation(const struct request *request, int64_t id)
{
    for (size_t i = 0; i < request->confirmation_count; i++) {
        if (request->confirmations[i].inbound_id == id)
            return &request->confirmations[i];
    }
    return NULL;
}

static const struct result *find_result(const struct response *response, int64_t id)
{
    for (size_t i = 0; i < response->result_count; i++) {
        if (response->results[i].inbound_id == id)
            return &response->results[i];
    }
    return NULL;
}

/* Every confirmation must speak of a certificate that was delivered, with its right hash. */
static bool confirmations_sound(const struct live *live, const struct request *request,
                                struct failure *why)
{
    for (size_t i = 0; i < request->confirmation_count; i++) {
        const struct confirmation *c = &request->confirmations[i];
        const struct result *result = find_result(&live->response, c->inbound_id);
        if (result == NULL || bytes_is_empty(result->certificate))
            return fail(why, REASON_BAD_REQUEST, "RFC 9483 5.1.2",
                        "certConf names certReqId %lld, for which no certificate was sent",
                        (long long)c->inbound_id);
        if (!c->unhashed && !confirmation_matches(c, result->certificate))
            return fail(why, REASON_BAD_CERT_ID, "RFC 9810 5.3.18",
                        "certHash is not the hash of the certificate that was sent");
    }
    return true;
}

/* ---- what follows ---- */

static bool name_certificate(struct bytes der, struct arena *arena, struct item *item)
{
    struct certificate *certificate = NULL;
    struct failure why;
    if (!certificate_parse(der, &certificate, &why))
        return false;
    item->old_issuer = arena_copy(arena, certificate_issuer(certificate));
    item->old_serial = arena_copy(arena, certificate_serial(certificate));
    certificate_unref(certificate);
    return true;
}

static bool revoke_items(struct live *live, const struct request *decision, struct request *revoke)
{
    const struct response *response = &live->response;
    *revoke = live->request;
    revoke->operation = OPERATION_REVOKE;
    revoke->item_count = 0;
    revoke->items = arena_array(live->arena, response->result_count + 1, sizeof(struct item));
    for (size_t i = 0; i < response->result_count; i++) {
        const struct result *result = &response->results[i];
        const struct confirmation *c = find_confirmation(decision, result->inbound_id);
        if (bytes_is_empty(result->certificate) || (c != NULL && c->accepted))
            continue;
        struct item *item = &revoke->items[revoke->item_count];
        item->inbound_id = result->inbound_id;
        item->revocation_reason = REASON_CODE_CESSATION;
        if (name_certificate(result->certificate, live->arena, item))
            revoke->item_count++;
    }
    return revoke->item_count > 0;
}

/* A final authority is asked to revoke what the device rejected; one without a channel leaves an
 * orphan for a person (RFC 9810 5.3.18). True: a call is to be sent once the decision is durable.
 */
static bool compensate(struct live *live, const struct request *decision)
{
    struct request revoke;
    struct failure why;
    struct step step = {.kind = STEP_DONE};
    struct outbound_context context = {
        .authority = &live->authority->authority,
        .now = engine_now(live->engine),
        .entropy = engine_entropy(live->engine, live->arena),
    };
    const struct outbound_adapter *adapter =
        outbound_adapter(live->authority->authority.capabilities.protocol);
    if (!revoke_items(live, decision, &revoke) ||
        !adapter->begin(&context, &revoke, live->arena, &step, &why)) {
        live_state(live, STATE_ORPHAN);
        live_note(live, "rejected by the device; this authority offers no revocation");
        log_alarm(live, "a rejected certificate cannot be revoked by us: revoke it by hand", NULL);
        return false;
    }
    live->request = revoke;
    live->row.request = request_pack(&revoke, live->arena);
    live->row.outbound_state = step.state;
    live->call = step.call;
    live->row.attempts = 0;
    bool done = step.kind == STEP_DONE; /* the embedded CA needs no wire */
    live_note(live, done ? "rejected by the device and revoked"
                         : "rejected by the device; revocation asked for");
    live_state(live, done ? STATE_COMPENSATED : STATE_COMPENSATING);
    return !done;
}

static void send_compensation(struct live *live)
{
    live_send(live);
    live_work(live);
}

static bool upstream_waits(const struct live *live)
{
    for (size_t i = 0; i < live->response.result_count; i++) {
        if (live->response.results[i].confirm_needed)
            return true;
    }
    return false;
}

static bool all_accepted(const struct live *live, const struct request *request)
{
    for (size_t i = 0; i < live->response.result_count; i++) {
        const struct result *result = &live->response.results[i];
        if (bytes_is_empty(result->certificate))
            continue;
        const struct confirmation *c = find_confirmation(request, result->inbound_id);
        if (c == NULL || !c->accepted)
            return false;
    }
    return true;
}

/* What the authority is told of a confirmation that makes no sense: nothing was accepted. */
static struct outbound_event decision_event(struct live *live, const struct request *decision)
{
    struct outbound_event event = {.kind = OUTBOUND_CONFIRM,
                                   .confirmations = decision->confirmations,
                                   .confirmation_count = decision->confirmation_count};
    if (live->faulty) {
        size_t count = live->response.result_count;
        struct confirmation *none = arena_array(live->arena, count + 1, sizeof(*none));
        for (size_t i = 0; i < count; i++)
            none[i].inbound_id = live->response.results[i].inbound_id;
        event.confirmations = none;
        event.confirmation_count = count;
    }
    return event;
}

/* Which certificates the device took. A batch may be taken in part. */
static void note_accepted(struct live *live, const struct request *decision)
{
    size_t count = live->response.result_count;
    uint8_t *accepted = arena_alloc(live->arena, count + 1);
    for (size_t i = 0; i < count && !live->faulty; i++) {
        const struct confirmation *c =
            find_confirmation(decision, live->response.results[i].inbound_id);
        accepted[i] = c != NULL && c->accepted;
    }
    live->accepted = bytes_of(accepted, count);
}

static void take_decision(struct live *live, struct visit *visit)
{
    const struct request *decision = &visit->request;
    note_accepted(live, decision);
    bool accepted = !live->faulty && all_accepted(live, decision);
    live->decision = accepted ? DECISION_ACCEPTED : DECISION_REJECTED;
    live->working = true;
    live_attach(live, visit);
    if (upstream_waits(live)) {
        struct outbound_event event = decision_event(live, decision);
        live_event(live, &event);
    } else if (accepted) {
        live_state(live, STATE_DONE);
        live_conclude(live);
    } else if (compensate(live, decision)) {
        live_commit(live, NULL, send_compensation);
    } else {
        live_conclude(live);
    }
    live->working = false;
}

static struct bytes accepted_all(struct live *live)
{
    uint8_t *accepted = arena_alloc(live->arena, live->response.result_count + 1);
    for (size_t i = 0; i < live->response.result_count; i++)
        accepted[i] = !bytes_is_empty(live->response.results[i].certificate);
    return bytes_of(accepted, live->response.result_count);
}

void confirm_visit(struct live *live, struct visit *visit)
{
    live->faulty = !confirmations_sound(live, &visit->request, &live->confirm_fault);
    take_decision(live, visit);
}

void confirm_visit_late(struct live *live, struct visit *visit)
{
    struct failure why;
    bool sound = confirmations_sound(live, &visit->request, &why);
    if (!sound || !all_accepted(live, &visit->request)) {
        fail(&why, REASON_CERT_CONFIRMED, "RFC 9810 5.3.18",
             "the certificate was confirmed already; to be rid of it, have it revoked");
        live_settle(live);
        visit_refuse(visit, &why);
        return;
    }
    if (live->row.state == STATE_UNCONFIRMED && upstream_waits(live)) {
        confirm_visit(live, visit); /* the authority was never told */
        return;
    }
    live->decision = DECISION_ACCEPTED;
    live->accepted = accepted_all(live);
    live->working = true;
    live_state(live, STATE_DONE);
    live_attach(live, visit);
    live_conclude(live);
    live->working = false;
}

void confirm_visit_faulty(struct live *live, struct visit *visit, const struct failure *why)
{
    live->faulty = true;
    live->confirm_fault = *why;
    visit->request.confirmation_count = 0;
    take_decision(live, visit);
}

void live_cancel(struct live *live, struct visit *visit)
{
    size_t count = live->response.result_count;
    visit->request.confirmations =
        arena_array(visit->arena, count + 1, sizeof(*visit->request.confirmations));
    visit->request.confirmation_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct result *result = &live->response.results[i];
        if (!bytes_is_empty(result->certificate))
            visit->request.confirmations[visit->request.confirmation_count++] =
                (struct confirmation){.inbound_id = result->inbound_id, .unhashed = true};
    }
    confirm_visit(live, visit);
}

void live_confirm_ourselves(struct live *live)
{
    struct arena *arena = live->arena;
    size_t count = live->response.result_count;
    struct confirmation *all = arena_array(arena, count + 1, sizeof(*all));
    for (size_t i = 0; i < count; i++) {
        all[i].inbound_id = live->response.results[i].inbound_id;
        all[i].accepted = !bytes_is_empty(live->response.results[i].certificate);
    }
    live->decision = DECISION_ACCEPTED;
    live->accepted = accepted_all(live);
    struct outbound_event event = {
        .kind = OUTBOUND_CONFIRM, .confirmations = all, .confirmation_count = count};
    live_event(live, &event);
}

/* The authority's answer to a confirmation. The certificate is with the device, so a failure here
 * is an alarm and not a refusal of what was delivered. */
void live_finish_confirm(struct live *live, const struct response *response)
{
    struct failure why;
    if (response_why(response, &why)) {
        log_alarm(live, "the authority did not take the confirmation", &why);
        live_state(live, STATE_UNCONFIRMED);
    } else if (live->decision == DECISION_REJECTED) {
        live_note(live, "rejected by the device; the authority was told");
        live_state(live, STATE_REJECTED);
    } else {
        live_state(live, STATE_DONE);
    }
    live_conclude(live);
}

void live_finish_compensation(struct live *live, const struct response *response)
{
    struct failure why;
    bool refused = response_why(response, &why);
    if (refused) {
        live_note(live, "revocation of the rejected certificate failed: %s", why.text);
        log_alarm(live, "a rejected certificate could not be revoked: revoke it by hand", &why);
    } else {
        live_note(live, "rejected by the device and revoked");
    }
    live_state(live, refused ? STATE_ORPHAN : STATE_COMPENSATED);
    live_conclude(live);
}
