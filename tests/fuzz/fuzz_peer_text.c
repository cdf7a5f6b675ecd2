/* What a peer says becomes text that is safe to pass on, and stays within its limit whatever is
 * added to it. */
#include <assert.h>
#include <stdlib.h>

#include "mapping/codes.h"
#include "mapping/model/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Well-formed (RFC 3629) and without C0, C1 and DEL. */
static void check(struct bytes text)
{
    size_t i = 0;
    assert(text.size <= LIMIT_PEER_TEXT_OCTETS);
    while (i < text.size) {
        const uint8_t lead = text.data[i];
        const size_t more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
        assert((lead >= 0x20 && lead < 0x7f) || (lead >= 0xc2 && lead < 0xf5));
        assert(i + more < text.size);
        for (size_t j = 1; j <= more; j++)
            assert((text.data[i + j] & 0xc0) == 0x80);
        assert(lead != 0xc2 || text.data[i + 1] >= 0xa0);
        i += more + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    struct arena *arena = arena_new();
    struct result result = {
        .status = RESULT_REFUSED,
        .source = {(enum protocol)(data[0] % PROTOCOL_LOCAL), (int8_t)data[1]},
        .has_source = true,
        .text = peer_text(bytes_of(data + 2, size - 2), arena),
    };
    check(result.text);
    assert(bytes_equal(result.text, peer_text(result.text, arena)));
    result_add_reason(&result, (enum reason)(data[1] % REASON_COUNT));
    result_keep_code(&result, arena);
    check(result.text);
    result_blame_gateway(&result, arena);
    check(result.text);
    arena_free(arena);
    return 0;
}
