/* Whether an authority's answer can be believed (RFC 9810 5.1, RFC 9483 3.5). What it means is
 * judged in cmp_verdict.c. */
#include "adapters/cmp/cmp_response.h"

#include <openssl/x509v3.h>

#include "adapters/pkix/names.h"
#include "adapters/pkix/signature.h"
#include "mapping/codes.h"

static const char IMPLICIT_CONFIRM[] = "1.3.6.1.5.5.7.4.13";

enum {
    DIRECTORY_NAME = DER_CONTEXT_CONSTRUCTED | 4,
    /* Certificates of one name without senderKID: so many signatures are tried. */
    SIGNERS_TRIED = 4,
};

/* What was found goes to the log; what the device hears is that the answer is not trusted. */
static bool untrusted(struct failure *why, const char *clause, const char *text)
{
    const struct failure cause = *why;
    fail(why, REASON_UPSTREAM_UNTRUSTED, clause, NULL);
    fail_detail(why, "%s", text);
    if (cause.text[0] != '\0')
        fail_detail(why, "%s", cause.text);
    if (cause.detail[0] != '\0')
        fail_detail(why, "%s", cause.detail);
    return false;
}

/* ---- certificates --------------------------------------------------------------------------- */

static void release_certificate(void *certificate)
{
    certificate_unref(certificate);
}

/* One that cannot be read or is there already is passed over. */
static void add_certificate(struct cmp_answer *answer, struct bytes der, struct arena *arena)
{
    struct certificate *certificate;
    struct failure ignored;
    if (answer->certificate_count == 2 * LIMIT_CERTIFICATES)
        return;
    for (size_t i = 0; i < answer->certificate_count; i++) {
        if (bytes_equal(certificate_der(answer->certificates[i]), der))
            return;
    }
    if (certificate_parse(der, &certificate, &ignored))
        answer->certificates[answer->certificate_count++] =
            arena_own(arena, certificate, release_certificate);
}

static bool collect_certificates(const struct cmp_session *session, struct arena *arena,
                                 struct cmp_answer *answer, struct failure *why)
{
    struct bytes rest = answer->decoding.message.extra_certs;
    struct der certificate;
    if (cmp_count(rest) > LIMIT_CERTIFICATES)
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 9810 5.1", "extraCerts is too long");
    while (der_next(&rest, &certificate))
        add_certificate(answer, certificate.whole, arena);
    for (size_t i = 0; i < session->certificate_count; i++)
        add_certificate(answer, session->certificates[i], arena);
    return true;
}

static void keep_certificates(const struct cmp_answer *answer, struct arena *arena,
                              struct cmp_session *session)
{
    if (session->certificate_count > 0)
        return;
    session->certificates =
        arena_array(arena, answer->certificate_count, sizeof(*session->certificates));
    for (size_t i = 0; i < answer->certificate_count && i < LIMIT_CERTIFICATES; i++)
        session->certificates[session->certificate_count++] =
            certificate_der(answer->certificates[i]);
}

/* ---- protection ----------------------------------------------------------------------------- */

static bool is_anchor(const struct trust *trust, const struct certificate *certificate)
{
    for (size_t i = 0; i < trust_anchor_count(trust); i++) {
        if (bytes_equal(certificate_der(trust_anchor(trust, i)), certificate_der(certificate)))
            return true;
    }
    return false;
}

/* RFC 9810 4.5: the authority itself or one that it named CMC CA or RA; else any device under the
 * same anchor could speak for it. An anchor is what the configuration pins. */
static bool signer_is_allowed(const struct outbound_context *context,
                              const struct cmp_answer *answer, struct certificate *signer,
                              struct arena *arena, struct failure *why)
{
    const struct authority *authority = context->authority;
    if (!authority->ignore_key_usage && !certificate_allows(signer, KU_DIGITAL_SIGNATURE))
        return fail(why, REASON_SIGNER_NOT_TRUSTED, "RFC 9483 3.2",
                    "keyUsage of the signer's certificate lacks digitalSignature");
    if (is_anchor(authority->trust, signer))
        return true;
    if (!certificate_is_ca(signer) && !certificate_has_eku(signer, EKU_CMC_CA) &&
        !certificate_has_eku(signer, EKU_CMC_RA))
        return fail(why, REASON_SIGNER_NOT_TRUSTED, "RFC 9810 4.5",
                    "the signer is neither a CA nor named as one of CMP");
    return trust_verify(authority->trust, signer, answer->certificates, answer->certificate_count,
                        context->now, arena, NULL, NULL, why);
}

