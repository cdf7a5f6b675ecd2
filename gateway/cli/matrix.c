#include "gateway/cli/matrix.h"

#include <assert.h>

#include "gateway/cli/request_kinds.h"
#include "mapping/codes.h"
#include "mapping/model/limits.h"

static struct matrix_table *new_table(struct arena *arena, const char *key, const char *title,
                                      const char *intro)
{
    struct matrix_table *table = arena_alloc(arena, sizeof(*table));
    table->key = key;
    table->title = title;
    table->intro = intro;
    return table;
}

static void add_column(struct matrix_table *table, const char *name)
{
    assert(table->column_count < MATRIX_COLUMNS);
    table->columns[table->column_count++] = name;
}

static const char **add_row(struct matrix_table *table)
{
    assert(table->row_count < MATRIX_ROWS);
    return table->cells[table->row_count++];
}

/* ---- the plan ------------------------------------------------------------------------------- */

static const char *plan_cell(struct arena *arena, const struct request_kind *kind,
                             enum pop_form form, const struct capabilities *authority)
{
    struct failure why;
    enum carriage carriage;
    if (!request_kind_plan(kind, form, authority, &carriage, &why))
        return arena_printf(arena, "refused: %s", reason_row(why.reason)->word);
    const struct carriage_row *row = carriage_row(carriage);
    return arena_printf(arena, "%s, %s", row->word, pop_outcome_word(row->outcome));
}

static const struct {
    const char *column;
    struct capabilities authority;
} authorities[] = {
    {"CMP authority", {.protocol = PROTOCOL_CMP, .ra_pop = true, .p10cr = true}},
    {"CMP, no RA POP", {.protocol = PROTOCOL_CMP, .p10cr = true}},
    {"CMC authority", {.protocol = PROTOCOL_CMC, .ra_pop = true}},
    {"CMC, no RA POP", {.protocol = PROTOCOL_CMC}},
    {"EST authority", {.protocol = PROTOCOL_EST, .ra_pop = true}},
    {"EST with fullcmc", {.protocol = PROTOCOL_EST, .ra_pop = true, .full_cmc = true}},
    {"embedded CA", {.protocol = PROTOCOL_LOCAL}},
};
enum { AUTHORITIES = sizeof(authorities) / sizeof(authorities[0]) };

static struct matrix_table *plan_table(struct arena *arena)
{
    struct matrix_table *table = new_table(
        arena, "plan", "How a request travels",
        "For each request and form of proof of possession: the carriage (below), and whether the "
        "authority can check the device's own proof (kept) or takes our word (witnessed). \"RA "
        "POP\" says that the authority takes a registration authority's word.");
    add_column(table, "Request");
    add_column(table, "Proof of possession");
    for (size_t c = 0; c < AUTHORITIES; c++)
        add_column(table, authorities[c].column);
    size_t count;
    const struct request_kind *kinds = request_kinds(&count);
    for (size_t a = 0; a < count; a++) {
        for (unsigned form = 0; form < POP_FORM_COUNT; form++) {
            if (!request_kind_can_have(&kinds[a], (enum pop_form)form))
                continue;
            const char **cells = add_row(table);
            cells[0] = kinds[a].what;
            cells[1] = pop_form_row((enum pop_form)form)->word;
            for (size_t c = 0; c < AUTHORITIES; c++)
                cells[2 + c] =
                    plan_cell(arena, &kinds[a], (enum pop_form)form, &authorities[c].authority);
        }
    }
    return table;
}

/* ---- rows of the .def files ------------------------------------------------------------------ */

static struct matrix_table *carriage_table(struct arena *arena)
{
    struct matrix_table *table =
        new_table(arena, "carriages", "Carriages",
                  "How an item can leave the gateway. What the plan above does not name has its "
                  "name already, but no way leads there yet.");
    static const char *const columns[] = {"Name", "Outcome", "What goes out", "Clause"};
    for (size_t i = 0; i < 4; i++)
        add_column(table, columns[i]);
    for (unsigned c = CARRIAGE_NONE + 1; c < CARRIAGE_COUNT; c++) {
        const struct carriage_row *row = carriage_row((enum carriage)c);
        const char **cells = add_row(table);
        cells[0] = row->word;
        cells[1] = pop_outcome_word(row->outcome);
        cells[2] = row->what;
        cells[3] = row->clause;
    }
    return table;
}

static struct matrix_table *pop_form_table(struct arena *arena)
{
    struct matrix_table *table =
        new_table(arena, "pop_forms", "Forms of proof of possession", "What a request can carry.");
    add_column(table, "Name");
    add_column(table, "What it is");
    add_column(table, "Clause");
    for (unsigned f = 0; f < POP_FORM_COUNT; f++) {
        const struct pop_form_row *row = pop_form_row((enum pop_form)f);
        const char **cells = add_row(table);
        cells[0] = row->word;
        cells[1] = row->what;
        cells[2] = row->clause;
    }
    return table;
}

static struct matrix_table *operation_table(struct arena *arena)
{
    struct matrix_table *table =
        new_table(arena, "operations", "Operations",
                  "What a device can ask for; the names stand in `may.operations` of a route.");
    add_column(table, "Name");
    add_column(table, "What it is");
    for (unsigned o = 0; o < OPERATION_COUNT; o++) {
        const char **cells = add_row(table);
        cells[0] = operation_word((enum operation)o);
        cells[1] = operation_what((enum operation)o);
    }
    return table;
}

