/* Does a device's confirmation speak of that certificate? */
#ifndef DRAGOMAN_ADAPTERS_PKIX_CONFIRM_H
#define DRAGOMAN_ADAPTERS_PKIX_CONFIRM_H

#include "mapping/model/request.h"

/* Compares the hash that the device sent with that of `certificate` (DER as it was delivered). The
 * hash is the confirmation's own if it names one, else that of the certificate's signature
 * (RFC 9810 5.3.18, RFC 9481 3.3); a signature without a hash needs one named. A confirmation that
 * names no certificate (unhashed) speaks of every one. */
bool confirmation_matches(const struct confirmation *confirmation, struct bytes certificate);

/* The certHash of a confirmation of ours, and the AlgorithmIdentifier TLV that must then be named:
 * empty unless the certificate's signature has no hash of its own. False: no hash can be made. */
bool confirmation_hash(struct bytes certificate, struct arena *arena, struct bytes *hash,
                       struct bytes *algorithm);

#endif
