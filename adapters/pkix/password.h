/* Passwords that are kept as scrypt hashes (RFC 7914), as one line of text each:
 *
 *   $scrypt$ln=14,r=8,p=1$SALT$KEY          SALT and KEY in base64 without padding
 *
 * The numbers are part of the line, so that they can grow while old lines stay good. */
#ifndef DRAGOMAN_ADAPTERS_PKIX_PASSWORD_H
#define DRAGOMAN_ADAPTERS_PKIX_PASSWORD_H

#include "mapping/model/arena.h"
#include "mapping/model/failure.h"

enum { PASSWORD_SALT_OCTETS = 16 };

/* The line of a new password; the salt is the caller's. */
struct bytes password_hash(struct bytes password, const uint8_t salt[PASSWORD_SALT_OCTETS],
                           struct arena *arena);
/* Whether a line is one, and its work is within LIMIT_PASSWORD_MEMORY and LIMIT_PASSWORD_LANES. */
bool password_check_line(struct bytes line, struct failure *why);
/* Whether the password is that of the line. An empty or broken line is nobody's, after the work
 * that a new line costs: who asks cannot tell it from a wrong password. */
bool password_matches(struct bytes line, struct bytes password);

#endif
