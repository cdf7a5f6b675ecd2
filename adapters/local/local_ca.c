#include "adapters/local/local_ca.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "adapters/local/local_extensions.h"
#include "adapters/local/local_signed.h"
#include "adapters/pkix/der.h"
#include "adapters/pkix/key.h"
#include "adapters/pkix/names.h"

static const char OID_BASIC_CONSTRAINTS[] = "2.5.29.19";
static const char OID_SUBJECT_KEY_ID[] = "2.5.29.14";
static const int64_t LAST_TIME = 253402300799; /* 99991231235959Z, RFC 5280 4.1.2.5 */
static const int64_t FIRST_TIME = -631152000;  /* 19500101000000Z, the first UTCTime */

struct tbs {
    struct bytes serial; /* INTEGER TLV */
    struct bytes issuer, subject, spki;
    int64_t not_before, not_after;
    struct bytes extensions;
};

/* TBSCertificate ::= SEQUENCE { version [0] v3(2), serialNumber, signature, issuer, validity,
 *     subject, subjectPublicKeyInfo, extensions [3] }                        (RFC 5280 4.1)
 *
 * Written here and not through X509_set_*: subject and key stay octet for octet as requested. */
static struct bytes certificate_body(void *context, struct bytes algorithm, struct arena *arena)
{
    const struct tbs *tbs = context;
    struct bytes times[] = {der_x509_time(arena, tbs->not_before),
                            der_x509_time(arena, tbs->not_after)};
    struct bytes parts[] = {
        der_wrap(arena, DER_CONTEXT_CONSTRUCTED, der_integer(arena, 2)),
        tbs->serial,
        algorithm,
        tbs->issuer,
        der_join(arena, DER_SEQUENCE, times, 2),
        tbs->subject,
        tbs->spki,
        der_wrap(arena, DER_CONTEXT_CONSTRUCTED | 3, tbs->extensions),
    };
    return der_join(arena, DER_SEQUENCE, parts, sizeof(parts) / sizeof(parts[0]));
}

/* RFC 5280 4.1.2.2: positive, at most 20 octets. The second bit is always set, so that the number
 * is neither zero nor shorter than 16 octets. */
static struct bytes new_serial(struct entropy *entropy, struct arena *arena)
{
    uint8_t octets[16];
    memcpy(octets, entropy_take(entropy, sizeof(octets), arena).data, sizeof(octets));
    octets[0] = (uint8_t)((octets[0] & 0x7f) | 0x40);
    return der_wrap(arena, DER_INTEGER, bytes_of(octets, sizeof(octets)));
}

/* ---- issuing --------------------------------------------------------------------------------- */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* What is asked for, within the profile and within the CA's own life. */
static bool choose_validity(const struct local_ca *ca, const struct item *item, int64_t now,
                            struct tbs *tbs, struct failure *why)
{
    int64_t ca_end = certificate_not_after(ca->signer->certificate);
    if (ca_end <= now)
        return fail(why, REASON_SYSTEM_FAILURE, "RFC 5280 6.1",
                    "the CA's own certificate has expired");
    int64_t first = now - ca->profile.backdate_s;
    int64_t last = least(least(now + ca->profile.validity_s, ca_end), LAST_TIME);
    tbs->not_before = item->not_before > first ? item->not_before : first;
    tbs->not_after = item->not_after > 0 ? least(item->not_after, last) : last;
    if (tbs->not_after <= now || tbs->not_after <= tbs->not_before)
        return fail(why, REASON_BAD_CERT_TEMPLATE, "RFC 9483 3.6.4",
                    "the validity asked for has passed, or ends before it begins, or lies beyond "
                    "what is issued here");
    return true;
}

static bool check_key(const struct item *item, EVP_PKEY **key, struct failure *why)
{
    *key = key_from_spki(item->spki);
    if (*key == NULL)
        return fail(why, REASON_BAD_CERT_TEMPLATE, "RFC 5280 4.1.2.7",
                    "the public key cannot be read");
    return key_is_strong(*key, REASON_BAD_CERT_TEMPLATE, why);
}

