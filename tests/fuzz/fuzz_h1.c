/* The reader of HTTP/1.x requests: in one piece and in small ones it must say the same, use the
 * same octets, and never go beyond its input. The first octet chooses the size of the small pieces.
 */
#include <assert.h>
#include <stdlib.h>

#include "gateway/http/h1.h"
#include "mapping/model/limits.h"

struct outcome {
    int status; /* 0: taken, -1: not complete */
    size_t used;
    struct buffer body;
    struct buffer header;
};

static enum h1_result find(struct bytes input, size_t step, struct outcome *outcome)
{
    struct h1_refusal refusal = {0};
    size_t scanned = 0;
    enum h1_result result = H1_MORE;
    for (size_t end = 0; result == H1_MORE && end < input.size;) {
        end = end + step < input.size ? end + step : input.size;
        /* A block of its own, so that the sanitizer sees a step too far. */
        uint8_t *block = malloc(end);
        memcpy(block, input.data, end);
        result = h1_find_header(bytes_of(block, end), &scanned, &outcome->used, &refusal);
        free(block);
    }
    outcome->status = result == H1_REFUSED ? refusal.status : -1;
    return result;
}

static void read_body(struct bytes input, size_t step, const struct h1_header *header,
                      struct outcome *outcome)
{
    struct h1_refusal refusal = {0};
    struct h1_body body;
    enum h1_result result = H1_MORE;
    h1_body_begin(&body, header);
    while (result == H1_MORE) {
        struct bytes part = bytes_slice(input, outcome->used, step), piece;
        size_t size = part.size;
        do {
            result = h1_body_next(&body, &part, &piece, &refusal);
            buffer_append(&outcome->body, piece);
        } while (result == H1_MORE && part.size > 0);
        outcome->used += size - part.size;
        if (size == 0)
            break;
    }
    outcome->status = result == H1_REFUSED ? refusal.status : result == H1_DONE ? 0 : -1;
    assert(outcome->body.size <= LIMIT_MESSAGE_OCTETS);
}

static void read_request(struct bytes input, size_t step, struct outcome *outcome)
{
    struct h1_refusal refusal = {0};
    struct h1_header header;
    if (find(input, step, outcome) != H1_DONE)
        return;
    assert(outcome->used <= input.size && outcome->used <= LIMIT_HTTP_HEADER_OCTETS);
    buffer_append(&outcome->header, bytes_slice(input, 0, outcome->used));
    if (!h1_read_header(buffer_bytes(&outcome->header), &header, &refusal)) {
        assert(refusal.status >= 400 && refusal.why.text[0] != '\0');
        outcome->status = refusal.status;
        return;
    }
    assert(header.path.size > 0 && header.path.data[0] == '/');
    assert(header.minor == 0 || header.minor == 1);
    read_body(input, step, &header, outcome);
}

static void clear(struct outcome *outcome)
{
    buffer_clear(&outcome->body);
    buffer_clear(&outcome->header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome whole = {0}, pieces = {0};
    if (size == 0 || size > 4096)
        return 0;
    struct bytes input = bytes_of(data + 1, size - 1);
    read_request(input, SIZE_MAX / 2, &whole);
    read_request(input, 1 + data[0] % 32, &pieces);
    /* Of two faults, which is met first may depend on the pieces. */
    assert(whole.status == pieces.status || (whole.status > 0 && pieces.status > 0));
    if (whole.status == 0) {
        assert(whole.used == pieces.used);
        assert(bytes_equal(buffer_bytes(&whole.body), buffer_bytes(&pieces.body)));
    }
    clear(&whole);
    clear(&pieces);
    return 0;
}
