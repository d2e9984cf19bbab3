/* A peer for tests of what goes out: a server in threads of the test process whose behaviour is a function, TLS
 * included, and certificates made on the spot. It blocks where it likes; the loop under test must not. */
#ifndef UNIT_OUTBOUND_PEER_H
#define UNIT_OUTBOUND_PEER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/core.h"

#define PEER_CONNECTIONS_MAX 512
#define PEER_REQUEST_BYTES_MAX (4u << 20)

struct peer;

struct peer_conn {
	struct peer *peer;
	pthread_t thread;
	int fd;
	int number; /* of this connection, from 0 */
	int served; /* requests read on it */
	SSL *ssl;   /* NULL: plain */
	char *text; /* the request read last: head, NUL, body */
	size_t len;
	char *body;
	size_t body_len;
};

/* Serves one connection from its beginning; returning closes it. */
typedef void peer_script(struct peer_conn *conn);

struct peer {
	int fd;
	unsigned port;
	SSL_CTX *tls;
	peer_script *script;
	pthread_t acceptor;
	struct peer_conn conns[PEER_CONNECTIONS_MAX];
	atomic_int connections;
	atomic_int requests; /* complete ones, body included */
	atomic_int posts;    /* complete ones with a body */
	atomic_int serving, serving_max;
	atomic_int handshakes_failed;
	bool no_handshake; /* leaves TLS unanswered */
};

static inline ssize_t conn_read(struct peer_conn *conn, void *to, size_t len)
{
	return conn->ssl != NULL ? SSL_read(conn->ssl, to, (int)len) : recv(conn->fd, to, len, 0);
}

