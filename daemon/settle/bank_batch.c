/* Rows as they are read; their ids, seals and parameters when they are stored. */
#include "settle/bank_batch.h"

#include <string.h>

#include "base/point.h"
#include "base/seal.h"
#include "db/sync.h"
#include "lib/currency.h"
#include "model/directory.h"
#include "settle/bank_content.h"
#include "settle/declaration.h"
#include "settle/posting_rule.h"

#define LINES_MAX 500 /* of one statement of SQL */
#define DETAILS_MAX (LINES_MAX + BANK_PART_DETAILS)
#define CHUNK_BYTES (256u << 20)
#define JSON_BYTES_MAX (16u << 20) /* of what is at hand, before it is sealed */
#define REASON_NEW "not matched yet"
#define STORED UINT32_MAX
#define UNSEEN UINT32_MAX
#define SEEN_BYTES (1u << 30)
#define CHAIN_COPY 3 /* as bank_chain() of schema/046_bank.sql has it */
#define CHAIN_OVERLAPS 5

struct batch_line {
	struct uuid id;
	uint8_t identity[BANK_IDENTITY_BYTES];
	uint32_t occurrence, number;
	uint32_t seen; /* its place there; UNSEEN */
	int32_t booked, value;
	int64_t minor;
	bool referenced, reversal, single, detailed, told;
	struct text_span json;
};

/* Of a line at hand, by its place; STORED: of that id. */
struct batch_of {
	uint32_t line;
	struct uuid id;
};

struct batch_detail {
	struct batch_of of;
	uint32_t number;
	struct zf_money amount;
	struct text_span json;
};

struct batch_declaration {
	struct batch_of of;
	struct declaration told;
};

struct batch_pending {
	uint8_t identity[BANK_IDENTITY_BYTES];
	uint32_t occurrence;
	int32_t day, value;
	int64_t minor;
	uint8_t status;
};

struct bank_batch {
	struct bank_import *import;
	struct sealer *sealer;
	struct arena chunk; /* of what is at hand */
	struct uuid statement_id;
	struct bank_imported *statement;
	uint32_t number; /* of the statement in the file */
	char bank[ACCOUNT_LEN];
	struct arena seen_arena;
	struct bank_repeats seen; /* all booked lines of a statement that has days in common with others */
	struct batch_of entry;    /* whose part came last */
	bool declared;            /* it is among those from abroad */
	uint32_t line_count, detail_count, declaration_count, pending_count;
	struct batch_line lines[LINES_MAX];
	struct batch_detail details[DETAILS_MAX];
	struct batch_declaration declarations[LINES_MAX + 1];
	struct batch_pending pending[LINES_MAX];
};

int32_t bank_batch_day(const struct bank_entry *entry)
{
	return entry->booking_day != BANK_NO_DAY ? entry->booking_day : entry->value_day;
}

bool bank_batch_single(const struct bank_entry *entry)
{
	return entry->part == 0 && entry->last && entry->detail_count <= 1;
}

int bank_batch_open(struct bank_import *import, struct sealer *sealer, struct bank_batch **ret_batch)
{
	struct bank_batch *batch = mem_alloc(sizeof(*batch));

	if (batch == NULL) return err_set(ERR_NOMEM, "no memory");
	batch->import = import;
	batch->sealer = sealer;
	batch->line_count = batch->detail_count = batch->declaration_count = batch->pending_count = 0;
	batch->declared = false;
	arena_init(&batch->chunk, CHUNK_BYTES);
	arena_init(&batch->seen_arena, SEEN_BYTES);
	*ret_batch = batch;
	return 0;
}

void bank_batch_close(struct bank_batch *batch)
{
	if (batch == NULL) return;
	arena_free(&batch->chunk);
	arena_free(&batch->seen_arena);
	mem_free(batch);
}

void bank_batch_begin(
	struct bank_batch *batch, const struct uuid *statement_id, uint32_t number, struct bank_imported *statement)
{
	batch->statement_id = *statement_id;
	batch->number = number;
	batch->statement = statement;
	statement->fresh = 0;
	statement->moved = 0;
	statement->told_before = 0;
	arena_reset(&batch->seen_arena);
	batch->seen = (struct bank_repeats){.count = 0};
	posting_account(posting_rule("bank_in")->debit, statement->account->code, batch->bank);
}

