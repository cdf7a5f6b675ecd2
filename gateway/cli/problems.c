#include "gateway/cli/problems.h"

void problems_print(FILE *out, const char *path, const struct config_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct config_problem *problem = &report->problems[i];
        fprintf(out, "%s:", path);
        if (problem->line > 0)
            fprintf(out, "%u:%u:", problem->line, problem->column);
        fprintf(out, " %s%s%s%s\n", problem->pointer, problem->pointer[0] == '\0' ? "" : ": ",
                problem->warning ? "warning: " : "", problem->text);
    }
}
