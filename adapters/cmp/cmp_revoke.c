/* rr and rp: revocation (RFC 9810 5.3.9 and 5.3.10, RFC 9483 4.2). */
#include "adapters/cmp/cmp_body.h"
#include "adapters/pkix/extensions.h"
#include "adapters/pkix/names.h"
#include "mapping/codes.h"
#include "mapping/model/limits.h"

enum {
    TEMPLATE_SERIAL = DER_CONTEXT | 1,
    TEMPLATE_ISSUER = DER_CONTEXT_CONSTRUCTED | 3,
    TEMPLATE_SUBJECT = DER_CONTEXT_CONSTRUCTED | 5,
    REMOVE_FROM_CRL = 8,
};

static const char REASON_CODE[] = "2.5.29.21";

/* CRLReason ::= ENUMERATED, RFC 5280 5.3.1; 7 is not used. */
static bool is_reason(int64_t code)
{
    return code >= 0 && code <= 10 && code != 7;
}

/* CertTemplate, of which a revocation needs serialNumber [1] and issuer [3] (RFC 9483 4.2). */
static bool read_template(struct bytes content, struct item *item, struct failure *why)
{
    struct der field;
    while (der_next(&content, &field)) {
        if (field.tag == TEMPLATE_SERIAL)
            item->old_serial = field.content;
        if (field.tag == TEMPLATE_ISSUER)
            item->old_issuer = field.content;
        if (field.tag == TEMPLATE_SUBJECT)
            item->subject = field.content;
    }
    if (bytes_is_empty(item->old_serial) || bytes_is_empty(item->old_issuer))
        return fail(why, REASON_BAD_CERT_ID, "RFC 9483 4.2",
                    "certDetails must hold issuer and serialNumber of the certificate");
    return item->old_serial.size <= LIMIT_SERIAL_OCTETS + 1 ||
           fail(why, REASON_BAD_CERT_ID, "RFC 5280 4.1.2.2", "serialNumber is too long");
}

/* RFC 9483 4.2 wants reasonCode and nothing else; a silent request means 0. What is critical and
 * not understood must not be passed over. */
static bool read_entry_details(struct bytes content, struct item *item, struct failure *why)
{
    struct extension extension;
    struct der code;
    int64_t reason;
    while (content.size > 0) {
        if (!extension_next(&content, &extension))
            return fail(why, REASON_BAD_DATA_FORMAT, "RFC 9810 5.3.9",
                        "crlEntryDetails is malformed");
        if (!der_oid_is(extension.oid, REASON_CODE)) {
            if (extension.critical)
                return fail(why, REASON_BAD_REQUEST, "RFC 9483 4.2",
                            "crlEntryDetails holds a critical extension besides reasonCode");
            continue;
        }
        if (!der_only(extension.value, DER_ENUMERATED, &code) ||
            !der_number(code.content, &reason) || !is_reason(reason))
            return fail(why, REASON_BAD_REQUEST, "RFC 5280 5.3.1", "reasonCode is no CRLReason");
        item->revocation_reason = (int)reason;
    }
    return true;
}

/* The subject of the certificate is known where it signs for itself. */
static bool check_subject(const struct cmp_decoding *decoding, const struct item *item,
                          struct failure *why)
{
    const struct certificate *signer = decoding->sender.certificate;
    bool own = signer != NULL && names_same(item->old_issuer, certificate_issuer(signer)) &&
               bytes_equal(item->old_serial, certificate_serial(signer));
    if (!own || bytes_is_empty(item->subject) ||
        names_same(item->subject, certificate_subject(signer)))
        return true;
    return fail(why, REASON_BAD_CERT_ID, "RFC 9810 5.3.9",
                "subject in certDetails is not that of the certificate");
}

/* RevReqContent ::= SEQUENCE OF RevDetails
 * RevDetails ::= SEQUENCE {
 *     certDetails      CertTemplate,
 *     crlEntryDetails  Extensions OPTIONAL }                                 (RFC 9810 5.3.9) */
static bool read_details(const struct cmp_decoding *decoding, struct bytes tlv, struct item *item,
                         struct failure *why)
{
    struct der details, certificate, entry = {.content = BYTES_EMPTY};
    if (!der_only(tlv, DER_SEQUENCE, &details) ||
        !der_take(&details.content, DER_SEQUENCE, &certificate) ||
        (details.content.size > 0 && !der_only(details.content, DER_SEQUENCE, &entry)))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 9810 5.3.9", "RevDetails is malformed");
    item->format = ITEM_CRMF;
    return read_template(certificate.content, item, why) &&
           read_entry_details(entry.content, item, why) && check_subject(decoding, item, why);
}

static bool list_of(struct bytes content, struct bytes *list)
{
    struct der sequence;
    if (!der_only(content, DER_SEQUENCE, &sequence) || bytes_is_empty(sequence.content) ||
        cmp_count(sequence.content) > LIMIT_ITEMS)
        return false;
    *list = sequence.content;
    return true;
}

/* To revive is another operation, and cannot be mixed with revoking. */
static bool choose_operation(struct request *request, struct failure *why)
{
    size_t revived = 0;
    for (size_t i = 0; i < request->item_count; i++)
        revived += request->items[i].revocation_reason == REMOVE_FROM_CRL;
    if (revived > 0 && revived < request->item_count)
        return fail(why, REASON_BAD_REQUEST, "RFC 5280 5.3.1",
                    "removeFromCRL stands beside other reasons in one message");
    if (revived > 0)
        request->operation = OPERATION_UNREVOKE;
    return true;
}

bool cmp_read_revocation(struct cmp_decoding *decoding, struct request *request,
                         struct failure *why)
{
    struct bytes list;
    struct der element;
    if (!list_of(decoding->content, &list))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 9810 5.3.9",
                    "rr is empty, malformed or too long");
    size_t count = cmp_count(list);
    request->items = arena_array(decoding->arena, count, sizeof(*request->items));
    while (der_next(&list, &element)) {
        struct item *item = &request->items[request->item_count];
        item->inbound_id = (int64_t)request->item_count;
        if (!read_details(decoding, element.whole, item, why))
            return false;
        request->item_count++;
    }
    return choose_operation(request, why);
}

size_t cmp_count_revocations(struct bytes content)
{
    struct bytes list;
    return list_of(content, &list) ? cmp_count(list) : 0;
}

struct bytes cmp_rev_rep(const struct bytes *statuses, size_t count, struct arena *arena)
{
    return der_wrap(arena, DER_SEQUENCE, der_join(arena, DER_SEQUENCE, statuses, count));
}

static bool is_open(const struct result *result)
{
    return result->status == RESULT_PENDING || result->status == RESULT_UNKNOWN;
}

/* rp, or an error that says waiting: an rp has no certReqId to poll by (RFC 9483 4.4). */
void cmp_write_revocation(struct cmp_answering *answering)
{
    const struct response *response = answering->response;
    struct arena *arena = answering->arena;
    struct bytes *statuses = arena_array(arena, response->result_count + 1, sizeof(*statuses));
    for (size_t i = 0; i < response->result_count; i++) {
        const struct result *result = &response->results[i];
        if (is_open(result)) {
            cmp_write_waiting(answering, result->text);
            return;
        }
        uint32_t bits = result->status == RESULT_REFUSED ? result_cmp_bits(result) : 0;
        statuses[i] = cmp_status_info(result_cmp_status(result), result->text, bits, arena);
    }
    if (cmp_write_hop_error(answering))
        return;
    answering->type = CMP_RP;
    answering->content = cmp_rev_rep(statuses, response->result_count, arena);
}
