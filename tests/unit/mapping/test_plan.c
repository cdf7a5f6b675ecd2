/* Expected carriages and refusals are written by hand from RFC 4211 4, RFC 9483 5.2, RFC 10002
 * 3.2.1.2 and 6.8, RFC 7030 4.2 and 4.3. One cmocka test a row. */
#include "tests/support/cmocka_all.h"

#include "mapping/plan.h"

enum { RA_POP = 1, FULL_CMC = 2, P10CR = 4, PASS = 8, REFUSE_ID0 = 16 };
enum { ALL = RA_POP | FULL_CMC | P10CR };

/* regToken "x" and an oldCertID-like control of another type. */
static const uint8_t reg_token[] = {0x30, 0x10, 0x30, 0x0e, 0x06, 0x09, 0x2b, 0x06, 0x01,
                                    0x05, 0x05, 0x07, 0x05, 0x01, 0x01, 0x0c, 0x01, 'x'};
static const uint8_t authenticator[] = {0x30, 0x10, 0x30, 0x0e, 0x06, 0x09, 0x2b, 0x06, 0x01,
                                        0x05, 0x05, 0x07, 0x05, 0x01, 0x02, 0x0c, 0x01, 'x'};
static const uint8_t publication[] = {0x30, 0x10, 0x30, 0x0e, 0x06, 0x09, 0x2b, 0x06, 0x01,
                                      0x05, 0x05, 0x07, 0x05, 0x01, 0x03, 0x0c, 0x01, 'x'};

/* The same regToken behind another control, and with a length of two octets. */
static const uint8_t second_control[] = {0x30, 0x20, 0x30, 0x0e, 0x06, 0x09, 0x2b, 0x06, 0x01,
                                         0x05, 0x05, 0x07, 0x05, 0x01, 0x03, 0x0c, 0x01, 'x',
                                         0x30, 0x0e, 0x06, 0x09, 0x2b, 0x06, 0x01, 0x05, 0x05,
                                         0x07, 0x05, 0x01, 0x01, 0x0c, 0x01, 'x'};
static const uint8_t long_length[] = {0x30, 0x81, 0x10, 0x30, 0x0e, 0x06, 0x09, 0x2b, 0x06, 0x01,
                                      0x05, 0x05, 0x07, 0x05, 0x01, 0x01, 0x0c, 0x01, 'x'};
static const uint8_t length_without_octets[] = {0x30, 0x80, 0x30, 0x0e};
static const uint8_t length_of_too_many[] = {0x30, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0x30};

