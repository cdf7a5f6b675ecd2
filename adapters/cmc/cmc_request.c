/* The messages that we send to an authority: PKIData signed by our RA credential. */
#include "adapters/cmc/cmc_session.h"
#include "adapters/pkix/cms.h"
#include "adapters/pkix/crmf.h"
#include "adapters/pkix/der.h"

enum {
    NONCE_OCTETS = 16,
    TRANSACTION_ID_OCTETS = 16,
    /* transactionId, senderNonce, recipientNonce, lraPOPWitness */
    CONTROLS_OF_MESSAGE = 4,
    /* regInfo and raIdentityWitness; or statusInfoV2 and confirmCertAcceptance */
    CONTROLS_OF_ITEM = 2
};

#define OID_REG_INFO_UTF8_PAIRS "1.3.6.1.5.5.7.5.2.1"

/* A message under construction. Control ids follow on the requests' so that no id stands twice. */
struct draft {
    struct arena *arena;
    struct cmc_session *session;
    struct cmc_writer writer;
    int64_t last_id;
};

/* ---- body part ids -------------------------------------------------------------------------- */

static bool id_is_taken(const struct draft *draft, int64_t id)
{
    for (size_t i = 0; i < draft->session->part_count; i++) {
        if (draft->session->parts[i].id == id)
            return true;
    }
    return false;
}

static int64_t next_id(struct draft *draft)
{
    do
        draft->last_id++;
    while (id_is_taken(draft, draft->last_id));
    return draft->last_id;
}

static int64_t add_control(struct draft *draft, enum cmc_control_kind kind, struct bytes value)
{
    int64_t id = next_id(draft);
    cmc_write_control(&draft->writer, kind, id, value);
    return id;
}

static struct draft start(struct cmc_session *session, size_t items, struct arena *arena)
{
    return (struct draft){
        .arena = arena,
        .session = session,
        .writer = cmc_writer(arena, CONTROLS_OF_MESSAGE + CONTROLS_OF_ITEM * items, items),
    };
}

/* RFC 10002 6.6: the transaction id stays, the senderNonce is new in each message, and the
 * authority's last one comes back to it. */
static void add_transaction(struct draft *draft, struct entropy *entropy)
{
    struct cmc_session *session = draft->session;
    session->sender_nonce = entropy_take(entropy, NONCE_OCTETS, draft->arena);
    add_control(draft, CMC_CONTROL_TRANSACTION_ID,
                cmc_integer(draft->arena, session->transaction_id));
    add_control(draft, CMC_CONTROL_SENDER_NONCE,
                cmc_octet_string(draft->arena, session->sender_nonce));
    if (!bytes_is_empty(session->peer_nonce))
        add_control(draft, CMC_CONTROL_RECIPIENT_NONCE,
                    cmc_octet_string(draft->arena, session->peer_nonce));
}

/* A positive INTEGER without leading zero octets: the two top bits are fixed. */
static struct bytes new_transaction_id(struct entropy *entropy, struct arena *arena)
{
    struct bytes random = entropy_take(entropy, TRANSACTION_ID_OCTETS, arena);
    uint8_t *octets = arena_alloc(arena, random.size);
    memcpy(octets, random.data, random.size);
    octets[0] = (uint8_t)((octets[0] & 0x3f) | 0x40);
    return bytes_of(octets, random.size);
}

static bool finish(struct outbound_context *context, const struct draft *draft, struct call *call,
                   struct failure *why)
{
    const struct authority *authority = context->authority;
    if (authority->ra == NULL)
        return fail(why, REASON_INTERNAL, NULL, NULL) ||
               fail_detail(why, "authority %s has no RA credential", authority->name);
    const struct cms_signing signing = {
        .content_type = CMC_OID_PKI_DATA,
        .content = cmc_pki_data(&draft->writer),
        .signer = authority->ra,
        .issuer_serial = authority->cmc.issuer_serial,
        .digest_null = authority->cmc.digest_null,
        .digest = authority->cmc.digest,
        .signing_time = context->now,
    };
    *call = (struct call){
        .method = "POST",
        .path_suffix = "",
        .content_type = "application/pkcs7-mime; smime-type=CMC-request; name=smime.p7m",
        .accept = "application/pkcs7-mime",
    };
    return cms_sign(&signing, draft->arena, &call->body, why);
}

