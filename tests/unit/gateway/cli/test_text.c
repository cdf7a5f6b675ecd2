#include "tests/support/cases.h"

#include "gateway/cli/text.h"

struct serial_row {
    const char *name; /* what is typed */
    const char *hex;  /* INTEGER content; NULL: no serial number */
};

static const struct serial_row serial_rows[] = {
    {"4f00a1", "4f00a1"},
    {"4F:00:A1", "4f00a1"},
    {"0x4f00a1", "4f00a1"},
    {"0X4F", "4f"},
    {"f", "0f"},
    {"f00", "0f00"},
    {"80", "0080"}, /* positive */
    {"0080", "0080"},
    {"00007f", "7f"}, /* minimal */
    {"0", "00"},
    {"ffffffffffffffffffffffffffffffffffffffff", "00ffffffffffffffffffffffffffffffffffffffff"},
    {"fffffffffffffffffffffffffffffffffffffffff", NULL}, /* 41 digits */
    {"", NULL},
    {"0x", NULL},
    {"12 34", NULL},
    {"-1", NULL},
    {"xyz", NULL},
};

static void a_serial_number_is_read(void **state)
{
    const struct serial_row *row = *state;
    assert_octets(text_to_serial(row->name, case_arena()), row->hex == NULL ? "" : row->hex);
}

static void a_serial_number_is_written_as_it_is_read(void **state)
{
    (void)state;
    struct bytes read = text_to_serial("8000ff", case_arena());
    assert_string_equal(text_serial(read, case_arena()), "8000ff");
    assert_string_equal(text_serial(BYTES_LITERAL("\x00"), case_arena()), "00");
}

static void times_are_utc(void **state)
{
    (void)state;
    assert_string_equal(text_time(1790000000, case_arena()), "2026-09-21 14:13:20 UTC");
    assert_string_equal(text_time_iso(1790000000, case_arena()), "2026-09-21T14:13:20Z");
    assert_string_equal(text_time(0, case_arena()), "-");
}

static void what_is_no_utf8_is_no_json_either(void **state)
{
    (void)state;
    json_t *good = text_json(BYTES_LITERAL("Gerät")), *bad = text_json(BYTES_LITERAL("\xff"));
    assert_string_equal(json_string_value(good), "Gerät");
    assert_string_equal(json_string_value(bad), "");
    json_decref(good);
    json_decref(bad);
}

int main(void)
{
    CASES_ADD_ROWS(serial_rows, a_serial_number_is_read);
    CASES_ADD(a_serial_number_is_written_as_it_is_read);
    CASES_ADD(times_are_utc);
    CASES_ADD(what_is_no_utf8_is_no_json_either);
    return cases_run("text");
}
