#include "tests/support/cmocka_all.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/http/client.h"
#include "gateway/http/tls.h"
#include "mapping/model/limits.h"
#include "tests/support/http_house.h"
#include "tests/support/tls_files.h"

/* ---- an authority that does what its script says -------------------------------------------- */

enum { SEEN = 65536 };

struct authority {
    int fd;
    int port;
    pthread_t thread;
    void (*serve)(struct authority *authority, int fd);
    atomic_int connections;
    atomic_int requests;
    atomic_bool is_closing;
    char seen[SEEN]; /* the last request */
};

/* Reads one whole request; false at the end of the connection. */
static bool read_request(struct authority *authority, int fd)
{
    size_t used = 0, whole = SIZE_MAX;
    while (used < whole) {
        ssize_t got = recv(fd, authority->seen + used, SEEN - 1 - used, 0);
        if (got < 0 && errno == EAGAIN && !authority->is_closing)
            continue;
        if (got <= 0)
            return false;
        used += (size_t)got;
        authority->seen[used] = '\0';
        const char *end = strstr(authority->seen, "\r\n\r\n");
        const char *length = strstr(authority->seen, "Content-Length: ");
        if (end != NULL)
            whole = (size_t)(end + 4 - authority->seen) +
                    (length == NULL ? 0 : strtoul(length + 16, NULL, 10));
    }
    authority->requests++;
    return true;
}

