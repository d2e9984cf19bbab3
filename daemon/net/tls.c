/* TLS contexts of servers and clients. What both share first, then each side, then what is read from a certificate. */
#include "net/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/http_query.h"

/* Forward secrecy and AEAD only; TLS 1.3's own suites are all of that kind. */
#define CIPHERS_12 "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL"
#define GROUPS "X25519:P-256:P-384"
#define RSA_BITS_MIN 2048
#define ERROR_TEXT_MAX 512

const char *tls_error_text(void)
{
	static _Thread_local char text[ERROR_TEXT_MAX];
	size_t n = 0;
	unsigned long code;
	text[0] = '\0';
	while ((code = ERR_get_error()) != 0) {
		const char *reason = ERR_reason_error_string(code);
		int more = snprintf(
			text + n, sizeof(text) - n, "%s%s", n == 0 ? "" : ", ", reason == NULL ? "error" : reason);
		if (more > 0 && (size_t)more < sizeof(text) - n) n += (size_t)more;
	}
	return n == 0 ? "unknown TLS error" : text;
}

static void free_file(FILE **file)
{
	if (*file != NULL) (void)fclose(*file);
}

static void free_x509(X509 **cert)
{
	X509_free(*cert);
}

static void free_pkey(EVP_PKEY **pkey)
{
	EVP_PKEY_free(*pkey);
}

static int file_open(const char *what, const char *path, FILE **ret_file)
{
	FILE *file = path == NULL ? NULL : fopen(path, "re");
	if (path == NULL) return err_set(ERR_INVALID, "no %s is configured", what);
	if (file == NULL) return err_set(ERR_SYS, "could not open %s \"%s\": %s", what, path, strerror(errno));
	*ret_file = file;
	return 0;
}

/* An encrypted key must be refused, not asked for at a terminal that nobody watches. */
static int no_password(char *buf, int size, int for_writing, void *ctx)
{
	(void)buf, (void)size, (void)for_writing, (void)ctx;
	return 0;
}

static int key_strong_enough(EVP_PKEY *pkey, const char *path)
{
	if (EVP_PKEY_is_a(pkey, "RSA") && EVP_PKEY_get_bits(pkey) < RSA_BITS_MIN)
		return err_set(ERR_INVALID, "the RSA key in \"%s\" has %d bits, %d are needed", path,
			EVP_PKEY_get_bits(pkey), RSA_BITS_MIN);
	return 0;
}

static int validity_check(X509 *cert, const char *path, bool expired_allowed)
{
	const char *fault = NULL;
	if (X509_cmp_current_time(X509_get0_notAfter(cert)) <= 0) fault = "has expired";
	if (X509_cmp_current_time(X509_get0_notBefore(cert)) > 0) fault = "is not valid yet";
	if (fault == NULL) return 0;
	if (!expired_allowed) return err_set(ERR_INVALID, "certificate \"%s\" %s", path, fault);
	log_line(LOG_ERROR, "certificate \"%s\" %s: whoever looks at it refuses it until there is another one", path,
		fault);
	return 0;
}

/* Certificate with its chain, and the key that belongs to it. */
static int identity_load(SSL_CTX *ctx, const char *cert_path, const char *key_path, bool expired_allowed)
{
	CLEANUP(free_file) FILE *cert_file = NULL;
	CLEANUP(free_file) FILE *key_file = NULL;
	CLEANUP(free_x509) X509 *cert = NULL;
	CLEANUP(free_pkey) EVP_PKEY *pkey = NULL;
	int rc = file_open("certificate", cert_path, &cert_file);
	if (rc == 0) rc = file_open("key", key_path, &key_file);
	if (rc != 0) return rc;
	cert = PEM_read_X509_AUX(cert_file, NULL, no_password, NULL);
	if (cert == NULL) return err_set(ERR_INVALID, "no certificate in \"%s\": %s", cert_path, tls_error_text());
	pkey = PEM_read_PrivateKey(key_file, NULL, no_password, NULL);
	if (pkey == NULL) return err_set(ERR_INVALID, "no unencrypted key in \"%s\": %s", key_path, tls_error_text());
	if (X509_check_private_key(cert, pkey) != 1) {
		ERR_clear_error();
		return err_set(ERR_INVALID, "key \"%s\" does not belong to certificate \"%s\"", key_path, cert_path);
	}
	rc = key_strong_enough(pkey, key_path);
	if (rc == 0) rc = validity_check(cert, cert_path, expired_allowed);
	if (rc != 0) return rc;
	if (SSL_CTX_use_certificate_chain_file(ctx, cert_path) != 1)
		return err_set(ERR_INVALID, "could not use certificate \"%s\": %s", cert_path, tls_error_text());
	if (SSL_CTX_use_PrivateKey(ctx, pkey) != 1)
		return err_set(ERR_INVALID, "could not use key \"%s\": %s", key_path, tls_error_text());
	return 0;
}

