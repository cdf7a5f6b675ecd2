#include "adapters/cmp/cmp_decode.h"

#include <stdlib.h>

#include "adapters/cmp/cmp_body.h"
#include "adapters/cmp/cmp_path.h"
#include "adapters/pkix/devices.h"
#include "adapters/pkix/signature.h"
#include "mapping/codes.h"
#include "mapping/model/limits.h"
#include "mapping/model/pack.h"

static const char IMPLICIT_CONFIRM[] = "1.3.6.1.5.5.7.4.13";
static const char CERT_PROFILE[] = "1.3.6.1.5.5.7.4.21";

enum { STAND_IN_OCTETS = 16 };

static struct bytes hash_of(const struct pack_writer *writer, struct arena *arena)
{
    uint8_t hash[32];
    sha256(pack_result(writer), hash);
    return arena_copy(arena, bytes_of(hash, sizeof(hash)));
}

/* RFC 9810 5.1.1: a client may leave the transactionID to the server. Ours then follows from the
 * message, so that both looks at it, and its repetition, give the same. */
static void stand_in_for_transaction_id(struct cmp_decoding *decoding, struct bytes octets)
{
    if (decoding->transaction_id.size > 0 || cmp_body(decoding->type)->role != CMP_OPENS)
        return;
    uint8_t hash[32];
    sha256(octets, hash);
    decoding->transaction_id = arena_copy(decoding->arena, bytes_of(hash, STAND_IN_OCTETS));
}

bool cmp_claim(const struct inbound_context *context, struct arena *arena, struct claim *claim,
               struct failure *why)
{
    struct cmp_decoding decoding = {.context = context};
    const struct bytes octets = context->message->body;
    *claim = (struct claim){.what = "?", .repeat = REPEAT_IS_CONFLICT};
    if (!cmp_check_http(context->message, why) || !cmp_parse(octets, arena, &decoding, why))
        return false;
    stand_in_for_transaction_id(&decoding, octets);
    claim->what = cmp_body(decoding.type)->name;
    claim->opens = cmp_body(decoding.type)->role != CMP_FOLLOWS;
    claim->transaction_id = decoding.transaction_id;
    if (cmp_is_mac(&decoding.header))
        claim->reference = cmp_reference(&decoding.header);

    struct pack_writer exchange = pack_writer(arena, 1);
    pack_bytes(&exchange, BYTES_LITERAL("cmp"));
    pack_bytes(&exchange, decoding.header.sender);
    pack_bytes(&exchange, decoding.header.sender_kid);
    pack_bytes(&exchange, decoding.transaction_id);
    claim->exchange = hash_of(&exchange, arena);

    struct pack_writer digest_of = pack_writer(arena, 1);
    pack_bytes(&digest_of, BYTES_LITERAL("cmp"));
    pack_bytes(&digest_of, octets);
    claim->digest = hash_of(&digest_of, arena);
    return true;
}

/* ---- decode: one check a function, in the order of RFC 9483 3.5 ------------------------------ */

static bool check_version(const struct cmp_decoding *decoding, struct failure *why)
{
    if (decoding->pvno == 2 || decoding->pvno == 3)
        return true;
    return fail(why, REASON_UNSUPPORTED_VERSION, "RFC 9810 7",
                "pvno %lld is not supported; use 2 or 3", (long long)decoding->pvno);
}

/* What is known before any cryptography: a MAC where no group can allow one. */
static bool check_kind(const struct cmp_decoding *decoding, struct failure *why)
{
    const struct cmp_body *body = cmp_body(decoding->type);
    const struct credentials *credentials = decoding->context->credentials;
    if (body->mac || !cmp_is_mac(&decoding->header))
        return true;
    for (size_t i = 0; i < credentials->group_count; i++) {
        if (credentials->groups[i].secrets != NULL && credentials->groups[i].options.mac_legacy)
            return true;
    }
    return fail(why, REASON_WRONG_INTEGRITY, "RFC 9483 3.5", "%s must be signed, not MACed",
                body->name);
}

