#include "gateway/observe/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "mapping/model/limits.h"

enum { LINE_START_OCTETS = 512, UTF8_BROKEN = -1 };

struct log {
    pthread_mutex_t lock; /* of fd: a reopen must not take it from under a write */
    int fd;
    char *path; /* NULL: standard error */
    enum log_level least;
};

struct log_line {
    struct log *log;
    size_t used;
    size_t room;
    char *text;
};

struct event_row {
    const char *word;
    enum log_level level;
};

static const struct event_row event_rows[EVENT_COUNT] = {
#define EVENT(name, word, level, what) {word, LOG_##level},
#include "gateway/observe/events.def"
#undef EVENT
};

static const char *const level_words[] = {
    [LOG_DEBUG] = "debug",
    [LOG_INFO] = "info",
    [LOG_WARNING] = "warning",
    [LOG_ERROR] = "error",
};

/* ---- the file ------------------------------------------------------------------------------ */

static int open_file(const char *path)
{
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
}

struct log *log_open(const char *path, enum log_level least)
{
    struct log *log = calloc(1, sizeof(*log));
    if (log == NULL)
        abort();
    log->least = least;
    log->fd = STDERR_FILENO;
    pthread_mutex_init(&log->lock, NULL);
    if (path == NULL || strcmp(path, "-") == 0)
        return log;
    log->path = strdup(path);
    if (log->path == NULL)
        abort();
    log->fd = open_file(path);
    if (log->fd >= 0)
        return log;
    int error = errno;
    log_close(log);
    errno = error;
    return NULL;
}

bool log_reopen(struct log *log)
{
    if (log->path == NULL)
        return true;
    int fd = open_file(log->path);
    if (fd < 0)
        return false;
    pthread_mutex_lock(&log->lock);
    int old = log->fd;
    log->fd = fd;
    pthread_mutex_unlock(&log->lock);
    close(old);
    return true;
}

void log_close(struct log *log)
{
    if (log == NULL)
        return;
    if (log->path != NULL && log->fd >= 0)
        close(log->fd);
    pthread_mutex_destroy(&log->lock);
    free(log->path);
    free(log);
}

/* One write(2) a line, so that lines of several processes on one O_APPEND file stay whole. The
 * remainder of a short write (a full disk, a pipe) follows; a line that cannot be written is
 * lost, since the log must never stop the gateway. */
