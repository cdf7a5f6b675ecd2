/* Every row changes one thing of a good configuration; the place and the words of what is found are
 * written by hand. Keys and certificates are made by the openssl command, in a folder of the
 * test's own. */
#include "tests/support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/local/local_ca.h"
#include "adapters/pkix/privilege.h"
#include "gateway/config/config.h"
#include "mapping/model/limits.h"

/* Single quotes stand for double ones. */
static const char good[] =
    "{'listeners': [\n"
    " {'name': 'devices', 'address': '127.0.0.1:8080', 'protocols': ['cmp', 'cmc']}],\n"
    " 'authorities': [\n"
    " {'name': 'factory', 'protocol': 'cmc', 'url': 'https://ca.example/cmc',\n"
    "  'trust': 'ca.pem',\n"
    "  'ra': {'certificate': 'ra.pem', 'key': 'ra.key'}}],\n"
    " 'routes': [\n"
    " {'name': 'masts', 'listener': 'devices', 'authority': 'factory',\n"
    "  'devices': [{'secrets': 'secrets.json'}, {'issuer': 'ca.pem'}],\n"
    "  'may': {'subject': 'CN=*,O=Example'}}],\n"
    " 'store': {'sqlite': 'state.db'}}\n";

static const struct row {
    const char *name;
    const char *from, *to; /* the first `from` becomes `to` */
    unsigned line, column;
    const char *pointer;
    const char *text; /* begins so */
    bool warning;
} rows[] = {
    /* syntax */
    {"brace missing", "'state.db'}}", "'state.db'}", 0, 0, "", "'}' expected", false},
    {"comma missing", "'devices', 'address'", "'devices' 'address'", 2, 29, "", "'}' expected near",
     false},
    {"name twice", "'protocol': 'cmc',", "'protocol': 'cmc', 'name': 'f',", 4, 0, "",
     "duplicate object key near", false},
    /* names */
    {"unknown option at the top", "'store'", "'stores'", 11, 2, "/stores",
     "there is no such option; did you mean \"store\"?", false},
    {"misspelt option in a list", "'listener'", "'listner'", 8, 20, "/routes/0/listner",
     "there is no such option; did you mean \"listener\"?", false},
    {"misspelt option in an object", "'subject'", "'subjet'", 10, 11, "/routes/0/may/subjet",
     "there is no such option; did you mean \"subject\"?", false},
    {"unknown option like nothing", "'store'", "'qqqq': 1, 'store'", 11, 2, "/qqqq",
     "there is no such option", false},
    {"unknown option with a slash", "'store'", "'a/b': 1, 'store'", 11, 2, "/a~1b",
     "there is no such option", false},
    {"a star is no option", "'store'", "'*': 1, 'store'", 11, 2, "/*", "there is no such option",
     false},
    /* kinds, ranges, choices */
    {"text expected", "'name': 'devices'", "'name': 5", 2, 11, "/listeners/0/name",
     "must be a text that is not empty", false},
    {"text empty", "'name': 'masts'", "'name': ''", 8, 11, "/routes/0/name",
     "must be a text that is not empty", false},
    {"list expected",
     "[\n {'name': 'devices', 'address': '127.0.0.1:8080', 'protocols': ['cmp', 'cmc']}]", "{}", 1,
     15, "/listeners", "must be a list of objects", false},
    {"list empty", "[{'secrets': 'secrets.json'}, {'issuer': 'ca.pem'}]", "[]", 9, 14,
     "/routes/0/devices", "must have 1 to 64 elements", false},
    {"object expected in a list", "{'issuer': 'ca.pem'}", "'ca.pem'", 9, 44, "/routes/0/devices/1",
     "must be an object", false},
    {"object expected", "{'sqlite': 'state.db'}", "'state.db'", 11, 11, "/store",
     "must be an object", false},
    {"number expected", "'authority'", "'hold_ms': '5', 'authority'", 8, 54, "/routes/0/hold_ms",
     "must be a whole number from 0 to 600000 (ms)", false},
    {"number too large", "'authority'", "'hold_ms': 600001, 'authority'", 8, 54,
     "/routes/0/hold_ms", "must be a whole number from 0 to 600000 (ms)", false},
    {"number too small", "'authority'", "'skew_s': -1, 'authority'", 8, 53, "/routes/0/skew_s",
     "must be a whole number from 0 to 31536000 (s)", false},
    {"number not whole", "'authority'", "'skew_s': 1.5, 'authority'", 8, 53, "/routes/0/skew_s",
     "must be a whole number from 0 to 31536000 (s)", false},
    {"flag expected", "'authority'", "'legacy': 'yes', 'authority'", 8, 53, "/routes/0/legacy",
     "must be true or false", false},
    {"misspelt choice", "'protocol': 'cmc'", "'protocol': 'cmcc'", 4, 34, "/authorities/0/protocol",
     "there is no such choice; did you mean \"cmc\"?", false},
    {"no such choice", "'protocol': 'cmc'", "'protocol': 'acme-v2'", 4, 34,
     "/authorities/0/protocol", "must be one of: cmp cmc est local", false},
    {"no such choice in a list", "['cmp', 'cmc']", "['cmp', 'cmd']", 2, 72,
     "/listeners/0/protocols/1", "there is no such choice; did you mean \"cmp\"?", false},
    {"operation that is none", "{'subject'", "{'operations': ['enrol'], 'subject'", 10, 26,
     "/routes/0/may/operations/0", "there is no such choice; did you mean \"enroll\"?", false},
    {"confirm needs no permission", "{'subject'", "{'operations': ['confirm'], 'subject'", 10, 26,
     "/routes/0/may/operations/0", "must be one of: enroll certify", false},
    /* what must be there */
    {"no subject", "'subject': 'CN=*,O=Example'", "", 10, 10, "/routes/0/may",
     "\"subject\" is missing", false},
    {"no rights", ",\n  'may': {'subject': 'CN=*,O=Example'}", "", 8, 2, "/routes/0",
     "\"may\" is missing", false},
    {"no devices", ",\n  'devices': [{'secrets': 'secrets.json'}, {'issuer': 'ca.pem'}]", "", 8, 2,
     "/routes/0", "\"devices\" is missing", false},
    {"no name", "'name': 'masts', ", "", 8, 2, "/routes/0", "\"name\" is missing", false},
    {"no url", ", 'url': 'https://ca.example/cmc'", "", 4, 2, "/authorities/0",
     "\"url\" is missing", false},
    {"no trust", "  'trust': 'ca.pem',\n", "", 4, 2, "/authorities/0", "\"trust\" is missing",
     false},
    {"no RA credential", ",\n  'ra': {'certificate': 'ra.pem', 'key': 'ra.key'}", "", 4, 2,
     "/authorities/0", "\"ra\" is missing", false},
    {"embedded CA without certificate",
     "'protocol': 'cmc', 'url': 'https://ca.example/cmc',\n  'trust': 'ca.pem',\n  'ra': "
     "{'certificate': 'ra.pem', 'key': 'ra.key'}",
     "'protocol': 'local'", 4, 2, "/authorities/0", "the embedded CA needs \"certificate\"", false},
    {"devices without a proof", "{'issuer': 'ca.pem'}", "{}", 9, 44, "/routes/0/devices/1",
     "needs \"secrets\", \"passwords\", \"issuer\" or \"unproven\"", false},
    {"reference without secrets", "{'issuer': 'ca.pem'}", "{'issuer': 'ca.pem', 'reference': 'a'}",
     9, 78, "/routes/0/devices/1/reference", "needs \"secrets\" or \"passwords\"", false},
    {"CRL without issuer", "{'secrets': 'secrets.json'}",
     "{'secrets': 'secrets.json', 'crl': 'ca.pem'}", 9, 50, "/routes/0/devices/0/crl",
     "needs \"issuer\"", false},
    /* references between parts */
    {"unknown listener", "'listener': 'devices'", "'listener': 'device'", 8, 32,
     "/routes/0/listener", "there is no listener \"device\"; did you mean \"devices\"?", false},
    {"unknown authority", "'authority': 'factory'", "'authority': 'fabrik'", 8, 56,
     "/routes/0/authority", "there is no authority \"fabrik\"", false},
    {"listener named twice", "'cmc']}],",
     "'cmc']},\n {'name': 'devices', 'address': '[::1]:1', 'protocols': 'cmp'}],", 3, 11,
     "/listeners/1/name", "the name \"devices\" is taken", false},
    {"listener without a route", "'cmc']}],",
     "'cmc']},\n {'name': 'idle', 'address': '[::1]:1', 'protocols': 'cmp'}],", 3, 11,
     "/listeners/1/name", "no route names this listener", true},
    {"protocol that the listener lacks", "'authority'", "'protocol': ['est'], 'authority'", 8, 55,
     "/routes/0/protocol", "the listener does not speak est", false},
    /* addresses, URLs, patterns */
    {"address without port", "127.0.0.1:8080", "127.0.0.1", 2, 33, "/listeners/0/address",
     "must be a numeric address", false},
    {"address that is a name", "127.0.0.1:8080", "localhost:8080", 2, 33, "/listeners/0/address",
     "must be a numeric address", false},
    {"port too large", "127.0.0.1:8080", "127.0.0.1:65536", 2, 33, "/listeners/0/address",
     "must be a numeric address", false},
    {"port with a sign", "127.0.0.1:8080", "127.0.0.1:+1", 2, 33, "/listeners/0/address",
     "must be a numeric address", false},
    {"IPv6 without brackets", "127.0.0.1:8080", "::1:8080", 2, 33, "/listeners/0/address",
     "must be a numeric address", false},
    {"path without slash", "'protocols'", "'paths': ['cmp'], 'protocols'", 2, 60,
     "/listeners/0/paths", "a path begins with \"/\"", false},
    {"EST without TLS", "['cmp', 'cmc']", "['est', 'cmc', 'cmp']", 2, 64, "/listeners/0/protocols",
     "EST needs \"tls\"", false},
    {"route that is never reached", "O=Example'}}],",
     "O=Example'}},\n {'name': 'b', 'listener': 'devices', 'authority': 'factory',\n  'devices': "
     "[{'secrets': 'secrets.json'}, {'issuer': 'ca.pem'}], 'profile': 'x',\n  'may': {'subject': "
     "'CN=*'}}],",
     11, 11, "/routes/1/name", "never reached: the route \"masts\" before it", true},
    {"devices that an earlier route takes by certificate", "O=Example'}}],",
     "O=Example'}},\n {'name': 'b', 'listener': 'devices', 'authority': 'factory',\n  'devices': "
     "[{'issuer': 'ca.pem'}],\n  'may': {'subject': 'CN=*'}}],",
     12, 14, "/routes/1/devices", "some of these devices are taken by the route \"masts\"", true},
    {"devices that an earlier route takes by secret", "O=Example'}}],",
     "O=Example'}},\n {'name': 'b', 'listener': 'devices', 'authority': 'factory',\n  'devices': "
     "[{'secrets': 'secrets.json', 'reference': '*-2'}],\n  'may': {'subject': 'CN=*'}}],",
     12, 14, "/routes/1/devices", "some of these devices are taken by the route \"masts\"", true},
    {"same devices, other strictness", "O=Example'}}],",
     "O=Example'}},\n {'name': 'b', 'listener': 'devices', 'authority': 'factory',\n  'devices': "
     "[{'secrets': 'secrets.json'}, {'issuer': 'ca.pem'}], 'legacy': true,\n  'may': {'subject': "
     "'CN=*'}}],",
     12, 77, "/routes/1/legacy", "\"legacy\" must be as in /routes/0", false},
    {"two listeners at one address", "'cmc']}],",
     "'cmc']},\n {'name': 'b', 'address': '127.0.0.1:8080', 'protocols': 'cmp'}],", 3, 27,
     "/listeners/1/address", "the listener \"devices\" has this address", false},
    {"password in the url", "https://ca.example", "https://a:b@ca.example", 4, 48,
     "/authorities/0/url", "user and password belong into \"basic_file\"", false},
    {"white space in the url", "example/cmc", "example/c mc", 4, 48, "/authorities/0/url",
     "must not hold white space", false},
    {"url of another kind", "https://ca.example", "ftp://ca.example", 4, 48, "/authorities/0/url",
     "must begin with http:// or https://", false},
    {"TLS for a plain url", "'url': 'https://ca.example/cmc'",
     "'tls': {'ca': 'ca.pem'}, 'url': 'http://ca.example/cmc'", 4, 48, "/authorities/0/tls",
     "the url is not https", false},
    {"TLS certificate without key", "'trust'", "'tls': {'certificate': 'ra.pem'}, 'trust'", 5, 10,
     "/authorities/0/tls", "\"certificate\" and \"key\" belong together", false},
    {"TLS anchor that is not there", "'trust'", "'tls': {'ca': 'none.pem'}, 'trust'", 5, 17,
     "/authorities/0/tls/ca", "the file cannot be read", false},
    {"TLS key of another certificate", "'trust'",
     "'tls': {'certificate': 'ra.pem', 'key': 'ca.key'}, 'trust'", 5, 26,
     "/authorities/0/tls/certificate", "", false},
    {"TLS certificate of a listener that is not there", "'protocols'",
     "'tls': {'certificate': 'none.pem', 'key': 'ra.key'}, 'protocols'", 2, 74,
     "/listeners/0/tls/certificate", "", false},
    {"TLS key of a listener that is another's", "'protocols'",
     "'tls': {'certificate': 'ra.pem', 'key': 'ca.key'}, 'protocols'", 2, 74,
     "/listeners/0/tls/certificate", "", false},
    {"client CA where nobody is asked", "'protocols'",
     "'tls': {'certificate': 'ra.pem', 'key': 'ra.key', 'client_ca': 'ca.pem'}, 'protocols'", 2,
     114, "/listeners/0/tls/client_ca", "no client is asked for a certificate", false},
    {"subject pattern that is none", "'CN=*,O=Example'", "'Example'", 10, 22,
     "/routes/0/may/subject", "", false},
    {"fewest iterations above most", "'authority'", "'mac_iterations_min': 200000, 'authority'", 8,
     65, "/routes/0/mac_iterations_min", "mac_iterations_min is above mac_iterations_max", false},
    /* files */
    {"certificate that is not there", "'ra.pem'", "'rb.pem'", 6, 25,
     "/authorities/0/ra/certificate", "", false},
    {"key of another certificate", "'ra.key'", "'ca.key'", 6, 25, "/authorities/0/ra/certificate",
     "", false},
    {"trust that is not there", "'trust': 'ca.pem'", "'trust': 'cb.pem'", 5, 12,
     "/authorities/0/trust", "", false},
    {"issuer that is not there", "'issuer': 'ca.pem'", "'issuer': ['ca.pem', 'cb.pem']", 9, 55,
     "/routes/0/devices/1/issuer", "the file cannot be read", false},
    {"CRL that is none", "'issuer': 'ca.pem'", "'issuer': 'ca.pem', 'crl': 'ra.pem'", 9, 72,
     "/routes/0/devices/1/crl", "the file holds no revocation list", false},
    {"CsrAttrs that are none", "'authority'", "'csr_attributes': 'token', 'authority'", 8, 61,
     "/routes/0/csr_attributes", "the file does not hold CsrAttrs in DER or base64", false},
    {"CsrAttrs that are not there", "'authority'", "'csr_attributes': 'none', 'authority'", 8, 61,
     "/routes/0/csr_attributes", "the file cannot be read", false},
    {"signer that has expired", "'authority'",
     "'signer': {'certificate': 'old.pem', 'key': 'old.key'}, 'authority'", 8, 69,
     "/routes/0/signer/certificate", "the certificate has expired", false},
    {"signer that ends soon", "'authority'",
     "'signer': {'certificate': 'soon.pem', 'key': 'soon.key'}, 'authority'", 8, 69,
     "/routes/0/signer/certificate", "the certificate ends in ", true},
    {"RA without id-kp-cmcRA", "'certificate': 'ra.pem', 'key': 'ra.key'",
     "'certificate': 'ca.pem', 'key': 'ca.key'", 6, 25, "/authorities/0/ra/certificate",
     "the certificate lacks id-kp-cmcRA", true},
    {"embedded CA that is none",
     "'protocol': 'cmc', 'url': 'https://ca.example/cmc',\n  'trust': 'ca.pem',\n  'ra': "
     "{'certificate': 'ra.pem', 'key': 'ra.key'}",
     "'protocol': 'local', 'certificate': 'ra.pem', 'key': 'ra.key'", 4, 58,
     "/authorities/0/certificate", "this is not the certificate of a CA", false},
    {"secrets that are not there", "'secrets.json'", "'secret.json'", 9, 27,
     "/routes/0/devices/0/secrets", "the file cannot be read", false},
    {"secrets that others can read", "'secrets.json'", "'open.json'", 9, 27,
     "/routes/0/devices/0/secrets",
     "the file holds a secret and others than its owner can reach it", false},
    {"secret that is short", "'secrets.json'", "'short.json'", 9, 27, "/routes/0/devices/0/secrets",
     "", true},
    {"no reference is taken", "{'secrets': 'secrets.json'}",
     "{'secrets': 'secrets.json', 'reference': 'tower-*'}", 9, 56, "/routes/0/devices/0/reference",
     "no reference of the secrets file is taken", true},
    {"password over plain http", "'url': 'https://ca.example/cmc'",
     "'url': 'http://ca.example/cmc', 'basic_file': 'basic'", 4, 87, "/authorities/0/basic_file",
     "a password goes over https only", false},
    {"password file without colon", "'trust'", "'basic_file': 'token', 'trust'", 5, 17,
     "/authorities/0/basic_file", "must hold one line", false},
    {"unknown usage of the embedded CA",
     "'protocol': 'cmc', 'url': 'https://ca.example/cmc',\n  'trust': 'ca.pem',\n  'ra': "
     "{'certificate': 'ra.pem', 'key': 'ra.key'}",
     "'protocol': 'local', 'certificate': 'ca.pem', 'key': 'ca.key', 'profile': "
     "{'extended_key_usages': ['webAuth']}",
     4, 120, "/authorities/0/profile/extended_key_usages", "\"webAuth\" is neither", false},
};

