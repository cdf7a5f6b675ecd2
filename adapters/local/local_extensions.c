#include "adapters/local/local_extensions.h"

#include <openssl/x509v3.h>

#include "adapters/pkix/der.h"
#include "adapters/pkix/extensions.h"
#include "adapters/pkix/privilege.h"
#include "adapters/pkix/signature.h"
#include "adapters/pkix/spki.h"

static const char OID_SUBJECT_KEY_ID[] = "2.5.29.14";
static const char OID_KEY_USAGE[] = "2.5.29.15";
static const char OID_SUBJECT_ALT_NAME[] = "2.5.29.17";
static const char OID_BASIC_CONSTRAINTS[] = "2.5.29.19";
static const char OID_CRL_POINTS[] = "2.5.29.31";
static const char OID_AUTHORITY_KEY_ID[] = "2.5.29.35";
static const char OID_EXTENDED_KEY_USAGE[] = "2.5.29.37";

/* ---- writing --------------------------------------------------------------------------------- */

void extension_add(struct extension_list *list, const char *oid, bool critical, struct bytes value)
{
    struct bytes parts[3];
    size_t count = 0;
    parts[count++] = der_oid(list->arena, oid);
    if (critical)
        parts[count++] = der_wrap(list->arena, DER_BOOLEAN, BYTES_LITERAL("\xff"));
    parts[count++] = der_wrap(list->arena, DER_OCTET_STRING, value);
    list->parts[list->count++] = der_join(list->arena, DER_SEQUENCE, parts, count);
}

struct bytes extension_list_der(const struct extension_list *list)
{
    return der_join(list->arena, DER_SEQUENCE, list->parts, list->count);
}

struct bytes local_key_id(struct bytes spki, struct arena *arena)
{
    struct spki parts;
    struct bytes id = BYTES_EMPTY;
    if (spki_read(spki, &parts))
        digest("SHA1", 0, parts.key, arena, &id);
    return id;
}

struct bytes local_ca_key_id(const struct local_ca *ca, struct arena *arena)
{
    struct bytes own = certificate_ski(ca->signer->certificate);
    return bytes_is_empty(own) ? local_key_id(certificate_spki(ca->signer->certificate), arena)
                               : own;
}

/* AuthorityKeyIdentifier ::= SEQUENCE { keyIdentifier [0] KeyIdentifier OPTIONAL, ... } */
void extension_add_authority_key_id(struct extension_list *list, struct bytes key_id)
{
    struct bytes tagged = der_wrap(list->arena, DER_CONTEXT, key_id);
    extension_add(list, OID_AUTHORITY_KEY_ID, false, der_wrap(list->arena, DER_SEQUENCE, tagged));
}

/* KeyUsage ::= BIT STRING { digitalSignature (0), ..., decipherOnly (8) }, without trailing zero
 * bits (X.690 11.2.2). KU_ bits hold the first octet low, the second one high. */
void extension_add_key_usage(struct extension_list *list, uint32_t bits)
{
    uint8_t octets[3] = {0, (uint8_t)bits, (uint8_t)(bits >> 8)};
    size_t size = octets[2] != 0 ? 3 : 2;
    while (octets[0] < 7 && (octets[size - 1] & (1u << octets[0])) == 0)
        octets[0]++;
    struct bytes value = der_wrap(list->arena, DER_BIT_STRING, bytes_of(octets, size));
    extension_add(list, OID_KEY_USAGE, true, value);
}

/* CRLDistributionPoints ::= SEQUENCE OF DistributionPoint, each here
 * SEQUENCE { distributionPoint [0] { fullName [0] { uniformResourceIdentifier [6] } } } */
static void add_crl_point(struct extension_list *list, const char *url)
{
    struct arena *arena = list->arena;
    struct bytes der = der_wrap(arena, DER_CONTEXT | 6, bytes_of_text(url));
    der = der_wrap(arena, DER_CONTEXT_CONSTRUCTED, der);
    der = der_wrap(arena, DER_CONTEXT_CONSTRUCTED, der);
    der = der_wrap(arena, DER_SEQUENCE, der);
    extension_add(list, OID_CRL_POINTS, false, der_wrap(arena, DER_SEQUENCE, der));
}

