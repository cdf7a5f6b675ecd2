/* CMC (RFC 10002, HTTP by RFC 10003, conformance by RFC 10004) in both directions. */
#ifndef DRAGOMAN_ADAPTERS_CMC_CMC_H
#define DRAGOMAN_ADAPTERS_CMC_CMC_H

#include "adapters/adapter.h"

extern const struct inbound_adapter cmc_inbound;
extern const struct outbound_adapter cmc_outbound;

#endif
