/* PKCS#10 and CRMF requests as trees. */
#include "adapters/pkix/crmf.h"
#include "adapters/pkix/der.h"
#include "adapters/pkix/inspect_fields.h"
#include "adapters/pkix/pkcs10.h"
#include "adapters/pkix/proof.h"

/* Values that prove who somebody is (RFC 2985 5.4.1, RFC 7894 3, RFC 4211 6.1, 6.2). */
static bool is_secret(struct bytes type)
{
    static const char *const secrets[] = {
        "1.2.840.113549.1.9.7", "1.2.840.113549.1.9.16.2.54", "1.2.840.113549.1.9.16.2.55",
        "1.3.6.1.5.5.7.5.1.1",  "1.3.6.1.5.5.7.5.1.2",        "1.3.6.1.5.5.7.5.1.4",
    };
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
        if (der_oid_is(type, secrets[i]))
            return true;
    return false;
}

static void show_value(struct node *parent, struct arena *arena, struct bytes type,
                       struct bytes value)
{
    enum { IA5_STRING = 0x16, PRINTABLE_STRING = 0x13 };
    const char *name = oid_name(arena, type);
    struct der tlv;
    if (is_secret(type))
        node_printf(parent, arena, name, "%zu octets, not shown", value.size);
    else if (der_only(value, DER_UTF8_STRING, &tlv) || der_only(value, PRINTABLE_STRING, &tlv) ||
             der_only(value, IA5_STRING, &tlv))
        node_text(parent, arena, name, tlv.content);
    else
        node_hex(parent, arena, name, value);
}

/* The proof, and whether it holds: by the same check as the gateway's, with nobody behind it. */
static void show_proof(struct item *item, struct node *parent, struct arena *arena)
{
    const struct identity nobody = {.kind = IDENTITY_NONE};
    const struct pop_form_row *form = pop_form_row(item->pop_form);
    struct failure why = {0};
    struct node *node = node_add(parent, arena, "proofOfPossession", NULL);
    node_printf(node, arena, "form", "%s (%s)", form->word, form->clause);
    if (!proof_check(item, &nobody, BYTES_EMPTY, true, arena, &why))
        node_printf(node, arena, "verdict", "%s: %s", reason_row(why.reason)->word, why.text);
    else
        node_add(node, arena, "verdict",
                 item->pop_verdict == POP_VERIFIED ? "verified"
                                                   : "open: not for the gateway to check");
}

static void show_refusal(bool good, const struct failure *why, struct node *parent,
                         struct arena *arena)
{
    if (!good)
        node_printf(parent, arena, "refused", "%s: %s [%s]", reason_row(why->reason)->word,
                    why->text, why->clause);
}

/* ---- PKCS#10 -------------------------------------------------------------------------------- */

static void show_attributes(const struct item *item, struct node *parent, struct arena *arena)
{
    struct der attributes, attribute, type, values, value;
    if (!der_only(item->attributes, DER_CONTEXT_CONSTRUCTED | 0, &attributes) ||
        attributes.content.size == 0)
        return;
    struct node *node = node_add(parent, arena, "attributes", NULL);
    for (struct bytes rest = attributes.content; der_take(&rest, DER_SEQUENCE, &attribute);) {
        struct bytes inside = attribute.content;
        if (!der_take(&inside, DER_OID, &type) || !der_only(inside, DER_SET, &values))
            return;
        for (inside = values.content; der_next(&inside, &value);) {
            if (bytes_equal(value.whole, item->extensions))
                node_extensions(node, arena, oid_name(arena, type.whole), value.whole);
            else
                show_value(node, arena, type.whole, value.whole);
        }
    }
}

static struct bytes signature_algorithm(const struct item *item)
{
    struct der request, info, algorithm;
    if (!der_only(item->original, DER_SEQUENCE, &request))
        return BYTES_EMPTY;
    struct bytes rest = request.content;
    return der_take(&rest, DER_SEQUENCE, &info) && der_take(&rest, DER_SEQUENCE, &algorithm)
               ? algorithm.whole
               : BYTES_EMPTY;
}

