/* Opening, finding, stamping; and building what was never stored: the answer of the moment and the explanation. */
#include "intake/resource_answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "db/keyhold.h"
#include "db/rows.h"
#include "fhir/encode.h"
#include "fhir/write.h"
#include "intake/read_sql.h"
#include "intake/stamp.h"
#include "lib/date.h"
#include "lib/json.h"
#include "lib/json_write.h"
#include "model/lifecycle.h"
#include "model/task_outcome.h"

#define RESOURCE_BYTES_MAX SEAL_PLAIN_BYTES_MAX

static const char *const kind_names[RESOURCE_KINDS] = {
	[RESOURCE_CLAIM] = "Claim",
	[RESOURCE_CLAIM_RESPONSE] = "ClaimResponse",
	[RESOURCE_EXPLANATION] = "ExplanationOfBenefit",
	[RESOURCE_TASK] = "Task",
	[RESOURCE_CONSENT] = "Consent",
	[RESOURCE_PAYMENT] = "PaymentReconciliation",
};

/* ---- pieces of JSON ---- */

struct text_span resource_member(struct text_span object, const char *name, struct zf_arena *arena)
{
	struct json_reader reader;
	struct json_token token;
	json_reader_init(&reader, object.ptr, object.len, arena, JSON_DEPTH_MAX, JSON_BYTES_MAX);
	if (json_next(&reader, &token) != JSON_OBJECT_BEGIN) return (struct text_span){NULL, 0};
	while (json_next(&reader, &token) == JSON_KEY) {
		struct text_span value = {NULL, 0};
		bool is_it = text_is(token.text, name);
		if (json_skip(&reader, &value) < 0) break;
		if (is_it) return value;
	}
	return (struct text_span){NULL, 0};
}

int resource_first_entry(struct text_span bundle, struct zf_arena *arena, struct text_span *ret_resource)
{
	struct text_span entries = resource_member(bundle, "entry", arena), entry = {NULL, 0};
	struct json_reader reader;
	struct json_token token;
	if (entries.ptr == NULL) return err_set(ERR_INVALID, "the stored content has no entry");
	json_reader_init(&reader, entries.ptr, entries.len, arena, JSON_DEPTH_MAX, JSON_BYTES_MAX);
	if (json_next(&reader, &token) != JSON_ARRAY_BEGIN || json_skip(&reader, &entry) != JSON_OBJECT_BEGIN)
		return err_set(ERR_INVALID, "the stored content has no entry");
	struct text_span resource = resource_member(entry, "resource", arena);
	if (resource.ptr == NULL) return err_set(ERR_INVALID, "the stored content has no resource");
	*ret_resource = resource;
	return 0;
}

static bool is_one_of(struct text_span name, const char *const *names)
{
	for (; *names != NULL; names++)
		if (text_is(name, *names)) return true;
	return false;
}

/* Copies the members of an object, except those named, into the object that is being written. */
static void copy_members(
	struct json_writer *writer, struct text_span object, const char *const *except, struct zf_arena *arena)
{
	struct json_reader reader;
	struct json_token token;
	json_reader_init(&reader, object.ptr, object.len, arena, JSON_DEPTH_MAX, JSON_BYTES_MAX);
	if (json_next(&reader, &token) != JSON_OBJECT_BEGIN) return;
	while (json_next(&reader, &token) == JSON_KEY) {
		struct text_span value = {NULL, 0}, key = token.text;
		if (json_skip(&reader, &value) < 0) break;
		if (is_one_of(key, except)) continue;
		json_write_key_span(writer, key);
		json_write_raw(writer, value);
	}
}

static int stamped(struct text_span raw, const struct uuid *id, int64_t updated_ms, int32_t version,
	const struct uuid *duplicate_of, struct arena *arena, struct text_span *ret)
{
	char number[16];
	struct bytes bytes = {NULL, 0};
	snprintf(number, sizeof(number), "%d", (int)version);
	struct stamp stamp = {.id = id, .updated_ms = updated_ms, .version = number, .duplicate_of = duplicate_of};
	int r = stamp_apply(raw, &stamp, &arena->zf, &bytes);
	if (r == 0) *ret = (struct text_span){(const char *)bytes.ptr, bytes.len};
	return r;
}

