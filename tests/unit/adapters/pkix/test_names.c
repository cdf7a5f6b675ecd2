/* Names as text, from text, and against patterns. */
#include "tests/support/cases.h"

#include "adapters/pkix/names.h"
#include "tests/support/octets.h"

static const char *text_of(struct bytes name)
{
    return arena_text(case_arena(), names_text(name, case_arena()));
}

/* ---- text and DER (made by a few lines of Python) ----------------------------------------- */

struct text_row {
    const char *name, *text, *der;
    const char *written; /* NULL: as `text` */
};

static const struct text_row texts[] = {
    {"nothing", "", "3000", NULL},
    {"one attribute", "CN=Alice", "3010310e300c06035504030c05416c696365", NULL},
    {"the order is reversed", "CN=Alice,C=JP",
     "301d310b3009060355040613024a50310e300c06035504030c05416c696365", NULL},
    {"spaces around are layout", " CN = Alice , C = JP ",
     "301d310b3009060355040613024a50310e300c06035504030c05416c696365", "CN=Alice,C=JP"},
    {"spaces inside are kept", "CN=Alice  B", "30133111300f06035504030c08416c696365202042", NULL},
    {"members of an RDN are sorted", "CN=Alice+serialNumber=1",
     "301a311830080603550405130131300c06035504030c05416c696365", "serialNumber=1+CN=Alice"},
    {"escaped comma", "O=Example\\, Inc.", "301831163014060355040a0c0d4578616d706c652c20496e632e",
     NULL},
    {"all specials", "CN=\\\"\\+\\,\\;\\<\\>\\\\=", "30133111300f06035504030c08222b2c3b3c3e5c3d",
     NULL},
    {"edge spaces", "CN=\\ a\\ ", "300e310c300a06035504030c03206120", NULL},
    {"leading hash", "CN=\\#a#", "300e310c300a06035504030c03236123", NULL},
    {"hex pairs", "CN=J\\c3\\bcrgen", "30123110300e06035504030c074ac3bc7267656e",
     "CN=J\303\274rgen"},
    {"UTF-8", "CN=\346\241\221", "300e310c300a06035504030c03e6a191", NULL},
    {"domain components", "DC=example,DC=org",
     "302e31133011060a0992268993f22c64011916036f726731173015060a0992268993f22c64011916076578616d706"
     "c65",
     NULL},
    {"type in dots", "2.5.4.3=Alice", "3010310e300c06035504030c05416c696365", "CN=Alice"},
    {"type by an alias", "email=a@b.example",
     "301c311a301806092a864886f70d010901160b6140622e6578616d706c65", "emailAddress=a@b.example"},
    {"unknown type", "1.2.3.4=A", "300c310a300806032a03040c0141", "1.2.3.4=#0c0141"},
    {"hex value", "1.2.3.4=#0c0141", "300c310a300806032a03040c0141", NULL},
    {"hex value of a known type", "CN=#130141", "300c310a30080603550403130141", "CN=A"},
};

static void text_and_der(void **state)
{
    const struct text_row *row = *state;
    struct failure why = {0};
    struct bytes name, expected = octets_from_hex(case_arena(), row->der);
    bool parsed = names_parse(row->text, case_arena(), &name, &why);
    if (!parsed)
        print_error("%s\n", why.text);
    assert_true(parsed);
    assert_int_equal(name.size, expected.size);
    assert_memory_equal(name.data, expected.data, expected.size);
    assert_string_equal(text_of(name), row->written != NULL ? row->written : row->text);
}

/* ---- what is no name ------------------------------------------------------------------------ */

struct bad_row {
    const char *name, *text;
};

