#include "adapters/local/local.h"

#include "adapters/local/local_ca.h"
#include "adapters/pkix/issued.h"
#include "adapters/pkix/names.h"
#include "adapters/pkix/signature.h"

/* What one answer needs besides the items. */
struct desk {
    const struct local_ca *ca;
    const struct trust *trust;
    int64_t now;
    struct bytes seed; /* for the serial numbers of all items */
    struct arena *arena;
};

static void refuse(struct result *result, const struct failure *why, struct arena *arena)
{
    result->status = RESULT_REFUSED;
    result_add_reason(result, why->reason);
    memcpy(result->clause, why->clause, sizeof(result->clause));
    result->text = arena_copy(arena, bytes_of_text(why->text));
    result->detail = arena_copy(arena, bytes_of_text(why->detail));
}

/* A message may hold more items than one step's entropy has octets for. */
static struct entropy entropy_of_item(const struct desk *desk, size_t i)
{
    uint8_t *octets = arena_alloc(desk->arena, 32);
    uint8_t numbered[34];
    memcpy(numbered, desk->seed.data, 32);
    numbered[32] = (uint8_t)(i >> 8);
    numbered[33] = (uint8_t)i;
    sha256(bytes_of(numbered, sizeof(numbered)), octets);
    return (struct entropy){octets, 32};
}

static bool check_proof(const struct item *item, struct failure *why)
{
    if (item->pop_verdict == POP_VERIFIED || item->pop_verdict == POP_VOUCHED)
        return true;
    return fail(why, REASON_POP_REQUIRED, NULL, NULL);
}

static void issue(const struct desk *desk, const struct item *item, size_t i, struct result *result)
{
    struct failure why;
    struct entropy entropy = entropy_of_item(desk, i);
    struct bytes certificate;
    if (!check_proof(item, &why) ||
        !local_ca_issue(desk->ca, item, desk->now, &entropy, desk->arena, &certificate, &why) ||
        !issued_check(item, certificate, &desk->ca->signer->certificate, 1, desk->trust, desk->now,
                      desk->arena, result, &why))
        refuse(result, &why, desk->arena);
}

/* The store of the caller keeps what is revoked; the next CRL is made from it. */
static void revoke(const struct desk *desk, const struct item *item, struct result *result)
{
    struct failure why;
    struct bytes own = certificate_subject(desk->ca->signer->certificate);
    if (names_same(item->old_issuer, own)) {
        result->status = RESULT_GRANTED;
        return;
    }
    fail(&why, REASON_BAD_CERT_ID, "RFC 9483 3.6.4",
         "the certificate to be revoked was issued by another CA");
    refuse(result, &why, desk->arena);
}

static void give_chain(const struct desk *desk, struct response *response)
{
    const struct signer *signer = desk->ca->signer;
    response->chain = arena_array(desk->arena, signer->chain_count + 1, sizeof(struct bytes));
    response->chain[response->chain_count++] =
        arena_copy(desk->arena, certificate_der(signer->certificate));
    for (size_t i = 0; i < signer->chain_count; i++)
        response->chain[response->chain_count++] =
            arena_copy(desk->arena, certificate_der(signer->chain[i]));
}

static void answer(const struct desk *desk, const struct request *request,
                   struct response *response)
{
    *response = (struct response){.operation = request->operation};
    response->results = arena_array(desk->arena, request->item_count, sizeof(struct result));
    response->result_count = request->item_count;
    for (size_t i = 0; i < request->item_count; i++) {
        struct result *result = &response->results[i];
        result->inbound_id = request->items[i].inbound_id;
        if (request->operation == OPERATION_REVOKE)
            revoke(desk, &request->items[i], result);
        else
            issue(desk, &request->items[i], i, result);
    }
    if (request->operation != OPERATION_REVOKE)
        give_chain(desk, response);
}

static void release_trust(void *trust)
{
    trust_unref(trust);
}

/* Without a trust of its own the authority believes its own CA certificate. */
static const struct trust *trust_of(const struct authority *authority, struct arena *arena,
                                    struct failure *why)
{
    if (authority->trust != NULL)
        return authority->trust;
    return arena_own(arena, trust_new(&authority->local->signer->certificate, 1, NULL, 0, 0, why),
                     release_trust);
}

static bool begin(struct outbound_context *context, const struct request *request,
                  struct arena *arena, struct step *step, struct failure *why)
{
    const struct authority *authority = context->authority;
    if (authority->local == NULL)
        return fail(why, REASON_INTERNAL, NULL, "the embedded CA has no key");
    if ((!operation_enrols(request->operation) && request->operation != OPERATION_REVOKE) ||
        request->item_count == 0)
        return fail(why, REASON_NO_OPERATION, NULL, NULL);
    struct desk desk = {.ca = authority->local,
                        .trust = trust_of(authority, arena, why),
                        .now = context->now,
                        .seed = entropy_take(&context->entropy, 32, arena),
                        .arena = arena};
    if (desk.trust == NULL)
        return false;
    *step = (struct step){.kind = STEP_DONE, .state = BYTES_LITERAL("\x01")};
    answer(&desk, request, &step->response);
    return true;
}

/* Nothing was sent and nothing waits, so no event is ours; an engine that asks is told so. */
static void step(struct outbound_context *context, const struct request *request,
                 struct bytes state, const struct outbound_event *event, struct arena *arena,
                 struct step *out)
{
    (void)context;
    (void)event;
    struct failure why;
    *out = (struct step){.kind = STEP_DONE, .state = state};
    fail(&why, REASON_INTERNAL, NULL, "the embedded CA has answered already");
    response_refuse(request, &why, arena, &out->response);
}

const struct outbound_adapter local_outbound = {
    .protocol = PROTOCOL_LOCAL,
    .begin = begin,
    .step = step,
};
