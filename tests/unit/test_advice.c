/* Remittance advices from CSV, XLSX and letters: scenario S4 in all three, numbers and days as workbooks keep them, and
 * what is wrong is told at its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "advice_lab.h"

#include "advice/sheet.h"
#include "lib/date.h"
#include "lib_arena.h"

static const struct lab_book plain_book = {.sheet_name = NULL};

/* Reads the bytes, which are freed. */
static int read_bytes(struct lab_bytes bytes, const struct advice_profile *profile, struct lib_arena *arena,
	struct fault_list *faults, struct advice *ret)
{
	enum advice_form form;
	fault_list_init(faults, &arena->zf, 0);
	int rc = advice_read_file(bytes.ptr, bytes.len, profile, &arena->zf, faults, &form, ret);
	free(bytes.ptr);
	return rc;
}

static const char *document_of(const struct advice *advice, struct lib_arena *arena)
{
	struct text_span text = {NULL, 0};
	assert_int_equal(advice_write_document(advice, &arena->zf, &text), 0);
	return text.ptr;
}

static void assert_no_faults(const struct fault_list *faults, struct lib_arena *arena)
{
	if (faults->count > 0) fail_msg("%s: %s", faults->items[0].path, fault_text_en(&arena->zf, &faults->items[0]));
}

/* ---- S4 ---- */

static void scenario_4_in_three_forms(void **state)
{
	(void)state;
	LIB_ARENA(arena);
	struct advice_profile profile = lab_profile();
	struct fault_list faults;
	struct advice book, csv, letter;
	struct advice_sums sums;
	assert_int_equal(read_bytes(lab_xlsx(lab_s4, &plain_book), &profile, &arena, &faults, &book), 0);
	assert_no_faults(&faults, &arena);
	assert_int_equal(read_bytes(lab_csv(lab_s4), &profile, &arena, &faults, &csv), 0);
	assert_no_faults(&faults, &arena);
	fault_list_init(&faults, &arena.zf, 0);
	int rc = advice_read_document(text_of(lab_letter), &arena.zf, &faults, &letter);
	assert_no_faults(&faults, &arena);
	assert_int_equal(rc, 0);
	assert_string_equal(document_of(&book, &arena), document_of(&csv, &arena));
	assert_string_equal(document_of(&book, &arena), document_of(&letter, &arena));

	assert_string_equal(book.remitter, "Meridian Health Care");
	assert_string_equal(book.identifier, "MERIDIAN HC STMT 2026-10 #0417");
	assert_int_equal(book.amount.minor, 4849908);
	assert_int_equal(book.payment_day, date_days_from_civil(2026, 11, 12));
	assert_int_equal(book.detail_count, 8);
	assert_int_equal(book.details[1].difference, ADVICE_PATIENT);
	assert_int_equal(book.details[3].difference, ADVICE_DENIED);
	assert_int_equal(book.details[3].amount.minor, 0);
	assert_int_equal(book.details[6].difference, ADVICE_DISPUTED);
	assert_false(book.details[6].billed.present);
	assert_string_equal(book.details[6].carrier, "alpha");
	assert_int_equal(book.details[7].kind, ADVICE_FEE);
	assert_int_equal(book.details[7].tax.minor, -8744);
	assert_int_equal(advice_sums(&book, &sums), 0);
	assert_int_equal(sums.paid, 5149390);
	assert_int_equal(sums.taken_back, -145000);
	assert_int_equal(sums.fees, -154482);
	assert_int_equal(sums.all, 4849908);
	assert_int_equal(sums.difference, 0);
	assert_string_equal(advice_sums_words(&book, &sums, false, &arena.zf),
		"paid 51,493.90, taken back -1,450.00, fees -1,544.82: together 48,499.08 CNY, as the advice says");
	assert_string_equal(advice_sums_words(&book, &sums, true, &arena.zf),
		"赔付 51,493.90,追回 -1,450.00,服务费 -1,544.82;合计 48,499.08 CNY,与通知金额相符");

	/* What is stored is read again as it was. */
	fault_list_init(&faults, &arena.zf, 0);
	const char *document = document_of(&book, &arena);
	assert_int_equal(advice_read_document(text_of(document), &arena.zf, &faults, &letter), 0);
	assert_string_equal(document_of(&letter, &arena), document);
}

