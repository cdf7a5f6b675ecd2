/* What a transport said: a message that came in, an answer that goes out, a call to an authority.
 *
 * Filled by gateway/http for the daemon, by the command line for files, by tests directly. */
#ifndef DRAGOMAN_ADAPTERS_MESSAGE_H
#define DRAGOMAN_ADAPTERS_MESSAGE_H

#include "mapping/model/bytes.h"

#include <stddef.h>
#include <stdint.h>

struct message {
    /* HTTP; empty for files. */
    struct bytes method;        /* "POST" */
    struct bytes path;          /* without query, percent-decoding not applied */
    struct bytes query;         /* behind '?', empty if none */
    struct bytes content_type;  /* field value as received, empty if absent */
    struct bytes accept;        /* likewise */
    struct bytes user_agent;    /* likewise */
    struct bytes authorization; /* likewise; a secret: never logged */
    struct bytes
        forwarded_certificate;    /* Client-Cert (RFC 9440) as received: anybody can send it */
    struct bytes forwarded_chain; /* Client-Cert-Chain, likewise */
    int status;                   /* responses: HTTP status; requests: 0 */
    struct bytes date;            /* responses: Date field */
    struct bytes retry_after;     /* responses: Retry-After field */
    struct bytes body;

    /* TLS; all empty and false without it. */
    bool tls;
    struct bytes client_certificate; /* DER; presented and its key proven, path not judged here */
    struct bytes *client_chain;      /* DER, without the leaf */
    size_t client_chain_count;
    struct bytes tls_unique;   /* RFC 5929; TLS 1.2 with extended master secret only */
    struct bytes tls_exporter; /* RFC 9266 */
};

struct reply {
    int status;               /* HTTP */
    const char *content_type; /* NULL: no body */
    struct bytes body;
    int64_t retry_after_s;         /* 0: no Retry-After field */
    const char *transfer_encoding; /* Content-Transfer-Encoding; NULL: none */
    const char *www_authenticate;  /* NULL: none */
    const char *allow;             /* NULL: none */
    struct bytes leg; /* the inbound adapter's memory after this answer; empty: unchanged */
};

/* What shall be sent to an authority. The URL comes from the authority's configuration. */
struct call {
    const char *method;       /* "POST", "GET" */
    const char *path_suffix;  /* appended to the authority's URL; "" or "/simpleenroll" */
    const char *content_type; /* NULL: no body */
    const char *accept;       /* NULL: none */
    struct bytes body;
};

#endif
