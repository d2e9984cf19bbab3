/* Three payers on one stay: scenario S7's table to the fen, what is refused, and random stays against an exact
 * oracle. */
#include "rate_lab.h"

#include "lib_arena.h"
#include "model/coordination.h"

__extension__ typedef __int128 int128;

static struct zf_money cny(const char *amount)
{
	return lab_money(amount, "CNY");
}

/* The stay of the scenario: 90 % of what 医保 leaves in the catalogue above 500, and 80 % of reasonable charges. */
static struct coordination_stay stay_of(enum coordination_clause clause)
{
	return (struct coordination_stay){.total = cny("32000.00"),
		.fund = cny("20480.00"),
		.personal = cny("11520.00"),
		.catalogue = cny("26400.00"),
		.account = cny("1500.00"),
		.group_share = 9000,
		.group_above = cny("500.00"),
		.plan_share = 8000,
		.clause = clause};
}

static struct coordination share(const struct coordination_stay *stay)
{
	struct coordination shares;
	enum coordination_fault fault = COORDINATION_FITS;
	int r = coordination_share(stay, DECIMAL_HALF_AWAY, &shares, &fault);

	if (r != 0) fail_msg("%d: %s", r, coordination_fault_text(fault, false));
	return shares;
}

static void refused(const struct coordination_stay *stay, enum coordination_fault want)
{
	struct coordination shares = {.fund = {.minor = 77}};
	enum coordination_fault fault = COORDINATION_FITS;

	assert_int_equal(coordination_share(stay, DECIMAL_HALF_AWAY, &shares, &fault), ERR_DENIED);
	assert_int_equal(fault, want);
	assert_int_equal(shares.fund.minor, 77);
	assert_true(strlen(coordination_fault_text(fault, false)) > 20);
	assert_true(strlen(coordination_fault_text(fault, true)) > 20);
}

static void the_table(void **state)
{
	(void)state;
	static const struct {
		enum coordination_clause clause;
		const char *plan, *account, *cash;
	} rows[] = {
		{COORDINATION_WHOLE, "6642.00", "0.00", "0.00"}, /* the account stays untouched */
		{COORDINATION_CARVE_OUT, "242.00", "1500.00", "4900.00"},
		{COORDINATION_PERCENTAGE, "5313.60", "1328.40", "0.00"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct coordination_stay stay = stay_of(rows[i].clause);
		struct coordination shares = share(&stay);

		lab_is(shares.fund, "20480.00", "CNY");
		lab_is(shares.group, "4878.00", "CNY");
		lab_is(shares.left, "6642.00", "CNY");
		lab_is(shares.benefit, "25600.00", "CNY");
		lab_is(shares.plan, rows[i].plan, "CNY");
		lab_is(shares.account, rows[i].account, "CNY");
		lab_is(shares.cash, rows[i].cash, "CNY");
		/* As a result it is the same. */
		stay.group = cny("4878.00");
		stay.catalogue = (struct zf_money){0};
		shares = share(&stay);
		lab_is(shares.plan, rows[i].plan, "CNY");
	}
	/* In the international department fund and group plan pay nothing: any clause comes to the same. */
	for (enum coordination_clause clause = COORDINATION_WHOLE; clause <= COORDINATION_PERCENTAGE; clause++) {
		struct coordination_stay stay = {.total = cny("32000.00"),
			.fund = cny("0.00"),
			.personal = cny("32000.00"),
			.plan_share = 8000,
			.clause = clause};
		struct coordination shares = share(&stay);

		lab_is(shares.plan, "25600.00", "CNY");
		lab_is(shares.account, "0.00", "CNY");
		lab_is(shares.cash, "6400.00", "CNY");
	}
}

static void what_must_not_be(void **state)
{
	(void)state;
	struct coordination_stay stay = stay_of(COORDINATION_CARVE_OUT);

	stay.fund = stay.personal = (struct zf_money){0};
	refused(&stay, COORDINATION_NOT_SETTLED);
	stay = stay_of(COORDINATION_NONE);
	refused(&stay, COORDINATION_NO_CLAUSE);
	/* 20,480.00 and 1,500.00 of the patient's own. */
	stay = stay_of(COORDINATION_CARVE_OUT);
	stay.fund = cny("21980.00");
	refused(&stay, COORDINATION_ACCOUNT_PAID);
	stay.fund = cny("20980.00");
	stay.used = cny("500.00");
	refused(&stay, COORDINATION_ACCOUNT_PAID);
	stay.fund = cny("20480.01");
	refused(&stay, COORDINATION_SETTLEMENT);
	stay = stay_of(COORDINATION_CARVE_OUT);
	stay.catalogue = cny("20479.99");
	refused(&stay, COORDINATION_SETTLEMENT);
	stay.catalogue = cny("32000.01");
	refused(&stay, COORDINATION_SETTLEMENT);
	stay.catalogue = (struct zf_money){0};
	refused(&stay, COORDINATION_GROUP);
	stay.group = cny("11520.01");
	refused(&stay, COORDINATION_GROUP);
	stay = stay_of(COORDINATION_CARVE_OUT);
	stay.reasonable = cny("32000.01");
	refused(&stay, COORDINATION_REASONABLE);
	stay.reasonable = (struct zf_money){0};
	stay.used = cny("1500.01");
	refused(&stay, COORDINATION_ACCOUNT_MUCH);
	stay = stay_of(COORDINATION_PERCENTAGE);
	stay.used = cny("1328.41");
	refused(&stay, COORDINATION_ACCOUNT_MUCH);
	stay = stay_of(COORDINATION_WHOLE);
	stay.used = cny("0.01");
	refused(&stay, COORDINATION_ACCOUNT_SOON);
	/* The patient may pay more of it in cash. */
	stay = stay_of(COORDINATION_CARVE_OUT);
	stay.used = cny("0.00");
	lab_is(share(&stay).cash, "6400.00", "CNY");
}

static void what_is_no_stay(void **state)
{
	(void)state;
	struct coordination_stay bad[6];
	struct coordination shares;
	enum coordination_fault fault;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) bad[i] = stay_of(COORDINATION_WHOLE);
	bad[0].total = (struct zf_money){0};
	bad[1].personal = (struct zf_money){0};
	bad[2].account = cny("-0.01");
	bad[3].group_above = lab_money("5.00", "USD");
	bad[4].plan_share = 10001;
	bad[5].group_share = 10001;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(coordination_share(&bad[i], DECIMAL_HALF_AWAY, &shares, &fault), ERR_INVALID);
	for (enum coordination_clause clause = COORDINATION_WHOLE; clause <= COORDINATION_PERCENTAGE; clause++)
		assert_int_equal(coordination_clause_of(coordination_clause_word(clause)), clause);
	assert_int_equal(coordination_clause_of("standard"), COORDINATION_NONE);
	assert_int_equal(coordination_clause_of(""), COORDINATION_NONE);
	assert_int_equal(coordination_clause_of(NULL), COORDINATION_NONE);
}

