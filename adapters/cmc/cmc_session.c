#include "adapters/cmc/cmc_session.h"

#include "mapping/model/limits.h"
#include "mapping/model/pack.h"

enum { VERSION = 1 };

struct bytes cmc_session_pack(const struct cmc_session *session, struct arena *arena)
{
    struct pack_writer writer = pack_writer(arena, VERSION);
    pack_number(&writer, session->phase);
    pack_bytes(&writer, session->transaction_id);
    pack_bytes(&writer, session->sender_nonce);
    pack_bytes(&writer, session->peer_nonce);
    pack_number(&writer, (int64_t)session->part_count);
    for (size_t i = 0; i < session->part_count; i++) {
        pack_number(&writer, session->parts[i].id);
        pack_number(&writer, session->parts[i].control_id);
        pack_bytes(&writer, session->parts[i].token);
        pack_number(&writer, session->parts[i].open);
    }
    pack_bytes(&writer, session->known);
    return pack_result(&writer);
}

bool cmc_session_unpack(struct bytes packed, struct arena *arena, struct cmc_session *session,
                        struct failure *why)
{
    struct pack_reader reader = pack_reader(packed, VERSION);
    memset(session, 0, sizeof(*session));
    session->phase = (enum cmc_phase)pack_read_count(&reader, CMC_PHASE_COUNT - 1);
    session->transaction_id = pack_read_bytes(&reader);
    session->sender_nonce = pack_read_bytes(&reader);
    session->peer_nonce = pack_read_bytes(&reader);
    session->part_count = pack_read_count(&reader, LIMIT_ITEMS);
    session->parts = arena_array(arena, session->part_count, sizeof(*session->parts));
    for (size_t i = 0; i < session->part_count; i++) {
        session->parts[i].id = pack_read_number(&reader);
        session->parts[i].control_id = pack_read_number(&reader);
        session->parts[i].token = pack_read_bytes(&reader);
        session->parts[i].open = pack_read_count(&reader, 1) == 1;
    }
    session->known = pack_read_bytes(&reader);
    if (!pack_done(&reader))
        return fail(why, REASON_INTERNAL, NULL, NULL) ||
               fail_detail(why, "a stored CMC session of %zu octets is not one of ours",
                           packed.size);
    return true;
}
