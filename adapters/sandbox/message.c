/* Message mode: POST $process-message. One focus, the event must fit it; answers that are not ready wait in a queue by
 * licence until they are polled for. */
#include <string.h>

#include "base/clock.h"
#include "fhir/encode_message.h"
#include "fhir/resource.h"
#include "lib/date.h"
#include "sandbox/payer.h"

#define POLL_COUNT_MAX 1000

/* What a request's header says. */
struct incoming {
	const char *id;
	const char *event;
	const char *sender_system, *sender;
	uint32_t focus_count;
};

void message_queue(struct sender *sender, struct queue_item item)
{
	struct queue_item *kept = mem_alloc(sizeof(*kept));
	assert(kept != NULL);
	*kept = item;
	kept->next = NULL;
	*sender->queue_end = kept;
	sender->queue_end = &kept->next;
}

static bool read_header(const struct fhir_document *document, struct incoming *ret)
{
	for (uint32_t i = 0; i < document->resource_count; i++) {
		const struct fhir_resource *resource = document->resources[i];
		if (resource->type_name == NULL || strcmp(resource->type_name, "MessageHeader") != 0) continue;
		const struct fhir_message_header *header = resource->value;
		if (header == NULL || resource->id == NULL || header->event == NULL || header->event->code == NULL)
			return false;
		const struct fhir_reference *sender = header->sender;
		const struct zf_identifier *identifier = sender == NULL ? NULL : sender->identifier;
		*ret = (struct incoming){.id = resource->id,
			.event = header->event->code,
			.sender_system = identifier == NULL ? NULL : identifier->system,
			.sender = identifier == NULL || identifier->value == NULL ? "unknown" : identifier->value,
			.focus_count = header->focus_count};
		return true;
	}
	return false;
}

static struct fhir_message outgoing(const struct payer *payer, const char *id, const char *event, const char *timestamp,
	const char *receiver_system, const char *receiver)
{
	const struct script *script = &payer->script;
	return (struct fhir_message){.id = id,
		.timestamp = timestamp,
		.event_system = script->event_system,
		.event = event,
		.sender_system = script->license_system,
		.sender_id = script->license,
		.receiver_system = receiver_system,
		.receiver_id = receiver,
		.source_endpoint = script->base_url};
}

/* The answer to a message, around one resource. */
static void reply_with(struct payer *payer, const struct wire_request *req, const struct incoming *in,
	const char *event, const char *type, const char *id, struct text_span resource, bool wrong_correlation,
	struct wire_reply *reply)
{
	char message_id[40], instant[DATE_TEXT_SIZE], wrong[40];
	book_id(payer, "message", in->id, 0, message_id);
	book_id(payer, "wrong", in->id, 0, wrong);
	(void)date_format_ms(payer_now_ms(payer), 0, instant);
	struct fhir_message message = outgoing(payer, message_id, event, instant, in->sender_system, in->sender);
	message.response_identifier = wrong_correlation ? wrong : in->id;
	message.response_code = "ok";
	struct text_span body;
	if (fhir_encode_message(&message, payer->script.base_url, type, id, resource, req->arena, &body) != 0) {
		reply->status = 500;
		return;
	}
	answer_json(reply, 200, body);
}

/* ---- claims ---- */

static void queue_claim(struct sender *sender, const struct taken *taken)
{
	struct entry *entry = taken->entry;
	bool open = entry->state == ENTRY_PENDED || entry->state == ENTRY_QUERIED;
	struct queue_item item = {.event = "claim-response", .entry = entry};
	if (entry->state == ENTRY_QUERIED) {
		message_queue(sender,
			(struct queue_item){.event = "communication-request", .entry = entry, .is_query = true});
	}
	if (open) message_queue(sender, item);
	enum fault_kind kind = taken->fault == NULL ? MISBEHAVE_NONE : taken->fault->kind;
	if (kind == MISBEHAVE_TWICE) message_queue(sender, item);
	if (kind == MISBEHAVE_OTHER) {
		item.is_other = true;
		message_queue(sender, item);
	}
}