/* ---- random stays ---- */

/* points hundredths of a per cent of an amount, as on paper. */
static int64_t percent(int64_t amount, uint32_t points, enum decimal_rule rule)
{
	int128 exact = (int128)amount * points, whole = exact / 10000, rest = exact - whole * 10000;
	bool up = rule == DECIMAL_UP
			  ? rest > 0
			  : rule != DECIMAL_DOWN &&
				    (2 * rest > 10000 ||
					    (2 * rest == 10000 && (rule == DECIMAL_HALF_AWAY || whole % 2 == 1)));
	return (int64_t)(whole + (up ? 1 : 0));
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t upto(uint64_t *seed, int64_t max)
{
	return (int64_t)(lib_random(seed) % ((uint64_t)max + 1));
}

static struct zf_money yuan(int64_t minor)
{
	struct zf_money money;

	assert_int_equal(money_make(minor, text_of("CNY"), &money), 0);
	return money;
}

static void random_stays_add_up(void **state)
{
	(void)state;
	uint64_t seed = 20261020;

	for (int n = 0; n < 200000; n++) {
		int64_t total = upto(&seed, n % 10 == 0 ? INT64_MAX - 1 : 5000000), catalogue = upto(&seed, total),
			fund = upto(&seed, catalogue), above = upto(&seed, total), account = upto(&seed, 300000),
			reasonable = upto(&seed, total);
		enum decimal_rule rule = (enum decimal_rule)(n % 4);
		struct coordination_stay stay = {.total = yuan(total),
			.fund = yuan(fund),
			.personal = yuan(total - fund),
			.catalogue = yuan(catalogue),
			.account = yuan(account),
			.group_share = (uint32_t)upto(&seed, 10000),
			.group_above = yuan(above),
			.reasonable = yuan(reasonable),
			.plan_share = (uint32_t)upto(&seed, 10000),
			.clause = (enum coordination_clause)(1 + n % 3)};
		int64_t base = catalogue - fund > above ? catalogue - fund - above : 0,
			group = percent(base, stay.group_share, rule),
			benefit = percent(reasonable, stay.plan_share, rule), left = total - fund - group, plan;
		struct coordination shares;
		enum coordination_fault fault;

		plan = stay.clause == COORDINATION_WHOLE ? least(benefit, left)
		       : stay.clause == COORDINATION_CARVE_OUT
			       ? (benefit > total - left ? benefit - (total - left) : 0)
			       : percent(least(left, reasonable), stay.plan_share, rule);
		assert_int_equal(coordination_share(&stay, rule, &shares, &fault), 0);
		assert_true(shares.fund.minor == fund && shares.group.minor == group && shares.plan.minor == plan);
		assert_true(shares.account.minor == least(account, left - plan));
		assert_true(shares.benefit.minor == benefit && shares.left.minor == left);
		/* What must hold whatever the oracle says. */
		assert_true(shares.group.minor >= 0 && shares.plan.minor >= 0 && shares.account.minor >= 0 &&
			    shares.cash.minor >= 0);
		assert_true((int128)shares.fund.minor + shares.group.minor + shares.plan.minor + shares.account.minor +
				    shares.cash.minor ==
			    total);
		assert_true(shares.plan.minor <= benefit && shares.plan.minor <= left && group <= catalogue - fund);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table),
		cmocka_unit_test(what_must_not_be),
		cmocka_unit_test(what_is_no_stay),
		cmocka_unit_test(random_stays_add_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
