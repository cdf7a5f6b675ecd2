/* Verification of protection: cmp_protect.h. */
#include "adapters/cmp/cmp_protect.h"

#include <openssl/x509v3.h>

#include "adapters/pkix/devices.h"
#include "adapters/pkix/mac.h"
#include "adapters/pkix/names.h"
#include "adapters/pkix/signature.h"
#include "mapping/codes.h"
#include "mapping/model/limits.h"
#include "mapping/model/pack.h"

enum {
    DIRECTORY_NAME = DER_CONTEXT_CONSTRUCTED | 4,
    /* Certificates of one name without senderKID: so many signatures are tried. */
    SIGNERS_TRIED = 4,
};

/* Kinds of MAC that need keys which nobody has configured (RFC 9810 5.1.3.2, 5.1.3.4). */
static const char *const foreign_macs[] = {
    "1.2.840.113533.7.66.30", /* id-DHBasedMac */
    "1.2.840.113533.7.66.16", /* id-KemBasedMac */
};

struct evidence {
    struct bytes data;  /* ProtectedPart */
    struct bytes value; /* MAC or signature */
    const struct cmp_header *header;
    const struct cmp_leg *leg;
    const struct credentials *credentials;
    int64_t now;
    struct arena *arena;
};

/* Name ::= SEQUENCE OF SET OF SEQUENCE { type OBJECT IDENTIFIER, value ANY } (RFC 5280 4.1.2.4) */
static struct bytes common_name(struct bytes name)
{
    struct der sequence, rdn, attribute, type, value;
    if (!der_only(name, DER_SEQUENCE, &sequence))
        return BYTES_EMPTY;
    while (der_take(&sequence.content, DER_SET, &rdn)) {
        while (der_take(&rdn.content, DER_SEQUENCE, &attribute)) {
            if (der_take(&attribute.content, DER_OID, &type) && der_oid_is(type.whole, "2.5.4.3") &&
                der_next(&attribute.content, &value))
                return value.content;
        }
    }
    return BYTES_EMPTY;
}

static struct bytes directory_name(struct bytes general_name)
{
    struct der choice;
    return der_only(general_name, DIRECTORY_NAME, &choice) ? choice.content : BYTES_EMPTY;
}

struct bytes cmp_reference(const struct cmp_header *header)
{
    return bytes_is_empty(header->sender_kid) ? common_name(directory_name(header->sender))
                                              : header->sender_kid;
}

bool cmp_is_mac(const struct cmp_header *header)
{
    return mac_is_password_based(header->protection_alg);
}

static bool is_foreign_mac(const struct cmp_header *header)
{
    struct der algorithm, id;
    if (!der_only(header->protection_alg, DER_SEQUENCE, &algorithm) ||
        !der_take(&algorithm.content, DER_OID, &id))
        return false;
    for (size_t i = 0; i < sizeof(foreign_macs) / sizeof(foreign_macs[0]); i++) {
        if (der_oid_is(id.whole, foreign_macs[i]))
            return true;
    }
    return false;
}

/* ---- MAC ------------------------------------------------------------------------------------ */

static const struct device_group *first_with_secrets(const struct credentials *credentials)
{
    for (size_t i = 0; i < credentials->group_count; i++) {
        if (credentials->groups[i].secrets != NULL)
            return &credentials->groups[i];
    }
    return NULL;
}

/* An unknown reference costs a MAC too, and reads the same: who knocks learns no references. */
static bool verify_mac(const struct evidence *evidence, struct cmp_sender *sender,
                       struct failure *why)
{
    const struct device_group *group = first_with_secrets(evidence->credentials);
    if (group == NULL)
        return fail(why, REASON_WRONG_INTEGRITY, "RFC 9483 3.5",
                    "no shared secrets are accepted here; sign the message");
    struct bytes reference = cmp_reference(evidence->header);
    struct bytes secret = BYTES_LITERAL("no reference has this secret");
    const struct device_group *found;
    bool known = reference.size <= LIMIT_REFERENCE_OCTETS &&
                 devices_find_secret(evidence->credentials, reference, &found, &secret);
    if (known)
        group = found;
    const struct mac_limits limits = {.iterations_min = group->options.mac_iterations_min,
                                      .iterations_max = group->options.mac_iterations_max,
                                      .legacy = group->options.mac_legacy};
    bool right = mac_verify(evidence->header->protection_alg, secret, evidence->data,
                            evidence->value, &limits, why);
    if (!right && why->reason != REASON_SECRET_WRONG)
        return false;
    if (!right || !known) {
        fail(why, REASON_SECRET_WRONG, NULL, NULL);
        return fail_detail(why, known ? "the MAC is wrong" : "no such reference");
    }
    *sender = (struct cmp_sender){
        .protection = CMP_MAC, .group = group, .reference = reference, .secret = secret};
    return true;
}

