/* SubjectPublicKeyInfo (RFC 5280 4.1): shape only. What a key is worth: proof.h. */
#ifndef DRAGOMAN_ADAPTERS_PKIX_SPKI_H
#define DRAGOMAN_ADAPTERS_PKIX_SPKI_H

#include "mapping/model/bytes.h"

#include <stdbool.h>

struct spki {
    struct bytes algorithm;  /* AlgorithmIdentifier TLV */
    struct bytes oid;        /* its OBJECT IDENTIFIER TLV */
    struct bytes parameters; /* its parameters TLV; empty if absent */
    struct bytes key;        /* octets of subjectPublicKey; empty where the authority makes it */
};

/* An SPKI TLV and nothing behind it. */
bool spki_read(struct bytes tlv, struct spki *out);
/* Whether it is an SPKI with a key in it. */
bool spki_is_sound(struct bytes tlv);

#endif
