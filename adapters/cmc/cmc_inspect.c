/* CMC messages as a tree for people and programs (adapters/inspect.h). */
#include "adapters/cmc/cmc_incoming.h"
#include "adapters/inspect.h"
#include "adapters/pkix/der.h"
#include "adapters/pkix/inspect_fields.h"
#include "mapping/codes.h"

static void add_ids(struct node *parent, struct arena *arena, const char *name, const int64_t *ids,
                    size_t count)
{
    const char *text = "";
    for (size_t i = 0; i < count; i++)
        text = arena_printf(arena, "%s%s%lld", text, i == 0 ? "" : ", ", (long long)ids[i]);
    node_add(parent, arena, name, text);
}

/* ---- values of controls --------------------------------------------------------------------- */

typedef bool show_value(const struct cmc_control *control, struct node *node, struct arena *arena);

static bool show_status(const struct cmc_control *control, struct node *node, struct arena *arena)
{
    struct cmc_status status;
    struct failure why;
    if (!cmc_decode_status(control, arena, &status, &why))
        return false;
    const char *name = cmc_status_name((long)status.status);
    node_printf(node, arena, "cMCStatus", "%s (%lld)", name == NULL ? "undefined" : name,
                (long long)status.status);
    add_ids(node, arena, "bodyList", status.ids, status.id_count);
    if (!bytes_is_empty(status.text))
        node_text(node, arena, "statusString", status.text);
    if (status.fail_info != CMC_NO_FAIL_INFO) {
        name = cmc_fail_info_name((long)status.fail_info);
        node_printf(node, arena, "failInfo", "%s (%lld)", name == NULL ? "undefined" : name,
                    (long long)status.fail_info);
    }
    if (status.has_pend_info) {
        node_hex(node, arena, "pendToken", status.pend_token);
        node_time(node, arena, "pendTime", status.pend_time);
    }
    if (!bytes_is_empty(status.extended_oid)) {
        node_add(node, arena, "failInfoOID", der_oid_text(arena, status.extended_oid));
        node_hex(node, arena, "failInfoValue", status.extended_value);
    }
    return true;
}

static bool show_witness(const struct cmc_control *control, struct node *node, struct arena *arena)
{
    int64_t whole, *ids;
    size_t count;
    struct failure why;
    if (!cmc_decode_witness(control->value, arena, &whole, &ids, &count, &why))
        return false;
    node_printf(node, arena, "pkiDataBodyid", "%lld", (long long)whole);
    add_ids(node, arena, "bodyIds", ids, count);
    return true;
}

static bool show_list(const struct cmc_control *control, struct node *node, struct arena *arena)
{
    int64_t *ids;
    size_t count;
    struct failure why;
    if (!cmc_ids_of(control->value, arena, &ids, &count, &why))
        return false;
    add_ids(node, arena, "bodyParts", ids, count);
    return true;
}

static bool show_proof(const struct cmc_control *control, struct node *node, struct arena *arena)
{
    struct cmc_proof proof;
    struct failure why;
    if (!cmc_decode_proof(control->value, arena, &proof, &why))
        return false;
    node_algorithm(node, arena, "hashAlgID", proof.hash_algorithm);
    node_algorithm(node, arena, "macAlgID", proof.mac_algorithm);
    node_hex(node, arena, "witness", proof.witness);
    return true;
}

static bool show_revocation(const struct cmc_control *control, struct node *node,
                            struct arena *arena)
{
    struct cmc_revocation revocation;
    struct failure why;
    if (!cmc_decode_revocation(control->value, arena, &revocation, &why))
        return false;
    node_name(node, arena, "issuerName", revocation.issuer);
    node_hex(node, arena, "serialNumber", revocation.serial);
    node_printf(node, arena, "reason", "%lld", (long long)revocation.reason);
    if (revocation.has_secret)
        node_add(node, arena, "sharedSecret", "(not shown)");
    if (!bytes_is_empty(revocation.comment))
        node_text(node, arena, "comment", revocation.comment);
    return true;
}

static bool show_cert_id(const struct cmc_control *control, struct node *node, struct arena *arena)
{
    struct bytes issuer, serial;
    struct failure why;
    if (!cmc_decode_cert_id(control->value, arena, &issuer, &serial, &why))
        return false;
    node_name(node, arena, "issuer", issuer);
    node_hex(node, arena, "serialNumber", serial);
    return true;
}

