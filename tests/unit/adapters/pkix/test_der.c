#include "adapters/pkix/der.h"
#include "mapping/model/limits.h"
#include "tests/support/cases.h"
#include "tests/support/octets.h"

/* ---- soundness: good rows beside rows that differ in one rule ------------------------------- */

struct soundness {
    const char *name;
    const char *hex;
    bool sound;
};

static const struct soundness soundness[] = {
    {"sound: null", "0500", true},
    {"sound: nothing", "", false},
    {"sound: cut after the tag", "05", false},
    {"sound: null with content", "050100", false},
    {"sound: two values", "05000500", true},
    {"sound: content cut off", "0403aabb", false},
    {"sound: indefinite length",
     "3080020100"
     "0000",
     false},
    {"sound: length in more octets than needed", "04810161", false},
    {"sound: length with a leading zero", "048200056162636465", false},
    {"sound: length of five octets", "048500000000016100", false},
    {"sound: length of four octets, cut off", "0484ffffffff61", false},
    {"sound: length octets cut off", "048201", false},
    {"sound: high tag number", "1f810100", false},
    {"sound: boolean false", "010100", true},
    {"sound: boolean true", "0101ff", true},
    {"sound: boolean true as 1", "010101", false},
    {"sound: boolean of two octets", "0102ffff", false},
    {"sound: integer", "02020080", true},
    {"sound: integer padded with 00", "0202007f", false},
    {"sound: integer padded with ff", "0202ff80", false},
    {"sound: integer empty", "0200", false},
    {"sound: enumerated padded", "0a020001", false},
    {"sound: bit string", "0303070080", true},
    {"sound: bit string empty", "030100", true},
    {"sound: bit string without its count", "0300", false},
    {"sound: bit string with 8 unused bits", "03020800", false},
    {"sound: bit string empty with unused bits", "030101", false},
    {"sound: bit string with a set unused bit", "0303070081", false},
    {"sound: constructed bit string", "2305030300aabb", false},
    {"sound: constructed octet string", "24030401aa", false},
    {"sound: constructed utf8 string", "2c030c0161", false},
    {"sound: primitive sequence", "1000", false},
    {"sound: primitive set", "1100", false},
    {"sound: end of contents", "0000", false},
    {"sound: oid", "06032a0304", true},
    {"sound: oid empty", "0600", false},
    {"sound: oid with a padded arc", "06042a800304", false},
    {"sound: oid with an arc cut off", "06032a0384", false},
    {"sound: utf8 string", "0c0161", true},
    {"sound: context primitive of any octets", "80020000", true},
    {"sound: context constructed of unsound", "a003020000", false},
    {"sound: context constructed", "a003020100", true},
    {"sound: inner length past the outer end", "3003020201", false},
    {"sound: octets behind inside", "3004020100ff", false},
    {"sound: unsound octets in an octet string", "040430030201", true},
};

static void soundness_row(void **state)
{
    const struct soundness *row = *state;
    assert_int_equal(der_is_sound(octets_from_hex(case_arena(), row->hex)), row->sound);
}

static struct bytes nested(size_t levels)
{
    struct bytes b = BYTES_EMPTY;
    for (size_t i = 0; i < levels; i++)
        b = der_wrap(case_arena(), DER_SEQUENCE, b);
    return b;
}

static void depth_is_limited(void **state)
{
    (void)state;
    assert_true(der_is_sound(nested(LIMIT_DER_DEPTH)));
    assert_false(der_is_sound(nested(LIMIT_DER_DEPTH + 2)));
    assert_false(der_is_sound(nested(2000)));
}

/* ---- walking -------------------------------------------------------------------------------- */

static void next_gives_slices(void **state)
{
    (void)state;
    struct bytes octets = octets_from_hex(case_arena(), "0403aabbcc0500"), rest = octets;
    struct der tlv;
    assert_true(der_next(&rest, &tlv));
    assert_int_equal(tlv.tag, DER_OCTET_STRING);
    assert_ptr_equal(tlv.whole.data, octets.data);
    assert_int_equal(tlv.whole.size, 5);
    assert_ptr_equal(tlv.content.data, octets.data + 2);
    assert_int_equal(tlv.content.size, 3);
    assert_int_equal(rest.size, 2);
    assert_false(der_take(&rest, DER_OCTET_STRING, &tlv));
    assert_int_equal(rest.size, 2);
    assert_true(der_take(&rest, DER_NULL, &tlv));
    assert_false(der_next(&rest, &tlv));
    assert_false(der_only(octets, DER_OCTET_STRING, &tlv));
    assert_true(der_only(bytes_slice(octets, 0, 5), DER_OCTET_STRING, &tlv));
    assert_false(der_next(&(struct bytes){NULL, 0}, &tlv));
}

