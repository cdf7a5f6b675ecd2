#include "tests/support/cmocka_all.h"

#include "mapping/model/pack.h"
#include "mapping/model/response.h"

static struct arena *arena;

static int make_arena(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int free_arena(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void fields_have_the_layout_of_the_header(void **state)
{
    (void)state;
    static const uint8_t expected[] = {7,    0,    0,    0,    2,    'h', 'i', 0xff, 0xff, 0xff,
                                       0xff, 0xff, 0xff, 0xff, 0xfe, 0,   0,   0,    0};
    struct pack_writer writer = pack_writer(arena, 7);
    pack_bytes(&writer, BYTES_LITERAL("hi"));
    pack_number(&writer, -2);
    pack_bytes(&writer, BYTES_EMPTY);
    struct bytes packed = pack_result(&writer);
    assert_int_equal(packed.size, sizeof(expected));
    assert_memory_equal(packed.data, expected, sizeof(expected));
}

static void a_large_field_survives_growth(void **state)
{
    (void)state;
    uint8_t *large = arena_alloc(arena, 100000);
    memset(large, 0x5a, 100000);
    struct pack_writer writer = pack_writer(arena, 1);
    for (int i = 0; i < 100; i++)
        pack_number(&writer, i);
    pack_bytes(&writer, bytes_of(large, 100000));
    struct pack_reader reader = pack_reader(pack_result(&writer), 1);
    for (int i = 0; i < 100; i++)
        assert_int_equal(pack_read_number(&reader), i);
    assert_true(bytes_equal(pack_read_bytes(&reader), bytes_of(large, 100000)));
    assert_true(pack_done(&reader));
}

static void a_reader_that_ran_dry_is_bad_and_stays_so(void **state)
{
    (void)state;
    static const uint8_t claims_too_much[] = {1, 0xff, 0xff, 0xff, 0xff, 'x'};
    struct pack_reader reader = pack_reader(bytes_of(claims_too_much, sizeof(claims_too_much)), 1);
    assert_int_equal(pack_read_bytes(&reader).size, 0);
    assert_int_equal(pack_read_number(&reader), 0);
    assert_false(pack_done(&reader));
}

static void versions_and_trailing_octets_are_refused(void **state)
{
    (void)state;
    struct pack_writer writer = pack_writer(arena, 1);
    struct pack_reader other = pack_reader(pack_result(&writer), 2);
    assert_false(pack_done(&other));
    struct pack_reader empty = pack_reader(BYTES_EMPTY, 1);
    assert_false(pack_done(&empty));
    pack_number(&writer, 1);
    struct pack_reader more = pack_reader(pack_result(&writer), 1);
    assert_false(pack_done(&more));
}

static void counts_are_capped(void **state)
{
    (void)state;
    static const struct {
        int64_t written;
        bool good;
    } rows[] = {{0, true}, {5, true}, {6, false}, {-1, false}, {INT64_MAX, false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pack_writer writer = pack_writer(arena, 1);
        pack_number(&writer, rows[i].written);
        struct pack_reader reader = pack_reader(pack_result(&writer), 1);
        assert_int_equal(pack_read_count(&reader, 5), rows[i].good ? rows[i].written : 0);
        assert_int_equal(pack_done(&reader), rows[i].good);
    }
}

static struct request sample_request(struct item items[2])
{
    items[0] = (struct item){
        .format = ITEM_CRMF,
        .original = BYTES_LITERAL("original"),
        .cert_request = BYTES_LITERAL("certReq"),
        .popo = BYTES_LITERAL("popo"),
        .reg_info = BYTES_LITERAL("regInfo"),
        .inbound_id = 17,
        .subject = BYTES_LITERAL("subject"),
        .spki = BYTES_LITERAL("spki"),
        .extensions = BYTES_LITERAL("extensions"),
        .attributes = BYTES_LITERAL("controls"),
        .issuer = BYTES_LITERAL("issuer"),
        .not_before = 1,
        .not_after = INT64_C(253402300799),
        .old_issuer = BYTES_LITERAL("old issuer"),
        .old_serial = BYTES_LITERAL("\x01\x00"),
        .revocation_reason = 5,
        .key_absent = true,
        .pop_form = POP_FORM_RA_VERIFIED,
        .pop_verdict = POP_VOUCHED,
        .carriage = CARRIAGE_CMC_WITNESS,
        .spki_sha256 = {1, 2, 3},
    };
    items[1] = (struct item){.format = ITEM_PKCS10, .inbound_id = -1};
    return (struct request){
        .operation = OPERATION_UPDATE,
        .protocol = PROTOCOL_CMC,
        .what = "PKIData",
        .profile = BYTES_LITERAL("tls"),
        .identity = {.kind = IDENTITY_SIGNATURE,
                     .principal = BYTES_LITERAL("CN=a"),
                     .credential = BYTES_LITERAL("credential"),
                     .certificate = BYTES_LITERAL("certificate"),
                     .subject = BYTES_LITERAL("name"),
                     .is_ra = true,
                     .group = 3},
        .implicit_confirm = true,
        .can_confirm = true,
        .items = items,
        .item_count = 2,
        .text = BYTES_LITERAL("text"),
        .leg = BYTES_LITERAL("leg"),
    };
}

static void a_request_comes_back_whole(void **state)
{
    (void)state;
    struct item items[2];
    struct request in = sample_request(items), out;
    struct failure why;
    struct bytes packed = request_pack(&in, arena);
    assert_true(request_unpack(packed, arena, &out, &why));
    assert_int_equal(out.operation, OPERATION_UPDATE);
    assert_int_equal(out.protocol, PROTOCOL_CMC);
    assert_string_equal(out.what, "PKIData");
    assert_true(bytes_equal_text(out.profile, "tls"));
    assert_int_equal(out.identity.kind, IDENTITY_SIGNATURE);
    assert_true(bytes_equal_text(out.identity.principal, "CN=a"));
    assert_true(bytes_equal_text(out.identity.credential, "credential"));
    assert_true(bytes_equal_text(out.identity.certificate, "certificate"));
    assert_true(bytes_equal_text(out.identity.subject, "name"));
    assert_true(out.identity.is_ra && out.implicit_confirm && out.can_confirm);
    assert_int_equal(out.identity.group, 3);
    assert_true(bytes_equal_text(out.text, "text"));
    assert_true(bytes_equal_text(out.leg, "leg"));
    assert_int_equal(out.item_count, 2);
    assert_int_equal(out.items[1].inbound_id, -1);
    assert_int_equal(out.items[1].format, ITEM_PKCS10);
    assert_int_equal(out.items[1].original.size, 0);
}

static void an_item_comes_back_whole(void **state)
{
    (void)state;
    struct item items[2];
    struct request in = sample_request(items), out;
    struct failure why;
    assert_true(request_unpack(request_pack(&in, arena), arena, &out, &why));
    const struct item *item = &out.items[0];
    assert_int_equal(item->format, ITEM_CRMF);
    assert_true(bytes_equal_text(item->original, "original"));
    assert_true(bytes_equal_text(item->cert_request, "certReq"));
    assert_true(bytes_equal_text(item->popo, "popo"));
    assert_true(bytes_equal_text(item->reg_info, "regInfo"));
    assert_true(bytes_equal_text(item->subject, "subject"));
    assert_true(bytes_equal_text(item->spki, "spki"));
    assert_true(bytes_equal_text(item->extensions, "extensions"));
    assert_true(bytes_equal_text(item->attributes, "controls"));
    assert_true(bytes_equal_text(item->issuer, "issuer"));
    assert_true(bytes_equal_text(item->old_issuer, "old issuer"));
    assert_true(bytes_equal(item->old_serial, bytes_of("\x01\x00", 2)));
    assert_int_equal(item->inbound_id, 17);
    assert_int_equal(item->not_before, 1);
    assert_int_equal(item->not_after, INT64_C(253402300799));
    assert_int_equal(item->revocation_reason, 5);
    assert_true(item->key_absent);
    assert_int_equal(item->pop_form, POP_FORM_RA_VERIFIED);
    assert_int_equal(item->pop_verdict, POP_VOUCHED);
    assert_int_equal(item->carriage, CARRIAGE_CMC_WITNESS);
    assert_int_equal(item->spki_sha256[2], 3);
}

static void a_question_of_anybody_comes_back_as_such(void **state)
{
    (void)state;
    struct request in = {.what = "cacerts", .identity = {.group = IDENTITY_ANY_GROUP}}, out;
    struct failure why;
    assert_true(request_unpack(request_pack(&in, arena), arena, &out, &why));
    assert_true(out.identity.group == IDENTITY_ANY_GROUP);
    assert_int_equal(out.item_count, 0);
}

static void every_shortened_request_is_refused(void **state)
{
    (void)state;
    struct item items[2];
    struct request in = sample_request(items), out;
    struct bytes packed = request_pack(&in, arena);
    for (size_t size = 0; size < packed.size; size++) {
        struct failure why;
        assert_false(request_unpack(bytes_slice(packed, 0, size), arena, &out, &why));
        assert_int_equal(why.reason, REASON_INTERNAL);
    }
}

static void a_response_comes_back_whole(void **state)
{
    (void)state;
    struct result results[2] = {
        {.inbound_id = 4,
         .status = RESULT_REFUSED,
         .reasons = {REASON_NO_KEY_REUSE, REASON_BAD_REQUEST},
         .reason_count = 2,
         .source = {PROTOCOL_CMC, 10},
         .has_source = true,
         .clause = "RFC 1 2",
         .text = BYTES_LITERAL("text"),
         .detail = BYTES_LITERAL("detail")},
        {.inbound_id = 5,
         .status = RESULT_GRANTED,
         .retry_at = 99,
         .confirm_needed = true,
         .certificate = BYTES_LITERAL("certificate")},
    };
    struct bytes chain[] = {BYTES_LITERAL("one"), BYTES_LITERAL("two")};
    struct response in = {.operation = OPERATION_ENROLL,
                          .results = results,
                          .result_count = 2,
                          .chain = chain,
                          .chain_count = 2,
                          .ca_pubs = chain,
                          .ca_pub_count = 1,
                          .implicit_confirm = true,
                          .confirm_deadline = 1234};
    struct response out;
    struct failure why;
    assert_true(response_unpack(response_pack(&in, arena), arena, &out, &why));
    assert_int_equal(out.result_count, 2);
    assert_int_equal(out.results[0].inbound_id, 4);
    assert_int_equal(out.results[0].status, RESULT_REFUSED);
    assert_int_equal(out.results[0].reason_count, 2);
    assert_int_equal(out.results[0].reasons[0], REASON_NO_KEY_REUSE);
    assert_int_equal(out.results[0].reasons[1], REASON_BAD_REQUEST);
    assert_true(out.results[0].has_source);
    assert_int_equal(out.results[0].source.protocol, PROTOCOL_CMC);
    assert_int_equal(out.results[0].source.value, 10);
    assert_string_equal(out.results[0].clause, "RFC 1 2");
    assert_true(bytes_equal_text(out.results[0].text, "text"));
    assert_true(bytes_equal_text(out.results[0].detail, "detail"));
    assert_int_equal(out.results[1].status, RESULT_GRANTED);
    assert_int_equal(out.results[1].retry_at, 99);
    assert_true(out.results[1].confirm_needed);
    assert_true(bytes_equal_text(out.results[1].certificate, "certificate"));
    assert_int_equal(out.chain_count, 2);
    assert_true(bytes_equal_text(out.chain[1], "two"));
    assert_int_equal(out.ca_pub_count, 1);
    assert_true(out.implicit_confirm);
    assert_int_equal(out.confirm_deadline, 1234);
}

static void every_shortened_response_is_refused(void **state)
{
    (void)state;
    struct result results[1] = {{.status = RESULT_UNKNOWN,
                                 .reasons = {REASON_UPSTREAM_UNKNOWN},
                                 .reason_count = 1,
                                 .text = BYTES_LITERAL("text")}};
    struct response in = {.results = results, .result_count = 1}, out;
    struct bytes packed = response_pack(&in, arena);
    for (size_t size = 0; size < packed.size; size++) {
        struct failure why;
        assert_false(response_unpack(bytes_slice(packed, 0, size), arena, &out, &why));
        assert_int_equal(why.reason, REASON_INTERNAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_have_the_layout_of_the_header),
        cmocka_unit_test(a_large_field_survives_growth),
        cmocka_unit_test(a_reader_that_ran_dry_is_bad_and_stays_so),
        cmocka_unit_test(versions_and_trailing_octets_are_refused),
        cmocka_unit_test(counts_are_capped),
        cmocka_unit_test(a_request_comes_back_whole),
        cmocka_unit_test(an_item_comes_back_whole),
        cmocka_unit_test(a_question_of_anybody_comes_back_as_such),
        cmocka_unit_test(every_shortened_request_is_refused),
        cmocka_unit_test(a_response_comes_back_whole),
        cmocka_unit_test(every_shortened_response_is_refused),
    };
    return cmocka_run_group_tests(tests, make_arena, free_arena);
}
