/* Every allocation of OpenSSL fails in turn: each function then either succeeds or says why, and
 * nothing crashes or leaks. (Our own memory ends the process when it runs out: arena.h.) */
#include "tests/support/cases.h"

#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "adapters/pkix/cms.h"
#include "adapters/pkix/key.h"
#include "adapters/pkix/mac.h"
#include "adapters/pkix/signature.h"
#include "tests/support/octets.h"
#include "tests/support/pki.h"

/* ---- the allocator -------------------------------------------------------------------------- */

static long countdown = -1; /* -1: never fails */
static bool failed;

static bool must_fail(void)
{
    if (countdown < 0 || countdown-- > 0)
        return false;
    failed = true;
    return true;
}

static void *take(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return must_fail() ? NULL : malloc(size);
}

static void *retake(void *memory, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return must_fail() ? NULL : realloc(memory, size);
}

static void give_back(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

/* ---- the operations ------------------------------------------------------------------------- */

struct things {
    EVP_PKEY *key;
    struct trust *trust;
    struct certificate *leaf, *inter;
    struct signer *signer;
    struct bytes algorithm, signature, message, mac_algorithm;
};

static struct things things;

static bool sign(struct arena *arena, struct failure *why)
{
    struct bytes algorithm, signature;
    return signature_sign(things.key, NULL, BYTES_LITERAL("x"), arena, &algorithm, &signature, why);
}

static bool verify(struct arena *arena, struct failure *why)
{
    (void)arena;
    return signature_verify(certificate_get0_key(things.leaf), things.algorithm, BYTES_LITERAL("x"),
                            things.signature, false, why);
}

static bool make_key(struct arena *arena, struct failure *why)
{
    (void)arena;
    EVP_PKEY *key = key_from_spki(certificate_spki(things.leaf));
    EVP_PKEY_free(key);
    return key != NULL || fail(why, REASON_BAD_ALG, NULL, NULL);
}

static bool verify_path(struct arena *arena, struct failure *why)
{
    struct bytes *chain;
    size_t count;
    return trust_verify(things.trust, things.leaf, &things.inter, 1, PKI_NOW, arena, &chain, &count,
                        why);
}

static bool sign_cms(struct arena *arena, struct failure *why)
{
    struct bytes out;
    const struct cms_signing signing = {.content_type = "1.3.6.1.5.5.7.12.2",
                                        .content = BYTES_LITERAL("x"),
                                        .signer = things.signer};
    return cms_sign(&signing, arena, &out, why);
}

static bool compute_mac(struct arena *arena, struct failure *why)
{
    struct bytes mac;
    return mac_compute(things.mac_algorithm, BYTES_LITERAL("secret"), BYTES_LITERAL("x"), arena,
                       &mac, why);
}

struct operation_row {
    const char *name;
    bool (*run)(struct arena *arena, struct failure *why);
};

static const struct operation_row operations[] = {
    {"sign", sign},
    {"verify", verify},
    {"make a key", make_key},
    {"verify a path", verify_path},
    {"sign a CMS message", sign_cms},
    {"compute a MAC", compute_mac},
};

static bool run_with(const struct operation_row *row, long n)
{
    struct arena *arena = arena_new();
    struct failure why = {.reason = REASON_COUNT};
    failed = false;
    countdown = n;
    bool good = row->run(arena, &why);
    countdown = -1;
    assert_true(good || why.reason != REASON_COUNT);
    assert_true(good || failed);
    arena_free(arena);
    ERR_clear_error();
    return good;
}

static void each_allocation_fails_once(void **state)
{
    const struct operation_row *row = *state;
    long n = 0;
    assert_true(run_with(row, -1)); /* fills OpenSSL's caches */
    do
        run_with(row, n++);
    while (failed && n < 5000);
    assert_false(failed);
    assert_true(run_with(row, -1));
}

static void prepare(struct arena *arena)
{
    static const char *const anchors[] = {"root", NULL}, *const chain[] = {"inter", NULL};
    struct failure why;
    things.key = pki_key(arena, "leaf");
    things.trust = pki_trust(arena, anchors);
    things.leaf = pki_certificate(arena, "leaf");
    things.inter = pki_certificate(arena, "inter");
    things.signer = pki_signer(arena, "leaf", chain);
    things.mac_algorithm = octets_from_hex(
        arena,
        "303506092a864886f67d07420d302804080102030405060708300d06096086480165030402010500020101"
        "300a06082a864886f70d0209");
    if (!signature_sign(things.key, NULL, BYTES_LITERAL("x"), arena, &things.algorithm,
                        &things.signature, &why))
        abort();
}

int main(void)
{
    if (CRYPTO_set_mem_functions(take, retake, give_back) != 1)
        abort();
    struct arena *arena = arena_new();
    prepare(arena);
    CASES_ADD_ROWS(operations, each_allocation_fails_once);
    int result = cases_run("allocation");
    arena_free(arena);
    return result;
}
