/* Rows to arrays. The order of the arrays is that of the functions' parameters. */
#include "translate/commit.h"

#include "translate/translate_sql.h"

static const struct uuid *id_or_null(const struct uuid *id)
{
	return uuid_is_nil(id) ? NULL : id;
}

/* Arrays of one kind of row, opened in the order of their types. */
#define ARRAYS_MAX 20
struct arrays {
	struct db_array *a[ARRAYS_MAX];
};

static struct arrays arrays_open(
	struct db_params *params, const enum db_type *types, size_t n, size_t rows, size_t bytes)
{
	struct arrays arrays = {{NULL}};

	assert(n <= ARRAYS_MAX);
	for (size_t i = 0; i < n; i++)
		arrays.a[i] = db_params_array(params, types[i], rows, types[i] == DB_BYTEA ? bytes : 0);
	return arrays;
}
#define ARRAYS(params, rows, bytes, ...)                                                                               \
	arrays_open(params, (const enum db_type[]){__VA_ARGS__},                                                       \
		sizeof((const enum db_type[]){__VA_ARGS__}) / sizeof(enum db_type), rows, bytes)

#define EACH_JOB_ROW(type, row, list)                                                                                  \
	for (size_t job_no = 0; job_no < n; job_no++) HARVEST_EACH(type, row, jobs[job_no]->harvest.list)
#define ITEM ((int32_t)job_no + 1)

static size_t rows_count(const struct job *const *jobs, size_t n, size_t list_offset)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((const struct harvest_rows *)(const void *)((const char *)&jobs[i]->harvest + list_offset))
				 ->count;
	return count;
}
#define COUNT(list) rows_count(jobs, n, offsetof(struct harvest, list))

static void add_items(struct db_params *params, const struct job *const *jobs, size_t n)
{
	struct arrays t = ARRAYS(params, n, 0, DB_UUID, DB_UUID, DB_INT4, DB_INT2, DB_INT8, DB_TEXT, DB_TEXT);

	for (size_t i = 0; i < n; i++) {
		const struct job *job = jobs[i];

		db_array_uuid(t.a[0], &job->item.hospital_id);
		db_array_uuid(t.a[1], &job->item.work_id);
		db_array_int4(t.a[2], job->item.attempt);
		db_array_int2(t.a[3], (int16_t)job->harvest.action);
		db_array_int8(t.a[4], job->harvest.delay_ms);
		db_array_text(t.a[5], job->harvest.why);
		db_array_text(t.a[6], job->insurer_code == NULL ? "" : job->insurer_code);
	}
}

static void add_steps(struct db_params *params, const struct job *const *jobs, size_t n)
{
	struct arrays t = ARRAYS(params, COUNT(steps), 0, DB_INT4, DB_UUID, DB_INT2, DB_INT2, DB_TEXT, DB_TEXT);

	EACH_JOB_ROW(harvest_step, step, steps)
	{
		db_array_int4(t.a[0], ITEM);
		db_array_uuid(t.a[1], &step->claim_id);
		db_array_int2(t.a[2], step->from);
		db_array_int2(t.a[3], step->to);
		db_array_text(t.a[4], lifecycle_event_name(step->event));
		db_array_text(t.a[5], step->why);
	}
}

static void add_exchanges(struct db_params *params, const struct job *const *jobs, size_t n)
{
	struct arrays t = ARRAYS(
		params, COUNT(exchanges), 0, DB_INT4, DB_UUID, DB_INT2, DB_UUID, DB_INT2, DB_INT4, DB_BYTEA, DB_TEXT);

	EACH_JOB_ROW(harvest_exchange, exchange, exchanges)
	{
		db_array_int4(t.a[0], ITEM);
		db_array_uuid(t.a[1], &exchange->id);
		db_array_int2(t.a[2], (int16_t)exchange->kind);
		db_array_uuid(t.a[3], id_or_null(&exchange->claim_id));
		db_array_int2(t.a[4], (int16_t)exchange->status);
		db_array_int4(t.a[5], exchange->step);
		db_array_bytes(t.a[6], exchange->state);
		db_array_text(t.a[7], exchange->why);
	}
}

