/* SignedData (RFC 5652 5.4 to 5.6) verified. */
#include "adapters/pkix/cms.h"

#include <openssl/crypto.h>

#include "adapters/pkix/algorithm.h"
#include "adapters/pkix/der.h"
#include "adapters/pkix/signature.h"

static const char OID_DATA[] = "1.2.840.113549.1.7.1";
static const char OID_CONTENT_TYPE[] = "1.2.840.113549.1.9.3";
static const char OID_MESSAGE_DIGEST[] = "1.2.840.113549.1.9.4";
static const char OID_SHAKE256_LEN[] = "2.16.840.1.101.3.4.2.18";
static const char OID_PSS[] = "1.2.840.113549.1.1.10";

/* RFC 8419 3.1: 512 bits. */
static const uint8_t shake256_bits[] = {DER_INTEGER, 2, 0x02, 0x00};

const char *cms_digest_name(struct bytes digest_algorithm)
{
    struct algorithm algorithm;
    if (!algorithm_read(digest_algorithm, &algorithm))
        return NULL;
    if (der_oid_is(algorithm.oid, OID_SHAKE256_LEN) &&
        bytes_equal(algorithm.parameters, bytes_of(shake256_bits, sizeof(shake256_bits))))
        return "SHAKE256";
    return algorithm_has_no_parameters(&algorithm) ? digest_of_oid(algorithm.oid) : NULL;
}

/* ---- the algorithm of the signature --------------------------------------------------------- */

/* RFC 3370 3.2 and RFC 5754 3.2 let the signature algorithm name the key alone; the digest is then
 * that of the SignerInfo. */
static const struct {
    const char *key_oid;
    const char *digest;
    const char *oid;
} combined[] = {
    {"1.2.840.113549.1.1.1", "SHA1", "1.2.840.113549.1.1.5"},
    {"1.2.840.113549.1.1.1", "SHA224", "1.2.840.113549.1.1.14"},
    {"1.2.840.113549.1.1.1", "SHA256", "1.2.840.113549.1.1.11"},
    {"1.2.840.113549.1.1.1", "SHA384", "1.2.840.113549.1.1.12"},
    {"1.2.840.113549.1.1.1", "SHA512", "1.2.840.113549.1.1.13"},
    {"1.2.840.10045.2.1", "SHA1", "1.2.840.10045.4.1"},
    {"1.2.840.10045.2.1", "SHA224", "1.2.840.10045.4.3.1"},
    {"1.2.840.10045.2.1", "SHA256", "1.2.840.10045.4.3.2"},
    {"1.2.840.10045.2.1", "SHA384", "1.2.840.10045.4.3.3"},
    {"1.2.840.10045.2.1", "SHA512", "1.2.840.10045.4.3.4"},
};

static bool signature_algorithm_of(const struct cms_signer *signer, const char *digest_name,
                                   struct arena *arena, struct bytes *out, struct failure *why)
{
    struct algorithm algorithm;
    size_t octets;
    *out = signer->signature_algorithm;
    if (!algorithm_read(signer->signature_algorithm, &algorithm))
        return fail(why, REASON_BAD_ALG, "RFC 5652 10.1.2", "malformed signature algorithm");
    for (size_t i = 0; i < sizeof(combined) / sizeof(combined[0]); i++) {
        if (!der_oid_is(algorithm.oid, combined[i].key_oid) ||
            strcmp(digest_name, combined[i].digest) != 0)
            continue;
        *out = algorithm_write(arena, combined[i].oid, BYTES_EMPTY);
        return true;
    }
    /* A digest that hashes the content worse than the signature promises would be the weak link. */
    const char *own = signature_digest_name(*out, &octets);
    bool hashes = own != NULL && strcmp(own, digest_name) != 0;
    if (hashes && !der_oid_is(algorithm.oid, "1.3.101.112") &&
        !der_oid_is(algorithm.oid, "1.3.101.113"))
        return fail(why, REASON_BAD_ALG,
                    der_oid_is(algorithm.oid, OID_PSS) ? "RFC 4056 3" : "RFC 5652 5.3",
                    "digestAlgorithm is %s but the signature algorithm uses %s", digest_name, own);
    return true;
}

/* ---- signed attributes ---------------------------------------------------------------------- */

/* The one value of an attribute that must be there once with one value (RFC 5652 11.1, 11.2). */
static bool single_value(struct bytes attributes, const char *oid, struct bytes *value)
{
    struct der set, attribute, type, values, only;
    size_t found = 0;
    if (!der_only(attributes, DER_SET, &set))
        return false;
    for (struct bytes rest = set.content; der_take(&rest, DER_SEQUENCE, &attribute);) {
        struct bytes inside = attribute.content;
        if (!der_take(&inside, DER_OID, &type) || !der_only(inside, DER_SET, &values))
            return false;
        if (!der_oid_is(type.whole, oid))
            continue;
        inside = values.content;
        if (!der_next(&inside, &only) || inside.size > 0)
            return false;
        *value = only.whole;
        found++;
    }
    return found == 1;
}