/* OCTET STRING, INTEGER and UTF8String; of anything else the DER. */
static bool show_plain(const struct cmc_control *control, struct node *node, struct arena *arena)
{
    struct der der;
    struct bytes rest = control->value;
    if (bytes_is_empty(rest))
        node_add(node, arena, "value", "(none)");
    else if (der_next(&rest, &der) && der.tag == DER_UTF8_STRING)
        node_text(node, arena, "value", der.content);
    else if (der_only(control->value, DER_OCTET_STRING, &der) ||
             der_only(control->value, DER_INTEGER, &der))
        node_hex(node, arena, "value", der.content);
    else
        node_hex(node, arena, "der", control->value);
    return true;
}

static const struct {
    enum cmc_control_kind kind;
    show_value *show;
} shows[] = {
    {CMC_CONTROL_STATUS_INFO, show_status},
    {CMC_CONTROL_STATUS_INFO_V2, show_status},
    {CMC_CONTROL_LRA_POP_WITNESS, show_witness},
    {CMC_CONTROL_RA_IDENTITY_WITNESS, show_list},
    {CMC_CONTROL_BATCH_REQUESTS, show_list},
    {CMC_CONTROL_BATCH_RESPONSES, show_list},
    {CMC_CONTROL_RESPONSE_BODY, show_list},
    {CMC_CONTROL_IDENTITY_PROOF_V2, show_proof},
    {CMC_CONTROL_POP_LINK_WITNESS_V2, show_proof},
    {CMC_CONTROL_REVOKE_REQUEST, show_revocation},
    {CMC_CONTROL_CONFIRM_CERT_ACCEPTANCE, show_cert_id},
};

static void show_control(const struct cmc_control *control, struct node *parent,
                         struct arena *arena)
{
    const struct cmc_control_row *row = cmc_control_row(control->kind);
    struct node *node =
        node_add(parent, arena, row == NULL ? der_oid_text(arena, control->oid) : row->word, NULL);
    node_printf(node, arena, "bodyPartID", "%lld", (long long)control->id);
    for (size_t i = 0; i < sizeof(shows) / sizeof(shows[0]); i++) {
        if (shows[i].kind == control->kind && shows[i].show(control, node, arena))
            return;
    }
    show_plain(control, node, arena);
}

/* ---- the body ------------------------------------------------------------------------------- */

static void show_request(const struct cmc_request *request, struct node *parent,
                         struct arena *arena)
{
    static const char *const names[] = {[CMC_TCR] = "tcr", [CMC_CRM] = "crm", [CMC_ORM] = "orm"};
    struct failure why = {0};
    struct node *node = node_add(parent, arena, names[request->form], NULL);
    node_printf(node, arena, "bodyPartID", "%lld", (long long)request->id);
    bool shown = false;
    if (request->form == CMC_TCR)
        shown = inspect_pkcs10(request->body, node, arena, &why);
    else if (request->form == CMC_CRM)
        shown = inspect_crmf(request->body, node, arena, &why);
    if (!shown)
        node_hex(node, arena, "der", request->body);
    if (why.text[0] != '\0' && !shown)
        node_add(node, arena, "fault", why.text);
}

/* Messages inside messages, as RAs and batches make them; deeper ones are shown as octets. */
enum { LEVELS = 4 };

static bool inspect_level(struct bytes der, struct node *parent, struct arena *arena, int level,
                          struct failure *why);

static void show_nested(const struct cmc_body *body, size_t i, struct node *parent,
                        struct arena *arena, int level)
{
    struct failure why;
    struct node *node = node_add(parent, arena, "TaggedContentInfo", NULL);
    node_printf(node, arena, "bodyPartID", "%lld", (long long)body->cms_ids[i]);
    if (level == LEVELS || !inspect_level(body->cms[i], node, arena, level + 1, &why))
        node_hex(node, arena, "contentInfo", body->cms[i]);
}

static void show_body(const struct cmc_body *body, struct node *parent, struct arena *arena,
                      int level)
{
    struct node *node =
        node_add(parent, arena, body->is_response ? "PKIResponse" : "PKIData", NULL);
    struct node *controls = node_add(node, arena, "controlSequence", NULL);
    for (size_t i = 0; i < body->control_count; i++)
        show_control(&body->controls[i], controls, arena);
    if (!body->is_response) {
        struct node *requests = node_add(node, arena, "reqSequence", NULL);
        for (size_t i = 0; i < body->request_count; i++)
            show_request(&body->requests[i], requests, arena);
    }
    struct node *nested = node_add(node, arena, "cmsSequence", NULL);
    for (size_t i = 0; i < body->cms_count; i++)
        show_nested(body, i, nested, arena, level);
    if (body->other_count > 0)
        node_printf(node, arena, "otherMsgSequence", "%zu members", body->other_count);
}

