/* The certificates and keys of tests/vectors/pkix. What cannot be loaded ends the test program. */
#ifndef DRAGOMAN_TESTS_SUPPORT_PKI_H
#define DRAGOMAN_TESTS_SUPPORT_PKI_H

#include "adapters/pkix/credentials.h"

/* All of it is valid then, but what is named otherwise. 2026-06-01. */
enum { PKI_NOW = 1780272000 };

/* "leaf" gives tests/vectors/pkix/leaf.der; owned by the arena. */
struct certificate *pki_certificate(struct arena *arena, const char *name);
EVP_PKEY *pki_key(struct arena *arena, const char *name);
/* Certificate and key of that name, with the chain that the names say (NULL at the end). */
struct signer *pki_signer(struct arena *arena, const char *name, const char *const *chain);
/* Anchors by name (NULL at the end), no CRL. */
struct trust *pki_trust(struct arena *arena, const char *const *anchors);

#endif
