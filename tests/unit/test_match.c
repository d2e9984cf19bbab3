/* Matching as a cashier does it: the scenarios S3, S4 and S5 to the fen, damaged references, and money that must not
 * find a home by luck. */
#include "match_lab.h"
#include "settle/match_index.h"

#define ALPHA "ALPHA INTERNATIONAL HEALTH INSURANCE PLC"
#define MERIDIAN "MERIDIAN HEALTHCARE ADMINISTRATORS"
#define ALLIED "ALLIED HLTH LTD"

static char refs[16][REF_TEXT_LEN]; /* of the claims of a test; filled once, in setup */

static int setup(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 16; i++) ref_from_number("HZ1", UINT64_C(57346912345678) * (i + 3), refs[i]);
	return 0;
}

/* ---- S3: the invoice is in yuan, the money comes in dollars ---- */

static void settle_s3(const char *owed, const char *pay, const char *owed_amount, const char *received, bool stated)
{
	struct match_lab lab = {.payer_count = 0};
	lab_payer(&lab, ALPHA, NULL, MATCH_SINGLE);
	lab_contract(&lab, 0, owed, pay, 100);
	if (strcmp(pay, "USD") == 0) lab_usual(&lab, "25.00", "USD", 3);
	lab_open(&lab);
	uint32_t claim = lab_claim(&lab, 0, refs[0], owed_amount, "102900.00", "2026-10-06");
	struct match_line line = lab_line(&lab, received, pay, "2026-10-30", ALPHA, refs[0]);
	line.order_day = lab_day("2026-10-28");
	if (stated) line.charge = lab_money("25.00", "USD");
	assert_int_equal(lab_match(&lab, &line), MATCH_POSTS);
	const struct match_part *part = lab_part(&lab, claim);
	assert_true(part->booked);
	lab_is(part->books.cleared_book, "102900.00", "CNY");
	assert_int_equal(part->books.left.minor, 0);
	assert_int_equal(part->split.short_by, 0);
	if (strcmp(pay, "CNY") == 0) {
		assert_int_equal(part->split.charge, 0);
		lab_is(part->books.fx, "0.00", "CNY");
	} else {
		assert_int_equal(part->split.charge, 2500);
		lab_is(part->books.charge, "176.75", "CNY");
		lab_is(part->books.fx, strcmp(owed, "USD") == 0 ? "362.59" : "87.28", "CNY");
	}
	lab_close(&lab);
}

static void test_s3_paid_in_yuan(void **state)
{
	(void)state;
	settle_s3("CNY", "CNY", "102900.00", "102900.00", false);
}

static void test_s3_owed_in_yuan_paid_in_dollars(void **state)
{
	(void)state;
	settle_s3("CNY", "USD", "102900.00", "14517.11", false);
	settle_s3("CNY", "USD", "102900.00", "14517.11", true);
}

static void test_s3_owed_in_dollars(void **state)
{
	(void)state;
	settle_s3("USD", "USD", "14503.17", "14478.17", false);
	settle_s3("USD", "USD", "14503.17", "14478.17", true);
}

/* ---- S4: one transfer, two carriers, and the advice comes later ---- */

static struct match_detail detail(uint8_t kind, const char *number, const char *amount)
{
	return (struct match_detail){.kind = kind, .number = number, .amount = lab_money(amount, "CNY")};
}

/* The six claims, and the one of June that is taken back. */
static void fill_s4(struct match_lab *lab)
{
	static const char *const owed[] = {
		"12480.00", "8965.50", "3200.00", "3200.00", "21734.20", "1450.00", "6010.75"};
	lab_payer(lab, MERIDIAN, NULL, MATCH_ADVICE);
	lab_contract(lab, 0, "CNY", "CNY", 0); /* Alpha */
	lab_contract(lab, 0, "CNY", "CNY", 0); /* Beta */
	lab_open(lab);
	for (uint32_t i = 0; i < 7; i++) {
		lab_claim(lab, i >= 2 && i <= 4, refs[i], owed[i], owed[i], i == 5 ? "2026-06-10" : "2026-10-10");
	}
	assert_int_equal(match_index_open(lab->index, 5, lab_money("0.00", "CNY")), 0);
}

static uint32_t advise_s4(struct match_lab *lab, const char *net, bool balanced)
{
	uint32_t advice = MATCH_NONE;
	const struct match_detail details[] = {
		detail(MATCH_PAID, refs[0], "12480.00"),
		detail(MATCH_PAID, refs[1], "8068.95"),
		detail(MATCH_PAID, refs[2], "3200.00"),
		detail(MATCH_PAID, refs[3], "0.00"),
		detail(MATCH_PAID, refs[4], "21734.20"),
		detail(MATCH_PAID, refs[6], "6010.75"),
		detail(MATCH_TAKE_BACK, refs[5], "-1450.00"),
		detail(MATCH_FEE, NULL, "-1544.82"),
	};
	const struct match_advice made = {
		.number = "HC STMT 2026-10 #07",
		.details = details,
		.detail_count = ARRAY_LEN(details),
		.payer = 0,
		.total = lab_money(net, "CNY"),
		.balanced = balanced,
		.day = lab_day("2026-11-16"),
	};
	assert_int_equal(match_index_advise(lab->index, &made, &advice), 0);
	return advice;
}

