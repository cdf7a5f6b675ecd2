#include "gateway/http/session.h"

#include <assert.h>
#include <inttypes.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "gateway/http/connection.h"
#include "gateway/http/exchange.h"
#include "gateway/http/h1.h"
#include "gateway/http/server_internal.h"
#include "mapping/model/limits.h"

/* HTTP/2 (RFC 9113): several requests at once, each on a stream of its own. nghttp2 knows the
 * frames and refuses malformed requests (8.1.1); here stand our limits, and the way to the
 * exchanges. */
enum { SEND_AT_ONCE = 65536 };

struct h2_stream {
    struct h2_session *session;
    struct h2_stream *previous, *next;
    int32_t id;
    struct http_exchange *exchange; /* NULL: answered, or refused */
    struct buffer out;              /* the answer's body */
    int64_t began;
    size_t field_octets;
    unsigned fields;
    bool is_receiving; /* the request is not whole */
    bool expects_continue;
};

struct h2_session {
    struct http_connection *connection;
    nghttp2_session *nghttp2;
    struct h2_stream *streams;
    size_t body_octets; /* of requests that are held */
    unsigned resets;
    bool had_request;
    bool is_last;
};

/* ---- streams ------------------------------------------------------------------------------- */

static struct h2_stream *new_stream(struct h2_session *session, int32_t id)
{
    struct h2_stream *stream = calloc(1, sizeof(*stream));
    if (stream == NULL)
        abort();
    stream->session = session;
    stream->id = id;
    stream->is_receiving = true;
    stream->began = loop_now_ms(session->connection->server->loop);
    stream->exchange = exchange_new(session->connection);
    stream->exchange->stream = stream;
    stream->next = session->streams;
    if (stream->next != NULL)
        stream->next->previous = stream;
    session->streams = stream;
    session->had_request = true;
    nghttp2_session_set_stream_user_data(session->nghttp2, id, stream);
    return stream;
}

static void let_go_of_exchange(struct h2_stream *stream)
{
    if (stream->exchange == NULL)
        return;
    stream->session->body_octets -= stream->exchange->body.size;
    exchange_abandon(stream->exchange);
    stream->exchange = NULL;
}

static void free_stream(struct h2_stream *stream)
{
    struct h2_session *session = stream->session;
    let_go_of_exchange(stream);
    if (stream->previous != NULL)
        stream->previous->next = stream->next;
    else
        session->streams = stream->next;
    if (stream->next != NULL)
        stream->next->previous = stream->previous;
    buffer_clear(&stream->out);
    free(stream);
}

/* ---- answers ------------------------------------------------------------------------------- */

static ssize_t give_body(nghttp2_session *nghttp2, int32_t id, uint8_t *to, size_t room,
                         uint32_t *flags, nghttp2_data_source *source, void *context)
{
    (void)nghttp2;
    (void)id;
    (void)context;
    struct h2_stream *stream = source->ptr;
    struct bytes piece = bytes_slice(buffer_bytes(&stream->out), 0, room);
    if (piece.size > 0)
        memcpy(to, piece.data, piece.size);
    buffer_use(&stream->out, piece.size);
    if (stream->out.size == 0)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)piece.size;
}

enum { ANSWER_FIELDS = 8 };

struct fields {
    nghttp2_nv list[ANSWER_FIELDS];
    size_t count;
};

/* nghttp2 copies name and value, and writes to neither. */
static void add_field(struct fields *fields, const char *name, const char *value)
{
    union {
        const char *text;
        uint8_t *octets;
    } lent_name = {.text = name}, lent_value = {.text = value};
    if (value == NULL)
        return;
    assert(fields->count < ANSWER_FIELDS);
    fields->list[fields->count++] = (nghttp2_nv){.name = lent_name.octets,
                                                 .value = lent_value.octets,
                                                 .namelen = strlen(name),
                                                 .valuelen = strlen(value)};
}

static const char *number(char text[24], int64_t value)
{
    snprintf(text, 24, "%" PRId64, value);
    return text;
}

