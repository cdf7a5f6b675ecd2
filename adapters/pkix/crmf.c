#include "adapters/pkix/crmf.h"

#include "adapters/pkix/crmf_template.h"
#include "adapters/pkix/der.h"
#include "adapters/pkix/names.h"
#include "mapping/model/limits.h"

static const char old_cert_id[] = "1.3.6.1.5.5.7.5.1.5"; /* RFC 4211 6.5 */

static bool malformed(struct failure *why, const char *what)
{
    return fail(why, REASON_BAD_DATA_FORMAT, "RFC 4211 5", "CertReqMsg: %s", what);
}

/* ---- controls ------------------------------------------------------------------------------- */

/* CertId ::= SEQUENCE { issuer GeneralName, serialNumber INTEGER }
 * GeneralName ::= CHOICE { ..., directoryName [4] Name, ... } */
static bool read_old_cert_id(struct bytes value, struct item *item, struct failure *why)
{
    struct der id, general_name, name, serial;
    if (item->old_serial.size > 0)
        return fail(why, REASON_BAD_CERT_TEMPLATE, "RFC 4211 6.5", "two oldCertID controls");
    if (!der_only(value, DER_SEQUENCE, &id))
        return malformed(why, "oldCertID is no CertId");
    struct bytes rest = id.content;
    if (!der_take(&rest, DER_CONTEXT_CONSTRUCTED | 4, &general_name) ||
        !der_only(general_name.content, DER_SEQUENCE, &name))
        return fail(why, REASON_BAD_CERT_ID, "RFC 4211 6.5",
                    "the issuer in oldCertID is no directoryName");
    if (!der_only(rest, DER_INTEGER, &serial))
        return malformed(why, "oldCertID has no serialNumber");
    item->old_issuer = name.whole;
    item->old_serial = serial.content;
    return true;
}

/* Controls ::= SEQUENCE SIZE(1..MAX) OF AttributeTypeAndValue
 * AttributeTypeAndValue ::= SEQUENCE { type OBJECT IDENTIFIER, value ANY DEFINED BY type } */
static bool next_control(struct bytes *rest, struct der *control, struct der *type,
                         struct der *value)
{
    if (!der_take(rest, DER_SEQUENCE, control))
        return false;
    struct bytes inside = control->content;
    return der_take(&inside, DER_OID, type) && der_next(&inside, value) && inside.size == 0;
}

/* RFC 4211 5 wants one at least; CRMFPopClient of Dogtag signs an empty sequence, which says no
 * more than none. */
static bool read_controls(struct item *item, struct bytes content, struct failure *why)
{
    struct der control, type, value;
    size_t count = 0;
    for (struct bytes rest = content; rest.size > 0; count++) {
        if (count == LIMIT_CONTROLS)
            return fail(why, REASON_TOO_LARGE, NULL, "more than %d controls in one request",
                        LIMIT_CONTROLS);
        if (!next_control(&rest, &control, &type, &value))
            return malformed(why, "a control is not well formed");
        if (der_oid_is(type.whole, old_cert_id) && !read_old_cert_id(value.whole, item, why))
            return false;
    }
    return true;
}

/* ---- proof of possession -------------------------------------------------------------------- */

/* POPOSigningKey ::= SEQUENCE {
 *     poposkInput         [0] POPOSigningKeyInput OPTIONAL,
 *     algorithmIdentifier AlgorithmIdentifier,
 *     signature           BIT STRING }
 * POPOSigningKeyInput ::= SEQUENCE {
 *     authInfo  CHOICE { sender [0] GeneralName, publicKeyMAC PKMACValue },
 *     publicKey SubjectPublicKeyInfo } */
static bool signing_key_form(struct bytes content, enum pop_form *form)
{
    struct der input, part, skipped;
    struct bytes rest = content;
    *form = POP_FORM_SIGNATURE;
    if (der_take(&rest, DER_CONTEXT_CONSTRUCTED | 0, &input)) {
        struct bytes inside = input.content;
        bool sender = der_take(&inside, DER_CONTEXT_CONSTRUCTED | 0, &part);
        if (!sender && !der_take(&inside, DER_SEQUENCE, &part))
            return false;
        if (!der_only(inside, DER_SEQUENCE, &skipped))
            return false;
        *form = sender ? POP_FORM_SIGNATURE_SENDER : POP_FORM_SIGNATURE_MAC;
    }
    return der_take(&rest, DER_SEQUENCE, &skipped) && der_only(rest, DER_BIT_STRING, &skipped);
}

