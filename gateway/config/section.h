/* Reading the parsed file: one object at a time, by key, with the standard values of options.def;
 * every mistake goes into the report with its place in the text. */
#ifndef DRAGOMAN_GATEWAY_CONFIG_SECTION_H
#define DRAGOMAN_GATEWAY_CONFIG_SECTION_H

#include <jansson.h>

#include "gateway/config/config.h"

struct config_source {
    const char *path;   /* of the file */
    const char *folder; /* what relative paths start from: "" or "etc/" */
    const char *text;
    struct arena *arena; /* of the snapshot */
    struct config_report *report;
    bool failed; /* at least one error */
};

/* One object of the file. */
struct section {
    struct config_source *source;
    json_t *object;      /* NULL: the file does not have it; then all values are standard */
    const char *pointer; /* "/routes/0/may" */
    const char *pattern; /* the same as in options.def, with a star for the number */
};

/* Adds a problem about `key` of the section, or the section itself if key is NULL. */
void section_error(const struct section *section, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void section_warning(const struct section *section, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for any pointer. */
void source_problem(struct config_source *source, const char *pointer, bool of_key, bool warning,
                    const char *format, ...) __attribute__((format(printf, 5, 6)));

struct section section_child(const struct section *section, const char *key);
size_t section_count(const struct section *section, const char *key);
struct section section_element(const struct section *section, const char *key, size_t index);
bool section_has(const struct section *section, const char *key);

/* Texts live in the arena. NULL: neither the file nor the table has one. */
const char *section_text(const struct section *section, const char *key);
/* A text that is a path, made relative to the file's folder. */
const char *section_path(const struct section *section, const char *key);
long section_number(const struct section *section, const char *key);
bool section_flag(const struct section *section, const char *key);
/* The place of the chosen word among the option's words, from 0; -1: none. */
int section_choice(const struct section *section, const char *key);
/* Bit n for the n-th of the option's words. */
uint32_t section_choices(const struct section *section, const char *key);
/* One text or several; NULL and 0 if there is none. */
const char *const *section_texts(const struct section *section, const char *key, size_t *count);
const char *const *section_paths(const struct section *section, const char *key, size_t *count);

/* Holds the whole file against options.def: unknown keys, kinds, ranges, choices, what is missing.
 */
void source_validate(struct config_source *source, json_t *root);

#endif
