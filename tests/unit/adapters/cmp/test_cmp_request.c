/* What a device's message becomes: the claim, and the neutral request. */
#include "adapters/pkix/der.h"
#include "tests/support/cases.h"
#include "tests/support/cmp_gateway.h"
#include "tests/support/octets.h"

static struct bytes vector(const char *name)
{
    struct arena *arena = case_arena();
    return octets_from_file(arena, arena_printf(arena, "tests/vectors/cmp/%s.der", name));
}

static struct cmp_gateway *taken(const char *name)
{
    struct cmp_gateway *gateway = cmp_gateway(case_arena(), 0);
    if (!cmp_gateway_take(gateway, vector(name), PKI_NOW))
        fail_msg("%s refused: %s", name, gateway->why.text);
    return gateway;
}

/* ---- claim ---------------------------------------------------------------------------------- */

struct claim_row {
    const char *name;
    const char *what;
    bool opens;
    const char *reference;
};

static const struct claim_row claims[] = {
    {"ir-mac", "ir", true, "mast-17"},
    {"ir-mac-cn", "ir", true, "mast-17"},
    {"ir-pbmac1", "ir", true, "mast-17"},
    {"ir-signed", "ir", true, ""},
    {"cr-mac", "cr", true, "mast-17"},
    {"p10cr-mac", "p10cr", true, "mast-17"},
    {"kur", "kur", true, ""},
    {"conf", "certConf", false, "mast-17"},
    {"pkiconf", "pkiconf", false, "mast-17"},
    {"poll", "pollReq", false, "mast-17"},
    {"error", "error", false, "mast-17"},
    {"genm", "genm", true, "mast-17"},
    {"rr", "rr", true, ""},
    {"nested", "nested", true, ""},
};

static void claims_say(void **state)
{
    const struct claim_row *row = *state;
    struct cmp_gateway *gateway = cmp_gateway(case_arena(), 0);
    gateway->message.body = vector(row->name);
    assert_true(cmp_inbound.claim(&gateway->context, case_arena(), &gateway->claim, &gateway->why));
    assert_string_equal(gateway->claim.what, row->what);
    assert_int_equal(gateway->claim.opens, row->opens);
    assert_true(bytes_equal_text(gateway->claim.reference, row->reference));
    assert_int_equal(gateway->claim.repeat, REPEAT_IS_CONFLICT);
    assert_int_equal(gateway->claim.exchange.size, 32);
    assert_int_equal(gateway->claim.digest.size, 32);
    assert_octets(gateway->claim.transaction_id, "101112131415161718191a1b1c1d1e1f");
}

static struct claim claim_of(const char *name)
{
    struct cmp_gateway *gateway = cmp_gateway(case_arena(), 0);
    gateway->message.body = vector(name);
    assert_true(cmp_inbound.claim(&gateway->context, case_arena(), &gateway->claim, &gateway->why));
    return gateway->claim;
}

static void an_exchange_is_sender_key_and_transaction(void **state)
{
    (void)state;
    struct bytes ir = claim_of("ir-mac").exchange;
    assert_true(bytes_equal(ir, claim_of("conf").exchange));
    assert_true(bytes_equal(ir, claim_of("ir-mac").exchange));
    assert_false(bytes_equal(ir, claim_of("ir-signed").exchange));
    assert_false(bytes_equal(ir, claim_of("conf-other-reference").exchange));
    assert_false(bytes_equal(ir, claim_of("tid-129").exchange));
}

static void a_digest_is_the_very_octets(void **state)
{
    (void)state;
    assert_true(bytes_equal(claim_of("ir-mac").digest, claim_of("ir-mac").digest));
    assert_false(bytes_equal(claim_of("ir-mac").digest, claim_of("conf").digest));
}

static void the_unreadable_has_no_claim(void **state)
{
    (void)state;
    struct cmp_gateway *gateway = cmp_gateway(case_arena(), 0);
    gateway->message.body = vector("truncated");
    assert_false(
        cmp_inbound.claim(&gateway->context, case_arena(), &gateway->claim, &gateway->why));
    assert_string_equal(gateway->claim.what, "?");
    assert_int_equal(gateway->why.reason, REASON_BAD_DATA_FORMAT);
}

