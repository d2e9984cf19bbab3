/* The file is read twice: once alone, to know its days, and once beside what is known of those. */
#include "settle/rate_import.h"

#include <stdio.h>
#include <string.h>

#include "base/zone.h"
#include "db/sync.h"
#include "lib/date.h"
#include "model/directory.h"
#include "model/rate_csv.h"
#include "model/rate_ecb.h"
#include "settle/file_text.h"

#define FIRST_DAY 0    /* 1970: long before the oldest file */
#define NOTE_COLUMN 11 /* a time, behind those that rate_rows_read takes */
#define BANK_NAME_MAX 32
#define BOARD "board:"
#define PROFILE "profile:"

/* ---- what is known ---- */

/* "2026-11-22T10:35:00.000+08:00" */
static void time_words(const struct pg_result *rows, int row, const struct zone *zone, char ret[DATE_TEXT_SIZE])
{
	int64_t at = db_rows_time_ms(rows, row, NOTE_COLUMN);

	(void)date_format_ms(at, zone == NULL ? 0 : zone_offset_minutes(zone, at), ret);
}

/* Who stored each and when. */
static const char *const *notes_make(const struct rate_known *known, const struct zone *zone, struct arena *arena)
{
	const char **notes = zf_alloc_array(&arena->zf, known->rates.table.count + 1, sizeof(*notes));

	for (size_t i = 0; notes != NULL && i < known->rates.table.count; i++) {
		int row = known->rates.rows[i];
		char iso[DATE_TEXT_SIZE];

		time_words(known->rows, row, zone, iso);
		notes[i] = arena_printf(arena, "%.60s, %.10s %.5s %s", db_rows_text(known->rows, row, 9), iso, iso + 11,
			iso[23] == 'Z' ? "UTC" : iso + 23);
		if (notes[i] == NULL) return NULL;
	}
	return notes;
}

int rate_known_read(struct db_sync *db, const char *bank, int32_t from, int32_t to, const struct zone *zone,
	struct arena *arena, struct rate_known *ret_known)
{
	struct db_params params;
	int r;

	db_params_init(&params, arena);
	db_params_date(&params, from);
	db_params_date(&params, to);
	r = db_sync_query(
		db, "SELECT " RATE_ROWS_COLUMNS ", made_at FROM zhifu.rate_around($1, $2)", &params, &ret_known->rows);
	if (r < 0) return r;
	r = rate_rows_read(ret_known->rows, bank, &arena->zf, &ret_known->rates);
	if (r < 0) return err_set(r, "no memory for the rates that are known");
	ret_known->notes = notes_make(ret_known, zone, arena);
	return ret_known->notes == NULL ? err_set(ERR_NOMEM, "no memory for the rates that are known") : 0;
}

void rate_known_free(struct rate_known *known)
{
	db_sync_rows_free(known->rows);
	known->rows = NULL;
}

/* What counted once for those days. */
static int past_read(
	struct rate_import *import, int32_t from, int32_t to, struct arena *arena, struct rate_past *ret_past)
{
	struct db_params params;
	struct pg_result *rows = NULL;
	struct stored_rates past = {.table = {.count = 0}};
	const char **until;
	int r;

	db_params_init(&params, arena);
	db_params_date(&params, from);
	db_params_date(&params, to);
	/* of persons' rates, which no file brings, nobody is named */
	r = db_sync_query(import->db,
		"SELECT rate_id, source::int4, bank, base, quote, per, digits, scale::int4, day, '', '', until"
		" FROM zhifu.rate_past($1, $2)",
		&params, &rows);
	if (r < 0) return r;
	r = rate_rows_read(rows, import->bank, &arena->zf, &past);
	until = r < 0 ? NULL : zf_alloc_array(&arena->zf, past.table.count + 1, sizeof(*until));
	for (size_t i = 0; until != NULL && i < past.table.count; i++) {
		char iso[DATE_TEXT_SIZE];

		time_words(rows, past.rows[i], import->zone, iso);
		until[i] = arena_printf(arena, "%.10s", iso);
		if (until[i] == NULL) until = NULL;
	}
	db_sync_rows_free(rows);
	if (until == NULL) return err_set(ERR_NOMEM, "no memory for the rates that were corrected");
	*ret_past = (struct rate_past){past.table.rates, until, past.table.count};
	return 0;
}

/* ---- the file ---- */

