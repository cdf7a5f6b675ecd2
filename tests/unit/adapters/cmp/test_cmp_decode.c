/* Messages of tests/vectors/cmp, each refused one a good one with one clause changed: our reason,
 * and the code that OpenSSL reads in our answer. */
#include <openssl/evp.h>

#include "adapters/pkix/der.h"
#include "tests/support/cases.h"
#include "tests/support/cmp_gateway.h"
#include "tests/support/cmp_reader.h"
#include "tests/support/octets.h"

#define ACCEPTED REASON_COUNT

enum answer_kind { BY_MAC, BY_PBMAC1, SIGNED, BARE, HTTP_400 };

#define BIT(n) (UINT32_C(1) << (n))
enum { IP = 1, CP = 3, KUP = 8, RP = 12, ERROR = 23 };

struct row {
    const char *name;
    int options;
    enum reason reason;
    int answer; /* body type */
    uint32_t bits;
    enum answer_kind kind;
};

static struct bytes vector(struct arena *arena, const char *name)
{
    return octets_from_file(arena, arena_printf(arena, "tests/vectors/cmp/%s.der", name));
}

/* clang-format off */
static const struct row openers[] = {
    {"ir-mac", 0, ACCEPTED, 0, 0, BY_MAC},
    {"ir-mac-cn", 0, ACCEPTED, 0, 0, BY_MAC},
    {"ir-pbmac1", 0, ACCEPTED, 0, 0, BY_MAC},
    {"ir-implicit-profile", 0, ACCEPTED, 0, 0, BY_MAC},
    {"ir-signed", 0, ACCEPTED, 0, 0, SIGNED},
    {"ir-signed-ed25519", 0, ACCEPTED, 0, 0, SIGNED},
    {"ir-signed-disorder", 0, ACCEPTED, 0, 0, SIGNED},
    /* shape */
    {"trailing-octet", 0, REASON_BAD_DATA_FORMAT, ERROR, BIT(5), SIGNED},
    {"trailing-octet", CMP_NO_SIGNER, REASON_BAD_DATA_FORMAT, ERROR, BIT(5), BARE},
    {"truncated", 0, REASON_BAD_DATA_FORMAT, ERROR, BIT(5), SIGNED},
    {"long-length", 0, REASON_BAD_DATA_FORMAT, ERROR, BIT(5), SIGNED},
    {"base64", 0, REASON_BAD_DATA_FORMAT, 0, 0, HTTP_400},
    {"body-unknown", 0, REASON_BAD_DATA_FORMAT, ERROR, BIT(5), SIGNED},
    {"sender-no-general-name", 0, REASON_BAD_DATA_FORMAT, 0, 0, HTTP_400},
    {"pvno-9-octets", 0, REASON_UNSUPPORTED_VERSION, ERROR, BIT(22), SIGNED},
    {"tid-no-octets", 0, REASON_BAD_DATA_FORMAT, ERROR, BIT(5), SIGNED},
    {"sender-set-tid-no-octets", 0, REASON_BAD_DATA_FORMAT, 0, 0, HTTP_400},
    {"sender-damaged", 0, REASON_BAD_DATA_FORMAT, 0, 0, HTTP_400},
    {"pvno-1", 0, REASON_UNSUPPORTED_VERSION, ERROR, BIT(22), BY_MAC},
    {"pvno-4", 0, REASON_UNSUPPORTED_VERSION, ERROR, BIT(22), BY_MAC},
    /* protection */
    {"unprotected", 0, REASON_BAD_MESSAGE_CHECK, ERROR, BIT(1), SIGNED},
    {"mac-unknown-reference", 0, REASON_SECRET_WRONG, ERROR, BIT(1), SIGNED},
    {"mac-unknown-reference", CMP_NO_SIGNER, REASON_SECRET_WRONG, ERROR, BIT(1), BARE},
    {"mac-wrong-secret", 0, REASON_SECRET_WRONG, ERROR, BIT(1), SIGNED},
    {"mac-wrong-secret", CMP_NO_SIGNER, REASON_SECRET_WRONG, ERROR, BIT(1), BARE},
    {"mac-99-iterations", 0, REASON_BAD_ALG, ERROR, BIT(0), SIGNED},
    {"mac-100-iterations", 0, ACCEPTED, 0, 0, BY_MAC},
    {"mac-100001-iterations", 0, REASON_BAD_ALG, ERROR, BIT(0), SIGNED},
    {"mac-salt-7", 0, REASON_BAD_ALG, ERROR, BIT(0), SIGNED},
    {"mac-md5", CMP_LEGACY, REASON_BAD_ALG, ERROR, BIT(0), SIGNED},
    {"mac-hmac-sha1", 0, ACCEPTED, 0, 0, BY_MAC},
    {"mac-hmac-sha1", CMP_LEGACY, ACCEPTED, 0, 0, BY_MAC},
    {"mac-dh", 0, REASON_WRONG_INTEGRITY, ERROR, BIT(12), SIGNED},
    {"mac-kem", 0, REASON_WRONG_INTEGRITY, ERROR, BIT(12), SIGNED},
    {"mac-unknown", 0, REASON_BAD_ALG, ERROR, BIT(0), SIGNED},
    {"ir-mac", CMP_NO_SECRETS, REASON_WRONG_INTEGRITY, ERROR, BIT(12), SIGNED},
    {"ir-signed", CMP_NO_TRUST, REASON_WRONG_INTEGRITY, ERROR, BIT(12), SIGNED},
    {"kur-mac", 0, REASON_WRONG_INTEGRITY, ERROR, BIT(12), BY_MAC},
    {"kur-mac", CMP_LEGACY, ACCEPTED, 0, 0, BY_MAC},
    {"signature-wrong", 0, REASON_SIGNATURE_WRONG, ERROR, BIT(1), SIGNED},
    {"signature-other-key", 0, REASON_SIGNATURE_WRONG, ERROR, BIT(1), SIGNED},
    {"signature-sha1", 0, REASON_BAD_ALG, ERROR, BIT(0), SIGNED},
    {"signature-sha1", CMP_SHA1, ACCEPTED, 0, 0, SIGNED},
    {"signer-missing", 0, REASON_SIGNER_UNKNOWN, ERROR, BIT(20), SIGNED},
    {"signer-not-first-name", 0, REASON_SIGNATURE_WRONG, ERROR, BIT(1), SIGNED},
    {"sender-other-case", 0, ACCEPTED, 0, 0, SIGNED},
    {"sender-no-directory", 0, REASON_SIGNATURE_WRONG, ERROR, BIT(1), SIGNED},
    {"signer-kid-wrong", 0, REASON_SIGNATURE_WRONG, ERROR, BIT(1), SIGNED},
    {"signer-stranger", 0, REASON_SIGNER_UNKNOWN, ERROR, BIT(20), SIGNED},
    {"signer-expired", 0, REASON_SIGNER_UNKNOWN, ERROR, BIT(20), SIGNED},
    {"signer-encipher", 0, REASON_SIGNER_NOT_TRUSTED, ERROR, BIT(20), SIGNED},
    {"signer-encipher", CMP_ANY_KEY_USAGE, ACCEPTED, 0, 0, SIGNED},
    /* header */
    {"time-stale", 0, REASON_BAD_TIME, ERROR, BIT(3), BY_MAC},
    {"time-early", 0, REASON_BAD_TIME, ERROR, BIT(3), BY_MAC},
    {"time-stale", CMP_NO_SKEW, ACCEPTED, 0, 0, BY_MAC},
    {"time-edge", 0, ACCEPTED, 0, 0, BY_MAC},
    {"time-absent", 0, ACCEPTED, 0, 0, BY_MAC},
    {"time-absent", CMP_REQUIRE_TIME, REASON_MISSING_TIME_STAMP, ERROR, BIT(8), BY_MAC},
    {"time-fraction", 0, ACCEPTED, 0, 0, BY_MAC},
    {"time-month-13", 0, REASON_BAD_DATA_FORMAT, ERROR, BIT(5), BY_MAC},
    {"tid-absent", 0, REASON_BAD_DATA_FORMAT, ERROR, BIT(5), BY_MAC},
    {"tid-absent", CMP_LEGACY, ACCEPTED, 0, 0, BY_MAC},
    {"tid-129", 0, REASON_BAD_DATA_FORMAT, ERROR, BIT(5), BY_MAC},
    {"nonce-absent", 0, REASON_BAD_SENDER_NONCE, ERROR, BIT(18), BY_MAC},
    {"nonce-15", 0, REASON_BAD_SENDER_NONCE, ERROR, BIT(18), BY_MAC},
    {"nonce-15", CMP_LEGACY, ACCEPTED, 0, 0, BY_MAC},
    {"nonce-257", 0, REASON_BAD_SENDER_NONCE, ERROR, BIT(18), BY_MAC},
    {"recip-in-first", 0, REASON_BAD_RECIPIENT_NONCE, ERROR, BIT(13), BY_MAC},
    {"recip-in-first", CMP_LEGACY, ACCEPTED, 0, 0, BY_MAC},
    {"profile-two", 0, REASON_BAD_REQUEST, IP, BIT(2), BY_MAC},
    {"profile-control", 0, REASON_BAD_REQUEST, IP, BIT(2), BY_MAC},
    {"profile-malformed", 0, REASON_BAD_DATA_FORMAT, ERROR, BIT(5), BY_MAC},
    {"genm", 0, ACCEPTED, 0, 0, BY_MAC},
    {"rr", 0, REASON_BAD_CERT_ID, RP, BIT(4), SIGNED},
    {"nested", 0, REASON_NO_OPERATION, ERROR, BIT(2), SIGNED},
    {"ip", 0, REASON_NO_OPERATION, ERROR, BIT(2), BY_MAC},
    {"conf", 0, REASON_UNKNOWN_TRANSACTION, ERROR, BIT(2), BY_MAC},
    {"poll", 0, REASON_UNKNOWN_TRANSACTION, ERROR, BIT(2), BY_MAC},
    {"error", 0, REASON_UNKNOWN_TRANSACTION, ERROR, BIT(2), BY_MAC},
    /* body */
    {"ir-two", 0, ACCEPTED, 0, 0, BY_MAC},
    {"ir-same-id", 0, REASON_BAD_REQUEST, IP, BIT(2), BY_MAC},
    {"ir-empty", 0, REASON_BAD_DATA_FORMAT, ERROR, BIT(5), BY_MAC},
    {"ir-garbage", 0, REASON_BAD_DATA_FORMAT, IP, BIT(5), BY_MAC},
    {"ir-garbage-no-id", 0, REASON_BAD_DATA_FORMAT, ERROR, BIT(5), BY_MAC},
    {"pop-wrong", 0, REASON_BAD_POP, IP, BIT(9), BY_MAC},
    {"pop-wrong-second", 0, REASON_BAD_POP, IP, BIT(9), BY_MAC},
    {"pop-absent", 0, REASON_POP_REQUIRED, IP, BIT(9), BY_MAC},
    {"pop-ra", 0, REASON_POP_NOT_BOUND, IP, BIT(23), BY_MAC},
    {"subject-absent", 0, REASON_BAD_CERT_TEMPLATE, IP, BIT(19), BY_MAC},
    {"subject-null", 0, ACCEPTED, 0, 0, BY_MAC},
    {"keygen-2", 0, REASON_BAD_REQUEST, IP, BIT(2), BY_MAC},
    {"keygen-3", 0, ACCEPTED, 0, 0, BY_MAC},
    {"cr-mac", 0, ACCEPTED, 0, 0, BY_MAC},
    {"p10cr-mac", 0, ACCEPTED, 0, 0, BY_MAC},
    {"p10cr-pop-wrong", 0, REASON_BAD_POP, CP, BIT(9), BY_MAC},
    {"kur", 0, ACCEPTED, 0, 0, SIGNED},
    {"kur-without-id", 0, ACCEPTED, 0, 0, SIGNED},
    {"kur-same-san", 0, ACCEPTED, 0, 0, SIGNED},
    {"kur-no-subject", 0, ACCEPTED, 0, 0, SIGNED},
    {"kur-subject-absent", 0, ACCEPTED, 0, 0, SIGNED},
    {"kur-old-serial", 0, REASON_BAD_CERT_ID, KUP, BIT(4), SIGNED},
    {"kur-old-issuer", 0, REASON_BAD_CERT_ID, KUP, BIT(4), SIGNED},
    {"kur-subject", 0, REASON_BAD_CERT_TEMPLATE, KUP, BIT(19), SIGNED},
    {"kur-san-other", 0, REASON_BAD_CERT_TEMPLATE, KUP, BIT(19), SIGNED},
    {"kur-san-more", 0, REASON_BAD_CERT_TEMPLATE, KUP, BIT(19), SIGNED},
    /* as Bouncy Castle encodes them */
    {"bc-ir-pbm", 0, ACCEPTED, 0, 0, BY_MAC},
    {"bc-ir-pbm-sha1", 0, REASON_BAD_ALG, ERROR, BIT(0), SIGNED},
    {"bc-ir-pbm-sha1", CMP_LEGACY, ACCEPTED, 0, 0, BY_MAC},
    {"bc-ir-pbmac1", 0, ACCEPTED, 0, 0, BY_MAC},
    {"bc-p10cr-pbm", 0, ACCEPTED, 0, 0, BY_MAC},
    {"bc-ir-ec", 0, ACCEPTED, 0, 0, SIGNED},
    {"bc-cr-rsa", 0, ACCEPTED, 0, 0, SIGNED},
    {"bc-cr-pss", 0, ACCEPTED, 0, 0, SIGNED},
    {"bc-cr-ed25519", 0, ACCEPTED, 0, 0, SIGNED},
    {"bc-cr-p521", 0, ACCEPTED, 0, 0, SIGNED},
};

