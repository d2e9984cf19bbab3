/* Bundles at intake: what is stored of them, what is refused, and that a transaction is all or nothing. */
#include "intake_lab.h"

#define SUBMIT "/fhir/Claim/$submit"

static void test_batch(void **state)
{
	(void)state;
	LAB_NEEDED();
	struct caller his = caller_open("client");
	int64_t before = lab_number("select count(*) from zhifu.claim");
	char *claims[] = {CLAIM(.number = "BA1", .day = "2026-07-01"), CLAIM(.number = "BA2", .total = "-1.00"),
		CLAIM(.number = "BA3", .day = "2026-07-03")};
	struct reply reply = claim_send(&his, "/fhir", NULL,
		bundle_of("batch", claims, 3,
			",{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"o\"},\"request\":{\"method\":\"POST\",\"url\":"
			"\"Observation\"}}"));
	EXPECT(reply, 200);
	EXPECT_TEXT(reply, "\"type\":\"batch-response\"");
	assert_int_equal(count_text(reply.body, "\"status\":\"201 Created\""), 2);
	assert_int_equal(count_text(reply.body, "\"status\":\"422"), 1);
	EXPECT_TEXT(reply, "amount-negative");
	EXPECT_TEXT(reply, "not-kept");
	reply_free(&reply);
	assert_int_equal(lab_number("select count(*) from zhifu.claim") - before, 2);
	caller_close(&his);
}

#define TASK                                                                                                           \
	"{\"resourceType\":\"Task\",\"status\":\"requested\",\"intent\":\"order\",\"code\":{\"coding\":[{\"code\":\"cancel\"}]}}"