static void add_messages(struct db_params *params, const struct job *const *jobs, size_t n)
{
	size_t bytes = 0;
	struct arrays t;

	EACH_JOB_ROW(harvest_message, message, messages) bytes += message->content.len;
	t = ARRAYS(params, COUNT(messages), bytes, DB_INT4, DB_UUID, DB_UUID, DB_UUID, DB_INT4, DB_BOOL, DB_BOOL,
		DB_BYTEA);
	EACH_JOB_ROW(harvest_message, message, messages)
	{
		db_array_int4(t.a[0], ITEM);
		db_array_uuid(t.a[1], &message->id);
		db_array_uuid(t.a[2], &message->exchange_id);
		db_array_uuid(t.a[3], id_or_null(&message->claim_id));
		db_array_int4(t.a[4], (int32_t)message->token);
		db_array_bool(t.a[5], message->submission);
		db_array_bool(t.a[6], message->personal);
		db_array_bytes(t.a[7], message->content);
	}
}

static void add_updates(struct db_params *params, const struct job *const *jobs, size_t n)
{
	struct arrays t = ARRAYS(params, COUNT(updates), 0, DB_INT4, DB_UUID, DB_INT2, DB_TEXT);

	EACH_JOB_ROW(harvest_update, update, updates)
	{
		db_array_int4(t.a[0], ITEM);
		db_array_uuid(t.a[1], &update->id);
		db_array_int2(t.a[2], (int16_t)update->status);
		db_array_text(t.a[3], update->why);
	}
}

static void add_refs(struct db_params *params, const struct job *const *jobs, size_t n)
{
	struct arrays t = ARRAYS(params, COUNT(refs), 0, DB_INT4, DB_TEXT, DB_BYTEA, DB_UUID, DB_UUID);

	EACH_JOB_ROW(harvest_ref, ref, refs)
	{
		db_array_int4(t.a[0], ITEM);
		db_array_text(t.a[1], ref->kind);
		db_array_bytes(t.a[2], (struct bytes){ref->hash, sizeof(ref->hash)});
		db_array_uuid(t.a[3], id_or_null(&ref->claim_id));
		db_array_uuid(t.a[4], id_or_null(&ref->message_id));
	}
}

static void add_works(struct db_params *params, const struct job *const *jobs, size_t n)
{
	struct arrays t = ARRAYS(params, COUNT(works), 0, DB_INT4, DB_UUID, DB_INT2, DB_INT2, DB_TEXT, DB_UUID, DB_UUID,
		DB_UUID, DB_INT8);

	EACH_JOB_ROW(harvest_work, work, works)
	{
		db_array_int4(t.a[0], ITEM);
		db_array_uuid(t.a[1], &work->id);
		db_array_int2(t.a[2], (int16_t)work->role);
		db_array_int2(t.a[3], (int16_t)work->kind);
		db_array_text(t.a[4], work->route);
		db_array_uuid(t.a[5], id_or_null(&work->claim_id));
		db_array_uuid(t.a[6], id_or_null(&work->exchange_id));
		db_array_uuid(t.a[7], id_or_null(&work->message_id));
		db_array_int8(t.a[8], work->delay_ms);
	}
}

