/* Remittance.Advice: decisions by activity, and what is paid under which reference. */
#ifndef ECLAIMLINK_REMITTANCE_READ_H
#define ECLAIMLINK_REMITTANCE_READ_H

#include "eclaimlink/denial.h"
#include "eclaimlink/exchange.h"

/* What goes along while a file is read; nothing of it becomes a fact before all of it has been read. */
struct eclaim_advice {
	struct eclaim_step *step;
	struct zf_time created;
	struct eclaim_paid *paid; /* in the order of the file */
	uint32_t paid_count, paid_cap;
	bool no_memory;
};

/* One claim's part of a payment. */
struct eclaim_paid {
	const char *reference; /* NULL: none ("N/A") */
	const char *claim_ref, *number;
	struct zf_time day;
	struct zf_money amount;
	bool is_counted;                /* in a remittance already */
	const struct zf_fact *disputed; /* the decision that says why it is too much; NULL: it is not */
};

/* One Claim element. Adds the decision's fact, unless it takes money back. */
int eclaim_advice_claim(struct eclaim_advice *advice, const struct xml_element *claim) LIB_MUSTUSE;
/* A remittance for each payment reference. */
int eclaim_advice_remittances(struct eclaim_advice *advice) LIB_MUSTUSE;

/* ---- authorization_read.c ---- */
int eclaim_authorization(struct eclaim_step *step, const struct xml_element *authorization) LIB_MUSTUSE;

/* ---- decision.c: what both have in common ---- */

/* One Activity's amounts. */
struct eclaim_activity {
	const struct xml_element *element;
	const char *ref; /* of ours, from its ID; NULL: it is not one of ours */
	int32_t sequence;
	struct zf_money net, gross, share, payment;
	const char *denial; /* or NULL */
};

/* Reads it; faults where an amount is missing or wrong. need_payment: of a remittance. LIB_NOMEM or 0. */
int eclaim_activity_element(struct eclaim_step *step, const struct xml_element *element, bool need_payment,
	struct eclaim_activity *ret) LIB_MUSTUSE;
/* An insurer that pays more than it was asked for has made a mistake: a fault with the sum. LIB_NOMEM or 0. */
int eclaim_activity_judge(
	const struct eclaim_step *step, const struct eclaim_activity *activity, struct fault_list *wrong) LIB_MUSTUSE;
/* The decision's fact says what is wrong about it, so that nothing of it is booked. LIB_NOMEM or 0. */
int eclaim_disputed(struct eclaim_step *step, const struct fault_list *wrong, struct zf_fact *fact) LIB_MUSTUSE;
/* The line's result; denial: the code where the activity has none of its own. NULL on no memory. */
const struct zf_line_result *eclaim_activity_result(
	struct eclaim_step *step, const struct eclaim_activity *activity, const char *denial);
/* Which of our claims it is about: by the activities, else by its ID where that is a ref, else as it is. */
const char *eclaim_claim_ref(struct eclaim_step *step, const char *activity_ref, const struct xml_element *claim);

#endif