/* ---- opening ---- */

struct opener {
	struct intake *intake;
	const struct uuid *hospital;
	const struct pg_result *rows;
	int row;
	struct arena *arena;
	struct key key; /* the patient's */
};

static void opener_wipe(struct opener *opener)
{
	key_wipe(&opener->key);
}

int resource_patient_key(struct intake *intake, const struct uuid *hospital, const struct uuid *patient_key_id,
	struct bytes wrapped, int32_t version, struct key *ret_key)
{
	if (wrapped.ptr == NULL || wrapped.len == 0) return err_set(ERR_NOTFOUND, "the patient's key was erased");
	const struct key *outer = keyhold_version(intake->keys, hospital, version);
	if (outer == NULL) return err_set(ERR_AGAIN, "the hospital's key of version %d is not open", (int)version);
	return key_unwrap(outer, patient_key_id, wrapped.ptr, wrapped.len, ret_key);
}

static int open_key(struct opener *opener)
{
	struct uuid id = db_rows_uuid(opener->rows, opener->row, COLUMN_PATIENT_KEY);
	return resource_patient_key(opener->intake, opener->hospital, &id,
		db_rows_bytes(opener->rows, opener->row, COLUMN_WRAPPED),
		(int32_t)db_rows_int(opener->rows, opener->row, COLUMN_KEY_VERSION), &opener->key);
}

static int open_column(
	const struct opener *opener, int column, const struct uuid *id, enum seal_kind kind, struct text_span *ret)
{
	struct bytes plain;
	int r = seal_open(opener->intake->sealer, &opener->key, id, kind,
		db_rows_bytes(opener->rows, opener->row, column), RESOURCE_BYTES_MAX, opener->arena, &plain);
	if (r == 0) *ret = (struct text_span){(const char *)plain.ptr, plain.len};
	return r;
}

static int open_content(const struct opener *opener, enum seal_kind kind, struct text_span *ret)
{
	struct uuid id = db_rows_uuid(opener->rows, opener->row, COLUMN_SEALED_ID);
	return open_column(opener, COLUMN_CONTENT, &id, kind, ret);
}

/* What belongs to many patients is sealed under the hospital's key of the time. */
static int open_house(const struct opener *opener, struct text_span *ret)
{
	struct uuid id = db_rows_uuid(opener->rows, opener->row, COLUMN_SEALED_ID);
	struct bytes sealed = db_rows_bytes(opener->rows, opener->row, COLUMN_CONTENT), plain;
	int r = keyhold_open(opener->intake->keys, opener->intake->sealer, opener->hospital, &id, SEAL_FACT, sealed,
		RESOURCE_BYTES_MAX, opener->arena, &plain);
	if (r == ERR_NOTFOUND) return err_set(ERR_AGAIN, "the hospital's key is not open");
	if (r == 0) *ret = (struct text_span){(const char *)plain.ptr, plain.len};
	return r;
}

/* ---- Claim ---- */

static int make_claim(const struct opener *opener, struct resource *resource)
{
	struct text_span bundle = {NULL, 0}, raw = {NULL, 0};
	struct uuid first;
	bool is_double = !db_rows_null(opener->rows, opener->row, COLUMN_OTHER);
	if (is_double) first = db_rows_uuid(opener->rows, opener->row, COLUMN_OTHER);
	int r = open_content(opener, SEAL_CLAIM, &bundle);
	if (r == 0) r = resource_first_entry(bundle, &opener->arena->zf, &raw);
	if (r == 0)
		r = stamped(raw, &resource->id, resource->updated_ms, 1, is_double ? &first : NULL, opener->arena,
			&resource->text);
	return r;
}