static void one_wrong_figure_is_told_by_how_much(void **state)
{
	(void)state;
	LIB_ARENA(arena);
	struct advice_profile profile = lab_profile();
	struct fault_list faults;
	struct advice advice;
	struct advice_sums sums;
	lab_row rows[sizeof(lab_s4) / sizeof(lab_s4[0])];
	memcpy(rows, lab_s4, sizeof(rows));
	rows[9][3] = "=21734.02"; /* 21,734.20 with two digits swapped */
	assert_int_equal(read_bytes(lab_xlsx(rows, &plain_book), &profile, &arena, &faults, &advice), 0);
	/* The row of sums is wrong, too: told, and not refused. */
	assert_int_equal(faults.count, 1);
	assert_int_equal(faults.items[0].code, FAULT_ADVICE_SUM);
	assert_string_equal(faults.items[0].path, "D13");
	assert_int_equal(advice_sums(&advice, &sums), 0);
	assert_int_equal(sums.difference, -18);
	assert_string_equal(advice_sums_words(&advice, &sums, false, &arena.zf),
		"paid 51,493.72, taken back -1,450.00, fees -1,544.82: together 48,498.90 CNY, but the advice says that 48,499.08 is"
		" transferred: its details are 0.18 too little");
	assert_string_equal(advice_sums_words(&advice, &sums, true, &arena.zf),
		"赔付 51,493.72,追回 -1,450.00,服务费 -1,544.82;合计 48,498.90 CNY,而通知称转账 48,499.08:明细少了 0.18");
}

/* ---- forms of files ---- */

static const char *const adjust_fee[] = {"手续费"}, *const adjust_total[] = {"合计转账"};

static void a_chinese_file_in_gb18030(void **state)
{
	(void)state;
	/* 对账单号:S7 / 案号;赔付;手续费;币种 / ... / 合计转账 */
	static const char text[] = "\xb6\xd4\xd5\xcb\xb5\xa5\xba\xc5\xa3\xba\x53\x37\n"
				   "\xb0\xb8\xba\xc5;\xc5\xe2\xb8\xb6;\xca\xd6\xd0\xf8\xb7\xd1;\xb1\xd2\xd6\xd6\n"
				   "A-1;1.234,50;12,35;EUR\n"
				   "A-2;(34,50);;EUR\n"
				   "\xba\xcf\xbc\xc6\xd7\xaa\xd5\xcb;1.187,65;;\n";
	LIB_ARENA(arena);
	struct advice_profile profile = {.name = "zh",
		.remitter = "beta",
		.carrier = "beta",
		.charset = CHARSET_GB18030,
		.separator = ';',
		.decimal = ',',
		.thousands = '.',
		.fee_unsigned = true};
	struct fault_list faults;
	struct advice advice;
	struct advice_sums sums;
	struct lab_bytes bytes = {NULL, 0};
	profile.columns[ADVICE_COLUMN_INSURER_CLAIM] = "案号";
	profile.columns[ADVICE_COLUMN_PAID] = "赔付";
	profile.columns[ADVICE_COLUMN_FEE] = "手续费";
	profile.columns[ADVICE_COLUMN_CURRENCY] = "币种";
	profile.labels[ADVICE_LABEL_IDENTIFIER] = "对账单号";
	profile.words[ADVICE_WORD_TOTAL] = (struct advice_words){adjust_total, 1};
	profile.words[ADVICE_WORD_FEE] = (struct advice_words){adjust_fee, 1};
	lab_text(&bytes, text);
	int rc = read_bytes(bytes, &profile, &arena, &faults, &advice);
	assert_no_faults(&faults, &arena);
	assert_int_equal(rc, 0);
	assert_string_equal(advice.identifier, "S7");
	assert_string_equal(advice.amount.currency, "EUR");
	assert_int_equal(advice_sums(&advice, &sums), 0);
	assert_int_equal(sums.paid, 123450);
	assert_int_equal(sums.taken_back, -3450);
	assert_int_equal(sums.fees, -1235);
	assert_int_equal(sums.difference, 0);
	assert_string_equal(advice.details[1].carrier, "beta");
}

