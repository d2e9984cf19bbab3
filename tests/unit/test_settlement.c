/* What is owed, what a payment comes to, and the close of a month: scenarios S3 and S5 to the fen, and random payments
 * that must add up. */
#include "rate_lab.h"

#include "lib_arena.h"
#include "model/revaluation.h"
#include "model/settlement.h"

static const char *const billed = "102900.00";

/* The receivable of a bill in yuan of that day, owed in a currency. */
static struct receivable bill(struct zf_money billed_cny, const char *owed, const char *day)
{
	struct rate rates[LAB_RATES];
	struct rate_table table = lab_fixture(rates);
	struct rate_query query = lab_query(RATE_CFETS, day, "CNY", owed);
	struct receivable made;
	struct rate_conversion conversion;
	struct rate_gap gap;
	assert_int_equal(receivable_bill(billed_cny, &query, &table, DECIMAL_HALF_AWAY, &made, &conversion, &gap), 0);
	assert_int_equal(conversion.path.count, strcmp(owed, "CNY") == 0 ? 0 : 1);
	if (conversion.path.count == 1) assert_int_equal(conversion.path.steps[0].direction, MONEY_SOURCE_PER_TARGET);
	return made;
}

/* What settles an open amount on a day, in a currency. */
static struct zf_money due(struct zf_money open, const char *currency, const char *day)
{
	struct rate rates[LAB_RATES];
	struct rate_table table = lab_fixture(rates);
	struct rate_query query = lab_query(RATE_CFETS, day, "XXX", currency);
	struct rate_conversion conversion;
	struct rate_gap gap;
	assert_int_equal(rate_convert_on(&table, open, &query, DECIMAL_HALF_AWAY, &conversion, &gap), 0);
	return conversion.to;
}

/* The way from a currency to the books' on a day. */
static struct rate_path to_cny(const char *currency, const char *day)
{
	struct rate rates[LAB_RATES];
	struct rate_table table = lab_fixture(rates);
	struct rate_query query = lab_query(RATE_CFETS, day, currency, "CNY");
	struct rate_path path;
	struct rate_gap gap;
	assert_int_equal(rate_route(&table, &query, &path, &gap), 0);
	return path;
}

static struct zf_money at(const struct rate_path *path, struct zf_money amount)
{
	struct rate_conversion conversion;
	assert_int_equal(rate_convert(amount, path, DECIMAL_HALF_AWAY, &conversion), 0);
	return conversion.to;
}

static int64_t debits(const struct settlement *split)
{
	return split->bank.minor + split->charge.minor + split->discount.minor + split->fee.minor +
	       split->unexplained.minor + split->fx.minor;
}

static void balances(const struct settlement *split)
{
	assert_true(debits(split) == split->cleared_book.minor + split->over.minor);
}

