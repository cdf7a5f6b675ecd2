/* Times and numbers as people read them on a terminal. */
#ifndef DRAGOMAN_GATEWAY_CLI_TEXT_H
#define DRAGOMAN_GATEWAY_CLI_TEXT_H

#include <jansson.h>

#include "gateway/store/store.h"

/* "2026-11-22 01:02:03 UTC"; "2026-11-22T01:02:03Z" for programs. 0: "-". */
const char *text_time(int64_t t, struct arena *arena);
const char *text_time_iso(int64_t t, struct arena *arena);
/* "4f00a1", INTEGER content without the leading zero that keeps it positive. */
const char *text_serial(struct bytes serial, struct arena *arena);
/* INTEGER content from "4F:00:A1", "0x4f00a1", "4f00a1"; empty if it is no such number. */
struct bytes text_to_serial(const char *text, struct arena *arena);

/* What is no UTF-8 becomes "". */
json_t *text_json(struct bytes utf8);
/* serial, state, authority, subject, transaction, issued, not_after, and if revoked since when. */
json_t *text_certificate_json(const struct issued_certificate *certificate, struct arena *arena);

#endif