/* ---- what a CRMF request may carry ---------------------------------------------------------- */

/* Controls inside a CertRequest (RFC 4211 6, RFC 10002, RFC 10004 5.3). Those that are not listed
 * stay where the request stays intact, and cannot go where it is written anew. */
static const struct {
    const char *oid;
    const char *name;
    bool refused; /* always */
    const char *clause;
} crmf_controls[] = {
    {"1.3.6.1.5.5.7.5.1.1", "regToken", true, "RFC 10004 5.3"},
    {"1.3.6.1.5.5.7.5.1.2", "authenticator", true, "RFC 10004 5.3"},
    {"1.3.6.1.5.5.7.5.1.3", "pkiPublicationInfo", false, "RFC 4211 6.3"},
    {"1.3.6.1.5.5.7.5.1.4", "pkiArchiveOptions", true, "RFC 10004 5.3"},
    {"1.3.6.1.5.5.7.5.1.5", "oldCertID", false, "RFC 10004 5.3"},
    {"1.3.6.1.5.5.7.5.1.6", "protocolEncrKey", false, "RFC 10004 5.3"},
    {"1.3.6.1.5.5.7.5.1.7", "altCertTemplate", true, "RFC 9810 5.2.1"},
};

static bool check_crmf_control(struct bytes oid, bool rebuilt, struct arena *arena,
                               struct failure *why)
{
    for (size_t i = 0; i < sizeof(crmf_controls) / sizeof(crmf_controls[0]); i++) {
        if (!der_oid_is(oid, crmf_controls[i].oid))
            continue;
        if (crmf_controls[i].refused)
            return fail(why, REASON_BAD_REQUEST, crmf_controls[i].clause,
                        "the control %s cannot be carried to this authority",
                        crmf_controls[i].name);
        return true;
    }
    if (rebuilt)
        return fail(why, REASON_BAD_CERT_TEMPLATE, "RFC 4211 6",
                    "the control %s cannot be carried to this authority", der_oid_text(arena, oid));
    return true;
}

static bool check_crmf_controls(const struct item *item, bool rebuilt, struct arena *arena,
                                struct failure *why)
{
    struct der controls, control, oid;
    if (!der_only(item->attributes, DER_SEQUENCE, &controls))
        return true;
    for (struct bytes rest = controls.content; der_take(&rest, DER_SEQUENCE, &control);) {
        struct bytes fields = control.content;
        if (der_take(&fields, DER_OID, &oid) && !check_crmf_control(oid.whole, rebuilt, arena, why))
            return false;
    }
    return true;
}

/* RFC 10002 3.2.1.2.2 forbids regInfo in a crm; its utf8Pairs become the control of that name.
 * certReq, the other kind that RFC 4211 7 defines, changes the request: only an RA may do that. */
static bool add_reg_info(struct draft *draft, const struct item *item, struct failure *why)
{
    struct der info, pair, oid, text;
    if (!der_only(item->reg_info, DER_SEQUENCE, &info))
        return true;
    for (struct bytes rest = info.content; der_take(&rest, DER_SEQUENCE, &pair);) {
        struct bytes fields = pair.content;
        if (!der_take(&fields, DER_OID, &oid) || !der_oid_is(oid.whole, OID_REG_INFO_UTF8_PAIRS) ||
            !der_take(&fields, DER_UTF8_STRING, &text) || draft->writer.control_count > 0)
            return fail(why, REASON_BAD_REQUEST, "RFC 10002 6.12",
                        "only one regInfo of type utf8Pairs can be carried to this authority");
        add_control(draft, CMC_CONTROL_REG_INFO, cmc_octet_string(draft->arena, text.content));
    }
    return true;
}

/* ---- enrolment ------------------------------------------------------------------------------ */

/* RFC 10002 3.2.2: the certReqId is the body part id, and it stands under the POP. 0 means the
 * PKIData itself; a few authorities take it all the same for a request that stands alone. */
static bool plan_id(struct draft *draft, const struct authority *authority,
                    const struct request *request, size_t i, struct failure *why)
{
    int64_t id = request->items[i].inbound_id;
    bool zero = id == CMC_BODY_ID_WHOLE && request->item_count == 1 &&
                authority->capabilities.crmf_id0 == CRMF_ID0_PASS_THROUGH;
    bool fits = id >= 1 && id <= CMC_BODY_ID_MAX && !id_is_taken(draft, id);
    if (!fits && !zero)
        return fail(why, REASON_POP_CARRIER, "RFC 10002 3.2.2",
                    "certReqId %lld cannot be a body part id of a CMC request", (long long)id);
    draft->session->parts[i].id = id;
    return true;
}

