/* Path validation (RFC 5280 6) by OpenSSL, at a time that the caller names. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "adapters/pkix/credentials.h"
#include "adapters/pkix/key.h"
#include "adapters/pkix/names.h"
#include "adapters/pkix/signature.h"
#include "mapping/model/limits.h"

enum {
    SECURITY_LEVEL = 2,      /* OpenSSL's: 112 bits, so RSA from 2048, no SHA-1 */
    SECURITY_LEVEL_SHA1 = 0, /* whose own checks then stand in sha1_path_is_strong */
    SHA1_SECURITY_BITS = 60, /* OpenSSL counts 63 for SHA-1, 39 for MD5 */
};

struct trust {
    atomic_size_t references;
    struct certificate **anchors;
    size_t anchor_count;
    X509_STORE *revocations; /* CRLs alone: anchors are given to each path by itself */
    bool has_crls;
    unsigned flags;
};

/* ---- making --------------------------------------------------------------------------------- */

static bool add_crl(X509_STORE *store, struct bytes der, struct failure *why)
{
    if (der.size > LIMIT_CRL_OCTETS)
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 5280 5.1", "CRL larger than %d octets",
                    LIMIT_CRL_OCTETS);
    const unsigned char *at = der.data;
    X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der.size);
    bool good = crl != NULL && at == der.data + der.size && X509_STORE_add_crl(store, crl) == 1;
    X509_CRL_free(crl);
    if (!good)
        return fail_openssl(why, REASON_BAD_DATA_FORMAT, "RFC 5280 5.1", "CRL: not well formed");
    return true;
}

static bool fill(struct trust *trust, const struct bytes *crls, size_t crl_count,
                 struct failure *why)
{
    for (size_t i = 0; i < trust->anchor_count; i++) {
        if (certificate_get0_x509(trust->anchors[i]) == NULL)
            return fail(why, REASON_BAD_DATA_FORMAT, "RFC 5280 4.1",
                        "trust anchor %zu cannot be read", i + 1);
    }
    for (size_t i = 0; i < crl_count; i++) {
        if (!add_crl(trust->revocations, crls[i], why))
            return false;
    }
    return true;
}

struct trust *trust_new(struct certificate *const *anchors, size_t anchor_count,
                        const struct bytes *crls, size_t crl_count, unsigned flags,
                        struct failure *why)
{
    struct trust *trust = calloc(1, sizeof(*trust));
    if (trust == NULL || (trust->anchors = calloc(anchor_count + 1, sizeof(*anchors))) == NULL ||
        (trust->revocations = X509_STORE_new()) == NULL)
        abort();
    atomic_init(&trust->references, 1);
    trust->anchor_count = anchor_count;
    trust->flags = flags;
    trust->has_crls = crl_count > 0;
    for (size_t i = 0; i < anchor_count; i++)
        trust->anchors[i] = certificate_ref(anchors[i]);
    if (fill(trust, crls, crl_count, why))
        return trust;
    trust_unref(trust);
    return NULL;
}

struct trust *trust_ref(struct trust *trust)
{
    if (trust != NULL)
        atomic_fetch_add_explicit(&trust->references, 1, memory_order_relaxed);
    return trust;
}

void trust_unref(struct trust *trust)
{
    if (trust == NULL || atomic_fetch_sub(&trust->references, 1) != 1)
        return;
    for (size_t i = 0; i < trust->anchor_count; i++)
        certificate_unref(trust->anchors[i]);
    free(trust->anchors);
    X509_STORE_free(trust->revocations);
    free(trust);
}

size_t trust_anchor_count(const struct trust *trust)
{
    return trust->anchor_count;
}

struct certificate *trust_anchor(const struct trust *trust, size_t i)
{
    return trust->anchors[i];
}

/* ---- what went wrong ------------------------------------------------------------------------ */

/* `subject` is "the signer's certificate" or "CA certificate 1 above the signer". */
struct cause {
    int error; /* X509_V_ERR_ */
    const char *format;
};

