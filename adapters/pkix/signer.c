#include <stdatomic.h>
#include <stdlib.h>

#include "adapters/pkix/credentials.h"
#include "adapters/pkix/signature.h"

/* What credentials.h shows is the first member, so that a signer can be counted without a lock. */
struct counted_signer {
    struct signer signer;
    atomic_size_t references;
};

static struct counted_signer *counted(struct signer *signer)
{
    return (struct counted_signer *)signer;
}

struct signer *signer_new(struct certificate *certificate, EVP_PKEY *key,
                          struct certificate *const *chain, size_t chain_count, struct failure *why)
{
    const EVP_PKEY *public = certificate_get0_key(certificate);
    if (public == NULL) {
        fail(why, REASON_INTERNAL, NULL, "the certificate has a key that this build cannot use");
        return NULL;
    }
    if (EVP_PKEY_eq(public, key) != 1) {
        fail_openssl(why, REASON_INTERNAL, NULL, "certificate and private key do not match");
        return NULL;
    }
    struct counted_signer *made = calloc(1, sizeof(*made));
    if (made == NULL || (made->signer.chain = calloc(chain_count + 1, sizeof(*chain))) == NULL)
        abort();
    atomic_init(&made->references, 1);
    EVP_PKEY_up_ref(key);
    made->signer.key = key;
    made->signer.certificate = certificate_ref(certificate);
    made->signer.chain_count = chain_count;
    for (size_t i = 0; i < chain_count; i++)
        made->signer.chain[i] = certificate_ref(chain[i]);
    return &made->signer;
}

struct signer *signer_ref(struct signer *signer)
{
    if (signer != NULL)
        atomic_fetch_add_explicit(&counted(signer)->references, 1, memory_order_relaxed);
    return signer;
}

void signer_unref(struct signer *signer)
{
    if (signer == NULL || atomic_fetch_sub(&counted(signer)->references, 1) != 1)
        return;
    for (size_t i = 0; i < signer->chain_count; i++)
        certificate_unref(signer->chain[i]);
    free(signer->chain);
    certificate_unref(signer->certificate);
    EVP_PKEY_free(signer->key);
    free(counted(signer));
}
