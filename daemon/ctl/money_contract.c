/* zhifuctl money contract: agreements with payers. A file is read and all its faults are told; what is stored is a
 * version more, all contracts of a file or none. */
#include <jansson.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/report.h"
#include "db/sync.h"
#include "lib/date.h"
#include "model/contract_price.h"
#include "model/contract_words.h"
#include "model/directory.h"

#define ARENA_BYTES_MAX (64u << 20)
#define OUTCOMES 4
#define DAY_NONE INT32_MIN

/* What contract_put says (schema/047_contract.sql). */
enum outcome { OUTCOME_CARRIER = -2, OUTCOME_CLASH = -1, OUTCOME_SAME = 0, OUTCOME_STORED = 1 };

/* ---- put ---- */

/* What became of a contract. */
struct result {
	int outcome, version;
	const char *other;
	int32_t from, to; /* days of the other one; DAY_NONE: none */
	bool listless;    /* its bills wait for a price list that is not stored */
};

struct put {
	struct ctl *ctl;
	const struct hospital *hospital;
	const char *file, *why;
	bool check;
	struct arena arena;
	struct fault_list faults;
	struct contract_list list;
	struct result *results; /* one a contract, of count */
	uint32_t count;
	bool refused; /* one of them clashes with others */
};

static void put_close(struct put *put)
{
	arena_free(&put->arena);
}

static int put_read(struct put *put)
{
	struct bytes bytes;
	struct text_span text;
	int r = ctl_file_read(put->file, CONTRACT_BYTES_MAX, &put->arena, &bytes);

	if (r < 0) return r;
	text = (struct text_span){(const char *)bytes.ptr, bytes.len};
	r = contract_read(text, put->hospital->book_currency, &put->arena.zf, &put->faults, &put->list);
	if (r == ERR_NOMEM) return err_set(ERR_NOMEM, "no memory to read \"%s\"", put->file);
	if (r < 0) return r;
	contract_parties_check(&put->list, put->ctl->directory, &put->faults);
	return fault_refuses(&put->faults) ? ERR_INVALID : 0;
}

/* "2026-01-01 to 2026-06-30". */
static const char *span_words(struct put *put, const struct result *result)
{
	bool chinese = put->ctl->chinese;
	const char *open = say(put->ctl, "no end", "无期限");
	char from[DATE_TEXT_SIZE];
	char to[DATE_TEXT_SIZE];

	date_format_day(result->from, from);
	date_format_day(result->to, to);
	return text_printf(&put->arena.zf, chinese ? "%s 至 %s" : "%s to %s", from, result->to == DAY_NONE ? open : to);
}

/* "stored", or what is in the way. NULL on no memory. */
static const char *outcome_words(struct put *put, const struct result *result)
{
	const struct ctl *ctl = put->ctl;
	bool chinese = ctl->chinese;
	const char *span;

	switch ((enum outcome)result->outcome) {
	case OUTCOME_STORED:
		return put->check ? say(ctl, "would be stored", "可以入库") : say(ctl, "stored", "已入库");
	case OUTCOME_SAME:
		return say(ctl, "known already", "已有,无变化");
	case OUTCOME_CLASH:
		span = span_words(put, result);
		return span == NULL ? NULL
				    : arena_printf(&put->arena,
					      chinese ? "拒绝:与该承保人已有合同“%s”生效(%s)"
						      : "REFUSED: \"%s\" is in force with this carrier, %s",
					      result->other, span);
	case OUTCOME_CARRIER:
		return arena_printf(&put->arena,
			chinese ? "拒绝:该合同的承保人为 %s;与其他承保人的合同须另行命名"
				: "REFUSED: it is with the carrier %s; a contract with another one needs a name of its own",
			result->other);
	}
	return "?";
}

static const char *const outcome_names[OUTCOMES] = {"other-carrier", "clash", "known", "stored"};

static int32_t day_of(struct pg_result *rows, int row, int column)
{
	return db_rows_null(rows, row, column) ? DAY_NONE : db_rows_date(rows, row, column);
}