/* Behind ir-mac, whose certificate was granted. */
static const struct row followers[] = {
    {"conf", 0, ACCEPTED, 0, 0, BY_MAC},
    {"conf-status", 0, ACCEPTED, 0, 0, BY_MAC},
    {"conf-hash", 0, ACCEPTED, 0, 0, BY_MAC}, /* the engine compares it */
    {"conf-rejects", 0, ACCEPTED, 0, 0, BY_MAC},
    {"conf-empty", 0, ACCEPTED, 0, 0, BY_MAC},
    {"conf-hash-alg-2", 0, REASON_BAD_REQUEST, ERROR, BIT(2), BY_MAC},
    {"conf-hash-alg-3", 0, ACCEPTED, 0, 0, BY_MAC},
    {"conf-unknown-id", 0, REASON_BAD_REQUEST, ERROR, BIT(2), BY_MAC},
    {"conf-10-minus", 0, REASON_BAD_REQUEST, ERROR, BIT(2), BY_MAC},
    {"conf-twice", 0, REASON_BAD_REQUEST, ERROR, BIT(2), BY_MAC},
    {"conf-waiting", 0, REASON_BAD_REQUEST, ERROR, BIT(2), BY_MAC},
    {"conf-accepts-fault", 0, REASON_BAD_REQUEST, ERROR, BIT(2), BY_MAC},
    {"conf-recip-absent", 0, REASON_BAD_RECIPIENT_NONCE, ERROR, BIT(13), BY_MAC},
    {"conf-recip-absent", CMP_LEGACY, ACCEPTED, 0, 0, BY_MAC},
    {"conf-recip-wrong", 0, REASON_BAD_RECIPIENT_NONCE, ERROR, BIT(13), BY_MAC},
    {"conf-nonce-again", 0, REASON_BAD_SENDER_NONCE, ERROR, BIT(18), BY_MAC},
    {"conf-signed", 0, REASON_WRONG_INTEGRITY, ERROR, BIT(12), SIGNED},
    {"conf-pbmac1", 0, REASON_BAD_MESSAGE_CHECK, ERROR, BIT(1), BY_PBMAC1},
    {"conf-other-reference", 0, REASON_BAD_MESSAGE_CHECK, ERROR, BIT(1), BY_MAC},
    {"conf-malformed", 0, REASON_BAD_DATA_FORMAT, ERROR, BIT(5), BY_MAC},
    {"pkiconf", 0, ACCEPTED, 0, 0, BY_MAC},
    {"poll", 0, ACCEPTED, 0, 0, BY_MAC},
    {"poll-all", 0, ACCEPTED, 0, 0, BY_MAC},
    {"poll-unknown-id", 0, REASON_BAD_REQUEST, ERROR, BIT(2), BY_MAC},
    {"poll-empty", 0, REASON_BAD_DATA_FORMAT, ERROR, BIT(5), BY_MAC},
    {"error", 0, ACCEPTED, 0, 0, BY_MAC},
};

