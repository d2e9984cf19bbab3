/* Reads a request that submits, and drives what is in it through the commit. */
#include "intake/submission.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/cpu_pool.h"
#include "base/log.h"
#include "model/validate_document.h"

#define KNOWN_PERSONS_MAX 8192
#define READ_INLINE_BYTES (128u << 10) /* a longer body is read on a thread: it would hold up the others */
#define DOCUMENT_FAULTS_MAX 20000      /* kept of a whole Bundle, to be told apart by claim; over it nothing is taken */
#define TRANSACTION_CLAIMS_MAX 1000    /* are made ready in one go */

static const struct outcome_remark remark_key = {"error", "value", "header-invalid",
	"The header Idempotency-Key must have 1 to 255 visible characters.",
	"请求头 Idempotency-Key 须为 1 至 255 个可见字符。", "hospital-it"};
static const struct outcome_remark remark_hospital = {"error", "transient", "hospital-unavailable",
	"This hospital is not open yet or no longer configured. Nothing was stored; try again soon.",
	"该医院尚未开通或已不在配置中，未保存任何内容；请稍后重试。", "zhifu"};

static const struct outcome_remark remark_bundle = {"error", "not-supported", "resource-type-not-accepted",
	"POST /fhir/Claim takes one Claim. Send a Bundle to POST /fhir/Claim/$submit (one claim with what it refers to) or "
	"to POST /fhir (batch or transaction).",
	"POST /fhir/Claim 只接收单个 Claim。Bundle 请提交到 POST /fhir/Claim/$submit（一份理赔及其引用的资源）或 "
	"POST /fhir（batch 或 transaction）。",
	"hospital-it"};

/* ---- helpers of the items ---- */

int submission_person(struct submission *submission, const struct zf_patient *patient, struct person **ret_person)
{
	struct person *person = NULL;
	int r = person_find(submission->intake, &submission->principal->hospital_id, patient, submission->persons,
		submission->person_count, &submission->req->arena, &person);
	if (r < 0) return r;
	*ret_person = person;
	for (size_t i = 0; i < submission->person_count; i++)
		if (submission->persons[i] == person) return 0;
	if (submission->person_count == submission->person_cap) return 0;
	submission->persons[submission->person_count++] = person;
	return 0;
}

const char *submission_path(const struct submission *submission, uint32_t entry)
{
	const struct fhir_document *document = &submission->document;
	if (document->bundle_type == NULL) return document->type_name;
	return arena_printf(&submission->req->arena, "Bundle.entry[%u].resource", entry);
}

/* The links sorted by where they begin, by counting. */
static int links_sort(struct submission *submission)
{
	const struct fhir_document *document = &submission->document;
	struct zf_arena *arena = &submission->req->arena.zf;
	uint32_t *first = zf_alloc_array(arena, (size_t)document->entry_count + 2, sizeof(*first));
	uint32_t *to = zf_alloc_array(arena, (size_t)document->link_count + 1, sizeof(*to));
	submission->stamps = zf_alloc_array(arena, (size_t)document->entry_count + 1, sizeof(*submission->stamps));
	if (first == NULL || to == NULL || submission->stamps == NULL) return ERR_NOMEM;
	for (uint32_t i = 0; i < document->link_count; i++) first[document->links[i].from + 1]++;
	for (uint32_t i = 0; i < document->entry_count; i++) first[i + 1] += first[i];
	/* Backwards, so that each first[from] ends where it begins and the text's order stays. */
	for (uint32_t i = document->link_count; i > 0; i--) {
		const struct fhir_document_link *link = &document->links[i - 1];
		to[--first[link->from + 1]] = link->to;
	}
	submission->link_first = first + 1;
	submission->link_to = to;
	return 0;
}

static uint32_t links_end(const struct submission *submission, uint32_t entry)
{
	return entry + 1 < submission->document.entry_count ? submission->link_first[entry + 1]
							    : submission->document.link_count;
}

