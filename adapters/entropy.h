/* Fresh random octets that the caller drew: adapters pick no nonces themselves. */
#ifndef DRAGOMAN_ADAPTERS_ENTROPY_H
#define DRAGOMAN_ADAPTERS_ENTROPY_H

#include <assert.h>

#include "mapping/model/arena.h"

enum { ENTROPY_OCTETS = 1024 }; /* enough for one step of any adapter */

struct entropy {
    const uint8_t *octets;
    size_t left;
};

/* The next `size` octets, copied into the arena. Running out is a mistake of ours. */
static inline struct bytes entropy_take(struct entropy *entropy, size_t size, struct arena *arena)
{
    assert(entropy->left >= size);
    struct bytes taken = arena_copy(arena, bytes_of(entropy->octets, size));
    entropy->octets += size;
    entropy->left -= size;
    return taken;
}

#endif
