/* zhifuctl money: exchange rates, which of them the books use, and what waits for one. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/books.h"
#include "ctl/rate_desk.h"
#include "db/sync.h"
#include "lib/date.h"
#include "model/directory.h"
#include "settle/book_rate.h"

#define LIST_MAX 1000
#define DAYS_FIRST (-700000)
#define DAYS_LAST 2900000

/* Of one that is configured no more only the books are left. */
static int32_t today_of(const struct hospital *hospital)
{
	int64_t now_ms = clock_wall_ms();

	return (int32_t)(hospital->zone != NULL ? zone_day(hospital->zone, now_ms) : now_ms / 86400000);
}

/* ---- list ---- */

struct list_filter {
	const char *source, *currency, *bank;
	int32_t from, to;
	int number; /* of the source; 0: all */
	bool waiting;
};

static int filter_read(int argc, char **argv, struct list_filter *filter)
{
	const char *words[CTL_WORDS_MAX];
	const char *from = NULL;
	const char *to = NULL;
	const struct ctl_option options[] = {{"--source", &filter->source, NULL},
		{"--currency", &filter->currency, NULL}, {"--from", &from, NULL}, {"--to", &to, NULL},
		{"--waiting", NULL, &filter->waiting}, {NULL, NULL, NULL}};
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	if (r == 0) r = ctl_day("--from", from, DAYS_FIRST, &filter->from);
	if (r == 0) r = ctl_day("--to", to, DAYS_LAST, &filter->to);
	if (r != 0) return r;
	if (filter->currency != NULL && !currency_is_money(text_of(filter->currency)))
		return ctl_usage("--currency takes a code of ISO 4217 like USD, not \"%s\"", filter->currency);
	if (filter->source == NULL) return 0;
	if (strncmp(filter->source, "board:", 6) == 0) {
		filter->bank = filter->source + 6;
		return 0;
	}
	filter->number = rate_source_find(text_of(filter->source));
	return filter->number != RATE_SOURCE_NONE ? 0
						  : ctl_usage("--source takes cfets, ecb, bank-buy, bank-sell, "
							      "board:BANK or manual, not \"%s\"",
							    filter->source);
}

enum {
	L_ID,
	L_DAY,
	L_SOURCE,
	L_BANK,
	L_BASE,
	L_QUOTE,
	L_PER,
	L_DIGITS,
	L_SCALE,
	L_STATUS,
	L_MAKER,
	L_MADE,
	L_CHECKER,
	L_CHECKED,
	L_WHY,
	L_CHECKED_WHY
};

static const char *const list_sql =
	"SELECT rate_id, day, source, bank, base, quote, per, digits, scale, status, maker, made_at, checker,"
	" coalesce(checked_at, '-infinity'), why, checked_why FROM rate WHERE ($1 = 0 OR source = $1)"
	" AND ($2::text IS NULL OR bank = $2) AND ($3::text IS NULL OR base = $3 OR quote = $3) AND day BETWEEN $4 AND $5"
	" AND (NOT $6 OR status = 2) ORDER BY day DESC, source, bank, low, high, version DESC LIMIT $7";

static struct cell cell_status(const struct ctl *ctl, int64_t status)
{
	return status == 1   ? cell_word(say(ctl, "in force", "已生效"), "in-force")
	       : status == 2 ? cell_word(say(ctl, "WAITS", "待复核"), "waits")
			     : cell_word(say(ctl, "refused", "已拒绝"), "refused");
}