/* ---- the folder ---------------------------------------------------------------------------------
 */

static char folder[] = "/tmp/dragoman-config-XXXXXX";

/* Runs a command in the folder. */
static void run(const char *command)
{
    char line[1024];
    snprintf(line, sizeof(line), "cd %s && %s", folder, command);
    if (system(line) != 0)
        fail_msg("%s", line);
}

/* NAME.pem under ca.pem, and NAME.key. */
static void make_certificate(const char *name, int days)
{
    char line[512];
    snprintf(line, sizeof(line),
             "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout %s.key "
             "-subj /O=Example/CN=%s -out csr 2>/dev/null && openssl x509 -req -in csr -CA ca.pem "
             "-CAkey ca.key -days %d -extfile %s.ext -out %s.pem 2>/dev/null",
             name, name, days, name, name);
    run(line);
}

static void write_file(const char *name, const char *text, mode_t mode)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

/* openssl x509 makes no certificate that has ended (3.5 refuses negative days); openssl ca does. */
static void make_old_certificate(void)
{
    write_file("ca.cnf",
               "[ca]\ndefault_ca=c\n[c]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\n"
               "policy=p\n[p]\nO=supplied\nCN=supplied\n",
               0600);
    run("openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout old.key "
        "-subj /O=Example/CN=old -out csr 2>/dev/null && : >index.txt && echo 01 >serial && "
        "openssl ca -batch -config ca.cnf -in csr -cert ca.pem -keyfile ca.key -md sha256 -notext "
        "-startdate 20200101000000Z -enddate 20200201000000Z -out old.pem 2>/dev/null");
}

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return 1;
    run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key "
        "-out ca.pem -subj /O=Example/CN=CA -days 365 2>/dev/null");
    write_file("ra.ext", "extendedKeyUsage=1.3.6.1.5.5.7.3.28\n", 0600);
    write_file("soon.ext", "", 0600);
    make_certificate("ra", 300);
    make_old_certificate();
    make_certificate("soon", 10);
    write_file("secrets.json",
               "{\"mast-1\": \"0123456789abcdef\", \"mast-2\": {\"hex\": "
               "\"00112233445566778899aabbccddeeff\"}, \"pole-1\": \"fedcba9876543210\"}",
               0600);
    write_file("more.json", "{\"tower-1\": \"0123456789abcdef\"}", 0600);
    write_file("open.json", "{\"mast-1\": \"0123456789abcdef\"}", 0644);
    write_file("short.json", "{\"mast-1\": \"0123456789abcde\"}", 0600);
    write_file("attributes", "\x30\x05\x06\x03\x2a\x03\x04", 0600);
    write_file("token", "gateway\n", 0600);
    write_file("basic", "gateway:pass word\n", 0600);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    run("rm -r *; rmdir \"$PWD\"");
    return 0;
}

