#include "adapters/est/est_base64.h"

#include <ctype.h>

#include <openssl/evp.h>

enum {
    COLUMNS = 64,
    /* OpenSSL's base64 reader takes one line of so many octets at the most, its LF included. */
    LONGEST_LINE = 1024,
};

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

/* What is between the first "-----BEGIN ...-----" and the next dashes; else the whole body. */
static struct bytes without_armour(struct bytes body)
{
    const uint8_t *begin = memmem(body.data, body.size, "-----BEGIN ", 11);
    if (begin == NULL)
        return body;
    struct bytes rest = bytes_slice(body, (size_t)(begin - body.data) + 11, body.size);
    const uint8_t *start = memmem(rest.data, rest.size, "-----", 5);
    if (start == NULL)
        return body;
    rest = bytes_slice(rest, (size_t)(start - rest.data) + 5, rest.size);
    const uint8_t *end = memmem(rest.data, rest.size, "-----", 5);
    return end == NULL ? body : bytes_slice(rest, 0, (size_t)(end - rest.data));
}

static bool is_strict(struct bytes text)
{
    size_t padding = 0;
    if (text.size == 0 || text.size % 4 != 0)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (c == '=' && i + 2 >= text.size)
            padding++;
        else if (padding > 0 || c > 0x7f || (!isalnum(c) && c != '+' && c != '/'))
            return false;
    }
    return true;
}

bool est_base64_decode(struct bytes body, struct arena *arena, struct bytes *der,
                       struct failure *why)
{
    if (bytes_is_empty(body))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 8951 3", "the body is empty");
    struct bytes text = without_armour(body);
    uint8_t *kept = arena_alloc(arena, text.size + 1);
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (!is_space(text.data[i]))
            kept[size++] = text.data[i];
    }
    if (body.size > 1 && body.data[0] == 0x30 && body.data[1] >= 0x80)
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 8951 3",
                    "the body is DER; send it in base64");
    uint8_t *out = arena_alloc(arena, size / 4 * 3 + 1);
    if (!is_strict(bytes_of(kept, size)) || EVP_DecodeBlock(out, kept, (int)size) < 0)
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 8951 3", "the body is not base64");
    size_t padding = (size_t)(kept[size - 1] == '=') + (size_t)(kept[size - 2] == '=');
    *der = bytes_of(out, size / 4 * 3 - padding);
    return true;
}

struct bytes est_base64_encode(struct bytes der, enum est_lines lines, struct arena *arena)
{
    size_t size = (der.size + 2) / 3 * 4;
    uint8_t *line = arena_alloc(arena, size + 2);
    EVP_EncodeBlock(line, der.data, (int)der.size);
    if (lines == EST_LINES_ONE || (lines == EST_LINES_SHORT && size + 1 <= LONGEST_LINE)) {
        line[size] = '\n';
        return bytes_of(line, size + 1);
    }
    uint8_t *out = arena_alloc(arena, size + size / COLUMNS + 2);
    size_t used = 0;
    for (size_t at = 0; at < size; at += COLUMNS) {
        size_t part = size - at < COLUMNS ? size - at : COLUMNS;
        memcpy(out + used, line + at, part);
        used += part;
        out[used++] = '\n';
    }
    return bytes_of(out, used);
}
