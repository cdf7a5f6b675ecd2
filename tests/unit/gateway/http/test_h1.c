#include "tests/support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#include "gateway/http/h1.h"
#include "mapping/model/limits.h"

/* One request read to its end, `step` octets at a time. */
struct outcome {
    int status; /* 0: taken; -1: not complete */
    struct h1_header header;
    struct buffer octets; /* what the header's slices point into */
    struct buffer body;
    size_t used; /* octets up to the end of the request */
    char clause[40];
};

static void clear(struct outcome *outcome)
{
    buffer_clear(&outcome->octets);
    buffer_clear(&outcome->body);
}

static enum h1_result refused(struct outcome *outcome, const struct h1_refusal *refusal)
{
    outcome->status = refusal->status;
    snprintf(outcome->clause, sizeof(outcome->clause), "%s", refusal->why.clause);
    assert_true(strlen(refusal->why.text) > 0);
    return H1_REFUSED;
}

static enum h1_result read_header(struct bytes input, size_t step, struct outcome *outcome)
{
    struct h1_refusal refusal = {0};
    size_t scanned = 0, size = 0;
    enum h1_result result = H1_MORE;
    for (size_t end = 0; result == H1_MORE && end < input.size;) {
        end = end + step < input.size ? end + step : input.size;
        result = h1_find_header(bytes_slice(input, 0, end), &scanned, &size, &refusal);
    }
    if (result == H1_REFUSED)
        return refused(outcome, &refusal);
    if (result == H1_MORE)
        return result;
    buffer_append(&outcome->octets, bytes_slice(input, 0, size));
    outcome->used = size;
    if (!h1_read_header(buffer_bytes(&outcome->octets), &outcome->header, &refusal))
        return refused(outcome, &refusal);
    return H1_DONE;
}

static void read_request(struct bytes input, size_t step, struct outcome *outcome)
{
    struct h1_refusal refusal = {0};
    struct h1_body body;
    *outcome = (struct outcome){.status = -1};
    if (read_header(input, step, outcome) != H1_DONE)
        return;
    h1_body_begin(&body, &outcome->header);
    enum h1_result result = H1_MORE;
    for (bool first = true; result == H1_MORE && (first || outcome->used < input.size);
         first = false) {
        struct bytes part = bytes_slice(input, outcome->used, step), piece;
        size_t size = part.size;
        do {
            result = h1_body_next(&body, &part, &piece, &refusal);
            buffer_append(&outcome->body, piece);
        } while (result == H1_MORE && part.size > 0);
        outcome->used += size - part.size;
    }
    if (result == H1_REFUSED)
        refused(outcome, &refusal);
    if (result == H1_DONE)
        outcome->status = 0;
}

struct row {
    const char *name;
    const char *text;
    int status;       /* 0: taken */
    const char *body; /* taken: what the body is */
    const char *rest; /* taken: what follows the request; NULL: nothing */
};

#define HOST "Host: ra\r\n"
#define POST "POST /cmp HTTP/1.1\r\n" HOST
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"