int submission_closure(struct submission *submission, uint32_t entry, uint32_t **ret_entries, size_t *ret_count)
{
	const struct fhir_document *document = &submission->document;
	struct zf_arena *arena = &submission->req->arena.zf;
	size_t count = 0, cap = 16;
	uint32_t *entries = zf_alloc_array(arena, cap, sizeof(*entries));
	if (entries == NULL) return ERR_NOMEM;
	submission->stamp++;
	submission->stamps[entry] = submission->stamp;
	entries[count++] = entry;
	for (size_t at = 0; document->bundle_type != NULL && at < count; at++) {
		uint32_t end = links_end(submission, entries[at]);
		for (uint32_t i = submission->link_first[entries[at]]; i < end; i++) {
			uint32_t to = submission->link_to[i];
			const struct fhir_document_entry *other = &document->entries[to];
			/* Another claim or a consent stands for itself. */
			if (submission->stamps[to] == submission->stamp || other->claim != NULL ||
				other->consent != NULL)
				continue;
			submission->stamps[to] = submission->stamp;
			if (count == cap) {
				uint32_t *grown = zf_alloc_array(arena, cap * 2, sizeof(*grown));
				if (grown == NULL) return ERR_NOMEM;
				memcpy(grown, entries, count * sizeof(*grown));
				entries = grown;
				cap *= 2;
			}
			entries[count++] = to;
		}
	}
	*ret_entries = entries;
	*ret_count = count;
	return 0;
}

/* The entry that a fault's path stands in; entry_count: the document as a whole. */
static uint32_t fault_entry(const struct fhir_document *document, const char *path)
{
	static const char prefix[] = "Bundle.entry[";
	if (strncmp(path, prefix, sizeof(prefix) - 1) != 0) return document->entry_count;
	unsigned long entry = strtoul(path + sizeof(prefix) - 1, NULL, 10);
	return entry < document->entry_count ? (uint32_t)entry : document->entry_count;
}

/* The faults sorted by their entry, those of the whole document last, so that thousands of claims do not each look
 * through thousands of faults. */
static int faults_sort(struct submission *submission)
{
	const struct fhir_document *document = &submission->document;
	const struct fault_list *faults = &submission->faults;
	struct zf_arena *arena = &submission->req->arena.zf;
	uint32_t *first = zf_alloc_array(arena, (size_t)document->entry_count + 3, sizeof(*first));
	uint32_t *index = zf_alloc_array(arena, (size_t)faults->count + 1, sizeof(*index));
	if (first == NULL || index == NULL) return ERR_NOMEM;
	for (uint32_t i = 0; i < faults->count; i++) first[fault_entry(document, faults->items[i].path) + 1]++;
	for (uint32_t i = 0; i <= document->entry_count; i++) first[i + 1] += first[i];
	for (uint32_t i = faults->count; i > 0; i--)
		index[--first[fault_entry(document, faults->items[i - 1].path) + 1]] = i - 1;
	first[document->entry_count + 2] = faults->count;
	submission->fault_first = first + 1;
	submission->fault_index = index;
	return 0;
}

static void entry_faults(const struct submission *submission, uint32_t entry, struct fault_list *faults)
{
	for (uint32_t i = submission->fault_first[entry]; i < submission->fault_first[entry + 1]; i++) {
		const struct fault *fault = &submission->faults.items[submission->fault_index[i]];
		fault_add_as(faults, fault->code, (enum fault_severity)fault->severity, fault->path, fault->arg1,
			fault->arg2);
	}
}

uint32_t submission_faults(
	const struct submission *submission, const uint32_t *entries, size_t count, struct fault_list *faults)
{
	entry_faults(submission, submission->document.entry_count, faults);
	for (size_t i = 0; i < count; i++) entry_faults(submission, entries[i], faults);
	return faults->count;
}

/* ---- the way of the claims ---- */

/* Everything is known: the answer. */
void submission_ended(struct submission *submission)
{
	for (uint32_t i = 0; i < submission->item_count; i++) {
		struct claim_item *item = &submission->items[i];
		if (item->person != NULL) person_wipe(item->person);
	}
	for (size_t i = 0; i < submission->person_count; i++) person_wipe(submission->persons[i]);
	for (uint32_t i = 0; i < submission->consent_count; i++)
		if (submission->consents[i].state == ITEM_READY) submission->consents[i].state = ITEM_UNTOUCHED;
	submission_answer(submission);
}

