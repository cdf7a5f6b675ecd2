#include "tests/support/cmocka_all.h"

#include "gateway/config/suggest.h"

#include <string.h>

static const char *const known[] = {"name",  "listener", "authority", "devices",
                                    "trust", "ra",       "url"};

static const struct row {
    const char *word;
    const char *nearest; /* NULL: none */
} rows[] = {
    {"nam", "name"},
    {"nmae", "name"},
    {"Name", "name"},
    {"listner", "listener"},
    {"listeners", "listener"},
    {"authorities", "authority"},
    {"autority", "authority"},
    {"device", "devices"},
    {"turst", "trust"},
    {"uri", "url"},
    {"rb", "ra"},
    {"zzz", NULL},
    {"", NULL},
    {"certificate", NULL},
    {"an unknown word that is far longer than any known word could ever be", NULL},
};

static void finds_what_was_meant(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *nearest = suggest(rows[i].word, known, sizeof(known) / sizeof(known[0]));
        if (rows[i].nearest == NULL)
            assert_null(nearest);
        else
            assert_string_equal(nearest, rows[i].nearest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_what_was_meant)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
