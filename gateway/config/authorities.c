#include "gateway/config/build.h"

#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "adapters/local/local_ca.h"
#include "gateway/keys/keys.h"

static bool is_https(const char *url)
{
    return strncmp(url, "https://", 8) == 0;
}

/* ---- the embedded CA --------------------------------------------------------------------------
 */

/* RFC 5280 4.2.1.3, in the order of options.def. */
static const uint32_t key_usages[] = {
    KU_DIGITAL_SIGNATURE, KU_NON_REPUDIATION, KU_KEY_ENCIPHERMENT,
    KU_DATA_ENCIPHERMENT, KU_KEY_AGREEMENT,   KU_KEY_CERT_SIGN,
    KU_CRL_SIGN,          KU_ENCIPHER_ONLY,   KU_DECIPHER_ONLY,
};

static const struct {
    const char *name;
    const char *oid;
} extended_key_usages[] = {
    {"serverAuth", "1.3.6.1.5.5.7.3.1"},   {"clientAuth", "1.3.6.1.5.5.7.3.2"},
    {"codeSigning", "1.3.6.1.5.5.7.3.3"},  {"emailProtection", "1.3.6.1.5.5.7.3.4"},
    {"timeStamping", "1.3.6.1.5.5.7.3.8"}, {"OCSPSigning", "1.3.6.1.5.5.7.3.9"},
    {"cmcCA", "1.3.6.1.5.5.7.3.27"},       {"cmcRA", "1.3.6.1.5.5.7.3.28"},
    {"cmcArchive", "1.3.6.1.5.5.7.3.29"},  {"cmKGA", "1.3.6.1.5.5.7.3.32"},
};

/* The dotted OID that a text says, by name or as it is; NULL: neither. */
static const char *oid_of(const char *text)
{
    const size_t count = sizeof(extended_key_usages) / sizeof(extended_key_usages[0]);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(extended_key_usages[i].name, text) == 0)
            return extended_key_usages[i].oid;
    }
    ASN1_OBJECT *object = OBJ_txt2obj(text, 1);
    ASN1_OBJECT_free(object);
    return object == NULL ? NULL : text;
}

static const char *const *oids(const struct section *section, const char *key, size_t *count)
{
    const char *const *texts = section_texts(section, key, count);
    const char **out = arena_array(section->source->arena, *count, sizeof(*out));
    for (size_t i = 0; i < *count; i++) {
        out[i] = oid_of(texts[i]);
        if (out[i] == NULL)
            section_error(section, key, "\"%.60s\" is neither a known name nor a dotted OID",
                          texts[i]);
    }
    return out;
}

static void build_profile(const struct section *section, struct local_profile *profile)
{
    const uint32_t chosen = section_choices(section, "key_usage");
    for (size_t i = 0; i < sizeof(key_usages) / sizeof(key_usages[0]); i++)
        profile->key_usage |= (chosen >> i & 1) != 0 ? key_usages[i] : 0;
    profile->validity_s = section_number(section, "validity_days") * INT64_C(86400);
    profile->backdate_s = section_number(section, "backdate_s");
    profile->extended_key_usages =
        oids(section, "extended_key_usages", &profile->extended_key_usage_count);
    profile->allowed_extensions =
        oids(section, "allowed_extensions", &profile->allowed_extension_count);
    profile->allow_ca = section_flag(section, "allow_ca");
    profile->allow_ra = section_flag(section, "allow_ra");
    profile->copy_subject_alt_name = section_flag(section, "copy_subject_alt_name");
    profile->crl_url = section_text(section, "crl_url");
}

static void release_trust(void *trust)
{
    trust_unref(trust);
}

