/* Any message, request, certificate or CRL as a tree that people and programs can read. The same
 * code as the decoders', so what inspect prints is what the gateway sees. Prints no secret. */
#ifndef DRAGOMAN_ADAPTERS_INSPECT_H
#define DRAGOMAN_ADAPTERS_INSPECT_H

#include "mapping/model/arena.h"
#include "mapping/model/failure.h"

struct node {
    const char *name;  /* ASN.1 name: "transactionID" */
    const char *value; /* UTF-8, already escaped for a terminal; NULL for a node with children */
    struct node *first_child, *last_child, *next;
};

/* A child at the end of parent's (parent NULL: a root). value may be NULL. Text is copied. */
struct node *node_add(struct node *parent, struct arena *arena, const char *name,
                      const char *value);
struct node *node_printf(struct node *parent, struct arena *arena, const char *name,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));
/* "0a1b2c..." for at most 64 octets, then "... (N octets)". */
struct node *node_hex(struct node *parent, struct arena *arena, const char *name, struct bytes b);
/* UTF-8 from a peer: control, bidi and zero-width characters escaped. */
struct node *node_text(struct node *parent, struct arena *arena, const char *name,
                       struct bytes text);

/* The tree as lines, two spaces for each level. */
struct bytes node_lines(const struct node *root, struct arena *arena);

/* What a file holds: tries, by shape, CMP message, CMS/CMC, PKCS#10, CertReqMsg(s), certificate,
 * CRL, CSR attributes; DER, PEM, base64, or a whole HTTP message around it. */
bool inspect(struct bytes octets, struct arena *arena, struct node **root, struct failure *why);

/* One per kind; each gives false if the octets are not of its kind (why then says how far it got).
 * `parent` receives the fields; whoever shows several gives each a node of its own. inspect_crmf
 * takes one CertReqMsg or CertReqMessages. */
bool inspect_cmp(struct bytes der, struct node *parent, struct arena *arena, struct failure *why);
bool inspect_cmc(struct bytes der, struct node *parent, struct arena *arena, struct failure *why);
bool inspect_pkcs10(struct bytes der, struct node *parent, struct arena *arena,
                    struct failure *why);
bool inspect_crmf(struct bytes der, struct node *parent, struct arena *arena, struct failure *why);
bool inspect_certificate(struct bytes der, struct node *parent, struct arena *arena,
                         struct failure *why);
bool inspect_crl(struct bytes der, struct node *parent, struct arena *arena, struct failure *why);
bool inspect_csr_attrs(struct bytes der, struct node *parent, struct arena *arena,
                       struct failure *why);

#endif
