#include "tests/support/cases.h"

#include "adapters/pkix/der.h"
#include "adapters/pkix/mac.h"
#include "tests/support/octets.h"

static const struct mac_limits strict = {100, 100000, false};
static const struct mac_limits legacy = {1, 100000, true};

/* ---- messages of others --------------------------------------------------------------------- */

/* PKIMessage ::= SEQUENCE { header, body, protection [0] PKIProtection OPTIONAL, ... }; what is
 * protected is SEQUENCE { header, body } (RFC 9810 5.1.3); protectionAlg is [1] of the header. */
struct protected_message {
    struct bytes algorithm;
    struct bytes data;
    struct bytes mac;
};

static struct protected_message message_of(const char *name)
{
    struct protected_message m = {0};
    struct der whole, header, body, field, bits;
    struct bytes rest = octets_from_file(
        case_arena(), arena_printf(case_arena(), "tests/vectors/mac/%s.der", name));
    assert_true(der_take(&rest, DER_SEQUENCE, &whole));
    rest = whole.content;
    assert_true(der_take(&rest, DER_SEQUENCE, &header) && der_next(&rest, &body));
    const struct bytes parts[] = {header.whole, body.whole};
    m.data = der_join(case_arena(), DER_SEQUENCE, parts, 2);
    assert_true(der_take(&rest, DER_CONTEXT_CONSTRUCTED | 0, &field));
    assert_true(der_only(field.content, DER_BIT_STRING, &bits) && der_bits(bits.content, &m.mac));
    for (rest = header.content; der_next(&rest, &field);) {
        if (field.tag == (DER_CONTEXT_CONSTRUCTED | 1))
            m.algorithm = field.content;
    }
    return m;
}

struct message_row {
    const char *name;
    bool legacy; /* needs it */
};

static const struct message_row messages[] = {
    {"openssl-sha256", false},   {"openssl-sha256-hmac-sha1", false},
    {"openssl-sha1", true},      {"openssl-sha384", false},
    {"openssl-sha512", false},   {"bc-pbm-sha256", false},
    {"bc-pbm-sha512", false},    {"bc-pbm-sha1", true},
    {"bc-pbmac1-sha256", false}, {"bc-pbmac1-sha512", false},
    {"bc-pbmac1-sha1", true},
};

static void message_row(void **state)
{
    const struct message_row *row = *state;
    const struct bytes secret = BYTES_LITERAL("a shared secret of the mast");
    struct protected_message m = message_of(row->name);
    struct failure why = {0};
    assert_true(mac_is_password_based(m.algorithm));
    assert_true(mac_verify(m.algorithm, secret, m.data, m.mac, &legacy, &why));
    assert_int_equal(mac_verify(m.algorithm, secret, m.data, m.mac, &strict, &why), !row->legacy);
    if (row->legacy) {
        assert_int_equal(why.reason, REASON_BAD_ALG);
        assert_text_has(why.text, "SHA-1");
    }
    assert_false(mac_verify(m.algorithm, BYTES_LITERAL("a shared secret of the mass"), m.data,
                            m.mac, &legacy, &why));
    assert_int_equal(why.reason, REASON_SECRET_WRONG);
    struct bytes cut = bytes_slice(m.mac, 0, m.mac.size - 1);
    assert_false(mac_verify(m.algorithm, secret, m.data, cut, &legacy, &why));
    assert_int_equal(why.reason, REASON_SECRET_WRONG);
    assert_false(mac_verify(m.algorithm, secret, m.data, BYTES_EMPTY, &legacy, &why));
    struct bytes other = bytes_slice(m.data, 0, m.data.size - 1);
    assert_false(mac_verify(m.algorithm, secret, other, m.mac, &legacy, &why));
    assert_int_equal(why.reason, REASON_SECRET_WRONG);
}

/* ---- values by python's hashlib and hmac; secret "secret", data "protected part" ------------- */

struct value {
    const char *name;
    const char *algorithm;
    const char *mac;
};

