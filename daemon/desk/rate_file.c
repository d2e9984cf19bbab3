/* POST /v1/rates/import: a source's file, read and stored on the threads that read bank files too. */
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/options.h"
#include "db/sync.h"
#include "desk/call.h"
#include "desk/importer.h"
#include "lib/date.h"
#include "model/directory.h"
#include "settle/rate_import.h"

#define ANSWER_BYTES_MAX ((size_t)1 << 20) /* all notes of a list */

/* What the thread works on; the request, whose body it reads, waits for it. */
struct rate_file {
	struct desk_call *call;
	struct import_job job;
	struct arena arena;
	const char *conninfo;        /* a copy: the configuration may be another one before it ends */
	struct directory *directory; /* in force when the import began: the profile is in it */
	struct rate_import import;
	int error;
	char error_text[200];
};

static const struct problem problem_source = {
	400, {"source-invalid",
		     "source must be cfets, ecb, board:BANK with BANK of a-z, 0-9 and hyphen, or profile:NAME of the "
		     "hospital's rate_profiles.",
		     "source 须为 cfets、ecb、board:BANK(BANK 由 a-z、0-9 和连字符组成),或医院 rate_profiles 中的 "
		     "profile:NAME。"}};
static const struct problem problem_charset = {400,
	{"charset-invalid", "charset must be utf-8, iso-8859-1, iso-8859-15, gb18030 or cp852; the ECB's XML has none.",
		"charset 须为 utf-8、iso-8859-1、iso-8859-15、gb18030 或 cp852;ECB 的 XML 无需注明。"}};
static const struct problem problem_file = {
	422, {"file-refused",
		     "The file is refused: nothing of it is stored. A rate that is right all the same "
		     "is typed in by POST /v1/rates; a stored one that is wrong is put right by "
		     "POST /v1/rates/{id}/correct.",
		     "文件未导入。如汇率属实,请通过 POST /v1/rates 手工录入;如已入库的汇率有误,"
		     "请通过 POST /v1/rates/{id}/correct 更正。"}};
static const struct problem problem_failed = {
	503, {"not-imported", "The file could not be imported now; nothing of it is stored. Send it again.",
		     "目前无法导入该文件;请重新发送。"}};

static void error_keep(struct rate_file *file, int r)
{
	file->error = r;
	if (r < 0) (void)snprintf(file->error_text, sizeof(file->error_text), "%s", err_text());
	if (r == ERR_DB) file->error_text[5] = '\0'; /* SQLSTATE; behind it what was sent may be quoted */
}

static void work(void *ctx)
{
	struct rate_file *file = ctx;
	struct db_sync *db = NULL;
	int r = rate_import_text(&file->import, file->import.charset, file->call->req->body, &file->arena);
	if (r == 0) r = importer_connect(file->conninfo, &db);
	if (r == 0) {
		file->import.db = db;
		r = rate_import_run(&file->import, &file->arena);
	}
	error_keep(file, r);
	db_sync_close(db);
}

static void day_put(struct json_writer *writer, const char *name, int32_t day)
{
	char text[DATE_TEXT_SIZE];
	date_format_day(day, text);
	json_write_member(writer, name, text);
}

/* As the shape RateImport has it. */
static void imported_answer(const struct rate_file *file)
{
	const struct rate_import *import = &file->import;
	struct json_writer writer;
	struct text_span text;
	json_write_init(&writer, &file->call->req->arena.zf, ANSWER_BYTES_MAX);
	json_write_object_begin(&writer);
	json_write_member(&writer, "source", import->from);
	json_write_member_int64(&writer, "new", import->made);
	json_write_member_int64(&writer, "known", rate_import_known(import));
	json_write_member_int64(&writer, "superseded", import->superseded);
	day_put(&writer, "first_day", import->first_day);
	day_put(&writer, "last_day", import->last_day);
	file_notes_write(&writer, &import->faults, &file->call->req->arena);
	json_write_object_end(&writer);
	if (json_write_finish(&writer, &text) < 0)
		desk_call_problem(file->call, &desk_problem_memory);
	else
		desk_call_answer(file->call, import->made > 0 ? 201 : 200, text);
}

static void rate_file_free(struct rate_file *file)
{
	directory_free(file->directory);
	arena_free(&file->arena);
	mem_free(file);
}

static void done(void *ctx, int r)
{
	struct rate_file *file = ctx;
	if (r < 0) error_keep(file, r);
	bool is_refused = fault_refuses(&file->import.faults);
	log_fields(file->error == 0 ? LOG_INFO : LOG_WARN, "rate file", "client", file->call->principal->client_id,
		"verdict",
		file->error == 0 ? "imported"
		: is_refused     ? "refused"
				 : "failed",
		"why", file->error == 0 || is_refused ? "-" : file->error_text, NULL);
	if (file->error == 0) {
		imported_answer(file);
	} else if (is_refused) {
		problem_add_faults(&file->call->problems, NULL, &file->import.faults);
		desk_call_problem(file->call, &problem_file);
	} else {
		desk_call_problem(file->call, &problem_failed);
	}
	rate_file_free(file);
}

/* Answers when the query is wrong. */
static bool query_take(struct rate_file *file)
{
	struct desk_call *call = file->call;
	const struct shape *shape = &rate_import_query;
	const struct value *charset = shape_value(shape, call->query, "charset");
	const struct hospital *hospital = directory_hospital(file->directory, &call->principal->hospital_id);
	if (rate_import_source(&file->import, shape_value(shape, call->query, "source")->text, hospital) < 0) {
		desk_call_problem(call, &problem_source);
		return false;
	}
	if (charset->given &&
		(file->import.csv == NULL || charset_find(text_of(charset->text), &file->import.charset) < 0)) {
		desk_call_problem(call, &problem_charset);
		return false;
	}
	file->import.reading.far_allowed = shape_value(shape, call->query, "history")->number != 0;
	return true;
}

void rate_file_run(struct desk_call *call)
{
	const struct hospital *hospital = desk_call_hospital(call);
	struct rate_file *file;
	if (hospital == NULL) return;
	file = mem_alloc(sizeof(*file));
	if (file == NULL) {
		desk_call_problem(call, &desk_problem_memory);
		return;
	}
	file->call = call;
	file->job = (struct import_job){.work = work, .done = done, .ctx = file};
	arena_init(&file->arena, RATE_IMPORT_BYTES_MAX);
	rate_import_begin(&file->import, &file->arena, (int32_t)zone_day(hospital->zone, clock_wall_ms()));
	file->import.hospital = &call->principal->hospital_id;
	file->import.who = call->principal->client_id;
	file->directory = directory_hold(call->desk->intake->worker->directory);
	file->conninfo = zf_strdup(&file->arena.zf, call->desk->intake->worker->options->database_intake.text);
	if (!query_take(file)) {
		rate_file_free(file);
	} else if (file->conninfo == NULL ||
		   importer_run(call->desk->importer, &file->job, &call->principal->hospital_id) < 0) {
		desk_call_problem(call, &problem_failed);
		rate_file_free(file);
	}
}
