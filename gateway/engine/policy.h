/* Who may ask for what: the route of an identified request, and its rights there. Deny by default;
 * each refusal names what was missing. Pure functions. */
#ifndef DRAGOMAN_GATEWAY_ENGINE_POLICY_H
#define DRAGOMAN_GATEWAY_ENGINE_POLICY_H

#include "gateway/config/config.h"

/* The route that the request's identity belongs to, if it takes this protocol and profile. */
bool route_find(const struct config *config, size_t listener, const struct request *request,
                const struct route_config **route, struct arena *arena, struct failure *why);
/* Operation, subjects, alternative names and privileges of every item. */
bool policy_check(const struct route_config *route, const struct request *request,
                  struct arena *arena, struct failure *why);
/* '*' stands for any run of characters. */
bool pattern_matches(const char *pattern, struct bytes text);

#endif
