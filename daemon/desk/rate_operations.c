/* Exchange rates, contracts and price lists. */
#include "desk/operation_rows.h"

#include "desk/call.h"
#include "model/price_list.h"
#include "model/rate_batch.h"

const char *const shape_rate_sources[] = {"", "cfets", "ecb", "bank-buy", "bank-sell", "manual", NULL};
static const char *const rate_standings[] = {"", "in-force", "waits", "refused", NULL};

/* ---- shapes ---- */

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
	{"source", FIELD_TEXT, NEEDED, "cfets, ecb (XML), board:BANK, or profile:NAME of the hospital's rate_profiles",
		NULL, 80, NULL},
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
const struct shape rate_step_shape = SHAPE("RateStep", rate_step_fields);
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
	{"known", FIELD_INT, NEEDED, "that were, with the value that counts", NULL, 0, NULL},
	{"superseded", FIELD_INT, NEEDED, "values that were corrected since, which change nothing", NULL, 0, NULL},
	{"first_day", FIELD_DAY, NEEDED, "of the file", NULL, 0, NULL},
	{"last_day", FIELD_DAY, NEEDED, "of the file", NULL, 0, NULL},
	{"notes", FIELD_LIST, NEEDED, "what else is said of it, such as each superseded value with its line", NULL, 0,
		&file_note_shape},
};
static const struct shape rate_imported_shape = SHAPE("RateImport", rate_imported_fields);

static const struct field approval_fields[] = {
	{"why", FIELD_TEXT, NEEDED, "why it is right", NULL, 1000, NULL},
	{"far", FIELD_BOOL, 0, "true: whoever approves has seen that it is far from the last one, and means it", NULL,
		0, NULL},
};
const struct shape rate_approval_shape = SHAPE("RateApproval", approval_fields);

static const struct field correction_fields[] = {
	{"value", FIELD_DECIMAL, NEEDED, "the price as it is right, for as many units as the wrong one", NULL, 0, NULL},
	{"why", FIELD_TEXT, NEEDED, "what was wrong, and how that is known", NULL, 1000, NULL},
};
const struct shape rate_correction_shape = SHAPE("RateCorrection", correction_fields);

static const struct field reason_fields[] = {{"why", FIELD_TEXT, NEEDED, "for the record", NULL, 1000, NULL}};
const struct shape reason_shape = SHAPE("Reason", reason_fields);

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

static const struct field price_list_fields[] = {
	{"id", FIELD_ID, NEEDED, "of all its versions", NULL, 0, NULL},
	{"version", FIELD_INT, NEEDED, "each file is one more", NULL, 0, NULL},
	{"name", FIELD_TEXT, NEEDED, "unique in the hospital: prices.list of contracts", NULL, 0, NULL},
	{"currency", FIELD_TEXT, NEEDED, "of all its prices", NULL, 3, NULL},
	{"prices", FIELD_INT, NEEDED, "how many", NULL, 0, NULL},
	{"valid_from", FIELD_DAY, NEEDED, "first day", NULL, 0, NULL},
	{"valid_to", FIELD_DAY, 0, "last day; not there: no end", NULL, 0, NULL},
	{"counts_from", FIELD_DAY, 0, "first day on which this version counts; not there: on none", NULL, 0, NULL},
	{"counts_to", FIELD_DAY, 0, "last day on which it counts; not there: no end", NULL, 0, NULL},
	{"maker", FIELD_TEXT, NEEDED, "who stored it", NULL, 0, NULL},
	{"made_at", FIELD_TIME, NEEDED, "when", NULL, 0, NULL},
};
static const struct shape price_list_shape = SHAPE("PriceList", price_list_fields);
static const struct field price_lists_fields[] = {
	{"name", FIELD_TEXT, 0, "of a list", NULL, 0, NULL},
	{"day", FIELD_DAY, 0, "those versions that count on it", NULL, 0, NULL},
};
static const struct shape price_lists_query = SHAPE("PriceListsQuery", price_lists_fields);

