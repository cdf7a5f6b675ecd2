#include "tests/support/wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
    perror(what);
    abort();
}

void wire_connect_with(struct wire *wire, int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = WIRE_TIMEOUT_S};
    if (connect(wire->fd, (struct sockaddr *)&to, sizeof(to)) != 0)
        die("connect");
    setsockopt(wire->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(wire->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

struct wire wire_connect(int port)
{
    struct wire wire = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (wire.fd < 0)
        die("socket");
    wire_connect_with(&wire, port);
    return wire;
}

struct wire wire_connect_tls(int port, SSL_CTX *tls, SSL_SESSION *session)
{
    struct wire wire = wire_connect(port);
    wire.ssl = SSL_new(tls);
    if (wire.ssl == NULL || SSL_set_fd(wire.ssl, wire.fd) != 1)
        die("SSL_new");
    if (session != NULL)
        SSL_set_session(wire.ssl, session);
    if (SSL_connect(wire.ssl) != 1) {
        wire_close(&wire);
        wire = (struct wire){.fd = -1};
    }
    return wire;
}

void wire_send_octets(const struct wire *wire, struct bytes octets)
{
    while (octets.size > 0) {
        size_t done = 0;
        if (wire->ssl != NULL) {
            if (SSL_write_ex(wire->ssl, octets.data, octets.size, &done) != 1)
                return;
        } else {
            ssize_t sent = send(wire->fd, octets.data, octets.size, MSG_NOSIGNAL);
            if (sent <= 0)
                return; /* the server has closed; what it said is read next */
            done = (size_t)sent;
        }
        octets = bytes_slice(octets, done, octets.size);
    }
}

void wire_send(const struct wire *wire, const char *text)
{
    wire_send_octets(wire, bytes_of_text(text));
}

static size_t receive(const struct wire *wire, char *to, size_t room)
{
    size_t size = 0;
    if (wire->ssl != NULL)
        return SSL_read_ex(wire->ssl, to, room, &size) == 1 ? size : 0;
    ssize_t got = recv(wire->fd, to, room, 0);
    return got < 0 ? 0 : (size_t)got;
}

char *wire_field(const struct wire_answer *answer, const char *name)
{
    char start[128];
    snprintf(start, sizeof(start), "\r\n%s: ", name);
    const char *end = strstr(answer->text, "\r\n\r\n");
    const char *at = strstr(answer->text, start);
    if (at == NULL || end == NULL || at > end)
        return NULL;
    at += strlen(start);
    return strndup(at, strcspn(at, "\r"));
}

static size_t body_size(const struct wire_answer *answer)
{
    char *length = wire_field(answer, "Content-Length");
    size_t size = length == NULL ? 0 : strtoul(length, NULL, 10);
    free(length);
    return size;
}

static bool says(const struct wire_answer *answer, const char *option)
{
    char *value = wire_field(answer, "Connection");
    bool does = value != NULL && strcmp(value, option) == 0;
    free(value);
    return does;
}

/* One octet at a time up to the empty line, so that the next answer stays in the socket. */
struct wire_answer wire_receive(const struct wire *wire, bool head)
{
    struct wire_answer answer = {.text = calloc(1, WIRE_ROOM)};
    size_t used = 0;
    while (used < 4 || memcmp(answer.text + used - 4, "\r\n\r\n", 4) != 0) {
        if (used + 1 >= WIRE_ROOM || receive(wire, answer.text + used, 1) == 0)
            return answer;
        used++;
    }
    sscanf(answer.text, "HTTP/1.%d %d ", &answer.minor, &answer.status);
    size_t size = head ? 0 : body_size(&answer);
    answer.body = bytes_of(answer.text + used, size);
    while (size > 0) {
        size_t got = used + size < WIRE_ROOM ? receive(wire, answer.text + used, size) : 0;
        if (got == 0) {
            answer.status = 0;
            return answer;
        }
        used += got;
        size -= got;
    }
    answer.says_close = says(&answer, "close");
    answer.says_keep_alive = says(&answer, "keep-alive");
    return answer;
}

bool wire_is_ended(const struct wire *wire)
{
    char rest[4096];
    bool nothing = true;
    for (size_t got; (got = receive(wire, rest, sizeof(rest))) > 0;)
        nothing = false;
    return nothing;
}

void wire_close(struct wire *wire)
{
    SSL_free(wire->ssl);
    if (wire->fd >= 0)
        close(wire->fd);
    *wire = (struct wire){.fd = -1};
}

int64_t wire_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
