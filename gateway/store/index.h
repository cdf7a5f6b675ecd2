/* A hash table from octets to pointers, many values a key: the memory store's indexes. */
#ifndef DRAGOMAN_GATEWAY_STORE_INDEX_H
#define DRAGOMAN_GATEWAY_STORE_INDEX_H

#include "mapping/model/bytes.h"

struct index_entry {
    struct index_entry *next; /* of the same bucket */
    struct bytes key;
    void *value;
};

struct index {
    struct index_entry **buckets;
    size_t bucket_count;
    size_t entry_count;
};

/* The key's octets must live as long as the entry. */
void index_put(struct index *index, struct bytes key, void *value);
void index_remove(struct index *index, struct bytes key, const void *value);
/* The next entry of a key after `previous` (NULL: the first), last put first. NULL: no more. */
const struct index_entry *index_find(const struct index *index, struct bytes key,
                                     const struct index_entry *previous);
/* Of a key that has one value at most. */
void *index_get(const struct index *index, struct bytes key);
void index_clear(struct index *index);

#endif
