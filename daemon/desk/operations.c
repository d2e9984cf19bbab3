/* The table, and the shapes of what goes in and out. */
#include "desk/operation.h"

#include "desk/call.h"
#include "desk/shapes.h"
#include "desk/upload.h"
#include "model/directory.h"

/* ---- words ---- */

const char *const shape_rate_sources[] = {"", "cfets", "ecb", "bank-buy", "bank-sell", "manual", NULL};
static const char *const rate_standings[] = {"", "in-force", "waits", "refused", NULL};
static const char *const statement_kinds[] = {"", "statement", "report", "notification", NULL};
static const char *const statement_chains[] = {
	"none", "first", "follows", "again", "gap", "overlap", "opening", "page", "unproved", "number", NULL};
static const char *const proofs[] = {"", "holds", "differs", "unproved", NULL};
static const char *const formats[] = {"", "camt", "mt940", NULL};

/* ---- shapes ---- */

#define NEEDED FIELD_REQUIRED

static const struct field rate_fields[] = {
	{"id", FIELD_ID, NEEDED, "Zhifu's id of it", NULL, 0, NULL},
	{"source", FIELD_WORD, NEEDED, "who published it; manual: typed in by one person and approved by another",
		shape_rate_sources, 0, NULL},
	{"bank", FIELD_TEXT, 0, "whose board it is, of bank-buy and bank-sell", NULL, 0, NULL},
	{"base", FIELD_TEXT, NEEDED, "the currency that has the price", NULL, 3, NULL},
	{"quote", FIELD_TEXT, NEEDED, "the currency that the price is in", NULL, 3, NULL},
	{"per", FIELD_INT, NEEDED, "units of base that the value is for", NULL, 0, NULL},
	{"value", FIELD_DECIMAL, NEEDED, "the price, with the decimals with which it was published", NULL, 0, NULL},
	{"day", FIELD_DAY, NEEDED, "in the source's own calendar", NULL, 0, NULL},
	{"version", FIELD_INT, NEEDED, "of one pair, source and day the last one in force counts", NULL, 0, NULL},
	{"status", FIELD_WORD, NEEDED, "waits: for a second person", rate_standings, 0, NULL},
	{"maker", FIELD_TEXT, 0, "who imported it or typed it in; not there: somebody of another hospital, or of none",
		NULL, 0, NULL},
	{"made_at", FIELD_TIME, NEEDED, "when", NULL, 0, NULL},
	{"why", FIELD_TEXT, 0, "why it was typed in, likewise", NULL, 0, NULL},
	{"checker", FIELD_TEXT, 0, "who decided on it, likewise", NULL, 0, NULL},
	{"checked_at", FIELD_TIME, 0, "when", NULL, 0, NULL},
	{"checked_why", FIELD_TEXT, 0, "why, likewise", NULL, 0, NULL},
};
static const struct shape rate_shape = SHAPE("Rate", rate_fields);

static const struct field rates_query[] = {
	{"from", FIELD_DAY, 0, "first day", NULL, 0, NULL},
	{"to", FIELD_DAY, 0, "last day", NULL, 0, NULL},
	{"currency", FIELD_TEXT, 0, "either currency of the pair", NULL, 3, NULL},
	{"source", FIELD_WORD, 0, "who published it", shape_rate_sources, 0, NULL},
	{"status", FIELD_WORD, 0, "how it stands", rate_standings, 0, NULL},
};
static const struct shape rates_query_shape = SHAPE("RatesQuery", rates_query);

static const struct field rate_new_fields[] = {
	{"base", FIELD_TEXT, NEEDED, "the currency that has the price", NULL, 3, NULL},
	{"quote", FIELD_TEXT, NEEDED, "the currency that the price is in", NULL, 3, NULL},
	{"per", FIELD_INT, 0, "units of base that the value is for: 1, 10, 100, 1000 or 10000; left out: 1", NULL, 0,
		NULL},
	{"value", FIELD_DECIMAL, NEEDED, "the price", NULL, 0, NULL},
	{"day", FIELD_DAY, NEEDED, "for which it counts; not in the future", NULL, 0, NULL},
	{"why", FIELD_TEXT, NEEDED, "why no source will do", NULL, 1000, NULL},
};
const struct shape rate_new_shape = SHAPE("RateNew", rate_new_fields);

static const struct field rate_import_fields[] = {
	{"source", FIELD_TEXT, NEEDED, "cfets, ecb (XML), or board:BANK", NULL, 40, NULL},
	{"charset", FIELD_TEXT, 0, "of CSV that is not in UTF-8: gb18030 and others", NULL, 16, NULL},
	{"history", FIELD_BOOL, 0, "true: old rates that did jump are taken", NULL, 0, NULL},
};
const struct shape rate_import_query = SHAPE("RateImportQuery", rate_import_fields);

static const struct field rate_of_fields[] = {
	{"currency", FIELD_TEXT, NEEDED, "of an amount", NULL, 3, NULL},
	{"day", FIELD_DAY, NEEDED, "for which the books want a rate", NULL, 0, NULL},
};
const struct shape rate_of_query = SHAPE("RateOfQuery", rate_of_fields);

/* Written by rate.c. */
static const struct field rate_step_fields[] = {
	{"id", FIELD_ID, NEEDED, "of the rate", NULL, 0, NULL},
	{"source", FIELD_WORD, NEEDED, "who published it", shape_rate_sources, 0, NULL},
	{"base", FIELD_TEXT, NEEDED, "the currency that has the price", NULL, 3, NULL},
	{"quote", FIELD_TEXT, NEEDED, "the currency that the price is in", NULL, 3, NULL},
	{"per", FIELD_INT, NEEDED, "units of base that the value is for", NULL, 0, NULL},
	{"value", FIELD_DECIMAL, NEEDED, "the price", NULL, 0, NULL},
	{"day", FIELD_DAY, NEEDED, "the rate's own: the last before, where the day has none", NULL, 0, NULL},
	{"multiplied", FIELD_BOOL, NEEDED, "the amount by the rate; else divided", NULL, 0, NULL},
};
static const struct shape rate_step_shape = SHAPE("RateStep", rate_step_fields);
static const struct field rate_way_fields[] = {
	{"currency", FIELD_TEXT, NEEDED, "that was asked for", NULL, 3, NULL},
	{"book_currency", FIELD_TEXT, NEEDED, "of the hospital's books", NULL, 3, NULL},
	{"day", FIELD_DAY, NEEDED, "that was asked for", NULL, 0, NULL},
	{"steps", FIELD_LIST, NEEDED, "none: it is the book currency; two: through a third currency", NULL, 0,
		&rate_step_shape},
};
static const struct shape rate_way_shape = SHAPE("RateOf", rate_way_fields);

/* Written by rate_file.c. */
static const struct field rate_imported_fields[] = {
	{"source", FIELD_TEXT, NEEDED, "whose rates they are", NULL, 0, NULL},
	{"new", FIELD_INT, NEEDED, "rates that were not known", NULL, 0, NULL},
	{"known", FIELD_INT, NEEDED, "that were, with the same value", NULL, 0, NULL},
	{"first_day", FIELD_DAY, NEEDED, "of the file", NULL, 0, NULL},
	{"last_day", FIELD_DAY, NEEDED, "of the file", NULL, 0, NULL},
};
static const struct shape rate_imported_shape = SHAPE("RateImport", rate_imported_fields);

