#include "gateway/http/h1.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#include "mapping/model/limits.h"

bool h1_refuse(struct h1_refusal *refusal, int status, const char *clause, const char *format, ...)
{
    char text[sizeof(refusal->why.text)];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    refusal->status = status;
    return fail(&refusal->why, status == 413 ? REASON_TOO_LARGE : REASON_BAD_REQUEST, clause, "%s",
                text);
}

/* RFC 9110 5.6.2:  tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" /
 *                          "`" / "|" / "~" / DIGIT / ALPHA */
static bool is_token_octet(uint8_t octet)
{
    if ((octet >= '0' && octet <= '9') || (octet >= 'A' && octet <= 'Z') ||
        (octet >= 'a' && octet <= 'z'))
        return true;
    return octet != '\0' && strchr("!#$%&'*+-.^_`|~", octet) != NULL;
}

static bool is_token(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!is_token_octet(text.data[i]))
            return false;
    return text.size > 0;
}

static bool equals(struct bytes text, const char *word)
{
    return text.size == strlen(word) && strncasecmp((const char *)text.data, word, text.size) == 0;
}

static struct bytes trimmed(struct bytes text)
{
    while (text.size > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
        text = bytes_slice(text, 1, text.size);
    while (text.size > 0 && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t'))
        text.size--;
    return text;
}

/* The front of *text up to the separator, which is skipped too. False if there is none. */
static bool take_until(struct bytes *text, uint8_t separator, struct bytes *front)
{
    const uint8_t *at = text->size == 0 ? NULL : memchr(text->data, separator, text->size);
    if (at == NULL)
        return false;
    *front = bytes_of(text->data, (size_t)(at - text->data));
    *text = bytes_slice(*text, front->size + 1, text->size);
    return true;
}

/* ---- the end of the header ----------------------------------------------------------------- */

static bool is_plausible_start(uint8_t first, struct h1_refusal *refusal)
{
    if (is_token_octet(first) || first == '\r')
        return true;
    return h1_refuse(refusal, 400, "RFC 9112 3",
                     first == 0x16 ? "this port speaks HTTP without TLS; use http://"
                                   : "this is no HTTP request");
}

static bool is_within_limits(struct bytes input, bool in_request_line, struct h1_refusal *refusal)
{
    if (in_request_line && input.size > LIMIT_HTTP_PATH_OCTETS + 64)
        return h1_refuse(refusal, 414, "RFC 9112 3", "the request line is too long");
    if (input.size > LIMIT_HTTP_HEADER_OCTETS)
        return h1_refuse(refusal, 431, "RFC 6585 5", "the header fields are too large");
    return true;
}

/* RFC 9112 2.2: a line ends with CRLF; a bare LF is where parsers disagree. One empty line before
 * the request is skipped. *scanned is the start of the first line whose end was not seen. */
enum h1_result h1_find_header(struct bytes input, size_t *scanned, size_t *size,
                              struct h1_refusal *refusal)
{
    if (input.size > 0 && !is_plausible_start(input.data[0], refusal))
        return H1_REFUSED;
    struct bytes rest = bytes_slice(input, *scanned, input.size);
    struct bytes line;
    while (take_until(&rest, '\n', &line)) {
        size_t start = *scanned;
        *scanned += line.size + 1;
        if (line.size == 0 || line.data[line.size - 1] != '\r') {
            h1_refuse(refusal, 400, "RFC 9112 2.2", "end each header line with CRLF, not LF");
            return H1_REFUSED;
        }
        if (!is_within_limits(bytes_of(input.data, *scanned), start <= 2, refusal))
            return H1_REFUSED;
        if (line.size > 1 || start == 0)
            continue;
        if (start == 2 && input.data[0] == '\r') {
            h1_refuse(refusal, 400, "RFC 9112 2.2", "too many empty lines before the request");
            return H1_REFUSED;
        }
        *size = *scanned;
        return H1_DONE;
    }
    return is_within_limits(input, *scanned <= 2, refusal) ? H1_MORE : H1_REFUSED;
}

/* ---- the request line ---------------------------------------------------------------------- */

static bool read_version(struct bytes version, struct h1_header *header, struct h1_refusal *refusal)
{
    if (version.size != 8 || memcmp(version.data, "HTTP/", 5) != 0 || version.data[6] != '.' ||
        version.data[5] < '0' || version.data[5] > '9' || version.data[7] < '0' ||
        version.data[7] > '9')
        return h1_refuse(refusal, 400, "RFC 9112 2.3",
                         "the request line does not end with HTTP/1.0 or HTTP/1.1");
    if (version.data[5] != '1')
        return h1_refuse(refusal, 505, "RFC 9110 15.6.6", "use HTTP/1.1 or HTTP/1.0");
    header->minor = version.data[7] == '0' ? 0 : 1;
    return true;
}

bool h1_check_method(struct bytes method, struct h1_refusal *refusal)
{
    static const char *const methods[] = {"GET", "HEAD", "POST"};
    if (!is_token(method))
        return h1_refuse(refusal, 400, "RFC 9112 3.1", "the request does not begin with a method");
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (bytes_equal_text(method, methods[i]))
            return true;
    return h1_refuse(refusal, 405, "RFC 9110 15.5.6", "use GET or POST");
}

/* RFC 9112 3.2.2: absolute-form, as sent to proxies, must be taken too. What remains of *target is
 * its path and query. */
static bool strip_authority(struct bytes *target, struct h1_refusal *refusal)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        size_t size = strlen(schemes[i]);
        if (!equals(bytes_slice(*target, 0, size), schemes[i]))
            continue;
        struct bytes rest = bytes_slice(*target, size, target->size);
        size_t host = 0;
        while (host < rest.size && rest.data[host] != '/' && rest.data[host] != '?')
            host++;
        *target = bytes_slice(rest, host, rest.size);
        if (host > 0)
            return true;
    }
    return h1_refuse(refusal, 400, "RFC 9112 3.2", "the request target must begin with /");
}

