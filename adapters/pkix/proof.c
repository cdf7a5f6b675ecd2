#include "adapters/pkix/proof.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "adapters/pkix/der.h"
#include "adapters/pkix/mac.h"
#include "adapters/pkix/names.h"
#include "adapters/pkix/signature.h"
#include "adapters/pkix/spki.h"
#include "mapping/model/limits.h"

struct proof {
    struct item *item;
    const struct identity *identity;
    struct bytes secret;
    bool allow_sha1;
    struct arena *arena;
    struct failure *why;
};

/* POPOSigningKey, taken apart (crmf.c shows its ASN.1). */
struct signing_key {
    struct bytes input;     /* poposkInput as it is signed: with the tag of a SEQUENCE */
    struct bytes auth_info; /* its sender (GeneralName TLV) or publicKeyMAC (PKMACValue TLV) */
    struct bytes spki;      /* its publicKey TLV */
    struct bytes algorithm;
    struct bytes signature;
};

static bool refuse(const struct proof *proof, enum reason reason, const char *text)
{
    return fail(proof->why, reason, pop_form_row(proof->item->pop_form)->clause, "%s", text);
}

static bool verify(const struct proof *proof, struct bytes algorithm, struct bytes data,
                   struct bytes signature)
{
    EVP_PKEY *key;
    if (!public_key(proof->item->spki, proof->arena, &key, proof->why))
        return false;
    if (!signature_verify(key, algorithm, data, signature, proof->allow_sha1, proof->why)) {
        if (proof->why->reason == REASON_SIGNATURE_WRONG) {
            struct failure cause = *proof->why;
            refuse(proof, REASON_BAD_POP, "the request's signature does not verify with its key");
            fail_detail(proof->why, "%s", cause.detail);
        }
        return false;
    }
    proof->item->pop_verdict = POP_VERIFIED;
    return true;
}

/* ---- PKCS#10 -------------------------------------------------------------------------------- */

static bool check_pkcs10(const struct proof *proof)
{
    struct der request, info, algorithm, signature;
    struct bytes bits;
    if (!der_only(proof->item->original, DER_SEQUENCE, &request))
        return refuse(proof, REASON_BAD_DATA_FORMAT, "no PKCS#10 request");
    struct bytes rest = request.content;
    if (!der_take(&rest, DER_SEQUENCE, &info) || !der_take(&rest, DER_SEQUENCE, &algorithm) ||
        !der_only(rest, DER_BIT_STRING, &signature) || !der_bits(signature.content, &bits))
        return refuse(proof, REASON_BAD_DATA_FORMAT, "no PKCS#10 request");
    return verify(proof, algorithm.whole, info.whole, bits);
}

static bool check_no_signature(const struct proof *proof)
{
    return refuse(proof, REASON_POP_REQUIRED,
                  "noSignature proves nothing; sign the request with its key");
}

/* ---- CRMF signatures ------------------------------------------------------------------------ */

static bool read_signing_key(const struct proof *proof, struct signing_key *out)
{
    struct der popo, input, part;
    *out = (struct signing_key){0};
    if (!der_only(proof->item->popo, DER_CONTEXT_CONSTRUCTED | 1, &popo))
        return false;
    struct bytes rest = popo.content;
    if (der_take(&rest, DER_CONTEXT_CONSTRUCTED | 0, &input)) {
        struct bytes inside = input.content;
        if (!der_next(&inside, &part))
            return false;
        out->auth_info = part.tag == (DER_CONTEXT_CONSTRUCTED | 0) ? part.content : part.whole;
        out->spki = inside;
        out->input = der_wrap(proof->arena, DER_SEQUENCE, input.content);
    }
    if (!der_take(&rest, DER_SEQUENCE, &part))
        return false;
    out->algorithm = part.whole;
    return der_only(rest, DER_BIT_STRING, &part) && der_bits(part.content, &out->signature);
}

/* F1: over the CertRequest, which must then hold subject and key (a NULL-DN is a subject: RFC 9483
 * 4.1.1 asks for it where no name is known). */
static bool check_signature(const struct proof *proof)
{
    struct signing_key key;
    if (!read_signing_key(proof, &key))
        return refuse(proof, REASON_BAD_DATA_FORMAT, "popo is not well formed");
    if (proof->item->key_absent || proof->item->subject.size == 0)
        return refuse(proof, REASON_BAD_POP,
                      "without subject and publicKey in certTemplate poposkInput must be there");
    return verify(proof, key.algorithm, proof->item->cert_request, key.signature);
}

/* What F2 and F3 share: the key signed over is the one asked for, and the template is incomplete,
 * else poposkInput is forbidden. */
static bool check_input(const struct proof *proof, struct signing_key *key)
{
    if (!read_signing_key(proof, key))
        return refuse(proof, REASON_BAD_DATA_FORMAT, "popo is not well formed");
    if (proof->item->key_absent)
        return refuse(proof, REASON_BAD_POP, "certTemplate has no publicKey to prove");
    if (!bytes_equal(key->spki, proof->item->spki))
        return refuse(proof, REASON_BAD_POP,
                      "publicKey in poposkInput is not that of certTemplate");
    if (proof->item->subject.size > 0)
        return refuse(proof, REASON_BAD_POP,
                      "with subject and publicKey in certTemplate poposkInput must be left out");
    return true;
}

