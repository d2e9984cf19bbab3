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

/* Returns 0, 2 after it has said what is wrong, or a negative error. */
int owed_read(struct ctl *ctl, const char *ref, struct owed *ret);
/* What a person says of it instead of all that is open; text NULL: leaves it so. Returns 0, or 2 after it has said what
 * is wrong. */
int owed_amount(const char *text, struct owed *owed);

#endif
