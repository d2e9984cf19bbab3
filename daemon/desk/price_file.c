/* POST /v1/price-lists/import: a price list's file, read and stored on the threads that read bank files too. */
#include <stdio.h>

#include "base/log.h"
#include "base/options.h"
#include "db/sync.h"
#include "desk/call.h"
#include "desk/importer.h"
#include "model/directory.h"
#include "settle/price_import.h"

#define ANSWER_BYTES_MAX 16384
#define WHY "imported under /v1" /* words of a person stand in no URL */

/* What the thread works on; the request, whose body it reads, waits for it. */
struct price_file {
	struct desk_call *call;
	struct import_job job;
	struct arena arena;
	const char *conninfo; /* a copy: the configuration may be another one before it ends */
	struct price_import import;
	int error;
	char error_text[200];
};

static const struct problem problem_name = {
	400, {"parameters-invalid", "name must be a line of 1 to 64 bytes without spaces around it.",
		     "name 须为 1 至 64 字节的单行文字,首尾无空格。"}};
static const struct problem problem_days = {400, {"parameters-invalid", "to is before from.", "to 早于 from。"}};
static const struct problem problem_charset = {
	400, {"charset-invalid", "charset must be utf-8, iso-8859-1, iso-8859-15, gb18030 or cp852.",
		     "charset 须为 utf-8、iso-8859-1、iso-8859-15、gb18030 或 cp852。"}};
static const struct problem problem_file = {
	422, {"file-refused", "The file is refused: nothing of it is stored.", "文件未导入。"}};
static const struct problem problem_after = {
	400, {"parameters-invalid", "after must be the number of a version, from 1.", "after 须为版本号,从 1 起。"}};
static const struct problem problem_earlier = {409,
	{"prices-replaced",
		"These prices were stored for these days before, and a later version took their place: nothing is stored. "
		"If they are to be in force again, say with after which version they are to follow.",
		"该单价及期间此前已入库,并已被后续版本取代,未再次入库。如须恢复,请用 after 注明其前一版本号。"}};
static const struct problem problem_after_other = {
	409, {"version-other", "The latest version of the list is not the one that after says: nothing is stored.",
		     "该价目表的最新版本与 after 所注不符,未入库。"}};
static const struct problem_word word_version = {"version", "it is version $1", "为第 $1 版"};
static const struct problem problem_full = {
	503, {"busy", "As many files of this hospital are being imported as may be. Ask again after Retry-After.",
		     "本院正在导入的文件已达上限,请在 Retry-After 之后重试。"}};
static const struct problem problem_unknown = {
	503, {"outcome-unknown", "It is not known yet whether this was stored. Send the same file again, which tells.",
		     "目前无法确定是否已入库。请原样重发该文件,以核实结果。"}};
static const struct problem problem_failed = {
	503, {"not-imported", "The file could not be imported now; nothing of it is stored. Send it again.",
		     "目前无法导入该文件;请重新发送。"}};

static void error_keep(struct price_file *file, int r)
{
	file->error = r;
	if (r < 0) (void)snprintf(file->error_text, sizeof(file->error_text), "%s", err_text());
	if (r == ERR_DB) file->error_text[5] = '\0'; /* SQLSTATE; behind it what was sent may be quoted */
}

static void work(void *ctx)
{
	struct price_file *file = ctx;
	struct db_sync *db = NULL;
	int r = price_import_read(&file->import, file->call->req->body, &file->arena);

	if (r == 0) r = importer_connect(file->conninfo, &db);
	if (r == 0) r = price_import_store(&file->import, db, &file->arena);
	error_keep(file, r);
	db_sync_close(db);
}

/* As the shape PriceImport has it. */
static void imported_answer(const struct price_file *file)
{
	const struct price_import *import = &file->import;
	struct json_writer writer;
	struct text_span text;
	char id[UUID_TEXT_LEN];

	uuid_format(&import->id, id);
	json_write_init(&writer, &file->call->req->arena.zf, ANSWER_BYTES_MAX);
	json_write_object_begin(&writer);
	json_write_member(&writer, "id", id);
	json_write_member_int64(&writer, "version", import->version);
	json_write_member(&writer, "name", import->name);
	json_write_member(&writer, "currency", import->list.currency);
	json_write_member_int64(&writer, "prices", import->list.count);
	json_write_member_bool(&writer, "known", import->outcome == PRICE_KNOWN);
	json_write_object_end(&writer);
	if (json_write_finish(&writer, &text) < 0)
		desk_call_problem(file->call, &desk_problem_memory);
	else
		desk_call_answer(file->call, import->outcome == PRICE_KNOWN ? 200 : 201, text);
}

