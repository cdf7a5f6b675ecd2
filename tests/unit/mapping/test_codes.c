/* Expected values are written by hand from RFC 9810 5.2.3 and Appendix F, RFC 10002 6.1.3 and
 * 6.1.4, RFC 7030 4.2.3 and RFC 9110. */
#include "tests/support/cmocka_all.h"

#include "mapping/codes.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* PKIFailureInfo, bit by bit: its name, the CMCFailInfo and the HTTP status it becomes, and
 * whether an authority that says it of our own message accuses us. */
static const struct {
    const char *name;
    int cmc;
    int http;
    bool hop;
} cmp_bits[] = {
    {"badAlg", 0, 400, false},
    {"badMessageCheck", 1, 400, true},
    {"badRequest", 2, 400, false},
    {"badTime", 3, 400, true},
    {"badCertId", 4, 400, false},
    {"badDataFormat", 2, 400, true},
    {"wrongAuthority", 2, 404, false},
    {"incorrectData", 2, 400, false},
    {"missingTimeStamp", 3, 400, true},
    {"badPOP", 9, 400, false},
    {"certRevoked", 2, 403, false},
    {"certConfirmed", 2, 500, false},
    {"wrongIntegrity", 1, 401, true},
    {"badRecipientNonce", 1, 400, true},
    {"timeNotAvailable", 11, 500, false},
    {"unacceptedPolicy", 2, 400, false},
    {"unacceptedExtension", 5, 400, false},
    {"addInfoNotAvailable", 2, 400, false},
    {"badSenderNonce", 1, 400, true},
    {"badCertTemplate", 2, 400, false},
    {"signerNotTrusted", 7, 403, true},
    {"transactionIdInUse", 2, 500, true},
    {"unsupportedVersion", 2, 400, true},
    {"notAuthorized", 2, 403, false},
    {"systemUnavail", 12, 503, false},
    {"systemFailure", 11, 500, false},
    {"duplicateCertReq", 10, 400, false},
};

/* CMCFailInfo, value by value: its name, the PKIFailureInfo bits and the HTTP status. */
static const struct {
    const char *name;
    uint32_t cmp;
    int http;
    bool hop;
} cmc_values[] = {
    {"badAlg", 1u << 0, 400, false},
    {"badMessageCheck", 1u << 1, 400, true},
    {"badRequest", 1u << 2, 400, false},
    {"badTime", 1u << 3, 400, true},
    {"badCertId", 1u << 4, 400, false},
    {"unsupportedExt", 1u << 19 | 1u << 16, 400, false},
    {"mustArchiveKeys", 1u << 2 | 1u << 17, 400, false},
    {"badIdentity", 1u << 23, 403, true},
    {"popRequired", 1u << 9, 400, false},
    {"popFailed", 1u << 9, 400, false},
    {"noKeyReuse", 1u << 19, 400, false},
    {"internalCAError", 1u << 25, 500, false},
    {"tryLater", 1u << 24, 503, false},
    {"authDataFail", 1u << 1, 400, true},
};

static struct result refused(enum reason reason)
{
    struct result result = {.status = RESULT_REFUSED};
    result_add_reason(&result, reason);
    return result;
}

static void every_cmp_bit_becomes_its_cmc_and_est_code(void **state)
{
    (void)state;
    assert_int_equal(COUNT(cmp_bits), 27);
    for (int bit = 0; bit < 27; bit++) {
        struct result result = refused(reason_from_cmp_bit(bit));
        assert_string_equal(cmp_fail_info_name(bit), cmp_bits[bit].name);
        assert_int_equal(result_cmp_bits(&result), UINT32_C(1) << bit); /* unchanged CMP to CMP */
        assert_int_equal(result_cmc_fail_info(&result), cmp_bits[bit].cmc);
        assert_int_equal(result_http_status(&result), cmp_bits[bit].http);
        assert_int_equal(result_cmp_status(&result), 2);
        assert_int_equal(result_cmc_status(&result), 2);
    }
}

static void every_cmc_value_becomes_its_cmp_and_est_code(void **state)
{
    (void)state;
    assert_int_equal(COUNT(cmc_values), 14);
    for (int value = 0; value < 14; value++) {
        struct result result = refused(reason_from_cmc(value));
        assert_string_equal(cmc_fail_info_name(value), cmc_values[value].name);
        assert_int_equal(result_cmp_bits(&result), cmc_values[value].cmp);
        assert_int_equal(result_cmc_fail_info(&result), value); /* unchanged CMC to CMC */
        assert_int_equal(result_http_status(&result), cmc_values[value].http);
        assert_int_equal(result_cmp_status(&result), 2);
        assert_int_equal(result_cmc_status(&result), 2);
    }
}

