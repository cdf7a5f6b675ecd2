#include "adapters/local/local_ca.h"
#include "adapters/local/local_extensions.h"
#include "adapters/local/local_signed.h"
#include "adapters/pkix/der.h"

static const char OID_CRL_NUMBER[] = "2.5.29.20";
static const char OID_REASON_CODE[] = "2.5.29.21";

enum { UNSPECIFIED = 0, REMOVE_FROM_CRL = 8 };

struct crl {
    struct bytes issuer;
    int64_t this_update, next_update;
    const struct revoked *revoked;
    size_t count;
    struct bytes extensions;
};

/* SEQUENCE { userCertificate, revocationDate, crlEntryExtensions OPTIONAL }. The code
 * `unspecified` is said by saying nothing (RFC 5280 5.3.1). */
static struct bytes entry(const struct revoked *revoked, struct arena *arena)
{
    struct bytes parts[3] = {der_wrap(arena, DER_INTEGER, revoked->serial),
                             der_x509_time(arena, revoked->at)};
    size_t count = 2;
    if (revoked->reason > UNSPECIFIED) {
        struct extension_list list = {.arena = arena};
        uint8_t code = (uint8_t)revoked->reason;
        extension_add(&list, OID_REASON_CODE, false,
                      der_wrap(arena, DER_ENUMERATED, bytes_of(&code, 1)));
        parts[count++] = extension_list_der(&list);
    }
    return der_join(arena, DER_SEQUENCE, parts, count);
}

/* Empty if nothing is revoked: then the field is absent (RFC 5280 5.1.2.6). removeFromCRL belongs
 * into delta CRLs only (5.3.1). */
static struct bytes entries(const struct crl *crl, struct arena *arena)
{
    struct bytes *all = arena_array(arena, crl->count + 1, sizeof(*all));
    size_t count = 0;
    for (size_t i = 0; i < crl->count; i++)
        if (crl->revoked[i].reason != REMOVE_FROM_CRL)
            all[count++] = entry(&crl->revoked[i], arena);
    return count == 0 ? BYTES_EMPTY : der_join(arena, DER_SEQUENCE, all, count);
}

/* TBSCertList ::= SEQUENCE { version v2(1), signature, issuer, thisUpdate, nextUpdate,
 *     revokedCertificates OPTIONAL, crlExtensions [0] }                      (RFC 5280 5.1) */
static struct bytes crl_body(void *context, struct bytes algorithm, struct arena *arena)
{
    const struct crl *crl = context;
    struct bytes parts[] = {
        der_integer(arena, 1),
        algorithm,
        crl->issuer,
        der_x509_time(arena, crl->this_update),
        der_x509_time(arena, crl->next_update),
        entries(crl, arena),
        der_wrap(arena, DER_CONTEXT_CONSTRUCTED, crl->extensions),
    };
    return der_join(arena, DER_SEQUENCE, parts, sizeof(parts) / sizeof(parts[0]));
}

bool local_ca_crl(const struct local_ca *ca, const struct revoked *revoked, size_t count,
                  int64_t number, int64_t now, int64_t next_update, struct arena *arena,
                  struct bytes *crl, struct failure *why)
{
    struct extension_list list = {.arena = arena};
    extension_add_authority_key_id(&list, local_ca_key_id(ca, arena));
    extension_add(&list, OID_CRL_NUMBER, false, der_integer(arena, number));
    struct crl body = {.issuer = certificate_subject(ca->signer->certificate),
                       .this_update = now,
                       .next_update = next_update,
                       .revoked = revoked,
                       .count = count,
                       .extensions = extension_list_der(&list)};
    return local_sign(ca->signer->key, crl_body, &body, arena, crl, why);
}
