#include "adapters/pkix/devices.h"

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
    return told ? false : fail(why, REASON_SIGNER_UNKNOWN, NULL, NULL);
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
