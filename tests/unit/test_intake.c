/* Intake end to end on a real PostgreSQL and real TLS: what is stored, what is answered, and that both agree. */
#include <pthread.h>

#include "intake_lab.h"

#define SUBMIT "/fhir/Claim/$submit"

static void test_stored_before_answered(void **state)
{
	(void)state;
	LAB_NEEDED();
	char id[37], sql[1024];
	struct caller his = caller_open("client");
	struct reply reply = claim_send(&his, "/fhir/Claim", NULL,
		CLAIM(.number = "S1", .extra = "\"id\":\"mine\",\"meta\":{\"profile\":[\"http://p\"]},"));
	EXPECT(reply, 201);
	EXPECT_TEXT(reply, "ETag: W/\"1\"");
	EXPECT_TEXT(reply, "\"profile\":[\"http://p\"]");
	EXPECT_TEXT(reply, "\"versionId\":\"1\"");
	assert_null(strstr(reply.body, "\"mine\""));
	reply_id(&reply, "Claim", id);
	assert_non_null(strstr(reply.body, id));
	(void)snprintf(sql, sizeof(sql),
		"select (select count(*) from zhifu.claim where claim_id = '%s' and total_minor = 10000 and insurer = 'alpha' and "
		"client = 'his' and service_day = '2026-10-17') + (select count(*) from zhifu.claim_state where claim_id = '%s' and "
		"transport = 1) + (select count(*) from zhifu.outbox where claim_id = '%s' and role = 1 and kind = 1)",
		id, id, id);
	assert_int_equal(lab_number(sql), 3);
	/* Nothing that names the person is outside of sealed columns. */
	(void)snprintf(sql, sizeof(sql),
		"select count(*) from zhifu.claim c where claim_id = '%s' and (c::text ~ 'Geheimnis' or position('Geheimnis'::bytea in "
		"content) > 0)",
		id);
	assert_int_equal(lab_number(sql), 0);
	reply_free(&reply);
	reply = claim_send(
		&his, "/fhir/Claim", "Prefer: return=minimal\r\n", CLAIM(.number = "S2", .day = "2026-10-02"));
	EXPECT(reply, 201);
	assert_int_equal(strlen(reply.body), 0);
	reply_free(&reply);
	reply = claim_send(&his, SUBMIT, NULL, CLAIM(.number = "S3", .day = "2026-10-03"));
	EXPECT(reply, 200);
	EXPECT_TEXT(reply, "\"outcome\":\"queued\"");
	EXPECT_TEXT(reply, "\"resourceType\":\"ClaimResponse\"");
	reply_free(&reply);
	/* The first identifier is a key; of the others one that is given twice is one. */
	reply = claim_send(&his, "/fhir/Claim", NULL,
		CLAIM(.number = "S4\"},{\"system\":\"urn:bill\",\"value\":\"S4\"},{\"system\":\"urn:bill\",\"value\":\"S4-b\"},"
				"{\"system\":\"urn:bill\",\"value\":\"S4-b",
			.day = "2026-10-04"));
	EXPECT(reply, 201);
	reply_id(&reply, "Claim", id);
	(void)snprintf(sql, sizeof(sql), "select count(*) from zhifu.claim_identifier where claim_id = '%s'", id);
	assert_int_equal(lab_number(sql), 1);
	reply_free(&reply);
	caller_close(&his);
}

static void test_same_key(void **state)
{
	(void)state;
	LAB_NEEDED();
	char first[37], again[37];
	struct caller his = caller_open("client"), two = caller_open("client2");
	int64_t before = lab_number("select count(*) from zhifu.claim");
	struct reply reply = claim_send(&his, "/fhir/Claim", NULL, CLAIM(.number = "K1", .day = "2026-09-01"));
	EXPECT(reply, 201);
	reply_id(&reply, "Claim", first);
	reply_free(&reply);
	/* The same content in another dress: own id, white space, order. */
	char *text = CLAIM(.number = "K1", .day = "2026-09-01", .extra = " \"id\" : \"x\",\n");
	reply = claim_send(&his, "/fhir/Claim", NULL, text);
	EXPECT(reply, 201);
	reply_id(&reply, "Claim", again);
	assert_string_equal(first, again);
	reply_free(&reply);
	reply = claim_send(&his, SUBMIT, NULL, CLAIM(.number = "K1", .day = "2026-09-01", .total = "100"));
	EXPECT(reply, 200);
	EXPECT_TEXT(reply, first);
	reply_free(&reply);
	reply = claim_send(&his, "/fhir/Claim", NULL, CLAIM(.number = "K1", .day = "2026-09-02"));
	EXPECT(reply, 409);
	EXPECT_TEXT(reply, "idempotency-conflict");
	reply_free(&reply);
	/* The header is a key as well. */
	reply = claim_send(&his, "/fhir/Claim", "Idempotency-Key: k-2\r\n", CLAIM(.number = "K2", .day = "2026-09-03"));
	EXPECT(reply, 201);
	reply_free(&reply);
	reply = claim_send(&his, "/fhir/Claim", "Idempotency-Key: k-2\r\n", CLAIM(.number = "K3", .day = "2026-09-03"));
	EXPECT(reply, 409);
	reply_free(&reply);
	/* Another hospital's bill of that number is another claim. */
	reply = claim_send(&two, "/fhir/Claim", NULL, CLAIM(.number = "K1", .day = "2026-09-01"));
	EXPECT(reply, 201);
	reply_id(&reply, "Claim", again);
	assert_string_not_equal(first, again);
	reply_free(&reply);
	assert_int_equal(lab_number("select count(*) from zhifu.claim") - before, 3);
	caller_close(&his);
	caller_close(&two);
}

