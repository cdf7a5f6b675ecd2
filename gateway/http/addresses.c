#include "gateway/http/addresses.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct address_count {
    struct address_count *next;
    struct address address;
    unsigned count;
};

void address_read(const struct sockaddr_storage *from, struct address *address,
                  char text[ADDRESS_TEXT])
{
    char host[INET6_ADDRSTRLEN] = "?";
    unsigned port = 0;
    *address = (struct address){{0}};
    memcpy(address->octets, mapped_prefix, sizeof(mapped_prefix));
    if (from->ss_family == AF_INET) {
        struct sockaddr_in ipv4;
        memcpy(&ipv4, from, sizeof(ipv4));
        memcpy(address->octets + 12, &ipv4.sin_addr, 4);
        port = ntohs(ipv4.sin_port);
    } else if (from->ss_family == AF_INET6) {
        struct sockaddr_in6 ipv6;
        memcpy(&ipv6, from, sizeof(ipv6));
        memcpy(address->octets, &ipv6.sin6_addr, 16);
        port = ntohs(ipv6.sin6_port);
    }
    if (memcmp(address->octets, mapped_prefix, sizeof(mapped_prefix)) == 0) {
        inet_ntop(AF_INET, address->octets + 12, host, sizeof(host));
        snprintf(text, ADDRESS_TEXT, "%s:%u", host, port);
        return;
    }
    inet_ntop(AF_INET6, address->octets, host, sizeof(host));
    snprintf(text, ADDRESS_TEXT, "[%s]:%u", host, port);
    memset(address->octets + 8, 0, 8);
}

/* A chain is no longer than the connections that are open, whatever addresses a peer chooses. */
static struct address_count **find(struct addresses *addresses, const struct address *address)
{
    uint32_t hash = 2166136261U;
    for (size_t i = 0; i < sizeof(address->octets); i++)
        hash = (hash ^ address->octets[i]) * 16777619U;
    struct address_count **at = &addresses->buckets[hash % ADDRESS_BUCKETS];
    while (*at != NULL && memcmp(&(*at)->address, address, sizeof(*address)) != 0)
        at = &(*at)->next;
    return at;
}

bool addresses_enter(struct addresses *addresses, const struct address *address, unsigned most)
{
    struct address_count **at = find(addresses, address);
    if (*at == NULL) {
        if (most == 0)
            return false;
        *at = calloc(1, sizeof(**at));
        if (*at == NULL)
            abort();
        (*at)->address = *address;
    }
    if ((*at)->count >= most)
        return false;
    (*at)->count++;
    return true;
}

void addresses_leave(struct addresses *addresses, const struct address *address)
{
    struct address_count **at = find(addresses, address);
    if (*at == NULL || --(*at)->count > 0)
        return;
    struct address_count *empty = *at;
    *at = empty->next;
    free(empty);
}
