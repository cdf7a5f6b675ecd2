/* What a believed answer means for each item: PKIStatusInfo to results (RFC 9810 5.2.3),
 * certificates found by their key, and what is to be confirmed. */
#include "adapters/cmp/cmp_response.h"
#include "adapters/pkix/confirm.h"
#include "adapters/pkix/issued.h"
#include "mapping/codes.h"

enum {
    FAIL_INFO_BITS = 32,
    BIT_CERT_CONFIRMED = 11,
    BIT_TRANSACTION_ID_IN_USE = 21,
    POLL_ALL = -1,
    P10CR_ID = -1,
    KEY_UPDATE_WARNING = 6,
    CERTIFICATE = DER_CONTEXT_CONSTRUCTED | 0, /* CertOrEncCert */
};

/* ---- status --------------------------------------------------------------------------------- */

bool cmp_answer_status(struct bytes status_info, struct arena *arena, struct result *result,
                       struct failure *why)
{
    struct cmp_status_info info;
    int64_t status;
    if (!cmp_read(&cmp_status_info_shape, status_info, &info, why))
        return false;
    if (!cmp_integer(info.status, &status))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 9810 5.2.3", "PKIStatus is no number");
    const uint32_t bits = cmp_fail_info_read(info.fail_info);
    for (int bit = 0; bit < FAIL_INFO_BITS; bit++) {
        if ((bits >> bit & 1) == 0)
            continue;
        result_add_reason(result, reason_from_cmp_bit(bit));
        if (!result->has_source)
            result->source = (struct source_code){.protocol = PROTOCOL_CMP, .value = bit};
        result->has_source = true;
    }
    result->text = cmp_free_text_read(info.status_string, arena);
    result_read_cmp_status(result, (long)status);
    return true;
}

/* The authority speaks of a message that we protected: what accuses the message accuses us. */
static void settle_refusal(struct result *result, struct arena *arena)
{
    snprintf(result->clause, sizeof(result->clause), "RFC 9810 5.2.3");
    result_keep_code(result, arena);
    result_blame_gateway(result, arena);
}

static void fail_result(struct result *result, enum result_status status, enum reason reason,
                        struct bytes detail)
{
    const struct reason_row *row = reason_row(reason);
    *result = (struct result){.inbound_id = result->inbound_id,
                              .status = status,
                              .text = bytes_of_text(row->text),
                              .detail = detail};
    result_add_reason(result, reason);
    snprintf(result->clause, sizeof(result->clause), "%s", row->clause);
}

static void suspend(const struct outbound_context *context, struct cmp_part *part,
                    struct result *result)
{
    part->open = true;
    result->status = RESULT_PENDING;
    result->reason_count = 0;
    /* A pollReq may go at once, and its answer says for how long to wait (RFC 9810 5.3.22). */
    result->retry_at = context->now + LIMIT_POLL_MIN_S;
}

/* ---- certificates --------------------------------------------------------------------------- */

static struct bytes certificate_of(struct bytes certified_key_pair)
{
    struct cmp_certified_key_pair pair;
    struct failure ignored;
    struct der choice;
    if (bytes_is_empty(certified_key_pair) ||
        !cmp_read(&cmp_certified_key_pair_shape, certified_key_pair, &pair, &ignored) ||
        !der_only(pair.cert_or_enc_cert, CERTIFICATE, &choice))
        return BYTES_EMPTY;
    return choice.content;
}

/* A certificate that must not be delivered is rejected by our own certConf (RFC 9810 5.3.18); one
 * that the authority holds for confirmed is an orphan. */
static void reject_certificate(struct cmp_part *part, struct result *result,
                               const struct failure *why, struct arena *arena)
{
    const bool confirmable = !bytes_is_empty(part->hash);
    part->unwanted = true;
    fail_result(result, confirmable ? RESULT_REFUSED : RESULT_UNKNOWN, why->reason,
                bytes_of_text(arena_printf(arena, "%s; %s", why->text, why->detail)));
}

static bool is_what_was_asked(const struct outbound_context *context, const struct item *item,
                              const struct cmp_answer *answer, struct bytes certificate,
                              struct arena *arena, struct result *result, struct failure *why)
{
    if (!issued_check(item, certificate, answer->certificates, answer->certificate_count,
                      context->authority->trust, context->now, arena, result, why))
        return false;
    if (result->status == RESULT_GRANTED_WITH_MODS && !context->authority->tolerate_changes)
        return fail(why, REASON_UPSTREAM_WRONG_CERT, NULL, NULL) ||
               fail_detail(why, "%s", arena_text(arena, result->text));
    return true;
}

