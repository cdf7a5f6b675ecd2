/* The memory store's outbox. For memory.c, which holds its lock. */
#ifndef DRAGOMAN_GATEWAY_STORE_MEMORY_OUTBOX_H
#define DRAGOMAN_GATEWAY_STORE_MEMORY_OUTBOX_H

#include <sys/queue.h>

#include "gateway/store/store.h"

struct kept_item;

struct memory_outbox {
    TAILQ_HEAD(, kept_item) items; /* as they were put */
    int64_t last;
};

void memory_outbox_init(struct memory_outbox *outbox);
void memory_outbox_clear(struct memory_outbox *outbox);
/* What the batch puts, then what it reports. */
void memory_outbox_apply(struct memory_outbox *outbox, const struct store_batch *batch);
struct outbox_item *memory_outbox_list(const struct memory_outbox *outbox,
                                       const struct outbox_filter *filter, struct arena *arena,
                                       size_t *count);

#endif
