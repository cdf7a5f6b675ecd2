/* PKCS#10 (RFC 2986). */
#ifndef DRAGOMAN_ADAPTERS_PKIX_PKCS10_H
#define DRAGOMAN_ADAPTERS_PKIX_PKCS10_H

#include "mapping/model/request.h"

/* Fills everything of item but inbound_id, pop_verdict and carriage. pop_form becomes PKCS10,
 * NO_SIGNATURE or DH_POP by the signature algorithm. extensionRequest and Microsoft's twin are
 * both read; both present and different: badCertTemplate. */
bool pkcs10_parse(struct bytes der, struct arena *arena, struct item *item, struct failure *why);

/* As pkcs10_parse, but takes subjects that no request may hold (names_check_request): to show them.
 */
bool pkcs10_read(struct bytes der, struct arena *arena, struct item *item, struct failure *why);

/* The first value of an attribute (OID dotted), as TLV; empty if absent. */
struct bytes pkcs10_attribute(const struct item *item, const char *oid, struct arena *arena);

#endif
