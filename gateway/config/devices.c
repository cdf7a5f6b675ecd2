/* Who the devices of a route are, and how strictly their messages are judged. */
#include "adapters/pkix/devices.h"
#include "adapters/local/local_ca.h"
#include "adapters/pkix/csr_attributes.h"

#include "gateway/config/build.h"
#include "gateway/keys/keys.h"

/* All entries of a route's "devices" together. */
struct gathered {
    struct secrets *secrets;
    struct secrets *passwords;
    const char **anchors;
    size_t anchor_count;
    const char **crls;
    size_t crl_count;
    unsigned flags;
    bool unproven;
    bool broken; /* an entry's files were reported already */
};

static void release_secrets(void *secrets)
{
    secrets_unref(secrets);
}

/* ---- shared secrets ----------------------------------------------------------------------------
 */

struct filter {
    struct secrets *into;
    const char *const *patterns;
    size_t count;
    size_t taken;
};

static void take_if_named(void *context, struct bytes reference, struct bytes secret)
{
    struct filter *filter = context;
    for (size_t i = 0; i < filter->count; i++) {
        if (!reference_matches(filter->patterns[i], reference))
            continue;
        secrets_add(filter->into, reference, secret);
        filter->taken++;
        return;
    }
}

/* Short secrets are taken, since old devices have them, but not in silence. */
static struct secrets *load_file(const struct section *entry, const char *path)
{
    struct secrets *secrets = NULL;
    struct failure strict, lax;
    if (keys_load_secrets(path, false, &secrets, &strict))
        return secrets;
    if (!keys_load_secrets(path, true, &secrets, &lax)) {
        report_failure(entry, "secrets", &lax);
        return NULL;
    }
    section_warning(entry, "secrets", "%s", strict.text);
    return secrets;
}

static struct secrets *load_passwords(const struct section *entry, const char *path)
{
    struct secrets *passwords = NULL;
    struct failure why;
    if (!keys_load_passwords(path, &passwords, &why))
        report_failure(entry, "passwords", &why);
    return passwords;
}

static void gather_file(const struct section *entry, const char *key,
                        struct secrets *(*load)(const struct section *entry, const char *path),
                        struct secrets *into)
{
    const char *path = section_path(entry, key);
    struct secrets *all = path == NULL ? NULL : load(entry, path);
    if (all == NULL)
        return;
    struct filter filter = {.into = into};
    filter.patterns = section_texts(entry, "reference", &filter.count);
    secrets_each(all, take_if_named, &filter);
    secrets_unref(all);
    if (filter.taken == 0)
        section_warning(entry, section_has(entry, "reference") ? "reference" : key,
                        "no reference of the %s file is taken", key);
}

/* ---- certificates ------------------------------------------------------------------------------
 */

static void append(struct arena *arena, const char ***list, size_t *count, const char *const *more,
                   size_t more_count)
{
    const char **joined = arena_array(arena, *count + more_count, sizeof(*joined));
    if (*count > 0)
        memcpy(joined, *list, *count * sizeof(*joined));
    if (more_count > 0)
        memcpy(joined + *count, more, more_count * sizeof(*joined));
    *list = joined;
    *count += more_count;
}

/* Each entry's files are tried alone, so that what is wrong is said where it stands. */
static void gather_certificates(const struct section *entry, struct gathered *gathered)
{
    struct arena *arena = entry->source->arena;
    size_t anchor_count, crl_count;
    const char *const *anchors = section_paths(entry, "issuer", &anchor_count);
    const char *const *crls = section_paths(entry, "crl", &crl_count);
    if (anchor_count > 0 &&
        (load_trust_files(entry, "issuer", anchors, anchor_count, NULL, 0, TRUST_SHA1) == NULL ||
         load_trust_files(entry, "crl", anchors, anchor_count, crls, crl_count, TRUST_SHA1) ==
             NULL))
        gathered->broken = true;
    append(arena, &gathered->anchors, &gathered->anchor_count, anchors, anchor_count);
    append(arena, &gathered->crls, &gathered->crl_count, crls, crl_count);
    if (section_flag(entry, "crl_required"))
        gathered->flags |= TRUST_CRL_REQUIRED;
}

