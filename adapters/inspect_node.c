/* The tree that inspect makes, and its text. */
#include <stdarg.h>
#include <stdio.h>

#include "adapters/inspect.h"
#include "adapters/pkix/characters.h"

/* At most this many characters for one octet that came: "\u{10ffff}" for one, "\xff". */
enum { ESCAPE_ROOM = 11 };

/* Letters as they are; what a terminal or a reader could take for something else escaped. */
static char *escaped(struct arena *arena, struct bytes text)
{
    char *out = arena_alloc(arena, ESCAPE_ROOM * text.size + 1), *to = out;
    while (text.size > 0) {
        uint32_t point;
        size_t size = utf8_decode(text, &point);
        if (size == 0)
            to += snprintf(to, ESCAPE_ROOM, "\\x%02x", text.data[0]);
        else if (point_kind(point) != POINT_PLAIN)
            to += snprintf(to, ESCAPE_ROOM, "\\u{%x}", (unsigned)point);
        else {
            memcpy(to, text.data, size);
            to += size;
        }
        size = size == 0 ? 1 : size;
        text = bytes_slice(text, size, text.size - size);
    }
    return out;
}

static struct node *add(struct node *parent, struct arena *arena, const char *name,
                        const char *value)
{
    struct node *node = arena_alloc(arena, sizeof(*node));
    node->name = escaped(arena, bytes_of_text(name));
    node->value = value;
    if (parent == NULL)
        return node;
    if (parent->last_child == NULL)
        parent->first_child = node;
    else
        parent->last_child->next = node;
    parent->last_child = node;
    return node;
}

struct node *node_add(struct node *parent, struct arena *arena, const char *name, const char *value)
{
    return add(parent, arena, name, value == NULL ? NULL : escaped(arena, bytes_of_text(value)));
}

struct node *node_printf(struct node *parent, struct arena *arena, const char *name,
                         const char *format, ...)
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
    return node_add(parent, arena, name, text);
}

struct node *node_hex(struct node *parent, struct arena *arena, const char *name, struct bytes b)
{
    enum { SHOWN = 64, TAIL = 40 };
    char *text = arena_alloc(arena, 2 * SHOWN + TAIL);
    for (size_t i = 0; i < b.size && i < SHOWN; i++)
        snprintf(text + 2 * i, 3, "%02x", b.data[i]);
    if (b.size > SHOWN)
        snprintf(text + 2 * SHOWN, TAIL, "... (%zu octets)", b.size);
    return add(parent, arena, name, text);
}

struct node *node_text(struct node *parent, struct arena *arena, const char *name,
                       struct bytes text)
{
    return add(parent, arena, name, escaped(arena, text));
}

/* ---- text ----------------------------------------------------------------------------------- */

static size_t line_size(const struct node *node, size_t depth)
{
    return 2 * depth + strlen(node->name) + (node->value == NULL ? 0 : strlen(node->value) + 2) + 1;
}

/* The node behind this one in the order of reading; NULL at the end. `path` holds its parents. */
enum { DEPTH = 64 };
struct walk {
    const struct node *path[DEPTH];
    size_t depth;
};

static bool walk_next(struct walk *walk)
{
    const struct node *node = walk->path[walk->depth];
    if (node->first_child != NULL && walk->depth + 1 < DEPTH) {
        walk->path[++walk->depth] = node->first_child;
        return true;
    }
    while (walk->depth > 0 && walk->path[walk->depth]->next == NULL)
        walk->depth--;
    if (walk->depth == 0)
        return false;
    walk->path[walk->depth] = walk->path[walk->depth]->next;
    return true;
}

struct bytes node_lines(const struct node *root, struct arena *arena)
{
    size_t room = 1;
    struct walk walk = {.path = {root}};
    do
        room += line_size(walk.path[walk.depth], walk.depth);
    while (walk_next(&walk));
    char *text = arena_alloc(arena, room), *to = text;
    walk = (struct walk){.path = {root}};
    do {
        const struct node *node = walk.path[walk.depth];
        to += sprintf(to, "%*s%s%s%s\n", (int)(2 * walk.depth), "", node->name,
                      node->value == NULL ? "" : ": ", node->value == NULL ? "" : node->value);
    } while (walk_next(&walk));
    return bytes_of(text, (size_t)(to - text));
}
