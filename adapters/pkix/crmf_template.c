#include "adapters/pkix/crmf_template.h"

#include "adapters/pkix/der.h"
#include "adapters/pkix/extensions.h"
#include "adapters/pkix/signature.h"
#include "adapters/pkix/spki.h"

/* CertTemplate ::= SEQUENCE {                    -- IMPLICIT TAGS; Name and Time are CHOICEs
 *     version      [0] Version               OPTIONAL,
 *     serialNumber [1] INTEGER               OPTIONAL,
 *     signingAlg   [2] AlgorithmIdentifier   OPTIONAL,
 *     issuer       [3] Name                  OPTIONAL,
 *     validity     [4] OptionalValidity      OPTIONAL,
 *     subject      [5] Name                  OPTIONAL,
 *     publicKey    [6] SubjectPublicKeyInfo  OPTIONAL,
 *     issuerUID    [7] UniqueIdentifier      OPTIONAL,
 *     subjectUID   [8] UniqueIdentifier      OPTIONAL,
 *     extensions   [9] Extensions            OPTIONAL } */
enum field {
    FIELD_VERSION,
    FIELD_SERIAL_NUMBER,
    FIELD_SIGNING_ALG,
    FIELD_ISSUER,
    FIELD_VALIDITY,
    FIELD_SUBJECT,
    FIELD_PUBLIC_KEY,
    FIELD_ISSUER_UID,
    FIELD_SUBJECT_UID,
    FIELD_EXTENSIONS,
    FIELD_COUNT
};

struct field_row {
    uint8_t tag;
    const char *name;
    bool (*read)(struct bytes content, struct arena *arena, struct item *item, struct failure *why);
};

static bool malformed(struct failure *why, const char *field)
{
    return fail(why, REASON_BAD_DATA_FORMAT, "RFC 4211 5", "%s in certTemplate is not well formed",
                field);
}

static bool read_version(struct bytes content, struct arena *arena, struct item *item,
                         struct failure *why)
{
    (void)arena;
    (void)item;
    int64_t version;
    if (!der_number(content, &version))
        return malformed(why, "version");
    if (version != 2)
        return fail(why, REASON_BAD_CERT_TEMPLATE, "RFC 4211 5",
                    "version in certTemplate is not v3(2)");
    return true;
}

static bool read_issuer(struct bytes content, struct arena *arena, struct item *item,
                        struct failure *why)
{
    (void)arena;
    struct der name;
    if (!der_only(content, DER_SEQUENCE, &name))
        return malformed(why, "issuer");
    item->issuer = name.whole;
    return true;
}

static bool read_subject(struct bytes content, struct arena *arena, struct item *item,
                         struct failure *why)
{
    (void)arena;
    struct der name;
    if (!der_only(content, DER_SEQUENCE, &name))
        return malformed(why, "subject");
    item->subject = name.whole;
    return true;
}

/* OptionalValidity ::= SEQUENCE {
 *     notBefore [0] Time OPTIONAL,
 *     notAfter  [1] Time OPTIONAL }  -- at least one of them */
static bool read_validity(struct bytes content, struct arena *arena, struct item *item,
                          struct failure *why)
{
    (void)arena;
    struct der time;
    struct bytes rest = content;
    bool before = der_take(&rest, DER_CONTEXT_CONSTRUCTED | 0, &time);
    if (before && !der_time(time.content, &item->not_before))
        return malformed(why, "validity.notBefore");
    bool after = der_take(&rest, DER_CONTEXT_CONSTRUCTED | 1, &time);
    if (after && !der_time(time.content, &item->not_after))
        return malformed(why, "validity.notAfter");
    if (rest.size > 0 || (!before && !after))
        return malformed(why, "validity");
    /* RFC 5280 4.1.2.5 counts from 1950; a time before 1970 asks for nothing that is still to come,
     * and 0 stands for "not asked for". */
    if ((before && item->not_before <= 0) || (after && item->not_after <= 0))
        return fail(why, REASON_BAD_CERT_TEMPLATE, "RFC 5280 4.1.2.5",
                    "the validity asked for lies in the past");
    if (before && after && item->not_after <= item->not_before)
        return fail(why, REASON_BAD_CERT_TEMPLATE, "RFC 5280 4.1.2.5",
                    "the validity asked for ends before it begins");
    return true;
}

