/* What adapters read from HTTP: paths by segments, media types. Doubled and trailing slashes of a
 * path do not count; media types are compared without case and parameters (RFC 9110 8.3.1). */
#ifndef DRAGOMAN_ADAPTERS_HTTP_FIELDS_H
#define DRAGOMAN_ADAPTERS_HTTP_FIELDS_H

#include "mapping/model/bytes.h"

/* Takes the next segment off the front of a path; empty at its end. */
struct bytes path_next_segment(struct bytes *path);
bool path_equal(struct bytes a, struct bytes b);
bool path_is_among(struct bytes path, const char *const *paths, size_t count);
/* If the path begins with /.well-known/NAME, what is behind it is left in *path. */
bool path_take_well_known(struct bytes *path, const char *name);

/* Whether a Content-Type field value is of that type. */
bool media_type_is(struct bytes field, const char *type);
/* Whether the field value names no type. */
bool media_type_is_absent(struct bytes field);
/* Whether an Accept field value mentions the type. */
bool accept_mentions(struct bytes field, const char *type);

#endif