/* What stands against it in the list. */
static void clash_answer(const struct price_file *file)
{
	struct desk_call *call = file->call;

	problem_add_place(
		&call->problems, &word_version, "after", arena_printf(&call->req->arena, "%d", file->import.version));
	desk_call_problem(call, file->import.outcome == PRICE_EARLIER ? &problem_earlier : &problem_after_other);
}

static void price_file_free(struct price_file *file)
{
	arena_free(&file->arena);
	mem_free(file);
}

static void done(void *ctx, int r)
{
	struct price_file *file = ctx;

	if (r < 0) error_keep(file, r);
	bool is_faulty = fault_refuses(&file->import.faults);
	bool is_refused = is_faulty || (file->error == 0 && file->import.outcome < PRICE_KNOWN);
	log_fields(file->error == 0 ? LOG_INFO : LOG_WARN, "price list", "client", file->call->principal->client_id,
		"verdict",
		is_refused         ? "refused"
		: file->error == 0 ? "imported"
				   : "failed",
		"why", file->error == 0 || is_refused ? "-" : file->error_text, NULL);
	if (is_refused && !is_faulty) {
		clash_answer(file);
	} else if (file->error == 0) {
		imported_answer(file);
	} else if (is_faulty) {
		problem_add_faults(&file->call->problems, NULL, &file->import.faults);
		desk_call_problem(file->call, &problem_file);
	} else {
		desk_call_problem(file->call, file->error == ERR_UNKNOWN ? &problem_unknown : &problem_failed);
	}
	price_file_free(file);
}

/* NULL, or what is wrong with the query. */
static const struct problem *query_take(const struct desk_call *call, struct price_import *import)
{
	const struct shape *shape = &price_import_query;
	const struct value *to = shape_value(shape, call->query, "to");
	const struct value *charset = shape_value(shape, call->query, "charset");
	const struct value *after = shape_value(shape, call->query, "after");

	import->name = shape_value(shape, call->query, "name")->text;
	import->from = shape_value(shape, call->query, "from")->day;
	import->to = to->given ? to->day : PRICE_OPEN;
	if (!price_list_named(import->name)) return &problem_name;
	if (import->to < import->from) return &problem_days;
	if (charset->given && charset_find(text_of(charset->text), &import->charset) < 0) return &problem_charset;
	if (after->given && (after->number < 1 || after->number > INT32_MAX)) return &problem_after;
	import->after = after->given ? (int32_t)after->number : 0;
	return NULL;
}

void price_file_run(struct desk_call *call)
{
	struct price_import import = {.hospital = &call->principal->hospital_id,
		.who = call->principal->client_id,
		.why = WHY,
		.charset = CHARSET_UTF8};
	const struct problem *wrong = query_take(call, &import);
	struct price_file *file;

	if (wrong != NULL) {
		desk_call_problem(call, wrong);
		return;
	}
	file = mem_alloc(sizeof(*file));
	if (file == NULL) {
		desk_call_problem(call, &desk_problem_memory);
		return;
	}
	file->call = call;
	file->job = (struct import_job){.work = work, .done = done, .ctx = file};
	file->import = import;
	arena_init(&file->arena, PRICE_IMPORT_BYTES_MAX);
	fault_list_init(&file->import.faults, &file->arena.zf, 0);
	file->conninfo = zf_strdup(&file->arena.zf, call->desk->intake->worker->options->database_intake.text);
	int r = file->conninfo == NULL ? ERR_NOMEM
				       : importer_run(call->desk->importer, &file->job, &call->principal->hospital_id);
	if (r < 0) {
		desk_call_problem(call, r == ERR_LIMIT ? &problem_full : &desk_problem_memory);
		price_file_free(file);
	}
}
