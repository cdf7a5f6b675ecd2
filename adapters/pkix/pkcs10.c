#include "adapters/pkix/pkcs10.h"

#include "adapters/pkix/der.h"
#include "adapters/pkix/extensions.h"
#include "adapters/pkix/names.h"
#include "adapters/pkix/signature.h"
#include "adapters/pkix/spki.h"
#include "mapping/model/limits.h"

#define OID_EXTENSION_REQUEST "1.2.840.113549.1.9.14"     /* RFC 2985 5.4.2 */
#define OID_MS_EXTENSION_REQUEST "1.3.6.1.4.1.311.2.1.14" /* szOID_CERT_EXTENSIONS */

/* Signature algorithms that are no signature (RFC 10002 C.1; RFC 6955). */
static const struct {
    const char *oid;
    enum pop_form form;
} pop_algorithms[] = {
    {"1.3.6.1.5.5.7.6.2", POP_FORM_NO_SIGNATURE}, /* id-alg-noSignature */
    {"1.3.6.1.5.5.7.6.3", POP_FORM_DH_POP},       /* id-dhPop-static-sha1-hmac-sha1 */
    {"1.3.6.1.5.5.7.6.4", POP_FORM_DH_POP},       /* id-alg-dh-pop */
    {"1.3.6.1.5.5.7.6.5", POP_FORM_DH_POP},       /* id-alg-dhPop-sha224 */
    {"1.3.6.1.5.5.7.6.6", POP_FORM_DH_POP},       /* -sha256 */
    {"1.3.6.1.5.5.7.6.7", POP_FORM_DH_POP},       /* -sha384 */
    {"1.3.6.1.5.5.7.6.8", POP_FORM_DH_POP},       /* -sha512 */
    {"1.3.6.1.5.5.7.6.15", POP_FORM_DH_POP},      /* id-alg-dhPop-static-sha224-hmac-sha224 */
    {"1.3.6.1.5.5.7.6.16", POP_FORM_DH_POP},      /* -sha256-hmac-sha256 */
    {"1.3.6.1.5.5.7.6.17", POP_FORM_DH_POP},      /* -sha384-hmac-sha384 */
    {"1.3.6.1.5.5.7.6.18", POP_FORM_DH_POP},      /* -sha512-hmac-sha512 */
    {"1.3.6.1.5.5.7.6.25", POP_FORM_DH_POP},      /* id-alg-ecdhPop-static-sha224-hmac-sha224 */
    {"1.3.6.1.5.5.7.6.26", POP_FORM_DH_POP},      /* -sha256-hmac-sha256 */
    {"1.3.6.1.5.5.7.6.27", POP_FORM_DH_POP},      /* -sha384-hmac-sha384 */
    {"1.3.6.1.5.5.7.6.28", POP_FORM_DH_POP},      /* -sha512-hmac-sha512 */
};

static bool malformed(struct failure *why, const char *what)
{
    return fail(why, REASON_BAD_DATA_FORMAT, "RFC 2986 4", "PKCS#10 request: %s", what);
}

/* CertificationRequest ::= SEQUENCE {
 *     certificationRequestInfo CertificationRequestInfo,
 *     signatureAlgorithm       AlgorithmIdentifier,
 *     signature                BIT STRING } */
static bool read_envelope(struct bytes der, struct item *item, struct failure *why)
{
    struct der request, info, algorithm, oid, signature;
    struct bytes bits;
    if (!der_only(der, DER_SEQUENCE, &request) || !der_is_sound(der))
        return malformed(why, "no DER sequence, or octets behind it");
    struct bytes rest = request.content;
    if (!der_take(&rest, DER_SEQUENCE, &info))
        return malformed(why, "certificationRequestInfo is missing");
    if (!der_take(&rest, DER_SEQUENCE, &algorithm))
        return malformed(why, "signatureAlgorithm is missing");
    struct bytes inside = algorithm.content;
    if (!der_take(&inside, DER_OID, &oid))
        return malformed(why, "signatureAlgorithm names no algorithm");
    if (!der_only(rest, DER_BIT_STRING, &signature) || !der_bits(signature.content, &bits))
        return malformed(why, "signature is no BIT STRING of whole octets at the end");

    item->pop_form = POP_FORM_PKCS10;
    for (size_t i = 0; i < sizeof(pop_algorithms) / sizeof(pop_algorithms[0]); i++)
        if (der_oid_is(oid.whole, pop_algorithms[i].oid))
            item->pop_form = pop_algorithms[i].form;
    item->original = request.whole;
    item->cert_request = info.whole;
    return true;
}

/* CertificationRequestInfo ::= SEQUENCE {
 *     version       INTEGER { v1(0) },
 *     subject       Name,
 *     subjectPKInfo SubjectPublicKeyInfo,
 *     attributes    [0] IMPLICIT SET OF Attribute }
 *
 * Some old encoders leave out an empty [0]; nothing is lost by taking that. */
