/* What matching says of the money in suspense, what was allocated, and the advices that payers send. */
#include "desk/shapes.h"
#include "settle/match.h"

#define NEEDED FIELD_REQUIRED

const char *const shape_waits[] = {[MATCH_POSTS] = "posts",
	[MATCH_WAIT_TIE] = "tie",
	[MATCH_WAIT_TOO_MANY] = "too-many",
	[MATCH_WAIT_PAYER] = "payer-unknown",
	[MATCH_WAIT_OTHER_PAYER] = "other-payer",
	[MATCH_WAIT_ADVICE] = "advice-missing",
	[MATCH_WAIT_PARKED] = "advice-parked",
	[MATCH_WAIT_AMOUNT] = "amount",
	[MATCH_WAIT_PAID] = "paid-already",
	[MATCH_WAIT_NOTHING] = "nothing-fits",
	[MATCH_WAIT_OUT] = "money-out",
	[MATCH_WAIT_TWIN] = "twin",
	[MATCH_WAIT_CERTAINTY] = "uncertain",
	[MATCH_WAIT_RATE] = "rate-missing",
	[MATCH_WAIT_CUT] = "advice-cut",
	[MATCH_WAIT_STRANGERS] = "claims-unknown",
	[MATCH_WAIT_BEYOND] = "beyond-limit",
	[MATCH_WAIT_NUMBERS] = "numbers-many",
	[MATCH_WAIT_NOBODYS] = "number-unknown",
	[MATCH_WAIT_COUNT] = NULL};
const char *const shape_holds[] = {"no", "compliance", "payer", NULL};

const char *const shape_match_kinds[] = {[MATCH_PAYMENT] = "payment",
	[MATCH_DOUBLE] = "double",
	[MATCH_REMITTANCE] = "remittance",
	[MATCH_REVERSAL] = "reversal",
	[MATCH_OWN] = "own",
	NULL};
const char *const shape_part_kinds[] = {[MATCH_PART_PAYMENT] = "payment",
	[MATCH_PART_DOUBLE] = "double",
	[MATCH_PART_DENIED] = "denied",
	[MATCH_PART_TAKE_BACK] = "take-back",
	[MATCH_PART_FEE] = "fee",
	[MATCH_PART_ADJUSTED] = "adjusted",
	[MATCH_PART_RESIDUAL] = "residual",
	[MATCH_PART_RETURNED] = "returned",
	[MATCH_PART_OWN] = "own",
	[MATCH_PART_TRANSFER] = "transfer",
	[MATCH_PART_STAYS] = "stays",
	NULL};

static const struct field match_item_fields[] = {
	{"line", FIELD_ID, NEEDED, "the bank line", NULL, 0, NULL},
	{"part", FIELD_INT, NEEDED, "0: all of the line; else one of its transactions, or what a person split off",
		NULL, 0, NULL},
	{"account", FIELD_TEXT, NEEDED, "a bank account's code", NULL, 0, NULL},
	{"booked_day", FIELD_DAY, NEEDED, "when the bank booked it", NULL, 0, NULL},
	{"amount", FIELD_MONEY, NEEDED, "negative: it went out", NULL, 0, NULL},
	{"open", FIELD_MONEY, NEEDED, "of it, without a home", NULL, 0, NULL},
	{"payer", FIELD_TEXT, 0, "who sent it, as far as matching knows", NULL, 0, NULL},
	{"owner", FIELD_TEXT, 0, "who looks after it", NULL, 0, NULL},
	{"held", FIELD_WORD, NEEDED, "nothing is done with what is held, but notes are taken", shape_holds, 0, NULL},
	{"wait", FIELD_WORD, 0, "why it waits; not there: not looked at yet", shape_waits, 0, NULL},
	{"reason", FIELD_TEXT, NEEDED, "in words", NULL, 0, NULL},
	{"candidates", FIELD_INT, NEEDED, "answers that matching has found", NULL, 0, NULL},
	{"best_score", FIELD_INT, 0, "of them, of 1000", NULL, 0, NULL},
	{"by_hand", FIELD_BOOL, NEEDED, "true: a person rejected, split or undid, so it is never posted by itself",
		NULL, 0, NULL},
};
const struct shape match_item_shape = SHAPE("MatchItem", match_item_fields);

static const struct field match_items_fields[] = {
	{"account", FIELD_TEXT, 0, "a bank account's code", NULL, 0, NULL},
	{"wait", FIELD_WORD, 0, "why it waits", shape_waits, 0, NULL},
	{"owner", FIELD_TEXT, 0, "who looks after it", NULL, 0, NULL},
	{"line", FIELD_ID, 0, "of this bank line", NULL, 0, NULL},
};
const struct shape match_items_query = SHAPE("MatchItemsQuery", match_items_fields);

