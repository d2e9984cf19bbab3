/* Bank accounts, statements and their lines, and what of them waits in suspense. */
#include "desk/operation_rows.h"

#include "desk/call.h"
#include "desk/upload.h"

static const char *const statement_kinds[] = {"", "statement", "report", "notification", NULL};
static const char *const statement_chains[] = {
	"none", "first", "follows", "again", "gap", "overlap", "opening", "page", "unproved", "number", NULL};
static const char *const proofs[] = {"", "holds", "differs", "unproved", NULL};
static const char *const formats[] = {"", "camt", "mt940", NULL};
static const char *const repeats[] = {"", "same", "other", NULL}; /* by enum bank_repeats_said */

/* ---- shapes ---- */

static const struct field account_fields[] = {
	{"code", FIELD_TEXT, NEEDED, "its account in the ledger is BANK- and this", NULL, 0, NULL},
	{"number", FIELD_TEXT, NEEDED, "as the bank writes it", NULL, 0, NULL},
	{"currency", FIELD_TEXT, NEEDED, "in which it is kept", NULL, 3, NULL},
	{"statement_day", FIELD_DAY, 0, "of the last statement, or the day that a person confirmed after it", NULL, 0,
		NULL},
	{"statement", FIELD_MONEY, 0, "what the bank says by then, as in /v1/reports/bank-proofs", NULL, 0, NULL},
	{"ledger", FIELD_MONEY, NEEDED, "what the ledger says", NULL, 0, NULL},
	{"suspense", FIELD_MONEY, NEEDED, "of it without a home", NULL, 0, NULL},
	{"proof", FIELD_WORD, NEEDED,
		"holds: with orders on their way and gaps that were explained, as in /v1/reports/bank-proofs; differs: a "
		"statement is missing; unproved: statements have no balances",
		proofs, 0, NULL},
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
	{"gap", FIELD_BOOL, NEEDED, "a statement beside it is missing, or it does not open as was confirmed", NULL, 0,
		NULL},
	{"missing", FIELD_MONEY, 0, "by how much it opens with something else", NULL, 0, NULL},
	{"explained_by", FIELD_TEXT, 0, "who said why nothing fills the gap", NULL, 0, NULL},
	{"explained_why", FIELD_TEXT, 0, "why that is", NULL, 0, NULL},
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

static const struct field explain_fields[] = {SHAPE_WHY};
static const struct shape explain_shape = SHAPE("GapExplanation", explain_fields);

#define CONFIRMED_FIELDS                                                                                               \
	{"account", FIELD_TEXT, NEEDED, "a bank account's code", NULL, 24, NULL},                                      \
		{"day", FIELD_DAY, NEEDED, "at the end of which", NULL, 0, NULL},                                      \
	{                                                                                                              \
		"balance", FIELD_MONEY, NEEDED | FIELD_SIGNED, "as the bank shows it; below zero: an overdraft", NULL, \
			0, NULL                                                                                        \
	}
static const struct field confirmation_new_fields[] = {CONFIRMED_FIELDS, SHAPE_WHY};
static const struct shape confirmation_new_shape = SHAPE("BankConfirmationNew", confirmation_new_fields);
static const struct field confirmation_fields[] = {
	CONFIRMED_FIELDS,
	{"who", FIELD_TEXT, NEEDED, "saw it", NULL, 0, NULL},
	{"why", FIELD_TEXT, NEEDED, "where, or why no statement says it", NULL, 0, NULL},
	{"at", FIELD_TIME, NEEDED, "when that was said", NULL, 0, NULL},
};
static const struct shape confirmation_shape = SHAPE("BankConfirmation", confirmation_fields);
static const struct field confirmations_query[] = {
	{"account", FIELD_TEXT, 0, "a bank account's code", NULL, 0, NULL},
	{"from", FIELD_DAY, 0, "first day", NULL, 0, NULL},
	{"to", FIELD_DAY, 0, "last day", NULL, 0, NULL},
};
static const struct shape confirmations_query_shape = SHAPE("BankConfirmationsQuery", confirmations_query);

static const struct field import_query[] = {
	{"account", FIELD_TEXT, 0, "of which account the file is, where it does not say; a code", NULL, 24, NULL},
	{"format", FIELD_WORD, 0, "left out: Zhifu finds out", formats, 0, NULL},
	{"repeats", FIELD_WORD, 0,
		"what lines are that an overlapping statement has in other words: the same, which are left out, or others; left "
		"out: the file is refused, and they are named",
		repeats, 0, NULL},
};
const struct shape statement_import_query = SHAPE("BankStatementImportQuery", import_query);

/* Written by statement.c, which has these from the import and not from rows. */
static const struct field imported_fields[] = {
	{"known", FIELD_BOOL, NEEDED, "these very bytes were taken before: nothing was done", NULL, 0, NULL},
	{"statements", FIELD_LIST, NEEDED, "what was in the file", NULL, 0, &imported_statement_shape},
	{"opened", FIELD_INT, NEEDED, "lines that were there, opened into the transactions that a notification told",
		NULL, 0, NULL},
	{"repeated", FIELD_INT, NEEDED, "lines of which repeats says what they are", NULL, 0, NULL},
	{"late", FIELD_LIST, NEEDED,
		"lines for which it told them too late: they were used as one and stay so. Where the transactions say otherwise, undo the"
		" allocation; the line is opened into them then",
		NULL, 0, &imported_late_shape},
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
static const struct field imported_late_fields[] = {
	{"line", FIELD_ID, NEEDED, "its id", NULL, 0, NULL},
	{"booked_day", FIELD_DAY, NEEDED, "when the bank booked it", NULL, 0, NULL},
	{"amount", FIELD_MONEY, NEEDED, "of it", NULL, 0, NULL},
	{"allocation", FIELD_ID, 0, "to undo; left out: it was used otherwise", NULL, 0, NULL},
};
const struct shape imported_late_shape = SHAPE("ImportedLate", imported_late_fields);

#define TOLD_FIELDS                                                                                                    \
	{"payer", FIELD_TEXT, 0, "who sent it, as the bank writes it; of money that went out, whom it names", NULL, 0, \
		NULL},                                                                                                 \
		{"payer_account", FIELD_TEXT, 0, "as the bank writes it", NULL, 0, NULL},                              \
		{"end_to_end", FIELD_TEXT, 0, "the payer's id of it", NULL, 0, NULL},                                  \
		{"text", FIELD_TEXT, 0, "what was written with it, its lines joined", NULL, 0, NULL},                  \
		{"references", FIELD_LIST, 0, "the structured ones", NULL, 0, &line_reference_shape},                  \
	{                                                                                                              \
		"content", FIELD_DOCUMENT, NEEDED, "all that the bank said, by its own members", NULL, 0, NULL         \
	}

/* Written by line.c. */
static const struct field line_reference_fields[] = {
	{"reference", FIELD_TEXT, NEEDED, "as it stands there", NULL, 0, NULL}};
static const struct shape line_reference_shape = SHAPE("BankReference", line_reference_fields);
static const struct field transaction_fields[] = {
	{"no", FIELD_INT, NEEDED, "of the line's transactions, and the part of it that waits", NULL, 0, NULL},
	{"amount", FIELD_MONEY, 0, "its share of the line; not there: the bank does not say", NULL, 0, NULL},
	TOLD_FIELDS,
};
static const struct shape transaction_shape = SHAPE("BankTransaction", transaction_fields);
static const struct field line_note_fields[] = {
	{"part", FIELD_INT, NEEDED, "of the line; 0: of all of it", NULL, 0, NULL},
	{"note", FIELD_TEXT, NEEDED, "what a letter or a call told", NULL, 0, NULL},
	{"who", FIELD_TEXT, NEEDED, "noted it", NULL, 0, NULL},
	{"at", FIELD_TIME, NEEDED, "when", NULL, 0, NULL},
};
static const struct shape line_note_shape = SHAPE("BankLineNote", line_note_fields);

#define LINE_FIELDS                                                                                                    \
	{"id", FIELD_ID, NEEDED, "Zhifu's id of it", NULL, 0, NULL},                                                   \
		{"statement", FIELD_ID, NEEDED, "that brought it first", NULL, 0, NULL},                               \
		{"account", FIELD_TEXT, NEEDED, "a bank account's code", NULL, 0, NULL},                               \
		{"booked_day", FIELD_DAY, NEEDED, "when the bank booked it", NULL, 0, NULL},                           \
		{"value_day", FIELD_DAY, 0, "from when it counts for interest", NULL, 0, NULL},                        \
		{"amount", FIELD_MONEY, NEEDED, "positive came in", NULL, 0, NULL},                                    \
		{"reversal", FIELD_BOOL, NEEDED, "takes back another one", NULL, 0, NULL},                             \
	{                                                                                                              \
		"suspense", FIELD_MONEY, 0, "what of it has no home yet", NULL, 0, NULL                                \
	}
static const struct field line_fields[] = {LINE_FIELDS};
const struct shape line_shape = SHAPE("BankLine", line_fields);
static const struct field line_told_fields[] = {
	LINE_FIELDS,
	TOLD_FIELDS,
	{"transaction_count", FIELD_INT, NEEDED, "that the bank tells apart; 0: one, which is the line", NULL, 0, NULL},
	{"transactions", FIELD_LIST, 0, "the first 1000, or the one of `transaction`", NULL, 0, &transaction_shape},
	{"notes", FIELD_LIST, 0, "what persons noted for matching", NULL, 0, &line_note_shape},
};
static const struct shape line_told_shape = SHAPE("BankLineTold", line_told_fields);
static const struct field line_told_query[] = {
	{"transaction", FIELD_INT, 0, "only this one of them", NULL, 0, NULL},
};
static const struct shape line_told_query_shape = SHAPE("BankLineQuery", line_told_query);

static const char *const pending_states[] = {"", "pending", "information", "future", "other", NULL};
static const struct field pending_fields[] = {
	{"id", FIELD_ID, NEEDED, "Zhifu's id of it; once it is booked, its line has one of its own", NULL, 0, NULL},
	{"account", FIELD_TEXT, NEEDED, "a bank account's code", NULL, 0, NULL},
	{"day", FIELD_DAY, NEEDED, "on which it is to be booked", NULL, 0, NULL},
	{"value_day", FIELD_DAY, 0, "from when it will count for interest", NULL, 0, NULL},
	{"amount", FIELD_MONEY, NEEDED, "positive will come in", NULL, 0, NULL},
	{"status", FIELD_WORD, NEEDED, "as the bank has it; other: a word of its own", pending_states, 0, NULL},
	{"statement", FIELD_ID, NEEDED, "or the report that tells it", NULL, 0, NULL},
	{"told_at", FIELD_TIME, NEEDED, "when that came", NULL, 0, NULL},
};
static const struct shape pending_shape = SHAPE("BankPending", pending_fields);
static const struct field pending_query[] = {
	{"account", FIELD_TEXT, 0, "a bank account's code", NULL, 0, NULL},
};
static const struct shape pending_query_shape = SHAPE("BankPendingQuery", pending_query);

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
const struct shape suspense_shape = SHAPE("Suspense", suspense_fields);

static const struct field suspense_query[] = {
	{"account", FIELD_TEXT, 0, "a bank account's code", NULL, 0, NULL},
	{"owner", FIELD_TEXT, 0, "who looks after it", NULL, 0, NULL},
};
static const struct shape suspense_query_shape = SHAPE("SuspenseQuery", suspense_query);

static const struct field assign_fields[] = {
	{"owner", FIELD_TEXT, NEEDED, "who looks after it from now on", NULL, 0, NULL},
	{"reason", FIELD_TEXT, NEEDED, "why it has no home: for the record, where it is encrypted", NULL, 1000, NULL},
};
static const struct shape assign_shape = SHAPE("SuspenseAssignment", assign_fields);

/* ---- what acts refuse ---- */

static const struct operation_refusal suspense_refusals[] = {
	{-1, {404, {"not-found", "This line is not in suspense, or not any more.", "该流水不在待查收款中,或已核销。"}}},
	{-2, {412, {"version-stale", "Somebody changed it meanwhile: read it again.",
			   "该内容已被他人更改:请重新读取。"}}},
	{0, {0, {NULL, NULL, NULL}}},
};

static const struct operation_refusal explain_refusals[] = {
	{-1, {404, {"not-found", "There is no such statement.", "没有该对账单。"}}},
	{-2, {409, {"gap-none", "There is no gap before this statement.", "该对账单之前没有缺口。"}}},
	{0, {0, {NULL, NULL, NULL}}},
};
static const struct operation_refusal confirm_refusals[] = {
	{-1, {409, {"day-lasts", "The day is not over.", "该日尚未结束。"}}},
	{-2, {409, {"month-closed", "Its month is closed.", "该月已结账。"}}},
	{-3, {409, {"statement-says", "Statements reach that far and say it.", "已有对账单覆盖该日,以对账单为准。"}}},
	{-4, {422, {"account-unknown", "The hospital has no such account.", "没有该账户。"}}},
	{-5, {422, {"currency-other", "The account is kept in another currency.", "该账户为其他币种。"}}},
	{0, {0, {NULL, NULL, NULL}}},
};

/* ---- operations ---- */

static const struct operation rows[] = {
	{HTTP_GET, "/v1/bank-accounts", "bank_accounts", OPERATION_WHOLE, READS,
		"Bank accounts: what the bank says last, and whether that proves the ledger", .answer = &account_shape,
		.statement = DESK_ACCOUNTS, .then = DESK_NONE, .run = accounts_run},
	PAGE("/v1/bank-statements", "bank_statements", "Bank statements, and which are missing", statements_query_shape,
		statement_shape, DESK_STATEMENTS),
	{HTTP_POST, "/v1/bank-statements", "bank_statement_import", OPERATION_UPLOAD, WRITES,
		"Takes a bank's file as it is, camt.053, MT940 or CSV as the account's profile has it: all of it, or nothing and why",
		.query = &statement_import_query,
		.media = "application/xml text/xml text/plain text/csv application/octet-stream",
		.answer = &statement_imported_shape, .statement = DESK_NONE, .then = DESK_NONE, .creates = true,
		.run = statement_import_run, .once = "statements and lines are known by what the bank says of them"},
	ONE("/v1/bank-statements/{id}", "bank_statement", "One of them", statement_shape, DESK_STATEMENT),
	{HTTP_POST, "/v1/bank-statements/{id}/explain", "bank_gap_explain", OPERATION_ACT, WRITES,
		"Says why nothing can fill the gap before a statement: what moved in it is an item of the proof",
		.request = &explain_shape, .answer = &statement_shape, .statement = DESK_GAP_EXPLAIN,
		.then = DESK_STATEMENT, .refusals = explain_refusals, .once = ONCE_STATE},
	WHOLE("/v1/bank-confirmations", "bank_confirmations",
		"What persons saw at the bank, where no statement says it", confirmations_query_shape,
		confirmation_shape, DESK_CONFIRMATIONS),
	{HTTP_POST, "/v1/bank-confirmations", "bank_confirm", OPERATION_ACT, WRITES,
		"Says what the bank shows for a day that no statement reaches; the first of an account is its opening",
		.request = &confirmation_new_shape, .answer = &confirmation_shape, .statement = DESK_CONFIRM,
		.then = DESK_NONE, .creates = true, .refusals = confirm_refusals},
	PAGE("/v1/bank-pending", "bank_pending",
		"What the bank has not booked, by its last statements and reports: it is in no books",
		pending_query_shape, pending_shape, DESK_PENDING),
	PAGE("/v1/bank-lines", "bank_lines", "Lines of bank statements, without what names persons", lines_query_shape,
		line_shape, DESK_LINES),
	{HTTP_GET, "/v1/bank-lines/{id}", "bank_line", OPERATION_ONE, READS,
		"One line with what the bank said of it, which may name persons: who looks is on record",
		.query = &line_told_query_shape, .answer = &line_told_shape, .statement = DESK_LINE_TOLD,
		.then = DESK_NONE, .run = line_run},
	PAGE("/v1/suspense", "suspense", "Money that waits for its home", suspense_query_shape, suspense_shape,
		DESK_SUSPENSE),
	{HTTP_GET, "/v1/suspense/{id}", "suspense_one", OPERATION_ONE, READS, "What of a bank line waits for its home",
		.answer = &suspense_shape, .statement = DESK_SUSPENSE_ONE, .then = DESK_NONE, .versioned = true},
	{HTTP_POST, "/v1/suspense/{id}/assign", "suspense_assign", OPERATION_ACT, WRITES, "Says who looks after it",
		.request = &assign_shape, .answer = &suspense_shape, .statement = DESK_SUSPENSE_ASSIGN,
		.then = DESK_SUSPENSE_AFTER, .versioned = true, .refusals = suspense_refusals, .run = reason_known_run,
		.once = ONCE_STATE},
};
const struct operation_group bank_operations = OPERATION_GROUP(rows);
