/* Rows for tests of the store: complete, recognisable, made from a number. */
#ifndef DRAGOMAN_TESTS_SUPPORT_STORE_ROWS_H
#define DRAGOMAN_TESTS_SUPPORT_STORE_ROWS_H

#include "gateway/store/store.h"

/* Version 1, state NEW, every field filled; n tells one from another. */
struct transaction row_transaction(unsigned n, struct arena *arena);
/* The same row with the next version and another state. */
struct transaction row_next(const struct transaction *row, enum state state);
struct stored_reply row_reply(unsigned n, struct bytes transaction, struct arena *arena);
/* Issued at 1000 + n by "factory". */
struct issued_certificate row_certificate(unsigned n, struct bytes transaction,
                                          struct arena *arena);
/* For "directory"; n is its slot and when it was queued and is due. */
struct outbox_item row_outbox(unsigned n, struct arena *arena);

/* Every field, by cmocka's assertions. */
void assert_same_transaction(const struct transaction *got, const struct transaction *want);
void assert_same_reply(const struct stored_reply *got, const struct stored_reply *want);
void assert_same_certificate(const struct issued_certificate *got,
                             const struct issued_certificate *want);
/* But the sequence, which is the store's. */
void assert_same_outbox(const struct outbox_item *got, const struct outbox_item *want);

#endif
