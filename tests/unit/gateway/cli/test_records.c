/* dragoman ca and tx over a configuration and a store, as their user calls them. */
#include "tests/support/cases.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "gateway/cli/cli.h"
#include "gateway/cli/records.h"
#include "gateway/cli/text.h"
#include "tests/support/capture.h"
#include "tests/support/directory.h"
#include "tests/support/local_pki.h"
#include "tests/support/store_rows.h"

static char directory[256];
static const char *config_path;

static const char CONFIG[] =
    "{ \"listeners\": [ { \"name\": \"d\", \"address\": \"127.0.0.1:0\", "
    "\"protocols\": [\"cmp\"] } ],\n"
    "  \"authorities\": [ { \"name\": \"small\", \"protocol\": \"local\", "
    "\"certificate\": \"ca.pem\", \"key\": \"ca.key\" } ],\n"
    "  \"routes\": [ { \"name\": \"r\", \"listener\": \"d\", \"authority\": \"small\", "
    "\"devices\": [ { \"issuer\": \"ca.pem\" } ], "
    "\"may\": { \"operations\": [\"enroll\"], \"subject\": \"CN=*\" } } ],\n"
    "  \"store\": { \"sqlite\": \"state.db\" } }\n";

/* Runs a command line (NULL at the end) and gives what it printed. */
static int call(int (*command)(int, char **), const char *const *words, const char **printed)
{
    char *arguments[16] = {NULL};
    int count = 0;
    for (; words[count] != NULL; count++)
        arguments[count] = arena_text(case_arena(), bytes_of_text(words[count]));
    optind = 0; /* glibc: begin anew */
    capture_begin();
    int status = command(count, arguments);
    *printed = capture_end(case_arena());
    return status;
}

#define CALL(command, printed, ...) call(command, (const char *const[]){__VA_ARGS__, NULL}, printed)

static void begin(void)
{
    const char *printed;
    temporary_directory(directory, sizeof(directory));
    config_path = arena_printf(case_arena(), "%s/gateway.json", directory);
    FILE *file = fopen(config_path, "w");
    fputs(CONFIG, file);
    fclose(file);
    assert_int_equal(CALL(cmd_ca, &printed, "ca", "init", "--dir", directory, "--subject",
                          "CN=Small CA,O=Example"),
                     CLI_OK);
    struct store *store = NULL;
    struct failure why;
    assert_true(
        store_open_sqlite(arena_printf(case_arena(), "%s/state.db", directory), &store, &why));
    store_close(store);
}

static struct records opened(void)
{
    struct records records;
    assert_true(records_open("test", config_path, &records));
    return records;
}

/* A certificate of the configured CA, kept in the store; gives its serial number in hex. */
static const char *issued(const char *subject, X509 **x509)
{
    struct records records = opened();
    const struct authority *authority = records_local_authority(&records, "small");
    EVP_PKEY *key = local_pki_key("P-256");
    struct item item = local_pki_item(key, subject, NULL, case_arena());
    EVP_PKEY_free(key);
    struct entropy entropy = local_pki_entropy(case_arena());
    struct bytes der;
    struct failure why;
    struct certificate *certificate = NULL;
    assert_true(local_ca_issue(authority->local, &item, (int64_t)time(NULL), &entropy, case_arena(),
                               &der, &why));
    assert_true(certificate_parse(der, &certificate, &why));
    struct issued_certificate row = row_certificate(1, BYTES_EMPTY, case_arena());
    memcpy(row.sha256, certificate_sha256(certificate).data, 32);
    row.authority = "small";
    row.issuer = certificate_issuer(certificate);
    row.serial = certificate_serial(certificate);
    row.subject_text = bytes_of_text(subject);
    row.der = der;
    row.not_after = certificate_not_after(certificate);
    row.state = CERTIFICATE_DELIVERED;
    const struct store_batch batch = {.certificates = &row, .certificate_count = 1};
    assert_int_equal(store_commit_now(records.store, &batch), STORE_OK);
    const char *serial = text_serial(row.serial, case_arena());
    if (x509 != NULL) {
        const unsigned char *at = der.data;
        *x509 = d2i_X509(NULL, &at, (long)der.size);
    }
    certificate_unref(certificate);
    records_close(&records);
    return serial;
}