static struct config *load(const char *text, struct config_report *report)
{
    char path[128], quoted[4096];
    size_t i = 0;
    for (; text[i] != '\0' && i + 1 < sizeof(quoted); i++)
        quoted[i] = text[i] == '\'' ? '"' : text[i];
    quoted[i] = '\0';
    write_file("dragoman.json", quoted, 0600);
    snprintf(path, sizeof(path), "%s/dragoman.json", folder);
    return config_load(path, report);
}

static void changed(char *out, size_t size, const char *from, const char *to)
{
    const char *place = strstr(good, from);
    assert_non_null(place);
    snprintf(out, size, "%.*s%s%s", (int)(place - good), good, to, place + strlen(from));
}

/* ---- tests
 * --------------------------------------------------------------------------------------- */

static const struct config_problem *find(const struct config_report *report, const struct row *row)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct config_problem *problem = &report->problems[i];
        if (strcmp(problem->pointer, row->pointer) == 0 &&
            strncmp(problem->text, row->text, strlen(row->text)) == 0)
            return problem;
    }
    for (size_t i = 0; i < report->count; i++)
        print_message("%u:%u: %s: %s\n", report->problems[i].line, report->problems[i].column,
                      report->problems[i].pointer, report->problems[i].text);
    return NULL;
}

