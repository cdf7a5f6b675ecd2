/* "Did you mean ...?" */
#ifndef DRAGOMAN_GATEWAY_CONFIG_SUGGEST_H
#define DRAGOMAN_GATEWAY_CONFIG_SUGGEST_H

#include <stdbool.h>
#include <stddef.h>

/* The known word that is nearest to `word` by insertions, deletions, exchanges and neighbours
 * swapped, case aside; NULL if none is near enough to be meant. */
const char *suggest(const char *word, const char *const *known, size_t count);

#endif