static const struct cause causes[] = {
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, "no path to a trusted CA: the issuer of %s is missing"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
     "no path to a trusted CA: the issuer of %s is not known here"},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
     "no path to a trusted CA: the issuer of %s is not known here"},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
     "no path to a trusted CA: %s is self-signed and not trusted here"},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
     "no path to a trusted CA: %s is a root that is not trusted here"},
    {X509_V_ERR_CERT_UNTRUSTED, "no path to a trusted CA from %s"},
    {X509_V_ERR_CERT_SIGNATURE_FAILURE, "the signature on %s is not its issuer's"},
    {X509_V_ERR_CERT_CHAIN_TOO_LONG, "the path to a trusted CA is too long"},
    {X509_V_ERR_INVALID_CA, "%s is not a CA certificate"},
    {X509_V_ERR_PATH_LENGTH_EXCEEDED, "the path is longer than %s allows"},
    {X509_V_ERR_KEYUSAGE_NO_CERTSIGN, "%s may not sign certificates (keyUsage)"},
    {X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, "%s has a critical extension unknown here"},
    {X509_V_ERR_PERMITTED_VIOLATION, "the names in %s are not permitted to its CA"},
    {X509_V_ERR_EXCLUDED_VIOLATION, "the names in %s are excluded for its CA"},
    {X509_V_ERR_EE_KEY_TOO_SMALL, "the key of %s is too small"},
    {X509_V_ERR_CA_KEY_TOO_SMALL, "the key of %s is too small"},
    {X509_V_ERR_CA_MD_TOO_WEAK, "%s is signed with a weak digest (SHA-1 or MD5)"},
    {X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY, "the key of the issuer of %s cannot be used"},
    {X509_V_ERR_UNABLE_TO_GET_CRL, "no CRL tells whether %s is revoked"},
    {X509_V_ERR_DIFFERENT_CRL_SCOPE, "no CRL tells whether %s is revoked"},
    {X509_V_ERR_CRL_HAS_EXPIRED, "the CRL that would tell whether %s is revoked is out of date"},
    {X509_V_ERR_CRL_NOT_YET_VALID,
     "the CRL that would tell whether %s is revoked is not valid yet"},
    {X509_V_ERR_CRL_SIGNATURE_FAILURE,
     "the signature on the CRL that would tell whether %s is revoked does not verify"},
};

static void describe(int depth, char *out, size_t size)
{
    if (depth <= 0)
        snprintf(out, size, "the signer's certificate");
    else
        snprintf(out, size, "CA certificate %d above the signer", depth);
}

static bool fail_time(struct failure *why, const char *subject, const ASN1_TIME *time, bool expired)
{
    struct tm t = {0};
    ASN1_TIME_to_tm(time, &t);
    return fail(why, REASON_SIGNER_UNKNOWN, "RFC 5280 6.1.3", "%s %s %04d-%02d-%02d", subject,
                expired ? "has expired on" : "is not valid before", t.tm_year + 1900, t.tm_mon + 1,
                t.tm_mday);
}

static bool fail_path(struct failure *why, X509_STORE_CTX *context)
{
    char subject[64];
    int error = X509_STORE_CTX_get_error(context);
    const X509 *current = X509_STORE_CTX_get_current_cert(context);
    describe(X509_STORE_CTX_get_error_depth(context), subject, sizeof(subject));
    if (error == X509_V_ERR_CERT_HAS_EXPIRED && current != NULL)
        return fail_time(why, subject, X509_get0_notAfter(current), true);
    if (error == X509_V_ERR_CERT_NOT_YET_VALID && current != NULL)
        return fail_time(why, subject, X509_get0_notBefore(current), false);
    if (error == X509_V_ERR_CERT_REVOKED)
        return fail(why, REASON_CERT_REVOKED, "RFC 5280 6.3", "%s is revoked", subject);
    for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
        if (causes[i].error != error)
            continue;
        char text[160];
        const char *hole = strstr(causes[i].format, "%s");
        int before = hole == NULL ? (int)strlen(causes[i].format) : (int)(hole - causes[i].format);
        snprintf(text, sizeof(text), "%.*s%s%s", before, causes[i].format,
                 hole == NULL ? "" : subject, hole == NULL ? "" : hole + 2);
        return fail(why, REASON_SIGNER_UNKNOWN, "RFC 5280 6.1", "%s", text);
    }
    return fail(why, REASON_SIGNER_UNKNOWN, "RFC 5280 6.1", "%s: %s", subject,
                X509_verify_cert_error_string(error));
}

/* ---- verifying ------------------------------------------------------------------------------ */