/* The canonical claim of stored content; its id and ref are ours. */
static int read_claim(const struct opener *opener, struct text_span bundle, struct zf_claim *ret_claim)
{
	struct fhir_document document;
	struct fault_list faults;
	fault_list_init(&faults, &opener->arena->zf, 0);
	int r = fhir_document_read(bundle.ptr, bundle.len, NULL, FHIR_ACCEPT_CLAIM | FHIR_ACCEPT_BUNDLE,
		&opener->arena->zf, &faults, &document);
	if (r < 0) return err_set(r == LIB_NOMEM ? ERR_NOMEM : ERR_INVALID, "the stored content is not readable");
	if (document.claim_count == 0) return err_set(ERR_INVALID, "the stored content has no claim");
	struct uuid id = db_rows_uuid(opener->rows, opener->row, COLUMN_CLAIM);
	const char *ref = db_rows_text(opener->rows, opener->row, COLUMN_REF);
	*ret_claim = *document.claims[0];
	uuid_format(&id, ret_claim->id);
	snprintf(ret_claim->ref, sizeof(ret_claim->ref), "%s", ref == NULL ? "" : ref);
	return 0;
}

/* ---- ClaimResponse ---- */

static struct resource_words state_words(enum lifecycle_axis axis, int state)
{
	return (struct resource_words){
		lifecycle_state_english(axis, (uint8_t)state), lifecycle_state_chinese(axis, (uint8_t)state)};
}

struct resource_words resource_cancelled_words(int transport, int adjudication)
{
	if (transport == TRANSPORT_CANCELLED) return state_words(AXIS_TRANSPORT, transport);
	if (adjudication == ADJUDICATION_CANCELLED) return state_words(AXIS_ADJUDICATION, adjudication);
	return (struct resource_words){NULL, NULL};
}

static struct resource_words cancelled_words(const struct opener *opener)
{
	return resource_cancelled_words((int)db_rows_int(opener->rows, opener->row, COLUMN_TRANSPORT),
		(int)db_rows_int(opener->rows, opener->row, COLUMN_ADJUDICATION));
}

/* What a JSON object says in a member that is a string; "": nothing. */
static const char *member_words(struct text_span object, const char *name, struct arena *arena)
{
	struct json_reader reader;
	struct json_token token;
	struct text_span raw = resource_member(object, name, &arena->zf);
	if (raw.ptr == NULL) return "";
	json_reader_init(&reader, raw.ptr, raw.len, &arena->zf, JSON_DEPTH_MAX, JSON_BYTES_MAX);
	if (json_next(&reader, &token) != JSON_STRING) return "";
	return arena_printf(arena, "%.*s", (int)token.text.len, token.text.ptr);
}

int resource_mark_cancelled(struct resource_words words, struct arena *arena, struct text_span *text)
{
	static const char *const except[] = {"status", "disposition", "_disposition", NULL};
	struct json_writer writer;
	if (words.english == NULL) return 0;
	const char *before = member_words(*text, "disposition", arena);
	if (before == NULL) return ERR_NOMEM;
	if (before[0] != '\0' && strcmp(before, words.english) != 0) {
		words.english = arena_printf(arena, "%s; before that: %s", words.english, before);
		words.chinese = arena_printf(arena, "%s；此前：%s", words.chinese, before);
	}
	if (words.english == NULL || words.chinese == NULL) return ERR_NOMEM;
	json_write_init(&writer, &arena->zf, RESOURCE_BYTES_MAX);
	json_write_object_begin(&writer);
	copy_members(&writer, *text, except, &arena->zf);
	json_write_member(&writer, "status", "cancelled");
	json_write_member(&writer, "disposition", words.english);
	fhir_put_translation(&writer, "_disposition", "zh", words.chinese);
	json_write_object_end(&writer);
	int r = json_write_finish(&writer, text);
	return r < 0 ? (r == LIB_NOMEM ? ERR_NOMEM : err_set(ERR_INVALID, "what was cancelled does not encode")) : 0;
}

static int mark_cancelled(const struct opener *opener, struct text_span *text)
{
	return resource_mark_cancelled(cancelled_words(opener), opener->arena, text);
}

