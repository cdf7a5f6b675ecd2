#include "adapters/est/est_enrol.h"

#include "adapters/est/est_base64.h"
#include "adapters/pkix/der.h"
#include "adapters/pkix/extensions.h"
#include "adapters/pkix/names.h"
#include "adapters/pkix/pkcs10.h"
#include "adapters/pkix/proof.h"

static const char OID_CHALLENGE_PASSWORD[] = "1.2.840.113549.1.9.7";
static const char OID_EST_IDENTITY_LINKING[] = "1.2.840.113549.1.9.16.2.56";
static const char OID_CHANGE_SUBJECT_NAME[] = "1.3.6.1.5.5.7.7.36";
static const char OID_SUBJECT_ALT_NAME[] = "2.5.29.17";

bool est_read_item(const struct message *message, struct arena *arena, struct item *item,
                   struct failure *why)
{
    struct bytes der;
    return est_base64_decode(message->body, arena, &der, why) &&
           pkcs10_parse(der, arena, item, why);
}

/* ---- channel binding: base64 of tls-unique (TLS 1.2) or tls-exporter (RFC 9266) ---------------
 */

static bool is_binding(struct bytes value, struct bytes binding, struct arena *arena)
{
    if (bytes_is_empty(binding))
        return false;
    struct bytes text = est_base64_encode(binding, EST_LINES_ONE, arena);
    return bytes_equal(value, bytes_slice(text, 0, text.size - 1));
}

/* A value that is there must be this session's (RFC 7030 3.5): it says which session the request
 * was made for. An RA relays requests that were made for another session (RFC 7030 3.7). */
static bool check_value(const struct message *message, const struct identity *identity,
                        const struct item *item, const char *oid, struct arena *arena,
                        struct failure *why)
{
    struct bytes attribute = pkcs10_attribute(item, oid, arena);
    struct der value;
    struct bytes rest = attribute;
    if (bytes_is_empty(attribute) || identity->is_ra)
        return true;
    if (!der_next(&rest, &value))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 7030 3.5",
                    "the channel binding is malformed");
    if (is_binding(value.content, message->tls_unique, arena) ||
        is_binding(value.content, message->tls_exporter, arena))
        return true;
    return fail(why, REASON_CHANNEL_BINDING_WRONG, "RFC 7030 3.5",
                "challengePassword is not the channel binding of this TLS session");
}

/* tls-unique is defined up to TLS 1.2 (RFC 5929), and RFC 9266 does not update RFC 7030: over TLS
 * 1.3 nobody is asked for a binding. */
static bool check_binding(const struct message *message, const struct identity *identity,
                          const struct item *item, bool required, struct arena *arena,
                          struct failure *why)
{
    bool bound = !bytes_is_empty(pkcs10_attribute(item, OID_CHALLENGE_PASSWORD, arena)) ||
                 !bytes_is_empty(pkcs10_attribute(item, OID_EST_IDENTITY_LINKING, arena));
    if (required && !bound && !identity->is_ra && !bytes_is_empty(message->tls_unique))
        return fail(why, REASON_CHANNEL_BINDING_WRONG, "RFC 7030 3.5",
                    "put the channel binding (tls-unique) of this TLS session into "
                    "challengePassword");
    return check_value(message, identity, item, OID_CHALLENGE_PASSWORD, arena, why) &&
           check_value(message, identity, item, OID_EST_IDENTITY_LINKING, arena, why);
}

/* ---- simplereenroll ----------------------------------------------------------------------------
 */

static bool same_alternative_names(const struct item *item, const struct certificate *certificate)
{
    struct extension asked, held;
    bool asks = extensions_find(item->extensions, OID_SUBJECT_ALT_NAME, &asked);
    bool holds = certificate_extension(certificate, OID_SUBJECT_ALT_NAME, &held);
    if (asks != holds)
        return false;
    return !asks || general_names_same(asked.value, held.value);
}

/* RFC 7030 4.2.2: Subject and SubjectAltName are identical to those of the certificate being
 * renewed, which is the TLS client's; a ChangeSubjectName says otherwise on purpose. */
static bool check_renewal(const struct identity *identity, const struct item *item,
                          struct arena *arena, struct failure *why)
{
    struct certificate *renewed = NULL;
    if (identity->is_ra || !bytes_is_empty(pkcs10_attribute(item, OID_CHANGE_SUBJECT_NAME, arena)))
        return true;
    if (identity->kind != IDENTITY_TLS)
        return fail(why, REASON_UNAUTHENTICATED, "RFC 7030 4.2.2",
                    "show the certificate to be renewed as TLS client certificate");
    if (!certificate_parse(identity->certificate, &renewed, why))
        return false;
    bool subject = names_same(item->subject, certificate_subject(renewed));
    bool names = same_alternative_names(item, renewed);
    certificate_unref(renewed);
    if (!subject)
        return fail(why, REASON_BAD_CERT_TEMPLATE, "RFC 7030 4.2.2",
                    "the subject differs from that of the certificate being renewed");
    return names || fail(why, REASON_BAD_CERT_TEMPLATE, "RFC 7030 4.2.2",
                         "subjectAltName differs from that of the certificate being renewed");
}

bool est_check_item(const struct inbound_context *context, const struct identity *identity,
                    bool renewal, struct item *item, struct arena *arena, struct failure *why)
{
    const struct message *message = context->message;
    const struct device_options *options = &context->credentials->groups[identity->group].options;
    return proof_check(item, identity, BYTES_EMPTY, options->signature_sha1, arena, why) &&
           check_binding(message, identity, item, options->require_binding, arena, why) &&
           (!renewal || check_renewal(identity, item, arena, why));
}
