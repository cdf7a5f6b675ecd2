/* What is written, octet for octet as RFC 10002 has it; the expected octets were put together by
 * hand. tests/interop reads whole messages of ours with other people's decoders. */
#include "tests/support/cases.h"

#include "adapters/cmc/cmc_message.h"
#include "tests/support/octets.h"

static struct bytes hex(const char *digits)
{
    return octets_from_hex(case_arena(), digits);
}

static void an_empty_request(void **state)
{
    (void)state;
    struct cmc_writer writer = cmc_writer(case_arena(), 0, 0);
    assert_octets(cmc_pki_data(&writer), "30083000300030003000");
}

static void an_empty_response(void **state)
{
    (void)state;
    struct cmc_writer writer = cmc_writer(case_arena(), 0, 0);
    assert_octets(cmc_pki_response(&writer), "3006300030003000");
}

static void a_request_with_all_parts(void **state)
{
    (void)state;
    struct cmc_writer writer = cmc_writer(case_arena(), 1, 2);
    cmc_write_control(&writer, CMC_CONTROL_SENDER_NONCE, 7,
                      cmc_octet_string(case_arena(), hex("0011")));
    cmc_write_tcr(&writer, 1, hex("3003020107"));
    cmc_write_crm(&writer, hex("3009300502010530008000"));
    assert_octets(cmc_pki_data(&writer), "3032"
                                         "3015"
                                         "3013020107"
                                         "06082b06010505070706"
                                         "310404020011"
                                         "3015"
                                         "a008020101"
                                         "3003020107"
                                         "a109"
                                         "300502010530008000"
                                         "3000"
                                         "3000");
}

static void body_part_ids(void **state)
{
    (void)state;
    const int64_t ids[] = {1, 128, CMC_BODY_ID_MAX};
    assert_octets(cmc_id_list(case_arena(), ids, 3), "300e"
                                                     "020101"
                                                     "02020080"
                                                     "020500ffffffff");
}

/* As Dogtag takes it (tests/vectors/cmc/dogtag, 27). */
static void a_witness(void **state)
{
    (void)state;
    const int64_t id = 5;
    assert_octets(cmc_witness(case_arena(), &id, 1), "30080201003003020105");
}

static void a_transaction_id(void **state)
{
    (void)state;
    assert_octets(cmc_integer(case_arena(), hex("4034")), "02024034");
}

static void a_revocation(void **state)
{
    (void)state;
    assert_octets(
        cmc_revoke_request(case_arena(), hex("3000"), hex("0081"), 5, BYTES_LITERAL("why")),
        "300e"
        "3000"
        "02020081"
        "0a0105"
        "0c03776879");
    assert_octets(cmc_revoke_request(case_arena(), hex("3000"), hex("01"), 0, BYTES_EMPTY),
                  "3008"
                  "3000"
                  "020101"
                  "0a0100");
}

static void a_certificate_id(void **state)
{
    (void)state;
    assert_octets(cmc_cert_id(case_arena(), hex("3000"), hex("0081")), "30063000"
                                                                       "02020081");
}

static int64_t three = 3;

static const struct status_case {
    const char *name;
    struct cmc_status status;
    const char *hex;
} status_cases[] = {
    {"success",
     {.status = 0, .ids = &three, .id_count = 1, .fail_info = CMC_NO_FAIL_INFO},
     "3008"
     "020100"
     "3003020103"},
    {"failed",
     {.status = 2,
      .ids = &three,
      .id_count = 1,
      .fail_info = 9,
      .text = {(const uint8_t *)"no", 2}},
     "300f"
     "020102"
     "3003020103"
     "0c026e6f"
     "020109"},
    {"badAlg is a value, not an absence",
     {.status = 2, .ids = &three, .id_count = 1, .fail_info = 0},
     "300b"
     "020102"
     "3003020103"
     "020100"},
    {"no failInfo beside noSupport",
     {.status = 4, .ids = &three, .id_count = 1, .fail_info = 2},
     "3008"
     "020104"
     "3003020103"},
    {"pending",
     {.status = 3,
      .ids = &three,
      .id_count = 1,
      .fail_info = CMC_NO_FAIL_INFO,
      .has_pend_info = true,
      .pend_token = {(const uint8_t *)"abc", 3},
      .pend_time = INT64_C(1767323045)}, /* date -d 2026-01-02T03:04:05Z +%s */
     "3020"
     "020103"
     "3003020103"
     "3016"
     "0403616263"
     "180f32303236303130323033303430355a"},
};

static void status_row(void **state)
{
    const struct status_case *row = *state;
    assert_octets(cmc_status_info_v2(case_arena(), &row->status), row->hex);
}

int main(void)
{
    CASES_ADD(an_empty_request);
    CASES_ADD(an_empty_response);
    CASES_ADD(a_request_with_all_parts);
    CASES_ADD(body_part_ids);
    CASES_ADD(a_witness);
    CASES_ADD(a_transaction_id);
    CASES_ADD(a_revocation);
    CASES_ADD(a_certificate_id);
    CASES_ADD_ROWS(status_cases, status_row);
    return cases_run("cmc_encode");
}
