/* Proof of possession: each form, who may use it, and what is a fit key. */
#include "tests/support/cases.h"

#include "adapters/pkix/crmf.h"
#include "adapters/pkix/names.h"
#include "adapters/pkix/pkcs10.h"
#include "adapters/pkix/proof.h"
#include "tests/support/octets.h"

/* Who protected the message. */
enum who { DEVICE, OTHER_DEVICE, RA, RA_BY_TLS, BY_SECRET, NOBODY };

static struct identity identity_of(enum who who)
{
    static const char *const names[] = {
        [DEVICE] = "CN=mast-1,O=Example,C=JP",
        [OTHER_DEVICE] = "CN=mast-2,O=Example,C=JP",
        [RA] = "CN=RA,O=Example,C=JP",
        [RA_BY_TLS] = "CN=RA,O=Example,C=JP",
        [BY_SECRET] = NULL,
        [NOBODY] = NULL,
    };
    struct identity identity = {.kind = IDENTITY_SIGNATURE, .is_ra = who == RA || who == RA_BY_TLS};
    struct failure why = {0};
    if (who == RA_BY_TLS)
        identity.kind = IDENTITY_TLS;
    if (names[who] != NULL)
        assert_true(names_parse(names[who], case_arena(), &identity.subject, &why));
    else
        identity.kind = who == BY_SECRET ? IDENTITY_MAC : IDENTITY_NONE;
    return identity;
}

struct proof_row {
    const char *name;
    const char *vector; /* below tests/vectors */
    enum who who;
    const char *secret;
    bool allow_sha1;
    enum pop_verdict verdict; /* POP_UNCHECKED: refused for `reason` */
    enum reason reason;
};

#define SECRET "correct horse battery"
#define VERIFIED POP_VERIFIED, REASON_INTERNAL
#define VOUCHED POP_VOUCHED, REASON_INTERNAL
#define OPEN POP_OPEN, REASON_INTERNAL
#define REFUSED(reason) POP_UNCHECKED, REASON_##reason

