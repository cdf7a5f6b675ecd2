/* genm and genp: questions of devices (RFC 9810 5.3.19 and 5.3.20, RFC 9483 4.3).
 *
 * What was asked stays in the leg; the engine knows it as one of few operations and gives what the
 * configuration and the embedded CA have. What nobody here can tell is named in unsupportedOIDs. */
#include "adapters/cmp/cmp_body.h"
#include "mapping/model/limits.h"

static const char UNSUPPORTED_OIDS[] = "1.3.6.1.5.5.7.4.7";

/* ---- what can be asked ---------------------------------------------------------------------- */

/* CaCertsValue ::= SEQUENCE SIZE (1..MAX) OF CMPCertificate */
static struct bytes ca_certs(const struct response *response, struct arena *arena)
{
    if (response->chain_count == 0)
        return BYTES_EMPTY;
    return der_join(arena, DER_SEQUENCE, response->chain, response->chain_count);
}

static struct bytes nothing(const struct response *response, struct arena *arena)
{
    (void)response;
    (void)arena;
    return BYTES_EMPTY;
}

/* CurrentCRLValue ::= CertificateList */
static struct bytes current_crl(const struct response *response, struct arena *arena)
{
    (void)arena;
    return response->crl;
}

/* CRLsValue ::= SEQUENCE SIZE (1..MAX) OF CertificateList */
static struct bytes crls(const struct response *response, struct arena *arena)
{
    return bytes_is_empty(response->crl) ? BYTES_EMPTY
                                         : der_wrap(arena, DER_SEQUENCE, response->crl);
}

/* SignKeyPairTypesValue ::= SEQUENCE SIZE (1..MAX) OF AlgorithmIdentifier */
static struct bytes sign_key_pair_types(const struct response *response, struct arena *arena)
{
    (void)response;
    struct bytes null = der_wrap(arena, DER_NULL, BYTES_EMPTY);
    struct bytes p256[] = {der_oid(arena, "1.2.840.10045.2.1"),
                           der_oid(arena, "1.2.840.10045.3.1.7")};
    struct bytes p384[] = {p256[0], der_oid(arena, "1.3.132.0.34")};
    struct bytes rsa[] = {der_oid(arena, "1.2.840.113549.1.1.1"), null};
    struct bytes types[] = {
        der_join(arena, DER_SEQUENCE, p256, 2), der_join(arena, DER_SEQUENCE, p384, 2),
        der_join(arena, DER_SEQUENCE, rsa, 2),
        der_wrap(arena, DER_SEQUENCE, der_oid(arena, "1.3.101.112")), /* Ed25519 */
    };
    return der_join(arena, DER_SEQUENCE, types, sizeof(types) / sizeof(types[0]));
}

/* SuppLangTagsValue ::= SEQUENCE OF UTF8String: the one to be used (RFC 9810 5.3.19.13) */
static struct bytes language(const struct response *response, struct arena *arena)
{
    (void)response;
    struct bytes english = der_wrap(arena, DER_UTF8_STRING, BYTES_LITERAL("en"));
    return der_wrap(arena, DER_SEQUENCE, english);
}

