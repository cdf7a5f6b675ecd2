#include "gateway/http/client.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <strings.h>

#include "gateway/http/buffer.h"
#include "mapping/model/arena.h"
#include "mapping/model/limits.h"

enum { SPARE_HANDLES = 32 };

/* One call, from http_client_send to its callback. */
struct transfer {
    struct http_client *client;
    struct transfer *previous, *next; /* in flight, or (next alone) queued */
    struct arena *arena;              /* the copies of what it needs; holds secrets */
    struct http_target target;
    struct call call;
    http_done *done;
    void *context;
    CURL *easy; /* NULL: queued */
    struct curl_slist *fields;
    bool may_be_sent; /* a connection stood, and the request was about to go out */
    bool is_too_large;
    bool header_ended;
    struct buffer body;
    struct message answer;
    char error[CURL_ERROR_SIZE];
};

struct http_client {
    struct loop *loop;
    CURLM *multi;
    struct timer *timer;
    struct transfer *in_flight;
    unsigned in_flight_count;
    struct transfer *first_queued, *last_queued;
    CURL *spares[SPARE_HANDLES];
    unsigned spare_count;
};

/* A descriptor of libcurl's that we watch for it. */
struct descriptor {
    struct http_client *client;
    curl_socket_t fd;
    struct watch *watch;
};

static void finish_transfers(struct http_client *client);

/* ---- libcurl's events on our loop ---------------------------------------------------------- */

static void act(struct http_client *client, curl_socket_t fd, int events)
{
    int running;
    curl_multi_socket_action(client->multi, fd, events, &running);
    finish_transfers(client);
}

static void descriptor_ready(void *context, int events)
{
    const struct descriptor *descriptor = context;
    int bits = 0;
    if (events & LOOP_READ)
        bits |= CURL_CSELECT_IN;
    if (events & LOOP_WRITE)
        bits |= CURL_CSELECT_OUT;
    if (events & LOOP_GONE)
        bits |= CURL_CSELECT_ERR;
    act(descriptor->client, descriptor->fd, bits);
}

static void forget_descriptor(struct http_client *client, curl_socket_t fd,
                              struct descriptor *descriptor)
{
    if (descriptor == NULL)
        return;
    loop_unwatch(descriptor->watch);
    free(descriptor);
    curl_multi_assign(client->multi, fd, NULL);
}

static int watch_descriptor(CURL *easy, curl_socket_t fd, int what, void *context, void *known)
{
    (void)easy;
    struct http_client *client = context;
    struct descriptor *descriptor = known;
    int events = 0;
    if (what == CURL_POLL_REMOVE) {
        forget_descriptor(client, fd, descriptor);
        return 0;
    }
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
        events |= LOOP_READ;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
        events |= LOOP_WRITE;
    if (descriptor != NULL) {
        loop_rewatch(descriptor->watch, events);
        return 0;
    }
    descriptor = calloc(1, sizeof(*descriptor));
    if (descriptor == NULL)
        abort();
    *descriptor = (struct descriptor){.client = client, .fd = fd};
    descriptor->watch = loop_watch(client->loop, fd, events, descriptor_ready, descriptor);
    if (descriptor->watch == NULL) {
        free(descriptor);
        return -1;
    }
    curl_multi_assign(client->multi, fd, descriptor);
    return 0;
}

static void timer_due(void *context)
{
    struct http_client *client = context;
    client->timer = NULL;
    act(client, CURL_SOCKET_TIMEOUT, 0);
}

/* libcurl must not be called from here, so even a delay of 0 goes through the loop. */
static int set_timer(CURLM *multi, long delay_ms, void *context)
{
    (void)multi;
    struct http_client *client = context;
    loop_cancel(client->loop, client->timer);
    client->timer = delay_ms < 0 ? NULL : loop_timer(client->loop, delay_ms, timer_due, client);
    return 0;
}

/* ---- what libcurl tells of a transfer ------------------------------------------------------- */