static const char *first_fault(const struct fault_list *faults)
{
	for (uint32_t i = 0; i < faults->count; i++)
		if (faults->items[i].severity >= FAULT_FAULT) return fault_lookup(faults->items[i].code)->name;
	return NULL;
}

static void item_count(struct claim_item *item)
{
	struct intake *intake = item->submission->intake;
	const char *ref = item->stored_ref[0] != '\0' ? item->stored_ref : NULL;
	if (item->alone) return;
	switch (item->state) {
	case ITEM_STORED:
		intake_count(intake,
			item->is_double ? FATE_HELD : (item->insurer == NULL ? FATE_NO_ROUTE : FATE_STORED), ref,
			item->insurer, NULL);
		return;
	case ITEM_REPLAYED:
		intake_count(intake, FATE_REPLAYED, ref, item->insurer, NULL);
		return;
	case ITEM_CONFLICT:
		intake_count(intake, FATE_CONFLICT, NULL, item->insurer, "idempotency-conflict");
		return;
	case ITEM_FAULTY:
		intake_count(intake, FATE_FAULTY, NULL, item->insurer, first_fault(&item->faults));
		return;
	case ITEM_UNKNOWN:
		intake_count(intake, FATE_LATER, item->ref, item->insurer, "unknown");
		return;
	default:
		intake_count(intake, FATE_LATER, NULL, item->insurer, "not stored");
		return;
	}
}

static void carry(struct claim_item *item)
{
	struct submission *submission = item->submission;
	item->consents = submission->consent_list;
	item->consent_count = submission->consent_count;
	submission->carried = true;
}

/* The claim that took the consents along was stored by an earlier request or not at all, but another one is new. */
static bool wants_late(const struct submission *submission)
{
	bool ready = false, fresh = false;
	if (!submission->bound) return false;
	for (uint32_t i = 0; i < submission->consent_count; i++)
		ready = ready || submission->consents[i].state == ITEM_READY;
	for (uint32_t i = 0; i < submission->item_count; i++)
		fresh = fresh || submission->items[i].state == ITEM_STORED;
	return ready && fresh;
}

/* Makes the next claims ready and hands them over, some at a time, so that one large Bundle neither fills the queue nor
 * holds up the loop. */
static void pump(struct submission *submission)
{
	if (submission->pumping) return;
	submission->pumping = true;
	while (submission->next < submission->item_count && submission->flying < SUBMISSION_FLYING_MAX) {
		struct claim_item *item = &submission->items[submission->next++];
		submission->hospital = intake_hospital(submission->intake, submission->principal);
		if (item->alone)
			item->state = ITEM_READY;
		else
			claim_item_prepare(item);
		if (submission->bound && item->state == ITEM_READY && !submission->carried &&
			submission->consents_ready)
			carry(item);
		if (item->state == ITEM_FAULTY && item->consent_count > 0) {
			/* Its consents are good without it. */
			item_count(item);
			item->alone = true;
		} else if (item->state != ITEM_READY) {
			item_count(item);
			submission->ended++;
			continue;
		}
		submission->flying++;
		commit_item(item);
	}
	submission->pumping = false;
	if (submission->ended < submission->item_count + (submission->late ? 1 : 0)) return;
	if (!submission->late && wants_late(submission)) {
		struct claim_item *item = &submission->items[submission->item_count];
		submission->late = true;
		item->submission = submission;
		item->alone = true;
		carry(item);
		submission->flying++;
		commit_item(item); /* the submission may be gone */
		return;
	}
	submission_ended(submission);
}

void claim_item_ended(struct claim_item *item)
{
	struct submission *submission = item->submission;
	submission->flying--;
	submission->ended++;
	if (item->alone && item->faults.worst >= FAULT_FAULT)
		item->state = ITEM_FAULTY;
	else
		item_count(item);
	if (item->state == ITEM_STORED) db_notify_send(submission->intake->notify, "translate", 1);
	pump(submission);
}

