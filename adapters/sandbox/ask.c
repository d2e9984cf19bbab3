/* Plain mode's questions: what became of a claim, was it ever received, what was paid. */
#include <string.h>

#include "base/clock.h"
#include "fhir/write.h"
#include "lib/json_write.h"
#include "sandbox/payer.h"

#define REPEAT_MS 60000 /* a remittance is handed out again so long after the first time: a fetch may get lost */
#define REMITTANCES_MAX 50

/* A searchset being written. */
struct set {
	struct json_writer writer;
	struct zf_arena *arena;
	const char *base_url;
	unsigned count;
};

static void begin_set(struct set *set, const struct payer *payer, struct zf_arena *arena)
{
	*set = (struct set){.arena = arena, .base_url = payer->script.base_url};
	json_write_init(&set->writer, arena, 64u * 1024 * 1024);
	json_write_object_begin(&set->writer);
	json_write_member(&set->writer, "resourceType", "Bundle");
	json_write_member(&set->writer, "type", "searchset");
}

static int end_set(struct set *set, struct text_span *ret)
{
	if (set->count > 0) json_write_array_end(&set->writer);
	json_write_member_int64(&set->writer, "total", set->count);
	json_write_object_end(&set->writer);
	return json_write_finish(&set->writer, ret);
}

static void put_match(struct set *set, const char *type, const char *id, struct text_span resource)
{
	struct json_writer *writer = &set->writer;
	/* FHIR knows no empty lists. */
	if (set->count++ == 0) {
		json_write_key(writer, "entry");
		json_write_array_begin(writer);
	}
	json_write_object_begin(writer);
	json_write_member(writer, "fullUrl", text_printf(set->arena, "%s/%s/%s", set->base_url, type, id));
	json_write_key(writer, "resource");
	json_write_raw(writer, resource);
	json_write_key(writer, "search");
	json_write_object_begin(writer);
	json_write_member(writer, "mode", "match");
	json_write_object_end(writer);
	json_write_object_end(writer);
}

int ask_query(struct payer *payer, const struct entry *entry, struct zf_arena *arena, struct text_span *ret)
{
	struct json_writer writer;
	char id[40];
	book_id(payer, "query", entry->ref, 0, id);
	json_write_init(&writer, arena, 1 << 20);
	json_write_object_begin(&writer);
	json_write_member(&writer, "resourceType", "CommunicationRequest");
	json_write_member(&writer, "id", id);
	json_write_key(&writer, "identifier");
	json_write_array_begin(&writer);
	fhir_put_plain_identifier(&writer, NULL, payer->script.number_system, id);
	json_write_array_end(&writer);
	json_write_member(&writer, "status", "active");
	json_write_key(&writer, "about");
	json_write_array_begin(&writer);
	fhir_put_logical(&writer, NULL, "Claim", payer->script.claim_system, entry->ref);
	json_write_array_end(&writer);
	json_write_key(&writer, "payload");
	json_write_array_begin(&writer);
	json_write_object_begin(&writer);
	json_write_member(&writer, "contentString", entry->query != NULL ? entry->query : "Please send more.");
	json_write_object_end(&writer);
	json_write_array_end(&writer);
	json_write_object_end(&writer);
	return json_write_finish(&writer, ret);
}

/* Enough of a Claim to say that it is here. */
static int encode_claim(
	const struct payer *payer, const struct entry *entry, struct zf_arena *arena, struct text_span *ret)
{
	struct json_writer writer;
	json_write_init(&writer, arena, 1 << 20);
	json_write_object_begin(&writer);
	json_write_member(&writer, "resourceType", "Claim");
	json_write_member(&writer, "id", entry->id);
	json_write_key(&writer, "identifier");
	json_write_array_begin(&writer);
	fhir_put_plain_identifier(&writer, NULL, payer->script.claim_system, entry->ref);
	json_write_array_end(&writer);
	json_write_member(&writer, "status", "active");
	fhir_put_code(&writer, "type", "http://terminology.hl7.org/CodeSystem/claim-type", "institutional", NULL);
	json_write_member(&writer, "use", "claim");
	fhir_put_reference(&writer, "patient", NULL, NULL, NULL, "as submitted");
	json_write_member(&writer, "created", "2026-01-01");
	fhir_put_reference(&writer, "provider", NULL, NULL, NULL, "as submitted");
	fhir_put_code(&writer, "priority", "http://terminology.hl7.org/CodeSystem/processpriority", "normal", NULL);
	json_write_key(&writer, "insurance");
	json_write_array_begin(&writer);
	json_write_object_begin(&writer);
	json_write_member_int64(&writer, "sequence", 1);
	json_write_member_bool(&writer, "focal", true);
	fhir_put_reference(&writer, "coverage", NULL, NULL, NULL, "as submitted");
	json_write_object_end(&writer);
	json_write_array_end(&writer);
	json_write_object_end(&writer);
	return json_write_finish(&writer, ret);
}

