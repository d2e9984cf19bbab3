/* Sealing rows: zstd at its fastest level, then AES-256-GCM under a data key that is used once. */
#include "base/seal.h"

#include <string.h>
#include <zstd.h>

#include "base/aead.h"
#include "base/seal_dictionary.h"

#define SEALER_MAGIC 0x5345414cu
#define FORM_MAGIC 'Z'
#define FORM_VERSION 1
#define HEAD_BYTES 10
#define WRAPPED_AT HEAD_BYTES
#define NONCE_AT (WRAPPED_AT + KEY_WRAPPED_BYTES)
#define CIPHER_AT (NONCE_AT + AEAD_NONCE_BYTES)
#define ZSTD_LEVEL 1
/* Texts up to this length are compressed with the dictionary. Its hash table, and with it zstd's, is small so that it
 * stays in the processor's cache between two claims; longer texts want a larger one. */
#define SHORT_BYTES_MAX (16u << 10)
#define SHORT_HASH_LOG 12
#define SHORT_MATCH_MIN 7
#define HEAD_BYTES_LOOKED_AT 512 /* for a brace */
#define DICTIONARY_VERSION 1
#define SCRATCH_KEEP_BYTES (256u << 10) /* more than this is given back after use */

_Static_assert(CIPHER_AT + AEAD_TAG_BYTES == SEAL_OVERHEAD_BYTES, "the sealed form is fixed");

enum compression { COMPRESSION_NONE = 0, COMPRESSION_ZSTD = 1, COMPRESSION_ZSTD_DICTIONARY = 2 };

struct sealer {
	uint32_t magic;
	EVP_CIPHER_CTX *cipher;
	ZSTD_CCtx *cctx_short; /* with the dictionary */
	ZSTD_CCtx *cctx_long;
	ZSTD_DCtx *dctx;
	ZSTD_DDict *ddict;
	uint8_t *scratch; /* the compressed plain text between the two steps; wiped after each */
	size_t scratch_cap;
};

static ZSTD_CCtx *cctx_new(void)
{
	ZSTD_CCtx *cctx = ZSTD_createCCtx();

	if (cctx == NULL) return NULL;
	ZSTD_CCtx_setParameter(cctx, ZSTD_c_compressionLevel, ZSTD_LEVEL);
	/* The length and the dictionary's version are in our own head, and the tag is a better check sum. */
	ZSTD_CCtx_setParameter(cctx, ZSTD_c_contentSizeFlag, 0);
	ZSTD_CCtx_setParameter(cctx, ZSTD_c_checksumFlag, 0);
	ZSTD_CCtx_setParameter(cctx, ZSTD_c_dictIDFlag, 0);
	return cctx;
}

static ZSTD_CCtx *cctx_short_new(void)
{
	ZSTD_CCtx *cctx = cctx_new();

	if (cctx == NULL) return NULL;
	ZSTD_CCtx_setParameter(cctx, ZSTD_c_hashLog, SHORT_HASH_LOG);
	ZSTD_CCtx_setParameter(cctx, ZSTD_c_minMatch, SHORT_MATCH_MIN);
	if (!ZSTD_isError(ZSTD_CCtx_loadDictionary(cctx, seal_dictionary_1, seal_dictionary_1_len))) return cctx;
	ZSTD_freeCCtx(cctx);
	return NULL;
}

int sealer_new(struct sealer **ret_sealer)
{
	struct sealer *sealer = mem_alloc(sizeof(*sealer));

	if (sealer == NULL) return err_set(ERR_NOMEM, "no memory for a sealer");
	sealer->magic = SEALER_MAGIC;
	sealer->cipher = EVP_CIPHER_CTX_new();
	sealer->cctx_short = cctx_short_new();
	sealer->cctx_long = cctx_new();
	sealer->dctx = ZSTD_createDCtx();
	sealer->ddict = ZSTD_createDDict(seal_dictionary_1, seal_dictionary_1_len);
	if (sealer->cipher == NULL || sealer->cctx_short == NULL || sealer->cctx_long == NULL || sealer->dctx == NULL ||
		sealer->ddict == NULL) {
		sealer_free(sealer);
		return err_set(ERR_NOMEM, "no memory for a sealer");
	}
	*ret_sealer = sealer;
	return 0;
}

static void scratch_drop(struct sealer *sealer)
{
	mem_wipe(sealer->scratch, sealer->scratch_cap);
	mem_free(sealer->scratch);
	sealer->scratch = NULL;
	sealer->scratch_cap = 0;
}

