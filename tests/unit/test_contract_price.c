/* What a contract takes off a bill item by item: which discount is an item's, what its price list makes of it, and that
 * the agreed prices come to what is owed to the unit, whatever the items. The oracle divides by hand. */
#include "rate_lab.h"

#include "lib_arena.h"
#include "model/contract_price.h"

#define ITEMS_MAX 40
#define SYSTEM "urn:s"

static struct lib_arena memory = {.zf = {.alloc = lib_arena_alloc}, .fail_at = -1};
static uint64_t seed = 20261123;

static int teardown(void **state)
{
	(void)state;
	lib_arena_free(&memory);
	return 0;
}

static uint64_t dice(uint64_t sides)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (seed >> 20) % sides;
}

/* A contract of kind A with these `prices`. */
static const struct contract *contract_of(const char *prices)
{
	struct fault_list faults;
	struct contract_list list = {0};
	char *text = zf_alloc(&memory.zf, 8192);

	snprintf(text, 8192,
		"{\"name\": \"X\", \"valid_from\": \"2026-01-01\", \"parties\": {\"carrier\": \"alpha\"},"
		" \"owed\": {\"kind\": \"A\"%s}",
		prices);
	fault_list_init(&faults, &memory.zf, 0);
	int err = contract_read(text_of(text), "CNY", &memory.zf, &faults, &list);
	if (err != 0) fail_msg("%s: %d faults, the first in %s", text, (int)faults.count, faults.items[0].path);
	return &list.items[0];
}

/* ---- items ---- */

static const struct zf_concept *concept_of(const char *system, const char *code)
{
	struct zf_coding *coding = zf_alloc(&memory.zf, sizeof(*coding));
	struct zf_concept *concept = zf_alloc(&memory.zf, sizeof(*concept));
	const struct zf_coding **codings = zf_alloc(&memory.zf, sizeof(*codings));

	*coding = (struct zf_coding){.system = system, .code = code};
	codings[0] = coding;
	*concept = (struct zf_concept){.codings = codings, .coding_count = 1};
	return concept;
}

static struct zf_claim_line item_of(const char *service, const char *revenue, const char *category, int64_t net)
{
	struct zf_claim_line item = {.net = {.minor = net, .exponent = 2, .present = 1, .currency = "CNY"}};

	if (service != NULL) item.product_or_service = concept_of(SYSTEM, service);
	if (revenue != NULL) item.revenue = concept_of(SYSTEM, revenue);
	if (category != NULL) item.category = concept_of(SYSTEM, category);
	return item;
}

static int64_t off(const struct contract *contract, const struct zf_claim_line *items, uint32_t count, int64_t billed)
{
	const struct zf_claim_line *lines[ITEMS_MAX];
	const struct zf_claim claim = {.lines = lines, .line_count = count};
	struct zf_money total = {.minor = billed, .exponent = 2, .present = 1, .currency = "CNY"}, got;

	for (uint32_t i = 0; i < count; i++) lines[i] = &items[i];
	assert_int_equal(contract_items_allowance(contract, &claim, total, &got), 0);
	assert_string_equal(got.currency, "CNY");
	return got.minor;
}

/* ---- which is an item's ---- */

#define DISCOUNT(category, percent) "{\"category\": \"" category "\", \"percent\": \"" percent "\"}"
#define GROSS(...) "}, \"prices\": {\"billed\": \"gross\", \"discounts\": [" __VA_ARGS__ "]}"

static void the_most_specific_wins(void **state)
{
	(void)state;
	const struct contract *contract = contract_of(
		GROSS(DISCOUNT("*", "1") ", " DISCOUNT("drugs", "2") ", " DISCOUNT("0250", "3") ", " DISCOUNT(
			"99213", "4") ", " DISCOUNT("urn:s|99213", "5") ", " DISCOUNT("urn:t|0250", "6")));
	static const struct {
		const char *service, *revenue, *category;
		int64_t percent;
	} cases[] = {
		{"other", "other", "other", 1},
		{NULL, NULL, NULL, 1},
		{"other", "other", "drugs", 2},
		{"other", "0250", "drugs", 3}, /* a category's system is another */
		{"99213", "0250", "drugs", 5},
		{"drugs", "0250", NULL, 2}, /* the service's code goes before the revenue code */
		{"99214", NULL, "99213", 5},
		{"DRUGS", NULL, "drug", 1},
	};

	assert_true(contract_by_item(contract));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct zf_claim_line item = item_of(cases[i].service, cases[i].revenue, cases[i].category, 10000);

		assert_int_equal(off(contract, &item, 1, 10000), cases[i].percent * 100);
	}
	/* What no item has an amount for is of no category. */
	struct zf_claim_line items[] = {item_of("99213", NULL, NULL, 10000), item_of("99213", NULL, NULL, 7)};
	items[1].net.present = 0;
	assert_int_equal(off(contract, items, 2, 15000), 500 + 50);
	/* Another currency's neither. */
	items[1] = item_of("99213", NULL, NULL, 10000);
	memcpy(items[1].net.currency, "USD", 4);
	assert_int_equal(off(contract, items, 2, 15000), 500 + 50);
}