static void only_hop_faults_accuse_the_gateway(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    for (int bit = 0; bit < 27; bit++) {
        struct result result = refused(reason_from_cmp_bit(bit));
        result.source = (struct source_code){PROTOCOL_CMP, bit};
        result.has_source = true;
        result_blame_gateway(&result, arena);
        assert_int_equal(result.reasons[0] == REASON_GATEWAY_FAULT, cmp_bits[bit].hop);
        if (!cmp_bits[bit].hop)
            continue;
        assert_int_equal(result_cmp_bits(&result), UINT32_C(1) << 25);
        assert_int_equal(result_cmc_fail_info(&result), 11);
        assert_int_equal(result_http_status(&result), 502);
        assert_int_equal(result.source.value, bit);
    }
    for (int value = 0; value < 14; value++) {
        struct result result = refused(reason_from_cmc(value));
        result_blame_gateway(&result, arena);
        assert_int_equal(result.reasons[0] == REASON_GATEWAY_FAULT, cmc_values[value].hop);
    }
    arena_free(arena);
}

static void unknown_codes_are_the_vendors(void **state)
{
    (void)state;
    static const int bits[] = {-1, 27, 31, 100};
    static const long values[] = {-1, 14, 999, 1000, 1999, 2000, 1L << 40};
    for (size_t i = 0; i < COUNT(bits); i++) {
        assert_int_equal(reason_from_cmp_bit(bits[i]), REASON_VENDOR);
        assert_null(cmp_fail_info_name(bits[i]));
    }
    for (size_t i = 0; i < COUNT(values); i++) {
        assert_int_equal(reason_from_cmc(values[i]), REASON_VENDOR);
        assert_null(cmc_fail_info_name(values[i]));
    }
    struct result result = refused(REASON_VENDOR);
    assert_int_equal(result_cmp_bits(&result), UINT32_C(1) << 25);
    assert_int_equal(result_cmc_fail_info(&result), 11);
    assert_int_equal(result_http_status(&result), 500);
}

static void a_refusal_without_code_keeps_none(void **state)
{
    (void)state;
    struct result bare = {.status = RESULT_REFUSED};
    struct result unspecified = refused(REASON_UNSPECIFIED);
    const struct result *results[] = {&bare, &unspecified};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(result_cmp_bits(results[i]), 0);
        assert_int_equal(result_cmc_fail_info(results[i]), 2);
        assert_int_equal(result_cmc_status(results[i]), 2);
        assert_int_equal(result_http_status(results[i]), 400);
    }
}

static void every_http_status_becomes_its_codes(void **state)
{
    (void)state;
    static const struct {
        int status;
        uint32_t cmp;
        int cmc;
        int http;
    } rows[] = {
        {400, 1u << 2, 2, 400},   {401, 1u << 25, 11, 502}, {403, 1u << 23, 2, 403},
        {404, 1u << 25, 11, 502}, {405, 1u << 25, 11, 502}, {406, 1u << 25, 11, 502},
        {408, 1u << 24, 12, 503}, {409, 1u << 26, 10, 400}, {411, 1u << 25, 11, 502},
        {413, 1u << 2, 2, 413},   {415, 1u << 25, 11, 502}, {421, 1u << 25, 11, 502},
        {426, 1u << 25, 11, 502}, {429, 1u << 24, 12, 503}, {500, 1u << 25, 11, 500},
        {501, 1u << 2, 2, 404},   {502, 1u << 24, 12, 503}, {503, 1u << 24, 12, 503},
        {504, 1u << 25, 11, 504}, {505, 1u << 25, 11, 502}, {410, 1u << 2, 2, 400},
        {499, 1u << 2, 2, 400},   {507, 1u << 25, 11, 500}, {599, 1u << 25, 11, 500},
        {200, 1u << 25, 11, 502}, {204, 1u << 25, 11, 502}, {302, 1u << 25, 11, 502},
        {0, 1u << 25, 11, 502},   {600, 1u << 25, 11, 502}, {-1, 1u << 25, 11, 502},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct result result = refused(reason_from_http(rows[i].status));
        assert_int_equal(result_cmp_bits(&result), rows[i].cmp);
        assert_int_equal(result_cmc_fail_info(&result), rows[i].cmc);
        assert_int_equal(result_http_status(&result), rows[i].http);
    }
}

