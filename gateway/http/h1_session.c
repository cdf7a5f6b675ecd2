#include "gateway/http/session.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "gateway/http/connection.h"
#include "gateway/http/exchange.h"
#include "gateway/http/h1.h"
#include "mapping/model/limits.h"

/* One request at a time: while one waits for its answer nothing is read, so a client that
 * pipelines gets its answers in order, and one that sends without end is stopped by TCP. */
enum state {
    READING_HEADER,
    READING_BODY,
    WAITING,  /* the handler has the request */
    ANSWERED, /* the answer is on its way; then the next request */
    CLOSING,  /* the last answer is on its way */
};

struct h1_session {
    struct http_connection *connection;
    enum state state;
    struct buffer input; /* the part of a header that has come, or what was pipelined */
    size_t scanned;
    struct h1_header header;
    struct h1_body body;
    struct http_exchange *exchange;
    bool is_last; /* close behind the answer under way */
};

static void *open_session(struct http_connection *connection)
{
    struct h1_session *session = calloc(1, sizeof(*session));
    if (session == NULL)
        abort();
    session->connection = connection;
    session->header.minor = 1;
    return session;
}

static void close_session(void *context)
{
    struct h1_session *session = context;
    exchange_abandon(session->exchange);
    buffer_clear(&session->input);
    free(session);
}

/* ---- answers ------------------------------------------------------------------------------- */

static void write_answer(struct h1_session *session, const struct reply *reply, bool keep_alive)
{
    struct h1_answer answer = {
        .minor = session->header.minor,
        .keep_alive = keep_alive,
        .without_body = bytes_equal_text(session->header.method, "HEAD"),
        .now = (int64_t)time(NULL),
    };
    h1_write_answer(http_connection_out(session->connection), &answer, reply);
    session->state = keep_alive ? ANSWERED : CLOSING;
    http_connection_read(session->connection, false);
    http_connection_phase(session->connection, PHASE_WAITING);
    if (!keep_alive)
        http_connection_finish(session->connection);
}

static void answer(void *context, struct http_exchange *exchange, const struct reply *reply)
{
    struct h1_session *session = context;
    assert(exchange == session->exchange && session->state == WAITING);
    write_answer(session, reply, session->header.keep_alive && !session->is_last);
    session->exchange = NULL;
    session->header = (struct h1_header){.minor = 1};
}

static void refuse(struct h1_session *session, const struct h1_refusal *refusal)
{
    char text[sizeof(refusal->why.text) + 2];
    int size = snprintf(text, sizeof(text), "%s\n", refusal->why.text);
    const struct reply reply = {
        .status = refusal->status,
        .content_type = "text/plain; charset=utf-8",
        .body = bytes_of(text, (size_t)size),
        .allow = refusal->status == 405 ? "GET, HEAD, POST" : NULL,
    };
    http_connection_refused(session->connection, refusal->status, &refusal->why);
    write_answer(session, &reply, false);
    exchange_abandon(session->exchange);
    session->exchange = NULL;
}

/* ---- requests ------------------------------------------------------------------------------ */

static void fill_message(struct h1_session *session)
{
    const struct h1_header *header = &session->header;
    struct message *message = &session->exchange->message;
    message->method = header->method;
    exchange_set_path(session->exchange, header->path);
    message->query = header->query;
    message->content_type = header->content_type;
    message->accept = header->accept;
    message->user_agent = header->user_agent;
    message->authorization = header->authorization;
    message->forwarded_certificate = header->client_cert;
    message->forwarded_chain = header->client_cert_chain;
}

/* The header is copied, since the slices of the message must outlive what was read. */
static bool begin_request(struct h1_session *session, struct bytes octets)
{
    struct h1_refusal refusal;
    session->exchange = exchange_new(session->connection);
    octets = arena_copy(session->exchange->arena, octets);
    if (!h1_read_header(octets, &session->header, &refusal)) {
        refuse(session, &refusal);
        return false;
    }
    fill_message(session);
    h1_body_begin(&session->body, &session->header);
    session->state = READING_BODY;
    http_connection_phase(session->connection, PHASE_BODY);
    return true;
}