/* POPOPrivKey ::= CHOICE {
 *     thisMessage       [0] BIT STRING,
 *     subsequentMessage [1] SubsequentMessage,  -- encrCert (0), challengeResp (1)
 *     dhMAC             [2] BIT STRING,
 *     agreeMAC          [3] PKMACValue,
 *     encryptedKey      [4] EnvelopedData } */
static bool private_key_form(struct bytes content, enum pop_form *form)
{
    struct der choice;
    int64_t message;
    if (!der_next(&content, &choice) || content.size > 0)
        return false;
    switch (choice.tag) {
    case DER_CONTEXT | 0:
    case DER_CONTEXT_CONSTRUCTED | 4:
        *form = POP_FORM_ENCRYPTED_KEY;
        return true;
    case DER_CONTEXT | 1:
        if (!der_number(choice.content, &message) || message < 0 || message > 1)
            return false;
        *form = message == 0 ? POP_FORM_ENCR_CERT : POP_FORM_CHALLENGE;
        return true;
    case DER_CONTEXT | 2:
    case DER_CONTEXT_CONSTRUCTED | 3:
        *form = POP_FORM_AGREE_MAC;
        return true;
    default:
        return false;
    }
}

/* ProofOfPossession ::= CHOICE {
 *     raVerified      [0] NULL,
 *     signature       [1] POPOSigningKey,
 *     keyEncipherment [2] POPOPrivKey,
 *     keyAgreement    [3] POPOPrivKey } */
static bool popo_form(const struct der *popo, enum pop_form *form)
{
    switch (popo->tag) {
    case DER_CONTEXT | 0:
        *form = POP_FORM_RA_VERIFIED;
        return popo->content.size == 0;
    case DER_CONTEXT_CONSTRUCTED | 1:
        return signing_key_form(popo->content, form);
    case DER_CONTEXT_CONSTRUCTED | 2:
    case DER_CONTEXT_CONSTRUCTED | 3:
        return private_key_form(popo->content, form);
    default:
        return false;
    }
}

/* ---- the message ---------------------------------------------------------------------------- */

/* CertRequest ::= SEQUENCE {
 *     certReqId    INTEGER,
 *     certTemplate CertTemplate,
 *     controls     Controls OPTIONAL } */
static bool read_request(struct item *item, struct arena *arena, struct failure *why)
{
    struct der request, id, template, controls;
    der_only(item->cert_request, DER_SEQUENCE, &request);
    struct bytes rest = request.content;
    if (!der_take(&rest, DER_INTEGER, &id) || !der_number(id.content, &item->inbound_id))
        return malformed(why, "certReqId is missing or too large");
    if (!der_take(&rest, DER_SEQUENCE, &template))
        return malformed(why, "certTemplate is missing");
    if (!crmf_read_template(template.content, arena, item, why))
        return false;
    if (der_take(&rest, DER_SEQUENCE, &controls)) {
        item->attributes = controls.whole;
        if (!read_controls(item, controls.content, why))
            return false;
    }
    return rest.size == 0 || malformed(why, "unknown fields behind the controls");
}

/* CertReqMsg ::= SEQUENCE {
 *     certReq CertRequest,
 *     popo    ProofOfPossession OPTIONAL,
 *     regInfo SEQUENCE SIZE(1..MAX) OF AttributeTypeAndValue OPTIONAL } */
bool crmf_read(struct bytes cert_req_msg, struct arena *arena, struct item *item,
               struct failure *why)
{
    struct der message, request, popo, reg_info;
    *item = (struct item){.format = ITEM_CRMF, .pop_form = POP_FORM_ABSENT};
    if (!der_only(cert_req_msg, DER_SEQUENCE, &message) || !der_is_sound(cert_req_msg))
        return malformed(why, "no DER sequence, or octets behind it");
    struct bytes rest = message.content;
    if (!der_take(&rest, DER_SEQUENCE, &request))
        return malformed(why, "certReq is missing");
    item->original = message.whole;
    item->cert_request = request.whole;
    if (rest.size > 0 && rest.data[0] != DER_SEQUENCE) {
        if (!der_next(&rest, &popo) || !popo_form(&popo, &item->pop_form))
            return malformed(why, "popo is not well formed");
        item->popo = popo.whole;
    }
    if (der_take(&rest, DER_SEQUENCE, &reg_info)) {
        if (reg_info.content.size == 0)
            return malformed(why, "regInfo is there but empty");
        item->reg_info = reg_info.whole;
    }
    if (rest.size > 0)
        return malformed(why, "unknown fields at its end");
    return read_request(item, arena, why);
}