static void say(int fd, const char *text)
{
    send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void *run_authority(void *context)
{
    struct authority *authority = context;
    for (;;) {
        int fd = accept(authority->fd, NULL, NULL);
        if (fd < 0 || authority->is_closing) {
            if (fd >= 0)
                close(fd);
            return NULL;
        }
        struct timeval patience = {.tv_usec = 20000};
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        authority->connections++;
        authority->serve(authority, fd);
        close(fd);
    }
}

static struct authority *open_authority(void (*serve)(struct authority *authority, int fd))
{
    struct authority *authority = calloc(1, sizeof(*authority));
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(at);
    authority->serve = serve;
    authority->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(authority->fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(authority->fd, 16), 0);
    getsockname(authority->fd, (struct sockaddr *)&at, &size);
    authority->port = ntohs(at.sin_port);
    assert_int_equal(pthread_create(&authority->thread, NULL, run_authority, authority), 0);
    return authority;
}

static void close_authority(struct authority *authority)
{
    authority->is_closing = true;
    shutdown(authority->fd, SHUT_RDWR);
    pthread_join(authority->thread, NULL);
    close(authority->fd);
    free(authority);
}

/* ---- one call and its outcome ---------------------------------------------------------------- */

struct call_record {
    struct loop *loop;
    int callbacks;
    enum http_outcome outcome;
    int status;
    char content_type[100];
    char date[100];
    char retry_after[100];
    size_t size;
    char body[70000];
    struct failure why;
};

static void keep(char *to, size_t room, struct bytes value)
{
    size_t size = value.size < room - 1 ? value.size : room - 1;
    if (size > 0)
        memcpy(to, value.data, size);
    to[size] = '\0';
}

static void note_done(void *context, enum http_outcome outcome, const struct message *answer,
                      const struct failure *why)
{
    struct call_record *record = context;
    record->callbacks++;
    record->outcome = outcome;
    if (outcome == HTTP_ANSWERED) {
        record->status = answer->status;
        record->size = answer->body.size;
        keep(record->body, sizeof(record->body), answer->body);
        keep(record->content_type, sizeof(record->content_type), answer->content_type);
        keep(record->date, sizeof(record->date), answer->date);
        keep(record->retry_after, sizeof(record->retry_after), answer->retry_after);
        assert_null(why);
    } else {
        record->why = *why;
        assert_null(answer);
    }
    loop_stop(record->loop);
}

struct scene {
    struct loop *loop;
    struct http_client *client;
    struct call_record record;
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    scene->loop = loop_new();
    scene->client = http_client_new(scene->loop);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    http_client_free(scene->client);
    loop_free(scene->loop);
    free(scene);
    return 0;
}

static struct http_target target_of(const char *scheme, int port, char url[64])
{
    snprintf(url, 64, "%s://127.0.0.1:%d/ca", scheme, port);
    return (struct http_target){.url = url, .connect_ms = 2000, .answer_ms = 2000};
}

static const struct call post = {.method = "POST",
                                 .path_suffix = "",
                                 .content_type = "application/pkixcmp",
                                 .body = {(const uint8_t *)"hello", 5}};
static const struct call get = {.method = "GET", .path_suffix = "/cacerts"};

static const struct call_record *call(struct scene *scene, const struct http_target *target,
                                      const struct call *what)
{
    scene->record = (struct call_record){.loop = scene->loop};
    http_client_send(scene->client, target, what, note_done, &scene->record);
    assert_int_equal(scene->record.callbacks, 0); /* never from within the call */
    assert_true(loop_run(scene->loop));
    assert_int_equal(scene->record.callbacks, 1);
    return &scene->record;
}

/* ---- scripts ----------------------------------------------------------------------------------
 */

static void answer_all(struct authority *authority, int fd)
{
    while (read_request(authority, fd))
        say(fd, "HTTP/1.1 200 OK\r\nContent-Type: a/b; c=d\r\nDate: then\r\nretry-after:  7 \r\n"
                "Content-Length: 3\r\n\r\nabc");
}

static void close_at_once(struct authority *authority, int fd)
{
    (void)authority;
    (void)fd;
}

static void read_then_close(struct authority *authority, int fd)
{
    read_request(authority, fd);
}

static void read_then_reset(struct authority *authority, int fd)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    read_request(authority, fd);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static void close_in_header(struct authority *authority, int fd)
{
    read_request(authority, fd);
    say(fd, "HTTP/1.1 200 OK\r\nContent-Le");
}

static void close_in_body(struct authority *authority, int fd)
{
    read_request(authority, fd);
    say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
}

static void close_in_chunks(struct authority *authority, int fd)
{
    read_request(authority, fd);
    say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
}

static void say_garbage(struct authority *authority, int fd)
{
    read_request(authority, fd);
    say(fd, "\x01\x02 this is no HTTP\r\n\r\n");
}

static void answer_too_much(struct authority *authority, int fd)
{
    static char piece[65536];
    read_request(authority, fd);
    say(fd, "HTTP/1.1 200 OK\r\n\r\n");
    for (int i = 0; i <= LIMIT_RESPONSE_OCTETS / (int)sizeof(piece); i++)
        send(fd, piece, sizeof(piece), MSG_NOSIGNAL);
}

static void announce_too_much(struct authority *authority, int fd)
{
    static char piece[65536];
    read_request(authority, fd);
    say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
    for (int i = 0; i < 20; i++)
        send(fd, piece, sizeof(piece), MSG_NOSIGNAL);
}

static void never_answer(struct authority *authority, int fd)
{
    char octet;
    read_request(authority, fd);
    while (recv(fd, &octet, 1, 0) != 0 && !authority->is_closing)
        ;
}

static void drip_for_ever(struct authority *authority, int fd)
{
    read_request(authority, fd);
    say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    for (int i = 0; i < 100 && !authority->is_closing; i++) {
        say(fd, "x");
        usleep(20000);
    }
}

static void answer_slowly(struct authority *authority, int fd)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
    read_request(authority, fd);
    for (size_t i = 0; i < sizeof(answer) - 1; i++) {
        send(fd, answer + i, 1, MSG_NOSIGNAL);
        usleep(2000);
    }
}

static void answer_in_chunks(struct authority *authority, int fd)
{
    read_request(authority, fd);
    say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
}

static void answer_until_close(struct authority *authority, int fd)
{
    read_request(authority, fd);
    say(fd, "HTTP/1.0 200 OK\r\nStatus: 200 OK\r\n\r\nabc");
}