/* clang-format off */
static const struct proof_row rows[] = {
    {"F10 RSA", "pkcs10/rsa2048", NOBODY, "", false, VERIFIED},
    {"F10 RSA-PSS signature", "pkcs10/pss", NOBODY, "", false, VERIFIED},
    {"F10 P-256", "pkcs10/p256", NOBODY, "", false, VERIFIED},
    {"F10 P-384", "pkcs10/p384", NOBODY, "", false, VERIFIED},
    {"F10 P-521", "pkcs10/p521", NOBODY, "", false, VERIFIED},
    {"F10 Ed25519", "pkcs10/ed25519", NOBODY, "", false, VERIFIED},
    {"F10 Ed448", "pkcs10/ed448", NOBODY, "", false, VERIFIED},
    {"F10 with attributes", "pkcs10/attributes", NOBODY, "", false, VERIFIED},
    {"F10 SHA-1", "pkcs10/sha1", NOBODY, "", false, REFUSED(BAD_ALG)},
    {"F10 SHA-1 where it is allowed", "pkcs10/sha1", NOBODY, "", true, VERIFIED},
    {"F10 MD5", "pkcs10/md5", NOBODY, "", true, REFUSED(BAD_ALG)},
    {"F10 signature changed", "pkcs10/signature-flipped", NOBODY, "", false, REFUSED(BAD_POP)},
    {"F10 subject changed", "pkcs10/subject-changed", NOBODY, "", false, REFUSED(BAD_POP)},
    {"F10 attributes changed", "pkcs10/microsoft", NOBODY, "", false, REFUSED(BAD_POP)},
    {"F11 noSignature", "pkcs10/no-signature", NOBODY, "", false, REFUSED(POP_REQUIRED)},
    {"F12 DH", "pkcs10/dh-pop", NOBODY, "", false, REFUSED(POP_CARRIER)},

    {"F1 OpenSSL", "crmf/openssl-signature", DEVICE, "", false, VERIFIED},
    {"F1 OpenSSL, all fields", "crmf/openssl-full", DEVICE, "", false, VERIFIED},
    {"F1 OpenSSL, key update", "crmf/openssl-kur", DEVICE, "", false, VERIFIED},
    {"F1 Bouncy Castle", "crmf/bc-signature", OTHER_DEVICE, "", false, VERIFIED},
    {"F1 Bouncy Castle, all fields", "crmf/bc-full", DEVICE, "", false, VERIFIED},
    {"F1 NULL-DN", "crmf/bc-null-dn", BY_SECRET, SECRET, false, VERIFIED},
    {"F1 beside regInfo", "crmf/bc-reg-info", DEVICE, "", false, VERIFIED},
    {"F1 signature changed", "crmf/signature-flipped", DEVICE, "", false, REFUSED(BAD_POP)},
    {"F1 certReqId changed", "crmf/id-changed", DEVICE, "", false, REFUSED(BAD_POP)},
    {"F1 control changed", "crmf/old-cert-id", DEVICE, "", false, REFUSED(BAD_POP)},
    {"F1 without subject", "crmf/signed-without-subject", DEVICE, "", false, REFUSED(BAD_POP)},
    {"F1 without key", "crmf/signed-without-key", DEVICE, "", false, REFUSED(BAD_POP)},
    {"F1 with an empty key", "crmf/key-empty", DEVICE, "", false, REFUSED(BAD_POP)},

    {"F2", "crmf/bc-sender", DEVICE, "", false, VERIFIED},
    {"F2 of another", "crmf/bc-sender", OTHER_DEVICE, "", false, REFUSED(POP_NOT_BOUND)},
    {"F2 of nobody", "crmf/bc-sender", BY_SECRET, SECRET, false, REFUSED(POP_NOT_BOUND)},
    {"F2 forwarded by an RA", "crmf/bc-sender", RA, "", false, VERIFIED},
    {"F2 beside a subject", "crmf/sender-beside-subject", DEVICE, "", false, REFUSED(BAD_POP)},
    {"F2 over another key", "crmf/sender-other-key", DEVICE, "", false, REFUSED(BAD_POP)},

    {"F3", "crmf/bc-mac", BY_SECRET, SECRET, true, VERIFIED},
    {"F3 SHA-1 not allowed", "crmf/bc-mac", BY_SECRET, SECRET, false, REFUSED(BAD_ALG)},
    {"F3 wrong secret", "crmf/bc-mac", BY_SECRET, "wrong horse battery!", true, REFUSED(BAD_POP)},
    {"F3 MAC changed", "crmf/mac-flipped", BY_SECRET, SECRET, true, REFUSED(BAD_POP)},
    {"F3 without a secret", "crmf/bc-mac", DEVICE, "", true, REFUSED(POP_NOT_BOUND)},

    {"F4 encrCert, OpenSSL", "crmf/openssl-encr-cert", DEVICE, "", false, OPEN},
    {"F4 encrCert", "crmf/bc-encr-cert", DEVICE, "", false, OPEN},
    {"F5 challenge", "crmf/bc-challenge", DEVICE, "", false, OPEN},
    {"F5 challenge, agreement", "crmf/bc-agreement-challenge", DEVICE, "", false, OPEN},
    {"F6 encryptedKey", "crmf/encrypted-key", DEVICE, "", false, REFUSED(POP_CARRIER)},
    {"F6 thisMessage", "crmf/this-message", DEVICE, "", false, REFUSED(POP_CARRIER)},
    {"F7 agreeMAC", "crmf/bc-agree-mac", DEVICE, "", false, REFUSED(POP_CARRIER)},
    {"F7 dhMAC", "crmf/dh-mac", DEVICE, "", false, REFUSED(POP_CARRIER)},

    {"F8 by an RA", "crmf/bc-ra-verified", RA, "", false, VOUCHED},
    {"F8 by an RA, OpenSSL", "crmf/openssl-ra-verified", RA, "", false, VOUCHED},
    {"F8 by a device", "crmf/bc-ra-verified", DEVICE, "", false, REFUSED(POP_NOT_BOUND)},
    {"F8 by a secret", "crmf/bc-ra-verified", BY_SECRET, SECRET, false, REFUSED(POP_NOT_BOUND)},
    {"F8 RA known by TLS only", "crmf/bc-ra-verified", RA_BY_TLS, "", false, REFUSED(POP_NOT_BOUND)},
    {"F8 without key", "crmf/ra-verified-without-key", RA, "", false, REFUSED(BAD_POP)},

    {"F9 the authority makes the key", "crmf/bc-keygen", DEVICE, "", false, OPEN},
    {"F9 missing", "crmf/bc-absent", DEVICE, "", false, REFUSED(POP_REQUIRED)},
    {"F9 missing, OpenSSL", "crmf/openssl-absent", DEVICE, "", false, REFUSED(POP_REQUIRED)},
    {"F9 missing, even from an RA", "crmf/bc-absent", RA, "", false, REFUSED(POP_REQUIRED)},

    {"key RSA 1024", "pkcs10/rsa1024", NOBODY, "", false, REFUSED(BAD_CERT_TEMPLATE)},
    {"key RSA even modulus", "pkcs10/rsa-even-modulus", NOBODY, "", false, REFUSED(BAD_CERT_TEMPLATE)},
    {"key RSA exponent 1", "pkcs10/rsa-exponent-1", NOBODY, "", false, REFUSED(BAD_CERT_TEMPLATE)},
    {"key RSA exponent even", "pkcs10/rsa-exponent-even", NOBODY, "", false, REFUSED(BAD_CERT_TEMPLATE)},
    {"key RSA multiple of 3", "pkcs10/rsa-multiple-of-3", NOBODY, "", false, REFUSED(BAD_CERT_TEMPLATE)},
    {"key P-192", "pkcs10/p192", NOBODY, "", false, REFUSED(BAD_CERT_TEMPLATE)},
    {"key on an unknown curve", "pkcs10/k256", NOBODY, "", false, REFUSED(BAD_CERT_TEMPLATE)},
    {"key with explicit parameters", "pkcs10/explicit", NOBODY, "", false, REFUSED(BAD_CERT_TEMPLATE)},
    {"key off its curve", "pkcs10/point-off-curve", NOBODY, "", false, REFUSED(BAD_CERT_TEMPLATE)},
    {"key at infinity", "pkcs10/point-at-infinity", NOBODY, "", false, REFUSED(BAD_CERT_TEMPLATE)},
    {"key DSA", "pkcs10/dsa", NOBODY, "", false, REFUSED(BAD_ALG)},
    {"key of an unknown kind", "pkcs10/key-unknown-kind", NOBODY, "", false, REFUSED(BAD_ALG)},
};
/* clang-format on */

