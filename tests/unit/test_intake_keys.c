/* Rotation: what was recognised under an old look-up key is recognised under the new ones, and an old master key's
 * hospital keys still open. */
#include "intake_lab.h"

/* A new key of the file, taken over by the running role. */
static void rotate(int version)
{
	char number[32];
	struct caller his = caller_open("client");
	assert_int_equal(keyring_rotate(lab_path("keys"), KEY_LOOKUP), 0);
	assert_int_equal(kill(lab.pid, SIGHUP), 0);
	for (int i = 0; i < 400 && lab_number("select max(key_version)::int from zhifu.patient_lookup") < version;
		i++) {
		(void)snprintf(number, sizeof(number), "R%d-%d", version, i);
		struct reply reply = claim_send(&his, "/fhir/Claim", NULL, CLAIM(.number = number, .person = number));
		EXPECT(reply, 201);
		reply_free(&reply);
	}
	assert_int_equal(lab_number("select max(key_version)::int from zhifu.patient_lookup"), version);
	caller_close(&his);
}

static void test_rotation(void **state)
{
	(void)state;
	LAB_NEEDED();
	char first[37], again[37], sql[512];
	struct caller his = caller_open("client");
	struct reply reply = claim_send(&his, "/fhir/Claim", NULL, CLAIM(.number = "K1", .person = "K"));
	EXPECT(reply, 201);
	reply_id(&reply, "Claim", first);
	reply_free(&reply);
	reply = claim_send(&his, "/fhir/Claim", "Idempotency-Key: header\r\n",
		CLAIM(.number = "K9", .person = "K", .day = "2026-10-09"));
	EXPECT(reply, 201);
	reply_free(&reply);
	reply = caller_call(&his, "POST", "/fhir/Consent", NULL, CONSENT("K", "active", "c1"));
	EXPECT(reply, 201);
	reply_free(&reply);
	for (int version = 2; version <= 4; version++) {
		rotate(version);
		/* Its repetition, its business duplicate, and other content under its key. */
		reply = claim_send(&his, "/fhir/Claim", NULL, CLAIM(.number = "K1", .person = "K"));
		EXPECT(reply, 201);
		reply_id(&reply, "Claim", again);
		assert_string_equal(first, again);
		reply_free(&reply);
		char number[16];
		(void)snprintf(number, sizeof(number), "KD%d", version);
		reply = claim_send(&his, "/fhir/Claim", NULL, CLAIM(.number = number, .person = "K"));
		EXPECT(reply, 201);
		EXPECT_TEXT(reply, "urn:zhifu:duplicate-of");
		EXPECT_TEXT(reply, first);
		reply_free(&reply);
		reply = claim_send(&his, "/fhir/Claim", "Idempotency-Key: header\r\n",
			CLAIM(.number = "K9", .person = "K", .total = "7.00"));
		EXPECT(reply, 409);
		reply_free(&reply);
		reply = claim_send(&his, "/fhir/Claim", "Idempotency-Key: another\r\n",
			CLAIM(.number = "K9", .person = "K", .total = "7.00"));
		EXPECT(reply, 409);
		reply_free(&reply);
		reply = claim_send(
			&his, "/fhir/Claim", "Idempotency-Key: another\r\n", CLAIM(.number = "K1", .person = "K"));
		EXPECT(reply, 201);
		EXPECT_TEXT(reply, first);
		reply_free(&reply);
	}
	/* One person all the time: what comes now has the consent that came first, until that is withdrawn. */
	reply = claim_send(&his, "/fhir/Claim", NULL, CLAIM(.number = "K5", .person = "K", .day = "2026-10-05"));
	EXPECT(reply, 201);
	reply_id(&reply, "Claim", again);
	reply_free(&reply);
	(void)snprintf(sql, sizeof(sql),
		"select count(*) from zhifu.export_basis(array['019ab2c4-5a00-7000-8000-000000000001'::uuid], array['%s'::uuid], "
		"array['alpha'], array['HPAYMT']) where basis = 1",
		again);
	assert_int_equal(lab_number(sql), 1);
	reply = caller_call(&his, "POST", "/fhir/Consent", NULL, CONSENT("K", "inactive", "c1"));
	EXPECT(reply, 201);
	reply_free(&reply);
	assert_int_equal(lab_number(sql), 0);
	assert_int_equal(lab_number("select count(*) from zhifu.consent where withdrawn_at is not null"), 1);
	caller_close(&his);
}