static void continue_first(struct authority *authority, int fd)
{
    read_request(authority, fd);
    say(fd, "HTTP/1.1 100 Continue\r\nRetry-After: 9\r\n\r\n"
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
}

static void refuse_with_a_body(struct authority *authority, int fd)
{
    read_request(authority, fd);
    say(fd, "HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nabc");
}

static void send_elsewhere(struct authority *authority, int fd)
{
    char text[200];
    read_request(authority, fd);
    snprintf(text, sizeof(text),
             "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d/x\r\n"
             "Content-Length: 3\r\n\r\nabc",
             authority->port);
    say(fd, text);
    read_request(authority, fd);
}

static void ask_for_a_password(struct authority *authority, int fd)
{
    while (read_request(authority, fd))
        say(fd, "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n"
                "Content-Length: 3\r\n\r\nabc");
}

struct script {
    const char *name;
    void (*serve)(struct authority *authority, int fd);
    enum http_outcome outcome;
    int status;
    const char *body;
    long answer_ms;
};

static struct script scripts[] = {
    {"answers", answer_all, HTTP_ANSWERED, 200, "abc", 2000},
    {"answers slowly", answer_slowly, HTTP_ANSWERED, 200, "abc", 2000},
    {"answers in chunks", answer_in_chunks, HTTP_ANSWERED, 200, "abc", 2000},
    {"answers until it closes", answer_until_close, HTTP_ANSWERED, 200, "abc", 2000},
    {"says 100 first", continue_first, HTTP_ANSWERED, 200, "abc", 2000},
    {"refuses with a body", refuse_with_a_body, HTTP_ANSWERED, 400, "abc", 2000},
    {"sends elsewhere", send_elsewhere, HTTP_ANSWERED, 302, "abc", 2000},
    {"asks for a password", ask_for_a_password, HTTP_ANSWERED, 401, "abc", 2000},
    {"closes at once", close_at_once, HTTP_LOST, 0, NULL, 2000},
    {"reads, then closes", read_then_close, HTTP_LOST, 0, NULL, 2000},
    {"reads, then resets", read_then_reset, HTTP_LOST, 0, NULL, 2000},
    {"closes in its header", close_in_header, HTTP_LOST, 0, NULL, 2000},
    {"closes in its body", close_in_body, HTTP_LOST, 0, NULL, 2000},
    {"closes in its chunks", close_in_chunks, HTTP_LOST, 0, NULL, 2000},
    {"says garbage", say_garbage, HTTP_LOST, 0, NULL, 2000},
    {"answers too much", answer_too_much, HTTP_LOST, 0, NULL, 2000},
    {"announces too much", announce_too_much, HTTP_LOST, 0, NULL, 2000},
    {"never answers", never_answer, HTTP_LOST, 0, NULL, -1800},
    {"drips for ever", drip_for_ever, HTTP_LOST, 0, NULL, -1800},
};

static void an_authority_that(void **state)
{
    const struct script *script = *state;
    void *own;
    char url[64];
    set_up(&own);
    struct scene *scene = own;
    struct authority *authority = open_authority(script->serve);
    struct http_target target = target_of("http", authority->port, url);
    target.answer_ms = script->answer_ms;
    const struct call_record *record = call(scene, &target, &post);
    assert_int_equal(record->outcome, script->outcome);
    assert_true(authority->requests <= 1);
    if (script->outcome == HTTP_ANSWERED) {
        assert_int_equal(record->status, script->status);
        assert_string_equal(record->body, script->body);
        assert_int_equal(authority->requests, 1);
    } else {
        assert_int_equal(record->why.reason, REASON_UPSTREAM_UNKNOWN);
        assert_true(strlen(record->why.text) > 0 && strlen(record->why.detail) > 0);
        assert_null(strstr(record->why.text, "127.0.0.1"));
    }
    tear_down(&own);
    close_authority(authority);
}

/* ---- what goes out, what comes in ------------------------------------------------------------ */

static void a_post_has_a_length_and_no_expectation(void **state)
{
    struct scene *scene = *state;
    struct authority *authority = open_authority(answer_all);
    char url[64];
    static uint8_t large[20000]; /* libcurl would expect 100-continue above 1 MB, once above 1 kB */
    memset(large, 'x', sizeof(large));
    struct http_target target = target_of("http", authority->port, url);
    struct call big = post;
    big.body = bytes_of(large, sizeof(large));
    big.accept = "application/pkixcmp";
    target.basic = "ra:secret";
    call(scene, &target, &big);
    const char *seen = authority->seen;
    assert_memory_equal(seen, "POST /ca HTTP/1.1\r\n", 19);
    assert_non_null(strstr(seen, "\r\nContent-Length: 20000\r\n"));
    assert_non_null(strstr(seen, "\r\nContent-Type: application/pkixcmp\r\n"));
    assert_non_null(strstr(seen, "\r\nAccept: application/pkixcmp\r\n"));
    assert_non_null(strstr(seen, "\r\nAuthorization: Basic cmE6c2VjcmV0\r\n"));
    assert_null(strstr(seen, "Expect"));
    assert_null(strstr(seen, "Transfer-Encoding"));
    assert_null(strstr(seen, "urlencoded"));
    close_authority(authority);
}

static void a_get_has_no_body_and_its_suffix(void **state)
{
    struct scene *scene = *state;
    struct authority *authority = open_authority(answer_all);
    char url[64];
    struct http_target target = target_of("http", authority->port, url);
    strcat(url, "/");
    const struct call_record *record = call(scene, &target, &get);
    assert_int_equal(record->outcome, HTTP_ANSWERED);
    assert_memory_equal(authority->seen, "GET /ca/cacerts HTTP/1.1\r\n", 26);
    assert_null(strstr(authority->seen, "Content-"));
    assert_null(strstr(authority->seen, "Accept:"));
    assert_null(strstr(authority->seen, "Authorization"));
    close_authority(authority);
}

static void fields_of_the_answer_are_told(void **state)
{
    struct scene *scene = *state;
    struct authority *authority = open_authority(answer_all);
    char url[64];
    struct http_target target = target_of("http", authority->port, url);
    const struct call_record *record = call(scene, &target, &post);
    assert_string_equal(record->content_type, "a/b; c=d");
    assert_string_equal(record->date, "then");
    assert_string_equal(record->retry_after, "7");
    close_authority(authority);
}

static void fields_of_an_interim_answer_are_not(void **state)
{
    struct scene *scene = *state;
    struct authority *authority = open_authority(continue_first);
    char url[64];
    struct http_target target = target_of("http", authority->port, url);
    const struct call_record *record = call(scene, &target, &post);
    assert_int_equal(record->status, 200);
    assert_string_equal(record->retry_after, "");
    close_authority(authority);
}

/* ---- connections ------------------------------------------------------------------------------
 */

static void a_connection_is_used_again(void **state)
{
    struct scene *scene = *state;
    struct authority *authority = open_authority(answer_all);
    char url[64];
    struct http_target target = target_of("http", authority->port, url);
    for (int i = 0; i < 5; i++)
        assert_int_equal(call(scene, &target, &post)->outcome, HTTP_ANSWERED);
    assert_int_equal(authority->connections, 1);
    assert_int_equal(authority->requests, 5);
    close_authority(authority);
}

static void answer_one_then_close_later(struct authority *authority, int fd)
{
    if (read_request(authority, fd))
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
}

static void a_kept_connection_that_was_closed_is_not_used(void **state)
{
    struct scene *scene = *state;
    struct authority *authority = open_authority(answer_one_then_close_later);
    char url[64];
    struct http_target target = target_of("http", authority->port, url);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(call(scene, &target, &post)->outcome, HTTP_ANSWERED);
        usleep(20000);
    }
    assert_int_equal(authority->connections, 3);
    assert_int_equal(authority->requests, 3);
    close_authority(authority);
}

