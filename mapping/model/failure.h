/* The one error type. Neutral until an adapter speaks: what the peer may read (text) and what the
 * operator needs (clause, detail) are apart.
 *
 * Functions that can fail return bool and take `struct failure *why` last; fail() returns false,
 * so that a check is one statement:
 *
 *     if (skew > limit)
 *         return fail(why, REASON_BAD_TIME, "RFC 9483 3.5", "messageTime is off by %ld s", skew);
 *
 * A text never holds a path, an address, a key or a secret. */
#ifndef DRAGOMAN_MAPPING_MODEL_FAILURE_H
#define DRAGOMAN_MAPPING_MODEL_FAILURE_H

#include <stdbool.h>

#include "mapping/model/reasons.h"

struct failure {
    enum reason reason;
    char clause[40];  /* "RFC 9483 3.5" */
    char text[200];   /* for the peer: UTF-8, what to fix */
    char detail[320]; /* for the log: values, OpenSSL's error queue */
};

/* Sets why and returns false. clause NULL and format NULL take the reason's own row. */
bool fail(struct failure *why, enum reason reason, const char *clause, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Appends to why->detail; returns false. */
bool fail_detail(struct failure *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
