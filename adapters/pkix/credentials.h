/* Keys, certificates, secrets and trust, as handles that are parsed once and shared.
 *
 * All handles are immutable after they were made and reference counted, so that a configuration
 * can be swapped while exchanges still use the old one, from any thread. Loading from files is the
 * gateway's business (gateway/keys); nothing here does I/O. */
#ifndef DRAGOMAN_ADAPTERS_PKIX_CREDENTIALS_H
#define DRAGOMAN_ADAPTERS_PKIX_CREDENTIALS_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "mapping/model/arena.h"
#include "mapping/model/failure.h"
#include "mapping/model/protocol.h"
#include "mapping/plan.h"

/* ---- a certificate, parsed once ------------------------------------------------------------- */

struct certificate;

/* Strict DER, no trailing octets. *out has one reference. */
bool certificate_parse(struct bytes der, struct certificate **out, struct failure *why);
struct certificate *certificate_ref(struct certificate *certificate);
void certificate_unref(struct certificate *certificate); /* NULL is allowed */

/* Slices live as long as the certificate. */
struct bytes certificate_der(const struct certificate *certificate);
struct bytes certificate_subject(const struct certificate *certificate); /* Name TLV */
struct bytes certificate_issuer(const struct certificate *certificate);  /* Name TLV */
struct bytes certificate_serial(const struct certificate *certificate);  /* INTEGER content */
struct bytes certificate_spki(const struct certificate *certificate);    /* TLV */
struct bytes certificate_ski(const struct certificate *certificate);     /* key id; empty if none */
struct bytes certificate_sha256(const struct certificate *certificate);
/* Made when first asked for. NULL: OpenSSL cannot read it; a key that this build cannot use. */
X509 *certificate_get0_x509(const struct certificate *certificate);
EVP_PKEY *certificate_get0_key(const struct certificate *certificate);
int64_t certificate_not_before(const struct certificate *certificate);
int64_t certificate_not_after(const struct certificate *certificate);
bool certificate_is_ca(const struct certificate *certificate);
struct extension; /* extensions.h */
/* The extension of that dotted OID; false if it has none. */
bool certificate_extension(const struct certificate *certificate, const char *oid,
                           struct extension *out);
/* Extended key usages that make a certificate an RA or CA of CMC and CMP (RFC 10002 9.1). */
enum rfc_eku { EKU_CMC_CA = 27, EKU_CMC_RA = 28, EKU_CMC_ARCHIVE = 29, EKU_CM_KGA = 32 };
bool certificate_has_eku(const struct certificate *certificate, enum rfc_eku usage);
/* Absent key usage allows everything. `usage` is one of OpenSSL's KU_ bits. */
bool certificate_allows(const struct certificate *certificate, uint32_t usage);

/* ---- trust anchors -------------------------------------------------------------------------- */

struct trust;

enum trust_flag {
    /* A signer is refused if its revocation, or that of a CA below the anchor, cannot be told: no
     * CRL, or one that is out of date. Without the flag such CRLs are taken for what they say. */
    TRUST_CRL_REQUIRED = 1,
    TRUST_SHA1 = 2, /* certificates signed with SHA-1 are believed (never MD5) */
};

/* Takes references of its own. CRLs (DER) may be none. `flags` are of enum trust_flag. NULL with
 * why on failure. */
struct trust *trust_new(struct certificate *const *anchors, size_t anchor_count,
                        const struct bytes *crls, size_t crl_count, unsigned flags,
                        struct failure *why);
struct trust *trust_ref(struct trust *trust);
void trust_unref(struct trust *trust);
size_t trust_anchor_count(const struct trust *trust);
struct certificate *trust_anchor(const struct trust *trust, size_t i); /* lent */

/* Whether a path leads from leaf to an anchor at `now`, using `others` in any order: duplicates and
 * strangers among them do no harm. An anchor that equals the leaf is a path, and an anchor need not
 * be self-signed. Expired, revoked and unknown have their own texts; the reason is SIGNER_UNKNOWN,
 * or CERT_REVOKED. What the leaf may be used for (key usages) is the caller's question. `chain`
 * (may be NULL) receives the path from the leaf's issuer to the anchor (DER), owned by the arena.
 */
bool trust_verify(const struct trust *trust, const struct certificate *leaf,
                  struct certificate *const *others, size_t other_count, int64_t now,
                  struct arena *arena, struct bytes **chain, size_t *chain_count,
                  struct failure *why);

