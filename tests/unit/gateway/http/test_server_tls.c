#include "tests/support/cmocka_all.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gateway/http/tls.h"
#include "tests/support/http_house.h"
#include "tests/support/tls_files.h"
#include "tests/support/wire.h"

static struct tls_files files;

static SSL_CTX *server_context(enum tls_client client)
{
    struct failure why;
    const struct tls_settings settings = {.certificate = files.server,
                                          .key = files.server_key,
                                          .client = client,
                                          .client_ca = files.ca};
    SSL_CTX *tls = tls_context(&settings, &why);
    assert_non_null(tls);
    return tls;
}

static struct house *open_house(enum tls_client client, const struct http_limits *limits)
{
    SSL_CTX *tls = server_context(client);
    struct house *house = house_open(tls, limits);
    SSL_CTX_free(tls);
    return house;
}

static int set_up(void **state)
{
    *state = open_house(TLS_CLIENT_OPTIONAL, NULL);
    return 0;
}

static int set_up_quick(void **state)
{
    struct http_limits limits = http_limits_default;
    limits.handshake_ms = limits.between_bytes_ms = limits.idle_ms = 300;
    *state = open_house(TLS_CLIENT_OPTIONAL, &limits);
    return 0;
}

static int tear_down(void **state)
{
    house_close(*state);
    return 0;
}

/* A connection of a client that goes up to TLS version `most`. */
static struct wire connect_to(struct house *house, bool with_certificate, int most)
{
    SSL_CTX *tls = tls_files_client(&files, with_certificate, most);
    struct wire wire = wire_connect_tls(house_port(house), tls, NULL);
    SSL_CTX_free(tls);
    return wire;
}

static void expect(const struct wire *wire, int status, const char *body)
{
    struct wire_answer answer = wire_receive(wire, false);
    assert_int_equal(answer.status, status);
    if (body != NULL)
        assert_true(bytes_equal_text(answer.body, body));
    free(answer.text);
}

#define DESCRIBE "GET /describe HTTP/1.1\r\nHost: x\r\n\r\n"
#define POST_ECHO "POST /echo HTTP/1.1\r\nHost: x\r\n"

/* What the handler saw. The caller frees. */
static char *description(const struct wire *wire)
{
    wire_send(wire, DESCRIBE);
    struct wire_answer answer = wire_receive(wire, false);
    assert_int_equal(answer.status, 200);
    char *text = strndup((const char *)answer.body.data, answer.body.size);
    free(answer.text);
    return text;
}

static bool has_line(const char *text, const char *name, struct bytes value)
{
    size_t room = strlen(name) + 2 * value.size + 4;
    char *line = malloc(room);
    char *to = line + sprintf(line, "\n%s=", name);
    for (size_t i = 0; i < value.size; i++)
        to += sprintf(to, "%02x", value.data[i]);
    strcpy(to, "\n");
    bool has = strstr(text, line) != NULL;
    free(line);
    return has;
}

/* The client's certificate file, read by OpenSSL's PEM reader: leaf, then sub-authority. */
static size_t read_der(const char *path, int which, uint8_t der[2048])
{
    FILE *file = fopen(path, "r");
    unsigned char *end = der;
    X509 *certificate = NULL;
    for (int i = 0; i <= which; i++) {
        X509_free(certificate);
        certificate = PEM_read_X509(file, NULL, NULL, NULL);
    }
    int size = i2d_X509(certificate, &end);
    X509_free(certificate);
    fclose(file);
    return (size_t)size;
}

static void check_client(const char *text)
{
    uint8_t leaf[2048], sub[2048];
    size_t leaf_size = read_der(files.client, 0, leaf);
    size_t sub_size = read_der(files.client, 1, sub);
    assert_true(has_line(text, "client", bytes_of(leaf, leaf_size)));
    assert_true(has_line(text, "chain", bytes_of(sub, sub_size)));
}

static void check_exporter(SSL *ssl, const char *text)
{
    uint8_t value[32];
    assert_int_equal(SSL_export_keying_material(ssl, value, sizeof(value),
                                                "EXPORTER-Channel-Binding", 24, NULL, 0, 1),
                     1);
    assert_true(has_line(text, "exporter", bytes_of(value, sizeof(value))));
}