static void answer_one_and_lose_the_next(struct authority *authority, int fd)
{
    if (read_request(authority, fd))
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
    read_request(authority, fd);
}

/* libcurl sends a request again when a kept connection dies without an answer. The authority may
 * have acted on the first: to send it twice could issue two certificates. */
static void a_post_is_never_sent_twice(void **state)
{
    struct scene *scene = *state;
    struct authority *authority = open_authority(answer_one_and_lose_the_next);
    char url[64];
    struct http_target target = target_of("http", authority->port, url);
    assert_int_equal(call(scene, &target, &post)->outcome, HTTP_ANSWERED);
    const struct call_record *record = call(scene, &target, &post);
    assert_int_equal(record->outcome, HTTP_LOST);
    assert_int_equal(record->why.reason, REASON_UPSTREAM_UNKNOWN);
    usleep(50000);
    assert_int_equal(authority->requests, 2);
    close_authority(authority);
}

static void a_get_may_be_sent_twice(void **state)
{
    struct scene *scene = *state;
    struct authority *authority = open_authority(answer_one_and_lose_the_next);
    char url[64];
    struct http_target target = target_of("http", authority->port, url);
    assert_int_equal(call(scene, &target, &get)->outcome, HTTP_ANSWERED);
    assert_int_equal(call(scene, &target, &get)->outcome, HTTP_ANSWERED);
    assert_int_equal(authority->requests, 3);
    assert_int_equal(authority->connections, 2);
    close_authority(authority);
}

static void expect_not_sent(struct scene *scene, const struct http_target *target,
                            enum reason reason)
{
    const struct call_record *record = call(scene, target, &post);
    assert_int_equal(record->outcome, HTTP_NOT_SENT);
    assert_int_equal(record->why.reason, reason);
    assert_true(strlen(record->why.detail) > 0);
}

