/* What the played insurer says is read by the FHIR module as it was meant: decisions, pending, polls, questions, money.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/id.h"
#include "fhir/answer.h"
#include "sandbox/payer.h"

#define SYSTEM "\"http://terminology.hl7.org/CodeSystem/claim-type\""

static const char script_text[] =
	"plan_currency = \"USD\"; rates = { CNY = \"7.1200\"; }; coinsurance = \"10\"; fee_percent = \"3\";"
	"pend_code = \"LATER\"; pend_polls = 1; queries = ({ code = \"ASK\"; text = \"Which tooth?\"; });"
	"rejects = ({ code = \"BAD\"; original = \"BV-00027\"; });";

struct world {
	struct payer payer;
	struct arena arena;
	struct fhir_answer answer;
	int status;
};

static int begin_with(void **state, const char *script)
{
	static struct world world;
	struct conf_faults faults;
	world = (struct world){0};
	arena_init(&world.payer.script_arena, 1 << 22);
	arena_init(&world.arena, 1 << 26);
	if (script_parse(script, strlen(script), &world.payer.script_arena, &world.payer.script, &faults) != 0) {
		return -1;
	}
	payer_begin(&world.payer);
	*state = &world;
	return 0;
}

static int begin(void **state)
{
	return begin_with(state, script_text);
}

static int begin_lying(void **state)
{
	return begin_with(state, "faults = ({ kind = \"correlation\"; times_max = 100; }, { kind = \"other\"; });");
}

static int end(void **state)
{
	struct world *world = *state;
	payer_end(&world->payer);
	arena_free(&world->payer.script_arena);
	arena_free(&world->arena);
	return 0;
}

/* Sends a request and reads its answer as the module does. */
static const struct fhir_answer *ask(
	struct world *world, enum http_method method, const char *path, const char *query, const char *body)
{
	static const struct fhir_codes codes = {.claim_system = "urn:zhifu:claim", .fee_extensions = "urn:zhifu:fee"};
	struct http_head head = {.method = method, .path = path, .query = query, .host = "x"};
	struct wire_request req = {
		.head = &head, .body = {(const uint8_t *)body, strlen(body)}, .arena = &world->arena.zf};
	struct wire_reply reply = {0};
	struct fault_list faults;
	payer_handle(&world->payer, &req, &reply);
	world->status = reply.status;
	fault_list_init(&faults, &world->arena.zf, 0);
	int err = fhir_answer_read(
		(const char *)reply.body.ptr, reply.body.len, &codes, &world->arena.zf, &faults, &world->answer);
	if (err != 0) print_error("%.*s\n", (int)reply.body.len, (const char *)reply.body.ptr);
	for (uint32_t i = 0; err != 0 && i < faults.count; i++) {
		print_error("%s: %s\n", faults.items[i].path, fault_text_en(&world->arena.zf, &faults.items[i]));
	}
	assert_int_equal(err, 0);
	return &world->answer;
}

static const struct fhir_answer *inner(struct world *world, const struct fhir_answer *outer, uint32_t at)
{
	static struct fhir_answer answer;
	static const struct fhir_codes codes = {.claim_system = "urn:zhifu:claim", .fee_extensions = "urn:zhifu:fee"};
	struct fault_list faults;
	fault_list_init(&faults, &world->arena.zf, 0);
	assert_true(at < outer->bundle_count);
	assert_int_equal(fhir_answer_read(outer->bundles[at].ptr, outer->bundles[at].len, &codes, &world->arena.zf,
				 &faults, &answer),
		0);
	return &answer;
}

static const char *claim(struct world *world, const char *ref, const char *code)
{
	return text_printf(&world->arena.zf,
		"{\"resourceType\":\"Claim\",\"id\":\"c-%s\",\"identifier\":[{\"system\":\"urn:zhifu:claim\",\"value\":\"%s\"}],"
		"\"status\":\"active\",\"use\":\"claim\",\"type\":{\"coding\":[{\"system\":" SYSTEM
		",\"code\":\"professional\"}]},\"patient\":{\"identifier\":{\"value\":\"P\"}},\"created\":\"2026-09-08\","
		"\"provider\":{\"identifier\":{\"value\":\"H\"}},\"priority\":{\"coding\":[{\"code\":\"normal\"}]},"
		"\"insurance\":[{\"sequence\":1,\"focal\":true,\"coverage\":{\"identifier\":{\"value\":\"M\"}}}],"
		"\"item\":[{\"sequence\":1,\"productOrService\":{\"coding\":[{\"code\":\"%s\"}]},"
		"\"net\":{\"value\":100.00,\"currency\":\"CNY\"}}],\"total\":{\"value\":100.00,\"currency\":\"CNY\"}}",
		ref, ref, code);
}

