/* OpenSSL's own CMP client against the adapter, in one process: each message it sends is taken and
 * answered, and what it makes of the answers is asserted. */
#include <time.h>

#include <openssl/cmp.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "adapters/pkix/confirm.h"
#include "tests/support/cases.h"
#include "tests/support/cmp_gateway.h"
#include "tests/support/cmp_reader.h"
#include "tests/support/octets.h"

enum { POLLS = 2 };

/* How the authority behind the gateway behaves. */
enum behaviour { GRANTS, CHANGES, REFUSES, WAITS, IS_DOWN, FORGETS };

struct row {
    const char *name;
    int command;            /* OSSL_CMP_IR, ... */
    const char *signs_with; /* NULL: by MAC */
    const char *new_key;
    bool implicit;
    bool granted_implicit;
    enum behaviour authority;
    int options;
    const char *secret;
    /* What the client must end with: */
    int status;     /* PKIStatus, -1: no answer that it could use */
    int fail_info;  /* bit, or -1 */
    bool confirmed; /* a certConf was sent and its hash fits */
};

static const struct row rows[] = {
    {.name = "ir by MAC", .command = OSSL_CMP_IR, .new_key = "leaf", .confirmed = true},
    {.name = "ir signed",
     .command = OSSL_CMP_IR,
     .signs_with = "leaf",
     .new_key = "ra",
     .confirmed = true},
    {.name = "cr signed",
     .command = OSSL_CMP_CR,
     .signs_with = "leaf",
     .new_key = "ra",
     .confirmed = true},
    {.name = "cr by MAC", .command = OSSL_CMP_CR, .new_key = "leaf", .confirmed = true},
    {.name = "kur",
     .command = OSSL_CMP_KUR,
     .signs_with = "leaf",
     .new_key = "ra",
     .confirmed = true},
    {.name = "p10cr by MAC", .command = OSSL_CMP_P10CR, .new_key = "leaf", .confirmed = true},
    {.name = "p10cr signed",
     .command = OSSL_CMP_P10CR,
     .signs_with = "leaf",
     .new_key = "ra",
     .confirmed = true},
    {.name = "ir, new key RSA", .command = OSSL_CMP_IR, .new_key = "rsa", .confirmed = true},
    {.name = "ir, new key P-384", .command = OSSL_CMP_IR, .new_key = "p384", .confirmed = true},
    {.name = "ir, new key P-521", .command = OSSL_CMP_IR, .new_key = "p521", .confirmed = true},
    {.name = "ir, new key Ed25519",
     .command = OSSL_CMP_IR,
     .new_key = "ed25519",
     .confirmed = true},
    {.name = "ir, new key Ed448", .command = OSSL_CMP_IR, .new_key = "ed448", .confirmed = true},
    {.name = "ir signed with RSA",
     .command = OSSL_CMP_IR,
     .signs_with = "rsa",
     .new_key = "leaf",
     .confirmed = true},
    {.name = "ir signed with P-384",
     .command = OSSL_CMP_IR,
     .signs_with = "p384",
     .new_key = "leaf",
     .confirmed = true},
    {.name = "implicit confirmation",
     .command = OSSL_CMP_IR,
     .new_key = "leaf",
     .implicit = true,
     .granted_implicit = true},
    {.name = "implicit confirmation not granted",
     .command = OSSL_CMP_IR,
     .new_key = "leaf",
     .implicit = true,
     .confirmed = true},
    {.name = "granted with changes",
     .command = OSSL_CMP_IR,
     .new_key = "leaf",
     .authority = CHANGES,
     .status = OSSL_CMP_PKISTATUS_grantedWithMods,
     .confirmed = true},
    {.name = "waiting by MAC",
     .command = OSSL_CMP_IR,
     .new_key = "leaf",
     .authority = WAITS,
     .confirmed = true},
    {.name = "waiting kur",
     .command = OSSL_CMP_KUR,
     .signs_with = "leaf",
     .new_key = "ra",
     .authority = WAITS,
     .confirmed = true},
    {.name = "waiting p10cr",
     .command = OSSL_CMP_P10CR,
     .new_key = "leaf",
     .authority = WAITS,
     .confirmed = true},
    {.name = "refused",
     .command = OSSL_CMP_IR,
     .new_key = "leaf",
     .authority = REFUSES,
     .status = OSSL_CMP_PKISTATUS_rejection,
     .fail_info = OSSL_CMP_PKIFAILUREINFO_badCertTemplate},
    {.name = "refused kur",
     .command = OSSL_CMP_KUR,
     .signs_with = "leaf",
     .new_key = "ra",
     .authority = REFUSES,
     .status = OSSL_CMP_PKISTATUS_rejection,
     .fail_info = OSSL_CMP_PKIFAILUREINFO_badCertTemplate},
    {.name = "authority is down",
     .command = OSSL_CMP_IR,
     .new_key = "leaf",
     .authority = IS_DOWN,
     .status = OSSL_CMP_PKISTATUS_rejection,
     .fail_info = OSSL_CMP_PKIFAILUREINFO_systemUnavail},
    {.name = "granted without a certificate",
     .command = OSSL_CMP_IR,
     .new_key = "leaf",
     .authority = FORGETS,
     .status = OSSL_CMP_PKISTATUS_rejection,
     .fail_info = OSSL_CMP_PKIFAILUREINFO_systemFailure},
    {.name = "wrong secret",
     .command = OSSL_CMP_IR,
     .new_key = "leaf",
     .secret = "wrong secret!!",
     .status = OSSL_CMP_PKISTATUS_rejection,
     .fail_info = OSSL_CMP_PKIFAILUREINFO_badMessageCheck},
    {.name = "unknown signer",
     .command = OSSL_CMP_IR,
     .signs_with = "self",
     .new_key = "leaf",
     .status = OSSL_CMP_PKISTATUS_rejection,
     .fail_info = OSSL_CMP_PKIFAILUREINFO_signerNotTrusted},
};