static void add_facts(struct db_params *params, const struct job *const *jobs, size_t n)
{
	struct arrays t = ARRAYS(params, COUNT(facts), 0, DB_INT4, DB_UUID, DB_UUID, DB_UUID, DB_UUID, DB_INT2, DB_UUID,
		DB_UUID, DB_INT4, DB_TEXT, DB_INT2, DB_TEXT);

	EACH_JOB_ROW(harvest_fact, fact, facts)
	{
		db_array_int4(t.a[0], ITEM);
		db_array_uuid(t.a[1], &fact->id);
		db_array_uuid(t.a[2], id_or_null(&fact->claim_id));
		db_array_uuid(t.a[3], id_or_null(&fact->exchange_id));
		db_array_uuid(t.a[4], id_or_null(&fact->message_id));
		db_array_int2(t.a[5], (int16_t)fact->kind);
		db_array_uuid(t.a[6], id_or_null(&fact->adjudication_id));
		db_array_uuid(t.a[7], id_or_null(&fact->remittance_id));
		if (fact->detail == 0)
			db_array_null(t.a[8]);
		else
			db_array_int4(t.a[8], fact->detail);
		db_array_text(t.a[9], fact->text);
		db_array_int2(t.a[10], (int16_t)fact->status);
		db_array_text(t.a[11], fact->why);
	}
}

static void add_tasks(struct db_params *params, const struct job *const *jobs, size_t n)
{
	struct arrays t = ARRAYS(params, COUNT(tasks), 0, DB_INT4, DB_UUID, DB_TEXT, DB_TEXT);

	EACH_JOB_ROW(harvest_task, task, tasks)
	{
		db_array_int4(t.a[0], ITEM);
		db_array_uuid(t.a[1], &task->id);
		db_array_text(t.a[2], task->status);
		db_array_text(t.a[3], task->outcome);
	}
}

/* ---- translate_answer ---- */

static void add_adjudications(struct db_params *params, const struct job *const *jobs, size_t n)
{
	struct arrays t = ARRAYS(params, COUNT(adjudications), 0, DB_UUID, DB_UUID, DB_UUID, DB_INT2, DB_TEXT, DB_TEXT,
		DB_TEXT, DB_INT2, DB_INT8, DB_INT8, DB_INT8, DB_INT8, DB_INT8, DB_INT8, DB_TEXT, DB_INT2, DB_BYTEA,
		DB_INT4);

	EACH_JOB_ROW(harvest_adjudication, row, adjudications)
	{
		db_array_uuid(t.a[0], &jobs[job_no]->item.hospital_id);
		db_array_uuid(t.a[1], &row->fact_id);
		db_array_uuid(t.a[2], &row->id);
		db_array_int2(t.a[3], (int16_t)row->outcome);
		db_array_text(t.a[4], row->number);
		db_array_text(t.a[5], row->preauth);
		db_array_text(t.a[6], row->currency);
		db_array_int2(t.a[7], (int16_t)row->exponent);
		db_array_int8(t.a[8], row->submitted);
		db_array_int8(t.a[9], row->benefit);
		db_array_int8(t.a[10], row->patient);
		db_array_int8(t.a[11], row->contract);
		db_array_int8(t.a[12], row->open);
		if (row->has_payment) {
			db_array_int8(t.a[13], row->payment);
			db_array_text(t.a[14], row->payment_currency);
			db_array_int2(t.a[15], (int16_t)row->payment_exponent);
		} else {
			for (size_t i = 13; i <= 15; i++) db_array_null(t.a[i]);
		}
		db_array_bytes(t.a[16], row->content);
		db_array_int4(t.a[17], row->adjusted);
	}
}

static void add_adjustments(struct db_params *params, const struct job *const *jobs, size_t n)
{
	struct arrays t = ARRAYS(
		params, COUNT(adjustments), 0, DB_INT4, DB_INT2, DB_INT2, DB_INT8, DB_TEXT, DB_INT2, DB_TEXT, DB_TEXT);

	EACH_JOB_ROW(harvest_adjustment, row, adjustments)
	{
		db_array_int4(t.a[0], row->line);
		db_array_int2(t.a[1], (int16_t)row->group);
		db_array_int2(t.a[2], (int16_t)row->reason);
		db_array_int8(t.a[3], row->amount);
		db_array_text(t.a[4], row->currency);
		db_array_int2(t.a[5], (int16_t)row->exponent);
		db_array_text(t.a[6], row->system);
		db_array_text(t.a[7], row->code);
	}
}

