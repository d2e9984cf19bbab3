/* Sealed rows: they open again, only for their own row and kind, and never after a single bit has changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/seal.h"

#define ARENA_BYTES ((size_t)256 << 20)

struct fixture {
	struct sealer *sealer;
	struct arena arena;
	struct key key;
	struct uuid id;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(sealer_new(&f->sealer), 0);
	arena_init(&f->arena, ARENA_BYTES);
	key_new(&f->key);
	f->id = uuid_new();
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	sealer_free(f->sealer);
	arena_free(&f->arena);
	free(f);
	return 0;
}

static struct bytes bytes_of(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

/* Text that compresses about as well as a claim does. */
static struct bytes claim_like(struct arena *arena, size_t len)
{
	char *text = zf_alloc(&arena->zf, len + 64);
	size_t at = 0;

	assert_non_null(text);
	for (unsigned i = 1; at < len; i++) {
		at += (size_t)snprintf(text + at, 64, "{\"sequence\":%u,\"net\":{\"value\":%u.%02u,\"code\":\"X%u\"}},",
			i, i * 7919 % 9973, i * 31 % 100, i * 104729 % 65537);
	}
	return (struct bytes){(uint8_t *)text, len};
}

static void round_trip(void **state)
{
	static const size_t lens[] = {0, 1, 2, 17, 100, 3000, 70000, 5u << 20};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
		for (int random = 0; random < 2; random++) {
			struct bytes plain = claim_like(&f->arena, lens[i]);
			struct bytes sealed;
			struct bytes got;
			if (random) random_bytes((uint8_t *)(uintptr_t)plain.ptr, plain.len); /* does not compress */
			assert_int_equal(seal(f->sealer, &f->key, &f->id, SEAL_CLAIM, plain, &f->arena, &sealed), 0);
			assert_true(sealed.len <= plain.len + SEAL_OVERHEAD_BYTES);
			if (!random && plain.len >= 3000) assert_true(sealed.len < plain.len / 2);
			assert_int_equal(
				seal_open(f->sealer, &f->key, &f->id, SEAL_CLAIM, sealed, plain.len, &f->arena, &got),
				0);
			assert_int_equal(got.len, plain.len);
			assert_memory_equal(got.ptr, plain.ptr, plain.len);
			arena_reset(&f->arena);
		}
	}
}

static void every_flipped_bit_is_refused(void **state)
{
	/* One blob that is stored as it is, one that is compressed and one that is with a dictionary. */
	static const char *const texts[] = {"R. Mueller",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"{\"resourceType\":\"Claim\",\"status\":\"active\"}"};
	struct fixture *f = *state;

	for (size_t t = 0; t < ARRAY_LEN(texts); t++) {
		struct bytes sealed;
		struct bytes got = {NULL, 0};
		uint8_t copy[512];
		assert_int_equal(
			seal(f->sealer, &f->key, &f->id, SEAL_CLAIM, bytes_of(texts[t]), &f->arena, &sealed), 0);
		assert_true(sealed.len < sizeof(copy));
		assert_int_equal(sealed.ptr[3], t);
		for (size_t bit = 0; bit < sealed.len * 8; bit++) {
			int rc;
			memcpy(copy, sealed.ptr, sealed.len);
			copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
			rc = seal_open(f->sealer, &f->key, &f->id, SEAL_CLAIM, (struct bytes){copy, sealed.len}, 1000,
				&f->arena, &got);
			assert_true(rc == ERR_DENIED || rc == ERR_INVALID || rc == ERR_LIMIT);
			if (bit / 8 >= 14) assert_int_equal(rc, ERR_DENIED);
			assert_null(got.ptr);
		}
	}
}

static void every_length_but_its_own_is_refused(void **state)
{
	struct fixture *f = *state;
	struct bytes sealed;
	struct bytes got;
	uint8_t longer[512] = {0};

	assert_int_equal(seal(f->sealer, &f->key, &f->id, SEAL_CLAIM, bytes_of("R. Mueller"), &f->arena, &sealed), 0);
	for (size_t len = 0; len < sealed.len; len++) {
		/* Copied, so that AddressSanitizer sees a read past the end. */
		uint8_t *copy = malloc(len == 0 ? 1 : len);
		assert_non_null(copy);
		memcpy(copy, sealed.ptr, len);
		assert_int_equal(seal_open(f->sealer, &f->key, &f->id, SEAL_CLAIM, (struct bytes){copy, len}, 1000,
					 &f->arena, &got),
			ERR_INVALID);
		free(copy);
	}
	memcpy(longer, sealed.ptr, sealed.len);
	assert_int_equal(seal_open(f->sealer, &f->key, &f->id, SEAL_CLAIM, (struct bytes){longer, sealed.len + 1}, 1000,
				 &f->arena, &got),
		ERR_INVALID);
}