static void what_cannot_be_reached_was_not_sent(void **state)
{
    struct scene *scene = *state;
    struct authority *authority = open_authority(answer_all);
    char url[64];
    struct http_target target = target_of("http", authority->port, url);
    close_authority(authority);
    expect_not_sent(scene, &target, REASON_CA_DOWN);
    target.url = "http://no-such-host.invalid/";
    expect_not_sent(scene, &target, REASON_CA_DOWN);
    target.url = "gopher://127.0.0.1/";
    expect_not_sent(scene, &target, REASON_CA_DOWN);
    target.url = "http://127.0.0.1:99999/";
    expect_not_sent(scene, &target, REASON_CA_DOWN);
}

static void a_handshake_that_never_ends_was_not_sent(void **state)
{
    struct scene *scene = *state;
    struct authority *authority = open_authority(never_answer);
    char url[64];
    struct http_target target = target_of("https", authority->port, url);
    target.connect_ms = 200;
    expect_not_sent(scene, &target, REASON_CA_DOWN);
    close_authority(authority);
}

static void a_handshake_with_plain_http_was_not_sent(void **state)
{
    struct scene *scene = *state;
    struct authority *authority = open_authority(say_garbage);
    char url[64];
    struct http_target target = target_of("https", authority->port, url);
    target.connect_ms = 300;
    expect_not_sent(scene, &target, REASON_CA_DOWN);
    assert_int_equal(authority->requests, 0);
    close_authority(authority);
}

/* ---- TLS ------------------------------------------------------------------------------------- */

static struct tls_files files;

static struct house *tls_house(enum tls_client client, const struct http_limits *limits)
{
    struct failure why;
    const struct tls_settings settings = {
        .certificate = files.server, .key = files.server_key, .client = client};
    SSL_CTX *tls = tls_context(&settings, &why);
    assert_non_null(tls);
    struct house *house = house_open(tls, limits);
    SSL_CTX_free(tls);
    return house;
}

static void tls_with_a_client_certificate(void **state)
{
    struct scene *scene = *state;
    struct house *house = tls_house(TLS_CLIENT_REQUIRED, NULL);
    char url[64];
    struct http_target target = target_of("https", house_port(house), url);
    target.ca_file = files.ca;
    target.certificate = files.client;
    target.key = files.client_key;
    snprintf(url, sizeof(url), "https://127.0.0.1:%d/describe", house_port(house));
    const struct call_record *record = call(scene, &target, &post);
    assert_int_equal(record->outcome, HTTP_ANSWERED);
    assert_non_null(strstr(record->body, "\nclient=30"));
    assert_non_null(strstr(record->body, "\nchain=30"));
    house_close(house);
}

static void an_authority_of_another_root_is_not_trusted(void **state)
{
    struct scene *scene = *state;
    struct house *house = tls_house(TLS_CLIENT_NONE, NULL);
    char url[64];
    struct http_target target = target_of("https", house_port(house), url);
    target.ca_file = files.other;
    expect_not_sent(scene, &target, REASON_UPSTREAM_UNTRUSTED);
    target.ca_file = NULL; /* the system's */
    expect_not_sent(scene, &target, REASON_UPSTREAM_UNTRUSTED);
    assert_int_equal(house_counts(house).handled, 0);
    house_close(house);
}

static void a_file_that_is_missing_is_told(void **state)
{
    struct scene *scene = *state;
    struct house *house = tls_house(TLS_CLIENT_NONE, NULL);
    char url[64];
    struct http_target target = target_of("https", house_port(house), url);
    target.ca_file = "/nonexistent/ca.pem";
    expect_not_sent(scene, &target, REASON_CA_DOWN);
    target.ca_file = files.ca;
    target.certificate = files.client;
    target.key = "/nonexistent/key.pem";
    expect_not_sent(scene, &target, REASON_CA_DOWN);
    target.certificate = files.server;
    target.key = files.locked_key;
    expect_not_sent(scene, &target, REASON_CA_DOWN);
    house_close(house);
}

/* ---- many -------------------------------------------------------------------------------------
 */

enum { MANY = LIMIT_UPSTREAM_IN_FLIGHT + 50 };

struct many {
    struct loop *loop;
    unsigned answered;
    unsigned failed;
};

static void count_done(void *context, enum http_outcome outcome, const struct message *answer,
                       const struct failure *why)
{
    (void)why;
    struct many *many = context;
    if (outcome == HTTP_ANSWERED && answer->status == 200)
        many->answered++;
    else
        many->failed++;
    if (many->answered + many->failed == MANY)
        loop_stop(many->loop);
}

