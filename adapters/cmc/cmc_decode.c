#include <openssl/asn1.h>

#include "adapters/cmc/cmc_asn1.h"
#include "adapters/cmc/cmc_message.h"
#include "adapters/pkix/der.h"
#include "adapters/pkix/signature.h"
#include "mapping/model/limits.h"

static const struct cmc_control_row rows[] = {
#define CONTROL(name, number, word, times, request, response)                                      \
    {number, word, CMC_##times, CMC_IN_REQUEST_##request, CMC_IN_RESPONSE_##response},
#include "adapters/cmc/controls.def"
#undef CONTROL
};

const struct cmc_control_row *cmc_control_row(enum cmc_control_kind kind)
{
    return kind < CMC_CONTROL_KINDS ? &rows[kind] : NULL;
}

/* id-cmc ::= { id-pkix 7 }; all its numbers fit one octet. */
static enum cmc_control_kind control_kind(struct bytes oid)
{
    static const uint8_t arc[] = {DER_OID, 8, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x07};
    if (oid.size != sizeof(arc) + 1 || memcmp(oid.data, arc, sizeof(arc)) != 0)
        return CMC_CONTROL_UNKNOWN;
    for (unsigned kind = 0; kind < CMC_CONTROL_KINDS; kind++) {
        if (rows[kind].number == oid.data[sizeof(arc)])
            return (enum cmc_control_kind)kind;
    }
    return CMC_CONTROL_UNKNOWN;
}

/* ---- from OpenSSL's objects to slices ------------------------------------------------------- */

struct decoded {
    ASN1_VALUE *value;
    const ASN1_ITEM *item;
};

static void release(void *object)
{
    struct decoded *decoded = object;
    ASN1_item_free(decoded->value, decoded->item);
}

/* The arena owns the result. NULL: not that type, or trailing octets. */
static void *decode(struct bytes octets, const ASN1_ITEM *item, const char *what,
                    struct arena *arena, struct failure *why)
{
    const unsigned char *at = octets.data;
    struct decoded *decoded = arena_alloc(arena, sizeof(*decoded));
    decoded->item = item;
    if (octets.size > 0 && octets.size <= LIMIT_RESPONSE_OCTETS)
        decoded->value = ASN1_item_d2i(NULL, &at, (long)octets.size, item);
    if (decoded->value == NULL) {
        fail_openssl(why, REASON_BAD_DATA_FORMAT, "RFC 10002 A",
                     arena_printf(arena, "%s is not well formed", what));
        return NULL;
    }
    arena_own(arena, decoded, release);
    if (at != octets.data + octets.size) {
        fail(why, REASON_BAD_DATA_FORMAT, "RFC 10002 A", "%zu octets behind %s",
             (size_t)(octets.data + octets.size - at), what);
        return NULL;
    }
    return decoded->value;
}

static struct bytes string_octets(const ASN1_STRING *string)
{
    if (string == NULL)
        return BYTES_EMPTY;
    return bytes_of(ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string));
}

static struct bytes encode(const void *value, const ASN1_ITEM *item, struct arena *arena)
{
    unsigned char *octets = NULL;
    int size = ASN1_item_i2d(value, &octets, item);
    struct bytes tlv = size > 0 ? arena_copy(arena, bytes_of(octets, (size_t)size)) : BYTES_EMPTY;
    OPENSSL_free(octets);
    return tlv;
}

/* The octets as received for constructed types; primitive ones are written anew as DER. */
static struct bytes any_tlv(const ASN1_TYPE *any, struct arena *arena)
{
    if (any->type == V_ASN1_SEQUENCE || any->type == V_ASN1_SET || any->type == V_ASN1_OTHER)
        return string_octets(any->value.asn1_string);
    return encode(any, ASN1_ITEM_rptr(ASN1_ANY), arena);
}

static struct bytes integer_content(const ASN1_INTEGER *integer, struct arena *arena)
{
    struct der der;
    struct bytes tlv = encode(integer, ASN1_ITEM_rptr(ASN1_INTEGER), arena);
    return der_only(tlv, DER_INTEGER, &der) ? der.content : BYTES_EMPTY;
}

