/* What a believed answer means for each item: CMCStatus and CMCFailInfo to results (RFC 10002 6.1),
 * certificates found by their key and never by their place. */
#include "adapters/cmc/cmc_response.h"
#include "adapters/pkix/der.h"
#include "adapters/pkix/issued.h"
#include "mapping/codes.h"
#include "mapping/model/limits.h"

/* ---- several status controls for one body part ---------------------------------------------- */

enum { RANK_SUCCESS, RANK_CONFIRM, RANK_OPEN, RANK_POP, RANK_NO_SUPPORT, RANK_FAILED };

/* failed > noSupport > popRequired > pending, partial > confirmRequired > success; the reserved
 * value and unknown ones are failures. */
static int rank_of(int64_t status)
{
    static const int ranks[] = {
        [CMC_STATUS_SUCCESS] = RANK_SUCCESS,       [1] = RANK_FAILED,
        [CMC_STATUS_FAILED] = RANK_FAILED,         [CMC_STATUS_PENDING] = RANK_OPEN,
        [CMC_STATUS_NO_SUPPORT] = RANK_NO_SUPPORT, [CMC_STATUS_CONFIRM_REQUIRED] = RANK_CONFIRM,
        [CMC_STATUS_POP_REQUIRED] = RANK_POP,      [CMC_STATUS_PARTIAL] = RANK_OPEN,
    };
    bool known = status >= 0 && status < (int64_t)(sizeof(ranks) / sizeof(ranks[0]));
    return known ? ranks[status] : RANK_FAILED;
}

/* Whom a status speaks of: this item, all of the message, or one of our own controls. */
enum target { TARGET_OTHER, TARGET_ITEM, TARGET_ALL, TARGET_OUR_CONTROL };

static bool is_id_of_an_item(const struct cmc_session *session, int64_t id)
{
    for (size_t i = 0; i < session->part_count; i++) {
        if (session->parts[i].id == id)
            return true;
    }
    return false;
}

static enum target target_of(const struct cmc_status *status, const struct cmc_session *session,
                             const struct cmc_part *part)
{
    enum target target = TARGET_OTHER;
    for (size_t i = 0; i < status->id_count; i++) {
        int64_t id = status->ids[i];
        if (id == part->id || (part->control_id != 0 && id == part->control_id))
            return TARGET_ITEM;
        if (id == CMC_BODY_ID_WHOLE)
            target = TARGET_ALL;
        else if (target == TARGET_OTHER && !is_id_of_an_item(session, id))
            target = TARGET_OUR_CONTROL;
    }
    return target;
}

/* What all status controls say of one item. */
struct verdict {
    int rank;
    bool partial;
    bool ours; /* one of our own controls was refused */
    const struct cmc_status *pending;
};

/* RFC 10002 3.2.1.1: a control that is refused fails the whole PKIData. */
static bool concerns(const struct cmc_status *status, enum target target)
{
    bool refused = rank_of(status->status) >= RANK_NO_SUPPORT;
    return target == TARGET_ITEM || target == TARGET_ALL ||
           (target == TARGET_OUR_CONTROL && refused);
}

static struct verdict combine(const struct cmc_answer *answer, const struct cmc_session *session,
                              const struct cmc_part *part)
{
    struct verdict verdict = {.rank = RANK_SUCCESS};
    for (size_t i = 0; i < answer->status_count; i++) {
        const struct cmc_status *status = &answer->statuses[i];
        enum target target = target_of(status, session, part);
        if (!concerns(status, target))
            continue;
        int rank = rank_of(status->status);
        if (rank > verdict.rank)
            verdict.rank = rank;
        verdict.ours = verdict.ours || target == TARGET_OUR_CONTROL;
        verdict.partial = verdict.partial || status->status == CMC_STATUS_PARTIAL;
        if (rank == RANK_OPEN && (verdict.pending == NULL || status->has_pend_info))
            verdict.pending = status;
    }
    return verdict;
}

/* ---- refusals ------------------------------------------------------------------------------- */

static enum reason reason_of(const struct cmc_status *status, enum operation operation)
{
    switch (rank_of(status->status)) {
    case RANK_NO_SUPPORT:
        return operation_enrols(operation) ? REASON_BAD_REQUEST : REASON_NO_OPERATION;
    case RANK_POP:
        return REASON_POP_REQUIRED;
    default:
        break;
    }
    if (status->status != CMC_STATUS_FAILED)
        return REASON_SYSTEM_FAILURE;
    if (status->fail_info != CMC_NO_FAIL_INFO)
        return reason_from_cmc((long)status->fail_info);
    return bytes_is_empty(status->extended_oid) ? REASON_UNSPECIFIED : REASON_VENDOR;
}

