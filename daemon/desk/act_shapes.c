/* What persons say of money in suspense, of claims on work lists, and of declarations. */
#include "desk/shapes.h"

#define NEEDED FIELD_REQUIRED
#define PART                                                                                                           \
	{                                                                                                              \
		"part", FIELD_INT, 0, "of the line; left out: 0, all of it", NULL, 0, NULL                             \
	}
#define PRINT                                                                                                          \
	{                                                                                                              \
		"print", FIELD_TEXT, NEEDED, "its print: the number may be another candidate's by now", NULL, 64, NULL \
	}

static const struct field accept_fields[] = {
	PART,
	{"candidate", FIELD_INT, NEEDED, "its number", NULL, 0, NULL},
	PRINT,
	SHAPE_WHY_SEALED,
};
const struct shape accept_shape = SHAPE("CandidateTaken", accept_fields);
static const struct field accepted_fields[] = {
	{"allocation", FIELD_ID, NEEDED, "of the decision", NULL, 0, NULL},
	{"line", FIELD_ID, NEEDED, "the bank line", NULL, 0, NULL},
};
const struct shape accepted_shape = SHAPE("Accepted", accepted_fields);

/* The kind is looked up in the chart by matching.c. */
static const struct field classify_fields[] = {
	PART,
	{"kind", FIELD_TEXT, NEEDED, "what it is: one of the chart's line_kinds, such as bank-fee", NULL, 24, NULL},
	{"amount", FIELD_MONEY, 0, "so much of it, without a sign; left out: all", NULL, 0, NULL},
	SHAPE_WHY_SEALED,
};
const struct shape classify_shape = SHAPE("Classification", classify_fields);
static const struct field transfer_fields[] = {
	PART,
	{"other", FIELD_ID, NEEDED, "the bank line on the other account", NULL, 0, NULL},
	{"other_part", FIELD_INT, 0, "of that; left out: 0, all of it", NULL, 0, NULL},
	SHAPE_WHY_SEALED,
};
const struct shape transfer_shape = SHAPE("OwnTransfer", transfer_fields);

/* Read by allocate.c. */
static const char *const missing_kinds[] = {"short", "charge", "fee", "discount", "difference", "fx", NULL};
static const struct field missing_fields[] = {
	{"kind", FIELD_WORD, NEEDED,
		"short: it stays open; charge: of banks on the way; fee: of the payer; discount: for paying early; difference: it is "
		"let go; fx: what another rate made of it, where another currency is owed",
		missing_kinds, 0, NULL},
	{"amount", FIELD_MONEY, 0, "in the line's currency; left out: all that is left, and always of fx", NULL, 0,
		NULL},
};
static const struct shape missing_shape = SHAPE("Missing", missing_fields);
static const struct field claim_said_fields[] = {
	{"ref", FIELD_TEXT, NEEDED, "of the claim", NULL, 16, NULL},
	{"plan", FIELD_TEXT, 0,
		"the code of the group plan whose share of the claim it is, or si: the social insurance's; left out: its carrier's",
		NULL, 32, NULL},
	{"amount", FIELD_MONEY, NEEDED, "of the line, in its currency, without a sign", NULL, 0, NULL},
	{"missing", FIELD_LIST, 0,
		"of what is owed, several of different kinds; left out: what is missing stays open, and what is too much is a liability",
		NULL, 8, &missing_shape},
};
static const struct shape claim_said_shape = SHAPE("ClaimSaid", claim_said_fields);
#define CLAIMS                                                                                                         \
	{                                                                                                              \
		"claims", FIELD_LIST, NEEDED, "that the money is for; what is not allocated goes on waiting", NULL,    \
			500, &claim_said_shape                                                                         \
	}
static const struct field allocate_fields[] = {PART, CLAIMS, SHAPE_WHY_SEALED};
const struct shape allocate_shape = SHAPE("AllocationNew", allocate_fields);
static const struct field allocate_check_fields[] = {PART, CLAIMS};
const struct shape allocate_check_shape = SHAPE("AllocationCheck", allocate_check_fields);
static const struct field allocate_checked_fields[] = {
	{"line", FIELD_ID, NEEDED, "the bank line", NULL, 0, NULL},
	{"parts", FIELD_LIST, NEEDED, "what would be posted", NULL, 0, &candidate_part_shape},
	{"rates", FIELD_LIST, NEEDED, "that were taken of the line's day; none: none was needed", NULL, 0,
		&rate_step_shape},
};
const struct shape allocate_checked_shape = SHAPE("AllocationChecked", allocate_checked_fields);

