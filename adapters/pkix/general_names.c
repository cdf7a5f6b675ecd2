/* GeneralNames (RFC 5280 4.2.1.6): compared as multisets, and written for people. */
#include <stdio.h>

#include "adapters/pkix/names.h"
#include "adapters/pkix/names_value.h"
#include "mapping/model/limits.h"

/* GeneralName ::= CHOICE {
 *     otherName [0], rfc822Name [1] IA5String, dNSName [2] IA5String, x400Address [3],
 *     directoryName [4] Name, ediPartyName [5], uniformResourceIdentifier [6] IA5String,
 *     iPAddress [7] OCTET STRING, registeredID [8] OBJECT IDENTIFIER } */
enum general_name_tag {
    OTHER_NAME = DER_CONTEXT_CONSTRUCTED | 0,
    RFC822_NAME = DER_CONTEXT | 1,
    DNS_NAME = DER_CONTEXT | 2,
    DIRECTORY_NAME = DER_CONTEXT_CONSTRUCTED | 4,
    URI = DER_CONTEXT | 6,
    IP_ADDRESS = DER_CONTEXT | 7,
    REGISTERED_ID = DER_CONTEXT | 8
};

/* ---- comparison ----------------------------------------------------------------------------- */

/* ASCII letters alike from `from` on, exact before. Never by locale. */
static bool same_from(struct bytes a, struct bytes b, size_t from)
{
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++) {
        bool alike = i >= from && name_fold(a.data[i]) == name_fold(b.data[i]);
        if (a.data[i] != b.data[i] && !alike)
            return false;
    }
    return true;
}

/* The local part is its host's business, the host has no case (RFC 5280 7.5). */
static bool mailbox_same(struct bytes a, struct bytes b)
{
    size_t host = a.size;
    while (host > 0 && a.data[host - 1] != '@')
        host--;
    return same_from(a, b, host);
}

/* Where the authority of a URI ends (RFC 3986 3.2): scheme and host have no case, what follows has
 * (RFC 5280 7.4). Before the host there may be user information, which has. */
static bool uri_same(struct bytes a, struct bytes b)
{
    if (a.size != b.size)
        return false;
    size_t colon = 0, host, end;
    while (colon < a.size && a.data[colon] != ':')
        colon++;
    host = end = colon;
    if (colon + 2 < a.size && a.data[colon + 1] == '/' && a.data[colon + 2] == '/') {
        host = end = colon + 3;
        while (end < a.size && strchr("/?#", a.data[end]) == NULL)
            end++;
        for (size_t i = host; i < end; i++)
            if (a.data[i] == '@')
                host = i + 1;
    }
    return same_from(bytes_slice(a, 0, colon), bytes_slice(b, 0, colon), 0) &&
           bytes_equal(bytes_slice(a, colon, host - colon), bytes_slice(b, colon, host - colon)) &&
           same_from(bytes_slice(a, host, end - host), bytes_slice(b, host, end - host), 0) &&
           bytes_equal(bytes_slice(a, end, a.size), bytes_slice(b, end, b.size));
}

/* OtherName ::= SEQUENCE { type-id OBJECT IDENTIFIER, value [0] EXPLICIT ANY }
 * SmtpUTF8Mailbox (RFC 9598 3) is a UTF8String and compares as an rfc822Name does. */
static bool other_same(const struct der *a, const struct der *b)
{
    struct bytes left = a->content, right = b->content;
    struct der type, type_b, value, value_b, text, text_b;
    if (bytes_equal(left, right))
        return true;
    return der_take(&left, DER_OID, &type) && der_take(&right, DER_OID, &type_b) &&
           bytes_equal(type.whole, type_b.whole) && der_oid_is(type.whole, "1.3.6.1.5.5.7.8.9") &&
           der_only(left, DER_CONTEXT_CONSTRUCTED | 0, &value) &&
           der_only(right, DER_CONTEXT_CONSTRUCTED | 0, &value_b) &&
           der_only(value.content, DER_UTF8_STRING, &text) &&
           der_only(value_b.content, DER_UTF8_STRING, &text_b) &&
           mailbox_same(text.content, text_b.content);
}

static bool general_name_same(const struct der *a, const struct der *b)
{
    if (a->tag != b->tag)
        return false;
    switch (a->tag) {
    case OTHER_NAME:
        return other_same(a, b);
    case RFC822_NAME:
        return mailbox_same(a->content, b->content);
    case DNS_NAME:
        return same_from(a->content, b->content, 0);
    case DIRECTORY_NAME:
        return names_same(a->content, b->content);
    case URI:
        return uri_same(a->content, b->content);
    default:
        return bytes_equal(a->content, b->content);
    }
}

