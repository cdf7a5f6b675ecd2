/* The neutral request: what a device asks for, in no protocol's words.
 *
 * Glossary
 *   item      one certificate request inside a message; its `original` is exactly what the device
 *             signed and is what travels on, the rest is a parsed view for decisions only
 *   identity  who protected the message, by which proof
 *   POP       proof of possession of the private key; its outcome is declared for each item
 *   carriage  how an item will be carried to the authority (mapping.md's options O1 to O14)
 *   leg       one protocol exchange; the inbound leg is device to gateway
 *
 * Every slice points into the received message or into the arena of the exchange. Secrets and
 * private keys are never part of a request. */
#ifndef DRAGOMAN_MAPPING_MODEL_REQUEST_H
#define DRAGOMAN_MAPPING_MODEL_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mapping/model/arena.h"
#include "mapping/model/bytes.h"
#include "mapping/model/failure.h"
#include "mapping/model/protocol.h"

enum operation {
#define OPERATION(name, word, what) OPERATION_##name,
#include "mapping/model/operation.def"
#undef OPERATION
    OPERATION_COUNT
};

const char *operation_word(enum operation operation);
const char *operation_what(enum operation operation);
/* False if no operation has that word. */
bool operation_from_word(const char *word, enum operation *operation);
/* Whether a message of this operation opens a transaction. */
bool operation_opens(enum operation operation);
/* ENROLL, ENROLL_ADD or UPDATE: has items, ends with a certificate. */
bool operation_enrols(enum operation operation);

enum item_format { ITEM_PKCS10, ITEM_CRMF };

/* The forms in which a request can prove possession. */
enum pop_form {
#define POP_FORM(name, word, clause, what) POP_FORM_##name,
#include "mapping/model/pop_form.def"
#undef POP_FORM
    POP_FORM_COUNT
};

struct pop_form_row {
    const char *word;
    const char *clause;
    const char *what;
};
const struct pop_form_row *pop_form_row(enum pop_form form);

enum pop_verdict {
    POP_UNCHECKED, /* nobody looked yet: such an item never leaves */
    POP_VERIFIED,  /* we checked the device's own signature, and so can the authority */
    POP_VOUCHED,   /* an RA that is allowed to says that it checked */
    POP_OPEN /* cannot be checked here (indirect forms, other recipient) or is not needed (KEYGEN)
              */
};

/* What the authority will get of the POP. Shown for each item in the log. */
enum pop_outcome {
    POP_OUTCOME_KEPT,      /* the authority can check the device's own proof */
    POP_OUTCOME_WITNESSED, /* we checked it and say so as RA */
    POP_OUTCOME_REFUSED
};
const char *pop_outcome_word(enum pop_outcome outcome);

/* How an item goes out: rows of carriage.def, in the order of mapping.md's O1 to O14. */
enum carriage {
#define CARRIAGE(name, word, outcome, clause, what) CARRIAGE_##name,
#include "mapping/model/carriage.def"
#undef CARRIAGE
    CARRIAGE_COUNT
};

struct carriage_row {
    const char *word;
    enum pop_outcome outcome;
    const char *clause;
    const char *what;
};
const struct carriage_row *carriage_row(enum carriage carriage);

struct item {
    enum item_format format;
    struct bytes original;     /* DER TLV as received: CertificationRequest, or CertReqMsg */
    struct bytes cert_request; /* what the POP signs: CertificationRequestInfo or CertRequest TLV */
    struct bytes popo;         /* CRMF: ProofOfPossession TLV; empty if absent */
    struct bytes reg_info;     /* CRMF: regInfo TLV; empty if absent */

    int64_t inbound_id; /* certReqId (-1 for p10cr) or bodyPartID; 0 where the protocol has none */