/* By an advice. Read by allocate.c, which knows the number of each kind of rest. */
static const char *const rest_kinds[] = {"", "charge", "", "", "difference", NULL};
static const struct field detail_said_fields[] = {
	{"no", FIELD_INT, NEEDED, "of the advice's details", NULL, 0, NULL},
	{"ref", FIELD_TEXT, 0, "of its claim, where it names none that is here", NULL, 16, NULL},
	{"taken_back", FIELD_BOOL, 0, "what it sets off had not come too much: it is taken back", NULL, 0, NULL},
};
static const struct shape detail_said_shape = SHAPE("DetailSaid", detail_said_fields);
static const struct field allocate_advice_fields[] = {
	PART,
	{"advice", FIELD_ID, NEEDED, "whose money it is, or some of it", NULL, 0, NULL},
	{"details", FIELD_LIST, 0, "that it pays; left out: all that are not allocated yet", NULL, 500,
		&detail_said_shape},
	{"rest", FIELD_WORD, 0, "what is missing of the money was kept on the way, or is let go", rest_kinds, 0, NULL},
	SHAPE_WHY_SEALED,
};
const struct shape allocate_advice_shape = SHAPE("AllocationByAdvice", allocate_advice_fields);

static const struct field reject_fields[] = {
	PART,
	{"candidate", FIELD_INT, NEEDED, "its number", NULL, 0, NULL},
	PRINT,
	SHAPE_WHY_SEALED,
};
const struct shape reject_shape = SHAPE("CandidateRejected", reject_fields);

static const struct field note_fields[] = {
	PART,
	{"note", FIELD_TEXT, NEEDED, "what a letter or a call told: matching reads it as if the bank had told it", NULL,
		2000, NULL},
};
const struct shape note_shape = SHAPE("Note", note_fields);

static const struct field amount_fields[] = {
	{"amount", FIELD_MONEY, NEEDED | FIELD_SIGNED, "in the line's currency, with its sign", NULL, 0, NULL},
};
static const struct shape amount_shape = SHAPE("SplitAmount", amount_fields);
static const struct field split_fields[] = {
	PART,
	{"amounts", FIELD_LIST, NEEDED, "each becomes an item of its own; together less than what is open", NULL, 100,
		&amount_shape},
	SHAPE_WHY_SEALED,
};
const struct shape split_shape = SHAPE("Split", split_fields);

static const struct field undo_fields[] = {SHAPE_WHY_SEALED};
const struct shape undo_shape = SHAPE("Undo", undo_fields);

static const struct field hold_fields[] = {
	{"held", FIELD_WORD, NEEDED, "no: let go; compliance; payer: it is not the expected one", shape_holds, 0, NULL},
	SHAPE_WHY_SEALED,
};
const struct shape hold_shape = SHAPE("Hold", hold_fields);

static const struct field assign_work_fields[] = {
	{"list", FIELD_WORD, NEEDED, "on which work list", shape_work_lists, 0, NULL},
	{"owner", FIELD_TEXT, NEEDED, "who looks after it", NULL, 64, NULL},
	SHAPE_WHY,
};
const struct shape assign_work_shape = SHAPE("WorkOwner", assign_work_fields);

static const struct field code_fields[] = {
	{"code", FIELD_TEXT, 0, "six digits; left out: the bank is to be asked", NULL, 6, NULL},
	SHAPE_WHY,
};
const struct shape code_shape = SHAPE("DeclarationCode", code_fields);

static const struct field declared_fields[] = {
	{"number", FIELD_TEXT, NEEDED, "that the bank gave to it", NULL, 64, NULL},
	SHAPE_WHY,
};
const struct shape declared_shape = SHAPE("Declared", declared_fields);

static const struct field declaration_new_fields[] = {
	{"line", FIELD_ID, NEEDED, "the bank line that is a receipt from abroad", NULL, 0, NULL},
	SHAPE_WHY,
};
const struct shape declaration_new_shape = SHAPE("DeclarationNew", declaration_new_fields);
static const struct field recounted_fields[] = {
	{"recounted", FIELD_INT, NEEDED, "declarations that have another due day now", NULL, 0, NULL},
};
const struct shape recounted_shape = SHAPE("Recounted", recounted_fields);
