#include "tests/support/cmocka_all.h"

#include "adapters/est/est_base64.h"

/* 3003020105 is SEQUENCE { INTEGER 5 }; its base64, by base64(1), is MAMCAQU=. */
static const uint8_t der[] = {0x30, 0x03, 0x02, 0x01, 0x05};

static const struct {
    const char *name, *body;
} good[] = {
    {"one line", "MAMCAQU="},
    {"one line and LF", "MAMCAQU=\n"},
    {"CR LF", "MAMC\r\nAQU=\r\n"},
    {"every character on its own", "M\nA\nM\nC\nA\nQ\nU\n=\n"},
    {"tabs and spaces", "\tMAMC AQU= "},
    {"PEM", "-----BEGIN CERTIFICATE REQUEST-----\nMAMCAQU=\n-----END CERTIFICATE REQUEST-----\n"},
    {"text before the PEM",
     "Subject: x\n-----BEGIN NEW CERTIFICATE REQUEST-----\nMAMCAQU=\n-----END NEW CERTIFICATE "
     "REQUEST-----\n"},
};

static const struct {
    const char *name, *body;
} bad[] = {
    {"nothing", ""},
    {"white space", " \n"},
    {"padding missing", "MAMCAQU"},
    {"padding inside", "MAMCAQU=MAMCAQU="},
    {"three paddings", "MAMCA==="},
    {"URL alphabet", "MAMC-QU="},
    {"a letter beyond ASCII", "MAMCAQ\xc3\xbc"},
    {"DER", "0\x82\x01\x05xyz"},
};

static void takes_what_peers_send(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct arena *arena = arena_new();
        struct failure why;
        struct bytes out;
        if (!est_base64_decode(bytes_of_text(good[i].body), arena, &out, &why))
            fail_msg("%s: %s", good[i].name, why.text);
        assert_int_equal(out.size, sizeof(der));
        assert_memory_equal(out.data, der, sizeof(der));
        arena_free(arena);
    }
}

static void refuses_a_body_without_octets(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct failure why;
    struct bytes out;
    assert_false(est_base64_decode(BYTES_EMPTY, arena, &out, &why));
    assert_string_equal(why.text, "the body is empty");
    arena_free(arena);
}

static void takes_a_counted_terminator(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct failure why;
    struct bytes out;
    assert_true(est_base64_decode(bytes_of("MAMCAQU=\n\0", 10), arena, &out, &why));
    assert_int_equal(out.size, sizeof(der));
    arena_free(arena);
}

static void refuses_what_is_not_base64(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct arena *arena = arena_new();
        struct failure why;
        struct bytes out;
        if (est_base64_decode(bytes_of_text(bad[i].body), arena, &out, &why))
            fail_msg("%s was taken", bad[i].name);
        assert_int_equal(why.reason, REASON_BAD_DATA_FORMAT);
        arena_free(arena);
    }
}

static size_t longest_line(struct bytes text)
{
    size_t longest = 0, line = 0;
    for (size_t i = 0; i < text.size; i++) {
        line = text.data[i] == '\n' ? 0 : line + 1;
        longest = line > longest ? line : longest;
    }
    return longest;
}

/* OpenSSL's base64 reader takes 1,024 octets a line with its LF: 765 octets of DER. */
static void lines_are_what_each_reader_takes(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    uint8_t *octets = arena_alloc(arena, 2000);
    static const struct {
        size_t size;
        enum est_lines lines;
        size_t longest;
    } rows[] = {
        {765, EST_LINES_SHORT, 1020}, {768, EST_LINES_SHORT, 64}, {765, EST_LINES_64, 64},
        {1500, EST_LINES_ONE, 2000},  {48, EST_LINES_64, 64},     {1, EST_LINES_64, 4},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bytes text = est_base64_encode(bytes_of(octets, rows[i].size), rows[i].lines, arena);
        assert_int_equal(longest_line(text), rows[i].longest);
        assert_int_equal(text.data[text.size - 1], '\n');
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_peers_send),
        cmocka_unit_test(takes_a_counted_terminator),
        cmocka_unit_test(refuses_what_is_not_base64),
        cmocka_unit_test(refuses_a_body_without_octets),
        cmocka_unit_test(lines_are_what_each_reader_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
