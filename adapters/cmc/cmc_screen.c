/* RFC 10002 3.2.1.1: the final server fails a whole PKIData that holds a control which it does not
 * process, unless an RA says that it was processed already (6.19). */
#include "adapters/cmc/cmc_incoming.h"
#include "adapters/pkix/der.h"

/* ControlsProcessed ::= SEQUENCE { bodyList SEQUENCE SIZE (1..MAX) OF BodyPartReference } */
static bool was_processed(const struct cmc_body *body, int64_t id, struct arena *arena)
{
    for (size_t i = 0; i < body->control_count; i++) {
        struct failure why;
        struct der sequence;
        int64_t *ids = NULL;
        size_t count = 0;
        if (body->controls[i].kind != CMC_CONTROL_CONTROL_PROCESSED ||
            !der_only(body->controls[i].value, DER_SEQUENCE, &sequence) ||
            !cmc_ids_of(sequence.content, arena, &ids, &count, &why))
            continue;
        for (size_t n = 0; n < count; n++) {
            if (ids[n] == id)
                return true;
        }
    }
    return false;
}

static bool is_refused(const struct cmc_body *body, const struct cmc_control *control, bool is_ra,
                       struct arena *arena)
{
    const struct cmc_control_row *row = cmc_control_row(control->kind);
    if (row == NULL)
        return !is_ra || !was_processed(body, control->id, arena);
    switch (row->in_request) {
    case CMC_IN_REQUEST_READ:
    case CMC_IN_REQUEST_LATER:
        return false;
    case CMC_IN_REQUEST_RA:
        return !is_ra;
    case CMC_IN_REQUEST_CONFIRM:
        return cmc_find(body, CMC_CONTROL_CONFIRM_CERT_ACCEPTANCE) == NULL;
    case CMC_IN_REQUEST_REFUSE:
        break;
    }
    return true;
}

static void add(struct cmc_faults *faults, const struct cmc_control *control, int64_t id)
{
    if (faults->first == NULL)
        faults->first = control;
    faults->ids[faults->count++] = id;
}

struct cmc_faults cmc_refused_controls(const struct cmc_body *body, bool is_ra, struct arena *arena)
{
    struct cmc_faults faults = {.ids = arena_array(arena, body->control_count, sizeof(int64_t))};
    for (size_t i = 0; i < body->control_count; i++) {
        if (is_refused(body, &body->controls[i], is_ra, arena))
            add(&faults, &body->controls[i], body->controls[i].id);
    }
    return faults;
}

/* Services that are not offered, and requests of a form that nobody here knows (3.2.1). */
struct cmc_faults cmc_unsupported_parts(const struct cmc_body *body, struct arena *arena)
{
    size_t most = body->control_count + body->request_count;
    struct cmc_faults faults = {.ids = arena_array(arena, most, sizeof(int64_t))};
    for (size_t i = 0; i < body->control_count; i++) {
        const struct cmc_control_row *row = cmc_control_row(body->controls[i].kind);
        if (row != NULL && row->in_request == CMC_IN_REQUEST_LATER)
            add(&faults, &body->controls[i], body->controls[i].id);
    }
    for (size_t i = 0; i < body->request_count; i++) {
        if (body->requests[i].form == CMC_ORM)
            add(&faults, NULL, body->requests[i].id);
    }
    return faults;
}

bool cmc_screen(const struct cmc_body *body, bool is_ra, struct arena *arena, struct failure *why)
{
    struct cmc_faults refused = cmc_refused_controls(body, is_ra, arena);
    if (refused.count > 0) {
        const struct cmc_control_row *row = cmc_control_row(refused.first->kind);
        return fail(why, REASON_UNKNOWN_CONTROL, "RFC 10002 3.2.1.1",
                    "the control %s is not taken here",
                    row == NULL ? der_oid_text(arena, refused.first->oid) : row->word);
    }
    struct cmc_faults unsupported = cmc_unsupported_parts(body, arena);
    if (unsupported.count > 0) {
        const char *word = unsupported.first == NULL
                               ? "a request of another form"
                               : cmc_control_row(unsupported.first->kind)->word;
        return fail(why, REASON_NO_OPERATION, "RFC 10002 6.1.3", "%s is not offered here", word);
    }
    return true;
}
