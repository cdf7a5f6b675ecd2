/* Certificates and keys of tests/vectors/cmc, as PEM files. What cannot be loaded ends the test
 * program; everything is owned by the arena. `path` is relative to tests/vectors/cmc. */
#ifndef DRAGOMAN_TESTS_SUPPORT_CMC_VECTORS_H
#define DRAGOMAN_TESTS_SUPPORT_CMC_VECTORS_H

#include "adapters/pkix/credentials.h"

struct bytes cmc_vector(struct arena *arena, const char *path);
struct certificate *cmc_certificate(struct arena *arena, const char *path);
struct trust *cmc_trust(struct arena *arena, const char *path);
/* ra.pem and ra.key of the folder outbound. */
struct signer *cmc_ra(struct arena *arena);

#endif
