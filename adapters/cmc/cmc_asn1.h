/* RFC 10002 appendix A as OpenSSL templates: shape only. Ranges, sizes and "exactly one" are
 * checked by cmc_decode.c, which gives slices and numbers to everybody else.
 *
 * What a signature or a MAC covers stays an ANY, so that its octets are those received. */
#ifndef DRAGOMAN_ADAPTERS_CMC_CMC_ASN1_H
#define DRAGOMAN_ADAPTERS_CMC_CMC_ASN1_H

#include <openssl/asn1t.h>
#include <openssl/x509.h>

/* RFC 10002 3.2.1.1:  TaggedAttribute ::= SEQUENCE {
 *     bodyPartID  BodyPartID,
 *     attrType    OBJECT IDENTIFIER,
 *     attrValues  SET OF AttributeValue } */
typedef struct {
    ASN1_INTEGER *body_part_id;
    ASN1_OBJECT *attr_type;
    STACK_OF(ASN1_TYPE) * attr_values;
} CMC_TAGGED_ATTRIBUTE;
DEFINE_STACK_OF(CMC_TAGGED_ATTRIBUTE)
DECLARE_ASN1_FUNCTIONS(CMC_TAGGED_ATTRIBUTE)

/* RFC 10002 3.2.1.2.1:  TaggedCertificationRequest ::= SEQUENCE {
 *     bodyPartID            BodyPartID,
 *     certificationRequest  CertificationRequest } */
typedef struct {
    ASN1_INTEGER *body_part_id;
    ASN1_TYPE *certification_request;
} CMC_TAGGED_CERTIFICATION_REQUEST;
DECLARE_ASN1_FUNCTIONS(CMC_TAGGED_CERTIFICATION_REQUEST)

/* RFC 10002 3.2.1.2, the third choice of TaggedRequest, and 3.2.1.4:  OtherMsg ::= SEQUENCE {
 *     bodyPartID     BodyPartID,
 *     otherMsgType   OBJECT IDENTIFIER,
 *     otherMsgValue  ANY DEFINED BY otherMsgType } */
typedef struct {
    ASN1_INTEGER *body_part_id;
    ASN1_OBJECT *type;
    ASN1_TYPE *value;
} CMC_OTHER;
DEFINE_STACK_OF(CMC_OTHER)
DECLARE_ASN1_FUNCTIONS(CMC_OTHER)

/* RFC 10002 3.2.1.2:  TaggedRequest ::= CHOICE {
 *     tcr  [0] TaggedCertificationRequest,
 *     crm  [1] CertReqMsg,
 *     orm  [2] SEQUENCE { ... } }
 * The fields of CertReqMsg are kept as they came. */
enum { CMC_TAGGED_TCR, CMC_TAGGED_CRM, CMC_TAGGED_ORM };
typedef struct {
    int type;
    union {
        CMC_TAGGED_CERTIFICATION_REQUEST *tcr;
        STACK_OF(ASN1_TYPE) * crm;
        CMC_OTHER *orm;
    } value;
} CMC_TAGGED_REQUEST;
DEFINE_STACK_OF(CMC_TAGGED_REQUEST)
DECLARE_ASN1_FUNCTIONS(CMC_TAGGED_REQUEST)

typedef STACK_OF(CMC_TAGGED_REQUEST) CMC_REQ_SEQUENCE;
DECLARE_ASN1_FUNCTIONS(CMC_REQ_SEQUENCE)

/* RFC 10002 3.2.1.3:  TaggedContentInfo ::= SEQUENCE {
 *     bodyPartID   BodyPartID,
 *     contentInfo  ContentInfo } */
typedef struct {
    ASN1_INTEGER *body_part_id;
    ASN1_TYPE *content_info;
} CMC_TAGGED_CONTENT_INFO;
DEFINE_STACK_OF(CMC_TAGGED_CONTENT_INFO)
DECLARE_ASN1_FUNCTIONS(CMC_TAGGED_CONTENT_INFO)

/* RFC 10002 3.2.1:  PKIData ::= SEQUENCE {
 *     controlSequence   SEQUENCE SIZE(0..MAX) OF TaggedAttribute,
 *     reqSequence       SEQUENCE SIZE(0..MAX) OF TaggedRequest,
 *     cmsSequence       SEQUENCE SIZE(0..MAX) OF TaggedContentInfo,
 *     otherMsgSequence  SEQUENCE SIZE(0..MAX) OF OtherMsg }
 * reqSequence is an ANY because identity proofs cover its encoding (RFC 10002 6.2.1). */
typedef struct {
    STACK_OF(CMC_TAGGED_ATTRIBUTE) * control_sequence;
    ASN1_TYPE *req_sequence;
    STACK_OF(CMC_TAGGED_CONTENT_INFO) * cms_sequence;
    STACK_OF(CMC_OTHER) * other_msg_sequence;
} CMC_PKI_DATA;
DECLARE_ASN1_FUNCTIONS(CMC_PKI_DATA)

/* RFC 10002 4.2.1:  PKIResponse ::= SEQUENCE {
 *     controlSequence   SEQUENCE SIZE(0..MAX) OF TaggedAttribute,
 *     cmsSequence       SEQUENCE SIZE(0..MAX) OF TaggedContentInfo,
 *     otherMsgSequence  SEQUENCE SIZE(0..MAX) OF OtherMsg } */
