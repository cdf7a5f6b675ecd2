/* EST towards an authority: the device's own PKCS#10, base64 in lines that every server takes, over
 * our RA's TLS credential (RFC 7030 4.2, RFC 8951 3). */
#include <strings.h>
#include <time.h>

#include "adapters/est/est.h"
#include "adapters/est/est_base64.h"
#include "adapters/http_fields.h"
#include "adapters/pkix/cms.h"
#include "adapters/pkix/issued.h"
#include "mapping/codes.h"
#include "mapping/model/limits.h"
#include "mapping/model/pack.h"

enum { STATE_VERSION = 1, RETRY_DEFAULT_S = 60, RETRY_MAX_S = 172800 };

/* The session remembers what it asks for: the same octets are sent on every repetition. And whether
 * the server has taken the request (202): from then on a bad moment of the server is no refusal. */
static struct bytes session(struct bytes suffix, struct bytes body, bool taken, struct arena *arena)
{
    struct pack_writer writer = pack_writer(arena, STATE_VERSION);
    pack_bytes(&writer, suffix);
    pack_bytes(&writer, body);
    pack_number(&writer, taken);
    return pack_result(&writer);
}

static bool session_was_taken(struct bytes state)
{
    struct pack_reader reader = pack_reader(state, STATE_VERSION);
    pack_read_bytes(&reader);
    pack_read_bytes(&reader);
    return pack_read_number(&reader) != 0;
}

static struct bytes session_taken(struct bytes state, struct arena *arena)
{
    struct pack_reader reader = pack_reader(state, STATE_VERSION);
    struct bytes suffix = pack_read_bytes(&reader);
    struct bytes body = pack_read_bytes(&reader);
    return session(suffix, body, true, arena);
}

static bool send_session(struct bytes state, struct arena *arena, struct step *step)
{
    struct pack_reader reader = pack_reader(state, STATE_VERSION);
    struct bytes suffix = pack_read_bytes(&reader);
    struct bytes body = pack_read_bytes(&reader);
    pack_read_number(&reader);
    *step = (struct step){
        .kind = STEP_SEND,
        .state = state,
        .call = {.method = "POST",
                 .path_suffix = arena_text(arena, suffix),
                 .content_type = "application/pkcs10",
                 .body = body},
    };
    return pack_done(&reader);
}

static bool begin(struct outbound_context *context, const struct request *request,
                  struct arena *arena, struct step *step, struct failure *why)
{
    (void)context;
    if (!operation_enrols(request->operation))
        return fail(why, REASON_NO_OPERATION, "RFC 7030 1",
                    "the authority of this route speaks EST, which cannot do that");
    if (request->item_count != 1 || request->items[0].format != ITEM_PKCS10)
        return fail(why, REASON_POP_CARRIER, "RFC 7030 4.2.1",
                    "the authority of this route takes one PKCS#10 request");
    const char *suffix =
        request->operation == OPERATION_UPDATE ? "/simplereenroll" : "/simpleenroll";
    struct bytes body = est_base64_encode(request->items[0].original, EST_LINES_64, arena);
    return send_session(session(bytes_of_text(suffix), body, false, arena), arena, step);
}

/* ---- answers ------------------------------------------------------------------------------------
 */

static void finish(const struct request *request, const struct failure *why,
                   enum result_status status, struct arena *arena, struct step *step)
{
    step->kind = STEP_DONE;
    response_refuse(request, why, arena, &step->response);
    for (size_t i = 0; i < step->response.result_count; i++)
        step->response.results[i].status = status;
}

static void unknown(const struct request *request, enum reason reason, const char *text,
                    const char *detail, struct arena *arena, struct step *step)
{
    struct failure why;
    fail(&why, reason, "RFC 7030 4.2.3", "%s", text);
    fail_detail(&why, "%s", detail);
    finish(request, &why, RESULT_UNKNOWN, arena, step);
}

/* delay-seconds or HTTP-date (RFC 9110 10.2.3); a date is read against the answer's own Date. */
static int64_t http_date(struct bytes field, struct arena *arena)
{
    struct tm time = {0};
    const char *end = strptime(arena_text(arena, field), "%a, %d %b %Y %H:%M:%S GMT", &time);
    return end == NULL ? 0 : (int64_t)timegm(&time);
}

static int64_t retry_after(const struct message *answer, int64_t now, struct arena *arena)
{
    int64_t seconds = 0;
    struct bytes field = answer->retry_after;
    for (size_t i = 0;
         i < field.size && field.data[i] >= '0' && field.data[i] <= '9' && seconds < RETRY_MAX_S;
         i++)
        seconds = seconds * 10 + (field.data[i] - '0');
    int64_t date = http_date(field, arena);
    if (date != 0) {
        int64_t from = http_date(answer->date, arena);
        seconds = date - (from != 0 ? from : now);
    } else if (bytes_is_empty(field)) {
        seconds = RETRY_DEFAULT_S;
    }
    if (seconds < 1)
        seconds = 1;
    return now + (seconds > RETRY_MAX_S ? RETRY_MAX_S : seconds);
}

static void wait(const struct request *request, int64_t until, struct bytes state,
                 struct arena *arena, struct step *step)
{
    *step = (struct step){.kind = STEP_WAIT, .state = state, .wait_until = until};
    struct response *response = &step->response;
    response->operation = request->operation;
    response->result_count = 1;
    response->results = arena_alloc(arena, sizeof(*response->results));
    response->results[0] = (struct result){
        .inbound_id = request->items[0].inbound_id, .status = RESULT_PENDING, .retry_at = until};
}

