/* Files of rates: what is read, every fault with its place, and what is implausible. */
#include "rate_lab.h"

#include "lib_arena.h"
#include "model/rate_csv.h"
#include "model/rate_doubt.h"
#include "model/rate_ecb.h"
#include "model/rate_entry.h"

#define CFETS_HEAD "日期,USD/CNY,EUR/CNY,100JPY/CNY,CNY/THB\n"
#define BOARD_HEAD "货币名称,现汇买入价,现汇卖出价,发布日期\n"
#define ECB_HEAD                                                                                                       \
	"<?xml version=\"1.0\"?>\n<e:Envelope xmlns:e=\"http://www.gesmes.org/xml/2002-08-01\""                        \
	" xmlns=\"http://www.ecb.int/vocabulary/2002-08-01/eurofxref\">\n<e:subject>Reference rates</e:subject>\n"

enum format { CFETS, BOARD, ECB };

struct lab {
	struct lib_arena arena;
	struct fault_list faults;
	struct rate_reading reading;
	struct rate_table table;
	char said[2048]; /* "name path; " of each fault */
};

static void lab_free(struct lab *lab)
{
	lib_arena_free(&lab->arena);
}

#define LAB(name)                                                                                                      \
	__attribute__((cleanup(lab_free))) struct lab name = {                                                         \
		.arena = {.zf = {lib_arena_alloc}, .fail_at = -1}, .reading = {.today = lab_day("2026-11-20")}}

static void say_faults(struct lab *lab)
{
	lab->said[0] = '\0';
	for (uint32_t i = 0; i < lab->faults.count; i++) {
		const struct fault *fault = &lab->faults.items[i];
		size_t len = strlen(lab->said);
		snprintf(lab->said + len, sizeof(lab->said) - len, "%s %s; ", fault_lookup(fault->code)->name,
			fault->path);
		assert_non_null(fault_text_en(&lab->arena.zf, fault));
		assert_non_null(fault_text_zh(&lab->arena.zf, fault));
	}
}

static int load_span(struct lab *lab, enum format format, struct text_span text)
{
	lab->table = (struct rate_table){0};
	fault_list_init(&lab->faults, &lab->arena.zf, 0);
	int err = format == ECB ? rate_ecb_read(text, &lab->reading, &lab->arena.zf, &lab->faults, &lab->table)
				: rate_csv_read(text, format == CFETS ? &rate_csv_cfets : &rate_csv_board,
					  &lab->reading, &lab->arena.zf, &lab->faults, &lab->table);
	lab->arena.fail_at = -1;
	if (err != ERR_NOMEM) say_faults(lab);
	if (err == 0) assert_true(rate_table_valid(&lab->table));
	if (err != 0) assert_int_equal(lab->table.count, 0);
	return err;
}

static int load(struct lab *lab, enum format format, const char *text)
{
	return load_span(lab, format, text_of(text));
}

/* The text is refused with exactly these faults. */
static void refused(enum format format, const char *text, const char *wanted)
{
	LAB(lab);
	assert_true(load(&lab, format, text) < 0);
	assert_string_equal(lab.said, wanted);
}

/* "1 USD = 7.0950 CNY 2026-09-30 cfets; " of each rate. */
static void holds(const struct lab *lab, const char *wanted)
{
	char got[1024] = "", text[RATE_TEXT_SIZE], day[DATE_TEXT_SIZE];
	for (size_t i = 0; i < lab->table.count; i++) {
		const struct rate *rate = &lab->table.rates[i];
		size_t len = strlen(got);
		rate_format(rate, text);
		date_format_day(rate->day, day);
		snprintf(got + len, sizeof(got) - len, "%s %s %s; ", text, day, rate_source_name(rate->source));
	}
	assert_string_equal(got, wanted);
}

