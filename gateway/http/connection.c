#include "gateway/http/connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/http/server_internal.h"

enum { READS_AN_EVENT = 16 };

enum io { IO_DONE, IO_AGAIN, IO_ENDED, IO_FAILED };

/* ---- octets -------------------------------------------------------------------------------- */

static enum io plain_result(ssize_t done, size_t *size)
{
    if (done > 0) {
        *size = (size_t)done;
        return IO_DONE;
    }
    if (done == 0)
        return IO_ENDED;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? IO_AGAIN : IO_FAILED;
}

static enum io tls_result(SSL *ssl, int result)
{
    int error = SSL_get_error(ssl, result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return IO_AGAIN;
    return error == SSL_ERROR_ZERO_RETURN ? IO_ENDED : IO_FAILED;
}

static enum io read_octets(struct http_connection *connection, uint8_t *octets, size_t room,
                           size_t *size)
{
    if (connection->ssl == NULL)
        return plain_result(recv(connection->fd, octets, room, 0), size);
    ERR_clear_error();
    int result = SSL_read_ex(connection->ssl, octets, room, size);
    connection->tls_wants_write = SSL_want_write(connection->ssl);
    return result == 1 ? IO_DONE : tls_result(connection->ssl, result);
}

static enum io write_octets(struct http_connection *connection, struct bytes octets, size_t *size)
{
    if (connection->ssl == NULL)
        return plain_result(send(connection->fd, octets.data, octets.size, MSG_NOSIGNAL), size);
    ERR_clear_error();
    int result = SSL_write_ex(connection->ssl, octets.data, octets.size, size);
    return result == 1 ? IO_DONE : tls_result(connection->ssl, result);
}

/* ---- what sessions call -------------------------------------------------------------------- */

struct buffer *http_connection_out(struct http_connection *connection)
{
    if (connection->out.size == 0)
        connection->last_written = loop_now_ms(connection->server->loop);
    return &connection->out;
}

void http_connection_write(struct http_connection *connection, struct bytes octets)
{
    buffer_append(http_connection_out(connection), octets);
}

void http_connection_phase(struct http_connection *connection, enum phase phase)
{
    connection->phase = phase;
    connection->phase_began = loop_now_ms(connection->server->loop);
    connection->last_read = connection->phase_began;
}

void http_connection_read(struct http_connection *connection, bool is_reading)
{
    connection->is_reading = is_reading;
}

void http_connection_acknowledge(struct http_connection *connection)
{
    int on = 1;
    setsockopt(connection->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

void http_connection_finish(struct http_connection *connection)
{
    connection->is_finishing = true;
    connection->is_reading = false;
}

void http_connection_break(struct http_connection *connection)
{
    connection->is_broken = true;
}

void http_connection_refused(struct http_connection *connection, int status,
                             const struct failure *why)
{
    struct http_server *server = connection->server;
    if (server->refused != NULL)
        server->refused(server->context, connection->peer, status, why);
}

/* ---- times --------------------------------------------------------------------------------- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When the peer's patience with us, or ours with it, ends. */
static int64_t deadline(const struct http_connection *connection)
{
    const struct http_limits *limits = &connection->server->limits;
    int64_t began = connection->phase_began;
    int64_t next_read = connection->last_read + limits->between_bytes_ms;
    if (connection->phase != PHASE_LINGER && connection->out.size > 0)
        return connection->last_written + limits->write_ms;
    switch (connection->phase) {
    case PHASE_HANDSHAKE:
        return began + limits->handshake_ms;
    case PHASE_FIRST:
        return began + limits->first_byte_ms;
    case PHASE_IDLE:
        return began + limits->idle_ms;
    case PHASE_HEADER:
        return earlier(began + limits->header_ms, next_read);
    case PHASE_BODY:
        return earlier(began + limits->body_ms, next_read);
    case PHASE_WRITING:
        return began + limits->write_ms;
    case PHASE_LINGER:
        return began + limits->linger_ms;
    case PHASE_WAITING:
        break;
    }
    return INT64_MAX;
}

static void time_is_up(struct http_connection *connection)
{
    struct failure why;
    if (connection->out.size == 0 &&
        (connection->phase == PHASE_HEADER || connection->phase == PHASE_BODY)) {
        connection->kind->timed_out(connection->session);
        return;
    }
    if (connection->phase == PHASE_HANDSHAKE) {
        fail(&why, REASON_BAD_REQUEST, "RFC 8446 4", "the TLS handshake took too long");
        http_connection_refused(connection, 0, &why);
    }
    if (connection->phase == PHASE_IDLE && connection->out.size == 0)
        connection->kind->drain(connection->session);
    else
        http_connection_break(connection);
}

static void timer_due(void *context)
{
    struct http_connection *connection = context;
    struct http_server *server = connection->server;
    connection->timer = NULL;
    server_enter(server);
    if (deadline(connection) <= loop_now_ms(server->loop))
        time_is_up(connection);
    server_queue(server, connection);
    server_leave(server);
}

/* A timer that stands too early is left to fire and is then set anew; that is cheaper than moving
 * it with each octet. */
static void arm(struct http_connection *connection)
{
    struct loop *loop = connection->server->loop;
    int64_t at = deadline(connection);
    if (at == INT64_MAX || (connection->timer != NULL && connection->timer_at <= at))
        return;
    loop_cancel(loop, connection->timer);
    connection->timer_at = at;
    connection->timer = loop_timer(loop, at - loop_now_ms(loop), timer_due, connection);
}

/* ---- events -------------------------------------------------------------------------------- */

static void peer_has_ended(struct http_connection *connection)
{
    connection->peer_ended = true;
    connection->is_reading = false;
    connection->kind->ended(connection->session);
}

/* Reads until nothing is left or the session has enough. Octets that the TLS layer holds are
 * invisible to epoll, so that reading stops early only where has_unread remembers it. */
static void read_input(struct http_connection *connection)
{
    struct http_server *server = connection->server;
    connection->has_unread = false;
    for (int reads = 0; connection->is_reading && !connection->is_broken; reads++) {
        if (reads >= READS_AN_EVENT && connection->ssl == NULL)
            return;
        size_t size = 0;
        switch (read_octets(connection, server->scratch, sizeof(server->scratch), &size)) {
        case IO_DONE:
            connection->last_read = loop_now_ms(server->loop);
            connection->kind->received(connection->session, bytes_of(server->scratch, size));
            break;
        case IO_AGAIN:
            return;
        case IO_ENDED:
            peer_has_ended(connection);
            return;
        case IO_FAILED:
            http_connection_break(connection);
            return;
        }
        if (connection->ssl == NULL && size < sizeof(server->scratch))
            return;
    }
    connection->has_unread = connection->ssl != NULL;
}

/* False if octets remain. */
static bool flush(struct http_connection *connection)
{
    while (connection->out.size > 0) {
        size_t size = 0;
        enum io io = write_octets(connection, buffer_bytes(&connection->out), &size);
        if (io == IO_FAILED || io == IO_ENDED)
            http_connection_break(connection);
        if (io != IO_DONE)
            return false;
        connection->last_written = loop_now_ms(connection->server->loop);
        buffer_use(&connection->out, size);
    }
    return true;
}

static bool speaks_h2(SSL *ssl)
{
    const unsigned char *name;
    unsigned size = 0;
    if (ssl != NULL)
        SSL_get0_alpn_selected(ssl, &name, &size);
    return size == 2 && memcmp(name, "h2", 2) == 0;
}

static void begin_session(struct http_connection *connection)
{
    connection->kind = speaks_h2(connection->ssl) ? &h2_session : &h1_session;
    connection->session = connection->kind->open(connection);
    connection->has_unread = connection->ssl != NULL;
    http_connection_phase(connection, PHASE_FIRST);
    http_connection_read(connection, true);
    if (connection->server->is_draining)
        connection->kind->drain(connection->session);
}

/* RFC 9110 15.5.1, to a client that speaks plain HTTP to a TLS port: OpenSSL tells them apart. */
static void answer_plain_http(struct http_connection *connection)
{
    connection->tls_wants_write = false;
    SSL_free(connection->ssl);
    connection->ssl = NULL;
    http_connection_write(connection,
                          BYTES_LITERAL("HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\n"
                                        "Content-Length: 38\r\nConnection: close\r\n\r\n"
                                        "this port speaks TLS only; use https:\n"));
}

static void handshake_failed(struct http_connection *connection)
{
    struct failure why;
    unsigned long error = ERR_peek_error();
    char text[200];
    ERR_error_string_n(error, text, sizeof(text));
    bool is_plain_http =
        ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_R_HTTP_REQUEST;
    fail(&why, REASON_BAD_REQUEST, "RFC 8446 4",
         is_plain_http ? "plain HTTP on a port for TLS" : "the TLS handshake failed");
    fail_detail(&why, "%s", error == 0 ? "the connection was closed" : text);
    ERR_clear_error();
    http_connection_refused(connection, is_plain_http ? 400 : 0, &why);
    if (is_plain_http)
        answer_plain_http(connection);
    http_connection_finish(connection);
}

static void shake_hands(struct http_connection *connection)
{
    ERR_clear_error();
    int result = SSL_do_handshake(connection->ssl);
    connection->tls_wants_write = SSL_want_write(connection->ssl);
    if (result == 1)
        begin_session(connection);
    else if (tls_result(connection->ssl, result) != IO_AGAIN)
        handshake_failed(connection);
}

/* Reads and forgets, until the peer has closed too. */
static void linger(struct http_connection *connection)
{
    struct http_server *server = connection->server;
    for (int reads = 0; reads < READS_AN_EVENT; reads++) {
        size_t size;
        enum io io =
            plain_result(recv(connection->fd, server->scratch, sizeof(server->scratch), 0), &size);
        if (io == IO_AGAIN)
            return;
        if (io != IO_DONE) {
            http_connection_break(connection);
            return;
        }
    }
}

static void ready(void *context, int events)
{
    struct http_connection *connection = context;
    struct http_server *server = connection->server;
    server_enter(server);
    if (connection->phase == PHASE_LINGER)
        linger(connection);
    else if (connection->phase == PHASE_HANDSHAKE && !connection->is_finishing)
        shake_hands(connection);
    else if (connection->is_reading)
        read_input(connection);
    else if (events & LOOP_GONE)
        http_connection_break(connection);
    server_queue(server, connection);
    server_leave(server);
}

/* ---- settling ------------------------------------------------------------------------------ */

/* RFC 9112 9.6: to close with unread octets in the socket would reset the connection, and the peer
 * might lose our answer. So only our direction is closed, and the peer's is read to its end. */
static void begin_linger(struct http_connection *connection)
{
    ERR_clear_error();
    if (connection->ssl != NULL && connection->phase != PHASE_HANDSHAKE)
        SSL_shutdown(connection->ssl);
    ERR_clear_error();
    if (connection->peer_ended || shutdown(connection->fd, SHUT_WR) != 0) {
        http_connection_break(connection);
        return;
    }
    http_connection_phase(connection, PHASE_LINGER);
    linger(connection);
}

/* Sends what can be sent, and goes on with what was read ahead, as often as one leads to the
 * other. */
static void advance(struct http_connection *connection)
{
    bool goes_on = true;
    while (goes_on && !connection->is_broken && flush(connection)) {
        if (connection->is_finishing) {
            begin_linger(connection);
            return;
        }
        goes_on = connection->session != NULL && connection->kind->drained(connection->session);
        if (connection->is_reading && connection->has_unread) {
            read_input(connection);
            goes_on = true;
        }
    }
}

static int wanted_events(const struct http_connection *connection)
{
    int events = 0;
    if (connection->phase == PHASE_LINGER)
        return LOOP_READ;
    if (connection->phase == PHASE_HANDSHAKE && !connection->is_finishing)
        events |= LOOP_READ;
    if (connection->is_reading)
        events |= LOOP_READ;
    if (connection->out.size > 0 || connection->tls_wants_write)
        events |= LOOP_WRITE;
    return events;
}

bool http_connection_settle(struct http_connection *connection)
{
    if (connection->phase != PHASE_LINGER)
        advance(connection);
    if (connection->is_broken) {
        http_connection_free(connection);
        return false;
    }
    loop_rewatch(connection->watch, wanted_events(connection));
    arm(connection);
    return true;
}

void http_connection_open(struct http_server *server, int fd, const struct address *address,
                          const char *peer)
{
    struct http_connection *connection = calloc(1, sizeof(*connection));
    if (connection == NULL)
        abort();
    connection->server = server;
    connection->fd = fd;
    connection->address = *address;
    memcpy(connection->peer, peer, sizeof(connection->peer));
    connection->next = server->connections;
    if (connection->next != NULL)
        connection->next->previous = connection;
    server->connections = connection;
    http_connection_phase(connection, PHASE_HANDSHAKE);
    connection->watch = loop_watch(server->loop, fd, LOOP_READ, ready, connection);
    if (server->tls != NULL)
        connection->ssl = SSL_new(server->tls);
    if (connection->watch == NULL || (server->tls != NULL && connection->ssl == NULL) ||
        (connection->ssl != NULL && SSL_set_fd(connection->ssl, fd) != 1))
        http_connection_break(connection);
    else if (connection->ssl == NULL)
        begin_session(connection);
    else
        SSL_set_accept_state(connection->ssl);
    server_queue(server, connection);
}

void http_connection_free(struct http_connection *connection)
{
    struct http_server *server = connection->server;
    if (connection->session != NULL)
        connection->kind->close(connection->session);
    loop_unwatch(connection->watch);
    loop_cancel(server->loop, connection->timer);
    SSL_free(connection->ssl);
    close(connection->fd);
    buffer_clear(&connection->out);
    server_forget(server, connection);
    free(connection);
}
