/* The key file, wrapped keys and look-up hashes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/key.h"
#include "base/keyring.h"
#include "base/mem.h"

static char folder[] = "/tmp/zhifu-key-XXXXXX";
static char path[64];

static void file_write(const char *text, mode_t mode)
{
	FILE *file;

	unlink(path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static struct keyring *ring_fresh(void)
{
	struct keyring *ring = NULL;

	unlink(path);
	assert_int_equal(keyring_create(path), 0);
	assert_int_equal(keyring_load(path, false, &ring), 0);
	return ring;
}

static void create_makes_a_private_file_once(void **state)
{
	struct keyring *ring = ring_fresh();
	struct stat st;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(keyring_newest(ring, KEY_MASTER), 1);
	assert_int_equal(keyring_newest(ring, KEY_LOOKUP), 1);
	assert_int_equal(keyring_create(path), ERR_EXISTS);
	keyring_free(ring);
}

#define KEY_A "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
#define KEY_B "QkJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
#define KEY_SAME "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
#define KEY_SAMPLE "WkhJRlUtU0FNUExFLWtleS1udW1iZXItMDAwMDAwMDE="
#define FILE_OF(a, b) "master = ({ version = 1; key = \"" a "\"; });\nlookup = ({ version = 1; key = \"" b "\"; });\n"

static void bad_files_are_refused_with_a_line(void **state)
{
	static const struct {
		const char *text;
		const char *says;
	} cases[] = {
		{"", "no list of master keys"},
		{"master = (", "syntax error"},
		{"master = ();\nlookup = ();", "no list of master keys"},
		{FILE_OF(KEY_A, KEY_A), ":2: the same key"},
		{FILE_OF(KEY_A, "c2hvcnQ="), ":2: key is not the base64"},
		{FILE_OF(KEY_A, KEY_B "A"), ":2: key is not the base64"},
		{FILE_OF("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZ=", KEY_B),
			":1: key is not the base64"}, /* loose last bits */
		{FILE_OF("QUJDREVGR0hJSktMTU5P!FFSU1RVVldYWVphYmNkZWY=", KEY_B), ":1: key is not the base64"},
		{FILE_OF(KEY_SAME, KEY_B), ":1: master key 1 is a sample"},
		{FILE_OF(KEY_A, KEY_SAMPLE), ":2: lookup key 1 is a sample"},
		{FILE_OF(KEY_A, KEY_B) "other = 1;\n", ":3: unknown setting"},
		{"@include \"/etc/passwd\"\n" FILE_OF(KEY_A, KEY_B), "includes no other file"},
		{"master = ({ version = 0; key = \"" KEY_A "\"; });", ":1: version is not"},
		{"master = ({ version = 65536; key = \"" KEY_A "\"; });", ":1: version is not"},
		{"master = ({ version = 1; key = \"" KEY_A "\"; },\n{ version = 1; key = \"" KEY_B "\"; });",
			":2: master key 1 is there twice"},
		{"master = ({ version = 1; key = \"" KEY_A "\"; note = 1; });", ":1: more than"},
		{"master = (7);", ":1: not a group"},
	};
	struct keyring *ring = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		file_write(cases[i].text, 0600);
		assert_int_equal(keyring_load(path, false, &ring), ERR_INVALID);
		if (strstr(err_text(), cases[i].says) == NULL) fail_msg("case %zu says \"%s\"", i, err_text());
		if (strstr(err_text(), "QUJD") != NULL) fail_msg("a key in the error text");
		assert_null(ring);
	}
	file_write(FILE_OF(KEY_A, KEY_SAMPLE), 0600);
	assert_int_equal(keyring_load(path, true, &ring), 0);
	keyring_free(ring);
}

static void open_files_are_refused(void **state)
{
	struct keyring *ring = NULL;

	(void)state;
	file_write(FILE_OF(KEY_A, KEY_B), 0640);
	assert_int_equal(keyring_load(path, false, &ring), ERR_DENIED);
	file_write(FILE_OF(KEY_A, KEY_B), 0604);
	assert_int_equal(keyring_load(path, false, &ring), ERR_DENIED);
	file_write(FILE_OF(KEY_A, KEY_B), 0400);
	assert_int_equal(keyring_load(path, false, &ring), 0);
	keyring_free(ring);
	ring = NULL;
	assert_int_equal(keyring_load(folder, false, &ring), ERR_DENIED);
	unlink(path);
	assert_int_equal(keyring_load(path, false, &ring), ERR_SYS);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(keyring_load(path, false, &ring), ERR_DENIED); /* and does not wait for a writer */
	assert_null(ring);
}