/* clang-format off */
static struct row rows[] = {
    {"GET", "GET / HTTP/1.1\r\n" HOST "\r\n", 0, "", NULL},
    {"POST with a body", POST "Content-Length: 5\r\n\r\nhello", 0, "hello", NULL},
    {"an empty body", POST "Content-Length: 0\r\n\r\n", 0, "", NULL},
    {"names are case-insensitive", "POST / HTTP/1.1\r\nhOST: ra\r\ncONTENT-lENGTH: 1\r\n\r\nx", 0, "x", NULL},
    {"no space behind the colon", POST "Content-Length:3\r\n\r\nabc", 0, "abc", NULL},
    {"white space around a value", POST "Content-Length: \t 3 \t\r\n\r\nabc", 0, "abc", NULL},
    {"pipelined", POST "Content-Length: 1\r\n\r\naGET / HTTP/1.1\r\n", 0, "a", "GET / HTTP/1.1\r\n"},
    {"one empty line before", "\r\nGET / HTTP/1.0\r\n\r\n", 0, "", NULL},
    {"HTTP/1.0 without Host", "POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nab", 0, "ab", NULL},
    {"a later minor version", "GET / HTTP/1.7\r\n" HOST "\r\n", 0, "", NULL},
    {"absolute form", "GET http://ra:80/x?y HTTP/1.1\r\n" HOST "\r\n", 0, "", NULL},
    {"Host with IPv6", "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", 0, "", NULL},
    {"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 0, "", NULL},
    {"unknown fields", "GET / HTTP/1.1\r\n" HOST "X-A: \x80\xff\t\"\r\nX-A:\r\n\r\n", 0, "", NULL},
    {"HEAD", "HEAD / HTTP/1.1\r\n" HOST "\r\n", 0, "", NULL},
    {"chunked", CHUNKED "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", 0, "hello!", NULL},
    {"chunked, empty", CHUNKED "0\r\n\r\n", 0, "", NULL},
    {"chunked, hexadecimal of both cases", CHUNKED "a\r\n0123456789\r\nA\r\nabcdefghij\r\n0\r\n\r\n", 0, "0123456789abcdefghij", NULL},
    {"chunked, leading zeros", CHUNKED "0003\r\nabc\r\n000\r\n\r\n", 0, "abc", NULL},
    {"chunked, extension", CHUNKED "3;a=\"b c\"\r\nabc\r\n0;x\r\n\r\n", 0, "abc", NULL},
    {"chunked, trailer", CHUNKED "3\r\nabc\r\n0\r\nX-Sum: 1\r\nY: 2\r\n\r\n", 0, "abc", NULL},
    {"chunked, then pipelined", CHUNKED "1\r\na\r\n0\r\n\r\nGET", 0, "a", "GET"},
    {"chunked in capitals", POST "Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n", 0, "", NULL},

    {"nothing", "", -1, NULL, NULL},
    {"header not complete", POST "Content-Length: 5\r\n", -1, NULL, NULL},
    {"body not complete", POST "Content-Length: 5\r\n\r\nhell", -1, NULL, NULL},
    {"chunk not complete", CHUNKED "5\r\nhell", -1, NULL, NULL},
    {"last chunk without its empty line", CHUNKED "0\r\n", -1, NULL, NULL},

    {"bare LF behind the request line", "GET / HTTP/1.0\n\r\n", 400, NULL, NULL},
    {"bare LF behind a field", "GET / HTTP/1.1\r\nHost: ra\n\r\n", 400, NULL, NULL},
    {"bare LF as the empty line", "GET / HTTP/1.0\r\n\n", 400, NULL, NULL},
    {"bare CR in a value", "GET / HTTP/1.1\r\nHost: ra\r\nX: a\rb\r\n\r\n", 400, NULL, NULL},
    {"bare CR in front", "\rGET / HTTP/1.0\r\n\r\n", 400, NULL, NULL},
    {"CR CR LF", "GET / HTTP/1.0\r\r\n\r\n", 400, NULL, NULL},
    {"two empty lines before", "\r\n\r\nGET / HTTP/1.0\r\n\r\n", 400, NULL, NULL},
    {"folded field", "GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n", 400, NULL, NULL},
    {"space before the first field", "GET / HTTP/1.1\r\n " HOST "\r\n", 400, NULL, NULL},
    {"space before the colon", "GET / HTTP/1.1\r\nHost : ra\r\n\r\n", 400, NULL, NULL},
    {"tab before the colon", POST "Content-Length\t: 1\r\n\r\nx", 400, NULL, NULL},
    {"no colon", "GET / HTTP/1.1\r\n" HOST "X\r\n\r\n", 400, NULL, NULL},
    {"empty field name", "GET / HTTP/1.1\r\n" HOST ": x\r\n\r\n", 400, NULL, NULL},
    {"field name that is no token", "GET / HTTP/1.1\r\n" HOST "X(: y\r\n\r\n", 400, NULL, NULL},
    {"DEL in a value", "GET / HTTP/1.1\r\n" HOST "X: \x7f\r\n\r\n", 400, NULL, NULL},
    {"method that is no token", "GE(T / HTTP/1.1\r\n" HOST "\r\n", 400, NULL, NULL},
    {"two spaces behind the method", "GET  / HTTP/1.1\r\n" HOST "\r\n", 400, NULL, NULL},
    {"two spaces before the version", "GET /  HTTP/1.1\r\n" HOST "\r\n", 400, NULL, NULL},
    {"tabs in the request line", "GET\t/\tHTTP/1.1\r\n" HOST "\r\n", 400, NULL, NULL},
    {"space at the end of the request line", "GET / HTTP/1.1 \r\n" HOST "\r\n", 400, NULL, NULL},
    {"HTTP/0.9", "GET /\r\n\r\n", 400, NULL, NULL},
    {"version in lower case", "GET / http/1.1\r\n" HOST "\r\n", 400, NULL, NULL},
    {"version of three digits", "GET / HTTP/1.11\r\n" HOST "\r\n", 400, NULL, NULL},
    {"HTTP/2.0", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, NULL, NULL},
    {"HTTP/3.0", "GET / HTTP/3.0\r\n\r\n", 505, NULL, NULL},
    {"DELETE", "DELETE / HTTP/1.1\r\n" HOST "\r\n", 405, NULL, NULL},
    {"CONNECT", "CONNECT ra:80 HTTP/1.1\r\n" HOST "\r\n", 405, NULL, NULL},
    {"get", "get / HTTP/1.1\r\n" HOST "\r\n", 405, NULL, NULL},
    {"target without a slash", "GET x HTTP/1.1\r\n" HOST "\r\n", 400, NULL, NULL},
    {"target with a fragment", "GET /#a HTTP/1.1\r\n" HOST "\r\n", 400, NULL, NULL},
    {"target with an octet above 0x7f", "GET /\x80 HTTP/1.1\r\n" HOST "\r\n", 400, NULL, NULL},
    {"absolute form without a host", "GET http:///x HTTP/1.1\r\n" HOST "\r\n", 400, NULL, NULL},
    {"absolute form of another scheme", "GET ftp://ra/x HTTP/1.1\r\n" HOST "\r\n", 400, NULL, NULL},
    {"no Host", "GET / HTTP/1.1\r\n\r\n", 400, NULL, NULL},
    {"two Hosts", "GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400, NULL, NULL},
    {"Host with a path", "GET / HTTP/1.1\r\nHost: ra/x\r\n\r\n", 400, NULL, NULL},
    {"Host with a user", "GET / HTTP/1.1\r\nHost: a@ra\r\n\r\n", 400, NULL, NULL},
    {"Host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, NULL, NULL},
    {"POST without a length", POST "\r\n", 411, NULL, NULL},

    {"two Content-Lengths", POST "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400, NULL, NULL},
    {"two equal Content-Lengths", POST "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400, NULL, NULL},
    {"list of Content-Lengths", POST "Content-Length: 1, 1\r\n\r\nx", 400, NULL, NULL},
    {"Content-Length with a plus", POST "Content-Length: +5\r\n\r\nhello", 400, NULL, NULL},
    {"Content-Length with a minus", POST "Content-Length: -1\r\n\r\n", 400, NULL, NULL},
    {"Content-Length in hexadecimal", POST "Content-Length: 0x5\r\n\r\nhello", 400, NULL, NULL},
    {"Content-Length with a blank inside", POST "Content-Length: 1 1\r\n\r\nx", 400, NULL, NULL},
    {"Content-Length without a value", POST "Content-Length:\r\n\r\n", 400, NULL, NULL},
    {"Content-Length beyond the limit", POST "Content-Length: 262145\r\n\r\n", 413, NULL, NULL},
    {"Content-Length beyond 64 bits", POST "Content-Length: 18446744073709551617\r\n\r\nx", 413, NULL, NULL},
    {"length and chunked", POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, NULL, NULL},
    {"chunked and length", POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400, NULL, NULL},
    {"Transfer-Encoding: xchunked", POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501, NULL, NULL},
    {"Transfer-Encoding: identity", POST "Transfer-Encoding: identity\r\n\r\n", 501, NULL, NULL},
    {"Transfer-Encoding: gzip, chunked", POST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501, NULL, NULL},
    {"Transfer-Encoding: chunked, chunked", POST "Transfer-Encoding: chunked, chunked\r\n\r\n", 501, NULL, NULL},
    {"Transfer-Encoding with a vertical tab", POST "Transfer-Encoding: \vchunked\r\n\r\n", 400, NULL, NULL},
    {"Transfer-Encoding in quotes", POST "Transfer-Encoding: \"chunked\"\r\n\r\n", 501, NULL, NULL},
    {"Transfer-Encoding without a value", POST "Transfer-Encoding:\r\n\r\n", 501, NULL, NULL},
    {"two Transfer-Encodings", POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400, NULL, NULL},
    {"Transfer-Encoding in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, NULL, NULL},
    {"another expectation", POST "Expect: 200-ok\r\nContent-Length: 1\r\n\r\nx", 417, NULL, NULL},
    {"two Content-Types", POST "Content-Type: a/b\r\nContent-Type: c/d\r\nContent-Length: 0\r\n\r\n", 400, NULL, NULL},
    {"two Authorizations", POST "Authorization: Basic YQ==\r\nAuthorization: Basic Yg==\r\n\r\n", 400, NULL, NULL},

    {"chunk size: none", CHUNKED "\r\nabc\r\n0\r\n\r\n", 400, NULL, NULL},
    {"chunk size: sign", CHUNKED "+3\r\nabc\r\n0\r\n\r\n", 400, NULL, NULL},
    {"chunk size: 0x", CHUNKED "0x3\r\nabc\r\n0\r\n\r\n", 400, NULL, NULL},
    {"chunk size: space before", CHUNKED " 3\r\nabc\r\n0\r\n\r\n", 400, NULL, NULL},
    {"chunk size: space behind", CHUNKED "3 \r\nabc\r\n0\r\n\r\n", 400, NULL, NULL},
    {"chunk size: bare LF", CHUNKED "3\nabc\r\n0\r\n\r\n", 400, NULL, NULL},
    {"chunk size: bare CR", CHUNKED "3\rabc\r\n0\r\n\r\n", 400, NULL, NULL},
    {"chunk size: nine digits", CHUNKED "000000003\r\nabc\r\n0\r\n\r\n", 400, NULL, NULL},
    {"chunk size: overflow", CHUNKED "fffffffffffffffff\r\n", 400, NULL, NULL},
    {"chunk size: beyond the limit", CHUNKED "40001\r\n", 413, NULL, NULL},
    {"chunk extension: bare LF", CHUNKED "3;a\nabc\r\n0\r\n\r\n", 400, NULL, NULL},
    {"chunk data: longer than its size", CHUNKED "3\r\nabcd\r\n0\r\n\r\n", 400, NULL, NULL},
    {"chunk data: ends with LF", CHUNKED "3\r\nabc\n0\r\n\r\n", 400, NULL, NULL},
    {"chunk data: ends with CR CR", CHUNKED "3\r\nabc\r\r0\r\n\r\n", 400, NULL, NULL},
    {"trailer: folded", CHUNKED "0\r\nX: a\r\n b\r\n\r\n", 400, NULL, NULL},
    {"trailer: bare LF", CHUNKED "0\r\nX: a\n\r\n", 400, NULL, NULL},
    {"trailer: bare LF at the end", CHUNKED "0\r\n\n", 400, NULL, NULL},
    {"trailer: bare CR at the end", CHUNKED "0\r\n\rx", 400, NULL, NULL},

    {"a TLS handshake", "\x16\x03\x01\x02", 400, NULL, NULL},
    {"TCP framing of old CMP", "\x01\x00\x00\x05", 400, NULL, NULL},
};
/* clang-format on */

static void check_row(const struct row *row, size_t step)
{
    struct outcome outcome;
    struct bytes text = bytes_of_text(row->text);
    read_request(text, step, &outcome);
    assert_int_equal(outcome.status, row->status);
    if (row->status == 0) {
        assert_true(bytes_equal_text(buffer_bytes(&outcome.body), row->body));
        assert_true(
            bytes_equal(bytes_slice(text, outcome.used, text.size), bytes_of_text(row->rest)));
    }
    if (row->status > 0)
        assert_memory_equal(outcome.clause, "RFC ", 4);
    clear(&outcome);
}

/* However the network cuts a request, it means the same. */
static void a_request_means_the_same_in_any_pieces(void **state)
{
    const struct row *row = *state;
    check_row(row, SIZE_MAX / 2);
    for (size_t step = 1; step < 8; step++)
        check_row(row, step);
}

static void nul_is_refused_wherever_it_stands(void **state)
{
    (void)state;
    static const char good[] = "GET /x HTTP/1.1\r\nHost: ra\r\nX-Y: z\r\n\r\n";
    for (size_t at = 0; at < sizeof(good) - 1; at++) {
        char text[sizeof(good)];
        struct outcome outcome;
        memcpy(text, good, sizeof(good));
        text[at] = '\0';
        read_request(bytes_of(text, sizeof(good) - 1), SIZE_MAX / 2, &outcome);
        /* Without its last CR or LF it cannot be complete; that is no acceptance either. */
        assert_true(outcome.status == 400 || outcome.status == 405 || outcome.status == -1);
        clear(&outcome);
    }
}

static void the_header_is_told(void **state)
{
    (void)state;
    struct outcome outcome;
    read_request(BYTES_LITERAL("POST /a//b?c=d?e HTTP/1.1\r\nHost: ra:8080\r\n"
                               "Content-Type: application/pkixcmp; charset=x\r\n"
                               "Accept: a/b\r\nAccept: c/d\r\nUser-Agent: me\r\n"
                               "Authorization: Basic dTpw\r\nExpect: 100-Continue\r\n"
                               "Connection: foo, Keep-Alive\r\nContent-Length: 2\r\n\r\nhi"),
                 SIZE_MAX / 2, &outcome);
    assert_int_equal(outcome.status, 0);
    const struct h1_header *header = &outcome.header;
    assert_true(bytes_equal_text(header->method, "POST"));
    assert_true(bytes_equal_text(header->path, "/a//b"));
    assert_true(bytes_equal_text(header->query, "c=d?e"));
    assert_true(bytes_equal_text(header->content_type, "application/pkixcmp; charset=x"));
    assert_true(bytes_equal_text(header->accept, "a/b"));
    assert_true(bytes_equal_text(header->user_agent, "me"));
    assert_true(bytes_equal_text(header->authorization, "Basic dTpw"));
    assert_int_equal(header->minor, 1);
    assert_true(header->keep_alive);
    assert_true(header->expects_continue);
    assert_false(header->is_chunked);
    assert_int_equal(header->content_length, 2);
    clear(&outcome);
}

static void absolute_form_loses_its_authority(void **state)
{
    (void)state;
    static const struct {
        const char *line, *path, *query;
    } cases[] = {
        {"GET http://ra/x?y HTTP/1.0\r\n\r\n", "/x", "y"},
        {"GET HTTPS://ra:443/x HTTP/1.0\r\n\r\n", "/x", ""},
        {"GET http://ra HTTP/1.0\r\n\r\n", "/", ""},
        {"GET http://ra?y HTTP/1.0\r\n\r\n", "/", "y"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct outcome outcome;
        read_request(bytes_of_text(cases[i].line), 3, &outcome);
        assert_int_equal(outcome.status, 0);
        assert_true(bytes_equal_text(outcome.header.path, cases[i].path));
        assert_true(bytes_equal_text(outcome.header.query, cases[i].query));
        clear(&outcome);
    }
}

static void keep_alive_follows_version_and_field(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool keep_alive;
    } cases[] = {
        {"GET / HTTP/1.1\r\n" HOST "\r\n", true},
        {"GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\n" HOST "Connection: keep-alive, CLOSE\r\n\r\n", false},
        {"GET / HTTP/1.1\r\n" HOST "Connection: x\r\nConnection: close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\n" HOST "Connection: closed\r\n\r\n", true},
        {"GET / HTTP/1.0\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
        {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct outcome outcome;
        read_request(bytes_of_text(cases[i].text), SIZE_MAX / 2, &outcome);
        assert_int_equal(outcome.status, 0);
        assert_true(outcome.header.keep_alive == cases[i].keep_alive);
        clear(&outcome);
    }
}

static void expectations_of_http_1_0_are_ignored(void **state)
{
    (void)state;
    struct outcome outcome;
    read_request(
        BYTES_LITERAL("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n"),
        SIZE_MAX / 2, &outcome);
    assert_int_equal(outcome.status, 0);
    assert_false(outcome.header.expects_continue);
    clear(&outcome);
}

/* A header with `fields` fields whose last has `size` octets in its value. */
static struct buffer made_header(size_t path, size_t fields, size_t size)
{
    struct buffer text = {0};
    buffer_text(&text, "GET /");
    for (size_t i = 1; i < path; i++)
        buffer_text(&text, "p");
    buffer_text(&text, " HTTP/1.1\r\nHost: ra\r\n");
    for (size_t i = 1; i < fields; i++)
        buffer_text(&text, "A: b\r\n");
    buffer_text(&text, "X: ");
    for (size_t i = 0; i < size; i++)
        buffer_text(&text, "x");
    buffer_text(&text, "\r\n\r\n");
    return text;
}

static int status_of(struct buffer text, size_t step)
{
    struct outcome outcome;
    read_request(buffer_bytes(&text), step, &outcome);
    int status = outcome.status;
    clear(&outcome);
    buffer_clear(&text);
    return status;
}

static void sizes_are_limited(void **state)
{
    (void)state;
    const size_t rest = sizeof("GET / HTTP/1.1\r\nHost: ra\r\nX: \r\n\r\n") - 1;
    const size_t room = LIMIT_HTTP_HEADER_OCTETS - rest;
    assert_int_equal(status_of(made_header(1, 1, room), SIZE_MAX / 2), 0);
    assert_int_equal(status_of(made_header(1, 1, room + 1), SIZE_MAX / 2), 431);
    assert_int_equal(status_of(made_header(1, 1, room + 1), 1000), 431);
    assert_int_equal(status_of(made_header(1, 1, 10 * room), 1000), 431);
    /* "Host" is a field too. */
    assert_int_equal(status_of(made_header(1, LIMIT_HTTP_HEADER_FIELDS - 1, 1), 100), 0);
    assert_int_equal(status_of(made_header(1, LIMIT_HTTP_HEADER_FIELDS, 1), 100), 431);
    assert_int_equal(status_of(made_header(LIMIT_HTTP_PATH_OCTETS, 1, 1), 100), 0);
    assert_int_equal(status_of(made_header(LIMIT_HTTP_PATH_OCTETS + 1, 1, 1), 100), 414);
    assert_int_equal(status_of(made_header(10 * LIMIT_HTTP_PATH_OCTETS, 1, 1), 100), 414);
}

static void a_body_of_chunks_is_limited_too(void **state)
{
    (void)state;
    for (size_t over = 0; over < 2; over++) {
        struct buffer text = {0};
        buffer_text(&text, CHUNKED);
        for (size_t i = 0; i < LIMIT_MESSAGE_OCTETS / 64; i++)
            buffer_text(&text, "40\r\n0123456789abcdef0123456789abcdef"
                               "0123456789abcdef0123456789abcdef\r\n");
        if (over > 0)
            buffer_text(&text, "1\r\nx\r\n");
        buffer_text(&text, "0\r\n\r\n");
        assert_int_equal(status_of(text, 1000), over > 0 ? 413 : 0);
    }
}

static void extensions_and_trailers_are_limited(void **state)
{
    (void)state;
    for (int in_trailer = 0; in_trailer < 2; in_trailer++) {
        struct buffer text = {0};
        buffer_text(&text, CHUNKED);
        buffer_text(&text, in_trailer ? "0\r\nX: " : "1;");
        for (size_t i = 0; i <= LIMIT_HTTP_HEADER_OCTETS; i++)
            buffer_text(&text, "x");
        buffer_text(&text, in_trailer ? "\r\n\r\n" : "\r\na\r\n0\r\n\r\n");
        assert_int_equal(status_of(text, 1000), 400);
    }
}

/* ---- answers ------------------------------------------------------------------------------- */

static void check_answer(const struct h1_answer *answer, const struct reply *reply,
                         const char *expected)
{
    struct buffer out = {0};
    h1_write_answer(&out, answer, reply);
    buffer_append(&out, bytes_of("", 1));
    assert_string_equal((const char *)buffer_bytes(&out).data, expected);
    buffer_clear(&out);
}

#define DATE "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" /* the example of RFC 9110 5.6.7 */
enum { THEN = 784111777 };

static void answers_are_written(void **state)
{
    (void)state;
    check_answer(&(struct h1_answer){.minor = 1, .keep_alive = true, .now = THEN},
                 &(struct reply){.status = 200,
                                 .content_type = "application/pkixcmp",
                                 .body = BYTES_LITERAL("abc")},
                 "HTTP/1.1 200 OK\r\n" DATE
                 "Content-Type: application/pkixcmp\r\nContent-Length: 3\r\n\r\nabc");
    check_answer(&(struct h1_answer){.minor = 0, .keep_alive = true, .now = THEN},
                 &(struct reply){.status = 202, .retry_after_s = 60},
                 "HTTP/1.0 202 Accepted\r\n" DATE
                 "Content-Length: 0\r\nRetry-After: 60\r\nConnection: keep-alive\r\n\r\n");
    check_answer(&(struct h1_answer){.minor = 1, .now = THEN},
                 &(struct reply){.status = 401, .www_authenticate = "Basic realm=\"a\r\nX: y\""},
                 "HTTP/1.1 401 Unauthorized\r\n" DATE "Content-Length: 0\r\n"
                 "WWW-Authenticate: Basic realm=\"a  X: y\"\r\nConnection: close\r\n\r\n");
    check_answer(&(struct h1_answer){.minor = 1, .keep_alive = true, .now = THEN},
                 &(struct reply){.status = 204, .body = BYTES_LITERAL("no")},
                 "HTTP/1.1 204 No Content\r\n" DATE "\r\n");
    check_answer(
        &(struct h1_answer){.minor = 1, .keep_alive = true, .without_body = true, .now = THEN},
        &(struct reply){.status = 200, .content_type = "text/plain", .body = BYTES_LITERAL("abcd")},
        "HTTP/1.1 200 OK\r\n" DATE "Content-Type: text/plain\r\nContent-Length: 4\r\n\r\n");
    check_answer(&(struct h1_answer){.minor = 0, .now = THEN},
                 &(struct reply){.status = 405, .allow = "GET"},
                 "HTTP/1.0 405 Method Not Allowed\r\n" DATE
                 "Content-Length: 0\r\nAllow: GET\r\nConnection: close\r\n\r\n");
}

static const struct CMUnitTest fixed[] = {
    cmocka_unit_test(nul_is_refused_wherever_it_stands),
    cmocka_unit_test(the_header_is_told),
    cmocka_unit_test(absolute_form_loses_its_authority),
    cmocka_unit_test(keep_alive_follows_version_and_field),
    cmocka_unit_test(expectations_of_http_1_0_are_ignored),
    cmocka_unit_test(sizes_are_limited),
    cmocka_unit_test(a_body_of_chunks_is_limited_too),
    cmocka_unit_test(extensions_and_trailers_are_limited),
    cmocka_unit_test(answers_are_written),
};

enum { FIXED = sizeof(fixed) / sizeof(fixed[0]), ROWS = sizeof(rows) / sizeof(rows[0]) };

int main(void)
{
    struct CMUnitTest tests[FIXED + ROWS];
    memcpy(tests, fixed, sizeof(fixed));
    for (size_t i = 0; i < ROWS; i++)
        tests[FIXED + i] = (struct CMUnitTest){rows[i].name, a_request_means_the_same_in_any_pieces,
                                               NULL, NULL, &rows[i]};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
