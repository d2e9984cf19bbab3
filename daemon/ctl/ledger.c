/* zhifuctl ledger: postings, and the trial balance with its proof. */

#include "ctl/books.h"
#include "ctl/claim.h"
#include "ctl/report.h"
#include "db/sync.h"
#include "lib/currency.h"

#define LIST_MAX 10000

struct ledger_filter {
	const char *hospital, *claim, *account, *from, *to;
	int32_t from_day, to_day;
};

static int filter_read(struct ctl *ctl, int argc, char **argv, struct ledger_filter *filter, bool by_claim)
{
	const struct ctl_option options[] = {{"--hospital", &filter->hospital, NULL},
		{"--account", &filter->account, NULL}, {"--from", &filter->from, NULL}, {"--to", &filter->to, NULL},
		{by_claim ? "--claim" : NULL, &filter->claim, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	if (r == 0) r = ctl_day("--from", filter->from, -700000, &filter->from_day);
	if (r == 0) r = ctl_day("--to", filter->to, 2900000, &filter->to_day);
	if (r != 0) return r;
	if (filter->claim != NULL) {
		const struct hospital *hospital = ctl_hospital_of_ref(ctl, filter->claim);

		if (hospital == NULL) return 2;
		filter->hospital = hospital->code;
	}
	return 0;
}

static const char *const postings_sql =
	"SELECT p.book_day, p.debit, p.credit, p.amount_minor, p.currency, p.exponent, p.rule, s.ref, p.entry_id, p.no, p.at,"
	" p.book_minor FROM posting p LEFT JOIN claim_state s ON s.hospital_id = p.hospital_id AND s.claim_id = p.claim_id"
	" WHERE p.hospital_id = $1 AND p.book_day BETWEEN $2 AND $3 AND ($4::text IS NULL OR s.ref = $4)"
	" AND ($5::text IS NULL OR p.debit = $5 OR p.credit = $5) ORDER BY p.book_day, p.entry_id, p.no LIMIT $6";

static int postings_read(struct ctl *ctl, const struct hospital *hospital, const struct ledger_filter *filter,
	int64_t limit, struct pg_result **ret_rows)
{
	int r = ctl_begin(ctl, &hospital->id, false);

	if (r == 0)
		r = ctl_query(ctl, ret_rows, postings_sql, "uddtti", &hospital->id, filter->from_day, filter->to_day,
			filter->claim, filter->account, limit);
	return r == 0 ? ctl_commit(ctl) : r;
}

/* In the hospital's book currency; none while no rate is known. */
static struct cell cell_book(const struct hospital *hospital, struct pg_result *rows, int row, int column)
{
	if (db_rows_null(rows, row, column)) return cell_none();
	return cell_money(
		db_rows_int(rows, row, column), hospital->book_currency, currency_exponent(hospital->book_currency));
}

/* ---- show ---- */

static int ledger_show(struct ctl *ctl, int argc, char **argv)
{
	const struct column columns[] = {{"hospital", say(ctl, "hospital", "医院")}, {"day", say(ctl, "day", "日期")},
		{"rule", say(ctl, "rule", "规则")}, {"debit", say(ctl, "debit", "借方")},
		{"credit", say(ctl, "credit", "贷方")}, {"amount", say(ctl, "amount", "金额")},
		{"book", say(ctl, "in the books", "账面金额")}, {"claim", say(ctl, "claim", "理赔单")}, {"entry", NULL},
		{"no", NULL}, {"at", NULL}};
	struct books books CLEANUP(books_close) = {0};
	struct ledger_filter filter = {0};
	struct report report;
	struct table table;
	bool cut = false;
	int r = filter_read(ctl, argc, argv, &filter, true);

	if (r == 0) r = books_open(ctl, filter.hospital, &books);
	if (r != 0) return r;
	report_begin(&report, ctl);
	table_begin(&table, columns, ARRAY_LEN(columns));
	for (uint32_t i = 0; r == 0 && i < books.count; i++) {
		const struct hospital *hospital = &books.hospitals[i];
		struct pg_result *rows = NULL;

		r = postings_read(ctl, hospital, &filter, LIST_MAX, &rows);
		cut = cut || db_rows_count(rows) == LIST_MAX;
		for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
			struct uuid entry = db_rows_uuid(rows, row, 8);

			table_add(&table, cell_text(hospital->code));
			table_add(&table, cell_day(db_rows_date(rows, row, 0)));
			table_add(&table, cell_text(db_rows_text(rows, row, 6)));
			table_add(&table, cell_text(db_rows_text(rows, row, 1)));
			table_add(&table, cell_text(db_rows_text(rows, row, 2)));
			table_add(&table, cell_money(db_rows_int(rows, row, 3), db_rows_text(rows, row, 4),
						  (int)db_rows_int(rows, row, 5)));
			table_add(&table, cell_book(hospital, rows, row, 11));
			table_add(&table, cell_text(db_rows_text(rows, row, 7)));
			table_add(&table, cell_uuid(&entry));
			table_add(&table, cell_int(db_rows_int(rows, row, 9)));
			table_add(&table, cell_time(hospital->zone, db_rows_time_ms(rows, row, 10)));
		}
		db_sync_rows_free(rows);
	}
	table_end(&table, &report, "postings", NULL, say(ctl, "no postings", "没有分录"));
	report_field(&report, "cut", NULL, cell_bool(cut));
	if (cut && ctl_notes(ctl))
		(void)fprintf(stderr, "only the first %d are shown: use --from and --to\n", LIST_MAX);
	if (r < 0) {
		json_decref(report.root);
		return ctl_fail("could not read the ledger");
	}
	return report_end(&report, 0);
}

/* ---- balance ---- */

static int balance_one(struct ctl *ctl, const struct hospital *hospital, const struct ledger_filter *filter,
	struct table *accounts, struct table *proofs, bool *ret_balanced)
{
	struct pg_result *rows = NULL;
	struct pg_result *proof = NULL;
	int r = ctl_begin(ctl, &hospital->id, false);

	if (r == 0)
		r = ctl_query(ctl, &rows,
			"SELECT currency, exponent, account, sum(d)::bigint, sum(c)::bigint,"
			" CASE WHEN bool_or(w) THEN NULL ELSE coalesce(sum(b), 0)::bigint END FROM ("
			" SELECT p.*, s.*, u.no IS NOT NULL AS w FROM posting p"
			" LEFT JOIN posting_unvalued u ON u.hospital_id = p.hospital_id AND u.entry_id = p.entry_id AND u.no = p.no"
			" CROSS JOIN LATERAL (VALUES (debit, amount_minor, 0::bigint, book_minor), (credit, 0, amount_minor, -book_minor))"
			" AS s (account, d, c, b) WHERE p.hospital_id = $1 AND p.book_day BETWEEN $2 AND $3"
			"  AND ($4::text IS NULL OR s.account = $4)) p"
			" GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
			"uddt", &hospital->id, filter->from_day, filter->to_day, filter->account);
	if (r == 0)
		r = ctl_query(ctl, &proof,
			"SELECT statement, currency, found, expected FROM ledger_proof($1) ORDER BY 1, 2", "u",
			&hospital->id);
	if (r == 0) r = ctl_commit(ctl);
	for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
		const char *currency = db_rows_text(rows, row, 0);
		int exponent = (int)db_rows_int(rows, row, 1);
		int64_t debit = db_rows_int(rows, row, 3);
		int64_t credit = db_rows_int(rows, row, 4);

		table_add(accounts, cell_text(hospital->code));
		table_add(accounts, cell_text(db_rows_text(rows, row, 2)));
		table_add(accounts, cell_money(debit, currency, exponent));
		table_add(accounts, cell_money(credit, currency, exponent));
		table_add(accounts, cell_money(debit - credit, currency, exponent));
		table_add(accounts, cell_book(hospital, rows, row, 5));
	}
	for (int row = 0; r == 0 && row < db_rows_count(proof); row++) {
		bool holds = db_rows_int(proof, row, 2) == db_rows_int(proof, row, 3);

		table_add(proofs, cell_text(hospital->code));
		table_add(proofs, cell_text(db_rows_text(proof, row, 0)));
		table_add(proofs, cell_text(db_rows_text(proof, row, 1)));
		table_add(proofs, cell_int(db_rows_int(proof, row, 2)));
		table_add(proofs, cell_int(db_rows_int(proof, row, 3)));
		table_add(proofs, holds ? cell_word(say(ctl, "holds", "成立"), "holds")
					: cell_word(say(ctl, "BROKEN", "不成立"), "broken"));
		if (!holds) *ret_balanced = false;
	}
	db_sync_rows_free(rows);
	db_sync_rows_free(proof);
	return r;
}

