/* What the tables of operations are written with: one table for each subject, put together in operations.c. */
#ifndef DESK_OPERATION_ROWS_H
#define DESK_OPERATION_ROWS_H

#include "desk/operation.h"
#include "desk/shapes.h"
#include "model/directory.h"

extern const struct operation_group rate_operations, bank_operations, ledger_operations, match_operations,
	patient_operations, report_operations, month_operations, inspector_operations, dispute_operations,
	treasury_operations, remittance_operations, payer_operations;
#define OPERATION_GROUP(rows)                                                                                          \
	{                                                                                                              \
		(rows), ARRAY_LEN(rows)                                                                                \
	}

#define NEEDED FIELD_REQUIRED
#define READS SCOPE_FINANCE_READ
#define WRITES SCOPE_FINANCE_WRITE
#define PAGE(where, id, words, filter, row, sql)                                                                       \
	{                                                                                                              \
		.method = HTTP_GET, .path = (where), .name = (id), .kind = OPERATION_LIST, .scope = READS,             \
		.summary = (words), .query = &(filter), .answer = &(row), .statement = (sql), .then = DESK_NONE        \
	}
#define WHOLE(where, id, words, filter, row, sql)                                                                      \
	{                                                                                                              \
		.method = HTTP_GET, .path = (where), .name = (id), .kind = OPERATION_WHOLE, .scope = READS,            \
		.summary = (words), .query = &(filter), .answer = &(row), .statement = (sql), .then = DESK_NONE        \
	}
/* A list whose parameters may name a person: the list by GET does without those. */
#define SEARCH(where, id, words, filter, row, sql, first)                                                              \
	{.method = HTTP_GET,                                                                                           \
		.path = (where),                                                                                       \
		.name = id,                                                                                            \
		.kind = OPERATION_LIST,                                                                                \
		.scope = READS,                                                                                        \
		.summary = words,                                                                                      \
		.query = &(filter),                                                                                    \
		.answer = &(row),                                                                                      \
		.statement = (sql),                                                                                    \
		.then = DESK_NONE,                                                                                     \
		.run = (first)},                                                                                       \
	{                                                                                                              \
		.method = HTTP_POST, .path = where "/_search", .name = id "_search", .kind = OPERATION_LIST,           \
		.scope = READS, .summary = words ", also by what may name a person", .query = &(filter),               \
		.answer = &(row), .statement = (sql), .then = DESK_NONE, .run = (first)                                \
	}
/* On what has a version. ACT_ONCE: why the same again is once (operation.once). */
#define ACT_ONCE(where, id, words, body, row, sql, reads, wrong, reason)                                               \
	{                                                                                                              \
		.method = HTTP_POST, .path = (where), .name = (id), .kind = OPERATION_ACT, .scope = WRITES,            \
		.summary = (words), .request = &(body), .answer = &(row), .statement = (sql), .then = (reads),         \
		.versioned = true, .refusals = (wrong), .once = (reason)                                               \
	}
/* The same, of what a person's why is sealed for: what the path names. */
#define ACT_SEALED(where, id, words, body, row, sql, reads, wrong, reason, seals)                                      \
	{                                                                                                              \
		.method = HTTP_POST, .path = (where), .name = (id), .kind = OPERATION_ACT, .scope = WRITES,            \
		.summary = (words), .request = &(body), .answer = &(row), .statement = (sql), .then = (reads),         \
		.versioned = true, .refusals = (wrong), .run = (seals), .once = (reason)                               \
	}
#define ACT(where, id, words, body, row, sql, reads, wrong)                                                            \
	ACT_ONCE(where, id, words, body, row, sql, reads, wrong, NULL)
#define ONE(where, id, words, row, sql)                                                                                \
	{                                                                                                              \
		.method = HTTP_GET, .path = (where), .name = (id), .kind = OPERATION_ONE, .scope = READS,              \
		.summary = (words), .answer = &(row), .statement = (sql), .then = DESK_NONE                            \
	}

/* ---- why an act again is done once ---- */

#define ONCE_NOTHING "nothing is done by it"
#define ONCE_STATE "it says how something stands from now on: the same again is the same"
#define ONCE_ENDED "what it ends or undoes is ended or undone then, and is so once"

/* ---- what acts refuse ---- */

#define HELD                                                                                                           \
	{                                                                                                              \
		-7,                                                                                                    \
		{                                                                                                      \
			409,                                                                                           \
			{                                                                                              \
				"held", "The money is held: let it go first.", "该款项已冻结:请先解除。"    \
			}                                                                                              \
		}                                                                                                      \
	}
#define STALE                                                                                                          \
	{                                                                                                              \
		-3,                                                                                                    \
		{                                                                                                      \
			412,                                                                                           \
			{                                                                                              \
				"version-stale", "Somebody changed it meanwhile: read it again.",                      \
					"该内容已被他人更改:请重新读取。"                               \
			}                                                                                              \
		}                                                                                                      \
	}

#endif
