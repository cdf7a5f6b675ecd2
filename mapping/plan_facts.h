/* What the plan's table asks of an item, as a set of yes-or-no facts. */
#ifndef DRAGOMAN_MAPPING_PLAN_FACTS_H
#define DRAGOMAN_MAPPING_PLAN_FACTS_H

#include "mapping/plan.h"

enum {
    FACT_UNCHECKED = 1 << 0, /* the proof of possession was never looked at */
    FACT_VERIFIED = 1 << 1,  /* we checked it */
    FACT_VOUCHED = 1 << 2,   /* an RA checked it and says so */
    FACT_OPEN = 1 << 3,      /* only somebody else can check it */
    FACT_KEY_ABSENT = 1 << 4,
    FACT_KUR = 1 << 5, /* a CMP kur: bound to the protection by the old key (RFC 9483 5.2.3) */
    FACT_NOT_KUR = 1 << 6,
    FACT_RA_POP = 1 << 7,   /* the authority takes our word for a POP */
    FACT_FULL_CMC = 1 << 8, /* EST: /fullcmc is there */
    FACT_P10CR = 1 << 9,    /* CMP: p10cr is taken */
    /* The CertRequest can stand in a PKIData as it is: its certReqId is a bodyPartID of its own and
     * no control is barred (RFC 10002 3.2.1.2.2, 3.2.2). */
    FACT_CMC_ID = 1 << 10,
    FACT_ID0_PASSES = 1 << 11,  /* certReqId 0, and the authority was tested to take that */
    FACT_ID0_REFUSED = 1 << 12, /* certReqId 0, and the configuration wants that refused */
    FACT_MAY_REBUILD = 1 << 13, /* giving the request a new certReqId is allowed */
};

uint32_t plan_facts(const struct request *request, const struct item *item,
                    const struct capabilities *authority);

#endif