/* ---- what is told of the client ---------------------------------------------------------------
 */

static void a_client_with_a_certificate_is_described(void **state)
{
    const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (int i = 0; i < 2; i++) {
        struct wire wire = connect_to(*state, true, versions[i]);
        assert_int_equal(SSL_version(wire.ssl), versions[i]);
        char *text = description(&wire);
        assert_non_null(strstr(text, "\ntls=yes\n"));
        check_client(text);
        check_exporter(wire.ssl, text);
        free(text);
        wire_close(&wire);
    }
}

static void a_client_without_a_certificate_is_served_too(void **state)
{
    struct wire wire = connect_to(*state, false, TLS1_3_VERSION);
    char *text = description(&wire);
    assert_non_null(strstr(text, "\ntls=yes\nclient=\nunique=\n"));
    check_exporter(wire.ssl, text);
    free(text);
    wire_close(&wire);
}

/* RFC 5929 3.1: the client's Finished comes first in a full handshake. */
static void tls_unique_is_told_in_tls_1_2_alone(void **state)
{
    uint8_t finished[64];
    struct wire wire = connect_to(*state, false, TLS1_2_VERSION);
    char *text = description(&wire);
    size_t size = SSL_get_finished(wire.ssl, finished, sizeof(finished));
    assert_int_equal(size, 12);
    assert_true(has_line(text, "unique", bytes_of(finished, size)));
    free(text);
    wire_close(&wire);
    wire = connect_to(*state, false, TLS1_3_VERSION);
    text = description(&wire);
    assert_non_null(strstr(text, "\nunique=\n"));
    free(text);
    wire_close(&wire);
}

static void no_binding_without_the_extended_master_secret(void **state)
{
    SSL_CTX *tls = tls_files_client(&files, false, TLS1_2_VERSION);
    SSL_CTX_set_options(tls, SSL_OP_NO_EXTENDED_MASTER_SECRET);
    struct wire wire = wire_connect_tls(house_port(*state), tls, NULL);
    char *text = description(&wire);
    assert_non_null(strstr(text, "\nunique=\nexporter=\n"));
    free(text);
    wire_close(&wire);
    SSL_CTX_free(tls);
}

/* TLS 1.3 gives a client its session behind the handshake. */
static SSL_SESSION *first_session(struct house *house, SSL_CTX *tls)
{
    struct wire wire = wire_connect_tls(house_port(house), tls, NULL);
    free(description(&wire));
    assert_false(SSL_session_reused(wire.ssl));
    SSL_SESSION *session = SSL_get1_session(wire.ssl);
    SSL_shutdown(wire.ssl);
    wire_close(&wire);
    return session;
}

static void a_resumed_client_is_described_alike(void **state)
{
    const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (int i = 0; i < 2; i++) {
        SSL_CTX *tls = tls_files_client(&files, true, versions[i]);
        SSL_SESSION *session = first_session(*state, tls);
        struct wire wire = wire_connect_tls(house_port(*state), tls, session);
        char *text = description(&wire);
        assert_true(SSL_session_reused(wire.ssl));
        check_client(text);
        check_exporter(wire.ssl, text);
        if (versions[i] == TLS1_2_VERSION) { /* the server's Finished comes first here */
            uint8_t finished[64];
            size_t size = SSL_get_peer_finished(wire.ssl, finished, sizeof(finished));
            assert_true(has_line(text, "unique", bytes_of(finished, size)));
        }
        free(text);
        wire_close(&wire);
        SSL_SESSION_free(session);
        SSL_CTX_free(tls);
    }
}

/* ---- who is let in ------------------------------------------------------------------------------
 */

static void a_certificate_of_an_unknown_root_is_passed_on(void **state)
{
    (void)state;
    struct failure why;
    const struct tls_settings settings = {.certificate = files.server,
                                          .key = files.server_key,
                                          .client = TLS_CLIENT_REQUIRED,
                                          .client_ca = files.other};
    SSL_CTX *tls = tls_context(&settings, &why);
    struct house *house = house_open(tls, NULL);
    struct wire wire = connect_to(house, true, TLS1_3_VERSION);
    char *text = description(&wire);
    check_client(text);
    free(text);
    wire_close(&wire);
    house_close(house);
    SSL_CTX_free(tls);
}

