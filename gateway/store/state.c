#include "gateway/store/store.h"

#include <string.h>

static const struct {
    const char *word;
    bool final;
    const char *what;
} rows[] = {
#define STATE(name, word, final, what) {word, final, what},
#include "gateway/engine/states.def"
#undef STATE
};

const char *state_word(enum state state)
{
    return rows[state].word;
}

const char *state_what(enum state state)
{
    return rows[state].what;
}

bool state_is_final(enum state state)
{
    return rows[state].final;
}

bool state_from_word(const char *word, enum state *state)
{
    for (unsigned i = 0; i < STATE_COUNT; i++) {
        if (strcmp(rows[i].word, word) == 0) {
            *state = (enum state)i;
            return true;
        }
    }
    return false;
}

const char *certificate_state_word(enum certificate_state state)
{
    static const char *const words[CERTIFICATE_STATE_COUNT] = {"issued", "delivered", "confirmed",
                                                               "orphan", "revoked"};
    return words[state];
}

const char *outbox_kind_word(enum outbox_kind kind)
{
    static const char *const words[OUTBOX_KIND_COUNT] = {"certificate", "ca-certificate", "crl"};
    return words[kind];
}
