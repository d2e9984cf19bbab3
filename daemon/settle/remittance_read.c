/* From the document that an advice was stored as, or of what a module brought from its rows. */
#include "settle/remittance_read.h"

#include <string.h>

#include "db/sync.h"
#include "lib/money.h"
#include "model/directory.h"

#define WORDS_BYTES_MAX 65536 /* that a person wrote */

static const char *keep(struct arena *arena, const struct pg_result *rows, int row, int column)
{
	return db_rows_null(rows, row, column) ? NULL : zf_strdup(&arena->zf, db_rows_text(rows, row, column));
}

/* What is of the hospital and the id. */
static int query(const struct remittance_books *books, struct arena *arena, const char *sql, const struct uuid *id,
	struct pg_result **ret_rows)
{
	struct db_params params;

	db_params_init(&params, arena);
	db_params_uuid(&params, &books->hospital->id);
	db_params_uuid(&params, id);
	return db_sync_query(books->db, sql, &params, ret_rows);
}

/* ---- what a person brought ---- */

static int document_open(const struct remittance_books *books, const struct uuid *id, struct bytes sealed,
	struct arena *arena, struct advice *ret)
{
	struct sealer *sealer = NULL;
	struct bytes plain = {NULL, 0};
	struct fault_list faults;
	int r = sealer_new(&sealer);

	fault_list_init(&faults, &arena->zf, 0);
	if (r == 0)
		r = key_set_open(books->keys, sealer, id, SEAL_FACT, sealed, ADVICE_DOCUMENT_BYTES_MAX, arena, &plain);
	sealer_free(sealer);
	if (r < 0) return r;
	if (advice_read_document((struct text_span){(const char *)plain.ptr, plain.len}, &arena->zf, &faults, ret) != 0)
		return err_set(ERR_INVALID, "what is stored of the remittance can't be read");
	return 0;
}

/* ---- what a module brought ---- */

static struct zf_money money_at(const struct pg_result *rows, int row, int column, const char *currency)
{
	struct zf_money money = {.present = 0};

	if (!db_rows_null(rows, row, column))
		(void)!money_make(db_rows_int(rows, row, column), text_of(currency), &money);
	return money;
}

static void detail_read(
	const struct pg_result *rows, int row, const char *currency, struct arena *arena, struct advice_detail *ret)
{
	ret->kind = (uint8_t)db_rows_int(rows, row, 0);
	ret->carrier = keep(arena, rows, row, 1);
	ret->claim = keep(arena, rows, row, 2);
	ret->insurer_claim = keep(arena, rows, row, 3);
	ret->billed = money_at(rows, row, 4, currency);
	ret->amount = money_at(rows, row, 5, currency);
	ret->fee = money_at(rows, row, 6, currency);
	ret->tax = money_at(rows, row, 7, currency);
	ret->difference = (uint8_t)db_rows_int(rows, row, 8);
}

static int details_read(
	const struct remittance_books *books, const struct uuid *id, struct arena *arena, struct advice *advice)
{
	struct pg_result *rows = NULL;
	int r = query(books, arena,
		"SELECT kind::int4, carrier, claim_ref, insurer_claim_no, billed_minor, amount_minor, fee_minor, tax_minor,"
		" difference::int4 FROM zhifu.remittance_detail WHERE hospital_id = $1 AND remittance_id = $2 ORDER BY no",
		id, &rows);

	advice->detail_count = r == 0 ? (uint32_t)db_rows_count(rows) : 0;
	advice->details = zf_alloc_array(&arena->zf, (size_t)advice->detail_count + 1, sizeof(*advice->details));
	if (advice->details == NULL) {
		db_sync_rows_free(rows);
		return err_set(ERR_NOMEM, "no memory for a remittance");
	}
	for (uint32_t i = 0; i < advice->detail_count; i++)
		detail_read(rows, (int)i, advice->amount.currency, arena, &advice->details[i]);
	db_sync_rows_free(rows);
	return r;
}

static int rows_read(
	const struct remittance_books *books, const struct uuid *id, struct arena *arena, struct advice *ret)
{
	struct pg_result *rows = NULL;
	int r = query(books, arena,
		"SELECT insurer, identifier, amount_minor, currency, payment_date, payment_reference FROM zhifu.remittance"
		" WHERE hospital_id = $1 AND remittance_id = $2",
		id, &rows);

	if (r == 0)
		*ret = (struct advice){.remitter = keep(arena, rows, 0, 0),
			.identifier = keep(arena, rows, 0, 1),
			.amount = money_at(rows, 0, 2, db_rows_text(rows, 0, 3)),
			.payment_day = db_rows_null(rows, 0, 4) ? ADVICE_NO_DAY : db_rows_date(rows, 0, 4),
			.payment_reference = keep(arena, rows, 0, 5)};
	db_sync_rows_free(rows);
	return r == 0 ? details_read(books, id, arena, ret) : r;
}

