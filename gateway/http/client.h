/* Calls to authorities: libcurl's multi interface on our loop.
 *
 * Every call is answered exactly once. What matters is whether the authority may have acted: a
 * failure before the first octet of the request was sent is NOT_SENT, any later one is LOST. */
#ifndef DRAGOMAN_GATEWAY_HTTP_CLIENT_H
#define DRAGOMAN_GATEWAY_HTTP_CLIENT_H

#include "adapters/message.h"
#include "gateway/loop/loop.h"
#include "mapping/model/failure.h"

struct http_client;

/* How to reach one authority. Strings and files are read at each new connection's start. */
struct http_target {
    const char *url;
    const char *ca_file;     /* PEM; for https; NULL: the system's */
    const char *certificate; /* PEM file: TLS client credential; NULL: none */
    const char *key;         /* PEM file */
    const char *basic;       /* "user:password"; NULL: none. A secret */
    long connect_ms;
    long answer_ms;
    bool
        close_after; /* the connection ends with the answer, for servers that serve one at a time */
};

enum http_outcome { HTTP_ANSWERED, HTTP_NOT_SENT, HTTP_LOST };

/* `answer` (ANSWERED) and `why` (otherwise) live for the call. */
typedef void http_done(void *context, enum http_outcome outcome, const struct message *answer,
                       const struct failure *why);

struct http_client *http_client_new(struct loop *loop);
/* Queues above LIMIT_UPSTREAM_IN_FLIGHT. Copies what it needs. */
void http_client_send(struct http_client *client, const struct http_target *target,
                      const struct call *call, http_done *done, void *context);
/* Pending calls are dropped without an answer. */
void http_client_free(struct http_client *client);

#endif