static void test_cfets(void **state)
{
	(void)state;
	LAB(lab);
	assert_int_equal(load(&lab, CFETS,
				 "\xef\xbb\xbf" CFETS_HEAD "2026-09-30,7.0950,8.3100,4.7920,4.5512\r\n"
				 "2026-09-29, 7.1000 ,---,,4.5601\n\n,,,,\n数据来源:中国货币网,,,,\n"),
		0);
	holds(&lab, "1 EUR = 8.3100 CNY 2026-09-30 cfets; 100 JPY = 4.7920 CNY 2026-09-30 cfets; "
		    "1 CNY = 4.5601 THB 2026-09-29 cfets; 1 CNY = 4.5512 THB 2026-09-30 cfets; "
		    "1 USD = 7.1000 CNY 2026-09-29 cfets; 1 USD = 7.0950 CNY 2026-09-30 cfets; ");
	assert_int_equal(lab.faults.count, 0);
	/* The same day twice with the same value is one rate. */
	assert_int_equal(load(&lab, CFETS, "日期,美元,日元\n2026-09-30,7.0950,4.8\n2026-09-30,7.095,4.80\n"), 0);
	holds(&lab, "100 JPY = 4.8 CNY 2026-09-30 cfets; 1 USD = 7.0950 CNY 2026-09-30 cfets; ");
}

/* Every currency of the table, both ways. */
static void test_quoting(void **state)
{
	(void)state;
	struct rate rate;
	assert_int_equal(rate_quoting_cfets.count, 25);
	for (size_t i = 0; i < rate_quoting_cfets.count; i++) {
		const struct rate_quoting *row = &rate_quoting_cfets.rows[i];
		assert_true(currency_is_money(text_of(row->currency)));
		assert_int_equal(rate_quoting_apply(&rate_quoting_cfets, row->currency, &rate), 0);
		bool foreign = strstr("USD EUR JPY HKD GBP AUD NZD SGD CHF CAD", row->currency) == NULL;
		assert_string_equal(foreign ? rate.quote : rate.base, row->currency);
		assert_string_equal(foreign ? rate.base : rate.quote, "CNY");
		assert_int_equal(rate.per, strcmp(row->currency, "JPY") == 0 ? 100 : 1);
		assert_int_equal(rate_quoting_apply(&rate_quoting_board, row->currency, &rate), 0);
		assert_string_equal(rate.base, row->currency);
		assert_int_equal(rate.per, 100);
	}
	assert_int_equal(rate_quoting_apply(&rate_quoting_cfets, "BRL", &rate), ERR_NOTFOUND);
	assert_int_equal(rate_quoting_apply(&rate_quoting_board, "CNY", &rate), ERR_INVALID);
}

static void test_board(void **state)
{
	(void)state;
	LAB(lab);
	lab.reading.bank = 7;
	assert_int_equal(load(&lab, BOARD, BOARD_HEAD "美元,705.20,708.15,2026-11-03\n日元,4.7321,,2026-11-03\n"), 0);
	holds(&lab, "100 JPY = 4.7321 CNY 2026-11-03 bank-buy; 100 USD = 705.20 CNY 2026-11-03 bank-buy; "
		    "100 USD = 708.15 CNY 2026-11-03 bank-sell; ");
	assert_int_equal(lab.table.rates[0].bank, 7);
	refused(BOARD, BOARD_HEAD "美元,708.15,705.20,2026-11-03\n", "rate-spread 2:现汇卖出价; ");
	refused(BOARD, BOARD_HEAD "金条,1,2,2026-11-03\n人民币,1,2,2026-11-03\nCNY,1,2,2026-11-03\n",
		"currency-unknown 2:货币名称; currency-unknown 3:货币名称; rate-pair 4:货币名称; ");
	refused(BOARD, "货币名称,现汇买入价,现汇买入价,发布日期\n",
		"rate-column-duplicate 1:现汇买入价; rate-column 1; ");
	refused(BOARD, "a,b\n", "rate-column 1; rate-column 1; rate-column 1; rate-column 1; ");
}