/* ---- what is at hand ---- */

static int flush(struct bank_batch *batch);

static int too_long(int r, uint32_t line)
{
	return err_set(r, "line %u has more text than %u bytes", (unsigned)line, BANK_CONTENT_BYTES_MAX);
}

static bool is_full(const struct bank_batch *batch)
{
	return batch->line_count >= LINES_MAX || batch->detail_count >= LINES_MAX ||
	       batch->pending_count >= LINES_MAX || batch->chunk.used_bytes >= JSON_BYTES_MAX;
}

static int seen_add(struct bank_batch *batch, const struct bank_entry *entry)
{
	const struct bank_repeat seen = {.statement = batch->number,
		.entry = entry->number,
		.line = entry->line,
		.day = bank_batch_day(entry),
		.minor = entry->amount.minor};

	if (batch->statement->chain != CHAIN_COPY && batch->statement->chain != CHAIN_OVERLAPS) return 0;
	return bank_repeats_add(&batch->seen, &seen, &batch->seen_arena);
}

int bank_batch_skip(struct bank_batch *batch, const struct bank_entry *entry)
{
	return entry->part == 0 ? seen_add(batch, entry) : 0;
}

static int line_add(struct bank_batch *batch, const struct bank_entry *entry)
{
	const struct bank_detail *single = entry->last && entry->detail_count == 1 ? &entry->details[0] : NULL;
	struct batch_line *line = &batch->lines[batch->line_count];
	int r;

	*line = (struct batch_line){.occurrence = entry->occurrence,
		.number = entry->number,
		.booked = bank_batch_day(entry),
		.value = entry->value_day,
		.minor = entry->amount.minor,
		.referenced = entry->referenced,
		.reversal = entry->reversal,
		.single = bank_batch_single(entry),
		.detailed = single != NULL && bank_detail_names(single)};
	memcpy(line->identity, entry->identity, sizeof(line->identity));
	r = bank_line_content(entry, single, &batch->chunk.zf, &line->json);
	if (r < 0) return too_long(r, entry->line);
	r = seen_add(batch, entry);
	line->seen = batch->seen.count > 0 ? batch->seen.count - 1 : UNSEEN;
	batch->entry.line = batch->line_count++;
	return r;
}

static int details_add(struct bank_batch *batch, const struct bank_entry *entry)
{
	for (uint32_t i = 0; i < entry->detail_count; i++) {
		const struct bank_detail *said = &entry->details[i];
		struct batch_detail *detail = &batch->details[batch->detail_count];
		int r;

		assert(batch->detail_count < DETAILS_MAX);
		*detail = (struct batch_detail){
			.of = batch->entry, .number = said->number, .amount = said->account_amount};
		r = bank_detail_content(said, &batch->chunk.zf, &detail->json);
		if (r < 0) return too_long(r, said->line);
		batch->detail_count++;
	}
	return 0;
}

/* A line whose payer comes to light with a later part of its batch is declared then. */
static void declaration_add(struct bank_batch *batch, const struct bank_entry *entry)
{
	struct batch_declaration *made = &batch->declarations[batch->declaration_count];

	if (entry->part == 0) batch->declared = false;
	if (batch->declared || !declaration_of(batch->import->hospital, entry, bank_batch_day(entry), &made->told))
		return;
	batch->declared = true;
	made->of = batch->entry;
	batch->declaration_count++;
}

int bank_batch_line(struct bank_batch *batch, const struct bank_entry *entry)
{
	int r = entry->part == 0 ? line_add(batch, entry) : 0;

	/* a single one is with the line */
	if (r == 0 && !bank_batch_single(entry)) r = details_add(batch, entry);
	if (r < 0) return r;
	declaration_add(batch, entry);
	return is_full(batch) ? flush(batch) : 0;
}

int bank_batch_told(struct bank_batch *batch, const struct bank_entry *entry, const struct uuid *line_id)
{
	int r;

	batch->entry = (struct batch_of){STORED, *line_id};
	r = details_add(batch, entry);
	return r == 0 && is_full(batch) ? flush(batch) : r;
}

