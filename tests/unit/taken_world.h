/* What the tests share that are about money that came too much or was taken back: claims in yuan and in dollars, and
 * how they stand. */
#ifndef UNIT_TAKEN_WORLD_H
#define UNIT_TAKEN_WORLD_H

#include "receivable_world.h"

/* What is open of a claim, what of it is owed back, and where it stands. */
static inline void stands(
	const struct test_claim *claim, const char *currency, int64_t open, int64_t over, int standing)
{
	assert_int_equal(number("SELECT open_minor FROM zhifu.receivable WHERE claim_id = '%s'", claim->id_text), open);
	assert_int_equal(number("SELECT coalesce(sum(CASE WHEN credit LIKE 'OVERPAID-%%' THEN amount_minor"
				" WHEN debit LIKE 'OVERPAID-%%' THEN -amount_minor END), 0)::int8 FROM zhifu.posting"
				" WHERE claim_id = '%s' AND currency = '%s'",
				 claim->id_text, currency),
		over);
	assert_int_equal(
		number("SELECT standing::int8 FROM zhifu.receivable WHERE claim_id = '%s'", claim->id_text), standing);
	books_hold();
}

static inline void payment_is(const struct test_claim *claim, int payment, int books)
{
	assert_int_equal(number("SELECT (payment * 10 + books)::int8 FROM zhifu.claim_state WHERE claim_id = '%s'",
				 claim->id_text),
		payment * 10 + books);
}

static inline struct test_claim claim_of(int64_t minor)
{
	struct test_claim claim;

	none_left();
	claim = claim_billed("alpha", "CNY", 2, minor, "2026-10-06");
	all_made();
	return claim;
}

/* 102,900.00 CNY, owed as 14,503.17 USD. */
static inline struct test_claim claim_in_dollars(void)
{
	struct test_claim claim;

	none_left();
	rate_add("USD", 1, "70950", 4, "2026-09-30");
	contract_add("beta", KIND_C, "\"term_days\": 30");
	claim = claim_billed("beta", "CNY", 2, 10290000, "2026-10-06");
	all_made();
	return claim;
}

static inline void yuan(const struct test_claim *claim, enum test_kind kind, int64_t minor, int64_t over,
	char allocation[UUID_TEXT_LEN])
{
	struct test_line line = line_booked("CNY", 2, minor, minor);

	allocate(&line, claim, kind, kind == TWICE ? 0 : minor - over, over, allocation);
}

#endif
