/* zhifuctl money receivable: what carriers owe for claims, by which contract and rate, and what moved it. */
#include <string.h>

#include "base/clock.h"
#include "ctl/books.h"
#include "ctl/report.h"
#include "db/sync.h"
#include "lib/currency.h"
#include "lib/rate.h"
#include "settle/rate_rows.h"

#define LIST_MAX 10000

static const struct standing {
	const char *code, *english, *chinese;
} standings[] = {
	{"none", "-", "-"},
	{"open", "open", "未结"},
	{"settled", "settled", "已结清"},
	{"denied", "denied: to be appealed or written off", "拒赔:申诉或核销"},
	{"disputed", "in dispute", "争议中"},
};

static struct cell cell_standing(const struct ctl *ctl, int64_t number)
{
	const struct standing *standing = &standings[number > 0 && number < (int64_t)ARRAY_LEN(standings) ? number : 0];

	return cell_word(say(ctl, standing->english, standing->chinese), standing->code);
}

/* The columns of both commands. */
enum {
	R_REF,
	R_CARRIER,
	R_REMITTER,
	R_KIND,
	R_CURRENCY,
	R_EXPONENT,
	R_OWED,
	R_OPEN,
	R_CARRIED,
	R_BILLED,
	R_DUE,
	R_STANDING,
	R_CONTRACT,
	R_VERSION,
	R_CLAIM
};

#define RECEIVABLE_SELECT                                                                                              \
	"SELECT s.ref, r.carrier, r.remitter, r.kind, r.currency, r.exponent, r.owed_minor, r.open_minor,"             \
	" receivable_carried(r.owed_minor, r.book_minor, r.open_minor), r.billed_day, r.due_day, r.standing, c.name,"  \
	" r.contract_version, r.claim_id FROM receivable r"                                                            \
	" JOIN claim_state s ON s.hospital_id = r.hospital_id AND s.claim_id = r.claim_id"                             \
	" LEFT JOIN contract c ON c.hospital_id = r.hospital_id AND c.contract_id = r.contract_id"                     \
	"  AND c.version = r.contract_version WHERE r.hospital_id = $1"

static struct cell cell_owed(struct pg_result *rows, int row, int column)
{
	return cell_money(db_rows_int(rows, row, column), db_rows_text(rows, row, R_CURRENCY),
		(int)db_rows_int(rows, row, R_EXPONENT));
}

static struct cell cell_book(const struct hospital *hospital, int64_t minor)
{
	return cell_money(minor, hospital->book_currency, currency_exponent(hospital->book_currency));
}

/* Days after it was due, while something is open. */
static struct cell cell_late(const struct hospital *hospital, struct pg_result *rows, int row)
{
	int64_t late;

	if (db_rows_null(rows, row, R_DUE) || db_rows_int(rows, row, R_OPEN) == 0) return cell_none();
	late = zone_day(hospital->zone, clock_wall_ms()) - db_rows_date(rows, row, R_DUE);
	return late > 0 ? cell_int(late) : cell_none();
}

/* ---- list ---- */

struct filter {
	const char *carrier, *currency;
	bool open;
};

static void list_row(
	const struct ctl *ctl, const struct hospital *hospital, struct pg_result *rows, int row, struct table *table)
{
	table_add(table, cell_text(hospital->code));
	table_add(table, cell_text(db_rows_text(rows, row, R_REF)));
	table_add(table, cell_text(db_rows_text(rows, row, R_CARRIER)));
	table_add(table, cell_text(db_rows_text(rows, row, R_REMITTER)));
	table_add(table, cell_text(db_rows_text(rows, row, R_KIND)));
	table_add(table, cell_owed(rows, row, R_OWED));
	table_add(table, cell_owed(rows, row, R_OPEN));
	table_add(table, cell_book(hospital, db_rows_int(rows, row, R_CARRIED)));
	table_add(table, cell_day(db_rows_date(rows, row, R_BILLED)));
	table_add(table, db_rows_null(rows, row, R_DUE) ? cell_none() : cell_day(db_rows_date(rows, row, R_DUE)));
	table_add(table, cell_late(hospital, rows, row));
	table_add(table, cell_standing(ctl, db_rows_int(rows, row, R_STANDING)));
}

