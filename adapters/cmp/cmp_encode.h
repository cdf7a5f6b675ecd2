/* Answers to devices (adapters/adapter.h): encode and refuse. */
#ifndef DRAGOMAN_ADAPTERS_CMP_CMP_ENCODE_H
#define DRAGOMAN_ADAPTERS_CMP_CMP_ENCODE_H

#include "adapters/adapter.h"

void cmp_encode(struct inbound_context *context, const struct response *response,
                struct arena *arena, struct reply *reply);
void cmp_refuse(struct inbound_context *context, const struct failure *why, struct arena *arena,
                struct reply *reply);

#endif
