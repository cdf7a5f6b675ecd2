#include "adapters/est/est_identity.h"

#include <strings.h>

#include "adapters/est/est_base64.h"
#include "adapters/pkix/devices.h"
#include "adapters/pkix/names.h"
#include "adapters/pkix/signature.h"
#include "mapping/codes.h"
#include "mapping/model/limits.h"
#include "mapping/model/pack.h"

static void hash_of(const char *kind, struct bytes value, struct arena *arena, uint8_t out[32])
{
    struct pack_writer writer = pack_writer(arena, 1);
    pack_bytes(&writer, bytes_of_text(kind));
    pack_bytes(&writer, value);
    sha256(pack_result(&writer), out);
}

void est_shown_identity(const struct message *message, uint8_t hash[32])
{
    struct arena *arena = arena_new();
    if (!bytes_is_empty(message->client_certificate))
        hash_of("tls", message->client_certificate, arena, hash);
    else
        hash_of("basic", est_user(message, arena), arena, hash);
    arena_free(arena);
}

/* credentials = "Basic" 1*SP token68; token68 = base64(user ":" password)         (RFC 7617 2) */
static bool read_basic(const struct message *message, struct arena *arena, struct bytes *user,
                       struct bytes *password)
{
    struct bytes field = message->authorization;
    struct bytes pair;
    struct failure ignored;
    if (field.size < 6 || strncasecmp((const char *)field.data, "Basic ", 6) != 0 ||
        field.size > 4 * LIMIT_REFERENCE_OCTETS ||
        !est_base64_decode(bytes_slice(field, 6, field.size), arena, &pair, &ignored))
        return false;
    const uint8_t *colon = memchr(pair.data, ':', pair.size);
    if (colon == NULL)
        return false;
    *user = bytes_of(pair.data, (size_t)(colon - pair.data));
    *password = bytes_slice(pair, user->size + 1, pair.size);
    return true;
}

struct bytes est_user(const struct message *message, struct arena *arena)
{
    struct bytes user, password;
    return read_basic(message, arena, &user, &password) ? user : BYTES_EMPTY;
}

static bool by_password(const struct inbound_context *context, struct arena *arena,
                        struct identity *identity, struct failure *why)
{
    const struct device_group *group = NULL;
    struct bytes user, password;
    if (!read_basic(context->message, arena, &user, &password))
        return fail(why, REASON_UNAUTHENTICATED, NULL, "only Basic authentication is understood");
    if (!context->message->tls)
        return fail(why, REASON_UNAUTHENTICATED, "RFC 7030 3.2.3",
                    "a password is taken over TLS only");
    if (!devices_check_password(context->credentials, user, password, &group))
        return fail(why, REASON_SECRET_WRONG, "RFC 7030 3.2.3", "unknown user or wrong password");
    uint8_t credential[32];
    hash_of("basic", user, arena, credential);
    identity->kind = IDENTITY_PASSWORD;
    identity->principal = peer_text(user, arena);
    identity->credential = arena_copy(arena, bytes_of(credential, sizeof(credential)));
    identity->group = (size_t)(group - context->credentials->groups);
    return true;
}

static void release_certificate(void *certificate)
{
    certificate_unref(certificate);
}

static bool by_certificate(const struct inbound_context *context, bool renewal, struct arena *arena,
                           struct identity *identity, struct failure *why)
{
    const struct message *message = context->message;
    struct certificate *leaf = NULL, *others[LIMIT_CERTIFICATES];
    const struct device_group *group = NULL;
    struct bytes *chain;
    size_t other_count = 0, chain_count;
    if (!certificate_parse(message->client_certificate, &leaf, why))
        return false;
    arena_own(arena, leaf, release_certificate);
    for (size_t i = 0; i < message->client_chain_count && other_count < LIMIT_CERTIFICATES; i++) {
        struct failure ignored;
        if (certificate_parse(message->client_chain[i], &others[other_count], &ignored))
            arena_own(arena, others[other_count++], release_certificate);
    }
    if (!devices_find_signer(context->credentials, leaf, others, other_count, context->now, arena,
                             &group, &chain, &chain_count, why) &&
        !(renewal && devices_find_expired(context->credentials, leaf, others, other_count,
                                          context->now, arena, &group)))
        return false;
    identity->kind = IDENTITY_TLS;
    identity->subject = certificate_subject(leaf);
    identity->principal = names_text(identity->subject, arena);
    identity->credential = certificate_sha256(leaf);
    identity->certificate = certificate_der(leaf);
    identity->group = (size_t)(group - context->credentials->groups);
    identity->is_ra = group->options.any_ra || certificate_has_eku(leaf, EKU_CMC_RA);
    return true;
}

bool est_identify(const struct inbound_context *context, bool renewal, struct arena *arena,
                  struct identity *identity, struct failure *why)
{
    const struct message *message = context->message;
    *identity = (struct identity){.kind = IDENTITY_NONE};
    bool certificate = !bytes_is_empty(message->client_certificate);
    if (certificate && by_certificate(context, renewal, arena, identity, why))
        return true;
    if (!bytes_is_empty(message->authorization))
        return by_password(context, arena, identity, why);
    if (certificate && !devices_have_passwords(context->credentials))
        return false;
    return fail(why, REASON_UNAUTHENTICATED, NULL, NULL);
}