void sealer_free(struct sealer *sealer)
{
	if (sealer == NULL) return;
	CHECK_MAGIC(sealer, SEALER_MAGIC);
	EVP_CIPHER_CTX_free(sealer->cipher);
	ZSTD_freeCCtx(sealer->cctx_short);
	ZSTD_freeCCtx(sealer->cctx_long);
	ZSTD_freeDCtx(sealer->dctx);
	ZSTD_freeDDict(sealer->ddict);
	scratch_drop(sealer);
	sealer->magic = 0;
	mem_free(sealer);
}

static int scratch_need(struct sealer *sealer, size_t len)
{
	uint8_t *ptr;

	if (sealer->scratch_cap >= len) return 0;
	if (len < SCRATCH_KEEP_BYTES / 16) len = SCRATCH_KEEP_BYTES / 16;
	ptr = mem_realloc(NULL, len);
	if (ptr == NULL) return err_set(ERR_NOMEM, "no memory to seal %zu bytes", len);
	scratch_drop(sealer);
	sealer->scratch = ptr;
	sealer->scratch_cap = len;
	return 0;
}

static void scratch_done(struct sealer *sealer, size_t used)
{
	if (sealer->scratch_cap > SCRATCH_KEEP_BYTES) {
		scratch_drop(sealer);
	} else {
		mem_wipe(sealer->scratch, used);
	}
}

static void put_be32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++) at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint32_t get_be32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void row_aad(uint8_t aad[17], const struct uuid *id, enum seal_kind kind)
{
	memcpy(aad, id->b, sizeof(id->b));
	aad[16] = (uint8_t)kind;
}

/* What is random in a sealed row, asked of the kernel in one go. */
struct fresh {
	struct key key;
	uint8_t wrap_nonce[AEAD_NONCE_BYTES];
	uint8_t nonce[AEAD_NONCE_BYTES];
};

static void fresh_wipe(struct fresh *fresh)
{
	mem_wipe(fresh, sizeof(*fresh));
}

/* Head, wrapped data key, nonce, cipher text and tag into `out`, which has room for all of it. */
static int seal_into(struct sealer *sealer, const struct key *outer, const struct uuid *id, enum seal_kind kind,
	struct bytes text, uint8_t *out)
{
	struct fresh fresh CLEANUP(fresh_wipe);
	uint8_t aad[17];
	struct aead_input input = {.aad = {{out, HEAD_BYTES}, {aad, sizeof(aad)}}, .text = text};
	int rc;

	random_bytes(&fresh, sizeof(fresh));
	memcpy(out + NONCE_AT, fresh.nonce, AEAD_NONCE_BYTES);
	row_aad(aad, id, kind);
	rc = key_wrap_ctx(sealer->cipher, outer, id, &fresh.key, fresh.wrap_nonce, out + WRAPPED_AT);
	if (rc != 0) return rc;
	return aead_encrypt(
		sealer->cipher, &fresh.key, out + NONCE_AT, &input, out + CIPHER_AT, out + CIPHER_AT + text.len);
}

/* The dictionary is JSON, some of it behind the head of a message. Other texts, X12 say, come out longer with it. */
static bool dictionary_fits(struct bytes plain)
{
	size_t head = plain.len < HEAD_BYTES_LOOKED_AT ? plain.len : HEAD_BYTES_LOOKED_AT;

	if (plain.len == 0 || plain.len > SHORT_BYTES_MAX) return false;
	return plain.ptr[0] == '[' || memchr(plain.ptr, '{', head) != NULL;
}

int seal(struct sealer *sealer, const struct key *outer, const struct uuid *id, enum seal_kind kind, struct bytes plain,
	struct arena *arena, struct bytes *ret_sealed)
{
	bool fits = dictionary_fits(plain);
	enum compression compression = COMPRESSION_NONE;
	struct bytes text = plain;
	size_t packed;
	uint8_t *out;
	int rc;

	CHECK_MAGIC(sealer, SEALER_MAGIC);
	if (plain.len > SEAL_PLAIN_BYTES_MAX) return err_set(ERR_LIMIT, "%zu bytes are too many to seal", plain.len);
	rc = scratch_need(sealer, ZSTD_compressBound(plain.len));
	if (rc != 0) return rc;
	packed = ZSTD_compress2(fits ? sealer->cctx_short : sealer->cctx_long, sealer->scratch, sealer->scratch_cap,
		plain.ptr, plain.len);
	if (!ZSTD_isError(packed) && packed < plain.len) {
		compression = fits ? COMPRESSION_ZSTD_DICTIONARY : COMPRESSION_ZSTD;
		text = (struct bytes){sealer->scratch, packed};
	}
	out = zf_alloc(&arena->zf, SEAL_OVERHEAD_BYTES + text.len);
	if (out == NULL) {
		rc = err_set(ERR_NOMEM, "no memory to seal %zu bytes", plain.len);
	} else {
		out[0] = FORM_MAGIC;
		out[1] = FORM_VERSION;
		out[2] = AEAD_ALGORITHM_AES_256_GCM;
		out[3] = (uint8_t)compression;
		out[4] = 0;
		out[5] = compression == COMPRESSION_ZSTD_DICTIONARY ? DICTIONARY_VERSION : 0;
		put_be32(out + 6, (uint32_t)plain.len);
		rc = seal_into(sealer, outer, id, kind, text, out);
	}
	/* zstd may have written past the end of an attempt that did not pay. */
	scratch_done(sealer, compression != COMPRESSION_NONE ? packed : sealer->scratch_cap);
	if (rc == 0) *ret_sealed = (struct bytes){out, SEAL_OVERHEAD_BYTES + text.len};
	return rc;
}

