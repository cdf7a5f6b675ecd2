#include "tests/support/local_pki.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "adapters/pkix/names.h"
#include "adapters/pkix/signature.h"
#include "tests/support/cmocka_all.h"

EVP_PKEY *local_pki_key(const char *kind)
{
    if (strncmp(kind, "P-", 2) == 0)
        return EVP_EC_gen(kind);
    if (strncmp(kind, "RSA-", 4) == 0)
        return EVP_RSA_gen((size_t)atoi(kind + 4));
    return EVP_PKEY_Q_keygen(NULL, NULL, kind);
}

struct entropy local_pki_entropy(struct arena *arena)
{
    static uint8_t call;
    uint8_t *octets = arena_alloc(arena, ENTROPY_OCTETS);
    call++;
    for (size_t i = 0; i < ENTROPY_OCTETS; i++)
        octets[i] = (uint8_t)(i * 7 + call);
    return (struct entropy){octets, ENTROPY_OCTETS};
}

static void release_key(void *key)
{
    EVP_PKEY_free(key);
}

static void release_certificate(void *certificate)
{
    certificate_unref(certificate);
}

static void release_signer(void *signer)
{
    signer_unref(signer);
}

struct local_ca *local_pki_ca(const char *kind, struct arena *arena)
{
    struct failure why;
    struct entropy entropy = local_pki_entropy(arena);
    struct bytes name, der;
    struct certificate *certificate = NULL;
    struct local_ca *ca = arena_alloc(arena, sizeof(*ca));
    EVP_PKEY *key = arena_own(arena, local_pki_key(kind), release_key);
    if (!names_parse("CN=Local CA,O=Example", arena, &name, &why) ||
        !local_ca_self_sign(key, name, LOCAL_PKI_NOW, 10 * 365 * INT64_C(86400), &entropy, arena,
                            &der, &why) ||
        !certificate_parse(der, &certificate, &why))
        fail_msg("%s (%s)", why.text, why.detail);
    arena_own(arena, certificate, release_certificate);
    ca->signer = arena_own(arena, signer_new(certificate, key, NULL, 0, &why), release_signer);
    ca->profile.validity_s = 365 * INT64_C(86400);
    ca->profile.backdate_s = 300;
    return ca;
}

static X509_EXTENSIONS *read_extensions(char *lines)
{
    X509_EXTENSIONS *list = NULL;
    X509V3_CTX context;
    X509V3_set_ctx(&context, NULL, NULL, NULL, NULL, 0);
    char *rest = NULL;
    for (char *line = strtok_r(lines, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char *value = strchr(line, '=');
        *value++ = '\0';
        X509_EXTENSION *extension = X509V3_EXT_nconf(NULL, &context, line, value);
        if (extension == NULL)
            fail_msg("OpenSSL does not read %s=%s", line, value);
        X509v3_add_ext(&list, extension, -1);
        X509_EXTENSION_free(extension);
    }
    return list;
}

struct item local_pki_item(EVP_PKEY *key, const char *subject, const char *extensions,
                           struct arena *arena)
{
    struct item item = {.format = ITEM_PKCS10,
                        .pop_form = POP_FORM_PKCS10,
                        .pop_verdict = POP_VERIFIED,
                        .carriage = CARRIAGE_LOCAL};
    struct failure why;
    if (!names_parse(subject, arena, &item.subject, &why))
        fail_msg("%s", why.text);
    unsigned char *der = NULL;
    int size = i2d_PUBKEY(key, &der);
    item.spki = arena_copy(arena, bytes_of(der, (size_t)size));
    OPENSSL_free(der);
    sha256(item.spki, item.spki_sha256);
    if (extensions != NULL) {
        X509_EXTENSIONS *list = read_extensions(arena_text(arena, bytes_of_text(extensions)));
        der = NULL;
        size = i2d_X509_EXTENSIONS(list, &der);
        item.extensions = arena_copy(arena, bytes_of(der, (size_t)size));
        OPENSSL_free(der);
        sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
    }
    return item;
}
