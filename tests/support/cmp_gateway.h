/* A gateway's end of CMP for tests: device groups over tests/vectors/pkix, entropy that is always
 * a5 a5 a5, and the three calls of the adapter. */
#ifndef DRAGOMAN_TESTS_SUPPORT_CMP_GATEWAY_H
#define DRAGOMAN_TESTS_SUPPORT_CMP_GATEWAY_H

#include "adapters/cmp/cmp.h"
#include "tests/support/pki.h"

#define CMP_REFERENCE "mast-17"
#define CMP_SECRET "correct horse battery"

enum cmp_gateway_option {
    CMP_LEGACY = 1,       /* mac_legacy */
    CMP_REQUIRE_TIME = 2, /* require_time */
    CMP_NO_SECRETS = 4,
    CMP_NO_TRUST = 8,
    CMP_ANY_KEY_USAGE = 16, /* ignore_key_usage */
    CMP_ANY_RA = 32,        /* any_ra */
    CMP_NO_SIGNER = 64,
    CMP_NO_SKEW = 128, /* skew_s 0 */
    CMP_SHA1 = 256,    /* signature_sha1 */
};

struct cmp_gateway {
    struct arena *arena;
    struct device_group groups[2];
    struct credentials credentials;
    struct message message;
    struct inbound_context context;
    uint8_t entropy[ENTROPY_OCTETS];
    /* After a call: */
    struct claim claim;
    struct request request;
    struct failure why;
    struct reply reply;
};

/* Owned by the arena. `options` is a set of cmp_gateway_option. */
struct cmp_gateway *cmp_gateway(struct arena *arena, int options);

/* Claims and decodes at `now`, with the leg of the last reply. False: why is set. */
bool cmp_gateway_take(struct cmp_gateway *gateway, struct bytes octets, int64_t now);
/* Answers what was taken. */
void cmp_gateway_answer(struct cmp_gateway *gateway, const struct response *response);
void cmp_gateway_refuse(struct cmp_gateway *gateway);
/* A response with one result for each item of the request taken. */
struct response cmp_gateway_response(struct cmp_gateway *gateway, enum result_status status,
                                     struct bytes certificate);

#endif