static X509_CRL *crl_from(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509_CRL *crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);
    BIO_free(bio);
    assert_non_null(crl);
    return crl;
}

static long crl_number(const X509_CRL *crl)
{
    ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
    long n = ASN1_INTEGER_get(number);
    ASN1_INTEGER_free(number);
    return n;
}

/* ---- ca -------------------------------------------------------------------------------------- */

static void a_revoked_certificate_stands_in_the_next_crl(void **state)
{
    (void)state;
    begin();
    X509 *revoked = NULL, *other = NULL;
    const char *serial = issued("CN=lost", &revoked), *printed;
    issued("CN=kept", &other);
    assert_int_equal(CALL(cmd_ca, &printed, "ca", "revoke", "-c", config_path, serial, "--reason",
                          "keyCompromise"),
                     CLI_OK);
    assert_text_has(printed, serial);
    assert_int_equal(CALL(cmd_ca, &printed, "ca", "crl", "-c", config_path, "--authority", "small"),
                     CLI_OK);
    X509_CRL *crl = crl_from(printed);
    X509_REVOKED *entry = NULL;
    assert_int_equal(X509_CRL_get0_by_cert(crl, &entry, other), 0);
    assert_int_equal(X509_CRL_get0_by_cert(crl, &entry, revoked), 1);
    ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
    assert_int_equal(ASN1_ENUMERATED_get(reason), CRL_REASON_KEY_COMPROMISE);
    assert_int_equal(crl_number(crl), 1);
    ASN1_ENUMERATED_free(reason);
    X509_CRL_free(crl);
    X509_free(revoked);
    X509_free(other);
    remove_directory(directory);
}

static void each_crl_has_the_next_number(void **state)
{
    (void)state;
    begin();
    const char *path = arena_printf(case_arena(), "%s/small.crl", directory), *printed;
    for (long n = 1; n < 4; n++) {
        assert_int_equal(CALL(cmd_ca, &printed, "ca", "crl", "-c", config_path, "--authority",
                              "small", "--der", "--out", path),
                         CLI_OK);
        FILE *file = fopen(path, "r");
        X509_CRL *crl = d2i_X509_CRL_fp(file, NULL);
        fclose(file);
        assert_non_null(crl);
        assert_int_equal(crl_number(crl), n);
        X509_CRL_free(crl);
    }
    assert_int_equal(access(arena_printf(case_arena(), "%s.new", path), F_OK), -1);
    remove_directory(directory);
}

static void the_list_shows_what_was_issued(void **state)
{
    (void)state;
    begin();
    const char *printed, *serial = issued("CN=mast-1", NULL);
    assert_int_equal(CALL(cmd_ca, &printed, "ca", "list", "-c", config_path), CLI_OK);
    assert_text_has(printed, serial);
    assert_text_has(printed, "delivered");
    assert_text_has(printed, "CN=mast-1\n");
    assert_int_equal(CALL(cmd_ca, &printed, "ca", "list", "-c", config_path, "--json"), CLI_OK);
    json_t *row = json_loads(printed, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(row, "serial")), serial);
    assert_string_equal(json_string_value(json_object_get(row, "authority")), "small");
    json_decref(row);
    remove_directory(directory);
}

static void a_mistake_revokes_nothing(void **state)
{
    (void)state;
    begin();
    const char *printed, *serial = issued("CN=mast-1", NULL);
    assert_int_equal(CALL(cmd_ca, &printed, "ca", "revoke", "-c", config_path, "1234"), CLI_FAILED);
    assert_int_equal(CALL(cmd_ca, &printed, "ca", "revoke", "-c", config_path, serial, "--reason",
                          "certificateHold"),
                     CLI_USAGE);
    assert_int_equal(CALL(cmd_ca, &printed, "ca", "revoke", "-c", config_path), CLI_USAGE);
    assert_int_equal(CALL(cmd_ca, &printed, "ca", "revoke", "-c", config_path, serial), CLI_OK);
    assert_int_equal(CALL(cmd_ca, &printed, "ca", "revoke", "-c", config_path, serial), CLI_FAILED);
    remove_directory(directory);
}

