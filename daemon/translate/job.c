/* Reading a job, and its way by kind. */
#include "translate/job.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "fhir/document.h"
#include "model/task_outcome.h"
#include "translate/envelope.h"
#include "translate/filter.h"

#define RETRY_FIRST_MS 1000
#define POLL_RETRY_MS 10000
#define RETRY_MAX_MS 300000
#define CONFIG_RETRY_MS 60000 /* a mistake in the configuration is looked at again after this */

void job_init(struct job *job, const struct work_item *item)
{
	struct arena arena = job->arena;

	*job = (struct job){.item = *item, .basis = -1};
	if (arena.zf.alloc == NULL)
		arena_init(&job->arena, JOB_ARENA_BYTES);
	else
		job->arena = arena;
	harvest_init(&job->harvest, &job->arena.zf);
	job->exchange_id = item->exchange_id;
}

/* ---- reading ---- */

/* The columns of translate_begin. */
enum {
	C_ORDINAL,
	C_CLAIM,
	C_REF,
	C_USE,
	C_TRANSPORT,
	C_TOTAL,
	C_CURRENCY,
	C_EXPONENT,
	C_CONTENT,
	C_PATIENT_KEY,
	C_WRAPPED,
	C_VERSION,
	C_HOSPITAL_KEYS,
	C_BASIS,
	C_INSURER,
	C_X_KIND,
	C_X_STATUS,
	C_X_STEP,
	C_X_STATE,
	C_M_STATUS,
	C_M_TOKEN,
	C_M_SUBMISSION,
	C_M_HTTP,
	C_M_CONTENT,
	C_M_REPLAY,
	C_M_ROUTE,
	C_TASK,
	C_TASK_REASON,
	C_DOUBT_MESSAGE,
	C_DOUBT_EXCHANGE,
	C_DOUBT_ROUTE,
	C_BUSY,
	C_DOUBT_OLDER,
	C_ORIGIN,
	C_ACKNOWLEDGEMENT,
	C_ADJUDICATION,
	C_VOUCHED,
};

static int int_or(const struct pg_result *rows, int row, int column, int otherwise)
{
	return db_rows_null(rows, row, column) ? otherwise : (int)db_rows_int(rows, row, column);
}

static struct uuid uuid_or_nil(const struct pg_result *rows, int row, int column)
{
	struct uuid nil = {{0}};

	return db_rows_null(rows, row, column) ? nil : db_rows_uuid(rows, row, column);
}

/* A text of the row, kept; NULL stays NULL. */
static int keep_text(struct job *job, const struct pg_result *rows, int row, int column, const char **ret_text)
{
	const char *text = db_rows_text(rows, row, column);

	*ret_text = text == NULL ? NULL : zf_strdup(&job->arena.zf, text);
	return text != NULL && *ret_text == NULL ? ERR_NOMEM : 0;
}

static int keep_bytes(struct job *job, const struct pg_result *rows, int row, int column, struct bytes *ret_bytes)
{
	struct bytes bytes = db_rows_bytes(rows, row, column);
	uint8_t *copy;

	*ret_bytes = (struct bytes){NULL, 0};
	if (bytes.ptr == NULL) return 0;
	copy = zf_alloc(&job->arena.zf, bytes.len);
	if (copy == NULL) return ERR_NOMEM;
	if (bytes.len > 0) memcpy(copy, bytes.ptr, bytes.len);
	*ret_bytes = (struct bytes){copy, bytes.len};
	return 0;
}

static void read_claim(const struct room *room, struct job *job, const struct pg_result *rows, int row)
{
	struct job_claim *claim = &job->claim;
	struct bytes wrapped = db_rows_bytes(rows, row, C_WRAPPED);
	const char *currency = db_rows_text(rows, row, C_CURRENCY);

	claim->id = uuid_or_nil(rows, row, C_CLAIM);
	claim->insurer = job->insurer_code;
	claim->use = int_or(rows, row, C_USE, 0);
	claim->transport = int_or(rows, row, C_TRANSPORT, TRANSPORT_NONE);
	claim->acknowledgement = int_or(rows, row, C_ACKNOWLEDGEMENT, ACKNOWLEDGEMENT_NONE);
	claim->adjudication = int_or(rows, row, C_ADJUDICATION, ADJUDICATION_NONE);
	claim->vouched = int_or(rows, row, C_VOUCHED, VOUCHED_NOT);
	claim->doubt_message = uuid_or_nil(rows, row, C_DOUBT_MESSAGE);
	job->patient_key_id = uuid_or_nil(rows, row, C_PATIENT_KEY);
	if (currency != NULL && strlen(currency) == 3) {
		claim->total.minor = db_rows_int(rows, row, C_TOTAL);
		memcpy(claim->total.currency, currency, 4);
		claim->total.exponent = (uint8_t)int_or(rows, row, C_EXPONENT, 0);
		claim->total.present = 1;
	}
	if (wrapped.len > 0)
		claim->has_key =
			vault_patient(room->vault, room->keyring, &job->item.hospital_id, job->hospital_keys,
				int_or(rows, row, C_VERSION, 0), &job->patient_key_id, wrapped, &claim->key) == 0;
}

