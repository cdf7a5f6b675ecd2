/* Journeys of a device through a whole gateway and a whole authority, both
 * simulated, with everything going wrong that can: lost answers, broken
 * answers, a process killed before and after each commit. The device is
 * OpenSSL's CMP client. */
#include "tests/support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/cmperr.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "tests/support/sim.h"

/* OSSL_CMP_PKIBODY_IR, which no public header names (RFC 9810 5.1.2). */
enum { BODY_IR = 0 };

enum { POLLS_MAX = 40, RESTARTS_MAX = 12 };

struct world {
    struct sim *sim;
    struct sim_node *ra, *ca;
    EVP_PKEY *key;
};

static const char ra_config[] =
    "{ \"listeners\": [ { \"name\": \"devices\", \"address\": \"127.0.0.1:0\","
    "                    \"protocols\": [\"cmp\"] } ],"
    "  \"authorities\": [ { \"name\": \"factory\", \"protocol\": \"cmc\","
    "      \"url\": \"http://ca/cmc\", \"trust\": \"ca.pem\", \"resend\": %s,"
    "      \"ra\": { \"certificate\": \"ra.pem\", \"key\": \"ra.key\" } } ],"
    "  \"routes\": [ { \"name\": \"masts\", \"listener\": \"devices\", "
    "\"authority\": \"factory\","
    "      \"devices\": [ { \"secrets\": \"secrets.json\" } ],"
    "      \"signer\": { \"certificate\": \"ra.pem\", \"key\": \"ra.key\" },"
    "      \"may\": { \"operations\": [\"enroll\"], \"subject\": \"CN=*\" } } "
    "],"
    "  \"store\": { \"sqlite\": \"unused.db\" } }";

static const char ca_config[] =
    "{ \"listeners\": [ { \"name\": \"ras\", \"address\": \"127.0.0.1:0\","
    "                    \"protocols\": [\"cmc\"], \"paths\": [\"/cmc\"] } ],"
    "  \"authorities\": [ { \"name\": \"own\", \"protocol\": \"local\","
    "      \"certificate\": \"ca.pem\", \"key\": \"ca.key\" } ],"
    "  \"routes\": [ { \"name\": \"ras\", \"listener\": \"ras\", "
    "\"authority\": \"own\","
    "      \"devices\": [ { \"issuer\": \"ca.pem\" } ], \"any_ra\": true,"
    "      \"signer\": { \"certificate\": \"ca.pem\", \"key\": \"ca.key\" },"
    "      \"may\": { \"operations\": [\"enroll\", \"certify\", \"update\"%s],"
    "                 \"subject\": \"CN=*\" } } ],"
    "  \"store\": { \"sqlite\": \"unused.db\" } }";

static const char make_pki[] =
    "cd '%s' && exec 2>pki.log && umask 077 &&"
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
    "-keyout ca.key"
    "  -out ca.pem -subj /CN=Sim-CA -days 3650 -addext "
    "keyUsage=critical,keyCertSign,cRLSign,digitalSignature &&"
    "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "
    "ra.key -out ra.csr"
    "  -subj /CN=Sim-RA &&"
    "printf 'extendedKeyUsage=1.3.6.1.5.5.7.3.28\\nkeyUsage=digitalSignature\\n"
    "subjectKeyIdentifier=hash\\nauthorityKeyIdentifier=keyid\\n' >ra.ext &&"
    "openssl x509 -req -in ra.csr -CA ca.pem -CAkey ca.key -days 3000 -extfile "
    "ra.ext -out ra.pem &&"
    "printf '{\"mast-1\":\"a secret of some length\",\"mast-2\":\"another "
    "secret of length\"}'"
    "  >secrets.json";

