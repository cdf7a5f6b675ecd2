/* SignedData (RFC 5652 5) read: BER in the layers that nothing signs, DER in the parts. */
#include "adapters/pkix/ber.h"
#include "adapters/pkix/cms.h"
#include "adapters/pkix/names.h"
#include "mapping/model/limits.h"

static const char OID_SIGNED_DATA[] = "1.2.840.113549.1.7.2";
static const char OID_SIGNING_TIME[] = "1.2.840.113549.1.9.5";

static bool malformed(struct failure *why, const char *clause, const char *what)
{
    return fail(why, REASON_BAD_DATA_FORMAT, clause, "CMS message: %s", what);
}

/* ---- the content ---------------------------------------------------------------------------- */

/* EncapsulatedContentInfo ::= SEQUENCE {
 *     eContentType ContentType,
 *     eContent [0] EXPLICIT OCTET STRING OPTIONAL }                             (RFC 5652 5.2) */
static bool read_content(struct bytes rest, struct arena *arena, struct cms_signed *out,
                         struct failure *why)
{
    struct der type, explicit, string;
    if (!ber_take(&rest, DER_OID, &type) || !der_is_sound(type.whole))
        return malformed(why, "RFC 5652 5.2", "no eContentType");
    out->content_type = type.whole;
    if (rest.size == 0)
        return true;
    if (!ber_only(rest, DER_CONTEXT_CONSTRUCTED | 0, &explicit))
        return malformed(why, "RFC 5652 5.2", "malformed eContent");
    rest = explicit.content;
    if (!ber_next(&rest, &string) || rest.size > 0 || !ber_octets(&string, arena, &out->content))
        return malformed(why, "RFC 5652 5.2", "eContent is not an OCTET STRING");
    out->has_content = true;
    return true;
}

/* ---- certificates and CRLs ------------------------------------------------------------------ */

static void release_certificate(void *certificate)
{
    certificate_unref(certificate);
}

static bool count_elements(struct bytes rest, size_t most, size_t *count)
{
    struct der element;
    for (*count = 0; rest.size > 0; ++*count) {
        if (*count == most || !ber_next(&rest, &element))
            return false;
    }
    return true;
}

/* CertificateSet ::= SET OF CertificateChoices: attribute certificates and the other forms under
 * context tags are left out, as are certificates that cannot be read. */
static bool read_certificates(struct bytes rest, struct arena *arena, struct cms_signed *out,
                              struct failure *why)
{
    size_t count;
    struct der element;
    struct failure unused;
    if (!count_elements(rest, LIMIT_CERTIFICATES, &count))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 5652 10.2.3",
                    "CMS message: certificates malformed, or more than %d", LIMIT_CERTIFICATES);
    out->certificates = arena_array(arena, count, sizeof(*out->certificates));
    while (ber_next(&rest, &element)) {
        struct certificate *certificate;
        if (element.tag == DER_SEQUENCE && certificate_parse(element.whole, &certificate, &unused))
            out->certificates[out->certificate_count++] =
                arena_own(arena, certificate, release_certificate);
    }
    return true;
}

static bool read_crls(struct bytes rest, struct arena *arena, struct cms_signed *out,
                      struct failure *why)
{
    size_t count;
    struct der element;
    if (!count_elements(rest, LIMIT_CERTIFICATES, &count))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 5652 10.2.1",
                    "CMS message: CRLs malformed, or more than %d", LIMIT_CERTIFICATES);
    out->crls = arena_array(arena, count, sizeof(*out->crls));
    while (ber_next(&rest, &element)) {
        if (element.tag == DER_SEQUENCE)
            out->crls[out->crl_count++] = element.whole;
    }
    return true;
}

/* ---- signers -------------------------------------------------------------------------------- */

/* SignerIdentifier ::= CHOICE {
 *     issuerAndSerialNumber SEQUENCE { issuer Name, serialNumber INTEGER },
 *     subjectKeyIdentifier  [0] OCTET STRING }                                  (RFC 5652 5.3) */
