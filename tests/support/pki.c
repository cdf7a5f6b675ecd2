#include "tests/support/pki.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/pem.h>

#include "tests/support/octets.h"

enum { MOST = 16 };

static void give_up(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    abort();
}

static void release_certificate(void *certificate)
{
    certificate_unref(certificate);
}

static void release_key(void *key)
{
    EVP_PKEY_free(key);
}

static void release_signer(void *signer)
{
    signer_unref(signer);
}

static void release_trust(void *trust)
{
    trust_unref(trust);
}

struct certificate *pki_certificate(struct arena *arena, const char *name)
{
    const char *path = arena_printf(arena, "tests/vectors/pkix/%s.der", name);
    struct certificate *certificate;
    struct failure why;
    if (!certificate_parse(octets_from_file(arena, path), &certificate, &why))
        give_up(path, why.text);
    return arena_own(arena, certificate, release_certificate);
}

EVP_PKEY *pki_key(struct arena *arena, const char *name)
{
    const char *path = arena_printf(arena, "tests/vectors/pkix/%s.key", name);
    FILE *file = fopen(path, "r");
    EVP_PKEY *key = file == NULL ? NULL : PEM_read_PrivateKey(file, NULL, NULL, NULL);
    if (key == NULL)
        give_up(path, "no private key");
    fclose(file);
    return arena_own(arena, key, release_key);
}

static size_t load(struct arena *arena, const char *const *names, struct certificate *out[MOST])
{
    size_t count = 0;
    for (; names != NULL && names[count] != NULL && count < MOST; count++)
        out[count] = pki_certificate(arena, names[count]);
    return count;
}

struct signer *pki_signer(struct arena *arena, const char *name, const char *const *chain)
{
    struct certificate *certificates[MOST];
    struct failure why;
    size_t count = load(arena, chain, certificates);
    struct signer *signer =
        signer_new(pki_certificate(arena, name), pki_key(arena, name), certificates, count, &why);
    if (signer == NULL)
        give_up(name, why.text);
    return arena_own(arena, signer, release_signer);
}

struct trust *pki_trust(struct arena *arena, const char *const *anchors)
{
    struct certificate *certificates[MOST];
    struct failure why;
    size_t count = load(arena, anchors, certificates);
    struct trust *trust = trust_new(certificates, count, NULL, 0, 0, &why);
    if (trust == NULL)
        give_up("trust", why.text);
    return arena_own(arena, trust, release_trust);
}
