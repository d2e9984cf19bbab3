/* zhifuctl money charge, and lists of what happened to the books: bank lines, allocations, conversions, provisions,
 * write-offs, sales, settlements, demands. As /v1 has them. */
#include <string.h>

#include "ctl/match_desk.h"
#include "ctl/money_list.h"
#include "ctl/rate_desk.h"
#include "db/sync.h"
#include "lib/currency.h"
#include "lib/date.h"
#include "lib/decimal.h"
#include "lib/money.h"
#include "lib/rate.h"
#include "model/directory.h"
#include "model/stay.h"

#define DAY_FIRST (-700000)
#define DAY_LAST 2900000

/* ---- rows ---- */

/* The cells of a row by a letter each: t text, d day, i number, u id, b yes or no, T time, m money in three columns, k
 * in the book currency in one, blank: the caller's; null: none. sum: which column is added up, -1: none. */
static void cells_add(const char *types, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table, struct money_sums *sums, int sum)
{
	int column = 0;

	for (const char *type = types; *type != '\0'; type++, column++) {
		if (*type == ' ') continue; /* a column that the caller has words for */
		const char *currency = hospital->book_currency;
		int exponent = currency_exponent(currency);
		bool none = db_rows_null(rows, row, column);
		int64_t number = 0;
		struct uuid id;

		if (!none && strchr("imk", *type) != NULL) number = db_rows_int(rows, row, column);
		if (!none && *type == 'm') {
			currency = db_rows_text(rows, row, column + 1);
			exponent = (int)db_rows_int(rows, row, column + 2);
		}
		if (!none && sum == column) money_sum_add(sums, 1, number, currency, exponent);
		if (none) {
			table_add(table, cell_none());
		} else if (*type == 'u') {
			id = db_rows_uuid(rows, row, column);
			table_add(table, cell_uuid(&id));
		} else {
			table_add(table, *type == 't'   ? cell_text(db_rows_text(rows, row, column))
					 : *type == 'd' ? cell_day(db_rows_date(rows, row, column))
					 : *type == 'i' ? cell_int(number)
					 : *type == 'b' ? cell_bool(db_rows_bool(rows, row, column))
					 : *type == 'T' ? cell_time(hospital->zone, db_rows_time_ms(rows, row, column))
							: cell_money(number, currency, exponent));
		}
		if (*type == 'm') column += 2;
	}
}

/* --hospital, --from, --to, --claim, --account as far as flags say, and the list. */
enum { BY_DAYS = 1, BY_CLAIM = 2, BY_ACCOUNT = 4, BY_CORRECTED = 8 };

static int list_run(struct ctl *ctl, int argc, char **argv, const struct money_list *list, int by)
{
	struct money_filter filter = {.limit = 0};
	const char *from = NULL, *to = NULL, *limit = NULL;
	struct ctl_option options[7] = {{"--hospital", &filter.hospital, NULL}, {"--limit", &limit, NULL}};
	const char *words[CTL_WORDS_MAX];
	size_t count = 2;
	int r;

	if (by & BY_DAYS) {
		options[count++] = (struct ctl_option){"--from", &from, NULL};
		options[count++] = (struct ctl_option){"--to", &to, NULL};
	}
	if (by & BY_CORRECTED) options[count++] = (struct ctl_option){"--corrected", NULL, &filter.all};
	if (by & BY_CLAIM) options[count++] = (struct ctl_option){"--claim", &filter.claim, NULL};
	if (by & BY_ACCOUNT) options[count++] = (struct ctl_option){"--account", &filter.account, NULL};
	r = ctl_arguments(argc, argv, options, 0, 0, words);
	if (r == 0) r = ctl_day("--from", from, DAY_FIRST, &filter.from);
	if (r == 0) r = ctl_day("--to", to, DAY_LAST, &filter.to);
	if (r == 0) r = ctl_number("--limit", limit, INT32_MAX, &filter.limit);
	return r != 0 ? r : money_list_run(ctl, list, &filter);
}

/* ---- bank lines ---- */

