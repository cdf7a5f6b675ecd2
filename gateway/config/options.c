#include "gateway/config/options.h"

#include <assert.h>
#include <string.h>

static const struct config_option rows[] = {
#define OPTION(pointer, kind, standard, unit, least, most, words, needed, help)                    \
    {pointer, OPTION_##kind, standard, unit, least, most, words, needed, help},
#include "gateway/config/options.def"
#undef OPTION
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

const struct config_option *option_rows(size_t *count)
{
    *count = ROWS;
    return rows;
}

const struct config_option *option_find(const char *pointer)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].pointer, pointer) == 0)
            return &rows[i];
    }
    return NULL;
}

const char *option_key(const struct config_option *option, const char *parent)
{
    const size_t length = strlen(parent);
    if (strncmp(option->pointer, parent, length) != 0 || option->pointer[length] != '/')
        return NULL;
    const char *key = option->pointer + length + 1;
    return strchr(key, '/') == NULL ? key : NULL;
}

const char *option_kind_word(enum option_kind kind)
{
    static const char *const words[OPTION_KIND_COUNT] = {
        [OPTION_OBJECT] = "object",
        [OPTION_LIST] = "list of objects",
        [OPTION_TEXT] = "text",
        [OPTION_TEXTS] = "text or list of texts",
        [OPTION_FILE] = "file",
        [OPTION_FILES] = "file or list of files",
        [OPTION_PATH] = "file",
        [OPTION_NUMBER] = "number",
        [OPTION_FLAG] = "true or false",
        [OPTION_CHOICE] = "choice",
        [OPTION_CHOICES] = "choice or list of choices",
    };
    assert((unsigned)kind < OPTION_KIND_COUNT);
    return words[kind];
}

bool option_next_word(const char **words, char word[OPTION_WORD])
{
    size_t length = strcspn(*words, " ");
    if (length == 0)
        return false;
    assert(length < OPTION_WORD);
    memcpy(word, *words, length);
    word[length] = '\0';
    *words += length;
    *words += strspn(*words, " ");
    return true;
}
