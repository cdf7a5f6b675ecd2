#include "adapters/cmp/cmp_seal.h"

#include "mapping/model/limits.h"

struct certificate_list {
    struct bytes der[LIMIT_CERTIFICATES];
    size_t count;
};

static void add(struct certificate_list *list, struct bytes der)
{
    for (size_t i = 0; i < list->count; i++) {
        if (bytes_equal(list->der[i], der))
            return;
    }
    if (list->count < LIMIT_CERTIFICATES)
        list->der[list->count++] = der;
}

/* TBSCertificate ::= SEQUENCE { version [0] OPTIONAL, serialNumber INTEGER, signature SEQUENCE,
 *     issuer Name, validity SEQUENCE, subject Name, ... }                       (RFC 5280 4.1) */
static bool is_self_issued(struct bytes der)
{
    struct der certificate, tbs, version, part, issuer, subject;
    if (!der_only(der, DER_SEQUENCE, &certificate) ||
        !der_take(&certificate.content, DER_SEQUENCE, &tbs))
        return false;
    der_take(&tbs.content, DER_CONTEXT_CONSTRUCTED | 0, &version);
    return der_take(&tbs.content, DER_INTEGER, &part) &&
           der_take(&tbs.content, DER_SEQUENCE, &part) &&
           der_take(&tbs.content, DER_SEQUENCE, &issuer) &&
           der_take(&tbs.content, DER_SEQUENCE, &part) &&
           der_take(&tbs.content, DER_SEQUENCE, &subject) &&
           bytes_equal(issuer.whole, subject.whole);
}

/* RFC 9483 3.3: the protection certificate first, then its chain, then that of the certificate
 * issued; self-signed ones are left out. */
static struct bytes extra_certs(const struct cmp_outgoing *outgoing,
                                const struct cmp_protector *protector, struct arena *arena)
{
    struct certificate_list list = {.count = 0};
    if (protector->protection == CMP_SIGNATURE) {
        add(&list, certificate_der(protector->signer->certificate));
        for (size_t i = 0; i < protector->signer->chain_count; i++) {
            if (!is_self_issued(certificate_der(protector->signer->chain[i])))
                add(&list, certificate_der(protector->signer->chain[i]));
        }
    }
    for (size_t i = 0; i < outgoing->certificate_count; i++) {
        if (!is_self_issued(outgoing->certificates[i]))
            add(&list, outgoing->certificates[i]);
    }
    struct der sequence;
    struct bytes whole = der_join(arena, DER_SEQUENCE, list.der, list.count);
    return der_only(whole, DER_SEQUENCE, &sequence) ? sequence.content : BYTES_EMPTY;
}

bool cmp_seal(const struct cmp_outgoing *outgoing, const struct cmp_protector *protector,
              int64_t now, struct entropy *entropy, struct arena *arena, struct bytes *octets,
              struct bytes *sender_nonce, struct failure *why)
{
    *sender_nonce = entropy_take(entropy, CMP_NONCE_OCTETS, arena);
    struct cmp_header header = {
        .pvno = der_integer(arena, outgoing->pvno),
        .sender = cmp_protector_name(protector, arena),
        .recipient = outgoing->recipient,
        .message_time = der_generalized_time(arena, now),
        .sender_kid = cmp_protector_kid(protector),
        .transaction_id = outgoing->transaction_id,
        .sender_nonce = *sender_nonce,
        .recip_nonce = outgoing->recip_nonce,
        .general_info = outgoing->general_info,
    };
    struct bytes body = der_wrap(arena, (uint8_t)(DER_CONTEXT_CONSTRUCTED | (int)outgoing->type),
                                 outgoing->content);
    return cmp_protect(protector, &header, body, extra_certs(outgoing, protector, arena), arena,
                       octets, why);
}

/* Our own protection failed: the device learns that it is our fault, and who operates the gateway
 * finds the cause in the key that `dragoman check` tests. */
static struct bytes seal_failure(const struct cmp_outgoing *outgoing,
                                 struct inbound_context *context, struct arena *arena,
                                 struct bytes *octets)
{
    const struct cmp_protector nothing = {.protection = CMP_UNPROTECTED};
    const struct reason_row *row = reason_row(REASON_INTERNAL);
    struct cmp_error content = {
        .status_info = cmp_status_info(2, bytes_of_text(row->text), row->cmp_bits, arena)};
    struct cmp_outgoing error = {.pvno = outgoing->pvno,
                                 .recipient = outgoing->recipient,
                                 .transaction_id = outgoing->transaction_id,
                                 .recip_nonce = outgoing->recip_nonce,
                                 .type = CMP_ERROR,
                                 .content = cmp_write(&cmp_error_shape, &content, arena)};
    struct bytes nonce;
    struct failure never;
    cmp_seal(&error, &nothing, context->now, &context->entropy, arena, octets, &nonce, &never);
    return nonce;
}

struct bytes cmp_seal_reply(const struct cmp_outgoing *outgoing,
                            const struct cmp_protector *protector, struct inbound_context *context,
                            struct arena *arena, struct reply *reply)
{
    struct bytes nonce;
    struct failure why;
    *reply = (struct reply){.status = 200, .content_type = "application/pkixcmp"};
    if (!cmp_seal(outgoing, protector, context->now, &context->entropy, arena, &reply->body, &nonce,
                  &why))
        nonce = seal_failure(outgoing, context, arena, &reply->body);
    return nonce;
}
