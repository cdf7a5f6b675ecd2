/* Certificates, CRLs and CSR attributes as trees. */
#include "adapters/pkix/credentials.h"
#include "adapters/pkix/der.h"
#include "adapters/pkix/extensions.h"
#include "adapters/pkix/inspect_fields.h"
#include "mapping/model/limits.h"

/* The algorithm behind the part that is signed: Certificate and CertificateList alike. */
static void show_signature_algorithm(struct bytes der, struct node *parent, struct arena *arena)
{
    struct der outer, tbs, algorithm;
    if (der_only(der, DER_SEQUENCE, &outer) && der_take(&outer.content, DER_SEQUENCE, &tbs) &&
        der_take(&outer.content, DER_SEQUENCE, &algorithm))
        node_algorithm(parent, arena, "signatureAlgorithm", algorithm.whole);
}

bool inspect_certificate(struct bytes der, struct node *parent, struct arena *arena,
                         struct failure *why)
{
    struct certificate *certificate;
    if (!certificate_parse(der, &certificate, why))
        return false;
    node_name(parent, arena, "subject", certificate_subject(certificate));
    node_name(parent, arena, "issuer", certificate_issuer(certificate));
    node_hex(parent, arena, "serialNumber", certificate_serial(certificate));
    node_time(parent, arena, "notBefore", certificate_not_before(certificate));
    node_time(parent, arena, "notAfter", certificate_not_after(certificate));
    node_key(parent, arena, "subjectPublicKeyInfo", certificate_spki(certificate));
    node_extensions(parent, arena, "extensions", certificate_extensions(der));
    show_signature_algorithm(der, parent, arena);
    node_hex(parent, arena, "sha256", certificate_sha256(certificate));
    certificate_unref(certificate);
    return true;
}

/* ---- CRL ------------------------------------------------------------------------------------ */

static bool bad_crl(struct failure *why)
{
    return fail(why, REASON_BAD_DATA_FORMAT, "RFC 5280 5.1", "the CRL is not well formed");
}

static void show_time(struct node *parent, struct arena *arena, const char *name, struct bytes tlv)
{
    int64_t time;
    if (der_time(tlv, &time))
        node_time(parent, arena, name, time);
    else
        node_hex(parent, arena, name, tlv);
}

/* revokedCertificates SEQUENCE OF SEQUENCE {
 *     userCertificate CertificateSerialNumber, revocationDate Time,
 *     crlEntryExtensions Extensions OPTIONAL } */
static bool show_revoked(struct bytes content, struct node *parent, struct arena *arena)
{
    enum { SHOWN = 100 };
    struct der entry, serial, date;
    size_t count = 0;
    struct node *node = node_add(parent, arena, "revokedCertificates", NULL);
    for (struct bytes rest = content; rest.size > 0; count++) {
        if (!der_take(&rest, DER_SEQUENCE, &entry))
            return false;
        struct bytes inside = entry.content;
        if (!der_take(&inside, DER_INTEGER, &serial) || !der_next(&inside, &date))
            return false;
        if (count >= SHOWN)
            continue;
        struct node *row = node_add(node, arena, "revoked", NULL);
        node_hex(row, arena, "serialNumber", serial.content);
        show_time(row, arena, "revocationDate", date.whole);
        if (inside.size > 0)
            node_extensions(row, arena, "crlEntryExtensions", inside);
    }
    if (count > SHOWN)
        node_printf(node, arena, "more", "%zu", count - SHOWN);
    return true;
}

/* TBSCertList ::= SEQUENCE {
 *     version INTEGER OPTIONAL, signature AlgorithmIdentifier, issuer Name, thisUpdate Time,
 *     nextUpdate Time OPTIONAL, revokedCertificates SEQUENCE OF ... OPTIONAL,
 *     crlExtensions [0] EXPLICIT Extensions OPTIONAL } */
static bool show_list(struct bytes rest, struct node *parent, struct arena *arena)
{
    enum { UTC_TIME = 0x17, GENERALIZED_TIME = 0x18 };
    struct der version, algorithm, issuer, time, field;
    der_take(&rest, DER_INTEGER, &version);
    if (!der_take(&rest, DER_SEQUENCE, &algorithm) || !der_take(&rest, DER_SEQUENCE, &issuer) ||
        !der_next(&rest, &time))
        return false;
    node_name(parent, arena, "issuer", issuer.whole);
    show_time(parent, arena, "thisUpdate", time.whole);
    if (der_take(&rest, UTC_TIME, &time) || der_take(&rest, GENERALIZED_TIME, &time))
        show_time(parent, arena, "nextUpdate", time.whole);
    if (der_take(&rest, DER_SEQUENCE, &field) && !show_revoked(field.content, parent, arena))
        return false;
    if (der_take(&rest, DER_CONTEXT_CONSTRUCTED | 0, &field))
        node_extensions(parent, arena, "crlExtensions", field.content);
    return rest.size == 0;
}

bool inspect_crl(struct bytes der, struct node *parent, struct arena *arena, struct failure *why)
{
    struct der outer, tbs;
    if (!der_only(der, DER_SEQUENCE, &outer) || !der_is_sound(der))
        return bad_crl(why);
    if (!der_take(&outer.content, DER_SEQUENCE, &tbs) || !show_list(tbs.content, parent, arena))
        return bad_crl(why);
    show_signature_algorithm(der, parent, arena);
    return true;
}

/* ---- CSR attributes ------------------------------------------------------------------------- */

/* CsrAttrs ::= SEQUENCE OF AttrOrOID
 * AttrOrOID ::= CHOICE { oid OBJECT IDENTIFIER, attribute Attribute }             (RFC 8951 3.2) */
bool inspect_csr_attrs(struct bytes der, struct node *parent, struct arena *arena,
                       struct failure *why)
{
    struct der list, element, type, values;
    if (!der_only(der, DER_SEQUENCE, &list) || !der_is_sound(der))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 8951 3.2", "no CSR attributes");
    for (struct bytes rest = list.content; rest.size > 0;) {
        if (der_take(&rest, DER_OID, &element)) {
            node_add(parent, arena, "oid", oid_name(arena, element.whole));
            continue;
        }
        if (!der_take(&rest, DER_SEQUENCE, &element) ||
            !der_take(&element.content, DER_OID, &type) ||
            !der_only(element.content, DER_SET, &values))
            return fail(why, REASON_BAD_DATA_FORMAT, "RFC 8951 3.2",
                        "an element is neither an OID nor an attribute");
        struct node *node = node_add(parent, arena, "attribute", NULL);
        node_add(node, arena, "type", oid_name(arena, type.whole));
        for (struct bytes inside = values.content; der_next(&inside, &element);) {
            if (element.tag == DER_OID)
                node_add(node, arena, "value", oid_name(arena, element.whole));
            else
                node_hex(node, arena, "value", element.whole);
        }
    }
    return true;
}
