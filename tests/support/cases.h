/* Table-driven tests: one cmocka test for each row, named after it.
 *
 *     int main(void)
 *     {
 *         CASES_ADD_ROWS(numbers, number_row);      rows have a member `name`; *state is the row
 *         CASES_ADD(depth_is_limited);
 *         return cases_run("der");
 *     }
 */
#ifndef DRAGOMAN_TESTS_SUPPORT_CASES_H
#define DRAGOMAN_TESTS_SUPPORT_CASES_H

#include "tests/support/cmocka_all.h"

#include "mapping/model/arena.h"

/* An arena of the running test's own. */
struct arena *case_arena(void);

void cases_add(const char *name, CMUnitTestFunction function, const void *row);
int cases_run(const char *group);

#define CASES_ADD(function) cases_add(#function, function, NULL)
#define CASES_ADD_ROWS(table, function)                                                            \
    for (size_t row_ = 0; row_ < sizeof(table) / sizeof((table)[0]); row_++)                       \
    cases_add((table)[row_].name, function, &(table)[row_])

/* Fails unless b is exactly these octets in hex. */
void assert_octets(struct bytes b, const char *hex);
/* Fails unless the text holds the part. */
void assert_text_has(const char *text, const char *part);

#endif
