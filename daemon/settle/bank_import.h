/* A bank statement file into the books: read once to know that all of it stands, then once more into one transaction.
 */
#ifndef SETTLE_BANK_IMPORT_H
#define SETTLE_BANK_IMPORT_H

#include "bank/statement.h"
#include "base/key.h"
#include "base/mem.h"
#include "settle/bank_repeat.h"
#include "settle/bank_told.h"

struct db_sync;
struct hospital;
struct hospital_account;

#define BANK_IMPORT_STATEMENTS_MAX 10000

/* What lines are that an overlapping statement may have told in other words. */
enum bank_repeats_said { BANK_REPEATS_UNSAID = 0, BANK_REPEATS_SAME, BANK_REPEATS_OTHER };

/* What was done with one statement of the file. */
struct bank_imported {
	const struct hospital_account *account;
	uint8_t kind;           /* enum bank_kind */
	int chain;              /* bank_chain() of schema/046_bank.sql */
	int64_t sequence, page; /* -1: none */
	const char *identifier;
	struct bank_balance opening, closing; /* kind 0: none */
	uint32_t booked, unbooked;            /* lines of it */
	uint32_t fresh;                       /* booked lines that no other statement had brought */
	int64_t moved;                        /* what they come to, in minor units */
	int64_t told_before; /* what statements without balances had of its lines, where that makes up its balances */
};

struct bank_import {
	const struct hospital *hospital;
	const char *account; /* the code of the one that is meant; NULL: whichever the file names */
	enum bank_format format;
	/* The file's bytes from `at` on, as many as there are up to len, into ret; 0 at its end. ERR_SYS. */
	int (*read)(void *ctx, uint64_t at, uint8_t *ret, size_t len, size_t *ret_len);
	void *ctx;
	enum bank_repeats_said repeats;
	int32_t today;         /* of the hospital */
	struct db_sync *db;    /* as a role that may */
	const char *who;       /* for the record */
	const struct key *key; /* the hospital's newest */
	/* results */
	bool known; /* the same bytes were taken before: nothing was done */
	struct bank_imported *statements;
	uint32_t count;
	uint32_t opened;        /* lines that were there already, into the transactions that the file tells */
	struct bank_late *late; /* lines for which it tells them too late */
	uint32_t late_count;
	struct bank_repeats repeated; /* such lines: left out where they are the same; unsaid, they are in the faults */
	struct fault_list faults;
};

/* Imports the file, blocking: never on the loop. Faults of the file are in the list, and nothing of it is stored when
 * one of them refuses; the arena owns what is told. ERR_INVALID: the file is refused, see faults; ERR_SYS: it can't be
 * read; ERR_AGAIN: it is another one than it was; else the database's. */
int bank_import_run(struct arena *arena, struct bank_import *import) MUSTUSE;

#endif
