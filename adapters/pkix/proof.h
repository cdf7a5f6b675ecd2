/* Proof of possession: every form is recognised, those that can be checked here are, the others
 * are refused or left OPEN with the right code (RFC 4211 4, RFC 9810 5.2.8, RFC 2986 4.2). */
#ifndef DRAGOMAN_ADAPTERS_PKIX_PROOF_H
#define DRAGOMAN_ADAPTERS_PKIX_PROOF_H

#include "mapping/model/request.h"

/* Sets item->pop_verdict. `secret` is that of a MAC-protected message (signature-mac form), else
 * empty. Weak or malformed keys: badCertTemplate. Reasons: BAD_POP, POP_REQUIRED, POP_NOT_BOUND,
 * BAD_ALG. */
bool proof_check(struct item *item, const struct identity *identity, struct bytes secret,
                 struct arena *arena, struct failure *why);

/* The key of an SPKI TLV, refused if it is weak, malformed or of an unknown kind. *out is owned by
 * the arena. */
struct evp_pkey_st;
bool public_key(struct bytes spki, struct arena *arena, struct evp_pkey_st **out,
                struct failure *why);

#endif
