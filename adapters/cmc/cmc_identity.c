/* Who sent a message: the holder of a certificate (of the SignedData or of the TLS connection), the
 * holder of a shared secret, or nobody but the holder of the key that is to be certified. */
#include <openssl/x509v3.h>

#include "adapters/cmc/cmc_incoming.h"
#include "adapters/pkix/der.h"
#include "adapters/pkix/devices.h"
#include "adapters/pkix/names.h"
#include "adapters/pkix/privilege.h"
#include "adapters/pkix/proof.h"
#include "adapters/pkix/signature.h"
#include "mapping/codes.h"
#include "mapping/model/limits.h"
#include "mapping/model/pack.h"

#define OID_SUBJECT_KEY_IDENTIFIER "2.5.29.14"

/* What every way of identifying works with. */
struct inquiry {
    const struct inbound_context *context;
    const struct cmc_incoming *incoming;
    const struct item *items;
    size_t item_count;
    struct arena *arena;
    struct cmc_sender *sender;
};

static struct bytes credential_hash(const char *kind, struct bytes value, struct arena *arena)
{
    struct pack_writer writer = pack_writer(arena, 1);
    uint8_t octets[32];
    pack_bytes(&writer, bytes_of_text(kind));
    pack_bytes(&writer, value);
    sha256(pack_result(&writer), octets);
    return arena_copy(arena, bytes_of(octets, sizeof(octets)));
}

static void set_group(const struct inquiry *inquiry, const struct device_group *group)
{
    inquiry->sender->group = group;
    inquiry->sender->identity.group = (size_t)(group - inquiry->context->credentials->groups);
}

/* ---- certificates --------------------------------------------------------------------------- */

static bool identify_certificate(const struct inquiry *inquiry,
                                 const struct certificate *certificate,
                                 struct certificate *const *others, size_t other_count,
                                 enum identity_kind kind, struct failure *why)
{
    const struct device_group *group;
    struct identity *identity = &inquiry->sender->identity;
    if (!devices_find_signer(inquiry->context->credentials, certificate, others, other_count,
                             inquiry->context->now, inquiry->arena, &group, NULL, NULL, why))
        return false;
    if (!group->options.ignore_key_usage &&
        !certificate_allows(certificate, X509v3_KU_DIGITAL_SIGNATURE))
        return fail(why, REASON_SIGNER_UNKNOWN, "RFC 5280 4.2.1.3",
                    "the signer's certificate is not for digital signatures");
    set_group(inquiry, group);
    identity->kind = kind;
    identity->subject = certificate_subject(certificate);
    identity->principal = names_text(identity->subject, inquiry->arena);
    identity->credential = certificate_sha256(certificate);
    identity->certificate = certificate_der(certificate);
    identity->is_ra = group->options.any_ra || certificate_has_eku(certificate, EKU_CMC_RA);
    return true;
}

static bool identify_signer(const struct inquiry *inquiry, const struct certificate *signer,
                            struct failure *why)
{
    const struct cms_signed *cms = &inquiry->incoming->cms;
    EVP_PKEY *key = certificate_get0_key(signer);
    if (key == NULL)
        return fail(why, REASON_BAD_ALG, "RFC 5652 5.3", "the signer's key cannot be used here");
    return identify_certificate(inquiry, signer, cms->certificates, cms->certificate_count,
                                IDENTITY_SIGNATURE, why) &&
           cms_verify(cms, 0, key, inquiry->sender->group->options.signature_sha1, why);
}

static void release_certificate(void *certificate)
{
    certificate_unref(certificate);
}

static struct certificate *own_certificate(struct bytes der, struct arena *arena,
                                           struct failure *why)
{
    struct certificate *certificate;
    if (!certificate_parse(der, &certificate, why))
        return NULL;
    return arena_own(arena, certificate, release_certificate);
}

