/* What inspect prints, beside each vector: NAME.der and NAME.txt. UPDATE_GOLDEN=1 writes the texts
 * anew; the review reads the difference. */
#include "tests/support/cases.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "adapters/inspect.h"
#include "tests/support/octets.h"

/* ---- golden text ---------------------------------------------------------------------------- */

static const char *const folders[] = {"tests/vectors/pkcs10", "tests/vectors/crmf",
                                      "tests/vectors/issued", "tests/vectors/inspect",
                                      "tests/vectors/cmp",    "tests/vectors/cmc/dogtag"};

struct golden {
    char name[96];
    char der[160];
    char text[160];
};

static struct bytes lines_of(struct bytes octets)
{
    struct node *root;
    struct failure why = {0};
    if (inspect(octets, case_arena(), &root, &why))
        return node_lines(root, case_arena());
    return bytes_of_text(arena_printf(case_arena(), "refused: %s: %s [%s]\n",
                                      reason_row(why.reason)->word, why.text, why.clause));
}

static void write_golden(const char *path, struct bytes text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text.data, 1, text.size, file), text.size);
    fclose(file);
}

static void golden(void **state)
{
    const struct golden *row = *state;
    struct bytes text = lines_of(octets_from_file(case_arena(), row->der));
    if (getenv("UPDATE_GOLDEN") != NULL)
        write_golden(row->text, text);
    assert_string_equal(arena_text(case_arena(), text),
                        arena_text(case_arena(), octets_from_file(case_arena(), row->text)));
}

static int is_der(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);
    return size > 4 && strcmp(entry->d_name + size - 4, ".der") == 0;
}

static void add_folder(const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_der, alphasort);
    for (int i = 0; i < count; i++) {
        struct golden *row = calloc(1, sizeof(*row));
        int stem = (int)strlen(entries[i]->d_name) - 4;
        snprintf(row->name, sizeof(row->name), "%s/%.*s", strrchr(folder, '/') + 1, stem,
                 entries[i]->d_name);
        snprintf(row->der, sizeof(row->der), "%s/%.*s.der", folder, stem, entries[i]->d_name);
        snprintf(row->text, sizeof(row->text), "%s/%.*s.txt", folder, stem, entries[i]->d_name);
        cases_add(row->name, golden, row);
        free(entries[i]);
    }
    free(count < 0 ? NULL : entries);
}

/* ---- wrappings ------------------------------------------------------------------------------ */

static const char *first_line(struct bytes octets)
{
    char *text = arena_text(case_arena(), lines_of(octets));
    text[strcspn(text, "\n")] = '\0';
    return text;
}

struct wrapping {
    const char *name;
    const char *before, *after; /* around the base64 of a request */
    const char *line;
};

static const struct wrapping wrappings[] = {
    {"base64", "", "", "CertificationRequest"},
    {"base64 in white space", " \r\n", "\r\n\r\n", "CertificationRequest"},
    {"PEM", "-----BEGIN CERTIFICATE REQUEST-----\n", "\n-----END CERTIFICATE REQUEST-----\n",
     "CertificationRequest"},
    {"PEM with CRLF and a remark", "my request\r\n-----BEGIN NEW CERTIFICATE REQUEST-----\r\n",
     "\r\n-----END NEW CERTIFICATE REQUEST-----\r\n", "CertificationRequest"},
    {"HTTP",
     "POST /.well-known/est/simpleenroll HTTP/1.1\r\nContent-Type: application/pkcs10\r\n\r\n",
     "\r\n", "HTTP"},
    {"HTTP answer", "HTTP/1.1 200 OK\n\n", "", "HTTP"},
    {"PEM without an end", "-----BEGIN CERTIFICATE REQUEST-----\n", "",
     "refused: badDataFormat: the PEM text is not well formed [RFC 7468 2]"},
    {"base64 with a stranger in it", "M!", "",
     "refused: badDataFormat: no CMP message, CMS, request, certificate, CRL or CSR attributes "
     "[RFC "
     "9483 3.5]"},
};

static const char *encode(struct bytes der)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *out = arena_alloc(case_arena(), der.size / 3 * 4 + 5), *to = out;
    for (size_t i = 0; i < der.size; i += 3) {
        size_t left = der.size - i;
        unsigned bits = (unsigned)der.data[i] << 16 |
                        (left > 1 ? (unsigned)der.data[i + 1] << 8 : 0) |
                        (left > 2 ? (unsigned)der.data[i + 2] : 0);
        *to++ = alphabet[bits >> 18];
        *to++ = alphabet[bits >> 12 & 63];
        *to++ = left > 1 ? alphabet[bits >> 6 & 63] : '=';
        *to++ = left > 2 ? alphabet[bits & 63] : '=';
    }
    return out;
}

