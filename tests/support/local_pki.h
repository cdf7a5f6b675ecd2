/* An embedded CA with a fresh key, and items that ask it for certificates. What is made here by
 * OpenSSL's own functions is the oracle for what the CA makes. */
#ifndef DRAGOMAN_TESTS_SUPPORT_LOCAL_PKI_H
#define DRAGOMAN_TESTS_SUPPORT_LOCAL_PKI_H

#include "adapters/local/local_ca.h"

enum { LOCAL_PKI_NOW = 1790000000 }; /* 2026-09-21 */

/* "P-256", "P-384", "RSA-2048", "ED25519", ...; NULL if OpenSSL has no such kind. */
EVP_PKEY *local_pki_key(const char *kind);

/* Entropy that differs from call to call, the same in each run. */
struct entropy local_pki_entropy(struct arena *arena);

/* Self-signed with `kind` at LOCAL_PKI_NOW for ten years; the arena owns its handles. Its profile
 * gives a year and nothing else. */
struct local_ca *local_pki_ca(const char *kind, struct arena *arena);

/* `subject` in RFC 4514 form; `extensions` as OpenSSL's configuration writes them, one a line:
 * "keyUsage=critical,digitalSignature\nsubjectAltName=DNS:a.example". A proof of possession is
 * taken as verified. */
struct item local_pki_item(EVP_PKEY *key, const char *subject, const char *extensions,
                           struct arena *arena);

#endif