/* A board that says its units: they must be the table's. */
static void test_units(void **state)
{
	(void)state;
	static const char head[] = "Date;Currency;Units;Buying\n";
	static const struct rate_csv_profile profile = {
		.layout = RATE_CSV_LONG,
		.separator = ';',
		.open_end = true,
		.day_column = "Date",
		.day_form = "D.M.YYYY",
		.currency_column = "Currency",
		.per_column = "Units",
		.prices = {{"Buying", RATE_BANK_BUY}},
		.quoting = &rate_quoting_board,
	};
	static const struct {
		const char *text, *said;
	} rows[] = {
		{"3.11.2026;USD;100;705.20\n3.11.2026;JPY;100;4.7321", ""},
		{"3.11.2026;USD;1;7.0520\n3.11.2026;JPY;;4.7321", "rate-form 2:Units; rate-form 3:Units; "},
		{"3.11.2026;QQQ;1;7.0520\n", "currency-unknown 2:Currency; "},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		LAB(lab);
		char text[256];
		snprintf(text, sizeof(text), "%s%s", head, rows[i].text);
		fault_list_init(&lab.faults, &lab.arena.zf, 0);
		int err = rate_csv_read(text_of(text), &profile, &lab.reading, &lab.arena.zf, &lab.faults, &lab.table);
		say_faults(&lab);
		assert_string_equal(lab.said, rows[i].said);
		assert_int_equal(err, i == 0 ? 0 : ERR_INVALID);
		if (i == 0) {
			holds(&lab,
				"100 JPY = 4.7321 CNY 2026-11-03 bank-buy; 100 USD = 705.20 CNY 2026-11-03 bank-buy; ");
		}
	}
	LAB(lab);
	fault_list_init(&lab.faults, &lab.arena.zf, 0);
	int err = rate_csv_read(
		TEXT("Date;Currency;Buying\n"), &profile, &lab.reading, &lab.arena.zf, &lab.faults, &lab.table);
	say_faults(&lab);
	assert_int_equal(err, ERR_INVALID);
	assert_string_equal(lab.said, "rate-column 1; ");
}

static void test_cells(void **state)
{
	(void)state;
	/* All faults of a file at once, each with its line and column. */
	refused(CFETS,
		CFETS_HEAD "2026-09-30,0,-8.31,4.79x,4.5\n2026-09-31,7.1,8.3,4.8,4.5\n2026-11-21,7.1,8.3,4.8,4.5\n"
			   "2026-10-08,7.1234567,7.1e0,\"1,000\",4.5000000000\n2026-10-09,7.1\n"
			   "2026-10-12,99999999999999999999,+7,07.1,.5\n,7.1,8.3,4.8,4.5\n",
		"rate-not-positive 2:USD/CNY; rate-not-positive 2:EUR/CNY; rate-value 2:100JPY/CNY; rate-day 3:日期; "
		"rate-future 4:日期; rate-decimals 5:USD/CNY; rate-value 5:EUR/CNY; rate-value 5:100JPY/CNY; "
		"csv-fields 6; rate-value 7:USD/CNY; rate-value 7:EUR/CNY; rate-value 7:100JPY/CNY; "
		"rate-value 7:CNY/THB; rate-day 8:日期; ");
	refused(CFETS, "日期,USD/CNY,QQQ,BRL,JPY/CNY,THB/CNY,CNY,CNY/CNY\n2026-09-30,7.1,1,1,1,1,1,1\n",
		"currency-unknown 1:QQQ; rate-quoting 1:BRL; rate-form 1:JPY/CNY; rate-form 1:THB/CNY; rate-pair 1:CNY; "
		"rate-pair 1:CNY/CNY; ");
	refused(CFETS, "date,USD/CNY\n2026-09-30,7.1\n", "currency-unknown 1:date; rate-column 1; ");
	refused(CFETS, "", "rate-none ; ");
	refused(CFETS, CFETS_HEAD, "rate-none ; ");
	refused(CFETS, CFETS_HEAD "2026-09-30,,,,\n", "rate-none ; ");
	refused(CFETS, CFETS_HEAD "2026-09-30,7.0950,8.31,4.79,4.5", "csv-cut 2; ");
	refused(CFETS, CFETS_HEAD "2026-09-30,7.0950\n\"2026", "csv-cut 3; ");
	refused(CFETS, CFETS_HEAD "2026-09-31,1,1,1,1\n\"2026\n", "rate-day 2:日期; csv-quote-open 3; ");
	refused(CFETS, CFETS_HEAD "2026-09-30,\xc8\xd5,1,1,1\n", "csv-encoding 2; ");
}

