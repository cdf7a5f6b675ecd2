/* A CMP message as a tree (adapters/inspect.h). */
#include "adapters/cmp/cmp_body.h"
#include "adapters/inspect.h"
#include "adapters/pkix/inspect_fields.h"
#include "mapping/codes.h"

enum { DIRECTORY_NAME = DER_CONTEXT_CONSTRUCTED | 4 };

static const struct {
    const char *oid;
    const char *name;
} info_types[] = {
    {"1.3.6.1.5.5.7.4.13", "implicitConfirm"},
    {"1.3.6.1.5.5.7.4.14", "confirmWaitTime"},
    {"1.3.6.1.5.5.7.4.15", "origPKIMessage"},
    {"1.3.6.1.5.5.7.4.16", "suppLangTags"},
    {"1.3.6.1.5.5.7.4.17", "caCerts"},
    {"1.3.6.1.5.5.7.4.18", "rootCaKeyUpdate"},
    {"1.3.6.1.5.5.7.4.19", "certReqTemplate"},
    {"1.3.6.1.5.5.7.4.20", "rootCaCert"},
    {"1.3.6.1.5.5.7.4.21", "certProfile"},
    {"1.3.6.1.5.5.7.4.22", "crlStatusList"},
    {"1.3.6.1.5.5.7.4.23", "crls"},
};

static const struct {
    const char *oid;
    const char *name;
} protection_algorithms[] = {
    {"1.2.840.113533.7.66.13", "PasswordBasedMac"},
    {"1.2.840.113549.1.5.14", "PBMAC1"},
    {"1.2.840.113533.7.66.30", "DHBasedMac"},
    {"1.2.840.113533.7.66.16", "KemBasedMac"},
};

static void show_general_name(struct node *parent, struct arena *arena, const char *name,
                              struct bytes tlv)
{
    struct der choice;
    if (der_only(tlv, DIRECTORY_NAME, &choice))
        node_name(parent, arena, name, choice.content);
    else
        node_hex(parent, arena, name, tlv);
}

static void show_octets(struct node *parent, struct arena *arena, const char *name,
                        struct bytes octets)
{
    if (octets.size > 0)
        node_hex(parent, arena, name, octets);
}

static void show_number(struct node *parent, struct arena *arena, const char *name,
                        struct bytes tlv)
{
    int64_t n;
    if (cmp_integer(tlv, &n))
        node_printf(parent, arena, name, "%lld", (long long)n);
    else
        show_octets(parent, arena, name, tlv);
}

/* A time's own characters: "20260101120000Z". */
static void show_time(struct node *parent, struct arena *arena, const char *name, struct bytes tlv)
{
    struct der time;
    if (der_next(&tlv, &time))
        node_text(parent, arena, name, time.content);
}

static const char *algorithm_name(struct bytes algorithm, struct arena *arena)
{
    struct der sequence, id;
    if (!der_only(algorithm, DER_SEQUENCE, &sequence) || !der_take(&sequence.content, DER_OID, &id))
        return "?";
    for (size_t i = 0; i < sizeof(protection_algorithms) / sizeof(protection_algorithms[0]); i++) {
        if (der_oid_is(id.whole, protection_algorithms[i].oid))
            return protection_algorithms[i].name;
    }
    return oid_name(arena, id.whole);
}

static void show_free_text(struct node *parent, struct arena *arena, const char *name,
                           struct bytes content)
{
    if (content.size > 0)
        node_text(parent, arena, name, cmp_free_text_read(content, arena));
}

static const char *info_name(struct bytes oid, struct arena *arena)
{
    for (size_t i = 0; i < sizeof(info_types) / sizeof(info_types[0]); i++) {
        if (der_oid_is(oid, info_types[i].oid))
            return info_types[i].name;
    }
    return der_oid_text(arena, oid);
}

static void show_general_info(struct node *parent, struct arena *arena, struct bytes content)
{
    struct der element;
    struct cmp_info info;
    struct failure ignored;
    if (bytes_is_empty(content))
        return;
    struct node *list = node_add(parent, arena, "generalInfo", NULL);
    while (der_next(&content, &element)) {
        if (!cmp_read(&cmp_info_shape, element.whole, &info, &ignored))
            node_hex(list, arena, "?", element.whole);
        else if (der_oid_is(info.type, "1.3.6.1.5.5.7.4.14"))
            show_time(list, arena, "confirmWaitTime", info.value);
        else
            node_hex(list, arena, info_name(info.type, arena), info.value);
    }
}

