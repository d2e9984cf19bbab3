/* Advices under /v1 that are read, stored or opened: on a thread, for they are long, and sealed. */
#include "desk/remittance.h"

#include <stdio.h>
#include <string.h>

#include "db/keyhold.h"
#include "db/sync.h"
#include "desk/clerk.h"
#include "desk/shapes.h"
#include "lib/date.h"
#include "model/directory.h"
#include "settle/remittance_read.h"

#define ANSWER_BYTES_MAX (32u << 20)

/* What one may take: what every one needs, and so much for each byte that is read. Of a file and of what is there
 * already that is as many as may be, for a small workbook unpacks to many; what it takes more is told to be too large.
 */
#define MEMORY_BASE (64u << 20)
#define MEMORY_PER_BYTE 8

/* An advice on its way; outlives the thread's work, for the answer. */
struct taking {
	struct arena arena;
	struct key_set keys;
	struct keyring *keyring;              /* held */
	const struct advice_profile *profile; /* of a file; in the directory that the thread holds */
	const char *text;                     /* of a letter; NULL: it is none */
	const char *who;
	bool shows;
	/* results */
	struct remittance_books books;
	struct fault_list faults;
	struct advice advice;
	struct advice_sums sums;
	struct remittance_history history;
	struct remittance_put put;
	struct text_span answer; /* JSON; of what is taken put.told */
	bool endless;            /* it would be longer than an answer may be */
	enum { TAKING_DONE, TAKING_MISSING, TAKING_NOT_PARKED, TAKING_FAULTY } ended;
};

static const struct problem problem_faulty = {
	422, {"advice-refused", "The advice is refused: nothing of it is in the books.", "付款通知未导入,账簿未变。"}};
static const struct problem problem_full = {
	503, {"busy", "As many advices of this hospital are being worked on as may be. Ask again after Retry-After.",
		     "本院正在处理的付款通知已达上限,请在 Retry-After 之后重试。"}};
static const struct problem problem_readers = {
	503, {"busy", "As many advices of this hospital are being read as may be. Ask again after Retry-After.",
		     "本院正在查阅的付款通知已达上限,请在 Retry-After 之后重试。"}};
static const struct problem problem_large = {422,
	{"advice-large", "The advice takes more memory than one may; nothing of it is in the books. Send it in parts.",
		"付款通知所需内存超出上限,未导入,账簿未变。请分次发送。"}};
static const struct problem problem_large_shown = {422,
	{"advice-large",
		"The advice takes more memory than one may: it is in the books as it was, and can't be shown here.",
		"付款通知所需内存超出上限,无法在此显示;其在账簿中的记录未变。"}};
static const struct problem problem_profile = {
	404, {"profile-unknown", "The hospital's configuration has no such profile in advice_profiles.",
		     "医院配置的 advice_profiles 中没有该模板。"}};
static const struct problem problem_not_parked = {
	409, {"not-parked", "It is not parked, or not any more.", "该通知不处于搁置状态。"}};
static const struct problem problem_other = {
	409, {"identifier-counts",
		     "Another content counts under this remitter's identifier: withdraw that first, if it was wrong.",
		     "该付款人的该编号下已有内容不同的通知入账:如有误,请先撤回。"}};
static const struct problem problem_parked_other = {409,
	{"why-missing", "Another content was brought in under this identifier: if this one is right, say so with why.",
		"该编号下已有内容不同的通知:如本件正确,请用 why 说明。"}};
static const struct problem problem_repeat = {409,
	{"advice-repeats",
		"One that counts says the same, claim by claim: if this is money besides that, say so with another.",
		"已有入账的通知逐项内容相同:如确为另一笔款项,请用 another 说明。"}};
static const struct problem_word word_repeated = {"repeats", "it counts as $1", "现有编号:$1"};

/* Of the reasons that a file is sent with, as they are kept. */
static const char *const reason_texts[] = {NULL, "corrected by who sent it",
	"read again by a profile that was put right", "money besides the one that says the same"};

static void taking_free(struct taking *taking)
{
	key_set_wipe(&taking->keys);
	keyring_free(taking->keyring);
	arena_free(&taking->arena);
	mem_free(taking);
}

/* ---- on the thread ---- */

