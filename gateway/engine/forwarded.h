/* The client certificate that a TLS-terminating proxy saw (RFC 9440). */
#ifndef DRAGOMAN_GATEWAY_ENGINE_FORWARDED_H
#define DRAGOMAN_GATEWAY_ENGINE_FORWARDED_H

#include "gateway/config/config.h"

/* The message as its device sent it: from a proxy of the listener's "forwarded_from", Client-Cert
 * and Client-Cert-Chain take the place of the proxy's own certificate, and there is no channel
 * binding, since the device's TLS session ended elsewhere. From everybody else the fields mean
 * nothing. */
const struct message *forwarded_message(const struct listener_config *listener, const char *peer,
                                        const struct message *message, struct arena *arena);

#endif
