#include "tests/support/http_house.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gateway/loop/loop.h"
#include "tests/support/wire.h"

enum { HELD = 2048 };

struct house {
    struct loop *loop;
    struct http_server *server;
    pthread_t thread;
    int port;
    struct house_counts counts;
    struct http_exchange *held[HELD];
    size_t held_count;
};

struct later {
    struct house *house;
    struct http_exchange *exchange;
    struct bytes body;
};

static void count_reply(struct house *house, struct http_exchange *exchange,
                        const struct reply *reply)
{
    if (!http_reply(exchange, reply))
        house->counts.answered_nobody++;
}

static void reply_with(struct house *house, struct http_exchange *exchange, struct bytes body)
{
    const struct reply reply = {
        .status = 200, .content_type = "application/octet-stream", .body = body};
    count_reply(house, exchange, &reply);
}

static void reply_later(void *context)
{
    struct later *later = context;
    reply_with(later->house, later->exchange, later->body);
    free(later);
}

static void print(char **to, const char *end, const char *name, struct bytes value)
{
    *to += snprintf(*to, (size_t)(end - *to), "%s=%.*s\n", name, (int)value.size,
                    value.size == 0 ? "" : (const char *)value.data);
}

static void print_hex(char **to, const char *end, const char *name, struct bytes value)
{
    *to += snprintf(*to, (size_t)(end - *to), "%s=", name);
    for (size_t i = 0; i < value.size; i++)
        *to += snprintf(*to, (size_t)(end - *to), "%02x", value.data[i]);
    *to += snprintf(*to, (size_t)(end - *to), "\n");
}

static void describe(struct house *house, struct http_exchange *exchange,
                     const struct message *message, const char *peer)
{
    static char text[65536];
    char *to = text;
    const char *end = text + sizeof(text);
    print(&to, end, "method", message->method);
    print(&to, end, "path", message->path);
    print(&to, end, "query", message->query);
    print(&to, end, "content_type", message->content_type);
    print(&to, end, "accept", message->accept);
    print(&to, end, "user_agent", message->user_agent);
    print(&to, end, "authorization", message->authorization);
    print(&to, end, "peer", bytes_of_text(peer));
    print(&to, end, "tls", bytes_of_text(message->tls ? "yes" : "no"));
    print_hex(&to, end, "client", message->client_certificate);
    for (size_t i = 0; i < message->client_chain_count; i++)
        print_hex(&to, end, "chain", message->client_chain[i]);
    print_hex(&to, end, "unique", message->tls_unique);
    print_hex(&to, end, "exporter", message->tls_exporter);
    reply_with(house, exchange, bytes_of(text, (size_t)(to - text)));
}

static void handle(void *context, struct http_exchange *exchange, const struct message *message,
                   const char *peer)
{
    static uint8_t big[HOUSE_BIG];
    struct house *house = context;
    house->counts.handled++;
    if (bytes_equal_text(message->path, "/echo")) {
        reply_with(house, exchange, message->body);
    } else if (bytes_equal_text(message->path, "/later")) {
        struct later *later = calloc(1, sizeof(*later));
        *later = (struct later){house, exchange, message->body};
        loop_timer(house->loop, 20, reply_later, later);
    } else if (bytes_equal_text(message->path, "/hold")) {
        house->held[house->held_count++] = exchange;
    } else if (bytes_equal_text(message->path, "/describe")) {
        describe(house, exchange, message, peer);
    } else if (bytes_equal_text(message->path, "/big")) {
        memset(big, 'b', sizeof(big));
        reply_with(house, exchange, bytes_of(big, sizeof(big)));
    } else {
        count_reply(house, exchange, &(struct reply){.status = 404});
    }
}

static void note_refused(void *context, const char *peer, int status, const struct failure *why)
{
    struct house *house = context;
    house->counts.refused++;
    house->counts.last_refused_status = status;
    snprintf(house->counts.last_refused, sizeof(house->counts.last_refused), "%s %s", peer,
             why->text);
}

static void *run(void *context)
{
    struct house *house = context;
    if (!loop_run(house->loop))
        abort();
    return NULL;
}