static int list_one(struct ctl *ctl, const struct hospital *hospital, const struct filter *filter, struct table *table,
	bool *ret_cut)
{
	struct pg_result *rows = NULL;
	int r = ctl_begin(ctl, &hospital->id, false);

	if (r == 0)
		r = ctl_query(ctl, &rows,
			RECEIVABLE_SELECT
			" AND ($2::text IS NULL OR r.carrier = $2) AND ($3::text IS NULL OR r.currency = $3)"
			" AND (NOT $4 OR r.standing <> 2) ORDER BY r.billed_day, s.ref LIMIT $5",
			"uttbi", &hospital->id, filter->carrier, filter->currency, (int)filter->open,
			(int64_t)LIST_MAX + 1);
	if (r == 0) r = ctl_commit(ctl);
	for (int row = 0; r == 0 && row < db_rows_count(rows) && row < LIST_MAX; row++)
		list_row(ctl, hospital, rows, row, table);
	if (db_rows_count(rows) > LIST_MAX) *ret_cut = true;
	db_sync_rows_free(rows);
	return r;
}

static int receivable_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct column english[] = {{"hospital", "hospital"}, {"claim", "claim"}, {"carrier", "carrier"},
		{"remitter", "who pays"}, {"kind", "kind"}, {"owed", "owed"}, {"open", "open"},
		{"carried", "carried at"}, {"billed", "billed"}, {"due", "due"}, {"days_late", "days late"},
		{"standing", "stands"}};
	static const struct column chinese[] = {{"hospital", "医院"}, {"claim", "理赔单"}, {"carrier", "承保人"},
		{"remitter", "付款人"}, {"kind", "合同类型"}, {"owed", "应收"}, {"open", "未结"},
		{"carried", "账面价值"}, {"billed", "开单日"}, {"due", "到期日"}, {"days_late", "逾期天数"},
		{"standing", "状态"}};
	const char *words[CTL_WORDS_MAX];
	const char *code = NULL;
	struct filter filter = {0};
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {"--carrier", &filter.carrier, NULL},
		{"--currency", &filter.currency, NULL}, {"--open", NULL, &filter.open}, {NULL, NULL, NULL}};
	struct books books CLEANUP(books_close) = {0};
	struct report report;
	struct table table;
	bool cut = false;
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	if (r == 0) r = books_open(ctl, code, &books);
	if (r != 0) return r;
	report_begin(&report, ctl);
	table_begin(&table, ctl->chinese ? chinese : english, ARRAY_LEN(english));
	for (uint32_t i = 0; r == 0 && i < books.count; i++)
		r = list_one(ctl, &books.hospitals[i], &filter, &table, &cut);
	table_end(&table, &report, "receivables", NULL, say(ctl, "nothing is owed", "没有应收款"));
	report_field(&report, "cut", NULL, cell_bool(cut));
	if (cut && ctl_notes(ctl))
		(void)fprintf(
			stderr, "only the first %d of a hospital are shown: use --carrier or --currency\n", LIST_MAX);
	if (r < 0) {
		json_decref(report.root);
		return ctl_fail("could not read the receivables");
	}
	return report_end(&report, 0);
}

/* ---- show ---- */