bool inspect_pkcs10(struct bytes der, struct node *parent, struct arena *arena, struct failure *why)
{
    struct item item, again;
    struct failure refusal = {0};
    if (!pkcs10_read(der, arena, &item, why))
        return false;
    node_name(parent, arena, "subject", item.subject);
    node_key(parent, arena, "subjectPKInfo", item.spki);
    show_attributes(&item, parent, arena);
    node_algorithm(parent, arena, "signatureAlgorithm", signature_algorithm(&item));
    show_proof(&item, parent, arena);
    show_refusal(pkcs10_parse(der, arena, &again, &refusal), &refusal, parent, arena);
    return true;
}

/* ---- CRMF ----------------------------------------------------------------------------------- */

static void show_template(const struct item *item, struct node *parent, struct arena *arena)
{
    struct node *node = node_add(parent, arena, "certTemplate", NULL);
    if (item->issuer.size > 0)
        node_name(node, arena, "issuer", item->issuer);
    if (item->not_before != 0)
        node_time(node, arena, "notBefore", item->not_before);
    if (item->not_after != 0)
        node_time(node, arena, "notAfter", item->not_after);
    if (item->subject.size > 0)
        node_name(node, arena, "subject", item->subject);
    if (item->spki.size > 0)
        node_key(node, arena, "publicKey", item->spki);
    node_extensions(node, arena, "extensions", item->extensions);
}

/* Controls and regInfo alike: SEQUENCE OF SEQUENCE { type, value }. */
static void show_pairs(struct bytes pairs, const char *name, const struct item *item,
                       struct node *parent, struct arena *arena)
{
    struct der list, pair, type, value;
    if (!der_only(pairs, DER_SEQUENCE, &list))
        return;
    struct node *node = node_add(parent, arena, name, NULL);
    for (struct bytes rest = list.content; der_take(&rest, DER_SEQUENCE, &pair);) {
        struct bytes inside = pair.content;
        if (!der_take(&inside, DER_OID, &type) || !der_next(&inside, &value))
            return;
        if (!der_oid_is(type.whole, "1.3.6.1.5.5.7.5.1.5")) {
            show_value(node, arena, type.whole, value.whole);
            continue;
        }
        struct node *old = node_add(node, arena, oid_name(arena, type.whole), NULL);
        node_name(old, arena, "issuer", item->old_issuer);
        node_hex(old, arena, "serialNumber", item->old_serial);
    }
}

static bool show_message(struct bytes der, struct node *parent, struct arena *arena,
                         struct failure *why)
{
    struct item item, again;
    struct failure refusal = {0};
    if (!crmf_read(der, arena, &item, why))
        return false;
    node_printf(parent, arena, "certReqId", "%lld", (long long)item.inbound_id);
    show_template(&item, parent, arena);
    show_pairs(item.attributes, "controls", &item, parent, arena);
    show_proof(&item, parent, arena);
    show_pairs(item.reg_info, "regInfo", &item, parent, arena);
    show_refusal(crmf_parse(der, arena, &again, &refusal), &refusal, parent, arena);
    return true;
}

/* A CertReqMsg begins with its CertRequest, whose first field is a number; CertReqMessages with a
 * CertReqMsg, whose first field is a sequence. */
static bool is_list(struct bytes der)
{
    struct der outer, first;
    if (!der_only(der, DER_SEQUENCE, &outer))
        return false;
    return der_take(&outer.content, DER_SEQUENCE, &first) && first.content.size > 0 &&
           first.content.data[0] == DER_SEQUENCE;
}

bool inspect_crmf(struct bytes der, struct node *parent, struct arena *arena, struct failure *why)
{
    struct der list, message;
    if (!is_list(der))
        return show_message(der, parent, arena, why);
    der_only(der, DER_SEQUENCE, &list);
    for (struct bytes rest = list.content; rest.size > 0;) {
        if (!der_next(&rest, &message))
            return fail(why, REASON_BAD_DATA_FORMAT, "RFC 4211 3",
                        "octets behind the last message");
        struct node *node = node_add(parent, arena, "CertReqMsg", NULL);
        if (!show_message(message.whole, node, arena, why))
            return false;
    }
    return true;
}