/* ---- tx -------------------------------------------------------------------------------------- */

static void keep(const struct transaction *t, const struct issued_certificate *c)
{
    struct records records = opened();
    const struct store_batch batch = {
        .insert = t, .certificates = c, .certificate_count = c == NULL ? 0 : 1};
    assert_int_equal(store_commit_now(records.store, &batch), STORE_OK);
    records_close(&records);
}

static void transactions_are_listed_and_shown(void **state)
{
    (void)state;
    begin();
    struct transaction one = row_transaction(1, case_arena());
    struct transaction two = row_transaction(2, case_arena());
    two.state = STATE_DONE;
    keep(&one, NULL);
    keep(&two, NULL);
    const char *printed, *id = arena_text(case_arena(), two.id);
    assert_int_equal(CALL(cmd_tx, &printed, "tx", "list", "-c", config_path), CLI_OK);
    assert_text_has(printed, "route-1 -> factory");
    assert_text_has(printed, "route-2 -> factory");
    assert_int_equal(CALL(cmd_tx, &printed, "tx", "list", "-c", config_path, "--state", "done"),
                     CLI_OK);
    assert_null(strstr(printed, "route-1"));
    static const char *const names[] = {"00000000000000000000000000000002", "0a0b-2"};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(CALL(cmd_tx, &printed, "tx", "show", "-c", config_path, names[i]), CLI_OK);
        assert_text_has(printed, arena_printf(case_arena(), "Transaction %s\n", id));
    }
    assert_int_equal(CALL(cmd_tx, &printed, "tx", "show", "-c", config_path, "ffff"), CLI_FAILED);
    assert_int_equal(CALL(cmd_tx, &printed, "tx", "list", "-c", config_path, "--state", "dnoe"),
                     CLI_USAGE);
    remove_directory(directory);
}

static void orphans_are_what_a_person_must_look_at(void **state)
{
    (void)state;
    begin();
    struct transaction lost = row_transaction(1, case_arena());
    struct transaction open = row_transaction(2, case_arena());
    struct transaction done = row_transaction(3, case_arena());
    struct issued_certificate certificate = row_certificate(1, lost.id, case_arena());
    lost.state = STATE_ORPHAN;
    open.state = STATE_UNKNOWN;
    done.state = STATE_DONE;
    certificate.state = CERTIFICATE_ORPHAN;
    keep(&lost, &certificate);
    keep(&open, NULL);
    keep(&done, NULL);
    const char *printed;
    assert_int_equal(CALL(cmd_tx, &printed, "tx", "orphans", "-c", config_path), CLI_OK);
    assert_text_has(printed, "route-1 -> factory");
    assert_text_has(printed, "route-2 -> factory");
    assert_text_has(printed, text_serial(certificate.serial, case_arena()));
    assert_null(strstr(printed, "route-3"));
    remove_directory(directory);
}

static void a_store_that_is_not_there_is_not_made(void **state)
{
    (void)state;
    begin();
    const char *path = arena_printf(case_arena(), "%s/state.db", directory), *printed;
    assert_int_equal(unlink(path), 0);
    assert_int_equal(CALL(cmd_tx, &printed, "tx", "list", "-c", config_path), CLI_FAILED);
    assert_int_equal(access(path, F_OK), -1);
    remove_directory(directory);
}

int main(void)
{
    CASES_ADD(a_revoked_certificate_stands_in_the_next_crl);
    CASES_ADD(each_crl_has_the_next_number);
    CASES_ADD(the_list_shows_what_was_issued);
    CASES_ADD(a_mistake_revokes_nothing);
    CASES_ADD(transactions_are_listed_and_shown);
    CASES_ADD(orphans_are_what_a_person_must_look_at);
    CASES_ADD(a_store_that_is_not_there_is_not_made);
    return cases_run("records");
}
