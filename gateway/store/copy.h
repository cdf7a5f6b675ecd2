/* Deep copies of the store's values into an arena. */
#ifndef DRAGOMAN_GATEWAY_STORE_COPY_H
#define DRAGOMAN_GATEWAY_STORE_COPY_H

#include "gateway/store/store.h"

struct transaction transaction_copy(const struct transaction *from, struct arena *arena);
struct stored_reply stored_reply_copy(const struct stored_reply *from, struct arena *arena);
struct issued_certificate issued_certificate_copy(const struct issued_certificate *from,
                                                  struct arena *arena);
struct outbox_item outbox_item_copy(const struct outbox_item *from, struct arena *arena);
struct store_batch store_batch_copy(const struct store_batch *from, struct arena *arena);

#endif
