/* Any octets as a device's CMP message: claimed, decoded at an open and at a fresh exchange,
 * answered or refused. What we answer must be a message that we can read. */
#include <stdlib.h>

#include "adapters/cmp/cmp_body.h"
#include "adapters/inspect.h"
#include "tests/support/cmp_gateway.h"
#include "tests/support/octets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena *forever; /* keys and trust: read once */
static struct cmp_gateway *lenient;
static struct bytes issued;
static struct certificate *device;

static void release_at_exit(void)
{
    arena_free(forever);
}

static void set_up(void)
{
    forever = arena_new();
    atexit(release_at_exit);
    lenient = cmp_gateway(forever, CMP_LEGACY | CMP_NO_SKEW | CMP_SHA1 | CMP_ANY_KEY_USAGE);
    for (size_t i = 0; i < lenient->credentials.group_count; i++)
        lenient->groups[i].options.mac_iterations_max = 1000; /* the fuzzer's time is dear */
    device = pki_certificate(forever, "leaf");
    issued = octets_from_file(forever, "tests/vectors/cmp/issued.der");
}

static void check_reply(const struct cmp_gateway *gateway)
{
    struct cmp_decoding decoding = {.arena = gateway->arena};
    struct failure why;
    if (gateway->reply.status == 200 &&
        !cmp_parse(gateway->reply.body, gateway->arena, &decoding, &why))
        abort();
}

static void look(struct cmp_gateway *gateway, struct bytes octets)
{
    if (cmp_gateway_take(gateway, octets, PKI_NOW)) {
        struct response response = cmp_gateway_response(gateway, RESULT_GRANTED, issued);
        cmp_gateway_answer(gateway, &response);
    } else {
        cmp_gateway_refuse(gateway);
    }
    check_reply(gateway);
}

/* Behind the protection, which a fuzzer cannot forge: as if a device that knows the secret, or
 * holds the certificate, had sent these octets in an exchange that was granted one certificate. */
static void look_behind_protection(struct cmp_gateway *gateway, struct bytes octets, bool by_mac)
{
    int64_t id = 0;
    struct cmp_decoding decoding = {.context = &gateway->context};
    struct request request = {.protocol = PROTOCOL_CMP};
    struct failure why;
    if (!cmp_parse(octets, gateway->arena, &decoding, &why) ||
        cmp_body(decoding.type)->read == NULL)
        return;
    decoding.sender.group = &lenient->groups[1];
    decoding.sender.protection = by_mac ? CMP_MAC : CMP_SIGNATURE;
    decoding.sender.certificate = by_mac ? NULL : device;
    decoding.leg.ids = decoding.leg.granted = &id;
    decoding.leg.id_count = decoding.leg.granted_count = 1;
    cmp_identity(&decoding.sender, &lenient->credentials, gateway->arena, &request.identity);
    cmp_body(decoding.type)->read(&decoding, &request, &why);
}

static void show(const struct cmp_gateway *gateway, struct bytes octets)
{
    struct failure why;
    struct node *root = node_add(NULL, gateway->arena, "PKIMessage", NULL);
    inspect_cmp(octets, root, gateway->arena, &why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (forever == NULL)
        set_up();
    struct cmp_gateway gateway = *lenient;
    gateway.arena = arena_new();
    gateway.context.message = &gateway.message;
    gateway.context.credentials = &lenient->credentials;
    struct bytes octets = arena_copy(gateway.arena, bytes_of(data, size));
    look(&gateway, octets);
    look(&gateway, octets); /* with the leg that the first look left, if any */
    look_behind_protection(&gateway, octets, true);
    look_behind_protection(&gateway, octets, false);
    show(&gateway, octets);
    arena_free(gateway.arena);
    return 0;
}
