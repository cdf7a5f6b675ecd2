/* certHash of certificates by what signed them; expected values by `openssl dgst` over the DER. */
#include "adapters/pkix/confirm.h"

#include "adapters/pkix/der.h"
#include "tests/support/cases.h"
#include "tests/support/octets.h"

struct row {
    const char *name;
    const char *certificate; /* tests/vectors/pkix */
    const char *hash_alg;    /* AlgorithmIdentifier in hex; "": none */
    const char *hash;
    bool matches;
};

static const struct row rows[] = {
    {"ECDSA with SHA-256", "pkix/leaf", "",
     "2cabe516c9ea786874aa73692ae63e276c43bc028142b7dba56de5207cb5ddd0", true},
    {"Ed25519: SHA-512", "cmp/by-ed25519", "",
     "59a50ae5d092af96ba0a41a283c1ed6b35a9808fcb0c423dd5248a31b52c62b79182a5aede7a57b27cf3a0c671bdb"
     "ef52fe8b043438d5f181b6c26a03ab0cf0b",
     true},
    {"Ed448: SHAKE256, 64 octets", "cmp/by-ed448", "",
     "328a298395f5750e1048303ecbd19225e8017b9be42ae58e46e18f375cefcaf27877652de068501baf40b0ddea4a9"
     "38505b6bc0a3724450904d870163b533af6",
     true},
    {"RSA with SHA-512", "cmp/by-rsa-512", "",
     "be88d06d13fda8bd8ca1e3aca63bd092176c06b55cd01ead953a2004436adf58d433fd540231a50177e802c7bccfd"
     "03a2ef81b6df31b3cf9ab965a6523cbc239",
     true},
    {"PSS: its parameters' SHA-384", "cmp/by-pss-384", "",
     "eda8506084fb3e1c1bd5be8bec186025e2d2a82d89a39b26e17c7075a7bc861e95e6f7203ef51757d2e5916b405c3"
     "036",
     true},
    {"P-521 with SHA-512", "cmp/by-p521", "",
     "b1950665b9bfd1b31aae1f19798fd2b6e11bf9831ce9b2ef29a6156c2f241f5d1401206c495439cf8c1d0905e3ced"
     "5261a6e658ce5cce6df61802ffaebed908c",
     true},
    {"ECDSA with SHA-1", "pkix/weak-md", "", "c56b03dcef324af7a81b4e00d7d150e416ff9eb9", true},
    {"hashAlg SHA-384", "pkix/leaf", "300b0609608648016503040202",
     "0130524476e963c2a72dfbac2d39215cdd990d7b5fbd1337423e30998bbc9ba2efd4000221a8e550b04118983953b"
     "1da",
     true},
    {"hashAlg SHA-256 with NULL", "pkix/leaf", "300d06096086480165030402010500",
     "2cabe516c9ea786874aa73692ae63e276c43bc028142b7dba56de5207cb5ddd0", true},
    {"hashAlg SHAKE256", "pkix/leaf", "300b060960864801650304020c",
     "0604ec643e3b60ba1fbc1689a6e8c9958befd77b14cd9407eb5ae89bec57f521eb3d1a386621ab1bfda83eb14529f"
     "abcd78a7f8aff19bb49fbd5c89dafb75c74",
     true},
    {"another certificate's", "cmp/by-p521", "",
     "2cabe516c9ea786874aa73692ae63e276c43bc028142b7dba56de5207cb5ddd0", false},
    {"last bit differs", "pkix/leaf", "",
     "2cabe516c9ea786874aa73692ae63e276c43bc028142b7dba56de5207cb5ddd1", false},
    {"shorter", "pkix/leaf", "", "2cabe516c9ea786874aa73692ae63e276c43bc028142b7dba56de5207cb5dd",
     false},
    {"longer", "pkix/leaf", "",
     "2cabe516c9ea786874aa73692ae63e276c43bc028142b7dba56de5207cb5ddd000", false},
    {"empty", "pkix/leaf", "", "", false},
    {"hash of another algorithm", "pkix/leaf", "",
     "0130524476e963c2a72dfbac2d39215cdd990d7b5fbd1337423e30998bbc9ba2efd4000221a8e550b04118983953b"
     "1da",
     false},
    {"hashAlg is not the hash's", "pkix/leaf", "300b0609608648016503040202",
     "2cabe516c9ea786874aa73692ae63e276c43bc028142b7dba56de5207cb5ddd0", false},
    {"hashAlg SHA-1", "pkix/leaf", "300706052b0e03021a",
     "2cabe516c9ea786874aa73692ae63e276c43bc028142b7dba56de5207cb5ddd0", false},
    {"hashAlg unreadable", "pkix/leaf", "0500",
     "2cabe516c9ea786874aa73692ae63e276c43bc028142b7dba56de5207cb5ddd0", false},
};

static void confirms(void **state)
{
    const struct row *row = *state;
    struct arena *arena = case_arena();
    const struct confirmation confirmation = {
        .accepted = true,
        .hash = octets_from_hex(arena, row->hash),
        .hash_algorithm = octets_from_hex(arena, row->hash_alg),
    };
    struct bytes certificate =
        octets_from_file(arena, arena_printf(arena, "tests/vectors/%s.der", row->certificate));
    assert_int_equal(confirmation_matches(&confirmation, certificate), row->matches);
}

static void without_a_hash_any_certificate_is_meant(void **state)
{
    (void)state;
    const struct confirmation confirmation = {.accepted = true, .unhashed = true};
    assert_true(confirmation_matches(&confirmation, BYTES_LITERAL("anything")));
}

static void no_certificate_matches_nothing(void **state)
{
    (void)state;
    const struct confirmation confirmation = {.accepted = true, .hash = BYTES_LITERAL("x")};
    assert_false(confirmation_matches(&confirmation, BYTES_LITERAL("no certificate")));
    assert_false(confirmation_matches(&confirmation, BYTES_EMPTY));
}

int main(void)
{
    CASES_ADD_ROWS(rows, confirms);
    CASES_ADD(without_a_hash_any_certificate_is_meant);
    CASES_ADD(no_certificate_matches_nothing);
    return cases_run("confirm");
}