static const struct field price_fields[] = {
	{"system", FIELD_TEXT, NEEDED, "the code system", NULL, 0, NULL},
	{"code", FIELD_TEXT, NEEDED, "of it", NULL, 0, NULL},
	{"name", FIELD_TEXT, 0, "what it is", NULL, 0, NULL},
	{"price", FIELD_DECIMAL, NEEDED, "of one, in the list's currency, with the decimals with which it was written",
		NULL, 0, NULL},
};
static const struct shape price_shape = SHAPE("Price", price_fields);
static const struct field prices_fields[] = {
	{"list", FIELD_ID, NEEDED, "whose", NULL, 0, NULL},
	{"version", FIELD_INT, NEEDED, "of that", NULL, 0, NULL},
};
static const struct shape prices_query = SHAPE("PricesQuery", prices_fields);

static const struct field price_import_fields[] = {
	{"name", FIELD_TEXT, NEEDED, "of the list: a new one, or one that gets a version more", NULL, 64, NULL},
	{"from", FIELD_DAY, NEEDED, "first day", NULL, 0, NULL},
	{"to", FIELD_DAY, 0, "last day; left out: no end", NULL, 0, NULL},
	{"charset", FIELD_TEXT, 0, "where it is not in UTF-8: gb18030 and others", NULL, 16, NULL},
	{"after", FIELD_INT, 0,
		"the latest version, which it is to follow; only so are prices that an earlier version had for these days "
		"stored again",
		NULL, 0, NULL},
};
const struct shape price_import_query = SHAPE("PriceImportQuery", price_import_fields);
/* Written by price_file.c. */
static const struct field price_imported_fields[] = {
	{"id", FIELD_ID, NEEDED, "of the list", NULL, 0, NULL},
	{"version", FIELD_INT, NEEDED, "that has these prices", NULL, 0, NULL},
	{"name", FIELD_TEXT, NEEDED, "of the list", NULL, 0, NULL},
	{"currency", FIELD_TEXT, NEEDED, "of all its prices", NULL, 3, NULL},
	{"prices", FIELD_INT, NEEDED, "how many", NULL, 0, NULL},
	{"known", FIELD_BOOL, NEEDED, "true: the latest version had these prices for these days already", NULL, 0,
		NULL},
};
static const struct shape price_imported_shape = SHAPE("PriceImport", price_imported_fields);

static const struct field contracts_query[] = {
	{"carrier", FIELD_TEXT, 0, "an insurer's code", NULL, 0, NULL},
	{"day", FIELD_DAY, 0, "those versions that count on it", NULL, 0, NULL},
};
static const struct shape contracts_query_shape = SHAPE("ContractsQuery", contracts_query);

static const struct field contract_check_fields[] = {
	{"contract", FIELD_DOCUMENT, NEEDED, "as zhifu_contract(5) has it", NULL, 0, NULL},
};
static const struct shape contract_check_shape = SHAPE("ContractCheck", contract_check_fields);
static const struct field contract_checked_fields[] = {
	{"fits", FIELD_BOOL, NEEDED, "true; what does not is refused with its faults", NULL, 0, NULL},
};
static const struct shape contract_checked_shape = SHAPE("ContractChecked", contract_checked_fields);

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

/* ---- what acts refuse ---- */

