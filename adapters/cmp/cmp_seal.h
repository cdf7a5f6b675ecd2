/* The last step of every message of ours: header, protection, extraCerts. */
#ifndef DRAGOMAN_ADAPTERS_CMP_CMP_SEAL_H
#define DRAGOMAN_ADAPTERS_CMP_CMP_SEAL_H

#include "adapters/cmp/cmp_body.h"

struct cmp_outgoing {
    int64_t pvno;
    struct bytes recipient; /* GeneralName TLV */
    struct bytes transaction_id;
    struct bytes recip_nonce;
    struct bytes general_info;
    enum cmp_type type;
    struct bytes content;
    const struct bytes *certificates; /* beside the signer's own */
    size_t certificate_count;
};

enum { CMP_NONCE_OCTETS = 16 };

/* Draws the senderNonce. */
bool cmp_seal(const struct cmp_outgoing *outgoing, const struct cmp_protector *protector,
              int64_t now, struct entropy *entropy, struct arena *arena, struct bytes *octets,
              struct bytes *sender_nonce, struct failure *why);

/* As cmp_seal, as an HTTP answer; what cannot be protected becomes an unprotected error. Gives the
 * senderNonce. */
struct bytes cmp_seal_reply(const struct cmp_outgoing *outgoing,
                            const struct cmp_protector *protector, struct inbound_context *context,
                            struct arena *arena, struct reply *reply);

#endif
