#include "gateway/run/worker.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/rand.h>

#include "gateway/http/server.h"
#include "gateway/loop/loop.h"

enum { DRAIN_LOOK_MS = 20 };

/* A listening socket, and the listener of the present configuration that it serves. */
struct door {
    struct door *next;
    struct worker *worker;
    struct http_server *server;
    char *address;
    size_t listener;
    bool wanted;
};

/* A call under way: what http_client_send gives back. */
struct sent {
    struct sent *next, **at;
    struct worker *worker;
    uint64_t ticket;
};

struct worker {
    struct loop *loop;
    struct http_client *client;
    struct engine *engine;
    struct config *config;
    struct log *log;
    struct door *doors;
    struct sent *sent;
    struct timer *wake;
    int64_t wake_ms;
    struct timer *drain;
    int64_t drain_until_ms;
    void (*idle)(void *context);
    void *idle_context;
};

/* ---- the engine's ports ---- */

static int64_t port_now(void *context)
{
    (void)context;
    return time(NULL);
}

static int64_t port_now_ms(void *context)
{
    return loop_now_ms(((struct worker *)context)->loop);
}

static void port_random(void *context, uint8_t *octets, size_t size)
{
    (void)context;
    if (RAND_bytes(octets, (int)size) != 1)
        abort(); /* nothing may be sent with a predictable nonce or serial number */
}

static void port_reply(void *context, void *exchange, const struct reply *reply)
{
    (void)context;
    http_reply(exchange, reply);
}

static void sent_free(struct sent *sent)
{
    *sent->at = sent->next;
    if (sent->next != NULL)
        sent->next->at = sent->at;
    free(sent);
}

static void call_done(void *context, enum http_outcome outcome, const struct message *answer,
                      const struct failure *why)
{
    struct sent *sent = context;
    struct engine *engine = sent->worker->engine;
    uint64_t ticket = sent->ticket;
    sent_free(sent);
    engine_answered(engine, ticket, outcome, answer, why);
}

static void port_send(void *context, const struct authority_config *authority,
                      const struct call *call, uint64_t ticket)
{
    struct worker *worker = context;
    struct sent *sent = malloc(sizeof(*sent));
    if (sent == NULL)
        abort();
    *sent = (struct sent){worker->sent, &worker->sent, worker, ticket};
    if (sent->next != NULL)
        sent->next->at = &sent->next;
    worker->sent = sent;
    http_client_send(worker->client, &authority->target, call, call_done, sent);
}

static void wake_due(void *context)
{
    struct worker *worker = context;
    worker->wake = NULL;
    engine_tick(worker->engine);
}

static void port_wake(void *context, int64_t at_ms)
{
    struct worker *worker = context;
    if (worker->wake != NULL) {
        if (worker->wake_ms <= at_ms)
            return;
        loop_cancel(worker->loop, worker->wake);
    }
    int64_t delay = at_ms - loop_now_ms(worker->loop);
    worker->wake_ms = at_ms;
    worker->wake = loop_timer(worker->loop, delay > 0 ? delay : 0, wake_due, worker);
}

static void port_post(void *context, void (*run)(void *argument), void *argument)
{
    loop_post(((struct worker *)context)->loop, run, argument);
}

/* ---- doors ---- */

/* The configuration has no listener for this door any more: what still comes in is sent away. */
static void send_away(struct http_exchange *exchange)
{
    static const char text[] = "This address is no longer served.\n";
    const struct reply reply = {
        .status = 503, .content_type = "text/plain; charset=utf-8", .body = BYTES_LITERAL(text)};
    http_reply(exchange, &reply);
}

static void message_arrived(void *context, struct http_exchange *exchange,
                            const struct message *message, const char *peer)
{
    const struct door *door = context;
    if (!door->wanted) {
        send_away(exchange);
        return;
    }
    engine_message(door->worker->engine, door->listener, message, peer, exchange);
}

static void message_refused(void *context, const char *peer, int status, const struct failure *why)
{
    const struct door *door = context;
    const struct worker *worker = door->worker;
    struct log_line *line = log_begin(worker->log, EVENT_REFUSED);
    if (door->wanted)
        log_text(line, "listener", worker->config->listeners[door->listener].name);
    log_text(line, "peer", peer);
    if (status != 0)
        log_number(line, "status", status);
    log_text(line, "reason", reason_row(why->reason)->word);
    log_text(line, "clause", why->clause);
    log_text(line, "text", why->text);
    log_text(line, "detail", why->detail);
    log_end(line);
}

static bool door_tls(const struct listener_config *listener, SSL_CTX **tls, struct failure *why)
{
    *tls = NULL;
    if (!listener->has_tls)
        return true;
    *tls = tls_context(&listener->tls, why);
    return *tls != NULL;
}

