/* The one table of limits, as constants: LIMIT_MESSAGE_OCTETS and so on (limits.def). */
#ifndef DRAGOMAN_MAPPING_MODEL_LIMITS_H
#define DRAGOMAN_MAPPING_MODEL_LIMITS_H

enum limit {
#define LIMIT(name, value, unit, why) LIMIT_##name = (value),
#include "mapping/model/limits.def"
#undef LIMIT
};

struct limit_row {
    const char *name;
    long value;
    const char *unit;
    const char *why;
};

/* All rows, for documentation and checks; *count says how many. */
const struct limit_row *limit_rows(unsigned *count);

#endif
