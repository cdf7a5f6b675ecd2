/* The files are made by the openssl command, in a folder of the test's own. */
#include "tests/support/cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "gateway/keys/keys.h"
#include "tests/support/directory.h"

static char folder[256];

static const char *in_folder(const char *name)
{
    return arena_printf(case_arena(), "%s/%s", folder, name);
}

static void run(const char *command)
{
    char line[1024];
    snprintf(line, sizeof(line), "cd %s && { %s; } 2>/dev/null", folder, command);
    if (system(line) != 0) {
        fprintf(stderr, "%s\n", line);
        abort();
    }
}

/* root -> sub -> leaf, the leaf's key in several wrappings, an old and a fresh CRL of root. */
static void make_files(void)
{
    static const char *const commands[] = {
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -subj /CN=Root "
        "-days 9",
        "openssl req -new -newkey rsa:2048 -nodes -keyout sub.key -out csr -subj /CN=Sub && "
        "echo basicConstraints=CA:TRUE >ext && openssl x509 -req -in csr -CA root.pem -CAkey "
        "root.key -days 9 -extfile ext -out sub.pem",
        "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key -out "
        "csr -subj /CN=Leaf && openssl x509 -req -in csr -CA sub.pem -CAkey sub.key -days 9 -out "
        "leaf.pem",
        "openssl x509 -in leaf.pem -text -out text.pem",
        "openssl x509 -in leaf.pem -outform DER -out leaf.der",
        "cat leaf.pem root.pem sub.pem >chain.pem",
        "cat sub.pem root.pem >above.pem",
        "cat leaf.key leaf.pem >both.pem",
        "openssl pkcs8 -topk8 -in leaf.key -passout pass:sesame -out locked.key",
        "openssl ec -in leaf.key -out older.key",
        "openssl ec -in leaf.key -aes256 -passout pass:sesame -out older-locked.key",
        "printf 'sesame\\r\\n' >right; echo wrong >wrong",
        "{ cat leaf.pem; sed '3d;$d' leaf.pem; } >broken.pem",
        "touch index; printf '[ca]\\ndefault_ca=a\\n[a]\\ndatabase=index\\ndefault_md=sha256\\n' "
        ">conf",
        "openssl ca -config conf -gencrl -keyfile root.key -cert root.pem -crldays 9 -out root.crl",
        "openssl crl -in root.crl -outform DER -out root-crl.der",
        "echo hello >hello; : >empty",
    };
    temporary_directory(folder, sizeof(folder));
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        run(commands[i]);
}

/* ---- certificates --------------------------------------------------------------------------- */

static const struct certificates_row {
    const char *name;
    const char *file;
    size_t count; /* 0: refused */
    const char *text;
} certificates_rows[] = {
    {"PEM", "leaf.pem", 1, NULL},
    {"PEM with text before it", "text.pem", 1, NULL},
    {"three in PEM", "chain.pem", 3, NULL},
    {"a key beside it", "both.pem", 1, NULL},
    {"DER", "leaf.der", 1, NULL},
    {"no such file", "none", 0, "the file cannot be read"},
    {"a key alone", "leaf.key", 0, "the file holds no certificate"},
    {"PEM cut off", "broken.pem", 0, "broken PEM"},
    {"some text", "hello", 0, ""},
    {"empty", "empty", 0, ""},
};

static void certificates_are_loaded(void **state)
{
    const struct certificates_row *row = *state;
    struct certificate_list list = {0};
    struct failure why;
    bool good = keys_load_certificates(in_folder(row->file), &list, &why);
    assert_int_equal(good, row->count > 0);
    if (good) {
        assert_int_equal(list.count, row->count);
    } else {
        assert_text_has(why.text, row->text);
        assert_null(strstr(why.text, folder));
        assert_text_has(why.detail, in_folder(row->file));
    }
    certificate_list_clear(&list);
    assert_int_equal(list.count, 0);
}

static void a_list_grows_by_each_file(void **state)
{
    (void)state;
    struct certificate_list list = {0};
    struct failure why;
    assert_true(keys_load_certificates(in_folder("leaf.pem"), &list, &why));
    assert_true(keys_load_certificates(in_folder("above.pem"), &list, &why));
    assert_int_equal(list.count, 3);
    assert_true(bytes_equal(certificate_issuer(list.items[0]), certificate_subject(list.items[1])));
    certificate_list_clear(&list);
}