static const struct field approval_fields[] = {
	{"why", FIELD_TEXT, NEEDED, "why it is right", NULL, 1000, NULL},
	{"far", FIELD_BOOL, 0, "true: whoever approves has seen that it is far from the last one, and means it", NULL,
		0, NULL},
};
const struct shape rate_approval_shape = SHAPE("RateApproval", approval_fields);

static const struct field reason_fields[] = {{"why", FIELD_TEXT, NEEDED, "for the record", NULL, 1000, NULL}};
static const struct shape reason_shape = SHAPE("Reason", reason_fields);

static const struct field contract_fields[] = {
	{"id", FIELD_ID, NEEDED, "of all its versions", NULL, 0, NULL},
	{"version", FIELD_INT, NEEDED, "each change is one more", NULL, 0, NULL},
	{"name", FIELD_TEXT, NEEDED, "unique in the hospital", NULL, 0, NULL},
	{"carrier", FIELD_TEXT, NEEDED, "the insurer that bears the risk", NULL, 0, NULL},
	{"remitter", FIELD_TEXT, NEEDED, "who pays", NULL, 0, NULL},
	{"kind", FIELD_TEXT, NEEDED,
		"what is owed: A the bill in its currency, B the bill payable in another one, C a foreign amount", NULL,
		0, NULL},
	{"valid_from", FIELD_DAY, NEEDED, "first day", NULL, 0, NULL},
	{"valid_to", FIELD_DAY, 0, "last day; not there: no end", NULL, 0, NULL},
	{"counts_from", FIELD_DAY, 0, "first day on which this version counts; not there: on none", NULL, 0, NULL},
	{"counts_to", FIELD_DAY, 0, "last day on which it counts; not there: no end", NULL, 0, NULL},
	{"contract", FIELD_DOCUMENT, NEEDED, "as zhifu_contract(5) has it", NULL, 0, NULL},
	{"maker", FIELD_TEXT, NEEDED, "who stored it", NULL, 0, NULL},
	{"made_at", FIELD_TIME, NEEDED, "when", NULL, 0, NULL},
	{"why", FIELD_TEXT, NEEDED, "why", NULL, 0, NULL},
};
static const struct shape contract_shape = SHAPE("Contract", contract_fields);

static const struct field contracts_query[] = {
	{"carrier", FIELD_TEXT, 0, "an insurer's code", NULL, 0, NULL},
	{"day", FIELD_DAY, 0, "those versions that count on it", NULL, 0, NULL},
};
static const struct shape contracts_query_shape = SHAPE("ContractsQuery", contracts_query);

static const struct field contract_new_fields[] = {
	{"contract", FIELD_DOCUMENT, NEEDED, "as zhifu_contract(5) has it; its name again is a new version", NULL, 0,
		NULL},
	{"why", FIELD_TEXT, NEEDED, "for the record", NULL, 1000, NULL},
};
const struct shape contract_new_shape = SHAPE("ContractNew", contract_new_fields);

static const struct field contract_end_fields[] = {
	{"day", FIELD_DAY, NEEDED, "its last one; before its first one: it is withdrawn", NULL, 0, NULL},
	{"why", FIELD_TEXT, NEEDED, "for the record", NULL, 1000, NULL},
};
static const struct shape contract_end_shape = SHAPE("ContractEnd", contract_end_fields);

static const struct field account_fields[] = {
	{"code", FIELD_TEXT, NEEDED, "its account in the ledger is BANK- and this", NULL, 0, NULL},
	{"number", FIELD_TEXT, NEEDED, "as the bank writes it", NULL, 0, NULL},
	{"currency", FIELD_TEXT, NEEDED, "in which it is kept", NULL, 3, NULL},
	{"statement_day", FIELD_DAY, 0, "of the last statement", NULL, 0, NULL},
	{"statement", FIELD_MONEY, 0, "what that closed with", NULL, 0, NULL},
	{"ledger", FIELD_MONEY, NEEDED, "what the ledger says", NULL, 0, NULL},
	{"suspense", FIELD_MONEY, NEEDED, "of it without a home", NULL, 0, NULL},
	{"proof", FIELD_WORD, NEEDED, "differs: a statement is missing; unproved: statements have no balances", proofs,
		0, NULL},
};
static const struct shape account_shape = SHAPE("BankAccount", account_fields);

static const struct field statement_fields[] = {
	{"id", FIELD_ID, NEEDED, "Zhifu's id of it", NULL, 0, NULL},
	{"account", FIELD_TEXT, NEEDED, "a bank account's code", NULL, 0, NULL},
	{"kind", FIELD_WORD, NEEDED, "only statements are in the books", statement_kinds, 0, NULL},
	{"sequence", FIELD_INT, 0, "the bank's number of it", NULL, 0, NULL},
	{"page", FIELD_INT, 0, "of that", NULL, 0, NULL},
	{"identifier", FIELD_TEXT, 0, "the bank's", NULL, 0, NULL},
	{"opening", FIELD_MONEY, 0, "balance", NULL, 0, NULL},
	{"opening_day", FIELD_DAY, 0, "its day", NULL, 0, NULL},
	{"closing", FIELD_MONEY, 0, "balance", NULL, 0, NULL},
	{"closing_day", FIELD_DAY, 0, "its day", NULL, 0, NULL},
	{"lines", FIELD_INT, NEEDED, "booked ones", NULL, 0, NULL},
	{"chain", FIELD_WORD, NEEDED, "how it goes on from those before", statement_chains, 0, NULL},
	{"gap", FIELD_BOOL, NEEDED, "a statement beside it is missing", NULL, 0, NULL},
	{"file", FIELD_ID, NEEDED, "in which it came", NULL, 0, NULL},
	{"taken_at", FIELD_TIME, NEEDED, "when", NULL, 0, NULL},
	{"who", FIELD_TEXT, NEEDED, "brought it", NULL, 0, NULL},
};
static const struct shape statement_shape = SHAPE("BankStatement", statement_fields);

static const struct field statements_query[] = {
	{"account", FIELD_TEXT, 0, "a bank account's code", NULL, 0, NULL},
	{"gap", FIELD_BOOL, 0, "true: only those beside which one is missing", NULL, 0, NULL},
};
static const struct shape statements_query_shape = SHAPE("BankStatementsQuery", statements_query);

static const struct field import_query[] = {
	{"account", FIELD_TEXT, 0, "of which account the file is, where it does not say; a code", NULL, 24, NULL},
	{"format", FIELD_WORD, 0, "left out: Zhifu finds out", formats, 0, NULL},
};
const struct shape statement_import_query = SHAPE("BankStatementImportQuery", import_query);

