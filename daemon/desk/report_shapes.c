/* What the reports say (schema/054_report.sql, 068_open.sql). */
#include "desk/shapes.h"

#define NEEDED FIELD_REQUIRED

const char *const shape_standings[] = {"", "open", "settled", "denied", "disputed", NULL};
static const char *const bands[] = {"not-due", "to-30", "to-60", "to-90", "to-180", "to-365", "older", NULL};
const char *const shape_work_lists[] = {"", "short", "takeback", "dispute", "denied", "overpaid", "patient", NULL};

static const struct field day_fields[] = {
	{"day", FIELD_DAY, 0, "to which ages are counted; left out: the hospital's today", NULL, 0, NULL},
};
const struct shape day_query = SHAPE("DayQuery", day_fields);

static const struct field span_fields[] = {
	{"from", FIELD_DAY, NEEDED, "first day", NULL, 0, NULL},
	{"to", FIELD_DAY, NEEDED, "last day", NULL, 0, NULL},
};
const struct shape span_query = SHAPE("SpanQuery", span_fields);

/* ---- what is open ---- */

static const char *const debtors[] = {"carrier", "plan", "fund", "patient", "stay", NULL};
static const char *const sums_by[] = {"carrier", "remitter", NULL};

#define WHO_OWES                                                                                                                                                                          \
	{                                                                                                                                                                                 \
		"owes", FIELD_WORD, NEEDED,                                                                                                                                               \
			"carrier: an insurer; plan: an employer's or a group plan; fund: the social insurance; patient: patients, their shares; stay: in the house and billed to nobody", \
			debtors, 0, NULL                                                                                                                                                  \
	}
#define ASKED_OF                                                                                                       \
	{"carrier", FIELD_TEXT, 0, "an insurer's code, or a plan's", NULL, 0, NULL},                                   \
		{"remitter", FIELD_TEXT, 0, "who pays", NULL, 0, NULL},                                                \
		{"owes", FIELD_WORD, 0, "only theirs", debtors, 0, NULL},                                              \
	{                                                                                                              \
		"day", FIELD_DAY, 0, "at whose end, also one in the past; left out: the hospital's today", NULL, 0,    \
			NULL                                                                                           \
	}

static const struct field open_sum_fields[] = {
	WHO_OWES,
	{"account", FIELD_TEXT, 0, "in the ledger; not there: by who pays", NULL, 0, NULL},
	{"carrier", FIELD_TEXT, 0, "who bears the risk; not there: patients, or by who pays", NULL, 0, NULL},
	{"remitter", FIELD_TEXT, 0, "who pays; not there: patients, or by carrier", NULL, 0, NULL},
	{"currency", FIELD_TEXT, NEEDED, "in which it is owed", NULL, 3, NULL},
	{"items", FIELD_INT, NEEDED, "claims, or stays", NULL, 0, NULL},
	{"open", FIELD_MONEY, NEEDED, "all of it, which is the account's balance where no part was asked for", NULL, 0,
		NULL},
	{"not_due", FIELD_MONEY, NEEDED, "of it, not due yet", NULL, 0, NULL},
	{"to_30", FIELD_MONEY, NEEDED, "due for 0 to 30 days, or billed where no contract says when it is due", NULL, 0,
		NULL},
	{"to_60", FIELD_MONEY, NEEDED, "31 to 60", NULL, 0, NULL},
	{"to_90", FIELD_MONEY, NEEDED, "61 to 90", NULL, 0, NULL},
	{"to_180", FIELD_MONEY, NEEDED, "91 to 180", NULL, 0, NULL},
	{"to_365", FIELD_MONEY, NEEDED, "181 to 365", NULL, 0, NULL},
	{"older", FIELD_MONEY, NEEDED, "over 365", NULL, 0, NULL},
	{"carried", FIELD_MONEY, NEEDED, "what all of it is carried at, in the book currency", NULL, 0, NULL},
	{"oldest_day", FIELD_DAY, NEEDED, "since when the oldest counts", NULL, 0, NULL},
};
const struct shape open_sum_shape = SHAPE("OpenSum", open_sum_fields);

static const struct field open_sum_query_fields[] = {
	ASKED_OF,
	{"by", FIELD_WORD, 0, "what is added up; left out: carrier", sums_by, 0, NULL},
};
const struct shape open_sum_query = SHAPE("OpenSumQuery", open_sum_query_fields);

