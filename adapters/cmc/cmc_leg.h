/* What is remembered between the messages of one device's exchange: enough to answer, and to check
 * a queryPending. Stored with the transaction; holds no secret. */
#ifndef DRAGOMAN_ADAPTERS_CMC_CMC_LEG_H
#define DRAGOMAN_ADAPTERS_CMC_CMC_LEG_H

#include "mapping/model/arena.h"
#include "mapping/model/failure.h"

struct cmc_leg {
    bool simple;                 /* a Simple PKI Request: no controls to echo, body part id 1 */
    struct bytes transaction_id; /* INTEGER content; empty if the device sent none */
    struct bytes received_nonce; /* its last senderNonce; empty if it sent none */
    struct bytes sent_nonce;     /* our last senderNonce; empty before the first answer */
    struct bytes *data_returns;  /* octets: go back in every answer (RFC 10002 6.4) */
    size_t data_return_count;
    struct bytes token;      /* our pendToken */
    int64_t pend_time;       /* as first announced (RFC 10002 6.13); 0: not yet */
    struct bytes group;      /* name of the device group */
    struct bytes credential; /* 32 octets: who may ask with the token */
};

struct bytes cmc_leg_pack(const struct cmc_leg *leg, struct arena *arena);
/* Slices point into `packed`. Empty `packed` gives an empty leg. */
bool cmc_leg_unpack(struct bytes packed, struct arena *arena, struct cmc_leg *leg,
                    struct failure *why);

#endif
