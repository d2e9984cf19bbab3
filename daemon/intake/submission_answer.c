/* What the hospital reads about its submission: the claim, a ClaimResponse, a Bundle of outcomes, or what is wrong. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/pool.h"
#include "fhir/encode.h"
#include "intake/resource_answer.h"
#include "intake/stamp.h"
#include "intake/submission.h"
#include "intake/wait.h"
#include "lib/date.h"
#include "model/lifecycle.h"
#include "model/validate_document.h"

#define ANSWER_BYTES_MAX (64u << 20)
#define NOTES_MAX 64
#define LINKS_MAX 8
#define LOOKS_MAX 256 /* repeated claims of one Bundle of which it is told where they stand by now */

static const struct outcome_remark remark_stored = {"information", "informational", "stored",
	"Stored. The insurer's decision follows.", "已保存，保险公司的决定将随后给出。", NULL};
static const struct outcome_remark remark_held = {"information", "duplicate", "duplicate-suspected",
	"Stored and held: the same hospital, patient, day, codes and amounts as an earlier claim. A person releases or drops it.",
	"已保存但暂缓发送：与此前一份理赔单的医院、患者、日期、编码和金额相同，需由人工放行或撤销。", "insurance-desk"};
static const struct outcome_remark remark_no_route = {"information", "not-found", "no-route",
	"Stored, but no insurer is configured for this coverage, so it goes nowhere yet.",
	"已保存，但未配置与该保险对应的保险公司，暂无法发送。", "insurance-desk"};
static const struct outcome_remark remark_kept = {"information", "informational", "kept-with-claim",
	"Kept as part of the claims that refer to it.", "已随引用它的理赔单一并保存。", NULL};
static const struct outcome_remark remark_not_kept = {"information", "informational", "not-kept",
	"Not kept: only what a claim refers to is stored.", "未保存：只保存理赔单所引用的内容。", NULL};

/* ---- pieces ---- */

static const struct outcome_remark remark_older = {"warning", "conflict", "consent-older",
	"A consent of this identifier with a later dateTime is on record. This one was not stored and changes nothing.",
	"该标识下已有 dateTime 更晚的同意书；本次提交的同意书未保存，不产生任何影响。", "insurance-desk"};
static const struct outcome_remark remark_consent_stored = {
	"information", "informational", "stored", "Stored.", "已保存。", NULL};
static const struct outcome_remark remark_untouched = {"information", "informational", "consent-untouched",
	"Not stored: a consent in such a Bundle counts only together with a claim that is stored for the first time.",
	"未保存：此类 Bundle 中的同意书仅在其中有首次保存的理赔时生效。", "hospital-it"};

static bool is_stored(enum item_state state)
{
	return state == ITEM_STORED || state == ITEM_REPLAYED;
}

static const char *url_of(const struct submission *submission, const char *type, const struct uuid *id)
{
	char text[UUID_TEXT_LEN];
	uuid_format(id, text);
	return arena_printf(
		&submission->req->arena, "%s/fhir/%s/%s", submission->intake->worker->options->base_url, type, text);
}

/* The status of something that was not stored. */
static int refusal_status(enum item_state state, const char *sqlstate)
{
	switch (state) {
	case ITEM_FAULTY:
		return 422;
	case ITEM_CONFLICT:
		return 409;
	case ITEM_REFUSED:
		return strncmp(sqlstate, "22", 2) == 0 || strncmp(sqlstate, "23", 2) == 0 ? 422 : 500;
	default:
		return 503;
	}
}

/* The status of an entry with these faults: 405 when it asks for what is not done in a Bundle. */
static int faults_status(const struct fault_list *faults)
{
	for (uint32_t i = 0; i < faults->count; i++)
		if (faults->items[i].code == FAULT_BUNDLE_REQUEST) return 405;
	return 422;
}

static const struct outcome_remark *refusal_remark(const struct submission *submission, enum item_state state)
{
	switch (state) {
	case ITEM_CONFLICT:
		return &outcome_conflict;
	case ITEM_REFUSED:
		return &outcome_refused;
	case ITEM_UNKNOWN:
		return &outcome_unknown;
	default:
		return db_pool_up(submission->intake->pool) ? &outcome_overloaded : &outcome_database;
	}
}

