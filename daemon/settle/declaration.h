/* Receipts from abroad, which are declared for the balance of payments (涉外收入申报): a credit in a foreign currency,
 * or one in the books' currency whose payer or its bank is abroad. Hong Kong, Macao and Taiwan are abroad in this.
 * Pure. */
#ifndef SETTLE_DECLARATION_H
#define SETTLE_DECLARATION_H

#include "bank/statement.h"
#include "base/core.h"

struct hospital;

enum declaration_ground {
	DECLARATION_CURRENCY = 1, /* credited in a foreign currency */
	DECLARATION_ABROAD = 2,   /* the payer or its bank is abroad */
	DECLARATION_PERSON = 3,   /* a person said so */
};

struct declaration {
	enum declaration_ground ground;
	char country[3]; /* of the payer or its bank, the one that is abroad before the one that is not; "": not told */
	int32_t due_day;
	bool due_assumed; /* the calendar lacks the year */
};

/* Whether a booked line is to be declared by this hospital, by as much of it as `entry` has; day: of the credit. */
bool declaration_of(
	const struct hospital *hospital, const struct bank_entry *entry, int32_t day, struct declaration *ret);
/* Until when a credit of that day is to be declared. */
int32_t declaration_due(const struct hospital *hospital, int32_t day, bool *ret_assumed);

#endif