static void others_need_no_items(void **state)
{
	(void)state;
	struct zf_claim_line item = item_of("drugs", NULL, NULL, 10000);

	/* Priced already. */
	const struct contract *net = contract_of("}, \"prices\": {\"discounts\": [" DISCOUNT("drugs", "2") "]}");
	assert_false(contract_by_item(net));
	assert_int_equal(off(net, &item, 1, 10000), 0);
	/* All the same: once, of the bill. */
	assert_false(contract_by_item(contract_of(GROSS(DISCOUNT("*", "2")))));
	/* The rest has none. */
	const struct contract *some = contract_of(GROSS(DISCOUNT("drugs", "2")));
	assert_true(contract_by_item(some));
	assert_int_equal(off(some, &item, 1, 15000), 200);
	/* Of a credit among the items no more comes off than was billed, and nothing is added. */
	struct zf_claim_line mixed[] = {item_of("drugs", NULL, NULL, -10000), item_of("x", NULL, NULL, 10100)};
	assert_int_equal(off(some, mixed, 2, 100), 0);
	const struct contract *all = contract_of(GROSS(DISCOUNT("x", "100")));
	assert_int_equal(off(all, mixed, 2, 100), 100);
}

/* ---- to the unit ---- */

/* |amount| x digits / 10^zeros by long division, a remainder as the word says. */
static int64_t by_hand(int64_t amount, uint64_t digits, unsigned zeros, const char *rounding)
{
	unsigned __int128 product = (unsigned __int128)(uint64_t)(amount < 0 ? -amount : amount) * digits, below = 1;

	while (zeros-- > 0) below *= 10;
	unsigned __int128 whole = product / below, twice = product % below * 2;
	bool more = strcmp(rounding, "up") == 0          ? twice > 0
		    : strcmp(rounding, "down") == 0      ? false
		    : strcmp(rounding, "half-even") == 0 ? twice > below || (twice == below && whole % 2 == 1)
							 : twice >= below;
	if (more) whole++;
	return amount < 0 ? -(int64_t)whole : (int64_t)whole;
}

static void any_items_come_to_the_unit(void **state)
{
	static const char *const roundings[] = {"half-away", "half-even", "up", "down"};
	static const char *const codes[] = {"*", "a", "b", "c", "d"};

	(void)state;
	for (int round = 0; round < 2000; round++) {
		const char *rounding = roundings[dice(4)];
		uint64_t digits[5];
		unsigned scale = (unsigned)dice(5);
		uint64_t top = 100;
		char prices[1024];
		size_t at = (size_t)snprintf(prices, sizeof(prices),
			", \"rounding\": \"%s\"}, \"prices\": {\"billed\": \"gross\", \"discounts\": [", rounding);

		for (unsigned i = 0; i < scale; i++) top *= 10;
		for (size_t i = 0; i < 5; i++) {
			digits[i] = dice(top + 1);
			uint64_t below = top / 100;
			at += (size_t)snprintf(prices + at, sizeof(prices) - at,
				"%s{\"category\": \"%s\", \"percent\": \"%ju", i == 0 ? "" : ", ", codes[i],
				(uintmax_t)(digits[i] / below));
			if (scale > 0)
				at += (size_t)snprintf(prices + at, sizeof(prices) - at, ".%0*ju", (int)scale,
					(uintmax_t)(digits[i] % below));
			at += (size_t)snprintf(prices + at, sizeof(prices) - at, "\"}");
		}
		(void)snprintf(prices + at, sizeof(prices) - at, "]}");
		const struct contract *contract = contract_of(prices);
		struct zf_claim_line items[ITEMS_MAX];
		uint32_t count = 1 + (uint32_t)dice(ITEMS_MAX);
		int64_t billed = 0, expected = 0, agreed = 0;

		for (uint32_t i = 0; i < count; i++) {
			size_t code = dice(5);
			int64_t net = (int64_t)dice(round % 2 == 0 ? 1000 : 10000000000000u);

			items[i] = item_of(code == 0 ? "z" : codes[code], "z", NULL, net);
			int64_t less = by_hand(net, digits[code], 2 + scale, rounding);
			billed += net;
			expected += less;
			agreed += net - less;
		}
		int64_t got = off(contract, items, count, billed);
		assert_int_equal(got, expected);
		assert_int_equal(billed - got, agreed);
		if (round % 50 == 0) lib_arena_free(&memory);
	}
}