static bool check_protection(struct cmp_decoding *decoding, struct failure *why)
{
    const struct inbound_context *context = decoding->context;
    const struct cmp_body *body = cmp_body(decoding->type);
    if (!cmp_verify(&decoding->message, &decoding->header, &decoding->leg, context->credentials,
                    context->now, decoding->arena, &decoding->sender, why))
        return false;
    if (decoding->sender.protection == CMP_MAC && !body->mac &&
        !decoding->sender.group->options.mac_legacy)
        return fail(why, REASON_WRONG_INTEGRITY, "RFC 9483 3.5", "%s must be signed, not MACed",
                    body->name);
    return true;
}

static bool is_open(const struct cmp_decoding *decoding)
{
    return !bytes_is_empty(decoding->leg.transaction_id);
}

static struct bytes algorithm_oid(struct bytes algorithm)
{
    struct der sequence, id;
    return der_only(algorithm, DER_SEQUENCE, &sequence) && der_take(&sequence.content, DER_OID, &id)
               ? id.whole
               : BYTES_EMPTY;
}

/* RFC 9483 3.2: one kind of protection, one algorithm, one credential in an exchange. */
static bool check_same_protection(const struct cmp_decoding *decoding, struct failure *why)
{
    const struct cmp_leg *leg = &decoding->leg;
    const struct cmp_sender *sender = &decoding->sender;
    if (!is_open(decoding))
        return true;
    if (leg->protection != (int64_t)sender->protection)
        return fail(why, REASON_WRONG_INTEGRITY, "RFC 9483 3.2",
                    "the kind of protection changed within the transaction");
    if (!bytes_equal(algorithm_oid(leg->algorithm), algorithm_oid(decoding->header.protection_alg)))
        return fail(why, REASON_BAD_MESSAGE_CHECK, "RFC 9483 3.2",
                    "protectionAlg changed within the transaction");
    bool same = sender->protection == CMP_MAC
                    ? bytes_equal(leg->reference, sender->reference)
                    : bytes_equal(leg->certificate, certificate_der(sender->certificate));
    return same || fail(why, REASON_BAD_MESSAGE_CHECK, "RFC 9483 3.2",
                        "another credential than the one that opened the transaction");
}

static bool check_time(const struct cmp_decoding *decoding, struct failure *why)
{
    const struct device_options *options = &decoding->sender.group->options;
    int64_t time;
    if (bytes_is_empty(decoding->header.message_time))
        return !options->require_time ||
               fail(why, REASON_MISSING_TIME_STAMP, "RFC 9483 3.1", "messageTime is required here");
    if (!der_time(decoding->header.message_time, &time))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 9810 5.1.1",
                    "messageTime is not a GeneralizedTime");
    int64_t now = decoding->context->now;
    bool off = time > now ? time - now > options->skew_s : now - time > options->skew_s;
    if (options->skew_s > 0 && off)
        return fail(why, REASON_BAD_TIME, "RFC 9483 3.5",
                    "messageTime is off by %lld s, more than %ld s; set the clock",
                    (long long)(time - now), options->skew_s);
    return true;
}

static bool check_transaction_id(const struct cmp_decoding *decoding, struct failure *why)
{
    const struct bytes id = decoding->header.transaction_id;
    if (id.size > LIMIT_TRANSACTION_ID_OCTETS)
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 9810 5.1.1",
                    "transactionID has more than %d octets", LIMIT_TRANSACTION_ID_OCTETS);
    if (bytes_is_empty(id) && !decoding->sender.group->options.mac_legacy)
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 9483 3.5", "transactionID is missing");
    return true;
}