/* The hospital's key is still wrapped by the old master key. */
static void test_master(void **state)
{
	(void)state;
	LAB_NEEDED();
	assert_int_equal(keyring_rotate(lab_path("keys"), KEY_MASTER), 0);
	lab_drain();
	lab_spawn();
	struct caller his = caller_open("client");
	struct reply reply =
		claim_send(&his, "/fhir/Claim", NULL, CLAIM(.number = "M1", .person = "K", .day = "2026-10-06"));
	EXPECT(reply, 201);
	reply_free(&reply);
	assert_int_equal(
		lab_number(
			"select count(*) from zhifu.hospital_key where hospital_id = '019ab2c4-5a00-7000-8000-000000000001'"),
		1);
	caller_close(&his);
}

/* ---- header and identifier ---- */

static int status_of(struct caller *client, const char *header, char *text, char id[37])
{
	char field[64] = "";
	if (header != NULL) (void)snprintf(field, sizeof(field), "Idempotency-Key: %s\r\n", header);
	struct reply reply = claim_send(client, "/fhir/Claim", header == NULL ? NULL : field, text);
	int status = reply.status;
	if (status == 201) reply_id(&reply, "Claim", id);
	reply_free(&reply);
	return status;
}

/* A bill is one bill under whatever header it comes. */
static void test_header_adds(void **state)
{
	(void)state;
	LAB_NEEDED();
	char first[37], id[37];
	struct caller his = caller_open("client");
	int64_t before = lab_number("select count(*) from zhifu.claim"),
		keys = lab_number("select count(*) from zhifu.idempotency");
	assert_int_equal(status_of(&his, "ha", CLAIM(.number = "H1", .person = "H"), first), 201);
	assert_int_equal(lab_number("select count(*) from zhifu.idempotency") - keys, 2);
	for (int i = 0; i < 4; i++) {
		const char *header = i == 0 ? NULL : (i == 1 ? "ha" : "hc");
		assert_int_equal(
			status_of(&his, header, CLAIM(.number = "H1", .person = "H", .total = "7.00"), id), 409);
		assert_int_equal(status_of(&his, header, CLAIM(.number = "H1", .person = "H"), id), 201);
		assert_string_equal(id, first);
	}
	assert_int_equal(lab_number("select count(*) from zhifu.claim") - before, 1);
	/* The header without the identifier, and the other way round: still its own key. */
	assert_int_equal(status_of(&his, "ha", CLAIM(.number = "H2", .person = "H"), id), 409);
	assert_int_equal(status_of(&his, "ha", CLAIM(.number = "", .person = "H"), id), 409);
	/* What was refused and what was a replay used up no key. */
	assert_int_equal(lab_number("select count(*) from zhifu.idempotency") - keys, 2);
	assert_int_equal(status_of(&his, "hc", CLAIM(.number = "H3", .person = "H", .day = "2026-10-02"), id), 201);
	/* Its header says this one, its identifier the other one: other content goes first. */
	assert_int_equal(status_of(&his, "hc", CLAIM(.number = "H1", .person = "H"), id), 409);
	assert_int_equal(lab_number("select count(*) from zhifu.claim") - before, 2);
	caller_close(&his);
}

/* The same bills in Bundles: each claim has its own key of the header, and of its identifier. */
static void test_header_of_bundles(void **state)
{
	(void)state;
	LAB_NEEDED();
	struct caller his = caller_open("client");
	int64_t before = lab_number("select count(*) from zhifu.claim");
	for (int i = 0; i < 4; i++) {
		const char *type = i < 2 ? "batch" : "transaction";
		const char *header = i % 2 == 0 ? "Idempotency-Key: b1\r\n" : "Idempotency-Key: b2\r\n";
		char *claims[] = {CLAIM(.number = "HB1", .person = "HB", .day = "2026-10-01"),
			CLAIM(.number = "HB2", .person = "HB", .day = "2026-10-02"),
			CLAIM(.number = "HB1", .person = "HB", .day = "2026-10-01"),
			CLAIM(.number = "HB2", .person = "HB", .day = "2026-10-03")};
		size_t count = i < 2 ? 4 : 3; /* a transaction with the fourth is the case below */
		struct reply reply = claim_send(&his, "/fhir", header, bundle_of(type, claims, count, NULL));
		if (count == 3) free(claims[3]);
		EXPECT(reply, 200);
		assert_int_equal(count_text(reply.body, "\"status\":\"201 Created\""), 3);
		assert_int_equal(count_text(reply.body, "\"status\":\"409"), 1 - i / 2);
		reply_free(&reply);
		assert_int_equal(lab_number("select count(*) from zhifu.claim") - before, 2);
	}
	/* A transaction that holds one bill twice, not the same, stores nothing. */
	char *claims[] = {CLAIM(.number = "HB3", .person = "HB"), CLAIM(.number = "HB3", .person = "HB", .total = "7")};
	struct reply reply =
		claim_send(&his, "/fhir", "Idempotency-Key: b3\r\n", bundle_of("transaction", claims, 2, NULL));
	EXPECT(reply, 409);
	reply_free(&reply);
	assert_int_equal(lab_number("select count(*) from zhifu.claim") - before, 2);
	caller_close(&his);
}

