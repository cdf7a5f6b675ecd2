#include "gateway/store/memory_outbox.h"

#include <stdlib.h>

#include "gateway/store/copy.h"

struct kept_item {
    TAILQ_ENTRY(kept_item) all;
    struct arena *arena; /* holds it */
    struct outbox_item value;
};

void memory_outbox_init(struct memory_outbox *outbox)
{
    TAILQ_INIT(&outbox->items);
    outbox->last = 0;
}

static void drop(struct memory_outbox *outbox, struct kept_item *kept)
{
    TAILQ_REMOVE(&outbox->items, kept, all);
    arena_free(kept->arena);
}

void memory_outbox_clear(struct memory_outbox *outbox)
{
    while (!TAILQ_EMPTY(&outbox->items))
        drop(outbox, TAILQ_FIRST(&outbox->items));
}

static bool same_slot(const struct outbox_item *a, const struct outbox_item *b)
{
    return strcmp(a->repository, b->repository) == 0 &&
           memcmp(a->slot, b->slot, sizeof(a->slot)) == 0;
}

static void put(struct memory_outbox *outbox, const struct outbox_item *item)
{
    struct kept_item *kept;
    TAILQ_FOREACH(kept, &outbox->items, all)
    if (same_slot(&kept->value, item))
        break;
    if (kept != NULL)
        drop(outbox, kept);
    struct arena *arena = arena_new();
    kept = arena_alloc(arena, sizeof(*kept));
    kept->arena = arena;
    kept->value = outbox_item_copy(item, arena);
    kept->value.sequence = ++outbox->last;
    TAILQ_INSERT_TAIL(&outbox->items, kept, all);
}

static void take_report(struct memory_outbox *outbox, const struct outbox_report *report)
{
    struct kept_item *kept;
    TAILQ_FOREACH(kept, &outbox->items, all)
    if (kept->value.sequence == report->sequence)
        break;
    if (kept == NULL)
        return;
    if (report->done) {
        drop(outbox, kept);
        return;
    }
    kept->value.parked = report->parked;
    kept->value.due_at = report->due_at;
    kept->value.attempts = report->attempts;
    kept->value.last_code = report->code;
    kept->value.last_text = arena_copy(kept->arena, report->text);
}

void memory_outbox_apply(struct memory_outbox *outbox, const struct store_batch *batch)
{
    for (size_t i = 0; i < batch->outbox_count; i++)
        put(outbox, &batch->outbox[i]);
    for (size_t i = 0; i < batch->outbox_report_count; i++)
        take_report(outbox, &batch->outbox_reports[i]);
}

static bool passes(const struct outbox_filter *filter, const struct outbox_item *item)
{
    return strcmp(filter->repository, item->repository) == 0 && item->due_at <= filter->due_by &&
           item->parked == filter->parked;
}

struct outbox_item *memory_outbox_list(const struct memory_outbox *outbox,
                                       const struct outbox_filter *filter, struct arena *arena,
                                       size_t *count)
{
    size_t all = 0;
    const struct kept_item *kept;
    TAILQ_FOREACH(kept, &outbox->items, all)
    all++;
    struct outbox_item *out = arena_array(arena, all + 1, sizeof(*out));
    *count = 0;
    TAILQ_FOREACH(kept, &outbox->items, all)
    if (*count < filter->most && passes(filter, &kept->value))
        out[(*count)++] = outbox_item_copy(&kept->value, arena);
    return out;
}
