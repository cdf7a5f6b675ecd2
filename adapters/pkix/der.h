/* Walking DER without copying: one TLV at a time, low tag numbers only (all that PKIX uses).
 *
 * For what decides before anything else is parsed, for exact slices of signed parts, and for the
 * few structures that are too small for a template. Lengths must be definite and minimal. */
#ifndef DRAGOMAN_ADAPTERS_PKIX_DER_H
#define DRAGOMAN_ADAPTERS_PKIX_DER_H

#include "mapping/model/arena.h"
#include "mapping/model/failure.h"

enum der_tag {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_ENUMERATED = 0x0a,
    DER_UTF8_STRING = 0x0c,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
    DER_CONTEXT = 0x80,             /* | number: primitive */
    DER_CONTEXT_CONSTRUCTED = 0xa0, /* | number */
};

struct der {
    uint8_t tag;
    struct bytes whole;   /* the TLV */
    struct bytes content; /* the V */
};

/* Takes one TLV off the front of *rest. False if there is none or it is not DER; *rest stays. */
bool der_next(struct bytes *rest, struct der *out);
/* As der_next, but only if the tag is that one: for OPTIONAL fields too. */
bool der_take(struct bytes *rest, uint8_t tag, struct der *out);
/* Exactly one TLV of that tag and nothing behind it. */
bool der_only(struct bytes octets, uint8_t tag, struct der *out);
/* True if `octets` is one or more well-formed DER TLVs and nothing else, at most LIMIT_DER_DEPTH
 * levels deep: definite minimal lengths, and universal types encoded as X.690 11 asks. What only
 * the module can tell (omitted defaults, the order of a SET OF) is not looked at: peers send
 * multi-valued RDNs unsorted, and their octets are kept as they are anyway. */
bool der_is_sound(struct bytes octets);
/* INTEGER or ENUMERATED content to a number; false if empty, not minimal, or not an int64_t. */
bool der_number(struct bytes content, int64_t *out);
/* BOOLEAN content: 00 or ff. */
bool der_boolean(struct bytes content, bool *out);
/* BIT STRING content to its octets; false if bits of the last one are unused. */
bool der_bits(struct bytes content, struct bytes *out);
/* UTCTime or GeneralizedTime TLV (fractional seconds tolerated) to s since 1970 UTC. */
bool der_time(struct bytes tlv, int64_t *out);

/* A TLV around content; a SEQUENCE of parts; both in the arena. */
struct bytes der_wrap(struct arena *arena, uint8_t tag, struct bytes content);
struct bytes der_join(struct arena *arena, uint8_t tag, const struct bytes *parts, size_t count);
/* The same with the parts in the order of a DER SET OF (X.690 11.6). */
struct bytes der_set_of(struct arena *arena, uint8_t tag, const struct bytes *parts, size_t count);
struct bytes der_integer(struct arena *arena, int64_t n);
/* BIT STRING without unused bits. */
struct bytes der_bit_string(struct arena *arena, struct bytes octets);
/* s since 1970 UTC: GeneralizedTime, and RFC 5280's Time (UTCTime until 2049). */
struct bytes der_generalized_time(struct arena *arena, int64_t t);
struct bytes der_x509_time(struct arena *arena, int64_t t);
/* From dotted text, "1.3.6.1.5.5.7.7.25"; our own constants only. */
struct bytes der_oid(struct arena *arena, const char *dotted);
/* Whether an OID TLV is that one. */
bool der_oid_is(struct bytes tlv, const char *dotted);
/* An OID TLV as dotted text; "?" if it is none or has an arc over 63 bits. */
const char *der_oid_text(struct arena *arena, struct bytes tlv);
/* A NULL-DN (3000) or absent? */
bool der_name_is_empty(struct bytes name);

#endif
