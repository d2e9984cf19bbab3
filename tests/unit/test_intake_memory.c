/* Allocation fails at each place in turn: a request may be refused, the process goes on, and what was answered with 201
 * is stored. */
#include "intake_lab.h"

/* Reads an answer whose connection may be closed instead; the status, or 0. */
static int try_call(const char *path, char *text)
{
	struct caller his = caller_open("client");
	size_t len = strlen(text);
	char head[256], answer[65536] = "";
	int n = snprintf(head, sizeof(head),
		"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/fhir+json\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n",
		path, len);
	/* The connection is there; what fails is what the request needs. */
	lab_toggle_memory();
	int status = 0;
	if (SSL_write(his.ssl, head, n) == n && SSL_write(his.ssl, text, (int)len) == (int)len) {
		int got = SSL_read(his.ssl, answer, sizeof(answer) - 1);
		if (got > 12) status = atoi(answer + 9);
	}
	lab_toggle_memory();
	caller_close(&his);
	free(text);
	return status;
}

static char *bundle_text(int i)
{
	char number[32], *claims[2], *text = malloc(20000);
	(void)snprintf(number, sizeof(number), "MB%d", i);
	claims[0] = CLAIM(.number = number, .person = number);
	(void)snprintf(number, sizeof(number), "MC%d", i);
	claims[1] = CLAIM(.number = number, .person = number);
	(void)sprintf(text,
		"{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{\"resource\":%s,\"request\":{\"method\":\"POST\",\"url\":\"Claim\"}},"
		"{\"resource\":%s,\"request\":{\"method\":\"POST\",\"url\":\"Claim\"}}]}",
		claims[0], claims[1]);
	free(claims[0]);
	free(claims[1]);
	return text;
}

static void test_no_memory(void **state)
{
	(void)state;
	LAB_NEEDED();
	char number[32];
	int answered = 0, stored = 0, refused = 0;
	for (int i = 0; i < 192; i++) {
		(void)snprintf(number, sizeof(number), "MA%d", i);
		int status = i % 3 == 2 ? try_call("/fhir", bundle_text(i))
					: try_call(i % 3 == 0 ? "/fhir/Claim" : "/fhir/Claim/$submit",
						  CLAIM(.number = number, .person = number));
		answered += status != 0;
		if (status == 201 || status == 200) stored += i % 3 == 2 ? 2 : 1;
		if (status >= 400) {
			assert_true(status == 503 || status == 500 || status == 401);
			refused++;
		}
	}
	print_message("%d answered, %d claims stored, %d refused\n", answered, stored, refused);
	assert_true(refused > 0 || answered < 192);
	assert_true(lab_number("select count(*) from zhifu.claim") >= stored);
	assert_int_equal(
		lab_number(
			"select count(*) from zhifu.claim c where not exists (select 1 from zhifu.patient_key k where "
			"k.patient_key_id = c.patient_key_id)"),
		0);
	struct caller his = caller_open("client");
	struct reply reply = claim_send(&his, "/fhir/Claim", NULL, CLAIM(.number = "after"));
	EXPECT(reply, 201);
	reply_free(&reply);
	caller_close(&his);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_memory)};
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, lab_start, lab_stop);
}