static void rows_of_the_whole_transfer_and_columns_of_their_own(void **state)
{
	(void)state;
	static const char text[] = "Advice,Type,Claim,Insurer,Paid,Recovered,Fee,Fee tax,Value date,Bank ref,Payer\n"
				   "R-1,claim,K1,alpha,100.00,,-2.00,-0.11,2026-11-12 09:30,T-5,Meridian Health Care\n"
				   "R-1,claim,K2,beta,,30.00,,,2026-11-12,T-5,Meridian Health Care\n"
				   "R-1,adjustment,interest,alpha,0.50,,,,,,\n"
				   "R-1,set off,old debt,,-8.00,,,,,,\n"
				   "R-1,network fee,,,-1.00,,,0.06,,,\n"
				   ",transfer,,,59.50,,,,,,\n";
	LIB_ARENA(arena);
	struct advice_profile profile = lab_profile();
	struct fault_list faults;
	struct advice advice;
	struct advice_sums sums;
	struct lab_bytes bytes = {NULL, 0};
	static const char *const headings[ADVICE_COLUMNS] = {[ADVICE_COLUMN_IDENTIFIER] = "Advice",
		[ADVICE_COLUMN_KIND] = "Type",
		[ADVICE_COLUMN_CLAIM] = "Claim",
		[ADVICE_COLUMN_CARRIER] = "insurer",
		[ADVICE_COLUMN_PAID] = "Paid",
		[ADVICE_COLUMN_TAKE_BACK] = "Recovered",
		[ADVICE_COLUMN_FEE] = "Fee",
		[ADVICE_COLUMN_TAX] = "Fee tax",
		[ADVICE_COLUMN_PAYMENT_DAY] = "Value date",
		[ADVICE_COLUMN_PAYMENT_REFERENCE] = "Bank ref",
		[ADVICE_COLUMN_REMITTER] = "Payer"};
	profile.remitter = NULL;
	memcpy(profile.columns, headings, sizeof(headings));
	lab_text(&bytes, text);
	int rc = read_bytes(bytes, &profile, &arena, &faults, &advice);
	assert_no_faults(&faults, &arena);
	assert_int_equal(rc, 0);
	assert_int_equal(advice_sums(&advice, &sums), 0);
	assert_string_equal(advice_sums_words(&advice, &sums, false, &arena.zf),
		"paid 100.00, taken back -30.00, fees -3.00, adjustments 0.50, netted -8.00: together 59.50 CNY, as the advice says");
	assert_string_equal(advice.remitter, "Meridian Health Care");
	assert_string_equal(advice.payment_reference, "T-5");
	assert_int_equal(advice.payment_day, date_days_from_civil(2026, 11, 12));
	assert_int_equal(advice.detail_count, 5);
	assert_int_equal(advice.details[0].tax.minor, -11);
	assert_int_equal(advice.details[2].kind, ADVICE_ADJUSTMENT);
	assert_string_equal(advice.details[2].carrier, "alpha");
	assert_int_equal(advice.details[3].kind, ADVICE_NETTING);
	assert_int_equal(advice.details[4].tax.minor, -6);
}

