/* ir, cr, kur and p10cr: certificate requests (RFC 9810 5.3.1 to 5.3.5). */
#include "adapters/cmp/cmp_body.h"
#include "adapters/pkix/crmf.h"
#include "adapters/pkix/extensions.h"
#include "adapters/pkix/names.h"
#include "adapters/pkix/pkcs10.h"
#include "adapters/pkix/proof.h"
#include "mapping/model/limits.h"

static const char SUBJECT_ALT_NAME[] = "2.5.29.17";

/* p10cr names no request: its answer has certReqId -1 (RFC 9483 4.1.4). */
enum { P10CR_ID = -1 };

static bool read_items(const struct cmp_decoding *decoding, struct request *request,
                       struct failure *why)
{
    if (decoding->type != CMP_P10CR)
        return crmf_parse_messages(decoding->content, decoding->arena, &request->items,
                                   &request->item_count, why);
    request->items = arena_alloc(decoding->arena, sizeof(*request->items));
    request->item_count = 1;
    if (!pkcs10_parse(decoding->content, decoding->arena, request->items, why))
        return false;
    request->items[0].inbound_id = P10CR_ID;
    return true;
}

bool cmp_is_readable(const struct cmp_decoding *decoding)
{
    struct request request = {0};
    struct failure ignored;
    return read_items(decoding, &request, &ignored);
}

/* CertReqMessages ::= SEQUENCE SIZE (1..MAX) OF CertReqMsg
 * CertReqMsg ::= SEQUENCE { certReq CertRequest, popo ..., regInfo ... }
 * CertRequest ::= SEQUENCE { certReqId INTEGER, ... }                           (RFC 4211 3, 5) */
size_t cmp_read_ids(enum cmp_type type, struct bytes content, struct arena *arena, int64_t **ids)
{
    struct der messages, message, request, id;
    *ids = arena_array(arena, LIMIT_ITEMS, sizeof(**ids));
    if (type == CMP_P10CR) {
        (*ids)[0] = P10CR_ID;
        return 1;
    }
    size_t count = 0;
    if (!der_only(content, DER_SEQUENCE, &messages))
        return 0;
    while (count < LIMIT_ITEMS && der_take(&messages.content, DER_SEQUENCE, &message)) {
        if (der_take(&message.content, DER_SEQUENCE, &request) &&
            der_take(&request.content, DER_INTEGER, &id) && der_number(id.content, &(*ids)[count]))
            count++;
    }
    return count;
}

static bool check_ids(const struct cmp_decoding *decoding, const struct request *request,
                      struct failure *why)
{
    for (size_t i = 0; i < request->item_count; i++) {
        const struct item *item = &request->items[i];
        if (item->key_absent && decoding->pvno < 3)
            return fail(why, REASON_BAD_REQUEST, "RFC 9810 7",
                        "key generation by the authority needs pvno 3");
        for (size_t other = 0; other < i; other++) {
            if (request->items[other].inbound_id == item->inbound_id)
                return fail(why, REASON_BAD_REQUEST, "RFC 4211 5", "certReqId %lld stands twice",
                            (long long)item->inbound_id);
        }
    }
    return true;
}

/* ---- kur: an update keeps everything but the key (RFC 9483 4.1.3) ---------------------------- */

static bool check_old_cert_id(const struct item *item, const struct certificate *old,
                              struct failure *why)
{
    if (bytes_is_empty(item->old_issuer) && bytes_is_empty(item->old_serial))
        return true;
    if (names_same(item->old_issuer, certificate_issuer(old)) &&
        bytes_equal(item->old_serial, certificate_serial(old)))
        return true;
    return fail(why, REASON_BAD_CERT_ID, "RFC 9483 4.1.3",
                "oldCertID must name the certificate that signs the kur");
}

static bool check_alternative_names(struct item *item, const struct certificate *old,
                                    struct arena *arena, struct failure *why)
{
    struct extension wanted, had;
    bool has_old =
        extensions_find(certificate_extensions(certificate_der(old)), SUBJECT_ALT_NAME, &had);
    if (!extensions_find(item->extensions, SUBJECT_ALT_NAME, &wanted)) {
        /* Clients leave out what shall stay: it is taken from the old certificate. */
        struct der list;
        bool any = der_only(item->extensions, DER_SEQUENCE, &list);
        struct bytes parts[] = {any ? list.content : BYTES_EMPTY, had.whole};
        if (has_old)
            item->extensions = der_join(arena, DER_SEQUENCE, parts, 2);
        return true;
    }
    return (has_old && general_names_same(wanted.value, had.value)) ||
           fail(why, REASON_BAD_CERT_TEMPLATE, "RFC 9483 4.1.3",
                "subjectAltName of a kur must be that of the certificate to be updated");
}

static bool check_update(struct item *item, const struct cmp_decoding *decoding,
                         struct failure *why)
{
    const struct certificate *old = decoding->sender.certificate;
    if (!check_old_cert_id(item, old, why))
        return false;
    if (der_name_is_empty(item->subject))
        item->subject = certificate_subject(old);
    else if (!names_same(item->subject, certificate_subject(old)))
        return fail(why, REASON_BAD_CERT_TEMPLATE, "RFC 9483 4.1.3",
                    "subject of a kur must be that of the certificate to be updated");
    return check_alternative_names(item, old, decoding->arena, why);
}

/* RFC 9483 4.1.1: subject is there, if only as NULL-DN. Without it a signature over poposkInput is
 * the only proof that RFC 4211 4.1 knows. */
static bool check_subject(const struct item *item, struct failure *why)
{
    if (item->format != ITEM_CRMF || item->subject.size > 0 ||
        item->pop_form == POP_FORM_SIGNATURE_SENDER || item->pop_form == POP_FORM_SIGNATURE_MAC)
        return true;
    return fail(why, REASON_BAD_CERT_TEMPLATE, "RFC 9483 4.1.1", "certTemplate has no subject");
}

bool cmp_read_enrolment(struct cmp_decoding *decoding, struct request *request, struct failure *why)
{
    if (!read_items(decoding, request, why) || !check_ids(decoding, request, why))
        return false;
    struct cmp_leg *leg = &decoding->leg;
    leg->id_count = request->item_count;
    leg->ids = arena_array(decoding->arena, leg->id_count, sizeof(*leg->ids));
    for (size_t i = 0; i < request->item_count; i++) {
        struct item *item = &request->items[i];
        leg->ids[i] = item->inbound_id;
        /* A MAC, which only a lenient route takes for a kur, gives nothing to compare with. */
        const bool comparable = decoding->type == CMP_KUR && decoding->sender.certificate != NULL;
        if (comparable && !check_update(item, decoding, why))
            return false;
        if (!check_subject(item, why) ||
            !proof_check(item, &request->identity, decoding->sender.secret,
                         decoding->sender.group->options.signature_sha1, decoding->arena, why))
            return false;
    }
    return true;
}
