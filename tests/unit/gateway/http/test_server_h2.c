#include "tests/support/cmocka_all.h"

#include <curl/curl.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gateway/http/buffer.h"
#include "gateway/http/tls.h"
#include "mapping/model/limits.h"
#include "tests/support/http_house.h"
#include "tests/support/tls_files.h"
#include "tests/support/wire.h"

static struct tls_files files;

static struct house *open_house(const struct http_limits *limits)
{
    struct failure why;
    const struct tls_settings settings = {
        .certificate = files.server, .key = files.server_key, .client = TLS_CLIENT_OPTIONAL};
    SSL_CTX *tls = tls_context(&settings, &why);
    struct house *house = house_open(tls, limits);
    SSL_CTX_free(tls);
    return house;
}

static int set_up(void **state)
{
    *state = open_house(NULL);
    return 0;
}

static int set_up_quick(void **state)
{
    struct http_limits limits = http_limits_default;
    limits.first_byte_ms = limits.body_ms = limits.between_bytes_ms = 300;
    limits.idle_ms = limits.write_ms = limits.linger_ms = 300;
    *state = open_house(&limits);
    return 0;
}

static int tear_down(void **state)
{
    house_close(*state);
    return 0;
}

/* ---- libcurl as the client --------------------------------------------------------------------
 */

struct fetch {
    CURL *easy;
    struct curl_slist *fields;
    struct buffer body;
    struct buffer header;
};

static size_t take(char *octets, size_t one, size_t size, void *context)
{
    (void)one;
    buffer_append(context, bytes_of(octets, size));
    return size;
}

