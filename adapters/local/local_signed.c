#include "adapters/local/local_signed.h"

#include "adapters/pkix/der.h"

bool local_sign(EVP_PKEY *key,
                struct bytes (*body)(void *context, struct bytes algorithm, struct arena *arena),
                void *context, struct arena *arena, struct bytes *out, struct failure *why)
{
    struct bytes algorithm, again, signature;
    if (!signature_algorithm(key, NULL, arena, &algorithm, why))
        return false;
    struct bytes signed_part = body(context, algorithm, arena);
    if (!signature_sign(key, NULL, signed_part, arena, &again, &signature, why))
        return false;
    struct bytes parts[] = {signed_part, algorithm, der_bit_string(arena, signature)};
    *out = der_join(arena, DER_SEQUENCE, parts, 3);
    return true;
}