static void show_head(
	const struct ctl *ctl, const struct hospital *hospital, struct pg_result *rows, struct report *report)
{
	char contract[256];

	report_field(report, "hospital", say(ctl, "hospital", "医院"), cell_text(hospital->code));
	report_field(report, "claim", say(ctl, "claim", "理赔单"), cell_text(db_rows_text(rows, 0, R_REF)));
	report_field(report, "carrier", say(ctl, "carrier", "承保人"), cell_text(db_rows_text(rows, 0, R_CARRIER)));
	report_field(report, "remitter", say(ctl, "who pays", "付款人"), cell_text(db_rows_text(rows, 0, R_REMITTER)));
	if (db_rows_null(rows, 0, R_CONTRACT)) {
		report_field(report, "contract", say(ctl, "contract", "合同"),
			cell_word(say(ctl, "none counted on the day of the bill", "开单日无有效合同"), ""));
	} else {
		(void)snprintf(contract, sizeof(contract), "%s, %s %jd", db_rows_text(rows, 0, R_CONTRACT),
			say(ctl, "version", "版本"), (intmax_t)db_rows_int(rows, 0, R_VERSION));
		report_field(report, "contract", say(ctl, "contract", "合同"),
			cell_word(contract, db_rows_text(rows, 0, R_CONTRACT)));
	}
	report_field(report, "kind", say(ctl, "kind", "合同类型"), cell_text(db_rows_text(rows, 0, R_KIND)));
	report_field(report, "owed", say(ctl, "owed", "应收"), cell_owed(rows, 0, R_OWED));
	report_field(report, "open", say(ctl, "open", "未结"), cell_owed(rows, 0, R_OPEN));
	report_field(report, "carried", say(ctl, "carried at", "账面价值"),
		cell_book(hospital, db_rows_int(rows, 0, R_CARRIED)));
	report_field(report, "billed", say(ctl, "billed", "开单日"), cell_day(db_rows_date(rows, 0, R_BILLED)));
	report_field(report, "due", say(ctl, "due", "到期日"),
		db_rows_null(rows, 0, R_DUE) ? cell_none() : cell_day(db_rows_date(rows, 0, R_DUE)));
	report_field(report, "days_late", say(ctl, "days late", "逾期天数"), cell_late(hospital, rows, 0));
	report_field(
		report, "standing", say(ctl, "stands", "状态"), cell_standing(ctl, db_rows_int(rows, 0, R_STANDING)));
}

/* The rates that fixed the amount; none where it is owed as it was billed. */
static int show_rates(struct ctl *ctl, const struct hospital *hospital, const struct uuid *claim, struct report *report)
{
	const struct column columns[] = {{"source", say(ctl, "rate of", "汇率来源")}, {"day", say(ctl, "day", "日期")},
		{"rate", say(ctl, "rate", "汇率")}, {"how", say(ctl, "the bill was", "换算")}};
	struct pg_result *rows = NULL;
	struct table table;
	int r = ctl_query(ctl, &rows,
		"SELECT t.source::int4, t.bank, t.base, t.quote, t.per, t.digits, t.scale::int4, t.day, c.multiplied"
		" FROM conversion c JOIN rate t USING (rate_id) WHERE c.hospital_id = $1 AND c.entry_id = $2 AND c.no < 10000"
		" ORDER BY c.step",
		"uu", &hospital->id, claim);

	table_begin(&table, columns, ARRAY_LEN(columns));
	for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
		struct rate rate = {.source = (uint8_t)db_rows_int(rows, row, 0)};
		char text[RATE_TEXT_SIZE];
		bool multiplied = db_rows_bool(rows, row, 8);

		rate_rows_price(rows, row, 2, &rate);
		rate_format(&rate, text);
		table_add(&table, cell_text(rate_source_name(rate.source)));
		table_add(&table, cell_day(db_rows_date(rows, row, 7)));
		table_add(&table, cell_text(text));
		table_add(&table, cell_word(multiplied ? say(ctl, "multiplied by it", "乘以汇率")
						       : say(ctl, "divided by it", "除以汇率"),
					  multiplied ? "multiplied" : "divided"));
	}
	table_end(&table, report, "rates", NULL, NULL);
	db_sync_rows_free(rows);
	return r;
}

