/* The body types of CMP as one table: which may open or follow, who reads each, who answers it.
 *
 * A new operation is a row: a reader (decoded body to neutral request), a writer (neutral response
 * to body) and its place in an exchange. */
#ifndef DRAGOMAN_ADAPTERS_CMP_CMP_BODY_H
#define DRAGOMAN_ADAPTERS_CMP_CMP_BODY_H

#include "adapters/adapter.h"
#include "adapters/cmp/cmp_protect.h"

/* PKIBody ::= CHOICE { ir [0] CertReqMessages, ip [1] CertRepMessage, ... }  (RFC 9810 5.1.2) */
enum cmp_type {
    CMP_IR,
    CMP_IP,
    CMP_CR,
    CMP_CP,
    CMP_P10CR,
    CMP_POPDECC,
    CMP_POPDECR,
    CMP_KUR,
    CMP_KUP,
    CMP_KRR,
    CMP_KRP,
    CMP_RR,
    CMP_RP,
    CMP_CCR,
    CMP_CCP,
    CMP_CKUANN,
    CMP_CANN,
    CMP_RANN,
    CMP_CRLANN,
    CMP_PKICONF,
    CMP_NESTED,
    CMP_GENM,
    CMP_GENP,
    CMP_ERROR,
    CMP_CERT_CONF,
    CMP_POLL_REQ,
    CMP_POLL_REP,
    CMP_TYPE_COUNT
};

enum cmp_role {
    CMP_OPENS,   /* a device's first message */
    CMP_FOLLOWS, /* belongs to an exchange that is open */
    CMP_NEVER    /* an answer or an announcement: no device sends it here */
};

/* One message of a device on its way to a request. */
struct cmp_decoding {
    const struct inbound_context *context;
    struct arena *arena;
    struct cmp_message message;
    struct cmp_header header;
    int64_t pvno;
    enum cmp_type type;
    struct bytes content;        /* of the body: the TLV inside [n] */
    struct bytes transaction_id; /* the header's, or what stands in for it */
    struct cmp_leg leg;          /* as stored, then as it is after this message */
    struct cmp_sender sender;    /* once verified */
};

/* One answer on its way to octets. */
struct cmp_answering {
    const struct inbound_context *context;
    struct arena *arena;
    const struct response *response;
    struct cmp_leg *leg;
    /* Filled by the writer: */
    enum cmp_type type;
    struct bytes content;             /* the TLV inside [n] */
    struct bytes general_info;        /* content of the SEQUENCE; empty if none */
    const struct bytes *certificates; /* to be sent along */
    size_t certificate_count;
};

struct cmp_body {
    const char *name;
    enum cmp_role role;
    bool mac;              /* a MAC may protect it (RFC 9483 3.5) */
    const char *operation; /* path label of RFC 9811 3.4; NULL: none */
    enum operation neutral;
    enum cmp_type answer; /* to a request that was granted or is refused for its body */
    /* NULL: not offered here. */
    bool (*read)(struct cmp_decoding *decoding, struct request *request, struct failure *why);
    void (*write)(struct cmp_answering *answering);
};

/* NULL for a number that no CMP version has. */
const struct cmp_body *cmp_body(int64_t type);

/* Reads the envelope and the header. Members are set as far as it got. */
bool cmp_parse(struct bytes octets, struct arena *arena, struct cmp_decoding *decoding,
               struct failure *why);

/* cmp_enrol.c: ir, cr, kur, p10cr */
bool cmp_read_enrolment(struct cmp_decoding *decoding, struct request *request,
                        struct failure *why);
/* Whether the requests of a body can be read, whatever they are worth. */
bool cmp_is_readable(const struct cmp_decoding *decoding);
/* The certReqIds of a body whose requests may be unreadable; 0 if not even these can be read. */
size_t cmp_read_ids(enum cmp_type type, struct bytes content, struct arena *arena, int64_t **ids);

/* cmp_follow.c: certConf, pkiconf, pollReq, error */
bool cmp_read_cert_conf(struct cmp_decoding *decoding, struct request *request,
                        struct failure *why);
bool cmp_read_pki_conf(struct cmp_decoding *decoding, struct request *request, struct failure *why);
bool cmp_read_poll(struct cmp_decoding *decoding, struct request *request, struct failure *why);
bool cmp_read_error(struct cmp_decoding *decoding, struct request *request, struct failure *why);

/* cmp_revoke.c: rr, rp */
bool cmp_read_revocation(struct cmp_decoding *decoding, struct request *request,
                         struct failure *why);
void cmp_write_revocation(struct cmp_answering *answering);
/* The certificates that an rr names; 0 if it cannot be read. */
size_t cmp_count_revocations(struct bytes content);
/* RevRepContent TLV of PKIStatusInfo TLVs. */
struct bytes cmp_rev_rep(const struct bytes *statuses, size_t count, struct arena *arena);

/* cmp_support.c: genm, genp */
bool cmp_read_support(struct cmp_decoding *decoding, struct request *request, struct failure *why);
void cmp_write_support(struct cmp_answering *answering);

/* cmp_encode.c */
void cmp_write_enrolment(struct cmp_answering *answering);
void cmp_write_poll(struct cmp_answering *answering);
void cmp_write_confirmation(struct cmp_answering *answering);
/* The error for the first refused result of the response, or for `reason`. */
void cmp_write_error(struct cmp_answering *answering, enum reason reason, struct bytes text);
/* An error that says waiting: to what has no certReqId (RFC 9483 4.4). */
void cmp_write_waiting(struct cmp_answering *answering, struct bytes text);
/* True: the response is told by an error, which is written: no verdict on the request, but what
 * happened on the way to the authority (RFC 9483 3.6.2). */
bool cmp_write_hop_error(struct cmp_answering *answering);
/* PKIStatusInfo TLV. */
struct bytes cmp_status_info(int status, struct bytes text, uint32_t bits, struct arena *arena);

#endif
