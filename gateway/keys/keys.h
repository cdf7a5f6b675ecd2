/* Keys, certificates, trust and secrets from files into the handles of adapters/pkix.
 *
 * Every function reads its files anew, so that a reload sees what is there now. On failure nothing
 * is given, why->detail names the file, and why->text (which a peer might be shown) does not. */
#ifndef DRAGOMAN_GATEWAY_KEYS_KEYS_H
#define DRAGOMAN_GATEWAY_KEYS_KEYS_H

#include "adapters/pkix/credentials.h"

/* A whole file as it is, in the arena. */
bool keys_load_octets(const char *path, struct arena *arena, struct bytes *octets,
                      struct failure *why);

/* ---- certificates --------------------------------------------------------------------------- */

struct certificate_list {
    struct certificate **items; /* each with one reference */
    size_t count;
};

/* PEM with one or more certificates (text between them and other PEM blocks are skipped), or one
 * certificate in DER. A file without a certificate is a failure. Adds to the list. */
bool keys_load_certificates(const char *path, struct certificate_list *list, struct failure *why);
void certificate_list_clear(struct certificate_list *list);

/* ---- private keys and signers --------------------------------------------------------------- */

/* Where the passphrase of an encrypted key is; both NULL: the key is not encrypted. The last line
 * end of the file is not part of it. */
struct passphrase {
    const char *file;
    const char *environment; /* name of a variable */
};

/* PEM (PKCS#8, encrypted or not, or the older forms). The caller frees *out. */
bool keys_load_private(const char *path, const struct passphrase *passphrase, EVP_PKEY **out,
                       struct failure *why);

struct signer_files {
    const char *certificate; /* its first certificate is the signer's, the others are chain */
    const char *key;         /* NULL: in the file of the certificate */
    const char *chain;       /* more CA certificates; NULL: none */
    struct passphrase passphrase;
};

/* Self-signed certificates are left out of the chain: who does not have the root does not trust it
 * either (RFC 9483 3.3). */
bool keys_load_signer(const struct signer_files *files, struct signer **out, struct failure *why);

/* ---- trust ---------------------------------------------------------------------------------- */

struct trust_files {
    const char *const *anchors; /* files as keys_load_certificates takes them */
    size_t anchor_count;
    const char *const *crls; /* PEM (one or more) or DER */
    size_t crl_count;
    unsigned flags; /* enum trust_flag */
};

bool keys_load_trust(const struct trust_files *files, struct trust **out, struct failure *why);

/* ---- shared secrets ------------------------------------------------------------------------- */

/* Whether nobody but its owner can reach a file that holds a secret. */
bool keys_is_private(const char *path, struct failure *why);

/* A JSON object of references: {"mast-1": "text", "mast-2": {"hex": "00ff.."}}. Refused: a file
 * that its group or others may read or write, a reference twice, an empty secret, one shorter than
 * LIMIT_SECRET_OCTETS_MIN unless `short_secrets`, more than LIMIT_SECRETS of them. */
bool keys_load_secrets(const char *path, bool short_secrets, struct secrets **out,
                       struct failure *why);
/* "user:HASH" a line (adapters/pkix/password.h), into users and hashes. Refused: a file that others
 * may reach, a user twice, a hash that is none or costs too much. */
bool keys_load_passwords(const char *path, struct secrets **out, struct failure *why);

#endif
