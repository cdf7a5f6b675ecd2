#include "gateway/http/exchange.h"

#include <stdio.h>
#include <stdlib.h>

#include "gateway/http/connection.h"
#include "gateway/http/server_internal.h"
#include "gateway/http/tls.h"

struct http_exchange *exchange_new(struct http_connection *connection)
{
    struct http_exchange *exchange = calloc(1, sizeof(*exchange));
    if (exchange == NULL)
        abort();
    exchange->connection = connection;
    exchange->server = connection->server;
    exchange->arena = arena_new();
    snprintf(exchange->peer, sizeof(exchange->peer), "%s", connection->peer);
    return exchange;
}

void exchange_set_path(struct http_exchange *exchange, struct bytes path)
{
    uint8_t *to = arena_alloc(exchange->arena, path.size);
    size_t size = 0;
    for (size_t i = 0; i < path.size; i++)
        if (path.data[i] != '/' || size == 0 || to[size - 1] != '/')
            to[size++] = path.data[i];
    exchange->message.path = bytes_of(to, size);
}

static void free_exchange(struct http_exchange *exchange)
{
    buffer_clear(&exchange->body);
    arena_free(exchange->arena);
    free(exchange);
}

static void link_to_server(struct http_exchange *exchange)
{
    struct http_server *server = exchange->server;
    exchange->is_dispatched = true;
    exchange->next = server->exchanges;
    if (exchange->next != NULL)
        exchange->next->previous = exchange;
    server->exchanges = exchange;
    server->busy++;
}

static void unlink_from_server(struct http_exchange *exchange)
{
    struct http_server *server = exchange->server;
    if (exchange->previous != NULL)
        exchange->previous->next = exchange->next;
    else
        server->exchanges = exchange->next;
    if (exchange->next != NULL)
        exchange->next->previous = exchange->previous;
    server->busy--;
}

void exchange_dispatch(struct http_exchange *exchange)
{
    struct http_server *server = exchange->server;
    exchange->message.body = buffer_bytes(&exchange->body);
    if (exchange->connection->ssl != NULL)
        tls_describe(exchange->connection->ssl, exchange->arena, &exchange->message);
    link_to_server(exchange);
    server->handler(server->context, exchange, &exchange->message, exchange->peer);
}

void exchange_abandon(struct http_exchange *exchange)
{
    if (exchange == NULL)
        return;
    exchange->connection = NULL;
    if (!exchange->is_dispatched)
        free_exchange(exchange);
}

bool http_reply(struct http_exchange *exchange, const struct reply *reply)
{
    struct http_server *server = exchange->server;
    struct http_connection *connection = exchange->connection;
    if (server != NULL)
        unlink_from_server(exchange);
    bool is_there = connection != NULL && !connection->is_broken;
    if (connection != NULL) {
        server_enter(server);
        connection->kind->answer(connection->session, exchange, reply);
        server_queue(server, connection);
        free_exchange(exchange);
        server_leave(server);
        return is_there;
    }
    free_exchange(exchange);
    return false;
}