static int put_one(struct put *put, const struct contract *contract, struct result *ret)
{
	struct pg_result *rows = NULL;
	const char *document = zf_strndup(&put->arena.zf, contract->document.ptr, contract->document.len);
	const char *other;
	int r;

	if (document == NULL) return err_set(ERR_NOMEM, "no memory for a contract");
	r = ctl_query(put->ctl, &rows,
		"SELECT outcome, version, other_name, other_from, other_to"
		" FROM contract_put($1, $2::text::jsonb, $3, $4)",
		"uttt", &put->hospital->id, document, put->ctl->who, put->why);
	if (r < 0) return r;
	other = db_rows_text(rows, 0, 2);
	*ret = (struct result){.outcome = (int)db_rows_int(rows, 0, 0),
		.version = (int)db_rows_int(rows, 0, 1),
		.from = day_of(rows, 0, 3),
		.to = day_of(rows, 0, 4)};
	if (other != NULL) ret->other = zf_strndup(&put->arena.zf, other, strlen(other));
	r = other != NULL && ret->other == NULL ? err_set(ERR_NOMEM, "no memory for a contract") : 0;
	db_sync_rows_free(rows);
	if (ret->outcome < 0) put->refused = true;
	return r;
}

static int put_list_look(struct put *put, const struct contract *contract, struct result *result)
{
	struct pg_result *rows = NULL;
	int r;

	if (!contract_by_list(contract)) return 0;
	r = ctl_query(put->ctl, &rows, "SELECT FROM price_list WHERE hospital_id = $1 AND name = $2 LIMIT 1", "ut",
		&put->hospital->id, contract->price_list);
	if (r < 0) return r;
	result->listless = db_rows_count(rows) == 0;
	db_sync_rows_free(rows);
	return 0;
}

/* All of the file's, or none. */
static int put_store(struct put *put)
{
	int r;

	put->results = zf_alloc_array(&put->arena.zf, put->list.count, sizeof(*put->results));
	if (put->results == NULL) return err_set(ERR_NOMEM, "no memory for the results");
	r = ctl_begin(put->ctl, &put->hospital->id, true);
	for (; r == 0 && put->count < put->list.count; put->count++) {
		r = put_one(put, &put->list.items[put->count], &put->results[put->count]);
		if (r == 0) r = put_list_look(put, &put->list.items[put->count], &put->results[put->count]);
	}
	if (r == 0 && !put->refused && !put->check) return ctl_commit(put->ctl);
	ctl_rollback(put->ctl);
	return r;
}

static void results_say(struct put *put, struct report *report)
{
	const struct ctl *ctl = put->ctl;
	const struct column columns[] = {{"carrier", say(ctl, "carrier", "承保人")},
		{"name", say(ctl, "contract", "合同")}, {"version", say(ctl, "version", "版本")},
		{"outcome", say(ctl, "result", "结果")}, {"other", NULL}, {"other_from", NULL}, {"other_to", NULL}};
	struct table table;

	table_begin(&table, columns, ARRAY_LEN(columns));
	for (uint32_t i = 0; i < put->count; i++) {
		const struct result *result = &put->results[i];
		const char *words = outcome_words(put, result);

		table_add(&table, cell_text(put->list.items[i].carrier));
		table_add(&table, cell_text(put->list.items[i].name));
		table_add(&table, result->outcome < 0 ? cell_none() : cell_int(result->version));
		table_add(&table, cell_word(words, outcome_names[result->outcome - OUTCOME_CARRIER]));
		table_add(&table, cell_text(result->other));
		table_add(&table, result->from == DAY_NONE ? cell_none() : cell_day(result->from));
		table_add(&table, result->to == DAY_NONE ? cell_none() : cell_day(result->to));
	}
	table_end(&table, report, "contracts", NULL, NULL);
}

