#include "gateway/http/server.h"

#include <errno.h>
#include <malloc.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gateway/http/server_internal.h"
#include "mapping/model/limits.h"

enum {
    BACKLOG = 1024,
    ACCEPTS_AN_EVENT = 64,
    ACCEPT_PAUSE_MS = 100, /* when the process is out of descriptors */
    FRESH_MS = 1000,       /* its first request may stand in the socket */
    TRIM_CONNECTIONS = 256,
    TRIM_MS = 1000,
};

const struct http_limits http_limits_default = {
    .handshake_ms = LIMIT_TLS_HANDSHAKE_MS,
    .first_byte_ms = LIMIT_HTTP_FIRST_BYTE_MS,
    .header_ms = LIMIT_HTTP_HEADER_MS,
    .body_ms = LIMIT_HTTP_BODY_MS,
    .between_bytes_ms = LIMIT_HTTP_BETWEEN_BYTES_MS,
    .idle_ms = LIMIT_HTTP_IDLE_MS,
    .write_ms = LIMIT_HTTP_WRITE_MS,
    .linger_ms = LIMIT_HTTP_LINGER_MS,
    .connections = LIMIT_HTTP_CONNECTIONS,
    .connections_per_address = LIMIT_HTTP_CONNECTIONS_PER_ADDRESS,
};

/* ---- events -------------------------------------------------------------------------------- */

void server_enter(struct http_server *server)
{
    server->depth++;
}

/* A connection counts as queued while it is settled: what its own handler answers meanwhile must
 * not put it back, since settling goes on until nothing is left to do, and may free it. */
void server_leave(struct http_server *server)
{
    while (server->depth == 1 && server->queued != NULL) {
        struct http_connection *connection = server->queued;
        server->queued = connection->next_queued;
        if (http_connection_settle(connection))
            connection->is_queued = false;
    }
    server->depth--;
}

void server_queue(struct http_server *server, struct http_connection *connection)
{
    if (connection->is_queued)
        return;
    connection->is_queued = true;
    connection->next_queued = server->queued;
    server->queued = connection;
}

/* glibc keeps what a wave of clients made it take. */
static void trim(void *context)
{
    struct http_server *server = context;
    server->trim_timer = NULL;
    server->most_connections = server->connection_count;
    malloc_trim(0);
}

/* Connections are freed while settled, when they are in no queue, or all at the server's end. */
void server_forget(struct http_server *server, struct http_connection *connection)
{
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        server->connections = connection->next;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    addresses_leave(&server->addresses, &connection->address);
    server->connection_count--;
    if (server->most_connections >= TRIM_CONNECTIONS && server->trim_timer == NULL &&
        server->connection_count <= server->most_connections / 4)
        server->trim_timer = loop_timer(server->loop, TRIM_MS, trim, server);
}

/* ---- accepting ----------------------------------------------------------------------------- */

static void refuse_connection(struct http_server *server, const char *peer, const char *text)
{
    struct failure why;
    fail(&why, REASON_BUSY, "RFC 9110 15.6.4", "%s", text);
    if (server->refused != NULL)
        server->refused(server->context, peer, 0, &why);
}

