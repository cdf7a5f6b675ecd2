/* Messages to an authority: ir, cr, p10cr and rr as registration authority, certConf and pollReq
 * (RFC 9483 5.2.3, 5.3). Every message is our own: own ids, own nonces, signed with our RA
 * credential. */
#include "adapters/cmp/cmp_seal.h"
#include "adapters/cmp/cmp_session.h"
#include "adapters/pkix/crmf.h"
#include "mapping/model/limits.h"

static const char IMPLICIT_CONFIRM[] = "1.3.6.1.5.5.7.4.13";
static const char REASON_CODE[] = "2.5.29.21";

enum {
    TRANSACTION_ID_OCTETS = 16,
    DIRECTORY_NAME = DER_CONTEXT_CONSTRUCTED | 4,
    PVNO = 2,
    PVNO_HASH_ALG = 3, /* RFC 9810 7: a certConf with hashAlg */
    P10CR_ID = -1,
    POLL_ALL = -1,
    STATUS_REJECTION = 2,
    BIT_BAD_CERT_TEMPLATE = 19,
    TEMPLATE_SERIAL = DER_CONTEXT | 1,
    TEMPLATE_ISSUER = DER_CONTEXT_CONSTRUCTED | 3,
};

/* ---- header --------------------------------------------------------------------------------- */

/* RFC 9483 3.1: the CA's name. It issued our credential, unless that is self-signed. */
static struct bytes recipient(const struct authority *authority, struct arena *arena)
{
    const struct certificate *own = authority->ra->certificate;
    struct bytes name = certificate_issuer(own);
    if (bytes_equal(name, certificate_subject(own)) && authority->trust != NULL &&
        trust_anchor_count(authority->trust) > 0)
        name = certificate_subject(trust_anchor(authority->trust, 0));
    return der_wrap(arena, DIRECTORY_NAME, name);
}

static bool send(struct outbound_context *context, struct cmp_session *session,
                 struct cmp_outgoing *outgoing, struct arena *arena, struct call *call,
                 struct failure *why)
{
    const struct cmp_protector protector = {.protection = CMP_SIGNATURE,
                                            .signer = context->authority->ra};
    outgoing->recipient = recipient(context->authority, arena);
    outgoing->transaction_id = session->transaction_id;
    outgoing->recip_nonce = session->peer_nonce;
    *call = (struct call){.method = "POST",
                          .path_suffix = "",
                          .content_type = "application/pkixcmp",
                          .accept = "application/pkixcmp"};
    return cmp_seal(outgoing, &protector, context->now, &context->entropy, arena, &call->body,
                    &session->sent_nonce, why);
}

/* ---- certificate requests ------------------------------------------------------------------- */

static bool is_id_of_an_original(const struct request *request, int64_t id)
{
    for (size_t i = 0; i < request->item_count; i++) {
        if (request->items[i].carriage == CARRIAGE_CMP_CRMF && request->items[i].inbound_id == id)
            return true;
    }
    return false;
}

/* The certReqId of an original stands under its signature. Ours count from 0 (RFC 9483 4.1.1). */
static void number_parts(const struct request *request, struct cmp_session *session)
{
    int64_t next = 0;
    for (size_t i = 0; i < request->item_count; i++) {
        const struct item *item = &request->items[i];
        session->parts[i].id = item->inbound_id;
        if (item->carriage == CARRIAGE_CMP_P10CR)
            session->parts[i].id = P10CR_ID;
        if (item->carriage != CARRIAGE_CMP_RA_VERIFIED)
            continue;
        while (is_id_of_an_original(request, next))
            next++;
        session->parts[i].id = next++;
    }
}

static bool write_p10cr(const struct request *request, struct bytes *content, struct failure *why)
{
    if (request->item_count > 1)
        return fail(why, REASON_POP_CARRIER, "RFC 9810 5.3.3",
                    "several PKCS#10 requests cannot go to the authority of this route in one "
                    "message; send them one by one");
    *content = request->items[0].original;
    return true;
}

