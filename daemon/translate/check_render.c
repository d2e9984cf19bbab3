/* What a step yields, as JSON that a person can review. */
#include <string.h>

#include "lib/date.h"
#include "lib/money.h"
#include "translate/check_case.h"
#include "translate/job.h"

const char *check_verdict_name(int32_t verdict)
{
	static const char *const names[] = {"ok", "reject", "retry", "malformed", "nomem", "bug"};

	return verdict >= ZF_OK && verdict <= ZF_BUG ? names[verdict] : "unknown";
}

static void put_text(json_t *object, const char *name, const char *text)
{
	if (text != NULL) (void)json_object_set_new(object, name, json_string(text));
}

static void put_money(json_t *object, const char *name, struct zf_money money)
{
	char text[MONEY_TEXT_SIZE + 4];
	size_t len;

	if (!money.present) return;
	len = money_format(money, text);
	text[len] = ' ';
	memcpy(text + len + 1, money.currency, 4);
	(void)json_object_set_new(object, name, json_string(text));
}

static void put_time(json_t *object, const char *name, struct zf_time time)
{
	char text[DATE_TEXT_SIZE];

	if (date_format_time(&time, text) > 0) (void)json_object_set_new(object, name, json_string(text));
}

/* Bytes as text; what is not UTF-8 is told by its length. */
static void put_bytes(json_t *object, const char *name, const uint8_t *bytes, uint64_t len)
{
	json_t *text;

	if (len == 0) return;
	text = json_stringn((const char *)bytes, len);
	(void)json_object_set_new(
		object, name, text != NULL ? text : json_sprintf("%llu bytes", (unsigned long long)len));
}

static json_t *render_faults(const struct zf_fault *const *faults, uint32_t count)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < count; i++) {
		json_t *fault = json_object();

		put_text(fault, "path", faults[i]->path);
		put_text(fault, "code", faults[i]->code);
		put_text(fault, "text", faults[i]->text);
		(void)json_array_append_new(list, fault);
	}
	return list;
}

static json_t *render_line(const struct zf_line_result *line)
{
	static const char *const groups[] = {"-", "CO", "PR", "OA", "PI"};
	json_t *object = json_object();
	json_t *adjustments = json_array();

	(void)json_object_set_new(object, "sequence", json_integer(line->sequence));
	put_money(object, "submitted", line->submitted);
	put_money(object, "eligible", line->eligible);
	put_money(object, "benefit", line->benefit);
	for (uint32_t i = 0; i < line->adjustment_count; i++) {
		const struct zf_adjustment *adjustment = line->adjustments[i];
		json_t *one = json_object();

		put_text(one, "group", adjustment->group < ARRAY_LEN(groups) ? groups[adjustment->group] : "?");
		(void)json_object_set_new(one, "reason", json_integer(adjustment->reason));
		put_money(one, "amount", adjustment->amount);
		put_text(one, "code", adjustment->original_code);
		(void)json_array_append_new(adjustments, one);
	}
	(void)json_object_set_new(object, "adjustments", adjustments);
	return object;
}

static json_t *render_adjudication(const struct zf_adjudication *adjudication)
{
	json_t *object = json_object();
	json_t *lines = json_array();

	(void)json_object_set_new(object, "outcome", json_integer(adjudication->outcome));
	put_text(object, "insurer_claim_no", adjudication->insurer_claim_no);
	put_text(object, "preauth_ref", adjudication->preauth_ref);
	put_text(object, "disposition", adjudication->disposition);
	put_money(object, "submitted", adjudication->submitted);
	put_money(object, "eligible", adjudication->eligible);
	put_money(object, "benefit", adjudication->benefit);
	put_money(object, "payment", adjudication->payment);
	put_time(object, "payment_date", adjudication->payment_date);
	for (uint32_t i = 0; i < adjudication->line_count; i++)
		(void)json_array_append_new(lines, render_line(adjudication->lines[i]));
	(void)json_object_set_new(object, "lines", lines);
	if (adjudication->error_count > 0)
		(void)json_object_set_new(
			object, "errors", render_faults(adjudication->errors, adjudication->error_count));
	return object;
}