static void test_duplicate_is_held(void **state)
{
	(void)state;
	LAB_NEEDED();
	char first[37], second[37], sql[1024];
	struct caller his = caller_open("client");
	struct reply reply =
		claim_send(&his, "/fhir/Claim", NULL, CLAIM(.number = "D1", .person = "D", .day = "2026-08-01"));
	EXPECT(reply, 201);
	reply_id(&reply, "Claim", first);
	reply_free(&reply);
	reply = claim_send(&his, SUBMIT, NULL, CLAIM(.number = "D2", .person = "D", .day = "2026-08-01"));
	EXPECT(reply, 200);
	EXPECT_TEXT(reply, "Suspected duplicate of claim HZ1");
	EXPECT_TEXT(reply, "rel=\"urn:zhifu:duplicate-of\"");
	EXPECT_TEXT(reply, first);
	reply_id(&reply, "Claim", second);
	reply_free(&reply);
	(void)snprintf(sql, sizeof(sql),
		"select count(*) from zhifu.claim_state s join zhifu.claim c using (claim_id) where s.claim_id = '%s' and s.transport = 4 "
		"and c.duplicate_of = '%s'",
		second, first);
	assert_int_equal(lab_number(sql), 1);
	/* The repetition of a held one says so again. */
	reply = claim_send(&his, "/fhir/Claim", NULL, CLAIM(.number = "D2", .person = "D", .day = "2026-08-01"));
	EXPECT(reply, 201);
	EXPECT_TEXT(reply, "urn:zhifu:duplicate-of");
	reply_free(&reply);
	/* Another day, another amount, another person: none of them. */
	reply = claim_send(&his, SUBMIT, NULL, CLAIM(.number = "D3", .person = "D", .day = "2026-08-02"));
	assert_null(strstr(reply.text, "Suspected"));
	reply_free(&reply);
	reply = claim_send(&his, SUBMIT, NULL, CLAIM(.number = "D4", .person = "E", .day = "2026-08-01"));
	assert_null(strstr(reply.text, "Suspected"));
	reply_free(&reply);
	/* Without a route it goes nowhere, so it is held by nothing. */
	reply = claim_send(
		&his, SUBMIT, NULL, CLAIM(.number = "D5", .person = "D", .day = "2026-08-01", .payor = "Nobody"));
	EXPECT(reply, 200);
	EXPECT_TEXT(reply, "No insurer is configured");
	reply_free(&reply);
	/* Of two equal ones without a route neither is the first one, until a person routes one of them. */
	for (int i = 0; i < 2; i++) {
		reply = claim_send(&his, "/fhir/Claim", NULL,
			i == 0 ? CLAIM(.number = "D7", .person = "D", .day = "2026-08-07", .payor = "Nobody")
			       : CLAIM(.number = "D8", .person = "D", .day = "2026-08-07", .payor = "Nobody"));
		EXPECT(reply, 201);
		reply_id(&reply, "Claim", i == 0 ? first : second);
		reply_free(&reply);
	}
	caller_close(&his);
	for (int i = 0; i < 2; i++) {
		const char *id = i == 0 ? second : first;
		(void)snprintf(sql, sizeof(sql),
			"select ((select count(*) from zhifu.claim_print_waiting where claim_id = '%s') > 0 and not exists "
			"(select 1 from zhifu.claim_fingerprint where claim_id = '%s'))::int4::int8",
			id, id);
		assert_int_equal(lab_number(sql), 1);
		(void)snprintf(sql, sizeof(sql),
			"select zhifu.operator_claim_step(hospital_id, claim_id, 2::int2, 1::int2, 'route_found', 'li', 'c0', "
			"'alpha', gen_random_uuid())::int8 from zhifu.claim_state where claim_id = '%s'",
			id);
		assert_int_equal(lab_number(sql), i == 0 ? 1 /* accepted */ : 4 /* held */);
	}
}

