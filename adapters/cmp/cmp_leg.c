#include "adapters/cmp/cmp_leg.h"

#include "mapping/model/limits.h"
#include "mapping/model/pack.h"

enum { LEG_VERSION = 2 };

static void pack_ids(struct pack_writer *writer, const int64_t *ids, size_t count)
{
    pack_number(writer, (int64_t)count);
    for (size_t i = 0; i < count; i++)
        pack_number(writer, ids[i]);
}

static int64_t *read_ids(struct pack_reader *reader, struct arena *arena, size_t *count)
{
    *count = pack_read_count(reader, LIMIT_ITEMS);
    int64_t *ids = arena_array(arena, *count, sizeof(*ids));
    for (size_t i = 0; i < *count; i++)
        ids[i] = pack_read_number(reader);
    return ids;
}

struct bytes cmp_leg_pack(const struct cmp_leg *leg, struct arena *arena)
{
    struct pack_writer writer = pack_writer(arena, LEG_VERSION);
    pack_number(&writer, leg->opening);
    pack_number(&writer, leg->received);
    pack_number(&writer, leg->pvno);
    pack_bytes(&writer, leg->transaction_id);
    pack_bytes(&writer, leg->sender);
    pack_bytes(&writer, leg->received_nonce);
    pack_bytes(&writer, leg->sent_nonce);
    pack_bytes(&writer, leg->delivery_nonce);
    pack_number(&writer, leg->protection);
    pack_bytes(&writer, leg->algorithm);
    pack_bytes(&writer, leg->reference);
    pack_bytes(&writer, leg->group);
    pack_bytes(&writer, leg->certificate);
    pack_number(&writer, (int64_t)leg->chain_count);
    for (size_t i = 0; i < leg->chain_count; i++)
        pack_bytes(&writer, leg->chain[i]);
    pack_ids(&writer, leg->ids, leg->id_count);
    pack_ids(&writer, leg->granted, leg->granted_count);
    pack_ids(&writer, leg->polled, leg->polled_count);
    pack_bytes(&writer, leg->asked);
    return pack_result(&writer);
}

bool cmp_leg_unpack(struct bytes packed, struct arena *arena, struct cmp_leg *leg,
                    struct failure *why)
{
    *leg = (struct cmp_leg){0};
    if (bytes_is_empty(packed))
        return true;
    struct pack_reader reader = pack_reader(packed, LEG_VERSION);
    leg->opening = pack_read_number(&reader);
    leg->received = pack_read_number(&reader);
    leg->pvno = pack_read_number(&reader);
    leg->transaction_id = pack_read_bytes(&reader);
    leg->sender = pack_read_bytes(&reader);
    leg->received_nonce = pack_read_bytes(&reader);
    leg->sent_nonce = pack_read_bytes(&reader);
    leg->delivery_nonce = pack_read_bytes(&reader);
    leg->protection = pack_read_number(&reader);
    leg->algorithm = pack_read_bytes(&reader);
    leg->reference = pack_read_bytes(&reader);
    leg->group = pack_read_bytes(&reader);
    leg->certificate = pack_read_bytes(&reader);
    leg->chain_count = pack_read_count(&reader, LIMIT_CERTIFICATES);
    leg->chain = arena_array(arena, leg->chain_count, sizeof(*leg->chain));
    for (size_t i = 0; i < leg->chain_count; i++)
        leg->chain[i] = pack_read_bytes(&reader);
    leg->ids = read_ids(&reader, arena, &leg->id_count);
    leg->granted = read_ids(&reader, arena, &leg->granted_count);
    leg->polled = read_ids(&reader, arena, &leg->polled_count);
    leg->asked = pack_read_bytes(&reader);
    return pack_done(&reader) ||
           fail(why, REASON_INTERNAL, NULL, "the gateway lost the state of this transaction");
}

static bool contains(const int64_t *ids, size_t count, int64_t id)
{
    for (size_t i = 0; i < count; i++) {
        if (ids[i] == id)
            return true;
    }
    return false;
}

bool cmp_leg_has_id(const struct cmp_leg *leg, int64_t id)
{
    return contains(leg->ids, leg->id_count, id);
}

bool cmp_leg_was_granted(const struct cmp_leg *leg, int64_t id)
{
    return contains(leg->granted, leg->granted_count, id);
}

void cmp_leg_grant(struct cmp_leg *leg, int64_t id, struct arena *arena)
{
    if (cmp_leg_was_granted(leg, id) || leg->granted_count >= LIMIT_ITEMS)
        return;
    int64_t *grown = arena_array(arena, leg->granted_count + 1, sizeof(*grown));
    for (size_t i = 0; i < leg->granted_count; i++)
        grown[i] = leg->granted[i];
    grown[leg->granted_count++] = id;
    leg->granted = grown;
}