static void our_own_refusals_speak_every_language(void **state)
{
    (void)state;
    static const struct {
        enum reason reason;
        uint32_t cmp;
        int cmc_status;
        int cmc;
        int http;
    } rows[] = {
        {REASON_POP_CARRIER, 1u << 2, 4, 2, 400},
        {REASON_POP_CARRIER_INDIRECT, 1u << 9, 4, 8, 400},
        {REASON_NO_OPERATION, 1u << 2, 4, 2, 404},
        {REASON_POP_NOT_BOUND, 1u << 23, 2, 9, 400},
        {REASON_SECRET_WRONG, 1u << 1, 2, 7, 401},
        {REASON_SIGNATURE_WRONG, 1u << 1, 2, 1, 403},
        {REASON_SIGNER_UNKNOWN, 1u << 20, 2, 7, 403},
        {REASON_NOT_PERMITTED, 1u << 23, 2, 2, 403},
        {REASON_CHANNEL_BINDING_WRONG, 1u << 9, 2, 9, 400},
        {REASON_EXTENSION_REFUSED, 1u << 19 | 1u << 16, 2, 5, 400},
        {REASON_UNKNOWN_CONTROL, 1u << 2, 2, 2, 400},
        {REASON_UNKNOWN_TRANSACTION, 1u << 2, 2, 2, 400},
        {REASON_MEDIA_TYPE, 1u << 2, 2, 2, 415},
        {REASON_TOO_LARGE, 1u << 2, 2, 2, 413},
        {REASON_BUSY, 1u << 24, 2, 12, 503},
        {REASON_CA_DOWN, 1u << 24, 2, 12, 503},
        {REASON_GATEWAY_FAULT, 1u << 25, 2, 11, 502},
        {REASON_UPSTREAM_UNTRUSTED, 1u << 25, 2, 11, 502},
        {REASON_UPSTREAM_UNKNOWN, 1u << 25, 2, 11, 504},
        {REASON_UPSTREAM_WRONG_CERT, 1u << 25, 2, 11, 502},
        {REASON_INTERNAL, 1u << 25, 2, 11, 500},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct result result = refused(rows[i].reason);
        assert_int_equal(result_cmp_bits(&result), rows[i].cmp);
        assert_int_equal(result_cmc_status(&result), rows[i].cmc_status);
        assert_int_equal(result_cmc_fail_info(&result), rows[i].cmc);
        assert_int_equal(result_http_status(&result), rows[i].http);
    }
}

static void several_reasons_are_a_set(void **state)
{
    (void)state;
    struct result result = refused(REASON_NO_KEY_REUSE);
    result_add_reason(&result, REASON_BAD_ALG);
    result_add_reason(&result, REASON_SIGNER_UNKNOWN);
    assert_int_equal(result_cmp_bits(&result), 1u << 19 | 1u << 0 | 1u << 20);
    assert_int_equal(result_cmc_fail_info(&result), 10);
    assert_int_equal(result_http_status(&result), 403);
}

static void http_precedence_is_the_rules(void **state)
{
    (void)state;
    /* 401 > 403 > 503 > 413 > 415 > 404 > 400 > 501 > 504 > 502 > 500 */
    static const enum reason descending[] = {
        REASON_SECRET_WRONG,  REASON_NOT_PERMITTED, REASON_BUSY,    REASON_TOO_LARGE,
        REASON_MEDIA_TYPE,    REASON_NO_OPERATION,  REASON_BAD_ALG, REASON_UPSTREAM_UNKNOWN,
        REASON_GATEWAY_FAULT, REASON_INTERNAL,
    };
    static const int statuses[] = {401, 403, 503, 413, 415, 404, 400, 504, 502, 500};
    for (size_t high = 0; high < COUNT(descending); high++) {
        for (size_t low = high; low < COUNT(descending); low++) {
            struct result result = refused(descending[low]);
            result_add_reason(&result, descending[high]);
            assert_int_equal(result_http_status(&result), statuses[high]);
        }
    }
}

static void no_support_is_said_only_if_nothing_else_failed(void **state)
{
    (void)state;
    struct result result = refused(REASON_POP_CARRIER);
    assert_int_equal(result_cmc_status(&result), 4);
    result_add_reason(&result, REASON_NO_OPERATION);
    assert_int_equal(result_cmc_status(&result), 4);
    result_add_reason(&result, REASON_BAD_ALG);
    assert_int_equal(result_cmc_status(&result), 2);
}