/* ---- either ---- */

/* Columns of remittance_told() (schema/051_remittance.sql). */
enum { T_DOCUMENT, T_VERSION, T_FORM, T_STANDING, T_MADE, T_MAKER, T_WHY, T_PROFILE, T_DECIDED, T_BY, T_DECIDED_WHY };

static struct remittance_history history_of(const struct pg_result *rows, struct arena *arena)
{
	return (struct remittance_history){.version = (int)db_rows_int(rows, 0, T_VERSION),
		.form = (enum advice_form)db_rows_int(rows, 0, T_FORM),
		.standing = (enum remittance_standing)db_rows_int(rows, 0, T_STANDING),
		.made_at = db_rows_time_ms(rows, 0, T_MADE),
		.maker = keep(arena, rows, 0, T_MAKER),
		.profile = keep(arena, rows, 0, T_PROFILE),
		.decided_at = db_rows_null(rows, 0, T_DECIDED) ? 0 : db_rows_time_ms(rows, 0, T_DECIDED),
		.decided_by = keep(arena, rows, 0, T_BY)};
}

/* What a person wrote of it; NULL: nothing. */
static int words_open(const struct remittance_books *books, const struct uuid *id, const struct pg_result *rows,
	int column, struct arena *arena, const char **ret)
{
	struct sealer *sealer = NULL;
	struct bytes plain = {NULL, 0};
	int r;

	if (db_rows_null(rows, 0, column)) return 0;
	r = sealer_new(&sealer);
	if (r == 0)
		r = key_set_open(books->keys, sealer, id, SEAL_FACT, db_rows_bytes(rows, 0, column), WORDS_BYTES_MAX,
			arena, &plain);
	sealer_free(sealer);
	if (r < 0) return r;
	*ret = plain.ptr == NULL ? "" : zf_strndup(&arena->zf, (const char *)plain.ptr, plain.len);
	return *ret == NULL ? err_set(ERR_NOMEM, "no memory for a remittance") : 0;
}

int remittance_read(const struct remittance_books *books, const struct uuid *id, bool look, struct arena *arena,
	struct advice *ret_advice, struct remittance_history *ret_history)
{
	struct pg_result *rows = NULL;
	struct db_params params;
	int r;

	db_params_init(&params, arena);
	db_params_uuid(&params, &books->hospital->id);
	db_params_uuid(&params, id);
	db_params_text(&params, look ? books->who : NULL);
	r = db_sync_query(books->db,
		"SELECT document, version, form, standing, made_at, maker, why, profile, decided_at, decided_by, decided_why"
		" FROM zhifu.remittance_told($1, $2, $3)",
		&params, &rows);
	if (r == 0 && db_rows_count(rows) == 0) r = err_set(ERR_NOTFOUND, "there is no such remittance");
	if (r == 0) {
		*ret_history = history_of(rows, arena);
		if (look) r = words_open(books, id, rows, T_WHY, arena, &ret_history->why);
		if (r == 0 && look) r = words_open(books, id, rows, T_DECIDED_WHY, arena, &ret_history->decided_why);
	}
	if (r == 0)
		r = db_rows_null(rows, 0, T_DOCUMENT)
			    ? rows_read(books, id, arena, ret_advice)
			    : document_open(books, id, db_rows_bytes(rows, 0, T_DOCUMENT), arena, ret_advice);
	db_sync_rows_free(rows);
	return r;
}

int remittance_balance(struct advice *advice, const char *why, struct arena *arena, struct advice_sums *sums)
{
	uint32_t n = advice->detail_count;
	struct advice_detail *details = zf_alloc_array(&arena->zf, (size_t)n + 1, sizeof(*details));

	if (details == NULL) return err_set(ERR_NOMEM, "no memory for a remittance");
	if (n > 0) memcpy(details, advice->details, n * sizeof(*details));
	details[n] = (struct advice_detail){
		.kind = ADVICE_ADJUSTMENT, .amount = advice->amount, .fee = advice->amount, .remark = why};
	details[n].amount.minor = -sums->difference;
	details[n].fee.minor = 0;
	details[n].tax = details[n].fee;
	advice->details = details;
	advice->detail_count = n + 1;
	return advice_sums(advice, sums) == 0 ? 0 : err_set(ERR_INVALID, "its amounts do not fit together");
}
