/* What a command writes to standard output, for a while. */
#ifndef DRAGOMAN_TESTS_SUPPORT_CAPTURE_H
#define DRAGOMAN_TESTS_SUPPORT_CAPTURE_H

#include "mapping/model/arena.h"

void capture_begin(void);
/* All that was written since, as a C string. */
const char *capture_end(struct arena *arena);

#endif
