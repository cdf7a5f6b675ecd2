/* A device's message on its way in: claim, replay, protection, route, rights, then to its
 * transaction. */
#ifndef DRAGOMAN_GATEWAY_ENGINE_RECEIVE_H
#define DRAGOMAN_GATEWAY_ENGINE_RECEIVE_H

#include "gateway/engine/live.h"

/* Decides what becomes of a visit, from the beginning: also for one that was parked. */
void visit_look(struct visit *visit);
/* Somebody else works on its transaction: look again soon, until it gives up. */
void visit_park(struct visit *visit);
/* Opens a transaction, or joins the one that the same device left open (open.c). */
void visit_open(struct visit *visit);
/* Whether a known exchange is over, so that its repetition is a new request (open.c). */
bool visit_is_new_wish(const struct visit *visit, const struct transaction *row);
/* The same for a revocation (revoke.c). */
void visit_revoke(struct visit *visit);
/* A new transaction for a request that was judged. */
void visit_begin(struct visit *visit);

/* Questions that need no transaction: CA certificates, what a request should hold (support.c). */
bool support_offers(enum operation operation);
void visit_support(struct visit *visit);

#endif