/* Two CAs with one key, or a subject that is the CA's: its certificates would pass for the CA's
 * own in path building. */
static bool is_not_the_ca(const struct local_ca *ca, const struct item *item, struct failure *why)
{
    const struct certificate *own = ca->signer->certificate;
    if (names_same(item->subject, certificate_subject(own)))
        return fail(why, REASON_BAD_CERT_TEMPLATE, "RFC 5280 4.1.2.6",
                    "the subject is that of the CA itself; choose another name");
    if (bytes_equal(item->spki, certificate_spki(own)))
        return fail(why, REASON_BAD_CERT_TEMPLATE, "RFC 9483 3.6.4",
                    "the key is that of the CA itself; make another key");
    return true;
}

bool local_ca_issue(const struct local_ca *ca, const struct item *item, int64_t now,
                    struct entropy *entropy, struct arena *arena, struct bytes *certificate,
                    struct failure *why)
{
    EVP_PKEY *key = NULL;
    struct extension_list extensions = {.arena = arena};
    struct tbs tbs = {.issuer = certificate_subject(ca->signer->certificate),
                      .subject = bytes_is_empty(item->subject)
                                     ? der_wrap(arena, DER_SEQUENCE, BYTES_EMPTY)
                                     : item->subject,
                      .spki = item->spki};
    bool done = false;
    if (!check_key(item, &key, why) || !names_check_request(tbs.subject, why) ||
        !is_not_the_ca(ca, item, why) || !choose_validity(ca, item, now, &tbs, why) ||
        !local_extensions(ca, item, key, &extensions, why))
        goto done;
    tbs.serial = new_serial(entropy, arena);
    tbs.extensions = extension_list_der(&extensions);
    done = local_sign(ca->signer->key, certificate_body, &tbs, arena, certificate, why);
done:
    EVP_PKEY_free(key);
    return done;
}

/* ---- a new CA -------------------------------------------------------------------------------- */

static bool own_spki(EVP_PKEY *key, struct arena *arena, struct bytes *spki, struct failure *why)
{
    unsigned char *der = NULL;
    int size = i2d_PUBKEY(key, &der);
    if (size <= 0)
        return fail_openssl(why, REASON_INTERNAL, NULL, "the CA's public key cannot be written");
    *spki = arena_copy(arena, bytes_of(der, (size_t)size));
    OPENSSL_free(der);
    return true;
}

bool local_ca_self_sign(EVP_PKEY *key, struct bytes subject, int64_t now, int64_t validity_s,
                        struct entropy *entropy, struct arena *arena, struct bytes *certificate,
                        struct failure *why)
{
    struct tbs tbs = {.issuer = subject,
                      .subject = subject,
                      .not_before = now < FIRST_TIME ? FIRST_TIME : now,
                      .not_after = least(now + validity_s, LAST_TIME)};
    if (der_name_is_empty(subject))
        return fail(why, REASON_BAD_CERT_TEMPLATE, "RFC 5280 4.1.2.4", "a CA must have a name");
    if (!names_check_request(subject, why) || !own_spki(key, arena, &tbs.spki, why))
        return false;
    struct extension_list list = {.arena = arena};
    struct bytes is_ca = der_wrap(arena, DER_BOOLEAN, BYTES_LITERAL("\xff"));
    extension_add(&list, OID_BASIC_CONSTRAINTS, true, der_wrap(arena, DER_SEQUENCE, is_ca));
    /* digitalSignature, so that a small site may answer its devices with the CA's own key. */
    extension_add_key_usage(&list, KU_KEY_CERT_SIGN | KU_CRL_SIGN | KU_DIGITAL_SIGNATURE);
    struct bytes key_id = local_key_id(tbs.spki, arena);
    extension_add(&list, OID_SUBJECT_KEY_ID, false, der_wrap(arena, DER_OCTET_STRING, key_id));
    tbs.serial = new_serial(entropy, arena);
    tbs.extensions = extension_list_der(&list);
    return local_sign(key, certificate_body, &tbs, arena, certificate, why);
}