static void take_claim(struct payer *payer, const struct wire_request *req, const struct fhir_document *document,
	const struct incoming *in, struct wire_reply *reply)
{
	struct taken taken;
	struct text_span body;
	if (book_take(payer, document, 0, in->sender, in->id, req->arena, &taken) != 0) {
		reply->status = 500;
		return;
	}
	const struct misbehave_fault *fault = taken.fault;
	if (fault != NULL && !fault->taken) {
		answer_problem(req, reply, 503, "transient", "not carried out");
		(void)answer_spoil(payer, req, fault, reply);
		return;
	}
	struct sender *sender = book_sender(payer, in->sender);
	sender->by_message = true;
	if (taken.is_new) queue_claim(sender, &taken);
	/* In this mode the lie about a hospital and the second answer are in the queue. */
	struct taken plain = taken;
	bool in_queue = fault != NULL && (fault->kind == MISBEHAVE_OTHER || fault->kind == MISBEHAVE_TWICE);
	if (in_queue) plain.fault = fault = NULL;
	if (book_answer(payer, &plain, req->arena, &body) != 0) {
		reply->status = 500;
		return;
	}
	const char *event = taken.claim.use == ZF_USE_PREAUTHORIZATION ? "priorauth-response" : "claim-response";
	bool wrong = fault != NULL && fault->kind == MISBEHAVE_CORRELATION;
	reply_with(payer, req, in, event, "ClaimResponse", taken.entry->id, body, wrong, reply);
	(void)answer_spoil(payer, req, fault, reply);
}

/* ---- polling ---- */

struct poll {
	uint32_t count;
	const struct fhir_task *task;
};

static struct poll read_poll(const struct fhir_task *task)
{
	struct poll poll = {.count = 50, .task = task};
	for (uint32_t i = 0; i < task->input_count; i++) {
		const struct fhir_parameter *input = task->inputs[i];
		const struct zf_concept *type = input->type;
		if (type == NULL || type->coding_count == 0 || type->codings[0]->code == NULL) continue;
		if (strcmp(type->codings[0]->code, "count") == 0 && input->number > 0)
			poll.count = (uint32_t)input->number;
	}
	if (poll.count > POLL_COUNT_MAX) poll.count = POLL_COUNT_MAX;
	return poll;
}

/* include-message-type and exclude-message-type. */
static bool is_wanted(const struct poll *poll, const char *event)
{
	bool any_include = false, included = false;
	for (uint32_t i = 0; i < poll->task->input_count; i++) {
		const struct fhir_parameter *input = poll->task->inputs[i];
		const struct zf_concept *type = input->type;
		if (type == NULL || type->coding_count == 0 || type->codings[0]->code == NULL || input->text == NULL)
			continue;
		const char *code = type->codings[0]->code;
		bool same = strcmp(input->text, event) == 0;
		if (strcmp(code, "exclude-message-type") == 0 && same) return false;
		if (strcmp(code, "include-message-type") != 0) continue;
		any_include = true;
		included = included || same;
	}
	return !any_include || included;
}

/* One queued thing as a message Bundle of its own. */
static int encode_item(struct payer *payer, const struct sender *sender, const struct queue_item *item,
	const char *timestamp, struct zf_arena *arena, struct text_span *ret)
{
	char id[40], other[40];
	const struct entry *entry = item->entry;
	struct text_span resource;
	const char *type = item->is_query  ? "CommunicationRequest"
			   : entry == NULL ? "PaymentReconciliation"
					   : "ClaimResponse";
	book_id(payer, item->event, entry == NULL ? item->remittance->identifier : entry->ref, item->is_other, id);
	struct fhir_message message = outgoing(payer, id, item->event, timestamp, NULL, sender->license);
	int err = 0;
	if (entry == NULL) {
		resource = (struct text_span){(const char *)item->remittance->json, item->remittance->json_len};
	} else if (item->is_query) {
		err = ask_query(payer, entry, arena, &resource);
	} else {
		message.response_identifier = entry->message_id;
		if (item->is_other) {
			static const struct misbehave_fault lie = {.kind = MISBEHAVE_OTHER};
			struct taken taken = {
				.claim = {.size = sizeof(taken.claim), .use = entry->use, .total = entry->submitted},
				.entry = item->entry,
				.fault = &lie};
			book_id(payer, "wrong", entry->ref, 2, other);
			message.response_identifier = other;
			message.receiver_id = "OTHER-LICENSE";
			err = book_answer(payer, &taken, arena, &resource);
		} else {
			err = book_present(payer, entry, arena, &resource);
		}
	}
	if (err != 0) return err;
	const char *resource_id = entry == NULL ? item->remittance->id : entry->id;
	return fhir_encode_message(&message, payer->script.base_url, type, resource_id, resource, arena, ret);
}

static bool is_ready(struct payer *payer, const struct queue_item *item)
{
	return item->entry == NULL || item->is_query || book_ripen(payer, item->entry, true);
}