static void test_refusals(void **state)
{
	(void)state;
	LAB_NEEDED();
	struct caller his = caller_open("client");
	int64_t before = lab_number("select count(*) from zhifu.claim") +
			 lab_number("select count(*) from zhifu.idempotency") +
			 lab_number("select count(*) from zhifu.patient_key");
	struct reply reply = caller_call(&his, "POST", "/fhir/Claim", NULL, "{\"resourceType\":\"Claim\",");
	EXPECT(reply, 400);
	EXPECT_TEXT(reply, "json-invalid");
	reply_free(&reply);
	/* All faults at once, each with its place, in two languages, and who can fix it. */
	reply = caller_call(&his, "POST", "/fhir/Claim", "Accept-Language: zh-CN\r\n",
		"{\"resourceType\":\"Claim\",\"status\":\"active\",\"use\":\"claim\",\"colour\":1,\"total\":{\"value\":1,\"currency\":\"RMB\"}}");
	EXPECT(reply, 422);
	EXPECT_TEXT(reply, "element-missing");
	EXPECT_TEXT(reply, "currency-unknown");
	EXPECT_TEXT(reply, "element-unknown");
	EXPECT_TEXT(reply, "Claim.total.currency");
	EXPECT_TEXT(reply, "urn:zhifu:fixed-by");
	EXPECT_TEXT(reply, "\"valueCode\":\"en\"");
	reply_free(&reply);
	reply = caller_call(&his, "POST", "/fhir/Claim", "Content-Type: text/csv\r\n", "a,b");
	EXPECT(reply, 415);
	EXPECT_TEXT(reply, "OperationOutcome");
	reply_free(&reply);
	reply = caller_call(&his, "POST", "/fhir/Consent", NULL, "{\"resourceType\":\"Claim\"}");
	EXPECT(reply, 422);
	EXPECT_TEXT(reply, "resource-type-not-accepted");
	reply_free(&reply);
	reply = caller_call(&his, "DELETE", "/fhir/Claim", NULL, NULL);
	EXPECT(reply, 405);
	reply_free(&reply);
	reply = claim_send(&his, "/fhir/Claim", "Idempotency-Key: \r\n", CLAIM(.number = "R1"));
	EXPECT(reply, 400);
	reply_free(&reply);
	char *long_body = malloc(LAB_BODY_MAX + 10);
	memset(long_body, ' ', LAB_BODY_MAX + 5);
	long_body[LAB_BODY_MAX + 5] = '\0';
	caller_send(&his, "POST", "/fhir/Claim", "Expect: 100-continue\r\n", NULL);
	reply = caller_receive(&his);
	EXPECT(reply, 400);
	reply_free(&reply);
	free(long_body);
	caller_close(&his);
	assert_int_equal(lab_number("select count(*) from zhifu.claim") +
				 lab_number("select count(*) from zhifu.idempotency") +
				 lab_number("select count(*) from zhifu.patient_key"),
		before);
}

static void test_strangers(void **state)
{
	(void)state;
	LAB_NEEDED();
	static const char *const names[] = {NULL, "client3"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct caller stranger = caller_open(names[i]);
		struct reply reply = claim_send(&stranger, "/fhir/Claim", NULL, CLAIM(.number = "X1"));
		EXPECT(reply, 401);
		EXPECT_TEXT(reply, "WWW-Authenticate: Bearer");
		reply_free(&reply);
		caller_close(&stranger);
		stranger = caller_open(names[i]);
		reply = caller_call(&stranger, "GET", "/.well-known/smart-configuration", NULL, NULL);
		EXPECT(reply, 200);
		EXPECT_TEXT(reply, "private_key_jwt");
		reply_free(&reply);
		reply = caller_call(&stranger, "GET", "/nothing/here", NULL, NULL);
		EXPECT(reply, 401);
		reply_free(&reply);
		caller_close(&stranger);
	}
	/* Hospital two may submit, and nothing else. */
	struct caller two = caller_open("client2");
	struct reply reply = caller_call(&two, "POST", "/fhir/Consent", NULL, "{\"resourceType\":\"Consent\"}");
	EXPECT(reply, 403);
	reply_free(&reply);
	caller_close(&two);
}

/* ---- consents ---- */

