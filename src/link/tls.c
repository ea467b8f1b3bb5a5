// SPDX-License-Identifier: MIT
//
// tls.c - TLS by mbed TLS.
//
// Design notes
//
// nng has TLS streams, by mbed TLS too, and they could not be used: docs/decisions/0012-transports.md says why. So nng
// carries the bytes, and this file makes them TLS.
//
// mbed TLS 2.28 keeps tables in the keys that it calculates with, and a listener's key and authorities are shared by
// all its connections. Keys are used in handshakes only, as renegotiation is off; so each step of a handshake is under
// the lock of the configuration, and what follows needs none.
//
// It compares the names in a certificate with a host, but not the addresses: that is done here, in its callback. A name
// that is too long it would refuse to look for and then look for none, so its answer counts.
//
// Alerts before the end of a handshake are not encrypted. mbed TLS says that there was one and not which: the last byte
// that it took says that.

#include "link/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <mbedtls/error.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

#include <acta/error.h>

#include "base/platform.h"

#define FILE_BYTES_MAX (1024u * 1024)
#define HOST_BYTES_MAX 253
#define IN_BYTES_MAX (64u * 1024)
#define OUT_BYTES_MAX (4 * ACTI_TLS_PART)

struct acti_tls_config {
    acti_au32 refs;
    acti_lock lock; // rank: leaf. Held while keys are used.
    bool server;
    mbedtls_ssl_config ssl;
    mbedtls_x509_crt authorities;
    mbedtls_x509_crt own; // and what leads from it to an authority
    mbedtls_pk_context key;
};

struct acti_tls {
    acti_tls_config *config; // one reference
    mbedtls_ssl_context ssl;
    char host[HOST_BYTES_MAX + 1]; // of the dialling side
    uint8_t address[16];           // of host, if it is one
    size_t address_size;
    acti_buf in, out;
    bool heard;   // the peer's first byte, which is one of TLS
    bool open;    // the hands are shaken
    uint8_t last; // byte taken from in, until then
};

// Modern ones: the key of each conversation is forgotten with it, and what is changed on the way is noticed.
static const int suites[] = {
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    0,
};

static int check_opts(const acta_tls_opts *opts, acti_reason why);
static int read_authorities(acti_tls_config *config, const char *path, acti_reason why);
static int read_own(acti_tls_config *config, const acta_tls_opts *opts, acti_reason why);
static int read_key(acti_tls_config *config, const char *path, acti_reason why);
static int check_own(const acti_tls_config *config, const acta_tls_opts *opts, acti_reason why);
static int set_up(acti_tls_config *config, acti_reason why);
static int read_file(const char *option, const char *path, acti_buf *text, acti_reason why);
static int random_bytes(void *unused, unsigned char *bytes, size_t size);
static int send_bytes(void *arg, const unsigned char *bytes, size_t size);
static int receive_bytes(void *arg, unsigned char *bytes, size_t size);
static int check_address(void *arg, mbedtls_x509_crt *certificate, int depth, uint32_t *flags);
static int refused(const acti_tls *tls, int error, acti_reason why);
static int disbelieved(const acti_tls *tls, uint32_t flags, acti_reason why);
static int alerted(uint8_t alert, acti_reason why);

// ---- files ----------------------------------------------------------------------------

int acti_tls_config_new(const acta_tls_opts *opts, bool server, acti_tls_config **out, acti_reason why)
{
    int status = check_opts(opts, why);
    if (status != ACTA_OK)
        return status;
    acti_tls_config *config = calloc(1, sizeof *config);
    if (config == NULL)
        return acti_say(why, ACTA_ENOMEM, "out of memory; free some");
    acti_au32_store_relaxed(&config->refs, 1); // nobody else knows it yet
    acti_lock_init(&config->lock);
    config->server = server;
    mbedtls_ssl_config_init(&config->ssl);
    mbedtls_x509_crt_init(&config->authorities);
    mbedtls_x509_crt_init(&config->own);
    mbedtls_pk_init(&config->key);
    status = read_authorities(config, opts->ca_file, why);
    if (status == ACTA_OK)
        status = read_own(config, opts, why);
    if (status == ACTA_OK)
        status = set_up(config, why);
    if (status != ACTA_OK) {
        acti_tls_config_drop(config);
        return status;
    }
    *out = config;
    return ACTA_OK;
}

