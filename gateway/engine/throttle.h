/* Wrong secrets are counted by reference, known or not, so that guessing is slow and tells nothing.
 * In memory: a restart forgives. Bounded: the oldest counts make room. */
#ifndef DRAGOMAN_GATEWAY_ENGINE_THROTTLE_H
#define DRAGOMAN_GATEWAY_ENGINE_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "mapping/model/bytes.h"

struct throttle;

struct throttle *throttle_new(void);
void throttle_free(struct throttle *throttle);
/* Whether the reference is locked at `now` (s). The empty reference never is. */
bool throttle_locked(const struct throttle *throttle, struct bytes reference, int64_t now);
void throttle_count_failure(struct throttle *throttle, struct bytes reference, int64_t now);
void throttle_forgive(struct throttle *throttle, struct bytes reference);

#endif