/* Checks everything that can be checked without a key. */
static int form_check(struct bytes sealed, size_t plain_bytes_max)
{
	size_t cipher_len;
	size_t plain_len;

	if (sealed.len < SEAL_OVERHEAD_BYTES || sealed.ptr[0] != FORM_MAGIC || sealed.ptr[1] != FORM_VERSION) {
		return err_set(ERR_INVALID, "sealed data has no known form");
	}
	if (sealed.ptr[2] != AEAD_ALGORITHM_AES_256_GCM) {
		return err_set(ERR_INVALID, "sealed data uses the unknown algorithm %u", sealed.ptr[2]);
	}
	if (sealed.ptr[3] > COMPRESSION_ZSTD_DICTIONARY) {
		return err_set(ERR_INVALID, "sealed data uses the unknown compression %u", sealed.ptr[3]);
	}
	if (sealed.ptr[4] != 0 ||
		sealed.ptr[5] != (sealed.ptr[3] == COMPRESSION_ZSTD_DICTIONARY ? DICTIONARY_VERSION : 0))
		return err_set(ERR_INVALID, "sealed data names an unknown dictionary");
	cipher_len = sealed.len - SEAL_OVERHEAD_BYTES;
	plain_len = get_be32(sealed.ptr + 6);
	if (plain_len > plain_bytes_max || plain_len > SEAL_PLAIN_BYTES_MAX) {
		return err_set(ERR_LIMIT, "sealed data holds %zu bytes, more than allowed", plain_len);
	}
	/* Sealing compresses only when it pays, so neither can be. */
	if (sealed.ptr[3] == COMPRESSION_NONE ? cipher_len != plain_len : cipher_len >= plain_len) {
		return err_set(ERR_INVALID, "sealed data has the wrong length");
	}
	return 0;
}

int seal_open(struct sealer *sealer, const struct key *outer, const struct uuid *id, enum seal_kind kind,
	struct bytes sealed, size_t plain_bytes_max, struct arena *arena, struct bytes *ret_plain)
{
	struct key data_key CLEANUP(key_wipe) = {{0}};
	uint8_t aad[17];
	struct aead_input input;
	size_t plain_len;
	uint8_t *plain;
	bool packed;
	int rc = form_check(sealed, plain_bytes_max);

	CHECK_MAGIC(sealer, SEALER_MAGIC);
	if (rc != 0) return rc;
	rc = key_unwrap_ctx(sealer->cipher, outer, id, sealed.ptr + WRAPPED_AT, KEY_WRAPPED_BYTES, &data_key);
	if (rc != 0) return rc;
	row_aad(aad, id, kind);
	input = (struct aead_input){
		.aad = {{sealed.ptr, HEAD_BYTES}, {aad, sizeof(aad)}},
		.text = {sealed.ptr + CIPHER_AT, sealed.len - SEAL_OVERHEAD_BYTES},
	};
	packed = sealed.ptr[3] != COMPRESSION_NONE;
	plain_len = get_be32(sealed.ptr + 6);
	rc = packed ? scratch_need(sealer, input.text.len) : 0;
	if (rc != 0) return rc;
	plain = zf_alloc(&arena->zf, plain_len);
	if (plain == NULL) return err_set(ERR_NOMEM, "no memory to open %zu bytes", plain_len);
	rc = aead_decrypt(sealer->cipher, &data_key, sealed.ptr + NONCE_AT, &input,
		sealed.ptr + sealed.len - AEAD_TAG_BYTES, packed ? sealer->scratch : plain);
	if (rc == 0 && packed) {
		size_t n = ZSTD_decompress_usingDDict(sealer->dctx, plain, plain_len, sealer->scratch, input.text.len,
			sealed.ptr[3] == COMPRESSION_ZSTD_DICTIONARY ? sealer->ddict : NULL);
		if (ZSTD_isError(n) || n != plain_len) rc = err_set(ERR_INVALID, "sealed data does not unpack");
	}
	if (packed) scratch_done(sealer, input.text.len);
	if (rc == 0) *ret_plain = (struct bytes){plain, plain_len};
	return rc;
}