bool crmf_parse(struct bytes cert_req_msg, struct arena *arena, struct item *item,
                struct failure *why)
{
    if (!crmf_read(cert_req_msg, arena, item, why))
        return false;
    return item->subject.size == 0 || names_check_request(item->subject, why);
}

/* CertReqMessages ::= SEQUENCE SIZE(1..MAX) OF CertReqMsg */
bool crmf_parse_messages(struct bytes messages, struct arena *arena, struct item **items,
                         size_t *count, struct failure *why)
{
    struct der list, message;
    size_t used = 0;
    if (!der_only(messages, DER_SEQUENCE, &list) || list.content.size == 0)
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 4211 3",
                    "CertReqMessages is no sequence of at least one CertReqMsg");
    *items = arena_array(arena, LIMIT_ITEMS, sizeof(**items));
    for (struct bytes rest = list.content; rest.size > 0; used++) {
        if (used == LIMIT_ITEMS)
            return fail(why, REASON_TOO_LARGE, NULL, "more than %d requests in one message",
                        LIMIT_ITEMS);
        if (!der_take(&rest, DER_SEQUENCE, &message))
            return fail(why, REASON_BAD_DATA_FORMAT, "RFC 4211 3",
                        "CertReqMsg %zu is not well formed", used + 1);
        if (!crmf_parse(message.whole, arena, &(*items)[used], why))
            return false;
        for (size_t i = 0; i < used; i++)
            if ((*items)[i].inbound_id == (*items)[used].inbound_id)
                return fail(why, REASON_BAD_REQUEST, "RFC 4211 5",
                            "certReqId %lld stands in two requests of one message",
                            (long long)(*items)[used].inbound_id);
    }
    *count = used;
    return true;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* Controls that are between the device and whoever protects the message: identity tokens, the old
 * certificate (the gateway signs, not its owner), and the key that a KGA would encrypt to. */
static bool is_for_us_alone(struct bytes type)
{
    static const char *const dropped[] = {
        "1.3.6.1.5.5.7.5.1.1",              /* regToken */
        "1.3.6.1.5.5.7.5.1.2",              /* authenticator */
        old_cert_id, "1.3.6.1.5.5.7.5.1.6", /* protocolEncrKey */
    };
    for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++)
        if (der_oid_is(type, dropped[i]))
            return true;
    return false;
}

static struct bytes rebuilt_controls(const struct item *item, struct arena *arena)
{
    struct der list, control, type, value;
    struct bytes kept[LIMIT_CONTROLS];
    size_t count = 0;
    if (item->format != ITEM_CRMF || !der_only(item->attributes, DER_SEQUENCE, &list))
        return BYTES_EMPTY;
    for (struct bytes rest = list.content;
         count < LIMIT_CONTROLS && next_control(&rest, &control, &type, &value);)
        if (!is_for_us_alone(type.whole))
            kept[count++] = control.whole;
    return count == 0 ? BYTES_EMPTY : der_join(arena, DER_SEQUENCE, kept, count);
}

struct bytes crmf_rebuild(const struct item *item, int64_t cert_req_id, enum crmf_popo popo,
                          struct arena *arena)
{
    const struct bytes request[] = {
        der_integer(arena, cert_req_id),
        crmf_write_template(item, arena),
        rebuilt_controls(item, arena),
    };
    const struct bytes message[] = {
        der_join(arena, DER_SEQUENCE, request, sizeof(request) / sizeof(request[0])),
        popo == CRMF_POPO_RA_VERIFIED ? der_wrap(arena, DER_CONTEXT | 0, BYTES_EMPTY) : BYTES_EMPTY,
    };
    return der_join(arena, DER_SEQUENCE, message, sizeof(message) / sizeof(message[0]));
}

struct bytes crmf_without_reg_info(const struct item *item, struct arena *arena)
{
    const struct bytes message[] = {item->cert_request, item->popo};
    return der_join(arena, DER_SEQUENCE, message, sizeof(message) / sizeof(message[0]));
}