static struct resource_words moment_words(const struct opener *opener, int transport, int acknowledgement)
{
	struct resource_words cancelled = cancelled_words(opener);
	if (cancelled.english != NULL) return cancelled;
	if (acknowledgement == ACKNOWLEDGEMENT_REJECTED)
		return state_words(AXIS_ACKNOWLEDGEMENT, ACKNOWLEDGEMENT_REJECTED);
	return state_words(AXIS_TRANSPORT, transport);
}

static const char *claim_reference(const struct zf_claim *claim, struct arena *arena)
{
	return arena_printf(arena, "Claim/%s", claim->id);
}

/* Nothing has been decided: an answer made from the claim, saying how far it has come. */
static int make_moment(const struct opener *opener, struct resource *resource)
{
	struct text_span bundle = {NULL, 0};
	struct zf_claim claim;
	struct uuid claim_id = db_rows_uuid(opener->rows, opener->row, COLUMN_CLAIM);
	int transport = (int)db_rows_int(opener->rows, opener->row, COLUMN_TRANSPORT);
	int acknowledgement = (int)db_rows_int(opener->rows, opener->row, COLUMN_ACKNOWLEDGEMENT);
	bool is_over = acknowledgement == ACKNOWLEDGEMENT_REJECTED || cancelled_words(opener).english != NULL;
	struct resource_words words = moment_words(opener, transport, acknowledgement);
	int r = open_column(opener, COLUMN_ANSWER, &claim_id, SEAL_CLAIM, &bundle);
	if (r == 0) r = read_claim(opener, bundle, &claim);
	if (r < 0) return r;
	struct fhir_answer_options options = {.id = claim.id,
		.request_reference = claim_reference(&claim, opener->arena),
		.disposition_zh = words.chinese};
	struct zf_adjudication adjudication = {.size = sizeof(adjudication),
		.outcome = is_over ? ZF_OUTCOME_ERROR : ZF_OUTCOME_QUEUED,
		.disposition = words.english,
		.created = {.utc_ms = resource->updated_ms, .precision = ZF_MILLISECOND}};
	struct text_span text = {NULL, 0};
	r = fhir_encode_claim_response(&claim, &adjudication, &options, &opener->arena->zf, &text);
	if (r < 0) return r == LIB_NOMEM ? ERR_NOMEM : err_set(ERR_INVALID, "the claim does not encode");
	r = mark_cancelled(opener, &text);
	if (r < 0) return r;
	return stamped(
		text, &resource->id, resource->updated_ms, resource->version, NULL, opener->arena, &resource->text);
}

/* Neither a reference nor an identifier: it names nobody. */
static bool names_nobody(struct text_span answer, const char *name, struct zf_arena *arena)
{
	struct text_span member = resource_member(answer, name, arena);
	return member.ptr == NULL || (resource_member(member, "reference", arena).ptr == NULL &&
					     resource_member(member, "identifier", arena).ptr == NULL);
}

/* Which of patient and insurer the answer does not name, as a list that ends with NULL. Returns how many. */
static size_t unnamed_parties(struct text_span answer, const char *ret_names[3], struct zf_arena *arena)
{
	static const char *const names[] = {"patient", "insurer"};
	size_t count = 0;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names_nobody(answer, names[i], arena)) ret_names[count++] = names[i];
	ret_names[count] = NULL;
	return count;
}