static int lines_open(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter)
{
	return ctl_query(ctl, NULL,
		MONEY_CURSOR
		"SELECT b.booked_day, b.account, b.amount_minor, b.currency, b.exponent, b.value_day, b.reversal, u.open_minor,"
		" u.currency, u.exponent, b.line_id FROM bank_line b"
		" LEFT JOIN suspense u ON u.hospital_id = b.hospital_id AND u.line_id = b.line_id"
		" WHERE b.hospital_id = $1 AND b.booked_day BETWEEN $2 AND $3 AND ($4::text IS NULL OR b.account = $4)"
		" ORDER BY b.booked_day, b.line_id",
		"uddt", &hospital->id, filter->from, filter->to, filter->account);
}

static void lines_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table, struct money_sums *sums)
{
	(void)ctl;
	cells_add("dtmdbmu", hospital, rows, row, table, sums, 2);
}

static int line_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct money_column columns[] = {{"hospital", "hospital", "医院", false},
		{"booked", "booked", "入账日", false}, {"account", "account", "账户", false},
		{"amount", "amount", "金额", true}, {"value_day", "value", "起息日", false},
		{"reversal", "reversal", "冲回", false}, {"suspense", "in suspense", "待查", true},
		{"line", "line", "流水", false}};
	static const struct money_list list = {.key = "lines",
		.empty = "no lines",
		.empty_zh = "没有流水",
		.columns = columns,
		.column_count = ARRAY_LEN(columns),
		.open = lines_open,
		.row = lines_row};

	return list_run(ctl, argc, argv, &list, BY_DAYS | BY_ACCOUNT);
}

/* ---- allocations ---- */

static int allocations_open(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter)
{
	return ctl_query(ctl, NULL,
		MONEY_CURSOR
		"SELECT a.kind::int4, a.made_at, a.line_id, s.ref || CASE WHEN r.of_claim IS NULL THEN '' ELSE ':' || r.carrier END,"
		" a.amount_minor, a.currency, a.exponent, nullif(a.cleared_minor, 0), r.currency, r.exponent, nullif(a.charge_minor, 0), a.currency, a.exponent, nullif(a.discount_minor, 0), a.currency,"
		" a.exponent, nullif(a.fee_minor, 0), a.currency, a.exponent, nullif(a.over_minor, 0), a.currency, a.exponent,"
		" nullif(a.unexplained_minor, 0), a.currency, a.exponent, nullif(a.fx_book_minor, 0), a.by_hand, a.maker, a.undoes,"
		" a.allocation_id FROM allocation a"
		" JOIN bank_line b ON b.hospital_id = a.hospital_id AND b.line_id = a.line_id"
		" LEFT JOIN receivable r ON r.hospital_id = a.hospital_id AND r.claim_id = a.claim_id"
		" LEFT JOIN claim_state s ON s.hospital_id = a.hospital_id AND s.claim_id = coalesce(r.of_claim, a.claim_id)"
		" WHERE a.hospital_id = $1 AND b.booked_day BETWEEN $2 AND $3 AND ($4::text IS NULL OR s.ref = $4)"
		" ORDER BY a.made_at, a.allocation_id, a.no",
		"uddt", &hospital->id, filter->from, filter->to, filter->claim);
}

static void allocations_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows,
	int row, struct table *table, struct money_sums *sums)
{
	/* the kind has words of its own */
	table_add(table, match_part_cell(ctl, db_rows_int(rows, row, 0)));
	cells_add(" Tutmmmmmmmkbtuu", hospital, rows, row, table, sums, -1);
}

static int allocation_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct money_column columns[] = {{"hospital", "hospital", "医院", false},
		{"kind", "what it is", "性质", false}, {"at", "at", "时间", false}, {"line", "line", "流水", false},
		{"claim", "claim", "理赔单", false}, {"amount", "amount", "金额", true},
		{"cleared", "cleared", "核销", true}, {"charge", "charge", "手续费", true},
		{"discount", "discount", "折扣", true}, {"fee", "fee", "服务费", true},
		{"over", "too much", "多付", true}, {"unexplained", "unexplained", "未解释", true},
		{"fx", "FX loss", "汇兑损失", true}, {"by_hand", "by hand", "人工", false},
		{"who", "by", "操作人", false}, {"undoes", "takes back", "撤销", false},
		{"allocation", "allocation", "核销记录", false}};
	static const struct money_list list = {.key = "allocations",
		.empty = "nothing was allocated",
		.empty_zh = "没有核销记录",
		.columns = columns,
		.column_count = ARRAY_LEN(columns),
		.open = allocations_open,
		.row = allocations_row};

	return list_run(ctl, argc, argv, &list, BY_DAYS | BY_CLAIM);
}