static void is_reported(void **state)
{
    const struct row *row = *state;
    static struct config_report report;
    char text[4096];
    changed(text, sizeof(text), row->from, row->to);
    struct config *config = load(text, &report);
    const struct config_problem *problem = find(&report, row);
    assert_non_null(problem);
    assert_int_equal(problem->warning, row->warning);
    assert_int_equal(config != NULL, row->warning);
    if (row->line != 0) { /* 0: the end of the file, where the line is the parser's business */
        assert_int_equal(problem->line, row->line);
        if (row->column != 0)
            assert_int_equal(problem->column, row->column);
    }
    config_unref(config);
}

static void the_good_one_is_good(void **state)
{
    (void)state;
    static struct config_report report;
    struct config *config = load(good, &report);
    assert_int_equal(report.count, 0);
    assert_non_null(config);
    assert_int_equal(config->listener_count, 1);
    assert_string_equal(config->listeners[0].name, "devices");
    assert_string_equal(config->listeners[0].address, "127.0.0.1:8080");
    assert_int_equal(config->listeners[0].protocols, 1u << PROTOCOL_CMP | 1u << PROTOCOL_CMC);
    assert_false(config->listeners[0].has_tls);
    assert_int_equal(config->listeners[0].credentials.group_count, 1);
    assert_int_equal(config->listeners[0].route_of[0], 0);
    assert_string_equal(config->log_path, "-");
    assert_int_equal(config->log_level, LOG_INFO);
    assert_true(config->threads >= 1);
    assert_non_null(strstr(config->store_path, "/state.db"));
    assert_int_equal(config->store_path[0], '/');
    config_unref(config);
}

