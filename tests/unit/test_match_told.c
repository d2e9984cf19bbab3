/* Matching by all that a bank tells of a payment: references that advices announce, ids of banks' and payers' programs,
 * whom it is paid for. */
#include "match_lab.h"
#include "settle/match_bill.h"
#include "settle/match_content.h"

#define ALPHA "ALPHA INTERNATIONAL HEALTH INSURANCE PLC"
#define MERIDIAN "MERIDIAN HEALTHCARE ADMINISTRATORS"

static char refs[8][REF_TEXT_LEN]; /* of the claims of a test; filled once, in setup */

static int setup(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++) ref_from_number("HZ1", UINT64_C(57346912345678) * (i + 3), refs[i]);
	return 0;
}

/* A payer by advices, claims of 100.00, 200.00 and so on, and an advice of each, with these references. */
static void advised(struct match_lab *lab, const char *const *references, size_t count, int64_t step)
{
	static const char *const numbers[] = {"RA-5501-77aa01", "RA-5501-bb8802", "RA-5501-cc9903"};
	lab_payer(lab, MERIDIAN, NULL, MATCH_ADVICE);
	lab_contract(lab, 0, "CNY", "CNY", 0);
	lab_open(lab);
	for (size_t i = 0; i < count; i++) {
		char owed[32];
		uint32_t advice;
		(void)snprintf(owed, sizeof(owed), "%jd.00", (intmax_t)(100 + step * (int64_t)i));
		lab_claim(lab, 0, refs[i], owed, owed, "2026-10-10");
		const struct match_detail row = {
			.kind = MATCH_PAID, .number = refs[i], .amount = lab_money(owed, "CNY")};
		const struct match_advice made = {.number = numbers[i],
			.reference = references[i],
			.details = &row,
			.detail_count = 1,
			.total = row.amount,
			.balanced = true,
			.day = lab_day("2026-11-10")};
		assert_int_equal(match_index_advise(lab->index, &made, &advice), 0);
		assert_int_equal(advice, i);
	}
}

