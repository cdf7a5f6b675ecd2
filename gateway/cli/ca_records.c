/* dragoman ca list, revoke, crl: what the embedded CA issued, over the daemon's store. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "adapters/local/local_ca.h"
#include "adapters/pkix/names.h"
#include "gateway/cli/ca.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/records.h"
#include "gateway/cli/text.h"
#include "gateway/ca/crl.h"

struct wish {
    const char *config;
    const char *authority;
    const char *serial;
    const char *reason;
    const char *out;
    long days;
    bool json, der;
};

static bool parse(int argc, char **argv, struct wish *wish)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"authority", required_argument, NULL, 'a'},
        {"reason", required_argument, NULL, 'r'}, {"out", required_argument, NULL, 'o'},
        {"days", required_argument, NULL, 'n'},   {"json", no_argument, NULL, 'j'},
        {"der", no_argument, NULL, 'd'},          {NULL, 0, NULL, 0},
    };
    *wish = (struct wish){.reason = "unspecified", .days = 7};
    for (int option; (option = getopt_long(argc, argv, "c:", options, NULL)) != -1;) {
        switch (option) {
        case 'c':
            wish->config = optarg;
            break;
        case 'a':
            wish->authority = optarg;
            break;
        case 'r':
            wish->reason = optarg;
            break;
        case 'o':
            wish->out = optarg;
            break;
        case 'n':
            wish->days = strtol(optarg, NULL, 10);
            break;
        case 'j':
            wish->json = true;
            break;
        case 'd':
            wish->der = true;
            break;
        default:
            return false;
        }
    }
    if (optind < argc)
        wish->serial = argv[optind++];
    return optind == argc && wish->config != NULL && wish->days > 0 && wish->days <= 3650;
}

static int with_records(const struct wish *wish, const char *command,
                        int (*run)(const struct wish *, const struct records *, struct arena *))
{
    struct records records;
    if (!records_open(command, wish->config, &records))
        return CLI_FAILED;
    struct arena *arena = arena_new();
    int status = run(wish, &records, arena);
    arena_free(arena);
    records_close(&records);
    return status;
}

/* ---- list ------------------------------------------------------------------------------------ */

static void print_json(const struct issued_certificate *c, struct arena *arena)
{
    json_t *row = text_certificate_json(c, arena);
    json_dumpf(row, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(row);
}

static int list_issued(const struct wish *wish, const struct records *records, struct arena *arena)
{
    size_t count = 0;
    const struct certificate_filter filter = {.authority = wish->authority, .most = SIZE_MAX};
    const struct issued_certificate *c = store_certificates(records->store, &filter, arena, &count);
    for (size_t i = 0; i < count; i++) {
        if (wish->json)
            print_json(&c[i], arena);
        else
            printf("%-32s  %-9s  %s  %s  %.*s\n", text_serial(c[i].serial, arena),
                   certificate_state_word(c[i].state), text_time(c[i].not_after, arena),
                   c[i].authority, (int)c[i].subject_text.size,
                   (const char *)c[i].subject_text.data);
    }
    return CLI_OK;
}

int ca_list(int argc, char **argv)
{
    struct wish wish;
    if (!parse(argc, argv, &wish) || wish.serial != NULL)
        return ca_usage();
    return with_records(&wish, "ca list", list_issued);
}

/* ---- revoke ---------------------------------------------------------------------------------- */

/* RFC 5280 5.3.1. A hold could not be lifted again, and removeFromCRL lifts one: neither is here.
 */
static const struct {
    const char *word;
    int code;
} reasons[] = {
    {"unspecified", 0},        {"keyCompromise", 1}, {"cACompromise", 2},
    {"affiliationChanged", 3}, {"superseded", 4},    {"cessationOfOperation", 5},
    {"privilegeWithdrawn", 9}, {"aACompromise", 10},
};

static int reason_code(const char *word)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (strcmp(reasons[i].word, word) == 0)
            return reasons[i].code;
    fprintf(stderr, "dragoman ca revoke: there is no reason \"%s\"; say one of", word);
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        fprintf(stderr, " %s", reasons[i].word);
    fputc('\n', stderr);
    return -1;
}

