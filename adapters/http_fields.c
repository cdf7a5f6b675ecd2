#include "adapters/http_fields.h"

#include <strings.h>

struct bytes path_next_segment(struct bytes *path)
{
    while (path->size > 0 && path->data[0] == '/')
        *path = bytes_slice(*path, 1, path->size);
    size_t size = 0;
    while (size < path->size && path->data[size] != '/')
        size++;
    struct bytes segment = bytes_slice(*path, 0, size);
    *path = bytes_slice(*path, size, path->size);
    return segment;
}

bool path_equal(struct bytes a, struct bytes b)
{
    struct bytes from_a, from_b;
    do {
        from_a = path_next_segment(&a);
        from_b = path_next_segment(&b);
        if (!bytes_equal(from_a, from_b))
            return false;
    } while (!bytes_is_empty(from_a));
    return true;
}

bool path_is_among(struct bytes path, const char *const *paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (path_equal(path, bytes_of_text(paths[i])))
            return true;
    }
    return false;
}

bool path_take_well_known(struct bytes *path, const char *name)
{
    struct bytes rest = *path;
    if (!bytes_equal_text(path_next_segment(&rest), ".well-known") ||
        !bytes_equal_text(path_next_segment(&rest), name))
        return false;
    *path = rest;
    return true;
}

static struct bytes media_type(struct bytes field)
{
    size_t size = 0;
    while (size < field.size && field.data[size] != ';' && field.data[size] != ' ' &&
           field.data[size] != '\t')
        size++;
    return bytes_slice(field, 0, size);
}

bool media_type_is_absent(struct bytes field)
{
    return bytes_is_empty(media_type(field));
}

bool media_type_is(struct bytes field, const char *type)
{
    struct bytes found = media_type(field);
    return found.size == strlen(type) &&
           strncasecmp((const char *)found.data, type, found.size) == 0;
}

bool accept_mentions(struct bytes field, const char *type)
{
    size_t size = strlen(type);
    for (size_t at = 0; at + size <= field.size; at++) {
        if (strncasecmp((const char *)field.data + at, type, size) == 0)
            return true;
    }
    return false;
}