void acti_tls_config_drop(acti_tls_config *config)
{
    // Acquires what the others did with it: the memory is freed.
    if (acti_au32_sub_acq_rel(&config->refs, 1) != 1)
        return;
    mbedtls_ssl_config_free(&config->ssl);
    mbedtls_x509_crt_free(&config->authorities);
    mbedtls_x509_crt_free(&config->own);
    mbedtls_pk_free(&config->key);
    acti_lock_fini(&config->lock);
    free(config);
}

static int check_opts(const acta_tls_opts *opts, acti_reason why)
{
    if (opts == NULL || opts->ca_file == NULL)
        return acti_say(why, ACTA_EINVAL, "whom to believe is not said; give tls.ca_file in the options of the system");
    if (opts->cert_file == NULL)
        return acti_say(why, ACTA_EINVAL,
                        "there is no certificate to show; give tls.cert_file in the options of the system");
    if (opts->peer_name != NULL && (opts->peer_name[0] == '\0' || strlen(opts->peer_name) > HOST_BYTES_MAX))
        return acti_say(why, ACTA_EINVAL, "tls.peer_name has not from 1 to %d bytes; give a name or an address",
                        HOST_BYTES_MAX);
    return ACTA_OK;
}

static int read_authorities(acti_tls_config *config, const char *path, acti_reason why)
{
    acti_buf text = {.limit = FILE_BYTES_MAX + 1};
    int status = read_file("tls.ca_file", path, &text, why);
    if (status == ACTA_OK && mbedtls_x509_crt_parse(&config->authorities, acti_buf_bytes(&text), text.size) != 0)
        status = acti_say(why, ACTA_EINVAL,
                          "tls.ca_file %s is not made of certificates in PEM form alone; give such a file", path);
    acti_buf_fini(&text);
    return status;
}

static int read_own(acti_tls_config *config, const acta_tls_opts *opts, acti_reason why)
{
    acti_buf text = {.limit = FILE_BYTES_MAX + 1};
    int status = read_file("tls.cert_file", opts->cert_file, &text, why);
    if (status == ACTA_OK && mbedtls_x509_crt_parse(&config->own, acti_buf_bytes(&text), text.size) != 0)
        status = acti_say(why, ACTA_EINVAL, "tls.cert_file %s has no certificate in PEM form; give a file that has one",
                          opts->cert_file);
    acti_buf_fini(&text);
    if (status == ACTA_OK)
        status = read_key(config, opts->key_file != NULL ? opts->key_file : opts->cert_file, why);
    return status == ACTA_OK ? check_own(config, opts, why) : status;
}

static int read_key(acti_tls_config *config, const char *path, acti_reason why)
{
    acti_buf text = {.limit = FILE_BYTES_MAX + 1};
    int status = read_file("tls.key_file", path, &text, why);
    if (status == ACTA_OK) {
        int error = mbedtls_pk_parse_key(&config->key, acti_buf_bytes(&text), text.size, NULL, 0);
        if (error == MBEDTLS_ERR_PK_PASSWORD_REQUIRED || error == MBEDTLS_ERR_PK_PASSWORD_MISMATCH)
            status = acti_say(why, ACTA_EINVAL,
                              "the private key in %s is encrypted; give one that is not, in a file that only its user "
                              "may read",
                              path);
        else if (error != 0)
            status =
                acti_say(why, ACTA_EINVAL,
                         "%s has no private key in PEM form; add it there, or give its file as tls.key_file", path);
        explicit_bzero(acti_buf_bytes(&text), text.size);
    }
    acti_buf_fini(&text);
    return status;
}