/* Ids that stand under a device's signature come first; the others go around them. */
static bool plan_ids(struct draft *draft, const struct authority *authority,
                     const struct request *request, struct failure *why)
{
    for (size_t i = 0; i < request->item_count; i++) {
        if (request->items[i].carriage == CARRIAGE_CMC_CRM &&
            !plan_id(draft, authority, request, i, why))
            return false;
    }
    for (size_t i = 0; i < request->item_count; i++) {
        if (request->items[i].carriage != CARRIAGE_CMC_CRM)
            draft->session->parts[i].id = next_id(draft);
    }
    return true;
}

static bool add_item(struct draft *draft, const struct item *item, int64_t id, struct failure *why)
{
    struct arena *arena = draft->arena;
    bool rebuilt = item->carriage == CARRIAGE_CMC_WITNESS;
    if (item->format == ITEM_CRMF && !check_crmf_controls(item, rebuilt, arena, why))
        return false;
    if (item->carriage == CARRIAGE_CMC_TCR)
        cmc_write_tcr(&draft->writer, id, item->original);
    else if (item->carriage == CARRIAGE_CMC_CRM)
        cmc_write_crm(&draft->writer, crmf_without_reg_info(item, arena));
    else if (rebuilt)
        cmc_write_crm(&draft->writer, crmf_rebuild(item, id, CRMF_POPO_ABSENT, arena));
    else
        return fail(why, REASON_POP_CARRIER, NULL, NULL);
    return true;
}

/* RFC 10002 6.8: one control names every request whose POP we checked. */
static void add_witness(struct draft *draft, const struct request *request)
{
    int64_t *ids = arena_array(draft->arena, request->item_count, sizeof(*ids));
    size_t count = 0;
    for (size_t i = 0; i < request->item_count; i++) {
        if (request->items[i].carriage == CARRIAGE_CMC_WITNESS)
            ids[count++] = draft->session->parts[i].id;
    }
    if (count > 0)
        add_control(draft, CMC_CONTROL_LRA_POP_WITNESS, cmc_witness(draft->arena, ids, count));
}

static bool draft_enrolment(struct draft *draft, struct outbound_context *context,
                            const struct request *request, struct failure *why)
{
    const struct authority *authority = context->authority;
    if (!plan_ids(draft, authority, request, why))
        return false;
    for (size_t i = 0; i < request->item_count; i++) {
        if (request->items[i].format == ITEM_CRMF && !add_reg_info(draft, &request->items[i], why))
            return false;
    }
    add_transaction(draft, &context->entropy);
    add_witness(draft, request);
    for (size_t i = 0; i < request->item_count; i++) {
        int64_t id = draft->session->parts[i].id;
        if (!add_item(draft, &request->items[i], id, why))
            return false;
        if (authority->cmc.witness)
            add_control(draft, CMC_CONTROL_RA_IDENTITY_WITNESS, cmc_id_list(draft->arena, &id, 1));
    }
    return true;
}

/* ---- revocation ----------------------------------------------------------------------------- */

static bool draft_revocation(struct draft *draft, struct outbound_context *context,
                             const struct request *request, struct failure *why)
{
    struct arena *arena = draft->arena;
    add_transaction(draft, &context->entropy);
    for (size_t i = 0; i < request->item_count; i++) {
        const struct item *item = &request->items[i];
        if (bytes_is_empty(item->old_issuer) || bytes_is_empty(item->old_serial))
            return fail(why, REASON_BAD_CERT_ID, "RFC 10002 6.11",
                        "issuer and serial number of the certificate are needed");
        struct bytes who = request->identity.principal;
        struct bytes comment = BYTES_EMPTY;
        if (!bytes_is_empty(who))
            comment = bytes_of_text(
                arena_printf(arena, "on behalf of %.*s", (int)who.size, (const char *)who.data));
        struct bytes value = cmc_revoke_request(arena, item->old_issuer, item->old_serial,
                                                item->revocation_reason, comment);
        draft->session->parts[i].id = add_control(draft, CMC_CONTROL_REVOKE_REQUEST, value);
    }
    return true;
}

