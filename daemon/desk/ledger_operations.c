/* The journal, in-house charges, and what carriers owe. */
#include "desk/operation_rows.h"

#include "desk/call.h"

/* ---- shapes ---- */

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

static const char *const journal_formats[] = {"csv", "hledger", "beancount", NULL};
static const struct field journal_fields[] = {
	{"format", FIELD_WORD, NEEDED, "csv: as the profile has it, for the hospital's ERP", journal_formats, 0, NULL},
	{"profile", FIELD_TEXT, 0, "of csv: one of erp_profiles, or plain; left out: the only one there is", NULL, 64,
		NULL},
	{"from", FIELD_DAY, 0, "first day", NULL, 0, NULL},
	{"to", FIELD_DAY, 0, "last day", NULL, 0, NULL},
};
const struct shape journal_query = SHAPE("JournalQuery", journal_fields);

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
	{"id", FIELD_ID, NEEDED,
		"what it is known by: the claim's id, or that of a group plan's or the social insurance's share of it",
		NULL, 0, NULL},
	{"claim", FIELD_ID, NEEDED, "Zhifu's id of the claim", NULL, 0, NULL},
	{"ref", FIELD_TEXT, NEEDED, "the claim's ref", NULL, 0, NULL},
	SHAPE_PLAN,
	{"carrier", FIELD_TEXT, NEEDED, "the insurer that bears the risk, or the plan, or si", NULL, 0, NULL},
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
const struct shape receivable_shape = SHAPE("Receivable", receivable_fields);

static const struct field receivables_query[] = {
	{"carrier", FIELD_TEXT, 0, "an insurer's code", NULL, 0, NULL},
	{"remitter", FIELD_TEXT, 0, "who pays", NULL, 0, NULL},
	{"standing", FIELD_WORD, 0, "how it stands", shape_standings, 0, NULL},
	{"currency", FIELD_TEXT, 0, "in which it is owed", NULL, 3, NULL},
	{"due_until", FIELD_DAY, 0, "due on this day or before", NULL, 0, NULL},
};
static const struct shape receivables_query_shape = SHAPE("ReceivablesQuery", receivables_query);

static const struct field rule_fields[] = {
	{"rule", FIELD_TEXT, NEEDED, "its name, which each posting has", NULL, 0, NULL},
	{"debit", FIELD_TEXT, NEEDED, "an account; in braces what stands for a code", NULL, 0, NULL},
	{"debit_or", FIELD_TEXT, 0, "others that may stand there, with blanks between", NULL, 0, NULL},
	{"credit", FIELD_TEXT, NEEDED, "likewise", NULL, 0, NULL},
	{"credit_or", FIELD_TEXT, 0, "likewise", NULL, 0, NULL},
	{"either", FIELD_BOOL, NEEDED, "it may post the other way round: corrections, and what is undone", NULL, 0,
		NULL},
	{"why", FIELD_TEXT, NEEDED, "what for", NULL, 0, NULL},
	{"why_zh", FIELD_TEXT, NEEDED, "in Chinese", NULL, 0, NULL},
};
static const struct shape rule_shape = SHAPE("PostingRule", rule_fields);
static const struct field strange_fields[] = {
	{"rule", FIELD_TEXT, NEEDED, "as the postings have it", NULL, 0, NULL},
	{"debit", FIELD_TEXT, NEEDED, "account", NULL, 0, NULL},
	{"credit", FIELD_TEXT, NEEDED, "account", NULL, 0, NULL},
	{"postings", FIELD_INT, NEEDED, "how many", NULL, 0, NULL},
	{"entry", FIELD_ID, NEEDED, "of one of them", NULL, 0, NULL},
};
static const struct shape strange_shape = SHAPE("StrangePosting", strange_fields);

/* ---- what acts refuse ---- */

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

static const struct operation_refusal demand_refusals[] = {
	{-1, {404, {"not-found", "Nothing of this claim is open.", "该理赔单没有未收款项。"}}},
	{-4, {422, {"day-unfit", "A demand is delivered between the bill and today.",
			   "催收送达日须在开单日与今天之间。"}}},
	{-5, {409, {"limitation-ended", "The limitation had ended before: a demand does not bring it back.",
			   "诉讼时效此前已届满,催收不能使其恢复。"}}},
	STALE,
	{0, {0, {NULL, NULL, NULL}}},
};
static const struct operation_refusal write_off_refusals[] = {
	{-1, {404, {"not-found", "Nothing of this claim is open.", "该理赔单没有未收款项。"}}},
	{-4, {409, {"more-than-open", "Give up more than nothing, and no more than what is open.",
			   "核销金额须大于零且不超过未收金额。"}}},
	{-5, {422, {"currency-other", "It is owed in another currency.", "应收币种不符。"}}},
	{-6, {403, {"write-off-limit", "This is more than this client's role may give up of a claim.",
			   "超过该客户端角色对单笔理赔的核销限额。"}}},
	STALE,
	{0, {0, {NULL, NULL, NULL}}},
};

static const struct operation_refusal write_off_undo_refusals[] = {
	{-1, {404, {"not-found", "There is no such write-off, or it was taken back.", "没有该核销记录,或已撤销。"}}},
	{-2, {409, {"put-back",
			   "It was put back since: money came after all, whose allocation is to be undone before, or the claim "
			   "was decided lower.",
			   "此后已冲回:款项已收回(须先撤销该笔核销匹配),或理赔单改判减少。"}}},
	{-6, {403, {"write-off-limit", "This is more than this client's role may give up of a claim.",
			   "超过该客户端角色对单笔理赔的核销限额。"}}},
	STALE,
	{0, {0, {NULL, NULL, NULL}}},
};
static const struct operation_refusal demand_undo_refusals[] = {
	{-1, {404, {"not-found", "There is no such demand, or it was taken back.", "没有该催收记录,或已撤销。"}}},
	{-2, {409, {"demand-needed",
			   "A later demand came in time only because of this one: take that back before; /v1/demands has them.",
			   "后一次催收因本次催收而未过时效:须先撤销后一次(见 /v1/demands)。"}}},
	{0, {0, {NULL, NULL, NULL}}},
};

