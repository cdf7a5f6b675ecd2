#include "gateway/http/buffer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_ROOM = 512 };

/* Room for `more` octets behind what is there. A new block rather than realloc, which would leave a
 * copy of the old octets behind. */
static void make_room(struct buffer *buffer, size_t more)
{
    if (buffer->room - buffer->start - buffer->size >= more)
        return;
    struct buffer larger = {.size = buffer->size, .room = LEAST_ROOM};
    while (larger.room < buffer->size + more)
        larger.room *= 2;
    larger.memory = malloc(larger.room);
    if (larger.memory == NULL)
        abort();
    if (buffer->size > 0)
        memcpy(larger.memory, buffer->memory + buffer->start, buffer->size);
    buffer_clear(buffer);
    *buffer = larger;
}

void buffer_append(struct buffer *buffer, struct bytes octets)
{
    if (octets.size == 0)
        return;
    make_room(buffer, octets.size);
    memcpy(buffer->memory + buffer->start + buffer->size, octets.data, octets.size);
    buffer->size += octets.size;
}

void buffer_text(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, bytes_of_text(text));
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    assert(size >= 0 && (size_t)size < sizeof(text));
    buffer_append(buffer, bytes_of(text, (size_t)size));
}

void buffer_use(struct buffer *buffer, size_t size)
{
    assert(size <= buffer->size);
    buffer->start += size;
    buffer->size -= size;
    if (buffer->size == 0)
        buffer_clear(buffer);
}

void buffer_clear(struct buffer *buffer)
{
    if (buffer->memory != NULL)
        explicit_bzero(buffer->memory, buffer->start + buffer->size);
    free(buffer->memory);
    *buffer = (struct buffer){0};
}
