/* Any octets as an authority's answer, and as the PKIResponse inside one whose signature a fuzzer
 * cannot forge. Whatever comes, each item has a result that makes sense. */
#include <stdlib.h>

#include "adapters/cmc/cmc.h"
#include "adapters/cmc/cmc_response.h"
#include "adapters/pkix/pkcs10.h"
#include "tests/support/cmc_vectors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW INT64_C(1893456000)

static struct arena *forever; /* keys and trust: read once */
static struct authority authority;
static struct item items[2];
static const struct request request = {
    .operation = OPERATION_ENROLL, .items = items, .item_count = 2};
static struct bytes state_sent;
static uint8_t octets[ENTROPY_OCTETS];

static void release_at_exit(void)
{
    arena_free(forever);
}

static struct outbound_context context(void)
{
    return (struct outbound_context){
        .authority = &authority, .now = NOW, .entropy = {octets, sizeof(octets)}};
}

static void set_up(void)
{
    struct failure why;
    struct step step;
    forever = arena_new();
    atexit(release_at_exit);
    for (size_t i = 0; i < sizeof(octets); i++)
        octets[i] = (uint8_t)i;
    authority = (struct authority){.name = "fuzz",
                                   .url = "https://ca.example/",
                                   .trust = cmc_trust(forever, "outbound/ca.pem"),
                                   .ra = cmc_ra(forever)};
    for (size_t i = 0; i < 2; i++) {
        if (!pkcs10_parse(cmc_vector(forever, "outbound/device.p10"), forever, &items[i], &why))
            abort();
        items[i].carriage = CARRIAGE_CMC_TCR;
        items[i].inbound_id = (int64_t)i;
    }
    struct outbound_context with = context();
    if (!cmc_outbound.begin(&with, &request, forever, &step, &why))
        abort();
    state_sent = step.state;
}

static void check(const struct response *response)
{
    if (response->result_count != request.item_count)
        abort();
    for (size_t i = 0; i < response->result_count; i++) {
        const struct result *result = &response->results[i];
        bool granted =
            result->status == RESULT_GRANTED || result->status == RESULT_GRANTED_WITH_MODS;
        bool refused = result->status == RESULT_REFUSED || result->status == RESULT_UNKNOWN;
        if (granted != !bytes_is_empty(result->certificate) ||
            refused != (result->reason_count > 0) || (result->confirm_needed && !granted))
            abort();
    }
}

static void take(struct bytes input, struct arena *arena)
{
    const struct message message = {.status = 200, .body = input};
    const struct outbound_event answer = {.kind = OUTBOUND_ANSWER, .answer = &message};
    const struct outbound_event time = {.kind = OUTBOUND_TIME};
    struct outbound_context with = context();
    struct step step, next;
    cmc_outbound.step(&with, &request, state_sent, &answer, arena, &step);
    check(&step.response);
    with = context();
    if (step.kind == STEP_WAIT)
        cmc_outbound.step(&with, &request, step.state, &time, arena, &next);
}

static bool read_statuses(struct cmc_answer *answer, struct arena *arena)
{
    struct failure why;
    const struct cmc_body *body = &answer->body;
    answer->statuses = arena_array(arena, body->control_count, sizeof(*answer->statuses));
    for (size_t i = 0; i < body->control_count; i++) {
        if (body->controls[i].kind == CMC_CONTROL_STATUS_INFO_V2 &&
            !cmc_decode_status(&body->controls[i], arena, &answer->statuses[answer->status_count++],
                               &why))
            return false;
    }
    return true;
}

static void look_behind_signature(struct bytes content, struct arena *arena)
{
    struct cmc_answer answer = {.spoken_at = NOW};
    struct cmc_session session;
    struct failure why;
    struct outbound_context with = context();
    struct response response = {.operation = OPERATION_ENROLL, .result_count = 2};
    response.results = arena_array(arena, 2, sizeof(*response.results));
    if (!cmc_session_unpack(state_sent, arena, &session, &why))
        abort();
    if (!cmc_decode_response(content, arena, &answer.body, &why) || !read_statuses(&answer, arena))
        return;
    cmc_answer_judge(&with, &request, &answer, arena, &session, &response);
    check(&response);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (forever == NULL)
        set_up();
    struct arena *arena = arena_new();
    struct bytes input = bytes_of(data, size);
    take(input, arena);
    look_behind_signature(input, arena);
    arena_free(arena);
    return 0;
}