static void show_header(struct node *parent, struct arena *arena, const struct cmp_header *header)
{
    struct node *node = node_add(parent, arena, "header", NULL);
    show_number(node, arena, "pvno", header->pvno);
    show_general_name(node, arena, "sender", header->sender);
    show_general_name(node, arena, "recipient", header->recipient);
    if (header->message_time.size > 0)
        show_time(node, arena, "messageTime", header->message_time);
    if (header->protection_alg.size > 0)
        node_add(node, arena, "protectionAlg", algorithm_name(header->protection_alg, arena));
    show_octets(node, arena, "senderKID", header->sender_kid);
    show_octets(node, arena, "recipKID", header->recip_kid);
    show_octets(node, arena, "transactionID", header->transaction_id);
    show_octets(node, arena, "senderNonce", header->sender_nonce);
    show_octets(node, arena, "recipNonce", header->recip_nonce);
    show_free_text(node, arena, "freeText", header->free_text);
    show_general_info(node, arena, header->general_info);
}

/* ---- bodies --------------------------------------------------------------------------------- */

static void show_status(struct node *parent, struct arena *arena, struct bytes tlv)
{
    struct cmp_status_info info;
    struct failure ignored;
    int64_t status = -1;
    if (!cmp_read(&cmp_status_info_shape, tlv, &info, &ignored)) {
        show_octets(parent, arena, "status", tlv);
        return;
    }
    const char *name = cmp_integer(info.status, &status) ? cmp_status_name((long)status) : NULL;
    node_printf(parent, arena, "status", "%lld%s%s", (long long)status, name == NULL ? "" : " ",
                name == NULL ? "" : name);
    show_free_text(parent, arena, "statusString", info.status_string);
    const uint32_t bits = cmp_fail_info_read(info.fail_info);
    for (int bit = 0; bit < 32; bit++) {
        if ((bits >> bit & 1) == 0)
            continue;
        const char *fault = cmp_fail_info_name(bit);
        node_printf(parent, arena, "failInfo", "%d%s%s", bit, fault == NULL ? "" : " ",
                    fault == NULL ? "" : fault);
    }
}

static void show_certificates(struct node *parent, struct arena *arena, const char *name,
                              struct bytes content)
{
    struct der element;
    struct failure ignored;
    if (bytes_is_empty(content))
        return;
    struct node *list = node_add(parent, arena, name, NULL);
    while (der_next(&content, &element)) {
        struct node *node = node_add(list, arena, "certificate", NULL);
        if (!inspect_certificate(element.whole, node, arena, &ignored))
            node_hex(node, arena, "?", element.whole);
    }
}

static void show_requests(struct node *body, struct arena *arena, struct bytes content)
{
    struct der list, element;
    struct failure ignored;
    if (!der_only(content, DER_SEQUENCE, &list))
        return;
    while (der_next(&list.content, &element)) {
        struct node *node = node_add(body, arena, "CertReqMsg", NULL);
        if (!inspect_crmf(element.whole, node, arena, &ignored))
            node_hex(node, arena, "?", element.whole);
    }
}

static void show_pkcs10(struct node *body, struct arena *arena, struct bytes content)
{
    struct failure ignored;
    if (!inspect_pkcs10(content, body, arena, &ignored))
        node_hex(body, arena, "?", content);
}

static void show_key_pair(struct node *parent, struct arena *arena, struct bytes tlv)
{
    struct cmp_certified_key_pair pair;
    struct der choice;
    struct failure ignored;
    if (bytes_is_empty(tlv) || !cmp_read(&cmp_certified_key_pair_shape, tlv, &pair, &ignored))
        return;
    if (der_only(pair.cert_or_enc_cert, DER_CONTEXT_CONSTRUCTED | 0, &choice))
        show_certificates(parent, arena, "certifiedKeyPair", choice.content);
    else
        node_printf(parent, arena, "encryptedCert", "%zu octets", pair.cert_or_enc_cert.size);
    if (pair.private_key.size > 0)
        node_printf(parent, arena, "privateKey", "encrypted, %zu octets", pair.private_key.size);
}

static void show_cert_rep(struct node *body, struct arena *arena, struct bytes content)
{
    struct cmp_cert_rep rep;
    struct cmp_cert_response response;
    struct der element;
    struct failure ignored;
    if (!cmp_read(&cmp_cert_rep_shape, content, &rep, &ignored))
        return;
    show_certificates(body, arena, "caPubs", rep.ca_pubs);
    while (der_next(&rep.response, &element)) {
        struct node *node = node_add(body, arena, "CertResponse", NULL);
        if (!cmp_read(&cmp_cert_response_shape, element.whole, &response, &ignored)) {
            node_hex(node, arena, "?", element.whole);
            continue;
        }
        show_number(node, arena, "certReqId", response.cert_req_id);
        show_status(node, arena, response.status);
        show_key_pair(node, arena, response.certified_key_pair);
    }
}