/* ---- a credential that signs ---------------------------------------------------------------- */

struct signer {
    struct certificate *certificate;
    EVP_PKEY *key;
    struct certificate **chain; /* its CA certificates, without the root */
    size_t chain_count;
};

/* Checks that key and certificate belong together; takes references of its own. */
struct signer *signer_new(struct certificate *certificate, EVP_PKEY *key,
                          struct certificate *const *chain, size_t chain_count,
                          struct failure *why);
struct signer *signer_ref(struct signer *signer);
void signer_unref(struct signer *signer);

/* ---- shared secrets ------------------------------------------------------------------------- */

struct secrets;

struct secrets *secrets_new(void);
/* Copies both; a second secret of one reference replaces the first. */
void secrets_add(struct secrets *secrets, struct bytes reference, struct bytes secret);
/* The secret of a reference; false if unknown. The slice is a secret: keep it out of texts. */
bool secrets_find(const struct secrets *secrets, struct bytes reference, struct bytes *secret);
size_t secrets_count(const struct secrets *secrets);
/* Every secret once, in no order. */
void secrets_each(const struct secrets *secrets,
                  void (*visit)(void *context, struct bytes reference, struct bytes secret),
                  void *context);
struct secrets *secrets_ref(struct secrets *secrets);
void secrets_unref(struct secrets *secrets); /* overwrites them */

/* ---- who may knock ------------------------------------------------------------------------- */

/* How strictly a device group's messages are judged. */
struct device_options {
    long mac_iterations_min;
    long mac_iterations_max;
    bool mac_legacy; /* takes SHA-1 and HMAC-SHA1, nonces below 16 octets, and no transactionID */
    bool signature_sha1; /* takes SHA-1 signatures */
    long skew_s;         /* messageTime against our clock; 0: not checked */
    bool require_time;
    bool ignore_key_usage; /* takes signers without digitalSignature */
    bool any_ra;           /* treats every signer of the group as an RA */
    bool unproven;         /* takes CMC requests that prove no identity: signed by the key that they
                              want certified, or Simple Requests without a TLS certificate */
    bool require_binding;  /* EST over TLS 1.2: the request names its TLS session */
    int64_t expired_s; /* EST: for so long a renewal may show a certificate whose time is over */
};

/* The devices of one route: how they prove who they are, and how they are answered. */
struct device_group {
    const char *name;              /* the route's */
    struct secrets *secrets;       /* NULL: no shared secrets */
    struct secrets *passwords;     /* hashes (password.h) by user, for HTTP Basic; NULL: none */
    const char *const *references; /* patterns with '*'; only these references; NULL: all */
    size_t reference_count;
    struct trust *trust;          /* NULL: no certificates */
    struct signer *signer;        /* signs answers to these devices; NULL: MAC only */
    struct certificate **ca_pubs; /* anchors handed out in a MAC-protected ip (RFC 9810 5.3.2) */
    size_t ca_pub_count;
    struct device_options options;
};

/* All groups of one listener, in the order of the routes. */
struct credentials {
    const struct device_group *groups;
    size_t group_count;
    struct signer *signer; /* for errors to nobody known; NULL: unprotected */
};

/* ---- whom we ask ---------------------------------------------------------------------------- */

struct local_ca; /* adapters/local/local_ca.h */

struct cmc_options {
    bool digest_null;   /* NULL parameters in digestAlgorithm beside RSA (older peers check so) */
    bool issuer_serial; /* name the signer by issuerAndSerialNumber, not by SKI */
    bool witness;       /* send raIdentityWitness */
    bool simple_response_without_tls;
    const char *digest; /* "SHA256", "SHA384", "SHA512" */
};

struct authority {
    const char *name;
    const char *url;
    struct capabilities capabilities; /* .protocol says which adapter */
    struct trust *trust;              /* who may sign answers and issue certificates */
    struct signer *ra;                /* our RA credential; NULL for LOCAL */
    struct cmc_options cmc;
    bool ignore_key_usage;  /* takes answers signed without the key usage digitalSignature */
    bool resend;            /* safe to send the same octets again: the authority recognises them */
    bool tolerate_changes;  /* a certificate that differs from the request is still delivered */
    struct local_ca *local; /* LOCAL */
};

#endif
