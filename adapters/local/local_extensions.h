/* Which extensions the embedded CA puts into a certificate or a CRL: what RFC 5280 demands, what
 * the profile sets, and what the request may add to it. */
#ifndef DRAGOMAN_ADAPTERS_LOCAL_LOCAL_EXTENSIONS_H
#define DRAGOMAN_ADAPTERS_LOCAL_LOCAL_EXTENSIONS_H

#include "adapters/local/local_ca.h"
#include "mapping/model/limits.h"

struct extension_list {
    struct arena *arena;
    struct bytes parts[LIMIT_EXTENSIONS + 16]; /* a request's, and ours */
    size_t count;
};

void extension_add(struct extension_list *list, const char *oid, bool critical, struct bytes value);
/* Extensions TLV. */
struct bytes extension_list_der(const struct extension_list *list);

/* RFC 5280 4.2.1.2 (1): SHA-1 of the key's octets. */
struct bytes local_key_id(struct bytes spki, struct arena *arena);
/* The CA's identifier: its own extension, else as above. */
struct bytes local_ca_key_id(const struct local_ca *ca, struct arena *arena);
void extension_add_authority_key_id(struct extension_list *list, struct bytes key_id);
/* KeyUsage as OpenSSL's KU_ bits. */
void extension_add_key_usage(struct extension_list *list, uint32_t bits);

/* All extensions of a certificate for `item`, whose key is `key`. */
bool local_extensions(const struct local_ca *ca, const struct item *item, const EVP_PKEY *key,
                      struct extension_list *list, struct failure *why);

#endif
