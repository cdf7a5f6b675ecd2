/* SignedData (RFC 5652) as CMC uses it: read strictly but tolerantly of BER outside the signed
 * octets, written as DER. */
#ifndef DRAGOMAN_ADAPTERS_PKIX_CMS_H
#define DRAGOMAN_ADAPTERS_PKIX_CMS_H

#include "adapters/pkix/credentials.h"

struct cms_signer {
    struct bytes issuer; /* Name TLV; empty if named by key identifier */
    struct bytes serial; /* INTEGER content */
    struct bytes key_id; /* subjectKeyIdentifier octets; empty if named by issuer and serial */
    struct bytes digest_algorithm;    /* AlgorithmIdentifier TLV */
    struct bytes signed_attributes;   /* SET TLV as it is signed (tag 31); empty if absent */
    struct bytes signature_algorithm; /* AlgorithmIdentifier TLV */
    struct bytes signature;
    struct bytes unsigned_attributes; /* [1] TLV; empty if absent */
    int64_t signing_time;             /* 0: none */
};

struct cms_signed {
    struct bytes content_type; /* OID TLV */
    struct bytes content;      /* eContent octets; empty in a degenerate (certs-only) message */
    bool has_content;
    struct certificate *
        *certificates; /* owned by the arena; those that cannot be read are left out */
    size_t certificate_count;
    struct bytes *crls; /* DER */
    size_t crl_count;
    struct cms_signer *signers;
    size_t signer_count;
};

/* A ContentInfo holding SignedData. Trailing octets are refused. */
bool cms_parse(struct bytes octets, struct arena *arena, struct cms_signed *out,
               struct failure *why);
/* The certificate that signer i names, NULL if it is not among the certificates nor `others`. */
struct certificate *cms_find_signer(const struct cms_signed *cms, size_t i,
                                    struct certificate *const *others, size_t other_count);
/* Signature of signer i under `key`, over signed attributes as received; content type and message
 * digest among them must be there and right (RFC 5652 5.3, 11). Only id-data may be signed without
 * attributes. BAD_ALG, SIGNATURE_WRONG, BAD_MESSAGE_CHECK. */
bool cms_verify(const struct cms_signed *cms, size_t i, EVP_PKEY *key, bool allow_sha1,
                struct failure *why);

/* The digest that a SignerInfo's digestAlgorithm names, with Ed448's id-shake256-len (RFC 8419);
 * NULL if unknown. */
const char *cms_digest_name(struct bytes digest_algorithm);

struct cms_signing {
    const char *content_type; /* dotted OID */
    struct bytes content;
    const struct signer *signer; /* its certificate and chain are included */
    EVP_PKEY *key;               /* without signer: the key of a request (RFC 10002 3.2) */
    struct bytes key_id;         /* its subjectKeyIdentifier */
    bool issuer_serial;          /* name the signer so, not by key identifier: also done where its
                                    certificate has none */
    bool digest_null;            /* NULL parameters in digestAlgorithm beside RSA */
    const char *digest;          /* NULL: the customary one */
    int64_t signing_time;        /* 0: no such attribute */
    const struct bytes *extra_certificates; /* DER */
    size_t extra_count;
    const struct bytes *crls; /* DER */
    size_t crl_count;
};
/* Neither signer nor key: a SignedData that nobody signed. */
bool cms_sign(const struct cms_signing *signing, struct arena *arena, struct bytes *out,
              struct failure *why);
/* A degenerate SignedData: certificates in DER SET order, no empty crls field. */
struct bytes cms_certs_only(const struct bytes *certificates, size_t count, struct arena *arena);

#endif