static void gather(const struct section *entry, struct gathered *gathered)
{
    const bool secrets = section_has(entry, "secrets") || section_has(entry, "passwords");
    const bool issuer = section_has(entry, "issuer");
    const bool unproven = section_flag(entry, "unproven");
    if (!secrets && !issuer && !unproven)
        section_error(entry, NULL, "needs \"secrets\", \"passwords\", \"issuer\" or \"unproven\"");
    if (!secrets && section_has(entry, "reference"))
        section_error(entry, "reference", "needs \"secrets\" or \"passwords\"");
    if (!issuer && section_has(entry, "crl"))
        section_error(entry, "crl", "needs \"issuer\"");
    gather_file(entry, "secrets", load_file, gathered->secrets);
    gather_file(entry, "passwords", load_passwords, gathered->passwords);
    gather_certificates(entry, gathered);
    gathered->unproven = gathered->unproven || unproven;
}

/* ---- the group
 * ----------------------------------------------------------------------------------- */

static struct device_options device_options(const struct section *route)
{
    return (struct device_options){
        .mac_iterations_min = section_number(route, "mac_iterations_min"),
        .mac_iterations_max = section_number(route, "mac_iterations_max"),
        .mac_legacy = section_flag(route, "legacy"),
        .signature_sha1 = section_flag(route, "signature_sha1"),
        .skew_s = section_number(route, "skew_s"),
        .require_time = section_flag(route, "require_time"),
        .ignore_key_usage = section_flag(route, "ignore_key_usage"),
        .any_ra = section_flag(route, "any_ra"),
        .expired_s = section_number(route, "renew_expired_days") * 86400,
    };
}

static struct signer *answer_signer(const struct section *route, const struct config *config,
                                    const struct authority *authority,
                                    const struct route_devices *devices)
{
    const struct section own = section_child(route, "signer");
    if (own.object != NULL)
        return load_signer(&own);
    for (size_t i = 0; i < devices->listener_count; i++) {
        struct signer *signer = config->listeners[devices->listeners[i]].credentials.signer;
        if (signer != NULL)
            return signer;
    }
    if (authority->ra != NULL)
        return authority->ra;
    return authority->local == NULL ? NULL : authority->local->signer;
}

static void check_group(const struct section *route, const struct route_config *out,
                        const struct device_group *group)
{
    const struct device_options *options = &group->options;
    if (options->mac_iterations_min > options->mac_iterations_max)
        section_error(route,
                      section_has(route, "mac_iterations_min") ? "mac_iterations_min"
                                                               : "mac_iterations_max",
                      "mac_iterations_min is above mac_iterations_max");
    if (options->unproven && (out->protocols & 1u << PROTOCOL_CMC) == 0)
        section_warning(route, "devices",
                        "\"unproven\" matters for CMC alone, which is not spoken "
                        "on this route");
    if (group->ca_pub_count > 0 && group->secrets == NULL)
        section_warning(route, "ca_pubs", "only devices with a shared secret are given anchors");
}

void build_devices(const struct section *route, struct config *config, struct route_config *out,
                   struct route_devices *devices)
{
    struct arena *arena = route->source->arena;
    struct gathered gathered = {
        .secrets = arena_own(arena, secrets_new(), release_secrets),
        .passwords = arena_own(arena, secrets_new(), release_secrets),
    };
    for (size_t i = 0; i < section_count(route, "devices"); i++) {
        const struct section entry = section_element(route, "devices", i);
        gather(&entry, &gathered);
    }
    struct device_group *group = &devices->group;
    *group = (struct device_group){
        .name = out->name,
        .secrets = secrets_count(gathered.secrets) > 0 ? gathered.secrets : NULL,
        .passwords = secrets_count(gathered.passwords) > 0 ? gathered.passwords : NULL,
        .options = device_options(route),
    };
    group->options.unproven = gathered.unproven;
    group->options.require_binding = csr_attributes_want_binding(out->csr_attributes);
    if (group->options.signature_sha1)
        gathered.flags |= TRUST_SHA1;
    group->trust = load_trust_files(route, "devices", gathered.anchors, gathered.anchor_count,
                                    gathered.crls, gathered.crl_count, gathered.flags);
    group->ca_pubs = load_certificates(route, "ca_pubs", &group->ca_pub_count);
    group->signer =
        answer_signer(route, config, &config->authorities[out->authority].authority, devices);
    check_group(route, out, group);
}
