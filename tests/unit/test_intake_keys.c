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

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rotation), cmocka_unit_test(test_master)};
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, lab_start, lab_stop);
}