static void test_three_contracts(void **state)
{
	(void)state;
	static const struct {
		const char *owes, *currency, *owed, *due, *received, *charge, *bank, *fee, *fx, *revalued, *proceeds,
			*sale;
	} rows[] = {
		{"CNY", "CNY", "102900.00", "102900.00", "102900.00", "0.00", "102900.00", "0.00", "0.00", "0.00", NULL,
			NULL},
		{"CNY", "USD", "102900.00", "14542.11", "14517.11", "25.00", "102635.97", "176.75", "87.28", "0.00",
			"102374.66", "261.31"},
		{"USD", "USD", "14503.17", "14503.17", "14478.17", "25.00", "102360.66", "176.75", "362.59", "-362.59",
			"102100.05", "260.61"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct receivable item = bill(lab_money(billed, "CNY"), rows[i].owes, "2026-10-06"); /* a holiday */
		lab_is(item.owed, rows[i].owed, rows[i].owes);
		lab_is(item.book, billed, "CNY");
		struct settlement_parts parts = {
			.due = due(item.owed, rows[i].currency, "2026-10-28"), /* the day of the payment order */
			.received = lab_money(rows[i].received, rows[i].currency),
			.charge = lab_money(rows[i].charge, rows[i].currency),
		};
		lab_is(parts.due, rows[i].due, rows[i].currency);

		struct rate_path path = to_cny(rows[i].currency, "2026-10-30");
		struct settlement split;
		assert_int_equal(settlement_split(&item, item.owed, &parts, at(&path, parts.received), &path,
					 DECIMAL_HALF_AWAY, &split),
			0);
		lab_is(split.short_by, "0.00", rows[i].currency);
		lab_is(split.bank, rows[i].bank, "CNY");
		lab_is(split.charge, rows[i].fee, "CNY");
		lab_is(split.fx, rows[i].fx, "CNY");
		lab_is(split.cleared_book, billed, "CNY");
		balances(&split);
		assert_int_equal(split.left.minor, 0);

		/* Had it been open at the end of the month, a Saturday. */
		struct rate_path closing = to_cny(rows[i].owes, "2026-10-31");
		struct revaluation_item open = {REVALUE_RECEIVABLE, item.owed, item.book};
		struct revaluation revaluation;
		assert_int_equal(
			revaluation_make(&open, &closing, REVALUE_REVERTS_DEFAULT, DECIMAL_HALF_AWAY, &revaluation), 0);
		lab_is(revaluation.difference, rows[i].revalued, "CNY");
		if (rows[i].proceeds == NULL) continue;
		/* The bank's balance of that day is not: 10-31 has 10-30's rate. */
		open = (struct revaluation_item){REVALUE_BANK, parts.received, split.bank};
		closing = to_cny(rows[i].currency, "2026-10-31");
		assert_int_equal(
			revaluation_make(&open, &closing, REVALUE_REVERTS_DEFAULT, DECIMAL_HALF_AWAY, &revaluation), 0);
		lab_is(revaluation.difference, "0.00", "CNY");

		struct settlement_sale sale;
		struct zf_money proceeds = lab_money(rows[i].proceeds, "CNY");
		assert_int_equal(
			settlement_sell(parts.received, split.bank, parts.received, proceeds, DECIMAL_HALF_AWAY, &sale),
			0);
		lab_is(sale.fx, rows[i].sale, "CNY");
	}
}

static void test_close(void **state)
{
	(void)state;
	static const struct {
		enum revaluation_kind kind;
		const char *currency, *amount, *carried, *closing, *difference, *reversal;
	} rows[] = {
		{REVALUE_RECEIVABLE, "USD", "14200.00", "101104.00", "100678.00", "-426.00", "426.00"},
		{REVALUE_RECEIVABLE, "USD", "3050.00", "21639.75", "21624.50", "-15.25", "15.25"},
		{REVALUE_RECEIVABLE, "EUR", "5600.00", "46200.00", "46536.00", "336.00", "-336.00"},
		{REVALUE_RECEIVABLE, "USD", "2315.00", "16482.80", "16413.35", "-69.45", "69.45"},
		{REVALUE_RECEIVABLE, "USD", "2315.00", "16482.80", "16413.35", "-69.45", "69.45"},
		{REVALUE_RECEIVABLE, "USD", "2325.00", "16554.00", "16484.25", "-69.75", "69.75"},
		{REVALUE_RECEIVABLE, "CNY", "102900.00", "102900.00", "102900.00", "0.00", "0.00"},
		{REVALUE_BANK, "USD", "61230.45", "434987.12", "434123.89", "-863.23", "0.00"},
		{REVALUE_SUSPENSE, "USD", "-2300.00", "-16341.50", "-16307.00", "34.50", "-34.50"},
	};
	struct zf_money sums[5], all, reversals;
	for (size_t i = 0; i < 5; i++) sums[i] = lab_money("0.00", "CNY");
	all = reversals = sums[0];
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct revaluation_item item = {(uint8_t)rows[i].kind, lab_money(rows[i].amount, rows[i].currency),
			lab_money(rows[i].carried, "CNY")};
		struct rate_path closing = to_cny(rows[i].currency, "2026-11-30");
		struct revaluation made;
		assert_int_equal(
			revaluation_make(&item, &closing, REVALUE_REVERTS_DEFAULT, DECIMAL_HALF_AWAY, &made), 0);
		lab_is(made.closing, rows[i].closing, "CNY");
		lab_is(made.difference, rows[i].difference, "CNY");
		lab_is(made.reversal, rows[i].reversal, "CNY");
		assert_int_equal(money_add(sums[rows[i].kind], made.difference, &sums[rows[i].kind]), 0);
		assert_int_equal(money_add(all, made.difference, &all), 0);
		assert_int_equal(money_add(reversals, made.reversal, &reversals), 0);
	}
	lab_is(sums[REVALUE_RECEIVABLE], "-313.90", "CNY");
	lab_is(sums[REVALUE_BANK], "-863.23", "CNY");
	lab_is(sums[REVALUE_SUSPENSE], "34.50", "CNY");
	lab_is(all, "-1142.63", "CNY");
	lab_is(reversals, "279.40", "CNY"); /* 313.90 - 34.50 */
	/* What is owed in yuan has no rate, also when it is carried for less. */
	struct revaluation_item written_down = {
		REVALUE_RECEIVABLE, lab_money("100.00", "CNY"), lab_money("90.00", "CNY")};
	struct rate_path none = to_cny("CNY", "2026-11-30"), closing = to_cny("USD", "2026-11-30");
	struct revaluation made;
	assert_int_equal(revaluation_make(&written_down, &none, 0, DECIMAL_HALF_AWAY, &made), 0);
	lab_is(made.closing, "90.00", "CNY");
	lab_is(made.difference, "0.00", "CNY");
	/* One dollar is left of what was paid out at a better rate than it came in at. */
	struct revaluation_item paid_out = {REVALUE_BANK, lab_money("1.00", "USD"), lab_money("-99.93", "CNY")};
	assert_int_equal(revaluation_make(&paid_out, &closing, 0, DECIMAL_HALF_AWAY, &made), 0);
	lab_is(made.difference, "107.02", "CNY");
	/* And nothing of what was revalued and not taken back. */
	paid_out.amount = lab_money("0.00", "USD");
	assert_int_equal(revaluation_make(&paid_out, &closing, 0, DECIMAL_HALF_AWAY, &made), 0);
	lab_is(made.difference, "99.93", "CNY");
}