/* The remark on a stored claim that a person has to look at; NULL: all is well. */
static const struct outcome_remark *stored_remark(const struct claim_item *item)
{
	if (item->is_double) return &remark_held;
	return item->insurer == NULL ? &remark_no_route : NULL;
}

static void put_item_outcome(struct json_writer *writer, const struct claim_item *item, bool chinese)
{
	struct submission *submission = item->submission;
	const struct outcome_remark *remark =
		is_stored(item->state) ? stored_remark(item) : refusal_remark(submission, item->state);
	outcome_begin(writer);
	if (item->state == ITEM_FAULTY) remark = NULL;
	if (remark != NULL) outcome_add(writer, chinese, remark, submission_path(submission, item->entry));
	for (uint32_t i = 0; i < item->faults.count; i++)
		outcome_add_fault(writer, &submission->req->arena.zf, chinese, &item->faults.items[i]);
	if (remark == NULL && item->faults.count == 0) outcome_add(writer, chinese, &remark_stored, NULL);
	outcome_end(writer);
}

static void refuse_item(struct claim_item *item)
{
	struct http_request *req = item->submission->req;
	if (item->state == ITEM_FAULTY)
		outcome_respond_faults(req, 422, &item->faults);
	else
		outcome_respond(req, refusal_status(item->state, item->sqlstate),
			refusal_remark(item->submission, item->state));
}

/* ---- POST /fhir/Claim ---- */

/* Location, ETag, Last-Modified's date is in meta; a duplicate's Link. Returns how many. */
static size_t stored_fields(const struct claim_item *item, struct http_field fields[5])
{
	struct submission *submission = item->submission;
	size_t count = 0;
	const char *url = url_of(submission, "Claim", &item->stored_id);
	if (url == NULL) return 0;
	fields[count++] = (struct http_field){"Location", url};
	fields[count++] = (struct http_field){"ETag", "W/\"1\""};
	if (!item->is_double) return count;
	const char *first = url_of(submission, "Claim", &item->first_id);
	char *link = first == NULL
			     ? NULL
			     : arena_printf(&submission->req->arena, "<%s>; rel=\"urn:zhifu:duplicate-of\"", first);
	if (link != NULL) fields[count++] = (struct http_field){"Link", link};
	return count;
}

static void answer_create(struct claim_item *item)
{
	struct submission *submission = item->submission;
	struct http_request *req = submission->req;
	struct http_field fields[5];
	struct bytes body = {NULL, 0};
	int r = 0;
	size_t count = stored_fields(item, fields);
	if (submission->prefer.what == PREFER_OUTCOME) {
		struct json_writer writer;
		struct text_span text;
		json_write_init(&writer, &req->arena.zf, OUTCOME_BYTES_MAX);
		put_item_outcome(&writer, item, outcome_is_chinese(req));
		r = json_write_finish(&writer, &text);
		body = (struct bytes){(const uint8_t *)text.ptr, text.len};
	} else if (submission->prefer.what != PREFER_MINIMAL) {
		struct stamp stamp = {.id = &item->stored_id,
			.updated_ms = item->stored_ms,
			.duplicate_of = item->is_double ? &item->first_id : NULL};
		r = stamp_apply(submission->document.entries[item->entry].raw, &stamp, &req->arena.zf, &body);
	}
	if (r < 0) {
		/* It is stored; a repetition will be answered in full. */
		outcome_respond(req, 503, &outcome_unknown);
		return;
	}
	if (body.len > 0) fields[count++] = (struct http_field){"Content-Type", FHIR_JSON_TYPE};
	http_respond(req, 201, fields, count, body);
}

/* ---- POST /fhir/Claim/$submit ---- */

static const struct resource_words transport_words[] = {
	[TRANSPORT_NO_ROUTE] = {"No insurer is configured for this coverage; the claim waits for a person.",
		"未配置与该保险对应的保险公司，理赔单待人工处理。"},
	[TRANSPORT_WAITING_CONSENT] = {"Nothing has left: the patient's consent is not on record.",
		"尚未登记患者同意书，未向保险公司发送任何内容。"},
	[TRANSPORT_HELD] = {"The claim is held for a person to look at.", "理赔单暂缓发送，待人工核对。"},
	[TRANSPORT_FAILED] = {"The claim could not be delivered to the insurer; a person has to look at it.",
		"理赔单未能送达保险公司，需人工处理。"},
};
static const struct resource_words on_its_way = {"Stored and on its way to the insurer.", "已保存，正在发往保险公司。"};
static const struct resource_words not_taken = {
	"The insurer did not take the claim into processing.", "保险公司未受理该理赔单。"};
