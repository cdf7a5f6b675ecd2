/* The neutral response: granted, granted with changes, pending, refused, or not known.
 *
 * Slices point into the arena of the exchange or into the authority's message. */
#ifndef DRAGOMAN_MAPPING_MODEL_RESPONSE_H
#define DRAGOMAN_MAPPING_MODEL_RESPONSE_H

#include "mapping/model/request.h"

enum result_status {
    RESULT_GRANTED,
    RESULT_GRANTED_WITH_MODS,
    RESULT_PENDING,
    RESULT_REFUSED,
    /* Sent, and no trustworthy answer came: the authority may have issued. Never folded into
     * REFUSED; the engine reconciles. */
    RESULT_UNKNOWN,
    RESULT_STATUS_COUNT
};
const char *result_status_word(enum result_status status);

enum { RESULT_REASONS = 8 };

/* A code as an authority sent it; kept for the audit even where the reason is lossy. */
struct source_code {
    enum protocol protocol; /* CMP: bit number; CMC: CMCFailInfo; EST: HTTP status */
    long value;
};

struct result {
    int64_t inbound_id; /* of the item it answers */
    enum result_status status;
    enum reason reasons[RESULT_REASONS]; /* most specific first; REFUSED and UNKNOWN only */
    size_t reason_count;
    struct source_code source;
    bool has_source;
    char clause[40];
    struct bytes text;        /* UTF-8 for the device: changes, causes, what to fix */
    struct bytes detail;      /* for the log only */
    int64_t retry_at;         /* PENDING: s since 1970 UTC, 0: not said */
    bool confirm_needed;      /* the authority waits for a confirmation */
    struct bytes certificate; /* DER; GRANTED only */
};

struct response {
    enum operation operation;
    struct result *results; /* one for each item, in the request's order */
    size_t result_count;
    struct bytes *chain; /* CA certificates (DER) that lead from the issued one upwards */
    size_t chain_count;
    struct bytes *ca_pubs; /* trust anchors configured for this device group; CMP ip only */
    size_t ca_pub_count;
    struct bytes
        csr_attributes;       /* TEMPLATE: CsrAttrs (RFC 9908 3.2), DER; empty: none. Not packed */
    struct bytes crl;         /* GET_CRL: CertificateList, DER; empty: none. Not packed */
    bool implicit_confirm;    /* granted to the device: it need not confirm */
    int64_t confirm_deadline; /* s since 1970 UTC; 0: none announced */
};

/* One refused result for each of `count` items (the ids of request's items), for `why`. */
void response_refuse(const struct request *request, const struct failure *why, struct arena *arena,
                     struct response *response);
/* Adds a reason if it is not there yet; more than RESULT_REASONS are dropped. */
void result_add_reason(struct result *result, enum reason reason);
/* The worst of all results decides: REFUSED only if all are, UNKNOWN if one is, PENDING if one is.
 */
enum result_status response_status(const struct response *response);

struct bytes response_pack(const struct response *response, struct arena *arena);
bool response_unpack(struct bytes packed, struct arena *arena, struct response *response,
                     struct failure *why);

#endif
