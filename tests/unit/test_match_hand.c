/* What a person says of money in suspense, to the minor unit: several things missing at once, in one currency and
 * across two, what is too much, and what does not fit. */
#include "rate_lab.h"

#include "db/batch.h"
#include "lib_arena.h"
#include "settle/book_rate.h"
#include "settle/match_hand.h"

static struct match_hand money(const char *amount, const char *currency, const char *book)
{
	struct match_hand hand = {.zero = lab_money("0", currency), .book = lab_money(book, "CNY")};
	hand.whole = hand.open = lab_money(amount, currency).minor;
	return hand;
}

static struct match_hand_claim claim(const char *open, const char *currency)
{
	return (struct match_hand_claim){.ref = "HZ1", .version = 3, .open = lab_money(open, currency)};
}

#define SAID(...) ((struct match_rest_sum[]){__VA_ARGS__}), ARRAY_LEN(((struct match_rest_sum[]){__VA_ARGS__}))

static struct match_allot fits(const struct match_hand *hand, const struct match_hand_claim *claim, int64_t amount,
	const struct match_rest_sum *rests, size_t count)
{
	enum match_hand_fault fault;
	struct match_allot part;
	assert_int_equal(match_hand_part(hand, claim, amount, rests, count, &part, &fault), 0);
	assert_int_equal(fault, MATCH_HAND_FITS);
	assert_int_equal(part.amount, amount);
	assert_int_equal(part.version, 3);
	return part;
}

static void refused(const struct match_hand *hand, const struct match_hand_claim *claim, int64_t amount,
	enum match_hand_fault expected, const struct match_rest_sum *rests, size_t count)
{
	enum match_hand_fault fault;
	struct match_allot part;
	assert_int_equal(match_hand_part(hand, claim, amount, rests, count, &part, &fault), ERR_DENIED);
	assert_int_equal(fault, expected);
	assert_true(match_hand_fault_text(fault, false)[0] != '\0' && match_hand_fault_text(fault, true)[0] != '\0');
}

static void several_things_are_missing_at_once(void **state)
{
	(void)state;
	struct match_hand hand = money("875.00", "CNY", "875.00");
	struct match_hand_claim owed = claim("1000.00", "CNY");
	struct match_allot part = fits(&hand, &owed, 87500, SAID({MATCH_REST_CHARGE, 2500}, {MATCH_REST_SHORT, 10000}));
	assert_int_equal(part.cleared, 90000);
	assert_int_equal(part.short_by, 10000);
	assert_int_equal(part.charge.minor, 2500);
	assert_int_equal(part.charge.book, 2500);
	part = fits(
		&hand, &owed, 87500, SAID({MATCH_REST_FEE, 5000}, {MATCH_REST_DISCOUNT, 2000}, {MATCH_REST_CHARGE, 0}));
	assert_int_equal(part.cleared, 100000);
	assert_int_equal(part.fee.minor, 5000);
	assert_int_equal(part.discount.minor, 2000);
	assert_int_equal(part.charge.minor, 5500);
	assert_int_equal(part.short_by, 0);
	/* Nothing said, it stays open; what is too much is a liability. */
	part = fits(&hand, &owed, 87500, NULL, 0);
	assert_int_equal(part.cleared, 87500);
	assert_int_equal(part.short_by, 12500);
	owed = claim("800.00", "CNY");
	part = fits(&hand, &owed, 87500, NULL, 0);
	assert_int_equal(part.over, 7500);
	assert_int_equal(part.cleared, 80000);
	owed = claim("0.00", "CNY");
	assert_int_equal(fits(&hand, &owed, 87500, SAID({MATCH_REST_CHARGE, 0})).kind, MATCH_PART_DOUBLE);
	refused(&hand, &owed, 87500, MATCH_HAND_NOTHING, SAID({MATCH_REST_CHARGE, 100}));
}

static void what_does_not_fit_is_told(void **state)
{
	(void)state;
	struct match_hand hand = money("875.00", "CNY", "875.00");
	struct match_hand_claim owed = claim("1000.00", "CNY");
	refused(&hand, &owed, 87500, MATCH_HAND_OTHER, SAID({MATCH_REST_CHARGE, 2500}, {MATCH_REST_SHORT, 9900}));
	refused(&hand, &owed, 87500, MATCH_HAND_MORE, SAID({MATCH_REST_CHARGE, 12501}));
	refused(&hand, &owed, 87500, MATCH_HAND_ALL, SAID({MATCH_REST_CHARGE, 0}, {MATCH_REST_FEE, 0}));
	refused(&hand, &owed, 87500, MATCH_HAND_NO_RATE, SAID({MATCH_REST_FX, 0}));
	owed = claim("1000.00", "USD");
	refused(&hand, &owed, 87500, MATCH_HAND_RATE, NULL, 0);
	refused(&hand, &owed, 87500, MATCH_HAND_ALL, SAID({MATCH_REST_FX, 100}));
}

