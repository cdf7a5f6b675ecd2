#include "gateway/cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "gateway/config/suggest.h"

static const struct command commands[] = {
#define COMMAND(name, handler, arguments, summary) {name, handler, arguments, summary},
#include "gateway/cli/commands.def"
#undef COMMAND
};
enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

const struct command *cli_commands(size_t *count)
{
    *count = COMMANDS;
    return commands;
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

static int help(FILE *out, int status)
{
    fprintf(out, "dragoman interprets certificate enrolment between CMC, CMP and EST.\n\n"
                 "Usage: dragoman COMMAND [ARGUMENTS]\n\n");
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-10s %s\n  %-10s %s\n", commands[i].name, commands[i].arguments, "",
                commands[i].summary);
    fprintf(out, "  %-10s %s\n", "help", "print this");
    fprintf(out, "\nSee dragoman(8) and dragoman.json(5).\n");
    return status;
}

int cli_usage(const char *name)
{
    const struct command *command = find(name);
    if (command != NULL)
        fprintf(stderr, "usage: dragoman %s %s\n", command->name, command->arguments);
    return CLI_USAGE;
}

static int unknown(const char *name)
{
    const char *names[COMMANDS];
    for (size_t i = 0; i < COMMANDS; i++)
        names[i] = commands[i].name;
    const char *near = suggest(name, names, COMMANDS);
    fprintf(stderr, "dragoman: there is no command \"%s\"", name);
    if (near != NULL)
        fprintf(stderr, "; did you mean \"%s\"?", near);
    fprintf(stderr, "\nSee \"dragoman help\".\n");
    return CLI_USAGE;
}

static bool is_one_of(const char *word, const char *a, const char *b, const char *c)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0 || strcmp(word, c) == 0;
}

int cli_run(int argc, char **argv)
{
    if (argc < 2)
        return help(stderr, CLI_USAGE);
    const char *name = argv[1];
    if (is_one_of(name, "help", "--help", "-h"))
        return help(stdout, CLI_OK);
    if (is_one_of(name, "version", "--version", "-V")) {
        printf("dragoman %s\n", DRAGOMAN_VERSION);
        return CLI_OK;
    }
    const struct command *command = find(name);
    return command == NULL ? unknown(name) : command->handler(argc - 1, argv + 1);
}
