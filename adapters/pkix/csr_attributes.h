/* CsrAttrs (RFC 7030 4.5.2, RFC 9908 3): what devices are told to put into their requests. */
#ifndef DRAGOMAN_ADAPTERS_PKIX_CSR_ATTRIBUTES_H
#define DRAGOMAN_ADAPTERS_PKIX_CSR_ATTRIBUTES_H

#include "mapping/model/arena.h"
#include "mapping/model/failure.h"

#include <stdbool.h>
#include <stddef.h>

/* What is wanted, in words of the configuration. */
struct csr_wish {
    const char *key;            /* "P-256", "RSA-3072", ...; NULL: any */
    const char *const *subject; /* attribute types of the subject, "CN", "O" or dotted OIDs */
    size_t subject_count;
    const char *const *extensions; /* dotted OIDs */
    size_t extension_count;
    bool binding; /* challengePassword with the channel binding (RFC 7030 3.5) */
};

/* CsrAttrs with a template for readers of RFC 9908, and the same as bare OIDs and a key attribute
 * for all others. */
bool csr_attributes_encode(const struct csr_wish *wish, struct arena *arena, struct bytes *der,
                           struct failure *why);

/* Whether CsrAttrs ask for a channel binding: challengePassword or estIdentityLinking (RFC 7894 4),
 * alone or in a template. */
bool csr_attributes_want_binding(struct bytes der);

#endif
