/* The FHIR module as an exchange machine: lists of events and exactly the actions they must yield, in both modes; the
 * insurer's side; and that damage or lack of memory yields a verdict and nothing else. */
#include "fhir_support.h"

#include "fhir/module.h"

#define REF "H31K7Q2M0000001X"
#define LOG_BYTES_MAX 8192

static const char *const submit_pairs[] = {"mode=submit", "status=get", "cancel=true", "idempotent=true",
	"remittance_path=/PaymentReconciliation", "wait_seconds=30", "retry_seconds=5", NULL};
static const char *const no_claim_pairs[] = {"mode=submit", "status=get", "claim_path=", NULL};
static const char *const plain_pairs[] = {"mode=submit", NULL};
static const char *const message_pairs[] = {"mode=message", "cancel=true", "event_system=urn:example:events",
	"sender_system=urn:example:provider", "sender_id=H-31", "receiver_system=urn:example:payer", "receiver_id=P-1",
	"hub_system=urn:example:hub", "hub_id=HUB", "poll_count=3", "poll_exclude=eligibility-response",
	"profile:Claim=urn:example:profile:claim", "profile:MessageHeader=urn:example:profile:header", NULL};

struct lab {
	struct test_arena context_arena, arena;
	struct test_host host;
	struct zf_profile profile;
	const struct zf_adapter *adapter;
	const void *context;
	struct zf_claim *claim;
	uint8_t state[ZF_STATE_BYTES_MAX];
	uint64_t state_len;
	struct zf_result result;
	char log[LOG_BYTES_MAX]; /* the last step's actions, one a line */
	struct fhir_document document;
};

static void lab_open(struct lab *lab, const char *const *pairs, uint32_t side)
{
	memset(lab, 0, sizeof(*lab));
	arena_open(&lab->context_arena);
	arena_open(&lab->arena);
	lab->profile = test_profile(pairs);
	lab->adapter = zf_adapter();
	struct zf_open open = {.size = sizeof(open),
		.side = side,
		.profile = &lab->profile,
		.host = test_host(),
		.arena = &lab->context_arena.zf};
	const char *error = NULL;
	assert_int_equal(lab->adapter->open(&open, &lab->context, &error), ZF_OK);

	size_t len;
	char *text = fixture_read("fhir_claim/outpatient-contained.json", &len);
	struct fault_list faults;
	fault_list_init(&faults, &lab->context_arena.zf, 0);
	assert_int_equal(
		fhir_document_read(text, len, NULL, FHIR_ACCEPT_CLAIM, &lab->context_arena.zf, &faults, &lab->document),
		0);
	lab->claim = (struct zf_claim *)lab->document.claims[0];
	snprintf(lab->claim->ref, sizeof(lab->claim->ref), "%s", REF);
	free(text);
}

static void lab_close(struct lab *lab)
{
	arena_close(&lab->arena);
	arena_close(&lab->context_arena);
}