static const struct resource_words stored_earlier = {
	"Stored earlier; ClaimResponse tells where it stands.", "此前已保存，目前进展见 ClaimResponse。"};

static struct resource_words disposition_of(const struct claim_item *item, const struct wait_news *news)
{
	if (news != NULL) {
		struct resource_words cancelled = resource_cancelled_words(news->transport, news->adjudication);
		if (cancelled.english != NULL) return cancelled;
		if ((size_t)news->transport < ARRAY_LEN(transport_words) &&
			transport_words[news->transport].english != NULL)
			return transport_words[news->transport];
		return news->acknowledgement == ACKNOWLEDGEMENT_REJECTED ? not_taken : on_its_way;
	}
	if (item->state == ITEM_REPLAYED) return stored_earlier;
	if (item->is_double) return transport_words[TRANSPORT_HELD];
	if (item->insurer == NULL) return transport_words[TRANSPORT_NO_ROUTE];
	return on_its_way;
}

struct notes {
	const char *english[NOTES_MAX], *chinese[NOTES_MAX];
	uint32_t count;
};

/* Texts for which there was no memory are left out. */
static void note_add(struct notes *notes, const char *english, const char *chinese)
{
	if (notes->count == NOTES_MAX || english == NULL) return;
	notes->english[notes->count] = english;
	notes->chinese[notes->count++] = chinese;
}

/* "before PATH: TEXT". */
static void note_fault(
	struct notes *notes, struct arena *arena, const struct resource_words *before, const struct fault *fault)
{
	if (notes->count == NOTES_MAX) return;
	const char *english = fault_text_en(&arena->zf, fault), *chinese = fault_text_zh(&arena->zf, fault);
	if (english == NULL || chinese == NULL) return;
	note_add(notes, arena_printf(arena, "%s%s: %s", before->english, fault->path, english),
		arena_printf(arena, "%s%s：%s", before->chinese, fault->path, chinese));
}

/* The consents beside the claim that are none: who waits for the decision would never hear of them. */
static void refused_consents(const struct submission *submission, struct notes *notes)
{
	static const struct resource_words before = {"Not stored: ", "未保存："};
	if (submission->mode != SUBMIT_OPERATION) return;
	for (uint32_t i = 0; i < submission->consent_count; i++) {
		const struct fault_list *faults = &submission->consents[i].faults;
		if (submission->consents[i].state != ITEM_FAULTY) continue;
		for (uint32_t k = 0; k < faults->count; k++)
			note_fault(notes, &submission->req->arena, &before, &faults->items[k]);
	}
}

static void collect_notes(const struct claim_item *item, const struct wait_news *news, struct notes *notes)
{
	static const struct resource_words before = {"", ""};
	struct arena *arena = &item->submission->req->arena;
	notes->count = 0;
	if (item->is_double)
		note_add(notes,
			arena_printf(arena,
				"Suspected duplicate of claim %s: same hospital, patient, day, codes and amounts.",
				item->first_ref),
			arena_printf(
				arena, "疑似与理赔单 %s 重复：医院、患者、日期、编码和金额均相同。", item->first_ref));
	/* As it was said: by a person, an insurer or a program. */
	if (news != NULL && news->why != NULL) note_add(notes, zf_strdup(&arena->zf, news->why), NULL);
	refused_consents(item->submission, notes);
	for (uint32_t i = 0; i < item->faults.count; i++) note_fault(notes, arena, &before, &item->faults.items[i]);
}

