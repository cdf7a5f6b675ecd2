/* CRMF: parse, check, write anew, and parse that. */
#include <assert.h>

#include "adapters/pkix/crmf.h"
#include "adapters/pkix/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_anew(const struct item *item, struct arena *arena)
{
    struct item again;
    struct failure why;
    bool taken = crmf_parse(crmf_rebuild(item, 5, CRMF_POPO_ABSENT, arena), arena, &again, &why);
    assert(taken);
    assert(again.inbound_id == 5 && again.pop_form == POP_FORM_ABSENT);
    assert(bytes_equal(again.subject, item->subject));
    assert(bytes_equal(again.spki, item->spki));
    assert(bytes_equal(again.extensions, item->extensions));
    assert(again.not_before == item->not_before && again.not_after == item->not_after);

    taken = crmf_parse(crmf_without_reg_info(item, arena), arena, &again, &why);
    assert(taken);
    assert(bytes_equal(again.cert_request, item->cert_request));
    assert(bytes_equal(again.popo, item->popo) && again.pop_form == item->pop_form);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct identity ra = {.kind = IDENTITY_SIGNATURE, .is_ra = true};
    struct bytes whole = bytes_of(data, size);
    struct arena *arena = arena_new();
    struct item item, *items;
    size_t count;
    struct failure why = {0};
    if (crmf_parse(whole, arena, &item, &why)) {
        assert(bytes_equal(item.original, whole));
        write_anew(&item, arena);
        bool proven = proof_check(&item, &ra, BYTES_LITERAL("secret"), true, arena, &why);
        assert(proven == (item.pop_verdict != POP_UNCHECKED));
    } else {
        assert(why.text[0] != '\0' && why.clause[0] != '\0');
    }
    crmf_parse_messages(whole, arena, &items, &count, &why);
    arena_free(arena);
    return 0;
}
