/* What survives: transactions, answers given, certificates issued. Verbs of ours, no SQL.
 *
 * Reads are synchronous and cheap (an index look-up). Writes are batches: all of a batch becomes
 * durable or nothing; one writer thread groups batches into commits, and tells each caller by its
 * completion. A message that a batch promises is sent only from the completion (write ahead, D1 to
 * D10).
 *
 * Thread-safe. Slices of what is read live in the caller's arena. */
#ifndef DRAGOMAN_GATEWAY_STORE_STORE_H
#define DRAGOMAN_GATEWAY_STORE_STORE_H

#include "mapping/model/request.h"

enum state {
#define STATE(name, word, final, what) STATE_##name,
#include "gateway/engine/states.def"
#undef STATE
    STATE_COUNT
};
const char *state_word(enum state state);
const char *state_what(enum state state); /* a sentence for people */
bool state_is_final(enum state state);
bool state_from_word(const char *word, enum state *state);

struct transaction {
    struct bytes id;       /* 32 hex digits, random, ours */
    struct bytes exchange; /* 32 octets: claim.exchange; unique among all transactions. An update
                              may change it: the device started over under another id */
    int64_t version;       /* 1 on insert; each update must carry the next number */
    enum state state;
    enum protocol inbound;
    enum operation operation;
    const char *route;
    const char *authority;
    int64_t created_at; /* s since 1970 UTC */
    int64_t updated_at;
    int64_t wake_at;             /* when the engine has something to do; 0: nothing */
    int64_t deadline;            /* when the present state is given up; 0: never */
    int attempts;                /* sends of the present call */
    struct bytes request;        /* request_pack */
    struct bytes leg;            /* inbound adapter's */
    struct bytes outbound_state; /* outbound adapter's */
    struct bytes call;     /* the engine's own memory, with the exact call under way; opaque here */
    struct bytes response; /* response_pack of the final result */
    struct bytes key; /* 32 octets: SHA-256 of the SPKI asked for; empty if there are several */
    /* For people: lists, logs, audits. UTF-8. */
    struct bytes transaction_id; /* hex, as on the inbound wire */
    struct bytes principal;
    struct bytes subject;
    struct bytes note; /* why it ended so: reason word and text */
};

struct stored_reply {
    uint8_t digest[32];       /* claim.digest of the message that it answered */
    struct bytes transaction; /* id */
    int64_t created_at;
    int status;
    const char *content_type; /* NULL: none */
    struct bytes body;
    int64_t retry_after_s;
};

enum certificate_state {
    CERTIFICATE_ISSUED,    /* by the authority; delivery under way */
    CERTIFICATE_DELIVERED, /* its answer was handed to the device */
    CERTIFICATE_CONFIRMED,
    CERTIFICATE_ORPHAN,
    CERTIFICATE_REVOKED,
    CERTIFICATE_STATE_COUNT
};
const char *certificate_state_word(enum certificate_state state);

struct issued_certificate {
    uint8_t sha256[32];
    uint8_t spki_sha256[32];
    struct bytes transaction; /* id; empty: made by hand */
    const char *authority;
    struct bytes issuer; /* Name TLV */
    struct bytes serial; /* INTEGER content */
    struct bytes subject_text;
    struct bytes der;
    enum certificate_state state;
    int64_t issued_at;
    int64_t not_after;
    int64_t revoked_at; /* 0: not */
    int revocation_reason;
};

/* ---- the outbox: what a repository has yet to be told ---- */

enum outbox_kind {
    OUTBOX_CERTIFICATE,    /* of a device or person */
    OUTBOX_CA_CERTIFICATE, /* of the CA's own entry */
    OUTBOX_CRL,
    OUTBOX_KIND_COUNT
};
const char *outbox_kind_word(enum outbox_kind kind);

struct outbox_item {
    int64_t sequence; /* the store's, rising; 0 when it is put */
    const char *repository;
    enum outbox_kind kind;
    bool removal; /* take away what is there, else put it there */
    /* What one waiting item may hold: a second one with the same slot takes the place of the first,
     * so a removal cancels what was to be put, and a CRL the older list of its issuer. */
    uint8_t slot[32];
    struct bytes der;
    const char *authority;
    int64_t queued_at; /* s since 1970 UTC */
    int64_t due_at;
    int attempts;
    bool parked; /* waits for a person */
    int last_code;
    struct bytes last_text; /* UTF-8 */
};

/* What became of one item. */
struct outbox_report {
    int64_t sequence;
    bool done; /* leaves the outbox; the rest says nothing then */
    bool parked;
    int64_t due_at;
    int attempts;
    int code;
    struct bytes text; /* UTF-8 */
};

/* Batches that share one commit, at most. */
enum { STORE_BATCH_ITEMS = 128 };