/* A rate there is, but what it makes of a cent is less than half of one. */
static void so_little_is_nothing(void **state)
{
	(void)state;
	struct match_hand hand = money("1000.00", "USD", "0.10");
	struct match_hand_claim owed = claim("100.00", "CNY");
	refused(&hand, &owed, 1, MATCH_HAND_SMALL, NULL, 0);
}

/* Owed in yuan and paid in dollars: at what these are carried at. */
static void dollars_for_yuan(void **state)
{
	(void)state;
	struct match_hand hand = money("1000.00", "USD", "7105.00");
	struct match_hand_claim owed = claim("7300.00", "CNY");
	struct match_allot part = fits(&hand, &owed, 100000, SAID({MATCH_REST_CHARGE, 2000}));
	assert_int_equal(part.charge.book, 14210);
	assert_int_equal(part.cleared, 724710);
	part = fits(&hand, &owed, 100000, SAID({MATCH_REST_CHARGE, 2000}, {MATCH_REST_FX, 0}));
	assert_int_equal(part.cleared, 730000);
	assert_int_equal(part.charge.minor, 2000);
	part = fits(&hand, &owed, 100000, SAID({MATCH_REST_FEE, 0}));
	assert_int_equal(part.cleared, 730000);
	assert_int_equal(part.fee.minor, 2745); /* 7300.00 / 7.105 = 1027.45 */
	assert_int_equal(part.fee.book, 19503);
	part = fits(&hand, &owed, 100000, SAID({MATCH_REST_CHARGE, 1000}, {MATCH_REST_SHORT, 1000}));
	assert_int_equal(part.cleared, 730000 - 7105);
	/* Too much is a liability, but where it is said to be the rate's. */
	owed = claim("7000.00", "CNY");
	part = fits(&hand, &owed, 100000, NULL, 0);
	assert_int_equal(part.cleared, 700000);
	assert_int_equal(part.over, 1478); /* 7000.00 / 7.105 = 985.22 */
	assert_int_equal(fits(&hand, &owed, 100000, SAID({MATCH_REST_FX, 0})).over, 0);
	refused(&hand, &owed, 100000, MATCH_HAND_MORE, SAID({MATCH_REST_CHARGE, 100}));
}

/* By one step, and as it is after it was kept. */
static void converted(const struct match_allot *part, int64_t from, int64_t to, bool of_owed, const struct uuid *rate)
{
	__attribute__((cleanup(lib_arena_free))) struct lib_arena arena = {.zf = {lib_arena_alloc}, .fail_at = -1};
	struct match_allot parts[] = {*part};
	struct match_choice choice = {.kind = MATCH_PAYMENT, .part_count = 1, .parts = parts}, again;
	struct text_span json;
	assert_int_equal(match_choice_write(&choice, &arena.zf, &json), 0);
	assert_int_equal(match_choice_read(json, &arena.zf, &again), 0);
	const struct match_conversion *made = &again.parts[0].conversion;
	assert_int_equal(made->from, from);
	assert_int_equal(made->to, to);
	assert_int_equal(made->of_owed, of_owed);
	assert_int_equal(made->rule, BOOK_RATE_ROUNDING);
	assert_int_equal(made->count, 1);
	assert_true(uuid_equal(&made->steps[0].rate, rate));
	assert_int_equal(made->steps[0].multiplied, of_owed);
}

