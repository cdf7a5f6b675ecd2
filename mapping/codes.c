#include "mapping/codes.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum reason reason_from_cmp_bit(int bit)
{
    for (unsigned r = 0; r < REASON_COUNT; r++) {
        const struct reason_row *row = reason_row((enum reason)r);
        if (row->from_cmp != REASON_NO_CODE && row->from_cmp == bit)
            return (enum reason)r;
    }
    return REASON_VENDOR;
}

enum reason reason_from_cmc(long value)
{
    for (unsigned r = 0; r < REASON_COUNT; r++) {
        const struct reason_row *row = reason_row((enum reason)r);
        if (row->from_cmc != REASON_NO_CODE && row->from_cmc == value)
            return (enum reason)r;
    }
    return REASON_VENDOR;
}

/* What an EST server's status says of the message that we sent it; the first row that holds the
 * status decides, so that the ranges come last. */
static const struct {
    int from, to;
    enum reason reason;
} http_rows[] = {
    {400, 400, REASON_BAD_REQUEST},        /* RFC 7030 4.2.3 */
    {401, 401, REASON_GATEWAY_FAULT},      /* our credentials: RFC 7030 3.2.3 */
    {403, 403, REASON_NOT_AUTHORIZED},     /* RFC 7030 3.7 */
    {404, 406, REASON_GATEWAY_FAULT},      /* our URL, method or Accept: RFC 9110 15.5 */
    {408, 408, REASON_SYSTEM_UNAVAIL},     /* not processed: RFC 9110 15.5.9 */
    {409, 409, REASON_DUPLICATE_CERT_REQ}, /* RFC 9110 15.5.10 */
    {411, 411, REASON_GATEWAY_FAULT},
    {413, 413, REASON_TOO_LARGE}, /* RFC 9110 15.5.14 */
    {415, 415, REASON_GATEWAY_FAULT},
    {421, 421, REASON_GATEWAY_FAULT},
    {426, 426, REASON_GATEWAY_FAULT},
    {429, 429, REASON_SYSTEM_UNAVAIL}, /* we are throttled: RFC 6585 4 */
    {501, 501, REASON_NO_OPERATION},   /* optional function absent: RFC 7030 4.3.2 */
    {502, 503, REASON_SYSTEM_UNAVAIL}, /* RFC 9110 15.6.3, 15.6.4 */
    {504, 504, REASON_UPSTREAM_UNKNOWN},
    {505, 505, REASON_GATEWAY_FAULT},
    {400, 499, REASON_BAD_REQUEST},
    {500, 599, REASON_SYSTEM_FAILURE},
};

enum reason reason_from_http(int status)
{
    for (size_t i = 0; i < COUNT(http_rows); i++) {
        if (status >= http_rows[i].from && status <= http_rows[i].to)
            return http_rows[i].reason;
    }
    /* A success that is none, a redirection, or no status at all: broken. */
    return REASON_GATEWAY_FAULT;
}

/* A refusal without a reason is one that the authority did not explain. */
static const struct reason_row *first_row(const struct result *result)
{
    return reason_row(result->reason_count > 0 ? result->reasons[0] : REASON_UNSPECIFIED);
}

uint32_t result_cmp_bits(const struct result *result)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < result->reason_count; i++)
        bits |= reason_row(result->reasons[i])->cmp_bits;
    return bits;
}

int result_cmc_fail_info(const struct result *result)
{
    return first_row(result)->cmc;
}

int result_http_status(const struct result *result)
{
    static const int precedence[] = {401, 403, 503, 413, 415, 404, 400, 501, 504, 502, 500};
    if (result->status == RESULT_GRANTED || result->status == RESULT_GRANTED_WITH_MODS)
        return 200;
    if (result->status == RESULT_PENDING || result->status == RESULT_UNKNOWN)
        return 202;
    for (size_t p = 0; p < COUNT(precedence); p++) {
        for (size_t i = 0; i < result->reason_count; i++) {
            if (reason_row(result->reasons[i])->http == precedence[p])
                return precedence[p];
        }
    }
    return first_row(result)->http;
}
