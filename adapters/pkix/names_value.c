#include "adapters/pkix/names_value.h"

/* ---- structure ------------------------------------------------------------------------------ */

/* As der_next, but a length may be written in more octets than it needs. */
static bool next_tlv(struct bytes *rest, struct der *out)
{
    if (rest->size < 2 || (rest->data[0] & 0x1f) == 0x1f)
        return false;
    size_t length = rest->data[1], header = 2;
    if (length > 0x7f) {
        size_t octets = length & 0x7f;
        if (octets == 0 || octets > 4 || octets > rest->size - 2)
            return false;
        length = 0;
        for (size_t i = 0; i < octets; i++)
            length = length << 8 | rest->data[2 + i];
        header += octets;
    }
    if (length > rest->size - header)
        return false;
    out->tag = rest->data[0];
    out->whole = bytes_of(rest->data, header + length);
    out->content = bytes_of(rest->data + header, length);
    *rest = bytes_of(rest->data + header + length, rest->size - header - length);
    return true;
}

static bool take_tlv(struct bytes *rest, uint8_t tag, struct der *out)
{
    struct bytes left = *rest;
    if (!next_tlv(&left, out) || out->tag != tag)
        return false;
    *rest = left;
    return true;
}

/* Name ::= SEQUENCE OF RelativeDistinguishedName */
bool name_open(struct bytes name, struct bytes *rdns)
{
    struct der sequence;
    if (!take_tlv(&name, DER_SEQUENCE, &sequence) || name.size > 0)
        return false;
    *rdns = sequence.content;
    return true;
}

/* RelativeDistinguishedName ::= SET SIZE (1..MAX) OF AttributeTypeAndValue */
bool name_next_rdn(struct bytes *rdns, struct bytes *rdn)
{
    struct der set;
    struct bytes left = *rdns;
    if (!take_tlv(&left, DER_SET, &set) || set.content.size == 0)
        return false;
    *rdns = left;
    *rdn = set.content;
    return true;
}

/* AttributeTypeAndValue ::= SEQUENCE { type OBJECT IDENTIFIER, value ANY DEFINED BY type } */
bool name_next_attribute(struct bytes *rdn, struct name_attribute *out)
{
    struct der sequence, type;
    struct bytes left = *rdn;
    if (!take_tlv(&left, DER_SEQUENCE, &sequence))
        return false;
    struct bytes inside = sequence.content;
    if (!take_tlv(&inside, DER_OID, &type) || !next_tlv(&inside, &out->value) || inside.size > 0)
        return false;
    out->type = type.whole;
    *rdn = left;
    return true;
}

/* ---- values --------------------------------------------------------------------------------- */

/* One code point off the front of a string of that type; 0 octets if it is ill-formed. */
static size_t decode(uint8_t tag, struct bytes rest, uint32_t *point)
{
    switch (tag) {
    case NAME_TAG_UTF8:
        return utf8_decode(rest, point);
    case NAME_TAG_BMP:
        if (rest.size < 2)
            return 0;
        *point = (uint32_t)rest.data[0] << 8 | rest.data[1];
        return *point >= 0xd800 && *point <= 0xdfff ? 0 : 2;
    case NAME_TAG_UNIVERSAL:
        if (rest.size < 4)
            return 0;
        *point = (uint32_t)rest.data[0] << 24 | (uint32_t)rest.data[1] << 16 |
                 (uint32_t)rest.data[2] << 8 | rest.data[3];
        return *point > 0x10ffff || (*point >= 0xd800 && *point <= 0xdfff) ? 0 : 4;
    default:
        *point = rest.data[0];
        return *point > 0x7f ? 0 : 1;
    }
}

/* T.61 and ASCII put other characters, or none, at these places. */
static bool is_common_t61(uint8_t octet)
{
    return octet >= 0x20 && octet < 0x7f && strchr("#$\\^`{}~", octet) == NULL;
}

enum name_value name_value_kind(const struct der *value, size_t *bad_at)
{
    struct bytes rest = value->content;
    switch (value->tag) {
    case NAME_TAG_T61:
        for (size_t i = 0; i < rest.size; i++)
            if (!is_common_t61(rest.data[i]))
                return NAME_VALUE_OPAQUE;
        return NAME_VALUE_TEXT;
    case NAME_TAG_UTF8:
    case NAME_TAG_BMP:
    case NAME_TAG_UNIVERSAL:
    case NAME_TAG_NUMERIC:
    case NAME_TAG_PRINTABLE:
    case NAME_TAG_IA5:
    case NAME_TAG_VISIBLE:
        break;
    default:
        return NAME_VALUE_OPAQUE;
    }
    while (rest.size > 0) {
        uint32_t point;
        size_t size = decode(value->tag, rest, &point);
        if (size == 0 || point == 0) {
            if (bad_at != NULL)
                *bad_at = value->content.size - rest.size;
            return NAME_VALUE_BAD;
        }
        rest = bytes_slice(rest, size, rest.size - size);
    }
    return NAME_VALUE_TEXT;
}

struct name_points name_points(const struct der *value)
{
    return (struct name_points){value->tag, value->content};
}

bool name_points_next(struct name_points *points, uint32_t *point)
{
    if (points->rest.size == 0)
        return false;
    size_t size = decode(points->tag, points->rest, point);
    points->rest = bytes_slice(points->rest, size, points->rest.size - size);
    return size > 0;
}

/* ---- the strict fold ------------------------------------------------------------------------ */

bool name_is_white_space(uint32_t point)
{
    return point == ' ' || (point >= '\t' && point <= '\r');
}

uint32_t name_fold(uint32_t point)
{
    return point >= 'A' && point <= 'Z' ? point + ('a' - 'A') : point;
}

struct name_folded name_folded(const struct der *value)
{
    return (struct name_folded){.points = name_points(value)};
}

bool name_folded_next(struct name_folded *folded, uint32_t *point)
{
    if (folded->held != 0) {
        *point = folded->held;
        folded->held = 0;
        return true;
    }
    bool space = false;
    for (uint32_t next; name_points_next(&folded->points, &next);) {
        if (name_is_white_space(next)) {
            space = true;
            continue;
        }
        *point = name_fold(next);
        if (space && folded->started) {
            folded->held = *point;
            *point = ' ';
        }
        folded->started = true;
        return true;
    }
    return false;
}
