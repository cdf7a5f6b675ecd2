#include "adapters/pkix/inspect_fields.h"

#include <stdio.h>
#include <time.h>

#include <openssl/evp.h>

#include "adapters/pkix/der.h"
#include "adapters/pkix/key.h"
#include "adapters/pkix/names.h"
#include "adapters/pkix/signature.h"
#include "adapters/pkix/spki.h"

const char *oid_name(struct arena *arena, struct bytes oid)
{
    static const struct {
        const char *oid, *name;
    } rows[] = {
#define OID_NAME(oid, name) {oid, name},
#include "adapters/pkix/oid_names.def"
#undef OID_NAME
    };
    const char *dotted = der_oid_text(arena, oid);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(rows[i].oid, dotted) == 0)
            return rows[i].name;
    return dotted;
}

void node_name(struct node *parent, struct arena *arena, const char *name, struct bytes name_tlv)
{
    if (der_name_is_empty(name_tlv))
        node_add(parent, arena, name, "(empty)");
    else
        node_text(parent, arena, name, names_text(name_tlv, arena));
}

void node_time(struct node *parent, struct arena *arena, const char *name, int64_t time)
{
    const time_t seconds = (time_t)time;
    struct tm tm;
    char text[64];
    if (gmtime_r(&seconds, &tm) == NULL || strftime(text, sizeof(text), "%F %T UTC", &tm) == 0)
        snprintf(text, sizeof(text), "%lld s since 1970 UTC", (long long)time);
    node_add(parent, arena, name, text);
}

void node_algorithm(struct node *parent, struct arena *arena, const char *name,
                    struct bytes algorithm)
{
    struct der sequence, oid;
    if (!der_only(algorithm, DER_SEQUENCE, &sequence) ||
        !der_take(&sequence.content, DER_OID, &oid))
        node_hex(parent, arena, name, algorithm);
    else
        node_add(parent, arena, name, oid_name(arena, oid.whole));
}

void node_key(struct node *parent, struct arena *arena, const char *name, struct bytes tlv)
{
    struct spki spki;
    uint8_t hash[32];
    char kind[64] = "";
    if (!spki_read(tlv, &spki)) {
        node_hex(parent, arena, name, tlv);
        return;
    }
    struct node *node = node_add(parent, arena, name, NULL);
    EVP_PKEY *key = spki.key.size == 0 ? NULL : key_from_spki(tlv);
    if (key != NULL)
        node_add(node, arena, "kind", key_kind(key, kind, sizeof(kind)));
    else
        node_printf(node, arena, "kind", "%s (%s)", oid_name(arena, spki.oid),
                    spki.key.size == 0 ? "the authority makes the key" : "not usable here");
    EVP_PKEY_free(key);
    sha256(tlv, hash);
    if (spki.key.size > 0)
        node_hex(node, arena, "sha256", bytes_of(hash, sizeof(hash)));
}