/* Written by statement.c, which has these from the import and not from rows. */
static const struct field imported_fields[] = {
	{"known", FIELD_BOOL, NEEDED, "these very bytes were taken before: nothing was done", NULL, 0, NULL},
	{"statements", FIELD_LIST, NEEDED, "what was in the file", NULL, 0, &imported_statement_shape},
};
const struct shape statement_imported_shape = SHAPE("BankStatementImport", imported_fields);
static const struct field imported_statement_fields[] = {
	{"account", FIELD_TEXT, NEEDED, "a bank account's code", NULL, 0, NULL},
	{"kind", FIELD_WORD, NEEDED, "only statements are in the books", statement_kinds, 0, NULL},
	{"sequence", FIELD_INT, 0, "the bank's number of it", NULL, 0, NULL},
	{"page", FIELD_INT, 0, "of that", NULL, 0, NULL},
	{"identifier", FIELD_TEXT, 0, "the bank's", NULL, 0, NULL},
	{"opening", FIELD_MONEY, 0, "balance", NULL, 0, NULL},
	{"closing", FIELD_MONEY, 0, "balance", NULL, 0, NULL},
	{"lines", FIELD_INT, NEEDED, "booked ones", NULL, 0, NULL},
	{"new", FIELD_INT, NEEDED, "of them, that no other statement had brought", NULL, 0, NULL},
	{"not_booked", FIELD_INT, NEEDED, "lines that are not booked", NULL, 0, NULL},
	{"chain", FIELD_WORD, NEEDED, "how it goes on from those before", statement_chains, 0, NULL},
};
const struct shape imported_statement_shape = SHAPE("ImportedStatement", imported_statement_fields);

static const struct field line_fields[] = {
	{"id", FIELD_ID, NEEDED, "Zhifu's id of it", NULL, 0, NULL},
	{"statement", FIELD_ID, NEEDED, "that brought it first", NULL, 0, NULL},
	{"account", FIELD_TEXT, NEEDED, "a bank account's code", NULL, 0, NULL},
	{"booked_day", FIELD_DAY, NEEDED, "when the bank booked it", NULL, 0, NULL},
	{"value_day", FIELD_DAY, 0, "from when it counts for interest", NULL, 0, NULL},
	{"amount", FIELD_MONEY, NEEDED, "positive came in", NULL, 0, NULL},
	{"reversal", FIELD_BOOL, NEEDED, "takes back another one", NULL, 0, NULL},
	{"suspense", FIELD_MONEY, 0, "what of it has no home yet", NULL, 0, NULL},
};
static const struct shape line_shape = SHAPE("BankLine", line_fields);

static const struct field lines_query[] = {
	{"account", FIELD_TEXT, 0, "a bank account's code", NULL, 0, NULL},
	{"from", FIELD_DAY, 0, "first day of booking", NULL, 0, NULL},
	{"to", FIELD_DAY, 0, "last day of booking", NULL, 0, NULL},
	{"statement", FIELD_ID, 0, "those that it brought first", NULL, 0, NULL},
};
static const struct shape lines_query_shape = SHAPE("BankLinesQuery", lines_query);

static const struct field suspense_fields[] = {
	{"id", FIELD_ID, NEEDED, "of the bank line", NULL, 0, NULL},
	{"account", FIELD_TEXT, NEEDED, "a bank account's code", NULL, 0, NULL},
	{"since", FIELD_DAY, NEEDED, "the day it came", NULL, 0, NULL},
	{"open", FIELD_MONEY, NEEDED, "negative: it went out", NULL, 0, NULL},
	{"owner", FIELD_TEXT, 0, "who looks after it", NULL, 0, NULL},
	{"reason", FIELD_TEXT, NEEDED, "why it has no home; behind an act, with nothing open: that it has one", NULL, 0,
		NULL},
	{"version", FIELD_INT, NEEDED, "its ETag", NULL, 0, NULL},
};
static const struct shape suspense_shape = SHAPE("Suspense", suspense_fields);

static const struct field suspense_query[] = {
	{"account", FIELD_TEXT, 0, "a bank account's code", NULL, 0, NULL},
	{"owner", FIELD_TEXT, 0, "who looks after it", NULL, 0, NULL},
};
static const struct shape suspense_query_shape = SHAPE("SuspenseQuery", suspense_query);

static const struct field assign_fields[] = {
	{"owner", FIELD_TEXT, NEEDED, "who looks after it from now on", NULL, 0, NULL},
	{"reason", FIELD_TEXT, NEEDED, "why it has no home; no patient's name or number", NULL, 1000, NULL},
};
static const struct shape assign_shape = SHAPE("SuspenseAssignment", assign_fields);

static const struct field entry_fields[] = {
	{"entry", FIELD_ID, NEEDED, "postings of one entry belong together", NULL, 0, NULL},
	{"no", FIELD_INT, NEEDED, "of the posting in it", NULL, 0, NULL},
	{"day", FIELD_DAY, NEEDED, "the hospital's", NULL, 0, NULL},
	{"debit", FIELD_TEXT, NEEDED, "account", NULL, 0, NULL},
	{"credit", FIELD_TEXT, NEEDED, "account", NULL, 0, NULL},
	{"amount", FIELD_MONEY, NEEDED, "0: the value in the books alone changes", NULL, 0, NULL},
	{"book", FIELD_MONEY, 0, "in the book currency; not there: no rate is known yet", NULL, 0, NULL},
	{"rule", FIELD_TEXT, NEEDED, "the posting rule", NULL, 0, NULL},
	{"claim", FIELD_ID, 0, "the claim it is of", NULL, 0, NULL},
	{"source", FIELD_ID, NEEDED, "what it follows from", NULL, 0, NULL},
	{"at", FIELD_TIME, NEEDED, "when it was posted", NULL, 0, NULL},
};
static const struct shape entry_shape = SHAPE("Posting", entry_fields);

static const struct field entries_query[] = {
	{"account", FIELD_TEXT, 0, "on either side", NULL, 0, NULL},
	{"from", FIELD_DAY, 0, "first day", NULL, 0, NULL},
	{"to", FIELD_DAY, 0, "last day", NULL, 0, NULL},
	{"claim", FIELD_ID, 0, "of a claim", NULL, 0, NULL},
};
static const struct shape entries_query_shape = SHAPE("PostingsQuery", entries_query);

static const struct field balance_fields[] = {
	{"account", FIELD_TEXT, NEEDED, "short name", NULL, 0, NULL},
	{"debit", FIELD_MONEY, NEEDED, "sum", NULL, 0, NULL},
	{"credit", FIELD_MONEY, NEEDED, "sum", NULL, 0, NULL},
	{"balance", FIELD_MONEY, NEEDED, "debit less credit", NULL, 0, NULL},
	{"book", FIELD_MONEY, NEEDED, "that in the book currency, as far as it has a value", NULL, 0, NULL},
};
static const struct shape balance_shape = SHAPE("Balance", balance_fields);

static const struct field balances_query[] = {
	{"from", FIELD_DAY, 0, "what was posted from this day on", NULL, 0, NULL},
	{"to", FIELD_DAY, 0, "to the end of this day", NULL, 0, NULL},
	{"account", FIELD_TEXT, 0, "this one only", NULL, 0, NULL},
};
static const struct shape balances_query_shape = SHAPE("BalancesQuery", balances_query);

