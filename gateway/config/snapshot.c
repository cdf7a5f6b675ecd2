#include <stdatomic.h>

#include "gateway/config/config.h"

/* Behind every struct config that is handed out; lives in its own arena. */
struct snapshot {
    struct config config; /* first: the two pointers are the same */
    atomic_size_t references;
    struct arena *arena;
};

static struct snapshot *snapshot_of(struct config *config)
{
    return (struct snapshot *)config;
}

struct config *config_adopt(const struct config *config, struct arena *arena)
{
    struct snapshot *snapshot = arena_alloc(arena, sizeof(*snapshot));
    snapshot->config = *config;
    snapshot->arena = arena;
    atomic_init(&snapshot->references, 1);
    return &snapshot->config;
}

struct config *config_ref(struct config *config)
{
    atomic_fetch_add(&snapshot_of(config)->references, 1);
    return config;
}

void config_unref(struct config *config)
{
    if (config == NULL)
        return;
    struct snapshot *snapshot = snapshot_of(config);
    if (atomic_fetch_sub(&snapshot->references, 1) == 1)
        arena_free(snapshot->arena);
}