static void write_line(struct log *log, const char *text, size_t size)
{
    pthread_mutex_lock(&log->lock);
    while (size > 0) {
        ssize_t done = write(log->fd, text, size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            break;
        text += done;
        size -= (size_t)done;
    }
    pthread_mutex_unlock(&log->lock);
}

/* ---- the line ------------------------------------------------------------------------------ */

static void put(struct log_line *line, const char *text, size_t size)
{
    if (line->room - line->used < size) {
        line->room = (line->room + size) * 2;
        line->text = realloc(line->text, line->room);
        if (line->text == NULL)
            abort();
    }
    memcpy(line->text + line->used, text, size);
    line->used += size;
}

__attribute__((format(printf, 2, 3))) static void put_format(struct log_line *line,
                                                             const char *format, ...)
{
    char text[64];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    put(line, text, size < 0 ? 0 : (size_t)size);
}

static void put_key(struct log_line *line, const char *key)
{
    put(line, ",\"", 2);
    put(line, key, strlen(key));
    put(line, "\":", 2);
}

/* RFC 3339 in UTC with milliseconds. */
static void put_time(struct log_line *line)
{
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    char text[32];
    size_t size = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    put(line, text, size);
    put_format(line, ".%03ldZ", now.tv_nsec / 1000000);
}

struct log_line *log_begin(struct log *log, enum event event)
{
    const struct event_row *row = &event_rows[event];
    if (log == NULL || row->level < log->least)
        return NULL;
    struct log_line *line = calloc(1, sizeof(*line));
    if (line == NULL)
        abort();
    line->log = log;
    line->room = LINE_START_OCTETS;
    line->text = malloc(line->room);
    if (line->text == NULL)
        abort();
    put(line, "{\"time\":\"", 9);
    put_time(line);
    put(line, "\"", 1);
    log_text(line, "level", level_words[row->level]);
    log_text(line, "event", row->word);
    return line;
}

void log_end(struct log_line *line)
{
    if (line == NULL)
        return;
    put(line, "}\n", 2);
    write_line(line->log, line->text, line->used);
    free(line->text);
    free(line);
}

/* ---- values -------------------------------------------------------------------------------- */

/* The character at the front of utf8 and its size, or UTF8_BROKEN and 1. Overlong forms,
 * surrogates and values above U+10FFFF are broken (RFC 3629 4). */
static int32_t character(struct bytes utf8, size_t *size)
{
    static const struct {
        uint8_t mask, lead;
        int32_t least;
    } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    uint8_t first = utf8.data[0];
    *size = 1;
    for (size_t form = 0; form < sizeof(forms) / sizeof(forms[0]); form++) {
        if ((first & forms[form].mask) != forms[form].lead)
            continue;
        if (utf8.size <= form)
            return UTF8_BROKEN;
        int32_t value = first & (uint8_t)~forms[form].mask;
        for (size_t i = 1; i <= form; i++) {
            if ((utf8.data[i] & 0xc0) != 0x80)
                return UTF8_BROKEN;
            value = value << 6 | (utf8.data[i] & 0x3f);
        }
        if (value < forms[form].least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
            return UTF8_BROKEN;
        *size = form + 1;
        return value;
    }
    return UTF8_BROKEN;
}

/* Characters that would change what a terminal or an editor shows of the rest of the line:
 * controls, line separators, marks that turn the direction of writing. */
static bool is_unsafe(int32_t c)
{
    static const struct {
        int32_t first, last;
    } ranges[] = {{0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},
                  {0x61c, 0x61c},   {0x200b, 0x200f}, {0x2028, 0x202e},
                  {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}};
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return c == '"' || c == '\\';
}

static void put_character(struct log_line *line, struct bytes utf8, size_t *size)
{
    int32_t c = character(utf8, size);
    if (c == UTF8_BROKEN)
        put(line, "\xef\xbf\xbd", 3); /* U+FFFD REPLACEMENT CHARACTER */
    else if (c == '"' || c == '\\')
        put_format(line, "\\%c", (char)c);
    else if (is_unsafe(c))
        put_format(line, "\\u%04" PRIx32, (uint32_t)c);
    else
        put(line, (const char *)utf8.data, *size);
}

void log_bytes(struct log_line *line, const char *key, struct bytes utf8)
{
    if (line == NULL || utf8.size == 0)
        return;
    put_key(line, key);
    put(line, "\"", 1);
    size_t end = utf8.size < LIMIT_LOG_VALUE_OCTETS ? utf8.size : LIMIT_LOG_VALUE_OCTETS;
    size_t size = 0;
    for (size_t at = 0; at < end; at += size)
        put_character(line, bytes_slice(utf8, at, utf8.size), &size);
    if (end < utf8.size)
        put(line, "...", 3);
    put(line, "\"", 1);
}

void log_text(struct log_line *line, const char *key, const char *value)
{
    log_bytes(line, key, bytes_of_text(value));
}

void log_hex(struct log_line *line, const char *key, struct bytes octets)
{
    if (line == NULL || octets.size == 0)
        return;
    put_key(line, key);
    put(line, "\"", 1);
    size_t end = octets.size < LIMIT_LOG_VALUE_OCTETS ? octets.size : LIMIT_LOG_VALUE_OCTETS;
    for (size_t at = 0; at < end; at++)
        put_format(line, "%02x", octets.data[at]);
    if (end < octets.size)
        put(line, "...", 3);
    put(line, "\"", 1);
}

void log_number(struct log_line *line, const char *key, int64_t value)
{
    if (line == NULL)
        return;
    put_key(line, key);
    put_format(line, "%" PRId64, value);
}

void log_flag(struct log_line *line, const char *key, bool value)
{
    if (line == NULL)
        return;
    put_key(line, key);
    if (value)
        put(line, "true", 4);
    else
        put(line, "false", 5);
}