struct exchange {
    struct cmp_gateway *gateway;
    const struct row *row;
    struct bytes certificate;
    int polls;
    int messages;
    bool confirmed;
    bool conf_seen;
};

static struct response authority_says(struct exchange *exchange)
{
    struct cmp_gateway *gateway = exchange->gateway;
    const enum behaviour authority = exchange->row->authority;
    bool waits = authority == WAITS && exchange->polls++ < POLLS;
    struct response response = cmp_gateway_response(
        gateway, waits ? RESULT_PENDING : RESULT_GRANTED, exchange->certificate);
    /* A poll carries no items; its results are those of the request. */
    response.result_count = 1;
    response.results[0].inbound_id = exchange->row->command == OSSL_CMP_P10CR ? -1 : 0;
    struct result *result = &response.results[0];
    result->retry_at = gateway->context.now + 1;
    result->status = waits ? RESULT_PENDING : RESULT_GRANTED;
    result->certificate = waits || authority == FORGETS ? BYTES_EMPTY : exchange->certificate;
    if (authority == CHANGES)
        result->status = RESULT_GRANTED_WITH_MODS;
    if (authority == REFUSES || authority == IS_DOWN) {
        result->status = RESULT_REFUSED;
        result->certificate = BYTES_EMPTY;
        result_add_reason(result, authority == REFUSES ? REASON_BAD_CERT_TEMPLATE : REASON_CA_DOWN);
        result->text = BYTES_LITERAL("the authority said why");
    }
    response.implicit_confirm = exchange->row->granted_implicit;
    struct bytes *chain = arena_array(gateway->arena, 2, sizeof(*chain));
    chain[0] = certificate_der(pki_certificate(gateway->arena, "inter"));
    chain[1] = certificate_der(pki_certificate(gateway->arena, "root"));
    response.chain = chain;
    response.chain_count = 2;
    return response;
}

static void answer(struct exchange *exchange)
{
    struct cmp_gateway *gateway = exchange->gateway;
    struct response response = {.operation = gateway->request.operation};
    if (gateway->request.operation == OPERATION_CONFIRM) {
        exchange->conf_seen = true;
        exchange->confirmed =
            gateway->request.confirmation_count == 1 &&
            gateway->request.confirmations[0].accepted &&
            confirmation_matches(&gateway->request.confirmations[0], exchange->certificate);
    } else if (gateway->request.operation != OPERATION_CANCEL) {
        response = authority_says(exchange);
    }
    cmp_gateway_answer(gateway, &response);
}

/* The wire. */
static OSSL_CMP_MSG *transfer(OSSL_CMP_CTX *ctx, const OSSL_CMP_MSG *request)
{
    struct exchange *exchange = OSSL_CMP_CTX_get_transfer_cb_arg(ctx);
    struct cmp_gateway *gateway = exchange->gateway;
    unsigned char *der = NULL;
    int size = i2d_OSSL_CMP_MSG(request, &der);
    struct bytes octets = arena_copy(gateway->arena, bytes_of(der, (size_t)size));
    OPENSSL_free(der);
    if (exchange->messages++ > 10)
        return NULL;
    if (cmp_gateway_take(gateway, octets, (int64_t)time(NULL)))
        answer(exchange);
    else
        cmp_gateway_refuse(gateway);
    const unsigned char *at = gateway->reply.body.data;
    return d2i_OSSL_CMP_MSG(NULL, &at, (long)gateway->reply.body.size);
}

static X509_STORE *trusted(struct arena *arena)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_add_cert(store, certificate_get0_x509(pki_certificate(arena, "root")));
    return store;
}

static EVP_PKEY *own_reference(EVP_PKEY *key)
{
    EVP_PKEY_up_ref(key);
    return key;
}

