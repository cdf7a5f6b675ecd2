/* Names against patterns: who may ask for what. Whatever cannot be told does not match. */
#include "adapters/pkix/names.h"
#include "adapters/pkix/names_pattern.h"
#include "mapping/model/limits.h"

/* A value or a pattern as names_same sees it. */
struct folded {
    uint32_t *points;
    size_t count;
};

/* Appends as name_folded_next would; a mark counts as a character, so that the spaces beside it
 * stay. */
static void append(struct folded *to, bool *space, uint32_t point)
{
    if (name_is_white_space(point)) {
        *space = to->count > 0;
        return;
    }
    if (*space)
        to->points[to->count++] = ' ';
    *space = false;
    to->points[to->count++] = name_fold(point);
}

static bool fold_pattern(const struct name_part *part, struct bytes reference, struct arena *arena,
                         struct folded *out)
{
    /* A space and its character for each point; references may be named more than once. */
    size_t references = 0;
    for (size_t i = 0; i < part->count; i++)
        references += part->points[i] == PATTERN_REFERENCE;
    size_t room = 2 * (part->count + references * reference.size) + 2;
    bool space = false;
    *out = (struct folded){.points = arena_array(arena, room, sizeof(*out->points))};
    for (size_t i = 0; i < part->count; i++) {
        if (part->points[i] != PATTERN_REFERENCE) {
            append(out, &space, part->points[i]);
            continue;
        }
        if (reference.size == 0)
            return false;
        for (struct bytes rest = reference; rest.size > 0;) {
            uint32_t point;
            size_t size = utf8_decode(rest, &point);
            if (size == 0)
                return false;
            append(out, &space, point);
            rest = bytes_slice(rest, size, rest.size - size);
        }
    }
    return true;
}

static struct folded fold_value(const struct der *value, struct arena *arena)
{
    struct folded out = {.points =
                             arena_array(arena, 2 * value->content.size + 1, sizeof(*out.points))};
    struct name_folded folded = name_folded(value);
    while (name_folded_next(&folded, &out.points[out.count]))
        out.count++;
    return out;
}

/* Goes back to the last '*' only: linear for one star, never worse than the product of lengths. */
static bool glob(const struct folded *pattern, const struct folded *value)
{
    size_t p = 0, v = 0, star = SIZE_MAX, resume = 0;
    while (v < value->count) {
        if (p < pattern->count && pattern->points[p] == PATTERN_ANY) {
            star = p++;
            resume = v;
        } else if (p < pattern->count && pattern->points[p] == value->points[v]) {
            p++;
            v++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            v = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern->count && pattern->points[p] == PATTERN_ANY)
        p++;
    return p == pattern->count;
}

static bool attribute_matches(const struct name_attribute *attribute, const struct name_part *part,
                              struct bytes reference, struct arena *arena)
{
    struct folded pattern;
    if (!bytes_equal(attribute->type, part->type))
        return false;
    if (part->is_hex)
        return bytes_equal(attribute->value.whole, part->tlv);
    if (name_value_kind(&attribute->value, NULL) != NAME_VALUE_TEXT ||
        !fold_pattern(part, reference, arena, &pattern))
        return false;
    struct folded value = fold_value(&attribute->value, arena);
    return glob(&pattern, &value);
}

/* The members of an RDN in any order, each part used once. */
static bool rdn_matches(struct bytes rdn, const struct name_part *parts, size_t count,
                        struct bytes reference, struct arena *arena)
{
    bool taken[LIMIT_NAME_RDNS] = {false};
    struct name_attribute attribute;
    size_t used = 0;
    for (; rdn.size > 0; used++) {
        if (!name_next_attribute(&rdn, &attribute))
            return false;
        size_t i = 0;
        while (i < count &&
               (taken[i] || !attribute_matches(&attribute, &parts[i], reference, arena)))
            i++;
        if (i == count)
            return false;
        taken[i] = true;
    }
    return used == count;
}

bool names_check_pattern(const char *pattern, struct arena *arena, struct failure *why)
{
    struct name_part *parts;
    size_t count;
    return name_parts_read(pattern, true, arena, &parts, &count, why);
}

bool names_match(struct bytes name, const char *pattern, struct bytes reference,
                 struct arena *arena)
{
    struct failure ignored;
    struct name_part *parts;
    size_t count;
    struct bytes rdns, rdn;
    if (!name_open(name, &rdns) || rdns.size == 0 ||
        !name_parts_read(pattern, true, arena, &parts, &count, &ignored))
        return false;
    while (rdns.size > 0) {
        size_t end = count;
        while (count > 0 && parts[count - 1].joined)
            count--;
        if (count == 0 || !name_next_rdn(&rdns, &rdn))
            return false;
        count--;
        if (!rdn_matches(rdn, &parts[count], end - count, reference, arena))
            return false;
    }
    return count == 0;
}
