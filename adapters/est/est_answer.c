#include "adapters/est/est_answer.h"

#include "adapters/est/est_base64.h"
#include "adapters/pkix/cms.h"
#include "adapters/pkix/devices.h"
#include "mapping/codes.h"
#include "mapping/model/pack.h"

static const char CERTS_ONLY[] = "application/pkcs7-mime; smime-type=certs-only";
static const char CSR_ATTRIBUTES[] = "application/csrattrs";
static const char TEXT[] = "text/plain; charset=utf-8";
static const char CHALLENGE[] = "Basic realm=\"est\", charset=\"UTF-8\"";

enum { LEG_VERSION = 1 };

/* strongSwan's pki sends no User-Agent, and before 5.9.11 reads one line only; all others read
 * lines of 64 columns. */
struct bytes est_leg(const struct message *message, struct arena *arena)
{
    struct pack_writer writer = pack_writer(arena, LEG_VERSION);
    pack_number(&writer, bytes_is_empty(message->user_agent));
    return pack_result(&writer);
}

static enum est_lines lines_for(struct bytes leg)
{
    struct pack_reader reader = pack_reader(leg, LEG_VERSION);
    return pack_read_number(&reader) != 0 ? EST_LINES_ONE : EST_LINES_SHORT;
}

/* RFC 8951 3 has receivers ignore the field. Bouncy Castle's client reads a body without it as DER.
 */
const char *est_transfer_encoding(const char *content_type)
{
    bool base64 = content_type != NULL && (strcmp(content_type, CERTS_ONLY) == 0 ||
                                           strcmp(content_type, CSR_ATTRIBUTES) == 0);
    return base64 ? "base64" : NULL;
}

static void answer_base64(const struct inbound_context *context, struct bytes der,
                          const char *content_type, struct arena *arena, struct reply *reply)
{
    reply->status = 200;
    reply->content_type = content_type;
    reply->transfer_encoding = est_transfer_encoding(content_type);
    reply->body = est_base64_encode(der, lines_for(context->leg), arena);
}

static void answer_text(struct bytes text, struct arena *arena, struct reply *reply)
{
    char *line = arena_printf(arena, "%.*s\n", (int)text.size, (const char *)text.data);
    reply->content_type = TEXT;
    reply->body = bytes_of_text(line);
}

static void answer_certificates(const struct inbound_context *context,
                                const struct bytes *certificates, size_t count, struct arena *arena,
                                struct reply *reply)
{
    struct bytes der = cms_certs_only(certificates, count, arena);
    answer_base64(context, der, CERTS_ONLY, arena, reply);
}

/* RFC 7030 4.2.3: only the issued certificate; its chain is what /cacerts is for. */
static void answer_enrolment(const struct inbound_context *context, const struct result *result,
                             struct arena *arena, struct reply *reply)
{
    switch (result->status) {
    case RESULT_GRANTED:
    case RESULT_GRANTED_WITH_MODS:
        answer_certificates(context, &result->certificate, 1, arena, reply);
        return;
    case RESULT_PENDING:
    case RESULT_UNKNOWN:
        reply->status = 202;
        reply->retry_after_s =
            result->retry_at > context->now ? result->retry_at - context->now : 1;
        return;
    case RESULT_REFUSED:
    case RESULT_STATUS_COUNT:
        break;
    }
    reply->status = result_http_status(result);
    struct bytes text = result->text;
    if (bytes_is_empty(text) && result->reason_count > 0)
        text = bytes_of_text(reason_row(result->reasons[0])->text);
    answer_text(text, arena, reply);
}

/* RFC 8951 4: no attributes is 204. */
static void answer_template(const struct inbound_context *context, const struct response *response,
                            struct arena *arena, struct reply *reply)
{
    if (bytes_is_empty(response->csr_attributes)) {
        reply->status = 204;
        return;
    }
    answer_base64(context, response->csr_attributes, CSR_ATTRIBUTES, arena, reply);
}

void est_encode(struct inbound_context *context, const struct response *response,
                struct arena *arena, struct reply *reply)
{
    *reply = (struct reply){.status = 500};
    if (response->operation == OPERATION_CA_CERTS)
        answer_certificates(context, response->chain, response->chain_count, arena, reply);
    else if (response->operation == OPERATION_TEMPLATE)
        answer_template(context, response, arena, reply);
    else if (response->result_count > 0)
        answer_enrolment(context, &response->results[0], arena, reply);
}

void est_refuse(struct inbound_context *context, const struct failure *why, struct arena *arena,
                struct reply *reply)
{
    const struct reason_row *row = reason_row(why->reason);
    *reply = (struct reply){.status = row->http};
    if (row->status == REASON_STATUS_TRY_LATER)
        reply->retry_after_s = 30;
    if (row->http == 401 && devices_have_passwords(context->credentials)) {
        /* Without a body: Bouncy Castle's client asks again only if there is none left unread. */
        reply->www_authenticate = CHALLENGE;
        return;
    }
    if (row->http == 401)
        reply->status = 403;
    if (why->reason == REASON_METHOD)
        reply->allow = "GET, POST";
    answer_text(bytes_of_text(why->text), arena, reply);
}
