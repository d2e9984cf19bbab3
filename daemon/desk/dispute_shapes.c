/* What /v1 says of take-backs, what was conceded of them, and disputes. */
#include "desk/shapes.h"

#define NEEDED FIELD_REQUIRED
#define REASON                                                                                                         \
	{                                                                                                              \
		"reason", FIELD_TEXT, 0, "a code: the insurer's, or one of the house", NULL, 32, NULL                  \
	}
#define WORDS                                                                                                          \
	{                                                                                                              \
		"words", FIELD_TEXT, 0, "may name a person: kept sealed", NULL, 2000, NULL                             \
	}

static const char *const kinds[] = {"", "revenue", "patient", NULL};
static const char *const abouts[] = {"", "short", "takeback", "denied", NULL};
static const char *const states[] = {"", "open", "won", "lost", "withdrawn", NULL};
static const char *const outcomes[] = {"", "paid", "decision", "writeoff", "patient", "revenue", NULL};
static const char *const wins[] = {"", "paid", "decision", NULL};
static const char *const losses[] = {"", "writeoff", "patient", "revenue", NULL};
static const char *const steps[] = {"", "open", "appeal", "won", "lost", "withdrawn", "again", NULL};

/* ---- take-backs ---- */

static const struct field take_back_fields[] = {
	{"claim", FIELD_ID, NEEDED, "Zhifu's id of the claim", NULL, 0, NULL},
	{"taken", FIELD_MONEY, NEEDED, "what was taken back and had not come too much", NULL, 0, NULL},
	{"accepted", FIELD_MONEY, NEEDED, "of it", NULL, 0, NULL},
	{"acceptable", FIELD_MONEY, NEEDED, "of it, what is open and can be accepted", NULL, 0, NULL},
	{"revenue", FIELD_MONEY, NEEDED, "what the carrier was billed, less what is others' by its decisions", NULL, 0,
		NULL},
	{"revenue_left", FIELD_MONEY, NEEDED, "of it, what was not conceded", NULL, 0, NULL},
};
const struct shape take_back_shape = SHAPE("TakeBack", take_back_fields);

static const struct field take_back_accept_fields[] = {
	{"amount", FIELD_MONEY, 0, "of what was taken back, in the currency in which it is owed; left out: all of it",
		NULL, 0, NULL},
	SHAPE_WHY_SEALED,
};
const struct shape take_back_accept_shape = SHAPE("TakeBackAccepted", take_back_accept_fields);

static const struct field concession_fields[] = {
	{"id", FIELD_ID, NEEDED, "Zhifu's id of it: the entry in the ledger", NULL, 0, NULL},
	{"claim", FIELD_ID, NEEDED, "of which it is", NULL, 0, NULL},
	{"ref", FIELD_TEXT, NEEDED, "the claim's ref", NULL, 0, NULL},
	SHAPE_PLAN,
	{"what", FIELD_WORD, NEEDED, "revenue: it is reversed; patient: who owes it instead", kinds, 0, NULL},
	{"amount", FIELD_MONEY, NEEDED, "of the receivable; negative: undoes another one", NULL, 0, NULL},
	{"taken", FIELD_MONEY, NEEDED, "of it, what had been taken back", NULL, 0, NULL},
	{"value", FIELD_MONEY, NEEDED, "what was billed for it, in the book currency", NULL, 0, NULL},
	{"fx", FIELD_MONEY, NEEDED, "what exchange rates gained, by which it was carried at less; negative: lost", NULL,
		0, NULL},
	{"by_policy", FIELD_BOOL, NEEDED, "by what the hospital said of all take-backs", NULL, 0, NULL},
	{"who", FIELD_TEXT, NEEDED, "conceded it", NULL, 0, NULL},
	{"made_at", FIELD_TIME, NEEDED, "when", NULL, 0, NULL},
	SHAPE_WORDS,
	{"undoes", FIELD_ID, 0, "the one that it undoes", NULL, 0, NULL},
};
const struct shape concession_shape = SHAPE("Concession", concession_fields);
static const struct field of_claim_fields[] = {{"claim", FIELD_ID, 0, "of this claim", NULL, 0, NULL}};
const struct shape concessions_query = SHAPE("ConcessionsQuery", of_claim_fields);
static const struct field undo_fields[] = {SHAPE_WHY_SEALED};
const struct shape concession_undo_shape = SHAPE("ConcessionUndone", undo_fields);

/* ---- disputes ---- */