/* ---- by a price list ---- */

#define LISTED(more) "}, \"prices\": {\"billed\": \"gross\", \"list\": \"L\"" more "}"

/* Items with prices: of each its net, quantity, listed price and factor; digits below 0: none, a factor of 0 neither.
 */
struct listed {
	int64_t net, quantity, price;
	uint8_t quantity_scale, price_scale;
	const char *category;
	int64_t factor; /* in tenths */
};

static int64_t off_listed(const struct contract *contract, const struct listed *rows, uint32_t count, int64_t billed)
{
	struct zf_claim_line items[ITEMS_MAX];
	const struct zf_claim_line *lines[ITEMS_MAX];
	const struct zf_claim claim = {.lines = lines, .line_count = count};
	struct zf_money total = {.minor = billed, .exponent = 2, .present = 1, .currency = "CNY"}, got;
	struct contract_items taken;

	for (uint32_t i = 0; i < count; i++) {
		items[i] = item_of("x", NULL, rows[i].category, rows[i].net);
		if (rows[i].quantity >= 0) items[i].quantity = decimal_of(rows[i].quantity, rows[i].quantity_scale);
		if (rows[i].factor != 0) items[i].factor = decimal_of(rows[i].factor, 1);
		lines[i] = &items[i];
	}
	assert_true(contract_by_item(contract) && contract_by_list(contract));
	assert_int_equal(contract_items_take(contract, &claim, total, NULL, 20000, &memory.zf, &taken), 0);
	assert_int_equal(taken.count, count);
	assert_int_equal(taken.code_count, count);
	for (uint32_t i = 0; i < count; i++)
		if (rows[i].price >= 0) taken.items[i].price = decimal_of(rows[i].price, rows[i].price_scale);
	assert_int_equal(contract_items_off(contract, &taken, &got), 0);
	assert_string_equal(got.currency, "CNY");
	return got.minor;
}

