#include "tests/support/cmc_vectors.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/pem.h>

#include "tests/support/octets.h"

static const char *full_path(struct arena *arena, const char *path)
{
    return arena_printf(arena, "tests/vectors/cmc/%s", path);
}

static void *loaded(void *object, const char *path)
{
    if (object == NULL) {
        fprintf(stderr, "%s: cannot be loaded\n", path);
        abort();
    }
    return object;
}

struct bytes cmc_vector(struct arena *arena, const char *path)
{
    return octets_from_file(arena, full_path(arena, path));
}

static void release_certificate(void *certificate)
{
    certificate_unref(certificate);
}

struct certificate *cmc_certificate(struct arena *arena, const char *path)
{
    struct certificate *certificate = NULL;
    struct failure why;
    unsigned char *der = NULL;
    BIO *file = loaded(BIO_new_file(full_path(arena, path), "r"), path);
    X509 *x509 = loaded(PEM_read_bio_X509(file, NULL, NULL, NULL), path);
    int size = i2d_X509(x509, &der);
    if (size <= 0 || !certificate_parse(bytes_of(der, (size_t)size), &certificate, &why))
        certificate = NULL;
    OPENSSL_free(der);
    X509_free(x509);
    BIO_free(file);
    return arena_own(arena, loaded(certificate, path), release_certificate);
}

static void release_trust(void *trust)
{
    trust_unref(trust);
}

struct trust *cmc_trust(struct arena *arena, const char *path)
{
    struct failure why;
    struct certificate *anchor = cmc_certificate(arena, path);
    return arena_own(arena, loaded(trust_new(&anchor, 1, NULL, 0, 0, &why), path), release_trust);
}

static void release_signer(void *signer)
{
    signer_unref(signer);
}

struct signer *cmc_ra(struct arena *arena)
{
    struct failure why;
    BIO *file = loaded(BIO_new_file(full_path(arena, "outbound/ra.key"), "r"), "ra.key");
    EVP_PKEY *key = loaded(PEM_read_bio_PrivateKey(file, NULL, NULL, NULL), "ra.key");
    struct signer *signer =
        signer_new(cmc_certificate(arena, "outbound/ra.pem"), key, NULL, 0, &why);
    EVP_PKEY_free(key);
    BIO_free(file);
    return arena_own(arena, loaded(signer, "ra.pem"), release_signer);
}
