#include "adapters/pkix/extensions.h"

#include "adapters/pkix/der.h"
#include "mapping/model/limits.h"

/* Extension ::= SEQUENCE {
 *     extnID     OBJECT IDENTIFIER,
 *     critical   BOOLEAN DEFAULT FALSE,
 *     extnValue  OCTET STRING }
 *
 * FALSE written out is no DER, but old encoders do so and the octets are signed: it is taken. */
bool extension_next(struct bytes *rest, struct extension *out)
{
    struct der extension, oid, critical, value;
    struct bytes left = *rest;
    if (!der_take(&left, DER_SEQUENCE, &extension))
        return false;
    struct bytes inside = extension.content;
    *out = (struct extension){.whole = extension.whole};
    if (!der_take(&inside, DER_OID, &oid))
        return false;
    if (der_take(&inside, DER_BOOLEAN, &critical) && !der_boolean(critical.content, &out->critical))
        return false;
    if (!der_only(inside, DER_OCTET_STRING, &value))
        return false;
    out->oid = oid.whole;
    out->value = value.content;
    *rest = left;
    return true;
}

bool extensions_check(struct bytes extensions, struct failure *why)
{
    struct extension seen[LIMIT_EXTENSIONS];
    size_t count = 0;
    struct der list;
    if (!der_only(extensions, DER_SEQUENCE, &list) || list.content.size == 0)
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 5280 4.1",
                    "Extensions is no sequence of at least one extension");
    for (struct bytes rest = list.content; rest.size > 0; count++) {
        if (count == LIMIT_EXTENSIONS)
            return fail(why, REASON_TOO_LARGE, NULL, "more than %d extensions in one request",
                        LIMIT_EXTENSIONS);
        if (!extension_next(&rest, &seen[count]))
            return fail(why, REASON_BAD_DATA_FORMAT, "RFC 5280 4.1",
                        "extension %zu is not well formed", count + 1);
        for (size_t i = 0; i < count; i++)
            if (bytes_equal(seen[i].oid, seen[count].oid))
                return fail(why, REASON_BAD_CERT_TEMPLATE, "RFC 5280 4.2",
                            "extension %zu repeats extension %zu", count + 1, i + 1);
    }
    return true;
}

static bool find(struct bytes extensions, const char *dotted, struct bytes oid,
                 struct extension *out)
{
    struct der list;
    if (!der_only(extensions, DER_SEQUENCE, &list))
        return false;
    for (struct bytes rest = list.content; extension_next(&rest, out);)
        if (dotted != NULL ? der_oid_is(out->oid, dotted) : bytes_equal(out->oid, oid))
            return true;
    return false;
}

bool extensions_find(struct bytes extensions, const char *oid, struct extension *out)
{
    return find(extensions, oid, BYTES_EMPTY, out);
}

bool extensions_find_tlv(struct bytes extensions, struct bytes oid, struct extension *out)
{
    return find(extensions, NULL, oid, out);
}

/* Certificate ::= SEQUENCE { tbsCertificate SEQUENCE { ..., extensions [3] EXPLICIT Extensions },
 *                            signatureAlgorithm, signatureValue }               (RFC 5280 4.1) */
struct bytes certificate_extensions(struct bytes certificate)
{
    struct der outer, tbs, field;
    if (!der_only(certificate, DER_SEQUENCE, &outer))
        return BYTES_EMPTY;
    struct bytes rest = outer.content;
    if (!der_take(&rest, DER_SEQUENCE, &tbs))
        return BYTES_EMPTY;
    for (rest = tbs.content; der_next(&rest, &field);)
        if (field.tag == (DER_CONTEXT_CONSTRUCTED | 3))
            return field.content;
    return BYTES_EMPTY;
}