/* CertReqMessages ::= SEQUENCE SIZE (1..MAX) OF CertReqMsg                      (RFC 4211 3) */
static bool write_messages(const struct request *request, const struct cmp_session *session,
                           struct arena *arena, struct bytes *content, struct failure *why)
{
    struct bytes *messages = arena_array(arena, request->item_count, sizeof(*messages));
    for (size_t i = 0; i < request->item_count; i++) {
        const struct item *item = &request->items[i];
        switch ((int)item->carriage) {
        case CARRIAGE_CMP_CRMF:
            /* regInfo is outside the proof and could name another template (RFC 4211 7.2). */
            messages[i] = crmf_without_reg_info(item, arena);
            break;
        case CARRIAGE_CMP_RA_VERIFIED:
            messages[i] = crmf_rebuild(item, session->parts[i].id, CRMF_POPO_RA_VERIFIED, arena);
            break;
        case CARRIAGE_CMP_P10CR:
            return fail(why, REASON_POP_CARRIER, "RFC 9810 5.3.3",
                        "a PKCS#10 request goes to the authority of this route alone");
        default:
            return fail(why, REASON_INTERNAL, NULL, NULL) ||
                   fail_detail(why, "a request planned as %s is not for CMP",
                               carriage_row(item->carriage)->word);
        }
    }
    *content = der_join(arena, DER_SEQUENCE, messages, request->item_count);
    return true;
}

/* ---- revocation ----------------------------------------------------------------------------- */

/* Extensions ::= SEQUENCE OF Extension, of which RFC 9483 4.2 wants exactly one: reasonCode. */
static struct bytes entry_details(int reason, struct arena *arena)
{
    const uint8_t code = (uint8_t)reason;
    struct bytes value = der_wrap(arena, DER_ENUMERATED, bytes_of(&code, 1));
    struct bytes parts[] = {der_oid(arena, REASON_CODE), der_wrap(arena, DER_OCTET_STRING, value)};
    return der_wrap(arena, DER_SEQUENCE, der_join(arena, DER_SEQUENCE, parts, 2));
}

/* RevReqContent ::= SEQUENCE OF RevDetails
 * RevDetails ::= SEQUENCE {
 *     certDetails      CertTemplate,
 *     crlEntryDetails  Extensions OPTIONAL }                                 (RFC 9810 5.3.9) */
static struct bytes write_revocation(const struct request *request, struct arena *arena)
{
    struct bytes *details = arena_array(arena, request->item_count, sizeof(*details));
    for (size_t i = 0; i < request->item_count; i++) {
        const struct item *item = &request->items[i];
        struct bytes named[] = {der_wrap(arena, TEMPLATE_SERIAL, item->old_serial),
                                der_wrap(arena, TEMPLATE_ISSUER, item->old_issuer)};
        struct bytes parts[] = {der_join(arena, DER_SEQUENCE, named, 2),
                                entry_details(item->revocation_reason, arena)};
        details[i] = der_join(arena, DER_SEQUENCE, parts, 2);
    }
    return der_join(arena, DER_SEQUENCE, details, request->item_count);
}

/* ---- requests ------------------------------------------------------------------------------- */

static enum cmp_type body_of(const struct request *request)
{
    if (!operation_enrols(request->operation))
        return CMP_RR;
    for (size_t i = 0; i < request->item_count; i++) {
        if (request->items[i].carriage == CARRIAGE_CMP_P10CR)
            return CMP_P10CR;
    }
    /* An update is a cr: kur is bound to the protection by the old key (RFC 9483 5.2.3). */
    return request->operation == OPERATION_ENROLL ? CMP_IR : CMP_CR;
}

static bool write_content(const struct request *request, const struct cmp_session *session,
                          struct arena *arena, struct bytes *content, struct failure *why)
{
    switch ((int)session->body) {
    case CMP_RR:
        *content = write_revocation(request, arena);
        return true;
    case CMP_P10CR:
        return write_p10cr(request, content, why);
    default:
        return write_messages(request, session, arena, content, why);
    }
}

/* RFC 9810 5.1.1.1; asked where the device asked, or has no way to confirm. */
static struct bytes general_info(const struct request *request, struct arena *arena)
{
    if (!operation_enrols(request->operation) ||
        (request->can_confirm && !request->implicit_confirm))
        return BYTES_EMPTY;
    struct cmp_info info = {.type = der_oid(arena, IMPLICIT_CONFIRM),
                            .value = der_wrap(arena, DER_NULL, BYTES_EMPTY)};
    return cmp_write(&cmp_info_shape, &info, arena);
}