static void test_together(void **state)
{
	(void)state;
	LAB(lab);
	assert_int_equal(
		load(&lab, CFETS, "日期,USD\n2026-09-30,7.0950\n2026-09-29,7.1\n2026-09-30,7.0951\n"), ERR_INVALID);
	assert_string_equal(lab.said, "rate-duplicate 4:USD; ");
	assert_string_equal(fault_text_en(&lab.arena.zf, &lab.faults.items[0]),
		"The rate of that day is there twice: 1 USD = 7.0951 CNY (2026-09-30), and before, with its line, "
		"1 USD = 7.0950 CNY (2).");
	/* What is stored is not changed, and is known in any form. */
	struct rate known[LAB_RATES];
	lab.reading.known = lab_fixture(known);
	assert_int_equal(load(&lab, CFETS, "日期,USD\n2026-09-30,7.095\n"), 0);
	assert_int_equal(load(&lab, CFETS, "日期,USD\n2026-10-12,7.1\n2026-09-30,7.096\n"), ERR_INVALID);
	assert_string_equal(lab.said, "rate-changed 3:USD; ");
	lab.reading.bytes_max = 10;
	assert_int_equal(load(&lab, CFETS, "日期,USD\n2026-09-30,7.095\n"), ERR_LIMIT);
	assert_string_equal(lab.said, "too-large ; ");
	lab.reading.bytes_max = 0;
	lab.reading.count_max = 1;
	assert_int_equal(load(&lab, CFETS, "日期,USD\n2026-09-30,7.095\n2026-10-12,7.1\n"), ERR_INVALID);
	assert_string_equal(lab.said, "too-many 3:USD; ");
}

/* A value that was corrected changes nothing and is said with its line; what counts is what the next day is held
 * against. */
static void test_superseded(void **state)
{
	(void)state;
	static const char *const until[] = {"2026-10-14", "2026-10-16"};
	uint32_t superseded = 9;
	struct rate known[] = {lab_rate(RATE_CFETS, "2026-10-12", 100, "JPY", "4.7000", "CNY"),
		lab_rate(RATE_CFETS, "2026-10-12", 1, "USD", "7.0900", "CNY"),
		lab_rate(RATE_CFETS, "2026-10-13", 1, "USD", "8.5000", "CNY")};
	struct rate past[] = {lab_rate(RATE_CFETS, "2026-10-12", 1, "USD", "7.6000", "CNY"),
		lab_rate(RATE_CFETS, "2026-10-12", 1, "USD", "0.1410", "CNY")};
	LAB(lab);
	rate_sort(known, 3);
	lab.reading.known = (struct rate_table){known, 3};
	lab.reading.past = (struct rate_past){past, until, 2};
	lab.reading.superseded = &superseded;
	assert_int_equal(load(&lab, CFETS, "日期,USD\n2026-10-12,0.141\n2026-10-13,8.5\n2026-10-14,8.40\n"), 0);
	assert_string_equal(lab.said, "rate-superseded 2:USD; ");
	assert_string_equal(fault_text_en(&lab.arena.zf, &lab.faults.items[0]),
		"Superseded: the file still says 1 USD = 0.141 CNY (2026-10-12), the value that was corrected on "
		"2026-10-16 (1 USD = 7.0900 CNY); nothing changes.");
	holds(&lab, "1 USD = 7.0900 CNY 2026-10-12 cfets; 1 USD = 8.5 CNY 2026-10-13 cfets; "
		    "1 USD = 8.40 CNY 2026-10-14 cfets; ");
	assert_int_equal(superseded, 1);
	/* Only of its own day and pair; and beside a fault of the file, which comes first. */
	assert_int_equal(load(&lab, CFETS, "日期,USD,JPY\n2026-10-12,7.6,7.6\n2026-10-13,7.6,4.7\n"), ERR_INVALID);
	assert_string_equal(
		lab.said, "rate-changed 2:JPY; rate-changed 3:USD; rate-far 2:JPY; rate-superseded 2:USD; ");
	/* Held against the 8.50 of the day before, not against what the file says of that. */
	known[1].value.unscaled = 85000;
	known[2].value.unscaled = 85000;
	assert_int_equal(load(&lab, CFETS, "日期,USD\n2026-10-12,7.6\n2026-10-14,7.5\n"), ERR_INVALID);
	assert_string_equal(lab.said, "rate-far 3:USD; rate-superseded 2:USD; ");
	/* A person may go back to it. */
	lab.reading.corrects = true;
	assert_int_equal(load(&lab, CFETS, "日期,USD\n2026-10-12,7.8\n"), 0);
	assert_string_equal(lab.said, "rate-changed 2:USD; ");
	holds(&lab, "1 USD = 7.8 CNY 2026-10-12 cfets; ");
}