static struct bytes oid_tlv(const ASN1_OBJECT *oid, struct arena *arena)
{
    return der_wrap(arena, DER_OID, bytes_of(OBJ_get0_data(oid), OBJ_length(oid)));
}

static bool body_id(const ASN1_INTEGER *integer, int64_t *id, struct failure *why)
{
    if (ASN1_INTEGER_get_int64(id, integer) != 1 || *id < 0 || *id > CMC_BODY_ID_MAX)
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 10002 3.2.2",
                    "a bodyPartID is not within 0 and 4294967295");
    return true;
}

/* ---- controls ------------------------------------------------------------------------------- */

static bool read_control(const CMC_TAGGED_ATTRIBUTE *attribute, struct arena *arena,
                         struct cmc_control *out, struct failure *why)
{
    if (!body_id(attribute->body_part_id, &out->id, why))
        return false;
    out->oid = oid_tlv(attribute->attr_type, arena);
    out->kind = control_kind(out->oid);
    int values = sk_ASN1_TYPE_num(attribute->attr_values);
    if (values == 1)
        out->value = any_tlv(sk_ASN1_TYPE_value(attribute->attr_values, 0), arena);
    else if (out->kind != CMC_CONTROL_UNKNOWN)
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 10002 6", "control %s has %d values, not one",
                    rows[out->kind].word, values);
    return true;
}

static bool read_controls(const STACK_OF(CMC_TAGGED_ATTRIBUTE) * stack, struct arena *arena,
                          struct cmc_body *out, struct failure *why)
{
    size_t seen[CMC_CONTROL_KINDS + 1] = {0};
    int count = sk_CMC_TAGGED_ATTRIBUTE_num(stack);
    if (count > LIMIT_CONTROLS)
        return fail(why, REASON_TOO_LARGE, NULL, "%d controls; at most %d are taken", count,
                    LIMIT_CONTROLS);
    out->controls = arena_array(arena, (size_t)count, sizeof(*out->controls));
    for (int i = 0; i < count; i++) {
        struct cmc_control *control = &out->controls[out->control_count++];
        if (!read_control(sk_CMC_TAGGED_ATTRIBUTE_value(stack, i), arena, control, why))
            return false;
        const struct cmc_control_row *row = cmc_control_row(control->kind);
        if (row != NULL && row->times == CMC_ONCE && seen[control->kind]++ > 0)
            return fail(why, REASON_BAD_DATA_FORMAT, "RFC 10002 6", "control %s stands twice",
                        row->word);
    }
    return true;
}

/* ---- requests ------------------------------------------------------------------------------- */

/* The fields of an implicitly tagged CertReqMsg, put into the SEQUENCE that CRMF defines. */
static bool read_crm(const STACK_OF(ASN1_TYPE) * fields, struct arena *arena,
                     struct cmc_request *out, struct failure *why)
{
    size_t count = (size_t)sk_ASN1_TYPE_num(fields);
    struct bytes parts[3];
    if (count < 1 || count > sizeof(parts) / sizeof(parts[0]))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 4211 3", "a CertReqMsg has %zu fields",
                    count);
    for (size_t i = 0; i < count; i++)
        parts[i] = any_tlv(sk_ASN1_TYPE_value(fields, (int)i), arena);
    out->form = CMC_CRM;
    out->body = der_join(arena, DER_SEQUENCE, parts, count);
    struct der request, id;
    struct bytes rest = parts[0];
    if (!der_only(rest, DER_SEQUENCE, &request))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 4211 3", "a CertRequest is not DER");
    rest = request.content;
    if (!der_take(&rest, DER_INTEGER, &id) || !der_number(id.content, &out->id) || out->id < 0 ||
        out->id > CMC_BODY_ID_MAX)
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 10002 3.2.2",
                    "a certReqId is not within 0 and 4294967295");
    return true;
}

static bool read_request(const CMC_TAGGED_REQUEST *tagged, struct arena *arena,
                         struct cmc_request *out, struct failure *why)
{
    switch (tagged->type) {
    case CMC_TAGGED_TCR:
        out->form = CMC_TCR;
        out->body = any_tlv(tagged->value.tcr->certification_request, arena);
        return body_id(tagged->value.tcr->body_part_id, &out->id, why);
    case CMC_TAGGED_CRM:
        return read_crm(tagged->value.crm, arena, out, why);
    default:
        out->form = CMC_ORM;
        out->body = any_tlv(tagged->value.orm->value, arena);
        return body_id(tagged->value.orm->body_part_id, &out->id, why);
    }
}