static bool find_issued(const struct records *records, struct bytes serial, struct arena *arena,
                        struct issued_certificate *out)
{
    for (size_t i = 0; i < records->config->authority_count; i++) {
        const struct local_ca *ca = records->config->authorities[i].authority.local;
        if (ca != NULL &&
            store_find_certificate(records->store, certificate_subject(ca->signer->certificate),
                                   serial, arena, out, NULL))
            return true;
    }
    return false;
}

static int revoke_one(const struct wish *wish, const struct records *records, struct arena *arena)
{
    struct issued_certificate found;
    struct bytes serial = text_to_serial(wish->serial, arena);
    int code = reason_code(wish->reason);
    if (code < 0)
        return CLI_USAGE;
    if (bytes_is_empty(serial) || !find_issued(records, serial, arena, &found)) {
        fprintf(stderr,
                "dragoman ca revoke: no embedded CA of this configuration has issued a "
                "certificate with the serial number \"%s\"; see dragoman ca list\n",
                wish->serial);
        return CLI_FAILED;
    }
    if (found.state == CERTIFICATE_REVOKED) {
        fprintf(stderr, "dragoman ca revoke: it was revoked at %s\n",
                text_time(found.revoked_at, arena));
        return CLI_FAILED;
    }
    found.state = CERTIFICATE_REVOKED;
    found.revoked_at = (int64_t)time(NULL);
    found.revocation_reason = code;
    const struct store_batch batch = {.certificates = &found, .certificate_count = 1};
    if (store_commit_now(records->store, &batch) != STORE_OK) {
        fprintf(stderr, "dragoman ca revoke: the store cannot be written: %s\n",
                store_trouble(records->store, arena));
        return CLI_FAILED;
    }
    printf("revoked: %s %.*s\nThe next CRL says so: dragoman ca crl -c %s --authority %s\n",
           text_serial(found.serial, arena), (int)found.subject_text.size,
           (const char *)found.subject_text.data, wish->config, found.authority);
    return CLI_OK;
}

int ca_revoke(int argc, char **argv)
{
    struct wish wish;
    if (!parse(argc, argv, &wish) || wish.serial == NULL)
        return ca_usage();
    return with_records(&wish, "ca revoke", revoke_one);
}

/* ---- crl ------------------------------------------------------------------------------------- */

static bool write_crl(FILE *file, struct bytes der, bool binary)
{
    return (binary ? fwrite(der.data, 1, der.size, file) == der.size
                   : PEM_write(file, PEM_STRING_X509_CRL, "", der.data, (long)der.size) > 0) &&
           fflush(file) == 0;
}

/* By a new file that takes the old one's place, since others read it meanwhile. */
static bool put_crl(const struct wish *wish, struct bytes der, struct arena *arena)
{
    if (wish->out == NULL)
        return write_crl(stdout, der, wish->der);
    const char *path = arena_printf(arena, "%s.new", wish->out);
    FILE *file = fopen(path, "we");
    bool written = file != NULL && write_crl(file, der, wish->der) && fsync(fileno(file)) == 0;
    if (file != NULL && fclose(file) != 0)
        written = false;
    if (written && rename(path, wish->out) == 0)
        return true;
    fprintf(stderr, "dragoman ca crl: %s: %s\n", wish->out, strerror(errno));
    unlink(path);
    return false;
}

static int make_crl(const struct wish *wish, const struct records *records, struct arena *arena)
{
    const struct authority *authority = records_local_authority(records, wish->authority);
    if (authority == NULL) {
        fprintf(stderr, "dragoman ca crl: \"%s\" is no embedded CA of this configuration\n",
                wish->authority);
        return CLI_FAILED;
    }
    int64_t now = (int64_t)time(NULL);
    struct bytes der;
    struct failure why;
    if (!crl_make(records->store, authority, now, now + wish->days * INT64_C(86400), arena, &der,
                  &why)) {
        fprintf(stderr, "dragoman ca crl: %s (%s)\n", why.text, why.detail);
        return CLI_FAILED;
    }
    return put_crl(wish, der, arena) ? CLI_OK : CLI_FAILED;
}

int ca_crl(int argc, char **argv)
{
    struct wish wish;
    if (!parse(argc, argv, &wish) || wish.serial != NULL || wish.authority == NULL)
        return ca_usage();
    return with_records(&wish, "ca crl", make_crl);
}