/* Written by matching.c. */
static const struct field why_fields[] = {
	{"text", FIELD_TEXT, NEEDED, "in English", NULL, 0, NULL},
	{"text_zh", FIELD_TEXT, NEEDED, "in Chinese", NULL, 0, NULL},
};
static const struct shape why_shape = SHAPE("CandidateReason", why_fields);
static const struct field part_fields[] = {
	{"kind", FIELD_WORD, NEEDED, "what it is", shape_part_kinds, 0, NULL},
	{"claim", FIELD_ID, 0, "that it is for; not there: a share of one, see plan", NULL, 0, NULL},
	{"ref", FIELD_TEXT, 0, "of the claim", NULL, 0, NULL},
	SHAPE_PLAN,
	{"remittance", FIELD_ID, 0, "that says so", NULL, 0, NULL},
	{"amount", FIELD_MONEY, NEEDED, "of the line", NULL, 0, NULL},
	{"cleared", FIELD_MONEY, 0, "of what is owed for the claim, in its currency", NULL, 0, NULL},
	{"over", FIELD_MONEY, 0, "of the amount, too much", NULL, 0, NULL},
	{"short", FIELD_MONEY, 0, "what stays open", NULL, 0, NULL},
	{"charge", FIELD_MONEY, 0, "kept by banks on the way", NULL, 0, NULL},
	{"discount", FIELD_MONEY, 0, "for paying early", NULL, 0, NULL},
	{"fee", FIELD_MONEY, 0, "of the network", NULL, 0, NULL},
	{"fx", FIELD_MONEY, 0, "what exchange rates made of it", NULL, 0, NULL},
	{"unexplained", FIELD_MONEY, 0, "within the tolerance", NULL, 0, NULL},
};
const struct shape candidate_part_shape = SHAPE("CandidatePart", part_fields);
static const struct field candidate_fields[] = {
	{"no", FIELD_INT, NEEDED, "from 1, the best first; another look may number them anew", NULL, 0, NULL},
	{"print", FIELD_TEXT, NEEDED,
		"of what would be posted, to the last amount: to be sent with what is done with it", NULL, 0, NULL},
	{"score", FIELD_INT, NEEDED, "of 1000", NULL, 0, NULL},
	{"kind", FIELD_WORD, NEEDED, "what the money is", shape_match_kinds, 0, NULL},
	{"sound", FIELD_BOOL, NEEDED, "true: it could be posted as it is", NULL, 0, NULL},
	{"credit", FIELD_ID, 0, "of a reversal: the line that the bank takes back", NULL, 0, NULL},
	{"line_kind", FIELD_TEXT, 0, "of what is for no claim: what it is by the chart", NULL, 0, NULL},
	{"ledger_account", FIELD_TEXT, 0, "likewise: its account", NULL, 0, NULL},
	{"why", FIELD_LIST, NEEDED, "what speaks for it, and against it", NULL, 0, &why_shape},
	{"parts", FIELD_LIST, NEEDED, "what it would do; the difference split by what made it", NULL, 0,
		&candidate_part_shape},
};
const struct shape candidate_shape = SHAPE("Candidate", candidate_fields);

static const struct field candidates_fields[] = {
	{"part", FIELD_INT, 0, "of the line; left out: 0, all of it", NULL, 0, NULL},
};
const struct shape candidates_query = SHAPE("CandidatesQuery", candidates_fields);

static const struct field allocation_fields[] = {
	{"id", FIELD_ID, NEEDED, "of the decision, whose parts these are; also the entry in the ledger", NULL, 0, NULL},
	{"no", FIELD_INT, NEEDED, "of the part", NULL, 0, NULL},
	{"line", FIELD_ID, NEEDED, "the bank line", NULL, 0, NULL},
	{"part", FIELD_INT, NEEDED, "of that; 0: all of it", NULL, 0, NULL},
	{"claim", FIELD_ID, 0, "that it is for", NULL, 0, NULL},
	{"ref", FIELD_TEXT, 0, "of the claim", NULL, 0, NULL},
	SHAPE_PLAN,
	{"remittance", FIELD_ID, 0, "that says so", NULL, 0, NULL},
	{"kind", FIELD_WORD, NEEDED, "what it is", shape_part_kinds, 0, NULL},
	{"line_kind", FIELD_TEXT, 0, "of what is for no claim: what it is by the chart", NULL, 0, NULL},
	{"amount", FIELD_MONEY, NEEDED, "of the line", NULL, 0, NULL},
	{"cleared", FIELD_MONEY, 0, "of what is owed for the claim, in its currency", NULL, 0, NULL},
	{"over", FIELD_MONEY, 0, "of the amount, too much: a liability", NULL, 0, NULL},
	{"charge", FIELD_MONEY, 0, "kept by banks on the way", NULL, 0, NULL},
	{"discount", FIELD_MONEY, 0, "for paying early", NULL, 0, NULL},
	{"fee", FIELD_MONEY, 0, "of the network", NULL, 0, NULL},
	{"unexplained", FIELD_MONEY, 0, "let go within the tolerance", NULL, 0, NULL},
	{"fx", FIELD_MONEY, 0, "gained or lost by exchange rates, in the book currency", NULL, 0, NULL},
	{"by_hand", FIELD_BOOL, NEEDED, "a person decided it", NULL, 0, NULL},
	{"made_at", FIELD_TIME, NEEDED, "when", NULL, 0, NULL},
	{"maker", FIELD_TEXT, NEEDED, "who", NULL, 0, NULL},
	SHAPE_WORDS,
	{"undoes", FIELD_ID, 0, "the decision that this takes back", NULL, 0, NULL},
};
const struct shape allocation_shape = SHAPE("Allocation", allocation_fields);

static const struct field allocations_fields[] = {
	{"line", FIELD_ID, 0, "of this bank line", NULL, 0, NULL},
	{"claim", FIELD_ID, 0, "for this claim", NULL, 0, NULL},
	{"remittance", FIELD_ID, 0, "by this advice", NULL, 0, NULL},
};
const struct shape allocations_query = SHAPE("AllocationsQuery", allocations_fields);