static const struct field open_item_fields[] = {
	WHO_OWES,
	{"account", FIELD_TEXT, NEEDED, "in the ledger", NULL, 0, NULL},
	{"claim", FIELD_ID, 0, "Zhifu's id of the claim; not there: of a stay", NULL, 0, NULL},
	{"ref", FIELD_TEXT, 0, "the claim's ref", NULL, 0, NULL},
	{"patient_account", FIELD_ID, 0, "of a patient", NULL, 0, NULL},
	{"carrier", FIELD_TEXT, 0, "who bears the risk; not there: patients", NULL, 0, NULL},
	{"remitter", FIELD_TEXT, 0, "who pays; not there: patients", NULL, 0, NULL},
	{"kind", FIELD_TEXT, 0, "of a carrier's: A, B or C, as the contract has it", NULL, 0, NULL},
	{"owed", FIELD_MONEY, 0, "of a carrier's: in the currency in which it is owed", NULL, 0, NULL},
	{"open", FIELD_MONEY, NEEDED, "of it; negative: paid too much, and no liability yet", NULL, 0, NULL},
	{"carried", FIELD_MONEY, NEEDED, "what the open part is carried at, in the book currency", NULL, 0, NULL},
	{"billed_day", FIELD_DAY, NEEDED, "the hospital's day; or since when it is owed", NULL, 0, NULL},
	{"due_day", FIELD_DAY, 0, "when it is expected; not there: no contract says", NULL, 0, NULL},
	{"days", FIELD_INT, NEEDED | FIELD_SIGNED,
		"late, or old where nothing says when it is due; negative: not due yet", NULL, 0, NULL},
	{"age", FIELD_WORD, NEEDED, "its band", bands, 0, NULL},
	{"standing", FIELD_WORD, NEEDED, "how it stands", shape_standings, 0, NULL},
};
const struct shape open_item_shape = SHAPE("OpenItem", open_item_fields);

static const struct field open_item_query_fields[] = {
	ASKED_OF,
	{"late", FIELD_BOOL, 0, "true: only what is overdue", NULL, 0, NULL},
};
const struct shape open_item_query = SHAPE("OpenItemsQuery", open_item_query_fields);

/* ---- work lists ---- */

static const struct field work_item_fields[] = {
	{"claim", FIELD_ID, NEEDED, "Zhifu's id of the claim", NULL, 0, NULL},
	{"ref", FIELD_TEXT, NEEDED, "the claim's ref", NULL, 0, NULL},
	{"carrier", FIELD_TEXT, NEEDED, "the insurer that bears the risk", NULL, 0, NULL},
	{"remitter", FIELD_TEXT, NEEDED, "who pays", NULL, 0, NULL},
	{"amount", FIELD_MONEY, NEEDED, "what it is about", NULL, 0, NULL},
	{"open", FIELD_MONEY, NEEDED, "what the carrier owes for the claim still", NULL, 0, NULL},
	{"since", FIELD_DAY, NEEDED, "the payment, the take-back, the dispute, the answer", NULL, 0, NULL},
	{"due_day", FIELD_DAY, 0, "until when an appeal must be in; of a dispute, until when it is to be answered",
		NULL, 0, NULL},
	{"days", FIELD_INT, NEEDED | FIELD_SIGNED, "since then", NULL, 0, NULL},
	{"standing", FIELD_WORD, NEEDED, "how it stands", shape_standings, 0, NULL},
	{"owner", FIELD_TEXT, NEEDED,
		"who looks after it; finance, insurance-officer or cashier where nobody was named", NULL, 0, NULL},
	{"owner_by", FIELD_TEXT, 0, "who named them", NULL, 0, NULL},
	{"why", FIELD_TEXT, FIELD_WRITTEN,
		"and why, or whose words of it are kept sealed: zhifuctl money said tells them", NULL, 0, NULL},
};
const struct shape work_item_shape = SHAPE("WorkItem", work_item_fields);

static const struct field work_item_query_fields[] = {
	{"list", FIELD_WORD, NEEDED,
		"short: less came than is owed; takeback: the payer took money back; dispute: the hospital does not agree; denied;"
		" overpaid: a liability; patient: the patient owes a share",
		shape_work_lists, 0, NULL},
	{"carrier", FIELD_TEXT, 0, "an insurer's code", NULL, 0, NULL},
	{"owner", FIELD_TEXT, 0, "who looks after it", NULL, 0, NULL},
	{"day", FIELD_DAY, 0, "to which days are counted; left out: the hospital's today", NULL, 0, NULL},
};
const struct shape work_item_query = SHAPE("WorkItemsQuery", work_item_query_fields);

/* ---- payers ---- */