/* extendedFailInfo has no equal anywhere: OID and value stay as text. */
static struct bytes extended_text(const struct cmc_status *status, struct arena *arena)
{
    enum { SHOWN = 64 };
    char hex[2 * SHOWN + 1] = "";
    for (size_t i = 0; i < SHOWN && i < status->extended_value.size; i++)
        snprintf(hex + 2 * i, 3, "%02x", status->extended_value.data[i]);
    return bytes_of_text(arena_printf(arena, "extendedFailInfo %s %s",
                                      der_oid_text(arena, status->extended_oid), hex));
}

/* One text for all causes, joined with "; " (RFC 10002 6.1.1 has room for one string). */
static void add_text(struct result *result, struct bytes text, struct arena *arena)
{
    if (bytes_is_empty(text))
        return;
    struct bytes safe = peer_text(text, arena);
    if (bytes_is_empty(result->text))
        result->text = safe;
    else
        result->text =
            peer_text(bytes_of_text(arena_printf(arena, "%.*s; %.*s", (int)result->text.size,
                                                 (const char *)result->text.data, (int)safe.size,
                                                 (const char *)safe.data)),
                      arena);
}

static void add_cause(struct result *result, const struct cmc_status *status,
                      enum operation operation, struct arena *arena)
{
    result_add_reason(result, reason_of(status, operation));
    if (status->fail_info != CMC_NO_FAIL_INFO && !result->has_source) {
        result->source =
            (struct source_code){.protocol = PROTOCOL_CMC, .value = (long)status->fail_info};
        result->has_source = true;
    }
    add_text(result, status->text, arena);
    if (!bytes_is_empty(status->extended_oid))
        add_text(result, extended_text(status, arena), arena);
}

static void refuse(const struct cmc_answer *answer, const struct cmc_session *session,
                   const struct cmc_part *part, const struct verdict *verdict,
                   enum operation operation, struct arena *arena, struct result *result)
{
    result->status = RESULT_REFUSED;
    for (size_t i = 0; i < answer->status_count; i++) {
        const struct cmc_status *status = &answer->statuses[i];
        if (concerns(status, target_of(status, session, part)) &&
            rank_of(status->status) >= RANK_POP)
            add_cause(result, status, operation, arena);
    }
    snprintf(result->clause, sizeof(result->clause), "RFC 10002 6.1.4");
    /* The authority's code first: what follows may replace the reason. */
    result_keep_code(result, arena);
    if (verdict->ours) {
        result->reasons[0] = REASON_GATEWAY_FAULT;
        result->reason_count = 1;
    }
    result_blame_gateway(result, arena);
}

/* ---- certificates --------------------------------------------------------------------------- */

static void unknown(struct result *result, enum reason reason, const char *detail)
{
    result->status = RESULT_UNKNOWN;
    result->certificate = BYTES_EMPTY;
    result->reason_count = 0;
    result_add_reason(result, reason);
    snprintf(result->clause, sizeof(result->clause), "%s", reason_row(reason)->clause);
    result->text = bytes_of_text(reason_row(reason)->text);
    result->detail = bytes_of_text(detail);
}

/* All certificates but the one that the device has already: a renewal may keep the key. */
static size_t candidates_of(const struct cms_signed *cms, const struct request *request,
                            struct certificate **candidates)
{
    size_t count = 0;
    for (size_t i = 0; i < cms->certificate_count; i++) {
        if (!bytes_equal(certificate_der(cms->certificates[i]), request->identity.certificate))
            candidates[count++] = cms->certificates[i];
    }
    return count;
}

static bool has_end_entity(struct certificate *const *certificates, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!certificate_is_ca(certificates[i]))
            return true;
    }
    return false;
}

static struct certificate *find_certificate(const struct cmc_answer *answer,
                                            const struct request *request, const struct item *item,
                                            struct arena *arena, bool *has_another)
{
    const struct cms_signed *cms = &answer->cms;
    struct certificate **candidates =
        arena_array(arena, cms->certificate_count, sizeof(struct certificate *));
    size_t count = candidates_of(cms, request, candidates);
    *has_another = has_end_entity(candidates, count);
    return issued_find(item, candidates, count);
}

static void grant(const struct outbound_context *context, const struct request *request,
                  const struct item *item, const struct cmc_answer *answer, struct arena *arena,
                  struct result *result)
{
    struct failure why = {0};
    bool has_another;
    struct certificate *found = find_certificate(answer, request, item, arena, &has_another);
    if (found == NULL && has_another) {
        unknown(result, REASON_UPSTREAM_WRONG_CERT, "no certificate in the answer has this key");
        return;
    }
    if (found == NULL) {
        unknown(result, REASON_UPSTREAM_UNTRUSTED, "success, but no certificate");
        return;
    }
    if (!issued_check(item, certificate_der(found), answer->cms.certificates,
                      answer->cms.certificate_count, context->authority->trust, context->now, arena,
                      result, &why))
        unknown(result, why.reason, arena_printf(arena, "%s; %s", why.text, why.detail));
    else if (result->status == RESULT_GRANTED_WITH_MODS && !context->authority->tolerate_changes)
        unknown(result, REASON_UPSTREAM_WRONG_CERT, arena_text(arena, result->text));
}