/* Called when a connection stands, TLS included, before the first octet of the request. libcurl
 * sends a request again where a kept connection turns out dead; a second time no request may go out
 * that is not safe to repeat (RFC 9110 9.2.2): the authority might issue twice. */
static int before_request(void *context, char *remote, char *local, int remote_port, int local_port)
{
    (void)remote;
    (void)local;
    (void)remote_port;
    (void)local_port;
    struct transfer *transfer = context;
    if (transfer->may_be_sent && strcmp(transfer->call.method, "GET") != 0)
        return CURL_PREREQFUNC_ABORT;
    transfer->may_be_sent = true;
    buffer_clear(&transfer->body);
    return CURL_PREREQFUNC_OK;
}

static size_t take_body(char *octets, size_t one, size_t size, void *context)
{
    (void)one;
    struct transfer *transfer = context;
    transfer->is_too_large = size > LIMIT_RESPONSE_OCTETS - transfer->body.size;
    if (transfer->is_too_large)
        return 0;
    buffer_append(&transfer->body, bytes_of(octets, size));
    return size;
}

static struct bytes field_value(struct bytes line)
{
    while (line.size > 0 && strchr(" \t", line.data[0]) != NULL)
        line = bytes_slice(line, 1, line.size);
    while (line.size > 0 && strchr(" \t\r\n", line.data[line.size - 1]) != NULL)
        line.size--;
    return line;
}

static void take_value(struct transfer *transfer, struct bytes line)
{
    const struct {
        const char *name;
        struct bytes *value;
    } wanted[] = {
        {"Content-Type:", &transfer->answer.content_type},
        {"Date:", &transfer->answer.date},
        {"Retry-After:", &transfer->answer.retry_after},
    };
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        size_t name = strlen(wanted[i].name);
        if (line.size > name && strncasecmp((const char *)line.data, wanted[i].name, name) == 0)
            *wanted[i].value =
                arena_copy(transfer->arena, field_value(bytes_slice(line, name, line.size)));
    }
}

/* A status line begins anew, since an interim answer (100) may stand before the real one. What
 * follows the empty line is a trailer, and no field. An answer whose header never ended is none,
 * though libcurl takes it for one with an empty body. */
static size_t take_line(char *text, size_t one, size_t size, void *context)
{
    (void)one;
    struct transfer *transfer = context;
    struct bytes line = bytes_of(text, size);
    if (bytes_equal_text(bytes_slice(line, 0, 5), "HTTP/")) {
        transfer->answer = (struct message){0};
        transfer->header_ended = false;
    } else if (field_value(line).size == 0) {
        transfer->header_ended = true;
    } else if (!transfer->header_ended) {
        take_value(transfer, line);
    }
    return size;
}

/* ---- a transfer ------------------------------------------------------------------------------ */

static const char *copy(struct arena *arena, const char *text)
{
    return text == NULL ? NULL : arena_text(arena, bytes_of_text(text));
}

static struct transfer *new_transfer(struct http_client *client, const struct http_target *target,
                                     const struct call *call)
{
    struct transfer *transfer = calloc(1, sizeof(*transfer));
    if (transfer == NULL)
        abort();
    struct arena *arena = transfer->arena = arena_new();
    transfer->client = client;
    transfer->target = (struct http_target){
        .url = copy(arena, target->url),
        .ca_file = copy(arena, target->ca_file),
        .certificate = copy(arena, target->certificate),
        .key = copy(arena, target->key),
        .basic = copy(arena, target->basic),
        .connect_ms = target->connect_ms,
        .answer_ms = target->answer_ms,
        .close_after = target->close_after,
    };
    transfer->call = (struct call){
        .method = copy(arena, call->method),
        .path_suffix = copy(arena, call->path_suffix),
        .content_type = copy(arena, call->content_type),
        .accept = copy(arena, call->accept),
        .body = arena_copy(arena, call->body),
    };
    return transfer;
}

