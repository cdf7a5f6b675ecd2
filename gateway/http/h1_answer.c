#include "gateway/http/h1.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static const struct {
    int status;
    const char *phrase;
} phrases[] = {
    {200, "OK"},
    {202, "Accepted"},
    {204, "No Content"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

static const char *phrase(int status)
{
    for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "Unknown";
}

/* A value may come from the configuration: a line break in it must not begin a new field. */
static void write_field(struct buffer *out, const char *name, const char *value)
{
    if (value == NULL)
        return;
    buffer_text(out, name);
    buffer_text(out, ": ");
    struct bytes text = bytes_of_text(value);
    for (size_t i = 0; i < text.size; i++) {
        bool is_control = text.data[i] < ' ' || text.data[i] == 0x7f;
        buffer_append(out, is_control ? BYTES_LITERAL(" ") : bytes_slice(text, i, 1));
    }
    buffer_text(out, "\r\n");
}

/* RFC 9110 5.6.7: IMF-fixdate, in English whatever the locale. */
const char *h1_date(char text[H1_DATE_TEXT], int64_t now)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)now;
    struct tm utc;
    if (gmtime_r(&seconds, &utc) == NULL)
        return NULL;
    snprintf(text, H1_DATE_TEXT, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[utc.tm_wday],
             utc.tm_mday, months[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
             utc.tm_sec);
    return text;
}

/* RFC 9112 9.3: a 1.1 client is told of an end, a 1.0 client of a connection that stays. */
static void write_connection(struct buffer *out, const struct h1_answer *answer)
{
    if (!answer->keep_alive)
        buffer_text(out, "Connection: close\r\n");
    else if (answer->minor == 0)
        buffer_text(out, "Connection: keep-alive\r\n");
}

void h1_write_answer(struct buffer *out, const struct h1_answer *answer, const struct reply *reply)
{
    char date[H1_DATE_TEXT];
    struct bytes body = reply->content_type == NULL ? BYTES_EMPTY : reply->body;
    buffer_printf(out, "HTTP/1.%d %d %s\r\n", answer->minor, reply->status, phrase(reply->status));
    write_field(out, "Date", h1_date(date, answer->now));
    write_field(out, "Content-Type", reply->content_type);
    write_field(out, "Content-Transfer-Encoding", reply->transfer_encoding);
    if (reply->status != 204) /* RFC 9110 8.6 */
        buffer_printf(out, "Content-Length: %zu\r\n", body.size);
    if (reply->retry_after_s > 0)
        buffer_printf(out, "Retry-After: %" PRId64 "\r\n", reply->retry_after_s);
    write_field(out, "WWW-Authenticate", reply->www_authenticate);
    write_field(out, "Allow", reply->allow);
    write_connection(out, answer);
    buffer_text(out, "\r\n");
    if (!answer->without_body && reply->status != 204)
        buffer_append(out, body);
}
