/* Closed months, what was revalued and provided for with them, and what stands in the way of closing one; what was
 * given up, sent back and sold; by which rates postings got their value; receipts from abroad that are declared. */
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
	{"what", FIELD_TEXT, 0, "what was looked at, or is missing, in words", NULL, 0, NULL},
	{"what_zh", FIELD_TEXT, 0, "the same in Chinese", NULL, 0, NULL},
};
const struct shape finding_shape = SHAPE("Finding", finding_fields);

static const struct field findings_fields[] = {
	{"month", FIELD_DAY, NEEDED, "any day of it", NULL, 0, NULL},
};
const struct shape findings_query = SHAPE("FindingsQuery", findings_fields);

static const struct field close_new_fields[] = {
	{"month", FIELD_DAY, NEEDED, "any day of it", NULL, 0, NULL},
	{"check", FIELD_BOOL, 0, "true: nothing is posted, only said what stands in the way and what would be", NULL, 0,
		NULL},
};
const struct shape period_close_new_shape = SHAPE("MonthCloseNew", close_new_fields);

/* Written by month.c. */
static const char *const close_states[] = {"closed", "may-be-closed", "red", "lasts", "earlier-first", NULL};
static const struct field revalued_fields[] = {
	{"account", FIELD_TEXT, NEEDED, "of the ledger", NULL, 0, NULL},
	{"items", FIELD_INT, NEEDED, "claims, lines, accounts", NULL, 0, NULL},
	{"amount", FIELD_MONEY, NEEDED, "what is foreign; negative: a liability", NULL, 0, NULL},
	{"carried", FIELD_MONEY, NEEDED, "what it is carried at, in the book currency", NULL, 0, NULL},
	{"closing", FIELD_MONEY, NEEDED, "what it comes to at the closing rate", NULL, 0, NULL},
	{"difference", FIELD_MONEY, NEEDED, "the one less the other", NULL, 0, NULL},
	{"reverts", FIELD_BOOL, NEEDED, "true: taken back on the first of the next month", NULL, 0, NULL},
};
static const struct shape revalued_shape = SHAPE("RevaluedSum", revalued_fields);
static const struct field close_fields[] = {
	{"last_day", FIELD_DAY, NEEDED, "of the month", NULL, 0, NULL},
	{"closed", FIELD_BOOL, NEEDED, "true: nobody posts into it any more", NULL, 0, NULL},
	{"state", FIELD_WORD, NEEDED,
		"lasts: not over for an hour; earlier-first: another month is to be closed before", close_states, 0,
		NULL},
	{"since", FIELD_DAY, 0, "when it had been closed before", NULL, 0, NULL},
	{"who", FIELD_TEXT, 0, "by whom", NULL, 0, NULL},
	{"findings", FIELD_LIST, 0, "what was looked at; red ones first", NULL, 0, &finding_shape},
	{"revaluation", FIELD_LIST, 0, "not there while a closing rate is missing", NULL, 0, &revalued_shape},
	{"revalued", FIELD_MONEY, 0, "what foreign items gain, in the book currency; negative: lose", NULL, 0, NULL},
	{"provision_claims", FIELD_INT, 0, "whose provision changes", NULL, 0, NULL},
	{"provided", FIELD_MONEY, 0, "what is provided for; negative: taken back", NULL, 0, NULL},
};
const struct shape period_close_shape = SHAPE("MonthClose", close_fields);

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

/* ---- what months and persons did to the books ---- */

static const struct field revaluation_fields[] = {
	{"last_day", FIELD_DAY, NEEDED, "of the month", NULL, 0, NULL},
	{"entry", FIELD_ID, NEEDED, "in the ledger, where anything had to be posted", NULL, 0, NULL},
	{"account", FIELD_TEXT, NEEDED, "of the ledger", NULL, 0, NULL},
	{"claim", FIELD_ID, 0, "of a receivable", NULL, 0, NULL},
	{"ref", FIELD_TEXT, 0, "of the claim", NULL, 0, NULL},
	{"line", FIELD_ID, 0, "of money in suspense", NULL, 0, NULL},
	{"amount", FIELD_MONEY, NEEDED, "the foreign item; negative: a liability", NULL, 0, NULL},
	{"carried", FIELD_MONEY, NEEDED, "what it was carried at, in the book currency", NULL, 0, NULL},
	{"closing", FIELD_MONEY, NEEDED, "what it comes to at the closing rate", NULL, 0, NULL},
	{"difference", FIELD_MONEY, NEEDED, "the one less the other", NULL, 0, NULL},
	{"reversal", FIELD_ID, 0, "the entry that takes it back on the first of the next month; not there: it stays",
		NULL, 0, NULL},
};
const struct shape revaluation_shape = SHAPE("Revaluation", revaluation_fields);

