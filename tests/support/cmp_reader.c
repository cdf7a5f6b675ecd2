#include "tests/support/cmp_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/asn1t.h>

#include "tests/support/cases.h"

static void release_message(void *message)
{
    OSSL_CMP_MSG_free(message);
}

static const char *print(struct arena *arena, const OSSL_CMP_MSG *message)
{
    char *text;
    BIO *bio = BIO_new(BIO_s_mem());
    ASN1_item_print(bio, (const ASN1_VALUE *)message, 0, ASN1_ITEM_rptr(OSSL_CMP_MSG), NULL);
    long size = BIO_get_mem_data(bio, &text);
    const char *copy = arena_text(arena, bytes_of(text, (size_t)size));
    BIO_free(bio);
    return copy;
}

static long number_after(const char *tree, const char *label)
{
    const char *at = strstr(tree, label);
    return at == NULL ? -1 : strtol(at + strlen(label), NULL, 0);
}

/* "failInfo:  (4 unused bits)\n   0000 - 40 00 10    @.." */
static uint32_t fail_info(const char *tree)
{
    const char *at = strstr(tree, "failInfo:  (");
    uint32_t bits = 0;
    if (at == NULL)
        return 0;
    at = strstr(at, "0000 - ") + 7;
    for (unsigned n = 0; n < 32; n += 8) {
        char *end;
        unsigned long octet = strtoul(at, &end, 16);
        if (end != at + 2)
            break;
        for (unsigned bit = 0; bit < 8; bit++)
            bits |= (octet & 0x80 >> bit) != 0 ? UINT32_C(1) << (n + bit) : 0;
        at = end + (end[0] == ' ' && end[1] != ' ' ? 1 : 0);
    }
    return bits;
}

static struct bytes octet_string(const ASN1_OCTET_STRING *string)
{
    return string == NULL
               ? BYTES_EMPTY
               : bytes_of(ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string));
}

/* With CMP_ANSWERS naming a folder, every answer seen is left there for other decoders. */
static void leave(struct arena *arena, struct bytes octets)
{
    static int count;
    const char *folder = getenv("CMP_ANSWERS");
    if (folder == NULL)
        return;
    FILE *file = fopen(arena_printf(arena, "%s/%d-%d.der", folder, (int)getpid(), count++), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(octets.data, 1, octets.size, file), octets.size);
    fclose(file);
}

struct cmp_seen cmp_see(struct arena *arena, struct bytes octets)
{
    const unsigned char *at = octets.data;
    struct cmp_seen seen = {.message = d2i_OSSL_CMP_MSG(NULL, &at, (long)octets.size)};
    assert_non_null(seen.message);
    assert_ptr_equal(at, octets.data + octets.size);
    arena_own(arena, seen.message, release_message);
    leave(arena, octets);
    OSSL_CMP_PKIHEADER *header = OSSL_CMP_MSG_get0_header(seen.message);
    seen.type = OSSL_CMP_MSG_get_bodytype(seen.message);
    seen.tree = print(arena, seen.message);
    seen.pvno = number_after(seen.tree, "pvno: ");
    seen.transaction_id = octet_string(OSSL_CMP_HDR_get0_transactionID(header));
    seen.recip_nonce = octet_string(OSSL_CMP_HDR_get0_recipNonce(header));
    seen.is_protected = strstr(seen.tree, "  protection: <ABSENT>") == NULL;
    const char *body = strstr(seen.tree, "    generalInfo:");
    seen.status = number_after(body, " status: ");
    if (seen.status == 0 && strstr(body, " status: 0") == NULL) /* "status: \n  status: 2" */
        seen.status = number_after(strstr(body, "status: \n") + 9, "status: ");
    seen.bits = fail_info(body);
    for (at = NULL; (body = strstr(body, "certReqId: ")) != NULL && seen.id_count < SEEN_IDS;
         body++)
        seen.ids[seen.id_count++] = strtol(body + 11, NULL, 0);
    return seen;
}

bool cmp_seen_mac_holds(const struct cmp_seen *seen, const char *secret)
{
    OSSL_CMP_CTX *ctx = OSSL_CMP_CTX_new(NULL, NULL);
    OSSL_CMP_CTX_set1_secretValue(ctx, (const unsigned char *)secret, (int)strlen(secret));
    bool holds = OSSL_CMP_validate_msg(ctx, seen->message) == 1;
    OSSL_CMP_CTX_free(ctx);
    return holds;
}

bool cmp_seen_signature_holds(const struct cmp_seen *seen, X509 *anchor, X509 *intermediate)
{
    OSSL_CMP_CTX *ctx = OSSL_CMP_CTX_new(NULL, NULL);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_add_cert(store, anchor);
    OSSL_CMP_CTX_set0_trustedStore(ctx, store);
    STACK_OF(X509) *untrusted = sk_X509_new_null();
    sk_X509_push(untrusted, intermediate);
    OSSL_CMP_CTX_set1_untrusted(ctx, untrusted);
    sk_X509_free(untrusted);
    OSSL_CMP_CTX_set_log_verbosity(ctx, 0);
    bool holds = OSSL_CMP_validate_msg(ctx, seen->message) == 1;
    OSSL_CMP_CTX_free(ctx);
    return holds;
}
