#include "adapters/cmp/cmp.h"
#include "adapters/cmp/cmp_decode.h"
#include "adapters/cmp/cmp_encode.h"
#include "adapters/cmp/cmp_path.h"

const struct inbound_adapter cmp_inbound = {
    .protocol = PROTOCOL_CMP,
    .accepts = cmp_accepts,
    .claim = cmp_claim,
    .decode = cmp_decode,
    .encode = cmp_encode,
    .refuse = cmp_refuse,
};
