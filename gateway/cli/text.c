#include "gateway/cli/text.h"

#include <ctype.h>
#include <strings.h>
#include <time.h>

#include "mapping/model/limits.h"

static const char *formatted(int64_t t, bool for_people, struct arena *arena)
{
    enum { ROOM = 40 };
    struct tm tm;
    time_t time = (time_t)t;
    char *text = arena_alloc(arena, ROOM);
    if (t == 0 || gmtime_r(&time, &tm) == NULL)
        return "-";
    size_t size = for_people ? strftime(text, ROOM, "%Y-%m-%d %H:%M:%S UTC", &tm)
                             : strftime(text, ROOM, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return size == 0 ? "-" : text;
}

const char *text_time(int64_t t, struct arena *arena)
{
    return formatted(t, true, arena);
}

const char *text_time_iso(int64_t t, struct arena *arena)
{
    return formatted(t, false, arena);
}

const char *text_serial(struct bytes serial, struct arena *arena)
{
    static const char digits[] = "0123456789abcdef";
    if (serial.size > 1 && serial.data[0] == 0)
        serial = bytes_slice(serial, 1, serial.size);
    char *text = arena_alloc(arena, 2 * serial.size + 1);
    for (size_t i = 0; i < serial.size; i++) {
        text[2 * i] = digits[serial.data[i] >> 4];
        text[2 * i + 1] = digits[serial.data[i] & 15];
    }
    return text;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The hex digits' values, colons left out; the count, or 0 if there is anything else. */
static size_t digits_of(const char *text, uint8_t *values, size_t most)
{
    size_t count = 0;
    for (; *text != '\0'; text++) {
        if (*text == ':')
            continue;
        if (digit(*text) < 0 || count == most)
            return 0;
        values[count++] = (uint8_t)digit(*text);
    }
    return count;
}

struct bytes text_to_serial(const char *text, struct arena *arena)
{
    enum { MOST = 2 * LIMIT_SERIAL_OCTETS };
    uint8_t values[MOST], octets[LIMIT_SERIAL_OCTETS + 1] = {0};
    if (strncasecmp(text, "0x", 2) == 0)
        text += 2;
    size_t count = digits_of(text, values, MOST);
    if (count == 0)
        return BYTES_EMPTY;
    size_t size = (count + 1) / 2; /* behind one zero octet */
    for (size_t i = 0; i < count; i++) {
        size_t from_end = count - 1 - i;
        octets[size - from_end / 2] |= (uint8_t)(values[i] << (from_end % 2 == 0 ? 0 : 4));
    }
    size_t from = 0;
    while (from < size && octets[from] == 0 && (octets[from + 1] & 0x80) == 0)
        from++;
    return arena_copy(arena, bytes_of(octets + from, size + 1 - from));
}

json_t *text_json(struct bytes utf8)
{
    const char *data = utf8.size == 0 ? "" : (const char *)utf8.data;
    json_t *text = json_stringn(data, utf8.size);
    return text != NULL ? text : json_string("");
}

json_t *text_certificate_json(const struct issued_certificate *c, struct arena *arena)
{
    json_t *row = json_object();
    json_object_set_new(row, "serial", json_string(text_serial(c->serial, arena)));
    json_object_set_new(row, "state", json_string(certificate_state_word(c->state)));
    json_object_set_new(row, "authority", text_json(bytes_of_text(c->authority)));
    json_object_set_new(row, "subject", text_json(c->subject_text));
    json_object_set_new(row, "transaction", text_json(c->transaction));
    json_object_set_new(row, "issued", json_string(text_time_iso(c->issued_at, arena)));
    json_object_set_new(row, "not_after", json_string(text_time_iso(c->not_after, arena)));
    if (c->revoked_at != 0) {
        json_object_set_new(row, "revoked", json_string(text_time_iso(c->revoked_at, arena)));
        json_object_set_new(row, "reason", json_integer(c->revocation_reason));
    }
    return row;
}
