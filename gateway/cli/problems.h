/* What config_load found, for people and for editors: FILE:LINE:COLUMN: POINTER: TEXT. */
#ifndef DRAGOMAN_GATEWAY_CLI_PROBLEMS_H
#define DRAGOMAN_GATEWAY_CLI_PROBLEMS_H

#include <stdio.h>

#include "gateway/config/config.h"

void problems_print(FILE *out, const char *path, const struct config_report *report);

#endif