static int put_say(struct put *put)
{
	const struct ctl *ctl = put->ctl;
	bool refused = fault_refuses(&put->faults) || put->refused;
	struct report report;

	report_begin(&report, ctl);
	report_field(&report, "hospital", NULL, cell_text(put->hospital->code));
	report_field(&report, "stored", NULL, cell_bool(!refused && !put->check));
	results_say(put, &report);
	report_faults(&report, put->file, &put->faults, &put->arena.zf);
	for (uint32_t i = 0; !refused && i < put->count; i++)
		if (put->results[i].listless && ctl_notes(ctl))
			(void)fprintf(stderr,
				ctl->chinese
					? "zhifuctl: %s: 合同“%s”所用价目表“%s”尚未入库,其账单须待 money price put 入库后方可计算\n"
					: "zhifuctl: %s: \"%s\" names the price list \"%s\", which is not stored: its bills"
					  " wait until money price put brings it\n",
				put->file, put->list.items[i].name, put->list.items[i].price_list);
	if (refused && ctl_notes(ctl))
		(void)fprintf(stderr, "zhifuctl: %s: %s\n", put->file,
			say(ctl, "nothing of it is stored", "其中的合同均未入库"));
	return report_end(&report, refused ? 1 : 0);
}

static int contract_put(struct ctl *ctl, int argc, char **argv)
{
	struct put put CLEANUP(put_close) = {.ctl = ctl};
	const char *words[CTL_WORDS_MAX];
	const char *code = NULL;
	const struct ctl_option options[] = {{"--why", &put.why, NULL}, {"--hospital", &code, NULL},
		{"--check", NULL, &put.check}, {NULL, NULL, NULL}};
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	arena_init(&put.arena, ARENA_BYTES_MAX);
	fault_list_init(&put.faults, &put.arena.zf, 0);
	if (r == 0 && put.check && put.why == NULL) put.why = "check";
	if (r == 0) r = ctl_accountable(ctl, put.why);
	if (r != 0) return r;
	put.hospital = ctl_hospital(ctl, code);
	if (put.hospital == NULL) return 2;
	put.file = words[0];
	r = put_read(&put);
	if (r == 0) r = put_store(&put);
	if (r < 0 && !fault_refuses(&put.faults)) return ctl_fail("could not store the contracts");
	return put_say(&put);
}

/* ---- what is stored ---- */

/* A row of contract_list. */
enum {
	C_VERSION,
	C_NAME,
	C_CARRIER,
	C_FROM,
	C_TO,
	C_DOCUMENT,
	C_MAKER,
	C_MADE,
	C_WHY,
};

/* day: NULL or which counts then. */
static int rows_read(struct ctl *ctl, const struct hospital *hospital, const int32_t *day, struct pg_result **ret_rows)
{
	static const char *const columns =
		"version, name, carrier, counts_from, counts_to, document::text, maker, made_at, why";
	char sql[256];
	int r = ctl_begin(ctl, &hospital->id, false);

	(void)snprintf(sql, sizeof(sql), "SELECT %s FROM contract_list($1, $2::date)", columns);
	if (r == 0 && day != NULL) r = ctl_query(ctl, ret_rows, sql, "ud", &hospital->id, *day);
	if (r == 0 && day == NULL) r = ctl_query(ctl, ret_rows, sql, "ut", &hospital->id, NULL);
	return r == 0 ? ctl_commit(ctl) : r;
}

/* A stored document, in the arena; NULL with the error's text. It was read before it was stored, so only another
 * program's can be unreadable. */
static const struct contract *document_read(
	const struct hospital *hospital, struct pg_result *rows, int row, struct arena *arena)
{
	struct fault_list faults;
	struct contract_list list = {NULL, 0};
	int r;

	fault_list_init(&faults, &arena->zf, 0);
	r = contract_read(
		text_of(db_rows_text(rows, row, C_DOCUMENT)), hospital->book_currency, &arena->zf, &faults, &list);
	if (r < 0)
		(void)err_set(r, "version %d of the contract \"%s\" can't be read: %s",
			(int)db_rows_int(rows, row, C_VERSION), db_rows_text(rows, row, C_NAME),
			r == ERR_NOMEM ? "no memory" : fault_text_en(&arena->zf, &faults.items[0]));
	return list.items;
}

static struct cell cell_from(struct pg_result *rows, int row)
{
	return db_rows_null(rows, row, C_FROM) ? cell_none() : cell_day(db_rows_date(rows, row, C_FROM));
}

/* The last day. Without one it is open, unless the version counts on no day. */
static struct cell cell_to(const struct ctl *ctl, struct pg_result *rows, int row)
{
	if (!db_rows_null(rows, row, C_TO)) return cell_day(db_rows_date(rows, row, C_TO));
	return cell_aside(
		db_rows_null(rows, row, C_FROM) ? say(ctl, "replaced", "已被取代") : say(ctl, "open", "无期限"));
}

