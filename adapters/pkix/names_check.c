/* What a request may not hold in a name. Nothing may hold what is ill-formed; the rest is legal in
 * a certificate that exists, but nobody should be given such a one. */
#include "adapters/pkix/names.h"

#include <stdio.h>

#include "adapters/pkix/names_value.h"
#include "mapping/model/limits.h"

struct place {
    size_t rdn; /* from 1, in the order of the DER */
    const char *word;
    struct failure *why;
};

static bool refuse(const struct place *place, const char *what)
{
    return fail(place->why, REASON_BAD_CERT_TEMPLATE, "RFC 5280 4.1.2.6", "%s in RDN %zu: %s",
                place->word, place->rdn, what);
}

static bool ill_formed(const struct place *place, struct bytes value, size_t at)
{
    enum { SHOWN = 16 };
    char hex[2 * SHOWN + 1] = "";
    for (size_t i = 0; i < value.size && i < SHOWN; i++)
        snprintf(hex + 2 * i, 3, "%02x", value.data[i]);
    return fail(place->why, REASON_BAD_DATA_FORMAT, "RFC 5280 4.1.2.4",
                "%s in RDN %zu is ill-formed at octet %zu: %s%s", place->word, place->rdn, at, hex,
                value.size > SHOWN ? "..." : "");
}

static bool is_directory_string(uint8_t tag)
{
    return tag == NAME_TAG_UTF8 || tag == NAME_TAG_PRINTABLE || tag == NAME_TAG_T61 ||
           tag == NAME_TAG_UNIVERSAL || tag == NAME_TAG_BMP;
}

static bool tag_allowed(enum name_strings strings, uint8_t tag)
{
    switch (strings) {
    case NAME_STRINGS_DIRECTORY:
        return is_directory_string(tag);
    case NAME_STRINGS_PRINTABLE:
        return tag == NAME_TAG_PRINTABLE;
    case NAME_STRINGS_IA5:
        return tag == NAME_TAG_IA5;
    case NAME_STRINGS_PKCS9:
        return tag == NAME_TAG_IA5 || is_directory_string(tag);
    case NAME_STRINGS_ANY:
        return true;
    }
    return false;
}

static const char *why_not(uint8_t tag, uint32_t point)
{
    switch (point_kind(point)) {
    case POINT_CONTROL:
        return "a control character";
    case POINT_BIDI:
        return "a bidi control";
    case POINT_ZERO_WIDTH:
        return "a character without width";
    case POINT_LINE:
        return "a line separator";
    case POINT_PRIVATE:
        return "a private-use character";
    case POINT_NONCHARACTER:
        return "not a character";
    case POINT_PLAIN:
        break;
    }
    if (tag == NAME_TAG_PRINTABLE && !name_is_printable(point))
        return "not in the repertoire of PrintableString";
    if (tag == NAME_TAG_NUMERIC && point != ' ' && (point < '0' || point > '9'))
        return "not in the repertoire of NumericString";
    return NULL;
}

static bool check_text(const struct place *place, const struct der *value, size_t *length)
{
    struct name_points points = name_points(value);
    bool blank = true;
    for (uint32_t point; name_points_next(&points, &point); (*length)++) {
        const char *reason = why_not(value->tag, point);
        if (reason != NULL)
            return fail(place->why, REASON_BAD_CERT_TEMPLATE, "RFC 5280 4.1.2.6",
                        "%s in RDN %zu: character %zu, U+%04X, is %s", place->word, place->rdn,
                        *length + 1, (unsigned)point, reason);
        blank = blank && name_is_white_space(point);
    }
    return !blank || refuse(place, "empty or blank");
}

/* A domain component is one label: RFC 4519 2.4, RFC 5890 2.3.1. */
static bool check_label(const struct place *place, struct bytes value)
{
    for (size_t i = 0; i < value.size; i++)
        if (value.data[i] <= ' ' || value.data[i] == '.')
            return refuse(place, "not one label of a domain name");
    return true;
}

static bool check_value(const struct place *place, const struct name_attribute_row *row,
                        const struct der *value)
{
    size_t at = 0, length = 0;
    enum name_value kind = name_value_kind(value, &at);
    if (kind == NAME_VALUE_BAD)
        return ill_formed(place, value->content, at);
    if (row != NULL && !tag_allowed(row->strings, value->tag))
        return refuse(place, "this string type is not allowed here");
    if (kind == NAME_VALUE_OPAQUE)
        length = value->content.size;
    else if (!check_text(place, value, &length))
        return false;
    if (row == NULL)
        return true;
    if (row->most != 0 && (length < row->least || length > row->most))
        return fail(place->why, REASON_BAD_CERT_TEMPLATE, "RFC 5280 A.1",
                    "%s in RDN %zu has %zu characters, %zu to %zu are allowed", place->word,
                    place->rdn, length, row->least, row->most);
    return strcmp(row->word, "DC") != 0 || check_label(place, value->content);
}

/* X.690 11.6: the members of a SET OF in ascending order of their encodings. */
static bool in_der_order(struct bytes a, struct bytes b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = memcmp(a.data, b.data, common);
    return order < 0 || (order == 0 && a.size <= b.size);
}

static bool check_rdn(struct bytes rdn, struct place *place)
{
    struct bytes types[LIMIT_NAME_RDNS], last = BYTES_EMPTY;
    for (size_t count = 0; rdn.size > 0; count++) {
        struct name_attribute attribute;
        struct bytes whole = rdn;
        place->word = "attribute";
        if (count == LIMIT_NAME_RDNS)
            return refuse(place, "too many attributes");
        if (!name_next_attribute(&rdn, &attribute))
            return fail(place->why, REASON_BAD_DATA_FORMAT, "RFC 5280 4.1.2.4",
                        "attribute %zu in RDN %zu is not well formed", count + 1, place->rdn);
        whole.size -= rdn.size;
        const struct name_attribute_row *row = name_attribute_row(attribute.type);
        if (row != NULL)
            place->word = row->word;
        for (size_t i = 0; i < count; i++)
            if (bytes_equal(types[i], attribute.type))
                return refuse(place, "the same attribute twice in one RDN");
        if (count > 0 && !in_der_order(last, whole))
            return refuse(place, "attributes of the RDN are not in DER order");
        if (!check_value(place, row, &attribute.value))
            return false;
        types[count] = attribute.type;
        last = whole;
    }
    return true;
}

bool names_check_request(struct bytes name, struct failure *why)
{
    struct bytes rdns, rdn;
    struct place place = {.rdn = 1, .why = why};
    if (!name_open(name, &rdns))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 5280 4.1.2.4", "the name is no sequence");
    for (; rdns.size > 0; place.rdn++) {
        if (place.rdn > LIMIT_NAME_RDNS)
            return fail(why, REASON_BAD_CERT_TEMPLATE, NULL, "more than %d RDNs in one name",
                        LIMIT_NAME_RDNS);
        if (!name_next_rdn(&rdns, &rdn))
            return fail(why, REASON_BAD_DATA_FORMAT, "RFC 5280 4.1.2.4",
                        "RDN %zu is empty or not well formed", place.rdn);
        if (!check_rdn(rdn, &place))
            return false;
    }
    if (!der_is_sound(name))
        return fail(why, REASON_BAD_CERT_TEMPLATE, "RFC 5280 4.1", "the name is not in DER");
    return true;
}
