/* Each allocation of intake fails in turn, from the first byte of a request to its answer, alone and with all behind
 * it: the hospital is told 503 with Retry-After, or its connection ends; what it was told is stored is stored; and the
 * same sent again is stored once. */
#include "intake_memory.h"

#define MOST 3000
#define EACH 25   /* so many one by one, */
#define STRIDE 40 /* then a sample; each of all with ZHIFU_TEST_ALL */

static char *bundle_text(const char *number, const char *type)
{
	char other[40], *claims[2];
	(void)snprintf(other, sizeof(other), "%s-2", number);
	claims[0] = CLAIM(.number = number, .person = number);
	claims[1] = CLAIM(.number = other, .person = other);
	return bundle_of(type, claims, 2, NULL);
}

struct call {
	const char *path, *type; /* type: of a Bundle; NULL: a claim */
	int claims;
};

static char *call_text(const struct call *call, const char *number)
{
	return call->type == NULL ? CLAIM(.number = number, .person = number) : bundle_text(number, call->type);
}

static bool ended_well(int status)
{
	return status == 201 || status == 200;
}

/* How many allocations failed; -1: there was memory again before it came to that. */
static long try_call(
	struct caller *his, const struct call *call, long n, bool once, const char *number, int *ret_status)
{
	static char answer[65536];
	char *text = call_text(call, number);
	char *head = malloc(strlen(text) + 512);
	int len = sprintf(head,
		"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/fhir+json\r\n"
		"Idempotency-Key: %s\r\nContent-Length: %zu\r\n\r\n%s",
		call->path, number, strlen(text), text);
	long failures = memory_ask(his, head, (size_t)len, n, once, answer, sizeof(answer), ret_status);
	if (*ret_status != 0 && !ended_well(*ret_status) &&
		(*ret_status != 503 || strcasestr(answer, "\r\nRetry-After:") == NULL))
		fail_msg("%s, allocation %ld%s: %.800s", call->path, n, once ? " alone" : "", answer);
	free(text);
	free(head);
	return failures;
}

static int64_t stored(void)
{
	return lab_number("select count(*) from zhifu.claim");
}

static void each_allocation(const struct call *call, bool once)
{
	static int calls;
	long failures = 1, n = 0, tries = 0, lost = 0;
	struct caller his = caller_open("client");
	while (failures != 0 && n < MOST) {
		char number[32], key[80];
		int status;
		int64_t before = stored(), after;
		(void)snprintf(number, sizeof(number), "M%d", calls++);
		failures = try_call(&his, call, n, once, number, &status);
		after = stored();
		tries++;
		lost += status == 0;
		if (ended_well(status) ? after != before + call->claims
				       : after != before && after != before + call->claims)
			fail_msg("%s, allocation %ld: answered %d, %lld stored", call->path, n, status,
				(long long)(after - before));
		/* The next one succeeds, and is the same one. */
		(void)snprintf(key, sizeof(key), "Idempotency-Key: %s\r\n", number);
		struct reply reply = claim_send(&his, call->path, key, call_text(call, number));
		if (!ended_well(reply.status)) fail_msg("%s after allocation %ld: %.800s", call->path, n, reply.text);
		reply_free(&reply);
		if (stored() != before + call->claims)
			fail_msg("%s after allocation %ld: %lld stored", call->path, n, (long long)(stored() - before));
		n = failures != 0 ? memory_next(n, EACH, STRIDE) : n;
	}
	caller_close(&his);
	print_message("%s%s%s%s: %ld allocations, %ld failed, %ld without an answer\n", call->path,
		call->type == NULL ? "" : " ", call->type == NULL ? "" : call->type, once ? ", one alone" : "", n,
		tries - 1, lost);
	assert_in_range(n, 20, MOST - 1);
}

static void each_way(const struct call *call)
{
	each_allocation(call, true);
	each_allocation(call, false);
	assert_int_equal(
		lab_number(
			"select count(*) from zhifu.claim c where not exists (select 1 from zhifu.patient_key k where "
			"k.patient_key_id = c.patient_key_id) or not exists (select 1 from zhifu.outbox o where "
			"o.claim_id = c.claim_id)"),
		0);
}

static void test_a_claim(void **state)
{
	(void)state;
	LAB_NEEDED();
	each_way(&(struct call){"/fhir/Claim", NULL, 1});
}

static void test_an_operation(void **state)
{
	(void)state;
	LAB_NEEDED();
	each_way(&(struct call){"/fhir/Claim/$submit", NULL, 1});
}

static void test_a_transaction(void **state)
{
	(void)state;
	LAB_NEEDED();
	each_way(&(struct call){"/fhir", "transaction", 2});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_claim),
		cmocka_unit_test(test_an_operation),
		cmocka_unit_test(test_a_transaction),
	};
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, lab_start, lab_stop);
}
