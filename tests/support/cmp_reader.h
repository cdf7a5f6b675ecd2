/* CMP messages read by a decoder that is not ours: OpenSSL's. What it cannot read fails the test.
 */
#ifndef DRAGOMAN_TESTS_SUPPORT_CMP_READER_H
#define DRAGOMAN_TESTS_SUPPORT_CMP_READER_H

#include <openssl/cmp.h>

#include "mapping/model/arena.h"

enum { SEEN_IDS = 8 };

struct cmp_seen {
    OSSL_CMP_MSG *message;
    int type;         /* tag of the body */
    const char *tree; /* the whole message as text */
    long pvno;
    struct bytes transaction_id;
    struct bytes recip_nonce;
    bool is_protected;
    /* The first PKIStatusInfo: -1 if there is none. */
    long status;
    uint32_t bits;
    long ids[SEEN_IDS]; /* certReqId of each response or poll */
    size_t id_count;
};

struct cmp_seen cmp_see(struct arena *arena, struct bytes octets);

/* Whether OpenSSL accepts the protection: by a shared secret, or by a path to the anchor. */
bool cmp_seen_mac_holds(const struct cmp_seen *seen, const char *secret);
bool cmp_seen_signature_holds(const struct cmp_seen *seen, X509 *anchor, X509 *intermediate);

#endif