static const struct field dispute_fields[] = {
	{"id", FIELD_ID, NEEDED, "Zhifu's id of it", NULL, 0, NULL},
	{"claim", FIELD_ID, NEEDED, "of which it is", NULL, 0, NULL},
	{"ref", FIELD_TEXT, NEEDED, "the claim's ref", NULL, 0, NULL},
	SHAPE_PLAN,
	{"carrier", FIELD_TEXT, NEEDED, "the insurer that bears the risk", NULL, 0, NULL},
	{"about", FIELD_WORD, NEEDED, "a short payment, a take-back, a denial", abouts, 0, NULL},
	{"reason", FIELD_TEXT, NEEDED, "a code", NULL, 0, NULL},
	{"amount", FIELD_MONEY, NEEDED, "what was open when it began", NULL, 0, NULL},
	{"open", FIELD_MONEY, NEEDED, "what is open of the claim", NULL, 0, NULL},
	{"due_day", FIELD_DAY, 0, "until when the last appeal is to be answered", NULL, 0, NULL},
	{"state", FIELD_WORD, NEEDED, "how it stands", states, 0, NULL},
	{"outcome", FIELD_WORD, 0, "of what was won or lost", outcomes, 0, NULL},
	{"who", FIELD_TEXT, NEEDED, "began it", NULL, 0, NULL},
	{"opened_at", FIELD_TIME, NEEDED, "when", NULL, 0, NULL},
	{"decided_by", FIELD_TEXT, 0, "who said how it ended", NULL, 0, NULL},
	{"decided_at", FIELD_TIME, 0, "when", NULL, 0, NULL},
};
const struct shape dispute_shape = SHAPE("Dispute", dispute_fields);
static const struct field disputes_fields[] = {
	{"claim", FIELD_ID, 0, "of this claim", NULL, 0, NULL},
	{"state", FIELD_WORD, 0, "how it stands", states, 0, NULL},
};
const struct shape disputes_query = SHAPE("DisputesQuery", disputes_fields);

static const struct field step_fields[] = {
	{"dispute", FIELD_ID, NEEDED, "of which it is", NULL, 0, NULL},
	{"claim", FIELD_ID, NEEDED, "and the claim", NULL, 0, NULL},
	SHAPE_PLAN,
	{"step", FIELD_WORD, NEEDED, "what was done", steps, 0, NULL},
	{"day", FIELD_DAY, NEEDED, "on which it was", NULL, 0, NULL},
	{"reason", FIELD_TEXT, 0, "a code", NULL, 0, NULL},
	{"has_words", FIELD_BOOL, NEEDED, "there are sealed words: zhifuctl money dispute show opens them", NULL, 0,
		NULL},
	{"who", FIELD_TEXT, NEEDED, "did it", NULL, 0, NULL},
	{"at", FIELD_TIME, NEEDED, "when it was put on record", NULL, 0, NULL},
};
const struct shape dispute_step_shape = SHAPE("DisputeStep", step_fields);
const struct shape dispute_steps_query = SHAPE("DisputeStepsQuery", of_claim_fields);

static const struct field open_fields[] = {
	{"reason", FIELD_TEXT, NEEDED, "a code: the insurer's, or one of the house", NULL, 32, NULL},
	WORDS,
	{"owner", FIELD_TEXT, 0, "who looks after it; left out: insurance-officer", NULL, 64, NULL},
};
const struct shape dispute_open_shape = SHAPE("DisputeNew", open_fields);

static const struct field appeal_fields[] = {
	{"sent", FIELD_DAY, 0, "when it went out; left out: today", NULL, 0, NULL},
	{"due", FIELD_DAY, 0, "until when it is to be answered", NULL, 0, NULL},
	REASON,
	WORDS,
};
const struct shape dispute_appeal_shape = SHAPE("Appeal", appeal_fields);

static const struct field won_fields[] = {
	{"by", FIELD_WORD, NEEDED, "paid: the money came; decision: the payer decided anew and will pay", wins, 0,
		NULL},
	REASON,
	WORDS,
};
const struct shape dispute_won_shape = SHAPE("DisputeWon", won_fields);

static const struct field lost_fields[] = {
	{"as", FIELD_WORD, NEEDED,
		"writeoff: a loss, within the limit of the client's role; patient: who owes it; revenue: it is reversed",
		losses, 0, NULL},
	{"amount", FIELD_MONEY, 0, "of what is open, in its currency; left out: all of it", NULL, 0, NULL},
	REASON,
	WORDS,
};
const struct shape dispute_lost_shape = SHAPE("DisputeLost", lost_fields);

static const struct field withdraw_fields[] = {
	REASON,
	WORDS,
};
const struct shape dispute_withdraw_shape = SHAPE("DisputeWithdrawn", withdraw_fields);