/* A dollar receivable that was carried at 7.1200. */
static struct receivable dollars(const char *owed, const char *book)
{
	return (struct receivable){lab_money(owed, "USD"), lab_money(book, "CNY")};
}

static void test_december(void **state)
{
	(void)state;
	struct rate_path path = to_cny("USD", "2026-11-27");
	/* 12-04: N2 out of suspense, at what it was carried for. */
	struct receivable n2 = dollars("2315.00", "16482.80");
	struct settlement_parts parts = {
		.due = n2.owed, .received = lab_money("2300.00", "USD"), .charge = lab_money("15.00", "USD")};
	struct settlement split;
	assert_int_equal(
		settlement_split(&n2, n2.owed, &parts, lab_money("16341.50", "CNY"), &path, DECIMAL_HALF_AWAY, &split),
		0);
	lab_is(split.bank, "16341.50", "CNY");
	lab_is(split.charge, "106.58", "CNY");
	lab_is(split.fx, "34.72", "CNY");
	lab_is(split.cleared_book, "16482.80", "CNY");
	balances(&split);
	/* 12-08: B, paid whole. */
	struct receivable b = dollars("3050.00", "21639.75");
	path = to_cny("USD", "2026-12-08");
	parts = (struct settlement_parts){.due = b.owed, .received = b.owed};
	assert_int_equal(settlement_split(&b, b.owed, &parts, at(&path, b.owed), &path, DECIMAL_HALF_AWAY, &split), 0);
	lab_is(split.bank, "21658.05", "CNY");
	lab_is(split.fx, "-18.30", "CNY"); /* a gain */
	/* A is 200 days old. */
	static const struct provision_band bands[] = {{91, 500}, {366, 3000}};
	struct zf_money provision, a = lab_money("100678.00", "CNY");
	assert_int_equal(provision_make(a, 200, bands, 2, DECIMAL_HALF_AWAY, &provision), 0);
	lab_is(provision, "5033.90", "CNY");
	assert_int_equal(provision_make(a, 90, bands, 2, DECIMAL_HALF_AWAY, &provision), 0);
	lab_is(provision, "0.00", "CNY");
	assert_int_equal(provision_make(a, 91, bands, 2, DECIMAL_HALF_AWAY, &provision), 0);
	lab_is(provision, "5033.90", "CNY");
	assert_int_equal(provision_make(a, 366, bands, 2, DECIMAL_HALF_AWAY, &provision), 0);
	lab_is(provision, "30203.40", "CNY");
	static const struct provision_band wrong[] = {{91, 500}, {91, 600}}, over[] = {{1, 10001}};
	assert_int_equal(provision_make(a, 1, wrong, 2, DECIMAL_HALF_AWAY, &provision), ERR_INVALID);
	assert_int_equal(provision_make(a, 1, over, 1, DECIMAL_HALF_AWAY, &provision), ERR_INVALID);
}

