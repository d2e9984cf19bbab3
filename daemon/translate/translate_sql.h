/* translate's statements. */
#ifndef TRANSLATE_TRANSLATE_SQL_H
#define TRANSLATE_TRANSLATE_SQL_H

#include "db/statement.h"

enum {
	TRANSLATE_BEGIN,
	TRANSLATE_RESOLVE,
	TRANSLATE_COMMIT,
	TRANSLATE_ANSWER,
	TRANSLATE_SEED,
	TRANSLATE_NUMBERS,
	TRANSLATE_STATEMENTS
};
extern const struct db_statement translate_sql[TRANSLATE_STATEMENTS];
extern const struct db_table translate_table;

#endif