static void results_have_their_status_words(void **state)
{
    (void)state;
    static const struct {
        enum result_status status;
        int cmp, cmc, http;
    } rows[] = {
        {RESULT_GRANTED, 0, 0, 200},
        {RESULT_GRANTED_WITH_MODS, 1, 0, 200},
        {RESULT_PENDING, 3, 3, 202},
        {RESULT_UNKNOWN, 3, 3, 202},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct result result = {.status = rows[i].status};
        assert_int_equal(result_cmp_status(&result), rows[i].cmp);
        assert_int_equal(result_cmc_status(&result), rows[i].cmc);
        assert_int_equal(result_http_status(&result), rows[i].http);
    }
}

static void cmp_statuses_are_read(void **state)
{
    (void)state;
    static const struct {
        long status;
        const char *name;
        enum result_status result;
        enum reason reason; /* REASON_COUNT: none */
    } rows[] = {
        {0, "accepted", RESULT_GRANTED, REASON_COUNT},
        {1, "grantedWithMods", RESULT_GRANTED_WITH_MODS, REASON_COUNT},
        {2, "rejection", RESULT_REFUSED, REASON_UNSPECIFIED},
        {3, "waiting", RESULT_PENDING, REASON_COUNT},
        {4, "revocationWarning", RESULT_GRANTED, REASON_COUNT},
        {5, "revocationNotification", RESULT_GRANTED, REASON_COUNT},
        {6, "keyUpdateWarning", RESULT_REFUSED, REASON_BAD_REQUEST},
        {7, NULL, RESULT_REFUSED, REASON_VENDOR},
        {-1, NULL, RESULT_REFUSED, REASON_VENDOR},
        {1L << 40, NULL, RESULT_REFUSED, REASON_VENDOR},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct result result = {0};
        result_read_cmp_status(&result, rows[i].status);
        assert_int_equal(result.status, rows[i].result);
        assert_int_equal(result.reason_count, rows[i].reason != REASON_COUNT);
        if (result.reason_count > 0)
            assert_int_equal(result.reasons[0], rows[i].reason);
        assert_false(result.confirm_needed);
        if (rows[i].name == NULL)
            assert_null(cmp_status_name(rows[i].status));
        else
            assert_string_equal(cmp_status_name(rows[i].status), rows[i].name);
    }
}

static void cmc_statuses_are_read(void **state)
{
    (void)state;
    static const struct {
        long status;
        const char *name;
        enum result_status result;
        enum reason reason; /* REASON_COUNT: none */
    } rows[] = {
        {0, "success", RESULT_GRANTED, REASON_COUNT},
        {1, NULL, RESULT_REFUSED, REASON_VENDOR},
        {2, "failed", RESULT_REFUSED, REASON_UNSPECIFIED},
        {3, "pending", RESULT_PENDING, REASON_COUNT},
        {4, "noSupport", RESULT_REFUSED, REASON_NO_OPERATION},
        {5, "confirmRequired", RESULT_GRANTED, REASON_COUNT},
        {6, "popRequired", RESULT_REFUSED, REASON_POP_REQUIRED},
        {7, "partial", RESULT_PENDING, REASON_COUNT},
        {8, NULL, RESULT_REFUSED, REASON_VENDOR},
        {-1, NULL, RESULT_REFUSED, REASON_VENDOR},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct result result = {0};
        result_read_cmc_status(&result, rows[i].status);
        assert_int_equal(result.status, rows[i].result);
        assert_int_equal(result.reason_count, rows[i].reason != REASON_COUNT);
        if (result.reason_count > 0)
            assert_int_equal(result.reasons[0], rows[i].reason);
        assert_int_equal(result.confirm_needed, rows[i].status == 5);
        if (rows[i].name == NULL)
            assert_null(cmc_status_name(rows[i].status));
        else
            assert_string_equal(cmc_status_name(rows[i].status), rows[i].name);
    }
}

static void a_failed_status_keeps_the_reason_of_its_fail_info(void **state)
{
    (void)state;
    struct result result = {0};
    result_add_reason(&result, reason_from_cmc(10));
    result_read_cmc_status(&result, 2);
    assert_int_equal(result.reason_count, 1);
    assert_int_equal(result.reasons[0], REASON_NO_KEY_REUSE);
}

static void cmc_statuses_of_one_body_part_combine(void **state)
{
    (void)state;
    /* failed > noSupport > popRequired > pending, partial > confirmRequired > success */
    static const long descending[] = {2, 4, 6, 3, 5, 0};
    for (size_t i = 0; i + 1 < COUNT(descending); i++)
        assert_true(cmc_status_rank(descending[i]) > cmc_status_rank(descending[i + 1]));
    assert_int_equal(cmc_status_rank(7), cmc_status_rank(3));
    assert_true(cmc_status_rank(1) > cmc_status_rank(2));
}

