#include "adapters/pkix/password.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "mapping/model/limits.h"

enum {
    KEY_OCTETS = 32,
    SALT_LEAST = 8,
    SALT_MOST = 64,
    /* What `dragoman password` chooses: 16 MiB, some 40 ms. Each Basic request costs that much. */
    NEW_LOG_N = 14,
    NEW_R = 8,
    NEW_P = 1,
};

struct hash {
    uint64_t log_n, r, p;
    uint8_t salt[SALT_MOST];
    size_t salt_size;
    uint8_t key[KEY_OCTETS];
};

/* ---- text ---------------------------------------------------------------------------------------
 */

static bool take_text(struct bytes *rest, const char *text)
{
    size_t size = strlen(text);
    if (rest->size < size || memcmp(rest->data, text, size) != 0)
        return false;
    *rest = bytes_slice(*rest, size, rest->size);
    return true;
}

static bool take_number(struct bytes *rest, const char *name, uint64_t *number)
{
    size_t digits = 0;
    if (!take_text(rest, name))
        return false;
    *number = 0;
    while (digits < rest->size && digits < 6 && rest->data[digits] >= '0' &&
           rest->data[digits] <= '9')
        *number = *number * 10 + (uint64_t)(rest->data[digits++] - '0');
    *rest = bytes_slice(*rest, digits, rest->size);
    return digits > 0;
}

/* Base64 without padding, up to '$' or the end. */
static bool take_base64(struct bytes *rest, uint8_t *out, size_t most, size_t *size)
{
    uint8_t text[4 * ((SALT_MOST + 2) / 3) + 1], octets[SALT_MOST + 3];
    size_t used = 0;
    while (used < rest->size && rest->data[used] != '$')
        used++;
    size_t padded = (used + 3) / 4 * 4;
    if (used == 0 || padded >= sizeof(text) || used % 4 == 1 ||
        memchr(rest->data, '=', used) != NULL)
        return false;
    memset(text, '=', sizeof(text));
    memcpy(text, rest->data, used);
    *rest = bytes_slice(*rest, used, rest->size);
    if (EVP_DecodeBlock(octets, text, (int)padded) < 0)
        return false;
    *size = used * 3 / 4;
    if (*size > most)
        return false;
    memcpy(out, octets, *size);
    return true;
}

static bool read_line(struct bytes line, struct hash *hash)
{
    size_t key_size;
    return take_text(&line, "$scrypt$") && take_number(&line, "ln=", &hash->log_n) &&
           take_number(&line, ",r=", &hash->r) && take_number(&line, ",p=", &hash->p) &&
           take_text(&line, "$") &&
           take_base64(&line, hash->salt, sizeof(hash->salt), &hash->salt_size) &&
           take_text(&line, "$") && take_base64(&line, hash->key, sizeof(hash->key), &key_size) &&
           key_size == KEY_OCTETS && line.size == 0;
}

static struct bytes base64(struct bytes octets, struct arena *arena)
{
    size_t size = (octets.size * 4 + 2) / 3;
    uint8_t *text = arena_alloc(arena, (octets.size + 2) / 3 * 4 + 1);
    EVP_EncodeBlock(text, octets.data, (int)octets.size);
    return bytes_of(text, size);
}

/* ---- work ---------------------------------------------------------------------------------------
 */

/* RFC 7914 2: N is a power of two above 1, and below 2 to the 128 * r / 8. */
static bool is_bounded(const struct hash *hash)
{
    return hash->log_n >= 1 && hash->log_n <= 20 && hash->r >= 1 && hash->p >= 1 &&
           hash->r <= LIMIT_PASSWORD_MEMORY / 128 && hash->p <= LIMIT_PASSWORD_LANES &&
           (hash->r * 128) << hash->log_n <= LIMIT_PASSWORD_MEMORY;
}

static bool derive(const struct hash *hash, struct bytes password, uint8_t key[KEY_OCTETS])
{
    /* OpenSSL counts some more than 128 * r * N. */
    const uint64_t most = 2 * (uint64_t)LIMIT_PASSWORD_MEMORY;
    return EVP_PBE_scrypt((const char *)password.data, password.size, hash->salt, hash->salt_size,
                          (uint64_t)1 << hash->log_n, hash->r, hash->p, most, key, KEY_OCTETS) == 1;
}

bool password_check_line(struct bytes line, struct failure *why)
{
    struct hash hash = {0};
    if (!read_line(line, &hash) || hash.salt_size < SALT_LEAST)
        return fail(why, REASON_INTERNAL, "RFC 7914 2",
                    "a hash has the form $scrypt$ln=14,r=8,p=1$SALT$KEY");
    return is_bounded(&hash) || fail(why, REASON_INTERNAL, "RFC 7914 2",
                                     "the hash takes more than %ld octets of memory or %ld lanes",
                                     (long)LIMIT_PASSWORD_MEMORY, (long)LIMIT_PASSWORD_LANES);
}

bool password_matches(struct bytes line, struct bytes password)
{
    struct hash hash = {0};
    uint8_t key[KEY_OCTETS] = {0};
    bool known = read_line(line, &hash) && is_bounded(&hash);
    if (!known)
        hash = (struct hash){
            .log_n = NEW_LOG_N, .r = NEW_R, .p = NEW_P, .salt_size = PASSWORD_SALT_OCTETS};
    bool derived = derive(&hash, password, key);
    bool equal = CRYPTO_memcmp(key, hash.key, sizeof(key)) == 0;
    OPENSSL_cleanse(key, sizeof(key));
    return known && derived && equal;
}

struct bytes password_hash(struct bytes password, const uint8_t salt[PASSWORD_SALT_OCTETS],
                           struct arena *arena)
{
    struct hash hash = {
        .log_n = NEW_LOG_N, .r = NEW_R, .p = NEW_P, .salt_size = PASSWORD_SALT_OCTETS};
    memcpy(hash.salt, salt, PASSWORD_SALT_OCTETS);
    if (!derive(&hash, password, hash.key))
        return BYTES_EMPTY;
    struct bytes salt_text = base64(bytes_of(hash.salt, hash.salt_size), arena);
    struct bytes key_text = base64(bytes_of(hash.key, sizeof(hash.key)), arena);
    return bytes_of_text(arena_printf(arena, "$scrypt$ln=%d,r=%d,p=%d$%.*s$%.*s", NEW_LOG_N, NEW_R,
                                      NEW_P, (int)salt_text.size, (const char *)salt_text.data,
                                      (int)key_text.size, (const char *)key_text.data));
}