static void build_local(const struct section *section, struct authority *authority)
{
    struct arena *arena = section->source->arena;
    const struct section profile = section_child(section, "profile");
    if (!section_has(section, "certificate")) {
        section_error(section, NULL,
                      "the embedded CA needs \"certificate\"; \"dragoman ca init\" makes one");
        return;
    }
    struct local_ca *local = arena_alloc(arena, sizeof(*local));
    local->signer = load_signer(section);
    build_profile(&profile, &local->profile);
    if (local->signer == NULL)
        return;
    if (!certificate_is_ca(local->signer->certificate))
        section_error(section, "certificate", "this is not the certificate of a CA");
    authority->local = local;
    struct failure why;
    authority->trust = arena_own(arena, trust_new(&local->signer->certificate, 1, NULL, 0, 0, &why),
                                 release_trust);
    if (authority->trust == NULL)
        report_failure(section, "certificate", &why);
}

/* ---- authorities on the wire --------------------------------------------------------------------
 */

/* Who stands in a URL stands in logs. */
static bool has_user(const char *url)
{
    const char *host = strstr(url, "://");
    host = host == NULL ? url : host + 3;
    return memchr(host, '@', strcspn(host, "/?#")) != NULL;
}

static void check_url(const struct section *section, const struct authority *authority)
{
    const char *url = authority->url;
    if (url == NULL)
        section_error(section, NULL, "\"url\" is missing");
    else if (!is_https(url) && strncmp(url, "http://", 7) != 0)
        section_error(section, "url", "must begin with http:// or https://");
    else if (!is_https(url) && authority->capabilities.protocol == PROTOCOL_EST)
        section_error(section, "url", "EST needs https (RFC 7030 3.3)");
    else if (has_user(url))
        section_error(section, "url", "user and password belong into \"basic_file\"");
    else if (strcspn(url, " \t\r\n\"<>") != strlen(url))
        section_error(section, "url", "must not hold white space or quotes");
}

static void build_ra(const struct section *section, struct authority *authority)
{
    const struct section ra = section_child(section, "ra");
    const bool needs_ra = authority->capabilities.protocol != PROTOCOL_EST;
    if (ra.object == NULL) {
        if (needs_ra)
            section_error(section, NULL, "\"ra\" is missing: it signs our requests");
        return;
    }
    authority->ra = load_signer(&ra);
    if (authority->ra != NULL && authority->capabilities.ra_pop &&
        !certificate_has_eku(authority->ra->certificate, EKU_CMC_RA))
        section_warning(&ra, "certificate",
                        "the certificate lacks id-kp-cmcRA: the authority may not take our word "
                        "for a proof of possession");
}

static const char *read_basic(const struct section *section, const char *url)
{
    const char *path = section_path(section, "basic_file");
    struct failure why;
    if (path == NULL)
        return NULL;
    if (!keys_is_private(path, &why)) {
        report_failure(section, "basic_file", &why);
        return NULL;
    }
    if (url != NULL && !is_https(url))
        section_error(section, "basic_file", "a password goes over https only");
    char line[512] = "";
    FILE *file = fopen(path, "r");
    const bool read = file != NULL && fgets(line, sizeof(line), file) != NULL;
    if (file != NULL)
        fclose(file);
    line[strcspn(line, "\r\n")] = '\0';
    const char *basic = NULL;
    if (read && strchr(line, ':') != NULL)
        basic = arena_printf(section->source->arena, "%s", line);
    else
        section_error(section, "basic_file", "must hold one line \"user:password\" (%s)", path);
    explicit_bzero(line, sizeof(line));
    return basic;
}

/* libcurl reads these files when it connects; what is wrong with them is said now. */
static void check_tls_files(const struct section *tls, const struct http_target *target)
{
    struct certificate_list list = {0};
    struct signer *signer = NULL;
    struct failure why;
    if (target->ca_file != NULL && !keys_load_certificates(target->ca_file, &list, &why))
        report_failure(tls, "ca", &why);
    certificate_list_clear(&list);
    if ((target->certificate == NULL) != (target->key == NULL)) {
        section_error(tls, NULL, "\"certificate\" and \"key\" belong together");
        return;
    }
    const struct signer_files files = {.certificate = target->certificate, .key = target->key};
    if (target->certificate != NULL && !keys_load_signer(&files, &signer, &why))
        report_failure(tls, "certificate", &why);
    signer_unref(signer);
}

