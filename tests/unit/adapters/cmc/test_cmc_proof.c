/* Identity proofs and POP links. The MACs were computed with Python's hmac: the key is
 * H("a shared secret" "testuser"), the message of an identity proof the reqSequence 3000, that of a
 * link the octets 00 to 0f. */
#include "tests/support/cases.h"

#include "adapters/cmc/cmc_incoming.h"
#include "adapters/pkix/cms.h"
#include "adapters/pkix/crmf.h"
#include "adapters/pkix/der.h"
#include "adapters/pkix/pkcs10.h"
#include "tests/support/cmc_vectors.h"
#include "tests/support/octets.h"

#define SECRET BYTES_LITERAL("a shared secret")

/* ---- identity proofs ------------------------------------------------------------------------ */

#define SHA256_ALG "300b0609608648016503040201"
#define SHA1_ALG "300906052b0e03021a0500"
#define HMAC_SHA256_ALG "300a06082a864886f70d0209"
#define HMAC_SHA1_ALG "300a06082a864886f70d0207"
#define MD5_ALG "300c06082a864886f70d02050500"
#define V2_WITNESS "3533099f917d47961032e5c9e2c2f36e1be39fcb149323d3025aebe33b1e87ca"
#define V1_WITNESS "bfc2b1ebce27b12dd946612f6e105fdd8b62b8ed"

static const struct proof_case {
    const char *name;
    enum cmc_control_kind kind;
    const char *content; /* of the SEQUENCE; of V1, the whole value */
    const char *identification;
    const char *requests;
    bool legacy;
    enum reason reason; /* REASON_COUNT: none */
} proof_cases[] = {
    {"V2", CMC_CONTROL_IDENTITY_PROOF_V2, SHA256_ALG HMAC_SHA256_ALG "0420" V2_WITNESS, "testuser",
     "3000", false, REASON_COUNT},
    {"V2 under the number of the 2008 modules", CMC_CONTROL_POP_LINK_WITNESS_V2,
     SHA256_ALG HMAC_SHA256_ALG "0420" V2_WITNESS, "testuser", "3000", false, REASON_COUNT},
    {"V2, another identification", CMC_CONTROL_IDENTITY_PROOF_V2,
     SHA256_ALG HMAC_SHA256_ALG "0420" V2_WITNESS, "testuseR", "3000", false, REASON_SECRET_WRONG},
    {"V2, other requests", CMC_CONTROL_IDENTITY_PROOF_V2,
     SHA256_ALG HMAC_SHA256_ALG "0420" V2_WITNESS, "testuser", "300100", false,
     REASON_SECRET_WRONG},
    {"V2, short witness", CMC_CONTROL_IDENTITY_PROOF_V2, SHA256_ALG HMAC_SHA256_ALG "040435330999",
     "testuser", "3000", false, REASON_SECRET_WRONG},
    {"V2, empty witness", CMC_CONTROL_IDENTITY_PROOF_V2, SHA256_ALG HMAC_SHA256_ALG "0400",
     "testuser", "3000", false, REASON_SECRET_WRONG},
    {"V2 with SHA-1", CMC_CONTROL_IDENTITY_PROOF_V2, SHA1_ALG HMAC_SHA1_ALG "0414" V1_WITNESS,
     "testuser", "3000", false, REASON_BAD_ALG},
    {"V2 with SHA-1, by option", CMC_CONTROL_IDENTITY_PROOF_V2,
     SHA1_ALG HMAC_SHA1_ALG "0414" V1_WITNESS, "testuser", "3000", true, REASON_COUNT},
    {"V2 with MD5", CMC_CONTROL_IDENTITY_PROOF_V2, MD5_ALG HMAC_SHA256_ALG "0420" V2_WITNESS,
     "testuser", "3000", true, REASON_BAD_ALG},
    {"V2 with a hash for a MAC", CMC_CONTROL_IDENTITY_PROOF_V2,
     SHA256_ALG SHA256_ALG "0420" V2_WITNESS, "testuser", "3000", true, REASON_BAD_ALG},
    {"V2 without witness", CMC_CONTROL_IDENTITY_PROOF_V2, SHA256_ALG HMAC_SHA256_ALG, "testuser",
     "3000", false, REASON_BAD_DATA_FORMAT},
    {"V1", CMC_CONTROL_IDENTITY_PROOF, "0414" V1_WITNESS, "testuser", "3000", true, REASON_COUNT},
    {"V1 without the option", CMC_CONTROL_IDENTITY_PROOF, "0414" V1_WITNESS, "testuser", "3000",
     false, REASON_BAD_ALG},
    {"V1, wrong", CMC_CONTROL_IDENTITY_PROOF, "041400c2b1ebce27b12dd946612f6e105fdd8b62b8ed",
     "testuser", "3000", true, REASON_SECRET_WRONG},
    {"V1 as INTEGER", CMC_CONTROL_IDENTITY_PROOF, "020101", "testuser", "3000", true,
     REASON_BAD_DATA_FORMAT},
    {"no proof at all", CMC_CONTROL_DATA_RETURN, "0400", "testuser", "3000", true,
     REASON_BAD_IDENTITY},
};

