/* The other end of a connection, octet by octet: a blocking client on loopback. Every wait ends
 * after WIRE_TIMEOUT_S. */
#ifndef DRAGOMAN_TESTS_SUPPORT_WIRE_H
#define DRAGOMAN_TESTS_SUPPORT_WIRE_H

#include <openssl/ssl.h>

#include "mapping/model/bytes.h"

enum { WIRE_TIMEOUT_S = 20, WIRE_ROOM = 1 << 21 };

struct wire {
    int fd;
    SSL *ssl; /* NULL: plain */
};

struct wire_answer {
    int status; /* 0: the connection ended instead */
    int minor;
    char *text; /* header and body, NUL-terminated; the caller frees */
    struct bytes body;
    bool says_close;
    bool says_keep_alive;
};

struct wire wire_connect(int port);
/* The same with a socket made before. */
void wire_connect_with(struct wire *wire, int port);
/* tls: a client's context. The handshake may fail: then ssl is NULL and fd is -1. */
struct wire wire_connect_tls(int port, SSL_CTX *tls, SSL_SESSION *session);
void wire_send(const struct wire *wire, const char *text);
void wire_send_octets(const struct wire *wire, struct bytes octets);
/* Reads one answer, as long as its Content-Length says. `head`: it has no body. */
struct wire_answer wire_receive(const struct wire *wire, bool head);
/* Reads to the end of the connection; true if nothing came before it. */
bool wire_is_ended(const struct wire *wire);
void wire_close(struct wire *wire);

/* A field's value in the answer's header; NULL if it has none. The caller frees. */
char *wire_field(const struct wire_answer *answer, const char *name);

int64_t wire_now_us(void);

#endif