static const struct field provision_fields[] = {
	{"last_day", FIELD_DAY, NEEDED, "of the month", NULL, 0, NULL},
	{"entry", FIELD_ID, NEEDED, "in the ledger", NULL, 0, NULL},
	{"claim", FIELD_ID, NEEDED, "that it is for", NULL, 0, NULL},
	{"ref", FIELD_TEXT, NEEDED, "of the claim", NULL, 0, NULL},
	{"base", FIELD_MONEY, NEEDED, "what the claim was carried at", NULL, 0, NULL},
	{"days", FIELD_INT, NEEDED | FIELD_SIGNED, "its age", NULL, 0, NULL},
	{"share", FIELD_DECIMAL, NEEDED, "of the base, by its age", NULL, 0, NULL},
	{"provided", FIELD_MONEY, NEEDED, "that is provided for since", NULL, 0, NULL},
};
const struct shape provision_shape = SHAPE("Provision", provision_fields);

static const struct field month_fields[] = {
	{"month", FIELD_DAY, 0, "any day of it", NULL, 0, NULL},
	{"claim", FIELD_ID, 0, "of this claim", NULL, 0, NULL},
};
const struct shape month_query = SHAPE("MonthQuery", month_fields);

static const struct field write_off_fields[] = {
	{"id", FIELD_ID, NEEDED, "also the entry in the ledger", NULL, 0, NULL},
	{"claim", FIELD_ID, NEEDED, "that it is of", NULL, 0, NULL},
	{"ref", FIELD_TEXT, NEEDED, "of the claim", NULL, 0, NULL},
	SHAPE_PLAN,
	{"amount", FIELD_MONEY, NEEDED, "that was given up, as it was owed", NULL, 0, NULL},
	{"book", FIELD_MONEY, NEEDED, "what that was carried at", NULL, 0, NULL},
	{"provided", FIELD_MONEY, NEEDED, "of it, what had been provided for", NULL, 0, NULL},
	{"role", FIELD_TEXT, NEEDED, "of who did it", NULL, 0, NULL},
	{"limit", FIELD_MONEY, NEEDED, "what that role may", NULL, 0, NULL},
	{"who", FIELD_TEXT, NEEDED, "did it", NULL, 0, NULL},
	{"made_at", FIELD_TIME, NEEDED, "when", NULL, 0, NULL},
	SHAPE_WORDS,
	{"undone_entry", FIELD_ID, 0, "the counter-entry in the ledger, where it was taken back", NULL, 0, NULL},
	{"undone_by", FIELD_TEXT, 0, "who took it back", NULL, 0, NULL},
	{"undone_at", FIELD_TIME, 0, "when", NULL, 0, NULL},
};
const struct shape write_off_shape = SHAPE("WriteOff", write_off_fields);
static const struct field write_offs_fields[] = {{"claim", FIELD_ID, 0, "of this claim", NULL, 0, NULL}};
const struct shape write_offs_query = SHAPE("WriteOffsQuery", write_offs_fields);

static const struct field order_fields[] = {
	{"id", FIELD_ID, NEEDED, "also the entry in the ledger", NULL, 0, NULL},
	{"account", FIELD_TEXT, NEEDED, "a bank account's code", NULL, 0, NULL},
	{"amount", FIELD_MONEY, NEEDED, "that goes back to who sent it", NULL, 0, NULL},
	{"line", FIELD_ID, NEEDED, "the bank line that brought it", NULL, 0, NULL},
	{"book_day", FIELD_DAY, NEEDED, "of the order", NULL, 0, NULL},
	{"cleared_line", FIELD_ID, 0, "by which the bank debited it; not there: in transit, or cancelled", NULL, 0,
		NULL},
	{"maker", FIELD_TEXT, NEEDED, "who told the bank", NULL, 0, NULL},
	{"made_at", FIELD_TIME, NEEDED, "when", NULL, 0, NULL},
	SHAPE_WORDS,
	{"cancelled_by", FIELD_TEXT, 0, "who said that the bank never executed it", NULL, 0, NULL},
	{"cancelled_at", FIELD_TIME, 0, "when", NULL, 0, NULL},
};
const struct shape order_shape = SHAPE("BankOrder", order_fields);
static const struct field orders_fields[] = {
	{"account", FIELD_TEXT, 0, "a bank account's code", NULL, 0, NULL},
	{"transit", FIELD_BOOL, 0, "true: only those that are on their way: neither debited nor cancelled", NULL, 0,
		NULL},
};
const struct shape orders_query = SHAPE("BankOrdersQuery", orders_fields);