static int queued_response(struct claim_item *item, const struct wait_news *news, struct text_span *ret_text)
{
	struct arena *arena = &item->submission->req->arena;
	struct resource_words words = disposition_of(item, news);
	struct notes notes;
	char id[UUID_TEXT_LEN], updated[DATE_TEXT_SIZE];
	struct zf_claim claim = *item->claim;
	struct zf_organization insurer = {.size = sizeof(insurer), .name = item->insurer_name};
	bool over = news != NULL &&
		    (news->acknowledgement == ACKNOWLEDGEMENT_REJECTED || news->transport == TRANSPORT_CANCELLED ||
			    news->adjudication == ADJUDICATION_CANCELLED);
	uuid_format(&item->stored_id, id);
	(void)date_format_ms(item->stored_ms, 0, updated);
	struct fhir_answer_options options = {.id = id,
		.last_updated = updated,
		.request_reference = arena_printf(arena, "Claim/%s", id),
		.disposition_zh = words.chinese,
		.notes_zh = notes.chinese};
	collect_notes(item, news, &notes);
	struct zf_adjudication adjudication = {.size = sizeof(adjudication),
		.outcome = over ? ZF_OUTCOME_ERROR : ZF_OUTCOME_QUEUED,
		.disposition = words.english,
		.created = {.utc_ms = news == NULL ? item->stored_ms : news->updated_ms, .precision = ZF_MILLISECOND},
		.notes = notes.english,
		.note_count = notes.count};
	memcpy(claim.ref, item->stored_ref, sizeof(item->stored_ref));
	if (claim.insurer == NULL && item->insurer != NULL) claim.insurer = &insurer;
	return fhir_encode_claim_response(&claim, &adjudication, &options, &arena->zf, ret_text);
}

/* The ClaimResponse of the moment that is told: what a GET of the claim's id finds, too. */
static int stamp_news(
	struct claim_item *item, const struct wait_news *news, struct text_span text, struct bytes *ret_body)
{
	struct arena *arena = &item->submission->req->arena;
	char version[16];
	snprintf(version, sizeof(version), "%d", (int)news->version);
	struct stamp stamp = {.id = &item->stored_id, .updated_ms = news->updated_ms, .version = version};
	int r = resource_mark_cancelled(resource_cancelled_words(news->transport, news->adjudication), arena, &text);
	return r < 0 ? r : stamp_apply(text, &stamp, &arena->zf, ret_body);
}

/* The insurer's answer as it was decided, under the claim's id. */
static int decided_response(struct claim_item *item, const struct wait_news *news, struct bytes *ret_body)
{
	struct submission *submission = item->submission;
	struct arena *arena = &submission->req->arena;
	struct bytes plain;
	int r = seal_open(submission->intake->sealer, &news->key, &news->adjudication_id, SEAL_FACT, news->content,
		SEAL_PLAIN_BYTES_MAX, arena, &plain);
	if (r < 0) {
		log_fields(LOG_ERROR, "could not open an insurer's answer", "claim", item->stored_ref, "why",
			err_text(), NULL);
		return r;
	}
	struct text_span text = {(const char *)plain.ptr, plain.len};
	r = resource_name_parties(item->claim, &arena->zf, &text);
	return r < 0 ? r : stamp_news(item, news, text, ret_body);
}

/* The ClaimResponse to an operation, with what is known by now; news NULL: nothing. */
static int operation_body(struct claim_item *item, const struct wait_news *news, struct bytes *ret_body)
{
	struct text_span text;
	if (news != NULL && news->content.len > 0 && decided_response(item, news, ret_body) == 0) return 0;
	int r = queued_response(item, news, &text);
	if (r < 0) return r;
	if (news != NULL) return stamp_news(item, news, text, ret_body);
	*ret_body = (struct bytes){(const uint8_t *)text.ptr, text.len};
	return 0;
}

static void respond_operation(struct claim_item *item, const struct wait_news *news)
{
	struct http_request *req = item->submission->req;
	struct http_field fields[5];
	struct bytes body = {NULL, 0};
	if (operation_body(item, news, &body) < 0) {
		outcome_respond(req, 503, &outcome_unknown);
		return;
	}
	/* Location is where the claim can be read; the resource in the body is the answer to it. */
	size_t count = stored_fields(item, fields);
	char *tag = news == NULL ? NULL : arena_printf(&req->arena, "W/\"%d\"", (int)news->version);
	if (tag != NULL && count > 1) fields[1].value = tag;
	fields[count++] = (struct http_field){"Content-Type", FHIR_JSON_TYPE};
	http_respond(req, 200, fields, count, body);
}

