/* zhifuctl money rate import: the rates of a file, all of them or none. */
#include <string.h>

#include "ctl/rate_desk.h"
#include "db/sync.h"
#include "lib/charset.h"
#include "lib/date.h"
#include "model/rate_csv.h"
#include "model/rate_ecb.h"

#define FIRST_DAY 0 /* 1970: long before the oldest file */
#define BANK_NAME_MAX 32
#define GROWTH_MAX 3 /* bytes in UTF-8 for one of another character set */
#define BOARD "board:"

struct import {
	struct rate_desk desk;
	const char *file, *from;     /* as they were typed */
	const char *bank;            /* NULL, or whose board it is */
	enum rate_source source;     /* RATE_BANK_BUY stands for both of a board */
	struct text_span text;       /* the file, in UTF-8 */
	struct rate_table table;     /* what is in it */
	int32_t first_day, last_day; /* of it */
	int64_t made;                /* rates that are new */
};

static void import_close(struct import *import)
{
	rate_desk_close(&import->desk);
}

static int source_read(struct import *import)
{
	const char *from = import->from;
	const char *bank = strncmp(from, BOARD, strlen(BOARD)) == 0 ? from + strlen(BOARD) : NULL;

	if (strcmp(from, "cfets") == 0 || strcmp(from, "ecb") == 0) {
		import->source = rate_source_find(text_of(from));
		return 0;
	}
	if (bank == NULL || *bank == '\0' || strlen(bank) > BANK_NAME_MAX ||
		strspn(bank, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(bank))
		return ctl_usage(
			"--source takes cfets, ecb or board:BANK with BANK of a-z, 0-9 and hyphen, not \"%s\"", from);
	import->source = RATE_BANK_BUY;
	import->bank = bank;
	import->desk.reading.bank = 1; /* as rate_rows_read has it */
	return 0;
}

static int parse(const struct import *import, const struct rate_reading *reading, struct arena *arena,
	struct fault_list *faults, struct rate_table *ret_table)
{
	switch (import->source) {
	case RATE_CFETS:
		return rate_csv_read(import->text, &rate_csv_cfets, reading, &arena->zf, faults, ret_table);
	case RATE_ECB:
		return rate_ecb_read(import->text, reading, &arena->zf, faults, ret_table);
	default:
		return rate_csv_read(import->text, &rate_csv_board, reading, &arena->zf, faults, ret_table);
	}
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
static void days_guess(struct import *import)
{
	struct rate_reading alone = import->desk.reading;
	struct arena arena CLEANUP(arena_free);
	struct fault_list faults;
	struct rate_table table;

	alone.far_allowed = true;
	import->first_day = FIRST_DAY;
	import->last_day = alone.today;
	arena_init(&arena, import->desk.arena.limit_bytes);
	fault_list_init(&faults, &arena.zf, 0);
	if (parse(import, &alone, &arena, &faults, &table) == 0) days_of(&table, &import->first_day, &import->last_day);
}

/* ---- storing ---- */

/* Another value came in between this reading and the storing. */
static void tell_changed(struct import *import, const struct rate *rate, const struct pg_result *rows, int row)
{
	struct rate stored = {.per = 0};
	char this_text[RATE_TEXT_SIZE];
	char stored_text[RATE_TEXT_SIZE];
	char day[DATE_TEXT_SIZE];

	rate_rows_price(rows, row, 2, &stored);
	rate_format(rate, this_text);
	rate_format(&stored, stored_text);
	(void)date_format_day(rate->day, day);
	fault_add(&import->desk.faults, FAULT_RATE_CHANGED, day, this_text, stored_text);
}

/* Those of one source. ERR_INVALID with faults: another value is there meanwhile. */
static int store_source(struct import *import, enum rate_source source)
{
	struct arena *arena = &import->desk.arena;
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
	db_params_text(&params, import->desk.ctl->who);
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
		       : db_sync_query(import->desk.ctl->db,
				 "SELECT ordinal, stored, base, quote, per, digits, scale FROM"
				 " rate_store($1, $2, $3, $4, $5, $6, $7, $8, $9)",
				 &params, &rows);
	for (int row = 0; r == 0 && row < db_rows_count(rows); row++) {
		int64_t ordinal = db_rows_int(rows, row, 0);

		if (ordinal == 0)
			import->made += db_rows_int(rows, row, 1);
		else
			tell_changed(import, sent[ordinal - 1], rows, row);
	}
	db_sync_rows_free(rows);
	return r == 0 && fault_refuses(&import->desk.faults) ? ERR_INVALID : r;
}

static int note_write(struct import *import, const char *why)
{
	static const struct uuid house = {{0}};
	char first[DATE_TEXT_SIZE];
	char last[DATE_TEXT_SIZE];
	char subject[160];

	(void)date_format_day(import->first_day, first);
	(void)date_format_day(import->last_day, last);
	(void)snprintf(subject, sizeof(subject), "%s %s to %s: %lld new, %lld known", import->from, first, last,
		(long long)import->made, (long long)import->table.count - (long long)import->made);
	return ctl_query(import->desk.ctl, NULL, "SELECT operator_note($1, $2, 'rate.import', $3, $4)", "uttt", &house,
		import->desk.ctl->who, subject, why);
}

/* Reads it beside what is known and stores it, in one transaction. */
static int import_run(struct import *import, const char *why)
{
	struct rate_desk *desk = &import->desk;
	int r;

	days_guess(import);
	r = db_sync_script(desk->ctl->db, "BEGIN");
	if (r == 0) r = rate_desk_know(desk, import->bank, import->first_day, import->last_day);
	if (r == 0) {
		r = parse(import, &desk->reading, &desk->arena, &desk->faults, &import->table);
		if (r == ERR_NOMEM) return err_set(r, "no memory for what is in the file");
	}
	if (r == 0) {
		days_of(&import->table, &import->first_day, &import->last_day);
		r = store_source(import, import->source);
	}
	if (r == 0 && import->source == RATE_BANK_BUY) r = store_source(import, RATE_BANK_SELL);
	if (r == 0) r = note_write(import, why);
	return r == 0 ? ctl_commit(desk->ctl) : r;
}

/* ---- what is said ---- */

static bool has_fault(const struct fault_list *faults, enum fault_code code)
{
	for (uint32_t i = 0; i < faults->count; i++)
		if (faults->items[i].code == code) return true;
	return false;
}

static void advise(const struct import *import)
{
	const struct ctl *ctl = import->desk.ctl;
	const struct fault_list *faults = &import->desk.faults;

	(void)fprintf(stderr, "zhifuctl: %s: %s\n", import->file,
		say(ctl, "nothing of it is stored. Mend the file or fetch it again, and import it once more.",
			"其中的汇率均未入库。请更正或重新下载文件后再次导入。"));
	if (has_fault(faults, FAULT_RATE_FAR) || has_fault(faults, FAULT_RATE_CHANGED))
		(void)fputs(say(ctl,
				    "A rate that is right all the same is typed in with \"money rate set\", and counts "
				    "when another person has approved it.\n",
				    "如汇率属实,请用 money rate set 手工录入,经他人复核后生效。\n"),
			stderr);
	if (has_fault(faults, FAULT_RATE_FAR))
		(void)fputs(say(ctl, "Old rates that did jump are taken with --history.\n",
				    "历史汇率确有大幅变动时,请加 --history 导入。\n"),
			stderr);
	if (has_fault(faults, FAULT_CSV_ENCODING))
		(void)fputs(say(ctl, "If the file is in another character set, say which: --charset GB18030.\n",
				    "如文件为其他编码,请注明,例如 --charset GB18030。\n"),
			stderr);
}

static int import_say(struct import *import, bool refused)
{
	const struct ctl *ctl = import->desk.ctl;
	struct report report;

	report_begin(&report, ctl);
	report_field(&report, "source", refused ? NULL : say(ctl, "source", "来源"), cell_text(import->from));
	report_field(&report, "new", refused ? NULL : say(ctl, "new", "新增"), cell_int(import->made));
	report_field(&report, "known", refused ? NULL : say(ctl, "known already", "已有"),
		cell_int(refused ? 0 : (int64_t)import->table.count - import->made));
	if (!refused) {
		report_field(&report, "first", say(ctl, "first day", "最早日期"), cell_day(import->first_day));
		report_field(&report, "last", say(ctl, "last day", "最晚日期"), cell_day(import->last_day));
	}
	report_faults(&report, import->file, &import->desk.faults, &import->desk.arena.zf);
	if (refused && ctl_notes(ctl)) advise(import);
	return report_end(&report, refused);
}

/* ---- the file ---- */

static int charset_read(const char *name, enum charset_kind *ret_charset)
{
	if (charset_find(text_of(name), ret_charset) == 0) return 0;
	return ctl_usage("--charset takes UTF-8, ISO-8859-1, ISO-8859-15, GB18030 or CP852, not \"%s\"", name);
}

/* The text in UTF-8. ERR_INVALID with the line of what is no character; nothing is left out or guessed. */
static int text_convert(struct import *import, enum charset_kind kind, struct bytes bytes)
{
	const char *start = (const char *)bytes.ptr;
	const char *at = start;
	size_t left = bytes.len;
	char *out = zf_alloc(&import->desk.arena.zf, GROWTH_MAX * bytes.len + 1);
	struct charset charset;
	unsigned line = 1;
	int r;

	if (out == NULL) return err_set(ERR_NOMEM, "no memory for the text");
	if (charset_open(&charset, kind) != 0)
		return err_set(ERR_SYS, "this system does not know %s", charset_name(kind));
	import->text = (struct text_span){out, 0};
	do {
		struct text_span piece;

		r = charset_next(&charset, &at, &left, &piece);
		memcpy(out + import->text.len, piece.ptr, piece.len);
		import->text.len += piece.len;
	} while (r == 0 && left > 0);
	if (charset_is_cut(&charset)) r = ERR_INVALID;
	charset_close(&charset);
	if (r == 0) return 0;
	for (const char *p = start; p < at; p++) line += *p == '\n';
	fault_addf(&import->desk.faults, FAULT_CSV_CHARSET, charset_name(kind), NULL, "%u", line);
	return ERR_INVALID;
}

static int file_take(struct import *import, enum charset_kind charset)
{
	struct bytes bytes;
	int r = ctl_file_read(import->file, RATE_FILE_BYTES_MAX, &import->desk.arena, &bytes);

	if (r < 0 || charset != CHARSET_UTF8) return r < 0 ? r : text_convert(import, charset, bytes);
	import->text = (struct text_span){(const char *)bytes.ptr, bytes.len}; /* which the readers check */
	return 0;
}

int money_rate_import(struct ctl *ctl, int argc, char **argv)
{
	struct import import CLEANUP(import_close) = {.made = 0};
	const char *words[CTL_WORDS_MAX];
	const char *name = NULL;
	const char *why = NULL;
	enum charset_kind charset = CHARSET_UTF8;
	bool history = false;
	const struct ctl_option options[] = {{"--source", &import.from, NULL}, {"--charset", &name, NULL},
		{"--history", NULL, &history}, {"--why", &why, NULL}, {NULL, NULL, NULL}};
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	rate_desk_open(ctl, &import.desk);
	if (r != 0) return r;
	if (import.from == NULL) return ctl_usage("say whose rates they are with --source cfets|ecb|board:BANK");
	r = source_read(&import);
	if (r == 0 && name != NULL) r = charset_read(name, &charset);
	if (r == 0 && name != NULL && import.source == RATE_ECB)
		return ctl_usage("--charset is for CSV; the ECB's XML is UTF-8");
	if (r == 0) r = ctl_known(ctl);
	if (r != 0) return r;
	import.file = words[0];
	import.desk.reading.far_allowed = history;
	r = file_take(&import, charset);
	if (r == 0) r = import_run(&import, why);
	if (r < 0 && fault_refuses(&import.desk.faults)) {
		import.made = 0;
		return import_say(&import, true);
	}
	if (r < 0) return ctl_fail("nothing is stored");
	return import_say(&import, false);
}
