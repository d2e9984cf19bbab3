/* zhifuctl money export: the journal of a stretch of days for other programs. What it needs is looked at first, in the
 * same state of the database; then postings go from a cursor to the output, so that a million of them need no memory.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ctl/books.h"
#include "ctl/ctl.h"
#include "ctl/journal.h"
#include "db/sync.h"
#include "lib/currency.h"
#include "lib/date.h"
#include "model/erp_profile.h"

#define ARENA_BYTES_MAX (64u << 20)
#define FETCH_ROWS "1000"

struct export
{
	struct ctl *ctl;
	const struct journal_format *format;
	struct journal journal;
	struct arena arena;
	const struct chart *chart;
	struct erp_profile profile;
};

static void export_close(struct export *export)
{
	arena_free(&export->arena);
}

/* ---- what it needs ---- */

static int profile_choose(struct export *export, const char *name)
{
	const struct hospital *hospital = export->journal.hospital;

	export->journal.profile = &export->profile;
	for (uint32_t i = 0; i < hospital->erp_profile_count; i++) {
		if (name == NULL ? hospital->erp_profile_count > 1 : strcmp(hospital->erp_profiles[i].name, name) != 0)
			continue;
		export->profile = hospital->erp_profiles[i];
		return 0;
	}
	if (name != NULL && strcmp(name, "plain") != 0)
		return ctl_usage("hospital %s has no export profile \"%s\": erp_profiles in its file, or plain",
			hospital->code, name);
	if (name == NULL && hospital->erp_profile_count > 1)
		return ctl_usage(
			"hospital %s has several export profiles: say which with --profile NAME", hospital->code);
	return erp_profile_plain(&export->arena, &export->profile) < 0 ? ctl_fail("no memory") : 0;
}

/* All that have no row are told, each by name. */
static int accounts_read(struct export *export)
{
	struct journal *journal = &export->journal;
	struct pg_result *rows = NULL;
	struct journal_account *accounts;
	uint32_t missing = 0;
	int r = ctl_query(export->ctl, &rows,
		"SELECT a.account, min(a.book_day) FROM (SELECT debit, book_day FROM posting WHERE hospital_id = $1 AND book_day"
		" BETWEEN $2 AND $3 UNION ALL SELECT credit, book_day FROM posting WHERE hospital_id = $1 AND book_day BETWEEN $2 AND $3)"
		" a (account, book_day) GROUP BY 1 ORDER BY a.account COLLATE \"C\"",
		"udd", &journal->hospital->id, journal->from, journal->to);

	if (r < 0) return r;
	accounts = zf_alloc_array(&export->arena.zf, (size_t)db_rows_count(rows) + 1, sizeof(*accounts));
	if (accounts == NULL) r = err_set(ERR_NOMEM, "no memory for the accounts");
	for (int row = 0; accounts != NULL && r == 0 && row < db_rows_count(rows); row++) {
		struct journal_account *account = &accounts[row];

		account->first_day = db_rows_date(rows, row, 1);
		account->account = zf_strdup(&export->arena.zf, db_rows_text(rows, row, 0));
		if (account->account == NULL) r = err_set(ERR_NOMEM, "no memory for the accounts");
		if (r == 0) account->row = chart_find(export->chart, account->account, &account->sub);
		if (r == 0 && account->row != NULL)
			r = export->format->account(account->row, account->sub, &export->arena, &account->written);
		if (r < 0 || account->row != NULL) continue;
		missing++;
		(void)fprintf(stderr, "zhifuctl: account %s has no row in the chart of accounts (%s)\n",
			account->account,
			journal->hospital->chart_file != NULL ? journal->hospital->chart_file : export->chart->name);
	}
	if (r == 0 && missing > 0) r = err_set(ERR_NOTFOUND, "accounts without a row: %u", missing);
	journal->accounts = accounts;
	journal->account_count = (uint32_t)db_rows_count(rows);
	db_sync_rows_free(rows);
	return r;
}

