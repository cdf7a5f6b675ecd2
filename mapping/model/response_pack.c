#include "mapping/model/limits.h"
#include "mapping/model/pack.h"
#include "mapping/model/response.h"

enum { VERSION = 1 };

static void pack_one(struct pack_writer *writer, const struct result *result)
{
    pack_number(writer, result->inbound_id);
    pack_number(writer, result->status);
    pack_number(writer, (int64_t)result->reason_count);
    /* By word: reasons.def may gain rows between the writing and the reading. */
    for (size_t i = 0; i < result->reason_count; i++)
        pack_bytes(writer, bytes_of_text(reason_row(result->reasons[i])->word));
    pack_number(writer, result->has_source);
    pack_number(writer, result->source.protocol);
    pack_number(writer, result->source.value);
    pack_bytes(writer, bytes_of_text(result->clause));
    pack_bytes(writer, result->text);
    pack_bytes(writer, result->detail);
    pack_number(writer, result->retry_at);
    pack_number(writer, result->confirm_needed);
    pack_bytes(writer, result->certificate);
}

static enum reason read_reason(struct pack_reader *reader)
{
    struct bytes word = pack_read_bytes(reader);
    for (unsigned r = 0; r < REASON_COUNT; r++) {
        if (bytes_equal_text(word, reason_row((enum reason)r)->word))
            return (enum reason)r;
    }
    reader->bad = true;
    return REASON_INTERNAL;
}

static void unpack_one(struct pack_reader *reader, struct result *result)
{
    result->inbound_id = pack_read_number(reader);
    result->status = (enum result_status)pack_read_count(reader, RESULT_STATUS_COUNT - 1);
    result->reason_count = pack_read_count(reader, RESULT_REASONS);
    for (size_t i = 0; i < result->reason_count; i++)
        result->reasons[i] = read_reason(reader);
    result->has_source = pack_read_count(reader, 1) == 1;
    result->source.protocol = (enum protocol)pack_read_count(reader, PROTOCOL_COUNT - 1);
    result->source.value = (long)pack_read_number(reader);
    struct bytes clause = pack_read_bytes(reader);
    if (clause.size >= sizeof(result->clause))
        reader->bad = true;
    else if (clause.size > 0)
        memcpy(result->clause, clause.data, clause.size);
    result->text = pack_read_bytes(reader);
    result->detail = pack_read_bytes(reader);
    result->retry_at = pack_read_number(reader);
    result->confirm_needed = pack_read_count(reader, 1) == 1;
    result->certificate = pack_read_bytes(reader);
}

static void pack_list(struct pack_writer *writer, const struct bytes *list, size_t count)
{
    pack_number(writer, (int64_t)count);
    for (size_t i = 0; i < count; i++)
        pack_bytes(writer, list[i]);
}

static struct bytes *unpack_list(struct pack_reader *reader, struct arena *arena, size_t *count)
{
    *count = pack_read_count(reader, LIMIT_CERTIFICATES);
    struct bytes *list = arena_array(arena, *count, sizeof(*list));
    for (size_t i = 0; i < *count; i++)
        list[i] = pack_read_bytes(reader);
    return list;
}

struct bytes response_pack(const struct response *response, struct arena *arena)
{
    struct pack_writer writer = pack_writer(arena, VERSION);
    pack_number(&writer, response->operation);
    pack_number(&writer, (int64_t)response->result_count);
    for (size_t i = 0; i < response->result_count; i++)
        pack_one(&writer, &response->results[i]);
    pack_list(&writer, response->chain, response->chain_count);
    pack_list(&writer, response->ca_pubs, response->ca_pub_count);
    pack_number(&writer, response->implicit_confirm);
    pack_number(&writer, response->confirm_deadline);
    return pack_result(&writer);
}

bool response_unpack(struct bytes packed, struct arena *arena, struct response *response,
                     struct failure *why)
{
    struct pack_reader reader = pack_reader(packed, VERSION);
    memset(response, 0, sizeof(*response));
    response->operation = (enum operation)pack_read_count(&reader, OPERATION_COUNT - 1);
    response->result_count = pack_read_count(&reader, LIMIT_ITEMS);
    response->results = arena_array(arena, response->result_count, sizeof(*response->results));
    for (size_t i = 0; i < response->result_count; i++)
        unpack_one(&reader, &response->results[i]);
    response->chain = unpack_list(&reader, arena, &response->chain_count);
    response->ca_pubs = unpack_list(&reader, arena, &response->ca_pub_count);
    response->implicit_confirm = pack_read_count(&reader, 1) == 1;
    response->confirm_deadline = pack_read_number(&reader);
    if (!pack_done(&reader))
        return fail(why, REASON_INTERNAL, NULL, NULL) ||
               fail_detail(why, "a stored response of %zu octets is not one of ours", packed.size);
    return true;
}