/* Replaces the store of trusted CAs: only the named ones count. */
static int ca_load(SSL_CTX *ctx, const char *path)
{
	CLEANUP(free_file) FILE *file = NULL;
	int rc = file_open("CA file", path, &file);
	if (rc != 0) return rc;
	X509_STORE *store = X509_STORE_new();
	if (store == NULL) return err_set(ERR_NOMEM, "no memory for CAs");
	if (X509_STORE_load_file(store, path) != 1) {
		X509_STORE_free(store);
		return err_set(ERR_INVALID, "no CA certificate in \"%s\": %s", path, tls_error_text());
	}
	SSL_CTX_set_cert_store(ctx, store); /* takes it */
	return 0;
}

static int common_set(SSL_CTX *ctx)
{
	/* Idle connections outnumber busy ones by far: give their 32 KiB of record buffers back. */
	SSL_CTX_set_mode(
		ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 || SSL_CTX_set_cipher_list(ctx, CIPHERS_12) != 1 ||
		SSL_CTX_set1_groups_list(ctx, GROUPS) != 1)
		return err_set(ERR_SYS, "could not set up TLS: %s", tls_error_text());
	return 0;
}

static int client_ca_set(SSL_CTX *ctx, const struct tls_server_conf *conf)
{
	if (conf->client_ca_file == NULL) return 0;
	int rc = ca_load(ctx, conf->client_ca_file);
	if (rc != 0) return rc;
	STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(conf->client_ca_file);
	if (names == NULL) return err_set(ERR_INVALID, "no CA in \"%s\": %s", conf->client_ca_file, tls_error_text());
	SSL_CTX_set_client_CA_list(ctx, names); /* takes them */
	SSL_CTX_set_verify(
		ctx, SSL_VERIFY_PEER | (conf->client_cert_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), NULL);
	return 0;
}

static int session_set(SSL_CTX *ctx, const struct tls_server_conf *conf)
{
	static const unsigned char context[] = "zhifu";
	/* Tickets, not a cache: a client resumes at whichever worker accepts it. One ticket is enough, each costs
	 * memory. */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	if (SSL_CTX_set_num_tickets(ctx, 1) != 1 ||
		SSL_CTX_set_session_id_context(ctx, context, sizeof(context) - 1) != 1)
		return err_set(ERR_SYS, "could not set up TLS sessions: %s", tls_error_text());
	if (conf->ticket_key == NULL) return 0;
	uint8_t key[TLS_TICKET_KEY_BYTES];
	memcpy(key, conf->ticket_key, sizeof(key));
	long ok = SSL_CTX_set_tlsext_ticket_keys(ctx, key, sizeof(key));
	mem_wipe(key, sizeof(key));
	return ok == 1 ? 0 : err_set(ERR_SYS, "could not set the ticket key: %s", tls_error_text());
}

int tls_server_new(const struct tls_server_conf *conf, SSL_CTX **ret_ctx)
{
	ERR_clear_error();
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	if (ctx == NULL) return err_set(ERR_NOMEM, "no memory for TLS");
	int rc = common_set(ctx);
	if (rc == 0) rc = identity_load(ctx, conf->cert_file, conf->key_file, conf->expired_allowed);
	if (rc == 0) rc = client_ca_set(ctx, conf);
	if (rc == 0) rc = session_set(ctx, conf);
	if (rc != 0) {
		SSL_CTX_free(ctx);
		return rc;
	}
	*ret_ctx = ctx;
	return 0;
}