static void doubts(uint32_t per, const char *base, const char *value, const char *quote, enum rate_doubt wanted)
{
	struct rate usd = lab_rate(RATE_CFETS, "2026-09-23", 1, "USD", "7.1000", "CNY");
	struct rate jpy = lab_rate(RATE_CFETS, "2026-09-23", 100, "JPY", "4.8000", "CNY");
	struct rate rate = lab_rate(RATE_CFETS, "2026-09-24", per, base, value, quote);
	assert_int_equal(rate_doubt(&rate, rate_same_pair(&rate, &usd) ? &usd : &jpy, 0), wanted);
}

static void test_doubts(void **state)
{
	(void)state;
	doubts(1, "USD", "7.1001", "CNY", RATE_PLAUSIBLE);
	doubts(1, "USD", "7.81", "CNY", RATE_PLAUSIBLE); /* 10 % exactly */
	doubts(1, "USD", "7.8100000000001", "CNY", RATE_FAR);
	doubts(1, "USD", "6.39", "CNY", RATE_PLAUSIBLE);
	doubts(1, "USD", "6.3899999999999", "CNY", RATE_FAR);
	doubts(1, "CNY", "0.1408", "USD", RATE_PLAUSIBLE); /* another form of the same price */
	doubts(100, "USD", "710", "CNY", RATE_PLAUSIBLE);
	doubts(1, "USD", "0.1408", "CNY", RATE_UPSIDE_DOWN);
	doubts(1, "USD", "710.00", "CNY", RATE_HUNDREDFOLD);
	doubts(1, "USD", "0.0710", "CNY", RATE_HUNDREDTH);
	doubts(1, "USD", "14.08", "CNY", RATE_UPSIDE_DOWN_HUNDREDS);
	doubts(1, "USD", "0.001408", "CNY", RATE_UPSIDE_DOWN_HUNDREDS);
	doubts(1, "USD", "71", "CNY", RATE_FAR);
	doubts(100, "JPY", "0.048", "CNY", RATE_HUNDREDTH);
	doubts(1, "JPY", "4.8", "CNY", RATE_HUNDREDFOLD);
	doubts(100, "JPY", "20.83", "CNY", RATE_UPSIDE_DOWN_HUNDREDS); /* JPY for 1 CNY in the column per 100 JPY */
	doubts(1, "CNY", "4.8", "JPY", RATE_UPSIDE_DOWN_HUNDREDS);
	doubts(1, "USD", "850", "CNY", RATE_HUNDREDFOLD); /* and a fifth too much */
	doubts(1, "USD", "0.118", "CNY", RATE_UPSIDE_DOWN);
	struct rate usd = lab_rate(RATE_CFETS, "2026-09-23", 1, "USD", "7.1000", "CNY"), more = usd;
	more.value.unscaled = 106500; /* half as much again */
	assert_int_equal(rate_doubt(&more, &usd, 4999), RATE_FAR);
	assert_int_equal(rate_doubt(&more, &usd, 5000), RATE_PLAUSIBLE);
	/* Near 1 a rate and its inverse are both close: what is nearer is told. */
	struct rate chf = lab_rate(RATE_ECB, "2026-09-23", 1, "EUR", "0.9300", "CHF"), other = chf;
	other.value.unscaled = 10753;
	assert_int_equal(rate_doubt(&other, &chf, 0), RATE_UPSIDE_DOWN);
	other.value.unscaled = 12500;
	assert_int_equal(rate_doubt(&other, &chf, 0), RATE_UPSIDE_DOWN);
	other.value.unscaled = 8000;
	assert_int_equal(rate_doubt(&other, &chf, 0), RATE_FAR);
}