/* What becomes durable together. Everything is copied by store_commit. */
struct store_batch {
    const struct transaction *insert; /* CONFLICT if the exchange or the id exists */
    const struct transaction *update; /* the whole row; CONFLICT if the stored version is not
                                         version - 1, or if the exchange is another's */
    /* The first answer to a digest stays. CONFLICT if it names a transaction that is not there. */
    const struct stored_reply *reply;
    /* Inserted; same sha256: state, revoked_at and revocation_reason are updated, but what is
     * revoked stays revoked. */
    const struct issued_certificate *certificates;
    size_t certificate_count;
    const struct outbox_item *outbox; /* put, in this order */
    size_t outbox_count;
    /* An item that is there no more (another took its place) is passed over. */
    const struct outbox_report *outbox_reports;
    size_t outbox_report_count;
};

/* FAILED: not durable as far as can be told, and never promised. After a crash it may be found to
 * have happened (the disk failed behind the last write), so who tries again meets CONFLICT and
 * reads. */
enum store_result { STORE_OK, STORE_CONFLICT, STORE_FAILED };

struct store_completion {
    /* Called exactly once, in the thread that `post` chooses; NULL done: nobody wants to know. */
    void (*done)(void *context, enum store_result result);
    void *context;
    /* Runs run(argument) in the caller's thread; NULL: done is called in the writer's thread. */
    void (*post)(void *loop, void (*run)(void *argument), void *argument);
    void *loop;
};

struct store;

/* Creates the file if it is missing (mode 0600), migrates an older one, refuses a newer one. */
bool store_open_sqlite(const char *path, struct store **out, struct failure *why);
/* Nothing survives; commits are immediate. */
struct store *store_open_memory(void);
/* Waits for the batches under way. */
void store_close(struct store *store);

void store_commit(struct store *store, const struct store_batch *batch,
                  const struct store_completion *completion);
/* The same, waiting; for the command line. */
enum store_result store_commit_now(struct store *store, const struct store_batch *batch);

/* Each gives false if there is none; a store that fails sets *broken (which may be NULL). */
bool store_find_exchange(struct store *store, struct bytes exchange, struct arena *arena,
                         struct transaction *out, bool *broken);
bool store_find_id(struct store *store, struct bytes id, struct arena *arena,
                   struct transaction *out, bool *broken);
/* The newest transaction that asked for a certificate for this key, whatever its state: a device
 * that starts over (power cut, new transaction id) is recognised by its key. */
bool store_find_asked(struct store *store, struct bytes key, struct arena *arena,
                      struct transaction *out, bool *broken);
/* The newest whose id begins so, or that the device calls so: for people, who copy from logs. */
bool store_find_like(struct store *store, struct bytes text, struct arena *arena,
                     struct transaction *out, bool *broken);
bool store_find_reply(struct store *store, struct bytes digest, struct arena *arena,
                      struct stored_reply *out, bool *broken);
bool store_find_certificate(struct store *store, struct bytes issuer, struct bytes serial,
                            struct arena *arena, struct issued_certificate *out, bool *broken);
/* The newest certificate of a key that is not revoked. */
bool store_find_key(struct store *store, struct bytes spki_sha256, struct arena *arena,
                    struct issued_certificate *out, bool *broken);

/* Up to `most` transactions whose wake_at is due, the longest due first; *count says how many. */
struct transaction *store_due(struct store *store, int64_t now, size_t most, struct arena *arena,
                              size_t *count);
/* The next wake_at; 0: none. */
int64_t store_next_wake(struct store *store);

struct transaction_filter {
    const enum state *states; /* NULL: all */
    size_t state_count;
    const char *authority; /* NULL: all */
    int64_t since;         /* created at or after */
    size_t most;
};
/* Newest first. */
struct transaction *store_list(struct store *store, const struct transaction_filter *filter,
                               struct arena *arena, size_t *count);

struct certificate_filter {
    const enum certificate_state *states; /* NULL: all */
    size_t state_count;
    const char *authority;    /* NULL: all */
    struct bytes transaction; /* id; empty: all */
    size_t most;
};
/* Newest first. */
struct issued_certificate *store_certificates(struct store *store,
                                              const struct certificate_filter *filter,
                                              struct arena *arena, size_t *count);

struct outbox_filter {
    const char *repository;
    int64_t due_by; /* s since 1970 UTC */
    bool parked;    /* those that are, else those that are not */
    size_t most;
};
/* In the order in which they were put. */
struct outbox_item *store_outbox(struct store *store, const struct outbox_filter *filter,
                                 struct arena *arena, size_t *count);
/* The next number of a named sequence (CRL numbers), from 1, durable. 0: failed. Waits. */
int64_t store_next_number(struct store *store, const char *name);
/* Removes answers given before `replies_before`, and final transactions that ended before
 * `transactions_before` with their answers; certificates stay. Takes its turn among the batches.
 */
void store_expire(struct store *store, int64_t replies_before, int64_t transactions_before);
/* Why a commit FAILED or a read was broken last, for the log; "" if that never happened. */
const char *store_trouble(struct store *store, struct arena *arena);

#endif
