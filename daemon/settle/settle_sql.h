/* The statements of settle; the functions behind them are in schema/040_settle.sql
 * 045_money.sql and 048_receivable.sql. */
#ifndef SETTLE_SETTLE_SQL_H
#define SETTLE_SETTLE_SQL_H

#include "db/statement.h"

enum settle_statement {
	SETTLE_CLAIMS,
	SETTLE_FACTS,
	SETTLE_COMMIT,
	SETTLE_HOUSEKEEPING,
	SETTLE_PARTITIONS,
	SETTLE_CONSENTS,
	SETTLE_WATCH,
	SETTLE_UNVALUED,
	SETTLE_RATES,
	SETTLE_VALUE,
	SETTLE_BILLS,
	SETTLE_CONTRACTS,
	SETTLE_RECEIVABLES,
	SETTLE_STATEMENTS
};
extern const struct db_statement settle_sql[SETTLE_STATEMENTS];
extern const struct db_table settle_table;

#endif
