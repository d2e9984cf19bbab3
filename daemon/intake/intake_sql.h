/* The statements of intake's own side: keys, commits, tokens, waits. The reading side has a table of its own. */
#ifndef INTAKE_INTAKE_SQL_H
#define INTAKE_INTAKE_SQL_H

#include "db/statement.h"

enum intake_statement { INTAKE_COMMIT, INTAKE_SALVAGE, INTAKE_CONSENT, INTAKE_JTI, INTAKE_WAITS, INTAKE_STATEMENTS };
extern const struct db_statement intake_sql[INTAKE_STATEMENTS];
extern const struct db_table intake_table;

#endif
