/* A certificate is walked once for what decides; OpenSSL's own object and the key are made when
 * somebody asks for them, since most certificates in a message only travel. */
#include <stdatomic.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "adapters/pkix/credentials.h"
#include "adapters/pkix/der.h"
#include "adapters/pkix/extensions.h"
#include "adapters/pkix/key.h"
#include "adapters/pkix/signature.h"

/* Made at most once for every user: whoever comes second throws his own away. */
struct made {
    _Atomic(X509 *) x509;
    _Atomic(EVP_PKEY *) key;
};

struct certificate {
    atomic_size_t references;
    struct made *made;
    struct bytes der, subject, issuer, serial, spki, ski, extensions;
    int64_t not_before, not_after;
    uint8_t sha256[32];
    bool is_ca;
    uint32_t key_usage; /* KU_ bits; all if the extension is absent */
    uint64_t ekus;      /* 1 << enum rfc_eku */
    uint8_t octets[];
};

/* ---- reading -------------------------------------------------------------------------------- */

static bool read_key_usage(struct bytes value, struct certificate *out)
{
    struct der bits;
    if (!der_only(value, DER_BIT_STRING, &bits) || bits.content.size < 2)
        return false;
    out->key_usage = bits.content.data[1];
    if (bits.content.size > 2)
        out->key_usage |= (uint32_t)bits.content.data[2] << 8;
    return true;
}

/* BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE,
 *                                 pathLenConstraint INTEGER OPTIONAL } */
static bool read_basic_constraints(struct bytes value, struct certificate *out)
{
    struct der sequence, flag;
    if (!der_only(value, DER_SEQUENCE, &sequence))
        return false;
    struct bytes rest = sequence.content;
    if (der_take(&rest, DER_BOOLEAN, &flag) && !der_boolean(flag.content, &out->is_ca))
        return false;
    return true;
}

static bool read_ski(struct bytes value, struct certificate *out)
{
    struct der octets;
    if (!der_only(value, DER_OCTET_STRING, &octets))
        return false;
    out->ski = octets.content;
    return true;
}

/* ExtKeyUsageSyntax ::= SEQUENCE SIZE (1..MAX) OF KeyPurposeId */
static bool read_ekus(struct bytes value, struct certificate *out)
{
    static const uint8_t id_kp[] = {0x2b, 6, 1, 5, 5, 7, 3};
    struct der sequence, oid;
    if (!der_only(value, DER_SEQUENCE, &sequence))
        return false;
    for (struct bytes rest = sequence.content; rest.size > 0;) {
        if (!der_take(&rest, DER_OID, &oid))
            return false;
        struct bytes content = oid.content;
        if (content.size == sizeof(id_kp) + 1 && content.data[sizeof(id_kp)] < 64 &&
            memcmp(content.data, id_kp, sizeof(id_kp)) == 0)
            out->ekus |= UINT64_C(1) << content.data[sizeof(id_kp)];
    }
    return true;
}

static const struct {
    const char *oid;
    const char *name;
    bool (*read)(struct bytes value, struct certificate *out);
} extension_readers[] = {
    {"2.5.29.15", "keyUsage", read_key_usage},
    {"2.5.29.19", "basicConstraints", read_basic_constraints},
    {"2.5.29.14", "subjectKeyIdentifier", read_ski},
    {"2.5.29.37", "extKeyUsage", read_ekus},
};

static bool read_extensions(struct bytes extensions, struct certificate *out, struct failure *why)
{
    struct failure cause;
    if (!extensions_check(extensions, &cause))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 5280 4.2", "certificate: %s", cause.text);
    for (size_t i = 0; i < sizeof(extension_readers) / sizeof(extension_readers[0]); i++) {
        struct extension extension;
        if (extensions_find(extensions, extension_readers[i].oid, &extension) &&
            (!der_is_sound(extension.value) || !extension_readers[i].read(extension.value, out)))
            return fail(why, REASON_BAD_DATA_FORMAT, "RFC 5280 4.2",
                        "certificate: malformed extension %s", extension_readers[i].name);
    }
    return true;
}

