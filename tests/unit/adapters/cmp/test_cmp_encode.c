/* What stands in our answers, as OpenSSL's decoder reads it. */
#include "tests/support/cases.h"
#include "tests/support/cmp_gateway.h"
#include "tests/support/cmp_reader.h"
#include "tests/support/octets.h"

enum { IP = 1, CP = 3, KUP = 8, PKICONF = 19, ERROR = 23, POLL_REP = 26 };
enum { ACCEPTED = 0, WITH_MODS = 1, REJECTION = 2, WAITING = 3 };

#define NONCE "202122232425262728292a2b2c2d2e2f"
#define NONCE_2 "303132333435363738393a3b3c3d3e3f"
#define TID "101112131415161718191a1b1c1d1e1f"

static struct bytes vector(const char *name)
{
    struct arena *arena = case_arena();
    return octets_from_file(arena, arena_printf(arena, "tests/vectors/cmp/%s.der", name));
}

static struct bytes der_of(const char *name)
{
    return certificate_der(pki_certificate(case_arena(), name));
}

static struct cmp_gateway *taken(const char *name)
{
    struct cmp_gateway *gateway = cmp_gateway(case_arena(), 0);
    if (!cmp_gateway_take(gateway, vector(name), PKI_NOW))
        fail_msg("%s refused: %s", name, gateway->why.text);
    return gateway;
}

static void take_next(struct cmp_gateway *gateway, const char *name)
{
    if (!cmp_gateway_take(gateway, vector(name), PKI_NOW))
        fail_msg("%s refused: %s", name, gateway->why.text);
}

static struct cmp_seen answered(struct cmp_gateway *gateway, const struct response *response)
{
    cmp_gateway_answer(gateway, response);
    assert_int_equal(gateway->reply.status, 200);
    assert_string_equal(gateway->reply.content_type, "application/pkixcmp");
    return cmp_see(case_arena(), gateway->reply.body);
}

static struct response granted(struct cmp_gateway *gateway)
{
    struct response response = cmp_gateway_response(gateway, RESULT_GRANTED, vector("issued"));
    struct bytes *chain = arena_array(case_arena(), 3, sizeof(*chain));
    chain[0] = der_of("inter");
    chain[1] = der_of("inter");
    chain[2] = der_of("root");
    response.chain = chain;
    response.chain_count = 3;
    response.ca_pubs = chain + 2;
    response.ca_pub_count = 1;
    return response;
}

/* Results by hand, where the message taken has no items. */
static struct response results(struct result *list, size_t count)
{
    return (struct response){.operation = OPERATION_ENROLL, .results = list, .result_count = count};
}

static bool has(const struct cmp_seen *seen, const char *part)
{
    return strstr(seen->tree, part) != NULL;
}

static size_t count_of(const char *tree, const char *part)
{
    size_t count = 0;
    for (; (tree = strstr(tree, part)) != NULL; tree += strlen(part))
        count++;
    return count;
}

/* The tree of extraCerts: one "cert_info" for each certificate. */
static const char *extra_certs(const struct cmp_seen *seen)
{
    const char *at = strstr(seen->tree, "  extraCerts:");
    assert_non_null(at);
    return at;
}

static void mac_answer_mirrors_the_request(void **state)
{
    (void)state;
    struct cmp_gateway *gateway = taken("ir-mac");
    struct response response = granted(gateway);
    struct cmp_seen seen = answered(gateway, &response);
    assert_int_equal(seen.type, IP);
    assert_int_equal(seen.pvno, 2);
    assert_octets(seen.transaction_id, TID);
    assert_octets(seen.recip_nonce, NONCE);
    assert_int_equal(seen.status, ACCEPTED);
    assert_int_equal(seen.id_count, 1);
    assert_int_equal(seen.ids[0], 0);
    assert_true(cmp_seen_mac_holds(&seen, CMP_SECRET));
    assert_false(cmp_seen_mac_holds(&seen, "another secret"));
    assert_text_has(seen.tree, "messageTime: Jun  1 00:00:00 2026 GMT");
    assert_text_has(seen.tree, "CN=" CMP_REFERENCE);
    assert_text_has(seen.tree, "algorithm: password based MAC (1.2.840.113533.7.66.13)");
    /* the peer's owf and count behind a salt of ours: PBMParameter as it must stand there */
    struct bytes parameters = octets_from_hex(
        case_arena(), "0410a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5300b0609608648016503040201020201f4");
    assert_non_null(memmem(gateway->reply.body.data, gateway->reply.body.size, parameters.data,
                           parameters.size));
    assert_true(has(&seen, "caPubs:\n"));
    assert_false(has(&seen, "caPubs:\n      <ABSENT>"));
    assert_int_equal(count_of(extra_certs(&seen), "cert_info"), 1);
}