/* ---- conversions ---- */

static int conversions_open(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter)
{
	return ctl_query(ctl, NULL,
		MONEY_CURSOR
		"SELECT d.day, c.entry_id, c.no::int4, c.step::int4, c.from_minor, c.from_currency, c.from_exponent::int4, c.to_minor,"
		" c.to_currency, c.to_exponent::int4, r.day, c.multiplied, r.source::int4, r.bank, r.base, r.quote, r.per, r.digits,"
		" r.scale::int4, n.minor, c.to_currency, c.to_exponent::int4, i.id FROM conversion c JOIN rate r ON r.rate_id = c.rate_id"
		" CROSS JOIN LATERAL (SELECT coalesce((SELECT min(p.book_day) FROM posting p WHERE p.hospital_id = c.hospital_id"
		"  AND p.entry_id = c.entry_id AND (p.no = c.no OR c.no < 0)), (SELECT v.last_day FROM revaluation v"
		"  WHERE v.hospital_id = c.hospital_id AND v.entry_id = c.entry_id)) AS day) d"
		" CROSS JOIN LATERAL (SELECT rate_instead(c.rate_id) AS id) i"
		" CROSS JOIN LATERAL (SELECT CASE WHEN i.id IS NOT NULL THEN conversion_now(c.hospital_id, c.entry_id, c.no) END AS minor) n"
		" WHERE c.hospital_id = $1 AND d.day BETWEEN $2 AND $3"
		" AND (NOT $4 OR c.rate_id = ANY (ARRAY(SELECT rate_corrected()))) ORDER BY d.day, c.entry_id, c.no, c.step",
		"uddb", &hospital->id, filter->from, filter->to, (int)filter->all);
}

static void conversions_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows,
	int row, struct table *table, struct money_sums *sums)
{
	struct rate rate = {.per = 0};

	(void)ctl;
	cells_add("duiimmdb", hospital, rows, row, table, sums, -1);
	rate_rows_price(rows, row, 14, &rate);
	table_add(table, cell_rate_source((uint8_t)db_rows_int(rows, row, 12), db_rows_text(rows, row, 13)));
	table_add(table, cell_rate(&rate));
	table_add(table, db_rows_null(rows, row, 19)
				 ? cell_none()
				 : cell_money(db_rows_int(rows, row, 19), db_rows_text(rows, row, 20),
					   (int)db_rows_int(rows, row, 21)));
	if (db_rows_null(rows, row, 22)) {
		table_add(table, cell_none());
	} else {
		struct uuid id = db_rows_uuid(rows, row, 22);

		table_add(table, cell_uuid(&id));
	}
}

static int conversion_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct money_column columns[] = {{"hospital", "hospital", "医院", false},
		{"day", "day", "日期", false}, {"entry", "entry", "分录", false}, {"no", "no", "行", false},
		{"step", "step", "步骤", false}, {"from", "amount", "原币金额", true},
		{"to", "came to", "折算金额", true}, {"rate_day", "rate of", "汇率日", false},
		{"multiplied", "multiplied", "相乘", false}, {"source", "source", "来源", false},
		{"rate", "rate", "汇率", false}, {"now", "would come to", "按更正汇率", true},
		{"corrected_by", NULL, NULL, false}};
	static const struct money_list list = {.key = "conversions",
		.empty = "nothing was converted",
		.empty_zh = "没有折算",
		.columns = columns,
		.column_count = ARRAY_LEN(columns),
		.open = conversions_open,
		.row = conversions_row};

	return list_run(ctl, argc, argv, &list, BY_DAYS | BY_CORRECTED);
}

/* ---- provisions, write-offs, sales ---- */

static int provisions_open(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter)
{
	return ctl_query(ctl, NULL,
		MONEY_CURSOR
		"SELECT p.last_day, s.ref, p.base_minor, p.age_days, p.basis_points, p.minor, p.entry_id FROM provision p"
		" LEFT JOIN claim_state s ON s.hospital_id = p.hospital_id AND s.claim_id = p.claim_id"
		" WHERE p.hospital_id = $1 AND p.last_day BETWEEN $2 AND $3 AND ($4::text IS NULL OR s.ref = $4)"
		" ORDER BY p.last_day, s.ref",
		"uddt", &hospital->id, filter->from, filter->to, filter->claim);
}

