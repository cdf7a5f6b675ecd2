/* Characters one by one: UTF-8, and which of them may deceive a reader. */
#ifndef DRAGOMAN_ADAPTERS_PKIX_CHARACTERS_H
#define DRAGOMAN_ADAPTERS_PKIX_CHARACTERS_H

#include "mapping/model/bytes.h"

/* UTF-8 at the front of `rest` (RFC 3629); 0 octets if it is ill-formed. */
size_t utf8_decode(struct bytes rest, uint32_t *point);
size_t utf8_encode(uint32_t point, uint8_t out[4]);

/* Characters that may deceive a reader or break a log line. */
enum point_kind {
    POINT_PLAIN,
    POINT_CONTROL, /* C0, C1, DEL */
    POINT_BIDI,
    POINT_ZERO_WIDTH,
    POINT_LINE, /* U+2028, U+2029 */
    POINT_PRIVATE,
    POINT_NONCHARACTER /* U+FFFD too: a lost character */
};
enum point_kind point_kind(uint32_t point);

#endif