static const struct row {
    const char *name;
    enum protocol inbound;
    enum operation operation;
    enum item_format format;
    enum pop_form form;
    enum pop_verdict verdict;
    int64_t id;
    enum protocol authority;
    int can;
    enum carriage carriage; /* CARRIAGE_NONE: refused with reason */
    enum reason reason;
} rows[] = {
#define NO CARRIAGE_NONE
#define YES REASON_COUNT
#define ROW(name, in, op, format, form, verdict, id, out, can, carriage, reason)                   \
    {                                                                                              \
        name, PROTOCOL_##in, OPERATION_##op, ITEM_##format, POP_FORM_##form, POP_##verdict, id,    \
            PROTOCOL_##out, can, carriage, reason                                                  \
    }
    /* clang-format off */
    /* PKCS#10 to CMC: tcr, whatever the device's protocol */
    ROW("p10cr to CMC", CMP, ENROLL, PKCS10, PKCS10, VERIFIED, -1, CMC, 0, CARRIAGE_CMC_TCR, YES),
    ROW("tcr to CMC", CMC, ENROLL, PKCS10, PKCS10, VERIFIED, 7, CMC, 0, CARRIAGE_CMC_TCR, YES),
    ROW("simpleenroll to CMC", EST, ENROLL, PKCS10, PKCS10, VERIFIED, 0, CMC, 0, CARRIAGE_CMC_TCR, YES),
    ROW("simplereenroll to CMC", EST, UPDATE, PKCS10, PKCS10, VERIFIED, 0, CMC, 0, CARRIAGE_CMC_TCR, YES),
    ROW("bound PKCS#10 to CMC", EST, ENROLL, PKCS10, PKCS10_BOUND, VERIFIED, 0, CMC, 0, CARRIAGE_CMC_TCR, YES),
    ROW("DH-POP to CMC", CMC, ENROLL, PKCS10, DH_POP, OPEN, 1, CMC, 0, CARRIAGE_CMC_TCR, YES),
    ROW("noSignature to CMC", CMC, ENROLL, PKCS10, NO_SIGNATURE, OPEN, 1, CMC, ALL, NO, REASON_POP_REQUIRED),
    /* CRMF with a legal bodyPartID to CMC: crm */
    ROW("crm 1 to CMC", CMC, ENROLL, CRMF, SIGNATURE, VERIFIED, 1, CMC, 0, CARRIAGE_CMC_CRM, YES),
    ROW("crm bodyIdMax to CMC", CMC, ENROLL, CRMF, SIGNATURE, VERIFIED, INT64_C(4294967295), CMC, 0, CARRIAGE_CMC_CRM, YES),
    ROW("ir with certReqId 1 to CMC", CMP, ENROLL, CRMF, SIGNATURE, VERIFIED, 1, CMC, ALL, CARRIAGE_CMC_CRM, YES),
    ROW("cr with certReqId 5 to CMC", CMP, ENROLL_ADD, CRMF, SIGNATURE, VERIFIED, 5, CMC, 0, CARRIAGE_CMC_CRM, YES),
    ROW("kur with certReqId 1 to CMC", CMP, UPDATE, CRMF, SIGNATURE, VERIFIED, 1, CMC, 0, CARRIAGE_CMC_CRM, YES),
    /* certReqId 0 and others that CMC cannot take */
    ROW("ir with certReqId 0 to CMC", CMP, ENROLL, CRMF, SIGNATURE, VERIFIED, 0, CMC, RA_POP, CARRIAGE_CMC_WITNESS, YES),
    ROW("kur with certReqId 0 to CMC", CMP, UPDATE, CRMF, SIGNATURE, VERIFIED, 0, CMC, RA_POP, CARRIAGE_CMC_WITNESS, YES),
    ROW("certReqId 0, no RA POP", CMP, ENROLL, CRMF, SIGNATURE, VERIFIED, 0, CMC, 0, NO, REASON_POP_CARRIER),
    ROW("certReqId 0 passed through", CMP, ENROLL, CRMF, SIGNATURE, VERIFIED, 0, CMC, RA_POP | PASS, CARRIAGE_CMC_CRM, YES),
    ROW("certReqId 0 refused", CMP, ENROLL, CRMF, SIGNATURE, VERIFIED, 0, CMC, RA_POP | REFUSE_ID0, NO, REASON_POP_CARRIER),
    ROW("certReqId 1 where 0 is refused", CMP, ENROLL, CRMF, SIGNATURE, VERIFIED, 1, CMC, RA_POP | REFUSE_ID0, CARRIAGE_CMC_CRM, YES),
    ROW("certReqId above bodyIdMax", CMP, ENROLL, CRMF, SIGNATURE, VERIFIED, INT64_C(4294967296), CMC, RA_POP, CARRIAGE_CMC_WITNESS, YES),
    ROW("certReqId -2", CMP, ENROLL, CRMF, SIGNATURE, VERIFIED, -2, CMC, RA_POP, CARRIAGE_CMC_WITNESS, YES),
    ROW("certReqId -2, no RA POP", CMP, ENROLL, CRMF, SIGNATURE, VERIFIED, -2, CMC, 0, NO, REASON_POP_CARRIER),
    /* proofs that no CMC request may hold */
    ROW("poposkInput sender to CMC", CMP, ENROLL, CRMF, SIGNATURE_SENDER, VERIFIED, 1, CMC, RA_POP, CARRIAGE_CMC_WITNESS, YES),
    ROW("poposkInput sender, no RA POP", CMP, ENROLL, CRMF, SIGNATURE_SENDER, VERIFIED, 1, CMC, 0, NO, REASON_POP_CARRIER),
    ROW("publicKeyMAC to CMC", CMP, ENROLL, CRMF, SIGNATURE_MAC, VERIFIED, 1, CMC, RA_POP, CARRIAGE_CMC_WITNESS, YES),
    ROW("publicKeyMAC, 0 refused", CMP, ENROLL, CRMF, SIGNATURE_MAC, VERIFIED, 0, CMC, RA_POP | REFUSE_ID0, CARRIAGE_CMC_WITNESS, YES),
    ROW("raVerified of an RA to CMC", CMP, ENROLL, CRMF, RA_VERIFIED, VOUCHED, 0, CMC, RA_POP, CARRIAGE_CMC_WITNESS, YES),
    ROW("raVerified of an RA, no RA POP", CMP, ENROLL, CRMF, RA_VERIFIED, VOUCHED, 0, CMC, 0, NO, REASON_POP_CARRIER),
    ROW("encrCert to CMC", CMP, ENROLL, CRMF, ENCR_CERT, OPEN, 0, CMC, ALL, NO, REASON_POP_CARRIER_INDIRECT),
    ROW("challengeResp to CMC", CMP, ENROLL, CRMF, CHALLENGE, OPEN, 0, CMC, ALL, NO, REASON_POP_CARRIER_INDIRECT),
    ROW("encryptedKey to CMC", CMP, ENROLL, CRMF, ENCRYPTED_KEY, OPEN, 0, CMC, ALL, NO, REASON_POP_CARRIER),
    ROW("agreeMAC to CMC", CMP, ENROLL, CRMF, AGREE_MAC, OPEN, 0, CMC, ALL, NO, REASON_POP_CARRIER),
    ROW("no popo to CMC", CMP, ENROLL, CRMF, ABSENT, OPEN, 0, CMC, ALL, NO, REASON_POP_REQUIRED),
    /* the embedded CA */
    ROW("PKCS#10 to the embedded CA", EST, ENROLL, PKCS10, PKCS10, VERIFIED, 0, LOCAL, 0, CARRIAGE_LOCAL, YES),
    ROW("bound PKCS#10 to the embedded CA", EST, ENROLL, PKCS10, PKCS10_BOUND, VERIFIED, 0, LOCAL, 0, CARRIAGE_LOCAL, YES),
    ROW("ir 0 to the embedded CA", CMP, ENROLL, CRMF, SIGNATURE, VERIFIED, 0, LOCAL, 0, CARRIAGE_LOCAL, YES),
    ROW("kur to the embedded CA", CMP, UPDATE, CRMF, SIGNATURE, VERIFIED, 0, LOCAL, 0, CARRIAGE_LOCAL, YES),
    ROW("sender to the embedded CA", CMP, ENROLL, CRMF, SIGNATURE_SENDER, VERIFIED, 0, LOCAL, 0, CARRIAGE_LOCAL, YES),
    ROW("publicKeyMAC to the embedded CA", CMP, ENROLL, CRMF, SIGNATURE_MAC, VERIFIED, 0, LOCAL, 0, CARRIAGE_LOCAL, YES),
    ROW("raVerified to the embedded CA", CMP, ENROLL, CRMF, RA_VERIFIED, VOUCHED, 0, LOCAL, 0, CARRIAGE_LOCAL_VOUCHED, YES),
    ROW("encrCert to the embedded CA", CMP, ENROLL, CRMF, ENCR_CERT, OPEN, 0, LOCAL, ALL, NO, REASON_POP_CARRIER_INDIRECT),
    ROW("challengeResp to the embedded CA", CMP, ENROLL, CRMF, CHALLENGE, OPEN, 0, LOCAL, ALL, NO, REASON_POP_CARRIER_INDIRECT),
    ROW("encryptedKey to the embedded CA", CMP, ENROLL, CRMF, ENCRYPTED_KEY, OPEN, 0, LOCAL, ALL, NO, REASON_POP_CARRIER),
    ROW("agreeMAC to the embedded CA", CMP, ENROLL, CRMF, AGREE_MAC, OPEN, 0, LOCAL, ALL, NO, REASON_POP_CARRIER),
    ROW("DH-POP to the embedded CA", CMC, ENROLL, PKCS10, DH_POP, OPEN, 1, LOCAL, ALL, NO, REASON_POP_CARRIER),
    ROW("noSignature to the embedded CA", CMC, ENROLL, PKCS10, NO_SIGNATURE, OPEN, 1, LOCAL, ALL, NO, REASON_POP_REQUIRED),
    ROW("no popo to the embedded CA", CMP, ENROLL, CRMF, ABSENT, OPEN, 0, LOCAL, ALL, NO, REASON_POP_REQUIRED),
    /* EST */
    ROW("p10cr to EST", CMP, ENROLL, PKCS10, PKCS10, VERIFIED, -1, EST, 0, CARRIAGE_EST_ENROLL, YES),
    ROW("tcr to EST", CMC, ENROLL, PKCS10, PKCS10, VERIFIED, 3, EST, 0, CARRIAGE_EST_ENROLL, YES),
    ROW("simplereenroll to EST", EST, UPDATE, PKCS10, PKCS10, VERIFIED, 0, EST, 0, CARRIAGE_EST_ENROLL, YES),
    ROW("bound PKCS#10 to EST as RA", EST, ENROLL, PKCS10, PKCS10_BOUND, VERIFIED, 0, EST, RA_POP, CARRIAGE_EST_BOUND, YES),
    ROW("bound PKCS#10 to EST", EST, ENROLL, PKCS10, PKCS10_BOUND, VERIFIED, 0, EST, 0, NO, REASON_POP_CARRIER),
    ROW("DH-POP to EST", CMC, ENROLL, PKCS10, DH_POP, OPEN, 1, EST, ALL, NO, REASON_POP_CARRIER),
    ROW("noSignature to EST", CMC, ENROLL, PKCS10, NO_SIGNATURE, OPEN, 1, EST, ALL, NO, REASON_POP_REQUIRED),
    ROW("ir 0 to simpleenroll", CMP, ENROLL, CRMF, SIGNATURE, VERIFIED, 0, EST, RA_POP, NO, REASON_POP_CARRIER),
    ROW("ir 1 to simpleenroll", CMP, ENROLL, CRMF, SIGNATURE, VERIFIED, 1, EST, RA_POP, NO, REASON_POP_CARRIER),
    ROW("kur to simpleenroll", CMP, UPDATE, CRMF, SIGNATURE, VERIFIED, 0, EST, RA_POP, NO, REASON_POP_CARRIER),
    ROW("ir 1 to fullcmc", CMP, ENROLL, CRMF, SIGNATURE, VERIFIED, 1, EST, FULL_CMC, CARRIAGE_EST_FULLCMC, YES),
    ROW("ir 0 to fullcmc", CMP, ENROLL, CRMF, SIGNATURE, VERIFIED, 0, EST, FULL_CMC | RA_POP, CARRIAGE_EST_FULLCMC_WITNESS, YES),
    ROW("ir 0 to fullcmc passed", CMP, ENROLL, CRMF, SIGNATURE, VERIFIED, 0, EST, FULL_CMC | PASS, CARRIAGE_EST_FULLCMC, YES),
    ROW("ir 0 to fullcmc refused", CMP, ENROLL, CRMF, SIGNATURE, VERIFIED, 0, EST, FULL_CMC | RA_POP | REFUSE_ID0, NO, REASON_POP_CARRIER),
    ROW("ir 0 to fullcmc, no RA POP", CMP, ENROLL, CRMF, SIGNATURE, VERIFIED, 0, EST, FULL_CMC, NO, REASON_POP_CARRIER),
    ROW("sender to fullcmc", CMP, ENROLL, CRMF, SIGNATURE_SENDER, VERIFIED, 1, EST, FULL_CMC | RA_POP, CARRIAGE_EST_FULLCMC_WITNESS, YES),
    ROW("raVerified to fullcmc", CMP, ENROLL, CRMF, RA_VERIFIED, VOUCHED, 1, EST, FULL_CMC | RA_POP, CARRIAGE_EST_FULLCMC_WITNESS, YES),
    ROW("raVerified to simpleenroll", CMP, ENROLL, CRMF, RA_VERIFIED, VOUCHED, 1, EST, RA_POP, NO, REASON_POP_CARRIER),
    ROW("encrCert to EST", CMP, ENROLL, CRMF, ENCR_CERT, OPEN, 0, EST, ALL, NO, REASON_POP_CARRIER_INDIRECT),
    /* CMP */
    ROW("p10cr to CMP", CMP, ENROLL, PKCS10, PKCS10, VERIFIED, -1, CMP, P10CR, CARRIAGE_CMP_P10CR, YES),
    ROW("tcr to CMP", CMC, ENROLL, PKCS10, PKCS10, VERIFIED, 3, CMP, P10CR | RA_POP, CARRIAGE_CMP_P10CR, YES),
    ROW("simplereenroll to CMP", EST, UPDATE, PKCS10, PKCS10, VERIFIED, 0, CMP, P10CR, CARRIAGE_CMP_P10CR, YES),
    ROW("bound PKCS#10 to CMP", EST, ENROLL, PKCS10, PKCS10_BOUND, VERIFIED, 0, CMP, P10CR, CARRIAGE_CMP_P10CR, YES),
    ROW("tcr to CMP without p10cr", CMC, ENROLL, PKCS10, PKCS10, VERIFIED, 3, CMP, RA_POP, CARRIAGE_CMP_RA_VERIFIED, YES),
    ROW("tcr to CMP, neither", CMC, ENROLL, PKCS10, PKCS10, VERIFIED, 3, CMP, 0, NO, REASON_POP_CARRIER),
    ROW("DH-POP to CMP", CMC, ENROLL, PKCS10, DH_POP, OPEN, 1, CMP, P10CR, CARRIAGE_CMP_P10CR, YES),
    ROW("DH-POP to CMP without p10cr", CMC, ENROLL, PKCS10, DH_POP, OPEN, 1, CMP, RA_POP, NO, REASON_POP_CARRIER),
    ROW("ir 0 to CMP", CMP, ENROLL, CRMF, SIGNATURE, VERIFIED, 0, CMP, RA_POP, CARRIAGE_CMP_CRMF, YES),
    ROW("cr 0 to CMP, no RA POP", CMP, ENROLL_ADD, CRMF, SIGNATURE, VERIFIED, 0, CMP, 0, CARRIAGE_CMP_CRMF, YES),
    ROW("crm to CMP", CMC, ENROLL, CRMF, SIGNATURE, VERIFIED, 4, CMP, 0, CARRIAGE_CMP_CRMF, YES),
    ROW("crm signed by the old certificate to CMP", CMC, UPDATE, CRMF, SIGNATURE, VERIFIED, 4, CMP, 0, CARRIAGE_CMP_CRMF, YES),
    ROW("kur to CMP", CMP, UPDATE, CRMF, SIGNATURE, VERIFIED, 0, CMP, ALL, NO, REASON_POP_CARRIER),
    ROW("kur with raVerified to CMP", CMP, UPDATE, CRMF, RA_VERIFIED, VOUCHED, 0, CMP, ALL, NO, REASON_POP_CARRIER),
    ROW("sender to CMP", CMP, ENROLL, CRMF, SIGNATURE_SENDER, VERIFIED, 0, CMP, RA_POP, CARRIAGE_CMP_RA_VERIFIED, YES),
    ROW("publicKeyMAC to CMP", CMP, ENROLL, CRMF, SIGNATURE_MAC, VERIFIED, 0, CMP, RA_POP, CARRIAGE_CMP_RA_VERIFIED, YES),
    ROW("publicKeyMAC to CMP, no RA POP", CMP, ENROLL, CRMF, SIGNATURE_MAC, VERIFIED, 0, CMP, P10CR, NO, REASON_POP_CARRIER),
    ROW("raVerified to CMP", CMP, ENROLL, CRMF, RA_VERIFIED, VOUCHED, 0, CMP, RA_POP, CARRIAGE_CMP_RA_VERIFIED, YES),
    ROW("raVerified to CMP, no RA POP", CMP, ENROLL, CRMF, RA_VERIFIED, VOUCHED, 0, CMP, P10CR, NO, REASON_POP_CARRIER),
    ROW("encrCert to CMP", CMP, ENROLL, CRMF, ENCR_CERT, OPEN, 0, CMP, ALL, NO, REASON_POP_CARRIER_INDIRECT),
    ROW("encryptedKey to CMP", CMP, ENROLL, CRMF, ENCRYPTED_KEY, OPEN, 0, CMP, ALL, NO, REASON_POP_CARRIER),
    ROW("noSignature to CMP", CMC, ENROLL, PKCS10, NO_SIGNATURE, OPEN, 1, CMP, ALL, NO, REASON_POP_REQUIRED),
    ROW("no popo to CMP", CMP, ENROLL, CRMF, ABSENT, OPEN, 0, CMP, ALL, NO, REASON_POP_REQUIRED),
    /* verdicts that do not belong to their form carry nothing */
    ROW("raVerified that nobody vouches for", CMP, ENROLL, CRMF, RA_VERIFIED, OPEN, 0, CMC, ALL, NO, REASON_POP_CARRIER),
    ROW("signature left open", CMP, ENROLL, CRMF, SIGNATURE, OPEN, 1, CMC, ALL, NO, REASON_POP_CARRIER),
    ROW("PKCS#10 left open", CMP, ENROLL, PKCS10, PKCS10, OPEN, -1, LOCAL, ALL, NO, REASON_POP_CARRIER),
    /* clang-format on */
};

