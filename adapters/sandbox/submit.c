/* Plain mode: POST Claim/$submit with a Claim or a collection Bundle around one, answered by its ClaimResponse. */
#include "sandbox/payer.h"

static const char *provider_of(const struct zf_claim *claim)
{
	const struct zf_organization *provider = claim->provider;
	if (provider == NULL || provider->identifier_count == 0 || provider->identifiers[0]->value == NULL)
		return "provider";
	return provider->identifiers[0]->value;
}

void submit_handle(struct payer *payer, const struct wire_request *req, struct wire_reply *reply)
{
	struct fhir_document document;
	struct taken taken;
	struct text_span body;
	if (!answer_read(req, reply, FHIR_ACCEPT_CLAIM | FHIR_ACCEPT_BUNDLE, &document)) return;
	if (document.claim_count != 1) {
		answer_problem(req, reply, 400, "invalid", "exactly one claim is wanted");
		return;
	}
	int err = book_take(payer, &document, 0, provider_of(document.claims[0]), NULL, req->arena, &taken);
	if (err != 0) {
		reply->status = 500;
		return;
	}
	if (taken.fault != NULL && !taken.fault->taken) {
		answer_problem(req, reply, 503, "transient", "not carried out");
	} else {
		if (book_answer(payer, &taken, req->arena, &body) != 0) {
			reply->status = 500;
			return;
		}
		answer_json(reply, 200, body);
	}
	(void)answer_spoil(payer, req, taken.fault, reply);
}
