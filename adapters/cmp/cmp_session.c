#include "adapters/cmp/cmp_session.h"

#include "mapping/model/limits.h"
#include "mapping/model/pack.h"

enum { SESSION_VERSION = 1 };

static void pack_part(struct pack_writer *writer, const struct cmp_part *part)
{
    pack_number(writer, part->id);
    pack_number(writer, part->open);
    pack_number(writer, part->unwanted);
    pack_bytes(writer, part->hash);
    pack_bytes(writer, part->hash_algorithm);
}

static void read_part(struct pack_reader *reader, struct cmp_part *part)
{
    part->id = pack_read_number(reader);
    part->open = pack_read_count(reader, 1) == 1;
    part->unwanted = pack_read_count(reader, 1) == 1;
    part->hash = pack_read_bytes(reader);
    part->hash_algorithm = pack_read_bytes(reader);
}

struct bytes cmp_session_pack(const struct cmp_session *session, struct arena *arena)
{
    struct pack_writer writer = pack_writer(arena, SESSION_VERSION);
    pack_number(&writer, session->phase);
    pack_number(&writer, session->body);
    pack_number(&writer, session->poll_all);
    pack_bytes(&writer, session->transaction_id);
    pack_bytes(&writer, session->request_nonce);
    pack_bytes(&writer, session->sent_nonce);
    pack_bytes(&writer, session->peer_nonce);
    pack_number(&writer, (int64_t)session->part_count);
    for (size_t i = 0; i < session->part_count; i++)
        pack_part(&writer, &session->parts[i]);
    pack_number(&writer, (int64_t)session->certificate_count);
    for (size_t i = 0; i < session->certificate_count; i++)
        pack_bytes(&writer, session->certificates[i]);
    pack_bytes(&writer, session->known);
    return pack_result(&writer);
}

bool cmp_session_unpack(struct bytes packed, struct arena *arena, struct cmp_session *session,
                        struct failure *why)
{
    struct pack_reader reader = pack_reader(packed, SESSION_VERSION);
    *session = (struct cmp_session){0};
    session->phase = (enum cmp_phase)pack_read_count(&reader, CMP_PHASE_COUNT - 1);
    session->body = (int64_t)pack_read_count(&reader, CMP_TYPE_COUNT - 1);
    session->poll_all = pack_read_count(&reader, 1) == 1;
    session->transaction_id = pack_read_bytes(&reader);
    session->request_nonce = pack_read_bytes(&reader);
    session->sent_nonce = pack_read_bytes(&reader);
    session->peer_nonce = pack_read_bytes(&reader);
    session->part_count = pack_read_count(&reader, LIMIT_ITEMS);
    session->parts = arena_array(arena, session->part_count, sizeof(*session->parts));
    for (size_t i = 0; i < session->part_count; i++)
        read_part(&reader, &session->parts[i]);
    session->certificate_count = pack_read_count(&reader, LIMIT_CERTIFICATES);
    session->certificates =
        arena_array(arena, session->certificate_count, sizeof(*session->certificates));
    for (size_t i = 0; i < session->certificate_count; i++)
        session->certificates[i] = pack_read_bytes(&reader);
    session->known = pack_read_bytes(&reader);
    if (!pack_done(&reader))
        return fail(why, REASON_INTERNAL, NULL, NULL) ||
               fail_detail(why, "a stored CMP session of %zu octets is not one of ours",
                           packed.size);
    return true;
}
