#include "adapters/cmp/cmp_path.h"

#include <strings.h>

/* Takes the next non-empty segment off the front of a path; empty at its end. */
static struct bytes next_segment(struct bytes *path)
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

static bool same_path(struct bytes a, struct bytes b)
{
    struct bytes from_a, from_b;
    do {
        from_a = next_segment(&a);
        from_b = next_segment(&b);
        if (!bytes_equal(from_a, from_b))
            return false;
    } while (!bytes_is_empty(from_a));
    return true;
}

/* Leaves what stands behind /.well-known/cmp in *path. */
static bool is_well_known(struct bytes *path)
{
    return bytes_equal_text(next_segment(path), ".well-known") &&
           bytes_equal_text(next_segment(path), "cmp");
}

/* The media type without parameters and white space. */
static struct bytes media_type(struct bytes field)
{
    size_t size = 0;
    while (size < field.size && field.data[size] != ';' && field.data[size] != ' ' &&
           field.data[size] != '\t')
        size++;
    return bytes_slice(field, 0, size);
}

static bool is_type(struct bytes field, const char *type)
{
    struct bytes found = media_type(field);
    return found.size == strlen(type) &&
           strncasecmp((const char *)found.data, type, found.size) == 0;
}

static bool may_hold_cmp(struct bytes content_type)
{
    return bytes_is_empty(media_type(content_type)) ||
           is_type(content_type, "application/pkixcmp") ||
           is_type(content_type, "application/pkixcmp-poll") ||
           is_type(content_type, "application/octet-stream");
}

/* Types that say aloud that the message is of another protocol. */
static bool belongs_elsewhere(struct bytes content_type)
{
    return is_type(content_type, "application/pkcs10") ||
           is_type(content_type, "application/pkcs7-mime") ||
           is_type(content_type, "application/x-pkcs7-mime");
}

bool cmp_accepts(const struct message *message, const char *const *paths, size_t path_count)
{
    struct bytes path = message->path;
    if (is_well_known(&path))
        return true;
    if (belongs_elsewhere(message->content_type))
        return false;
    for (size_t i = 0; i < path_count; i++) {
        if (same_path(message->path, bytes_of_text(paths[i])))
            return true;
    }
    return false;
}

bool cmp_label(const struct message *message, struct cmp_label *label)
{
    *label = (struct cmp_label){BYTES_EMPTY, BYTES_EMPTY};
    struct bytes path = message->path;
    if (!is_well_known(&path))
        return true;
    struct bytes segment = next_segment(&path);
    if (bytes_equal_text(segment, "p")) {
        label->name = next_segment(&path);
        if (bytes_is_empty(label->name))
            return false;
        segment = next_segment(&path);
    }
    label->operation = segment;
    return bytes_is_empty(next_segment(&path));
}

bool cmp_check_http(const struct message *message, struct failure *why)
{
    if (bytes_is_empty(message->method))
        return true;
    if (!bytes_equal_text(message->method, "POST"))
        return fail(why, REASON_METHOD, "RFC 9811 3.1", "CMP messages are sent by POST");
    if (!may_hold_cmp(message->content_type))
        return fail(why, REASON_MEDIA_TYPE, "RFC 9811 3.2", "Content-Type: application/pkixcmp");
    return true;
}
