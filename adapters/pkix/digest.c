/* Digests, and OpenSSL's error queue. */
#include <stdlib.h>

#include <openssl/err.h>

#include "adapters/pkix/signature.h"

void sha256(struct bytes data, uint8_t out[32])
{
    if (EVP_Digest(data.data, data.size, out, NULL, EVP_sha256(), NULL) != 1)
        abort(); /* out of memory: as in arena.c */
}

static bool run(EVP_MD_CTX *context, const EVP_MD *md, struct bytes data, uint8_t *out,
                size_t octets)
{
    if (EVP_DigestInit_ex2(context, md, NULL) != 1 ||
        EVP_DigestUpdate(context, data.data, data.size) != 1)
        return false;
    if ((EVP_MD_get_flags(md) & EVP_MD_FLAG_XOF) != 0)
        return EVP_DigestFinalXOF(context, out, octets) == 1;
    return (size_t)EVP_MD_get_size(md) == octets && EVP_DigestFinal_ex(context, out, NULL) == 1;
}

bool digest(const char *name, size_t octets, struct bytes data, struct arena *arena,
            struct bytes *out)
{
    EVP_MD *md = EVP_MD_fetch(NULL, name, NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = false;
    if (md != NULL && context != NULL) {
        if (octets == 0)
            octets = (size_t)EVP_MD_get_size(md);
        uint8_t *value = arena_alloc(arena, octets);
        good = run(context, md, data, value, octets);
        *out = bytes_of(value, octets);
    }
    EVP_MD_CTX_free(context);
    EVP_MD_free(md);
    ERR_clear_error();
    return good;
}

bool fail_openssl(struct failure *why, enum reason reason, const char *clause, const char *text)
{
    const char *data;
    int flags;
    if (text == NULL)
        fail(why, reason, clause, NULL);
    else
        fail(why, reason, clause, "%s", text);
    for (unsigned long e; (e = ERR_get_error_all(NULL, NULL, NULL, &data, &flags)) != 0;) {
        const char *cause = ERR_reason_error_string(e);
        bool has_data = (flags & ERR_TXT_STRING) != 0 && data[0] != '\0';
        fail_detail(why, "%s%s%s", cause == NULL ? "OpenSSL" : cause, has_data ? ": " : "",
                    has_data ? data : "");
    }
    return false;
}