static void *release_when_full(void *context)
{
    struct house *house = context;
    bool is_full = house_waits_for_busy(house, LIMIT_UPSTREAM_IN_FLIGHT);
    usleep(50000);
    is_full = is_full && house_busy(house) == LIMIT_UPSTREAM_IN_FLIGHT;
    house_release(house);
    house_waits_for_busy(house, MANY - LIMIT_UPSTREAM_IN_FLIGHT);
    house_release(house);
    return is_full ? house : NULL;
}

static void calls_above_the_limit_wait(void **state)
{
    struct scene *scene = *state;
    struct http_limits limits = http_limits_default;
    limits.connections_per_address = MANY;
    struct house *house = house_open(NULL, &limits);
    struct many many = {.loop = scene->loop};
    pthread_t thread;
    void *was_full;
    char url[64];
    struct http_target target = target_of("http", house_port(house), url);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/hold", house_port(house));
    target.answer_ms = 20000;
    assert_int_equal(pthread_create(&thread, NULL, release_when_full, house), 0);
    for (int i = 0; i < MANY; i++)
        http_client_send(scene->client, &target, &post, count_done, &many);
    assert_true(loop_run(scene->loop));
    pthread_join(thread, &was_full);
    assert_int_equal(many.answered, MANY);
    assert_non_null(was_full);
    house_close(house);
}

static void send_again(void *context, enum http_outcome outcome, const struct message *answer,
                       const struct failure *why)
{
    (void)answer;
    (void)why;
    struct scene *scene = context;
    assert_int_equal(outcome, HTTP_NOT_SENT);
    if (++scene->record.callbacks == 20) {
        loop_stop(scene->loop);
        return;
    }
    const struct http_target target = {
        .url = "http://127.0.0.1:1/", .connect_ms = 1000, .answer_ms = 1000};
    http_client_send(scene->client, &target, &post, send_again, scene);
}

static void a_callback_may_send_again(void **state)
{
    struct scene *scene = *state;
    send_again(scene, HTTP_NOT_SENT, NULL, NULL);
    assert_true(loop_run(scene->loop));
    assert_int_equal(scene->record.callbacks, 20);
}

static void stop_scene(void *context)
{
    struct scene *scene = context;
    loop_stop(scene->loop);
}

static void pending_calls_are_dropped_at_the_end(void **state)
{
    struct scene *scene = *state;
    struct authority *authority = open_authority(never_answer);
    char url[64];
    struct http_target target = target_of("http", authority->port, url);
    scene->record = (struct call_record){.loop = scene->loop};
    for (int i = 0; i < LIMIT_UPSTREAM_IN_FLIGHT + 5; i++)
        http_client_send(scene->client, &target, &post, note_done, &scene->record);
    loop_timer(scene->loop, 50, stop_scene, scene);
    assert_true(loop_run(scene->loop));
    http_client_free(scene->client);
    scene->client = NULL;
    assert_int_equal(scene->record.callbacks, 0);
    close_authority(authority);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest fixed[] = {
    SCENE(a_post_has_a_length_and_no_expectation),
    SCENE(a_get_has_no_body_and_its_suffix),
    SCENE(fields_of_the_answer_are_told),
    SCENE(fields_of_an_interim_answer_are_not),
    SCENE(a_connection_is_used_again),
    SCENE(a_kept_connection_that_was_closed_is_not_used),
    SCENE(a_post_is_never_sent_twice),
    SCENE(a_get_may_be_sent_twice),
    SCENE(what_cannot_be_reached_was_not_sent),
    SCENE(a_handshake_that_never_ends_was_not_sent),
    SCENE(a_handshake_with_plain_http_was_not_sent),
    SCENE(tls_with_a_client_certificate),
    SCENE(an_authority_of_another_root_is_not_trusted),
    SCENE(a_file_that_is_missing_is_told),
    SCENE(calls_above_the_limit_wait),
    SCENE(a_callback_may_send_again),
    SCENE(pending_calls_are_dropped_at_the_end),
};

enum { FIXED = sizeof(fixed) / sizeof(fixed[0]), SCRIPTS = sizeof(scripts) / sizeof(scripts[0]) };

int main(void)
{
    struct CMUnitTest tests[FIXED + SCRIPTS];
    memcpy(tests, fixed, sizeof(fixed));
    for (size_t i = 0; i < SCRIPTS; i++)
        tests[FIXED + i] =
            (struct CMUnitTest){scripts[i].name, an_authority_that, NULL, NULL, &scripts[i]};
    tls_files_make(&files);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    tls_files_remove(&files);
    return failed;
}