static void begin_fetch(struct fetch *fetch, struct house *house, const char *path,
                        struct bytes body)
{
    char url[4096];
    snprintf(url, sizeof(url), "https://localhost:%d%s", house_port(house), path);
    *fetch = (struct fetch){.easy = curl_easy_init()};
    curl_easy_setopt(fetch->easy, CURLOPT_URL, url);
    curl_easy_setopt(fetch->easy, CURLOPT_CAINFO, files.ca);
    curl_easy_setopt(fetch->easy, CURLOPT_SSLCERT, files.client);
    curl_easy_setopt(fetch->easy, CURLOPT_SSLKEY, files.client_key);
    curl_easy_setopt(fetch->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(fetch->easy, CURLOPT_PIPEWAIT, 1L);
    curl_easy_setopt(fetch->easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(fetch->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(fetch->easy, CURLOPT_TIMEOUT, (long)WIRE_TIMEOUT_S);
    curl_easy_setopt(fetch->easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(fetch->easy, CURLOPT_WRITEDATA, &fetch->body);
    curl_easy_setopt(fetch->easy, CURLOPT_HEADERFUNCTION, take);
    curl_easy_setopt(fetch->easy, CURLOPT_HEADERDATA, &fetch->header);
    if (body.data != NULL) {
        curl_easy_setopt(fetch->easy, CURLOPT_POSTFIELDSIZE, (long)body.size);
        curl_easy_setopt(fetch->easy, CURLOPT_POSTFIELDS, (const char *)body.data);
    }
}

static void end_fetch(struct fetch *fetch)
{
    curl_easy_cleanup(fetch->easy);
    curl_slist_free_all(fetch->fields);
    buffer_clear(&fetch->body);
    buffer_clear(&fetch->header);
}

static long status_of(const struct fetch *fetch)
{
    long status = 0, version = 0;
    curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(fetch->easy, CURLINFO_HTTP_VERSION, &version);
    assert_int_equal(version, CURL_HTTP_VERSION_2_0);
    return status;
}

static long perform(struct fetch *fetch)
{
    CURLcode code = curl_easy_perform(fetch->easy);
    if (code != CURLE_OK)
        fail_msg("curl: %s", curl_easy_strerror(code));
    return status_of(fetch);
}

static bool has_text(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, bytes_of("", 1));
    bool has = strstr((const char *)buffer_bytes(buffer).data, text) != NULL;
    buffer->size--;
    return has;
}

static void a_post_is_echoed(void **state)
{
    struct fetch fetch;
    begin_fetch(&fetch, *state, "/echo", BYTES_LITERAL("hello"));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(perform(&fetch), 200);
        assert_true(bytes_equal_text(buffer_bytes(&fetch.body), "hello"));
        assert_true(has_text(&fetch.header, "content-length: 5\r\n"));
        assert_true(has_text(&fetch.header, "date: "));
        buffer_clear(&fetch.body);
    }
    end_fetch(&fetch);
    assert_true(house_waits_for_connections(*state, 0));
}

static void the_message_is_described(void **state)
{
    struct fetch fetch;
    begin_fetch(&fetch, *state, "//describe?x=y", BYTES_LITERAL("a"));
    fetch.fields = curl_slist_append(fetch.fields, "Content-Type: a/b");
    fetch.fields = curl_slist_append(fetch.fields, "Accept: c/d");
    fetch.fields = curl_slist_append(fetch.fields, "User-Agent: e");
    fetch.fields = curl_slist_append(fetch.fields, "Authorization: Basic aGk=");
    curl_easy_setopt(fetch.easy, CURLOPT_HTTPHEADER, fetch.fields);
    assert_int_equal(perform(&fetch), 200);
    assert_true(has_text(&fetch.body, "method=POST\npath=/describe\nquery=x=y\ncontent_type=a/b\n"
                                      "accept=c/d\nuser_agent=e\nauthorization=Basic aGk=\n"));
    assert_true(has_text(&fetch.body, "\ntls=yes\nclient=30"));
    assert_true(has_text(&fetch.body, "\nchain=30"));
    end_fetch(&fetch);
}

static void a_head_has_no_body(void **state)
{
    struct fetch fetch;
    begin_fetch(&fetch, *state, "/big", BYTES_EMPTY);
    curl_easy_setopt(fetch.easy, CURLOPT_NOBODY, 1L);
    assert_int_equal(perform(&fetch), 200);
    assert_int_equal(fetch.body.size, 0);
    assert_true(has_text(&fetch.header, "content-length: 300000\r\n"));
    end_fetch(&fetch);
}

static void a_large_answer_is_sent(void **state)
{
    struct fetch fetch;
    begin_fetch(&fetch, *state, "/big", BYTES_EMPTY);
    assert_int_equal(perform(&fetch), 200);
    assert_int_equal(fetch.body.size, HOUSE_BIG);
    end_fetch(&fetch);
}

static void a_large_request_is_taken(void **state)
{
    static uint8_t body[LIMIT_MESSAGE_OCTETS];
    struct fetch fetch;
    for (size_t i = 0; i < sizeof(body); i++)
        body[i] = (uint8_t)(i % 251);
    begin_fetch(&fetch, *state, "/echo", bytes_of(body, sizeof(body)));
    assert_int_equal(perform(&fetch), 200);
    assert_true(bytes_equal(buffer_bytes(&fetch.body), bytes_of(body, sizeof(body))));
    end_fetch(&fetch);
}

static void an_answer_without_body_is_sent(void **state)
{
    struct fetch fetch;
    begin_fetch(&fetch, *state, "/nowhere", BYTES_EMPTY);
    assert_int_equal(perform(&fetch), 404);
    assert_int_equal(fetch.body.size, 0);
    end_fetch(&fetch);
}

static void refused(struct house *house, const char *path, const char *method, size_t body_size,
                    size_t field_size, long status)
{
    static uint8_t body[LIMIT_MESSAGE_OCTETS + 1];
    char *field = calloc(1, field_size + 8);
    struct fetch fetch;
    begin_fetch(&fetch, house, path, bytes_of(body, body_size));
    if (method != NULL)
        curl_easy_setopt(fetch.easy, CURLOPT_CUSTOMREQUEST, method);
    strcpy(field, "X-Y: ");
    memset(field + 5, 'z', field_size);
    fetch.fields = curl_slist_append(fetch.fields, field);
    curl_easy_setopt(fetch.easy, CURLOPT_HTTPHEADER, fetch.fields);
    unsigned before = house_counts(house).refused;
    assert_int_equal(perform(&fetch), status);
    assert_true(fetch.body.size > 10);
    assert_int_equal(house_counts(house).refused, before + 1);
    assert_int_equal(house_counts(house).last_refused_status, status);
    if (status == 405)
        assert_true(has_text(&fetch.header, "allow: GET"));
    free(field);
    end_fetch(&fetch);
}

static void limits_are_those_of_http_1(void **state)
{
    char path[LIMIT_HTTP_PATH_OCTETS + 100] = "/";
    memset(path + 1, 'p', LIMIT_HTTP_PATH_OCTETS);
    refused(*state, "/echo", "DELETE", 0, 1, 405);
    refused(*state, "/echo", NULL, LIMIT_MESSAGE_OCTETS + 1, 1, 413);
    refused(*state, path, NULL, 0, 1, 414);
    refused(*state, "/echo", NULL, 5, LIMIT_HTTP_HEADER_OCTETS, 431);
    assert_int_equal(house_counts(*state).handled, 0);
}

enum { PARALLEL = 20 };

static void requests_share_a_connection(void **state)
{
    struct fetch fetches[PARALLEL];
    CURLM *multi = curl_multi_init();
    int running = 1;
    for (int i = 0; i < PARALLEL; i++) {
        begin_fetch(&fetches[i], *state, "/later", BYTES_LITERAL("hello"));
        curl_multi_add_handle(multi, fetches[i].easy);
    }
    unsigned most = 0;
    while (running > 0) {
        curl_multi_perform(multi, &running);
        curl_multi_poll(multi, NULL, 0, 100, NULL);
        unsigned now = house_connections(*state);
        most = now > most ? now : most;
    }
    for (int i = 0; i < PARALLEL; i++) {
        assert_int_equal(status_of(&fetches[i]), 200);
        assert_true(bytes_equal_text(buffer_bytes(&fetches[i].body), "hello"));
        curl_multi_remove_handle(multi, fetches[i].easy);
        end_fetch(&fetches[i]);
    }
    curl_multi_cleanup(multi);
    assert_int_equal(most, 1);
}

/* ---- frames by hand (RFC 9113 4.1, RFC 7541) ---------------------------------------------------
 */

enum { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE };
enum { END_STREAM = 1, END_HEADERS = 4 };

struct frame {
    int type; /* -1: the connection ended */
    int flags;
    uint32_t id;
    size_t size;
    uint8_t payload[16384 + 1];
};

static struct wire connect_h2(struct house *house)
{
    SSL_CTX *tls = tls_files_client(&files, false, TLS1_3_VERSION);
    SSL_CTX_set_alpn_protos(tls, (const unsigned char *)"\x02h2", 3);
    struct wire wire = wire_connect_tls(house_port(house), tls, NULL);
    SSL_CTX_free(tls);
    return wire;
}

static void send_frame(const struct wire *wire, int type, int flags, uint32_t id,
                       struct bytes payload)
{
    uint8_t frame[9 + 16384] = {(uint8_t)(payload.size >> 16),
                                (uint8_t)(payload.size >> 8),
                                (uint8_t)payload.size,
                                (uint8_t)type,
                                (uint8_t)flags,
                                (uint8_t)(id >> 24),
                                (uint8_t)(id >> 16),
                                (uint8_t)(id >> 8),
                                (uint8_t)id};
    if (payload.size > 0)
        memcpy(frame + 9, payload.data, payload.size);
    wire_send_octets(wire, bytes_of(frame, 9 + payload.size));
}

static struct wire greet(struct house *house, struct bytes settings)
{
    struct wire wire = connect_h2(house);
    wire_send(&wire, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    send_frame(&wire, SETTINGS, 0, 0, settings);
    return wire;
}

/* :method (2 GET, 3 POST), :scheme https, :authority x, :path, all from or beside the static
 * table. */
static void send_request(const struct wire *wire, uint32_t id, uint8_t method, const char *path,
                         bool is_whole)
{
    uint8_t block[300] = {(uint8_t)(0x80 | method), 0x87, 0x01, 1, 'x', 0x04};
    size_t size = strlen(path);
    block[6] = (uint8_t)size;
    memcpy(block + 7, path, size);
    send_frame(wire, HEADERS, END_HEADERS | (is_whole ? END_STREAM : 0), id,
               bytes_of(block, 7 + size));
}

static bool read_octets(const struct wire *wire, uint8_t *to, size_t size)
{
    for (size_t got; size > 0; to += got, size -= got)
        if (SSL_read_ex(wire->ssl, to, size, &got) != 1)
            return false;
    return true;
}

static struct frame *next_frame(const struct wire *wire)
{
    static struct frame frame;
    uint8_t head[9];
    frame.type = -1;
    if (!read_octets(wire, head, sizeof(head)))
        return &frame;
    frame.size = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
    frame.flags = head[4];
    frame.id = (uint32_t)head[5] << 24 | (uint32_t)head[6] << 16 | (uint32_t)head[7] << 8 | head[8];
    assert_true(frame.size < sizeof(frame.payload));
    if (read_octets(wire, frame.payload, frame.size))
        frame.type = head[3];
    frame.payload[frame.size] = '\0';
    return &frame;
}

/* Skips what comes before such a frame on that stream. */
static struct frame *await(const struct wire *wire, int type, uint32_t id)
{
    struct frame *frame = next_frame(wire);
    while (frame->type != -1 && (frame->type != type || frame->id != id))
        frame = next_frame(wire);
    return frame;
}

static int status_in(const struct frame *frame, nghttp2_hd_inflater *inflater)
{
    nghttp2_nv field;
    int flags, status = 0;
    const uint8_t *at = frame->payload;
    size_t left = frame->size;
    for (;;) {
        ssize_t used = nghttp2_hd_inflate_hd2(inflater, &field, &flags, at, left, 1);
        assert_true(used >= 0);
        at += used;
        left -= (size_t)used;
        if ((flags & NGHTTP2_HD_INFLATE_EMIT) && memcmp(field.name, ":status", 7) == 0)
            status = atoi((const char *)field.value);
        if (flags & NGHTTP2_HD_INFLATE_FINAL)
            break;
    }
    nghttp2_hd_inflate_end_headers(inflater);
    return status;
}

/* The status of the next answer on that stream; 0 if the connection ended instead. The table of
 * compressed fields is the connection's, so answers must be read in their order. */
static int next_status(const struct wire *wire, nghttp2_hd_inflater *inflater, uint32_t id)
{
    for (;;) {
        const struct frame *frame = next_frame(wire);
        int status = frame->type == HEADERS ? status_in(frame, inflater) : 0;
        if (frame->type == -1 || (frame->type == HEADERS && frame->id == id))
            return status;
    }
}

static uint32_t error_in(const struct frame *frame, size_t at)
{
    return (uint32_t)frame->payload[at] << 24 | (uint32_t)frame->payload[at + 1] << 16 |
           (uint32_t)frame->payload[at + 2] << 8 | frame->payload[at + 3];
}

static void a_request_by_hand_is_answered(void **state)
{
    struct wire wire = greet(*state, BYTES_EMPTY);
    send_request(&wire, 1, 3, "/echo", false);
    send_frame(&wire, DATA, 0, 1, BYTES_LITERAL("he"));
    send_frame(&wire, DATA, END_STREAM, 1, BYTES_LITERAL("llo"));
    assert_int_equal(await(&wire, HEADERS, 1)->flags, END_HEADERS);
    const struct frame *data = await(&wire, DATA, 1);
    assert_int_equal(data->flags, END_STREAM);
    assert_string_equal((const char *)data->payload, "hello");
    wire_close(&wire);
}

static void a_slow_request_gets_408(void **state)
{
    nghttp2_hd_inflater *inflater;
    nghttp2_hd_inflate_new(&inflater);
    struct wire wire = greet(*state, BYTES_EMPTY);
    send_request(&wire, 1, 3, "/hold", true);
    send_request(&wire, 3, 3, "/echo", false);
    assert_int_equal(next_status(&wire, inflater, 3), 408);
    house_release(*state); /* the other request has lost nothing */
    assert_int_equal(next_status(&wire, inflater, 1), 200);
    nghttp2_hd_inflate_del(inflater);
    wire_close(&wire);
}

static void a_dripping_request_gets_408(void **state)
{
    nghttp2_hd_inflater *inflater;
    nghttp2_hd_inflate_new(&inflater);
    struct wire wire = greet(*state, BYTES_EMPTY);
    send_request(&wire, 1, 3, "/echo", false);
    for (uint32_t i = 0; i < 15; i++) {
        send_frame(&wire, DATA, 0, 1, BYTES_LITERAL("x"));
        send_request(&wire, 3 + 2 * i, 2, "/echo", true); /* others come and go */
        usleep(30000);
    }
    assert_int_equal(next_status(&wire, inflater, 1), 408);
    nghttp2_hd_inflate_del(inflater);
    wire_close(&wire);
}

static void idle_connections_are_closed_with_goaway(void **state)
{
    struct wire wire = greet(*state, BYTES_EMPTY);
    send_request(&wire, 1, 2, "/echo", true);
    const struct frame *frame = await(&wire, GOAWAY, 0);
    assert_int_equal(frame->type, GOAWAY);
    assert_int_equal(error_in(frame, 4), NGHTTP2_NO_ERROR);
    assert_int_equal(next_frame(&wire)->type, -1);
    wire_close(&wire);
    assert_true(house_waits_for_connections(*state, 0));
}

static void a_client_without_requests_is_closed(void **state)
{
    struct wire wire = greet(*state, BYTES_EMPTY);
    assert_int_equal(await(&wire, DATA, 1)->type, -1);
    wire_close(&wire);
}

/* SETTINGS_INITIAL_WINDOW_SIZE (4) of 0: nothing of a body may be sent. */
static void a_client_that_gives_no_window_is_closed(void **state)
{
    struct wire wire = greet(*state, BYTES_LITERAL("\x00\x04\x00\x00\x00\x00"));
    send_request(&wire, 1, 2, "/big", true);
    assert_int_equal(await(&wire, HEADERS, 1)->type, HEADERS);
    assert_int_equal(await(&wire, DATA, 1)->type, -1);
    wire_close(&wire);
    assert_true(house_waits_for_connections(*state, 0));
}

static void a_client_may_take_its_request_back(void **state)
{
    struct wire wire = greet(*state, BYTES_EMPTY);
    send_request(&wire, 1, 2, "/hold", true);
    assert_true(house_waits_for_busy(*state, 1));
    send_frame(&wire, RST_STREAM, 0, 1, BYTES_LITERAL("\x00\x00\x00\x08"));
    send_request(&wire, 3, 2, "/echo", true);
    assert_int_equal(await(&wire, HEADERS, 3)->type, HEADERS);
    house_release(*state);
    assert_int_equal(house_busy(*state), 0);
    assert_int_equal(house_counts(*state).answered_nobody, 1);
    wire_close(&wire);
}

/* "Rapid reset": each request is taken back as soon as it has made work. */
static void a_client_that_takes_back_too_much_is_closed(void **state)
{
    struct wire wire = greet(*state, BYTES_EMPTY);
    for (uint32_t i = 0; i < 2 * LIMIT_HTTP2_RESETS; i++) {
        send_request(&wire, 1 + 2 * i, 2, "/hold", true);
        send_frame(&wire, RST_STREAM, 0, 1 + 2 * i, BYTES_LITERAL("\x00\x00\x00\x08"));
    }
    const struct frame *frame = await(&wire, GOAWAY, 0);
    assert_int_equal(frame->type, GOAWAY);
    assert_int_equal(error_in(frame, 4), NGHTTP2_ENHANCE_YOUR_CALM);
    wire_is_ended(&wire);
    wire_close(&wire);
    assert_true(house_waits_for_connections(*state, 0));
    assert_in_range(house_counts(*state).handled, 1, LIMIT_HTTP2_RESETS);
    assert_int_equal(house_counts(*state).refused, 1);
    house_release(*state);
}

static void a_client_may_go_while_its_answers_are_pending(void **state)
{
    struct wire wire = greet(*state, BYTES_EMPTY);
    send_request(&wire, 1, 2, "/hold", true);
    send_request(&wire, 3, 2, "/hold", true);
    send_request(&wire, 5, 3, "/echo", false);
    assert_true(house_waits_for_busy(*state, 2));
    wire_close(&wire);
    assert_true(house_waits_for_connections(*state, 0));
    house_release(*state);
    assert_int_equal(house_counts(*state).answered_nobody, 2);
}

static void too_many_fields_are_refused(void **state)
{
    nghttp2_hd_inflater *inflater;
    nghttp2_hd_inflate_new(&inflater);
    struct wire wire = greet(*state, BYTES_EMPTY);
    struct buffer block = {0};
    buffer_append(&block, BYTES_LITERAL("\x82\x87\x84\x01\x01x"));
    for (int i = 0; i < LIMIT_HTTP_HEADER_FIELDS; i++)
        buffer_append(&block, bytes_of("\x00\x01y\x01z", 5));
    send_frame(&wire, HEADERS, END_HEADERS | END_STREAM, 1, buffer_bytes(&block));
    assert_int_equal(next_status(&wire, inflater, 1), 431);
    assert_int_equal(house_counts(*state).handled, 0);
    buffer_clear(&block);
    nghttp2_hd_inflate_del(inflater);
    wire_close(&wire);
}

/* A client that has not acknowledged our settings yet may be innocent (RFC 9113 5.1.2). */
static void requests_above_the_limit_are_refused(void **state)
{
    struct wire wire = greet(*state, BYTES_EMPTY);
    for (uint32_t i = 0; i <= LIMIT_HTTP2_STREAMS; i++)
        send_request(&wire, 1 + 2 * i, 2, "/hold", true);
    const struct frame *frame = await(&wire, RST_STREAM, 1 + 2 * LIMIT_HTTP2_STREAMS);
    assert_int_equal(error_in(frame, 0), NGHTTP2_REFUSED_STREAM);
    assert_int_equal(house_busy(*state), LIMIT_HTTP2_STREAMS);
    house_release(*state);
    wire_close(&wire);
}

static void send_body(const struct wire *wire, uint32_t id, size_t size)
{
    static uint8_t octets[16384];
    while (size > 0) {
        size_t part = size < sizeof(octets) ? size : sizeof(octets);
        size -= part;
        send_frame(wire, DATA, size == 0 ? END_STREAM : 0, id, bytes_of(octets, part));
    }
}

/* The client is given more window as its octets are taken; this one waits for each request to be
 * taken, and so has it. */
static void bodies_of_one_connection_are_limited_together(void **state)
{
    enum { BODY = 60000 };
    nghttp2_hd_inflater *inflater;
    nghttp2_hd_inflate_new(&inflater);
    struct wire wire = greet(*state, BYTES_EMPTY);
    unsigned taken = LIMIT_HTTP2_BODY_OCTETS / BODY;
    for (unsigned i = 0; i <= taken; i++) {
        send_request(&wire, 1 + 2 * i, 3, "/hold", false);
        send_body(&wire, 1 + 2 * i, BODY);
        if (i < taken)
            assert_true(house_waits_for_busy(*state, i + 1));
    }
    assert_int_equal(next_status(&wire, inflater, 1 + 2 * taken), 503);
    house_release(*state);
    assert_int_equal(next_status(&wire, inflater, 1), 200);
    send_request(&wire, 99, 3, "/echo", false);
    send_body(&wire, 99, 1000);
    assert_int_equal(next_status(&wire, inflater, 99), 200);
    nghttp2_hd_inflate_del(inflater);
    wire_close(&wire);
}

/* It gets its answer, and no more window; the connection goes on. */
static void a_refused_upload_is_not_read_on(void **state)
{
    nghttp2_hd_inflater *inflater;
    nghttp2_hd_inflate_new(&inflater);
    struct wire wire = greet(*state, BYTES_EMPTY);
    send_request(&wire, 1, 3, "/#", false);
    assert_int_equal(next_status(&wire, inflater, 1), 400);
    for (int i = 0; i < 3; i++)
        send_frame(&wire, DATA, 0, 1, bytes_of((uint8_t[16384]){0}, 16384));
    for (uint32_t id = 3; id < 9; id += 2) {
        send_request(&wire, id, 3, "/echo", false);
        send_body(&wire, id, 10000);
        const struct frame *frame;
        do {
            frame = next_frame(&wire);
            assert_false(frame->type == WINDOW_UPDATE && frame->id == 1);
        } while (frame->type != DATA || frame->id != id);
    }
    nghttp2_hd_inflate_del(inflater);
    wire_close(&wire);
}

static void a_client_that_waits_is_told_to_continue(void **state)
{
    static const char block[] = "\x83\x87\x84\x01\x01x\x00\x06"
                                "expect\x0c"
                                "100-continue";
    nghttp2_hd_inflater *inflater;
    nghttp2_hd_inflate_new(&inflater);
    struct wire wire = greet(*state, BYTES_EMPTY);
    send_frame(&wire, HEADERS, END_HEADERS, 1, bytes_of(block, sizeof(block) - 1));
    assert_int_equal(next_status(&wire, inflater, 1), 100);
    send_frame(&wire, DATA, END_STREAM, 1, BYTES_LITERAL("x"));
    assert_int_equal(next_status(&wire, inflater, 1), 404);
    nghttp2_hd_inflate_del(inflater);
    wire_close(&wire);
}

/* RFC 9113 8.1.1: a malformed request is a stream error. */
static void malformed_requests_are_reset(void **state)
{
#define BLOCK(text)                                                                                \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }
    static const struct bytes blocks[] = {
        BLOCK("\x83\x87\x01\x01x"),                   /* no :path */
        BLOCK("\x83\x87\x84\x01\x01x\x00\x01X\x01y"), /* capital in a name */
        BLOCK("\x83\x87\x84\x01\x01x\x00\x0a"
              "connection\x05"
              "close"),
        BLOCK("\x83\x87\x84\x01\x01x\x00\x01y\x03"
              "a\rb"),                      /* CR in a value */
        BLOCK("\x83\x87\x84\x84\x01\x01x"), /* :path twice */
    };
    struct wire wire = greet(*state, BYTES_EMPTY);
    for (uint32_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
        send_frame(&wire, HEADERS, END_HEADERS | END_STREAM, 1 + 2 * i, blocks[i]);
        const struct frame *frame = await(&wire, RST_STREAM, 1 + 2 * i);
        assert_int_equal(frame->type, RST_STREAM);
        assert_int_equal(error_in(frame, 0), NGHTTP2_PROTOCOL_ERROR);
    }
    assert_int_equal(house_counts(*state).handled, 0);
    wire_close(&wire);
}

static void a_length_that_is_not_kept_is_reset(void **state)
{
    static const char block[] = "\x83\x87\x84\x01\x01x\x0f\x0d\x01"
                                "5";
    struct wire wire = greet(*state, BYTES_EMPTY);
    send_frame(&wire, HEADERS, END_HEADERS, 1, bytes_of(block, sizeof(block) - 1));
    send_frame(&wire, DATA, END_STREAM, 1, BYTES_LITERAL("four"));
    assert_int_equal(await(&wire, RST_STREAM, 1)->type, RST_STREAM);
    assert_int_equal(house_counts(*state).handled, 0);
    wire_close(&wire);
}

static void what_is_not_http_2_is_closed(void **state)
{
    struct wire wire = connect_h2(*state);
    wire_send(&wire, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(await(&wire, DATA, 1)->type, -1);
    wire_close(&wire);
    assert_true(house_waits_for_refused(*state, 1));
    assert_true(house_waits_for_connections(*state, 0));
}

static void a_drain_answers_what_is_under_way(void **state)
{
    nghttp2_hd_inflater *inflater;
    nghttp2_hd_inflate_new(&inflater);
    struct wire wire = greet(*state, BYTES_EMPTY);
    send_request(&wire, 1, 2, "/hold", true);
    assert_true(house_waits_for_busy(*state, 1));
    house_drain(*state);
    const struct frame *frame = await(&wire, GOAWAY, 0);
    assert_int_equal(error_in(frame, 0), 1); /* the last that is served */
    assert_int_equal(error_in(frame, 4), NGHTTP2_NO_ERROR);
    house_release(*state);
    assert_int_equal(next_status(&wire, inflater, 1), 200);
    assert_int_equal(await(&wire, SETTINGS, 77)->type, -1);
    nghttp2_hd_inflate_del(inflater);
    wire_close(&wire);
    assert_true(house_waits_for_connections(*state, 0));
}

#define HOUSE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define QUICK(test) cmocka_unit_test_setup_teardown(test, set_up_quick, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HOUSE(a_post_is_echoed),
        HOUSE(the_message_is_described),
        HOUSE(a_head_has_no_body),
        HOUSE(a_large_answer_is_sent),
        HOUSE(a_large_request_is_taken),
        HOUSE(an_answer_without_body_is_sent),
        HOUSE(limits_are_those_of_http_1),
        HOUSE(requests_share_a_connection),
        HOUSE(a_request_by_hand_is_answered),
        QUICK(a_slow_request_gets_408),
        QUICK(a_dripping_request_gets_408),
        QUICK(idle_connections_are_closed_with_goaway),
        QUICK(a_client_without_requests_is_closed),
        QUICK(a_client_that_gives_no_window_is_closed),
        HOUSE(a_client_may_take_its_request_back),
        HOUSE(a_client_that_takes_back_too_much_is_closed),
        HOUSE(a_client_may_go_while_its_answers_are_pending),
        HOUSE(too_many_fields_are_refused),
        HOUSE(requests_above_the_limit_are_refused),
        HOUSE(bodies_of_one_connection_are_limited_together),
        HOUSE(a_refused_upload_is_not_read_on),
        HOUSE(a_client_that_waits_is_told_to_continue),
        HOUSE(malformed_requests_are_reset),
        HOUSE(a_length_that_is_not_kept_is_reset),
        HOUSE(what_is_not_http_2_is_closed),
        HOUSE(a_drain_answers_what_is_under_way),
    };
    tls_files_make(&files);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    tls_files_remove(&files);
    return failed;
}