int bank_batch_pending(struct bank_batch *batch, const struct bank_entry *entry)
{
	struct batch_pending *pending = &batch->pending[batch->pending_count++];

	*pending = (struct batch_pending){.occurrence = entry->occurrence,
		.day = bank_batch_day(entry),
		.value = entry->value_day,
		.minor = entry->amount.minor,
		.status = entry->status};
	memcpy(pending->identity, entry->identity, sizeof(pending->identity));
	return is_full(batch) ? flush(batch) : 0;
}

/* ---- into the database ---- */

static void day_put(struct db_array *array, int32_t day)
{
	if (day == BANK_NO_DAY)
		db_array_null(array);
	else
		db_array_date(array, day);
}

static int content_put(struct bank_batch *batch, struct db_array *array, const struct uuid *id, struct text_span json)
{
	struct bytes sealed;
	int r = seal(batch->sealer, batch->import->key, id, SEAL_FACT,
		(struct bytes){(const uint8_t *)json.ptr, json.len}, &batch->chunk, &sealed);

	if (r == 0) db_array_bytes(array, sealed);
	return r;
}

static const struct uuid *id_of(const struct bank_batch *batch, const struct batch_of *of)
{
	return of->line == STORED ? &of->id : &batch->lines[of->line].id;
}

/* Those that a notification told of have their ids. */
static int ids_give(struct bank_batch *batch)
{
	struct bank_told_line *asked = zf_alloc_array(&batch->chunk.zf, LINES_MAX, sizeof(*asked));
	uint32_t count = 0, n = 0;
	int r = 0;

	if (asked == NULL) return err_set(ERR_NOMEM, "no memory");
	for (uint32_t i = 0; i < batch->line_count; i++)
		if (batch->lines[i].referenced)
			asked[count++] = (struct bank_told_line){
				.identity = batch->lines[i].identity, .occurrence = batch->lines[i].occurrence};
	if (count > 0)
		r = bank_told_find(batch->import->db, &batch->chunk, &batch->import->hospital->id,
			batch->statement->account->code, asked, count);
	for (uint32_t i = 0; r == 0 && i < batch->line_count; i++) {
		struct batch_line *line = &batch->lines[i];

		line->told = line->referenced && asked[n].told;
		line->id = line->told ? asked[n].id : uuid_new();
		n += line->referenced;
	}
	return r;
}

/* $1 to $3 and $11, $12 of bank_lines_add(). */
static void account_put(const struct bank_batch *batch, struct db_params *params)
{
	const struct hospital_account *account = batch->statement->account;

	db_params_text(params, account->currency);
	db_params_int2(params, (int16_t)currency_exponent(account->currency));
}

static void lines_put(const struct bank_batch *batch, struct db_params *params)
{
	uint32_t n = batch->line_count;
	struct db_array *id = db_params_array(params, DB_UUID, n, 0);
	struct db_array *identity = db_params_array(params, DB_BYTEA, n, (size_t)BANK_IDENTITY_BYTES * n);
	struct db_array *referenced = db_params_array(params, DB_BOOL, n, 0);
	struct db_array *occurrence = db_params_array(params, DB_INT4, n, 0);
	struct db_array *booked = db_params_array(params, DB_DATE, n, 0);
	struct db_array *value = db_params_array(params, DB_DATE, n, 0);
	struct db_array *amount = db_params_array(params, DB_INT8, n, 0);

	for (uint32_t i = 0; i < n; i++) {
		const struct batch_line *line = &batch->lines[i];

		db_array_uuid(id, &line->id);
		db_array_bytes(identity, (struct bytes){line->identity, sizeof(line->identity)});
		db_array_bool(referenced, line->referenced);
		db_array_int4(occurrence, (int32_t)line->occurrence);
		db_array_date(booked, line->booked);
		day_put(value, line->value);
		db_array_int8(amount, line->minor);
	}
}

static int marks_put(struct bank_batch *batch, struct db_params *params)
{
	uint32_t n = batch->line_count;
	struct db_array *reversal = db_params_array(params, DB_BOOL, n, 0);
	struct db_array *number = db_params_array(params, DB_INT4, n, 0);
	struct db_array *whole = db_params_array(params, DB_BOOL, n, 0);
	struct db_array *detailed = db_params_array(params, DB_BOOL, n, 0);
	struct db_array *content = db_params_array(params, DB_BYTEA, n, (size_t)512 * n);
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < n; i++) {
		const struct batch_line *line = &batch->lines[i];

		db_array_bool(reversal, line->reversal);
		db_array_int4(number, (int32_t)line->number);
		db_array_bool(whole, !line->told && line->single);
		db_array_bool(detailed, line->detailed);
		r = content_put(batch, content, &line->id, line->json);
	}
	return r;
}

