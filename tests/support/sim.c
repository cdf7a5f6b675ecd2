#include "tests/support/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/sim_store.h"

/* What is made while the world is set up must be valid already. */
enum { NAME_MAX_OCTETS = 32, SPINS = 100000, CLOCK_AHEAD_S = 5 };

struct posted {
    struct posted *next;
    struct sim_node *node;
    unsigned life;
    void (*run)(void *argument);
    void *argument;
};

struct pending_call {
    struct pending_call *next;
    struct sim_node *from;
    unsigned life;
    char to[NAME_MAX_OCTETS];
    uint64_t ticket;
    struct arena *arena;
    char *content_type;
    struct bytes body;
};

/* A message that a node works on, and what came of it. */
struct waiting {
    struct waiting *next;
    struct sim_node *node;
    struct arena *arena;
    struct message message;
    bool answered;
    struct reply reply;
};

struct sim_node {
    struct sim_node *next;
    struct sim *sim;
    char name[NAME_MAX_OCTETS];
    char config_path[512];
    struct config *config;
    struct engine *engine;
    struct store *store;    /* what the engine sees */
    struct sim_store *disk; /* its fault switches */
    struct waiting *waiting;
    int64_t wake_ms;
    unsigned life; /* counts restarts: what an earlier life posted is dropped */
    unsigned calls;
};

struct sim {
    char directory[64];
    int64_t now_ms; /* since 1970 */
    struct sim_node *nodes;
    struct posted *first_posted, **last_posted;
    struct pending_call *first_call, **last_call;
    enum sim_fault fault;
    unsigned fault_count;
    uint64_t random;
};

struct sim *sim_new(void)
{
    struct sim *sim = calloc(1, sizeof(*sim));
    snprintf(sim->directory, sizeof(sim->directory), "/tmp/dragoman-sim-XXXXXX");
    if (mkdtemp(sim->directory) == NULL)
        abort();
    sim->now_ms = ((int64_t)time(NULL) + CLOCK_AHEAD_S) * 1000;
    sim->last_posted = &sim->first_posted;
    sim->last_call = &sim->first_call;
    sim->random = 0x9e3779b97f4a7c15;
    return sim;
}

const char *sim_directory(const struct sim *sim)
{
    return sim->directory;
}

void sim_write(struct sim *sim, const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", sim->directory, name);
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
        abort();
    chmod(path, 0600);
}

int64_t sim_now(const struct sim *sim)
{
    return sim->now_ms / 1000;
}

/* ---- ports ---- */

static int64_t port_now(void *context)
{
    return sim_now(((struct sim_node *)context)->sim);
}

static int64_t port_now_ms(void *context)
{
    return ((struct sim_node *)context)->sim->now_ms;
}

/* splitmix64: a run is the same every time. */
static void port_random(void *context, uint8_t *octets, size_t size)
{
    struct sim *sim = ((struct sim_node *)context)->sim;
    for (size_t i = 0; i < size; i++) {
        uint64_t z = sim->random += 0x9e3779b97f4a7c15;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        octets[i] = (uint8_t)(z >> 56);
    }
}

static void port_send(void *context, const struct authority_config *authority,
                      const struct call *call, uint64_t ticket)
{
    struct sim_node *node = context;
    struct pending_call *pending = calloc(1, sizeof(*pending));
    pending->from = node;
    pending->life = node->life;
    pending->ticket = ticket;
    pending->arena = arena_new();
    pending->content_type = arena_text(pending->arena, bytes_of_text(call->content_type));
    pending->body = arena_copy(pending->arena, call->body);
    if (sscanf(authority->target.url, "http://%31[^/:]", pending->to) != 1)
        abort();
    *node->sim->last_call = pending;
    node->sim->last_call = &pending->next;
}

static void port_reply(void *context, void *exchange, const struct reply *reply)
{
    (void)context;
    struct waiting *waiting = exchange;
    waiting->answered = true;
    waiting->reply = *reply;
    waiting->reply.body = arena_copy(waiting->arena, reply->body);
    if (reply->content_type != NULL)
        waiting->reply.content_type =
            arena_text(waiting->arena, bytes_of_text(reply->content_type));
}