static void standard_values_are_those_of_the_table(void **state)
{
    (void)state;
    static struct config_report report;
    struct config *config = load(good, &report);
    const struct authority_config *authority = &config->authorities[0];
    assert_int_equal(authority->authority.capabilities.protocol, PROTOCOL_CMC);
    assert_int_equal(authority->authority.capabilities.crmf_id0, CRMF_ID0_RA_VERIFY);
    assert_true(authority->authority.capabilities.ra_pop);
    assert_true(authority->authority.capabilities.p10cr);
    assert_false(authority->authority.capabilities.full_cmc);
    assert_false(authority->authority.cmc.digest_null);
    assert_null(authority->authority.cmc.digest);
    assert_false(authority->authority.resend);
    assert_true(authority->authority.tolerate_changes);
    assert_true(authority->may_hold);
    assert_non_null(authority->authority.ra);
    assert_int_equal(trust_anchor_count(authority->authority.trust), 1);
    assert_int_equal(authority->target.connect_ms, LIMIT_UPSTREAM_CONNECT_MS);
    assert_int_equal(authority->target.answer_ms, LIMIT_UPSTREAM_ANSWER_MS);
    const struct device_options *options = &config->listeners[0].credentials.groups[0].options;
    assert_int_equal(options->mac_iterations_min, LIMIT_MAC_ITERATIONS_MIN);
    assert_int_equal(options->mac_iterations_max, LIMIT_MAC_ITERATIONS_MAX);
    assert_int_equal(options->skew_s, LIMIT_SKEW_S);
    const struct route_config *route = &config->routes[0];
    assert_int_equal(route->protocols, 1u << PROTOCOL_CMP | 1u << PROTOCOL_CMC);
    assert_null(route->profile);
    assert_int_equal(route->operations, 1u << OPERATION_ENROLL | 1u << OPERATION_ENROLL_ADD |
                                            1u << OPERATION_UPDATE | 1u << OPERATION_CONFIRM |
                                            1u << OPERATION_POLL | 1u << OPERATION_CANCEL |
                                            1u << OPERATION_CA_CERTS | 1u << OPERATION_ROOT_UPDATE |
                                            1u << OPERATION_GET_CRL | 1u << OPERATION_TEMPLATE |
                                            1u << OPERATION_SUPPORT);
    assert_int_equal(route->subject_count, 1);
    assert_int_equal(route->alternative_name_count, 0);
    assert_int_equal(route->privileges, 0);
    assert_int_equal(route->hold_ms, LIMIT_ANSWER_HOLD_MS);
    assert_int_equal(route->replay_window_s, LIMIT_REPLAY_WINDOW_S);
    assert_int_equal(route->confirm_wait_s, LIMIT_CONFIRM_WAIT_S);
    assert_int_equal(route->pending_max_s, LIMIT_PENDING_MAX_S);
    config_unref(config);
}