static void add_remittances(struct db_params *params, const struct job *const *jobs, size_t n)
{
	struct arrays t = ARRAYS(params, COUNT(remittances), 0, DB_UUID, DB_UUID, DB_UUID, DB_TEXT, DB_INT8, DB_TEXT,
		DB_INT2, DB_DATE, DB_TEXT, DB_BYTEA, DB_INT8, DB_INT4, DB_BYTEA, DB_BYTEA);

	EACH_JOB_ROW(harvest_remittance, row, remittances)
	{
		db_array_uuid(t.a[0], &jobs[job_no]->item.hospital_id);
		db_array_uuid(t.a[1], &row->fact_id);
		db_array_uuid(t.a[2], &row->id);
		db_array_text(t.a[3], row->identifier);
		db_array_int8(t.a[4], row->amount);
		db_array_text(t.a[5], row->currency);
		db_array_int2(t.a[6], (int16_t)row->exponent);
		if (row->has_day)
			db_array_date(t.a[7], row->day);
		else
			db_array_null(t.a[7]);
		db_array_text(t.a[8], row->reference);
		db_array_bytes(t.a[9], row->content);
		db_array_int8(t.a[10], row->sum);
		db_array_int4(t.a[11], row->detail_count);
		db_array_bytes(t.a[12], (struct bytes){row->hash, row->hash == NULL ? 0 : HARVEST_HASH_BYTES});
		db_array_bytes(t.a[13], row->document);
	}
}

static void add_details(struct db_params *params, const struct job *const *jobs, size_t n)
{
	struct arrays t = ARRAYS(params, COUNT(details), 0, DB_UUID, DB_UUID, DB_INT4, DB_UUID, DB_TEXT, DB_TEXT,
		DB_INT8, DB_INT8, DB_TEXT, DB_INT2, DB_INT2);

	EACH_JOB_ROW(harvest_detail, row, details)
	{
		db_array_uuid(t.a[0], &jobs[job_no]->item.hospital_id);
		db_array_uuid(t.a[1], &row->id);
		db_array_int4(t.a[2], row->no);
		db_array_uuid(t.a[3], id_or_null(&row->claim_id));
		db_array_text(t.a[4], row->ref);
		db_array_text(t.a[5], row->number);
		db_array_int8(t.a[6], row->amount);
		db_array_int8(t.a[7], row->fee);
		db_array_text(t.a[8], row->currency);
		db_array_int2(t.a[9], (int16_t)row->exponent);
		db_array_int2(t.a[10], (int16_t)row->kind);
	}
}

void commit_add(struct db_batch *batch, const struct job *const *jobs, size_t n)
{
	struct db_params *params = db_batch_add(batch, &translate_sql[TRANSLATE_COMMIT]);

	add_items(params, jobs, n);
	add_steps(params, jobs, n);
	add_exchanges(params, jobs, n);
	add_messages(params, jobs, n);
	add_updates(params, jobs, n);
	add_refs(params, jobs, n);
	add_works(params, jobs, n);
	add_facts(params, jobs, n);
	add_tasks(params, jobs, n);
	if (COUNT(adjudications) + COUNT(remittances) == 0) return;
	params = db_batch_add(batch, &translate_sql[TRANSLATE_ANSWER]);
	add_adjudications(params, jobs, n);
	add_adjustments(params, jobs, n);
	add_remittances(params, jobs, n);
	add_details(params, jobs, n);
}

size_t commit_messages(const struct job *const *jobs, size_t n)
{
	size_t count = 0;

	EACH_JOB_ROW(harvest_work, work, works) count += work->role == WORK_DISPATCH;
	return count;
}

size_t commit_facts(const struct job *const *jobs, size_t n)
{
	size_t count = 0;

	EACH_JOB_ROW(harvest_fact, fact, facts) count += fact->status == FACT_NEW;
	return count;
}
