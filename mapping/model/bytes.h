/* A run of octets that somebody else owns.
 *
 * Every slice says in its header whose memory it points into: an arena, a received message, or
 * static data. Copying the struct copies no octet. An empty slice has size 0; its pointer may be
 * NULL and is never read. */
#ifndef DRAGOMAN_MAPPING_MODEL_BYTES_H
#define DRAGOMAN_MAPPING_MODEL_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const uint8_t *data;
    size_t size;
};

#define BYTES_EMPTY ((struct bytes){NULL, 0})

/* The octets of a string literal, without its NUL. */
#define BYTES_LITERAL(text) ((struct bytes){(const uint8_t *)(text), sizeof(text) - 1})

static inline struct bytes bytes_of(const void *data, size_t size)
{
    return (struct bytes){(const uint8_t *)data, size};
}

/* The octets of a C string, without its NUL; NULL gives the empty slice. */
static inline struct bytes bytes_of_text(const char *text)
{
    return text == NULL ? BYTES_EMPTY : bytes_of(text, strlen(text));
}

static inline bool bytes_is_empty(struct bytes b)
{
    return b.size == 0;
}

/* Not for secrets: the time it takes tells where two slices differ (CRYPTO_memcmp does not). */
static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static inline bool bytes_equal_text(struct bytes a, const char *text)
{
    return bytes_equal(a, bytes_of_text(text));
}

/* The slice [from, from + size) of b, clipped to b. */
static inline struct bytes bytes_slice(struct bytes b, size_t from, size_t size)
{
    if (from >= b.size)
        return BYTES_EMPTY;
    return bytes_of(b.data + from, size < b.size - from ? size : b.size - from);
}

#endif