static const char *message(struct world *world, const char *event, const char *id, const char *resource)
{
	return text_printf(&world->arena.zf,
		"{\"resourceType\":\"Bundle\",\"type\":\"message\",\"entry\":[{\"fullUrl\":\"https://h.example/MessageHeader/%s\","
		"\"resource\":{\"resourceType\":\"MessageHeader\",\"id\":\"%s\",\"eventCoding\":{\"system\":\"urn:e\",\"code\":"
		"\"%s\"},\"sender\":{\"identifier\":{\"value\":\"LIC\"}},\"source\":{\"endpoint\":\"urn:h\"},\"focus\":["
		"{\"reference\":\"https://h.example/X/1\"}]}},{\"fullUrl\":\"https://h.example/X/1\",\"resource\":%s}]}",
		id, id, event, resource);
}

static const char poll_task[] = "{\"resourceType\":\"Task\",\"id\":\"1\",\"status\":\"requested\",\"intent\":\"order\","
				"\"code\":{\"coding\":[{\"code\":\"poll\"}]}}";

static void test_plain_answers(void **state)
{
	struct world *world = *state;
	const struct fhir_answer *answer = ask(world, HTTP_POST, "/fhir/Claim/$submit", "", claim(world, "R1", "LAB"));
	assert_int_equal(answer->adjudication_count, 1);
	const struct zf_adjudication *made = answer->adjudications[0];
	assert_int_equal(made->outcome, ZF_OUTCOME_COMPLETE);
	assert_string_equal(made->claim_ref, "R1");
	assert_int_equal(made->benefit.minor, 9000);
	assert_int_equal(made->line_count, 1);
	assert_int_equal(made->lines[0]->adjustments[0]->reason, ZF_REASON_COINSURANCE);
	assert_int_equal(made->lines[0]->adjustments[0]->group, ZF_GROUP_PR);
	answer = ask(world, HTTP_POST, "/fhir/Claim/$submit", "", claim(world, "R2", "BAD"));
	assert_int_equal(answer->adjudications[0]->outcome, ZF_OUTCOME_ERROR);
	assert_string_equal(answer->adjudications[0]->errors[0]->code, "BV-00027");
	answer = ask(world, HTTP_POST, "/fhir/Claim/$submit", "", claim(world, "R3", "LATER"));
	assert_int_equal(answer->adjudications[0]->outcome, ZF_OUTCOME_QUEUED);
	answer = ask(world, HTTP_GET, "/fhir/ClaimResponse", "request.identifier=urn%3Azhifu%3Aclaim%7CR3", "");
	assert_int_equal(answer->adjudications[0]->outcome, ZF_OUTCOME_COMPLETE);
	assert_string_equal(answer->adjudications[0]->claim_ref, "R3");
	answer = ask(world, HTTP_GET, "/fhir/ClaimResponse", "request.identifier=urn%3Azhifu%3Aclaim%7CR9", "");
	assert_int_equal(answer->adjudication_count, 0);
	answer = ask(world, HTTP_GET, "/fhir/Claim", "identifier=urn%3Azhifu%3Aclaim%7CR9", "");
	assert_int_equal(answer->claim_count, 0);
	answer = ask(world, HTTP_GET, "/fhir/Claim", "identifier=urn%3Azhifu%3Aclaim%7CR3", "");
	assert_int_equal(answer->claim_count, 1);
	answer = ask(world, HTTP_POST, "/fhir/Claim/$submit", "", "{}");
	assert_int_equal(world->status, 400);
	assert_true(answer->error_count > 0);
}

/* One number in 36 fits any check character: the ref that nobody gave out is made so that it never does. */
static void test_refs_of_lies(void **state)
{
	struct world *world = *state;
	for (int i = 0; i < 200; i++) {
		const char *ref = text_printf(&world->arena.zf, "R%d", i);
		const char *said = ask(world, HTTP_POST, "/fhir/Claim/$submit", "", claim(world, ref, "LAB"))
					   ->adjudications[0]
					   ->claim_ref;
		assert_int_equal(strlen(said), REF_LEN);
		assert_memory_equal(said, i < 100 ? "WRO" : "OTH", 3);
		assert_true(ref_valid(said) == (i >= 100));
	}
}

static void test_plain_money(void **state)
{
	struct world *world = *state;
	(void)ask(world, HTTP_POST, "/fhir/Claim/$submit", "", claim(world, "R1", "LAB"));
	(void)ask(world, HTTP_POST, "/fhir/Claim/$submit", "", claim(world, "R2", "LAB"));
	assert_int_equal(pay_run(&world->payer, true), 1);
	const struct fhir_answer *answer = ask(world, HTTP_GET, "/fhir/PaymentReconciliation", "", "");
	assert_int_equal(answer->remittance_count, 1);
	const struct zf_remittance *remittance = answer->remittances[0];
	/* 90.00 at 7.12 is 12.6404...; 3 % of 12.64 is 0.3792. */
	assert_int_equal(remittance->amount.minor, 2 * (1264 - 38)); /* less the fees */
	assert_string_equal(remittance->amount.currency, "USD");
	assert_int_equal(remittance->detail_count, 2);
	assert_int_equal(remittance->details[0]->amount.minor, 1264);
	assert_int_equal(remittance->details[0]->fee.minor, -38);
	assert_string_equal(remittance->details[1]->claim_ref, "R2");
	assert_non_null(remittance->identifier);
	assert_int_equal(pay_take_back(&world->payer, book_find(&world->payer, "R1")), 0);
	assert_int_equal(pay_run(&world->payer, true), 1);
	answer = ask(world, HTTP_GET, "/fhir/PaymentReconciliation", "", "");
	/* The new one first, then again what was fetched a moment ago. */
	assert_int_equal(answer->remittance_count, 2);
	assert_int_equal(answer->remittances[0]->amount.minor, -1264);
	assert_string_not_equal(answer->remittances[0]->identifier, answer->remittances[1]->identifier);
}

