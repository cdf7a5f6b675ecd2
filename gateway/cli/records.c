#include "gateway/cli/records.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void complain(const char *command, const char *path, const struct config_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct config_problem *problem = &report->problems[i];
        if (!problem->warning)
            fprintf(stderr, "dragoman %s: %s:%u:%u: %s: %s\n", command, path, problem->line,
                    problem->column, problem->pointer, problem->text);
    }
}

static bool open_store(const char *command, struct records *records)
{
    struct failure why;
    const char *path = records->config->store_path;
    if (access(path, R_OK | W_OK) != 0) {
        fprintf(stderr, "dragoman %s: %s: %s\n", command, path, strerror(errno));
        return false;
    }
    if (store_open_sqlite(path, &records->store, &why))
        return true;
    fprintf(stderr, "dragoman %s: %s (%s)\n", command, why.text, why.detail);
    return false;
}

bool records_open(const char *command, const char *config_path, struct records *records)
{
    struct config_report report = {.count = 0};
    *records = (struct records){.config = config_load(config_path, &report)};
    if (records->config == NULL)
        complain(command, config_path, &report);
    else if (open_store(command, records))
        return true;
    records_close(records);
    return false;
}

void records_close(struct records *records)
{
    store_close(records->store);
    if (records->config != NULL)
        config_unref(records->config);
}

const struct authority *records_local_authority(const struct records *records, const char *name)
{
    for (size_t i = 0; i < records->config->authority_count; i++) {
        const struct authority *authority = &records->config->authorities[i].authority;
        if (authority->local != NULL && strcmp(authority->name, name) == 0)
            return authority;
    }
    return NULL;
}
