/* How a request will be carried to an authority, or why it cannot be: the nine cells of the
 * operation matrix as data (plan.c holds the table).
 *
 * A pure function of the request (operation, item formats, POP forms and verdicts, identity) and of
 * what the authority can do. It never downgrades silently: each item ends up KEPT, WITNESSED, or
 * the whole request is refused before anything is sent. */
#ifndef DRAGOMAN_MAPPING_PLAN_H
#define DRAGOMAN_MAPPING_PLAN_H

#include "mapping/model/request.h"

/* What to do with a CRMF request whose certReqId is 0, which CMC reserves (RFC 10002 3.2.2) and
 * which stands under the POP signature (RFC 9483 4.1.1). */
enum crmf_id0 { CRMF_ID0_RA_VERIFY, CRMF_ID0_PASS_THROUGH, CRMF_ID0_REFUSE };

struct capabilities {
    enum protocol protocol;
    enum crmf_id0 crmf_id0;
    bool ra_pop;       /* the authority takes our word for a POP (lraPOPWitness, raVerified) */
    bool full_cmc;     /* EST: offers /fullcmc */
    bool p10cr;        /* CMP: takes p10cr */
    bool cms_sequence; /* CMC: processes requests wrapped in cmsSequence */
};

/* Whether requests of this operation can go to the authority at all. What belongs to a transaction
 * under way (confirm, poll, cancel) is no request, and what is answered from the configuration is
 * the engine's. */
bool plan_carries(enum operation operation, const struct capabilities *authority);

/* Sets `carriage` of every item. A revocation has none: it names a certificate and proves nothing.
 */
bool plan_request(struct request *request, const struct capabilities *authority,
                  struct failure *why);

#endif
