/* A device's CMC message to a neutral request: the checks, in order. */
#include "adapters/cmc/cmc.h"
#include "adapters/cmc/cmc_incoming.h"
#include "adapters/pkix/crmf.h"
#include "adapters/pkix/der.h"
#include "adapters/pkix/devices.h"
#include "adapters/pkix/extensions.h"
#include "adapters/pkix/names.h"
#include "adapters/pkix/pkcs10.h"
#include "adapters/pkix/privilege.h"
#include "adapters/pkix/proof.h"
#include "mapping/model/limits.h"

#define OID_SUBJECT_ALT_NAME "2.5.29.17"
#define OID_CHANGE_SUBJECT_NAME "1.3.6.1.5.5.7.7.36"

/* ---- items ---------------------------------------------------------------------------------- */

static bool check_http(const struct message *message, struct failure *why)
{
    if (!bytes_is_empty(message->method) && !bytes_equal_text(message->method, "POST"))
        return fail(why, REASON_METHOD, "RFC 10003 4", "CMC requests are sent by POST");
    return true;
}

/* RFC 10002 3.2.1.2.2: what CMC forbids in a CRMF request. */
static bool check_crm(const struct item *item, struct failure *why)
{
    if (!bytes_is_empty(item->reg_info))
        return fail(why, REASON_BAD_REQUEST, "RFC 10002 3.2.1.2.2",
                    "regInfo must not stand in a CRMF request; use the regInfo control");
    if (item->key_absent || bytes_is_empty(item->subject))
        return fail(why, REASON_BAD_REQUEST, "RFC 10002 3.2.1.2.2",
                    "subject and publicKey must stand in the template");
    if (item->pop_form == POP_FORM_ENCR_CERT)
        return fail(why, REASON_BAD_REQUEST, "RFC 10002 3.2.1.2.2",
                    "encrCert must not be used in CMC");
    if (item->pop_form == POP_FORM_SIGNATURE_SENDER || item->pop_form == POP_FORM_SIGNATURE_MAC)
        return fail(why, REASON_BAD_POP, "RFC 10002 3.2.1.2.2",
                    "poposkInput must not be used in CMC; sign the CertRequest");
    return true;
}

/* RFC 10002 7.1: another name than the one that was authorised would be certified. */
static bool check_tcr(const struct item *item, struct arena *arena, struct failure *why)
{
    if (!bytes_is_empty(pkcs10_attribute(item, OID_CHANGE_SUBJECT_NAME, arena)))
        return fail(why, REASON_BAD_REQUEST, "RFC 10002 7.1",
                    "changeSubjectName is not taken here; ask for the name that is wanted");
    return true;
}

static bool read_item(const struct cmc_request *request, struct arena *arena, struct item *item,
                      struct failure *why)
{
    if (request->id == CMC_BODY_ID_WHOLE)
        return fail(why, REASON_BAD_REQUEST, "RFC 10002 3.2.2",
                    "body part id 0 means the PKIData itself; number requests from 1");
    bool read = request->form == CMC_CRM
                    ? crmf_parse(request->body, arena, item, why) && check_crm(item, why)
                    : pkcs10_parse(request->body, arena, item, why) && check_tcr(item, arena, why);
    item->inbound_id = request->id;
    return read;
}

/* An orm is left out: cmc_screen answers it. */
static bool read_items(const struct cmc_incoming *incoming, struct arena *arena,
                       struct item **items, size_t *count, struct failure *why)
{
    const struct cmc_body *body = &incoming->body;
    if (cmc_find(body, CMC_CONTROL_REVOKE_REQUEST) != NULL)
        return cmc_read_revocations(incoming, arena, items, count, why);
    *count = 0;
    *items = arena_array(arena, body->request_count, sizeof(**items));
    for (size_t i = 0; i < body->request_count; i++) {
        if (body->requests[i].form == CMC_ORM)
            continue;
        if (!read_item(&body->requests[i], arena, &(*items)[*count], why))
            return false;
        ++*count;
    }
    return true;
}

/* ---- proof of possession -------------------------------------------------------------------- */

/* RFC 10002 6.8: the RA names requests of this PKIData whose proof it has seen. */
static bool is_witnessed(const struct cmc_body *body, int64_t id, struct arena *arena)
{
    for (size_t i = 0; i < body->control_count; i++) {
        struct failure why;
        int64_t whole, *ids;
        size_t count;
        if (body->controls[i].kind != CMC_CONTROL_LRA_POP_WITNESS ||
            !cmc_decode_witness(body->controls[i].value, arena, &whole, &ids, &count, &why) ||
            whole != CMC_BODY_ID_WHOLE)
            continue;
        for (size_t n = 0; n < count; n++) {
            if (ids[n] == id)
                return true;
        }
    }
    return false;
}