/* Has something done inside a transaction of its own. */
static int transact(struct taking *taking, const struct uuid *id, int (*what)(struct taking *, const struct uuid *))
{
	struct db_sync *db = taking->books.db;
	int r = db_sync_script(db, "BEGIN");

	if (r < 0) return r;
	r = db_sync_tenant(db, &taking->books.hospital->id);
	if (r == 0) r = what(taking, id);
	if (r == 0) return db_sync_script(db, "COMMIT");
	(void)!db_sync_script(db, "ROLLBACK");
	return r;
}

/* Whatever is wrong with the request by now: its key gets the first answer. */
static int seen_read(struct taking *taking, const struct uuid *id)
{
	(void)id;
	return remittance_seen(&taking->books, &taking->arena, &taking->put);
}

/* One that is there; ended says when it is none that is meant. */
static int there_read(struct taking *taking, const struct uuid *id)
{
	int r = remittance_read(&taking->books, id, taking->shows, &taking->arena, &taking->advice, &taking->history);

	if (r == ERR_NOTFOUND) {
		taking->ended = TAKING_MISSING;
		return 0;
	}
	if (r == 0 && !taking->shows && taking->history.standing != STANDING_PARKED) taking->ended = TAKING_NOT_PARKED;
	return r;
}

/* From the body. ERR_NOMEM; what is wrong with it is in the faults. */
static int body_read(struct taking *taking, struct bytes body)
{
	struct zf_arena *arena = &taking->arena.zf;
	int lib;

	if (taking->profile != NULL) {
		taking->put.profile = taking->profile->name;
		taking->put.file = body;
		lib = advice_read_file(body.ptr, body.len, taking->profile, arena, &taking->faults, &taking->put.form,
			&taking->advice);
	} else {
		struct text_span text = text_of(taking->text);

		taking->put.form = ADVICE_FORM_LETTER;
		taking->put.file = (struct bytes){(const uint8_t *)text.ptr, text.len};
		lib = advice_read_document(text, arena, &taking->faults, &taking->advice);
	}
	if (lib == LIB_NOMEM) return err_set(ERR_NOMEM, "no memory for a remittance");
	if (lib != 0) taking->ended = TAKING_FAULTY;
	return 0;
}

/* What is parked, with its difference as an adjustment. */
static int parked_read(struct taking *taking, const struct uuid *id)
{
	int r = transact(taking, id, there_read);

	if (r < 0 || taking->ended != TAKING_DONE) return r;
	taking->put.form = taking->history.form;
	taking->put.profile = taking->history.profile;
	r = advice_sums(&taking->advice, &taking->sums) == 0 ? 0 : err_set(ERR_LIMIT, "an amount does not fit");
	return r == 0 ? remittance_balance(&taking->advice, taking->put.why, &taking->arena, &taking->sums) : r;
}

static void taking_begin(struct taking *taking, struct clerk_work *work)
{
	const struct desk_call *call = work->call;

	taking->books = (struct remittance_books){.db = work->db,
		.hospital = work->hospital,
		.keys = &taking->keys,
		.keyring = taking->keyring,
		.directory = work->directory,
		.who = taking->who};
	if (call->has_key) {
		taking->books.key_hash = (struct bytes){call->key_hash, sizeof(call->key_hash)};
		taking->books.body_hash = (struct bytes){call->body_hash, sizeof(call->body_hash)};
	}
	taking->put.advice = &taking->advice;
	taking->put.faults = &taking->faults;
}

/* ---- what is told ---- */

static void money_put(struct json_writer *writer, const char *name, const struct zf_money *money)
{
	json_write_key(writer, name);
	shape_money_write(writer, money->minor, money->currency, money->exponent);
}

/* As the shape RemittanceSaid has it. */
static void said_put(struct json_writer *writer, uint32_t no, const struct advice_detail *detail)
{
	json_write_object_begin(writer);
	json_write_member_int64(writer, "no", no);
	json_write_member(writer, "kind", shape_detail_kinds[detail->kind]);
	json_write_member(writer, "ref", detail->claim);
	json_write_member(writer, "insurer_number", detail->insurer_claim);
	json_write_member(writer, "bill_number", detail->bill);
	json_write_member(writer, "carrier", detail->carrier);
	if (detail->billed.present) money_put(writer, "billed", &detail->billed);
	money_put(writer, "amount", &detail->amount);
	if (detail->fee.minor != 0) money_put(writer, "fee", &detail->fee);
	if (detail->tax.minor != 0) money_put(writer, "tax", &detail->tax);
	json_write_member(writer, "difference", shape_differences[detail->difference]);
	json_write_member(writer, "remark", detail->remark);
	json_write_object_end(writer);
}