/* eClaimLink appends a hash to an advice's number: its bank's text can name it by the reference alone. */
static void a_reference_names_the_advice(void **state)
{
	(void)state;
	static const char *const references[] = {"TRF 7781-2026-10", "TRF 7781-2026-11", "TRF 7781-2026-12"};
	static const struct {
		const char *text, *amount;
		uint8_t wait;
		uint32_t which;
		const char *why;
	} cases[] = {
		{"PAYMENT TRF7781-2026-11 CLAIMS", "210.00", MATCH_POSTS, 1,
			"the payment names the payment reference of the advice"},
		{"TRF 7781/2026/10", "100.00", MATCH_POSTS, 0, "the payment names the payment reference of the advice"},
		{"TRF 7781-2062-11", "210.00", MATCH_POSTS, 1,
			"the payment names the payment reference of the advice with one slip in it"},
		{"TRF 7781-2026-1", "320.00", MATCH_POSTS, 2,
			"the payment names the payment reference of the advice with one slip in it"},
		{"CLAIMS OF OCTOBER TRF 7781-20", "320.00", MATCH_POSTS, 2,
			"the payment names the begin of the payment reference of the advice"},
		{"RA-5501-BB8802", "210.00", MATCH_POSTS, 1, "the payment names the number of the advice"},
		{"TRF 7781-2026-11", "250.00", MATCH_WAIT_AMOUNT, 1,
			"the payment names the payment reference of the advice"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct match_lab lab = {.payer_count = 0};
		advised(&lab, references, 3, 110);
		struct match_line line = lab_line(&lab, cases[i].amount, "CNY", "2026-11-12", MERIDIAN, cases[i].text);
		assert_int_equal(lab_match(&lab, &line), cases[i].wait);
		assert_int_equal(lab.result.candidates[0].advices[0], cases[i].which);
		assert_true(lab_says(&lab, 0, cases[i].why));
		lab_close(&lab);
	}
}

/* One that several advices have, and one that is no number. */
static void a_shared_reference_leaves_it_to_the_amount(void **state)
{
	(void)state;
	static const char *const same[] = {"MHC 2026-4471", "MHC 2026-4471", "MHC 2026-4471"};
	static const char *const words[] = {"CLAIMS", "CLAIMS", "CLAIMS"};
	static const struct {
		const char *const *references;
		int64_t step;
		size_t count;
		const char *text, *amount;
		uint8_t wait;
		uint32_t which;
	} cases[] = {
		{same, 100, 3, "MHC 2026-4471", "200.00", MATCH_POSTS, 1},
		{same, 0, 3, "MHC 2026-4471", "100.00", MATCH_WAIT_TIE, MATCH_NONE},
		{same, 100, 2, "MHC 2026-4471", "300.00", MATCH_POSTS, 0}, /* both */
		{words, 100, 3, "CLAIMS", "200.00", MATCH_POSTS, 1},       /* by its amount */
		{words, 100, 3, "CLAIMS", "250.00", MATCH_WAIT_ADVICE, MATCH_NONE},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct match_lab lab = {.payer_count = 0};
		advised(&lab, cases[i].references, cases[i].count, cases[i].step);
		struct match_line line = lab_line(&lab, cases[i].amount, "CNY", "2026-11-12", MERIDIAN, cases[i].text);
		assert_int_equal(lab_match(&lab, &line), cases[i].wait);
		if (cases[i].which != MATCH_NONE) assert_int_equal(lab.result.candidates[0].advices[0], cases[i].which);
		if (cases[i].count == 2) assert_int_equal(lab.result.candidates[0].advices[1], 1);
		assert_int_equal(lab_says(&lab, 0, "the payment names the payment reference of the advice"),
			cases[i].references == same);
		lab_close(&lab);
	}
}

/* What stands in JSON as the importer writes it, taken in and matched. */
static uint8_t told(struct match_lab *lab, struct match_line *line, const char *root, const char *detail)
{
	const struct bytes whole = {(const uint8_t *)root, strlen(root)};
	const struct bytes part = {(const uint8_t *)detail, detail == NULL ? 0 : strlen(detail)};
	assert_int_equal(match_content_read(whole, part, &lab->arena.zf, line), 0);
	return lab_match(lab, line);
}

/* Two open claims of one amount: only what names one tells them apart. */
static void twins(struct match_lab *lab)
{
	lab_payer(lab, ALPHA, NULL, MATCH_SINGLE);
	lab_contract(lab, 0, "CNY", "CNY", 0);
	lab_open(lab);
	for (uint32_t i = 0; i < 2; i++) lab_claim(lab, 0, refs[i], "500.00", "500.00", "2026-10-10");
}

static void every_id_is_read(void **state)
{
	(void)state;
	static const char *const of_detail[] = {"message_id", "payment_id", "instruction_id", "uetr", "transaction_id",
		"clearing_reference", "servicer_reference", "other_reference", "cheque_number", "end_to_end_id", "text",
		"additional"};
	static const char *const of_line[] = {"entry_reference", "servicer_reference", "customer_reference",
		"batch_message_id", "batch_payment_id", "additional", "supplementary", "posting"};
	char root[512], detail[256];
	for (size_t i = 0; i < ARRAY_LEN(of_detail) + ARRAY_LEN(of_line); i++) {
		struct match_lab lab = {.payer_count = 0};
		bool own = i < ARRAY_LEN(of_detail);
		const char *key = own ? of_detail[i] : of_line[i - ARRAY_LEN(of_detail)];
		twins(&lab);
		/* beside a text that names nothing */
		const char *text = strcmp(key, "text") == 0 ? "" : "\"text\":\"MEDICAL EXPENSES\",";
		(void)snprintf(detail, sizeof(detail), "{%s\"debtor\":{\"name\":\"%s\"}%s%s%s%s%s}", text, ALPHA,
			own ? ",\"" : "", own ? key : "", own ? "\":\"X/" : "", own ? refs[1] : "", own ? "/1\"" : "");
		(void)snprintf(root, sizeof(root), "{\"detail\":%s%s%s%s%s%s}", detail, own ? "" : ",\"",
			own ? "" : key, own ? "" : "\":\"X/", own ? "" : refs[1], own ? "" : "/1\"");
		struct match_line line = lab_line(&lab, "500.00", "CNY", "2026-11-12", NULL, NULL);
		assert_int_equal(told(&lab, &line, root, NULL), MATCH_POSTS);
		assert_int_equal(lab.result.candidates[0].parts[0].claim, 1);
		assert_true(lab_says(&lab, 0, "the payment names our reference"));
		/* what a batch is called names none of its transactions */
		bool of_batch = !own && strcmp(key, "customer_reference") != 0 && strcmp(key, "additional") != 0 &&
				strcmp(key, "supplementary") != 0 && strcmp(key, "posting") != 0;
		line = lab_line(&lab, "500.00", "CNY", "2026-11-12", NULL, NULL);
		assert_int_equal(told(&lab, &line, root, detail), of_batch ? MATCH_WAIT_TIE : MATCH_POSTS);
		lab_close(&lab);
	}
}

/* Programs don't slip: what is like a number of ours in an id says nothing, for it or against it. */
static void ids_are_read_to_the_letter(void **state)
{
	(void)state;
	struct match_lab lab = {.payer_count = 0};
	char slip[REF_TEXT_LEN], root[512];
	lab_payer(&lab, ALPHA, NULL, MATCH_SINGLE);
	lab_contract(&lab, 0, "CNY", "CNY", 0);
	lab_open(&lab);
	lab_claim(&lab, 0, refs[0], "500.00", "500.00", "2026-10-10");
	uint32_t other;
	const struct match_claim numbered = {.numbers = {refs[1], NULL, "4711"},
		.made = {lab_money("700.00", "CNY"), lab_money("700.00", "CNY")},
		.open = lab_money("700.00", "CNY"),
		.billed_day = lab_day("2026-10-10")};
	assert_int_equal(match_index_add(lab.index, &numbered, &other), 0);
	memcpy(slip, refs[1], sizeof(slip));
	slip[6] = slip[6] == 'A' ? 'B' : 'A';
	const char *const ids[] = {slip, refs[1], "AB-4711-9", "4711"};
	const bool names[] = {false, true, false, true};
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		(void)snprintf(root, sizeof(root),
			"{\"detail\":{\"text\":\"MEDICAL\",\"uetr\":\"%s\",\"debtor\":{\"name\":\"%s\"}}}", ids[i],
			ALPHA);
		struct match_line line = lab_line(&lab, "500.00", "CNY", "2026-11-12", NULL, NULL);
		uint8_t wait = told(&lab, &line, root, NULL);
		/* by its amount it is the first claim's, unless another is named */
		assert_int_equal(wait == MATCH_POSTS && lab.result.candidates[0].parts[0].claim == 0, !names[i]);
		if (!names[i]) assert_true(lab_says(&lab, 0, "nothing names it: found by amount alone"));
	}
	lab_close(&lab);
}