/* ---- signature ------------------------------------------------------------------------------ */

struct candidates {
    struct certificate *list[LIMIT_CERTIFICATES * 2];
    size_t count;
};

static void release_certificate(void *certificate)
{
    certificate_unref(certificate);
}

/* A certificate that cannot be read or is there already is passed over: peers send both. */
static void add_certificate(struct candidates *candidates, struct bytes der, struct arena *arena)
{
    struct certificate *certificate;
    struct failure ignored;
    if (candidates->count == LIMIT_CERTIFICATES * 2)
        return;
    for (size_t i = 0; i < candidates->count; i++) {
        if (bytes_equal(certificate_der(candidates->list[i]), der))
            return;
    }
    if (certificate_parse(der, &certificate, &ignored))
        candidates->list[candidates->count++] = arena_own(arena, certificate, release_certificate);
}

static bool collect(const struct evidence *evidence, struct bytes extra_certs,
                    struct candidates *candidates, struct failure *why)
{
    struct der certificate;
    if (cmp_count(extra_certs) > LIMIT_CERTIFICATES)
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 9810 5.1",
                    "extraCerts holds more than %d certificates", LIMIT_CERTIFICATES);
    while (der_next(&extra_certs, &certificate))
        add_certificate(candidates, certificate.whole, evidence->arena);
    if (evidence->leg->certificate.size > 0)
        add_certificate(candidates, evidence->leg->certificate, evidence->arena);
    for (size_t i = 0; i < evidence->leg->chain_count; i++)
        add_certificate(candidates, evidence->leg->chain[i], evidence->arena);
    return true;
}

/* RFC 9483 3.1: sender is the subject of the protection certificate, senderKID its
 * subjectKeyIdentifier. */
static bool is_named(const struct certificate *certificate, const struct cmp_header *header)
{
    return names_same(certificate_subject(certificate), directory_name(header->sender)) &&
           (bytes_is_empty(header->sender_kid) ||
            bytes_equal(header->sender_kid, certificate_ski(certificate)));
}

static bool verify_by(const struct evidence *evidence, struct certificate *certificate,
                      const struct candidates *candidates, struct cmp_sender *sender,
                      struct failure *why)
{
    struct cmp_sender found = {.protection = CMP_SIGNATURE, .certificate = certificate};
    if (!devices_find_signer(evidence->credentials, certificate, candidates->list,
                             candidates->count, evidence->now, evidence->arena, &found.group,
                             &found.chain, &found.chain_count, why))
        return false;
    const struct device_options *options = &found.group->options;
    if (!options->ignore_key_usage && !certificate_allows(certificate, KU_DIGITAL_SIGNATURE))
        return fail(why, REASON_SIGNER_NOT_TRUSTED, "RFC 9483 3.5",
                    "keyUsage of the signer's certificate lacks digitalSignature");
    EVP_PKEY *key = certificate_get0_key(certificate);
    if (key == NULL)
        return fail(why, REASON_BAD_ALG, "RFC 9483 3.5",
                    "the key of the signer's certificate is not supported");
    if (!signature_verify(key, evidence->header->protection_alg, evidence->data, evidence->value,
                          options->signature_sha1, why))
        return false;
    *sender = found;
    return true;
}

/* Trust anchors can be devices' own certificates, which a device need not send. */
static void add_anchors(const struct credentials *credentials, struct candidates *candidates,
                        const struct cmp_header *header)
{
    for (size_t g = 0; g < credentials->group_count; g++) {
        const struct trust *trust = credentials->groups[g].trust;
        for (size_t i = 0; trust != NULL && i < trust_anchor_count(trust); i++) {
            struct certificate *anchor = trust_anchor(trust, i);
            if (candidates->count < LIMIT_CERTIFICATES * 2 && is_named(anchor, header))
                candidates->list[candidates->count++] = anchor;
        }
    }
}

