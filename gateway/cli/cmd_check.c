/* dragoman check: what is wrong with a configuration, and what a right one will do. */
#include <getopt.h>
#include <stdio.h>

#include "gateway/cli/cli.h"
#include "gateway/cli/problems.h"
#include "gateway/cli/request_kinds.h"
#include "gateway/engine/receive.h"

static void print_words(const char *lead, const char *word)
{
    printf("%s%s", lead, word);
}

/* The operations of a kind that the route allows, as words in one column. */
static void print_operations(uint32_t operations)
{
    char text[64] = "";
    size_t used = 0;
    for (unsigned o = 0; o < OPERATION_COUNT; o++) {
        if ((operations >> o & 1) != 0)
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
                                     used == 0 ? "" : ", ", operation_word((enum operation)o));
    }
    printf("    %-18s", text);
}

/* One line for each proof that can be carried, and one for all that cannot. */
static void print_kind(const struct request_kind *kind, uint32_t operations,
                       const struct capabilities *authority)
{
    const char *refused[POP_FORM_COUNT];
    const char *reasons[POP_FORM_COUNT];
    size_t refused_count = 0;
    for (unsigned f = 0; f < POP_FORM_COUNT; f++) {
        const enum pop_form form = (enum pop_form)f;
        enum carriage carriage;
        struct failure why;
        if (!request_kind_can_have(kind, form))
            continue;
        if (!request_kind_plan(kind, form, authority, &carriage, &why)) {
            refused[refused_count] = pop_form_row(form)->word;
            reasons[refused_count++] = reason_row(why.reason)->word;
            continue;
        }
        const struct carriage_row *row = carriage_row(carriage);
        print_operations(operations);
        printf("%-34s%-18s%s, %s\n", kind->what, pop_form_row(form)->word,
               pop_outcome_word(row->outcome), row->word);
    }
    if (refused_count == 0)
        return;
    print_operations(operations);
    printf("%-34s%-18s", kind->what, "refused:");
    for (size_t i = 0; i < refused_count; i++) {
        print_words(i == 0 ? "" : ", ", refused[i]);
        printf(" (%s)", reasons[i]);
    }
    putchar('\n');
}

/* The operations that are allowed besides enrolment. */
static void print_others(const struct route_config *route, const struct capabilities *authority)
{
    for (unsigned o = 0; o < OPERATION_COUNT; o++) {
        const enum operation operation = (enum operation)o;
        if ((route->operations >> o & 1) == 0 || !operation_opens(operation) ||
            operation_enrols(operation))
            continue;
        print_operations(1u << o);
        if (support_offers(operation))
            printf("%-34s%s\n", "any", "answered from the configuration");
        else if (plan_carries(operation, authority))
            printf("%-34s%s\n", "any", "carried to the authority");
        else
            printf("%-34s%-18s(%s)\n", "any", "refused:", reason_row(REASON_NO_OPERATION)->word);
    }
}

static void print_route(const struct config *config, const struct route_config *route)
{
    const struct authority *authority = &config->authorities[route->authority].authority;
    printf("\nroute %s to authority %s (%s)\n", route->name, authority->name,
           protocol_word(authority->capabilities.protocol));
    printf("    %-18s%-34s%-18s%s\n", "operation", "request", "proof", "outcome, carriage");
    size_t count;
    const struct request_kind *kinds = request_kinds(&count);
    for (size_t a = 0; a < count; a++) {
        const uint32_t operations = kinds[a].operations & route->operations;
        if ((route->protocols >> kinds[a].inbound & 1) != 0 && operations != 0)
            print_kind(&kinds[a], operations, &authority->capabilities);
    }
    print_others(route, &authority->capabilities);
}

static int check(const char *path)
{
    struct config_report report;
    struct config *config = config_load(path, &report);
    problems_print(stderr, path, &report);
    if (config == NULL)
        return CLI_FAILED;
    printf("%s: good: listeners %zu, authorities %zu, routes %zu\n", path, config->listener_count,
           config->authority_count, config->route_count);
    for (size_t r = 0; r < config->route_count; r++)
        print_route(config, &config->routes[r]);
    config_unref(config);
    return fflush(stdout) == 0 ? CLI_OK : CLI_FAILED;
}

int cmd_check(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'}, {0}};
    const char *path = NULL;
    for (int option; (option = getopt_long(argc, argv, "c:", options, NULL)) != -1;) {
        if (option != 'c')
            return cli_usage(argv[0]);
        path = optarg;
    }
    if (path == NULL || optind != argc)
        return cli_usage(argv[0]);
    return check(path);
}
