/* From postings to the formats of the journal. */
#include "settle/journal_export.h"

#include <inttypes.h>
#include <string.h>

#include "db/sync.h"
#include "lib/currency.h"
#include "lib/date.h"

#define ARENA_BYTES_MAX (64u << 20)
#define FETCH_ROWS "1000"

const struct journal_format *journal_format_find(const char *name)
{
	static const struct journal_format *const formats[] = {&journal_csv, &journal_hledger, &journal_beancount};

	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (strcmp(formats[i]->name, name) == 0) return formats[i];
	return NULL;
}

static struct arena *arena_of(struct journal_export *export)
{
	if (export->arena.zf.alloc == NULL) arena_init(&export->arena, ARENA_BYTES_MAX);
	return &export->arena;
}

int journal_export_profile(struct journal_export *export)
{
	const struct hospital *hospital = export->hospital;
	const char *name = export->profile;

	for (uint32_t i = 0; i < hospital->erp_profile_count; i++) {
		if (name == NULL ? hospital->erp_profile_count > 1 : strcmp(hospital->erp_profiles[i].name, name) != 0)
			continue;
		export->chosen = hospital->erp_profiles[i];
		return 0;
	}
	if (name != NULL && strcmp(name, "plain") != 0) return ERR_NOTFOUND;
	if (name == NULL && hospital->erp_profile_count > 1) return ERR_LIMIT;
	return erp_profile_plain(arena_of(export), &export->chosen);
}

void journal_export_end(struct journal_export *export)
{
	arena_free(&export->arena);
}

/* ---- what it needs ---- */

/* At the moment of the first page. */
#define SEEN(posting) POSTING_SEEN(posting, "$7")

/* The postings of a page, in their order: $1 to $8 as page_bind() has them. */
#define PAGE_WHERE                                                                                                     \
	" WHERE p.hospital_id = $1::uuid AND p.book_day BETWEEN $2::date AND $3::date AND p.rule <> 'value'"           \
	" AND ($4::date IS NULL OR (p.book_day, p.entry_id, p.no) > ($4, $5::uuid, $6::int4)) AND " SEEN(              \
		"p") " ORDER BY p.book_day, p.entry_id, p.no LIMIT $8::int8"

static void page_bind(struct journal_export *export, struct db_params *params)
{
	db_params_init(params, &export->arena);
	db_params_uuid(params, &export->hospital->id);
	db_params_date(params, export->from);
	db_params_date(params, export->to);
	if (export->has_place)
		db_params_date(params, export->place.day);
	else
		db_params_null(params);
	db_params_uuid(params, &export->place.entry);
	db_params_int4(params, export->place.no);
	db_params_text(params, export->seen[0] != '\0' ? export->seen : NULL);
	/* one more says that there is another page */
	if (export->limit > 0)
		db_params_int8(params, export->limit + 1);
	else
		db_params_null(params);
}

/* What the first page of several sees. */
static int seen_read(struct journal_export *export)
{
	struct pg_result *rows = NULL;
	int r;

	if (export->has_place || export->limit == 0) return 0;
	r = db_sync_query(export->db, "SELECT zhifu.posting_moment()", NULL, &rows);
	if (r == 0) (void)text_copy_cut(text_of(db_rows_text(rows, 0, 0)), export->seen, sizeof(export->seen));
	db_sync_rows_free(rows);
	return r;
}

/* $1 to $3 of all statements. */
static int rows_read(struct journal_export *export, const char *sql, struct pg_result **ret_rows)
{
	struct db_params params;

	db_params_init(&params, &export->arena);
	db_params_uuid(&params, &export->hospital->id);
	db_params_date(&params, export->from);
	db_params_date(&params, export->to);
	return db_sync_query(export->db, sql, &params, ret_rows);
}

