/* All operations, subject by subject, and the scopes that they need. */
#include <string.h>

#include "desk/operation_rows.h"

static const struct operation document_rows[] = {
	{HTTP_GET, "/v1/openapi.json", "openapi", OPERATION_DOCUMENT, 0, "This document", .statement = DESK_NONE,
		.then = DESK_NONE},
};
static const struct operation_group document_operations = OPERATION_GROUP(document_rows);

static const struct operation_group *const groups[] = {&document_operations, &rate_operations, &bank_operations,
	&ledger_operations, &match_operations, &patient_operations, &report_operations, &month_operations,
	&inspector_operations, &dispute_operations, &treasury_operations, &remittance_operations, &payer_operations};

size_t operation_count(void)
{
	size_t count = 0;
	for (size_t i = 0; i < ARRAY_LEN(groups); i++) count += groups[i]->count;
	return count;
}

const struct operation *operation_at(size_t number)
{
	size_t i = 0;
	while (i < ARRAY_LEN(groups) && number >= groups[i]->count) number -= groups[i++]->count;
	assert(i < ARRAY_LEN(groups));
	return &groups[i]->rows[number];
}

/* What an inspector may read: reports and books, which hold no person's data, and nothing that a person wrote. */
static const struct {
	const char *operation, *report; /* what a look at it is called, also where zhifuctl has it */
} inspected[] = {{"report_open", "open"}, {"report_open_items", "claims"}, {"report_work", "work"},
	{"report_scoreboard", "scoreboard"}, {"report_fx", "fx"}, {"report_unexplained", "suspense"},
	{"report_bank_proofs", "accounts"}, {"balances", "balances"}, {"journal", "journal"}, {"periods", "periods"},
	{"period_findings", "findings"}, {"posting_rules", "rules"}, {"posting_rules_check", "rules-check"}};

const char *operation_inspected(const struct operation *operation)
{
	for (size_t i = 0; i < ARRAY_LEN(inspected); i++)
		if (strcmp(inspected[i].operation, operation->name) == 0) return inspected[i].report;
	return NULL;
}

const struct operation_scope operation_scopes[] = {
	{SCOPE_FINANCE_READ, "finance.read", "reads the hospital's money"},
	{SCOPE_FINANCE_WRITE, "finance.write", "changes it"},
	{SCOPE_INSPECTOR, "inspector", "reads reports, until a day and on record"},
	{SCOPE_FINANCE_RATES, "finance.rates", "exchange rates, which count for every hospital"},
};
const size_t operation_scope_count = ARRAY_LEN(operation_scopes);
