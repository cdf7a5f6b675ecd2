#include "adapters/pkix/names.h"

#include "adapters/pkix/names_value.h"
#include "mapping/model/limits.h"

typedef bool value_equal(const struct name_attribute *a, const struct name_attribute *b);

bool names_octets_equal(struct bytes a, struct bytes b)
{
    return a.size > 0 && bytes_equal(a, b);
}

/* ---- values --------------------------------------------------------------------------------- */

static bool text_same(const struct der *a, const struct der *b)
{
    struct name_folded left = name_folded(a), right = name_folded(b);
    for (;;) {
        uint32_t x = 0, y = 0;
        bool more = name_folded_next(&left, &x);
        if (name_folded_next(&right, &y) != more || x != y)
            return false;
        if (!more)
            return true;
    }
}

static bool value_same(const struct name_attribute *a, const struct name_attribute *b)
{
    enum name_value left = name_value_kind(&a->value, NULL);
    enum name_value right = name_value_kind(&b->value, NULL);
    if (left == NAME_VALUE_BAD || right == NAME_VALUE_BAD)
        return false;
    if (left == NAME_VALUE_TEXT && right == NAME_VALUE_TEXT)
        return text_same(&a->value, &b->value);
    return left == right && a->value.tag == b->value.tag &&
           bytes_equal(a->value.content, b->value.content);
}

static bool text_like(const struct der *a, const struct der *b)
{
    struct arena *arena = arena_new();
    uint32_t *left, *right;
    size_t left_count, right_count;
    bool like = name_prepare(a, arena, &left, &left_count) &&
                name_prepare(b, arena, &right, &right_count) && left_count == right_count &&
                memcmp(left, right, left_count * sizeof(*left)) == 0;
    arena_free(arena);
    return like;
}

/* Labels of a domain compare exactly but for ASCII case (RFC 5280 7.2, 7.3): nothing to prepare. */
static bool value_like(const struct name_attribute *a, const struct name_attribute *b)
{
    static const char domain_component[] = "0.9.2342.19200300.100.1.25";
    if (value_same(a, b))
        return true;
    return name_value_kind(&a->value, NULL) == NAME_VALUE_TEXT &&
           name_value_kind(&b->value, NULL) == NAME_VALUE_TEXT &&
           !der_oid_is(a->type, domain_component) && text_like(&a->value, &b->value);
}

/* ---- sets and sequences --------------------------------------------------------------------- */

struct rdn {
    struct name_attribute attributes[LIMIT_NAME_RDNS];
    size_t count;
};

static bool read_rdn(struct bytes *rdns, struct rdn *out)
{
    struct bytes rest;
    out->count = 0;
    if (!name_next_rdn(rdns, &rest))
        return false;
    while (rest.size > 0)
        if (out->count == LIMIT_NAME_RDNS ||
            !name_next_attribute(&rest, &out->attributes[out->count++]))
            return false;
    return true;
}

/* The members of an RDN are paired one to one: RFC 5280 7.1 read word by word would let {a, a}
 * match {a, b}. */
static bool rdn_equal(const struct rdn *a, const struct rdn *b, value_equal *equal)
{
    bool taken[LIMIT_NAME_RDNS] = {false};
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        size_t j = 0;
        while (j < b->count &&
               (taken[j] || !bytes_equal(a->attributes[i].type, b->attributes[j].type) ||
                !equal(&a->attributes[i], &b->attributes[j])))
            j++;
        if (j == b->count)
            return false;
        taken[j] = true;
    }
    return true;
}

static bool names_equal(struct bytes a, struct bytes b, value_equal *equal)
{
    struct bytes left, right;
    struct rdn x, y;
    if (!name_open(a, &left) || !name_open(b, &right))
        return false;
    while (left.size > 0 && right.size > 0)
        if (!read_rdn(&left, &x) || !read_rdn(&right, &y) || !rdn_equal(&x, &y, equal))
            return false;
    return left.size == 0 && right.size == 0;
}

bool names_same(struct bytes a, struct bytes b)
{
    return names_equal(a, b, value_same);
}

bool names_like(struct bytes a, struct bytes b)
{
    return names_equal(a, b, value_like);
}
