/* One loop thread and what lives in it: the doors (HTTP servers), the way to the authorities (HTTP
 * client), and an engine. Workers share the store, the log and the configuration's snapshot. */
#ifndef DRAGOMAN_GATEWAY_RUN_WORKER_H
#define DRAGOMAN_GATEWAY_RUN_WORKER_H

#include "gateway/engine/engine.h"

struct worker;

/* Opens the doors of every listener; NULL: why tells. Nothing is accepted before its loop runs. */
struct worker *worker_new(struct config *config, struct store *store, struct log *log,
                          struct failure *why);
/* Stops a running loop; safe from any thread. */
void worker_stop(struct worker *worker);
void worker_free(struct worker *worker);

struct loop *worker_loop(struct worker *worker);
struct engine *worker_engine(struct worker *worker);
/* The port that a listener was given. */
int worker_port(const struct worker *worker, size_t listener);

/* From the worker's own thread: doors of new listeners open, those of removed ones drain, TLS
 * contexts are replaced. False: a door could not be opened; the others are. */
bool worker_set_config(struct worker *worker, struct config *config, struct failure *why);
/* No new connection; `idle` is called once when nothing is under way, or after limit_ms. */
void worker_drain(struct worker *worker, int64_t limit_ms, void (*idle)(void *context),
                  void *context);

#endif
