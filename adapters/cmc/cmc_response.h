/* An authority's answer: first whether it can be believed, then what it means for each item. */
#ifndef DRAGOMAN_ADAPTERS_CMC_CMC_RESPONSE_H
#define DRAGOMAN_ADAPTERS_CMC_CMC_RESPONSE_H

#include "adapters/cmc/cmc_session.h"
#include "adapters/pkix/cms.h"

struct cmc_answer {
    struct cms_signed cms;
    bool simple;          /* certificates alone, unsigned (RFC 10002 4.1) */
    struct cmc_body body; /* empty in a Simple Response */
    struct cmc_status *statuses;
    size_t status_count;
    struct bytes sender_nonce;
    int64_t spoken_at; /* the authority's clock, as far as it is known, else ours */
};

/* False: nothing of the answer may be used, and `why` (UPSTREAM_UNTRUSTED) tells the reason. */
bool cmc_answer_read(const struct outbound_context *context, const struct cmc_session *session,
                     const struct message *message, struct arena *arena, struct cmc_answer *answer,
                     struct failure *why);

/* Fills response->results[i] for every item whose fate is still open, and notes in the session
 * which of them are pending, under which token. */
void cmc_answer_judge(const struct outbound_context *context, const struct request *request,
                      const struct cmc_answer *answer, struct arena *arena,
                      struct cmc_session *session, struct response *response);
/* The same for the answer to a confirmation. */
void cmc_answer_judge_confirmation(const struct cmc_answer *answer, struct arena *arena,
                                   const struct cmc_session *session, struct response *response);

#endif
