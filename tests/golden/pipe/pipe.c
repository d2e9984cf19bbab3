/* The invented insurer "pipe": one POST a claim, REF|member|day|code|net|currency a bill line; answered at once by the
 * line OK|REF|benefit|patient|reason or NO|REF|why. Written from zhifu_adapter.7, in at most 100 lines. */
#include "lib/date.h"
#include "zhifu_adapter.h"
#include <stdio.h>
#define BAD_BILL "This insurer's format needs it, short and without |. 此保险公司的格式要求有此项，须简短且不含“|”。"
struct yield { /* all that a step can yield, in one allocation; a list of one is the address of a pointer */
	struct zf_action action[2], *actions[2];
	struct zf_fact fact;
	struct zf_adjudication said;
	struct zf_line_result line, *lines;
	struct zf_adjustment share, *shares;
	struct zf_fault fault, *faults;
	struct { /* the exchange's state: the answer has to agree with it, and names no currency */
		char version, ref[23];
		struct zf_money total;
	} sent;
};
static int32_t submit(const char *endpoint, const struct zf_claim *claim, struct zf_arena *arena, struct yield *y)
{
	char *body = zf_alloc_array(arena, claim->line_count + 1, 256), *end = body, day[DATE_TEXT_SIZE];
	const char *member = NULL, *bad = claim->use != ZF_USE_CLAIM ? "Claim.use" : NULL;
	if (body == NULL) return ZF_NOMEM;
	for (uint32_t i = 0; i < claim->insurance_count; i++)
		if (claim->insurance[i]->focal && claim->insurance[i]->coverage != NULL)
			member = claim->insurance[i]->coverage->subscriber_id;
	if (member == NULL || strpbrk(member, "|\r\n") != NULL) bad = "Claim.insurance.where(focal = true).coverage";
	if (claim->line_count == 0 || !claim->total.present) bad = claim->total.present ? "Claim.item" : "Claim.total";
	for (uint32_t i = 0; i < claim->line_count && bad == NULL; i++, end += strlen(end)) {
		const struct zf_claim_line *line = claim->lines[i];
		const struct zf_concept *item = line->product_or_service;
		const char *code = item == NULL || item->coding_count == 0 ? NULL : item->codings[0]->code;
		const char *what = line->net.present ? NULL : "net";
		if (date_format_time(&line->serviced.start, day) < strlen("2026-01-01")) what = "serviced";
		if (code == NULL || strpbrk(code, "|\r\n") != NULL ||
			snprintf(end, 256, "%s|%s|%.10s|%s|%lld|%s\n", claim->ref, member, day, code,
				(long long)line->net.minor, line->net.currency) >= 256)
			what = "productOrService";
		if (what != NULL && (bad = text_printf(arena, "Claim.item[%u].%s", i, what)) == NULL) return ZF_NOMEM;
	}
	y->fault = (struct zf_fault){bad, "not-supported", BAD_BILL};
	y->sent.version = 1, y->sent.total = claim->total, memcpy(y->sent.ref, claim->ref, sizeof(claim->ref));
	y->action[0] = (struct zf_action){sizeof(*y->action), ZF_ACTION_HTTP, .token = 1, .submission = 1,
		.method = "POST", .endpoint = endpoint, .body = (void *)body, .body_len = (size_t)(end - body)};
	return bad == NULL ? ZF_OK : ZF_REJECT;
}
static int32_t reply(const struct zf_event *event, struct zf_arena *arena, struct yield *y)
{
	size_t n = 0, len = event->body_len;
	char *rest = zf_strndup(arena, len > 0 ? (const char *)event->body : "", len), *field[6];
	int64_t *benefit = &y->said.benefit.minor, *share = &y->share.amount.minor, total = y->sent.total.minor;
	if (rest == NULL) return ZF_NOMEM;
	if (event->http_status == 200 && strcspn(rest, "\n") + 1 == len && text_utf8_valid(rest, len))
		for (rest[len - 1] = '\0'; n < 6 && (field[n] = strsep(&rest, "|")) != NULL; n++) continue;
	if (n < 3 || strcmp(field[1], y->sent.ref) != 0 || *field[n - 1] == '\0') return ZF_MALFORMED;
	y->said.benefit = y->said.submitted = y->share.amount = y->sent.total;
	bool paid = n == 5 && strcmp(field[0], "OK") == 0 && text_to_int64(text_of(field[2]), benefit) == 0 &&
		    text_to_int64(text_of(field[3]), share) == 0 && *benefit <= total && *share <= total - *benefit;
	if (!paid && (n != 3 || strcmp(field[0], "NO") != 0)) return ZF_MALFORMED;
	y->share.group = ZF_GROUP_PR, y->share.original_code = field[n - 1];
	y->share.reason = strcmp(field[n - 1], "deductible") == 0 ? ZF_REASON_DEDUCTIBLE : ZF_REASON_OTHER;
	y->line.adjustments = (void *)&y->shares, y->line.adjustment_count = y->said.line_count = 1;
	y->said.lines = (void *)&y->lines, y->said.size = sizeof(y->said), y->said.outcome = ZF_OUTCOME_COMPLETE;
	y->fault = (struct zf_fault){NULL, "business-rule", field[n - 1]};
	y->fact = (struct zf_fact){sizeof(y->fact), paid ? ZF_FACT_ADJUDICATED : ZF_FACT_REJECTED, field[1],
		.adjudication = paid ? &y->said : NULL, .faults = (void *)&y->faults, .fault_count = !paid};
	y->action[0] = (struct zf_action){sizeof(*y->action), ZF_ACTION_FACT, .fact = &y->fact};
	y->action[1] = (struct zf_action){sizeof(*y->action), ZF_ACTION_DONE, .token = 0};
	return ZF_OK;
}
static int32_t step(const void *context, void *call, const uint8_t *state, uint64_t state_len,
	const struct zf_event *event, struct zf_arena *arena, struct zf_result *ret)
{
	struct yield *y = zf_alloc(arena, sizeof(*y));
	int32_t verdict = ZF_BUG;
	if ((void)call, y == NULL) return ZF_NOMEM;
	y->actions[0] = &y->action[0], y->actions[1] = &y->action[1];
	y->lines = &y->line, y->shares = &y->share, y->faults = &y->fault;
	if (state_len == sizeof(y->sent)) memcpy(&y->sent, state, state_len);
	if (event->kind == ZF_EVENT_START_CLAIM) verdict = submit(context, event->claims[0], arena, y);
	if (event->kind == ZF_EVENT_REPLY && y->sent.version == 1) verdict = reply(event, arena, y);
	*ret = (struct zf_result){sizeof(*ret), !!y->action[0].kind + !!y->action[1].kind, (void *)y->actions,
		(void *)&y->sent, sizeof(y->sent), (void *)&y->faults, .fault_count = verdict == ZF_REJECT};
	return verdict;
}
static int32_t open_profile(const struct zf_open *open, const void **ret_context, const char **ret_error)
{
	return (void)ret_error, *ret_context = open->profile->get(open->profile, "endpoint"), ZF_OK;
}
static uint32_t capabilities(const void *context)
{
	return (void)context, 0;
}
static const struct zf_key keys[] = {{"endpoint", ZF_KEY_ENDPOINT, 0, "bills", "for bills"}, {NULL, 0, 0, NULL, NULL}};
static const struct zf_adapter adapter = {sizeof(adapter), ZF_ABI_MAJOR, ZF_ABI_MINOR, "pipe", "1",
	"one line a bill line", keys, open_profile, capabilities, step, NULL, NULL, NULL};
ZF_EXPORT const struct zf_adapter *zf_adapter(void)
{
	return &adapter;
}
