#include "tests/support/cmocka_all.h"

#include "gateway/observe/log.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "mapping/model/limits.h"

static char path[] = "/tmp/dragoman-log-XXXXXX";

static int make_file(void **state)
{
    (void)state;
    strcpy(strrchr(path, '-'), "-XXXXXX");
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

/* The whole file; the caller frees. */
static char *contents(size_t *size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = calloc(1, 1 << 20);
    *size = fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    return text;
}

/* The only line of the file, read by an independent parser. */
static json_t *only_line(void)
{
    size_t size;
    char *text = contents(&size);
    assert_true(size > 0);
    assert_ptr_equal(strchr(text, '\n'), text + size - 1);
    json_error_t error;
    json_t *object = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    assert_non_null(object);
    free(text);
    return object;
}

static void fields_are_json(void **state)
{
    (void)state;
    struct log *log = log_open(path, LOG_DEBUG);
    struct log_line *line = log_begin(log, EVENT_EXCHANGE);
    log_text(line, "peer", "192.0.2.1:4711");
    log_text(line, "absent", NULL);
    log_text(line, "empty", "");
    log_bytes(line, "name", BYTES_LITERAL("M\xc3\xbcller \xf0\x9f\x94\x91"));
    log_hex(line, "transaction", BYTES_LITERAL("\x00\xff\x10"));
    log_number(line, "ms", -9223372036854775807 - 1);
    log_flag(line, "tls", true);
    log_flag(line, "kept", false);
    log_end(line);
    log_close(log);
    json_t *object = only_line();
    assert_string_equal(json_string_value(json_object_get(object, "event")), "exchange");
    assert_string_equal(json_string_value(json_object_get(object, "level")), "info");
    assert_string_equal(json_string_value(json_object_get(object, "peer")), "192.0.2.1:4711");
    assert_string_equal(json_string_value(json_object_get(object, "name")),
                        "M\xc3\xbcller \xf0\x9f\x94\x91");
    assert_string_equal(json_string_value(json_object_get(object, "transaction")), "00ff10");
    assert_true(json_integer_value(json_object_get(object, "ms")) == INT64_MIN);
    assert_true(json_is_true(json_object_get(object, "tls")));
    assert_true(json_is_false(json_object_get(object, "kept")));
    assert_null(json_object_get(object, "absent"));
    assert_null(json_object_get(object, "empty"));
    const char *time = json_string_value(json_object_get(object, "time"));
    int year, month, day, hour, minute, second, ms;
    assert_int_equal(
        sscanf(time, "%d-%d-%dT%d:%d:%d.%3dZ", &year, &month, &day, &hour, &minute, &second, &ms),
        7);
    assert_int_equal(strlen(time), 24);
    json_decref(object);
}

struct hostile {
    const char *name;
    struct bytes value;
    const char *written; /* between the quotes */
};

#define BAD "\xef\xbf\xbd"

static struct hostile hostile[] = {
    {"quote and backslash", {(const uint8_t *)"a\"b\\c", 5}, "a\\\"b\\\\c"},
    {"line breaks", {(const uint8_t *)"a\r\nb", 4}, "a\\u000d\\u000ab"},
    {"NUL", {(const uint8_t *)"a\0b", 3}, "a\\u0000b"},
    {"terminal escape", {(const uint8_t *)"\x1b[2J", 4}, "\\u001b[2J"},
    {"DEL", {(const uint8_t *)"\x7f", 1}, "\\u007f"},
    {"C1 control", {(const uint8_t *)"\xc2\x9b", 2}, "\\u009b"},
    {"right-to-left override", {(const uint8_t *)"\xe2\x80\xae", 3}, "\\u202e"},
    {"line separator", {(const uint8_t *)"\xe2\x80\xa8", 3}, "\\u2028"},
    {"broken lead", {(const uint8_t *)"\xff.", 2}, BAD "."},
    {"lone continuation", {(const uint8_t *)"\x80.", 2}, BAD "."},
    {"broken continuation", {(const uint8_t *)"\xe2\x28\xa1", 3}, BAD "(" BAD},
    {"cut short", {(const uint8_t *)"\xe2\x82", 2}, BAD BAD},
    {"overlong slash", {(const uint8_t *)"\xc0\xaf", 2}, BAD BAD},
    {"surrogate", {(const uint8_t *)"\xed\xa0\x80", 3}, BAD BAD BAD},
    {"above U+10FFFF", {(const uint8_t *)"\xf4\x90\x80\x80", 4}, BAD BAD BAD BAD},
    {"largest", {(const uint8_t *)"\xf4\x8f\xbf\xbf", 4}, "\xf4\x8f\xbf\xbf"},
};

static void hostile_text_is_escaped(void **state)
{
    const struct hostile *row = *state;
    make_file(NULL);
    struct log *log = log_open(path, LOG_DEBUG);
    struct log_line *line = log_begin(log, EVENT_EXCHANGE);
    log_bytes(line, "v", row->value);
    log_end(line);
    log_close(log);
    size_t size;
    char *text = contents(&size);
    char *start = strstr(text, "\"v\":\"") + 5;
    char *end = text + size - 3;
    assert_string_equal(end, "\"}\n");
    *end = '\0';
    assert_string_equal(start, row->written);
    free(text);
    json_decref(only_line());
    remove_file(NULL);
}

static void long_values_are_cut(void **state)
{
    (void)state;
    static uint8_t value[LIMIT_LOG_VALUE_OCTETS + 100];
    memset(value, 'x', sizeof(value));
    struct log *log = log_open(path, LOG_DEBUG);
    struct log_line *line = log_begin(log, EVENT_EXCHANGE);
    log_bytes(line, "v", bytes_of(value, sizeof(value)));
    log_end(line);
    log_close(log);
    json_t *object = only_line();
    assert_int_equal(json_string_length(json_object_get(object, "v")), LIMIT_LOG_VALUE_OCTETS + 3);
    json_decref(object);
}

static void events_below_the_least_level_are_silent(void **state)
{
    (void)state;
    struct log *log = log_open(path, LOG_WARNING);
    struct log_line *line = log_begin(log, EVENT_EXCHANGE);
    assert_null(line);
    log_text(line, "a", "b");
    log_bytes(line, "a", BYTES_LITERAL("b"));
    log_hex(line, "a", BYTES_LITERAL("b"));
    log_number(line, "a", 1);
    log_flag(line, "a", true);
    log_end(line);
    log_end(log_begin(NULL, EVENT_ALARM));
    log_end(log_begin(log, EVENT_ALARM));
    log_close(log);
    json_t *object = only_line();
    assert_string_equal(json_string_value(json_object_get(object, "event")), "alarm");
    json_decref(object);
}

static void reopen_follows_a_rotation(void **state)
{
    (void)state;
    char rotated[sizeof(path) + 2];
    snprintf(rotated, sizeof(rotated), "%s.1", path);
    struct log *log = log_open(path, LOG_DEBUG);
    log_end(log_begin(log, EVENT_START));
    assert_int_equal(rename(path, rotated), 0);
    assert_true(log_reopen(log));
    log_end(log_begin(log, EVENT_STOP));
    log_close(log);
    json_t *object = only_line();
    assert_string_equal(json_string_value(json_object_get(object, "event")), "stop");
    json_decref(object);
    assert_int_equal(unlink(rotated), 0);
}

static void a_path_that_cannot_be_opened_is_told(void **state)
{
    (void)state;
    assert_null(log_open("/nonexistent/dragoman.log", LOG_INFO));
    assert_int_equal(access("/nonexistent", F_OK), -1);
}

enum { WRITERS = 4, LINES = 500 };

static void *writer(void *argument)
{
    struct log *log = argument;
    for (int i = 0; i < LINES; i++) {
        struct log_line *line = log_begin(log, EVENT_EXCHANGE);
        log_text(line, "text", "a text that is long enough to be torn if it could be torn");
        log_number(line, "i", i);
        log_end(line);
        if (i % 50 == 0)
            log_reopen(log);
    }
    return NULL;
}

static void lines_of_threads_stay_whole(void **state)
{
    (void)state;
    struct log *log = log_open(path, LOG_DEBUG);
    pthread_t threads[WRITERS];
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, writer, log), 0);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    log_close(log);
    size_t size, count = 0;
    char *text = contents(&size);
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"), count++) {
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(object);
        json_decref(object);
    }
    assert_int_equal(count, WRITERS * LINES);
    free(text);
}

enum { FIXED = 6, HOSTILE = sizeof(hostile) / sizeof(hostile[0]) };

int main(void)
{
    struct CMUnitTest tests[FIXED + HOSTILE] = {
        cmocka_unit_test_setup_teardown(fields_are_json, make_file, remove_file),
        cmocka_unit_test_setup_teardown(long_values_are_cut, make_file, remove_file),
        cmocka_unit_test_setup_teardown(events_below_the_least_level_are_silent, make_file,
                                        remove_file),
        cmocka_unit_test_setup_teardown(reopen_follows_a_rotation, make_file, remove_file),
        cmocka_unit_test_setup_teardown(lines_of_threads_stay_whole, make_file, remove_file),
        cmocka_unit_test(a_path_that_cannot_be_opened_is_told),
    };
    for (size_t i = 0; i < HOSTILE; i++)
        tests[FIXED + i] =
            (struct CMUnitTest){hostile[i].name, hostile_text_is_escaped, NULL, NULL, &hostile[i]};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