static void submit_answer(struct h2_stream *stream, const struct reply *reply, bool without_body)
{
    struct fields fields = {.count = 0};
    char status[24], date[H1_DATE_TEXT], length[24], retry_after[24];
    struct bytes body = reply->content_type == NULL ? BYTES_EMPTY : reply->body;
    nghttp2_data_provider provider = {.source = {.ptr = stream}, .read_callback = give_body};
    add_field(&fields, ":status", number(status, reply->status));
    add_field(&fields, "date", h1_date(date, (int64_t)time(NULL)));
    add_field(&fields, "content-type", reply->content_type);
    if (reply->status != 204) /* RFC 9110 8.6 */
        add_field(&fields, "content-length", number(length, (int64_t)body.size));
    if (reply->retry_after_s > 0)
        add_field(&fields, "retry-after", number(retry_after, reply->retry_after_s));
    add_field(&fields, "www-authenticate", reply->www_authenticate);
    add_field(&fields, "allow", reply->allow);
    if (!without_body && reply->status != 204)
        buffer_append(&stream->out, body);
    nghttp2_submit_response(stream->session->nghttp2, stream->id, fields.list, fields.count,
                            stream->out.size > 0 ? &provider : NULL);
}

static bool is_head(const struct h2_stream *stream)
{
    return bytes_equal_text(stream->exchange->message.method, "HEAD");
}

static void answer(void *context, struct http_exchange *exchange, const struct reply *reply)
{
    struct h2_session *session = context;
    struct h2_stream *stream = exchange->stream;
    session->body_octets -= exchange->body.size;
    submit_answer(stream, reply, is_head(stream));
    stream->exchange = NULL;
}

static void refuse(struct h2_stream *stream, const struct h1_refusal *refusal)
{
    char text[sizeof(refusal->why.text) + 2];
    int size = snprintf(text, sizeof(text), "%s\n", refusal->why.text);
    const struct reply reply = {
        .status = refusal->status,
        .content_type = "text/plain; charset=utf-8",
        .body = bytes_of(text, (size_t)size),
        .allow = refusal->status == 405 ? "GET, HEAD, POST" : NULL,
    };
    http_connection_refused(stream->session->connection, refusal->status, &refusal->why);
    submit_answer(stream, &reply, is_head(stream));
    let_go_of_exchange(stream);
}

static void refuse_with(struct h2_stream *stream, int status, const char *clause, const char *text)
{
    struct h1_refusal refusal;
    h1_refuse(&refusal, status, clause, "%s", text);
    refuse(stream, &refusal);
}

/* ---- requests ------------------------------------------------------------------------------ */

static int stream_begins(nghttp2_session *nghttp2, const nghttp2_frame *frame, void *context)
{
    (void)nghttp2;
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
        new_stream(context, frame->hd.stream_id);
    return 0;
}

static void take_target(struct h2_stream *stream, struct bytes target)
{
    struct h1_refusal refusal;
    struct bytes path;
    if (h1_split_target(target, &path, &stream->exchange->message.query, &refusal))
        exchange_set_path(stream->exchange, path);
    else
        refuse(stream, &refusal);
}

/* The value is copied before its row looks at it. A field that stands twice is taken once. */
static void take_field(struct h2_stream *stream, struct bytes name, struct bytes value)
{
    struct message *message = &stream->exchange->message;
    const struct {
        const char *name;
        struct bytes *to;
    } wanted[] = {
        {":method", &message->method},
        {"content-type", &message->content_type},
        {"accept", &message->accept},
        {"user-agent", &message->user_agent},
        {"authorization", &message->authorization},
        {"client-cert", &message->forwarded_certificate},
        {"client-cert-chain", &message->forwarded_chain},
    };
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        if (bytes_equal_text(name, wanted[i].name) && bytes_is_empty(*wanted[i].to))
            *wanted[i].to = arena_copy(stream->exchange->arena, value);
    if (bytes_equal_text(name, "expect") && bytes_equal_text(value, "100-continue"))
        stream->expects_continue = true;
    if (bytes_equal_text(name, ":path"))
        take_target(stream, arena_copy(stream->exchange->arena, value));
}