static void test_consent_wakes(void **state)
{
	(void)state;
	LAB_NEEDED();
	char id[37], sql[1024];
	struct caller his = caller_open("client");
	struct reply reply =
		claim_send(&his, "/fhir/Claim", NULL, CLAIM(.number = "C1", .person = "C", .day = "2026-05-01"));
	EXPECT(reply, 201);
	reply_id(&reply, "Claim", id);
	reply_free(&reply);
	/* What translate's gate does with a claim that has no consent. */
	(void)snprintf(sql, sizeof(sql),
		"delete from zhifu.outbox where claim_id = '%s'; select zhifu.claim_step(array['019ab2c4-5a00-7000-8000-000000000001'::uuid], "
		"array['%s'::uuid], array[1::smallint], array[1::smallint], array[1], array[3::smallint], array['consent_missing'], "
		"array['t'], array['w'])",
		id, id);
	lab_sql(sql);
	reply = caller_call(&his, "POST", "/fhir/Consent", NULL, CONSENT("C", "active", "1"));
	EXPECT(reply, 201);
	EXPECT_TEXT(reply, "Location: ");
	reply_free(&reply);
	(void)snprintf(sql, sizeof(sql),
		"select (select count(*) from zhifu.claim_state where claim_id = '%s' and transport = 1 and transport_seq = 3) + (select "
		"count(*) from zhifu.outbox where claim_id = '%s' and role = 1 and kind = 1) + (select count(*) from zhifu.export_basis("
		"array['019ab2c4-5a00-7000-8000-000000000001'::uuid], array['%s'::uuid], array['alpha'], array['HPAYMT']) where basis = 1)",
		id, id, id);
	assert_int_equal(lab_number(sql), 3);
	/* A withdrawal with the same identifier takes it back. */
	reply = caller_call(&his, "POST", "/fhir/Consent", NULL, CONSENT("C", "inactive", "1"));
	EXPECT(reply, 201);
	reply_free(&reply);
	(void)snprintf(sql, sizeof(sql),
		"select count(*) from zhifu.export_basis(array['019ab2c4-5a00-7000-8000-000000000001'::uuid], array['%s'::uuid], "
		"array['alpha'], array['HPAYMT']) where basis = 1",
		id);
	assert_int_equal(lab_number(sql), 0);
	caller_close(&his);
}

/* One that the database refuses is an answer, and the next one is stored. */
static void test_consent_refused(void **state)
{
	(void)state;
	LAB_NEEDED();
	struct caller his = caller_open("client");
	lab_sql("alter table zhifu.consent add constraint test_no_permit check (not in_force) not valid");
	struct reply reply = caller_call(&his, "POST", "/fhir/Consent", NULL, CONSENT("CR", "active", "cr"));
	lab_sql("alter table zhifu.consent drop constraint test_no_permit");
	EXPECT(reply, 500);
	EXPECT_TEXT(reply, "not-stored");
	reply_free(&reply);
	reply = caller_call(&his, "POST", "/fhir/Consent", NULL, CONSENT("CR", "active", "cr"));
	EXPECT(reply, 201);
	reply_free(&reply);
	caller_close(&his);
}

/* A consent in the Bundle is there when the claim is. */
static void test_consent_in_bundle(void **state)
{
	(void)state;
	LAB_NEEDED();
	char id[37], sql[1024];
	struct caller his = caller_open("client"), two = caller_open("client2");
	char *claims[] = {CLAIM(.number = "CB1", .person = "CB", .day = "2026-05-02")};
	char *bundle = bundle_of("collection", claims, 1, ",{\"resource\":" CONSENT("CB", "active", "2") "}");
	struct reply reply = caller_call(&two, "POST", SUBMIT, NULL, bundle);
	EXPECT(reply, 403);
	reply_free(&reply);
	reply = caller_call(&his, "POST", SUBMIT, NULL, bundle);
	free(bundle);
	EXPECT(reply, 200);
	reply_id(&reply, "Claim", id);
	reply_free(&reply);
	(void)snprintf(sql, sizeof(sql),
		"select count(*) from zhifu.export_basis(array['019ab2c4-5a00-7000-8000-000000000001'::uuid], array['%s'::uuid], "
		"array['alpha'], array['HPAYMT']) where basis = 1",
		id);
	assert_int_equal(lab_number(sql), 1);
	caller_close(&his);
	caller_close(&two);
}

#define ELSEWHERE "'019ab2c4-5a00-7000-8000-0000000000ff'"
/* A consent of person n of a hospital, and of the claims that it goes with. */
#define CONSENT_OF(n)                                                                                                  \
	"select * from zhifu.consent_commit(true, '{1}', array[" ELSEWHERE "::uuid], array[gen_random_uuid()], "       \
	"array[public.made('k', " n ")], '{t}', '{alpha}', '{HPAYMT}', '{-infinity}', '{infinity}', array[sha256('i" n \
	"')], '{x}', '{c}', '{}', '{}', array[sha256('new " n                                                          \
	"')], array[now()], array[now()], '{NULL}', '{}', '{}', array[public.made('c', " n ")])"
