/* Questions that are answered from the configuration, without a transaction (RFC 7030 4.1, 4.5;
 * RFC 9810 5.3.19.14, 5.3.19.16). */
#include "adapters/pkix/credentials.h"
#include "gateway/engine/answer.h"
#include "gateway/ca/crl.h"
#include "gateway/engine/receive.h"

/* A list made on demand is out of date at once; so long it may be kept. */
enum { CRL_LIFE_S = 86400 };

/* The authority's certificates: what its certificates are verified with. */
static void ca_certificates(struct visit *visit, struct response *response)
{
    const struct authority_config *authority = &visit->config->authorities[visit->route->authority];
    const struct trust *trust = authority->authority.trust;
    size_t count = trust_anchor_count(trust);
    response->chain = arena_array(visit->arena, count + 1, sizeof(*response->chain));
    response->chain_count = count;
    for (size_t i = 0; i < count; i++)
        response->chain[i] = certificate_der(trust_anchor(trust, i));
}

static void template(struct visit *visit, struct response *response)
{
    response->csr_attributes = visit->route->csr_attributes;
}

/* Of the embedded CA alone; no list is no failure. */
static void revocation_list(struct visit *visit, struct response *response)
{
    const struct authority_config *authority = &visit->config->authorities[visit->route->authority];
    int64_t now = engine_now(visit->engine);
    struct failure ignored;
    if (authority->authority.local == NULL ||
        !crl_make(visit->engine->ports.store, &authority->authority, now, now + CRL_LIFE_S,
                  visit->arena, &response->crl, &ignored))
        response->crl = BYTES_EMPTY;
}

/* The adapter knows what there is to say, or that there is nothing. */
static void nothing(struct visit *visit, struct response *response)
{
    (void)visit;
    (void)response;
}

static const struct {
    enum operation operation;
    void (*answer)(struct visit *visit, struct response *response);
} rows[] = {
    {OPERATION_CA_CERTS, ca_certificates}, {OPERATION_TEMPLATE, template},
    {OPERATION_GET_CRL, revocation_list},  {OPERATION_ROOT_UPDATE, nothing},
    {OPERATION_SUPPORT, nothing},
};

bool support_offers(enum operation operation)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].operation == operation)
            return true;
    }
    return false;
}

void visit_support(struct visit *visit)
{
    struct response response = {.operation = visit->request.operation};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].operation == visit->request.operation)
            rows[i].answer(visit, &response);
    }
    visit->context.leg = visit->request.leg;
    visit_respond(visit, &response);
}
