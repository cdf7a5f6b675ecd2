#include "adapters/cmp/cmp_path.h"

#include "tests/support/cases.h"

static const char *const configured[] = {"/pkix/", "/ejbca/publicweb/cmp/alias", "/"};

struct row {
    const char *name;
    const char *path;
    const char *type;
    size_t paths; /* so many of the configured ones */
    bool accepted;
    bool readable; /* by its media type */
};

static const struct row rows[] = {
    {"well-known", "/.well-known/cmp", "application/pkixcmp", 0, true, true},
    {"well-known, slash", "/.well-known/cmp/", "application/pkixcmp", 0, true, true},
    {"well-known, profile", "/.well-known/cmp/p/x/keyupdate", "application/pkixcmp", 0, true, true},
    {"well-known, doubled", "//.well-known//cmp", "application/pkixcmp", 0, true, true},
    {"well-known, longer word", "/.well-known/cmpx", "application/pkixcmp", 0, false, true},
    {"well-known of EST", "/.well-known/est", "application/pkixcmp", 0, false, true},
    {"well-known, wrong type", "/.well-known/cmp", "application/pkcs10", 0, true, false},
    {"upper case", "/.well-known/cmp", "APPLICATION/PKIXCMP", 0, true, true},
    {"parameters", "/.well-known/cmp", "application/pkixcmp;charset=utf-8", 0, true, true},
    {"parameters, blank", "/.well-known/cmp", "application/pkixcmp ; q=1", 0, true, true},
    {"poll", "/.well-known/cmp", "application/pkixcmp-poll", 0, true, true},
    {"octets", "/.well-known/cmp", "application/octet-stream", 0, true, true},
    {"no type", "/.well-known/cmp", "", 0, true, true},
    {"text", "/.well-known/cmp", "text/plain", 0, true, false},
    {"longer type", "/.well-known/cmp", "application/pkixcmpx", 0, true, false},
    {"configured", "/pkix", "application/pkixcmp", 1, true, true},
    {"configured, slashes", "//pkix//", "application/pkixcmp", 1, true, true},
    {"configured, deeper", "/pkix/x", "application/pkixcmp", 1, false, true},
    {"configured, shorter", "/ejbca/publicweb/cmp", "application/pkixcmp", 2, false, true},
    {"configured, deep", "/ejbca/publicweb/cmp/alias", "application/pkixcmp", 2, true, true},
    {"configured, other case", "/PKIX", "application/pkixcmp", 1, false, true},
    {"configured, CMC's type", "/pkix", "application/pkcs7-mime; smime-type=CMC-request", 1, false,
     false},
    {"configured, no type", "/pkix", "", 1, true, true},
    {"not configured", "/pkix", "application/pkixcmp", 0, false, true},
    {"root", "/", "application/pkixcmp", 3, true, true},
    {"root, empty path", "", "application/pkixcmp", 3, true, true},
};

static struct message message_of(const struct row *row)
{
    return (struct message){.method = BYTES_LITERAL("POST"),
                            .path = bytes_of_text(row->path),
                            .content_type = bytes_of_text(row->type)};
}

static void is_ours(void **state)
{
    const struct row *row = *state;
    struct message message = message_of(row);
    struct failure why;
    assert_int_equal(cmp_accepts(&message, configured, row->paths), row->accepted);
    assert_int_equal(cmp_check_http(&message, &why), row->readable);
    if (!row->readable)
        assert_int_equal(why.reason, REASON_MEDIA_TYPE);
}

static void only_post(void **state)
{
    (void)state;
    static const char *const methods[] = {"GET", "PUT", "post", "POSTS"};
    struct failure why;
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        struct message message = {.method = bytes_of_text(methods[i])};
        assert_false(cmp_check_http(&message, &why));
        assert_int_equal(why.reason, REASON_METHOD);
    }
}

static void a_file_has_no_method(void **state)
{
    (void)state;
    const struct message file = {.method = BYTES_EMPTY};
    struct failure why;
    assert_true(cmp_check_http(&file, &why));
}

int main(void)
{
    CASES_ADD_ROWS(rows, is_ours);
    CASES_ADD(only_post);
    CASES_ADD(a_file_has_no_method);
    return cases_run("cmp_path");
}
