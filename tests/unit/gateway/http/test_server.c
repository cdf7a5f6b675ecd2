#include "tests/support/cmocka_all.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mapping/model/limits.h"
#include "tests/support/http_house.h"
#include "tests/support/wire.h"

/* Short enough to wait for, long enough for a slow machine under a sanitizer. */
static struct http_limits quick(void)
{
    struct http_limits limits = http_limits_default;
    limits.first_byte_ms = limits.header_ms = limits.body_ms = limits.between_bytes_ms = 300;
    limits.idle_ms = limits.write_ms = limits.linger_ms = 300;
    return limits;
}

static int set_up(void **state)
{
    *state = house_open(NULL, NULL);
    return 0;
}

static int set_up_quick(void **state)
{
    struct http_limits limits = quick();
    *state = house_open(NULL, &limits);
    return 0;
}

static int tear_down(void **state)
{
    house_close(*state);
    return 0;
}

static void expect(const struct wire *wire, int status, const char *body)
{
    struct wire_answer answer = wire_receive(wire, false);
    assert_int_equal(answer.status, status);
    if (body != NULL)
        assert_true(bytes_equal_text(answer.body, body));
    free(answer.text);
}

#define POST_ECHO "POST /echo HTTP/1.1\r\nHost: x\r\n"

static void a_request_is_answered_and_the_connection_kept(void **state)
{
    struct wire wire = wire_connect(house_port(*state));
    for (int i = 0; i < 3; i++) {
        wire_send(&wire, POST_ECHO "Content-Length: 5\r\n\r\nhello");
        struct wire_answer answer = wire_receive(&wire, false);
        assert_int_equal(answer.status, 200);
        assert_int_equal(answer.minor, 1);
        assert_false(answer.says_close);
        assert_true(bytes_equal_text(answer.body, "hello"));
        free(answer.text);
    }
    wire_close(&wire);
    assert_true(house_waits_for_connections(*state, 0));
}

static void the_answer_comes_in_one_segment(void **state)
{
    struct wire wire = wire_connect(house_port(*state));
    char answer[4096];
    wire_send(&wire, POST_ECHO "Content-Length: 5\r\n\r\nhello");
    ssize_t size = recv(wire.fd, answer, sizeof(answer), 0);
    assert_true(size > 5);
    assert_memory_equal(answer + size - 5, "hello", 5);
    wire_close(&wire);
}

static void http_1_0_is_answered_in_1_0_and_closed(void **state)
{
    struct wire wire = wire_connect(house_port(*state));
    wire_send(&wire, "POST /echo HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi");
    struct wire_answer answer = wire_receive(&wire, false);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.minor, 0);
    assert_true(answer.says_close);
    assert_true(wire_is_ended(&wire));
    free(answer.text);
    wire_close(&wire);
}

static void http_1_0_may_keep_the_connection(void **state)
{
    struct wire wire = wire_connect(house_port(*state));
    for (int i = 0; i < 2; i++) {
        wire_send(&wire, "POST /echo HTTP/1.0\r\nConnection: keep-alive\r\n"
                         "Content-Length: 2\r\n\r\nhi");
        struct wire_answer answer = wire_receive(&wire, false);
        assert_int_equal(answer.status, 200);
        assert_int_equal(answer.minor, 0);
        assert_true(answer.says_keep_alive);
        free(answer.text);
    }
    wire_close(&wire);
}

static void connection_close_is_honoured(void **state)
{
    struct wire wire = wire_connect(house_port(*state));
    wire_send(&wire, POST_ECHO "Connection: close\r\nContent-Length: 2\r\n\r\nhi");
    struct wire_answer answer = wire_receive(&wire, false);
    assert_int_equal(answer.status, 200);
    assert_true(answer.says_close);
    assert_true(wire_is_ended(&wire));
    free(answer.text);
    wire_close(&wire);
}

static void a_head_is_answered_without_body(void **state)
{
    struct wire wire = wire_connect(house_port(*state));
    wire_send(&wire, "HEAD /big HTTP/1.1\r\nHost: x\r\n\r\n");
    struct wire_answer answer = wire_receive(&wire, true);
    char *length = wire_field(&answer, "Content-Length");
    assert_int_equal(answer.status, 200);
    assert_string_equal(length, "300000");
    wire_send(&wire, POST_ECHO "Content-Length: 2\r\n\r\nhi");
    expect(&wire, 200, "hi");
    free(length);
    free(answer.text);
    wire_close(&wire);
}