static void port_wake(void *context, int64_t at_ms)
{
    struct sim_node *node = context;
    if (node->wake_ms == 0 || at_ms < node->wake_ms)
        node->wake_ms = at_ms;
}

static void port_post(void *context, void (*run)(void *argument), void *argument)
{
    struct sim_node *node = context;
    struct posted *posted = calloc(1, sizeof(*posted));
    *posted = (struct posted){NULL, node, node->life, run, argument};
    *node->sim->last_posted = posted;
    node->sim->last_posted = &posted->next;
}

static void start(struct sim_node *node)
{
    const struct engine_ports ports = {
        .context = node,
        .now = port_now,
        .now_ms = port_now_ms,
        .random = port_random,
        .send = port_send,
        .reply = port_reply,
        .wake = port_wake,
        .post = port_post,
        .store = node->store,
    };
    node->life++;
    node->wake_ms = 0;
    node->engine = engine_new(&ports, node->config);
    engine_recover(node->engine);
}

struct sim_node *sim_node(struct sim *sim, const char *name, const char *config)
{
    struct sim_node *node = calloc(1, sizeof(*node));
    char file[64];
    snprintf(file, sizeof(file), "%s.json", name);
    sim_write(sim, file, config);
    snprintf(node->name, sizeof(node->name), "%s", name);
    snprintf(node->config_path, sizeof(node->config_path), "%s/%s", sim->directory, file);
    struct config_report *report = calloc(1, sizeof(*report));
    node->config = config_load(node->config_path, report);
    for (size_t i = 0; i < report->count; i++)
        fprintf(stderr, "%s:%u: %s %s\n", file, report->problems[i].line,
                report->problems[i].pointer, report->problems[i].text);
    free(report);
    if (node->config == NULL)
        abort();
    node->sim = sim;
    node->store = sim_store_open(store_open_memory(), &node->disk);
    node->next = sim->nodes;
    sim->nodes = node;
    start(node);
    return node;
}

void sim_kill(struct sim_node *node)
{
    if (node->engine == NULL)
        return;
    sim_store_forget(node->disk);
    node->life++;
    engine_free(node->engine);
    node->engine = NULL;
}

bool sim_is_dead(const struct sim_node *node)
{
    return node->engine == NULL;
}

void sim_restart(struct sim_node *node)
{
    sim_kill(node);
    sim_store_revive(node->disk);
    start(node);
}

void sim_kill_at_commit(struct sim_node *node, unsigned k, bool after)
{
    sim_store_crash_at(node->disk, k, after);
}

struct store *sim_store(struct sim_node *node)
{
    return node->store;
}

static void node_free(struct sim_node *node)
{
    sim_kill(node);
    store_close(node->store);
    config_unref(node->config);
    free(node);
}

/* ---- the world's turn ---- */

static bool run_posted(struct sim *sim)
{
    struct posted *posted = sim->first_posted;
    if (posted == NULL)
        return false;
    sim->first_posted = posted->next;
    if (sim->first_posted == NULL)
        sim->last_posted = &sim->first_posted;
    if (posted->node->engine != NULL && posted->life == posted->node->life)
        posted->run(posted->argument);
    free(posted);
    return true;
}

static struct sim_node *find_node(struct sim *sim, const char *name)
{
    for (struct sim_node *node = sim->nodes; node != NULL; node = node->next) {
        if (strcmp(node->name, name) == 0)
            return node;
    }
    return NULL;
}

static enum sim_fault next_fault(struct sim *sim)
{
    if (sim->fault_count == 0)
        return SIM_PASS;
    sim->fault_count--;
    return sim->fault;
}

void sim_fault(struct sim *sim, enum sim_fault fault, unsigned count)
{
    sim->fault = fault;
    sim->fault_count = count;
}

static bool turn(struct sim *sim);

/* A node that crashed at a commit is buried as soon as nobody is inside it. */
static void bury(struct sim *sim)
{
    for (struct sim_node *node = sim->nodes; node != NULL; node = node->next) {
        if (node->engine != NULL && sim_store_has_crashed(node->disk))
            sim_kill(node);
    }
}