/* The claim that a search names: "SYSTEM|REF", "REF", or a reference. NULL: never received, or never carried out. */
static struct entry *searched(const struct payer *payer, const struct wire_request *req)
{
	static const char *const names[] = {"request.identifier", "request:identifier", "identifier", "request"};
	struct http_param *params;
	size_t count;
	if (http_query_parse(req->head->query, strlen(req->head->query), req->arena, &params, &count) != 0) return NULL;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = http_param_get(params, count, names[i]);
		if (value == NULL) continue;
		const char *bar = strrchr(value, '|');
		struct entry *entry = book_find(payer, bar == NULL ? value : bar + 1);
		return entry != NULL && entry->taken > 0 ? entry : NULL;
	}
	return NULL;
}

static int find_response(struct payer *payer, const struct wire_request *req, struct set *set)
{
	struct entry *entry = searched(payer, req);
	struct text_span resource;
	if (entry == NULL || entry->state == ENTRY_CANCELLED) return 0;
	(void)book_ripen(payer, entry, true);
	if (entry->state == ENTRY_QUERIED) {
		int err = ask_query(payer, entry, req->arena, &resource);
		if (err != 0) return err;
		put_match(set, "CommunicationRequest", entry->id, resource);
	}
	int err = book_present(payer, entry, req->arena, &resource);
	if (err == 0) put_match(set, "ClaimResponse", entry->id, resource);
	return err;
}

static int find_claim(struct payer *payer, const struct wire_request *req, struct set *set)
{
	struct entry *entry = searched(payer, req);
	struct text_span resource;
	if (entry == NULL) return 0;
	int err = encode_claim(payer, entry, req->arena, &resource);
	if (err == 0) put_match(set, "Claim", entry->id, resource);
	return err;
}

/* First those that nobody has fetched, then those that were fetched a short while ago. */
static void find_remittances(struct payer *payer, bool is_lost, struct set *set)
{
	unsigned left = REMITTANCES_MAX;
	int64_t now_ms = clock_mono_ms();
	for (int round = 0; round < 2; round++) {
		for (struct remittance *each = payer->remittances; each != NULL && left > 0; each = each->next) {
			bool fresh = each->delivered_ms == 0;
			if (round == 0 ? !fresh
				       : (fresh || each->fetch == payer->asks ||
						 now_ms - each->delivered_ms > REPEAT_MS)) {
				continue;
			}
			if (fresh && !is_lost) {
				each->delivered_ms = now_ms;
				each->fetch = payer->asks;
			}
			put_match(set, "PaymentReconciliation", each->id,
				(struct text_span){(const char *)each->json, each->json_len});
			left--;
		}
	}
}

void ask_handle(struct payer *payer, const struct wire_request *req, const char *path, struct wire_reply *reply)
{
	struct set set;
	struct text_span body;
	const struct misbehave_fault *fault = payer_asked(payer, NULL);
	if (fault != NULL && !fault->taken) {
		(void)answer_spoil(payer, req, fault, reply);
		return;
	}
	begin_set(&set, payer, req->arena);
	int err = 0;
	if (strcmp(path, "/ClaimResponse") == 0) {
		err = find_response(payer, req, &set);
	} else if (strcmp(path, "/Claim") == 0) {
		err = find_claim(payer, req, &set);
	} else {
		find_remittances(payer, misbehave_loses(fault), &set);
	}
	if (err == 0) err = end_set(&set, &body);
	if (err == 0) {
		answer_json(reply, 200, body);
	} else {
		reply->status = 500;
	}
	(void)answer_spoil(payer, req, fault, reply);
}