#define PERSONS(from, to)                                                                                              \
	"insert into zhifu.patient_key (hospital_id, patient_key_id, hospital_key_version) select " ELSEWHERE          \
	", public.made('k', n), 1 from generate_series(" from ", " to ") n;"                                           \
	"insert into zhifu.patient_lookup select " ELSEWHERE                                                           \
	", sha256(('l' || n)::bytea), public.made('k', n), 1 from generate_series(" from ", " to ") n;"                \
	"insert into zhifu.claim (hospital_id, claim_id, ref, use, patient_key_id, client, received_at, service_day, " \
	"total_minor, currency, exponent, line_count, content) select " ELSEWHERE                                      \
	", public.made('c', n), lpad(n::text, 16, '0'), 1, public.made('k', n), 'c', now(), now(), 1, 'CNY', 2, 1, ''" \
	" from generate_series(" from ", " to ") n;"                                                                   \
	"insert into zhifu.claim_state (hospital_id, claim_id, ref, transport) select " ELSEWHERE                      \
	", public.made('c', n), lpad(n::text, 16, '0'), 5 from generate_series(" from ", " to ") n;"                   \
	"insert into zhifu.consent_clock select " ELSEWHERE ", public.made('c', n), now() from generate_series(" from  \
	", " to ") n;"                                                                                                 \
	"insert into zhifu.consent (hospital_id, consent_id, patient_key_id, in_force, recipients, purposes, "         \
	"identifier_hash, content, content_hash, stated_at) select " ELSEWHERE                                         \
	", public.made('s', n), public.made('k', n), n % 2 = 0, '{alpha}', '{HPAYMT}', sha256(('i' || n)::bytea), "    \
	"'', sha256(('s' || n)::bytea), now() from generate_series(" from ", " to ") n;"
/* Rows and pages that this transaction has read of tables and indexes. */
#define READ_ROWS "(select sum(seq_tup_read + idx_tup_fetch) from pg_stat_xact_all_tables where schemaname = 'zhifu')"
#define READ_PAGES                                                                                                     \
	"(select sum(pg_stat_get_xact_blocks_fetched(oid)) from pg_class where relnamespace = 'zhifu'::regnamespace)"

/* What was planned before there were statistics reads what is the person's, however many others the hospital has. */
static void test_consent_reads_its_own(void **state)
{
	(void)state;
	LAB_NEEDED();
	lab_sql("create function public.made(text, int) returns uuid language sql immutable as $$ "
		"select overlay(md5($1 || $2)::text placing '019ab2c4' from 1)::uuid $$;" PERSONS("1", "10"));
	lab_sql(CONSENT_OF("1"));
	lab_sql(PERSONS("11", "3000"));
	lab_sql("create table public.counted as select " READ_ROWS " as rows, " READ_PAGES
		" as pages;" CONSENT_OF("1500") ";insert into public.counted select " READ_ROWS ", " READ_PAGES);
	assert_int_equal(lab_number("select count(*) from zhifu.consent where withdrawn_at is not null and hospital_id "
				    "= " ELSEWHERE),
		2);
	assert_int_equal(lab_number("select count(*) from zhifu.consent_clock where met_at is not null"), 2);
	assert_in_range(lab_number("select (max(rows) - min(rows))::int8 from public.counted"), 1, 30);
	assert_in_range(lab_number("select (max(pages) - min(pages))::int8 from public.counted"), 1, 300);
}

/* ---- when the database is difficult ---- */