static void codes_stay_in_the_text(void **state)
{
    (void)state;
    static const struct {
        struct source_code source;
        const char *text, *expected;
    } rows[] = {
        {{PROTOCOL_CMP, 19}, "no", "no [cmp:badCertTemplate]"},
        {{PROTOCOL_CMC, 10}, "used", "used [cmc:noKeyReuse]"},
        {{PROTOCOL_EST, 409}, "again", "again [http:409]"},
        {{PROTOCOL_CMP, 27}, "x", "x [cmp:27]"},
        {{PROTOCOL_CMC, 1001}, "x", "x [cmc:1001]"},
        {{PROTOCOL_CMC, 11}, "", "[cmc:internalCAError]"},
    };
    struct arena *arena = arena_new();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct result result = {
            .source = rows[i].source, .has_source = true, .text = bytes_of_text(rows[i].text)};
        for (int twice = 0; twice < 2; twice++) {
            result_keep_code(&result, arena);
            assert_true(bytes_equal_text(result.text, rows[i].expected));
        }
    }
    struct result silent = {.text = BYTES_LITERAL("plain")};
    result_keep_code(&silent, arena);
    assert_true(bytes_equal_text(silent.text, "plain"));
    arena_free(arena);
}

static void a_long_text_makes_room_for_its_code(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    /* 256 times U+00E9: an even number of octets, and the cut would fall inside one */
    uint8_t text[512];
    for (size_t i = 0; i < sizeof(text); i += 2) {
        text[i] = 0xc3;
        text[i + 1] = 0xa9;
    }
    struct result result = {
        .source = {PROTOCOL_CMP, 19}, .has_source = true, .text = bytes_of(text, sizeof(text))};
    result_keep_code(&result, arena);
    /* "[cmp:badCertTemplate]" has 21 octets; 512 - 21 - 1 = 490 is a boundary here */
    assert_int_equal(result.text.size, 512);
    /* "[http:409]" has 10, so that 501 falls inside a character */
    result.source = (struct source_code){PROTOCOL_EST, 409};
    result.text = bytes_of(text, sizeof(text));
    result_keep_code(&result, arena);
    assert_int_equal(result.text.size, 511);
    assert_int_equal(result.text.data[499], 0xa9);
    assert_int_equal(result.text.data[500], ' ');
    arena_free(arena);
}

static void blame_keeps_what_the_authority_said(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct result result = refused(REASON_SIGNER_NOT_TRUSTED);
    result_add_reason(&result, REASON_BAD_ALG);
    result.source = (struct source_code){PROTOCOL_CMP, 20};
    result.has_source = true;
    result.text = BYTES_LITERAL("who are you");
    result_blame_gateway(&result, arena);
    assert_int_equal(result.reasons[0], REASON_GATEWAY_FAULT);
    assert_int_equal(result.reasons[1], REASON_BAD_ALG);
    assert_true(bytes_equal_text(result.text,
                                 "the certification authority refused the gateway's own message: "
                                 "who are you [cmp:signerNotTrusted]"));
    struct result innocent = refused(REASON_BAD_ALG);
    innocent.text = BYTES_LITERAL("MD5");
    result_blame_gateway(&innocent, arena);
    assert_int_equal(innocent.reasons[0], REASON_BAD_ALG);
    assert_true(bytes_equal_text(innocent.text, "MD5"));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cmp_bit_becomes_its_cmc_and_est_code),
        cmocka_unit_test(every_cmc_value_becomes_its_cmp_and_est_code),
        cmocka_unit_test(only_hop_faults_accuse_the_gateway),
        cmocka_unit_test(unknown_codes_are_the_vendors),
        cmocka_unit_test(a_refusal_without_code_keeps_none),
        cmocka_unit_test(every_http_status_becomes_its_codes),
        cmocka_unit_test(our_own_refusals_speak_every_language),
        cmocka_unit_test(several_reasons_are_a_set),
        cmocka_unit_test(http_precedence_is_the_rules),
        cmocka_unit_test(no_support_is_said_only_if_nothing_else_failed),
        cmocka_unit_test(results_have_their_status_words),
        cmocka_unit_test(cmp_statuses_are_read),
        cmocka_unit_test(cmc_statuses_are_read),
        cmocka_unit_test(a_failed_status_keeps_the_reason_of_its_fail_info),
        cmocka_unit_test(cmc_statuses_of_one_body_part_combine),
        cmocka_unit_test(codes_stay_in_the_text),
        cmocka_unit_test(a_long_text_makes_room_for_its_code),
        cmocka_unit_test(blame_keeps_what_the_authority_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