bool h1_split_target(struct bytes target, struct bytes *path, struct bytes *query,
                     struct h1_refusal *refusal)
{
    if (target.size > LIMIT_HTTP_PATH_OCTETS)
        return h1_refuse(refusal, 414, "RFC 9112 3", "the request target is too long");
    for (size_t i = 0; i < target.size; i++)
        if (target.data[i] <= ' ' || target.data[i] >= 0x7f || target.data[i] == '#')
            return h1_refuse(refusal, 400, "RFC 9112 3.2",
                             "the request target has a character that must be percent-encoded");
    if ((target.size == 0 || target.data[0] != '/') && !strip_authority(&target, refusal))
        return false;
    *path = target;
    *query = BYTES_EMPTY;
    if (take_until(&target, '?', path))
        *query = target;
    if (path->size == 0)
        *path = BYTES_LITERAL("/");
    return true;
}

static bool read_request_line(struct bytes line, struct h1_header *header,
                              struct h1_refusal *refusal)
{
    struct bytes method, target;
    if (!take_until(&line, ' ', &method) || !take_until(&line, ' ', &target))
        return h1_refuse(refusal, 400, "RFC 9112 3",
                         "the request line is not METHOD TARGET HTTP/1.x with single spaces");
    header->method = method;
    return read_version(line, header, refusal) && h1_check_method(method, refusal) &&
           h1_split_target(target, &header->path, &header->query, refusal);
}

/* ---- the fields ---------------------------------------------------------------------------- */

struct reading {
    struct h1_header *header;
    unsigned seen; /* bits: rows of field_rows that were met */
    bool has_length;
    bool says_close;
    bool says_keep_alive;
    struct h1_refusal *refusal;
};

