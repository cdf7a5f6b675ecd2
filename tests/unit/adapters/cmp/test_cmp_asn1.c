#include "adapters/cmp/cmp_asn1.h"

#include "tests/support/cases.h"
#include "tests/support/octets.h"

struct bits_row {
    const char *name;
    uint32_t bits;
    const char *content; /* BIT STRING content: unused bits, then octets; "": absent */
};

/* X.690 11.2.2: a named bit list has no trailing zero bits. */
static const struct bits_row fail_infos[] = {
    {"no bit", 0, ""},
    {"bit 0", 1u << 0, "0780"},
    {"bit 7", 1u << 7, "0001"},
    {"bit 8", 1u << 8, "070080"},
    {"bit 1 and 9", 1u << 1 | 1u << 9, "064040"},
    {"bit 19", 1u << 19, "04000010"},
    {"bit 26", 1u << 26, "0500000020"},
    {"bit 31", 1u << 31, "0000000001"},
};

static void fail_info_is_a_named_bit_list(void **state)
{
    const struct bits_row *row = *state;
    struct bytes content = cmp_fail_info(row->bits, case_arena());
    assert_octets(content, row->content);
    assert_int_equal(cmp_fail_info_read(content), row->bits);
}

static void fail_info_of_any_length_is_read(void **state)
{
    (void)state;
    struct arena *arena = case_arena();
    assert_int_equal(cmp_fail_info_read(octets_from_hex(arena, "0040000000ffff")), 2);
    assert_int_equal(cmp_fail_info_read(octets_from_hex(arena, "00")), 0);
    assert_int_equal(cmp_fail_info_read(BYTES_EMPTY), 0);
}

struct shape_row {
    const char *name;
    const char *hex; /* a PKIStatusInfo */
    bool sound;
    const char *status_string, *fail_info;
};

static const struct shape_row shapes[] = {
    {"status alone", "3003020102", true, "", ""},
    {"with text",
     "3008020102"
     "3003"
     "0c0161",
     true, "0c0161", ""},
    {"with failInfo",
     "30070201020302"
     "0640",
     true, "", "0640"},
    {"with both",
     "300c020102"
     "30030c0161"
     "03020640",
     true, "0c0161", "0640"},
    {"empty", "3000", false, "", ""},
    {"no SEQUENCE", "3103020102", false, "", ""},
    {"out of order",
     "300c020102"
     "03020640"
     "30030c0161",
     false, "", ""},
    {"twice",
     "300b020102"
     "03020640"
     "03020640",
     false, "", ""},
    {"something behind",
     "3005020102"
     "0500",
     false, "", ""},
    {"cut", "30030201", false, "", ""},
    {"trailing octet", "300302010200", false, "", ""},
};

static void a_shape_is_read(void **state)
{
    const struct shape_row *row = *state;
    struct arena *arena = case_arena();
    struct bytes octets = octets_from_hex(arena, row->hex);
    struct cmp_status_info info = {.status = BYTES_EMPTY};
    struct failure why;
    assert_int_equal(cmp_read(&cmp_status_info_shape, octets, &info, &why), row->sound);
    if (!row->sound) {
        assert_int_equal(why.reason, REASON_BAD_DATA_FORMAT);
        assert_string_equal(why.clause, "RFC 9810 5.2.3");
        return;
    }
    assert_octets(info.status, "020102");
    assert_octets(info.status_string, row->status_string);
    assert_octets(info.fail_info, row->fail_info);
    assert_true(bytes_equal(cmp_write(&cmp_status_info_shape, &info, arena), octets));
}

struct explicit_row {
    const char *name;
    const char *hex; /* a CertStatus */
    bool sound;
};

static const struct explicit_row explicits[] = {
    {"hashAlg",
     "300c"
     "040161"
     "020100"
     "a0043002"
     "0500",
     true},
    {"hashAlg empty",
     "3008"
     "040161"
     "020100"
     "a000",
     false},
    {"hashAlg with two inside",
     "300c"
     "040161"
     "020100"
     "a00430003000",
     false},
    {"hashAlg of another type",
     "300a"
     "040161"
     "020100"
     "a0020500",
     false},
    {"hashAlg implicit",
     "300a"
     "040161"
     "020100"
     "80020500",
     false},
};

static void an_explicit_tag_holds_one_element(void **state)
{
    const struct explicit_row *row = *state;
    struct cmp_cert_status status;
    struct failure why;
    assert_int_equal(
        cmp_read(&cmp_cert_status_shape, octets_from_hex(case_arena(), row->hex), &status, &why),
        row->sound);
    if (row->sound)
        assert_octets(status.hash_alg, "30020500");
}

static void texts_become_one_line(void **state)
{
    (void)state;
    struct arena *arena = case_arena();
    struct bytes two = octets_from_hex(arena, "0c0161"
                                              "0c0262ff");
    assert_true(bytes_equal_text(cmp_free_text_read(two, arena), "a; b?"));
    assert_true(bytes_is_empty(cmp_free_text_read(BYTES_EMPTY, arena)));
    assert_octets(cmp_free_text(BYTES_LITERAL("a\n"), arena), "0c026120");
    assert_true(bytes_is_empty(cmp_free_text(BYTES_EMPTY, arena)));
}

static void a_long_text_is_cut(void **state)
{
    (void)state;
    struct arena *arena = case_arena();
    struct bytes long_one = bytes_of(arena_alloc(arena, 4000), 4000);
    struct bytes text = der_wrap(arena, DER_UTF8_STRING, long_one);
    assert_int_equal(cmp_free_text_read(text, arena).size, 512);
}

static void integers(void **state)
{
    (void)state;
    struct arena *arena = case_arena();
    int64_t n = 7;
    assert_true(cmp_integer(octets_from_hex(arena, "0201ff"), &n));
    assert_int_equal(n, -1);
    assert_false(cmp_integer(octets_from_hex(arena, "02020001"), &n));
    assert_false(cmp_integer(octets_from_hex(arena, "0209"
                                                    "010000000000000000"),
                             &n));
    assert_false(cmp_integer(octets_from_hex(arena, "0a0101"), &n));
    assert_false(cmp_integer(BYTES_EMPTY, &n));
}

static void lists_are_counted(void **state)
{
    (void)state;
    struct arena *arena = case_arena();
    assert_int_equal(cmp_count(BYTES_EMPTY), 0);
    assert_int_equal(cmp_count(octets_from_hex(arena, "05000500")), 2);
    assert_true(cmp_count(octets_from_hex(arena, "0500050100")) == 2 ||
                cmp_count(octets_from_hex(arena, "050005")) == SIZE_MAX);
    assert_true(cmp_count(octets_from_hex(arena, "050005")) == SIZE_MAX);
}

int main(void)
{
    CASES_ADD_ROWS(fail_infos, fail_info_is_a_named_bit_list);
    CASES_ADD(fail_info_of_any_length_is_read);
    CASES_ADD_ROWS(shapes, a_shape_is_read);
    CASES_ADD_ROWS(explicits, an_explicit_tag_holds_one_element);
    CASES_ADD(texts_become_one_line);
    CASES_ADD(a_long_text_is_cut);
    CASES_ADD(integers);
    CASES_ADD(lists_are_counted);
    return cases_run("cmp_asn1");
}
