/* What is owed for one claim, which a person names by its ref to do something about it. */
#ifndef CTL_MONEY_OWED_H
#define CTL_MONEY_OWED_H

#include "ctl/ctl.h"
#include "zhifu_model.h"

struct owed {
	const struct hospital *hospital;
	struct uuid claim;
	struct zf_money open;
};

/* ref: REF, or REF:CODE of the group plan that owes a share of it. Returns 0, 2 after it has said what is wrong, or a
 * negative error. */
int owed_read(struct ctl *ctl, const char *ref, struct owed *ret);
/* What a person says of it instead of all that is open; text NULL: leaves it so. Returns 0, or 2 after it has said what
 * is wrong. */
int owed_amount(const char *text, struct owed *owed);

/* What came of conceding something (schema/063_dispute.sql): 1 done; amounts as its columns outcome, amount, most,
 * value, left_value, carried have them, NULL as 0. */
struct conceded {
	int outcome;
	int64_t amount, most;         /* in the currency in which it is owed */
	int64_t value, left, carried; /* in that of the books */
};

struct pg_result;

struct conceded conceded_of(const struct pg_result *rows);
/* Why nothing was conceded, with the figures: sets the error and returns it. */
int conceded_fault(const struct owed *owed, const struct conceded *made);

#endif