static struct capabilities capabilities(enum protocol protocol, int can)
{
    return (struct capabilities){
        .protocol = protocol,
        .crmf_id0 = (can & PASS) != 0         ? CRMF_ID0_PASS_THROUGH
                    : (can & REFUSE_ID0) != 0 ? CRMF_ID0_REFUSE
                                              : CRMF_ID0_RA_VERIFY,
        .ra_pop = (can & RA_POP) != 0,
        .full_cmc = (can & FULL_CMC) != 0,
        .p10cr = (can & P10CR) != 0,
    };
}

static void is_carried_so(void **state)
{
    const struct row *row = *state;
    struct item item = {.format = row->format,
                        .pop_form = row->form,
                        .pop_verdict = row->verdict,
                        .inbound_id = row->id};
    struct request request = {
        .protocol = row->inbound, .operation = row->operation, .items = &item, .item_count = 1};
    struct capabilities authority = capabilities(row->authority, row->can);
    struct failure why = {.reason = REASON_COUNT};
    bool planned = plan_request(&request, &authority, &why);
    assert_int_equal(item.carriage, row->carriage);
    assert_int_equal(why.reason, row->reason);
    assert_int_equal(planned, row->carriage != CARRIAGE_NONE);
    if (!planned)
        assert_true(why.text[0] != '\0' && why.clause[0] != '\0');
}

