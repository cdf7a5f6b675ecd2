#include "tests/support/cases.h"

#include <pthread.h>

#include "tests/support/octets.h"
#include "tests/support/pki.h"

enum { MOST = 6 };
static const int64_t now = PKI_NOW;

struct row {
    const char *name;
    const char *leaf;
    const char *anchors[MOST];
    const char *others[MOST];
    const char *crls[MOST];
    unsigned flags;
    int64_t at;       /* 0: now */
    const char *text; /* of the refusal; NULL: a path is found */
    enum reason reason;
    const char *chain[MOST]; /* what the path must be, without the leaf */
};

static const struct row rows[] = {
    {"path through an intermediate",
     "leaf",
     {"root"},
     {"inter"},
     {0},
     0,
     0,
     NULL,
     0,
     {"inter", "root"}},
    {"others in any order, twice, with strangers",
     "leaf",
     {"other", "root"},
     {"stranger", "root", "leaf", "inter", "inter"},
     {0},
     0,
     0,
     NULL,
     0,
     {"inter", "root"}},
    {"an anchor that is not self-signed", "leaf", {"inter"}, {0}, {0}, 0, 0, NULL, 0, {"inter"}},
    {"the leaf itself is an anchor", "leaf", {"leaf"}, {0}, {0}, 0, 0, NULL, 0, {0}},
    {"a self-signed leaf is an anchor", "self", {"self"}, {0}, {0}, 0, 0, NULL, 0, {0}},
    {"self-signed, not an anchor",
     "self",
     {"root"},
     {0},
     {0},
     0,
     0,
     "self-signed",
     REASON_SIGNER_UNKNOWN,
     {0}},
    {"no anchors",
     "leaf",
     {0},
     {"inter", "root"},
     {0},
     0,
     0,
     "no path to a trusted CA",
     REASON_SIGNER_UNKNOWN,
     {0}},
    {"intermediate missing",
     "leaf",
     {"root"},
     {0},
     {0},
     0,
     0,
     "issuer of the signer's certificate is not known",
     REASON_SIGNER_UNKNOWN,
     {0}},
    {"another PKI",
     "stranger",
     {"root"},
     {"other"},
     {0},
     0,
     0,
     "root that is not trusted",
     REASON_SIGNER_UNKNOWN,
     {0}},
    {"expired",
     "expired",
     {"root"},
     {"inter"},
     {0},
     0,
     0,
     "the signer's certificate has expired on 2025-12-24",
     REASON_SIGNER_UNKNOWN,
     {0}},
    {"expired, but not then",
     "expired",
     {"root"},
     {"inter"},
     {0},
     0,
     1760000000,
     NULL,
     0,
     {"inter", "root"}},
    {"an expired anchor that is the leaf",
     "expired",
     {"expired"},
     {0},
     {0},
     0,
     0,
     "has expired on",
     REASON_SIGNER_UNKNOWN,
     {0}},
    {"not yet valid",
     "early",
     {"root"},
     {"inter"},
     {0},
     0,
     0,
     "not valid before 2040-03-01",
     REASON_SIGNER_UNKNOWN,
     {0}},
    {"CA not yet valid",
     "leaf",
     {"root"},
     {"inter"},
     {0},
     0,
     1700000000,
     "not valid before 2025-01-01",
     REASON_SIGNER_UNKNOWN,
     {0}},
    {"revoked",
     "revoked",
     {"root"},
     {"inter"},
     {"inter"},
     0,
     0,
     "the signer's certificate is revoked",
     REASON_CERT_REVOKED,
     {0}},
    {"revoked, by a CRL that is out of date",
     "revoked",
     {"root"},
     {"inter"},
     {"inter-old"},
     0,
     0,
     "revoked",
     REASON_CERT_REVOKED,
     {0}},
    {"not on the CRL", "leaf", {"root"}, {"inter"}, {"inter"}, 0, 0, NULL, 0, {"inter", "root"}},
    {"CRL out of date, not required",
     "leaf",
     {"root"},
     {"inter"},
     {"inter-old"},
     0,
     0,
     NULL,
     0,
     {"inter", "root"}},
    {"CRL out of date, required",
     "leaf",
     {"root"},
     {"inter"},
     {"inter-old", "root"},
     TRUST_CRL_REQUIRED,
     0,
     "out of date",
     REASON_SIGNER_UNKNOWN,
     {0}},
    {"CRLs required and there",
     "leaf",
     {"root"},
     {"inter"},
     {"inter", "root"},
     TRUST_CRL_REQUIRED,
     0,
     NULL,
     0,
     {"inter", "root"}},
    {"CRL of the CA missing, required",
     "leaf",
     {"root"},
     {"inter"},
     {"root"},
     TRUST_CRL_REQUIRED,
     0,
     "no CRL tells whether the signer's certificate",
     REASON_SIGNER_UNKNOWN,
     {0}},
    {"CRL of the root missing, required",
     "leaf",
     {"root"},
     {"inter"},
     {"inter"},
     TRUST_CRL_REQUIRED,
     0,
     "no CRL tells whether CA certificate 1",
     REASON_SIGNER_UNKNOWN,
     {0}},
    {"CRL of the root for others, not required",
     "leaf",
     {"root"},
     {"inter"},
     {"inter", "root-user"},
     0,
     0,
     NULL,
     0,
     {"inter", "root"}},
    {"CRL of the root for others, required",
     "leaf",
     {"root"},
     {"inter"},
     {"inter", "root-user"},
     TRUST_CRL_REQUIRED,
     0,
     "no CRL tells whether CA certificate 1",
     REASON_SIGNER_UNKNOWN,
     {0}},
    {"no CRL for an anchor is needed",
     "leaf",
     {"inter"},
     {0},
     {"inter"},
     TRUST_CRL_REQUIRED,
     0,
     NULL,
     0,
     {"inter"}},
    {"no CRL for a leaf that is an anchor",
     "leaf",
     {"leaf"},
     {0},
     {0},
     TRUST_CRL_REQUIRED,
     0,
     NULL,
     0,
     {0}},
    {"signed with SHA-1",
     "weak-md",
     {"root"},
     {"inter"},
     {0},
     0,
     0,
     "weak digest",
     REASON_SIGNER_UNKNOWN,
     {0}},
    {"signed with SHA-1, let in",
     "weak-md",
     {"root"},
     {"inter"},
     {0},
     TRUST_SHA1,
     0,
     NULL,
     0,
     {"inter", "root"}},
    {"signed with MD5",
     "md5",
     {"root"},
     {"rsa-inter"},
     {0},
     0,
     0,
     "weak digest",
     REASON_SIGNER_UNKNOWN,
     {0}},
    {"signed with MD5, SHA-1 let in",
     "md5",
     {"root"},
     {"rsa-inter"},
     {0},
     TRUST_SHA1,
     0,
     "MD5",
     REASON_SIGNER_UNKNOWN,
     {0}},
    {"a small key",
     "rsa-small",
     {"root"},
     {"inter"},
     {0},
     0,
     0,
     "too small",
     REASON_SIGNER_UNKNOWN,
     {0}},
    {"a small key, SHA-1 let in",
     "rsa-small",
     {"root"},
     {"inter"},
     {0},
     TRUST_SHA1,
     0,
     "1024 bits",
     REASON_SIGNER_UNKNOWN,
     {0}},
    {"unknown critical extension",
     "critical",
     {"root"},
     {"inter"},
     {0},
     0,
     0,
     "critical extension",
     REASON_SIGNER_UNKNOWN,
     {0}},
    {"pathlen exceeded",
     "deeper",
     {"root"},
     {"deep", "inter"},
     {0},
     0,
     0,
     "longer than",
     REASON_SIGNER_UNKNOWN,
     {0}},
    {"issuer is no CA",
     "by-not-ca",
     {"root"},
     {"not-ca", "inter"},
     {0},
     0,
     0,
     "not a CA certificate",
     REASON_SIGNER_UNKNOWN,
     {0}},
    {"two roots of one name",
     "bare",
     {"new-root", "old-root"},
     {0},
     {0},
     0,
     0,
     NULL,
     0,
     {"old-root"}},
    {"two roots of one name, the other way",
     "bare",
     {"old-root", "new-root"},
     {0},
     {0},
     0,
     0,
     NULL,
     0,
     {"old-root"}},
    {"only the wrong one of two roots",
     "bare",
     {"new-root"},
     {0},
     {0},
     0,
     0,
     "signature on the signer's certificate",
     REASON_SIGNER_UNKNOWN,
     {0}},
    {"a false root among the others",
     "bare",
     {"old-root"},
     {"new-root"},
     {0},
     0,
     0,
     NULL,
     0,
     {"old-root"}},
};