/* A claim may be named by nothing but the hospital's own number of the bill, in a file as in a letter. */
static void claims_by_the_number_of_the_bill(void **state)
{
	(void)state;
	LIB_ARENA(arena);
	struct advice_profile profile = lab_profile();
	struct fault_list faults;
	struct advice advice, back;
	struct lab_bytes bytes = {NULL, 0}, none = {NULL, 0};
	struct text_span document;
	profile.carrier = "alpha";
	profile.columns[ADVICE_COLUMN_INSURER_CLAIM] = NULL;
	profile.columns[ADVICE_COLUMN_CARRIER] = NULL;
	profile.columns[ADVICE_COLUMN_BILL] = "Your no.";
	lab_text(&bytes, "Statement no.,B-9\nPayment date,2026-11-12\nYour no.,Billed,Paid,Remark,Tax\n"
			 "MZ26-0800 0129,10.00,9.00,,\nZY-7,,1.00,,\nTransfer,,10.00,,\n");
	int rc = read_bytes(bytes, &profile, &arena, &faults, &advice);
	assert_no_faults(&faults, &arena);
	assert_int_equal(rc, 0);
	assert_string_equal(advice.details[0].bill, "MZ26-0800 0129");
	assert_null(advice.details[0].claim);
	assert_null(advice.details[0].insurer_claim);
	assert_int_equal(advice_write_document(&advice, &arena.zf, &document), 0);
	assert_non_null(strstr(document.ptr, "\"claims\":[{\"bill\":\"MZ26-0800 0129\",\"carrier\":\"alpha\""));
	assert_int_equal(advice_read_document(document, &arena.zf, &faults, &back), 0);
	assert_string_equal(back.details[1].bill, "ZY-7");
	/* Neither there nor a number it is missing, in its own column. */
	lab_text(&none, "Statement no.,B-9\nPayment date,2026-11-12\nYour no.,Billed,Paid,Remark,Tax\n"
			",10.00,9.00,,\nWang,,1.00,,\nTransfer,,10.00,,\n");
	assert_int_equal(read_bytes(none, &profile, &arena, &faults, &advice), LIB_INVALID);
	assert_int_equal(faults.count, 2);
	assert_int_equal(faults.items[0].code, FAULT_ADVICE_MISSING);
	assert_string_equal(faults.items[0].path, "4:1");
	assert_string_equal(faults.items[0].arg1, "bill");
	assert_int_equal(faults.items[1].code, FAULT_ADVICE_VALUE);
	assert_string_equal(faults.items[1].path, "5:1");
}

static void headings_over_two_rows_and_empty_rows(void **state)
{
	(void)state;
	static const lab_row rows[] = {
		{"Statement no.", "", "S-9", NULL},
		{"", NULL},
		{"Claim", "Carrier", "Amounts", "", "Remark", "Tax", NULL},
		{"", "", "Billed", "Paid", "", "", NULL},
		{"", NULL},
		{"K1", "Alpha", "=10.00", "=10.00", NULL},
		{"K2", "", "=5.00", "=5.00", "", "", NULL},
		{"transfer", "", "", "=15", NULL},
		{"a note", NULL},
		{NULL},
	};
	LIB_ARENA(arena);
	struct advice_profile profile = lab_profile();
	struct fault_list faults;
	struct advice advice;
	/* Below the heading the carrier's cell stands for two rows. Its second has a cell of its own, which is empty.
	 */
	struct lab_book book = {.merges = "A3:A4 B3:B4 C3:D3 E3:E4 F3:F4 B6:B7"};
	lab_row with_cells[sizeof(rows) / sizeof(rows[0])];
	memcpy(with_cells, rows, sizeof(rows));
	for (int c = 0; c < 6; c++)
		if (with_cells[3][c][0] == '\0') with_cells[3][c] = "'";
	with_cells[2][3] = "'";
	with_cells[6][1] = "'";
	int rc = read_bytes(lab_xlsx(with_cells, &book), &profile, &arena, &faults, &advice);
	assert_no_faults(&faults, &arena);
	assert_int_equal(rc, 0);
	assert_int_equal(advice.detail_count, 2);
	assert_string_equal(advice.identifier, "S-9");
	assert_string_equal(advice.details[1].carrier, "alpha");
	assert_int_equal(advice.amount.minor, 1500);

	/* An amount for two rows is nobody's. */
	book.merges = "A3:A4 B3:B4 C3:D3 E3:E4 F3:F4 B6:B7 D6:D7";
	with_cells[6][3] = "'";
	assert_int_equal(read_bytes(lab_xlsx(with_cells, &book), &profile, &arena, &faults, &advice), LIB_INVALID);
	assert_int_equal(faults.items[0].code, FAULT_ADVICE_MERGED);
	assert_string_equal(faults.items[0].path, "D7");
}

