#include "adapters/cmp/cmp_body.h"

#include "mapping/model/limits.h"

/* clang-format off */
#define ENROL cmp_read_enrolment, cmp_write_enrolment
#define NOBODY NULL, NULL
/* In the order of PKIBody's tags. */
static const struct cmp_body bodies[CMP_TYPE_COUNT] = {
    /*  name       role         mac    path label          operation              answer        read, write */
    {"ir",         CMP_OPENS,   true,  "initialization",   OPERATION_ENROLL,      CMP_IP,       ENROL},
    {"ip",         CMP_NEVER,   true,  NULL,               OPERATION_SUPPORT,     CMP_ERROR,    NOBODY},
    {"cr",         CMP_OPENS,   true,  "certification",    OPERATION_ENROLL_ADD,  CMP_CP,       ENROL},
    {"cp",         CMP_NEVER,   true,  NULL,               OPERATION_SUPPORT,     CMP_ERROR,    NOBODY},
    {"p10cr",      CMP_OPENS,   true,  "pkcs10",           OPERATION_ENROLL,      CMP_CP,       ENROL},
    {"popdecc",    CMP_NEVER,   true,  NULL,               OPERATION_SUPPORT,     CMP_ERROR,    NOBODY},
    {"popdecr",    CMP_FOLLOWS, true,  NULL,               OPERATION_SUPPORT,     CMP_ERROR,    NOBODY},
    {"kur",        CMP_OPENS,   false, "keyupdate",        OPERATION_UPDATE,      CMP_KUP,      ENROL},
    {"kup",        CMP_NEVER,   true,  NULL,               OPERATION_SUPPORT,     CMP_ERROR,    NOBODY},
    {"krr",        CMP_OPENS,   true,  NULL,               OPERATION_SUPPORT,     CMP_ERROR,    NOBODY},
    {"krp",        CMP_NEVER,   true,  NULL,               OPERATION_SUPPORT,     CMP_ERROR,    NOBODY},
    {"rr",         CMP_OPENS,   false, "revocation",       OPERATION_REVOKE,      CMP_RP,       cmp_read_revocation, cmp_write_revocation},
    {"rp",         CMP_NEVER,   true,  NULL,               OPERATION_SUPPORT,     CMP_ERROR,    NOBODY},
    {"ccr",        CMP_OPENS,   true,  NULL,               OPERATION_SUPPORT,     CMP_ERROR,    NOBODY},
    {"ccp",        CMP_NEVER,   true,  NULL,               OPERATION_SUPPORT,     CMP_ERROR,    NOBODY},
    {"ckuann",     CMP_NEVER,   true,  NULL,               OPERATION_SUPPORT,     CMP_ERROR,    NOBODY},
    {"cann",       CMP_NEVER,   true,  NULL,               OPERATION_SUPPORT,     CMP_ERROR,    NOBODY},
    {"rann",       CMP_NEVER,   true,  NULL,               OPERATION_SUPPORT,     CMP_ERROR,    NOBODY},
    {"crlann",     CMP_NEVER,   true,  NULL,               OPERATION_SUPPORT,     CMP_ERROR,    NOBODY},
    {"pkiconf",    CMP_FOLLOWS, true,  NULL,               OPERATION_CONFIRM,     CMP_PKICONF,  cmp_read_pki_conf, cmp_write_confirmation},
    {"nested",     CMP_OPENS,   false, "nested",           OPERATION_SUPPORT,     CMP_ERROR,    NOBODY},
    {"genm",       CMP_OPENS,   true,  NULL,               OPERATION_SUPPORT,     CMP_GENP,     cmp_read_support, cmp_write_support},
    {"genp",       CMP_NEVER,   true,  NULL,               OPERATION_SUPPORT,     CMP_ERROR,    NOBODY},
    {"error",      CMP_FOLLOWS, true,  NULL,               OPERATION_CANCEL,      CMP_PKICONF,  cmp_read_error, cmp_write_confirmation},
    {"certConf",   CMP_FOLLOWS, true,  NULL,               OPERATION_CONFIRM,     CMP_PKICONF,  cmp_read_cert_conf, cmp_write_confirmation},
    {"pollReq",    CMP_FOLLOWS, true,  NULL,               OPERATION_POLL,        CMP_POLL_REP, cmp_read_poll, cmp_write_poll},
    {"pollRep",    CMP_NEVER,   true,  NULL,               OPERATION_SUPPORT,     CMP_ERROR,    NOBODY},
};
/* clang-format on */

const struct cmp_body *cmp_body(int64_t type)
{
    return type >= 0 && type < CMP_TYPE_COUNT ? &bodies[type] : NULL;
}

/* The header of a message whose length is wrong or whose rest is broken: enough to let the peer
 * match our error (RFC 9483 3.5). */
static struct bytes damaged_header(struct bytes octets)
{
    struct der header;
    if (octets.size < 2 || octets.data[0] != DER_SEQUENCE)
        return BYTES_EMPTY;
    size_t prefix = octets.data[1] <= 0x80 ? 2 : 2 + (size_t)(octets.data[1] & 0x7f);
    struct bytes rest = bytes_slice(octets, prefix, octets.size);
    return der_take(&rest, DER_SEQUENCE, &header) && der_is_sound(header.whole) ? header.whole
                                                                                : BYTES_EMPTY;
}

static bool parse_body(struct cmp_decoding *decoding, struct failure *why)
{
    struct der choice;
    if (!der_only(decoding->message.body, decoding->message.body.data[0], &choice) ||
        (choice.tag & 0xe0) != DER_CONTEXT_CONSTRUCTED || cmp_body(choice.tag & 0x1f) == NULL ||
        cmp_count(choice.content) != 1)
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 9810 5.1.2", "unknown body type");
    decoding->type = (enum cmp_type)(choice.tag & 0x1f);
    decoding->content = choice.content;
    return true;
}

static bool is_general_name(struct bytes tlv)
{
    return tlv.size > 0 && (tlv.data[0] & 0xc0) == DER_CONTEXT && (tlv.data[0] & 0x1f) <= 8;
}

static bool parse_header(struct cmp_decoding *decoding, struct failure *why)
{
    struct cmp_header *header = &decoding->header;
    bool whole = cmp_read(&cmp_header_shape, decoding->message.header, header, why);
    if (!is_general_name(header->sender) || !is_general_name(header->recipient)) {
        *header = (struct cmp_header){.pvno = BYTES_EMPTY}; /* nobody to answer to */
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 9810 5.1.1",
                    "sender and recipient must be of type GeneralName");
    }
    decoding->transaction_id = header->transaction_id;
    if (!whole)
        return false;
    return cmp_integer(header->pvno, &decoding->pvno) ||
           fail(why, REASON_UNSUPPORTED_VERSION, NULL, NULL);
}

bool cmp_parse(struct bytes octets, struct arena *arena, struct cmp_decoding *decoding,
               struct failure *why)
{
    decoding->arena = arena;
    decoding->type = CMP_TYPE_COUNT;
    if (octets.size > LIMIT_MESSAGE_OCTETS)
        return fail(why, REASON_TOO_LARGE, NULL, "the message has more than %d octets",
                    LIMIT_MESSAGE_OCTETS);
    if (!der_is_sound(octets) || !cmp_read(&cmp_message_shape, octets, &decoding->message, why)) {
        struct failure ignored;
        decoding->message = (struct cmp_message){.header = damaged_header(octets)};
        parse_header(decoding, &ignored);
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 9811 3.1",
                    "the message is not one well-formed DER PKIMessage");
    }
    return parse_header(decoding, why) && parse_body(decoding, why);
}
