#include "tests/support/cmocka_all.h"

#include "adapters/est/est_path.h"

enum { TAKEN = -1 };

static const struct {
    const char *name, *method, *path, *content_type;
    int reason; /* TAKEN, or why it is refused */
    int operation;
    const char *label;
} rows[] = {
    {"cacerts", "GET", "/.well-known/est/cacerts", "", TAKEN, EST_CACERTS, ""},
    {"csrattrs", "GET", "/.well-known/est/csrattrs", "", TAKEN, EST_CSRATTRS, ""},
    {"enroll", "POST", "/.well-known/est/simpleenroll", "application/pkcs10", TAKEN,
     EST_SIMPLEENROLL, ""},
    {"a label", "POST", "/.well-known/est/masts/simpleenroll", "application/pkcs10", TAKEN,
     EST_SIMPLEENROLL, "masts"},
    {"a label of two segments", "GET", "/.well-known/est/ca1/masts/cacerts", "", TAKEN, EST_CACERTS,
     "ca1/masts"},
    {"doubled and trailing slashes", "GET", "//.well-known//est/cacerts/", "", TAKEN, EST_CACERTS,
     ""},
    {"a type with parameters, in capitals", "POST", "/.well-known/est/simpleenroll",
     "Application/PKCS10; charset=x", TAKEN, EST_SIMPLEENROLL, ""},
    {"no type", "POST", "/.well-known/est/simplereenroll", "", TAKEN, EST_SIMPLEREENROLL, ""},
    {"another type", "POST", "/.well-known/est/simpleenroll", "application/pkcs100",
     REASON_MEDIA_TYPE, 0, ""},
    {"GET for POST", "GET", "/.well-known/est/simpleenroll", "", REASON_METHOD, 0, ""},
    {"POST for GET", "POST", "/.well-known/est/cacerts", "", REASON_METHOD, 0, ""},
    {"no operation", "GET", "/.well-known/est", "", REASON_NO_OPERATION, 0, ""},
    {"an unknown operation", "GET", "/.well-known/est/masts", "", REASON_NO_OPERATION, 0, ""},
    {"something behind it", "GET", "/.well-known/est/cacerts/more", "", REASON_NO_OPERATION, 0, ""},
    {"known, not offered", "POST", "/.well-known/est/serverkeygen", "application/pkcs10",
     REASON_NOT_IMPLEMENTED, 0, ""},
};

static void paths(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct message message = {
            .method = bytes_of_text(rows[i].method),
            .path = bytes_of_text(rows[i].path),
            .content_type = bytes_of_text(rows[i].content_type),
        };
        struct est_path path;
        struct failure why;
        bool taken = est_path_read(&message, &path, &why);
        if (taken != (rows[i].reason == TAKEN))
            fail_msg("%s: %s", rows[i].name, taken ? "taken" : why.text);
        if (!taken) {
            assert_int_equal((int)why.reason, rows[i].reason);
            continue;
        }
        assert_int_equal((int)path.operation, rows[i].operation);
        if (!bytes_equal_text(path.label, rows[i].label))
            fail_msg("%s: label %.*s", rows[i].name, (int)path.label.size,
                     (const char *)path.label.data);
    }
}

static void only_its_own_paths(void **state)
{
    (void)state;
    assert_true(est_is_path(BYTES_LITERAL("/.well-known/est/anything")));
    assert_false(est_is_path(BYTES_LITERAL("/.well-known/cmp/anything")));
    assert_false(est_is_path(BYTES_LITERAL("/est/cacerts")));
    assert_false(est_is_path(BYTES_LITERAL("/.well-known/establish")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths),
        cmocka_unit_test(only_its_own_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
