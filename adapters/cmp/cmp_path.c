#include "adapters/cmp/cmp_path.h"

#include "adapters/http_fields.h"

static bool may_hold_cmp(struct bytes content_type)
{
    return media_type_is_absent(content_type) ||
           media_type_is(content_type, "application/pkixcmp") ||
           media_type_is(content_type, "application/pkixcmp-poll") ||
           media_type_is(content_type, "application/octet-stream");
}

/* Types that say aloud that the message is of another protocol. */
static bool belongs_elsewhere(struct bytes content_type)
{
    return media_type_is(content_type, "application/pkcs10") ||
           media_type_is(content_type, "application/pkcs7-mime") ||
           media_type_is(content_type, "application/x-pkcs7-mime");
}

bool cmp_accepts(const struct message *message, const char *const *paths, size_t path_count)
{
    struct bytes path = message->path;
    if (path_take_well_known(&path, "cmp"))
        return true;
    if (belongs_elsewhere(message->content_type))
        return false;
    return path_is_among(message->path, paths, path_count);
}

bool cmp_label(const struct message *message, struct cmp_label *label)
{
    *label = (struct cmp_label){BYTES_EMPTY, BYTES_EMPTY};
    struct bytes path = message->path;
    if (!path_take_well_known(&path, "cmp"))
        return true;
    struct bytes segment = path_next_segment(&path);
    if (bytes_equal_text(segment, "p")) {
        label->name = path_next_segment(&path);
        if (bytes_is_empty(label->name))
            return false;
        segment = path_next_segment(&path);
    }
    label->operation = segment;
    return bytes_is_empty(path_next_segment(&path));
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
