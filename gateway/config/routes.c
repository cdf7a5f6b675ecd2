#include "gateway/config/build.h"

#include "adapters/est/est_base64.h"
#include "adapters/pkix/csr_attributes.h"
#include "adapters/pkix/der.h"
#include "adapters/pkix/names.h"
#include "adapters/pkix/privilege.h"
#include "gateway/keys/keys.h"

static const char **names_of_listeners(struct arena *arena, const struct config *config)
{
    const char **names = arena_array(arena, config->listener_count, sizeof(*names));
    for (size_t i = 0; i < config->listener_count; i++)
        names[i] = config->listeners[i].name;
    return names;
}

static const char **names_of_authorities(struct arena *arena, const struct config *config)
{
    const char **names = arena_array(arena, config->authority_count, sizeof(*names));
    for (size_t i = 0; i < config->authority_count; i++)
        names[i] = config->authorities[i].authority.name;
    return names;
}

/* The place of a name; false: reported. */
static bool find_name(const struct section *section, const char *key, const char *what,
                      const char *name, const char *const *names, size_t count, size_t *found)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            *found = i;
            return true;
        }
    }
    report_unknown_name(section, key, what, name, names, count);
    return false;
}

static bool resolve_names(const struct section *section, const struct config *config,
                          struct route_config *route, struct route_devices *devices)
{
    struct arena *arena = section->source->arena;
    const char *const *listeners = names_of_listeners(arena, config);
    const char *const *authorities = names_of_authorities(arena, config);
    size_t count;
    const char *const *named = section_texts(section, "listener", &count);
    size_t *places = arena_array(arena, count, sizeof(*places));
    bool found = true;
    for (size_t i = 0; i < count; i++)
        found = find_name(section, "listener", "listener", named[i], listeners,
                          config->listener_count, &places[i]) &&
                found;
    devices->listeners = places;
    devices->listener_count = count;
    return find_name(section, "authority", "authority", section_text(section, "authority"),
                     authorities, config->authority_count, &route->authority) &&
           found;
}

static uint32_t offered(const struct config *config, const struct route_devices *devices)
{
    uint32_t protocols = 0;
    for (size_t i = 0; i < devices->listener_count; i++)
        protocols |= config->listeners[devices->listeners[i]].protocols;
    return protocols;
}

static void build_protocols(const struct section *section, const struct config *config,
                            struct route_config *route, const struct route_devices *devices)
{
    const uint32_t of_listeners = offered(config, devices);
    route->protocols = section_choices(section, "protocol");
    if (route->protocols == 0)
        route->protocols = of_listeners;
    for (unsigned p = 0; p < PROTOCOL_COUNT; p++) {
        if ((route->protocols & ~of_listeners) >> p & 1)
            section_error(section, "protocol", "the listener does not speak %s",
                          protocol_word((enum protocol)p));
    }
}

/* Confirming, polling and cancelling belong to what was allowed to begin. */
static uint32_t operations_of(const struct section *may)
{
    uint32_t operations = 1u << OPERATION_CONFIRM | 1u << OPERATION_POLL | 1u << OPERATION_CANCEL;
    size_t count;
    const char *const *words = section_texts(may, "operations", &count);
    for (size_t i = 0; i < count; i++) {
        enum operation operation;
        if (operation_from_word(words[i], &operation))
            operations |= 1u << operation;
    }
    return operations;
}

static void check_subjects(const struct section *may, const struct route_config *route)
{
    for (size_t i = 0; i < route->subject_count; i++) {
        struct failure why;
        if (!names_check_pattern(route->subjects[i], may->source->arena, &why))
            report_failure(may, "subject", &why);
    }
}

static void build_rights(const struct section *may, struct route_config *route)
{
    /* In the order of options.def. */
    static const unsigned privileges[] = {PRIVILEGE_CA, PRIVILEGE_RA, PRIVILEGE_ANY_USAGE};
    const uint32_t chosen = section_choices(may, "privileges");
    for (size_t i = 0; i < sizeof(privileges) / sizeof(privileges[0]); i++)
        route->privileges |= (chosen >> i & 1) != 0 ? privileges[i] : 0;
    route->operations = operations_of(may);
    route->subjects = section_texts(may, "subject", &route->subject_count);
    check_subjects(may, route);
    route->alternative_names =
        section_texts(may, "subject_alt_names", &route->alternative_name_count);
}

/* Either the file's, or what the words say. */
static struct bytes load_csr_attributes(const struct section *section)
{
    struct arena *arena = section->source->arena;
    const char *path = section_path(section, "csr_attributes");
    struct bytes octets, der = BYTES_EMPTY;
    struct failure why;
    struct der sequence;
    if (!keys_load_octets(path, arena, &octets, &why)) {
        report_failure(section, "csr_attributes", &why);
        return der;
    }
    if (der_only(octets, DER_SEQUENCE, &sequence) && der_is_sound(octets))
        return octets;
    if (est_base64_decode(octets, arena, &der, &why) && der_only(der, DER_SEQUENCE, &sequence) &&
        der_is_sound(der))
        return der;
    section_error(section, "csr_attributes",
                  "the file does not hold CsrAttrs in DER or base64 (%s)", path);
    return BYTES_EMPTY;
}