typedef struct {
    STACK_OF(CMC_TAGGED_ATTRIBUTE) * control_sequence;
    STACK_OF(CMC_TAGGED_CONTENT_INFO) * cms_sequence;
    STACK_OF(CMC_OTHER) * other_msg_sequence;
} CMC_PKI_RESPONSE;
DECLARE_ASN1_FUNCTIONS(CMC_PKI_RESPONSE)

/* RFC 10002 6.1.1:  CMCStatusInfoV2 ::= SEQUENCE {
 *     cMCStatus     CMCStatus,
 *     bodyList      SEQUENCE SIZE (1..MAX) OF BodyPartReference,
 *     statusString  UTF8String OPTIONAL,
 *     otherInfo     OtherStatusInfo OPTIONAL }
 *   OtherStatusInfo ::= CHOICE {
 *     failInfo          CMCFailInfo,
 *     pendInfo          PendInfo,
 *     extendedFailInfo  [1] ExtendedFailInfo }
 *   BodyPartReference ::= CHOICE { bodyPartID BodyPartID, bodyPartPath BodyPartPath }
 * CMCStatusInfo (6.1.2) is the same with less choice. RFC 5272 left extendedFailInfo without its
 * tag, so otherInfo is an ANY and cmc_decode.c tells the three apart. */
typedef struct {
    ASN1_INTEGER *status;
    STACK_OF(ASN1_TYPE) * body_list;
    ASN1_UTF8STRING *status_string;
    ASN1_TYPE *other_info;
} CMC_STATUS_INFO_V2;
DECLARE_ASN1_FUNCTIONS(CMC_STATUS_INFO_V2)

/* RFC 10002 6.1.1:  PendInfo ::= SEQUENCE {
 *     pendToken  OCTET STRING,
 *     pendTime   GeneralizedTime } */
typedef struct {
    ASN1_OCTET_STRING *pend_token;
    ASN1_GENERALIZEDTIME *pend_time;
} CMC_PEND_INFO;
DECLARE_ASN1_FUNCTIONS(CMC_PEND_INFO)

/* RFC 10002 6.1.1:  ExtendedFailInfo ::= SEQUENCE {
 *     failInfoOID    OBJECT IDENTIFIER,
 *     failInfoValue  ANY DEFINED BY failInfoOID } */
typedef struct {
    ASN1_OBJECT *fail_info_oid;
    ASN1_TYPE *fail_info_value;
} CMC_EXTENDED_FAIL_INFO;
DECLARE_ASN1_FUNCTIONS(CMC_EXTENDED_FAIL_INFO)

/* RFC 10002 3.2.2:  BodyPartList ::= SEQUENCE SIZE (1..MAX) OF BodyPartID, and BodyPartPath */
typedef STACK_OF(ASN1_INTEGER) CMC_BODY_PART_LIST;
DECLARE_ASN1_FUNCTIONS(CMC_BODY_PART_LIST)

/* RFC 10002 6.8:  LraPopWitness ::= SEQUENCE {
 *     pkiDataBodyid  BodyPartID,
 *     bodyIds        SEQUENCE OF BodyPartID } */
typedef struct {
    ASN1_INTEGER *pki_data_body_id;
    CMC_BODY_PART_LIST *body_ids;
} CMC_LRA_POP_WITNESS;
DECLARE_ASN1_FUNCTIONS(CMC_LRA_POP_WITNESS)

/* RFC 10002 6.2.1:  IdentityProofV2 ::= SEQUENCE {
 *     hashAlgID  AlgorithmIdentifier,
 *     macAlgID   AlgorithmIdentifier,
 *     witness    OCTET STRING }
 * PopLinkWitnessV2 (6.3.1.1) has the same shape. */
typedef struct {
    X509_ALGOR *hash_alg_id;
    X509_ALGOR *mac_alg_id;
    ASN1_OCTET_STRING *witness;
} CMC_IDENTITY_PROOF_V2;
DECLARE_ASN1_FUNCTIONS(CMC_IDENTITY_PROOF_V2)

/* RFC 10002 6.11:  RevokeRequest ::= SEQUENCE {
 *     issuerName      Name,
 *     serialNumber    INTEGER,
 *     reason          CRLReason,
 *     invalidityDate  GeneralizedTime OPTIONAL,
 *     sharedSecret    OCTET STRING OPTIONAL,
 *     comment         UTF8String OPTIONAL } */
typedef struct {
    ASN1_TYPE *issuer_name;
    ASN1_INTEGER *serial_number;
    ASN1_ENUMERATED *reason;
    ASN1_GENERALIZEDTIME *invalidity_date;
    ASN1_OCTET_STRING *shared_secret;
    ASN1_UTF8STRING *comment;
} CMC_REVOKE_REQUEST;
DECLARE_ASN1_FUNCTIONS(CMC_REVOKE_REQUEST)

/* RFC 10002 6.14:  CMCCertId ::= IssuerAndSerialNumber (RFC 5652 10.2.4) ::= SEQUENCE {
 *     issuer        Name,
 *     serialNumber  CertificateSerialNumber } */
typedef struct {
    ASN1_TYPE *issuer;
    ASN1_INTEGER *serial_number;
} CMC_CERT_ID;
DECLARE_ASN1_FUNCTIONS(CMC_CERT_ID)

#endif