static void blob_belongs_to_row_kind_and_key(void **state)
{
	struct fixture *f = *state;
	struct bytes plain = bytes_of("the plain text of a row");
	struct bytes sealed;
	struct bytes twice;
	struct bytes got;
	struct uuid other = uuid_new();
	struct key key;

	key_new(&key);
	assert_int_equal(seal(f->sealer, &f->key, &f->id, SEAL_CLAIM, plain, &f->arena, &sealed), 0);
	assert_int_equal(seal_open(f->sealer, &f->key, &other, SEAL_CLAIM, sealed, 1000, &f->arena, &got), ERR_DENIED);
	assert_int_equal(
		seal_open(f->sealer, &f->key, &f->id, SEAL_MESSAGE, sealed, 1000, &f->arena, &got), ERR_DENIED);
	assert_int_equal(seal_open(f->sealer, &key, &f->id, SEAL_CLAIM, sealed, 1000, &f->arena, &got), ERR_DENIED);
	assert_int_equal(
		seal_open(f->sealer, &f->key, &f->id, SEAL_CLAIM, sealed, plain.len - 1, &f->arena, &got), ERR_LIMIT);
	assert_int_equal(seal_open(f->sealer, &f->key, &f->id, SEAL_CLAIM, sealed, plain.len, &f->arena, &got), 0);
	assert_int_equal(seal(f->sealer, &f->key, &f->id, SEAL_CLAIM, plain, &f->arena, &twice), 0);
	assert_memory_not_equal(sealed.ptr + 10, twice.ptr + 10, 64); /* a data key of its own each time */
	assert_memory_not_equal(sealed.ptr + 74, twice.ptr + 74, 12);
}

static size_t from_hex(const char *hex, uint8_t *to, size_t cap)
{
	size_t len = 0;

	for (unsigned byte; sscanf(hex, "%2x", &byte) == 1; hex += 2) {
		assert_true(len < cap);
		to[len++] = (uint8_t)byte;
	}
	return len;
}

/* Rows sealed long ago open for ever: without a dictionary and with the first one. */
static void old_rows_open(void **state)
{
	static const char plain[] =
		"{\"resourceType\":\"Claim\",\"status\":\"active\",\"use\":\"claim\",\"identifier\":["
		"{\"value\":\"B-1\"}],\"identifier\":[{\"value\":\"B-2\"}]}";
	static const char *const rows[] = {
		"5a01010100000000007601010000965b608934fb4c59c32d4400cfb7d4ad904ee99a854c41953"
		"96c6fbb2a5c711bb4cd8d0430d4fcae0cb32f10c8a2aafce6d3f56209ed36eb8b2c8bc863ddaf"
		"03a5d87b1af0e3fbe35b9abb443c805c5ffaa52c710b9956542740076e11e87ae95585f27e6a8"
		"4a897a44e336287bbfdec12ff0ae95d1b24b01758a54190e0916f7d7d313db775938b400d6c28"
		"84e6af868ae7e6c63368d96582103f421c9077c326bf5d5384e75a0bb43aa30303426c0470cb3"
		"d52f4c6d5",
		"5a01010200010000007601010000c3c55d3979b648da12150ddf484f313eadaf86f97969587b9"
		"07fbb7f008fe7dad11e644e91f2c63c8b0ae5c77cde161c2fa428fc5183ea339a414850259562"
		"8134e9058f9c4ac7267067f1c31d44fbab22c70f23dac9087faf46056df8fd0e9d70c9bc5a15a"
		"4abe5bea4e10ffa10d3236f6ec49d02f13a2fa03325780b8b82a86a436177",
	};
	static const struct key key = {{1, 2, 3}};
	static const struct uuid id = {{4, 5, 6}};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t sealed[512];
		struct bytes input = {sealed, from_hex(rows[i], sealed, sizeof(sealed))};
		struct bytes got;
		assert_int_equal(seal_open(f->sealer, &key, &id, SEAL_CLAIM, input, 1000, &f->arena, &got), 0);
		assert_int_equal(got.len, strlen(plain));
		assert_memory_equal(got.ptr, plain, got.len);
		sealed[5] = 2; /* a dictionary of tomorrow */
		assert_int_equal(
			seal_open(f->sealer, &key, &id, SEAL_CLAIM, input, 1000, &f->arena, &got), ERR_INVALID);
	}
}