static void a_certificate_may_be_required(void **state)
{
    (void)state;
    struct house *house = open_house(TLS_CLIENT_REQUIRED, NULL);
    const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (unsigned i = 0; i < 2; i++) {
        struct wire wire = connect_to(house, false, versions[i]);
        if (wire.ssl != NULL) { /* a 1.3 client learns it only when it reads */
            wire_send(&wire, DESCRIBE);
            assert_true(wire_is_ended(&wire));
        }
        wire_close(&wire);
        assert_true(house_waits_for_refused(house, i + 1));
        assert_true(house_waits_for_connections(house, 0));
        assert_int_equal(house_counts(house).last_refused_status, 0);
    }
    assert_int_equal(house_counts(house).handled, 0);
    house_close(house);
}

static void a_certificate_may_be_not_asked_for(void **state)
{
    (void)state;
    struct house *house = open_house(TLS_CLIENT_NONE, NULL);
    struct wire wire = connect_to(house, true, TLS1_3_VERSION);
    char *text = description(&wire);
    assert_non_null(strstr(text, "\nclient=\n"));
    free(text);
    wire_close(&wire);
    house_close(house);
}

static void names_of_client_authorities_are_offered(void **state)
{
    struct wire wire = connect_to(*state, false, TLS1_2_VERSION);
    const STACK_OF(X509_NAME) *names = SSL_get0_peer_CA_list(wire.ssl);
    assert_int_equal(sk_X509_NAME_num(names), 1);
    char name[100];
    X509_NAME_oneline(sk_X509_NAME_value(names, 0), name, sizeof(name));
    assert_string_equal(name, "/CN=Test Root");
    wire_close(&wire);
}

static void tls_1_1_is_refused(void **state)
{
    SSL_CTX *tls = tls_files_client(&files, false, TLS1_1_VERSION);
    SSL_CTX_set_min_proto_version(tls, TLS1_1_VERSION);
    SSL_CTX_set_security_level(tls, 0);
    SSL_CTX_set_cipher_list(tls, "ALL:@SECLEVEL=0");
    struct wire wire = wire_connect_tls(house_port(*state), tls, NULL);
    assert_null(wire.ssl);
    assert_true(house_waits_for_refused(*state, 1));
    assert_true(house_waits_for_connections(*state, 0));
    SSL_CTX_free(tls);
}

static void check_protocol(struct house *house, const char *offered, const char *chosen)
{
    const unsigned char *got;
    unsigned size;
    SSL_CTX *tls = tls_files_client(&files, false, TLS1_3_VERSION);
    SSL_CTX_set_alpn_protos(tls, (const unsigned char *)offered, (unsigned)strlen(offered));
    struct wire wire = wire_connect_tls(house_port(house), tls, NULL);
    SSL_get0_alpn_selected(wire.ssl, &got, &size);
    assert_true(bytes_equal_text(bytes_of(got, size), chosen));
    wire_send(&wire, POST_ECHO "Content-Length: 2\r\n\r\nhi");
    expect(&wire, 200, "hi");
    wire_close(&wire);
    SSL_CTX_free(tls);
}

static void a_protocol_that_is_not_spoken_is_no_reason_to_refuse(void **state)
{
    check_protocol(*state, "\x08http/1.1", "http/1.1");
    check_protocol(*state, "\x04spdy\x08http/1.1", "http/1.1");
    check_protocol(*state, "\x03h2c\x08http/1.1", "http/1.1");
    check_protocol(*state, "\x08http/1.0", "");
}

static void plain_http_is_told_to_use_tls(void **state)
{
    struct wire wire = wire_connect(house_port(*state));
    wire_send(&wire, "POST /echo HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi");
    struct wire_answer answer = wire_receive(&wire, false);
    assert_int_equal(answer.status, 400);
    assert_non_null(strstr(answer.text, "TLS"));
    assert_true(wire_is_ended(&wire));
    assert_int_equal(house_counts(*state).last_refused_status, 400);
    free(answer.text);
    wire_close(&wire);
}