static void test_messages(void **state)
{
	struct world *world = *state;
	const char *path = "/fhir/$process-message";
	const struct fhir_answer *answer =
		ask(world, HTTP_POST, path, "", message(world, "claim-request", "m1", claim(world, "R1", "LAB")));
	assert_string_equal(answer->response_identifier, "m1");
	assert_string_equal(answer->response_code, "ok");
	assert_false(answer->queued);
	assert_int_equal(answer->adjudications[0]->benefit.minor, 9000);
	answer = ask(world, HTTP_POST, path, "", message(world, "claim-request", "m2", claim(world, "R2", "LATER")));
	assert_true(answer->queued);
	answer = ask(world, HTTP_POST, path, "", message(world, "claim-request", "m3", claim(world, "R3", "ASK")));
	assert_true(answer->queued);
	assert_int_equal(pay_run(&world->payer, true), 1);
	answer = ask(world, HTTP_POST, path, "", message(world, "poll-request", "p1", poll_task));
	assert_string_equal(answer->event, "poll-response");
	assert_string_equal(answer->response_identifier, "p1");
	assert_int_equal(answer->bundle_count, 3);
	const struct fhir_answer *first = inner(world, answer, 0);
	assert_string_equal(first->response_identifier, "m2");
	assert_string_equal(first->adjudications[0]->claim_ref, "R2");
	const struct fhir_answer *second = inner(world, answer, 1);
	assert_int_equal(second->query_count, 1);
	assert_string_equal(second->queries[0]->claim_ref, "R3");
	assert_string_equal(second->queries[0]->text, "Which tooth?");
	const struct fhir_answer *third = inner(world, answer, 2);
	assert_int_equal(third->remittance_count, 1);
	assert_int_equal(third->remittances[0]->amount.minor, 1264 - 38);
	answer = ask(world, HTTP_POST, path, "", message(world, "poll-request", "p2", poll_task));
	assert_int_equal(answer->bundle_count, 0);
	answer = ask(world, HTTP_POST, path, "", message(world, "claim-reqest", "m4", claim(world, "R4", "LAB")));
	assert_int_equal(world->status, 400);
	assert_string_equal(answer->errors[0]->code, "IB-00250");
}

static void test_tasks(void **state)
{
	struct world *world = *state;
	static const char form[] =
		"{\"resourceType\":\"Task\",\"id\":\"1\",\"status\":\"requested\",\"intent\":\"order\","
		"\"code\":{\"coding\":[{\"code\":\"%s\"}]},\"focus\":{\"type\":\"Claim\",\"identifier\":{"
		"\"system\":\"urn:zhifu:claim\",\"value\":\"%s\"}}}";
	const char *path = "/fhir/$process-message";
	(void)ask(world, HTTP_POST, path, "", message(world, "claim-request", "m1", claim(world, "R1", "ASK")));
	const char *task = text_printf(&world->arena.zf, form, "status", "R1");
	const struct fhir_answer *answer = ask(world, HTTP_POST, path, "", message(world, "status-check", "s1", task));
	assert_int_equal(answer->task_count, 1);
	assert_int_equal(answer->adjudication_count, 1);
	assert_int_equal(answer->adjudications[0]->outcome, ZF_OUTCOME_QUEUED);
	task = text_printf(&world->arena.zf, form, "status", "R9");
	answer = ask(world, HTTP_POST, path, "", message(world, "status-check", "s2", task));
	assert_string_equal(answer->tasks[0]->reason, "not-found");
	task = text_printf(&world->arena.zf, form, "cancel", "R1");
	answer = ask(world, HTTP_POST, path, "", message(world, "cancel-request", "s3", task));
	assert_string_equal(answer->tasks[0]->status, "completed");
	assert_int_equal(book_find(&world->payer, "R1")->state, ENTRY_CANCELLED);
	answer = ask(world, HTTP_POST, "/fhir/Task", "", task);
	assert_string_equal(answer->tasks[0]->status, "completed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_plain_answers, begin, end),
		cmocka_unit_test_setup_teardown(test_refs_of_lies, begin_lying, end),
		cmocka_unit_test_setup_teardown(test_plain_money, begin, end),
		cmocka_unit_test_setup_teardown(test_messages, begin, end),
		cmocka_unit_test_setup_teardown(test_tasks, begin, end),
	};
	return cmocka_run_group_tests_name("payer_answers", tests, NULL, NULL);
}
