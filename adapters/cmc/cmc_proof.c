/* Proofs of identity by a shared secret (RFC 10002 6.2), and the link between such a proof and the
 * proofs of possession (6.3.1). */
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "adapters/cmc/cmc_incoming.h"
#include "adapters/pkix/der.h"
#include "adapters/pkix/pkcs10.h"
#include "mapping/model/limits.h"

#define OID_SHA1 "1.3.14.3.2.26"
#define OID_HMAC_SHA1 "1.2.840.113549.2.7"
#define OID_POP_LINK_WITNESS "1.3.6.1.5.5.7.7.23"
#define OID_POP_LINK_WITNESS_V2 "1.3.6.1.5.5.7.7.33"
#define OID_POP_LINK_WITNESS_V2_SWAPPED "1.3.6.1.5.5.7.7.34"

/* RFC 10004 5.1: SHA-256 and HMAC-SHA256 by everybody; SHA-1 for old peers, by option. */
static const struct {
    const char *oid;
    const char *digest;
    bool mac;
    bool legacy;
} algorithms[] = {
    {OID_SHA1, "SHA1", false, true},
    {"2.16.840.1.101.3.4.2.1", "SHA256", false, false},
    {"2.16.840.1.101.3.4.2.2", "SHA384", false, false},
    {"2.16.840.1.101.3.4.2.3", "SHA512", false, false},
    {OID_HMAC_SHA1, "SHA1", true, true},
    {"1.3.6.1.5.5.8.1.2", "SHA1", true, true},
    {"1.2.840.113549.2.9", "SHA256", true, false},
    {"1.2.840.113549.2.10", "SHA384", true, false},
    {"1.2.840.113549.2.11", "SHA512", true, false},
};

static const char *digest_name(struct bytes algorithm, bool mac, bool legacy)
{
    struct der sequence, oid;
    if (!der_only(algorithm, DER_SEQUENCE, &sequence) ||
        !der_take(&sequence.content, DER_OID, &oid))
        return NULL;
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        if (algorithms[i].mac == mac && (legacy || !algorithms[i].legacy) &&
            der_oid_is(oid.whole, algorithms[i].oid))
            return algorithms[i].digest;
    }
    return NULL;
}

/* key = H(secret, then identification): one hash of both (RFC 10002 6.2.3). */
static bool make_key(const char *digest, struct bytes secret, struct bytes identification,
                     uint8_t key[EVP_MAX_MD_SIZE], unsigned *size)
{
    EVP_MD *md = EVP_MD_fetch(NULL, digest, NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool made = md != NULL && context != NULL && EVP_DigestInit_ex2(context, md, NULL) == 1 &&
                EVP_DigestUpdate(context, secret.data, secret.size) == 1 &&
                (identification.size == 0 ||
                 EVP_DigestUpdate(context, identification.data, identification.size) == 1) &&
                EVP_DigestFinal_ex(context, key, size) == 1;
    EVP_MD_CTX_free(context);
    EVP_MD_free(md);
    return made;
}

struct statement {
    const char *hash; /* makes the key */
    const char *mac;  /* the hash inside HMAC */
    struct bytes witness;
    struct bytes data;
};

static bool verifies(const struct statement *statement, struct bytes secret,
                     struct bytes identification)
{
    uint8_t key[EVP_MAX_MD_SIZE], mac[EVP_MAX_MD_SIZE];
    unsigned key_size = 0;
    size_t mac_size = 0;
    bool same =
        make_key(statement->hash, secret, identification, key, &key_size) &&
        EVP_Q_mac(NULL, "HMAC", NULL, statement->mac, NULL, key, key_size, statement->data.data,
                  statement->data.size, mac, sizeof(mac), &mac_size) != NULL &&
        mac_size == statement->witness.size &&
        CRYPTO_memcmp(mac, statement->witness.data, mac_size) == 0;
    OPENSSL_cleanse(key, sizeof(key));
    return same;
}

static bool read_v2(struct bytes value, bool legacy, struct arena *arena,
                    struct statement *statement, struct failure *why)
{
    struct cmc_proof proof;
    if (!cmc_decode_proof(value, arena, &proof, why))
        return false;
    statement->hash = digest_name(proof.hash_algorithm, false, legacy);
    statement->mac = digest_name(proof.mac_algorithm, true, legacy);
    statement->witness = proof.witness;
    if (statement->hash == NULL || statement->mac == NULL)
        return fail(why, REASON_BAD_ALG, "RFC 10004 5.1",
                    "the proof uses an algorithm that is not taken here; use SHA-256 and "
                    "HMAC-SHA256");
    return true;
}

/* The form without algorithms fixes SHA-1 and HMAC-SHA1 (RFC 10002 6.2.2, 6.3.1.2). */
static bool read_v1(struct bytes value, bool legacy, struct statement *statement,
                    struct failure *why)
{
    struct der octets;
    if (!der_only(value, DER_OCTET_STRING, &octets))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 10002 6.2.2",
                    "the witness is no OCTET STRING");
    if (!legacy)
        return fail(why, REASON_BAD_ALG, "RFC 10004 5.1",
                    "a proof with SHA-1 is not taken here; use identityProofV2");
    statement->hash = "SHA1";
    statement->mac = "SHA1";
    statement->witness = octets.content;
    return true;
}

