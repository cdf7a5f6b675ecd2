#include "adapters/cmp/cmp_protect.h"

#include "adapters/pkix/devices.h"
#include "adapters/pkix/mac.h"
#include "adapters/pkix/signature.h"
#include "mapping/codes.h"
#include "mapping/model/limits.h"
#include "mapping/model/pack.h"

/* GeneralName ::= CHOICE { ... directoryName [4] Name ... }                  (RFC 5280 4.2.1.6) */
enum { DIRECTORY_NAME = DER_CONTEXT_CONSTRUCTED | 4 };

static const char COMMON_NAME[] = "2.5.4.3";

struct bytes cmp_protector_name(const struct cmp_protector *protector, struct arena *arena)
{
    struct bytes name = der_wrap(arena, DER_SEQUENCE, BYTES_EMPTY);
    if (protector->protection == CMP_SIGNATURE)
        name = certificate_subject(protector->signer->certificate);
    /* RFC 9483 3.1: a MAC's sender is named by its reference, where that is text. */
    struct bytes reference = protector->reference;
    if (protector->protection == CMP_MAC && bytes_equal(reference, peer_text(reference, arena))) {
        struct bytes pair[] = {der_oid(arena, COMMON_NAME),
                               der_wrap(arena, DER_UTF8_STRING, reference)};
        struct bytes attribute = der_join(arena, DER_SEQUENCE, pair, 2);
        name = der_wrap(arena, DER_SEQUENCE, der_wrap(arena, DER_SET, attribute));
    }
    return der_wrap(arena, DIRECTORY_NAME, name);
}

struct bytes cmp_protector_kid(const struct cmp_protector *protector)
{
    switch (protector->protection) {
    case CMP_MAC:
        return protector->reference;
    case CMP_SIGNATURE:
        return certificate_ski(protector->signer->certificate);
    case CMP_UNPROTECTED:
        break;
    }
    return BYTES_EMPTY;
}

static struct cmp_protector signing(const struct signer *signer)
{
    return (struct cmp_protector){.protection = signer == NULL ? CMP_UNPROTECTED : CMP_SIGNATURE,
                                  .signer = signer};
}

struct cmp_protector cmp_protector_like(enum cmp_protection protection, struct bytes algorithm,
                                        struct bytes reference, const struct device_group *group,
                                        const struct credentials *credentials,
                                        struct entropy *entropy, struct arena *arena)
{
    struct cmp_protector mac = {.protection = CMP_MAC, .reference = reference};
    struct failure ignored;
    if (protection == CMP_MAC && group != NULL && group->secrets != NULL &&
        secrets_find(group->secrets, reference, &mac.secret) &&
        mac_with_salt(algorithm, entropy_take(entropy, CMP_SALT_OCTETS, arena), arena,
                      &mac.algorithm, &ignored))
        return mac;
    if (group != NULL && group->signer != NULL)
        return signing(group->signer);
    return signing(credentials->signer);
}

/* ProtectedPart ::= SEQUENCE { header PKIHeader, body PKIBody }              (RFC 9810 5.1.3) */
static struct bytes protected_part(struct bytes header, struct bytes body, struct arena *arena)
{
    struct bytes parts[] = {header, body};
    return der_join(arena, DER_SEQUENCE, parts, 2);
}

static bool protection_value(const struct cmp_protector *protector, struct bytes data,
                             struct arena *arena, struct bytes *value, struct failure *why)
{
    if (protector->protection == CMP_MAC)
        return mac_compute(protector->algorithm, protector->secret, data, arena, value, why);
    struct bytes algorithm;
    return signature_sign(protector->signer->key, NULL, data, arena, &algorithm, value, why);
}

/* It stands in the header, which is itself protected: so it is needed first. */
static bool protection_algorithm(const struct cmp_protector *protector, struct arena *arena,
                                 struct bytes *algorithm, struct failure *why)
{
    if (protector->protection == CMP_SIGNATURE)
        return signature_algorithm(protector->signer->key, NULL, arena, algorithm, why);
    *algorithm = protector->algorithm;
    return true;
}

bool cmp_protect(const struct cmp_protector *protector, struct cmp_header *header,
                 struct bytes body, struct bytes extra_certs, struct arena *arena,
                 struct bytes *out, struct failure *why)
{
    struct cmp_message message = {.body = body, .extra_certs = extra_certs};
    struct bytes value;
    if (protector->protection == CMP_UNPROTECTED) {
        message.header = cmp_write(&cmp_header_shape, header, arena);
        *out = cmp_write(&cmp_message_shape, &message, arena);
        return true;
    }
    if (!protection_algorithm(protector, arena, &header->protection_alg, why))
        return false;
    message.header = cmp_write(&cmp_header_shape, header, arena);
    if (!protection_value(protector, protected_part(message.header, body, arena), arena, &value,
                          why))
        return false;
    message.protection = der_bit_string(arena, value);
    *out = cmp_write(&cmp_message_shape, &message, arena);
    return true;
}