/* `revoke`: what else the authority's route permits. */
static int set_up_with(void **state, const char *resend, const char *revoke)
{
    char command[2048], config[2048];
    struct world *w = calloc(1, sizeof(*w));
    w->sim = sim_new();
    snprintf(command, sizeof(command), make_pki, sim_directory(w->sim));
    if (system(command) != 0)
        return -1;
    snprintf(config, sizeof(config), ra_config, resend);
    w->ra = sim_node(w->sim, "ra", config);
    snprintf(config, sizeof(config), ca_config, revoke);
    w->ca = sim_node(w->sim, "ca", config);
    w->key = EVP_EC_gen("P-256");
    *state = w;
    return 0;
}

static int set_up(void **state)
{
    return set_up_with(state, "true", ", \"revoke\"");
}

static int set_up_without_resend(void **state)
{
    return set_up_with(state, "false", ", \"revoke\"");
}

static int set_up_without_revocation(void **state)
{
    return set_up_with(state, "true", "");
}

static int tear_down(void **state)
{
    struct world *w = *state;
    EVP_PKEY_free(w->key);
    sim_free(w->sim);
    free(w);
    return 0;
}

static OSSL_CMP_CTX *device(struct world *w, bool implicit)
{
    OSSL_CMP_CTX *ctx = sim_device(w->ra, "mast-1", "a secret of some length", "mast-1", w->key);
    if (implicit)
        OSSL_CMP_CTX_set_option(ctx, OSSL_CMP_OPT_IMPLICIT_CONFIRM, 1);
    OSSL_CMP_CTX_set_option(ctx, OSSL_CMP_OPT_UNPROTECTED_ERRORS, 1);
    return ctx;
}

/* One attempt of the device, polling while it is told to. */
static bool enrol(struct world *w, OSSL_CMP_CTX *ctx, int body)
{
    int again = 0;
    int result = OSSL_CMP_try_certreq(ctx, body, NULL, &again);
    for (int i = 0; i < POLLS_MAX && result == -1; i++) {
        sim_pass(w->sim, again > 0 ? again : 1);
        result = OSSL_CMP_try_certreq(ctx, body, NULL, &again);
    }
    return result == 1 && OSSL_CMP_CTX_get0_newCert(ctx) != NULL;
}

static void assert_ours(struct world *w, OSSL_CMP_CTX *ctx)
{
    X509 *issued = OSSL_CMP_CTX_get0_newCert(ctx);
    assert_non_null(issued);
    assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(issued), w->key), 1);
    assert_int_equal(X509_NAME_entry_count(X509_get_subject_name(issued)), 1);
}

/* ---- fair weather ---- */

static void a_device_enrols_and_confirms(void **state)
{
    struct world *w = *state;
    OSSL_CMP_CTX *ctx = device(w, false);
    assert_true(enrol(w, ctx, BODY_IR));
    assert_ours(w, ctx);
    assert_int_equal(sim_calls_to(w->sim, "ca"), 1);
    assert_int_equal(sim_transactions(w->ra, STATE_DONE), 1);
    assert_int_equal(sim_certificates(w->ra, CERTIFICATE_CONFIRMED), 1);
    assert_int_equal(sim_certificates(w->ca, CERTIFICATE_STATE_COUNT), 1);
    OSSL_CMP_CTX_free(ctx);
}

static void a_device_is_spared_the_confirmation(void **state)
{
    struct world *w = *state;
    OSSL_CMP_CTX *ctx = device(w, true);
    assert_true(enrol(w, ctx, BODY_IR));
    assert_ours(w, ctx);
    assert_int_equal(sim_transactions(w->ra, STATE_DONE), 1);
    assert_int_equal(sim_certificates(w->ra, CERTIFICATE_DELIVERED), 1);
    OSSL_CMP_CTX_free(ctx);
}

/* ---- the wire ---- */

static void journey_over(struct world *w, enum sim_fault fault, unsigned count)
{
    sim_fault(w->sim, fault, count);
    OSSL_CMP_CTX *ctx = device(w, false);
    assert_true(enrol(w, ctx, BODY_IR));
    assert_ours(w, ctx);
    assert_int_equal(sim_certificates(w->ca, CERTIFICATE_STATE_COUNT), 1);
    assert_int_equal(sim_certificates(w->ra, CERTIFICATE_CONFIRMED), 1);
    OSSL_CMP_CTX_free(ctx);
}