/* Validity ::= SEQUENCE { notBefore Time, notAfter Time } */
static bool read_validity(struct bytes *rest, struct certificate *out)
{
    struct der validity, time;
    if (!der_take(rest, DER_SEQUENCE, &validity))
        return false;
    struct bytes inside = validity.content;
    return der_next(&inside, &time) && der_time(time.whole, &out->not_before) &&
           der_next(&inside, &time) && der_time(time.whole, &out->not_after) && inside.size == 0;
}

/* What a name or an algorithm is inside is left to those who use it. */
static bool take_slice(struct bytes *rest, uint8_t tag, struct bytes *whole)
{
    struct der tlv;
    if (!der_take(rest, tag, &tlv))
        return false;
    *whole = tlv.whole;
    return true;
}

/* TBSCertificate ::= SEQUENCE {
 *     version         [0] EXPLICIT Version DEFAULT v1,
 *     serialNumber    CertificateSerialNumber,
 *     signature       AlgorithmIdentifier,
 *     issuer          Name,
 *     validity        Validity,
 *     subject         Name,
 *     subjectPublicKeyInfo SubjectPublicKeyInfo,
 *     issuerUniqueID  [1] IMPLICIT UniqueIdentifier OPTIONAL,
 *     subjectUniqueID [2] IMPLICIT UniqueIdentifier OPTIONAL,
 *     extensions      [3] EXPLICIT Extensions OPTIONAL }                     (RFC 5280 4.1) */
static bool read_tbs(struct bytes rest, struct certificate *out, struct failure *why)
{
    struct der skipped, serial, extensions;
    struct bytes algorithm;
    der_take(&rest, DER_CONTEXT_CONSTRUCTED | 0, &skipped);
    if (!der_take(&rest, DER_INTEGER, &serial))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 5280 4.1.2.2",
                    "certificate: no serial number");
    out->serial = serial.content;
    if (!take_slice(&rest, DER_SEQUENCE, &algorithm) ||
        !take_slice(&rest, DER_SEQUENCE, &out->issuer))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 5280 4.1.2.4", "certificate: no issuer");
    if (!read_validity(&rest, out))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 5280 4.1.2.5",
                    "certificate: malformed validity");
    if (!take_slice(&rest, DER_SEQUENCE, &out->subject))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 5280 4.1.2.6", "certificate: no subject");
    if (!take_slice(&rest, DER_SEQUENCE, &out->spki))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 5280 4.1.2.7", "certificate: no public key");
    der_take(&rest, DER_CONTEXT | 1, &skipped);
    der_take(&rest, DER_CONTEXT | 2, &skipped);
    if (rest.size == 0)
        return true;
    if (!der_only(rest, DER_CONTEXT_CONSTRUCTED | 3, &extensions))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 5280 4.1",
                    "certificate: unknown field after the public key");
    out->extensions = extensions.content;
    return read_extensions(extensions.content, out, why);
}

/* Certificate ::= SEQUENCE {
 *     tbsCertificate     TBSCertificate,
 *     signatureAlgorithm AlgorithmIdentifier,
 *     signature          BIT STRING } */
static bool read_certificate(struct certificate *out, struct failure *why)
{
    struct der whole, tbs, algorithm, signature;
    if (!der_is_sound(out->der) || !der_only(out->der, DER_SEQUENCE, &whole))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 5280 4.1", "certificate: not DER");
    struct bytes rest = whole.content;
    if (!der_take(&rest, DER_SEQUENCE, &tbs) || !der_take(&rest, DER_SEQUENCE, &algorithm) ||
        !der_only(rest, DER_BIT_STRING, &signature))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 5280 4.1",
                    "certificate: not a signed certificate");
    return read_tbs(tbs.content, out, why);
}