/* Owed as a foreign amount and paid in another currency: by the rate of the line's day. */
static void yuan_for_dollars(void **state)
{
	(void)state;
	struct rate rate = lab_rate(RATE_CFETS, "2025-11-20", 1, "USD", "7.1050", "CNY");
	struct match_hand hand = money("16000.00", "CNY", "16000.00");
	struct match_hand_claim owed = claim("2315.00", "USD");
	struct rate_path from, to;
	assert_int_equal(rate_path_init(&from, TEXT("CNY")), 0);
	assert_int_equal(rate_path_add(&from, &rate), 0);
	assert_int_equal(rate_path_init(&to, TEXT("USD")), 0);
	assert_int_equal(rate_path_add(&to, &rate), 0);
	owed.from_line = &from;
	owed.to_line = &to;
	struct match_allot part = fits(&hand, &owed, 1600000, SAID({MATCH_REST_CHARGE, 10000}));
	assert_int_equal(part.cleared, 226601); /* 16100.00 / 7.105 */
	assert_int_equal(part.charge.book, 10000);
	/* With the rate it is on record: of what came where that tells what is cleared, of what is owed where that
	 * does. */
	struct uuid id = uuid_new();
	const struct stored_rates rates = {.table = {.rates = &rate, .count = 1}, .ids = &id};
	hand.rates = &rates;
	part = fits(&hand, &owed, 1600000, SAID({MATCH_REST_CHARGE, 10000}));
	converted(&part, 1610000, 226601, false, &id);
	part = fits(&hand, &owed, 1600000, SAID({MATCH_REST_CHARGE, 0}));
	converted(&part, 231500, 1644808, true, &id);
	assert_int_equal(fits(&hand, &owed, 1600000, SAID({MATCH_REST_FX, 0})).conversion.count, 0);
	/* What is said to stay open is converted as well, but that tells nothing of what is cleared. */
	part = fits(&hand, &owed, 1600000, SAID({MATCH_REST_SHORT, 10000}));
	assert_int_equal(part.cleared, 230093); /* 2315.00 - 100.00 / 7.105 */
	assert_int_equal(part.conversion.count, 0);
	part = fits(&hand, &owed, 1600000, SAID({MATCH_REST_SHORT, 10000}, {MATCH_REST_FX, 0}));
	assert_int_equal(part.cleared, 230093);
	assert_int_equal(part.conversion.count, 0);
	part = fits(&hand, &owed, 1600000, SAID({MATCH_REST_SHORT, 10000}, {MATCH_REST_CHARGE, 0}));
	assert_int_equal(part.cleared, 230093);
	assert_int_equal(part.charge.minor, 34811); /* 2300.93 * 7.105 = 16348.11 */
	converted(&part, 230093, 1634811, true, &id);
	part = fits(&hand, &owed, 1600000, SAID({MATCH_REST_CHARGE, 0}));
	assert_int_equal(part.cleared, 231500);
	assert_int_equal(part.charge.minor, 44808); /* 2315.00 * 7.105 = 16448.08 */
	part = fits(&hand, &owed, 1600000, SAID({MATCH_REST_FX, 0}));
	assert_int_equal(part.cleared, 231500);
	assert_int_equal(part.charge.minor, 0);
	owed.open = lab_money("2000.00", "USD");
	assert_int_equal(fits(&hand, &owed, 1600000, NULL, 0).over, 179000);
}

/* As many as are posted at once, each as large as one may be: ten advices of 4,000 foreign details, by two steps. */
static void conversions_of_many_postings_fit(void **state)
{
	(void)state;
	static struct match_allot parts[MATCH_CHOICE_PARTS_MAX];
	struct match_choice choice = {
		.kind = MATCH_PAYMENT, .sound = true, .part_count = ARRAY_LEN(parts), .parts = parts};
	struct match_posting postings[10];
	struct db_params params;
	struct arena arena;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		parts[i] = (struct match_allot){.kind = MATCH_PART_PAYMENT,
			.has_claim = true,
			.claim = uuid_new(),
			.amount = 10290000,
			.cleared = 1450317,
			.conversion = {.from = 10290000, .to = 1450317, .rule = BOOK_RATE_ROUNDING, .count = 2}};
	for (size_t i = 0; i < ARRAY_LEN(postings); i++) postings[i] = (struct match_posting){.choice = &choice};
	arena_init(&arena, DB_BATCH_BYTES_MAX);
	db_params_init(&params, &arena);
	match_post_params(&params, &postings[0].line, "zhifu", NULL, false, postings, ARRAY_LEN(postings));
	assert_int_equal(params.err, 0);
	assert_int_equal(params.count, MATCH_POST_PARAMS);
	assert_true(params.values[MATCH_POST_PARAMS - 1].len > (int)MATCH_CHOICE_BYTES_MAX);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(so_little_is_nothing),
		cmocka_unit_test(several_things_are_missing_at_once),
		cmocka_unit_test(what_does_not_fit_is_told),
		cmocka_unit_test(dollars_for_yuan),
		cmocka_unit_test(yuan_for_dollars),
		cmocka_unit_test(conversions_of_many_postings_fit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
