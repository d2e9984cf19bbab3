/* The statements of dispatch; the functions behind them are in schema/030_dispatch.sql. */
#ifndef DISPATCH_DISPATCH_SQL_H
#define DISPATCH_DISPATCH_SQL_H

#include "db/statement.h"

enum dispatch_statement {
	DISPATCH_TAKE,
	DISPATCH_RENEW,
	DISPATCH_RELEASE,
	DISPATCH_REPORT,
	DISPATCH_DEPTH,
	DISPATCH_BEGIN,
	DISPATCH_END,
	DISPATCH_SWEEP,
	DISPATCH_DEAD,
	DISPATCH_SWEEP_DEAD,
	DISPATCH_STATEMENTS
};
extern const struct db_statement dispatch_sql[DISPATCH_STATEMENTS];
extern const struct db_table dispatch_table;

#endif