static void test_s4_waits_for_the_advice(void **state)
{
	(void)state;
	struct match_lab lab = {.payer_count = 0};
	fill_s4(&lab);
	struct match_line line =
		lab_line(&lab, "48499.08", "CNY", "2026-11-12", MERIDIAN, "MERIDIAN HC STMT 2026-10 #0");
	assert_int_equal(lab_post(&lab, &line), MATCH_WAIT_CUT);
	assert_int_equal(lab.result.count, 0);
	assert_string_equal(match_wait_text(MATCH_WAIT_CUT, false), "payer known, statement number cut, no advice");
	struct match_line other = lab_line(&lab, "48499.09", "CNY", "2026-11-12", MERIDIAN, "HC PAYMENT FOR OCTOBER");
	assert_int_equal(lab_post(&lab, &other), MATCH_WAIT_ADVICE);
	assert_string_equal(match_wait_text(MATCH_WAIT_ADVICE, false), "payer known, its advice has not come");

	uint32_t advice = advise_s4(&lab, "48499.08", true);
	assert_int_equal(lab_post(&lab, &line), MATCH_POSTS);
	const struct match_candidate *first = &lab.result.candidates[0];
	assert_int_equal(first->kind, MATCH_REMITTANCE);
	assert_int_equal(first->advices[0], advice);
	assert_int_equal(first->part_count, 8); /* no residual */
	assert_true(lab_says(&lab, 0, "the advice lists 8 rows and balances"));
	assert_true(lab_says(&lab, 0, "the amount is exactly what is due"));
	int64_t sum = 0, cleared = 0;
	for (uint32_t i = 0; i < first->part_count; i++) {
		sum += first->parts[i].amount;
		if (first->parts[i].booked) cleared += first->parts[i].books.cleared_book.minor;
	}
	assert_int_equal(sum, 4849908);
	assert_int_equal(cleared, 2745625 - 89655 + 2493420);
	assert_int_equal(lab_part(&lab, 1)->split.short_by, 89655);
	assert_int_equal(lab_part(&lab, 3)->kind, MATCH_PART_DENIED);
	assert_int_equal(lab_part(&lab, 3)->split.short_by, 320000);
	assert_int_equal(lab_part(&lab, 5)->kind, MATCH_PART_TAKE_BACK);
	assert_int_equal(lab_part(&lab, 5)->amount, -145000);
	assert_int_equal(lab_part(&lab, MATCH_NONE)->split.fee, 154482);
	assert_int_equal(match_index_opened(lab.index, 3).minor, 320000); /* stays open, as denied */
	/* the same money again has no advice left */
	struct match_line again = line;
	again.id = lab.lines++;
	assert_int_not_equal(lab_post(&lab, &again), MATCH_POSTS);
	lab_close(&lab);
}

/* Numbers that begin alike for longer than their keys are two all the same, and what is shorter is cut. */
static void test_long_numbers_of_advices(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint8_t wait;
		const char *why;
		int which;
	} cases[] = {{"MERIDIAN HC STMT 2026-10 #0417", MATCH_POSTS, "the payment names the number of the advice", 0},
		{"pay MERIDIAN HC STMT 2026-10 #0418 ok", MATCH_POSTS, "the payment names the number of the advice", 1},
		{"MERIDIAN HC STMT 2026-10 #041", MATCH_POSTS,
			"the payment names the begin of the number of the advice", 0},
		{"MERIDIAN HC STMT 2026-10 #0416", MATCH_WAIT_ADVICE, NULL, -1},
		{"MERIDIAN HC STMT 2026-11 #0", MATCH_WAIT_CUT, NULL, -1},
		{"MERIDIAN HC STMT 2026-11 #0420", MATCH_WAIT_ADVICE, NULL, -1}};
	static const char *const numbers[] = {"MERIDIAN HC STMT 2026-10 #0417", "MERIDIAN HC STMT 2026-10 #0418"};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct match_lab lab = {.payer_count = 0};
		uint32_t advices[2];
		lab_payer(&lab, MERIDIAN, NULL, MATCH_ADVICE);
		lab_contract(&lab, 0, "CNY", "CNY", 0);
		lab_open(&lab);
		for (uint32_t j = 0; j < 2; j++) {
			const char *owed = j == 0 ? "300.00" : "400.00";
			lab_claim(&lab, 0, refs[j], owed, owed, "2026-10-10");
			const struct match_detail row = detail(MATCH_PAID, refs[j], owed);
			const struct match_advice made = {.number = numbers[j],
				.details = &row,
				.detail_count = 1,
				.total = row.amount,
				.balanced = true,
				.day = lab_day("2026-11-10")};
			assert_int_equal(match_index_advise(lab.index, &made, &advices[j]), 0);
		}
		const char *amount = cases[i].which < 0 ? "350.00" : cases[i].which == 0 ? "300.00" : "400.00";
		struct match_line line = lab_line(&lab, amount, "CNY", "2026-11-12", MERIDIAN, cases[i].text);
		assert_int_equal(lab_match(&lab, &line), cases[i].wait);
		if (cases[i].which >= 0) {
			assert_int_equal(lab.result.candidates[0].advices[0], advices[cases[i].which]);
			assert_true(lab_says(&lab, 0, cases[i].why));
		}
		lab_close(&lab);
	}
}

