#include "gateway/http/h1.h"

#include "mapping/model/limits.h"

/* RFC 9112 7.1:
 *   chunked-body = *chunk last-chunk trailer-section CRLF
 *   chunk        = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
 *   last-chunk   = 1*("0") [ chunk-ext ] CRLF
 * Extensions and trailers are read past. No white space stands before the end of a size, no bare
 * CR or LF anywhere: each of them has been used to smuggle a request. */
enum state {
    SIZED,     /* Content-Length: `left` octets remain */
    SIZE,      /* in a chunk's size */
    EXTENSION, /* behind its ';' */
    SIZE_LF,   /* behind its CR */
    DATA,      /* `left` octets of the chunk remain */
    DATA_CR,
    DATA_LF,
    TRAILER,      /* at the start of a trailer line */
    TRAILER_TEXT, /* inside it */
    TRAILER_LF,   /* behind its CR */
    LAST_LF,      /* behind the CR of the empty line */
    ENDED,
    BROKEN,
};

enum { CHUNK_SIZE_DIGITS = 8 };

void h1_body_begin(struct h1_body *body, const struct h1_header *header)
{
    *body = (struct h1_body){.state = SIZE};
    if (header->is_chunked)
        return;
    body->left = header->content_length;
    body->state = body->left == 0 ? ENDED : SIZED;
}

static int hex_value(uint8_t octet)
{
    if (octet >= '0' && octet <= '9')
        return octet - '0';
    octet |= 0x20;
    return octet >= 'a' && octet <= 'f' ? octet - 'a' + 10 : -1;
}

static bool is_text(uint8_t octet)
{
    return (octet >= ' ' && octet != 0x7f) || octet == '\t';
}

static int in_size(struct h1_body *body, uint8_t octet)
{
    int value = hex_value(octet);
    if (value >= 0 && body->digits < CHUNK_SIZE_DIGITS) {
        body->digits++;
        body->left = body->left * 16 + (size_t)value;
        return SIZE;
    }
    if (body->digits == 0 || value >= 0)
        return BROKEN;
    return octet == '\r' ? SIZE_LF : octet == ';' ? EXTENSION : BROKEN;
}

/* The state behind one octet that is not data. */
static int behind(struct h1_body *body, uint8_t octet)
{
    switch ((enum state)body->state) {
    case SIZE:
        return in_size(body, octet);
    case EXTENSION:
        return octet == '\r' ? SIZE_LF : is_text(octet) ? EXTENSION : BROKEN;
    case SIZE_LF:
        body->digits = 0;
        return octet != '\n' ? BROKEN : body->left > 0 ? DATA : TRAILER;
    case DATA_CR:
        return octet == '\r' ? DATA_LF : BROKEN;
    case DATA_LF:
        return octet == '\n' ? SIZE : BROKEN;
    case TRAILER:
        return octet == '\r' ? LAST_LF : octet > ' ' && is_text(octet) ? TRAILER_TEXT : BROKEN;
    case TRAILER_TEXT:
        return octet == '\r' ? TRAILER_LF : is_text(octet) ? TRAILER_TEXT : BROKEN;
    case TRAILER_LF:
        return octet == '\n' ? TRAILER : BROKEN;
    case LAST_LF:
        return octet == '\n' ? ENDED : BROKEN;
    case SIZED:
    case DATA:
    case ENDED:
    case BROKEN:
        break;
    }
    return BROKEN;
}

static bool is_data(const struct h1_body *body)
{
    return body->state == SIZED || body->state == DATA;
}

static void take_data(struct h1_body *body, struct bytes *input, struct bytes *piece)
{
    *piece = bytes_slice(*input, 0, body->left);
    *input = bytes_slice(*input, piece->size, input->size);
    body->left -= piece->size;
    body->total += piece->size;
    if (body->left == 0)
        body->state = body->state == SIZED ? ENDED : DATA_CR;
}

static bool take_octet(struct h1_body *body, struct bytes *input, struct h1_refusal *refusal)
{
    bool is_overhead = body->state == EXTENSION || body->state == TRAILER_TEXT;
    body->state = behind(body, input->data[0]);
    *input = bytes_slice(*input, 1, input->size);
    if (body->state == BROKEN)
        return h1_refuse(refusal, 400, "RFC 9112 7.1", "the chunked body is malformed");
    if (body->state == DATA && body->left > LIMIT_MESSAGE_OCTETS - body->total) {
        body->state = BROKEN;
        return h1_refuse(refusal, 413, "RFC 9110 15.5.14", "the message is too large");
    }
    if (is_overhead && ++body->overhead > LIMIT_HTTP_HEADER_OCTETS) {
        body->state = BROKEN;
        return h1_refuse(refusal, 400, "RFC 9112 7.1.1",
                         "the chunk extensions and trailers are too large");
    }
    return true;
}

enum h1_result h1_body_next(struct h1_body *body, struct bytes *input, struct bytes *piece,
                            struct h1_refusal *refusal)
{
    *piece = BYTES_EMPTY;
    while (input->size > 0 && body->state != ENDED) {
        if (is_data(body)) {
            take_data(body, input, piece);
            break;
        }
        if (!take_octet(body, input, refusal))
            return H1_REFUSED;
    }
    return body->state == ENDED ? H1_DONE : H1_MORE;
}
