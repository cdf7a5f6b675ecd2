/* A client's connection: its socket, its TLS, what waits to be sent, and how long it may take.
 *
 * What happens on a connection only marks it (broken, finishing) and queues it with the server;
 * when the outermost event is over, the server settles each queued connection: sends, goes on with
 * what was read ahead, closes, frees. So no callback ever sees a connection vanish under it. */
#ifndef DRAGOMAN_GATEWAY_HTTP_CONNECTION_H
#define DRAGOMAN_GATEWAY_HTTP_CONNECTION_H

#include <openssl/ssl.h>

#include "gateway/http/addresses.h"
#include "gateway/http/buffer.h"
#include "gateway/http/server.h"
#include "gateway/http/session.h"

/* What the connection waits for; each has its time. */
enum phase {
    PHASE_HANDSHAKE,
    PHASE_FIRST,   /* the first octet of the first request */
    PHASE_IDLE,    /* the first octet of a further request */
    PHASE_HEADER,  /* the end of a header */
    PHASE_BODY,    /* the end of a body */
    PHASE_WAITING, /* our own answer */
    PHASE_WRITING, /* the peer's leave to send the answer (HTTP/2) */
    PHASE_LINGER,  /* the peer's close, behind our last octet */
};

struct http_connection {
    struct http_server *server;
    struct http_connection *previous, *next;
    struct http_connection *next_queued;
    struct watch *watch;
    struct timer *timer;
    int64_t timer_at;
    int fd;
    SSL *ssl; /* NULL: plain */
    const struct session_kind *kind;
    void *session; /* NULL until the handshake is over */
    struct buffer out;
    enum phase phase;
    int64_t phase_began;
    int64_t last_read;
    int64_t last_written; /* or when `out` began to wait */
    bool is_queued;
    bool is_broken;    /* to be freed */
    bool is_finishing; /* to be closed when `out` is sent */
    bool is_reading;   /* the session wants octets */
    bool has_unread;   /* octets may lie in the TLS layer, where epoll does not see them */
    bool peer_ended;
    bool tls_wants_write; /* to go on with the handshake or a read */
    struct address address;
    char peer[ADDRESS_TEXT];
};

/* Takes the descriptor; the address was entered in the server's table. */
void http_connection_open(struct http_server *server, int fd, const struct address *address,
                          const char *peer);
void http_connection_free(struct http_connection *connection);
/* For the server, when the outermost event is over. False if that freed it. */
bool http_connection_settle(struct http_connection *connection);

/* ---- for sessions -------------------------------------------------------------------------- */

void http_connection_write(struct http_connection *connection, struct bytes octets);
/* The buffer that http_connection_write appends to. */
struct buffer *http_connection_out(struct http_connection *connection);
void http_connection_phase(struct http_connection *connection, enum phase phase);
void http_connection_read(struct http_connection *connection, bool is_reading);
/* Let the peer's next octets be acknowledged at once, or a peer that writes header and body apart
 * (as openssl cmp does) waits 40 ms for our delayed acknowledgement. */
void http_connection_acknowledge(struct http_connection *connection);
/* Close in good order once all is sent. */
void http_connection_finish(struct http_connection *connection);
/* Close at once. */
void http_connection_break(struct http_connection *connection);
/* Tells the listener's `refused`. */
void http_connection_refused(struct http_connection *connection, int status,
                             const struct failure *why);

#endif