static void test_s4_parks_what_does_not_balance(void **state)
{
	(void)state;
	struct match_lab lab = {.payer_count = 0};
	fill_s4(&lab);
	advise_s4(&lab, "48499.08", false);
	struct match_line line = lab_line(&lab, "48499.08", "CNY", "2026-11-12", MERIDIAN, "HC STMT 2026-10 #07");
	assert_int_equal(lab_post(&lab, &line), MATCH_WAIT_PARKED);
	assert_true(lab_says(&lab, 0, "the advice lists 8 rows and does not balance"));
	advise_s4(&lab, "48499.08", true); /* corrected: takes the place of the first */
	assert_int_equal(lab_post(&lab, &line), MATCH_POSTS);
	assert_int_equal(lab.result.count, 1);
	lab_close(&lab);
}

/* A row of a claim that is not here keeps nobody from accepting the others. */
static void test_s4_a_claim_that_is_not_here_stays(void **state)
{
	(void)state;
	struct match_lab lab = {.payer_count = 0};
	uint32_t advice;
	fill_s4(&lab);
	const struct match_detail details[] = {
		detail(MATCH_PAID, refs[0], "12480.00"),
		detail(MATCH_PAID, "HZ1BEFORE000000X", "700.00"),
		detail(MATCH_TAKE_BACK, "HZ1BEFORE000000Y", "-80.00"),
		detail(MATCH_FEE, NULL, "-100.00"),
	};
	const struct match_advice made = {.number = "HC STMT 2026-10 #08",
		.details = details,
		.detail_count = ARRAY_LEN(details),
		.payer = 0,
		.total = lab_money("13000.00", "CNY"),
		.balanced = true,
		.day = lab_day("2026-11-16")};
	assert_int_equal(match_index_advise(lab.index, &made, &advice), 0);
	struct match_line line = lab_line(&lab, "13000.00", "CNY", "2026-11-12", MERIDIAN, "HC STMT 2026-10 #08");
	assert_int_equal(lab_match(&lab, &line), MATCH_WAIT_STRANGERS);
	assert_int_equal(lab.result.count, 1);
	assert_false(lab.result.candidates[0].posts);
	assert_true(lab_says(&lab, 0, "the advice lists 4 rows and balances"));
	assert_true(
		lab_says(&lab, 0, "2 of its rows are of claims that are not here: what they pay stays in suspense"));
	assert_int_equal(lab.result.candidates[0].part_count, 4);
	assert_int_equal(lab.result.candidates[0].parts[0].kind, MATCH_PART_PAYMENT);
	assert_int_equal(lab.result.candidates[0].parts[1].kind, MATCH_PART_STAYS);
	assert_int_equal(lab.result.candidates[0].parts[1].amount, 70000);
	assert_int_equal(lab.result.candidates[0].parts[2].kind, MATCH_PART_ADJUSTED);
	assert_int_equal(lab.result.candidates[0].parts[2].amount, -8000);
	assert_int_equal(lab.result.candidates[0].parts[3].kind, MATCH_PART_FEE);
	assert_string_equal(match_wait_text(MATCH_WAIT_STRANGERS, false), "its advice names claims that are not here");
	lab_close(&lab);
}

static void test_s4_equal_amounts_are_never_told_apart(void **state)
{
	(void)state;
	struct match_lab lab = {.payer_count = 0};
	lab_payer(&lab, "BETA HEALTH INSURANCE", NULL, MATCH_SINGLE);
	lab_contract(&lab, 0, "CNY", "CNY", 0);
	lab_open(&lab);
	lab_claim(&lab, 0, refs[0], "3200.00", "3200.00", "2026-10-01");
	lab_claim(&lab, 0, refs[1], "3200.00", "3200.00", "2026-10-20");
	struct match_line line =
		lab_line(&lab, "3200.00", "CNY", "2026-11-12", "BETA HEALTH INSURANCE", "MEDICAL EXPENSES");
	assert_int_equal(lab_post(&lab, &line), MATCH_WAIT_TIE);
	assert_int_equal(lab.result.count, 2);
	assert_true(lab_says(&lab, 0, "1 other answers are as good"));
	lab_close(&lab);
}

/* ---- S5: no reference, two equal candidates ---- */