/* One of the accounts; what has no row is kept by name. */
static int account_read(
	struct journal_export *export, const struct pg_result *rows, int row, struct journal_account *account)
{
	account->first_day = db_rows_date(rows, row, 1);
	account->account = zf_strdup(&export->arena.zf, db_rows_text(rows, row, 0));
	if (account->account == NULL) return err_set(ERR_NOMEM, "no memory for the accounts");
	account->row = chart_find(export->hospital->chart, account->account, &account->sub);
	if (account->row != NULL)
		return export->format->account(account->row, account->sub, &export->arena, &account->written);
	export->missing[export->missing_count++] = account->account;
	return 0;
}

/* Of the days; of a page that is not the first, its own: the first one has told the others. */
static int accounts_ask(struct journal_export *export, struct pg_result **ret_rows)
{
	struct db_params params;

	if (!export->has_place)
		return rows_read(export,
			"SELECT a.account, min(a.book_day) FROM (SELECT debit, book_day FROM zhifu.posting WHERE hospital_id = $1::uuid AND"
			" book_day BETWEEN $2::date AND $3::date UNION ALL SELECT credit, book_day FROM zhifu.posting WHERE hospital_id = $1 AND"
			" book_day BETWEEN $2 AND $3) a (account, book_day) GROUP BY 1 ORDER BY a.account COLLATE \"C\"",
			ret_rows);
	page_bind(export, &params);
	return db_sync_query(export->db,
		"WITH page AS (SELECT p.debit, p.credit, p.book_day FROM zhifu.posting p" PAGE_WHERE
		") SELECT a.account, min(a.book_day) FROM (SELECT debit, book_day FROM page UNION ALL SELECT credit, book_day FROM page)"
		" a (account, book_day) GROUP BY 1 ORDER BY a.account COLLATE \"C\"",
		&params, ret_rows);
}

static int accounts_read(struct journal_export *export)
{
	struct journal *journal = &export->journal;
	struct pg_result *rows = NULL;
	int r = accounts_ask(export, &rows);
	size_t count = r < 0 ? 0 : (size_t)db_rows_count(rows);
	struct journal_account *accounts = zf_alloc_array(&export->arena.zf, count + 1, sizeof(*accounts));

	export->missing = zf_alloc_array(&export->arena.zf, count + 1, sizeof(*export->missing));
	if (r == 0 && (accounts == NULL || export->missing == NULL))
		r = err_set(ERR_NOMEM, "no memory for the accounts");
	for (size_t row = 0; accounts != NULL && r == 0 && row < count; row++)
		r = account_read(export, rows, (int)row, &accounts[row]);
	if (r == 0 && export->missing_count > 0)
		r = err_set(ERR_NOTFOUND, "accounts without a row: %u", export->missing_count);
	journal->accounts = accounts;
	journal->account_count = (uint32_t)count;
	db_sync_rows_free(rows);
	return r;
}

