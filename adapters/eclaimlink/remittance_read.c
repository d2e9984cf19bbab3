/* Claims of an advice become decisions; their payments are gathered by reference. */
#include "eclaimlink/remittance_read.h"

#include <stdio.h>
#include <string.h>

#include <openssl/sha.h>

#include "lib/money.h"

#define NO_REFERENCE "N/A"
#define ACTIVITIES_MAX 10000

struct lines {
	const struct zf_line_result **list;
	uint32_t count;
	const char *ref;
	struct zf_money paid;
	bool takes_back;
	struct fault_list wrong; /* what is paid too much */
};

static int read_lines(
	struct eclaim_step *step, const struct xml_element *claim, const char *denial, struct lines *lines)
{
	uint32_t most = 0;
	for (const struct xml_element *a = xml_child(claim, "Activity"); a != NULL; a = xml_next(a)) most++;
	if (most == 0 || most > ACTIVITIES_MAX) {
		eclaim_fault_at(&step->faults, step->arena, FAULT_WIRE_ANSWER, claim, "Activity",
			most == 0 ? "it is missing" : "there are too many");
		return 0;
	}
	lines->list = zf_alloc_array(step->arena, most, sizeof(void *));
	if (lines->list == NULL) return LIB_NOMEM;
	lines->paid = eclaim_money(step->profile, 0);
	for (const struct xml_element *a = xml_child(claim, "Activity"); a != NULL; a = xml_next(a)) {
		struct eclaim_activity activity;
		int rc = eclaim_activity_element(step, a, true, &activity);
		if (rc == 0) rc = eclaim_activity_judge(step, &activity, &lines->wrong);
		if (rc != 0) return rc;
		if (fault_refuses(&step->faults)) continue; /* only to tell all faults at once */
		const struct zf_line_result *result = eclaim_activity_result(step, &activity, denial);
		if (result == NULL) return LIB_NOMEM;
		lines->list[lines->count++] = result;
		if (activity.payment.minor < 0) lines->takes_back = true;
		if (lines->ref == NULL) lines->ref = activity.ref;
		if (activity.ref != NULL && strcmp(activity.ref, lines->ref) != 0) {
			eclaim_fault_at(&step->faults, step->arena, FAULT_WIRE_ANSWER, a, "ID",
				"activities of two claims stand in one");
		} else if (money_add(lines->paid, activity.payment, &lines->paid) != 0) {
			eclaim_fault_at(
				&step->faults, step->arena, FAULT_WIRE_ANSWER, a, NULL, "its amounts are too large");
		}
	}
	return 0;
}

static int add_paid(struct eclaim_advice *advice, struct eclaim_paid paid)
{
	if (advice->paid_count == advice->paid_cap) {
		uint32_t cap = advice->paid_cap == 0 ? 32 : advice->paid_cap * 2;
		struct eclaim_paid *more = zf_alloc_array(advice->step->arena, cap, sizeof(*more));
		if (more == NULL) return LIB_NOMEM;
		if (advice->paid_count > 0) memcpy(more, advice->paid, advice->paid_count * sizeof(*more));
		advice->paid = more;
		advice->paid_cap = cap;
	}
	advice->paid[advice->paid_count++] = paid;
	return 0;
}

static int add_decision(struct eclaim_advice *advice, const struct lines *lines, struct eclaim_paid *paid)
{
	struct zf_adjudication *adjudication = zf_alloc(advice->step->arena, sizeof(*adjudication));
	struct zf_fact *fact = eclaim_fact(advice->step, ZF_FACT_ADJUDICATED, paid->claim_ref);
	if (adjudication == NULL || fact == NULL) return LIB_NOMEM;
	*adjudication = (struct zf_adjudication){
		.size = sizeof(*adjudication),
		.outcome = ZF_OUTCOME_COMPLETE,
		.use = ZF_USE_CLAIM,
		.net_of_share = 1,
		.claim_ref = paid->claim_ref,
		.insurer_claim_no = paid->number,
		.created = advice->created,
		.lines = lines->list,
		.line_count = lines->count,
	};
	fact->adjudication = adjudication;
	if (paid->claim_ref == NULL && paid->number != NULL) {
		fact->wire_ref_kind = "insurer-claim-no";
		fact->wire_ref = paid->number;
	}
	if (lines->wrong.count > 0) paid->disputed = fact;
	return eclaim_disputed(advice->step, &lines->wrong, fact);
}