static void provisions_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows,
	int row, struct table *table, struct money_sums *sums)
{
	(void)ctl;
	cells_add("dtkiiku", hospital, rows, row, table, sums, -1);
}

static int provision_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct money_column columns[] = {{"hospital", "hospital", "医院", false},
		{"month_end", "since", "自", false}, {"claim", "claim", "理赔单", false},
		{"base", "carried at", "账面", true}, {"days", "days", "天数", false},
		{"share", "of 10,000", "万分比", false}, {"provided", "provided", "坏账准备", true},
		{"entry", NULL, NULL, false}};
	static const struct money_list list = {.key = "provisions",
		.empty = "nothing was provided for",
		.empty_zh = "没有计提",
		.columns = columns,
		.column_count = ARRAY_LEN(columns),
		.open = provisions_open,
		.row = provisions_row};

	return list_run(ctl, argc, argv, &list, BY_DAYS | BY_CLAIM);
}

static int write_offs_open(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter)
{
	return ctl_query(ctl, NULL,
		MONEY_CURSOR
		"SELECT w.made_at, s.ref || CASE WHEN r.of_claim IS NULL THEN '' ELSE ':' || r.carrier END, w.amount_minor, w.currency, w.exponent, w.book_minor, w.provided_minor, w.role, w.limit_minor,"
		" w.who, w.undone_by, w.write_off_id FROM write_off w"
		" LEFT JOIN receivable r ON r.hospital_id = w.hospital_id AND r.claim_id = w.claim_id"
		" LEFT JOIN claim_state s ON s.hospital_id = w.hospital_id AND s.claim_id = coalesce(r.of_claim, w.claim_id)"
		" WHERE w.hospital_id = $1 AND ($2::text IS NULL OR s.ref = $2) ORDER BY w.made_at, w.write_off_id",
		"ut", &hospital->id, filter->claim);
}

static void write_offs_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows,
	int row, struct table *table, struct money_sums *sums)
{
	enum { UNDONE_BY = 10 };

	(void)ctl;
	cells_add("Ttmkktkttu", hospital, rows, row, table, sums, db_rows_null(rows, row, UNDONE_BY) ? 2 : -1);
}

static int write_off_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct money_column columns[] = {{"hospital", "hospital", "医院", false},
		{"at", "at", "时间", false}, {"claim", "claim", "理赔单", false}, {"amount", "given up", "核销", true},
		{"book", "in the books", "账面", true}, {"provided", "provided", "已计提", true},
		{"role", "as", "角色", false}, {"limit", "limit", "限额", true}, {"who", "by", "操作人", false},
		{"undone_by", "undone by", "撤销人", false}, {"entry", "write-off", "核销编号", false}};
	static const struct money_list list = {.key = "write_offs",
		.empty = "nothing was given up",
		.empty_zh = "没有核销",
		.columns = columns,
		.column_count = ARRAY_LEN(columns),
		.open = write_offs_open,
		.row = write_offs_row};

	return list_run(ctl, argc, argv, &list, BY_CLAIM);
}

static int sales_open(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter)
{
	(void)filter;
	return ctl_query(ctl, NULL,
		MONEY_CURSOR
		"SELECT c.made_at, c.sold_minor, c.currency, c.exponent, c.proceeds_minor, b.currency, b.exponent, c.carried_minor,"
		" c.proceeds_minor - c.carried_minor, c.rate_digits, c.rate_scale::int4, c.rate_day, c.maker, c.undone_by, c.out_line,"
		" c.in_line, c.sale_id FROM currency_sale c"
		" JOIN bank_line b ON b.hospital_id = c.hospital_id AND b.line_id = c.in_line"
		" WHERE c.hospital_id = $1 ORDER BY c.made_at, c.sale_id",
		"u", &hospital->id);
}

static void sales_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table, struct money_sums *sums)
{
	enum { RATE = 9, UNDONE_BY = 13 };
	char rate[DECIMAL_TEXT_SIZE];

	(void)ctl;
	cells_add("Tmmkk", hospital, rows, row, table, sums, db_rows_null(rows, row, UNDONE_BY) ? 1 : -1);
	(void)decimal_format((struct zf_decimal){.unscaled = db_rows_int(rows, row, RATE),
				     .scale = (uint8_t)db_rows_int(rows, row, RATE + 1),
				     .present = 1},
		rate);
	table_add(table, cell_text(rate));
	cells_add("           dttuuu", hospital, rows, row, table, sums, -1);
}