static void take_connection(struct http_server *server, int fd, const struct sockaddr_storage *from)
{
    struct address address;
    char peer[ADDRESS_TEXT];
    int on = 1;
    address_read(from, &address, peer);
    if (server->connection_count >= server->limits.connections) {
        refuse_connection(server, peer, "too many connections");
        close(fd);
        return;
    }
    if (!addresses_enter(&server->addresses, &address, server->limits.connections_per_address)) {
        refuse_connection(server, peer, "too many connections from this address");
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (++server->connection_count > server->most_connections)
        server->most_connections = server->connection_count;
    http_connection_open(server, fd, &address, peer);
}

static void resume(void *context)
{
    struct http_server *server = context;
    server->resume_timer = NULL;
    if (server->watch != NULL)
        loop_rewatch(server->watch, LOOP_READ);
}

/* Out of descriptors or memory: the connection stays in the backlog, and would wake us without
 * end. */
static void pause_accepting(struct http_server *server)
{
    loop_rewatch(server->watch, 0);
    if (server->resume_timer == NULL)
        server->resume_timer = loop_timer(server->loop, ACCEPT_PAUSE_MS, resume, server);
}

static bool is_passing(int error)
{
    return error == EINTR || error == ECONNABORTED || error == EPROTO || error == ENETDOWN ||
           error == EHOSTUNREACH || error == ENETUNREACH;
}

static void accept_some(void *context, int events)
{
    (void)events;
    struct http_server *server = context;
    server_enter(server);
    for (int i = 0; i < ACCEPTS_AN_EVENT; i++) {
        struct sockaddr_storage from = {0};
        socklen_t size = sizeof(from);
        int fd = accept4(server->fd, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            take_connection(server, fd, &from);
        else if (!is_passing(errno)) {
            if (errno != EAGAIN && errno != EWOULDBLOCK)
                pause_accepting(server);
            break;
        }
    }
    server_leave(server);
}

/* ---- the listening socket ------------------------------------------------------------------ */

/* getaddrinfo takes the rest of 65,536. */
static bool is_port(const char *text)
{
    size_t size = strlen(text);
    return size > 0 && size <= 5 && strspn(text, "0123456789") == size && atoi(text) <= 65535;
}

/* "host:port", "[v6]:port", ":port". */
static bool split_address(const char *address, char host[256], char port[8])
{
    const char *colon = strrchr(address, ':');
    if (colon == NULL || !is_port(colon + 1))
        return false;
    size_t size = (size_t)(colon - address);
    if (size >= 2 && address[0] == '[' && address[size - 1] == ']') {
        address++;
        size -= 2;
    } else if (memchr(address, ':', size) != NULL) {
        return false; /* an IPv6 address without brackets */
    }
    if (size >= 256)
        return false;
    memcpy(host, address, size);
    host[size] = '\0';
    strcpy(port, colon + 1);
    return true;
}

static bool listen_at(struct http_server *server, const struct addrinfo *at)
{
    int on = 1;
    server->fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return server->fd >= 0 &&
           setsockopt(server->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
           setsockopt(server->fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0 &&
           bind(server->fd, at->ai_addr, at->ai_addrlen) == 0 && listen(server->fd, BACKLOG) == 0;
}

static void note_port(struct http_server *server)
{
    struct sockaddr_storage bound = {0};
    socklen_t size = sizeof(bound);
    char port[8] = "0";
    getsockname(server->fd, (struct sockaddr *)&bound, &size);
    getnameinfo((struct sockaddr *)&bound, size, NULL, 0, port, sizeof(port), NI_NUMERICSERV);
    server->port = atoi(port);
}

static bool open_listener(struct http_server *server, const char *address, struct failure *why)
{
    char host[256], port[8];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    if (!split_address(address, host, port)) {
        fail(why, REASON_INTERNAL, NULL, "a listener's address is host:port or [IPv6]:port");
        return fail_detail(why, "\"%s\"", address);
    }
    int error = getaddrinfo(host[0] == '\0' ? NULL : host, port, &hints, &found);
    if (error != 0) {
        fail(why, REASON_INTERNAL, NULL, "a listener's address is not known");
        return fail_detail(why, "\"%s\": %s", address, gai_strerror(error));
    }
    bool ok = listen_at(server, found);
    int kept = errno;
    freeaddrinfo(found);
    if (!ok) {
        fail(why, REASON_INTERNAL, NULL, "cannot listen");
        return fail_detail(why, "\"%s\": %s", address, strerror(kept));
    }
    note_port(server);
    return true;
}

/* OpenSSL writes to sockets with write(2), which has no MSG_NOSIGNAL. */
static void ignore_sigpipe(void)
{
    struct sigaction now;
    if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
}

/* ---- the server ---------------------------------------------------------------------------- */

struct http_server *http_server_new(struct loop *loop, const struct http_listener *listener,
                                    struct failure *why)
{
    struct http_server *server = calloc(1, sizeof(*server));
    if (server == NULL)
        abort();
    server->loop = loop;
    server->limits = listener->limits == NULL ? http_limits_default : *listener->limits;
    server->handler = listener->handler;
    server->refused = listener->refused;
    server->context = listener->context;
    server->fd = -1;
    ignore_sigpipe();
    http_server_set_tls(server, listener->tls);
    if (!open_listener(server, listener->address, why)) {
        http_server_free(server);
        return NULL;
    }
    server->watch = loop_watch(loop, server->fd, LOOP_READ, accept_some, server);
    if (server->watch != NULL)
        return server;
    fail(why, REASON_INTERNAL, NULL, "cannot watch a listener");
    http_server_free(server);
    return NULL;
}

int http_server_port(const struct http_server *server)
{
    return server->port;
}

void http_server_set_tls(struct http_server *server, SSL_CTX *tls)
{
    if (tls != NULL)
        SSL_CTX_up_ref(tls);
    SSL_CTX_free(server->tls);
    server->tls = tls;
}

static void close_listener(struct http_server *server)
{
    loop_unwatch(server->watch);
    server->watch = NULL;
    if (server->fd >= 0)
        close(server->fd);
    server->fd = -1;
}

/* What still stands in the backlog was accepted by the kernel in our name: it is served too. */
void http_server_drain(struct http_server *server)
{
    if (server->is_draining)
        return;
    accept_some(server, LOOP_READ);
    server->is_draining = true;
    close_listener(server);
    server_enter(server);
    for (struct http_connection *c = server->connections; c != NULL; c = c->next) {
        if (c->session != NULL)
            c->kind->drain(c->session);
        server_queue(server, c);
    }
    server_leave(server);
}

static bool is_under_way(const struct http_connection *connection)
{
    const struct http_server *server = connection->server;
    switch (connection->phase) {
    case PHASE_HANDSHAKE:
    case PHASE_FIRST:
        return loop_now_ms(server->loop) - connection->phase_began < FRESH_MS;
    case PHASE_HEADER:
    case PHASE_BODY:
    case PHASE_WAITING:
    case PHASE_WRITING:
        return true;
    case PHASE_IDLE:
    case PHASE_LINGER:
        break;
    }
    return connection->out.size > 0;
}

bool http_server_is_quiet(const struct http_server *server)
{
    if (server->busy > 0)
        return false;
    for (const struct http_connection *c = server->connections; c != NULL; c = c->next)
        if (is_under_way(c))
            return false;
    return true;
}

unsigned http_server_connections(const struct http_server *server)
{
    return server->connection_count;
}

unsigned http_server_busy(const struct http_server *server)
{
    return server->busy;
}

void http_server_free(struct http_server *server)
{
    if (server == NULL)
        return;
    close_listener(server);
    while (server->connections != NULL)
        http_connection_free(server->connections);
    for (struct http_exchange *e = server->exchanges; e != NULL; e = e->next)
        e->server = NULL;
    loop_cancel(server->loop, server->resume_timer);
    loop_cancel(server->loop, server->trim_timer);
    SSL_CTX_free(server->tls);
    free(server);
}
