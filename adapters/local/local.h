/* The embedded CA as an authority among others. */
#ifndef DRAGOMAN_ADAPTERS_LOCAL_LOCAL_H
#define DRAGOMAN_ADAPTERS_LOCAL_LOCAL_H

#include "adapters/adapter.h"

/* A session without a wire: begin gives the final answer at once. Nothing has happened until the
 * caller stores it, so a crash before that issues nothing. */
extern const struct outbound_adapter local_outbound;

#endif