static const struct field sale_fields[] = {
	{"id", FIELD_ID, NEEDED, "also the entry in the ledger", NULL, 0, NULL},
	{"out_line", FIELD_ID, NEEDED, "the bank line by which it went out", NULL, 0, NULL},
	{"in_line", FIELD_ID, NEEDED, "the one by which its price came in", NULL, 0, NULL},
	{"sold", FIELD_MONEY, NEEDED, "to the bank", NULL, 0, NULL},
	{"proceeds", FIELD_MONEY, NEEDED, "for it", NULL, 0, NULL},
	{"carried", FIELD_MONEY, NEEDED, "what it was carried at, in the book currency: the rest is gain or loss", NULL,
		0, NULL},
	{"rate", FIELD_DECIMAL, NEEDED,
		"the bank's: the proceeds for 1 of what was sold, with as few decimals as give them", NULL, 0, NULL},
	{"rate_day", FIELD_DAY, NEEDED, "on which the proceeds came", NULL, 0, NULL},
	{"maker", FIELD_TEXT, NEEDED, "who said so", NULL, 0, NULL},
	{"made_at", FIELD_TIME, NEEDED, "when", NULL, 0, NULL},
	SHAPE_WORDS,
	{"undone_entry", FIELD_ID, 0, "the counter-entry in the ledger, where it was taken back", NULL, 0, NULL},
	{"undone_by", FIELD_TEXT, 0, "who took it back", NULL, 0, NULL},
	{"undone_at", FIELD_TIME, 0, "when", NULL, 0, NULL},
};
const struct shape sale_shape = SHAPE("CurrencySale", sale_fields);

static const struct field conversion_fields[] = {
	{"entry", FIELD_ID, NEEDED, "in the ledger", NULL, 0, NULL},
	{"no", FIELD_INT, 0, "of the posting that has its value by it", NULL, 0, NULL},
	{"part", FIELD_INT, 0,
		"of the allocation, where a claim is owed in another currency than the money came in: how the one was held "
		"against the other",
		NULL, 0, NULL},
	{"step", FIELD_INT, NEEDED, "of two, through a third currency", NULL, 0, NULL},
	{"rate", FIELD_ID, NEEDED, "by which", NULL, 0, NULL},
	{"source", FIELD_WORD, NEEDED, "who published it", shape_rate_sources, 0, NULL},
	{"base", FIELD_TEXT, NEEDED, "the currency that has the price", NULL, 3, NULL},
	{"quote", FIELD_TEXT, NEEDED, "the currency that the price is in", NULL, 3, NULL},
	{"per", FIELD_INT, NEEDED, "units of base that the value is for", NULL, 0, NULL},
	{"value", FIELD_DECIMAL, NEEDED, "the price", NULL, 0, NULL},
	{"day", FIELD_DAY, NEEDED, "the rate's own", NULL, 0, NULL},
	{"multiplied", FIELD_BOOL, NEEDED, "the amount by the rate; else divided", NULL, 0, NULL},
	{"rounding", FIELD_WORD, NEEDED, "once, after the last step", shape_roundings, 0, NULL},
	{"from", FIELD_MONEY, NEEDED, "what was converted", NULL, 0, NULL},
	{"to", FIELD_MONEY, NEEDED, "what it came to", NULL, 0, NULL},
	{"corrected_by", FIELD_ID, 0, "the rate that counts by now in place of this one", NULL, 0, NULL},
	{"now", FIELD_MONEY, 0, "what it would come to by the rates that count now; there where one was corrected",
		NULL, 0, NULL},
};
const struct shape conversion_shape = SHAPE("Conversion", conversion_fields);
static const struct field conversions_fields[] = {
	{"entry", FIELD_ID, 0, "of this entry", NULL, 0, NULL},
	{"rate", FIELD_ID, 0, "by this rate", NULL, 0, NULL},
	{"corrected", FIELD_BOOL, 0, "true: by a rate in whose place another one counts by now", NULL, 0, NULL},
};
const struct shape conversions_query = SHAPE("ConversionsQuery", conversions_fields);
