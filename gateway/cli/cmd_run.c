/* `dragoman run`: the daemon. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <curl/curl.h>

#include "gateway/cli/cli.h"
#include "gateway/cli/problems.h"
#include "gateway/loop/loop.h"
#include "gateway/run/worker.h"

enum { DRAIN_MS = 30000, THREADS_MAX = 64 };

struct daemon {
    const char *config_path;
    struct config *config;
    struct store *store;
    struct log *log;
    struct worker *workers[THREADS_MAX];
    pthread_t threads[THREADS_MAX];
    unsigned worker_count;
    unsigned draining; /* workers that are not idle yet; main thread only */
};

/* ---- telling the service manager (sd_notify's protocol: one datagram) ---- */

static void notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path == NULL || strlen(path) >= sizeof(address.sun_path))
        return;
    memcpy(address.sun_path, path, strlen(path));
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address, size) < 0)
        fprintf(stderr, "dragoman: the service manager does not listen: %s\n", strerror(errno));
    close(fd);
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WATCHED_BY_A_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define WATCHED_BY_A_SANITIZER 1
#endif

/* Secrets must not reach a core file, nor another process of the same user. The leak checker of a
 * test build is such a process. */
static void guard_memory(void)
{
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
#if !defined(WATCHED_BY_A_SANITIZER)
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

/* ---- configuration ---- */

static struct config *load(const char *path)
{
    struct config_report *report = calloc(1, sizeof(*report));
    if (report == NULL)
        abort();
    struct config *config = config_load(path, report);
    problems_print(stderr, path, report);
    free(report);
    return config;
}

struct new_config {
    struct worker *worker;
    struct config *config;
    struct log *log;
};

static void log_reload(struct log *log, bool taken, const char *text)
{
    struct log_line *line = log_begin(log, EVENT_RELOAD);
    log_flag(line, "taken", taken);
    log_text(line, "text", text);
    log_end(line);
}

static void take_config(void *context)
{
    struct new_config *new = context;
    struct failure why;
    if (!worker_set_config(new->worker, new->config, &why))
        log_reload(new->log, false, why.text);
    config_unref(new->config);
    free(new);
}

static void reload(void *context, int number)
{
    (void)number;
    struct daemon *daemon = context;
    log_reopen(daemon->log);
    struct config *config = load(daemon->config_path);
    if (config == NULL) {
        log_reload(daemon->log, false, "the new configuration has errors; the old one stays");
        return;
    }
    for (unsigned i = 0; i < daemon->worker_count; i++) {
        struct new_config *new = malloc(sizeof(*new));
        if (new == NULL)
            abort();
        *new = (struct new_config){daemon->workers[i], config_ref(config), daemon->log};
        loop_post(worker_loop(daemon->workers[i]), take_config, new);
    }
    config_unref(daemon->config);
    daemon->config = config;
    log_reload(daemon->log, true, NULL);
}

/* ---- threads ---- */

static void *run_worker(void *context)
{
    loop_run(worker_loop(context));
    return NULL;
}

static void recover(void *context)
{
    engine_recover(worker_engine(context));
}

static void worker_idle(void *context)
{
    worker_stop(context);
}

static void drain_worker(void *context)
{
    worker_drain(context, DRAIN_MS, worker_idle, context);
}

static void terminate(void *context, int number)
{
    (void)number;
    struct daemon *daemon = context;
    notify("STOPPING=1");
    for (unsigned i = 0; i < daemon->worker_count; i++)
        loop_post(worker_loop(daemon->workers[i]), drain_worker, daemon->workers[i]);
}

static void log_start(const struct daemon *daemon)
{
    for (size_t i = 0; i < daemon->config->listener_count; i++) {
        struct log_line *line = log_begin(daemon->log, EVENT_START);
        log_text(line, "version", DRAGOMAN_VERSION);
        log_text(line, "listener", daemon->config->listeners[i].name);
        log_text(line, "address", daemon->config->listeners[i].address);
        log_number(line, "port", worker_port(daemon->workers[0], i));
        log_number(line, "threads", daemon->worker_count);
        log_number(line, "pid", getpid());
        log_end(line);
    }
}

/* Listeners that let the kernel choose a port can have one thread only: the others would be given
 * other ports. */
static unsigned thread_count(const struct config *config)
{
    unsigned count = config->threads == 0 ? 1 : config->threads;
    for (size_t i = 0; i < config->listener_count; i++) {
        const char *address = config->listeners[i].address;
        if (strlen(address) > 2 && strcmp(address + strlen(address) - 2, ":0") == 0)
            count = 1;
    }
    return count > THREADS_MAX ? THREADS_MAX : count;
}

static bool open_workers(struct daemon *daemon)
{
    struct failure why;
    unsigned count = thread_count(daemon->config);
    for (unsigned i = 0; i < count; i++) {
        daemon->workers[i] = worker_new(daemon->config, daemon->store, daemon->log, &why);
        if (daemon->workers[i] == NULL) {
            fprintf(stderr, "dragoman: %s%s%s\n", why.text, why.detail[0] == '\0' ? "" : ": ",
                    why.detail);
            return false;
        }
        daemon->worker_count++;
    }
    return true;
}

static int serve(struct daemon *daemon)
{
    struct loop *main_loop = worker_loop(daemon->workers[0]);
    if (!loop_signal(main_loop, SIGHUP, reload, daemon) ||
        !loop_signal(main_loop, SIGTERM, terminate, daemon) ||
        !loop_signal(main_loop, SIGINT, terminate, daemon)) {
        fprintf(stderr, "dragoman: no signals: %s\n", strerror(errno));
        return 1;
    }
    loop_post(main_loop, recover, daemon->workers[0]);
    for (unsigned i = 1; i < daemon->worker_count; i++)
        pthread_create(&daemon->threads[i], NULL, run_worker, daemon->workers[i]);
    log_start(daemon);
    notify("READY=1");
    loop_run(main_loop);
    for (unsigned i = 1; i < daemon->worker_count; i++)
        pthread_join(daemon->threads[i], NULL);
    log_end(log_begin(daemon->log, EVENT_STOP));
    return 0;
}

static bool open_parts(struct daemon *daemon)
{
    struct failure why;
    daemon->log = log_open(daemon->config->log_path, daemon->config->log_level);
    if (daemon->log == NULL) {
        fprintf(stderr, "dragoman: the log cannot be opened: %s\n", strerror(errno));
        return false;
    }
    if (!store_open_sqlite(daemon->config->store_path, &daemon->store, &why)) {
        fprintf(stderr, "dragoman: %s: %s\n", why.text, why.detail);
        return false;
    }
    return open_workers(daemon);
}

/* Blocked in every thread from the start, so that they arrive through the loop alone. */
static void block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static const char *config_path(int argc, char **argv)
{
    const char *path = NULL;
    for (int option; (option = getopt(argc, argv, "c:")) != -1;) {
        if (option != 'c')
            return NULL;
        path = optarg;
    }
    return optind == argc ? path : NULL;
}

int cmd_run(int argc, char **argv)
{
    struct daemon daemon = {0};
    daemon.config_path = config_path(argc, argv);
    if (daemon.config_path == NULL)
        return cli_usage(argv[0]);
    guard_memory();
    block_signals();
    curl_global_init(CURL_GLOBAL_DEFAULT);
    daemon.config = load(daemon.config_path);
    int status = 1;
    if (daemon.config != NULL && open_parts(&daemon))
        status = serve(&daemon);
    for (unsigned i = 0; i < daemon.worker_count; i++)
        worker_free(daemon.workers[i]);
    if (daemon.store != NULL)
        store_close(daemon.store);
    log_close(daemon.log);
    config_unref(daemon.config);
    curl_global_cleanup();
    return status;
}
