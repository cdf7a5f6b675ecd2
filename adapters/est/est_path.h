/* /.well-known/est[/LABEL]/OPERATION (RFC 7030 3.2.2). */
#ifndef DRAGOMAN_ADAPTERS_EST_EST_PATH_H
#define DRAGOMAN_ADAPTERS_EST_EST_PATH_H

#include "adapters/message.h"
#include "mapping/model/request.h"

enum est_operation {
#define EST_OPERATION(name, word, method, media_type, operation) EST_##name,
#include "adapters/est/est_operations.def"
#undef EST_OPERATION
    EST_OPERATION_COUNT
};

struct est_operation_row {
    const char *word;
    const char *method;
    const char *media_type;
    enum operation operation; /* OPERATION_COUNT: known, not offered */
};
const struct est_operation_row *est_operation_row(enum est_operation operation);

struct est_path {
    struct bytes label; /* empty: none */
    enum est_operation operation;
};

/* Whether the path is EST's at all. */
bool est_is_path(struct bytes path);
/* Reads path, method and media type; each fault has its HTTP status. */
bool est_path_read(const struct message *message, struct est_path *path, struct failure *why);

#endif
