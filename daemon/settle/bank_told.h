/* The transactions of a batch that a notification (camt.054) tells before the statement brings the batch's line, which
 * then has no more than their number and sum. They are kept under the id that the line will have. */
#ifndef SETTLE_BANK_TOLD_H
#define SETTLE_BANK_TOLD_H

#include "bank/statement.h"
#include "base/id.h"
#include "base/mem.h"

#define BANK_TOLD_MAX 20000 /* that wait for their lines, of an account; older ones wait for ever */

struct db_sync;
struct bank_told_line;

/* Those of an account that wait for their lines. */
struct bank_told {
	struct bank_told_line *lines; /* sorted by identity and occurrence */
	size_t count;
};

/* All in the arena. ERR_NOMEM, or of the database. */
int bank_told_load(struct db_sync *db, struct arena *arena, const struct uuid *hospital_id, const char *account,
	struct bank_told *ret_told) MUSTUSE;
/* The id under which the entry's transactions are kept; NULL: nobody told of them. */
const struct uuid *bank_told_find(const struct bank_told *told, const struct bank_entry *entry);
/* Under which line's id the transactions of a notification's entry are to be kept: its own where it has come already
 * without them, else a new one. *ret_keep false: they are there. */
int bank_told_add(struct db_sync *db, struct arena *arena, const struct uuid *hospital_id,
	const struct uuid *statement_id, const char *account, const struct bank_entry *entry, struct uuid *ret_line,
	bool *ret_keep) MUSTUSE;

#endif
