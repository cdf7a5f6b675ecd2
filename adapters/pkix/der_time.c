/* UTCTime and GeneralizedTime (RFC 5280 4.1.2.5) to and from s since 1970 UTC, without the C
 * library's time zones. */
#include <inttypes.h>

#include "adapters/pkix/der.h"

enum { DER_UTC_TIME = 0x17, DER_GENERALIZED_TIME = 0x18, DAY_S = 86400, YEARS_400_DAYS = 146097 };

struct civil {
    int64_t year;
    int64_t month; /* 1 to 12 */
    int64_t day;
    int64_t second; /* of the day */
};

/* Days since 1970 of a date in the Gregorian calendar, whose years are counted from March so that
 * the leap day comes last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    if (month <= 2)
        year--;
    int64_t era = year / 400, of_era = year % 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * YEARS_400_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static struct civil civil_of(int64_t t)
{
    int64_t second = (t % DAY_S + DAY_S) % DAY_S;
    int64_t days = (t - second) / DAY_S + 719468;
    int64_t era = days / YEARS_400_DAYS, of_era = days % YEARS_400_DAYS;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    struct civil c = {.year = year + era * 400,
                      .month = month < 10 ? month + 3 : month - 9,
                      .day = of_year - (153 * month + 2) / 5 + 1,
                      .second = second};
    c.year += c.month <= 2;
    return c;
}

static bool take_digits(struct bytes *rest, size_t count, int64_t *out)
{
    *out = 0;
    if (rest->size < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (rest->data[i] < '0' || rest->data[i] > '9')
            return false;
        *out = *out * 10 + (rest->data[i] - '0');
    }
    *rest = bytes_slice(*rest, count, rest->size);
    return true;
}

/* ".123" of a GeneralizedTime: RFC 5280 forbids it, CMP and TSP clients send it. */
static bool skip_fraction(struct bytes *rest)
{
    size_t digits = 1;
    if (rest->size == 0 || rest->data[0] != '.')
        return true;
    while (digits < rest->size && rest->data[digits] >= '0' && rest->data[digits] <= '9')
        digits++;
    *rest = bytes_slice(*rest, digits, rest->size);
    return digits > 1;
}

static bool is_date(int64_t year, int64_t month, int64_t day)
{
    static const int64_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12 || day < 1)
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= days[month - 1] + (month == 2 && leap ? 1 : 0);
}

bool der_time(struct bytes tlv, int64_t *out)
{
    struct der time;
    int64_t year, month, day, hour, minute, second;
    bool two_digits = der_only(tlv, DER_UTC_TIME, &time);
    if (!two_digits && !der_only(tlv, DER_GENERALIZED_TIME, &time))
        return false;
    struct bytes rest = time.content;
    if (!take_digits(&rest, two_digits ? 2 : 4, &year) || !take_digits(&rest, 2, &month) ||
        !take_digits(&rest, 2, &day) || !take_digits(&rest, 2, &hour) ||
        !take_digits(&rest, 2, &minute) || !take_digits(&rest, 2, &second))
        return false;
    if ((!two_digits && !skip_fraction(&rest)) || !bytes_equal_text(rest, "Z"))
        return false;
    if (two_digits)
        year += year < 50 ? 2000 : 1900;
    if (!is_date(year, month, day) || hour > 23 || minute > 59 || second > 60)
        return false;
    *out = days_of(year, month, day) * DAY_S + hour * 3600 + minute * 60 + second;
    return true;
}

static struct bytes time_tlv(struct arena *arena, int64_t t, bool two_digits)
{
    struct civil c = civil_of(t);
    const char *text = arena_printf(
        arena, "%04" PRId64 "%02" PRId64 "%02" PRId64 "%02" PRId64 "%02" PRId64 "%02" PRId64 "Z",
        c.year, c.month, c.day, c.second / 3600, c.second / 60 % 60, c.second % 60);
    return der_wrap(arena, two_digits ? DER_UTC_TIME : DER_GENERALIZED_TIME,
                    bytes_of_text(two_digits ? text + 2 : text));
}

struct bytes der_generalized_time(struct arena *arena, int64_t t)
{
    return time_tlv(arena, t, false);
}

struct bytes der_x509_time(struct arena *arena, int64_t t)
{
    const int64_t start_1950 = -631152000, start_2050 = 2524608000;
    return time_tlv(arena, t, t >= start_1950 && t < start_2050);
}
