#include "adapters/cmp/cmp_encode.h"

#include "adapters/cmp/cmp_seal.h"
#include "adapters/pkix/devices.h"
#include "mapping/codes.h"
#include "mapping/model/limits.h"

static const char IMPLICIT_CONFIRM[] = "1.3.6.1.5.5.7.4.13";
static const char CONFIRM_WAIT_TIME[] = "1.3.6.1.5.5.7.4.14";

/* PKIStatus (RFC 9810 5.2.3) */
enum { ACCEPTED = 0, GRANTED_WITH_MODS = 1, REJECTION = 2, WAITING = 3 };

enum { POLL_ALL = -1, P10CR_ID = -1 };

/* What happened on the way to the authority, or here, is no verdict on the device's request: it is
 * told by an error message (RFC 9483 3.6.2). */
static const enum reason told_by_error[] = {
    REASON_CA_DOWN, REASON_UPSTREAM_UNTRUSTED, REASON_UPSTREAM_UNKNOWN, REASON_UPSTREAM_WRONG_CERT,
    REASON_BUSY,    REASON_INTERNAL,
};

struct bytes cmp_status_info(int status, struct bytes text, uint32_t bits, struct arena *arena)
{
    struct cmp_status_info info = {.status = der_integer(arena, status),
                                   .status_string = cmp_free_text(text, arena),
                                   .fail_info = cmp_fail_info(bits, arena)};
    return cmp_write(&cmp_status_info_shape, &info, arena);
}

static bool is_granted(const struct result *result)
{
    return (result->status == RESULT_GRANTED || result->status == RESULT_GRANTED_WITH_MODS) &&
           result->certificate.size > 0;
}

/* UNKNOWN: the gateway still finds out, so the device waits (mapping of 3.6). */
static bool is_open(const struct result *result)
{
    return result->status == RESULT_PENDING || result->status == RESULT_UNKNOWN;
}

static struct bytes certified_key_pair(struct bytes certificate, struct arena *arena)
{
    struct cmp_certified_key_pair pair = {
        .cert_or_enc_cert = der_wrap(arena, DER_CONTEXT_CONSTRUCTED | 0, certificate)};
    return cmp_write(&cmp_certified_key_pair_shape, &pair, arena);
}

static struct bytes result_status_info(const struct result *result, struct arena *arena)
{
    if (is_open(result))
        return cmp_status_info(WAITING, result->text, 0, arena);
    if (is_granted(result))
        return cmp_status_info(result->status == RESULT_GRANTED ? ACCEPTED : GRANTED_WITH_MODS,
                               result->text, 0, arena);
    if (result->status == RESULT_REFUSED)
        return cmp_status_info(REJECTION, result->text, result_cmp_bits(result), arena);
    const struct reason_row *row = reason_row(REASON_INTERNAL); /* granted, but no certificate */
    return cmp_status_info(REJECTION, bytes_of_text(row->text), row->cmp_bits, arena);
}

static struct bytes cert_response(const struct result *result, struct arena *arena)
{
    struct cmp_cert_response response = {.cert_req_id = der_integer(arena, result->inbound_id),
                                         .status = result_status_info(result, arena)};
    if (is_granted(result))
        response.certified_key_pair = certified_key_pair(result->certificate, arena);
    return cmp_write(&cmp_cert_response_shape, &response, arena);
}

/* The device's own number for a certReqId of ours. */
static bool asked_for(const struct cmp_leg *leg, int64_t id)
{
    if (leg->received != CMP_POLL_REQ)
        return true;
    for (size_t i = 0; i < leg->polled_count; i++) {
        if (leg->polled[i] == POLL_ALL || leg->polled[i] == id || leg->opening == CMP_P10CR)
            return true;
    }
    return false;
}

static bool any_granted(const struct response *response)
{
    for (size_t i = 0; i < response->result_count; i++) {
        if (is_granted(&response->results[i]))
            return true;
    }
    return false;
}

static struct bytes info_type_and_value(const char *oid, struct bytes value, struct arena *arena)
{
    struct cmp_info info = {.type = der_oid(arena, oid), .value = value};
    return cmp_write(&cmp_info_shape, &info, arena);
}

