/* The tables behind `dragoman matrix` and docs/mapping.md: rows of the .def files, and the plan's
 * answers, as text cells. */
#ifndef DRAGOMAN_GATEWAY_CLI_MATRIX_H
#define DRAGOMAN_GATEWAY_CLI_MATRIX_H

#include <stdio.h>

#include "mapping/model/arena.h"

enum { MATRIX_COLUMNS = 10, MATRIX_ROWS = 160 };

struct matrix_table {
    const char *key;   /* in JSON */
    const char *title; /* in Markdown */
    const char *intro;
    const char *columns[MATRIX_COLUMNS];
    size_t column_count;
    const char *cells[MATRIX_ROWS][MATRIX_COLUMNS];
    size_t row_count;
};

/* All tables in reading order; they live in the arena. */
const struct matrix_table *const *matrix_tables(struct arena *arena, size_t *count);

void matrix_print_markdown(FILE *out, const struct matrix_table *const *tables, size_t count);
void matrix_print_json(FILE *out, const struct matrix_table *const *tables, size_t count);

#endif