static void show_content(struct bytes type, struct bytes content, struct node *parent,
                         struct arena *arena, int level)
{
    struct cmc_body body;
    struct failure why;
    bool known = der_oid_is(type, CMC_OID_PKI_DATA) || der_oid_is(type, CMC_OID_PKI_RESPONSE);
    if (der_oid_is(type, CMC_OID_PKI_DATA) && cmc_decode_request(content, arena, &body, &why))
        show_body(&body, parent, arena, level);
    else if (der_oid_is(type, CMC_OID_PKI_RESPONSE) &&
             cmc_decode_response(content, arena, &body, &why))
        show_body(&body, parent, arena, level);
    else
        node_hex(parent, arena, "eContent", content);
    if (known && parent->last_child != NULL && parent->last_child->value != NULL)
        node_add(parent, arena, "fault", why.text);
}

/* ---- SignedData ----------------------------------------------------------------------------- */

static void show_check(const struct cms_signed *cms, size_t i, struct node *node,
                       struct arena *arena)
{
    struct failure why = {0};
    struct certificate *certificate = cms_find_signer(cms, i, NULL, 0);
    EVP_PKEY *key = certificate == NULL ? NULL : certificate_get0_key(certificate);
    if (key == NULL)
        node_add(node, arena, "check", "no certificate of the signer in the message");
    else if (cms_verify(cms, i, key, true, &why))
        node_add(node, arena, "check", "verifies; trust was not judged");
    else
        node_printf(node, arena, "check", "does not verify: %s", why.text);
}

static void show_signer(const struct cms_signed *cms, size_t i, struct node *parent,
                        struct arena *arena)
{
    const struct cms_signer *signer = &cms->signers[i];
    struct node *node = node_add(parent, arena, "SignerInfo", NULL);
    if (bytes_is_empty(signer->key_id)) {
        node_name(node, arena, "issuer", signer->issuer);
        node_hex(node, arena, "serialNumber", signer->serial);
    } else {
        node_hex(node, arena, "subjectKeyIdentifier", signer->key_id);
    }
    node_algorithm(node, arena, "digestAlgorithm", signer->digest_algorithm);
    node_algorithm(node, arena, "signatureAlgorithm", signer->signature_algorithm);
    if (signer->signing_time != 0)
        node_time(node, arena, "signingTime", signer->signing_time);
    show_check(cms, i, node, arena);
}

static void show_signed(const struct cms_signed *cms, struct node *parent, struct arena *arena,
                        int level)
{
    struct failure why;
    struct node *node = node_add(parent, arena, "SignedData", NULL);
    node_add(node, arena, "eContentType", oid_name(arena, cms->content_type));
    if (cms->has_content)
        show_content(cms->content_type, cms->content, node, arena, level);
    else
        node_add(node, arena, "eContent", "(absent: certificates only)");
    for (size_t i = 0; i < cms->certificate_count; i++)
        inspect_certificate(certificate_der(cms->certificates[i]),
                            node_add(node, arena, "Certificate", NULL), arena, &why);
    for (size_t i = 0; i < cms->crl_count; i++)
        inspect_crl(cms->crls[i], node_add(node, arena, "CertificateList", NULL), arena, &why);
    for (size_t i = 0; i < cms->signer_count; i++)
        show_signer(cms, i, node, arena);
}

/* A PKIData or PKIResponse without a SignedData around it: in id-data, or cut out by somebody. */
static bool show_bare(struct bytes der, struct node *parent, struct arena *arena, int level)
{
    struct cmc_body body;
    struct failure why;
    struct bytes content = der;
    cmc_bare_data(der, &content);
    if (!cmc_decode_request(content, arena, &body, &why) &&
        !cmc_decode_response(content, arena, &body, &why))
        return false;
    show_body(&body, parent, arena, level);
    return true;
}

static bool inspect_level(struct bytes der, struct node *parent, struct arena *arena, int level,
                          struct failure *why)
{
    struct cms_signed cms;
    if (!cms_parse(der, arena, &cms, why))
        return show_bare(der, parent, arena, level);
    show_signed(&cms, parent, arena, level);
    return true;
}

bool inspect_cmc(struct bytes der, struct node *parent, struct arena *arena, struct failure *why)
{
    return inspect_level(der, parent, arena, 1, why);
}