struct pins {
	size_t count;
	uint8_t pin[TLS_PINS_MAX][TLS_PIN_BYTES];
};

static void pins_free(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
	(void)parent, (void)ad, (void)idx, (void)argl, (void)argp;
	mem_free(ptr);
}

/* Where an SSL_CTX keeps its pins: a number that OpenSSL hands out once per process. */
static int pins_slot = -1;
static pthread_once_t pins_once = PTHREAD_ONCE_INIT;

static void pins_slot_get(void)
{
	pins_slot = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, pins_free);
}

/* Runs for each certificate of the chain; the pins are about the last call, the peer's own certificate. */
static int pins_verify(int chain_ok, X509_STORE_CTX *store)
{
	uint8_t pin[TLS_PIN_BYTES];
	if (chain_ok != 1 || X509_STORE_CTX_get_error_depth(store) != 0) return chain_ok;
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	const struct pins *pins = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), pins_slot);
	if (pins != NULL && tls_pin_of(X509_STORE_CTX_get_current_cert(store), pin) == 0)
		for (size_t i = 0; i < pins->count; i++)
			if (CRYPTO_memcmp(pins->pin[i], pin, sizeof(pin)) == 0) return 1;
	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
	return 0;
}

static int pins_set(SSL_CTX *ctx, const struct tls_client_conf *conf)
{
	if (conf->pin_count == 0) return 0;
	if (conf->pin_count > TLS_PINS_MAX) return err_set(ERR_LIMIT, "more than %d pins", TLS_PINS_MAX);
	struct pins *pins = mem_alloc(sizeof(*pins));
	if (pins == NULL) return err_set(ERR_NOMEM, "no memory for pins");
	pins->count = conf->pin_count;
	memcpy(pins->pin, conf->pins, sizeof(pins->pin));
	if (pthread_once(&pins_once, pins_slot_get) != 0 || pins_slot < 0 ||
		SSL_CTX_set_ex_data(ctx, pins_slot, pins) != 1) {
		mem_free(pins);
		return err_set(ERR_NOMEM, "no memory for pins");
	}
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, pins_verify);
	return 0;
}

int tls_client_apply(SSL_CTX *ctx, const struct tls_client_conf *conf)
{
	ERR_clear_error();
	int rc = common_set(ctx);
	if (rc == 0 && conf->ca_file != NULL) rc = ca_load(ctx, conf->ca_file);
	if (rc == 0 && conf->ca_file == NULL && SSL_CTX_set_default_verify_paths(ctx) != 1)
		rc = err_set(ERR_SYS, "could not load the system's CAs: %s", tls_error_text());
	/* Only the peer can say whether it still takes an expired client certificate. */
	if (rc == 0 && conf->cert_file != NULL) rc = identity_load(ctx, conf->cert_file, conf->key_file, true);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (rc == 0) rc = pins_set(ctx, conf);
	return rc;
}

int tls_client_new(const struct tls_client_conf *conf, SSL_CTX **ret_ctx)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	if (ctx == NULL) return err_set(ERR_NOMEM, "no memory for TLS");
	int rc = tls_client_apply(ctx, conf);
	if (rc != 0) {
		SSL_CTX_free(ctx);
		return rc;
	}
	*ret_ctx = ctx;
	return 0;
}

