/* TLS contexts for listeners, and what a connection tells about its peer. */
#ifndef DRAGOMAN_GATEWAY_HTTP_TLS_H
#define DRAGOMAN_GATEWAY_HTTP_TLS_H

#include <openssl/ssl.h>

#include "adapters/message.h"
#include "mapping/model/arena.h"
#include "mapping/model/failure.h"

enum tls_client { TLS_CLIENT_NONE, TLS_CLIENT_OPTIONAL, TLS_CLIENT_REQUIRED };

struct tls_settings {
    const char *certificate; /* PEM file: leaf, then chain */
    const char *key;         /* PEM file */
    enum tls_client client;
    const char *client_ca; /* PEM file whose names are offered; the path is judged by the adapter */
};

/* TLS 1.2 and up, ALPN without alert on no match, no renegotiation, stateful resumption where
 * client certificates are asked for. */
SSL_CTX *tls_context(const struct tls_settings *settings, struct failure *why);

/* Fills tls, client_certificate, client_chain, tls_unique (1.2 with extended master secret),
 * tls_exporter. */
void tls_describe(SSL *ssl, struct arena *arena, struct message *message);

#endif