static void test_s5_tie_waits_and_the_letter_decides(void **state)
{
	(void)state;
	struct match_lab lab = {.payer_count = 0};
	lab_payer(&lab, ALLIED, NULL, MATCH_SINGLE);
	lab_contract(&lab, 0, "USD", "USD", 100);
	lab_usual(&lab, "15.00", "USD", 6);
	lab_usual(&lab, "25.00", "USD", 2);
	lab_open(&lab);
	lab_claim(&lab, 0, refs[0], "2315.00", "16482.80", "2026-09-08");
	lab_claim(&lab, 0, refs[1], "2315.00", "16482.80", "2026-09-08");
	lab_claim(&lab, 0, refs[2], "2325.00", "16554.00", "2026-09-08");
	struct match_line line = lab_line(&lab, "2300.00", "USD", "2026-11-27", ALLIED, NULL);
	assert_int_equal(lab_post(&lab, &line), MATCH_WAIT_TIE);
	assert_int_equal(lab.result.count, 3);
	assert_int_equal(lab.result.candidates[2].parts[0].claim, 2);
	assert_int_equal(lab.result.candidates[0].score, lab.result.candidates[1].score);
	assert_true(lab.result.candidates[1].score > lab.result.candidates[2].score);
	assert_true(lab_says(&lab, 0, "short by a usual charge of 15.00 USD, seen 6 times"));
	assert_true(lab_says(&lab, 2, "short by a usual charge of 25.00 USD, seen 2 times"));

	char letter[64];
	(void)snprintf(letter, sizeof(letter), "Our payment was for your claim %s.", refs[1]);
	line.letter = letter;
	line.book = lab_money("16341.50", "CNY"); /* as it is carried in suspense */
	assert_int_equal(lab_post(&lab, &line), MATCH_POSTS);
	const struct match_part *part = lab_part(&lab, 1);
	lab_is(part->books.bank, "16341.50", "CNY");
	lab_is(part->books.charge, "106.58", "CNY");
	lab_is(part->books.fx, "34.72", "CNY");
	lab_is(part->books.cleared_book, "16482.80", "CNY");
	assert_int_equal(match_index_opened(lab.index, 1).minor, 0);
	assert_int_equal(match_index_opened(lab.index, 0).minor, 231500);
	lab_close(&lab);
}

/* ---- references ---- */

static void one_payer(struct match_lab *lab, uint32_t claims)
{
	lab_payer(lab, ALPHA, "GB29 NWBK 6016 1331 9268 19", MATCH_SINGLE);
	lab_contract(lab, 0, "CNY", "CNY", 0);
	lab_open(lab);
	for (uint32_t i = 0; i < claims; i++) {
		char amount[24];
		(void)snprintf(amount, sizeof(amount), "%u.17", 1000 + 37 * i);
		lab_claim(lab, 0, refs[i], amount, amount, "2026-10-01");
	}
}

static void test_references_are_found_as_banks_write_them(void **state)
{
	(void)state;
	struct match_lab lab = {.payer_count = 0};
	char text[200];
	one_payer(&lab, 3);
	const char *ref = refs[1];
	for (int form = 0; form < 6; form++) {
		struct match_line line = lab_line(&lab, "1037.17", "CNY", "2026-10-30", ALPHA, text);
		const char *structured[] = {ref};
		switch (form) {
		case 0: /* in groups */
			(void)snprintf(text, sizeof(text), "CLAIM %.4s %.4s-%.4s/%s", ref, ref + 4, ref + 8, ref + 12);
			break;
		case 1: /* O for 0, I for 1, small letters */
			(void)snprintf(text, sizeof(text), "re:%s.", ref);
			for (char *c = text; *c != '\0'; c++) {
				*c = *c == '0' ? 'o' : *c == '1' ? 'i' : *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
			}
			break;
		case 2: /* grown together with a word */
			(void)snprintf(text, sizeof(text), "INVOICE%sTHANKYOU", ref);
			break;
		case 3: /* Chinese around it, in full width */
			(void)snprintf(text, sizeof(text), "赔案号%s请查收", ref);
			break;
		case 4:
			line.end_to_end = ref;
			line.text = "NOTPROVIDED";
			break;
		default:
			line.structured = structured;
			line.structured_count = 1;
			line.text = NULL;
		}
		assert_int_equal(lab_match(&lab, &line), MATCH_POSTS);
		assert_int_equal(lab.result.candidates[0].parts[0].claim, 1);
		assert_true(lab_says(&lab, 0, "the payment names our reference"));
	}
	lab_close(&lab);
}

static void test_every_slip_of_a_reference_is_understood(void **state)
{
	(void)state;
	struct match_lab lab = {.payer_count = 0};
	one_payer(&lab, 3);
	const char *ref = refs[2];
	for (int slip = 0; slip < 4 * REF_LEN; slip++) {
		char text[40];
		int at = slip / 4;
		switch (slip % 4) {
		case 0: /* dropped */
			(void)snprintf(text, sizeof(text), "INV %.*s%s", at, ref, ref + at + 1);
			break;
		case 1: /* added */
			(void)snprintf(text, sizeof(text), "INV %.*sX%s", at, ref, ref + at);
			break;
		case 2: /* another */
			(void)snprintf(
				text, sizeof(text), "INV %.*s%c%s", at, ref, ref[at] == '7' ? '8' : '7', ref + at + 1);
			break;
		default: /* swapped */
			if (at + 1 == REF_LEN) continue;
			(void)snprintf(
				text, sizeof(text), "INV %.*s%c%c%s", at, ref, ref[at + 1], ref[at], ref + at + 2);
		}
		struct match_line line = lab_line(&lab, "1074.17", "CNY", "2026-10-30", ALPHA, text);
		assert_int_equal(lab_match(&lab, &line), MATCH_POSTS);
		assert_int_equal(lab.result.candidates[0].parts[0].claim, 2);
		/* with another amount it proves nothing, unless the ref is whole after all */
		line.amount.minor += 1000;
		uint8_t wait = lab_match(&lab, &line);
		assert_true(strstr(text, ref) != NULL ? wait == MATCH_POSTS : wait != MATCH_POSTS);
	}
	lab_close(&lab);
}

