#include "gateway/engine/answer.h"

#include <stdio.h>
#include <string.h>

#include "adapters/pkix/credentials.h"
#include "adapters/pkix/names.h"

/* "kept", or "kept,witnessed" where items differ. */
static void log_proof(struct log_line *line, const struct request *request, struct arena *arena)
{
    const char *forms = "", *outcomes = "", *carriages = "";
    for (size_t i = 0; i < request->item_count && i < 8; i++) {
        const struct item *item = &request->items[i];
        const struct carriage_row *carriage = carriage_row(item->carriage);
        const char *comma = i == 0 ? "" : ",";
        forms = arena_printf(arena, "%s%s%s", forms, comma, pop_form_row(item->pop_form)->word);
        outcomes =
            arena_printf(arena, "%s%s%s", outcomes, comma, pop_outcome_word(carriage->outcome));
        carriages = arena_printf(arena, "%s%s%s", carriages, comma, carriage->word);
    }
    log_text(line, "pop_form", forms);
    log_text(line, "pop", outcomes);
    log_text(line, "carriage", carriages);
}

void log_request(struct log_line *line, const struct request *request)
{
    struct arena *arena = arena_new();
    if (request->identity.kind != IDENTITY_NONE) {
        log_text(line, "operation", operation_word(request->operation));
        log_text(line, "identity", identity_kind_word(request->identity.kind));
        log_bytes(line, "principal", request->identity.principal);
    }
    log_bytes(line, "profile", request->profile);
    if (request->item_count > 0) {
        log_number(line, "items", (int64_t)request->item_count);
        log_bytes(line, "subject", names_text(request->items[0].subject, arena));
        log_hex(line, "spki_sha256", bytes_of(request->items[0].spki_sha256, 32));
        log_proof(line, request, arena);
    }
    arena_free(arena);
}

static void log_visit(struct visit *visit, const struct reply *reply, const char *status,
                      const struct failure *why)
{
    struct engine *engine = visit->engine;
    if (engine->ports.log == NULL)
        return;
    struct log_line *line = log_begin(engine->ports.log, EVENT_EXCHANGE);
    log_text(line, "listener", visit->config->listeners[visit->listener].name);
    log_text(line, "peer", visit->peer);
    if (visit->adapter != NULL)
        log_text(line, "protocol", protocol_word(visit->adapter->protocol));
    log_text(line, "message", visit->claim.what);
    log_text(line, "transaction", visit->transaction);
    log_hex(line, "transaction_id", visit->claim.transaction_id);
    if (visit->route != NULL) {
        log_text(line, "route", visit->route->name);
        log_text(line, "authority",
                 visit->config->authorities[visit->route->authority].authority.name);
    }
    log_request(line, &visit->request);
    log_text(line, "state", visit->state);
    log_text(line, "status", status);
    if (why != NULL) {
        log_text(line, "reason", reason_row(why->reason)->word);
        log_text(line, "clause", why->clause);
        log_text(line, "text", why->text);
        log_text(line, "detail", why->detail);
    }
    log_number(line, "http", reply->status);
    log_number(line, "ms", engine_now_ms(engine) - visit->started_ms);
    log_end(line);
}

void visit_answer(struct visit *visit, const struct reply *reply, const char *status,
                  const struct failure *why)
{
    log_visit(visit, reply, status, why);
    struct engine *engine = visit->engine;
    engine->replying = true;
    engine->ports.reply(engine->ports.context, visit->exchange, reply);
    engine->replying = false;
    visit_free(visit);
}

static void fresh_context(struct visit *visit)
{
    visit->context.now = engine_now(visit->engine);
    visit->context.entropy = engine_entropy(visit->engine, visit->arena);
}

void visit_refuse(struct visit *visit, const struct failure *why)
{
    struct reply reply = {.status = 500};
    fresh_context(visit);
    visit->adapter->refuse(&visit->context, why, visit->arena, &reply);
    visit_answer(visit, &reply, "refused", why);
}

bool response_why(const struct response *response, struct failure *why)
{
    for (size_t i = 0; i < response->result_count; i++) {
        const struct result *result = &response->results[i];
        bool refused = result->status == RESULT_REFUSED || result->status == RESULT_UNKNOWN;
        if (!refused)
            continue;
        enum reason reason = result->reason_count > 0 ? result->reasons[0] : REASON_UNSPECIFIED;
        fail(why, reason, result->clause[0] == '\0' ? NULL : result->clause, "%.*s",
             (int)result->text.size, (const char *)result->text.data);
        if (result->text.size == 0)
            snprintf(why->text, sizeof(why->text), "%s", reason_row(reason)->text);
        if (result->detail.size > 0)
            fail_detail(why, "%.*s", (int)result->detail.size, (const char *)result->detail.data);
        return true;
    }
    return false;
}

void visit_respond(struct visit *visit, const struct response *response)
{
    struct reply reply = {.status = 500};
    struct failure why;
    bool refused = response_why(response, &why);
    fresh_context(visit);
    visit->adapter->encode(&visit->context, response, visit->arena, &reply);
    visit_answer(visit, &reply, result_status_word(response_status(response)),
                 refused ? &why : NULL);
}

void visit_refuse_items(struct visit *visit, const struct failure *why)
{
    if (visit->request.item_count == 0) {
        visit_refuse(visit, why);
        return;
    }
    struct response response = {.operation = visit->request.operation};
    response_refuse(&visit->request, why, visit->arena, &response);
    visit->context.leg = visit->request.leg;
    struct reply reply = {.status = 500};
    fresh_context(visit);
    visit->adapter->encode(&visit->context, &response, visit->arena, &reply);
    visit_answer(visit, &reply, "refused", why);
}
