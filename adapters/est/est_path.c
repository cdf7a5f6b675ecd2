#include "adapters/est/est_path.h"

#include "adapters/http_fields.h"

static const struct est_operation_row rows[] = {
#define EST_OPERATION(name, word, method, media_type, operation)                                   \
    {word, method, media_type, operation},
#include "adapters/est/est_operations.def"
#undef EST_OPERATION
};

const struct est_operation_row *est_operation_row(enum est_operation operation)
{
    return &rows[operation];
}

bool est_is_path(struct bytes path)
{
    return path_take_well_known(&path, "est");
}

static bool find_operation(struct bytes word, enum est_operation *operation)
{
    for (unsigned i = 0; i < EST_OPERATION_COUNT; i++) {
        if (bytes_equal_text(word, rows[i].word)) {
            *operation = (enum est_operation)i;
            return true;
        }
    }
    return false;
}

/* Labels of several segments are used in the field (a CA, then a profile): all before the last
 * segment is the label. An operation's name is never a label. */
static bool split(struct bytes path, struct est_path *out)
{
    struct bytes first = BYTES_EMPTY;
    for (;;) {
        struct bytes segment = path_next_segment(&path);
        if (bytes_is_empty(segment))
            return false;
        if (bytes_is_empty(first))
            first = segment;
        if (find_operation(segment, &out->operation)) {
            size_t size = (size_t)(segment.data - first.data);
            out->label = bytes_of(first.data, size > 0 ? size - 1 : 0);
            return bytes_is_empty(path_next_segment(&path));
        }
    }
}

static bool check_media_type(const struct message *message, const struct est_operation_row *row,
                             struct failure *why)
{
    /* RFC 8951 3 defines nothing else; clients that send no type at all exist. */
    if (row->media_type == NULL || media_type_is_absent(message->content_type) ||
        media_type_is(message->content_type, row->media_type))
        return true;
    return fail(why, REASON_MEDIA_TYPE, "RFC 7030 3.2.4", "send Content-Type: %s", row->media_type);
}

bool est_path_read(const struct message *message, struct est_path *path, struct failure *why)
{
    struct bytes rest = message->path;
    if (!path_take_well_known(&rest, "est") || !split(rest, path))
        return fail(why, REASON_NO_OPERATION, "RFC 7030 3.2.2", "no EST operation has this path");
    const struct est_operation_row *row = &rows[path->operation];
    if (!bytes_equal_text(message->method, row->method))
        return fail(why, REASON_METHOD, "RFC 7030 3.2.2", "use %s for %s", row->method, row->word);
    if (row->operation == OPERATION_COUNT)
        return fail(why, REASON_NOT_IMPLEMENTED, "RFC 7030 3.2.2", "%s is not offered here",
                    row->word);
    return check_media_type(message, row, why);
}