static void on_waited(void *ctx, const struct wait_news *news)
{
	struct claim_item *item = ctx;
	item->submission->req->on_cancel = NULL;
	respond_operation(item, news);
}

static void on_cancelled(struct http_request *req)
{
	wait_cancel(req->user);
}

/* NULL without memory. */
static struct wait *wait_of(struct claim_item *item, void (*done)(void *ctx, const struct wait_news *news))
{
	struct wait *wait = zf_alloc(&item->submission->req->arena.zf, sizeof(*wait));
	if (wait == NULL) return NULL;
	wait->hospital_id = item->submission->principal->hospital_id;
	wait->claim_id = item->stored_id;
	wait->done = done;
	wait->ctx = item;
	return wait;
}

static void answer_operation(struct claim_item *item)
{
	struct submission *submission = item->submission;
	struct intake *intake = submission->intake;
	int64_t wait_s = submission->prefer.wait_s;
	if (wait_s > intake->worker->options->wait_max_s) wait_s = intake->worker->options->wait_max_s;
	if (item->insurer_wait_s > 0 && wait_s > item->insurer_wait_s) wait_s = item->insurer_wait_s;
	/* What a person has to look at first will not be decided in seconds. */
	if (stored_remark(item) != NULL) wait_s = 0;
	/* Much may have happened since the first answer. */
	bool looks = wait_s == 0 && item->state == ITEM_REPLAYED;
	bool hurries = (wait_s == 0 && !looks) || intake->draining || submission->req->is_cancelled;
	struct wait *wait = hurries ? NULL : wait_of(item, on_waited);
	if (wait == NULL) {
		respond_operation(item, NULL);
		return;
	}
	submission->req->user = wait;
	submission->req->on_cancel = on_cancelled;
	int r = looks ? wait_look(intake->waits, wait)
		      : wait_begin(intake->waits, wait, clock_mono_ms() + wait_s * 1000);
	if (r == 0) return;
	submission->req->on_cancel = NULL;
	respond_operation(item, NULL);
}

/* ---- POST /fhir ---- */

static void put_status(struct json_writer *writer, int status)
{
	char text[64];
	(void)snprintf(text, sizeof(text), "%d %s", status, http_status_text(status));
	json_write_member(writer, "status", text);
}

static bool is_operation(const struct claim_item *item)
{
	const char *asked = item->alone ? NULL : item->submission->document.entries[item->entry].url;
	return asked != NULL && strstr(asked, "$submit") != NULL;
}

static void put_claim_entry(struct json_writer *writer, struct claim_item *item, bool chinese)
{
	struct submission *submission = item->submission;
	bool stored = is_stored(item->state);
	if (stored && is_operation(item) && (item->told.len > 0 || operation_body(item, NULL, &item->told) == 0))
		json_write_member_raw(
			writer, "resource", (struct text_span){(const char *)item->told.ptr, item->told.len});
	json_write_key(writer, "response");
	json_write_object_begin(writer);
	int status = stored ? 201 : refusal_status(item->state, item->sqlstate);
	put_status(writer, item->state == ITEM_FAULTY ? faults_status(&item->faults) : status);
	if (stored) {
		char updated[DATE_TEXT_SIZE];
		(void)date_format_ms(item->stored_ms, 0, updated);
		json_write_member(writer, "location", url_of(submission, "Claim", &item->stored_id));
		json_write_member(writer, "etag", "W/\"1\"");
		json_write_member(writer, "lastModified", updated);
	}
	if (!stored || stored_remark(item) != NULL || item->faults.count > 0) {
		json_write_key(writer, "outcome");
		put_item_outcome(writer, item, chinese);
	}
	json_write_object_end(writer);
}

/* What is to be said about a consent that stored nothing and is not refused either; NULL: nothing. */
static const struct outcome_remark *consent_remark(const struct consent_item *item)
{
	if (item->state == ITEM_UNTOUCHED) return &remark_untouched;
	return item->state == ITEM_REPLAYED && item->is_older ? &remark_older : NULL;
}

