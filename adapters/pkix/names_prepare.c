/* RFC 4518: preparation of strings for comparison, as caseIgnoreMatch wants them (RFC 5280 7.1).
 *
 * Steps 2 to 4 are a stringprep profile (RFC 3454), step 5 (bidi) does nothing here, step 6 is
 * below. The tables of RFC 3454 are libidn's. */
#include <stringprep.h>

#include "adapters/pkix/names_value.h"
#include "mapping/model/limits.h"

/* libidn looks for `start <= point <= end` in a sorted table that ends with a zero row. */
/* clang-format off */
#define POINT(n) {n, n, {0}}
#define RANGE(first, last) {first, last, {0}}
#define END_OF_TABLE {0, 0, {0}}

/* RFC 4518 2.2. Its variation selectors are printed as FF00-FE0F, a slip for FE00-FE0F: taken
 * literally, full-width letters would vanish. U+0000 never gets here. */
static const Stringprep_table_element to_nothing[] = {
    RANGE(0x0001, 0x0008), RANGE(0x000e, 0x001f), RANGE(0x007f, 0x0084), RANGE(0x0086, 0x009f),
    POINT(0x00ad), POINT(0x034f), POINT(0x06dd), POINT(0x070f), POINT(0x1806),
    RANGE(0x180b, 0x180e), RANGE(0x200b, 0x200f), RANGE(0x202a, 0x202e), RANGE(0x2060, 0x2063),
    RANGE(0x206a, 0x206f), RANGE(0xfe00, 0xfe0f), POINT(0xfeff), RANGE(0xfff9, 0xfffc),
    RANGE(0x1d173, 0x1d17a), POINT(0xe0001), RANGE(0xe0020, 0xe007f),
    END_OF_TABLE
};

static const Stringprep_table_element to_space[] = {
    {0x0009, 0x000d, {' '}}, {0x0085, 0x0085, {' '}}, {0x00a0, 0x00a0, {' '}},
    {0x1680, 0x1680, {' '}}, {0x2000, 0x200a, {' '}}, {0x2028, 0x2029, {' '}},
    {0x202f, 0x202f, {' '}}, {0x205f, 0x205f, {' '}}, {0x3000, 0x3000, {' '}},
    END_OF_TABLE
};

static const Stringprep_table_element replacement[] = {POINT(0xfffd), END_OF_TABLE};

/* RFC 4518 Appendix A. */
static const struct {
    uint32_t first, last;
} combining_marks[] = {
    {0x0300, 0x034f}, {0x0360, 0x036f}, {0x0483, 0x0486}, {0x0488, 0x0489}, {0x0591, 0x05a1},
    {0x05a3, 0x05b9}, {0x05bb, 0x05bc}, {0x05bf, 0x05bf}, {0x05c1, 0x05c2}, {0x05c4, 0x05c4},
    {0x064b, 0x0655}, {0x0670, 0x0670}, {0x06d6, 0x06dc}, {0x06de, 0x06e4}, {0x06e7, 0x06e8},
    {0x06ea, 0x06ed}, {0x0711, 0x0711}, {0x0730, 0x074a}, {0x07a6, 0x07b0}, {0x0901, 0x0903},
    {0x093c, 0x093c}, {0x093e, 0x094f}, {0x0951, 0x0954}, {0x0962, 0x0963}, {0x0981, 0x0983},
    {0x09bc, 0x09bc}, {0x09be, 0x09c4}, {0x09c7, 0x09c8}, {0x09cb, 0x09cd}, {0x09d7, 0x09d7},
    {0x09e2, 0x09e3}, {0x0a02, 0x0a02}, {0x0a3c, 0x0a3c}, {0x0a3e, 0x0a42}, {0x0a47, 0x0a48},
    {0x0a4b, 0x0a4d}, {0x0a70, 0x0a71}, {0x0a81, 0x0a83}, {0x0abc, 0x0abc}, {0x0abe, 0x0ac5},
    {0x0ac7, 0x0ac9}, {0x0acb, 0x0acd}, {0x0b01, 0x0b03}, {0x0b3c, 0x0b3c}, {0x0b3e, 0x0b43},
    {0x0b47, 0x0b48}, {0x0b4b, 0x0b4d}, {0x0b56, 0x0b57}, {0x0b82, 0x0b82}, {0x0bbe, 0x0bc2},
    {0x0bc6, 0x0bc8}, {0x0bca, 0x0bcd}, {0x0bd7, 0x0bd7}, {0x0c01, 0x0c03}, {0x0c3e, 0x0c44},
    {0x0c46, 0x0c48}, {0x0c4a, 0x0c4d}, {0x0c55, 0x0c56}, {0x0c82, 0x0c83}, {0x0cbe, 0x0cc4},
    {0x0cc6, 0x0cc8}, {0x0cca, 0x0ccd}, {0x0cd5, 0x0cd6}, {0x0d02, 0x0d03}, {0x0d3e, 0x0d43},
    {0x0d46, 0x0d48}, {0x0d4a, 0x0d4d}, {0x0d57, 0x0d57}, {0x0d82, 0x0d83}, {0x0dca, 0x0dca},
    {0x0dcf, 0x0dd4}, {0x0dd6, 0x0dd6}, {0x0dd8, 0x0ddf}, {0x0df2, 0x0df3}, {0x0e31, 0x0e31},
    {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e}, {0x0eb1, 0x0eb1}, {0x0eb4, 0x0eb9}, {0x0ebb, 0x0ebc},
    {0x0ec8, 0x0ecd}, {0x0f18, 0x0f19}, {0x0f35, 0x0f35}, {0x0f37, 0x0f37}, {0x0f39, 0x0f39},
    {0x0f3e, 0x0f3f}, {0x0f71, 0x0f84}, {0x0f86, 0x0f87}, {0x0f90, 0x0f97}, {0x0f99, 0x0fbc},
    {0x0fc6, 0x0fc6}, {0x102c, 0x1032}, {0x1036, 0x1039}, {0x1056, 0x1059}, {0x1712, 0x1714},
    {0x1732, 0x1734}, {0x1752, 0x1753}, {0x1772, 0x1773}, {0x17b4, 0x17d3}, {0x180b, 0x180d},
    {0x18a9, 0x18a9}, {0x20d0, 0x20ea}, {0x302a, 0x302f}, {0x3099, 0x309a}, {0xfb1e, 0xfb1e},
    {0xfe00, 0xfe0f}, {0xfe20, 0xfe23}, {0x1d165, 0x1d169}, {0x1d16d, 0x1d172},
    {0x1d17b, 0x1d182}, {0x1d185, 0x1d18b}, {0x1d1aa, 0x1d1ad}
};
/* clang-format on */