static bool read_info(struct item *item, struct failure *why)
{
    struct der info, version, subject, spki, attributes;
    int64_t number;
    der_only(item->cert_request, DER_SEQUENCE, &info);
    struct bytes rest = info.content;
    if (!der_take(&rest, DER_INTEGER, &version) || !der_number(version.content, &number) ||
        number != 0)
        return malformed(why, "version is not v1(0)");
    if (!der_take(&rest, DER_SEQUENCE, &subject))
        return malformed(why, "subject is missing");
    if (!der_take(&rest, DER_SEQUENCE, &spki) || !spki_is_sound(spki.whole))
        return malformed(why, "subjectPKInfo is missing or malformed");
    if (der_take(&rest, DER_CONTEXT_CONSTRUCTED | 0, &attributes))
        item->attributes = attributes.whole;
    if (rest.size > 0)
        return malformed(why, "unknown fields behind the attributes");
    item->subject = subject.whole;
    item->spki = spki.whole;
    sha256(item->spki, item->spki_sha256);
    return true;
}

/* Attribute ::= SEQUENCE { type OBJECT IDENTIFIER, values SET SIZE(1..MAX) OF ANY } */
static bool next_attribute(struct bytes *rest, struct bytes *type, struct bytes *values)
{
    struct der attribute, oid, set;
    if (!der_take(rest, DER_SEQUENCE, &attribute))
        return false;
    struct bytes inside = attribute.content;
    if (!der_take(&inside, DER_OID, &oid) || !der_only(inside, DER_SET, &set) ||
        set.content.size == 0)
        return false;
    *type = oid.whole;
    *values = set.content;
    return true;
}

static struct bytes attribute_list(const struct item *item)
{
    struct der attributes;
    if (!der_only(item->attributes, DER_CONTEXT_CONSTRUCTED | 0, &attributes))
        return BYTES_EMPTY;
    return attributes.content;
}

/* extensionRequest has one value (RFC 2985 5.4.2) and stands once. Old Windows clients use a twin
 * of it, some send both: fine as long as they ask for the same. */
static bool take_extensions(struct item *item, struct bytes values, struct bytes *seen,
                            struct failure *why)
{
    struct der extensions;
    if (!der_only(values, DER_SEQUENCE, &extensions))
        return malformed(why, "extensionRequest has not exactly one value");
    if (seen->size > 0)
        return fail(why, REASON_BAD_CERT_TEMPLATE, "RFC 2985 5.4.2",
                    "two extensionRequest attributes of one kind");
    if (!extensions_check(extensions.whole, why))
        return false;
    if (item->extensions.size > 0 && !bytes_equal(item->extensions, extensions.whole))
        return fail(why, REASON_BAD_CERT_TEMPLATE, "RFC 2985 5.4.2",
                    "extensionRequest and its Microsoft twin ask for different extensions");
    *seen = extensions.whole;
    item->extensions = extensions.whole;
    return true;
}

static bool read_attributes(struct item *item, struct failure *why)
{
    struct bytes seen = BYTES_EMPTY, seen_twin = BYTES_EMPTY, type, values;
    size_t count = 0;
    for (struct bytes rest = attribute_list(item); rest.size > 0; count++) {
        if (count == LIMIT_CONTROLS)
            return fail(why, REASON_TOO_LARGE, NULL, "more than %d attributes in one request",
                        LIMIT_CONTROLS);
        if (!next_attribute(&rest, &type, &values))
            return malformed(why, "an attribute is malformed or has no value");
        if (der_oid_is(type, OID_EXTENSION_REQUEST) && !take_extensions(item, values, &seen, why))
            return false;
        if (der_oid_is(type, OID_MS_EXTENSION_REQUEST) &&
            !take_extensions(item, values, &seen_twin, why))
            return false;
    }
    return true;
}

bool pkcs10_read(struct bytes der, struct arena *arena, struct item *item, struct failure *why)
{
    (void)arena; /* every part is a slice of what came */
    *item = (struct item){.format = ITEM_PKCS10};
    return read_envelope(der, item, why) && read_info(item, why) && read_attributes(item, why);
}

bool pkcs10_parse(struct bytes der, struct arena *arena, struct item *item, struct failure *why)
{
    return pkcs10_read(der, arena, item, why) && names_check_request(item->subject, why);
}

struct bytes pkcs10_attribute(const struct item *item, const char *oid, struct arena *arena)
{
    (void)arena;
    struct bytes type, values;
    struct der first;
    for (struct bytes rest = attribute_list(item); next_attribute(&rest, &type, &values);)
        if (der_oid_is(type, oid) && der_next(&values, &first))
            return first.whole;
    return BYTES_EMPTY;
}