    /* Parsed view, for decisions only. DER TLVs; empty where the request is silent. */
    struct bytes subject;    /* Name */
    struct bytes spki;       /* SubjectPublicKeyInfo */
    struct bytes extensions; /* Extensions (SEQUENCE OF Extension) */
    struct bytes attributes; /* PKCS#10: [0] Attributes TLV; CRMF: controls TLV */
    struct bytes issuer;     /* CRMF template issuer Name */
    int64_t not_before;      /* s since 1970 UTC; 0: not asked for */
    int64_t not_after;
    struct bytes old_issuer; /* CRMF oldCertID: Name TLV */
    struct bytes old_serial; /* CRMF oldCertID: INTEGER content octets */
    /* REVOKE: old_issuer and old_serial name the certificate; CRLReason (RFC 5280 5.3.1), 0 where
     * the request is silent (RFC 9483 4.2). */
    int revocation_reason;
    bool key_absent; /* the authority shall make the key */

    enum pop_form pop_form;
    enum pop_verdict pop_verdict;
    enum carriage carriage; /* set by the plan */
    uint8_t spki_sha256[32];
};

enum identity_kind {
    IDENTITY_NONE,
    IDENTITY_MAC,         /* shared secret, named by a reference */
    IDENTITY_SIGNATURE,   /* message signed with a certificate */
    IDENTITY_TLS,         /* TLS client certificate */
    IDENTITY_PASSWORD,    /* HTTP authentication */
    IDENTITY_REQUEST_KEY, /* CMC signed with the key of the request: proves possession, nobody's
                             name */
    IDENTITY_KIND_COUNT
};
const char *identity_kind_word(enum identity_kind kind);

/* Nobody in particular: a question that anybody may ask. */
#define IDENTITY_ANY_GROUP SIZE_MAX

struct identity {
    enum identity_kind kind;
    struct bytes principal; /* UTF-8 for people: reference, user, or subject in RFC 4514 form */
    struct bytes
        credential; /* 32 octets: SHA-256 of the certificate, or of the kind and reference */
    struct bytes certificate; /* DER; empty unless signed or TLS */
    struct bytes subject;     /* Name TLV of the certificate */
    bool is_ra;               /* the certificate has id-kp-cmcRA, or the group says so */
    size_t group;             /* index of the device group (credentials.h) that knows it */
};

struct confirmation {
    int64_t inbound_id; /* of the item it speaks of */
    bool accepted;
    bool unhashed; /* speaks for a certificate without its hash: a cancellation, a pkiconf */
    struct bytes hash; /* certHash as sent; the decoder's caller compares it with the stored
                          certificate by confirmation_matches (adapters/pkix/confirm.h) */
    struct bytes
        hash_algorithm; /* AlgorithmIdentifier TLV, empty: that of the certificate's signature */
    struct bytes text;  /* UTF-8 */
    uint32_t cmp_bits;
};

struct request {
    enum operation operation;
    enum protocol protocol;
    const char *what;     /* the message's name in its protocol, for the log: "ir", "PKIData" */
    struct bytes profile; /* certProfile, path or label, UTF-8; empty if none */
    struct identity identity;
    bool implicit_confirm; /* the device asks to be spared a confirmation */
    bool can_confirm;      /* the device's protocol has a confirmation (CMP; CMC by option) */

    struct item *items;
    size_t item_count;
    struct confirmation *confirmations; /* CONFIRM */
    size_t confirmation_count;
    int64_t *poll_ids; /* POLL */
    size_t poll_count;

    struct bytes text; /* CANCEL: what the device said */

    /* The inbound adapter's own memory of this leg: what it needs to encode an answer later, on
     * this machine or another. Stored with the transaction, opaque to everybody else. Holds no
     * secret, only references to secrets. */
    struct bytes leg;
};

/* A request as octets for the store, and back. The pack holds everything but the confirmations
 * and poll ids. unpack's slices point into `packed`; it refuses octets that pack did not make. */
struct bytes request_pack(const struct request *request, struct arena *arena);
bool request_unpack(struct bytes packed, struct arena *arena, struct request *request,
                    struct failure *why);

#endif
