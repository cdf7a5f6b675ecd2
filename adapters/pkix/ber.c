#include "adapters/pkix/ber.h"

#include "mapping/model/limits.h"

enum { CONSTRUCTED = 0x20, NUMBER = 0x1f, INDEFINITE = 0x80 };

/* Tag and length at the front of b. An indefinite length is told by *indefinite. */
static bool read_header(struct bytes b, size_t *header, size_t *length, bool *indefinite)
{
    if (b.size < 2 || (b.data[0] & NUMBER) == NUMBER)
        return false;
    *header = 2;
    *length = b.data[1];
    *indefinite = b.data[1] == INDEFINITE;
    if (*indefinite)
        return (b.data[0] & CONSTRUCTED) != 0;
    if (b.data[1] < INDEFINITE)
        return true;
    size_t octets = b.data[1] & 0x7f;
    if (octets > b.size - 2)
        return false;
    *length = 0;
    for (size_t i = 0; i < octets; i++) {
        if (*length > SIZE_MAX >> 8)
            return false;
        *length = *length << 8 | b.data[2 + i];
    }
    *header = 2 + octets;
    return true;
}

/* How many octets lie before the end-of-contents that closes b. Values of a definite length are
 * stepped over, whatever is in them. */
static bool find_end(struct bytes b, size_t *length)
{
    size_t at = 0, header, inner, depth = 1;
    bool indefinite;
    while (b.size - at >= 2) {
        if (b.data[at] == 0 && b.data[at + 1] == 0) {
            if (--depth == 0) {
                *length = at;
                return true;
            }
            at += 2;
            continue;
        }
        if (!read_header(bytes_slice(b, at, b.size), &header, &inner, &indefinite))
            return false;
        at += header;
        if (indefinite && ++depth > LIMIT_DER_DEPTH)
            return false;
        if (!indefinite && inner > b.size - at)
            return false;
        at += indefinite ? 0 : inner;
    }
    return false;
}

bool ber_next(struct bytes *rest, struct der *out)
{
    size_t header, length, end = 0;
    bool indefinite;
    if (!read_header(*rest, &header, &length, &indefinite))
        return false;
    if (indefinite) {
        if (!find_end(bytes_of(rest->data + header, rest->size - header), &length))
            return false;
        end = 2;
    } else if (length > rest->size - header) {
        return false;
    }
    out->tag = rest->data[0];
    out->whole = bytes_of(rest->data, header + length + end);
    out->content = bytes_of(rest->data + header, length);
    *rest = bytes_of(rest->data + out->whole.size, rest->size - out->whole.size);
    return true;
}

bool ber_take(struct bytes *rest, uint8_t tag, struct der *out)
{
    return rest->size > 0 && rest->data[0] == tag && ber_next(rest, out);
}

bool ber_only(struct bytes octets, uint8_t tag, struct der *out)
{
    return ber_take(&octets, tag, out) && octets.size == 0;
}

/* Appends the segments of a constructed string; false if one is no OCTET STRING or nests too deep.
 * `to` has room for all, since segments are smaller than what they came in. */
static bool gather(struct bytes segments, uint8_t *to, size_t *size, unsigned depth)
{
    struct der segment;
    if (depth == LIMIT_DER_DEPTH)
        return false;
    while (segments.size > 0) {
        if (!ber_next(&segments, &segment))
            return false;
        if (segment.tag == (DER_OCTET_STRING | CONSTRUCTED)) {
            if (!gather(segment.content, to, size, depth + 1))
                return false;
        } else if (segment.tag == DER_OCTET_STRING) {
            if (segment.content.size > 0)
                memcpy(to + *size, segment.content.data, segment.content.size);
            *size += segment.content.size;
        } else {
            return false;
        }
    }
    return true;
}

bool ber_octets(const struct der *string, struct arena *arena, struct bytes *out)
{
    if (string->tag == DER_OCTET_STRING) {
        *out = string->content;
        return true;
    }
    size_t size = 0;
    uint8_t *to = arena_alloc(arena, string->content.size);
    bool good =
        string->tag == (DER_OCTET_STRING | CONSTRUCTED) && gather(string->content, to, &size, 0);
    *out = bytes_of(to, size);
    return good;
}