static bool identify_tls_client(const struct inquiry *inquiry, struct failure *why)
{
    const struct message *message = inquiry->context->message;
    struct arena *arena = inquiry->arena;
    struct certificate *leaf = own_certificate(message->client_certificate, arena, why);
    if (leaf == NULL)
        return fail(why, REASON_SIGNER_UNKNOWN, "RFC 5280 4.1",
                    "the TLS client certificate cannot be read");
    size_t room = message->client_chain_count, count = 0;
    if (room > LIMIT_CERTIFICATES)
        room = LIMIT_CERTIFICATES;
    struct certificate **others = arena_array(arena, room, sizeof(struct certificate *));
    for (size_t i = 0; i < room; i++) {
        struct failure ignored;
        others[count] = own_certificate(message->client_chain[i], arena, &ignored);
        count += others[count] != NULL;
    }
    return identify_certificate(inquiry, leaf, others, count, IDENTITY_TLS, why);
}

/* ---- the key of the request ----------------------------------------------------------------- */

/* RFC 10002 3.2: the subjectKeyIdentifier extension of the request names its key. Dogtag's client
 * leaves out the OCTET STRING inside extnValue when it writes CRMF. */
static bool has_key_id(const struct item *item, struct bytes key_id)
{
    struct bytes value;
    struct der octets;
    bool critical;
    if (!item_extension(item, OID_SUBJECT_KEY_IDENTIFIER, &value, &critical))
        return false;
    return (der_only(value, DER_OCTET_STRING, &octets) && bytes_equal(octets.content, key_id)) ||
           bytes_equal(value, key_id);
}

static const struct item *find_item_by_key_id(const struct inquiry *inquiry)
{
    struct bytes key_id = inquiry->incoming->cms.signers[0].key_id;
    for (size_t i = 0; i < inquiry->item_count; i++) {
        if (has_key_id(&inquiry->items[i], key_id))
            return &inquiry->items[i];
    }
    return NULL;
}

static bool verify_by_request_key(const struct inquiry *inquiry, struct failure *why)
{
    const struct item *item = find_item_by_key_id(inquiry);
    EVP_PKEY *key;
    if (item == NULL)
        return fail(why, REASON_SIGNER_UNKNOWN, "RFC 10002 3.2",
                    "the signer is neither a certificate in the message nor a request with that "
                    "subjectKeyIdentifier extension");
    return public_key(item->spki, inquiry->arena, &key, why) &&
           cms_verify(&inquiry->incoming->cms, 0, key, false, why);
}

static char *hex(struct bytes octets, struct arena *arena)
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_alloc(arena, 2 * octets.size + 1);
    for (size_t i = 0; i < octets.size; i++) {
        text[2 * i] = digits[octets.data[i] >> 4];
        text[2 * i + 1] = digits[octets.data[i] & 15];
    }
    return text;
}

static struct bytes request_key_name(const struct item *item, struct arena *arena)
{
    struct bytes hash = bytes_of(item->spki_sha256, sizeof(item->spki_sha256));
    return bytes_of_text(arena_printf(arena, "key %s", hex(hash, arena)));
}

static const struct device_group *find_unproven(const struct credentials *credentials)
{
    for (size_t i = 0; i < credentials->group_count; i++) {
        if (credentials->groups[i].options.unproven)
            return &credentials->groups[i];
    }
    return NULL;
}

/* A request's own key proves possession and nobody's name. */
static bool identify_nobody(const struct inquiry *inquiry, struct failure *why)
{
    const struct device_group *group = find_unproven(inquiry->context->credentials);
    if (group == NULL || inquiry->item_count == 0)
        return fail(why, REASON_BAD_IDENTITY, "RFC 10002 6.2",
                    inquiry->incoming->simple
                        ? "a Simple Request proves no identity: use a TLS client certificate or a "
                          "Full PKI Request"
                        : "the request's own key proves no identity: add identification and "
                          "identityProofV2, or sign with a certificate");
    set_group(inquiry, group);
    inquiry->sender->identity.kind = IDENTITY_REQUEST_KEY;
    inquiry->sender->identity.principal = request_key_name(&inquiry->items[0], inquiry->arena);
    inquiry->sender->identity.credential =
        credential_hash("request-key", inquiry->items[0].spki, inquiry->arena);
    return true;
}

/* ---- shared secrets ------------------------------------------------------------------------- */

