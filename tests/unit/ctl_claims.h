/* What the tests of zhifuctl share: a hospital, a patient with keys, and claims and messages in the states they need.
 */
#ifndef UNIT_CTL_CLAIMS_H
#define UNIT_CTL_CLAIMS_H

#include "ctl_world.h"

#include "base/key.h"
#include "base/seal.h"

static struct ctl_world world;
static struct keyring *ring;
static struct sealer *sealer;
static struct key hospital_key, patient_key;
static struct uuid hospital, patient;

static char hex[1 << 16];

/* bytes as an SQL literal; one at a time. */
static inline const char *sql_bytes(const void *ptr, size_t len)
{
	size_t n = (size_t)sprintf(hex, "'\\x");
	assert_true(len * 2 + 8 < sizeof(hex));
	for (size_t i = 0; i < len; i++) n += (size_t)sprintf(hex + n, "%02x", ((const uint8_t *)ptr)[i]);
	strcpy(hex + n, "'");
	return hex;
}

static inline struct uuid uuid_of(const char *text)
{
	struct uuid id;
	assert_int_equal(uuid_parse(text, &id), 0);
	return id;
}

static inline const char *uuid_text(const struct uuid *id)
{
	static char texts[32][UUID_TEXT_LEN];
	static int next;
	char *text = texts[next++ % 32];
	uuid_format(id, text);
	return text;
}

struct made {
	struct uuid claim, exchange, message;
	char ref[REF_TEXT_LEN];
};

/* A claim of 1,878.35 CNY in a state of transport, with the steps that lead there in short. */
static inline struct made make_claim(int transport, const char *insurer)
{
	struct made made = {.claim = uuid_new(), .exchange = uuid_new(), .message = uuid_new()};
	char quoted[64];
	ref_new("HZ1", made.ref);
	if (insurer == NULL)
		strcpy(quoted, "NULL");
	else
		snprintf(quoted, sizeof(quoted), "'%s'", insurer);
	world_sql(&world,
		"INSERT INTO zhifu.claim VALUES ('%s', '%s', '%s', 1, %s, '%s', 'his', '2026-11-21 04:05:06Z', '2026-11-20', 187835, 'CNY', 2,"
		" 3, 0, false, NULL, NULL, 1, '');"
		"INSERT INTO zhifu.claim_state (hospital_id, claim_id, ref, insurer, transport, transport_seq)"
		" VALUES ('%s', '%s', '%s', %s, %d, 1)",
		HOSPITAL_A, uuid_text(&made.claim), made.ref, quoted, uuid_text(&patient), HOSPITAL_A,
		uuid_text(&made.claim), made.ref, quoted, transport == 8 ? 6 : transport);
	/* the legal way there, or the schema refuses it */
	int way[5] = {0, 1, transport, -1, -1};
	if (transport == 1) way[2] = -1;
	if (transport == 7 || transport == 8) {
		way[2] = 5;
		way[3] = 6;
		way[4] = transport == 8 ? -1 : transport;
	}
	for (int i = 1; i < 5 && way[i] >= 0; i++) {
		char prev[16];
		if (i == 1)
			strcpy(prev, "NULL");
		else
			snprintf(prev, sizeof(prev), "%d", i - 1);
		world_sql(&world,
			"INSERT INTO zhifu.claim_event (hospital_id, claim_id, axis, seq, prev_seq, from_state, to_state, event, who)"
			" VALUES ('%s', '%s', 1, %d, %s, %d, %d, 'test', 'his');"
			"UPDATE zhifu.claim_state SET transport_seq = %d WHERE claim_id = '%s'",
			HOSPITAL_A, uuid_text(&made.claim), i, prev, way[i - 1], way[i], i, uuid_text(&made.claim));
	}
	if (transport == 8) /* arriving bills it */
		world_sql(&world,
			"SELECT zhifu.claim_step('{%s}', '{%s}', '{1}', '{6}', '{NULL}', '{8}', '{deliver}', '{zhifu}', '{NULL}')",
			HOSPITAL_A, uuid_text(&made.claim));
	return made;
}

static const char secret[] = "POST submit /Claim\nContent-Type: application/fhir+json\n\n{\"name\":\"王小明\"}";

