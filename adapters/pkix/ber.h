/* BER (X.690 8) where peers write it: the outer layers of CMS messages. What signatures cover is
 * DER all the same (RFC 5652 5.4), so only those layers are read with this. */
#ifndef DRAGOMAN_ADAPTERS_PKIX_BER_H
#define DRAGOMAN_ADAPTERS_PKIX_BER_H

#include "adapters/pkix/der.h"

/* As der_next, but lengths may be longer than needed, or indefinite for constructed types: then
 * content ends before the end-of-contents octets, and nests at most LIMIT_DER_DEPTH levels. */
bool ber_next(struct bytes *rest, struct der *out);
/* As der_take and der_only. */
bool ber_take(struct bytes *rest, uint8_t tag, struct der *out);
bool ber_only(struct bytes octets, uint8_t tag, struct der *out);
/* The value of an OCTET STRING that may come in segments: a slice, or a copy in the arena. */
bool ber_octets(const struct der *string, struct arena *arena, struct bytes *out);

#endif
