#include "adapters/inspect_unwrap.h"

#include <strings.h>

#include "mapping/model/limits.h"

static const char begin_mark[] = "-----BEGIN ", end_mark[] = "-----END ";

static bool starts_with(struct bytes octets, const char *text)
{
    return bytes_equal_text(bytes_slice(octets, 0, strlen(text)), text);
}

static struct bytes after(struct bytes octets, size_t size)
{
    return bytes_slice(octets, size, octets.size);
}

/* Where `text` begins in octets; octets.size if it does not occur. */
static size_t find(struct bytes octets, const char *text)
{
    const uint8_t *at =
        octets.size == 0 ? NULL : memmem(octets.data, octets.size, text, strlen(text));
    return at == NULL ? octets.size : (size_t)(at - octets.data);
}

/* ---- HTTP ----------------------------------------------------------------------------------- */

static bool is_http(struct bytes octets)
{
    static const char *const starts[] = {"HTTP/", "POST ", "GET ", "PUT "};
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
        if (starts_with(octets, starts[i]))
            return true;
    return false;
}

/* One line off the front, without its end. */
static struct bytes take_line(struct bytes *rest)
{
    size_t size = find(*rest, "\n");
    struct bytes line = bytes_slice(*rest, 0, size);
    *rest = after(*rest, size + 1);
    if (line.size > 0 && line.data[line.size - 1] == '\r')
        line.size--;
    return line;
}

static struct bytes take_http(struct bytes octets, struct wrapped *out)
{
    static const char content_type[] = "content-type:";
    struct bytes rest = octets;
    out->start_line = take_line(&rest);
    for (struct bytes line; (line = take_line(&rest)).size > 0;) {
        if (line.size < strlen(content_type) ||
            strncasecmp((const char *)line.data, content_type, strlen(content_type)) != 0)
            continue;
        out->content_type = after(line, strlen(content_type));
        while (starts_with(out->content_type, " "))
            out->content_type = after(out->content_type, 1);
    }
    return rest;
}

/* ---- base64 --------------------------------------------------------------------------------- */

static int base64_value(uint8_t c)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c == '\0' ? NULL : strchr(alphabet, c);
    return at == NULL ? -1 : (int)(at - alphabet);
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* RFC 4648 4, white space anywhere. */
static bool decode_base64(struct bytes text, struct arena *arena, struct bytes *out)
{
    uint8_t *octets = arena_alloc(arena, text.size / 4 * 3 + 3);
    size_t size = 0, padding = 0;
    uint32_t bits = 0;
    unsigned count = 0;
    for (size_t i = 0; i < text.size; i++) {
        int value = base64_value(text.data[i]);
        if (is_space(text.data[i]))
            continue;
        if (text.data[i] == '=') {
            padding++;
            continue;
        }
        if (value < 0 || padding > 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        if (++count % 4 != 0)
            continue;
        octets[size++] = (uint8_t)(bits >> 16);
        octets[size++] = (uint8_t)(bits >> 8);
        octets[size++] = (uint8_t)bits;
    }
    if (count % 4 == 1 || padding > 2 || (padding > 0 && (count + padding) % 4 != 0))
        return false;
    if (count % 4 >= 2)
        octets[size++] = (uint8_t)(count % 4 == 2 ? bits >> 4 : bits >> 10);
    if (count % 4 == 3)
        octets[size++] = (uint8_t)(bits >> 2);
    *out = bytes_of(octets, size);
    return size > 0;
}

/* ---- PEM (RFC 7468) ------------------------------------------------------------------------- */

static bool ends_with(struct bytes label, const char *text)
{
    size_t size = strlen(text);
    return label.size >= size && bytes_equal_text(after(label, label.size - size), text);
}

static bool bad_pem(struct failure *why)
{
    return fail(why, REASON_BAD_DATA_FORMAT, "RFC 7468 2", "the PEM text is not well formed");
}

/* What stands between blocks is explanation; header fields (RFC 1421) end at an empty line. */
static bool take_pem(struct bytes *rest, struct arena *arena, struct wrapped_part *part,
                     struct failure *why)
{
    *rest = after(*rest, find(*rest, begin_mark) + strlen(begin_mark));
    size_t size = find(*rest, "-----");
    struct bytes label = bytes_slice(*rest, 0, size);
    *rest = after(*rest, size);
    take_line(rest);
    size = find(*rest, end_mark);
    if (size == rest->size)
        return bad_pem(why);
    struct bytes body = bytes_slice(*rest, 0, size);
    *rest = after(*rest, size);
    take_line(rest);
    part->is_secret = ends_with(label, "PRIVATE KEY");
    return part->is_secret || decode_base64(body, arena, &part->der) || bad_pem(why);
}

static bool take_pems(struct bytes octets, struct arena *arena, struct wrapped *out,
                      struct failure *why)
{
    out->parts = arena_array(arena, LIMIT_CERTIFICATES, sizeof(*out->parts));
    for (struct bytes rest = octets; find(rest, begin_mark) < rest.size; out->count++) {
        if (out->count == LIMIT_CERTIFICATES)
            return fail(why, REASON_TOO_LARGE, NULL, "more than %d PEM blocks", LIMIT_CERTIFICATES);
        if (!take_pem(&rest, arena, &out->parts[out->count], why))
            return false;
    }
    return true;
}

bool inspect_unwrap(struct bytes octets, struct arena *arena, struct wrapped *out,
                    struct failure *why)
{
    *out = (struct wrapped){.count = 0};
    struct bytes body = is_http(octets) ? take_http(octets, out) : octets;
    if (body.size == 0)
        return fail(why, REASON_BAD_DATA_FORMAT, NULL, "there is nothing in it");
    if (body.data[0] != 0x30 && find(body, begin_mark) < body.size)
        return take_pems(body, arena, out, why);
    out->parts = arena_array(arena, 1, sizeof(*out->parts));
    out->count = 1;
    struct bytes text = body;
    while (text.size > 0 && is_space(text.data[0]))
        text = after(text, 1);
    /* A SEQUENCE is 'M' in base64. */
    if (!starts_with(text, "M") || !decode_base64(text, arena, &out->parts[0].der))
        out->parts[0].der = body;
    return true;
}
