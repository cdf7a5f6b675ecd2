/* The structures of CMP (RFC 9810 5 and Appendix F), each as a table that is read and written by
 * the same code.
 *
 * Why not OpenSSL's templates: what is protected must be checked over the octets as received, so a
 * message is best read as slices of itself; hostile input makes nothing allocate; RFC 9811 3.1
 * wants DER, so BER need not be understood; and one table serves both directions.
 *
 * A member holds the content of its field, or the whole TLV where the table says WHOLE (an INTEGER,
 * a CHOICE, what only travels on). An absent field is an empty slice. */
#ifndef DRAGOMAN_ADAPTERS_CMP_CMP_ASN1_H
#define DRAGOMAN_ADAPTERS_CMP_CMP_ASN1_H

#include "adapters/pkix/der.h"

/* PKIMessage ::= SEQUENCE {
 *     header           PKIHeader,
 *     body             PKIBody,
 *     protection   [0] PKIProtection OPTIONAL,
 *     extraCerts   [1] SEQUENCE SIZE (1..MAX) OF CMPCertificate OPTIONAL }    (RFC 9810 5.1) */
struct cmp_message {
    struct bytes header;     /* TLV, as protected */
    struct bytes body;       /* TLV [n], as protected */
    struct bytes protection; /* BIT STRING TLV */
    struct bytes extra_certs;
};

/* PKIHeader ::= SEQUENCE {
 *     pvno                INTEGER     { cmp1999(1), cmp2000(2), cmp2021(3) },
 *     sender              GeneralName,
 *     recipient           GeneralName,
 *     messageTime     [0] GeneralizedTime         OPTIONAL,
 *     protectionAlg   [1] AlgorithmIdentifier{ALGORITHM, {...}} OPTIONAL,
 *     senderKID       [2] KeyIdentifier           OPTIONAL,
 *     recipKID        [3] KeyIdentifier           OPTIONAL,
 *     transactionID   [4] OCTET STRING            OPTIONAL,
 *     senderNonce     [5] OCTET STRING            OPTIONAL,
 *     recipNonce      [6] OCTET STRING            OPTIONAL,
 *     freeText        [7] PKIFreeText             OPTIONAL,
 *     generalInfo     [8] SEQUENCE SIZE (1..MAX) OF
 *                         InfoTypeAndValue        OPTIONAL }                (RFC 9810 5.1.1) */
struct cmp_header {
    struct bytes pvno;           /* TLV */
    struct bytes sender;         /* TLV */
    struct bytes recipient;      /* TLV */
    struct bytes message_time;   /* TLV */
    struct bytes protection_alg; /* TLV */
    struct bytes sender_kid;
    struct bytes recip_kid;
    struct bytes transaction_id;
    struct bytes sender_nonce;
    struct bytes recip_nonce;
    struct bytes free_text;
    struct bytes general_info;
};

/* InfoTypeAndValue ::= SEQUENCE {
 *     infoType    INFO-TYPE-AND-VALUE.&id({SupportedInfoSet}),
 *     infoValue   INFO-TYPE-AND-VALUE.&Type OPTIONAL }                      (RFC 9810 5.3.19) */
struct cmp_info {
    struct bytes type;  /* TLV */
    struct bytes value; /* TLV */
};

/* PKIStatusInfo ::= SEQUENCE {
 *     status        PKIStatus,
 *     statusString  PKIFreeText     OPTIONAL,
 *     failInfo      PKIFailureInfo  OPTIONAL }                               (RFC 9810 5.2.3) */
struct cmp_status_info {
    struct bytes status; /* TLV */
    struct bytes status_string;
    struct bytes fail_info; /* BIT STRING content */
};

/* CertRepMessage ::= SEQUENCE {
 *     caPubs       [1] SEQUENCE SIZE (1..MAX) OF CMPCertificate OPTIONAL,
 *     response         SEQUENCE OF CertResponse }                            (RFC 9810 5.3.4) */
struct cmp_cert_rep {
    struct bytes ca_pubs;
    struct bytes response;
};

