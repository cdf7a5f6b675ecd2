/* Any octets as a device's CMC message, and as the PKIData inside one whose signature a fuzzer
 * cannot forge. What is answered must be a message that we can read. */
#include <stdlib.h>

#include "adapters/cmc/cmc.h"
#include "adapters/cmc/cmc_incoming.h"
#include "adapters/inspect.h"
#include "adapters/pkix/crmf.h"
#include "adapters/pkix/der.h"
#include "adapters/pkix/pkcs10.h"
#include "tests/support/cmc_vectors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW INT64_C(1795304910)

static struct arena *forever; /* keys and trust: read once */
static struct device_group group;
static struct credentials credentials;
static const uint8_t octets[ENTROPY_OCTETS];

static void release_at_exit(void)
{
    secrets_unref(group.secrets);
    arena_free(forever);
}

static void set_up(void)
{
    forever = arena_new();
    group = (struct device_group){
        .name = "devices",
        .secrets = secrets_new(),
        .trust = cmc_trust(forever, "dogtag/ca.pem"),
        .signer = cmc_ra(forever),
        .options = {.any_ra = true, .unproven = true, .signature_sha1 = true, .mac_legacy = true},
    };
    secrets_add(group.secrets, BYTES_LITERAL("testuser"), BYTES_LITERAL("a shared secret"));
    credentials = (struct credentials){.groups = &group, .group_count = 1};
    atexit(release_at_exit);
}

static void check_reply(const struct reply *reply, struct arena *arena)
{
    struct cms_signed cms;
    struct cmc_body body;
    struct failure why;
    if (!cms_parse(reply->body, arena, &cms, &why) ||
        (cms.has_content && !cmc_decode_response(cms.content, arena, &body, &why)))
        abort();
}

static void answer(struct inbound_context *context, const struct request *request,
                   struct arena *arena)
{
    struct response response = {.operation = request->operation};
    struct reply reply;
    response.result_count = request->item_count;
    response.results = arena_array(arena, request->item_count, sizeof(*response.results));
    for (size_t i = 0; i < request->item_count; i++) {
        response.results[i].inbound_id = request->items[i].inbound_id;
        response.results[i].status = RESULT_PENDING;
    }
    context->leg = request->leg;
    cmc_inbound.encode(context, &response, arena, &reply);
    check_reply(&reply, arena);
}

static void take(struct bytes input, struct arena *arena)
{
    const struct message message = {.body = input};
    struct inbound_context context = {.message = &message,
                                      .credentials = &credentials,
                                      .now = NOW,
                                      .entropy = {octets, sizeof(octets)}};
    struct request request;
    struct claim claim;
    struct reply reply;
    struct failure why = {0};
    if (cmc_inbound.claim(&context, arena, &claim, &why) && claim.exchange.size != 32)
        abort();
    if (cmc_inbound.decode(&context, arena, &request, &why)) {
        answer(&context, &request, arena);
        return;
    }
    cmc_inbound.refuse(&context, &why, arena, &reply);
    check_reply(&reply, arena);
}

static void look_at_control(const struct cmc_control *control, struct arena *arena)
{
    struct failure why;
    struct cmc_status status;
    struct cmc_revocation revocation;
    struct cmc_proof proof;
    struct bytes issuer, serial;
    int64_t id, *ids;
    size_t count;
    cmc_decode_status(control, arena, &status, &why);
    cmc_decode_revocation(control->value, arena, &revocation, &why);
    cmc_decode_proof(control->value, arena, &proof, &why);
    cmc_decode_cert_id(control->value, arena, &issuer, &serial, &why);
    cmc_decode_witness(control->value, arena, &id, &ids, &count, &why);
}

static void write_request(struct cmc_writer *writer, const struct cmc_request *request)
{
    struct der der;
    if (request->form == CMC_TCR)
        cmc_write_tcr(writer, request->id, request->body);
    else if (request->form == CMC_CRM && der_only(request->body, DER_SEQUENCE, &der))
        cmc_write_crm(writer, request->body);
}

/* What was read and is written again reads the same. */
static void write_again(const struct cmc_body *body, struct arena *arena)
{
    struct cmc_writer writer = cmc_writer(arena, body->control_count, body->request_count);
    struct cmc_body again;
    struct failure why;
    for (size_t i = 0; i < body->control_count; i++) {
        if (body->controls[i].kind != CMC_CONTROL_UNKNOWN)
            cmc_write_control(&writer, body->controls[i].kind, body->controls[i].id,
                              body->controls[i].value);
    }
    for (size_t i = 0; i < body->request_count; i++)
        write_request(&writer, &body->requests[i]);
    if (!cmc_decode_request(cmc_pki_data(&writer), arena, &again, &why) ||
        again.control_count != writer.control_count || again.request_count != writer.request_count)
        abort();
}

static void look_behind_signature(struct bytes content, struct arena *arena)
{
    struct cmc_incoming incoming = {0};
    struct failure why;
    struct item item;
    if (!cmc_decode_request(content, arena, &incoming.body, &why))
        return;
    cmc_screen(&incoming.body, true, arena, &why);
    cmc_screen(&incoming.body, false, arena, &why);
    for (size_t i = 0; i < incoming.body.control_count; i++)
        look_at_control(&incoming.body.controls[i], arena);
    for (size_t i = 0; i < incoming.body.request_count; i++) {
        struct bytes body = incoming.body.requests[i].body;
        bool read = incoming.body.requests[i].form == CMC_CRM
                        ? crmf_parse(body, arena, &item, &why)
                        : pkcs10_parse(body, arena, &item, &why);
        if (read)
            cmc_check_pop_link(&incoming, &item, 1, BYTES_LITERAL("secret"), true, arena, &why);
    }
    cmc_check_identity_proof(&incoming, BYTES_LITERAL("secret"), true, arena, &why);
    write_again(&incoming.body, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct failure why;
    if (forever == NULL)
        set_up();
    struct arena *arena = arena_new();
    struct bytes input = bytes_of(data, size);
    take(input, arena);
    look_behind_signature(input, arena);
    inspect_cmc(input, node_add(NULL, arena, "fuzz", NULL), arena, &why);
    arena_free(arena);
    return 0;
}
