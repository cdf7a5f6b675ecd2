/* One request that waits for its answer. Owns the request's octets. Outlives its connection (the
 * client may go) and its server; whoever handles it frees it by http_reply. */
#ifndef DRAGOMAN_GATEWAY_HTTP_EXCHANGE_H
#define DRAGOMAN_GATEWAY_HTTP_EXCHANGE_H

#include "gateway/http/addresses.h"
#include "gateway/http/buffer.h"
#include "gateway/http/server.h"
#include "mapping/model/arena.h"

struct http_connection;

struct http_exchange {
    struct http_exchange *previous, *next; /* in the server's list, once dispatched */
    struct http_server *server;            /* NULL: it was freed */
    struct http_connection *connection;    /* NULL: the client has gone */
    void *stream;                          /* HTTP/2: which of the connection's */
    struct arena *arena;
    struct buffer body;
    struct message message;
    bool is_dispatched;
    char peer[ADDRESS_TEXT];
};

struct http_exchange *exchange_new(struct http_connection *connection);
/* Several slashes in a row become one: a URL joined from "http://ra/" and "/pkix/" is common. */
void exchange_set_path(struct http_exchange *exchange, struct bytes path);
/* The request is whole: fills what TLS knows and calls the handler, which may answer at once. */
void exchange_dispatch(struct http_exchange *exchange);
/* The client has gone. Frees it, unless the handler still has it. */
void exchange_abandon(struct http_exchange *exchange); /* NULL is allowed */

#endif