/* ---- pending -------------------------------------------------------------------------------- */

/* pendTime stands on the authority's clock (RFC 10002 6.13): its distance from the time of speaking
 * counts, on ours. */
static int64_t retry_time(const struct cmc_status *status, int64_t spoken_at, int64_t now)
{
    int64_t wait = status->has_pend_info ? status->pend_time - spoken_at : 0;
    if (wait <= 0)
        wait = LIMIT_POLL_DEFAULT_S;
    return now + (wait < LIMIT_PENDING_MAX_S ? wait : LIMIT_PENDING_MAX_S);
}

/* RFC 10002 6.1.2: the first pending answer carries the token; 6.13: later ones may leave it out.
 */
static void suspend(const struct outbound_context *context, const struct cmc_answer *answer,
                    const struct cmc_status *status, struct arena *arena, struct cmc_part *part,
                    struct result *result)
{
    if (status->has_pend_info && status->pend_token.size <= LIMIT_NONCE_OCTETS)
        part->token = arena_copy(arena, status->pend_token);
    if (bytes_is_empty(part->token)) {
        unknown(result, REASON_UPSTREAM_UNTRUSTED, "pending, but no token to ask with");
        return;
    }
    part->open = true;
    result->status = RESULT_PENDING;
    result->retry_at = retry_time(status, answer->spoken_at, context->now);
    add_text(result, status->text, arena);
}

/* ---- one item ------------------------------------------------------------------------------- */

static void judge(const struct outbound_context *context, const struct request *request, size_t i,
                  const struct cmc_answer *answer, struct arena *arena, struct cmc_session *session,
                  struct result *result)
{
    struct cmc_part *part = &session->parts[i];
    const struct item *item = &request->items[i];
    struct verdict verdict = combine(answer, session, part);
    bool enrols = operation_enrols(request->operation), has_another;
    *result = (struct result){.inbound_id = item->inbound_id, .status = RESULT_GRANTED};
    part->open = false;
    if (verdict.rank == RANK_OPEN && verdict.partial && enrols &&
        find_certificate(answer, request, item, arena, &has_another) != NULL)
        verdict.rank = RANK_SUCCESS;
    switch (verdict.rank) {
    case RANK_SUCCESS:
    case RANK_CONFIRM:
        if (enrols)
            grant(context, request, item, answer, arena, result);
        result->confirm_needed =
            verdict.rank == RANK_CONFIRM && enrols && !bytes_is_empty(result->certificate);
        return;
    case RANK_OPEN:
        suspend(context, answer, verdict.pending, arena, part, result);
        return;
    default:
        refuse(answer, session, part, &verdict, request->operation, arena, result);
    }
}

/* RFC 10002 4.2: the CA certificates come beside the issued ones; only the path counts. */
static void collect_chain(const struct outbound_context *context, const struct cmc_answer *answer,
                          struct arena *arena, struct response *response)
{
    struct failure why;
    for (size_t i = 0; i < response->result_count && response->chain_count == 0; i++) {
        struct certificate *leaf;
        if (bytes_is_empty(response->results[i].certificate) ||
            !certificate_parse(response->results[i].certificate, &leaf, &why))
            continue;
        if (!trust_verify(context->authority->trust, leaf, answer->cms.certificates,
                          answer->cms.certificate_count, context->now, arena, &response->chain,
                          &response->chain_count, &why))
            response->chain_count = 0;
        certificate_unref(leaf);
    }
}

void cmc_answer_judge(const struct outbound_context *context, const struct request *request,
                      const struct cmc_answer *answer, struct arena *arena,
                      struct cmc_session *session, struct response *response)
{
    bool first = session->phase == CMC_PHASE_SENT;
    for (size_t i = 0; i < request->item_count; i++) {
        if (first || session->parts[i].open)
            judge(context, request, i, answer, arena, session, &response->results[i]);
    }
    if (response->chain_count == 0)
        collect_chain(context, answer, arena, response);
}

void cmc_answer_judge_confirmation(const struct cmc_answer *answer, struct arena *arena,
                                   const struct cmc_session *session, struct response *response)
{
    for (size_t i = 0; i < response->result_count; i++) {
        struct result *result = &response->results[i];
        const struct cmc_part *part = &session->parts[i];
        if (!result->confirm_needed)
            continue;
        result->confirm_needed = false;
        struct verdict verdict = combine(answer, session, part);
        if (verdict.rank < RANK_POP)
            continue;
        *result = (struct result){.inbound_id = result->inbound_id};
        refuse(answer, session, part, &verdict, response->operation, arena, result);
    }
}