/* ---- operations ---- */

static const struct operation rows[] = {
	{HTTP_GET, "/v1/ledger/postings", "postings", OPERATION_LIST, READS,
		"The journal, in the order of entries; all pages as it was when the first was read",
		.query = &entries_query_shape, .answer = &entry_shape, .statement = DESK_ENTRIES, .then = DESK_NONE,
		.of_moment = true},
	{HTTP_GET, "/v1/ledger/balances", "balances", OPERATION_WHOLE, READS, "What the accounts come to, by currency",
		.query = &balances_query_shape, .answer = &balance_shape, .statement = DESK_BALANCES,
		.then = DESK_NONE},
	{HTTP_GET, "/v1/ledger/journal", "journal", OPERATION_TEXT, READS,
		"The journal for other programs, by the chart of accounts; pages joined in their order are the file",
		.query = &journal_query, .statement = DESK_NONE, .then = DESK_NONE, .run = journal_run},
	{HTTP_GET, "/v1/ledger/rules", "posting_rules", OPERATION_WHOLE, READS,
		"The posting rules: what each event moves between which accounts, and why", .answer = &rule_shape,
		.statement = DESK_NONE, .then = DESK_NONE, .run = rules_run},
	{HTTP_GET, "/v1/ledger/rules/check", "posting_rules_check", OPERATION_WHOLE, READS,
		"Every posting of the ledger held to that table: those that do not fit, none of which there should be",
		.answer = &strange_shape, .statement = DESK_NONE, .then = DESK_NONE, .run = rules_check_run},
	{HTTP_GET, "/v1/ledger/waiting", "waiting", OPERATION_WHOLE, READS,
		"Postings and bills that wait for an exchange rate, which /v1/rates/of names, or for a price list",
		.answer = &waiting_shape, .statement = DESK_WAITING, .then = DESK_NONE},

	SEARCH("/v1/charges", "charges", "In-house charges", charges_query_shape, charge_shape, DESK_CHARGES,
		charges_run),
	ONE("/v1/charges/{id}", "charge", "One charge", charge_shape, DESK_CHARGE),
	{HTTP_POST, "/v1/charges", "charge_add", OPERATION_ACT, WRITES,
		"Takes charges from the hospital's system: revenue of the day on which care was given, owed by who is in the house",
		.request = &charges_new_shape, .answer = &charges_done_shape, .statement = DESK_CHARGE_ADD,
		.then = DESK_NONE, .creates = true, .refusals = charge_refusals, .run = charge_add_run,
		.once = "a charge has the hospital's own identifier, and is taken once"},

	PAGE("/v1/receivables", "receivables", "What carriers, group plans and the social insurance owe for claims",
		receivables_query_shape, receivable_shape, DESK_RECEIVABLES),
	{HTTP_GET, "/v1/receivables/{id}", "receivable", OPERATION_ONE, READS,
		"What is owed for a claim or a share of one, by the id of the claim or the share",
		.answer = &receivable_shape, .statement = DESK_RECEIVABLE, .then = DESK_NONE, .versioned = true},
	{HTTP_POST, "/v1/receivables/{id}/write-off", "write_off", OPERATION_ACT, WRITES,
		"Gives up what is open of a claim, within the limit of the client's role",
		.request = &write_off_new_shape, .answer = &receivable_shape, .statement = DESK_WRITE_OFF,
		.then = DESK_RECEIVABLE, .versioned = true, .refusals = write_off_refusals, .run = write_off_run},
	{HTTP_POST, "/v1/receivables/{id}/demand", "demand_add", OPERATION_ACT, WRITES,
		"A demand was delivered, or the insurer acknowledged what it owes: the limitation begins anew",
		.request = &demand_new_shape, .answer = &demand_shape, .statement = DESK_DEMAND_ADD,
		.then = DESK_DEMAND, .creates = true, .refusals = demand_refusals, .run = demand_run},
	{HTTP_POST, "/v1/write-offs/{id}/undo", "write_off_undo", OPERATION_ACT, WRITES,
		"Takes it back by a counter-entry, within the limit of the client's role: it is owed again, as it was",
		.request = &undo_shape, .answer = &receivable_shape, .statement = DESK_WRITE_OFF_UNDO,
		.then = DESK_RECEIVABLE, .versioned = true, .refusals = write_off_undo_refusals, .run = write_off_run,
		.once = ONCE_ENDED},
	{HTTP_POST, "/v1/demands/{id}/undo", "demand_undo", OPERATION_ACT, WRITES,
		"It was not delivered, or nothing acknowledged: it interrupts no limitation", .request = &undo_shape,
		.answer = &demand_shape, .statement = DESK_DEMAND_UNDO, .then = DESK_DEMAND,
		.refusals = demand_undo_refusals, .run = demand_run, .once = ONCE_ENDED},
	PAGE("/v1/demands", "demands", "Demands for payment that were delivered, and acknowledgements", demands_query,
		demand_shape, DESK_DEMANDS),
	{HTTP_GET, "/v1/limitations", "limitations", OPERATION_LIST, READS,
		"What is open and soon can be enforced no more", .query = &limitations_query,
		.answer = &limitation_shape, .statement = DESK_LIMITATIONS, .then = DESK_NONE, .run = limitations_run},
};
const struct operation_group ledger_operations = OPERATION_GROUP(rows);
