/* Contracts as documents: what comes with the program is read, every fault is told at once, and what is owed by the
 * three kinds is scenario S3 to the fen. */
#include "rate_lab.h"

#include "lib_arena.h"
#include "model/contract_words.h"
#include "model/settlement.h"

static struct lib_arena memory = {.zf = {.alloc = lib_arena_alloc}, .fail_at = -1};

static int teardown(void **state)
{
	(void)state;
	lib_arena_free(&memory);
	return 0;
}

static int read_text(const char *text, struct fault_list *faults, struct contract_list *list)
{
	fault_list_init(faults, &memory.zf, 0);
	return contract_read(text_of(text), "CNY", &memory.zf, faults, list);
}

static const char *file_text(const char *path)
{
	static char text[1 << 16];
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	size_t n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	assert_int_equal(fclose(file), 0);
	return text;
}

/* A file that has to be right. */
static struct contract_list good(const char *text)
{
	struct fault_list faults;
	struct contract_list list = {0};
	int err = read_text(text, &faults, &list);
	if (err != 0)
		fail_msg("%d %s: %s", err, faults.count > 0 ? faults.items[0].path : "",
			faults.count > 0 ? fault_text_en(&memory.zf, &faults.items[0]) : "");
	assert_int_equal(faults.count, 0);
	return list;
}

/* ---- what is read ---- */

static void the_least_has_all_defaults(void **state)
{
	(void)state;
	static const char text[] =
		"{\"name\": \"X\", \"valid_from\": \"2026-01-01\", \"parties\": {\"carrier\": \"alpha\"},"
		" \"owed\": {\"kind\": \"A\"}}";
	struct contract_list list = good(text);
	const struct contract *made = &list.items[0];
	assert_int_equal(list.count, 1);
	assert_string_equal(made->name, "X");
	assert_int_equal(made->from, lab_day("2026-01-01"));
	assert_int_equal(made->to, CONTRACT_OPEN);
	assert_null(made->tpa);
	assert_string_equal(made->remitter, "alpha");
	assert_string_equal(made->guarantor, "alpha");
	assert_string_equal(made->owed, "CNY");
	assert_string_equal(made->paid, "CNY");
	assert_false(made->bill_rate.given || made->payment_rate.given || made->early.given || made->fee.given);
	assert_int_equal(made->rounding, DECIMAL_HALF_AWAY);
	assert_int_equal(made->term_days, 30);
	assert_false(made->term_business);
	assert_int_equal(made->bearer, CONTRACT_SHA);
	assert_int_equal(made->appeal_days, 30);
	assert_int_equal(made->limitation_years, 3);
	assert_int_equal(made->limitation_alert_days, 90);
	assert_int_equal(decimal_compare(made->rate_bound, decimal_of(5, 1)), 0);
	assert_int_equal(decimal_compare(made->other_bound, decimal_of(1, 0)), 0);
	assert_null(made->calendar);
	assert_null(made->notes);
	assert_null(made->price_list);
	assert_int_equal(made->discount_count + made->charge_count + made->tolerance_count, 0);
	assert_null(contract_tolerance(made, "CNY"));
	assert_null(contract_discount(made, "imaging"));
	assert_true(text_is(made->document, text));
}

