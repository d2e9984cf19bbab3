/* AES-256 in counter mode: each file has a key of its own, so the counter begins at 0 and is the place in the file.
 * What somebody with the disk may change is seen by who reads: bank files prove their sums. */
#include "desk/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

#include "base/key.h"
#include "base/mem.h"

#define BLOCK_BYTES 16

struct spool {
	int fd;
	uint64_t bytes;
	struct key key;
};

int spool_new(const char *folder, struct spool **ret_spool)
{
	struct spool *spool = mem_alloc(sizeof(*spool));
	if (spool == NULL) return err_set(ERR_NOMEM, "no memory for a body");
	spool->fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (spool->fd < 0) {
		int r = err_set(ERR_SYS, "could not make a file in \"%s\": %s", folder, strerror(errno));
		mem_free(spool);
		return r;
	}
	key_new(&spool->key);
	*ret_spool = spool;
	return 0;
}

void spool_free(struct spool *spool)
{
	if (spool == NULL) return;
	(void)close(spool->fd);
	key_wipe(&spool->key);
	mem_free(spool);
}

/* Encrypts or decrypts in place what stands at `at`. */
static int turn(const struct spool *spool, uint64_t at, uint8_t *ptr, size_t len)
{
	uint8_t counter[BLOCK_BYTES] = {0}, skipped[BLOCK_BYTES] = {0};
	int n = 0, skip = (int)(at % BLOCK_BYTES);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	assert(len <= INT32_MAX);
	for (int i = 0; i < 8; i++) counter[15 - i] = (uint8_t)(at / BLOCK_BYTES >> (8 * i));
	bool is_done = ctx != NULL && EVP_EncryptInit_ex(ctx, EVP_aes_256_ctr(), NULL, spool->key.b, counter) == 1 &&
		       EVP_EncryptUpdate(ctx, skipped, &n, skipped, skip) == 1 &&
		       EVP_EncryptUpdate(ctx, ptr, &n, ptr, (int)len) == 1;
	EVP_CIPHER_CTX_free(ctx);
	return is_done ? 0 : err_set(ERR_NOMEM, "no memory for a body");
}

int spool_write(struct spool *spool, uint8_t *ptr, size_t len)
{
	int r = turn(spool, spool->bytes, ptr, len);
	for (size_t done = 0; r == 0 && done < len;) {
		ssize_t n = pwrite(spool->fd, ptr + done, len - done, (off_t)(spool->bytes + done));
		if (n < 0 && errno == EINTR) continue;
		if (n < 0) r = err_set(ERR_SYS, "could not keep a body: %s", strerror(errno));
		if (n > 0) done += (size_t)n;
	}
	if (r == 0) spool->bytes += len;
	return r;
}

int spool_read(struct spool *spool, uint64_t at, uint8_t *ret, size_t len, size_t *ret_len)
{
	size_t done = 0;
	if (at > spool->bytes) at = spool->bytes;
	if (len > spool->bytes - at) len = (size_t)(spool->bytes - at);
	while (done < len) {
		ssize_t n = pread(spool->fd, ret + done, len - done, (off_t)(at + done));
		if (n < 0 && errno == EINTR) continue;
		if (n <= 0) return err_set(ERR_SYS, "could not read a body: %s", n < 0 ? strerror(errno) : "cut off");
		done += (size_t)n;
	}
	*ret_len = done;
	return turn(spool, at, ret, done);
}