/* Behind ir-signed. */
static const struct row signed_followers[] = {
    {"conf-signed", 0, ACCEPTED, 0, 0, SIGNED},
    {"conf-signed-without-certs", 0, ACCEPTED, 0, 0, SIGNED},
    {"conf-signed-by-other", 0, REASON_BAD_MESSAGE_CHECK, ERROR, BIT(1), SIGNED},
    {"conf", 0, REASON_WRONG_INTEGRITY, ERROR, BIT(12), BY_MAC},
};
/* clang-format on */

/* OpenSSL 3.0 knows no PBMAC1 in CMP: PBKDF2 with the peer's 1000 rounds and our salt, HMAC-SHA256
 * over header and body as they stand in the answer. */
static bool pbmac1_holds(struct arena *arena, struct bytes answer)
{
    static const uint8_t salt[16] = {0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5,
                                     0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5};
    uint8_t key[32], mac[32];
    size_t size = 0;
    struct der message, header, body;
    assert_true(der_only(answer, DER_SEQUENCE, &message));
    assert_true(der_next(&message.content, &header) && der_next(&message.content, &body));
    struct bytes parts[] = {header.whole, body.whole};
    struct bytes data = der_join(arena, DER_SEQUENCE, parts, 2);
    PKCS5_PBKDF2_HMAC(CMP_SECRET, (int)strlen(CMP_SECRET), salt, sizeof(salt), 1000, EVP_sha256(),
                      sizeof(key), key);
    EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, sizeof(key), data.data, data.size, mac,
              sizeof(mac), &size);
    return message.content.size >= size &&
           memcmp(message.content.data + message.content.size - size, mac, size) == 0;
}

