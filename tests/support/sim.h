/* A whole gateway in one thread: engines on a clock, a network and a disk that the test holds in
 * its hands. Devices are OpenSSL's own CMP client, so that one side of the wire is not ours.
 *
 * The world has nodes. A node is an engine with its store and configuration; killing it drops
 * everything that was not durable. A call to an authority whose URL is "http://NAME/..." goes to
 * the node NAME, through a wire that may lose, break, repeat or hold back what passes. */
#ifndef DRAGOMAN_TESTS_SUPPORT_SIM_H
#define DRAGOMAN_TESTS_SUPPORT_SIM_H

#include <openssl/cmp.h>

#include "gateway/engine/engine.h"

enum sim_fault {
    SIM_PASS,
    SIM_REFUSE,       /* connection refused: the request certainly did not arrive */
    SIM_LOSE_REQUEST, /* the connection broke before the request arrived */
    SIM_LOSE_ANSWER,  /* the request arrived, its answer did not */
    SIM_BREAK_ANSWER, /* one octet of the answer is changed */
    SIM_CUT_ANSWER,   /* the second half of the answer is missing */
    SIM_REPEAT        /* the request arrives twice; the second answer comes back */
};

struct sim;
struct sim_node;

struct sim *sim_new(void);
void sim_free(struct sim *sim);

/* The directory that configurations may refer to; removed with the world. */
const char *sim_directory(const struct sim *sim);
/* Writes text to NAME in that directory (mode 0600). */
void sim_write(struct sim *sim, const char *name, const char *text);

/* A node with this configuration; its store outlives kills. */
struct sim_node *sim_node(struct sim *sim, const char *name, const char *config);
/* kill -9: the engine is gone, with all commits that were not durable. */
void sim_kill(struct sim_node *node);
/* Kills the node just before its k-th commit from now becomes durable (0: the next one), or just
 * after it, before anybody is told. */
void sim_kill_at_commit(struct sim_node *node, unsigned k, bool after);
bool sim_is_dead(const struct sim_node *node);
/* A new engine on what is on disk. */
void sim_restart(struct sim_node *node);
struct store *sim_store(struct sim_node *node);

/* The next `count` calls of the world go wrong in this way. */
void sim_fault(struct sim *sim, enum sim_fault fault, unsigned count);
/* Time passes, with everything that it brings. */
void sim_pass(struct sim *sim, int64_t seconds);
int64_t sim_now(const struct sim *sim);

/* One POST to a node's first listener. The answer is in `arena`. False: the node died, or holds the
 * message back. */
bool sim_post(struct sim_node *node, const char *path, const char *content_type, struct bytes body,
              struct arena *arena, struct reply *reply);

/* Calls that reached the node `name` since the world began. */
unsigned sim_calls_to(const struct sim *sim, const char *name);
/* Certificates in a node's store, by state; CERTIFICATE_STATE_COUNT: all. */
unsigned sim_certificates(struct sim_node *node, enum certificate_state state);
unsigned sim_transactions(struct sim_node *node, enum state state);

/* A device: OpenSSL's CMP client whose messages go to `node`. The clock of the client is the real
 * one, so the world's clock starts at the real time. */
OSSL_CMP_CTX *sim_device(struct sim_node *node, const char *reference, const char *secret,
                         const char *subject, EVP_PKEY *key);

#endif
