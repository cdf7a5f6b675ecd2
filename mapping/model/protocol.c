#include "mapping/model/protocol.h"

#include <assert.h>

const char *protocol_word(enum protocol protocol)
{
    static const char *const words[PROTOCOL_COUNT] = {
        [PROTOCOL_CMP] = "cmp",
        [PROTOCOL_CMC] = "cmc",
        [PROTOCOL_EST] = "est",
        [PROTOCOL_LOCAL] = "local",
    };
    assert((unsigned)protocol < PROTOCOL_COUNT);
    return words[protocol];
}