static const struct field score_fields[] = {
	{"role", FIELD_TEXT, NEEDED, "carrier: its answers; remitter: its payments, whoever's claims", NULL, 0, NULL},
	{"party", FIELD_TEXT, NEEDED, "who", NULL, 0, NULL},
	{"answered", FIELD_INT, NEEDED, "claims with a first answer in the span", NULL, 0, NULL},
	{"denied", FIELD_INT, NEEDED, "of them", NULL, 0, NULL},
	{"answer_median_days", FIELD_DECIMAL, 0, "from the bill", NULL, 0, NULL},
	{"answer_p90_days", FIELD_INT, 0, "within which 90 % came", NULL, 0, NULL},
	{"paid", FIELD_INT, NEEDED, "claims with a first payment in the span", NULL, 0, NULL},
	{"pay_median_days", FIELD_DECIMAL, 0, "from the bill", NULL, 0, NULL},
	{"pay_p90_days", FIELD_INT, 0, "within which 90 % came", NULL, 0, NULL},
	{"short", FIELD_INT, NEEDED, "of those paid, with a part open all the same", NULL, 0, NULL},
	{"short_amount", FIELD_MONEY, NEEDED, "that part, in the book currency", NULL, 0, NULL},
	{"owed_amount", FIELD_MONEY, NEEDED, "what was owed for those paid, likewise", NULL, 0, NULL},
	{"disputes", FIELD_INT, NEEDED, "ended in the span, or denied, taken back or disputed and settled in it", NULL,
		0, NULL},
	{"won", FIELD_INT, NEEDED, "of them, as persons said, or else by a payment that came after", NULL, 0, NULL},
};
const struct shape score_shape = SHAPE("Score", score_fields);

static const struct field fx_result_fields[] = {
	{"carrier", FIELD_TEXT, 0, "whose claims; not there: of no claim", NULL, 0, NULL},
	{"account", FIELD_TEXT, 0, "of what is of no claim: whose value changed", NULL, 0, NULL},
	{"currency", FIELD_TEXT, NEEDED, "the foreign one", NULL, 3, NULL},
	{"realised_gain", FIELD_MONEY, NEEDED, "in the book currency", NULL, 0, NULL},
	{"realised_loss", FIELD_MONEY, NEEDED, "likewise", NULL, 0, NULL},
	{"revalued", FIELD_MONEY, NEEDED, "by the ends of months, and taken back after; negative: a loss", NULL, 0,
		NULL},
	{"net", FIELD_MONEY, NEEDED, "all of it; negative: a loss", NULL, 0, NULL},
};
const struct shape fx_result_shape = SHAPE("FxResult", fx_result_fields);

/* ---- what is not explained, and the banks' word ---- */

static const struct field unexplained_fields[] = {
	{"kind", FIELD_TEXT, NEEDED,
		"line: money in suspense; advice: parked, as its arithmetic is wrong; difference: let go within the tolerance",
		NULL, 0, NULL},
	{"id", FIELD_ID, NEEDED, "of the bank line, the advice, the first allocation", NULL, 0, NULL},
	{"from", FIELD_TEXT, NEEDED, "the bank account, who sent the advice, the carrier", NULL, 0, NULL},
	{"amount", FIELD_MONEY, NEEDED, "of an advice: what it says, which is no money", NULL, 0, NULL},
	{"since", FIELD_DAY, NEEDED, "the day it came", NULL, 0, NULL},
	{"days", FIELD_INT, NEEDED | FIELD_SIGNED, "since then", NULL, 0, NULL},
	{"age", FIELD_WORD, NEEDED, "its band", bands, 0, NULL},
	{"owner", FIELD_TEXT, 0, "who looks after it", NULL, 0, NULL},
	{"wait", FIELD_WORD, 0, "what matching says of it; not there: not looked at yet, or a person explained it",
		shape_waits, 0, NULL},
	{"held", FIELD_WORD, 0, "of a line", shape_holds, 0, NULL},
	{"reason", FIELD_TEXT, FIELD_WRITTEN, "in words", NULL, 0, NULL},
};
const struct shape unexplained_shape = SHAPE("Unexplained", unexplained_fields);

static const struct field unexplained_query_fields[] = {
	{"owner", FIELD_TEXT, 0, "who looks after it", NULL, 0, NULL},
	{"day", FIELD_DAY, 0, "to which days are counted; left out: the hospital's today", NULL, 0, NULL},
};
const struct shape unexplained_query = SHAPE("UnexplainedQuery", unexplained_query_fields);

static const struct field proof_fields[] = {
	{"account", FIELD_TEXT, NEEDED, "a bank account's code", NULL, 0, NULL},
	{"currency", FIELD_TEXT, NEEDED, "in which it is kept", NULL, 3, NULL},
	{"statement_day", FIELD_DAY, 0, "of the last statement with balances", NULL, 0, NULL},
	{"statement", FIELD_MONEY, 0, "what that closed with", NULL, 0, NULL},
	{"transit", FIELD_MONEY, NEEDED, "what we have and the bank has not, less what it has and we have not", NULL, 0,
		NULL},
	{"ledger", FIELD_MONEY, NEEDED, "what the ledger says", NULL, 0, NULL},
	{"difference", FIELD_MONEY, 0,
		"by which statement and transit differ from the ledger; nothing: the proof holds", NULL, 0, NULL},
	{"suspense", FIELD_MONEY, NEEDED, "of it without a home", NULL, 0, NULL},
	{"suspense_since", FIELD_DAY, 0, "the oldest of that", NULL, 0, NULL},
	{"taken_at", FIELD_TIME, 0, "when its last file was taken", NULL, 0, NULL},
};
const struct shape proof_shape = SHAPE("BankProof", proof_fields);
