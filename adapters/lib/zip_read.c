/* The archive's own directory at its end says what there is (APPNOTE 4.3.12, 4.3.16); local heads are looked at for
 * their lengths only. */
#include "lib/zip_read.h"

#include <zlib.h>

#define END_SIZE 22
#define CENTRAL_SIZE 46
#define LOCAL_SIZE 30
#define COMMENT_MAX 65535
#define FLAG_ENCRYPTED 1u

struct archive {
	const uint8_t *bytes;
	size_t len;
	size_t left; /* bytes that may still be unpacked */
	struct zf_arena *arena;
};

static uint32_t get2(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t get4(const uint8_t *p)
{
	return get2(p) | get2(p + 2) << 16;
}

bool zip_is(const uint8_t *bytes, size_t len)
{
	return len >= 4 && memcmp(bytes, "PK\3\4", 4) == 0;
}

static const uint8_t *find_end(const struct archive *archive)
{
	if (archive->len < END_SIZE) return NULL;
	size_t least = archive->len > END_SIZE + COMMENT_MAX ? archive->len - END_SIZE - COMMENT_MAX : 0;
	for (size_t at = archive->len - END_SIZE + 1; at-- > least;) {
		const uint8_t *end = archive->bytes + at;
		if (memcmp(end, "PK\5\6", 4) == 0 && get2(end + 20) == archive->len - at - END_SIZE) return end;
	}
	return NULL;
}

static void *arena_get(void *ctx, unsigned n, unsigned size)
{
	return zf_alloc_array(ctx, n, size);
}

static void arena_put(void *ctx, void *memory)
{
	(void)ctx;
	(void)memory;
}

/* Exactly as many bytes as the directory promised, no more and no less. */
static int unpack(struct archive *archive, const uint8_t *from, uint32_t from_len, uint8_t *to, uint32_t to_len)
{
	z_stream stream = {.zalloc = arena_get,
		.zfree = arena_put,
		.opaque = archive->arena,
		.next_in = (Bytef *)(uintptr_t)from,
		.avail_in = from_len,
		.next_out = to,
		.avail_out = to_len};
	if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return LIB_NOMEM;
	int rc = inflate(&stream, Z_FINISH);
	uLong made = stream.total_out;
	(void)inflateEnd(&stream);
	if (rc == Z_MEM_ERROR) return LIB_NOMEM;
	return rc == Z_STREAM_END && made == to_len ? 0 : LIB_INVALID;
}

static int read_entry(struct archive *archive, const uint8_t *central, uint32_t name_len, struct zip_entry *entry)
{
	uint32_t method = get2(central + 10), crc = get4(central + 16), packed = get4(central + 20),
		 size = get4(central + 24), at = get4(central + 42);
	if ((get2(central + 8) & FLAG_ENCRYPTED) != 0 || (method != 0 && method != 8)) return LIB_INVALID;
	if (size > archive->left) return LIB_LIMIT;
	if (at > archive->len || archive->len - at < LOCAL_SIZE) return LIB_INVALID;
	const uint8_t *local = archive->bytes + at;
	size_t head = LOCAL_SIZE + (size_t)get2(local + 26) + get2(local + 28);
	if (memcmp(local, "PK\3\4", 4) != 0 || head > archive->len - at || packed > archive->len - at - head) {
		return LIB_INVALID;
	}
	uint8_t *bytes = zf_alloc(archive->arena, (size_t)size + 1);
	const char *name = zf_strndup(archive->arena, (const char *)central + CENTRAL_SIZE, name_len);
	if (bytes == NULL || name == NULL) return LIB_NOMEM;
	int rc = 0;
	if (method == 8) {
		rc = unpack(archive, local + head, packed, bytes, size);
	} else if (packed != size) {
		rc = LIB_INVALID;
	} else if (size > 0) {
		memcpy(bytes, local + head, size);
	}
	if (rc != 0) return rc;
	if (crc32(0, bytes, size) != crc) return LIB_INVALID;
	archive->left -= size;
	*entry = (struct zip_entry){name, bytes, size};
	return 0;
}

int zip_read(const uint8_t *bytes, size_t len, uint32_t entries_max, size_t bytes_max, struct zf_arena *arena,
	const struct zip_entry **ret_entries, uint32_t *ret_count)
{
	struct archive archive = {bytes, len, bytes_max, arena};
	const uint8_t *end = find_end(&archive);
	if (end == NULL || get2(end + 4) != 0 || get2(end + 8) != get2(end + 10)) return LIB_INVALID;
	uint32_t count = get2(end + 10), found = 0;
	size_t at = get4(end + 16), stop = (size_t)(end - bytes);
	if (count > entries_max) return LIB_LIMIT;
	struct zip_entry *entries = zf_alloc_array(arena, (size_t)count + 1, sizeof(*entries));
	if (entries == NULL) return LIB_NOMEM;
	for (uint32_t i = 0; i < count; i++) {
		if (at > stop || stop - at < CENTRAL_SIZE || memcmp(bytes + at, "PK\1\2", 4) != 0) return LIB_INVALID;
		const uint8_t *central = bytes + at;
		uint32_t name_len = get2(central + 28);
		size_t size = CENTRAL_SIZE + (size_t)name_len + get2(central + 30) + get2(central + 32);
		if (size > stop - at) return LIB_INVALID;
		at += size;
		if (name_len > 0 && central[CENTRAL_SIZE + name_len - 1] == '/') continue;
		int rc = read_entry(&archive, central, name_len, &entries[found]);
		if (rc != 0) return rc;
		found++;
	}
	*ret_entries = entries;
	*ret_count = found;
	return 0;
}
