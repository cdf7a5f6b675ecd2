/* CertTemplate (RFC 4211 5): the certificate that a CRMF request asks for. */
#ifndef DRAGOMAN_ADAPTERS_PKIX_CRMF_TEMPLATE_H
#define DRAGOMAN_ADAPTERS_PKIX_CRMF_TEMPLATE_H

#include "mapping/model/request.h"

/* The content of a CertTemplate into the parsed view of an item. Fields that only the authority
 * may fill (serialNumber, signingAlg, the unique ids) are refused. */
bool crmf_read_template(struct bytes content, struct arena *arena, struct item *item,
                        struct failure *why);

/* A CertTemplate TLV from the parsed view. */
struct bytes crmf_write_template(const struct item *item, struct arena *arena);

#endif
