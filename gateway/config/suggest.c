#include "gateway/config/suggest.h"

#include <ctype.h>
#include <string.h>

enum { LONGEST = 40 };

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static int folded(const char *word, size_t i)
{
    return tolower((unsigned char)word[i]);
}

/* Damerau's distance, in the restricted form that edits no place twice; both at most LONGEST. */
static unsigned distance(const char *a, const char *b)
{
    unsigned cost[LONGEST + 1][LONGEST + 1];
    const size_t rows = strlen(a), columns = strlen(b);
    for (size_t i = 0; i <= rows; i++)
        cost[i][0] = (unsigned)i;
    for (size_t j = 0; j <= columns; j++)
        cost[0][j] = (unsigned)j;
    for (size_t i = 1; i <= rows; i++) {
        for (size_t j = 1; j <= columns; j++) {
            const bool same = folded(a, i - 1) == folded(b, j - 1);
            cost[i][j] = least(least(cost[i - 1][j], cost[i][j - 1]) + 1,
                               cost[i - 1][j - 1] + (same ? 0 : 1));
            if (i > 1 && j > 1 && folded(a, i - 1) == folded(b, j - 2) &&
                folded(a, i - 2) == folded(b, j - 1))
                cost[i][j] = least(cost[i][j], cost[i - 2][j - 2] + 1);
        }
    }
    return cost[rows][columns];
}

const char *suggest(const char *word, const char *const *known, size_t count)
{
    const char *nearest = NULL;
    const size_t length = strlen(word);
    /* A third of the letters may be wrong, at least one. */
    unsigned best = (unsigned)(length < 3 ? 1 : length / 3) + 1;
    for (size_t i = 0; i < count && length <= LONGEST; i++) {
        if (strlen(known[i]) > LONGEST)
            continue;
        unsigned d = distance(word, known[i]);
        if (d < best) {
            best = d;
            nearest = known[i];
        }
    }
    return nearest;
}