static void wrapped_key_opens_for_its_owner_only(void **state)
{
	struct keyring *ring = ring_fresh();
	struct uuid hospital = uuid_new();
	struct uuid other = uuid_new();
	struct key key;
	struct key outer;
	struct key got = {{0}};
	uint8_t wrapped[KEY_WRAPPED_BYTES];

	(void)state;
	key_new(&key);
	key_new(&outer);
	assert_int_equal(key_wrap_master(ring, &hospital, &key, wrapped), 0);
	assert_int_equal(key_unwrap_master(ring, &hospital, wrapped, sizeof(wrapped), &got), 0);
	assert_memory_equal(&key, &got, sizeof(key));
	key_wipe(&got);
	assert_int_equal(key_unwrap_master(ring, &other, wrapped, sizeof(wrapped), &got), ERR_DENIED);
	assert_int_equal(key_unwrap(&outer, &hospital, wrapped, sizeof(wrapped), &got), ERR_INVALID);
	assert_int_equal(key_wrap(&outer, &hospital, &key, wrapped), 0);
	assert_int_equal(key_unwrap(&outer, &other, wrapped, sizeof(wrapped), &got), ERR_DENIED);
	assert_int_equal(key_unwrap(&key, &hospital, wrapped, sizeof(wrapped), &got), ERR_DENIED);
	for (size_t i = 0; i < sizeof(got.b); i++) assert_int_equal(got.b[i], 0);
	for (size_t i = 0; i < sizeof(wrapped) * 8; i++) {
		wrapped[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_not_equal(key_unwrap(&outer, &hospital, wrapped, sizeof(wrapped), &got), 0);
		wrapped[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	assert_int_equal(key_unwrap(&outer, &hospital, wrapped, sizeof(wrapped) - 1, &got), ERR_INVALID);
	assert_int_equal(key_unwrap(&outer, &hospital, wrapped, sizeof(wrapped), &got), 0);
	assert_memory_equal(&key, &got, sizeof(key));
	keyring_free(ring);
}

static void rotation_keeps_old_keys_readable(void **state)
{
	struct keyring *ring = ring_fresh();
	struct uuid hospital = uuid_new();
	struct bytes part = {(const uint8_t *)"value", 5};
	struct key key;
	struct key got;
	uint8_t old_wrapped[KEY_WRAPPED_BYTES];
	uint8_t new_wrapped[KEY_WRAPPED_BYTES];
	uint8_t old_hash[LOOKUP_HASH_BYTES];
	uint8_t hash[LOOKUP_HASH_BYTES];
	uint16_t versions[8];
	struct stat st;

	(void)state;
	key_new(&key);
	assert_int_equal(key_wrap_master(ring, &hospital, &key, old_wrapped), 0);
	assert_int_equal(lookup_hash(ring, 1, &hospital, LOOKUP_WIRE, &part, 1, old_hash), 0);
	assert_int_equal(lookup_hash(ring, 2, &hospital, LOOKUP_WIRE, &part, 1, hash), ERR_NOTFOUND);
	assert_int_equal(keyring_rotate(path, KEY_MASTER), 0);
	assert_int_equal(keyring_rotate(path, KEY_MASTER), 0);
	assert_int_equal(keyring_rotate(path, KEY_LOOKUP), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	keyring_free(ring);
	assert_int_equal(keyring_load(path, false, &ring), 0);
	assert_int_equal(keyring_versions(ring, KEY_MASTER, versions, 8), 3);
	assert_int_equal(versions[0], 3);
	assert_int_equal(versions[2], 1);
	assert_int_equal(keyring_versions(ring, KEY_LOOKUP, versions, 1), 1);
	assert_int_equal(versions[0], 2);
	assert_int_equal(key_unwrap_master(ring, &hospital, old_wrapped, sizeof(old_wrapped), &got), 0);
	assert_memory_equal(&key, &got, sizeof(key));
	assert_int_equal(key_wrap_master(ring, &hospital, &key, new_wrapped), 0);
	assert_int_equal(new_wrapped[2] << 8 | new_wrapped[3], 3);
	assert_int_equal(lookup_hash(ring, 1, &hospital, LOOKUP_WIRE, &part, 1, hash), 0);
	assert_memory_equal(hash, old_hash, sizeof(hash));
	assert_int_equal(lookup_hash(ring, 2, &hospital, LOOKUP_WIRE, &part, 1, hash), 0);
	assert_memory_not_equal(hash, old_hash, sizeof(hash));
	keyring_free(ring);
	/* A ring from before the rotation does not know the new version. */
	ring = ring_fresh();
	assert_int_equal(key_unwrap_master(ring, &hospital, new_wrapped, sizeof(new_wrapped), &got), ERR_NOTFOUND);
	keyring_free(ring);
}

static void rotation_follows_a_link_and_leaves_nothing_behind(void **state)
{
	char link_path[80];
	char command[160];
	struct stat st;
	struct keyring *ring = ring_fresh();

	(void)state;
	keyring_free(ring);
	snprintf(link_path, sizeof(link_path), "%s/link", folder);
	assert_int_equal(symlink(path, link_path), 0);
	assert_int_equal(keyring_rotate(link_path, KEY_MASTER), 0);
	assert_int_equal(lstat(link_path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(keyring_load(path, false, &ring), 0);
	assert_int_equal(keyring_newest(ring, KEY_MASTER), 2);
	keyring_free(ring);
	unlink(link_path);
	snprintf(command, sizeof(command), "test $(ls %s | wc -l) = 1", folder);
	assert_int_equal(system(command), 0);
}

static void lookup_hash_separates_everything(void **state)
{
	struct keyring *ring = ring_fresh();
	struct uuid hospital = uuid_new();
	struct uuid other = uuid_new();
	struct bytes ab_c[] = {{(const uint8_t *)"ab", 2}, {(const uint8_t *)"c", 1}};
	struct bytes a_bc[] = {{(const uint8_t *)"a", 1}, {(const uint8_t *)"bc", 2}};
	struct bytes none[] = {{NULL, 0}};
	uint8_t hashes[6][LOOKUP_HASH_BYTES];
	uint8_t again[LOOKUP_HASH_BYTES];

	(void)state;
	assert_int_equal(lookup_hash(ring, 1, &hospital, LOOKUP_PATIENT, ab_c, 2, hashes[0]), 0);
	assert_int_equal(lookup_hash(ring, 1, &hospital, LOOKUP_PATIENT, a_bc, 2, hashes[1]), 0);
	assert_int_equal(lookup_hash(ring, 1, &other, LOOKUP_PATIENT, ab_c, 2, hashes[2]), 0);
	assert_int_equal(lookup_hash(ring, 1, &hospital, LOOKUP_WIRE, ab_c, 2, hashes[3]), 0);
	assert_int_equal(lookup_hash(ring, 1, &hospital, LOOKUP_PATIENT, none, 0, hashes[4]), 0);
	assert_int_equal(lookup_hash(ring, 1, &hospital, LOOKUP_PATIENT, none, 1, hashes[5]), 0);
	for (size_t i = 0; i < 6; i++) {
		for (size_t k = 0; k < i; k++) assert_memory_not_equal(hashes[i], hashes[k], LOOKUP_HASH_BYTES);
	}
	assert_int_equal(lookup_hash(ring, 1, &hospital, LOOKUP_PATIENT, ab_c, 2, again), 0);
	assert_memory_equal(again, hashes[0], sizeof(again));
	keyring_free(ring);
}

/* The form of a look-up hash is on disk: this value was computed by another HMAC implementation and may never change.
 */
static void lookup_hash_is_what_it_always_was(void **state)
{
	static const uint8_t expected[LOOKUP_HASH_BYTES] = {0x3c, 0x65, 0x72, 0x05, 0xaa, 0xea, 0x96, 0x0e, 0xcb, 0xfd,
		0xe6, 0x3e, 0x8a, 0x21, 0xb3, 0x69, 0xe7, 0x23, 0xd2, 0xc2, 0x87, 0x07, 0xef, 0x96, 0x24, 0x5b, 0x3f,
		0x95, 0x75, 0xd0, 0x52, 0xcc};
	struct keyring *ring = NULL;
	struct uuid hospital;
	struct bytes parts[] = {{(const uint8_t *)"ab", 2}, {(const uint8_t *)"c", 1}};
	uint8_t hash[LOOKUP_HASH_BYTES];

	(void)state;
	file_write(FILE_OF(KEY_A, KEY_B), 0600);
	assert_int_equal(keyring_load(path, false, &ring), 0);
	assert_int_equal(uuid_parse("00010203-0405-0607-0809-0a0b0c0d0e0f", &hospital), 0);
	assert_int_equal(lookup_hash(ring, 1, &hospital, LOOKUP_PATIENT, parts, 2, hash), 0);
	assert_memory_equal(hash, expected, sizeof(hash));
	keyring_free(ring);
}

static void memory_can_run_out(void **state)
{
	struct keyring *ring = ring_fresh();
	int rc = ERR_NOMEM;

	(void)state;
	keyring_free(ring);
	for (long n = 0; rc != 0 && n < 100; n++) {
		mem_fail_after(n);
		ring = NULL;
		rc = keyring_load(path, false, &ring);
		mem_fail_after(-1);
		assert_true(rc == 0 || rc == ERR_NOMEM);
		assert_int_equal(rc == 0, ring != NULL);
	}
	assert_int_equal(rc, 0);
	keyring_free(ring);
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(create_makes_a_private_file_once),
		cmocka_unit_test(bad_files_are_refused_with_a_line),
		cmocka_unit_test(open_files_are_refused),
		cmocka_unit_test(wrapped_key_opens_for_its_owner_only),
		cmocka_unit_test(rotation_keeps_old_keys_readable),
		cmocka_unit_test(rotation_follows_a_link_and_leaves_nothing_behind),
		cmocka_unit_test(lookup_hash_separates_everything),
		cmocka_unit_test(lookup_hash_is_what_it_always_was),
		cmocka_unit_test(memory_can_run_out),
	};

	if (mkdtemp(folder) == NULL) return 1;
	snprintf(path, sizeof(path), "%s/keys", folder);
	return cmocka_run_group_tests(tests, NULL, teardown);
}