static void show_cert_conf(struct node *body, struct arena *arena, struct bytes content)
{
    struct cmp_cert_status status;
    struct der list, element;
    struct failure ignored;
    if (!der_only(content, DER_SEQUENCE, &list))
        return;
    while (der_next(&list.content, &element)) {
        struct node *node = node_add(body, arena, "CertStatus", NULL);
        if (!cmp_read(&cmp_cert_status_shape, element.whole, &status, &ignored)) {
            node_hex(node, arena, "?", element.whole);
            continue;
        }
        node_hex(node, arena, "certHash", status.cert_hash);
        show_number(node, arena, "certReqId", status.cert_req_id);
        if (status.status_info.size > 0)
            show_status(node, arena, status.status_info);
        if (status.hash_alg.size > 0)
            node_add(node, arena, "hashAlg", algorithm_name(status.hash_alg, arena));
    }
}

static void show_polls(struct node *body, struct arena *arena, struct bytes content)
{
    struct der list, element;
    struct failure ignored;
    if (!der_only(content, DER_SEQUENCE, &list))
        return;
    while (der_next(&list.content, &element)) {
        struct cmp_poll poll = {.check_after = BYTES_EMPTY};
        struct node *node = node_add(body, arena, "poll", NULL);
        if (!cmp_read(&cmp_poll_rep_shape, element.whole, &poll, &ignored) &&
            !cmp_read(&cmp_poll_req_shape, element.whole, &poll, &ignored)) {
            node_hex(node, arena, "?", element.whole);
            continue;
        }
        show_number(node, arena, "certReqId", poll.cert_req_id);
        if (poll.check_after.size > 0)
            show_number(node, arena, "checkAfter", poll.check_after);
        show_free_text(node, arena, "reason", poll.reason);
    }
}

static void show_error(struct node *body, struct arena *arena, struct bytes content)
{
    struct cmp_error error;
    struct failure ignored;
    if (!cmp_read(&cmp_error_shape, content, &error, &ignored))
        return;
    show_status(body, arena, error.status_info);
    if (error.error_code.size > 0)
        show_number(body, arena, "errorCode", error.error_code);
    show_free_text(body, arena, "errorDetails", error.error_details);
}

static void show_nothing(struct node *body, struct arena *arena, struct bytes content)
{
    (void)body;
    (void)arena;
    (void)content;
}

/* Bodies without a row are shown as octets. */
static const struct {
    enum cmp_type type;
    void (*show)(struct node *body, struct arena *arena, struct bytes content);
} viewers[] = {
    {CMP_IR, show_requests},         {CMP_CR, show_requests},     {CMP_KUR, show_requests},
    {CMP_KRR, show_requests},        {CMP_CCR, show_requests},    {CMP_P10CR, show_pkcs10},
    {CMP_IP, show_cert_rep},         {CMP_CP, show_cert_rep},     {CMP_KUP, show_cert_rep},
    {CMP_CCP, show_cert_rep},        {CMP_PKICONF, show_nothing}, {CMP_ERROR, show_error},
    {CMP_CERT_CONF, show_cert_conf}, {CMP_POLL_REQ, show_polls},  {CMP_POLL_REP, show_polls},
};

static void show_body(struct node *parent, struct arena *arena, const struct cmp_decoding *decoding)
{
    struct node *body = node_add(parent, arena, "body", NULL);
    node_add(body, arena, "type", cmp_body(decoding->type)->name);
    for (size_t i = 0; i < sizeof(viewers) / sizeof(viewers[0]); i++) {
        if (viewers[i].type == decoding->type) {
            viewers[i].show(body, arena, decoding->content);
            return;
        }
    }
    node_hex(body, arena, "content", decoding->content);
}

bool inspect_cmp(struct bytes der, struct node *parent, struct arena *arena, struct failure *why)
{
    struct cmp_decoding decoding = {.arena = arena};
    if (!cmp_parse(der, arena, &decoding, why))
        return false;
    show_header(parent, arena, &decoding.header);
    show_body(parent, arena, &decoding);
    if (decoding.message.protection.size > 0)
        node_printf(parent, arena, "protection", "%zu octets", decoding.message.protection.size);
    show_certificates(parent, arena, "extraCerts", decoding.message.extra_certs);
    return true;
}
