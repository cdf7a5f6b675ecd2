/* The embedded CA's revocation list, made from what the store knows as revoked. */
#ifndef DRAGOMAN_GATEWAY_CA_CRL_H
#define DRAGOMAN_GATEWAY_CA_CRL_H

#include "gateway/store/store.h"

struct authority; /* adapters/pkix/credentials.h */

/* Draws the next CRL number, so it waits for the store. */
bool crl_make(struct store *store, const struct authority *authority, int64_t now,
              int64_t next_update, struct arena *arena, struct bytes *der, struct failure *why);

#endif
