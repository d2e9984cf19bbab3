/* What the finance office does about what does not come, and whom it lets look: limitations, demands, write-offs, what
 * waits for a rate, inspectors. */
#include "desk/shapes.h"

#define NEEDED FIELD_REQUIRED

static const char *const demand_kinds[] = {"", "demand", "acknowledgement", NULL};
static const char *const states[] = {"runs", "alert", "ended", NULL};
static const char *const standings[] = {"", "stands", "over", "ended", NULL};

/* ---- what does not come ---- */

static const struct field limitation_fields[] = {
	{"claim", FIELD_ID, NEEDED,
		"Zhifu's id of the claim, or of a group plan's or the social insurance's share of it", NULL, 0, NULL},
	{"ref", FIELD_TEXT, 0, "the claim's ref", NULL, 0, NULL},
	{"carrier", FIELD_TEXT, NEEDED, "the insurer that bears the risk, or the plan", NULL, 0, NULL},
	{"open", FIELD_MONEY, NEEDED, "what it owes", NULL, 0, NULL},
	{"due_day", FIELD_DAY, 0, "by the contract's term", NULL, 0, NULL},
	{"demanded", FIELD_DAY, 0, "when it was last interrupted, by what the hospital's file says interrupts it", NULL,
		0, NULL},
	{"alert_day", FIELD_DAY, NEEDED, "from when on it is told", NULL, 0, NULL},
	{"ends", FIELD_DAY, NEEDED, "the last day on which it can be enforced", NULL, 0, NULL},
	{"days", FIELD_INT, NEEDED | FIELD_SIGNED, "until then", NULL, 0, NULL},
	{"state", FIELD_WORD, NEEDED, "alert: it ends soon", states, 0, NULL},
};
const struct shape limitation_shape = SHAPE("Limitation", limitation_fields);
static const struct field limitations_fields[] = {
	{"day", FIELD_DAY, 0, "to which days are counted; left out: the hospital's today", NULL, 0, NULL},
	{"all", FIELD_BOOL, 0, "true: also those that run for long", NULL, 0, NULL},
	{"carrier", FIELD_TEXT, 0, "an insurer's code", NULL, 0, NULL},
};
const struct shape limitations_query = SHAPE("LimitationsQuery", limitations_fields);

static const struct field demand_fields[] = {
	{"id", FIELD_ID, NEEDED, "Zhifu's id of it", NULL, 0, NULL},
	{"claim", FIELD_ID, NEEDED, "that was demanded", NULL, 0, NULL},
	{"ref", FIELD_TEXT, 0, "of the claim", NULL, 0, NULL},
	SHAPE_PLAN,
	{"kind", FIELD_WORD, NEEDED, "acknowledgement: the insurer said that it owes it", demand_kinds, 0, NULL},
	{"delivered", FIELD_DAY, NEEDED, "when it was: the limitation begins anew", NULL, 0, NULL},
	{"who", FIELD_TEXT, NEEDED, "said so", NULL, 0, NULL},
	{"made_at", FIELD_TIME, NEEDED, "when", NULL, 0, NULL},
	SHAPE_WORDS,
	{"undone_by", FIELD_TEXT, 0, "who said that it was none: it interrupts nothing", NULL, 0, NULL},
	{"undone_at", FIELD_TIME, 0, "when", NULL, 0, NULL},
};
const struct shape demand_shape = SHAPE("Demand", demand_fields);
static const struct field demands_fields[] = {{"claim", FIELD_ID, 0, "of this claim", NULL, 0, NULL}};
const struct shape demands_query = SHAPE("DemandsQuery", demands_fields);
static const struct field demand_new_fields[] = {
	{"delivered", FIELD_DAY, NEEDED, "between the bill and today", NULL, 0, NULL},
	{"why", FIELD_TEXT, NEEDED, "how it was delivered, and what proves it: for the record, where it is encrypted",
		NULL, 1000, NULL},
	{"kind", FIELD_WORD, 0, "left out: a demand; acknowledgement: the insurer said on that day that it owes it",
		demand_kinds, 0, NULL},
};
const struct shape demand_new_shape = SHAPE("DemandNew", demand_new_fields);

static const struct field write_off_new_fields[] = {
	{"amount", FIELD_MONEY, 0, "of what is open, in its currency; left out: all of it", NULL, 0, NULL},
	SHAPE_WHY_SEALED,
};
const struct shape write_off_new_shape = SHAPE("WriteOffNew", write_off_new_fields);

/* ---- what waits for a rate ---- */

