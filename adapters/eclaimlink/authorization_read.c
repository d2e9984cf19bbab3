/* Prior.Authorization: the insurer's answer to a request. No schema of it could be had; elements as they are known. */
#include <string.h>

#include "eclaimlink/remittance_read.h"
#include "lib/money.h"

static void read_date(struct eclaim_step *step, const struct xml_element *parent, const char *name, struct zf_time *ret)
{
	struct text_span text = xml_child_text(parent, name);
	if (text.ptr == NULL || eclaim_date_parse(step->profile, text, ret) == 0) return;
	eclaim_fault_at(&step->faults, step->arena, FAULT_WIRE_ANSWER, parent, name, "it is no date");
}

/* What is granted of an activity: PaymentAmount, else its Net where the answer is Yes. */
static int read_lines(struct eclaim_step *step, const struct xml_element *authorization, bool granted,
	const char *denial, struct zf_adjudication *adjudication, const char **ret_ref, struct fault_list *wrong)
{
	uint32_t most = 0;
	for (const struct xml_element *a = xml_child(authorization, "Activity"); a != NULL; a = xml_next(a)) most++;
	const struct zf_line_result **list = zf_alloc_array(step->arena, (size_t)most + 1, sizeof(void *));
	if (list == NULL) return LIB_NOMEM;
	adjudication->lines = list;
	for (const struct xml_element *a = xml_child(authorization, "Activity"); a != NULL; a = xml_next(a)) {
		struct eclaim_activity activity;
		int rc = eclaim_activity_element(step, a, false, &activity);
		if (rc == 0) rc = eclaim_activity_judge(step, &activity, wrong);
		if (rc != 0) return rc;
		if (fault_refuses(&step->faults)) continue;
		if (!granted) activity.payment = eclaim_money(step->profile, 0);
		if (!activity.payment.present) activity.payment = activity.net;
		const struct zf_line_result *result = eclaim_activity_result(step, &activity, denial);
		if (result == NULL) return LIB_NOMEM;
		list[adjudication->line_count++] = result;
		if (*ret_ref == NULL) *ret_ref = activity.ref;
	}
	return 0;
}

int eclaim_authorization(struct eclaim_step *step, const struct xml_element *authorization)
{
	struct zf_adjudication *adjudication = zf_alloc(step->arena, sizeof(*adjudication));
	struct text_span said = xml_child_text(authorization, "Result");
	struct fault_list wrong;
	bool ok = true, granted = text_equal_nocase(said, TEXT("Yes"));
	const char *ref = NULL, *denial = eclaim_keep(step->arena, xml_child_text(authorization, "DenialCode"), &ok);
	if (adjudication == NULL) return LIB_NOMEM;
	fault_list_init(&wrong, step->arena, 0);
	*adjudication = (struct zf_adjudication){.size = sizeof(*adjudication),
		.outcome = ZF_OUTCOME_COMPLETE,
		.use = ZF_USE_PREAUTHORIZATION,
		.net_of_share = 1};
	adjudication->insurer_claim_no = eclaim_keep(step->arena, xml_child_text(authorization, "IDPayer"), &ok);
	adjudication->disposition = eclaim_keep(step->arena, xml_child_text(authorization, "Comments"), &ok);
	if (!ok) return LIB_NOMEM;
	if (!granted && !text_equal_nocase(said, TEXT("No"))) {
		eclaim_fault_at(&step->faults, step->arena, FAULT_WIRE_ANSWER, authorization, "Result",
			"it is neither Yes nor No");
	}
	if (granted) adjudication->preauth_ref = adjudication->insurer_claim_no;
	read_date(step, authorization, "Start", &adjudication->preauth_period.start);
	read_date(step, authorization, "End", &adjudication->preauth_period.end);
	int rc = read_lines(step, authorization, granted, denial, adjudication, &ref, &wrong);
	if (rc != 0 || fault_refuses(&step->faults)) return rc;
	/* Without activities the limit says it all. */
	if (adjudication->line_count == 0) {
		if (granted) {
			eclaim_amount_read(step->profile, authorization, "Limit", true, step->arena, &step->faults,
				&adjudication->benefit);
		} else {
			adjudication->benefit = eclaim_money(step->profile, 0);
		}
	}
	if (fault_refuses(&step->faults)) return 0;
	ref = eclaim_claim_ref(step, ref, authorization);
	adjudication->claim_ref = ref;
	struct zf_fact *fact = eclaim_fact(step, ZF_FACT_ADJUDICATED, ref);
	if (fact == NULL) return LIB_NOMEM;
	fact->adjudication = adjudication;
	return eclaim_disputed(step, &wrong, fact);
}
