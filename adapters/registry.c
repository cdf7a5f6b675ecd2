#include "adapters/adapter.h"
#include "adapters/cmc/cmc.h"
#include "adapters/cmp/cmp.h"
#include "adapters/est/est.h"
#include "adapters/local/local.h"

#include <stddef.h>

/* The only list of protocols. A new one is a line here and a folder beside. */
static const struct {
    const struct inbound_adapter *inbound;
    const struct outbound_adapter *outbound;
} adapters[PROTOCOL_COUNT] = {
    [PROTOCOL_CMP] = {&cmp_inbound, &cmp_outbound},
    [PROTOCOL_CMC] = {&cmc_inbound, &cmc_outbound},
    [PROTOCOL_EST] = {&est_inbound, &est_outbound},
    [PROTOCOL_LOCAL] = {NULL, &local_outbound},
};

const struct inbound_adapter *inbound_adapter(enum protocol protocol)
{
    return adapters[protocol].inbound;
}

const struct outbound_adapter *outbound_adapter(enum protocol protocol)
{
    return adapters[protocol].outbound;
}