/* What moved it, as its account in the ledger has it. */
static int show_postings(
	struct ctl *ctl, const struct hospital *hospital, const struct uuid *claim, struct report *report)
{
	const struct column columns[] = {{"day", say(ctl, "day", "日期")}, {"rule", say(ctl, "rule", "规则")},
		{"against", say(ctl, "against", "对方科目")}, {"amount", say(ctl, "amount", "金额")},
		{"book", say(ctl, "in the books", "账面金额")}, {"entry", NULL}, {"no", NULL}};
	struct pg_result *rows = NULL;
	struct table table;
	int r = ctl_query(ctl, &rows,
		"SELECT p.book_day, p.rule, CASE a.d WHEN 1 THEN p.credit ELSE p.debit END, a.d * p.amount_minor, p.currency, p.exponent,"
		" a.d * p.book_minor, p.entry_id, p.no::int4 FROM receivable r JOIN posting p ON p.hospital_id = r.hospital_id"
		" AND p.claim_id = r.claim_id AND 'AR-' || upper(r.carrier) IN (p.debit, p.credit)"
		" CROSS JOIN LATERAL (SELECT CASE p.debit WHEN 'AR-' || upper(r.carrier) THEN 1 ELSE -1 END AS d) a"
		" WHERE r.hospital_id = $1 AND r.claim_id = $2 ORDER BY p.at, p.entry_id, p.no",
		"uu", &hospital->id, claim);

	table_begin(&table, columns, ARRAY_LEN(columns));
	for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
		struct uuid entry = db_rows_uuid(rows, row, 7);

		table_add(&table, cell_day(db_rows_date(rows, row, 0)));
		table_add(&table, cell_text(db_rows_text(rows, row, 1)));
		table_add(&table, cell_text(db_rows_text(rows, row, 2)));
		table_add(&table, cell_money(db_rows_int(rows, row, 3), db_rows_text(rows, row, 4),
					  (int)db_rows_int(rows, row, 5)));
		table_add(&table,
			db_rows_null(rows, row, 6) ? cell_none() : cell_book(hospital, db_rows_int(rows, row, 6)));
		table_add(&table, cell_uuid(&entry));
		table_add(&table, cell_int(db_rows_int(rows, row, 8)));
	}
	table_end(&table, report, "postings", say(ctl, "what moved it", "变动明细"), NULL);
	db_sync_rows_free(rows);
	return r;
}

static int receivable_show(struct ctl *ctl, int argc, char **argv)
{
	const char *words[CTL_WORDS_MAX];
	const struct hospital *hospital;
	struct pg_result *rows = NULL;
	struct report report;
	struct uuid claim;
	int r = ctl_arguments(argc, argv, NULL, 1, 1, words);

	if (r != 0) return r;
	hospital = ctl_hospital_of_ref(ctl, words[0]);
	if (hospital == NULL) return 2;
	r = ctl_begin(ctl, &hospital->id, false);
	if (r == 0) r = ctl_query(ctl, &rows, RECEIVABLE_SELECT " AND s.ref = $2", "ut", &hospital->id, words[0]);
	if (r == 0 && db_rows_count(rows) == 0)
		r = err_set(
			ERR_NOTFOUND, "nothing is owed for it: it is not billed, or waits for a rate (money waiting)");
	if (r < 0) {
		db_sync_rows_free(rows);
		return ctl_fail(words[0]);
	}
	claim = db_rows_uuid(rows, 0, R_CLAIM);
	report_begin(&report, ctl);
	show_head(ctl, hospital, rows, &report);
	db_sync_rows_free(rows);
	r = show_rates(ctl, hospital, &claim, &report);
	if (r == 0) r = show_postings(ctl, hospital, &claim, &report);
	if (r == 0) r = ctl_commit(ctl);
	if (r < 0) {
		json_decref(report.root);
		return ctl_fail(words[0]);
	}
	return report_end(&report, 0);
}

const struct ctl_command money_receivable_commands[] = {
	{"money receivable list", "[--carrier CODE] [--currency CODE] [--open] [--hospital CODE]",
		"what carriers owe for claims, and what is open of it", CTL_CONFIG | CTL_DB, receivable_list},
	{"money receivable show", "REF", "what is owed for a claim, by which contract and rate, and what moved it",
		CTL_CONFIG | CTL_DB, receivable_show},
	{NULL, NULL, NULL, 0, NULL},
};