/* What a Bundle asks for besides POST is refused, not taken for one. */
static void test_bundle_requests(void **state)
{
	(void)state;
	LAB_NEEDED();
	char more[9000];
	struct caller his = caller_open("client");
	int64_t before = lab_number("select count(*) from zhifu.claim");
	char *put = CLAIM(.number = "BR1", .day = "2026-07-05");
	(void)snprintf(
		more, sizeof(more), ",{\"resource\":%s,\"request\":{\"method\":\"PUT\",\"url\":\"Claim/1\"}}", put);
	free(put);
	char *claims[] = {CLAIM(.number = "BR2", .day = "2026-07-06")};
	struct reply reply = claim_send(&his, "/fhir", NULL, bundle_of("batch", claims, 1, more));
	EXPECT(reply, 200);
	assert_int_equal(count_text(reply.body, "\"status\":\"201 Created\""), 1);
	EXPECT_TEXT(reply, "bundle-request");
	EXPECT_TEXT(reply, "\"status\":\"405 ");
	reply_free(&reply);
	/* What is no claim gets its answer in its entry as well, and the claims beside it are stored. */
	static const struct {
		const char *entry, *status;
	} others[] = {
		{"{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"x\"},\"request\":{\"method\":\"PUT\",\"url\":"
		 "\"Patient/x\"}}",
			"405"},
		{"{\"request\":{\"method\":\"DELETE\",\"url\":\"Claim/1\"}}", "405"},
		{"{\"request\":{\"method\":\"GET\",\"url\":\"Patient/secret\"}}", "405"},
		{"{\"resource\":" TASK ",\"request\":{\"method\":\"POST\",\"url\":\"Task\"}}", "405"},
		{"{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"x\"}}", "422"},
	};
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		char *one[] = {CLAIM(.number = "BR4", .day = "2026-07-08")};
		(void)snprintf(more, sizeof(more), ",%s", others[i].entry);
		reply = claim_send(&his, "/fhir", NULL, bundle_of("batch", one, 1, more));
		EXPECT(reply, 200);
		assert_int_equal(count_text(reply.body, "\"status\":\"201 Created\""), 1);
		(void)snprintf(more, sizeof(more), "\"status\":\"%s ", others[i].status);
		EXPECT_TEXT(reply, more);
		EXPECT_TEXT(reply, "Bundle.entry[1].request");
		assert_null(strstr(reply.body, "not-kept"));
		assert_null(strstr(reply.body, "secret"));
		reply_free(&reply);
		/* All or nothing means the others too. */
		char *whole[] = {CLAIM(.number = "BR5", .day = "2026-07-09")};
		(void)snprintf(more, sizeof(more), ",%s", others[i].entry);
		reply = claim_send(&his, "/fhir", NULL, bundle_of("transaction", whole, 1, more));
		EXPECT(reply, 400);
		EXPECT_TEXT(reply, "OperationOutcome");
		assert_int_equal(count_text(reply.body, "\"Bundle.entry[1].request\""), 1);
		reply_free(&reply);
	}
	/* A claim without a request is not in a batch by FHIR's rules; in a collection there is none. */
	char *bare = CLAIM(.number = "BR6", .day = "2026-07-10");
	(void)snprintf(more, sizeof(more), "{\"resource\":%s}", bare);
	free(bare);
	reply = claim_send(&his, "/fhir", NULL, bundle_of("batch", NULL, 0, more));
	EXPECT(reply, 200);
	EXPECT_TEXT(reply, "\"status\":\"422 ");
	EXPECT_TEXT(reply, "Bundle.entry[0].request");
	reply_free(&reply);
	reply = claim_send(&his, "/fhir", NULL, bundle_of("transaction", NULL, 0, more));
	EXPECT(reply, 400);
	reply_free(&reply);
	assert_int_equal(lab_number("select count(*) from zhifu.claim") - before, 2);
	reply = claim_send(&his, "/fhir", NULL, bundle_of("collection", NULL, 0, more));
	EXPECT(reply, 200);
	EXPECT_TEXT(reply, "201 Created");
	reply_free(&reply);
	/* Everything that is wrong in a transaction is said, and each thing once. */
	char *faulty[] = {CLAIM(.number = "BR7", .total = "-1.00", .extra = "\"colour\":1,"),
		CLAIM(.number = "BR8", .total = "-2.00")};
	(void)snprintf(more, sizeof(more), ",%s,%s", others[0].entry, others[1].entry);
	reply = claim_send(&his, "/fhir", NULL, bundle_of("transaction", faulty, 2, more));
	EXPECT(reply, 400);
	assert_int_equal(count_text(reply.body, "element-unknown"), 1);
	assert_int_equal(count_text(reply.body, "\"Bundle.entry[2].request\""), 1);
	assert_int_equal(count_text(reply.body, "\"Bundle.entry[3].request\""), 1);
	EXPECT_TEXT(reply, "-1.00");
	EXPECT_TEXT(reply, "-2.00");
	reply_free(&reply);
	assert_int_equal(lab_number("select count(*) from zhifu.claim") - before, 3);
	char *batch[] = {CLAIM(.number = "BR3", .day = "2026-07-07")};
	reply = claim_send(&his, SUBMIT, NULL, bundle_of("batch", batch, 1, NULL));
	EXPECT(reply, 422);
	EXPECT_TEXT(reply, "bundle-type");
	reply_free(&reply);
	caller_close(&his);
}

/* No claim's fault is lost behind those of others. */
static void test_many_faults(void **state)
{
	(void)state;
	LAB_NEEDED();
	enum { N = 400 };
	struct caller his = caller_open("client");
	int64_t before = lab_number("select count(*) from zhifu.claim");
	char *claims[N], number[32];
	for (int i = 0; i < N; i++) {
		(void)snprintf(number, sizeof(number), "MF%d", i);
		claims[i] = CLAIM(.number = number, .extra = i == 7 ? NULL : "\"colour\":1,", .day = "2026-07-09");
	}
	struct reply reply = claim_send(&his, "/fhir", NULL, bundle_of("batch", claims, N, NULL));
	EXPECT(reply, 200);
	assert_int_equal(count_text(reply.body, "\"status\":\"422"), N - 1);
	assert_int_equal(count_text(reply.body, "\"status\":\"201 Created\""), 1);
	reply_free(&reply);
	assert_int_equal(lab_number("select count(*) from zhifu.claim") - before, 1);
	caller_close(&his);
}