static void list_row(const struct ctl *ctl, struct table *table, const struct pg_result *rows, int row)
{
	const struct zone *zone = rate_desk_zone(ctl);
	struct uuid id = db_rows_uuid(rows, row, L_ID);
	char value[DECIMAL_TEXT_SIZE];
	struct rate rate = {.per = 0};

	rate_rows_price(rows, row, L_BASE, &rate);
	(void)decimal_format(rate.value, value);
	table_add(table, cell_day(db_rows_date(rows, row, L_DAY)));
	table_add(table, cell_rate_source((uint8_t)db_rows_int(rows, row, L_SOURCE), db_rows_text(rows, row, L_BANK)));
	table_add(table, cell_text(db_rows_text(rows, row, L_BANK)));
	table_add(table, cell_rate(&rate));
	table_add(table, cell_text(rate.base));
	table_add(table, cell_text(rate.quote));
	table_add(table, cell_int(rate.per));
	table_add(table, cell_text(value));
	table_add(table, cell_status(ctl, db_rows_int(rows, row, L_STATUS)));
	table_add(table, cell_text(db_rows_text(rows, row, L_MAKER)));
	table_add(table, cell_time(zone, db_rows_time_ms(rows, row, L_MADE)));
	table_add(table, cell_text(db_rows_text(rows, row, L_WHY)));
	table_add(table, cell_text(db_rows_text(rows, row, L_CHECKER)));
	table_add(table, cell_time(zone, db_rows_time_ms(rows, row, L_CHECKED)));
	table_add(table, cell_text(db_rows_text(rows, row, L_CHECKED_WHY)));
	table_add(table, cell_uuid(&id));
}

static int rate_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct column english[] = {{"day", "day"}, {"source", "source"}, {"bank", NULL}, {"rate", "rate"},
		{"base", NULL}, {"quote", NULL}, {"per", NULL}, {"value", NULL}, {"status", "status"}, {"who", "who"},
		{"at", "when"}, {"why", "why"}, {"decided_by", "decided by"}, {"decided_at", NULL},
		{"decided_why", NULL}, {"id", "id"}};
	static const struct column chinese[] = {{"day", "日期"}, {"source", "来源"}, {"bank", NULL}, {"rate", "汇率"},
		{"base", NULL}, {"quote", NULL}, {"per", NULL}, {"value", NULL}, {"status", "状态"}, {"who", "录入人"},
		{"at", "录入时间"}, {"why", "原因"}, {"decided_by", "复核人"}, {"decided_at", NULL},
		{"decided_why", NULL}, {"id", "编号"}};
	struct list_filter filter = {0};
	struct pg_result *rows = NULL;
	struct report report;
	struct table table;
	bool cut;
	int r = filter_read(argc, argv, &filter);

	if (r != 0) return r;
	r = ctl_query(ctl, &rows, list_sql, "nttddbi", filter.number, filter.bank, filter.currency, filter.from,
		filter.to, (int)filter.waiting, (int64_t)LIST_MAX + 1);
	if (r < 0) return ctl_fail("could not read the rates");
	report_begin(&report, ctl);
	table_begin(&table, ctl->chinese ? chinese : english, ARRAY_LEN(english));
	cut = db_rows_count(rows) > LIST_MAX;
	for (int row = 0; row < db_rows_count(rows) && row < LIST_MAX; row++) list_row(ctl, &table, rows, row);
	db_sync_rows_free(rows);
	table_end(&table, &report, "rates", NULL, say(ctl, "no rates", "没有汇率"));
	report_field(&report, "cut", NULL, cell_bool(cut));
	if (cut && ctl_notes(ctl))
		(void)fprintf(
			stderr, "only the newest %d are shown: use --from, --to, --source or --currency\n", LIST_MAX);
	return report_end(&report, 0);
}

/* ---- of ---- */

