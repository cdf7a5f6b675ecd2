#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/pkix/credentials.h"
#include "adapters/pkix/names.h"
#include "adapters/pkix/signature.h"
#include "gateway/engine/answer.h"
#include "gateway/engine/work.h"
#include "mapping/model/limits.h"
#include "mapping/model/pack.h"

enum { MEMORY_VERSION = 1, RECOMMIT_MS = 500 };

/* CRLReason of a certificate that the device did not want (RFC 5280 5.3.1). */
enum { REASON_CODE_CESSATION = 5 };

/* What the engine remembers besides the row's own columns: which message opened the exchange, and
 * the exact call, so that a repeat is the same octets. */
static struct bytes pack_memory(const struct live *live)
{
    struct pack_writer w = pack_writer(live->arena, MEMORY_VERSION);
    pack_bytes(&w, live->opening);
    pack_number(&w, live->decision);
    pack_number(&w, live->delivered);
    pack_bytes(&w, live->accepted);
    pack_bytes(&w, bytes_of_text(live->call.method));
    pack_bytes(&w, bytes_of_text(live->call.path_suffix));
    pack_bytes(&w, bytes_of_text(live->call.content_type));
    pack_bytes(&w, bytes_of_text(live->call.accept));
    pack_bytes(&w, live->call.body);
    return pack_result(&w);
}

bool live_opened_by(const struct visit *visit, const struct live *live,
                    const struct transaction *row)
{
    struct pack_reader r = pack_reader(row->call, MEMORY_VERSION);
    struct bytes opening = live != NULL ? live->opening : pack_read_bytes(&r);
    return bytes_equal(visit->claim.digest, opening);
}

bool row_was_rejected(const struct transaction *row)
{
    struct pack_reader r = pack_reader(row->call, MEMORY_VERSION);
    pack_read_bytes(&r);
    return pack_read_number(&r) == DECISION_REJECTED;
}

static const char *read_text(struct pack_reader *r, struct arena *arena)
{
    struct bytes text = pack_read_bytes(r);
    return bytes_is_empty(text) ? NULL : arena_text(arena, text);
}

static bool unpack_memory(struct live *live)
{
    struct pack_reader r = pack_reader(live->row.call, MEMORY_VERSION);
    live->opening = pack_read_bytes(&r);
    live->decision = (enum decision)pack_read_number(&r);
    live->delivered = pack_read_number(&r) != 0;
    live->accepted = pack_read_bytes(&r);
    live->call.method = read_text(&r, live->arena);
    live->call.path_suffix = read_text(&r, live->arena);
    live->call.content_type = read_text(&r, live->arena);
    live->call.accept = read_text(&r, live->arena);
    live->call.body = pack_read_bytes(&r);
    if (live->call.path_suffix == NULL)
        live->call.path_suffix = "";
    return pack_done(&r);
}

static struct bytes hex(struct arena *arena, struct bytes octets)
{
    char *text = arena_alloc(arena, octets.size * 2 + 1);
    for (size_t i = 0; i < octets.size; i++)
        sprintf(text + 2 * i, "%02x", octets.data[i]);
    return bytes_of(text, octets.size * 2);
}

void live_adopt_visit(struct live *live, struct visit *visit)
{
    struct failure why;
    live->row.exchange = arena_copy(live->arena, visit->claim.exchange);
    live->opening = arena_copy(live->arena, visit->claim.digest);
    live->row.transaction_id = hex(live->arena, visit->claim.transaction_id);
    live->row.leg = arena_copy(live->arena, visit->request.leg);
    live->row.inbound = visit->request.protocol;
    live->row.request = request_pack(&visit->request, live->arena);
    if (!request_unpack(live->row.request, live->arena, &live->request, &why))
        abort(); /* what we packed ourselves a line above */
}

struct bytes request_key(const struct request *request, struct arena *arena)
{
    uint8_t hash[32];
    if (request->item_count == 0 || bytes_is_empty(request->items[0].spki))
        return BYTES_EMPTY;
    if (request->item_count == 1)
        return arena_copy(arena, bytes_of(request->items[0].spki_sha256, 32));
    struct pack_writer all = pack_writer(arena, MEMORY_VERSION);
    for (size_t i = 0; i < request->item_count; i++)
        pack_bytes(&all, bytes_of(request->items[i].spki_sha256, 32));
    sha256(pack_result(&all), hash);
    return arena_copy(arena, bytes_of(hash, sizeof(hash)));
}

struct live *live_from_visit(struct visit *visit)
{
    struct engine *engine = visit->engine;
    struct live *live = live_new(engine, visit->config);
    const struct item *first = &visit->request.items[0];
    uint8_t id[16];
    engine->ports.random(engine->ports.context, id, sizeof(id));
    live->route = visit->route;
    live->authority = &visit->config->authorities[visit->route->authority];
    live->row = (struct transaction){
        .id = hex(live->arena, bytes_of(id, sizeof(id))),
        .state = STATE_NEW,
        .operation = visit->request.operation,
        .route = live->route->name,
        .authority = live->authority->authority.name,
        .created_at = engine_now(engine),
        .principal = arena_copy(live->arena, visit->request.identity.principal),
        .subject = names_text(first->subject, live->arena),
    };
    live->row.key = request_key(&visit->request, live->arena);
    live_adopt_visit(live, visit);
    return live;
}

