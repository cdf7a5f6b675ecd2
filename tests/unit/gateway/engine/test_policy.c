#include "tests/support/cmocka_all.h"

#include "adapters/pkix/names.h"
#include "gateway/engine/policy.h"

static void patterns(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool matches;
    } rows[] = {
        {"*", "", true},
        {"*", "anything", true},
        {"DNS:*.masts.example", "DNS:a.masts.example", true},
        {"DNS:*.masts.example", "DNS:masts.example", false},
        {"DNS:*.masts.example", "DNS:a.masts.example.evil", false},
        {"mast-*", "mast-", true},
        {"mast-*", "mas", false},
        {"a*b*c", "aXbYc", true},
        {"a*b*c", "aXbY", false},
        {"exact", "exact", true},
        {"exact", "exact2", false},
        {"", "", true},
        {"", "x", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (pattern_matches(rows[i].pattern, bytes_of_text(rows[i].text)) != rows[i].matches)
            fail_msg("%s against %s", rows[i].pattern, rows[i].text);
    }
}

/* One route, and a request that it permits; each test changes one thing. */
struct fixture {
    struct arena *arena;
    struct route_config route;
    struct request request;
    struct item item;
    struct failure why;
};

static const char *const subjects[] = {"CN=*,OU=Masts,O=Example"};
static const char *const names[] = {"DNS:*.masts.example"};

static struct bytes name(struct arena *arena, const char *text)
{
    struct failure why;
    struct bytes name = BYTES_EMPTY;
    assert_true(names_parse(text, arena, &name, &why));
    return name;
}

static int set_up(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));
    f->arena = arena_new();
    f->route = (struct route_config){
        .name = "masts",
        .protocols = 1u << PROTOCOL_CMP,
        .operations = 1u << OPERATION_ENROLL,
        .subjects = subjects,
        .subject_count = 1,
        .alternative_names = names,
        .alternative_name_count = 1,
    };
    f->request.operation = OPERATION_ENROLL;
    f->request.items = &f->item;
    f->request.item_count = 1;
    f->request.identity.principal = BYTES_LITERAL("mast-1");
    f->item.subject = name(f->arena, "CN=mast-1,OU=Masts,O=Example");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    arena_free(f->arena);
    test_free(f);
    return 0;
}

static void expect(struct fixture *f, bool permitted, const char *text)
{
    assert_int_equal(policy_check(&f->route, &f->request, f->arena, &f->why), permitted);
    if (!permitted) {
        assert_int_equal(f->why.reason, REASON_NOT_PERMITTED);
        assert_non_null(strstr(f->why.text, text));
    }
}

static void what_is_named_is_permitted(void **state)
{
    expect(*state, true, "");
}

static void another_operation_is_not(void **state)
{
    struct fixture *f = *state;
    f->request.operation = OPERATION_UPDATE;
    expect(f, false, "update");
}

/* It has no subject that a pattern could match. */
static void a_revocation_is_permitted_by_its_operation(void **state)
{
    struct fixture *f = *state;
    f->request.operation = OPERATION_REVOKE;
    f->item.subject = BYTES_EMPTY;
    expect(f, false, "revoke");
    f->route.operations |= 1u << OPERATION_REVOKE;
    expect(f, true, "");
}

static void another_subject_is_not(void **state)
{
    struct fixture *f = *state;
    f->item.subject = name(f->arena, "CN=mast-1,OU=Boats,O=Example");
    expect(f, false, "OU=Boats");
}

static void an_empty_subject_is_not(void **state)
{
    struct fixture *f = *state;
    f->item.subject = BYTES_LITERAL("\x30\x00");
    expect(f, false, "subject");
}

static void no_pattern_permits_nobody(void **state)
{
    struct fixture *f = *state;
    f->route.subject_count = 0;
    expect(f, false, "subject");
}

/* Extensions { subjectAltName { dNSName "a.masts.example" } }, made with `openssl req -addext`. */
static const uint8_t san_inside[] = {0x30, 0x1c, 0x30, 0x1a, 0x06, 0x03, 0x55, 0x1d, 0x11, 0x04,
                                     0x13, 0x30, 0x11, 0x82, 0x0f, 'a',  '.',  'm',  'a',  's',
                                     't',  's',  '.',  'e',  'x',  'a',  'm',  'p',  'l',  'e'};
/* The same with one letter changed: "a.boats.example". */
static const uint8_t san_outside[] = {0x30, 0x1c, 0x30, 0x1a, 0x06, 0x03, 0x55, 0x1d, 0x11, 0x04,
                                      0x13, 0x30, 0x11, 0x82, 0x0f, 'a',  '.',  'b',  'o',  'a',
                                      't',  's',  '.',  'e',  'x',  'a',  'm',  'p',  'l',  'e'};
/* basicConstraints CA:TRUE, critical. */
static const uint8_t ca_true[] = {0x30, 0x11, 0x30, 0x0f, 0x06, 0x03, 0x55, 0x1d, 0x13, 0x01,
                                  0x01, 0xff, 0x04, 0x05, 0x30, 0x03, 0x01, 0x01, 0xff};