static bool read_requests(const CMC_REQ_SEQUENCE *stack, struct arena *arena, struct cmc_body *out,
                          struct failure *why)
{
    int count = sk_CMC_TAGGED_REQUEST_num(stack);
    if (count > LIMIT_ITEMS)
        return fail(why, REASON_TOO_LARGE, NULL, "%d requests; at most %d are taken", count,
                    LIMIT_ITEMS);
    out->requests = arena_array(arena, (size_t)count, sizeof(*out->requests));
    for (int i = 0; i < count; i++) {
        struct cmc_request *request = &out->requests[out->request_count];
        if (!read_request(sk_CMC_TAGGED_REQUEST_value(stack, i), arena, request, why))
            return false;
        for (size_t other = 0; other < out->request_count; other++) {
            if (out->requests[other].id == request->id)
                return fail(why, REASON_BAD_REQUEST, "RFC 10002 3.2.2",
                            "two requests have the body part id %lld", (long long)request->id);
        }
        out->request_count++;
    }
    return true;
}

static bool read_cms_sequence(const STACK_OF(CMC_TAGGED_CONTENT_INFO) * stack, struct arena *arena,
                              struct cmc_body *out, struct failure *why)
{
    int count = sk_CMC_TAGGED_CONTENT_INFO_num(stack);
    if (count > LIMIT_ITEMS)
        return fail(why, REASON_TOO_LARGE, NULL, "%d parts in cmsSequence; at most %d are taken",
                    count, LIMIT_ITEMS);
    out->cms = arena_array(arena, (size_t)count, sizeof(*out->cms));
    out->cms_ids = arena_array(arena, (size_t)count, sizeof(*out->cms_ids));
    for (int i = 0; i < count; i++) {
        const CMC_TAGGED_CONTENT_INFO *part = sk_CMC_TAGGED_CONTENT_INFO_value(stack, i);
        if (!body_id(part->body_part_id, &out->cms_ids[i], why))
            return false;
        out->cms[i] = any_tlv(part->content_info, arena);
        out->cms_count++;
    }
    return true;
}

bool cmc_decode_request(struct bytes content, struct arena *arena, struct cmc_body *out,
                        struct failure *why)
{
    memset(out, 0, sizeof(*out));
    const CMC_PKI_DATA *data =
        decode(content, ASN1_ITEM_rptr(CMC_PKI_DATA), "the PKIData", arena, why);
    if (data == NULL)
        return false;
    out->req_sequence = any_tlv(data->req_sequence, arena);
    const CMC_REQ_SEQUENCE *requests =
        decode(out->req_sequence, ASN1_ITEM_rptr(CMC_REQ_SEQUENCE), "the reqSequence", arena, why);
    out->other_count = (size_t)sk_CMC_OTHER_num(data->other_msg_sequence);
    return requests != NULL && read_controls(data->control_sequence, arena, out, why) &&
           read_requests(requests, arena, out, why) &&
           read_cms_sequence(data->cms_sequence, arena, out, why);
}

bool cmc_decode_response(struct bytes content, struct arena *arena, struct cmc_body *out,
                         struct failure *why)
{
    memset(out, 0, sizeof(*out));
    out->is_response = true;
    const CMC_PKI_RESPONSE *response =
        decode(content, ASN1_ITEM_rptr(CMC_PKI_RESPONSE), "the PKIResponse", arena, why);
    if (response == NULL)
        return false;
    out->other_count = (size_t)sk_CMC_OTHER_num(response->other_msg_sequence);
    return read_controls(response->control_sequence, arena, out, why) &&
           read_cms_sequence(response->cms_sequence, arena, out, why);
}

/* ---- control values ------------------------------------------------------------------------- */

const struct cmc_control *cmc_find(const struct cmc_body *body, enum cmc_control_kind kind)
{
    for (size_t i = 0; i < body->control_count; i++) {
        if (body->controls[i].kind == kind)
            return &body->controls[i];
    }
    return NULL;
}