static void rotated_master_key_opens_old_rows(void **state)
{
	struct fixture *f = *state;
	char folder[] = "/tmp/zhifu-seal-XXXXXX";
	char path[64];
	struct keyring *ring = NULL;
	struct uuid hospital = uuid_new();
	struct uuid patient = uuid_new();
	struct key hospital_key;
	struct key patient_key;
	uint8_t hospital_wrapped[KEY_WRAPPED_BYTES];
	uint8_t patient_wrapped[KEY_WRAPPED_BYTES];
	struct bytes sealed;
	struct bytes got;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/keys", folder);
	assert_int_equal(keyring_create(path), 0);
	assert_int_equal(keyring_load(path, false, &ring), 0);
	key_new(&hospital_key);
	key_new(&patient_key);
	assert_int_equal(key_wrap_master(ring, &hospital, &hospital_key, hospital_wrapped), 0);
	assert_int_equal(key_wrap(&hospital_key, &patient, &patient_key, patient_wrapped), 0);
	assert_int_equal(seal(f->sealer, &patient_key, &f->id, SEAL_CLAIM, bytes_of("old row"), &f->arena, &sealed), 0);
	keyring_free(ring);
	key_wipe(&hospital_key);
	key_wipe(&patient_key);

	assert_int_equal(keyring_rotate(path, KEY_MASTER), 0);
	assert_int_equal(keyring_load(path, false, &ring), 0);
	assert_int_equal(keyring_newest(ring, KEY_MASTER), 2);
	assert_int_equal(key_unwrap_master(ring, &hospital, hospital_wrapped, KEY_WRAPPED_BYTES, &hospital_key), 0);
	assert_int_equal(key_unwrap(&hospital_key, &patient, patient_wrapped, KEY_WRAPPED_BYTES, &patient_key), 0);
	assert_int_equal(seal_open(f->sealer, &patient_key, &f->id, SEAL_CLAIM, sealed, 100, &f->arena, &got), 0);
	assert_int_equal(got.len, 7);
	assert_memory_equal(got.ptr, "old row", 7);
	keyring_free(ring);
	unlink(path);
	rmdir(folder);
}

static void limits_and_memory(void **state)
{
	struct fixture *f = *state;
	struct bytes plain = claim_like(&f->arena, 3000);
	struct arena small;
	struct bytes sealed = {NULL, 0};
	struct sealer *sealer = NULL;

	assert_int_equal(seal(f->sealer, &f->key, &f->id, SEAL_CLAIM,
				 (struct bytes){plain.ptr, SEAL_PLAIN_BYTES_MAX + 1}, &f->arena, &sealed),
		ERR_LIMIT);
	arena_init(&small, 64);
	assert_int_equal(seal(f->sealer, &f->key, &f->id, SEAL_CLAIM, plain, &small, &sealed), ERR_NOMEM);
	assert_null(sealed.ptr);
	assert_int_equal(seal(f->sealer, &f->key, &f->id, SEAL_CLAIM, plain, &f->arena, &sealed), 0);
	assert_int_equal(seal_open(f->sealer, &f->key, &f->id, SEAL_CLAIM, sealed, 3000, &small, &plain), ERR_NOMEM);
	arena_free(&small);
	mem_fail_after(0);
	assert_int_equal(sealer_new(&sealer), ERR_NOMEM);
	mem_fail_after(-1);
}

/* Prints what sealing costs; fails only when it is far off, since sanitizers and a busy machine slow it down. */
static void sealing_is_fast(void **state)
{
	struct fixture *f = *state;
	struct arena arena;
	struct bytes plain = claim_like(&f->arena, 3000);
	struct bytes sealed;
	struct bytes got;
	int64_t best_seal = INT64_MAX;
	int64_t best_open = INT64_MAX;

	arena_init(&arena, ARENA_BYTES);
	for (int round = 0; round < 5; round++) {
		int64_t start = clock_mono_us();
		int64_t middle;
		for (int i = 0; i < 1000; i++) {
			assert_int_equal(seal(f->sealer, &f->key, &f->id, SEAL_CLAIM, plain, &arena, &sealed), 0);
			if (i % 64 == 63) arena_reset(&arena);
		}
		assert_int_equal(seal(f->sealer, &f->key, &f->id, SEAL_CLAIM, plain, &f->arena, &sealed), 0);
		middle = clock_mono_us();
		for (int i = 0; i < 1000; i++) {
			assert_int_equal(
				seal_open(f->sealer, &f->key, &f->id, SEAL_CLAIM, sealed, 3000, &arena, &got), 0);
			if (i % 64 == 63) arena_reset(&arena);
		}
		if (middle - start < best_seal) best_seal = middle - start;
		if (clock_mono_us() - middle < best_open) best_open = clock_mono_us() - middle;
	}
	arena_free(&arena);
	print_message("3000 bytes: sealed to %zu in %.2f us, opened in %.2f us\n", sealed.len, (double)best_seal / 1000,
		(double)best_open / 1000);
	assert_true(best_seal < 200 * 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(round_trip, setup, teardown),
		cmocka_unit_test_setup_teardown(every_flipped_bit_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(every_length_but_its_own_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(blob_belongs_to_row_kind_and_key, setup, teardown),
		cmocka_unit_test_setup_teardown(old_rows_open, setup, teardown),
		cmocka_unit_test_setup_teardown(rotated_master_key_opens_old_rows, setup, teardown),
		cmocka_unit_test_setup_teardown(limits_and_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(sealing_is_fast, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