/* Entries for what is ready, at most poll->count; what was delivered leaves the queue unless a fault keeps the answer
 * from arriving. LIB_* or 0. */
static int put_items(struct payer *payer, struct sender *sender, const struct poll *poll, bool keep,
	const char *timestamp, struct zf_arena *arena, struct json_writer *writer)
{
	uint32_t left = poll->count;
	struct queue_item **at = &sender->queue;
	while (*at != NULL && left > 0) {
		struct queue_item *item = *at;
		struct text_span bundle;
		if (item->entry != NULL && item->entry->state == ENTRY_CANCELLED) {
			*at = item->next;
			mem_free(item);
			continue;
		}
		if (!is_wanted(poll, item->event) || !is_ready(payer, item)) {
			at = &item->next;
			continue;
		}
		int err = encode_item(payer, sender, item, timestamp, arena, &bundle);
		if (err != 0) return err;
		const char *url = text_printf(
			arena, "%s/Bundle/%llu", payer->script.base_url, (unsigned long long)++payer->serial);
		if (url == NULL) return LIB_NOMEM;
		fhir_begin_entry(writer, url);
		json_write_raw(writer, bundle);
		fhir_end_entry(writer);
		left--;
		if (item->remittance != NULL && item->remittance->delivered_ms == 0) {
			item->remittance->delivered_ms = clock_mono_ms();
		}
		if (keep) {
			at = &item->next;
			continue;
		}
		*at = item->next;
		mem_free(item);
	}
	for (sender->queue_end = at; *sender->queue_end != NULL;) sender->queue_end = &(*sender->queue_end)->next;
	return 0;
}

static int encode_task(const char *id, const char *status, const char *code, const char *reason,
	const struct payer *payer, const struct entry *entry, struct zf_arena *arena, struct text_span *ret)
{
	struct fhir_task_fields task = {.id = id,
		.status = status,
		.code_system = payer->script.task_system,
		.code = code,
		.status_reason = reason,
		.business_status = entry == NULL ? NULL : book_state_name(entry->state),
		.focus_type = entry == NULL ? NULL : "Claim",
		.focus_system = entry == NULL ? NULL : payer->script.claim_system,
		.focus_value = entry == NULL ? NULL : entry->ref};
	return fhir_encode_task(&task, arena, ret);
}

static void take_poll(struct payer *payer, const struct wire_request *req, const struct fhir_task *task,
	const struct incoming *in, const struct misbehave_fault *fault, struct wire_reply *reply)
{
	struct sender *sender = book_sender(payer, in->sender);
	struct poll poll = read_poll(task);
	char id[40], task_id[40], instant[DATE_TEXT_SIZE];
	struct json_writer writer;
	struct text_span body, done;
	sender->by_message = true;
	payer->polls++;
	book_id(payer, "message", in->id, 0, id);
	book_id(payer, "task", in->id, 0, task_id);
	(void)date_format_ms(payer_now_ms(payer), 0, instant);
	struct fhir_message message = outgoing(payer, id, "poll-response", instant, in->sender_system, in->sender);
	message.response_identifier = in->id;
	if (fault != NULL && fault->kind == MISBEHAVE_CORRELATION) message.response_identifier = task_id;
	const char *task_url = fhir_full_url(req->arena, payer->script.base_url, "Task", task_id);
	const char *url = fhir_full_url(req->arena, payer->script.base_url, "MessageHeader", id);
	reply->status = 500;
	if (task_url == NULL || url == NULL) return;
	if (encode_task(task_id, "completed", "poll", NULL, payer, NULL, req->arena, &done) != 0) return;
	json_write_init(&writer, req->arena, 64u * 1024 * 1024);
	fhir_begin_bundle(&writer, &message, NULL);
	fhir_begin_entry(&writer, url);
	fhir_put_message_header(&writer, &message, task_url);
	fhir_end_entry(&writer);
	fhir_begin_entry(&writer, task_url);
	json_write_raw(&writer, done);
	fhir_end_entry(&writer);
	if (put_items(payer, sender, &poll, misbehave_loses(fault), instant, req->arena, &writer) != 0) return;
	fhir_end_bundle(&writer);
	if (json_write_finish(&writer, &body) == 0) answer_json(reply, 200, body);
}

/* ---- status and cancel ---- */