static void numbers_of_workbooks_are_exact(void **state)
{
	(void)state;
	static const char *const rows[][2] = {{"12480", "12480"}, {"8068.95", "8068.95"},
		{"51493.900000000001", "51493.9"}, {"0.30000000000000004", "0.3"}, {"48499.079999999994", "48499.08"},
		{"1E3", "1000"}, {"1.5e-2", "0.015"}, {"-1.45E3", "-1450"}, {"999999999999999.95", "1000000000000000"},
		{"123456789012345678", "123456789012346000"}, {"0", "0"}, {"-0", "-0"}, {"0E5", "0"}, {"+7", "7"},
		{"100", "100"}, {"1e41", NULL}, {"1e-30", NULL}, {"", NULL}, {"1.2.3", NULL}, {"1,5", NULL},
		{"e5", NULL}, {"1e", NULL}, {"0x10", NULL}, {"NaN", NULL}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		LIB_ARENA(arena);
		struct text_span made = sheet_number(text_of(rows[i][0]), &arena.zf);
		if ((rows[i][1] == NULL) != (made.ptr == NULL)) fail_msg("%s", rows[i][0]);
		if (rows[i][1] != NULL && !text_is(made, rows[i][1]))
			fail_msg("%s: %.*s", rows[i][0], (int)made.len, made.ptr);
	}
}

static void days_of_workbooks(void **state)
{
	(void)state;
	static const struct {
		const char *serial;
		bool from_1904;
		int year;
		unsigned month, day;
	} rows[] = {{"46338", false, 2026, 11, 12}, {"46338.75", false, 2026, 11, 12}, {"44876", true, 2026, 11, 12},
		{"1", false, 1900, 1, 1}, {"59", false, 1900, 2, 28}, {"61", false, 1900, 3, 1},
		{"0", true, 1904, 1, 1}, {"60", false, 0, 0, 0}, {"0", false, 0, 0, 0}, {"-1", false, 0, 0, 0},
		{"2958466", false, 0, 0, 0}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int32_t day = 0;
		int rc = sheet_serial_day(text_of(rows[i].serial), rows[i].from_1904, &day);
		assert_int_equal(rc, rows[i].year == 0 ? LIB_INVALID : 0);
		if (rc == 0) assert_int_equal(day, date_days_from_civil(rows[i].year, rows[i].month, rows[i].day));
	}
	assert_true(sheet_format_is_day(14, NULL));
	assert_true(sheet_format_is_day(31, NULL));
	assert_false(sheet_format_is_day(0, NULL));
	assert_false(sheet_format_is_day(20, NULL)); /* a time */
	assert_true(sheet_format_is_day(164, "yyyy\"年\"m\"月\"d\"日\""));
	assert_true(sheet_format_is_day(165, "[$-804]dd/mm/yy;@"));
	assert_false(sheet_format_is_day(166, "#,##0.00\"days\";[Red]-#,##0.00"));
	assert_false(sheet_format_is_day(167, "0.00\\d"));
}

static void days_by_the_cells_format(void **state)
{
	(void)state;
	LIB_ARENA(arena);
	struct advice_profile profile = lab_profile();
	struct fault_list faults;
	struct advice advice;
	lab_row rows[sizeof(lab_s4) / sizeof(lab_s4[0])];
	memcpy(rows, lab_s4, sizeof(rows));
	for (int from_1904 = 0; from_1904 < 2; from_1904++) {
		struct lab_book book = {.from_1904 = from_1904 == 1};
		rows[2][1] = from_1904 == 1 ? "#44876" : "#46338";
		assert_int_equal(read_bytes(lab_xlsx(rows, &book), &profile, &arena, &faults, &advice), 0);
		assert_int_equal(advice.payment_day, date_days_from_civil(2026, 11, 12));
	}
	rows[2][1] = "#60";
	assert_int_equal(read_bytes(lab_xlsx(rows, &plain_book), &profile, &arena, &faults, &advice), LIB_INVALID);
	assert_int_equal(faults.items[0].code, FAULT_ADVICE_ERROR);
	assert_string_equal(faults.items[0].path, "B3");
}

static void the_sheet_is_found_by_its_name(void **state)
{
	(void)state;
	LIB_ARENA(arena);
	struct advice_profile profile = lab_profile();
	struct fault_list faults;
	struct advice advice;
	profile.sheet = "Advice";
	assert_int_equal(read_bytes(lab_xlsx(lab_s4, &plain_book), &profile, &arena, &faults, &advice), 0);
	profile.sheet = "Summary";
	assert_int_equal(read_bytes(lab_xlsx(lab_s4, &plain_book), &profile, &arena, &faults, &advice), LIB_INVALID);
	assert_int_equal(faults.items[0].code, FAULT_ADVICE_SHEET);
}