static void pvno_follows_the_request(void **state)
{
    (void)state;
    struct cmp_gateway *gateway = taken("keygen-3");
    struct response response = granted(gateway);
    assert_int_equal(answered(gateway, &response).pvno, 3);
}

static void signed_answer_names_its_signer(void **state)
{
    (void)state;
    struct cmp_gateway *gateway = taken("ir-signed");
    struct response response = granted(gateway);
    struct cmp_seen seen = answered(gateway, &response);
    assert_true(cmp_seen_signature_holds(
        &seen, certificate_get0_x509(pki_certificate(case_arena(), "root")),
        certificate_get0_x509(pki_certificate(case_arena(), "inter"))));
    assert_text_has(seen.tree, "O=Example, CN=ra");
    assert_true(has(&seen, "caPubs:\n      <ABSENT>")); /* MAC only */
    /* the signer first, inter once, no root */
    const char *certs = extra_certs(&seen);
    assert_int_equal(count_of(certs, "cert_info"), 2);
    const char *first = strstr(certs, "subject: ");
    assert_non_null(first);
    assert_int_equal(strncmp(first, "subject: O=Example, CN=ra", 25), 0);
    assert_text_has(first + 25, "subject: O=Example, CN=Issuing");
    assert_null(strstr(certs, "subject: O=Example, CN=Root"));
}

static void no_ca_pubs_in_cp(void **state)
{
    (void)state;
    struct cmp_gateway *gateway = taken("cr-mac");
    struct response response = granted(gateway);
    struct cmp_seen seen = answered(gateway, &response);
    assert_int_equal(seen.type, CP);
    assert_true(has(&seen, "caPubs:\n      <ABSENT>"));
}

static void no_ca_pubs_without_a_certificate(void **state)
{
    (void)state;
    struct cmp_gateway *gateway = taken("ir-mac");
    struct response response = granted(gateway);
    response.results[0].status = RESULT_REFUSED;
    response.results[0].certificate = BYTES_EMPTY;
    result_add_reason(&response.results[0], REASON_BAD_CERT_TEMPLATE);
    struct cmp_seen seen = answered(gateway, &response);
    assert_true(has(&seen, "caPubs:\n      <ABSENT>"));
    assert_true(has(&seen, "extraCerts:\n    <ABSENT>"));
}

struct terms_row {
    const char *name;
    bool implicit;
    int64_t deadline;
    const char *wanted; /* NULL: no generalInfo */
};

static const struct terms_row terms[] = {
    {"terms: none", false, 0, NULL},
    {"terms: implicit", true, 0, "id-it-implicitConfirm"},
    {"terms: deadline", false, PKI_NOW + 3600, "id-it-confirmWaitTime"},
    {"terms: implicit wins", true, PKI_NOW + 3600, "id-it-implicitConfirm"},
};

static void confirmation_terms(void **state)
{
    const struct terms_row *row = *state;
    struct cmp_gateway *gateway = taken("ir-implicit-profile");
    struct response response = granted(gateway);
    response.implicit_confirm = row->implicit;
    response.confirm_deadline = row->deadline;
    struct cmp_seen seen = answered(gateway, &response);
    if (row->wanted == NULL)
        assert_true(has(&seen, "generalInfo:\n      <ABSENT>"));
    else
        assert_text_has(seen.tree, row->wanted);
    assert_int_equal(count_of(seen.tree, "id-it-"), row->wanted == NULL ? 0 : 1);
}

static void no_terms_without_a_certificate(void **state)
{
    (void)state;
    struct cmp_gateway *gateway = taken("ir-implicit-profile");
    struct response response = cmp_gateway_response(gateway, RESULT_PENDING, BYTES_EMPTY);
    response.implicit_confirm = true;
    struct cmp_seen seen = answered(gateway, &response);
    assert_int_equal(seen.status, WAITING);
    assert_true(has(&seen, "generalInfo:\n      <ABSENT>"));
}

struct status_row {
    const char *name;
    enum result_status status;
    enum reason reasons[2];
    size_t reason_count;
    bool certificate;
    int type, expected;
    uint32_t bits;
};

#define BIT(n) (UINT32_C(1) << (n))