static bool is_combining(uint32_t point)
{
    size_t low = 0, high = sizeof(combining_marks) / sizeof(combining_marks[0]);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (point > combining_marks[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < sizeof(combining_marks) / sizeof(combining_marks[0]) &&
           point >= combining_marks[low].first;
}

/* RFC 4518 2.6.1: one space at each edge, two between words; a value of spaces alone is two. A
 * space that carries a combining mark is a character of its own. */
static size_t mind_spaces(const uint32_t *in, size_t count, uint32_t *out)
{
    size_t used = 0;
    bool space = false;
    for (size_t i = 0; i < count; i++) {
        bool carries = i + 1 < count && is_combining(in[i + 1]);
        if (in[i] == ' ' && !carries) {
            space = true;
            continue;
        }
        if (used == 0)
            out[used++] = ' ';
        else if (space) {
            out[used++] = ' ';
            out[used++] = ' ';
        }
        space = false;
        out[used++] = in[i];
    }
    if (used == 0)
        out[used++] = ' ';
    out[used++] = ' ';
    return used;
}

/* libidn searches a table only if it knows its size, and gives none for those of RFC 3454. */
static Stringprep_profile step(Stringprep_profile_steps operation,
                               const Stringprep_table_element *table)
{
    Stringprep_profile out = {.operation = operation, .table = table};
    while (table != NULL && (table[out.table_size].start != 0 || table[out.table_size].end != 0))
        out.table_size++;
    if (operation == STRINGPREP_UNASSIGNED_TABLE)
        out.flags = STRINGPREP_NO_UNASSIGNED;
    return out;
}

static bool stringprep_steps(uint32_t *points, size_t *count, size_t room)
{
    const Stringprep_profile profile[] = {
        step(STRINGPREP_MAP_TABLE, to_nothing),
        step(STRINGPREP_MAP_TABLE, to_space),
        step(STRINGPREP_MAP_TABLE, stringprep_rfc3454_B_2),
        step(STRINGPREP_NFKC, NULL),
        step(STRINGPREP_PROHIBIT_TABLE, stringprep_rfc3454_C_3),
        step(STRINGPREP_PROHIBIT_TABLE, stringprep_rfc3454_C_4),
        step(STRINGPREP_PROHIBIT_TABLE, stringprep_rfc3454_C_5),
        step(STRINGPREP_PROHIBIT_TABLE, stringprep_rfc3454_C_8),
        step(STRINGPREP_PROHIBIT_TABLE, replacement),
        step(STRINGPREP_UNASSIGNED_TABLE, stringprep_rfc3454_A_1),
        {0},
    };
    return stringprep_4i(points, count, room, STRINGPREP_NO_UNASSIGNED, profile) == STRINGPREP_OK;
}

bool name_prepare(const struct der *value, struct arena *arena, uint32_t **points, size_t *count)
{
    /* U+FDFA becomes 18 code points, nothing becomes more. */
    enum { ROOM = LIMIT_NAME_POINTS * 18 + 1 };
    uint32_t *mapped = arena_array(arena, ROOM, sizeof(*mapped));
    size_t size = 0;
    struct name_points rest = name_points(value);
    while (size < LIMIT_NAME_POINTS && name_points_next(&rest, &mapped[size]))
        size++;
    if (rest.rest.size > 0)
        return false;
    if (!stringprep_steps(mapped, &size, ROOM))
        return false;
    *points = arena_array(arena, 3 * size + 2, sizeof(**points));
    *count = mind_spaces(mapped, size, *points);
    return true;
}