static bool is_named(const struct certificate *certificate, const struct cmp_header *header)
{
    struct der name;
    return der_only(header->sender, DIRECTORY_NAME, &name) &&
           names_same(certificate_subject(certificate), name.content) &&
           (bytes_is_empty(header->sender_kid) ||
            bytes_equal(header->sender_kid, certificate_ski(certificate)));
}

static bool verify_by(const struct outbound_context *context, const struct cmp_answer *answer,
                      struct certificate *signer, struct bytes data, struct bytes signature,
                      struct arena *arena, struct failure *why)
{
    EVP_PKEY *key = certificate_get0_key(signer);
    if (key == NULL)
        return fail(why, REASON_BAD_ALG, "RFC 9483 3.5", "the signer's key cannot be used here");
    return signature_verify(key, answer->decoding.header.protection_alg, data, signature, false,
                            why) &&
           signer_is_allowed(context, answer, signer, arena, why);
}

static bool check_signature(const struct outbound_context *context, const struct cmp_answer *answer,
                            struct bytes signature, struct arena *arena, struct failure *why)
{
    const struct cmp_message *message = &answer->decoding.message;
    const struct trust *trust = context->authority->trust;
    struct bytes parts[] = {message->header, message->body};
    struct bytes data = der_join(arena, DER_SEQUENCE, parts, 2);
    size_t anchors = trust_anchor_count(trust), tried = 0;
    for (size_t i = 0; i < answer->certificate_count + anchors && tried < SIGNERS_TRIED; i++) {
        struct failure no = {0};
        struct certificate *signer = i < answer->certificate_count
                                         ? answer->certificates[i]
                                         : trust_anchor(trust, i - answer->certificate_count);
        if (!is_named(signer, &answer->decoding.header))
            continue;
        if (verify_by(context, answer, signer, data, signature, arena, &no))
            return true;
        if (tried++ == 0)
            *why = no;
    }
    return tried > 0 ? false
                     : fail(why, REASON_SIGNER_UNKNOWN, "RFC 9483 3.1",
                            "sender and senderKID name no certificate that came along");
}

/* What an error says that nobody signed: for the log. */
static void add_hint(const struct cmp_answer *answer, struct arena *arena, struct failure *why)
{
    struct cmp_error error;
    struct result hint = {0};
    struct failure ignored;
    if (answer->decoding.type != CMP_ERROR ||
        !cmp_read(&cmp_error_shape, answer->decoding.content, &error, &ignored) ||
        !cmp_answer_status(error.status_info, arena, &hint, &ignored))
        return;
    result_keep_code(&hint, arena);
    fail_detail(why, "an error that nobody signed says: %.*s", (int)hint.text.size,
                hint.text.size > 0 ? (const char *)hint.text.data : "");
}

static bool check_protection(const struct outbound_context *context,
                             const struct cmp_answer *answer, struct arena *arena,
                             struct failure *why)
{
    const struct cmp_message *message = &answer->decoding.message;
    struct der bits;
    struct bytes signature;
    if (bytes_is_empty(message->protection) ||
        bytes_is_empty(answer->decoding.header.protection_alg)) {
        fail(why, REASON_BAD_MESSAGE_CHECK, "RFC 9483 3.5", "the answer is not protected");
        add_hint(answer, arena, why);
        return false;
    }
    /* RFC 9483 3.2: one kind of protection in an exchange, and ours is a signature. */
    if (cmp_is_mac(&answer->decoding.header))
        return fail(why, REASON_WRONG_INTEGRITY, "RFC 9483 3.2",
                    "a signed message was answered with a MAC");
    if (!der_only(message->protection, DER_BIT_STRING, &bits) ||
        !der_bits(bits.content, &signature))
        return fail(why, REASON_BAD_MESSAGE_CHECK, "RFC 9810 5.1.3",
                    "the protection is not a whole number of octets");
    return check_signature(context, answer, signature, arena, why);
}

