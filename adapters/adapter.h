/* What the engine knows of a protocol: two small tables of functions.
 *
 * Adapters do no I/O. Time, nonces, keys and trust come in as arguments, so each function is pure:
 * the daemon, `dragoman translate`, the tests, the fuzzers and the simulator call the same code.
 *
 * An inbound adapter reads a device's message in two looks:
 *   claim   reads just enough, unauthenticated, to say which exchange the message belongs to
 *   decode  checks protection, time, nonces, and the POP of each item, and gives the request
 * and writes answers:
 *   encode  the answer to a decoded request
 *   refuse  the error for a message that was not decoded (as much of it as is readable is echoed)
 *
 * An outbound adapter is a session with an authority. Between two steps the session is nothing but
 * octets (`state`), which the engine stores before it acts on a step; so it survives a restart by
 * construction. Given the same arguments a step gives the same octets to send. */
#ifndef DRAGOMAN_ADAPTERS_ADAPTER_H
#define DRAGOMAN_ADAPTERS_ADAPTER_H

#include "adapters/entropy.h"
#include "adapters/message.h"
#include "adapters/pkix/credentials.h"
#include "mapping/model/response.h"

/* ---- inbound ------------------------------------------------------------------------------- */

struct inbound_context {
    const struct message *message;
    const struct credentials *credentials; /* what the message's listener trusts and signs with */
    struct bytes leg; /* stored memory of the exchange; empty if the exchange is new */
    int64_t now;      /* s since 1970 UTC */
    struct entropy entropy;
};

/* An exchange met again under other octets: a mistake (CMP), or the device's way to ask again
 * (EST). */
enum repeat { REPEAT_IS_CONFLICT, REPEAT_IS_RETRY };

struct claim {
    const char *what; /* "ir", "certConf", "PKIData", "simpleenroll"; "?" if unreadable */
    bool opens;       /* such a message may open an exchange */
    enum repeat repeat;
    struct bytes exchange; /* 32 octets: names the exchange; depends on sender and transaction id */
    struct bytes digest;   /* 32 octets: of these very octets from this very sender */
    struct bytes reference;      /* of a MAC or password, to count failures by; empty if none */
    struct bytes transaction_id; /* as on the wire, for the log; empty if none */
};

struct inbound_adapter {
    enum protocol protocol;
    /* Whether the message is this protocol's, by path and media type alone. `paths` are the
     * configured ones besides the well-known. */
    bool (*accepts)(const struct message *message, const char *const *paths, size_t path_count);
    bool (*claim)(const struct inbound_context *context, struct arena *arena, struct claim *claim,
                  struct failure *why);
    bool (*decode)(struct inbound_context *context, struct arena *arena, struct request *request,
                   struct failure *why);
    /* Cannot fail: what cannot be said becomes the protocol's general error. `context->leg` is the
     * leg of the request answered. */
    void (*encode)(struct inbound_context *context, const struct response *response,
                   struct arena *arena, struct reply *reply);
    void (*refuse)(struct inbound_context *context, const struct failure *why, struct arena *arena,
                   struct reply *reply);
    /* Content-Transfer-Encoding of an answer with this type, NULL for none; NULL: never any. */
    const char *(*transfer_encoding)(const char *content_type);
};

/* ---- outbound ------------------------------------------------------------------------------ */

struct outbound_context {
    const struct authority *authority;
    int64_t now;
    struct entropy entropy;
};

enum outbound_event_kind {
    OUTBOUND_ANSWER,   /* the authority's HTTP answer, whatever its status */
    OUTBOUND_NOT_SENT, /* the message certainly did not reach the authority */
    OUTBOUND_LOST,     /* sent, but no answer: the authority may have acted */
    OUTBOUND_TIME,     /* the time named by STEP_WAIT has come */
    OUTBOUND_CONFIRM,  /* the device's decision (or ours, for devices that cannot confirm) */
};

struct outbound_event {
    enum outbound_event_kind kind;
    const struct message *answer;             /* ANSWER */
    const struct failure *transport;          /* NOT_SENT, LOST: what happened */
    const struct confirmation *confirmations; /* CONFIRM */
    size_t confirmation_count;
};

enum step_kind {
    STEP_SEND, /* send `call`, come back with ANSWER, NOT_SENT or LOST */
    STEP_WAIT, /* nothing to do until `wait_until`; `response` tells what is known (PENDING) */
    STEP_DONE, /* `response` is final, or final but for confirm_needed: then CONFIRM follows */
};

struct step {
    enum step_kind kind;
    struct bytes state; /* the session after this step */
    struct call call;
    int64_t wait_until; /* s since 1970 UTC */
    struct response response;
};

struct outbound_adapter {
    enum protocol protocol;
    /* Opens a session for a planned request. False: refused before anything was sent. */
    bool (*begin)(struct outbound_context *context, const struct request *request,
                  struct arena *arena, struct step *step, struct failure *why);
    /* `request` and `state` are what the store kept. Cannot fail: a broken answer is a response
     * with UNKNOWN results. */
    void (*step)(struct outbound_context *context, const struct request *request,
                 struct bytes state, const struct outbound_event *event, struct arena *arena,
                 struct step *step);
};

/* ---- registry: the only list of protocols --------------------------------------------------- */

/* NULL if the protocol has none. */
const struct inbound_adapter *inbound_adapter(enum protocol protocol);
const struct outbound_adapter *outbound_adapter(enum protocol protocol);

#endif
