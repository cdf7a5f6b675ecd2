#include "adapters/cmc/cmc_leg.h"

#include "mapping/model/limits.h"
#include "mapping/model/pack.h"

enum { VERSION = 1 };

struct bytes cmc_leg_pack(const struct cmc_leg *leg, struct arena *arena)
{
    struct pack_writer writer = pack_writer(arena, VERSION);
    pack_number(&writer, leg->simple);
    pack_bytes(&writer, leg->transaction_id);
    pack_bytes(&writer, leg->received_nonce);
    pack_bytes(&writer, leg->sent_nonce);
    pack_number(&writer, (int64_t)leg->data_return_count);
    for (size_t i = 0; i < leg->data_return_count; i++)
        pack_bytes(&writer, leg->data_returns[i]);
    pack_bytes(&writer, leg->token);
    pack_number(&writer, leg->pend_time);
    pack_bytes(&writer, leg->group);
    pack_bytes(&writer, leg->credential);
    return pack_result(&writer);
}

bool cmc_leg_unpack(struct bytes packed, struct arena *arena, struct cmc_leg *leg,
                    struct failure *why)
{
    struct pack_reader reader = pack_reader(packed, VERSION);
    memset(leg, 0, sizeof(*leg));
    if (bytes_is_empty(packed))
        return true;
    leg->simple = pack_read_count(&reader, 1) == 1;
    leg->transaction_id = pack_read_bytes(&reader);
    leg->received_nonce = pack_read_bytes(&reader);
    leg->sent_nonce = pack_read_bytes(&reader);
    leg->data_return_count = pack_read_count(&reader, LIMIT_CONTROLS);
    leg->data_returns = arena_array(arena, leg->data_return_count, sizeof(*leg->data_returns));
    for (size_t i = 0; i < leg->data_return_count; i++)
        leg->data_returns[i] = pack_read_bytes(&reader);
    leg->token = pack_read_bytes(&reader);
    leg->pend_time = pack_read_number(&reader);
    leg->group = pack_read_bytes(&reader);
    leg->credential = pack_read_bytes(&reader);
    if (!pack_done(&reader))
        return fail(why, REASON_INTERNAL, NULL, NULL) ||
               fail_detail(why, "a stored CMC leg of %zu octets is not one of ours", packed.size);
    return true;
}
