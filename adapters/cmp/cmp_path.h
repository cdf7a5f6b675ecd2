/* Which paths and media types are CMP's (RFC 9811 3). Doubled and trailing slashes mean nothing. */
#ifndef DRAGOMAN_ADAPTERS_CMP_CMP_PATH_H
#define DRAGOMAN_ADAPTERS_CMP_CMP_PATH_H

#include "adapters/message.h"
#include "mapping/model/failure.h"

/* /.well-known/cmp[/p/NAME][/OPERATION] (RFC 9811 3.4); the slices are empty where a part is
 * absent, or where the path is another one. */
struct cmp_label {
    struct bytes name;
    struct bytes operation;
};

/* By path, and for configured paths by media type too: other protocols may share them. */
bool cmp_accepts(const struct message *message, const char *const *paths, size_t path_count);
/* False if the message stands below /.well-known/cmp but the rest of its path makes no sense. */
bool cmp_label(const struct message *message, struct cmp_label *label);
/* POST, and a media type that may hold CMP. Empty method: a file, nothing to check. */
bool cmp_check_http(const struct message *message, struct failure *why);

#endif