static void listed_items_are_owed_at_their_price(void **state)
{
	(void)state;
	const struct contract *contract = contract_of(LISTED(", \"discounts\": [" DISCOUNT("drugs", "10") "]"));
	const struct contract *charged =
		contract_of(LISTED(", \"unlisted\": \"charged\", \"discounts\": [" DISCOUNT("*", "10") "]"));
	const struct contract *bill = contract_of(LISTED(", \"lesser_of\": \"bill\""));
	static const struct {
		struct listed row;
		int64_t off;
	} cases[] = {
		{{10000, -1, 8000, 0, 2, NULL, 0}, 2000}, /* one */
		{{10000, 3, 30, 0, 0, NULL, 0}, 1000},
		{{10000, 25, 3333, 1, 2, NULL, 0}, 1667}, /* 2.5 at 33.33: 83.325 */
		{{10000, 3, 333333, 0, 4, NULL, 0}, 0},   /* 99.9999 */
		{{10000, 3, 333283, 0, 4, NULL, 0}, 2},   /* 99.9849 */
		{{10000, 1, 0, 0, 0, NULL, 0}, 10000},    /* free */
		{{10000, 1, 10001, 0, 2, NULL, 0}, 0},    /* above the charge */
		{{-10000, 1, 8000, 0, 2, NULL, 0}, 0},    /* a credit of another sign */
		{{0, 1, 8000, 0, 2, NULL, 0}, 0}, {{10000, 1, -1, 0, 0, "drugs", 0}, 1000}, /* not listed */
		{{10000, 1, -1, 0, 0, "room", 0}, 0},
		{{10000, 1, 8000, 0, 2, "drugs", 0}, 2000}, /* listed: no discount on top */
		{{10000, 2, 8000, 0, 2, NULL, 5}, 2000},    /* a factor of 0.5 */
		{{10000, -1, 6000, 0, 2, NULL, 15}, 1000},
		{{10000, 25, 3333, 1, 2, NULL, 11}, 834}, /* 2.5 at 33.33 times 1.1: 91.6575 */
		{{10000, -1, 8000, 0, 2, NULL, -5}, 0},   /* of another sign */
		{{10000, 1, -1, 0, 0, "drugs", 5}, 1000}, /* not listed: its charge has it already */
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(off_listed(contract, &cases[i].row, 1, 10000), cases[i].off);
	/* As charged, also what no item has an amount for. */
	assert_int_equal(off_listed(charged, &(struct listed){10000, 1, -1, 0, 0, "drugs", 0}, 1, 15000), 0);
	/* Each item by itself, or against each other; never more than the bill. */
	static const struct listed rows[] = {{10000, 1, 13000, 0, 2, NULL, 0}, {10000, 1, 5000, 0, 2, NULL, 0}};
	assert_int_equal(off_listed(contract, rows, 2, 20000), 5000);
	assert_int_equal(off_listed(bill, rows, 2, 20000), 2000);
	assert_int_equal(off_listed(bill, rows, 1, 10000), 0);
	/* Without a list of its own, or billed net, none is asked. */
	assert_false(contract_by_list(contract_of("}, \"prices\": {\"list\": \"L\"}")));
	assert_false(contract_by_list(contract_of(GROSS(DISCOUNT("x", "100")))));
}

static void items_say_what_lists_are_asked(void **state)
{
	struct zf_claim_line items[] = {item_of("a", NULL, NULL, 100), item_of("b", NULL, NULL, 100),
		item_of(NULL, NULL, NULL, 100), item_of("d", NULL, NULL, 100)};
	const struct zf_claim_line *lines[] = {&items[0], &items[1], &items[2], &items[3]};
	const struct zf_claim claim = {.lines = lines, .line_count = 4};
	struct zf_money total = {.minor = 400, .exponent = 2, .present = 1, .currency = "CNY"};
	struct contract_items taken;

	(void)state;
	items[0].net.present = 0;
	items[1].serviced.start = (struct zf_time){.utc_ms = INT64_C(19000) * 86400000, .precision = ZF_DAY};
	items[3].product_or_service = concept_of(NULL, "d"); /* of no system */
	assert_int_equal(
		contract_items_take(contract_of(LISTED("")), &claim, total, NULL, 20000, &memory.zf, &taken), 0);
	assert_int_equal(taken.count, 3);
	assert_int_equal(taken.code_count, 1);
	assert_string_equal(taken.codes[0].system, SYSTEM);
	assert_string_equal(taken.codes[0].code, "b");
	assert_int_equal(taken.items[taken.codes[0].item].day, 19000);
	assert_int_equal(taken.items[1].day, 20000);
}

static void any_prices_come_to_the_unit(void **state)
{
	static const char *const roundings[] = {"half-away", "half-even", "up", "down"};

	(void)state;
	for (int round = 0; round < 2000; round++) {
		const char *rounding = roundings[dice(4)];
		bool of_bill = dice(2) == 0;
		struct listed rows[ITEMS_MAX];
		uint32_t count = 1 + (uint32_t)dice(ITEMS_MAX);
		int64_t billed = 0, expected = 0;
		char prices[512];

		(void)snprintf(prices, sizeof(prices),
			", \"rounding\": \"%s\"}, \"prices\": {\"billed\": \"gross\", \"list\": \"L\", \"lesser_of\": \"%s\","
			" \"discounts\": [{\"category\": \"*\", \"percent\": \"12.5\"}]}",
			rounding, of_bill ? "bill" : "item");
		for (uint32_t i = 0; i < count; i++) {
			struct listed *row = &rows[i];

			*row = (struct listed){.net = (int64_t)dice(round % 2 == 0 ? 1000 : 100000000000u),
				.quantity = dice(8) == 0 ? -1 : (int64_t)dice(100000),
				.quantity_scale = (uint8_t)dice(4),
				.price = dice(5) == 0 ? -1 : (int64_t)dice(100000000000u),
				.price_scale = (uint8_t)(2 + dice(5)),
				.factor = (int64_t)(int[]){0, 0, 5, 10, 15}[dice(5)]};
			billed += row->net;
			if (row->price < 0) {
				expected += by_hand(row->net, 125, 3, rounding);
				continue;
			}
			/* in units of the price's scale: to minor units two digits of it are whole */
			bool one = row->quantity < 0;
			int64_t tenths = row->factor == 0 ? 10 : row->factor;
			int64_t owed = by_hand(row->price, (uint64_t)tenths * (one ? 1 : (uint64_t)row->quantity),
				row->price_scale - 1u + (one ? 0u : row->quantity_scale), rounding);
			expected += owed > row->net && !of_bill             ? 0
				    : row->net != 0 || owed == 0 || of_bill ? row->net - owed
									    : 0;
		}
		expected = expected < 0 ? 0 : expected > billed ? billed : expected;
		assert_int_equal(off_listed(contract_of(prices), rows, count, billed), expected);
		if (round % 50 == 0) lib_arena_free(&memory);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_most_specific_wins),
		cmocka_unit_test(others_need_no_items),
		cmocka_unit_test(any_items_come_to_the_unit),
		cmocka_unit_test(listed_items_are_owed_at_their_price),
		cmocka_unit_test(items_say_what_lists_are_asked),
		cmocka_unit_test(any_prices_come_to_the_unit),
	};
	return cmocka_run_group_tests(tests, NULL, teardown);
}
