#include "tests/support/octets.h"

#include <stdio.h>
#include <stdlib.h>

struct bytes octets_from_file(struct arena *arena, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        abort();
    }
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    uint8_t *octets = arena_alloc(arena, size + 1);
    if (fread(octets, 1, size, file) != size)
        abort();
    fclose(file);
    return bytes_of(octets, size);
}

struct bytes octets_from_hex(struct arena *arena, const char *hex)
{
    uint8_t *octets = arena_alloc(arena, strlen(hex) / 2 + 1);
    size_t size = 0;
    if (strlen(hex) % 2 != 0)
        abort();
    for (unsigned value; hex[0] != '\0' && sscanf(hex, "%2x", &value) == 1; hex += 2)
        octets[size++] = (uint8_t)value;
    return bytes_of(octets, size);
}
