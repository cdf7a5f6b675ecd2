/* Errors for messages that became no request: cmp_encode.h. */
#include "adapters/cmp/cmp_encode.h"
#include "adapters/cmp/cmp_seal.h"
#include "mapping/model/limits.h"

enum { REJECTION = 2, LOWEST_PVNO = 2, HIGHEST_PVNO = 3 };

/* Told by HTTP alone. */
static bool refuse_by_http(const struct failure *why, struct reply *reply)
{
    switch ((int)why->reason) {
    case REASON_METHOD:
        *reply = (struct reply){.status = 405, .allow = "POST"};
        return true;
    case REASON_MEDIA_TYPE:
    case REASON_TOO_LARGE:
        *reply = (struct reply){.status = reason_row(why->reason)->http};
        return true;
    default:
        return false;
    }
}

/* Reasons that were found before the body was looked at; an enrolment refused for any other reason
 * is answered by ip, cp or kup (RFC 9483 3.6.2). */
static const enum reason not_of_the_body[] = {
    REASON_BAD_TIME,
    REASON_MISSING_TIME_STAMP,
    REASON_BAD_SENDER_NONCE,
    REASON_BAD_RECIPIENT_NONCE,
    REASON_TRANSACTION_ID_IN_USE,
    REASON_UNKNOWN_TRANSACTION,
    REASON_UNSUPPORTED_VERSION,
    REASON_WRONG_INTEGRITY,
    REASON_BAD_MESSAGE_CHECK,
    REASON_SECRET_WRONG,
    REASON_SIGNATURE_WRONG,
    REASON_SIGNER_UNKNOWN,
    REASON_SIGNER_NOT_TRUSTED,
    REASON_BUSY,
    REASON_CA_DOWN,
    REASON_UPSTREAM_UNTRUSTED,
    REASON_UPSTREAM_UNKNOWN,
    REASON_UPSTREAM_WRONG_CERT,
    REASON_INTERNAL,
};

/* Reasons that say that the protection is not worth another look. BUSY: the work is what we want to
 * be spared. */
static const enum reason not_to_be_verified[] = {
    REASON_SECRET_WRONG, REASON_SIGNATURE_WRONG,    REASON_SIGNER_UNKNOWN,
    REASON_BUSY,         REASON_SIGNER_NOT_TRUSTED,
};

static bool is_among(const enum reason *reasons, size_t count, enum reason reason)
{
    for (size_t i = 0; i < count; i++) {
        if (reasons[i] == reason)
            return true;
    }
    return false;
}

#define IS_AMONG(table, reason) is_among(table, sizeof(table) / sizeof(table[0]), reason)

/* Whether the message's protection holds, and whose it is. */
static bool verified(struct cmp_decoding *decoding, const struct failure *why)
{
    const struct inbound_context *context = decoding->context;
    struct failure ignored;
    return !IS_AMONG(not_to_be_verified, why->reason) &&
           cmp_leg_unpack(context->leg, decoding->arena, &decoding->leg, &ignored) &&
           cmp_verify(&decoding->message, &decoding->header, &decoding->leg, context->credentials,
                      context->now, decoding->arena, &decoding->sender, &ignored);
}

static struct bytes error_content(const struct failure *why, struct arena *arena)
{
    struct cmp_error error = {.status_info =
                                  cmp_status_info(REJECTION, bytes_of_text(why->text),
                                                  reason_row(why->reason)->cmp_bits, arena)};
    return cmp_write(&cmp_error_shape, &error, arena);
}

static struct bytes revocation_rejections(const struct cmp_decoding *decoding,
                                          const struct failure *why, struct arena *arena)
{
    size_t count = cmp_count_revocations(decoding->content);
    struct bytes *statuses = arena_array(arena, count + 1, sizeof(*statuses));
    for (size_t i = 0; i < count; i++)
        statuses[i] = cmp_status_info(REJECTION, bytes_of_text(why->text),
                                      reason_row(why->reason)->cmp_bits, arena);
    return count == 0 ? BYTES_EMPTY : cmp_rev_rep(statuses, count, arena);
}

/* A rejection for each request of the body; empty if none can be named. */
static struct bytes rejections(const struct cmp_decoding *decoding, const struct failure *why,
                               struct arena *arena)
{
    int64_t *ids;
    if (decoding->type == CMP_RR)
        return revocation_rejections(decoding, why, arena);
    size_t count = cmp_read_ids(decoding->type, decoding->content, arena, &ids);
    if (count == 0)
        return BYTES_EMPTY;
    struct bytes *responses = arena_array(arena, count, sizeof(*responses));
    for (size_t i = 0; i < count; i++) {
        struct cmp_cert_response response = {
            .cert_req_id = der_integer(arena, ids[i]),
            .status = cmp_status_info(REJECTION, bytes_of_text(why->text),
                                      reason_row(why->reason)->cmp_bits, arena)};
        responses[i] = cmp_write(&cmp_cert_response_shape, &response, arena);
    }
    struct der list;
    struct bytes whole = der_join(arena, DER_SEQUENCE, responses, count);
    if (!der_only(whole, DER_SEQUENCE, &list))
        return BYTES_EMPTY;
    struct cmp_cert_rep rep = {.response = list.content};
    return cmp_write(&cmp_cert_rep_shape, &rep, arena);
}

/* Whether an enrolment is refused for its body. A fault of syntax is the header's if the body has
 * none. */
static bool is_for_the_body(const struct cmp_decoding *decoding, const struct failure *why)
{
    if (decoding->type == CMP_RR)
        return !IS_AMONG(not_of_the_body, why->reason);
    if (!operation_enrols(cmp_body(decoding->type)->neutral) ||
        IS_AMONG(not_of_the_body, why->reason))
        return false;
    return why->reason != REASON_BAD_DATA_FORMAT || !cmp_is_readable(decoding);
}

/* The version that the peer can read, or the nearest that we have (RFC 9810 7). */
static int64_t answer_pvno(int64_t pvno)
{
    if (pvno < LOWEST_PVNO)
        return LOWEST_PVNO;
    return pvno > HIGHEST_PVNO ? HIGHEST_PVNO : pvno;
}

void cmp_refuse(struct inbound_context *context, const struct failure *why, struct arena *arena,
                struct reply *reply)
{
    struct cmp_decoding decoding = {.context = context};
    struct failure ignored;
    if (refuse_by_http(why, reply))
        return;
    bool readable = cmp_parse(context->message->body, arena, &decoding, &ignored);
    if (bytes_is_empty(decoding.header.recipient)) { /* RFC 9811 3.1: nothing to answer to */
        *reply = (struct reply){.status = 400};
        return;
    }
    bool known = readable && verified(&decoding, why);
    struct cmp_outgoing outgoing = {.pvno = answer_pvno(decoding.pvno),
                                    .recipient = decoding.header.sender,
                                    .transaction_id = decoding.header.transaction_id,
                                    .recip_nonce = decoding.header.sender_nonce,
                                    .type = CMP_ERROR};
    if (known && is_for_the_body(&decoding, why)) {
        outgoing.type = cmp_body(decoding.type)->answer;
        outgoing.content = rejections(&decoding, why, arena);
    }
    if (bytes_is_empty(outgoing.content)) {
        outgoing.type = CMP_ERROR;
        outgoing.content = error_content(why, arena);
    }
    const struct cmp_protector protector = cmp_protector_like(
        decoding.sender.protection, decoding.header.protection_alg, decoding.sender.reference,
        decoding.sender.group, context->credentials, &context->entropy, arena);
    cmp_seal_reply(&outgoing, &protector, context, arena, reply);
}