static bool find_route(struct live *live)
{
    const struct config *config = live->config;
    for (size_t i = 0; i < config->route_count && live->route == NULL; i++) {
        if (strcmp(config->routes[i].name, live->row.route) == 0)
            live->route = &config->routes[i];
    }
    for (size_t i = 0; i < config->authority_count && live->authority == NULL; i++) {
        if (strcmp(config->authorities[i].authority.name, live->row.authority) == 0)
            live->authority = &config->authorities[i];
    }
    return live->route != NULL && live->authority != NULL;
}

/* `detail` may be NULL. */
static void alarm_row(struct live *live, const char *text, const char *detail)
{
    if (live->engine->ports.log == NULL)
        return;
    struct log_line *line = log_begin(live->engine->ports.log, EVENT_ALARM);
    log_bytes(line, "transaction", live->row.id);
    log_text(line, "route", live->row.route);
    log_text(line, "authority", live->row.authority);
    log_text(line, "state", state_word(live->row.state));
    log_text(line, "text", text);
    log_text(line, "detail", detail);
    log_end(line);
}

struct live *live_from_row(struct engine *engine, const struct transaction *row)
{
    struct live *live = live_new(engine, engine->config);
    struct failure why;
    live->row = *row;
    live->base = row->state;
    live->row.id = arena_copy(live->arena, row->id);
    live->row.exchange = arena_copy(live->arena, row->exchange);
    live->row.route = arena_text(live->arena, bytes_of_text(row->route));
    live->row.authority = arena_text(live->arena, bytes_of_text(row->authority));
    struct bytes *const slices[] = {
        &live->row.request,  &live->row.leg,  &live->row.outbound_state, &live->row.call,
        &live->row.response, &live->row.key,  &live->row.transaction_id, &live->row.principal,
        &live->row.subject,  &live->row.note,
    };
    for (size_t i = 0; i < sizeof(slices) / sizeof(slices[0]); i++)
        *slices[i] = arena_copy(live->arena, *slices[i]);
    live->stored = true;
    bool sound = find_route(live) &&
                 request_unpack(live->row.request, live->arena, &live->request, &why) &&
                 unpack_memory(live) &&
                 (bytes_is_empty(live->row.response) ||
                  response_unpack(live->row.response, live->arena, &live->response, &why));
    if (sound)
        return live;
    alarm_row(live,
              live->route == NULL       ? "its route is gone from the configuration"
              : live->authority == NULL ? "its authority is gone from the configuration"
                                        : "its record in the store cannot be read",
              NULL);
    live_free(live);
    return NULL;
}

void live_state(struct live *live, enum state state)
{
    if (live->engine->ports.log != NULL && state != live->row.state) {
        struct log_line *line = log_begin(live->engine->ports.log, EVENT_STATE);
        log_bytes(line, "transaction", live->row.id);
        log_text(line, "from", state_word(live->row.state));
        log_text(line, "to", state_word(state));
        log_end(line);
    }
    live->row.state = state;
    live->row.wake_at = 0;
}

void live_note(struct live *live, const char *format, ...)
{
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    live->row.note = bytes_of_text(arena_printf(live->arena, "%s", text));
}

/* What the store shall say of the i-th certificate follows from the transaction's state, and from
 * what the device said of that one. */
static enum certificate_state certificate_state_of(const struct live *live, size_t i)
{
    static const enum certificate_state by_state[STATE_COUNT] = {
        [STATE_COMPENSATED] = CERTIFICATE_REVOKED,
        [STATE_ORPHAN] = CERTIFICATE_ORPHAN,
        [STATE_REJECTED] = CERTIFICATE_REVOKED, /* the authority was told in time */
    };
    if (i < live->accepted.size && live->accepted.data[i] != 0)
        return CERTIFICATE_CONFIRMED;
    enum certificate_state said = by_state[live->row.state];
    if (said != CERTIFICATE_ISSUED)
        return said;
    return live->delivered ? CERTIFICATE_DELIVERED : CERTIFICATE_ISSUED;
}

static bool certificate_row(struct live *live, size_t i, struct issued_certificate *row)
{
    struct bytes der = live->response.results[i].certificate;
    struct certificate *certificate = NULL;
    struct failure why;
    if (bytes_is_empty(der) || !certificate_parse(der, &certificate, &why))
        return false;
    row->transaction = live->row.id;
    row->authority = live->row.authority;
    row->issuer = arena_copy(live->arena, certificate_issuer(certificate));
    row->serial = arena_copy(live->arena, certificate_serial(certificate));
    row->subject_text = names_text(certificate_subject(certificate), live->arena);
    row->der = der;
    row->state = certificate_state_of(live, i);
    row->issued_at = engine_now(live->engine);
    row->not_after = certificate_not_after(certificate);
    row->revoked_at = row->state == CERTIFICATE_REVOKED ? row->issued_at : 0;
    row->revocation_reason = row->state == CERTIFICATE_REVOKED ? REASON_CODE_CESSATION : -1;
    memcpy(row->sha256, certificate_sha256(certificate).data, 32);
    sha256(certificate_spki(certificate), row->spki_sha256);
    certificate_unref(certificate);
    return true;
}