static void answer_is_protected(const struct row *row, const struct cmp_seen *seen,
                                struct bytes answer)
{
    struct arena *arena = case_arena();
    assert_int_equal(seen->is_protected, row->kind != BARE);
    if (row->kind == BY_MAC)
        assert_true(cmp_seen_mac_holds(seen, CMP_SECRET));
    if (row->kind == BY_PBMAC1)
        assert_true(pbmac1_holds(arena, answer));
    if (row->kind == SIGNED)
        assert_true(
            cmp_seen_signature_holds(seen, certificate_get0_x509(pki_certificate(arena, "root")),
                                     certificate_get0_x509(pki_certificate(arena, "inter"))));
}

static void answer_fits(struct cmp_gateway *gateway, const struct row *row)
{
    cmp_gateway_refuse(gateway);
    if (row->kind == HTTP_400) {
        assert_int_equal(gateway->reply.status, 400);
        assert_int_equal(gateway->reply.body.size, 0);
        return;
    }
    assert_int_equal(gateway->reply.status, 200);
    assert_string_equal(gateway->reply.content_type, "application/pkixcmp");
    assert_true(bytes_is_empty(gateway->reply.leg));
    struct cmp_seen seen = cmp_see(gateway->arena, gateway->reply.body);
    assert_int_equal(seen.type, row->answer);
    assert_int_equal(seen.status, 2);
    assert_int_equal(seen.bits, row->bits);
    assert_text_has(seen.tree, gateway->why.text);
    answer_is_protected(row, &seen, gateway->reply.body);
}