static const struct field charge_fields[] = {
	{"id", FIELD_ID, NEEDED, "Zhifu's id of it", NULL, 0, NULL},
	{"identifier", FIELD_TEXT, NEEDED, "the hospital's id of it", NULL, 0, NULL},
	{"day", FIELD_DAY, NEEDED, "on which the care was given", NULL, 0, NULL},
	{"amount", FIELD_MONEY, NEEDED, "negative: taken back", NULL, 0, NULL},
	{"corrects", FIELD_TEXT, 0, "the hospital's id of what it corrects", NULL, 0, NULL},
	{"client", FIELD_TEXT, NEEDED, "who sent it", NULL, 0, NULL},
	{"at", FIELD_TIME, NEEDED, "when", NULL, 0, NULL},
};
static const struct shape charge_shape = SHAPE("Charge", charge_fields);

static const struct field charges_query[] = {
	{"from", FIELD_DAY, 0, "first day of care", NULL, 0, NULL},
	{"to", FIELD_DAY, 0, "last day of care", NULL, 0, NULL},
	{"stay", FIELD_TEXT, FIELD_PERSONAL, "the hospital's number of the stay", NULL, 128, NULL},
	{"identifier", FIELD_TEXT, 0, "the hospital's id of a charge", NULL, 128, NULL},
};
const struct shape charges_query_shape = SHAPE("ChargesQuery", charges_query);

static const struct field charge_new_fields[] = {
	{"identifier", FIELD_TEXT, NEEDED, "the hospital's id of it: the same again is taken once", NULL, 128, NULL},
	{"day", FIELD_DAY, NEEDED, "on which the care was given, by the hospital's clock", NULL, 0, NULL},
	{"amount", FIELD_MONEY, NEEDED | FIELD_SIGNED, "in the currency of the books; negative only to take back", NULL,
		0, NULL},
	{"corrects", FIELD_TEXT, 0, "the identifier of an earlier charge that this one corrects", NULL, 128, NULL},
	{"stay", FIELD_TEXT, 0,
		"the hospital's number of the stay, as the first identifier of a claim's Encounter; kept as a keyed hash",
		NULL, 128, NULL},
};
const struct shape charge_new_shape = SHAPE("ChargeNew", charge_new_fields);
static const struct field charges_new_fields[] = {
	{"charges", FIELD_LIST, NEEDED, "all are taken, or none", NULL, 1000, &charge_new_shape}};
const struct shape charges_new_shape = SHAPE("ChargesNew", charges_new_fields);
static const struct field charges_done_fields[] = {
	{"stored", FIELD_INT, NEEDED, "new ones", NULL, 0, NULL},
	{"known", FIELD_INT, NEEDED, "that were there already", NULL, 0, NULL},
};
static const struct shape charges_done_shape = SHAPE("ChargesTaken", charges_done_fields);

static const struct field receivable_fields[] = {
	{"claim", FIELD_ID, NEEDED, "Zhifu's id of the claim", NULL, 0, NULL},
	{"ref", FIELD_TEXT, NEEDED, "the claim's ref", NULL, 0, NULL},
	{"carrier", FIELD_TEXT, NEEDED, "the insurer that bears the risk", NULL, 0, NULL},
	{"remitter", FIELD_TEXT, NEEDED, "who pays", NULL, 0, NULL},
	{"contract", FIELD_ID, 0, "by which it is owed", NULL, 0, NULL},
	{"contract_version", FIELD_INT, 0, "of that", NULL, 0, NULL},
	{"kind", FIELD_TEXT, NEEDED, "A, B or C, as the contract has it", NULL, 0, NULL},
	{"owed", FIELD_MONEY, NEEDED, "in the currency in which it is owed", NULL, 0, NULL},
	{"open", FIELD_MONEY, NEEDED, "what of it is neither paid nor moved to somebody else", NULL, 0, NULL},
	{"book", FIELD_MONEY, NEEDED, "what the open part is carried at", NULL, 0, NULL},
	{"billed_day", FIELD_DAY, NEEDED, "the hospital's day", NULL, 0, NULL},
	{"due_day", FIELD_DAY, 0, "by the contract's term", NULL, 0, NULL},
	{"standing", FIELD_WORD, NEEDED, "denied: stays open, to be appealed", shape_standings, 0, NULL},
	{"version", FIELD_INT, NEEDED, "its ETag", NULL, 0, NULL},
};
static const struct shape receivable_shape = SHAPE("Receivable", receivable_fields);

static const struct field receivables_query[] = {
	{"carrier", FIELD_TEXT, 0, "an insurer's code", NULL, 0, NULL},
	{"remitter", FIELD_TEXT, 0, "who pays", NULL, 0, NULL},
	{"standing", FIELD_WORD, 0, "how it stands", shape_standings, 0, NULL},
	{"currency", FIELD_TEXT, 0, "in which it is owed", NULL, 3, NULL},
	{"due_until", FIELD_DAY, 0, "due on this day or before", NULL, 0, NULL},
};
static const struct shape receivables_query_shape = SHAPE("ReceivablesQuery", receivables_query);

/* ---- what acts refuse ---- */

static const struct operation_refusal rate_refusals[] = {
	{-1, {409, {"four-eyes", "Who typed it in may not decide on it: another client has to.",
			   "录入者不得复核:须由另一客户端复核。"}}},
	{-2, {404, {"not-found", "There is no such rate.", "没有该汇率。"}}},
	{-3, {409, {"rate-decided", "This rate waits for nobody: it was decided on, or was published.",
			   "该汇率无需复核:已复核或为公布汇率。"}}},
	{0, {0, {NULL, NULL, NULL}}},
};
static const struct operation_refusal contract_refusals[] = {
	{-1, {409, {"contract-clash", "Another contract with this carrier is in force on one of these days.",
			   "在此期间已有与该承保人的其他合同生效。"}}},
	{-2, {409, {"contract-carrier",
			   "The contract of this name is with another carrier; one with this carrier needs a name of its own.",
			   "同名合同的承保人不同;与该承保人的合同须另行命名。"}}},
	{0, {0, {NULL, NULL, NULL}}},
};
static const struct operation_refusal contract_end_refusals[] = {
	{-1, {404, {"not-found", "There is no such contract of this hospital.", "本院没有该合同。"}}},
	{-2, {409, {"contract-ended", "The contract ended before that day.", "该合同在此日期之前已终止。"}}},
	{-3, {412, {"version-stale", "Somebody changed it meanwhile: read it again.",
			   "该内容已被他人更改:请重新读取。"}}},
	{0, {0, {NULL, NULL, NULL}}},
};
static const struct operation_refusal suspense_refusals[] = {
	{-1, {404, {"not-found", "This line is not in suspense, or not any more.", "该流水不在待查收款中,或已核销。"}}},
	{-2, {412, {"version-stale", "Somebody changed it meanwhile: read it again.",
			   "该内容已被他人更改:请重新读取。"}}},
	{0, {0, {NULL, NULL, NULL}}},
};
static const struct operation_refusal charge_refusals[] = {
	{-1, {409, {"charge-changed",
			   "This identifier was used before with another day, amount or correction; what is posted is not changed: "
			   "send a correction with an identifier of its own.",
			   "该标识此前已用于不同的日期、金额或更正;已入账内容不可更改:请以新的标识发送更正。"}}},
	{-2, {422, {"charge-uncorrected", "What it corrects is not there, or is a correction itself.",
			   "被更正的收费不存在,或其本身即为更正。"}}},
	{-3, {422, {"charge-below-zero", "With it the charge and its corrections come to less than nothing.",
			   "该收费与其更正合计将小于零。"}}},
	{-4, {422, {"charge-currency", "Care is charged in the currency of the books.", "医疗收费须以记账货币计价。"}}},
	{-5, {422, {"charge-future", "The day is in the future.", "日期在将来。"}}},
	{-6, {422, {"charge-amount", "The amount is nothing, or less than nothing without a charge that it corrects.",
			   "金额为零,或为负数而未指明被更正的收费。"}}},
	{-7, {422, {"charge-twice", "The identifier is in this request twice.", "该标识在本请求中重复。"}}},
	{0, {0, {NULL, NULL, NULL}}},
};