int resource_name_parties(const struct zf_claim *claim, struct zf_arena *arena, struct text_span *answer)
{
	const char *except[3];
	struct text_span said = {NULL, 0};
	struct json_writer writer;
	struct fhir_answer_options options = {.id = claim->id};
	struct zf_adjudication none = {.size = sizeof(none), .outcome = ZF_OUTCOME_QUEUED};
	if (unnamed_parties(*answer, except, arena) == 0) return 0;
	int r = fhir_encode_claim_response(claim, &none, &options, arena, &said);
	if (r < 0) return r == LIB_NOMEM ? ERR_NOMEM : err_set(ERR_INVALID, "the claim does not encode");
	json_write_init(&writer, arena, RESOURCE_BYTES_MAX);
	json_write_object_begin(&writer);
	copy_members(&writer, *answer, except, arena);
	for (const char *const *name = except; *name != NULL; name++) {
		struct text_span member = resource_member(said, *name, arena);
		if (member.ptr != NULL) json_write_member_raw(&writer, *name, member);
	}
	json_write_object_end(&writer);
	r = json_write_finish(&writer, answer);
	return r < 0 ? (r == LIB_NOMEM ? ERR_NOMEM : err_set(ERR_INVALID, "the decision does not encode")) : 0;
}

static int name_parties(const struct opener *opener, struct text_span *answer)
{
	const char *names[3];
	struct text_span bundle = {NULL, 0};
	struct zf_claim claim;
	struct uuid claim_id = db_rows_uuid(opener->rows, opener->row, COLUMN_CLAIM);
	if (unnamed_parties(*answer, names, &opener->arena->zf) == 0) return 0;
	int r = open_column(opener, COLUMN_ANSWER, &claim_id, SEAL_CLAIM, &bundle);
	if (r == 0) r = read_claim(opener, bundle, &claim);
	return r < 0 ? r : resource_name_parties(&claim, &opener->arena->zf, answer);
}

static int make_response(const struct opener *opener, struct resource *resource)
{
	struct text_span raw = {NULL, 0};
	if (db_rows_null(opener->rows, opener->row, COLUMN_CONTENT)) return make_moment(opener, resource);
	int r = open_content(opener, SEAL_FACT, &raw);
	if (r == 0) r = name_parties(opener, &raw);
	if (r == 0) r = mark_cancelled(opener, &raw);
	if (r < 0) return r;
	return stamped(
		raw, &resource->id, resource->updated_ms, resource->version, NULL, opener->arena, &resource->text);
}

/* ---- ExplanationOfBenefit ---- */

/* What remittances announced for the claim. */
struct paid {
	struct zf_money amount;
	bool has_others;        /* money of other currencies was announced, too */
	const char *date;       /* of the day of payment; NULL: not said */
	char *ids;              /* of the remittances, the latest first, with commas */
	const char *identifier; /* of the latest */
};

/* The words of COLUMN_PAID; leaves paid alone when nothing was announced. */
static int read_paid(const struct opener *opener, struct paid *paid)
{
	enum { MINOR, CURRENCY, EXPONENT, DATE, OTHERS, IDS, COUNT };
	char *words[COUNT], *rest = NULL;
	const char *text = db_rows_text(opener->rows, opener->row, COLUMN_PAID);
	if (text == NULL) return 0;
	char *copy = arena_printf(opener->arena, "%s", text);
	if (copy == NULL) return ERR_NOMEM;
	for (int i = 0; i < COUNT; i++) {
		words[i] = strtok_r(i == 0 ? copy : NULL, " ", &rest);
		if (words[i] == NULL) return err_set(ERR_INVALID, "what was paid is not readable");
	}
	*paid = (struct paid){.amount = {.present = 1},
		.has_others = words[OTHERS][0] == '1',
		.date = words[DATE][0] == '-' ? NULL : words[DATE],
		.ids = words[IDS],
		.identifier = rest};
	paid->amount.minor = strtoll(words[MINOR], NULL, 10);
	paid->amount.exponent = (uint8_t)strtoul(words[EXPONENT], NULL, 10);
	memcpy(paid->amount.currency, words[CURRENCY], strnlen(words[CURRENCY], sizeof(paid->amount.currency) - 1));
	return 0;
}

