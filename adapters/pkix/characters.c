#include "adapters/pkix/characters.h"

size_t utf8_decode(struct bytes rest, uint32_t *point)
{
    static const struct {
        uint8_t mask, lead;
        uint32_t least;
    } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    for (size_t f = 0; rest.size > 0 && f < sizeof(forms) / sizeof(forms[0]); f++) {
        if ((rest.data[0] & forms[f].mask) != forms[f].lead)
            continue;
        if (rest.size < f + 1)
            return 0;
        uint32_t value = rest.data[0] & (uint8_t)~forms[f].mask;
        for (size_t i = 1; i <= f; i++) {
            if ((rest.data[i] & 0xc0) != 0x80)
                return 0;
            value = value << 6 | (rest.data[i] & 0x3f);
        }
        if (value < forms[f].least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
            return 0;
        *point = value;
        return f + 1;
    }
    return 0;
}

size_t utf8_encode(uint32_t point, uint8_t out[4])
{
    if (point < 0x80) {
        out[0] = (uint8_t)point;
        return 1;
    }
    size_t more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    for (size_t i = more; i > 0; i--) {
        out[i] = (uint8_t)(0x80 | (point & 0x3f));
        point >>= 6;
    }
    out[0] = (uint8_t)(0xff00u >> (more + 1) | point);
    return more + 1;
}

enum point_kind point_kind(uint32_t point)
{
    static const struct {
        uint32_t first, last;
        enum point_kind kind;
    } ranges[] = {
        {0x0000, 0x001f, POINT_CONTROL},      {0x007f, 0x009f, POINT_CONTROL},
        {0x061c, 0x061c, POINT_BIDI},         {0x200b, 0x200d, POINT_ZERO_WIDTH},
        {0x200e, 0x200f, POINT_BIDI},         {0x2028, 0x2029, POINT_LINE},
        {0x202a, 0x202e, POINT_BIDI},         {0x2060, 0x2060, POINT_ZERO_WIDTH},
        {0x2066, 0x2069, POINT_BIDI},         {0xe000, 0xf8ff, POINT_PRIVATE},
        {0xfdd0, 0xfdef, POINT_NONCHARACTER}, {0xfeff, 0xfeff, POINT_ZERO_WIDTH},
        {0xfffd, 0xfffd, POINT_NONCHARACTER}, {0xf0000, 0xffffd, POINT_PRIVATE},
        {0x100000, 0x10fffd, POINT_PRIVATE},
    };
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        if (point >= ranges[i].first && point <= ranges[i].last)
            return ranges[i].kind;
    return (point & 0xfffe) == 0xfffe ? POINT_NONCHARACTER : POINT_PLAIN;
}