static void of_steps(struct rate_desk *desk, struct report *report, const struct rate_path *path)
{
	static const struct column english[] = {{"source", "source"}, {"day", "day"}, {"rate", "rate"},
		{"how", "amounts are"}, {"who", "typed in by"}, {"approved_by", "approved by"}, {"id", NULL}};
	static const struct column chinese[] = {{"source", "来源"}, {"day", "日期"}, {"rate", "汇率"},
		{"how", "折算方法"}, {"who", "录入人"}, {"approved_by", "复核人"}, {"id", NULL}};
	const struct ctl *ctl = desk->ctl;
	struct table table;

	table_begin(&table, ctl->chinese ? chinese : english, ARRAY_LEN(english));
	for (uint8_t i = 0; i < path->count; i++) {
		const struct rate *rate = &path->steps[i].rate;

		table_add(&table, cell_rate_source(rate->source, ""));
		table_add(&table, cell_day(rate->day));
		table_add(&table, cell_rate(rate));
		table_add(&table, path->steps[i].direction == MONEY_TARGET_PER_SOURCE
					  ? cell_word(say(ctl, "multiplied by it", "乘以汇率"), "multiply")
					  : cell_word(say(ctl, "divided by it", "除以汇率"), "divide"));
		table_add(&table, cell_text(rate->maker));
		table_add(&table, cell_text(rate->checker));
		table_add(&table, cell_uuid(rate_rows_id(&desk->known.rates, rate)));
	}
	table_end(&table, report, "steps", "", say(ctl, "one currency: no rate is needed", "币种相同,无需汇率"));
}

/* What 1,000 units come to. */
static void of_example(struct report *report, const struct rate_path *path)
{
	struct zf_decimal thousand = {.unscaled = 1000, .present = 1};
	struct rate_conversion made;
	struct zf_money from;
	char from_text[REPORT_AMOUNT_LEN];
	char to_text[REPORT_AMOUNT_LEN];

	if (money_from_decimal(thousand, text_of(path->from), &from) != 0 ||
		rate_convert(from, path, BOOK_RATE_ROUNDING, &made) != 0)
		return;
	report_amount(from.minor, from.exponent, true, from_text);
	report_amount(made.to.minor, made.to.exponent, true, to_text);
	if (!report->ctl->json)
		(void)fprintf(report->out, "\n%s %s = %s %s\n", from_text, path->from, to_text, path->to);
	report_field(report, "example_from", NULL, cell_money(from.minor, from.currency, from.exponent));
	report_field(report, "example_to", NULL, cell_money(made.to.minor, made.to.currency, made.to.exponent));
}

/* A day without a rate takes the last before it: that is said. */
static void of_earlier(struct report *report, const struct rate_path *path, int32_t day)
{
	const struct ctl *ctl = report->ctl;
	char asked[DATE_TEXT_SIZE];
	char taken[DATE_TEXT_SIZE];

	(void)date_format_day(day, asked);
	for (uint8_t i = 0; i < path->count; i++) {
		const struct rate *rate = &path->steps[i].rate;

		if (rate->day == day || ctl->json) continue;
		(void)date_format_day(rate->day, taken);
		if (ctl->chinese)
			(void)fprintf(report->out, "%s 没有汇率(%s/%s),取此前最近的 %s。\n", asked, rate->base,
				rate->quote, taken);
		else
			(void)fprintf(report->out, "%s has no rate of %s/%s: the last before it counts, that of %s.\n",
				asked, rate->base, rate->quote, taken);
	}
}

struct of_question {
	const struct hospital *hospital;
	char from[4], to[4];
	int32_t day;
};

static int of_currency(const char *text, char ret[4])
{
	if (!currency_is_money(text_of(text)))
		return ctl_usage("\"%s\" is no currency: a code of ISO 4217 like USD is wanted", text);
	memcpy(ret, text, 4);
	return 0;
}

static int of_read(const struct ctl *ctl, int argc, char **argv, struct of_question *ret)
{
	const char *words[CTL_WORDS_MAX];
	const char *code = NULL;
	const char *to = NULL;
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {"--to", &to, NULL}, {NULL, NULL, NULL}};
	int r = ctl_arguments(argc, argv, options, 2, 2, words);

	if (r != 0) return r;
	ret->hospital = ctl_hospital(ctl, code);
	if (ret->hospital == NULL) return 2;
	r = of_currency(words[0], ret->from);
	if (r == 0) r = of_currency(to != NULL ? to : ret->hospital->book_currency, ret->to);
	if (r == 0) r = ctl_day("DAY", words[1], 0, &ret->day);
	return r;
}

