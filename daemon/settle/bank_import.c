/* Two readings of one file. The first tells all faults and what each statement opens and closes with; the second, in a
 * transaction that holds off every other import of the hospital, stores the bytes, the statements and their lines. */
#include "settle/bank_import.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/point.h"
#include "base/seal.h"
#include "db/sync.h"
#include "lib/charset.h"
#include "lib/currency.h"
#include "lib/date.h"
#include "lib/money.h"
#include "model/directory.h"
#include "settle/bank_accounts.h"
#include "settle/bank_batch.h"
#include "settle/bank_content.h"

#define READ_BYTES (1u << 20)   /* also of one stored part */
#define READER_BYTES (1u << 30) /* 16 bytes a line of the largest statement, and its largest line */

/* A reading that is under way. */
struct importing {
	struct bank_import *import;
	struct arena *arena; /* of the results */
	uint64_t bytes;      /* of the file */
	/* the second reading only */
	struct uuid file_id, statement_id;
	struct sealer *sealer;
	struct bank_batch *batch;
	struct bank_imported *statement;
	struct bank_repeats same;    /* lines that are left out, for they are there in other words */
	int32_t first_day, last_day; /* of the statement's lines: the balances of a CSV have no day of their own */
	struct uuid line_id;         /* of the notification's entry at hand */
	bool keeps;                  /* of the notification's entry at hand: its transactions are news */
	bool tells;                  /* an entry of the file did: its line may be there */
	int error;                   /* what ended it, and has its text */
};

/* ---- accounts ---- */

/* Numbers are compared by their letters and digits. */
static bool number_same(const char *a, const char *b)
{
	for (;;) {
		while (*a != '\0' && !isalnum((unsigned char)*a)) a++;
		while (*b != '\0' && !isalnum((unsigned char)*b)) b++;
		if (*a == '\0' || *b == '\0') return *a == *b;
		if (toupper((unsigned char)*a++) != toupper((unsigned char)*b++)) return false;
	}
}

static const struct hospital_account *account_find(
	const struct bank_import *import, const struct bank_statement *statement)
{
	const struct hospital *hospital = import->hospital;
	const struct bank_account *told = &statement->account;
	const struct hospital_account *found = NULL;

	for (uint32_t i = 0; i < hospital->account_count; i++) {
		const struct hospital_account *account = &hospital->accounts[i];

		if (import->account != NULL && strcmp(import->account, account->code) != 0) continue;
		if (told->id == NULL ? import->account == NULL : !number_same(told->id, account->number)) continue;
		if (told->currency != NULL && strcmp(told->currency, account->currency) != 0) continue;
		if (found != NULL) return NULL; /* one number, several currencies, and the file does not say which */
		found = account;
	}
	return found;
}

static bool csv_has(const struct bank_csv_profile *csv, enum bank_csv_field field)
{
	for (uint32_t i = 0; i < csv->column_count; i++)
		if (csv->columns[i].field == field && !csv->columns[i].optional) return true;
	return false;
}

/* A CSV is read as the profile of the account says that is meant. Where none is, and there are several, all that have
 * one must have the same, and the file itself must say of which account and currency each line is. False: it is not to
 * be told how. */
static bool csv_of(const struct bank_import *import, struct bank_profile *profile)
{
	const struct hospital *hospital = import->hospital;
	const struct hospital_account *like = NULL;
	bool several = import->account == NULL && hospital->account_count > 1;

	for (uint32_t i = 0; i < hospital->account_count; i++) {
		const struct hospital_account *account = &hospital->accounts[i];

		if (account->csv == NULL || (import->account != NULL && strcmp(import->account, account->code) != 0))
			continue;
		if (like != NULL && strcmp(like->profile, account->profile) != 0) return false;
		like = account;
	}
	if (like == NULL) return true;
	if (several && !(csv_has(like->csv, BANK_CSV_ACCOUNT) && csv_has(like->csv, BANK_CSV_CURRENCY))) return false;
	profile->csv = *like->csv;
	if (!csv_has(like->csv, BANK_CSV_ACCOUNT)) profile->account = like->number;
	return true;
}

/* How the file is to be read, before it is known whose it is: as the account that is meant says, or as all say.
 * ret_csv: how CSV is read can be told. */