static void the_sample_files_are_read(void **state)
{
	(void)state;
	struct contract_list list = good(file_text("conf/contracts/alpha.json"));
	const struct contract *alpha = &list.items[0];
	assert_int_equal(alpha->kind, CONTRACT_C);
	assert_int_equal(alpha->to, lab_day("2026-12-31"));
	assert_string_equal(alpha->owed, "USD");
	assert_string_equal(alpha->paid, "USD");
	assert_true(alpha->bill_rate.given);
	assert_int_equal(alpha->bill_rate.day, CONTRACT_DAY_INVOICE);
	assert_int_equal(alpha->bill_rate.reach_days, RATE_REACH_DAYS);
	assert_string_equal(alpha->bill_rate.pivot, "CNY");
	assert_int_equal(decimal_compare(contract_discount(alpha, "imaging")->percent, decimal_of(10, 0)), 0);
	assert_null(contract_discount(alpha, "laboratory"));
	assert_int_equal(alpha->charge_count, 2);
	lab_is(alpha->charges[1].amount, "25.00", "USD");
	assert_int_equal(alpha->charges[1].times, 2);
	assert_string_equal(alpha->charges[1].route, "CITIUS33");
	lab_is(contract_tolerance(alpha, "USD")->residual, "0.10", "USD");
	lab_is(contract_tolerance(alpha, "USD")->hard_max, "5.00", "USD");
	assert_true(alpha->early.given);
	assert_int_equal(alpha->early.days, 10);
	assert_int_equal(decimal_compare(alpha->early.percent, decimal_of(15, 1)), 0);

	list = good(file_text("conf/contracts/beta.json"));
	assert_int_equal(list.items[0].kind, CONTRACT_A);
	assert_true(list.items[0].term_business);
	assert_int_equal(list.items[0].bearer, CONTRACT_OUR);
	assert_string_equal(list.items[0].calendar, "CN");
	lab_is(contract_tolerance(&list.items[0], "CNY")->hard_max, "0.05", "CNY"); /* the residual's */

	list = good(file_text("conf/contracts/gamma.json"));
	assert_int_equal(list.items[0].kind, CONTRACT_B);
	assert_string_equal(list.items[0].owed, "CNY");
	assert_string_equal(list.items[0].paid, "USD");
	assert_int_equal(list.items[0].payment_rate.day, CONTRACT_DAY_ORDER);

	list = good(file_text("conf/contracts/meridian.json"));
	assert_int_equal(list.count, 2);
	for (uint32_t i = 0; i < 2; i++) {
		const struct contract *made = &list.items[i];
		assert_string_equal(made->remitter, "Meridian Health Care");
		assert_true(made->fee.given);
		assert_int_equal(made->fee.of, CONTRACT_FEE_PAID);
		assert_false(made->fee.tax_added || made->fee.deductible);
		assert_true(made->document.ptr[0] == '{' && made->document.ptr[made->document.len - 1] == '}');
	}
	assert_string_equal(list.items[0].guarantor, "Meridian Health Care");
	assert_string_equal(list.items[1].guarantor, "beta");
}

#define HEAD "\"name\":\"X\",\"valid_from\":\"2026-01-01\",\"parties\":{\"carrier\":\"alpha\"}"
#define A HEAD ",\"owed\":{\"kind\":\"A\"}"

static void what_is_written_counts(void **state)
{
	(void)state;
	struct contract_list list = good(
		"{" HEAD
		",\"owed\":{\"kind\":\"C\",\"currency\":\"AED\",\"pay_currency\":\"USD\",\"rounding\":\"half-even\","
		"\"bill_rate\":{\"day\":\"service\",\"source\":\"ecb\",\"pivot\":\"none\",\"reach_days\":0},"
		"\"payment_rate\":{\"day\":\"credit\",\"source\":\"bank-buy\",\"bank\":\"QTBK\"}},"
		"\"prices\":{\"list\":\"international\",\"discounts\":[{\"category\":\"*\",\"percent\":\"2.125\"},"
		"{\"category\":\"drugs\",\"percent\":\"0\"}]},"
		"\"payment\":{\"charges\":\"BEN\",\"fee\":{\"percent\":\"3\",\"of\":\"net\",\"tax_percent\":\"6\",\"tax\":\"added\","
		"\"deductible\":true}},"
		"\"tolerances\":[{\"currency\":\"JPY\",\"residual\":\"10\",\"hard_max\":\"10\"}],"
		"\"appeal_days\":60,\"limitation\":{\"years\":2,\"alert_days\":0},\"notes\":\"看备注\"}");
	const struct contract *made = &list.items[0];
	assert_string_equal(made->owed, "AED");
	assert_string_equal(made->paid, "USD");
	assert_int_equal(made->rounding, DECIMAL_HALF_EVEN);
	assert_int_equal(made->bill_rate.day, CONTRACT_DAY_SERVICE);
	assert_int_equal(made->bill_rate.source, RATE_ECB);
	assert_string_equal(made->bill_rate.pivot, ""); /* not the euro: it says none */
	assert_int_equal(made->bill_rate.reach_days, 0);
	assert_int_equal(made->payment_rate.source, RATE_BANK_BUY);
	assert_string_equal(made->payment_rate.bank, "QTBK");
	assert_string_equal(made->payment_rate.pivot, "");
	assert_string_equal(made->price_list, "international");
	assert_int_equal(decimal_compare(contract_discount(made, "imaging")->percent, decimal_of(2125, 3)), 0);
	assert_int_equal(decimal_compare(contract_discount(made, "drugs")->percent, decimal_of(0, 0)), 0);
	assert_int_equal(made->fee.of, CONTRACT_FEE_NET);
	assert_true(made->fee.tax_added && made->fee.deductible);
	assert_int_equal(made->limitation_alert_days, 0);
	assert_string_equal(made->notes, "看备注");
}

