#include "gateway/store/waiting.h"

static void wake(void *context, enum store_result result)
{
    struct waiting *waiting = context;
    pthread_mutex_lock(&waiting->lock);
    waiting->done = true;
    waiting->result = result;
    pthread_cond_signal(&waiting->changed);
    pthread_mutex_unlock(&waiting->lock);
}

struct store_completion waiting_completion(struct waiting *waiting)
{
    return (struct store_completion){.done = wake, .context = waiting};
}

enum store_result waiting_end(struct waiting *waiting)
{
    pthread_mutex_lock(&waiting->lock);
    while (!waiting->done)
        pthread_cond_wait(&waiting->changed, &waiting->lock);
    pthread_mutex_unlock(&waiting->lock);
    pthread_cond_destroy(&waiting->changed);
    pthread_mutex_destroy(&waiting->lock);
    return waiting->result;
}