static const char *bits_cell(struct arena *arena, uint32_t bits)
{
    const char *text = "";
    for (int bit = 0; bit < 32; bit++) {
        if ((bits >> bit & 1) != 0)
            text = arena_printf(arena, "%s%s%s (%d)", text, text[0] == '\0' ? "" : ", ",
                                cmp_fail_info_name(bit), bit);
    }
    return text[0] == '\0' ? "none" : text;
}

static const char *from_cell(struct arena *arena, const struct reason_row *row)
{
    const char *cmp =
        row->from_cmp == REASON_NO_CODE ? "" : arena_printf(arena, "CMP %d", row->from_cmp);
    const char *cmc =
        row->from_cmc == REASON_NO_CODE ? "" : arena_printf(arena, "CMC %d", row->from_cmc);
    return arena_printf(arena, "%s%s%s", cmp, cmp[0] != '\0' && cmc[0] != '\0' ? ", " : "", cmc);
}

static const char *cmc_cell(struct arena *arena, enum reason reason)
{
    const struct reason_row *row = reason_row(reason);
    struct result result = {.status = RESULT_REFUSED};
    result_add_reason(&result, reason);
    int status = result_cmc_status(&result);
    return arena_printf(arena, "%s%s%s (%d)", status == 2 ? "" : cmc_status_name(status),
                        status == 2 ? "" : ", ", cmc_fail_info_name(row->cmc), row->cmc);
}

static struct matrix_table *reason_table(struct arena *arena)
{
    struct matrix_table *table = new_table(
        arena, "reasons", "Reasons",
        "Why something was refused: the codes it is read from, the codes it becomes, and the text "
        "where nothing better is known. A reason about the hop accuses the message of one leg: an "
        "authority that says it of our own message accuses the gateway, and the device is told "
        "gw-fault.");
    static const char *const columns[] = {"Reason", "Read from", "CMP failInfo", "CMCFailInfo",
                                          "EST",    "About",     "Text",         "Clause"};
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        add_column(table, columns[i]);
    for (unsigned r = 0; r < REASON_COUNT; r++) {
        const struct reason_row *row = reason_row((enum reason)r);
        const char **cells = add_row(table);
        cells[0] = row->word;
        cells[1] = from_cell(arena, row);
        cells[2] = bits_cell(arena, row->cmp_bits);
        cells[3] = cmc_cell(arena, (enum reason)r);
        cells[4] = arena_printf(arena, "%d", row->http);
        cells[5] = row->scope == REASON_SCOPE_HOP ? "hop" : "device";
        cells[6] = row->text;
        cells[7] = row->clause;
    }
    return table;
}

static struct matrix_table *http_table(struct arena *arena)
{
    struct matrix_table *table =
        new_table(arena, "http", "HTTP statuses of an EST authority",
                  "What the answer of an EST server to our request means; statuses that are not "
                  "listed count as the first of their class.");
    static const int statuses[] = {300, 400, 401, 403, 404, 405, 406, 408, 409, 411, 413,
                                   415, 421, 426, 429, 500, 501, 502, 503, 504, 505};
    add_column(table, "Status");
    add_column(table, "Reason");
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        const char **cells = add_row(table);
        cells[0] = arena_printf(arena, "%d", statuses[i]);
        cells[1] = reason_row(reason_from_http(statuses[i]))->word;
    }
    return table;
}

static struct matrix_table *state_table(struct arena *arena)
{
    static const struct {
        const char *word;
        bool final;
        const char *what;
    } rows[] = {
#define STATE(name, word, final, what) {word, final, what},
#include "gateway/engine/states.def"
#undef STATE
    };
    struct matrix_table *table =
        new_table(arena, "states", "States of a transaction",
                  "A state is on disk before the message that it promises leaves.");
    add_column(table, "State");
    add_column(table, "Final");
    add_column(table, "What it means");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char **cells = add_row(table);
        cells[0] = rows[i].word;
        cells[1] = rows[i].final ? "yes" : "no";
        cells[2] = rows[i].what;
    }
    return table;
}

static struct matrix_table *limit_table(struct arena *arena)
{
    struct matrix_table *table =
        new_table(arena, "limits", "Limits",
                  "What a peer's numbers are compared with before any work begins.");
    static const char *const columns[] = {"Limit", "Value", "Unit", "Why"};
    for (size_t i = 0; i < 4; i++)
        add_column(table, columns[i]);
    unsigned count;
    const struct limit_row *rows = limit_rows(&count);
    for (unsigned i = 0; i < count; i++) {
        const char **cells = add_row(table);
        cells[0] = rows[i].name;
        cells[1] = arena_printf(arena, "%ld", rows[i].value);
        cells[2] = rows[i].unit;
        cells[3] = rows[i].why;
    }
    return table;
}

const struct matrix_table *const *matrix_tables(struct arena *arena, size_t *count)
{
    static struct matrix_table *(*const builders[])(struct arena *) = {
        operation_table, pop_form_table, plan_table,  carriage_table,
        reason_table,    http_table,     state_table, limit_table};
    *count = sizeof(builders) / sizeof(builders[0]);
    const struct matrix_table **tables = arena_array(arena, *count, sizeof(*tables));
    for (size_t i = 0; i < *count; i++)
        tables[i] = builders[i](arena);
    return tables;
}
