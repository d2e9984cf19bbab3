/* The rates of one file while it is read: each cell is checked as it comes, then all of them together, against each
 * other and against the rates that are known. All faults are told at once, and one of them refuses the whole file. */
#ifndef MODEL_RATE_BATCH_H
#define MODEL_RATE_BATCH_H

#include "base/core.h"
#include "lib/rate_table.h"

#define RATE_FILE_BYTES_MAX (16u << 20) /* the ECB's whole history since 1999 has less than 10 MB */
#define RATE_FILE_COUNT_MAX 1000000     /* rates of one file */
#define RATE_NEAR_DAYS 31 /* beyond it a rate may be RATE_FAR; upside down or hundredfold it may never be */

/* Values that counted once and were corrected. */
struct rate_past {
	const struct rate *rates; /* borrowed; in the order of rate_order(), several of one place among them */
	const char *const *until; /* borrowed: of each the day of the correction, for words */
	size_t count;
};

/* What a reader must know beside the bytes. Zeroed but for `today` it has the defaults. */
struct rate_reading {
	struct rate_table known;  /* borrowed: what is stored already; a file's rate must not differ from it */
	const char *const *notes; /* borrowed: of each known rate who stored it and when, for words; or NULL */
	struct rate_past past;    /* a file may go on saying those: what is known stays; not looked at by `corrects` */
	uint32_t *superseded;     /* borrowed: set to how many of the file are such; or NULL */
	int32_t today;            /* days since 1970-01-01, of the hospital; a later rate is refused */
	uint32_t bound;           /* as in rate_doubt(); 0: RATE_BOUND_DEFAULT */
	bool far_allowed;         /* RATE_FAR alone is only a warning: for history, where currencies did break */
	bool corrects;            /* another value than known is a warning: it takes that one's place */
	uint16_t bank;            /* goes into each rate; 0 but for boards of banks */
	size_t bytes_max;         /* 0: RATE_FILE_BYTES_MAX */
	uint32_t count_max;       /* 0: RATE_FILE_COUNT_MAX */
};

/* A rate and where it stood. */
struct rate_item {
	struct rate rate;
	const char *column; /* borrowed; of the file, or its currency */
	uint32_t line;      /* from 1; 0: there are none */
	/* set at the end */
	const struct rate *counts; /* the known rate, where this one is nothing new */
	const char *until;         /* this one is a value that was corrected then */
};

struct rate_batch {
	const struct rate_reading *reading; /* borrowed */
	struct zf_arena *arena;             /* borrowed; owns what is made */
	struct fault_list *faults;          /* borrowed; paths are "LINE:COLUMN", and "LINE" for a whole line; "COLUMN"
					     * where line is 0 because there are no lines */
	struct rate_item *items;
	uint32_t count, cap;
	bool no_memory; /* something was not kept: rate_batch_finish returns ERR_NOMEM */
};

/* Begins; refuses a text that is too large (ERR_LIMIT, with its fault). */
int rate_batch_init(struct rate_batch *batch, const struct rate_reading *reading, size_t len, struct zf_arena *arena,
	struct fault_list *faults) MUSTUSE;
/* The day of a text of that form (lib/date.h date_parse_form), not later than today; false with a fault. */
bool rate_batch_day(struct rate_batch *batch, struct text_span text, const char *form, uint32_t line,
	const char *column, int32_t *ret_day) MUSTUSE;
/* Takes the number that is written there as the value of `rate`, which has its pair, per and source, and keeps it when
 * `dated` (its day is set; else its number is only looked at). At most decimals_max decimals, trailing zeros not
 * counted. False with a fault, or without memory. */
bool rate_batch_add(struct rate_batch *batch, struct rate *rate, bool dated, struct text_span text,
	unsigned decimals_max, uint32_t line, const char *column);
/* Looks at all of them together: the same day twice with another value, other than known (a warning
 * where it corrects), no rate at all, and, where it is new, implausible (rate_doubt.h) beside the
 * last good one before it, of the file or known; a first one of its source beside the next that is known, or else
 * beside another source's. 0 with the table in order, owned by the arena, in which what is known stands in place of a
 * value that was corrected; ERR_INVALID: there is a fault that refuses in the list, from here or before; ERR_NOMEM. */
int rate_batch_finish(struct rate_batch *batch, struct rate_table *ret_table) MUSTUSE;

#endif