static void grant(const struct outbound_context *context, const struct item *item,
                  const struct cmp_answer *answer, struct bytes certificate, struct arena *arena,
                  struct cmp_part *part, struct result *result)
{
    struct failure why = {0};
    *result = (struct result){.inbound_id = result->inbound_id};
    if (bytes_is_empty(certificate)) {
        fail_result(result, RESULT_UNKNOWN, REASON_UPSTREAM_UNTRUSTED,
                    BYTES_LITERAL("granted, but without a certificate in clear"));
        return;
    }
    if (!answer->implicit_confirm &&
        !confirmation_hash(certificate, arena, &part->hash, &part->hash_algorithm)) {
        fail_result(result, RESULT_UNKNOWN, REASON_UPSTREAM_UNTRUSTED,
                    BYTES_LITERAL("no hash of the certificate can be made"));
        return;
    }
    if (!is_what_was_asked(context, item, answer, certificate, arena, result, &why))
        reject_certificate(part, result, &why, arena);
    else
        result->confirm_needed = !answer->implicit_confirm;
}

/* ---- ip, cp, kup ---------------------------------------------------------------------------- */

/* RFC 9483 4.1.4: -1 for a p10cr; authorities write 0 too. */
static bool is_answer_for(const struct cmp_session *session, const struct cmp_part *part,
                          int64_t id)
{
    return part->id == id || (session->body == CMP_P10CR && (id == 0 || id == P10CR_ID));
}

static void judge_one(const struct outbound_context *context, const struct item *item,
                      const struct cmp_answer *answer, const struct cmp_cert_response *response,
                      struct arena *arena, struct cmp_part *part, struct result *result)
{
    struct failure why = {0};
    struct result said = {.inbound_id = result->inbound_id};
    part->open = false;
    if (!cmp_answer_status(response->status, arena, &said, &why)) {
        fail_result(result, RESULT_UNKNOWN, REASON_UPSTREAM_UNTRUSTED,
                    arena_copy(arena, bytes_of_text(why.text)));
        return;
    }
    *result = said;
    struct bytes certificate = certificate_of(response->certified_key_pair);
    if (said.status == RESULT_PENDING)
        suspend(context, part, result);
    else if (said.status == RESULT_REFUSED && bytes_is_empty(certificate))
        settle_refusal(result, arena);
    else if (said.status == RESULT_REFUSED)
        fail_result(result, RESULT_UNKNOWN, REASON_UPSTREAM_UNTRUSTED,
                    BYTES_LITERAL("a rejection with a certificate"));
    else
        grant(context, item, answer, certificate, arena, part, result);
}

static bool read_cert_response(struct bytes tlv, struct cmp_cert_response *response, int64_t *id)
{
    struct failure ignored;
    return cmp_read(&cmp_cert_response_shape, tlv, response, &ignored) &&
           cmp_integer(response->cert_req_id, id);
}

/* Each open item takes the first response that has its certReqId. */
static void judge_certificates(const struct outbound_context *context,
                               const struct request *request, const struct cmp_answer *answer,
                               struct bytes responses, struct arena *arena,
                               struct cmp_session *session, bool *answered,
                               struct response *response)
{
    struct der element;
    while (der_next(&responses, &element)) {
        struct cmp_cert_response one;
        int64_t id;
        if (!read_cert_response(element.whole, &one, &id))
            continue;
        for (size_t i = 0; i < session->part_count; i++) {
            struct cmp_part *part = &session->parts[i];
            if (answered[i] || !is_answer_for(session, part, id))
                continue;
            answered[i] = true;
            part->id = id;
            judge_one(context, &request->items[i], answer, &one, arena, part,
                      &response->results[i]);
            break;
        }
    }
}

/* The path of the first certificate that has one. */
static void collect_chain(const struct outbound_context *context, const struct cmp_answer *answer,
                          struct arena *arena, struct response *response)
{
    struct failure ignored;
    for (size_t i = 0; i < response->result_count && response->chain_count == 0; i++) {
        struct certificate *leaf;
        if (bytes_is_empty(response->results[i].certificate) ||
            !certificate_parse(response->results[i].certificate, &leaf, &ignored))
            continue;
        if (!trust_verify(context->authority->trust, leaf, answer->certificates,
                          answer->certificate_count, context->now, arena, &response->chain,
                          &response->chain_count, &ignored))
            response->chain_count = 0;
        certificate_unref(leaf);
    }
}