/* Short, over, and all the parts at once. */
static void test_parts(void **state)
{
	(void)state;
	struct receivable item = dollars("1000.00", "7120.00");
	struct zf_money carried;
	struct rate_path path = to_cny("USD", "2026-10-30"); /* 7.0700 */
	struct settlement_parts parts = {.due = item.owed, .received = lab_money("600.00", "USD")};
	struct settlement split;
	struct zf_money book = at(&path, parts.received);
	assert_int_equal(settlement_split(&item, item.owed, &parts, book, &path, DECIMAL_HALF_AWAY, &split), 0);
	lab_is(split.short_by, "400.00", "USD");
	lab_is(split.cleared, "600.00", "USD");
	lab_is(split.cleared_book, "4272.00", "CNY");
	lab_is(split.fx, "30.00", "CNY"); /* 600 × 0.05 */
	lab_is(split.left, "400.00", "USD");
	assert_int_equal(receivable_carried(&item, split.left, DECIMAL_HALF_AWAY, &carried), 0);
	lab_is(carried, "2848.00", "CNY");
	assert_int_equal(receivable_carried(&item, lab_money("1000.01", "USD"), DECIMAL_UP, &carried), ERR_INVALID);
	assert_int_equal(receivable_carried(&item, lab_money("-0.01", "USD"), DECIMAL_UP, &carried), ERR_INVALID);
	assert_int_equal(receivable_carried(&item, lab_money("1", "CNY"), DECIMAL_UP, &carried), ERR_INVALID);
	/* Too much: the liability is at what arrived for it. */
	parts = (struct settlement_parts){
		.due = item.owed, .received = lab_money("1100.00", "USD"), .over = lab_money("100.00", "USD")};
	book = at(&path, parts.received);
	assert_int_equal(settlement_split(&item, item.owed, &parts, book, &path, DECIMAL_HALF_AWAY, &split), 0);
	lab_is(split.over, "707.00", "CNY");
	lab_is(split.fx, "50.00", "CNY");
	balances(&split);
	/* Everything: 1000 = 900 - 5 + 20 + 30 + 40 + 10 + 2 + short 3. */
	parts = (struct settlement_parts){.due = item.owed,
		.received = lab_money("900.00", "USD"),
		.over = lab_money("5.00", "USD"),
		.charge = lab_money("20.00", "USD"),
		.discount = lab_money("30.00", "USD"),
		.fee = lab_money("40.00", "USD"),
		.drift = lab_money("10.00", "USD"),
		.unexplained = lab_money("2.00", "USD")};
	book = at(&path, parts.received);
	assert_int_equal(settlement_split(&item, item.owed, &parts, book, &path, DECIMAL_HALF_AWAY, &split), 0);
	lab_is(split.short_by, "3.00", "USD");
	lab_is(split.charge, "141.40", "CNY");
	lab_is(split.discount, "212.10", "CNY");
	lab_is(split.fee, "282.80", "CNY");
	lab_is(split.unexplained, "14.14", "CNY");
	lab_is(split.cleared_book, "7098.64", "CNY");
	lab_is(split.fx, "120.55", "CNY"); /* 997 × 0.05 of the rate, and the drift of 10 × 7.07 */
	balances(&split);
	/* B short: what is cleared is yuan, in the proportion of the dollars. */
	struct receivable yuan = {lab_money(billed, "CNY"), lab_money(billed, "CNY")};
	parts = (struct settlement_parts){
		.due = lab_money("14542.11", "USD"), .received = lab_money("10000.00", "USD")};
	book = at(&path, parts.received);
	assert_int_equal(settlement_split(&yuan, yuan.owed, &parts, book, &path, DECIMAL_HALF_AWAY, &split), 0);
	lab_is(split.short_by, "4542.11", "USD");
	lab_is(split.cleared, "70760.02", "CNY"); /* 102,900 × 10,000 / 14,542.11 = 70,760.020 */
	lab_is(split.cleared_book, "70760.02", "CNY");
	balances(&split);
}

