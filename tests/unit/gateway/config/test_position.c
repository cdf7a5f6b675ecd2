#include "tests/support/cmocka_all.h"

#include "gateway/config/position.h"

static const char text[] = "{ \"a\": 1,\n"
                           "  \"list\": [ 10, { \"b\": \"x,]}\\\"\" },\n"
                           "            [] ],\n"
                           "  \"\\u00e9\": \"\xc3\xa9\", \"next\": true,\n"
                           "  \"a/b~c\": null }\n";

static const struct row {
    const char *name;
    const char *pointer;
    bool of_key;
    unsigned line, column; /* 0: not there */
} rows[] = {
    {"whole", "", false, 1, 1},
    {"value", "/a", false, 1, 8},
    {"name", "/a", true, 1, 3},
    {"list", "/list", false, 2, 11},
    {"first element", "/list/0", false, 2, 13},
    {"second element", "/list/1", false, 2, 17},
    {"inside an element", "/list/1/b", false, 2, 24},
    {"name inside an element", "/list/1/b", true, 2, 19},
    {"third element, next line", "/list/2", false, 3, 13},
    {"fourth element", "/list/3", false, 0, 0},
    {"escaped name", "/\xc3\xa9", false, 4, 13},
    {"behind a character of two octets", "/next", true, 4, 18},
    {"escaped pointer", "/a~1b~0c", false, 5, 12},
    {"unknown", "/zzz", false, 0, 0},
    {"below a number", "/a/x", false, 0, 0},
    {"a name that only begins so", "/lis", false, 0, 0},
};

static void is_found(void **state)
{
    const struct row *row = *state;
    unsigned line = 0, column = 0;
    assert_int_equal(position_find(text, row->pointer, row->of_key, &line, &column),
                     row->line != 0);
    assert_int_equal(line, row->line);
    assert_int_equal(column, row->column);
}

int main(void)
{
    enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
    struct CMUnitTest tests[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        union {
            const struct row *row;
            void *state;
        } lent = {.row = &rows[i]};
        tests[i] = (struct CMUnitTest){rows[i].name, is_found, NULL, NULL, lent.state};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
