#include "adapters/pkix/privilege.h"

#include <string.h>

#include <openssl/x509v3.h>

#include "adapters/pkix/der.h"
#include "adapters/pkix/extensions.h"
#include "adapters/pkix/names.h"
#include "mapping/model/limits.h"

static const char OID_BASIC_CONSTRAINTS[] = "2.5.29.19";
static const char OID_KEY_USAGE[] = "2.5.29.15";
static const char OID_EXT_KEY_USAGE[] = "2.5.29.37";
static const char OID_SUBJECT_ALT_NAME[] = "2.5.29.17";

bool item_extension(const struct item *item, const char *oid, struct bytes *value, bool *critical)
{
    struct extension extension;
    if (!extensions_find(item->extensions, oid, &extension))
        return false;
    *value = extension.value;
    *critical = extension.critical;
    return true;
}

static bool asks_for_ca(struct bytes basic_constraints)
{
    struct der list, flag;
    if (!der_only(basic_constraints, DER_SEQUENCE, &list))
        return true; /* unreadable: to be granted by nobody */
    struct bytes rest = list.content;
    return der_take(&rest, DER_BOOLEAN, &flag) && flag.content.size == 1 &&
           flag.content.data[0] != 0;
}

/* KeyUsage ::= BIT STRING: keyCertSign is bit 5, cRLSign bit 6 (RFC 5280 4.2.1.3). */
static bool asks_to_sign_certificates(struct bytes key_usage)
{
    struct der bits;
    if (!der_only(key_usage, DER_BIT_STRING, &bits) || bits.content.size < 2)
        return true;
    return (bits.content.data[1] & (0x80 >> 5 | 0x80 >> 6)) != 0;
}

static const struct {
    const char *oid;
    enum privilege privilege;
} privileged_usages[] = {
    {"1.3.6.1.5.5.7.3.27", PRIVILEGE_RA}, /* id-kp-cmcCA */
    {"1.3.6.1.5.5.7.3.28", PRIVILEGE_RA}, /* id-kp-cmcRA */
    {"1.3.6.1.5.5.7.3.29", PRIVILEGE_RA}, /* id-kp-cmcArchive */
    {"1.3.6.1.5.5.7.3.32", PRIVILEGE_RA}, /* id-kp-cmKGA */
    {"2.5.29.37.0", PRIVILEGE_ANY_USAGE},
};

static enum privilege usage_privileges(struct bytes ext_key_usage)
{
    struct der list, id;
    unsigned asked = PRIVILEGE_NONE;
    if (!der_only(ext_key_usage, DER_SEQUENCE, &list))
        return PRIVILEGE_RA;
    struct bytes rest = list.content;
    while (der_take(&rest, DER_OID, &id)) {
        for (size_t i = 0; i < sizeof(privileged_usages) / sizeof(privileged_usages[0]); i++) {
            if (der_oid_is(id.whole, privileged_usages[i].oid))
                asked |= privileged_usages[i].privilege;
        }
    }
    return (enum privilege)asked;
}

bool item_privileges(const struct item *item, enum privilege *asked, struct failure *why)
{
    (void)why;
    struct bytes value;
    bool critical;
    unsigned found = PRIVILEGE_NONE;
    if (item_extension(item, OID_BASIC_CONSTRAINTS, &value, &critical) && asks_for_ca(value))
        found |= PRIVILEGE_CA;
    if (item_extension(item, OID_KEY_USAGE, &value, &critical) && asks_to_sign_certificates(value))
        found |= PRIVILEGE_CA;
    if (item_extension(item, OID_EXT_KEY_USAGE, &value, &critical))
        found |= usage_privileges(value);
    *asked = (enum privilege)found;
    return true;
}

static const char *ip_text(struct arena *arena, const ASN1_OCTET_STRING *ip)
{
    const uint8_t *a = ASN1_STRING_get0_data(ip);
    if (ASN1_STRING_length(ip) == 4)
        return arena_printf(arena, "IP:%u.%u.%u.%u", a[0], a[1], a[2], a[3]);
    const char *text = "IP:";
    for (int i = 0; i + 1 < ASN1_STRING_length(ip); i += 2)
        text =
            arena_printf(arena, "%s%s%x", text, i == 0 ? "" : ":", (unsigned)a[i] << 8 | a[i + 1]);
    return text;
}

static const char *string_text(struct arena *arena, const char *kind, const ASN1_STRING *string)
{
    return arena_printf(arena, "%s:%.*s", kind, ASN1_STRING_length(string),
                        (const char *)ASN1_STRING_get0_data(string));
}

static const char *oid_text(struct arena *arena, const char *kind, const ASN1_OBJECT *oid)
{
    char dotted[128];
    OBJ_obj2txt(dotted, sizeof(dotted), oid, 1);
    return arena_printf(arena, "%s:%s", kind, dotted);
}

static const char *directory_text(struct arena *arena, const X509_NAME *name)
{
    const unsigned char *der = NULL;
    size_t size = 0;
    if (X509_NAME_get0_der(name, &der, &size) != 1)
        return "DirName:";
    struct bytes text = names_text(bytes_of(der, size), arena);
    return arena_printf(arena, "DirName:%.*s", (int)text.size, (const char *)text.data);
}

static const char *general_name_text(struct arena *arena, const GENERAL_NAME *name)
{
    int type = 0;
    const void *value = GENERAL_NAME_get0_value(name, &type);
    switch (type) {
    case GEN_DNS:
        return string_text(arena, "DNS", value);
    case GEN_EMAIL:
        return string_text(arena, "email", value);
    case GEN_URI:
        return string_text(arena, "URI", value);
    case GEN_IPADD:
        return ip_text(arena, value);
    case GEN_DIRNAME:
        return directory_text(arena, value);
    case GEN_RID:
        return oid_text(arena, "RID", value);
    case GEN_OTHERNAME:
        return oid_text(arena, "otherName", ((const OTHERNAME *)value)->type_id);
    default:
        return "other";
    }
}

static void free_general_names(void *names)
{
    GENERAL_NAMES_free(names);
}

bool item_alternative_names(const struct item *item, struct arena *arena, struct bytes **names,
                            size_t *count, struct failure *why)
{
    struct bytes value;
    bool critical;
    *count = 0;
    if (!item_extension(item, OID_SUBJECT_ALT_NAME, &value, &critical))
        return true;
    const unsigned char *at = value.data;
    GENERAL_NAMES *parsed = d2i_GENERAL_NAMES(NULL, &at, (long)value.size);
    arena_own(arena, parsed, free_general_names);
    if (parsed == NULL || at != value.data + value.size)
        return fail(why, REASON_EXTENSION_REFUSED, "RFC 5280 4.2.1.6",
                    "the requested subjectAltName is not well formed");
    int all = sk_GENERAL_NAME_num(parsed);
    if (all > LIMIT_EXTENSIONS)
        return fail(why, REASON_EXTENSION_REFUSED, "RFC 5280 4.2.1.6",
                    "too many alternative names: %d, at most %d", all, LIMIT_EXTENSIONS);
    *names = arena_array(arena, (size_t)all + 1, sizeof(**names));
    for (int i = 0; i < all; i++) {
        const char *text = general_name_text(arena, sk_GENERAL_NAME_value(parsed, i));
        (*names)[i] = bytes_of_text(text);
    }
    *count = (size_t)all;
    return true;
}