#define HELD                                                                                                           \
	{                                                                                                              \
		-7,                                                                                                    \
		{                                                                                                      \
			409,                                                                                           \
			{                                                                                              \
				"held", "The money is held: let it go first.", "该款项已冻结:请先解除。"    \
			}                                                                                              \
		}                                                                                                      \
	}
#define STALE                                                                                                          \
	{                                                                                                              \
		-3,                                                                                                    \
		{                                                                                                      \
			412,                                                                                           \
			{                                                                                              \
				"version-stale", "Somebody changed it meanwhile: read it again.",                      \
					"该内容已被他人更改:请重新读取。"                               \
			}                                                                                              \
		}                                                                                                      \
	}
static const struct operation_refusal accept_refusals[] = {
	{-1, {409, {"moved-on", "There is no such candidate, or it, or one of its claims, has moved on: look again.",
			   "没有该候选,或其款项、理赔单已变动:请重新查看。"}}},
	{-2, {409, {"value-missing",
			   "Its value in the books, or what its advice announces, is not known yet: try again later.",
			   "其账面价值或付款通知的金额尚未确定:请稍后重试。"}}},
	{-3, {409, {"advice-paid", "The money of this advice has come with another line.",
			   "该付款通知的款项已随另一笔流水到账。"}}},
	{-4, {409, {"held", "The money is held.", "该款项已冻结。"}}},
	{0, {0, {NULL, NULL, NULL}}},
};
static const struct operation_refusal match_refusals[] = {
	{-1, {404, {"not-found", "There is no such candidate, or not any more.", "没有该候选,或已失效。"}}},
	{-2, {409, {"candidate-other", "This number is another candidate's by now: look again.",
			   "该序号现为另一候选:请重新查看。"}}},
	STALE,
	HELD,
	{0, {0, {NULL, NULL, NULL}}},
};
static const struct operation_refusal split_refusals[] = {
	{-1, {404, {"not-found", "This money does not wait, or not any more.", "该款项不在待查状态,或已核销。"}}},
	{-2, {422, {"split-amounts",
			   "The amounts must be in the line's currency, with its sign, and come to less than what is open.",
			   "各金额须与流水同币种、同方向,且合计小于未核销金额。"}}},
	{-8, {409, {"parts-many", "Of a line at most 1000 parts are split off.", "每笔流水最多拆分 1000 笔。"}}},
	STALE,
	HELD,
	{0, {0, {NULL, NULL, NULL}}},
};
static const struct operation_refusal note_refusals[] = {
	{-1, {404, {"not-found", "This money does not wait, or not any more.", "该款项不在待查状态,或已核销。"}}},
	{-8, {409, {"notes-many", "There are 50 notes on it already.", "该款项已有 50 条备注。"}}},
	STALE,
	{0, {0, {NULL, NULL, NULL}}},
};
static const struct operation_refusal hold_refusals[] = {
	{-1, {404, {"not-found", "This line is not in suspense, or not any more.", "该流水不在待查收款中,或已核销。"}}},
	STALE,
	{0, {0, {NULL, NULL, NULL}}},
};
static const struct operation_refusal undo_refusals[] = {
	{-1, {404, {"not-found", "There is no such allocation, or it was undone.", "没有该核销记录,或已撤销。"}}},
	{-2, {409, {"undo-refused", "What is owed for a claim of it has changed so that it cannot be undone.",
			   "相关理赔单的应收已变动,不可撤销。"}}},
	STALE,
	HELD,
	{0, {0, {NULL, NULL, NULL}}},
};
static const struct operation_refusal work_refusals[] = {
	{-1, {404, {"not-found", "Nobody owes anything for this claim.", "该理赔单没有应收款。"}}},
	STALE,
	{0, {0, {NULL, NULL, NULL}}},
};
static const struct operation_refusal declaration_refusals[] = {
	{-1, {404, {"not-found", "This bank line has no declaration.", "该流水没有申报。"}}},
	{-2, {409, {"declaration-declared", "It was declared: the bank has to change it.", "已申报:须由银行更改。"}}},
	{-4, {409, {"declaration-codeless", "It has no code yet: ask the bank, and set it.",
			   "尚无交易编码:请向银行查询后填写。"}}},
	{-5, {409, {"declaration-none", "It was said that it needs none: set its code first.",
			   "已标为无需申报:请先填写交易编码。"}}},
	{-6, {422, {"code-invalid", "The code of a balance of payments has six digits.",
			   "国际收支交易编码须为六位数字。"}}},
	STALE,
	{0, {0, {NULL, NULL, NULL}}},
};

static const struct operation_refusal patient_refusals[] = {
	{-1, {422, {"book-currency", "Only the currency of the books is taken.", "仅收本位币。"}}},
	{-31, {422, {"book-currency", "Only the currency of the books is taken.", "仅收本位币。"}}},
	{-2, {422, {"reference-missing",
			   "A card or wallet needs its acquirer and a reference, cash and a transfer a receipt's number.",
			   "银行卡和钱包须有收单机构和参考号,现金和转账须有收据号。"}}},
	{-3, {422, {"card-number", "The reference is the number of a card, which is not kept.",
			   "参考号不得为银行卡号。"}}},
	{-4, {409, {"reference-used", "This reference or receipt was used for a payment that differs from this one.",
			   "该参考号或收据号已用于另一笔不同的交易。"}}},
	{-5, {409, {"more-than-owed", "Less is owed.", "付款金额超过应付金额。"}}},
	{-6, {409, {"not-quoted", "No share was quoted yet: a deposit goes as far as that.", "尚未预估自付额。"}}},
	{-7, {409, {"more-than-quoted", "Of the quoted share less is left.", "超出预估自付额内可收押金。"}}},
	{-8, {409, {"not-in-suspense", "The bank line has less in suspense, or is held.",
			   "该流水待查余额不足,或已冻结。"}}},
	{-9, {404, {"not-found", "There is no such payment.", "没有该笔付款。"}}},
	{-10, {409, {"more-than-paid", "Of the payment less is left.", "该笔付款余额不足。"}}},
	{-11, {409, {"nothing-over", "The patient has less to get back: lower what is billed first.",
			    "可退金额不足:请先调低账单。"}}},
	{-12, {409, {"no-chargeback", "Only cards and wallets have chargebacks.", "仅银行卡和钱包有拒付。"}}},
	{-21, {409, {"more-than-charged", "Of the stay less is charged and not billed to an insurer.",
			    "该住院未向保险公司开单的费用不足。"}}},
	{-22, {409, {"not-decided", "The insurer has not decided the claim.", "保险公司尚未理算。"}}},
	{-23, {422, {"decided-by-insurer", "The insurer's decision says the share of a claim: give none.",
			    "自付额以理算结果为准。"}}},
	{-30, {412, {"version-stale", "Somebody changed it meanwhile: read it again.",
			    "该内容已被他人更改:请重新读取。"}}},
	{-32, {422, {"claim-unknown", "There is no such claim.", "没有该理赔单。"}}},
	{-33, {422, {"day-to-come", "The day has not come.", "日期未到。"}}},
	{-34, {422, {"medical-missing", "Of a stay the share of the care must be said.", "住院须填写医疗自付额。"}}},
	{-35, {422, {"amount-zero", "Nothing is moved: say more than zero.", "金额须大于零。"}}},
	{-36, {422, {"vat-invalid", "The tax is in hundredths of a per cent: at most 10000.",
			    "税率以万分之一计,最多 10000。"}}},
	{-37, {422, {"method-unfit",
			    "A transfer, and nothing else, has a bank line; cards and wallets alone have an acquirer.",
			    "仅转账须有银行流水,仅银行卡和钱包有收单机构。"}}},
	{0, {0, {NULL, NULL, NULL}}},
};

