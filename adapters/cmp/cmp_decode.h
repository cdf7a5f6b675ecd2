/* The two looks at a device's message (adapters/adapter.h): claim and decode. */
#ifndef DRAGOMAN_ADAPTERS_CMP_CMP_DECODE_H
#define DRAGOMAN_ADAPTERS_CMP_CMP_DECODE_H

#include "adapters/adapter.h"

bool cmp_claim(const struct inbound_context *context, struct arena *arena, struct claim *claim,
               struct failure *why);
bool cmp_decode(struct inbound_context *context, struct arena *arena, struct request *request,
                struct failure *why);

#endif
