/* The loop fills one buffer while a thread writes the other; when both are full, no more is read from the client. An
 * upload outlives its request: a client that goes away leaves an import that ends by itself. */
#include "desk/upload.h"

#include <string.h>

#include "base/clock.h"
#include "base/cpu_pool.h"
#include "base/log.h"
#include "base/options.h"
#include "db/keyhold.h"
#include "db/sync.h"
#include "desk/importer.h"
#include "desk/spool.h"
#include "lib/currency.h"
#include "lib/date.h"
#include "model/directory.h"
#include "settle/bank_import.h"

#define PIECE_BYTES (1u << 20)
#define RESULT_BYTES_MAX (64u << 20)
#define ANSWER_BYTES_MAX (16u << 20)

struct upload {
	struct list node; /* of desk->uploads */
	struct desk *desk;
	struct http_request *req; /* NULL: it is gone */
	struct desk_call *call;   /* once the body is whole */
	struct spool *spool;
	uint8_t *filling, *writing;
	size_t filling_len, writing_len;
	bool is_writing;
	int error;
	char error_text[200];
	/* the import */
	struct arena arena;
	struct uuid hospital_id;
	struct key key;
	const char *conninfo;
	struct directory *directory; /* in force when the import began; import.hospital is in it */
	struct bank_import import;
	struct import_job job;
};

static const struct problem problem_file = {
	422, {"file-refused", "The file is refused: nothing of it is in the books.", "文件未导入,账簿未变。"}};
static const struct problem problem_spool = {
	503, {"overloaded", "The file could not be kept until it is read; try again.", "无法暂存该文件,请稍后重试。"}};
static const struct problem problem_failed = {
	503, {"not-imported", "The file could not be imported now; nothing of it is in the books. Send it again.",
		     "目前无法导入该文件,账簿未变;请重新发送。"}};
static const struct problem problem_unreadable = {
	422, {"not-imported", "The file cannot be imported.", "无法导入该文件。"}};
static const struct problem_word word_cause = {"cause", "$1", "$1"};

static void upload_free(struct upload *upload)
{
	list_remove(&upload->node);
	upload->desk->upload_count--;
	spool_free(upload->spool);
	if (upload->filling != NULL) mem_wipe(upload->filling, PIECE_BYTES);
	if (upload->writing != NULL) mem_wipe(upload->writing, PIECE_BYTES);
	mem_free(upload->filling);
	mem_free(upload->writing);
	key_wipe(&upload->key);
	directory_free(upload->directory);
	arena_free(&upload->arena);
	mem_free(upload);
}

void upload_free_all(struct desk *desk)
{
	for (struct list *node; (node = list_first(&desk->uploads)) != NULL;)
		upload_free(CONTAINER_OF(node, struct upload, node));
}

/* ---- the import, on a thread ---- */

static int piece_read(void *ctx, uint64_t at, uint8_t *ret, size_t len, size_t *ret_len)
{
	return spool_read(ctx, at, ret, len, ret_len);
}

static void error_keep(struct upload *upload, int r)
{
	upload->error = r;
	if (r < 0) (void)snprintf(upload->error_text, sizeof(upload->error_text), "%s", err_text());
	if (r == ERR_DB) upload->error_text[5] = '\0'; /* SQLSTATE; behind it what was sent may be quoted */
}

static void import_work(void *ctx)
{
	struct upload *upload = ctx;
	struct db_sync *db = NULL;
	int r = importer_connect(upload->conninfo, &db);
	if (r == 0) {
		upload->import.db = db;
		r = bank_import_run(&upload->arena, &upload->import);
	}
	error_keep(upload, r);
	db_sync_close(db);
}

static void balance_put(struct json_writer *writer, const char *name, const struct bank_balance *balance)
{
	if (balance->kind == 0) return;
	json_write_key(writer, name);
	shape_money_write(writer, balance->amount.minor, balance->amount.currency, balance->amount.exponent);
}

static const char *word_of(const char *name, int64_t number)
{
	const struct shape *shape = &imported_statement_shape;
	for (size_t i = 0; i < shape->count; i++)
		if (strcmp(shape->fields[i].name, name) == 0) return shape->fields[i].words[number];
	assert(!"no such field");
	return NULL;
}

/* As the shape ImportedStatement has it. */
static void statement_put(struct json_writer *writer, const struct bank_imported *one)
{
	bool proves = one->kind == BANK_KIND_STATEMENT;
	json_write_object_begin(writer);
	json_write_member(writer, "account", one->account->code);
	json_write_member(writer, "kind", word_of("kind", one->kind));
	if (one->sequence >= 0) json_write_member_int64(writer, "sequence", one->sequence);
	if (one->page >= 0) json_write_member_int64(writer, "page", one->page);
	json_write_member(writer, "identifier", one->identifier);
	balance_put(writer, "opening", &one->opening);
	balance_put(writer, "closing", &one->closing);
	json_write_member_int64(writer, "lines", one->booked);
	json_write_member_int64(writer, "new", one->fresh);
	json_write_member_int64(writer, "not_booked", proves ? one->unbooked : one->booked + one->unbooked);
	json_write_member(writer, "chain", word_of("chain", one->chain));
	json_write_object_end(writer);
}