/* ---- what a key is good for ------------------------------------------------------------------ */

/* `customary` is set where neither profile nor request says anything, `possible` is all that the
 * kind of key can do. */
static const struct {
    const char *kind;
    uint32_t customary, possible;
    const char *clause;
} key_kinds[] = {
    {"RSA", KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT,
     KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION | KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT,
     "RFC 3279 2.3.1"},
    {"RSA-PSS", KU_DIGITAL_SIGNATURE, KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION, "RFC 4055 1.2"},
    {"EC", KU_DIGITAL_SIGNATURE,
     KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION | KU_KEY_AGREEMENT | KU_ENCIPHER_ONLY |
         KU_DECIPHER_ONLY,
     "RFC 5480 3"},
    {"X25519", KU_KEY_AGREEMENT, KU_KEY_AGREEMENT | KU_ENCIPHER_ONLY | KU_DECIPHER_ONLY,
     "RFC 8410 5"},
    {"X448", KU_KEY_AGREEMENT, KU_KEY_AGREEMENT | KU_ENCIPHER_ONLY | KU_DECIPHER_ONLY,
     "RFC 8410 5"},
    {"ML-KEM-512", KU_KEY_ENCIPHERMENT, KU_KEY_ENCIPHERMENT, "RFC 9935 5"},
    {"ML-KEM-768", KU_KEY_ENCIPHERMENT, KU_KEY_ENCIPHERMENT, "RFC 9935 5"},
    {"ML-KEM-1024", KU_KEY_ENCIPHERMENT, KU_KEY_ENCIPHERMENT, "RFC 9935 5"},
};

/* Keys that are not in the table sign and do nothing else: EdDSA, ML-DSA, SLH-DSA. */
static void usages_of_key(const EVP_PKEY *key, uint32_t *customary, uint32_t *possible)
{
    *customary = KU_DIGITAL_SIGNATURE;
    *possible = KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION;
    for (size_t i = 0; i < sizeof(key_kinds) / sizeof(key_kinds[0]); i++) {
        if (EVP_PKEY_is_a(key, key_kinds[i].kind)) {
            *customary = key_kinds[i].customary;
            *possible = key_kinds[i].possible;
            return;
        }
    }
}

/* 0 if the request is silent or what it says cannot be read. */
static uint32_t usage_asked(const struct item *item)
{
    struct bytes value;
    struct der bits;
    bool critical;
    if (!item_extension(item, OID_KEY_USAGE, &value, &critical) ||
        !der_only(value, DER_BIT_STRING, &bits) || bits.content.size < 2)
        return 0;
    uint32_t usage = bits.content.data[1];
    if (bits.content.size > 2)
        usage |= (uint32_t)bits.content.data[2] << 8;
    return usage;
}

/* The request chooses among what profile and key allow; a choice of nothing that is allowed is no
 * choice. */
static uint32_t usage_granted(const struct local_profile *profile, const struct item *item,
                              const EVP_PKEY *key, bool ca)
{
    uint32_t customary, possible;
    usages_of_key(key, &customary, &possible);
    if (ca) {
        customary |= KU_KEY_CERT_SIGN | KU_CRL_SIGN;
        possible |= KU_KEY_CERT_SIGN | KU_CRL_SIGN;
    }
    if ((profile->key_usage & possible) != 0)
        customary = possible = profile->key_usage & possible;
    uint32_t chosen = usage_asked(item) & possible;
    if ((chosen & KU_KEY_AGREEMENT) == 0) /* RFC 5280 4.2.1.3: the two are undefined without it */
        chosen &= ~(uint32_t)(KU_ENCIPHER_ONLY | KU_DECIPHER_ONLY);
    return chosen == 0 ? customary : chosen;
}

/* ---- what a request may have ----------------------------------------------------------------- */

/* Alternative names have a switch of their own, which the list does not overrule. */
static bool is_allowed(const struct local_profile *profile, const char *oid)
{
    if (strcmp(oid, OID_SUBJECT_ALT_NAME) == 0)
        return profile->copy_subject_alt_name;
    for (size_t i = 0; i < profile->allowed_extension_count; i++)
        if (strcmp(profile->allowed_extensions[i], oid) == 0)
            return true;
    return false;
}