static void free_transfer(struct transfer *transfer)
{
    curl_slist_free_all(transfer->fields);
    buffer_clear(&transfer->body);
    arena_free(transfer->arena);
    free(transfer);
}

/* "https://ca/est/" and "/cacerts" share one slash. */
static const char *url_of(struct transfer *transfer)
{
    struct bytes url = bytes_of_text(transfer->target.url);
    const char *suffix = transfer->call.path_suffix == NULL ? "" : transfer->call.path_suffix;
    while (suffix[0] == '/' && url.size > 0 && url.data[url.size - 1] == '/')
        url.size--;
    return arena_printf(transfer->arena, "%.*s%s", (int)url.size, (const char *)url.data, suffix);
}

static void add_field(struct transfer *transfer, const char *name, const char *value)
{
    const char *line = value == NULL ? arena_printf(transfer->arena, "%s:", name)
                                     : arena_printf(transfer->arena, "%s: %s", name, value);
    struct curl_slist *longer = curl_slist_append(transfer->fields, line);
    if (longer == NULL)
        abort();
    transfer->fields = longer;
}

static void set_request(struct transfer *transfer)
{
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_URL, url_of(transfer));
    if (strcmp(transfer->call.method, "GET") != 0) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, transfer->call.method);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->call.body.size);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                         transfer->call.body.size == 0 ? ""
                                                       : (const char *)transfer->call.body.data);
        /* A name with no value takes libcurl's own field away. */
        add_field(transfer, "Content-Type", transfer->call.content_type);
        add_field(transfer, "Expect", NULL);
    }
    add_field(transfer, "Accept", transfer->call.accept);
    if (transfer->target.close_after)
        add_field(transfer, "Connection", "close");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->fields);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "dragoman/" DRAGOMAN_VERSION);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    if (transfer->target.basic != NULL) {
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(easy, CURLOPT_USERPWD, transfer->target.basic);
    }
}

static void set_tls(struct transfer *transfer)
{
    CURL *easy = transfer->easy;
    const struct http_target *target = &transfer->target;
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (target->ca_file != NULL) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, target->ca_file);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL); /* or the system's would be trusted too */
        curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L); /* a reload changes the file */
    }
    if (target->certificate != NULL) {
        curl_easy_setopt(easy, CURLOPT_SSLCERT, target->certificate);
        curl_easy_setopt(easy, CURLOPT_SSLKEY, target->key);
        curl_easy_setopt(easy, CURLOPT_KEYPASSWD, ""); /* never ask at a terminal */
    }
}

static void set_conduct(struct transfer *transfer)
{
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_line);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* no variable of the environment redirects us */
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, transfer->target.connect_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                     transfer->target.connect_ms + transfer->target.answer_ms);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, transfer->target.close_after ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)LIMIT_UPSTREAM_IDLE_S);
}

static void start(struct http_client *client, struct transfer *transfer)
{
    transfer->easy =
        client->spare_count > 0 ? client->spares[--client->spare_count] : curl_easy_init();
    if (transfer->easy == NULL)
        abort();
    set_conduct(transfer);
    set_request(transfer);
    set_tls(transfer);
    transfer->next = client->in_flight;
    if (transfer->next != NULL)
        transfer->next->previous = transfer;
    client->in_flight = transfer;
    client->in_flight_count++;
    curl_multi_add_handle(client->multi, transfer->easy);
}

static void start_queued(struct http_client *client)
{
    while (client->first_queued != NULL && client->in_flight_count < LIMIT_UPSTREAM_IN_FLIGHT) {
        struct transfer *transfer = client->first_queued;
        client->first_queued = transfer->next;
        transfer->next = NULL;
        start(client, transfer);
    }
}

/* ---- ends ----------------------------------------------------------------------------------- */

