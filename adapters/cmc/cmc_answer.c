/* Answers to devices: Full PKI Responses, signed with the device group's credential, and a Simple
 * one for a Simple Request that was granted (RFC 10002 3, 4). */
#include "adapters/cmc/cmc_incoming.h"
#include "adapters/pkix/der.h"
#include "adapters/pkix/devices.h"
#include "mapping/codes.h"
#include "mapping/model/limits.h"

enum { NONCE_OCTETS = 16, HTTP_OK = 200, HTTP_TOO_LARGE = 413, HTTP_METHOD = 405 };

/* transactionId, recipientNonce, senderNonce */
enum { CONTROLS_OF_MESSAGE = 3 };

static void full_reply(struct bytes body, struct reply *reply)
{
    *reply = (struct reply){.status = HTTP_OK,
                            .content_type = "application/pkcs7-mime; smime-type=CMC-response",
                            .body = body};
}

static void simple_reply(struct bytes body, struct reply *reply)
{
    *reply = (struct reply){.status = HTTP_OK,
                            .content_type = "application/pkcs7-mime; smime-type=certs-only",
                            .body = body};
}

/* ---- around the PKIResponse ----------------------------------------------------------------- */

/* The signer is named by issuer and serial number: JSS, which Dogtag's clients are made of, cannot
 * read the other form in an answer. Where there is nothing to sign with, nobody signs: an answer is
 * owed all the same (3.2.1.3.4). */
static struct bytes seal(const struct inbound_context *context, const struct signer *signer,
                         const struct cmc_writer *writer, const struct bytes *certificates,
                         size_t certificate_count)
{
    struct failure why;
    struct bytes message = BYTES_EMPTY;
    struct cms_signing signing = {
        .content_type = CMC_OID_PKI_RESPONSE,
        .content = cmc_pki_response(writer),
        .signer = signer,
        .issuer_serial = true,
        .signing_time = context->now,
        .extra_certificates = certificates,
        .extra_count = certificate_count,
    };
    if (signer != NULL && cms_sign(&signing, writer->arena, &message, &why))
        return message;
    signing.signer = NULL;
    cms_sign(&signing, writer->arena, &message, &why);
    return message;
}

/* What a device sent to have it back (RFC 10002 6.4, 6.6). */
static void echo(struct cmc_writer *writer, const struct cmc_leg *leg, int64_t *id)
{
    struct arena *arena = writer->arena;
    if (!bytes_is_empty(leg->transaction_id))
        cmc_write_control(writer, CMC_CONTROL_TRANSACTION_ID, ++*id,
                          cmc_integer(arena, leg->transaction_id));
    if (!bytes_is_empty(leg->received_nonce)) {
        cmc_write_control(writer, CMC_CONTROL_RECIPIENT_NONCE, ++*id,
                          cmc_octet_string(arena, leg->received_nonce));
        cmc_write_control(writer, CMC_CONTROL_SENDER_NONCE, ++*id,
                          cmc_octet_string(arena, leg->sent_nonce));
    }
    for (size_t i = 0; i < leg->data_return_count; i++)
        cmc_write_control(writer, CMC_CONTROL_DATA_RETURN, ++*id,
                          cmc_octet_string(arena, leg->data_returns[i]));
}

static struct bytes full_message(struct inbound_context *context, const struct signer *signer,
                                 struct cmc_leg *leg, const struct cmc_status *statuses,
                                 size_t status_count, const struct bytes *certificates,
                                 size_t certificate_count, struct arena *arena)
{
    int64_t id = 0;
    struct cmc_writer writer =
        cmc_writer(arena, CONTROLS_OF_MESSAGE + leg->data_return_count + status_count, 0);
    leg->sent_nonce = entropy_take(&context->entropy, NONCE_OCTETS, arena);
    for (size_t i = 0; i < status_count; i++)
        cmc_write_control(&writer, CMC_CONTROL_STATUS_INFO_V2, ++id,
                          cmc_status_info_v2(arena, &statuses[i]));
    echo(&writer, leg, &id);
    return seal(context, signer, &writer, certificates, certificate_count);
}

/* ---- results to statuses -------------------------------------------------------------------- */

static bool is_granted(const struct result *result)
{
    return result->status == RESULT_GRANTED || result->status == RESULT_GRANTED_WITH_MODS;
}