static size_t load(const char *const names[MOST], struct certificate *out[MOST])
{
    size_t count = 0;
    for (; count < MOST && names[count] != NULL; count++)
        out[count] = pki_certificate(case_arena(), names[count]);
    return count;
}

static struct trust *make_trust(const struct row *row)
{
    struct certificate *anchors[MOST];
    struct bytes crls[MOST];
    struct failure why;
    size_t crl_count = 0, anchor_count = load(row->anchors, anchors);
    for (; crl_count < MOST && row->crls[crl_count] != NULL; crl_count++)
        crls[crl_count] =
            octets_from_file(case_arena(), arena_printf(case_arena(), "tests/vectors/pkix/%s.crl",
                                                        row->crls[crl_count]));
    struct trust *trust = trust_new(anchors, anchor_count, crls, crl_count, row->flags, &why);
    assert_non_null(trust);
    assert_int_equal(trust_anchor_count(trust), anchor_count);
    return trust;
}

static void path_row(void **state)
{
    const struct row *row = *state;
    struct certificate *others[MOST], *path[MOST];
    struct bytes *chain = NULL;
    size_t chain_count = 0, other_count = load(row->others, others);
    struct failure why = {0};
    struct trust *trust = make_trust(row);
    bool found =
        trust_verify(trust, pki_certificate(case_arena(), row->leaf), others, other_count,
                     row->at == 0 ? now : row->at, case_arena(), &chain, &chain_count, &why);
    trust_unref(trust);
    if (row->text != NULL) {
        assert_false(found);
        assert_text_has(why.text, row->text);
        assert_int_equal(why.reason, row->reason);
        return;
    }
    if (!found)
        fail_msg("%s; %s", why.text, why.detail);
    assert_int_equal(chain_count, load(row->chain, path));
    for (size_t i = 0; i < chain_count; i++)
        assert_true(bytes_equal(chain[i], certificate_der(path[i])));
}

