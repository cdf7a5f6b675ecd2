/* The kinds of request that devices send, and what the plan makes of each: for the tables that
 * `dragoman matrix` and `dragoman check` print. */
#ifndef DRAGOMAN_GATEWAY_CLI_REQUEST_KINDS_H
#define DRAGOMAN_GATEWAY_CLI_REQUEST_KINDS_H

#include "mapping/plan.h"

struct request_kind {
    const char *what;
    enum protocol inbound;
    uint32_t operations; /* 1 << enum operation: what it can be */
    enum item_format format;
    int64_t id; /* certReqId or bodyPartID */
};

const struct request_kind *request_kinds(size_t *count);
/* Whether such a request can carry such a proof. */
bool request_kind_can_have(const struct request_kind *kind, enum pop_form form);
/* The plan for it, where the proof is as good as its form allows. */
bool request_kind_plan(const struct request_kind *kind, enum pop_form form,
                       const struct capabilities *authority, enum carriage *carriage,
                       struct failure *why);

#endif
