#include "mapping/model/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool fail(struct failure *why, enum reason reason, const char *clause, const char *format, ...)
{
    const struct reason_row *row = reason_row(reason);
    why->reason = reason;
    why->detail[0] = '\0';
    snprintf(why->clause, sizeof(why->clause), "%s", clause == NULL ? row->clause : clause);
    if (format == NULL) {
        snprintf(why->text, sizeof(why->text), "%s", row->text);
        return false;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why->text, sizeof(why->text), format, arguments);
    va_end(arguments);
    return false;
}

bool fail_detail(struct failure *why, const char *format, ...)
{
    size_t used = strlen(why->detail);
    if (used > 0 && used + 2 < sizeof(why->detail)) {
        memcpy(why->detail + used, "; ", 3);
        used += 2;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why->detail + used, sizeof(why->detail) - used, format, arguments);
    va_end(arguments);
    return false;
}
