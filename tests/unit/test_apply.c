/* What a fact does to a claim: the steps it takes and what it posts, on the figures of single stories and on random
 * histories whose ledger must always balance to what was decided last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "settle/apply.h"
#include "zhifu_adapter.h"

static struct fact_view billed_claim(int kind)
{
	struct fact_view view = {.kind = kind,
		.insurer = "alpha",
		.use = ZF_USE_CLAIM,
		.currency = "CNY",
		.exponent = 2,
		.billed = 241829};

	view.states[AXIS_TRANSPORT] = TRANSPORT_SENT;
	view.states[AXIS_BOOKS] = BOOKS_BILLED;
	return view;
}

static bool steps_to(const struct apply *apply, enum lifecycle_axis axis, uint8_t to)
{
	for (size_t i = 0; i < apply->step_count; i++)
		if (apply->steps[i].axis == axis) return apply->steps[i].to == to;
	return false;
}

/* Debit less credit of an account over an apply's postings. */
static int64_t balance(const struct apply *apply, const char *account)
{
	int64_t sum = 0;

	for (size_t i = 0; i < apply->posting_count; i++) {
		if (strcmp(apply->postings[i].debit, account) == 0) sum += apply->postings[i].amount;
		if (strcmp(apply->postings[i].credit, account) == 0) sum -= apply->postings[i].amount;
	}
	return sum;
}

/* The outpatient story: allowed 2,418.29, insurer 1,878.35, patient 539.94. */
static void test_a_decision_moves_the_patients_share(void **state)
{
	struct fact_view view = billed_claim(ZF_FACT_ADJUDICATED);
	struct apply apply;

	(void)state;
	view.has_adjudication = true;
	view.adjudicated_currency = "CNY";
	view.submitted = 241829;
	view.benefit = 187835;
	view.patient = 53994;
	view.shares = 53994;
	apply_fact(&view, &apply);
	assert_true(steps_to(&apply, AXIS_ACKNOWLEDGEMENT, ACKNOWLEDGEMENT_ACCEPTED));
	assert_true(steps_to(&apply, AXIS_ADJUDICATION, ADJUDICATION_APPROVED));
	assert_true(steps_to(&apply, AXIS_BOOKS, BOOKS_ADJUDICATED));
	assert_int_equal(balance(&apply, "AR-PT"), 53994);
	assert_int_equal(balance(&apply, "AR-ALPHA"), -53994);
}

static void test_what_is_missing_beyond_shares_is_partial_or_denied(void **state)
{
	struct fact_view view = billed_claim(ZF_FACT_ADJUDICATED);
	struct apply apply;

	(void)state;
	view.has_adjudication = true;
	view.adjudicated_currency = "CNY";
	view.submitted = 10000;
	view.benefit = 6000;
	view.shares = 1000;
	apply_fact(&view, &apply);
	assert_true(steps_to(&apply, AXIS_ADJUDICATION, ADJUDICATION_PART_APPROVED));
	view.benefit = 0;
	apply_fact(&view, &apply);
	assert_true(steps_to(&apply, AXIS_ADJUDICATION, ADJUDICATION_DENIED));
	view.shares = 10000; /* all of it the deductible: approved, with nothing to pay */
	apply_fact(&view, &apply);
	assert_true(steps_to(&apply, AXIS_ADJUDICATION, ADJUDICATION_APPROVED));
}

static void test_a_rejection_moves_no_money(void **state)
{
	struct fact_view view = billed_claim(ZF_FACT_REJECTED);
	struct apply apply;

	(void)state;
	apply_fact(&view, &apply);
	assert_true(steps_to(&apply, AXIS_ACKNOWLEDGEMENT, ACKNOWLEDGEMENT_REJECTED));
	assert_int_equal(apply.posting_count, 0);
}

static void test_a_decision_waits_for_the_bill(void **state)
{
	struct fact_view view = billed_claim(ZF_FACT_ADJUDICATED);
	struct apply apply;

	(void)state;
	view.has_adjudication = true;
	view.adjudicated_currency = "CNY";
	view.billed = 0;
	view.states[AXIS_BOOKS] = BOOKS_NONE;
	apply_fact(&view, &apply);
	assert_true(apply.defer);
	assert_int_equal(apply.step_count + apply.posting_count, 0);
}

static void test_another_currency_is_decided_but_not_posted(void **state)
{
	struct fact_view view = billed_claim(ZF_FACT_ADJUDICATED);
	struct apply apply;

	(void)state;
	view.has_adjudication = true;
	view.adjudicated_currency = "EUR";
	view.submitted = view.benefit = 30000;
	apply_fact(&view, &apply);
	assert_true(steps_to(&apply, AXIS_ADJUDICATION, ADJUDICATION_APPROVED));
	assert_int_equal(apply.posting_count, 0);
	assert_non_null(apply.why);
}

static void test_a_remittance_is_announced_not_cash(void **state)
{
	struct fact_view view = billed_claim(ZF_FACT_REMITTED);
	struct apply apply;

	(void)state;
	view.states[AXIS_BOOKS] = BOOKS_ADJUDICATED;
	view.has_detail = true;
	view.detail_amount = 24012;
	view.detail_fee = -720;
	view.detail_currency = "EUR";
	view.detail_exponent = 2;
	apply_fact(&view, &apply);
	assert_true(steps_to(&apply, AXIS_PAYMENT, PAYMENT_ANNOUNCED));
	assert_int_equal(balance(&apply, "CLR-REM-ALPHA"), 24012 - 720);
	assert_int_equal(balance(&apply, "AR-ALPHA"), 0);
	for (size_t i = 0; i < apply.posting_count; i++) assert_string_equal(apply.postings[i].currency, "EUR");
}

