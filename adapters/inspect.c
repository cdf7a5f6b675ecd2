/* Which kind a file is of. */
#include "adapters/inspect.h"

#include "adapters/inspect_shape.h"
#include "adapters/inspect_unwrap.h"
#include "mapping/model/limits.h"

/* In the order of enum inspect_shape. */
static const struct {
    const char *name;
    bool (*inspect)(struct bytes der, struct node *parent, struct arena *arena,
                    struct failure *why);
} kinds[] = {
    [SHAPE_PKI_MESSAGE] = {"PKIMessage", inspect_cmp},
    [SHAPE_CONTENT_INFO] = {"ContentInfo", inspect_cmc},
    [SHAPE_CERTIFICATION_REQUEST] = {"CertificationRequest", inspect_pkcs10},
    [SHAPE_CERT_REQ_MESSAGES] = {"CertReqMessages", inspect_crmf},
    [SHAPE_CERT_REQ_MSG] = {"CertReqMsg", inspect_crmf},
    [SHAPE_CERTIFICATE] = {"Certificate", inspect_certificate},
    [SHAPE_CERTIFICATE_LIST] = {"CertificateList", inspect_crl},
    [SHAPE_CSR_ATTRS] = {"CsrAttrs", inspect_csr_attrs},
};

static bool inspect_der(struct bytes der, struct node *parent, struct arena *arena,
                        struct node **root, struct failure *why)
{
    enum inspect_shape shape = inspect_shape(der);
    if (shape == SHAPE_UNKNOWN)
        return fail(why, REASON_BAD_DATA_FORMAT, NULL,
                    "no CMP message, CMS, request, certificate, CRL or CSR attributes");
    struct node *node = node_add(NULL, arena, kinds[shape].name, NULL);
    if (!kinds[shape].inspect(der, node, arena, why))
        return fail_detail(why, "looks like a %s", kinds[shape].name);
    if (parent == NULL)
        *root = node;
    else {
        struct node *copy = node_add(parent, arena, node->name, NULL);
        copy->first_child = node->first_child;
        copy->last_child = node->last_child;
    }
    return true;
}

bool inspect(struct bytes octets, struct arena *arena, struct node **root, struct failure *why)
{
    struct wrapped wrapped;
    if (octets.size > LIMIT_CRL_OCTETS)
        return fail(why, REASON_TOO_LARGE, NULL, "more than %d octets", LIMIT_CRL_OCTETS);
    if (!inspect_unwrap(octets, arena, &wrapped, why))
        return false;
    if (wrapped.start_line.size == 0 && wrapped.count == 1)
        return inspect_der(wrapped.parts[0].der, NULL, arena, root, why);
    *root = node_add(NULL, arena, wrapped.start_line.size > 0 ? "HTTP" : "PEM", NULL);
    if (wrapped.start_line.size > 0) {
        node_text(*root, arena, "startLine", wrapped.start_line);
        node_text(*root, arena, "contentType", wrapped.content_type);
    }
    for (size_t i = 0; i < wrapped.count; i++) {
        if (wrapped.parts[i].is_secret)
            node_add(*root, arena, "privateKey", "not shown");
        else if (!inspect_der(wrapped.parts[i].der, *root, arena, NULL, why))
            return false;
    }
    return true;
}
