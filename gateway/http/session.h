/* A protocol on a connection: HTTP/1.x or HTTP/2.
 *
 * Three things are kept apart: the connection (connection.h: octets, TLS, times), the session
 * (this: octets to requests and answers to octets) and the exchange (exchange.h: one request that
 * waits for its answer). A session never touches a socket; it writes through its connection. */
#ifndef DRAGOMAN_GATEWAY_HTTP_SESSION_H
#define DRAGOMAN_GATEWAY_HTTP_SESSION_H

#include "adapters/message.h"

struct http_connection;
struct http_exchange;

struct session_kind {
    void *(*open)(struct http_connection *connection);
    /* Takes all octets; those that it cannot use yet it keeps. */
    void (*received)(void *session, struct bytes octets);
    /* The peer will send nothing more. */
    void (*ended)(void *session);
    /* Everything written so far has left. True if that made the session go on (read, write or
     * finish). */
    bool (*drained)(void *session);
    void (*answer)(void *session, struct http_exchange *exchange, const struct reply *reply);
    /* A request took too long to come. */
    void (*timed_out)(void *session);
    /* Take no new request; finish the connection when nothing is under way. */
    void (*drain)(void *session);
    /* The connection goes: let go of the exchanges and free the session. */
    void (*close)(void *session);
};

extern const struct session_kind h1_session;
extern const struct session_kind h2_session;

#endif
