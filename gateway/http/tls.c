#include "gateway/http/tls.h"

#include <openssl/err.h>
#include <stdio.h>

enum { EXPORTER_OCTETS = 32 };

/* ---- contexts ------------------------------------------------------------------------------ */

static bool fail_tls(struct failure *why, const char *text, const char *file)
{
    char error[256];
    ERR_error_string_n(ERR_peek_error(), error, sizeof(error));
    ERR_clear_error();
    fail(why, REASON_INTERNAL, "RFC 8446", "%s", text);
    return fail_detail(why, "%s: %s", file == NULL ? "-" : file, error);
}

/* RFC 7301 3.2 wants an alert where nothing matches. Clients that offer "http/1.0" alone are served
 * without the extension instead. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_size,
                           const unsigned char *in, unsigned in_size, void *context)
{
    static const unsigned char ours[] = "\x02h2\x08http/1.1"; /* the first is preferred */
    (void)ssl;
    (void)context;
    unsigned char *chosen;
    if (SSL_select_next_proto(&chosen, out_size, ours, sizeof(ours) - 1, in, in_size) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* The handshake proves that the client has the key. Whether its certificate is good for anything is
 * the adapter's to say, which can tell the client why not. */
static int accept_any_certificate(X509_STORE_CTX *context, void *argument)
{
    (void)argument;
    X509_STORE_CTX_set_error(context, X509_V_OK);
    return 1;
}

/* A key with a passphrase would ask at the terminal of a daemon. */
static int no_passphrase(char *buffer, int size, int for_writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)for_writing;
    (void)context;
    return -1;
}

/* Resumption from our memory where clients show certificates: a ticket carries the certificate, and
 * costs more to read than the session to find. */
static bool ask_for_client(SSL_CTX *tls, const struct tls_settings *settings, struct failure *why)
{
    if (settings->client == TLS_CLIENT_NONE)
        return true;
    int mode = SSL_VERIFY_PEER;
    if (settings->client == TLS_CLIENT_REQUIRED)
        mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(tls, mode, NULL);
    SSL_CTX_set_cert_verify_callback(tls, accept_any_certificate, NULL);
    SSL_CTX_set_options(tls, SSL_OP_NO_TICKET);
    if (settings->client_ca == NULL)
        return true;
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(settings->client_ca);
    if (names == NULL)
        return fail_tls(why, "cannot read the names of client authorities", settings->client_ca);
    SSL_CTX_set_client_CA_list(tls, names);
    return true;
}

static bool use_credential(SSL_CTX *tls, const struct tls_settings *settings, struct failure *why)
{
    SSL_CTX_set_default_passwd_cb(tls, no_passphrase);
    if (SSL_CTX_use_certificate_chain_file(tls, settings->certificate) != 1)
        return fail_tls(why, "cannot read the TLS certificate", settings->certificate);
    if (SSL_CTX_use_PrivateKey_file(tls, settings->key, SSL_FILETYPE_PEM) != 1)
        return fail_tls(why, "cannot use the TLS key", settings->key);
    if (SSL_CTX_check_private_key(tls) != 1)
        return fail_tls(why, "the TLS key does not fit the certificate", settings->key);
    return true;
}

static void set_options(SSL_CTX *tls)
{
    static const unsigned char session_context[] = "dragoman";
    SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
    SSL_CTX_set_options(tls, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(tls, 1);
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_SERVER);
    SSL_CTX_set_session_id_context(tls, session_context, sizeof(session_context) - 1);
    SSL_CTX_set_alpn_select_cb(tls, choose_protocol, NULL);
    SSL_CTX_set_dh_auto(tls, 1);
}

SSL_CTX *tls_context(const struct tls_settings *settings, struct failure *why)
{
    ERR_clear_error();
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    if (tls == NULL) {
        fail_tls(why, "cannot make a TLS context", NULL);
        return NULL;
    }
    set_options(tls);
    if (use_credential(tls, settings, why) && ask_for_client(tls, settings, why))
        return tls;
    SSL_CTX_free(tls);
    return NULL;
}

/* ---- what a connection tells ---------------------------------------------------------------- */

static struct bytes der_of(const X509 *certificate, struct arena *arena)
{
    int size = i2d_X509(certificate, NULL);
    if (size <= 0)
        return BYTES_EMPTY;
    uint8_t *der = arena_alloc(arena, (size_t)size);
    unsigned char *end = der;
    size = i2d_X509(certificate, &end);
    return size <= 0 ? BYTES_EMPTY : bytes_of(der, (size_t)size);
}

static void describe_client(SSL *ssl, struct arena *arena, struct message *message)
{
    const X509 *leaf = SSL_get0_peer_certificate(ssl);
    const STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
    if (leaf == NULL)
        return;
    message->client_certificate = der_of(leaf, arena);
    size_t count = chain == NULL ? 0 : (size_t)sk_X509_num(chain);
    message->client_chain = arena_array(arena, count, sizeof(struct bytes));
    message->client_chain_count = count;
    for (size_t i = 0; i < count; i++)
        message->client_chain[i] = der_of(sk_X509_value(chain, (int)i), arena);
}

/* RFC 5929 3.1: the first Finished message of the latest handshake: the client's in a full
 * handshake, the server's in an abbreviated one. */
static struct bytes tls_unique(SSL *ssl, struct arena *arena)
{
    uint8_t finished[EVP_MAX_MD_SIZE];
    size_t size = SSL_session_reused(ssl) ? SSL_get_finished(ssl, finished, sizeof(finished))
                                          : SSL_get_peer_finished(ssl, finished, sizeof(finished));
    return size > sizeof(finished) ? BYTES_EMPTY : arena_copy(arena, bytes_of(finished, size));
}

/* RFC 9266 2 */
static struct bytes tls_exporter(SSL *ssl, struct arena *arena)
{
    static const char label[] = "EXPORTER-Channel-Binding";
    uint8_t *value = arena_alloc(arena, EXPORTER_OCTETS);
    if (SSL_export_keying_material(ssl, value, EXPORTER_OCTETS, label, sizeof(label) - 1, NULL, 0,
                                   1) != 1)
        return BYTES_EMPTY;
    return bytes_of(value, EXPORTER_OCTETS);
}

/* RFC 9266 4.1, RFC 7627 6.1: below TLS 1.3 both bindings need the extended master secret, or a
 * third party can make two sessions that share them. TLS 1.3 has no tls-unique. */
void tls_describe(SSL *ssl, struct arena *arena, struct message *message)
{
    message->tls = true;
    describe_client(ssl, arena, message);
    bool is_1_2 = SSL_version(ssl) == TLS1_2_VERSION;
    if (is_1_2 && SSL_get_extms_support(ssl) != 1)
        return;
    if (is_1_2)
        message->tls_unique = tls_unique(ssl, arena);
    message->tls_exporter = tls_exporter(ssl, arena);
}
