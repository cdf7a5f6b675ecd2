/* Who protected a message, and protection of our own (RFC 9810 5.1.3). */
#ifndef DRAGOMAN_ADAPTERS_CMP_CMP_PROTECT_H
#define DRAGOMAN_ADAPTERS_CMP_CMP_PROTECT_H

#include "adapters/cmp/cmp_asn1.h"
#include "adapters/cmp/cmp_leg.h"
#include "adapters/entropy.h"
#include "adapters/pkix/credentials.h"
#include "mapping/model/request.h"

/* Who sent a message, as far as its protection proved it. Lives as long as the arena and the
 * credentials. */
struct cmp_sender {
    enum cmp_protection protection;
    const struct device_group *group;
    struct bytes reference; /* MAC */
    struct bytes secret;
    struct certificate *certificate; /* signature */
    struct bytes *chain;             /* DER, without the leaf */
    size_t chain_count;
};

/* The reference under which a MAC's secret is kept: senderKID, or the sender's common name. Empty
 * if there is neither. */
struct bytes cmp_reference(const struct cmp_header *header);
/* By protectionAlg alone. */
bool cmp_is_mac(const struct cmp_header *header);

/* Verifies protection over the octets as received. `leg` gives what later messages may leave out.
 * Gives sender only if it returns true. */
bool cmp_verify(const struct cmp_message *message, const struct cmp_header *header,
                const struct cmp_leg *leg, const struct credentials *credentials, int64_t now,
                struct arena *arena, struct cmp_sender *sender, struct failure *why);

void cmp_identity(const struct cmp_sender *sender, const struct credentials *credentials,
                  struct arena *arena, struct identity *identity);

/* What protects a message of ours. */
struct cmp_protector {
    enum cmp_protection protection;
    struct bytes algorithm; /* MAC: protectionAlg TLV with a fresh salt */
    struct bytes reference;
    struct bytes secret;
    const struct signer *signer;
};

/* Octets of salt in our own MAC algorithms. */
enum { CMP_SALT_OCTETS = 16 };

/* In the peer's kind, algorithm and counts, with a fresh salt; signed if that cannot be, and
 * unprotected only if nothing can protect. `group` may be NULL. */
struct cmp_protector cmp_protector_like(enum cmp_protection protection, struct bytes algorithm,
                                        struct bytes reference, const struct device_group *group,
                                        const struct credentials *credentials,
                                        struct entropy *entropy, struct arena *arena);

/* The sender GeneralName TLV and senderKID of a message of ours. */
struct bytes cmp_protector_name(const struct cmp_protector *protector, struct arena *arena);
struct bytes cmp_protector_kid(const struct cmp_protector *protector);

/* Writes a PKIMessage: protectionAlg is set in `header`, which is otherwise complete. */
bool cmp_protect(const struct cmp_protector *protector, struct cmp_header *header,
                 struct bytes body, struct bytes extra_certs, struct arena *arena,
                 struct bytes *out, struct failure *why);

#endif
