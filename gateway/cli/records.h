/* The configuration and the store of commands that look at what the daemon keeps. */
#ifndef DRAGOMAN_GATEWAY_CLI_RECORDS_H
#define DRAGOMAN_GATEWAY_CLI_RECORDS_H

#include "gateway/config/config.h"
#include "gateway/store/store.h"

struct records {
    struct config *config;
    struct store *store;
};

/* Complains on standard error as `command` and gives false if either cannot be opened. A store
 * that is not there is not made. */
bool records_open(const char *command, const char *config_path, struct records *records);
void records_close(struct records *records);

/* NULL if the configuration names no such authority, or if it is not the embedded CA. */
const struct authority *records_local_authority(const struct records *records, const char *name);

#endif
