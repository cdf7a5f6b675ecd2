/* The shape of the file: every key is known, every value has its kind and range. */
#include "gateway/config/section.h"

#include "gateway/config/options.h"
#include "gateway/config/suggest.h"

enum { CHILDREN = 64 };

struct place {
    struct config_source *source;
    const char *pointer;
    const char *pattern;
};

static struct place below(const struct place *place, const char *key, const char *pattern_key)
{
    struct arena *arena = place->source->arena;
    return (struct place){
        .source = place->source,
        .pointer = arena_printf(arena, "%s/%s", place->pointer, key),
        .pattern = arena_printf(arena, "%s/%s", place->pattern, pattern_key),
    };
}

#define complain(place, ...)                                                                       \
    source_problem((place)->source, (place)->pointer, false, false, __VA_ARGS__)

/* The keys that an object may have; *count says how many. */
static void known_keys(const char *pattern, const char *keys[CHILDREN], size_t *count)
{
    size_t rows;
    const struct config_option *options = option_rows(&rows);
    *count = 0;
    for (size_t i = 0; i < rows && *count < CHILDREN; i++) {
        const char *key = option_key(&options[i], pattern);
        if (key != NULL && strcmp(key, "*") != 0)
            keys[(*count)++] = key;
    }
}

/* RFC 6901 3: "~" and "/" in a name are written "~0" and "~1". */
static const char *escaped(struct arena *arena, const char *key)
{
    char *out = arena_alloc(arena, 2 * strlen(key) + 1), *end = out;
    for (; *key != '\0'; key++) {
        if (*key == '~' || *key == '/') {
            *end++ = '~';
            *end++ = *key == '~' ? '0' : '1';
        } else {
            *end++ = *key;
        }
    }
    return out;
}

static void unknown_key(const struct place *place, const char *key)
{
    const char *keys[CHILDREN];
    size_t count;
    known_keys(place->pattern, keys, &count);
    const char *near = suggest(key, keys, count);
    struct place at = below(place, escaped(place->source->arena, key), "?");
    source_problem(at.source, at.pointer, true, false, "there is no such option%s%s%s",
                   near == NULL ? "" : "; did you mean \"", near == NULL ? "" : near,
                   near == NULL ? "" : "\"?");
}

static void check_value(const struct place *place, const struct config_option *option,
                        json_t *value);

static void check_object(const struct place *place, json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        struct place child = below(place, key, key);
        const struct config_option *option = option_find(child.pattern);
        if (option == NULL || option_key(option, place->pattern) == NULL || strcmp(key, "*") == 0)
            unknown_key(place, key);
        else
            check_value(&child, option, value);
    }
    size_t rows;
    const struct config_option *options = option_rows(&rows);
    for (size_t i = 0; i < rows; i++) {
        const char *needed = option_key(&options[i], place->pattern);
        if (needed != NULL && options[i].needed && json_object_get(object, needed) == NULL)
            complain(place, "\"%s\" is missing", needed);
    }
}

static void check_list(const struct place *place, const struct config_option *option, json_t *list)
{
    const size_t count = json_array_size(list);
    if (count < (size_t)option->least || count > (size_t)option->most)
        complain(place, "must have %ld to %ld elements", option->least, option->most);
    for (size_t i = 0; i < count; i++) {
        struct place element = below(place, arena_printf(place->source->arena, "%zu", i), "*");
        json_t *value = json_array_get(list, i);
        if (json_is_object(value))
            check_object(&element, value);
        else
            complain(&element, "must be an object");
    }
}

static void check_number(const struct place *place, const struct config_option *option,
                         json_t *value)
{
    const json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < option->least || number > option->most)
        complain(place, "must be a whole number from %ld to %ld (%s)", option->least, option->most,
                 option->unit);
}

static void check_word(const struct place *place, const struct config_option *option,
                       const char *text)
{
    const char *words[CHILDREN];
    size_t count = 0;
    const char *rest = option->words;
    for (char word[OPTION_WORD]; count < CHILDREN && option_next_word(&rest, word);) {
        if (strcmp(word, text) == 0)
            return;
        words[count++] = arena_printf(place->source->arena, "%s", word);
    }
    const char *near = suggest(text, words, count);
    if (near != NULL)
        complain(place, "there is no such choice; did you mean \"%s\"?", near);
    else
        complain(place, "must be one of: %s", option->words);
}

/* One text of any of the kinds that are written as text. */
static void check_text(const struct place *place, const struct config_option *option, json_t *value)
{
    const bool word = option->kind == OPTION_CHOICE || option->kind == OPTION_CHOICES;
    const char *text = json_string_value(value);
    if (text == NULL || json_string_length(value) != strlen(text) || text[0] == '\0')
        complain(place, word ? "must be one of: %s" : "must be a text that is not empty",
                 option->words);
    else if (word)
        check_word(place, option, text);
}

static void check_texts(const struct place *place, const struct config_option *option,
                        json_t *value)
{
    if (!json_is_array(value)) {
        check_text(place, option, value);
        return;
    }
    const size_t count = json_array_size(value);
    if (count < (size_t)option->least || count > (size_t)option->most)
        complain(place, "must have %ld to %ld elements", option->least, option->most);
    for (size_t i = 0; i < count; i++) {
        struct place element = below(place, arena_printf(place->source->arena, "%zu", i), "*");
        check_text(&element, option, json_array_get(value, i));
    }
}

static void check_value(const struct place *place, const struct config_option *option,
                        json_t *value)
{
    switch (option->kind) {
    case OPTION_OBJECT:
        if (json_is_object(value))
            check_object(place, value);
        else
            complain(place, "must be an object");
        break;
    case OPTION_LIST:
        if (json_is_array(value))
            check_list(place, option, value);
        else
            complain(place, "must be a list of objects");
        break;
    case OPTION_TEXT:
    case OPTION_FILE:
    case OPTION_PATH:
    case OPTION_CHOICE:
        check_text(place, option, value);
        break;
    case OPTION_TEXTS:
    case OPTION_FILES:
    case OPTION_CHOICES:
        check_texts(place, option, value);
        break;
    case OPTION_NUMBER:
        check_number(place, option, value);
        break;
    case OPTION_FLAG:
        if (!json_is_boolean(value))
            complain(place, "must be true or false");
        break;
    case OPTION_KIND_COUNT:
        break;
    }
}

void source_validate(struct config_source *source, json_t *root)
{
    struct place place = {source, "", ""};
    if (json_is_object(root))
        check_object(&place, root);
    else
        complain(&place, "must be an object");
}