/* Where each remittance can be read. */
static void put_remittances(struct json_writer *writer, char *ids, struct arena *arena)
{
	char *rest = NULL;
	const char *last = "";
	json_write_key(writer, "extension");
	json_write_array_begin(writer);
	for (const char *id = strtok_r(ids, ",", &rest); id != NULL; id = strtok_r(NULL, ",", &rest)) {
		if (strcmp(id, last) == 0) continue; /* two details of one remittance */
		last = id;
		json_write_object_begin(writer);
		json_write_member(writer, "url", "urn:zhifu:remittance");
		fhir_put_reference(writer, "valueReference", "PaymentReconciliation",
			arena_printf(arena, "PaymentReconciliation/%s", id), NULL, NULL);
		json_write_object_end(writer);
	}
	json_write_array_end(writer);
}

static int add_paid(
	const struct opener *opener, const struct paid *paid, const struct zf_money *benefit, struct text_span *text)
{
	static const char *const except[] = {"payment", NULL};
	struct json_writer writer;
	json_write_init(&writer, &opener->arena->zf, RESOURCE_BYTES_MAX);
	json_write_object_begin(&writer);
	copy_members(&writer, *text, except, &opener->arena->zf);
	json_write_key(&writer, "payment");
	json_write_object_begin(&writer);
	put_remittances(&writer, paid->ids, opener->arena);
	/* In another currency nobody can say whether it is all of it. */
	if (benefit->present && strcmp(benefit->currency, paid->amount.currency) == 0)
		fhir_put_code(&writer, "type", "http://terminology.hl7.org/CodeSystem/ex-paymenttype",
			benefit->minor == paid->amount.minor ? "complete" : "partial", NULL);
	json_write_member(&writer, "date", paid->date);
	fhir_put_money(&writer, "amount", paid->amount);
	fhir_put_plain_identifier(&writer, "identifier", NULL, paid->identifier);
	json_write_object_end(&writer);
	json_write_object_end(&writer);
	return json_write_finish(&writer, text);
}

/* The decision with one more note: money came in currencies that the payment does not show. */
static int note_others(struct zf_adjudication *adjudication, struct fhir_answer_options *options, struct arena *arena)
{
	size_t count = (size_t)adjudication->note_count + 1;
	const char **notes = zf_alloc_array(&arena->zf, count, sizeof(*notes));
	const char **chinese = zf_alloc_array(&arena->zf, count, sizeof(*chinese));
	if (notes == NULL || chinese == NULL) return ERR_NOMEM;
	for (uint32_t i = 0; i < adjudication->note_count; i++) notes[i] = adjudication->notes[i];
	chinese[adjudication->note_count] =
		"该理赔单另有以其他币种通知的付款，详见 payment 所指的各 PaymentReconciliation。";
	options->notes_zh = chinese;
	notes[adjudication->note_count++] =
		"Payments of this claim were announced in other currencies, too: each stands in "
		"the PaymentReconciliation that the payment names.";
	adjudication->notes = notes;
	return 0;
}

static int make_explanation(const struct opener *opener, struct resource *resource)
{
	struct text_span bundle = {NULL, 0}, answer_text = {NULL, 0}, text = {NULL, 0};
	struct zf_claim claim;
	struct fhir_answer answer;
	struct fault_list faults;
	struct zf_arena *arena = &opener->arena->zf;
	struct fhir_codes codes = {.profile = NULL};
	struct uuid adjudication_id = db_rows_uuid(opener->rows, opener->row, COLUMN_OTHER);
	fault_list_init(&faults, arena, 0);
	int r = open_content(opener, SEAL_CLAIM, &bundle);
	if (r == 0) r = read_claim(opener, bundle, &claim);
	if (r == 0) r = open_column(opener, COLUMN_ANSWER, &adjudication_id, SEAL_FACT, &answer_text);
	if (r < 0) return r;
	r = fhir_answer_read(answer_text.ptr, answer_text.len, &codes, arena, &faults, &answer);
	if (r < 0 || answer.adjudication_count == 0)
		return r == LIB_NOMEM ? ERR_NOMEM : err_set(ERR_INVALID, "the stored decision is not readable");
	struct zf_adjudication adjudication = *answer.adjudications[0];
	struct fhir_answer_options options = {
		.id = claim.id, .request_reference = claim_reference(&claim, opener->arena)};
	struct paid paid = {.ids = NULL};
	r = read_paid(opener, &paid);
	if (r < 0) return r;
	if (paid.has_others && note_others(&adjudication, &options, opener->arena) < 0) return ERR_NOMEM;
	r = fhir_encode_explanation(&claim, &adjudication, &options, arena, &text);
	if (r == 0 && paid.amount.present) r = add_paid(opener, &paid, &adjudication.benefit, &text);
	if (r < 0) return r == LIB_NOMEM ? ERR_NOMEM : err_set(ERR_INVALID, "the explanation does not encode");
	r = mark_cancelled(opener, &text);
	if (r < 0) return r;
	return stamped(
		text, &resource->id, resource->updated_ms, resource->version, NULL, opener->arena, &resource->text);
}

