/* Lines that an overlapping statement told in other words. A bank that gives no reference may write a line otherwise in
 * another statement, or in another form of the same; then it is known by its words no more. But where two statements
 * have days in common, each has all lines of them: where one was there that this statement does not tell, and this one
 * tells a new one of its day and amount, they may be the same, and somebody has to say so. */
#ifndef SETTLE_BANK_REPEAT_H
#define SETTLE_BANK_REPEAT_H

#include "base/id.h"
#include "base/mem.h"

struct db_sync;

/* A line of a statement. */
struct bank_repeat {
	uint32_t statement, entry; /* its place in the file: the statement's number, and the line's within it */
	uint32_t line;             /* where it begins in the file */
	int32_t day;               /* on which it was booked */
	int64_t minor;
	bool fresh;     /* no other statement had brought it */
	bool elsewhere; /* one had, and none that has days in common with this one */
};

/* Zeroed it is empty. In an arena. */
struct bank_repeats {
	struct bank_repeat *items;
	uint32_t count, cap;
};

/* Adds one. ERR_NOMEM. */
int bank_repeats_add(struct bank_repeats *repeats, const struct bank_repeat *one, struct arena *arena) MUSTUSE;
/* Is this line among them, which are in the order of the file? */
bool bank_repeats_has(const struct bank_repeats *repeats, uint32_t statement, uint32_t entry);
/* Of all booked lines of a statement, which it brings into another order, adds to `found` those that may be there
 * already. With all of them stored, in their transaction. ERR_NOMEM, or of the database. */
int bank_repeats_find(struct db_sync *db, struct arena *arena, const struct uuid *hospital_id, const char *account,
	const struct uuid *statement_id, struct bank_repeats *lines, struct bank_repeats *found) MUSTUSE;

#endif
