#include "adapters/pkix/devices.h"

#include "tests/support/cases.h"
#include "tests/support/pki.h"

static void release_secrets(void *secrets)
{
    secrets_unref(secrets);
}

static struct secrets *one_secret(const char *reference, const char *secret)
{
    struct secrets *secrets = secrets_new();
    secrets_add(secrets, bytes_of_text(reference), bytes_of_text(secret));
    return arena_own(case_arena(), secrets, release_secrets);
}

struct pattern_row {
    const char *name;
    const char *pattern, *reference;
    bool matches;
};

static const struct pattern_row patterns[] = {
    {"equal", "mast-17", "mast-17", true},
    {"longer", "mast-17", "mast-177", false},
    {"shorter", "mast-17", "mast-1", false},
    {"other case", "mast-17", "Mast-17", false},
    {"star at the end", "mast-*", "mast-17", true},
    {"star for nothing", "mast-*", "mast-", true},
    {"star in front", "*-17", "mast-17", true},
    {"star in the middle", "m*-17", "mast-17", true},
    {"two stars", "*a*7", "mast-17", true},
    {"stars go back", "*ab", "aab", true},
    {"stars that cannot", "*ab*c", "aabxb", false},
    {"all", "*", "", true},
    {"nothing", "", "", true},
    {"nothing but something", "", "a", false},
};

static void a_group_admits_by_pattern(void **state)
{
    const struct pattern_row *row = *state;
    const char *const references[] = {"unlikely", row->pattern};
    const struct device_group groups[] = {{.name = "a",
                                           .secrets = one_secret(row->reference, "s"),
                                           .references = references,
                                           .reference_count = 2}};
    const struct credentials credentials = {.groups = groups, .group_count = 1};
    const struct device_group *group;
    struct bytes secret;
    assert_int_equal(
        devices_find_secret(&credentials, bytes_of_text(row->reference), &group, &secret),
        row->matches);
    assert_ptr_equal(group, row->matches ? &groups[0] : NULL);
}

static void the_first_group_that_knows_a_reference_takes_it(void **state)
{
    (void)state;
    const struct device_group groups[] = {
        {.name = "without"},
        {.name = "other", .secrets = one_secret("x", "1")},
        {.name = "first", .secrets = one_secret("r", "2")},
        {.name = "second", .secrets = one_secret("r", "3")},
    };
    const struct credentials credentials = {.groups = groups, .group_count = 4};
    const struct device_group *group;
    struct bytes secret;
    assert_true(devices_find_secret(&credentials, BYTES_LITERAL("r"), &group, &secret));
    assert_string_equal(group->name, "first");
    assert_true(bytes_equal_text(secret, "2"));
    assert_false(devices_find_secret(&credentials, BYTES_LITERAL("y"), &group, &secret));
    assert_true(devices_have_secrets(&credentials));
    assert_false(devices_have_trust(&credentials));
    assert_ptr_equal(devices_find_group(&credentials, BYTES_LITERAL("second")), &groups[3]);
    assert_null(devices_find_group(&credentials, BYTES_LITERAL("third")));
}

struct signer_row {
    const char *name;
    const char *leaf;
    const char *group; /* NULL: none */
    enum reason reason;
    const char *text;
};

static const struct signer_row signers[] = {
    {"of the second group", "leaf", "vendor", 0, NULL},
    {"of the first group", "stranger", "others", 0, NULL},
    {"of none", "self", NULL, REASON_SIGNER_UNKNOWN, "no path to a trusted CA"},
    {"expired", "expired", NULL, REASON_SIGNER_UNKNOWN, "expired on 2025-12-24"},
};

static void a_group_takes_what_it_trusts(void **state)
{
    static const char *const other[] = {"other", NULL}, *const root[] = {"root", NULL};
    const struct signer_row *row = *state;
    struct arena *arena = case_arena();
    const struct device_group groups[] = {
        {.name = "without"},
        {.name = "others", .trust = pki_trust(arena, other)},
        {.name = "vendor", .trust = pki_trust(arena, root)},
    };
    const struct credentials credentials = {.groups = groups, .group_count = 3};
    struct certificate *inter = pki_certificate(arena, "inter");
    const struct device_group *group;
    struct bytes *chain;
    size_t chain_count;
    struct failure why;
    bool found = devices_find_signer(&credentials, pki_certificate(arena, row->leaf), &inter, 1,
                                     PKI_NOW, arena, &group, &chain, &chain_count, &why);
    assert_int_equal(found, row->group != NULL);
    if (found) {
        assert_string_equal(group->name, row->group);
        return;
    }
    assert_int_equal(why.reason, row->reason);
    assert_text_has(why.text, row->text);
}

static void without_trust_nobody_is_known(void **state)
{
    (void)state;
    const struct credentials credentials = {.group_count = 0};
    const struct device_group *group;
    struct bytes *chain;
    size_t chain_count;
    struct failure why;
    assert_false(devices_find_signer(&credentials, pki_certificate(case_arena(), "leaf"), NULL, 0,
                                     PKI_NOW, case_arena(), &group, &chain, &chain_count, &why));
    assert_int_equal(why.reason, REASON_SIGNER_UNKNOWN);
    assert_null(group);
}

int main(void)
{
    CASES_ADD_ROWS(patterns, a_group_admits_by_pattern);
    CASES_ADD(the_first_group_that_knows_a_reference_takes_it);
    CASES_ADD_ROWS(signers, a_group_takes_what_it_trusts);
    CASES_ADD(without_trust_nobody_is_known);
    return cases_run("devices");
}
