#include "adapters/pkix/csr_attributes.h"

#include <openssl/objects.h>

#include "adapters/pkix/der.h"
#include "adapters/pkix/names_value.h"
#include "mapping/model/limits.h"

#define OID_CHALLENGE_PASSWORD "1.2.840.113549.1.9.7"
#define OID_EST_IDENTITY_LINKING "1.2.840.113549.1.9.16.2.56"
#define OID_REQUEST_INFO_TEMPLATE "1.2.840.113549.1.9.16.2.61"
#define OID_EXTENSION_REQ_TEMPLATE "1.2.840.113549.1.9.16.2.62"
#define OID_EC_PUBLIC_KEY "1.2.840.10045.2.1"
#define OID_RSA_ENCRYPTION "1.2.840.113549.1.1.1"

/* An elliptic curve has `parameter`, RSA has `bits`. */
static const struct key_row {
    const char *word, *algorithm, *parameter;
    int bits;
} key_rows[] = {
    {"P-256", OID_EC_PUBLIC_KEY, "1.2.840.10045.3.1.7", 0},
    {"P-384", OID_EC_PUBLIC_KEY, "1.3.132.0.34", 0},
    {"P-521", OID_EC_PUBLIC_KEY, "1.3.132.0.35", 0},
    {"RSA-2048", OID_RSA_ENCRYPTION, NULL, 2048},
    {"RSA-3072", OID_RSA_ENCRYPTION, NULL, 3072},
    {"RSA-4096", OID_RSA_ENCRYPTION, NULL, 4096},
    {"Ed25519", "1.3.101.112", NULL, 0},
    {"Ed448", "1.3.101.113", NULL, 0},
};

static const struct key_row *find_key(const char *word)
{
    for (size_t i = 0; word != NULL && i < sizeof(key_rows) / sizeof(key_rows[0]); i++) {
        if (strcmp(key_rows[i].word, word) == 0)
            return &key_rows[i];
    }
    return NULL;
}

static bool read_oid(const char *dotted, struct arena *arena, struct bytes *oid,
                     struct failure *why)
{
    ASN1_OBJECT *object = OBJ_txt2obj(dotted, 1);
    unsigned char *der = NULL;
    int size = object == NULL ? -1 : i2d_ASN1_OBJECT(object, &der);
    if (size > 0)
        *oid = arena_copy(arena, bytes_of(der, (size_t)size));
    OPENSSL_free(der);
    ASN1_OBJECT_free(object);
    return size > 0 || fail(why, REASON_INTERNAL, NULL, "\"%.60s\" is no dotted OID", dotted);
}

static bool read_type(const char *word, struct arena *arena, struct bytes *oid, struct failure *why)
{
    const struct name_attribute_row *row = name_attribute_row_of_word(bytes_of_text(word));
    return read_oid(row == NULL ? word : row->oid, arena, oid, why);
}

static struct bytes sequence(struct arena *arena, struct bytes a, struct bytes b)
{
    const struct bytes parts[] = {a, b};
    return der_join(arena, DER_SEQUENCE, parts, bytes_is_empty(b) ? 1 : 2);
}

/* Attribute ::= SEQUENCE { type OBJECT IDENTIFIER, values SET } with one value */
static struct bytes attribute(struct arena *arena, struct bytes oid, struct bytes value)
{
    return sequence(arena, oid, der_wrap(arena, DER_SET, value));
}

/* ---- the template (RFC 9908 3.4) ----------------------------------------------------------------
 *
 * CertificationRequestInfoTemplate ::= SEQUENCE {
 *     version         INTEGER { v1(0) } (v1, ... ),
 *     subject         NameTemplate OPTIONAL,
 *     subjectPKInfo   [0] SubjectPublicKeyInfoTemplate OPTIONAL,
 *     attributes      [1] Attributes{{ CRIAttributes }} }
 */

static bool subject_template(const struct csr_wish *wish, struct arena *arena, struct bytes *out,
                             struct failure *why)
{
    struct bytes *parts = arena_array(arena, wish->subject_count + 1, sizeof(*parts));
    for (size_t i = 0; i < wish->subject_count; i++) {
        struct bytes oid;
        if (!read_type(wish->subject[i], arena, &oid, why))
            return false;
        parts[i] = der_wrap(arena, DER_SET, sequence(arena, oid, BYTES_EMPTY));
    }
    if (wish->subject_count > 0)
        *out = der_join(arena, DER_SEQUENCE, parts, wish->subject_count);
    return true;
}

/* An RSA key's length is told by a modulus of that length: the highest bit and the lowest. */
static struct bytes placeholder(struct arena *arena, int bits)
{
    size_t size = (size_t)bits / 8 + 1;
    uint8_t *modulus = arena_alloc(arena, size);
    memset(modulus, 0, size);
    modulus[1] = 0x80;
    modulus[size - 1] = 1;
    struct bytes n = der_wrap(arena, DER_INTEGER, bytes_of(modulus, size));
    return der_bit_string(arena, sequence(arena, n, der_integer(arena, 65537)));
}

