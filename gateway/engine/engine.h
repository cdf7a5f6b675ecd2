/* The engine: carries transactions through their states. It is told what happened and asks for
 * actions; clock, randomness, store and transport come in through `struct engine_ports`, so a whole
 * gateway can run in one thread under a simulator.
 *
 * Order of every action: decide, store, and only from the store's completion send or answer.
 *
 * One engine belongs to one thread; several engines (threads, machines) may share a store. */
#ifndef DRAGOMAN_GATEWAY_ENGINE_ENGINE_H
#define DRAGOMAN_GATEWAY_ENGINE_ENGINE_H

#include "gateway/config/config.h"
#include "gateway/store/store.h"

struct engine;

struct engine_ports {
    void *context;
    int64_t (*now)(void *context);    /* s since 1970 UTC */
    int64_t (*now_ms)(void *context); /* monotonic */
    void (*random)(void *context, uint8_t *octets, size_t size);
    /* Send a call to an authority; the result comes by engine_answered with the same ticket. */
    void (*send)(void *context, const struct authority_config *authority, const struct call *call,
                 uint64_t ticket);
    /* Answer a device's message. Called exactly once for each engine_message. */
    void (*reply)(void *context, void *exchange, const struct reply *reply);
    /* Call engine_tick at that monotonic time or earlier. */
    void (*wake)(void *context, int64_t at_ms);
    /* Runs run(argument) in the engine's thread: for completions of the store. */
    void (*post)(void *context, void (*run)(void *argument), void *argument);
    struct store *store;
    struct log *log; /* NULL: silent */
};

struct engine *engine_new(const struct engine_ports *ports, struct config *config);
/* New messages use the new configuration; transactions under way find their route and authority by
 * name. */
void engine_set_config(struct engine *engine, struct config *config);
/* Takes up what the store holds unfinished: sent without an answer, pending, unconfirmed. */
void engine_recover(struct engine *engine);
/* A device's message. `exchange` comes back in ports.reply; message lives until then. */
void engine_message(struct engine *engine, size_t listener, const struct message *message,
                    const char *peer, void *exchange);
void engine_answered(struct engine *engine, uint64_t ticket, enum http_outcome outcome,
                     const struct message *answer, const struct failure *why);
void engine_tick(struct engine *engine);
/* Exchanges that wait for an answer, and writes under way. */
size_t engine_busy(const struct engine *engine);
void engine_free(struct engine *engine);

#endif
