/* dragoman options: the rows of options.def as text, or as the list in dragoman.json(5). */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "gateway/cli/cli.h"
#include "gateway/config/options.h"

static bool has_range(const struct config_option *option)
{
    return option->kind == OPTION_NUMBER;
}

static void print_plain(const struct config_option *option)
{
    printf("%s\n    %s", option->pointer, option_kind_word(option->kind));
    if (has_range(option))
        printf(" from %ld to %ld %s", option->least, option->most, option->unit);
    if (option->words[0] != '\0')
        printf(": %s", option->words);
    if (option->needed)
        printf("; needed");
    if (option->standard[0] != '\0')
        printf("; standard: %s", option->standard);
    printf("\n    %s\n", option->help);
}

/* Text for mdoc: a backslash is an escape, and a line must not begin with a dot or a quote. */
static void print_mdoc_text(const char *text)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", stdout);
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            fputs("\\e", stdout);
        else
            putchar(*text);
        if (*text == '.' && text[1] == ' ') { /* a sentence a line, as mdoc wants it */
            putchar('\n');
            text++;
        }
    }
    putchar('\n');
}

/* An argument of a macro: quotes inside are doubled. */
static void print_mdoc_quoted(const char *text)
{
    putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            putchar('"');
        putchar(*text);
    }
    putchar('"');
}

static void print_mdoc_option(const struct config_option *option)
{
    printf(".It Cm ");
    print_mdoc_quoted(option->pointer);
    printf("\n%s", option_kind_word(option->kind));
    if (has_range(option))
        printf(" from %ld to %ld %s", option->least, option->most, option->unit);
    if (option->words[0] != '\0')
        printf(" of: %s", option->words);
    printf("%s", option->needed ? "; must be given" : "");
    if (option->standard[0] != '\0')
        printf("; standard: %s", option->standard);
    printf(".\n.br\n");
    print_mdoc_text(option->help);
}

/* The heading under which an option stands: the first token of its pointer. */
static bool opens_heading(const struct config_option *option, const struct config_option *before)
{
    const size_t length = strcspn(option->pointer + 1, "/");
    return before == NULL || strncmp(option->pointer, before->pointer, length + 1) != 0 ||
           strcspn(before->pointer + 1, "/") != length;
}

static void print_mdoc(const struct config_option *options, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (opens_heading(&options[i], i == 0 ? NULL : &options[i - 1])) {
            const char *name = options[i].pointer + 1;
            printf("%s.Ss %.*s\n.Bl -tag -width Ds\n", i == 0 ? "" : ".El\n",
                   (int)strcspn(name, "/"), name);
        }
        print_mdoc_option(&options[i]);
    }
    fputs(".El\n", stdout);
}

int cmd_options(int argc, char **argv)
{
    static const struct option flags[] = {{"mdoc", no_argument, NULL, 'm'}, {0}};
    bool mdoc = false;
    for (int flag; (flag = getopt_long(argc, argv, "", flags, NULL)) != -1;) {
        if (flag != 'm')
            return cli_usage(argv[0]);
        mdoc = true;
    }
    if (optind != argc)
        return cli_usage(argv[0]);
    size_t count;
    const struct config_option *options = option_rows(&count);
    if (mdoc)
        print_mdoc(options, count);
    for (size_t i = 0; i < count && !mdoc; i++)
        print_plain(&options[i]);
    return fflush(stdout) == 0 ? CLI_OK : CLI_FAILED;
}
