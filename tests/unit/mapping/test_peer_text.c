#include "tests/support/cmocka_all.h"

#include "mapping/codes.h"

static const struct row {
    const char *name;
    const char *in;
    const char *out;
} rows[] = {
    {"plain", "no such profile", "no such profile"},
    {"accents stay", "r\xc3\xa9voqu\xc3\xa9", "r\xc3\xa9voqu\xc3\xa9"},
    {"four octets stay", "\xf0\x9f\x94\x91", "\xf0\x9f\x94\x91"},
    {"newline becomes a space", "a\nb\r\nc", "a b  c"},
    {"escape sequence is broken", "\x1b[31mred", " [31mred"},
    {"DEL and C1 controls",
     "a\x7f\xc2\x9b"
     "b",
     "a  b"},
    {"bidi override",
     "a\xe2\x80\xae"
     "b",
     "a b"},
    {"zero width space",
     "a\xe2\x80\x8b"
     "b",
     "a b"},
    {"byte order mark",
     "\xef\xbb\xbf"
     "a",
     " a"},
    {"lone continuation",
     "a\x80"
     "b",
     "a?b"},
    {"overlong slash",
     "a\xc0\xaf"
     "b",
     "a??b"},
    {"surrogate",
     "a\xed\xa0\x80"
     "b",
     "a???b"},
    {"above U+10FFFF", "\xf4\x90\x80\x80", "????"},
    {"cut off at the end", "a\xe2\x82", "a??"},
    {"empty", "", ""},
};

static void is_made_safe(void **state)
{
    const struct row *row = *state;
    struct arena *arena = arena_new();
    struct bytes out = peer_text(bytes_of_text(row->in), arena);
    assert_int_equal(out.size, strlen(row->out));
    assert_memory_equal(out.data, row->out, out.size);
    arena_free(arena);
}

static void is_cut_between_characters(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    char text[600];
    memset(text, 'a', sizeof(text));
    memcpy(text + 510, "\xe2\x82\xac", 3); /* the euro sign would end at 513 */
    struct bytes out = peer_text(bytes_of(text, sizeof(text)), arena);
    assert_int_equal(out.size, 510);
    memcpy(text + 509, "\xe2\x82\xac", 3);
    text[512] = 'a';
    out = peer_text(bytes_of(text, sizeof(text)), arena);
    assert_int_equal(out.size, 512);
    arena_free(arena);
}

int main(void)
{
    enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
    struct CMUnitTest tests[ROWS + 1];
    for (size_t i = 0; i < ROWS; i++) {
        union {
            const struct row *row;
            void *state;
        } lent = {.row = &rows[i]};
        tests[i] = (struct CMUnitTest){rows[i].name, is_made_safe, NULL, NULL, lent.state};
    }
    tests[ROWS] = (struct CMUnitTest)cmocka_unit_test(is_cut_between_characters);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