static int sale_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct money_column columns[] = {{"hospital", "hospital", "医院", false},
		{"at", "at", "时间", false}, {"sold", "sold", "卖出", true}, {"proceeds", "for", "所得", true},
		{"carried", "carried at", "账面", true}, {"gain", "gain", "汇兑收益", true},
		{"rate", "rate", "汇率", true}, {"rate_day", NULL, NULL, false}, {"who", "by", "操作人", false},
		{"undone_by", "undone by", "撤销人", false}, {"out", NULL, NULL, false}, {"in", NULL, NULL, false},
		{"entry", "sale", "结汇", false}};
	static const struct money_list list = {.key = "sales",
		.empty = "nothing was sold to the bank",
		.empty_zh = "没有结汇",
		.columns = columns,
		.column_count = ARRAY_LEN(columns),
		.open = sales_open,
		.row = sales_row};

	return list_run(ctl, argc, argv, &list, 0);
}

static int settlements_open(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter)
{
	return ctl_query(ctl, NULL,
		MONEY_CURSOR
		"SELECT s.book_day, s.acquirer, s.clearing, s.gross_minor - s.fee_minor, s.currency, s.exponent, s.fee_minor, s.who,"
		" s.undone_by, s.line_id, s.settlement_id FROM acquirer_settlement s"
		" WHERE s.hospital_id = $1 AND s.book_day BETWEEN $2 AND $3 ORDER BY s.book_day, s.settlement_id",
		"udd", &hospital->id, filter->from, filter->to);
}

static void settlements_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows,
	int row, struct table *table, struct money_sums *sums)
{
	enum { UNDONE_BY = 8 };

	(void)ctl;
	cells_add("dttmkttuu", hospital, rows, row, table, sums, db_rows_null(rows, row, UNDONE_BY) ? 3 : -1);
}

static int settlement_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct money_column columns[] = {{"hospital", "hospital", "医院", false},
		{"day", "day", "日期", false}, {"acquirer", "acquirer", "收单机构", false},
		{"account", "account", "科目", false}, {"net", "transferred", "到账净额", true},
		{"fee", "fee", "手续费", true}, {"who", "by", "操作人", false},
		{"undone_by", "undone by", "撤销人", false}, {"line", NULL, NULL, false},
		{"settlement", "settlement", "结算", false}};
	static const struct money_list list = {.key = "settlements",
		.empty = "no acquirer has settled anything",
		.empty_zh = "没有结算记录",
		.columns = columns,
		.column_count = ARRAY_LEN(columns),
		.open = settlements_open,
		.row = settlements_row};

	return list_run(ctl, argc, argv, &list, BY_DAYS);
}

static int demands_open(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter)
{
	return ctl_query(ctl, NULL,
		MONEY_CURSOR
		"SELECT d.delivered, s.ref || CASE WHEN r.of_claim IS NULL THEN '' ELSE ':' || r.carrier END, d.kind, d.who, d.undone_by,"
		" d.demand_id FROM demand d"
		" LEFT JOIN receivable r ON r.hospital_id = d.hospital_id AND r.claim_id = d.claim_id"
		" LEFT JOIN claim_state s ON s.hospital_id = d.hospital_id AND s.claim_id = coalesce(r.of_claim, d.claim_id)"
		" WHERE d.hospital_id = $1 AND ($2::text IS NULL OR s.ref = $2) ORDER BY d.delivered, d.demand_id",
		"ut", &hospital->id, filter->claim);
}

static void demands_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table, struct money_sums *sums)
{
	enum { KIND = 2 };

	cells_add("dt", hospital, rows, row, table, sums, -1);
	table_add(table, db_rows_int(rows, row, KIND) == INTERRUPTION_DEMAND
				 ? cell_word(say(ctl, "demand", "催收"), "demand")
				 : cell_word(say(ctl, "acknowledgement", "债务人确认"), "acknowledgement"));
	cells_add("   ttu", hospital, rows, row, table, sums, -1);
}