static void chunks_are_put_together(void **state)
{
    struct wire wire = wire_connect(house_port(*state));
    wire_send(&wire, POST_ECHO "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    usleep(10000);
    wire_send(&wire, "2\r\nde\r\n0\r\n\r\n");
    expect(&wire, 200, "abcde");
    wire_close(&wire);
}

static void a_client_that_waits_is_told_to_continue(void **state)
{
    struct wire wire = wire_connect(house_port(*state));
    wire_send(&wire, POST_ECHO "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    expect(&wire, 100, NULL);
    wire_send(&wire, "hi");
    expect(&wire, 200, "hi");
    /* One that doesn't wait need not be told. */
    wire_send(&wire, POST_ECHO "Expect: 100-continue\r\nContent-Length: 2\r\n\r\nyo");
    expect(&wire, 200, "yo");
    wire_close(&wire);
}

static void a_client_that_waits_is_not_let_send_too_much(void **state)
{
    struct wire wire = wire_connect(house_port(*state));
    wire_send(&wire, POST_ECHO "Expect: 100-continue\r\nContent-Length: 262145\r\n\r\n");
    expect(&wire, 413, NULL);
    assert_true(wire_is_ended(&wire));
    wire_close(&wire);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct wire wire = wire_connect(house_port(*state));
    wire_send(&wire, "POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1"
                     "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n2"
                     "POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n3"
                     "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                     "Content-Length: 1\r\n\r\n4"
                     "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n5");
    expect(&wire, 200, "1");
    expect(&wire, 200, "2");
    expect(&wire, 200, "3");
    expect(&wire, 200, "4");
    assert_true(wire_is_ended(&wire));
    assert_int_equal(house_counts(*state).handled, 4);
    wire_close(&wire);
}

/* More requests in one packet than would fit on the stack, were each a call within the other. */
static void a_flood_of_pipelined_requests_is_answered(void **state)
{
    enum { FLOOD = 2000 };
    struct wire wire = wire_connect(house_port(*state));
    static char text[FLOOD * 64];
    text[0] = '\0';
    char *to = text;
    for (int i = 0; i < FLOOD; i++)
        to += sprintf(to, "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n");
    wire_send(&wire, text);
    for (int i = 0; i < FLOOD; i++)
        expect(&wire, 200, "");
    wire_close(&wire);
}

static void the_message_is_described(void **state)
{
    struct wire wire = wire_connect(house_port(*state));
    wire_send(&wire, "GET //a///../describe?x=%20 HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(&wire, 404, NULL);
    wire_send(&wire, "POST http://ra//describe?x=%20 HTTP/1.1\r\nHost: x\r\n"
                     "Content-Type: A/b; c=d\r\nAccept: e/f\r\nUser-Agent: g\r\n"
                     "Authorization: Basic aGk=\r\nContent-Length: 0\r\n\r\n");
    struct wire_answer answer = wire_receive(&wire, false);
    struct sockaddr_in own;
    socklen_t size = sizeof(own);
    char expected[1000];
    getsockname(wire.fd, (struct sockaddr *)&own, &size);
    snprintf(expected, sizeof(expected),
             "method=POST\npath=/describe\nquery=x=%%20\ncontent_type=A/b; c=d\naccept=e/f\n"
             "user_agent=g\nauthorization=Basic aGk=\npeer=127.0.0.1:%d\ntls=no\nclient=\n"
             "unique=\nexporter=\n",
             ntohs(own.sin_port));
    assert_true(bytes_equal_text(answer.body, expected));
    free(answer.text);
    wire_close(&wire);
}

static void a_large_answer_reaches_a_slow_reader(void **state)
{
    struct wire wire = wire_connect(house_port(*state));
    int small = 65536;
    setsockopt(wire.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    wire_send(&wire, "GET /big HTTP/1.1\r\nHost: x\r\n\r\nGET /echo HTTP/1.1\r\nHost: x\r\n\r\n");
    usleep(50000);
    struct wire_answer answer = wire_receive(&wire, false);
    assert_int_equal(answer.body.size, HOUSE_BIG);
    free(answer.text);
    expect(&wire, 200, "");
    wire_close(&wire);
}

/* ---- refusals ------------------------------------------------------------------------------ */

struct refusal {
    const char *name;
    const char *request;
    int status;
    const char *field; /* that the answer must have; NULL: none */
};

static struct refusal refusals[] = {
    {"malformed: 400", "GET / HTTP/1.1\n\n", 400, NULL},
    {"TLS on a plain port: 400", "\x16\x03\x01\x02", 400, NULL},
    {"smuggling: 400", POST_ECHO "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
     NULL},
    {"method: 405 and Allow", "DELETE / HTTP/1.1\r\nHost: x\r\n\r\n", 405, "Allow"},
    {"no length: 411", POST_ECHO "\r\n", 411, NULL},
    {"body too large: 413", POST_ECHO "Content-Length: 99999999\r\n\r\n", 413, NULL},
    {"chunk too large: 413", POST_ECHO "Transfer-Encoding: chunked\r\n\r\nfffffff\r\n", 413, NULL},
    {"version: 505", "GET / HTTP/2.0\r\n\r\n", 505, NULL},
    {"coding: 501", POST_ECHO "Transfer-Encoding: gzip\r\n\r\n", 501, NULL},
    {"in HTTP/1.0: 400", "POST / HTTP/1.0\r\nContent-Length: x\r\n\r\n", 400, NULL},
};

static void it_is_refused_with_a_text_and_a_close(void **state)
{
    const struct refusal *row = *state;
    struct house *house = house_open(NULL, NULL);
    struct wire wire = wire_connect(house_port(house));
    wire_send(&wire, row->request);
    struct wire_answer answer = wire_receive(&wire, false);
    assert_int_equal(answer.status, row->status);
    assert_true(answer.says_close);
    assert_true(answer.body.size > 10);
    if (row->field != NULL) {
        char *value = wire_field(&answer, row->field);
        assert_non_null(value);
        free(value);
    }
    assert_int_equal(answer.minor, strstr(row->request, "HTTP/1.0") == NULL);
    assert_true(wire_is_ended(&wire));
    struct house_counts counts = house_counts(house);
    assert_int_equal(counts.handled, 0);
    assert_int_equal(counts.refused, 1);
    assert_int_equal(counts.last_refused_status, row->status);
    free(answer.text);
    wire_close(&wire);
    house_close(house);
}

/* Closed at once, the socket would be reset and the client would lose the answer. */
static void a_refusal_reaches_a_client_that_still_sends(void **state)
{
    static char body[100000];
    memset(body, 'x', sizeof(body) - 1);
    struct wire wire = wire_connect(house_port(*state));
    wire_send(&wire, POST_ECHO "Content-Length: 99999999\r\n\r\n");
    for (int i = 0; i < 20; i++) {
        wire_send(&wire, body);
        usleep(1000);
    }
    expect(&wire, 413, NULL);
    wire_close(&wire);
}

static void headers_that_are_too_large_are_refused(void **state)
{
    struct wire wire = wire_connect(house_port(*state));
    wire_send(&wire, "GET / HTTP/1.1\r\nX: ");
    for (int i = 0; i < 20; i++) {
        char part[1001];
        memset(part, 'x', 1000);
        part[1000] = '\0';
        wire_send(&wire, part);
    }
    expect(&wire, 431, NULL);
    assert_true(wire_is_ended(&wire));
    wire_close(&wire);
}

/* ---- times --------------------------------------------------------------------------------- */

static void header_without_end(struct wire *wire)
{
    wire_send(wire, "GET / HTTP/1.1\r\nHost");
}

static void body_without_end(struct wire *wire)
{
    wire_send(wire, POST_ECHO "Content-Length: 5\r\n\r\nhel");
}

/* Each octet comes in time, the whole does not. */
static void drip(struct wire *wire)
{
    wire_send(wire, POST_ECHO "Content-Length: 1000\r\n\r\n");
    for (int i = 0; i < 20; i++) {
        wire_send(wire, "x");
        usleep(30000);
    }
}

static void slow_requests_get_408(void **state)
{
    void (*const ways[])(struct wire * wire) = {header_without_end, body_without_end, drip};
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        struct wire wire = wire_connect(house_port(*state));
        ways[i](&wire);
        expect(&wire, 408, NULL);
        assert_true(wire_is_ended(&wire));
        wire_close(&wire);
    }
}

static void silent_clients_are_closed(void **state)
{
    struct wire first = wire_connect(house_port(*state));
    struct wire kept = wire_connect(house_port(*state));
    wire_send(&kept, POST_ECHO "Content-Length: 2\r\n\r\nhi");
    expect(&kept, 200, "hi");
    assert_true(wire_is_ended(&first));
    assert_true(wire_is_ended(&kept));
    wire_close(&first);
    wire_close(&kept);
    assert_true(house_waits_for_connections(*state, 0));
    assert_int_equal(house_counts(*state).refused, 0);
}

static void a_client_that_never_reads_is_closed(void **state)
{
    struct wire wire = wire_connect(house_port(*state));
    int small = 4096;
    setsockopt(wire.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    for (int i = 0; i < 40; i++)
        wire_send(&wire, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(house_waits_for_connections(*state, 1));
    assert_true(house_waits_for_connections(*state, 0));
    assert_in_range(house_counts(*state).handled, 1, 39);
    wire_close(&wire);
}

static void a_client_that_never_closes_is_closed(void **state)
{
    struct wire wire = wire_connect(house_port(*state));
    wire_send(&wire, POST_ECHO "Connection: close\r\nContent-Length: 0\r\n\r\n");
    expect(&wire, 200, "");
    assert_true(house_waits_for_connections(*state, 0));
    wire_close(&wire);
}

/* No limit of ours ends a request that waits for its authority. */
static void waiting_for_the_answer_has_no_limit_here(void **state)
{
    struct wire wire = wire_connect(house_port(*state));
    wire_send(&wire, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(house_waits_for_busy(*state, 1));
    usleep(900000);
    assert_int_equal(house_busy(*state), 1);
    house_release(*state);
    expect(&wire, 200, "held");
    wire_close(&wire);
}

enum { EXCHANGES = 100 };

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* As openssl cmp does: the header in one write, the body in the next, with Nagle's algorithm on, so
 * that the body leaves only when the header was acknowledged. Gives the median time of an
 * exchange. */
static int64_t median_us(struct house *house, bool split)
{
    int64_t times[EXCHANGES];
    struct wire wire = wire_connect(house_port(house));
    for (int i = 0; i < EXCHANGES; i++) {
        int64_t start = wire_now_us();
        if (split) {
            wire_send(&wire, POST_ECHO "Content-Length: 5\r\n\r\n");
            wire_send(&wire, "hello");
        } else {
            wire_send(&wire, POST_ECHO "Content-Length: 5\r\n\r\nhello");
        }
        expect(&wire, 200, "hello");
        times[i] = wire_now_us() - start;
    }
    wire_close(&wire);
    qsort(times, EXCHANGES, sizeof(times[0]), compare);
    return times[EXCHANGES / 2];
}

static void a_split_request_is_answered_without_a_stall(void **state)
{
    int64_t whole = median_us(*state, false);
    int64_t split = median_us(*state, true);
    print_message("whole %lld us, split %lld us\n", (long long)whole, (long long)split);
    assert_true(split < 5000 + whole);
}

/* ---- clients that go ----------------------------------------------------------------------- */

static void reset(struct wire *wire)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    setsockopt(wire->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    wire_close(wire);
}

static void a_client_may_reset_while_its_answer_is_pending(void **state)
{
    struct wire wire = wire_connect(house_port(*state));
    wire_send(&wire, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(house_waits_for_busy(*state, 1));
    reset(&wire);
    assert_true(house_waits_for_connections(*state, 0));
    assert_int_equal(house_busy(*state), 1);
    house_release(*state);
    assert_int_equal(house_busy(*state), 0);
    assert_int_equal(house_counts(*state).answered_nobody, 1);
}

static void a_client_may_close_while_its_answer_is_pending(void **state)
{
    struct wire wire = wire_connect(house_port(*state));
    wire_send(&wire, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(house_waits_for_busy(*state, 1));
    wire_close(&wire);
    house_release(*state);
    assert_true(house_waits_for_connections(*state, 0));
    assert_int_equal(house_busy(*state), 0);
}

static void a_client_that_closed_its_direction_gets_its_answer(void **state)
{
    struct wire wire = wire_connect(house_port(*state));
    wire_send(&wire, POST_ECHO "Content-Length: 2\r\n\r\nhi"
                               "POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nyo");
    shutdown(wire.fd, SHUT_WR);
    expect(&wire, 200, "hi");
    expect(&wire, 200, "yo");
    assert_true(wire_is_ended(&wire));
    wire_close(&wire);
    assert_true(house_waits_for_connections(*state, 0));
}

static void a_client_may_go_within_a_request(void **state)
{
    static const char *const parts[] = {"GET / HT", POST_ECHO "Content-Length: 5\r\n\r\nhel",
                                        POST_ECHO "Transfer-Encoding: chunked\r\n\r\n5"};
    for (unsigned i = 0; i < 3; i++) {
        struct wire wire = wire_connect(house_port(*state));
        wire_send(&wire, parts[i]);
        wire_close(&wire);
        assert_true(house_waits_for_refused(*state, i + 1));
        assert_true(house_waits_for_connections(*state, 0));
    }
    assert_int_equal(house_counts(*state).handled, 0);
}

/* ---- many ---------------------------------------------------------------------------------- */

enum { MANY = 1000 };

static void a_thousand_connections_are_served(void **state)
{
    (void)state;
    struct http_limits limits = http_limits_default;
    limits.connections_per_address = MANY;
    struct house *house = house_open(NULL, &limits);
    static struct wire wires[MANY];
    for (int i = 0; i < MANY; i++) {
        wires[i] = wire_connect(house_port(house));
        wire_send(&wires[i], "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    assert_true(house_waits_for_busy(house, MANY));
    house_release(house);
    for (int i = 0; i < MANY; i++)
        expect(&wires[i], 200, "held");
    for (int i = 0; i < MANY; i++)
        wire_close(&wires[i]);
    assert_true(house_waits_for_connections(house, 0));
    house_close(house);
}

static void one_address_cannot_take_all_connections(void **state)
{
    (void)state;
    struct http_limits limits = http_limits_default;
    limits.connections_per_address = 2;
    struct house *house = house_open(NULL, &limits);
    struct wire wires[3];
    for (int i = 0; i < 2; i++)
        wires[i] = wire_connect(house_port(house));
    assert_true(house_waits_for_connections(house, 2));
    wires[2] = wire_connect(house_port(house));
    assert_true(wire_is_ended(&wires[2]));
    assert_int_equal(house_counts(house).refused, 1);
    wire_close(&wires[2]);
    wire_close(&wires[0]);
    assert_true(house_waits_for_connections(house, 1));
    wires[0] = wire_connect(house_port(house));
    wire_send(&wires[0], POST_ECHO "Content-Length: 2\r\n\r\nhi");
    expect(&wires[0], 200, "hi");
    for (int i = 0; i < 2; i++)
        wire_close(&wires[i]);
    house_close(house);
}

static void connections_in_all_are_limited(void **state)
{
    (void)state;
    struct http_limits limits = http_limits_default;
    limits.connections = 1;
    struct house *house = house_open(NULL, &limits);
    struct wire first = wire_connect(house_port(house));
    assert_true(house_waits_for_connections(house, 1));
    struct wire second = wire_connect(house_port(house));
    assert_true(wire_is_ended(&second));
    wire_close(&first);
    wire_close(&second);
    house_close(house);
}

/* ---- ends ---------------------------------------------------------------------------------- */

static void a_drain_answers_what_is_under_way(void **state)
{
    struct house *house = *state;
    struct wire waiting = wire_connect(house_port(house));
    struct wire idle = wire_connect(house_port(house));
    struct wire reading = wire_connect(house_port(house));
    struct wire new = wire_connect(house_port(house));
    wire_send(&waiting, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    wire_send(&idle, POST_ECHO "Content-Length: 2\r\n\r\nhi");
    expect(&idle, 200, "hi");
    wire_send(&reading, POST_ECHO "Content-Length: 2\r\n\r\nh");
    assert_true(house_waits_for_busy(house, 1));
    assert_true(house_waits_for_connections(house, 4));
    usleep(20000);
    house_drain(house);
    assert_true(wire_is_ended(&idle));
    house_release(house);
    wire_send(&reading, "i");
    wire_send(&new, POST_ECHO "Content-Length: 2\r\n\r\nyo");
    const struct wire *const served[] = {&waiting, &reading, &new};
    for (int i = 0; i < 3; i++) {
        struct wire_answer answer = wire_receive(served[i], false);
        assert_int_equal(answer.status, 200);
        assert_true(answer.says_close);
        assert_true(wire_is_ended(served[i]));
        free(answer.text);
    }
    struct wire *const all[] = {&waiting, &idle, &reading, &new};
    for (int i = 0; i < 4; i++)
        wire_close(all[i]);
    assert_true(house_waits_for_connections(house, 0));
    assert_int_equal(house_busy(house), 0);
}

static void never_called(void *context, struct http_exchange *exchange,
                         const struct message *message, const char *peer)
{
    (void)context;
    (void)exchange;
    (void)message;
    (void)peer;
    abort();
}

static void a_server_is_quiet_when_nothing_is_under_way(void **state)
{
    struct house *house = *state;
    assert_true(house_is_quiet(house));
    struct wire wire = wire_connect(house_port(house));
    assert_true(house_waits_for_connections(house, 1));
    assert_false(house_is_quiet(house)); /* its request may be on the way */
    wire_send(&wire, POST_ECHO "Content-Le");
    usleep(20000);
    assert_false(house_is_quiet(house));
    wire_send(&wire, "ngth: 1\r\n\r\n");
    usleep(20000);
    assert_false(house_is_quiet(house));
    wire_send(&wire, "x");
    expect(&wire, 200, "x");
    assert_true(house_is_quiet(house));
    wire_send(&wire, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(house_waits_for_busy(house, 1));
    assert_false(house_is_quiet(house));
    wire_close(&wire); /* the engine still works for it */
    assert_false(house_is_quiet(house));
    house_release(house);
    assert_true(house_waits_for_connections(house, 0));
    assert_true(house_is_quiet(house));
}

/* A connection that cannot be accepted stays in the backlog and would wake the loop for ever; and
 * when descriptors come back it must be served. */
static void running_out_of_descriptors_passes(void **state)
{
    enum { HOARD = 4096 };
    static int hoard[HOARD];
    struct rlimit old, tight;
    int count = 0;
    struct wire wire = wire_connect(house_port(*state));
    wire_send(&wire, POST_ECHO "Content-Length: 1\r\n\r\nx");
    expect(&wire, 200, "x");
    struct wire late = {.fd = socket(AF_INET, SOCK_STREAM, 0)};
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    tight = old;
    tight.rlim_cur = old.rlim_cur < 512 ? old.rlim_cur : 512;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    while (count < HOARD && (hoard[count] = dup(wire.fd)) >= 0)
        count++;
    wire_connect_with(&late, house_port(*state));
    wire_send(&late, POST_ECHO "Content-Length: 1\r\n\r\ny");
    usleep(250000);
    assert_int_equal(house_connections(*state), 1);
    while (count > 0)
        close(hoard[--count]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    expect(&late, 200, "y");
    wire_close(&late);
    wire_close(&wire);
}

static void ipv6_is_served(void **state)
{
    (void)state;
    struct failure why;
    struct loop *loop = loop_new();
    struct http_server *server = http_server_new(
        loop, &(struct http_listener){.address = "[::1]:0", .handler = never_called}, &why);
    if (server == NULL) /* a machine without IPv6 says so */
        assert_non_null(strstr(why.detail, "::1"));
    else
        assert_true(http_server_port(server) > 0);
    http_server_free(server);
    loop_free(loop);
}

static void an_exchange_may_outlive_its_server(void **state)
{
    (void)state;
    struct house *house = house_open(NULL, NULL);
    struct wire wire = wire_connect(house_port(house));
    wire_send(&wire, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(house_waits_for_busy(house, 1));
    house_close(house); /* answers the held exchange behind the server's end */
    struct wire_answer answer = wire_receive(&wire, false);
    assert_int_equal(answer.status, 0);
    free(answer.text);
    wire_close(&wire);
}

static void bad_addresses_are_told(void **state)
{
    static const char *const addresses[] = {"",
                                            "8080",
                                            "127.0.0.1",
                                            "127.0.0.1:",
                                            "::1:8080",
                                            "127.0.0.1:8080x",
                                            "[::1:8080",
                                            "192.0.2.77:0",
                                            "x..y:8080",
                                            "127.0.0.1:99999",
                                            "127.0.0.1:1234567"};
    (void)state;
    struct loop *loop = loop_new();
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        struct failure why = {0};
        const struct http_listener listener = {.address = addresses[i], .handler = never_called};
        assert_null(http_server_new(loop, &listener, &why));
        assert_true(strlen(why.text) > 0);
    }
    loop_free(loop);
}

static void two_servers_may_share_a_port(void **state)
{
    (void)state;
    struct failure why;
    struct loop *loop = loop_new();
    struct http_server *first = http_server_new(
        loop, &(struct http_listener){.address = "127.0.0.1:0", .handler = never_called}, &why);
    char address[32];
    snprintf(address, sizeof(address), "127.0.0.1:%d", http_server_port(first));
    struct http_server *second = http_server_new(
        loop, &(struct http_listener){.address = address, .handler = never_called}, &why);
    assert_non_null(second);
    assert_int_equal(http_server_port(second), http_server_port(first));
    http_server_free(second);
    http_server_free(first);
    loop_free(loop);
}

#define PLAIN(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define QUICK(test) cmocka_unit_test_setup_teardown(test, set_up_quick, tear_down)

static const struct CMUnitTest fixed[] = {
    PLAIN(a_request_is_answered_and_the_connection_kept),
    PLAIN(the_answer_comes_in_one_segment),
    PLAIN(http_1_0_is_answered_in_1_0_and_closed),
    PLAIN(http_1_0_may_keep_the_connection),
    PLAIN(connection_close_is_honoured),
    PLAIN(a_head_is_answered_without_body),
    PLAIN(chunks_are_put_together),
    PLAIN(a_client_that_waits_is_told_to_continue),
    PLAIN(a_client_that_waits_is_not_let_send_too_much),
    PLAIN(pipelined_requests_are_answered_in_order),
    PLAIN(a_flood_of_pipelined_requests_is_answered),
    PLAIN(the_message_is_described),
    PLAIN(a_large_answer_reaches_a_slow_reader),
    PLAIN(a_refusal_reaches_a_client_that_still_sends),
    PLAIN(headers_that_are_too_large_are_refused),
    QUICK(slow_requests_get_408),
    QUICK(silent_clients_are_closed),
    QUICK(a_client_that_never_reads_is_closed),
    QUICK(a_client_that_never_closes_is_closed),
    QUICK(waiting_for_the_answer_has_no_limit_here),
    PLAIN(a_split_request_is_answered_without_a_stall),
    PLAIN(a_client_may_reset_while_its_answer_is_pending),
    PLAIN(a_client_may_close_while_its_answer_is_pending),
    PLAIN(a_client_that_closed_its_direction_gets_its_answer),
    PLAIN(a_client_may_go_within_a_request),
    cmocka_unit_test(a_thousand_connections_are_served),
    cmocka_unit_test(one_address_cannot_take_all_connections),
    cmocka_unit_test(connections_in_all_are_limited),
    PLAIN(a_drain_answers_what_is_under_way),
    PLAIN(a_server_is_quiet_when_nothing_is_under_way),
    PLAIN(running_out_of_descriptors_passes),
    cmocka_unit_test(ipv6_is_served),
    cmocka_unit_test(an_exchange_may_outlive_its_server),
    cmocka_unit_test(bad_addresses_are_told),
    cmocka_unit_test(two_servers_may_share_a_port),
};

enum {
    FIXED = sizeof(fixed) / sizeof(fixed[0]),
    REFUSALS = sizeof(refusals) / sizeof(refusals[0])
};

int main(void)
{
    struct CMUnitTest tests[FIXED + REFUSALS];
    memcpy(tests, fixed, sizeof(fixed));
    for (size_t i = 0; i < REFUSALS; i++)
        tests[FIXED + i] = (struct CMUnitTest){
            refusals[i].name, it_is_refused_with_a_text_and_a_close, NULL, NULL, &refusals[i]};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