/* ---- request -------------------------------------------------------------------------------- */

struct request_row {
    const char *name;
    enum operation operation;
    enum identity_kind identity;
    const char *principal;
    const char *profile;
    bool implicit;
    size_t items;
    int64_t first_id;
    enum pop_form form;
};

static const struct request_row requests[] = {
    {"ir-mac", OPERATION_ENROLL, IDENTITY_MAC, "mast-17", "", false, 1, 0, POP_FORM_SIGNATURE},
    {"ir-mac-cn", OPERATION_ENROLL, IDENTITY_MAC, "mast-17", "", false, 1, 0, POP_FORM_SIGNATURE},
    {"ir-implicit-profile", OPERATION_ENROLL, IDENTITY_MAC, "mast-17", "masts", true, 1, 0,
     POP_FORM_SIGNATURE},
    {"ir-two", OPERATION_ENROLL, IDENTITY_MAC, "mast-17", "", false, 2, 0, POP_FORM_SIGNATURE},
    {"ir-signed", OPERATION_ENROLL, IDENTITY_SIGNATURE, "CN=device,O=Example", "", false, 1, 0,
     POP_FORM_SIGNATURE},
    {"cr-mac", OPERATION_ENROLL_ADD, IDENTITY_MAC, "mast-17", "", false, 1, 0, POP_FORM_SIGNATURE},
    {"p10cr-mac", OPERATION_ENROLL, IDENTITY_MAC, "mast-17", "", false, 1, -1, POP_FORM_PKCS10},
    {"kur", OPERATION_UPDATE, IDENTITY_SIGNATURE, "CN=device,O=Example", "", false, 1, 0,
     POP_FORM_SIGNATURE},
    {"keygen-3", OPERATION_ENROLL, IDENTITY_MAC, "mast-17", "", false, 1, 0, POP_FORM_ABSENT},
};

static void becomes(void **state)
{
    const struct request_row *row = *state;
    const struct cmp_gateway *gateway = taken(row->name);
    const struct request *request = &gateway->request;
    assert_int_equal(request->protocol, PROTOCOL_CMP);
    assert_int_equal(request->operation, row->operation);
    assert_true(request->can_confirm);
    assert_int_equal(request->identity.kind, row->identity);
    assert_true(bytes_equal_text(request->identity.principal, row->principal));
    assert_int_equal(request->identity.credential.size, 32);
    assert_int_equal(request->identity.group, 1);
    assert_false(request->identity.is_ra);
    assert_true(bytes_equal_text(request->profile, row->profile));
    assert_int_equal(request->implicit_confirm, row->implicit);
    assert_int_equal(request->item_count, row->items);
    assert_int_equal(request->items[0].inbound_id, row->first_id);
    assert_int_equal(request->items[0].pop_form, row->form);
    if (row->form != POP_FORM_ABSENT)
        assert_int_equal(request->items[0].pop_verdict, POP_VERIFIED);
    assert_true(request->leg.size > 0);
}

static void the_original_is_kept_octet_by_octet(void **state)
{
    (void)state;
    const struct cmp_gateway *gateway = taken("ir-mac");
    const struct bytes original = gateway->request.items[0].original;
    const struct bytes message = gateway->message.body;
    assert_true(original.data > message.data);
    assert_true(original.data + original.size < message.data + message.size);
}

static void an_ra_is_known_by_its_usage(void **state)
{
    (void)state;
    assert_true(taken("ir-signed-by-ra")->request.identity.is_ra);
    struct cmp_gateway *gateway = cmp_gateway(case_arena(), CMP_ANY_RA);
    assert_true(cmp_gateway_take(gateway, vector("ir-signed"), PKI_NOW));
    assert_true(gateway->request.identity.is_ra);
}

