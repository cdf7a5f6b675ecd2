#include "mapping/model/limits.h"
#include "mapping/model/pack.h"
#include "mapping/model/request.h"

/* Rises when a field or the order of rows in operation.def, pop_form.def or carriage.def changes.
 */
enum { VERSION = 2, CRL_REASON_LAST = 10 };

/* The octet fields of an item, once for both directions. */
static const size_t item_fields[] = {
    offsetof(struct item, original),   offsetof(struct item, cert_request),
    offsetof(struct item, popo),       offsetof(struct item, reg_info),
    offsetof(struct item, subject),    offsetof(struct item, spki),
    offsetof(struct item, extensions), offsetof(struct item, attributes),
    offsetof(struct item, issuer),     offsetof(struct item, old_issuer),
    offsetof(struct item, old_serial),
};
enum { ITEM_FIELDS = sizeof(item_fields) / sizeof(item_fields[0]) };

static void pack_item(struct pack_writer *writer, const struct item *item)
{
    for (size_t f = 0; f < ITEM_FIELDS; f++)
        pack_bytes(writer, *(const struct bytes *)((const char *)item + item_fields[f]));
    pack_bytes(writer, bytes_of(item->spki_sha256, sizeof(item->spki_sha256)));
    pack_number(writer, item->format);
    pack_number(writer, item->inbound_id);
    pack_number(writer, item->not_before);
    pack_number(writer, item->not_after);
    pack_number(writer, item->revocation_reason);
    pack_number(writer, item->key_absent);
    pack_number(writer, item->pop_form);
    pack_number(writer, item->pop_verdict);
    pack_number(writer, item->carriage);
}

static void unpack_item(struct pack_reader *reader, struct item *item)
{
    for (size_t f = 0; f < ITEM_FIELDS; f++)
        *(struct bytes *)((char *)item + item_fields[f]) = pack_read_bytes(reader);
    struct bytes hash = pack_read_bytes(reader);
    if (hash.size == sizeof(item->spki_sha256))
        memcpy(item->spki_sha256, hash.data, hash.size);
    else
        reader->bad = true;
    item->format = (enum item_format)pack_read_count(reader, ITEM_CRMF);
    item->inbound_id = pack_read_number(reader);
    item->not_before = pack_read_number(reader);
    item->not_after = pack_read_number(reader);
    item->revocation_reason = (int)pack_read_count(reader, CRL_REASON_LAST);
    item->key_absent = pack_read_count(reader, 1) == 1;
    item->pop_form = (enum pop_form)pack_read_count(reader, POP_FORM_COUNT - 1);
    item->pop_verdict = (enum pop_verdict)pack_read_count(reader, POP_OPEN);
    item->carriage = (enum carriage)pack_read_count(reader, CARRIAGE_COUNT - 1);
}

static void pack_identity(struct pack_writer *writer, const struct identity *identity)
{
    pack_number(writer, identity->kind);
    pack_bytes(writer, identity->principal);
    pack_bytes(writer, identity->credential);
    pack_bytes(writer, identity->certificate);
    pack_bytes(writer, identity->subject);
    pack_number(writer, identity->is_ra);
    pack_number(writer, (int64_t)identity->group);
}

static void unpack_identity(struct pack_reader *reader, struct identity *identity)
{
    identity->kind = (enum identity_kind)pack_read_count(reader, IDENTITY_KIND_COUNT - 1);
    identity->principal = pack_read_bytes(reader);
    identity->credential = pack_read_bytes(reader);
    identity->certificate = pack_read_bytes(reader);
    identity->subject = pack_read_bytes(reader);
    identity->is_ra = pack_read_count(reader, 1) == 1;
    identity->group = (size_t)pack_read_number(reader); /* IDENTITY_ANY_GROUP is stored as -1 */
}

struct bytes request_pack(const struct request *request, struct arena *arena)
{
    struct pack_writer writer = pack_writer(arena, VERSION);
    pack_number(&writer, request->operation);
    pack_number(&writer, request->protocol);
    pack_bytes(&writer, bytes_of_text(request->what));
    pack_bytes(&writer, request->profile);
    pack_identity(&writer, &request->identity);
    pack_number(&writer, request->implicit_confirm);
    pack_number(&writer, request->can_confirm);
    pack_number(&writer, (int64_t)request->item_count);
    for (size_t i = 0; i < request->item_count; i++)
        pack_item(&writer, &request->items[i]);
    pack_bytes(&writer, request->text);
    pack_bytes(&writer, request->leg);
    return pack_result(&writer);
}

bool request_unpack(struct bytes packed, struct arena *arena, struct request *request,
                    struct failure *why)
{
    struct pack_reader reader = pack_reader(packed, VERSION);
    memset(request, 0, sizeof(*request));
    request->operation = (enum operation)pack_read_count(&reader, OPERATION_COUNT - 1);
    request->protocol = (enum protocol)pack_read_count(&reader, PROTOCOL_COUNT - 1);
    request->what = arena_text(arena, pack_read_bytes(&reader));
    request->profile = pack_read_bytes(&reader);
    unpack_identity(&reader, &request->identity);
    request->implicit_confirm = pack_read_count(&reader, 1) == 1;
    request->can_confirm = pack_read_count(&reader, 1) == 1;
    request->item_count = pack_read_count(&reader, LIMIT_ITEMS);
    request->items = arena_array(arena, request->item_count, sizeof(*request->items));
    for (size_t i = 0; i < request->item_count; i++)
        unpack_item(&reader, &request->items[i]);
    request->text = pack_read_bytes(&reader);
    request->leg = pack_read_bytes(&reader);
    if (!pack_done(&reader))
        return fail(why, REASON_INTERNAL, NULL, NULL) ||
               fail_detail(why, "a stored request of %zu octets is not one of ours", packed.size);
    return true;
}