static void test_cut_references_are_understood(void **state)
{
	(void)state;
	struct match_lab lab = {.payer_count = 0};
	char text[160];
	one_payer(&lab, 3);
	static const char filler[] =
		"DIRECT BILLING SETTLEMENT OF A MEMBER IN THE MONTH OF OCTOBER AS PER YOUR INVOICES, WHICH WE "
		"RECEIVED AND CHECKED, PLEASE QUOTE OUR NUMBER ";
	static const int cut_at[] = {16, 35, 140};
	for (size_t i = 0; i < ARRAY_LEN(cut_at); i++) {
		int left = cut_at[i] == 16 ? 9 : 11;
		(void)snprintf(text, sizeof(text), "%.*s %.*s", cut_at[i] - left - 1, filler, left, refs[0]);
		struct match_line line = lab_line(&lab, "1000.17", "CNY", "2026-10-30", ALPHA, text);
		assert_int_equal(lab_match(&lab, &line), MATCH_POSTS);
		assert_int_equal(lab.result.candidates[0].parts[0].claim, 0);
		assert_true(lab_says(&lab, 0, "the payment names the begin of our reference"));
	}
	lab_close(&lab);
}

/* ---- what must not find a home by luck ---- */

static void test_strangers_wait(void **state)
{
	(void)state;
	struct match_lab lab = {.payer_count = 0};
	one_payer(&lab, 2);
	lab_close(&lab);
	lab = (struct match_lab){.payer_count = 0};
	lab_payer(&lab, ALPHA, "GB29 NWBK 6016 1331 9268 19", MATCH_SINGLE);
	lab_payer(&lab, "GAMMA LIFE ASSURANCE", NULL, MATCH_SINGLE);
	lab_contract(&lab, 0, "CNY", "CNY", 0);
	lab_open(&lab);
	lab_claim(&lab, 0, refs[0], "500.00", "500.00", "2026-10-01");
	struct match_line line = lab_line(&lab, "500.00", "CNY", "2026-10-30", "GLOBAL COLLECT INC", refs[0]);
	assert_int_equal(lab_match(&lab, &line), MATCH_WAIT_PAYER);
	assert_int_equal(lab.result.count, 1); /* but shown */
	line.payer_name = "GAMMA LIFE ASSURANCE";
	assert_int_equal(lab_match(&lab, &line), MATCH_WAIT_OTHER_PAYER);
	assert_true(lab_says(&lab, 0, "it is owed by another than the payer"));
	line.payer_name = "ALPHA INTERNATIONAL HEA"; /* cut off by the bank */
	assert_int_equal(lab_match(&lab, &line), MATCH_POSTS);
	line.payer_name = NULL;
	line.payer_account = "gb29nwbk60161331926819";
	assert_int_equal(lab_match(&lab, &line), MATCH_POSTS);
	assert_true(lab_says(&lab, 0, "the payer's account is on record"));
	lab_close(&lab);
}

static void test_paid_twice_is_a_liability(void **state)
{
	(void)state;
	struct match_lab lab = {.payer_count = 0};
	lab_payer(&lab, ALPHA, NULL, MATCH_SINGLE);
	lab_contract(&lab, 0, "CNY", "CNY", 0);
	lab_open(&lab);
	uint32_t paid = lab_claim(&lab, 0, refs[0], "500.00", "500.00", "2026-10-01");
	uint32_t equal = lab_claim(&lab, 0, refs[1], "500.00", "500.00", "2026-10-01");
	struct match_line first = lab_line(&lab, "500.00", "CNY", "2026-10-29", ALPHA, refs[0]);
	assert_int_equal(lab_post(&lab, &first), MATCH_POSTS);
	struct match_line second = lab_line(&lab, "500.00", "CNY", "2026-10-30", ALPHA, refs[0]);
	assert_int_equal(lab_post(&lab, &second), MATCH_POSTS);
	assert_int_equal(lab.result.candidates[0].kind, MATCH_DOUBLE);
	assert_int_equal(lab_part(&lab, paid)->split.over, 50000);
	assert_int_equal(match_index_opened(lab.index, equal).minor, 50000);
	/* another amount for a paid claim is neither */
	struct match_line third = lab_line(&lab, "200.00", "CNY", "2026-10-30", ALPHA, refs[0]);
	assert_int_equal(lab_post(&lab, &third), MATCH_WAIT_PAID);
	/* too much is a liability of the claim it names */
	struct match_line over = lab_line(&lab, "620.00", "CNY", "2026-10-30", ALPHA, refs[1]);
	assert_int_equal(lab_post(&lab, &over), MATCH_POSTS);
	assert_int_equal(lab_part(&lab, equal)->split.over, 12000);
	lab_is(lab_part(&lab, equal)->books.over, "120.00", "CNY");
	lab_close(&lab);
}