static void test_implausible(void **state)
{
	(void)state;
	struct rate known[LAB_RATES];
	LAB(lab);
	lab.reading.known = lab_fixture(known);
	/* Each told beside the last good one, once; the file's own and the known ones together. */
	assert_int_equal(
		load(&lab, CFETS,
			"日期,USD,JPY\n2026-10-09,7.0900,4.80\n2026-10-12,0.1410,0.048\n2026-10-13,709.1,20.9\n"
			"2026-10-14,7.0910,4.79\n2026-10-15,8.1,4.78\n"),
		ERR_INVALID);
	assert_string_equal(lab.said, "rate-hundredth 3:JPY; rate-upside-down-hundreds 4:JPY; rate-upside-down 3:USD; "
				      "rate-hundredfold 4:USD; rate-far 6:USD; ");
	assert_string_equal(fault_text_en(&lab.arena.zf, &lab.faults.items[2]),
		"The rate 1 USD = 0.1410 CNY (2026-10-12) is upside down: one divided by it would go with "
		"1 USD = 7.0900 CNY (2026-10-09).");
	assert_non_null(strstr(fault_text_zh(&lab.arena.zf, &lab.faults.items[2]), "方向颠倒"));
	/* The first of the file beside what is known. */
	assert_int_equal(load(&lab, CFETS, "日期,USD\n2026-10-09,709\n"), ERR_INVALID);
	assert_string_equal(lab.said, "rate-hundredfold 2:USD; ");
	/* Older than all that is known: beside the next. */
	assert_int_equal(load(&lab, CFETS, "日期,USD\n2026-09-07,0.1404\n"), ERR_INVALID);
	assert_string_equal(lab.said, "rate-upside-down 2:USD; ");
	/* Of a source that has none yet: beside another's, so that a board read as if it were for 1 is found. */
	assert_int_equal(load(&lab, BOARD, BOARD_HEAD "USD,7.0520,7.0815,2026-11-06\n"), ERR_INVALID);
	assert_string_equal(lab.said, "rate-hundredth 2:现汇买入价; rate-hundredth 2:现汇卖出价; ");
	/* A level that lasts is told where it begins. */
	assert_int_equal(load(&lab, CFETS, "日期,USD\n2026-10-12,8.5\n2026-10-13,8.6\n2026-10-14,8.7\n"), ERR_INVALID);
	assert_string_equal(lab.said, "rate-far 2:USD; ");
	/* Far is a matter of days, and can be let through; upside down can't. */
	assert_int_equal(load(&lab, CFETS, "日期,USD\n2026-07-01,8.5\n"), 0);
	assert_int_equal(load(&lab, CFETS, "日期,USD\n2026-07-01,0.118\n"), ERR_INVALID);
	lab.reading.far_allowed = true;
	assert_int_equal(load(&lab, CFETS, "日期,USD\n2026-10-12,8.5\n"), 0);
	assert_string_equal(lab.said, "rate-far 2:USD; ");
	assert_int_equal(load(&lab, CFETS, "日期,USD\n2026-10-12,850\n"), ERR_INVALID);
	lab.reading.far_allowed = false;
	lab.reading.bound = 3000;
	assert_int_equal(load(&lab, CFETS, "日期,USD\n2026-10-12,8.5\n"), 0);
}

