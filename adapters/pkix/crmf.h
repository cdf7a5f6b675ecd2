/* CRMF (RFC 4211, RFC 9045). */
#ifndef DRAGOMAN_ADAPTERS_PKIX_CRMF_H
#define DRAGOMAN_ADAPTERS_PKIX_CRMF_H

#include "mapping/model/request.h"

/* One CertReqMsg. Fills all of item but pop_verdict and carriage; inbound_id is the certReqId. */
bool crmf_parse(struct bytes cert_req_msg, struct arena *arena, struct item *item,
                struct failure *why);

/* As crmf_parse, but takes subjects that no request may hold (names_check_request): to show them.
 */
bool crmf_read(struct bytes cert_req_msg, struct arena *arena, struct item *item,
               struct failure *why);

/* CertReqMessages TLV: 1 to LIMIT_ITEMS of them. */
bool crmf_parse_messages(struct bytes messages, struct arena *arena, struct item **items,
                         size_t *count, struct failure *why);

/* CertReqMsg TLV with a new certReqId, the item's template rebuilt from its parsed view, and popo
 * absent or raVerified: for carriages that cannot keep the device's signature. */
enum crmf_popo { CRMF_POPO_ABSENT, CRMF_POPO_RA_VERIFIED };
struct bytes crmf_rebuild(const struct item *item, int64_t cert_req_id, enum crmf_popo popo,
                          struct arena *arena);
/* CertReqMsg TLV of the item's own cert_request and popo, without regInfo. */
struct bytes crmf_without_reg_info(const struct item *item, struct arena *arena);

#endif