static bool all_granted(const struct response *response)
{
    for (size_t i = 0; i < response->result_count; i++) {
        if (!is_granted(&response->results[i]))
            return false;
    }
    return true;
}

static bool any_granted(const struct response *response)
{
    for (size_t i = 0; i < response->result_count; i++) {
        if (is_granted(&response->results[i]))
            return true;
    }
    return false;
}

/* Later answers repeat the first pendInfo: pendTime never moves (RFC 10002 6.13). */
static void set_pending(const struct inbound_context *context, const struct result *result,
                        bool partial, struct cmc_leg *leg, struct cmc_status *status)
{
    if (leg->pend_time == 0)
        leg->pend_time = result->retry_at > context->now ? result->retry_at
                                                         : context->now + LIMIT_POLL_DEFAULT_S;
    status->status = partial ? CMC_STATUS_PARTIAL : CMC_STATUS_PENDING;
    status->has_pend_info = true;
    status->pend_token = leg->token;
    status->pend_time = leg->pend_time;
}

static struct cmc_status status_of(const struct inbound_context *context,
                                   const struct result *result, bool partial, struct cmc_leg *leg,
                                   struct arena *arena)
{
    int64_t *id = arena_array(arena, 1, sizeof(*id));
    struct cmc_status status = {.ids = id,
                                .id_count = 1,
                                .fail_info = CMC_NO_FAIL_INFO,
                                .text = peer_text(result->text, arena)};
    *id = result->inbound_id;
    switch (result->status) {
    case RESULT_GRANTED:
    case RESULT_GRANTED_WITH_MODS:
        status.status = CMC_STATUS_SUCCESS;
        break;
    case RESULT_PENDING:
        set_pending(context, result, partial, leg, &status);
        break;
    case RESULT_REFUSED:
    case RESULT_UNKNOWN:
    case RESULT_STATUS_COUNT:
        status.status = result_cmc_status(result);
        status.fail_info = result_cmc_fail_info(result);
        break;
    }
    return status;
}

/* ---- encode --------------------------------------------------------------------------------- */

/* The issued certificates, then their chain; none twice. */
static struct bytes *collect_certificates(const struct response *response, struct arena *arena,
                                          size_t *count)
{
    size_t room = response->result_count + response->chain_count;
    struct bytes *certificates = arena_array(arena, room, sizeof(*certificates));
    *count = 0;
    for (size_t i = 0; i < response->result_count; i++) {
        if (!bytes_is_empty(response->results[i].certificate))
            certificates[(*count)++] = response->results[i].certificate;
    }
    if (*count == 0)
        return certificates;
    for (size_t i = 0; i < response->chain_count; i++)
        certificates[(*count)++] = response->chain[i];
    return certificates;
}

/* Only to a Simple Request (RFC 10002 3.1). RFC 10002 3.2 has it for a Full one too where nothing
 * but certificates goes back, but it is unsigned, so an old one could be played again, and Dogtag's
 * client cannot store it. */
static bool may_be_simple(const struct cmc_leg *leg, const struct response *response)
{
    return leg->simple && response->result_count > 0 && all_granted(response) &&
           operation_enrols(response->operation);
}

static const struct signer *signer_for(const struct inbound_context *context, struct bytes group)
{
    const struct device_group *found = devices_find_group(context->credentials, group);
    return found != NULL && found->signer != NULL ? found->signer : context->credentials->signer;
}

static struct cmc_status *statuses_of(const struct inbound_context *context,
                                      const struct response *response, struct cmc_leg *leg,
                                      struct arena *arena, size_t *count)
{
    static int64_t whole = CMC_BODY_ID_WHOLE;
    bool partial = any_granted(response);
    *count = response->result_count;
    struct cmc_status *statuses = arena_array(arena, *count + 1, sizeof(*statuses));
    for (size_t i = 0; i < *count; i++)
        statuses[i] = status_of(context, &response->results[i], partial, leg, arena);
    if (*count == 0)
        statuses[(*count)++] = (struct cmc_status){.status = CMC_STATUS_SUCCESS,
                                                   .ids = &whole,
                                                   .id_count = 1,
                                                   .fail_info = CMC_NO_FAIL_INFO};
    return statuses;
}