bool sim_post(struct sim_node *node, const char *path, const char *content_type, struct bytes body,
              struct arena *arena, struct reply *reply)
{
    struct waiting *waiting = calloc(1, sizeof(*waiting));
    waiting->arena = arena_new();
    waiting->message = (struct message){
        .method = BYTES_LITERAL("POST"),
        .path = arena_copy(waiting->arena, bytes_of_text(path)),
        .content_type = arena_copy(waiting->arena, bytes_of_text(content_type)),
        .body = arena_copy(waiting->arena, body),
    };
    unsigned life = node->life;
    node->calls++;
    if (node->engine != NULL)
        engine_message(node->engine, 0, &waiting->message, "sim", waiting);
    for (int i = 0; i < SPINS && !waiting->answered; i++) {
        bury(node->sim);
        if (node->engine == NULL || node->life != life)
            break;
        if (!turn(node->sim))
            sim_pass(node->sim, 1); /* nothing moves but time */
    }
    bool answered = waiting->answered;
    if (answered) {
        *reply = waiting->reply;
        reply->body = arena_copy(arena, waiting->reply.body);
        if (waiting->reply.content_type != NULL)
            reply->content_type = arena_text(arena, bytes_of_text(waiting->reply.content_type));
        reply->leg = BYTES_EMPTY;
    }
    if (!answered && node->engine != NULL && node->life == life)
        abort(); /* a living gateway answers every message */
    arena_free(waiting->arena);
    free(waiting);
    return answered;
}

static void spoil(enum sim_fault fault, struct arena *arena, struct reply *reply)
{
    uint8_t *octets = arena_alloc(arena, reply->body.size + 1);
    if (reply->body.size > 0)
        memcpy(octets, reply->body.data, reply->body.size);
    size_t size = reply->body.size;
    if (fault == SIM_BREAK_ANSWER && size > 0)
        octets[size - 5] ^= 1; /* inside the signature or MAC */
    if (fault == SIM_CUT_ANSWER)
        size /= 2;
    reply->body = bytes_of(octets, size);
}

static void answer_call(const struct pending_call *call, enum http_outcome outcome,
                        const struct reply *reply)
{
    struct message answer = {0};
    struct failure why;
    if (call->from->engine == NULL || call->life != call->from->life)
        return;
    if (reply != NULL) {
        answer.status = reply->status;
        answer.body = reply->body;
        answer.content_type = bytes_of_text(reply->content_type);
    }
    fail(&why, REASON_CA_DOWN, NULL, "simulated");
    engine_answered(call->from->engine, call->ticket, outcome, &answer, &why);
}

static void carry(struct sim *sim, const struct pending_call *call)
{
    enum sim_fault fault = next_fault(sim);
    struct sim_node *to = find_node(sim, call->to);
    struct reply reply = {0};
    if (fault == SIM_REFUSE || to == NULL || to->engine == NULL) {
        answer_call(call, HTTP_NOT_SENT, NULL);
        return;
    }
    bool answered = false;
    if (fault != SIM_LOSE_REQUEST)
        answered = sim_post(to, "/cmc", call->content_type, call->body, call->arena, &reply);
    if (fault == SIM_REPEAT)
        answered = sim_post(to, "/cmc", call->content_type, call->body, call->arena, &reply);
    if (!answered || fault == SIM_LOSE_ANSWER) {
        answer_call(call, HTTP_LOST, NULL);
        return;
    }
    spoil(fault, call->arena, &reply);
    answer_call(call, HTTP_ANSWERED, &reply);
}

static bool run_call(struct sim *sim)
{
    struct pending_call *call = sim->first_call;
    if (call == NULL)
        return false;
    sim->first_call = call->next;
    if (sim->first_call == NULL)
        sim->last_call = &sim->first_call;
    if (call->from->engine != NULL && call->life == call->from->life)
        carry(sim, call);
    arena_free(call->arena);
    free(call);
    return true;
}

static bool run_ticks(struct sim *sim)
{
    bool any = false;
    for (struct sim_node *node = sim->nodes; node != NULL; node = node->next) {
        if (node->engine == NULL || node->wake_ms == 0 || node->wake_ms > sim->now_ms)
            continue;
        node->wake_ms = 0;
        engine_tick(node->engine);
        any = true;
    }
    return any;
}

