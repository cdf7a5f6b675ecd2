/* Test input: files and hex. A file that cannot be read ends the test program. */
#ifndef DRAGOMAN_TESTS_SUPPORT_OCTETS_H
#define DRAGOMAN_TESTS_SUPPORT_OCTETS_H

#include "mapping/model/arena.h"

struct bytes octets_from_file(struct arena *arena, const char *path);
struct bytes octets_from_hex(struct arena *arena, const char *hex);

#endif