static int demand_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct money_column columns[] = {{"hospital", "hospital", "医院", false},
		{"delivered", "on", "日期", false}, {"claim", "claim", "理赔单", false},
		{"kind", "what", "类型", false}, {"who", "by", "操作人", false},
		{"undone_by", "undone by", "撤销人", false}, {"demand", "demand", "催收编号", false}};
	static const struct money_list list = {.key = "demands",
		.empty = "nothing was demanded",
		.empty_zh = "没有催收记录",
		.columns = columns,
		.column_count = ARRAY_LEN(columns),
		.open = demands_open,
		.row = demands_row};

	return list_run(ctl, argc, argv, &list, BY_CLAIM);
}

/* ---- charges ---- */

static int charges_open(struct ctl *ctl, const struct hospital *hospital, const struct money_filter *filter)
{
	return ctl_query(ctl, NULL,
		MONEY_CURSOR
		"SELECT c.service_day, c.identifier, c.amount_minor, c.currency, c.exponent, c.corrects, c.client, c.at, c.charge_id"
		" FROM charge c WHERE c.hospital_id = $1 AND c.service_day BETWEEN $2 AND $3 ORDER BY c.service_day, c.charge_id",
		"udd", &hospital->id, filter->from, filter->to);
}

static void charges_row(const struct ctl *ctl, const struct hospital *hospital, const struct pg_result *rows, int row,
	struct table *table, struct money_sums *sums)
{
	(void)ctl;
	cells_add("dtmttTu", hospital, rows, row, table, sums, 2);
}

static int charge_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct money_column columns[] = {{"hospital", "hospital", "医院", false},
		{"day", "care given", "服务日", false}, {"identifier", "charge", "收费编号", false},
		{"amount", "amount", "金额", true}, {"corrects", "corrects", "更正", false},
		{"who", "sent by", "来源", false}, {"at", NULL, NULL, false}, {"entry", NULL, NULL, false}};
	static const struct money_list list = {.key = "charges",
		.empty = "nothing was charged",
		.empty_zh = "没有收费",
		.columns = columns,
		.column_count = ARRAY_LEN(columns),
		.open = charges_open,
		.row = charges_row};

	return list_run(ctl, argc, argv, &list, BY_DAYS);
}

/* Why it was not taken: charge_add() in schema/055_api.sql. */
static const char *charge_fault(const struct ctl *ctl, int64_t outcome)
{
	static const char *const faults[][2] = {{"", ""},
		{"this identifier was used before with another day, amount or correction: send a correction of its own",
			"该编号此前已用于不同的日期、金额或更正:请另行更正"},
		{"what it corrects is not there, or is a correction itself", "被更正的收费不存在,或其本身即为更正"},
		{"with it the charge and its corrections come to less than nothing", "该收费与其更正合计将小于零"},
		{"care is charged in the currency of the books", "医疗收费须以记账货币计价"},
		{"the day has not come", "日期未到"},
		{"the amount is nothing, or less than nothing without a charge that it corrects",
			"金额为零,或为负数而未指明被更正的收费"},
		{"the identifier is there twice", "编号重复"}};
	size_t i = outcome < 0 && -outcome < (int64_t)ARRAY_LEN(faults) ? (size_t)-outcome : 0;

	return say(ctl, faults[i][0], faults[i][1]);
}

static int charge_post(struct ctl *ctl, const struct hospital *hospital, const char *identifier, int32_t day,
	const struct zf_money *amount, const char *corrects, const char *stay, int64_t *ret_stored)
{
	struct pg_result *rows = NULL;
	int r = ctl_begin(ctl, &hospital->id, true);

	if (r == 0)
		r = ctl_query(ctl, &rows,
			"SELECT outcome, stored FROM charge_add($1, $2, NULL, NULL, ARRAY[$3::text], ARRAY[$4::date], ARRAY[$5::int8],"
			" ARRAY[$6::text], ARRAY[$7::int4], ARRAY[$8::text], ARRAY[$9::text])",
			"uttditntt", &hospital->id, ctl->who, identifier, day, amount->minor, amount->currency,
			(int)amount->exponent, corrects, stay);
	if (r == 0 && db_rows_int(rows, 0, 0) < 0)
		r = err_set(ERR_INVALID, "%s", charge_fault(ctl, db_rows_int(rows, 0, 0)));
	if (r == 0) *ret_stored = db_rows_int(rows, 0, 1);
	db_sync_rows_free(rows);
	if (r == 0) return ctl_commit(ctl);
	ctl_rollback(ctl);
	return r;
}