static const struct bad_row bad_texts[] = {
    {"no type", "=Alice"},
    {"no value", "CN="},
    {"blank value", "CN=\\ "},
    {"no equals sign", "Alice"},
    {"unknown word", "SN=1"},
    {"type of one arc", "1=a"},
    {"ends in a comma", "CN=a,"},
    {"ends in a plus", "CN=a+"},
    {"semicolon", "CN=a;C=JP"},
    {"raw quote", "CN=\"a\""},
    {"ends in a backslash", "CN=a\\"},
    {"hex pair is no UTF-8", "CN=\\ff"},
    {"half a character", "CN=\\c3"},
    {"overlong", "CN=\\c0\\80"},
    {"NUL", "CN=a\\00"},
    {"raw octet", "CN=\xe9"},
    {"odd hex value", "1.2.3.4=#0c014"},
    {"hex value is no DER", "1.2.3.4=#0c0241"},
    {"two hex values", "1.2.3.4=#05000500"},
    {"country of three letters", "C=JPN"},
    {"country off the repertoire", "C=J@"},
    {"the same type twice in an RDN", "OU=a+OU=b"},
    {"bidi control", "CN=\\e2\\80\\aea"},
    {"common name of 65", "CN=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
};

static void bad_text(void **state)
{
    const struct bad_row *row = *state;
    struct failure why = {0};
    struct bytes name;
    assert_false(names_parse(row->text, case_arena(), &name, &why));
    assert_int_not_equal(why.text[0], '\0');
}

/* ---- hostile characters --------------------------------------------------------------------- */

struct hostile_row {
    const char *name, *der, *text;
};

/* CN holds: A, the character, B. */
static const struct hostile_row hostile[] = {
    {"escape", "300e310c300a06035504030c03411b42", "CN=A\\1bB"},
    {"line feed", "300e310c300a06035504030c03410a42", "CN=A\\0aB"},
    {"DEL", "300e310c300a06035504030c03417f42", "CN=A\\7fB"},
    {"C1", "300f310d300b06035504030c0441c29b42", "CN=A\\c2\\9bB"},
    {"right-to-left override", "3010310e300c06035504030c0541e280ae42", "CN=A\\e2\\80\\aeB"},
    {"isolate", "3010310e300c06035504030c0541e281a642", "CN=A\\e2\\81\\a6B"},
    {"zero width space", "3010310e300c06035504030c0541e2808b42", "CN=A\\e2\\80\\8bB"},
    {"line separator", "3010310e300c06035504030c0541e280a842", "CN=A\\e2\\80\\a8B"},
    {"NUL", "300e310c300a06035504030c03410042", "CN=#0c03410042"},
    {"ill-formed UTF-8", "300e310c300a06035504030c0341ff42", "CN=#0c0341ff42"},
    {"opaque Teletex", "300e310c300a0603550403140341e942", "CN=#140341e942"},
    {"no name at all", "0500", "#0500"},
};

static void hostile_text(void **state)
{
    const struct hostile_row *row = *state;
    assert_string_equal(text_of(octets_from_hex(case_arena(), row->der)), row->text);
}

/* ---- patterns ------------------------------------------------------------------------------- */

struct match_row {
    const char *name, *text, *pattern, *reference;
    bool matches;
};

static const struct match_row matches[] = {
    {"itself", "CN=mast-1,O=Example", "CN=mast-1,O=Example", "", true},
    {"another case", "CN=MAST-1,O=example", "CN=mast-1,O=Example", "", true},
    {"white space", "CN=mast  1", "CN=mast 1", "", true},
    {"another value", "CN=mast-2", "CN=mast-1", "", false},
    {"another type", "O=mast-1", "CN=mast-1", "", false},
    {"another order", "O=Example,CN=a", "CN=a,O=Example", "", false},
    {"one more RDN", "CN=a,O=Example", "CN=a", "", false},
    {"one more in front", "CN=b,CN=a", "CN=a", "", false},
    {"one fewer", "CN=a", "CN=a,O=Example", "", false},
    {"star", "CN=mast-1,O=Example", "CN=*,O=Example", "", true},
    {"star takes nothing", "CN=mast-", "CN=mast-*", "", true},
    {"star at the front", "CN=one.example", "CN=*.example", "", true},
    {"star in the middle", "CN=a-12-z", "CN=a-*-z", "", true},
    {"star and a wrong end", "CN=a-12-y", "CN=a-*-z", "", false},
    {"star does not overlap", "CN=a-z", "CN=a-*-z", "", false},
    {"two stars", "CN=xaaybz", "CN=x*a*z", "", true},
    {"two stars, no way", "CN=xbbybz", "CN=x*a*z", "", false},
    {"star stays in its value", "CN=a,OU=b,O=c", "CN=*,O=c", "", false},
    {"star does not take a comma for an RDN", "CN=a\\,O\\=c", "CN=*,O=c", "", false},
    {"escaped star", "CN=a*b", "CN=a\\*b", "", true},
    {"escaped star is no star", "CN=axb", "CN=a\\*b", "", false},
    {"star in the name is no star", "CN=*", "CN=a", "", false},
    {"reference", "CN=mast-1,O=Example", "CN=%{reference},O=Example", "mast-1", true},
    {"reference and more", "CN=mast-1.example", "CN=%{reference}.example", "mast-1", true},
    {"another reference", "CN=mast-1", "CN=%{reference}", "mast-2", false},
    {"a star in the reference is no star", "CN=mast-1", "CN=%{reference}", "*", false},
    {"no reference", "CN=mast-1", "CN=mast-1%{reference}", "", false},
    {"reference of octets", "CN=mast-1", "CN=%{reference}", "\xff", false},
    {"empty name", "", "", "", false},
    {"empty name and star", "", "CN=*", "", false},
    {"empty pattern", "CN=a", "", "", false},
    {"broken pattern", "CN=a", "CN=a,", "", false},
    {"members in any order", "CN=a+OU=b", "OU=b+CN=*", "", true},
    {"one member fewer", "CN=a", "OU=b+CN=*", "", false},
    {"one member more", "CN=a+OU=b", "CN=*", "", false},
    {"members are not RDNs", "CN=a+OU=b", "CN=a,OU=b", "", false},
    {"hex value", "1.2.3.4=#0c0141", "1.2.3.4=#0c0141", "", true},
    {"other hex value", "1.2.3.4=#0c0141", "1.2.3.4=#0c0142", "", false},
};

static void match(void **state)
{
    const struct match_row *row = *state;
    struct failure why = {0};
    struct bytes name;
    assert_true(names_parse(row->text, case_arena(), &name, &why));
    assert_int_equal(names_match(name, row->pattern, bytes_of_text(row->reference), case_arena()),
                     row->matches);
}

static void opaque_values_match_no_star(void **state)
{
    (void)state;
    struct bytes teletex = octets_from_hex(case_arena(), "300e310c300a0603550403140341e942");
    assert_false(names_match(teletex, "CN=*", BYTES_EMPTY, case_arena()));
}

/* ---- subjectAltName ------------------------------------------------------------------------- */

struct alt_row {
    const char *name, *a, *b;
    bool same;
};

/* 82: dNSName, 81: rfc822Name, 86: URI, 87: iPAddress, a4: directoryName. */
static const struct alt_row alts[] = {
    {"dNSName, case", "30058203612e62", "30058203412e42", true},
    {"dNSName, other", "30058203612e62", "30058203612e63", false},
    {"order does not count", "3006820161820162", "3006820162820161", true},
    {"multiset", "3009820161820161820162", "3009820161820162820162", false},
    {"one more", "3003820161", "3006820161820161", false},
    {"types differ", "3003820161", "3003810161", false},
    {"mailbox, host case", "30058103614062", "30058103614042", true},
    {"mailbox, local case", "30058103614062", "30058103414062", false},
    {"URI, host case", "3010860e687474703a2f2f612e622f634425",
     "3010860e485454503a2f2f412e422f634425", true},
    {"URI, path case", "3010860e687474703a2f2f612e622f634425",
     "3010860e687474703a2f2f612e622f436425", false},
    {"address", "300687047f000001", "300687047f000001", true},
    {"other address", "300687047f000001", "300687047f000002", false},
    {"directoryName by name rules", "3014a4123010310e300c06035504030c05416c696365",
     "3014a4123010310e300c06035504031305414c494345", true},
    {"empty", "3000", "3000", false},
    {"no sequence", "820161", "820161", false},
};

static void alt(void **state)
{
    const struct alt_row *row = *state;
    struct bytes a = octets_from_hex(case_arena(), row->a),
                 b = octets_from_hex(case_arena(), row->b);
    assert_int_equal(general_names_same(a, b), row->same);
    assert_int_equal(general_names_same(b, a), row->same);
}

static void alt_text(void **state)
{
    (void)state;
    struct bytes names = octets_from_hex(
        case_arena(), "302d8203612e628704c0000201871020010db8000000000000000000000001"
                      "86010a810361406288022a03a4023000");
    assert_string_equal(arena_text(case_arena(), general_names_text(names, case_arena())),
                        "DNS:a.b, IP:192.0.2.1, IP:2001:db8:0:0:0:0:0:1, URI:\\0a, email:a@b, "
                        "RID:1.2.3, DN:");
}

/* ---- all of them ---------------------------------------------------------------------------- */

int main(void)
{
    CASES_ADD_ROWS(texts, text_and_der);
    CASES_ADD_ROWS(bad_texts, bad_text);
    CASES_ADD_ROWS(hostile, hostile_text);
    CASES_ADD_ROWS(matches, match);
    CASES_ADD_ROWS(alts, alt);
    CASES_ADD(opaque_values_match_no_star);
    CASES_ADD(alt_text);
    return cases_run("names");
}