static void long_lengths_are_walked(void **state)
{
    (void)state;
    static const size_t sizes[] = {127, 128, 255, 256, 65535, 65536, 70000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct bytes content = bytes_of(arena_alloc(case_arena(), sizes[i]), sizes[i]);
        struct bytes whole = der_wrap(case_arena(), DER_OCTET_STRING, content);
        struct der tlv;
        assert_true(der_only(whole, DER_OCTET_STRING, &tlv));
        assert_int_equal(tlv.content.size, sizes[i]);
        whole.size--;
        assert_false(der_only(whole, DER_OCTET_STRING, &tlv));
    }
}

/* ---- numbers, booleans, bits ---------------------------------------------------------------- */

struct number {
    const char *name;
    const char *hex; /* content */
    bool good;
    int64_t value;
};

static const struct number numbers[] = {
    {"number: 0", "00", true, 0},
    {"number: 127", "7f", true, 127},
    {"number: 128", "0080", true, 128},
    {"number: -1", "ff", true, -1},
    {"number: -128", "80", true, -128},
    {"number: -129", "ff7f", true, -129},
    {"number: largest", "7fffffffffffffff", true, INT64_MAX},
    {"number: smallest", "8000000000000000", true, INT64_MIN},
    {"number: one too large", "008000000000000000", false, 0},
    {"number: padded", "0001", false, 0},
    {"number: padded negative", "ffff", false, 0},
    {"number: empty", "", false, 0},
};

static void number_row(void **state)
{
    const struct number *row = *state;
    int64_t value = 42;
    assert_int_equal(der_number(octets_from_hex(case_arena(), row->hex), &value), row->good);
    if (!row->good)
        return;
    assert_true(value == row->value);
    struct bytes tlv = der_integer(case_arena(), row->value);
    assert_octets(bytes_slice(tlv, 2, tlv.size), row->hex);
}

static void bits_are_whole_octets(void **state)
{
    (void)state;
    struct bytes out;
    assert_true(der_bits(octets_from_hex(case_arena(), "00aabb"), &out));
    assert_octets(out, "aabb");
    assert_true(der_bits(octets_from_hex(case_arena(), "00"), &out));
    assert_int_equal(out.size, 0);
    assert_false(der_bits(octets_from_hex(case_arena(), "01aa"), &out));
    assert_false(der_bits(BYTES_EMPTY, &out));
    assert_octets(der_bit_string(case_arena(), octets_from_hex(case_arena(), "aabb")),
                  "030300aabb");
}

/* ---- times: seconds from `date -u -d ... +%s` ------------------------------------------------ */

struct time_row {
    const char *name;
    uint8_t tag;
    const char *text;
    bool good;
    int64_t t;
};

static const struct time_row times[] = {
    {"time: epoch", 0x17, "700101000000Z", true, 0},
    {"time: utc 1950", 0x17, "500101000000Z", true, -631152000},
    {"time: utc 2049", 0x17, "491231235959Z", true, 2524607999},
    {"time: generalized 2050", 0x18, "20500101000000Z", true, 2524608000},
    {"time: leap day", 0x18, "20240229120000Z", true, 1709208000},
    {"time: day after", 0x18, "20240301000000Z", true, 1709251200},
    {"time: no leap day in 2100", 0x18, "21000229000000Z", false, 0},
    {"time: no expiry", 0x18, "99991231235959Z", true, 253402300799},
    {"time: fraction", 0x18, "20260101000000.123Z", true, 1767225600},
    {"time: fraction without digits", 0x18, "20260101000000.Z", false, 0},
    {"time: fraction in utc", 0x17, "260101000000.1Z", false, 0},
    {"time: offset", 0x18, "20260101000000+0100", false, 0},
    {"time: local", 0x18, "20260101000000", false, 0},
    {"time: without seconds", 0x17, "2601010000Z", false, 0},
    {"time: month 13", 0x18, "20261301000000Z", false, 0},
    {"time: month 0", 0x18, "20260001000000Z", false, 0},
    {"time: day 0", 0x18, "20260100000000Z", false, 0},
    {"time: 31 April", 0x18, "20260431000000Z", false, 0},
    {"time: hour 24", 0x18, "20260101240000Z", false, 0},
    {"time: sign for a digit", 0x18, "2026010100000-Z", false, 0},
    {"time: generalized with utc length", 0x18, "260101000000Z", false, 0},
    {"time: other tag", 0x16, "20260101000000Z", false, 0},
};