static bool read_identifier(struct bytes *rest, struct cms_signer *out)
{
    struct der choice, issuer, serial;
    if (ber_take(rest, DER_CONTEXT | 0, &choice)) {
        out->key_id = choice.content;
        return choice.content.size > 0;
    }
    if (!ber_take(rest, DER_SEQUENCE, &choice))
        return false;
    struct bytes inside = choice.content;
    if (!ber_take(&inside, DER_SEQUENCE, &issuer) || !ber_only(inside, DER_INTEGER, &serial))
        return false;
    out->issuer = issuer.whole;
    out->serial = serial.content;
    return serial.content.size > 0;
}

/* Attribute ::= SEQUENCE { attrType OBJECT IDENTIFIER, attrValues SET OF AttributeValue } */
static bool read_signing_time(struct bytes attributes, int64_t *out)
{
    struct der attribute, oid, set;
    while (der_take(&attributes, DER_SEQUENCE, &attribute)) {
        struct bytes rest = attribute.content;
        if (!der_take(&rest, DER_OID, &oid) || !der_only(rest, DER_SET, &set))
            return false;
        if (der_oid_is(oid.whole, OID_SIGNING_TIME) && !der_time(set.content, out))
            return false;
    }
    return attributes.size == 0;
}

/* RFC 5652 5.4: the IMPLICIT [0] tag is not signed, the tag of the SET is. */
static bool read_signed_attributes(const struct der *implicit, struct arena *arena,
                                   struct cms_signer *out, struct failure *why)
{
    struct der set;
    uint8_t *octets = arena_alloc(arena, implicit->whole.size);
    memcpy(octets, implicit->whole.data, implicit->whole.size);
    octets[0] = DER_SET;
    out->signed_attributes = bytes_of(octets, implicit->whole.size);
    if (!der_is_sound(out->signed_attributes) || !der_only(out->signed_attributes, DER_SET, &set))
        return malformed(why, "RFC 5652 5.4", "signed attributes are not DER");
    return read_signing_time(set.content, &out->signing_time) ||
           malformed(why, "RFC 5652 11", "malformed signed attribute");
}

/* SignerInfo ::= SEQUENCE {
 *     version            CMSVersion,
 *     sid                SignerIdentifier,
 *     digestAlgorithm    DigestAlgorithmIdentifier,
 *     signedAttrs        [0] IMPLICIT SignedAttributes OPTIONAL,
 *     signatureAlgorithm SignatureAlgorithmIdentifier,
 *     signature          SignatureValue,
 *     unsignedAttrs      [1] IMPLICIT UnsignedAttributes OPTIONAL }             (RFC 5652 5.3) */
static bool read_signer(struct bytes rest, struct arena *arena, struct cms_signer *out,
                        struct failure *why)
{
    struct der version, field;
    if (!ber_take(&rest, DER_INTEGER, &version) || !read_identifier(&rest, out))
        return malformed(why, "RFC 5652 5.3", "malformed signer identifier");
    if (!ber_take(&rest, DER_SEQUENCE, &field))
        return malformed(why, "RFC 5652 5.3", "no digestAlgorithm");
    out->digest_algorithm = field.whole;
    if (ber_take(&rest, DER_CONTEXT_CONSTRUCTED | 0, &field) &&
        !read_signed_attributes(&field, arena, out, why))
        return false;
    if (!ber_take(&rest, DER_SEQUENCE, &field))
        return malformed(why, "RFC 5652 5.3", "no signatureAlgorithm");
    out->signature_algorithm = field.whole;
    if (!ber_next(&rest, &field) || !ber_octets(&field, arena, &out->signature))
        return malformed(why, "RFC 5652 5.3", "no signature");
    if (rest.size == 0)
        return true;
    if (!ber_only(rest, DER_CONTEXT_CONSTRUCTED | 1, &field))
        return malformed(why, "RFC 5652 5.3", "unknown field behind the signature");
    out->unsigned_attributes = field.whole;
    return true;
}

