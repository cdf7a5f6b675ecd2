#include "gateway/engine/engine.h"

#include <stdlib.h>

#include "gateway/engine/live.h"
#include "gateway/engine/throttle.h"

struct engine *engine_new(const struct engine_ports *ports, struct config *config)
{
    struct engine *engine = calloc(1, sizeof(*engine));
    if (engine == NULL)
        abort();
    engine->ports = *ports;
    engine->config = config_ref(config);
    engine->throttle = throttle_new();
    return engine;
}

void engine_set_config(struct engine *engine, struct config *config)
{
    struct config *old = engine->config;
    engine->config = config_ref(config);
    config_unref(old);
}

size_t engine_busy(const struct engine *engine)
{
    return engine->visit_count + engine->commit_count;
}

void engine_free(struct engine *engine)
{
    if (engine == NULL)
        return;
    live_each(engine, live_free);
    while (engine->parked != NULL) {
        struct visit *visit = engine->parked;
        engine->parked = visit->next;
        visit_free(visit);
    }
    throttle_free(engine->throttle);
    config_unref(engine->config);
    free(engine);
}