/* Nothing follows from it now. */
static void put_off(struct job *job, int64_t delay_ms)
{
	harvest_clear(&job->harvest);
	job->facts = job->facts_last = NULL;
	job->fact_count = 0;
	job->harvest.action = HARVEST_DEFER;
	job->harvest.delay_ms = delay_ms;
}

int job_read(const struct room *room, struct job *job, const struct pg_result *rows, int row)
{
	int r = keep_bytes(job, rows, row, C_HOSPITAL_KEYS, &job->hospital_keys);

	if (r == 0) r = keep_bytes(job, rows, row, C_CONTENT, &job->claim_content);
	if (r == 0) r = keep_bytes(job, rows, row, C_X_STATE, &job->exchange_state);
	if (r == 0) r = keep_bytes(job, rows, row, C_M_CONTENT, &job->message_content);
	if (r == 0) r = keep_text(job, rows, row, C_REF, &job->claim.ref);
	if (r == 0) r = keep_text(job, rows, row, C_INSURER, &job->insurer_code);
	if (r == 0) r = keep_text(job, rows, row, C_M_ROUTE, &job->message_route);
	if (r == 0) r = keep_text(job, rows, row, C_TASK_REASON, &job->task_reason);
	if (r == 0) r = keep_text(job, rows, row, C_DOUBT_ROUTE, &job->doubt_route);
	if (r == 0) r = keep_text(job, rows, row, C_ORIGIN, &job->origin_ref);
	job->alive = true;
	if (r < 0) {
		/* Of what is not read nothing can be decided; that its lease ran out would count as a crash. */
		job->unread = true;
		put_off(job, RETRY_FIRST_MS);
		return err_set(ERR_NOMEM, "no memory to read a work item");
	}
	job->basis = int_or(rows, row, C_BASIS, -1);
	job->exchange_kind = int_or(rows, row, C_X_KIND, 0);
	job->exchange_status = int_or(rows, row, C_X_STATUS, 0);
	job->exchange_step = int_or(rows, row, C_X_STEP, 0);
	job->message_status = int_or(rows, row, C_M_STATUS, 0);
	job->message_token = int_or(rows, row, C_M_TOKEN, 0);
	job->message_http = int_or(rows, row, C_M_HTTP, 0);
	job->message_submission = !db_rows_null(rows, row, C_M_SUBMISSION) && db_rows_bool(rows, row, C_M_SUBMISSION);
	job->message_replay = !db_rows_null(rows, row, C_M_REPLAY) && db_rows_bool(rows, row, C_M_REPLAY);
	job->task_id = uuid_or_nil(rows, row, C_TASK);
	job->doubt_exchange = uuid_or_nil(rows, row, C_DOUBT_EXCHANGE);
	job->busy = db_rows_bool(rows, row, C_BUSY);
	job->doubt_older = db_rows_bool(rows, row, C_DOUBT_OLDER);
	if (job->insurer_code != NULL) job->insurer = directory_insurer(room->directory, job->insurer_code);
	job->hospital = directory_hospital(room->directory, &job->item.hospital_id);
	read_claim(room, job, rows, row);
	return 0;
}

int job_hospital_key(const struct room *room, const struct job *job, const struct key **ret_key)
{
	return vault_hospital(room->vault, room->keyring, &job->item.hospital_id, job->hospital_keys, 0, ret_key);
}

/* ---- endings ---- */

