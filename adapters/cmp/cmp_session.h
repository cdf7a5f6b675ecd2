/* What a session with a CMP authority remembers between two steps, and the messages it sends.
 *
 *   SENT        the request is under way
 *   WAITING     the authority said waiting: pollReq when the time has come
 *   POLLING     a pollReq is under way
 *   HELD        the authority wants a certConf and nobody has decided yet
 *   CONFIRMING  a certConf is under way
 *   FINISHED */
#ifndef DRAGOMAN_ADAPTERS_CMP_CMP_SESSION_H
#define DRAGOMAN_ADAPTERS_CMP_CMP_SESSION_H

#include "adapters/adapter.h"
#include "adapters/cmp/cmp_body.h"

enum cmp_phase {
    CMP_PHASE_SENT,
    CMP_PHASE_WAITING,
    CMP_PHASE_POLLING,
    CMP_PHASE_HELD,
    CMP_PHASE_CONFIRMING,
    CMP_PHASE_FINISHED,
    CMP_PHASE_COUNT
};

/* One item on the outbound leg. */
struct cmp_part {
    int64_t id;                  /* certReqId, as the authority last wrote it */
    bool open;                   /* waiting at the authority */
    bool unwanted;               /* its certificate is not the one asked for: it will be rejected */
    struct bytes hash;           /* certHash; empty: no certificate, or none to be confirmed */
    struct bytes hash_algorithm; /* AlgorithmIdentifier TLV; empty: that of the signature */
};

struct cmp_session {
    enum cmp_phase phase;
    int64_t body;  /* enum cmp_type of the request */
    bool poll_all; /* waiting was said of the whole message (RFC 9483 4.4) */
    struct bytes transaction_id;
    struct bytes request_nonce; /* our senderNonce of the request */
    struct bytes sent_nonce;    /* that of our last message */
    struct bytes peer_nonce;    /* the authority's last; empty: none yet */
    struct cmp_part *parts;     /* one for each item */
    size_t part_count;
    /* Certificates of the first answer: later ones may leave them out (RFC 9483 3.3). */
    struct bytes *certificates;
    size_t certificate_count;
    struct bytes known; /* response_pack of what is known; empty before the first answer */
};

struct bytes cmp_session_pack(const struct cmp_session *session, struct arena *arena);
bool cmp_session_unpack(struct bytes packed, struct arena *arena, struct cmp_session *session,
                        struct failure *why);

/* cmp_request.c. Each sets `call`, and in the session what the answer will be compared with. */
bool cmp_send_request(struct outbound_context *context, const struct request *request,
                      struct arena *arena, struct cmp_session *session, struct call *call,
                      struct failure *why);
bool cmp_send_poll(struct outbound_context *context, struct arena *arena,
                   struct cmp_session *session, struct call *call, struct failure *why);
/* Accepts what `confirmations` accepts and we do not reject ourselves; all else is rejected. */
bool cmp_send_confirmation(struct outbound_context *context, const struct response *known,
                           const struct confirmation *confirmations, size_t count,
                           struct arena *arena, struct cmp_session *session, struct call *call,
                           struct failure *why);

#endif