static int profile_of(const struct bank_import *import, struct bank_profile *ret_profile, bool *ret_csv)
{
	const struct hospital *hospital = import->hospital;
	const struct hospital_account *like = NULL;

	for (uint32_t i = 0; i < hospital->account_count; i++) {
		const struct hospital_account *account = &hospital->accounts[i];

		if (import->account != NULL && strcmp(import->account, account->code) != 0) continue;
		if (like != NULL && (strcmp(like->charset, account->charset) != 0 ||
					    like->reversal_negates != account->reversal_negates ||
					    like->unproved_accepted != account->unproved_accepted))
			return err_set(ERR_INVALID,
				"the accounts of %s are read in different ways: say of which account the file is",
				hospital->code);
		like = account;
	}
	if (like == NULL && import->account != NULL)
		return err_set(ERR_NOTFOUND, "%s has no bank account \"%s\": bank_accounts in %s", hospital->code,
			import->account, hospital->file);
	if (like == NULL)
		return err_set(ERR_NOTFOUND, "%s has no bank account: add it to bank_accounts in %s", hospital->code,
			hospital->file);
	*ret_profile = (struct bank_profile){
		.reversal_negates = like->reversal_negates, .accept_unproved = like->unproved_accepted};
	*ret_csv = csv_of(import, ret_profile);
	return charset_find(text_of(like->charset), &ret_profile->charset);
}

#define DAY_LEN 20

static void day_text(int32_t days, char ret_text[DAY_LEN])
{
	int year;
	unsigned month;
	unsigned day;

	date_civil_from_days(days, &year, &month, &day);
	(void)snprintf(ret_text, DAY_LEN, "%04d-%02u-%02u", year, month, day);
}

/* ---- the first reading ---- */

/* It is of none of the accounts, or it is not to be told of which. id: as it says; NULL: it does not. */
static void account_doubt(struct bank_import *import, const char *path, const char *id)
{
	char expected[192] = "";
	size_t n = 0;

	for (uint32_t i = 0; i < import->hospital->account_count && n < sizeof(expected); i++) {
		const struct hospital_account *account = &import->hospital->accounts[i];

		if (import->account != NULL && strcmp(import->account, account->code) != 0) continue;
		n += (size_t)snprintf(expected + n, sizeof(expected) - n, "%s%s (%s)", n > 0 ? ", " : "", account->code,
			account->currency);
	}
	fault_add(&import->faults, FAULT_BANK_ACCOUNT, path, id != NULL ? id : "?", expected);
}

static int statement_seen(void *ctx, const struct bank_statement *statement)
{
	struct importing *importing = ctx;
	struct bank_import *import = importing->import;
	const struct hospital_account *account = account_find(import, statement);
	struct bank_imported *one;

	importing->first_day = INT32_MAX;
	importing->last_day = INT32_MIN;
	if (account == NULL) {
		const char *currency = statement->account.currency != NULL ? statement->account.currency : "";
		char path[48], id[128];

		(void)snprintf(path, sizeof(path), "line %u", (unsigned)statement->line);
		(void)snprintf(id, sizeof(id), "%s%s%s%s", statement->account.id != NULL ? statement->account.id : "?",
			currency[0] == '\0' ? "" : " (", currency, currency[0] == '\0' ? "" : ")");
		account_doubt(import, path, id);
	}
	if (import->count == BANK_IMPORT_STATEMENTS_MAX)
		return err_set(ERR_LIMIT, "a file may have %d statements", BANK_IMPORT_STATEMENTS_MAX);
	one = &import->statements[import->count++];
	*one = (struct bank_imported){.account = account,
		.kind = statement->kind,
		.sequence = statement->sequence,
		.page = statement->page,
		.identifier = zf_strdup(&importing->arena->zf, statement->id != NULL ? statement->id : "")};
	return one->identifier == NULL ? ERR_NOMEM : 0;
}