static bool check_proofs(const struct cmc_body *body, const struct cmc_sender *sender,
                         struct item *items, size_t count, struct arena *arena, struct failure *why)
{
    bool allow_sha1 = sender->group->options.signature_sha1;
    for (size_t i = 0; i < count; i++) {
        struct item *item = &items[i];
        bool nothing = item->pop_form == POP_FORM_ABSENT || item->pop_form == POP_FORM_NO_SIGNATURE;
        if (nothing && sender->identity.is_ra && is_witnessed(body, item->inbound_id, arena))
            item->pop_form = POP_FORM_RA_VERIFIED;
        if (!proof_check(item, &sender->identity, sender->secret, allow_sha1, arena, why))
            return false;
    }
    return true;
}

/* ---- an existing certificate links name and key (RFC 10002 6.3.3) --------------------------- */

static struct bytes subject_alt_name(const struct certificate *certificate)
{
    struct extension extension;
    bool found = extensions_find(certificate_extensions(certificate_der(certificate)),
                                 OID_SUBJECT_ALT_NAME, &extension);
    return found ? extension.value : BYTES_EMPTY;
}

static bool check_link(const struct item *item, const struct identity *identity,
                       const struct certificate *certificate, struct failure *why)
{
    struct bytes asked;
    bool critical;
    if (!names_same(item->subject, identity->subject))
        return fail(why, REASON_BAD_REQUEST, "RFC 10002 6.3.3",
                    "the subject is not that of the certificate which signed the request");
    if (item_extension(item, OID_SUBJECT_ALT_NAME, &asked, &critical) &&
        !general_names_same(asked, subject_alt_name(certificate)))
        return fail(why, REASON_BAD_REQUEST, "RFC 10002 6.3.3",
                    "subjectAltName is not that of the certificate which signed the request");
    return true;
}

static bool check_links(const struct identity *identity, const struct item *items, size_t count,
                        struct failure *why)
{
    struct certificate *certificate;
    if (bytes_is_empty(identity->certificate) || identity->is_ra)
        return true;
    if (!certificate_parse(identity->certificate, &certificate, why))
        return false;
    bool linked = true;
    for (size_t i = 0; i < count && linked; i++)
        linked = check_link(&items[i], identity, certificate, why);
    certificate_unref(certificate);
    return linked;
}

/* ---- time, nonces, transaction -------------------------------------------------------------- */

static bool check_time(const struct inbound_context *context, const struct cmc_incoming *incoming,
                       const struct device_options *options, struct failure *why)
{
    if (incoming->simple || options->skew_s == 0)
        return true;
    int64_t time = incoming->cms.signers[0].signing_time;
    if (time == 0)
        return !options->require_time ||
               fail(why, REASON_MISSING_TIME_STAMP, "RFC 5652 11.3", "signingTime is required");
    int64_t off = time > context->now ? time - context->now : context->now - time;
    if (off > options->skew_s)
        return fail(why, REASON_BAD_TIME, "RFC 5652 11.3",
                    "signingTime is %lld s off; set the clock", (long long)off);
    return true;
}

/* RFC 10002 6.6: none in the first message; later the one that we sent last. */
static bool check_nonce(const struct cmc_incoming *incoming, const struct cmc_leg *leg,
                        struct failure *why)
{
    if (bytes_is_empty(incoming->recipient_nonce) ||
        bytes_equal(incoming->recipient_nonce, leg->sent_nonce))
        return true;
    return fail(why, REASON_BAD_RECIPIENT_NONCE, "RFC 10002 6.6", NULL);
}

static void note_leg(const struct cmc_incoming *incoming, const struct cmc_sender *sender,
                     struct cmc_leg *leg)
{
    leg->simple = incoming->simple;
    leg->transaction_id = incoming->transaction_id;
    leg->received_nonce = incoming->sender_nonce;
    leg->group = bytes_of_text(sender->group->name);
    leg->credential = sender->identity.credential;
    /* RFC 10002 6.4: data comes back in every answer of the transaction. */
    if (incoming->data_return_count > 0) {
        leg->data_returns = incoming->data_returns;
        leg->data_return_count = incoming->data_return_count;
    }
}

static struct bytes new_token(struct inbound_context *context, const struct cmc_incoming *incoming,
                              struct arena *arena)
{
    struct bytes random = entropy_take(&context->entropy, CMC_TOKEN_RANDOM_OCTETS, arena);
    struct bytes exchange = cmc_exchange(context->message, incoming, arena);
    uint8_t *octets = arena_alloc(arena, CMC_TOKEN_OCTETS);
    memcpy(octets, exchange.data, exchange.size);
    memcpy(octets + exchange.size, random.data, random.size);
    return bytes_of(octets, CMC_TOKEN_OCTETS);
}

/* ---- kinds of messages ---------------------------------------------------------------------- */

/* RFC 10002 6.13. The token is good only for the identity that got it. */
static bool decode_poll(struct inbound_context *context, const struct cmc_incoming *incoming,
                        const struct cmc_sender *sender, struct arena *arena,
                        struct request *request, struct failure *why)
{
    struct cmc_leg leg;
    if (!cmc_leg_unpack(context->leg, arena, &leg, why))
        return false;
    if (incoming->body.request_count > 0)
        return fail(why, REASON_BAD_REQUEST, "RFC 10002 6.13",
                    "queryPending stands beside a new request");
    if (bytes_is_empty(leg.token) || !bytes_equal(leg.token, incoming->token) ||
        !bytes_equal(leg.credential, sender->identity.credential))
        return fail(why, REASON_UNKNOWN_TRANSACTION, "RFC 10002 6.13",
                    "nothing is pending under this token for this sender");
    if (!check_nonce(incoming, &leg, why))
        return false;
    note_leg(incoming, sender, &leg);
    request->operation = OPERATION_POLL;
    request->leg = cmc_leg_pack(&leg, arena);
    return true;
}