static void proof_row(void **state)
{
    const struct proof_case *row = *state;
    struct failure why = {0};
    struct bytes content = octets_from_hex(case_arena(), row->content);
    struct cmc_control control = {.id = 1, .kind = row->kind, .value = content};
    if (row->kind == CMC_CONTROL_IDENTITY_PROOF_V2 || row->kind == CMC_CONTROL_POP_LINK_WITNESS_V2)
        control.value = der_wrap(case_arena(), DER_SEQUENCE, content);
    const struct cmc_incoming incoming = {
        .body = {.controls = &control,
                 .control_count = 1,
                 .req_sequence = octets_from_hex(case_arena(), row->requests)},
        .identification = bytes_of_text(row->identification),
    };
    bool verified = cmc_check_identity_proof(&incoming, SECRET, row->legacy, case_arena(), &why);
    assert_int_equal(verified, row->reason == REASON_COUNT);
    if (!verified)
        assert_string_equal(reason_row(why.reason)->word, reason_row(row->reason)->word);
}

/* ---- POP links of Dogtag's client ----------------------------------------------------------- */

static struct cmc_incoming sample(const char *name, struct item *item)
{
    struct cmc_incoming incoming;
    struct failure why = {0};
    const struct message message = {
        .body = cmc_vector(case_arena(), arena_printf(case_arena(), "dogtag/%s.req.der", name))};
    assert_true(cmc_incoming_read(&message, case_arena(), &incoming, &why));
    struct bytes body = incoming.body.requests[0].body;
    assert_true(incoming.body.requests[0].form == CMC_CRM
                    ? crmf_parse(body, case_arena(), item, &why)
                    : pkcs10_parse(body, case_arena(), item, &why));
    return incoming;
}

static const struct link_case {
    const char *name;
    const char *sample;
    const char *secret;
    bool other_random;
    enum reason reason;
} link_cases[] = {
    {"PKCS#10", "13-tool-pop-link", "a shared secret", false, REASON_COUNT},
    {"CRMF", "14-tool-pop-link-crmf", "a shared secret", false, REASON_COUNT},
    {"another secret", "13-tool-pop-link", "another secret", false, REASON_BAD_POP},
    {"another random", "13-tool-pop-link", "a shared secret", true, REASON_BAD_POP},
    {"no secret", "13-tool-pop-link", "", false, REASON_BAD_IDENTITY},
    {"no link asked for", "12-tool-identity-proof", "a shared secret", false, REASON_COUNT},
};

