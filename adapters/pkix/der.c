#include "adapters/pkix/der.h"

#include <stdlib.h>

#include "mapping/model/limits.h"

enum { CONSTRUCTED = 0x20, CLASS = 0xc0, NUMBER = 0x1f, MORE = 0x80 };

/* X.690 10.1: definite form with the fewest octets. At most four of them: no message is larger.
 * The header is tag and length together. */
static bool read_header(struct bytes tlv, size_t *header, size_t *length)
{
    if (tlv.size < 2 || (tlv.data[0] & NUMBER) == NUMBER)
        return false;
    size_t octets = tlv.data[1] & 0x7f;
    *header = 2;
    *length = octets;
    if ((tlv.data[1] & MORE) == 0)
        return true;
    if (octets == 0 || octets > 4 || octets > tlv.size - 2 || tlv.data[2] == 0)
        return false;
    *length = 0;
    for (size_t i = 0; i < octets; i++)
        *length = *length << 8 | tlv.data[2 + i];
    *header = 2 + octets;
    return *length >= MORE;
}

bool der_next(struct bytes *rest, struct der *out)
{
    size_t header, length;
    if (!read_header(*rest, &header, &length) || length > rest->size - header)
        return false;
    out->tag = rest->data[0];
    out->whole = bytes_of(rest->data, header + length);
    out->content = bytes_of(rest->data + header, length);
    *rest = bytes_of(rest->data + header + length, rest->size - header - length);
    return true;
}

bool der_take(struct bytes *rest, uint8_t tag, struct der *out)
{
    if (rest->size == 0 || rest->data[0] != tag)
        return false;
    return der_next(rest, out);
}

bool der_only(struct bytes octets, uint8_t tag, struct der *out)
{
    return der_take(&octets, tag, out) && octets.size == 0;
}

/* ---- soundness ------------------------------------------------------------------------------ */

static bool integer_is_minimal(struct bytes content)
{
    if (content.size == 0)
        return false;
    if (content.size == 1)
        return true;
    bool redundant = (content.data[0] == 0x00 && (content.data[1] & 0x80) == 0) ||
                     (content.data[0] == 0xff && (content.data[1] & 0x80) != 0);
    return !redundant;
}

static bool bit_string_is_sound(struct bytes content)
{
    if (content.size == 0 || content.data[0] > 7)
        return false;
    if (content.size == 1)
        return content.data[0] == 0;
    unsigned unused = (1u << content.data[0]) - 1;
    return (content.data[content.size - 1] & unused) == 0;
}

/* Each arc in the fewest octets, the last one complete. */
static bool oid_is_sound(struct bytes content)
{
    bool starts = true;
    for (size_t i = 0; i < content.size; i++) {
        if (starts && content.data[i] == MORE)
            return false;
        starts = (content.data[i] & MORE) == 0;
    }
    return content.size > 0 && starts;
}

static bool universal_is_sound(const struct der *tlv)
{
    bool b;
    switch (tlv->tag) {
    case DER_BOOLEAN:
        return der_boolean(tlv->content, &b);
    case DER_INTEGER:
    case DER_ENUMERATED:
        return integer_is_minimal(tlv->content);
    case DER_BIT_STRING:
        return bit_string_is_sound(tlv->content);
    case DER_NULL:
        return tlv->content.size == 0;
    case DER_OID:
        return oid_is_sound(tlv->content);
    case DER_SEQUENCE:
    case DER_SET:
        return true;
    default: {
        /* Strings and times are primitive in DER; EXTERNAL, EMBEDDED PDV and the unrestricted
         * character string are constructed. Tag 0 is the end-of-contents of BER. */
        unsigned number = tlv->tag & NUMBER;
        bool constructed = (tlv->tag & CONSTRUCTED) != 0;
        bool composite = number == 8 || number == 11 || number == 29;
        return number > 5 && number != 16 && number != 17 && constructed == composite;
    }
    }
}

