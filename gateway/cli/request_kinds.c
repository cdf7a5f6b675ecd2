#include "gateway/cli/request_kinds.h"

#define FIRST (1u << OPERATION_ENROLL | 1u << OPERATION_ENROLL_ADD)
#define AGAIN (1u << OPERATION_UPDATE)

static const struct request_kind kinds[] = {
    {"CMP ir, cr (certReqId 0)", PROTOCOL_CMP, FIRST, ITEM_CRMF, 0},
    {"CMP ir, cr (certReqId 1 or more)", PROTOCOL_CMP, FIRST, ITEM_CRMF, 1},
    {"CMP kur", PROTOCOL_CMP, AGAIN, ITEM_CRMF, 0},
    {"CMC crm", PROTOCOL_CMC, FIRST | AGAIN, ITEM_CRMF, 1},
    {"CMP p10cr", PROTOCOL_CMP, FIRST, ITEM_PKCS10, -1},
    {"CMC tcr", PROTOCOL_CMC, FIRST | AGAIN, ITEM_PKCS10, 1},
    {"EST simpleenroll", PROTOCOL_EST, FIRST, ITEM_PKCS10, 0},
    {"EST simplereenroll", PROTOCOL_EST, AGAIN, ITEM_PKCS10, 0},
};

const struct request_kind *request_kinds(size_t *count)
{
    *count = sizeof(kinds) / sizeof(kinds[0]);
    return kinds;
}

bool request_kind_can_have(const struct request_kind *kind, enum pop_form form)
{
    const bool pkcs10 = form >= POP_FORM_PKCS10;
    const bool indirect = form == POP_FORM_SIGNATURE_SENDER || form == POP_FORM_SIGNATURE_MAC;
    if (pkcs10 != (kind->format == ITEM_PKCS10))
        return false;
    if (form == POP_FORM_PKCS10_BOUND)
        return kind->inbound == PROTOCOL_EST;
    if (form == POP_FORM_NO_SIGNATURE || form == POP_FORM_DH_POP)
        return kind->inbound == PROTOCOL_CMC;
    return !indirect || kind->inbound == PROTOCOL_CMP; /* RFC 10002 3.2.1.2.2 bars them */
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

bool request_kind_plan(const struct request_kind *kind, enum pop_form form,
                       const struct capabilities *authority, enum carriage *carriage,
                       struct failure *why)
{
    struct item item = {.format = kind->format,
                        .pop_form = form,
                        .pop_verdict = best_verdict(form),
                        .inbound_id = kind->id};
    const bool again = kind->operations == AGAIN;
    struct request request = {.protocol = kind->inbound,
                              .operation = again ? OPERATION_UPDATE : OPERATION_ENROLL,
                              .items = &item,
                              .item_count = 1};
    const bool planned = plan_request(&request, authority, why);
    *carriage = item.carriage;
    return planned;
}
