/* Each allocation of a read, a search and a page fails in turn, alone and with all behind it: the hospital is told 503
 * with Retry-After, or its connection ends, or the answer is the right one and whole; never that what is there is not,
 * never a part of it; and the same asked again is answered. */
#include "intake_memory.h"

#define MOST 3000
#define EACH 5    /* so many one by one, */
#define STRIDE 14 /* then a sample; each of all with ZHIFU_TEST_ALL */
#define ANSWER_MAX 262144
#define CREATED "created=ge2026-01-01&created=lt2030-01-01"

static char claim_id[3][37], ref[20], task_path[96], consent_path[96], page_path[2048];

static const char decision[] =
	"{\"resourceType\":\"ClaimResponse\",\"status\":\"active\",\"type\":{\"coding\":[{\"system\":"
	"\"http://terminology.hl7.org/CodeSystem/claim-type\",\"code\":\"professional\"}]},\"use\":\"claim\","
	"\"created\":\"2026-10-19\",\"insurer\":{\"display\":\"Alpha \\u00e9\"},\"outcome\":\"complete\",\"identifier\":[{"
	"\"system\":\"urn:alpha\",\"value\":\"N-1\"}],\"item\":[{\"itemSequence\":1,\"adjudication\":[{\"category\":{\"coding\":[{"
	"\"code\":\"submitted\"}]},\"amount\":{\"value\":100.00,\"currency\":\"CNY\"}},{\"category\":{\"coding\":[{\"code\":"
	"\"benefit\"}]},\"amount\":{\"value\":80.00,\"currency\":\"CNY\"}}]}]}";

/* ---- what is there to be read ---- */

static void store(void)
{
	static const char *const days[] = {"2026-04-01", "2026-04-02", "2026-04-03"};
	static const char *const numbers[] = {"R1", "R2", "R3"};
	char text[512], id[37];
	struct caller his = caller_open("client");
	struct reply reply;
	for (int i = 0; i < 3; i++) {
		reply = claim_send(&his, "/fhir/Claim", NULL,
			CLAIM(.number = numbers[i], .person = "R", .day = days[i],
				.extra = "\"extension\":[{\"url\":\"urn:x\",\"valueString\":\"a\\u00e9\\n\"}],"));
		EXPECT(reply, 201);
		reply_id(&reply, "Claim", claim_id[i]);
		reply_free(&reply);
	}
	(void)snprintf(text, sizeof(text),
		"{\"resourceType\":\"Task\",\"status\":\"requested\",\"intent\":\"order\",\"code\":{\"coding\":[{\"code\":\"cancel\"}]},"
		"\"focus\":{\"reference\":\"Claim/%s\"}}",
		claim_id[2]);
	reply = caller_call(&his, "POST", "/fhir/Task", NULL, text);
	EXPECT(reply, 201);
	reply_id(&reply, "Task", id);
	(void)snprintf(task_path, sizeof(task_path), "/fhir/Task/%s", id);
	reply_free(&reply);
	reply = caller_call(&his, "POST", "/fhir/Consent", NULL, CONSENT("R", "active", "1"));
	EXPECT(reply, 201);
	reply_id(&reply, "Consent", id);
	(void)snprintf(consent_path, sizeof(consent_path), "/fhir/Consent/%s", id);
	reply_free(&reply);
	lab_decide(days[0], decision);
	/* The next page of two. */
	reply = caller_call(&his, "GET", "/fhir/Claim?_count=2&" CREATED, NULL, NULL);
	EXPECT(reply, 200);
	const char *next = strstr(reply.body, "\"relation\":\"next\",\"url\":\"");
	assert_non_null(next);
	next = strstr(next, "/fhir/Claim?_cursor=");
	assert_non_null(next);
	(void)snprintf(page_path, sizeof(page_path), "%.*s", (int)strcspn(next, "\""), next);
	reply_free(&reply);
	caller_close(&his);
	struct pg_result *rows = NULL;
	(void)snprintf(text, sizeof(text), "select ref from zhifu.claim where claim_id = '%s'", claim_id[0]);
	assert_int_equal(db_sync_query(lab.admin, text, NULL, &rows), 0);
	(void)snprintf(ref, sizeof(ref), "%s", db_rows_text(rows, 0, 0));
	db_sync_rows_free(rows);
}

/* ---- asking ---- */