/* All or nothing: one fault ends it before anything is handed over. */
static void run_whole(struct submission *submission)
{
	const struct fhir_document *document = &submission->document;
	for (uint32_t i = 0; i < document->entry_count; i++)
		if (document->entries[i].claim == NULL && document->entries[i].consent == NULL)
			validate_request(document, i, &submission->faults);
	bool faulty = fault_refuses(&submission->faults), later = submission->faults.no_memory;
	submission->hospital = intake_hospital(submission->intake, submission->principal);
	for (uint32_t i = 0; i < submission->item_count; i++) {
		struct claim_item *item = &submission->items[i];
		if (item->alone)
			item->state = ITEM_READY;
		else
			claim_item_prepare(item);
		faulty = faulty || item->state == ITEM_FAULTY;
		later = later || item->state == ITEM_LATER;
	}
	for (uint32_t i = 0; i < submission->consent_count; i++) {
		faulty = faulty || submission->consents[i].state == ITEM_FAULTY;
		later = later || submission->consents[i].state == ITEM_LATER;
	}
	if (!faulty && !later && submission->item_count > 0) {
		commit_whole(submission);
		return;
	}
	for (uint32_t i = 0; i < submission->item_count; i++)
		if (submission->items[i].state == ITEM_FAULTY) item_count(&submission->items[i]);
	submission_ended(submission);
}

/* ---- reading ---- */

static bool prepare_consents(struct submission *submission)
{
	const struct fhir_document *document = &submission->document;
	submission->hospital = intake_hospital(submission->intake, submission->principal);
	submission->consent_count = document->consent_count;
	if (document->consent_count == 0) return true;
	submission->consents =
		zf_alloc_array(&submission->req->arena.zf, document->consent_count, sizeof(*submission->consents));
	submission->consent_list =
		zf_alloc_array(&submission->req->arena.zf, document->consent_count, sizeof(*submission->consent_list));
	if (submission->consents == NULL || submission->consent_list == NULL) return false;
	for (uint32_t i = 0; i < document->consent_count; i++) {
		struct consent_item *consent = &submission->consents[i];
		consent->submission = submission;
		consent->entry = document->consent_entries[i];
		submission->consent_list[i] = consent;
		consent_item_prepare(consent);
	}
	return true;
}

/* One item per claim; the consents go with the first, or with an item of their own when there is no claim. */
static bool lay_out(struct submission *submission)
{
	const struct fhir_document *document = &submission->document;
	struct zf_arena *arena = &submission->req->arena.zf;
	uint32_t count = document->claim_count;
	bool ready = false;
	submission->person_cap = (size_t)document->claim_count + document->consent_count;
	if (submission->person_cap > KNOWN_PERSONS_MAX) submission->person_cap = KNOWN_PERSONS_MAX;
	submission->persons = zf_alloc_array(arena, submission->person_cap + 1, sizeof(struct person *));
	if (submission->persons == NULL || links_sort(submission) < 0 || faults_sort(submission) < 0) return false;
	if (!prepare_consents(submission)) return false;
	for (uint32_t i = 0; i < submission->consent_count; i++)
		ready = ready || submission->consents[i].state == ITEM_READY;
	if (count == 0 && ready) count = 1;
	submission->consents_ready = ready;
	submission->item_count = count;
	submission->items = zf_alloc_array(arena, (size_t)count + 1, sizeof(*submission->items));
	if (submission->items == NULL) return false;
	for (uint32_t i = 0; i < count; i++) {
		struct claim_item *item = &submission->items[i];
		item->submission = submission;
		item->alone = document->claim_count == 0;
		if (!item->alone) item->entry = document->claim_entries[i];
	}
	submission->bound = document->claim_count > 0 &&
			    (document->bundle_type == NULL || strcmp(document->bundle_type, "batch") != 0);
	/* Where claims stand each for itself, the first one that is good takes them. */
	if (count > 0 && ready && (!submission->bound || submission->mode == SUBMIT_TRANSACTION)) {
		submission->items[0].consents = submission->consent_list;
		submission->items[0].consent_count = submission->consent_count;
	}
	return true;
}

