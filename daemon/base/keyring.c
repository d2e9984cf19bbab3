/* The key file: reading it into locked memory, making a new one, adding a version to it. */
#include "base/keyring.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libconfig.h>
#include <libgen.h>
#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#define RING_MAGIC 0x4b52494eu
#define FILE_BYTES_MAX 65536
#define KEY_TEXT_LEN 44 /* base64 of 32 bytes */

struct keyring {
	uint32_t magic;
	uint32_t owners;  /* besides the first */
	pthread_t thread; /* on which they are counted, while there are some */
	size_t count[KEYRING_KINDS];
	struct keyring_entry entries[KEYRING_KINDS][KEYRING_VERSIONS_MAX]; /* newest first */
};

static const char *const kind_names[KEYRING_KINDS] = {"master", "lookup"};

static void fd_close(int *fd)
{
	if (*fd >= 0) close(*fd);
}

/* A ring lives in pages of its own that are neither swapped out nor written to a core file. */
static struct keyring *ring_new(void)
{
	struct keyring *ring = mmap(NULL, sizeof(*ring), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (ring == MAP_FAILED) return NULL;
	if (mlock(ring, sizeof(*ring)) != 0) log_line(LOG_WARN, "keys may be swapped to disk: %s", strerror(errno));
	madvise(ring, sizeof(*ring), MADV_DONTDUMP);
	ring->magic = RING_MAGIC;
	return ring;
}

void keyring_free(struct keyring *ring)
{
	if (ring == NULL) return;
	CHECK_MAGIC(ring, RING_MAGIC);
	if (ring->owners > 0) {
		assert(pthread_equal(ring->thread, pthread_self()));
		ring->owners--;
		return;
	}
	for (int kind = 0; kind < KEYRING_KINDS; kind++) {
		for (size_t i = 0; i < ring->count[kind]; i++) EVP_MAC_CTX_free(ring->entries[kind][i].mac);
	}
	mem_wipe(ring, sizeof(*ring));
	munmap(ring, sizeof(*ring));
}

struct keyring *keyring_hold(struct keyring *ring)
{
	CHECK_MAGIC(ring, RING_MAGIC);
	if (ring->owners == 0) ring->thread = pthread_self();
	assert(pthread_equal(ring->thread, pthread_self()));
	ring->owners++;
	return ring;
}

static void ring_cleanup(struct keyring **ring)
{
	keyring_free(*ring);
}

const struct keyring_entry *keyring_find(const struct keyring *ring, enum key_kind kind, uint16_t version)
{
	CHECK_MAGIC(ring, RING_MAGIC);
	for (size_t i = 0; i < ring->count[kind]; i++) {
		if (ring->entries[kind][i].version == version) return &ring->entries[kind][i];
	}
	return NULL;
}

uint16_t keyring_newest(const struct keyring *ring, enum key_kind kind)
{
	CHECK_MAGIC(ring, RING_MAGIC);
	return ring->count[kind] == 0 ? 0 : ring->entries[kind][0].version;
}

size_t keyring_versions(const struct keyring *ring, enum key_kind kind, uint16_t *ret_versions, size_t max)
{
	size_t n;

	CHECK_MAGIC(ring, RING_MAGIC);
	n = ring->count[kind] < max ? ring->count[kind] : max;
	for (size_t i = 0; i < n; i++) ret_versions[i] = ring->entries[kind][i].version;
	return n;
}

/* Strict base64 of exactly 32 bytes: one text per key, nothing around it. */
static bool key_decode(const char *text, struct key *ret_key)
{
	uint8_t out[KEY_TEXT_LEN / 4 * 3] = {0};
	char again[KEY_TEXT_LEN + 1] = {0};
	bool ok;

	if (strnlen(text, KEY_TEXT_LEN + 1) != KEY_TEXT_LEN || text[KEY_TEXT_LEN - 1] != '=') return false;
	ok = EVP_DecodeBlock(out, (const unsigned char *)text, KEY_TEXT_LEN) == (int)sizeof(out);
	if (ok) {
		memcpy(ret_key->b, out, KEY_BYTES);
		EVP_EncodeBlock((unsigned char *)again, ret_key->b, KEY_BYTES);
		ok = strcmp(again, text) == 0;
	}
	mem_wipe(out, sizeof(out));
	mem_wipe(again, sizeof(again));
	return ok;
}

static bool key_is_weak(const struct key *key)
{
	size_t same = 1;

	while (same < KEY_BYTES && key->b[same] == key->b[0]) same++;
	return same == KEY_BYTES || memcmp(key->b, KEYRING_SAMPLE_MARK, sizeof(KEYRING_SAMPLE_MARK) - 1) == 0;
}

static EVP_MAC_CTX *mac_new(const struct key *key)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
	EVP_MAC_CTX *ctx = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);

	EVP_MAC_free(mac); /* the context keeps a reference */
	if (ctx == NULL) return NULL;
	if (EVP_MAC_init(ctx, key->b, KEY_BYTES, params) != 1) {
		EVP_MAC_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

/* Inserts in falling order of version. */
static int ring_add(struct keyring *ring, enum key_kind kind, uint16_t version, const struct key *key)
{
	struct keyring_entry *entries = ring->entries[kind];
	EVP_MAC_CTX *mac = NULL;
	size_t at = 0;

	if (ring->count[kind] == KEYRING_VERSIONS_MAX) {
		return err_set(ERR_LIMIT, "more than %d %s keys", KEYRING_VERSIONS_MAX, kind_names[kind]);
	}
	if (kind == KEY_LOOKUP) {
		mac = mac_new(key);
		if (mac == NULL) return err_set(ERR_NOMEM, "no memory for a look-up key");
	}
	while (at < ring->count[kind] && entries[at].version > version) at++;
	memmove(&entries[at + 1], &entries[at], (ring->count[kind] - at) * sizeof(entries[0]));
	entries[at] = (struct keyring_entry){.version = version, .key = *key, .mac = mac};
	ring->count[kind]++;
	return 0;
}

/* Reads one `{version = N; key = "..."; }`. */
static int entry_read(
	struct keyring *ring, enum key_kind kind, const char *path, config_setting_t *group, bool allow_sample)
{
	struct key key CLEANUP(key_wipe) = {{0}};
	const char *text;
	unsigned line = (unsigned)config_setting_source_line(group);
	int version;

	if (!config_setting_is_group(group))
		return err_set(ERR_INVALID, "%s:%u: not a group {version; key}", path, line);
	if (config_setting_lookup_int(group, "version", &version) != CONFIG_TRUE || version < 1 ||
		version > UINT16_MAX) {
		return err_set(ERR_INVALID, "%s:%u: version is not a number from 1 to 65535", path, line);
	}
	if (config_setting_lookup_string(group, "key", &text) != CONFIG_TRUE || !key_decode(text, &key)) {
		return err_set(ERR_INVALID, "%s:%u: key is not the base64 of 32 bytes", path, line);
	}
	if (config_setting_length(group) != 2)
		return err_set(ERR_INVALID, "%s:%u: more than version and key", path, line);
	if (!allow_sample && key_is_weak(&key)) {
		return err_set(ERR_INVALID, "%s:%u: %s key %d is a sample key", path, line, kind_names[kind], version);
	}
	for (int other = 0; other < KEYRING_KINDS; other++) {
		for (size_t i = 0; i < ring->count[other]; i++) {
			const struct keyring_entry *entry = &ring->entries[other][i];
			if (memcmp(entry->key.b, key.b, KEY_BYTES) == 0) {
				return err_set(ERR_INVALID, "%s:%u: the same key is there twice", path, line);
			}
		}
	}
	if (keyring_find(ring, kind, (uint16_t)version) != NULL) {
		return err_set(ERR_INVALID, "%s:%u: %s key %d is there twice", path, line, kind_names[kind], version);
	}
	return ring_add(ring, kind, (uint16_t)version, &key);
}

static int ring_read(struct keyring *ring, const char *path, const config_t *config, bool allow_sample)
{
	config_setting_t *root = config_root_setting(config);

	for (int i = 0; i < config_setting_length(root); i++) {
		const config_setting_t *setting = config_setting_get_elem(root, (unsigned)i);
		const char *name = config_setting_name(setting);
		if (strcmp(name, kind_names[KEY_MASTER]) != 0 && strcmp(name, kind_names[KEY_LOOKUP]) != 0) {
			return err_set(ERR_INVALID, "%s:%u: unknown setting \"%.40s\"", path,
				config_setting_source_line(setting), name);
		}
	}
	for (int kind = 0; kind < KEYRING_KINDS; kind++) {
		config_setting_t *list = config_lookup(config, kind_names[kind]);
		if (list == NULL || !config_setting_is_list(list) || config_setting_length(list) == 0) {
			return err_set(ERR_INVALID, "%s: no list of %s keys", path, kind_names[kind]);
		}
		for (int i = 0; i < config_setting_length(list); i++) {
			int rc = entry_read(ring, (enum key_kind)kind, path, config_setting_get_elem(list, (unsigned)i),
				allow_sample);
			if (rc != 0) return rc;
		}
	}
	return 0;
}

/* Overwrites the keys inside libconfig's tree before it is freed. */
static void tree_wipe(config_setting_t *setting)
{
	if (config_setting_type(setting) == CONFIG_TYPE_STRING) {
		const char *text = config_setting_get_string(setting);
		/* The string is libconfig's heap memory; const only says that callers should not care. */
		if (text != NULL) mem_wipe((char *)(uintptr_t)text, strlen(text));
		return;
	}
	if (!config_setting_is_aggregate(setting)) return;
	for (int i = 0; i < config_setting_length(setting); i++)
		tree_wipe(config_setting_get_elem(setting, (unsigned)i));
}

/* Parses text (NUL-terminated) into the ring. Also the entry of the fuzzer, by way of keyring_load. */
static int ring_parse(struct keyring *ring, const char *path, const char *text, bool allow_sample)
{
	config_t config;
	int rc;

	/* An include would pull keys out of a file whose permissions nobody checked. */
	if (strstr(text, "@include") != NULL)
		return err_set(ERR_INVALID, "%s: a key file includes no other file", path);
	config_init(&config);
	if (config_read_string(&config, text) == CONFIG_TRUE) {
		rc = ring_read(ring, path, &config, allow_sample);
	} else {
		rc = err_set(ERR_INVALID, "%s:%d: %s", path, config_error_line(&config), config_error_text(&config));
	}
	tree_wipe(config_root_setting(&config));
	config_destroy(&config);
	return rc;
}

/* Reads the file with its NUL; refuses what others could have read. ret_stat for a rewrite with the same owner. */
static int file_read(const char *path, struct buf *buf, struct stat *ret_stat)
{
	int fd CLEANUP(fd_close) = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) return err_set(ERR_SYS, "could not open key file \"%s\": %s", path, strerror(errno));
	if (fstat(fd, ret_stat) != 0)
		return err_set(ERR_SYS, "could not read key file \"%s\": %s", path, strerror(errno));
	if (!S_ISREG(ret_stat->st_mode)) return err_set(ERR_DENIED, "key file \"%s\" is not a regular file", path);
	if ((ret_stat->st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		return err_set(ERR_DENIED, "key file \"%s\" is open to group or others; its mode must be 0600", path);
	}
	for (;;) {
		uint8_t piece[4096];
		ssize_t n = read(fd, piece, sizeof(piece));
		int rc = 0;
		if (n > 0) rc = buf_append(buf, piece, (size_t)n);
		mem_wipe(piece, sizeof(piece));
		if (rc != 0) return rc;
		if (n == 0) break;
		if (n < 0 && errno != EINTR) {
			return err_set(ERR_SYS, "could not read key file \"%s\": %s", path, strerror(errno));
		}
	}
	if (memchr(buf->ptr == NULL ? (uint8_t *)"" : buf->ptr, '\0', buf->len) != NULL) {
		return err_set(ERR_INVALID, "%s: a zero byte in a text file", path);
	}
	return buf_append(buf, "", 1);
}

static int ring_load(const char *path, bool allow_sample, struct keyring **ret_ring, struct stat *ret_stat)
{
	struct keyring *ring CLEANUP(ring_cleanup) = NULL;
	struct buf buf CLEANUP(buf_free) = BUF_INIT(FILE_BYTES_MAX);
	int rc = file_read(path, &buf, ret_stat);

	if (rc != 0) return rc;
	ring = ring_new();
	if (ring == NULL) return err_set(ERR_NOMEM, "no memory for the keys");
	rc = ring_parse(ring, path, (const char *)buf.ptr, allow_sample);
	if (rc != 0) return rc;
	*ret_ring = ring;
	ring = NULL;
	return 0;
}

int keyring_load(const char *path, bool allow_sample, struct keyring **ret_ring)
{
	struct stat st;

	return ring_load(path, allow_sample, ret_ring, &st);
}

static int ring_print(const struct keyring *ring, struct buf *buf)
{
	int rc = buf_printf(buf,
		"# Keys of Zhifu. Whoever reads this file can read every claim; whoever loses it has lost them.\n"
		"# Each list is newest first. Remove no version: old rows still need it.\n");

	for (int kind = 0; rc == 0 && kind < KEYRING_KINDS; kind++) {
		rc = buf_printf(buf, "%s = (\n", kind_names[kind]);
		for (size_t i = 0; rc == 0 && i < ring->count[kind]; i++) {
			char text[KEY_TEXT_LEN + 1];
			EVP_EncodeBlock((unsigned char *)text, ring->entries[kind][i].key.b, KEY_BYTES);
			rc = buf_printf(buf, "\t{ version = %u; key = \"%s\"; }%s\n", ring->entries[kind][i].version,
				text, i + 1 < ring->count[kind] ? "," : "");
			mem_wipe(text, sizeof(text));
		}
		if (rc == 0) rc = buf_printf(buf, ");\n");
	}
	return rc;
}

static int write_all(int fd, const struct buf *buf)
{
	size_t at = 0;

	while (at < buf->len) {
		ssize_t n = write(fd, buf->ptr + at, buf->len - at);
		if (n < 0 && errno == EINTR) continue;
		if (n <= 0) return -1;
		at += (size_t)n;
	}
	return fsync(fd);
}

/* Writes the ring beside `path` and puts it in place: by link when it must be new, else by rename. Old: whose owner the
 * new file gets, or NULL. dir_fd is synced afterwards, without which the name itself may be lost in a power cut. */
static int ring_write(const struct keyring *ring, const char *path, int dir_fd, const struct stat *old)
{
	struct buf buf CLEANUP(buf_free) = BUF_INIT(FILE_BYTES_MAX);
	char tmp[PATH_MAX];
	int fd CLEANUP(fd_close) = -1;
	int rc = ring_print(ring, &buf);
	bool ok;

	if (rc != 0) return rc;
	if (snprintf(tmp, sizeof(tmp), "%s.XXXXXX", path) >= (int)sizeof(tmp))
		return err_set(ERR_INVALID, "path is too long");
	fd = mkostemp(tmp, O_CLOEXEC); /* mode 0600 */
	if (fd < 0) return err_set(ERR_SYS, "could not write beside \"%s\": %s", path, strerror(errno));
	ok = old == NULL || fchown(fd, old->st_uid, old->st_gid) == 0;
	ok = ok && write_all(fd, &buf) == 0;
	ok = ok && (old != NULL ? rename(tmp, path) == 0 : link(tmp, path) == 0);
	if (!ok) {
		int cause = errno;
		unlink(tmp);
		if (cause == EEXIST) return err_set(ERR_EXISTS, "key file \"%s\" exists already", path);
		return err_set(ERR_SYS, "could not write key file \"%s\": %s", path, strerror(cause));
	}
	if (old == NULL) unlink(tmp);
	if (fsync(dir_fd) != 0)
		return err_set(ERR_SYS, "could not sync the folder of \"%s\": %s", path, strerror(errno));
	return 0;
}

static int folder_open(const char *path, int *ret_fd)
{
	char copy[PATH_MAX];
	int fd;

	if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy))
		return err_set(ERR_INVALID, "path is too long");
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) return err_set(ERR_SYS, "could not open the folder of \"%s\": %s", path, strerror(errno));
	*ret_fd = fd;
	return 0;
}

