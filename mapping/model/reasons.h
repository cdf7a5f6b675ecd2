/* The reasons of reasons.def as an enum and a table. */
#ifndef DRAGOMAN_MAPPING_MODEL_REASONS_H
#define DRAGOMAN_MAPPING_MODEL_REASONS_H

#include <stdint.h>

enum reason {
#define REASON(name, word, status, cmp_bits, cmc, http, scope, from_cmp, from_cmc, clause, text)   \
    REASON_##name,
#include "mapping/model/reasons.def"
#undef REASON
    REASON_COUNT
};

enum reason_status { REASON_STATUS_REFUSED, REASON_STATUS_TRY_LATER, REASON_STATUS_NOT_SUPPORTED };

/* Whom a code accuses: the end's request, or the message of one hop. */
enum reason_scope { REASON_SCOPE_END, REASON_SCOPE_HOP };

enum { REASON_NO_CODE = -1 };

struct reason_row {
    const char *word;
    enum reason_status status;
    uint32_t cmp_bits; /* bit n of PKIFailureInfo is 1 << n */
    int cmc;           /* CMCFailInfo */
    int http;          /* EST status code */
    enum reason_scope scope;
    int from_cmp; /* PKIFailureInfo bit, or REASON_NO_CODE */
    int from_cmc; /* CMCFailInfo value, or REASON_NO_CODE */
    const char *clause;
    const char *text;
};

/* The row of a reason; never NULL for a value of the enum. */
const struct reason_row *reason_row(enum reason reason);

#endif