static int entry_seen(void *ctx, const struct bank_statement *statement, const struct bank_entry *entry)
{
	struct importing *importing = ctx;
	struct bank_imported *one = &importing->import->statements[importing->import->count - 1];
	char path[48];

	if (entry->part > 0) return 0;
	if (bank_batch_day(entry) != BANK_NO_DAY && bank_batch_day(entry) < importing->first_day)
		importing->first_day = bank_batch_day(entry);
	if (bank_batch_day(entry) > importing->last_day) importing->last_day = bank_batch_day(entry);
	if (entry->status == BANK_STATUS_BOOKED)
		one->booked++;
	else
		one->unbooked++;
	(void)snprintf(path, sizeof(path), "line %u", (unsigned)entry->line);
	if (one->account != NULL && strcmp(entry->amount.currency, one->account->currency) != 0)
		fault_add(&importing->import->faults, FAULT_BANK_CURRENCY, path, entry->amount.currency,
			one->account->currency);
	if (bank_batch_day(entry) == BANK_NO_DAY)
		fault_add(&importing->import->faults, FAULT_BANK_MISSING, path, "BookgDt", NULL);
	/* What is booked tomorrow is not booked. */
	if (statement->kind == BANK_KIND_STATEMENT && entry->status == BANK_STATUS_BOOKED &&
		bank_batch_day(entry) > importing->import->today) {
		char text[DAY_LEN];
		char limit[8 + DAY_LEN];

		day_text(bank_batch_day(entry), text);
		memcpy(limit, "≤ ", sizeof("≤ "));
		day_text(importing->import->today, limit + strlen(limit));
		fault_add(&importing->import->faults, FAULT_BANK_VALUE, path, text, limit);
	}
	return 0;
}

static int end_seen(void *ctx, const struct bank_end *end)
{
	struct importing *importing = ctx;
	struct bank_imported *one = &importing->import->statements[importing->import->count - 1];

	one->opening = end->opening;
	one->closing = end->closing;
	if (end->statement->format == BANK_FORMAT_CSV && importing->last_day != BANK_NO_DAY) {
		one->opening.day = importing->first_day;
		one->closing.day = importing->last_day;
	}
	for (int i = 0; i < 2; i++) {
		const struct bank_balance *balance = i == 0 ? &one->opening : &one->closing;
		char path[48];

		if (one->kind != BANK_KIND_STATEMENT || balance->kind == 0 || balance->day != BANK_NO_DAY) continue;
		(void)snprintf(path, sizeof(path), "line %u", (unsigned)balance->line);
		fault_add(&importing->import->faults, FAULT_BANK_MISSING, path, "Bal/Dt", NULL);
	}
	return 0;
}

/* ---- the second reading ---- */

/* It is still being written, or somebody put another one into its place. */
static int file_changed(void)
{
	return err_set(ERR_AGAIN, "the file changed while it was read: import it again when it is whole");
}

static void balance_params(struct db_params *params, const struct bank_balance *balance)
{
	if (balance->kind == 0) {
		db_params_null(params);
		db_params_null(params);
		return;
	}
	db_params_int8(params, balance->amount.minor);
	if (balance->day == BANK_NO_DAY)
		db_params_null(params);
	else
		db_params_date(params, balance->day);
}

static int statement_store(void *ctx, const struct bank_statement *statement)
{
	struct importing *importing = ctx;
	struct bank_import *import = importing->import;
	struct bank_imported *one = &import->statements[statement->number - 1];
	struct pg_result *rows = NULL;
	struct db_params params;
	int r;

	if (statement->number > import->count || one->account == NULL) return importing->error = file_changed();
	importing->statement = one;
	importing->statement_id = uuid_new();
	db_params_init(&params, importing->arena);
	db_params_uuid(&params, &import->hospital->id);
	db_params_uuid(&params, &importing->statement_id);
	db_params_uuid(&params, &importing->file_id);
	db_params_int4(&params, (int32_t)statement->number);
	db_params_text(&params, one->account->code);
	db_params_int2(&params, (int16_t)one->kind);
	db_params_text(&params, one->identifier);
	if (one->sequence >= 0)
		db_params_int8(&params, one->sequence);
	else
		db_params_null(&params);
	if (one->page >= 0)
		db_params_int8(&params, one->page);
	else
		db_params_null(&params);
	db_params_text(&params, one->account->currency);
	db_params_int2(&params, (int16_t)currency_exponent(one->account->currency));
	balance_params(&params, &one->opening);
	balance_params(&params, &one->closing);
	db_params_int4(&params, (int32_t)one->booked);
	r = db_sync_query(importing->import->db,
		"SELECT zhifu.bank_statement_add($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)::int4",
		&params, &rows);
	if (r == 0) one->chain = (int)db_rows_int(rows, 0, 0);
	db_sync_rows_free(rows);
	POINT("bank.statement");
	bank_batch_begin(importing->batch, &importing->statement_id, statement->number, one);
	return importing->error = r;
}

/* A notification may be all that tells the transactions of a batch, or who paid and what for. Of a batch a single one
 * is not all. */
