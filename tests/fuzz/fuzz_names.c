/* Names: what the comparisons promise, and text there and back. The first octet says how the rest
 * is cut into two names. */
#include <assert.h>
#include <string.h>

#include "adapters/pkix/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare(struct bytes a, struct bytes b)
{
    bool same = names_same(a, b), like = names_like(a, b);
    assert(same == names_same(b, a));
    assert(like == names_like(b, a));
    assert(like || !same);
    assert(general_names_same(a, b) == general_names_same(b, a));
}

/* What a request may hold can be written, read back, and used as a pattern for itself. */
static void there_and_back(struct bytes name, struct arena *arena)
{
    struct failure why = {0};
    struct bytes again;
    const char *text = arena_text(arena, names_text(name, arena));
    if (!names_check_request(name, &why))
        return;
    assert(names_same(name, name));
    if (!names_parse(text, arena, &again, &why)) {
        /* An OID may have arcs that no machine word holds. */
        assert(strstr(why.text, "unknown attribute") != NULL);
        return;
    }
    assert(names_same(name, again));
    if (text[0] != '\0' && strstr(text, "%{") == NULL)
        assert(names_match(name, text, BYTES_EMPTY, arena));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct arena *arena = arena_new();
    struct bytes rest = bytes_of(data + 1, size - 1), name;
    struct failure why;
    size_t cut = rest.size * data[0] / 255;
    struct bytes a = bytes_slice(rest, 0, cut), b = bytes_slice(rest, cut, rest.size);
    compare(a, b);
    there_and_back(a, arena);
    there_and_back(b, arena);
    general_names_text(a, arena);
    if (names_parse(arena_text(arena, rest), arena, &name, &why))
        there_and_back(name, arena);
    names_match(a, arena_text(arena, b), BYTES_LITERAL("mast-1"), arena);
    arena_free(arena);
    return 0;
}