static void test_large_batch(void **state)
{
	(void)state;
	LAB_NEEDED();
	enum { N = 500 };
	struct caller his = caller_open("client");
	int64_t before = lab_number("select count(*) from zhifu.claim"),
		persons = lab_number("select count(*) from zhifu.patient_key");
	char *claims[N], number[32], total[32];
	for (int i = 0; i < N; i++) {
		(void)snprintf(number, sizeof(number), "L%d", i);
		(void)snprintf(total, sizeof(total), "%d.00", i + 1);
		claims[i] = CLAIM(.number = number, .person = "large", .total = total);
	}
	struct reply reply = claim_send(&his, "/fhir", NULL, bundle_of("batch", claims, N, NULL));
	EXPECT(reply, 200);
	assert_int_equal(count_text(reply.body, "\"status\":\"201 Created\""), N);
	reply_free(&reply);
	assert_int_equal(lab_number("select count(*) from zhifu.claim") - before, N);
	/* One person, one key, however the claims were spread over commits. */
	assert_int_equal(lab_number("select count(*) from zhifu.patient_key") - persons, 1);
	assert_int_equal(
		lab_number(
			"select count(distinct patient_key_id) from zhifu.claim where total_minor % 100 = 0 and patient_key_id "
			"not in (select patient_key_id from zhifu.patient_key)"),
		0);
	caller_close(&his);
}

static void test_transaction(void **state)
{
	(void)state;
	LAB_NEEDED();
	struct caller his = caller_open("client");
	int64_t before = lab_number("select count(*) from zhifu.claim"),
		keys = lab_number("select count(*) from zhifu.idempotency");
	/* One faulty claim and nothing is stored. */
	char *faulty[] = {CLAIM(.number = "T1", .day = "2026-06-01"), CLAIM(.number = "T2", .total = "-1.00")};
	struct reply reply = claim_send(&his, "/fhir", NULL, bundle_of("transaction", faulty, 2, NULL));
	EXPECT(reply, 400);
	EXPECT_TEXT(reply, "amount-negative");
	EXPECT_TEXT(reply, "Bundle.entry[1].resource");
	reply_free(&reply);
	char *good[] = {CLAIM(.number = "T1", .day = "2026-06-01"), CLAIM(.number = "T2", .day = "2026-06-02")};
	reply = claim_send(&his, "/fhir", NULL, bundle_of("transaction", good, 2, NULL));
	EXPECT(reply, 200);
	EXPECT_TEXT(reply, "transaction-response");
	assert_int_equal(count_text(reply.body, "\"status\":\"201 Created\""), 2);
	reply_free(&reply);
	assert_int_equal(lab_number("select count(*) from zhifu.claim") - before, 2);
	/* A key that was used for something else: again nothing. */
	char *conflict[] = {CLAIM(.number = "T3", .day = "2026-06-03"), CLAIM(.number = "T2", .day = "2026-06-04")};
	reply = claim_send(&his, "/fhir", NULL, bundle_of("transaction", conflict, 2, NULL));
	EXPECT(reply, 409);
	EXPECT_TEXT(reply, "Bundle.entry[1].resource");
	reply_free(&reply);
	assert_int_equal(lab_number("select count(*) from zhifu.claim") - before, 2);
	assert_int_equal(lab_number("select count(*) from zhifu.idempotency") - keys, 2);
	caller_close(&his);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_bundle_requests),
		cmocka_unit_test(test_many_faults),
		cmocka_unit_test(test_large_batch),
		cmocka_unit_test(test_transaction),
	};
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, lab_start, lab_stop);
}
