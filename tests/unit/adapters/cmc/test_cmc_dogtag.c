/* Every message of tests/vectors/cmc/dogtag, read by our decoders and told in the words that
 * another decoder used for it (dogtag.def). */
#include "tests/support/cases.h"

#include <stdio.h>

#include "adapters/cmc/cmc_incoming.h"
#include "adapters/pkix/cms.h"
#include "adapters/pkix/der.h"
#include "adapters/pkix/pkcs10.h"
#include "mapping/codes.h"
#include "tests/support/cmc_vectors.h"

enum answer { VERIFIED, UNSIGNED };

static const struct sample {
    const char *name;
    enum answer answer_kind;
    const char *signer;
    const char *request;
    const char *answer;
} samples[] = {
#define SAMPLE(name, answer_kind, signer, request, answer)                                         \
    {name, answer_kind, signer, request, answer},
#include "tests/unit/adapters/cmc/dogtag.def"
#undef SAMPLE
};

/* ---- telling -------------------------------------------------------------------------------- */

static const char *hex(struct bytes octets)
{
    char *text = arena_alloc(case_arena(), 2 * octets.size + 1);
    for (size_t i = 0; i < octets.size; i++)
        snprintf(text + 2 * i, 3, "%02x", octets.data[i]);
    return text;
}

static const char *status_text(const struct cmc_control *control)
{
    struct cmc_status status;
    struct failure why = {0};
    if (!cmc_decode_status(control, case_arena(), &status, &why))
        fail_msg("%s", why.text);
    const char *text =
        arena_printf(case_arena(), ": %s, bodyList [", cmc_status_name((long)status.status));
    for (size_t i = 0; i < status.id_count; i++)
        text = arena_printf(case_arena(), "%s%s%lld", text, i == 0 ? "" : ", ",
                            (long long)status.ids[i]);
    text = arena_printf(case_arena(), "%s]", text);
    if (!bytes_is_empty(status.text))
        text = arena_printf(case_arena(), "%s, text '%s'", text,
                            arena_text(case_arena(), status.text));
    if (status.fail_info != CMC_NO_FAIL_INFO)
        text = arena_printf(case_arena(), "%s, failInfo %s", text,
                            cmc_fail_info_name((long)status.fail_info));
    return text;
}

static const char *control_text(const struct cmc_control *control)
{
    enum { SHOWN = 24 };
    const struct cmc_control_row *row = cmc_control_row(control->kind);
    const char *name = row != NULL ? row->word : der_oid_text(case_arena(), control->oid);
    const char *value;
    if (control->kind == CMC_CONTROL_STATUS_INFO_V2)
        value = status_text(control);
    else if (control->value.size <= SHOWN)
        value = arena_printf(case_arena(), " %s", hex(control->value));
    else
        value = arena_printf(case_arena(), " (%zu bytes)", control->value.size);
    return arena_printf(case_arena(), "; control %lld %s%s", (long long)control->id, name, value);
}

static const char *popo_text(struct bytes cert_req_msg)
{
    struct der message, request, popo;
    assert_true(der_only(cert_req_msg, DER_SEQUENCE, &message));
    assert_true(der_take(&message.content, DER_SEQUENCE, &request));
    if (!der_next(&message.content, &popo))
        return "none";
    return popo.tag == (DER_CONTEXT | 0) ? "raVerified" : "signature";
}

static const char *request_text(const struct cmc_request *request)
{
    const char *form = request->form == CMC_TCR
                           ? "PKCS#10"
                           : arena_printf(case_arena(), "CRMF, popo %s", popo_text(request->body));
    return arena_printf(case_arena(), "; request %lld %s", (long long)request->id, form);
}

static const char *body_text(const struct cms_signed *cms, const struct cmc_body *body)
{
    const char *text =
        arena_printf(case_arena(), "%s, %zu cert", body->is_response ? "PKIResponse" : "PKIData",
                     cms->certificate_count);
    for (size_t i = 0; i < body->control_count; i++)
        text = arena_printf(case_arena(), "%s%s", text, control_text(&body->controls[i]));
    for (size_t i = 0; i < body->request_count; i++)
        text = arena_printf(case_arena(), "%s%s", text, request_text(&body->requests[i]));
    if (body->cms_count > 0)
        text = arena_printf(case_arena(), "%s; cmsSequence: %zu", text, body->cms_count);
    return text;
}

