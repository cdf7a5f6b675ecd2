#include "gateway/ca/crl.h"

#include "adapters/local/local_ca.h"
#include "adapters/pkix/names.h"

/* RFC 5280 3.3: an entry stays until it stood in one CRL issued after the certificate's end. A
 * month covers every interval that the days of `ca crl` are likely to have. */
static const int64_t AFTER_END_S = INT64_C(30) * 86400;

static size_t collect(struct store *store, const struct authority *authority, int64_t now,
                      struct arena *arena, struct revoked **out)
{
    size_t count = 0, kept = 0;
    const enum certificate_state revoked = CERTIFICATE_REVOKED;
    const struct certificate_filter filter = {
        .states = &revoked, .state_count = 1, .authority = authority->name, .most = SIZE_MAX};
    const struct issued_certificate *c = store_certificates(store, &filter, arena, &count);
    struct bytes issuer = certificate_subject(authority->local->signer->certificate);
    *out = arena_array(arena, count + 1, sizeof(**out));
    for (size_t i = 0; i < count; i++)
        if (names_octets_equal(c[i].issuer, issuer) && c[i].not_after + AFTER_END_S > now)
            (*out)[kept++] = (struct revoked){
                .serial = c[i].serial, .at = c[i].revoked_at, .reason = c[i].revocation_reason};
    return kept;
}

bool crl_make(struct store *store, const struct authority *authority, int64_t now,
              int64_t next_update, struct arena *arena, struct bytes *der, struct failure *why)
{
    struct revoked *revoked;
    size_t count = collect(store, authority, now, arena, &revoked);
    int64_t number = store_next_number(store, arena_printf(arena, "crl/%s", authority->name));
    if (number == 0)
        return fail(why, REASON_SYSTEM_FAILURE, NULL, "the store cannot be written");
    return local_ca_crl(authority->local, revoked, count, number, now, next_update, arena, der,
                        why);
}