struct path {
    X509_STORE_CTX *context;
    STACK_OF(X509) * trusted;
    STACK_OF(X509) * untrusted;
};

static void path_clear(struct path *path)
{
    X509_STORE_CTX_free(path->context);
    sk_X509_free(path->trusted);
    sk_X509_free(path->untrusted);
}

/* An anchor's own revocation is nobody's to tell: it was configured. */
static int judge_crl_strictly(int good, X509_STORE_CTX *context)
{
    int last = sk_X509_num(X509_STORE_CTX_get0_chain(context)) - 1;
    if (!good && X509_STORE_CTX_get_error(context) == X509_V_ERR_UNABLE_TO_GET_CRL &&
        X509_STORE_CTX_get_error_depth(context) == last)
        return 1;
    return good;
}

static int judge_crl_mildly(int good, X509_STORE_CTX *context)
{
    int error = X509_STORE_CTX_get_error(context);
    bool tells_nothing =
        error == X509_V_ERR_UNABLE_TO_GET_CRL || error == X509_V_ERR_CRL_HAS_EXPIRED ||
        error == X509_V_ERR_CRL_NOT_YET_VALID || error == X509_V_ERR_DIFFERENT_CRL_SCOPE;
    return good || tells_nothing;
}

static bool path_prepare(struct path *path, const struct trust *trust, X509 *leaf, int64_t now)
{
    X509_STORE_CTX *context = path->context;
    if (X509_STORE_CTX_init(context, trust->revocations, leaf, path->untrusted) != 1)
        return false;
    X509_STORE_CTX_set0_trusted_stack(context, path->trusted);
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(param, (time_t)now);
    X509_VERIFY_PARAM_set_depth(param, LIMIT_CHAIN_DEPTH);
    X509_VERIFY_PARAM_set_auth_level(param, (trust->flags & TRUST_SHA1) != 0 ? SECURITY_LEVEL_SHA1
                                                                             : SECURITY_LEVEL);
    unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST;
    bool crl_required = (trust->flags & TRUST_CRL_REQUIRED) != 0;
    if (trust->has_crls || crl_required)
        flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
    X509_STORE_CTX_set_verify_cb(context, crl_required ? judge_crl_strictly : judge_crl_mildly);
    return X509_VERIFY_PARAM_set_flags(param, flags) == 1;
}

static bool stack_push(STACK_OF(X509) * stack, const struct certificate *certificate)
{
    X509 *x509 = certificate_get0_x509(certificate);
    return x509 == NULL || sk_X509_push(stack, x509) > 0;
}

static bool stack_fill(STACK_OF(X509) * stack, struct certificate *const *certificates,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!stack_push(stack, certificates[i]))
            return false;
    }
    return true;
}

static bool is_issued_by(const struct certificate *certificate, const struct certificate *issuer)
{
    return bytes_equal(certificate_issuer(certificate), certificate_subject(issuer)) ||
           names_same(certificate_issuer(certificate), certificate_subject(issuer));
}

/* Of the others only those that could lead upwards from the leaf by name: OpenSSL's object of a
 * certificate costs more than verifying a signature, and senders add what they like. */
static bool stack_fill_upwards(STACK_OF(X509) * stack, const struct certificate *leaf,
                               struct certificate *const *others, size_t count, struct arena *arena)
{
    const struct certificate **found = arena_array(arena, count + 1, sizeof(*found));
    bool *taken = arena_array(arena, count, sizeof(*taken));
    size_t found_count = 0;
    found[found_count++] = leaf;
    for (size_t at = 0; at < found_count; at++) {
        for (size_t i = 0; i < count; i++) {
            if (taken[i] || !is_issued_by(found[at], others[i]))
                continue;
            taken[i] = true;
            found[found_count++] = others[i];
            if (!stack_push(stack, others[i]))
                return false;
        }
    }
    return true;
}

static bool stack_remove(STACK_OF(X509) * stack, const X509 *x509)
{
    int before = sk_X509_num(stack);
    for (int i = before; i-- > 0;) {
        if (X509_cmp(sk_X509_value(stack, i), x509) == 0)
            sk_X509_delete(stack, i);
    }
    return sk_X509_num(stack) < before;
}

/* Of several CAs with one name OpenSSL tries one, and without key identifiers that is luck (old and
 * new root of a rollover). So the CA whose key did not fit is taken away, and the next one is
 * tried. The first cause is the one to tell. */