/* An empty key names the algorithm of a key that the authority shall make (RFC 9483 4.1.6). */
static bool read_public_key(struct bytes content, struct arena *arena, struct item *item,
                            struct failure *why)
{
    struct spki spki;
    struct bytes tlv = der_wrap(arena, DER_SEQUENCE, content);
    if (!spki_read(tlv, &spki))
        return malformed(why, "publicKey");
    item->spki = tlv;
    if (spki.key.size > 0) {
        item->key_absent = false;
        sha256(tlv, item->spki_sha256);
    }
    return true;
}

static bool read_extensions(struct bytes content, struct arena *arena, struct item *item,
                            struct failure *why)
{
    item->extensions = der_wrap(arena, DER_SEQUENCE, content);
    return extensions_check(item->extensions, why);
}

static const struct field_row fields[FIELD_COUNT] = {
    [FIELD_VERSION] = {DER_CONTEXT | 0, "version", read_version},
    [FIELD_SERIAL_NUMBER] = {DER_CONTEXT | 1, "serialNumber", NULL},
    [FIELD_SIGNING_ALG] = {DER_CONTEXT_CONSTRUCTED | 2, "signingAlg", NULL},
    [FIELD_ISSUER] = {DER_CONTEXT_CONSTRUCTED | 3, "issuer", read_issuer},
    [FIELD_VALIDITY] = {DER_CONTEXT_CONSTRUCTED | 4, "validity", read_validity},
    [FIELD_SUBJECT] = {DER_CONTEXT_CONSTRUCTED | 5, "subject", read_subject},
    [FIELD_PUBLIC_KEY] = {DER_CONTEXT_CONSTRUCTED | 6, "publicKey", read_public_key},
    [FIELD_ISSUER_UID] = {DER_CONTEXT | 7, "issuerUID", NULL},
    [FIELD_SUBJECT_UID] = {DER_CONTEXT | 8, "subjectUID", NULL},
    [FIELD_EXTENSIONS] = {DER_CONTEXT_CONSTRUCTED | 9, "extensions", read_extensions},
};

bool crmf_read_template(struct bytes content, struct arena *arena, struct item *item,
                        struct failure *why)
{
    struct bytes rest = content;
    item->key_absent = true;
    for (size_t f = 0; f < FIELD_COUNT; f++) {
        struct der field;
        if (!der_take(&rest, fields[f].tag, &field))
            continue;
        if (fields[f].read == NULL)
            return fail(why, REASON_BAD_CERT_TEMPLATE, "RFC 4211 5",
                        "%s in certTemplate is for the authority to fill", fields[f].name);
        if (!fields[f].read(field.content, arena, item, why))
            return false;
    }
    if (rest.size > 0)
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 4211 5",
                    "certTemplate has a field that is unknown, twice there or out of order");
    return true;
}

/* ---- writing -------------------------------------------------------------------------------- */

static struct bytes tagged(struct arena *arena, enum field field, struct bytes tlv)
{
    return tlv.size == 0 ? BYTES_EMPTY : der_wrap(arena, fields[field].tag, tlv);
}

/* The IMPLICIT tag in the place of the SEQUENCE's. */
static struct bytes retagged(struct arena *arena, enum field field, struct bytes tlv)
{
    struct der sequence;
    return der_only(tlv, DER_SEQUENCE, &sequence)
               ? der_wrap(arena, fields[field].tag, sequence.content)
               : BYTES_EMPTY;
}

static struct bytes time_field(struct arena *arena, uint8_t number, int64_t time)
{
    return time == 0 ? BYTES_EMPTY
                     : der_wrap(arena, (uint8_t)(DER_CONTEXT_CONSTRUCTED | number),
                                der_x509_time(arena, time));
}

static struct bytes validity(const struct item *item, struct arena *arena)
{
    const struct bytes times[] = {time_field(arena, 0, item->not_before),
                                  time_field(arena, 1, item->not_after)};
    return times[0].size + times[1].size == 0
               ? BYTES_EMPTY
               : der_join(arena, fields[FIELD_VALIDITY].tag, times, 2);
}

struct bytes crmf_write_template(const struct item *item, struct arena *arena)
{
    const struct bytes parts[] = {
        tagged(arena, FIELD_ISSUER, item->issuer),
        validity(item, arena),
        tagged(arena, FIELD_SUBJECT, item->subject),
        retagged(arena, FIELD_PUBLIC_KEY, item->spki),
        retagged(arena, FIELD_EXTENSIONS, item->extensions),
    };
    return der_join(arena, DER_SEQUENCE, parts, sizeof(parts) / sizeof(parts[0]));
}