/* CertResponse ::= SEQUENCE {
 *     certReqId           INTEGER,
 *     status              PKIStatusInfo,
 *     certifiedKeyPair    CertifiedKeyPair    OPTIONAL,
 *     rspInfo             OCTET STRING        OPTIONAL }                     (RFC 9810 5.3.4) */
struct cmp_cert_response {
    struct bytes cert_req_id;        /* TLV */
    struct bytes status;             /* TLV */
    struct bytes certified_key_pair; /* TLV */
    struct bytes rsp_info;
};

/* CertifiedKeyPair ::= SEQUENCE {
 *     certOrEncCert       CertOrEncCert,
 *     privateKey      [0] EncryptedKey        OPTIONAL,
 *     publicationInfo [1] PKIPublicationInfo  OPTIONAL }
 * CertOrEncCert ::= CHOICE {
 *     certificate     [0] CMPCertificate,
 *     encryptedCert   [1] EncryptedKey }                                     (RFC 9810 5.3.4) */
struct cmp_certified_key_pair {
    struct bytes cert_or_enc_cert; /* TLV [0] or [1] */
    struct bytes private_key;      /* TLV */
    struct bytes publication_info; /* TLV */
};

/* CertStatus ::= SEQUENCE {
 *     certHash    OCTET STRING,
 *     certReqId   INTEGER,
 *     statusInfo  PKIStatusInfo OPTIONAL,
 *     hashAlg [0] AlgorithmIdentifier{DIGEST-ALGORITHM, {...}} OPTIONAL }   (RFC 9810 5.3.18) */
struct cmp_cert_status {
    struct bytes cert_hash;
    struct bytes cert_req_id; /* TLV */
    struct bytes status_info; /* TLV */
    struct bytes hash_alg;    /* TLV */
};

/* PollReqContent ::= SEQUENCE OF SEQUENCE {
 *     certReqId    INTEGER }
 * PollRepContent ::= SEQUENCE OF SEQUENCE {
 *     certReqId    INTEGER,
 *     checkAfter   INTEGER,  -- time in seconds
 *     reason       PKIFreeText OPTIONAL }                                   (RFC 9810 5.3.22) */
struct cmp_poll {
    struct bytes cert_req_id; /* TLV */
    struct bytes check_after; /* TLV; PollRep only */
    struct bytes reason;      /* PollRep only */
};

/* ErrorMsgContent ::= SEQUENCE {
 *     pKIStatusInfo   PKIStatusInfo,
 *     errorCode       INTEGER           OPTIONAL,
 *     errorDetails    PKIFreeText       OPTIONAL }                          (RFC 9810 5.3.21) */
struct cmp_error {
    struct bytes status_info; /* TLV */
    struct bytes error_code;  /* TLV */
    struct bytes error_details;
};

/* One shape per struct above. */
struct cmp_shape;
extern const struct cmp_shape cmp_message_shape, cmp_header_shape, cmp_info_shape,
    cmp_status_info_shape, cmp_cert_rep_shape, cmp_cert_response_shape,
    cmp_certified_key_pair_shape, cmp_cert_status_shape, cmp_poll_req_shape, cmp_poll_rep_shape,
    cmp_error_shape;

/* Reads exactly one structure. BAD_DATA_FORMAT names the field that is at fault; the members before
 * it are set even then. */
bool cmp_read(const struct cmp_shape *shape, struct bytes tlv, void *out, struct failure *why);
struct bytes cmp_write(const struct cmp_shape *shape, const void *in, struct arena *arena);

/* INTEGER TLV to a number. */
bool cmp_integer(struct bytes tlv, int64_t *n);
/* Elements in the content of a SEQUENCE OF; SIZE_MAX if it is not a list of TLVs. */
size_t cmp_count(struct bytes content);
/* PKIFreeText content with one UTF8String; empty for an empty text. */
struct bytes cmp_free_text(struct bytes text, struct arena *arena);
/* The strings of a PKIFreeText content as one line of UTF-8 that is safe to pass on. */
struct bytes cmp_free_text_read(struct bytes content, struct arena *arena);
/* PKIFailureInfo: BIT STRING content, bit n of `bits` is named bit n. */
struct bytes cmp_fail_info(uint32_t bits, struct arena *arena);
uint32_t cmp_fail_info_read(struct bytes content);

#endif