/* ---- Task ---- */

static const struct {
	const char *code, *english, *chinese;
} task_outcomes[] = {
	{"cancelled-before-sending", "Cancelled; nothing had left.", "已取消，尚未发送给保险公司。"},
	{"asking-insurer", "The insurer is being asked to cancel.", "正在请求保险公司取消。"},
	{"already-cancelled", "The claim is cancelled already.", "该理赔单此前已取消。"},
	{"not-at-insurer", "The insurer never took this claim into processing, so there is nothing to cancel there.",
		"保险公司未受理该理赔单，无需取消。"},
	{TASK_OUTCOME_NO_CHANNEL, "This insurer takes no cancellations over this channel.",
		"该保险公司不支持通过此渠道取消。"},
	{TASK_OUTCOME_REFUSED, "The insurer did not cancel the claim.", "保险公司未取消该理赔单。"},
	{TASK_OUTCOME_STUCK,
		"The cancellation could not be put to the insurer; the operator of Zhifu has to look at it.",
		"未能向保险公司提出取消请求，需由直付运维人员处理。"},
};

/* A code of ours, maybe with more words behind ": ", as a CodeableConcept in both languages. */
static int put_task_outcome(struct json_writer *writer, const char *outcome, struct zf_arena *arena)
{
	size_t len = strcspn(outcome, ":");
	const char *more = strncmp(outcome + len, ": ", 2) == 0 ? outcome + len + 2 : NULL;
	const char *english = outcome, *chinese = NULL;
	json_write_key(writer, "statusReason");
	json_write_object_begin(writer);
	for (size_t i = 0; i < ARRAY_LEN(task_outcomes); i++) {
		if (strlen(task_outcomes[i].code) != len || strncmp(task_outcomes[i].code, outcome, len) != 0) continue;
		english = task_outcomes[i].english;
		chinese = task_outcomes[i].chinese;
		json_write_key(writer, "coding");
		json_write_array_begin(writer);
		json_write_object_begin(writer);
		json_write_member(writer, "system", "urn:zhifu:task-outcome");
		json_write_member(writer, "code", task_outcomes[i].code);
		json_write_object_end(writer);
		json_write_array_end(writer);
	}
	if (chinese != NULL && more != NULL) {
		english = text_printf(arena, "%s (%s)", english, more);
		chinese = text_printf(arena, "%s（%s）", chinese, more);
		if (english == NULL || chinese == NULL) return ERR_NOMEM;
	}
	json_write_member(writer, "text", english);
	if (chinese != NULL) fhir_put_translation(writer, "_text", "zh", chinese);
	json_write_object_end(writer);
	return 0;
}

int32_t resource_task_version(const char *status)
{
	static const char *const order[] = {"requested", "accepted", "in-progress"};
	for (int32_t i = 0; i < (int32_t)ARRAY_LEN(order); i++)
		if (strcmp(order[i], status) == 0) return i + 1;
	return (int32_t)ARRAY_LEN(order) + 1;
}

