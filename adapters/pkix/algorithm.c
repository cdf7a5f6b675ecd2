#include "adapters/pkix/algorithm.h"

#include <strings.h>

#include "adapters/pkix/der.h"

static const uint8_t null_octets[] = {DER_NULL, 0};
const struct bytes algorithm_null = {null_octets, sizeof(null_octets)};

bool algorithm_read(struct bytes tlv, struct algorithm *out)
{
    struct der sequence, oid, parameters;
    *out = (struct algorithm){0};
    if (!der_only(tlv, DER_SEQUENCE, &sequence))
        return false;
    struct bytes rest = sequence.content;
    if (!der_take(&rest, DER_OID, &oid))
        return false;
    out->oid = oid.whole;
    if (rest.size == 0)
        return true;
    if (!der_next(&rest, &parameters) || rest.size > 0)
        return false;
    out->parameters = parameters.whole;
    return true;
}

struct bytes algorithm_write(struct arena *arena, const char *dotted, struct bytes parameters)
{
    const struct bytes parts[] = {der_oid(arena, dotted), parameters};
    return der_join(arena, DER_SEQUENCE, parts, 2);
}

bool algorithm_has_no_parameters(const struct algorithm *algorithm)
{
    return algorithm->parameters.size == 0 || bytes_equal(algorithm->parameters, algorithm_null);
}

static const struct digest_row {
    const char *name;
    const char *oid;
    size_t octets;
    bool legacy;
} digests[] = {
    {"SHA256", "2.16.840.1.101.3.4.2.1", 32, false},
    {"SHA384", "2.16.840.1.101.3.4.2.2", 48, false},
    {"SHA512", "2.16.840.1.101.3.4.2.3", 64, false},
    {"SHA224", "2.16.840.1.101.3.4.2.4", 28, false},
    {"SHA1", "1.3.14.3.2.26", 20, true},
    {"SHA512-224", "2.16.840.1.101.3.4.2.5", 28, false},
    {"SHA512-256", "2.16.840.1.101.3.4.2.6", 32, false},
    {"SHA3-224", "2.16.840.1.101.3.4.2.7", 28, false},
    {"SHA3-256", "2.16.840.1.101.3.4.2.8", 32, false},
    {"SHA3-384", "2.16.840.1.101.3.4.2.9", 48, false},
    {"SHA3-512", "2.16.840.1.101.3.4.2.10", 64, false},
    {"SHAKE128", "2.16.840.1.101.3.4.2.11", 32, false},
    {"SHAKE256", "2.16.840.1.101.3.4.2.12", 64, false},
};

static const struct digest_row *row_of_name(const char *name)
{
    for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++) {
        if (strcasecmp(digests[i].name, name) == 0)
            return &digests[i];
    }
    return NULL;
}

const char *digest_of_oid(struct bytes oid)
{
    for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++) {
        if (der_oid_is(oid, digests[i].oid))
            return digests[i].name;
    }
    return NULL;
}

const char *digest_oid(const char *name)
{
    const struct digest_row *row = row_of_name(name);
    return row == NULL ? NULL : row->oid;
}

size_t digest_octets(const char *name)
{
    const struct digest_row *row = row_of_name(name);
    return row == NULL ? 0 : row->octets;
}

bool digest_is_legacy(const char *name)
{
    const struct digest_row *row = row_of_name(name);
    return row != NULL && row->legacy;
}