static void time_row(void **state)
{
    const struct time_row *row = *state;
    int64_t t = -1;
    struct bytes tlv = der_wrap(case_arena(), row->tag, bytes_of_text(row->text));
    assert_int_equal(der_time(tlv, &t), row->good);
    if (!row->good || strchr(row->text, '.') != NULL)
        return;
    assert_true(t == row->t);
    bool x509 = row->tag == 0x17 || t >= 2524608000; /* RFC 5280 4.1.2.5 */
    struct bytes again =
        x509 ? der_x509_time(case_arena(), t) : der_generalized_time(case_arena(), t);
    assert_true(bytes_equal(again, tlv));
}

/* ---- writing -------------------------------------------------------------------------------- */

static void sets_are_sorted(void **state)
{
    (void)state;
    const struct bytes parts[] = {
        octets_from_hex(case_arena(), "020180"),
        octets_from_hex(case_arena(), "020101"),
        octets_from_hex(case_arena(), "0500"),
        octets_from_hex(case_arena(), "0102ff00"),
    };
    assert_octets(der_set_of(case_arena(), DER_SET, parts, 4), "310c"
                                                               "0102ff00"
                                                               "020101"
                                                               "020180"
                                                               "0500");
    assert_octets(der_join(case_arena(), DER_SEQUENCE, parts, 2), "3006"
                                                                  "020180"
                                                                  "020101");
    assert_octets(der_set_of(case_arena(), DER_SET, NULL, 0), "3100");
}

struct oid_row {
    const char *name;
    const char *dotted;
    const char *hex; /* by openssl asn1parse -genstr OID:... */
};

static const struct oid_row oids[] = {
    {"oid: id-cct-PKIData", "1.3.6.1.5.5.7.12.2",
     "06082b060105050"
     "70c02"},
    {"oid: sha256", "2.16.840.1.101.3.4.2.1", "0609608648016503040201"},
    {"oid: joint-iso-itu-t 999", "2.999.3", "0603883703"},
    {"oid: zero arcs", "0.0.0", "06020000"},
    {"oid: uid", "0.9.2342.19200300.100.1.1", "060a0992268993f22c640101"},
};

static void oid_row(void **state)
{
    const struct oid_row *row = *state;
    struct bytes tlv = octets_from_hex(case_arena(), row->hex);
    assert_octets(der_oid(case_arena(), row->dotted), row->hex);
    assert_true(der_oid_is(tlv, row->dotted));
    assert_false(der_oid_is(tlv, "1.2.3"));
    assert_string_equal(der_oid_text(case_arena(), tlv), row->dotted);
}

static void bad_oids_have_no_text(void **state)
{
    (void)state;
    assert_string_equal(der_oid_text(case_arena(), octets_from_hex(case_arena(), "0500")), "?");
    assert_string_equal(der_oid_text(case_arena(), octets_from_hex(case_arena(), "06022a80")), "?");
    assert_string_equal(der_oid_text(case_arena(), octets_from_hex(case_arena(), "06042a800101")),
                        "?");
    assert_string_equal(
        der_oid_text(case_arena(), octets_from_hex(case_arena(), "060c2affffffffffffffffffff7f")),
        "?");
}

static void empty_names(void **state)
{
    (void)state;
    assert_true(der_name_is_empty(BYTES_EMPTY));
    assert_true(der_name_is_empty(octets_from_hex(case_arena(), "3000")));
    assert_false(der_name_is_empty(octets_from_hex(case_arena(), "3002")));
    assert_false(der_name_is_empty(octets_from_hex(case_arena(), "3100")));
}

int main(void)
{
    CASES_ADD_ROWS(soundness, soundness_row);
    CASES_ADD_ROWS(numbers, number_row);
    CASES_ADD_ROWS(times, time_row);
    CASES_ADD_ROWS(oids, oid_row);
    CASES_ADD(depth_is_limited);
    CASES_ADD(next_gives_slices);
    CASES_ADD(long_lengths_are_walked);
    CASES_ADD(bits_are_whole_octets);
    CASES_ADD(sets_are_sorted);
    CASES_ADD(bad_oids_have_no_text);
    CASES_ADD(empty_names);
    return cases_run("der");
}
