#include "tests/support/capture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static FILE *caught;
static int kept = -1;

void capture_begin(void)
{
    fflush(stdout);
    caught = tmpfile();
    kept = dup(STDOUT_FILENO);
    if (caught == NULL || kept < 0 || dup2(fileno(caught), STDOUT_FILENO) < 0)
        abort();
}

const char *capture_end(struct arena *arena)
{
    fflush(stdout);
    if (dup2(kept, STDOUT_FILENO) < 0)
        abort();
    close(kept);
    fseek(caught, 0, SEEK_END);
    size_t size = (size_t)ftell(caught);
    rewind(caught);
    char *text = arena_alloc(arena, size + 1);
    if (fread(text, 1, size, caught) != size)
        abort();
    fclose(caught);
    return text;
}