static inline bool conn_write(struct peer_conn *conn, const void *from, size_t len)
{
	if (len == 0) return true;
	if (conn->ssl != NULL) return SSL_write(conn->ssl, from, (int)len) == (int)len;
	return send(conn->fd, from, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static inline bool conn_say(struct peer_conn *conn, const char *text)
{
	return conn_write(conn, text, strlen(text));
}

/* Waits until the other side closes. */
static inline void conn_hang(struct peer_conn *conn)
{
	char sink[512];
	while (conn_read(conn, sink, sizeof(sink)) > 0) continue;
}

/* Ends with a reset instead of an orderly close. */
static inline void conn_reset(struct peer_conn *conn)
{
	setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
	if (conn->ssl != NULL) SSL_set_quiet_shutdown(conn->ssl, 1);
}

/* The value of a header of the request, or NULL; name with colon. Static memory per thread. */
static inline const char *conn_header(struct peer_conn *conn, const char *name)
{
	static _Thread_local char value[1024];
	for (const char *line = strstr(conn->text, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
		line += 2;
		if (strncasecmp(line, name, strlen(name)) != 0) continue;
		const char *from = line + strlen(name);
		from += strspn(from, " ");
		size_t len = strcspn(from, "\r");
		if (len >= sizeof(value)) len = sizeof(value) - 1;
		memcpy(value, from, len);
		value[len] = '\0';
		return value;
	}
	return NULL;
}

/* Reads the head into conn->text; false at the end of the connection. */
static inline bool conn_read_head(struct peer_conn *conn)
{
	if (conn->text == NULL) conn->text = malloc(PEER_REQUEST_BYTES_MAX);
	assert(conn->text != NULL);
	conn->len = conn->body_len = 0;
	while (conn->len < 4 || memcmp(conn->text + conn->len - 4, "\r\n\r\n", 4) != 0) {
		if (conn->len >= PEER_REQUEST_BYTES_MAX - 1) return false;
		if (conn_read(conn, conn->text + conn->len, 1) != 1) return false;
		conn->len++;
	}
	conn->text[conn->len++] = '\0';
	conn->body = conn->text + conn->len;
	return true;
}

/* Reads a whole request. */
static inline bool conn_request(struct peer_conn *conn)
{
	if (!conn_read_head(conn)) return false;
	const char *length = conn_header(conn, "Content-Length:");
	size_t wanted = length == NULL ? 0 : strtoul(length, NULL, 10);
	assert(conn->len + wanted < PEER_REQUEST_BYTES_MAX);
	while (conn->body_len < wanted) {
		ssize_t got = conn_read(conn, conn->body + conn->body_len, wanted - conn->body_len);
		if (got <= 0) return false;
		conn->body_len += (size_t)got;
	}
	conn->body[conn->body_len] = '\0';
	conn->served++;
	if (wanted > 0) atomic_fetch_add(&conn->peer->posts, 1);
	atomic_fetch_add(&conn->peer->requests, 1);
	return true;
}

static inline void conn_answer(
	struct peer_conn *conn, const char *status, const char *headers, const void *body, size_t len)
{
	char head[2048];
	int head_len =
		snprintf(head, sizeof(head), "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n", status, len, headers);
	if (conn_write(conn, head, (size_t)head_len)) conn_write(conn, body, len);
}

static inline void *conn_main(void *arg)
{
	struct peer_conn *conn = arg;
	struct peer *peer = conn->peer;
	int now = atomic_fetch_add(&peer->serving, 1) + 1;
	int max = atomic_load(&peer->serving_max);
	while (now > max && !atomic_compare_exchange_weak(&peer->serving_max, &max, now)) continue;
	bool ready = true;
	if (peer->no_handshake) {
		conn_hang(conn);
		ready = false;
	} else if (peer->tls != NULL) {
		conn->ssl = SSL_new(peer->tls);
		SSL_set_fd(conn->ssl, conn->fd);
		ready = SSL_accept(conn->ssl) == 1;
		if (!ready) {
			atomic_fetch_add(&peer->handshakes_failed, 1);
			/* Lets the alert arrive: closing with unread bytes would turn it into a reset. */
			shutdown(conn->fd, SHUT_WR);
			char sink[512];
			while (recv(conn->fd, sink, sizeof(sink), 0) > 0) continue;
		}
	}
	if (ready) peer->script(conn);
	if (ready && conn->ssl != NULL) SSL_shutdown(conn->ssl);
	SSL_free(conn->ssl);
	conn->ssl = NULL;
	/* Before the descriptor is given back, so that peer_stop never shuts down a stranger's. */
	atomic_fetch_sub(&peer->serving, 1);
	int fd = conn->fd;
	__atomic_store_n(&conn->fd, -1, __ATOMIC_SEQ_CST);
	close(fd);
	free(conn->text);
	return NULL;
}

static inline void *peer_main(void *arg)
{
	struct peer *peer = arg;
	for (;;) {
		int fd = accept4(peer->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0) return NULL;
		int number = atomic_load(&peer->connections);
		assert(number < PEER_CONNECTIONS_MAX);
		struct peer_conn *conn = &peer->conns[number];
		*conn = (struct peer_conn){.peer = peer, .fd = fd, .number = number};
		int failed = pthread_create(&conn->thread, NULL, conn_main, conn);
		assert(failed == 0);
		atomic_fetch_add(&peer->connections, 1);
	}
}

static inline int loopback_listen(unsigned *ret_port, int backlog)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int rc = bind(fd, (struct sockaddr *)&address, sizeof(address));
	if (rc == 0) rc = listen(fd, backlog);
	if (rc == 0) rc = getsockname(fd, (struct sockaddr *)&address, &len);
	assert(fd >= 0 && rc == 0);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

/* tls: taken; NULL for plain. */
static inline struct peer *peer_start(peer_script *script, SSL_CTX *tls, bool no_handshake)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	assert(peer != NULL);
	peer->fd = loopback_listen(&peer->port, 128);
	peer->tls = tls;
	peer->script = script;
	peer->no_handshake = no_handshake;
	int failed = pthread_create(&peer->acceptor, NULL, peer_main, peer);
	assert(failed == 0);
	return peer;
}

/* The client must have closed its connections, or the scripts must be about to end. */
static inline void peer_stop(struct peer *peer)
{
	shutdown(peer->fd, SHUT_RDWR);
	pthread_join(peer->acceptor, NULL);
	for (int i = 0; i < atomic_load(&peer->connections); i++) pthread_join(peer->conns[i].thread, NULL);
	close(peer->fd);
	SSL_CTX_free(peer->tls);
	free(peer);
}

/* ---- certificates ---- */

struct peer_cert {
	X509 *cert;
	EVP_PKEY *key;
};

static inline void cert_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert(extension != NULL);
	X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
}

/* issuer NULL: a root of its own. alt_names: "DNS:localhost,IP:127.0.0.1". days: until it ends, negative: over. */
static inline struct peer_cert cert_make(
	const char *name, const struct peer_cert *issuer, const char *alt_names, int days, long serial)
{
	struct peer_cert made = {X509_new(), EVP_EC_gen("P-256")};
	assert(made.cert != NULL && made.key != NULL);
	X509_set_version(made.cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(made.cert), serial);
	X509_gmtime_adj(X509_getm_notBefore(made.cert), -30L * 86400);
	X509_gmtime_adj(X509_getm_notAfter(made.cert), days * 86400L);
	X509_NAME *subject = X509_get_subject_name(made.cert);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509 *by = issuer != NULL ? issuer->cert : made.cert;
	X509_set_issuer_name(made.cert, X509_get_subject_name(by));
	X509_set_pubkey(made.cert, made.key);
	if (issuer == NULL) cert_extension(made.cert, by, NID_basic_constraints, "critical,CA:TRUE");
	if (alt_names != NULL) cert_extension(made.cert, by, NID_subject_alt_name, alt_names);
	int signed_len = X509_sign(made.cert, issuer != NULL ? issuer->key : made.key, EVP_sha256());
	assert(signed_len > 0);
	return made;
}

static inline void cert_free(struct peer_cert *cert)
{
	X509_free(cert->cert);
	EVP_PKEY_free(cert->key);
}

static inline void cert_write(const struct peer_cert *cert, const char *cert_path, const char *key_path)
{
	FILE *file = fopen(cert_path, "w");
	assert(file != NULL);
	PEM_write_X509(file, cert->cert);
	fclose(file);
	if (key_path == NULL) return;
	file = fopen(key_path, "w");
	assert(file != NULL);
	fchmod(fileno(file), 0600);
	PEM_write_PrivateKey(file, cert->key, NULL, NULL, 0, NULL, NULL);
	fclose(file);
}

/* "sha256//..." of its public key; text holds 64 bytes. */
static inline void cert_pin(const struct peer_cert *cert, char *text)
{
	unsigned char *der = NULL, hash[32];
	int len = i2d_PUBKEY(cert->key, &der);
	assert(len > 0);
	EVP_Digest(der, (size_t)len, hash, NULL, EVP_sha256(), NULL);
	OPENSSL_free(der);
	strcpy(text, "sha256//");
	EVP_EncodeBlock((unsigned char *)text + 8, hash, sizeof(hash));
}

/* client_ca NULL: no client certificate is asked for. */
static inline SSL_CTX *cert_server(const struct peer_cert *cert, const struct peer_cert *client_ca, int version_max)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
	assert(tls != NULL);
	SSL_CTX_use_certificate(tls, cert->cert);
	SSL_CTX_use_PrivateKey(tls, cert->key);
	SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	if (version_max != 0) SSL_CTX_set_max_proto_version(tls, version_max);
	if (version_max == TLS1_1_VERSION) {
		SSL_CTX_set_min_proto_version(tls, TLS1_1_VERSION);
		SSL_CTX_set_cipher_list(tls, "ALL:@SECLEVEL=0");
	}
	if (client_ca != NULL) {
		X509_STORE_add_cert(SSL_CTX_get_cert_store(tls), client_ca->cert);
		SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	}
	return tls;
}

#endif