/* ---- private keys -----------------------------------------------------------------------------
 */

static const struct key_row {
    const char *name;
    const char *file;
    const char *passphrase;  /* file */
    const char *environment; /* variable */
    const char *text;        /* NULL: good */
} key_rows[] = {
    {"PKCS#8", "leaf.key", NULL, NULL, NULL},
    {"the older form", "older.key", NULL, NULL, NULL},
    {"beside a certificate", "both.pem", NULL, NULL, NULL},
    {"encrypted, passphrase in a file", "locked.key", "right", NULL, NULL},
    {"encrypted, passphrase in a variable", "locked.key", NULL, "DRAGOMAN_TEST_RIGHT", NULL},
    {"the older form, encrypted", "older-locked.key", "right", NULL, NULL},
    {"a passphrase that is not needed", "leaf.key", "right", NULL, NULL},
    {"encrypted, no passphrase", "locked.key", NULL, NULL, "name its passphrase"},
    {"encrypted, wrong passphrase", "locked.key", "wrong", NULL, "does not open"},
    {"encrypted, empty variable", "locked.key", NULL, "DRAGOMAN_TEST_NONE", "is empty"},
    {"passphrase file that is not there", "locked.key", "none", NULL, "cannot be read"},
    {"no such file", "none", NULL, NULL, "cannot be read"},
    {"a certificate alone", "leaf.pem", NULL, NULL, "no private key"},
    {"empty", "empty", NULL, NULL, "no private key"},
};

static void keys_are_loaded(void **state)
{
    const struct key_row *row = *state;
    struct passphrase passphrase = {.file =
                                        row->passphrase == NULL ? NULL : in_folder(row->passphrase),
                                    .environment = row->environment};
    EVP_PKEY *key = NULL;
    struct failure why;
    setenv("DRAGOMAN_TEST_RIGHT", "sesame", 1);
    bool good = keys_load_private(in_folder(row->file), &passphrase, &key, &why);
    assert_int_equal(good, row->text == NULL);
    if (good)
        assert_int_equal(EVP_PKEY_get_bits(key), 256);
    else
        assert_text_has(why.text, row->text);
    assert_null(strstr(good ? "" : why.text, "sesame"));
    EVP_PKEY_free(key);
}

/* ---- signers ------------------------------------------------------------------------------------
 */

static const struct signer_row {
    const char *name;
    const char *certificate, *key, *chain;
    bool good;
    size_t chain_count; /* without the root */
} signer_rows[] = {
    {"two files", "leaf.pem", "leaf.key", NULL, true, 0},
    {"one file", "both.pem", NULL, NULL, true, 0},
    {"chain in the certificate's file", "chain.pem", "leaf.key", NULL, true, 1},
    {"chain in a file of its own", "leaf.pem", "leaf.key", "above.pem", true, 1},
    {"another's key", "leaf.pem", "sub.key", NULL, false, 0},
    {"the key is missing", "leaf.pem", NULL, NULL, false, 0},
    {"the chain is missing", "leaf.pem", "leaf.key", "none", false, 0},
    {"a root signs", "root.pem", "root.key", NULL, true, 0},
};

static void signers_are_loaded(void **state)
{
    const struct signer_row *row = *state;
    struct signer_files files = {
        .certificate = in_folder(row->certificate),
        .key = row->key == NULL ? NULL : in_folder(row->key),
        .chain = row->chain == NULL ? NULL : in_folder(row->chain),
    };
    struct signer *signer = NULL;
    struct failure why;
    assert_int_equal(keys_load_signer(&files, &signer, &why), row->good);
    if (row->good) {
        assert_int_equal(signer->chain_count, row->chain_count);
        signer_unref(signer);
    } else {
        assert_text_has(why.detail, folder);
    }
}

/* ---- trust
 * ---------------------------------------------------------------------------------------- */

static const struct trust_row {
    const char *name;
    const char *anchor, *crl;
    bool good;
} trust_rows[] = {
    {"anchor", "root.pem", NULL, true},
    {"CRL in PEM", "root.pem", "root.crl", true},
    {"CRL in DER", "root.pem", "root-crl.der", true},
    {"no CRL in the file", "root.pem", "leaf.pem", false},
    {"CRL that is none", "root.pem", "hello", false},
    {"CRL that is not there", "root.pem", "none", false},
    {"anchor that is not there", "none", NULL, false},
};

