#include "gateway/engine/forwarded.h"

#include <arpa/inet.h>
#include <string.h>

#include <openssl/evp.h>

#include "mapping/model/limits.h"

/* "192.0.2.1:4711" or "[2001:db8::1]:4711" without what is not the address; false if neither. */
static bool read_peer(const char *peer, char *host, size_t room)
{
    const char *colon = strrchr(peer, ':');
    const char *from = peer[0] == '[' ? peer + 1 : peer;
    if (colon == NULL || colon <= from)
        return false;
    size_t size = (size_t)(colon - from) - (peer[0] == '[' ? 1 : 0);
    if (size >= room)
        return false;
    memcpy(host, from, size);
    host[size] = '\0';
    return true;
}

static bool same_address(const char *a, const char *b)
{
    static const int families[] = {AF_INET, AF_INET6};
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        uint8_t one[16] = {0}, other[16] = {0};
        if (inet_pton(families[i], a, one) == 1 && inet_pton(families[i], b, other) == 1)
            return memcmp(one, other, sizeof(one)) == 0;
    }
    return false;
}

static bool is_forwarder(const struct listener_config *listener, const char *peer)
{
    char host[64];
    if (listener->forwarder_count == 0 || !read_peer(peer, host, sizeof(host)))
        return false;
    for (size_t i = 0; i < listener->forwarder_count; i++) {
        if (same_address(listener->forwarders[i], host))
            return true;
    }
    return false;
}

static bool decode(struct bytes text, struct arena *arena, struct bytes *octets)
{
    uint8_t *out = arena_alloc(arena, text.size / 4 * 3 + 1);
    if (text.size == 0 || text.size % 4 != 0 || EVP_DecodeBlock(out, text.data, (int)text.size) < 0)
        return false;
    size_t padding =
        (size_t)(text.data[text.size - 1] == '=') + (size_t)(text.data[text.size - 2] == '=');
    *octets = bytes_of(out, text.size / 4 * 3 - padding);
    return true;
}

/* sf-binary = ":" *(base64) ":"                                                (RFC 8941 3.3.5) */
static bool next_binary(struct bytes *field, struct arena *arena, struct bytes *octets)
{
    const uint8_t *from = memchr(field->data, ':', field->size);
    if (from == NULL)
        return false;
    struct bytes rest = bytes_slice(*field, (size_t)(from - field->data) + 1, field->size);
    const uint8_t *end = rest.size == 0 ? NULL : memchr(rest.data, ':', rest.size);
    if (end == NULL)
        return false;
    struct bytes text = bytes_of(rest.data, (size_t)(end - rest.data));
    *field = bytes_slice(rest, text.size + 1, rest.size);
    return decode(text, arena, octets);
}

const struct message *forwarded_message(const struct listener_config *listener, const char *peer,
                                        const struct message *message, struct arena *arena)
{
    if (!is_forwarder(listener, peer))
        return message;
    struct message *device = arena_alloc(arena, sizeof(*device));
    *device = *message;
    device->client_certificate = BYTES_EMPTY;
    device->client_chain = arena_array(arena, LIMIT_CERTIFICATES, sizeof(*device->client_chain));
    device->client_chain_count = 0;
    device->tls_unique = BYTES_EMPTY;
    device->tls_exporter = BYTES_EMPTY;
    struct bytes field = message->forwarded_certificate, chain = message->forwarded_chain;
    if (bytes_is_empty(field) || !next_binary(&field, arena, &device->client_certificate))
        return device;
    while (device->client_chain_count < LIMIT_CERTIFICATES && !bytes_is_empty(chain) &&
           next_binary(&chain, arena, &device->client_chain[device->client_chain_count]))
        device->client_chain_count++;
    return device;
}