/* RFC 9810 5.1.1.1, 5.1.1.2: never both; both need a certificate to speak of. */
static struct bytes confirmation_terms(const struct response *response, struct arena *arena)
{
    if (!any_granted(response))
        return BYTES_EMPTY;
    if (response->implicit_confirm)
        return info_type_and_value(IMPLICIT_CONFIRM, der_wrap(arena, DER_NULL, BYTES_EMPTY), arena);
    if (response->confirm_deadline > 0)
        return info_type_and_value(CONFIRM_WAIT_TIME,
                                   der_generalized_time(arena, response->confirm_deadline), arena);
    return BYTES_EMPTY;
}

static struct bytes joined(const struct bytes *parts, size_t count, struct arena *arena)
{
    struct der sequence;
    struct bytes whole = der_join(arena, DER_SEQUENCE, parts, count);
    return der_only(whole, DER_SEQUENCE, &sequence) ? sequence.content : BYTES_EMPTY;
}

/* The reason of a response that is told by an error message; REASON_COUNT if it is not. */
static enum reason error_reason(const struct response *response)
{
    if (response->result_count == 0 || response_status(response) != RESULT_REFUSED ||
        response->results[0].reason_count == 0)
        return REASON_COUNT;
    for (size_t i = 0; i < sizeof(told_by_error) / sizeof(told_by_error[0]); i++) {
        if (response->results[0].reasons[0] == told_by_error[i])
            return told_by_error[i];
    }
    return REASON_COUNT;
}

bool cmp_write_hop_error(struct cmp_answering *answering)
{
    const enum reason reason = error_reason(answering->response);
    if (reason == REASON_COUNT)
        return false;
    cmp_write_error(answering, reason, answering->response->results[0].text);
    return true;
}

/* ip, cp, kup. caPubs only where a shared secret lets the device believe them, and never in cp and
 * kup (RFC 9810 5.3.2, RFC 9483 4.1.1). */
void cmp_write_enrolment(struct cmp_answering *answering)
{
    const struct response *response = answering->response;
    struct arena *arena = answering->arena;
    struct cmp_leg *leg = answering->leg;
    if (response->result_count == 0) {
        cmp_write_error(answering, REASON_INTERNAL, BYTES_EMPTY);
        return;
    }
    if (cmp_write_hop_error(answering))
        return;
    struct bytes *responses = arena_array(arena, response->result_count, sizeof(*responses));
    size_t count = 0;
    for (size_t i = 0; i < response->result_count; i++) {
        const struct result *result = &response->results[i];
        if (!asked_for(leg, result->inbound_id))
            continue;
        responses[count++] = cert_response(result, arena);
        if (is_granted(result))
            cmp_leg_grant(leg, result->inbound_id, arena);
    }
    struct cmp_cert_rep rep = {.response = joined(responses, count, arena)};
    if (leg->opening == CMP_IR && leg->protection == CMP_MAC && any_granted(response))
        rep.ca_pubs = joined(response->ca_pubs, response->ca_pub_count, arena);
    answering->type = cmp_body(leg->opening)->answer;
    answering->content = cmp_write(&cmp_cert_rep_shape, &rep, arena);
    answering->general_info = confirmation_terms(response, arena);
    if (any_granted(response)) {
        answering->certificates = response->chain;
        answering->certificate_count = response->chain_count;
    }
}

/* The soonest that one of the polled requests may be ready: s from now, at least 1. */
static int64_t check_after(const struct response *response, int64_t now)
{
    int64_t soonest = 0;
    for (size_t i = 0; i < response->result_count; i++) {
        const struct result *result = &response->results[i];
        int64_t at = result->retry_at > 0 ? result->retry_at : now + LIMIT_POLL_DEFAULT_S;
        if (is_open(result) && (soonest == 0 || at < soonest))
            soonest = at;
    }
    return soonest > now ? soonest - now : 1;
}