static bool check_sender_nonce(const struct cmp_decoding *decoding, struct failure *why)
{
    const struct bytes nonce = decoding->header.sender_nonce;
    const struct device_options *options = &decoding->sender.group->options;
    if (nonce.size > LIMIT_NONCE_OCTETS)
        return fail(why, REASON_BAD_SENDER_NONCE, "RFC 9810 5.1.1",
                    "senderNonce has more than %d octets", LIMIT_NONCE_OCTETS);
    if (nonce.size < LIMIT_NONCE_OCTETS_MIN && !options->mac_legacy)
        return fail(why, REASON_BAD_SENDER_NONCE, "RFC 9483 3.5",
                    "senderNonce must have at least %d octets", LIMIT_NONCE_OCTETS_MIN);
    if (nonce.size > 0 && bytes_equal(nonce, decoding->leg.received_nonce))
        return fail(why, REASON_BAD_SENDER_NONCE, "RFC 9483 3.5",
                    "senderNonce was used before in this transaction");
    return true;
}

static bool check_recip_nonce(const struct cmp_decoding *decoding, struct failure *why)
{
    const struct bytes nonce = decoding->header.recip_nonce;
    bool legacy = decoding->sender.group->options.mac_legacy;
    if (legacy && bytes_is_empty(nonce))
        return true;
    if (cmp_body(decoding->type)->role == CMP_OPENS)
        return bytes_is_empty(nonce) || legacy ||
               fail(why, REASON_BAD_RECIPIENT_NONCE, "RFC 9483 3.1",
                    "the first message of a transaction has no recipNonce");
    bool repeats = !bytes_is_empty(nonce) && bytes_equal(nonce, decoding->leg.delivery_nonce) &&
                   cmp_body(decoding->type)->neutral == OPERATION_CONFIRM;
    if (repeats)
        return true;
    if (bytes_is_empty(nonce) || !bytes_equal(nonce, decoding->leg.sent_nonce))
        return fail(why, REASON_BAD_RECIPIENT_NONCE, "RFC 9483 3.5",
                    "recipNonce must be the senderNonce of our last message");
    return true;
}

/* Whether this kind of message is offered at all and belongs to an exchange that is known. Whether
 * it comes at the right time is the engine's to judge. */
static bool check_state(const struct cmp_decoding *decoding, struct failure *why)
{
    const struct cmp_body *body = cmp_body(decoding->type);
    if (body->read == NULL)
        return fail(why, REASON_NO_OPERATION, "RFC 9483 3.5", "%s is not offered here", body->name);
    if (body->role == CMP_FOLLOWS && !is_open(decoding))
        return fail(why, REASON_UNKNOWN_TRANSACTION, NULL, NULL);
    return true;
}

static bool is_known_operation(struct bytes word)
{
    static const char *const support[] = {"getcacerts", "getrootupdate", "getcertreqtemplate",
                                          "getcrls"};
    for (int64_t type = 0; type < CMP_TYPE_COUNT; type++) {
        const char *operation = cmp_body(type)->operation;
        if (operation != NULL && bytes_equal_text(word, operation))
            return true;
    }
    for (size_t i = 0; i < sizeof(support) / sizeof(support[0]); i++) {
        if (bytes_equal_text(word, support[i]))
            return true;
    }
    return false;
}

/* RFC 9483 6.1: the label of the first request says its operation; later messages go to the same
 * label. */
static bool check_label(const struct cmp_decoding *decoding, struct cmp_label *label,
                        struct failure *why)
{
    const struct cmp_body *body = cmp_body(decoding->type);
    bool known = cmp_label(decoding->context->message, label);
    if (known && bytes_is_empty(label->operation))
        return true;
    if (!known || !is_known_operation(label->operation))
        return fail(why, REASON_BAD_REQUEST, "RFC 9811 3.4", "the path names no operation of CMP");
    if (body->role == CMP_OPENS && body->operation != NULL &&
        !bytes_equal_text(label->operation, body->operation))
        return fail(why, REASON_BAD_REQUEST, "RFC 9483 6.1",
                    "a message of type %s was sent to a path for another operation", body->name);
    return true;
}