bool cmc_send_request(struct outbound_context *context, const struct request *request,
                      struct arena *arena, struct cmc_session *session, struct call *call,
                      struct failure *why)
{
    memset(session, 0, sizeof(*session));
    session->phase = CMC_PHASE_SENT;
    session->transaction_id = new_transaction_id(&context->entropy, arena);
    session->part_count = request->item_count;
    session->parts = arena_array(arena, request->item_count, sizeof(*session->parts));
    struct draft draft = start(session, request->item_count, arena);
    bool drafted = false;
    if (request->item_count > 0 && operation_enrols(request->operation))
        drafted = draft_enrolment(&draft, context, request, why);
    else if (request->item_count > 0 && request->operation == OPERATION_REVOKE)
        drafted = draft_revocation(&draft, context, request, why);
    else
        return fail(why, REASON_NO_OPERATION, NULL, NULL);
    return drafted && finish(context, &draft, call, why);
}

/* ---- follow-ups ----------------------------------------------------------------------------- */

/* RFC 10002 6.13: each token once, even if several items wait under it. */
static void add_query(struct draft *draft, size_t i)
{
    struct cmc_part *part = &draft->session->parts[i];
    for (size_t other = 0; other < i; other++) {
        const struct cmc_part *earlier = &draft->session->parts[other];
        if (earlier->open && bytes_equal(earlier->token, part->token)) {
            part->control_id = earlier->control_id;
            return;
        }
    }
    part->control_id =
        add_control(draft, CMC_CONTROL_QUERY_PENDING, cmc_octet_string(draft->arena, part->token));
}

bool cmc_send_query(struct outbound_context *context, struct arena *arena,
                    struct cmc_session *session, struct call *call, struct failure *why)
{
    struct draft draft = start(session, session->part_count, arena);
    add_transaction(&draft, &context->entropy);
    for (size_t i = 0; i < session->part_count; i++) {
        if (session->parts[i].open)
            add_query(&draft, i);
    }
    session->phase = CMC_PHASE_QUERYING;
    return finish(context, &draft, call, why);
}

/* A certificate that nobody speaks of is not accepted. */
static bool is_accepted(const struct result *result, const struct confirmation *confirmations,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (confirmations[i].inbound_id == result->inbound_id)
            return confirmations[i].accepted;
    }
    return false;
}

/* RFC 10002 6.14: accepting takes both controls, rejecting a status alone. */
static bool add_confirmation(struct draft *draft, size_t i, const struct result *result,
                             bool accepted, struct failure *why)
{
    struct cmc_part *part = &draft->session->parts[i];
    const struct cmc_status status = {
        .status = accepted ? CMC_STATUS_SUCCESS : CMC_STATUS_FAILED,
        .ids = &part->id,
        .id_count = 1,
        .fail_info = CMC_NO_FAIL_INFO,
    };
    part->control_id =
        add_control(draft, CMC_CONTROL_STATUS_INFO_V2, cmc_status_info_v2(draft->arena, &status));
    if (!accepted)
        return true;
    struct certificate *certificate;
    if (!certificate_parse(result->certificate, &certificate, why))
        return false;
    struct bytes value =
        cmc_cert_id(draft->arena, certificate_issuer(certificate), certificate_serial(certificate));
    certificate_unref(certificate);
    part->control_id = add_control(draft, CMC_CONTROL_CONFIRM_CERT_ACCEPTANCE, value);
    return true;
}

bool cmc_send_confirmation(struct outbound_context *context, const struct response *known,
                           const struct confirmation *confirmations, size_t count,
                           struct arena *arena, struct cmc_session *session, struct call *call,
                           struct failure *why)
{
    struct draft draft = start(session, session->part_count, arena);
    add_transaction(&draft, &context->entropy);
    for (size_t i = 0; i < session->part_count && i < known->result_count; i++) {
        const struct result *result = &known->results[i];
        session->parts[i].control_id = 0;
        if (result->confirm_needed &&
            !add_confirmation(&draft, i, result, is_accepted(result, confirmations, count), why))
            return false;
    }
    session->phase = CMC_PHASE_CONFIRMING;
    return finish(context, &draft, call, why);
}
