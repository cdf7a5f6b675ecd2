/* A store that can lose its process: around a sound one, it crashes at a chosen commit and delays
 * every completion until its caller's turn. */
#ifndef DRAGOMAN_TESTS_SUPPORT_SIM_STORE_H
#define DRAGOMAN_TESTS_SUPPORT_SIM_STORE_H

#include "gateway/store/store.h"

struct sim_store;

/* Takes over inner; close with store_close. */
struct store *sim_store_open(struct store *inner, struct sim_store **switches);
/* The k-th commit from now (0: the next) is the last: not durable, or durable but untold (after).
 */
void sim_store_crash_at(struct sim_store *store, unsigned k, bool after);
bool sim_store_has_crashed(const struct sim_store *store);
/* Nobody waits for completions any more. */
void sim_store_forget(struct sim_store *store);
void sim_store_revive(struct sim_store *store);
/* The next `count` commits fail, as on a full disk. */
void sim_store_fail(struct sim_store *store, unsigned count);
unsigned sim_store_commits(const struct sim_store *store);

#endif