static void put_consent_outcome(struct json_writer *writer, const struct consent_item *item, bool chinese)
{
	outcome_begin(writer);
	const struct outcome_remark *remark = consent_remark(item);
	if (remark == NULL && !is_stored(item->state) && item->state != ITEM_FAULTY)
		remark = refusal_remark(item->submission, item->state);
	if (remark != NULL) outcome_add(writer, chinese, remark, submission_path(item->submission, item->entry));
	for (uint32_t i = 0; i < item->faults.count; i++)
		outcome_add_fault(writer, &item->submission->req->arena.zf, chinese, &item->faults.items[i]);
	if (remark == NULL && item->faults.count == 0) outcome_add(writer, chinese, &remark_consent_stored, NULL);
	outcome_end(writer);
}

static void put_consent_entry(struct json_writer *writer, const struct consent_item *item, bool chinese)
{
	bool stored = is_stored(item->state);
	json_write_key(writer, "response");
	json_write_object_begin(writer);
	bool quiet = item->state == ITEM_REPLAYED || item->state == ITEM_UNTOUCHED;
	int status = quiet ? 200 : stored ? 201 : refusal_status(item->state, "");
	put_status(writer, item->state == ITEM_FAULTY ? faults_status(&item->faults) : status);
	if (stored) {
		json_write_member(writer, "location", url_of(item->submission, "Consent", &item->stored_id));
		json_write_member(writer, "etag", "W/\"1\"");
	}
	if (!stored || item->is_older || item->faults.count > 0) {
		json_write_key(writer, "outcome");
		put_consent_outcome(writer, item, chinese);
	}
	json_write_object_end(writer);
}

static void put_other_entry(
	struct json_writer *writer, const struct submission *submission, uint32_t entry, bool kept, bool chinese)
{
	struct zf_arena *arena = &submission->req->arena.zf;
	struct fault_list faults;
	fault_list_init(&faults, arena, 0);
	validate_request(&submission->document, entry, &faults);
	json_write_key(writer, "response");
	json_write_object_begin(writer);
	put_status(writer, faults.count > 0 ? faults_status(&faults) : 200);
	json_write_key(writer, "outcome");
	outcome_begin(writer);
	if (faults.count == 0) outcome_add(writer, chinese, kept ? &remark_kept : &remark_not_kept, NULL);
	for (uint32_t i = 0; i < faults.count; i++) outcome_add_fault(writer, arena, chinese, &faults.items[i]);
	outcome_end(writer);
	json_write_object_end(writer);
}

/* Which entries went along with a stored claim. */
static int mark_kept(struct submission *submission, bool *kept)
{
	for (uint32_t i = 0; i < submission->item_count; i++) {
		const struct claim_item *item = &submission->items[i];
		uint32_t *entries;
		size_t count;
		if (item->alone || !is_stored(item->state)) continue;
		int r = submission_closure(submission, item->entry, &entries, &count);
		if (r < 0) return r;
		for (size_t k = 0; k < count; k++) kept[entries[k]] = true;
	}
	return 0;
}

static void put_entries(struct json_writer *writer, struct submission *submission, const bool *kept)
{
	const struct fhir_document *document = &submission->document;
	bool chinese = outcome_is_chinese(submission->req);
	uint32_t claim = 0, consent = 0;
	for (uint32_t i = 0; i < document->entry_count; i++) {
		const struct fhir_document_entry *entry = &document->entries[i];
		json_write_object_begin(writer);
		if (entry->claim != NULL)
			put_claim_entry(writer, &submission->items[claim++], chinese);
		else if (entry->consent != NULL)
			put_consent_entry(writer, &submission->consents[consent++], chinese);
		else
			put_other_entry(writer, submission, i, kept[i], chinese);
		json_write_object_end(writer);
	}
}