static void read_header(struct h1_session *session, struct bytes *input)
{
    struct h1_refusal refusal;
    size_t size = 0;
    switch (h1_find_header(*input, &session->scanned, &size, &refusal)) {
    case H1_MORE:
        return;
    case H1_REFUSED:
        refuse(session, &refusal);
        return;
    case H1_DONE:
        break;
    }
    session->scanned = 0;
    struct bytes header = bytes_slice(*input, 0, size);
    *input = bytes_slice(*input, size, input->size);
    if (begin_request(session, header) && session->header.expects_continue && input->size == 0)
        http_connection_write(session->connection, BYTES_LITERAL("HTTP/1.1 100 Continue\r\n\r\n"));
}

static void read_body(struct h1_session *session, struct bytes *input)
{
    struct h1_refusal refusal;
    enum h1_result result;
    do {
        struct bytes piece;
        result = h1_body_next(&session->body, input, &piece, &refusal);
        buffer_append(&session->exchange->body, piece);
    } while (result == H1_MORE && input->size > 0);
    if (result == H1_REFUSED)
        refuse(session, &refusal);
    if (result != H1_DONE)
        return;
    session->state = WAITING;
    http_connection_read(session->connection, false);
    http_connection_phase(session->connection, PHASE_WAITING);
    exchange_dispatch(session->exchange); /* may answer at once */
}

/* Uses what it can from the front of *input. */
static void use(struct h1_session *session, struct bytes *input)
{
    if (session->state == READING_HEADER && input->size > 0) {
        if (session->connection->phase != PHASE_HEADER)
            http_connection_phase(session->connection, PHASE_HEADER);
        read_header(session, input);
    }
    if (session->state == READING_BODY)
        read_body(session, input);
}

static void received(void *context, struct bytes octets)
{
    struct h1_session *session = context;
    if (session->input.size == 0) {
        use(session, &octets);
        buffer_append(&session->input, octets);
    } else {
        buffer_append(&session->input, octets);
        struct bytes rest = buffer_bytes(&session->input);
        use(session, &rest);
        buffer_use(&session->input, session->input.size - rest.size);
    }
    if (session->state == READING_HEADER || session->state == READING_BODY)
        http_connection_acknowledge(session->connection);
}

static bool drained(void *context)
{
    struct h1_session *session = context;
    if (session->state != ANSWERED)
        return false;
    session->state = READING_HEADER;
    http_connection_phase(session->connection, PHASE_IDLE);
    http_connection_read(session->connection, !session->connection->peer_ended);
    if (session->input.size > 0)
        received(session, BYTES_EMPTY);
    return true;
}

/* ---- ends ---------------------------------------------------------------------------------- */

static bool is_idle(const struct h1_session *session)
{
    return session->state == READING_HEADER && session->input.size == 0;
}

/* Is told only while a request is read: a client may close its direction behind its request and
 * still wait for the answer. */
static void ended(void *context)
{
    struct h1_session *session = context;
    struct failure why;
    if (is_idle(session)) {
        http_connection_finish(session->connection);
    } else if (session->state == READING_HEADER || session->state == READING_BODY) {
        fail(&why, REASON_BAD_REQUEST, "RFC 9112 8", "the connection ended within a request");
        http_connection_refused(session->connection, 0, &why);
        http_connection_break(session->connection);
    }
}

static void timed_out(void *context)
{
    struct h1_session *session = context;
    struct h1_refusal refusal;
    h1_refuse(&refusal, 408, "RFC 9110 15.5.9", "the request took too long to arrive");
    refuse(session, &refusal);
}

/* A client that has not yet asked anything has its first request served: it could not tell a
 * connection that was never served from one that broke. */
static void drain(void *context)
{
    struct h1_session *session = context;
    session->is_last = true;
    if (is_idle(session) && session->connection->phase == PHASE_IDLE)
        http_connection_finish(session->connection);
}

const struct session_kind h1_session = {
    .open = open_session,
    .received = received,
    .ended = ended,
    .drained = drained,
    .answer = answer,
    .timed_out = timed_out,
    .drain = drain,
    .close = close_session,
};
