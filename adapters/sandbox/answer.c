/* What all answers have in common: JSON bodies, problems as OperationOutcome, and the faults that bend status or body.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/json_write.h"
#include "sandbox/payer.h"

void answer_bytes(struct wire_reply *reply, int status, const char *content_type, struct text_span body)
{
	reply->status = status;
	reply->content_type = content_type;
	reply->body = (struct bytes){(const uint8_t *)body.ptr, body.len};
}

void answer_json(struct wire_reply *reply, int status, struct text_span body)
{
	answer_bytes(reply, status, "application/fhir+json", body);
}

void answer_metadata(struct wire_reply *reply)
{
	static const char text[] =
		"{\"resourceType\":\"CapabilityStatement\",\"status\":\"active\",\"date\":\"2026-11-01\",\"kind\":"
		"\"instance\",\"implementation\":{\"description\":\"zhifu-payer, an insurer played from a script\"},"
		"\"fhirVersion\":\"4.0.1\",\"format\":[\"application/fhir+json\"],\"rest\":[{\"mode\":\"server\","
		"\"resource\":[{\"type\":\"Claim\",\"interaction\":[{\"code\":\"search-type\"}]},{\"type\":"
		"\"ClaimResponse\",\"interaction\":[{\"code\":\"search-type\"}]},{\"type\":\"PaymentReconciliation\","
		"\"interaction\":[{\"code\":\"search-type\"}]},{\"type\":\"Task\",\"interaction\":[{\"code\":"
		"\"create\"}]}]}]}";
	answer_json(reply, 200, (struct text_span){text, sizeof(text) - 1});
}

void answer_problem(
	const struct wire_request *req, struct wire_reply *reply, int status, const char *code, const char *text)
{
	struct zf_fault fault = {.path = "", .code = code, .text = text};
	const struct zf_fault *list[] = {&fault};
	struct text_span body = {NULL, 0};
	if (fhir_encode_outcome_faults(list, 1, req->arena, &body) != 0) status = 500;
	answer_json(reply, status, body);
}

void answer_faults(const struct wire_request *req, struct wire_reply *reply, struct fault_list *faults)
{
	struct text_span body = {NULL, 0};
	int err = fhir_encode_outcome(faults, req->arena, &body);
	answer_json(reply, err != 0 || faults->no_memory ? 500 : 400, body);
}

bool answer_read(
	const struct wire_request *req, struct wire_reply *reply, uint32_t accept, struct fhir_document *ret_document)
{
	struct fault_list faults;
	fault_list_init(&faults, req->arena, 0);
	int err = fhir_document_read(
		(const char *)req->body.ptr, req->body.len, NULL, accept, req->arena, &faults, ret_document);
	if (err == 0 && !fault_refuses(&faults) && !faults.no_memory) return true;
	if (err == LIB_NOMEM) {
		reply->status = 500;
		return false;
	}
	answer_faults(req, reply, &faults);
	return false;
}

static struct text_span garbage(const struct payer *payer, struct zf_arena *arena)
{
	enum { LEN = 300 };
	char *text = zf_alloc(arena, LEN);
	for (unsigned i = 0; text != NULL && i < LEN; i++) {
		text[i] = (char)(' ' + misbehave_number(payer->script.seed, "garbage", i) % 95);
	}
	if (text != NULL) text[0] = ')'; /* neither JSON nor XML by accident */
	return (struct text_span){text, text == NULL ? 0 : LEN};
}

static void spoil(const struct payer *payer, const struct wire_request *req, struct wire_reply *reply, int status,
	const char *code, const char *text)
{
	if (payer->profile != NULL) {
		post_problem(req, reply, status, "Server", text);
	} else {
		answer_problem(req, reply, status, code, text);
	}
}

int answer_spoil(const struct payer *payer, const struct wire_request *req, const struct misbehave_fault *fault,
	struct wire_reply *reply)
{
	reply->fault = fault;
	if (fault == NULL) return reply->status;
	switch (fault->kind) {
	case MISBEHAVE_500:
		spoil(payer, req, reply, 500, "exception", "it is broken");
		break;
	case MISBEHAVE_503:
		spoil(payer, req, reply, 503, "transient", "it is busy");
		reply->retry_after_s = fault->ms >= 1000 ? fault->ms / 1000 : 1;
		break;
	case MISBEHAVE_GARBAGE:
		answer_bytes(reply, 200, payer->profile != NULL ? "text/xml" : "application/fhir+json",
			garbage(payer, req->arena));
		break;
	default:
		break;
	}
	return reply->status;
}