static void judged(struct cmp_gateway *gateway, const struct row *row)
{
    struct bytes octets = vector(gateway->arena, row->name);
    bool taken = cmp_gateway_take(gateway, octets, PKI_NOW);
    if (row->reason == ACCEPTED) {
        if (!taken)
            fail_msg("refused: %s; %s", gateway->why.text, gateway->why.detail);
        return;
    }
    assert_false(taken);
    assert_string_equal(reason_row(gateway->why.reason)->word, reason_row(row->reason)->word);
    assert_string_not_equal(gateway->why.clause, "");
    answer_fits(gateway, row);
}

static void opens(void **state)
{
    const struct row *row = *state;
    judged(cmp_gateway(case_arena(), row->options), row);
}

static void follows_behind(const struct row *row, const char *opener)
{
    struct arena *arena = case_arena();
    struct cmp_gateway *gateway = cmp_gateway(arena, row->options);
    assert_true(cmp_gateway_take(gateway, vector(arena, opener), PKI_NOW));
    struct response response =
        cmp_gateway_response(gateway, RESULT_GRANTED, vector(arena, "issued"));
    cmp_gateway_answer(gateway, &response);
    assert_int_equal(cmp_see(arena, gateway->reply.body).type, IP);
    judged(gateway, row);
}

static void follows(void **state)
{
    follows_behind(*state, "ir-mac");
}

static void follows_signed(void **state)
{
    follows_behind(*state, "ir-signed");
}

int main(void)
{
    CASES_ADD_ROWS(openers, opens);
    CASES_ADD_ROWS(followers, follows);
    CASES_ADD_ROWS(signed_followers, follows_signed);
    return cases_run("cmp_decode");
}