void job_retry(struct job *job, const char *why)
{
	int64_t delay_ms = RETRY_FIRST_MS;

	/* The turns of a mailbox are all one row's, so its attempts say nothing of how often this one was tried. Held
	 * for a person after the first bad moment of its second day, no decision would come from there any more. */
	if (job->item.kind == WORK_START_POLL || job->item.kind == WORK_START_REMITTANCE) {
		if (!job->starved)
			log_fields(LOG_WARN, "a mailbox could not be asked, and is asked again", "insurer",
				job->insurer == NULL ? "" : job->insurer->code, "why", why, NULL);
		put_off(job, job->starved ? 50 : POLL_RETRY_MS);
		return;
	}
	if (job->item.attempt > JOB_RETRIES_MAX) {
		job_quarantine(job, why);
		return;
	}
	for (int i = 1; i < job->item.attempt && delay_ms < RETRY_MAX_MS; i++) delay_ms *= 2;
	/* Control numbers come within milliseconds. */
	put_off(job, job->starved ? 50 : delay_ms < RETRY_MAX_MS ? delay_ms : RETRY_MAX_MS);
}

void job_make_whole(struct job *job)
{
	if (job->harvest.err < 0) put_off(job, RETRY_FIRST_MS);
}

/* The exchange as it was, with another status. */
static void exchange_set(struct job *job, int status, const char *why)
{
	struct harvest_exchange *exchange;

	/* What has ended stays so: it was read again for its facts only. */
	if (job->exchange_kind == 0 || job->exchange_status == EXCHANGE_DONE) return;
	exchange = harvest_add(&job->harvest, &job->harvest.exchanges, sizeof(*exchange));
	exchange->id = job->item.exchange_id;
	exchange->claim_id = job->claim.id;
	exchange->kind = job->exchange_kind;
	exchange->status = status;
	exchange->step = job->exchange_step;
	exchange->why = why;
}

void job_quarantine(struct job *job, const char *why)
{
	struct harvest *harvest = &job->harvest;
	struct harvest_task *task;

	why = why == NULL || why[0] == '\0' ? "unknown" : why;
	if (harvest->err != ERR_NOMEM) {
		const char *copy = zf_strdup(&job->arena.zf, why);

		why = copy == NULL ? "no memory" : copy;
	} else {
		why = "no memory";
	}
	harvest_clear(harvest);
	job->facts = job->facts_last = NULL;
	job->fact_count = 0;
	log_fields(LOG_WARN, "work goes to a person", "claim", job->claim.ref == NULL ? "-" : job->claim.ref, "insurer",
		job->insurer_code == NULL ? "-" : job->insurer_code, "why", why, NULL);
	switch (job->item.kind) {
	case WORK_START_CLAIM:
		if (job->claim.transport == TRANSPORT_ACCEPTED)
			harvest_step(harvest, &job->claim.id, TRANSPORT_ACCEPTED, EVENT_HOLD, why);
		return;
	case WORK_REPLY:
	case WORK_CALL:
		if (job->message_status != 0) harvest_update(harvest, &job->item.message_id, MESSAGE_QUARANTINED, why);
		exchange_set(job, EXCHANGE_QUARANTINED, why);
		return;
	case WORK_TIMER:
	case WORK_FAILURE:
		exchange_set(job, EXCHANGE_QUARANTINED, why);
		return;
	case WORK_START_CANCEL:
		task = harvest_add(harvest, &harvest->tasks, sizeof(*task));
		task->id = job->item.fact_id;
		task->status = "failed";
		task->outcome = arena_printf(&job->arena, TASK_OUTCOME_STUCK ": %s", why);
		if (task->outcome == NULL) task->outcome = TASK_OUTCOME_STUCK;
		return;
	default: /* recurring work and questions: the row itself stays, for a person to look at and release */
		harvest->action = HARVEST_HELD;
		harvest->why = why;
		return;
	}
}

/* ---- the claim for the module ---- */

static int decode(struct job *job, struct text_span json, struct fhir_document *ret_document)
{
	struct fault_list faults;
	int r;

	fault_list_init(&faults, &job->arena.zf, 0);
	r = fhir_document_read(json.ptr, json.len, NULL, FHIR_ACCEPT_CLAIM | FHIR_ACCEPT_BUNDLE, &job->arena.zf,
		&faults, ret_document);
	if (r == LIB_NOMEM || faults.no_memory) return err_set(ERR_NOMEM, "no memory to read the claim");
	if (r < 0) return err_set(ERR_INVALID, "the stored claim cannot be read");
	return 0;
}

/* Without an allow-list most claims need no filter: that is seen once they are read. */
static int filtered(struct job *job, struct text_span *json, struct fhir_document *document)
{
	struct filter filter = {job->insurer->allowed_fields, job->insurer->allowed_field_count};
	int r;

	if (filter.count == 0) {
		r = decode(job, *json, document);
		if (r < 0 || fhir_document_all(document, filter_passes)) return r;
	}
	r = filter_apply(&filter, *json, &job->arena.zf, json);
	return r < 0 ? r : decode(job, *json, document);
}