int resource_task(
	struct text_span submitted, const struct task_facts *facts, struct zf_arena *arena, struct text_span *ret_text)
{
	static const char *const except[] = {"status", "statusReason", "lastModified", NULL};
	struct json_writer writer;
	char updated[DATE_TEXT_SIZE], version[16];
	struct text_span text = {NULL, 0};
	struct bytes bytes;
	(void)date_format_ms(facts->updated_ms, 0, updated);
	snprintf(version, sizeof(version), "%d", (int)resource_task_version(facts->status));
	json_write_init(&writer, arena, RESOURCE_BYTES_MAX);
	json_write_object_begin(&writer);
	copy_members(&writer, submitted, except, arena);
	json_write_member(&writer, "status", facts->status);
	if (facts->outcome != NULL && put_task_outcome(&writer, facts->outcome, arena) < 0) return ERR_NOMEM;
	json_write_member(&writer, "lastModified", updated);
	json_write_object_end(&writer);
	int r = json_write_finish(&writer, &text);
	if (r < 0) return r == LIB_NOMEM ? ERR_NOMEM : err_set(ERR_INVALID, "the task does not encode");
	struct stamp stamp = {.id = &facts->id, .updated_ms = facts->updated_ms, .version = version};
	r = stamp_apply(text, &stamp, arena, &bytes);
	if (r == 0) *ret_text = (struct text_span){(const char *)bytes.ptr, bytes.len};
	return r;
}

static int make_task(const struct opener *opener, struct resource *resource)
{
	struct text_span raw = {NULL, 0};
	struct task_facts facts = {.id = resource->id,
		.updated_ms = resource->updated_ms,
		.status = db_rows_text(opener->rows, opener->row, COLUMN_STATUS),
		.outcome = db_rows_text(opener->rows, opener->row, COLUMN_OUTCOME)};
	int r = open_content(opener, SEAL_RESOURCE, &raw);
	return r < 0 ? r : resource_task(raw, &facts, &opener->arena->zf, &resource->text);
}

/* ---- all ---- */

static int make(struct opener *opener, enum resource_kind kind, struct resource *resource)
{
	struct text_span raw = {NULL, 0};
	int r = 0;
	if (kind != RESOURCE_PAYMENT) r = open_key(opener);
	if (r < 0) return r;
	switch (kind) {
	case RESOURCE_CLAIM:
		return make_claim(opener, resource);
	case RESOURCE_CLAIM_RESPONSE:
		return make_response(opener, resource);
	case RESOURCE_EXPLANATION:
		return make_explanation(opener, resource);
	case RESOURCE_TASK:
		return make_task(opener, resource);
	case RESOURCE_CONSENT:
		r = open_content(opener, SEAL_CONSENT, &raw);
		break;
	case RESOURCE_PAYMENT:
		r = open_house(opener, &raw);
		break;
	case RESOURCE_KINDS:
		abort();
	}
	if (r < 0) return r;
	return stamped(raw, &resource->id, resource->updated_ms, 1, NULL, opener->arena, &resource->text);
}

int resource_make(struct intake *intake, const struct uuid *hospital, enum resource_kind kind,
	const struct pg_result *rows, int row, struct arena *arena, struct resource *ret_resource)
{
	struct opener opener CLEANUP(opener_wipe) = {
		.intake = intake, .hospital = hospital, .rows = rows, .row = row, .arena = arena};
	struct resource resource = {.id = db_rows_uuid(rows, row, COLUMN_ID),
		.updated_ms = db_rows_time_ms(rows, row, COLUMN_UPDATED),
		.version = (int32_t)db_rows_int(rows, row, COLUMN_VERSION)};
	bool was_refused = arena->refused;
	arena->refused = false;
	int r = make(&opener, kind, &resource);
	/* What was not found or left out for want of memory looks like something that isn't there. */
	if (arena->refused) r = ERR_NOMEM;
	arena->refused = arena->refused || was_refused;
	if (r == 0) {
		*ret_resource = resource;
		return 0;
	}
	if (r != ERR_NOTFOUND && r != ERR_NOMEM) {
		char id[UUID_TEXT_LEN];
		uuid_format(&resource.id, id);
		log_fields(LOG_ERROR, "could not open a stored resource", "type", kind_names[kind], "id", id, "why",
			err_text(), NULL);
	}
	return r;
}