static void link_row(void **state)
{
    const struct link_case *row = *state;
    struct item item;
    struct failure why = {0};
    struct cmc_incoming incoming = sample(row->sample, &item);
    for (size_t i = 0; row->other_random && i < incoming.body.control_count; i++) {
        if (incoming.body.controls[i].kind == CMC_CONTROL_POP_LINK_RANDOM)
            incoming.body.controls[i].value = octets_from_hex(case_arena(), "0401ff");
    }
    bool linked = cmc_check_pop_link(&incoming, &item, 1, bytes_of_text(row->secret), false,
                                     case_arena(), &why);
    assert_int_equal(linked, row->reason == REASON_COUNT);
    if (!linked)
        assert_string_equal(reason_row(why.reason)->word, reason_row(row->reason)->word);
}

/* Every request of the PKIData must have its witness (RFC 10002 6.3.1.1). */
static void a_request_without_witness_is_refused(void **state)
{
    (void)state;
    struct item items[2];
    struct failure why = {0};
    sample("12-tool-identity-proof", &items[1]);
    struct cmc_incoming incoming = sample("13-tool-pop-link", &items[0]);
    assert_true(cmc_check_pop_link(&incoming, items, 1, SECRET, false, case_arena(), &why));
    assert_false(cmc_check_pop_link(&incoming, items, 2, SECRET, false, case_arena(), &why));
    assert_int_equal(why.reason, REASON_BAD_POP);
}

/* The text of 6.3.1.1 makes the key of the secret alone; the first witness is such, the second one
 * the SHA-1 form. */
static const struct alone_case {
    const char *name;
    const char *oid;
    const char *value;
    bool legacy;
    bool linked;
} alone_cases[] = {
    {"key of the secret alone", "1.3.6.1.5.5.7.7.33",
     "3039" SHA256_ALG HMAC_SHA256_ALG
     "042059b57570b2af72c18d494a2f65a75c243f6ea9b19cf2d4c5b50658e333ecf069",
     false, true},
    {"number of the 2008 modules", "1.3.6.1.5.5.7.7.34",
     "303b" SHA256_ALG HMAC_SHA256_ALG
     "042059b57570b2af72c18d494a2f65a75c243f6ea9b19cf2d4c5b50658e333ecf069",
     false, true},
    {"SHA-1", "1.3.6.1.5.5.7.7.23", "0414d5a3269fcce79dda9872ab09c160559393769957", true, true},
    {"SHA-1 without the option", "1.3.6.1.5.5.7.7.23",
     "0414d5a3269fcce79dda9872ab09c160559393769957", false, false},
};

static void alone_row(void **state)
{
    const struct alone_case *row = *state;
    struct arena *arena = case_arena();
    struct failure why = {0};
    struct bytes value = octets_from_hex(arena, row->value);
    if (value.data[0] == DER_SEQUENCE)
        value = der_wrap(arena, DER_SEQUENCE, bytes_slice(value, 2, SIZE_MAX));
    struct bytes pair[] = {der_oid(arena, row->oid), value};
    struct bytes one = der_join(arena, DER_SEQUENCE, pair, 2);
    const struct item item = {.format = ITEM_CRMF,
                              .attributes = der_wrap(arena, DER_SEQUENCE, one)};
    struct cmc_control random = {
        .kind = CMC_CONTROL_POP_LINK_RANDOM,
        .value = octets_from_hex(arena, "0410000102030405060708090a0b0c0d0e0f")};
    const struct cmc_incoming incoming = {.body = {.controls = &random, .control_count = 1},
                                          .identification = BYTES_LITERAL("testuser")};
    bool linked = cmc_check_pop_link(&incoming, &item, 1, SECRET, row->legacy, arena, &why);
    assert_int_equal(linked, row->linked);
}

int main(void)
{
    CASES_ADD_ROWS(proof_cases, proof_row);
    CASES_ADD_ROWS(link_cases, link_row);
    CASES_ADD(a_request_without_witness_is_refused);
    CASES_ADD_ROWS(alone_cases, alone_row);
    return cases_run("cmc_proof");
}
