/* AlgorithmIdentifiers of MACs and of signatures, the choice of the sender before anything is
 * authenticated. What a peer chose is written again with another salt, and read once more. */
#include <stdlib.h>

#include "adapters/pkix/mac.h"
#include "adapters/pkix/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct mac_limits limits = {1, 50, true};
    struct arena *arena = arena_new();
    struct bytes algorithm = bytes_of(data, size), again, mac;
    struct bytes secret = BYTES_LITERAL("secret"), message = BYTES_LITERAL("message");
    struct failure why;
    size_t octets;
    signature_digest_name(algorithm, &octets);
    mac_is_password_based(algorithm);
    mac_verify(algorithm, secret, message, BYTES_LITERAL("no mac"), &limits, &why);
    if (why.reason == REASON_SECRET_WRONG &&
        !(mac_with_salt(algorithm, BYTES_LITERAL("another salt"), arena, &again, &why) &&
          mac_compute(again, secret, message, arena, &mac, &why) &&
          mac_verify(again, secret, message, mac, &limits, &why)))
        abort();
    arena_free(arena);
    return 0;
}
