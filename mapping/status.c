#include "mapping/codes.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* RFC 9810 5.2.3:  PKIStatus ::= INTEGER { accepted (0), grantedWithMods (1), rejection (2),
 *     waiting (3), revocationWarning (4), revocationNotification (5), keyUpdateWarning (6) } */
enum { ACCEPTED, GRANTED_WITH_MODS, REJECTION, WAITING };

/* RFC 10002 6.1.3:  CMCStatus ::= INTEGER { success (0), failed (2), pending (3), noSupport (4),
 *     confirmRequired (5), popRequired (6), partial (7) } */
enum { SUCCESS, FAILED = 2, PENDING, NO_SUPPORT, CONFIRM_REQUIRED, POP_REQUIRED, PARTIAL };

int result_cmp_status(const struct result *result)
{
    static const int statuses[RESULT_STATUS_COUNT] = {
        [RESULT_GRANTED] = ACCEPTED,  [RESULT_GRANTED_WITH_MODS] = GRANTED_WITH_MODS,
        [RESULT_PENDING] = WAITING,   [RESULT_UNKNOWN] = WAITING,
        [RESULT_REFUSED] = REJECTION,
    };
    return statuses[result->status];
}

/* noSupport only if nothing else was wrong: failed outranks it (RFC 10002 6.1). */
static int refusal_cmc_status(const struct result *result)
{
    for (size_t i = 0; i < result->reason_count; i++) {
        if (reason_row(result->reasons[i])->status != REASON_STATUS_NOT_SUPPORTED)
            return FAILED;
    }
    return result->reason_count > 0 ? NO_SUPPORT : FAILED;
}

int result_cmc_status(const struct result *result)
{
    static const int statuses[RESULT_STATUS_COUNT] = {
        [RESULT_GRANTED] = SUCCESS, [RESULT_GRANTED_WITH_MODS] = SUCCESS,
        [RESULT_PENDING] = PENDING, [RESULT_UNKNOWN] = PENDING,
        [RESULT_REFUSED] = FAILED,
    };
    if (result->status == RESULT_REFUSED)
        return refusal_cmc_status(result);
    return statuses[result->status];
}

/* One received status. REASON_COUNT: the status names no reason of its own. */
struct status_row {
    const char *name; /* NULL: reserved */
    enum result_status status;
    enum reason reason;
    bool confirm_needed;
    int rank;
};

static const struct status_row cmp_rows[] = {
    {"accepted", RESULT_GRANTED, REASON_COUNT, false, 0},
    {"grantedWithMods", RESULT_GRANTED_WITH_MODS, REASON_COUNT, false, 0},
    {"rejection", RESULT_REFUSED, REASON_COUNT, false, 0},
    {"waiting", RESULT_PENDING, REASON_COUNT, false, 0},
    {"revocationWarning", RESULT_GRANTED, REASON_COUNT, false, 0},
    {"revocationNotification", RESULT_GRANTED, REASON_COUNT, false, 0},
    /* With a certificate it is a success with a text (RFC 9810 App. F). */
    {"keyUpdateWarning", RESULT_REFUSED, REASON_BAD_REQUEST, false, 0},
};

static const struct status_row cmc_rows[] = {
    {"success", RESULT_GRANTED, REASON_COUNT, false, 0},
    {NULL, RESULT_REFUSED, REASON_VENDOR, false, 6},
    {"failed", RESULT_REFUSED, REASON_COUNT, false, 5},
    {"pending", RESULT_PENDING, REASON_COUNT, false, 2},
    {"noSupport", RESULT_REFUSED, REASON_NO_OPERATION, false, 4},
    {"confirmRequired", RESULT_GRANTED, REASON_COUNT, true, 1},
    {"popRequired", RESULT_REFUSED, REASON_POP_REQUIRED, false, 3},
    {"partial", RESULT_PENDING, REASON_COUNT, false, 2},
};

static const struct status_row undefined = {NULL, RESULT_REFUSED, REASON_VENDOR, false, 6};

static const struct status_row *cmp_row(long status)
{
    return status >= 0 && status < (long)COUNT(cmp_rows) ? &cmp_rows[status] : &undefined;
}

static const struct status_row *cmc_row(long status)
{
    return status >= 0 && status < (long)COUNT(cmc_rows) ? &cmc_rows[status] : &undefined;
}

static void read_status(struct result *result, const struct status_row *row)
{
    result->status = row->status;
    result->confirm_needed = row->confirm_needed;
    if (row->reason != REASON_COUNT)
        result_add_reason(result, row->reason);
    else if (row->status == RESULT_REFUSED && result->reason_count == 0)
        result_add_reason(result, REASON_UNSPECIFIED);
}

void result_read_cmp_status(struct result *result, long status)
{
    read_status(result, cmp_row(status));
}

void result_read_cmc_status(struct result *result, long status)
{
    read_status(result, cmc_row(status));
}

int cmc_status_rank(long status)
{
    return cmc_row(status)->rank;
}

const char *cmp_status_name(long value)
{
    return cmp_row(value)->name;
}

const char *cmc_status_name(long value)
{
    return cmc_row(value)->name;
}