/* 400: these are no bytes that we can read; 413; 422: we can, and it is not right. */
static int status_of(const struct fault_list *faults)
{
	for (uint32_t i = 0; i < faults->count; i++) {
		if (faults->items[i].severity < FAULT_FAULT) continue;
		if (faults->items[i].code == FAULT_TOO_LARGE) return 413;
		if (faults->items[i].code >= FAULT_JSON_INVALID && faults->items[i].code <= FAULT_JSON_TOO_DEEP)
			return 400;
	}
	return 422;
}

static void refuse(struct submission *submission, int status)
{
	struct intake *intake = submission->intake;
	intake_count(intake, FATE_FAULTY, NULL, NULL, first_fault(&submission->faults));
	if (submission->faults.no_memory)
		outcome_respond(submission->req, 503, &outcome_overloaded);
	else
		outcome_respond_faults(submission->req, status, &submission->faults);
}

/* A Bundle with nothing to act on has no entries to answer one by one: it is refused as a whole, with all that is wrong
 * in it. */
static bool refuse_empty(struct submission *submission)
{
	struct validate_options options = {.now_ms = submission->now_ms};
	struct validate_result *none = NULL;
	bool empty = false;
	for (uint32_t i = 0; i < submission->faults.count; i++)
		if (submission->faults.items[i].code == FAULT_BUNDLE_EMPTY) empty = true;
	if (!empty) return false;
	if (validate_document(&submission->document, &options, &submission->req->arena.zf, &submission->faults, &none) <
		0)
		submission->faults.no_memory = true;
	refuse(submission, 422);
	return true;
}

/* Pure, so that it may run on a thread. */
static void read_work(void *ctx)
{
	static const uint32_t accepts[] = {[SUBMIT_CREATE] = FHIR_ACCEPT_CLAIM,
		[SUBMIT_OPERATION] = FHIR_ACCEPT_CLAIM | FHIR_ACCEPT_BUNDLE,
		[SUBMIT_BATCH] = FHIR_ACCEPT_BUNDLE,
		[SUBMIT_CONSENT] = FHIR_ACCEPT_CONSENT};
	struct submission *submission = ctx;
	struct http_request *req = submission->req;
	fault_list_init(&submission->faults, &req->arena.zf, DOCUMENT_FAULTS_MAX);
	submission->read = fhir_document_read((const char *)req->body.ptr, req->body.len, &submission->limits,
		accepts[submission->mode], &req->arena.zf, &submission->faults, &submission->document);
	if (submission->read == LIB_NOMEM) submission->faults.no_memory = true;
}

static void refuse_with(struct submission *submission, enum fault_code code, const char *path, uint32_t number)
{
	char text[12];
	(void)snprintf(text, sizeof(text), "%u", number);
	fault_add(&submission->faults, code, path, text, NULL);
	refuse(submission, 422);
}

static bool is_bundle_refused(const struct submission *submission)
{
	for (uint32_t i = 0; i < submission->faults.count; i++) {
		const struct fault *fault = &submission->faults.items[i];
		if (fault->code == FAULT_RESOURCE_TYPE_NOT_ACCEPTED && fault->arg1 != NULL &&
			strcmp(fault->arg1, "Bundle") == 0)
			return true;
	}
	return false;
}

