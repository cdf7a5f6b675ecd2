#include "gateway/config/config.h"

#include <errno.h>
#include <unistd.h>

#include "gateway/config/build.h"
#include "mapping/model/limits.h"

/* The whole file as text; NULL: reported. */
static char *read_file(struct config_source *source, struct arena *scratch)
{
    FILE *file = fopen(source->path, "r");
    if (file == NULL) {
        source_problem(source, "", false, false, "the file cannot be read: %s", strerror(errno));
        return NULL;
    }
    char *text = arena_alloc(scratch, LIMIT_CONFIG_OCTETS + 2);
    const size_t size = fread(text, 1, LIMIT_CONFIG_OCTETS + 1, file);
    const bool broken = ferror(file) != 0;
    fclose(file);
    if (broken)
        source_problem(source, "", false, false, "the file cannot be read: %s", strerror(errno));
    else if (size > LIMIT_CONFIG_OCTETS)
        source_problem(source, "", false, false, "the file has more than %d octets",
                       LIMIT_CONFIG_OCTETS);
    else if (memchr(text, '\0', size) != NULL)
        source_problem(source, "", false, false, "the file is not text");
    return source->failed ? NULL : text;
}

/* NULL: reported with jansson's position. */
static json_t *parse(struct config_source *source, const char *text)
{
    json_error_t error;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (root != NULL)
        return root;
    source_problem(source, "", false, false, "%s", error.text);
    struct config_problem *problem = &source->report->problems[source->report->count - 1];
    problem->line = error.line < 1 ? 1 : (unsigned)error.line;
    problem->column = error.column < 1 ? 1 : (unsigned)error.column;
    return NULL;
}

static unsigned thread_count(long asked)
{
    const long processors = asked > 0 ? asked : sysconf(_SC_NPROCESSORS_ONLN);
    return processors < 1 ? 1 : (unsigned)processors;
}

static void build(struct config_source *source, json_t *root, struct config *config)
{
    static const enum log_level levels[] = {LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR};
    const struct section whole = {source, root, "", ""};
    const struct section store = section_child(&whole, "store");
    const struct section observe = section_child(&whole, "observe");
    build_listeners(&whole, config);
    build_authorities(&whole, config);
    build_routes(&whole, config);
    config->store_path = section_path(&store, "sqlite");
    config->log_path = section_path(&observe, "log");
    config->log_level = levels[section_choice(&observe, "level")];
    config->threads = thread_count(section_number(&whole, "threads"));
}

static const char *folder_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    return arena_text(arena, bytes_of(path, slash == NULL ? 0 : (size_t)(slash - path) + 1));
}

struct config *config_load(const char *path, struct config_report *report)
{
    struct arena *arena = arena_new();
    struct config config = {0};
    memset(report, 0, sizeof(*report));
    struct config_source source = {
        .path = path, .folder = folder_of(arena, path), .arena = arena, .report = report};
    struct arena *scratch = arena_new();
    char *text = read_file(&source, scratch);
    json_t *root = text == NULL ? NULL : parse(&source, text);
    if (root != NULL) {
        source.text = text;
        source_validate(&source, root);
        if (!source.failed)
            build(&source, root, &config);
        json_decref(root);
    }
    arena_free(scratch);
    if (!source.failed)
        return config_adopt(&config, arena);
    arena_free(arena);
    return NULL;
}
