/* From a file to DER: a whole HTTP message, PEM, base64, or nothing around it. For inspect.c alone.
 */
#ifndef DRAGOMAN_ADAPTERS_INSPECT_UNWRAP_H
#define DRAGOMAN_ADAPTERS_INSPECT_UNWRAP_H

#include "mapping/model/arena.h"
#include "mapping/model/failure.h"

struct wrapped_part {
    struct bytes der;
    bool is_secret; /* a private key: never shown */
};

struct wrapped {
    struct bytes start_line; /* of an HTTP message; empty if there is none */
    struct bytes content_type;
    struct wrapped_part *parts;
    size_t count;
};

bool inspect_unwrap(struct bytes octets, struct arena *arena, struct wrapped *out,
                    struct failure *why);

#endif