static void test_twin_of_a_waiting_line_waits(void **state)
{
	(void)state;
	struct match_lab lab = {.payer_count = 0};
	lab_payer(&lab, ALPHA, NULL, MATCH_SINGLE);
	lab_contract(&lab, 0, "CNY", "CNY", 0);
	lab_open(&lab);
	lab_claim(&lab, 0, refs[0], "500.00", "500.00", "2026-10-01");
	struct match_line stranger = lab_line(&lab, "500.00", "CNY", "2026-10-29", "GLOBAL COLLECT INC", refs[0]);
	assert_int_equal(lab_post(&lab, &stranger), MATCH_WAIT_PAYER);
	struct match_line line = lab_line(&lab, "500.00", "CNY", "2026-10-30", ALPHA, refs[0]);
	assert_int_equal(lab_post(&lab, &line), MATCH_WAIT_TWIN);
	assert_int_equal(lab.result.count, 2); /* the payment, or the double one */
	assert_int_equal(lab.result.candidates[0].kind, MATCH_PAYMENT);
	assert_int_equal(lab.result.candidates[1].kind, MATCH_DOUBLE);
	assert_int_equal(match_index_credit(lab.index, &stranger, NULL), 0); /* a person found it another home */
	assert_int_equal(lab_post(&lab, &line), MATCH_POSTS);
	lab_close(&lab);
}

static bool hangs(struct match_lab *lab, const struct match_line *line)
{
	bool is = false;
	assert_int_equal(lab_match(lab, line), MATCH_POSTS);
	assert_int_equal(match_line_hangs(lab->index, line, &lab->arena.zf, &lab->result, &is), 0);
	return is;
}

/* What is the only answer since its rival is being paid waits until that is sure. */
static void test_an_answer_by_amount_hangs_on_what_is_not_committed(void **state)
{
	(void)state;
	struct match_lab lab = {.payer_count = 0};
	lab_payer(&lab, ALPHA, NULL, MATCH_SINGLE);
	lab_contract(&lab, 0, "USD", "USD", 0);
	lab_open(&lab);
	for (int i = 0; i < 4; i++)
		lab_claim(&lab, 0, refs[i],
			i < 2   ? "2315.00"
			: i < 3 ? "2400.00"
				: "9000.00",
			"16482.80", "2026-09-08");
	struct match_line named = lab_line(&lab, "2315.00", "USD", "2026-11-27", ALPHA, refs[0]);
	struct match_line line = lab_line(&lab, "2315.00", "USD", "2026-11-28", ALPHA, "MEDICAL EXPENSES");
	struct match_line other = lab_line(&lab, "2400.00", "USD", "2026-11-28", ALPHA, "MEDICAL EXPENSES");
	struct match_line also_named = lab_line(&lab, "2315.00", "USD", "2026-11-28", ALPHA, refs[1]);
	match_index_round(lab.index, 1, 1);
	assert_int_equal(lab_post(&lab, &named), MATCH_POSTS);
	for (uint32_t round = 1; round <= 2; round++) { /* in the same round, and in the next beside it */
		match_index_round(lab.index, round, 1);
		assert_true(hangs(&lab, &line));
		assert_int_equal(lab.result.candidates[0].parts[0].claim, 1);
		assert_true(hangs(&lab, &line)); /* the index is as before */
		assert_false(hangs(&lab, &other));
		assert_false(hangs(&lab, &also_named));
	}
	match_index_round(lab.index, 3, 3); /* it is committed */
	assert_false(hangs(&lab, &line));
	assert_int_equal(lab_post(&lab, &line), MATCH_POSTS);
	lab_close(&lab);
}

/* That another line may have paid one of two equal claims does not make the other one the answer. */
static void test_twins_do_not_break_a_tie(void **state)
{
	(void)state;
	struct match_lab lab = {.payer_count = 0};
	lab_payer(&lab, ALPHA, NULL, MATCH_SINGLE);
	lab_contract(&lab, 0, "CNY", "CNY", 0);
	lab_open(&lab);
	lab_claim(&lab, 0, refs[0], "500.00", "500.00", "2026-10-01");
	lab_claim(&lab, 0, refs[1], "500.00", "500.00", "2026-10-01");
	struct match_line stranger = lab_line(&lab, "500.00", "CNY", "2026-10-29", "GLOBAL COLLECT INC", refs[0]);
	assert_int_equal(lab_post(&lab, &stranger), MATCH_WAIT_PAYER);
	struct match_line line = lab_line(&lab, "500.00", "CNY", "2026-10-30", ALPHA, "MEDICAL EXPENSES");
	assert_int_equal(lab_post(&lab, &line), MATCH_WAIT_TIE);
	struct match_line again = lab_line(&lab, "500.00", "CNY", "2026-10-30", ALPHA, "MEDICAL EXPENSES");
	assert_int_not_equal(lab_post(&lab, &again), MATCH_POSTS);
	lab_close(&lab);
}

static void test_amount_alone_needs_a_foreseen_currency(void **state)
{
	(void)state;
	struct match_lab lab = {.payer_count = 0};
	lab_payer(&lab, ALPHA, NULL, MATCH_SINGLE);
	lab_contract(&lab, 0, "CNY", "CNY", 0);
	lab_open(&lab);
	lab_claim(&lab, 0, refs[0], "707.00", "707.00", "2026-10-01");
	struct match_line line = lab_line(&lab, "100.00", "USD", "2026-10-30", ALPHA, "MEDICAL EXPENSES");
	assert_int_equal(lab_match(&lab, &line), MATCH_WAIT_CERTAINTY);
	assert_int_equal(lab.result.count, 1);
	line.text = refs[0];
	assert_int_equal(lab_match(&lab, &line), MATCH_POSTS);
	lab_close(&lab);
}

