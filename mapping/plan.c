#include "mapping/plan.h"

#include "mapping/plan_facts.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define FORM(name) (UINT32_C(1) << POP_FORM_##name)
#define ON(name) (UINT32_C(1) << PROTOCOL_##name)
#define ANY_PROTOCOL (ON(CMP) | ON(CMC) | ON(EST) | ON(LOCAL))
#define ANY_FORM ((UINT32_C(1) << POP_FORM_COUNT) - 1)
/* Signed over poposkInput, which names the sender or a MAC, not over the CertRequest. */
#define CRMF_INDIRECT (FORM(SIGNATURE_SENDER) | FORM(SIGNATURE_MAC))
#define CRMF_SIGNED (FORM(SIGNATURE) | CRMF_INDIRECT)
#define PKCS10_SIGNED (FORM(PKCS10) | FORM(PKCS10_BOUND))

/* Which authorities take which operation; where one is not listed, nobody does. */
static const uint32_t carriers[OPERATION_COUNT] = {
    [OPERATION_ENROLL] = ANY_PROTOCOL,
    [OPERATION_ENROLL_ADD] = ANY_PROTOCOL,
    [OPERATION_UPDATE] = ANY_PROTOCOL,
    /* rr as RA (RFC 9483 5.3.2); revokeRequest (RFC 10002 6.11), over EST by fullcmc alone. */
    [OPERATION_REVOKE] = ANY_PROTOCOL,
    [OPERATION_UNREVOKE] = ON(CMP), /* removeFromCRL; CMC has no word for it */
};

/* The ways an item can go, best first: the first row whose authority, POP form and facts fit
 * decides. A proof that was never checked fits no row. */
static const struct {
    uint32_t authorities;
    uint32_t forms;
    uint32_t facts; /* all of them must hold */
    enum carriage carriage;
} ways[] = {
    {ON(LOCAL), ANY_FORM, FACT_VERIFIED, CARRIAGE_LOCAL},
    {ON(LOCAL), FORM(RA_VERIFIED), FACT_VOUCHED, CARRIAGE_LOCAL_VOUCHED},

    {ON(CMC), PKCS10_SIGNED, FACT_VERIFIED, CARRIAGE_CMC_TCR},
    /* The key that checks a static Diffie-Hellman proof is the authority's (RFC 6955 4). */
    {ON(CMC), FORM(DH_POP), FACT_OPEN, CARRIAGE_CMC_TCR},
    {ON(CMC), FORM(SIGNATURE), FACT_VERIFIED | FACT_CMC_ID, CARRIAGE_CMC_CRM},
    {ON(CMC), FORM(SIGNATURE), FACT_VERIFIED | FACT_ID0_PASSES, CARRIAGE_CMC_CRM},
    {ON(CMC), FORM(SIGNATURE), FACT_VERIFIED | FACT_RA_POP | FACT_MAY_REBUILD,
     CARRIAGE_CMC_WITNESS},
    /* No CMC request may hold these two (RFC 10002 3.2.1.2.2), whatever their certReqId. */
    {ON(CMC), CRMF_INDIRECT, FACT_VERIFIED | FACT_RA_POP, CARRIAGE_CMC_WITNESS},
    {ON(CMC), FORM(RA_VERIFIED), FACT_VOUCHED | FACT_RA_POP, CARRIAGE_CMC_WITNESS},

    {ON(EST), FORM(PKCS10), FACT_VERIFIED, CARRIAGE_EST_ENROLL},
    {ON(EST), FORM(PKCS10_BOUND), FACT_VERIFIED | FACT_RA_POP, CARRIAGE_EST_BOUND},
    {ON(EST), FORM(SIGNATURE), FACT_VERIFIED | FACT_FULL_CMC | FACT_CMC_ID, CARRIAGE_EST_FULLCMC},
    {ON(EST), FORM(SIGNATURE), FACT_VERIFIED | FACT_FULL_CMC | FACT_ID0_PASSES,
     CARRIAGE_EST_FULLCMC},
    {ON(EST), FORM(SIGNATURE), FACT_VERIFIED | FACT_FULL_CMC | FACT_RA_POP | FACT_MAY_REBUILD,
     CARRIAGE_EST_FULLCMC_WITNESS},
    {ON(EST), CRMF_INDIRECT, FACT_VERIFIED | FACT_FULL_CMC | FACT_RA_POP,
     CARRIAGE_EST_FULLCMC_WITNESS},
    {ON(EST), FORM(RA_VERIFIED), FACT_VOUCHED | FACT_FULL_CMC | FACT_RA_POP,
     CARRIAGE_EST_FULLCMC_WITNESS},

    {ON(CMP), PKCS10_SIGNED, FACT_VERIFIED | FACT_P10CR, CARRIAGE_CMP_P10CR},
    {ON(CMP), FORM(DH_POP), FACT_OPEN | FACT_P10CR, CARRIAGE_CMP_P10CR},
    {ON(CMP), FORM(SIGNATURE), FACT_VERIFIED | FACT_NOT_KUR, CARRIAGE_CMP_CRMF},
    /* The proofs over the sender's name or a shared secret say nothing behind our own header. */
    {ON(CMP), CRMF_SIGNED | PKCS10_SIGNED, FACT_VERIFIED | FACT_RA_POP | FACT_NOT_KUR,
     CARRIAGE_CMP_RA_VERIFIED},
    {ON(CMP), FORM(RA_VERIFIED), FACT_VOUCHED | FACT_RA_POP | FACT_NOT_KUR,
     CARRIAGE_CMP_RA_VERIFIED},
};

