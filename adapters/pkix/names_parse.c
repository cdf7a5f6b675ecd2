/* From RFC 4514 text to a name. The text is an operator's, so that each fault is told with its
 * place. */
#include "adapters/pkix/names.h"
#include "adapters/pkix/names_pattern.h"
#include "mapping/model/limits.h"

static const char reference_mark[] = "%{reference}";

struct reader {
    const char *text;
    size_t at;
    bool pattern;
    struct arena *arena;
    struct failure *why;
};

static bool refuse(const struct reader *reader, const char *what)
{
    return fail(reader->why, REASON_BAD_DATA_FORMAT, "RFC 4514 3", "name, character %zu: %s",
                reader->at + 1, what);
}

static char peek(const struct reader *reader)
{
    return reader->text[reader->at];
}

static size_t utf8_here(const struct reader *reader, uint32_t *point)
{
    const char *here = reader->text + reader->at;
    return utf8_decode(bytes_of(here, strnlen(here, 4)), point);
}

static void skip_spaces(struct reader *reader)
{
    while (peek(reader) == ' ')
        reader->at++;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Two hex digits at the place, or -1. */
static int hex_pair(const struct reader *reader)
{
    int high = hex_digit(peek(reader));
    int low = high < 0 ? -1 : hex_digit(reader->text[reader->at + 1]);
    return low < 0 ? -1 : high << 4 | low;
}

static bool is_dotted(struct bytes word)
{
    for (size_t i = 0; i < word.size; i++) {
        bool dot = word.data[i] == '.';
        if (!dot && (word.data[i] < '0' || word.data[i] > '9'))
            return false;
        if (dot && (i == 0 || i + 1 == word.size || word.data[i + 1] == '.'))
            return false;
    }
    return word.size > 2 && word.size < 64 && word.data[0] <= '2' && word.data[1] == '.';
}

/* attributeType = descr / numericoid */
static bool read_type(struct reader *reader, struct name_part *part)
{
    skip_spaces(reader);
    size_t start = reader->at;
    while (peek(reader) != '\0' && strchr("= ,+;", peek(reader)) == NULL)
        reader->at++;
    struct bytes word = bytes_of(reader->text + start, reader->at - start);
    skip_spaces(reader);
    if (word.size == 0 || peek(reader) != '=')
        return refuse(reader, "expected TYPE=value");
    reader->at++;
    part->row = name_attribute_row_of_word(word);
    if (part->row == NULL && !is_dotted(word)) {
        reader->at = start;
        return refuse(reader, "unknown attribute; write its OID in dots");
    }
    part->type = der_oid(reader->arena,
                         part->row != NULL ? part->row->oid : arena_text(reader->arena, word));
    return true;
}

/* hexstring = '#' 1*hexpair: a whole TLV */
static bool read_hex(struct reader *reader, struct name_part *part)
{
    size_t size = 0;
    uint8_t *octets = arena_alloc(reader->arena, strlen(reader->text + reader->at) / 2 + 1);
    struct der tlv;
    reader->at++;
    for (int pair; (pair = hex_pair(reader)) >= 0; reader->at += 2)
        octets[size++] = (uint8_t)pair;
    struct bytes rest = bytes_of(octets, size);
    if (!der_is_sound(rest) || !der_next(&rest, &tlv) || rest.size > 0)
        return refuse(reader, "expected one DER value in hex behind '#'");
    part->is_hex = true;
    part->tlv = tlv.whole;
    skip_spaces(reader);
    return true;
}

/* '\' and a hex pair, or '\' and any character. Hex pairs are octets of UTF-8. */
static bool read_escape(struct reader *reader, uint32_t *point)
{
    uint8_t octets[4];
    size_t size = 0;
    reader->at++;
    if (hex_pair(reader) < 0) {
        size_t used = utf8_here(reader, point);
        reader->at += used;
        return used > 0 || refuse(reader, "nothing behind '\\'");
    }
    for (;;) {
        octets[size++] = (uint8_t)hex_pair(reader);
        reader->at += 2;
        if (utf8_decode(bytes_of(octets, size), point) == size)
            return *point != 0 || refuse(reader, "U+0000 is no character of a name");
        bool more = peek(reader) == '\\';
        reader->at += more;
        if (!more || size == sizeof(octets) || hex_pair(reader) < 0)
            return refuse(reader, "the hex pairs are no UTF-8");
    }
}

static bool read_point(struct reader *reader, uint32_t *point, bool *escaped)
{
    const char *here = reader->text + reader->at;
    *escaped = *here == '\\';
    if (*escaped)
        return read_escape(reader, point);
    if (reader->pattern && *here == '*') {
        *point = PATTERN_ANY;
        reader->at++;
        return true;
    }
    if (reader->pattern && strncmp(here, reference_mark, strlen(reference_mark)) == 0) {
        *point = PATTERN_REFERENCE;
        reader->at += strlen(reference_mark);
        return true;
    }
    if (strchr("\"<>;", *here) != NULL)
        return refuse(reader, "this character must be escaped with '\\'");
    size_t size = utf8_here(reader, point);
    reader->at += size;
    return size > 0 || refuse(reader, "not UTF-8");
}

/* Spaces around a value are layout unless escaped. */
static bool read_value(struct reader *reader, struct name_part *part)
{
    skip_spaces(reader);
    if (peek(reader) == '#')
        return read_hex(reader, part);
    part->points =
        arena_array(reader->arena, strlen(reader->text + reader->at) + 1, sizeof(*part->points));
    size_t kept = 0;
    while (peek(reader) != '\0' && peek(reader) != ',' && peek(reader) != '+') {
        bool escaped;
        uint32_t *point = &part->points[part->count];
        if (!read_point(reader, point, &escaped))
            return false;
        part->count++;
        if (escaped || *point != ' ')
            kept = part->count;
    }
    part->count = kept;
    return kept > 0 || refuse(reader, "a value is empty");
}

bool name_parts_read(const char *text, bool pattern, struct arena *arena, struct name_part **parts,
                     size_t *count, struct failure *why)
{
    struct reader reader = {.text = text, .pattern = pattern, .arena = arena, .why = why};
    bool joined = false;
    *parts = arena_array(arena, LIMIT_NAME_RDNS, sizeof(**parts));
    *count = 0;
    skip_spaces(&reader);
    if (peek(&reader) == '\0')
        return true;
    for (;;) {
        if (*count == LIMIT_NAME_RDNS)
            return refuse(&reader, "too many attributes");
        struct name_part *part = &(*parts)[*count];
        if (!read_type(&reader, part) || !read_value(&reader, part))
            return false;
        part->joined = joined;
        ++*count;
        if (peek(&reader) == '\0')
            return true;
        if (peek(&reader) != ',' && peek(&reader) != '+')
            return refuse(&reader, "expected ',' or '+'");
        joined = peek(&reader) == '+';
        reader.at++;
    }
}

/* ---- to DER --------------------------------------------------------------------------------- */

static uint8_t tag_for(const struct name_part *part)
{
    if (part->row != NULL && part->row->strings == NAME_STRINGS_PRINTABLE)
        return NAME_TAG_PRINTABLE;
    if (part->row != NULL && part->row->strings == NAME_STRINGS_IA5)
        return NAME_TAG_IA5;
    return NAME_TAG_UTF8;
}

static struct bytes value_tlv(const struct name_part *part, struct arena *arena)
{
    if (part->is_hex)
        return part->tlv;
    uint8_t *utf8 = arena_alloc(arena, 4 * part->count);
    size_t size = 0;
    for (size_t i = 0; i < part->count; i++)
        size += utf8_encode(part->points[i], utf8 + size);
    return der_wrap(arena, tag_for(part), bytes_of(utf8, size));
}

/* One RDN from parts[from] up to the next that is not joined. */
static struct bytes rdn_tlv(const struct name_part *parts, size_t count, size_t from,
                            struct arena *arena)
{
    struct bytes members[LIMIT_NAME_RDNS];
    size_t used = 0;
    do {
        const struct name_part *part = &parts[from + used];
        const struct bytes fields[] = {part->type, value_tlv(part, arena)};
        members[used++] = der_join(arena, DER_SEQUENCE, fields, 2);
    } while (from + used < count && parts[from + used].joined);
    return der_set_of(arena, DER_SET, members, used);
}

bool names_parse(const char *text, struct arena *arena, struct bytes *name, struct failure *why)
{
    struct name_part *parts;
    struct bytes rdns[LIMIT_NAME_RDNS];
    size_t count, used = 0;
    if (!name_parts_read(text, false, arena, &parts, &count, why))
        return false;
    for (size_t i = count; i-- > 0;)
        if (!parts[i].joined)
            rdns[used++] = rdn_tlv(parts, count, i, arena);
    *name = der_join(arena, DER_SEQUENCE, rdns, used);
    return names_check_request(*name, why);
}