/* A stranger that pays for one who is known; a payer who is known pays for itself. */
static void whom_it_is_paid_for_counts_for_a_stranger(void **state)
{
	(void)state;
	static const struct {
		const char *debtor, *ultimate;
		uint8_t wait;
		const char *why;
	} cases[] = {
		{"CITY TREASURY SERVICES LTD", ALPHA, MATCH_POSTS, "the name of whom it is paid for is on record"},
		{ALPHA, "CITY TREASURY SERVICES LTD", MATCH_POSTS, "the payer's name is on record"},
		{ALPHA, MERIDIAN, MATCH_POSTS, "the payer's name is on record"},
		{MERIDIAN, ALPHA, MATCH_WAIT_OTHER_PAYER, "it is owed by another than the payer"},
		{"CITY TREASURY SERVICES LTD", "SOMEBODY ELSE ENTIRELY", MATCH_WAIT_PAYER, NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct match_lab lab = {.payer_count = 0};
		char root[512];
		lab_payer(&lab, ALPHA, NULL, MATCH_SINGLE);
		lab_payer(&lab, MERIDIAN, NULL, MATCH_SINGLE);
		lab_contract(&lab, 0, "CNY", "CNY", 0);
		lab_contract(&lab, 1, "CNY", "CNY", 0);
		lab_open(&lab);
		lab_claim(&lab, 0, refs[0], "500.00", "500.00", "2026-10-10");
		(void)snprintf(root, sizeof(root),
			"{\"detail\":{\"text\":\"%s\",\"debtor\":{\"name\":\"%s\"},\"ultimate_debtor\":{\"name\":\"%s\"}}}",
			refs[0], cases[i].debtor, cases[i].ultimate);
		struct match_line line = lab_line(&lab, "500.00", "CNY", "2026-11-12", NULL, NULL);
		assert_int_equal(told(&lab, &line, root, NULL), cases[i].wait);
		if (cases[i].why != NULL) assert_true(lab_says(&lab, 0, cases[i].why));
		lab_close(&lab);
	}
}

/* Whole words of all fields, each once, with the marks around them taken off. */
static void words_may_be_numbers(void **state)
{
	(void)state;
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"PAYMENT ZY-2026-000123 THANKS", "ZY-2026-000123 ZY2026000123 2026000123"},
		{"Inv. zy2026x01;ZY2026X01", "zy2026x01 ZY2026X01 INVZY2026X01"},
		{"(ZY/2026/000123)", "ZY/2026/000123 000123 ZY2026000123 2026000123"},
		{"/ROC/ZY2026000123//", "ROC/ZY2026000123 ZY2026000123 ROCZY2026000123"},
		{"账单号ZY2026000123付款", "ZY2026000123"},
		{"NO:10023,10023 10024.", "10023 10024 1002310024"},
		{"1002 ABCDEFGH A1BCDEF 100 23", "A1BCDEF100 A1BCDEF10023"},
		{"zy26 0900 0071 5, BILL", "ZY260900 ZY2609000071 ZY26090000715 09000071 090000715"},
		{"MZ26090002074+MZ26080001180", "MZ26090002074+MZ26080001180 MZ26090002074 MZ26080001180"},
		{"MZ260800000O7", "MZ260800000O7 MZ26080000007"},  /* a letter for a digit */
		{"HZ1000000000000V ZY2026000123", "ZY2026000123"}, /* our own is looked for elsewhere */
		{NULL, ""},
	};
	struct match_lab lab = {.payer_count = 0};
	lab_payer(&lab, ALPHA, NULL, MATCH_SINGLE);
	lab_open(&lab);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *words[BILL_WORDS_MAX];
		char got[256] = "";
		uint32_t count;
		bool cut;
		const struct match_line line = {.text = cases[i].text, .end_to_end = cases[i].text};
		assert_int_equal(bill_words(&line, &lab.arena.zf, words, &count, &cut), 0);
		assert_false(cut);
		for (uint32_t k = 0; k < count; k++) {
			if (k > 0) strcat(got, " ");
			strcat(got, words[k]);
		}
		assert_string_equal(got, cases[i].words);
	}
	/* No more than so many of a line; that there are more is told. What is there twice counts once. */
	char many[2048] = "";
	const char *words[BILL_WORDS_MAX];
	uint32_t count;
	bool cut;
	for (int i = 0; i < 2 * BILL_WORDS_MAX; i++)
		(void)snprintf(many + strlen(many), sizeof(many) - strlen(many), "N%05d,", i < BILL_WORDS_MAX ? i : 0);
	const struct match_line line = {.text = many, .letter = "N00007 HZ1000000000000V"};
	assert_int_equal(bill_words(&line, &lab.arena.zf, words, &count, &cut), 0);
	assert_int_equal(count, BILL_WORDS_MAX);
	assert_false(cut);
	strcat(many, "N99999");
	assert_int_equal(bill_words(&line, &lab.arena.zf, words, &count, &cut), 0);
	assert_int_equal(count, BILL_WORDS_MAX);
	assert_true(cut);
	lab_close(&lab);
}