static bool path_find(struct path *path, const struct trust *trust, X509 *leaf, int64_t now,
                      struct failure *why)
{
    for (int attempt = 0; attempt < LIMIT_CHAIN_DEPTH; attempt++) {
        if (!path_prepare(path, trust, leaf, now))
            return fail_openssl(why, REASON_INTERNAL, NULL, NULL);
        if (X509_verify_cert(path->context) == 1)
            return true;
        struct failure cause;
        int error = X509_STORE_CTX_get_error(path->context);
        int depth = X509_STORE_CTX_get_error_depth(path->context);
        fail_path(&cause, path->context);
        if (attempt == 0)
            *why = cause;
        if (error != X509_V_ERR_CERT_SIGNATURE_FAILURE)
            break;
        const X509 *issuer = sk_X509_value(X509_STORE_CTX_get0_chain(path->context), depth + 1);
        bool removed = issuer != NULL && stack_remove(path->trusted, issuer);
        removed |= issuer != NULL && stack_remove(path->untrusted, issuer);
        if (!removed)
            break;
        X509_STORE_CTX_cleanup(path->context);
    }
    return false;
}

/* With SHA-1 let in, OpenSSL's level lets in everything else as well. */
static bool sha1_path_is_strong(STACK_OF(X509) * chain, struct failure *why)
{
    for (int i = 0; i < sk_X509_num(chain); i++) {
        char subject[64];
        int bits = 0;
        X509 *x509 = sk_X509_value(chain, i);
        describe(i, subject, sizeof(subject));
        if (!key_is_strong(X509_get0_pubkey(x509), REASON_SIGNER_UNKNOWN, why))
            return false;
        if (i + 1 < sk_X509_num(chain) &&
            (X509_get_signature_info(x509, NULL, NULL, &bits, NULL) != 1 ||
             bits < SHA1_SECURITY_BITS))
            return fail(why, REASON_SIGNER_UNKNOWN, "RFC 9481 2",
                        "%s is signed with a weak digest (MD5)", subject);
    }
    return true;
}

static bool give_chain(STACK_OF(X509) * found, struct arena *arena, struct bytes **chain,
                       size_t *chain_count, struct failure *why)
{
    *chain_count = (size_t)sk_X509_num(found) - 1;
    *chain = arena_array(arena, *chain_count, sizeof(**chain));
    for (size_t i = 0; i < *chain_count; i++) {
        unsigned char *der = NULL;
        int size = i2d_X509(sk_X509_value(found, (int)i + 1), &der);
        if (size <= 0)
            return fail_openssl(why, REASON_INTERNAL, NULL, NULL);
        (*chain)[i] = arena_copy(arena, bytes_of(der, (size_t)size));
        OPENSSL_free(der);
    }
    return true;
}

bool trust_verify(const struct trust *trust, const struct certificate *leaf,
                  struct certificate *const *others, size_t other_count, int64_t now,
                  struct arena *arena, struct bytes **chain, size_t *chain_count,
                  struct failure *why)
{
    bool good = false;
    struct path path = {X509_STORE_CTX_new(), sk_X509_new_null(), sk_X509_new_null()};
    X509 *x509 = certificate_get0_x509(leaf);
    if (x509 == NULL || certificate_get0_key(leaf) == NULL) {
        fail(why, REASON_SIGNER_UNKNOWN, "RFC 5280 4.1",
             "the signer's certificate or its key cannot be used here");
        goto done;
    }
    if (path.context == NULL || path.trusted == NULL || path.untrusted == NULL ||
        !stack_fill(path.trusted, trust->anchors, trust->anchor_count) ||
        !stack_fill_upwards(path.untrusted, leaf, others, other_count, arena)) {
        fail_openssl(why, REASON_INTERNAL, NULL, NULL);
        goto done;
    }
    if (!path_find(&path, trust, x509, now, why))
        goto done;
    STACK_OF(X509) *found = X509_STORE_CTX_get0_chain(path.context);
    if ((trust->flags & TRUST_SHA1) != 0 && !sha1_path_is_strong(found, why))
        goto done;
    good = chain == NULL || give_chain(found, arena, chain, chain_count, why);
done:
    path_clear(&path);
    ERR_clear_error();
    return good;
}