/* As the shape ImportedLate has it. */
static void late_put(struct json_writer *writer, const struct bank_late *late)
{
	char text[DATE_TEXT_SIZE > UUID_TEXT_LEN ? DATE_TEXT_SIZE : UUID_TEXT_LEN];
	json_write_object_begin(writer);
	uuid_format(&late->line_id, text);
	json_write_member(writer, "line", text);
	date_format_day(late->booked_day, text);
	json_write_member(writer, "booked_day", text);
	json_write_key(writer, "amount");
	shape_money_write(writer, late->minor, late->currency, currency_exponent(late->currency));
	if (late->allocated) {
		uuid_format(&late->allocation_id, text);
		json_write_member(writer, "allocation", text);
	}
	json_write_object_end(writer);
}

static void imported_answer(struct upload *upload)
{
	const struct bank_import *import = &upload->import;
	struct json_writer writer;
	struct text_span text;
	json_write_init(&writer, &upload->call->req->arena.zf, ANSWER_BYTES_MAX);
	json_write_object_begin(&writer);
	json_write_member_bool(&writer, "known", import->known);
	json_write_key(&writer, "statements");
	json_write_array_begin(&writer);
	for (uint32_t i = 0; !import->known && i < import->count; i++) statement_put(&writer, &import->statements[i]);
	json_write_array_end(&writer);
	json_write_member_int64(&writer, "opened", import->opened);
	json_write_member_int64(&writer, "repeated", import->known ? 0 : import->repeated.count);
	json_write_key(&writer, "late");
	json_write_array_begin(&writer);
	for (uint32_t i = 0; i < import->late_count; i++) late_put(&writer, &import->late[i]);
	json_write_array_end(&writer);
	json_write_object_end(&writer);
	if (json_write_finish(&writer, &text) < 0)
		desk_call_problem(upload->call, &desk_problem_memory);
	else
		desk_call_answer(upload->call, import->known ? 200 : 201, text);
}

static void import_done(void *ctx, int r)
{
	struct upload *upload = ctx;
	if (r < 0) error_keep(upload, r);
	struct desk_call *call = upload->call;
	const struct fault_list *faults = &upload->import.faults;
	bool is_refused = upload->error == ERR_INVALID && fault_refuses(faults);
	log_fields(upload->error == 0 ? LOG_INFO : LOG_WARN, "bank file", "hospital", call->principal->hospital_code,
		"client", upload->import.who, "verdict",
		upload->error != 0     ? (is_refused ? "refused" : "failed")
		: upload->import.known ? "known"
				       : "imported",
		"why", upload->error == 0 || is_refused ? "-" : upload->error_text, NULL);
	if (upload->error == 0) {
		imported_answer(upload);
	} else if (is_refused) {
		problem_add_faults(&call->problems, NULL, faults);
		desk_call_problem(call, &problem_file);
	} else if (upload->error == ERR_INVALID || upload->error == ERR_NOTFOUND) {
		problem_add_place(&call->problems, &word_cause, "file", upload->error_text);
		desk_call_problem(call, &problem_unreadable);
	} else {
		desk_call_problem(call, &problem_failed);
	}
	upload_free(upload);
}

/* What the thread reads, copied or held. False: no memory, or no key. */
static bool import_prepare(struct upload *upload)
{
	const struct desk_call *call = upload->call;
	const struct intake *intake = upload->desk->intake;
	const struct hospital *hospital = intake_hospital(intake, call->principal);
	struct zf_arena *arena = &upload->arena.zf;
	const struct value *account = shape_value(&statement_import_query, call->query, "account");
	const struct value *format = shape_value(&statement_import_query, call->query, "format");
	const struct value *repeats = shape_value(&statement_import_query, call->query, "repeats");
	int version;
	const struct key *key = keyhold_newest(intake->keys, &hospital->id, &version);
	if (key == NULL) return false;
	upload->key = *key;
	upload->job = (struct import_job){.work = import_work, .done = import_done, .ctx = upload};
	upload->conninfo = zf_strdup(arena, intake->worker->options->database_intake.text);
	upload->directory = directory_hold(intake->worker->directory);
	upload->import = (struct bank_import){.hospital = hospital,
		.account = account->given ? zf_strdup(arena, account->text) : NULL,
		.format = format->given ? (enum bank_format)format->number : BANK_FORMAT_DETECT,
		.repeats = repeats->given ? (enum bank_repeats_said)repeats->number : BANK_REPEATS_UNSAID,
		.read = piece_read,
		.ctx = upload->spool,
		.who = zf_strdup(arena, call->principal->client_id),
		.key = &upload->key,
		.today = (int32_t)zone_day(hospital->zone, clock_wall_ms())};
	return upload->conninfo != NULL && upload->import.who != NULL &&
	       (upload->import.account != NULL) == account->given;
}

static void fail(struct upload *upload, const struct problem *problem)
{
	desk_call_problem(upload->call, problem);
	upload_free(upload);
}