static const struct operation_refusal rate_refusals[] = {
	{-1, {409, {"four-eyes", "Who typed it in may not decide on it: another client has to.",
			   "录入者不得复核:须由另一客户端复核。"}}},
	{-2, {404, {"not-found", "There is no such rate.", "没有该汇率。"}}},
	{-3, {409, {"rate-decided", "This rate waits for nobody: it was decided on, or was published.",
			   "该汇率无需复核:已复核或为公布汇率。"}}},
	{-4, {409, {"rate-past", "This rate does not count: it waits, was refused, or was corrected before.",
			   "该汇率未生效:待复核、已拒绝或已被更正。"}}},
	{-5, {409, {"rate-same", "It has that value already.", "该汇率已是此值。"}}},
	{-6, {409, {"rate-correction", "A correction of this rate waits for a second person.",
			   "该汇率已有更正待复核。"}}},
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

/* ---- operations ---- */

static const struct operation rows[] = {
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
		.then = DESK_RATE, .refusals = rate_refusals, .run = rate_approve_run,
		.once = "a rate that waits is decided on once"},
	{HTTP_POST, "/v1/rates/{id}/refuse", "rate_refuse", OPERATION_ACT, SCOPE_FINANCE_RATES,
		"The second person's no", .request = &reason_shape, .answer = &rate_shape,
		.statement = DESK_RATE_REFUSE, .then = DESK_RATE, .refusals = rate_refusals,
		.once = "a rate that waits is decided on once"},

	{HTTP_POST, "/v1/rates/{id}/correct", "rate_correct", OPERATION_ACT, SCOPE_FINANCE_RATES,
		"Another value for a rate that was published or read wrongly, which counts when another client has approved "
		"it; the wrong one stays, with what was converted by it",
		.request = &rate_correction_shape, .answer = &rate_shape, .statement = DESK_RATE_CORRECT,
		.then = DESK_RATE, .creates = true, .location = "/v1/rates/", .refusals = rate_refusals,
		.run = rate_correct_run, .once = "one correction of a rate waits at a time"},

	{HTTP_POST, "/v1/rates/import", "rate_import", OPERATION_FILE, SCOPE_FINANCE_RATES,
		"Takes a source's file: all of its rates, or nothing and why", .query = &rate_import_query,
		.media = "text/csv application/xml text/xml text/plain application/octet-stream",
		.answer = &rate_imported_shape, .statement = DESK_NONE, .then = DESK_NONE, .creates = true,
		.file_bytes_max = RATE_FILE_BYTES_MAX, .run = rate_file_run,
		.once = "rates that are known are not taken again"},

	PAGE("/v1/contracts", "contracts", "Agreements with payers, all versions", contracts_query_shape,
		contract_shape, DESK_CONTRACTS),
	{HTTP_GET, "/v1/contracts/{id}", "contract", OPERATION_ONE, READS, "The latest version of a contract",
		.answer = &contract_shape, .statement = DESK_CONTRACT, .then = DESK_NONE, .versioned = true},
	{HTTP_POST, "/v1/contracts/check", "contract_check", OPERATION_ACT, READS,
		"Says what is wrong with a contract, and stores nothing; what clashes with another one is told when it is stored",
		.request = &contract_check_shape, .answer = &contract_checked_shape, .statement = DESK_NONE,
		.then = DESK_NONE, .run = contract_put_run, .once = ONCE_NOTHING},
	{HTTP_POST, "/v1/contracts", "contract_put", OPERATION_ACT, WRITES,
		"Stores a contract, or a new version of one", .request = &contract_new_shape, .answer = &contract_shape,
		.statement = DESK_CONTRACT_PUT, .then = DESK_CONTRACT, .creates = true, .location = "/v1/contracts/",
		.versioned = true, .refusals = contract_refusals, .run = contract_put_run}, /* late again: the latest */
	{HTTP_POST, "/v1/contracts/{id}/end", "contract_end", OPERATION_ACT, WRITES, "Ends a contract with a day",
		.request = &contract_end_shape, .answer = &contract_shape, .statement = DESK_CONTRACT_END,
		.then = DESK_CONTRACT, .versioned = true, .refusals = contract_end_refusals, .once = ONCE_ENDED},

	PAGE("/v1/price-lists", "price_lists", "The hospital's price lists, all versions", price_lists_query,
		price_list_shape, DESK_PRICE_LISTS),
	PAGE("/v1/prices", "prices", "The prices of a version of a list, by system and code", prices_query, price_shape,
		DESK_PRICES),
	{HTTP_POST, "/v1/price-lists/import", "price_list_import", OPERATION_FILE, WRITES,
		"Takes a price list as CSV with the columns system, code, price, currency and perhaps name: all of it, or "
		"nothing and why",
		.query = &price_import_query, .media = "text/csv text/plain application/octet-stream",
		.answer = &price_imported_shape, .statement = DESK_NONE, .then = DESK_NONE, .creates = true,
		.file_bytes_max = PRICE_FILE_BYTES_MAX, .run = price_file_run,
		.once = "prices that a version has for these days are not stored again, unless after says so"},
};
const struct operation_group rate_operations = OPERATION_GROUP(rows);
