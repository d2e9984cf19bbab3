/* The certification of an adapter. */
#include "translate/adapter_check.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "translate/check_case.h"
#include "translate/job.h"
#include "translate/sums.h"

#define STEP_ARENA_BYTES (256u << 20)
#define STEP_CPU_S 10
#define PROGRESS_BYTES 256
#define FINDINGS_SHOWN 20
#define ALLOCATIONS_MAX 200000
#define FUZZ_BODY_MAX (256u << 10)
#define FINISHED "finished"

struct run {
	const struct adapter_check_conf *conf;
	char *progress; /* shared with the parent: what is being done */
	struct adapter_set set;
	unsigned findings;
	/* counts for the report */
	unsigned cases, steps, cuts, failures, trips, mutants;
	int64_t fuzz_left_ms;
	uint64_t random;
};

/* A case that is being run: its contexts and the state before each event. */
struct trial {
	struct run *run;
	struct check_case *check;
	struct contexts *contexts;
	const struct context *context;
	struct bytes states[CASE_EVENTS_MAX + 1];
	struct arena arena; /* of one step */
};

static void finding(struct run *run, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void finding(struct run *run, const char *fmt, ...)
{
	va_list args;

	if (++run->findings > FINDINGS_SHOWN) return;
	va_start(args, fmt);
	(void)fprintf(run->conf->out, "  FINDING %s: ", run->progress);
	(void)vfprintf(run->conf->out, fmt, args);
	(void)fputc('\n', run->conf->out);
	va_end(args);
	(void)fflush(run->conf->out);
}

static void progress(struct run *run, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void progress(struct run *run, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(run->progress, PROGRESS_BYTES, fmt, args);
	va_end(args);
}

/* ---- a step ---- */

/* An arena whose n-th allocation fails, and all after it. */
struct failing {
	struct zf_arena zf;
	struct arena *arena;
	long left; /* < 0: never */
	long count;
};

static void *failing_alloc(struct zf_arena *zf, size_t len)
{
	struct failing *failing = CONTAINER_OF(zf, struct failing, zf);

	failing->count++;
	if (failing->left == 0) return NULL;
	if (failing->left > 0) failing->left--;
	return zf_alloc(&failing->arena->zf, len);
}

static int32_t step(struct trial *trial, size_t no, const struct zf_event *event, struct failing *failing,
	struct zf_result *ret_result)
{
	struct call call = {.context = trial->context,
		.now_ms = trial->check->now_ms + (int64_t)no * 1000,
		.cpu_s = STEP_CPU_S,
		.fixed_ids = 1 + no * 1000};

	arena_reset(&trial->arena);
	*failing = (struct failing){.zf = {failing_alloc}, .arena = &trial->arena, .left = failing->left};
	return call_step(&call, trial->states[no], event, &failing->zf, ret_result);
}

static json_t *step_render(
	struct trial *trial, size_t no, const struct zf_event *event, long left, int32_t *ret_verdict, long *ret_count)
{
	struct zf_result result = {0};
	struct failing failing = {.left = left};
	int32_t verdict = step(trial, no, event, &failing, &result);

	*ret_verdict = verdict;
	if (ret_count != NULL) *ret_count = failing.count;
	return check_render(verdict, &result, trial->check->now_ms + (int64_t)no * 1000);
}

/* The event with another body, which lies at the end of an allocation of its own so that reading over it is caught. */
static struct zf_event with_body(const struct zf_event *event, uint8_t *body, size_t len)
{
	struct zf_event copy = *event;

	copy.body = len == 0 ? NULL : body;
	copy.body_len = len;
	return copy;
}

static bool states_money(const struct zf_result *result)
{
	for (uint32_t i = 0; i < result->action_count; i++) {
		struct zf_action action = call_action(result->actions[i]);

		if (action.kind != ZF_ACTION_FACT) continue;
		if (action.fact->kind == ZF_FACT_ADJUDICATED || action.fact->kind == ZF_FACT_REMITTED) return true;
	}
	return false;
}

/* ---- golden ---- */

/* What translate would not take at its word. */
static void remittances_check(struct run *run, const struct zf_result *result)
{
	for (uint32_t i = 0; i < result->action_count; i++) {
		struct zf_action action = call_action(result->actions[i]);
		struct zf_remittance remittance;
		const char *fault;
		int64_t sum;

		if (action.kind != ZF_ACTION_FACT || action.fact->kind != ZF_FACT_REMITTED) continue;
		if (call_fact(action.fact).remittance == NULL) continue;
		remittance = call_remittance(call_fact(action.fact).remittance);
		fault = job_remittance_fault(&remittance, &sum);
		if (fault != NULL) finding(run, "it states %s", fault);
	}
}

static void expect(struct trial *trial, size_t no, json_t *got)
{
	struct run *run = trial->run;
	const json_t *expected = json_array_get(json_object_get(trial->check->json, "expect"), no);
	char *text;

	if (run->conf->update || (expected != NULL && json_equal(got, (json_t *)(uintptr_t)expected))) return;
	text = json_dumps(got, JSON_COMPACT | JSON_SORT_KEYS);
	finding(run, "%s, it yields %.600s",
		expected == NULL ? "nothing is expected here" : "something else is expected",
		text == NULL ? "?" : text);
	free(text);
}

static int state_keep(struct trial *trial, size_t no, const struct zf_result *result)
{
	uint8_t *copy = zf_alloc(&trial->check->arena.zf, result->state_len);

	if (copy == NULL) return ERR_NOMEM;
	if (result->state_len > 0) memcpy(copy, result->state, result->state_len);
	trial->states[no + 1] = (struct bytes){copy, result->state_len};
	return 0;
}

/* Runs the case; keeps the state before each event. */
static void golden(struct trial *trial)
{
	struct check_case *check = trial->check;
	json_t *all = json_array();

	for (size_t i = 0; i < check->event_count; i++) {
		struct zf_result result = {0};
		struct failing failing = {.left = -1};
		int32_t verdict, second;
		json_t *got, *again;

		progress(trial->run, "%s event %zu (%s)", check->name, i + 1, check->kinds[i]);
		verdict = step(trial, i, &check->events[i], &failing, &result);
		trial->run->steps++;
		got = check_render(verdict, &result, check->now_ms + (int64_t)i * 1000);
		remittances_check(trial->run, &result);
		trial->states[i + 1] = trial->states[i];
		if ((verdict == ZF_OK || (verdict == ZF_MALFORMED && result.goes_on != 0)) &&
			state_keep(trial, i, &result) < 0)
			finding(trial->run, "no memory");
		if (verdict == ZF_BUG) finding(trial->run, "%s", err_text());
		if (result.constant != 0 && !call_says_taken(&result))
			finding(trial->run, "it is called constant, and says more than that a claim was taken");
		expect(trial, i, got);
		again = step_render(trial, i, &check->events[i], -1, &second, NULL);
		if (!json_equal(got, again)) finding(trial->run, "the same step yields something else the second time");
		json_decref(again);
		(void)json_array_append_new(all, got);
	}
	if (trial->run->conf->update) {
		(void)json_object_set(check->json, "expect", all);
		if (json_dump_file(check->json, check->path, JSON_INDENT(1) | JSON_PRESERVE_ORDER) != 0)
			finding(trial->run, "the case cannot be written");
	}
	json_decref(all);
}

/* ---- truncation ---- */

static bool only_blanks(const uint8_t *bytes, uint64_t len)
{
	for (uint64_t i = 0; i < len; i++)
		if (bytes[i] != ' ' && bytes[i] != '\n' && bytes[i] != '\r' && bytes[i] != '\t') return false;
	return true;
}

static void truncation(struct trial *trial, size_t no)
{
	const struct zf_event *event = &trial->check->events[no];

	for (uint64_t len = 0; len < event->body_len; len++) {
		uint8_t *body = mem_alloc(len);
		struct zf_result result = {0};
		struct failing failing = {.left = -1};
		struct zf_event cut;
		int32_t verdict;

		if (body == NULL) return;
		if (len > 0) memcpy(body, event->body, len);
		cut = with_body(event, body, len);
		progress(trial->run, "%s event %zu, body cut at byte %llu", trial->check->name, no + 1,
			(unsigned long long)len);
		verdict = step(trial, no, &cut, &failing, &result);
		trial->run->cuts++;
		if (verdict == ZF_BUG) finding(trial->run, "%s", err_text());
		if (verdict == ZF_OK && states_money(&result) && !only_blanks(event->body + len, event->body_len - len))
			finding(trial->run, "money is concluded from a part of a message");
		mem_free(body);
	}
}

/* ---- memory ---- */

static void memory(struct trial *trial, size_t no)
{
	const struct zf_event *event = &trial->check->events[no];
	int32_t verdict;
	long count;
	json_t *whole = step_render(trial, no, event, -1, &verdict, &count);

	if (count > ALLOCATIONS_MAX) count = ALLOCATIONS_MAX;
	for (long n = 0; n < count; n++) {
		json_t *got;

		progress(trial->run, "%s event %zu, allocation %ld of %ld fails", trial->check->name, no + 1, n + 1,
			count);
		got = step_render(trial, no, event, n, &verdict, NULL);
		trial->run->failures++;
		if (verdict != ZF_NOMEM && !json_equal(got, whole))
			finding(trial->run, "the verdict is \"%s\" with another result", check_verdict_name(verdict));
		json_decref(got);
	}
	json_decref(whole);
}

/* ---- round trip ---- */

/* Nine tenths are paid, the rest is the patient's: made so that it adds up. */
static void answer_make(const struct zf_claim *claim, struct zf_adjustment *adjustment,
	const struct zf_adjustment **adjustments, struct zf_line_result *line, const struct zf_line_result **lines,
	struct zf_adjudication *ret)
{
	struct zf_money benefit = claim->total;
	struct zf_money patient = claim->total;

	patient.minor = claim->total.minor / 10;
	benefit.minor = claim->total.minor - patient.minor;
	*adjustment = (struct zf_adjustment){.group = ZF_GROUP_PR, .reason = ZF_REASON_COINSURANCE, .amount = patient};
	adjustments[0] = adjustment;
	*line = (struct zf_line_result){.sequence = 1,
		.submitted = claim->total,
		.benefit = benefit,
		.adjustments = adjustments,
		.adjustment_count = 1};
	lines[0] = line;
	*ret = (struct zf_adjudication){.size = sizeof(*ret),
		.outcome = ZF_OUTCOME_COMPLETE,
		.use = claim->use,
		.claim_ref = claim->ref,
		.insurer_claim_no = "CHECK-1",
		.submitted = claim->total,
		.benefit = benefit,
		.lines = lines,
		.line_count = 1};
}

static void answer_compare(struct trial *trial, const struct zf_result *result, const struct zf_adjudication *sent)
{
	struct sums want = {0};
	struct sums got = {0};

	if (sums_of(sent, &trial->check->claims[0]->total, &want) < 0) return;
	for (uint32_t i = 0; i < result->action_count; i++) {
		struct zf_action action = call_action(result->actions[i]);
		struct zf_adjudication view;

		if (action.kind != ZF_ACTION_FACT || action.fact->kind != ZF_FACT_ADJUDICATED) continue;
		view = call_adjudication(call_fact(action.fact).adjudication);
		if (sums_of(&view, &trial->check->claims[0]->total, &got) < 0) {
			finding(trial->run, "%s", err_text());
			return;
		}
		if (got.submitted != want.submitted || got.benefit != want.benefit || got.patient != want.patient ||
			strcmp(got.currency, want.currency) != 0)
			finding(trial->run, "the decision comes back with other amounts");
		return;
	}
	finding(trial->run, "the answer that the module writes as the insurer is not understood as a decision");
}

static void trip_answer(struct trial *trial, struct contexts *insurer_side, const struct context *as_insurer,
	const struct zf_action *sent, const struct zf_claim *decoded)
{
	struct call call = {.context = as_insurer, .now_ms = trial->check->now_ms, .fixed_ids = 900000};
	struct arena arena CLEANUP(arena_free);
	struct zf_adjustment adjustment;
	const struct zf_adjustment *adjustments[1];
	struct zf_line_result line;
	const struct zf_line_result *lines[1];
	struct zf_adjudication adjudication;
	struct zf_header header = {"Content-Type", NULL};
	const struct zf_header *headers[1] = {&header};
	struct zf_event event = {.size = sizeof(event),
		.kind = ZF_EVENT_REPLY,
		.http_status = 200,
		.headers = headers,
		.header_count = 1};
	struct failing failing = {.left = -1};
	struct zf_result result = {0};
	const uint8_t *bytes = NULL;
	uint64_t len = 0;
	int32_t verdict;

	(void)insurer_side;
	arena_init(&arena, STEP_ARENA_BYTES);
	answer_make(trial->check->claims[0], &adjustment, adjustments, &line, lines, &adjudication);
	if (as_insurer->adapter->table.encode_adjudication == NULL) return;
	verdict = as_insurer->adapter->table.encode_adjudication(as_insurer->handle, &call, decoded, &adjudication,
		sent->body, sent->body_len, &arena.zf, &bytes, &len, &header.value);
	if (verdict != ZF_OK || bytes == NULL) {
		finding(trial->run, "the module cannot write the answer to what it sent: \"%s\"",
			check_verdict_name(verdict));
		return;
	}
	if (header.value == NULL) event.header_count = 0;
	event.token = sent->token;
	event.body = bytes;
	event.body_len = len;
	if (trial->context->capabilities & ZF_CAP_FILE) event.kind = ZF_EVENT_FILE;
	verdict = step(trial, event.kind == ZF_EVENT_FILE ? 0 : 1, &event, &failing, &result);
	if (verdict != ZF_OK)
		finding(trial->run, "the module does not read the answer that it wrote: \"%s\"",
			check_verdict_name(verdict));
	else
		answer_compare(trial, &result, &adjudication);
}

static void trip_claim(struct trial *trial, struct contexts *insurer_side, const struct zf_action *sent)
{
	const struct zf_claim *claim = trial->check->claims[0];
	const struct context *context;
	const struct zf_claim *const *claims = NULL;
	const struct zf_fault *const *faults = NULL;
	struct arena arena CLEANUP(arena_free);
	struct call call = {.now_ms = trial->check->now_ms, .fixed_ids = 800000};
	uint32_t count = 0;
	uint32_t fault_count = 0;
	int32_t verdict;

	arena_init(&arena, STEP_ARENA_BYTES);
	if (contexts_get(insurer_side, &trial->check->hospital, &trial->check->insurer, &context) < 0) {
		finding(trial->run, "as the insurer: %s", err_text());
		return;
	}
	call.context = context;
	verdict = context->adapter->table.decode_claims(
		context->handle, &call, sent->body, sent->body_len, &arena.zf, &claims, &count, &faults, &fault_count);
	trial->run->trips++;
	if (verdict != ZF_OK || count == 0) {
		finding(trial->run, "the module does not read the claim that it wrote: \"%s\"",
			check_verdict_name(verdict));
		return;
	}
	if (claims[0]->total.minor != claim->total.minor ||
		strcmp(claims[0]->total.currency, claim->total.currency) != 0)
		finding(trial->run, "the claim comes back with another total");
	if (claims[0]->line_count != claim->line_count) finding(trial->run, "the claim comes back with other lines");
	trip_answer(trial, insurer_side, context, sent, claims[0]);
}

static void round_trip(struct trial *trial)
{
	const struct check_case *check = trial->check;
	struct contexts *insurer_side = NULL;
	struct failing failing = {.left = -1};
	struct zf_result result = {0};
	struct zf_action sent = {0};
	uint8_t *body;

	if (trial->context->adapter->table.decode_claims == NULL || check->claim_count == 0 ||
		check->events[0].kind != ZF_EVENT_START_CLAIM)
		return;
	progress(trial->run, "%s round trip", check->name);
	if (step(trial, 0, &check->events[0], &failing, &result) != ZF_OK) return;
	for (uint32_t i = 0; i < result.action_count && !sent.submission; i++) {
		struct zf_action action = call_action(result.actions[i]);

		if (action.kind == ZF_ACTION_HTTP && action.submission) sent = action;
	}
	if (!sent.submission || contexts_new(&trial->run->set, &check->directory, &insurer_side) < 0) return;
	contexts_side(insurer_side, ZF_SIDE_AS_INSURER);
	/* The next step takes the arena of this one. */
	body = mem_alloc(sent.body_len);
	if (body != NULL && sent.body_len > 0) {
		memcpy(body, sent.body, sent.body_len);
		sent.body = body;
		trip_claim(trial, insurer_side, &sent);
	}
	mem_free(body);
	contexts_free(insurer_side);
}

/* ---- fuzz ---- */

static uint64_t random_next(struct run *run)
{
	run->random ^= run->random << 13;
	run->random ^= run->random >> 7;
	run->random ^= run->random << 17;
	return run->random;
}

/* A few changes: a byte, a piece taken out, doubled, or replaced by what breaks parsers. */
static size_t mutate(struct run *run, uint8_t *body, size_t len, size_t cap)
{
	static const char *const pieces[] = {"\"", "{", "[[[[[[[[", "]", "null", "-1", "1e309", "999999999999999999999",
		"\\u0000", "\xff\xfe", "<!DOCTYPE a>", "&#0;", "~", "*", "\n\n", "0.0000000000000000001"};
	unsigned changes = 1 + (unsigned)(random_next(run) % 4);

	while (changes-- > 0 && len > 0) {
		size_t at = (size_t)(random_next(run) % len);
		size_t n = 1 + (size_t)(random_next(run) % 32);
		const char *piece = pieces[random_next(run) % ARRAY_LEN(pieces)];

		if (n > len - at) n = len - at;
		switch (random_next(run) % 4) {
		case 0:
			body[at] = (uint8_t)random_next(run);
			break;
		case 1:
			memmove(body + at, body + at + n, len - at - n);
			len -= n;
			break;
		case 2:
			if (len + n > cap) break;
			memmove(body + at + n, body + at, len - at);
			len += n;
			break;
		default:
			n = strlen(piece);
			if (len + n > cap) break;
			memmove(body + at + n, body + at, len - at);
			memcpy(body + at, piece, n);
			len += n;
			break;
		}
	}
	return len;
}

static int64_t cpu_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void fuzz(struct trial *trial, size_t no, int64_t budget_ms)
{
	const struct zf_event *event = &trial->check->events[no];
	int64_t end_ms = cpu_ms() + budget_ms;

	if (event->body_len == 0 || event->body_len > FUZZ_BODY_MAX / 2) return;
	while (cpu_ms() < end_ms) {
		uint8_t *scratch = mem_alloc(FUZZ_BODY_MAX);
		uint8_t *exact;
		struct zf_result result = {0};
		struct failing failing = {.left = -1};
		struct zf_event changed;
		size_t len;

		if (scratch == NULL) return;
		memcpy(scratch, event->body, event->body_len);
		len = mutate(trial->run, scratch, event->body_len, FUZZ_BODY_MAX);
		exact = mem_realloc(scratch, len == 0 ? 1 : len);
		if (exact == NULL) return;
		changed = with_body(event, exact, len);
		progress(trial->run, "%s event %zu, changed body %u of seed %llu", trial->check->name, no + 1,
			trial->run->mutants, (unsigned long long)trial->run->conf->seed);
		if (step(trial, no, &changed, &failing, &result) == ZF_BUG) finding(trial->run, "%s", err_text());
		trial->run->mutants++;
		mem_free(exact);
	}
}

/* ---- a case, a folder, a file ---- */

static bool is_inbound(const struct zf_event *event)
{
	return event->kind == ZF_EVENT_REPLY || event->kind == ZF_EVENT_CALL || event->kind == ZF_EVENT_FILE;
}

static void case_run(struct run *run, struct check_case *check)
{
	struct trial trial = {.run = run, .check = check};
	struct arena faults_arena CLEANUP(arena_free);
	struct conf_faults faults = {.arena = &faults_arena};

	arena_init(&faults_arena, 1u << 20);
	arena_init(&trial.arena, STEP_ARENA_BYTES);
	progress(run, "%s", check->name);
	check->insurer.module = run->set.items[0]->name;
	adapter_keys_check(run->set.items[0], &check->insurer, &faults);
	for (size_t i = 0; i < faults.count; i++) finding(run, "%s", faults.items[i]);
	if (contexts_new(&run->set, &check->directory, &trial.contexts) < 0) return;
	if (contexts_get(trial.contexts, &check->hospital, &check->insurer, &trial.context) < 0) {
		finding(run, "%s", err_text());
	} else {
		golden(&trial);
		for (size_t i = 0; i < check->event_count; i++) {
			if (is_inbound(&check->events[i])) truncation(&trial, i);
			memory(&trial, i);
			if (is_inbound(&check->events[i])) fuzz(&trial, i, run->fuzz_left_ms);
		}
		round_trip(&trial);
	}
	contexts_free(trial.contexts);
	arena_free(&trial.arena);
	run->cases++;
}

static int is_case(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 10 && strcmp(entry->d_name + len - 10, ".case.json") == 0;
}

static int folder_run(struct run *run)
{
	struct dirent **names = NULL;
	int n = scandir(run->conf->golden_dir, &names, is_case, alphasort);
	int status = 0;

	if (n <= 0) {
		(void)fprintf(run->conf->out, "no *.case.json in \"%s\"\n", run->conf->golden_dir);
		status = 2;
	}
	/* The time for fuzzing is shared out over the cases, two inbound bodies each on average. */
	if (n > 0) run->fuzz_left_ms = run->conf->fuzz_ms / (2 * n) + 1;
	if (run->conf->fuzz_ms == 0) run->fuzz_left_ms = 0;
	for (int i = 0; i < n; i++) {
		struct check_case check;

		progress(run, "%s", names[i]->d_name);
		if (check_case_load(run->conf->golden_dir, names[i]->d_name, &check) < 0) {
			finding(run, "%s", err_text());
		} else {
			case_run(run, &check);
			check_case_free(&check);
		}
		free(names[i]);
	}
	free(names);
	return status;
}

static void keys_print(const struct run *run)
{
	static const char *const types[] = {"?", "text", "int", "bool", "url", "map", "endpoint"};
	const struct zf_adapter *table = &run->set.items[0]->table;

	(void)fprintf(run->conf->out, "module %s %s, ABI %u.%u%s: %s\n", table->name, table->version, table->abi_major,
		table->abi_minor, table->decode_claims != NULL ? ", both sides" : "",
		table->help == NULL ? "" : table->help);
	for (const struct zf_key *key = table->keys; key->name != NULL; key++)
		(void)fprintf(run->conf->out, "  %-24s %-8s %s%s%s%s\n", key->name, types[key->type],
			key->required ? "required; " : "", key->help == NULL ? "" : key->help,
			key->fallback == NULL ? "" : " Default: ", key->fallback == NULL ? "" : key->fallback);
}

static int run_all(struct run *run)
{
	struct adapter adapter;
	int status = 0;

	progress(run, "loading");
	if (adapter_load(run->conf->so_path, &adapter) < 0 || adapter_set_add(&run->set, &adapter.table) < 0) {
		(void)fprintf(run->conf->out, "%s: %s\n", run->conf->so_path, err_text());
		return 1;
	}
	keys_print(run);
	if (run->conf->golden_dir != NULL) {
		status = folder_run(run);
		(void)fprintf(run->conf->out,
			"%u cases, %u steps, %u truncations, %u failed allocations, %u round trips, %u changed bodies\n",
			run->cases, run->steps, run->cuts, run->failures, run->trips, run->mutants);
	}
	if (run->findings > FINDINGS_SHOWN)
		(void)fprintf(run->conf->out, "  and %u further findings\n", run->findings - FINDINGS_SHOWN);
	if (run->findings > 0 || status != 0)
		(void)fprintf(run->conf->out, "NOT certified\n");
	else if (run->conf->golden_dir == NULL)
		(void)fprintf(
			run->conf->out, "table and keys are in order; not certified: --golden names no cases to run\n");
	else
		(void)fprintf(run->conf->out, "certified\n");
	adapter_set_free(&run->set);
	if (run->findings > 0) return 1;
	return status;
}

/* A crash ends the child by its signal, whatever handlers a sanitizer has put there. */
static void signals_reset(void)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};

	for (size_t i = 0; i < ARRAY_LEN(signals); i++) (void)signal(signals[i], SIG_DFL);
}

