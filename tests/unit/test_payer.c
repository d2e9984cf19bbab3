/* The played insurer: the outpatient story S1 to the fen, the order of its rules, balance on random claims, its script,
 * and that its faults repeat. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/money.h"
#include "sandbox/script.h"
#include "sandbox/table.h"

#define LINES_MAX 12

/* A claim with its parts in one place. */
struct sample {
	struct zf_claim claim;
	struct zf_claim_line lines[LINES_MAX];
	const struct zf_claim_line *line_list[LINES_MAX];
	struct zf_coding codings[LINES_MAX + 1];
	const struct zf_coding *coding_list[LINES_MAX + 1];
	struct zf_concept concepts[LINES_MAX + 1];
	struct zf_diagnosis diagnosis;
	const struct zf_diagnosis *diagnosis_list[1];
};

static struct zf_money money(int64_t minor, const char *currency)
{
	struct zf_money made;
	assert_int_equal(money_make(minor, text_of(currency), &made), 0);
	return made;
}

static const struct zf_concept *concept_of(struct sample *sample, unsigned at, const char *code)
{
	sample->codings[at] = (struct zf_coding){.code = code};
	sample->coding_list[at] = &sample->codings[at];
	sample->concepts[at] = (struct zf_concept){.codings = &sample->coding_list[at], .coding_count = 1};
	return &sample->concepts[at];
}

static void begin_claim(struct sample *sample, const char *diagnosis)
{
	*sample = (struct sample){0};
	sample->claim.size = sizeof(sample->claim);
	sample->claim.use = ZF_USE_CLAIM;
	sample->claim.lines = sample->line_list;
	sample->diagnosis.concept = concept_of(sample, LINES_MAX, diagnosis);
	sample->diagnosis_list[0] = &sample->diagnosis;
	sample->claim.diagnoses = sample->diagnosis_list;
	sample->claim.diagnosis_count = 1;
}

static void add_line(struct sample *sample, const char *code, int64_t minor, const char *currency)
{
	unsigned at = sample->claim.line_count++;
	sample->lines[at] = (struct zf_claim_line){.size = sizeof(struct zf_claim_line),
		.sequence = (int32_t)at + 1,
		.product_or_service = concept_of(sample, at, code),
		.net = money(minor, currency)};
	sample->line_list[at] = &sample->lines[at];
	if (!sample->claim.total.present) sample->claim.total = money(0, currency);
	sample->claim.total.minor += minor;
}

static void load(struct arena *arena, const char *text, struct script *script)
{
	struct conf_faults faults;
	int err = script_parse(text, strlen(text), arena, script, &faults);
	if (err != 0) print_error("%s\n", err_text());
	assert_int_equal(err, 0);
}

static const char s1_script[] =
	"plan_currency = \"USD\"; rates = { CNY = \"7.1200\"; };"
	"deductible = \"200.00\"; deductible_used = \"150.00\";"
	"coinsurance = \"10\"; coinsurance_cap = \"25.00\";"
	"prices = ({ code = \"CONS\"; percent = \"10\"; }, { code = \"CT\"; percent = \"10\"; });"
	"limits = ({ code = \"TCM.*\"; amount = \"20.00\"; currency = \"CNY\"; });";

static void fill_s1(struct sample *sample, bool with_drugs)
{
	begin_claim(sample, "J06.9");
	add_line(sample, "CONS", 80000, "CNY");
	add_line(sample, "CT", 126000, "CNY");
	add_line(sample, "LAB", 48650, "CNY");
	if (!with_drugs) return;
	add_line(sample, "TCM-1", 2594, "CNY");
	add_line(sample, "TAB", 5185, "CNY");
}

static int64_t adjusted(const struct zf_adjudication *adjudication, uint16_t reason)
{
	int64_t sum = 0;
	for (uint32_t i = 0; i < adjudication->line_count; i++) {
		for (uint32_t k = 0; k < adjudication->lines[i]->adjustment_count; k++) {
			const struct zf_adjustment *adjustment = adjudication->lines[i]->adjustments[k];
			if (adjustment->reason == reason) sum += adjustment->amount.minor;
		}
	}
	return sum;
}

