#include <jansson.h>
#include <sys/stat.h>

#include <openssl/crypto.h>

#include "gateway/keys/file.h"
#include "gateway/keys/keys.h"
#include "mapping/model/limits.h"

enum { SECRETS_FILE_OCTETS = 268435456 };

bool keys_is_private(const char *path, struct failure *why)
{
    struct stat about;
    if (stat(path, &about) != 0)
        return fail_file(why, path, "the file cannot be read");
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return fail_file(
            why, path,
            "the file holds a secret and others than its owner can reach it; chmod it to "
            "600");
    return true;
}

static int digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *place = c == '\0' ? NULL : strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c);
    return place == NULL ? -1 : (int)(place - digits);
}

static bool from_hex(const char *hex, struct arena *arena, struct bytes *out)
{
    const size_t size = strlen(hex) / 2;
    uint8_t *octets = arena_alloc(arena, size);
    for (size_t i = 0; i < size; i++) {
        const int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        octets[i] = (uint8_t)(high << 4 | low);
    }
    *out = bytes_of(octets, size);
    return hex[2 * size] == '\0';
}

/* "text" or {"hex": "00ff"}. */
static bool read_secret(const json_t *value, struct arena *arena, struct bytes *secret)
{
    if (json_is_string(value)) {
        *secret = bytes_of(json_string_value(value), json_string_length(value));
        return true;
    }
    const char *hex = json_string_value(json_object_get(value, "hex"));
    return hex != NULL && json_object_size(value) == 1 && from_hex(hex, arena, secret);
}

static bool add(struct secrets *secrets, const char *reference, const json_t *value,
                bool short_secrets, const char *path, struct failure *why)
{
    struct arena *arena = arena_new();
    struct bytes secret = BYTES_EMPTY;
    bool good = true;
    if (!read_secret(value, arena, &secret))
        good = fail(why, REASON_INTERNAL, NULL,
                    "the secret of \"%.80s\" is neither a text nor {\"hex\": \"...\"}", reference);
    else if (secret.size == 0)
        good = fail(why, REASON_INTERNAL, NULL, "the secret of \"%.80s\" is empty", reference);
    else if (secret.size < LIMIT_SECRET_OCTETS_MIN && !short_secrets)
        good = fail(why, REASON_INTERNAL, "RFC 10002 6.2.1",
                    "the secret of \"%.80s\" has fewer than %d octets", reference,
                    LIMIT_SECRET_OCTETS_MIN);
    else if (reference[0] == '\0' || strlen(reference) > LIMIT_REFERENCE_OCTETS)
        good = fail(why, REASON_INTERNAL, NULL, "a reference has 1 to %d octets",
                    LIMIT_REFERENCE_OCTETS);
    else
        secrets_add(secrets, bytes_of_text(reference), secret);
    arena_free(arena);
    return good || fail_detail(why, "%s", path);
}

static bool add_all(struct secrets *secrets, json_t *root, bool short_secrets, const char *path,
                    struct failure *why)
{
    const char *reference;
    json_t *value;
    if (!json_is_object(root))
        return fail_file(why, path, "the file is not a JSON object of secrets");
    if (json_object_size(root) > LIMIT_SECRETS)
        return fail_file(why, path, "the file holds too many secrets");
    json_object_foreach(root, reference, value)
    {
        if (!add(secrets, reference, value, short_secrets, path, why))
            return false;
    }
    return true;
}

/* jansson does not overwrite what it frees. */
static void cleanse(json_t *root)
{
    const char *reference;
    json_t *value;
    json_object_foreach(root, reference, value)
    {
        json_t *text = json_is_object(value) ? json_object_get(value, "hex") : value;
        if (json_is_string(text))
            OPENSSL_cleanse((void *)(uintptr_t)json_string_value(text), json_string_length(text));
    }
    json_decref(root);
}

static json_t *parse(struct bytes octets, const char *path, struct failure *why)
{
    json_error_t error;
    json_t *root =
        json_loadb((const char *)octets.data, octets.size, JSON_REJECT_DUPLICATES, &error);
    /* The error's own text may quote a secret. */
    if (root == NULL) {
        fail_file(why, path, "the file is not JSON, or has a reference twice");
        fail_detail(why, "line %d, column %d", error.line, error.column);
    }
    return root;
}

bool keys_load_secrets(const char *path, bool short_secrets, struct secrets **out,
                       struct failure *why)
{
    struct arena *arena = arena_new();
    struct bytes octets;
    json_t *root = NULL;
    if (keys_is_private(path, why) && file_read(path, SECRETS_FILE_OCTETS, arena, &octets, why))
        root = parse(octets, path, why);
    arena_free(arena);
    if (root == NULL)
        return false;
    struct secrets *secrets = secrets_new();
    const bool good = add_all(secrets, root, short_secrets, path, why);
    cleanse(root);
    if (good)
        *out = secrets;
    else
        secrets_unref(secrets);
    return good;
}