/* Everything of a certs-only message that is not the device's own certificate is its chain. */
static void take_chain(const struct cms_signed *cms, const struct certificate *issued,
                       struct arena *arena, struct response *response)
{
    response->chain = arena_array(arena, cms->certificate_count + 1, sizeof(*response->chain));
    for (size_t i = 0; i < cms->certificate_count; i++) {
        if (cms->certificates[i] != issued && certificate_is_ca(cms->certificates[i]))
            response->chain[response->chain_count++] =
                arena_copy(arena, certificate_der(cms->certificates[i]));
    }
}

static bool take_certificate(struct outbound_context *context, const struct request *request,
                             const struct message *answer, struct arena *arena, struct step *step,
                             struct failure *why)
{
    struct bytes der;
    struct cms_signed cms;
    const struct trust *trust = context->authority->trust;
    if (!est_base64_decode(answer->body, arena, &der, why) || !cms_parse(der, arena, &cms, why))
        return false;
    struct certificate *issued =
        issued_find(&request->items[0], cms.certificates, cms.certificate_count);
    if (issued == NULL)
        return fail(why, REASON_UPSTREAM_WRONG_CERT, "RFC 7030 4.2.3",
                    "the answer holds no certificate for the requested key");
    step->kind = STEP_DONE;
    step->response = (struct response){.operation = request->operation, .result_count = 1};
    step->response.results = arena_alloc(arena, sizeof(struct result));
    struct result *result = &step->response.results[0];
    result->inbound_id = request->items[0].inbound_id;
    if (!issued_check(&request->items[0], certificate_der(issued), cms.certificates,
                      cms.certificate_count, trust, context->now, arena, result, why))
        return false;
    if (result->status == RESULT_GRANTED_WITH_MODS && !context->authority->tolerate_changes)
        return fail(why, REASON_UPSTREAM_WRONG_CERT, "RFC 9810 5.2.3",
                    "the certificate differs from what was asked for");
    result->certificate = arena_copy(arena, certificate_der(issued));
    take_chain(&cms, issued, arena, &step->response);
    return true;
}

/* A status that refuses: the code, and the server's text (RFC 7030 4.2.3). */
static void refuse(const struct request *request, const struct message *answer, struct arena *arena,
                   struct step *step)
{
    struct failure why;
    fail(&why, reason_from_http(answer->status), "RFC 7030 4.2.3", NULL);
    finish(request, &why, RESULT_REFUSED, arena, step);
    struct result *result = &step->response.results[0];
    bool is_text = media_type_is(answer->content_type, "text/plain");
    if (is_text && !bytes_is_empty(answer->body))
        result->text = peer_text(answer->body, arena);
    result->has_source = true;
    result->source = (struct source_code){PROTOCOL_EST, answer->status};
    result_keep_code(result, arena);
    if (reason_row(result->reasons[0])->scope == REASON_SCOPE_HOP)
        result_blame_gateway(result, arena);
}

static void answered(struct outbound_context *context, const struct request *request,
                     struct bytes state, const struct message *answer, struct arena *arena,
                     struct step *step)
{
    struct failure why;
    bool later = answer->status == 408 || answer->status == 429 || answer->status >= 500;
    if (answer->status == 202) {
        wait(request, retry_after(answer, context->now, arena), session_taken(state, arena), arena,
             step);
    } else if (later && session_was_taken(state)) {
        wait(request, retry_after(answer, context->now, arena), state, arena, step);
    } else if (answer->status == 200) {
        if (take_certificate(context, request, answer, arena, step, &why))
            return;
        bool wrong = why.reason == REASON_UPSTREAM_WRONG_CERT;
        unknown(request, wrong ? REASON_UPSTREAM_WRONG_CERT : REASON_UPSTREAM_UNTRUSTED, why.text,
                why.detail, arena, step);
    } else if (answer->status == 504 || (answer->status > 200 && answer->status < 400)) {
        unknown(request, REASON_UPSTREAM_UNKNOWN,
                "the authority's answer does not say whether it issued",
                arena_printf(arena, "HTTP %d", answer->status), arena, step);
    } else {
        refuse(request, answer, arena, step);
    }
}

static void step(struct outbound_context *context, const struct request *request,
                 struct bytes state, const struct outbound_event *event, struct arena *arena,
                 struct step *out)
{
    struct failure why;
    *out = (struct step){.kind = STEP_DONE, .state = state};
    bool no_answer = event->kind == OUTBOUND_NOT_SENT || event->kind == OUTBOUND_LOST;
    if (no_answer && session_was_taken(state)) {
        wait(request, context->now + RETRY_DEFAULT_S, state, arena, out);
        return;
    }
    switch (event->kind) {
    case OUTBOUND_ANSWER:
        answered(context, request, state, event->answer, arena, out);
        return;
    case OUTBOUND_NOT_SENT:
        fail(&why, REASON_CA_DOWN, "RFC 9110 15.6.4", NULL);
        fail_detail(&why, "%s", event->transport->text);
        finish(request, &why, RESULT_REFUSED, arena, out);
        return;
    case OUTBOUND_LOST:
        unknown(request, REASON_UPSTREAM_UNKNOWN, reason_row(REASON_UPSTREAM_UNKNOWN)->text,
                event->transport->text, arena, out);
        return;
    case OUTBOUND_TIME:
        if (!send_session(state, arena, out))
            unknown(request, REASON_INTERNAL, "the session cannot be read", "", arena, out);
        return;
    case OUTBOUND_CONFIRM: /* nothing to tell: EST has no confirmation */
        out->response = (struct response){.operation = OPERATION_CONFIRM};
        return;
    }
}

const struct outbound_adapter est_outbound = {
    .protocol = PROTOCOL_EST,
    .begin = begin,
    .step = step,
};
