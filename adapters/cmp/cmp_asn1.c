#include "adapters/cmp/cmp_asn1.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "mapping/codes.h"
#include "mapping/model/limits.h"

enum { ANY = 0, GENERALIZED_TIME = 0x18, FIELDS_MAX = 12 };

enum presence { REQUIRED, OPTIONAL };
enum extent { CONTENT, WHOLE };

struct field {
    const char *name;
    size_t offset; /* of a struct bytes */
    uint8_t tag;
    uint8_t inner; /* [n] EXPLICIT: the tag inside, or ANY */
    enum presence presence;
    enum extent extent;
};

struct cmp_shape {
    const char *name;
    const char *clause;
    size_t count;
    struct field fields[FIELDS_MAX];
};

#define EXPLICIT(n) (DER_CONTEXT_CONSTRUCTED | (n))
#define AT(member) offsetof(struct SHAPE, member)

/* clang-format off */
#define SHAPE cmp_message
const struct cmp_shape cmp_message_shape = {"PKIMessage", "RFC 9810 5.1", 4, {
    {"header", AT(header), DER_SEQUENCE, 0, REQUIRED, WHOLE},
    {"body", AT(body), ANY, 0, REQUIRED, WHOLE},
    {"protection", AT(protection), EXPLICIT(0), DER_BIT_STRING, OPTIONAL, WHOLE},
    {"extraCerts", AT(extra_certs), EXPLICIT(1), DER_SEQUENCE, OPTIONAL, CONTENT}}};
#undef SHAPE

#define SHAPE cmp_header
const struct cmp_shape cmp_header_shape = {"PKIHeader", "RFC 9810 5.1.1", 12, {
    {"pvno", AT(pvno), DER_INTEGER, 0, REQUIRED, WHOLE},
    {"sender", AT(sender), ANY, 0, REQUIRED, WHOLE},
    {"recipient", AT(recipient), ANY, 0, REQUIRED, WHOLE},
    {"messageTime", AT(message_time), EXPLICIT(0), GENERALIZED_TIME, OPTIONAL, WHOLE},
    {"protectionAlg", AT(protection_alg), EXPLICIT(1), DER_SEQUENCE, OPTIONAL, WHOLE},
    {"senderKID", AT(sender_kid), EXPLICIT(2), DER_OCTET_STRING, OPTIONAL, CONTENT},
    {"recipKID", AT(recip_kid), EXPLICIT(3), DER_OCTET_STRING, OPTIONAL, CONTENT},
    {"transactionID", AT(transaction_id), EXPLICIT(4), DER_OCTET_STRING, OPTIONAL, CONTENT},
    {"senderNonce", AT(sender_nonce), EXPLICIT(5), DER_OCTET_STRING, OPTIONAL, CONTENT},
    {"recipNonce", AT(recip_nonce), EXPLICIT(6), DER_OCTET_STRING, OPTIONAL, CONTENT},
    {"freeText", AT(free_text), EXPLICIT(7), DER_SEQUENCE, OPTIONAL, CONTENT},
    {"generalInfo", AT(general_info), EXPLICIT(8), DER_SEQUENCE, OPTIONAL, CONTENT}}};
#undef SHAPE

#define SHAPE cmp_info
const struct cmp_shape cmp_info_shape = {"InfoTypeAndValue", "RFC 9810 5.3.19", 2, {
    {"infoType", AT(type), DER_OID, 0, REQUIRED, WHOLE},
    {"infoValue", AT(value), ANY, 0, OPTIONAL, WHOLE}}};
#undef SHAPE

#define SHAPE cmp_status_info
const struct cmp_shape cmp_status_info_shape = {"PKIStatusInfo", "RFC 9810 5.2.3", 3, {
    {"status", AT(status), DER_INTEGER, 0, REQUIRED, WHOLE},
    {"statusString", AT(status_string), DER_SEQUENCE, 0, OPTIONAL, CONTENT},
    {"failInfo", AT(fail_info), DER_BIT_STRING, 0, OPTIONAL, CONTENT}}};
#undef SHAPE

#define SHAPE cmp_cert_rep
const struct cmp_shape cmp_cert_rep_shape = {"CertRepMessage", "RFC 9810 5.3.4", 2, {
    {"caPubs", AT(ca_pubs), EXPLICIT(1), DER_SEQUENCE, OPTIONAL, CONTENT},
    {"response", AT(response), DER_SEQUENCE, 0, REQUIRED, CONTENT}}};
