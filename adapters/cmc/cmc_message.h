/* PKIData and PKIResponse as numbers and slices, read and written. Nothing here judges: what a
 * control means, and who may send it, is the business of cmc_inbound.c and cmc_response.c. */
#ifndef DRAGOMAN_ADAPTERS_CMC_CMC_MESSAGE_H
#define DRAGOMAN_ADAPTERS_CMC_CMC_MESSAGE_H

#include "mapping/model/arena.h"
#include "mapping/model/failure.h"

#define CMC_OID_PKI_DATA "1.3.6.1.5.5.7.12.2"
#define CMC_OID_PKI_RESPONSE "1.3.6.1.5.5.7.12.3"

/* RFC 10002 3.2.2: BodyPartID ::= INTEGER(0..4294967295); 0 is the PKIData itself. */
#define CMC_BODY_ID_MAX INT64_C(4294967295)
#define CMC_BODY_ID_WHOLE INT64_C(0)

enum cmc_control_kind {
#define CONTROL(name, number, word, times, request, response) CMC_CONTROL_##name,
#include "adapters/cmc/controls.def"
#undef CONTROL
    CMC_CONTROL_UNKNOWN,
    CMC_CONTROL_KINDS = CMC_CONTROL_UNKNOWN
};

enum cmc_times { CMC_ONCE, CMC_MANY };
enum cmc_in_request {
    CMC_IN_REQUEST_READ,
    CMC_IN_REQUEST_RA,
    CMC_IN_REQUEST_CONFIRM,
    CMC_IN_REQUEST_LATER,
    CMC_IN_REQUEST_REFUSE
};
enum cmc_in_response { CMC_IN_RESPONSE_READ, CMC_IN_RESPONSE_IGNORE };

struct cmc_control_row {
    int number; /* id-cmc n */
    const char *word;
    enum cmc_times times;
    enum cmc_in_request in_request;
    enum cmc_in_response in_response;
};
/* NULL for CMC_CONTROL_UNKNOWN. */
const struct cmc_control_row *cmc_control_row(enum cmc_control_kind kind);

struct cmc_control {
    int64_t id;
    enum cmc_control_kind kind;
    struct bytes oid;   /* TLV */
    struct bytes value; /* TLV of the one value; empty if there is none */
};

enum cmc_request_form { CMC_TCR, CMC_CRM, CMC_ORM };
struct cmc_request {
    int64_t id;
    enum cmc_request_form form;
    struct bytes body; /* CertificationRequest or CertReqMsg TLV; the value of an orm */
};

struct cmc_body {
    bool is_response;
    struct cmc_control *controls;
    size_t control_count;
    struct cmc_request *requests;
    size_t request_count;
    struct bytes req_sequence; /* TLV as received */
    struct bytes *cms;         /* ContentInfo TLVs of cmsSequence */
    int64_t *cms_ids;
    size_t cms_count;
    size_t other_count; /* members of otherMsgSequence: none has a meaning here */
};

/* Content octets of a PKIData or PKIResponse. Checks shape, ranges and counts: body part ids are
 * in range, known controls have one value and stand as often as controls.def says. Twice the same
 * id among the requests of a PKIData is refused, since no answer could tell them apart (RFC 10002
 * 3.2.2); among controls it is taken, because clients in the field do so. */
bool cmc_decode_request(struct bytes content, struct arena *arena, struct cmc_body *out,
                        struct failure *why);
bool cmc_decode_response(struct bytes content, struct arena *arena, struct cmc_body *out,
                         struct failure *why);

/* The first control of a kind, NULL if there is none. */
const struct cmc_control *cmc_find(const struct cmc_body *body, enum cmc_control_kind kind);
/* The octets in a control whose value is an OCTET STRING, UTF8String or INTEGER (content); empty
 * if the control is absent. False if it has another type, or more than `most` octets. */
bool cmc_octets_of(const struct cmc_control *control, uint8_t tag, size_t most, struct bytes *out,
                   struct failure *why);
/* SEQUENCE OF BodyPartID, at least one. */
bool cmc_ids_of(struct bytes list, struct arena *arena, int64_t **ids, size_t *count,
                struct failure *why);

