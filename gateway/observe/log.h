/* The log: one JSON object a line, one line an exchange. Read with jq.
 *
 * Events and their fields stand in events.def. Values of peers are escaped; no secret is ever a
 * field. Thread-safe: a line is written with one write(2). */
#ifndef DRAGOMAN_GATEWAY_OBSERVE_LOG_H
#define DRAGOMAN_GATEWAY_OBSERVE_LOG_H

#include "mapping/model/bytes.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

enum event {
#define EVENT(name, word, level, what) EVENT_##name,
#include "gateway/observe/events.def"
#undef EVENT
    EVENT_COUNT
};

struct log;

/* path NULL or "-": standard error. NULL: errno tells. */
struct log *log_open(const char *path, enum log_level least);
/* Opens the path again (after rotation). */
bool log_reopen(struct log *log);
void log_close(struct log *log);

/* A line under construction; keys are literals. Empty and NULL values are left out; long ones are
 * cut after LIMIT_LOG_VALUE_OCTETS. A NULL log is silent, and so is an event below the least
 * level: log_begin then gives NULL, which all functions below take and ignore. */
struct log_line;
struct log_line *log_begin(struct log *log, enum event event);
void log_text(struct log_line *line, const char *key, const char *value);
void log_bytes(struct log_line *line, const char *key, struct bytes utf8);
void log_hex(struct log_line *line, const char *key, struct bytes octets);
void log_number(struct log_line *line, const char *key, int64_t value);
void log_flag(struct log_line *line, const char *key, bool value);
/* Writes and frees it. */
void log_end(struct log_line *line);

#endif