#undef SHAPE

#define SHAPE cmp_cert_response
const struct cmp_shape cmp_cert_response_shape = {"CertResponse", "RFC 9810 5.3.4", 4, {
    {"certReqId", AT(cert_req_id), DER_INTEGER, 0, REQUIRED, WHOLE},
    {"status", AT(status), DER_SEQUENCE, 0, REQUIRED, WHOLE},
    {"certifiedKeyPair", AT(certified_key_pair), DER_SEQUENCE, 0, OPTIONAL, WHOLE},
    {"rspInfo", AT(rsp_info), DER_OCTET_STRING, 0, OPTIONAL, CONTENT}}};
#undef SHAPE

#define SHAPE cmp_certified_key_pair
const struct cmp_shape cmp_certified_key_pair_shape = {"CertifiedKeyPair", "RFC 9810 5.3.4", 3, {
    {"certOrEncCert", AT(cert_or_enc_cert), ANY, 0, REQUIRED, WHOLE},
    {"privateKey", AT(private_key), EXPLICIT(0), ANY, OPTIONAL, WHOLE},
    {"publicationInfo", AT(publication_info), EXPLICIT(1), ANY, OPTIONAL, WHOLE}}};
#undef SHAPE

#define SHAPE cmp_cert_status
const struct cmp_shape cmp_cert_status_shape = {"CertStatus", "RFC 9810 5.3.18", 4, {
    {"certHash", AT(cert_hash), DER_OCTET_STRING, 0, REQUIRED, CONTENT},
    {"certReqId", AT(cert_req_id), DER_INTEGER, 0, REQUIRED, WHOLE},
    {"statusInfo", AT(status_info), DER_SEQUENCE, 0, OPTIONAL, WHOLE},
    {"hashAlg", AT(hash_alg), EXPLICIT(0), DER_SEQUENCE, OPTIONAL, WHOLE}}};
#undef SHAPE

#define SHAPE cmp_poll
const struct cmp_shape cmp_poll_req_shape = {"PollReqContent", "RFC 9810 5.3.22", 1, {
    {"certReqId", AT(cert_req_id), DER_INTEGER, 0, REQUIRED, WHOLE}}};

const struct cmp_shape cmp_poll_rep_shape = {"PollRepContent", "RFC 9810 5.3.22", 3, {
    {"certReqId", AT(cert_req_id), DER_INTEGER, 0, REQUIRED, WHOLE},
    {"checkAfter", AT(check_after), DER_INTEGER, 0, REQUIRED, WHOLE},
    {"reason", AT(reason), DER_SEQUENCE, 0, OPTIONAL, CONTENT}}};
#undef SHAPE

#define SHAPE cmp_error
const struct cmp_shape cmp_error_shape = {"ErrorMsgContent", "RFC 9810 5.3.21", 3, {
    {"pKIStatusInfo", AT(status_info), DER_SEQUENCE, 0, REQUIRED, WHOLE},
    {"errorCode", AT(error_code), DER_INTEGER, 0, OPTIONAL, WHOLE},
    {"errorDetails", AT(error_details), DER_SEQUENCE, 0, OPTIONAL, CONTENT}}};
#undef SHAPE
/* clang-format on */

static bool take_field(struct bytes *rest, const struct field *field, struct der *out)
{
    bool taken = field->tag == ANY ? der_next(rest, out) : der_take(rest, field->tag, out);
    if (!taken)
        return false;
    bool is_explicit = field->inner != 0 || (field->tag & 0xe0) == DER_CONTEXT_CONSTRUCTED;
    if (!is_explicit)
        return true;
    struct bytes inside = out->content;
    bool right =
        field->inner == ANY ? der_next(&inside, out) : der_take(&inside, field->inner, out);
    return right && bytes_is_empty(inside);
}

/* Whether the front of `rest` has the field's outer tag: an OPTIONAL field that is there must also
 * be well-formed inside. */
static bool starts(struct bytes rest, const struct field *field)
{
    return rest.size > 0 && (field->tag == ANY || rest.data[0] == field->tag);
}