static const struct question {
    const char *asked;
    const char *answer;
    bool always; /* answered even without a value: "there is none" (RFC 9483 4.3) */
    enum operation operation;
    struct bytes (*value)(const struct response *response, struct arena *arena);
} questions[] = {
    /* caCerts */
    {"1.3.6.1.5.5.7.4.17", "1.3.6.1.5.5.7.4.17", true, OPERATION_CA_CERTS, ca_certs},
    /* rootCaCert: rootCaKeyUpdate; an update needs new and old certified by each other */
    {"1.3.6.1.5.5.7.4.20", "1.3.6.1.5.5.7.4.18", true, OPERATION_ROOT_UPDATE, nothing},
    /* certReqTemplate: the gateway asks for nothing in particular */
    {"1.3.6.1.5.5.7.4.19", "1.3.6.1.5.5.7.4.19", true, OPERATION_TEMPLATE, nothing},
    /* crlStatusList: crls */
    {"1.3.6.1.5.5.7.4.22", "1.3.6.1.5.5.7.4.23", true, OPERATION_GET_CRL, crls},
    /* currentCRL has no way to say that there is none */
    {"1.3.6.1.5.5.7.4.6", "1.3.6.1.5.5.7.4.6", false, OPERATION_GET_CRL, current_crl},
    /* signKeyPairTypes */
    {"1.3.6.1.5.5.7.4.2", "1.3.6.1.5.5.7.4.2", false, OPERATION_SUPPORT, sign_key_pair_types},
    /* suppLangTags */
    {"1.3.6.1.5.5.7.4.16", "1.3.6.1.5.5.7.4.16", false, OPERATION_SUPPORT, language},
};

static const struct question *find_question(struct bytes type)
{
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        if (der_oid_is(type, questions[i].asked))
            return &questions[i];
    }
    return NULL;
}

/* ---- genm ----------------------------------------------------------------------------------- */

/* GenMsgContent ::= SEQUENCE OF InfoTypeAndValue. RFC 9483 4.3 wants one; RFC 9810 takes several,
 * which are then the operation of the first that the engine must look for. */
bool cmp_read_support(struct cmp_decoding *decoding, struct request *request, struct failure *why)
{
    struct der list, element;
    if (!der_only(decoding->content, DER_SEQUENCE, &list) ||
        cmp_count(list.content) > LIMIT_CONTROLS)
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 9810 5.3.19",
                    "genm is malformed or too long");
    decoding->leg.asked = list.content;
    request->operation = OPERATION_SUPPORT;
    while (der_next(&list.content, &element)) {
        struct cmp_info info;
        if (!cmp_read(&cmp_info_shape, element.whole, &info, why))
            return false;
        const struct question *question = find_question(info.type);
        if (question != NULL && request->operation == OPERATION_SUPPORT)
            request->operation = question->operation;
    }
    return true;
}

/* ---- genp ----------------------------------------------------------------------------------- */

static struct bytes info(const char *oid, struct bytes value, struct arena *arena)
{
    struct cmp_info info = {.type = der_oid(arena, oid), .value = value};
    return cmp_write(&cmp_info_shape, &info, arena);
}

/* GenRepContent ::= SEQUENCE OF InfoTypeAndValue
 * UnsupportedOIDsValue ::= SEQUENCE SIZE (1..MAX) OF OBJECT IDENTIFIER */
void cmp_write_support(struct cmp_answering *answering)
{
    struct arena *arena = answering->arena;
    struct bytes rest = answering->leg->asked;
    struct bytes *answers = arena_array(arena, LIMIT_CONTROLS + 1, sizeof(*answers));
    struct bytes *unsupported = arena_array(arena, LIMIT_CONTROLS, sizeof(*unsupported));
    size_t count = 0, unsupported_count = 0;
    struct der element;
    if (cmp_write_hop_error(answering))
        return;
    while (count + unsupported_count < LIMIT_CONTROLS && der_next(&rest, &element)) {
        struct cmp_info asked;
        struct failure ignored;
        if (!cmp_read(&cmp_info_shape, element.whole, &asked, &ignored))
            continue;
        const struct question *question = find_question(asked.type);
        struct bytes value =
            question == NULL ? BYTES_EMPTY : question->value(answering->response, arena);
        if (question != NULL && (question->always || value.size > 0))
            answers[count++] = info(question->answer, value, arena);
        else
            unsupported[unsupported_count++] = asked.type;
    }
    if (unsupported_count > 0)
        answers[count++] = info(
            UNSUPPORTED_OIDS, der_join(arena, DER_SEQUENCE, unsupported, unsupported_count), arena);
    answering->type = CMP_GENP;
    answering->content = der_join(arena, DER_SEQUENCE, answers, count);
}