static void an_ra_may_vouch(void **state)
{
    (void)state;
    const struct cmp_gateway *gateway = taken("ir-vouched-by-ra");
    assert_int_equal(gateway->request.items[0].pop_form, POP_FORM_RA_VERIFIED);
    assert_int_equal(gateway->request.items[0].pop_verdict, POP_VOUCHED);
}

/* RFC 9483 4.1.3: what a kur leaves out stays as it was. */
static void an_update_is_filled_from_the_old_certificate(void **state)
{
    (void)state;
    static const char *const names[] = {"kur", "kur-no-subject", "kur-subject-absent"};
    struct certificate *old = NULL;
    struct failure why;
    assert_true(certificate_parse(vector("device"), &old, &why));
    for (size_t i = 0; i < 3; i++) {
        const struct item *item = &taken(names[i])->request.items[0];
        struct der list, extension;
        assert_true(bytes_equal(item->subject, certificate_subject(old)));
        assert_true(der_only(item->extensions, DER_SEQUENCE, &list));
        assert_true(der_only(list.content, DER_SEQUENCE, &extension));
        /* subjectAltName DNS:device.example, as in device.der */
        assert_octets(extension.content, "0603551d110412301082"
                                         "0e6465766963652e6578616d706c65");
    }
    certificate_unref(old);
}

struct label_row {
    const char *name;
    const char *path;
    const char *profile; /* NULL: badRequest */
};

static const struct label_row labels[] = {
    {"/.well-known/cmp", "/.well-known/cmp", ""},
    {"trailing slash", "/.well-known/cmp/", ""},
    {"doubled slashes", "//.well-known//cmp//", ""},
    {"profile", "/.well-known/cmp/p/masts", "masts"},
    {"profile and operation", "/.well-known/cmp/p/masts/initialization", "masts"},
    {"operation", "/.well-known/cmp/initialization", ""},
    {"another operation", "/.well-known/cmp/certification", NULL},
    {"keyupdate for an ir", "/.well-known/cmp/p/masts/keyupdate", NULL},
    {"unknown operation", "/.well-known/cmp/init", NULL},
    {"profile without a name", "/.well-known/cmp/p", NULL},
    {"something behind", "/.well-known/cmp/initialization/x", NULL},
    {"a configured path", "/pkix/initialization", ""},
};

static void path_says(void **state)
{
    const struct label_row *row = *state;
    struct cmp_gateway *gateway = cmp_gateway(case_arena(), 0);
    gateway->message.path = bytes_of_text(row->path);
    assert_int_equal(cmp_gateway_take(gateway, vector("ir-mac"), PKI_NOW), row->profile != NULL);
    if (row->profile == NULL)
        assert_int_equal(gateway->why.reason, REASON_BAD_REQUEST);
    else
        assert_true(bytes_equal_text(gateway->request.profile, row->profile));
}

static void the_message_names_its_profile_louder_than_the_path(void **state)
{
    (void)state;
    struct cmp_gateway *gateway = cmp_gateway(case_arena(), 0);
    gateway->message.path = BYTES_LITERAL("/.well-known/cmp/p/path");
    assert_true(cmp_gateway_take(gateway, vector("ir-implicit-profile"), PKI_NOW));
    assert_true(bytes_equal_text(gateway->request.profile, "masts"));
}

/* ---- confirmations and polls ----------------------------------------------------------------- */

static struct cmp_gateway *followed(const char *opener, const char *follower)
{
    struct cmp_gateway *gateway = taken(opener);
    struct response response = cmp_gateway_response(gateway, RESULT_GRANTED, vector("issued"));
    cmp_gateway_answer(gateway, &response);
    if (!cmp_gateway_take(gateway, vector(follower), PKI_NOW))
        fail_msg("%s refused: %s", follower, gateway->why.text);
    return gateway;
}

struct confirm_row {
    const char *name;
    const char *opener, *follower;
    size_t count;
    int64_t id;
    bool accepted, unhashed, has_hash, has_algorithm;
    uint32_t bits;
    const char *text;
};

