/* The table of posting rules under /v1, and the ledger held to it. */
#include <string.h>

#include "db/sync.h"
#include "desk/clerk.h"
#include "settle/posting_rule.h"

#define ANSWER_BYTES_MAX (8u << 20)
#define PARAMS_BYTES_MAX 65536

/* As the shape PostingRule has it. */
static void rule_put(struct json_writer *writer, const struct posting_rule *rule)
{
	json_write_object_begin(writer);
	json_write_member(writer, "rule", rule->name);
	json_write_member(writer, "debit", rule->debit);
	json_write_member(writer, "debit_or", rule->debit_or);
	json_write_member(writer, "credit", rule->credit);
	json_write_member(writer, "credit_or", rule->credit_or);
	json_write_member_bool(writer, "either", !rule->one_way);
	json_write_member(writer, "why", rule->why);
	json_write_member(writer, "why_zh", rule->why_zh);
	json_write_object_end(writer);
}

static void items_begin(struct json_writer *writer, struct desk_call *call)
{
	json_write_init(writer, &call->req->arena.zf, ANSWER_BYTES_MAX);
	json_write_object_begin(writer);
	json_write_key(writer, "items");
	json_write_array_begin(writer);
}

static void items_answer(struct json_writer *writer, struct desk_call *call)
{
	json_write_array_end(writer);
	json_write_object_end(writer);
	desk_call_write(call, 200, writer);
}

void rules_run(struct desk_call *call)
{
	struct json_writer writer;
	size_t count;
	const struct posting_rule *rules = posting_rules(&count);
	items_begin(&writer, call);
	for (size_t i = 0; i < count; i++) rule_put(&writer, &rules[i]);
	items_answer(&writer, call);
}

/* ---- check: of all that was ever posted, so on a thread ---- */

struct checking {
	struct pg_result *rows; /* of POSTING_RULES_SQL */
};

static int check_work(struct clerk_work *work)
{
	struct checking *checking = work->own;
	struct arena arena CLEANUP(arena_free);
	struct db_params params;
	int r;
	arena_init(&arena, PARAMS_BYTES_MAX);
	db_params_init(&params, &arena);
	db_params_uuid(&params, &work->hospital->id);
	r = db_sync_script(work->db, "BEGIN READ ONLY");
	if (r == 0) r = db_sync_tenant(work->db, &work->hospital->id);
	if (r == 0) r = db_sync_query(work->db, POSTING_RULES_SQL, &params, &checking->rows);
	return r; /* the connection ends, and with it what only read */
}

static void check_answer(struct clerk_work *work)
{
	struct checking *checking = work->own;
	struct desk_call *call = work->call;
	struct json_writer writer;
	items_begin(&writer, call);
	for (int row = 0; work->error == 0 && row < db_rows_count(checking->rows); row++) {
		if (posting_known(db_rows_text(checking->rows, row, 0), db_rows_text(checking->rows, row, 1),
			    db_rows_text(checking->rows, row, 2)))
			continue;
		(void)shape_write(&writer, call->operation->answer, checking->rows, row, 0, 0);
	}
	db_sync_rows_free(checking->rows);
	if (work->error < 0)
		clerk_fail(work);
	else
		items_answer(&writer, call);
}

void rules_check_run(struct desk_call *call)
{
	struct checking *checking = zf_alloc(&call->req->arena.zf, sizeof(*checking));
	if (checking == NULL) {
		desk_call_problem(call, &desk_problem_memory);
		return;
	}
	checking->rows = NULL;
	(void)clerk_run(call, checking, check_work, check_answer);
}
