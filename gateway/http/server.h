/* HTTP in front of the engine: HTTP/1.0 and 1.1, plain and TLS.
 *
 * Strict about what it reads (one Content-Length, no bare LF, no obs-fold, chunked only as RFC 9112
 * says), forgiving where real clients differ (HTTP/1.0 with keep-alive, Host without a port,
 * Expect: 100-continue, absolute-form targets, doubled slashes). Answers in the version of the
 * request. All sizes and times have rows in limits.def. */
#ifndef DRAGOMAN_GATEWAY_HTTP_SERVER_H
#define DRAGOMAN_GATEWAY_HTTP_SERVER_H

#include <openssl/ssl.h>

#include "adapters/message.h"
#include "gateway/loop/loop.h"
#include "mapping/model/failure.h"

struct http_server;
struct http_exchange; /* one request that waits for its answer */

/* Called once for each complete request. `message` and `peer` ("127.0.0.1:4711") live until the
 * exchange is answered. The handler answers exactly once, now or later. */
typedef void http_handler(void *context, struct http_exchange *exchange,
                          const struct message *message, const char *peer);
/* Answers and frees the exchange; the reply's slices are copied. Harmless if the client or the
 * server has gone. True if the client was still there. In the loop's thread only. */
bool http_reply(struct http_exchange *exchange, const struct reply *reply);

/* For the log: what was refused before a handler could see it. `status` is what the peer was told,
 * 0 where nothing could be told (TLS handshake, too many connections). */
typedef void http_refused(void *context, const char *peer, int status, const struct failure *why);

/* What a peer may take of us; limits.def says why. */
struct http_limits {
    int64_t handshake_ms;
    int64_t first_byte_ms;
    int64_t header_ms;
    int64_t body_ms;
    int64_t between_bytes_ms;
    int64_t idle_ms;
    int64_t write_ms;
    int64_t linger_ms;
    unsigned connections;
    unsigned connections_per_address;
};

extern const struct http_limits http_limits_default;

struct http_listener {
    const char *address; /* "127.0.0.1:8080", "[::1]:8080"; port 0 lets the kernel choose */
    SSL_CTX *tls;        /* NULL: plain. One reference is taken */
    http_handler *handler;
    http_refused *refused;            /* NULL: nobody listens */
    const struct http_limits *limits; /* NULL: http_limits_default */
    void *context;
};

/* Binds with SO_REUSEPORT, so that each loop thread has a server of its own. */
struct http_server *http_server_new(struct loop *loop, const struct http_listener *listener,
                                    struct failure *why);
int http_server_port(const struct http_server *server);
/* New connections use this context from now on; open ones keep theirs. */
void http_server_set_tls(struct http_server *server, SSL_CTX *tls);
/* Takes no new connection; answers what is under way with Connection: close. */
void http_server_drain(struct http_server *server);
/* No request is being read, waits for its answer, or has an answer that is not yet sent; a
 * connection that has just been opened counts as one for a second. What to wait for after a
 * drain. */
bool http_server_is_quiet(const struct http_server *server);
/* Open connections. After a drain it falls to 0, as clients get their answers or are timed out. */
unsigned http_server_connections(const struct http_server *server);
/* Requests that wait for an answer. */
unsigned http_server_busy(const struct http_server *server);
/* Not from within a handler. Open exchanges can still be answered, to nobody. */
void http_server_free(struct http_server *server);

#endif
