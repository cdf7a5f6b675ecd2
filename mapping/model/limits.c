#include "mapping/model/limits.h"

static const struct limit_row rows[] = {
#define LIMIT(name, value, unit, why) {#name, value, unit, why},
#include "mapping/model/limits.def"
#undef LIMIT
};

const struct limit_row *limit_rows(unsigned *count)
{
    *count = sizeof(rows) / sizeof(rows[0]);
    return rows;
}