static void test_refusals(void **state)
{
	(void)state;
	struct rate rates[LAB_RATES];
	struct rate_table table = lab_fixture(rates);
	struct receivable item = dollars("1000.00", "7120.00"), made;
	struct rate_path path = to_cny("USD", "2026-10-30");
	struct zf_money some = lab_money("600.00", "USD"), book = lab_money("4242.00", "CNY");
	struct settlement split = {.fx = {.minor = 99}};
	struct rate_conversion conversion;
	struct rate_gap gap;
#define SPLIT(...)                                                                                                     \
	settlement_split(&item, item.owed, &(struct settlement_parts){.due = item.owed, __VA_ARGS__}, book, &path,     \
		DECIMAL_HALF_AWAY, &split)
	assert_int_equal(SPLIT(.received = lab_money("600", "EUR")), ERR_INVALID);
	assert_int_equal(SPLIT(.received = lab_money("-1", "USD")), ERR_INVALID);
	assert_int_equal(SPLIT(.received = some, .charge = lab_money("-1", "USD")), ERR_INVALID);
	assert_int_equal(SPLIT(.received = some, .over = lab_money("601", "USD")), ERR_INVALID);
	assert_int_equal(SPLIT(.received = some, .charge = lab_money("400.01", "USD")), ERR_INVALID); /* over by 0.01 */
	assert_int_equal(SPLIT(.received = some, .drift = lab_money("-601", "USD")), ERR_INVALID);
	struct settlement_parts nothing = {.due = lab_money("0", "USD")};
	assert_int_equal(
		settlement_split(&item, item.owed, &nothing, book, &path, DECIMAL_HALF_AWAY, &split), ERR_INVALID);
	book = some;
	assert_int_equal(SPLIT(.received = some), ERR_INVALID); /* the books are in CNY */
#undef SPLIT
	assert_int_equal(split.fx.minor, 99);
	struct rate_query query = lab_query(RATE_CFETS, "2026-10-25", "CNY", "USD");
	struct zf_money amount = lab_money(billed, "CNY");
	assert_int_equal(
		receivable_bill(amount, &query, &table, DECIMAL_HALF_AWAY, &made, &conversion, &gap), ERR_NOTFOUND);
	assert_int_equal(gap.last_day, lab_day("2026-10-08"));
	query.day = lab_day("2026-10-28");
	amount.minor = 3; /* less than half a cent */
	assert_int_equal(
		receivable_bill(amount, &query, &table, DECIMAL_HALF_AWAY, &made, &conversion, &gap), ERR_INVALID);
	amount.minor = 0;
	assert_int_equal(
		receivable_bill(amount, &query, &table, DECIMAL_HALF_AWAY, &made, &conversion, &gap), ERR_INVALID);
	struct settlement_sale sale;
	struct zf_money cny = lab_money("1", "CNY");
	assert_int_equal(
		settlement_sell(some, cny, lab_money("600.01", "USD"), cny, DECIMAL_HALF_AWAY, &sale), ERR_INVALID);
	assert_int_equal(settlement_sell(some, cny, some, some, DECIMAL_HALF_AWAY, &sale), ERR_INVALID);
	struct rate_path closing = to_cny("EUR", "2026-11-30");
	struct revaluation_item wrong = {REVALUE_BANK, some, cny};
	struct revaluation revaluation;
	assert_int_equal(revaluation_make(&wrong, &closing, 0, DECIMAL_HALF_AWAY, &revaluation), ERR_INVALID);
	closing = to_cny("USD", "2026-11-30");
	wrong = (struct revaluation_item){3, some, cny};
	assert_int_equal(revaluation_make(&wrong, &closing, 0, DECIMAL_HALF_AWAY, &revaluation), ERR_INVALID);
}