/* 33 in a PKIData is identityProofV2 under its other number (controls.def). */
static const struct cmc_control *find_v2(const struct cmc_body *body)
{
    const struct cmc_control *control = cmc_find(body, CMC_CONTROL_IDENTITY_PROOF_V2);
    return control != NULL ? control : cmc_find(body, CMC_CONTROL_POP_LINK_WITNESS_V2);
}

bool cmc_check_identity_proof(const struct cmc_incoming *incoming, struct bytes secret, bool legacy,
                              struct arena *arena, struct failure *why)
{
    const struct cmc_control *v2 = find_v2(&incoming->body);
    const struct cmc_control *v1 = cmc_find(&incoming->body, CMC_CONTROL_IDENTITY_PROOF);
    struct statement statement = {.data = incoming->body.req_sequence};
    if (v2 == NULL && v1 == NULL)
        return fail(why, REASON_BAD_IDENTITY, "RFC 10002 6.2.1",
                    "identification without identityProofV2 proves nothing");
    if (v2 != NULL ? !read_v2(v2->value, legacy, arena, &statement, why)
                   : !read_v1(v1->value, legacy, &statement, why))
        return false;
    if (!verifies(&statement, secret, incoming->identification))
        return fail(why, REASON_SECRET_WRONG, "RFC 10002 6.2.1", NULL);
    return true;
}

/* ---- POP link ------------------------------------------------------------------------------- */

/* A control of a CertRequest: AttributeTypeAndValue ::= SEQUENCE { type, value }. */
static struct bytes crmf_control(const struct item *item, const char *oid)
{
    struct der controls, control, type;
    if (!der_only(item->attributes, DER_SEQUENCE, &controls))
        return BYTES_EMPTY;
    for (struct bytes rest = controls.content; der_take(&rest, DER_SEQUENCE, &control);) {
        struct bytes fields = control.content;
        if (der_take(&fields, DER_OID, &type) && der_oid_is(type.whole, oid))
            return fields;
    }
    return BYTES_EMPTY;
}

static struct bytes inside(const struct item *item, const char *oid, struct arena *arena)
{
    return item->format == ITEM_PKCS10 ? pkcs10_attribute(item, oid, arena)
                                       : crmf_control(item, oid);
}

static bool read_witness(const struct item *item, bool legacy, struct arena *arena,
                         struct statement *statement, struct failure *why)
{
    struct bytes value = inside(item, OID_POP_LINK_WITNESS_V2, arena);
    if (bytes_is_empty(value))
        value = inside(item, OID_POP_LINK_WITNESS_V2_SWAPPED, arena);
    if (!bytes_is_empty(value))
        return read_v2(value, legacy, arena, statement, why);
    value = inside(item, OID_POP_LINK_WITNESS, arena);
    if (bytes_is_empty(value))
        return fail(why, REASON_BAD_POP, "RFC 10002 6.3.1.1",
                    "popLinkRandom is there, but a request has no popLinkWitnessV2");
    return read_v1(value, legacy, statement, why);
}

/* The text makes the key of the secret alone; peers in the field add the identification, as for
 * the identity proof. Both are right here: both need the secret. */
bool cmc_check_pop_link(const struct cmc_incoming *incoming, const struct item *items,
                        size_t item_count, struct bytes secret, bool legacy, struct arena *arena,
                        struct failure *why)
{
    struct statement statement;
    struct bytes random;
    const struct cmc_control *control = cmc_find(&incoming->body, CMC_CONTROL_POP_LINK_RANDOM);
    if (control == NULL)
        return true;
    if (!cmc_octets_of(control, DER_OCTET_STRING, LIMIT_POP_LINK_OCTETS, &random, why))
        return false;
    if (bytes_is_empty(secret))
        return fail(why, REASON_BAD_IDENTITY, "RFC 10002 6.3.1.1",
                    "popLinkRandom needs a shared secret: send identification and "
                    "identityProofV2");
    for (size_t i = 0; i < item_count; i++) {
        statement = (struct statement){.data = random};
        if (!read_witness(&items[i], legacy, arena, &statement, why))
            return false;
        bool alone = verifies(&statement, secret, BYTES_EMPTY);
        bool both = verifies(&statement, secret, incoming->identification);
        if (!alone && !both)
            return fail(why, REASON_BAD_POP, "RFC 10002 6.3.1.1",
                        "popLinkWitness does not link the request to the proof of identity");
    }
    return true;
}
