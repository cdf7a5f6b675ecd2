/* The command line: `dragoman COMMAND ...`, one handler a command.
 *
 * A handler gets its own name as argv[0], parses with getopt_long, writes what was asked for to
 * standard output and complaints to standard error, and returns the exit status. */
#ifndef DRAGOMAN_GATEWAY_CLI_CLI_H
#define DRAGOMAN_GATEWAY_CLI_CLI_H

#include <stddef.h>

enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

struct command {
    const char *name;
    int (*handler)(int argc, char **argv);
    const char *arguments;
    const char *summary;
};
/* All rows of commands.def. */
const struct command *cli_commands(size_t *count);

/* Runs the command that argv[1] names; `help`, `--help` and `--version` are its own. */
int cli_run(int argc, char **argv);
/* Tells on standard error how the command is called; returns CLI_USAGE. */
int cli_usage(const char *name);

#define COMMAND(name, handler, arguments, summary) int handler(int argc, char **argv);
#include "gateway/cli/commands.def"
#undef COMMAND

#endif
