#include "adapters/pkix/devices.h"

#include <time.h>

#include <openssl/crypto.h>

#include "adapters/pkix/password.h"
#include "adapters/pkix/signature.h"

/* The last star is all that a mismatch goes back to, so the work is at most pattern times text. */
bool reference_matches(const char *pattern, struct bytes text)
{
    const char *star = NULL;
    size_t at = 0, star_at = 0;
    while (at < text.size) {
        if (*pattern == '*') {
            star = pattern++;
            star_at = at;
        } else if (*pattern != '\0' && (uint8_t)*pattern == text.data[at]) {
            pattern++;
            at++;
        } else if (star != NULL) {
            pattern = star + 1;
            at = ++star_at;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static bool admits(const struct device_group *group, struct bytes reference)
{
    if (group->references == NULL)
        return true;
    for (size_t i = 0; i < group->reference_count; i++) {
        if (reference_matches(group->references[i], reference))
            return true;
    }
    return false;
}

bool devices_find_secret(const struct credentials *credentials, struct bytes reference,
                         const struct device_group **group, struct bytes *secret)
{
    for (size_t i = 0; i < credentials->group_count; i++) {
        const struct device_group *candidate = &credentials->groups[i];
        if (candidate->secrets == NULL || !admits(candidate, reference))
            continue;
        if (secrets_find(candidate->secrets, reference, secret)) {
            *group = candidate;
            return true;
        }
    }
    *group = NULL;
    return false;
}

static bool same_secret(struct bytes expected, struct bytes given)
{
    uint8_t a[32], b[32];
    sha256(expected, a);
    sha256(given, b);
    return CRYPTO_memcmp(a, b, sizeof(a)) == 0;
}

static bool have_hashes(const struct credentials *credentials)
{
    for (size_t i = 0; i < credentials->group_count; i++) {
        if (credentials->groups[i].passwords != NULL)
            return true;
    }
    return false;
}

bool devices_check_password(const struct credentials *credentials, struct bytes user,
                            struct bytes password, const struct device_group **group)
{
    struct bytes secret = BYTES_LITERAL("nobody has this password"), hash = BYTES_EMPTY;
    bool plain = false;
    *group = NULL;
    for (size_t i = 0; i < credentials->group_count && *group == NULL; i++) {
        const struct device_group *candidate = &credentials->groups[i];
        if (candidate->passwords != NULL && secrets_find(candidate->passwords, user, &hash))
            *group = candidate;
        else if (candidate->secrets != NULL && admits(candidate, user) &&
                 secrets_find(candidate->secrets, user, &secret))
            *group = candidate;
        plain = *group != NULL && bytes_is_empty(hash);
    }
    bool by_secret = same_secret(secret, password);
    bool by_hash = have_hashes(credentials) && password_matches(hash, password);
    return *group != NULL && (plain ? by_secret : by_hash);
}

/* A group that does not know the issuer can only say that; that the certificate is out of date is
 * true for all of them, and is what its owner can mend. */
static bool fail_expired(const struct certificate *leaf, struct failure *why)
{
    const time_t end = (time_t)certificate_not_after(leaf);
    struct tm date;
    gmtime_r(&end, &date);
    return fail(why, REASON_SIGNER_UNKNOWN, "RFC 5280 6.1.3",
                "the signer's certificate expired on %04d-%02d-%02d", date.tm_year + 1900,
                date.tm_mon + 1, date.tm_mday);
}

bool devices_find_signer(const struct credentials *credentials, const struct certificate *leaf,
                         struct certificate *const *others, size_t other_count, int64_t now,
                         struct arena *arena, const struct device_group **group,
                         struct bytes **chain, size_t *chain_count, struct failure *why)
{
    bool told = false;
    for (size_t i = 0; i < credentials->group_count; i++) {
        const struct device_group *candidate = &credentials->groups[i];
        struct failure no = {0};
        if (candidate->trust == NULL)
            continue;
        if (trust_verify(candidate->trust, leaf, others, other_count, now, arena, chain,
                         chain_count, &no)) {
            *group = candidate;
            return true;
        }
        if (!told || no.reason == REASON_CERT_REVOKED)
            *why = no;
        told = true;
    }
    *group = NULL;
    if (!told)
        return fail(why, REASON_SIGNER_UNKNOWN, NULL, NULL);
    return why->reason != REASON_CERT_REVOKED && certificate_not_after(leaf) < now
               ? fail_expired(leaf, why)
               : false;
}

bool devices_find_expired(const struct credentials *credentials, const struct certificate *leaf,
                          struct certificate *const *others, size_t other_count, int64_t now,
                          struct arena *arena, const struct device_group **group)
{
    int64_t end = certificate_not_after(leaf);
    for (size_t i = 0; end < now && i < credentials->group_count; i++) {
        const struct device_group *candidate = &credentials->groups[i];
        struct failure ignored;
        struct bytes *chain;
        size_t chain_count;
        if (candidate->trust == NULL || now - end > candidate->options.expired_s ||
            !trust_verify(candidate->trust, leaf, others, other_count, end - 1, arena, &chain,
                          &chain_count, &ignored))
            continue;
        *group = candidate;
        return true;
    }
    return false;
}

const struct device_group *devices_find_group(const struct credentials *credentials,
                                              struct bytes name)
{
    for (size_t i = 0; i < credentials->group_count; i++) {
        if (bytes_equal_text(name, credentials->groups[i].name))
            return &credentials->groups[i];
    }
    return NULL;
}

bool devices_have_passwords(const struct credentials *credentials)
{
    return have_hashes(credentials) || devices_have_secrets(credentials);
}

bool devices_have_secrets(const struct credentials *credentials)
{
    for (size_t i = 0; i < credentials->group_count; i++) {
        if (credentials->groups[i].secrets != NULL)
            return true;
    }
    return false;
}

bool devices_have_trust(const struct credentials *credentials)
{
    for (size_t i = 0; i < credentials->group_count; i++) {
        if (credentials->groups[i].trust != NULL)
            return true;
    }
    return false;
}