static int charge_add(struct ctl *ctl, int argc, char **argv)
{
	const char *code = NULL, *day_text = NULL, *stay = NULL, *corrects = NULL;
	const struct ctl_option options[] = {{"--hospital", &code, NULL}, {"--day", &day_text, NULL},
		{"--stay", &stay, NULL}, {"--corrects", &corrects, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	char names[STAY_TEXT_MAX];
	const struct hospital *hospital;
	struct zf_decimal value;
	struct zf_money amount;
	struct report report;
	int64_t stored = 0;
	int32_t day = 0;
	int r = ctl_arguments(argc, argv, options, 2, 2, words);

	if (r != 0) return r;
	hospital = ctl_hospital(ctl, code);
	if (hospital == NULL) return 2;
	if (decimal_parse(text_of(words[1]), &value) != 0 ||
		money_from_decimal(value, text_of(hospital->book_currency), &amount) != 0)
		return ctl_usage("\"%s\" is no amount of %s", words[1], hospital->book_currency);
	r = ctl_day("--day", day_text, ctl_today(hospital), &day);
	if (r == 0) r = ctl_known(ctl);
	if (r != 0) return r;
	if (stay != NULL) r = stay_names(ctl->keyring, &hospital->id, stay, names);
	if (r == 0)
		r = charge_post(ctl, hospital, words[0], day, &amount, corrects, stay != NULL ? names : NULL, &stored);
	if (r < 0) return ctl_fail_act(ctl, r, "not charged");
	report_begin(&report, ctl);
	report_field(&report, "charge", say(ctl, "charge", "收费编号"), cell_text(words[0]));
	report_field(&report, "amount", say(ctl, "amount", "金额"),
		cell_money(amount.minor, amount.currency, amount.exponent));
	report_field(&report, "day", say(ctl, "care given", "服务日"), cell_day(day));
	report_field(&report, "known", say(ctl, "was there already", "此前已有"), cell_bool(stored == 0));
	return report_end(&report, 0);
}

const struct ctl_command money_books_commands[] = {
	{"money line list", "[--account CODE] [--from DAY] [--to DAY] [--limit N] [--hospital CODE]",
		"lines of bank statements, without what names persons", CTL_CONFIG | CTL_DB, line_list},
	{"money allocation list", "[--claim REF] [--from DAY] [--to DAY] [--limit N] [--hospital CODE]",
		"which part of which money was for what, also what was undone", CTL_CONFIG | CTL_DB, allocation_list},
	{"money conversion list", "[--from DAY] [--to DAY] [--corrected] [--limit N] [--hospital CODE]",
		"what was converted, by which rates; --corrected: by rates that were corrected since",
		CTL_CONFIG | CTL_DB, conversion_list},
	{"money provision list", "[--claim REF] [--from DAY] [--to DAY] [--limit N] [--hospital CODE]",
		"what claims are provided for, since which month", CTL_CONFIG | CTL_DB, provision_list},
	{"money writeoff list", "[--claim REF] [--limit N] [--hospital CODE]", "what was given up, and by whom",
		CTL_CONFIG | CTL_DB, write_off_list},
	{"money sale list", "[--limit N] [--hospital CODE]", "foreign money that the bank bought", CTL_CONFIG | CTL_DB,
		sale_list},
	{"money acquirer settlements", "[--from DAY] [--to DAY] [--limit N] [--hospital CODE]",
		"what acquirers transferred, also what was undone", CTL_CONFIG | CTL_DB, settlement_list},
	{"money demand list", "[--claim REF] [--limit N] [--hospital CODE]",
		"demands and acknowledgements, also what was undone", CTL_CONFIG | CTL_DB, demand_list},
	{"money charge list", "[--from DAY] [--to DAY] [--limit N] [--hospital CODE]", "in-house charges",
		CTL_CONFIG | CTL_DB, charge_list},
	{"money charge add", "IDENTIFIER AMOUNT [--day DAY] [--stay NUMBER] [--corrects IDENTIFIER] [--hospital CODE]",
		"charges care that was given on a day, once: the same identifier again changes nothing",
		CTL_CONFIG | CTL_DB, charge_add},
	{NULL, NULL, NULL, 0, NULL},
};