static bool has_identity_proof(const struct cmc_body *body)
{
    return cmc_find(body, CMC_CONTROL_IDENTITY_PROOF) != NULL ||
           cmc_find(body, CMC_CONTROL_IDENTITY_PROOF_V2) != NULL ||
           cmc_find(body, CMC_CONTROL_POP_LINK_WITNESS_V2) != NULL ||
           cmc_find(body, CMC_CONTROL_IDENTIFICATION) != NULL;
}

/* The reference as people may read it; octets that are no plain text as hex. */
static struct bytes readable(struct bytes reference, struct arena *arena)
{
    if (bytes_equal(reference, peer_text(reference, arena)))
        return reference;
    return bytes_of_text(hex(reference, arena));
}

/* An unknown reference and a wrong secret have the same answer. */
static bool check_secret(const struct inquiry *inquiry, const struct device_group **group,
                         struct failure *why)
{
    const struct cmc_incoming *incoming = inquiry->incoming;
    struct bytes secret;
    if (bytes_is_empty(incoming->identification))
        return fail(why, REASON_BAD_IDENTITY, "RFC 10002 6.2.3",
                    "an identity proof needs identification, which names the shared secret");
    if (!devices_find_secret(inquiry->context->credentials, incoming->identification, group,
                             &secret))
        return fail(why, REASON_SECRET_WRONG, "RFC 10002 6.2.1", NULL);
    bool legacy = (*group)->options.mac_legacy;
    if (!cmc_check_identity_proof(incoming, secret, legacy, inquiry->arena, why))
        return false;
    inquiry->sender->secret = secret;
    return cmc_check_pop_link(incoming, inquiry->items, inquiry->item_count, secret, legacy,
                              inquiry->arena, why);
}

static bool identify_secret(const struct inquiry *inquiry, struct failure *why)
{
    const struct device_group *group;
    struct identity *identity = &inquiry->sender->identity;
    struct bytes reference = inquiry->incoming->identification;
    if (!check_secret(inquiry, &group, why))
        return false;
    set_group(inquiry, group);
    identity->kind = IDENTITY_MAC;
    identity->principal = readable(reference, inquiry->arena);
    identity->credential = credential_hash("mac", reference, inquiry->arena);
    return true;
}

/* ---- all together --------------------------------------------------------------------------- */

static bool identify_full(const struct inquiry *inquiry, struct failure *why)
{
    const struct cmc_incoming *incoming = inquiry->incoming;
    const struct cms_signed *cms = &incoming->cms;
    const struct device_group *group;
    bool proof = has_identity_proof(&incoming->body);
    if (cms->signer_count != 1)
        return fail(why, REASON_BAD_MESSAGE_CHECK, "RFC 10002 3.2",
                    "the message has %zu signatures; one is needed", cms->signer_count);
    if (bytes_is_empty(cms->signers[0].signed_attributes))
        return fail(why, REASON_BAD_MESSAGE_CHECK, "RFC 5652 5.3",
                    "the signature has no signed attributes");
    const struct certificate *signer = cms_find_signer(cms, 0, NULL, 0);
    if (signer != NULL)
        return identify_signer(inquiry, signer, why) &&
               (proof ? check_secret(inquiry, &group, why)
                      : cmc_check_pop_link(incoming, inquiry->items, inquiry->item_count,
                                           BYTES_EMPTY, false, inquiry->arena, why));
    if (bytes_is_empty(cms->signers[0].key_id))
        return fail(why, REASON_SIGNER_UNKNOWN, "RFC 5652 5.1",
                    "the signer's certificate is not in the message; send it along");
    if (!verify_by_request_key(inquiry, why))
        return false;
    return proof ? identify_secret(inquiry, why) : identify_nobody(inquiry, why);
}

bool cmc_identify(const struct inbound_context *context, const struct cmc_incoming *incoming,
                  const struct item *items, size_t item_count, struct arena *arena,
                  struct cmc_sender *sender, struct failure *why)
{
    memset(sender, 0, sizeof(*sender));
    const struct inquiry inquiry = {context, incoming, items, item_count, arena, sender};
    if (!incoming->simple)
        return identify_full(&inquiry, why);
    if (!bytes_is_empty(context->message->client_certificate))
        return identify_tls_client(&inquiry, why);
    return identify_nobody(&inquiry, why);
}
