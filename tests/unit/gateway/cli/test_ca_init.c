/* dragoman ca init, as its user calls it; what it wrote is read back by OpenSSL. */
#include "tests/support/cases.h"

#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "gateway/cli/ca.h"
#include "gateway/cli/cli.h"
#include "tests/support/directory.h"

enum { ARGUMENTS = 16 };

static int call(char **arguments)
{
    int count = 0;
    while (arguments[count] != NULL)
        count++;
    optind = 0; /* glibc: begin anew */
    return ca_init(count, arguments);
}

/* argv is not const, its strings are never written to. */
static char *word(const char *text)
{
    return arena_text(case_arena(), bytes_of_text(text));
}

static int init(const char *directory, const char *subject, const char *key, const char *days)
{
    char *arguments[ARGUMENTS] = {word("init"),      word("--dir"),  word(directory),
                                  word("--subject"), word(subject),  word("--key"),
                                  word(key),         word("--days"), word(days)};
    return call(arguments);
}

static X509 *read_certificate(const char *path)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    X509 *x509 = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    assert_non_null(x509);
    return x509;
}

static EVP_PKEY *read_key(const char *path)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    assert_non_null(key);
    return key;
}

struct kind_row {
    const char *name; /* of the kind, as it is asked for */
    const char *is_a; /* OpenSSL's name */
    int bits;
};

static const struct kind_row kind_rows[] = {
    {"ec:P-256", "EC", 256},   {"ec:P-384", "EC", 384},     {"EC:P-521", "EC", 521},
    {"rsa:2048", "RSA", 2048}, {"ed25519", "ED25519", 256}, {"ed448", "ED448", 456},
};

static void a_ca_is_made(void **state)
{
    const struct kind_row *row = *state;
    char directory[256];
    temporary_directory(directory, sizeof(directory));
    const char *key_path = arena_printf(case_arena(), "%s/ca.key", directory);
    const char *certificate_path = arena_printf(case_arena(), "%s/ca.pem", directory);
    assert_int_equal(init(directory, "CN=Small CA,O=Example", row->name, "30"), CLI_OK);

    X509 *x509 = read_certificate(certificate_path);
    EVP_PKEY *key = read_key(key_path);
    struct stat status;
    assert_int_equal(X509_check_private_key(x509, key), 1);
    assert_int_equal(X509_self_signed(x509, 1), 1);
    assert_int_equal(X509_check_ca(x509), 1);
    assert_true(EVP_PKEY_is_a(key, row->is_a));
    assert_int_equal(EVP_PKEY_get_bits(key), row->bits);
    int days = 0, seconds = 0;
    assert_int_equal(
        ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(x509), X509_get0_notAfter(x509)), 1);
    assert_int_equal(days, 30);
    assert_int_equal(stat(key_path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    X509_free(x509);
    EVP_PKEY_free(key);
    remove_directory(directory);
}

static void what_is_there_stays(void **state)
{
    (void)state;
    static const char *const names[] = {"ca.key", "ca.pem"};
    for (size_t i = 0; i < 2; i++) {
        char directory[256], line[32] = "";
        temporary_directory(directory, sizeof(directory));
        const char *path = arena_printf(case_arena(), "%s/%s", directory, names[i]);
        const char *other = arena_printf(case_arena(), "%s/%s", directory, names[1 - i]);
        FILE *file = fopen(path, "w");
        fputs("precious\n", file);
        fclose(file);
        assert_int_equal(init(directory, "CN=Small CA", "ec:P-256", "30"), CLI_FAILED);
        file = fopen(path, "r");
        assert_non_null(fgets(line, sizeof(line), file));
        fclose(file);
        assert_string_equal(line, "precious\n");
        assert_int_equal(access(other, F_OK), -1); /* nor is half a CA left behind */
        remove_directory(directory);
    }
}

struct mistake_row {
    const char *name;
    const char *subject, *key, *days;
    int status;
};

static const struct mistake_row mistake_rows[] = {
    {"no such kind", "CN=a", "dsa:1024", "30", CLI_USAGE},
    {"a key that is too small", "CN=a", "rsa:1024", "30", CLI_USAGE},
    {"a curve that is too small", "CN=a", "ec:secp160r1", "30", CLI_USAGE},
    {"a curve that is none", "CN=a", "ec:P-1", "30", CLI_USAGE},
    {"a key that cannot sign", "CN=a", "x25519", "30", CLI_USAGE},
    {"a name that is none", "Small CA", "ec:P-256", "30", CLI_FAILED},
    {"no name", "", "ec:P-256", "30", CLI_FAILED},
    {"no days", "CN=a", "ec:P-256", "0", CLI_USAGE},
};

static void a_mistake_leaves_nothing(void **state)
{
    const struct mistake_row *row = *state;
    char directory[256];
    temporary_directory(directory, sizeof(directory));
    assert_int_equal(init(directory, row->subject, row->key, row->days), row->status);
    assert_int_equal(rmdir(directory), 0); /* empty */
}

int main(void)
{
    CASES_ADD_ROWS(kind_rows, a_ca_is_made);
    CASES_ADD(what_is_there_stays);
    CASES_ADD_ROWS(mistake_rows, a_mistake_leaves_nothing);
    return cases_run("ca init");
}