static void wrapping(void **state)
{
    const struct wrapping *row = *state;
    static const char *const requests[] = {"p256", "p384", "ed25519"}; /* all three paddings */
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        const char *path = arena_printf(case_arena(), "tests/vectors/pkcs10/%s.der", requests[i]);
        struct bytes der = octets_from_file(case_arena(), path);
        const char *text =
            arena_printf(case_arena(), "%s%s%s", row->before, encode(der), row->after);
        assert_string_equal(first_line(bytes_of_text(text)), row->line);
    }
}

static void http_holds_der_too(void **state)
{
    (void)state;
    static const char head[] = "POST /x HTTP/1.1\r\ncontent-type:  application/pkcs10\r\n\r\n";
    struct bytes der = octets_from_file(case_arena(), "tests/vectors/pkcs10/p256.der");
    uint8_t *all = arena_alloc(case_arena(), strlen(head) + der.size);
    memcpy(all, head, strlen(head));
    memcpy(all + strlen(head), der.data, der.size);
    const char *text = arena_text(case_arena(), lines_of(bytes_of(all, strlen(head) + der.size)));
    assert_text_has(text, "HTTP\n  startLine: POST /x HTTP/1.1\n  contentType: application/pkcs10\n"
                          "  CertificationRequest\n    subject: CN=mast-1,O=Example,C=JP\n");
}

static void private_keys_are_not_shown(void **state)
{
    (void)state;
    static const char pem[] = "-----BEGIN EC PRIVATE KEY-----\nMAMCAQE=\n"
                              "-----END EC PRIVATE KEY-----\n"
                              "-----BEGIN PRIVATE KEY-----\nMAMCAQE=\n-----END PRIVATE KEY-----\n";
    assert_string_equal(arena_text(case_arena(), lines_of(bytes_of_text(pem))),
                        "PEM\n  privateKey: not shown\n  privateKey: not shown\n");
}

static void secrets_are_not_shown(void **state)
{
    (void)state;
    static const char *const paths[] = {"tests/vectors/pkcs10/attributes.der",
                                        "tests/vectors/crmf/bc-full.der"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const char *text =
            arena_text(case_arena(), lines_of(octets_from_file(case_arena(), paths[i])));
        assert_null(strstr(text, "not-a-secret"));
        assert_null(strstr(text, "6e6f742d612d736563726574"));
        assert_text_has(text, "not shown");
    }
}

/* ---- nodes ---------------------------------------------------------------------------------- */

static void peers_text_is_escaped(void **state)
{
    (void)state;
    struct node *root = node_add(NULL, case_arena(), "root", NULL);
    node_text(root, case_arena(), "text", BYTES_LITERAL("a\x1b[31m\xe2\x80\xae\xff\xc3\xa9\0z"));
    node_printf(root, case_arena(), "number", "%d\n%s", 7, "\a");
    assert_string_equal(arena_text(case_arena(), node_lines(root, case_arena())),
                        "root\n  text: a\\u{1b}[31m\\u{202e}\\xff\xc3\xa9\\u{0}z\n"
                        "  number: 7\\u{a}\\u{7}\n");
}

static void long_octets_are_cut(void **state)
{
    (void)state;
    uint8_t octets[65] = {0xab};
    struct node *whole = node_hex(NULL, case_arena(), "x", bytes_of(octets, 64));
    struct node *cut = node_hex(NULL, case_arena(), "x", bytes_of(octets, 65));
    assert_int_equal(strlen(whole->value), 128);
    assert_text_has(cut->value, "... (65 octets)");
    assert_string_equal(node_hex(NULL, case_arena(), "x", BYTES_EMPTY)->value, "");
}

static void nothing_is_refused(void **state)
{
    (void)state;
    assert_string_equal(first_line(BYTES_EMPTY),
                        "refused: badDataFormat: there is nothing in it [RFC 9483 3.5]");
    assert_text_has(first_line(BYTES_LITERAL("hello")), "refused: badDataFormat: no CMP message");
}

int main(void)
{
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        add_folder(folders[i]);
    CASES_ADD_ROWS(wrappings, wrapping);
    CASES_ADD(http_holds_der_too);
    CASES_ADD(private_keys_are_not_shown);
    CASES_ADD(secrets_are_not_shown);
    CASES_ADD(peers_text_is_escaped);
    CASES_ADD(long_octets_are_cut);
    CASES_ADD(nothing_is_refused);
    return cases_run("inspect");
}
