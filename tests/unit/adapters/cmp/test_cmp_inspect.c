/* The tree of a message, as "header.pvno: 2" and so on. */
#include "adapters/inspect.h"
#include "tests/support/cases.h"
#include "tests/support/cmp_gateway.h"
#include "tests/support/octets.h"

static struct bytes vector(const char *name)
{
    struct arena *arena = case_arena();
    return octets_from_file(arena, arena_printf(arena, "tests/vectors/cmp/%s.der", name));
}

/* Every leaf below `node` as a line with its path. */
static const char *lines(const struct node *node, const char *path, const char *text)
{
    struct arena *arena = case_arena();
    for (; node != NULL; node = node->next) {
        const char *here =
            arena_printf(arena, "%s%s%s", path, path[0] == '\0' ? "" : ".", node->name);
        if (node->value != NULL)
            text = arena_printf(arena, "%s%s: %s\n", text, here, node->value);
        text = lines(node->first_child, here, text);
    }
    return text;
}

static const char *shown(struct bytes octets)
{
    struct node *root = node_add(NULL, case_arena(), "PKIMessage", NULL);
    struct failure why;
    if (!inspect_cmp(octets, root, case_arena(), &why))
        fail_msg("%s", why.text);
    return lines(root->first_child, "", "\n");
}

struct row {
    const char *name; /* of the vector */
    const char *lines[12];
};

static const struct row rows[] = {
    {"ir-mac",
     {"\nheader.pvno: 2\n", "\nheader.messageTime: 20260601000000Z\n",
      "\nheader.protectionAlg: PasswordBasedMac\n", "\nheader.senderKID: 6d6173742d3137\n",
      "\nheader.transactionID: 101112131415161718191a1b1c1d1e1f\n",
      "\nheader.senderNonce: 202122232425262728292a2b2c2d2e2f\n",
      "\nheader.recipient: CN=Gateway\n", "\nbody.type: ir\n", "CN=device,O=Example",
      "\nprotection: "}},
    {"ir-implicit-profile",
     {"\nheader.generalInfo.implicitConfirm: 0500\n",
      "\nheader.generalInfo.certProfile: 30070c056d"}},
    {"ir-pbmac1", {"\nheader.protectionAlg: PBMAC1\n"}},
    {"ir-signed", {"\nheader.sender: CN=device,O=Example\n", "\nextraCerts.certificate."}},
    {"p10cr-mac", {"\nbody.type: p10cr\n", "CN=device,O=Example"}},
    {"conf-rejects",
     {"\nbody.type: certConf\n", "\nbody.CertStatus.certReqId: 0\n",
      "\nbody.CertStatus.status: 2 rejection\n", "\nbody.CertStatus.statusString: wrong name\n",
      "\nbody.CertStatus.failInfo: 1 badMessageCheck\n",
      "\nheader.recipNonce: a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5\n"}},
    {"conf-hash-alg-3", {"\nbody.CertStatus.hashAlg: sha256\n"}},
    {"poll-all", {"\nbody.type: pollReq\n", "\nbody.poll.certReqId: -1\n"}},
    {"pkiconf", {"\nbody.type: pkiconf\n"}},
    {"error",
     {"\nbody.type: error\n", "\nbody.status: 2 rejection\n", "\nbody.statusString: I give up\n"}},
    {"genm", {"\nbody.type: genm\n", "\nbody.content: 30"}},
};

static void shows(void **state)
{
    const struct row *row = *state;
    const char *text = shown(vector(row->name));
    for (size_t i = 0; i < 12 && row->lines[i] != NULL; i++)
        assert_text_has(text, row->lines[i]);
}

static const char *answer(enum result_status status, struct bytes certificate)
{
    struct cmp_gateway *gateway = cmp_gateway(case_arena(), 0);
    assert_true(cmp_gateway_take(gateway, vector("ir-mac"), PKI_NOW));
    struct response response = cmp_gateway_response(gateway, status, certificate);
    response.confirm_deadline = PKI_NOW + 3600;
    if (status == RESULT_REFUSED)
        result_add_reason(&response.results[0], REASON_BAD_CERT_TEMPLATE);
    cmp_gateway_answer(gateway, &response);
    return shown(gateway->reply.body);
}

static void shows_answers(void **state)
{
    (void)state;
    const char *granted = answer(RESULT_GRANTED, vector("issued"));
    assert_text_has(granted, "\nbody.type: ip\n");
    assert_text_has(granted, "\nbody.CertResponse.certReqId: 0\n");
    assert_text_has(granted, "\nbody.CertResponse.status: 0 accepted\n");
    assert_text_has(granted, "\nbody.CertResponse.certifiedKeyPair.certificate.");
    assert_text_has(granted, "\nheader.generalInfo.confirmWaitTime: 20260601010000Z\n");
    const char *refused = answer(RESULT_REFUSED, BYTES_EMPTY);
    assert_text_has(refused, "\nbody.CertResponse.status: 2 rejection\n");
    assert_text_has(refused, "\nbody.CertResponse.failInfo: 19 badCertTemplate\n");
}

static void refuses_what_is_no_message(void **state)
{
    (void)state;
    static const char *const names[] = {"truncated", "trailing-octet", "base64", "device"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct node *root = node_add(NULL, case_arena(), "PKIMessage", NULL);
        struct failure why;
        assert_false(inspect_cmp(vector(names[i]), root, case_arena(), &why));
        assert_int_equal(why.reason, REASON_BAD_DATA_FORMAT);
    }
}

static void shows_what_would_be_refused(void **state)
{
    (void)state;
    /* unknown versions, bad proofs and broken bodies are what one looks at */
    assert_text_has(shown(vector("pvno-4")), "\nheader.pvno: 4\n");
    assert_text_has(shown(vector("pop-wrong")), "\nbody.type: ir\n");
    assert_text_has(shown(vector("conf-malformed")), "\nbody.CertStatus.?: 3003020100\n");
}

int main(void)
{
    CASES_ADD_ROWS(rows, shows);
    CASES_ADD(shows_answers);
    CASES_ADD(refuses_what_is_no_message);
    CASES_ADD(shows_what_would_be_refused);
    return cases_run("cmp_inspect");
}