static void what_was_never_checked_never_leaves(void **state)
{
    (void)state;
    for (unsigned form = 0; form < POP_FORM_COUNT; form++) {
        for (unsigned protocol = 0; protocol < PROTOCOL_COUNT; protocol++) {
            struct item item = {.pop_form = (enum pop_form)form,
                                .format = form >= POP_FORM_PKCS10 ? ITEM_PKCS10 : ITEM_CRMF,
                                .pop_verdict = POP_UNCHECKED,
                                .inbound_id = 1};
            struct request request = {
                .operation = OPERATION_ENROLL, .items = &item, .item_count = 1};
            struct capabilities authority = capabilities((enum protocol)protocol, ALL | PASS);
            struct failure why;
            assert_false(plan_request(&request, &authority, &why));
            assert_int_equal(why.reason, REASON_INTERNAL);
            assert_int_equal(item.carriage, CARRIAGE_NONE);
        }
    }
}

static void nobody_makes_keys(void **state)
{
    (void)state;
    for (unsigned protocol = 0; protocol < PROTOCOL_COUNT; protocol++) {
        struct item item = {.format = ITEM_CRMF,
                            .pop_form = POP_FORM_ABSENT,
                            .pop_verdict = POP_OPEN,
                            .key_absent = true};
        struct request request = {.operation = OPERATION_ENROLL, .items = &item, .item_count = 1};
        struct capabilities authority = capabilities((enum protocol)protocol, ALL);
        struct failure why;
        assert_false(plan_request(&request, &authority, &why));
        assert_int_equal(why.reason, REASON_NO_OPERATION);
    }
}