/* ---- what is wrong ---- */

/* One cell of S4 changed, in both forms of file. */
static const struct wrong {
	int row, column;
	const char *cell;
	enum fault_code code;
	const char *place, *line; /* in the workbook, in CSV; NULL: right in that form */
} wrongs[] = {
	{5, 3, "=12480.001", FAULT_AMOUNT_PRECISION, "D6", "6:4"},
	{5, 3, "12.480,00", FAULT_ADVICE_VALUE, "D6", "6:4"},
	{5, 3, "1,24,80.00", FAULT_ADVICE_VALUE, "D6", "6:4"},
	{5, 3, "paid in full", FAULT_ADVICE_VALUE, "D6", "6:4"},
	{5, 3, "99999999999999999999", FAULT_AMOUNT_ABSURD, "D6", "6:4"},
	{5, 3, "", FAULT_ADVICE_MISSING, "D6", "6:4"},
	{5, 3, "!", FAULT_ADVICE_ERROR, "D6", NULL},
	{5, 3, "?", FAULT_ADVICE_FORMULA, "D6", NULL},
	{5, 3, "#46338", FAULT_ADVICE_VALUE, "D6", NULL},
	{5, 1, "Gamma", FAULT_ADVICE_CARRIER, "B6", "6:2"},
	{5, 0, "", FAULT_ADVICE_MISSING, "A6", "6:1"},
	{5, 0, "Wang Xiaoming", FAULT_ADVICE_VALUE, "A6", "6:1"},
	{4, 3, "Bezahlt", FAULT_ADVICE_COLUMN, "A5", "5:1"},
	{4, 4, "Paid", FAULT_ADVICE_COLUMN, "A5", "5:1"},
	{2, 1, "12.11.2026", FAULT_ADVICE_VALUE, "B3", "3:2"},
	{2, 1, "2026-02-29", FAULT_ADVICE_VALUE, "B3", "3:2"},
	{1, 0, "Statement 7", FAULT_ADVICE_MISSING, "", ""},
	{14, 0, "C9", FAULT_ADVICE_CARRIER, NULL, NULL},
	{13, 5, "=2000.00", FAULT_ADVICE_TAX, "F14", "14:6"},
	{13, 3, "", FAULT_ADVICE_MISSING, "D14", "14:4"},
};

static void assert_wrong(const struct wrong *wrong, bool book, const struct fault_list *faults, struct lib_arena *arena)
{
	const char *place = book ? wrong->place : wrong->line;
	for (uint32_t i = 0; i < faults->count; i++) {
		assert_non_null(fault_text_en(&arena->zf, &faults->items[i]));
		assert_non_null(fault_text_zh(&arena->zf, &faults->items[i]));
		if (faults->items[i].code == wrong->code && strcmp(faults->items[i].path, place) == 0) return;
	}
	fail_msg("%s: %u at %s is not told, but %u at %s", wrong->cell, wrong->code, place, faults->items[0].code,
		faults->items[0].path);
}

static void what_is_wrong_is_told_at_its_place(void **state)
{
	(void)state;
	struct advice_profile profile = lab_profile();
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		const struct wrong *wrong = &wrongs[i];
		for (int book = 0; book < 2; book++) {
			LIB_ARENA(arena);
			struct fault_list faults;
			struct advice advice;
			lab_row rows[sizeof(lab_s4) / sizeof(lab_s4[0])];
			if ((book == 1 ? wrong->place : wrong->line) == NULL) continue;
			memcpy(rows, lab_s4, sizeof(rows));
			rows[wrong->row][wrong->column] = wrong->cell;
			struct lab_bytes bytes = book == 1 ? lab_xlsx(rows, &plain_book) : lab_csv(rows);
			int rc = read_bytes(bytes, &profile, &arena, &faults, &advice);
			if (rc != LIB_INVALID) fail_msg("%s is taken", wrong->cell);
			assert_wrong(wrong, book == 1, &faults, &arena);
		}
	}
}