/* Balance as an outsider checks it. */
static void check_balance(const struct zf_adjudication *adjudication)
{
	int64_t submitted = 0, benefit = 0;
	for (uint32_t i = 0; i < adjudication->line_count; i++) {
		const struct zf_line_result *line = adjudication->lines[i];
		int64_t rest = line->submitted.minor;
		for (uint32_t k = 0; k < line->adjustment_count; k++) {
			assert_true(line->adjustments[k]->amount.minor > 0);
			rest -= line->adjustments[k]->amount.minor;
		}
		assert_true(rest == line->benefit.minor);
		assert_true(line->benefit.minor >= 0);
		assert_true(line->benefit.minor <= line->eligible.minor);
		submitted += line->submitted.minor;
		benefit += line->benefit.minor;
	}
	assert_true(submitted == adjudication->submitted.minor);
	assert_true(benefit == adjudication->benefit.minor);
}

static struct zf_adjudication *decide(const struct script *script, struct rule_member *member,
	const struct sample *sample, struct arena *arena, enum rule_verdict *verdict)
{
	struct zf_adjudication *made;
	assert_int_equal(rule_adjudicate(&script->rules, member, &sample->claim, &arena->zf, &made, verdict), 0);
	check_balance(made);
	return made;
}

static void test_s1_to_the_fen(void **state)
{
	(void)state;
	struct arena arena;
	struct script script;
	struct sample sample;
	struct rule_member member = {0};
	enum rule_verdict verdict;
	arena_init(&arena, 1 << 24);
	load(&arena, s1_script, &script);
	fill_s1(&sample, true);
	const struct zf_adjudication *made = decide(&script, &member, &sample, &arena, &verdict);
	assert_int_equal(verdict, RULE_APPROVED);
	assert_int_equal(made->submitted.minor, 262429);
	assert_int_equal(made->eligible.minor, 241235);
	assert_int_equal(made->benefit.minor, 187835);
	assert_int_equal(adjusted(made, ZF_REASON_CONTRACT_PRICE), 20600);
	assert_int_equal(adjusted(made, ZF_REASON_BENEFIT_LIMIT), 594);
	assert_int_equal(adjusted(made, ZF_REASON_DEDUCTIBLE), 35600);
	assert_int_equal(adjusted(made, ZF_REASON_COINSURANCE), 17800);
	/* What the patient bears of the medical part. */
	assert_int_equal(594 + 35600 + 17800, 53994);
	assert_int_equal(member.deductible_minor, 20000);
	assert_int_equal(member.limit_minor[0], 2000);
	/* The quote before the drugs were ordered, on a fresh year. */
	struct rule_member fresh = {0};
	fill_s1(&sample, false);
	made = decide(&script, &fresh, &sample, &arena, &verdict);
	assert_int_equal(made->eligible.minor, 234050);
	assert_int_equal(made->benefit.minor, 180650);
	/* A second visit: nothing left of deductible and herbal limit. */
	fill_s1(&sample, true);
	made = decide(&script, &member, &sample, &arena, &verdict);
	assert_int_equal(adjusted(made, ZF_REASON_DEDUCTIBLE), 0);
	assert_int_equal(adjusted(made, ZF_REASON_BENEFIT_LIMIT), 2594);
	arena_free(&arena);
}