static void barred_controls_are_not_carried_in_a_crm(void **state)
{
    (void)state;
    static const struct {
        struct bytes controls;
        enum carriage carriage;
    } cases[] = {
        {{reg_token, sizeof(reg_token)}, CARRIAGE_CMC_WITNESS},
        {{authenticator, sizeof(authenticator)}, CARRIAGE_CMC_WITNESS},
        {{publication, sizeof(publication)}, CARRIAGE_CMC_CRM},
        {{NULL, 0}, CARRIAGE_CMC_CRM},
        {{second_control, sizeof(second_control)}, CARRIAGE_CMC_WITNESS},
        {{long_length, sizeof(long_length)}, CARRIAGE_CMC_WITNESS},
        /* No decoder lets these pass; the walk must only end. */
        {{reg_token, 5}, CARRIAGE_CMC_CRM},
        {{reg_token, 1}, CARRIAGE_CMC_CRM},
        {{length_without_octets, sizeof(length_without_octets)}, CARRIAGE_CMC_CRM},
        {{length_of_too_many, sizeof(length_of_too_many)}, CARRIAGE_CMC_CRM},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct item item = {.format = ITEM_CRMF,
                            .pop_form = POP_FORM_SIGNATURE,
                            .pop_verdict = POP_VERIFIED,
                            .inbound_id = 1,
                            .attributes = cases[i].controls};
        struct request request = {.operation = OPERATION_ENROLL, .items = &item, .item_count = 1};
        struct capabilities authority = capabilities(PROTOCOL_CMC, RA_POP);
        struct failure why;
        assert_true(plan_request(&request, &authority, &why));
        assert_int_equal(item.carriage, cases[i].carriage);
    }
}