/* ---- what is refused ---- */

static void each_fault_is_told(void **state)
{
	(void)state;
	static const struct {
		const char *text, *path, *code;
	} rows[] = {
		{"", "", "json-invalid"},
		{"{" A ",}", "", "json-invalid"},
		{"{" A "} x", "", "json-invalid"},
		{"{" A ",\"notes\":\"\xff\"}", "notes", "json-utf8"},
		{"{" A ",\"name\":\"Y\"}", "", "json-duplicate-key"},
		{"{" A ",\"x\":[[[[[[[[[[1]]]]]]]]]]}", "", "json-too-deep"},
		{"7", "", "element-type"},
		{"[]", "", "element-empty"},
		{"[7]", "[0]", "element-type"},
		{"{" A ",\"nmae\":\"Y\"}", "", "contract-key"},
		{"[{" A "},{" A ",\"x\":{\"y\":1}}]", "[1]", "contract-key"},
		{"{" HEAD ",\"owed\":{\"kind\":\"A\",\"day\":\"order\"}}", "owed", "contract-key"},
		{"{" HEAD "}", "", "contract-missing"},
		{"{" HEAD ",\"owed\":{}}", "owed", "contract-missing"},
		{"{" A ",\"notes\":null}", "notes", "element-null"},
		{"{" A ",\"notes\":7}", "notes", "element-type"},
		{"{" A ",\"notes\":[1,{}]}", "notes", "element-type"},
		{"{" A ",\"notes\":\"\"}", "notes", "element-empty"},
		{"{" A ",\"notes\":\" x\"}", "notes", "contract-text"},
		{"{" A ",\"notes\":\"a\\nb\"}", "notes", "contract-text"},
		{"{" A ",\"calendar\":\"123456789012345678901234567890123\"}", "calendar", "value-too-long"},
		{"{" A ",\"calendar\":\"C N\"}", "calendar", "contract-code"},
		{"{\"name\":\"X\",\"valid_from\":\"2026-01-01\",\"parties\":{\"carrier\":\"Alpha\"},\"owed\":{\"kind\":\"A\"}}",
			"parties.carrier", "contract-insurer"},
		{"{" A ",\"valid_to\":\"2026-02-30\"}", "valid_to", "contract-day"},
		{"{" A ",\"valid_to\":\"2025-12-31\"}", "valid_to", "period-reversed"},
		{"{" HEAD ",\"owed\":{\"kind\":\"D\"}}", "owed.kind", "contract-word"},
		{"{" A ",\"appeal_days\":\"30\"}", "appeal_days", "element-type"},
		{"{" A ",\"appeal_days\":-1}", "appeal_days", "contract-count"},
		{"{" A ",\"appeal_days\":30.0}", "appeal_days", "contract-count"},
		{"{" A ",\"appeal_days\":99999999999999999999}", "appeal_days", "contract-count"},
		{"{" A ",\"limitation\":{\"years\":0}}", "limitation.years", "contract-count"},
		{"{" A ",\"payment\":{\"fee\":{\"percent\":\"101\"}}}", "payment.fee.percent", "contract-percent"},
		{"{" A ",\"payment\":{\"fee\":{\"percent\":\"3e0\"}}}", "payment.fee.percent", "contract-percent"},
		{"{" A ",\"payment\":{\"fee\":{\"percent\":\"3 %\"}}}", "payment.fee.percent", "contract-percent"},
		{"{" A ",\"payment\":{\"fee\":{\"percent\":\"1.2345678\"}}}", "payment.fee.percent",
			"contract-percent"},
		{"{" A ",\"payment\":{\"fee\":{\"percent\":3}}}", "payment.fee.percent", "element-type"},
		{"{" A ",\"payment\":{\"fee\":{\"percent\":\"3\",\"deductible\":\"no\"}}}", "payment.fee.deductible",
			"element-type"},
		{"{" A ",\"payment\":{\"early_discount\":{\"percent\":\"2\",\"days\":31}}}",
			"payment.early_discount.days", "contract-discount-late"},
		{"{" A
		 ",\"prices\":{\"discounts\":[{\"category\":\"a\",\"percent\":\"1\"},{\"category\":\"a\",\"percent\":\"2\"}]}}",
			"prices.discounts[1].category", "contract-duplicate"},
		{"{" A ",\"prices\":{\"discounts\":[1]}}", "prices.discounts[0]", "element-type"},
		{"{" A ",\"tolerances\":[{\"currency\":\"CNY\",\"residual\":\"0.005\"}]}", "tolerances[0].residual",
			"amount-precision"},
		{"{" A ",\"tolerances\":[{\"currency\":\"JPY\",\"residual\":\"0.5\"}]}", "tolerances[0].residual",
			"amount-precision"},
		{"{" A ",\"tolerances\":[{\"currency\":\"CNY\",\"residual\":\"-1\"}]}", "tolerances[0].residual",
			"contract-amount"},
		{"{" A ",\"tolerances\":[{\"currency\":\"CNY\",\"residual\":\"999999999999999999\"}]}",
			"tolerances[0].residual", "contract-amount"},
		{"{" A ",\"tolerances\":[{\"currency\":\"CNX\",\"residual\":\"1\"}]}", "tolerances[0].currency",
			"currency-unknown"},
		{"{" A ",\"tolerances\":[{\"currency\":\"XAU\",\"residual\":\"1\"}]}", "tolerances[0].currency",
			"currency-unknown"},
		{"{" A ",\"tolerances\":[{\"currency\":\"CNY\",\"residual\":\"1\",\"hard_max\":\"0.99\"}]}",
			"tolerances[0].hard_max", "contract-hard-max"},
		{"{" A
		 ",\"tolerances\":[{\"currency\":\"CNY\",\"residual\":\"1\"},{\"currency\":\"CNY\",\"residual\":\"1\"}]}",
			"tolerances[1].currency", "contract-duplicate"},
		{"{" A
		 ",\"usual_charges\":[{\"currency\":\"USD\",\"amount\":\"15\"},{\"currency\":\"USD\",\"amount\":\"15.00\"}]}",
			"usual_charges[1]", "contract-duplicate"},
		{"{" A ",\"usual_charges\":[{\"currency\":\"USD\",\"amount\":\"15\",\"times\":0}]}",
			"usual_charges[0].times", "contract-count"},
		{"{" A ",\"prices\":{\"billed\":\"gross\"}}", "prices.billed", "contract-gross"},
		{"{" A ",\"usual_charges\":[{\"amount\":\"15\"}]}", "usual_charges[0]", "contract-missing"},
		/* by the kind */
		{"{" HEAD ",\"owed\":{\"kind\":\"A\",\"currency\":\"USD\"}}", "owed.currency", "contract-kind-has-no"},
		{"{" HEAD ",\"owed\":{\"kind\":\"A\",\"pay_currency\":\"CNY\"}}", "owed.pay_currency",
			"contract-kind-has-no"},
		{"{" HEAD ",\"owed\":{\"kind\":\"A\",\"bill_rate\":{}}}", "owed", "contract-kind-has-no"},
		{"{" HEAD ",\"owed\":{\"kind\":\"A\",\"payment_rate\":{\"day\":\"order\"}}}", "owed.payment_rate",
			"contract-kind-has-no"},
		{"{" HEAD ",\"owed\":{\"kind\":\"B\",\"payment_rate\":{\"day\":\"order\"}}}", "owed",
			"contract-kind-needs"},
		{"{" HEAD ",\"owed\":{\"kind\":\"B\",\"pay_currency\":\"USD\"}}", "owed", "contract-kind-needs"},
		{"{" HEAD ",\"owed\":{\"kind\":\"B\",\"pay_currency\":\"CNY\",\"payment_rate\":{\"day\":\"order\"}}}",
			"owed.pay_currency", "contract-currency-of-books"},
		{"{" HEAD ",\"owed\":{\"kind\":\"B\",\"pay_currency\":\"USD\",\"payment_rate\":{}}}",
			"owed.payment_rate", "contract-missing"},
		{"{" HEAD ",\"owed\":{\"kind\":\"B\",\"pay_currency\":\"USX\",\"payment_rate\":{\"day\":\"order\"}}}",
			"owed.pay_currency", "currency-unknown"},
		{"{" HEAD ",\"owed\":{\"kind\":\"C\"}}", "owed", "contract-kind-needs"},
		{"{" HEAD ",\"owed\":{\"kind\":\"C\",\"currency\":\"CNY\"}}", "owed.currency",
			"contract-currency-of-books"},
		{"{" HEAD ",\"owed\":{\"kind\":\"C\",\"currency\":\"USD\",\"bill_rate\":{\"day\":\"credit\"}}}",
			"owed.bill_rate.day", "contract-word"},
		{"{" HEAD ",\"owed\":{\"kind\":\"C\",\"currency\":\"USD\",\"payment_rate\":{\"day\":\"credit\"}}}",
			"owed.payment_rate", "contract-currency-same"},
		{"{" HEAD ",\"owed\":{\"kind\":\"C\",\"currency\":\"USD\",\"pay_currency\":\"CNY\"}}", "owed",
			"contract-kind-needs"},
		{"{" HEAD ",\"owed\":{\"kind\":\"C\",\"currency\":\"USD\",\"bill_rate\":{\"source\":\"bank-sell\"}}}",
			"owed.bill_rate", "contract-bank-missing"},
		{"{" HEAD ",\"owed\":{\"kind\":\"C\",\"currency\":\"USD\",\"bill_rate\":{\"bank\":\"X\"}}}",
			"owed.bill_rate.bank", "contract-bank-needless"},
		{"{" HEAD ",\"owed\":{\"kind\":\"C\",\"currency\":\"USD\",\"bill_rate\":{\"pivot\":\"euro\"}}}",
			"owed.bill_rate.pivot", "currency-unknown"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fault_list faults;
		struct contract_list list = {NULL, 77};
		if (read_text(rows[i].text, &faults, &list) != ERR_INVALID) fail_msg("taken: %s", rows[i].text);
		assert_int_equal(list.count, 77); /* untouched */
		bool told = false;
		for (uint32_t k = 0; k < faults.count; k++)
			told = told || (strcmp(fault_lookup(faults.items[k].code)->name, rows[i].code) == 0 &&
					       strcmp(faults.items[k].path, rows[i].path) == 0);
		/* One thing is wrong, one thing is told; where reading ends early, what came before as well. */
		if (!told || (faults.count > 1 && strncmp(rows[i].code, "json-", 5) != 0))
			fail_msg("%s: %u, \"%s\" %s", rows[i].text, faults.count, faults.items[0].path,
				fault_lookup(faults.items[0].code)->name);
		for (uint32_t k = 0; k < faults.count; k++) {
			assert_null(strstr(fault_text_en(&memory.zf, &faults.items[k]), "?"));
			assert_null(strstr(fault_text_zh(&memory.zf, &faults.items[k]), "?"));
		}
	}
}

static void all_faults_at_once(void **state)
{
	(void)state;
	static const char *const paths[] = {"[0].valid_from", "[0].parties.remitter", "[0].parties", "[0].parties",
		"[0].payment.fee.percent", "[0]", "[0].owed.pay_currency", "[0].tolerances[1].residual", "[1]", "[1]",
		"[1]", "[1]", "[2]"};
	struct fault_list faults;
	struct contract_list list;
	int err = read_text(
		"[{\"name\":\"X\",\"valid_from\":\"1.1.2026\",\"parties\":{\"remitter\":7,\"payer\":\"x\"},"
		"\"payment\":{\"fee\":{\"percent\":\"x\"}},\"nots\":\"\","
		"\"owed\":{\"kind\":\"A\",\"pay_currency\":\"USD\"},"
		"\"tolerances\":[{\"currency\":\"CNY\",\"residual\":\"1\"},{\"currency\":\"USD\",\"residual\":\"0.001\"}]},"
		"{},null]",
		&faults, &list);
	assert_int_equal(err, ERR_INVALID);
	for (uint32_t i = 0; i < faults.count; i++)
		if (i < sizeof(paths) / sizeof(paths[0])) assert_string_equal(faults.items[i].path, paths[i]);
	assert_int_equal(faults.count, sizeof(paths) / sizeof(paths[0]));
}

static void limits_hold(void **state)
{
	(void)state;
	static char text[2 * CONTRACT_BYTES_MAX];
	struct fault_list faults;
	struct contract_list list;
	size_t n = (size_t)sprintf(text, "[{" A "}");
	for (int i = 1; i < CONTRACTS_MAX; i++) n += (size_t)sprintf(text + n, ",{" A "}");
	strcpy(text + n, "]");
	assert_int_equal(good(text).count, CONTRACTS_MAX);
	strcpy(text + n, ",{}]");
	assert_int_equal(read_text(text, &faults, &list), ERR_INVALID);
	assert_int_equal(faults.count, 1);
	assert_int_equal(faults.items[0].code, FAULT_TOO_MANY);

	n = (size_t)sprintf(text, "{" A ",\"usual_charges\":[");
	for (int i = 0; i < CONTRACT_LIST_MAX + 2; i++)
		n += (size_t)sprintf(text + n, "%s{\"currency\":\"USD\",\"amount\":\"%d\"}", i > 0 ? "," : "", i);
	strcpy(text + n, "]}");
	assert_int_equal(read_text(text, &faults, &list), ERR_INVALID);
	assert_int_equal(faults.count, 1);
	assert_int_equal(faults.items[0].code, FAULT_TOO_MANY);

	memset(text, ' ', CONTRACT_BYTES_MAX + 1);
	text[CONTRACT_BYTES_MAX + 1] = '\0';
	assert_int_equal(read_text(text, &faults, &list), ERR_INVALID);
	assert_int_equal(faults.items[0].code, FAULT_TOO_LARGE);
}

/* Each allocation that fails is told, and nothing is given out. */
static void memory_may_run_out(void **state)
{
	(void)state;
	static const char *const files[] = {"conf/contracts/alpha.json", "conf/contracts/meridian.json", NULL};
	for (int i = 0; i < 3; i++) {
		const char *text = files[i] == NULL ? "{\"x\":1,\"owed\":{\"kind\":\"Z\"}}" : file_text(files[i]);
		int want = files[i] == NULL ? ERR_INVALID : 0;
		long n = 0;
		for (;; n++) {
			struct lib_arena arena = {.zf = {.alloc = lib_arena_alloc}, .fail_at = n};
			struct fault_list faults;
			struct contract_list list = {NULL, 77};
			fault_list_init(&faults, &arena.zf, 0);
			int err = contract_read(text_of(text), "CNY", &arena.zf, &faults, &list);
			lib_arena_free(&arena);
			if (err == want) break;
			assert_int_equal(err, ERR_NOMEM);
			assert_int_equal(list.count, 77);
		}
		assert_true(n > 3);
	}
}

/* ---- what is owed: scenario S3 ---- */

static struct contract_days days_of_s3(void)
{
	return (struct contract_days){.invoice = lab_day("2026-10-06"), /* a holiday */
		.order = lab_day("2026-10-28"),
		.credit = lab_day("2026-10-30"),
		.service = lab_day("2026-10-06")};
}

static void three_contracts_one_claim(void **state)
{
	(void)state;
	static const struct {
		const char *file, *owed, *owes, *due, *pays, *received;
	} rows[] = {
		{"conf/contracts/beta.json", "102900.00", "CNY", "102900.00", "CNY", "102900.00"},
		{"conf/contracts/gamma.json", "102900.00", "CNY", "14542.11", "USD", "14517.11"},
		{"conf/contracts/alpha.json", "14503.17", "USD", "14503.17", "USD", "14478.17"},
	};
	struct rate rates[LAB_RATES];
	struct rate_table table = lab_fixture(rates);
	struct contract_days days = days_of_s3();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct contract_list list = good(file_text(rows[i].file));
		const struct contract *contract = &list.items[0];
		struct receivable item;
		struct rate_conversion way;
		struct rate_gap gap;
		assert_int_equal(
			contract_bill(contract, lab_money("102900.00", "CNY"), &days, 0, &table, &item, &way, &gap), 0);
		lab_is(item.owed, rows[i].owed, rows[i].owes);
		lab_is(item.book, "102900.00", "CNY");
		assert_int_equal(way.path.count, contract->kind == CONTRACT_C ? 1 : 0);
		if (way.path.count == 1) assert_int_equal(way.path.steps[0].rate.day, lab_day("2026-09-30"));
		assert_int_equal(contract_due(contract, item.owed, &days, 0, &table, &way, &gap), 0);
		lab_is(way.to, rows[i].due, rows[i].pays);
		/* What is missing is a charge that the contract knows, within nothing but itself. */
		struct zf_money residual;
		assert_int_equal(money_subtract(way.to, lab_money(rows[i].received, rows[i].pays), &residual), 0);
		bool usual = residual.minor == 0;
		for (uint32_t k = 0; k < contract->charge_count; k++)
			usual = usual || money_compare(contract->charges[k].amount, residual) == 0;
		assert_true(usual);
	}
}

