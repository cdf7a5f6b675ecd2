/* A caller that waits for one completion. */
#ifndef DRAGOMAN_GATEWAY_STORE_WAITING_H
#define DRAGOMAN_GATEWAY_STORE_WAITING_H

#include <pthread.h>

#include "gateway/store/store.h"

struct waiting {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool done;
    enum store_result result;
};

#define WAITING_INIT                                                                               \
    {                                                                                              \
        .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER                     \
    }

/* A completion that ends the wait. */
struct store_completion waiting_completion(struct waiting *waiting);
/* Once for each waiting. */
enum store_result waiting_end(struct waiting *waiting);

#endif