static void garbage_is_closed(void **state)
{
    struct wire wire = wire_connect(house_port(*state));
    wire_send(&wire, "\x16\x03\x01\x02 this is no client hello, whatever it says it is");
    for (int i = 0; i < 100; i++)
        wire_send(&wire, "0123456789abcdef");
    wire_is_ended(&wire);
    wire_close(&wire);
    assert_true(house_waits_for_refused(*state, 1));
    assert_true(house_waits_for_connections(*state, 0));
}

static void a_handshake_has_its_time(void **state)
{
    struct wire wire = wire_connect(house_port(*state));
    assert_true(wire_is_ended(&wire));
    wire_close(&wire);
    wire = wire_connect(house_port(*state));
    wire_send(&wire, "\x16\x03\x01");
    assert_true(wire_is_ended(&wire));
    wire_close(&wire);
    assert_int_equal(house_counts(*state).refused, 2);
}

/* ---- requests over TLS -------------------------------------------------------------------------
 */

static void a_close_is_notified(void **state)
{
    struct wire wire = connect_to(*state, false, TLS1_3_VERSION);
    wire_send(&wire, POST_ECHO "Connection: close\r\nContent-Length: 2\r\n\r\nhi");
    expect(&wire, 200, "hi");
    assert_true(wire_is_ended(&wire));
    assert_true(SSL_get_shutdown(wire.ssl) & SSL_RECEIVED_SHUTDOWN);
    wire_close(&wire);
}

static void large_bodies_pass_both_ways(void **state)
{
    enum { LARGE = 200000 };
    static char text[LARGE + 100];
    struct wire wire = connect_to(*state, false, TLS1_3_VERSION);
    int used = sprintf(text, POST_ECHO "Content-Length: %d\r\n\r\n", LARGE);
    for (int i = 0; i < LARGE; i++)
        text[used + i] = (char)('a' + i % 26);
    for (int round = 0; round < 3; round++) {
        wire_send(&wire, text);
        expect(&wire, 200, text + used);
    }
    wire_close(&wire);
}