static void devices_of_a_route_are_one_group(void **state)
{
    (void)state;
    static struct config_report report;
    char text[4096];
    struct bytes secret;
    changed(text, sizeof(text), "[{'secrets': 'secrets.json'}, {'issuer': 'ca.pem'}]",
            "[{'secrets': 'secrets.json', 'reference': ['mast-*']}, {'secrets': 'more.json'}, "
            "{'issuer': 'ca.pem'}, {'issuer': ['ra.pem'], 'crl_required': false}], "
            "'ca_pubs': 'ca.pem', 'legacy': true, 'mac_iterations_max': 500, 'skew_s': 0, "
            "'any_ra': true, 'csr_attributes': 'attributes'");
    struct config *config = load(text, &report);
    assert_non_null(config);
    const struct device_group *group = &config->listeners[0].credentials.groups[0];
    assert_string_equal(group->name, "masts");
    assert_int_equal(secrets_count(group->secrets), 3);
    assert_true(secrets_find(group->secrets, BYTES_LITERAL("mast-1"), &secret));
    assert_true(bytes_equal_text(secret, "0123456789abcdef"));
    assert_true(secrets_find(group->secrets, BYTES_LITERAL("mast-2"), &secret));
    assert_int_equal(secret.size, 16);
    assert_int_equal(secret.data[15], 0xff);
    assert_true(secrets_find(group->secrets, BYTES_LITERAL("tower-1"), &secret));
    assert_false(secrets_find(group->secrets, BYTES_LITERAL("pole-1"), &secret));
    assert_int_equal(trust_anchor_count(group->trust), 2);
    assert_int_equal(group->ca_pub_count, 1);
    assert_true(group->options.mac_legacy && group->options.any_ra);
    assert_false(group->options.unproven);
    assert_int_equal(group->options.mac_iterations_min, 100);
    assert_int_equal(group->options.mac_iterations_max, 500);
    assert_int_equal(group->options.skew_s, 0);
    assert_true(bytes_equal_text(config->routes[0].csr_attributes, "\x30\x05\x06\x03\x2a\x03\x04"));
    config_unref(config);
}