/* One row that the database refuses costs the others nothing. */
static void test_salvage(void **state)
{
	(void)state;
	LAB_NEEDED();
	struct caller his = caller_open("client");
	int64_t before = lab_number("select count(*) from zhifu.claim"),
		keys = lab_number("select count(*) from zhifu.idempotency");
	lab_sql("alter table zhifu.claim add constraint no_666 check (total_minor <> 666) not valid");
	char *claims[] = {CLAIM(.number = "SA1", .person = "SA", .day = "2026-04-01"),
		CLAIM(.number = "SA2", .person = "SA", .total = "6.66"),
		CLAIM(.number = "SA3", .person = "SA", .day = "2026-04-03")};
	struct reply reply =
		claim_send(&his, "/fhir", "Idempotency-Key: salvage\r\n", bundle_of("batch", claims, 3, NULL));
	EXPECT(reply, 200);
	assert_int_equal(count_text(reply.body, "\"status\":\"201 Created\""), 2);
	assert_int_equal(count_text(reply.body, "not-stored"), 1);
	reply_free(&reply);
	assert_int_equal(lab_number("select count(*) from zhifu.claim") - before, 2);
	/* Each with the header's key and its own. */
	assert_int_equal(lab_number("select count(*) from zhifu.idempotency") - keys, 4);
	char *whole[] = {CLAIM(.number = "SA4", .person = "SA", .day = "2026-04-04"),
		CLAIM(.number = "SA5", .person = "SA", .total = "6.66")};
	reply = claim_send(&his, "/fhir", NULL, bundle_of("transaction", whole, 2, NULL));
	EXPECT(reply, 422);
	reply_free(&reply);
	assert_int_equal(lab_number("select count(*) from zhifu.claim") - before, 2);
	lab_sql("alter table zhifu.claim drop constraint no_666");
	/* The key was not used up. */
	reply = claim_send(&his, "/fhir/Claim", NULL, CLAIM(.number = "SA2", .person = "SA", .total = "6.66"));
	EXPECT(reply, 201);
	reply_free(&reply);
	caller_close(&his);
}

enum { STORM_CLIENTS = 6, STORM_CLAIMS = 60 };
struct storm {
	int number, stored, later;
};

static void *storm_run(void *arg)
{
	struct storm *storm = arg;
	struct caller his = caller_open("client");
	char number[32], total[32];
	for (int i = 0; i < STORM_CLAIMS; i++) {
		(void)snprintf(number, sizeof(number), "ST%d-%d", storm->number, i);
		(void)snprintf(total, sizeof(total), "%d.%02d", storm->number + 1, i);
		/* As a hospital does: until there is an answer, the same again after a while. While no session is left
		 * the refusals come at once, so it is time that is limited and not tries. */
		int64_t until_ms = clock_mono_ms() + LAB_TIMEOUT_MS;
		int status = 503;
		while (status == 503 && clock_mono_ms() < until_ms) {
			struct reply reply = claim_send(&his, "/fhir/Claim", "Prefer: return=minimal\r\n",
				CLAIM(.number = number, .person = "storm", .total = total, .day = "2026-03-01"));
			status = reply.status;
			reply_free(&reply);
			if (status == 503) (void)poll(NULL, 0, 10);
		}
		if (status == 201)
			storm->stored++;
		else
			storm->later++;
	}
	caller_close(&his);
	return NULL;
}

/* Sessions are killed all the time: what is answered with 201 is stored exactly once. */
static void test_storm(void **state)
{
	(void)state;
	LAB_NEEDED();
	struct storm storms[STORM_CLIENTS];
	pthread_t threads[STORM_CLIENTS];
	int64_t before = lab_number("select count(*) from zhifu.claim"), kills = 0;
	for (int i = 0; i < STORM_CLIENTS; i++) {
		storms[i] = (struct storm){.number = i};
		assert_int_equal(pthread_create(&threads[i], NULL, storm_run, &storms[i]), 0);
	}
	for (int i = 0; i < 40; i++) {
		kills += lab_number(
			"select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'zhifu-intake'");
		(void)poll(NULL, 0, 10);
	}
	int stored = 0, later = 0;
	for (int i = 0; i < STORM_CLIENTS; i++) {
		(void)pthread_join(threads[i], NULL);
		stored += storms[i].stored;
		later += storms[i].later;
	}
	print_message("%d claims, %d sessions killed\n", stored, (int)kills);
	assert_int_equal(later, 0); /* not before all are joined: they write on this stack */
	assert_true(kills > 0);
	assert_int_equal(stored, STORM_CLIENTS * STORM_CLAIMS);
	assert_int_equal(lab_number("select count(*) from zhifu.claim") - before, stored);
	assert_int_equal(
		lab_number(
			"select count(*) from zhifu.claim c where not exists (select 1 from zhifu.patient_key k where "
			"k.patient_key_id = c.patient_key_id)"),
		0);
}

/* ---- waiting ---- */

static void test_wait(void **state)
{
	(void)state;
	LAB_NEEDED();
	struct caller his = caller_open("client");
	int64_t start_ms = clock_mono_ms();
	struct reply reply = claim_send(&his, SUBMIT, "Prefer: return=representation, wait=1\r\n",
		CLAIM(.number = "W1", .person = "W", .day = "2026-02-01"));
	EXPECT(reply, 200);
	EXPECT_TEXT(reply, "\"outcome\":\"queued\"");
	assert_in_range(clock_mono_ms() - start_ms, 900, 4000);
	reply_free(&reply);
	/* Something that a person has to look at ends the waiting at once. */
	start_ms = clock_mono_ms();
	char *text = CLAIM(.number = "W2", .person = "W", .day = "2026-02-02");
	caller_send(&his, "POST", SUBMIT, "Prefer: wait=10\r\n", text);
	free(text);
	while (lab_number("select count(*) from zhifu.claim where service_day = '2026-02-02'") == 0)
		(void)poll(NULL, 0, 5);
	lab_sql("update zhifu.claim_state set transport = 3 where claim_id in (select claim_id from zhifu.claim where service_day = "
		"'2026-02-02')");
	reply = caller_receive(&his);
	EXPECT(reply, 200);
	EXPECT_TEXT(reply, "consent is not on record");
	assert_true(clock_mono_ms() - start_ms < 5000);
	reply_free(&reply);
	caller_close(&his);
}