static const struct value values[] = {
    {"PBM, one iteration",
     "303506092a864886f67d07420d302804080102030405060708300d06096086480165030402010500020101300a060"
     "82a"
     "864886f70d0209",
     "cd305ed30cc2a0348f9f716f3b70a5052512acdaca809b69050ca69fd5313b32"},
    {"PBM, 100 iterations, SHA-224",
     "303506092a864886f67d07420d302804080102030405060708300d06096086480165030402040500020164300a060"
     "82a"
     "864886f70d0208",
     "05ea09aa6d63092d45d3ceab226e16da98a7264747db757dfeb46329"},
    {"PBM, hmacWithSHA1",
     "303106092a864886f67d07420d302404080102030405060708300906052b0e03021a0500020102300a06082a86488"
     "6f7"
     "0d0207",
     "8feece376ea37a00ff6918c7c0029b766c7f539b"},
    {"PBMAC1 without keyLength",
     "304506092a864886f70d01050e3038302806092a864886f70d01050c301b04080102030405060708020164300c060"
     "82a"
     "864886f70d02090500300c06082a864886f70d02090500",
     "edf4cedaafb744b151c775de0c7342bffc2175be60e110968efe07c3cd75e62d"},
    {"PBMAC1 with the default prf",
     "303a06092a864886f70d01050e302d301d06092a864886f70d01050c3010040801020304050607080201640201143"
     "00c"
     "06082a864886f70d02090500",
     "fd6f4e75258923667b83f64e4434006910e83c0d168b379942be27e7a983feb5"},
    {"PBMAC1 with a key of 128 octets",
     "304906092a864886f70d01050e303c302c06092a864886f70d01050c301f040801020304050607080201030202008"
     "0"
     "300c06082a864886f70d02090500300c06082a864886f70d02080500",
     "a7a666f410dd9c852db1e273eb8691fa155771f8a785a3b81996a54d"},
};

static void value_row(void **state)
{
    const struct value *row = *state;
    struct failure why;
    struct bytes algorithm = octets_from_hex(case_arena(), row->algorithm), mac;
    const struct bytes secret = BYTES_LITERAL("secret"), data = BYTES_LITERAL("protected part");
    assert_true(mac_compute(algorithm, secret, data, case_arena(), &mac, &why));
    assert_octets(mac, row->mac);
    assert_true(mac_verify(algorithm, secret, data, mac, &legacy, &why));
}

/* ---- refused: each differs in one place from the first PBM or PBMAC1 above ------------------- */

struct refusal {
    const char *name;
    const char *algorithm;
    const char *text;
};

#define SALT8 "04080102030405060708"
#define SHA256 "300d06096086480165030402010500"
#define HMAC256 "300a06082a864886f70d0209"
#define HMAC256_NULL "300c06082a864886f70d02090500"

static const struct refusal refusals[] = {
    {"refused: nothing", "", "malformed"},
    {"refused: trailing octet",
     "303506092a864886f67d07420d302804080102030405060708" SHA256 "020164" HMAC256 "00",
     "malformed"},
    {"refused: no parameters", "300b06092a864886f67d07420d", "malformed"},
    {"refused: salt is an integer",
     "303506092a864886f67d07420d302802080102030405060708" SHA256 "020164" HMAC256, "salt"},
    {"refused: salt of 7 octets",
     "303406092a864886f67d07420d3027040701020304050607" SHA256 "020164" HMAC256,
     "salt of 7 octets: use 8 to 128"},
    {"refused: 99 iterations", "303506092a864886f67d07420d3028" SALT8 SHA256 "020163" HMAC256,
     "99 iterations: 100 to 100000 are accepted"},
    {"refused: 100001 iterations",
     "303706092a864886f67d07420d302a" SALT8 SHA256 "02030186a1" HMAC256, "100001 iterations"},
    {"refused: no iteration", "303506092a864886f67d07420d3028" SALT8 SHA256 "020100" HMAC256,
     "out of range"},
    {"refused: negative iterations", "303506092a864886f67d07420d3028" SALT8 SHA256 "0201ff" HMAC256,
     "out of range"},
    {"refused: iterations over 64 bits",
     "303d06092a864886f67d07420d3030" SALT8 SHA256 "0209010000000000000000" HMAC256,
     "PBMParameter"},
    {"refused: owf MD5",
     "303406092a864886f67d07420d3027" SALT8 "300c06082a864886f70d02050500"
     "020164" HMAC256,
     "owf"},
    {"refused: owf SHAKE256",
     "303506092a864886f67d07420d3028" SALT8 "300d060960864801650304020c0500"
     "020164" HMAC256,
     "owf"},
    {"refused: MAC is DES-MAC",
     "303206092a864886f67d07420d3025" SALT8 SHA256 "020164"
     "300706052b0e03020a",
     "the MAC"},
    {"refused: parameters behind the MAC",
     "303706092a864886f67d07420d302a" SALT8 SHA256 "020164" HMAC256 "0500", "malformed"},
    {"refused: another algorithm", "300d06092a864886f70d01010b0500", "PasswordBasedMac or PBMAC1"},
    {"refused: DH-based MAC", "300b06092a864886f67d07421e", "PasswordBasedMac or PBMAC1"},
    {"refused: PBMAC1 by another derivation", "301f06092a864886f70d01050e3012300406022a03" HMAC256,
     "PBKDF2"},
    {"refused: PBKDF2 salt from elsewhere",
     "303306092a864886f70d01050e3026301606092a864886f70d01050c3009300406022a03020164" HMAC256_NULL,
     "malformed salt"},
    {"refused: PBKDF2 prf is AES-GMAC",
     "304606092a864886f70d01050e3039302906092a864886f70d01050c301c" SALT8 "020164"
     "300d06096086480165030401090500" HMAC256_NULL,
     "prf"},
    {"refused: PBMAC1 with AES-GMAC",
     "304606092a864886f70d01050e3039302806092a864886f70d01050c301b" SALT8 "020164" HMAC256_NULL
     "300d06096086480165030401090500",
     "the MAC"},
    {"refused: keyLength 15",
     "304806092a864886f70d01050e303b302b06092a864886f70d01050c301e" SALT8 "020164"
     "02010f" HMAC256_NULL HMAC256_NULL,
     "keyLength"},
    {"refused: keyLength 129",
     "304906092a864886f70d01050e303c302c06092a864886f70d01050c301f" SALT8 "020164"
     "02020081" HMAC256_NULL HMAC256_NULL,
     "keyLength"},
    {"refused: keyLength of 2 GB",
     "304b06092a864886f70d01050e303e302e06092a864886f70d01050c3021" SALT8 "020164"
     "02047fffffff" HMAC256_NULL HMAC256_NULL,
     "keyLength"},
};

