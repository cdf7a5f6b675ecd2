/* How many connections each address has open: one host must not take them all.
 *
 * IPv6 hosts are counted by their /64, since a host chooses the rest. */
#ifndef DRAGOMAN_GATEWAY_HTTP_ADDRESSES_H
#define DRAGOMAN_GATEWAY_HTTP_ADDRESSES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum { ADDRESS_BUCKETS = 1024, ADDRESS_TEXT = 64 };

struct address {
    uint8_t octets[16]; /* IPv4 as IPv4-mapped IPv6 */
};

struct address_count;

/* All zero is empty. */
struct addresses {
    struct address_count *buckets[ADDRESS_BUCKETS];
};

/* text becomes "192.0.2.1:4711" or "[2001:db8::1]:4711". */
void address_read(const struct sockaddr_storage *from, struct address *address,
                  char text[ADDRESS_TEXT]);

/* False, and not counted, if that address has `most` already. */
bool addresses_enter(struct addresses *addresses, const struct address *address, unsigned most);
void addresses_leave(struct addresses *addresses, const struct address *address);

#endif
