/* Files of hashed passwords: "user:$scrypt$..." a line; empty lines and lines with # are skipped.
 */
#include "adapters/pkix/password.h"
#include "gateway/keys/file.h"
#include "gateway/keys/keys.h"
#include "mapping/model/limits.h"

enum { PASSWORDS_FILE_OCTETS = 268435456 };

static bool fail_line(struct failure *why, const char *path, size_t number, const char *text)
{
    fail(why, REASON_INTERNAL, NULL, "line %zu: %s", number, text);
    return fail_detail(why, "%s", path);
}

static bool add(struct secrets *passwords, struct bytes line, const char *path, size_t number,
                struct failure *why)
{
    struct bytes known;
    struct failure wrong;
    const uint8_t *colon = memchr(line.data, ':', line.size);
    if (colon == NULL)
        return fail_line(why, path, number, "a line has the form USER:HASH");
    struct bytes user = bytes_of(line.data, (size_t)(colon - line.data));
    struct bytes hash = bytes_slice(line, user.size + 1, line.size);
    if (user.size == 0 || user.size > LIMIT_REFERENCE_OCTETS)
        return fail_line(why, path, number, "the user's name is empty or too long");
    if (!password_check_line(hash, &wrong))
        return fail_line(why, path, number, wrong.text);
    if (secrets_find(passwords, user, &known))
        return fail_line(why, path, number, "the user stands in an earlier line too");
    if (secrets_count(passwords) >= LIMIT_SECRETS)
        return fail_line(why, path, number, "the file holds too many passwords");
    secrets_add(passwords, user, hash);
    return true;
}

static bool add_all(struct secrets *passwords, struct bytes octets, const char *path,
                    struct failure *why)
{
    for (size_t number = 1; octets.size > 0; number++) {
        const uint8_t *end = memchr(octets.data, '\n', octets.size);
        size_t size = end == NULL ? octets.size : (size_t)(end - octets.data);
        struct bytes line = bytes_slice(octets, 0, size);
        octets = bytes_slice(octets, size + 1, octets.size);
        if (line.size > 0 && line.data[line.size - 1] == '\r')
            line.size--;
        if (line.size > 0 && line.data[0] != '#' && !add(passwords, line, path, number, why))
            return false;
    }
    return true;
}

bool keys_load_passwords(const char *path, struct secrets **out, struct failure *why)
{
    struct arena *arena = arena_new();
    struct secrets *passwords = secrets_new();
    struct bytes octets;
    bool good = keys_is_private(path, why) &&
                file_read(path, PASSWORDS_FILE_OCTETS, arena, &octets, why) &&
                add_all(passwords, octets, path, why);
    arena_free(arena);
    if (good)
        *out = passwords;
    else
        secrets_unref(passwords);
    return good;
}