static json_t *render_remittance(const struct zf_remittance *remittance)
{
	static const char *const kinds[] = {"payment", "take-back", "fee", "adjustment", "netting"};
	json_t *object = json_object();
	json_t *details = json_array();
	struct zf_money difference = remittance->amount;

	put_text(object, "identifier", remittance->identifier);
	put_money(object, "amount", remittance->amount);
	put_time(object, "payment_date", remittance->payment_date);
	put_text(object, "payment_reference", remittance->payment_reference);
	for (uint32_t i = 0; i < remittance->detail_count; i++) {
		const struct zf_remittance_detail *detail = remittance->details[i];
		json_t *one = json_object();

		put_text(one, "claim_ref", detail->claim_ref);
		put_text(one, "insurer_claim_no", detail->insurer_claim_no);
		put_money(one, "amount", detail->amount);
		put_money(one, "fee", detail->fee);
		put_text(one, "type", detail->type);
		if (detail->kind != ZF_DETAIL_PAYMENT)
			put_text(one, "kind", detail->kind < ARRAY_LEN(kinds) ? kinds[detail->kind] : "?");
		(void)json_array_append_new(details, one);
	}
	(void)json_object_set_new(object, "details", details);
	if (job_remittance_fault(remittance, &difference.minor) != NULL) return object;
	difference.minor -= remittance->amount.minor; /* parked: its details come to so much more */
	if (difference.minor != 0) put_money(object, "unbalanced_by", difference);
	return object;
}

static json_t *render_fact(const struct zf_fact *made)
{
	static const char *const kinds[] = {"?", "acknowledged", "rejected", "adjudicated", "pended", "queried",
		"remitted", "cancelled", "not_found"};
	struct zf_fact fact = call_fact(made);
	json_t *object = json_object();

	put_text(object, "fact", fact.kind < ARRAY_LEN(kinds) ? kinds[fact.kind] : "?");
	put_text(object, "claim_ref", fact.claim_ref);
	put_text(object, "wire_ref_kind", fact.wire_ref_kind);
	put_text(object, "wire_ref", fact.wire_ref);
	if (fact.adjudication != NULL) {
		struct zf_adjudication view = call_adjudication(fact.adjudication);

		(void)json_object_set_new(object, "adjudication", render_adjudication(&view));
	}
	if (fact.remittance != NULL) {
		struct zf_remittance view = call_remittance(fact.remittance);

		(void)json_object_set_new(object, "remittance", render_remittance(&view));
	}
	if (fact.query != NULL) put_text(object, "query", fact.query->identifier);
	if (fact.fault_count > 0)
		(void)json_object_set_new(object, "faults", render_faults(fact.faults, fact.fault_count));
	return object;
}

static json_t *render_http(const struct zf_action *action)
{
	json_t *object = json_object();
	json_t *headers = json_object();
	json_t *refs = json_array();

	put_text(object, "http", action->method == NULL ? "answer" : action->method);
	put_text(object, "endpoint", action->endpoint);
	put_text(object, "path", action->path);
	(void)json_object_set_new(object, "token", json_integer(action->token));
	if (action->submission) (void)json_object_set_new(object, "submission", json_true());
	if (action->body_secrets) (void)json_object_set_new(object, "body_secrets", json_true());
	if (action->http_status != 0) (void)json_object_set_new(object, "status", json_integer(action->http_status));
	for (uint32_t i = 0; i < action->header_count; i++)
		put_text(headers, action->headers[i]->name, action->headers[i]->value);
	(void)json_object_set_new(object, "headers", headers);
	for (uint32_t i = 0; i < action->wire_ref_count; i++)
		(void)json_array_append_new(
			refs, json_sprintf("%s=%s", action->wire_refs[i]->kind, action->wire_refs[i]->value));
	if (json_array_size(refs) > 0)
		(void)json_object_set_new(object, "wire_refs", refs);
	else
		json_decref(refs);
	put_bytes(object, "body", action->body, action->body_len);
	return object;
}

static json_t *render_action(const struct zf_action *made, int64_t now_ms)
{
	struct zf_action action = call_action(made);
	json_t *object;

	switch (action.kind) {
	case ZF_ACTION_HTTP:
	case ZF_ACTION_ANSWER:
		return render_http(&action);
	case ZF_ACTION_FACT:
		return render_fact(action.fact);
	case ZF_ACTION_WAIT:
		object = json_object();
		(void)json_object_set_new(object, "wait_ms", json_integer(action.wait_until_ms - now_ms));
		return object;
	default:
		object = json_object();
		(void)json_object_set_new(object, "done", json_true());
		return object;
	}
}

json_t *check_render(int32_t verdict, const struct zf_result *result, int64_t now_ms)
{
	json_t *object = json_object();
	json_t *actions = json_array();

	put_text(object, "verdict", check_verdict_name(verdict));
	if (verdict == ZF_OK || (verdict == ZF_MALFORMED && result->goes_on != 0))
		for (uint32_t i = 0; i < result->action_count; i++)
			(void)json_array_append_new(actions, render_action(result->actions[i], now_ms));
	(void)json_object_set_new(object, "actions", actions);
	if (result->constant != 0) (void)json_object_set_new(object, "constant", json_true());
	if (result->fault_count > 0)
		(void)json_object_set_new(object, "faults", render_faults(result->faults, result->fault_count));
	return object;
}