/* Where it is said that it is one: all of it, and no part. */
static void a_number_alone_is_read_as_it_stands_first(void **state)
{
	(void)state;
	static const struct {
		const char *said, *readings;
	} cases[] = {
		{"4711", "4711"},
		{" MZ26-0800 0129 ", "MZ26-0800 0129|MZ26-08000129|MZ2608000129"},
		{"#mz26-0129.", "#mz26-0129.|mz26-0129|MZ26-0129|MZ260129"},
		{"mz26+012O", "mz26+012O|MZ26+012O|MZ26012O|MZ26+0120|MZ260120"},
		{"LI-7", "LI-7|LI7"},
		{"ZY1 / ZY2", "ZY1 / ZY2|ZY1/ZY2|ZY1ZY2"},
		{"----", "----"},
		{"12345678901234567890123456789012345678901234567890123456789012345", ""},
	};
	struct match_lab lab = {.payer_count = 0};
	lab_payer(&lab, ALPHA, NULL, MATCH_SINGLE);
	lab_open(&lab);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *readings[BILL_READINGS_MAX];
		char got[256] = "";
		uint32_t count;

		assert_int_equal(bill_number_readings(cases[i].said, &lab.arena.zf, readings, &count), 0);
		for (uint32_t k = 0; k < count; k++) {
			if (k > 0) strcat(got, "|");
			strcat(got, readings[k]);
		}
		assert_string_equal(got, cases[i].readings);
	}
	lab_close(&lab);
}