static void the_day_that_counts_is_the_contracts(void **state)
{
	(void)state;
	static const struct {
		const char *day, *due;
	} rows[] = {
		{"invoice", "14503.17"}, /* 7.0950 */
		{"order", "14542.11"},   /* 7.0760 */
		{"credit", "14554.46"},  /* 7.0700 */
		{"service", "14503.17"}, /* 7.0950 */
	};
	struct rate rates[LAB_RATES];
	struct rate_table table = lab_fixture(rates);
	struct contract_days days = days_of_s3();
	struct rate_conversion way;
	struct rate_gap gap;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512];
		sprintf(text,
			"{" HEAD
			",\"owed\":{\"kind\":\"B\",\"pay_currency\":\"USD\",\"payment_rate\":{\"day\":\"%s\"}}}",
			rows[i].day);
		struct contract contract = good(text).items[0];
		struct zf_money open = lab_money("102900.00", "CNY");
		assert_int_equal(contract_due(&contract, open, &days, 0, &table, &way, &gap), 0);
		lab_is(way.to, rows[i].due, "USD");
		/* A day that nobody knows is no day 1970-01-01. */
		struct contract_days none = {
			CONTRACT_DAY_UNKNOWN, CONTRACT_DAY_UNKNOWN, CONTRACT_DAY_UNKNOWN, CONTRACT_DAY_UNKNOWN};
		assert_int_equal(contract_due(&contract, open, &none, 0, &table, &way, &gap), ERR_NOTFOUND);
		assert_int_equal(gap.day, CONTRACT_DAY_UNKNOWN);
		assert_int_equal(gap.source, RATE_SOURCE_NONE);
		assert_int_equal(
			contract_due(&contract, lab_money("1.00", "USD"), &days, 0, &table, &way, &gap), ERR_INVALID);
	}
	/* A reach that ends before the last parity: the day is named, nothing is guessed. */
	struct contract contract = good("{" HEAD ",\"owed\":{\"kind\":\"C\",\"currency\":\"USD\","
					"\"bill_rate\":{\"reach_days\":5}}}")
					   .items[0];
	struct receivable item;
	assert_int_equal(contract_bill(&contract, lab_money("102900.00", "CNY"), &days, 0, &table, &item, &way, &gap),
		ERR_NOTFOUND);
	assert_int_equal(gap.day, lab_day("2026-10-06"));
	assert_int_equal(gap.last_day, lab_day("2026-09-30"));
	/* The bank's own buying rate, by its caller's number. */
	contract = good("{" HEAD ",\"owed\":{\"kind\":\"C\",\"currency\":\"USD\","
			"\"bill_rate\":{\"source\":\"bank-buy\",\"bank\":\"X\"}}}")
			   .items[0];
	days.invoice = lab_day("2026-11-04");
	assert_int_equal(contract_bill(&contract, lab_money("7052.00", "CNY"), &days, 0, &table, &item, &way, &gap), 0);
	lab_is(item.owed, "1000.00", "USD");
	assert_int_equal(contract_bill(&contract, lab_money("7052.00", "CNY"), &days, 3, &table, &item, &way, &gap),
		ERR_NOTFOUND);
}

