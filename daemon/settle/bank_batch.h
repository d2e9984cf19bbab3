/* Booked lines of statements, with their transactions, on their way into the database: some hundred at a time, for
 * which of them a notification told before, and so under which id, is asked for all of them at once. */
#ifndef SETTLE_BANK_BATCH_H
#define SETTLE_BANK_BATCH_H

#include "settle/bank_import.h"

struct bank_batch;
struct sealer;

/* Of an import; both are borrowed. Returns owned: bank_batch_close. ERR_NOMEM. */
int bank_batch_open(struct bank_import *import, struct sealer *sealer, struct bank_batch **ret_batch) MUSTUSE;
void bank_batch_close(struct bank_batch *batch); /* NULL: nothing */
/* What comes next is of this statement, the file's so-and-so-manieth, which is told how much of it is new. */
void bank_batch_begin(
	struct bank_batch *batch, const struct uuid *statement_id, uint32_t number, struct bank_imported *statement);
/* A part of a booked entry. It may store what is at hand, as may the next two. Errors of the database, ERR_NOMEM; a
 * line has more text than there may be. */
int bank_batch_line(struct bank_batch *batch, const struct bank_entry *entry) MUSTUSE;
/* The transactions of a part of a notification's entry, under its line's id. */
int bank_batch_told(struct bank_batch *batch, const struct bank_entry *entry, const struct uuid *line_id) MUSTUSE;
/* One that is not booked. */
int bank_batch_pending(struct bank_batch *batch, const struct bank_entry *entry) MUSTUSE;
/* One that is not taken, for it is there already. ERR_NOMEM. */
int bank_batch_skip(struct bank_batch *batch, const struct bank_entry *entry) MUSTUSE;
/* The end of a statement: stores what is at hand, and adds to `repeated` of the import what may be there already. */
int bank_batch_end(struct bank_batch *batch, struct arena *arena) MUSTUSE;

/* On which an entry was booked; BANK_NO_DAY. */
int32_t bank_batch_day(const struct bank_entry *entry);
/* It is all here, and has no more than one transaction. */
bool bank_batch_single(const struct bank_entry *entry);

#endif