static void test_verdicts(void **state)
{
	(void)state;
	struct arena arena;
	struct script script;
	struct sample sample;
	struct rule_member member = {0};
	enum rule_verdict verdict;
	arena_init(&arena, 1 << 24);
	load(&arena,
		"plan_currency = \"CNY\"; denials = ({ code = \"COS.*\"; }, { diagnosis = \"Z41.*\"; percent = \"50\"; "
		"reason = \"not-necessary\"; group = \"PI\"; original = \"MNEC-003\"; });"
		"rejects = ({ code = \"BAD\"; }); queries = ({ code = \"ASK\"; text = \"why\"; });",
		&script);
	begin_claim(&sample, "J06.9");
	add_line(&sample, "COS-1", 1000, "CNY");
	const struct zf_adjudication *made = decide(&script, &member, &sample, &arena, &verdict);
	assert_int_equal(verdict, RULE_DENIED);
	assert_int_equal(made->outcome, ZF_OUTCOME_COMPLETE);
	add_line(&sample, "GOOD", 1001, "CNY");
	made = decide(&script, &member, &sample, &arena, &verdict);
	assert_int_equal(verdict, RULE_PARTIAL);
	assert_int_equal(made->benefit.minor, 1001);
	/* Half of 10.01, half away from zero, is refused. */
	begin_claim(&sample, "Z41.1");
	add_line(&sample, "GOOD", 1001, "CNY");
	made = decide(&script, &member, &sample, &arena, &verdict);
	assert_int_equal(adjusted(made, ZF_REASON_NOT_NECESSARY), 501);
	assert_int_equal(made->lines[0]->adjustments[0]->group, ZF_GROUP_PI);
	assert_string_equal(made->lines[0]->adjustments[0]->original_code, "MNEC-003");
	assert_null(rule_query(&script.rules, &sample.claim));
	add_line(&sample, "ASK", 1, "CNY");
	assert_string_equal(rule_query(&script.rules, &sample.claim), "why");
	add_line(&sample, "BAD", 1, "CNY");
	made = decide(&script, &member, &sample, &arena, &verdict);
	assert_int_equal(verdict, RULE_REJECTED);
	assert_int_equal(made->outcome, ZF_OUTCOME_ERROR);
	assert_int_equal(made->error_count, 1);
	/* A currency without a rate cannot be decided. */
	begin_claim(&sample, "J06.9");
	add_line(&sample, "GOOD", 1001, "EUR");
	(void)decide(&script, &member, &sample, &arena, &verdict);
	assert_int_equal(verdict, RULE_REJECTED);
	arena_free(&arena);
}

static void test_claim_without_nets_is_decided_as_a_whole(void **state)
{
	(void)state;
	struct arena arena;
	struct script script;
	struct sample sample;
	struct rule_member member = {0};
	enum rule_verdict verdict;
	arena_init(&arena, 1 << 24);
	load(&arena, "plan_currency = \"USD\"; coinsurance = \"20\";", &script);
	begin_claim(&sample, "J06.9");
	add_line(&sample, "A", 0, "USD");
	add_line(&sample, "B", 5000, "USD");
	sample.lines[0].net.present = 0;
	sample.claim.total.minor = 12999;
	const struct zf_adjudication *made = decide(&script, &member, &sample, &arena, &verdict);
	assert_int_equal(made->line_count, 1);
	assert_int_equal(made->lines[0]->sequence, 0);
	assert_int_equal(made->submitted.minor, 12999);
	assert_int_equal(made->benefit.minor, 12999 - 2600);
	arena_free(&arena);
}

static uint64_t random_state = 20260908;

static uint64_t random_below(uint64_t limit)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (random_state >> 33) % limit;
}

static void test_balance_on_random_claims(void **state)
{
	(void)state;
	static const char *const codes[] = {"CONS", "CT", "LAB", "TCM-1", "TAB", "COS-1", "X"};
	static const char *const currencies[] = {"CNY", "USD", "JPY"};
	struct arena arena, scratch;
	struct script script;
	struct rule_member member = {0};
	enum rule_verdict verdict;
	arena_init(&arena, 1 << 24);
	arena_init(&scratch, 1 << 24);
	load(&arena,
		"plan_currency = \"USD\"; rates = { CNY = \"7.1200\"; JPY = \"147.9634\"; };"
		"deductible = \"2000.00\"; coinsurance = \"12.5\"; coinsurance_cap = \"333.33\";"
		"prices = ({ code = \"C.*\"; percent = \"7.25\"; });"
		"limits = ({ code = \"T.*\"; amount = \"900.01\"; }, { code = \"TCM.*\"; amount = \"99\"; currency = \"JPY\"; });"
		"denials = ({ code = \"COS.*\"; percent = \"33.3\"; });",
		&script);
	for (unsigned round = 0; round < 5000; round++) {
		struct sample sample;
		const char *currency = currencies[random_below(3)];
		if (round % 50 == 0) member = (struct rule_member){0};
		begin_claim(&sample, "J06.9");
		unsigned lines = 1 + (unsigned)random_below(LINES_MAX);
		for (unsigned i = 0; i < lines; i++) {
			/* Some lines of nothing at all, some large. */
			int64_t minor = (int64_t)random_below(4) == 0
						? 0
						: (int64_t)random_below(round % 7 == 0 ? 100000000 : 999);
			add_line(&sample, codes[random_below(7)], minor, currency);
		}
		const struct zf_adjudication *made = decide(&script, &member, &sample, &scratch, &verdict);
		struct zf_money cap;
		assert_int_equal(rule_convert(&script.rules, script.rules.coinsurance_cap, currency, &cap), 0);
		assert_true(adjusted(made, ZF_REASON_COINSURANCE) <= cap.minor);
		assert_true(member.deductible_minor <= 200000);
		assert_true(member.limit_minor[0] <= 90001 && member.limit_minor[1] <= 99);
		arena_reset(&scratch);
	}
	arena_free(&scratch);
	arena_free(&arena);
}

