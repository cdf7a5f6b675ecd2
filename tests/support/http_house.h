/* A server of gateway/http in a thread of its own, with a handler whose answer depends on the path:
 *
 *   /echo      200 and the request's body, at once
 *   /later     the same, 20 ms later
 *   /hold      not before house_release
 *   /describe  what the message says, a line for each of its parts
 *   /big       300,000 octets
 *   others     404 */
#ifndef DRAGOMAN_TESTS_SUPPORT_HTTP_HOUSE_H
#define DRAGOMAN_TESTS_SUPPORT_HTTP_HOUSE_H

#include "gateway/http/server.h"

enum { HOUSE_BIG = 300000 };

struct house;

struct house *house_open(SSL_CTX *tls, const struct http_limits *limits);
int house_port(const struct house *house);
void house_release(struct house *house); /* answers all held exchanges */
void house_drain(struct house *house);
void house_set_tls(struct house *house, SSL_CTX *tls);
/* What the server says, asked in its own thread. */
unsigned house_busy(struct house *house);
unsigned house_connections(struct house *house);
bool house_is_quiet(struct house *house);
/* Waits, WIRE_TIMEOUT_S at most. */
bool house_waits_for_busy(struct house *house, unsigned busy);
bool house_waits_for_connections(struct house *house, unsigned connections);
bool house_waits_for_refused(struct house *house, unsigned refused);
/* Handler calls, refusals, answers to clients that had gone; asked in the server's thread. */
struct house_counts {
    unsigned handled;
    unsigned refused;
    unsigned answered_nobody;
    int last_refused_status;
    char last_refused[300];
};
struct house_counts house_counts(struct house *house);
void house_close(struct house *house);

#endif