static void groups_stand_in_the_order_of_the_routes(void **state)
{
    (void)state;
    static struct config_report report;
    struct config *config =
        load("{'listeners': ["
             " {'name': 'a', 'address': '127.0.0.1:1', 'protocols': 'cmp'},"
             " {'name': 'b', 'address': '127.0.0.1:2', 'protocols': ['cmp', 'cmc']}],"
             "'authorities': [{'name': 'own', 'protocol': 'local', 'certificate': 'ca.pem',"
             "                 'key': 'ca.key'}],"
             "'routes': ["
             " {'name': 'r0', 'listener': ['b'], 'authority': 'own', 'protocol': 'cmc',"
             "  'devices': [{'unproven': true}], 'may': {'subject': 'CN=*'}},"
             " {'name': 'r1', 'listener': ['a', 'b'], 'authority': 'own', 'profile': 'tls-*',"
             "  'signer': {'certificate': 'ra.pem', 'key': 'ra.key'},"
             "  'devices': [{'issuer': 'ca.pem'}],"
             "  'may': {'operations': 'revoke', 'subject': ['CN=a', 'CN=b'],"
             "          'subject_alt_names': 'DNS:*', 'privileges': ['ra', 'any-usage']}}]}",
             &report);
    assert_non_null(config);
    const struct listener_config *a = &config->listeners[0], *b = &config->listeners[1];
    assert_int_equal(a->credentials.group_count, 1);
    assert_int_equal(a->route_of[0], 1);
    assert_int_equal(b->credentials.group_count, 2);
    assert_int_equal(b->route_of[0], 0);
    assert_int_equal(b->route_of[1], 1);
    assert_true(b->credentials.groups[0].options.unproven);
    assert_null(b->credentials.groups[0].secrets);
    assert_null(b->credentials.groups[0].trust);
    const struct signer *ca = config->authorities[0].authority.local->signer;
    assert_ptr_equal(b->credentials.groups[0].signer, ca);
    assert_ptr_not_equal(b->credentials.groups[1].signer, ca);
    const struct route_config *r1 = &config->routes[1];
    assert_string_equal(r1->profile, "tls-*");
    assert_int_equal(r1->protocols, 1u << PROTOCOL_CMP | 1u << PROTOCOL_CMC);
    assert_int_equal(config->routes[0].protocols, 1u << PROTOCOL_CMC);
    assert_int_equal(r1->operations, 1u << OPERATION_REVOKE | 1u << OPERATION_CONFIRM |
                                         1u << OPERATION_POLL | 1u << OPERATION_CANCEL);
    assert_int_equal(r1->subject_count, 2);
    assert_int_equal(r1->alternative_name_count, 1);
    assert_int_equal(r1->privileges, PRIVILEGE_RA | PRIVILEGE_ANY_USAGE);
    config_unref(config);
}

static void routes_with_the_same_devices_are_alike(void **state)
{
    (void)state;
    static struct config_report report;
    struct config *config =
        load("{'listeners': [{'name': 'a', 'address': '127.0.0.1:1', 'protocols': ['cmp', 'cmc']}],"
             "'authorities': [{'name': 'own', 'protocol': 'local', 'certificate': 'ca.pem',"
             "                 'key': 'ca.key'}],"
             "'routes': ["
             " {'name': 'r0', 'listener': 'a', 'authority': 'own', 'profile': 'ec',"
             "  'devices': [{'issuer': 'ra.pem'}], 'may': {'subject': 'CN=*'}},"
             " {'name': 'r1', 'listener': 'a', 'authority': 'own',"
             "  'devices': [{'secrets': 'secrets.json'}], 'may': {'subject': 'CN=*'}},"
             " {'name': 'r2', 'listener': 'a', 'authority': 'own',"
             "  'devices': [{'issuer': 'ra.pem'}], 'may': {'subject': 'CN=*'}}]}",
             &report);
    assert_non_null(config);
    assert_int_equal(report.count, 0);
    assert_int_equal(config->routes[0].alike, 1);
    assert_int_equal(config->routes[1].alike, 0);
    assert_int_equal(config->routes[2].alike, 1);
    config_unref(config);
}

static void the_embedded_ca_has_its_profile(void **state)
{
    (void)state;
    static struct config_report report;
    char text[4096];
    changed(text, sizeof(text),
            "'protocol': 'cmc', 'url': 'https://ca.example/cmc',\n  'trust': 'ca.pem',\n  'ra': "
            "{'certificate': 'ra.pem', 'key': 'ra.key'}",
            "'protocol': 'local', 'certificate': 'ca.pem', 'key': 'ca.key',"
            "'profile': {'validity_days': 2, 'key_usage': ['keyAgreement', 'decipherOnly'],"
            "'extended_key_usages': ['clientAuth', '1.2.3.4'], 'allowed_extensions': ['2.5.29.17'],"
            "'allow_ca': true, 'copy_subject_alt_name': false, 'crl_url': 'http://x/crl'}");
    struct config *config = load(text, &report);
    assert_non_null(config);
    const struct authority *authority = &config->authorities[0].authority;
    const struct local_profile *profile = &authority->local->profile;
    assert_int_equal(profile->validity_s, 172800);
    assert_int_equal(profile->backdate_s, 300);
    assert_int_equal(profile->key_usage, 0x0008 | 0x8000);
    assert_int_equal(profile->extended_key_usage_count, 2);
    assert_string_equal(profile->extended_key_usages[0], "1.3.6.1.5.5.7.3.2");
    assert_string_equal(profile->extended_key_usages[1], "1.2.3.4");
    assert_int_equal(profile->allowed_extension_count, 1);
    assert_true(profile->allow_ca);
    assert_false(profile->allow_ra || profile->copy_subject_alt_name);
    assert_string_equal(profile->crl_url, "http://x/crl");
    assert_int_equal(trust_anchor_count(authority->trust), 1);
    assert_null(authority->ra);
    config_unref(config);
}