/* ---- list ---- */

static int list_row(
	struct ctl *ctl, const struct hospital *hospital, struct pg_result *rows, int row, struct table *table)
{
	struct arena arena CLEANUP(arena_free);
	const struct contract *contract;

	arena_init(&arena, ARENA_BYTES_MAX);
	contract = document_read(hospital, rows, row, &arena);
	if (contract == NULL) return ERR_INVALID;
	table_add(table, cell_text(hospital->code));
	table_add(table, cell_text(contract->carrier));
	table_add(table, cell_text(contract->name));
	table_add(table, cell_int(db_rows_int(rows, row, C_VERSION)));
	table_add(table, cell_text(contract->kind == CONTRACT_A ? "A" : contract->kind == CONTRACT_B ? "B" : "C"));
	table_add(table, cell_text(contract->owed));
	table_add(table, cell_text(contract->paid));
	table_add(table, cell_text(contract->remitter));
	table_add(table, cell_from(rows, row));
	table_add(table, cell_to(ctl, rows, row));
	return 0;
}

static int contract_list_show(struct ctl *ctl, int argc, char **argv)
{
	const struct column columns[] = {{"hospital", say(ctl, "hospital", "医院")},
		{"carrier", say(ctl, "carrier", "承保人")}, {"name", say(ctl, "contract", "合同")},
		{"version", say(ctl, "version", "版本")}, {"kind", say(ctl, "kind", "类型")},
		{"owed", say(ctl, "owes", "计欠")}, {"paid", say(ctl, "pays", "支付")},
		{"remitter", say(ctl, "who pays", "付款人")}, {"counts_from", say(ctl, "from", "起")},
		{"counts_to", say(ctl, "to", "止")}};
	const char *words[CTL_WORDS_MAX];
	const char *code = NULL;
	const char *on = NULL;
	const struct ctl_option options[] = {{"--day", &on, NULL}, {"--hospital", &code, NULL}, {NULL, NULL, NULL}};
	const struct hospital *hospital;
	struct report report;
	struct table table;
	uint32_t index = 0;
	int32_t day;
	int r = ctl_arguments(argc, argv, options, 0, 0, words);

	if (r == 0) r = ctl_day("--day", on, 0, &day);
	if (r != 0) return r;
	if (code != NULL && ctl_hospital(ctl, code) == NULL) return 2;
	report_begin(&report, ctl);
	table_begin(&table, columns, ARRAY_LEN(columns));
	while (r == 0 && (hospital = ctl_hospital_next(ctl, code, &index)) != NULL) {
		struct pg_result *rows = NULL;

		r = rows_read(ctl, hospital, on != NULL ? &day : NULL, &rows);
		for (int row = 0; r == 0 && row < db_rows_count(rows); row++)
			r = list_row(ctl, hospital, rows, row, &table);
		db_sync_rows_free(rows);
	}
	table_end(&table, &report, "contracts", NULL, say(ctl, "no contracts", "没有合同"));
	if (r < 0) {
		json_decref(report.root);
		return ctl_fail("could not list contracts");
	}
	return report_end(&report, 0);
}

/* ---- show ---- */

/* The row that is meant by a contract's name or a carrier's code: what counts on the day; by a name else the latest
 * version. -1: there is none. */
static int row_find(struct pg_result *rows, const char *what, int32_t day, bool day_given)
{
	int latest = -1;

	for (int row = 0; row < db_rows_count(rows); row++) {
		bool named = strcmp(db_rows_text(rows, row, C_NAME), what) == 0;
		bool counts = !db_rows_null(rows, row, C_FROM) && db_rows_date(rows, row, C_FROM) <= day &&
			      (db_rows_null(rows, row, C_TO) || db_rows_date(rows, row, C_TO) >= day);
		if (counts && (named || strcmp(db_rows_text(rows, row, C_CARRIER), what) == 0)) return row;
		if (named) latest = row;
	}
	return day_given ? -1 : latest;
}