static bool door_open(struct worker *worker, size_t index, SSL_CTX *tls, struct failure *why)
{
    const struct listener_config *listener = &worker->config->listeners[index];
    struct door *door = calloc(1, sizeof(*door));
    if (door == NULL)
        abort();
    const struct http_listener settings = {
        .address = listener->address,
        .tls = tls,
        .handler = message_arrived,
        .refused = message_refused,
        .context = door,
    };
    door->worker = worker;
    door->listener = index;
    door->wanted = true;
    door->address = strdup(listener->address);
    door->server = http_server_new(worker->loop, &settings, why);
    if (door->server == NULL) {
        free(door->address);
        free(door);
        return false;
    }
    door->next = worker->doors;
    worker->doors = door;
    return true;
}

static struct door *door_find(struct worker *worker, const char *address)
{
    for (struct door *door = worker->doors; door != NULL; door = door->next) {
        if (door->address != NULL && strcmp(door->address, address) == 0)
            return door;
    }
    return NULL;
}

static bool doors_arrange(struct worker *worker, struct failure *why)
{
    bool all = true;
    for (struct door *door = worker->doors; door != NULL; door = door->next)
        door->wanted = false;
    for (size_t i = 0; i < worker->config->listener_count; i++) {
        const struct listener_config *listener = &worker->config->listeners[i];
        struct door *door = door_find(worker, listener->address);
        SSL_CTX *tls = NULL;
        if (!door_tls(listener, &tls, why)) {
            all = false;
        } else if (door == NULL) {
            all = door_open(worker, i, tls, why) && all;
        } else {
            door->wanted = true;
            door->listener = i;
            http_server_set_tls(door->server, tls);
        }
        SSL_CTX_free(tls);
    }
    for (struct door *door = worker->doors; door != NULL; door = door->next) {
        if (!door->wanted && door->address != NULL) {
            http_server_drain(door->server);
            free(door->address);
            door->address = NULL;
        }
    }
    return all;
}

/* ---- life ---- */

struct worker *worker_new(struct config *config, struct store *store, struct log *log,
                          struct failure *why)
{
    struct worker *worker = calloc(1, sizeof(*worker));
    if (worker == NULL)
        abort();
    const struct engine_ports ports = {
        .context = worker,
        .now = port_now,
        .now_ms = port_now_ms,
        .random = port_random,
        .send = port_send,
        .reply = port_reply,
        .wake = port_wake,
        .post = port_post,
        .store = store,
        .log = log,
    };
    worker->loop = loop_new();
    worker->config = config_ref(config);
    worker->log = log;
    if (worker->loop == NULL) {
        fail(why, REASON_INTERNAL, NULL, "no event loop");
        worker_free(worker);
        return NULL;
    }
    worker->client = http_client_new(worker->loop);
    worker->engine = engine_new(&ports, config);
    if (!doors_arrange(worker, why)) {
        worker_free(worker);
        return NULL;
    }
    return worker;
}

void worker_free(struct worker *worker)
{
    if (worker == NULL)
        return;
    while (worker->doors != NULL) {
        struct door *door = worker->doors;
        worker->doors = door->next;
        http_server_free(door->server);
        free(door->address);
        free(door);
    }
    engine_free(worker->engine);
    if (worker->client != NULL)
        http_client_free(worker->client);
    while (worker->sent != NULL)
        sent_free(worker->sent);
    if (worker->loop != NULL) {
        loop_cancel(worker->loop, worker->wake);
        loop_cancel(worker->loop, worker->drain);
        loop_free(worker->loop);
    }
    config_unref(worker->config);
    free(worker);
}

void worker_stop(struct worker *worker)
{
    loop_stop(worker->loop);
}

struct loop *worker_loop(struct worker *worker)
{
    return worker->loop;
}

struct engine *worker_engine(struct worker *worker)
{
    return worker->engine;
}

int worker_port(const struct worker *worker, size_t listener)
{
    for (const struct door *door = worker->doors; door != NULL; door = door->next) {
        if (door->listener == listener && door->wanted)
            return http_server_port(door->server);
    }
    return 0;
}

bool worker_set_config(struct worker *worker, struct config *config, struct failure *why)
{
    struct config *old = worker->config;
    worker->config = config_ref(config);
    engine_set_config(worker->engine, config);
    bool all = doors_arrange(worker, why);
    config_unref(old);
    return all;
}

static bool is_busy(const struct worker *worker)
{
    if (engine_busy(worker->engine) > 0)
        return true;
    for (const struct door *door = worker->doors; door != NULL; door = door->next) {
        if (!http_server_is_quiet(door->server))
            return true;
    }
    return false;
}

static void drain_look(void *context)
{
    struct worker *worker = context;
    worker->drain = NULL;
    if (is_busy(worker) && loop_now_ms(worker->loop) < worker->drain_until_ms) {
        worker->drain = loop_timer(worker->loop, DRAIN_LOOK_MS, drain_look, worker);
        return;
    }
    worker->idle(worker->idle_context);
}

void worker_drain(struct worker *worker, int64_t limit_ms, void (*idle)(void *context),
                  void *context)
{
    if (worker->idle != NULL)
        return;
    for (struct door *door = worker->doors; door != NULL; door = door->next)
        http_server_drain(door->server);
    worker->idle = idle;
    worker->idle_context = context;
    worker->drain_until_ms = loop_now_ms(worker->loop) + limit_ms;
    drain_look(worker);
}