static bool turn(struct sim *sim)
{
    return run_posted(sim) || run_call(sim) || run_ticks(sim);
}

void sim_pass(struct sim *sim, int64_t seconds)
{
    int64_t until = sim->now_ms + seconds * 1000;
    while (sim->now_ms < until) {
        sim->now_ms += 100;
        for (int i = 0; i < SPINS && turn(sim); i++)
            bury(sim);
        bury(sim);
    }
}

void sim_free(struct sim *sim)
{
    char command[128];
    while (sim->nodes != NULL) {
        struct sim_node *node = sim->nodes;
        sim->nodes = node->next;
        node_free(node);
    }
    while (sim->first_posted != NULL) {
        struct posted *posted = sim->first_posted;
        sim->first_posted = posted->next;
        free(posted);
    }
    while (sim->first_call != NULL) {
        struct pending_call *call = sim->first_call;
        sim->first_call = call->next;
        arena_free(call->arena);
        free(call);
    }
    snprintf(command, sizeof(command), "rm -rf '%s'", sim->directory);
    if (system(command) != 0)
        abort();
    free(sim);
}

/* ---- counting ---- */

unsigned sim_calls_to(const struct sim *sim, const char *name)
{
    for (const struct sim_node *node = sim->nodes; node != NULL; node = node->next) {
        if (strcmp(node->name, name) == 0)
            return node->calls;
    }
    return 0;
}

unsigned sim_certificates(struct sim_node *node, enum certificate_state state)
{
    struct arena *arena = arena_new();
    size_t count = 0;
    unsigned found = 0;
    const struct certificate_filter filter = {.most = 10000};
    struct issued_certificate *all = store_certificates(node->store, &filter, arena, &count);
    for (size_t i = 0; i < count; i++)
        found += state == CERTIFICATE_STATE_COUNT || all[i].state == state;
    arena_free(arena);
    return found;
}

unsigned sim_transactions(struct sim_node *node, enum state state)
{
    const struct transaction_filter filter = {.states = &state, .state_count = 1, .most = 10000};
    struct arena *arena = arena_new();
    size_t count = 0;
    store_list(node->store, &filter, arena, &count);
    arena_free(arena);
    return (unsigned)count;
}

/* ---- the device ---- */

static OSSL_CMP_MSG *transfer(OSSL_CMP_CTX *ctx, const OSSL_CMP_MSG *request)
{
    struct sim_node *node = OSSL_CMP_CTX_get_transfer_cb_arg(ctx);
    struct arena *arena = arena_new();
    struct reply reply = {0};
    unsigned char *der = NULL;
    OSSL_CMP_MSG *answer = NULL;
    int size = i2d_OSSL_CMP_MSG(request, &der);
    if (size > 0 && sim_post(node, "/.well-known/cmp", "application/pkixcmp",
                             bytes_of(der, (size_t)size), arena, &reply)) {
        const unsigned char *at = reply.body.data;
        answer = d2i_OSSL_CMP_MSG(NULL, &at, (long)reply.body.size);
    }
    OPENSSL_free(der);
    arena_free(arena);
    return answer;
}

OSSL_CMP_CTX *sim_device(struct sim_node *node, const char *reference, const char *secret,
                         const char *subject, EVP_PKEY *key)
{
    OSSL_CMP_CTX *ctx = OSSL_CMP_CTX_new(NULL, NULL);
    X509_NAME *name = X509_NAME_new();
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)subject, -1, -1,
                               0);
    OSSL_CMP_CTX_set1_referenceValue(ctx, (const unsigned char *)reference, (int)strlen(reference));
    OSSL_CMP_CTX_set1_secretValue(ctx, (const unsigned char *)secret, (int)strlen(secret));
    OSSL_CMP_CTX_set1_subjectName(ctx, name);
    OSSL_CMP_CTX_set1_recipient(ctx, name);
    EVP_PKEY_up_ref(key);
    OSSL_CMP_CTX_set0_newPkey(ctx, 1, key);
    OSSL_CMP_CTX_set_transfer_cb(ctx, transfer);
    OSSL_CMP_CTX_set_transfer_cb_arg(ctx, node);
    X509_NAME_free(name);
    return ctx;
}