static void set_credentials(OSSL_CMP_CTX *ctx, const struct row *row)
{
    struct arena *arena = case_arena();
    const char *secret = row->secret == NULL ? CMP_SECRET : row->secret;
    if (row->signs_with == NULL) {
        OSSL_CMP_CTX_set1_referenceValue(ctx, (const unsigned char *)CMP_REFERENCE,
                                         (int)strlen(CMP_REFERENCE));
        OSSL_CMP_CTX_set1_secretValue(ctx, (const unsigned char *)secret, (int)strlen(secret));
        OSSL_CMP_CTX_set_option(ctx, OSSL_CMP_OPT_MAC_ALGNID, NID_hmacWithSHA256);
        return;
    }
    X509 *signer = certificate_get0_x509(pki_certificate(arena, row->signs_with));
    STACK_OF(X509) *chain = sk_X509_new_null();
    sk_X509_push(chain, certificate_get0_x509(pki_certificate(arena, "inter")));
    OSSL_CMP_CTX_set1_cert(ctx, signer);
    OSSL_CMP_CTX_set1_pkey(ctx, pki_key(arena, row->signs_with));
    OSSL_CMP_CTX_set1_untrusted(ctx, chain);
    sk_X509_free(chain);
    if (row->command == OSSL_CMP_KUR)
        OSSL_CMP_CTX_set1_oldCert(ctx, signer);
}

static X509_REQ *certification_request(const struct row *row, EVP_PKEY *key)
{
    X509_REQ *request = X509_REQ_new();
    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "CN", MBSTRING_ASC,
                               (const unsigned char *)row->new_key, -1, -1, 0);
    X509_REQ_set_pubkey(request, key);
    assert_true(X509_REQ_sign(request, key, EVP_sha256()) > 0);
    return request;
}

static void set_request(OSSL_CMP_CTX *ctx, const struct row *row)
{
    struct arena *arena = case_arena();
    EVP_PKEY *key = pki_key(arena, row->new_key);
    X509_NAME *subject = X509_NAME_new();
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)row->new_key, -1,
                               -1, 0);
    if (row->command != OSSL_CMP_KUR)
        OSSL_CMP_CTX_set1_subjectName(ctx, subject);
    X509_NAME_free(subject);
    if (row->command == OSSL_CMP_P10CR) {
        X509_REQ *request = certification_request(row, key);
        OSSL_CMP_CTX_set1_p10CSR(ctx, request);
        X509_REQ_free(request);
    }
    OSSL_CMP_CTX_set0_newPkey(ctx, 1, own_reference(key));
    OSSL_CMP_CTX_set_option(ctx, OSSL_CMP_OPT_IMPLICIT_CONFIRM, row->implicit);
}

static X509 *run(OSSL_CMP_CTX *ctx, const struct row *row)
{
    switch (row->command) {
    case OSSL_CMP_IR:
        return OSSL_CMP_exec_IR_ses(ctx);
    case OSSL_CMP_CR:
        return OSSL_CMP_exec_CR_ses(ctx);
    case OSSL_CMP_KUR:
        return OSSL_CMP_exec_KUR_ses(ctx);
    default:
        return OSSL_CMP_exec_P10CR_ses(ctx);
    }
}

static void client_ends_with(void **state)
{
    const struct row *row = *state;
    struct arena *arena = case_arena();
    struct exchange exchange = {
        .gateway = cmp_gateway(arena, row->options),
        .row = row,
        .certificate = certificate_der(pki_certificate(arena, row->new_key)),
    };
    OSSL_CMP_CTX *ctx = OSSL_CMP_CTX_new(NULL, NULL);
    OSSL_CMP_CTX_set_log_verbosity(ctx, 0);
    OSSL_CMP_CTX_set_transfer_cb(ctx, transfer);
    OSSL_CMP_CTX_set_transfer_cb_arg(ctx, &exchange);
    OSSL_CMP_CTX_set0_trustedStore(ctx, trusted(arena));
    /* A wrong secret is answered by signature, for want of a common one. */
    OSSL_CMP_CTX_set_option(ctx, OSSL_CMP_OPT_UNPROTECTED_ERRORS, row->secret != NULL);
    set_credentials(ctx, row);
    set_request(ctx, row);
    const X509 *got = run(ctx, row);
    int status = OSSL_CMP_CTX_get_status(ctx);
    int fail_info = OSSL_CMP_CTX_get_failInfoCode(ctx);
    bool granted = got != NULL;
    bool same =
        granted && X509_cmp(got, certificate_get0_x509(pki_certificate(arena, row->new_key))) == 0;
    OSSL_CMP_CTX_free(ctx);
    assert_int_equal(status, row->status);
    assert_int_equal(granted, row->fail_info == 0);
    assert_int_equal(same, granted);
    if (row->fail_info != 0)
        assert_int_equal(fail_info, 1 << row->fail_info);
    assert_int_equal(exchange.conf_seen, row->confirmed);
    assert_int_equal(exchange.confirmed, row->confirmed);
}

int main(void)
{
    CASES_ADD_ROWS(rows, client_ends_with);
    return cases_run("cmp_client");
}
