/* What a request asks for beyond an ordinary certificate, read from its extensions. */
#ifndef DRAGOMAN_ADAPTERS_PKIX_PRIVILEGE_H
#define DRAGOMAN_ADAPTERS_PKIX_PRIVILEGE_H

#include "mapping/model/request.h"

/* Privileges that need an explicit grant (RFC 9810 8.10, RFC 10002 9.1). A bit set. */
enum privilege {
    PRIVILEGE_NONE = 0,
    PRIVILEGE_CA = 1,        /* basicConstraints CA:TRUE, keyUsage keyCertSign or cRLSign */
    PRIVILEGE_RA = 2,        /* id-kp-cmcCA, id-kp-cmcRA, id-kp-cmcArchive, id-kp-cmKGA */
    PRIVILEGE_ANY_USAGE = 4, /* anyExtendedKeyUsage */
};

bool item_privileges(const struct item *item, enum privilege *asked, struct failure *why);

/* The subjectAltName entries as text: "DNS:a.example", "IP:192.0.2.1", "email:a@b", "URI:...",
 * "DirName:CN=...", "RID:1.2.3", "otherName:1.2.3". */
bool item_alternative_names(const struct item *item, struct arena *arena, struct bytes **names,
                            size_t *count, struct failure *why);

/* The value (content of extnValue) of an extension by dotted OID; false if it is not asked for. */
bool item_extension(const struct item *item, const char *oid, struct bytes *value, bool *critical);

#endif