static void answer_bundle(struct submission *submission)
{
	struct http_request *req = submission->req;
	static const struct http_field fields[] = {{"Content-Type", FHIR_JSON_TYPE}};
	struct json_writer writer;
	struct text_span text;
	bool *kept = zf_alloc_array(&req->arena.zf, (size_t)submission->document.entry_count + 1, sizeof(*kept));
	json_write_init(&writer, &req->arena.zf, ANSWER_BYTES_MAX);
	json_write_object_begin(&writer);
	json_write_member(&writer, "resourceType", "Bundle");
	json_write_member(
		&writer, "type", submission->mode == SUBMIT_TRANSACTION ? "transaction-response" : "batch-response");
	json_write_key(&writer, "entry");
	json_write_array_begin(&writer);
	if (kept == NULL || mark_kept(submission, kept) < 0) {
		outcome_respond(req, 503, &outcome_unknown);
		return;
	}
	put_entries(&writer, submission, kept);
	json_write_array_end(&writer);
	json_write_object_end(&writer);
	if (json_write_finish(&writer, &text) < 0) {
		outcome_respond(req, 503, &outcome_unknown);
		return;
	}
	http_respond(req, 200, fields, 1, (struct bytes){(const uint8_t *)text.ptr, text.len});
}

static void on_looked(void *ctx, const struct wait_news *news)
{
	struct claim_item *item = ctx;
	struct submission *submission = item->submission;
	/* Without it the entry says what was known at the commit. */
	if (news != NULL && operation_body(item, news, &item->told) < 0) item->told = (struct bytes){NULL, 0};
	if (--submission->looks > 0) return;
	submission->req->on_cancel = NULL;
	answer_bundle(submission);
}

static void on_bundle_cancelled(struct http_request *req)
{
	const struct submission *submission = req->user;
	for (uint32_t i = 0; i < submission->item_count; i++)
		if (submission->items[i].wait != NULL) wait_cancel(submission->items[i].wait);
}

/* Much may have happened since the first answer to an operation, as when it is sent by itself. */
static void look_up_repeated(struct submission *submission)
{
	struct intake *intake = submission->intake;
	if (intake->draining || submission->req->is_cancelled) return;
	for (uint32_t i = 0; i < submission->item_count && submission->looks < LOOKS_MAX; i++) {
		struct claim_item *item = &submission->items[i];
		if (item->state != ITEM_REPLAYED || !is_operation(item)) continue;
		item->wait = wait_of(item, on_looked);
		if (item->wait == NULL || wait_look(intake->waits, item->wait) < 0) return;
		submission->looks++;
	}
}

static void answer_looked_up(struct submission *submission)
{
	look_up_repeated(submission);
	if (submission->looks == 0) {
		answer_bundle(submission);
		return;
	}
	submission->req->user = submission;
	submission->req->on_cancel = on_bundle_cancelled;
}

/* What an item's list holds besides the document's. */
static void add_own_faults(struct fault_list *all, const struct fault_list *faults, uint32_t shared)
{
	for (uint32_t i = shared; i < faults->count; i++) {
		const struct fault *fault = &faults->items[i];
		fault_add_as(
			all, fault->code, (enum fault_severity)fault->severity, fault->path, fault->arg1, fault->arg2);
	}
}

/* A transaction that was not stored: everything that is wrong in it, at once. */
static void refuse_transaction(struct submission *submission, int status)
{
	struct http_request *req = submission->req;
	struct fault_list all;
	fault_list_init(&all, &req->arena.zf, 0);
	add_own_faults(&all, &submission->faults, 0);
	for (uint32_t i = 0; i < submission->item_count; i++) {
		const struct claim_item *item = &submission->items[i];
		if (item->state == ITEM_CONFLICT)
			fault_add(
				&all, FAULT_IDEMPOTENCY_CONFLICT, submission_path(submission, item->entry), NULL, NULL);
		add_own_faults(&all, &item->faults, item->shared_faults);
	}
	for (uint32_t i = 0; i < submission->consent_count; i++)
		add_own_faults(&all, &submission->consents[i].faults, submission->consents[i].shared_faults);
	if (all.no_memory)
		outcome_respond(req, 503, &outcome_overloaded);
	else if (status < 500 && fault_refuses(&all))
		outcome_respond_faults(req, status, &all);
	else
		outcome_respond(req, status, refusal_remark(submission, submission->items[0].state));
}

/* 0: all of it is stored. */
static int transaction_status(const struct submission *submission)
{
	int status = 0;
	if (fault_refuses(&submission->faults)) status = 400;
	for (uint32_t i = 0; i < submission->consent_count; i++)
		if (submission->consents[i].state == ITEM_FAULTY) status = 400;
	for (uint32_t i = 0; i < submission->item_count; i++) {
		const struct claim_item *item = &submission->items[i];
		if (item->state == ITEM_FAULTY) return 400;
		if (item->state == ITEM_CONFLICT) return 409;
		if (status == 0 && !is_stored(item->state)) status = refusal_status(item->state, item->sqlstate);
	}
	return status;
}