static const struct status_row statuses[] = {
    {"granted", RESULT_GRANTED, {0}, 0, true, IP, ACCEPTED, 0},
    {"granted with mods", RESULT_GRANTED_WITH_MODS, {0}, 0, true, IP, WITH_MODS, 0},
    {"pending", RESULT_PENDING, {0}, 0, false, IP, WAITING, 0},
    {"unknown waits", RESULT_UNKNOWN, {REASON_UPSTREAM_UNKNOWN}, 1, false, IP, WAITING, 0},
    {"refused: one bit", RESULT_REFUSED, {REASON_BAD_POP}, 1, false, IP, REJECTION, BIT(9)},
    {"refused: two reasons",
     RESULT_REFUSED,
     {REASON_BAD_CERT_TEMPLATE, REASON_BAD_ALG},
     2,
     false,
     IP,
     REJECTION,
     BIT(19) | BIT(0)},
    {"refused: last bit",
     RESULT_REFUSED,
     {REASON_DUPLICATE_CERT_REQ},
     1,
     false,
     IP,
     REJECTION,
     BIT(26)},
    {"refused: no bit", RESULT_REFUSED, {REASON_UNSPECIFIED}, 1, false, IP, REJECTION, 0},
    {"refused: gateway's fault",
     RESULT_REFUSED,
     {REASON_GATEWAY_FAULT},
     1,
     false,
     IP,
     REJECTION,
     BIT(25)},
    {"authority is down", RESULT_REFUSED, {REASON_CA_DOWN}, 1, false, ERROR, REJECTION, BIT(24)},
    {"authority is not trusted",
     RESULT_REFUSED,
     {REASON_UPSTREAM_UNTRUSTED},
     1,
     false,
     ERROR,
     REJECTION,
     BIT(25)},
    {"granted but no certificate", RESULT_GRANTED, {0}, 0, false, IP, REJECTION, BIT(25)},
};

static void status_is_told(void **state)
{
    const struct status_row *row = *state;
    struct cmp_gateway *gateway = taken("ir-mac");
    struct response response = cmp_gateway_response(
        gateway, row->status, row->certificate ? vector("issued") : BYTES_EMPTY);
    response.results[0].text = BYTES_LITERAL("said the authority");
    for (size_t i = 0; i < row->reason_count; i++)
        result_add_reason(&response.results[0], row->reasons[i]);
    struct cmp_seen seen = answered(gateway, &response);
    assert_int_equal(seen.type, row->type);
    assert_int_equal(seen.status, row->expected);
    assert_int_equal(seen.bits, row->bits);
    if (row->status != RESULT_GRANTED || row->certificate)
        assert_text_has(seen.tree, "said the authority");
    assert_int_equal(has(&seen, "value.certificate"), row->certificate);
    assert_true(cmp_seen_mac_holds(&seen, CMP_SECRET));
}

static void a_hostile_text_is_made_safe(void **state)
{
    (void)state;
    struct cmp_gateway *gateway = taken("ir-mac");
    struct response response = cmp_gateway_response(gateway, RESULT_PENDING, BYTES_EMPTY);
    response.results[0].text = BYTES_LITERAL("a\x1b[31mb\xff");
    assert_text_has(answered(gateway, &response).tree, "a [31mb?");
}

static void each_request_has_its_own_answer(void **state)
{
    (void)state;
    struct cmp_gateway *gateway = taken("ir-two");
    struct response response = granted(gateway);
    response.results[1].status = RESULT_PENDING;
    response.results[1].certificate = BYTES_EMPTY;
    struct cmp_seen seen = answered(gateway, &response);
    assert_int_equal(seen.id_count, 2);
    assert_int_equal(seen.ids[0], 0);
    assert_int_equal(seen.ids[1], 1);
    assert_int_equal(count_of(seen.tree, " status: 0"), 1);
    assert_int_equal(count_of(seen.tree, " status: 3"), 1);
}

static void p10cr_is_called_minus_one(void **state)
{
    (void)state;
    struct cmp_gateway *gateway = taken("p10cr-mac");
    struct response response = granted(gateway);
    struct cmp_seen seen = answered(gateway, &response);
    assert_int_equal(seen.type, CP);
    assert_int_equal(seen.ids[0], -1);
}