static bool verify_signature(const struct evidence *evidence, struct bytes extra_certs,
                             struct cmp_sender *sender, struct failure *why)
{
    struct candidates candidates = {.count = 0};
    if (!devices_have_trust(evidence->credentials))
        return fail(why, REASON_WRONG_INTEGRITY, "RFC 9483 3.5",
                    "no signatures are accepted here; use the shared secret");
    if (!signature_is_known(evidence->header->protection_alg, why) ||
        !collect(evidence, extra_certs, &candidates, why))
        return false;
    add_anchors(evidence->credentials, &candidates, evidence->header);
    if (candidates.count == 0)
        return fail(why, REASON_SIGNER_UNKNOWN, "RFC 9483 3.3",
                    "the signer's certificate is not known here; send it in extraCerts");
    int tried = 0;
    for (size_t i = 0; i < candidates.count && tried < SIGNERS_TRIED; i++) {
        struct failure no = {0};
        if (!is_named(candidates.list[i], evidence->header))
            continue;
        if (verify_by(evidence, candidates.list[i], &candidates, sender, &no))
            return true;
        if (tried++ == 0)
            *why = no;
    }
    return tried > 0 ? false
                     : fail(why, REASON_SIGNATURE_WRONG, "RFC 9483 3.1",
                            "sender and senderKID name no certificate of extraCerts: they must be "
                            "the signer's subject and subjectKeyIdentifier");
}

/* ---- both ----------------------------------------------------------------------------------- */

bool cmp_verify(const struct cmp_message *message, const struct cmp_header *header,
                const struct cmp_leg *leg, const struct credentials *credentials, int64_t now,
                struct arena *arena, struct cmp_sender *sender, struct failure *why)
{
    struct der bit_string;
    struct evidence evidence = {
        .header = header, .leg = leg, .credentials = credentials, .now = now, .arena = arena};
    if (bytes_is_empty(message->protection) || bytes_is_empty(header->protection_alg))
        return fail(why, REASON_BAD_MESSAGE_CHECK, "RFC 9483 3.5",
                    "the message is not protected; sign it or use the shared secret");
    if (!der_only(message->protection, DER_BIT_STRING, &bit_string) ||
        !der_bits(bit_string.content, &evidence.value))
        return fail(why, REASON_BAD_MESSAGE_CHECK, "RFC 9810 5.1.3",
                    "the protection is not a whole number of octets");
    struct bytes parts[] = {message->header, message->body};
    evidence.data = der_join(arena, DER_SEQUENCE, parts, 2);
    if (cmp_is_mac(header))
        return verify_mac(&evidence, sender, why);
    if (is_foreign_mac(header))
        return fail(why, REASON_WRONG_INTEGRITY, "RFC 9483 3.5",
                    "MACs from key agreement or key encapsulation are not accepted here");
    return verify_signature(&evidence, message->extra_certs, sender, why);
}

static struct bytes readable_reference(struct bytes reference, struct arena *arena)
{
    if (bytes_equal(reference, peer_text(reference, arena)))
        return reference;
    char *hex = arena_alloc(arena, 2 * reference.size + 1);
    for (size_t i = 0; i < reference.size; i++) {
        static const char digits[] = "0123456789abcdef";
        hex[2 * i] = digits[reference.data[i] >> 4];
        hex[2 * i + 1] = digits[reference.data[i] & 15];
    }
    return bytes_of_text(hex);
}

static struct bytes reference_credential(struct bytes reference, struct arena *arena)
{
    struct pack_writer writer = pack_writer(arena, 1);
    pack_bytes(&writer, BYTES_LITERAL("mac"));
    pack_bytes(&writer, reference);
    uint8_t hash[32];
    sha256(pack_result(&writer), hash);
    return arena_copy(arena, bytes_of(hash, sizeof(hash)));
}

void cmp_identity(const struct cmp_sender *sender, const struct credentials *credentials,
                  struct arena *arena, struct identity *identity)
{
    *identity = (struct identity){.group = (size_t)(sender->group - credentials->groups)};
    if (sender->protection == CMP_MAC) {
        identity->kind = IDENTITY_MAC;
        identity->principal = readable_reference(sender->reference, arena);
        identity->credential = reference_credential(sender->reference, arena);
        return;
    }
    identity->kind = IDENTITY_SIGNATURE;
    identity->subject = certificate_subject(sender->certificate);
    identity->principal = names_text(identity->subject, arena);
    identity->credential = certificate_sha256(sender->certificate);
    identity->certificate = certificate_der(sender->certificate);
    identity->is_ra =
        sender->group->options.any_ra || certificate_has_eku(sender->certificate, EKU_CMC_RA);
}