static int rate_of(struct ctl *ctl, int argc, char **argv)
{
	struct rate_desk desk CLEANUP(rate_desk_close);
	struct rate_gap gaps[RATE_SOURCE_COUNT];
	struct of_question asked;
	struct rate_path path;
	struct report report;
	bool found;
	int r = of_read(ctl, argc, argv, &asked);

	rate_desk_open(ctl, &desk);
	if (r != 0) return r;
	r = rate_desk_know(&desk, NULL, asked.day - asked.hospital->rate_reach_days, asked.day);
	if (r < 0) return ctl_fail("could not read the rates");
	found = book_rate_find(asked.hospital, &desk.known.rates.table, asked.from, asked.to, asked.day,
			today_of(asked.hospital), &path, gaps) == 0;
	report_begin(&report, ctl);
	report_field(&report, "hospital", say(ctl, "hospital", "医院"), cell_text(asked.hospital->code));
	report_field(&report, "from", say(ctl, "from", "由"), cell_text(asked.from));
	report_field(&report, "to", say(ctl, "to", "折为"), cell_text(asked.to));
	report_field(&report, "day", say(ctl, "day", "日期"), cell_day(asked.day));
	report_field(&report, "found", NULL, cell_bool(found));
	if (found) {
		of_steps(&desk, &report, &path);
		of_earlier(&report, &path, asked.day);
		of_example(&report, &path);
	} else {
		for (uint32_t i = 0; i < asked.hospital->rate_source_count; i++)
			rate_gap_fault(&desk.faults, "", &gaps[i]);
		report_faults(&report, NULL, &desk.faults, &desk.arena.zf);
	}
	return report_end(&report, !found);
}

/* ---- waiting ---- */

enum { W_CURRENCY, W_EXPONENT, W_DAY, W_COUNT, W_AMOUNT };

static const char *const waiting_sql =
	"SELECT currency, exponent, day, items, minor FROM rate_waiting($1) WHERE carrier IS NULL ORDER BY 1, 2, 3";

/* Which rate is missing, of the source that comes first, and the last day that has one. */
static void missing_add(struct rate_desk *desk, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table)
{
	const struct ctl *ctl = desk->ctl;
	struct rate_gap gaps[RATE_SOURCE_COUNT];
	struct rate_path path;
	char missing[32];
	char from[4] = "";

	memcpy(from, db_rows_text(rows, row, W_CURRENCY), 3);
	if (book_rate_find(hospital, &desk->known.rates.table, from, hospital->book_currency,
		    db_rows_date(rows, row, W_DAY), today_of(hospital), &path, gaps) == 0) {
		table_add(table, cell_word(say(ctl, "none: zhifud is about to take it", "已有,即将折算"), ""));
		table_add(table, cell_none());
		return;
	}
	if (hospital->rate_source_count == 0) { /* not configured, so zhifud values nothing of it */
		table_add(table, cell_word(say(ctl, "its file is missing or broken", "医院配置文件缺失或有误"),
					 "hospital file"));
		table_add(table, cell_none());
		return;
	}
	(void)snprintf(
		missing, sizeof(missing), "%s/%s (%s)", gaps[0].base, gaps[0].quote, rate_source_name(gaps[0].source));
	table_add(table, cell_text(missing));
	table_add(table, gaps[0].known ? cell_day(gaps[0].last_day) : cell_none());
}