static struct bytes key_template(const struct key_row *key, struct arena *arena)
{
    struct bytes oid = der_oid(arena, key->algorithm), parameter = BYTES_EMPTY;
    if (key->parameter != NULL)
        parameter = der_oid(arena, key->parameter);
    else if (key->bits > 0)
        parameter = der_wrap(arena, DER_NULL, BYTES_EMPTY);
    const struct bytes parts[] = {sequence(arena, oid, parameter),
                                  key->bits > 0 ? placeholder(arena, key->bits) : BYTES_EMPTY};
    return der_join(arena, DER_CONTEXT_CONSTRUCTED | 0, parts, key->bits > 0 ? 2 : 1);
}

/* ExtensionTemplate without a value: the device fills it in. */
static struct bytes extension_templates(const struct bytes *oids, size_t count, struct arena *arena)
{
    struct bytes *parts = arena_array(arena, count + 1, sizeof(*parts));
    for (size_t i = 0; i < count; i++)
        parts[i] = sequence(arena, oids[i], BYTES_EMPTY);
    struct bytes list = der_join(arena, DER_SEQUENCE, parts, count);
    return attribute(arena, der_oid(arena, OID_EXTENSION_REQ_TEMPLATE), list);
}

static bool template(const struct csr_wish *wish, const struct key_row *key,
                     const struct bytes *extensions, struct arena *arena, struct bytes *out,
                     struct failure *why)
{
    struct bytes parts[4] = {der_integer(arena, 0)};
    size_t count = 1;
    if (!subject_template(wish, arena, &parts[count], why))
        return false;
    count += wish->subject_count > 0;
    if (key != NULL)
        parts[count++] = key_template(key, arena);
    struct bytes attributes = wish->extension_count == 0
                                  ? BYTES_EMPTY
                                  : extension_templates(extensions, wish->extension_count, arena);
    parts[count++] = der_wrap(arena, DER_CONTEXT_CONSTRUCTED | 1, attributes);
    struct bytes value = der_join(arena, DER_SEQUENCE, parts, count);
    *out = attribute(arena, der_oid(arena, OID_REQUEST_INFO_TEMPLATE), value);
    return true;
}

/* ---- the same for all others (RFC 8951 4) -------------------------------------------------------
 */

static struct bytes key_attribute(const struct key_row *key, struct arena *arena)
{
    struct bytes oid = der_oid(arena, key->algorithm);
    if (key->parameter != NULL)
        return attribute(arena, oid, der_oid(arena, key->parameter));
    return key->bits > 0 ? attribute(arena, oid, der_integer(arena, key->bits)) : oid;
}

bool csr_attributes_encode(const struct csr_wish *wish, struct arena *arena, struct bytes *der,
                           struct failure *why)
{
    const struct key_row *key = find_key(wish->key);
    struct bytes *extensions = arena_array(arena, wish->extension_count + 1, sizeof(*extensions));
    struct bytes *parts = arena_array(arena, wish->extension_count + 4, sizeof(*parts));
    size_t count = 0;
    if (wish->key != NULL && key == NULL)
        return fail(why, REASON_INTERNAL, NULL, "there is no kind of key \"%.40s\"", wish->key);
    for (size_t i = 0; i < wish->extension_count; i++) {
        if (!read_oid(wish->extensions[i], arena, &extensions[i], why))
            return false;
    }
    if (!template(wish, key, extensions, arena, &parts[count++], why))
        return false;
    if (key != NULL)
        parts[count++] = key_attribute(key, arena);
    for (size_t i = 0; i < wish->extension_count; i++)
        parts[count++] = extensions[i];
    if (wish->binding)
        parts[count++] = der_oid(arena, OID_CHALLENGE_PASSWORD);
    *der = der_join(arena, DER_SEQUENCE, parts, count);
    return true;
}

/* ---- reading ------------------------------------------------------------------------------------
 */

static bool is_binding(struct bytes oid)
{
    return der_oid_is(oid, OID_CHALLENGE_PASSWORD) || der_oid_is(oid, OID_EST_IDENTITY_LINKING);
}

/* Both OIDs mean nothing else wherever they stand. */
static bool holds_binding(struct bytes octets, unsigned depth)
{
    struct der element;
    while (der_next(&octets, &element)) {
        if (element.tag == DER_OID && is_binding(element.whole))
            return true;
        bool constructed = (element.tag & 0x20) != 0;
        if (constructed && depth > 0 && holds_binding(element.content, depth - 1))
            return true;
    }
    return false;
}

bool csr_attributes_want_binding(struct bytes der)
{
    return holds_binding(der, LIMIT_DER_DEPTH);
}