static int pin_parse_hex(const char *text, uint8_t ret_pin[TLS_PIN_BYTES])
{
	for (size_t i = 0; i < TLS_PIN_BYTES; i++) {
		int high = http_hex_value((uint8_t)text[2 * i]), low = http_hex_value((uint8_t)text[2 * i + 1]);
		if (high < 0 || low < 0) return err_set(ERR_INVALID, "a pin is not hexadecimal");
		ret_pin[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

int tls_pin_parse(const char *text, uint8_t ret_pin[TLS_PIN_BYTES])
{
	uint8_t decoded[TLS_PIN_BYTES + 1]; /* EVP_DecodeBlock counts the padding as a byte */
	if (strlen(text) == (size_t)2 * TLS_PIN_BYTES) return pin_parse_hex(text, ret_pin);
	if (strncmp(text, "sha256/", 7) == 0) text += 7;
	if (strlen(text) != 44 || text[43] != '=' || text[42] == '=' ||
		EVP_DecodeBlock(decoded, (const unsigned char *)text, 44) != TLS_PIN_BYTES + 1)
		return err_set(ERR_INVALID, "a pin is not the base64 or hexadecimal form of a SHA-256");
	memcpy(ret_pin, decoded, TLS_PIN_BYTES);
	return 0;
}

int tls_pin_of(X509 *cert, uint8_t ret_pin[TLS_PIN_BYTES])
{
	unsigned char *der = NULL;
	int len = cert == NULL ? -1 : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	if (len <= 0) return err_set(ERR_INVALID, "a certificate has no public key");
	int ok = EVP_Digest(der, (size_t)len, ret_pin, NULL, EVP_sha256(), NULL);
	OPENSSL_free(der);
	return ok == 1 ? 0 : err_set(ERR_NOMEM, "no memory for a digest");
}

/* What a BIO collected, cut to fit. */
static void bio_text(BIO *bio, char *text, size_t len)
{
	char *data = NULL;
	long n = BIO_get_mem_data(bio, &data);
	size_t take = n < 0 ? 0 : (size_t)n;
	if (take >= len) take = len - 1;
	if (take > 0) memcpy(text, data, take);
	text[take] = '\0';
}

static const char *name_prefix(int type)
{
	switch (type) {
	case GEN_DNS:
		return "DNS:";
	case GEN_URI:
		return "URI:";
	case GEN_EMAIL:
		return "email:";
	default:
		return NULL;
	}
}

static void names_get(X509 *cert, struct tls_peer *peer)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	for (int i = 0; i < sk_GENERAL_NAME_num(names) && peer->name_count < TLS_PEER_NAMES_MAX; i++) {
		int type;
		const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
		const char *prefix = name_prefix(type);
		if (prefix == NULL) continue;
		int len = ASN1_STRING_length(value);
		const unsigned char *data = ASN1_STRING_get0_data(value);
		/* A name with a NUL inside would read as another, shorter name. */
		if (len <= 0 || len > TLS_PEER_TEXT_MAX - 8 || memchr(data, 0, (size_t)len) != NULL) continue;
		(void)snprintf(
			peer->names[peer->name_count++], TLS_PEER_TEXT_MAX, "%s%.*s", prefix, len, (const char *)data);
	}
	GENERAL_NAMES_free(names);
}

static int64_t asn1_time_ms(const ASN1_TIME *time)
{
	struct tm tm;
	if (ASN1_TIME_to_tm(time, &tm) != 1) return 0;
	return (int64_t)timegm(&tm) * 1000;
}

int tls_peer_get(SSL *ssl, struct tls_peer *ret_peer)
{
	struct tls_peer peer = {0};
	X509 *cert = SSL_get0_peer_certificate(ssl);
	if (cert == NULL) return err_set(ERR_NOTFOUND, "the peer gave no certificate");
	if (SSL_get_verify_result(ssl) != X509_V_OK)
		return err_set(ERR_DENIED, "the peer's certificate did not verify");
	if (X509_digest(cert, EVP_sha256(), peer.fingerprint, NULL) != 1)
		return err_set(ERR_NOMEM, "no memory for a digest");
	for (size_t i = 0; i < sizeof(peer.fingerprint); i++)
		(void)snprintf(peer.fingerprint_hex + 2 * i, 3, "%02x", peer.fingerprint[i]);
	BIO *bio = BIO_new(BIO_s_mem());
	if (bio == NULL) return err_set(ERR_NOMEM, "no memory for a certificate");
	X509_NAME_print_ex(bio, X509_get_subject_name(cert), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
	bio_text(bio, peer.subject, sizeof(peer.subject));
	BIO_free(bio);
	names_get(cert, &peer);
	peer.not_after_ms = asn1_time_ms(X509_get0_notAfter(cert));
	*ret_peer = peer;
	return 0;
}