static int waiting_hospital(struct ctl *ctl, const struct hospital *hospital, struct table *table, int64_t *count)
{
	struct rate_desk desk CLEANUP(rate_desk_close);
	struct pg_result *rows = NULL;
	int32_t first = INT32_MAX;
	int32_t last = INT32_MIN;
	int r = ctl_begin(ctl, &hospital->id, false);

	rate_desk_open(ctl, &desk);
	if (r == 0) r = ctl_query(ctl, &rows, waiting_sql, "u", &hospital->id);
	for (int row = 0; row < db_rows_count(rows); row++) {
		int32_t day = db_rows_date(rows, row, W_DAY);

		if (day < first) first = day;
		if (day > last) last = day;
	}
	if (r == 0 && db_rows_count(rows) > 0) r = rate_desk_know(&desk, NULL, first - hospital->rate_reach_days, last);
	if (r == 0) r = ctl_commit(ctl);
	for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
		*count += db_rows_int(rows, row, W_COUNT);
		table_add(table, cell_text(hospital->code));
		table_add(table, cell_text(db_rows_text(rows, row, W_CURRENCY)));
		table_add(table, cell_day(db_rows_date(rows, row, W_DAY)));
		table_add(table, cell_int(db_rows_int(rows, row, W_COUNT)));
		table_add(table, cell_money(db_rows_int(rows, row, W_AMOUNT), db_rows_text(rows, row, W_CURRENCY),
					 (int)db_rows_int(rows, row, W_EXPONENT)));
		missing_add(&desk, hospital, rows, row, table);
	}
	db_sync_rows_free(rows);
	return r;
}

/* A rate, or what of the contract's price list. */
static struct cell bill_missing(const struct ctl *ctl, const struct pg_result *rows, int row)
{
	const char *lacks = db_rows_text(rows, row, 8);
	const char *list = db_rows_text(rows, row, 9);
	const char *what;
	char text[192];
	char code[128];

	if (lacks == NULL) {
		(void)snprintf(text, sizeof(text), "%s/%s (%s)", db_rows_text(rows, row, 4), db_rows_text(rows, row, 6),
			db_rows_text(rows, row, 7));
		return cell_text(text);
	}
	list = list == NULL ? "" : list;
	if (strcmp(lacks, "price-list") == 0)
		what = say(ctl, "none counts on a day of its items", "在项目的服务日没有有效版本");
	else
		what = say(ctl, "in another currency", "币种与账单不同");
	(void)snprintf(text, sizeof(text), "%s %s: %s", say(ctl, "price list", "价目表"), list, what);
	(void)snprintf(code, sizeof(code), "%s %s", lacks, list);
	return cell_word(text, code);
}

/* Bills that were looked at and lack a rate or a price list yet. */
static int waiting_bills(struct ctl *ctl, const struct hospital *hospital, struct table *table, int64_t *count)
{
	struct pg_result *rows = NULL;
	int r = ctl_begin(ctl, &hospital->id, false);

	if (r == 0)
		r = ctl_query(ctl, &rows,
			"SELECT carrier, day, items, minor, currency, exponent::int4, wanted, source, lacks, list FROM rate_waiting($1)"
			" WHERE carrier IS NOT NULL ORDER BY 1, 2",
			"u", &hospital->id);
	if (r == 0) r = ctl_commit(ctl);
	for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
		*count += db_rows_int(rows, row, 2);
		table_add(table, cell_text(hospital->code));
		table_add(table, cell_text(db_rows_text(rows, row, 0)));
		table_add(table, cell_day(db_rows_date(rows, row, 1)));
		table_add(table, cell_int(db_rows_int(rows, row, 2)));
		table_add(table, cell_money(db_rows_int(rows, row, 3), db_rows_text(rows, row, 4),
					 (int)db_rows_int(rows, row, 5)));
		table_add(table, bill_missing(ctl, rows, row));
	}
	db_sync_rows_free(rows);
	return r;
}