/* F2: the sender is who protected the message; a registration authority speaks for others. */
static bool check_signature_sender(const struct proof *proof)
{
    struct signing_key key;
    struct der name;
    if (!check_input(proof, &key))
        return false;
    bool named = der_only(key.auth_info, DER_CONTEXT_CONSTRUCTED | 4, &name) &&
                 !der_name_is_empty(name.content) &&
                 names_same(name.content, proof->identity->subject);
    if (!named && !proof->identity->is_ra)
        return refuse(proof, REASON_POP_NOT_BOUND,
                      "the sender in poposkInput is not who protected the message");
    return verify(proof, key.algorithm, key.input, key.signature);
}

/* F3: PKMACValue ::= SEQUENCE { algId AlgorithmIdentifier, value BIT STRING }, over publicKey. */
static bool check_signature_mac(const struct proof *proof)
{
    const struct mac_limits limits = {.iterations_min = LIMIT_MAC_ITERATIONS_MIN,
                                      .iterations_max = LIMIT_MAC_ITERATIONS_MAX,
                                      .legacy = proof->allow_sha1};
    struct signing_key key;
    struct der value, algorithm, bits;
    struct bytes mac;
    if (!check_input(proof, &key))
        return false;
    if (proof->secret.size == 0)
        return refuse(proof, REASON_POP_NOT_BOUND,
                      "publicKeyMAC is for messages that are protected with a shared secret");
    if (!der_only(key.auth_info, DER_SEQUENCE, &value))
        return refuse(proof, REASON_BAD_DATA_FORMAT, "publicKeyMAC is not well formed");
    struct bytes rest = value.content;
    if (!der_take(&rest, DER_SEQUENCE, &algorithm) || !der_only(rest, DER_BIT_STRING, &bits) ||
        !der_bits(bits.content, &mac))
        return refuse(proof, REASON_BAD_DATA_FORMAT, "publicKeyMAC is not well formed");
    if (!mac_verify(algorithm.whole, proof->secret, key.spki, mac, &limits, proof->why)) {
        if (proof->why->reason == REASON_SECRET_WRONG)
            return refuse(proof, REASON_BAD_POP, "publicKeyMAC does not verify");
        return false;
    }
    return verify(proof, key.algorithm, key.input, key.signature);
}

/* ---- forms that nobody can check here ------------------------------------------------------- */

/* F8: the message itself must be an RA's; a wrapper's signature around it says nothing of this. */
static bool check_ra_verified(const struct proof *proof)
{
    EVP_PKEY *key;
    if (proof->item->key_absent)
        return refuse(proof, REASON_BAD_POP, "raVerified, but certTemplate has no publicKey");
    if (!proof->identity->is_ra || proof->identity->kind != IDENTITY_SIGNATURE)
        return refuse(proof, REASON_POP_NOT_BOUND,
                      "raVerified is for registration authorities that sign the message");
    if (!public_key(proof->item->spki, proof->arena, &key, proof->why))
        return false;
    proof->item->pop_verdict = POP_VOUCHED;
    return true;
}

/* F9: a key that the authority makes needs no proof. */
static bool check_absent(const struct proof *proof)
{
    if (!proof->item->key_absent)
        return refuse(proof, REASON_POP_REQUIRED, "popo is missing; sign the request with its key");
    proof->item->pop_verdict = POP_OPEN;
    return true;
}

/* F4, F5: only the authority can finish them. Whether it can is the plan's question. */
static bool leave_open(const struct proof *proof)
{
    EVP_PKEY *key;
    if (proof->item->key_absent)
        return refuse(proof, REASON_BAD_POP, "certTemplate has no publicKey to prove");
    if (!public_key(proof->item->spki, proof->arena, &key, proof->why))
        return false;
    proof->item->pop_verdict = POP_OPEN;
    return true;
}

/* F6, F7, F12: made for the authority's own key, which is not ours. */
static bool check_for_authority(const struct proof *proof)
{
    return refuse(proof, REASON_POP_CARRIER,
                  "this proof of possession is for the authority's own key; sign the request");
}

static bool (*const checks[POP_FORM_COUNT])(const struct proof *proof) = {
    [POP_FORM_SIGNATURE] = check_signature,
    [POP_FORM_SIGNATURE_SENDER] = check_signature_sender,
    [POP_FORM_SIGNATURE_MAC] = check_signature_mac,
    [POP_FORM_ENCR_CERT] = leave_open,
    [POP_FORM_CHALLENGE] = leave_open,
    [POP_FORM_ENCRYPTED_KEY] = check_for_authority,
    [POP_FORM_AGREE_MAC] = check_for_authority,
    [POP_FORM_RA_VERIFIED] = check_ra_verified,
    [POP_FORM_ABSENT] = check_absent,
    [POP_FORM_PKCS10] = check_pkcs10,
    [POP_FORM_NO_SIGNATURE] = check_no_signature,
    [POP_FORM_DH_POP] = check_for_authority,
    [POP_FORM_PKCS10_BOUND] = check_pkcs10,
};

bool proof_check(struct item *item, const struct identity *identity, struct bytes secret,
                 bool allow_sha1, struct arena *arena, struct failure *why)
{
    const struct proof proof = {item, identity, secret, allow_sha1, arena, why};
    item->pop_verdict = POP_UNCHECKED;
    return checks[item->pop_form](&proof);
}