void cmc_encode(struct inbound_context *context, const struct response *response,
                struct arena *arena, struct reply *reply)
{
    struct failure why;
    struct cmc_leg leg;
    size_t certificate_count, status_count;
    if (!cmc_leg_unpack(context->leg, arena, &leg, &why)) {
        cmc_refuse(context, &why, arena, reply);
        return;
    }
    struct bytes *certificates = collect_certificates(response, arena, &certificate_count);
    if (may_be_simple(&leg, response)) {
        simple_reply(cms_certs_only(certificates, certificate_count, arena), reply);
        return;
    }
    struct cmc_status *statuses = statuses_of(context, response, &leg, arena, &status_count);
    full_reply(full_message(context, signer_for(context, leg.group), &leg, statuses, status_count,
                            certificates, certificate_count, arena),
               reply);
    reply->leg = cmc_leg_pack(&leg, arena);
}

/* ---- refuse --------------------------------------------------------------------------------- */

/* Whom the fault lies with: the controls that are not taken, the one request of a Simple Request,
 * or the PKIData as a whole. */
static void blame(const struct cmc_incoming *incoming, const struct failure *why,
                  struct arena *arena, struct cmc_status *status)
{
    int64_t *id = arena_array(arena, 1, sizeof(*id));
    struct cmc_faults faults = {0};
    *id = incoming->simple ? 1 : CMC_BODY_ID_WHOLE;
    status->ids = id;
    status->id_count = 1;
    if (why->reason == REASON_UNKNOWN_CONTROL)
        faults = cmc_refused_controls(&incoming->body, false, arena);
    else if (why->reason == REASON_NO_OPERATION)
        faults = cmc_unsupported_parts(&incoming->body, arena);
    if (faults.count > 0) {
        status->ids = faults.ids;
        status->id_count = faults.count;
    }
}

/* Each revokeRequest has a status of its own, where the fault is not with one of the controls. */
static struct cmc_status *spread(const struct cmc_body *body, const struct cmc_status *status,
                                 struct arena *arena, size_t *count)
{
    struct cmc_status *statuses = arena_array(arena, body->control_count + 1, sizeof(*statuses));
    bool all = status->ids[0] == CMC_BODY_ID_WHOLE && cmc_revokes(body);
    *count = 0;
    for (size_t i = 0; i < body->control_count && all; i++) {
        if (body->controls[i].kind != CMC_CONTROL_REVOKE_REQUEST)
            continue;
        statuses[*count] = *status;
        statuses[(*count)++].ids = &body->controls[i].id;
    }
    if (*count == 0)
        statuses[(*count)++] = *status;
    return statuses;
}

static const struct signer *any_signer(const struct credentials *credentials)
{
    if (credentials->signer != NULL)
        return credentials->signer;
    for (size_t i = 0; i < credentials->group_count; i++) {
        if (credentials->groups[i].signer != NULL)
            return credentials->groups[i].signer;
    }
    return NULL;
}

static int http_status(enum reason reason)
{
    if (reason == REASON_TOO_LARGE)
        return HTTP_TOO_LARGE;
    return reason == REASON_METHOD ? HTTP_METHOD : HTTP_OK;
}

void cmc_refuse(struct inbound_context *context, const struct failure *why, struct arena *arena,
                struct reply *reply)
{
    struct cmc_incoming incoming;
    struct failure ignored;
    cmc_incoming_read(context->message, arena, &incoming, &ignored);
    struct cmc_leg leg = {.transaction_id = incoming.transaction_id,
                          .received_nonce = incoming.sender_nonce,
                          .data_returns = incoming.data_returns,
                          .data_return_count = incoming.data_return_count};
    struct result result = {.status = RESULT_REFUSED};
    result_add_reason(&result, why->reason);
    struct cmc_status status = {
        .status = result_cmc_status(&result),
        .fail_info = result_cmc_fail_info(&result),
        .text = peer_text(bytes_of_text(why->text), arena),
    };
    blame(&incoming, why, arena, &status);
    size_t count;
    struct cmc_status *statuses = spread(&incoming.body, &status, arena, &count);
    struct bytes body = full_message(context, any_signer(context->credentials), &leg, statuses,
                                     count, NULL, 0, arena);
    full_reply(body, reply);
    reply->status = http_status(why->reason);
    if (reply->status == HTTP_METHOD)
        reply->allow = "POST";
}
