#include "tests/support/cmp_gateway.h"

#include "mapping/model/limits.h"

static void release_secrets(void *secrets)
{
    secrets_unref(secrets);
}

static struct secrets *some_secrets(struct arena *arena)
{
    struct secrets *secrets = secrets_new();
    secrets_add(secrets, BYTES_LITERAL(CMP_REFERENCE), BYTES_LITERAL(CMP_SECRET));
    secrets_add(secrets, BYTES_LITERAL("mast-19"), BYTES_LITERAL(CMP_SECRET));
    return arena_own(arena, secrets, release_secrets);
}

static struct device_options device_options(int options)
{
    return (struct device_options){
        .mac_iterations_min = LIMIT_MAC_ITERATIONS_MIN,
        .mac_iterations_max = LIMIT_MAC_ITERATIONS_MAX,
        .mac_legacy = (options & CMP_LEGACY) != 0,
        .signature_sha1 = (options & CMP_SHA1) != 0,
        .skew_s = (options & CMP_NO_SKEW) != 0 ? 0 : LIMIT_SKEW_S,
        .require_time = (options & CMP_REQUIRE_TIME) != 0,
        .ignore_key_usage = (options & CMP_ANY_KEY_USAGE) != 0,
        .any_ra = (options & CMP_ANY_RA) != 0,
    };
}

struct cmp_gateway *cmp_gateway(struct arena *arena, int options)
{
    static const char *const anchors[] = {"root", NULL};
    static const char *const others[] = {"other", NULL};
    static const char *const chain[] = {"inter", "root", NULL};
    static const char *const nobody[] = {"nobody-*"};
    struct cmp_gateway *gateway = arena_alloc(arena, sizeof(*gateway));
    gateway->arena = arena;
    gateway->groups[0] = (struct device_group){.name = "others",
                                               .references = nobody,
                                               .reference_count = 1,
                                               .options = device_options(options)};
    gateway->groups[1] = (struct device_group){.name = "masts", .options = device_options(options)};
    for (size_t i = 0; i < 2; i++) {
        struct device_group *group = &gateway->groups[i];
        if ((options & CMP_NO_SECRETS) == 0)
            group->secrets = some_secrets(arena);
        if ((options & CMP_NO_TRUST) == 0)
            group->trust = pki_trust(arena, i == 0 ? others : anchors);
        if ((options & CMP_NO_SIGNER) == 0)
            group->signer = pki_signer(arena, "ra", chain);
    }
    gateway->credentials = (struct credentials){
        .groups = gateway->groups, .group_count = 2, .signer = gateway->groups[1].signer};
    memset(gateway->entropy, 0xa5, sizeof(gateway->entropy));
    gateway->message.method = BYTES_LITERAL("POST");
    gateway->message.path = BYTES_LITERAL("/.well-known/cmp");
    gateway->message.content_type = BYTES_LITERAL("application/pkixcmp");
    gateway->context.message = &gateway->message;
    gateway->context.credentials = &gateway->credentials;
    return gateway;
}

static void fresh(struct cmp_gateway *gateway)
{
    gateway->context.entropy =
        (struct entropy){.octets = gateway->entropy, .left = sizeof(gateway->entropy)};
}

bool cmp_gateway_take(struct cmp_gateway *gateway, struct bytes octets, int64_t now)
{
    fresh(gateway);
    gateway->message.body = octets;
    gateway->context.now = now;
    gateway->context.leg = gateway->reply.leg;
    gateway->why = (struct failure){.reason = REASON_COUNT};
    return cmp_inbound.claim(&gateway->context, gateway->arena, &gateway->claim, &gateway->why) &&
           cmp_inbound.decode(&gateway->context, gateway->arena, &gateway->request, &gateway->why);
}

void cmp_gateway_answer(struct cmp_gateway *gateway, const struct response *response)
{
    fresh(gateway);
    gateway->context.leg = gateway->request.leg;
    cmp_inbound.encode(&gateway->context, response, gateway->arena, &gateway->reply);
}

void cmp_gateway_refuse(struct cmp_gateway *gateway)
{
    fresh(gateway);
    cmp_inbound.refuse(&gateway->context, &gateway->why, gateway->arena, &gateway->reply);
}

struct response cmp_gateway_response(struct cmp_gateway *gateway, enum result_status status,
                                     struct bytes certificate)
{
    const struct request *request = &gateway->request;
    struct response response = {.operation = request->operation,
                                .result_count = request->item_count};
    response.results =
        arena_array(gateway->arena, request->item_count + 1, sizeof(*response.results));
    for (size_t i = 0; i < request->item_count; i++)
        response.results[i] = (struct result){.inbound_id = request->items[i].inbound_id,
                                              .status = status,
                                              .certificate = certificate};
    return response;
}