static bool check_attributes(const struct cms_signed *cms, const struct cms_signer *signer,
                             struct bytes content_digest, struct failure *why)
{
    struct bytes value;
    struct der stated;
    if (!single_value(signer->signed_attributes, OID_CONTENT_TYPE, &value))
        return fail(why, REASON_BAD_MESSAGE_CHECK, "RFC 5652 11.1",
                    "exactly one content-type attribute with one value must be signed");
    if (!bytes_equal(value, cms->content_type))
        return fail(why, REASON_BAD_MESSAGE_CHECK, "RFC 5652 11.1",
                    "the content-type attribute is not that of the content");
    if (!single_value(signer->signed_attributes, OID_MESSAGE_DIGEST, &value) ||
        !der_only(value, DER_OCTET_STRING, &stated))
        return fail(why, REASON_BAD_MESSAGE_CHECK, "RFC 5652 11.2",
                    "exactly one message-digest attribute with one value must be signed");
    if (!bytes_equal(stated.content, content_digest))
        return fail(why, REASON_SIGNATURE_WRONG, "RFC 5652 11.2",
                    "the message-digest attribute is not that of the content");
    return true;
}

/* Signers exist that sort the attributes for the signature but not for the message. */
static struct bytes sorted_attributes(struct bytes attributes, struct arena *arena)
{
    struct der set, element;
    size_t count = 0;
    if (!der_only(attributes, DER_SET, &set))
        return attributes;
    struct bytes *parts = arena_array(arena, set.content.size / 2, sizeof(*parts));
    for (struct bytes rest = set.content; der_next(&rest, &element);)
        parts[count++] = element.whole;
    return der_set_of(arena, DER_SET, parts, count);
}

static bool verify_attributes(const struct cms_signer *signer, EVP_PKEY *key,
                              struct bytes algorithm, bool allow_sha1, struct arena *arena,
                              struct failure *why)
{
    struct failure again;
    if (signature_verify(key, algorithm, signer->signed_attributes, signer->signature, allow_sha1,
                         why))
        return true;
    struct bytes sorted = sorted_attributes(signer->signed_attributes, arena);
    return why->reason == REASON_SIGNATURE_WRONG &&
           !bytes_equal(sorted, signer->signed_attributes) &&
           signature_verify(key, algorithm, sorted, signer->signature, allow_sha1, &again);
}

/* ---- one signer ----------------------------------------------------------------------------- */

static bool verify(const struct cms_signed *cms, const struct cms_signer *signer, EVP_PKEY *key,
                   bool allow_sha1, struct arena *arena, struct failure *why)
{
    struct bytes algorithm, value;
    const char *name = cms_digest_name(signer->digest_algorithm);
    if (name == NULL)
        return fail(why, REASON_BAD_ALG, "RFC 5652 10.1.1",
                    "the digest algorithm of the signer is not supported here; use SHA-256");
    if (digest_is_legacy(name) && !allow_sha1)
        return fail(why, REASON_BAD_ALG, "RFC 9481 2.1",
                    "signatures with SHA-1 are not accepted; use SHA-256");
    if (!cms->has_content)
        return fail(why, REASON_BAD_MESSAGE_CHECK, "RFC 5652 5.2", "the signed content is missing");
    if (!signature_algorithm_of(signer, name, arena, &algorithm, why))
        return false;
    if (signer->signed_attributes.size == 0) {
        if (!der_oid_is(cms->content_type, OID_DATA))
            return fail(why, REASON_BAD_MESSAGE_CHECK, "RFC 5652 5.3",
                        "content of this type must be signed with signed attributes");
        return signature_verify(key, algorithm, cms->content, signer->signature, allow_sha1, why);
    }
    if (!digest(name, digest_octets(name), cms->content, arena, &value))
        return fail(why, REASON_BAD_ALG, "RFC 5652 10.1.1", "this build has no digest %s", name);
    return check_attributes(cms, signer, value, why) &&
           verify_attributes(signer, key, algorithm, allow_sha1, arena, why);
}

bool cms_verify(const struct cms_signed *cms, size_t i, EVP_PKEY *key, bool allow_sha1,
                struct failure *why)
{
    struct arena *arena = arena_new();
    bool good = verify(cms, &cms->signers[i], key, allow_sha1, arena, why);
    arena_free(arena);
    return good;
}