static void an_unknown_currency_and_two(void **state)
{
	(void)state;
	static const char *const endings[] = {"XXX", "usd", "US", "EUR"};
	struct advice_profile profile = lab_profile();
	profile.columns[ADVICE_COLUMN_CURRENCY] = "Ccy";
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		LIB_ARENA(arena);
		struct fault_list faults;
		struct advice advice;
		lab_row rows[sizeof(lab_s4) / sizeof(lab_s4[0])];
		memcpy(rows, lab_s4, sizeof(rows));
		rows[4][6] = "Ccy";
		rows[4][7] = NULL;
		for (int r = 5; r < 12; r++) {
			rows[r][5] = "";
			rows[r][6] = "USD";
			rows[r][7] = NULL;
		}
		rows[7][6] = endings[i];
		assert_int_equal(
			read_bytes(lab_xlsx(rows, &plain_book), &profile, &arena, &faults, &advice), LIB_INVALID);
		assert_int_equal(faults.items[0].code, i == 3 ? FAULT_ADVICE_OTHER : FAULT_CURRENCY_UNKNOWN);
		assert_string_equal(faults.items[0].path, "G8");
	}
}

static void attacks_are_refused(void **state)
{
	(void)state;
	static const struct lab_book books[] = {
		{.extra = "<!DOCTYPE w [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]>"},
		{.extra = "<!DOCTYPE w SYSTEM \"http://127.0.0.1:1/x.dtd\">"},
		{.relation = "<Relationship Id=\"rId1\" Type=\"/worksheet\" TargetMode=\"External\" Target=\"http://127.0.0.1:1/x\"/>"},
		{.merges = "A1:ZZZZZZ9"},
		{.merges = "B2:A1"},
	};
	struct advice_profile profile = lab_profile();
	for (size_t i = 0; i < sizeof(books) / sizeof(books[0]); i++) {
		LIB_ARENA(arena);
		struct fault_list faults;
		struct advice advice;
		assert_int_not_equal(read_bytes(lab_xlsx(lab_s4, &books[i]), &profile, &arena, &faults, &advice), 0);
		assert_true(fault_refuses(&faults));
	}
	/* A part that says that it unpacks to 2 GB. */
	LIB_ARENA(arena);
	struct fault_list faults;
	struct advice advice;
	struct lab_bytes bomb = lab_xlsx(lab_s4, &plain_book);
	for (size_t i = 0; i + 46 < bomb.len; i++) {
		if (memcmp(bomb.ptr + i, "PK\1\2", 4) == 0) memcpy(bomb.ptr + i + 24, "\xff\xff\xff\x7f", 4);
	}
	assert_int_equal(read_bytes(bomb, &profile, &arena, &faults, &advice), LIB_LIMIT);
	assert_int_equal(faults.items[0].code, FAULT_ADVICE_LIMIT);
}

static void a_cut_file_is_never_taken(void **state)
{
	(void)state;
	struct advice_profile profile = lab_profile();
	for (int book = 0; book < 2; book++) {
		struct lab_bytes whole = book == 1 ? lab_xlsx(lab_s4, &plain_book) : lab_csv(lab_s4);
		for (size_t len = 0; len < whole.len; len += book == 1 ? 13 : 1) {
			LIB_ARENA(arena);
			struct lab_bytes cut = {NULL, 0};
			struct fault_list faults;
			struct advice advice;
			lab_put(&cut, whole.ptr, len);
			int rc = read_bytes(cut, &profile, &arena, &faults, &advice);
			if (rc == 0) fail_msg("cut at %zu it is taken", len);
			assert_true(fault_refuses(&faults));
		}
		free(whole.ptr);
	}
}

