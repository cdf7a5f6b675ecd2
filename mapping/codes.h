/* Look-ups over reasons.def, both ways, and what becomes of an authority's code on the way to the
 * device (mapping of PKIFailureInfo, CMCFailInfo and HTTP status; RFC 9810 5.2.3, RFC 10002 6.1.4,
 * RFC 7030 4.2.3). */
#ifndef DRAGOMAN_MAPPING_CODES_H
#define DRAGOMAN_MAPPING_CODES_H

#include "mapping/model/response.h"

/* One bit of PKIFailureInfo; REASON_VENDOR for a bit that nobody defined. */
enum reason reason_from_cmp_bit(int bit);
/* REASON_VENDOR for a value that nobody defined (1000 to 1999 are private). */
enum reason reason_from_cmc(long value);
/* An EST server's status (RFC 7030 4.2.3; table 3.4 of the mapping). */
enum reason reason_from_http(int status);

/* The union of the bits of a result's reasons, each on its own row. */
uint32_t result_cmp_bits(const struct result *result);
/* The most specific reason's CMCFailInfo; it goes out beside failed only. */
int result_cmc_fail_info(const struct result *result);
/* What to send for a result: PKIStatus (RFC 9810 5.2.3), CMCStatus (RFC 10002 6.1.3; a refusal is
 * failed, or noSupport if all its reasons say so), and EST's status: by precedence
 * 401 > 403 > 503 > 413 > 415 > 404 > 400 > 501 > 504 > 502 > 500. UNKNOWN is told as pending,
 * since it is being reconciled. */
int result_cmp_status(const struct result *result);
int result_cmc_status(const struct result *result);
int result_http_status(const struct result *result);

/* What an authority's PKIStatus or CMCStatus says of an item. Sets status, and adds the reason that
 * the status itself names; reasons from failInfo are added by the caller, before. A status that
 * nobody defined is a refusal with REASON_VENDOR. For success the caller compares the certificate
 * (granted or granted with changes); partial (7) says PENDING, and the items at hand are done. */
void result_read_cmp_status(struct result *result, long status);
void result_read_cmc_status(struct result *result, long status);
/* Several statusInfo for one body part: the highest rank decides
 * (failed > noSupport > popRequired > pending, partial > confirmRequired > success). */
int cmc_status_rank(long status);

/* What an authority said of our own message accuses us, not the device: reasons of scope HOP
 * become GATEWAY_FAULT with the real code kept in text and source (rule 1 of the mapping). Only
 * where our own protection was on the outbound leg. */
void result_blame_gateway(struct result *result, struct arena *arena);

/* "[cmp:badCertTemplate]", "[cmc:noKeyReuse]", "[http:409]" appended to the text, so that the code
 * survives a protocol that has no equal (rule 5). */
void result_keep_code(struct result *result, struct arena *arena);

/* A peer's text made safe to pass on: valid UTF-8, no control characters, at most
 * LIMIT_PEER_TEXT_OCTETS on a code-point boundary (rule 5). */
struct bytes peer_text(struct bytes text, struct arena *arena);

/* Names of the codes, for logs and inspect; NULL if undefined. */
const char *cmp_fail_info_name(int bit);
const char *cmc_fail_info_name(long value);
const char *cmc_status_name(long value);
const char *cmp_status_name(long value);

#endif