/* CertProfileValue ::= SEQUENCE SIZE (1..MAX) OF UTF8String                  (RFC 9810 5.1.1.4) */
static bool read_profile(struct bytes value, struct arena *arena, struct request *request,
                         struct failure *why)
{
    struct der list, name, another;
    if (!der_only(value, DER_SEQUENCE, &list) || !der_take(&list.content, DER_UTF8_STRING, &name))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 9810 5.1.1.4",
                    "certProfile is not a list of UTF8String");
    if (der_next(&list.content, &another))
        return fail(why, REASON_BAD_REQUEST, "RFC 9483 3.1", "certProfile names several profiles");
    request->profile = peer_text(name.content, arena);
    return bytes_equal(request->profile, name.content) ||
           fail(why, REASON_BAD_REQUEST, "RFC 9810 5.1.1.4", "certProfile is no plain name");
}

static bool read_general_info(const struct cmp_decoding *decoding, struct request *request,
                              struct failure *why)
{
    struct bytes rest = decoding->header.general_info;
    struct der element;
    if (cmp_count(rest) > LIMIT_CONTROLS)
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 9810 5.1.1",
                    "generalInfo is malformed or too long");
    while (der_next(&rest, &element)) {
        struct cmp_info info;
        if (!cmp_read(&cmp_info_shape, element.whole, &info, why))
            return false;
        if (der_oid_is(info.type, IMPLICIT_CONFIRM))
            request->implicit_confirm = true;
        if (der_oid_is(info.type, CERT_PROFILE) &&
            !read_profile(info.value, decoding->arena, request, why))
            return false;
    }
    return true;
}

/* The leg after this message: what an answer needs. */
static void note_message(struct cmp_decoding *decoding)
{
    struct cmp_leg *leg = &decoding->leg;
    const struct cmp_sender *sender = &decoding->sender;
    leg->received = decoding->type;
    leg->received_nonce = decoding->header.sender_nonce;
    leg->algorithm = decoding->header.protection_alg;
    leg->pvno = decoding->pvno;
    leg->sender = decoding->header.sender;
    if (cmp_body(decoding->type)->role != CMP_OPENS)
        return;
    leg->opening = decoding->type;
    leg->transaction_id = decoding->transaction_id;
    leg->protection = sender->protection;
    leg->reference = sender->reference;
    leg->group = bytes_of_text(sender->group->name);
    leg->chain = sender->chain;
    leg->chain_count = sender->chain_count;
    if (sender->certificate != NULL)
        leg->certificate = certificate_der(sender->certificate);
}

/* An opening message starts afresh: if its exchange is known it is a repetition, or another request
 * under a used transactionID, which the engine tells apart. */
static bool load_leg(struct cmp_decoding *decoding, struct failure *why)
{
    if (cmp_body(decoding->type)->role == CMP_OPENS)
        return true;
    return cmp_leg_unpack(decoding->context->leg, decoding->arena, &decoding->leg, why);
}

static bool check_message(struct cmp_decoding *decoding, struct failure *why)
{
    return cmp_check_http(decoding->context->message, why) &&
           cmp_parse(decoding->context->message->body, decoding->arena, decoding, why) &&
           check_version(decoding, why) && load_leg(decoding, why) && check_kind(decoding, why) &&
           check_protection(decoding, why) && check_same_protection(decoding, why) &&
           check_time(decoding, why) && check_transaction_id(decoding, why) &&
           check_sender_nonce(decoding, why) && check_state(decoding, why) &&
           check_recip_nonce(decoding, why);
}

bool cmp_decode(struct inbound_context *context, struct arena *arena, struct request *request,
                struct failure *why)
{
    struct cmp_decoding decoding = {.context = context, .arena = arena};
    struct cmp_label label;
    *request = (struct request){.protocol = PROTOCOL_CMP, .can_confirm = true};
    if (!check_message(&decoding, why) || !check_label(&decoding, &label, why))
        return false;
    stand_in_for_transaction_id(&decoding, context->message->body);
    cmp_identity(&decoding.sender, context->credentials, arena, &request->identity);
    const struct cmp_body *body = cmp_body(decoding.type);
    request->what = body->name;
    request->operation = body->neutral;
    request->profile = peer_text(label.name, arena);
    if (!read_general_info(&decoding, request, why))
        return false;
    note_message(&decoding);
    if (!body->read(&decoding, request, why))
        return false;
    request->leg = cmp_leg_pack(&decoding.leg, arena);
    return true;
}
