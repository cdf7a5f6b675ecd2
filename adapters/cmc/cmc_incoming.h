/* A device's message as far as it can be read, before anybody is believed. */
#ifndef DRAGOMAN_ADAPTERS_CMC_CMC_INCOMING_H
#define DRAGOMAN_ADAPTERS_CMC_CMC_INCOMING_H

#include "adapters/adapter.h"
#include "adapters/cmc/cmc_leg.h"
#include "adapters/cmc/cmc_message.h"
#include "adapters/pkix/cms.h"

struct cmc_incoming {
    bool simple;           /* a bare PKCS#10 (RFC 10002 3.1) */
    struct cms_signed cms; /* of a Full PKI Request */
    struct cmc_body body;
    struct bytes transaction_id; /* INTEGER content */
    struct bytes sender_nonce;
    struct bytes recipient_nonce;
    struct bytes identification; /* UTF-8 */
    struct bytes *data_returns;
    size_t data_return_count;
    struct bytes token; /* of queryPending */
};

/* What was read before a fault stays in `out`, for the answer to it. */
bool cmc_incoming_read(const struct message *message, struct arena *arena, struct cmc_incoming *out,
                       struct failure *why);

/* ContentInfo { id-data, [0] OCTET STRING } around a PKIData: older clients put an unsigned
 * revocation so. False, and *content as it was, if the octets are something else. */
bool cmc_bare_data(struct bytes octets, struct bytes *content);

/* A pendToken of ours begins with the exchange that it belongs to. */
enum { CMC_TOKEN_RANDOM_OCTETS = 16, CMC_TOKEN_OCTETS = 32 + CMC_TOKEN_RANDOM_OCTETS };

/* 32 octets: of the sender as it names itself, and the transactionId if there is one, else of the
 * whole message. */
struct bytes cmc_exchange(const struct message *message, const struct cmc_incoming *incoming,
                          struct arena *arena);

/* What the message is, for the log. */
const char *cmc_name_of(const struct cmc_incoming *incoming);

bool cmc_accepts(const struct message *message, const char *const *paths, size_t path_count);
bool cmc_claim(const struct inbound_context *context, struct arena *arena, struct claim *claim,
               struct failure *why);

/* ---- who sent it (cmc_identity.c) ----------------------------------------------------------- */

struct cmc_sender {
    struct identity identity;
    const struct device_group *group;
    struct bytes secret; /* of the identification; a secret; empty if none was proven */
};

/* Verifies signature and proofs of identity, and finds the device group. `items` are parsed, their
 * proofs not yet looked at. */
bool cmc_identify(const struct inbound_context *context, const struct cmc_incoming *incoming,
                  const struct item *items, size_t item_count, struct arena *arena,
                  struct cmc_sender *sender, struct failure *why);

/* RFC 10002 6.2.1 to 6.2.3 and 6.3.1 (cmc_proof.c). */
bool cmc_check_identity_proof(const struct cmc_incoming *incoming, struct bytes secret, bool legacy,
                              struct arena *arena, struct failure *why);
bool cmc_check_pop_link(const struct cmc_incoming *incoming, const struct item *items,
                        size_t item_count, struct bytes secret, bool legacy, struct arena *arena,
                        struct failure *why);

/* ---- revocations (cmc_revocation.c) --------------------------------------------------------- */

/* The message asks for revocations and nothing else. */
bool cmc_revokes(const struct cmc_body *body);
/* One item for each revokeRequest. */
bool cmc_read_revocations(const struct cmc_incoming *incoming, struct arena *arena,
                          struct item **items, size_t *count, struct failure *why);

/* ---- which controls are ours to process (cmc_screen.c) -------------------------------------- */

/* The body part ids of controls that fail the whole PKIData (unknown, not taken here, or an RA's
 * from somebody who is none), or that ask for a service not offered here. */
struct cmc_faults {
    int64_t *ids;
    size_t count;
    const struct cmc_control *first;
};
struct cmc_faults cmc_refused_controls(const struct cmc_body *body, bool is_ra,
                                       struct arena *arena);
struct cmc_faults cmc_unsupported_parts(const struct cmc_body *body, struct arena *arena);
bool cmc_screen(const struct cmc_body *body, bool is_ra, struct arena *arena, struct failure *why);

/* ---- answers (cmc_answer.c) ----------------------------------------------------------------- */

void cmc_encode(struct inbound_context *context, const struct response *response,
                struct arena *arena, struct reply *reply);
void cmc_refuse(struct inbound_context *context, const struct failure *why, struct arena *arena,
                struct reply *reply);

#endif