/* What the hospital calls a claim counts as a number of it that is named, where it stands in the line. */
static void bills_name_claims(void **state)
{
	(void)state;
	static const struct {
		const char *text, *amount;
		uint32_t count;
		uint8_t wait;
		uint32_t which; /* MATCH_NONE: nobody can tell */
		bool named;
	} cases[] = {
		{"INV ZY-2026/000123", "500.00", 1, MATCH_POSTS, 1, true},
		{"INV zy 2026 000123 X", "500.00", 1, MATCH_POSTS, 1, true},
		{"INV ZY-2026/00012", "500.00", 1, MATCH_WAIT_TIE, MATCH_NONE, false},   /* shortened */
		{"INV AZY-2026/000123", "500.00", 1, MATCH_WAIT_TIE, MATCH_NONE, false}, /* of a longer one */
		{"INV ZY-2026/000123", "400.00", 1, MATCH_WAIT_AMOUNT, 1, true},
		{"INV ZY-2026/000123", "500.00", 2, MATCH_WAIT_TIE, MATCH_NONE, true}, /* of both */
		{"INV ZY-2026/000123", "1000.00", 2, MATCH_POSTS, 0, true},            /* for both */
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct match_lab lab = {.payer_count = 0};
		struct match_bill bills[2] = {{"ZY-2026/000123", 1}, {"ZY-2026/000123", 0}};
		twins(&lab);
		struct match_line line = lab_line(&lab, cases[i].amount, "CNY", "2026-11-12", ALPHA, cases[i].text);
		line.bills = bills;
		line.bill_count = cases[i].count;
		assert_int_equal(lab_match(&lab, &line), cases[i].wait);
		assert_int_equal(
			lab_says(&lab, 0, "the payment names the hospital's number of the claim"), cases[i].named);
		if (cases[i].which == MATCH_NONE) assert_int_equal(lab.result.count, 2);
		if (cases[i].which == 1) {
			assert_int_equal(lab.result.candidates[0].part_count, 1);
			assert_int_equal(lab.result.candidates[0].parts[0].claim, 1);
		}
		if (cases[i].wait == MATCH_POSTS) assert_int_equal(lab.result.candidates[0].score, 998);
		lab_close(&lab);
	}
	/* Two numbers are of two claims: neither alone is what was paid. */
	struct match_lab lab = {.payer_count = 0};
	struct match_bill bills[2] = {{"ZY-2026/000123", 1}, {"ZY-2026/000124", 0}};
	twins(&lab);
	struct match_line line = lab_line(&lab, "500.00", "CNY", "2026-11-12", ALPHA, "ZY-2026/000123 ZY-2026/000124");
	line.bills = bills;
	line.bill_count = 2;
	assert_int_equal(lab_match(&lab, &line), MATCH_WAIT_AMOUNT);
	lab_close(&lab);
}

/* An administrator that pays for the policy and for the plan beside it: its advice names both by the claim's ref. By
 * whatever contract the plan owes its share: that it is one, the claim tells. */
