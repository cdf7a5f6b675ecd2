/* What an outbound session remembers between two steps, and the messages it sends.
 *
 *   SENT        the request is under way
 *   WAITING     the authority said pending or partial: queryPending when the time has come
 *   QUERYING    a queryPending is under way
 *   HELD        the authority wants a confirmation (RFC 10002 6.14) and nobody has decided yet
 *   CONFIRMING  a confirmation is under way
 *   FINISHED */
#ifndef DRAGOMAN_ADAPTERS_CMC_CMC_SESSION_H
#define DRAGOMAN_ADAPTERS_CMC_CMC_SESSION_H

#include "adapters/adapter.h"
#include "adapters/cmc/cmc_message.h"

enum cmc_phase {
    CMC_PHASE_SENT,
    CMC_PHASE_WAITING,
    CMC_PHASE_QUERYING,
    CMC_PHASE_HELD,
    CMC_PHASE_CONFIRMING,
    CMC_PHASE_FINISHED,
    CMC_PHASE_COUNT
};

/* One item on the outbound leg. */
struct cmc_part {
    int64_t id;         /* its body part id in the request; of a revocation, that of the control */
    int64_t control_id; /* the control of the last follow-up that speaks of it; 0: none */
    struct bytes token; /* pendToken; empty: not pending */
    bool open;          /* pending at the authority */
};

struct cmc_session {
    enum cmc_phase phase;
    struct bytes transaction_id; /* INTEGER content */
    struct bytes sender_nonce;   /* ours, of the last message */
    struct bytes peer_nonce;     /* the authority's last; empty: none yet */
    struct cmc_part *parts;      /* one for each item */
    size_t part_count;
    struct bytes known; /* response_pack of what is known; empty before the first answer */
};

struct bytes cmc_session_pack(const struct cmc_session *session, struct arena *arena);
bool cmc_session_unpack(struct bytes packed, struct arena *arena, struct cmc_session *session,
                        struct failure *why);

/* Each sets `call`, and in the session what the answer will be compared with. */
bool cmc_send_request(struct outbound_context *context, const struct request *request,
                      struct arena *arena, struct cmc_session *session, struct call *call,
                      struct failure *why);
bool cmc_send_query(struct outbound_context *context, struct arena *arena,
                    struct cmc_session *session, struct call *call, struct failure *why);
/* For the certificates of `known` that wait for a confirmation. */
bool cmc_send_confirmation(struct outbound_context *context, const struct response *known,
                           const struct confirmation *confirmations, size_t count,
                           struct arena *arena, struct cmc_session *session, struct call *call,
                           struct failure *why);

#endif
