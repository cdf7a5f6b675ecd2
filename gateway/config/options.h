/* The options of the configuration file as a table (options.def). */
#ifndef DRAGOMAN_GATEWAY_CONFIG_OPTIONS_H
#define DRAGOMAN_GATEWAY_CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum option_kind {
    OPTION_OBJECT,
    OPTION_LIST, /* of objects */
    OPTION_TEXT,
    OPTION_TEXTS, /* one text or a list of them */
    OPTION_FILE,
    OPTION_FILES,
    OPTION_PATH,
    OPTION_NUMBER,
    OPTION_FLAG,
    OPTION_CHOICE,
    OPTION_CHOICES,
    OPTION_KIND_COUNT
};

struct config_option {
    const char *pointer; /* with "*" for elements of a list */
    enum option_kind kind;
    const char *standard; /* as it would stand in the file, texts without quotes; "": none */
    const char *unit;
    long least, most;
    const char *words; /* separated by spaces */
    bool needed;
    const char *help;
};

const struct config_option *option_rows(size_t *count);
/* NULL if there is none. */
const struct config_option *option_find(const char *pointer);
/* The key of an option inside its object if it is a direct child of `parent`, else NULL. */
const char *option_key(const struct config_option *option, const char *parent);
/* "text", "list of objects", ... */
const char *option_kind_word(enum option_kind kind);

/* The next word of a list separated by spaces, into a buffer; false at the end. */
enum { OPTION_WORD = 48 };
bool option_next_word(const char **words, char word[OPTION_WORD]);

#endif
