/* Closed months and what stands in the way of closing one; receipts from abroad that are declared. */
#include "desk/shapes.h"

#define NEEDED FIELD_REQUIRED

static const char *const grounds[] = {"", "currency", "abroad", "person", NULL};
static const char *const states[] = {"", "open", "declared", "not-needed", NULL};

static const struct field period_fields[] = {
	{"last_day", FIELD_DAY, NEEDED, "of the month", NULL, 0, NULL},
	{"closed_at", FIELD_TIME, NEEDED, "when it was closed, for ever", NULL, 0, NULL},
	{"who", FIELD_TEXT, NEEDED, "closed it", NULL, 0, NULL},
	{"revalued", FIELD_MONEY, NEEDED, "what foreign items gained with it, in the book currency; negative: lost",
		NULL, 0, NULL},
	{"provided", FIELD_MONEY, NEEDED, "what was provided for with it; negative: taken back", NULL, 0, NULL},
};
const struct shape period_shape = SHAPE("Period", period_fields);

static const struct field finding_fields[] = {
	{"check", FIELD_TEXT, NEEDED, "what was looked at, as in zhifuctl money close --check", NULL, 0, NULL},
	{"red", FIELD_BOOL, NEEDED, "true: the month is not closed as long as it is so; false: worth knowing", NULL, 0,
		NULL},
	{"subject", FIELD_TEXT, 0, "an account, a currency, a payer, an owner", NULL, 0, NULL},
	{"found", FIELD_INT, NEEDED | FIELD_SIGNED, "how many", NULL, 0, NULL},
	{"since", FIELD_DAY, 0, "the oldest of them", NULL, 0, NULL},
};
const struct shape finding_shape = SHAPE("Finding", finding_fields);

static const struct field findings_fields[] = {
	{"month", FIELD_DAY, NEEDED, "any day of it", NULL, 0, NULL},
};
const struct shape findings_query = SHAPE("FindingsQuery", findings_fields);

static const struct field declaration_fields[] = {
	{"id", FIELD_ID, NEEDED, "of the bank line", NULL, 0, NULL},
	{"no", FIELD_INT, NEEDED, "the hospital's number of it", NULL, 0, NULL},
	{"account", FIELD_TEXT, NEEDED, "a bank account's code", NULL, 0, NULL},
	{"credit_day", FIELD_DAY, NEEDED, "when the money came", NULL, 0, NULL},
	{"amount", FIELD_MONEY, NEEDED, "of the line", NULL, 0, NULL},
	{"ground", FIELD_WORD, NEEDED, "why it is declared: foreign currency, a payer abroad, a person said so",
		grounds, 0, NULL},
	{"country", FIELD_TEXT, 0, "of the payer or its bank, where the statement says it", NULL, 0, NULL},
	{"code", FIELD_TEXT, 0, "of the balance of payments; not there: the bank is to be asked", NULL, 0, NULL},
	{"due_day", FIELD_DAY, NEEDED, "until when", NULL, 0, NULL},
	{"due_assumed", FIELD_BOOL, NEEDED, "true: no calendar has the year, counted by Monday to Friday", NULL, 0,
		NULL},
	{"status", FIELD_WORD, NEEDED, "open: to be declared", states, 0, NULL},
	{"number", FIELD_TEXT, 0, "that the bank gave to the declaration", NULL, 0, NULL},
	{"claims", FIELD_TEXT, 0, "the fee basis: refs of the claims that the money was matched to", NULL, 0, NULL},
	{"version", FIELD_INT, NEEDED, "its ETag", NULL, 0, NULL},
};
const struct shape declaration_shape = SHAPE("Declaration", declaration_fields);

static const struct field declarations_fields[] = {
	{"status", FIELD_WORD, 0, "how it stands", states, 0, NULL},
	{"due_until", FIELD_DAY, 0, "due on this day or before", NULL, 0, NULL},
	{"account", FIELD_TEXT, 0, "a bank account's code", NULL, 0, NULL},
};
const struct shape declarations_query = SHAPE("DeclarationsQuery", declarations_fields);
