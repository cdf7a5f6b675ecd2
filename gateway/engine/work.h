/* How a transaction moves. All functions run in the engine's thread; any of them may free the live
 * transaction when nothing is left to do, so callers do not touch it afterwards. */
#ifndef DRAGOMAN_GATEWAY_ENGINE_WORK_H
#define DRAGOMAN_GATEWAY_ENGINE_WORK_H

#include "gateway/engine/live.h"

/* ---- row.c: between the store and memory ---- */

/* A fresh row for a visit's planned request. The live transaction is not registered yet. */
struct live *live_from_visit(struct visit *visit);
/* From the store. NULL: its route or authority is gone from the configuration. */
struct live *live_from_row(struct engine *engine, const struct transaction *row);
/* The visit's message continues as this transaction: its ids, its leg, its request's octets. */
void live_adopt_visit(struct live *live, struct visit *visit);
/* Makes the row in its present state durable, with what the store shall say of its certificates
 * and the reply (NULL: none), then runs `then`. A store that fails is tried again until it works;
 * an insert that fails refuses the visits instead. */
void live_commit(struct live *live, const struct stored_reply *reply, void (*then)(struct live *));
/* The row as it is, together with the first answer that it makes possible. */
void live_conclude(struct live *live);
/* Whether the visit's message is the one that opened the exchange. live may be NULL. */
bool live_opened_by(const struct visit *visit, const struct live *live,
                    const struct transaction *row);
/* Whether the device rejected all or part of what a row delivered. */
bool row_was_rejected(const struct transaction *row);
/* What a request is recognised by when its device starts over: a hash of the key it asks for, or of
 * all its keys; empty for requests without keys. */
struct bytes request_key(const struct request *request, struct arena *arena);
/* The same batch once more. */
void live_recommit(struct live *live);
void live_state(struct live *live, enum state state);
void live_note(struct live *live, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- work.c: the one place that decides what is next ---- */

/* Takes what has arrived, answers whom it can. */
void live_work(struct live *live);
/* Hands a visit over; it is answered when the transaction knows what to say. */
void live_attach(struct live *live, struct visit *visit);
/* Begins the call to the authority for a live transaction made by live_from_visit. */
void live_begin(struct live *live);
/* Gives the outbound session an event and acts on its step. */
void live_event(struct live *live, const struct outbound_event *event);
void live_send(struct live *live);
/* Visits that waited long enough are told to ask again. */
void live_hold_over(struct live *live);

/* ---- finish.c: what an authority's final word leads to ---- */

void live_finish(struct live *live, struct response *response);
/* A device that started over gets what was issued, under its new request's terms. */
void live_deliver_again(struct live *live);
/* No trustworthy word came. */
void live_unknown(struct live *live, const struct response *response);
void live_pending(struct live *live, int64_t wait_until);
/* Answers visits from what is known; false if nothing can be said yet. */
bool live_answer_visits(struct live *live);

/* ---- revoke.c ---- */

/* What a revocation that was granted changes in the journal. */
size_t revoked_certificates(struct live *live, struct issued_certificate **rows);

/* ---- confirm.c ---- */

void confirm_visit(struct live *live, struct visit *visit);
/* A confirmation from the right device that cannot be read: any negative answer ends the
 * transaction (RFC 9483 3.6.4), so it counts as a rejection. */
void confirm_visit_faulty(struct live *live, struct visit *visit, const struct failure *why);
/* A confirmation of what was confirmed already, or never in time. */
void confirm_visit_late(struct live *live, struct visit *visit);
/* The device gave up while a certificate waits for its word: that is a rejection. */
void live_cancel(struct live *live, struct visit *visit);
void live_finish_confirm(struct live *live, const struct response *response);
void live_finish_compensation(struct live *live, const struct response *response);
/* Confirms for a device whose protocol has no confirmation. */
void live_confirm_ourselves(struct live *live);

/* ---- due.c ---- */

/* Takes up what the store says is due. */
void engine_wake_due(struct engine *engine);

#endif