static void show_terms(const struct ctl *ctl, struct report *report, const struct contract_term *terms, size_t count)
{
	if (ctl->json) return; /* the document has them */
	report_heading(report, say(ctl, "terms", "条款"));
	for (size_t i = 0; i < count; i++) report_field(report, terms[i].key, terms[i].label, cell_text(terms[i].text));
}

static void show_versions(const struct ctl *ctl, const struct hospital *hospital, struct pg_result *rows,
	const char *name, struct report *report)
{
	const struct column columns[] = {{"version", say(ctl, "version", "版本")},
		{"counts_from", say(ctl, "from", "起")}, {"counts_to", say(ctl, "to", "止")},
		{"who", say(ctl, "who", "经办人")}, {"at", say(ctl, "when", "时间")}, {"why", say(ctl, "why", "原因")}};
	struct table table;

	table_begin(&table, columns, ARRAY_LEN(columns));
	for (int row = 0; row < db_rows_count(rows); row++) {
		if (strcmp(db_rows_text(rows, row, C_NAME), name) != 0) continue;
		table_add(&table, cell_int(db_rows_int(rows, row, C_VERSION)));
		table_add(&table, cell_from(rows, row));
		table_add(&table, cell_to(ctl, rows, row));
		table_add(&table, cell_text(db_rows_text(rows, row, C_MAKER)));
		table_add(&table, cell_time(hospital->zone, db_rows_time_ms(rows, row, C_MADE)));
		table_add(&table, cell_text(db_rows_text(rows, row, C_WHY)));
	}
	table_end(&table, report, "versions", say(ctl, "versions", "历次版本"), NULL);
}

static int show_row(struct ctl *ctl, const struct hospital *hospital, struct pg_result *rows, int row)
{
	struct contract_term terms[CONTRACT_TERMS_MAX];
	struct arena arena CLEANUP(arena_free);
	const struct contract *contract;
	const struct insurer *insurer = directory_insurer(ctl->directory, db_rows_text(rows, row, C_CARRIER));
	const char *carrier = insurer != NULL ? insurer->name : db_rows_text(rows, row, C_CARRIER);
	const char *words;
	size_t count;
	struct report report;

	arena_init(&arena, ARENA_BYTES_MAX);
	contract = document_read(hospital, rows, row, &arena);
	if (contract == NULL) return ERR_INVALID;
	words = contract_owed_words(contract, carrier, ctl->chinese, &arena.zf);
	count = contract_terms(contract, ctl->chinese, &arena.zf, terms);
	if (words == NULL || count == 0) return err_set(ERR_NOMEM, "no memory for its words");
	report_begin(&report, ctl);
	report_field(&report, "hospital", say(ctl, "hospital", "医院"), cell_text(hospital->code));
	report_field(&report, "name", say(ctl, "contract", "合同"), cell_text(contract->name));
	report_field(&report, "version", say(ctl, "version", "版本"), cell_int(db_rows_int(rows, row, C_VERSION)));
	report_field(&report, "counts_from", say(ctl, "from", "起"), cell_from(rows, row));
	report_field(&report, "counts_to", say(ctl, "to", "止"), cell_to(ctl, rows, row));
	report_field(&report, "words", say(ctl, "in words", "约定"), cell_text(words));
	if (ctl->json)
		(void)json_object_set_new(
			report.root, "document", json_loads(db_rows_text(rows, row, C_DOCUMENT), 0, NULL));
	show_terms(ctl, &report, terms, count);
	show_versions(ctl, hospital, rows, contract->name, &report);
	return report_end(&report, 0);
}

static int contract_show(struct ctl *ctl, int argc, char **argv)
{
	const char *words[CTL_WORDS_MAX];
	const char *code = NULL;
	const char *on = NULL;
	const struct ctl_option options[] = {{"--day", &on, NULL}, {"--hospital", &code, NULL}, {NULL, NULL, NULL}};
	const struct hospital *hospital;
	struct pg_result *rows = NULL;
	int32_t day;
	int row = -1;
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	if (r != 0) return r;
	hospital = ctl_hospital(ctl, code);
	if (hospital == NULL) return 2;
	r = ctl_day("--day", on, (int32_t)zone_day(hospital->zone, clock_wall_ms()), &day);
	if (r != 0) return r;
	r = rows_read(ctl, hospital, NULL, &rows);
	if (r == 0) {
		row = row_find(rows, words[0], day, on != NULL);
		r = row >= 0 ? show_row(ctl, hospital, rows, row)
			     : err_set(ERR_NOTFOUND,
				       "no contract of this name, or in force with this carrier on that day");
	}
	db_sync_rows_free(rows);
	return r < 0 ? ctl_fail(words[0]) : r;
}