static void test_script_tells_all_mistakes(void **state)
{
	(void)state;
	static const char text[] = "wrong = 1;\nprices = ({ code = \"[\"; percent = \"101\"; });\n"
				   "denials = (\n{ reason = \"nope\"; });\nfaults = ({ kind = \"sing\"; });\n";
	struct arena arena;
	struct script script;
	struct conf_faults faults;
	arena_init(&arena, 1 << 24);
	assert_int_equal(script_parse(text, strlen(text), &arena, &script, &faults), ERR_INVALID);
	assert_int_equal(faults.count, 5);
	bool said[6] = {false};
	for (size_t i = 0; i < faults.count; i++) {
		unsigned line = 0;
		assert_int_equal(sscanf(faults.items[i], "script:%u:", &line), 1);
		assert_true(line >= 1 && line <= 5);
		said[line] = true;
	}
	assert_true(said[1] && said[2] && said[4] && said[5]);
	static const char money_text[] = "deductible = \"12,00\"; plan_currency = \"JPY\"; pay_currency = \"EUR\";";
	assert_int_equal(script_parse(money_text, strlen(money_text), &arena, &script, &faults), ERR_INVALID);
	arena_free(&arena);
}

static void test_faults_repeat(void **state)
{
	(void)state;
	static const int64_t ordinals[] = {2, 4};
	const struct misbehave_fault list[] = {
		{.kind = MISBEHAVE_500,
			.scope = MISBEHAVE_SUBMIT,
			.ordinals = ordinals,
			.ordinal_count = 2,
			.chance_ppm = -1},
		{.kind = MISBEHAVE_HANG,
			.scope = MISBEHAVE_SUBMIT,
			.chance_ppm = 250000,
			.from_ms = 10,
			.times_max = 150},
	};
	char first[1000], key[16];
	for (int run = 0; run < 2; run++) {
		struct misbehave misbehave = {.faults = list, .count = 2, .seed = 7};
		unsigned hangs = 0;
		for (int i = 0; i < 1000; i++) {
			(void)snprintf(key, sizeof(key), "R%d", i);
			const struct misbehave_fault *fault =
				misbehave_request(&misbehave, MISBEHAVE_SUBMIT, key, i < 5 ? 5 : 20);
			char kind = (char)(fault == NULL ? 0 : fault->kind);
			hangs += kind == MISBEHAVE_HANG;
			if (i < 5) assert_int_equal(kind, i == 1 || i == 3 ? MISBEHAVE_500 : 0);
			if (run == 0) first[i] = kind;
			assert_int_equal(first[i], kind);
		}
		assert_int_equal(hangs, 150);
	}
}

static void test_table(void **state)
{
	(void)state;
	static char keys[5000][8];
	struct table table = {0};
	assert_null(table_get(&table, "x"));
	for (int i = 0; i < 5000; i++) {
		(void)snprintf(keys[i], sizeof(keys[i]), "%d", i);
		table_put(&table, keys[i], keys[i]);
	}
	for (int i = 0; i < 5000; i++) assert_ptr_equal(table_get(&table, keys[i]), keys[i]);
	assert_null(table_get(&table, "5000"));
	assert_int_equal(table.count, 5000);
	table_put(&table, keys[7], keys[8]);
	assert_ptr_equal(table_get(&table, "7"), keys[8]);
	assert_int_equal(table.count, 5000);
	table_clear(&table);
	assert_null(table_get(&table, "7"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_s1_to_the_fen),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_claim_without_nets_is_decided_as_a_whole),
		cmocka_unit_test(test_balance_on_random_claims),
		cmocka_unit_test(test_script_tells_all_mistakes),
		cmocka_unit_test(test_faults_repeat),
		cmocka_unit_test(test_table),
	};
	return cmocka_run_group_tests_name("payer", tests, NULL, NULL);
}