static void the_path_need_not_be_wanted(void **state)
{
    (void)state;
    struct failure why;
    const char *const anchors[] = {"inter", NULL};
    assert_true(trust_verify(pki_trust(case_arena(), anchors),
                             pki_certificate(case_arena(), "leaf"), NULL, 0, now, case_arena(),
                             NULL, NULL, &why));
}

static void a_crl_must_be_one(void **state)
{
    (void)state;
    struct failure why;
    struct bytes bad = octets_from_file(case_arena(), "tests/vectors/pkix/leaf.der");
    struct bytes good = octets_from_file(case_arena(), "tests/vectors/pkix/inter.crl");
    assert_null(trust_new(NULL, 0, &bad, 1, 0, &why));
    assert_int_equal(why.reason, REASON_BAD_DATA_FORMAT);
    good.size--;
    assert_null(trust_new(NULL, 0, &good, 1, 0, &why));
}

static void trust_is_counted(void **state)
{
    (void)state;
    struct failure why;
    struct certificate *root = pki_certificate(case_arena(), "root");
    struct trust *trust = trust_new(&root, 1, NULL, 0, 0, &why);
    assert_ptr_equal(trust_ref(trust), trust);
    trust_unref(trust);
    assert_ptr_equal(trust_anchor(trust, 0), root);
    trust_unref(trust);
    trust_unref(NULL);
}

/* ---- from many threads at once --------------------------------------------------------------- */

struct shared {
    struct trust *trust;
    struct certificate *leaf;
    struct certificate *others[1];
};

static void *verify_often(void *context)
{
    struct shared *shared = context;
    struct arena *own = arena_new();
    struct failure why;
    size_t good = 0;
    for (int i = 0; i < 20; i++) {
        struct trust *trust = trust_ref(shared->trust);
        struct certificate *leaf = certificate_ref(shared->leaf);
        good += trust_verify(trust, leaf, shared->others, 1, now, own, NULL, NULL, &why);
        certificate_unref(leaf);
        trust_unref(trust);
    }
    arena_free(own);
    return good == 20 ? shared : NULL;
}

static void handles_are_shared_by_threads(void **state)
{
    (void)state;
    enum { THREADS = 4 };
    const char *const anchors[] = {"root", NULL};
    struct shared shared = {pki_trust(case_arena(), anchors),
                            pki_certificate(case_arena(), "leaf"),
                            {pki_certificate(case_arena(), "inter")}};
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, verify_often, &shared), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *result;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_non_null(result);
    }
}

int main(void)
{
    CASES_ADD(handles_are_shared_by_threads);
    CASES_ADD_ROWS(rows, path_row);
    CASES_ADD(the_path_need_not_be_wanted);
    CASES_ADD(a_crl_must_be_one);
    CASES_ADD(trust_is_counted);
    return cases_run("trust");
}