static int told_store(struct importing *importing, const struct bank_entry *entry)
{
	struct arena arena CLEANUP(arena_free);
	int r = 0;

	arena_init(&arena, 1u << 16);
	if (!entry->referenced) return 0;
	if (bank_batch_single(entry) &&
		(entry->detail_count == 0 || entry->batch_count > 1 || !bank_detail_names(&entry->details[0])))
		return 0;
	if (entry->part == 0)
		r = bank_told_add(importing->import->db, &arena, &importing->import->hospital->id,
			&importing->statement_id, importing->statement->account->code, entry, bank_batch_single(entry),
			&importing->line_id, &importing->keeps);
	importing->tells = importing->tells || importing->keeps;
	return r == 0 && importing->keeps ? bank_batch_told(importing->batch, entry, &importing->line_id) : r;
}

/* Only what a statement says was booked is in the books: a report or notification of the same comes again with it. */
static int entry_store(void *ctx, const struct bank_statement *statement, const struct bank_entry *entry)
{
	struct importing *importing = ctx;
	bool booked = entry->status == BANK_STATUS_BOOKED;
	int r = 0;

	/* A notification tells what happened, and not what an account waits for. */
	if (!booked && entry->part == 0 && statement->kind != BANK_KIND_NOTIFICATION)
		r = bank_batch_pending(importing->batch, entry);
	if (booked && statement->kind == BANK_KIND_NOTIFICATION) r = told_store(importing, entry);
	if (booked && statement->kind == BANK_KIND_STATEMENT)
		r = (bank_repeats_has(&importing->same, statement->number, entry->number)
				? bank_batch_skip
				: bank_batch_line)(importing->batch, entry);
	return importing->error = r;
}

/* With all lines of a statement there: what was on the account before them, and what of its lines statements without
 * balances had told. Those may or may not be of the day on which it opens. */
static int opening_keep(struct importing *importing)
{
	struct bank_imported *one = importing->statement;
	struct arena arena CLEANUP(arena_free);
	struct pg_result *rows = NULL;
	struct db_params params;
	int r;

	arena_init(&arena, 1u << 16);
	db_params_init(&params, &arena);
	db_params_uuid(&params, &importing->import->hospital->id);
	db_params_text(&params, one->account->code);
	db_params_text(&params, one->account->currency);
	db_params_int2(&params, (int16_t)currency_exponent(one->account->currency));
	for (int i = 0; i < 2; i++) {
		const struct bank_balance *balance = i == 0 ? &one->opening : &one->closing;

		if (balance->kind == 0 || balance->day == BANK_NO_DAY)
			db_params_null(&params);
		else
			db_params_date(&params, balance->day);
	}
	r = db_sync_query(importing->import->db,
		"SELECT zhifu.bank_loose($1, $2, $5, $6), zhifu.bank_loose($1, $2, $5::date - 1, $6), zhifu.bank_opening_keep($1, $2, $3, $4)",
		&params, &rows);
	for (int i = 0; r == 0 && i < 2; i++)
		if (!db_rows_null(rows, 0, i) &&
			one->moved + db_rows_int(rows, 0, i) == one->closing.amount.minor - one->opening.amount.minor)
			one->told_before = db_rows_int(rows, 0, i);
	db_sync_rows_free(rows);
	return r;
}

static int end_store(void *ctx, const struct bank_end *end)
{
	struct importing *importing = ctx;
	int r = bank_batch_end(importing->batch, importing->arena);

	if (r == 0 && end->statement->kind == BANK_KIND_STATEMENT) r = opening_keep(importing);
	return importing->error = r;
}

static int part_store(struct importing *importing, int no, struct bytes bytes)
{
	struct arena arena CLEANUP(arena_free);
	struct db_params params;
	struct bytes sealed;
	int r;

	arena_init(&arena, 4 * READ_BYTES);
	r = seal(importing->sealer, importing->import->key, &importing->file_id, SEAL_FILE, bytes, &arena, &sealed);
	if (r < 0) return r;
	db_params_init(&params, &arena);
	db_params_uuid(&params, &importing->import->hospital->id);
	db_params_uuid(&params, &importing->file_id);
	db_params_int4(&params, no);
	db_params_bytes(&params, sealed);
	return db_sync_query(importing->import->db, "SELECT zhifu.bank_file_part_add($1, $2, $3, $4)", &params, NULL);
}

/* ---- both ---- */

