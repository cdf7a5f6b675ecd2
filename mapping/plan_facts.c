#include "mapping/plan_facts.h"

/* RFC 4211 6.1, 6.2: id-regCtrl-regToken and id-regCtrl-authenticator, whose place in CMC is taken
 * by controls of its own (RFC 10002 3.2.1.2.2 bars them). OID TLVs. */
static const uint8_t barred_controls[][11] = {
    {0x06, 0x09, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x05, 0x01, 0x01},
    {0x06, 0x09, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x05, 0x01, 0x02},
};
enum { BARRED = sizeof(barred_controls) / sizeof(barred_controls[0]) };

/* The content of the TLV at the front of *rest, which moves behind it. The decoder has checked the
 * octets; what does not fit here all the same ends the walk. */
static struct bytes next_content(struct bytes *rest)
{
    if (rest->size < 2)
        return *rest = BYTES_EMPTY;
    size_t length = rest->data[1], header = 2;
    if (length >= 0x80) {
        size_t octets = length & 0x7f;
        header += octets;
        if (octets == 0 || octets > sizeof(size_t) || rest->size < header)
            return *rest = BYTES_EMPTY;
        length = 0;
        for (size_t i = 2; i < header; i++)
            length = length << 8 | rest->data[i];
    }
    struct bytes content = bytes_slice(*rest, header, length);
    *rest = bytes_slice(bytes_slice(*rest, header, SIZE_MAX), length, SIZE_MAX);
    return content;
}

/* RFC 4211 5:  controls Controls ::= SEQUENCE SIZE(1..MAX) OF AttributeTypeAndValue */
static bool has_barred_control(const struct item *item)
{
    struct bytes rest = item->attributes;
    struct bytes controls = next_content(&rest);
    while (controls.size > 0) {
        struct bytes control = next_content(&controls);
        struct bytes type = bytes_slice(control, 0, sizeof(barred_controls[0]));
        for (size_t i = 0; i < BARRED; i++) {
            if (bytes_equal(type, bytes_of(barred_controls[i], sizeof(barred_controls[i]))))
                return true;
        }
    }
    return false;
}

static bool is_only_one_of_its_id(const struct request *request, const struct item *item)
{
    size_t count = 0;
    for (size_t i = 0; i < request->item_count; i++)
        count += request->items[i].inbound_id == item->inbound_id;
    return count == 1;
}

/* RFC 10002 3.2.2:  bodyIdMax INTEGER ::= 4294967295; 0 stands for the PKIData itself. */
static bool is_body_part_id(int64_t id)
{
    return id >= 1 && id <= INT64_C(4294967295);
}

static uint32_t verdict_fact(enum pop_verdict verdict)
{
    switch (verdict) {
    case POP_VERIFIED:
        return FACT_VERIFIED;
    case POP_VOUCHED:
        return FACT_VOUCHED;
    case POP_OPEN:
        return FACT_OPEN;
    case POP_UNCHECKED:
        break;
    }
    return FACT_UNCHECKED;
}

static uint32_t id_facts(const struct request *request, const struct item *item,
                         const struct capabilities *authority)
{
    const bool barred = has_barred_control(item);
    const bool zero = item->inbound_id == 0;
    const bool refuse = zero && authority->crmf_id0 == CRMF_ID0_REFUSE;
    uint32_t facts = 0;
    if (is_body_part_id(item->inbound_id) && is_only_one_of_its_id(request, item) && !barred)
        facts |= FACT_CMC_ID;
    /* Nothing could refer to the request, so it must be alone (RFC 10002 3.2.2). */
    if (zero && !barred && authority->crmf_id0 == CRMF_ID0_PASS_THROUGH && request->item_count == 1)
        facts |= FACT_ID0_PASSES;
    return facts | (refuse ? FACT_ID0_REFUSED : FACT_MAY_REBUILD);
}

uint32_t plan_facts(const struct request *request, const struct item *item,
                    const struct capabilities *authority)
{
    const bool kur = request->protocol == PROTOCOL_CMP && request->operation == OPERATION_UPDATE;
    uint32_t facts = verdict_fact(item->pop_verdict);
    facts |= kur ? FACT_KUR : FACT_NOT_KUR;
    facts |= item->key_absent ? FACT_KEY_ABSENT : 0;
    facts |= authority->ra_pop ? FACT_RA_POP : 0;
    facts |= authority->full_cmc ? FACT_FULL_CMC : 0;
    facts |= authority->p10cr ? FACT_P10CR : 0;
    if (item->format == ITEM_CRMF)
        facts |= id_facts(request, item, authority);
    return facts;
}