static const struct rate_profile *profile_find(const struct hospital *hospital, const char *name)
{
	for (uint32_t i = 0; hospital != NULL && i < hospital->rate_profile_count; i++)
		if (strcmp(hospital->rate_profiles[i].name, name) == 0) return &hospital->rate_profiles[i];
	return NULL;
}

int rate_import_source(struct rate_import *import, const char *from, const struct hospital *hospital)
{
	const struct rate_profile *profile = NULL;
	const char *bank = NULL;

	import->from = from;
	import->charset = CHARSET_UTF8;
	if (strncmp(from, PROFILE, strlen(PROFILE)) == 0) {
		profile = profile_find(hospital, from + strlen(PROFILE));
		if (profile == NULL) return ERR_NOTFOUND;
		import->charset = profile->charset;
		from = profile->from;
	}
	if (strcmp(from, "cfets") == 0 || strcmp(from, "ecb") == 0) {
		import->source = rate_source_find(text_of(from));
		import->csv = profile != NULL ? profile->csv : import->source == RATE_CFETS ? &rate_csv_cfets : NULL;
		return 0;
	}
	if (strncmp(from, BOARD, strlen(BOARD)) == 0) bank = from + strlen(BOARD);
	if (bank == NULL || *bank == '\0' || strlen(bank) > BANK_NAME_MAX ||
		strspn(bank, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(bank))
		return ERR_INVALID;
	import->source = RATE_BANK_BUY;
	import->bank = bank;
	import->reading.bank = 1; /* as rate_rows_read has it */
	import->csv = profile != NULL ? profile->csv : &rate_csv_board;
	return 0;
}

void rate_import_begin(struct rate_import *import, struct arena *arena, int32_t today)
{
	const char *why = import->why;

	*import = (struct rate_import){.why = why, .reading = {.today = today}};
	fault_list_init(&import->faults, &arena->zf, 0);
}

int rate_import_text(struct rate_import *import, enum charset_kind kind, struct bytes bytes, struct arena *arena)
{
	return file_text(kind, bytes, arena, &import->faults, &import->text);
}

static int parse(const struct rate_import *import, const struct rate_reading *reading, struct arena *arena,
	struct fault_list *faults, struct rate_table *ret_table)
{
	return import->csv == NULL ? rate_ecb_read(import->text, reading, &arena->zf, faults, ret_table)
				   : rate_csv_read(import->text, import->csv, reading, &arena->zf, faults, ret_table);
}

static void days_of(const struct rate_table *table, int32_t *ret_first, int32_t *ret_last)
{
	*ret_first = *ret_last = table->rates[0].day;
	for (size_t i = 1; i < table->count; i++) {
		if (table->rates[i].day < *ret_first) *ret_first = table->rates[i].day;
		if (table->rates[i].day > *ret_last) *ret_last = table->rates[i].day;
	}
}

/* What of the known rates is needed depends on the file's days. One that cannot be read without them may have any. */
static void days_guess(struct rate_import *import, size_t bytes_max)
{
	struct rate_reading alone = import->reading;
	struct arena arena CLEANUP(arena_free);
	struct fault_list faults;
	struct rate_table table;

	alone.far_allowed = true;
	import->first_day = FIRST_DAY;
	import->last_day = alone.today;
	arena_init(&arena, bytes_max);
	fault_list_init(&faults, &arena.zf, 0);
	if (parse(import, &alone, &arena, &faults, &table) == 0) days_of(&table, &import->first_day, &import->last_day);
}

/* ---- storing ---- */

/* Another value came in between this reading and the storing. */
static void tell_changed(struct rate_import *import, const struct rate *rate, const struct pg_result *rows, int row)
{
	struct rate stored = {.per = 0};
	char this_text[RATE_TEXT_SIZE];
	char stored_text[RATE_TEXT_SIZE];
	char day[DATE_TEXT_SIZE];

	rate_rows_price(rows, row, 2, &stored);
	rate_format(rate, this_text);
	rate_format(&stored, stored_text);
	(void)date_format_day(rate->day, day);
	fault_add(&import->faults, FAULT_RATE_CHANGED, day, this_text, stored_text);
}

/* Those of one source. ERR_INVALID with faults: another value is there meanwhile. */
static int store_source(struct rate_import *import, enum rate_source source, struct arena *arena)
{
	const struct rate_table *table = &import->table;
	const struct rate **sent = zf_alloc_array(&arena->zf, table->count, sizeof(struct rate *));
	struct db_array *base, *quote, *per, *digits, *scale, *day;
	struct db_params params;
	struct pg_result *rows = NULL;
	size_t count = 0;
	int r;

	if (sent == NULL) return err_set(ERR_NOMEM, "no memory for the rates");
	db_params_init(&params, arena);
	db_params_int2(&params, (int16_t)source);
	db_params_text(&params, import->bank != NULL ? import->bank : "");
	base = db_params_array(&params, DB_TEXT, table->count, 3 * table->count);
	quote = db_params_array(&params, DB_TEXT, table->count, 3 * table->count);
	per = db_params_array(&params, DB_INT4, table->count, 0);
	digits = db_params_array(&params, DB_INT8, table->count, 0);
	scale = db_params_array(&params, DB_INT2, table->count, 0);
	day = db_params_array(&params, DB_DATE, table->count, 0);
	db_params_text(&params, import->who);
	for (size_t i = 0; i < table->count; i++) {
		const struct rate *rate = &table->rates[i];

		if (rate->source != source) continue;
		db_array_text(base, rate->base);
		db_array_text(quote, rate->quote);
		db_array_int4(per, (int32_t)rate->per);
		db_array_int8(digits, rate->value.unscaled);
		db_array_int2(scale, rate->value.scale);
		db_array_date(day, rate->day);
		sent[count++] = rate;
	}
	r = count == 0 ? 0
		       : db_sync_query(import->db,
				 "SELECT ordinal, stored, base, quote, per, digits, scale FROM"
				 " zhifu.rate_store($1, $2, $3, $4, $5, $6, $7, $8, $9)",
				 &params, &rows);
	for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
		int64_t ordinal = db_rows_int(rows, row, 0);

		if (ordinal == 0)
			import->made += db_rows_int(rows, row, 1);
		else
			tell_changed(import, sent[ordinal - 1], rows, row);
	}
	db_sync_rows_free(rows);
	return r == 0 && fault_refuses(&import->faults) ? ERR_INVALID : r;
}

