/* Values as octets for the store: a version octet, then fields in a fixed order. Each octet field
 * is a 32-bit big-endian length and its octets; each number is 64 bits big-endian.
 *
 * For states that we write and read back ourselves (a leg, an outbound session, a request), never
 * for the wire. A reader that meets octets no writer made says so once, at the end:
 *
 *     struct pack_reader r = pack_reader(octets, VERSION);
 *     state->id = pack_read_bytes(&r);
 *     state->count = pack_read_number(&r);
 *     return pack_done(&r) || fail(why, REASON_INTERNAL, NULL, "...");
 */
#ifndef DRAGOMAN_MAPPING_MODEL_PACK_H
#define DRAGOMAN_MAPPING_MODEL_PACK_H

#include <stdbool.h>
#include <stdint.h>

#include "mapping/model/arena.h"
#include "mapping/model/bytes.h"

struct pack_writer {
    struct arena *arena;
    uint8_t *octets;
    size_t size;
    size_t room;
};

struct pack_writer pack_writer(struct arena *arena, uint8_t version);
void pack_bytes(struct pack_writer *writer, struct bytes b);
void pack_number(struct pack_writer *writer, int64_t n);
struct bytes pack_result(const struct pack_writer *writer);

struct pack_reader {
    struct bytes rest;
    bool bad;
};

struct pack_reader pack_reader(struct bytes octets, uint8_t version);
/* Points into the octets read; empty once the reader is bad. */
struct bytes pack_read_bytes(struct pack_reader *reader);
int64_t pack_read_number(struct pack_reader *reader);
/* A count of things that follow; more than `most` makes the reader bad and gives 0. */
size_t pack_read_count(struct pack_reader *reader, size_t most);
/* True if all octets were read and none was missing. */
bool pack_done(const struct pack_reader *reader);

#endif