static void test_ecb(void **state)
{
	(void)state;
	LAB(lab);
	assert_int_equal(load(&lab, ECB,
				 ECB_HEAD "<Cube><Cube time=\"2026-11-20\"><Cube currency=\"USD\" rate=\"1.1721\"/>"
					  "<Cube currency=\"JPY\" rate=\"181.90\"/></Cube>\n"
					  "<Cube time=\"2026-11-19\"><Cube currency=\"USD\" rate=\"1.1700\"/>"
					  "<Cube currency=\"HRK\" rate=\"7.5\"/></Cube></Cube></e:Envelope>"),
		0);
	holds(&lab, "1 EUR = 181.90 JPY 2026-11-20 ecb; 1 EUR = 1.1700 USD 2026-11-19 ecb; "
		    "1 EUR = 1.1721 USD 2026-11-20 ecb; ");
	assert_string_equal(lab.said, "rate-withdrawn ; ");
	assert_string_equal(fault_text_en(&lab.arena.zf, &lab.faults.items[0]),
		"The currency HRK has been withdrawn; 1 of its rates are left out.");
}

static void test_ecb_faults(void **state)
{
	(void)state;
	refused(ECB, "<html>\n<body/></html>", "rate-ecb 1:html; ");
	refused(ECB, "<html><body></html>", "xml-invalid ; ");
	refused(ECB, ECB_HEAD "</e:Envelope>", "rate-ecb 2:Envelope; ");
	refused(ECB, ECB_HEAD "<Cube/></e:Envelope>", "rate-none ; ");
	refused(ECB, ECB_HEAD "<Cube><Cube time=\"2026-11-20\"><Cube currency=\"USD\" rate=\"1.17", "xml-invalid ; ");
	refused(ECB, ECB_HEAD "<Cube><Cube time=\"2026-11-20\"><Cube currency=\"USD\" rate=\"1.17\"/>",
		"xml-invalid ; ");
	refused(ECB, "<!DOCTYPE e [<!ENTITY a \"b\">]>\n<e>&a;</e>", "xml-forbidden ; ");
	refused(ECB,
		ECB_HEAD "<Cube>\n<Cube time=\"2026-11-21\"><Cube currency=\"USD\" rate=\"1.17\"/></Cube>\n"
			 "<Cube time=\"20.11.2026\"><Cube currency=\"USD\" rate=\"0\"/></Cube>\n"
			 "<Cube><Cube currency=\"QQQ\" rate=\"1\"/></Cube>\n<Cube time=\"2026-11-20\"/>\n"
			 "<Cube time=\"2026-11-19\"><Cube rate=\"1\"/><Cube currency=\"USD\"/>\n"
			 "<Cube currency=\"EUR\" rate=\"1\"/><Cube currency=\"USD\" rate=\"1.123456789\"/>\n"
			 "<x/><Cube currency=\"GBP\" rate=\"-0.88\"/></Cube>\n<y/></Cube></e:Envelope>",
		"rate-future 5:Cube; rate-day 6:Cube; rate-not-positive 6:USD; rate-ecb 7:Cube; currency-unknown 7:Cube; "
		"rate-ecb 8:Cube; rate-ecb 9:Cube; rate-ecb 9:Cube; rate-pair 10:Cube; rate-decimals 10:USD; rate-ecb 11:x; "
		"rate-not-positive 11:GBP; rate-ecb 12:y; ");
	/* Without the namespaces it is another format. */
	refused(ECB, "<Envelope><Cube/></Envelope>", "rate-ecb 1:Envelope; ");
}

static int approve(struct lab *lab, const struct rate_entry *entry, struct rate *ret)
{
	fault_list_init(&lab->faults, &lab->arena.zf, 0);
	int err = rate_entry_approve(entry, &lab->reading, &lab->arena.zf, &lab->faults, ret);
	say_faults(lab);
	return err;
}

static int check(struct lab *lab, const struct rate_entry *entry)
{
	fault_list_init(&lab->faults, &lab->arena.zf, 0);
	struct rate rate;
	int err = rate_entry_check(entry, &lab->reading, &lab->arena.zf, &lab->faults, &rate);
	say_faults(lab);
	return err;
}

