#include "gateway/config/position.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

/* Behind the string that begins at `at`. */
static const char *skip_string(const char *at)
{
    for (at++; *at != '\0' && *at != '"'; at++) {
        if (*at == '\\' && at[1] != '\0')
            at++;
    }
    return *at == '"' ? at + 1 : at;
}

/* Behind the value that begins at `at`: counts brackets, so that depth costs nothing. */
static const char *skip_value(const char *at)
{
    unsigned depth = 0;
    while (*at != '\0') {
        if (*at == '"') {
            at = skip_string(at);
        } else if (*at == '{' || *at == '[') {
            depth++;
            at++;
        } else if (*at == '}' || *at == ']') {
            if (depth == 0)
                return at;
            depth--;
            at++;
        } else if (depth == 0 && strchr(", \t\r\n", *at) != NULL) {
            return at;
        } else {
            at++;
            continue;
        }
        if (depth == 0)
            return at;
    }
    return at;
}

/* Whether the JSON string at `at` says the pointer's token (RFC 6901 4: ~1 is /, ~0 is ~). */
static bool key_is(const char *at, const char *token, size_t size)
{
    json_t *key = json_loadb(at, (size_t)(skip_string(at) - at), JSON_DECODE_ANY, NULL);
    const char *text = json_string_value(key);
    bool same = text != NULL;
    for (size_t i = 0; same && i < size; i++, text++) {
        char expected = token[i];
        if (expected == '~' && i + 1 < size)
            expected = token[++i] == '1' ? '/' : '~';
        same = *text == expected;
    }
    same = same && *text == '\0';
    json_decref(key);
    return same;
}

/* The value of one member; *key receives where its name stands. NULL if there is none. */
static const char *enter_object(const char *at, const char *token, size_t size, const char **key)
{
    for (at = skip_space(at + 1); *at == '"';) {
        const char *name = at;
        const char *value = skip_space(skip_space(skip_string(at)) + 1);
        if (key_is(name, token, size)) {
            *key = name;
            return value;
        }
        at = skip_space(skip_value(value));
        if (*at == ',')
            at = skip_space(at + 1);
    }
    return NULL;
}

static const char *enter_array(const char *at, const char *token)
{
    unsigned long index = strtoul(token, NULL, 10);
    at = skip_space(at + 1);
    for (; *at != ']' && *at != '\0'; index--) {
        if (index == 0)
            return at;
        at = skip_space(skip_value(at));
        if (*at == ',')
            at = skip_space(at + 1);
    }
    return NULL;
}

static void count_lines(const char *text, const char *place, unsigned *line, unsigned *column)
{
    *line = 1;
    *column = 1;
    for (; text < place; text++) {
        if (*text == '\n') {
            ++*line;
            *column = 1;
        } else if (((unsigned char)*text & 0xc0) != 0x80) {
            ++*column;
        }
    }
}

bool position_find(const char *text, const char *pointer, bool of_key, unsigned *line,
                   unsigned *column)
{
    const char *value = skip_space(text), *key = value;
    while (*pointer == '/' && value != NULL) {
        const char *token = pointer + 1;
        const size_t size = strcspn(token, "/");
        key = value;
        if (*value == '{')
            value = enter_object(value, token, size, &key);
        else if (*value == '[')
            key = value = enter_array(value, token);
        else
            value = NULL;
        pointer = token + size;
    }
    if (value == NULL)
        return false;
    count_lines(text, of_key ? key : value, line, column);
    return true;
}