static void test_reversal_finds_its_credit(void **state)
{
	(void)state;
	struct match_lab lab = {.payer_count = 0};
	lab_payer(&lab, ALPHA, NULL, MATCH_SINGLE);
	lab_contract(&lab, 0, "CNY", "CNY", 0);
	lab_open(&lab);
	lab_claim(&lab, 0, refs[0], "500.00", "500.00", "2026-10-01");
	struct match_line credit = lab_line(&lab, "500.00", "CNY", "2026-10-29", ALPHA, refs[0]);
	assert_int_equal(lab_post(&lab, &credit), MATCH_POSTS);
	struct match_line back = lab_line(&lab, "-500.00", "CNY", "2026-10-30", ALPHA, refs[0]);
	assert_int_equal(lab_match(&lab, &back), MATCH_POSTS);
	assert_int_equal(lab.result.candidates[0].kind, MATCH_REVERSAL);
	assert_int_equal(lab.result.candidates[0].credit, credit.id);
	assert_int_equal(match_index_reversed(lab.index, &back), ERR_NOTFOUND);
	struct match_line other = lab_line(&lab, "7.00", "CNY", "2026-10-29", ALPHA, NULL);
	assert_int_equal(match_index_credit(lab.index, &other, NULL), 0); /* no line is looked at in between */
	assert_int_equal(match_index_reversed(lab.index, &other), 0);
	assert_int_equal(match_index_reversed(lab.index, &credit), 0);
	assert_int_equal(lab_match(&lab, &back), MATCH_WAIT_OUT);
	back.text = "FX SALE";
	assert_int_equal(lab_match(&lab, &back), MATCH_WAIT_OUT);
	lab_close(&lab);
}

static void test_several_claims_in_one_transfer(void **state)
{
	(void)state;
	struct match_lab lab = {.payer_count = 0};
	char text[64];
	lab_payer(&lab, ALPHA, NULL, MATCH_SEVERAL);
	lab_contract(&lab, 0, "CNY", "CNY", 0);
	lab_usual(&lab, "50.00", "CNY", 5);
	lab_open(&lab);
	uint32_t one = lab_claim(&lab, 0, refs[0], "500.00", "500.00", "2026-10-01");
	uint32_t two = lab_claim(&lab, 0, refs[1], "812.34", "812.34", "2026-10-01");
	lab_claim(&lab, 0, refs[2], "77.77", "77.77", "2026-10-01");
	(void)snprintf(text, sizeof(text), "%s, %s", refs[1], refs[0]);
	struct match_line line = lab_line(&lab, "1262.34", "CNY", "2026-10-30", ALPHA, text);
	assert_int_equal(lab_match(&lab, &line), MATCH_POSTS);
	assert_int_equal(lab.result.candidates[0].part_count, 3);
	assert_int_equal(lab_part(&lab, one)->amount, 50000);
	assert_int_equal(lab_part(&lab, two)->amount, 81234);
	assert_int_equal(lab_part(&lab, MATCH_NONE)->split.charge, 5000);
	line.text = refs[1]; /* the other one by the amount that is left */
	assert_int_equal(lab_match(&lab, &line), MATCH_POSTS);
	assert_int_equal(lab_part(&lab, one)->amount, 50000);
	line.text = "MEDICAL EXPENSES"; /* nothing else is made of these three */
	assert_int_equal(lab_match(&lab, &line), MATCH_POSTS);
	assert_true(lab_says(&lab, 0, "the sum of 2 claims"));
	lab_close(&lab);
}

static void test_one_number_for_a_case_billed_in_parts(void **state)
{
	(void)state;
	struct match_lab lab = {.payer_count = 0};
	static const char *const owed[] = {"705.50", "323.50", "323.50"};
	uint32_t claim;
	lab_payer(&lab, ALPHA, NULL, MATCH_SINGLE);
	lab_contract(&lab, 0, "CNY", "CNY", 0);
	lab_open(&lab);
	for (uint32_t i = 0; i < 3; i++) {
		const struct match_claim made = {
			.numbers = {refs[i], NULL, "CASE-7731902"},
			.made = {lab_money(owed[i], "CNY"), lab_money(owed[i], "CNY")},
			.open = lab_money(owed[i], "CNY"),
		};
		assert_int_equal(match_index_add(lab.index, &made, &claim), 0);
	}
	struct match_line line = lab_line(&lab, "705.50", "CNY", "2026-10-30", ALPHA, "case 7731902");
	assert_int_equal(lab_match(&lab, &line), MATCH_POSTS);
	assert_int_equal(lab.result.candidates[0].parts[0].claim, 0);
	line.amount = lab_money("323.50", "CNY"); /* the second or the third part */
	assert_int_equal(lab_match(&lab, &line), MATCH_WAIT_TIE);
	line.amount = lab_money("1352.50", "CNY");
	assert_int_equal(lab_match(&lab, &line), MATCH_POSTS);
	assert_int_equal(lab.result.candidates[0].part_count, 3);
	lab_close(&lab);
}

