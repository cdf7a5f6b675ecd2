/* Inside of a Name: RDNs, their attributes, and each value as code points. For names*.c alone. */
#ifndef DRAGOMAN_ADAPTERS_PKIX_NAMES_VALUE_H
#define DRAGOMAN_ADAPTERS_PKIX_NAMES_VALUE_H

#include "adapters/pkix/characters.h"
#include "adapters/pkix/der.h"

/* The content of a Name TLV, and of each RDN in it. Lengths may be longer than DER wants: a
 * signature was made over such a name, and it says the same. False at the end (rest is empty then)
 * and where the octets are no RDN or attribute (rest is not). */
bool name_open(struct bytes name, struct bytes *rdns);
bool name_next_rdn(struct bytes *rdns, struct bytes *rdn);
struct name_attribute {
    struct bytes type; /* OID TLV */
    struct der value;
};
bool name_next_attribute(struct bytes *rdn, struct name_attribute *out);

enum name_value {
    NAME_VALUE_TEXT,   /* code points */
    NAME_VALUE_OPAQUE, /* octets: no string type, or a T61String whose text nobody knows */
    NAME_VALUE_BAD     /* a string that breaks the rules of its type */
};
/* `bad_at` (may be NULL) receives the offset of the first bad octet. */
enum name_value name_value_kind(const struct der *value, size_t *bad_at);

/* The code points of a value of kind TEXT, one by one. */
struct name_points {
    uint8_t tag;
    struct bytes rest;
};
struct name_points name_points(const struct der *value);
bool name_points_next(struct name_points *points, uint32_t *point);

/* The same as the strict comparison sees them: ASCII letters small, ASCII white space one space
 * between words and none at the edges. */
struct name_folded {
    struct name_points points;
    uint32_t held; /* the point behind a space that was just given; 0: none */
    bool started;
};
struct name_folded name_folded(const struct der *value);
bool name_folded_next(struct name_folded *folded, uint32_t *point);
bool name_is_white_space(uint32_t point);
uint32_t name_fold(uint32_t point);

/* ---- attribute types: rows of names_attributes.def ------------------------------------------ */

enum name_strings {
    NAME_STRINGS_DIRECTORY,
    NAME_STRINGS_PRINTABLE,
    NAME_STRINGS_IA5,
    NAME_STRINGS_PKCS9,
    NAME_STRINGS_ANY
};
struct name_attribute_row {
    const char *oid; /* dotted */
    const char *word;
    enum name_strings strings;
    size_t least, most; /* characters; 0: no bound */
};
/* NULL if the type has no row. */
const struct name_attribute_row *name_attribute_row(struct bytes type);
/* By word or alias in any case, or by dotted OID. */
const struct name_attribute_row *name_attribute_row_of_word(struct bytes word);

/* String types of attribute values. */
enum name_tag {
    NAME_TAG_UTF8 = 0x0c,
    NAME_TAG_NUMERIC = 0x12,
    NAME_TAG_PRINTABLE = 0x13,
    NAME_TAG_T61 = 0x14,
    NAME_TAG_IA5 = 0x16,
    NAME_TAG_VISIBLE = 0x1a,
    NAME_TAG_UNIVERSAL = 0x1c,
    NAME_TAG_BMP = 0x1e
};
/* Whether X.680 lets that character into a PrintableString. */
bool name_is_printable(uint32_t point);

/* RFC 4518 with case folding (RFC 5280 7.1). False where the profile leaves the match undefined, or
 * the value has more than LIMIT_NAME_POINTS. */
bool name_prepare(const struct der *value, struct arena *arena, uint32_t **points, size_t *count);

#endif