bool cmp_send_request(struct outbound_context *context, const struct request *request,
                      struct arena *arena, struct cmp_session *session, struct call *call,
                      struct failure *why)
{
    *session = (struct cmp_session){.phase = CMP_PHASE_SENT, .body = body_of(request)};
    if (context->authority->ra == NULL)
        return fail(why, REASON_INTERNAL, NULL, NULL) ||
               fail_detail(why, "no RA credential for authority %s", context->authority->name);
    if (!operation_enrols(request->operation) && request->operation != OPERATION_REVOKE &&
        request->operation != OPERATION_UNREVOKE)
        return fail(why, REASON_NO_OPERATION, NULL, NULL);
    session->part_count = request->item_count;
    session->parts = arena_array(arena, request->item_count, sizeof(*session->parts));
    number_parts(request, session);
    session->transaction_id = entropy_take(&context->entropy, TRANSACTION_ID_OCTETS, arena);
    struct cmp_outgoing outgoing = {.pvno = PVNO,
                                    .type = (enum cmp_type)session->body,
                                    .general_info = general_info(request, arena)};
    if (!write_content(request, session, arena, &outgoing.content, why) ||
        !send(context, session, &outgoing, arena, call, why))
        return false;
    session->request_nonce = session->sent_nonce;
    return true;
}

/* ---- what follows --------------------------------------------------------------------------- */

bool cmp_send_poll(struct outbound_context *context, struct arena *arena,
                   struct cmp_session *session, struct call *call, struct failure *why)
{
    struct bytes *polls = arena_array(arena, session->part_count + 1, sizeof(*polls));
    size_t count = 0;
    for (size_t i = 0; i < session->part_count; i++) {
        struct cmp_poll poll = {.cert_req_id = der_integer(arena, session->parts[i].id)};
        if (session->parts[i].open && !session->poll_all)
            polls[count++] = cmp_write(&cmp_poll_req_shape, &poll, arena);
    }
    struct cmp_poll all = {.cert_req_id = der_integer(arena, POLL_ALL)};
    if (count == 0)
        polls[count++] = cmp_write(&cmp_poll_req_shape, &all, arena);
    struct cmp_outgoing outgoing = {
        .pvno = PVNO, .type = CMP_POLL_REQ, .content = der_join(arena, DER_SEQUENCE, polls, count)};
    if (!send(context, session, &outgoing, arena, call, why))
        return false;
    session->phase = CMP_PHASE_POLLING;
    return true;
}

static const struct confirmation *find_confirmation(const struct confirmation *confirmations,
                                                    size_t count, int64_t id)
{
    for (size_t i = 0; i < count; i++) {
        if (confirmations[i].inbound_id == id)
            return &confirmations[i];
    }
    return NULL;
}

/* RFC 9483 4.1.1: accepted (said by silence) or rejection, failInfo with the latter alone. */
static struct bytes verdict(const struct cmp_part *part, const struct confirmation *confirmation,
                            struct arena *arena)
{
    if (part->unwanted)
        return cmp_status_info(STATUS_REJECTION,
                               BYTES_LITERAL("the certificate is not the one asked for"),
                               UINT32_C(1) << BIT_BAD_CERT_TEMPLATE, arena);
    if (confirmation == NULL)
        return cmp_status_info(STATUS_REJECTION, BYTES_EMPTY, 0, arena);
    if (!confirmation->accepted)
        return cmp_status_info(STATUS_REJECTION, confirmation->text, confirmation->cmp_bits, arena);
    return BYTES_EMPTY;
}

bool cmp_send_confirmation(struct outbound_context *context, const struct response *known,
                           const struct confirmation *confirmations, size_t count,
                           struct arena *arena, struct cmp_session *session, struct call *call,
                           struct failure *why)
{
    struct bytes *statuses = arena_array(arena, session->part_count, sizeof(*statuses));
    struct cmp_outgoing outgoing = {.pvno = PVNO, .type = CMP_CERT_CONF};
    size_t used = 0;
    for (size_t i = 0; i < session->part_count; i++) {
        const struct cmp_part *part = &session->parts[i];
        if (bytes_is_empty(part->hash))
            continue;
        struct cmp_cert_status status = {
            .cert_hash = part->hash,
            .cert_req_id = der_integer(arena, part->id),
            .status_info = verdict(
                part, find_confirmation(confirmations, count, known->results[i].inbound_id), arena),
            .hash_alg = part->hash_algorithm};
        if (!bytes_is_empty(part->hash_algorithm))
            outgoing.pvno = PVNO_HASH_ALG;
        statuses[used++] = cmp_write(&cmp_cert_status_shape, &status, arena);
    }
    outgoing.content = der_join(arena, DER_SEQUENCE, statuses, used);
    if (!send(context, session, &outgoing, arena, call, why))
        return false;
    session->phase = CMP_PHASE_CONFIRMING;
    return true;
}