int job_claim_load(const struct room *room, struct job *job, struct zf_claim *ret_claim, struct text_span *ret_json)
{
	struct fhir_document document = {0};
	struct bytes plain = {NULL, 0};
	struct text_span json;
	int r = ERR_DENIED;

	if (!job->claim.has_key)
		(void)err_set(ERR_DENIED, "the patient's key is erased or cannot be opened");
	else
		r = seal_open(room->sealer, &job->claim.key, &job->claim.id, SEAL_CLAIM, job->claim_content,
			SEAL_PLAIN_BYTES_MAX, &job->arena, &plain);
	if (r == 0) {
		json = (struct text_span){(const char *)plain.ptr, plain.len};
		r = filtered(job, &json, &document);
	}
	if (r == 0 && document.claim_count == 0) r = err_set(ERR_INVALID, "the allow-list leaves nothing of the claim");
	if (r == ERR_NOMEM) {
		job_retry(job, err_text());
		return r;
	}
	if (r < 0 || document.claims == NULL) {
		job_quarantine(job, err_text());
		return ERR_INVALID;
	}
	*ret_claim = *document.claims[0];
	uuid_format(&job->claim.id, ret_claim->id);
	memcpy(ret_claim->ref, job->claim.ref, strlen(job->claim.ref) + 1);
	ret_claim->use = (uint8_t)job->claim.use;
	if (job->origin_ref != NULL)
		(void)snprintf(ret_claim->origin_ref, sizeof(ret_claim->origin_ref), "%s", job->origin_ref);
	*ret_json = json;
	return 0;
}

/* ---- by kind ---- */

static void start_claim(struct room *room, struct job *job)
{
	struct zf_event event = {.size = sizeof(event), .kind = ZF_EVENT_START_CLAIM};
	struct zf_claim claim;
	const struct zf_claim *claims[1] = {&claim};
	struct text_span json;

	if (job->claim.transport != TRANSPORT_ACCEPTED) return; /* it went another way meanwhile */
	if (job->basis <= 0) {
		harvest_step(&job->harvest, &job->claim.id, TRANSPORT_ACCEPTED, EVENT_CONSENT_MISSING,
			"no consent on record covers this insurer and purpose");
		return;
	}
	if (job_claim_load(room, job, &claim, &json) < 0) return;
	event.claims = claims;
	event.claim_count = 1;
	event.claim_json = json.ptr;
	event.claim_json_len = json.len;
	if (!job_step(room, job, &event, EXCHANGE_CLAIM)) return;
	if (!job->pending) {
		job_quarantine(job, "the module neither sends nor waits");
		return;
	}
	harvest_step(&job->harvest, &job->claim.id, TRANSPORT_ACCEPTED, EVENT_ENQUEUE, NULL);
}

/* A message is sealed by the patient's key where it belongs to a claim that still has one, else by the hospital's. */
static int message_open(const struct room *room, struct job *job, struct bytes *ret_plain)
{
	int r = ERR_DENIED;

	if (job->claim.has_key)
		r = seal_open(room->sealer, &job->claim.key, &job->item.message_id, SEAL_MESSAGE, job->message_content,
			SEAL_PLAIN_BYTES_MAX, &job->arena, ret_plain);
	if (r == ERR_DENIED)
		r = vault_open(room->vault, room->keyring, &job->item.hospital_id, job->hospital_keys, room->sealer,
			&job->item.message_id, SEAL_MESSAGE, job->message_content, SEAL_PLAIN_BYTES_MAX, &job->arena,
			ret_plain);
	return r;
}

static void orphan(struct job *job, const char *why)
{
	harvest_update(&job->harvest, &job->item.message_id, MESSAGE_ORPHAN, why);
}

static void reply(struct room *room, struct job *job)
{
	struct zf_event event = {.size = sizeof(event), .kind = ZF_EVENT_REPLY};
	struct envelope envelope = {0};
	struct bytes plain;
	int r;

	if (job->message_status == 0) return; /* nothing came in: nothing is lost */
	if (job->exchange_kind == 0 || (job->exchange_status == EXCHANGE_DONE && !job->message_replay)) {
		orphan(job, job->exchange_kind == 0 ? "no exchange waits for it" : "its exchange had ended");
		return;
	}
	r = message_open(room, job, &plain);
	if (r == 0) r = envelope_read(plain, &job->arena.zf, &envelope);
	if (r == ERR_NOMEM) {
		job_retry(job, err_text());
		return;
	}
	if (r < 0) {
		job_quarantine(job, err_text());
		return;
	}
	event.token = (uint32_t)job->message_token;
	event.http_status = envelope.http_status;
	event.headers = envelope.headers;
	event.header_count = envelope.header_count;
	event.body = envelope.body.ptr;
	event.body_len = envelope.body.len;
	if (!job_step(room, job, &event, 0)) return;
	harvest_update(&job->harvest, &job->item.message_id,
		job->unread_part == NULL ? MESSAGE_READ : MESSAGE_QUARANTINED, job->unread_part);
}

