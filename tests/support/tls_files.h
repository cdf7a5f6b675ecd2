/* A small TLS world in a directory of its own, made anew for each test program:
 *
 *   ca.pem                    the root; it issued the server's certificate and the sub-authority's
 *   server.pem, server.key    localhost and 127.0.0.1
 *   client.pem, client.key    leaf (CN=device), then the sub-authority that issued it
 *   other.pem                 a root that issued nothing here
 *   locked.key                server.key under a passphrase */
#ifndef DRAGOMAN_TESTS_SUPPORT_TLS_FILES_H
#define DRAGOMAN_TESTS_SUPPORT_TLS_FILES_H

#include <openssl/ssl.h>
#include <stdbool.h>

struct tls_files {
    char directory[64];
    char ca[96];
    char server[96];
    char server_key[96];
    char client[96];
    char client_key[96];
    char other[96];
    char locked_key[96];
};

void tls_files_make(struct tls_files *files);
void tls_files_remove(const struct tls_files *files);

/* A client's context that trusts ca.pem; with_certificate: shows client.pem. most: TLS1_2_VERSION,
 * TLS1_3_VERSION. */
SSL_CTX *tls_files_client(const struct tls_files *files, bool with_certificate, int most);

#endif
