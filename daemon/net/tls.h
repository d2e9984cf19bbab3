/* TLS contexts: TLS 1.2 and 1.3 only, for the server and for clients, with error texts that say which file is wrong. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <openssl/ssl.h>

#include "base/core.h"

#define TLS_TICKET_KEY_BYTES 80
#define TLS_PINS_MAX 8
#define TLS_PIN_BYTES 32

struct tls_server_conf {
	const char *cert_file;      /* PEM: the certificate, then its chain */
	const char *key_file;       /* PEM, unencrypted; RSA >= 2048 or EC */
	const char *client_ca_file; /* PEM: CAs of client certificates; NULL: none is asked for */
	bool client_cert_required;  /* a client without one fails the handshake */
	bool expired_allowed; /* a certificate outside its validity is an error in the log instead of ERR_INVALID */
	const uint8_t
		*ticket_key; /* TLS_TICKET_KEY_BYTES shared by the workers so that sessions resume anywhere; or NULL */
};
/* A server context. Returns owned: SSL_CTX_free. ERR_SYS (file), ERR_INVALID (PEM, key does not fit, too weak,
 * expired), ERR_NOMEM; err_text names the file. An old context keeps serving its connections, so reload is just a new
 * one. */
int tls_server_new(const struct tls_server_conf *conf, SSL_CTX **ret_ctx) MUSTUSE;

struct tls_client_conf {
	const char *ca_file;   /* PEM; NULL: the system's CAs */
	const char *cert_file; /* PEM client certificate and chain; NULL: none */
	const char *key_file;
	uint8_t pins[TLS_PINS_MAX]
		    [TLS_PIN_BYTES]; /* SHA-256 of acceptable SubjectPublicKeyInfo of the peer's certificate */
	size_t pin_count;            /* 0: no pinning; pins come on top of CA verification */
};
/* A client context that verifies the peer's chain; the caller sets the expected name (SSL_set1_host, libcurl does). */
int tls_client_new(const struct tls_client_conf *conf, SSL_CTX **ret_ctx) MUSTUSE;
/* The same onto an existing context, as in libcurl's CURLOPT_SSL_CTX_FUNCTION (after libcurl's own settings; conf is
 * copied where needed). */
int tls_client_apply(SSL_CTX *ctx, const struct tls_client_conf *conf) MUSTUSE;
/* "sha256/BASE64", bare base64 or 64 hex digits of a pin; ERR_INVALID. */
int tls_pin_parse(const char *text, uint8_t ret_pin[TLS_PIN_BYTES]) MUSTUSE;
/* SHA-256 of the certificate's SubjectPublicKeyInfo. */
int tls_pin_of(X509 *cert, uint8_t ret_pin[TLS_PIN_BYTES]) MUSTUSE;

#define TLS_PEER_NAMES_MAX 8
#define TLS_PEER_TEXT_MAX 256
/* A verified client certificate. */
struct tls_peer {
	uint8_t fingerprint[32];                           /* SHA-256 of the DER certificate */
	char fingerprint_hex[65];                          /* the same, lower case */
	char subject[TLS_PEER_TEXT_MAX];                   /* RFC 2253, UTF-8, cut to fit */
	char names[TLS_PEER_NAMES_MAX][TLS_PEER_TEXT_MAX]; /* "DNS:host", "URI:...", "email:..." of subjectAltName */
	size_t name_count;
	int64_t not_after_ms; /* wall clock */
};
/* ERR_NOTFOUND when the peer gave none, ERR_DENIED when it did not verify. */
int tls_peer_get(SSL *ssl, struct tls_peer *ret_peer) MUSTUSE;
/* The thread's OpenSSL error queue as one text, emptied; never NULL; borrowed until the next call on this thread. */
const char *tls_error_text(void);

#endif