/* Of lines that were there, which no overlapping statement had brought. */
static int elsewhere_find(struct bank_batch *batch)
{
	struct pg_result *rows = NULL;
	struct db_params params;
	struct db_array *identity, *occurrence, *referenced;
	uint32_t *places = zf_alloc_array(&batch->chunk.zf, LINES_MAX, sizeof(*places));
	uint32_t count = 0;
	int r;

	if (places == NULL) return err_set(ERR_NOMEM, "no memory");
	db_params_init(&params, &batch->chunk);
	db_params_uuid(&params, &batch->import->hospital->id);
	db_params_text(&params, batch->statement->account->code);
	db_params_uuid(&params, &batch->statement_id);
	identity =
		db_params_array(&params, DB_BYTEA, batch->line_count, (size_t)BANK_IDENTITY_BYTES * batch->line_count);
	occurrence = db_params_array(&params, DB_INT4, batch->line_count, 0);
	referenced = db_params_array(&params, DB_BOOL, batch->line_count, 0);
	for (uint32_t i = 0; i < batch->line_count; i++) {
		const struct batch_line *line = &batch->lines[i];

		if (line->seen == UNSEEN || batch->seen.items[line->seen].fresh) continue;
		places[count++] = line->seen;
		db_array_bytes(identity, (struct bytes){line->identity, sizeof(line->identity)});
		db_array_int4(occurrence, (int32_t)line->occurrence);
		db_array_bool(referenced, line->referenced);
	}
	if (count == 0) return 0;
	r = db_sync_query(batch->import->db,
		"SELECT told FROM zhifu.bank_told_elsewhere($1, $2, $3, $4, $5, $6) AS told", &params, &rows);
	for (int row = 0; r == 0 && row < db_rows_count(rows); row++)
		batch->seen.items[places[db_rows_int(rows, row, 0) - 1]].elsewhere = true;
	db_sync_rows_free(rows);
	return r;
}

static int lines_store(struct bank_batch *batch)
{
	struct pg_result *rows = NULL;
	struct db_params params;
	int r = ids_give(batch);

	if (r < 0) return r;
	db_params_init(&params, &batch->chunk);
	db_params_uuid(&params, &batch->import->hospital->id);
	db_params_uuid(&params, &batch->statement_id);
	db_params_text(&params, batch->statement->account->code);
	lines_put(batch, &params);
	account_put(batch, &params);
	r = marks_put(batch, &params);
	if (r < 0) return r;
	db_params_text(&params, batch->bank);
	db_params_text(&params, posting_rule("bank_in")->credit);
	db_params_text(&params, REASON_NEW);
	r = db_sync_query(batch->import->db,
		"SELECT zhifu.bank_lines_add($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
		&params, &rows);
	for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
		const struct batch_line *line = &batch->lines[db_rows_int(rows, row, 0) - 1];

		batch->statement->fresh++;
		batch->statement->moved += line->minor;
		if (line->seen != UNSEEN) batch->seen.items[line->seen].fresh = true;
	}
	db_sync_rows_free(rows);
	return r == 0 && batch->seen.count > 0 ? elsewhere_find(batch) : r;
}

static int details_store(struct bank_batch *batch)
{
	uint32_t n = batch->detail_count;
	struct db_params params;
	struct db_array *line, *number, *amount, *content;
	int r = 0;

	db_params_init(&params, &batch->chunk);
	db_params_uuid(&params, &batch->import->hospital->id);
	line = db_params_array(&params, DB_UUID, n, 0);
	number = db_params_array(&params, DB_INT4, n, 0);
	amount = db_params_array(&params, DB_INT8, n, 0);
	content = db_params_array(&params, DB_BYTEA, n, (size_t)512 * n);
	for (uint32_t i = 0; r == 0 && i < n; i++) {
		const struct batch_detail *detail = &batch->details[i];
		const struct uuid *id = id_of(batch, &detail->of);

		db_array_uuid(line, id);
		db_array_int4(number, (int32_t)detail->number);
		if (detail->amount.present)
			db_array_int8(amount, detail->amount.minor);
		else
			db_array_null(amount);
		r = content_put(batch, content, id, detail->json);
	}
	if (r < 0) return r;
	return db_sync_query(batch->import->db, "SELECT zhifu.bank_details_add($1, $2, $3, $4, $5)", &params, NULL);
}