static void test_decision(void **state)
{
	(void)state;
	LAB_NEEDED();
	struct caller his = caller_open("client");
	char *text = CLAIM(.number = "W3", .person = "W", .day = "2026-02-03");
	int64_t start_ms = clock_mono_ms();
	caller_send(&his, "POST", SUBMIT, "Prefer: return=representation, wait=10\r\n", text);
	free(text);
	while (lab_number("select count(*) from zhifu.claim where service_day = '2026-02-03'") == 0)
		(void)poll(NULL, 0, 5);
	lab_decide("2026-02-03",
		"{\"resourceType\":\"ClaimResponse\",\"id\":\"theirs\",\"outcome\":\"complete\",\"disposition\":\"paid\"}");
	struct reply reply = caller_receive(&his);
	EXPECT(reply, 200);
	EXPECT_TEXT(reply, "\"disposition\":\"paid\"");
	assert_null(strstr(reply.body, "theirs"));
	assert_true(clock_mono_ms() - start_ms < 5000);
	reply_free(&reply);
	caller_close(&his);
}

/* Who sends a bill again, and does not wait, is told where it stands now and not where it stood then. */
static void test_replay_of_now(void **state)
{
	(void)state;
	LAB_NEEDED();
	static const char change[] =
		"update zhifu.claim_state set %s where claim_id in (select claim_id from zhifu.claim where service_day = "
		"'2026-02-0%d')";
	static const struct {
		const char *set, *outcome, *words;
	} turns[] = {{"transport = 8", "queued", "on its way"}, {"transport = 4", "queued", "held for a person"},
		{"transport = 9", "queued", "could not be delivered"},
		{"transport = 10", "error", "cancelled before sending"},
		{"transport = 8, adjudication = 6", "error", "cancelled at the insurer"},
		{"adjudication = 1", "queued", "on its way"}};
	char sql[256];
	struct caller his = caller_open("client");
	struct reply reply = claim_send(&his, SUBMIT, NULL, CLAIM(.number = "W3", .person = "W", .day = "2026-02-03"));
	EXPECT(reply, 200);
	EXPECT_TEXT(reply, "\"disposition\":\"paid\"");
	reply_free(&reply);
	/* The second one is held as a duplicate of the first one, until it is released. */
	for (int i = 0; i < 2; i++) {
		reply = claim_send(&his, SUBMIT, NULL,
			i == 0 ? CLAIM(.number = "W5", .person = "W", .day = "2026-02-05")
			       : CLAIM(.number = "W6", .person = "W", .day = "2026-02-05"));
		EXPECT(reply, 200);
		EXPECT_TEXT(reply, i == 0 ? "on its way" : "held for a person");
		reply_free(&reply);
	}
	for (size_t i = 0; i < ARRAY_LEN(turns); i++) {
		(void)snprintf(sql, sizeof(sql), change, turns[i].set, 5);
		lab_sql(sql);
		for (int k = 0; k < 2; k++) {
			int64_t start_ms = clock_mono_ms();
			reply = claim_send(&his, SUBMIT, NULL,
				k == 0 ? CLAIM(.number = "W5", .person = "W", .day = "2026-02-05")
				       : CLAIM(.number = "W6", .person = "W", .day = "2026-02-05"));
			EXPECT(reply, 200);
			EXPECT_TEXT(reply, turns[i].words);
			/* In the version that can be read. */
			char path[80], id[37];
			reply_id(&reply, "Claim", id);
			(void)snprintf(path, sizeof(path), "/fhir/ClaimResponse/%s", id);
			struct reply read = caller_call(&his, "GET", path, NULL, NULL);
			EXPECT(read, 200);
			const char *tag = strstr(read.text, "ETag: ");
			assert_non_null(tag);
			(void)snprintf(sql, sizeof(sql), "%.*s\r\n", (int)strcspn(tag, "\r"), tag);
			EXPECT_TEXT(reply, sql);
			reply_free(&read);
			(void)snprintf(sql, sizeof(sql), "\"outcome\":\"%s\"", turns[i].outcome);
			EXPECT_TEXT(reply, sql);
			assert_true(clock_mono_ms() - start_ms < 1500);
			reply_free(&reply);
		}
	}
	caller_close(&his);
}

