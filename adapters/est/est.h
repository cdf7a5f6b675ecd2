/* EST (RFC 7030, RFC 8951, RFC 9908): the front door for fleets that speak HTTP, and authorities
 * that offer only that. */
#ifndef DRAGOMAN_ADAPTERS_EST_EST_H
#define DRAGOMAN_ADAPTERS_EST_EST_H

#include "adapters/adapter.h"

extern const struct inbound_adapter est_inbound;
extern const struct outbound_adapter est_outbound;

#endif
