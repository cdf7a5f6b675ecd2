/* The server as connections and exchanges see it. */
#ifndef DRAGOMAN_GATEWAY_HTTP_SERVER_INTERNAL_H
#define DRAGOMAN_GATEWAY_HTTP_SERVER_INTERNAL_H

#include "gateway/http/connection.h"
#include "gateway/http/exchange.h"

enum { SCRATCH_OCTETS = 32768 };

struct http_server {
    struct loop *loop;
    struct http_limits limits;
    SSL_CTX *tls;
    http_handler *handler;
    http_refused *refused;
    void *context;
    int fd; /* listening; -1 when draining */
    int port;
    struct watch *watch;
    struct timer *resume_timer; /* accepting goes on */
    struct timer *trim_timer;   /* memory goes back to the kernel */
    unsigned connection_count;
    unsigned most_connections; /* since memory was last given back */
    unsigned busy;
    bool is_draining;
    unsigned depth; /* of events */
    struct http_connection *connections;
    struct http_connection *queued;
    struct http_exchange *exchanges; /* dispatched ones */
    struct addresses addresses;
    uint8_t scratch[SCRATCH_OCTETS]; /* what is read, until a session has looked at it */
};

/* Each event on the server's connections stands between these two. */
void server_enter(struct http_server *server);
void server_leave(struct http_server *server);
void server_queue(struct http_server *server, struct http_connection *connection);
/* A connection was freed. */
void server_forget(struct http_server *server, struct http_connection *connection);

#endif