/* ---- status (RFC 10002 6.1) ----------------------------------------------------------------- */

enum cmc_status_value {
    CMC_STATUS_SUCCESS = 0,
    CMC_STATUS_FAILED = 2,
    CMC_STATUS_PENDING = 3,
    CMC_STATUS_NO_SUPPORT = 4,
    CMC_STATUS_CONFIRM_REQUIRED = 5,
    CMC_STATUS_POP_REQUIRED = 6,
    CMC_STATUS_PARTIAL = 7
};

enum { CMC_NO_FAIL_INFO = -1 };

struct cmc_status {
    int64_t status;
    int64_t *ids; /* of a bodyPartPath, the first step */
    size_t id_count;
    struct bytes text; /* UTF-8 as sent */
    int64_t fail_info; /* CMC_NO_FAIL_INFO: none */
    bool has_pend_info;
    struct bytes pend_token;
    int64_t pend_time;         /* s since 1970 UTC */
    struct bytes extended_oid; /* TLV; empty: no extendedFailInfo */
    struct bytes extended_value;
};

/* statusInfo or statusInfoV2. */
bool cmc_decode_status(const struct cmc_control *control, struct arena *arena,
                       struct cmc_status *out, struct failure *why);

/* ---- other values --------------------------------------------------------------------------- */

/* LraPopWitness (6.8). */
bool cmc_decode_witness(struct bytes value, struct arena *arena, int64_t *pki_data, int64_t **ids,
                        size_t *count, struct failure *why);

/* IdentityProofV2 (6.2.1) and PopLinkWitnessV2 (6.3.1.1). */
struct cmc_proof {
    struct bytes hash_algorithm; /* AlgorithmIdentifier TLV */
    struct bytes mac_algorithm;
    struct bytes witness;
};
bool cmc_decode_proof(struct bytes value, struct arena *arena, struct cmc_proof *out,
                      struct failure *why);

struct cmc_revocation {
    struct bytes issuer; /* Name TLV */
    struct bytes serial; /* INTEGER content */
    int64_t reason;
    bool has_secret; /* the secret itself is never kept */
    struct bytes comment;
};
bool cmc_decode_revocation(struct bytes value, struct arena *arena, struct cmc_revocation *out,
                           struct failure *why);

/* CMCCertId (6.14). */
bool cmc_decode_cert_id(struct bytes value, struct arena *arena, struct bytes *issuer,
                        struct bytes *serial, struct failure *why);

/* ---- writing -------------------------------------------------------------------------------- */

/* Collects the parts of one PKIData or PKIResponse, in the order written. */
struct cmc_writer {
    struct arena *arena;
    struct bytes *controls, *requests;
    size_t control_count, control_room;
    size_t request_count, request_room;
};
struct cmc_writer cmc_writer(struct arena *arena, size_t control_room, size_t request_room);
void cmc_write_control(struct cmc_writer *writer, enum cmc_control_kind kind, int64_t id,
                       struct bytes value);
void cmc_write_tcr(struct cmc_writer *writer, int64_t id, struct bytes certification_request);
void cmc_write_crm(struct cmc_writer *writer, struct bytes cert_req_msg);
struct bytes cmc_pki_data(const struct cmc_writer *writer);
struct bytes cmc_pki_response(const struct cmc_writer *writer);

/* Values of controls, as TLVs. */
struct bytes cmc_octet_string(struct arena *arena, struct bytes octets);
struct bytes cmc_integer(struct arena *arena, struct bytes content);
struct bytes cmc_id_list(struct arena *arena, const int64_t *ids, size_t count);
struct bytes cmc_witness(struct arena *arena, const int64_t *ids, size_t count);
struct bytes cmc_status_info_v2(struct arena *arena, const struct cmc_status *status);
struct bytes cmc_revoke_request(struct arena *arena, struct bytes issuer, struct bytes serial,
                                int reason, struct bytes comment);
struct bytes cmc_cert_id(struct arena *arena, struct bytes issuer, struct bytes serial);

#endif
