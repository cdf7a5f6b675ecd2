/* Where a JSON pointer stands in the text that was parsed: jansson keeps no positions. */
#ifndef DRAGOMAN_GATEWAY_CONFIG_POSITION_H
#define DRAGOMAN_GATEWAY_CONFIG_POSITION_H

#include <stdbool.h>
#include <stddef.h>

/* Line and column (in characters) from 1 of the value, or with `of_key` of the name before it.
 * `text` must be well-formed JSON without names that repeat. False if the pointer leads nowhere. */
bool position_find(const char *text, const char *pointer, bool of_key, unsigned *line,
                   unsigned *column);

#endif