enum { RACERS = 6, ROUNDS = 60 };
struct racer {
	int number, version;
	pthread_barrier_t *start;
	int statuses[ROUNDS];
	char ids[ROUNDS][37];
};

/* By turns: one bill under many headers; one bill number with other contents; one header with other bills. */
static void *race_run(void *arg)
{
	struct racer *racer = arg;
	struct caller his = caller_open("client");
	for (int i = 0; i < ROUNDS; i++) {
		char number[32], header[32], total[32];
		bool crossed = i % 3 == 2;
		int own = racer->number;
		(void)snprintf(number, sizeof(number), "RC%d-%d-%d", racer->version, i, crossed ? own : 0);
		(void)snprintf(header, sizeof(header), "rc%d-%d-%d", racer->version, i, crossed ? 0 : own);
		(void)snprintf(total, sizeof(total), "%d.00", i % 3 == 0 ? 100 : 100 + own);
		(void)pthread_barrier_wait(racer->start);
		int64_t until_ms = clock_mono_ms() + LAB_TIMEOUT_MS;
		do {
			racer->statuses[i] = status_of(&his, own == 0 && !crossed ? NULL : header,
				CLAIM(.number = number, .person = "RC", .total = total), racer->ids[i]);
		} while (racer->statuses[i] == 503 && clock_mono_ms() < until_ms);
	}
	caller_close(&his);
	return NULL;
}

static void race(int version)
{
	struct racer racers[RACERS];
	pthread_t threads[RACERS];
	pthread_barrier_t start;
	int64_t before = lab_number("select count(*) from zhifu.claim");
	assert_int_equal(pthread_barrier_init(&start, NULL, RACERS), 0);
	for (int i = 0; i < RACERS; i++) {
		racers[i] = (struct racer){.number = i, .version = version, .start = &start};
		assert_int_equal(pthread_create(&threads[i], NULL, race_run, &racers[i]), 0);
	}
	for (int i = 0; i < RACERS; i++) (void)pthread_join(threads[i], NULL);
	(void)pthread_barrier_destroy(&start);
	for (int i = 0; i < ROUNDS; i++) {
		int stored = 0, conflicts = 0;
		for (int k = 0; k < RACERS; k++) {
			stored += racers[k].statuses[i] == 201;
			conflicts += racers[k].statuses[i] == 409;
			if (i % 3 == 0) assert_string_equal(racers[k].ids[i], racers[0].ids[i]);
		}
		assert_int_equal(stored, i % 3 == 0 ? RACERS : 1);
		assert_int_equal(conflicts, RACERS - stored);
	}
	assert_int_equal(lab_number("select count(*) from zhifu.claim") - before, ROUNDS);
	/* Nothing is left of who lost. */
	assert_int_equal(lab_number("select count(*) from zhifu.idempotency i where not exists (select 1 from "
				    "zhifu.claim c where c.claim_id = i.claim_id)"),
		0);
}

static void test_race(void **state)
{
	(void)state;
	LAB_NEEDED();
	race(1);
}

static void test_race_of_rotated(void **state)
{
	(void)state;
	LAB_NEEDED();
	race(4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_header_adds), cmocka_unit_test(test_header_of_bundles),
		cmocka_unit_test(test_race), cmocka_unit_test(test_rotation), cmocka_unit_test(test_race_of_rotated),
		cmocka_unit_test(test_master)};
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, lab_start, lab_stop);
}
