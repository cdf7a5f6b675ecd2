#include "adapters/pkix/issued.h"

#include <stdarg.h>
#include <stdio.h>

#include "adapters/pkix/der.h"
#include "adapters/pkix/extensions.h"
#include "adapters/pkix/names.h"
#include "adapters/pkix/privilege.h"
#include "adapters/pkix/spki.h"
#include "mapping/codes.h"
#include "mapping/model/limits.h"

static const char subject_alt_name[] = "2.5.29.17";

/* ---- may it be delivered at all? ------------------------------------------------------------ */

static bool wrong(struct failure *why, const char *clause, const char *text)
{
    return fail(why, REASON_UPSTREAM_WRONG_CERT, clause, "%s", text);
}

static bool key_is_right(const struct item *item, const struct certificate *certificate,
                         struct failure *why)
{
    if (item->key_absent || spki_equal(certificate_spki(certificate), item->spki))
        return true;
    return wrong(why, "RFC 9810 5.2.1",
                 "the certification authority answered with a certificate for another key");
}

/* A certificate may begin a little ahead of our clock, or when the request asked for it. */
static bool validity_is_sane(const struct item *item, const struct certificate *certificate,
                             int64_t now, struct failure *why)
{
    int64_t from = certificate_not_before(certificate), to = certificate_not_after(certificate);
    int64_t latest = (item->not_before > now ? item->not_before : now) + LIMIT_SKEW_S;
    if (to <= from || to <= now)
        return wrong(why, "RFC 5280 4.1.2.5",
                     "the certification authority answered with an expired certificate");
    if (from > latest)
        return wrong(why, "RFC 5280 4.1.2.5",
                     "the certification authority answered with a certificate of the future");
    return true;
}

static bool no_privilege_was_added(const struct item *item, struct bytes der, struct failure *why)
{
    const struct item given = {.extensions = certificate_extensions(der)};
    enum privilege asked, got;
    if (!item_privileges(item, &asked, why) || !item_privileges(&given, &got, why))
        return false;
    unsigned added = (unsigned)got & ~(unsigned)asked;
    if ((added & PRIVILEGE_CA) != 0)
        return wrong(why, "RFC 9810 8.10",
                     "the certification authority made a CA certificate that was not asked for");
    if ((added & PRIVILEGE_RA) != 0)
        return wrong(why, "RFC 9810 8.10",
                     "the certification authority added a usage of RAs that was not asked for");
    return true;
}

static bool path_is_trusted(const struct certificate *certificate,
                            struct certificate *const *others, size_t other_count,
                            const struct trust *trust, int64_t now, struct arena *arena,
                            struct failure *why)
{
    struct failure cause = {0};
    int64_t from = certificate_not_before(certificate);
    if (trust_verify(trust, certificate, others, other_count, from > now ? from : now, arena, NULL,
                     NULL, &cause))
        return true;
    fail(why, REASON_UPSTREAM_UNTRUSTED, "RFC 5280 6.1",
         "no trusted path leads to the certificate that was issued");
    return fail_detail(why, "%s %s", cause.text, cause.detail);
}

/* ---- what was changed? ---------------------------------------------------------------------- */

struct changes {
    struct arena *arena;
    char *text; /* "a; b", or NULL */
};