int adapter_check_with(const struct adapter_check_conf *conf)
{
	struct run run = {.conf = conf, .random = conf->seed == 0 ? 88172645463325252u : conf->seed};
	int status = 0;
	pid_t pid;

	run.progress = mmap(NULL, PROGRESS_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (run.progress == MAP_FAILED) return 2;
	(void)fflush(conf->out);
	pid = fork();
	if (pid == 0) {
		signals_reset();
		status = run_all(&run);
		(void)fflush(conf->out);
		progress(&run, "%s", FINISHED);
		_exit(status);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	if (pid < 0) {
		(void)fprintf(conf->out, "could not start the check: %s\n", strerror(errno));
		status = 2;
	} else if (WIFEXITED(status) && strcmp(run.progress, FINISHED) != 0) {
		(void)fprintf(conf->out, "  FINDING %s: the module ends the process\nNOT certified\n", run.progress);
		status = 1;
	} else if (WIFSIGNALED(status)) {
		(void)fprintf(conf->out, "  FINDING %s: the module %s (%s)\nNOT certified\n", run.progress,
			WTERMSIG(status) == SIGPROF ? "does not come back" : "crashes", strsignal(WTERMSIG(status)));
		status = 1;
	} else {
		status = WEXITSTATUS(status);
	}
	(void)munmap(run.progress, PROGRESS_BYTES);
	return status;
}

int adapter_check(const char *so_path, const char *golden_dir, FILE *out)
{
	struct adapter_check_conf conf = {
		.so_path = so_path, .golden_dir = golden_dir, .out = out, .fuzz_ms = 5000, .seed = 1};

	return adapter_check_with(&conf);
}