/* pollRep while all that the device asks for is open, else what became of it. */
void cmp_write_poll(struct cmp_answering *answering)
{
    const struct response *response = answering->response;
    const struct cmp_leg *leg = answering->leg;
    struct arena *arena = answering->arena;
    bool open = response->result_count > 0;
    for (size_t i = 0; i < response->result_count; i++) {
        const struct result *result = &response->results[i];
        open = open && (is_open(result) || !asked_for(leg, result->inbound_id));
    }
    if (!open) {
        cmp_body(leg->opening)->write(answering);
        return;
    }
    struct bytes *polls = arena_array(arena, leg->polled_count, sizeof(*polls));
    for (size_t i = 0; i < leg->polled_count; i++) {
        struct cmp_poll poll = {
            .cert_req_id = der_integer(arena, leg->polled[i]),
            .check_after = der_integer(arena, check_after(response, answering->context->now))};
        polls[i] = cmp_write(&cmp_poll_rep_shape, &poll, arena);
    }
    answering->type = CMP_POLL_REP;
    answering->content = der_join(arena, DER_SEQUENCE, polls, leg->polled_count);
}

/* pkiconf, unless something was refused: then error (RFC 9483 3.6.2). */
void cmp_write_confirmation(struct cmp_answering *answering)
{
    const struct response *response = answering->response;
    for (size_t i = 0; i < response->result_count; i++) {
        const struct result *result = &response->results[i];
        if (result->status != RESULT_REFUSED)
            continue;
        cmp_write_error(answering,
                        result->reason_count > 0 ? result->reasons[0] : REASON_UNSPECIFIED,
                        result->text);
        return;
    }
    answering->type = CMP_PKICONF;
    answering->content = der_wrap(answering->arena, DER_NULL, BYTES_EMPTY);
}

void cmp_write_error(struct cmp_answering *answering, enum reason reason, struct bytes text)
{
    const struct reason_row *row = reason_row(reason);
    struct bytes said = bytes_is_empty(text) ? bytes_of_text(row->text) : text;
    struct cmp_error error = {
        .status_info = cmp_status_info(REJECTION, said, row->cmp_bits, answering->arena)};
    answering->type = CMP_ERROR;
    answering->content = cmp_write(&cmp_error_shape, &error, answering->arena);
}

void cmp_write_waiting(struct cmp_answering *answering, struct bytes text)
{
    struct cmp_error error = {.status_info = cmp_status_info(WAITING, text, 0, answering->arena)};
    answering->type = CMP_ERROR;
    answering->content = cmp_write(&cmp_error_shape, &error, answering->arena);
}

void cmp_encode(struct inbound_context *context, const struct response *response,
                struct arena *arena, struct reply *reply)
{
    struct cmp_leg leg;
    struct failure why;
    if (bytes_is_empty(context->leg) || !cmp_leg_unpack(context->leg, arena, &leg, &why) ||
        cmp_body(leg.received) == NULL || cmp_body(leg.received)->write == NULL ||
        cmp_body(leg.opening) == NULL || cmp_body(leg.opening)->write == NULL) {
        fail(&why, REASON_INTERNAL, NULL, NULL);
        cmp_refuse(context, &why, arena, reply);
        return;
    }
    struct cmp_answering answering = {
        .context = context, .arena = arena, .response = response, .leg = &leg};
    cmp_body(leg.received)->write(&answering);
    const struct cmp_outgoing outgoing = {.pvno = leg.pvno,
                                          .recipient = leg.sender,
                                          .transaction_id = leg.transaction_id,
                                          .recip_nonce = leg.received_nonce,
                                          .general_info = answering.general_info,
                                          .type = answering.type,
                                          .content = answering.content,
                                          .certificates = answering.certificates,
                                          .certificate_count = answering.certificate_count};
    const struct cmp_protector protector =
        cmp_protector_like((enum cmp_protection)leg.protection, leg.algorithm, leg.reference,
                           devices_find_group(context->credentials, leg.group),
                           context->credentials, &context->entropy, arena);
    leg.sent_nonce = cmp_seal_reply(&outgoing, &protector, context, arena, reply);
    if (response->result_count > 0 && leg.granted_count > 0)
        leg.delivery_nonce = leg.sent_nonce;
    reply->leg = cmp_leg_pack(&leg, arena);
}