static int ring_add_random(struct keyring *ring, enum key_kind kind, uint16_t version)
{
	struct key key CLEANUP(key_wipe) = {{0}};

	key_new(&key);
	return ring_add(ring, kind, version, &key);
}

int keyring_create(const char *path)
{
	struct keyring *ring CLEANUP(ring_cleanup) = ring_new();
	int dir_fd CLEANUP(fd_close) = -1;
	int rc;

	if (ring == NULL) return err_set(ERR_NOMEM, "no memory for the keys");
	rc = folder_open(path, &dir_fd);
	if (rc == 0) rc = ring_add_random(ring, KEY_MASTER, 1);
	if (rc == 0) rc = ring_add_random(ring, KEY_LOOKUP, 1);
	if (rc == 0) rc = ring_write(ring, path, dir_fd, NULL);
	return rc;
}

int keyring_rotate(const char *path, enum key_kind kind)
{
	struct keyring *ring CLEANUP(ring_cleanup) = NULL;
	char real[PATH_MAX]; /* a rename onto a symbolic link would replace the link */
	int dir_fd CLEANUP(fd_close) = -1;
	struct stat old;
	uint16_t newest;
	int rc;

	if (realpath(path, real) == NULL)
		return err_set(ERR_SYS, "could not open key file \"%s\": %s", path, strerror(errno));
	rc = folder_open(real, &dir_fd);
	if (rc != 0) return rc;
	/* Two rotations at once would each drop the other's key: the folder is the lock, the file itself is replaced.
	 */
	if (flock(dir_fd, LOCK_EX) != 0)
		return err_set(ERR_SYS, "could not lock the folder of \"%s\": %s", path, strerror(errno));
	rc = ring_load(real, true, &ring, &old);
	if (rc != 0) return rc;
	newest = keyring_newest(ring, kind);
	if (newest == UINT16_MAX) return err_set(ERR_LIMIT, "no version is left for a new %s key", kind_names[kind]);
	rc = ring_add_random(ring, kind, (uint16_t)(newest + 1));
	return rc != 0 ? rc : ring_write(ring, real, dir_fd, &old);
}