/* Why nothing fits; the first row that holds the form and the facts speaks. */
static const struct {
    uint32_t authorities;
    uint32_t forms;
    uint32_t facts;
    enum reason reason;
    const char *clause;
    const char *text; /* NULL: the reason's own */
} refusals[] = {
    {ANY_PROTOCOL, ANY_FORM, FACT_UNCHECKED, REASON_INTERNAL, NULL, NULL},
    {ANY_PROTOCOL, FORM(ABSENT), FACT_KEY_ABSENT, REASON_NO_OPERATION, "RFC 9483 4.1.6",
     "keys are not made here; make the key yourself and send its public key"},
    {ANY_PROTOCOL, FORM(ABSENT), 0, REASON_POP_REQUIRED, "RFC 4211 4",
     "the request carries no proof of possession; sign it with the key that it asks for"},
    {ANY_PROTOCOL, FORM(NO_SIGNATURE), 0, REASON_POP_REQUIRED, "RFC 10002 C.1",
     "a hash in the signature's place proves nothing; sign the request"},
    {ANY_PROTOCOL, FORM(ENCR_CERT) | FORM(CHALLENGE), 0, REASON_POP_CARRIER_INDIRECT, NULL, NULL},
    {ON(CMP), ANY_FORM, FACT_KUR, REASON_POP_CARRIER, "RFC 9483 5.2.3",
     "a kur cannot be protected anew for the authority of this route; send a cr"},
    {ON(CMC) | ON(EST), FORM(SIGNATURE), FACT_ID0_REFUSED, REASON_POP_CARRIER, "RFC 10002 3.2.2",
     "certReqId 0 cannot be carried to the authority of this route; use 1 or more, or a p10cr"},
    {ON(EST), CRMF_SIGNED | FORM(RA_VERIFIED), 0, REASON_POP_CARRIER, "RFC 7030 4.2.1",
     "the authority of this route takes PKCS#10 only; send a p10cr"},
    {ON(CMC) | ON(CMP), CRMF_SIGNED | PKCS10_SIGNED | FORM(RA_VERIFIED), 0, REASON_POP_CARRIER,
     "RFC 10004 10",
     "this form of proof of possession needs our word for it, which the authority of this route "
     "does not take; send a p10cr"},
    {ANY_PROTOCOL, ANY_FORM, 0, REASON_POP_CARRIER, NULL, NULL},
};

static bool plan_item(const struct request *request, struct item *item,
                      const struct capabilities *authority, struct failure *why)
{
    const uint32_t on = UINT32_C(1) << authority->protocol;
    const uint32_t form = UINT32_C(1) << item->pop_form;
    const uint32_t facts = plan_facts(request, item, authority);
    for (size_t w = 0; w < COUNT(ways); w++) {
        if ((ways[w].authorities & on) != 0 && (ways[w].forms & form) != 0 &&
            (ways[w].facts & ~facts) == 0) {
            item->carriage = ways[w].carriage;
            return true;
        }
    }
    for (size_t r = 0; r < COUNT(refusals); r++) {
        if ((refusals[r].authorities & on) != 0 && (refusals[r].forms & form) != 0 &&
            (refusals[r].facts & ~facts) == 0) {
            const char *text = refusals[r].text;
            return text == NULL ? fail(why, refusals[r].reason, refusals[r].clause, NULL)
                                : fail(why, refusals[r].reason, refusals[r].clause, "%s", text);
        }
    }
    return fail(why, REASON_INTERNAL, NULL, NULL);
}

bool plan_carries(enum operation operation, const struct capabilities *authority)
{
    const bool enrols = operation_enrols(operation);
    if (authority->protocol == PROTOCOL_EST && !enrols && !authority->full_cmc)
        return false;
    return (carriers[operation] >> authority->protocol & 1) != 0;
}

bool plan_request(struct request *request, const struct capabilities *authority,
                  struct failure *why)
{
    for (size_t i = 0; i < request->item_count; i++)
        request->items[i].carriage = CARRIAGE_NONE;
    if (!plan_carries(request->operation, authority))
        return fail(why, REASON_NO_OPERATION, NULL, NULL);
    if (request->item_count == 0)
        return fail(why, REASON_BAD_REQUEST, "RFC 4211 3", "the message names no certificate");
    for (size_t i = 0; i < request->item_count && operation_enrols(request->operation); i++) {
        if (!plan_item(request, &request->items[i], authority, why))
            return false;
    }
    return true;
}
