#include "adapters/cmc/cmc_incoming.h"

#include <strings.h>

#include "adapters/pkix/der.h"
#include "adapters/pkix/signature.h"
#include "mapping/model/limits.h"
#include "mapping/model/pack.h"

#define OID_DATA "1.2.840.113549.1.7.1"

/* ---- which messages are CMC's (RFC 10003 4) ------------------------------------------------- */

static bool starts_with(struct bytes text, const char *prefix)
{
    size_t size = strlen(prefix);
    return text.size >= size && strncasecmp((const char *)text.data, prefix, size) == 0;
}

static bool contains(struct bytes text, const char *word)
{
    for (; text.size > 0; text = bytes_slice(text, 1, SIZE_MAX)) {
        if (starts_with(text, word))
            return true;
    }
    return false;
}

static bool is_media_type(struct bytes field, const char *type)
{
    size_t size = strlen(type);
    return starts_with(field, type) &&
           (field.size == size || field.data[size] == ';' || field.data[size] == ' ');
}

static bool is_cmc_media_type(struct bytes field)
{
    return is_media_type(field, "application/pkcs10") ||
           (is_media_type(field, "application/pkcs7-mime") &&
            (contains(field, "smime-type=CMC-request") ||
             contains(field, "smime-type=\"CMC-request\"")));
}

/* A configured path is ours whatever the type says; elsewhere the type decides, except below
 * /.well-known/, where other protocols use the same types. */
bool cmc_accepts(const struct message *message, const char *const *paths, size_t path_count)
{
    bool well_known = starts_with(message->path, "/.well-known/");
    bool ours = is_cmc_media_type(message->content_type);
    for (size_t i = 0; i < path_count; i++) {
        bool foreign = is_media_type(message->content_type, "application/pkixcmp");
        if (bytes_equal_text(message->path, paths[i]) && !foreign)
            return true;
    }
    return ours && !well_known;
}

/* ---- reading -------------------------------------------------------------------------------- */

static bool read_data_returns(struct arena *arena, struct cmc_incoming *out, struct failure *why)
{
    const struct cmc_body *body = &out->body;
    out->data_returns = arena_array(arena, body->control_count, sizeof(*out->data_returns));
    for (size_t i = 0; i < body->control_count; i++) {
        if (body->controls[i].kind != CMC_CONTROL_DATA_RETURN)
            continue;
        struct bytes *octets = &out->data_returns[out->data_return_count];
        if (!cmc_octets_of(&body->controls[i], DER_OCTET_STRING, LIMIT_DATA_RETURN_OCTETS, octets,
                           why))
            return false;
        out->data_return_count++;
    }
    return true;
}

static bool read_scalars(struct arena *arena, struct cmc_incoming *out, struct failure *why)
{
    const struct {
        enum cmc_control_kind kind;
        uint8_t tag;
        size_t most;
        struct bytes *to;
    } scalars[] = {
        {CMC_CONTROL_TRANSACTION_ID, DER_INTEGER, LIMIT_TRANSACTION_ID_OCTETS,
         &out->transaction_id},
        {CMC_CONTROL_SENDER_NONCE, DER_OCTET_STRING, LIMIT_NONCE_OCTETS, &out->sender_nonce},
        {CMC_CONTROL_RECIPIENT_NONCE, DER_OCTET_STRING, LIMIT_NONCE_OCTETS, &out->recipient_nonce},
        {CMC_CONTROL_IDENTIFICATION, DER_UTF8_STRING, LIMIT_REFERENCE_OCTETS, &out->identification},
        {CMC_CONTROL_QUERY_PENDING, DER_OCTET_STRING, LIMIT_NONCE_OCTETS, &out->token},
    };
    for (size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++) {
        if (!cmc_octets_of(cmc_find(&out->body, scalars[i].kind), scalars[i].tag, scalars[i].most,
                           scalars[i].to, why))
            return false;
    }
    return read_data_returns(arena, out, why);
}

bool cmc_bare_data(struct bytes octets, struct bytes *content)
{
    struct der info, oid, explicit, data;
    if (!der_only(octets, DER_SEQUENCE, &info))
        return false;
    struct bytes rest = info.content;
    if (!der_take(&rest, DER_OID, &oid) || !der_oid_is(oid.whole, OID_DATA) ||
        !der_only(rest, DER_CONTEXT_CONSTRUCTED | 0, &explicit) ||
        !der_only(explicit.content, DER_OCTET_STRING, &data))
        return false;
    *content = data.content;
    return true;
}

/* A CertificationRequest begins with a SEQUENCE, a ContentInfo with its type. */
static bool looks_like_pkcs10(struct bytes body)
{
    struct der outer, inner;
    if (!der_only(body, DER_SEQUENCE, &outer))
        return false;
    struct bytes rest = outer.content;
    return der_take(&rest, DER_SEQUENCE, &inner);
}

/* Layers that RFC 10002 3.2 and 5 allow around a PKIData and that are not opened here. */
static const struct {
    const char *oid;
    const char *name;
} closed_layers[] = {
    {"1.2.840.113549.1.7.3", "EnvelopedData"},
    {"1.2.840.113549.1.9.16.1.2", "AuthenticatedData"},
    {"1.2.840.113549.1.9.16.1.23", "AuthEnvelopedData"},
};

/* What cannot be decrypted is answered with badMessageCheck (RFC 10002 3.2.1.3.3, 3.2.1.3.5). The
 * type may stand in a ContentInfo of indefinite length, so its header is not read. */