/* Both lie in the TLS layer when the first is answered; epoll knows nothing of the second. */
static void what_was_read_ahead_is_not_forgotten(void **state)
{
    const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (int i = 0; i < 2; i++) {
        struct wire wire = connect_to(*state, false, versions[i]);
        wire_send(&wire, "POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1"
                         "POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n2");
        wire_send(&wire, "POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n3");
        wire_send(&wire, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n4");
        expect(&wire, 200, "1");
        expect(&wire, 200, "2");
        expect(&wire, 200, "3");
        expect(&wire, 200, "4");
        wire_close(&wire);
    }
}

static void an_answer_waits_for_a_client_that_does_not_read(void **state)
{
    struct wire wire = connect_to(*state, false, TLS1_3_VERSION);
    for (int i = 0; i < 20; i++)
        wire_send(&wire, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
    usleep(100000);
    for (int i = 0; i < 20; i++) {
        struct wire_answer answer = wire_receive(&wire, false);
        assert_int_equal(answer.status, 200);
        assert_int_equal(answer.body.size, HOUSE_BIG);
        free(answer.text);
    }
    wire_close(&wire);
}

static void a_slow_request_gets_408(void **state)
{
    struct wire wire = connect_to(*state, false, TLS1_3_VERSION);
    wire_send(&wire, POST_ECHO "Content-Length: 5\r\n\r\nh");
    expect(&wire, 408, NULL);
    assert_true(wire_is_ended(&wire));
    wire_close(&wire);
}

enum { EXCHANGES = 50 };

static void a_split_request_is_answered_without_a_stall(void **state)
{
    struct wire wire = connect_to(*state, false, TLS1_3_VERSION);
    int64_t start = wire_now_us();
    for (int i = 0; i < EXCHANGES; i++) {
        wire_send(&wire, POST_ECHO "Content-Length: 5\r\n\r\n");
        wire_send(&wire, "hello");
        expect(&wire, 200, "hello");
    }
    int64_t mean = (wire_now_us() - start) / EXCHANGES;
    print_message("split over TLS %lld us\n", (long long)mean);
    assert_true(mean < 10000);
    wire_close(&wire);
}

static void a_client_may_go_while_its_answer_is_pending(void **state)
{
    struct wire wire = connect_to(*state, true, TLS1_3_VERSION);
    wire_send(&wire, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(house_waits_for_busy(*state, 1));
    wire_close(&wire);
    house_release(*state);
    assert_true(house_waits_for_connections(*state, 0));
    assert_int_equal(house_busy(*state), 0);
}

/* ---- contexts
 * ------------------------------------------------------------------------------------ */

static void new_connections_use_the_new_context(void **state)
{
    struct house *house = *state;
    struct wire old = connect_to(house, true, TLS1_3_VERSION);
    free(description(&old));
    SSL_CTX *tls = server_context(TLS_CLIENT_NONE);
    house_set_tls(house, tls);
    SSL_CTX_free(tls);
    struct wire new = connect_to(house, true, TLS1_3_VERSION);
    char *text = description(&new);
    assert_non_null(strstr(text, "\nclient=\n"));
    free(text);
    text = description(&old);
    check_client(text);
    free(text);
    wire_close(&old);
    wire_close(&new);
}

struct bad_settings {
    const char *name;
    struct tls_settings settings;
};

static struct bad_settings bad_settings[] = {
    {"certificate missing", {"/nonexistent/x.pem", files.server_key, TLS_CLIENT_NONE, NULL}},
    {"key missing", {files.server, "/nonexistent/x.key", TLS_CLIENT_NONE, NULL}},
    {"key of another certificate", {files.server, files.client_key, TLS_CLIENT_NONE, NULL}},
    {"key under a passphrase", {files.server, files.locked_key, TLS_CLIENT_NONE, NULL}},
    {"key in place of the certificate",
     {files.server_key, files.server_key, TLS_CLIENT_NONE, NULL}},
    {"client authorities missing",
     {files.server, files.server_key, TLS_CLIENT_OPTIONAL, "/nonexistent/ca.pem"}},
};

static void a_context_is_not_made(void **state)
{
    const struct bad_settings *row = *state;
    struct failure why = {0};
    assert_null(tls_context(&row->settings, &why));
    assert_true(strlen(why.text) > 0 && strlen(why.detail) > 0);
    assert_null(strchr(why.text, '/'));
}

#define HOUSE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define QUICK(test) cmocka_unit_test_setup_teardown(test, set_up_quick, tear_down)

static const struct CMUnitTest fixed[] = {
    HOUSE(a_client_with_a_certificate_is_described),
    HOUSE(a_client_without_a_certificate_is_served_too),
    HOUSE(tls_unique_is_told_in_tls_1_2_alone),
    HOUSE(no_binding_without_the_extended_master_secret),
    HOUSE(a_resumed_client_is_described_alike),
    cmocka_unit_test(a_certificate_of_an_unknown_root_is_passed_on),
    cmocka_unit_test(a_certificate_may_be_required),
    cmocka_unit_test(a_certificate_may_be_not_asked_for),
    HOUSE(names_of_client_authorities_are_offered),
    HOUSE(tls_1_1_is_refused),
    HOUSE(a_protocol_that_is_not_spoken_is_no_reason_to_refuse),
    HOUSE(plain_http_is_told_to_use_tls),
    HOUSE(garbage_is_closed),
    QUICK(a_handshake_has_its_time),
    HOUSE(a_close_is_notified),
    HOUSE(large_bodies_pass_both_ways),
    HOUSE(what_was_read_ahead_is_not_forgotten),
    HOUSE(an_answer_waits_for_a_client_that_does_not_read),
    QUICK(a_slow_request_gets_408),
    HOUSE(a_split_request_is_answered_without_a_stall),
    HOUSE(a_client_may_go_while_its_answer_is_pending),
    HOUSE(new_connections_use_the_new_context),
};

enum {
    FIXED = sizeof(fixed) / sizeof(fixed[0]),
    BAD = sizeof(bad_settings) / sizeof(bad_settings[0])
};

int main(void)
{
    struct CMUnitTest tests[FIXED + BAD];
    memcpy(tests, fixed, sizeof(fixed));
    for (size_t i = 0; i < BAD; i++)
        tests[FIXED + i] = (struct CMUnitTest){bad_settings[i].name, a_context_is_not_made, NULL,
                                               NULL, &bad_settings[i]};
    tls_files_make(&files);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    tls_files_remove(&files);
    return failed;
}