/* ---- operations ---- */

#define READS SCOPE_FINANCE_READ
#define WRITES SCOPE_FINANCE_WRITE
#define PAGE(where, id, words, filter, row, sql)                                                                       \
	{                                                                                                              \
		.method = HTTP_GET, .path = (where), .name = (id), .kind = OPERATION_LIST, .scope = READS,             \
		.summary = (words), .query = &(filter), .answer = &(row), .statement = (sql), .then = DESK_NONE        \
	}
#define WHOLE(where, id, words, filter, row, sql)                                                                      \
	{                                                                                                              \
		.method = HTTP_GET, .path = (where), .name = (id), .kind = OPERATION_WHOLE, .scope = READS,            \
		.summary = (words), .query = &(filter), .answer = &(row), .statement = (sql), .then = DESK_NONE        \
	}
/* A list whose parameters may name a person: the list by GET does without those. */
#define SEARCH(where, id, words, filter, row, sql, first)                                                              \
	{.method = HTTP_GET,                                                                                           \
		.path = (where),                                                                                       \
		.name = id,                                                                                            \
		.kind = OPERATION_LIST,                                                                                \
		.scope = READS,                                                                                        \
		.summary = words,                                                                                      \
		.query = &(filter),                                                                                    \
		.answer = &(row),                                                                                      \
		.statement = (sql),                                                                                    \
		.then = DESK_NONE,                                                                                     \
		.run = (first)},                                                                                       \
	{                                                                                                              \
		.method = HTTP_POST, .path = where "/_search", .name = id "_search", .kind = OPERATION_LIST,           \
		.scope = READS, .summary = words ", also by what may name a person", .query = &(filter),               \
		.answer = &(row), .statement = (sql), .then = DESK_NONE, .run = (first)                                \
	}
/* On what has a version. */
#define ACT(where, id, words, body, row, sql, reads, wrong)                                                            \
	{                                                                                                              \
		.method = HTTP_POST, .path = (where), .name = (id), .kind = OPERATION_ACT, .scope = WRITES,            \
		.summary = (words), .request = &(body), .answer = &(row), .statement = (sql), .then = (reads),         \
		.versioned = true, .refusals = (wrong)                                                                 \
	}
#define ONE(where, id, words, row, sql)                                                                                \
	{                                                                                                              \
		.method = HTTP_GET, .path = (where), .name = (id), .kind = OPERATION_ONE, .scope = READS,              \
		.summary = (words), .answer = &(row), .statement = (sql), .then = DESK_NONE                            \
	}

