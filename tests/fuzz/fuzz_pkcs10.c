/* PKCS#10: parse, check, carry over into CRMF, and parse that. */
#include <assert.h>

#include "adapters/pkix/crmf.h"
#include "adapters/pkix/pkcs10.h"
#include "adapters/pkix/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_inside(struct bytes slice, struct bytes whole)
{
    return slice.size == 0 ||
           (slice.data >= whole.data && slice.data + slice.size <= whole.data + whole.size);
}

static void carry_over(const struct item *item, struct arena *arena)
{
    struct item again;
    struct failure why;
    struct bytes message = crmf_rebuild(item, 1, CRMF_POPO_RA_VERIFIED, arena);
    bool taken = crmf_parse(message, arena, &again, &why);
    assert(taken);
    assert(bytes_equal(again.subject, item->subject));
    assert(bytes_equal(again.spki, item->spki));
    assert(bytes_equal(again.extensions, item->extensions));
    assert(again.pop_form == POP_FORM_RA_VERIFIED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct identity nobody = {0};
    struct bytes whole = bytes_of(data, size);
    struct arena *arena = arena_new();
    struct item item;
    struct failure why = {0};
    if (pkcs10_parse(whole, arena, &item, &why)) {
        assert(bytes_equal(item.original, whole));
        assert(is_inside(item.cert_request, whole) && is_inside(item.subject, whole) &&
               is_inside(item.spki, whole) && is_inside(item.extensions, whole));
        pkcs10_attribute(&item, "1.2.840.113549.1.9.7", arena);
        carry_over(&item, arena);
        bool proven = proof_check(&item, &nobody, BYTES_EMPTY, true, arena, &why);
        assert(proven == (item.pop_verdict != POP_UNCHECKED));
    } else {
        assert(why.text[0] != '\0' && why.clause[0] != '\0');
    }
    arena_free(arena);
    return 0;
}
