/* The configuration: one JSON file, read into an immutable, reference-counted snapshot whose keys,
 * certificates, secrets and trust are parsed and ready.
 *
 * Options stand in options.def (pointer, type, default, unit, range, help); unknown keys are errors
 * with a suggestion. Paths in the file are relative to the file.
 *
 *   { "listeners":   [ { "name": "devices", "address": "0.0.0.0:8080", "protocols": ["cmp"],
 *                        "paths": ["/pkix/"],
 *                        "tls": { "certificate": "tls.pem", "key": "tls.key",
 *                                 "client": "optional", "client_ca": "vendors.pem" },
 *                        "signer": { "certificate": "ra.pem", "key": "ra.key" } } ],
 *     "authorities": [ { "name": "factory", "protocol": "cmc", "url": "https://ca.example/cmc",
 *                        "trust": "ca.pem", "ra": { "certificate": "ra.pem", "key": "ra.key" },
 *                        "tls": { "ca": "tls-ca.pem", "certificate": "c.pem", "key": "c.key" },
 *                        "crmf_id0": "raverify", "digest_null": true, "issuer_serial": true } ],
 *     "routes":      [ { "name": "masts", "listener": "devices", "protocol": "cmp", "profile": "*",
 *                        "authority": "factory",
 *                        "devices": [ { "reference": "mast-*", "secrets": "secrets.json" },
 *                                     { "issuer": "vendor-ca.pem", "crl": "vendor.crl" } ],
 *                        "signer": { "certificate": "ra.pem", "key": "ra.key" },
 *                        "may": { "operations": ["enroll", "update"],
 *                                 "subject": "CN=*,OU=Masts,O=Example",
 *                                 "subject_alt_names": ["DNS:*.masts.example"],
 *                                 "privileges": ["ca", "ra", "any-usage"] } } ],
 *     "store":       { "sqlite": "/var/lib/dragoman/state.db" },
 *     "observe":     { "log": "-", "level": "info" } } */
#ifndef DRAGOMAN_GATEWAY_CONFIG_CONFIG_H
#define DRAGOMAN_GATEWAY_CONFIG_CONFIG_H

#include "adapters/adapter.h"
#include "gateway/http/client.h"
#include "gateway/http/tls.h"
#include "gateway/observe/log.h"

struct authority_config {
    struct authority authority;
    struct http_target target;
    bool may_hold; /* answers of this authority are waited for at most hold_ms, then the device
                      polls */
};

struct route_config {
    const char *name;
    size_t authority;    /* index into authorities */
    uint32_t protocols;  /* 1 << enum protocol */
    unsigned alike;      /* routes with the same number, not 0, have the very same devices: protocol
                            and profile choose among them */
    const char *profile; /* pattern with '*' over path profile, certProfile or label; NULL: any */
    uint32_t operations; /* 1 << enum operation: what these devices may ask for */
    const char *const *subjects; /* patterns for names_match; at least one */
    size_t subject_count;
    const char *const *alternative_names; /* patterns with '*' over "DNS:a.example", "IP:192.0.2.1",
                                             "email:a@b.example", ...; none: no such names */
    size_t alternative_name_count;
    struct bytes csr_attributes; /* CsrAttrs (RFC 9908 3.2), DER, for EST csrattrs; empty: none */
    unsigned privileges; /* PRIVILEGE_ bits (adapters/pkix/privilege.h) that may be asked for */
    long hold_ms;
    long replay_window_s;
    long confirm_wait_s;
    long pending_max_s;
};

struct listener_config {
    const char *name;
    const char *address;
    uint32_t protocols;
    const char *const *paths; /* besides the well-known ones */
    size_t path_count;
    const char *const *forwarders; /* addresses of proxies whose Client-Cert counts (RFC 9440) */
    size_t forwarder_count;
    bool has_tls;
    struct tls_settings tls;
    /* One group for each route that names this listener; route_of[g] is the route's index. */
    struct credentials credentials;
    const size_t *route_of;
};

struct config {
    const struct listener_config *listeners;
    size_t listener_count;
    const struct authority_config *authorities;
    size_t authority_count;
    const struct route_config *routes;
    size_t route_count;
    const char *store_path;
    const char *log_path;
    enum log_level log_level;
    unsigned threads;
};

/* One mistake in the file. */
struct config_problem {
    unsigned line, column; /* from 1; 0: the file as a whole */
    char pointer[200];     /* JSON pointer, "/routes/0/authority" */
    char text[300];        /* what is wrong, with the suggestion where there is one */
    bool warning;
};

struct config_report {
    struct config_problem problems[64];
    size_t count;
};

/* NULL if there is at least one error; all problems are in the report. */
struct config *config_load(const char *path, struct config_report *report);
/* A snapshot that was made by hand: takes the arena, in which all that it points to lives. */
struct config *config_adopt(const struct config *config, struct arena *arena);
struct config *config_ref(struct config *config);
void config_unref(struct config *config);

#endif
