#include "gateway/engine/throttle.h"

#include <stdlib.h>

#include "adapters/pkix/signature.h"
#include "mapping/model/limits.h"

enum { SLOTS = 4096, WAYS = 4 };

/* A set-associative table: a reference falls into one of SLOTS / WAYS sets by its hash, and the
 * oldest of a full set makes room. The hash is of SHA-256, so a peer cannot aim at a set cheaply.
 */
struct slot {
    uint8_t hash[32];
    long failures;
    int64_t last;
};

struct throttle {
    struct slot slots[SLOTS];
};

struct throttle *throttle_new(void)
{
    struct throttle *throttle = calloc(1, sizeof(*throttle));
    if (throttle == NULL)
        abort();
    return throttle;
}

void throttle_free(struct throttle *throttle)
{
    free(throttle);
}

static size_t set_of(const uint8_t hash[32])
{
    size_t set = ((size_t)hash[0] << 8 | hash[1]) % (SLOTS / WAYS);
    return set * WAYS;
}

static const struct slot *find(const struct throttle *throttle, const uint8_t hash[32])
{
    size_t first = set_of(hash);
    for (size_t i = first; i < first + WAYS; i++) {
        if (throttle->slots[i].failures > 0 && memcmp(throttle->slots[i].hash, hash, 32) == 0)
            return &throttle->slots[i];
    }
    return NULL;
}

bool throttle_locked(const struct throttle *throttle, struct bytes reference, int64_t now)
{
    if (bytes_is_empty(reference))
        return false;
    uint8_t hash[32];
    sha256(reference, hash);
    const struct slot *slot = find(throttle, hash);
    return slot != NULL && slot->failures >= LIMIT_MAC_FAILURES &&
           now - slot->last < LIMIT_MAC_LOCK_S;
}

void throttle_count_failure(struct throttle *throttle, struct bytes reference, int64_t now)
{
    if (bytes_is_empty(reference))
        return;
    uint8_t hash[32];
    sha256(reference, hash);
    const struct slot *known = find(throttle, hash);
    size_t at = set_of(hash);
    if (known != NULL) {
        at = (size_t)(known - throttle->slots);
    } else {
        size_t first = at;
        for (size_t i = first; i < first + WAYS; i++) {
            if (throttle->slots[i].last < throttle->slots[at].last)
                at = i;
        }
        throttle->slots[at].failures = 0;
        memcpy(throttle->slots[at].hash, hash, 32);
    }
    struct slot *slot = &throttle->slots[at];
    if (now - slot->last >= LIMIT_MAC_LOCK_S)
        slot->failures = 0;
    slot->failures++;
    slot->last = now;
}

void throttle_forgive(struct throttle *throttle, struct bytes reference)
{
    if (bytes_is_empty(reference))
        return;
    uint8_t hash[32];
    sha256(reference, hash);
    const struct slot *slot = find(throttle, hash);
    if (slot != NULL)
        throttle->slots[slot - throttle->slots].failures = 0;
}