static int declarations_store(struct bank_batch *batch)
{
	uint32_t n = batch->declaration_count;
	struct db_params params;
	struct db_array *line, *ground, *country, *due, *assumed;

	db_params_init(&params, &batch->chunk);
	db_params_uuid(&params, &batch->import->hospital->id);
	line = db_params_array(&params, DB_UUID, n, 0);
	ground = db_params_array(&params, DB_INT2, n, 0);
	country = db_params_array(&params, DB_TEXT, n, (size_t)2 * n);
	due = db_params_array(&params, DB_DATE, n, 0);
	assumed = db_params_array(&params, DB_BOOL, n, 0);
	for (uint32_t i = 0; i < n; i++) {
		const struct declaration *told = &batch->declarations[i].told;

		db_array_uuid(line, id_of(batch, &batch->declarations[i].of));
		db_array_int2(ground, (int16_t)told->ground);
		if (told->country[0] != '\0')
			db_array_text(country, told->country);
		else
			db_array_null(country);
		db_array_date(due, told->due_day);
		db_array_bool(assumed, told->due_assumed);
	}
	db_params_text(&params, batch->import->hospital->declaration_code);
	return db_sync_query(
		batch->import->db, "SELECT zhifu.declaration_add($1, $2, $3, $4, $5, $6, $7)", &params, NULL);
}

static int pending_store(struct bank_batch *batch)
{
	uint32_t n = batch->pending_count;
	struct db_params params;
	struct db_array *id, *identity, *occurrence, *day, *value, *amount, *status;

	db_params_init(&params, &batch->chunk);
	db_params_uuid(&params, &batch->import->hospital->id);
	db_params_uuid(&params, &batch->statement_id);
	db_params_text(&params, batch->statement->account->code);
	account_put(batch, &params);
	id = db_params_array(&params, DB_UUID, n, 0);
	identity = db_params_array(&params, DB_BYTEA, n, (size_t)BANK_IDENTITY_BYTES * n);
	occurrence = db_params_array(&params, DB_INT4, n, 0);
	day = db_params_array(&params, DB_DATE, n, 0);
	value = db_params_array(&params, DB_DATE, n, 0);
	amount = db_params_array(&params, DB_INT8, n, 0);
	status = db_params_array(&params, DB_INT2, n, 0);
	for (uint32_t i = 0; i < n; i++) {
		const struct batch_pending *one = &batch->pending[i];
		struct uuid fresh = uuid_new();

		db_array_uuid(id, &fresh);
		db_array_bytes(identity, (struct bytes){one->identity, sizeof(one->identity)});
		db_array_int4(occurrence, (int32_t)one->occurrence);
		db_array_date(day, one->day);
		day_put(value, one->value);
		db_array_int8(amount, one->minor);
		db_array_int2(status, one->status);
	}
	return db_sync_query(batch->import->db,
		"SELECT zhifu.bank_pending_add($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)", &params, NULL);
}

int bank_batch_end(struct bank_batch *batch, struct arena *arena)
{
	struct bank_import *import = batch->import;
	int r = flush(batch);

	if (r < 0 || batch->statement->fresh == 0) return r;
	return bank_repeats_find(import->db, arena, &import->hospital->id, batch->statement->account->code,
		&batch->statement_id, &batch->seen, &import->repeated);
}

/* The lines first: details may be of one that was stored before. */
static int flush(struct bank_batch *batch)
{
	int r = batch->line_count > 0 ? lines_store(batch) : 0;

	if (r == 0 && batch->detail_count > 0) r = details_store(batch);
	if (r == 0 && batch->declaration_count > 0) r = declarations_store(batch);
	if (r == 0 && batch->pending_count > 0) r = pending_store(batch);
	POINT("bank.lines");
	/* of the last one more parts may come */
	if (batch->line_count > 0 && batch->entry.line != STORED)
		batch->entry = (struct batch_of){STORED, batch->lines[batch->entry.line].id};
	batch->line_count = batch->detail_count = batch->declaration_count = batch->pending_count = 0;
	arena_reset(&batch->chunk);
	return r;
}