static void options_of_an_authority_arrive(void **state)
{
    (void)state;
    static struct config_report report;
    char text[4096];
    changed(text, sizeof(text), "'trust': 'ca.pem'",
            "'trust': ['ca.pem'], 'tls': {'ca': 'ca.pem', 'certificate': 'ra.pem', 'key': "
            "'ra.key'}, 'basic_file': 'basic', 'crmf_id0': 'passthrough', 'ra_pop': false, "
            "'digest_null': true, 'issuer_serial': true, 'witness': false, 'digest': 'SHA384', "
            "'resend': true, 'tolerate_changes': false, 'hold': false, 'answer_ms': 500, "
            "'simple_response_without_tls': true");
    struct config *config = load(text, &report);
    assert_non_null(config);
    const struct authority_config *authority = &config->authorities[0];
    assert_int_equal(authority->authority.capabilities.crmf_id0, CRMF_ID0_PASS_THROUGH);
    assert_false(authority->authority.capabilities.ra_pop);
    assert_true(authority->authority.cmc.digest_null && authority->authority.cmc.issuer_serial);
    assert_true(authority->authority.cmc.simple_response_without_tls);
    assert_false(authority->authority.cmc.witness);
    assert_string_equal(authority->authority.cmc.digest, "SHA384");
    assert_true(authority->authority.resend);
    assert_false(authority->authority.tolerate_changes || authority->may_hold);
    assert_string_equal(authority->target.url, "https://ca.example/cmc");
    assert_string_equal(authority->target.basic, "gateway:pass word");
    assert_non_null(strstr(authority->target.key, "/ra.key"));
    assert_int_equal(authority->target.answer_ms, 500);
    config_unref(config);
}

static void the_kernel_may_choose_two_ports(void **state)
{
    (void)state;
    static struct config_report report;
    char text[4096];
    changed(text, sizeof(text), "'127.0.0.1:8080', 'protocols': ['cmp', 'cmc']}],",
            "'127.0.0.1:0', 'protocols': ['cmp', 'cmc']},\n {'name': 'b', 'address': "
            "'127.0.0.1:0', 'protocols': 'cmp'}],");
    struct config *config = load(text, &report);
    assert_non_null(config);
    config_unref(config);
}

static void the_last_reference_frees(void **state)
{
    (void)state;
    static struct config_report report;
    struct config *config = load(good, &report);
    struct config *again = config_ref(config);
    config_unref(config);
    assert_string_equal(again->routes[0].name, "masts");
    config_unref(again); /* the address sanitizer looks on */
    config_unref(NULL);
}

static void files_that_are_no_text_are_refused(void **state)
{
    (void)state;
    static struct config_report report;
    char path[128];
    snprintf(path, sizeof(path), "%s/none.json", folder);
    assert_null(config_load(path, &report));
    assert_int_equal(report.count, 1);
    assert_int_equal(report.problems[0].line, 0);
    assert_string_equal(report.problems[0].text,
                        "the file cannot be read: No such file or directory");
    assert_null(config_load(folder, &report));
    assert_int_equal(report.count, 1);
    write_file("zero.json", "", 0600);
    snprintf(path, sizeof(path), "%s/zero.json", folder);
    assert_null(config_load(path, &report));
    assert_int_equal(report.problems[0].line, 1);
    run("head -c 4194305 /dev/zero | tr '\\000' ' ' >large.json");
    snprintf(path, sizeof(path), "%s/large.json", folder);
    assert_null(config_load(path, &report));
    assert_string_equal(report.problems[0].text, "the file has more than 4194304 octets");
    run("printf '{}\\0' >nul.json");
    snprintf(path, sizeof(path), "%s/nul.json", folder);
    assert_null(config_load(path, &report));
    assert_string_equal(report.problems[0].text, "the file is not text");
}

static void a_report_that_is_full_still_refuses(void **state)
{
    (void)state;
    static struct config_report report;
    char text[4096] = "{";
    for (int i = 0; i < 100; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s'q%d': 1", i ? "," : "", i);
    strcat(text, "}");
    assert_null(load(text, &report));
    assert_int_equal(report.count, 64);
}

int main(void)
{
    enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(the_good_one_is_good),
        cmocka_unit_test(standard_values_are_those_of_the_table),
        cmocka_unit_test(devices_of_a_route_are_one_group),
        cmocka_unit_test(groups_stand_in_the_order_of_the_routes),
        cmocka_unit_test(routes_with_the_same_devices_are_alike),
        cmocka_unit_test(the_embedded_ca_has_its_profile),
        cmocka_unit_test(options_of_an_authority_arrive),
        cmocka_unit_test(the_kernel_may_choose_two_ports),
        cmocka_unit_test(the_last_reference_frees),
        cmocka_unit_test(files_that_are_no_text_are_refused),
        cmocka_unit_test(a_report_that_is_full_still_refuses),
    };
    enum { OTHERS = sizeof(others) / sizeof(others[0]) };
    static struct CMUnitTest tests[ROWS + OTHERS];
    for (size_t i = 0; i < ROWS; i++) {
        union {
            const struct row *row;
            void *state;
        } lent = {.row = &rows[i]};
        tests[i] = (struct CMUnitTest){rows[i].name, is_reported, NULL, NULL, lent.state};
    }
    memcpy(tests + ROWS, others, sizeof(others));
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
