#include "gateway/config/section.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>

#include "gateway/config/options.h"
#include "gateway/config/position.h"

/* ---- problems ------------------------------------------------------------------------------- */

__attribute__((format(printf, 5, 0))) static void add_problem(struct config_source *source,
                                                              const char *pointer, bool of_key,
                                                              bool warning, const char *format,
                                                              va_list arguments)
{
    struct config_report *report = source->report;
    source->failed = source->failed || !warning;
    if (report->count == sizeof(report->problems) / sizeof(report->problems[0]))
        return;
    struct config_problem *problem = &report->problems[report->count++];
    memset(problem, 0, sizeof(*problem));
    problem->warning = warning;
    snprintf(problem->pointer, sizeof(problem->pointer), "%s", pointer);
    vsnprintf(problem->text, sizeof(problem->text), format, arguments);
    if (source->text != NULL)
        position_find(source->text, pointer, of_key, &problem->line, &problem->column);
}

void source_problem(struct config_source *source, const char *pointer, bool of_key, bool warning,
                    const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_problem(source, pointer, of_key, warning, format, arguments);
    va_end(arguments);
}

/* Where the file says `key`; the section itself if it does not say it. */
static const char *place_of(const struct section *section, const char *key)
{
    if (key == NULL || !section_has(section, key))
        return section->pointer;
    return arena_printf(section->source->arena, "%s/%s", section->pointer, key);
}

void section_error(const struct section *section, const char *key, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_problem(section->source, place_of(section, key), false, false, format, arguments);
    va_end(arguments);
}

void section_warning(const struct section *section, const char *key, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_problem(section->source, place_of(section, key), false, true, format, arguments);
    va_end(arguments);
}

/* ---- objects and lists ----------------------------------------------------------------------- */

struct section section_child(const struct section *section, const char *key)
{
    struct arena *arena = section->source->arena;
    return (struct section){
        .source = section->source,
        .object = json_object_get(section->object, key),
        .pointer = arena_printf(arena, "%s/%s", section->pointer, key),
        .pattern = arena_printf(arena, "%s/%s", section->pattern, key),
    };
}

size_t section_count(const struct section *section, const char *key)
{
    return json_array_size(json_object_get(section->object, key));
}

struct section section_element(const struct section *section, const char *key, size_t index)
{
    struct arena *arena = section->source->arena;
    return (struct section){
        .source = section->source,
        .object = json_array_get(json_object_get(section->object, key), index),
        .pointer = arena_printf(arena, "%s/%s/%zu", section->pointer, key, index),
        .pattern = arena_printf(arena, "%s/%s/*", section->pattern, key),
    };
}

bool section_has(const struct section *section, const char *key)
{
    return json_object_get(section->object, key) != NULL;
}

/* ---- values ---------------------------------------------------------------------------------- */

/* The row of a key. Asking for one that does not exist is a mistake of ours. */
static const struct config_option *row_of(const struct section *section, const char *key)
{
    char pointer[128];
    snprintf(pointer, sizeof(pointer), "%s/%s", section->pattern, key);
    const struct config_option *row = option_find(pointer);
    assert(row != NULL);
    return row;
}

/* A new reference to the value: the file's, or the standard one. NULL: there is none. */
static json_t *value_of(const struct section *section, const char *key)
{
    json_t *value = json_object_get(section->object, key);
    if (value != NULL)
        return json_incref(value);
    const char *standard = row_of(section, key)->standard;
    if (standard[0] == '\0')
        return NULL;
    json_t *parsed = json_loads(standard, JSON_DECODE_ANY, NULL);
    return parsed != NULL ? parsed : json_string(standard);
}

static const char *keep_text(const struct section *section, const json_t *text)
{
    struct bytes octets = bytes_of(json_string_value(text), json_string_length(text));
    return arena_text(section->source->arena, octets);
}

static const char *resolve(const struct section *section, const char *path)
{
    if (path == NULL || path[0] == '/' || strcmp(path, "-") == 0)
        return path;
    return arena_printf(section->source->arena, "%s%s", section->source->folder, path);
}

const char *section_text(const struct section *section, const char *key)
{
    json_t *value = value_of(section, key);
    const char *text = json_is_string(value) ? keep_text(section, value) : NULL;
    json_decref(value);
    return text;
}

const char *section_path(const struct section *section, const char *key)
{
    return resolve(section, section_text(section, key));
}

long section_number(const struct section *section, const char *key)
{
    json_t *value = value_of(section, key);
    long number = (long)json_integer_value(value);
    json_decref(value);
    return number;
}

bool section_flag(const struct section *section, const char *key)
{
    json_t *value = value_of(section, key);
    bool flag = json_is_true(value);
    json_decref(value);
    return flag;
}

/* One text or several as a list of texts in the arena. */
const char *const *section_texts(const struct section *section, const char *key, size_t *count)
{
    json_t *value = value_of(section, key);
    const bool list = json_is_array(value);
    *count = list ? json_array_size(value) : json_is_string(value) ? 1 : 0;
    const char **texts = arena_array(section->source->arena, *count, sizeof(*texts));
    for (size_t i = 0; i < *count; i++)
        texts[i] = keep_text(section, list ? json_array_get(value, i) : value);
    json_decref(value);
    return *count > 0 ? texts : NULL;
}

const char *const *section_paths(const struct section *section, const char *key, size_t *count)
{
    const char *const *texts = section_texts(section, key, count);
    const char **paths = arena_array(section->source->arena, *count, sizeof(*paths));
    for (size_t i = 0; i < *count; i++)
        paths[i] = resolve(section, texts[i]);
    return *count > 0 ? paths : NULL;
}

static int place_among(const char *words, const char *text)
{
    char word[OPTION_WORD];
    for (int place = 0; option_next_word(&words, word); place++) {
        if (strcmp(word, text) == 0)
            return place;
    }
    return -1;
}

int section_choice(const struct section *section, const char *key)
{
    const char *text = section_text(section, key);
    return text == NULL ? -1 : place_among(row_of(section, key)->words, text);
}

uint32_t section_choices(const struct section *section, const char *key)
{
    size_t count;
    const char *const *texts = section_texts(section, key, &count);
    uint32_t bits = 0;
    for (size_t i = 0; i < count; i++) {
        int place = place_among(row_of(section, key)->words, texts[i]);
        bits |= place < 0 ? 0 : UINT32_C(1) << place;
    }
    return bits;
}