static void equal_ids_cannot_share_a_pki_data(void **state)
{
    (void)state;
    struct item items[3] = {{.inbound_id = 5}, {.inbound_id = 5}, {.inbound_id = 6}};
    for (size_t i = 0; i < 3; i++) {
        items[i].format = ITEM_CRMF;
        items[i].pop_form = POP_FORM_SIGNATURE;
        items[i].pop_verdict = POP_VERIFIED;
    }
    struct request request = {.operation = OPERATION_ENROLL, .items = items, .item_count = 3};
    struct capabilities authority = capabilities(PROTOCOL_CMC, RA_POP);
    struct failure why;
    assert_true(plan_request(&request, &authority, &why));
    assert_int_equal(items[0].carriage, CARRIAGE_CMC_WITNESS);
    assert_int_equal(items[1].carriage, CARRIAGE_CMC_WITNESS);
    assert_int_equal(items[2].carriage, CARRIAGE_CMC_CRM);
}

static void id_0_passes_only_alone(void **state)
{
    (void)state;
    struct item items[2] = {{.inbound_id = 0}, {.inbound_id = 1}};
    for (size_t i = 0; i < 2; i++) {
        items[i].format = ITEM_CRMF;
        items[i].pop_form = POP_FORM_SIGNATURE;
        items[i].pop_verdict = POP_VERIFIED;
    }
    struct request request = {.operation = OPERATION_ENROLL, .items = items, .item_count = 2};
    struct capabilities authority = capabilities(PROTOCOL_CMC, PASS | RA_POP);
    struct failure why;
    assert_true(plan_request(&request, &authority, &why));
    assert_int_equal(items[0].carriage, CARRIAGE_CMC_WITNESS);
    assert_int_equal(items[1].carriage, CARRIAGE_CMC_CRM);
}