static int check_own(const acti_tls_config *config, const acta_tls_opts *opts, acti_reason why)
{
    const char *key_file = opts->key_file != NULL ? opts->key_file : opts->cert_file;
    if (mbedtls_pk_check_pair(&config->own.pk, &config->key) != 0)
        return acti_say(why, ACTA_EINVAL,
                        "the private key in %s is not that of the first certificate in %s; give the two that belong "
                        "together",
                        key_file, opts->cert_file);
    if (mbedtls_x509_time_is_past(&config->own.valid_to))
        return acti_say(why, ACTA_EINVAL, "the certificate in tls.cert_file %s has expired; renew it", opts->cert_file);
    return ACTA_OK;
}

static int set_up(acti_tls_config *config, acti_reason why)
{
    mbedtls_ssl_config *ssl = &config->ssl;
    int error = mbedtls_ssl_config_defaults(ssl, config->server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
                                            MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    if (error == 0)
        error = mbedtls_ssl_conf_own_cert(ssl, &config->own, &config->key);
    if (error != 0)
        return acti_say(why, ACTA_ENOMEM, "TLS could not be set up (error -0x%x); free some memory", (unsigned)-error);
    mbedtls_ssl_conf_authmode(ssl, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_ca_chain(ssl, &config->authorities, NULL);
    mbedtls_ssl_conf_min_version(ssl, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_renegotiation(ssl, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
    mbedtls_ssl_conf_ciphersuites(ssl, suites);
    mbedtls_ssl_conf_rng(ssl, random_bytes, NULL);
    return ACTA_OK;
}

// text gets the file, and the NUL that tells mbed TLS that it is PEM.
static int read_file(const char *option, const char *path, acti_buf *text, acti_reason why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    ssize_t n = fd < 0 ? -1 : 1;
    while (n > 0) {
        uint8_t *space = acti_buf_reserve(text, 4096);
        if (space == NULL)
            break;
        n = read(fd, space, 4096);
        if (n > 0)
            acti_buf_grew(text, (size_t)n);
    }
    int error = errno;
    if (fd >= 0)
        close(fd);
    if (n == 0)
        return acti_buf_append(text, "", 1) == ACTA_OK ? ACTA_OK
                                                       : acti_say(why, ACTA_ENOMEM, "out of memory; free some");
    if (n > 0)
        return acti_say(why, ACTA_EINVAL, "%s %s has more than a megabyte, or memory ran out; give a smaller file",
                        option, path);
    int status = error == ENOENT || error == ENOTDIR ? ACTA_ENOENT : error == EACCES ? ACTA_EACCES : ACTA_EIO;
    return acti_say(why, status, "%s %s cannot be read (%s); check the path, and who may read it", option, path,
                    strerror(error));
}

static int random_bytes(void *unused, unsigned char *bytes, size_t size)
{
    (void)unused;
    while (size > 0) {
        ssize_t n = getrandom(bytes, size, 0);
        if (n < 0 && errno != EINTR)
            return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
        bytes += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

// ---- conversations --------------------------------------------------------------------

acti_tls *acti_tls_new(acti_tls_config *config, const char *host)
{
    acti_tls *tls = calloc(1, sizeof *tls);
    if (tls == NULL)
        return NULL;
    (void)acti_au32_add_relaxed(&config->refs, 1); // whoever gives it has one
    tls->config = config;
    tls->in.limit = IN_BYTES_MAX;
    tls->out.limit = OUT_BYTES_MAX;
    mbedtls_ssl_init(&tls->ssl);
    int error = mbedtls_ssl_setup(&tls->ssl, &config->ssl);
    if (error == 0 && host != NULL) {
        acti_assert(strlen(host) <= HOST_BYTES_MAX);
        memcpy(tls->host, host, strlen(host) + 1);
        if (inet_pton(AF_INET, host, tls->address) == 1)
            tls->address_size = 4;
        else if (inet_pton(AF_INET6, host, tls->address) == 1)
            tls->address_size = 16;
        error = mbedtls_ssl_set_hostname(&tls->ssl, tls->address_size == 0 ? host : NULL);
    }
    if (error != 0) {
        acti_tls_free(tls);
        return NULL;
    }
    mbedtls_ssl_set_bio(&tls->ssl, tls, send_bytes, receive_bytes, NULL);
    mbedtls_ssl_set_verify(&tls->ssl, check_address, tls);
    return tls;
}

void acti_tls_free(acti_tls *tls)
{
    mbedtls_ssl_free(&tls->ssl);
    acti_buf_fini(&tls->in);
    acti_buf_fini(&tls->out);
    acti_tls_config_drop(tls->config);
    free(tls);
}

uint8_t *acti_tls_space(acti_tls *tls, size_t *room)
{
    *room = IN_BYTES_MAX - tls->in.size;
    return acti_buf_reserve(&tls->in, *room);
}

void acti_tls_fed(acti_tls *tls, size_t size)
{
    acti_buf_grew(&tls->in, size);
}

acti_buf *acti_tls_out(acti_tls *tls)
{
    return &tls->out;
}

static int send_bytes(void *arg, const unsigned char *bytes, size_t size)
{
    acti_tls *tls = arg;
    return acti_buf_append(&tls->out, bytes, size) == ACTA_OK ? (int)size : MBEDTLS_ERR_SSL_ALLOC_FAILED;
}

static int receive_bytes(void *arg, unsigned char *bytes, size_t size)
{
    acti_tls *tls = arg;
    size_t n = size < tls->in.size ? size : tls->in.size;
    if (n == 0)
        return MBEDTLS_ERR_SSL_WANT_READ;
    memcpy(bytes, acti_buf_bytes(&tls->in), n);
    acti_buf_consume(&tls->in, n);
    if (!tls->open)
        tls->last = bytes[n - 1];
    return (int)n;
}

// Whether the certificate is for the address that was dialled: mbed TLS looks for names only.
static int check_address(void *arg, mbedtls_x509_crt *certificate, int depth, uint32_t *flags)
{
    enum { KIND = 0x1f, ADDRESS = 7 }; // of a name in a certificate
    const acti_tls *tls = arg;
    if (depth > 0 || tls->address_size == 0)
        return 0;
    const mbedtls_x509_sequence *name = &certificate->subject_alt_names;
    for (; name != NULL; name = name->next)
        if ((name->buf.tag & KIND) == ADDRESS && name->buf.len == tls->address_size &&
            memcmp(name->buf.p, tls->address, tls->address_size) == 0)
            return 0;
    *flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
    return 0;
}

int acti_tls_shake(acti_tls *tls, acti_reason why)
{
    // Other programs talk to each port. mbed TLS would find out, too, but has a different word for each of them.
    if (!tls->heard && tls->in.size > 0) {
        uint8_t kind = acti_buf_bytes(&tls->in)[0];
        if (kind != MBEDTLS_SSL_MSG_HANDSHAKE && kind != MBEDTLS_SSL_MSG_ALERT)
            return acti_say(why, ACTA_EMALFORMED,
                            "what the peer sends is not TLS; see whether it means tcp://, or is another program");
        tls->heard = true;
    }
    acti_lock_take(&tls->config->lock);
    int error = mbedtls_ssl_handshake(&tls->ssl);
    acti_lock_give(&tls->config->lock);
    tls->open = error == 0;
    if (tls->open)
        return ACTA_OK;
    if (error == MBEDTLS_ERR_SSL_WANT_READ || error == MBEDTLS_ERR_SSL_WANT_WRITE)
        return ACTI_TLS_MORE;
    return refused(tls, error, why);
}

int acti_tls_read(acti_tls *tls, void *bytes, size_t size, size_t *got)
{
    size_t have = 0;
    int n = 0;
    while (have < size && (n = mbedtls_ssl_read(&tls->ssl, (uint8_t *)bytes + have, size - have)) > 0)
        have += (size_t)n;
    if (have > 0) { // what ended the loop is found again the next time
        *got = have;
        return ACTA_OK;
    }
    if (n == MBEDTLS_ERR_SSL_WANT_READ || n == MBEDTLS_ERR_SSL_WANT_WRITE)
        return ACTI_TLS_MORE;
    return n == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY ? ACTA_EUNREACH : ACTA_EIO;
}

int acti_tls_write(acti_tls *tls, const void *bytes, size_t size, size_t *taken)
{
    acti_assert(tls->out.size == 0);
    size_t part = size < ACTI_TLS_PART ? size : ACTI_TLS_PART;
    size_t have = 0;
    while (have < part) {
        int n = mbedtls_ssl_write(&tls->ssl, (const uint8_t *)bytes + have, part - have);
        if (n <= 0)
            return n == MBEDTLS_ERR_SSL_ALLOC_FAILED ? ACTA_ENOMEM : ACTA_EIO;
        have += (size_t)n;
    }
    *taken = have;
    return ACTA_OK;
}

// ---- reasons --------------------------------------------------------------------------

static int refused(const acti_tls *tls, int error, acti_reason why)
{
    uint32_t flags = mbedtls_ssl_get_verify_result(&tls->ssl);
    char text[128];
    switch (error) {
    case MBEDTLS_ERR_X509_CERT_VERIFY_FAILED:
        return disbelieved(tls, flags, why);
    case MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE:
        return acti_say(why, ACTA_EACCES,
                        "the peer shows no certificate; give it one that is signed by an authority "
                        "in tls.ca_file");
    case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
        return alerted(tls->last, why);
    case MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION:
    case MBEDTLS_ERR_SSL_NO_CIPHER_CHOSEN:
    case MBEDTLS_ERR_SSL_NO_USABLE_CIPHERSUITE:
        return acti_say(
            why, ACTA_EMALFORMED,
            "the peer has no version of TLS or no cipher that we have; it needs TLS 1.2, ECDHE and an AEAD");
    case MBEDTLS_ERR_SSL_ALLOC_FAILED:
        return acti_say(why, ACTA_ENOMEM, "out of memory; free some");
    default:
        mbedtls_strerror(error, text, sizeof text);
        return acti_say(why, ACTA_EMALFORMED, "TLS failed (%s); see what the peer reports", text);
    }
}

static int disbelieved(const acti_tls *tls, uint32_t flags, acti_reason why)
{
    if (flags & MBEDTLS_X509_BADCERT_EXPIRED)
        return acti_say(why, ACTA_EACCES, "a certificate of the peer has expired; renew it, and check both clocks");
    if (flags & MBEDTLS_X509_BADCERT_FUTURE)
        return acti_say(why, ACTA_EACCES, "a certificate of the peer is not valid yet; check both clocks");
    if (flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED)
        return acti_say(why, ACTA_EACCES,
                        "no authority in tls.ca_file has signed the peer's certificate; check that both sides' files "
                        "belong together");
    if (flags & MBEDTLS_X509_BADCERT_CN_MISMATCH)
        return acti_say(why, ACTA_EACCES,
                        "the peer's certificate is not for %s; use a host that it is for, or name one in tls.peer_name",
                        tls->host);
    char text[256];
    if (mbedtls_x509_crt_verify_info(text, sizeof text, "", flags) < 0)
        text[0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return acti_say(why, ACTA_EACCES, "the peer's certificate is not accepted (%s); replace it", text);
}

static int alerted(uint8_t alert, acti_reason why)
{
    static const struct {
        uint8_t alert;
        const char *text;
    } texts[] = {
        {MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE, "no cipher or certificate that it accepts"},
        {MBEDTLS_SSL_ALERT_MSG_BAD_CERT, "bad certificate, or not for this name"},
        {MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_CERT, "certificate of a kind that it does not accept"},
        {MBEDTLS_SSL_ALERT_MSG_CERT_REVOKED, "certificate revoked"},
        {MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED, "certificate expired"},
        {MBEDTLS_SSL_ALERT_MSG_CERT_UNKNOWN, "certificate not accepted"},
        {MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA, "certificate of an authority that it does not know"},
        {MBEDTLS_SSL_ALERT_MSG_ACCESS_DENIED, "access denied"},
        {MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION, "another version of TLS"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].alert == alert)
            return acti_say(why, ACTA_EACCES, "the peer refuses us: %s; see what it reports", texts[i].text);
    return acti_say(why, ACTA_EACCES, "the peer refuses us: alert %u; see what it reports", alert);
}
