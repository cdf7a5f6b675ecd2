#include "mapping/codes.h"
#include "mapping/model/limits.h"

/* The length of the well-formed UTF-8 sequence at the front (RFC 3629), 0 if there is none. */
static size_t utf8_length(struct bytes b, uint32_t *code_point)
{
    static const struct {
        uint8_t mask, lead;
        size_t size;
        uint32_t least;
    } forms[] = {{0x80, 0x00, 1, 0},
                 {0xe0, 0xc0, 2, 0x80},
                 {0xf0, 0xe0, 3, 0x800},
                 {0xf8, 0xf0, 4, 0x10000}};
    for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
        if ((b.data[0] & forms[f].mask) != forms[f].lead)
            continue;
        if (b.size < forms[f].size)
            return 0;
        uint32_t point = b.data[0] & (uint8_t)~forms[f].mask;
        for (size_t i = 1; i < forms[f].size; i++) {
            if ((b.data[i] & 0xc0) != 0x80)
                return 0;
            point = point << 6 | (b.data[i] & 0x3f);
        }
        bool surrogate = point >= 0xd800 && point <= 0xdfff;
        if (point < forms[f].least || point > 0x10ffff || surrogate)
            return 0;
        *code_point = point;
        return forms[f].size;
    }
    return 0;
}

static bool is_control(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x2028 || point == 0x2029 ||
           (point >= 0x200b && point <= 0x200f) || (point >= 0x202a && point <= 0x202e) ||
           (point >= 0x2060 && point <= 0x2069) || point == 0xfeff;
}

struct bytes peer_text(struct bytes text, struct arena *arena)
{
    uint8_t *out = arena_alloc(arena, LIMIT_PEER_TEXT_OCTETS);
    size_t used = 0;
    for (size_t at = 0; at < text.size;) {
        uint32_t point = 0;
        size_t size = utf8_length(bytes_slice(text, at, 4), &point);
        bool plain = size > 0 && !is_control(point);
        size_t need = plain ? size : 1;
        if (used + need > LIMIT_PEER_TEXT_OCTETS)
            break;
        if (plain)
            memcpy(out + used, text.data + at, size);
        else
            out[used] = size > 0 ? ' ' : '?';
        used += need;
        at += size > 0 ? size : 1;
    }
    return bytes_of(out, used);
}
