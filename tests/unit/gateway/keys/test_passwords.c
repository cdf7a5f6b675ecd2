/* The hash is made by Python's hashlib.scrypt. */
#include "tests/support/cases.h"

#include <stdio.h>
#include <sys/stat.h>

#include "gateway/keys/keys.h"
#include "tests/support/directory.h"

#define HASH "$scrypt$ln=4,r=1,p=1$AAECAwQFBgc$M2Dobt4PNSF9kuMGvFX0wRlEkiu4As2FqNUXqsldAoc"

static char folder[256];

static const struct file_row {
    const char *name, *octets;
    mode_t mode;
    size_t count;
    const char *said; /* NULL: good */
} file_rows[] = {
    {"one line", "a:" HASH "\n", 0600, 1, NULL},
    {"no line end", "a:" HASH, 0400, 1, NULL},
    {"remarks, empty lines, CR LF", "# fleet\n\na:" HASH "\r\nb c:" HASH "\n", 0600, 2, NULL},
    {"nothing", "", 0600, 0, NULL},
    {"others may read it", "a:" HASH "\n", 0640, 0, "chmod"},
    {"a user twice", "a:" HASH "\nb:" HASH "\na:" HASH "\n", 0600, 0, "line 3: the user stands"},
    {"no colon", "a:" HASH "\nb\n", 0600, 0, "line 2: a line has the form"},
    {"no user", ":" HASH "\n", 0600, 0, "line 1: the user's name"},
    {"a plain password", "a:sesame\n", 0600, 0, "line 1: a hash has the form"},
    {"a hash that costs too much",
     "a:$scrypt$ln=20,r=8,p=1$AAECAwQFBgc$M2Dobt4PNSF9kuMGvFX0wRlEkiu4As2FqNUXqsldAoc\n", 0600, 0,
     "memory"},
};

static void passwords_are_loaded(void **state)
{
    const struct file_row *row = *state;
    const char *path = arena_printf(case_arena(), "%s/passwords", folder);
    remove(path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(row->octets, file);
    fclose(file);
    assert_int_equal(chmod(path, row->mode), 0);
    struct secrets *passwords = NULL;
    struct failure why = {0};
    assert_int_equal(keys_load_passwords(path, &passwords, &why), row->said == NULL);
    if (row->said != NULL) {
        assert_text_has(why.text, row->said);
        assert_text_has(why.detail, path);
        return;
    }
    struct bytes hash;
    assert_int_equal(secrets_count(passwords), row->count);
    if (row->count > 0) {
        assert_true(secrets_find(passwords, BYTES_LITERAL("a"), &hash));
        assert_true(bytes_equal_text(hash, HASH));
    }
    secrets_unref(passwords);
}

int main(void)
{
    temporary_directory(folder, sizeof(folder));
    CASES_ADD_ROWS(file_rows, passwords_are_loaded);
    return cases_run("passwords");
}
