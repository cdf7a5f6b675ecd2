/* The lines are made by Python's hashlib.scrypt; the first holds the third vector of RFC 7914 12.
 */
#include "adapters/pkix/devices.h"
#include "adapters/pkix/password.h"
#include "tests/support/cases.h"

#define RFC_LINE                                                                                   \
    "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI"
#define SALT "AAECAwQFBgcICQoLDA0ODw"
#define KEY "/kdH/TAGJOJQ/RqcKqsTO48O+SYidc59ymyxlsjhpk0"
#define TWO_LANES "$scrypt$ln=10,r=8,p=2$" SALT "$" KEY

static const struct match_row {
    const char *name, *line, *password;
    bool matches;
} match_rows[] = {
    {"RFC 7914 12", RFC_LINE, "pleaseletmein", true},
    {"another password", RFC_LINE, "pleaseletmein ", false},
    {"no password", RFC_LINE, "", false},
    {"two lanes", TWO_LANES, "a secret of mast 1", true},
    {"UTF-8", "$scrypt$ln=4,r=1,p=1$AAECAwQFBgc$M2Dobt4PNSF9kuMGvFX0wRlEkiu4As2FqNUXqsldAoc",
     "p\xc3\xa4ssw\xc3\xb6rd", true},
    {"nobody's line", "", "", false},
    {"broken line", "$scrypt$", "a", false},
    {"work that the line does not name", "$scrypt$ln=9,r=8,p=2$" SALT "$" KEY, "a secret of mast 1",
     false},
};

static void a_password_is_that_of_its_line(void **state)
{
    const struct match_row *row = *state;
    assert_int_equal(password_matches(bytes_of_text(row->line), bytes_of_text(row->password)),
                     row->matches);
}

static const struct line_row {
    const char *name, *line;
    const char *said; /* NULL: good */
} line_rows[] = {
    {"good", RFC_LINE, NULL},
    {"as much memory as may be", "$scrypt$ln=16,r=8,p=1$" SALT "$" KEY, NULL},
    {"too much memory by N", "$scrypt$ln=17,r=8,p=1$" SALT "$" KEY, "memory"},
    {"too much memory by r", "$scrypt$ln=14,r=33,p=1$" SALT "$" KEY, "memory"},
    {"too many lanes", "$scrypt$ln=10,r=8,p=5$" SALT "$" KEY, "lanes"},
    {"N beyond all", "$scrypt$ln=63,r=1,p=1$" SALT "$" KEY, "memory"},
    {"N of one", "$scrypt$ln=0,r=8,p=1$" SALT "$" KEY, "memory"},
    {"r of nothing", "$scrypt$ln=10,r=0,p=1$" SALT "$" KEY, "memory"},
    {"r beyond a number", "$scrypt$ln=10,r=4294967304,p=1$" SALT "$" KEY, "form"},
    {"plain text", "a secret of mast 1", "form"},
    {"another hash", "$2b$12$abcdefghijklmnopqrstuuO", "form"},
    {"parameters in another order", "$scrypt$r=8,ln=14,p=1$" SALT "$" KEY, "form"},
    {"salt too short", "$scrypt$ln=10,r=8,p=1$AAECAwQFBg$" KEY, "form"},
    {"no salt", "$scrypt$ln=10,r=8,p=1$$" KEY, "form"},
    {"salt too long",
     "$scrypt$ln=10,r=8,p=1$"
     "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0A$" KEY,
     "form"},
    {"key too short", "$scrypt$ln=10,r=8,p=1$" SALT "$" SALT, "form"},
    {"no key", "$scrypt$ln=10,r=8,p=1$" SALT, "form"},
    {"padding", "$scrypt$ln=10,r=8,p=1$" SALT "$" KEY "=", "form"},
    {"more behind it", "$scrypt$ln=10,r=8,p=1$" SALT "$" KEY "$", "form"},
    {"not base64", "$scrypt$ln=10,r=8,p=1$AAECAwQFBgcICQoLDA0OD!$" KEY, "form"},
};

static void a_line_is_checked(void **state)
{
    const struct line_row *row = *state;
    struct failure why = {0};
    assert_int_equal(password_check_line(bytes_of_text(row->line), &why), row->said == NULL);
    if (row->said != NULL)
        assert_text_has(why.text, row->said);
}

static void a_new_line_is_good(void **state)
{
    (void)state;
    static const uint8_t salt[PASSWORD_SALT_OCTETS] = "sixteen octets!";
    struct failure why;
    struct bytes line = password_hash(BYTES_LITERAL("sesame"), salt, case_arena());
    assert_true(password_check_line(line, &why));
    assert_true(password_matches(line, BYTES_LITERAL("sesame")));
    assert_false(password_matches(line, BYTES_LITERAL("Sesame")));
}

static void release(void *secrets)
{
    secrets_unref(secrets);
}

static struct secrets *one(const char *user, const char *value)
{
    struct secrets *table = secrets_new();
    secrets_add(table, bytes_of_text(user), bytes_of_text(value));
    return arena_own(case_arena(), table, release);
}

static const struct user_row {
    const char *name, *user, *password;
    bool right;
    const char *group; /* NULL: nobody knows the user */
} user_rows[] = {
    {"by hash", "mast-1", "a secret of mast 1", true, "hashed"},
    {"by hash, wrong", "mast-1", "a secret of mast 2", false, "hashed"},
    {"the hash is no password", "mast-1", TWO_LANES, false, "hashed"},
    {"by secret", "mast-2", "plain", true, "plain"},
    {"by secret, wrong", "mast-2", "Plain", false, "plain"},
    {"nobody", "mast-3", "plain", false, NULL},
    {"nobody, by the word for nobody", "mast-3", "nobody has this password", false, NULL},
};

static void a_user_is_known_to_the_first_group(void **state)
{
    const struct user_row *row = *state;
    const struct device_group groups[] = {
        {.name = "hashed", .passwords = one("mast-1", TWO_LANES)},
        {.name = "plain", .secrets = one("mast-2", "plain")},
    };
    const struct credentials credentials = {.groups = groups, .group_count = 2};
    const struct device_group *group;
    assert_int_equal(devices_check_password(&credentials, bytes_of_text(row->user),
                                            bytes_of_text(row->password), &group),
                     row->right);
    if (row->group == NULL)
        assert_null(group);
    else
        assert_string_equal(group->name, row->group);
    assert_true(devices_have_passwords(&credentials));
}

int main(void)
{
    CASES_ADD_ROWS(match_rows, a_password_is_that_of_its_line);
    CASES_ADD_ROWS(line_rows, a_line_is_checked);
    CASES_ADD(a_new_line_is_good);
    CASES_ADD_ROWS(user_rows, a_user_is_known_to_the_first_group);
    return cases_run("password");
}