/* GeneralNames ::= SEQUENCE SIZE (1..MAX) OF GeneralName */
static bool list(struct bytes general_names, struct der out[LIMIT_GENERAL_NAMES], size_t *count)
{
    struct der sequence;
    *count = 0;
    if (!der_only(general_names, DER_SEQUENCE, &sequence) || sequence.content.size == 0)
        return false;
    for (struct bytes rest = sequence.content; rest.size > 0; ++*count)
        if (*count == LIMIT_GENERAL_NAMES || !der_next(&rest, &out[*count]))
            return false;
    return true;
}

bool general_names_same(struct bytes a, struct bytes b)
{
    struct der left[LIMIT_GENERAL_NAMES], right[LIMIT_GENERAL_NAMES];
    bool taken[LIMIT_GENERAL_NAMES] = {false};
    size_t count, count_b;
    if (!list(a, left, &count) || !list(b, right, &count_b) || count != count_b)
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t j = 0;
        while (j < count && (taken[j] || !general_name_same(&left[i], &right[j])))
            j++;
        if (j == count)
            return false;
        taken[j] = true;
    }
    return true;
}

/* ---- text ----------------------------------------------------------------------------------- */

static const char *hex(struct bytes octets, struct arena *arena)
{
    char *text = arena_alloc(arena, 2 * octets.size + 1);
    for (size_t i = 0; i < octets.size; i++)
        snprintf(text + 2 * i, 3, "%02x", octets.data[i]);
    return text;
}

/* Printable ASCII as it is, all else and the separators as \xx. */
static const char *escaped(struct bytes octets, struct arena *arena)
{
    char *text = arena_alloc(arena, 3 * octets.size + 1), *to = text;
    for (size_t i = 0; i < octets.size; i++) {
        uint8_t c = octets.data[i];
        if (c > ' ' && c < 0x7f && c != '\\' && c != ',')
            *to++ = (char)c;
        else
            to += snprintf(to, 4, "\\%02x", c);
    }
    return text;
}

static const char *address(struct bytes octets, struct arena *arena)
{
    const uint8_t *o = octets.data;
    if (octets.size == 4)
        return arena_printf(arena, "%u.%u.%u.%u", o[0], o[1], o[2], o[3]);
    if (octets.size != 16)
        return arena_printf(arena, "#%s", hex(octets, arena));
    char *text = arena_alloc(arena, 40), *to = text;
    for (size_t i = 0; i < 16; i += 2)
        to += snprintf(to, 6, "%s%x", i > 0 ? ":" : "", (unsigned)(o[i] << 8 | o[i + 1]));
    return text;
}

static const char *registered_id(struct bytes content, struct arena *arena)
{
    return der_oid_text(arena, der_wrap(arena, DER_OID, content));
}

static const char *one_text(const struct der *name, struct arena *arena)
{
    switch (name->tag) {
    case RFC822_NAME:
        return arena_printf(arena, "email:%s", escaped(name->content, arena));
    case DNS_NAME:
        return arena_printf(arena, "DNS:%s", escaped(name->content, arena));
    case DIRECTORY_NAME:
        return arena_printf(arena, "DN:%s", arena_text(arena, names_text(name->content, arena)));
    case URI:
        return arena_printf(arena, "URI:%s", escaped(name->content, arena));
    case IP_ADDRESS:
        return arena_printf(arena, "IP:%s", address(name->content, arena));
    case REGISTERED_ID:
        return arena_printf(arena, "RID:%s", registered_id(name->content, arena));
    default:
        return arena_printf(arena, "other:#%s", hex(name->whole, arena));
    }
}

struct bytes general_names_text(struct bytes general_names, struct arena *arena)
{
    struct der names[LIMIT_GENERAL_NAMES];
    struct bytes parts[2 * LIMIT_GENERAL_NAMES];
    size_t count, size = 0;
    if (!list(general_names, names, &count))
        return bytes_of_text(arena_printf(arena, "#%s", hex(general_names, arena)));
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            parts[size++] = BYTES_LITERAL(", ");
        parts[size++] = bytes_of_text(one_text(&names[i], arena));
    }
    struct der joined;
    der_only(der_join(arena, DER_SEQUENCE, parts, size), DER_SEQUENCE, &joined);
    return joined.content;
}
