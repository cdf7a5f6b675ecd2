#include "mapping/model/reasons.h"

#include <assert.h>

#define BIT(n) (UINT32_C(1) << (n))
#define END REASON_SCOPE_END
#define HOP REASON_SCOPE_HOP
#define NONE REASON_NO_CODE

static const struct reason_row rows[] = {
#define REASON(name, word, status, cmp_bits, cmc, http, scope, from_cmp, from_cmc, clause, text)   \
    {word, REASON_STATUS_##status, cmp_bits, cmc, http, scope, from_cmp, from_cmc, clause, text},
#include "mapping/model/reasons.def"
#undef REASON
};

const struct reason_row *reason_row(enum reason reason)
{
    assert((unsigned)reason < REASON_COUNT);
    return &rows[reason];
}
