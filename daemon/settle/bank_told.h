/* The transactions of a line that a notification (camt.054) tells before the statement brings the line, which then has
 * no more than their sum: those of a batch, or the only one. They are kept under the id that the line will have. Where
 * the line was there first it becomes as many items as it has transactions, unless something was done with it as one.
 */
#ifndef SETTLE_BANK_TOLD_H
#define SETTLE_BANK_TOLD_H

#include "bank/statement.h"
#include "base/id.h"
#include "base/mem.h"

#define BANK_LATE_MAX 1000 /* that one import tells of */

struct db_sync;

/* A line of a statement, by what it is known by. */
struct bank_told_line {
	const uint8_t *identity; /* BANK_IDENTITY_BYTES */
	uint32_t occurrence;
	bool told; /* a notification told its transactions, which wait for it under this id */
	struct uuid id;
};

/* A line whose transactions came when something had been done with it as one. */
struct bank_late {
	struct uuid line_id, allocation_id;
	bool allocated; /* false: what was done with it was no allocation */
	int32_t booked_day;
	int64_t minor;
	char currency[4];
};

/* Sets `told` and `id` of those of an account whose transactions wait for them. ERR_NOMEM, or of the database. */
int bank_told_find(struct db_sync *db, struct arena *arena, const struct uuid *hospital_id, const char *account,
	struct bank_told_line *lines, uint32_t count) MUSTUSE;
/* Under which line's id the transactions of a notification's entry are to be kept: its own where it has come already
 * without them, else a new one. single: there is one. *ret_keep false: they are there. */
int bank_told_add(struct db_sync *db, struct arena *arena, const struct uuid *hospital_id,
	const struct uuid *statement_id, const char *account, const struct bank_entry *entry, bool single,
	struct uuid *ret_line, bool *ret_keep) MUSTUSE;
/* When all of a file that tells some was stored: opens the lines that were there, and tells those for which it comes
 * too late; a line may have several allocations. *ret_late in the arena. */
int bank_told_open(struct db_sync *db, struct arena *arena, const struct uuid *hospital_id, const struct uuid *file_id,
	uint32_t *ret_opened, struct bank_late **ret_late, uint32_t *ret_late_count) MUSTUSE;

#endif