static void note(struct changes *changes, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void note(struct changes *changes, const char *format, ...)
{
    char line[LIMIT_PEER_TEXT_OCTETS];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    const char *before = changes->text == NULL ? "" : changes->text;
    changes->text =
        arena_printf(changes->arena, "%s%s%s", before, changes->text == NULL ? "" : "; ", line);
}

static const char *name_text(struct bytes name, struct arena *arena)
{
    return arena_text(arena, names_text(name, arena));
}

/* Another string type for the same characters is no modification (RFC 5280 7.1). */
static void compare_subject(const struct item *item, struct bytes subject, struct changes *changes)
{
    if (der_name_is_empty(item->subject) || names_octets_equal(item->subject, subject) ||
        names_same(item->subject, subject))
        return;
    if (names_like(item->subject, subject))
        note(changes, "subject normalised");
    else
        note(changes, "subject is %s, not %s", name_text(subject, changes->arena),
             name_text(item->subject, changes->arena));
}

static void compare_validity(const struct item *item, const struct certificate *certificate,
                             struct changes *changes)
{
    if (item->not_before != 0 && item->not_before != certificate_not_before(certificate))
        note(changes, "notBefore changed");
    if (item->not_after != 0 && item->not_after != certificate_not_after(certificate))
        note(changes, "notAfter changed");
}

static bool value_is_same(const struct extension *asked, const struct extension *given)
{
    return bytes_equal(asked->value, given->value) ||
           (der_oid_is(asked->oid, subject_alt_name) &&
            general_names_same(asked->value, given->value));
}

static const char *extension_name(struct bytes oid, struct arena *arena)
{
    static const struct {
        const char *oid, *name;
    } known[] = {
        {subject_alt_name, "subjectAltName"}, {"2.5.29.15", "keyUsage"},
        {"2.5.29.37", "extKeyUsage"},         {"2.5.29.19", "basicConstraints"},
        {"2.5.29.32", "certificatePolicies"},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (der_oid_is(oid, known[i].oid))
            return known[i].name;
    return der_oid_text(arena, oid);
}

/* Each extension that was asked for; what the authority adds is its own business. */
static void compare_extensions(const struct item *item, struct bytes der, struct changes *changes)
{
    struct bytes given = certificate_extensions(der);
    struct der asked;
    if (!der_only(item->extensions, DER_SEQUENCE, &asked))
        return;
    struct extension wanted, got;
    for (struct bytes rest = asked.content; extension_next(&rest, &wanted);) {
        const char *name = extension_name(wanted.oid, changes->arena);
        if (!extensions_find_tlv(given, wanted.oid, &got))
            note(changes, "%s dropped", name);
        else if (!value_is_same(&wanted, &got))
            note(changes, "%s changed", name);
        else if (wanted.critical != got.critical)
            note(changes, "%s made %scritical", name, got.critical ? "" : "un");
    }
}

/* ---- both ----------------------------------------------------------------------------------- */

static void unref_certificate(void *certificate)
{
    certificate_unref(certificate);
}

bool issued_check(const struct item *item, struct bytes certificate,
                  struct certificate *const *others, size_t other_count, const struct trust *trust,
                  int64_t now, struct arena *arena, struct result *result, struct failure *why)
{
    struct certificate *parsed;
    struct failure cause = {0};
    if (!certificate_parse(certificate, &parsed, &cause)) {
        wrong(why, "RFC 5280 4.1", "the certification authority's certificate cannot be read");
        return fail_detail(why, "%s", cause.text);
    }
    arena_own(arena, parsed, unref_certificate);
    if (!key_is_right(item, parsed, why) || !validity_is_sane(item, parsed, now, why) ||
        !no_privilege_was_added(item, certificate, why) ||
        !path_is_trusted(parsed, others, other_count, trust, now, arena, why))
        return false;

    struct changes changes = {.arena = arena};
    compare_subject(item, certificate_subject(parsed), &changes);
    compare_validity(item, parsed, &changes);
    compare_extensions(item, certificate, &changes);
    result->status = changes.text == NULL ? RESULT_GRANTED : RESULT_GRANTED_WITH_MODS;
    result->text = peer_text(bytes_of_text(changes.text), arena);
    result->certificate = arena_copy(arena, certificate);
    result->reason_count = 0;
    return true;
}

/* A renewal of the same key may come with the old certificate beside it: the one that begins last
 * is the answer. */
struct certificate *issued_find(const struct item *item, struct certificate *const *candidates,
                                size_t count)
{
    struct certificate *found = NULL;
    for (size_t i = 0; i < count; i++)
        if (spki_equal(certificate_spki(candidates[i]), item->spki) &&
            (found == NULL ||
             certificate_not_before(candidates[i]) > certificate_not_before(found)))
            found = candidates[i];
    return found;
}
