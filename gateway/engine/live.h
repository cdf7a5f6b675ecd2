/* What one engine has in its hands: transactions that wait for a commit, an authority or a timer of
 * milliseconds, and the devices' messages that wait with them. Everything else is in the store.
 *
 * A device's message (struct visit) owns an arena for its message and answer. A transaction under
 * way (struct live) owns an arena of its own; it is dropped as soon as nothing is under way, so
 * memory is bounded by what is in flight and not by what is pending for days. */
#ifndef DRAGOMAN_GATEWAY_ENGINE_LIVE_H
#define DRAGOMAN_GATEWAY_ENGINE_LIVE_H

#include "gateway/engine/engine.h"

enum { LIVE_BUCKETS = 1024 };

struct answered;

/* One message of a device, from its arrival to its answer. */
struct visit {
    struct visit *next;
    struct engine *engine;
    struct config *config; /* the snapshot it is judged by */
    struct arena *arena;
    void *exchange; /* the transport's handle */
    const struct message *message;
    const char *peer;
    size_t listener;
    const struct inbound_adapter *adapter; /* NULL: none accepts it */
    struct inbound_context context;
    struct claim claim;
    struct request request;
    const struct route_config *route; /* NULL until known */
    int64_t started_ms;
    int64_t give_up_ms;        /* then the device is told to ask again */
    int64_t look_ms;           /* parked: when to look at the store again; 0: not parked */
    struct answered *answered; /* encoded, on its way to the store */
    char transaction[33];      /* for the log */
    const char *state;         /* for the log: the transaction's state behind the answer */
};

/* What happened to a call, kept until the store is done with the batch before. */
struct arrival {
    enum http_outcome outcome;
    struct message answer;
    struct failure why;
};

enum decision { DECISION_NONE, DECISION_ACCEPTED, DECISION_REJECTED };

/* One transaction under way in this engine. */
struct live {
    struct live *next_exchange, *next_ticket;
    struct engine *engine;
    struct config *config;
    struct arena *arena;
    uint64_t ticket;
    struct transaction row; /* as it is, or is about to be, in the store */
    bool stored;            /* the row exists in the store: update, not insert */
    enum state base;        /* its state there, when we read or wrote it last */
    struct request request;
    const struct route_config *route;
    const struct authority_config *authority;
    struct bytes opening;     /* digest of the message that opened the exchange */
    struct call call;         /* under way, or the last one; empty method: none */
    struct response response; /* what is known of the enrolment */
    enum decision decision;   /* the device's (or ours, for devices that cannot confirm) */
    struct bytes accepted;    /* an octet for each result: not 0 if the device took that one */
    bool delivered;           /* an answer with its certificates was made durable */
    bool faulty; /* the confirmation made no sense: it counts as a rejection and gets an error */
    struct failure confirm_fault;
    struct visit *visits;
    const struct answered *handing; /* being stored for the visits that it answers */
    struct arrival *arrival;        /* waits to be worked on */
    bool calling;                   /* the authority has our message */
    bool committing;                /* the store has our batch */
    bool working;                   /* inside live_work: no second entry */
    int64_t resend_ms;              /* a call that did not leave is tried again then; 0: none */
    int64_t recommit_ms; /* a batch that the store refused is tried again then; 0: none */
    int64_t called_ms;
    struct store_batch batch; /* under way, for the retry */
    void (*then)(struct live *live);
};

struct engine {
    struct engine_ports ports;
    struct config *config;
    bool primary; /* takes up what is due in the store */
    struct live *by_exchange[LIVE_BUCKETS];
    struct live *by_ticket[LIVE_BUCKETS];
    struct visit *parked;
    uint64_t last_ticket;
    size_t visit_count, live_count, commit_count;
    bool replying;     /* inside ports.reply: a message that comes now waits for the next turn */
    int64_t expire_at; /* s: when old answers are removed next */
    struct throttle *throttle;
};

struct visit *visit_new(struct engine *engine, size_t listener, const struct message *message,
                        const char *peer, void *exchange);
/* Without an answer: only after visit_answer, or when the engine ends. */
void visit_free(struct visit *visit);

struct live *live_new(struct engine *engine, struct config *config);
/* Makes it findable by its row's exchange and by its ticket. */
void live_register(struct live *live);
void live_unregister(struct live *live);
/* One that asks for this key (SHA-256 of the SPKI); NULL: none. */
struct live *live_find_key(struct engine *engine, struct bytes key);
struct live *live_find_exchange(struct engine *engine, struct bytes exchange);
struct live *live_find_ticket(struct engine *engine, uint64_t ticket);
/* The store has its batch, or shall have it again: nothing else may be written until then. */
bool live_is_writing(const struct live *live);
/* Frees it if nothing is under way and nobody waits. */
void live_settle(struct live *live);
void live_free(struct live *live);
void live_each(struct engine *engine, void (*visit)(struct live *live));
/* Whether a row that this engine has not in its hands is in the hands of another one. */
bool live_is_elsewhere(const struct live *live, const struct transaction *row);

/* Fresh octets for one call of an adapter. */
struct entropy engine_entropy(struct engine *engine, struct arena *arena);
int64_t engine_now(const struct engine *engine);
int64_t engine_now_ms(const struct engine *engine);
/* Asks for a tick in `ms` milliseconds. */
void engine_wake_in(struct engine *engine, int64_t ms);

#endif