static int ledger_balance(struct ctl *ctl, int argc, char **argv)
{
	const struct column account_columns[] = {{"hospital", say(ctl, "hospital", "医院")},
		{"account", say(ctl, "account", "科目")}, {"debit", say(ctl, "debit", "借方")},
		{"credit", say(ctl, "credit", "贷方")}, {"balance", say(ctl, "balance", "余额")},
		{"book", say(ctl, "in the books", "账面金额")}};
	const struct column proof_columns[] = {{"hospital", say(ctl, "hospital", "医院")},
		{"statement", say(ctl, "statement", "应成立")}, {"currency", say(ctl, "currency", "币种")},
		{"found", say(ctl, "found", "实际")}, {"expected", say(ctl, "expected", "应为")},
		{"verdict", say(ctl, "verdict", "结论")}};
	struct ledger_filter filter = {0};
	struct books books CLEANUP(books_close) = {0};
	struct table accounts;
	struct table proofs;
	struct report report;
	bool balanced = true;
	int r = filter_read(ctl, argc, argv, &filter, false);

	if (r == 0) r = books_open(ctl, filter.hospital, &books);
	if (r != 0) return r;
	report_begin(&report, ctl);
	table_begin(&accounts, account_columns, ARRAY_LEN(account_columns));
	table_begin(&proofs, proof_columns, ARRAY_LEN(proof_columns));
	for (uint32_t i = 0; r == 0 && i < books.count; i++)
		r = balance_one(ctl, &books.hospitals[i], &filter, &accounts, &proofs, &balanced);
	table_end(&accounts, &report, "accounts", NULL, say(ctl, "no postings yet", "尚无分录"));
	table_end(&proofs, &report, "proof", say(ctl, "What must hold", "必须成立"), NULL);
	if (r < 0) {
		json_decref(report.root);
		return ctl_fail("could not read the ledger");
	}
	report_heading(
		&report, balanced ? say(ctl, "balanced", "平衡")
				  : say(ctl, "NOT BALANCED: tell whoever looks after Zhifu, and post nothing by hand",
					    "不平衡:请通知系统管理员,勿手工记账"));
	report_field(&report, "balanced", NULL, cell_bool(balanced));
	return report_end(&report, balanced ? 0 : 1);
}

const struct ctl_command ledger_commands[] = {
	{"ledger show", "[--hospital CODE] [--claim REF] [--account NAME] [--from DAY] [--to DAY]", "postings",
		CTL_CONFIG | CTL_DB, ledger_show},
	{"ledger balance", "[--hospital CODE] [--account NAME] [--from DAY] [--to DAY]",
		"the trial balance, of some days, and the proof of all; fails when the books do not balance",
		CTL_CONFIG | CTL_DB, ledger_balance},
	{NULL, NULL, NULL, 0, NULL},
};
