/* dragoman tx: the transactions in the store. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/cli/cli.h"
#include "gateway/cli/records.h"
#include "gateway/cli/tx_story.h"

struct wish {
    const char *config;
    const char *authority;
    const char *id;
    enum state state;
    bool has_state, json;
    size_t most;
};

static int usage(void)
{
    fputs("usage: dragoman tx list -c FILE [--state STATE] [--authority NAME] [--most N] [--json]\n"
          "       dragoman tx show -c FILE ID [--json]\n"
          "       dragoman tx orphans -c FILE [--json]\n",
          stderr);
    return CLI_USAGE;
}

static bool parse_state(const char *word, struct wish *wish)
{
    wish->has_state = true;
    if (state_from_word(word, &wish->state))
        return true;
    fprintf(stderr, "dragoman tx: there is no state \"%s\"; say one of", word);
    for (unsigned i = 0; i < STATE_COUNT; i++)
        fprintf(stderr, " %s", state_word((enum state)i));
    fputc('\n', stderr);
    return false;
}

static bool parse_option(int option, struct wish *wish)
{
    switch (option) {
    case 'c':
        wish->config = optarg;
        return true;
    case 'a':
        wish->authority = optarg;
        return true;
    case 's':
        return parse_state(optarg, wish);
    case 'm':
        wish->most = strtoul(optarg, NULL, 10);
        return wish->most > 0;
    case 'j':
        wish->json = true;
        return true;
    default:
        return false;
    }
}

static bool parse(int argc, char **argv, struct wish *wish)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"authority", required_argument, NULL, 'a'},
        {"state", required_argument, NULL, 's'},  {"most", required_argument, NULL, 'm'},
        {"json", no_argument, NULL, 'j'},         {NULL, 0, NULL, 0},
    };
    *wish = (struct wish){.most = 50};
    for (int option; (option = getopt_long(argc, argv, "c:", options, NULL)) != -1;)
        if (!parse_option(option, wish))
            return false;
    if (optind < argc)
        wish->id = argv[optind++];
    return optind == argc && wish->config != NULL;
}

/* ---- one ------------------------------------------------------------------------------------- */

static void print_story(const struct wish *wish, const struct records *records,
                        const struct transaction *t, struct arena *arena)
{
    struct story story = {.transaction = t};
    const struct certificate_filter filter = {.transaction = t->id, .most = SIZE_MAX};
    story.certificates =
        store_certificates(records->store, &filter, arena, &story.certificate_count);
    if (!wish->json) {
        story_tell(stdout, &story, arena);
        return;
    }
    json_t *json = story_json(&story, arena);
    json_dumpf(json, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(json);
}

static int show(const struct wish *wish, const struct records *records, struct arena *arena)
{
    struct transaction t;
    if (wish->id == NULL)
        return usage();
    struct bytes id = bytes_of_text(wish->id);
    if (!store_find_id(records->store, id, arena, &t, NULL) &&
        !store_find_like(records->store, id, arena, &t, NULL)) {
        fprintf(stderr, "dragoman tx show: there is no transaction \"%s\"\n", wish->id);
        return CLI_FAILED;
    }
    print_story(wish, records, &t, arena);
    return CLI_OK;
}

/* ---- many ------------------------------------------------------------------------------------ */

static void print_list(const struct wish *wish, const struct records *records,
                       const struct transaction_filter *filter, struct arena *arena)
{
    size_t count = 0;
    const struct transaction *t = store_list(records->store, filter, arena, &count);
    for (size_t i = 0; i < count; i++) {
        if (wish->json)
            print_story(wish, records, &t[i], arena);
        else
            story_line(stdout, &t[i], arena);
    }
}

static int list(const struct wish *wish, const struct records *records, struct arena *arena)
{
    const struct transaction_filter filter = {
        .states = wish->has_state ? &wish->state : NULL,
        .state_count = wish->has_state ? 1 : 0,
        .authority = wish->authority,
        .most = wish->most,
    };
    if (wish->id != NULL)
        return usage();
    print_list(wish, records, &filter, arena);
    return CLI_OK;
}

/* What a person must look at: open questions, and certificates that nobody holds. */
static int orphans(const struct wish *wish, const struct records *records, struct arena *arena)
{
    static const enum state states[] = {STATE_ORPHAN, STATE_UNKNOWN};
    const enum certificate_state orphan = CERTIFICATE_ORPHAN;
    const struct transaction_filter filter = {
        .states = states, .state_count = 2, .authority = wish->authority, .most = SIZE_MAX};
    const struct certificate_filter certificates = {
        .states = &orphan, .state_count = 1, .authority = wish->authority, .most = SIZE_MAX};
    if (wish->id != NULL)
        return usage();
    print_list(wish, records, &filter, arena);
    if (wish->json)
        return CLI_OK; /* each transaction holds its certificates */
    size_t count = 0;
    const struct issued_certificate *c =
        store_certificates(records->store, &certificates, arena, &count);
    for (size_t i = 0; i < count; i++)
        printf("%.*s  certificate %s  %s  %.*s\n", (int)c[i].transaction.size,
               (const char *)c[i].transaction.data, text_serial(c[i].serial, arena), c[i].authority,
               (int)c[i].subject_text.size, (const char *)c[i].subject_text.data);
    return CLI_OK;
}

static const struct {
    const char *name;
    int (*run)(const struct wish *, const struct records *, struct arena *);
} commands[] = {{"list", list}, {"show", show}, {"orphans", orphans}};

int cmd_tx(int argc, char **argv)
{
    struct wish wish;
    for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        struct records records;
        if (!parse(argc - 1, argv + 1, &wish))
            return usage();
        if (!records_open("tx", wish.config, &records))
            return CLI_FAILED;
        struct arena *arena = arena_new();
        int status = commands[i].run(&wish, &records, arena);
        arena_free(arena);
        records_close(&records);
        return status;
    }
    return usage();
}
