/* Bank accounts, statements and their lines, and what of them waits in suspense. */
#include "desk/operation_rows.h"

#include "desk/call.h"
#include "desk/upload.h"

static const char *const statement_kinds[] = {"", "statement", "report", "notification", NULL};
static const char *const statement_chains[] = {
	"none", "first", "follows", "again", "gap", "overlap", "opening", "page", "unproved", "number", NULL};
static const char *const proofs[] = {"", "holds", "differs", "unproved", NULL};
static const char *const formats[] = {"", "camt", "mt940", NULL};

/* ---- shapes ---- */

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
	{"reason", FIELD_TEXT, NEEDED, "why it has no home; no patient's name or number", NULL, 1000, NULL},
};
static const struct shape assign_shape = SHAPE("SuspenseAssignment", assign_fields);

/* ---- what acts refuse ---- */

static const struct operation_refusal suspense_refusals[] = {
	{-1, {404, {"not-found", "This line is not in suspense, or not any more.", "该流水不在待查收款中,或已核销。"}}},
	{-2, {412, {"version-stale", "Somebody changed it meanwhile: read it again.",
			   "该内容已被他人更改:请重新读取。"}}},
	{0, {0, {NULL, NULL, NULL}}},
};

/* ---- operations ---- */

static const struct operation rows[] = {
	{HTTP_GET, "/v1/bank-accounts", "bank_accounts", OPERATION_WHOLE, READS,
		"Bank accounts: what the last statement closed with, and whether the ledger says the same",
		.answer = &account_shape, .statement = DESK_ACCOUNTS, .then = DESK_NONE, .run = accounts_run},
	PAGE("/v1/bank-statements", "bank_statements", "Bank statements, and which are missing", statements_query_shape,
		statement_shape, DESK_STATEMENTS),
	{HTTP_POST, "/v1/bank-statements", "bank_statement_import", OPERATION_UPLOAD, WRITES,
		"Takes a bank's file as it is, camt.053, MT940 or CSV as the account's profile has it: all of it, or nothing and why",
		.query = &statement_import_query,
		.media = "application/xml text/xml text/plain text/csv application/octet-stream",
		.answer = &statement_imported_shape, .statement = DESK_NONE, .then = DESK_NONE, .creates = true,
		.run = statement_import_run, .once = "statements and lines are known by what the bank says of them"},
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
		.then = DESK_SUSPENSE_AFTER, .versioned = true, .refusals = suspense_refusals, .once = ONCE_STATE},
};
const struct operation_group bank_operations = OPERATION_GROUP(rows);