static void refusal_row(void **state)
{
    const struct refusal *row = *state;
    struct failure why = {0};
    assert_false(mac_verify(octets_from_hex(case_arena(), row->algorithm), BYTES_LITERAL("secret"),
                            BYTES_LITERAL("data"), BYTES_LITERAL("mac"), &strict, &why));
    assert_int_equal(why.reason, REASON_BAD_ALG);
    assert_text_has(why.text, row->text);
}

/* ---- the peer's own choice ------------------------------------------------------------------ */

static void another_salt_changes_nothing_else(void **state)
{
    (void)state;
    struct failure why;
    struct bytes out;
    struct bytes salt = octets_from_hex(case_arena(), "aabbccddeeff00112233");
    assert_true(mac_with_salt(octets_from_hex(case_arena(), values[0].algorithm), salt,
                              case_arena(), &out, &why));
    assert_octets(out,
                  "303706092a864886f67d07420d302a040aaabbccddeeff00112233" SHA256 "020101" HMAC256);
    assert_true(mac_with_salt(octets_from_hex(case_arena(), values[3].algorithm), salt,
                              case_arena(), &out, &why));
    assert_octets(out,
                  "304706092a864886f70d01050e303a302a06092a864886f70d01050c301d040aaabbccddeeff"
                  "00112233020164" HMAC256_NULL HMAC256_NULL);
    assert_false(mac_with_salt(BYTES_EMPTY, salt, case_arena(), &out, &why));
}

static void only_two_algorithms_are_password_based(void **state)
{
    (void)state;
    assert_false(mac_is_password_based(BYTES_EMPTY));
    assert_false(mac_is_password_based(octets_from_hex(case_arena(), HMAC256)));
    assert_true(mac_is_password_based(octets_from_hex(case_arena(), values[0].algorithm)));
    assert_true(mac_is_password_based(octets_from_hex(case_arena(), values[3].algorithm)));
}

static void the_empty_secret_is_computed(void **state)
{
    (void)state;
    struct failure why;
    struct bytes mac;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        assert_true(mac_compute(octets_from_hex(case_arena(), values[i].algorithm), BYTES_EMPTY,
                                BYTES_LITERAL("x"), case_arena(), &mac, &why));
}

int main(void)
{
    CASES_ADD_ROWS(messages, message_row);
    CASES_ADD_ROWS(values, value_row);
    CASES_ADD_ROWS(refusals, refusal_row);
    CASES_ADD(another_salt_changes_nothing_else);
    CASES_ADD(only_two_algorithms_are_password_based);
    CASES_ADD(the_empty_secret_is_computed);
    return cases_run("mac");
}
