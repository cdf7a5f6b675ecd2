/* dragoman ca init: a key and a self-signed certificate for the embedded CA. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "adapters/local/local_ca.h"
#include "adapters/pkix/names.h"
#include "gateway/cli/ca.h"
#include "gateway/cli/cli.h"
#include "mapping/model/limits.h"

struct wish {
    const char *directory;
    const char *subject;
    const char *key;
    long days;
};

/* ---- the key --------------------------------------------------------------------------------- */

static EVP_PKEY *rsa_key(const char *bits)
{
    char *end;
    long size = strtol(bits, &end, 10);
    bool sane = *end == '\0' && size >= LIMIT_RSA_BITS_MIN && size <= LIMIT_RSA_BITS;
    return sane ? EVP_RSA_gen((size_t)size) : NULL;
}

static EVP_PKEY *ec_key(const char *curve)
{
    EVP_PKEY *key = EVP_EC_gen(curve);
    if (key == NULL || EVP_PKEY_get_bits(key) >= LIMIT_EC_BITS_MIN)
        return key;
    EVP_PKEY_free(key);
    return NULL;
}

static EVP_PKEY *named_key(const char *name)
{
    return EVP_PKEY_Q_keygen(NULL, NULL, name);
}

/* "ec:P-256", "rsa:3072", "ed25519", "ml-dsa-65" where OpenSSL has it: signing keys only. */
static const struct {
    const char *prefix;
    EVP_PKEY *(*make)(const char *rest);
    bool whole; /* the prefix is part of what make is told */
} kinds[] = {
    {"rsa:", rsa_key, false},   {"ec:", ec_key, false},       {"ed25519", named_key, true},
    {"ed448", named_key, true}, {"ml-dsa-", named_key, true}, {"slh-dsa-", named_key, true},
};

static EVP_PKEY *make_key(const char *kind)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t size = strlen(kinds[i].prefix);
        if (strncasecmp(kind, kinds[i].prefix, size) == 0)
            return kinds[i].make(kinds[i].whole ? kind : kind + size);
    }
    return NULL;
}

/* ---- files ----------------------------------------------------------------------------------- */

static FILE *create(const char *path, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) {
        fprintf(stderr, "dragoman ca init: %s: %s%s\n", path, strerror(errno),
                errno == EEXIST ? "; what is there is never overwritten" : "");
        return NULL;
    }
    return fdopen(fd, "w");
}

static bool finish(FILE *file, const char *path, bool written)
{
    written = written && fflush(file) == 0 && fsync(fileno(file)) == 0;
    if (fclose(file) != 0 || !written) {
        fprintf(stderr, "dragoman ca init: %s cannot be written\n", path);
        unlink(path);
        return false;
    }
    return true;
}

static bool write_key(const char *path, EVP_PKEY *key)
{
    FILE *file = create(path, 0600);
    return file != NULL &&
           finish(file, path, PEM_write_PKCS8PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1);
}

static bool write_certificate(const char *path, struct bytes der)
{
    FILE *file = create(path, 0644);
    return file != NULL &&
           finish(file, path, PEM_write(file, PEM_STRING_X509, "", der.data, (long)der.size) > 0);
}

static bool make_directory(const char *path)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return true;
    fprintf(stderr, "dragoman ca init: %s: %s\n", path, strerror(errno));
    return false;
}

/* ---- the command ----------------------------------------------------------------------------- */

static bool parse(int argc, char **argv, struct wish *wish)
{
    static const struct option options[] = {
        {"dir", required_argument, NULL, 'd'},
        {"subject", required_argument, NULL, 's'},
        {"key", required_argument, NULL, 'k'},
        {"days", required_argument, NULL, 'n'},
        {NULL, 0, NULL, 0},
    };
    *wish = (struct wish){.key = "ec:P-256", .days = 3650};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'd')
            wish->directory = optarg;
        else if (option == 's')
            wish->subject = optarg;
        else if (option == 'k')
            wish->key = optarg;
        else if (option == 'n')
            wish->days = strtol(optarg, NULL, 10);
        else
            return false;
    }
    return optind == argc && wish->directory != NULL && wish->subject != NULL && wish->days > 0 &&
           wish->days <= 36500;
}

static bool self_sign(const struct wish *wish, EVP_PKEY *key, struct arena *arena,
                      struct bytes *certificate)
{
    uint8_t octets[64];
    struct entropy entropy = {octets, sizeof(octets)};
    struct bytes subject;
    struct failure why;
    if (RAND_bytes(octets, sizeof(octets)) == 1 &&
        names_parse(wish->subject, arena, &subject, &why) &&
        local_ca_self_sign(key, subject, (int64_t)time(NULL), wish->days * INT64_C(86400), &entropy,
                           arena, certificate, &why))
        return true;
    fprintf(stderr, "dragoman ca init: %s\n", why.text);
    return false;
}

static int init(const struct wish *wish, struct arena *arena)
{
    const char *key_path = arena_printf(arena, "%s/ca.key", wish->directory);
    const char *certificate_path = arena_printf(arena, "%s/ca.pem", wish->directory);
    struct bytes certificate;
    EVP_PKEY *key = make_key(wish->key);
    int status = CLI_FAILED;
    if (key == NULL) {
        fprintf(stderr,
                "dragoman ca init: this build makes no key of kind \"%s\"; say ec:P-256, ec:P-384, "
                "ec:P-521, rsa:3072 or ed25519\n",
                wish->key);
        return CLI_USAGE;
    }
    if (!self_sign(wish, key, arena, &certificate) || !make_directory(wish->directory) ||
        !write_key(key_path, key))
        goto done;
    if (!write_certificate(certificate_path, certificate)) {
        unlink(key_path); /* made a moment ago, and of no use alone */
        goto done;
    }
    printf("%s\n%s\n", certificate_path, key_path);
    status = CLI_OK;
done:
    EVP_PKEY_free(key);
    return status;
}

int ca_init(int argc, char **argv)
{
    struct wish wish;
    if (!parse(argc, argv, &wish))
        return ca_usage();
    struct arena *arena = arena_new();
    int status = init(&wish, arena);
    arena_free(arena);
    return status;
}