static void a_refused_connection_is_tried_again(void **state)
{
    journey_over(*state, SIM_REFUSE, 2);
}

static void a_lost_request_is_sent_again(void **state)
{
    journey_over(*state, SIM_LOSE_REQUEST, 2);
}

static void a_lost_answer_is_asked_for_again(void **state)
{
    journey_over(*state, SIM_LOSE_ANSWER, 2);
}

static void a_broken_answer_is_not_believed(void **state)
{
    journey_over(*state, SIM_BREAK_ANSWER, 1);
}

static void half_an_answer_is_not_believed(void **state)
{
    journey_over(*state, SIM_CUT_ANSWER, 1);
}

static void a_request_that_arrives_twice_is_one(void **state)
{
    journey_over(*state, SIM_REPEAT, 1);
}

static void a_ca_that_stays_away_is_told_to_the_device(void **state)
{
    struct world *w = *state;
    sim_fault(w->sim, SIM_REFUSE, 100);
    OSSL_CMP_CTX *ctx = device(w, false);
    assert_false(enrol(w, ctx, BODY_IR));
    assert_int_equal(OSSL_CMP_CTX_get_status(ctx), 2 /* rejection */);
    assert_int_equal(OSSL_CMP_CTX_get_failInfoCode(ctx), 1 << 24 /* systemUnavail */);
    assert_int_equal(sim_calls_to(w->sim, "ca"), 0);
    assert_int_equal(sim_transactions(w->ra, STATE_REJECTED), 1);
    OSSL_CMP_CTX_free(ctx);
}

static void without_resend_a_lost_answer_is_an_orphan(void **state)
{
    struct world *w = *state;
    sim_fault(w->sim, SIM_LOSE_ANSWER, 1);
    OSSL_CMP_CTX *ctx = device(w, false);
    assert_false(enrol(w, ctx, BODY_IR));
    assert_int_equal(OSSL_CMP_CTX_get_failInfoCode(ctx), 1 << 25 /* systemFailure */);
    OSSL_CMP_CTX_free(ctx);
    assert_int_equal(sim_transactions(w->ra, STATE_ORPHAN), 1);
    /* The device comes back with the same key: still nothing is issued twice. */
    ctx = device(w, false);
    assert_false(enrol(w, ctx, BODY_IR));
    OSSL_CMP_CTX_free(ctx);
    assert_int_equal(sim_calls_to(w->sim, "ca"), 1);
    assert_int_equal(sim_certificates(w->ca, CERTIFICATE_STATE_COUNT), 1);
}

/* ---- a certificate that the device does not want ---- */

enum { INCORRECT_DATA = 1 << 7 };

static int reject(OSSL_CMP_CTX *ctx, X509 *certificate, int fail_info, const char **text)
{
    (void)ctx;
    (void)certificate;
    (void)fail_info;
    *text = "not what was asked for";
    return INCORRECT_DATA;
}

/* The device gives up the certificate and gets pkiConf, whatever the authority says to its
 * revocation (RFC 9810 5.3.18). */
static void device_rejects(struct world *w)
{
    OSSL_CMP_CTX *ctx = device(w, false);
    assert_true(OSSL_CMP_CTX_set_certConf_cb(ctx, reject));
    int again = 0;
    ERR_clear_error();
    assert_int_equal(OSSL_CMP_try_certreq(ctx, BODY_IR, NULL, &again), 0);
    /* The first complaint is the device's own: none about the answer to certConf. */
    assert_int_equal(ERR_GET_REASON(ERR_peek_error()), CMP_R_CERTIFICATE_NOT_ACCEPTED);
    OSSL_CMP_CTX_free(ctx);
    sim_pass(w->sim, 2);
    assert_int_equal(sim_calls_to(w->sim, "ca"), 2);
    assert_int_equal(sim_certificates(w->ca, CERTIFICATE_STATE_COUNT), 1);
}

