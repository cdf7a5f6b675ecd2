/* Extensions (RFC 5280 4.1), as certificates have them and requests ask for them. */
#ifndef DRAGOMAN_ADAPTERS_PKIX_EXTENSIONS_H
#define DRAGOMAN_ADAPTERS_PKIX_EXTENSIONS_H

#include "mapping/model/bytes.h"
#include "mapping/model/failure.h"

struct extension {
    struct bytes whole;
    struct bytes oid; /* TLV */
    bool critical;
    struct bytes value; /* what the OCTET STRING holds */
};

/* Takes one Extension off the front of the content of Extensions. */
bool extension_next(struct bytes *rest, struct extension *out);

/* An Extensions TLV: 1 to LIMIT_EXTENSIONS well-formed extensions (BAD_DATA_FORMAT), none twice
 * (BAD_CERT_TEMPLATE, RFC 5280 4.2). */
bool extensions_check(struct bytes extensions, struct failure *why);

/* The extension of that dotted OID, or of that OID TLV; false if there is none. */
bool extensions_find(struct bytes extensions, const char *oid, struct extension *out);
bool extensions_find_tlv(struct bytes extensions, struct bytes oid, struct extension *out);

/* The Extensions TLV of a certificate's DER; empty if it has none. */
struct bytes certificate_extensions(struct bytes certificate);

#endif