/* Whether a document of this kind is taken at this route. Answers otherwise. */
static bool judge_document(struct submission *submission)
{
	const struct fhir_document *document = &submission->document;
	const char *type = document->bundle_type;
	if (submission->mode == SUBMIT_CREATE && !submission->faults.no_memory && is_bundle_refused(submission)) {
		intake_count(submission->intake, FATE_FAULTY, NULL, NULL, first_fault(&submission->faults));
		outcome_respond(submission->req, 422, &remark_bundle);
		return false;
	}
	if (submission->read != 0 || submission->faults.no_memory || submission->faults.dropped > 0) {
		refuse(submission, status_of(&submission->faults));
		return false;
	}
	if (refuse_empty(submission)) return false;
	if (submission->mode == SUBMIT_BATCH && type != NULL && strcmp(type, "transaction") == 0)
		submission->mode = SUBMIT_TRANSACTION;
	if (submission->mode == SUBMIT_TRANSACTION && document->claim_count > TRANSACTION_CLAIMS_MAX) {
		refuse_with(submission, FAULT_TOO_MANY, "Bundle.entry", TRANSACTION_CLAIMS_MAX);
		return false;
	}
	if (submission->mode != SUBMIT_OPERATION) return true;
	if (type != NULL && strcmp(type, "collection") != 0 && strcmp(type, "message") != 0) {
		fault_add(&submission->faults, FAULT_BUNDLE_TYPE, "Bundle.type", type, NULL);
		refuse(submission, 422);
		return false;
	}
	if (document->claim_count == 1) return true;
	refuse_with(submission, FAULT_BUNDLE_FOCUS, "Bundle.entry", document->claim_count);
	return false;
}

static bool key_valid(const char *key)
{
	size_t len = strlen(key);
	if (len == 0 || len > IDEMPOTENCY_KEY_BYTES_MAX) return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)key[i] < 0x20 || key[i] == 0x7f) return false;
	return true;
}

/* A Consent may only come from a client that may give consents, wherever it stands. */
static bool may(struct http_request *req, const struct submission *submission)
{
	uint32_t need = submission->mode == SUBMIT_CONSENT ? SCOPE_CONSENT : SCOPE_SUBMIT;
	if (submission->document.consent_count > 0) need |= SCOPE_CONSENT;
	return intake_may(req, need);
}

/* The document has been read. */
static void go_on(void *ctx)
{
	struct submission *submission = ctx;
	struct intake *intake = submission->intake;
	struct http_request *req = submission->req;
	if (!judge_document(submission) || !may(req, submission)) return;
	if (!lay_out(submission)) {
		outcome_respond(req, 503, &outcome_overloaded);
		return;
	}
	if (submission->mode == SUBMIT_TRANSACTION) {
		run_whole(submission);
		return;
	}
	if (submission->item_count == 0) {
		submission_ended(submission);
		return;
	}
	int64_t started_us = submission->started_us;
	pump(submission);
	/* The submission may be gone. */
	metric_observe(intake->prepare_seconds, (double)(clock_mono_us() - started_us) / 1e6);
}

void submission_handle(struct http_request *req, void *ctx)
{
	struct intake *intake = ctx;
	uint32_t need = req->match.route->tag == SUBMIT_CONSENT ? SCOPE_CONSENT : SCOPE_SUBMIT;
	if (!intake_may(req, need)) return;
	struct submission *submission = zf_alloc(&req->arena.zf, sizeof(*submission));
	if (submission == NULL) {
		outcome_respond(req, 503, &outcome_overloaded);
		return;
	}
	submission->intake = intake;
	submission->req = req;
	submission->mode = (enum submission_mode)req->match.route->tag;
	submission->principal = intake_principal(req);
	submission->prefer = prefer_parse(http_head_get(&req->head, "prefer"));
	submission->key = http_head_get(&req->head, "idempotency-key");
	submission->now_ms = clock_wall_ms();
	submission->started_us = clock_mono_us();
	if (submission->key != NULL && !key_valid(submission->key)) {
		outcome_respond(req, 400, &remark_key);
		return;
	}
	if (intake_hospital(intake, submission->principal) == NULL) {
		outcome_respond(req, 503, &remark_hospital);
		return;
	}
	submission->limits = (struct fhir_limits){.bytes_max = (size_t)intake->worker->options->body_bytes_max,
		.entries_max = (uint32_t)intake->worker->options->bundle_entries_max};
	if (req->body.len > READ_INLINE_BYTES && cpu_pool_run(intake->cpu, read_work, go_on, submission) == 0) return;
	read_work(submission);
	go_on(submission);
}
