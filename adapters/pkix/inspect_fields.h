/* Fields that requests, certificates and CRLs share, as nodes of a tree (adapters/inspect.h). */
#ifndef DRAGOMAN_ADAPTERS_PKIX_INSPECT_FIELDS_H
#define DRAGOMAN_ADAPTERS_PKIX_INSPECT_FIELDS_H

#include "adapters/inspect.h"

/* The name of an OID TLV for people (oid_names.def), else its dotted text. */
const char *oid_name(struct arena *arena, struct bytes oid);

/* "CN=...", with "{bmp}" and the like where a value is no UTF8String or PrintableString. */
void node_name(struct node *parent, struct arena *arena, const char *name, struct bytes name_tlv);
/* "2026-06-01 00:00:00 UTC" */
void node_time(struct node *parent, struct arena *arena, const char *name, int64_t time);
/* AlgorithmIdentifier TLV: its name, parameters not shown. */
void node_algorithm(struct node *parent, struct arena *arena, const char *name,
                    struct bytes algorithm);
/* Kind of key and SHA-256 of the SPKI TLV. */
void node_key(struct node *parent, struct arena *arena, const char *name, struct bytes spki);
/* Each extension of an Extensions TLV; known ones in words. */
void node_extensions(struct node *parent, struct arena *arena, const char *name,
                     struct bytes extensions);

#endif
