/* A hospital with payers, contracts, claims and lines for the tests of matching. All of it is made up. */
#ifndef TESTS_UNIT_MATCH_LAB_H
#define TESTS_UNIT_MATCH_LAB_H

#include "rate_lab.h"

#include "base/id.h"
#include "base/mem.h"
#include "settle/match.h"

#define LAB_LIST 8
#define LAB_ARENA_BYTES (64u << 20)

struct match_lab {
	struct rate rates[LAB_RATES];
	struct match_payer payers[LAB_LIST];
	const char *names[LAB_LIST][2];
	struct match_contract contracts[LAB_LIST];
	struct zf_money tolerances[LAB_LIST];
	struct match_usual usual[LAB_LIST][2];
	uint32_t payer_count, contract_count;
	struct match_index *index;
	struct arena arena;
	struct match_result result;
	uint32_t lines;
};

/* A payer with a name, and if that isn't NULL an account. */
static inline uint32_t lab_payer(struct match_lab *lab, const char *name, const char *account, uint8_t settles)
{
	uint32_t at = lab->payer_count++;
	lab->names[at][0] = name;
	lab->names[at][1] = account;
	lab->payers[at] = (struct match_payer){
		.names = &lab->names[at][0],
		.name_count = 1,
		.accounts = &lab->names[at][1],
		.account_count = account != NULL,
		.settles = settles,
		.claims_max = settles == MATCH_SEVERAL ? 3 : 1,
		.advices_max = 2,
	};
	return at;
}

/* A contract: owed and paid in these currencies, with a tolerance of so many minor units of the latter. */
static inline struct match_contract *lab_contract(
	struct match_lab *lab, uint32_t payer, const char *owed, const char *pay, int64_t tolerance)
{
	uint32_t at = lab->contract_count++;
	struct match_contract *contract = &lab->contracts[at];
	assert_int_equal(money_make(tolerance, text_of(pay), &lab->tolerances[at]), 0);
	*contract = (struct match_contract){
		.payer = payer,
		.rate_day = MATCH_ORDER,
		.rate_source = RATE_CFETS,
		.pivot = "CNY",
		.reach_days = RATE_REACH_DAYS,
		.bound = 50,
		.bound_other = 100,
		.tolerances = &lab->tolerances[at],
		.tolerance_count = 1,
		.usual = lab->usual[at],
	};
	memcpy(contract->owed, owed, 4);
	memcpy(contract->pay, pay, 4);
	return contract;
}

static inline struct match_usual *lab_usual(
	struct match_lab *lab, const char *amount, const char *currency, uint32_t times)
{
	uint32_t at = lab->contract_count - 1;
	struct match_contract *contract = &lab->contracts[at];
	struct match_usual *made = &lab->usual[at][contract->usual_count++];
	*made = (struct match_usual){lab_money(amount, currency), times, NULL};
	return made;
}

static inline struct match_setting lab_setting(struct match_lab *lab)
{
	return (struct match_setting){
		.payers = lab->payers,
		.contracts = lab->contracts,
		.payer_count = lab->payer_count,
		.contract_count = lab->contract_count,
		.rates = lab_fixture(lab->rates),
		.book = "CNY",
		.booked = {{RATE_CFETS}, 1, RATE_REACH_DAYS, INT32_MAX},
	};
}

static inline void lab_open(struct match_lab *lab)
{
	struct match_setting setting = lab_setting(lab);
	assert_int_equal(match_index_new(&setting, &lab->index), 0);
	arena_init(&lab->arena, LAB_ARENA_BYTES);
}

static inline void lab_close(struct match_lab *lab)
{
	match_index_free(lab->index);
	arena_free(&lab->arena);
}

/* A claim of a contract, all of it open. */
static inline uint32_t lab_bill(struct match_lab *lab, uint32_t contract, const char *ref, const char *owed,
	const char *book, const char *billed, bool of_plan)
{
	uint32_t claim = MATCH_NONE;
	const struct match_claim made = {
		.numbers = {ref},
		.contract = contract,
		.made = {lab_money(owed, lab->contracts[contract].owed), lab_money(book, "CNY")},
		.open = lab_money(owed, lab->contracts[contract].owed),
		.billed_day = lab_day(billed),
		.due_day = lab_day(billed) + 60,
		.of_plan = of_plan,
	};
	assert_int_equal(match_index_add(lab->index, &made, &claim), 0);
	return claim;
}

static inline uint32_t lab_claim(struct match_lab *lab, uint32_t contract, const char *ref, const char *owed,
	const char *book, const char *billed)
{
	return lab_bill(lab, contract, ref, owed, book, billed, false);
}

static inline struct match_line lab_line(struct match_lab *lab, const char *amount, const char *currency,
	const char *day, const char *name, const char *text)
{
	return (struct match_line){
		.id = lab->lines++,
		.amount = lab_money(amount, currency),
		.booked_day = lab_day(day),
		.order_day = lab_day(day),
		.payer_name = name,
		.text = text,
	};
}

/* Looks at it; the result is in lab->result until the next. */
static inline uint8_t lab_match(struct match_lab *lab, const struct match_line *line)
{
	assert_int_equal(match_line(lab->index, line, &lab->arena.zf, &lab->result), 0);
	return lab->result.wait;
}

/* Looks at it and does what comes out. */
static inline uint8_t lab_post(struct match_lab *lab, const struct match_line *line)
{
	uint8_t wait = lab_match(lab, line);
	assert_int_equal(match_index_credit(lab->index, line, &lab->result), 0);
	if (wait != MATCH_POSTS) return wait;
	const struct match_candidate *first = &lab->result.candidates[0];
	for (int i = 0; i < 2; i++) {
		if (first->advices[i] != MATCH_NONE) match_index_advice_paid(lab->index, first->advices[i], true);
	}
	for (uint32_t i = 0; i < first->part_count; i++) {
		const struct match_part *part = &first->parts[i];
		if (part->kind != MATCH_PART_PAYMENT) continue;
		assert_true(part->booked);
		assert_int_equal(match_index_open(lab->index, part->claim, part->books.left), 0);
	}
	return wait;
}

/* Is this claim's part of the best answer there? */
static inline const struct match_part *lab_part(const struct match_lab *lab, uint32_t claim)
{
	assert_true(lab->result.count > 0);
	const struct match_candidate *first = &lab->result.candidates[0];
	for (uint32_t i = 0; i < first->part_count; i++) {
		if (first->parts[i].claim == claim) return &first->parts[i];
	}
	fail_msg("the claim has no part");
	return NULL;
}

/* Does it say so of the candidate? */
static inline bool lab_says(struct match_lab *lab, uint32_t candidate, const char *words)
{
	for (uint32_t i = 0; i < lab->result.candidates[candidate].reason_count; i++) {
		const struct match_reason *reason = &lab->result.candidates[candidate].reasons[i];
		const char *text = match_reason_text(reason, false, &lab->arena.zf);
		assert_non_null(text);
		assert_non_null(match_reason_text(reason, true, &lab->arena.zf));
		if (strcmp(text, words) == 0) return true;
	}
	return false;
}

#endif