const struct operation operations[] = {
	{HTTP_GET, "/v1/openapi.json", "openapi", OPERATION_DOCUMENT, 0, "This document", .statement = DESK_NONE,
		.then = DESK_NONE},

	PAGE("/v1/rates", "rates", "Exchange rates, whatever became of them", rates_query_shape, rate_shape,
		DESK_RATES),
	{HTTP_GET, "/v1/rates/of", "rate_of", OPERATION_ONE, READS, "Which rate the books take for a currency on a day",
		.query = &rate_of_query, .answer = &rate_way_shape, .statement = DESK_NONE, .then = DESK_NONE,
		.run = rate_of_run},
	ONE("/v1/rates/{id}", "rate", "One rate", rate_shape, DESK_RATE),
	{HTTP_POST, "/v1/rates", "rate_enter", OPERATION_ACT, SCOPE_FINANCE_RATES,
		"Types in a rate, which counts when another client has approved it", .request = &rate_new_shape,
		.answer = &rate_shape, .statement = DESK_RATE_ENTER, .then = DESK_RATE, .creates = true,
		.location = "/v1/rates/", .refusals = rate_refusals, .run = rate_enter_run},
	{HTTP_POST, "/v1/rates/{id}/approve", "rate_approve", OPERATION_ACT, SCOPE_FINANCE_RATES,
		"The second person's yes: another client than the one that typed it in",
		.request = &rate_approval_shape, .answer = &rate_shape, .statement = DESK_RATE_APPROVE,
		.then = DESK_RATE, .refusals = rate_refusals, .run = rate_approve_run},
	{HTTP_POST, "/v1/rates/{id}/refuse", "rate_refuse", OPERATION_ACT, SCOPE_FINANCE_RATES,
		"The second person's no", .request = &reason_shape, .answer = &rate_shape,
		.statement = DESK_RATE_REFUSE, .then = DESK_RATE, .refusals = rate_refusals},

	{HTTP_POST, "/v1/rates/import", "rate_import", OPERATION_FILE, SCOPE_FINANCE_RATES,
		"Takes a source's file: all of its rates, or nothing and why", .query = &rate_import_query,
		.media = "text/csv application/xml text/xml text/plain application/octet-stream",
		.answer = &rate_imported_shape, .statement = DESK_NONE, .then = DESK_NONE, .creates = true,
		.run = rate_file_run},

	PAGE("/v1/contracts", "contracts", "Agreements with payers, all versions", contracts_query_shape,
		contract_shape, DESK_CONTRACTS),
	{HTTP_GET, "/v1/contracts/{id}", "contract", OPERATION_ONE, READS, "The latest version of a contract",
		.answer = &contract_shape, .statement = DESK_CONTRACT, .then = DESK_NONE, .versioned = true},
	{HTTP_POST, "/v1/contracts", "contract_put", OPERATION_ACT, WRITES,
		"Stores a contract, or a new version of one", .request = &contract_new_shape, .answer = &contract_shape,
		.statement = DESK_CONTRACT_PUT, .then = DESK_CONTRACT, .creates = true, .location = "/v1/contracts/",
		.versioned = true, .refusals = contract_refusals, .run = contract_put_run},
	{HTTP_POST, "/v1/contracts/{id}/end", "contract_end", OPERATION_ACT, WRITES, "Ends a contract with a day",
		.request = &contract_end_shape, .answer = &contract_shape, .statement = DESK_CONTRACT_END,
		.then = DESK_CONTRACT, .versioned = true, .refusals = contract_end_refusals},

	{HTTP_GET, "/v1/bank-accounts", "bank_accounts", OPERATION_WHOLE, READS,
		"Bank accounts: what the last statement closed with, and whether the ledger says the same",
		.answer = &account_shape, .statement = DESK_ACCOUNTS, .then = DESK_NONE, .run = accounts_run},
	PAGE("/v1/bank-statements", "bank_statements", "Bank statements, and which are missing", statements_query_shape,
		statement_shape, DESK_STATEMENTS),
	{HTTP_POST, "/v1/bank-statements", "bank_statement_import", OPERATION_UPLOAD, WRITES,
		"Takes a bank's file as it is, camt.053 or MT940: all of it, or nothing and why",
		.query = &statement_import_query,
		.media = "application/xml text/xml text/plain application/octet-stream",
		.answer = &statement_imported_shape, .statement = DESK_NONE, .then = DESK_NONE, .creates = true,
		.run = statement_import_run},
	PAGE("/v1/bank-lines", "bank_lines", "Lines of bank statements, without what names persons", lines_query_shape,
		line_shape, DESK_LINES),
	ONE("/v1/bank-lines/{id}", "bank_line", "One line", line_shape, DESK_LINE),
	PAGE("/v1/suspense", "suspense", "Money that waits for its home", suspense_query_shape, suspense_shape,
		DESK_SUSPENSE),
	{HTTP_GET, "/v1/suspense/{id}", "suspense_one", OPERATION_ONE, READS, "What of a bank line waits for its home",
		.answer = &suspense_shape, .statement = DESK_SUSPENSE_ONE, .then = DESK_NONE, .versioned = true},
	{HTTP_POST, "/v1/suspense/{id}/assign", "suspense_assign", OPERATION_ACT, WRITES, "Says who looks after it",
		.request = &assign_shape, .answer = &suspense_shape, .statement = DESK_SUSPENSE_ASSIGN,
		.then = DESK_SUSPENSE_AFTER, .versioned = true, .refusals = suspense_refusals},

	PAGE("/v1/ledger/postings", "postings", "The journal, in the order of entries", entries_query_shape,
		entry_shape, DESK_ENTRIES),
	{HTTP_GET, "/v1/ledger/balances", "balances", OPERATION_WHOLE, READS, "What the accounts come to, by currency",
		.query = &balances_query_shape, .answer = &balance_shape, .statement = DESK_BALANCES,
		.then = DESK_NONE},

	SEARCH("/v1/charges", "charges", "In-house charges", charges_query_shape, charge_shape, DESK_CHARGES,
		charges_run),
	ONE("/v1/charges/{id}", "charge", "One charge", charge_shape, DESK_CHARGE),
	{HTTP_POST, "/v1/charges", "charge_add", OPERATION_ACT, WRITES,
		"Takes charges from the hospital's system: revenue of the day on which care was given, owed by who is in the house",
		.request = &charges_new_shape, .answer = &charges_done_shape, .statement = DESK_CHARGE_ADD,
		.then = DESK_NONE, .creates = true, .refusals = charge_refusals, .run = charge_add_run},

	PAGE("/v1/receivables", "receivables", "What carriers owe for claims", receivables_query_shape,
		receivable_shape, DESK_RECEIVABLES),
	{HTTP_GET, "/v1/receivables/{id}", "receivable", OPERATION_ONE, READS,
		"What is owed for a claim, by the claim's id", .answer = &receivable_shape,
		.statement = DESK_RECEIVABLE, .then = DESK_NONE, .versioned = true},

	PAGE("/v1/match-items", "match_items",
		"Money without a home, as matching sees it: why it waits, and how many answers there are",
		match_items_query, match_item_shape, DESK_MATCH_ITEMS),
	{HTTP_GET, "/v1/match-items/{id}/candidates", "match_candidates", OPERATION_WHOLE, READS,
		"What an item may be for, by the bank line's id: each answer with why, and what it would do",
		.query = &candidates_query, .answer = &candidate_shape, .statement = DESK_CANDIDATES, .then = DESK_NONE,
		.run = candidates_run},
	{HTTP_POST, "/v1/match-items/{id}/accept", "match_accept", OPERATION_ACT, WRITES,
		"Takes a candidate: it is posted as it stands, and whose name and account stood on the money is learned",
		.request = &accept_shape, .answer = &accepted_shape, .statement = DESK_ACCEPT, .then = DESK_NONE,
		.creates = true, .refusals = accept_refusals, .run = accept_run},
	ACT("/v1/match-items/{id}/reject", "match_reject",
		"Not this answer: it is not offered again, and the item is never again posted by itself", reject_shape,
		suspense_shape, DESK_REJECT, DESK_SUSPENSE_AFTER, match_refusals),
	{HTTP_POST, "/v1/match-items/{id}/note", "match_note", OPERATION_ACT, WRITES,
		"Adds what a letter or a call told: matching reads it as if the bank had told it; at most 50",
		.request = &note_shape, .answer = &suspense_shape, .statement = DESK_NOTE, .then = DESK_SUSPENSE_AFTER,
		.versioned = true, .refusals = note_refusals, .run = match_note_run},
	ACT("/v1/match-items/{id}/split", "match_split",
		"Parts what is open of an item: each amount is one of its own then; at most 1000 of a line",
		split_shape, suspense_shape, DESK_SPLIT, DESK_SUSPENSE_AFTER, split_refusals),
	PAGE("/v1/allocations", "allocations", "Which part of which money was for what, also what was undone",
		allocations_query, allocation_shape, DESK_ALLOCATIONS),
	ACT("/v1/allocations/{id}/undo", "allocation_undo",
		"Takes a decision back by a counter-entry: the money waits again", undo_shape, suspense_shape,
		DESK_UNDO, DESK_SUSPENSE_AFTER, undo_refusals),
	ACT("/v1/suspense/{id}/hold", "suspense_hold",
		"Nothing but notes is taken of money that is held, until it is let go", hold_shape, suspense_shape,
		DESK_HOLD, DESK_SUSPENSE_AFTER, hold_refusals),
	PAGE("/v1/remittances", "remittances", "Advices of payers, also those that do not balance", remittances_query,
		remittance_shape, DESK_REMITTANCES),
	ONE("/v1/remittances/{id}", "remittance", "One advice", remittance_shape, DESK_REMITTANCE),
	PAGE("/v1/remittance-details", "remittance_details", "What advices say of single claims, and of fees",
		remittance_details_query, remittance_detail_shape, DESK_REMITTANCE_DETAILS),

	SEARCH("/v1/patient-accounts", "patient_accounts",
		"What patients were quoted, owe, deposited and paid, of claims and stays", patient_accounts_query,
		patient_account_shape, DESK_PATIENT_ACCOUNTS, patient_accounts_run),
	ONE("/v1/patient-accounts/{id}", "patient_account", "One of them", patient_account_shape, DESK_PATIENT_ACCOUNT),
	{HTTP_POST, "/v1/patient-quotes", "patient_quote", OPERATION_ACT, WRITES,
		"The share that a patient is told before: deposits go as far and no further",
		.request = &patient_quote_shape, .answer = &patient_account_shape, .statement = DESK_PATIENT_QUOTE,
		.then = DESK_PATIENT_ACCOUNT, .refusals = patient_refusals, .run = patient_act_run},
	{HTTP_POST, "/v1/patient-bills", "patient_bill", OPERATION_ACT, WRITES,
		"What a patient owes in all from now on: what was deposited is used", .request = &patient_bill_shape,
		.answer = &patient_account_shape, .statement = DESK_PATIENT_BILL, .then = DESK_PATIENT_ACCOUNT,
		.refusals = patient_refusals, .run = patient_act_run},
	PAGE("/v1/patient-payments", "patient_payments", "Payments, deposits, refunds and chargebacks of patients",
		patient_payments_query, patient_payment_shape, DESK_PATIENT_PAYMENTS),
	{HTTP_GET, "/v1/patient-payments/{id}", "patient_payment", OPERATION_ONE, READS, "One of them",
		.answer = &patient_payment_shape, .statement = DESK_PATIENT_PAYMENT, .then = DESK_NONE,
		.versioned = true},
	{HTTP_POST, "/v1/patient-payments", "patient_pay", OPERATION_ACT, WRITES,
		"A patient paid what is owed, or deposited: the same reference or receipt again is one payment",
		.request = &patient_pay_shape, .answer = &patient_payment_shape, .statement = DESK_PATIENT_PAY,
		.then = DESK_PATIENT_PAYMENT, .creates = true, .location = "/v1/patient-payments/", .versioned = true,
		.refusals = patient_refusals, .run = patient_act_run},
	{HTTP_POST, "/v1/patient-payments/{id}/refund", "patient_refund", OPERATION_ACT, WRITES,
		"Pays back what is the patient's, to what it was paid with", .request = &patient_return_shape,
		.answer = &patient_payment_shape, .statement = DESK_PATIENT_REFUND, .then = DESK_PATIENT_PAYMENT,
		.creates = true, .location = "/v1/patient-payments/", .versioned = true, .refusals = patient_refusals,
		.run = patient_act_run},
	{HTTP_POST, "/v1/patient-payments/{id}/chargeback", "patient_chargeback", OPERATION_ACT, WRITES,
		"The acquirer took a payment back: it is owed again", .request = &patient_return_shape,
		.answer = &patient_payment_shape, .statement = DESK_PATIENT_CHARGEBACK, .then = DESK_PATIENT_PAYMENT,
		.creates = true, .location = "/v1/patient-payments/", .versioned = true, .refusals = patient_refusals,
		.run = patient_act_run},

	WHOLE("/v1/reports/open", "report_open", "What is open, by carrier, currency and age", open_sum_query,
		open_sum_shape, DESK_OPEN_SUMS),
	PAGE("/v1/reports/open-items", "report_open_items",
		"What is open, claim by claim: when it is expected, and how late it is", open_item_query,
		open_item_shape, DESK_OPEN_ITEMS),
	PAGE("/v1/reports/work", "report_work", "One work list: what somebody has to look after, and who",
		work_item_query, work_item_shape, DESK_WORK_ITEMS),
	ACT("/v1/receivables/{id}/assign", "work_assign", "Says who looks after a claim on a work list",
		assign_work_shape, receivable_shape, DESK_WORK_ASSIGN, DESK_RECEIVABLE, work_refusals),
	WHOLE("/v1/reports/scoreboard", "report_scoreboard", "How payers answered and paid over some days", span_query,
		score_shape, DESK_SCORES),
	WHOLE("/v1/reports/fx", "report_fx", "What exchange rates gained and lost over some days of the books",
		span_query, fx_result_shape, DESK_FX_RESULTS),
	PAGE("/v1/reports/unexplained", "report_unexplained",
		"Money, advices and differences without an explanation, and since when", unexplained_query,
		unexplained_shape, DESK_UNEXPLAINED),
	WHOLE("/v1/reports/bank-proofs", "report_bank_proofs",
		"Each bank account: its statement, what is in transit, the ledger", day_query, proof_shape,
		DESK_PROOFS),

	{HTTP_GET, "/v1/periods", "periods", OPERATION_WHOLE, READS, "Closed months, the last one first",
		.answer = &period_shape, .statement = DESK_PERIODS, .then = DESK_NONE},
	WHOLE("/v1/periods/findings", "period_findings",
		"What stands in the way of closing a month, or is worth knowing; rates of its last day are looked at when it is closed",
		findings_query, finding_shape, DESK_FINDINGS),
	PAGE("/v1/revaluations", "revaluations", "Foreign items at closing rates, item by item", month_query,
		revaluation_shape, DESK_REVALUATIONS),
	PAGE("/v1/provisions", "provisions", "What claims are provided for, since which month", month_query,
		provision_shape, DESK_PROVISIONS),
	PAGE("/v1/write-offs", "write_offs", "What was given up, and by whom", write_offs_query, write_off_shape,
		DESK_WRITE_OFFS),
	PAGE("/v1/bank-orders", "bank_orders",
		"Money that goes back to who sent it, and whether the bank has debited it", orders_query, order_shape,
		DESK_ORDERS),
	{HTTP_GET, "/v1/currency-sales", "currency_sales", OPERATION_LIST, READS, "Foreign money that the bank bought",
		.answer = &sale_shape, .statement = DESK_SALES, .then = DESK_NONE},
	PAGE("/v1/ledger/conversions", "conversions", "By which rates postings got their value in the book currency",
		conversions_query, conversion_shape, DESK_CONVERSIONS),
	PAGE("/v1/declarations", "declarations", "Receipts from abroad, and until when they are to be declared",
		declarations_query, declaration_shape, DESK_DECLARATIONS),
	{HTTP_GET, "/v1/declarations/{id}", "declaration", OPERATION_ONE, READS, "One of them, by the bank line's id",
		.answer = &declaration_shape, .statement = DESK_DECLARATION, .then = DESK_NONE, .versioned = true},
	ACT("/v1/declarations/{id}/set", "declaration_set", "Under which code it is to be declared, after all",
		code_shape, declaration_shape, DESK_DECLARATION_SET, DESK_DECLARATION, declaration_refusals),
	ACT("/v1/declarations/{id}/done", "declaration_done", "It was declared, and the bank gave it that number",
		declared_shape, declaration_shape, DESK_DECLARATION_DONE, DESK_DECLARATION, declaration_refusals),
	ACT("/v1/declarations/{id}/none", "declaration_none", "It needs no declaration", reason_shape,
		declaration_shape, DESK_DECLARATION_NONE, DESK_DECLARATION, declaration_refusals),
};
const size_t operation_count = ARRAY_LEN(operations);

const struct operation_scope operation_scopes[] = {
	{SCOPE_FINANCE_READ, "finance.read", "reads the hospital's money"},
	{SCOPE_FINANCE_WRITE, "finance.write", "changes it"},
	{SCOPE_FINANCE_RATES, "finance.rates", "exchange rates, which count for every hospital"},
};
const size_t operation_scope_count = ARRAY_LEN(operation_scopes);
