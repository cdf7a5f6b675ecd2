#include "gateway/config/build.h"

#include <arpa/inet.h>
#include <stdlib.h>

/* "192.0.2.1:8080" or "[2001:db8::1]:8080". */
static bool is_address(const char *address)
{
    char host[64];
    const char *colon = strrchr(address, ':');
    if (colon == NULL || (size_t)(colon - address) >= sizeof(host))
        return false;
    char *end;
    const unsigned long port = strtoul(colon + 1, &end, 10);
    if (colon[1] < '0' || colon[1] > '9' || *end != '\0' || port > 65535)
        return false;
    const bool six = address[0] == '[' && colon > address && colon[-1] == ']';
    const size_t from = six ? 1 : 0;
    const size_t size = (size_t)(colon - address) - (six ? 2 : 0);
    memcpy(host, address + from, size);
    host[size] = '\0';
    uint8_t octets[16];
    return inet_pton(six ? AF_INET6 : AF_INET, host, octets) == 1;
}

static void build_tls(const struct section *section, struct listener_config *listener)
{
    listener->has_tls = section->object != NULL;
    if (!listener->has_tls)
        return;
    listener->tls = (struct tls_settings){
        .certificate = section_path(section, "certificate"),
        .key = section_path(section, "key"),
        .client = (enum tls_client)section_choice(section, "client"),
        .client_ca = section_path(section, "client_ca"),
    };
    if (listener->tls.client == TLS_CLIENT_NONE && listener->tls.client_ca != NULL)
        section_error(section, "client_ca",
                      "no client is asked for a certificate; set \"client\" to \"optional\" or "
                      "\"required\"");
    struct failure why;
    SSL_CTX *context = tls_context(&listener->tls, &why);
    if (context == NULL)
        report_failure(section, "certificate", &why);
    SSL_CTX_free(context);
}

static void build_forwarders(const struct section *section, struct listener_config *listener)
{
    listener->forwarders = section_texts(section, "forwarded_from", &listener->forwarder_count);
    for (size_t i = 0; i < listener->forwarder_count; i++) {
        uint8_t octets[16];
        if (inet_pton(AF_INET, listener->forwarders[i], octets) != 1 &&
            inet_pton(AF_INET6, listener->forwarders[i], octets) != 1)
            section_error(section, "forwarded_from",
                          "must be numeric addresses, as \"192.0.2.1\" or \"2001:db8::1\"");
    }
}

static void check_protocols(const struct section *section, const struct listener_config *listener)
{
    for (unsigned p = 0; p < PROTOCOL_COUNT; p++) {
        const enum protocol protocol = (enum protocol)p;
        if ((listener->protocols >> p & 1) != 0 && inbound_adapter(protocol) == NULL)
            section_error(section, "protocols", "this build does not speak %s to devices",
                          protocol_word(protocol));
    }
    if ((listener->protocols & 1u << PROTOCOL_EST) != 0 && !listener->has_tls)
        section_error(section, "protocols", "EST needs \"tls\" (RFC 7030 3.3)");
}

static void build_listener(const struct section *section, struct listener_config *listener)
{
    const struct section tls = section_child(section, "tls");
    const struct section signer = section_child(section, "signer");
    *listener = (struct listener_config){
        .name = section_text(section, "name"),
        .address = section_text(section, "address"),
        .protocols = section_choices(section, "protocols"),
    };
    listener->paths = section_texts(section, "paths", &listener->path_count);
    if (!is_address(listener->address))
        section_error(section, "address",
                      "must be a numeric address and a port, as \"0.0.0.0:8080\" or \"[::]:8080\"");
    for (size_t i = 0; i < listener->path_count; i++) {
        if (listener->paths[i][0] != '/')
            section_error(section, "paths", "a path begins with \"/\"");
    }
    build_forwarders(section, listener);
    build_tls(&tls, listener);
    check_protocols(section, listener);
    if (signer.object != NULL)
        listener->credentials.signer = load_signer(&signer);
}

/* The kernel would share connections between the two (SO_REUSEPORT) instead of saying no. */
static void report_repeated_address(const struct section *section,
                                    const struct listener_config *listeners, size_t place)
{
    const char *address = listeners[place].address;
    const size_t length = strlen(address);
    if (length > 2 && strcmp(address + length - 2, ":0") == 0)
        return;
    for (size_t i = 0; i < place; i++) {
        if (strcmp(listeners[i].address, address) == 0)
            section_error(section, "address", "the listener \"%s\" has this address",
                          listeners[i].name);
    }
}

void build_listeners(const struct section *root, struct config *config)
{
    struct arena *arena = root->source->arena;
    config->listener_count = section_count(root, "listeners");
    struct listener_config *listeners =
        arena_array(arena, config->listener_count, sizeof(*listeners));
    const char **names = arena_array(arena, config->listener_count, sizeof(*names));
    for (size_t i = 0; i < config->listener_count; i++) {
        const struct section section = section_element(root, "listeners", i);
        build_listener(&section, &listeners[i]);
        names[i] = listeners[i].name;
        report_repeated_name(&section, names[i], names, i);
        report_repeated_address(&section, listeners, i);
    }
    config->listeners = listeners;
}
