/* Whether an authority's answer can be believed (RFC 10002 4, 6.6). What it means is judged in
 * cmc_verdict.c. */
#include "adapters/cmc/cmc_response.h"

#include <strings.h>

#include "adapters/pkix/der.h"
#include "adapters/pkix/signature.h"
#include "mapping/model/limits.h"

static bool untrusted(struct failure *why, const char *clause, const char *text)
{
    struct failure cause = *why;
    fail(why, REASON_UPSTREAM_UNTRUSTED, clause, NULL);
    fail_detail(why, "%s", text);
    if (cause.text[0] != '\0')
        fail_detail(why, "%s", cause.text);
    if (cause.detail[0] != '\0')
        fail_detail(why, "%s", cause.detail);
    return false;
}

/* RFC 10003 4: application/pkcs7-mime; the smime-type may be missing, the eContentType decides. */
static bool media_type_may_be_cmc(struct bytes type)
{
    static const char *const known[] = {"application/pkcs7-mime", "application/x-pkcs7-mime",
                                        "application/pkcs7-signature", "application/octet-stream"};
    if (bytes_is_empty(type))
        return true;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        size_t size = strlen(known[i]);
        if (type.size >= size && strncasecmp((const char *)type.data, known[i], size) == 0 &&
            (type.size == size || type.data[size] == ';' || type.data[size] == ' '))
            return true;
    }
    return false;
}

/* ---- signatures ----------------------------------------------------------------------------- */

static bool is_anchor(const struct trust *trust, const struct certificate *certificate)
{
    for (size_t i = 0; i < trust_anchor_count(trust); i++) {
        if (bytes_equal(certificate_der(trust_anchor(trust, i)), certificate_der(certificate)))
            return true;
    }
    return false;
}

/* RFC 10002 9.1: the authority itself, or one that it named CMC CA or RA. A CA certificate without
 * digitalSignature is taken: authorities in the field sign with the key of their CA. */
static bool signer_is_allowed(const struct outbound_context *context, const struct cms_signed *cms,
                              const struct certificate *signer, struct arena *arena,
                              struct failure *why)
{
    const struct trust *trust = context->authority->trust;
    if (is_anchor(trust, signer))
        return true;
    bool role =
        certificate_is_ca(signer) ||
        ((certificate_has_eku(signer, EKU_CMC_CA) || certificate_has_eku(signer, EKU_CMC_RA)) &&
         certificate_allows(signer, X509v3_KU_DIGITAL_SIGNATURE));
    if (!role)
        return fail(why, REASON_SIGNER_UNKNOWN, "RFC 10002 9.1",
                    "the signer is neither a CA nor named as one of CMC");
    return trust_verify(trust, signer, cms->certificates, cms->certificate_count, context->now,
                        arena, NULL, NULL, why);
}

static bool check_signer(const struct outbound_context *context, const struct cms_signed *cms,
                         size_t i, struct arena *arena, struct failure *why)
{
    const struct trust *trust = context->authority->trust;
    size_t count = trust_anchor_count(trust);
    struct certificate **anchors = arena_array(arena, count, sizeof(struct certificate *));
    for (size_t a = 0; a < count; a++)
        anchors[a] = trust_anchor(trust, a);
    struct certificate *signer = cms_find_signer(cms, i, anchors, count);
    if (signer == NULL)
        return fail(why, REASON_SIGNER_UNKNOWN, "RFC 5652 5.3", "no certificate of the signer");
    EVP_PKEY *key = certificate_get0_key(signer);
    if (key == NULL)
        return fail(why, REASON_BAD_ALG, "RFC 5652 5.3", "the signer's key cannot be used here");
    return cms_verify(cms, i, key, false, why) &&
           signer_is_allowed(context, cms, signer, arena, why);
}

/* RFC 10002 3.2.1.3.4: the signature(s) must be verified. A second signer that nobody knows does
 * not make a good one bad, but a signature that is wrong does. */
static bool check_signatures(const struct outbound_context *context, const struct cms_signed *cms,
                             struct arena *arena, struct failure *why)
{
    if (cms->signer_count == 0)
        return fail(why, REASON_BAD_MESSAGE_CHECK, NULL, "the PKIResponse is not signed");
    for (size_t i = 0; i < cms->signer_count; i++) {
        if (!check_signer(context, cms, i, arena, why))
            return false;
    }
    return true;
}

/* ---- transaction ---------------------------------------------------------------------------- */

/* A status that issues nothing. Authorities in the field leave the transaction out of these. */
static bool is_negative(int64_t status)
{
    return status != CMC_STATUS_SUCCESS && status != CMC_STATUS_PENDING &&
           status != CMC_STATUS_CONFIRM_REQUIRED && status != CMC_STATUS_PARTIAL;
}

static bool all_negative(const struct cmc_answer *answer)
{
    for (size_t i = 0; i < answer->status_count; i++) {
        if (!is_negative(answer->statuses[i].status))
            return false;
    }
    return answer->status_count > 0;
}

