#include "mapping/model/request.h"

#include <assert.h>

static const struct {
    const char *word;
    const char *what;
} operations[] = {
#define OPERATION(name, word, what) {word, what},
#include "mapping/model/operation.def"
#undef OPERATION
};

static const struct pop_form_row pop_forms[] = {
#define POP_FORM(name, word, clause, what) {word, clause, what},
#include "mapping/model/pop_form.def"
#undef POP_FORM
};

static const struct carriage_row carriages[] = {
#define CARRIAGE(name, word, outcome, clause, what) {word, POP_OUTCOME_##outcome, clause, what},
#include "mapping/model/carriage.def"
#undef CARRIAGE
};

const char *operation_word(enum operation operation)
{
    assert((unsigned)operation < OPERATION_COUNT);
    return operations[operation].word;
}

const char *operation_what(enum operation operation)
{
    assert((unsigned)operation < OPERATION_COUNT);
    return operations[operation].what;
}

bool operation_from_word(const char *word, enum operation *operation)
{
    for (unsigned i = 0; i < OPERATION_COUNT; i++) {
        if (strcmp(operations[i].word, word) == 0) {
            *operation = (enum operation)i;
            return true;
        }
    }
    return false;
}

bool operation_opens(enum operation operation)
{
    return operation != OPERATION_CONFIRM && operation != OPERATION_POLL &&
           operation != OPERATION_CANCEL;
}

bool operation_enrols(enum operation operation)
{
    return operation == OPERATION_ENROLL || operation == OPERATION_ENROLL_ADD ||
           operation == OPERATION_UPDATE;
}

const struct pop_form_row *pop_form_row(enum pop_form form)
{
    assert((unsigned)form < POP_FORM_COUNT);
    return &pop_forms[form];
}

const struct carriage_row *carriage_row(enum carriage carriage)
{
    assert((unsigned)carriage < CARRIAGE_COUNT);
    return &carriages[carriage];
}

const char *pop_outcome_word(enum pop_outcome outcome)
{
    static const char *const words[] = {
        [POP_OUTCOME_KEPT] = "kept",
        [POP_OUTCOME_WITNESSED] = "witnessed",
        [POP_OUTCOME_REFUSED] = "refused",
    };
    assert((unsigned)outcome < sizeof(words) / sizeof(words[0]));
    return words[outcome];
}

const char *identity_kind_word(enum identity_kind kind)
{
    static const char *const words[IDENTITY_KIND_COUNT] = {
        [IDENTITY_NONE] = "none",           [IDENTITY_MAC] = "mac",
        [IDENTITY_SIGNATURE] = "signature", [IDENTITY_TLS] = "tls",
        [IDENTITY_PASSWORD] = "password",   [IDENTITY_REQUEST_KEY] = "request-key",
    };
    assert((unsigned)kind < IDENTITY_KIND_COUNT);
    return words[kind];
}
