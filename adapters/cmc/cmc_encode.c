#include <assert.h>

#include <stdio.h>

#include "adapters/cmc/cmc_message.h"
#include "adapters/pkix/der.h"

struct cmc_writer cmc_writer(struct arena *arena, size_t control_room, size_t request_room)
{
    return (struct cmc_writer){
        .arena = arena,
        .controls = arena_array(arena, control_room, sizeof(struct bytes)),
        .requests = arena_array(arena, request_room, sizeof(struct bytes)),
        .control_room = control_room,
        .request_room = request_room,
    };
}

static void add_request(struct cmc_writer *writer, struct bytes request)
{
    assert(writer->request_count < writer->request_room);
    writer->requests[writer->request_count++] = request;
}

/* RFC 10002 3.2.1.1:  TaggedAttribute ::= SEQUENCE { bodyPartID, attrType, attrValues SET OF } */
void cmc_write_control(struct cmc_writer *writer, enum cmc_control_kind kind, int64_t id,
                       struct bytes value)
{
    assert(writer->control_count < writer->control_room);
    struct arena *arena = writer->arena;
    char oid[] = "1.3.6.1.5.5.7.7.00000";
    snprintf(oid, sizeof(oid), "1.3.6.1.5.5.7.7.%d", cmc_control_row(kind)->number);
    struct bytes parts[] = {der_integer(arena, id), der_oid(arena, oid),
                            der_wrap(arena, DER_SET, value)};
    writer->controls[writer->control_count++] = der_join(arena, DER_SEQUENCE, parts, 3);
}

/* TaggedRequest: tcr [0] TaggedCertificationRequest ::= SEQUENCE { bodyPartID,
 * certificationRequest } */
void cmc_write_tcr(struct cmc_writer *writer, int64_t id, struct bytes certification_request)
{
    struct bytes parts[] = {der_integer(writer->arena, id), certification_request};
    add_request(writer, der_join(writer->arena, DER_CONTEXT_CONSTRUCTED | 0, parts, 2));
}

/* TaggedRequest: crm [1] CertReqMsg; the implicit tag takes the place of the SEQUENCE's. */
void cmc_write_crm(struct cmc_writer *writer, struct bytes cert_req_msg)
{
    struct der der;
    bool is_sequence = der_only(cert_req_msg, DER_SEQUENCE, &der);
    assert(is_sequence);
    if (is_sequence)
        add_request(writer, der_wrap(writer->arena, DER_CONTEXT_CONSTRUCTED | 1, der.content));
}

/* RFC 10002 3.2.1: controlSequence, reqSequence, cmsSequence, otherMsgSequence. */
struct bytes cmc_pki_data(const struct cmc_writer *writer)
{
    struct arena *arena = writer->arena;
    struct bytes parts[] = {
        der_join(arena, DER_SEQUENCE, writer->controls, writer->control_count),
        der_join(arena, DER_SEQUENCE, writer->requests, writer->request_count),
        der_wrap(arena, DER_SEQUENCE, BYTES_EMPTY),
        der_wrap(arena, DER_SEQUENCE, BYTES_EMPTY),
    };
    return der_join(arena, DER_SEQUENCE, parts, sizeof(parts) / sizeof(parts[0]));
}

/* RFC 10002 4.2.1: controlSequence, cmsSequence, otherMsgSequence. */
struct bytes cmc_pki_response(const struct cmc_writer *writer)
{
    struct arena *arena = writer->arena;
    struct bytes parts[] = {
        der_join(arena, DER_SEQUENCE, writer->controls, writer->control_count),
        der_wrap(arena, DER_SEQUENCE, BYTES_EMPTY),
        der_wrap(arena, DER_SEQUENCE, BYTES_EMPTY),
    };
    return der_join(arena, DER_SEQUENCE, parts, sizeof(parts) / sizeof(parts[0]));
}

struct bytes cmc_octet_string(struct arena *arena, struct bytes octets)
{
    return der_wrap(arena, DER_OCTET_STRING, octets);
}

struct bytes cmc_integer(struct arena *arena, struct bytes content)
{
    return der_wrap(arena, DER_INTEGER, content);
}

struct bytes cmc_id_list(struct arena *arena, const int64_t *ids, size_t count)
{
    struct bytes *parts = arena_array(arena, count, sizeof(*parts));
    for (size_t i = 0; i < count; i++)
        parts[i] = der_integer(arena, ids[i]);
    return der_join(arena, DER_SEQUENCE, parts, count);
}

/* RFC 10002 6.8:  LraPopWitness ::= SEQUENCE { pkiDataBodyid, bodyIds }; 0: this PKIData. */
struct bytes cmc_witness(struct arena *arena, const int64_t *ids, size_t count)
{
    struct bytes parts[] = {der_integer(arena, CMC_BODY_ID_WHOLE), cmc_id_list(arena, ids, count)};
    return der_join(arena, DER_SEQUENCE, parts, 2);
}

/* RFC 10002 6.1.1:  PendInfo ::= SEQUENCE { pendToken OCTET STRING, pendTime GeneralizedTime } */
static struct bytes pend_info(struct arena *arena, const struct cmc_status *status)
{
    struct bytes parts[] = {cmc_octet_string(arena, status->pend_token),
                            der_generalized_time(arena, status->pend_time)};
    return der_join(arena, DER_SEQUENCE, parts, 2);
}

/* RFC 10002 6.1.1: failInfo is present only with failed, pendInfo only with pending or partial. */
struct bytes cmc_status_info_v2(struct arena *arena, const struct cmc_status *status)
{
    struct bytes parts[4] = {der_integer(arena, status->status),
                             cmc_id_list(arena, status->ids, status->id_count)};
    size_t count = 2;
    if (!bytes_is_empty(status->text))
        parts[count++] = der_wrap(arena, DER_UTF8_STRING, status->text);
    if (status->status == CMC_STATUS_FAILED && status->fail_info != CMC_NO_FAIL_INFO)
        parts[count++] = der_integer(arena, status->fail_info);
    else if (status->has_pend_info)
        parts[count++] = pend_info(arena, status);
    return der_join(arena, DER_SEQUENCE, parts, count);
}

/* RFC 10002 6.11:  RevokeRequest ::= SEQUENCE { issuerName, serialNumber, reason, ..., comment } */
struct bytes cmc_revoke_request(struct arena *arena, struct bytes issuer, struct bytes serial,
                                int reason, struct bytes comment)
{
    uint8_t value = (uint8_t)reason;
    struct bytes parts[4] = {issuer, cmc_integer(arena, serial),
                             der_wrap(arena, DER_ENUMERATED, bytes_of(&value, 1))};
    size_t count = 3;
    if (!bytes_is_empty(comment))
        parts[count++] = der_wrap(arena, DER_UTF8_STRING, comment);
    return der_join(arena, DER_SEQUENCE, parts, count);
}

/* RFC 10002 6.14:  CMCCertId ::= IssuerAndSerialNumber */
struct bytes cmc_cert_id(struct arena *arena, struct bytes issuer, struct bytes serial)
{
    struct bytes parts[] = {issuer, cmc_integer(arena, serial)};
    return der_join(arena, DER_SEQUENCE, parts, 2);
}
