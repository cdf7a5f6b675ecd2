#include "tests/support/tls_files.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "tls_files: %s\n", what);
    abort();
}

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    must(extension != NULL && X509_add_ext(certificate, extension, -1) == 1, value);
    X509_EXTENSION_free(extension);
}

/* issuer NULL: self-signed. */
static X509 *issue(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key, bool is_ca)
{
    static long serial = 1;
    X509 *certificate = X509_new();
    X509_NAME *subject = X509_get_subject_name(certificate);
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -86400);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 864000);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1,
                               0);
    X509_set_issuer_name(certificate, issuer == NULL ? subject : X509_get_subject_name(issuer));
    X509_set_pubkey(certificate, key);
    add_extension(certificate, issuer == NULL ? certificate : issuer, NID_basic_constraints,
                  is_ca ? "critical,CA:TRUE" : "CA:FALSE");
    if (!is_ca)
        add_extension(certificate, issuer, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
    must(X509_sign(certificate, issuer == NULL ? key : issuer_key, EVP_sha256()) > 0, name);
    return certificate;
}

static void write_certificates(const char *path, X509 *first, X509 *second)
{
    FILE *file = fopen(path, "w");
    must(file != NULL && PEM_write_X509(file, first) == 1, path);
    must(second == NULL || PEM_write_X509(file, second) == 1, path);
    fclose(file);
}

static void write_key(const char *path, EVP_PKEY *key, const char *passphrase)
{
    FILE *file = fopen(path, "w");
    const EVP_CIPHER *cipher = passphrase == NULL ? NULL : EVP_aes_128_cbc();
    int size = passphrase == NULL ? 0 : (int)strlen(passphrase);
    must(file != NULL &&
             PEM_write_PKCS8PrivateKey(file, key, cipher, passphrase, size, NULL, NULL) == 1,
         path);
    fclose(file);
}

static void name_files(struct tls_files *files)
{
    const struct {
        char *path;
        const char *name;
    } all[] = {{files->ca, "ca.pem"},
               {files->server, "server.pem"},
               {files->server_key, "server.key"},
               {files->client, "client.pem"},
               {files->client_key, "client.key"},
               {files->other, "other.pem"},
               {files->locked_key, "locked.key"}};
    strcpy(files->directory, "/tmp/dragoman-tls-XXXXXX");
    must(mkdtemp(files->directory) != NULL, "mkdtemp");
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        snprintf(all[i].path, sizeof(files->ca), "%s/%s", files->directory, all[i].name);
}

void tls_files_make(struct tls_files *files)
{
    enum { CA, SUB, SERVER, CLIENT, OTHER, KEYS };
    EVP_PKEY *keys[KEYS];
    X509 *made[KEYS];
    name_files(files);
    for (int i = 0; i < KEYS; i++)
        must((keys[i] = EVP_EC_gen("P-256")) != NULL, "key");
    made[CA] = issue("Test Root", keys[CA], NULL, NULL, true);
    made[OTHER] = issue("Other Root", keys[OTHER], NULL, NULL, true);
    made[SUB] = issue("Test Sub", keys[SUB], made[CA], keys[CA], true);
    made[SERVER] = issue("localhost", keys[SERVER], made[CA], keys[CA], false);
    made[CLIENT] = issue("device", keys[CLIENT], made[SUB], keys[SUB], false);
    write_certificates(files->ca, made[CA], NULL);
    write_certificates(files->other, made[OTHER], NULL);
    write_certificates(files->server, made[SERVER], NULL);
    write_certificates(files->client, made[CLIENT], made[SUB]);
    write_key(files->server_key, keys[SERVER], NULL);
    write_key(files->client_key, keys[CLIENT], NULL);
    write_key(files->locked_key, keys[SERVER], "sesame");
    for (int i = 0; i < KEYS; i++) {
        X509_free(made[i]);
        EVP_PKEY_free(keys[i]);
    }
}

void tls_files_remove(const struct tls_files *files)
{
    const char *const all[] = {files->ca,         files->server, files->server_key, files->client,
                               files->client_key, files->other,  files->locked_key};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        unlink(all[i]);
    rmdir(files->directory);
}

SSL_CTX *tls_files_client(const struct tls_files *files, bool with_certificate, int most)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
    must(tls != NULL && SSL_CTX_load_verify_file(tls, files->ca) == 1, files->ca);
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_max_proto_version(tls, most);
    SSL_CTX_set_options(tls, SSL_OP_IGNORE_UNEXPECTED_EOF);
    if (with_certificate)
        must(SSL_CTX_use_certificate_chain_file(tls, files->client) == 1 &&
                 SSL_CTX_use_PrivateKey_file(tls, files->client_key, SSL_FILETYPE_PEM) == 1,
             files->client);
    return tls;
}