static struct bytes encode_csr_template(const struct section *section)
{
    const struct section words = section_child(section, "csr_template");
    struct bytes der = BYTES_EMPTY;
    struct failure why;
    struct csr_wish wish = {.key = section_text(&words, "key"),
                            .binding = section_flag(&words, "binding")};
    wish.subject = section_texts(&words, "subject", &wish.subject_count);
    wish.extensions = section_texts(&words, "extensions", &wish.extension_count);
    if (!csr_attributes_encode(&wish, section->source->arena, &der, &why))
        section_error(section, "csr_template", "%s", why.text);
    return der;
}

static struct bytes csr_attributes(const struct section *section)
{
    if (section_has(section, "csr_attributes") && section_has(section, "csr_template"))
        section_error(section, "csr_template", "stands beside \"csr_attributes\"; say one");
    if (section_has(section, "csr_attributes"))
        return load_csr_attributes(section);
    return section_has(section, "csr_template") ? encode_csr_template(section) : BYTES_EMPTY;
}

static void build_route(const struct section *section, struct config *config,
                        struct route_config *route, struct route_devices *devices)
{
    const struct section may = section_child(section, "may");
    *route = (struct route_config){
        .name = section_text(section, "name"),
        .profile = section_text(section, "profile"),
        .csr_attributes = csr_attributes(section),
        .hold_ms = section_number(section, "hold_ms"),
        .replay_window_s = section_number(section, "replay_window_s"),
        .confirm_wait_s = section_number(section, "confirm_wait_s"),
        .pending_max_s = section_number(section, "pending_max_s"),
    };
    build_rights(&may, route);
    if (!resolve_names(section, config, route, devices))
        return;
    build_protocols(section, config, route, devices);
    build_devices(section, config, route, devices);
}

static bool names_listener(const struct route_devices *devices, size_t listener)
{
    for (size_t i = 0; i < devices->listener_count; i++) {
        if (devices->listeners[i] == listener)
            return true;
    }
    return false;
}

/* Every listener gets the groups of the routes that name it, in the routes' order. */
static void give_groups(const struct section *root, struct config *config,
                        struct listener_config *listener, size_t place,
                        const struct route_devices *devices)
{
    struct arena *arena = root->source->arena;
    struct device_group *groups = arena_array(arena, config->route_count, sizeof(*groups));
    size_t *route_of = arena_array(arena, config->route_count, sizeof(*route_of));
    size_t count = 0;
    for (size_t r = 0; r < config->route_count; r++) {
        if (!names_listener(&devices[r], place))
            continue;
        groups[count] = devices[r].group;
        route_of[count++] = r;
    }
    listener->credentials.groups = groups;
    listener->credentials.group_count = count;
    listener->route_of = route_of;
    if (count == 0) {
        const struct section section = section_element(root, "listeners", place);
        section_warning(&section, "name", "no route names this listener: nobody is let in");
    }
}

static void report_unused_authorities(const struct section *root, const struct config *config)
{
    for (size_t a = 0; a < config->authority_count; a++) {
        bool used = false;
        for (size_t r = 0; r < config->route_count; r++)
            used = used || config->routes[r].authority == a;
        const struct section section = section_element(root, "authorities", a);
        if (!used)
            section_warning(&section, "name", "no route names this authority");
    }
}

void build_routes(const struct section *root, struct config *config)
{
    struct arena *arena = root->source->arena;
    config->route_count = section_count(root, "routes");
    struct route_config *routes = arena_array(arena, config->route_count, sizeof(*routes));
    struct route_devices *devices = arena_array(arena, config->route_count, sizeof(*devices));
    const char **names = arena_array(arena, config->route_count, sizeof(*names));
    for (size_t i = 0; i < config->route_count; i++) {
        const struct section section = section_element(root, "routes", i);
        build_route(&section, config, &routes[i], &devices[i]);
        names[i] = routes[i].name;
        report_repeated_name(&section, names[i], names, i);
    }
    judge_reach(root, routes, devices, config->route_count);
    config->routes = routes;
    struct listener_config *listeners =
        arena_array(arena, config->listener_count, sizeof(*listeners));
    memcpy(listeners, config->listeners, config->listener_count * sizeof(*listeners));
    for (size_t i = 0; i < config->listener_count; i++)
        give_groups(root, config, &listeners[i], i, devices);
    config->listeners = listeners;
    report_unused_authorities(root, config);
}
