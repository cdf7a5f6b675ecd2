/* SIGNED{ToBeSigned} (RFC 5280 4.1, 5.1): certificates and CRLs have one frame. */
#ifndef DRAGOMAN_ADAPTERS_LOCAL_LOCAL_SIGNED_H
#define DRAGOMAN_ADAPTERS_LOCAL_LOCAL_SIGNED_H

#include <openssl/evp.h>

#include "adapters/pkix/signature.h"

/* `body` gives the part to be signed; it holds the algorithm too. */
bool local_sign(EVP_PKEY *key,
                struct bytes (*body)(void *context, struct bytes algorithm, struct arena *arena),
                void *context, struct arena *arena, struct bytes *out, struct failure *why);

#endif
