/* From the checked file to the snapshot: one function for each part of it. For gateway/config
 * alone. Each reports what it finds wrong and goes on, so that one look shows all mistakes. */
#ifndef DRAGOMAN_GATEWAY_CONFIG_BUILD_H
#define DRAGOMAN_GATEWAY_CONFIG_BUILD_H

#include "gateway/config/section.h"

void build_listeners(const struct section *root, struct config *config);
void build_authorities(const struct section *root, struct config *config);
/* Needs listeners and authorities; gives the listeners their device groups. */
void build_routes(const struct section *root, struct config *config);

/* What one route knows of its devices, and where they knock. */
struct route_devices {
    struct device_group group;
    const size_t *listeners;
    size_t listener_count;
};
void build_devices(const struct section *route, struct config *config, struct route_config *out,
                   struct route_devices *devices);

/* Numbers the routes that have the same devices, and reports what is never reached. */
void judge_reach(const struct section *root, struct route_config *routes,
                 const struct route_devices *devices, size_t count);

/* ---- credentials ---------------------------------------------------------------------------- */

/* The signer that an object with certificate, key, chain and passphrase describes; owned by the
 * arena. NULL: reported. */
struct signer *load_signer(const struct section *section);
/* The anchors of the files under `anchors` and the lists under `crls`; owned by the arena. NULL:
 * there are none, or reported. */
struct trust *load_trust(const struct section *section, const char *anchors, const char *crls,
                         bool crl_required);
struct trust *load_trust_files(const struct section *section, const char *key,
                               const char *const *anchors, size_t anchor_count,
                               const char *const *crls, size_t crl_count, unsigned flags);
/* Owned by the arena; *count says how many. */
struct certificate **load_certificates(const struct section *section, const char *key,
                                       size_t *count);
/* Reports why at key, with the file's name. */
void report_failure(const struct section *section, const char *key, const struct failure *why);

/* Reports an unknown name under `key`, with the nearest known one. */
void report_unknown_name(const struct section *section, const char *key, const char *what,
                         const char *name, const char *const *known, size_t known_count);
/* Reports a name that an earlier element of the list has. */
void report_repeated_name(const struct section *section, const char *name,
                          const char *const *earlier, size_t count);

#endif