static void arithmetic_put(struct json_writer *writer, struct taking *taking)
{
	struct zf_money difference = taking->advice.amount;

	difference.minor = taking->sums.difference;
	money_put(writer, "difference", &difference);
	json_write_member(
		writer, "arithmetic", advice_sums_words(&taking->advice, &taking->sums, false, &taking->arena.zf));
	json_write_member(
		writer, "arithmetic_zh", advice_sums_words(&taking->advice, &taking->sums, true, &taking->arena.zf));
}

void file_notes_write(struct json_writer *writer, const struct fault_list *faults, struct arena *arena)
{
	json_write_key(writer, "notes");
	json_write_array_begin(writer);
	for (uint32_t i = 0; i < faults->count; i++) {
		const struct fault *fault = &faults->items[i];

		json_write_object_begin(writer);
		if (fault->path[0] != '\0') json_write_member(writer, "place", fault->path);
		json_write_member(writer, "code", fault_lookup(fault->code)->name);
		json_write_member(writer, "detail", fault_text_en(&arena->zf, fault));
		json_write_member(writer, "detail_zh", fault_text_zh(&arena->zf, fault));
		json_write_object_end(writer);
	}
	json_write_array_end(writer);
}

/* Behind the members of remittance_shape, as the shape RemittanceTaken has it. */
static void taken_put(struct json_writer *writer, struct taking *taking)
{
	json_write_member_bool(writer, "known", taking->put.outcome == REMITTANCE_KNOWN);
	arithmetic_put(writer, taking);
	json_write_member_int64(writer, "details", taking->advice.detail_count);
	json_write_member_int64(writer, "decisions", taking->put.decided);
	json_write_member_int64(writer, "not_found", taking->put.strangers);
	file_notes_write(writer, &taking->faults, &taking->arena);
}

/* Likewise RemittanceContent. */
static void content_put(struct json_writer *writer, struct taking *taking)
{
	const struct advice *advice = &taking->advice;
	char day[DATE_TEXT_SIZE];

	arithmetic_put(writer, taking);
	json_write_member(writer, "why", taking->history.why);
	json_write_member(writer, "decided_why", taking->history.decided_why);
	json_write_member(writer, "profile", taking->history.profile);
	if (advice->payment_day != ADVICE_NO_DAY) {
		date_format_day(advice->payment_day, day);
		json_write_member(writer, "payment_day", day);
	}
	json_write_member(writer, "payment_reference", advice->payment_reference);
	json_write_key(writer, "details");
	json_write_array_begin(writer);
	for (uint32_t i = 0; i < advice->detail_count; i++) said_put(writer, i + 1, &advice->details[i]);
	json_write_array_end(writer);
}

/* Writes the answer: how the advice stands in this transaction, and what is known of it besides. */
static int tell(struct taking *taking, const struct uuid *id)
{
	struct pg_result *rows = NULL;
	struct json_writer writer;
	struct db_params params;
	int r;

	db_params_init(&params, &taking->arena);
	db_params_uuid(&params, &taking->books.hospital->id);
	db_params_uuid(&params, id);
	r = db_sync_query(taking->books.db, desk_sql[DESK_REMITTANCE].sql, &params, &rows);
	if (r == 0 && db_rows_count(rows) == 0) r = err_set(ERR_NOTFOUND, "it is gone");
	if (r == 0) {
		json_write_init(&writer, &taking->arena.zf, ANSWER_BYTES_MAX);
		json_write_object_begin(&writer);
		(void)shape_members_write(&writer, &remittance_shape, rows, 0, 0, 0);
		(taking->shows ? content_put : taken_put)(&writer, taking);
		json_write_object_end(&writer);
		int lib = json_write_finish(&writer, &taking->answer);
		taking->endless = lib == LIB_LIMIT;
		if (lib != 0) r = err_set(ERR_NOMEM, "no memory for an answer");
	}
	db_sync_rows_free(rows);
	return r;
}