/* Made by us whatever the request says. */
static bool is_ours(const struct local_profile *profile, const char *oid)
{
    static const char *const ours[] = {OID_SUBJECT_KEY_ID, OID_KEY_USAGE, OID_BASIC_CONSTRAINTS,
                                       OID_AUTHORITY_KEY_ID};
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        if (strcmp(ours[i], oid) == 0)
            return true;
    return strcmp(oid, OID_CRL_POINTS) == 0 && profile->crl_url != NULL;
}

static bool check_privileges(const struct local_profile *profile, const struct item *item,
                             struct failure *why)
{
    static const char CLAUSE[] = "RFC 9810 8.10";
    enum privilege asked = PRIVILEGE_NONE;
    if (!item_privileges(item, &asked, why))
        return false;
    if ((asked & PRIVILEGE_CA) != 0 && !profile->allow_ca)
        return fail(why, REASON_EXTENSION_REFUSED, CLAUSE,
                    "the request asks for the rights of a CA (basicConstraints, keyCertSign, "
                    "cRLSign), which are not granted here");
    if ((asked & PRIVILEGE_RA) != 0 && !profile->allow_ra)
        return fail(why, REASON_EXTENSION_REFUSED, CLAUSE,
                    "the request asks for the extended key usage of a registration authority or "
                    "CA (id-kp-cmc*, id-kp-cmKGA), which is not granted here");
    if ((asked & PRIVILEGE_ANY_USAGE) != 0)
        return fail(why, REASON_EXTENSION_REFUSED, CLAUSE,
                    "anyExtendedKeyUsage is not granted here; name the usages");
    return true;
}

static bool check_extension(const struct local_profile *profile, const struct extension *asked,
                            struct arena *arena, struct failure *why)
{
    const char *oid = der_oid_text(arena, asked->oid);
    if (is_ours(profile, oid))
        return true;
    if (!is_allowed(profile, oid))
        return !asked->critical || fail(why, REASON_EXTENSION_REFUSED, "RFC 10002 3.1",
                                        "the critical extension %s is not issued here", oid);
    return der_is_sound(asked->value) || fail(why, REASON_BAD_CERT_TEMPLATE, "RFC 5280 4.2",
                                              "the value of the extension %s is not DER", oid);
}

static bool check_requested(const struct local_profile *profile, const struct item *item,
                            struct arena *arena, struct failure *why)
{
    struct bytes *names = NULL;
    size_t count = 0;
    if (bytes_is_empty(item->extensions))
        return true;
    struct der list;
    if (!extensions_check(item->extensions, why) || !check_privileges(profile, item, why) ||
        !item_alternative_names(item, arena, &names, &count, why))
        return false;
    der_only(item->extensions, DER_SEQUENCE, &list);
    struct bytes rest = list.content;
    for (struct extension asked; extension_next(&rest, &asked);)
        if (!check_extension(profile, &asked, arena, why))
            return false;
    return true;
}

/* ---- the list -------------------------------------------------------------------------------- */

/* BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL } */
static bool add_basic_constraints(struct extension_list *list, const struct item *item)
{
    struct bytes value;
    bool critical, is_ca = false;
    struct der constraints, flag;
    if (item_extension(item, OID_BASIC_CONSTRAINTS, &value, &critical) &&
        der_only(value, DER_SEQUENCE, &constraints)) {
        struct bytes inside = constraints.content;
        is_ca = der_take(&inside, DER_BOOLEAN, &flag) && der_boolean(flag.content, &is_ca) && is_ca;
    }
    extension_add(list, OID_BASIC_CONSTRAINTS, true,
                  is_ca ? value : der_wrap(list->arena, DER_SEQUENCE, BYTES_EMPTY));
    return is_ca;
}

static bool has_oid(const struct bytes *oids, size_t count, struct bytes oid)
{
    for (size_t i = 0; i < count; i++)
        if (bytes_equal(oids[i], oid))
            return true;
    return false;
}

/* ExtKeyUsageSyntax ::= SEQUENCE SIZE (1..MAX) OF KeyPurposeId: the profile's, then those asked
 * for that are not among them. */
