/* The euro reference rates of the European Central Bank: the XML of the day, of the last 90 days, and of all days since
 * 1999, which are one format. */
#ifndef MODEL_RATE_ECB_H
#define MODEL_RATE_ECB_H

#include "model/rate_batch.h"

#define RATE_ECB_DECIMALS_MAX 8

/* Reads a whole file: units of each currency for 1 EUR, the value's digits as they are there. Paths of faults are
 * "LINE:CURRENCY", or "LINE:ELEMENT". Currencies that are withdrawn (HRK, LTL, ...) are left out, and the list says so,
 * as information. Where the file lies about its form, is cut off, or has a document type, nothing of it is taken.
 * 0 with the table, in order, owned by the arena; ERR_INVALID, ERR_LIMIT with the faults; ERR_NOMEM. The arena needs
 * about ten times the file's length. */
int rate_ecb_read(struct text_span text, const struct rate_reading *reading, struct zf_arena *arena,
	struct fault_list *faults, struct rate_table *ret_table) MUSTUSE;

#endif