static void note(struct lab *lab, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void note(struct lab *lab, const char *fmt, ...)
{
	size_t len = strlen(lab->log);
	va_list args;
	va_start(args, fmt);
	vsnprintf(lab->log + len, sizeof(lab->log) - len, fmt, args);
	va_end(args);
}

static const char *or_dash(const char *text)
{
	return text == NULL ? "-" : text;
}

static void note_fact(struct lab *lab, const struct zf_fact *fact)
{
	static const char *const names[] = {"", "acknowledged", "rejected", "adjudicated", "pended", "queried",
		"remitted", "cancelled", "not-found"};
	note(lab, "fact %s %s", names[fact->kind], or_dash(fact->claim_ref));
	if (fact->wire_ref != NULL) note(lab, " %s=%s", fact->wire_ref_kind, fact->wire_ref);
	if (fact->adjudication != NULL && fact->adjudication->benefit.present) {
		note(lab, " benefit=%lld", (long long)fact->adjudication->benefit.minor);
	}
	if (fact->remittance != NULL) note(lab, " %s", fact->remittance->identifier);
	if (fact->query != NULL) note(lab, " %s", fact->query->identifier);
	for (uint32_t i = 0; i < fact->fault_count; i++) {
		note(lab, " [%s %s]", or_dash(fact->faults[i]->code), or_dash(fact->faults[i]->path));
	}
	note(lab, "\n");
}

static void note_actions(struct lab *lab)
{
	for (uint32_t i = 0; i < lab->result.action_count; i++) {
		const struct zf_action *action = lab->result.actions[i];
		switch (action->kind) {
		case ZF_ACTION_HTTP:
			note(lab, "http %u %s %s%s%s", action->token, action->method, action->endpoint,
				or_dash(action->path), action->submission ? " submission" : "");
			for (uint32_t k = 0; k < action->wire_ref_count; k++) {
				note(lab, " %s=%s", action->wire_refs[k]->kind, action->wire_refs[k]->value);
			}
			note(lab, "\n");
			break;
		case ZF_ACTION_WAIT:
			note(lab, "wait %lld\n", (long long)(action->wait_until_ms - test_now_ms(NULL)) / 1000);
			break;
		case ZF_ACTION_FACT:
			note_fact(lab, action->fact);
			break;
		case ZF_ACTION_DONE:
			note(lab, "done\n");
			break;
		case ZF_ACTION_ANSWER:
			note(lab, "answer %d\n", (int)action->http_status);
			break;
		default:
			note(lab, "?\n");
		}
	}
}

static int32_t step(struct lab *lab, struct zf_event event)
{
	arena_close(&lab->arena);
	event.size = sizeof(event);
	lab->log[0] = '\0';
	memset(&lab->result, 0, sizeof(lab->result));
	int32_t verdict = lab->adapter->step(lab->context, &lab->host, lab->state_len == 0 ? NULL : lab->state,
		lab->state_len, &event, &lab->arena.zf, &lab->result);
	if (verdict == ZF_OK) {
		note_actions(lab);
		assert_true(lab->result.state_len <= sizeof(lab->state));
		if (lab->result.state_len > 0) memcpy(lab->state, lab->result.state, lab->result.state_len);
		lab->state_len = lab->result.state_len;
	}
	return verdict;
}

static int32_t start(struct lab *lab, uint32_t kind)
{
	const struct zf_claim *claims[] = {lab->claim};
	lab->state_len = 0;
	return step(lab, (struct zf_event){.kind = kind, .claims = claims, .claim_count = 1});
}

static int32_t reply(struct lab *lab, uint32_t token, int status, const char *body, size_t len)
{
	return step(lab, (struct zf_event){.kind = ZF_EVENT_REPLY,
				 .token = token,
				 .http_status = status,
				 .body = (const uint8_t *)body,
				 .body_len = len});
}

static int32_t reply_fixture(struct lab *lab, uint32_t token, int status, const char *name)
{
	size_t len;
	char *text = fixture_read(name, &len);
	int32_t verdict = reply(lab, token, status, text, len);
	free(text);
	return verdict;
}

#define EXPECT(call, text)                                                                                             \
	do {                                                                                                           \
		assert_int_equal(call, ZF_OK);                                                                         \
		assert_string_equal(lab.log, text);                                                                    \
	} while (0)

#define SUBMIT "http 1 POST fhir/Claim/$submit submission\n"
#define ASK(token) "http " #token " GET fhir/ClaimResponse?request.identifier=urn%3Azhifu%3Aclaim%7C" REF "\n"
#define ASK_CLAIM(token) "http " #token " GET fhir/Claim?identifier=urn%3Azhifu%3Aclaim%7C" REF "\n"
#define PENDED "fact pended " REF "\n"

/* ---- mode submit ---- */

static void test_submit_decided(void **state)
{
	(void)state;
	struct lab lab;
	lab_open(&lab, submit_pairs, ZF_SIDE_TO_INSURER);
	assert_int_equal(lab.adapter->capabilities(lab.context),
		ZF_CAP_STATUS | ZF_CAP_IDEMPOTENT | ZF_CAP_CANCEL | ZF_CAP_REMITTANCE);
	EXPECT(start(&lab, ZF_EVENT_START_CLAIM), SUBMIT);
	EXPECT(reply_fixture(&lab, 1, 200, "fhir_step/decided.json"), "fact adjudicated " REF " benefit=3800\ndone\n");
	lab_close(&lab);
}

static void test_submit_queued(void **state)
{
	(void)state;
	struct lab lab;
	lab_open(&lab, submit_pairs, ZF_SIDE_TO_INSURER);
	EXPECT(start(&lab, ZF_EVENT_START_CLAIM), SUBMIT);
	EXPECT(reply_fixture(&lab, 1, 201, "fhir_step/queued.json"), PENDED "wait 30\n");
	EXPECT(step(&lab, (struct zf_event){.kind = ZF_EVENT_TIMER}), ASK(2));
	EXPECT(reply_fixture(&lab, 2, 200, "fhir_step/queued.json"), "wait 30\n"); /* said once */
	EXPECT(step(&lab, (struct zf_event){.kind = ZF_EVENT_TIMER}), ASK(3));
	EXPECT(reply(&lab, 3, 503, "", 0), "wait 5\n");
	EXPECT(step(&lab, (struct zf_event){.kind = ZF_EVENT_TIMER}), ASK(4));
	EXPECT(step(&lab, (struct zf_event){.kind = ZF_EVENT_FAILURE, .token = 4, .failure = ZF_FAILURE_UNKNOWN}),
		"wait 5\n");
	EXPECT(step(&lab, (struct zf_event){.kind = ZF_EVENT_TIMER}), ASK(5));
	EXPECT(reply_fixture(&lab, 5, 200, "fhir_step/decided.json"), "fact adjudicated " REF " benefit=3800\ndone\n");
	lab_close(&lab);
}

static void test_submit_rejected(void **state)
{
	(void)state;
	struct lab lab;
	lab_open(&lab, submit_pairs, ZF_SIDE_TO_INSURER);
	EXPECT(start(&lab, ZF_EVENT_START_CLAIM), SUBMIT);
	EXPECT(reply_fixture(&lab, 1, 200, "fhir_step/rejected.json"),
		"fact rejected " REF
		" [BV-1 Claim.item[1].productOrService] [BV-2 Claim.item.where(sequence=1)]\ndone\n");
	EXPECT(start(&lab, ZF_EVENT_START_CLAIM), SUBMIT);
	/* An OperationOutcome with an error is a rejection under 200 as well. */
	EXPECT(reply_fixture(&lab, 1, 200, "fhir_step/outcome.json"),
		"fact rejected " REF " [E-12 Claim.insurance[0]]\ndone\n");
	EXPECT(start(&lab, ZF_EVENT_START_CLAIM), SUBMIT);
	EXPECT(reply_fixture(&lab, 1, 422, "fhir_step/outcome.json"),
		"fact rejected " REF " [E-12 Claim.insurance[0]]\ndone\n");
	assert_int_equal(lab.result.fault_count, 0);
	EXPECT(start(&lab, ZF_EVENT_START_CLAIM), SUBMIT);
	EXPECT(reply(&lab, 1, 400, NULL, 0), "fact rejected " REF " [http-400 -]\ndone\n");
	assert_int_equal(lab.result.fault_count, 0);
	/* Errors that cannot be read: the status counts, and a person is shown the rest. */
	EXPECT(start(&lab, ZF_EVENT_START_CLAIM), SUBMIT);
	EXPECT(reply(&lab, 1, 400, "<html>", 6), "fact rejected " REF " [http-400 -]\ndone\n");
	assert_int_equal(lab.result.fault_count, 1);
	lab_close(&lab);
}

static void test_submit_accepted_without_body(void **state)
{
	(void)state;
	struct lab lab;
	lab_open(&lab, plain_pairs, ZF_SIDE_TO_INSURER);
	EXPECT(start(&lab, ZF_EVENT_START_CLAIM), SUBMIT);
	EXPECT(reply(&lab, 1, 202, "", 0), PENDED "done\n"); /* can't be asked: it comes by push or not at all */
	lab_close(&lab);
}

/* HTTP 200 with a decision on another claim says nothing about ours. */
static void test_submit_answer_for_another(void **state)
{
	(void)state;
	struct lab lab;
	lab_open(&lab, submit_pairs, ZF_SIDE_TO_INSURER);
	snprintf(lab.claim->ref, sizeof(lab.claim->ref), "%s", "H31K7Q2M0000002Y");
	EXPECT(start(&lab, ZF_EVENT_START_CLAIM), SUBMIT);
	EXPECT(reply_fixture(&lab, 1, 200, "fhir_step/decided.json"),
		"fact adjudicated " REF " insurer-claim-no=N-88001 benefit=3800\nwait 30\n");
	lab_close(&lab);
	lab_open(&lab, plain_pairs, ZF_SIDE_TO_INSURER);
	snprintf(lab.claim->ref, sizeof(lab.claim->ref), "%s", "H31K7Q2M0000002Y");
	EXPECT(start(&lab, ZF_EVENT_START_CLAIM), SUBMIT);
	assert_int_equal(reply_fixture(&lab, 1, 200, "fhir_step/decided.json"), ZF_MALFORMED);
	lab_close(&lab);
}

static void test_submit_busy(void **state)
{
	(void)state;
	struct lab lab;
	lab_open(&lab, plain_pairs, ZF_SIDE_TO_INSURER);
	const struct zf_claim *claims[] = {lab.claim};
	EXPECT(start(&lab, ZF_EVENT_START_CLAIM), SUBMIT);
	EXPECT(reply(&lab, 1, 503, "", 0), "wait 60\n");
	EXPECT(step(&lab, (struct zf_event){.kind = ZF_EVENT_TIMER, .claims = claims, .claim_count = 1}),
		"http 2 POST fhir/Claim/$submit submission\n");
	EXPECT(reply(&lab, 2, 429, "", 0), "wait 60\n");
	assert_int_equal(
		step(&lab, (struct zf_event){.kind = ZF_EVENT_TIMER}), ZF_MALFORMED); /* nothing to send: held */
	lab_close(&lab);
	lab_open(&lab, plain_pairs, ZF_SIDE_TO_INSURER);
	EXPECT(start(&lab, ZF_EVENT_START_CLAIM), SUBMIT);
	assert_int_equal(reply(&lab, 1, 500, "oops", 4), ZF_MALFORMED); /* may have been taken, can't be asked: held */
	lab_close(&lab);
}

/* Who is never ready gets no further claims: a person sees the last answer. */
static void test_submit_never_taken(void **state)
{
	static const char *const pairs[] = {"mode=submit", "asks_max=1", NULL};
	(void)state;
	struct lab lab;
	lab_open(&lab, pairs, ZF_SIDE_TO_INSURER);
	const struct zf_claim *claims[] = {lab.claim};
	EXPECT(start(&lab, ZF_EVENT_START_CLAIM), SUBMIT);
	EXPECT(reply(&lab, 1, 503, "", 0), "wait 60\n");
	EXPECT(step(&lab, (struct zf_event){.kind = ZF_EVENT_TIMER, .claims = claims, .claim_count = 1}),
		"http 2 POST fhir/Claim/$submit submission\n");
	assert_int_equal(reply(&lab, 2, 503, "", 0), ZF_MALFORMED);
	lab_close(&lab);
}

static void test_submission_failed(void **state)
{
	(void)state;
	struct lab lab;
	lab_open(&lab, submit_pairs, ZF_SIDE_TO_INSURER);
	EXPECT(start(&lab, ZF_EVENT_START_CLAIM), SUBMIT);
	EXPECT(step(&lab, (struct zf_event){.kind = ZF_EVENT_FAILURE, .token = 1, .failure = ZF_FAILURE_UNKNOWN}), "");
	lab_close(&lab);
}

static void test_status(void **state)
{
	static const char empty[] = "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"total\":0}";
	static const char found[] = "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[{\"resource\":"
				    "{\"resourceType\":\"Claim\",\"id\":\"1\"}}]}";
	(void)state;
	struct lab lab;
	lab_open(&lab, submit_pairs, ZF_SIDE_TO_INSURER);
	EXPECT(start(&lab, ZF_EVENT_START_STATUS), ASK(1));
	EXPECT(reply(&lab, 1, 200, empty, sizeof(empty) - 1), ASK_CLAIM(2));
	EXPECT(reply(&lab, 2, 200, empty, sizeof(empty) - 1), "fact not-found " REF "\ndone\n");
	EXPECT(start(&lab, ZF_EVENT_START_STATUS), ASK(1));
	EXPECT(reply(&lab, 1, 200, empty, sizeof(empty) - 1), ASK_CLAIM(2));
	EXPECT(reply(&lab, 2, 200, found, sizeof(found) - 1), PENDED "wait 30\n");
	EXPECT(step(&lab, (struct zf_event){.kind = ZF_EVENT_TIMER}), ASK(3));
	EXPECT(reply_fixture(&lab, 3, 200, "fhir_step/decided.json"), "fact adjudicated " REF " benefit=3800\ndone\n");
	lab_close(&lab);
}

/* A claim that the insurer took and does not know any more: told as not found, in words or by both searches' silence.
 */
static void test_lost_there(void **state)
{
	static const char empty[] = "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"total\":0}";
	static const char found[] = "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":[{\"resource\":"
				    "{\"resourceType\":\"Claim\",\"id\":\"1\"}}]}";
	static const char words[] = "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"error\","
				    "\"code\":\"not-found\"}]}";
	(void)state;
	struct lab lab;
	lab_open(&lab, submit_pairs, ZF_SIDE_TO_INSURER);
	EXPECT(start(&lab, ZF_EVENT_START_CLAIM), SUBMIT);
	EXPECT(reply(&lab, 1, 202, "", 0), PENDED "wait 30\n");
	EXPECT(step(&lab, (struct zf_event){.kind = ZF_EVENT_TIMER}), ASK(2));
	/* No answer yet, and it is there. */
	EXPECT(reply(&lab, 2, 200, empty, sizeof(empty) - 1), ASK_CLAIM(3));
	EXPECT(reply(&lab, 3, 200, found, sizeof(found) - 1), "wait 30\n");
	EXPECT(step(&lab, (struct zf_event){.kind = ZF_EVENT_TIMER}), ASK(4));
	EXPECT(reply(&lab, 4, 200, empty, sizeof(empty) - 1), ASK_CLAIM(5));
	EXPECT(reply(&lab, 5, 200, empty, sizeof(empty) - 1), "fact not-found " REF "\ndone\n");
	EXPECT(start(&lab, ZF_EVENT_START_CLAIM), SUBMIT);
	EXPECT(reply(&lab, 1, 202, "", 0), PENDED "wait 30\n");
	EXPECT(step(&lab, (struct zf_event){.kind = ZF_EVENT_TIMER}), ASK(2));
	EXPECT(reply(&lab, 2, 200, words, sizeof(words) - 1), "fact not-found " REF "\ndone\n");
	lab_close(&lab);
	/* Who cannot be asked for the claim itself says nothing by having no answer. */
	lab_open(&lab, no_claim_pairs, ZF_SIDE_TO_INSURER);
	EXPECT(start(&lab, ZF_EVENT_START_CLAIM), SUBMIT);
	EXPECT(reply(&lab, 1, 202, "", 0), PENDED "wait 60\n");
	EXPECT(step(&lab, (struct zf_event){.kind = ZF_EVENT_TIMER}), ASK(2));
	EXPECT(reply(&lab, 2, 200, empty, sizeof(empty) - 1), "wait 60\n");
	lab_close(&lab);
}

static void test_cancel(void **state)
{
	static const char completed[] = "{\"resourceType\":\"Task\",\"status\":\"completed\",\"intent\":\"order\"}";
	static const char failed[] = "{\"resourceType\":\"Task\",\"status\":\"failed\",\"intent\":\"order\","
				     "\"statusReason\":{\"text\":\"already paid\"}}";
	(void)state;
	struct lab lab;
	lab_open(&lab, submit_pairs, ZF_SIDE_TO_INSURER);
	EXPECT(start(&lab, ZF_EVENT_START_CANCEL), "http 1 POST fhir/Task\n");
	EXPECT(reply(&lab, 1, 200, completed, sizeof(completed) - 1), "fact cancelled " REF "\ndone\n");
	EXPECT(start(&lab, ZF_EVENT_START_CANCEL), "http 1 POST fhir/Task\n");
	EXPECT(reply(&lab, 1, 200, failed, sizeof(failed) - 1), "fact pended " REF " [failed -]\ndone\n");
	lab_close(&lab);
}

static void test_remittance(void **state)
{
	(void)state;
	struct lab lab;
	lab_open(&lab, submit_pairs, ZF_SIDE_TO_INSURER);
	EXPECT(start(&lab, ZF_EVENT_START_REMITTANCE), "http 1 GET fhir/PaymentReconciliation\n");
	EXPECT(reply_fixture(&lab, 1, 200, "fhir_step/remittances.json"),
		"fact remitted - RM-2026-11\nfact remitted - RM-2026-12\ndone\n");
	lab_close(&lab);
}

static void test_push(void **state)
{
	(void)state;
	struct lab lab;
	lab_open(&lab, submit_pairs, ZF_SIDE_TO_INSURER);
	size_t len;
	char *text = fixture_read("fhir_step/decided.json", &len);
	EXPECT(step(&lab, (struct zf_event){.kind = ZF_EVENT_CALL,
				  .http_method = "POST",
				  .http_path = "/",
				  .body = (const uint8_t *)text,
				  .body_len = len}),
		"fact adjudicated " REF " insurer-claim-no=N-88001 benefit=3800\nanswer 200\ndone\n");
	assert_int_equal(
		step(&lab,
			(struct zf_event){.kind = ZF_EVENT_CALL, .body = (const uint8_t *)text, .body_len = len / 2}),
		ZF_MALFORMED);
	free(text);
	lab_close(&lab);
}

/* ---- mode message ---- */

#define MESSAGE_ID "00000000-0000-4000-8000-000000000001"

/* An answer to message `id` with `code`, holding `extra` entries. */
static size_t message_text(char *ret, size_t size, const char *id, const char *code, const char *extra)
{
	return (size_t)snprintf(ret, size,
		"{\"resourceType\":\"Bundle\",\"type\":\"message\",\"entry\":[{\"resource\":{\"resourceType\":"
		"\"MessageHeader\",\"id\":\"x\",\"eventCoding\":{\"code\":\"claim-response\"},\"source\":{\"endpoint\":\"urn:x\"},"
		"\"response\":{\"identifier\":\"%s\",\"code\":\"%s\"}}}%s]}",
		id, code, extra);
}

#define QUEUED_ENTRY                                                                                                     \
	",{\"resource\":{\"resourceType\":\"ClaimResponse\",\"meta\":{\"tag\":[{\"code\":\"queued-messages\"}]},"        \
	"\"status\":\"active\",\"type\":{\"text\":\"x\"},\"use\":\"claim\",\"patient\":{\"display\":\"x\"},\"created\":" \
	"\"2026-11-06\",\"insurer\":{\"display\":\"x\"},\"outcome\":\"queued\"}}"

static void test_message_submit(void **state)
{
	static const char message[] = "http 1 POST fhir/$process-message submission message-id=" MESSAGE_ID "\n";
	(void)state;
	struct lab lab;
	char body[4096];
	lab_open(&lab, message_pairs, ZF_SIDE_TO_INSURER);
	assert_int_equal(lab.adapter->capabilities(lab.context), ZF_CAP_POLL | ZF_CAP_CANCEL);
	EXPECT(start(&lab, ZF_EVENT_START_CLAIM), message);
	const char *sent = (const char *)lab.result.actions[0]->body;
	assert_non_null(strstr(sent, "\"profile\":[\"urn:example:profile:claim\"]"));
	assert_non_null(strstr(sent, "\"code\":\"claim-request\""));
	assert_non_null(strstr(sent, "\"system\":\"urn:example:payer\",\"value\":\"P-1\""));
	size_t len = message_text(body, sizeof(body), MESSAGE_ID, "ok", QUEUED_ENTRY);
	EXPECT(reply(&lab, 1, 200, body, len), PENDED "done\n"); /* the answer comes by polling */

	lab.host.ids = 0;
	EXPECT(start(&lab, ZF_EVENT_START_CLAIM), message);
	len = message_text(body, sizeof(body), "another", "ok", QUEUED_ENTRY);
	assert_int_equal(reply(&lab, 1, 200, body, len), ZF_MALFORMED); /* 200, but not the answer to this message */

	lab.host.ids = 0;
	EXPECT(start(&lab, ZF_EVENT_START_CLAIM), message);
	len = message_text(body, sizeof(body), MESSAGE_ID, "fatal-error", "");
	EXPECT(reply(&lab, 1, 200, body, len), "fact rejected " REF " [fatal-error -]\ndone\n");

	lab.host.ids = 0;
	EXPECT(start(&lab, ZF_EVENT_START_CLAIM), message);
	len = message_text(body, sizeof(body), MESSAGE_ID, "ok",
		",{\"resource\":{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"fatal\",\"code\":\"invalid\"}]}}");
	EXPECT(reply(&lab, 1, 200, body, len), "fact rejected " REF " [invalid -]\ndone\n");
	lab_close(&lab);
}

static void test_poll(void **state)
{
	(void)state;
	struct lab lab;
	char body[512];
	lab_open(&lab, message_pairs, ZF_SIDE_TO_INSURER);
	/* id 1 is the Task's, 2 the message's */
	EXPECT(start(&lab, ZF_EVENT_START_POLL),
		"http 1 POST fhir/$process-message message-id=00000000-0000-4000-8000-000000000002\n");
	const char *sent = (const char *)lab.result.actions[0]->body;
	assert_non_null(strstr(sent, "\"value\":\"HUB\""));
	assert_non_null(strstr(sent, "\"valuePositiveInt\":3"));
	assert_non_null(strstr(sent, "\"valueCode\":\"eligibility-response\""));
	/* three messages, as many as asked for: there may be more */
	EXPECT(reply_fixture(&lab, 1, 200, "fhir_step/poll.json"),
		"fact adjudicated - message-id=00000000-0000-4000-8000-000000000077\nfact queried " REF " Q-1\n"
		"fact remitted - RM-2026-11\n"
		"http 2 POST fhir/$process-message message-id=00000000-0000-4000-8000-000000000004\n");
	size_t len = message_text(body, sizeof(body), "00000000-0000-4000-8000-000000000004", "ok", "");
	EXPECT(reply(&lab, 2, 200, body, len), "done\n");
	lab_close(&lab);
}

/* ---- configuration ---- */

static void test_open_refusals(void **state)
{
	static const struct {
		const char *pairs[4];
		const char *error;
	} cases[] = {
		{{"mode=fax", NULL}, "module.mode: neither \"submit\" nor \"message\""},
		{{"mode=message", NULL}, "module.event_system: needed in mode message\n"
					 "module.sender_id: needed with sender_system in mode message\n"
					 "module.receiver_id: needed with receiver_system in mode message"},
		{{"mode=message", "event_system=urn:e", NULL},
			"module.sender_id: needed with sender_system in mode message\n"
			"module.receiver_id: needed with receiver_system in mode message"},
		{{"poll_count=0", "mode=sbmit", NULL}, "module.poll_count: not a number within its bounds\n"
						       "module.mode: neither \"submit\" nor \"message\""},
		{{"poll_count=0", NULL}, "module.poll_count: not a number within its bounds"},
		{{"cancel=perhaps", NULL}, "module.cancel: neither true nor false"},
		{{"claim_system=", NULL}, "module.claim_system: empty"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct test_arena arena;
		arena_open(&arena);
		struct zf_profile profile = test_profile(cases[i].pairs);
		struct zf_open open = {.size = sizeof(open),
			.side = ZF_SIDE_TO_INSURER,
			.profile = &profile,
			.host = test_host(),
			.arena = &arena.zf};
		const void *context = NULL;
		const char *error = NULL;
		assert_int_equal(zf_adapter()->open(&open, &context, &error), ZF_REJECT);
		assert_string_equal(error, cases[i].error);
		arena_close(&arena);
	}
}

/* ---- the insurer's side ---- */

static void test_insurer(void **state)
{
	(void)state;
	struct lab lab, insurer;
	lab_open(&lab, message_pairs, ZF_SIDE_TO_INSURER);
	lab_open(&insurer, message_pairs, ZF_SIDE_AS_INSURER);
	lab.claim->bill_sequence = 3;
	assert_int_equal(start(&lab, ZF_EVENT_START_CLAIM), ZF_OK);
	const uint8_t *request = lab.result.actions[0]->body;
	uint64_t request_len = lab.result.actions[0]->body_len;
	const struct zf_claim *const *claims;
	const struct zf_fault *const *faults;
	uint32_t count = 0, fault_count = 0;
	assert_int_equal(insurer.adapter->decode_claims(insurer.context, &insurer.host, request, request_len,
				 &insurer.arena.zf, &claims, &count, &faults, &fault_count),
		ZF_OK);
	assert_int_equal(count, 1);
	assert_string_equal(claims[0]->ref, REF);
	assert_int_equal(claims[0]->bill_sequence, 3);
	assert_int_equal(claims[0]->lines[0]->tax.minor, 300);
	assert_int_equal(claims[0]->lines[0]->patient_share.present, 0);

	struct zf_adjudication decision = {.size = sizeof(decision),
		.outcome = ZF_OUTCOME_COMPLETE,
		.insurer_claim_no = "N-5",
		.benefit = {.minor = 6000, .currency = "CNY", .exponent = 2, .present = 1}};
	const uint8_t *answer;
	uint64_t answer_len;
	const char *type;
	assert_int_equal(insurer.adapter->encode_adjudication(insurer.context, &insurer.host, claims[0], &decision,
				 request, request_len, &insurer.arena.zf, &answer, &answer_len, &type),
		ZF_OK);
	EXPECT(reply(&lab, 1, 200, (const char *)answer, answer_len), "fact adjudicated " REF " benefit=6000\ndone\n");

	struct zf_remittance remittance = {.size = sizeof(remittance),
		.identifier = "RM-9",
		.amount = {.minor = 6000, .currency = "CNY", .exponent = 2, .present = 1}};
	assert_int_equal(insurer.adapter->encode_remittance(insurer.context, &insurer.host, &remittance,
				 &insurer.arena.zf, &answer, &answer_len, &type),
		ZF_OK);
	EXPECT(step(&lab, (struct zf_event){.kind = ZF_EVENT_CALL, .body = answer, .body_len = answer_len}),
		"fact remitted - RM-9\nanswer 200\ndone\n");
	lab_close(&insurer);
	lab_close(&lab);
}

static void test_insurer_refuses(void **state)
{
	(void)state;
	struct lab lab;
	lab_open(&lab, submit_pairs, ZF_SIDE_AS_INSURER);
	const struct zf_claim *const *claims;
	const struct zf_fault *const *faults;
	uint32_t count = 0, fault_count = 0;
	size_t len;
	char *text = fixture_read("fhir_claim/faults.json", &len);
	assert_int_equal(lab.adapter->decode_claims(lab.context, &lab.host, (const uint8_t *)text, len, &lab.arena.zf,
				 &claims, &count, &faults, &fault_count),
		ZF_REJECT);
	assert_string_equal(faults[0]->path, "Claim.id");
	assert_string_equal(faults[0]->code, "value-invalid");
	assert_int_equal(lab.adapter->decode_claims(lab.context, &lab.host, (const uint8_t *)text, len - 3,
				 &lab.arena.zf, &claims, &count, &faults, &fault_count),
		ZF_MALFORMED);
	free(text);
	lab_close(&lab);
}

/* ---- damage ---- */

/* Every cut of an answer is MALFORMED, or for a refusal by status a rejection; never a crash, never a decision. */
static void test_truncation(void **state)
{
	static const char *const names[] = {"fhir_step/decided.json", "fhir_step/outcome.json", "fhir_step/poll.json"};
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct lab lab;
		lab_open(&lab, i == 2 ? message_pairs : submit_pairs, ZF_SIDE_TO_INSURER);
		size_t len;
		char *text = fixture_read(names[i], &len);
		assert_int_equal(start(&lab, i == 2 ? ZF_EVENT_START_POLL : ZF_EVENT_START_CLAIM), ZF_OK);
		uint8_t saved[ZF_STATE_BYTES_MAX];
		uint64_t saved_len = lab.state_len;
		memcpy(saved, lab.state, saved_len);
		while (len > 0 && text[len - 1] == '\n') len--;
		for (size_t cut = 1; cut < len; cut++) {
			memcpy(lab.state, saved, saved_len);
			lab.state_len = saved_len;
			char *part = malloc(cut);
			assert_non_null(part);
			memcpy(part, text, cut);
			assert_int_equal(reply(&lab, 1, 200, part, cut), ZF_MALFORMED);
			free(part);
		}
		free(text);
		lab_close(&lab);
	}
}

static void test_damaged_state(void **state)
{
	(void)state;
	struct lab lab;
	lab_open(&lab, submit_pairs, ZF_SIDE_TO_INSURER);
	assert_int_equal(start(&lab, ZF_EVENT_START_CLAIM), ZF_OK);
	uint64_t len = lab.state_len;
	assert_true(len < 128); /* small, as it is written at every step */
	for (uint64_t cut = 0; cut < len; cut++) {
		lab.state_len = cut;
		assert_int_equal(reply(&lab, 1, 200, "{}", 2), ZF_BUG);
	}
	lab.state_len = len;
	assert_int_equal(reply(&lab, 7, 200, "{}", 2), ZF_BUG); /* a token that was never given out */
	lab_close(&lab);
}

static void no_memory(const char *const *pairs, uint32_t kind, const char *fixture)
{
	struct lab lab;
	lab_open(&lab, pairs, ZF_SIDE_TO_INSURER);
	const struct zf_claim *claims[] = {lab.claim};
	size_t len = 0;
	char *text = fixture_read(fixture, &len);
	for (int round = 0; round < 2; round++) {
		struct zf_event event = {.size = sizeof(event), .kind = kind, .claims = claims, .claim_count = 1};
		if (round == 1) {
			event = (struct zf_event){.size = sizeof(event),
				.kind = ZF_EVENT_REPLY,
				.token = 1,
				.http_status = 200,
				.body = (const uint8_t *)text,
				.body_len = len};
		}
		for (long n = 0;; n++) {
			arena_close(&lab.arena);
			arena_open(&lab.arena);
			lab.arena.fail_after = n;
			lab.host.ids = 0;
			struct zf_result result = {0};
			int32_t verdict = lab.adapter->step(lab.context, &lab.host, lab.state_len ? lab.state : NULL,
				lab.state_len, &event, &lab.arena.zf, &result);
			assert_int_equal(verdict, lab.arena.failed ? ZF_NOMEM : ZF_OK);
			if (verdict != ZF_OK) continue;
			memcpy(lab.state, result.state, result.state_len);
			lab.state_len = result.state_len;
			break;
		}
	}
	free(text);
	lab_close(&lab);
}

static void test_no_memory(void **state)
{
	(void)state;
	no_memory(submit_pairs, ZF_EVENT_START_CLAIM, "fhir_step/decided.json");
	no_memory(submit_pairs, ZF_EVENT_START_CLAIM, "fhir_step/rejected.json");
	no_memory(submit_pairs, ZF_EVENT_START_STATUS, "fhir_step/queued.json");
	no_memory(message_pairs, ZF_EVENT_START_POLL, "fhir_step/poll.json");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_submit_decided),
		cmocka_unit_test(test_submit_queued),
		cmocka_unit_test(test_submit_rejected),
		cmocka_unit_test(test_submit_accepted_without_body),
		cmocka_unit_test(test_submit_answer_for_another),
		cmocka_unit_test(test_submit_busy),
		cmocka_unit_test(test_submit_never_taken),
		cmocka_unit_test(test_submission_failed),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_lost_there),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_remittance),
		cmocka_unit_test(test_push),
		cmocka_unit_test(test_message_submit),
		cmocka_unit_test(test_poll),
		cmocka_unit_test(test_open_refusals),
		cmocka_unit_test(test_insurer),
		cmocka_unit_test(test_insurer_refuses),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_damaged_state),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
