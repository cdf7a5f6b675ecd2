/* dragoman inspect, as its user calls it. */
#include "tests/support/cases.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "gateway/cli/cli.h"

enum { ARGUMENTS = 8, ROOM = 65536 };

/* argv is not const, its strings are never written to. */
static char *word(const char *text)
{
    return arena_text(case_arena(), bytes_of_text(text));
}

/* Calls with one of the standard streams going to `*printed`. */
static int call(const char *const *arguments, int stream, const char **printed)
{
    char *argv[ARGUMENTS + 1] = {NULL};
    int argc = 0;
    for (; arguments[argc] != NULL; argc++)
        argv[argc] = word(arguments[argc]);
    FILE *file = tmpfile();
    assert_non_null(file);
    fflush(NULL);
    int before = dup(stream);
    dup2(fileno(file), stream);
    optind = 0; /* glibc: begin anew */
    int status = cmd_inspect(argc, argv);
    fflush(NULL);
    dup2(before, stream);
    close(before);
    rewind(file);
    char *text = arena_alloc(case_arena(), ROOM);
    assert_true(fread(text, 1, ROOM - 1, file) > 0 || status != CLI_OK);
    fclose(file);
    *printed = text;
    return status;
}

static const char request[] = "tests/vectors/pkcs10/attributes.der";
static const char crl[] = "tests/vectors/inspect/crl.der";

static void one_file_is_printed(void **state)
{
    (void)state;
    const char *text;
    const char *const arguments[] = {"inspect", request, NULL};
    assert_int_equal(call(arguments, STDOUT_FILENO, &text), CLI_OK);
    assert_int_equal(strncmp(text, "CertificationRequest\n  subject: ", 32), 0);
}

static void several_files_have_their_names(void **state)
{
    (void)state;
    const char *text;
    const char *const arguments[] = {"inspect", request, crl, NULL};
    assert_int_equal(call(arguments, STDOUT_FILENO, &text), CLI_OK);
    assert_text_has(text, "tests/vectors/pkcs10/attributes.der:\nCertificationRequest\n");
    assert_text_has(text, "tests/vectors/inspect/crl.der:\nCertificateList\n");
}

static const char *string_at(const json_t *root, const char *a, const char *b, const char *c)
{
    const json_t *value = json_object_get(root, a);
    value = b == NULL ? value : json_object_get(value, b);
    value = c == NULL ? value : json_object_get(value, c);
    return json_string_value(value);
}

static void json_is_read_by_its_names(void **state)
{
    (void)state;
    const char *text;
    const char *const arguments[] = {"inspect", "--json", request, NULL};
    assert_int_equal(call(arguments, STDOUT_FILENO, &text), CLI_OK);
    json_t *root = json_loads(text, 0, NULL);
    assert_non_null(root);
    assert_string_equal(string_at(root, "file", NULL, NULL), request);
    assert_string_equal(string_at(root, "CertificationRequest", "subject", NULL),
                        "CN=mast-1,O=Example,C=JP");
    assert_string_equal(string_at(root, "CertificationRequest", "subjectPKInfo", "kind"), "P-256");
    json_decref(root);
}

static void json_makes_arrays_of_equal_names(void **state)
{
    (void)state;
    const char *text;
    const char *const arguments[] = {"inspect", "--json", "tests/vectors/inspect/csr-attrs.der",
                                     NULL};
    assert_int_equal(call(arguments, STDOUT_FILENO, &text), CLI_OK);
    json_t *root = json_loads(text, 0, NULL);
    const json_t *list = json_object_get(json_object_get(root, "CsrAttrs"), "attribute");
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(string_at(json_array_get(list, 0), "value", NULL, NULL), "P-384");
    json_decref(root);
}

static void what_cannot_be_read_is_told(void **state)
{
    (void)state;
    const char *text;
    const char *const missing[] = {"inspect", "tests/vectors/no-such-file", NULL};
    assert_int_equal(call(missing, STDERR_FILENO, &text), CLI_FAILED);
    assert_text_has(text, "tests/vectors/no-such-file: No such file");
    const char *const cut[] = {"inspect", "tests/vectors/issued/cut.der", NULL};
    assert_int_equal(call(cut, STDERR_FILENO, &text), CLI_FAILED);
    assert_text_has(text, "cut.der: no CMP message");
}

static void the_others_are_shown_all_the_same(void **state)
{
    (void)state;
    const char *text;
    const char *const arguments[] = {"inspect", "tests/vectors/issued/cut.der", crl, NULL};
    assert_int_equal(call(arguments, STDOUT_FILENO, &text), CLI_FAILED);
    assert_text_has(text, "CertificateList\n");
}

static void wrong_calls_are_told_how(void **state)
{
    (void)state;
    const char *text;
    const char *const none[] = {"inspect", NULL};
    assert_int_equal(call(none, STDERR_FILENO, &text), CLI_USAGE);
    assert_text_has(text, "usage: dragoman inspect [--json] FILE...");
    const char *const unknown[] = {"inspect", "--xml", crl, NULL};
    assert_int_equal(call(unknown, STDERR_FILENO, &text), CLI_USAGE);
}

int main(void)
{
    CASES_ADD(one_file_is_printed);
    CASES_ADD(several_files_have_their_names);
    CASES_ADD(json_is_read_by_its_names);
    CASES_ADD(json_makes_arrays_of_equal_names);
    CASES_ADD(what_cannot_be_read_is_told);
    CASES_ADD(the_others_are_shown_all_the_same);
    CASES_ADD(wrong_calls_are_told_how);
    return cases_run("dragoman inspect");
}
