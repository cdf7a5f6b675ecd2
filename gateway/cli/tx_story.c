#include "gateway/cli/tx_story.h"

#include "adapters/pkix/der.h"
#include "adapters/pkix/names.h"
#include "mapping/model/response.h"

static const char *text_of(struct bytes utf8, struct arena *arena)
{
    return bytes_is_empty(utf8) ? "-" : arena_text(arena, utf8);
}

/* ---- words ----------------------------------------------------------------------------------- */

static const char *known_by(enum identity_kind kind)
{
    static const char *const words[IDENTITY_KIND_COUNT] = {
        [IDENTITY_NONE] = "who proved nothing",
        [IDENTITY_MAC] = "known by a shared secret",
        [IDENTITY_SIGNATURE] = "known by the certificate that signed the message",
        [IDENTITY_TLS] = "known by its TLS client certificate",
        [IDENTITY_PASSWORD] = "known by an HTTP password",
        [IDENTITY_REQUEST_KEY] = "known by nothing but the key in the request",
    };
    return words[kind];
}

static const char *checked(enum pop_verdict verdict)
{
    switch (verdict) {
    case POP_VERIFIED:
        return "checked by us";
    case POP_VOUCHED:
        return "vouched for by a registration authority";
    case POP_OPEN:
        return "left to the authority";
    case POP_UNCHECKED:
        break;
    }
    return "not checked";
}

/* What a person can do about it; NULL where nothing is to be done. */
static const char *advice(enum state state)
{
    static const char *const texts[STATE_COUNT] = {
        [STATE_UNKNOWN] =
            "Ask the authority whether it issued a certificate for this subject. If it did and the "
            "device does not come back, revoke that certificate there.",
        [STATE_UNCONFIRMED] =
            "The device got its certificate and never said so. Look whether it uses it; if not, "
            "revoke it.",
        [STATE_ORPHAN] =
            "A certificate was or may have been issued and no device holds it. If the device comes "
            "back with the same key it may still get it; otherwise revoke it (dragoman ca revoke, "
            "or at the authority).",
    };
    return texts[state];
}

/* ---- told ------------------------------------------------------------------------------------ */

static void tell_item(FILE *out, const struct item *item, struct arena *arena)
{
    const struct carriage_row *carriage = carriage_row(item->carriage);
    fprintf(out, "  For the subject %s.\n",
            der_name_is_empty(item->subject) ? "(none)"
                                             : text_of(names_text(item->subject, arena), arena));
    fprintf(out, "  Its proof of possession (%s) was %s and is %s towards the authority: %s.\n",
            pop_form_row(item->pop_form)->word, checked(item->pop_verdict),
            pop_outcome_word(carriage->outcome), carriage->what);
}

static void tell_request(FILE *out, const struct transaction *t, struct arena *arena)
{
    struct request request;
    struct failure why;
    bool read = request_unpack(t->request, arena, &request, &why);
    fprintf(out, "At %s \"%s\", %s, asked by %s (%s) to %s.\n", text_time(t->created_at, arena),
            text_of(t->principal, arena), read ? known_by(request.identity.kind) : "as it says",
            protocol_word(t->inbound), read ? request.what : "?", operation_word(t->operation));
    if (!bytes_is_empty(t->transaction_id))
        fprintf(out, "  The device calls it %s.\n", text_of(t->transaction_id, arena));
    for (size_t i = 0; read && request.operation != OPERATION_REVOKE && i < request.item_count; i++)
        tell_item(out, &request.items[i], arena);
    fprintf(out, "The route \"%s\" leads to the authority \"%s\".\n", t->route, t->authority);
}

static void tell_result(FILE *out, const struct result *result, const char *authority,
                        struct arena *arena)
{
    fprintf(out, "  \"%s\" says: %s", authority, result_status_word(result->status));
    for (size_t i = 0; i < result->reason_count; i++)
        fprintf(out, "%s%s", i == 0 ? ", " : " ", reason_row(result->reasons[i])->word);
    if (result->clause[0] != '\0')
        fprintf(out, " (%s)", result->clause);
    if (!bytes_is_empty(result->text))
        fprintf(out, ": %s", text_of(result->text, arena));
    fputs(".\n", out);
    if (!bytes_is_empty(result->detail))
        fprintf(out, "    %s\n", text_of(result->detail, arena));
}

static void tell_answer(FILE *out, const struct story *story, struct arena *arena)
{
    const struct transaction *t = story->transaction;
    struct response response;
    struct failure why;
    if (!bytes_is_empty(t->response) && response_unpack(t->response, arena, &response, &why))
        for (size_t i = 0; i < response.result_count; i++)
            tell_result(out, &response.results[i], t->authority, arena);
    for (size_t i = 0; i < story->certificate_count; i++) {
        const struct issued_certificate *c = &story->certificates[i];
        fprintf(out, "  Certificate %s for %s, valid until %s: %s", text_serial(c->serial, arena),
                text_of(c->subject_text, arena), text_time(c->not_after, arena),
                certificate_state_word(c->state));
        if (c->revoked_at != 0)
            fprintf(out, " at %s", text_time(c->revoked_at, arena));
        fputs(".\n", out);
    }
}