/* Also the books', in which values are. */
static int currencies_read(struct journal_export *export)
{
	struct journal *journal = &export->journal;
	const char *book = export->hospital->book_currency;
	struct journal_currency *list;
	struct pg_result *rows = NULL;
	bool has_book = false;
	int r = rows_read(export,
		"SELECT currency, max(exponent)::int4 FROM zhifu.posting WHERE hospital_id = $1::uuid AND book_day BETWEEN $2::date"
		" AND $3::date GROUP BY 1 ORDER BY currency COLLATE \"C\"",
		&rows);

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

/* A file for bookkeeping has every value, or is not made. Into days that are not closed more may be posted, which would
 * be missing in what the other program took over. */
static int values_check(struct journal_export *export)
{
	struct pg_result *rows = NULL;
	char day[DATE_TEXT_SIZE];
	int r;

	if (!export->format->of_books) return 0;
	r = rows_read(export,
		"SELECT count(*), min(p.book_day), (SELECT coalesce(max(m.last_day) >= $3, false) FROM zhifu.period m"
		"  WHERE m.hospital_id = $1::uuid) FROM zhifu.posting_unvalued u JOIN zhifu.posting p ON p.hospital_id = u.hospital_id"
		" AND p.entry_id = u.entry_id AND p.no = u.no WHERE u.hospital_id = $1 AND p.book_day BETWEEN $2::date AND $3::date",
		&rows);
	if (r == 0) export->unvalued = db_rows_int(rows, 0, 0);
	if (r == 0) export->open = !db_rows_bool(rows, 0, 2);
	if (r == 0 && export->unvalued > 0) {
		export->unvalued_day = db_rows_date(rows, 0, 1);
		(void)date_format_day(export->unvalued_day, day);
		r = err_set(ERR_NOTFOUND,
			"%" PRId64 " postings wait for an exchange rate, the first of %s: money waiting",
			export->unvalued, day);
	}
	db_sync_rows_free(rows);
	return r;
}

/* ---- postings ---- */

/* The value that came later is told with its posting, and not once more. */
static const char *const cursor_sql =
	"DECLARE journal NO SCROLL CURSOR FOR SELECT p.book_day, p.entry_id, p.no, p.debit, p.credit, p.amount_minor, p.currency,"
	" p.exponent, coalesce(p.book_minor, v.book_minor), p.rule, s.ref FROM zhifu.posting p"
	" LEFT JOIN zhifu.posting v ON v.hospital_id = p.hospital_id AND v.entry_id = p.entry_id AND v.no = p.no + 10000"
	"  AND v.rule = 'value' AND p.book_minor IS NULL AND " SEEN(
		"v") " LEFT JOIN zhifu.claim_state s ON s.hospital_id = p.hospital_id AND s.claim_id = p.claim_id" PAGE_WHERE;

static int cursor_open(struct journal_export *export)
{
	struct db_params params;

	page_bind(export, &params);
	return db_sync_query(export->db, cursor_sql, &params, NULL);
}

static void row_write(struct journal_export *export, const struct pg_result *rows, int row)
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
	export->place = (struct journal_place){one.day, one.entry, one.no};
}

static int rows_write(struct journal_export *export)
{
	int r = cursor_open(export);
	int64_t left = export->limit;
	int count = 1;

	while (r == 0 && count > 0 && !export->more && !ferror(export->journal.out)) {
		struct pg_result *rows = NULL;

		r = db_sync_query(export->db, "FETCH " FETCH_ROWS " FROM journal", NULL, &rows);
		count = r < 0 ? 0 : db_rows_count(rows);
		for (int row = 0; r == 0 && row < count; row++) {
			export->more = export->limit > 0 && left-- == 0;
			if (!export->more) row_write(export, rows, row);
		}
		db_sync_rows_free(rows);
	}
	return r;
}

static int journal_write(struct journal_export *export)
{
	struct journal *journal = &export->journal;
	bool recoded = export->format == &journal_csv && export->chosen.charset == ERP_GB18030;
	int r;

	journal->out = recoded ? journal_gb18030(export->out) : export->out;
	if (journal->out == NULL) return err_set(ERR_SYS, "this system does not know GB18030");
	if (export->has_place) {
		/* the page before began this entry */
		journal->open = export->place.entry;
		journal->open_day = export->place.day;
	} else {
		export->format->begin(journal);
	}
	r = rows_write(export);
	if (r == 0 && ferror(journal->out)) r = err_set(ERR_SYS, "could not write");
	if (recoded && fclose(journal->out) != 0 && r == 0) r = err_set(ERR_SYS, "could not write");
	return r;
}

int journal_export_run(struct journal_export *export)
{
	int r;

	(void)arena_of(export);
	export->journal = (struct journal){.hospital = export->hospital,
		.profile = &export->chosen,
		.chart = export->hospital->chart->name,
		.from = export->from,
		.to = export->to};
	r = db_sync_script(export->db, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
	if (r == 0) r = db_sync_tenant(export->db, &export->hospital->id);
	if (r == 0) r = seen_read(export);
	if (r == 0) r = accounts_read(export);
	/* What is told before the first posting, or refused, the first page has. */
	if (r == 0 && !export->has_place) r = currencies_read(export);
	if (r == 0 && !export->has_place) r = values_check(export);
	if (r == 0) r = journal_write(export);
	if (r == 0) return db_sync_script(export->db, "COMMIT");
	(void)!db_sync_script(export->db, "ROLLBACK");
	return r;
}