static void test_by_hand(void **state)
{
	(void)state;
	struct rate known[LAB_RATES], rate = {.per = 0};
	LAB(lab);
	lab.reading.known = lab_fixture(known);
	struct rate_entry entry = {
		TEXT("USD"), TEXT("CNY"), TEXT("7.0901"), 1, TEXT("2026-10-12"), "li", NULL, false, 0, NULL};
	assert_int_equal(check(&lab, &entry), 0);
	assert_int_equal(approve(&lab, &entry, &rate), ERR_INVALID);
	assert_string_equal(lab.said, "rate-unapproved checker; ");
	entry.checker = "LI";
	assert_int_equal(approve(&lab, &entry, &rate), ERR_INVALID);
	assert_string_equal(lab.said, "rate-same-person checker; ");
	assert_int_equal(rate.per, 0); /* untouched */
	entry.checker = "wang";
	assert_int_equal(approve(&lab, &entry, &rate), 0);
	assert_true(rate_valid(&rate));
	assert_int_equal(rate.source, RATE_MANUAL);
	assert_string_equal(rate.maker, "li");
	assert_string_equal(rate.checker, "wang");
	/* Far from CFETS's last: a warning for the second person, who must say that it is meant. */
	entry.value = TEXT("8.0");
	assert_int_equal(check(&lab, &entry), 0);
	assert_string_equal(lab.said, "rate-far value; ");
	assert_int_equal(approve(&lab, &entry, &rate), ERR_INVALID);
	entry.far_approved = true;
	assert_int_equal(approve(&lab, &entry, &rate), 0);
	entry.value = TEXT("0.141");
	assert_int_equal(approve(&lab, &entry, &rate), ERR_INVALID);
	assert_string_equal(lab.said, "rate-upside-down value; ");
	/* All at once. */
	entry = (struct rate_entry){
		TEXT("usd"), TEXT("CNY"), TEXT("0"), 3, TEXT("2026-12-01"), " ", " ", false, 0, NULL};
	assert_int_equal(approve(&lab, &entry, &rate), ERR_INVALID);
	assert_string_equal(lab.said, "rate-unapproved checker; currency-unknown base; rate-per per; rate-future day; "
				      "rate-maker maker; rate-not-positive value; ");
	entry = (struct rate_entry){
		TEXT("CNY"), TEXT("CNY"), TEXT("1"), 1, TEXT("2026-10-12"), "li", "wang", false, 0, NULL};
	assert_int_equal(approve(&lab, &entry, &rate), ERR_INVALID);
	assert_string_equal(lab.said, "rate-pair quote; ");
	memset(&entry, 0, sizeof(entry));
	assert_int_equal(check(&lab, &entry), ERR_INVALID);
}

/* Each allocation fails once: that is told as such, never as a fault of the file, and never as a table. */
static void test_no_memory(void **state)
{
	(void)state;
	static const struct {
		enum format format;
		const char *text;
	} cases[] = {
		{CFETS, CFETS_HEAD "2026-09-30,7.0950,\"8\"\".31\",4.7920,4.5512\n2026-09-29,7.1,,,\n"},
		{CFETS, CFETS_HEAD
			"2026-09-30,7.0950,8.31,4.7920,4.5512\n2026-09-29,0.14,8.3,4.7,4.5\n2026-09-29,1,1,1,1\n"},
		{BOARD, BOARD_HEAD "美元,705.20,708.15,2026-11-03\n"},
		{ECB, ECB_HEAD "<Cube><Cube time=\"2026-11-20\"><Cube currency=\"USD\" rate=\"1.1721\"/>"
			       "<Cube currency=\"HRK\" rate=\"7.5\"/></Cube></Cube></e:Envelope>"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		LAB(whole);
		int wanted = load(&whole, cases[i].format, cases[i].text), err = ERR_NOMEM;
		for (long n = 0; err == ERR_NOMEM; n++) {
			LAB(lab);
			lab.arena.fail_at = n;
			err = load(&lab, cases[i].format, cases[i].text);
			if (err == ERR_NOMEM) continue;
			assert_int_equal(err, wanted);
			assert_int_equal(lab.table.count, whole.table.count);
			assert_string_equal(lab.said, whole.said);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cfets),
		cmocka_unit_test(test_quoting),
		cmocka_unit_test(test_board),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_superseded),
		cmocka_unit_test(test_doubts),
		cmocka_unit_test(test_implausible),
		cmocka_unit_test(test_ecb),
		cmocka_unit_test(test_ecb_faults),
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