/* Random instalments: each balances, nothing of the receivable is lost, and the bank's money sold piece by piece takes
 * what it is carried at with it. */
static void test_instalments(void **state)
{
	(void)state;
	static const char *const days[] = {"2026-09-30", "2026-10-08", "2026-10-28", "2026-10-30", "2026-11-27"};
	static const char *const kinds[][2] = {{"CNY", "CNY"}, {"CNY", "USD"}, {"USD", "USD"}, {"USD", "CNY"}};
	uint64_t random = 5;
	for (int round = 0; round < 3000; round++) {
		const char *const *kind = kinds[lib_random(&random) % 4];
		struct zf_money amount = lab_money("0", "CNY");
		amount.minor = (int64_t)(lib_random(&random) % 100000000) + 1000;
		struct receivable item = bill(amount, kind[0], "2026-10-06");
		struct zf_money open = item.owed;
		int64_t book = 0;
		for (int n = 0; open.minor > 0; n++) {
			const char *day = days[lib_random(&random) % 5];
			struct zf_money left = due(open, kind[1], day), zero = left, carried;
			if (left.minor == 0) break; /* less than half a cent is left */
			zero.minor = 0;
			struct settlement_parts parts = {.due = left, .received = left, .charge = zero, .over = zero};
			if (n < 5) parts.received.minor = (int64_t)(lib_random(&random) % (uint64_t)left.minor);
			parts.charge.minor =
				(int64_t)(lib_random(&random) % (uint64_t)(left.minor - parts.received.minor + 1));
			if (parts.charge.minor + parts.received.minor == left.minor) {
				parts.over.minor = (int64_t)(lib_random(&random) % 1000);
				parts.received.minor += parts.over.minor;
			}
			struct rate_path path = to_cny(left.currency, day);
			struct settlement split;
			assert_int_equal(settlement_split(&item, open, &parts, at(&path, parts.received), &path,
						 DECIMAL_HALF_AWAY, &split),
				0);
			balances(&split);
			assert_true(split.over.minor >= 0 && split.cleared_book.minor >= 0);
			assert_true(split.cleared.minor + split.left.minor == open.minor);
			if (split.short_by.minor == 0) assert_int_equal(split.left.minor, 0);
			book += split.cleared_book.minor;
			open = split.left;
			assert_int_equal(receivable_carried(&item, open, DECIMAL_HALF_AWAY, &carried), 0);
			assert_true(book + carried.minor == amount.minor);
		}
	}
	struct zf_money balance = lab_money("61230.45", "USD"), carried = lab_money("434123.89", "CNY");
	while (balance.minor > 0) {
		struct zf_money sold = balance;
		sold.minor = (int64_t)(lib_random(&random) % (uint64_t)balance.minor) + 1;
		struct settlement_sale sale;
		assert_int_equal(
			settlement_sell(balance, carried, sold, lab_money("1", "CNY"), DECIMAL_HALF_AWAY, &sale), 0);
		assert_true(sale.fx.minor + 100 == sale.carried.minor);
		assert_int_equal(money_subtract(balance, sold, &balance), 0);
		assert_int_equal(money_subtract(carried, sale.carried, &carried), 0);
	}
	lab_is(carried, "0.00", "CNY");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_three_contracts),
		cmocka_unit_test(test_close),
		cmocka_unit_test(test_december),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_instalments),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
