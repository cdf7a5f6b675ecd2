/* Who may have a certificate revoked: its holder, whoever enrolled it, or a registration authority
 * of the route (RFC 9483 4.2 and 5.3.2, RFC 10002 6.11). The job is durable before the authority
 * hears of it (D10). */
#include "adapters/pkix/credentials.h"
#include "gateway/engine/answer.h"
#include "gateway/engine/receive.h"
#include "gateway/engine/work.h"

static bool is_holder(const struct visit *visit, const struct issued_certificate *certificate)
{
    return bytes_equal(visit->request.identity.certificate, certificate->der);
}

static bool is_enroller(const struct visit *visit, const struct issued_certificate *certificate)
{
    struct transaction row;
    return store_find_id(visit->engine->ports.store, certificate->transaction, visit->arena, &row,
                         NULL) &&
           bytes_equal(row.principal, visit->request.identity.principal);
}

/* The journal knows what this gateway had issued; what it does not know is for the authority to
 * judge, and only an RA may ask that. */
static bool judge_unknown(const struct visit *visit, struct failure *why)
{
    if (visit->request.identity.is_ra)
        return true;
    return fail(why, REASON_BAD_CERT_ID, "RFC 9483 3.6.4",
                "no certificate with this issuer and serial number was issued here");
}

static bool judge_item(const struct visit *visit, const struct item *item, struct failure *why)
{
    struct issued_certificate certificate;
    const struct authority_config *authority = &visit->config->authorities[visit->route->authority];
    if (!store_find_certificate(visit->engine->ports.store, item->old_issuer, item->old_serial,
                                visit->arena, &certificate, NULL))
        return judge_unknown(visit, why);
    if (strcmp(certificate.authority, authority->authority.name) != 0)
        return fail(why, REASON_BAD_CERT_ID, "RFC 9483 3.6.4",
                    "the certificate was issued by another authority than that of this route");
    if (!visit->request.identity.is_ra && !is_holder(visit, &certificate) &&
        !is_enroller(visit, &certificate))
        return fail(why, REASON_NOT_PERMITTED, "RFC 9483 4.2",
                    "a certificate is revoked by its holder or a registration authority");
    bool over = certificate.state == CERTIFICATE_REVOKED ||
                certificate.not_after < engine_now(visit->engine);
    bool again = visit->request.protocol == PROTOCOL_CMC &&
                 certificate.revocation_reason == item->revocation_reason;
    if (over && !again)
        return fail(why, REASON_CERT_REVOKED, "RFC 9483 5.1.3",
                    certificate.state == CERTIFICATE_REVOKED ? "the certificate is revoked already"
                                                             : "the certificate has expired");
    return true;
}

void visit_revoke(struct visit *visit)
{
    struct failure why;
    for (size_t i = 0; i < visit->request.item_count; i++) {
        if (!judge_item(visit, &visit->request.items[i], &why)) {
            visit_refuse_items(visit, &why);
            return;
        }
    }
    visit_begin(visit);
}

size_t revoked_certificates(struct live *live, struct issued_certificate **rows)
{
    size_t count = 0;
    *rows = arena_array(live->arena, live->request.item_count + 1, sizeof(**rows));
    for (size_t i = 0; i < live->request.item_count && i < live->response.result_count; i++) {
        const struct item *item = &live->request.items[i];
        struct issued_certificate *row = &(*rows)[count];
        bool granted = live->response.results[i].status == RESULT_GRANTED ||
                       live->response.results[i].status == RESULT_GRANTED_WITH_MODS;
        if (!granted || !store_find_certificate(live->engine->ports.store, item->old_issuer,
                                                item->old_serial, live->arena, row, NULL))
            continue;
        row->state = CERTIFICATE_REVOKED;
        row->revoked_at = engine_now(live->engine);
        row->revocation_reason = item->revocation_reason;
        count++;
    }
    return count;
}
