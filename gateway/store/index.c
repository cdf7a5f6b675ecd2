#include "gateway/store/index.h"

#include <stdlib.h>

enum { FIRST_BUCKETS = 64 };

/* FNV-1a: the keys are digests and random numbers of our own, so nobody can make them collide. */
static size_t hash(struct bytes key)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < key.size; i++)
        h = (h ^ key.data[i]) * 1099511628211u;
    return (size_t)h;
}

static struct index_entry **bucket_of(const struct index *index, struct bytes key)
{
    return &index->buckets[hash(key) & (index->bucket_count - 1)];
}

static void grow(struct index *index)
{
    struct index old = *index;
    index->bucket_count = old.bucket_count == 0 ? FIRST_BUCKETS : old.bucket_count * 4;
    index->buckets = calloc(index->bucket_count, sizeof(struct index_entry *));
    if (index->buckets == NULL)
        abort();
    for (size_t b = 0; b < old.bucket_count; b++) {
        /* Backwards, so that the order within a key stays. */
        struct index_entry *reversed = NULL;
        for (struct index_entry *e = old.buckets[b], *next; e != NULL; e = next) {
            next = e->next;
            e->next = reversed;
            reversed = e;
        }
        for (struct index_entry *e = reversed, *next; e != NULL; e = next) {
            next = e->next;
            struct index_entry **bucket = bucket_of(index, e->key);
            e->next = *bucket;
            *bucket = e;
        }
    }
    free(old.buckets);
}

void index_put(struct index *index, struct bytes key, void *value)
{
    if (index->entry_count >= index->bucket_count)
        grow(index);
    struct index_entry *entry = malloc(sizeof(*entry));
    if (entry == NULL)
        abort();
    struct index_entry **bucket = bucket_of(index, key);
    *entry = (struct index_entry){.next = *bucket, .key = key, .value = value};
    *bucket = entry;
    index->entry_count++;
}

void index_remove(struct index *index, struct bytes key, const void *value)
{
    if (index->bucket_count == 0)
        return;
    for (struct index_entry **at = bucket_of(index, key); *at != NULL; at = &(*at)->next) {
        struct index_entry *entry = *at;
        if (entry->value == value && bytes_equal(entry->key, key)) {
            *at = entry->next;
            free(entry);
            index->entry_count--;
            return;
        }
    }
}

const struct index_entry *index_find(const struct index *index, struct bytes key,
                                     const struct index_entry *previous)
{
    if (index->bucket_count == 0)
        return NULL;
    const struct index_entry *e = previous == NULL ? *bucket_of(index, key) : previous->next;
    while (e != NULL && !bytes_equal(e->key, key))
        e = e->next;
    return e;
}

void *index_get(const struct index *index, struct bytes key)
{
    const struct index_entry *entry = index_find(index, key, NULL);
    return entry == NULL ? NULL : entry->value;
}

void index_clear(struct index *index)
{
    for (size_t b = 0; b < index->bucket_count; b++) {
        for (struct index_entry *e = index->buckets[b], *next; e != NULL; e = next) {
            next = e->next;
            free(e);
        }
    }
    free(index->buckets);
    *index = (struct index){NULL, 0, 0};
}