static void a_rejected_certificate_is_revoked(void **state)
{
    struct world *w = *state;
    device_rejects(w);
    assert_int_equal(sim_certificates(w->ca, CERTIFICATE_REVOKED), 1);
    assert_int_equal(sim_transactions(w->ra, STATE_COMPENSATED), 1);
    assert_int_equal(sim_certificates(w->ra, CERTIFICATE_REVOKED), 1);
}

static void a_rejected_certificate_that_stays_valid_is_an_orphan(void **state)
{
    struct world *w = *state;
    device_rejects(w);
    assert_int_equal(sim_certificates(w->ca, CERTIFICATE_REVOKED), 0);
    assert_int_equal(sim_transactions(w->ra, STATE_ORPHAN), 1);
    assert_int_equal(sim_certificates(w->ra, CERTIFICATE_ORPHAN), 1);
}

/* ---- kill -9 ---- */

/* The gateway dies at its k-th commit; the device starts over until it holds a
 * certificate. False when the journey has fewer commits than that. */
static bool journey_killed_at(struct world *w, unsigned k, bool after, bool implicit)
{
    sim_kill_at_commit(w->ra, k, after);
    bool died = false, held = false;
    for (int i = 0; i < RESTARTS_MAX && !held; i++) {
        OSSL_CMP_CTX *ctx = device(w, implicit);
        held = enrol(w, ctx, BODY_IR);
        if (held)
            assert_ours(w, ctx);
        OSSL_CMP_CTX_free(ctx);
        if (sim_is_dead(w->ra)) {
            died = true;
            sim_restart(w->ra);
            sim_pass(w->sim, 3);
        }
    }
    assert_true(held);
    return died;
}

static void killed_everywhere(void **state, bool after, bool implicit)
{
    unsigned deaths = 0;
    for (unsigned k = 0;; k++) {
        assert_int_equal(set_up(state), 0);
        struct world *w = *state;
        bool died = journey_killed_at(w, k, after, implicit);
        assert_int_equal(sim_certificates(w->ca, CERTIFICATE_STATE_COUNT), 1);
        assert_int_equal(sim_certificates(w->ra, CERTIFICATE_STATE_COUNT), 1);
        assert_int_equal(sim_certificates(w->ra, CERTIFICATE_ISSUED), 0);
        tear_down(state);
        *state = NULL;
        if (!died)
            break;
        deaths++;
    }
    assert_int_equal(deaths, implicit ? 2 : 3);
}

static void killed_before_each_commit_with_confirmation(void **state)
{
    killed_everywhere(state, false, false);
}

static void killed_after_each_commit_with_confirmation(void **state)
{
    killed_everywhere(state, true, false);
}

static void killed_before_each_commit_without_confirmation(void **state)
{
    killed_everywhere(state, false, true);
}

static void killed_after_each_commit_without_confirmation(void **state)
{
    killed_everywhere(state, true, true);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_device_enrols_and_confirms),
        CASE(a_device_is_spared_the_confirmation),
        CASE(a_refused_connection_is_tried_again),
        CASE(a_lost_request_is_sent_again),
        CASE(a_lost_answer_is_asked_for_again),
        CASE(a_broken_answer_is_not_believed),
        CASE(half_an_answer_is_not_believed),
        CASE(a_request_that_arrives_twice_is_one),
        CASE(a_ca_that_stays_away_is_told_to_the_device),
        cmocka_unit_test_setup_teardown(without_resend_a_lost_answer_is_an_orphan,
                                        set_up_without_resend, tear_down),
        CASE(a_rejected_certificate_is_revoked),
        cmocka_unit_test_setup_teardown(a_rejected_certificate_that_stays_valid_is_an_orphan,
                                        set_up_without_revocation, tear_down),
        cmocka_unit_test(killed_before_each_commit_with_confirmation),
        cmocka_unit_test(killed_after_each_commit_with_confirmation),
        cmocka_unit_test(killed_before_each_commit_without_confirmation),
        cmocka_unit_test(killed_after_each_commit_without_confirmation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
