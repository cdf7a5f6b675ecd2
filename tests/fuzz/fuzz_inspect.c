/* inspect: whatever a file holds, what is printed is plain text. */
#include <assert.h>

#include "adapters/inspect.h"
#include "adapters/pkix/characters.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct node *root;
    struct failure why = {0};
    if (inspect(bytes_of(data, size), arena, &root, &why)) {
        for (struct bytes rest = node_lines(root, arena); rest.size > 0;) {
            uint32_t point;
            size_t used = utf8_decode(rest, &point);
            assert(used > 0);
            assert(point == '\n' || point_kind(point) == POINT_PLAIN);
            rest = bytes_slice(rest, used, rest.size - used);
        }
    } else {
        assert(why.text[0] != '\0');
    }
    arena_free(arena);
    return 0;
}