/* Claims of one amount, paid one by one: what was paid is not passed by for ever. */
static void test_what_is_paid_is_not_in_the_way(void **state)
{
	enum { CLAIMS = 12000 };
	(void)state;
	struct match_lab lab = {.payer_count = 0};
	one_payer(&lab, 1);
	struct match_line line = lab_line(&lab, "500.00", "CNY", "2026-10-30", ALPHA, "THANKS");
	for (uint32_t i = 1; i <= CLAIMS; i++) lab_claim(&lab, 0, NULL, "500.00", "500.00", "2026-10-01");
	for (uint32_t i = 1; i < CLAIMS; i++) {
		struct zf_money open = match_index_opened(lab.index, i);
		open.minor = 0;
		assert_int_equal(match_index_open(lab.index, i, open), 0);
		if (i % 4 == 0) assert_int_not_equal(lab_match(&lab, &line), MATCH_WAIT_NOTHING);
	}
	assert_true(lab.index->amounts.main_count + lab.index->amounts.tail_count < CLAIMS / 4);
	assert_int_not_equal(lab_match(&lab, &line), MATCH_WAIT_NOTHING);
	assert_int_equal(lab.result.candidates[0].parts[0].claim, CLAIMS);
	lab_close(&lab);
}

/* ---- rules of the interface ---- */

static void test_certainty_is_configured(void **state)
{
	(void)state;
	struct match_lab lab = {.payer_count = 0};
	lab_payer(&lab, ALPHA, NULL, MATCH_SINGLE);
	lab_contract(&lab, 0, "CNY", "CNY", 0);
	struct match_setting setting = lab_setting(&lab);
	setting.certain = 950;
	assert_int_equal(match_index_new(&setting, &lab.index), 0);
	arena_init(&lab.arena, LAB_ARENA_BYTES);
	lab_claim(&lab, 0, refs[0], "500.00", "500.00", "2026-10-01");
	struct match_line line = lab_line(&lab, "500.00", "CNY", "2026-10-30", ALPHA, "MEDICAL EXPENSES");
	assert_int_equal(lab_match(&lab, &line), MATCH_WAIT_CERTAINTY);
	line.text = refs[0];
	assert_int_equal(lab_match(&lab, &line), MATCH_POSTS);
	lab_close(&lab);
}

static void test_bad_input_is_refused(void **state)
{
	(void)state;
	struct match_lab lab = {.payer_count = 0};
	uint32_t claim;
	one_payer(&lab, 1);
	struct match_claim wrong = {.contract = 7};
	assert_int_equal(match_index_add(lab.index, &wrong, &claim), ERR_INVALID);
	wrong.contract = 0;
	assert_int_equal(match_index_add(lab.index, &wrong, &claim), ERR_INVALID);
	assert_int_equal(match_index_open(lab.index, 0, lab_money("1000.18", "CNY")), ERR_INVALID);
	assert_int_equal(match_index_open(lab.index, 0, lab_money("1.00", "USD")), ERR_INVALID);
	assert_int_equal(match_index_open(lab.index, 9, lab_money("1.00", "CNY")), ERR_INVALID);
	struct match_line line = {.booked_day = 20000};
	assert_int_equal(match_line(lab.index, &line, &lab.arena.zf, &lab.result), ERR_INVALID);
	line = lab_line(&lab, "0.00", "CNY", "2026-10-30", ALPHA, refs[0]);
	assert_int_not_equal(lab_match(&lab, &line), MATCH_POSTS);
	lab_close(&lab);
	lab = (struct match_lab){.payer_count = 0};
	lab_payer(&lab, ALPHA, NULL, MATCH_SINGLE);
	lab_contract(&lab, 3, "CNY", "CNY", 0);
	struct match_setting setting = lab_setting(&lab);
	assert_int_equal(match_index_new(&setting, &lab.index), ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_s3_paid_in_yuan),
		cmocka_unit_test(test_s3_owed_in_yuan_paid_in_dollars),
		cmocka_unit_test(test_s3_owed_in_dollars),
		cmocka_unit_test(test_s4_waits_for_the_advice),
		cmocka_unit_test(test_long_numbers_of_advices),
		cmocka_unit_test(test_s4_parks_what_does_not_balance),
		cmocka_unit_test(test_s4_a_claim_that_is_not_here_stays),
		cmocka_unit_test(test_s4_equal_amounts_are_never_told_apart),
		cmocka_unit_test(test_s5_tie_waits_and_the_letter_decides),
		cmocka_unit_test(test_references_are_found_as_banks_write_them),
		cmocka_unit_test(test_every_slip_of_a_reference_is_understood),
		cmocka_unit_test(test_cut_references_are_understood),
		cmocka_unit_test(test_strangers_wait),
		cmocka_unit_test(test_paid_twice_is_a_liability),
		cmocka_unit_test(test_twin_of_a_waiting_line_waits),
		cmocka_unit_test(test_twins_do_not_break_a_tie),
		cmocka_unit_test(test_an_answer_by_amount_hangs_on_what_is_not_committed),
		cmocka_unit_test(test_amount_alone_needs_a_foreseen_currency),
		cmocka_unit_test(test_reversal_finds_its_credit),
		cmocka_unit_test(test_several_claims_in_one_transfer),
		cmocka_unit_test(test_one_number_for_a_case_billed_in_parts),
		cmocka_unit_test(test_what_is_paid_is_not_in_the_way),
		cmocka_unit_test(test_certainty_is_configured),
		cmocka_unit_test(test_bad_input_is_refused),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