static void a_confirmation_is_answered_by_pkiconf(void **state)
{
    (void)state;
    struct cmp_gateway *gateway = taken("ir-mac");
    struct response response = granted(gateway);
    cmp_gateway_answer(gateway, &response);
    take_next(gateway, "conf");
    struct response confirmed = {.operation = OPERATION_CONFIRM};
    struct cmp_seen seen = answered(gateway, &confirmed);
    assert_int_equal(seen.type, PKICONF);
    assert_octets(seen.recip_nonce, NONCE_2);
    assert_octets(seen.transaction_id, TID);
    assert_true(cmp_seen_mac_holds(&seen, CMP_SECRET));
}

static void a_refused_confirmation_is_an_error(void **state)
{
    (void)state;
    struct cmp_gateway *gateway = taken("ir-mac");
    struct response response = granted(gateway);
    cmp_gateway_answer(gateway, &response);
    take_next(gateway, "conf");
    struct result result = {.status = RESULT_REFUSED};
    result_add_reason(&result, REASON_BAD_CERT_ID);
    struct response refused = results(&result, 1);
    struct cmp_seen seen = answered(gateway, &refused);
    assert_int_equal(seen.type, ERROR);
    assert_int_equal(seen.bits, BIT(4));
}

static void a_cancellation_is_answered_by_pkiconf(void **state)
{
    (void)state;
    struct cmp_gateway *gateway = taken("ir-mac");
    struct response response = cmp_gateway_response(gateway, RESULT_PENDING, BYTES_EMPTY);
    cmp_gateway_answer(gateway, &response);
    take_next(gateway, "error");
    assert_int_equal(gateway->request.operation, OPERATION_CANCEL);
    assert_true(bytes_equal_text(gateway->request.text, "I give up"));
    struct response done = {.operation = OPERATION_CONFIRM};
    assert_int_equal(answered(gateway, &done).type, PKICONF);
}

struct poll_row {
    const char *name;
    const char *opener, *poll;
    int64_t retry_at;
    enum result_status status;
    int type;
    long id;
    const char *check_after; /* as OpenSSL prints it; NULL: none */
};

static const struct poll_row polls[] = {
    {"poll: later", "ir-mac", "poll", PKI_NOW + 90, RESULT_PENDING, POLL_REP, 0, "90"},
    {"poll: at once is one second", "ir-mac", "poll", PKI_NOW, RESULT_PENDING, POLL_REP, 0, "1"},
    {"poll: past", "ir-mac", "poll", PKI_NOW - 5, RESULT_PENDING, POLL_REP, 0, "1"},
    {"poll: no time known", "ir-mac", "poll", 0, RESULT_PENDING, POLL_REP, 0, "30"},
    {"poll: unknown outcome", "ir-mac", "poll", 0, RESULT_UNKNOWN, POLL_REP, 0, "30"},
    {"poll: for all", "ir-mac", "poll-all", PKI_NOW + 9, RESULT_PENDING, POLL_REP, -1, "9"},
    {"poll: p10cr, called 0", "p10cr-mac", "poll", PKI_NOW + 9, RESULT_PENDING, POLL_REP, 0, "9"},
    {"poll: p10cr, called -1", "p10cr-mac", "poll-all", PKI_NOW + 9, RESULT_PENDING, POLL_REP, -1,
     "9"},
    {"poll: ready", "ir-mac", "poll", 0, RESULT_GRANTED, IP, 0, NULL},
    {"poll: ready for all", "ir-mac", "poll-all", 0, RESULT_GRANTED, IP, 0, NULL},
    {"poll: p10cr ready", "p10cr-mac", "poll", 0, RESULT_GRANTED, CP, -1, NULL},
};

static void polling(void **state)
{
    const struct poll_row *row = *state;
    struct cmp_gateway *gateway = taken(row->opener);
    struct result result = {.inbound_id = gateway->request.items[0].inbound_id,
                            .status = RESULT_PENDING};
    struct response response = results(&result, 1);
    assert_int_equal(answered(gateway, &response).status, WAITING);
    take_next(gateway, row->poll);
    assert_int_equal(gateway->request.operation, OPERATION_POLL);
    result.status = row->status;
    result.retry_at = row->retry_at;
    if (row->status == RESULT_GRANTED)
        result.certificate = vector("issued");
    struct cmp_seen seen = answered(gateway, &response);
    assert_int_equal(seen.type, row->type);
    assert_int_equal(seen.id_count, 1);
    assert_int_equal(seen.ids[0], row->id);
    assert_octets(seen.recip_nonce, NONCE_2); /* of the pollReq */
    if (row->check_after != NULL)
        assert_text_has(seen.tree,
                        arena_printf(case_arena(), "checkAfter: %s\n", row->check_after));
}

