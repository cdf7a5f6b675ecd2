/* Memory of one exchange: one message and its answer.
 *
 * Everything that decoding, mapping and encoding one message makes is allocated here and freed
 * at once. An arena can also own foreign objects (an X509, a CMS_ContentInfo): their release
 * functions run, last first, before the memory goes. All memory is overwritten before it is
 * given back, since shared secrets and keys pass through it.
 *
 * Running out of memory ends the process: sizes are checked against limits.def before anything
 * is decoded, and the store makes an end at any instant safe. So no function here returns NULL.
 *
 * An arena belongs to one thread at a time. */
#ifndef DRAGOMAN_MAPPING_MODEL_ARENA_H
#define DRAGOMAN_MAPPING_MODEL_ARENA_H

#include <stddef.h>

#include "mapping/model/bytes.h"

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *arena); /* NULL is allowed */

/* size zeroed bytes, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size);
/* count * size zeroed bytes; an overflow ends the process. */
void *arena_array(struct arena *arena, size_t count, size_t size);

struct bytes arena_copy(struct arena *arena, struct bytes b);
/* A NUL-terminated copy. */
char *arena_text(struct arena *arena, struct bytes b);
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Hands object to the arena, which calls release(object) when it is freed. NULL is ignored.
 * Returns object. */
void *arena_own(struct arena *arena, void *object, void (*release)(void *));

#endif