static void add_certificates(struct live *live, struct store_batch *batch)
{
    if (live->request.operation == OPERATION_REVOKE && live->row.state == STATE_DONE) {
        struct issued_certificate *revoked;
        batch->certificate_count = revoked_certificates(live, &revoked);
        batch->certificates = revoked;
        return;
    }
    const struct response *response = &live->response;
    struct issued_certificate *rows =
        arena_array(live->arena, response->result_count + 1, sizeof(*rows));
    for (size_t i = 0; i < response->result_count; i++) {
        if (certificate_row(live, i, &rows[batch->certificate_count]))
            batch->certificate_count++;
    }
    batch->certificates = rows;
}

/* ---- commits ---- */

static void refuse_all(struct live *live, enum reason reason, const char *text)
{
    live_unregister(live);
    struct failure why;
    fail(&why, reason, NULL, "%s", text);
    while (live->visits != NULL) {
        struct visit *visit = live->visits;
        live->visits = visit->next;
        visit_refuse_items(visit, &why);
    }
}

/* The exchange exists already: somebody else (another thread, another machine) was quicker with
 * the same message. Its visits look at the store again. */
static void lost_race(struct live *live)
{
    while (live->visits != NULL) {
        struct visit *visit = live->visits;
        live->visits = visit->next;
        visit->look_ms = engine_now_ms(live->engine);
        visit->next = live->engine->parked;
        live->engine->parked = visit;
    }
    engine_wake_in(live->engine, 0);
}

/* Another engine wrote the row since we read it. What it writes beside us is the device's side (a
 * poll was answered); what we know is the authority's. If the state is the one we started from,
 * both belong together. */
static bool merge(struct live *live)
{
    struct transaction fresh;
    if (live->batch.insert != NULL ||
        !store_find_id(live->engine->ports.store, live->row.id, live->arena, &fresh, NULL) ||
        fresh.state != live->base)
        return false;
    if (live->handing == NULL) {
        live_unregister(live);
        live->row.exchange = fresh.exchange;
        live->row.leg = fresh.leg;
        live->row.transaction_id = fresh.transaction_id;
        live->row.inbound = fresh.inbound;
        live_register(live);
    }
    live->row.version = fresh.version + 1;
    live_recommit(live);
    return true;
}

static void committed(void *context, enum store_result result)
{
    struct live *live = context;
    bool insert = live->batch.insert != NULL;
    live->engine->commit_count--;
    live->committing = false;
    if (result == STORE_OK) {
        live->stored = true;
        live->base = live->row.state;
        live->then(live);
        return;
    }
    if (result == STORE_CONFLICT) {
        if (merge(live))
            return;
        if (!insert && live->row.state != live->base)
            alarm_row(live, "its record was changed by another process; what we knew is dropped",
                      NULL);
        lost_race(live);
        live_free(live);
        return;
    }
    const char *trouble = store_trouble(live->engine->ports.store, live->arena);
    if (insert) {
        alarm_row(live, "the store refuses to write; the request is refused", trouble);
        refuse_all(live, REASON_SYSTEM_UNAVAIL,
                   "the gateway cannot store the request; try again later");
        live_free(live);
        return;
    }
    alarm_row(live, "the store refuses to write; trying again", trouble);
    live->recommit_ms = engine_now_ms(live->engine) + RECOMMIT_MS;
    engine_wake_in(live->engine, RECOMMIT_MS);
}

void live_recommit(struct live *live)
{
    struct engine *engine = live->engine;
    live->recommit_ms = 0;
    live->committing = true;
    engine->commit_count++;
    const struct store_completion completion = {
        .done = committed,
        .context = live,
        .post = engine->ports.post,
        .loop = engine->ports.context,
    };
    store_commit(engine->ports.store, &live->batch, &completion);
}

void live_commit(struct live *live, const struct stored_reply *reply, void (*then)(struct live *))
{
    live->row.version++;
    live->row.updated_at = engine_now(live->engine);
    live->row.call = pack_memory(live);
    live->batch = (struct store_batch){
        .insert = live->stored ? NULL : &live->row,
        .update = live->stored ? &live->row : NULL,
        .reply = reply,
    };
    add_certificates(live, &live->batch);
    live->then = then;
    live_recommit(live);
}

void live_conclude(struct live *live)
{
    if (live->visits == NULL || !live_answer_visits(live))
        live_commit(live, NULL, live_work);
}