static int note_write(struct rate_import *import, struct arena *arena)
{
	struct db_params params;
	char first[DATE_TEXT_SIZE];
	char last[DATE_TEXT_SIZE];
	char subject[200];
	char more[40] = "";

	(void)date_format_day(import->first_day, first);
	(void)date_format_day(import->last_day, last);
	if (import->superseded > 0) (void)snprintf(more, sizeof(more), ", %u superseded", import->superseded);
	(void)snprintf(subject, sizeof(subject), "%s %s to %s: %lld new, %lld known%s", import->from, first, last,
		(long long)import->made, (long long)rate_import_known(import), more);
	db_params_init(&params, arena);
	db_params_text(&params, import->who);
	db_params_text(&params, subject);
	db_params_text(&params, import->why);
	return db_sync_query(import->db, "SELECT zhifu.api_rate_note($1, $2, $3)", &params, NULL);
}

static int import_store(struct rate_import *import, struct arena *arena)
{
	struct rate_known known CLEANUP(rate_known_free) = {.rows = NULL};
	int r = rate_known_read(
		import->db, import->bank, import->first_day, import->last_day, import->zone, arena, &known);

	if (r < 0) return r;
	import->reading.known = known.rates.table;
	import->reading.notes = known.notes;
	import->reading.superseded = &import->superseded;
	r = past_read(import, import->first_day, import->last_day, arena, &import->reading.past);
	if (r < 0) return r;
	r = parse(import, &import->reading, arena, &import->faults, &import->table);
	if (r == ERR_NOMEM) return err_set(r, "no memory for what is in the file");
	if (r < 0) return r;
	days_of(&import->table, &import->first_day, &import->last_day);
	r = store_source(import, import->source, arena);
	if (r == 0 && import->source == RATE_BANK_BUY) r = store_source(import, RATE_BANK_SELL, arena);
	return r == 0 ? note_write(import, arena) : r;
}

int64_t rate_import_known(const struct rate_import *import)
{
	return (int64_t)import->table.count - import->made - (int64_t)import->superseded;
}

int rate_import_run(struct rate_import *import, struct arena *arena)
{
	int r;

	days_guess(import, arena->limit_bytes);
	r = db_sync_script(import->db, "BEGIN");
	if (r < 0) return r;
	if (import->hospital != NULL) r = db_sync_tenant(import->db, import->hospital);
	if (r == 0) r = import_store(import, arena);
	if (r == 0) return db_sync_script(import->db, "COMMIT");
	(void)!db_sync_script(import->db, "ROLLBACK");
	return r;
}