static void timer(struct room *room, struct job *job)
{
	struct zf_event event = {.size = sizeof(event), .kind = ZF_EVENT_TIMER};
	struct zf_claim claim;
	const struct zf_claim *claims[1] = {&claim};
	struct text_span json;

	if (job->exchange_kind == 0 || job->exchange_status != EXCHANGE_OPEN) return;
	/* A module that was told "not now" says the claim again. */
	if (job->exchange_kind == EXCHANGE_CLAIM && job->basis > 0) {
		if (job_claim_load(room, job, &claim, &json) < 0) return;
		event.claims = claims;
		event.claim_count = 1;
		event.claim_json = json.ptr;
		event.claim_json_len = json.len;
	}
	(void)job_step(room, job, &event, 0);
}

/* Insurer, hospital and module must be there; false: the job has been ended. */
static bool prepared(struct room *room, struct job *job)
{
	int r;

	if (job->hospital == NULL || job->insurer == NULL) {
		bool recurring = job->item.kind == WORK_START_POLL || job->item.kind == WORK_START_REMITTANCE;

		if (recurring) return false; /* the row goes; it comes again with its insurer */
		if (job->insurer == NULL && job->item.kind == WORK_START_CLAIM) {
			if (job->claim.transport == TRANSPORT_ACCEPTED)
				harvest_step(&job->harvest, &job->claim.id, TRANSPORT_ACCEPTED, EVENT_ROUTE_MISSING,
					"its insurer is not configured any more");
			return false;
		}
		job->harvest.action = HARVEST_DEFER;
		job->harvest.delay_ms = CONFIG_RETRY_MS;
		return false;
	}
	r = contexts_get(room->contexts, job->hospital, job->insurer, &job->context);
	if (r == 0) return true;
	log_fields(LOG_ERROR, "an insurer's module cannot be used", "insurer", job->insurer->code, "why", err_text(),
		NULL);
	job->harvest.action = HARVEST_DEFER;
	job->harvest.delay_ms = r == ERR_NOMEM ? RETRY_FIRST_MS : CONFIG_RETRY_MS;
	return false;
}

void job_run(struct room *room, struct job *job)
{
	if (!prepared(room, job)) return;
	if (job->item.crashes >= room->options->translate_crashes_max) {
		const char *why = arena_printf(&job->arena, "the module crashed %d times on it", job->item.crashes);

		job_quarantine(job, why == NULL ? "the module crashed on it" : why);
		return;
	}
	switch (job->item.kind) {
	case WORK_START_CLAIM:
		start_claim(room, job);
		break;
	case WORK_REPLY:
		reply(room, job);
		break;
	case WORK_FAILURE:
		job_failure(room, job);
		break;
	case WORK_TIMER:
		timer(room, job);
		break;
	case WORK_START_STATUS:
		job_ask(room, job);
		break;
	case WORK_START_CANCEL:
		job_cancel(room, job);
		break;
	case WORK_START_POLL:
	case WORK_START_REMITTANCE:
		job_poll(room, job);
		break;
	case WORK_CALL:
		orphan(job, "calls of insurers are not read yet");
		break;
	default:
		job_quarantine(job, "a kind of work that translate does not know");
		break;
	}
}

void job_finish(struct room *room, struct job *job)
{
	int r;

	if (job->harvest.err == 0 && job->exchange_kind == EXCHANGE_STATUS && job->item.kind != WORK_START_STATUS)
		job_status_conclude(job);
	if (job->harvest.err == 0 && job->exchange_kind == EXCHANGE_CLAIM) job_absence_conclude(job);
	if (job->harvest.err == 0 && job->exchange_kind == EXCHANGE_CANCEL) job_cancel_conclude(job);
	r = job->harvest.err == 0 ? job_facts_harvest(room, job) : job->harvest.err;
	if (r == 0) r = job->harvest.err;
	if (r == 0) return;
	if (r == ERR_NOMEM)
		job_retry(job, "no memory");
	else
		job_quarantine(job, err_text());
}
