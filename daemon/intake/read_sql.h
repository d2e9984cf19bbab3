/* The statements of reads and searches: SELECTs under row-level security (db_query_tenant), and task_commit. The pool
 * of intake must include read_table. */
#ifndef INTAKE_READ_SQL_H
#define INTAKE_READ_SQL_H

#include "db/statement.h"

/* The first three of each type are in this order: see search.c. SCAN reads a stretch of ids in one direction and stops
 * after a number of rows; SET begins with what names resources (ids, identifiers, claims, persons). */
enum read_statement {
	READ_CLAIM_DESC,
	READ_CLAIM_ASC,
	READ_CLAIM_SET,
	READ_RESPONSE_DESC,
	READ_RESPONSE_ASC,
	READ_RESPONSE_SET,
	READ_EXPLANATION_DESC,
	READ_EXPLANATION_ASC,
	READ_EXPLANATION_SET,
	READ_TASK_DESC,
	READ_TASK_ASC,
	READ_TASK_SET,
	READ_CONSENT,
	READ_PAYMENT,
	READ_FOCUS,  /* the claim that a task is about */
	READ_STATUS, /* everything that a desk shows of a claim */
	READ_TASK_COMMIT,
	READ_STATEMENTS
};

/* The columns of all rows of resources. */
enum read_column {
	COLUMN_SCANNED, /* int4: rows that were looked at, in every row */
	COLUMN_LAST,    /* uuid: the last one looked at; null: none */
	COLUMN_ID,      /* uuid; null: no row, only the two above */
	COLUMN_UPDATED, /* timestamptz */
	COLUMN_CLAIM,   /* uuid; null: not of a claim */
	COLUMN_REF,     /* text */
	COLUMN_PATIENT_KEY,
	COLUMN_WRAPPED,     /* null: erased */
	COLUMN_KEY_VERSION, /* int4 */
	COLUMN_SEALED_ID,   /* uuid: the row that `content` was sealed for */
	COLUMN_CONTENT,     /* null: none, as of a claim without decision */
	COLUMN_VERSION,     /* int4 */
	COLUMN_OTHER,       /* uuid: claim: duplicate_of; explanation: the adjudication */
	COLUMN_ANSWER,      /* bytea: explanation: the adjudication's content */
	COLUMN_STATUS,      /* text: task */
	COLUMN_OUTCOME,     /* text: task */
	COLUMN_TRANSPORT,   /* int2 */
	COLUMN_ACKNOWLEDGEMENT,
	COLUMN_ADJUDICATION,
	COLUMN_PAID, /* text: explanation: what remittances announced (PAID in read_sql.c); null: nothing */
	COLUMN_COUNT
};

extern const struct db_statement read_sql[READ_STATEMENTS];
extern const struct db_table read_table;

#endif
