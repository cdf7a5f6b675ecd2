/* HTTP/1.0 and 1.1 as octets (RFC 9112): the reader of requests and the writer of answers.
 *
 * Nothing here touches a socket or a clock. A request is read in three steps, each of which can be
 * given its input in pieces of any size:
 *   h1_find_header   where does the header end?
 *   h1_read_header   what does it say?
 *   h1_body_next     the octets of the body, whatever its framing
 * Where two readers of one request could disagree about its end (RFC 9112 11.2, request smuggling)
 * it is refused; the status and a text say what the sender must fix. */
#ifndef DRAGOMAN_GATEWAY_HTTP_H1_H
#define DRAGOMAN_GATEWAY_HTTP_H1_H

#include "adapters/message.h"
#include "gateway/http/buffer.h"
#include "mapping/model/failure.h"

enum h1_result { H1_MORE, H1_DONE, H1_REFUSED };

struct h1_refusal {
    int status; /* to answer with; the connection ends after it */
    struct failure why;
};

/* Sets refusal; returns false. */
bool h1_refuse(struct h1_refusal *refusal, int status, const char *clause, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* What HTTP/2 judges alike: the methods that are served, and the target's path and query. */
bool h1_check_method(struct bytes method, struct h1_refusal *refusal);
bool h1_split_target(struct bytes target, struct bytes *path, struct bytes *query,
                     struct h1_refusal *refusal);

/* Input begins where a request begins and grows from call to call; *scanned is 0 at first. DONE:
 * the header with its empty line is the first *size octets. */
enum h1_result h1_find_header(struct bytes input, size_t *scanned, size_t *size,
                              struct h1_refusal *refusal);

/* Slices point into what h1_read_header was given. */
struct h1_header {
    struct bytes method;
    struct bytes path; /* from the first '/', without query */
    struct bytes query;
    struct bytes content_type;
    struct bytes accept;
    struct bytes user_agent;
    struct bytes authorization;
    struct bytes client_cert;
    struct bytes client_cert_chain;
    int minor;       /* HTTP/1.minor: 0 or 1; 1 also where the header was too broken to tell */
    bool keep_alive; /* the client would like to go on after the answer */
    bool expects_continue;
    bool is_chunked;
    size_t content_length; /* if not chunked */
};

bool h1_read_header(struct bytes octets, struct h1_header *header, struct h1_refusal *refusal);

struct h1_body {
    int state;
    size_t left;     /* of the body, or of the chunk */
    size_t total;    /* octets of the body so far */
    size_t digits;   /* of the chunk's size so far */
    size_t overhead; /* octets of chunk extensions and trailers so far */
};

void h1_body_begin(struct h1_body *body, const struct h1_header *header);
/* Takes octets from the front of *input. MORE: *piece is the next part of the body; call again
 * while *input is not empty. DONE: the body ends before *input; *piece may hold its last part. */
enum h1_result h1_body_next(struct h1_body *body, struct bytes *input, struct bytes *piece,
                            struct h1_refusal *refusal);

enum { H1_DATE_TEXT = 64 };

/* The value of a Date field; NULL for a time beyond all calendars. */
const char *h1_date(char text[H1_DATE_TEXT], int64_t now);

struct h1_answer {
    int minor;         /* of the request: EST clients exist that reject any other */
    bool keep_alive;   /* the connection stays open */
    bool without_body; /* the request was HEAD */
    int64_t now;       /* s since 1970 UTC, for the Date field */
};

/* Header and body, ready to be sent by one write. */
void h1_write_answer(struct buffer *out, const struct h1_answer *answer, const struct reply *reply);

#endif