static bool read_cert_rep(const struct cmp_answer *answer, struct bytes *responses)
{
    struct cmp_cert_rep rep;
    struct failure ignored;
    *responses = BYTES_EMPTY;
    if (!cmp_read(&cmp_cert_rep_shape, answer->decoding.content, &rep, &ignored) ||
        cmp_count(rep.response) > LIMIT_ITEMS)
        return false;
    *responses = rep.response;
    return true;
}

/* ---- rp ------------------------------------------------------------------------------------- */

/* RevRepContent ::= SEQUENCE {
 *     status       SEQUENCE SIZE (1..MAX) OF PKIStatusInfo,   -- in the order of the request
 *     revCerts [0] SEQUENCE SIZE (1..MAX) OF CertId OPTIONAL,
 *     crls     [1] SEQUENCE SIZE (1..MAX) OF CertificateList OPTIONAL }     (RFC 9810 5.3.10) */
static void judge_revocations(const struct outbound_context *context,
                              const struct cmp_answer *answer, struct arena *arena,
                              struct cmp_session *session, bool *answered,
                              struct response *response)
{
    struct der content, list, info;
    if (!der_only(answer->decoding.content, DER_SEQUENCE, &content) ||
        !der_take(&content.content, DER_SEQUENCE, &list))
        return;
    for (size_t i = 0; i < session->part_count && der_next(&list.content, &info); i++) {
        struct failure why = {0};
        struct result result = {.inbound_id = response->results[i].inbound_id};
        if (!cmp_answer_status(info.whole, arena, &result, &why))
            continue;
        answered[i] = true;
        session->parts[i].open = false;
        response->results[i] = result;
        if (result.status == RESULT_PENDING)
            suspend(context, &session->parts[i], &response->results[i]);
        else if (result.status == RESULT_REFUSED)
            settle_refusal(&response->results[i], arena);
        session->poll_all = session->poll_all || session->parts[i].open;
    }
}

/* ---- error ---------------------------------------------------------------------------------- */

static bool says(const struct result *result, int bit)
{
    for (size_t i = 0; i < result->reason_count; i++) {
        if (result->reasons[i] == reason_from_cmp_bit(bit))
            return true;
    }
    return false;
}

static struct bytes joined_text(struct bytes first, struct bytes second, struct arena *arena)
{
    if (bytes_is_empty(first) || bytes_is_empty(second))
        return bytes_is_empty(first) ? second : first;
    return peer_text(
        bytes_of_text(arena_printf(arena, "%.*s; %.*s", (int)first.size, (const char *)first.data,
                                   (int)second.size, (const char *)second.data)),
        arena);
}

static bool read_error(const struct cmp_answer *answer, struct arena *arena, struct result *result)
{
    struct cmp_error error;
    struct failure ignored;
    if (!cmp_read(&cmp_error_shape, answer->decoding.content, &error, &ignored) ||
        !cmp_answer_status(error.status_info, arena, result, &ignored))
        return false;
    result->text = joined_text(result->text, cmp_free_text_read(error.error_details, arena), arena);
    return true;
}

/* An error speaks of the whole message: it refuses all that is open, or lets it wait
 * (RFC 9483 4.4). One that is neither is a refusal. */
static void judge_error(const struct outbound_context *context, const struct cmp_answer *answer,
                        struct arena *arena, struct cmp_session *session, bool *answered,
                        struct response *response)
{
    struct result said = {0};
    if (!read_error(answer, arena, &said) || says(&said, BIT_TRANSACTION_ID_IN_USE))
        return; /* the authority saw the first copy of our message: what of it, nobody knows */
    if (said.status == RESULT_GRANTED || said.status == RESULT_GRANTED_WITH_MODS)
        said.status = RESULT_REFUSED;
    if (said.reason_count == 0)
        result_add_reason(&said, REASON_UNSPECIFIED);
    session->poll_all = said.status == RESULT_PENDING;
    for (size_t i = 0; i < session->part_count; i++) {
        struct result *result = &response->results[i];
        answered[i] = true;
        if (session->phase != CMP_PHASE_SENT && !session->parts[i].open)
            continue;
        session->parts[i].open = false;
        said.inbound_id = result->inbound_id;
        *result = said;
        if (said.status == RESULT_PENDING)
            suspend(context, &session->parts[i], result);
        else
            settle_refusal(result, arena);
    }
}

