/* RFC 4514 text taken apart: for names_parse, and for patterns. For names*.c alone. */
#ifndef DRAGOMAN_ADAPTERS_PKIX_NAMES_PATTERN_H
#define DRAGOMAN_ADAPTERS_PKIX_NAMES_PATTERN_H

#include "adapters/pkix/names_value.h"

/* Marks among the code points of a value; far beyond Unicode. */
enum { PATTERN_ANY = 0x200000, PATTERN_REFERENCE };

struct name_part {
    const struct name_attribute_row *row; /* NULL: not in the table */
    struct bytes type;                    /* OID TLV */
    bool is_hex;                          /* #hex: `tlv` holds the value, points nothing */
    struct bytes tlv;
    uint32_t *points;
    size_t count;
    bool joined; /* with the part before it: '+' */
};

/* In the order of the text, which is the reverse of the DER. With `pattern`, an unescaped '*' and
 * %{reference} become marks; else they are characters. At most LIMIT_NAME_RDNS parts. */
bool name_parts_read(const char *text, bool pattern, struct arena *arena, struct name_part **parts,
                     size_t *count, struct failure *why);

#endif
