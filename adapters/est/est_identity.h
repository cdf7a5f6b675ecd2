/* Who an EST client is: its TLS certificate, or HTTP Basic (RFC 7030 3.2.3, 3.3.2). */
#ifndef DRAGOMAN_ADAPTERS_EST_EST_IDENTITY_H
#define DRAGOMAN_ADAPTERS_EST_EST_IDENTITY_H

#include "adapters/adapter.h"

/* A hash of what the client shows as its identity, unchecked: tells exchanges of two clients apart.
 */
void est_shown_identity(const struct message *message, uint8_t hash[32]);
/* The user name of a Basic field, for counting failures; empty if there is none. */
struct bytes est_user(const struct message *message, struct arena *arena);
/* Checks it. UNAUTHENTICATED: nothing was shown, or nothing that any group takes. A renewal may
 * show an expired certificate where the group says so. */
bool est_identify(const struct inbound_context *context, bool renewal, struct arena *arena,
                  struct identity *identity, struct failure *why);

#endif
