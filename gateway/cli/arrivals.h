/* The kinds of request that devices send, and what the plan makes of each: for the tables that
 * `dragoman matrix` and `dragoman check` print. */
#ifndef DRAGOMAN_GATEWAY_CLI_ARRIVALS_H
#define DRAGOMAN_GATEWAY_CLI_ARRIVALS_H

#include "mapping/plan.h"

struct arrival {
    const char *what;
    enum protocol inbound;
    uint32_t operations; /* 1 << enum operation: what it can be */
    enum item_format format;
    int64_t id; /* certReqId or bodyPartID */
};

const struct arrival *arrival_rows(size_t *count);
/* Whether such a request can carry such a proof. */
bool arrival_can_have(const struct arrival *arrival, enum pop_form form);
/* The plan for it, where the proof is as good as its form allows. */
bool arrival_plan(const struct arrival *arrival, enum pop_form form,
                  const struct capabilities *authority, enum carriage *carriage,
                  struct failure *why);

#endif