static void trust_is_loaded(void **state)
{
    const struct trust_row *row = *state;
    const char *anchor = in_folder(row->anchor);
    const char *crl = row->crl == NULL ? NULL : in_folder(row->crl);
    struct trust_files files = {&anchor, 1, &crl, row->crl == NULL ? 0 : 1, 0};
    struct trust *trust = NULL;
    struct failure why;
    assert_int_equal(keys_load_trust(&files, &trust, &why), row->good);
    if (row->good) {
        assert_int_equal(trust_anchor_count(trust), 1);
        trust_unref(trust);
    }
}

/* ---- secrets
 * -------------------------------------------------------------------------------------- */

static const struct secrets_row {
    const char *name;
    const char *json;
    const char *secret; /* hex, of the reference "a"; NULL: refused */
    const char *text;
    bool allow_short;
    mode_t mode;
} secrets_rows[] = {
    {"text", "{\"a\": \"0123456789abcdef\"}", "30313233343536373839616263646566", NULL, false,
     0600},
    {"hex", "{\"a\": {\"hex\": \"000102030405060708090A0b0c0d0e0f\"}}",
     "000102030405060708090a0b0c0d0e0f", NULL, false, 0600},
    {"owner alone may read", "{\"a\": \"0123456789abcdef\"}", "30313233343536373839616263646566",
     NULL, false, 0400},
    {"short but allowed", "{\"a\": \"x\"}", "78", NULL, true, 0600},
    {"short", "{\"a\": \"0123456789abcde\"}", NULL, "fewer than 16 octets", false, 0600},
    {"empty", "{\"a\": \"\"}", NULL, "is empty", true, 0600},
    {"empty hex", "{\"a\": {\"hex\": \"\"}}", NULL, "is empty", true, 0600},
    {"odd hex", "{\"a\": {\"hex\": \"000\"}}", NULL, "neither a text nor", true, 0600},
    {"hex that is none", "{\"a\": {\"hex\": \"0g\"}}", NULL, "neither a text nor", true, 0600},
    {"more than hex", "{\"a\": {\"hex\": \"00\", \"b\": 1}}", NULL, "neither a text nor", true,
     0600},
    {"a number", "{\"a\": 5}", NULL, "neither a text nor", true, 0600},
    {"a reference twice", "{\"a\": \"x\", \"a\": \"y\"}", NULL, "twice", true, 0600},
    {"a reference that is empty", "{\"\": \"x\"}", NULL, "1 to 256 octets", true, 0600},
    {"a list", "[\"a\"]", NULL, "not a JSON object", true, 0600},
    {"no JSON", "a=b", NULL, "not JSON", true, 0600},
    {"group may read", "{\"a\": \"0123456789abcdef\"}", NULL, "others than its owner", false, 0640},
    {"others may write", "{\"a\": \"0123456789abcdef\"}", NULL, "others than its owner", false,
     0602},
};

static void secrets_are_loaded(void **state)
{
    const struct secrets_row *row = *state;
    const char *path = in_folder("secrets.json");
    remove(path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(row->json, file);
    fclose(file);
    assert_int_equal(chmod(path, row->mode), 0);
    struct secrets *secrets = NULL;
    struct failure why;
    struct bytes secret;
    assert_int_equal(keys_load_secrets(path, row->allow_short, &secrets, &why),
                     row->secret != NULL);
    if (row->secret == NULL) {
        assert_text_has(why.text, row->text);
        assert_null(strstr(why.text, "0123456789"));
        return;
    }
    assert_true(secrets_find(secrets, BYTES_LITERAL("a"), &secret));
    assert_octets(secret, row->secret);
    secrets_unref(secrets);
}

int main(void)
{
    make_files();
    CASES_ADD_ROWS(certificates_rows, certificates_are_loaded);
    CASES_ADD(a_list_grows_by_each_file);
    CASES_ADD_ROWS(key_rows, keys_are_loaded);
    CASES_ADD_ROWS(signer_rows, signers_are_loaded);
    CASES_ADD_ROWS(trust_rows, trust_is_loaded);
    CASES_ADD_ROWS(secrets_rows, secrets_are_loaded);
    int failed = cases_run("keys");
    remove_directory(folder);
    return failed;
}