static void take_from_curl(struct http_client *client, struct transfer *transfer)
{
    if (transfer->previous != NULL)
        transfer->previous->next = transfer->next;
    else
        client->in_flight = transfer->next;
    if (transfer->next != NULL)
        transfer->next->previous = transfer->previous;
    client->in_flight_count--;
    curl_multi_remove_handle(client->multi, transfer->easy);
    curl_easy_reset(transfer->easy);
    if (client->spare_count < SPARE_HANDLES)
        client->spares[client->spare_count++] = transfer->easy;
    else
        curl_easy_cleanup(transfer->easy);
    transfer->easy = NULL;
}

static void tell_failure(struct transfer *transfer, CURLcode code)
{
    struct failure why;
    const char *detail = transfer->error[0] == '\0' ? curl_easy_strerror(code) : transfer->error;
    if (transfer->is_too_large)
        fail(&why, REASON_UPSTREAM_UNKNOWN, "RFC 9110 15.6.3",
             "the answer of the certification authority is too large");
    else if (transfer->may_be_sent)
        fail(&why, REASON_UPSTREAM_UNKNOWN, NULL, NULL);
    else if (code == CURLE_PEER_FAILED_VERIFICATION)
        fail(&why, REASON_UPSTREAM_UNTRUSTED, "RFC 9110 4.3.4",
             "the TLS certificate of the certification authority is not trusted");
    else
        fail(&why, REASON_CA_DOWN, NULL, NULL);
    fail_detail(&why, "%s", detail);
    transfer->done(transfer->context, transfer->may_be_sent ? HTTP_LOST : HTTP_NOT_SENT, NULL,
                   &why);
}

static void finish(struct http_client *client, struct transfer *transfer, CURLcode code)
{
    long status = 0;
    char *scheme = NULL;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(transfer->easy, CURLINFO_SCHEME, &scheme);
    transfer->answer.tls = scheme != NULL && strcasecmp(scheme, "https") == 0;
    take_from_curl(client, transfer);
    if (code == CURLE_OK && status >= 200 && transfer->header_ended) {
        transfer->answer.status = (int)status;
        transfer->answer.body = buffer_bytes(&transfer->body);
        transfer->done(transfer->context, HTTP_ANSWERED, &transfer->answer, NULL);
    } else {
        tell_failure(transfer, code);
    }
    free_transfer(transfer);
}

/* A callback may send again, which only queues and starts. */
static void finish_transfers(struct http_client *client)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        char *transfer = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        finish(client, (struct transfer *)(void *)transfer, code);
    }
    start_queued(client);
}

/* ---- the client ------------------------------------------------------------------------------ */

struct http_client *http_client_new(struct loop *loop)
{
    struct http_client *client = calloc(1, sizeof(*client));
    if (client == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        abort();
    client->loop = loop;
    client->multi = curl_multi_init();
    if (client->multi == NULL)
        abort();
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, watch_descriptor);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    return client;
}

void http_client_send(struct http_client *client, const struct http_target *target,
                      const struct call *call, http_done *done, void *context)
{
    struct transfer *transfer = new_transfer(client, target, call);
    transfer->done = done;
    transfer->context = context;
    if (client->first_queued == NULL)
        client->first_queued = transfer;
    else
        client->last_queued->next = transfer;
    client->last_queued = transfer;
    start_queued(client);
}

void http_client_free(struct http_client *client)
{
    if (client == NULL)
        return;
    while (client->in_flight != NULL) {
        struct transfer *transfer = client->in_flight;
        take_from_curl(client, transfer);
        free_transfer(transfer);
    }
    while (client->first_queued != NULL) {
        struct transfer *transfer = client->first_queued;
        client->first_queued = transfer->next;
        free_transfer(transfer);
    }
    while (client->spare_count > 0)
        curl_easy_cleanup(client->spares[--client->spare_count]);
    curl_multi_cleanup(client->multi);
    loop_cancel(client->loop, client->timer);
    curl_global_cleanup();
    free(client);
}
