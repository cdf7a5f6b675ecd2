/* Distinguished names: three comparisons, and one way to write them for people.
 *
 *   names_octets_equal  the DER as received: "unchanged?", copies, duplicates
 *   names_same          code points, ASCII case folded, ASCII white space compressed: every
 *                       decision that grants something (what OpenSSL does in path validation)
 *   names_like          also equal after RFC 4518 preparation with case folding (RFC 5280 7.1):
 *                       finding candidates, uniqueness, warnings; grants nothing */
#ifndef DRAGOMAN_ADAPTERS_PKIX_NAMES_H
#define DRAGOMAN_ADAPTERS_PKIX_NAMES_H

#include "mapping/model/arena.h"
#include "mapping/model/failure.h"

/* All take Name TLVs. An ill-formed name equals nothing at `same` and `like`. */
bool names_octets_equal(struct bytes a, struct bytes b);
bool names_same(struct bytes a, struct bytes b);
bool names_like(struct bytes a, struct bytes b);

/* RFC 4514 text, UTF-8; control, bidi and zero-width characters escaped, opaque values as #hex.
 * NULL-DN gives "". */
struct bytes names_text(struct bytes name, struct arena *arena);
/* RFC 4514 text to a Name TLV: new values are PrintableString where the attribute demands it
 * (country, serialNumber), IA5String for DC and emailAddress, else UTF8String. */
bool names_parse(const char *text, struct arena *arena, struct bytes *name, struct failure *why);

/* A subject against a pattern in RFC 4514 form whose values may hold '*' (any run of characters
 * inside one value, never across attributes) and %{reference} (the identity's principal). Same
 * attributes in the same order; compared as names_same does. */
bool names_match(struct bytes name, const char *pattern, struct bytes reference,
                 struct arena *arena);

/* Whether a pattern can be read at all: a broken one matches nothing. */
bool names_check_pattern(const char *pattern, struct arena *arena, struct failure *why);

/* What a request may not hold although a certificate might (badCertTemplate), and what nothing may
 * hold (badDataFormat): the text names attribute and position. */
bool names_check_request(struct bytes name, struct failure *why);

/* SubjectAltName extension values as multisets (RFC 5280 7.2 to 7.5). */
bool general_names_same(struct bytes a, struct bytes b);
struct bytes general_names_text(struct bytes general_names, struct arena *arena);

#endif
