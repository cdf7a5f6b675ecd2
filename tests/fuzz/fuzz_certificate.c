/* Certificates: read, show every field, make OpenSSL's object and the key. */
#include "adapters/pkix/credentials.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct certificate *certificate;
    struct failure why;
    if (!certificate_parse(bytes_of(data, size), &certificate, &why))
        return 0;
    const struct bytes slices[] = {certificate_subject(certificate),
                                   certificate_issuer(certificate), certificate_serial(certificate),
                                   certificate_spki(certificate), certificate_ski(certificate)};
    volatile unsigned sum = 0;
    for (size_t i = 0; i < sizeof(slices) / sizeof(slices[0]); i++) {
        for (size_t at = 0; at < slices[i].size; at++)
            sum = sum + slices[i].data[at];
    }
    certificate_get0_key(certificate);
    certificate_get0_x509(certificate);
    certificate_unref(certificate);
    return 0;
}