static void import_go(struct upload *upload)
{
	if (desk_call_hospital(upload->call) == NULL)
		upload_free(upload);
	else if (!import_prepare(upload))
		fail(upload, &desk_problem_keys);
	else if (importer_run(upload->desk->importer, &upload->job, &upload->hospital_id) < 0)
		fail(upload, &problem_failed);
}

/* ---- the body ---- */

static void write_work(void *ctx)
{
	struct upload *upload = ctx;
	error_keep(upload, spool_write(upload->spool, upload->writing, upload->writing_len));
}

static void go_on(struct upload *upload);

static void write_done(void *ctx)
{
	struct upload *upload = ctx;
	upload->is_writing = false;
	if (upload->error < 0) log_fields(LOG_ERROR, "a bank file could not be kept", "why", upload->error_text, NULL);
	if (upload->req == NULL)
		upload_free(upload);
	else
		go_on(upload);
}

/* The full buffer goes to the thread. */
static int piece_write(struct upload *upload)
{
	uint8_t *full = upload->filling;
	upload->filling = upload->writing;
	upload->writing = full;
	upload->writing_len = upload->filling_len;
	upload->filling_len = 0;
	upload->is_writing = true;
	int r = cpu_pool_run(upload->desk->writer, write_work, write_done, upload);
	if (r < 0) {
		upload->is_writing = false;
		error_keep(upload, r);
	}
	return r;
}

/* A buffer is free again. */
static void go_on(struct upload *upload)
{
	bool is_whole = upload->call != NULL;
	if (upload->error == 0 && upload->filling_len > 0 && (is_whole || upload->filling_len == PIECE_BYTES)) {
		if (piece_write(upload) == 0 && is_whole) return;
	}
	if (!is_whole)
		http_body_go_on(upload->req);
	else if (upload->error < 0)
		fail(upload, &problem_spool);
	else
		import_go(upload);
}

static bool hospital_is_full(const struct desk *desk, const struct uuid *hospital_id)
{
	unsigned count = 0;
	LIST_EACH(&desk->uploads, node)
	{
		count += uuid_equal(&CONTAINER_OF(node, struct upload, node)->hospital_id, hospital_id);
	}
	return count >= UPLOADS_PER_HOSPITAL_MAX;
}

static int upload_begin(struct http_request *req, void *ctx, const char **ret_text)
{
	struct desk *desk = ctx;
	const struct operation *operation = operation_at((size_t)req->match.route->tag);
	/* Who may not send one is told so before it is sent. */
	if ((intake_principal(req)->scope & operation->scope) != operation->scope) {
		*ret_text = "this client's scopes do not cover this request: it needs finance.write";
		return 403;
	}
	const struct uuid *hospital_id = &intake_principal(req)->hospital_id;
	if (hospital_is_full(desk, hospital_id)) {
		*ret_text = "this hospital sends as many files as it may; send this one when one of them has ended";
		return 429;
	}
	struct upload *upload = desk->upload_count >= UPLOADS_MAX ? NULL : mem_alloc(sizeof(*upload));
	*ret_text = "too many files at this moment";
	if (upload == NULL) return 503;
	upload->desk = desk;
	upload->req = req;
	upload->hospital_id = *hospital_id;
	arena_init(&upload->arena, RESULT_BYTES_MAX);
	list_append(&desk->uploads, &upload->node);
	desk->upload_count++;
	upload->filling = mem_alloc(PIECE_BYTES);
	upload->writing = mem_alloc(PIECE_BYTES);
	if (upload->filling == NULL || upload->writing == NULL ||
		spool_new(desk->intake->worker->options->spool_dir, &upload->spool) < 0) {
		if (upload->filling != NULL && upload->writing != NULL)
			log_fields(LOG_ERROR, "a bank file could not be kept", "why", err_text(), NULL);
		upload_free(upload);
		return 503;
	}
	req->user = upload;
	return 0;
}

static int upload_take(struct http_request *req, struct bytes piece)
{
	struct upload *upload = req->user;
	if (upload->error < 0) return ERR_SYS;
	/* A piece is at most as long as what is read from the socket at once, so it never fills both buffers. */
	while (piece.len > 0) {
		size_t room = PIECE_BYTES - upload->filling_len;
		size_t len = piece.len < room ? piece.len : room;
		if (len == 0) return ERR_SYS;
		memcpy(upload->filling + upload->filling_len, piece.ptr, len);
		upload->filling_len += len;
		piece.ptr += len;
		piece.len -= len;
		if (upload->filling_len == PIECE_BYTES && !upload->is_writing && piece_write(upload) < 0)
			return ERR_SYS;
	}
	return upload->is_writing && upload->filling_len > PIECE_BYTES / 2 ? ERR_AGAIN : 0;
}

void upload_abandon(struct upload *upload)
{
	upload->req = NULL;
	if (!upload->is_writing) upload_free(upload);
}

static void upload_drop(struct http_request *req)
{
	upload_abandon(req->user);
}

const struct http_sink upload_sink = {upload_begin, upload_take, upload_drop};

void statement_import_run(struct desk_call *call)
{
	struct upload *upload = call->req->user;
	upload->call = call;
	if (!upload->is_writing) go_on(upload);
}
