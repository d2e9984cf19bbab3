/* From a call to its thread, and back. */
#include "desk/clerk.h"

#include <string.h>

#include "base/log.h"
#include "base/options.h"
#include "db/sync.h"
#include "model/directory.h"

static const struct problem problem_full = {503,
	{"busy",
		"As many months and journals of this hospital are being worked on as may be. Ask again after Retry-After.",
		"本院正在处理的结账与导出已达上限,请在 Retry-After 之后重试。"}};

static const struct problem problem_large = {
	422, {"amount-large", "A sum of it is larger than books can have; nothing was done.",
		     "合计金额超出可记账范围,未作任何更改。"}};

static void work_free(struct clerk_work *work)
{
	directory_free(work->directory);
	mem_free(work->conninfo);
	mem_free(work);
}

static void on_work(void *ctx)
{
	struct clerk_work *work = ctx;
	int r = work->task.read == NULL ? 0 : work->task.read(work);
	bool has_ended = r > 0;
	if (r == 0) r = importer_connect(work->conninfo, &work->db);
	if (r == 0) r = work->task.work(work);
	work->error = has_ended ? 0 : r;
	if (r == ERR_DB && work->db != NULL)
		(void)snprintf(work->sqlstate, sizeof(work->sqlstate), "%.5s", db_sync_sqlstate(work->db));
	db_sync_close(work->db);
	work->db = NULL;
}

static void on_done(void *ctx, int r)
{
	struct clerk_work *work = ctx;
	if (r < 0) work->error = r;
	/* Not the error's text: PostgreSQL's may quote what was sent. */
	if (work->error < 0)
		log_fields(LOG_WARN, "a finance call failed", "operation", work->call->operation->name, "error",
			err_name(work->error), "sqlstate", work->sqlstate, NULL);
	work->task.answer(work);
	work_free(work);
}

void clerk_fail(struct clerk_work *work)
{
	/* lock_not_available, serialization_failure, deadlock_detected, query_canceled: it may go another time. */
	static const char *const passing[] = {"55P03", "40001", "40P01", "57014"};
	bool passes = work->error != ERR_DB;
	for (size_t i = 0; i < ARRAY_LEN(passing); i++) passes = passes || strcmp(work->sqlstate, passing[i]) == 0;
	if (work->error == ERR_UNKNOWN && work->call->operation->method != HTTP_GET)
		desk_call_problem(work->call, &desk_problem_unknown);
	else if (work->error == ERR_NOMEM)
		desk_call_problem(work->call, &desk_problem_memory);
	else if (work->error == ERR_LIMIT)
		desk_call_problem(work->call, &problem_large);
	else if (work->error == ERR_DENIED) /* no key opens it */
		desk_call_problem(work->call, &desk_problem_keys);
	else if (work->error == ERR_INVALID) /* it will not do another time either */
		desk_call_problem(work->call, &desk_problem_refused);
	else
		desk_call_problem(work->call, passes ? &desk_problem_later : &desk_problem_refused);
}

bool clerk_go(struct desk_call *call, void *own, const struct clerk_task *task)
{
	const struct worker *worker = call->desk->intake->worker;
	const struct hospital *hospital = desk_call_hospital(call);
	if (hospital == NULL) return false;
	struct clerk_work *made = mem_alloc(sizeof(*made));
	char *conninfo = mem_strdup(worker->options->database_intake.text);
	if (made == NULL || conninfo == NULL) {
		mem_free(made);
		mem_free(conninfo);
		desk_call_problem(call, &desk_problem_memory);
		return false;
	}
	made->call = call;
	made->own = own;
	made->hospital = hospital;
	made->directory = directory_hold(worker->directory);
	made->conninfo = conninfo;
	made->task = *task;
	made->job = (struct import_job){.work = on_work, .done = on_done, .ctx = made};
	if (importer_run(task->importer, &made->job, &call->principal->hospital_id) < 0) {
		work_free(made);
		desk_call_problem(call, task->full);
		return false;
	}
	return true;
}

bool clerk_run(struct desk_call *call, void *own, int (*work)(struct clerk_work *work),
	void (*answer)(struct clerk_work *work))
{
	const struct clerk_task task = {
		.importer = call->desk->clerk, .full = &problem_full, .work = work, .answer = answer};
	return clerk_go(call, own, &task);
}
