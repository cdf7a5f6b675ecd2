/* Answering a device, with the one log line that tells the exchange. */
#ifndef DRAGOMAN_GATEWAY_ENGINE_ANSWER_H
#define DRAGOMAN_GATEWAY_ENGINE_ANSWER_H

#include "gateway/engine/live.h"

/* Sends the reply, logs, frees the visit. `status` is a result word ("granted", "refused", ...).
 * `why` (NULL: nothing was refused) names the clause. */
void visit_answer(struct visit *visit, const struct reply *reply, const char *status,
                  const struct failure *why);
/* The protocol's error for a message that was not decoded or may not be done. */
void visit_refuse(struct visit *visit, const struct failure *why);
/* The answer to a decoded request that holds items: one refused result for each. */
void visit_refuse_items(struct visit *visit, const struct failure *why);
/* An answer that is not part of a transaction's record (a pending notice, a replayed octet run). */
void visit_respond(struct visit *visit, const struct response *response);
/* Adds visit's decoded facts to a log line: for other lines about the same request. */
void log_request(struct log_line *line, const struct request *request);
/* Why a response refuses: its worst result as a failure. False if nothing is refused. */
bool response_why(const struct response *response, struct failure *why);

#endif
