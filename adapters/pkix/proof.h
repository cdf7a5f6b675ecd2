/* Proof of possession: every form is recognised, those that can be checked here are, the others
 * are refused or left OPEN with the right code (RFC 4211 4, RFC 9810 5.2.8, RFC 2986 4.2). */
#ifndef DRAGOMAN_ADAPTERS_PKIX_PROOF_H
#define DRAGOMAN_ADAPTERS_PKIX_PROOF_H

#include "mapping/model/request.h"

/* Sets item->pop_verdict. `secret` is that of a MAC-protected message (signature-mac form), else
 * empty. `allow_sha1`: the device group takes SHA-1 signatures. Weak or malformed keys:
 * badCertTemplate. Reasons: BAD_POP, POP_REQUIRED, POP_NOT_BOUND, POP_CARRIER, BAD_ALG. */
bool proof_check(struct item *item, const struct identity *identity, struct bytes secret,
                 bool allow_sha1, struct arena *arena, struct failure *why);

/* The key of an SPKI TLV. Weak or malformed: BAD_CERT_TEMPLATE; of a kind that is unknown or that
 * this build's OpenSSL has not: BAD_ALG. *out is owned by the arena. */
struct evp_pkey_st;
bool public_key(struct bytes spki, struct arena *arena, struct evp_pkey_st **out,
                struct failure *why);

#endif