bool certificate_parse(struct bytes der, struct certificate **out, struct failure *why)
{
    *out = NULL;
    struct certificate *made = calloc(1, sizeof(*made) + der.size);
    if (made == NULL || (made->made = calloc(1, sizeof(*made->made))) == NULL)
        abort(); /* out of memory: as in arena.c */
    atomic_init(&made->references, 1);
    atomic_init(&made->made->x509, NULL);
    atomic_init(&made->made->key, NULL);
    if (der.size > 0)
        memcpy(made->octets, der.data, der.size);
    made->der = bytes_of(made->octets, der.size);
    made->key_usage = UINT32_MAX;
    if (!read_certificate(made, why)) {
        certificate_unref(made);
        return false;
    }
    sha256(made->der, made->sha256);
    *out = made;
    return true;
}

bool certificate_extension(const struct certificate *certificate, const char *oid,
                           struct extension *out)
{
    return extensions_find(certificate->extensions, oid, out);
}

struct certificate *certificate_ref(struct certificate *certificate)
{
    if (certificate != NULL)
        atomic_fetch_add_explicit(&certificate->references, 1, memory_order_relaxed);
    return certificate;
}

void certificate_unref(struct certificate *certificate)
{
    if (certificate == NULL || atomic_fetch_sub(&certificate->references, 1) != 1)
        return;
    X509_free(atomic_load(&certificate->made->x509));
    EVP_PKEY_free(atomic_load(&certificate->made->key));
    free(certificate->made);
    free(certificate);
}

/* ---- what was read -------------------------------------------------------------------------- */

struct bytes certificate_der(const struct certificate *certificate)
{
    return certificate->der;
}

struct bytes certificate_subject(const struct certificate *certificate)
{
    return certificate->subject;
}

struct bytes certificate_issuer(const struct certificate *certificate)
{
    return certificate->issuer;
}

struct bytes certificate_serial(const struct certificate *certificate)
{
    return certificate->serial;
}

struct bytes certificate_spki(const struct certificate *certificate)
{
    return certificate->spki;
}

struct bytes certificate_ski(const struct certificate *certificate)
{
    return certificate->ski;
}

struct bytes certificate_sha256(const struct certificate *certificate)
{
    return bytes_of(certificate->sha256, sizeof(certificate->sha256));
}

int64_t certificate_not_before(const struct certificate *certificate)
{
    return certificate->not_before;
}

int64_t certificate_not_after(const struct certificate *certificate)
{
    return certificate->not_after;
}

bool certificate_is_ca(const struct certificate *certificate)
{
    return certificate->is_ca;
}

bool certificate_has_eku(const struct certificate *certificate, enum rfc_eku usage)
{
    return (certificate->ekus >> usage & 1) != 0;
}

bool certificate_allows(const struct certificate *certificate, uint32_t usage)
{
    return (certificate->key_usage & usage) != 0;
}

X509 *certificate_get0_x509(const struct certificate *certificate)
{
    X509 *x509 = atomic_load(&certificate->made->x509);
    if (x509 != NULL)
        return x509;
    const unsigned char *at = certificate->der.data;
    ERR_set_mark();
    X509 *mine = d2i_X509(NULL, &at, (long)certificate->der.size);
    ERR_pop_to_mark();
    if (mine == NULL || atomic_compare_exchange_strong(&certificate->made->x509, &x509, mine))
        return mine;
    X509_free(mine);
    return x509;
}

EVP_PKEY *certificate_get0_key(const struct certificate *certificate)
{
    EVP_PKEY *key = atomic_load(&certificate->made->key);
    if (key != NULL)
        return key;
    EVP_PKEY *mine = key_from_spki(certificate->spki);
    if (mine == NULL || atomic_compare_exchange_strong(&certificate->made->key, &key, mine))
        return mine;
    EVP_PKEY_free(mine);
    return key;
}
