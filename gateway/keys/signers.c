#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "gateway/keys/file.h"
#include "gateway/keys/keys.h"
#include "mapping/model/limits.h"

enum { PASSPHRASE_OCTETS = 1024 };

/* OpenSSL's question for a passphrase; -1 is "there is none", so that nobody is asked. */
static int give_passphrase(char *room, int size, int writing, void *context)
{
    const struct bytes *passphrase = context;
    (void)writing;
    if (passphrase->size == 0 || passphrase->size > (size_t)size)
        return -1;
    memcpy(room, passphrase->data, passphrase->size);
    return (int)passphrase->size;
}

static bool find_passphrase(const struct passphrase *from, struct arena *arena, struct bytes *out,
                            struct failure *why)
{
    *out = BYTES_EMPTY;
    if (from->environment != NULL) {
        *out = bytes_of_text(getenv(from->environment));
        return out->size > 0 || fail_file(why, from->environment,
                                          "the environment variable with the passphrase is empty");
    }
    if (from->file == NULL)
        return true;
    if (!file_read(from->file, PASSPHRASE_OCTETS, arena, out, why))
        return false;
    while (out->size > 0 && (out->data[out->size - 1] == '\n' || out->data[out->size - 1] == '\r'))
        out->size--;
    return true;
}

static bool read_key(struct bytes octets, struct bytes *passphrase, const char *path,
                     EVP_PKEY **out, struct failure *why)
{
    BIO *bio = BIO_new_mem_buf(octets.data, (int)octets.size);
    *out = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, passphrase);
    BIO_free(bio);
    if (*out != NULL)
        return true;
    const bool encrypted =
        memmem(octets.data, octets.size, "ENCRYPTED", 9) != NULL && octets.size > 0;
    ERR_clear_error();
    return fail_file(why, path,
                     !encrypted              ? "the file holds no private key in PEM"
                     : passphrase->size == 0 ? "the private key is encrypted; name its passphrase"
                                             : "the passphrase does not open the private key");
}

bool keys_load_private(const char *path, const struct passphrase *passphrase, EVP_PKEY **out,
                       struct failure *why)
{
    struct arena *arena = arena_new();
    struct bytes octets, secret;
    const bool good = find_passphrase(passphrase, arena, &secret, why) &&
                      file_read(path, LIMIT_CONFIG_OCTETS, arena, &octets, why) &&
                      read_key(octets, &secret, path, out, why);
    arena_free(arena);
    return good;
}

static bool is_self_issued(const struct certificate *certificate)
{
    return bytes_equal(certificate_subject(certificate), certificate_issuer(certificate));
}

/* The first certificate, then its chain without roots. */
static bool make_signer(struct certificate_list *list, EVP_PKEY *key, const char *path,
                        struct signer **out, struct failure *why)
{
    size_t kept = 1;
    for (size_t i = 1; i < list->count; i++) {
        struct certificate *certificate = list->items[i];
        if (is_self_issued(certificate))
            continue;
        list->items[i] = list->items[kept];
        list->items[kept++] = certificate;
    }
    *out = signer_new(list->items[0], key, list->items + 1, kept - 1, why);
    return *out != NULL || fail_detail(why, "%s", path);
}

bool keys_load_signer(const struct signer_files *files, struct signer **out, struct failure *why)
{
    struct certificate_list list = {0};
    EVP_PKEY *key = NULL;
    const char *key_path = files->key == NULL ? files->certificate : files->key;
    const bool good = keys_load_certificates(files->certificate, &list, why) &&
                      (files->chain == NULL || keys_load_certificates(files->chain, &list, why)) &&
                      keys_load_private(key_path, &files->passphrase, &key, why) &&
                      make_signer(&list, key, files->certificate, out, why);
    EVP_PKEY_free(key);
    certificate_list_clear(&list);
    return good;
}
