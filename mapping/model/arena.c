#include "mapping/model/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 8192 };

struct block {
    struct block *next;
    size_t used;
    size_t room;
    max_align_t memory[];
};

struct owned {
    struct owned *next;
    void *object;
    void (*release)(void *);
};

struct arena {
    struct block *blocks;
    struct owned *owned;
};

static void out_of_memory(void)
{
    fputs("dragoman: out of memory\n", stderr);
    abort();
}

struct arena *arena_new(void)
{
    struct arena *arena = calloc(1, sizeof(*arena));
    if (arena == NULL)
        out_of_memory();
    return arena;
}

void arena_free(struct arena *arena)
{
    if (arena == NULL)
        return;
    for (struct owned *o = arena->owned; o != NULL; o = o->next)
        o->release(o->object);
    for (struct block *block = arena->blocks; block != NULL;) {
        struct block *next = block->next;
        explicit_bzero(block->memory, block->used);
        free(block);
        block = next;
    }
    free(arena);
}

static struct block *add_block(struct arena *arena, size_t size)
{
    size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
    struct block *block = malloc(sizeof(*block) + room);
    if (block == NULL)
        out_of_memory();
    block->used = 0;
    block->room = room;
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t align = sizeof(max_align_t);
    if (size > SIZE_MAX / 2)
        out_of_memory();
    size = (size + align - 1) / align * align;
    struct block *block = arena->blocks;
    if (block == NULL || block->room - block->used < size)
        block = add_block(arena, size);
    void *memory = (char *)block->memory + block->used;
    block->used += size;
    return memset(memory, 0, size);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / 4 / size)
        out_of_memory();
    return arena_alloc(arena, count * size);
}

struct bytes arena_copy(struct arena *arena, struct bytes b)
{
    if (b.size == 0)
        return BYTES_EMPTY;
    return bytes_of(memcpy(arena_alloc(arena, b.size), b.data, b.size), b.size);
}

char *arena_text(struct arena *arena, struct bytes b)
{
    char *text = arena_alloc(arena, b.size + 1);
    if (b.size > 0)
        memcpy(text, b.data, b.size);
    return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = arena_alloc(arena, size < 0 ? 1 : (size_t)size + 1);
    if (size > 0)
        vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    return text;
}

void *arena_own(struct arena *arena, void *object, void (*release)(void *))
{
    if (object == NULL)
        return NULL;
    struct owned *owned = arena_alloc(arena, sizeof(*owned));
    owned->object = object;
    owned->release = release;
    owned->next = arena->owned;
    arena->owned = owned;
    return object;
}