static struct entry *focus_of(const struct payer *payer, const struct fhir_task *task)
{
	const struct fhir_reference *focus = task->focus;
	if (focus == NULL) return NULL;
	struct entry *entry = NULL;
	if (focus->identifier != NULL && focus->identifier->value != NULL) {
		entry = book_find(payer, focus->identifier->value);
	}
	if (entry == NULL && focus->reference != NULL) entry = book_find(payer, focus->reference);
	return entry != NULL && entry->taken > 0 ? entry : NULL;
}

/* Returns why not, or NULL when it was cancelled. */
static const char *cancel(struct entry *entry)
{
	if (entry == NULL) return "not-found";
	if (entry->is_paid) return "paid already";
	entry->state = entry->decision = ENTRY_CANCELLED;
	entry->benefit.minor = 0;
	return NULL;
}

/* The Task that answers a Task; ret_entry: the claim it is about. */
static int do_task(struct payer *payer, const struct fhir_task *task, const char *id, struct zf_arena *arena,
	struct text_span *ret, const struct entry **ret_entry)
{
	const char *code = task->code != NULL && task->code->coding_count > 0 ? task->code->codings[0]->code : NULL;
	struct entry *entry = focus_of(payer, task);
	bool is_cancel = code != NULL && strcmp(code, "cancel") == 0;
	const char *problem = is_cancel ? cancel(entry) : entry == NULL ? "not-found" : NULL;
	if (!is_cancel && entry != NULL) (void)book_ripen(payer, entry, true);
	*ret_entry = entry;
	return encode_task(id, problem == NULL ? "completed" : "failed", code, problem, payer, entry, arena, ret);
}

static int put_pair(struct payer *payer, const char *id, const struct entry *entry, struct text_span task,
	const struct fhir_message *message, struct zf_arena *arena, struct text_span *ret)
{
	struct json_writer writer;
	struct text_span answer;
	const char *url = fhir_full_url(arena, payer->script.base_url, "Task", id);
	const char *header =
		message == NULL ? NULL : fhir_full_url(arena, payer->script.base_url, "MessageHeader", message->id);
	if (url == NULL || (message != NULL && header == NULL)) return LIB_NOMEM;
	json_write_init(&writer, arena, 64u * 1024 * 1024);
	fhir_begin_bundle(&writer, message, NULL);
	if (message != NULL) {
		fhir_begin_entry(&writer, header);
		fhir_put_message_header(&writer, message, url);
		fhir_end_entry(&writer);
	}
	fhir_begin_entry(&writer, url);
	json_write_raw(&writer, task);
	fhir_end_entry(&writer);
	if (entry != NULL && entry->state != ENTRY_CANCELLED) {
		int err = book_present(payer, entry, arena, &answer);
		if (err != 0) return err;
		fhir_begin_entry(&writer, fhir_full_url(arena, payer->script.base_url, "ClaimResponse", entry->id));
		json_write_raw(&writer, answer);
		fhir_end_entry(&writer);
	}
	fhir_end_bundle(&writer);
	return json_write_finish(&writer, ret);
}

static void take_task(struct payer *payer, const struct wire_request *req, const struct fhir_task *task,
	const struct incoming *in, const struct misbehave_fault *fault, struct wire_reply *reply)
{
	char id[40], message_id[40], instant[DATE_TEXT_SIZE];
	const struct entry *entry;
	struct text_span done, body;
	bool is_status = strcmp(in->event, "status-check") == 0;
	book_id(payer, "task", in->id, 0, id);
	book_id(payer, "message", in->id, 0, message_id);
	(void)date_format_ms(payer_now_ms(payer), 0, instant);
	struct fhir_message message = outgoing(payer, message_id, is_status ? "status-response" : "cancel-response",
		instant, in->sender_system, in->sender);
	message.response_identifier = fault != NULL && fault->kind == MISBEHAVE_CORRELATION ? id : in->id;
	reply->status = 500;
	if (do_task(payer, task, id, req->arena, &done, &entry) != 0) return;
	if (put_pair(payer, id, is_status ? entry : NULL, done, &message, req->arena, &body) != 0) return;
	answer_json(reply, 200, body);
}

