#include "gateway/cli/arrivals.h"

#define FIRST (1u << OPERATION_ENROLL | 1u << OPERATION_ENROLL_ADD)
#define AGAIN (1u << OPERATION_UPDATE)

static const struct arrival arrivals[] = {
    {"CMP ir, cr (certReqId 0)", PROTOCOL_CMP, FIRST, ITEM_CRMF, 0},
    {"CMP ir, cr (certReqId 1 or more)", PROTOCOL_CMP, FIRST, ITEM_CRMF, 1},
    {"CMP kur", PROTOCOL_CMP, AGAIN, ITEM_CRMF, 0},
    {"CMC crm", PROTOCOL_CMC, FIRST | AGAIN, ITEM_CRMF, 1},
    {"CMP p10cr", PROTOCOL_CMP, FIRST, ITEM_PKCS10, -1},
    {"CMC tcr", PROTOCOL_CMC, FIRST | AGAIN, ITEM_PKCS10, 1},
    {"EST simpleenroll", PROTOCOL_EST, FIRST, ITEM_PKCS10, 0},
    {"EST simplereenroll", PROTOCOL_EST, AGAIN, ITEM_PKCS10, 0},
};

const struct arrival *arrival_rows(size_t *count)
{
    *count = sizeof(arrivals) / sizeof(arrivals[0]);
    return arrivals;
}

bool arrival_can_have(const struct arrival *arrival, enum pop_form form)
{
    const bool pkcs10 = form >= POP_FORM_PKCS10;
    const bool indirect = form == POP_FORM_SIGNATURE_SENDER || form == POP_FORM_SIGNATURE_MAC;
    if (pkcs10 != (arrival->format == ITEM_PKCS10))
        return false;
    if (form == POP_FORM_PKCS10_BOUND)
        return arrival->inbound == PROTOCOL_EST;
    if (form == POP_FORM_NO_SIGNATURE || form == POP_FORM_DH_POP)
        return arrival->inbound == PROTOCOL_CMC;
    return !indirect || arrival->inbound == PROTOCOL_CMP; /* RFC 10002 3.2.1.2.2 bars them */
}

static enum pop_verdict best_verdict(enum pop_form form)
{
    static const enum pop_verdict verdicts[POP_FORM_COUNT] = {
        [POP_FORM_SIGNATURE] = POP_VERIFIED,     [POP_FORM_SIGNATURE_SENDER] = POP_VERIFIED,
        [POP_FORM_SIGNATURE_MAC] = POP_VERIFIED, [POP_FORM_PKCS10] = POP_VERIFIED,
        [POP_FORM_PKCS10_BOUND] = POP_VERIFIED,  [POP_FORM_RA_VERIFIED] = POP_VOUCHED,
    };
    return verdicts[form] == POP_UNCHECKED ? POP_OPEN : verdicts[form];
}

bool arrival_plan(const struct arrival *arrival, enum pop_form form,
                  const struct capabilities *authority, enum carriage *carriage,
                  struct failure *why)
{
    struct item item = {.format = arrival->format,
                        .pop_form = form,
                        .pop_verdict = best_verdict(form),
                        .inbound_id = arrival->id};
    const bool again = arrival->operations == AGAIN;
    struct request request = {.protocol = arrival->inbound,
                              .operation = again ? OPERATION_UPDATE : OPERATION_ENROLL,
                              .items = &item,
                              .item_count = 1};
    const bool planned = plan_request(&request, authority, why);
    *carriage = item.carriage;
    return planned;
}
