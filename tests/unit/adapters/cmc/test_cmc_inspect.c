/* What inspect shows of captured messages; the values are those of
 * tests/unit/adapters/cmc/dogtag.def and of `openssl cms -cmsout -print`. */
#include "tests/support/cases.h"

#include "adapters/inspect.h"
#include "tests/support/cmc_vectors.h"

static struct node *inspected(const char *path)
{
    struct failure why = {0};
    struct node *root = node_add(NULL, case_arena(), "message", NULL);
    if (!inspect_cmc(cmc_vector(case_arena(), path), root, case_arena(), &why))
        fail_msg("%s: %s", path, why.text);
    return root;
}

/* The first node under that path of names, "a/b/c". */
static const struct node *find(const struct node *node, const char *path)
{
    const char *slash = strchr(path, '/');
    size_t size = slash == NULL ? strlen(path) : (size_t)(slash - path);
    for (const struct node *child = node->first_child; child != NULL; child = child->next) {
        if (strlen(child->name) != size || memcmp(child->name, path, size) != 0)
            continue;
        const struct node *found = slash == NULL ? child : find(child, slash + 1);
        if (found != NULL)
            return found;
    }
    return NULL;
}

#define REQUEST "SignedData/PKIData/"
#define ANSWER "SignedData/PKIResponse/controlSequence/"

static const struct shown {
    const char *name;
    const char *file;
    const char *path;
    const char *value; /* NULL: only that the node is there */
} rows[] = {
    {"transaction", "dogtag/18-own-controls.req.der", REQUEST "controlSequence/transactionId/value",
     "1267"},
    {"nonce", "dogtag/18-own-controls.req.der", REQUEST "controlSequence/senderNonce/value",
     "00112233445566778899aabbccddeeff"},
    {"body part id", "dogtag/18-own-controls.req.der", REQUEST "reqSequence/tcr/bodyPartID", "100"},
    {"the request inside", "dogtag/20-own-crmf.req.der", REQUEST "reqSequence/crm/certTemplate",
     NULL},
    {"witness", "dogtag/27-own-lra.req.der", REQUEST "controlSequence/lraPOPWitness/bodyIds", "5"},
    {"unknown control", "dogtag/30-own-unknown-control.req.der",
     REQUEST "controlSequence/1.3.6.1.4.1.55555.1/value", "68656c6c6f"},
    {"identification", "dogtag/12-tool-identity-proof.req.der",
     REQUEST "controlSequence/identification/value", "testuser"},
    {"identity proof", "dogtag/12-tool-identity-proof.req.der",
     REQUEST "controlSequence/identityProofV2/hashAlgID", "sha256"},
    {"nested message", "dogtag/31-own-nested-beside.req.der",
     REQUEST "cmsSequence/TaggedContentInfo/SignedData/PKIData/reqSequence/tcr", NULL},
    {"revocation in id-data", "dogtag/17-tool-revoke-secret.req.der",
     "PKIData/controlSequence/revokeRequest/reason", "4"},
    {"a secret is not shown", "dogtag/17-tool-revoke-secret.req.der",
     "PKIData/controlSequence/revokeRequest/sharedSecret", "(not shown)"},
    {"status", "dogtag/63-bad-revoke-serial.resp.der", ANSWER "statusInfoV2/cMCStatus",
     "failed (2)"},
    {"failInfo", "dogtag/63-bad-revoke-serial.resp.der", ANSWER "statusInfoV2/failInfo",
     "badCertId (4)"},
    {"text", "dogtag/44-bad-garbage.resp.der", ANSWER "statusInfoV2/statusString",
     "Invalid Credential."},
    {"bodyList", "dogtag/32-own-bpid-max.resp.der", ANSWER "statusInfoV2/bodyList", "4294967295"},
    {"pendToken", "outbound/pending.der", ANSWER "statusInfoV2/pendToken",
     "746f6b656e2d6f662d7468652d617574686f72697479"},
    {"extendedFailInfo", "outbound/failed-extended.der", ANSWER "statusInfoV2/failInfoOID",
     "1.3.6.1.4.1.55555.9"},
    {"certificates alone", "dogtag/36-own-simple.resp.der", "SignedData/eContent",
     "(absent: certificates only)"},
    {"signer", "dogtag/18-own-controls.req.der", "SignedData/SignerInfo/signingTime",
     "2026-11-21 23:46:59 UTC"},
    {"a good signature", "dogtag/18-own-controls.req.der", "SignedData/SignerInfo/check",
     "verifies; trust was not judged"},
    {"no certificate of the signer", "dogtag/42-bad-no-certs.req.der",
     "SignedData/SignerInfo/check", "no certificate of the signer in the message"},
};

static void shown_row(void **state)
{
    const struct shown *row = *state;
    const struct node *node = find(inspected(row->file), row->path);
    assert_non_null(node);
    if (row->value != NULL)
        assert_string_equal(node->value, row->value);
}

static void a_bad_signature_is_told(void **state)
{
    (void)state;
    const struct node *node =
        find(inspected("dogtag/43-bad-signature.req.der"), "SignedData/SignerInfo/check");
    assert_non_null(node);
    assert_text_has(node->value, "does not verify");
}

/* The octets of "a shared secret" stand in the file, and nowhere in what is shown. */
static void assert_hidden(const struct node *node)
{
    for (; node != NULL; node = node->next) {
        if (node->value != NULL) {
            assert_null(strstr(node->value, "a shared secret"));
            assert_null(strstr(node->value, "6120736861726564"));
        }
        assert_hidden(node->first_child);
    }
}

static void secrets_stay_hidden(void **state)
{
    (void)state;
    assert_hidden(inspected("dogtag/17-tool-revoke-secret.req.der"));
}

static void other_octets_are_not_cmc(void **state)
{
    (void)state;
    struct failure why;
    struct node *root = node_add(NULL, case_arena(), "message", NULL);
    assert_false(inspect_cmc(cmc_vector(case_arena(), "dogtag/44-bad-garbage.req.der"), root,
                             case_arena(), &why));
    assert_false(
        inspect_cmc(cmc_vector(case_arena(), "outbound/device.p10"), root, case_arena(), &why));
}

int main(void)
{
    CASES_ADD_ROWS(rows, shown_row);
    CASES_ADD(a_bad_signature_is_told);
    CASES_ADD(secrets_stay_hidden);
    CASES_ADD(other_octets_are_not_cmc);
    return cases_run("cmc_inspect");
}