static const char *message_text(struct bytes octets)
{
    struct failure why;
    struct cms_signed cms;
    struct cmc_body body;
    struct bytes bare;
    struct item item;
    if (pkcs10_read(octets, case_arena(), &item, &why))
        return "PKCS#10";
    if (cmc_bare_data(octets, &bare))
        return cmc_decode_request(bare, case_arena(), &body, &why) ? "id-data" : "not CMC";
    if (!cms_parse(octets, case_arena(), &cms, &why))
        return "not CMC";
    if (!cms.has_content)
        return arena_printf(case_arena(), "certificates, %zu cert", cms.certificate_count);
    bool is_request = der_oid_is(cms.content_type, CMC_OID_PKI_DATA);
    if (is_request ? !cmc_decode_request(cms.content, case_arena(), &body, &why)
                   : !cmc_decode_response(cms.content, case_arena(), &body, &why))
        fail_msg("%s %s", why.text, why.detail);
    return body_text(&cms, &body);
}

/* ---- the tests ------------------------------------------------------------------------------ */

static struct bytes vector(const struct sample *sample, const char *end)
{
    return cmc_vector(case_arena(), arena_printf(case_arena(), "dogtag/%s.%s", sample->name, end));
}

static void request_row(void **state)
{
    const struct sample *sample = *state;
    assert_string_equal(message_text(vector(sample, "req.der")), sample->request);
}

static void answer_row(void **state)
{
    const struct sample *sample = *state;
    bool html = strcmp(sample->answer, "not CMC") == 0;
    assert_string_equal(message_text(vector(sample, html ? "resp.html" : "resp.der")),
                        sample->answer);
}

/* What openssl verified verifies here, under the same certificate. */
static void signature_row(void **state)
{
    const struct sample *sample = *state;
    struct cms_signed cms;
    struct failure why = {0};
    struct certificate *ca = cmc_certificate(case_arena(), "dogtag/ca.pem");
    if (sample->answer_kind != VERIFIED)
        return;
    assert_true(cms_parse(vector(sample, "resp.der"), case_arena(), &cms, &why));
    assert_int_equal(cms.signer_count, 1);
    assert_ptr_not_equal(cms_find_signer(&cms, 0, NULL, 0), NULL);
    if (!cms_verify(&cms, 0, certificate_get0_key(ca), false, &why))
        fail_msg("%s %s", why.text, why.detail);
}

static const char *algorithm_oid(struct bytes algorithm, bool *null)
{
    struct der sequence, oid;
    assert_true(der_only(algorithm, DER_SEQUENCE, &sequence));
    assert_true(der_take(&sequence.content, DER_OID, &oid));
    *null = bytes_equal(sequence.content, bytes_of("\x05\x00", 2));
    return der_oid_text(case_arena(), oid.whole);
}

static const struct {
    const char *oid;
    const char *name;
} algorithm_names[] = {
    {"1.3.14.3.2.26", "sha1"},
    {"2.16.840.1.101.3.4.2.1", "sha256"},
    {"2.16.840.1.101.3.4.2.2", "sha384"},
    {"2.16.840.1.101.3.4.2.3", "sha512"},
    {"1.2.840.113549.1.1.1", "rsaEncryption"},
    {"1.2.840.113549.1.1.10", "RSASSA-PSS"},
    {"1.2.840.113549.1.1.11", "sha256WithRSAEncryption"},
    {"1.2.840.10045.4.3.2", "ecdsa-with-SHA256"},
};

static const char *algorithm_name(const char *oid)
{
    for (size_t i = 0; i < sizeof(algorithm_names) / sizeof(algorithm_names[0]); i++) {
        if (strcmp(algorithm_names[i].oid, oid) == 0)
            return algorithm_names[i].name;
    }
    return oid;
}

static void signer_row(void **state)
{
    const struct sample *sample = *state;
    struct cms_signed cms;
    struct failure why;
    bool null, ignored;
    if (sample->signer[0] == '\0')
        return;
    assert_true(cms_parse(vector(sample, "req.der"), case_arena(), &cms, &why));
    assert_int_equal(cms.signer_count, 1);
    const struct cms_signer *signer = &cms.signers[0];
    const char *digest = algorithm_name(algorithm_oid(signer->digest_algorithm, &null));
    const char *signature = algorithm_name(algorithm_oid(signer->signature_algorithm, &ignored));
    assert_string_equal(arena_printf(case_arena(), "%s %s %s %s",
                                     bytes_is_empty(signer->key_id) ? "issuerAndSerialNumber"
                                                                    : "subjectKeyIdentifier",
                                     digest, null ? "NULL" : "absent", signature),
                        sample->signer);
}

static void add(const char *what, CMUnitTestFunction function)
{
    static struct arena *names; /* lives as long as the program */
    if (names == NULL)
        names = arena_new();
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        cases_add(arena_printf(names, "%s: %s", samples[i].name, what), function, &samples[i]);
}

int main(void)
{
    add("request", request_row);
    add("answer", answer_row);
    add("signature of the answer", signature_row);
    add("signer of the request", signer_row);
    return cases_run("cmc_dogtag");
}