static char *request_text(const char *path, const char *form)
{
	char *text = malloc(strlen(path) + 4096);
	int n = sprintf(text, "%s %s HTTP/1.1\r\nHost: localhost\r\n", form == NULL ? "GET" : "POST", path);
	if (form == NULL)
		(void)sprintf(text + n, "\r\n");
	else
		(void)sprintf(text + n,
			"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n\r\n%s",
			strlen(form), form);
	return text;
}

/* The body, with links to other pages cut short: they are sealed anew each time. */
static const char *body_of(char *answer)
{
	static char out[ANSWER_MAX];
	char *body = strstr(answer, "\r\n\r\n");
	size_t n = 0;
	if (body == NULL) return "";
	for (const char *at = body + 4; *at != '\0';) {
		if (strncmp(at, "_cursor=", 8) == 0) at += strcspn(at, "\"");
		out[n++] = *at++;
	}
	out[n] = '\0';
	return out;
}

static void each_allocation(const char *path, const char *form, bool once)
{
	static char answer[ANSWER_MAX];
	char *text = request_text(path, form), *wanted;
	long failures = 1, n = 0, tries = 0, right = 0;
	int status;
	struct caller his = caller_open("client");
	(void)memory_ask(&his, text, strlen(text), MOST, once, answer, sizeof(answer), &status);
	if (status != 200) fail_msg("%s: %.800s", path, answer);
	wanted = strdup(body_of(answer));
	for (; failures != 0 && n < MOST; n = failures != 0 ? memory_next(n, EACH, STRIDE) : n) {
		failures = memory_ask(&his, text, strlen(text), n, once, answer, sizeof(answer), &status);
		tries++;
		right += status == 200;
		if (status == 200 && strcmp(body_of(answer), wanted) != 0)
			fail_msg("%s, allocation %ld%s: %.2000s\ninstead of %.2000s", path, n, once ? " alone" : "",
				body_of(answer), wanted);
		if (status != 0 && status != 200 && (status != 503 || strcasestr(answer, "\r\nRetry-After:") == NULL))
			fail_msg("%s, allocation %ld%s: %.800s", path, n, once ? " alone" : "", answer);
		/* The same again. */
		struct reply reply = caller_call(&his, form == NULL ? "GET" : "POST", path,
			form == NULL ? NULL : "Content-Type: application/x-www-form-urlencoded\r\n", form);
		if (reply.status != 200 || strcmp(body_of(reply.text), wanted) != 0)
			fail_msg("%s after allocation %ld: %.2000s", path, n, reply.text);
		reply_free(&reply);
	}
	print_message("%.40s%s: %ld allocations, %ld failed, %ld answered all the same\n", path,
		once ? ", one alone" : "", n, tries - 1, right - 1);
	assert_in_range(n, 10, MOST - 1);
	caller_close(&his);
	free(wanted);
	free(text);
}

static void each_way(const char *path, const char *form)
{
	each_allocation(path, form, true);
	each_allocation(path, form, false);
}

static void each_of(const char *type, const char *id)
{
	char path[96];
	(void)snprintf(path, sizeof(path), "/fhir/%s/%s", type, id);
	each_way(path, NULL);
}

static void test_reads(void **state)
{
	(void)state;
	LAB_NEEDED();
	char path[96];
	store();
	each_of("Claim", claim_id[0]);
	each_of("ClaimResponse", claim_id[0]); /* decided */
	each_of("ClaimResponse", claim_id[1]); /* not yet */
	each_of("ClaimResponse", claim_id[2]); /* cancelled */
	each_of("ExplanationOfBenefit", claim_id[0]);
	each_way(task_path, NULL);
	each_way(consent_path, NULL);
	(void)snprintf(path, sizeof(path), "/v1/claims/%s", ref);
	each_way(path, NULL);
}

static void test_searches(void **state)
{
	(void)state;
	LAB_NEEDED();
	char path[256];
	each_way("/fhir/Claim?" CREATED, NULL);
	(void)snprintf(path, sizeof(path), "/fhir/ClaimResponse?request=Claim/%s&status=active&" CREATED, claim_id[0]);
	each_way(path, NULL);
	each_way("/fhir/Task?_format=json&_count=1", NULL);
	each_way("/fhir/Claim/_search", "patient.identifier=urn:mrn%7CR&" CREATED);
	each_way("/fhir/ExplanationOfBenefit/_search", "patient.identifier=urn:mrn%7CR");
}

static void test_pages(void **state)
{
	(void)state;
	LAB_NEEDED();
	each_way("/fhir/Claim?_count=2&" CREATED, NULL);
	each_way(page_path, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_searches),
		cmocka_unit_test(test_pages),
	};
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, lab_start, lab_stop);
}