static int field_came(nghttp2_session *nghttp2, const nghttp2_frame *frame, const uint8_t *name,
                      size_t name_size, const uint8_t *value, size_t value_size, uint8_t flags,
                      void *context)
{
    (void)flags;
    (void)context;
    struct h2_stream *stream = nghttp2_session_get_stream_user_data(nghttp2, frame->hd.stream_id);
    if (stream == NULL || stream->exchange == NULL || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    stream->field_octets += name_size + value_size;
    if (++stream->fields > LIMIT_HTTP_HEADER_FIELDS)
        refuse_with(stream, 431, "RFC 6585 5", "the request has too many header fields");
    else if (stream->field_octets > LIMIT_HTTP_HEADER_OCTETS)
        refuse_with(stream, 431, "RFC 6585 5", "the header fields are too large");
    else
        take_field(stream, bytes_of(name, name_size), bytes_of(value, value_size));
    return 0;
}

/* A client that still sends what was refused gets no more window on its stream, and so stops when
 * it has read the answer. RFC 9113 8.1 would let us reset the stream, but there are clients that
 * then throw the answer away. */
static int data_came(nghttp2_session *nghttp2, uint8_t flags, int32_t id, const uint8_t *data,
                     size_t size, void *context)
{
    (void)flags;
    struct h2_session *session = context;
    struct h2_stream *stream = nghttp2_session_get_stream_user_data(nghttp2, id);
    nghttp2_session_consume_connection(nghttp2, size);
    if (stream == NULL || stream->exchange == NULL)
        return 0;
    if (size > LIMIT_MESSAGE_OCTETS - stream->exchange->body.size) {
        refuse_with(stream, 413, "RFC 9110 15.5.14", "the message is too large");
    } else if (size > LIMIT_HTTP2_BODY_OCTETS - session->body_octets) {
        refuse_with(stream, 503, "RFC 9110 15.6.4",
                    "too many large requests at once on one connection");
    } else {
        buffer_append(&stream->exchange->body, bytes_of(data, size));
        session->body_octets += size;
        nghttp2_session_consume_stream(nghttp2, id, size);
    }
    return 0;
}

static void request_is_whole(struct h2_stream *stream)
{
    struct h1_refusal refusal;
    stream->is_receiving = false;
    if (stream->exchange == NULL)
        return;
    if (h1_check_method(stream->exchange->message.method, &refusal))
        exchange_dispatch(stream->exchange); /* may answer at once */
    else
        refuse(stream, &refusal);
}

static void tell_to_continue(struct h2_stream *stream)
{
    struct fields fields = {.count = 0};
    add_field(&fields, ":status", "100");
    nghttp2_submit_headers(stream->session->nghttp2, NGHTTP2_FLAG_NONE, stream->id, NULL,
                           fields.list, fields.count, NULL);
}

static void note_reset(struct h2_session *session, const struct h2_stream *stream)
{
    struct failure why;
    if (stream->exchange == NULL || ++session->resets != LIMIT_HTTP2_RESETS)
        return;
    fail(&why, REASON_BUSY, "RFC 9113 10.5", "too many requests were taken back");
    http_connection_refused(session->connection, 0, &why);
    nghttp2_session_terminate_session(session->nghttp2, NGHTTP2_ENHANCE_YOUR_CALM);
}

static int frame_came(nghttp2_session *nghttp2, const nghttp2_frame *frame, void *context)
{
    struct h2_stream *stream = nghttp2_session_get_stream_user_data(nghttp2, frame->hd.stream_id);
    if (stream == NULL)
        return 0;
    if (frame->hd.type == NGHTTP2_RST_STREAM)
        note_reset(context, stream);
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
        return 0;
    if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
        request_is_whole(stream);
    else if (frame->hd.type == NGHTTP2_HEADERS && stream->expects_continue &&
             stream->exchange != NULL)
        tell_to_continue(stream);
    return 0;
}

static int stream_closes(nghttp2_session *nghttp2, int32_t id, uint32_t error, void *context)
{
    (void)error;
    (void)context;
    struct h2_stream *stream = nghttp2_session_get_stream_user_data(nghttp2, id);
    if (stream != NULL)
        free_stream(stream);
    return 0;
}

/* ---- times --------------------------------------------------------------------------------- */

static enum phase present_phase(const struct h2_session *session, int64_t *oldest)
{
    bool is_receiving = false, is_waiting = false, is_writing = false;
    *oldest = INT64_MAX;
    for (const struct h2_stream *stream = session->streams; stream != NULL; stream = stream->next) {
        if (stream->is_receiving && stream->exchange != NULL) {
            is_receiving = true;
            *oldest = stream->began < *oldest ? stream->began : *oldest;
        } else if (stream->exchange != NULL) {
            is_waiting = true;
        } else {
            is_writing = true;
        }
    }
    return is_receiving ? PHASE_BODY
           : is_waiting ? PHASE_WAITING
           : is_writing ? PHASE_WRITING
                        : PHASE_IDLE;
}

/* The time of a body runs from the oldest request that is not whole, however many younger ones have
 * come and gone. */
static void set_phase(struct h2_session *session, bool has_written)
{
    struct http_connection *connection = session->connection;
    int64_t oldest;
    enum phase phase = present_phase(session, &oldest);
    if (!session->had_request)
        return;
    if (phase != connection->phase || (phase == PHASE_WRITING && has_written))
        http_connection_phase(connection, phase);
    if (phase == PHASE_BODY)
        connection->phase_began = oldest;
}

/* Either one request is too old, or nothing came at all and all of them are stuck. */
static void timed_out(void *context)
{
    struct h2_session *session = context;
    const struct http_connection *connection = session->connection;
    const struct http_limits *limits = &connection->server->limits;
    int64_t now = loop_now_ms(connection->server->loop);
    bool is_silent = now - connection->last_read >= limits->between_bytes_ms;
    for (struct h2_stream *stream = session->streams; stream != NULL; stream = stream->next)
        if (stream->is_receiving && stream->exchange != NULL &&
            (is_silent || now - stream->began >= limits->body_ms))
            refuse_with(stream, 408, "RFC 9110 15.5.9", "the request took too long to arrive");
}

/* ---- the session --------------------------------------------------------------------------- */

static void received(void *context, struct bytes octets)
{
    struct h2_session *session = context;
    ssize_t used = nghttp2_session_mem_recv(session->nghttp2, octets.data, octets.size);
    if (used >= 0)
        return;
    struct failure why;
    fail(&why, REASON_BAD_REQUEST, "RFC 9113 3.4", "the connection does not speak HTTP/2");
    fail_detail(&why, "%s", nghttp2_strerror((int)used));
    http_connection_refused(session->connection, 0, &why);
    http_connection_break(session->connection);
}

static size_t write_frames(struct h2_session *session)
{
    size_t written = 0;
    while (written < SEND_AT_ONCE) {
        const uint8_t *octets;
        ssize_t size = nghttp2_session_mem_send(session->nghttp2, &octets);
        if (size < 0)
            http_connection_break(session->connection);
        if (size <= 0)
            break;
        http_connection_write(session->connection, bytes_of(octets, (size_t)size));
        written += (size_t)size;
    }
    return written;
}

static bool is_over(const struct h2_session *session)
{
    if (session->streams == NULL && session->is_last)
        return true;
    return nghttp2_session_want_read(session->nghttp2) == 0 &&
           nghttp2_session_want_write(session->nghttp2) == 0;
}

static bool drained(void *context)
{
    struct h2_session *session = context;
    bool has_written = write_frames(session) > 0;
    set_phase(session, has_written);
    if (has_written || !is_over(session))
        return has_written;
    http_connection_finish(session->connection);
    return true;
}

/* Nobody is left to take the answers. */
static void ended(void *context)
{
    struct h2_session *session = context;
    http_connection_finish(session->connection);
}

/* RFC 9113 6.8: later requests are the client's to send elsewhere; earlier ones are answered. */
static void drain(void *context)
{
    struct h2_session *session = context;
    if (session->is_last)
        return;
    session->is_last = true;
    nghttp2_submit_goaway(session->nghttp2, NGHTTP2_FLAG_NONE,
                          nghttp2_session_get_last_proc_stream_id(session->nghttp2),
                          NGHTTP2_NO_ERROR, NULL, 0);
}

static void close_session(void *context)
{
    struct h2_session *session = context;
    while (session->streams != NULL)
        free_stream(session->streams);
    nghttp2_session_del(session->nghttp2);
    free(session);
}

static void set_callbacks(nghttp2_session_callbacks *callbacks)
{
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, stream_begins);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, field_came);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, data_came);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frame_came);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, stream_closes);
}