static void one_bad_item_refuses_all(void **state)
{
    (void)state;
    struct item items[2] = {
        {.format = ITEM_PKCS10, .pop_form = POP_FORM_PKCS10, .pop_verdict = POP_VERIFIED},
        {.format = ITEM_CRMF, .pop_form = POP_FORM_ENCR_CERT, .pop_verdict = POP_OPEN}};
    struct request request = {.operation = OPERATION_ENROLL, .items = items, .item_count = 2};
    struct capabilities authority = capabilities(PROTOCOL_CMC, ALL);
    struct failure why;
    assert_false(plan_request(&request, &authority, &why));
    assert_int_equal(why.reason, REASON_POP_CARRIER_INDIRECT);
}

static const struct {
    enum operation operation;
    bool cmp, cmc, est, fullcmc, local;
} carried[] = {
    {OPERATION_ENROLL, true, true, true, true, true},
    {OPERATION_ENROLL_ADD, true, true, true, true, true},
    {OPERATION_UPDATE, true, true, true, true, true},
    {OPERATION_REVOKE, true, true, false, true, true},
    {OPERATION_UNREVOKE, true, false, false, false, false},
    {OPERATION_CONFIRM, false, false, false, false, false},
    {OPERATION_POLL, false, false, false, false, false},
    {OPERATION_CANCEL, false, false, false, false, false},
    {OPERATION_CA_CERTS, false, false, false, false, false},
    {OPERATION_ROOT_UPDATE, false, false, false, false, false},
    {OPERATION_GET_CRL, false, false, false, false, false},
    {OPERATION_GET_CERT, false, false, false, false, false},
    {OPERATION_TEMPLATE, false, false, false, false, false},
    {OPERATION_SUPPORT, false, false, false, false, false},
};