void task_handle(struct payer *payer, const struct wire_request *req, struct wire_reply *reply)
{
	struct fhir_document document;
	char key[32], id[40];
	const struct entry *entry;
	struct text_span done;
	if (!answer_read(req, reply, FHIR_ACCEPT_ANSWER, &document)) return;
	if (document.root->type_name == NULL || strcmp(document.root->type_name, "Task") != 0 ||
		document.root->value == NULL) {
		answer_problem(req, reply, 400, "invalid", "a Task is wanted");
		return;
	}
	const struct misbehave_fault *fault = payer_asked(payer, key);
	if (fault != NULL && !fault->taken) {
		(void)answer_spoil(payer, req, fault, reply);
		return;
	}
	const struct fhir_task *task = document.root->value;
	book_id(payer, "task", document.root->id != NULL ? document.root->id : key, 0, id);
	int err = do_task(payer, task, id, req->arena, &done, &entry);
	const char *code = task->code != NULL && task->code->coding_count > 0 ? task->code->codings[0]->code : NULL;
	if (err == 0 && entry != NULL && code != NULL && strcmp(code, "cancel") != 0) {
		err = put_pair(payer, id, entry, done, NULL, req->arena, &done);
	}
	if (err == 0) answer_json(reply, 200, done);
	(void)answer_spoil(payer, req, fault, reply);
}

/* ---- the message ---- */

/* A hospital's answer to a query: the claim whose ref it carries can be decided. */
static void take_communication(struct payer *payer, struct bytes body)
{
	for (struct entry *entry = payer->entries; entry != NULL; entry = entry->next) {
		if (entry->state != ENTRY_QUERIED) continue;
		if (memmem(body.ptr, body.len, entry->ref, strlen(entry->ref)) == NULL) continue;
		entry->state = ENTRY_PENDED;
		if (entry->due_ms == 0 && entry->polls_left == 0) entry->polls_left = 1;
	}
}

static const struct fhir_task *task_in(const struct fhir_document *document)
{
	for (uint32_t i = 0; i < document->resource_count; i++) {
		const struct fhir_resource *resource = document->resources[i];
		if (resource->type_name != NULL && strcmp(resource->type_name, "Task") == 0) return resource->value;
	}
	return NULL;
}

static void take_asked(struct payer *payer, const struct wire_request *req, const struct fhir_document *document,
	const struct incoming *in, struct wire_reply *reply)
{
	const struct fhir_task *task = task_in(document);
	bool is_poll = strcmp(in->event, "poll-request") == 0;
	if (task == NULL) {
		answer_problem(req, reply, 400, "BV-00167", "the focus does not fit the event");
		return;
	}
	const struct misbehave_fault *fault = payer_asked(payer, NULL);
	if (fault == NULL || fault->taken) {
		if (is_poll) {
			take_poll(payer, req, task, in, fault, reply);
		} else {
			take_task(payer, req, task, in, fault, reply);
		}
	}
	(void)answer_spoil(payer, req, fault, reply);
}

void message_handle(struct payer *payer, const struct wire_request *req, struct wire_reply *reply)
{
	struct fhir_document document;
	struct incoming in;
	if (!answer_read(req, reply, FHIR_ACCEPT_BUNDLE | FHIR_ACCEPT_ANSWER, &document)) return;
	if (document.bundle_type == NULL || strcmp(document.bundle_type, "message") != 0 ||
		!read_header(&document, &in)) {
		answer_problem(req, reply, 400, "GE-00013", "a message Bundle with a MessageHeader is wanted");
		return;
	}
	if (in.focus_count != 1) {
		answer_problem(req, reply, 400, "BV-00221", "exactly one focus is wanted");
		return;
	}
	if (strcmp(in.event, "claim-request") == 0 || strcmp(in.event, "priorauth-request") == 0) {
		bool is_claim = strcmp(in.event, "claim-request") == 0;
		if (document.claim_count != 1 || (document.claims[0]->use == ZF_USE_CLAIM) != is_claim) {
			answer_problem(req, reply, 400, "BV-00167", "the focus does not fit the event");
			return;
		}
		take_claim(payer, req, &document, &in, reply);
	} else if (strcmp(in.event, "poll-request") == 0 || strcmp(in.event, "status-check") == 0 ||
		   strcmp(in.event, "cancel-request") == 0) {
		take_asked(payer, req, &document, &in, reply);
	} else if (strcmp(in.event, "communication") == 0 || strcmp(in.event, "payment-notice") == 0) {
		if (strcmp(in.event, "communication") == 0) take_communication(payer, req->body);
		struct text_span outcome = {NULL, 0};
		struct fault_list none = {0};
		char id[40];
		book_id(payer, "outcome", in.id, 0, id);
		reply->status = 500;
		if (fhir_encode_outcome(&none, req->arena, &outcome) != 0) return;
		reply_with(payer, req, &in, in.event, "OperationOutcome", id, outcome, false, reply);
	} else {
		answer_problem(req, reply, 400, "IB-00250", "the message event is not known");
	}
}
