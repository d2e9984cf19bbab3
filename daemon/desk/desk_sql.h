/* The statements of /v1. $1 is the hospital everywhere; then come the query's parameters in their shape's order, or
 * what an act takes (call.c). A page's rows begin with its position: a number and an id. */
#ifndef DESK_SQL_H
#define DESK_SQL_H

#include "db/statement.h"

enum desk_statement {
	DESK_NONE = -1,
	DESK_RATES,
	DESK_RATE,
	DESK_RATES_KNOWN,
	DESK_RATE_ENTER,
	DESK_RATE_APPROVE,
	DESK_RATE_REFUSE,
	DESK_CONTRACTS,
	DESK_CONTRACT,
	DESK_CONTRACT_PUT,
	DESK_CONTRACT_END,
	DESK_ACCOUNTS,
	DESK_STATEMENTS,
	DESK_LINES,
	DESK_LINE,
	DESK_SUSPENSE,
	DESK_SUSPENSE_ONE,
	DESK_SUSPENSE_ASSIGN,
	DESK_ENTRIES,
	DESK_BALANCES,
	DESK_CHARGES,
	DESK_CHARGE,
	DESK_CHARGE_ADD,
	DESK_RECEIVABLES,
	DESK_RECEIVABLE,
	DESK_STATEMENT_COUNT
};

extern const struct db_statement desk_sql[DESK_STATEMENT_COUNT];
extern const struct db_table desk_table;

#endif
