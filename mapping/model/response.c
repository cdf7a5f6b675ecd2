#include "mapping/model/response.h"

#include <assert.h>

const char *result_status_word(enum result_status status)
{
    static const char *const words[RESULT_STATUS_COUNT] = {
        [RESULT_GRANTED] = "granted", [RESULT_GRANTED_WITH_MODS] = "granted-with-mods",
        [RESULT_PENDING] = "pending", [RESULT_REFUSED] = "refused",
        [RESULT_UNKNOWN] = "unknown",
    };
    assert((unsigned)status < RESULT_STATUS_COUNT);
    return words[status];
}

void response_refuse(const struct request *request, const struct failure *why, struct arena *arena,
                     struct response *response)
{
    memset(response, 0, sizeof(*response));
    response->operation = request->operation;
    /* A request without items (rr, genm) is refused by one result of its own. */
    response->result_count = request->item_count > 0 ? request->item_count : 1;
    response->results = arena_array(arena, response->result_count, sizeof(*response->results));
    struct bytes text = arena_copy(arena, bytes_of_text(why->text));
    struct bytes detail = arena_copy(arena, bytes_of_text(why->detail));
    for (size_t i = 0; i < response->result_count; i++) {
        struct result *result = &response->results[i];
        result->inbound_id = request->item_count > 0 ? request->items[i].inbound_id : 0;
        result->status = RESULT_REFUSED;
        result_add_reason(result, why->reason);
        memcpy(result->clause, why->clause, sizeof(result->clause));
        result->text = text;
        result->detail = detail;
    }
}

void result_add_reason(struct result *result, enum reason reason)
{
    for (size_t i = 0; i < result->reason_count; i++) {
        if (result->reasons[i] == reason)
            return;
    }
    if (result->reason_count < RESULT_REASONS)
        result->reasons[result->reason_count++] = reason;
}

static bool any(const struct response *response, enum result_status status)
{
    for (size_t i = 0; i < response->result_count; i++) {
        if (response->results[i].status == status)
            return true;
    }
    return false;
}

enum result_status response_status(const struct response *response)
{
    /* What is open outranks what is settled: UNKNOWN must be reconciled, PENDING polled. */
    static const enum result_status ranks[] = {RESULT_UNKNOWN, RESULT_PENDING,
                                               RESULT_GRANTED_WITH_MODS, RESULT_GRANTED};
    for (size_t i = 0; i < sizeof(ranks) / sizeof(ranks[0]); i++) {
        if (any(response, ranks[i]))
            return ranks[i];
    }
    return any(response, RESULT_REFUSED) ? RESULT_REFUSED : RESULT_GRANTED;
}