/* ---- pollRep -------------------------------------------------------------------------------- */

static void judge_poll_rep(const struct outbound_context *context, const struct cmp_answer *answer,
                           const struct cmp_session *session, bool *answered, struct arena *arena,
                           struct response *response)
{
    struct der list, element;
    struct failure ignored;
    for (size_t i = 0; i < session->part_count; i++) {
        answered[i] = true; /* what it leaves out still waits */
        if (session->parts[i].open)
            response->results[i].retry_at = context->now + LIMIT_POLL_DEFAULT_S;
    }
    if (!der_only(answer->decoding.content, DER_SEQUENCE, &list))
        return;
    while (der_next(&list.content, &element)) {
        struct cmp_poll poll;
        int64_t id, wait;
        if (!cmp_read(&cmp_poll_rep_shape, element.whole, &poll, &ignored) ||
            !cmp_integer(poll.cert_req_id, &id) || !cmp_integer(poll.check_after, &wait))
            continue;
        wait = wait < LIMIT_POLL_MIN_S ? LIMIT_POLL_MIN_S : wait;
        wait = wait > LIMIT_PENDING_MAX_S ? LIMIT_PENDING_MAX_S : wait;
        for (size_t i = 0; i < session->part_count; i++) {
            if (!session->parts[i].open ||
                (id != POLL_ALL && !is_answer_for(session, &session->parts[i], id)))
                continue;
            response->results[i].retry_at = context->now + wait;
            response->results[i].text = cmp_free_text_read(poll.reason, arena);
        }
    }
}

/* ---- all ------------------------------------------------------------------------------------ */

/* An item that the answer is silent about: nobody knows what became of it. */
static void judge_unanswered(const bool *answered, bool first, struct cmp_session *session,
                             struct response *response)
{
    for (size_t i = 0; i < session->part_count; i++) {
        if (answered[i] || (!first && !session->parts[i].open))
            continue;
        session->parts[i].open = false;
        fail_result(&response->results[i], RESULT_UNKNOWN, REASON_UPSTREAM_UNTRUSTED,
                    BYTES_LITERAL("the answer does not speak of this request"));
    }
}

void cmp_answer_judge(const struct outbound_context *context, const struct request *request,
                      const struct cmp_answer *answer, struct arena *arena,
                      struct cmp_session *session, struct response *response)
{
    bool *answered = arena_array(arena, session->part_count + 1, sizeof(*answered));
    const bool first = session->phase == CMP_PHASE_SENT;
    struct bytes responses;
    for (size_t i = 0; i < session->part_count; i++)
        answered[i] = !first && !session->parts[i].open; /* settled by an earlier answer */
    switch ((int)answer->decoding.type) {
    case CMP_ERROR:
        judge_error(context, answer, arena, session, answered, response);
        break;
    case CMP_POLL_REP:
        judge_poll_rep(context, answer, session, answered, arena, response);
        break;
    case CMP_RP:
        judge_revocations(context, answer, arena, session, answered, response);
        break;
    default:
        if (read_cert_rep(answer, &responses))
            judge_certificates(context, request, answer, responses, arena, session, answered,
                               response);
        break;
    }
    judge_unanswered(answered, first, session, response);
    if (response->chain_count == 0)
        collect_chain(context, answer, arena, response);
}

void cmp_answer_judge_confirmation(const struct cmp_answer *answer, struct arena *arena,
                                   struct response *response)
{
    struct result said = {.status = RESULT_GRANTED};
    if (answer->decoding.type == CMP_ERROR && !read_error(answer, arena, &said))
        said = (struct result){.status = RESULT_REFUSED};
    /* RFC 9810 App. F: what was confirmed before is confirmed. */
    const bool taken = answer->decoding.type == CMP_PKICONF || says(&said, BIT_CERT_CONFIRMED);
    if (said.reason_count == 0)
        result_add_reason(&said, REASON_UNSPECIFIED);
    for (size_t i = 0; i < response->result_count; i++) {
        struct result *result = &response->results[i];
        if (!result->confirm_needed)
            continue;
        result->confirm_needed = false;
        if (taken)
            continue;
        said.inbound_id = result->inbound_id;
        said.status = RESULT_REFUSED;
        *result = said;
        settle_refusal(result, arena);
    }
}
