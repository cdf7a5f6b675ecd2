#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "gateway/cli/cli.h"
#include "gateway/cli/matrix.h"

static void print_cell(FILE *out, const char *text)
{
    fputs("| ", out);
    for (; *text != '\0'; text++) {
        if (*text == '|')
            fputc('\\', out);
        fputc(*text, out);
    }
    fputc(' ', out);
}

static void print_table(FILE *out, const struct matrix_table *table)
{
    fprintf(out, "\n## %s\n\n%s\n\n", table->title, table->intro);
    for (size_t c = 0; c < table->column_count; c++)
        print_cell(out, table->columns[c]);
    fputs("|\n", out);
    for (size_t c = 0; c < table->column_count; c++)
        fputs("|---", out);
    fputs("|\n", out);
    for (size_t r = 0; r < table->row_count; r++) {
        for (size_t c = 0; c < table->column_count; c++)
            print_cell(out, table->cells[r][c]);
        fputs("|\n", out);
    }
}

void matrix_print_markdown(FILE *out, const struct matrix_table *const *tables, size_t count)
{
    fputs("# The mapping\n\n"
          "What a request, a status and a code of one protocol become in another. This page is "
          "made by\n`dragoman matrix` from the tables that the gateway itself uses.\n",
          out);
    for (size_t i = 0; i < count; i++)
        print_table(out, tables[i]);
}

static json_t *table_json(const struct matrix_table *table)
{
    json_t *rows = json_array();
    for (size_t r = 0; r < table->row_count; r++) {
        json_t *row = json_object();
        for (size_t c = 0; c < table->column_count; c++)
            json_object_set_new(row, table->columns[c], json_string(table->cells[r][c]));
        json_array_append_new(rows, row);
    }
    return rows;
}

void matrix_print_json(FILE *out, const struct matrix_table *const *tables, size_t count)
{
    json_t *root = json_object();
    for (size_t i = 0; i < count; i++)
        json_object_set_new(root, tables[i]->key, table_json(tables[i]));
    json_dumpf(root, out, JSON_INDENT(2));
    fputc('\n', out);
    json_decref(root);
}

int cmd_matrix(int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {0}};
    bool json = false;
    for (int option; (option = getopt_long(argc, argv, "j", options, NULL)) != -1;) {
        if (option != 'j')
            return cli_usage(argv[0]);
        json = true;
    }
    if (optind != argc)
        return cli_usage(argv[0]);
    struct arena *arena = arena_new();
    size_t count;
    const struct matrix_table *const *tables = matrix_tables(arena, &count);
    (json ? matrix_print_json : matrix_print_markdown)(stdout, tables, count);
    arena_free(arena);
    return fflush(stdout) == 0 ? CLI_OK : CLI_FAILED;
}