static void proof(void **state)
{
    const struct proof_row *row = *state;
    const char *path = arena_printf(case_arena(), "tests/vectors/%s.der", row->vector);
    struct bytes der = octets_from_file(case_arena(), path);
    struct item item;
    struct failure why = {0};
    struct identity identity = identity_of(row->who);
    bool crmf = strncmp(row->vector, "crmf/", 5) == 0;
    assert_true(crmf ? crmf_parse(der, case_arena(), &item, &why)
                     : pkcs10_parse(der, case_arena(), &item, &why));
    bool good = proof_check(&item, &identity, bytes_of_text(row->secret), row->allow_sha1,
                            case_arena(), &why);
    if (!good)
        print_message("%s: %s (%s)\n", reason_row(why.reason)->word, why.text, why.detail);
    assert_int_equal(good, row->verdict != POP_UNCHECKED);
    assert_int_equal(item.pop_verdict, row->verdict);
    if (!good)
        assert_string_equal(reason_row(why.reason)->word, reason_row(row->reason)->word);
}

/* The adapter of EST knows of the binding; the signature is the same. */
static void bound_requests_are_verified_too(void **state)
{
    (void)state;
    struct item item;
    struct failure why = {0};
    const struct identity nobody = {0};
    struct bytes der = octets_from_file(case_arena(), "tests/vectors/pkcs10/p256.der");
    assert_true(pkcs10_parse(der, case_arena(), &item, &why));
    item.pop_form = POP_FORM_PKCS10_BOUND;
    assert_true(proof_check(&item, &nobody, BYTES_EMPTY, false, case_arena(), &why));
    assert_int_equal(item.pop_verdict, POP_VERIFIED);
}

int main(void)
{
    CASES_ADD_ROWS(rows, proof);
    CASES_ADD(bound_requests_are_verified_too);
    return cases_run("proof");
}