/* Under way in remittance_store(). */
static int taken_tell(struct remittance_put *put, void *ctx)
{
	struct taking *taking = ctx;
	int r = tell(taking, &put->id);

	put->told = taking->answer;
	return r;
}

static void check(struct taking *taking, const struct clerk_work *work)
{
	if (taking->ended != TAKING_DONE) return;
	remittance_check(&taking->advice, work->directory, &taking->faults, &taking->sums);
	if (fault_refuses(&taking->faults)) taking->ended = TAKING_FAULTY;
}

/* Without a connection. What is wrong ends it here, unless it has a key: that may have been answered. */
static int take_read(struct clerk_work *work)
{
	struct taking *taking = work->own;
	int r;

	if (taking->profile == NULL && taking->text == NULL) return 0;
	r = body_read(taking, work->call->req->body);
	if (r < 0) return r;
	check(taking, work);
	return taking->ended != TAKING_DONE && !work->call->has_key;
}

static int take_work(struct clerk_work *work)
{
	struct taking *taking = work->own;
	int r;

	taking_begin(taking, work);
	r = work->call->has_key ? transact(taking, NULL, seen_read) : 0;
	if (r < 0 || taking->put.outcome == REMITTANCE_KEY_OTHER || taking->put.told.ptr != NULL) return r;
	if (taking->profile == NULL && taking->text == NULL) {
		r = parked_read(taking, &work->call->id);
		if (r == 0) check(taking, work);
	}
	if (r < 0 || taking->ended != TAKING_DONE) return r;
	taking->put.tell = taken_tell;
	taking->put.tell_ctx = taking;
	return remittance_store(&taking->books, &taking->arena, &taking->put);
}

static int content_read(struct taking *taking, const struct uuid *id)
{
	int r = there_read(taking, id);

	if (r < 0 || taking->ended != TAKING_DONE) return r;
	if (advice_sums(&taking->advice, &taking->sums) != 0) return err_set(ERR_LIMIT, "an amount does not fit");
	return tell(taking, id);
}

static int show_work(struct clerk_work *work)
{
	struct taking *taking = work->own;

	taking_begin(taking, work);
	return transact(taking, &work->call->id, content_read);
}

/* ---- on the loop ---- */

/* NULL: it is not refused. */
static const struct problem *refusal_of(const struct taking *taking)
{
	if (taking->put.told.ptr != NULL) return NULL;
	if (taking->put.outcome == REMITTANCE_KEY_OTHER) return &desk_problem_key;
	if (taking->ended == TAKING_MISSING) return &desk_problem_found;
	if (taking->ended == TAKING_NOT_PARKED) return &problem_not_parked;
	if (taking->ended == TAKING_FAULTY) return &problem_faulty;
	switch (taking->put.outcome) {
	case REMITTANCE_REPEAT:
		return &problem_repeat;
	case REMITTANCE_STALE:
		return &problem_not_parked;
	case REMITTANCE_PARKED_OTHER:
		return &problem_parked_other;
	case REMITTANCE_OTHER:
		return &problem_other;
	case REMITTANCE_KEY_OTHER:
	case REMITTANCE_KNOWN:
	case REMITTANCE_COUNTS:
	case REMITTANCE_PARKED:
		break;
	}
	return NULL;
}

static void refuse(struct desk_call *call, struct taking *taking, const struct problem *problem)
{
	if (problem == &problem_faulty)
		problem_add_faults(&call->problems, taking->text != NULL ? "/advice" : NULL, &taking->faults);
	if (problem == &problem_repeat)
		problem_add_place(&call->problems, &word_repeated, "advice",
			arena_printf(&call->req->arena, "%s (%s)", taking->put.other_identifier,
				taking->put.other_remitter));
	taking_free(taking);
	desk_call_problem(call, problem);
}