/* Wrong: not an answer to our message. Absent: believed of a signed failure only. */
static bool check_echo(const struct cmc_answer *answer, enum cmc_control_kind kind, uint8_t tag,
                       struct bytes sent, struct failure *why)
{
    struct bytes echoed;
    const struct cmc_control *control = cmc_find(&answer->body, kind);
    const char *word = cmc_control_row(kind)->word;
    if (control == NULL && all_negative(answer))
        return true;
    if (control == NULL)
        return fail(why, REASON_BAD_RECIPIENT_NONCE, "RFC 10002 6.6", "%s is missing", word);
    if (!cmc_octets_of(control, tag, LIMIT_NONCE_OCTETS, &echoed, why))
        return false;
    if (!bytes_equal(echoed, sent))
        return fail(why, REASON_BAD_RECIPIENT_NONCE, "RFC 10002 6.6", "%s is not ours", word);
    return true;
}

static bool check_transaction(const struct cmc_session *session, struct cmc_answer *answer,
                              struct failure *why)
{
    return check_echo(answer, CMC_CONTROL_TRANSACTION_ID, DER_INTEGER, session->transaction_id,
                      why) &&
           check_echo(answer, CMC_CONTROL_RECIPIENT_NONCE, DER_OCTET_STRING, session->sender_nonce,
                      why) &&
           cmc_octets_of(cmc_find(&answer->body, CMC_CONTROL_SENDER_NONCE), DER_OCTET_STRING,
                         LIMIT_NONCE_OCTETS, &answer->sender_nonce, why);
}

static bool read_statuses(struct cmc_answer *answer, struct arena *arena, struct failure *why)
{
    const struct cmc_body *body = &answer->body;
    answer->statuses = arena_array(arena, body->control_count, sizeof(*answer->statuses));
    for (size_t i = 0; i < body->control_count; i++) {
        enum cmc_control_kind kind = body->controls[i].kind;
        if (kind != CMC_CONTROL_STATUS_INFO && kind != CMC_CONTROL_STATUS_INFO_V2)
            continue;
        if (!cmc_decode_status(&body->controls[i], arena, &answer->statuses[answer->status_count++],
                               why))
            return false;
    }
    return true;
}

/* ---- both kinds ----------------------------------------------------------------------------- */

static bool read_full(const struct outbound_context *context, const struct cmc_session *session,
                      struct arena *arena, struct cmc_answer *answer, struct failure *why)
{
    const struct cms_signed *cms = &answer->cms;
    if (!der_oid_is(cms->content_type, CMC_OID_PKI_RESPONSE))
        return untrusted(why, "RFC 10002 4.2", "the content is no PKIResponse");
    if (!check_signatures(context, cms, arena, why))
        return untrusted(why, "RFC 10002 3.2.1.3.4", "the signature cannot be believed");
    if (!cmc_decode_response(cms->content, arena, &answer->body, why) ||
        !read_statuses(answer, arena, why))
        return untrusted(why, "RFC 10002 4.2.1", "the PKIResponse cannot be read");
    if (!check_transaction(session, answer, why))
        return untrusted(why, "RFC 10002 6.6", "not an answer to our message");
    if (cms->signers[0].signing_time != 0)
        answer->spoken_at = cms->signers[0].signing_time;
    return true;
}

static bool came_over_tls(const struct outbound_context *context, const struct message *message)
{
    return message->tls || (context->authority->url != NULL &&
                            strncasecmp(context->authority->url, "https:", 6) == 0);
}

/* A Simple Response is unsigned and lacks what we are owed, the transaction and the nonce: an
 * older certificate could be played again. So it counts only where TLS names the sender. */
static bool read_simple(const struct outbound_context *context, const struct message *message,
                        struct cmc_answer *answer, struct failure *why)
{
    answer->simple = true;
    if (!came_over_tls(context, message) && !context->authority->cmc.simple_response_without_tls)
        return untrusted(why, "RFC 10002 4.1", "a Simple Response is believed over TLS only");
    if (answer->cms.certificate_count == 0)
        return untrusted(why, "RFC 10002 4.1", "a Simple Response without certificates");
    return true;
}

bool cmc_answer_read(const struct outbound_context *context, const struct cmc_session *session,
                     const struct message *message, struct arena *arena, struct cmc_answer *answer,
                     struct failure *why)
{
    memset(answer, 0, sizeof(*answer));
    memset(why, 0, sizeof(*why));
    answer->spoken_at = context->now;
    if (message->body.size > LIMIT_RESPONSE_OCTETS)
        return untrusted(why, "RFC 9110 15.5.14", "the answer is too large");
    if (!media_type_may_be_cmc(message->content_type) || message->body.size == 0) {
        fail(why, REASON_UPSTREAM_UNTRUSTED, "RFC 10003 4", NULL);
        return fail_detail(why, "HTTP status %d without a CMC message", message->status);
    }
    if (!cms_parse(message->body, arena, &answer->cms, why)) {
        untrusted(why, "RFC 10003 4", "the answer is no SignedData");
        return fail_detail(why, "HTTP status %d", message->status);
    }
    if (!answer->cms.has_content && answer->cms.signer_count == 0)
        return read_simple(context, message, answer, why);
    return read_full(context, session, arena, answer, why);
}
