#include "adapters/est/est.h"
#include "adapters/est/est_answer.h"
#include "adapters/est/est_enrol.h"
#include "adapters/est/est_identity.h"
#include "adapters/est/est_path.h"
#include "adapters/pkix/credentials.h"
#include "adapters/pkix/extensions.h"
#include "adapters/pkix/signature.h"
#include "mapping/codes.h"
#include "mapping/model/limits.h"
#include "mapping/model/pack.h"

static bool accepts(const struct message *message, const char *const *paths, size_t path_count)
{
    (void)paths; /* RFC 7030 3.2.2 leaves no other */
    (void)path_count;
    return est_is_path(message->path);
}

static struct bytes digest_of(const struct pack_writer *writer, struct arena *arena)
{
    uint8_t hash[32];
    sha256(pack_result(writer), hash);
    return arena_copy(arena, bytes_of(hash, sizeof(hash)));
}

/* EST has no transaction id. A device that asks again signs a new request for the new TLS session,
 * so it is known by who it is and what it asks for, not by its octets. */
static bool claim_exchange(const struct inbound_context *context, const struct est_path *path,
                           const uint8_t who[32], struct arena *arena, struct claim *claim,
                           struct failure *why)
{
    struct item item = {0};
    struct extension names = {0};
    if (!est_read_item(context->message, arena, &item, why))
        return false;
    extensions_find(item.extensions, "2.5.29.17", &names);
    struct pack_writer writer = pack_writer(arena, 1);
    pack_bytes(&writer, BYTES_LITERAL("est"));
    pack_bytes(&writer, bytes_of(who, 32));
    pack_bytes(&writer, path->label);
    pack_number(&writer, (int64_t)path->operation);
    pack_bytes(&writer, item.spki);
    pack_bytes(&writer, item.subject);
    pack_bytes(&writer, names.value);
    claim->exchange = digest_of(&writer, arena);
    return true;
}

static bool claim(const struct inbound_context *context, struct arena *arena, struct claim *claim,
                  struct failure *why)
{
    const struct message *message = context->message;
    struct est_path path;
    uint8_t who[32];
    *claim = (struct claim){.what = "?", .repeat = REPEAT_IS_RETRY};
    if (!est_path_read(message, &path, why))
        return false;
    const struct est_operation_row *row = est_operation_row(path.operation);
    claim->what = row->word;
    claim->opens = operation_opens(row->operation);
    claim->reference = est_user(message, arena);
    est_shown_identity(message, who);
    struct pack_writer writer = pack_writer(arena, 1);
    pack_bytes(&writer, BYTES_LITERAL("est"));
    pack_bytes(&writer, bytes_of(who, sizeof(who)));
    pack_bytes(&writer, message->path);
    pack_bytes(&writer, message->authorization);
    pack_bytes(&writer, message->body);
    claim->digest = digest_of(&writer, arena);
    claim->exchange = claim->digest;
    return !operation_enrols(row->operation) ||
           claim_exchange(context, &path, who, arena, claim, why);
}

static bool read_enrolment(struct inbound_context *context, struct arena *arena,
                           struct request *request, struct failure *why)
{
    bool renewal = request->operation == OPERATION_UPDATE;
    if (!est_identify(context, renewal, arena, &request->identity, why))
        return false;
    request->items = arena_alloc(arena, sizeof(*request->items));
    request->item_count = 1;
    return est_read_item(context->message, arena, request->items, why) &&
           est_check_item(context, &request->identity, renewal, request->items, arena, why);
}

static bool decode(struct inbound_context *context, struct arena *arena, struct request *request,
                   struct failure *why)
{
    struct est_path path;
    if (!est_path_read(context->message, &path, why))
        return false;
    const struct est_operation_row *row = est_operation_row(path.operation);
    *request = (struct request){
        .operation = row->operation,
        .protocol = PROTOCOL_EST,
        .what = row->word,
        .profile = peer_text(path.label, arena),
        .implicit_confirm = true,
    };
    request->identity.group = IDENTITY_ANY_GROUP;
    request->leg = est_leg(context->message, arena);
    return !operation_enrols(row->operation) || read_enrolment(context, arena, request, why);
}

const struct inbound_adapter est_inbound = {
    .protocol = PROTOCOL_EST,
    .accepts = accepts,
    .claim = claim,
    .decode = decode,
    .encode = est_encode,
    .refuse = est_refuse,
    .transfer_encoding = est_transfer_encoding,
};
