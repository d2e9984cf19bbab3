/* A route's TLS files as bytes in memory, checked when they are read. */
#include "net/outbound_tls.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/mem.h"
#include "net/outbound_call.h"

#define TLS_MAGIC 0x6f746c73u
#define PIN_PREFIX "sha256//"
#define PIN_BASE64_LEN 44 /* 32 bytes */

static void bio_cleanup(BIO **bio)
{
	BIO_free(*bio);
}

static void x509_cleanup(X509 **cert)
{
	X509_free(*cert);
}

static void pkey_cleanup(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void fd_cleanup(int *fd)
{
	if (*fd >= 0) close(*fd);
}

static int file_read(const char *path, bool secret, struct buf *ret_buf)
{
	int fd CLEANUP(fd_cleanup) = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) != 0) return err_set(ERR_SYS, "could not read \"%s\": %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode)) return err_set(ERR_INVALID, "\"%s\" is not a regular file", path);
	if (secret && (st.st_mode & (S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH)) != 0)
		return err_set(ERR_DENIED, "key file \"%s\" must not be open to group or others", path);
	uint8_t chunk[4096];
	ssize_t got = 0;
	int rc = 0;
	while (rc == 0 && (got = read(fd, chunk, sizeof(chunk))) > 0) rc = buf_append(ret_buf, chunk, (size_t)got);
	mem_wipe(chunk, sizeof(chunk));
	if (got < 0) return err_set(ERR_SYS, "could not read \"%s\": %s", path, strerror(errno));
	return rc;
}

/* A PEM file with a pass phrase must fail, not ask on the terminal. */
static int no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)arg;
	return -1;
}

/* Every certificate in the file must parse; the first one is returned if wanted. */
static int certs_check(const struct buf *pem, const char *path, X509 **ret_first)
{
	if (pem->len == 0) return err_set(ERR_INVALID, "\"%s\" is empty", path);
	BIO *bio CLEANUP(bio_cleanup) = BIO_new_mem_buf(pem->ptr, (int)pem->len);
	if (bio == NULL) return err_set(ERR_NOMEM, "no memory to read \"%s\"", path);
	size_t count = 0;
	X509 *cert;
	while ((cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) != NULL) {
		if (count++ == 0 && ret_first != NULL)
			*ret_first = cert;
		else
			X509_free(cert);
	}
	unsigned long last = ERR_peek_last_error();
	bool at_end = ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
	ERR_clear_error();
	if (count == 0) return err_set(ERR_INVALID, "no certificate in \"%s\"", path);
	if (!at_end) return err_set(ERR_INVALID, "certificate %zu in \"%s\" is damaged", count + 1, path);
	return 0;
}

static int identity_load(struct outbound_tls *tls, const struct outbound_tls_files *files)
{
	int rc = file_read(files->cert_file, false, &tls->cert);
	if (rc == 0) rc = file_read(files->key_file, true, &tls->key);
	if (rc != 0) return rc;
	X509 *cert CLEANUP(x509_cleanup) = NULL;
	rc = certs_check(&tls->cert, files->cert_file, &cert);
	if (rc != 0) return rc;
	if (tls->key.len == 0) return err_set(ERR_INVALID, "\"%s\" is empty", files->key_file);
	BIO *bio CLEANUP(bio_cleanup) = BIO_new_mem_buf(tls->key.ptr, (int)tls->key.len);
	if (bio == NULL) return err_set(ERR_NOMEM, "no memory to read \"%s\"", files->key_file);
	EVP_PKEY *key CLEANUP(pkey_cleanup) = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	int fits = key != NULL && X509_check_private_key(cert, key) == 1;
	ERR_clear_error();
	if (key == NULL) return err_set(ERR_INVALID, "no private key without pass phrase in \"%s\"", files->key_file);
	if (!fits)
		return err_set(ERR_INVALID, "key \"%s\" does not belong to certificate \"%s\"", files->key_file,
			files->cert_file);
	return 0;
}

static bool pin_valid(const char *pin)
{
	if (strncmp(pin, PIN_PREFIX, strlen(PIN_PREFIX)) != 0) return false;
	const char *text = pin + strlen(PIN_PREFIX);
	/* 44 characters with one '=' at the end are exactly 32 bytes. */
	if (strlen(text) != PIN_BASE64_LEN || text[PIN_BASE64_LEN - 1] != '=' || text[PIN_BASE64_LEN - 2] == '=')
		return false;
	unsigned char raw[48];
	int len = EVP_DecodeBlock(raw, (const unsigned char *)text, PIN_BASE64_LEN);
	ERR_clear_error();
	return len == 33;
}

static int pins_load(struct outbound_tls *tls, const struct outbound_tls_files *files)
{
	if (files->pin_count > OUTBOUND_PINS_MAX) return err_set(ERR_LIMIT, "more than %d pins", OUTBOUND_PINS_MAX);
	for (size_t i = 0; i < files->pin_count; i++) {
		if (!pin_valid(files->pins[i]))
			return err_set(ERR_INVALID, "pin \"%s\" is not of the form sha256//BASE64", files->pins[i]);
		int rc = buf_printf(&tls->pins, "%s%s", i == 0 ? "" : ";", files->pins[i]);
		if (rc != 0) return rc;
	}
	return files->pin_count == 0 ? 0 : buf_append(&tls->pins, "", 1);
}

int outbound_tls_load(const struct outbound_tls_files *files, struct outbound_tls **ret_tls)
{
	if (files->ca_file == NULL) return err_set(ERR_INVALID, "no file of certificate authorities is configured");
	if ((files->cert_file == NULL) != (files->key_file == NULL))
		return err_set(ERR_INVALID, "a client certificate and its key must be configured together");
	struct outbound_tls *tls = mem_alloc(sizeof(*tls));
	if (tls == NULL) return err_set(ERR_NOMEM, "no memory for a TLS identity");
	tls->magic = TLS_MAGIC;
	tls->refs = 1;
	tls->ca = tls->cert = tls->key = BUF_INIT(OUTBOUND_PEM_BYTES_MAX);
	tls->pins = BUF_INIT(OUTBOUND_PINS_MAX * (PIN_BASE64_LEN + sizeof(PIN_PREFIX) + 1));
	int rc = file_read(files->ca_file, false, &tls->ca);
	if (rc == 0) rc = certs_check(&tls->ca, files->ca_file, NULL);
	if (rc == 0 && files->cert_file != NULL) rc = identity_load(tls, files);
	if (rc == 0) rc = pins_load(tls, files);
	if (rc != 0) {
		outbound_tls_unref(tls);
		return rc;
	}
	*ret_tls = tls;
	return 0;
}

struct outbound_tls *outbound_tls_ref(struct outbound_tls *tls)
{
	CHECK_MAGIC(tls, TLS_MAGIC);
	tls->refs++;
	return tls;
}

void outbound_tls_unref(struct outbound_tls *tls)
{
	if (tls == NULL) return;
	CHECK_MAGIC(tls, TLS_MAGIC);
	assert(tls->refs > 0);
	if (--tls->refs > 0) return;
	buf_free(&tls->ca);
	buf_free(&tls->cert);
	buf_free(&tls->key);
	buf_free(&tls->pins);
	tls->magic = 0;
	mem_free(tls);
}