static int waiting(struct ctl *ctl, int argc, char **argv)
{
	static const struct column english[] = {{"hospital", "hospital"}, {"currency", NULL}, {"day", "day"},
		{"postings", "postings"}, {"amount", "amount"}, {"missing", "missing rate"},
		{"last_known", "last known of"}};
	static const struct column chinese[] = {{"hospital", "医院"}, {"currency", NULL}, {"day", "日期"},
		{"postings", "分录数"}, {"amount", "金额"}, {"missing", "所缺汇率"}, {"last_known", "最近已知"}};
	const char *words[CTL_WORDS_MAX];
	const char *code = NULL;
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {NULL, NULL, NULL}};
	struct books books CLEANUP(books_close) = {0};
	const struct column bill_columns[] = {{"hospital", say(ctl, "hospital", "医院")},
		{"carrier", say(ctl, "carrier", "承保人")}, {"day", say(ctl, "billed", "开单日")},
		{"bills", say(ctl, "bills", "账单数")}, {"amount", say(ctl, "amount", "金额")},
		{"missing", say(ctl, "missing", "所缺")}};
	struct report report;
	struct table table;
	struct table bills;
	int64_t count = 0;
	int64_t bill_count = 0;
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	if (r == 0) r = books_open(ctl, code, &books);
	if (r != 0) return r;
	report_begin(&report, ctl);
	table_begin(&table, ctl->chinese ? chinese : english, ARRAY_LEN(english));
	table_begin(&bills, bill_columns, ARRAY_LEN(bill_columns));
	for (uint32_t i = 0; r == 0 && i < books.count; i++) {
		r = waiting_hospital(ctl, &books.hospitals[i], &table, &count);
		if (r == 0) r = waiting_bills(ctl, &books.hospitals[i], &bills, &bill_count);
	}
	table_end(&table, &report, "waiting", NULL,
		say(ctl, "every posting has its value in the books", "所有分录均已折算"));
	table_end(&bills, &report, "bills",
		say(ctl, "bills whose amount waits for a rate or a price list", "等待汇率或价目表以确定应收的账单"),
		NULL);
	if (r < 0) {
		json_decref(report.root);
		return ctl_fail("could not read the postings");
	}
	report_field(&report, "postings", NULL, cell_int(count));
	if (count + bill_count > 0)
		report_heading(&report,
			say(ctl,
				"What to do: money rate import FILE, or money rate set; for a price list money price put.",
				"处理:用 money rate import 导入汇率,或用 money rate set 手工录入;价目表用 money price put 导入。"));
	return report_end(&report, 0);
}

const struct ctl_command money_rate_commands[] = {
	{"money rate import",
		"FILE --source cfets|ecb|board:BANK|profile:NAME [--hospital CODE] [--charset NAME] [--history] [--why TEXT]",
		"stores the rates of a file, all of them or none", CTL_CONFIG | CTL_DB, money_rate_import},
	{"money rate set", "BASE QUOTE VALUE DAY [--per N] --why TEXT",
		"types a rate in: N of BASE cost VALUE of QUOTE; it waits for a second person", CTL_CONFIG | CTL_DB,
		money_rate_set},
	{"money rate correct", "ID VALUE --why TEXT",
		"types in what a published rate should have been; it waits for a second person", CTL_CONFIG | CTL_DB,
		money_rate_correct},
	{"money rate approve", "ID [--far] --why TEXT", "lets a rate count that another person typed in",
		CTL_CONFIG | CTL_DB, money_rate_approve},
	{"money rate refuse", "ID --why TEXT", "decides that it does not", CTL_CONFIG | CTL_DB, money_rate_refuse},
	{"money rate list", "[--source SOURCE] [--currency CODE] [--from DAY] [--to DAY] [--waiting]",
		"rates as they were published or typed in, newest first", CTL_CONFIG | CTL_DB, rate_list},
	{"money rate of", "CURRENCY DAY [--to CURRENCY] [--hospital CODE]",
		"the rate by which a hospital's books convert", CTL_CONFIG | CTL_DB, rate_of},
	{"money waiting", "[--hospital CODE]",
		"postings without a value in the books, bills without an amount, and what they wait for",
		CTL_CONFIG | CTL_DB, waiting},
	{NULL, NULL, NULL, 0, NULL},
};
