#include <strings.h>

#include "adapters/pkix/names_value.h"

static const struct name_attribute_row rows[] = {
#define ATTRIBUTE(oid, word, strings, least, most) {oid, word, NAME_STRINGS_##strings, least, most},
#include "adapters/pkix/names_attributes.def"
#undef ATTRIBUTE
};

/* What people write besides. Not SN: it is the surname in one tool, the serial number in another.
 */
static const struct {
    const char *alias, *word;
} aliases[] = {
    {"E", "emailAddress"}, {"email", "emailAddress"},     {"S", "ST"},
    {"userId", "UID"},     {"domainComponent", "DC"},     {"commonName", "CN"},
    {"organization", "O"}, {"organizationName", "O"},     {"organizationalUnitName", "OU"},
    {"countryName", "C"},  {"stateOrProvinceName", "ST"}, {"localityName", "L"},
    {"GN", "givenName"},   {"streetAddress", "STREET"},
};

const struct name_attribute_row *name_attribute_row(struct bytes type)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (der_oid_is(type, rows[i].oid))
            return &rows[i];
    return NULL;
}

static bool is_word(struct bytes text, const char *word)
{
    return text.size == strlen(word) && strncasecmp((const char *)text.data, word, text.size) == 0;
}

const struct name_attribute_row *name_attribute_row_of_word(struct bytes word)
{
    const char *alias = "";
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
        if (is_word(word, aliases[i].alias))
            alias = aliases[i].word;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (is_word(word, rows[i].word) || is_word(word, rows[i].oid) ||
            strcmp(alias, rows[i].word) == 0)
            return &rows[i];
    return NULL;
}

bool name_is_printable(uint32_t point)
{
    return (point >= 'a' && point <= 'z') || (point >= 'A' && point <= 'Z') ||
           (point >= '0' && point <= '9') ||
           (point < 0x80 && point != 0 && strchr(" '()+,-./:=?", (int)point) != NULL);
}