bool cmp_read(const struct cmp_shape *shape, struct bytes tlv, void *out, struct failure *why)
{
    struct der sequence, taken;
    if (!der_only(tlv, DER_SEQUENCE, &sequence))
        return fail(why, REASON_BAD_DATA_FORMAT, shape->clause, "%s is not one DER SEQUENCE",
                    shape->name);
    struct bytes rest = sequence.content;
    for (size_t i = 0; i < shape->count; i++) {
        const struct field *field = &shape->fields[i];
        struct bytes value = BYTES_EMPTY;
        if (starts(rest, field) || field->presence == REQUIRED) {
            if (!take_field(&rest, field, &taken))
                return fail(why, REASON_BAD_DATA_FORMAT, shape->clause,
                            "%s: %s is missing or malformed", shape->name, field->name);
            value = field->extent == WHOLE ? taken.whole : taken.content;
        }
        memcpy((char *)out + field->offset, &value, sizeof(value));
    }
    if (rest.size > 0)
        return fail(why, REASON_BAD_DATA_FORMAT, shape->clause,
                    "%s: something follows the last field, or fields are out of order",
                    shape->name);
    return true;
}

static struct bytes write_field(const struct field *field, struct bytes value, struct arena *arena)
{
    bool is_explicit = field->inner != 0 || (field->tag & 0xe0) == DER_CONTEXT_CONSTRUCTED;
    if (field->extent == CONTENT)
        value = der_wrap(arena, is_explicit ? field->inner : field->tag, value);
    return is_explicit ? der_wrap(arena, field->tag, value) : value;
}

struct bytes cmp_write(const struct cmp_shape *shape, const void *in, struct arena *arena)
{
    struct bytes parts[FIELDS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < shape->count; i++) {
        const struct field *field = &shape->fields[i];
        struct bytes value;
        memcpy(&value, (const char *)in + field->offset, sizeof(value));
        if (field->presence == OPTIONAL && bytes_is_empty(value))
            continue;
        assert(field->extent == CONTENT || value.size > 0);
        parts[count++] = write_field(field, value, arena);
    }
    return der_join(arena, DER_SEQUENCE, parts, count);
}

bool cmp_integer(struct bytes tlv, int64_t *n)
{
    struct der integer;
    return der_only(tlv, DER_INTEGER, &integer) && der_number(integer.content, n);
}

size_t cmp_count(struct bytes content)
{
    struct der element;
    size_t count = 0;
    while (content.size > 0) {
        if (!der_next(&content, &element))
            return SIZE_MAX;
        count++;
    }
    return count;
}

struct bytes cmp_free_text(struct bytes text, struct arena *arena)
{
    struct bytes safe = peer_text(text, arena);
    return bytes_is_empty(safe) ? BYTES_EMPTY : der_wrap(arena, DER_UTF8_STRING, safe);
}

struct bytes cmp_free_text_read(struct bytes content, struct arena *arena)
{
    static const struct bytes separator = {(const uint8_t *)"; ", 2};
    uint8_t *line = arena_alloc(arena, LIMIT_PEER_TEXT_OCTETS);
    size_t used = 0;
    struct der text;
    for (int i = 0; i < LIMIT_TEXTS && der_take(&content, DER_UTF8_STRING, &text); i++) {
        struct bytes parts[] = {used > 0 ? separator : BYTES_EMPTY, text.content};
        for (size_t p = 0; p < 2; p++) {
            struct bytes part = bytes_slice(parts[p], 0, LIMIT_PEER_TEXT_OCTETS - used);
            if (part.size > 0)
                memcpy(line + used, part.data, part.size);
            used += part.size;
        }
    }
    return peer_text(bytes_of(line, used), arena);
}

struct bytes cmp_fail_info(uint32_t bits, struct arena *arena)
{
    uint8_t octets[5] = {0};
    size_t last = 0; /* the octet of the highest bit set: DER drops trailing zero bits */
    unsigned unused = 0;
    for (unsigned n = 0; n < 32; n++) {
        if ((bits >> n & 1) == 0)
            continue;
        last = 1 + n / 8;
        unused = 7 - n % 8;
        octets[last] = (uint8_t)(octets[last] | 0x80 >> n % 8);
    }
    if (last == 0)
        return BYTES_EMPTY;
    octets[0] = (uint8_t)unused;
    return arena_copy(arena, bytes_of(octets, last + 1));
}

uint32_t cmp_fail_info_read(struct bytes content)
{
    uint32_t bits = 0;
    for (size_t n = 0; n < 32 && 1 + n / 8 < content.size; n++) {
        if ((content.data[1 + n / 8] & 0x80 >> n % 8) != 0)
            bits |= UINT32_C(1) << n;
    }
    return bits;
}