static bool check_layer(struct bytes body, struct failure *why)
{
    struct der oid;
    const uint8_t *at = body.size < 2
                            ? NULL
                            : memchr(body.data + 1, DER_OID, 5 < body.size - 1 ? 5 : body.size - 1);
    struct bytes rest =
        at == NULL ? BYTES_EMPTY : bytes_slice(body, (size_t)(at - body.data), SIZE_MAX);
    if (!der_take(&rest, DER_OID, &oid))
        return true;
    for (size_t i = 0; i < sizeof(closed_layers) / sizeof(closed_layers[0]); i++) {
        if (der_oid_is(oid.whole, closed_layers[i].oid))
            return fail(why, REASON_BAD_MESSAGE_CHECK, "RFC 10002 3.2.1.3",
                        "%s is not opened here; send SignedData", closed_layers[i].name);
    }
    return true;
}

static bool read_full(const struct message *message, struct arena *arena, struct cmc_incoming *out,
                      struct failure *why)
{
    out->cms.has_content = cmc_bare_data(message->body, &out->cms.content);
    if (!out->cms.has_content) {
        if (!check_layer(message->body, why) || !cms_parse(message->body, arena, &out->cms, why))
            return false;
        if (!out->cms.has_content || !der_oid_is(out->cms.content_type, CMC_OID_PKI_DATA))
            return fail(why, REASON_BAD_DATA_FORMAT, "RFC 10002 3.2",
                        "the SignedData holds no PKIData");
    }
    return cmc_decode_request(out->cms.content, arena, &out->body, why) &&
           read_scalars(arena, out, why);
}

/* Two requests in the shape that a Full PKI Request would give them: one tcr with id 1. */
static void read_simple(const struct message *message, struct arena *arena,
                        struct cmc_incoming *out)
{
    out->simple = true;
    out->body.requests = arena_array(arena, 1, sizeof(*out->body.requests));
    out->body.requests[0] = (struct cmc_request){.id = 1, .form = CMC_TCR, .body = message->body};
    out->body.request_count = 1;
}

bool cmc_incoming_read(const struct message *message, struct arena *arena, struct cmc_incoming *out,
                       struct failure *why)
{
    memset(out, 0, sizeof(*out));
    if (message->body.size > LIMIT_MESSAGE_OCTETS)
        return fail(why, REASON_TOO_LARGE, NULL, "the message has %zu octets; at most %d are taken",
                    message->body.size, LIMIT_MESSAGE_OCTETS);
    if (!looks_like_pkcs10(message->body))
        return read_full(message, arena, out, why);
    read_simple(message, arena, out);
    return true;
}

/* ---- names of the exchange and of the message ----------------------------------------------- */

static struct bytes hash(const struct pack_writer *writer, struct arena *arena)
{
    uint8_t octets[32];
    sha256(pack_result(writer), octets);
    return arena_copy(arena, bytes_of(octets, sizeof(octets)));
}

static struct bytes digest_of(const struct message *message, struct arena *arena)
{
    struct pack_writer writer = pack_writer(arena, 1);
    pack_bytes(&writer, BYTES_LITERAL("cmc"));
    pack_bytes(&writer, message->client_certificate);
    pack_bytes(&writer, message->body);
    return hash(&writer, arena);
}

struct bytes cmc_exchange(const struct message *message, const struct cmc_incoming *incoming,
                          struct arena *arena)
{
    struct pack_writer writer = pack_writer(arena, 1);
    pack_bytes(&writer, BYTES_LITERAL("cmc exchange"));
    if (bytes_is_empty(incoming->transaction_id)) {
        pack_bytes(&writer, digest_of(message, arena));
        return hash(&writer, arena);
    }
    if (incoming->cms.signer_count > 0) {
        pack_bytes(&writer, incoming->cms.signers[0].issuer);
        pack_bytes(&writer, incoming->cms.signers[0].serial);
        pack_bytes(&writer, incoming->cms.signers[0].key_id);
    }
    pack_bytes(&writer, incoming->identification);
    pack_bytes(&writer, incoming->transaction_id);
    return hash(&writer, arena);
}

const char *cmc_name_of(const struct cmc_incoming *incoming)
{
    if (incoming->simple)
        return "PKCS#10";
    if (cmc_find(&incoming->body, CMC_CONTROL_QUERY_PENDING) != NULL)
        return "queryPending";
    return cmc_revokes(&incoming->body) ? "revokeRequest" : "PKIData";
}

bool cmc_claim(const struct inbound_context *context, struct arena *arena, struct claim *claim,
               struct failure *why)
{
    const struct message *message = context->message;
    struct cmc_incoming incoming;
    *claim = (struct claim){.what = "?", .digest = digest_of(message, arena)};
    if (!cmc_incoming_read(message, arena, &incoming, why))
        return false;
    bool polls = cmc_find(&incoming.body, CMC_CONTROL_QUERY_PENDING) != NULL;
    claim->what = cmc_name_of(&incoming);
    claim->opens = !polls;
    claim->repeat = incoming.simple ? REPEAT_IS_RETRY : REPEAT_IS_CONFLICT;
    claim->reference = incoming.identification;
    claim->transaction_id = incoming.transaction_id;
    if (polls && incoming.token.size == CMC_TOKEN_OCTETS)
        claim->exchange = arena_copy(arena, bytes_slice(incoming.token, 0, 32));
    else
        claim->exchange = cmc_exchange(message, &incoming, arena);
    return true;
}
