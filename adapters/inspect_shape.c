#include "adapters/inspect_shape.h"

#include "adapters/pkix/der.h"

/* The first tags on the way in, as a word:
 *
 *   (   a SEQUENCE, whose inside follows     )   its end
 *   i   INTEGER   o   OBJECT IDENTIFIER   b  BIT STRING   t  a time   [   a context tag
 *   s   a SEQUENCE that is not looked into   ?   anything else
 *
 * Indefinite lengths (BER) occur in CMS alone, which begins with an OID. */
static char letter(uint8_t tag)
{
    switch (tag) {
    case DER_INTEGER:
        return 'i';
    case DER_OID:
        return 'o';
    case DER_BIT_STRING:
        return 'b';
    case 0x17:
    case 0x18:
        return 't';
    case DER_SEQUENCE:
        return 's';
    default:
        return (tag & 0xc0) == DER_CONTEXT ? '[' : '?';
    }
}

/* At most `room` - 1 letters for the elements of `content`. */
static void spell(struct bytes content, char *word, size_t room)
{
    struct der element;
    size_t used = 0;
    while (used + 1 < room && der_next(&content, &element))
        word[used++] = letter(element.tag);
    word[used] = '\0';
}

static bool begins(const char *word, const char *with)
{
    return strncmp(word, with, strlen(with)) == 0;
}

/* What the first element of the first element begins with. */
static enum inspect_shape shape_of_first(const char *outer, const char *inner, const char *deep)
{
    if (begins(inner, "i[[")) /* pvno, sender, recipient */
        return SHAPE_PKI_MESSAGE;
    if (strcmp(outer, "ssb") == 0 && begins(inner, "[iss")) /* v3: version, serialNumber */
        return SHAPE_CERTIFICATE;
    if (strcmp(outer, "ssb") == 0 && begins(inner, "isss")) /* v1: serial, alg, issuer, validity */
        return SHAPE_CERTIFICATE;
    if (strcmp(outer, "ssb") == 0 && (begins(inner, "isst") || begins(inner, "sst")))
        return SHAPE_CERTIFICATE_LIST;
    if (strcmp(outer, "ssb") == 0 && begins(inner, "iss"))
        return SHAPE_CERTIFICATION_REQUEST;
    if (begins(inner, "is")) /* certReqId, certTemplate */
        return SHAPE_CERT_REQ_MSG;
    if (begins(inner, "s") && begins(deep, "is"))
        return SHAPE_CERT_REQ_MESSAGES;
    return begins(inner, "o?") ? SHAPE_CSR_ATTRS : SHAPE_UNKNOWN;
}

/* ContentInfo ::= SEQUENCE { contentType OID, content [0] }, CsrAttrs ::= SEQUENCE OF AttrOrOID. */
static enum inspect_shape shape_with_oid(struct bytes octets)
{
    struct der sequence;
    char outer[4];
    if (!der_only(octets, DER_SEQUENCE, &sequence))
        return SHAPE_CONTENT_INFO; /* BER */
    spell(sequence.content, outer, sizeof(outer));
    return strcmp(outer, "o[") == 0 ? SHAPE_CONTENT_INFO : SHAPE_CSR_ATTRS;
}

enum inspect_shape inspect_shape(struct bytes octets)
{
    struct der sequence, first = {0}, second = {0};
    char outer[6], inner[6] = "", deep[6] = "";
    bool indefinite = octets.size > 2 && octets.data[0] == DER_SEQUENCE && octets.data[1] == 0x80;
    if (indefinite)
        return octets.data[2] == DER_OID ? SHAPE_CONTENT_INFO : SHAPE_UNKNOWN;
    struct bytes rest = octets;
    if (!der_take(&rest, DER_SEQUENCE, &sequence))
        return SHAPE_UNKNOWN;
    if (sequence.content.size == 0)
        return SHAPE_CSR_ATTRS;
    if (sequence.content.data[0] == DER_OID)
        return shape_with_oid(octets);
    spell(sequence.content, outer, sizeof(outer));
    rest = sequence.content;
    if (!der_take(&rest, DER_SEQUENCE, &first))
        return SHAPE_UNKNOWN;
    spell(first.content, inner, sizeof(inner));
    rest = first.content;
    if (der_take(&rest, DER_SEQUENCE, &second))
        spell(second.content, deep, sizeof(deep));
    return shape_of_first(outer, inner, deep);
}