static void answer(struct clerk_work *work)
{
	struct taking *taking = work->own;
	struct desk_call *call = work->call;
	const struct problem *problem = refusal_of(taking);
	bool made = taking->put.outcome == REMITTANCE_COUNTS || taking->put.outcome == REMITTANCE_PARKED;

	if (work->error < 0) {
		bool is_large = work->error == ERR_NOMEM && (taking->arena.is_full || taking->endless);
		const struct problem *large = taking->shows ? &problem_large_shown : &problem_large;

		taking_free(taking);
		if (is_large)
			desk_call_problem(call, large);
		else
			clerk_fail(work);
	} else if (problem != NULL) {
		refuse(call, taking, problem);
	} else {
		desk_call_answer(call, made ? 201 : 200, taking->shows ? taking->answer : taking->put.told);
		taking_free(taking);
	}
}

/* ---- what is asked for ---- */

/* bytes: to be read. NULL: answered. */
static struct taking *taking_new(struct desk_call *call, size_t bytes, const struct hospital **ret_hospital)
{
	struct taking *taking;

	*ret_hospital = desk_call_hospital(call);
	if (*ret_hospital == NULL) return NULL;
	if (call->version >= 0) {
		desk_call_problem(call, &desk_problem_versionless);
		return NULL;
	}
	taking = mem_alloc(sizeof(*taking));
	if (taking == NULL) {
		desk_call_problem(call, &desk_problem_memory);
		return NULL;
	}
	*taking = (struct taking){
		.keyring = keyring_hold(call->desk->intake->worker->keyring), .who = call->principal->client_id};
	arena_init(&taking->arena, MEMORY_BASE + MEMORY_PER_BYTE * bytes);
	fault_list_init(&taking->faults, &taking->arena.zf, 0);
	if (keyhold_set(call->desk->intake->keys, &(*ret_hospital)->id, &taking->keys) > 0) return taking;
	taking_free(taking);
	desk_call_problem(call, &desk_problem_keys);
	return NULL;
}

static void taking_go(struct desk_call *call, struct taking *taking)
{
	const struct clerk_task task = {.importer = taking->shows ? call->desk->readings : call->desk->advices,
		.full = taking->shows ? &problem_readers : &problem_full,
		.read = taking->shows ? NULL : take_read,
		.work = taking->shows ? show_work : take_work,
		.answer = answer};

	if (!clerk_go(call, taking, &task)) taking_free(taking);
}

void remittance_import_run(struct desk_call *call)
{
	const struct hospital *hospital;
	const char *name = shape_value(&remittance_import_query, call->query, "profile")->text;
	int64_t reason = shape_value(&remittance_import_query, call->query, "why")->number;
	struct taking *taking = taking_new(call, ADVICE_DOCUMENT_BYTES_MAX, &hospital);

	if (taking == NULL) return;
	taking->profile = remittance_profile(hospital, name);
	if (taking->profile == NULL) {
		taking_free(taking);
		desk_call_problem(call, &problem_profile);
		return;
	}
	taking->put.why = reason_texts[reason];
	taking->put.another = reason == ADVICE_ANOTHER;
	taking_go(call, taking);
}

/* A letter; in place of the one that the path names, if it names one. */
void remittance_enter_run(struct desk_call *call)
{
	const struct shape *shape = &remittance_new_shape;
	const struct hospital *hospital;
	struct taking *taking = taking_new(call, call->req->body.len, &hospital);

	if (taking == NULL) return;
	taking->text = shape_value(shape, call->body, "advice")->text;
	taking->put.why = shape_value(shape, call->body, "why")->text;
	taking->put.another = shape_value(shape, call->body, "another")->number != 0;
	if (strstr(call->operation->path, "{id}") != NULL) taking->put.replaces = &call->id;
	taking_go(call, taking);
}

void remittance_release_run(struct desk_call *call)
{
	const struct hospital *hospital;
	struct taking *taking = taking_new(call, ADVICE_DOCUMENT_BYTES_MAX, &hospital);

	if (taking == NULL) return;
	taking->put.why = shape_value(&remittance_release_shape, call->body, "why")->text;
	taking->put.another = shape_value(&remittance_release_shape, call->body, "another")->number != 0;
	taking->put.replaces = &call->id;
	taking_go(call, taking);
}

void remittance_content_run(struct desk_call *call)
{
	const struct hospital *hospital;
	struct taking *taking = taking_new(call, ADVICE_DOCUMENT_BYTES_MAX, &hospital);

	if (taking == NULL) return;
	taking->shows = true;
	taking_go(call, taking);
}