/* RFC 9112 6.3, RFC 9110 8.6: digits alone; a list, even of equal values, is refused, and a sign
 * or a blank is no digit. */
static bool take_content_length(struct reading *reading, struct bytes value)
{
    size_t length = 0;
    for (size_t i = 0; i < value.size; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            return h1_refuse(reading->refusal, 400, "RFC 9112 6.3",
                             "Content-Length must be one decimal number");
        length = length * 10 + (size_t)(value.data[i] - '0');
        if (length > LIMIT_MESSAGE_OCTETS)
            return h1_refuse(reading->refusal, 413, "RFC 9110 15.5.14", "the message is too large");
    }
    if (value.size == 0)
        return h1_refuse(reading->refusal, 400, "RFC 9112 6.3", "Content-Length has no value");
    reading->has_length = true;
    reading->header->content_length = length;
    return true;
}

/* RFC 9112 6.1: of the transfer codings only chunked is understood, alone. */
static bool take_transfer_encoding(struct reading *reading, struct bytes value)
{
    if (!equals(value, "chunked"))
        return h1_refuse(reading->refusal, 501, "RFC 9112 6.1",
                         "the only Transfer-Encoding understood is chunked");
    reading->header->is_chunked = true;
    return true;
}

static bool take_host(struct reading *reading, struct bytes value)
{
    for (size_t i = 0; i < value.size; i++)
        if (value.data[i] <= ' ' || value.data[i] >= 0x7f ||
            strchr("/?#@\\\"<>", value.data[i]) != NULL)
            return h1_refuse(reading->refusal, 400, "RFC 9112 3.2",
                             "the Host field is not a host name with an optional port");
    return true;
}

static bool take_connection(struct reading *reading, struct bytes value)
{
    struct bytes option;
    for (bool more = true; more;) {
        more = take_until(&value, ',', &option);
        if (!more)
            option = value;
        reading->says_close |= equals(trimmed(option), "close");
        reading->says_keep_alive |= equals(trimmed(option), "keep-alive");
    }
    return true;
}

static bool take_expect(struct reading *reading, struct bytes value)
{
    if (!equals(value, "100-continue"))
        return h1_refuse(reading->refusal, 417, "RFC 9110 10.1.1",
                         "the only expectation understood is 100-continue");
    reading->header->expects_continue = true;
    return true;
}

static bool take_content_type(struct reading *reading, struct bytes value)
{
    reading->header->content_type = value;
    return true;
}

static bool take_accept(struct reading *reading, struct bytes value)
{
    if (bytes_is_empty(reading->header->accept))
        reading->header->accept = value;
    return true;
}

static bool take_user_agent(struct reading *reading, struct bytes value)
{
    reading->header->user_agent = value;
    return true;
}

static bool take_authorization(struct reading *reading, struct bytes value)
{
    reading->header->authorization = value;
    return true;
}

static bool take_client_cert(struct reading *reading, struct bytes value)
{
    reading->header->client_cert = value;
    return true;
}

static bool take_client_cert_chain(struct reading *reading, struct bytes value)
{
    reading->header->client_cert_chain = value;
    return true;
}

/* All other fields are ignored, whatever they say, so that nobody can rely on them. */
static const struct field_row {
    const char *name;
    bool is_list; /* may stand more than once (RFC 9110 5.3) */
    bool (*take)(struct reading *reading, struct bytes value);
} field_rows[] = {
    {"Content-Length", false, take_content_length},
    {"Transfer-Encoding", false, take_transfer_encoding},
    {"Host", false, take_host},
    {"Connection", true, take_connection},
    {"Expect", false, take_expect},
    {"Content-Type", false, take_content_type},
    {"Accept", true, take_accept},
    {"User-Agent", true, take_user_agent},
    {"Authorization", false, take_authorization},
    {"Client-Cert", false, take_client_cert},
    {"Client-Cert-Chain", false, take_client_cert_chain},
};