static const struct confirm_row confirmations[] = {
    {"accepts", "ir-mac", "conf", 1, 0, true, false, true, false, 0, ""},
    {"accepts aloud", "ir-mac", "conf-status", 1, 0, true, false, true, false, 0, ""},
    {"accepts with hashAlg", "ir-mac", "conf-hash-alg-3", 1, 0, true, false, true, true, 0, ""},
    {"rejects", "ir-mac", "conf-rejects", 1, 0, false, false, true, false, 2, "wrong name"},
    {"rejects by silence", "ir-mac", "conf-empty", 1, 0, false, true, false, false, 0, ""},
    {"rejects one by silence", "ir-two", "conf", 2, 0, true, false, true, false, 0, ""},
    {"pkiconf accepts all", "ir-mac", "pkiconf", 1, 0, true, true, false, false, 0, ""},
    {"p10cr by 0", "p10cr-mac", "conf", 1, -1, true, false, true, false, 0, ""},
    {"p10cr by -1", "p10cr-mac", "conf-10-minus", 1, -1, true, false, true, false, 0, ""},
};

static void confirms(void **state)
{
    const struct confirm_row *row = *state;
    const struct request *request = &followed(row->opener, row->follower)->request;
    assert_int_equal(request->operation, OPERATION_CONFIRM);
    assert_int_equal(request->confirmation_count, row->count);
    const struct confirmation *first = &request->confirmations[0];
    assert_int_equal(first->inbound_id, row->id);
    assert_int_equal(first->accepted, row->accepted);
    assert_int_equal(first->unhashed, row->unhashed);
    assert_int_equal(first->hash.size > 0, row->has_hash);
    assert_int_equal(first->hash_algorithm.size > 0, row->has_algorithm);
    assert_int_equal(first->cmp_bits, row->bits);
    assert_true(bytes_equal_text(first->text, row->text));
    if (row->count == 2) {
        assert_int_equal(request->confirmations[1].inbound_id, 1);
        assert_false(request->confirmations[1].accepted);
    }
}

struct polling_row {
    const char *name;
    const char *opener, *follower;
    int64_t id;
};

static const struct polling_row pollings[] = {
    {"polls", "ir-mac", "poll", 0},
    {"polls for all", "ir-mac", "poll-all", -1},
    {"polls for a p10cr by 0", "p10cr-mac", "poll", -1},
    {"polls for a p10cr by -1", "p10cr-mac", "poll-all", -1},
};

static void polls(void **state)
{
    const struct polling_row *row = *state;
    const struct request *request = &followed(row->opener, row->follower)->request;
    assert_int_equal(request->operation, OPERATION_POLL);
    assert_int_equal(request->poll_count, 1);
    assert_int_equal(request->poll_ids[0], row->id);
}

/* A repetition meets its own exchange; telling it from a conflict is the engine's business. */
static void an_opening_message_again_is_read_again(void **state)
{
    (void)state;
    const struct cmp_gateway *gateway = followed("ir-mac", "ir-mac");
    assert_int_equal(gateway->request.operation, OPERATION_ENROLL);
}

int main(void)
{
    CASES_ADD_ROWS(claims, claims_say);
    CASES_ADD(an_exchange_is_sender_key_and_transaction);
    CASES_ADD(a_digest_is_the_very_octets);
    CASES_ADD(the_unreadable_has_no_claim);
    CASES_ADD_ROWS(requests, becomes);
    CASES_ADD(the_original_is_kept_octet_by_octet);
    CASES_ADD(an_ra_is_known_by_its_usage);
    CASES_ADD(an_ra_may_vouch);
    CASES_ADD(an_update_is_filled_from_the_old_certificate);
    CASES_ADD_ROWS(labels, path_says);
    CASES_ADD(the_message_names_its_profile_louder_than_the_path);
    CASES_ADD_ROWS(confirmations, confirms);
    CASES_ADD_ROWS(pollings, polls);
    CASES_ADD(an_opening_message_again_is_read_again);
    return cases_run("cmp_request");
}