static void tell_now(FILE *out, const struct transaction *t, struct arena *arena)
{
    fprintf(out, "Since %s it is %s: %s.\n", text_time(t->updated_at, arena), state_word(t->state),
            state_what(t->state));
    if (t->attempts > 0)
        fprintf(out, "  The present message was sent %d time%s.\n", t->attempts,
                t->attempts == 1 ? "" : "s");
    if (!bytes_is_empty(t->note))
        fprintf(out, "  Noted: %s.\n", text_of(t->note, arena));
    if (t->wake_at != 0)
        fprintf(out, "  It is looked at again at %s.\n", text_time(t->wake_at, arena));
    if (t->deadline != 0 && !state_is_final(t->state))
        fprintf(out, "  It is given up at %s.\n", text_time(t->deadline, arena));
    if (advice(t->state) != NULL)
        fprintf(out, "%s\n", advice(t->state));
}

void story_tell(FILE *out, const struct story *story, struct arena *arena)
{
    fprintf(out, "Transaction %s\n", text_of(story->transaction->id, arena));
    tell_request(out, story->transaction, arena);
    tell_answer(out, story, arena);
    tell_now(out, story->transaction, arena);
}

void story_line(FILE *out, const struct transaction *t, struct arena *arena)
{
    fprintf(out, "%s  %s  %-15s  %-8s  %s -> %s  %s\n", text_of(t->id, arena),
            text_time(t->created_at, arena), state_word(t->state), operation_word(t->operation),
            t->route, t->authority, text_of(t->subject, arena));
}

/* ---- read by programs ------------------------------------------------------------------------ */

static json_t *item_json(const struct item *item, struct arena *arena)
{
    const struct carriage_row *carriage = carriage_row(item->carriage);
    json_t *row = json_object();
    json_object_set_new(row, "subject", text_json(names_text(item->subject, arena)));
    json_object_set_new(row, "pop", json_string(pop_form_row(item->pop_form)->word));
    json_object_set_new(row, "carriage", json_string(carriage->word));
    json_object_set_new(row, "pop_outcome", json_string(pop_outcome_word(carriage->outcome)));
    return row;
}

static json_t *result_json(const struct result *result)
{
    json_t *row = json_object(), *reasons = json_array();
    for (size_t i = 0; i < result->reason_count; i++)
        json_array_append_new(reasons, json_string(reason_row(result->reasons[i])->word));
    json_object_set_new(row, "status", json_string(result_status_word(result->status)));
    json_object_set_new(row, "reasons", reasons);
    json_object_set_new(row, "clause", json_string(result->clause));
    json_object_set_new(row, "text", text_json(result->text));
    json_object_set_new(row, "detail", text_json(result->detail));
    return row;
}

static void add_request(json_t *row, const struct transaction *t, struct arena *arena)
{
    struct request request;
    struct failure why;
    json_t *items = json_array();
    if (request_unpack(t->request, arena, &request, &why)) {
        json_object_set_new(row, "message", text_json(bytes_of_text(request.what)));
        json_object_set_new(row, "identity",
                            json_string(identity_kind_word(request.identity.kind)));
        for (size_t i = 0; i < request.item_count; i++)
            json_array_append_new(items, item_json(&request.items[i], arena));
    }
    json_object_set_new(row, "items", items);
}

static void add_answer(json_t *row, const struct story *story, struct arena *arena)
{
    struct response response;
    struct failure why;
    json_t *results = json_array(), *certificates = json_array();
    struct bytes packed = story->transaction->response;
    if (!bytes_is_empty(packed) && response_unpack(packed, arena, &response, &why))
        for (size_t i = 0; i < response.result_count; i++)
            json_array_append_new(results, result_json(&response.results[i]));
    for (size_t i = 0; i < story->certificate_count; i++)
        json_array_append_new(certificates, text_certificate_json(&story->certificates[i], arena));
    json_object_set_new(row, "results", results);
    json_object_set_new(row, "certificates", certificates);
}

static void add_time(json_t *row, const char *key, int64_t t, struct arena *arena)
{
    if (t != 0)
        json_object_set_new(row, key, json_string(text_time_iso(t, arena)));
}

json_t *story_json(const struct story *story, struct arena *arena)
{
    const struct transaction *t = story->transaction;
    json_t *row = json_object();
    json_object_set_new(row, "transaction", text_json(t->id));
    json_object_set_new(row, "state", json_string(state_word(t->state)));
    json_object_set_new(row, "operation", json_string(operation_word(t->operation)));
    json_object_set_new(row, "protocol", json_string(protocol_word(t->inbound)));
    json_object_set_new(row, "route", text_json(bytes_of_text(t->route)));
    json_object_set_new(row, "authority", text_json(bytes_of_text(t->authority)));
    json_object_set_new(row, "principal", text_json(t->principal));
    json_object_set_new(row, "subject", text_json(t->subject));
    json_object_set_new(row, "transaction_id", text_json(t->transaction_id));
    json_object_set_new(row, "note", text_json(t->note));
    json_object_set_new(row, "attempts", json_integer(t->attempts));
    add_time(row, "created", t->created_at, arena);
    add_time(row, "updated", t->updated_at, arena);
    add_time(row, "wake", t->wake_at, arena);
    add_time(row, "deadline", t->deadline, arena);
    add_request(row, t, arena);
    add_answer(row, story, arena);
    return row;
}
