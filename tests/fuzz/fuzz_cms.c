/* SignedData: read, find each signer, verify; with the key of no signer, so that all of the work on
 * attributes is done for messages that name no certificate as well. What was read is packed into a
 * certs-only message, which must be read again. */
#include <stdlib.h>

#include "adapters/pkix/cms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static EVP_PKEY *any_key(void)
{
    static EVP_PKEY *key;
    if (key == NULL)
        key = EVP_EC_gen("P-256");
    return key;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct cms_signed cms, again;
    struct failure why;
    if (cms_parse(bytes_of(data, size), arena, &cms, &why)) {
        struct bytes *certificates =
            arena_array(arena, cms.certificate_count, sizeof(*certificates));
        for (size_t i = 0; i < cms.signer_count; i++) {
            const struct certificate *signer = cms_find_signer(&cms, i, NULL, 0);
            EVP_PKEY *key = signer == NULL ? NULL : certificate_get0_key(signer);
            cms_verify(&cms, i, key == NULL ? any_key() : key, true, &why);
        }
        for (size_t i = 0; i < cms.certificate_count; i++)
            certificates[i] = certificate_der(cms.certificates[i]);
        if (!cms_parse(cms_certs_only(certificates, cms.certificate_count, arena), arena, &again,
                       &why) ||
            again.certificate_count != cms.certificate_count)
            abort();
    }
    arena_free(arena);
    return 0;
}