/* Also the books', in which values are. */
static int currencies_read(struct export *export)
{
	struct journal *journal = &export->journal;
	const char *book = journal->hospital->book_currency;
	struct journal_currency *list;
	struct pg_result *rows = NULL;
	bool has_book = false;
	int r = ctl_query(export->ctl, &rows,
		"SELECT currency, max(exponent)::int4 FROM posting WHERE hospital_id = $1 AND book_day BETWEEN $2 AND $3"
		" GROUP BY 1 ORDER BY currency COLLATE \"C\"",
		"udd", &journal->hospital->id, journal->from, journal->to);

	if (r < 0) return r;
	list = zf_alloc_array(&export->arena.zf, (size_t)db_rows_count(rows) + 1, sizeof(*list));
	for (int row = 0; list != NULL && row < db_rows_count(rows); row++) {
		struct journal_currency *currency = &list[journal->currency_count++];

		(void)snprintf(currency->code, sizeof(currency->code), "%s", db_rows_text(rows, row, 0));
		currency->exponent = (int)db_rows_int(rows, row, 1);
		has_book = has_book || strcmp(currency->code, book) == 0;
	}
	if (list != NULL && !has_book) {
		struct journal_currency *currency = &list[journal->currency_count++];

		(void)snprintf(currency->code, sizeof(currency->code), "%s", book);
		currency->exponent = currency_exponent(book);
	}
	journal->currencies = list;
	db_sync_rows_free(rows);
	return list == NULL ? err_set(ERR_NOMEM, "no memory for the currencies") : 0;
}

/* A file for bookkeeping has every value, or is not made. */
static int values_check(struct export *export)
{
	const struct journal *journal = &export->journal;
	struct pg_result *rows = NULL;
	int r;

	if (!export->format->of_books) return 0;
	r = ctl_query(export->ctl, &rows,
		"SELECT count(*), min(p.book_day) FROM posting_unvalued u JOIN posting p ON p.hospital_id = u.hospital_id"
		" AND p.entry_id = u.entry_id AND p.no = u.no WHERE u.hospital_id = $1 AND p.book_day BETWEEN $2 AND $3",
		"udd", &journal->hospital->id, journal->from, journal->to);
	if (r == 0 && db_rows_int(rows, 0, 0) > 0) {
		char day[DATE_TEXT_SIZE];

		(void)date_format_day(db_rows_date(rows, 0, 1), day);
		r = err_set(ERR_NOTFOUND,
			"%" PRId64 " postings wait for an exchange rate, the first of %s: money waiting",
			db_rows_int(rows, 0, 0), day);
	}
	db_sync_rows_free(rows);
	return r;
}

/* Into days that are not closed more may be posted, which would be missing in what the other program took over. */
static int closed_check(struct export *export)
{
	const struct journal *journal = &export->journal;
	struct pg_result *rows = NULL;
	int r;

	if (!export->format->of_books) return 0;
	r = ctl_query(export->ctl, &rows,
		"SELECT coalesce(max(last_day) >= $2, false) FROM period WHERE hospital_id = $1", "ud",
		&journal->hospital->id, journal->to);
	if (r == 0 && !db_rows_bool(rows, 0, 0))
		(void)fprintf(stderr, "zhifuctl: note: %s\n",
			say(export->ctl, "these days are not closed: what is posted to them later is not in this file",
				"所选日期尚未结账:之后记入的分录不在本文件中"));
	db_sync_rows_free(rows);
	return r;
}

/* ---- postings ---- */

/* The value that came later is told with its posting, and not once more. */
static const char *const cursor_sql =
	"DECLARE journal NO SCROLL CURSOR FOR SELECT p.book_day, p.entry_id, p.no, p.debit, p.credit, p.amount_minor, p.currency,"
	" p.exponent, coalesce(p.book_minor, v.book_minor), p.rule, s.ref FROM posting p"
	" LEFT JOIN posting v ON v.hospital_id = p.hospital_id AND v.entry_id = p.entry_id AND v.no = p.no + 10000"
	"  AND v.rule = 'value' AND p.book_minor IS NULL"
	" LEFT JOIN claim_state s ON s.hospital_id = p.hospital_id AND s.claim_id = p.claim_id"
	" WHERE p.hospital_id = $1 AND p.book_day BETWEEN $2 AND $3 AND p.rule <> 'value' ORDER BY p.book_day, p.entry_id, p.no";

static void row_write(struct export *export, const struct pg_result *rows, int row)
{
	struct journal_row one = {.day = db_rows_date(rows, row, 0),
		.entry = db_rows_uuid(rows, row, 1),
		.no = (int)db_rows_int(rows, row, 2),
		.debit = db_rows_text(rows, row, 3),
		.credit = db_rows_text(rows, row, 4),
		.minor = db_rows_int(rows, row, 5),
		.currency = db_rows_text(rows, row, 6),
		.exponent = (int)db_rows_int(rows, row, 7),
		.valued = !db_rows_null(rows, row, 8),
		.rule = db_rows_text(rows, row, 9),
		.claim = db_rows_text(rows, row, 10)};

	if (one.valued) one.book_minor = db_rows_int(rows, row, 8);
	export->format->row(&export->journal, &one);
}