/* ---- in words ---- */

static const char *term_text(const struct contract_term *terms, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(terms[i].key, key) == 0) return terms[i].text;
	return NULL;
}

static void a_clerk_can_read_it(void **state)
{
	(void)state;
	static const struct {
		const char *file, *english, *chinese;
	} rows[] = {
		{"conf/contracts/beta.json", "Beta owes CNY and pays CNY.", "Beta以 CNY 计欠,以 CNY 支付。"},
		{"conf/contracts/gamma.json",
			"Beta owes CNY, pays USD at the central parity of the payment order's day. A day without a rate "
			"takes the last one before it, at most 10 days back.",
			"Beta以 CNY 计欠,以 USD 支付,按付款指令日的人民币汇率中间价折算。当日无汇率的,取此前最近一日,"
			"至多回溯 10 天。"},
		{"conf/contracts/alpha.json",
			"Beta owes USD, fixed when billed at the central parity of the invoice's day, and pays USD. A day "
			"without a rate takes the last one before it, at most 10 days back.",
			"Beta以 USD 计欠,开票时按开票日的人民币汇率中间价折算固定,以 USD 支付。当日无汇率的,取此前最近一日,"
			"至多回溯 10 天。"},
		{"tests/fuzz/corpus/contract/every-key.json",
			"Beta owes EUR, fixed when billed at the selling rate of the bank QTBK of the service's day, pays "
			"USD at the reference rate of the European Central Bank of the credit's day. A day without a "
			"rate takes the last one before it, at most 3 days back.",
			"Beta以 EUR 计欠,开票时按服务日的QTBK银行现汇卖出价折算固定,以 USD 支付,按入账日的欧洲央行参考汇率折算。"
			"当日无汇率的,取此前最近一日,至多回溯 3 天。"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct contract_list list = good(file_text(rows[i].file));
		assert_string_equal(contract_owed_words(&list.items[0], "Beta", false, &memory.zf), rows[i].english);
		assert_string_equal(contract_owed_words(&list.items[0], "Beta", true, &memory.zf), rows[i].chinese);
	}
	struct contract_term terms[CONTRACT_TERMS_MAX];
	struct contract_list list = good(file_text("tests/fuzz/corpus/contract/every-key.json"));
	size_t count = contract_terms(&list.items[0], false, &memory.zf, terms);
	assert_string_equal(term_text(terms, count, "parties.remitter"), "Payer Ltd");
	assert_string_equal(term_text(terms, count, "prices.discounts"), "all else: 5 % off");
	assert_string_equal(term_text(terms, count, "payment.term_days"), "45 business days after the invoice");
	assert_string_equal(term_text(terms, count, "payment.early_discount"), "2.5 % off within 10 business days");
	assert_string_equal(term_text(terms, count, "payment.fee"),
		"3 % of what is paid, take-backs deducted, to which comes 6 % tax (deductible)");
	assert_string_equal(term_text(terms, count, "usual_charges"), "15.00 USD, any route, seen 6 times");
	assert_string_equal(term_text(terms, count, "tolerances"), "up to 0.10 USD; by a person up to 5.00 USD");
	list = good(file_text("conf/contracts/meridian.json"));
	count = contract_terms(&list.items[0], true, &memory.zf, terms);
	assert_string_equal(term_text(terms, count, "payment.fee"), "赔付金额的 3 %,含税 6 %(不可抵扣)");
	/* Words need memory too. */
	for (long n = 0;; n++) {
		struct lib_arena arena = {.zf = {.alloc = lib_arena_alloc}, .fail_at = n};
		count = contract_terms(&list.items[0], false, &arena.zf, terms);
		lib_arena_free(&arena);
		if (count > 0) break;
		assert_true(n < 100);
	}
}

static void as_many_terms_as_there_can_be(void **state)
{
	(void)state;
	struct contract_term terms[CONTRACT_TERMS_MAX];
	static char text[1 << 16];
	size_t n = (size_t)sprintf(text,
		"{" A ",\"notes\":\"n\",\"payment\":{\"early_discount\":{\"percent\":\"1\",\"days\":1},"
		"\"fee\":{\"percent\":\"1\"}},\"usual_charges\":[");
	for (int i = 0; i < CONTRACT_LIST_MAX; i++)
		n += (size_t)sprintf(text + n, "%s{\"currency\":\"USD\",\"amount\":\"%d\"}", i > 0 ? "," : "", i);
	n += (size_t)sprintf(text + n, "],\"prices\":{\"list\":\"l\",\"discounts\":[");
	for (int i = 0; i < CONTRACT_LIST_MAX; i++)
		n += (size_t)sprintf(text + n, "%s{\"category\":\"c%d\",\"percent\":\"1\"}", i > 0 ? "," : "", i);
	n += (size_t)sprintf(text + n, "]},\"tolerances\":[");
	size_t added = 0, currencies;
	const struct currency *table = currency_table(&currencies);
	for (size_t i = 0; i < currencies && added < CONTRACT_LIST_MAX; i++)
		if (table[i].exponent >= 0)
			n += (size_t)sprintf(text + n, "%s{\"currency\":\"%s\",\"residual\":\"1\"}",
				added++ > 0 ? "," : "", table[i].code);
	strcpy(text + n, "]}");
	struct contract_list most = good(text);
	assert_true(contract_terms(&most.items[0], false, &memory.zf, terms) > 3 * CONTRACT_LIST_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_least_has_all_defaults, teardown),
		cmocka_unit_test_teardown(the_sample_files_are_read, teardown),
		cmocka_unit_test_teardown(what_is_written_counts, teardown),
		cmocka_unit_test_teardown(each_fault_is_told, teardown),
		cmocka_unit_test_teardown(all_faults_at_once, teardown),
		cmocka_unit_test_teardown(limits_hold, teardown),
		cmocka_unit_test_teardown(memory_may_run_out, teardown),
		cmocka_unit_test_teardown(three_contracts_one_claim, teardown),
		cmocka_unit_test_teardown(the_day_that_counts_is_the_contracts, teardown),
		cmocka_unit_test_teardown(a_clerk_can_read_it, teardown),
		cmocka_unit_test_teardown(as_many_terms_as_there_can_be, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