static void test_a_take_back_swaps_the_sides(void **state)
{
	struct fact_view view = billed_claim(ZF_FACT_REMITTED);
	struct apply apply;

	(void)state;
	view.states[AXIS_BOOKS] = BOOKS_ANNOUNCED;
	view.states[AXIS_PAYMENT] = PAYMENT_ANNOUNCED;
	view.has_detail = true;
	view.detail_amount = -24012;
	view.detail_currency = "EUR";
	apply_fact(&view, &apply);
	assert_true(steps_to(&apply, AXIS_PAYMENT, PAYMENT_TAKEN_BACK));
	assert_int_equal(balance(&apply, "CLR-REM-ALPHA"), -24012);
	for (size_t i = 0; i < apply.posting_count; i++) assert_true(apply.postings[i].amount > 0);
}

/* Facts come in any order: what depends on another waits for it, and nothing is lost. */
static void test_facts_wait_for_what_they_depend_on(void **state)
{
	struct fact_view view = billed_claim(ZF_FACT_REMITTED);
	struct apply apply;

	(void)state;
	view.states[AXIS_BOOKS] = BOOKS_ADJUDICATED;
	view.has_detail = true;
	view.detail_amount = -5000;
	view.detail_currency = "CNY";
	apply_fact(&view, &apply);
	assert_true(apply.defer); /* taken back before it was announced */
	view.detail_amount = 0;
	view.detail_fee = -700;
	apply_fact(&view, &apply);
	assert_int_equal(balance(&apply, "CLR-REM-ALPHA"), -700); /* only a fee */
	view = billed_claim(ZF_FACT_CANCELLED);
	view.states[AXIS_BOOKS] = BOOKS_NONE;
	apply_fact(&view, &apply);
	assert_true(apply.defer); /* cancelled before it was billed */
}

/* However often a claim is decided anew, what is posted adds up to the last decision; a cancellation clears it all. */
static void test_decisions_anew_post_the_difference(void **state)
{
	(void)state;
	srand(20261121);
	for (int history = 0; history < 2000; history++) {
		struct fact_view view = billed_claim(ZF_FACT_ADJUDICATED);
		int64_t total = view.billed, receivable = total, patient = 0, contract = 0;
		struct apply apply;

		view.has_adjudication = true;
		view.adjudicated_currency = "CNY";
		for (int decision = 0; decision < 6; decision++) {
			view.submitted = total;
			view.patient = rand() % 100000;
			view.contract = rand() % 100000;
			view.shares = view.patient + view.contract;
			view.benefit = view.submitted - view.shares - rand() % 2 * 1000;
			apply_fact(&view, &apply);
			assert_int_equal(apply.status, FACT_APPLIED);
			receivable += balance(&apply, "AR-ALPHA");
			patient += balance(&apply, "AR-PT");
			contract += balance(&apply, "CONTR");
			apply_forward(&apply, &view);
			assert_int_equal(view.patient_posted, patient);
			assert_int_equal(view.contract_posted, contract);
			assert_int_equal(view.seqs[AXIS_BOOKS], decision + 1);
			assert_int_equal(view.states[AXIS_BOOKS], BOOKS_ADJUDICATED);
			assert_int_equal(patient, view.patient);
			assert_int_equal(contract, view.contract);
			assert_int_equal(receivable + patient + contract, total);
		}
		view.kind = ZF_FACT_CANCELLED;
		apply_fact(&view, &apply);
		assert_int_equal(apply.status, FACT_APPLIED);
		assert_int_equal(receivable + balance(&apply, "AR-ALPHA"), 0);
		assert_int_equal(patient + balance(&apply, "AR-PT"), 0);
		assert_int_equal(contract + balance(&apply, "CONTR"), 0);
		assert_int_equal(balance(&apply, "REV-MED"), total);
		apply_forward(&apply, &view);
		assert_int_equal(view.billed, 0);
		assert_int_equal(view.patient_posted, 0);
		assert_int_equal(view.contract_posted, 0);
	}
}

static void test_every_rule_has_its_place(void **state)
{
	size_t count;
	const struct posting_rule *rules = posting_rules(&count);
	char account[ACCOUNT_LEN];

	(void)state;
	for (size_t i = 0; i < count; i++) {
		assert_ptr_equal(posting_rule(rules[i].name), &rules[i]);
		assert_string_not_equal(rules[i].debit, rules[i].credit);
		assert_non_null(rules[i].why_zh);
	}
	posting_account("AR-{INSURER}", "beta-2", account);
	assert_string_equal(account, "AR-BETA-2");
	posting_account("BANK-{ACCOUNT}", "USD", account);
	assert_string_equal(account, "BANK-USD");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_decision_moves_the_patients_share),
		cmocka_unit_test(test_what_is_missing_beyond_shares_is_partial_or_denied),
		cmocka_unit_test(test_a_rejection_moves_no_money),
		cmocka_unit_test(test_a_decision_waits_for_the_bill),
		cmocka_unit_test(test_another_currency_is_decided_but_not_posted),
		cmocka_unit_test(test_a_remittance_is_announced_not_cash),
		cmocka_unit_test(test_a_take_back_swaps_the_sides),
		cmocka_unit_test(test_facts_wait_for_what_they_depend_on),
		cmocka_unit_test(test_decisions_anew_post_the_difference),
		cmocka_unit_test(test_every_rule_has_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
