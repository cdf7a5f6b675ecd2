/* Answers of EST, in the form that every client takes: certs-only base64 with exactly the spelling
 * that clients compare, 202 with whole seconds, text that says what to fix. */
#ifndef DRAGOMAN_ADAPTERS_EST_EST_ANSWER_H
#define DRAGOMAN_ADAPTERS_EST_EST_ANSWER_H

#include "adapters/adapter.h"

/* Content-Transfer-Encoding for an answer of this type; NULL: none. */
const char *est_transfer_encoding(const char *content_type);

/* What an answer must know of its request. */
struct bytes est_leg(const struct message *message, struct arena *arena);

void est_encode(struct inbound_context *context, const struct response *response,
                struct arena *arena, struct reply *reply);
void est_refuse(struct inbound_context *context, const struct failure *why, struct arena *arena,
                struct reply *reply);

#endif