bool cmc_octets_of(const struct cmc_control *control, uint8_t tag, size_t most, struct bytes *out,
                   struct failure *why)
{
    struct der der;
    *out = BYTES_EMPTY;
    if (control == NULL)
        return true;
    const struct cmc_control_row *row = cmc_control_row(control->kind);
    const char *word = row == NULL ? "control" : row->word;
    if (!der_only(control->value, tag, &der))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 10002 6", "%s has a value of another type",
                    word);
    if (der.content.size > most)
        return fail(why, REASON_TOO_LARGE, NULL, "%s has %zu octets; at most %zu are taken", word,
                    der.content.size, most);
    *out = der.content;
    return true;
}

static bool read_ids(const CMC_BODY_PART_LIST *stack, struct arena *arena, int64_t **ids,
                     size_t *count, struct failure *why)
{
    int found = sk_ASN1_INTEGER_num(stack);
    if (found < 1 || found > LIMIT_ITEMS + LIMIT_CONTROLS)
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 10002 3.2.2", "%d body parts are named",
                    found);
    *ids = arena_array(arena, (size_t)found, sizeof(**ids));
    for (*count = 0; *count < (size_t)found; ++*count) {
        if (!body_id(sk_ASN1_INTEGER_value(stack, (int)*count), &(*ids)[*count], why))
            return false;
    }
    return true;
}

bool cmc_ids_of(struct bytes list, struct arena *arena, int64_t **ids, size_t *count,
                struct failure *why)
{
    const CMC_BODY_PART_LIST *stack =
        decode(list, ASN1_ITEM_rptr(CMC_BODY_PART_LIST), "a list of body parts", arena, why);
    return stack != NULL && read_ids(stack, arena, ids, count, why);
}

/* BodyPartReference: of a path, the first step tells which of our own parts is meant. */
static bool read_reference(const ASN1_TYPE *reference, struct arena *arena, int64_t *id,
                           struct failure *why)
{
    int64_t *path = NULL;
    size_t steps = 0;
    if (reference->type == V_ASN1_INTEGER)
        return body_id(reference->value.integer, id, why);
    if (reference->type != V_ASN1_SEQUENCE ||
        !cmc_ids_of(any_tlv(reference, arena), arena, &path, &steps, why))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 10002 6.1.1",
                    "bodyList holds no body part reference");
    /* {0, n} is part n of this very PKIData. */
    *id = steps > 1 && path[0] == CMC_BODY_ID_WHOLE ? path[1] : path[0];
    return true;
}

static bool read_extended(struct bytes octets, struct arena *arena, struct cmc_status *out,
                          struct failure *why)
{
    const CMC_EXTENDED_FAIL_INFO *info =
        decode(octets, ASN1_ITEM_rptr(CMC_EXTENDED_FAIL_INFO), "extendedFailInfo", arena, why);
    if (info == NULL)
        return false;
    out->extended_oid = oid_tlv(info->fail_info_oid, arena);
    out->extended_value = any_tlv(info->fail_info_value, arena);
    return true;
}

static bool read_pend_info(struct bytes octets, struct arena *arena, struct cmc_status *out,
                           struct failure *why)
{
    const CMC_PEND_INFO *info =
        decode(octets, ASN1_ITEM_rptr(CMC_PEND_INFO), "pendInfo", arena, why);
    if (info == NULL)
        return false;
    out->has_pend_info = true;
    out->pend_token = string_octets(info->pend_token);
    struct bytes time = encode(info->pend_time, ASN1_ITEM_rptr(ASN1_GENERALIZEDTIME), arena);
    if (!der_time(time, &out->pend_time))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 10002 6.1.1",
                    "pendTime is no GeneralizedTime");
    return true;
}

/* RFC 5272 gave extendedFailInfo no tag; its first element, an OBJECT IDENTIFIER, tells it from
 * pendInfo, which begins with an OCTET STRING. */