/* Clients that go while their Bundle is being read on a thread, while it is being committed, and while they wait. */
static void test_gone(void **state)
{
	(void)state;
	LAB_NEEDED();
	enum { N = 300 };
	char number[32], total[32];
	for (int round = 0; round < 12; round++) {
		char *claims[N];
		for (int i = 0; i < N; i++) {
			(void)snprintf(number, sizeof(number), "G%d-%d", round, i);
			(void)snprintf(total, sizeof(total), "%d.%02d", i + 1, round);
			claims[i] = CLAIM(.number = number, .person = "gone", .total = total);
		}
		struct caller his = caller_open("client");
		char *bundle = bundle_of(round % 2 == 0 ? "batch" : "transaction", claims, N, NULL);
		caller_send(&his, "POST", "/fhir", NULL, bundle);
		free(bundle);
		(void)poll(NULL, 0, round * 3);
		caller_close(&his);
		his = caller_open("client");
		char *text = CLAIM(.number = number, .person = "goner", .total = total);
		caller_send(&his, "POST", SUBMIT, "Prefer: wait=10\r\n", text);
		free(text);
		(void)poll(NULL, 0, round * 3);
		caller_close(&his);
	}
	struct caller his = caller_open("client");
	struct reply reply = claim_send(&his, "/fhir/Claim", NULL, CLAIM(.number = "after", .person = "gone"));
	EXPECT(reply, 201);
	reply_free(&reply);
	caller_close(&his);
}

/* ---- operation ---- */

static void test_reload(void **state)
{
	(void)state;
	LAB_NEEDED();
	char hex[65];
	lab_fingerprint("client3.pem", hex);
	lab_write("hospitals.d/three.conf",
		"id = \"019ab2c4-5a00-7000-8000-000000000003\"; code = \"HZ3\"; name = \"Three\"; zone = \"UTC\"; book_currency = \"EUR\";\n"
		"identifiers = ( { system = \"urn:h\"; value = \"3\"; } );\nclients = ( { id = \"three\"; certificates = [ \"%s\" ]; scopes = [ "
		"\"submit\" ]; } );\n",
		hex);
	assert_int_equal(kill(lab.pid, SIGHUP), 0);
	int status = 0;
	struct caller three = caller_open("client3");
	for (int i = 0; status != 201 && i < 400; i++) {
		struct reply reply = claim_send(&three, "/fhir/Claim", NULL, CLAIM(.number = "RE1"));
		status = reply.status;
		reply_free(&reply);
		caller_close(&three);
		(void)poll(NULL, 0, 10);
		three = caller_open("client3");
	}
	caller_close(&three);
	assert_int_equal(status, 201);
	assert_int_equal(lab_number("select count(*) from zhifu.hospital where code = 'HZ3'"), 1);
}

/* Started anew it knows nobody, and serves the same persons. */
static void test_restart(void **state)
{
	(void)state;
	LAB_NEEDED();
	lab_drain();
	lab_spawn();
	struct caller his = caller_open("client");
	struct reply reply = claim_send(&his, SUBMIT, NULL, CLAIM(.number = "RS1", .person = "D", .day = "2026-08-01"));
	EXPECT(reply, 200);
	EXPECT_TEXT(reply, "Suspected duplicate of claim HZ1");
	reply_free(&reply);
	caller_close(&his);
}

/* Last: what was logged all the time. */
static void test_log_is_clean(void **state)
{
	(void)state;
	LAB_NEEDED();
	char *log = lab_read(lab_path("log"));
	EXPECT_TEXT(((struct reply){.text = log}), "claim accepted");
	EXPECT_TEXT(((struct reply){.text = log}), "claim refused");
	assert_null(strstr(log, "Geheimnis"));
	assert_null(strstr(log, "urn:mrn"));
	assert_null(strstr(log, "runtime error"));
	free(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stored_before_answered),
		cmocka_unit_test(test_same_key),
		cmocka_unit_test(test_duplicate_is_held),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_strangers),
		cmocka_unit_test(test_consent_wakes),
		cmocka_unit_test(test_consent_refused),
		cmocka_unit_test(test_consent_in_bundle),
		cmocka_unit_test(test_consent_reads_its_own),
		cmocka_unit_test(test_salvage),
		cmocka_unit_test(test_storm),
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_decision),
		cmocka_unit_test(test_replay_of_now),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_log_is_clean),
	};
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, lab_start, lab_stop);
}
