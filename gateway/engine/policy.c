#include "gateway/engine/policy.h"

#include "adapters/pkix/der.h"
#include "adapters/pkix/names.h"
#include "adapters/pkix/privilege.h"

bool pattern_matches(const char *pattern, struct bytes text)
{
    const char *star = NULL;
    size_t at = 0, star_at = 0;
    while (at < text.size) {
        if (*pattern == '*') {
            star = ++pattern;
            star_at = at;
        } else if (*pattern != '\0' && (uint8_t)*pattern == text.data[at]) {
            pattern++;
            at++;
        } else if (star != NULL) {
            pattern = star;
            at = ++star_at;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static bool serves(const struct route_config *route, const struct request *request)
{
    return (route->protocols & (1u << request->protocol)) != 0 &&
           (route->profile == NULL || pattern_matches(route->profile, request->profile));
}

/* A question that anybody may ask goes to the first route that serves its protocol and profile. */
static bool route_for_anybody(const struct config *config, const struct listener_config *from,
                              const struct request *request, const struct route_config **route,
                              struct failure *why)
{
    for (size_t g = 0; g < from->credentials.group_count; g++) {
        const struct route_config *candidate = &config->routes[from->route_of[g]];
        if (serves(candidate, request)) {
            *route = candidate;
            return true;
        }
    }
    return fail(why, REASON_NO_OPERATION, "RFC 7030 3.2.2", "nothing is served under this path");
}

/* The first route of the listener that serves the request and has the same devices as `known`; that
 * one itself if there is none. */
static const struct route_config *route_alike(const struct config *config,
                                              const struct listener_config *from,
                                              const struct route_config *known,
                                              const struct request *request)
{
    for (size_t g = 0; known->alike != 0 && g < from->credentials.group_count; g++) {
        const struct route_config *candidate = &config->routes[from->route_of[g]];
        if (candidate->alike == known->alike && serves(candidate, request))
            return candidate;
    }
    return known;
}

bool route_find(const struct config *config, size_t listener, const struct request *request,
                const struct route_config **route, struct arena *arena, struct failure *why)
{
    const struct listener_config *from = &config->listeners[listener];
    size_t group = request->identity.group;
    if (group == IDENTITY_ANY_GROUP)
        return route_for_anybody(config, from, request, route, why);
    if (group >= from->credentials.group_count)
        return fail(why, REASON_NOT_PERMITTED, NULL, "no route of this listener knows the sender");
    const struct route_config *known = &config->routes[from->route_of[group]];
    const struct route_config *found = route_alike(config, from, known, request);
    if ((found->protocols & (1u << request->protocol)) == 0) {
        fail(why, REASON_NOT_PERMITTED, NULL, "this sender may not use %s here",
             protocol_word(request->protocol));
        return fail_detail(why, "route %s has no protocol %s", found->name,
                           protocol_word(request->protocol));
    }
    if (found->profile != NULL && !pattern_matches(found->profile, request->profile)) {
        fail(why, REASON_NOT_PERMITTED, NULL, "this sender may not use the profile or path '%s'",
             arena_text(arena, request->profile));
        return fail_detail(why, "route %s serves the profile %s", found->name, found->profile);
    }
    *route = found;
    return true;
}

static bool subject_allowed(const struct route_config *route, const struct request *request,
                            const struct item *item, struct arena *arena, struct failure *why)
{
    for (size_t i = 0; i < route->subject_count; i++) {
        if (names_match(item->subject, route->subjects[i], request->identity.principal, arena))
            return true;
    }
    struct bytes subject = names_text(item->subject, arena);
    fail(why, REASON_NOT_PERMITTED, NULL, "this sender may not ask for the subject \"%.*s\"",
         (int)(subject.size > 120 ? 120 : subject.size), (const char *)subject.data);
    return fail_detail(why, "no pattern in may.subject of route %s matches", route->name);
}

static bool names_allowed(const struct route_config *route, const struct item *item,
                          struct arena *arena, struct failure *why)
{
    struct bytes *names = NULL;
    size_t count = 0;
    if (!item_alternative_names(item, arena, &names, &count, why))
        return false;
    for (size_t n = 0; n < count; n++) {
        bool allowed = false;
        for (size_t i = 0; i < route->alternative_name_count && !allowed; i++)
            allowed = pattern_matches(route->alternative_names[i], names[n]);
        if (allowed)
            continue;
        fail(why, REASON_NOT_PERMITTED, NULL,
             "this sender may not ask for the alternative name \"%.*s\"",
             (int)(names[n].size > 120 ? 120 : names[n].size), (const char *)names[n].data);
        return fail_detail(why, "no pattern in may.subject_alt_names of route %s matches",
                           route->name);
    }
    return true;
}

/* Places where a request can ask for another content than its template: no pattern here was held
 * against what stands there, and an authority may heed it. */
static const struct {
    const char *oid;
    const char *name;
    const char *clause;
} second_templates[] = {
    {"1.3.6.1.5.5.7.7.36", "changeSubjectName", "RFC 10002 7.1"},
    {"1.3.6.1.5.5.7.5.1.7", "altCertTemplate", "RFC 9810 5.2.1"},
    {"1.3.6.1.5.5.7.5.2.2", "id-regInfo-certReq", "RFC 4211 7.2"},
};

static bool refuse_second_template(struct bytes oid, struct failure *why)
{
    for (size_t i = 0; i < sizeof(second_templates) / sizeof(second_templates[0]); i++) {
        if (der_oid_is(oid, second_templates[i].oid))
            return fail(why, REASON_NOT_PERMITTED, second_templates[i].clause,
                        "%s is not offered; ask for the content in the request itself",
                        second_templates[i].name);
    }
    return true;
}

/* SEQUENCE OF AttributeTypeAndValue, or [0] SET OF Attribute: each begins with its OID. */
static bool check_types(struct bytes list, struct failure *why)
{
    struct der all, element, oid;
    struct bytes rest = list;
    if (bytes_is_empty(list) || !der_next(&rest, &all))
        return true;
    while (der_take(&all.content, DER_SEQUENCE, &element)) {
        if (der_take(&element.content, DER_OID, &oid) && !refuse_second_template(oid.whole, why))
            return false;
    }
    return true;
}

static bool content_is_as_it_stands(const struct item *item, struct failure *why)
{
    return check_types(item->attributes, why) && check_types(item->reg_info, why);
}

static bool item_allowed(const struct route_config *route, const struct request *request,
                         const struct item *item, struct arena *arena, struct failure *why)
{
    if (!content_is_as_it_stands(item, why) || !subject_allowed(route, request, item, arena, why) ||
        !names_allowed(route, item, arena, why))
        return false;
    enum privilege asked;
    if (!item_privileges(item, &asked, why))
        return false;
    if ((asked & ~route->privileges) == 0)
        return true;
    fail(why, REASON_NOT_PERMITTED, "RFC 9810 8.10",
         "this sender may not ask for a CA certificate or the usages of a registration authority");
    return fail_detail(why, "route %s grants no such privilege (may.privileges)", route->name);
}

bool policy_check(const struct route_config *route, const struct request *request,
                  struct arena *arena, struct failure *why)
{
    if ((route->operations & (1u << request->operation)) == 0) {
        fail(why, REASON_NOT_PERMITTED, NULL, "this sender may not ask for the operation \"%s\"",
             operation_word(request->operation));
        return fail_detail(why, "may.operations of route %s", route->name);
    }
    /* A revocation asks for no name; whose certificate it may name is judged in revoke.c. */
    for (size_t i = 0; i < request->item_count && operation_enrols(request->operation); i++) {
        if (!item_allowed(route, request, &request->items[i], arena, why))
            return false;
    }
    return true;
}