/* Feeds the whole file; with `stores` its bytes are kept too. */
static int file_feed(struct importing *importing, struct bank_reader *reader, EVP_MD_CTX *digest, bool stores)
{
	const struct bank_import *import = importing->import;
	uint8_t *buffer = mem_alloc(READ_BYTES);
	size_t len = READ_BYTES;
	int r = buffer == NULL ? err_set(ERR_NOMEM, "no memory") : 0;

	importing->bytes = 0;
	for (int no = 1; r == 0 && len == READ_BYTES; no++) {
		r = import->read(import->ctx, importing->bytes, buffer, READ_BYTES, &len);
		importing->bytes += len;
		if (r == 0 && len > 0 && stores) r = part_store(importing, no, (struct bytes){buffer, len});
		if (r == 0 && EVP_DigestUpdate(digest, buffer, len) != 1) r = err_set(ERR_NOMEM, "no memory");
		if (r == 0) r = bank_reader_feed(reader, buffer, len);
	}
	if (r == 0) r = bank_reader_finish(reader);
	mem_free(buffer);
	return r;
}

static int file_read(struct importing *importing, const struct bank_events *events, EVP_MD_CTX *digest, bool stores)
{
	struct bank_import *import = importing->import;
	struct arena arena CLEANUP(arena_free);
	struct bank_reader *reader = NULL;
	struct bank_profile profile;
	bool csv = true;
	int r;

	arena_init(&arena, READER_BYTES);
	r = profile_of(import, &profile, &csv);
	if (r < 0) return r;
	/* What is wrong outlives the reading. */
	if (!stores) fault_list_init(&import->faults, &importing->arena->zf, 0);
	r = bank_reader_open(import->format, &profile, NULL, events, importing, &arena.zf, &import->faults, &reader);
	if (r == 0) r = file_feed(importing, reader, digest, stores);
	bank_reader_close(reader);
	if (!csv && import->faults.count == 1 && import->faults.items[0].code == FAULT_BANK_FORMAT)
		account_doubt(import, "", NULL);
	return r;
}

/* Reads with those events and returns the hash of what was read. */
static int file_hash(struct importing *importing, const struct bank_events *events, bool stores, uint8_t ret_hash[32])
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	int r = 0;

	if (digest == NULL || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1) r = err_set(ERR_NOMEM, "no memory");
	if (r == 0) r = file_read(importing, events, digest, stores);
	if (r == 0 && EVP_DigestFinal_ex(digest, ret_hash, NULL) != 1) r = err_set(ERR_NOMEM, "no memory");
	EVP_MD_CTX_free(digest);
	return r;
}

static int file_judge(struct importing *importing, uint8_t ret_hash[32])
{
	static const struct bank_events events = {statement_seen, entry_seen, end_seen};
	struct bank_import *import = importing->import;
	int r;

	import->statements =
		zf_alloc_array(&importing->arena->zf, BANK_IMPORT_STATEMENTS_MAX, sizeof(*import->statements));
	if (import->statements == NULL) return err_set(ERR_NOMEM, "no memory");
	r = file_hash(importing, &events, false, ret_hash);
	/* also what ended the reading at a limit: it has its fault */
	return (r == 0 || r == ERR_LIMIT) && fault_refuses(&import->faults) ? ERR_INVALID : r;
}

static int file_take(struct importing *importing, const uint8_t hash[32])
{
	struct bank_import *import = importing->import;
	struct pg_result *rows = NULL;
	struct db_params params;
	int r;

	db_params_init(&params, importing->arena);
	db_params_uuid(&params, &import->hospital->id);
	db_params_uuid(&params, &importing->file_id);
	db_params_bytes(&params, (struct bytes){hash, 32});
	db_params_int8(&params, (int64_t)importing->bytes);
	db_params_int2(&params, (int16_t)import->format);
	db_params_text(&params, import->who);
	r = db_sync_query(import->db, "SELECT zhifu.bank_file_take($1, $2, $3, $4, $5, $6)", &params, &rows);
	if (r == 0) import->known = !db_rows_bool(rows, 0, 0);
	db_sync_rows_free(rows);
	return r;
}