/* Of two requests one is ready; the device asks for the other alone. */
static void a_poll_is_answered_for_what_it_asks(void **state)
{
    (void)state;
    struct cmp_gateway *gateway = taken("ir-two");
    struct result list[] = {{.inbound_id = 0, .status = RESULT_PENDING},
                            {.inbound_id = 1, .status = RESULT_GRANTED}};
    list[1].certificate = vector("issued");
    struct response response = results(list, 2);
    answered(gateway, &response);
    take_next(gateway, "poll");
    assert_int_equal(answered(gateway, &response).type, POLL_REP);
}

static void the_leg_survives_a_reload_of_the_routes(void **state)
{
    (void)state;
    struct cmp_gateway *gateway = taken("ir-mac");
    struct response response = granted(gateway);
    gateway->groups[1].name = "renamed";
    struct cmp_seen seen = answered(gateway, &response);
    assert_int_equal(seen.type, IP);
    /* no group, no secret: signed instead, never unprotected */
    assert_true(cmp_seen_signature_holds(
        &seen, certificate_get0_x509(pki_certificate(case_arena(), "root")),
        certificate_get0_x509(pki_certificate(case_arena(), "inter"))));
}

static void a_broken_leg_is_our_own_fault(void **state)
{
    (void)state;
    struct cmp_gateway *gateway = taken("ir-mac");
    struct response response = granted(gateway);
    gateway->request.leg = BYTES_LITERAL("\x01rubbish");
    struct cmp_seen seen = answered(gateway, &response);
    assert_int_equal(seen.type, ERROR);
    assert_int_equal(seen.bits, BIT(25));
}

static void a_missing_transaction_id_is_ours_to_choose(void **state)
{
    (void)state;
    struct cmp_gateway *gateway = cmp_gateway(case_arena(), CMP_LEGACY);
    assert_true(cmp_gateway_take(gateway, vector("tid-absent"), PKI_NOW));
    struct response response = granted(gateway);
    struct cmp_seen seen = answered(gateway, &response);
    assert_int_equal(seen.transaction_id.size, 16);
    assert_true(bytes_equal(seen.transaction_id, gateway->claim.transaction_id));
}

struct http_row {
    const char *name;
    enum reason reason;
    int status;
    const char *allow;
};

static const struct http_row https[] = {
    {"http: method", REASON_METHOD, 405, "POST"},
    {"http: media type", REASON_MEDIA_TYPE, 415, NULL},
    {"http: too large", REASON_TOO_LARGE, 413, NULL},
};

static void told_by_http_alone(void **state)
{
    const struct http_row *row = *state;
    struct cmp_gateway *gateway = taken("ir-mac");
    fail(&gateway->why, row->reason, NULL, NULL);
    cmp_gateway_refuse(gateway);
    assert_int_equal(gateway->reply.status, row->status);
    assert_int_equal(gateway->reply.body.size, 0);
    assert_null(gateway->reply.content_type);
    if (row->allow != NULL)
        assert_string_equal(gateway->reply.allow, row->allow);
}

int main(void)
{
    CASES_ADD(mac_answer_mirrors_the_request);
    CASES_ADD(pvno_follows_the_request);
    CASES_ADD(signed_answer_names_its_signer);
    CASES_ADD(no_ca_pubs_in_cp);
    CASES_ADD(no_ca_pubs_without_a_certificate);
    CASES_ADD_ROWS(terms, confirmation_terms);
    CASES_ADD(no_terms_without_a_certificate);
    CASES_ADD_ROWS(statuses, status_is_told);
    CASES_ADD(a_hostile_text_is_made_safe);
    CASES_ADD(each_request_has_its_own_answer);
    CASES_ADD(p10cr_is_called_minus_one);
    CASES_ADD(a_confirmation_is_answered_by_pkiconf);
    CASES_ADD(a_refused_confirmation_is_an_error);
    CASES_ADD(a_cancellation_is_answered_by_pkiconf);
    CASES_ADD_ROWS(polls, polling);
    CASES_ADD(a_poll_is_answered_for_what_it_asks);
    CASES_ADD(the_leg_survives_a_reload_of_the_routes);
    CASES_ADD(a_broken_leg_is_our_own_fault);
    CASES_ADD(a_missing_transaction_id_is_ours_to_choose);
    CASES_ADD_ROWS(https, told_by_http_alone);
    return cases_run("cmp_encode");
}
