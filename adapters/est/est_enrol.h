/* The PKCS#10 in an EST enrolment, and what EST asks of it beyond its signature. */
#ifndef DRAGOMAN_ADAPTERS_EST_EST_ENROL_H
#define DRAGOMAN_ADAPTERS_EST_EST_ENROL_H

#include "adapters/adapter.h"

/* Body to item, unchecked. */
bool est_read_item(const struct message *message, struct arena *arena, struct item *item,
                   struct failure *why);
/* POP, channel binding (RFC 7030 3.5), and for a renewal the names of the certificate that is
 * renewed (RFC 7030 4.2.2). */
bool est_check_item(const struct inbound_context *context, const struct identity *identity,
                    bool renewal, struct item *item, struct arena *arena, struct failure *why);

#endif
