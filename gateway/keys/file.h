/* Whole files, with a limit. For gateway/keys alone. */
#ifndef DRAGOMAN_GATEWAY_KEYS_FILE_H
#define DRAGOMAN_GATEWAY_KEYS_FILE_H

#include <openssl/bio.h>

#include "mapping/model/arena.h"
#include "mapping/model/failure.h"

/* Fails with `text` for people, the path in the detail. */
bool fail_file(struct failure *why, const char *path, const char *text);
/* The octets live in the arena, which overwrites them. */
bool file_read(const char *path, size_t most, struct arena *arena, struct bytes *octets,
               struct failure *why);

/* Visits what the octets hold: the content of each PEM block with that label, or, where there is no
 * PEM at all, the octets themselves. False once visit is, or if the PEM is broken. */
bool file_blocks(struct bytes octets, const char *path, const char *label,
                 bool (*visit)(void *context, struct bytes der, struct failure *why), void *context,
                 struct failure *why);

#endif
