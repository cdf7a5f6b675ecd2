/* Octets that grow at the end and are used up at the front. All zero is empty and holds no memory;
 * it holds none either once everything is used up. */
#ifndef DRAGOMAN_GATEWAY_HTTP_BUFFER_H
#define DRAGOMAN_GATEWAY_HTTP_BUFFER_H

#include "mapping/model/bytes.h"

struct buffer {
    uint8_t *memory;
    size_t start;
    size_t size; /* from start */
    size_t room; /* of memory */
};

static inline struct bytes buffer_bytes(const struct buffer *buffer)
{
    return bytes_of(buffer->memory == NULL ? NULL : buffer->memory + buffer->start, buffer->size);
}

void buffer_append(struct buffer *buffer, struct bytes octets);
void buffer_text(struct buffer *buffer, const char *text);
void buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buffer_use(struct buffer *buffer, size_t size);
/* Overwritten before it is given back: a request may carry a password. */
void buffer_clear(struct buffer *buffer);

#endif