static const char *const waiting_lacks[] = {"", "price-list", "price-currency", NULL};
static const struct field waiting_fields[] = {
	{"carrier", FIELD_TEXT, 0, "of bills whose amount waits; not there: postings whose value does", NULL, 0, NULL},
	{"day", FIELD_DAY, NEEDED, "of the books, whose rate is missing", NULL, 0, NULL},
	{"items", FIELD_INT, NEEDED, "bills, postings", NULL, 0, NULL},
	{"amount", FIELD_MONEY, NEEDED, "what they come to; where a rate is missing, in its currency", NULL, 0, NULL},
	{"wanted", FIELD_TEXT, 0, "in which currency the bills are owed; not there: the book currency", NULL, 3, NULL},
	{"source", FIELD_TEXT, 0, "whose rate the contract says; not there: that of the hospital's sources", NULL, 0,
		NULL},
	{"lacks", FIELD_WORD, 0,
		"of bills that wait for a person: no version of the contract's price list counts on a day of their items, or it "
		"is in another currency",
		waiting_lacks, 0, NULL},
	{"price_list", FIELD_TEXT, 0, "which that is", NULL, 0, NULL},
};
const struct shape waiting_shape = SHAPE("WaitingForRate", waiting_fields);

/* ---- inspectors ---- */

static const struct field inspector_fields[] = {
	{"name", FIELD_TEXT, NEEDED, "who may look, or could", NULL, 0, NULL},
	{"until", FIELD_DAY, NEEDED, "the last day", NULL, 0, NULL},
	{"standing", FIELD_WORD, NEEDED, "over: its last day is past; ended: by a person", standings, 0, NULL},
	{"looks", FIELD_INT, NEEDED, "how often they looked", NULL, 0, NULL},
	{"refused", FIELD_INT, NEEDED, "how often they wanted to and could not", NULL, 0, NULL},
	{"last_look", FIELD_TIME, 0, "when they did last", NULL, 0, NULL},
	{"maker", FIELD_TEXT, NEEDED, "let them in", NULL, 0, NULL},
	{"made_at", FIELD_TIME, NEEDED, "when", NULL, 0, NULL},
	{"why", FIELD_TEXT, NEEDED, "why", NULL, 0, NULL},
	{"ended_by", FIELD_TEXT, 0, "ended it before its last day", NULL, 0, NULL},
	{"ended_at", FIELD_TIME, 0, "when", NULL, 0, NULL},
	{"ended_why", FIELD_TEXT, 0, "why", NULL, 0, NULL},
};
const struct shape inspector_shape = SHAPE("Inspector", inspector_fields);

static const struct field inspector_new_fields[] = {
	{"name", FIELD_TEXT, NEEDED, "who is let in; of a client with the scope inspector its id", NULL, 128, NULL},
	{"until", FIELD_DAY, NEEDED, "the last day, at most a year from now", NULL, 0, NULL},
	SHAPE_WHY,
};
const struct shape inspector_new_shape = SHAPE("InspectorNew", inspector_new_fields);
static const struct field inspector_pass_fields[] = {
	{"name", FIELD_TEXT, NEEDED, "who is let in", NULL, 0, NULL},
	{"until", FIELD_DAY, NEEDED, "the last day", NULL, 0, NULL},
	{"pass", FIELD_TEXT, 0, "for zhifuctl money report --inspector; told once, and not when the same comes again",
		NULL, 0, NULL},
};
const struct shape inspector_pass_shape = SHAPE("InspectorPass", inspector_pass_fields);
static const struct field inspector_end_fields[] = {
	{"name", FIELD_TEXT, NEEDED, "all that stands under it ends", NULL, 128, NULL},
	SHAPE_WHY,
};
const struct shape inspector_end_shape = SHAPE("InspectorEnd", inspector_end_fields);
static const struct field inspector_ended_fields[] = {
	{"ended", FIELD_INT, NEEDED, "how many did", NULL, 0, NULL},
};
const struct shape inspector_ended_shape = SHAPE("InspectorEnded", inspector_ended_fields);

static const struct field look_fields[] = {
	{"id", FIELD_ID, NEEDED, "Zhifu's id of it", NULL, 0, NULL},
	{"at", FIELD_TIME, NEEDED, "when", NULL, 0, NULL},
	{"name", FIELD_TEXT, NEEDED, "who looked", NULL, 0, NULL},
	{"report", FIELD_TEXT, NEEDED, "at what, by the same name whether under /v1 or by zhifuctl", NULL, 0, NULL},
	{"arguments", FIELD_TEXT, 0, "as they asked: the query under /v1, the command by zhifuctl", NULL, 0, NULL},
	{"refused", FIELD_BOOL, NEEDED, "their time was over", NULL, 0, NULL},
	{"address", FIELD_TEXT, 0, "from where the database was asked; not there: under /v1, or on its own machine",
		NULL, 0, NULL},
};
const struct shape look_shape = SHAPE("Look", look_fields);
static const struct field looks_fields[] = {{"name", FIELD_TEXT, 0, "of this one", NULL, 0, NULL}};
const struct shape looks_query = SHAPE("LooksQuery", looks_fields);