struct house *house_open(SSL_CTX *tls, const struct http_limits *limits)
{
    struct failure why;
    struct house *house = calloc(1, sizeof(*house));
    house->loop = loop_new();
    const struct http_listener listener = {
        .address = "127.0.0.1:0",
        .tls = tls,
        .handler = handle,
        .refused = note_refused,
        .limits = limits,
        .context = house,
    };
    house->server = http_server_new(house->loop, &listener, &why);
    if (house->server == NULL) {
        fprintf(stderr, "%s: %s\n", why.text, why.detail);
        abort();
    }
    house->port = http_server_port(house->server);
    if (pthread_create(&house->thread, NULL, run, house) != 0)
        abort();
    return house;
}

int house_port(const struct house *house)
{
    return house->port;
}

/* ---- calls into the server's thread --------------------------------------------------------- */

struct errand {
    struct house *house;
    void (*run)(struct errand *errand);
    SSL_CTX *tls;
    struct house_counts counts;
    unsigned number;
    bool is_done;
    pthread_mutex_t lock;
    pthread_cond_t done;
};

static void run_errand(void *context)
{
    struct errand *errand = context;
    errand->run(errand);
    pthread_mutex_lock(&errand->lock);
    errand->is_done = true;
    pthread_cond_signal(&errand->done);
    pthread_mutex_unlock(&errand->lock);
}

static void send_on(struct errand *errand)
{
    pthread_mutex_init(&errand->lock, NULL);
    pthread_cond_init(&errand->done, NULL);
    loop_post(errand->house->loop, run_errand, errand);
    pthread_mutex_lock(&errand->lock);
    while (!errand->is_done)
        pthread_cond_wait(&errand->done, &errand->lock);
    pthread_mutex_unlock(&errand->lock);
    pthread_cond_destroy(&errand->done);
    pthread_mutex_destroy(&errand->lock);
}

static void release(struct errand *errand)
{
    struct house *house = errand->house;
    for (size_t i = 0; i < house->held_count; i++)
        reply_with(house, house->held[i], BYTES_LITERAL("held"));
    house->held_count = 0;
}

static void drain(struct errand *errand)
{
    http_server_drain(errand->house->server);
}

static void set_tls(struct errand *errand)
{
    http_server_set_tls(errand->house->server, errand->tls);
}

static void get_busy(struct errand *errand)
{
    errand->number = http_server_busy(errand->house->server);
}

static void get_connections(struct errand *errand)
{
    errand->number = http_server_connections(errand->house->server);
}

static void get_quiet(struct errand *errand)
{
    errand->number = http_server_is_quiet(errand->house->server);
}

static void get_counts(struct errand *errand)
{
    errand->counts = errand->house->counts;
}

void house_release(struct house *house)
{
    struct errand errand = {.house = house, .run = release};
    send_on(&errand);
}

void house_drain(struct house *house)
{
    struct errand errand = {.house = house, .run = drain};
    send_on(&errand);
}

void house_set_tls(struct house *house, SSL_CTX *tls)
{
    struct errand errand = {.house = house, .run = set_tls, .tls = tls};
    send_on(&errand);
}

unsigned house_busy(struct house *house)
{
    struct errand errand = {.house = house, .run = get_busy};
    send_on(&errand);
    return errand.number;
}

unsigned house_connections(struct house *house)
{
    struct errand errand = {.house = house, .run = get_connections};
    send_on(&errand);
    return errand.number;
}

bool house_is_quiet(struct house *house)
{
    struct errand errand = {.house = house, .run = get_quiet};
    send_on(&errand);
    return errand.number != 0;
}

struct house_counts house_counts(struct house *house)
{
    struct errand errand = {.house = house, .run = get_counts};
    send_on(&errand);
    return errand.counts;
}

static unsigned refused_so_far(struct house *house)
{
    return house_counts(house).refused;
}

static bool waits_for(struct house *house, unsigned (*ask)(struct house *house), unsigned number)
{
    for (int i = 0; i < WIRE_TIMEOUT_S * 500; i++) {
        if (ask(house) == number)
            return true;
        usleep(2000);
    }
    return false;
}

bool house_waits_for_busy(struct house *house, unsigned busy)
{
    return waits_for(house, house_busy, busy);
}

bool house_waits_for_connections(struct house *house, unsigned connections)
{
    return waits_for(house, house_connections, connections);
}

bool house_waits_for_refused(struct house *house, unsigned refused)
{
    return waits_for(house, refused_so_far, refused);
}

void house_close(struct house *house)
{
    loop_stop(house->loop);
    pthread_join(house->thread, NULL);
    http_server_free(house->server);
    for (size_t i = 0; i < house->held_count; i++)
        http_reply(house->held[i], &(struct reply){.status = 503});
    loop_free(house->loop);
    free(house);
}