static void letters_tell_the_key(void **state)
{
	(void)state;
	static const struct {
		const char *find, *with, *path;
		enum fault_code code;
	} rows[] = {
		{"\"CNY\"", "\"CNX\"", "currency", FAULT_CURRENCY_UNKNOWN},
		{"\"48499.08\"", "\"48499.081\"", "amount", FAULT_AMOUNT_PRECISION},
		{"\"48499.08\"", "48499.08", "amount", FAULT_ELEMENT_TYPE},
		{"\"48499.08\"", "\"4.849908e4\"", "amount", FAULT_ADVICE_VALUE},
		{"\"12480.00\"", "\"12,480.00\"", "claims[0].paid", FAULT_ADVICE_VALUE},
		{"\"identifier\"", "\"identifer\"", "", FAULT_ADVICE_KEY},
		{"\"insurer_claim\": \"C1\", ", "", "claims[0].claim", FAULT_ADVICE_MISSING},
		{"\"C1\"", "\"Wang Xiaoming\"", "claims[0].insurer_claim", FAULT_ADVICE_VALUE},
		{", \"paid\": \"0\"", "", "claims[3]", FAULT_ADVICE_MISSING},
		{"\"denied\"", "\"declined\"", "claims[3].difference", FAULT_ADVICE_VALUE},
		{"\"alpha\"", "\"Alpha\"", "claims[0].carrier", FAULT_ADVICE_VALUE},
		{"\"2026-11-12\"", "\"12 Nov\"", "payment_date", FAULT_ADVICE_VALUE},
		{"\"-87.44\"", "\"87.44\"", "other[0].tax", FAULT_ADVICE_TAX},
		{"\"kind\": \"fee\"", "\"kind\": \"claim\"", "other[0].kind", FAULT_ADVICE_VALUE},
		{"}]}", "}]", "9:1", FAULT_JSON_INVALID},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		LIB_ARENA(arena);
		struct lab_bytes text = {NULL, 0};
		struct fault_list faults;
		struct advice advice;
		bool told = false;
		const char *at = strstr(lab_letter, rows[i].find);
		assert_non_null(at);
		lab_put(&text, lab_letter, (size_t)(at - lab_letter));
		lab_text(&text, rows[i].with);
		lab_text(&text, at + strlen(rows[i].find));
		fault_list_init(&faults, &arena.zf, 0);
		int rc = advice_read_document(
			(struct text_span){(const char *)text.ptr, text.len}, &arena.zf, &faults, &advice);
		if (rc != LIB_INVALID) fail_msg("%s is taken", rows[i].with);
		for (uint32_t k = 0; k < faults.count; k++)
			told = told || (faults.items[k].code == rows[i].code &&
					       (rows[i].code == FAULT_JSON_INVALID ||
						       strcmp(faults.items[k].path, rows[i].path) == 0));
		if (!told) fail_msg("%s: %u at \"%s\"", rows[i].with, faults.items[0].code, faults.items[0].path);
		free(text.ptr);
	}
}

static void memory_may_end_anywhere(void **state)
{
	(void)state;
	struct advice_profile profile = lab_profile();
	LIB_ARENA(all);
	struct fault_list none;
	struct advice right;
	bool ended = false;
	assert_int_equal(read_bytes(lab_xlsx(lab_s4, &plain_book), &profile, &all, &none, &right), 0);
	size_t whole = strlen(document_of(&right, &all));
	for (long n = 0; !ended; n++) {
		LIB_ARENA(arena);
		struct fault_list faults;
		struct advice advice;
		arena.fail_at = n;
		int rc = read_bytes(lab_xlsx(lab_s4, &plain_book), &profile, &arena, &faults, &advice);
		ended = rc == 0;
		arena.fail_at = -1;
		/* A number without room for its text is told as a wrong one: refused all the same. */
		assert_true(ended || rc == LIB_NOMEM || rc == LIB_INVALID);
		if (ended) assert_int_equal(strlen(document_of(&advice, &arena)), whole);
		assert_true(n < 5000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scenario_4_in_three_forms),
		cmocka_unit_test(one_wrong_figure_is_told_by_how_much),
		cmocka_unit_test(a_chinese_file_in_gb18030),
		cmocka_unit_test(rows_of_the_whole_transfer_and_columns_of_their_own),
		cmocka_unit_test(claims_by_the_number_of_the_bill),
		cmocka_unit_test(headings_over_two_rows_and_empty_rows),
		cmocka_unit_test(numbers_of_workbooks_are_exact),
		cmocka_unit_test(days_of_workbooks),
		cmocka_unit_test(days_by_the_cells_format),
		cmocka_unit_test(the_sheet_is_found_by_its_name),
		cmocka_unit_test(what_is_wrong_is_told_at_its_place),
		cmocka_unit_test(an_unknown_currency_and_two),
		cmocka_unit_test(attacks_are_refused),
		cmocka_unit_test(a_cut_file_is_never_taken),
		cmocka_unit_test(letters_tell_the_key),
		cmocka_unit_test(memory_may_end_anywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
