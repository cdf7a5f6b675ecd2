/* Object identifiers between their encoding (X.690 8.19) and dotted text. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "adapters/pkix/der.h"

enum { OID_OCTETS = 64, ARC_OCTETS = 10 };

/* One arc, base 128, most significant first. Returns how many octets it took. */
static size_t write_arc(uint8_t *to, uint64_t arc)
{
    uint8_t reversed[ARC_OCTETS];
    size_t count = 0;
    do {
        reversed[count++] = arc & 0x7f;
        arc >>= 7;
    } while (arc > 0);
    for (size_t i = 0; i < count; i++)
        to[i] = (uint8_t)(reversed[count - 1 - i] | (i + 1 < count ? 0x80 : 0));
    return count;
}

static uint64_t read_dotted_arc(const char **text)
{
    char *end;
    uint64_t arc = strtoull(*text, &end, 10);
    assert(end != *text && (*end == '.' || *end == '\0'));
    *text = *end == '.' ? end + 1 : end;
    return arc;
}

/* The content octets of a dotted constant. */
static size_t encode(const char *dotted, uint8_t out[OID_OCTETS])
{
    uint64_t top = read_dotted_arc(&dotted);
    size_t size = write_arc(out, top * 40 + read_dotted_arc(&dotted));
    while (*dotted != '\0') {
        assert(size + ARC_OCTETS <= OID_OCTETS);
        size += write_arc(out + size, read_dotted_arc(&dotted));
    }
    return size;
}

struct bytes der_oid(struct arena *arena, const char *dotted)
{
    uint8_t octets[OID_OCTETS];
    return der_wrap(arena, DER_OID, bytes_of(octets, encode(dotted, octets)));
}

bool der_oid_is(struct bytes tlv, const char *dotted)
{
    uint8_t octets[OID_OCTETS];
    struct der oid;
    return der_only(tlv, DER_OID, &oid) &&
           bytes_equal(oid.content, bytes_of(octets, encode(dotted, octets)));
}

/* Takes one arc off the front; false if it is cut off, padded or over 63 bits. */
static bool next_arc(struct bytes *rest, uint64_t *arc)
{
    *arc = 0;
    for (size_t i = 0; i < rest->size && i < ARC_OCTETS - 1; i++) {
        if (i == 0 && rest->data[0] == 0x80)
            return false;
        *arc = *arc << 7 | (rest->data[i] & 0x7f);
        if ((rest->data[i] & 0x80) != 0)
            continue;
        *rest = bytes_slice(*rest, i + 1, rest->size);
        return true;
    }
    return false;
}

const char *der_oid_text(struct arena *arena, struct bytes tlv)
{
    enum { ARC_CHARACTERS = 21 };
    struct der oid;
    uint64_t arc;
    if (!der_only(tlv, DER_OID, &oid) || !next_arc(&oid.content, &arc))
        return "?";
    size_t room = (oid.content.size + 2) * ARC_CHARACTERS;
    char *text = arena_alloc(arena, room);
    uint64_t top = arc < 80 ? arc / 40 : 2;
    size_t used = (size_t)snprintf(text, room, "%" PRIu64 ".%" PRIu64, top, arc - top * 40);
    while (oid.content.size > 0) {
        if (!next_arc(&oid.content, &arc))
            return "?";
        used += (size_t)snprintf(text + used, room - used, ".%" PRIu64, arc);
    }
    return text;
}