/* extendedKeyUsage id-kp-cmcRA. */
static const uint8_t usage_ra[] = {0x30, 0x15, 0x30, 0x13, 0x06, 0x03, 0x55, 0x1d,
                                   0x25, 0x04, 0x0c, 0x30, 0x0a, 0x06, 0x08, 0x2b,
                                   0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x1c};

/* [0] { Attribute { id-cmc-changeSubjectName, SET { SEQUENCE {} } } } */
static const uint8_t change_subject_name[] = {0xa0, 0x10, 0x30, 0x0e, 0x06, 0x08, 0x2b, 0x06, 0x01,
                                              0x05, 0x05, 0x07, 0x07, 0x24, 0x31, 0x02, 0x30, 0x00};

static void a_name_behind_the_subject_is_not(void **state)
{
    struct fixture *f = *state;
    f->item.format = ITEM_PKCS10;
    f->item.attributes = bytes_of(change_subject_name, sizeof(change_subject_name));
    expect(f, false, "changeSubjectName");
}

static void names_inside_the_pattern_are_permitted(void **state)
{
    struct fixture *f = *state;
    f->item.extensions = bytes_of(san_inside, sizeof(san_inside));
    expect(f, true, "");
}

static void names_outside_the_pattern_are_not(void **state)
{
    struct fixture *f = *state;
    f->item.extensions = bytes_of(san_outside, sizeof(san_outside));
    expect(f, false, "DNS:a.boats.example");
}

static void a_ca_needs_a_grant(void **state)
{
    struct fixture *f = *state;
    f->item.extensions = bytes_of(ca_true, sizeof(ca_true));
    expect(f, false, "CA certificate");
    f->route.privileges = 1;
    expect(f, true, "");
}

static void an_ra_needs_a_grant(void **state)
{
    struct fixture *f = *state;
    f->item.extensions = bytes_of(usage_ra, sizeof(usage_ra));
    f->route.privileges = 1;
    expect(f, false, "registration authority");
    f->route.privileges = 2;
    expect(f, true, "");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* ---- which route --------------------------------------------------------------------------------
 */

/* On one listener: two routes for the same fleet, one for another, and a third for the first. */
static const struct route_config fleet[] = {
    {.name = "ec", .protocols = 1u << PROTOCOL_CMP, .profile = "ec", .alike = 1},
    {.name = "other", .protocols = 1u << PROTOCOL_CMP, .profile = "other"},
    {.name = "rsa", .protocols = 1u << PROTOCOL_CMP, .profile = "rsa*", .alike = 1},
    {.name = "cmc", .protocols = 1u << PROTOCOL_CMC, .alike = 1},
};
static const size_t route_of[] = {0, 1, 2, 3};
static const struct device_group groups[4];
static const struct listener_config listener = {.credentials = {.groups = groups, .group_count = 4},
                                                .route_of = route_of};
static const struct config fleet_config = {
    .listeners = &listener, .listener_count = 1, .routes = fleet, .route_count = 4};

static const struct {
    size_t group;
    enum protocol protocol;
    const char *profile;
    const char *route; /* NULL: refused */
} route_rows[] = {
    {0, PROTOCOL_CMP, "ec", "ec"},       {0, PROTOCOL_CMP, "rsa-2048", "rsa"},
    {2, PROTOCOL_CMP, "ec", "ec"},       {0, PROTOCOL_CMC, "", "cmc"},
    {0, PROTOCOL_CMC, "ec", "cmc"},      {0, PROTOCOL_CMP, "", NULL},
    {0, PROTOCOL_CMP, "other", NULL}, /* another fleet's */
    {1, PROTOCOL_CMP, "other", "other"}, {1, PROTOCOL_CMP, "ec", NULL},
    {1, PROTOCOL_CMC, "", NULL},         {4, PROTOCOL_CMP, "ec", NULL},
};

static void protocol_and_profile_choose_among_alike_routes(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof(route_rows) / sizeof(route_rows[0]); i++) {
        struct request request = {.protocol = route_rows[i].protocol,
                                  .profile = bytes_of_text(route_rows[i].profile),
                                  .identity = {.group = route_rows[i].group}};
        const struct route_config *route = NULL;
        struct failure why;
        bool found = route_find(&fleet_config, 0, &request, &route, arena, &why);
        assert_int_equal(found, route_rows[i].route != NULL);
        if (found)
            assert_string_equal(route->name, route_rows[i].route);
        else
            assert_int_equal(why.reason, REASON_NOT_PERMITTED);
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(protocol_and_profile_choose_among_alike_routes),
        cmocka_unit_test(patterns),
        CASE(what_is_named_is_permitted),
        CASE(another_operation_is_not),
        CASE(a_revocation_is_permitted_by_its_operation),
        CASE(another_subject_is_not),
        CASE(an_empty_subject_is_not),
        CASE(no_pattern_permits_nobody),
        CASE(a_name_behind_the_subject_is_not),
        CASE(names_inside_the_pattern_are_permitted),
        CASE(names_outside_the_pattern_are_not),
        CASE(a_ca_needs_a_grant),
        CASE(an_ra_needs_a_grant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
