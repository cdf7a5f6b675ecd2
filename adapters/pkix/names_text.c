/* Names for people: RFC 4514, and on top of it escapes for all that could deceive a reader. */
#include <stdio.h>

#include "adapters/pkix/names.h"
#include "adapters/pkix/names_value.h"

/* A text that grows; each piece is small. */
struct text {
    struct arena *arena;
    uint8_t *octets;
    size_t size, room;
};

static void add(struct text *text, const void *octets, size_t size)
{
    if (text->room - text->size < size) {
        size_t room = 2 * text->room + size + 64;
        uint8_t *larger = arena_alloc(text->arena, room);
        if (text->size > 0)
            memcpy(larger, text->octets, text->size);
        text->octets = larger;
        text->room = room;
    }
    memcpy(text->octets + text->size, octets, size);
    text->size += size;
}

static void add_word(struct text *text, const char *word)
{
    add(text, word, strlen(word));
}

static void add_hex(struct text *text, const char *before, struct bytes octets)
{
    for (size_t i = 0; i < octets.size; i++) {
        char hex[8];
        add(text, hex, (size_t)snprintf(hex, sizeof(hex), "%s%02x", before, octets.data[i]));
    }
}

static void add_point(struct text *text, uint32_t point, bool edge_space)
{
    uint8_t utf8[4];
    size_t size = utf8_encode(point, utf8);
    if (point_kind(point) != POINT_PLAIN && point_kind(point) != POINT_PRIVATE) {
        add_hex(text, "\\", bytes_of(utf8, size));
        return;
    }
    if (edge_space || (point < 0x80 && strchr("\"+,;<>\\", (int)point) != NULL))
        add_word(text, "\\");
    add(text, utf8, size);
}

static void add_text(struct text *text, const struct der *value)
{
    struct name_points points = name_points(value);
    bool first = true;
    for (uint32_t point; name_points_next(&points, &point); first = false) {
        bool last = points.rest.size == 0;
        bool edge = (point == ' ' && (first || last)) || (point == '#' && first);
        add_point(text, point, edge);
    }
}

static void add_attribute(struct text *text, const struct name_attribute *attribute)
{
    const struct name_attribute_row *row = name_attribute_row(attribute->type);
    add_word(text, row != NULL ? row->word : der_oid_text(text->arena, attribute->type));
    add_word(text, "=");
    if (row != NULL && name_value_kind(&attribute->value, NULL) == NAME_VALUE_TEXT) {
        add_text(text, &attribute->value);
        return;
    }
    add_word(text, "#");
    add_hex(text, "", attribute->value.whole);
}

static void add_rdn(struct text *text, struct bytes rdn)
{
    struct name_attribute attribute;
    for (bool first = true; name_next_attribute(&rdn, &attribute); first = false) {
        if (!first)
            add_word(text, "+");
        add_attribute(text, &attribute);
    }
}

/* Where each RDN begins, so that the last can be written first. */
static struct bytes *list_rdns(struct bytes rdns, struct arena *arena, size_t *count)
{
    struct bytes rest = rdns, rdn;
    *count = 0;
    while (name_next_rdn(&rest, &rdn))
        ++*count;
    struct bytes *list = arena_array(arena, *count, sizeof(*list));
    for (size_t i = 0; i < *count; i++)
        name_next_rdn(&rdns, &list[i]);
    return list;
}

struct bytes names_text(struct bytes name, struct arena *arena)
{
    struct text text = {.arena = arena};
    struct bytes rdns;
    size_t count;
    if (!name_open(name, &rdns)) {
        add_word(&text, "#");
        add_hex(&text, "", name);
        return bytes_of(text.octets, text.size);
    }
    struct bytes *list = list_rdns(rdns, arena, &count);
    for (size_t i = count; i-- > 0;) {
        add_rdn(&text, list[i]);
        if (i > 0)
            add_word(&text, ",");
    }
    return bytes_of(text.octets, text.size);
}
