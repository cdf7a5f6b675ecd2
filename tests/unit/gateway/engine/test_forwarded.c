#include "gateway/engine/forwarded.h"
#include "mapping/model/limits.h"
#include "tests/support/cases.h"

static const struct row {
    const char *name, *peer, *certificate, *chain;
    const char *leaf; /* NULL: the message is as it came */
    size_t chain_count;
} rows[] = {
    {"from the proxy", "192.0.2.1:4711", ":MAMCAQU=:", "", "3003020105", 0},
    {"from the proxy over IPv6", "[2001:db8::1]:4711", ":MAMCAQU=:", "", "3003020105", 0},
    {"with a chain", "192.0.2.1:4711", ":MAMCAQU=:", ":MAMCAQU=:, :MAMCAQU=:", "3003020105", 2},
    {"from another address", "192.0.2.2:4711", ":MAMCAQU=:", "", NULL, 0},
    {"from an address that only begins so", "192.0.2.11:4711", ":MAMCAQU=:", "", NULL, 0},
    {"the proxy saw no certificate", "192.0.2.1:4711", "", "", "", 0},
    {"no byte sequence", "192.0.2.1:4711", "MAMCAQU=", "", "", 0},
    {"a byte sequence without end", "192.0.2.1:4711", ":MAMCAQU=", "", "", 0},
    {"an empty one", "192.0.2.1:4711", "::", "", "", 0},
    {"a chain without a leaf", "192.0.2.1:4711", "", ":MAMCAQU=:", "", 0},
    {"a chain that breaks off", "192.0.2.1:4711", ":MAMCAQU=:", ":MAMCAQU=:, :M", "3003020105", 1},
    {"a chain without end", "192.0.2.1:4711", ":MAMCAQU=:",
     ":AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==:"
     ":AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==:"
     ":AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==:"
     ":AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==:"
     ":AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==::AA==:",
     "3003020105", LIMIT_CERTIFICATES},
};

static void a_proxy_is_believed_and_nobody_else(void **state)
{
    const struct row *row = *state;
    static const char *const forwarders[] = {"192.0.2.1", "2001:db8::1"};
    const struct listener_config listener = {.forwarders = forwarders, .forwarder_count = 2};
    const struct message message = {
        .client_certificate = BYTES_LITERAL("the proxy's own"),
        .tls_unique = BYTES_LITERAL("binding"),
        .tls_exporter = BYTES_LITERAL("binding"),
        .forwarded_certificate = bytes_of_text(row->certificate),
        .forwarded_chain = bytes_of_text(row->chain),
    };
    const struct message *device = forwarded_message(&listener, row->peer, &message, case_arena());
    if (row->leaf == NULL) {
        assert_ptr_equal(device, &message);
        return;
    }
    assert_octets(device->client_certificate, row->leaf);
    assert_int_equal(device->client_chain_count, row->chain_count);
    assert_true(bytes_is_empty(device->tls_unique));
    assert_true(bytes_is_empty(device->tls_exporter));
}

static void without_proxies_nothing_changes(void **state)
{
    (void)state;
    const struct listener_config listener = {.name = "est"};
    const struct message message = {.forwarded_certificate = BYTES_LITERAL(":MAMCAQU=:")};
    assert_ptr_equal(forwarded_message(&listener, "192.0.2.1:1", &message, case_arena()), &message);
}

int main(void)
{
    CASES_ADD_ROWS(rows, a_proxy_is_believed_and_nobody_else);
    CASES_ADD(without_proxies_nothing_changes);
    return cases_run("forwarded");
}
