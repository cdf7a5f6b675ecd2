/* An authority's answer: first whether it can be believed, then what it means for each item. */
#ifndef DRAGOMAN_ADAPTERS_CMP_CMP_RESPONSE_H
#define DRAGOMAN_ADAPTERS_CMP_CMP_RESPONSE_H

#include "adapters/cmp/cmp_session.h"
#include "mapping/model/limits.h"

struct cmp_answer {
    struct cmp_decoding decoding;
    /* extraCerts, what the session kept of earlier ones, and caPubs; owned by the arena. */
    struct certificate *certificates[2 * LIMIT_CERTIFICATES];
    size_t certificate_count;
    bool implicit_confirm; /* granted */
};

/* False: nothing of the answer may be used, and `why` (UPSTREAM_UNTRUSTED) tells the reason. True:
 * it is signed by one who may, answers our last message, and its body fits. Notes in the session
 * what the next message needs. */
bool cmp_answer_read(const struct outbound_context *context, struct cmp_session *session,
                     const struct message *message, struct arena *arena, struct cmp_answer *answer,
                     struct failure *why);

/* PKIStatusInfo to a result: status, reasons, text, source. False if it cannot be read. */
bool cmp_answer_status(struct bytes status_info, struct arena *arena, struct result *result,
                       struct failure *why);

/* Fills response->results[i] for every item whose fate is still open, and notes in the session
 * which of them wait, and what is to be confirmed. */
void cmp_answer_judge(const struct outbound_context *context, const struct request *request,
                      const struct cmp_answer *answer, struct arena *arena,
                      struct cmp_session *session, struct response *response);
/* The same for the answer to a certConf. */
void cmp_answer_judge_confirmation(const struct cmp_answer *answer, struct arena *arena,
                                   struct response *response);

#endif