static bool read_signers(struct bytes rest, struct arena *arena, struct cms_signed *out,
                         struct failure *why)
{
    size_t count;
    struct der element;
    if (!count_elements(rest, LIMIT_SIGNERS, &count))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 5652 5.1",
                    "CMS message: signerInfos malformed, or more than %d", LIMIT_SIGNERS);
    out->signers = arena_array(arena, count, sizeof(*out->signers));
    while (rest.size > 0) {
        if (!ber_take(&rest, DER_SEQUENCE, &element))
            return malformed(why, "RFC 5652 5.3", "malformed SignerInfo");
        if (!read_signer(element.content, arena, &out->signers[out->signer_count++], why))
            return false;
    }
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* SignedData ::= SEQUENCE {
 *     version          CMSVersion,
 *     digestAlgorithms SET OF DigestAlgorithmIdentifier,
 *     encapContentInfo EncapsulatedContentInfo,
 *     certificates     [0] IMPLICIT CertificateSet OPTIONAL,
 *     crls             [1] IMPLICIT RevocationInfoChoices OPTIONAL,
 *     signerInfos      SET OF SignerInfo }                                      (RFC 5652 5.1) */
static bool read_signed_data(struct bytes rest, struct arena *arena, struct cms_signed *out,
                             struct failure *why)
{
    struct der version, field;
    if (!ber_take(&rest, DER_INTEGER, &version) || !ber_take(&rest, DER_SET, &field))
        return malformed(why, "RFC 5652 5.1", "no version or digestAlgorithms");
    if (!ber_take(&rest, DER_SEQUENCE, &field))
        return malformed(why, "RFC 5652 5.1", "no encapContentInfo");
    if (!read_content(field.content, arena, out, why))
        return false;
    if (ber_take(&rest, DER_CONTEXT_CONSTRUCTED | 0, &field) &&
        !read_certificates(field.content, arena, out, why))
        return false;
    if (ber_take(&rest, DER_CONTEXT_CONSTRUCTED | 1, &field) &&
        !read_crls(field.content, arena, out, why))
        return false;
    if (!ber_only(rest, DER_SET, &field))
        return malformed(why, "RFC 5652 5.1", "no signerInfos, or octets behind them");
    return read_signers(field.content, arena, out, why);
}

/* ContentInfo ::= SEQUENCE { contentType ContentType,
 *                            content [0] EXPLICIT ANY DEFINED BY contentType }    (RFC 5652 3) */
bool cms_parse(struct bytes octets, struct arena *arena, struct cms_signed *out,
               struct failure *why)
{
    struct der info, type, explicit, data;
    *out = (struct cms_signed){0};
    if (!ber_only(octets, DER_SEQUENCE, &info))
        return malformed(why, "RFC 5652 3", "not a ContentInfo, or octets behind it");
    struct bytes rest = info.content;
    if (!ber_take(&rest, DER_OID, &type) || !ber_only(rest, DER_CONTEXT_CONSTRUCTED | 0, &explicit))
        return malformed(why, "RFC 5652 3", "malformed ContentInfo");
    if (!der_oid_is(type.whole, OID_SIGNED_DATA))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 5652 3",
                    "CMS message: content type %s is not SignedData",
                    der_oid_text(arena, type.whole));
    if (!ber_only(explicit.content, DER_SEQUENCE, &data))
        return malformed(why, "RFC 5652 5.1", "malformed SignedData");
    return read_signed_data(data.content, arena, out, why);
}

/* ---- whose it is ---------------------------------------------------------------------------- */

static bool is_signer(const struct cms_signer *signer, const struct certificate *certificate)
{
    if (signer->key_id.size > 0)
        return bytes_equal(certificate_ski(certificate), signer->key_id);
    return bytes_equal(certificate_serial(certificate), signer->serial) &&
           (bytes_equal(certificate_issuer(certificate), signer->issuer) ||
            names_same(certificate_issuer(certificate), signer->issuer));
}

struct certificate *cms_find_signer(const struct cms_signed *cms, size_t i,
                                    struct certificate *const *others, size_t other_count)
{
    for (size_t n = 0; n < cms->certificate_count; n++) {
        if (is_signer(&cms->signers[i], cms->certificates[n]))
            return cms->certificates[n];
    }
    for (size_t n = 0; n < other_count; n++) {
        if (is_signer(&cms->signers[i], others[n]))
            return others[n];
    }
    return NULL;
}
