/* Files named in the configuration, loaded through gateway/keys. */
#include "gateway/config/build.h"

#include <time.h>

#include "gateway/config/suggest.h"
#include "gateway/keys/keys.h"

enum { SOON_S = 30 * 86400 };

static void release_signer(void *signer)
{
    signer_unref(signer);
}

static void release_trust(void *trust)
{
    trust_unref(trust);
}

static void release_certificate(void *certificate)
{
    certificate_unref(certificate);
}

void report_failure(const struct section *section, const char *key, const struct failure *why)
{
    if (why->detail[0] != '\0')
        section_error(section, key, "%s (%s)", why->text, why->detail);
    else
        section_error(section, key, "%s", why->text);
}

/* A certificate that ends soon is found here, not by the devices. */
static void report_validity(const struct section *section, const struct certificate *certificate)
{
    const int64_t now = (int64_t)time(NULL);
    const int64_t left = certificate_not_after(certificate) - now;
    if (left < 0)
        section_error(section, "certificate", "the certificate has expired");
    else if (certificate_not_before(certificate) > now)
        section_error(section, "certificate", "the certificate is not valid yet");
    else if (left < SOON_S)
        section_warning(section, "certificate", "the certificate ends in %ld days",
                        (long)(left / 86400));
}

struct signer *load_signer(const struct section *section)
{
    struct signer_files files = {
        .certificate = section_path(section, "certificate"),
        .key = section_path(section, "key"),
        .chain = section_path(section, "chain"),
        .passphrase = {.file = section_path(section, "passphrase_file"),
                       .environment = section_text(section, "passphrase_environment")},
    };
    if (files.passphrase.file != NULL && files.passphrase.environment != NULL)
        section_error(section, "passphrase_environment",
                      "the passphrase is in passphrase_file already; name one of the two");
    struct signer *signer = NULL;
    struct failure why;
    if (!keys_load_signer(&files, &signer, &why)) {
        report_failure(section, "certificate", &why);
        return NULL;
    }
    report_validity(section, signer->certificate);
    return arena_own(section->source->arena, signer, release_signer);
}

struct trust *load_trust_files(const struct section *section, const char *key,
                               const char *const *anchors, size_t anchor_count,
                               const char *const *crls, size_t crl_count, unsigned flags)
{
    struct trust_files files = {anchors, anchor_count, crls, crl_count, flags};
    struct trust *trust = NULL;
    struct failure why;
    if (anchor_count == 0)
        return NULL;
    if (!keys_load_trust(&files, &trust, &why)) {
        report_failure(section, key, &why);
        return NULL;
    }
    return arena_own(section->source->arena, trust, release_trust);
}

struct trust *load_trust(const struct section *section, const char *anchors, const char *crls,
                         bool crl_required)
{
    size_t anchor_count, crl_count;
    const char *const *anchor_files = section_paths(section, anchors, &anchor_count);
    const char *const *crl_files = section_paths(section, crls, &crl_count);
    return load_trust_files(section, anchors, anchor_files, anchor_count, crl_files, crl_count,
                            crl_required ? TRUST_CRL_REQUIRED : 0);
}

struct certificate **load_certificates(const struct section *section, const char *key,
                                       size_t *count)
{
    struct arena *arena = section->source->arena;
    size_t file_count;
    const char *const *files = section_paths(section, key, &file_count);
    struct certificate_list list = {0};
    for (size_t i = 0; i < file_count; i++) {
        struct failure why;
        if (!keys_load_certificates(files[i], &list, &why))
            report_failure(section, key, &why);
    }
    struct certificate **certificates = arena_array(arena, list.count, sizeof(*certificates));
    for (size_t i = 0; i < list.count; i++)
        certificates[i] = arena_own(arena, certificate_ref(list.items[i]), release_certificate);
    *count = list.count;
    certificate_list_clear(&list);
    return certificates;
}

void report_unknown_name(const struct section *section, const char *key, const char *what,
                         const char *name, const char *const *known, size_t known_count)
{
    const char *near = suggest(name, known, known_count);
    section_error(section, key, "there is no %s \"%s\"%s%s%s", what, name,
                  near == NULL ? "" : "; did you mean \"", near == NULL ? "" : near,
                  near == NULL ? "" : "\"?");
}

void report_repeated_name(const struct section *section, const char *name,
                          const char *const *earlier, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(earlier[i], name) == 0) {
            section_error(section, "name", "the name \"%s\" is taken by an earlier one", name);
            return;
        }
    }
}