/* ---- header --------------------------------------------------------------------------------- */

/* RFC 9483 3.1, 3.5: behind polling, the nonce of the delayed request is right too. */
static bool check_nonces(const struct cmp_session *session, const struct cmp_header *header,
                         struct failure *why)
{
    bool delayed = session->phase == CMP_PHASE_POLLING &&
                   bytes_equal(header->recip_nonce, session->request_nonce);
    if (!delayed && !bytes_equal(header->recip_nonce, session->sent_nonce))
        return fail(why, REASON_BAD_RECIPIENT_NONCE, "RFC 9483 3.5",
                    "recipNonce is not the senderNonce of our message");
    if (bytes_is_empty(header->sender_nonce) || header->sender_nonce.size > LIMIT_NONCE_OCTETS)
        return fail(why, REASON_BAD_SENDER_NONCE, "RFC 9483 3.5",
                    "senderNonce is missing or too long");
    if (bytes_equal(header->sender_nonce, session->peer_nonce))
        return fail(why, REASON_BAD_SENDER_NONCE, "RFC 9483 3.5", "senderNonce was used before");
    return true;
}

static bool check_header(const struct cmp_session *session, const struct cmp_answer *answer,
                         struct failure *why)
{
    const struct cmp_decoding *decoding = &answer->decoding;
    if (decoding->pvno != 2 && decoding->pvno != 3)
        return fail(why, REASON_UNSUPPORTED_VERSION, "RFC 9810 7", "pvno is %lld",
                    (long long)decoding->pvno);
    if (!bytes_equal(decoding->header.transaction_id, session->transaction_id))
        return fail(why, REASON_BAD_REQUEST, "RFC 9483 3.5", "transactionID is not ours");
    return check_nonces(session, &decoding->header, why);
}

static bool check_type(const struct cmp_session *session, const struct cmp_answer *answer,
                       struct failure *why)
{
    enum cmp_type type = answer->decoding.type;
    bool fits = type == CMP_ERROR;
    if (session->phase == CMP_PHASE_CONFIRMING)
        fits = fits || type == CMP_PKICONF;
    else
        fits = fits || type == cmp_body(session->body)->answer ||
               (session->phase == CMP_PHASE_POLLING && type == CMP_POLL_REP);
    return fits || fail(why, REASON_BAD_REQUEST, "RFC 9483 3.5", "%s is no answer to our message",
                        cmp_body(type)->name);
}

static bool read_general_info(struct cmp_answer *answer, struct failure *why)
{
    struct bytes rest = answer->decoding.header.general_info;
    struct der element;
    if (cmp_count(rest) > LIMIT_CONTROLS)
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 9810 5.1.1",
                    "generalInfo is malformed or too long");
    while (der_next(&rest, &element)) {
        struct cmp_info info;
        if (!cmp_read(&cmp_info_shape, element.whole, &info, why))
            return false;
        if (der_oid_is(info.type, IMPLICIT_CONFIRM))
            answer->implicit_confirm = true;
    }
    return true;
}

bool cmp_answer_read(const struct outbound_context *context, struct cmp_session *session,
                     const struct message *message, struct arena *arena, struct cmp_answer *answer,
                     struct failure *why)
{
    *answer = (struct cmp_answer){.implicit_confirm = false};
    *why = (struct failure){.reason = REASON_UPSTREAM_UNTRUSTED};
    if (bytes_is_empty(message->body) || !cmp_parse(message->body, arena, &answer->decoding, why)) {
        untrusted(why, "RFC 9811 3.1", "the answer is no PKIMessage");
        return fail_detail(why, "HTTP status %d", message->status);
    }
    if (!collect_certificates(session, arena, answer, why) ||
        !check_protection(context, answer, arena, why))
        return untrusted(why, "RFC 9483 3.5", "the protection cannot be believed");
    if (!check_header(session, answer, why) || !check_type(session, answer, why) ||
        !read_general_info(answer, why))
        return untrusted(why, "RFC 9483 3.5", "not an answer to our message");
    session->peer_nonce = answer->decoding.header.sender_nonce;
    keep_certificates(answer, arena, session);
    return true;
}