static void check_carried(enum operation operation, enum protocol protocol, int can, bool expected)
{
    struct item item = {.format = ITEM_PKCS10,
                        .pop_form = POP_FORM_PKCS10,
                        .pop_verdict = POP_VERIFIED,
                        .old_serial = BYTES_LITERAL("\x05")};
    struct request request = {.operation = operation, .items = &item, .item_count = 1};
    struct capabilities authority = capabilities(protocol, can);
    struct failure why;
    assert_int_equal(plan_carries(operation, &authority), expected);
    assert_int_equal(plan_request(&request, &authority, &why), expected);
    if (!expected)
        assert_int_equal(why.reason, REASON_NO_OPERATION);
}

static void operations_are_carried_where_they_have_words(void **state)
{
    (void)state;
    assert_int_equal(sizeof(carried) / sizeof(carried[0]), OPERATION_COUNT);
    for (size_t i = 0; i < OPERATION_COUNT; i++) {
        enum operation operation = carried[i].operation;
        check_carried(operation, PROTOCOL_CMP, P10CR, carried[i].cmp);
        check_carried(operation, PROTOCOL_CMC, RA_POP, carried[i].cmc);
        check_carried(operation, PROTOCOL_EST, RA_POP, carried[i].est);
        check_carried(operation, PROTOCOL_EST, FULL_CMC, carried[i].fullcmc);
        check_carried(operation, PROTOCOL_LOCAL, 0, carried[i].local);
    }
}

static void a_revocation_needs_no_proof(void **state)
{
    (void)state;
    struct item item = {.old_serial = BYTES_LITERAL("\x05"), .pop_verdict = POP_UNCHECKED};
    struct request request = {.operation = OPERATION_REVOKE, .items = &item, .item_count = 1};
    struct capabilities authority = capabilities(PROTOCOL_CMC, 0);
    struct failure why;
    assert_true(plan_request(&request, &authority, &why));
    assert_int_equal(item.carriage, CARRIAGE_NONE);
    request.item_count = 0;
    assert_false(plan_request(&request, &authority, &why));
    assert_int_equal(why.reason, REASON_BAD_REQUEST);
}

static void a_message_without_items_is_refused(void **state)
{
    (void)state;
    struct request request = {.operation = OPERATION_ENROLL};
    struct capabilities authority = capabilities(PROTOCOL_CMC, ALL);
    struct failure why;
    assert_false(plan_request(&request, &authority, &why));
    assert_int_equal(why.reason, REASON_BAD_REQUEST);
}

int main(void)
{
    enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(what_was_never_checked_never_leaves),
        cmocka_unit_test(nobody_makes_keys),
        cmocka_unit_test(barred_controls_are_not_carried_in_a_crm),
        cmocka_unit_test(equal_ids_cannot_share_a_pki_data),
        cmocka_unit_test(id_0_passes_only_alone),
        cmocka_unit_test(one_bad_item_refuses_all),
        cmocka_unit_test(operations_are_carried_where_they_have_words),
        cmocka_unit_test(a_revocation_needs_no_proof),
        cmocka_unit_test(a_message_without_items_is_refused),
    };
    enum { OTHERS = sizeof(others) / sizeof(others[0]) };
    static struct CMUnitTest tests[ROWS + OTHERS];
    for (size_t i = 0; i < ROWS; i++) {
        union {
            const struct row *row;
            void *state;
        } lent = {.row = &rows[i]};
        tests[i] = (struct CMUnitTest){rows[i].name, is_carried_so, NULL, NULL, lent.state};
    }
    memcpy(tests + ROWS, others, sizeof(others));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
