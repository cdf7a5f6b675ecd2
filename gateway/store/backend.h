/* What a store is made of: the table of functions behind store.h. Included by the backends, and by
 * tests that put a faulty store around a sound one. */
#ifndef DRAGOMAN_GATEWAY_STORE_BACKEND_H
#define DRAGOMAN_GATEWAY_STORE_BACKEND_H

#include "gateway/store/store.h"

/* Each as the function of store.h that has its name. A backend puts `struct store` first in its
 * own struct. */
struct store_backend {
    void (*close)(struct store *store);
    /* Ends with exactly one store_complete, now or later, in any thread. */
    void (*commit)(struct store *store, const struct store_batch *batch,
                   const struct store_completion *completion);
    bool (*find_exchange)(struct store *store, struct bytes exchange, struct arena *arena,
                          struct transaction *out, bool *broken);
    bool (*find_id)(struct store *store, struct bytes id, struct arena *arena,
                    struct transaction *out, bool *broken);
    bool (*find_asked)(struct store *store, struct bytes key, struct arena *arena,
                       struct transaction *out, bool *broken);
    bool (*find_like)(struct store *store, struct bytes text, struct arena *arena,
                      struct transaction *out, bool *broken);
    bool (*find_reply)(struct store *store, struct bytes digest, struct arena *arena,
                       struct stored_reply *out, bool *broken);
    bool (*find_certificate)(struct store *store, struct bytes issuer, struct bytes serial,
                             struct arena *arena, struct issued_certificate *out, bool *broken);
    bool (*find_key)(struct store *store, struct bytes spki_sha256, struct arena *arena,
                     struct issued_certificate *out, bool *broken);
    struct transaction *(*due)(struct store *store, int64_t now, size_t most, struct arena *arena,
                               size_t *count);
    int64_t (*next_wake)(struct store *store);
    struct transaction *(*list)(struct store *store, const struct transaction_filter *filter,
                                struct arena *arena, size_t *count);
    struct issued_certificate *(*certificates)(struct store *store,
                                               const struct certificate_filter *filter,
                                               struct arena *arena, size_t *count);
    struct outbox_item *(*outbox)(struct store *store, const struct outbox_filter *filter,
                                  struct arena *arena, size_t *count);
    int64_t (*next_number)(struct store *store, const char *name);
    void (*expire)(struct store *store, int64_t replies_before, int64_t transactions_before);
    const char *(*trouble)(struct store *store, struct arena *arena);
};

struct store {
    const struct store_backend *backend;
};

/* Tells the caller of a batch what became of it, in the thread of its choice. */
void store_complete(const struct store_completion *completion, enum store_result result);

#endif