int eclaim_advice_claim(struct eclaim_advice *advice, const struct xml_element *claim)
{
	struct eclaim_step *step = advice->step;
	struct eclaim_paid paid = {.day = advice->created};
	struct lines lines = {0};
	bool ok = true;
	fault_list_init(&lines.wrong, step->arena, 0);
	const char *denial = eclaim_keep(step->arena, xml_child_text(claim, "DenialCode"), &ok);
	struct text_span day = xml_child_text(claim, "DateSettlement");
	paid.reference = eclaim_keep(step->arena, xml_child_text(claim, "PaymentReference"), &ok);
	paid.number = eclaim_keep(step->arena, xml_child_text(claim, "IDPayer"), &ok);
	if (xml_child_text(claim, "ID").ptr == NULL) {
		eclaim_fault_at(&step->faults, step->arena, FAULT_WIRE_ANSWER, claim, "ID", "it is missing");
	}
	if (day.ptr != NULL && eclaim_date_parse(step->profile, day, &paid.day) != 0) {
		eclaim_fault_at(
			&step->faults, step->arena, FAULT_WIRE_ANSWER, claim, "DateSettlement", "it is no date");
	}
	int rc = ok ? read_lines(step, claim, denial, &lines) : LIB_NOMEM;
	if (rc != 0 || fault_refuses(&step->faults)) return rc;
	paid.claim_ref = eclaim_claim_ref(step, lines.ref, claim);
	paid.amount = lines.paid;
	if (paid.reference != NULL && strcmp(paid.reference, NO_REFERENCE) == 0) paid.reference = NULL;
	/* Money taken back is no new decision. Without a reference, what is approved is not paid yet. */
	if (!lines.takes_back || lines.wrong.count > 0) rc = add_decision(advice, &lines, &paid);
	if (rc == 0 && paid.amount.minor != 0 && (paid.reference != NULL || lines.takes_back)) {
		rc = add_paid(advice, paid);
	}
	return rc;
}

/* ---- payments ---- */

static bool same_reference(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The same claims with the same amounts under one reference are the same remittance, however often and under whichever
 * number the file is sent; other claims under it are another one. */
static const char *identifier_of(
	struct eclaim_step *step, const char *reference, const struct zf_remittance *remittance)
{
	uint8_t digest[SHA256_DIGEST_LENGTH] = {0};
	char hex[2 * sizeof(digest) + 1];
	for (uint32_t i = 0; i < remittance->detail_count; i++) {
		const struct zf_remittance_detail *detail = remittance->details[i];
		text_hex_encode(digest, sizeof(digest), hex);
		const char *text = text_printf(step->arena, "%s\n%s\n%s\n%lld\n%lld\n", hex,
			detail->claim_ref == NULL ? "" : detail->claim_ref,
			detail->insurer_claim_no == NULL ? "" : detail->insurer_claim_no,
			(long long)detail->amount.minor, (long long)detail->date.utc_ms);
		if (text == NULL) return NULL;
		(void)SHA256((const uint8_t *)text, strlen(text), digest);
	}
	text_hex_encode(digest, 8, hex);
	return text_printf(step->arena, "%s-%s", reference == NULL ? NO_REFERENCE : reference, hex);
}

static int gather(struct eclaim_advice *advice, uint32_t from, struct zf_remittance *remittance, struct zf_fact *fact)
{
	const struct eclaim_paid *first = &advice->paid[from];
	const struct zf_remittance_detail **list =
		zf_alloc_array(advice->step->arena, advice->paid_count - from, sizeof(void *));
	if (list == NULL) return LIB_NOMEM;
	remittance->details = list;
	remittance->amount = eclaim_money(advice->step->profile, 0);
	for (uint32_t i = from; i < advice->paid_count; i++) {
		struct eclaim_paid *paid = &advice->paid[i];
		struct zf_remittance_detail *detail = zf_alloc(advice->step->arena, sizeof(*detail));
		if (paid->is_counted || !same_reference(paid->reference, first->reference)) continue;
		if (detail == NULL) return LIB_NOMEM;
		*detail = (struct zf_remittance_detail){.claim_ref = paid->claim_ref,
			.insurer_claim_no = paid->number,
			.amount = paid->amount,
			.type = paid->amount.minor < 0 ? "adjustment" : "payment",
			.date = paid->day,
			.kind = paid->amount.minor < 0 ? ZF_DETAIL_TAKE_BACK : ZF_DETAIL_PAYMENT};
		list[remittance->detail_count++] = detail;
		paid->is_counted = true;
		if (paid->disputed != NULL && fact->fault_count == 0) {
			fact->faults = paid->disputed->faults;
			fact->fault_count = paid->disputed->fault_count;
		}
		if (money_add(remittance->amount, paid->amount, &remittance->amount) != 0) return LIB_INVALID;
	}
	return 0;
}

int eclaim_advice_remittances(struct eclaim_advice *advice)
{
	struct eclaim_step *step = advice->step;
	for (uint32_t i = 0; i < advice->paid_count; i++) {
		const struct eclaim_paid *paid = &advice->paid[i];
		struct zf_remittance *remittance = zf_alloc(step->arena, sizeof(*remittance));
		if (paid->is_counted) continue;
		if (remittance == NULL) return LIB_NOMEM;
		*remittance = (struct zf_remittance){.size = sizeof(*remittance),
			.status = "active",
			.created = advice->created,
			.payment_date = paid->day,
			.payment_reference = paid->reference};
		/* With a claim that is paid too much it is none that could be booked: put right it comes again, mostly
		 * with all of its claims, and would be another one than what was booked of it. */
		struct zf_fact *fact = eclaim_fact(step, ZF_FACT_REMITTED, NULL);
		if (fact == NULL) return LIB_NOMEM;
		fact->remittance = remittance;
		int rc = gather(advice, i, remittance, fact);
		if (rc == LIB_INVALID)
			fault_add(&step->faults, FAULT_WIRE_ANSWER, "", "0", "its amounts are too large");
		if (rc != 0) return rc;
		remittance->identifier = identifier_of(step, paid->reference, remittance);
		if (remittance->identifier == NULL) return LIB_NOMEM;
	}
	return 0;
}
