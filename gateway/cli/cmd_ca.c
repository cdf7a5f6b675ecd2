/* dragoman ca: the embedded CA. */
#include <stdio.h>
#include <string.h>

#include "gateway/cli/ca.h"
#include "gateway/cli/cli.h"

static const struct {
    const char *name;
    int (*handler)(int argc, char **argv);
} commands[] = {
    {"init", ca_init},
    {"list", ca_list},
    {"revoke", ca_revoke},
    {"crl", ca_crl},
};

int ca_usage(void)
{
    fputs("usage: dragoman ca init --dir DIR --subject NAME [--key KIND] [--days N]\n"
          "       dragoman ca list -c FILE [--authority NAME] [--json]\n"
          "       dragoman ca revoke -c FILE SERIAL [--reason REASON]\n"
          "       dragoman ca crl -c FILE --authority NAME [--days N] [--der] [--out FILE]\n",
          stderr);
    return CLI_USAGE;
}

int cmd_ca(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].handler(argc - 1, argv + 1);
    return ca_usage();
}