/* Its submission, sealed by the patient's key, with one try behind it. */
static inline void make_message(struct made *made, int direction, int status, bool submission)
{
	struct arena arena CLEANUP(arena_free);
	struct bytes sealed;
	arena_init(&arena, 1 << 20);
	assert_int_equal(seal(sealer, &patient_key, &made->message, SEAL_MESSAGE,
				 (struct bytes){(const uint8_t *)secret, sizeof(secret) - 1}, &arena, &sealed),
		0);
	world_sql(&world,
		"INSERT INTO zhifu.exchange (hospital_id, exchange_id, insurer, kind, claim_id, status) VALUES ('%s', '%s', 'alpha', 1, '%s', 4);"
		"INSERT INTO zhifu.message (hospital_id, message_id, exchange_id, claim_id, insurer, direction, submission, status, content)"
		" VALUES ('%s', '%s', '%s', '%s', 'alpha', %d, %s, %d, %s);",
		HOSPITAL_A, uuid_text(&made->exchange), uuid_text(&made->claim), HOSPITAL_A, uuid_text(&made->message),
		uuid_text(&made->exchange), uuid_text(&made->claim), direction, submission ? "true" : "false", status,
		sql_bytes(sealed.ptr, sealed.len));
	if (direction == 1)
		world_sql(&world,
			"INSERT INTO zhifu.attempt (hospital_id, message_id, attempt, route, outcome, error)"
			" VALUES ('%s', '%s', 1, 'alpha:https', 4, 'connection reset')",
			HOSPITAL_A, uuid_text(&made->message));
}

static inline int64_t transport_of(const struct made *made)
{
	return world_count(
		&world, "SELECT transport::int8 FROM zhifu.claim_state WHERE claim_id = '%s'", uuid_text(&made->claim));
}

static inline int64_t work_of(const struct made *made, int role, int kind)
{
	return world_count(&world,
		"SELECT count(*) FROM zhifu.outbox WHERE claim_id = '%s' AND role = %d AND kind = %d",
		uuid_text(&made->claim), role, kind);
}

/* A hospital with a key and one patient who has two identities, as intake would have stored them. */
static inline void patient_make(void)
{
	struct arena arena CLEANUP(arena_free);
	static const char identities[] = "[[\"urn:card\",\"护照 E123\"],[\"\",\"4711\"]]";
	uint8_t wrapped[KEY_WRAPPED_BYTES], hash[LOOKUP_HASH_BYTES];
	char path[256];
	struct bytes sealed;
	arena_init(&arena, 1 << 20);
	snprintf(path, sizeof(path), "%s/keys", world.folder);
	assert_int_equal(keyring_load(path, false, &ring), 0);
	assert_int_equal(sealer_new(&sealer), 0);
	hospital = uuid_of(HOSPITAL_A);
	patient = uuid_new();
	key_new(&hospital_key);
	key_new(&patient_key);
	world_sql(&world, "SET search_path = zhifu");
	assert_int_equal(key_wrap_master(ring, &hospital, &hospital_key, wrapped), 0);
	world_sql(&world, "SELECT hospital_open('%s', 'HZ1', 'x', 'Asia/Shanghai', 'CNY', %s)", HOSPITAL_A,
		sql_bytes(wrapped, sizeof(wrapped)));
	assert_int_equal(key_wrap(&hospital_key, &patient, &patient_key, wrapped), 0);
	world_sql(&world, "INSERT INTO patient_key VALUES ('%s', '%s', %s, 1, NULL)", HOSPITAL_A, uuid_text(&patient),
		sql_bytes(wrapped, sizeof(wrapped)));
	assert_int_equal(seal(sealer, &patient_key, &patient, SEAL_IDENTITY,
				 (struct bytes){(const uint8_t *)identities, sizeof(identities) - 1}, &arena, &sealed),
		0);
	world_sql(&world, "UPDATE patient_key SET identity = %s", sql_bytes(sealed.ptr, sealed.len));
	const struct bytes parts[2][2] = {
		{{(const uint8_t *)"urn:card", 8}, {(const uint8_t *)"护照 E123", strlen("护照 E123")}},
		{{(const uint8_t *)"", 0}, {(const uint8_t *)"4711", 4}}};
	for (int i = 0; i < 2; i++) {
		assert_int_equal(lookup_hash(ring, 1, &hospital, LOOKUP_PATIENT, parts[i], 2, hash), 0);
		world_sql(&world, "INSERT INTO patient_lookup VALUES ('%s', %s, '%s', 1)", HOSPITAL_A,
			sql_bytes(hash, sizeof(hash)), uuid_text(&patient));
	}
}

/* Of the group of tests. */
static inline int group_begin(void **state)
{
	(void)state;
	assert_ctl(&world, 0, "migrate");
	patient_make();
	return 0;
}

#endif