static int rows_write(struct export *export)
{
	const struct journal *journal = &export->journal;
	int r = ctl_query(export->ctl, NULL, cursor_sql, "udd", &journal->hospital->id, journal->from, journal->to);
	int count = 1;

	while (r == 0 && count > 0 && !ferror(journal->out)) {
		struct pg_result *rows = NULL;

		r = ctl_query(export->ctl, &rows, "FETCH " FETCH_ROWS " FROM journal", "");
		count = db_rows_count(rows);
		for (int row = 0; r == 0 && row < count; row++) row_write(export, rows, row);
		db_sync_rows_free(rows);
	}
	return r;
}

static int journal_write(struct export *export)
{
	struct journal *journal = &export->journal;
	bool recoded = export->format == &journal_csv && export->profile.charset == ERP_GB18030;
	int r;

	journal->out = recoded ? journal_gb18030(stdout) : stdout;
	if (journal->out == NULL) return err_set(ERR_SYS, "this system does not know GB18030");
	export->format->begin(journal);
	r = rows_write(export);
	if (r == 0 && ferror(journal->out)) r = err_set(ERR_SYS, "could not write");
	if (recoded && fclose(journal->out) != 0 && r == 0) r = err_set(ERR_SYS, "could not write");
	/* A full disk is noticed here, and not after it was said that all is well. */
	if (fflush(stdout) != 0 && r == 0) r = err_set(ERR_SYS, "could not write: %s", strerror(errno));
	return r;
}

static int export_run(struct export *export)
{
	int r = ctl_begin(export->ctl, &export->journal.hospital->id, false);

	if (r < 0) return r;
	export->chart = export->journal.hospital->chart;
	export->journal.chart = export->chart->name;
	r = accounts_read(export);
	if (r == 0) r = currencies_read(export);
	if (r == 0) r = values_check(export);
	if (r == 0) r = closed_check(export);
	if (r == 0) r = journal_write(export);
	if (r == 0) return ctl_commit(export->ctl);
	ctl_rollback(export->ctl);
	return r;
}

static int money_export(struct ctl *ctl, int argc, char **argv)
{
	static const struct journal_format *const formats[] = {&journal_hledger, &journal_beancount, &journal_csv};
	struct export export CLEANUP(export_close) = {.ctl = ctl};
	struct books books CLEANUP(books_close) = {0};
	const char *format = NULL;
	const char *profile = NULL;
	const char *code = NULL;
	const char *from = NULL;
	const char *to = NULL;
	const struct ctl_option options[] = {{"--format", &format, NULL}, {"--from", &from, NULL}, {"--to", &to, NULL},
		{"--profile", &profile, NULL}, {"--hospital", &code, NULL}, {NULL, NULL, NULL}};
	const char *words[CTL_WORDS_MAX];
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	arena_init(&export.arena, ARENA_BYTES_MAX);
	if (r == 0) r = ctl_day("--from", from, JOURNAL_DAY_FIRST, &export.journal.from);
	if (r == 0) r = ctl_day("--to", to, JOURNAL_DAY_LAST, &export.journal.to);
	if (r != 0) return r;
	for (size_t i = 0; format != NULL && i < ARRAY_LEN(formats); i++)
		if (strcmp(formats[i]->name, format) == 0) export.format = formats[i];
	if (export.format == NULL) return ctl_usage("--format takes hledger, beancount or csv");
	if (profile != NULL && export.format != &journal_csv) return ctl_usage("--profile is for --format csv");
	if (export.journal.to < export.journal.from) return ctl_usage("--to is before --from");
	r = books_open(ctl, code, &books);
	if (r != 0) return r;
	if (books.count != 1) return ctl_usage("say which hospital with --hospital CODE");
	export.journal.hospital = &books.hospitals[0];
	/* Never by another chart than its own. */
	if (export.journal.hospital->chart == NULL)
		return ctl_usage(
			"the file of hospital %s is missing or has mistakes: its chart of accounts is not known",
			export.journal.hospital->code);
	if (export.format == &journal_csv) r = profile_choose(&export, profile);
	if (r != 0) return r;
	return export_run(&export) < 0 ? ctl_fail("not exported") : 0;
}

const struct ctl_command money_export_commands[] = {
	{"money export", "--format hledger|beancount|csv [--from DAY] [--to DAY] [--profile NAME] [--hospital CODE]",
		"the journal of some days for other programs, by the chart of accounts", CTL_CONFIG | CTL_DB,
		money_export},
	{NULL, NULL, NULL, 0, NULL},
};
