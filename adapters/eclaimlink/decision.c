/* From an activity to a line's result. */
#include <string.h>

#include "eclaimlink/remittance_read.h"
#include "lib/money.h"

int eclaim_activity_element(
	struct eclaim_step *step, const struct xml_element *element, bool need_payment, struct eclaim_activity *ret)
{
	const struct eclaim_profile *profile = step->profile;
	struct eclaim_activity activity = {.element = element};
	struct text_span id = xml_child_text(element, "ID");
	char ref[20];
	bool ok = true;
	if (id.ptr == NULL)
		eclaim_fault_at(&step->faults, step->arena, FAULT_WIRE_ANSWER, element, "ID", "it is missing");
	if (eclaim_activity_read(id, ref, &activity.sequence)) {
		activity.ref = zf_strdup(step->arena, ref);
		if (activity.ref == NULL) return LIB_NOMEM;
	}
	eclaim_amount_read(profile, element, "Net", true, step->arena, &step->faults, &activity.net);
	eclaim_amount_read(profile, element, "Gross", false, step->arena, &step->faults, &activity.gross);
	eclaim_amount_read(profile, element, "PatientShare", false, step->arena, &step->faults, &activity.share);
	eclaim_amount_read(
		profile, element, "PaymentAmount", need_payment, step->arena, &step->faults, &activity.payment);
	activity.denial = eclaim_keep(step->arena, xml_child_text(element, "DenialCode"), &ok);
	*ret = activity;
	return ok ? 0 : LIB_NOMEM;
}

int eclaim_activity_judge(
	const struct eclaim_step *step, const struct eclaim_activity *activity, struct fault_list *wrong)
{
	bool whole = activity->gross.present, shared = whole && activity->share.present && activity->share.minor != 0;
	struct zf_money most = whole ? activity->gross : activity->net, charged = most;
	char paid[MONEY_TEXT_SIZE], all[MONEY_TEXT_SIZE], share[MONEY_TEXT_SIZE], left[MONEY_TEXT_SIZE];
	const char *currency = step->profile->currency, *sum, *told;
	/* What is taken back is below zero and may be so. */
	if (!activity->payment.present || activity->payment.minor <= 0 || !most.present) return 0;
	bool fits = !shared || money_subtract(most, activity->share, &most) == 0;
	if (fits && activity->payment.minor <= most.minor) return 0;
	(void)money_format(activity->payment, paid);
	(void)money_format(charged, all);
	(void)money_format(activity->share, share);
	(void)money_format(most, left);
	told = text_printf(step->arena, "%s %s", paid, currency);
	sum = shared ? text_printf(step->arena, "Gross %s - PatientShare %s = %s %s", all, share, left, currency)
		     : text_printf(step->arena, "%s %s %s", whole ? "Gross" : "Net", all, currency);
	const char *path = xml_path(step->arena, activity->element);
	if (told == NULL || sum == NULL || path == NULL) return LIB_NOMEM;
	fault_addf(wrong, FAULT_WIRE_OVERPAID, told, sum, "%s/PaymentAmount", path);
	return 0;
}

int eclaim_disputed(struct eclaim_step *step, const struct fault_list *wrong, struct zf_fact *fact)
{
	if (wrong->count == 0 && !wrong->no_memory) return 0;
	return faults_export(wrong, true, step->arena, &fact->faults, &fact->fault_count);
}

const char *eclaim_claim_ref(struct eclaim_step *step, const char *activity_ref, const struct xml_element *claim)
{
	struct text_span id = xml_child_text(claim, "ID");
	bool ok = true;
	return activity_ref != NULL ? activity_ref : eclaim_keep(step->arena, id, &ok);
}

static struct zf_adjustment *add(struct zf_adjustment *list, const struct zf_adjustment **pointers,
	struct zf_line_result *result, struct zf_adjustment adjustment)
{
	struct zf_adjustment *made = &list[result->adjustment_count];
	*made = adjustment;
	pointers[result->adjustment_count++] = made;
	return made;
}

/* Gross = PatientShare + what the insurer might pay; of that, what it does not pay is reduced for the denial's reason.
 */
const struct zf_line_result *eclaim_activity_result(
	struct eclaim_step *step, const struct eclaim_activity *activity, const char *denial)
{
	const char *code = activity->denial != NULL ? activity->denial : denial;
	struct zf_line_result *result = zf_alloc(step->arena, sizeof(*result));
	struct zf_adjustment *list = zf_alloc_array(step->arena, 2, sizeof(*list));
	const struct zf_adjustment **pointers = zf_alloc_array(step->arena, 2, sizeof(void *));
	struct zf_money left = {0};
	if (result == NULL || list == NULL || pointers == NULL) return NULL;
	struct zf_money share = activity->share.present ? activity->share : eclaim_money(step->profile, 0);
	result->sequence = activity->sequence;
	result->submitted = activity->gross;
	if (!result->submitted.present && money_add(activity->net, share, &result->submitted) != 0) {
		result->submitted = activity->net;
	}
	result->benefit = activity->payment;
	result->adjustments = pointers;
	if (share.minor != 0) {
		add(list, pointers, result,
			(struct zf_adjustment){.group = ZF_GROUP_PR,
				.reason = ZF_REASON_COPAY,
				.amount = share,
				.original_code = "PatientShare"});
	}
	if (money_subtract(result->submitted, share, &left) != 0 || money_subtract(left, result->benefit, &left) != 0) {
		eclaim_fault_at(&step->faults, step->arena, FAULT_WIRE_ANSWER, activity->element, NULL,
			"its amounts are too large");
	} else if (left.minor != 0) {
		struct eclaim_denial meaning = eclaim_denial_read(step->profile, code);
		add(list, pointers, result,
			(struct zf_adjustment){.group = meaning.group,
				.reason = meaning.reason,
				.amount = left,
				.original_code = code});
	}
	return result;
}