static bool add_extended_key_usage(const struct local_profile *profile, const struct item *item,
                                   struct extension_list *list, struct failure *why)
{
    struct bytes oids[LIMIT_EXTENSIONS];
    size_t count = 0;
    for (size_t i = 0; i < profile->extended_key_usage_count && count < LIMIT_EXTENSIONS; i++)
        oids[count++] = der_oid(list->arena, profile->extended_key_usages[i]);
    struct bytes value;
    bool critical = false;
    struct der asked, oid;
    if (is_allowed(profile, OID_EXTENDED_KEY_USAGE) &&
        item_extension(item, OID_EXTENDED_KEY_USAGE, &value, &critical)) {
        if (!der_only(value, DER_SEQUENCE, &asked))
            return fail(why, REASON_BAD_CERT_TEMPLATE, "RFC 5280 4.2.1.12",
                        "the extended key usage is no sequence of OIDs");
        struct bytes rest = asked.content;
        while (der_take(&rest, DER_OID, &oid) && count < LIMIT_EXTENSIONS)
            if (!has_oid(oids, count, oid.whole))
                oids[count++] = oid.whole;
        if (rest.size > 0)
            return fail(why, REASON_BAD_CERT_TEMPLATE, "RFC 5280 4.2.1.12",
                        "the extended key usage is no sequence of at most %d OIDs",
                        LIMIT_EXTENSIONS);
    }
    if (count > 0)
        extension_add(list, OID_EXTENDED_KEY_USAGE, critical,
                      der_join(list->arena, DER_SEQUENCE, oids, count));
    return true;
}

/* RFC 5280 4.1.2.6: a certificate names its subject somewhere; without a DN the alternative name
 * is critical. */
static bool add_alternative_name(const struct local_profile *profile, const struct item *item,
                                 struct extension_list *list, struct failure *why)
{
    struct bytes value;
    bool critical;
    bool nameless = der_name_is_empty(item->subject);
    bool copied = is_allowed(profile, OID_SUBJECT_ALT_NAME) &&
                  item_extension(item, OID_SUBJECT_ALT_NAME, &value, &critical);
    if (nameless && !copied)
        return fail(why, REASON_BAD_CERT_TEMPLATE, "RFC 5280 4.1.2.6",
                    "the request names no subject; ask for a subject or for an alternative name "
                    "that is granted here");
    if (copied)
        extension_add(list, OID_SUBJECT_ALT_NAME, nameless, value);
    return true;
}

static void add_copies(const struct local_profile *profile, const struct item *item,
                       struct extension_list *list)
{
    struct der all;
    if (!der_only(item->extensions, DER_SEQUENCE, &all))
        return;
    struct bytes rest = all.content;
    for (struct extension asked; extension_next(&rest, &asked);) {
        const char *oid = der_oid_text(list->arena, asked.oid);
        bool written =
            strcmp(oid, OID_EXTENDED_KEY_USAGE) == 0 || strcmp(oid, OID_SUBJECT_ALT_NAME) == 0;
        if (!written && !is_ours(profile, oid) && is_allowed(profile, oid))
            extension_add(list, oid, asked.critical, asked.value);
    }
}

bool local_extensions(const struct local_ca *ca, const struct item *item, const EVP_PKEY *key,
                      struct extension_list *list, struct failure *why)
{
    const struct local_profile *profile = &ca->profile;
    if (!check_requested(profile, item, list->arena, why))
        return false;
    bool is_ca = add_basic_constraints(list, item);
    extension_add_key_usage(list, usage_granted(profile, item, key, is_ca));
    if (!add_extended_key_usage(profile, item, list, why) ||
        !add_alternative_name(profile, item, list, why))
        return false;
    struct bytes key_id = local_key_id(item->spki, list->arena);
    extension_add(list, OID_SUBJECT_KEY_ID, false, der_wrap(list->arena, DER_OCTET_STRING, key_id));
    extension_add_authority_key_id(list, local_ca_key_id(ca, list->arena));
    if (profile->crl_url != NULL)
        add_crl_point(list, profile->crl_url);
    add_copies(profile, item, list);
    return true;
}
