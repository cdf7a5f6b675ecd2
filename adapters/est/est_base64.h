/* Bodies of EST: base64 of DER (RFC 8951 3), as real peers write and read it. */
#ifndef DRAGOMAN_ADAPTERS_EST_EST_BASE64_H
#define DRAGOMAN_ADAPTERS_EST_EST_BASE64_H

#include "mapping/model/arena.h"
#include "mapping/model/failure.h"

/* White space anywhere, PEM armour around it, NULs among the white space (one server counts its
 * string's terminator); all else must be strict base64. DER as it is gets a hint. */
bool est_base64_decode(struct bytes body, struct arena *arena, struct bytes *der,
                       struct failure *why);

enum est_lines {
    EST_LINES_64,   /* 64 columns, LF: what most readers take */
    EST_LINES_ONE,  /* one line and LF */
    EST_LINES_SHORT /* one line where it fits into 1,024 octets, else 64 columns */
};
struct bytes est_base64_encode(struct bytes der, enum est_lines lines, struct arena *arena);

#endif