static int file_store(struct importing *importing, const uint8_t hash[32])
{
	static const struct bank_events events = {statement_store, entry_store, end_store};
	uint8_t again[32] = {0};
	int r = sealer_new(&importing->sealer);

	if (r == 0) r = bank_batch_open(importing->import, importing->sealer, &importing->batch);
	importing->file_id = uuid_new();
	if (r == 0) r = file_take(importing, hash);
	if (r == 0 && !importing->import->known) r = file_hash(importing, &events, true, again);
	if (r == 0 && !importing->import->known && memcmp(again, hash, sizeof(again)) != 0) r = file_changed();
	if (r == 0 && importing->tells)
		r = bank_told_open(importing->import->db, importing->arena, &importing->import->hospital->id,
			&importing->file_id, &importing->import->opened, &importing->import->late,
			&importing->import->late_count);
	bank_batch_close(importing->batch);
	importing->batch = NULL;
	sealer_free(importing->sealer);
	importing->sealer = NULL;
	return r;
}

static int file_try(struct importing *importing, const uint8_t hash[32])
{
	struct bank_import *import = importing->import;
	int r = db_sync_script(import->db, "BEGIN");

	import->repeated = (struct bank_repeats){.count = 0};
	if (r < 0) return r;
	r = db_sync_tenant(import->db, &import->hospital->id);
	if (r == 0) r = bank_accounts_keep(import->db, import->hospital);
	return r == 0 ? file_store(importing, hash) : r;
}

static int repeats_ask(struct bank_import *import)
{
	for (uint32_t i = 0; i < import->repeated.count; i++) {
		const struct bank_repeat *one = &import->repeated.items[i];
		const char *currency = import->statements[one->statement - 1].account->currency;
		char path[48], amount[MONEY_TEXT_SIZE], day[DATE_TEXT_SIZE];
		struct zf_money money;

		(void)!money_make(one->minor, text_of(currency), &money);
		(void)money_format(money, amount);
		(void)date_format_day(one->day, day);
		(void)snprintf(path, sizeof(path), "line %u", (unsigned)one->line);
		fault_add(&import->faults, FAULT_BANK_REPEAT, path, amount, day);
	}
	return err_set(ERR_INVALID, "lines may be there already");
}

/* On record, with who said so. */
static int repeats_record(struct importing *importing, uint32_t count)
{
	const struct bank_import *import = importing->import;
	struct db_params params;

	db_params_init(&params, importing->arena);
	db_params_uuid(&params, &import->hospital->id);
	db_params_uuid(&params, &importing->file_id);
	db_params_int4(&params, (int32_t)count);
	db_params_bool(&params, import->repeats == BANK_REPEATS_SAME);
	db_params_text(&params, import->who);
	return db_sync_query(import->db, "SELECT zhifu.bank_repeats_said($1, $2, $3, $4, $5)", &params, NULL);
}

/* What it was said that such lines are: the same are left out, once more from the beginning. */
static int repeats_settle(struct importing *importing, const uint8_t hash[32])
{
	struct bank_import *import = importing->import;
	int r = 0;

	if (import->repeats == BANK_REPEATS_UNSAID) return repeats_ask(import);
	importing->same = import->repeated;
	if (import->repeats == BANK_REPEATS_SAME) {
		r = db_sync_script(import->db, "ROLLBACK");
		if (r == 0) r = file_try(importing, hash);
		if (r == 0 && !import->known && import->repeated.count > 0)
			r = err_set(ERR_AGAIN, "another file came in between: import it again");
		import->repeated = importing->same;
	}
	return r == 0 && !import->known ? repeats_record(importing, import->repeated.count) : r;
}

/* Whatever happens, no transaction is left open. */
static int file_import(struct importing *importing, const uint8_t hash[32])
{
	struct bank_import *import = importing->import;
	int r = file_try(importing, hash);

	if (r == 0 && import->repeated.count > 0) r = repeats_settle(importing, hash);
	if (r == 0) POINT("bank.before_commit");
	if (r == 0 && !import->known)
		r = db_sync_script(import->db, "COMMIT");
	else
		(void)!db_sync_script(import->db, "ROLLBACK");
	/* A hint: settle looks by itself too. */
	if (r == 0 && !import->known) (void)!db_sync_script(import->db, "NOTIFY zhifu, 'match'");
	if (r == 0) POINT("bank.after_commit");
	return r;
}

int bank_import_run(struct arena *arena, struct bank_import *import)
{
	struct importing importing = {.import = import, .arena = arena};
	uint8_t hash[32];
	int r;

	r = file_judge(&importing, hash);
	return r == 0 ? file_import(&importing, hash) : r;
}