/* The window is given by us (data_came), not by the library. */
static nghttp2_session *new_nghttp2(struct h2_session *session)
{
    nghttp2_session *nghttp2;
    nghttp2_session_callbacks *callbacks;
    nghttp2_option *option;
    if (nghttp2_session_callbacks_new(&callbacks) != 0 || nghttp2_option_new(&option) != 0)
        abort();
    set_callbacks(callbacks);
    nghttp2_option_set_no_auto_window_update(option, 1);
    if (nghttp2_session_server_new2(&nghttp2, callbacks, session, option) != 0)
        abort();
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    return nghttp2;
}

static void *open_session(struct http_connection *connection)
{
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, LIMIT_HTTP2_STREAMS},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, LIMIT_HTTP_HEADER_OCTETS},
    };
    struct h2_session *session = calloc(1, sizeof(*session));
    if (session == NULL)
        abort();
    session->connection = connection;
    session->nghttp2 = new_nghttp2(session);
    nghttp2_submit_settings(session->nghttp2, NGHTTP2_FLAG_NONE, settings,
                            sizeof(settings) / sizeof(settings[0]));
    return session;
}

const struct session_kind h2_session = {
    .open = open_session,
    .received = received,
    .ended = ended,
    .drained = drained,
    .answer = answer,
    .timed_out = timed_out,
    .drain = drain,
    .close = close_session,
};