static bool read_other_info(struct bytes info, struct arena *arena, struct cmc_status *out,
                            struct failure *why)
{
    struct der der, first;
    if (der_only(info, DER_INTEGER, &der)) {
        if (!der_number(der.content, &out->fail_info) || out->fail_info < 0)
            out->fail_info = INT32_MAX; /* a value that nobody defined */
        return true;
    }
    if (der_only(info, DER_CONTEXT_CONSTRUCTED | 1, &der))
        return read_extended(der_wrap(arena, DER_SEQUENCE, der.content), arena, out, why);
    if (!der_only(info, DER_SEQUENCE, &der))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 10002 6.1.1",
                    "otherInfo is of no known kind");
    struct bytes rest = der.content;
    return der_take(&rest, DER_OID, &first) ? read_extended(info, arena, out, why)
                                            : read_pend_info(info, arena, out, why);
}

bool cmc_decode_status(const struct cmc_control *control, struct arena *arena,
                       struct cmc_status *out, struct failure *why)
{
    memset(out, 0, sizeof(*out));
    out->fail_info = CMC_NO_FAIL_INFO;
    const CMC_STATUS_INFO_V2 *info =
        decode(control->value, ASN1_ITEM_rptr(CMC_STATUS_INFO_V2), "CMCStatusInfoV2", arena, why);
    if (info == NULL)
        return false;
    if (ASN1_INTEGER_get_int64(&out->status, info->status) != 1)
        out->status = INT32_MAX;
    int count = sk_ASN1_TYPE_num(info->body_list);
    if (count < 1 || count > LIMIT_ITEMS + LIMIT_CONTROLS)
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 10002 6.1.1", "bodyList has %d elements",
                    count);
    out->ids = arena_array(arena, (size_t)count, sizeof(*out->ids));
    for (; out->id_count < (size_t)count; out->id_count++) {
        const ASN1_TYPE *reference = sk_ASN1_TYPE_value(info->body_list, (int)out->id_count);
        if (!read_reference(reference, arena, &out->ids[out->id_count], why))
            return false;
    }
    out->text = string_octets(info->status_string);
    return info->other_info == NULL ||
           read_other_info(any_tlv(info->other_info, arena), arena, out, why);
}

bool cmc_decode_witness(struct bytes value, struct arena *arena, int64_t *pki_data, int64_t **ids,
                        size_t *count, struct failure *why)
{
    const CMC_LRA_POP_WITNESS *witness =
        decode(value, ASN1_ITEM_rptr(CMC_LRA_POP_WITNESS), "lraPOPWitness", arena, why);
    return witness != NULL && body_id(witness->pki_data_body_id, pki_data, why) &&
           read_ids(witness->body_ids, arena, ids, count, why);
}

bool cmc_decode_proof(struct bytes value, struct arena *arena, struct cmc_proof *out,
                      struct failure *why)
{
    const CMC_IDENTITY_PROOF_V2 *proof =
        decode(value, ASN1_ITEM_rptr(CMC_IDENTITY_PROOF_V2), "the proof of identity", arena, why);
    if (proof == NULL)
        return false;
    out->hash_algorithm = encode(proof->hash_alg_id, ASN1_ITEM_rptr(X509_ALGOR), arena);
    out->mac_algorithm = encode(proof->mac_alg_id, ASN1_ITEM_rptr(X509_ALGOR), arena);
    out->witness = string_octets(proof->witness);
    return true;
}

bool cmc_decode_revocation(struct bytes value, struct arena *arena, struct cmc_revocation *out,
                           struct failure *why)
{
    memset(out, 0, sizeof(*out));
    const CMC_REVOKE_REQUEST *request =
        decode(value, ASN1_ITEM_rptr(CMC_REVOKE_REQUEST), "revokeRequest", arena, why);
    if (request == NULL)
        return false;
    out->issuer = any_tlv(request->issuer_name, arena);
    out->serial = integer_content(request->serial_number, arena);
    if (ASN1_ENUMERATED_get_int64(&out->reason, request->reason) != 1)
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 10002 6.11", "reason is no CRLReason");
    out->has_secret = request->shared_secret != NULL;
    out->comment = string_octets(request->comment);
    return true;
}

bool cmc_decode_cert_id(struct bytes value, struct arena *arena, struct bytes *issuer,
                        struct bytes *serial, struct failure *why)
{
    const CMC_CERT_ID *id = decode(value, ASN1_ITEM_rptr(CMC_CERT_ID), "CMCCertId", arena, why);
    if (id == NULL)
        return false;
    *issuer = any_tlv(id->issuer, arena);
    *serial = integer_content(id->serial_number, arena);
    return true;
}