/* ---- end ---- */

static int end_run(struct ctl *ctl, const struct hospital *hospital, const char *name, int32_t day, const char *why,
	struct pg_result **ret_rows)
{
	int r = ctl_begin(ctl, &hospital->id, true);

	if (r == 0)
		r = ctl_query(ctl, ret_rows, "SELECT outcome, version, last_day FROM contract_end($1, $2, $3, $4, $5)",
			"utdtt", &hospital->id, name, day, ctl->who, why);
	return r == 0 ? ctl_commit(ctl) : r;
}

static int end_say(struct ctl *ctl, const char *name, struct pg_result *rows)
{
	int outcome = (int)db_rows_int(rows, 0, 0);
	bool has_day = !db_rows_null(rows, 0, 2);
	char day[DATE_TEXT_SIZE] = "";
	struct report report;

	if (has_day) date_format_day(db_rows_date(rows, 0, 2), day);
	if (outcome == -1) {
		(void)err_set(ERR_NOTFOUND, "there is no such contract");
		return ctl_fail(name);
	}
	if (outcome == -2) {
		if (has_day)
			(void)err_set(ERR_INVALID, "it ended on %s already", day);
		else
			(void)err_set(ERR_INVALID, "it was withdrawn and never counts");
		return ctl_fail(name);
	}
	report_begin(&report, ctl);
	report_field(&report, "name", say(ctl, "contract", "合同"), cell_text(name));
	report_field(&report, "version", say(ctl, "version", "版本"), cell_int(db_rows_int(rows, 0, 1)));
	report_field(&report, "last_day", say(ctl, "last day", "最后一日"), cell_text(day));
	report_field(&report, "known", NULL, cell_bool(outcome == 0));
	return report_end(&report, 0);
}

static int contract_end(struct ctl *ctl, int argc, char **argv)
{
	const char *words[CTL_WORDS_MAX];
	const char *code = NULL;
	const char *on = NULL;
	const char *why = NULL;
	const struct ctl_option options[] = {
		{"--on", &on, NULL}, {"--why", &why, NULL}, {"--hospital", &code, NULL}, {NULL, NULL, NULL}};
	const struct hospital *hospital;
	struct pg_result *rows = NULL;
	int32_t day;
	int r = ctl_arguments(argc, argv, options, 1, 1, words);

	if (r == 0 && on == NULL) r = ctl_usage("say the contract's last day with --on DAY");
	if (r == 0) r = ctl_day("--on", on, 0, &day);
	if (r == 0) r = ctl_accountable(ctl, why);
	if (r != 0) return r;
	hospital = ctl_hospital(ctl, code);
	if (hospital == NULL) return 2;
	r = end_run(ctl, hospital, words[0], day, why, &rows);
	r = r < 0 ? ctl_fail("nothing is changed") : end_say(ctl, words[0], rows);
	db_sync_rows_free(rows);
	return r;
}

const struct ctl_command money_contract_commands[] = {
	{"money contract put", "FILE --why TEXT [--hospital CODE] [--check]",
		"stores contracts with payers, or new versions of them", CTL_CONFIG | CTL_DB, contract_put},
	{"money contract list", "[--day DAY] [--hospital CODE]", "contracts and their versions, or those of a day",
		CTL_CONFIG | CTL_DB, contract_list_show},
	{"money contract show", "NAME|CARRIER [--day DAY] [--hospital CODE]", "a contract in words, and its versions",
		CTL_CONFIG | CTL_DB, contract_show},
	{"money contract end", "NAME --on DAY --why TEXT [--hospital CODE]", "ends a contract with its last day",
		CTL_CONFIG | CTL_DB, contract_end},
	{NULL, NULL, NULL, 0, NULL},
};