static enum operation operation_of(const struct identity *identity)
{
    bool certificate = identity->kind == IDENTITY_SIGNATURE || identity->kind == IDENTITY_TLS;
    return certificate && !identity->is_ra ? OPERATION_UPDATE : OPERATION_ENROLL;
}

static bool decode_enrolment(struct inbound_context *context, const struct cmc_incoming *incoming,
                             const struct cmc_sender *sender, struct arena *arena,
                             struct request *request, struct failure *why)
{
    struct cmc_leg leg = {0};
    if (request->item_count == 0)
        return fail(why, REASON_BAD_REQUEST, "RFC 10002 3.2.1", "the PKIData asks for nothing");
    if (!check_nonce(incoming, &leg, why) ||
        !check_proofs(&incoming->body, sender, request->items, request->item_count, arena, why) ||
        !check_links(&sender->identity, request->items, request->item_count, why))
        return false;
    note_leg(incoming, sender, &leg);
    leg.token = new_token(context, incoming, arena);
    request->operation = operation_of(&sender->identity);
    request->leg = cmc_leg_pack(&leg, arena);
    return true;
}

/* RFC 10002 6.11. Which of its certificates a sender may have revoked is for the engine to say. */
static bool decode_revocation(struct inbound_context *context, const struct cmc_incoming *incoming,
                              const struct cmc_sender *sender, struct arena *arena,
                              struct request *request, struct failure *why)
{
    struct cmc_leg leg = {0};
    if (!check_nonce(incoming, &leg, why))
        return false;
    note_leg(incoming, sender, &leg);
    leg.token = new_token(context, incoming, arena);
    request->operation = OPERATION_REVOKE;
    request->leg = cmc_leg_pack(&leg, arena);
    return true;
}

/* A client chooses a profile by the query, as it does at Dogtag: ?profileId=NAME. */
static struct bytes profile_of(const struct message *message)
{
    static const char key[] = "profileId=";
    const size_t size = sizeof(key) - 1;
    for (struct bytes rest = message->query; rest.size > 0;) {
        const uint8_t *end = memchr(rest.data, '&', rest.size);
        size_t length = end == NULL ? rest.size : (size_t)(end - rest.data);
        struct bytes pair = bytes_slice(rest, 0, length);
        if (pair.size > size && memcmp(pair.data, key, size) == 0)
            return bytes_slice(pair, size, SIZE_MAX);
        rest = bytes_slice(rest, length + 1, SIZE_MAX);
    }
    return BYTES_EMPTY;
}

/* What needs no signature to be refused comes first where there is none: a revocation by shared
 * secret may be unsigned (RFC 10002 6.11). */
static bool decode(struct inbound_context *context, struct arena *arena, struct request *request,
                   struct failure *why)
{
    struct cmc_incoming incoming;
    struct cmc_sender sender;
    memset(request, 0, sizeof(*request));
    request->protocol = PROTOCOL_CMC;
    if (!check_http(context->message, why) ||
        !cmc_incoming_read(context->message, arena, &incoming, why))
        return false;
    request->what = cmc_name_of(&incoming);
    bool is_signed = incoming.simple || incoming.cms.signer_count > 0;
    if ((!is_signed && !cmc_screen(&incoming.body, false, arena, why)) ||
        !read_items(&incoming, arena, &request->items, &request->item_count, why) ||
        !cmc_identify(context, &incoming, request->items, request->item_count, arena, &sender,
                      why) ||
        !cmc_screen(&incoming.body, sender.identity.is_ra, arena, why) ||
        !check_time(context, &incoming, &sender.group->options, why))
        return false;
    request->identity = sender.identity;
    request->profile = profile_of(context->message);
    if (cmc_find(&incoming.body, CMC_CONTROL_CONFIRM_CERT_ACCEPTANCE) != NULL)
        return fail(why, REASON_BAD_CERT_ID, "RFC 10002 6.14",
                    "no certificate of yours waits for a confirmation");
    if (cmc_find(&incoming.body, CMC_CONTROL_QUERY_PENDING) != NULL)
        return decode_poll(context, &incoming, &sender, arena, request, why);
    if (cmc_revokes(&incoming.body))
        return decode_revocation(context, &incoming, &sender, arena, request, why);
    return decode_enrolment(context, &incoming, &sender, arena, request, why);
}

const struct inbound_adapter cmc_inbound = {
    .protocol = PROTOCOL_CMC,
    .accepts = cmc_accepts,
    .claim = cmc_claim,
    .decode = decode,
    .encode = cmc_encode,
    .refuse = cmc_refuse,
};