bool der_is_sound(struct bytes octets)
{
    struct bytes rest[LIMIT_DER_DEPTH];
    size_t depth = 0;
    if (octets.size == 0)
        return false;
    rest[0] = octets;
    for (;;) {
        while (rest[depth].size == 0) {
            if (depth == 0)
                return true;
            depth--;
        }
        struct der tlv;
        if (!der_next(&rest[depth], &tlv))
            return false;
        if ((tlv.tag & CLASS) == 0 && tlv.tag != DER_OCTET_STRING && !universal_is_sound(&tlv))
            return false;
        if ((tlv.tag & CONSTRUCTED) == 0 || tlv.content.size == 0)
            continue;
        if (++depth == LIMIT_DER_DEPTH)
            return false;
        rest[depth] = tlv.content;
    }
}

/* ---- values --------------------------------------------------------------------------------- */

bool der_number(struct bytes content, int64_t *out)
{
    if (!integer_is_minimal(content) || content.size > sizeof(*out))
        return false;
    uint64_t value = (content.data[0] & 0x80) != 0 ? UINT64_MAX : 0;
    for (size_t i = 0; i < content.size; i++)
        value = value << 8 | content.data[i];
    memcpy(out, &value, sizeof(value));
    return true;
}

bool der_boolean(struct bytes content, bool *out)
{
    if (content.size != 1 || (content.data[0] != 0x00 && content.data[0] != 0xff))
        return false;
    *out = content.data[0] != 0;
    return true;
}

bool der_bits(struct bytes content, struct bytes *out)
{
    if (content.size == 0 || content.data[0] != 0)
        return false;
    *out = bytes_slice(content, 1, content.size - 1);
    return true;
}

bool der_name_is_empty(struct bytes name)
{
    return name.size == 0 || (name.size == 2 && name.data[0] == DER_SEQUENCE && name.data[1] == 0);
}

/* ---- writing -------------------------------------------------------------------------------- */

static uint8_t *write_header(uint8_t *to, uint8_t tag, size_t length)
{
    *to++ = tag;
    if (length < MORE) {
        *to++ = (uint8_t)length;
        return to;
    }
    unsigned octets = 0;
    for (size_t n = length; n > 0; n >>= 8)
        octets++;
    *to++ = (uint8_t)(MORE | octets);
    while (octets-- > 0)
        *to++ = (uint8_t)(length >> (8 * octets));
    return to;
}

struct bytes der_join(struct arena *arena, uint8_t tag, const struct bytes *parts, size_t count)
{
    enum { HEADER = 2 + sizeof(size_t) };
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        length += parts[i].size;
    uint8_t *start = arena_alloc(arena, HEADER + length);
    uint8_t *to = write_header(start, tag, length);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].size > 0)
            memcpy(to, parts[i].data, parts[i].size);
        to += parts[i].size;
    }
    return bytes_of(start, (size_t)(to - start));
}

struct bytes der_wrap(struct arena *arena, uint8_t tag, struct bytes content)
{
    return der_join(arena, tag, &content, 1);
}

/* X.690 11.6: as octet strings, the shorter one padded with zeros. Of two different TLVs neither
 * is a prefix of the other, so the padding never decides. */
static int compare_encodings(const void *left, const void *right)
{
    const struct bytes *a = left, *b = right;
    size_t common = a->size < b->size ? a->size : b->size;
    int order = common == 0 ? 0 : memcmp(a->data, b->data, common);
    return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

struct bytes der_set_of(struct arena *arena, uint8_t tag, const struct bytes *parts, size_t count)
{
    struct bytes *sorted = arena_array(arena, count, sizeof(*sorted));
    if (count > 0) {
        memcpy(sorted, parts, count * sizeof(*sorted));
        qsort(sorted, count, sizeof(*sorted), compare_encodings);
    }
    return der_join(arena, tag, sorted, count);
}

struct bytes der_integer(struct arena *arena, int64_t n)
{
    uint8_t octets[sizeof(n)];
    uint64_t value = (uint64_t)n;
    for (size_t i = sizeof(octets); i-- > 0; value >>= 8)
        octets[i] = (uint8_t)value;
    struct bytes content = bytes_of(octets, sizeof(octets));
    while (!integer_is_minimal(content))
        content = bytes_slice(content, 1, content.size - 1);
    return der_wrap(arena, DER_INTEGER, content);
}

struct bytes der_bit_string(struct arena *arena, struct bytes octets)
{
    static const uint8_t no_unused_bits = 0;
    const struct bytes parts[] = {bytes_of(&no_unused_bits, 1), octets};
    return der_join(arena, DER_BIT_STRING, parts, 2);
}
