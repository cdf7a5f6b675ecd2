/* Extensions in words. */
#include "adapters/pkix/der.h"
#include "adapters/pkix/extensions.h"
#include "adapters/pkix/inspect_fields.h"
#include "adapters/pkix/names.h"

/* Gives NULL where the value is not what its type says; it is shown in hex then. */
typedef const char *value_words(struct bytes value, struct arena *arena);

static const char *alternative_names(struct bytes value, struct arena *arena)
{
    return arena_text(arena, general_names_text(value, arena));
}

/* KeyUsage ::= BIT STRING { digitalSignature (0), ... decipherOnly (8) } */
static const char *key_usage(struct bytes value, struct arena *arena)
{
    static const char *const bits[] = {"digitalSignature", "nonRepudiation", "keyEncipherment",
                                       "dataEncipherment", "keyAgreement",   "keyCertSign",
                                       "cRLSign",          "encipherOnly",   "decipherOnly"};
    struct der string;
    const char *text = "";
    if (!der_only(value, DER_BIT_STRING, &string))
        return NULL;
    for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
        if (1 + i / 8 < string.content.size &&
            (string.content.data[1 + i / 8] & (0x80 >> i % 8)) != 0)
            text = arena_printf(arena, "%s%s%s", text, *text == '\0' ? "" : ", ", bits[i]);
    return text;
}

/* ExtKeyUsageSyntax, certificatePolicies: a list of OIDs, of the latter the qualifiers left out. */
static const char *oids(struct bytes value, struct arena *arena)
{
    struct der list, element, oid;
    const char *text = "";
    if (!der_only(value, DER_SEQUENCE, &list))
        return NULL;
    for (struct bytes rest = list.content; der_next(&rest, &element);) {
        struct bytes inside = element.tag == DER_SEQUENCE ? element.content : element.whole;
        if (!der_take(&inside, DER_OID, &oid))
            return NULL;
        text = arena_printf(arena, "%s%s%s", text, *text == '\0' ? "" : ", ",
                            oid_name(arena, oid.whole));
    }
    return text;
}

/* BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL } */
static const char *basic_constraints(struct bytes value, struct arena *arena)
{
    struct der sequence, field;
    bool ca = false;
    int64_t length;
    if (!der_only(value, DER_SEQUENCE, &sequence))
        return NULL;
    struct bytes rest = sequence.content;
    if (der_take(&rest, DER_BOOLEAN, &field) && !der_boolean(field.content, &ca))
        return NULL;
    if (!der_take(&rest, DER_INTEGER, &field))
        return ca ? "CA:TRUE" : "CA:FALSE";
    if (!der_number(field.content, &length))
        return NULL;
    return arena_printf(arena, "CA:%s, pathlen:%lld", ca ? "TRUE" : "FALSE", (long long)length);
}

static const char *number(struct bytes value, struct arena *arena)
{
    struct der integer;
    int64_t n;
    if ((!der_only(value, DER_INTEGER, &integer) && !der_only(value, DER_ENUMERATED, &integer)) ||
        !der_number(integer.content, &n))
        return NULL;
    return arena_printf(arena, "%lld", (long long)n);
}

static const char *hex(struct bytes octets, struct arena *arena)
{
    return node_hex(NULL, arena, "", octets)->value;
}

static const char *key_identifier(struct bytes value, struct arena *arena)
{
    struct der octets;
    return der_only(value, DER_OCTET_STRING, &octets) ? hex(octets.content, arena) : NULL;
}

/* AuthorityKeyIdentifier ::= SEQUENCE { keyIdentifier [0] OPTIONAL, ... } */
static const char *authority_key(struct bytes value, struct arena *arena)
{
    struct der sequence, id;
    return der_only(value, DER_SEQUENCE, &sequence) &&
                   der_only(sequence.content, DER_CONTEXT | 0, &id)
               ? hex(id.content, arena)
               : NULL;
}

static const struct {
    const char *oid;
    value_words *words;
} known[] = {
    {"2.5.29.14", key_identifier},
    {"2.5.29.15", key_usage},
    {"2.5.29.17", alternative_names},
    {"2.5.29.18", alternative_names},
    {"2.5.29.19", basic_constraints},
    {"2.5.29.20", number},
    {"2.5.29.21", number},
    {"2.5.29.32", oids},
    {"2.5.29.35", authority_key},
    {"2.5.29.37", oids},
};

void node_extensions(struct node *parent, struct arena *arena, const char *name,
                     struct bytes extensions)
{
    struct der list;
    struct extension extension;
    if (!der_only(extensions, DER_SEQUENCE, &list))
        return;
    struct node *node = node_add(parent, arena, name, NULL);
    for (struct bytes rest = list.content; extension_next(&rest, &extension);) {
        const char *words = NULL;
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
            if (der_oid_is(extension.oid, known[i].oid))
                words = known[i].words(extension.value, arena);
        if (words == NULL)
            words = hex(extension.value, arena);
        node_printf(node, arena, oid_name(arena, extension.oid), "%s%s",
                    extension.critical ? "critical, " : "", words);
    }
}