/* ---- POST /fhir/Consent ---- */

/* The warnings of a stored consent by name, as links beside its body: a client that creates a Consent expects the
 * Consent (R4 leaves that to us, and an OperationOutcome to who prefers it), and one that opens nothing should be
 * noticed all the same. NULL: none. */
static char *warning_links(const struct consent_item *item)
{
	struct arena *arena = &item->submission->req->arena;
	char *links = NULL;
	for (uint32_t i = 0, count = 0; i < item->faults.count && count < LINKS_MAX; i++) {
		const struct fault *fault = &item->faults.items[i];
		if (fault->severity != FAULT_WARNING) continue;
		char *link = arena_printf(arena, "<" FHIR_SYSTEM_FAULT "#%s>; rel=\"urn:zhifu:warning\"",
			fault_lookup(fault->code)->name);
		if (link == NULL || (links != NULL && strstr(links, link) != NULL)) continue;
		links = links == NULL ? link : arena_printf(arena, "%s, %s", links, link);
		if (links == NULL) return NULL;
		count++;
	}
	return links;
}

/* What is answered for a stored consent. */
static int consent_body(const struct consent_item *item, struct bytes *ret_body)
{
	const struct submission *submission = item->submission;
	struct http_request *req = submission->req;
	if (submission->prefer.what == PREFER_MINIMAL) return 0;
	if (submission->prefer.what == PREFER_OUTCOME) {
		struct json_writer writer;
		struct text_span text;
		json_write_init(&writer, &req->arena.zf, OUTCOME_BYTES_MAX);
		put_consent_outcome(&writer, item, outcome_is_chinese(req));
		int r = json_write_finish(&writer, &text);
		*ret_body = (struct bytes){(const uint8_t *)text.ptr, text.len};
		return r;
	}
	struct stamp stamp = {.id = &item->stored_id, .updated_ms = submission->now_ms};
	return stamp_apply(submission->document.entries[item->entry].raw, &stamp, &req->arena.zf, ret_body);
}

static void answer_consent(struct submission *submission)
{
	struct http_request *req = submission->req;
	struct consent_item *item = &submission->consents[0];
	struct http_field fields[4];
	struct bytes body = {NULL, 0};
	size_t count = 0;
	if (!is_stored(item->state)) {
		if (item->state == ITEM_FAULTY)
			outcome_respond_faults(req, 422, &item->faults);
		else
			outcome_respond(req, refusal_status(item->state, ""), refusal_remark(submission, item->state));
		return;
	}
	if (item->is_older) {
		outcome_respond(req, 409, &remark_older);
		return;
	}
	const char *url = url_of(submission, "Consent", &item->stored_id);
	if (url != NULL) fields[count++] = (struct http_field){"Location", url};
	fields[count++] = (struct http_field){"ETag", "W/\"1\""};
	const char *links = warning_links(item);
	if (links != NULL) fields[count++] = (struct http_field){"Link", links};
	if (consent_body(item, &body) < 0) body = (struct bytes){NULL, 0};
	if (body.len > 0) fields[count++] = (struct http_field){"Content-Type", FHIR_JSON_TYPE};
	http_respond(req, item->state == ITEM_REPLAYED ? 200 : 201, fields, count, body);
}

void submission_answer(struct submission *submission)
{
	struct claim_item *item = submission->items;
	int status;
	switch (submission->mode) {
	case SUBMIT_CREATE:
		if (is_stored(item->state))
			answer_create(item);
		else
			refuse_item(item);
		return;
	case SUBMIT_OPERATION:
		if (is_stored(item->state))
			answer_operation(item);
		else
			refuse_item(item);
		return;
	case SUBMIT_TRANSACTION:
		status = transaction_status(submission);
		if (status != 0)
			refuse_transaction(submission, status);
		else
			answer_looked_up(submission);
		return;
	case SUBMIT_BATCH:
		answer_looked_up(submission);
		return;
	case SUBMIT_CONSENT:
		answer_consent(submission);
		return;
	}
}
