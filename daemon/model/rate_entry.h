/* A rate by hand, for the day on which no source has one, or in place of one that was published or read wrongly: one
 * person types it in, another approves it. */
#ifndef MODEL_RATE_ENTRY_H
#define MODEL_RATE_ENTRY_H

#include "model/rate_batch.h"

#define RATE_ENTRY_DECIMALS_MAX 10

/* As it was typed in; all text is borrowed. */
struct rate_entry {
	struct text_span base;  /* ISO 4217: the currency that has the price */
	struct text_span quote; /* ISO 4217: the currency that the price is in */
	struct text_span value; /* a plain decimal number: `per` units of base cost so many of quote */
	uint32_t per;           /* 1, 10, 100, 1000 or RATE_PER_MAX */
	struct text_span day;   /* "2026-11-20", not in the future */
	const char *maker;      /* login of who typed it in */
	const char *checker;    /* login of who approves it; NULL as long as nobody has */
	bool far_approved;      /* the second person has seen that it is far from the last rate, and means it. What is
				 * upside down or off by a hundredfold can't be approved */
	uint8_t corrects;       /* enum rate_source: whose rate of that day it corrects; 0: it is RATE_MANUAL */
	const char *board; /* the bank whose rate it corrects, which the known rates have as bank 1; NULL: none's */
};

/* Looks at all of it before it is shown to the second person: what is wrong, and what is implausible beside the known
 * rates of any source, is in the list with the field as path ("base", "value", ...). That it is far from the last rate
 * is a warning here, and that nobody has approved yet is no fault. 0 with the rate, which has no persons yet: it may be
 * approved; ERR_INVALID, ERR_NOMEM. */
int rate_entry_check(const struct rate_entry *entry, const struct rate_reading *reading, struct zf_arena *arena,
	struct fault_list *faults, struct rate *ret_rate) MUSTUSE;
/* The same, and with approval: the rate, which borrows maker and checker where it is RATE_MANUAL. ERR_INVALID also:
 * nobody has approved, or the one who typed it in. */
int rate_entry_approve(const struct rate_entry *entry, const struct rate_reading *reading, struct zf_arena *arena,
	struct fault_list *faults, struct rate *ret_rate) MUSTUSE;

#endif