static void who_pays_for_policy_and_plan(void **state)
{
	(void)state;
	static const struct {
		const char *rows[2], *total;
		uint8_t wait;
		uint32_t claims[2];
	} cases[] = {
		{{"242.00"}, "242.00", MATCH_POSTS, {0}},
		{{"4878.00"}, "4878.00", MATCH_POSTS, {1}},
		{{"242.00", "4878.00"}, "5120.00", MATCH_POSTS, {0, 1}},
		{{"4878.00", "242.00"}, "5120.00", MATCH_POSTS, {1, 0}},
		{{"200.00"}, "200.00", MATCH_POSTS, {0}},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct match_lab lab = {.payer_count = 0};
		struct match_detail rows[2];
		uint32_t count = 0, advice;
		lab_payer(&lab, MERIDIAN, NULL, MATCH_ADVICE);
		lab_contract(&lab, 0, "CNY", "CNY", 0);
		lab_contract(&lab, 0, "CNY", "CNY", 0);
		lab_open(&lab);
		lab_bill(&lab, 0, refs[0], "242.00", "242.00", "2026-10-10", false);
		lab_bill(&lab, i % 2, refs[0], "4878.00", "4878.00", "2026-10-10", true);
		for (; count < 2 && cases[i].rows[count] != NULL; count++)
			rows[count] = (struct match_detail){.kind = MATCH_PAID,
				.number = refs[0],
				.amount = lab_money(cases[i].rows[count], "CNY")};
		const struct match_advice made = {.number = "RA-5501-77aa01",
			.details = rows,
			.detail_count = count,
			.total = lab_money(cases[i].total, "CNY"),
			.balanced = true,
			.day = lab_day("2026-11-10")};
		assert_int_equal(match_index_advise(lab.index, &made, &advice), 0);
		struct match_line line =
			lab_line(&lab, cases[i].total, "CNY", "2026-11-12", MERIDIAN, "RA-5501-77aa01");
		assert_int_equal(lab_match(&lab, &line), cases[i].wait);
		assert_int_equal(lab.result.candidates[0].part_count, count);
		for (uint32_t k = 0; k < count; k++)
			assert_int_equal(lab.result.candidates[0].parts[k].claim, cases[i].claims[k]);
		lab_close(&lab);
	}
}

/* Where not all of its numbers were looked up, what is known of it is no ground but for our own references. */
static void more_numbers_than_are_looked_up_wait(void **state)
{
	(void)state;
	const struct {
		const char *text, *amount;
		bool many;
		uint8_t wait;
	} cases[] = {
		{"INV ZY-2026/000123", "500.00", false, MATCH_POSTS},
		{"INV ZY-2026/000123", "500.00", true, MATCH_WAIT_NUMBERS},
		{"MEDICAL EXPENSES", "300.00", false, MATCH_POSTS},
		{"MEDICAL EXPENSES", "300.00", true, MATCH_WAIT_NUMBERS}, /* by its amount */
		{refs[1], "500.00", true, MATCH_POSTS},
		{"INV ZY-2026/000123", "400.00", true, MATCH_WAIT_AMOUNT},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct match_lab lab = {.payer_count = 0};
		struct match_bill bill = {"ZY-2026/000123", 1};
		twins(&lab);
		lab_claim(&lab, 0, refs[2], "300.00", "300.00", "2026-10-10");
		struct match_line line = lab_line(&lab, cases[i].amount, "CNY", "2026-11-12", ALPHA, cases[i].text);
		line.bills = &bill;
		line.bill_count = 1;
		line.bills_many = cases[i].many;
		assert_int_equal(lab_match(&lab, &line), cases[i].wait);
		assert_true(lab.result.count > 0); /* shown to a person all the same */
		lab_close(&lab);
	}
	assert_non_null(strstr(match_wait_text(MATCH_WAIT_NUMBERS, false), "more bills than are looked up"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reference_names_the_advice),
		cmocka_unit_test(a_shared_reference_leaves_it_to_the_amount),
		cmocka_unit_test(every_id_is_read),
		cmocka_unit_test(ids_are_read_to_the_letter),
		cmocka_unit_test(whom_it_is_paid_for_counts_for_a_stranger),
		cmocka_unit_test(words_may_be_numbers),
		cmocka_unit_test(a_number_alone_is_read_as_it_stands_first),
		cmocka_unit_test(bills_name_claims),
		cmocka_unit_test(who_pays_for_policy_and_plan),
		cmocka_unit_test(more_numbers_than_are_looked_up_wait),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
