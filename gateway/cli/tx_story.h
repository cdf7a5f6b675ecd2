/* A transaction as a person would tell it, and as a program would read it. */
#ifndef DRAGOMAN_GATEWAY_CLI_TX_STORY_H
#define DRAGOMAN_GATEWAY_CLI_TX_STORY_H

#include <stdio.h>

#include "gateway/cli/text.h"

struct story {
    const struct transaction *transaction;
    const struct issued_certificate *certificates;
    size_t certificate_count;
};

void story_tell(FILE *out, const struct story *story, struct arena *arena);
json_t *story_json(const struct story *story, struct arena *arena);
/* One line in a list. */
void story_line(FILE *out, const struct transaction *transaction, struct arena *arena);

#endif