static void build_target(const struct section *section, struct authority_config *out)
{
    const struct section tls = section_child(section, "tls");
    out->target = (struct http_target){
        .url = out->authority.url,
        .ca_file = section_path(&tls, "ca"),
        .certificate = section_path(&tls, "certificate"),
        .key = section_path(&tls, "key"),
        .basic = read_basic(section, out->authority.url),
        .connect_ms = section_number(section, "connect_ms"),
        .answer_ms = section_number(section, "answer_ms"),
        /* Small CMP servers serve one connection at a time: what one of our threads keeps would
         * keep the others out. Where TLS makes connections dear, they are kept. */
        .close_after = out->authority.capabilities.protocol == PROTOCOL_CMP &&
                       out->authority.url != NULL && !is_https(out->authority.url),
    };
    if (tls.object != NULL && out->authority.url != NULL && !is_https(out->authority.url))
        section_error(section, "tls", "the url is not https");
    check_tls_files(&tls, &out->target);
}

static void build_remote(const struct section *section, struct authority_config *out)
{
    struct authority *authority = &out->authority;
    check_url(section, authority);
    build_target(section, out);
    build_ra(section, authority);
    if (!section_has(section, "trust"))
        section_error(section, NULL, "\"trust\" is missing: under it the authority issues");
    authority->trust = load_trust(section, "trust", "crl", section_flag(section, "crl_required"));
}

static void build_authority(const struct section *section, struct authority_config *out)
{
    static const char *const digests[] = {"SHA256", "SHA384", "SHA512"};
    const int digest = section_choice(section, "digest");
    out->may_hold = section_flag(section, "hold");
    out->authority = (struct authority){
        .name = section_text(section, "name"),
        .url = section_text(section, "url"),
        .capabilities = {.protocol = (enum protocol)section_choice(section, "protocol"),
                         .crmf_id0 = (enum crmf_id0)section_choice(section, "crmf_id0"),
                         .ra_pop = section_flag(section, "ra_pop"),
                         .full_cmc = section_flag(section, "full_cmc"),
                         .p10cr = section_flag(section, "p10cr")},
        .ignore_key_usage = section_flag(section, "ignore_key_usage"),
        .cmc = {.digest_null = section_flag(section, "digest_null"),
                .issuer_serial = section_flag(section, "issuer_serial"),
                .witness = section_flag(section, "witness"),
                .simple_response_without_tls = section_flag(section, "simple_response_without_tls"),
                .digest = digest < 0 ? NULL : digests[digest]},
        .resend = section_flag(section, "resend"),
        .tolerate_changes = section_flag(section, "tolerate_changes"),
    };
    if (outbound_adapter(out->authority.capabilities.protocol) == NULL)
        section_error(section, "protocol", "this build does not speak %s to authorities",
                      protocol_word(out->authority.capabilities.protocol));
    if (out->authority.capabilities.protocol == PROTOCOL_LOCAL)
        build_local(section, &out->authority);
    else
        build_remote(section, out);
}

void build_authorities(const struct section *root, struct config *config)
{
    struct arena *arena = root->source->arena;
    config->authority_count = section_count(root, "authorities");
    struct authority_config *authorities =
        arena_array(arena, config->authority_count, sizeof(*authorities));
    const char **names = arena_array(arena, config->authority_count, sizeof(*names));
    for (size_t i = 0; i < config->authority_count; i++) {
        const struct section section = section_element(root, "authorities", i);
        build_authority(&section, &authorities[i]);
        names[i] = authorities[i].authority.name;
        report_repeated_name(&section, names[i], names, i);
    }
    config->authorities = authorities;
}