enum {
    ROW_LENGTH,
    ROW_TRANSFER,
    ROW_HOST,
    FIELD_ROWS = sizeof(field_rows) / sizeof(field_rows[0])
};

static bool has_seen(const struct reading *reading, unsigned row)
{
    return (reading->seen >> row & 1) != 0;
}

static bool take_field(struct reading *reading, struct bytes name, struct bytes value)
{
    for (unsigned row = 0; row < FIELD_ROWS; row++) {
        if (!equals(name, field_rows[row].name))
            continue;
        if (has_seen(reading, row) && !field_rows[row].is_list)
            return h1_refuse(reading->refusal, 400, "RFC 9110 5.3", "send %s once only",
                             field_rows[row].name);
        reading->seen |= 1U << row;
        return field_rows[row].take(reading, value);
    }
    return true;
}

/* RFC 9112 5: field-line = field-name ":" OWS field-value OWS */
static bool read_field(struct reading *reading, struct bytes line)
{
    struct bytes name;
    if (line.data[0] == ' ' || line.data[0] == '\t')
        return h1_refuse(reading->refusal, 400, "RFC 9112 5.2",
                         "a header field must not be folded over two lines");
    if (!take_until(&line, ':', &name) || !is_token(name))
        return h1_refuse(reading->refusal, 400, "RFC 9112 5.1",
                         "a header line is not Name: value, with no space before the colon");
    for (size_t i = 0; i < line.size; i++)
        if ((line.data[i] < ' ' && line.data[i] != '\t') || line.data[i] == 0x7f)
            return h1_refuse(reading->refusal, 400, "RFC 9110 5.5",
                             "a header field has a control character");
    return take_field(reading, name, trimmed(line));
}

/* What the fields say together. */
static bool judge(struct reading *reading)
{
    struct h1_header *header = reading->header;
    if (header->minor == 1 && !has_seen(reading, ROW_HOST))
        return h1_refuse(reading->refusal, 400, "RFC 9112 3.2",
                         "an HTTP/1.1 request needs a Host field");
    if (has_seen(reading, ROW_TRANSFER) && has_seen(reading, ROW_LENGTH))
        return h1_refuse(reading->refusal, 400, "RFC 9112 6.3",
                         "send Content-Length or Transfer-Encoding, not both");
    if (has_seen(reading, ROW_TRANSFER) && header->minor == 0)
        return h1_refuse(reading->refusal, 400, "RFC 9112 6.1",
                         "HTTP/1.0 has no Transfer-Encoding; send Content-Length");
    if (!reading->has_length && !header->is_chunked && bytes_equal_text(header->method, "POST"))
        return h1_refuse(reading->refusal, 411, "RFC 9110 15.5.12",
                         "a POST needs a Content-Length");
    header->keep_alive = !reading->says_close && (header->minor == 1 || reading->says_keep_alive);
    if (header->minor == 0)
        header->expects_continue = false; /* RFC 9110 10.1.1 */
    return true;
}

bool h1_read_header(struct bytes octets, struct h1_header *header, struct h1_refusal *refusal)
{
    *header = (struct h1_header){.minor = 1};
    struct reading reading = {.header = header, .refusal = refusal};
    struct bytes line;
    unsigned fields = 0;
    if (octets.size >= 2 && octets.data[0] == '\r' && octets.data[1] == '\n')
        octets = bytes_slice(octets, 2, octets.size);
    if (!take_until(&octets, '\n', &line))
        return h1_refuse(refusal, 400, "RFC 9112 3", "the request is empty");
    line.size--;
    if (!read_request_line(line, header, refusal))
        return false;
    while (take_until(&octets, '\n', &line) && --line.size > 0) {
        if (++fields > LIMIT_HTTP_HEADER_FIELDS)
            return h1_refuse(refusal, 431, "RFC 6585 5", "the request has too many header fields");
        if (!read_field(&reading, line))
            return false;
    }
    return judge(&reading);
}
