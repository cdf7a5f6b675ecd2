/* Which routes are reached: the first route of a listener that knows a device takes it, unless
 * several have the very same devices; then protocol and profile choose among those. */
#include "gateway/config/build.h"

/* What is decided before the route is: it must be the same wherever the devices are. */
static const char *const of_the_devices[] = {"signer",
                                             "ca_pubs",
                                             "legacy",
                                             "signature_sha1",
                                             "mac_iterations_min",
                                             "mac_iterations_max",
                                             "skew_s",
                                             "require_time",
                                             "ignore_key_usage",
                                             "any_ra",
                                             "renew_expired_days",
                                             "csr_attributes",
                                             "csr_template"};

static struct section route_section(const struct section *root, size_t route)
{
    return section_element(root, "routes", route);
}

static bool same_value(const struct section *a, const struct section *b, const char *key)
{
    const json_t *one = json_object_get(a->object, key), *other = json_object_get(b->object, key);
    return one == other || (one != NULL && other != NULL && json_equal(one, other));
}

static void check_alike(const struct section *route, const struct section *first)
{
    for (size_t i = 0; i < sizeof(of_the_devices) / sizeof(of_the_devices[0]); i++) {
        const char *key = of_the_devices[i];
        if (!same_value(route, first, key))
            section_error(route, key,
                          "\"%s\" must be as in %s, which has the same devices: it matters before "
                          "the route is chosen",
                          key, first->pointer);
    }
}

static void number_alike(const struct section *root, struct route_config *routes, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const struct section route = route_section(root, i);
        for (size_t j = 0; j < i; j++) {
            const struct section first = route_section(root, j);
            if (!same_value(&route, &first, "devices"))
                continue;
            routes[j].alike = (unsigned)j + 1;
            routes[i].alike = (unsigned)j + 1;
            check_alike(&route, &first);
            break;
        }
    }
}

/* ---- what is never reached ----------------------------------------------------------------------
 */

static bool share_listener(const struct route_devices *a, const struct route_devices *b)
{
    for (size_t i = 0; i < a->listener_count; i++) {
        for (size_t j = 0; j < b->listener_count; j++) {
            if (a->listeners[i] == b->listeners[j])
                return true;
        }
    }
    return false;
}

static bool takes_all_of(const struct route_config *first, const struct route_config *route)
{
    return first->profile == NULL && (route->protocols & ~first->protocols) == 0;
}

static bool share_anchor(const struct trust *a, const struct trust *b)
{
    for (size_t i = 0; a != NULL && i < trust_anchor_count(a); i++) {
        for (size_t j = 0; b != NULL && j < trust_anchor_count(b); j++) {
            if (bytes_equal(certificate_sha256(trust_anchor(a, i)),
                            certificate_sha256(trust_anchor(b, j))))
                return true;
        }
    }
    return false;
}

struct overlap {
    const struct secrets *first;
    bool found;
};

static void look_up(void *context, struct bytes reference, struct bytes secret)
{
    struct overlap *overlap = context;
    struct bytes other;
    (void)secret;
    overlap->found = overlap->found || secrets_find(overlap->first, reference, &other);
}

static bool share_reference(const struct secrets *a, const struct secrets *b)
{
    struct overlap overlap = {.first = a};
    if (a != NULL && b != NULL)
        secrets_each(b, look_up, &overlap);
    return overlap.found;
}

static void report_overlap(const struct section *root, const struct route_config *routes,
                           const struct route_devices *devices, size_t i, size_t j)
{
    const struct section route = route_section(root, i);
    const struct device_group *group = &devices[i].group, *first = &devices[j].group;
    if (!share_listener(&devices[i], &devices[j]))
        return;
    if (routes[i].alike != 0 && routes[i].alike == routes[j].alike) {
        if (takes_all_of(&routes[j], &routes[i]))
            section_warning(&route, "name",
                            "never reached: the route \"%s\" before it has the same devices and "
                            "takes every profile",
                            routes[j].name);
        return;
    }
    if (share_anchor(first->trust, group->trust) || share_reference(first->secrets, group->secrets))
        section_warning(&route, "devices",
                        "some of these devices are taken by the route \"%s\" before it; give both "
                        "routes the same \"devices\" to choose by protocol or profile",
                        routes[j].name);
}

void judge_reach(const struct section *root, struct route_config *routes,
                 const struct route_devices *devices, size_t count)
{
    number_alike(root, routes, count);
    for (size_t i = 1; i < count; i++) {
        for (size_t j = 0; j < i; j++)
            report_overlap(root, routes, devices, i, j);
    }
}
