#include "mapping/model/pack.h"

enum { ROOM_AT_START = 512 };

/* Makes room for `more` octets and returns where they go. */
static uint8_t *grow(struct pack_writer *writer, size_t more)
{
    if (writer->room - writer->size < more) {
        size_t room = writer->room * 2;
        if (room - writer->size < more)
            room = writer->size + more;
        uint8_t *octets = arena_alloc(writer->arena, room);
        if (writer->size > 0)
            memcpy(octets, writer->octets, writer->size);
        writer->octets = octets;
        writer->room = room;
    }
    uint8_t *place = writer->octets + writer->size;
    writer->size += more;
    return place;
}

static void put(uint8_t *place, uint64_t n, size_t octets)
{
    for (size_t i = 0; i < octets; i++)
        place[i] = (uint8_t)(n >> 8 * (octets - 1 - i));
}

static uint64_t get(const uint8_t *place, size_t octets)
{
    uint64_t n = 0;
    for (size_t i = 0; i < octets; i++)
        n = n << 8 | place[i];
    return n;
}

struct pack_writer pack_writer(struct arena *arena, uint8_t version)
{
    struct pack_writer writer = {
        .arena = arena, .octets = arena_alloc(arena, ROOM_AT_START), .room = ROOM_AT_START};
    grow(&writer, 1)[0] = version;
    return writer;
}

void pack_bytes(struct pack_writer *writer, struct bytes b)
{
    put(grow(writer, 4), b.size, 4);
    if (b.size > 0)
        memcpy(grow(writer, b.size), b.data, b.size);
}

void pack_number(struct pack_writer *writer, int64_t n)
{
    put(grow(writer, 8), (uint64_t)n, 8);
}

struct bytes pack_result(const struct pack_writer *writer)
{
    return bytes_of(writer->octets, writer->size);
}

struct pack_reader pack_reader(struct bytes octets, uint8_t version)
{
    bool bad = octets.size == 0 || octets.data[0] != version;
    return (struct pack_reader){.rest = bytes_slice(octets, 1, SIZE_MAX), .bad = bad};
}

/* The next `size` octets; empty and bad if fewer are left. */
static struct bytes take(struct pack_reader *reader, uint64_t size)
{
    if (reader->bad || size > reader->rest.size) {
        reader->bad = true;
        return BYTES_EMPTY;
    }
    struct bytes taken = bytes_slice(reader->rest, 0, (size_t)size);
    reader->rest = bytes_slice(reader->rest, (size_t)size, SIZE_MAX);
    return taken;
}

struct bytes pack_read_bytes(struct pack_reader *reader)
{
    struct bytes length = take(reader, 4);
    return reader->bad ? BYTES_EMPTY : take(reader, get(length.data, 4));
}

int64_t pack_read_number(struct pack_reader *reader)
{
    struct bytes number = take(reader, 8);
    return reader->bad ? 0 : (int64_t)get(number.data, 8);
}

size_t pack_read_count(struct pack_reader *reader, size_t most)
{
    int64_t count = pack_read_number(reader);
    if (count < 0 || (uint64_t)count > most) {
        reader->bad = true;
        return 0;
    }
    return (size_t)count;
}

bool pack_done(const struct pack_reader *reader)
{
    return !reader->bad && reader->rest.size == 0;
}
