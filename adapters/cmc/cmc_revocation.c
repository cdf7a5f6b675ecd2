/* A device's or RA's revokeRequests (RFC 10002 6.11) as items: which certificate, and why. Whether
 * the sender may have it revoked is not judged here. */
#include "adapters/cmc/cmc_incoming.h"
#include "adapters/pkix/der.h"
#include "adapters/pkix/names.h"
#include "mapping/model/limits.h"

bool cmc_revokes(const struct cmc_body *body)
{
    return body->request_count == 0 && cmc_find(body, CMC_CONTROL_REVOKE_REQUEST) != NULL;
}

/* CRLReason (RFC 5280 5.3.1). */
enum { REASON_UNUSED = 7, REASON_REMOVE_FROM_CRL = 8, REASON_LAST = 10 };

static bool check_reason(int64_t reason, struct failure *why)
{
    if (reason == REASON_REMOVE_FROM_CRL)
        return fail(why, REASON_BAD_REQUEST, "RFC 5280 5.3.1",
                    "removeFromCRL revokes nothing; CMC cannot take a revocation back");
    if (reason < 0 || reason > REASON_LAST || reason == REASON_UNUSED)
        return fail(why, REASON_BAD_REQUEST, "RFC 5280 5.3.1", "reason is no CRLReason");
    return true;
}

/* Some clients write the issuer's name from text, in another string type than that of the
 * certificate. The certificates in the message have it as it stands there. */
static struct bytes issuer_as_issued(const struct cms_signed *cms, struct bytes issuer,
                                     struct arena *arena)
{
    for (size_t i = 0; i < cms->certificate_count; i++) {
        struct bytes name = certificate_issuer(cms->certificates[i]);
        if (names_same(name, issuer))
            return arena_copy(arena, name);
    }
    return issuer;
}

static bool read_revocation(const struct cmc_incoming *incoming, const struct cmc_control *control,
                            struct arena *arena, struct item *item, struct failure *why)
{
    struct cmc_revocation revocation;
    struct der name;
    if (control->id == CMC_BODY_ID_WHOLE)
        return fail(why, REASON_BAD_REQUEST, "RFC 10002 3.2.2",
                    "body part id 0 means the PKIData itself; number controls from 1");
    if (!cmc_decode_revocation(control->value, arena, &revocation, why))
        return false;
    if (revocation.has_secret)
        return fail(why, REASON_BAD_IDENTITY, "RFC 10002 6.11",
                    "no shared secret for revocation is known here; sign the request with the "
                    "certificate to be revoked, or ask a registration authority");
    if (!der_only(revocation.issuer, DER_SEQUENCE, &name))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 10002 6.11",
                    "issuerName in revokeRequest is no Name");
    if (revocation.serial.size > LIMIT_SERIAL_OCTETS + 1)
        return fail(why, REASON_BAD_CERT_ID, "RFC 5280 4.1.2.2",
                    "serialNumber has more than %d octets", LIMIT_SERIAL_OCTETS);
    *item = (struct item){
        .inbound_id = control->id,
        .old_issuer = issuer_as_issued(&incoming->cms, revocation.issuer, arena),
        .old_serial = revocation.serial,
    };
    if (!check_reason(revocation.reason, why))
        return false;
    item->revocation_reason = (int)revocation.reason;
    return true;
}

/* Each has a status of its own in the answer (RFC 10002 6.1), which names it by its id alone. */
static bool check_ids(const struct item *items, size_t count, struct failure *why)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t n = 0; n < i; n++) {
            if (items[n].inbound_id == items[i].inbound_id)
                return fail(why, REASON_BAD_REQUEST, "RFC 10002 3.2.2",
                            "two revokeRequests have the body part id %lld",
                            (long long)items[i].inbound_id);
        }
    }
    return true;
}

/* What is asked for beside a revocation might fail, and the certificate would be gone. */
static bool check_alone(const struct cmc_body *body, struct failure *why)
{
    if (body->request_count > 0)
        return fail(why, REASON_BAD_REQUEST, "RFC 10002 6.11",
                    "revokeRequest stands beside a certificate request; send it alone");
    if (cmc_find(body, CMC_CONTROL_QUERY_PENDING) != NULL)
        return fail(why, REASON_BAD_REQUEST, "RFC 10002 6.13",
                    "queryPending stands beside a revokeRequest");
    return true;
}

bool cmc_read_revocations(const struct cmc_incoming *incoming, struct arena *arena,
                          struct item **items, size_t *count, struct failure *why)
{
    const struct cmc_body *body = &incoming->body;
    if (!check_alone(body, why))
        return false;
    *count = 0;
    *items = arena_array(arena, body->control_count, sizeof(**items));
    for (size_t i = 0; i < body->control_count; i++) {
        if (body->controls[i].kind != CMC_CONTROL_REVOKE_REQUEST)
            continue;
        if (!read_revocation(incoming, &body->controls[i], arena, &(*items)[*count], why))
            return false;
        ++*count;
    }
    return check_ids(*items, *count, why);
}
