/* What is remembered between the messages of one device's exchange: enough to check its next
 * message and to answer it, on this machine or another. Stored with the transaction; holds the
 * reference of a secret, never the secret. */
#ifndef DRAGOMAN_ADAPTERS_CMP_CMP_LEG_H
#define DRAGOMAN_ADAPTERS_CMP_CMP_LEG_H

#include "mapping/model/arena.h"
#include "mapping/model/failure.h"

enum cmp_protection { CMP_UNPROTECTED, CMP_MAC, CMP_SIGNATURE };

struct cmp_leg {
    int64_t opening;  /* body type that opened the exchange (enum cmp_type) */
    int64_t received; /* body type of the last message taken */
    int64_t pvno;
    struct bytes transaction_id;
    struct bytes sender;         /* the device's GeneralName TLV */
    struct bytes received_nonce; /* its last senderNonce */
    struct bytes sent_nonce;     /* our last senderNonce; empty before the first answer */
    struct bytes delivery_nonce; /* that of the answer with certificates, which a certConf answers:
                                    also when it comes again after we answered it */

    int64_t protection;       /* enum cmp_protection */
    struct bytes algorithm;   /* protectionAlg TLV of the last message taken */
    struct bytes reference;   /* MAC */
    struct bytes group;       /* name of the device group */
    struct bytes certificate; /* DER; signature */
    struct bytes *chain;      /* DER, without the leaf: extraCerts may miss in later messages */
    size_t chain_count;

    int64_t *ids; /* certReqIds of the request, in order */
    size_t id_count;
    int64_t *granted; /* of these, with a certificate delivered */
    size_t granted_count;
    int64_t *polled; /* as the device's last pollReq wrote them */
    size_t polled_count;
    struct bytes asked; /* genm: content of GenMsgContent */
};

struct bytes cmp_leg_pack(const struct cmp_leg *leg, struct arena *arena);
/* Slices point into `packed`. Empty `packed` gives an empty leg. */
bool cmp_leg_unpack(struct bytes packed, struct arena *arena, struct cmp_leg *leg,
                    struct failure *why);

bool cmp_leg_has_id(const struct cmp_leg *leg, int64_t id);
bool cmp_leg_was_granted(const struct cmp_leg *leg, int64_t id);
/* Remembers that the certificate of that id was delivered. */
void cmp_leg_grant(struct cmp_leg *leg, int64_t id, struct arena *arena);

#endif
